-- Statements of ctl; prepared when it connects.

-- name: ctl_agent_list
SELECT name, state, host, software, last_seen, lines, emitted, unacked, gaps,
	held, quarantined, outboxes, added, revoked, key
FROM agent_list ORDER BY name;

-- name: ctl_agent_find
SELECT name, key, state FROM agent
WHERE name = $1::text OR key = $2::text ORDER BY name = $1::text DESC;

-- name: ctl_agent_names
SELECT name FROM agent WHERE state <> 'revoked' ORDER BY name;

-- name: ctl_agent_add
WITH added AS (
	INSERT INTO agent (name, key) VALUES ($1::text, $2::text)
	RETURNING agent)
SELECT pg_notify('plaintiff_agents', '') FROM added;

-- name: ctl_agent_revoke
WITH revoked AS (
	UPDATE agent SET state = 'revoked', revoked = now(), quarantined = NULL
	WHERE name = $1::text AND state <> 'revoked' RETURNING agent)
SELECT pg_notify('plaintiff_agents', '') FROM revoked;

-- name: ctl_agent_release
UPDATE agent SET state = 'active', quarantined = NULL, released = now()
WHERE name = $1::text AND state = 'quarantined';

-- name: ctl_store_lock
-- behind it, whatever began to be stored before is stored
SELECT pg_advisory_xact_lock(7411001);

-- name: ctl_store_lock_shared
-- as receive, for giving out places in the order of storing
SELECT pg_advisory_xact_lock_shared(7411001);

-- name: ctl_agent_unhold
-- places for up to 10,000 events of agent $1 that were held back
WITH held AS (
	SELECT e.id FROM event e JOIN agent a ON a.agent = e.agent
	WHERE a.name = $1::text AND a.state = 'active' AND e.stored IS NULL
	LIMIT 10000
), moved AS (
	UPDATE event e SET stored = nextval('stored_seq')
	FROM held h WHERE e.id = h.id AND e.stored IS NULL RETURNING 1
)
SELECT count(*), pg_notify('plaintiff_events', '') FROM moved;

-- name: ctl_report_list
SELECT report, state, created, contact, sources, events, first, last, subject,
	changed, recipient, tries, next_try, said, owner, quiet_until, mails,
	mails_sent, bytes, uuid, message_id
FROM report_list ORDER BY report;

-- name: ctl_report
SELECT report, state FROM report WHERE report = $1::bigint;

-- name: ctl_report_mails
-- its mails, or only the $2-th
SELECT n, state, subject, message_id, said, mail FROM report_mail
WHERE report = $1::bigint AND n = coalesce($2::integer, n)
ORDER BY n;

-- name: ctl_report_move
-- the week holds exactly while a mail may have gone: see CHECKs of report.
-- From unknown, its unknown mails move; when others of it were sent, it is
-- being sent still.
WITH moved AS (
	UPDATE report r SET state = t.state, changed = now(), next_try = now(),
		said = coalesce($4::text, said),
		quiet = CASE WHEN t.state IN ('sending', 'sent', 'unknown')
			THEN quiet END
	FROM (SELECT CASE WHEN $2::text = 'unknown' AND $3::text = 'ready'
			AND EXISTS (SELECT FROM report_mail
				WHERE report = $1::bigint AND state = 'sent')
		THEN 'sending' ELSE $3::text END AS state) t
	WHERE r.report = $1::bigint AND r.state = $2::text
	RETURNING r.report
), mails AS (
	UPDATE report_mail m SET state = $3::text, changed = now(),
		said = coalesce($4::text, m.said)
	FROM moved
	WHERE m.report = moved.report
	AND m.state = CASE $2::text || ' ' || $3::text
		WHEN 'unknown sent' THEN 'unknown'
		WHEN 'unknown ready' THEN 'unknown'
		WHEN 'held failed' THEN 'ready' END)
SELECT report, pg_notify('plaintiff_reports', '') FROM moved;

-- name: ctl_report_adopt
-- to hub $2, unless a session holds the name of the hub that has it
WITH adopted AS (
	UPDATE report r SET owner = $2::text
	WHERE r.report = $1::bigint
		AND r.state IN ('sending', 'unknown')
		AND r.owner <> $2::text
		AND NOT EXISTS (SELECT FROM pg_locks
			WHERE locktype = 'advisory' AND granted
			AND database = (SELECT oid FROM pg_database
				WHERE datname = current_database())
			AND objsubid = 2 AND classid = 7411004::oid
			AND objid::bigint = (hashtext(r.owner)::bigint
				& 4294967295))
	RETURNING r.report
), mails AS (
	-- a place in another host's log
	UPDATE report_mail m SET log_from = NULL
	FROM adopted a WHERE m.report = a.report
)
SELECT report, pg_notify('plaintiff_reports', '') FROM adopted;

-- name: ctl_clock_accept
-- the next tick is the first
WITH accepted AS (
	DELETE FROM hub_clock WHERE moved IS NOT NULL RETURNING hub)
SELECT hub, pg_notify('plaintiff_reports', '') FROM accepted ORDER BY hub;

-- name: ctl_status_agents
SELECT * FROM agent_balance ORDER BY agent;

-- name: ctl_status_lines
SELECT * FROM line_balance ORDER BY agent, outbox;

-- name: ctl_status_reports
SELECT * FROM report_balance;

-- name: ctl_status_stages
-- what waits for each stage, and since when
SELECT * FROM (VALUES
	('receive', 'agents active', (SELECT count(*) FROM agent
		WHERE state = 'active'), (SELECT max(last_seen)
		FROM agent_outbox)),
	('receive', 'agents revoked', (SELECT count(*) FROM agent
		WHERE state = 'revoked'), NULL),
	('receive', 'agents in quarantine', (SELECT count(*) FROM agent
		WHERE state = 'quarantined'), (SELECT min(quarantined)
		FROM agent)),
	('receive', 'events held back', (SELECT count(*) FROM event
		WHERE stored IS NULL), NULL),
	('receive', 'events set aside', (SELECT count(*) FROM set_aside),
		(SELECT min(noted) FROM set_aside)),
	('lookup', 'events not counted yet', (SELECT CASE WHEN q.is_called
			THEN greatest(q.last_value - w.stored, 0) ELSE 0 END
		FROM stored_seq q, watermark w WHERE w.name = 'tally'), NULL),
	('lookup', 'addresses not asked yet', (SELECT count(*) FROM source
		WHERE state = 'new'), (SELECT min(first_seen) FROM source
		WHERE state = 'new')),
	('lookup', 'addresses with a contact', (SELECT count(*) FROM source
		WHERE state = 'found'), NULL),
	('lookup', 'addresses without', (SELECT count(*) FROM source
		WHERE state = 'none'), NULL),
	('lookup', 'lookups failed', (SELECT count(*) FROM source
		WHERE state = 'failed'), (SELECT min(first_seen) FROM source
		WHERE state = 'failed')),
	('lookup', 'contacts refused', (SELECT count(*) FROM source
		WHERE state = 'refused'), NULL),
	('report', 'contacts suspended', (SELECT count(*) FROM contact
		WHERE state = 'suspended'), NULL),
	('report', 'reports held', (SELECT count(*) FROM report
		WHERE state = 'held'), (SELECT min(created) FROM report
		WHERE state = 'held')),
	('deliver', 'reports ready', (SELECT count(*) FROM report
		WHERE state = 'ready'), (SELECT min(created) FROM report
		WHERE state = 'ready')),
	('deliver', 'reports being sent', (SELECT count(*) FROM report
		WHERE state = 'sending'), (SELECT min(changed) FROM report
		WHERE state = 'sending')),
	('deliver', 'reports sent', (SELECT count(*) FROM report
		WHERE state = 'sent'), NULL),
	('deliver', 'reports failed', (SELECT count(*) FROM report
		WHERE state = 'failed'), NULL),
	('deliver', 'reports unknown', (SELECT count(*) FROM report
		WHERE state = 'unknown'), (SELECT min(changed) FROM report
		WHERE state = 'unknown')),
	('deliver', 'hubs stopped by a clock', (SELECT count(*) FROM hub_clock
		WHERE moved IS NOT NULL), (SELECT min(since) FROM hub_clock))
) AS s (stage, what, count, since);

-- Previews read exactly what report reads.
-- also: report_due report_contact report_tally report_lines report_answers of report
