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

-- name: ctl_contact_list
SELECT mailbox, state, addresses, reports, last_report, quiet_until, merged,
	dead, mx, note, created, contact
FROM contact_list ORDER BY mailbox, contact;

-- name: ctl_contact_prefixes
SELECT p.prefix, c.mailbox, p.note, p.made
FROM contact_prefix p JOIN contact c USING (contact) ORDER BY p.prefix;

-- name: ctl_contact_refusals
SELECT pattern, CASE WHEN active THEN 'refused' ELSE 'accepted' END AS state,
	why, origin, changed
FROM contact_refusal ORDER BY pattern;

-- name: ctl_contact_refused
SELECT pattern FROM contact_refusal WHERE active ORDER BY pattern;

-- name: ctl_contact_of
SELECT s.address, s.state, c.mailbox AS contact, s.method AS source, s.asked,
	s.fresh_until, nullif(s.next_ask, timestamptz '9999-01-01Z')
	AS next_ask, s.tries, s.asn, s.route, s.country, w.first AS range_first,
	w.last AS range_last, w.handle
FROM source s
LEFT JOIN contact c USING (contact)
LEFT JOIN network w USING (network)
WHERE s.address = $1::inet;

-- name: ctl_contact_tables
-- the first row that names somebody is what counts, if the sources asked
-- before it named nobody
SELECT t.kind AS what, t.covers, t.says, t.since, t.until FROM (
	SELECT 1 AS place, masklen(p.prefix) AS narrow, 'administrator' AS kind,
		p.prefix::text AS covers, c.mailbox AS says, p.made AS since,
		NULL::timestamptz AS until
	FROM contact_prefix p JOIN contact c USING (contact)
	WHERE p.prefix >>= $1::inet
	UNION ALL
	SELECT 2, 0, 'own host', a.name, 'never reported', a.added, NULL
	FROM agent_address o JOIN agent a USING (agent)
	WHERE o.address = $1::inet
	UNION ALL
	SELECT 3, masklen(n.piece), 'registered range',
		w.first || ' - ' || w.last, CASE w.state WHEN 'found'
			THEN array_to_string(w.mailboxes, ', ')
			ELSE w.state || coalesce(': ' || w.why, '') END,
		w.asked, w.fresh_until
	FROM network_piece n JOIN network w USING (network)
	WHERE n.piece >>= $1::inet
	UNION ALL
	SELECT 4, masklen(b.prefix), 'RDAP server', b.prefix::text, b.url,
		r.noted, r.not_before
	FROM bootstrap b LEFT JOIN rdap_server r ON r.server = b.url
		AND r.not_before > now()
	WHERE b.prefix >>= $1::inet) t
ORDER BY t.place, t.narrow DESC, t.covers;

-- name: ctl_contact_answers
SELECT a.asked, a.method AS source, a.state, c.mailbox AS contact,
	array_to_string(a.mailboxes, ', ') AS mailboxes, a.why, a.said,
	a.fresh_until
FROM answer a LEFT JOIN contact c USING (contact)
WHERE a.address = $1::inet
ORDER BY a.asked DESC, a.answer DESC LIMIT 20;

-- name: ctl_contact_ask
-- also an address that nobody has accused; when it was last asked for
WITH wanted AS (
	INSERT INTO source AS s (address, first_seen, last_seen)
	VALUES ($1::inet, now(), now())
	ON CONFLICT (address) DO UPDATE SET next_ask = now(),
		last_seen = greatest(s.last_seen, now()
			- interval '1 hour')
	RETURNING address)
SELECT us((SELECT max(a.asked) FROM answer a WHERE a.address = w.address)),
	pg_notify('plaintiff_events', '')
FROM wanted w;

-- name: ctl_contact_asked
SELECT us(max(asked)) FROM answer WHERE address = $1::inet
HAVING max(asked) IS NOT NULL;

-- name: ctl_contact_add
INSERT INTO contact (key, mailbox) SELECT $1::text, $2::text
WHERE NOT EXISTS (SELECT FROM contact WHERE key = $1::text)
ON CONFLICT DO NOTHING;

-- name: ctl_contact_set
-- whoever was known before for these addresses is so no more
WITH put AS (
	INSERT INTO contact_prefix (prefix, contact, note)
	SELECT $1::cidr, coalesce(merged_into, contact), $3::text FROM contact
	WHERE key = $2::text
	ON CONFLICT (prefix) DO UPDATE SET contact = excluded.contact,
		note = excluded.note, made = now()
), again AS (
	UPDATE source SET state = 'new', contact = NULL, next_ask = now()
	WHERE address <<= $1::cidr RETURNING 1
)
SELECT count(*), pg_notify('plaintiff_events', '') FROM again;

-- name: ctl_contact_unset
WITH gone AS (
	DELETE FROM contact_prefix WHERE prefix = $1::cidr RETURNING prefix
), again AS (
	UPDATE source s SET state = 'new', contact = NULL, next_ask = now()
	FROM gone WHERE s.address <<= gone.prefix
	AND s.method = 'administrator' RETURNING 1
)
SELECT (SELECT count(*) FROM again), pg_notify('plaintiff_events', '')
FROM gone;

-- name: ctl_contact_refuse
-- what it means: hub/lookup/refusal.h
WITH put AS (
	INSERT INTO contact_refusal (pattern, why, origin)
	VALUES ($1::text, $2::text, 'administrator')
	ON CONFLICT (pattern) DO UPDATE SET active = true, changed = now(),
		why = excluded.why, origin = excluded.origin
), met AS (
	SELECT contact FROM contact
	WHERE CASE WHEN left($1::text, 1) = '@' THEN
		'.' || split_part(key, '@', 2) LIKE '%.' || replace(replace(
			substr($1::text, 2), '\', '\\'), '_', '\_')
	WHEN right($1::text, 1) = '@' THEN left(key, length($1::text))
		= $1::text
	ELSE key = $1::text END
), again AS (
	UPDATE source s SET state = 'refused', contact = NULL, next_ask = now()
	FROM met WHERE s.contact = met.contact AND s.method
		IS DISTINCT FROM 'administrator' RETURNING 1
), held AS (
	UPDATE report r SET state = 'held', changed = now(),
		said = 'its mailbox was refused'
	FROM met WHERE r.contact = met.contact AND r.state = 'ready' RETURNING 1
)
SELECT (SELECT count(*) FROM again), (SELECT count(*) FROM held),
	pg_notify('plaintiff_events', '');

-- name: ctl_contact_accept
WITH changed AS (
	UPDATE contact_refusal SET active = false, changed = now()
	WHERE pattern = $1::text AND active RETURNING pattern
), again AS (
	UPDATE source s SET next_ask = now() FROM changed
	WHERE s.state = 'refused' RETURNING 1
)
SELECT (SELECT count(*) FROM again), pg_notify('plaintiff_events', '')
FROM changed;

-- name: ctl_contact_find
SELECT contact, mailbox, merged_into FROM contact WHERE key = $1::text;

-- name: ctl_contact_merge_reports
UPDATE report SET contact = $2::integer WHERE contact = $1::integer;

-- name: ctl_contact_merge
WITH merged AS (
	UPDATE contact SET merged_into = $2::integer
	WHERE contact = $1::integer OR merged_into = $1::integer
), prefixes AS (
	UPDATE contact_prefix SET contact = $2::integer
	WHERE contact = $1::integer
), moved AS (
	UPDATE source SET contact = $2::integer WHERE contact = $1::integer
	RETURNING 1
)
SELECT count(*) FROM moved;

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
	('report', 'stopped by plaintiff stop', (SELECT count(stopped)
		FROM switch), (SELECT stopped FROM switch)),
	('report', 'stopped by the clock', (SELECT count(clock_stopped)
		FROM switch), (SELECT clock_stopped FROM switch)),
	('report', 'contacts suspended', (SELECT count(*) FROM contact
		WHERE state = 'suspended'), NULL),
	('report', 'contacts held', (SELECT count(*) FROM contact
		WHERE state = 'held'), (SELECT min(state_since) FROM contact
		WHERE state = 'held')),
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
	('bounce', 'bounces', (SELECT count(*) FROM bounce), NULL),
	('bounce', 'replies', (SELECT count(*) FROM reply), NULL),
	('bounce', 'replies for you to read', (SELECT count(*) FROM reply
		WHERE kind = 'human' AND received > now() - interval '7 days'),
		(SELECT min(received) FROM reply WHERE kind = 'human'
		AND received > now() - interval '7 days')),
	('bounce', 'messages left alone', (SELECT coalesce(sum(messages), 0)
		FROM heard)::bigint, NULL)
) AS s (stage, what, count, since);

-- Previews read exactly what report reads.
-- also: report_due report_contact report_case report_told of report
-- also: report_days report_bounds report_plan_once report_plan_free of report
-- also: report_few report_names report_excused report_many brake_tick of report

-- ---- deciding ----
