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
	changed, recipient, tries, next_try, said, owner, quiet_until, bytes,
	uuid, message_id
FROM report_list ORDER BY report;

-- name: ctl_report
SELECT l.report, l.state, l.created, l.contact, l.sources, l.events, l.first,
	l.last, l.subject, l.changed, l.recipient, l.tries, l.next_try, l.said,
	l.owner, l.quiet_until, l.bytes, l.uuid, l.message_id, r.mail
FROM report_list l JOIN report r ON r.report = l.report
WHERE l.report = $1::bigint;

-- name: ctl_report_move
-- the week holds exactly while a mail may have gone: see CHECKs of report
WITH moved AS (
	UPDATE report SET state = $3::text, changed = now(), next_try = now(),
		said = coalesce($4::text, said),
		quiet = CASE WHEN $3::text IN ('sending', 'sent', 'unknown')
			THEN quiet END
	WHERE report = $1::bigint AND state = $2::text RETURNING report)
SELECT report, pg_notify('plaintiff_reports', '') FROM moved;

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
	('lookup', 'Tor exits listed', (SELECT coalesce(max(entries), 0)
		FROM tor_fetch), (SELECT newest FROM tor_fetch)),
	('lookup', 'Tor list stale', (SELECT count(*) FROM tor_fetch
		WHERE coalesce(newest, '-infinity') < now() - tor_stale()
		AND tor_margin() IS NOT NULL), (SELECT newest FROM tor_fetch)),
	('lookup', 'tries for it that failed', (SELECT coalesce(max(tries), 0)
		FROM tor_fetch), (SELECT fetched FROM tor_fetch)),
	('report', 'events of Tor exits left out', (SELECT count(*)
		FROM tor_left_out), (SELECT min(time) FROM tor_left_out)),
	('report', 'addresses waiting for Tor', (SELECT count(*)
		FROM tor_waiting), (SELECT min(first) FROM tor_waiting)),
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
		WHERE state = 'unknown'))
) AS s (stage, what, count, since);

-- Previews read exactly what report reads.
-- also: report_due report_contact report_tally report_lines report_answers of report
