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
	dead, note, created, contact
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
-- also: report_due report_contact report_case report_read brake_tick of report

-- ---- deciding ----

-- name: ctl_allow_prefix
INSERT INTO allow_prefix (prefix, note, who) VALUES ($1::cidr, $2, $3)
ON CONFLICT (prefix) DO UPDATE SET note = excluded.note, who = excluded.who,
	added = now();

-- name: ctl_allow_mailbox
INSERT INTO allow_mailbox (key, note, who) VALUES ($1, $2, $3)
ON CONFLICT (key) DO UPDATE SET note = excluded.note, who = excluded.who,
	added = now();

-- name: ctl_allow_list
SELECT 'prefix' AS what, prefix::text AS allowed, note, who, added
FROM allow_prefix
UNION ALL
SELECT 'mailbox', key, note, who, added FROM allow_mailbox
ORDER BY 1, 2;

-- name: ctl_deny_prefix
DELETE FROM allow_prefix WHERE prefix = $1::cidr RETURNING 1;

-- name: ctl_deny_mailbox
DELETE FROM allow_mailbox WHERE key = $1 RETURNING 1;

-- name: ctl_contact_mailboxes
SELECT mailbox FROM contact ORDER BY mailbox LIMIT 20000;

-- name: ctl_contact_suspend
-- what is ready waits; a person suspended it, so no bounce is the reason
WITH suspended AS (
	UPDATE contact SET state = 'suspended', note = coalesce($2, note),
		state_why = NULL, state_since = now(), state_report = NULL
	WHERE key = $1 RETURNING contact)
SELECT contact FROM suspended;

-- name: ctl_contact_resume
-- also after a bounce: its mailbox is believed again, and what came back of
-- reports before now counts no more
WITH resumed AS (
	UPDATE contact SET state = 'active', state_why = NULL,
		state_since = now(), state_report = NULL, dead = NULL
	WHERE key = $1 RETURNING contact)
SELECT contact, pg_notify('plaintiff_sources', '') FROM resumed;

-- name: ctl_contact_note
UPDATE contact SET note = $2 WHERE key = $1 RETURNING 1;

-- name: ctl_contact_mode
-- reports that are ready and may not be mailed any more wait
WITH moded AS (
	UPDATE contact SET mode = $2, form = $3
	WHERE key = $1 RETURNING contact
), held AS (
	UPDATE report r SET state = 'held', changed = now(),
		said = 'its contact has mode ' || $2
	FROM moded m WHERE r.contact = m.contact AND r.state = 'ready'
	AND $2 IN ('form', 'held') RETURNING 1
)
SELECT (SELECT count(*) FROM held), pg_notify('plaintiff_sources', '')
FROM moded;

-- name: ctl_contact_language
UPDATE contact SET language = nullif($2, 'auto') WHERE key = $1 RETURNING 1;

-- name: ctl_fixed_address
WITH fixed AS (
	INSERT INTO allegedfix (address, fixed, note)
	VALUES ($1::inet, coalesce($2::timestamptz, now()), $3)
	ON CONFLICT (address) DO UPDATE SET fixed = excluded.fixed,
		note = excluded.note
	RETURNING 1)
SELECT count(*) FROM fixed;

-- name: ctl_fixed_contact
-- all addresses that it answers for now
WITH fixed AS (
	INSERT INTO allegedfix (address, fixed, note)
	SELECT s.address, coalesce($2::timestamptz, now()), $3
	FROM contact c JOIN source s ON s.contact = c.contact
	WHERE c.key = $1
	ON CONFLICT (address) DO UPDATE SET fixed = excluded.fixed,
		note = excluded.note
	RETURNING 1)
SELECT count(*) FROM fixed;

-- name: ctl_stop
UPDATE switch SET stopped = coalesce(stopped, now()), why = $1, who = $2;

-- name: ctl_go
WITH gone AS (
	UPDATE switch SET stopped = NULL, why = NULL, who = $1
	WHERE stopped IS NOT NULL RETURNING 1)
SELECT count(*), pg_notify('plaintiff_sources', ''),
	pg_notify('plaintiff_reports', '') FROM gone;

-- name: ctl_clock_apart
-- by how much the clock has moved since it was last believed, seen from the
-- host whose boot is $1 and CLOCK_BOOTTIME $2, or as it was noted
SELECT coalesce((SELECT now() - t.wall
		- ($2::bigint - t.up) * interval '1 microsecond'
		FROM clock_tick t WHERE t.boot = $1), s.clock_apart),
	s.clock_stopped IS NOT NULL
FROM switch s FOR UPDATE OF s;

-- name: ctl_clock_weeks
-- running weeks last as long as they would have: they, and what came before
-- them, move with the clock
UPDATE report r SET quiet = tstzrange(lower(r.quiet) + $1::interval,
	upper(r.quiet) + $1::interval)
WHERE r.quiet IS NOT NULL AND r.contact IN (SELECT o.contact FROM report o
	WHERE upper(o.quiet) > (SELECT max(wall) FROM clock_tick));

-- name: ctl_clock_tries
UPDATE report SET next_try = now()
WHERE state = 'ready' AND next_try > now() + interval '4 hours';

-- name: ctl_clock_accept
WITH forgotten AS (DELETE FROM clock_tick), accepted AS (
	UPDATE switch SET clock_stopped = NULL, clock_apart = NULL, who = $1
	RETURNING 1)
SELECT count(*), pg_notify('plaintiff_sources', ''),
	pg_notify('plaintiff_reports', '') FROM accepted;

-- name: ctl_force
WITH forced AS (
	UPDATE contact SET forced = now() WHERE key = $1 RETURNING contact)
SELECT pg_notify('plaintiff_sources', '') FROM forced;

-- name: ctl_may_tell
-- whether a contact may be told something now, and why not
SELECT v.mailbox, coalesce(v.verdict, b.brake), v.not_before, v.open
FROM contact c JOIN contact_verdict v ON v.contact = c.contact
JOIN contact_brake b ON b.contact = c.contact
WHERE c.key = $1;

-- name: ctl_failed_reports
-- failed reports that still hold their events: number $1, or of address $2,
-- or of the mailbox $3
SELECT r.report FROM report r JOIN contact c ON c.contact = r.contact
WHERE r.state = 'failed' AND r.given_back IS NULL
	AND (r.report = $1::bigint OR c.key = $3 OR EXISTS (
		SELECT FROM report_source s WHERE s.report = r.report
		AND s.address = $2::inet))
ORDER BY r.report DESC;

-- name: ctl_give_back
-- the events of a failed report become due again, but those of addresses
-- that were reported later
WITH failed AS (
	SELECT report, contact FROM report
	WHERE report = $1::bigint AND state = 'failed' AND given_back IS NULL
	FOR UPDATE
), rows AS (
	SELECT s.address, s.stored_after, s.events
	FROM failed f
	JOIN report_source s ON s.report = f.report
	JOIN source x ON x.address = s.address
		AND x.reported_upto = s.stored_upto
	FOR UPDATE OF x
), back AS (
	UPDATE source x SET reported_upto = r.stored_after,
		pending = r.stored_after + 1
	FROM rows r WHERE x.address = r.address
), gone AS (
	DELETE FROM report_source s USING rows r
	WHERE s.report = $1::bigint AND s.address = r.address
), left_over AS (
	SELECT r.sources - (SELECT count(*) FROM rows) AS sources,
		r.events - (SELECT sum(events) FROM rows) AS events
	FROM report r WHERE r.report = $1::bigint
), noted AS (
	UPDATE report r SET
		given_back = CASE WHEN l.sources = 0 THEN now() END,
		sources = CASE WHEN l.sources = 0 THEN r.sources
			ELSE l.sources END,
		events = CASE WHEN l.sources = 0 THEN r.events
			ELSE l.events END
	FROM left_over l
	WHERE r.report = $1::bigint AND EXISTS (SELECT FROM rows)
), forced AS (
	UPDATE contact c SET forced = now() FROM failed f
	WHERE c.contact = f.contact AND EXISTS (SELECT FROM rows)
)
SELECT (SELECT count(*) FROM rows), pg_notify('plaintiff_sources', '')
FROM failed;

-- ---- a purge: what only agent $1 vouches for ----

-- name: ctl_purge_begin
-- lookup counts nothing meanwhile
SELECT a.agent, (SELECT stored FROM watermark WHERE name = 'tally' FOR UPDATE)
FROM agent a WHERE a.name = $1;

-- name: ctl_purge_days
SELECT to_char(d, 'YYYY-MM-DD') FROM partition_days('event') d ORDER BY d;

-- name: ctl_purge_mark
-- day $2: tallies, sources and reports that its events are in
WITH its AS MATERIALIZED (
	SELECT DISTINCT address, kind, host FROM event
	WHERE agent = $1::integer
	AND id >= id_floor($2::date::timestamp AT TIME ZONE 'UTC')
	AND id < id_floor(($2::date + 1)::timestamp AT TIME ZONE 'UTC')
), tallies AS (
	UPDATE tally t SET stored = -1 FROM its i
	WHERE t.address = i.address AND t.kind = i.kind AND t.host = i.host
	AND t.day = $2::date
), sources AS (
	UPDATE source s SET attempts = NULL, weighed_from = '-infinity'
	FROM (SELECT DISTINCT address FROM its) i WHERE s.address = i.address
), held AS (
	UPDATE report r SET state = 'held', changed = now(),
		said = 'events of a purged agent are in it'
	WHERE r.state = 'ready' AND EXISTS (SELECT FROM report_source x
		JOIN its i ON i.address = x.address
		WHERE x.report = r.report) RETURNING 1
), outages AS (
	DELETE FROM outage o WHERE (o.host, o.minute) IN (
		SELECT host_label(n.text), date_trunc('minute', e.time)
		FROM event e JOIN name n ON n.name = e.host
		WHERE e.agent = $1::integer AND e.kind = 13
		AND e.id >= id_floor($2::date::timestamp AT TIME ZONE 'UTC')
		AND e.id < id_floor(($2::date + 1)::timestamp
			AT TIME ZONE 'UTC'))
	AND NOT EXISTS (SELECT FROM event e JOIN name n ON n.name = e.host
		WHERE e.agent <> $1::integer AND e.kind = 13
		AND host_label(n.text) = o.host
		AND date_trunc('minute', e.time) = o.minute
		AND e.id >= id_floor($2::date::timestamp AT TIME ZONE 'UTC')
		AND e.id < id_floor(($2::date + 1)::timestamp
			AT TIME ZONE 'UTC'))
)
SELECT (SELECT count(*) FROM its), (SELECT count(*) FROM held);

-- name: ctl_purge_attribute
-- what another agent has sent, too, is that agent's from now on
WITH other AS MATERIALIZED (
	SELECT DISTINCT ON (w.event) w.event, w.agent
	FROM event e JOIN witness w ON w.event = e.id
	WHERE e.agent = $1::integer AND w.agent <> $1::integer
	AND e.id >= id_floor($2::date::timestamp AT TIME ZONE 'UTC')
	AND e.id < id_floor(($2::date + 1)::timestamp AT TIME ZONE 'UTC')
	ORDER BY w.event, w.noted, w.agent
), moved AS (
	UPDATE event e SET agent = o.agent FROM other o
	WHERE e.id = o.event AND e.agent = $1::integer
), no_witness AS (
	DELETE FROM witness w USING other o
	WHERE w.event = o.event AND w.agent = o.agent
), past AS (
	INSERT INTO agent_past AS p (agent, day, first_seen)
	SELECT $1::integer, $2::date, count(*) FROM other HAVING count(*) > 0
	ON CONFLICT (agent, day) DO UPDATE
	SET first_seen = p.first_seen + excluded.first_seen
)
SELECT count(*) FROM other;

-- name: ctl_purge_remove
WITH gone AS (
	DELETE FROM event WHERE agent = $1::integer
	AND id >= id_floor($2::date::timestamp AT TIME ZONE 'UTC')
	AND id < id_floor(($2::date + 1)::timestamp AT TIME ZONE 'UTC')
	RETURNING id
), said AS (
	DELETE FROM evidence v USING gone g WHERE v.id = g.id
), seen AS (
	DELETE FROM witness WHERE agent = $1::integer
	AND event >= id_floor($2::date::timestamp AT TIME ZONE 'UTC')
	AND event < id_floor(($2::date + 1)::timestamp AT TIME ZONE 'UTC')
	RETURNING 1
), past AS (
	INSERT INTO agent_past AS p (agent, day, first_seen, witnessed)
	SELECT $1::integer, $2::date, (SELECT count(*) FROM gone),
		(SELECT count(*) FROM seen)
	WHERE EXISTS (SELECT FROM gone) OR EXISTS (SELECT FROM seen)
	ON CONFLICT (agent, day) DO UPDATE
	SET first_seen = p.first_seen + excluded.first_seen,
		witnessed = p.witnessed + excluded.witnessed
)
SELECT (SELECT count(*) FROM gone);

-- name: ctl_purge_tallies
-- counts the marked tallies of day $1 anew, from events counted up to $2
WITH anew AS MATERIALIZED (
	SELECT t.address, t.kind, t.host, e.*
	FROM tally t
	CROSS JOIN LATERAL (SELECT count(*)::integer AS events,
		min(e.time) AS first, max(e.time) AS last,
		count(*) FILTER (WHERE e.stale)::integer AS left_out,
		max(e.stored) AS stored, (array_agg(DISTINCT e.agent)
			FILTER (WHERE NOT e.stale))[1:8] AS agents,
		(array_agg(DISTINCT login_hash(v.login)) FILTER (WHERE
			NOT e.stale AND v.login IS NOT NULL))[1:8] AS logins
		FROM event e
		LEFT JOIN evidence v ON v.id = e.id AND e.kind = 1
		WHERE e.address = t.address AND e.kind = t.kind
		AND e.host = t.host AND e.stored <= $2::bigint
		AND e.id >= id_floor($1::date::timestamp AT TIME ZONE 'UTC')
		AND e.id < id_floor(($1::date + 1)::timestamp
			AT TIME ZONE 'UTC')) e
	WHERE t.day = $1::date AND t.stored = -1
), gone AS (
	DELETE FROM tally t USING anew a
	WHERE t.address = a.address AND t.kind = a.kind AND t.host = a.host
	AND t.day = $1::date AND a.events = 0
)
UPDATE tally t SET events = a.events, first = a.first, last = a.last,
	left_out = a.left_out, stored = a.stored, agents = a.agents,
	logins = a.logins
FROM anew a
WHERE t.address = a.address AND t.kind = a.kind AND t.host = a.host
	AND t.day = $1::date AND a.events > 0;

-- name: ctl_purge_sources
-- weighs the marked sources anew; those of whom nothing is left go
WITH anew AS MATERIALIZED (
	SELECT s.address, t.*, EXISTS (SELECT FROM tally x
		WHERE x.address = s.address AND x.kind NOT IN (13, 14)
		AND x.stored > s.reported_upto) AS pending
	FROM source s
	CROSS JOIN LATERAL (SELECT count(*) > 0 AS some, ARRAY[
		coalesce(sum(t.events) FILTER (WHERE t.kind = 1), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 2), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 3), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 4), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 5), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 6), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 7), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 8), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 9), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 10), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 11), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 12), 0)]::integer[]
			AS attempts, max(t.stored) AS counted,
		array_all(t.logins) AS logins, array_all(t.agents) AS agents,
		min(t.first) AS first, max(t.last) AS last
		FROM tally t WHERE t.address = s.address
		AND t.kind NOT IN (13, 14)) t
	WHERE s.attempts IS NULL
), gone AS (
	DELETE FROM source s USING anew a
	WHERE s.address = a.address AND NOT a.some
)
UPDATE source s SET attempts = a.attempts, counted = a.counted,
	logins = a.logins, agents = a.agents, first_seen = a.first,
	last_seen = a.last,
	pending = CASE WHEN a.pending THEN s.reported_upto + 1 END
FROM anew a WHERE s.address = a.address AND a.some;

-- name: ctl_purge_rest
-- its own addresses hide nobody any more, and what was set aside of it is
-- only counted
WITH own AS (
	DELETE FROM agent_address WHERE agent = $1::integer
), aside AS (
	DELETE FROM set_aside WHERE agent = $1::integer
	RETURNING (noted AT TIME ZONE 'UTC')::date AS day
)
INSERT INTO agent_past AS p (agent, day, set_aside)
SELECT $1::integer, day, count(*) FROM aside GROUP BY day
ON CONFLICT (agent, day) DO UPDATE
SET set_aside = p.set_aside + excluded.set_aside;

-- name: ctl_why_conclusion
-- what comes of it: reasons of not_reported, or what all of it is in
SELECT coalesce(n.reason, CASE WHEN r.report IS NOT NULL THEN 'reported'
		WHEN e.some THEN 'nothing' ELSE 'unknown address' END)
		AS conclusion,
	CASE WHEN n.reason IS NULL AND r.report IS NOT NULL
		THEN 'report ' || r.report || ' is ' || r.state
	WHEN n.reason IS NULL AND NOT e.some
		THEN 'no event of it is stored'
	ELSE n.detail END AS detail, n.events, n.not_before
FROM (SELECT EXISTS (SELECT FROM event WHERE address = $1::inet) AS some) e
LEFT JOIN (SELECT * FROM not_reported WHERE address = $1::inet) n ON true
LEFT JOIN LATERAL (SELECT r.report, r.state FROM report_source s
	JOIN report r ON r.report = s.report
	WHERE s.address = $1::inet ORDER BY r.report DESC LIMIT 1) r ON true
ORDER BY n.events DESC NULLS LAST;

-- name: ctl_why
-- every decision about address $1 in its order: passed, or what stops it
WITH a AS (
	SELECT $1::inet AS address
), e AS MATERIALIZED (
	SELECT v.*, p.id IS NOT NULL AS reportable, p.tor_known,
		coalesce(v.stored > x.reported_upto, true) AS open
	FROM event v LEFT JOIN reportable p ON p.id = v.id
	LEFT JOIN source x ON x.address = v.address
	WHERE v.address = $1::inet
), n AS (
	SELECT count(*) AS events, min(time) AS first, max(time) AS last,
		count(*) FILTER (WHERE stored IS NULL) AS held,
		count(*) FILTER (WHERE open AND stored IS NOT NULL) AS open,
		count(*) FILTER (WHERE open AND stale) AS stale,
		count(*) FILTER (WHERE open AND stored > m.mark) AS uncounted,
		count(*) FILTER (WHERE open AND NOT stale
			AND kind IN (SELECT kind FROM threshold)) AS wanted,
		count(*) FILTER (WHERE open AND reportable
			AND kind IN (SELECT kind FROM threshold)) AS left_over,
		count(*) FILTER (WHERE open AND reportable AND NOT tor_known
			AND time >= window_begin()) AS tor_unknown,
		max(time) FILTER (WHERE open) AS last_open,
		(SELECT string_agg(DISTINCT g.name, ', ' ORDER BY g.name)
			FROM agent g WHERE g.agent IN (SELECT agent FROM e))
			AS agents
	FROM e CROSS JOIN (SELECT stored AS mark FROM watermark
		WHERE name = 'tally') m
), o AS (
	SELECT count(*) FILTER (WHERE EXISTS (SELECT FROM name h
			JOIN outage g ON g.host = host_label(h.text)
			WHERE h.name = e.host
			AND g.minute > e.time - outage_margin()
				- interval '1 minute'
			AND g.minute <= e.time + outage_margin())) AS outage,
		count(*) FILTER (WHERE EXISTS (SELECT FROM tor_exit t
			WHERE t.address = e.address
			AND t.first <= e.time + tor_margin()
			AND t.last >= e.time - tor_margin())) AS tor
	FROM e WHERE open AND NOT stale AND kind = 1
), s AS (
	SELECT x.*, c.mailbox, c.key, c.mode, c.form, c.note, c.control,
		c.forced, c.domain, c.state AS contact_state, c.state_why,
		f.fixed, f.note AS fix_note
	FROM a LEFT JOIN source x ON x.address = a.address
	LEFT JOIN contact c ON c.contact = x.contact
	LEFT JOIN allegedfix f ON f.address = a.address
), t AS (
	SELECT t.*, need.tries AS need, need.logins AS need_logins,
		need.agents AS need_agents, p.*
	FROM policy p CROSS JOIN need
	LEFT JOIN tried t ON t.address = $1::inet
), v AS (
	SELECT v.verdict, v.open, v.open_state, v.not_before, b.brake
	FROM s LEFT JOIN contact_verdict v ON v.contact = s.contact
	LEFT JOIN contact_brake b ON b.contact = s.contact
), used AS (
	SELECT (SELECT count(*) FROM report
			WHERE created > now() - interval '1 hour') AS hour,
		(SELECT count(DISTINCT r.contact) FROM report r
			WHERE r.created > now() - interval '1 day'
			AND NOT EXISTS (SELECT FROM report y
			WHERE y.contact = r.contact AND y.created
				<= now() - interval '1 day')) AS new,
		(SELECT count(*) FROM report r JOIN contact c USING (contact)
			JOIN s ON s.domain = c.domain
			WHERE r.created > now() - interval '7 days') AS domain
)
SELECT d.decision, CASE WHEN d.passed THEN 'passed'
		WHEN d.passed IS NULL THEN '-' ELSE 'stops' END AS outcome, d.fact
FROM a, n, o, s, t, v, used, switch w
CROSS JOIN LATERAL (VALUES
	(1, 'events', n.events > 0, n.events || ' stored, '
		|| n.open || ' in no report, seen by '
		|| coalesce(n.agents, 'nobody')),
	(2, 'quarantine', n.held = 0, n.held
		|| ' held back while their agent was in quarantine'),
	(3, 'counted', n.uncounted = 0, n.uncounted || ' not counted yet'),
	(4, 'fresh', n.stale = 0 OR n.stale < n.open, n.stale
		|| ' too old or too far ahead when they came'),
	(5, 'kind', CASE WHEN n.open > 0 THEN n.wanted > 0 END, n.wanted || ' of the kinds that are reported'),
	(6, 'window', n.last_open >= t.since, 'newest '
		|| coalesce(n.last_open::text, 'none') || ', not before '
		|| t.since::text),
	(7, 'outage', o.outage = 0 OR n.left_over > 0, o.outage
		|| ' failed logins near an outage of ours'),
	(8, 'login domain', CASE WHEN setting('login_domains', '') <> ''
			THEN n.left_over > 0 END,
		CASE WHEN setting('login_domains', '') = '' THEN 'all are reported'
		ELSE 'reported: ' || setting('login_domains', '') END),
	(9, 'fixed', CASE WHEN s.fixed IS NOT NULL
			THEN n.last_open > s.fixed END,
		coalesce('fixed at ' || s.fixed::text || coalesce(', '
			|| s.fix_note, ''), 'nobody says so')),
	(10, 'Tor', CASE WHEN tor_margin() IS NOT NULL
			THEN (o.tor = 0 OR n.left_over > 0)
			AND n.tor_unknown = 0 END,
		CASE WHEN tor_margin() IS NULL THEN 'not checked'
		ELSE o.tor || ' while it was an exit, ' || n.tor_unknown
			|| ' of which that is not known' END),
	(11, 'own address', NOT EXISTS (SELECT FROM agent_address g
		WHERE g.address = a.address), coalesce((SELECT 'of agent '
		|| string_agg(g.name, ', ') FROM agent_address y
		JOIN agent g USING (agent) WHERE y.address = a.address),
		'of no agent''s host')),
	(12, 'reportable range', NOT a.address <<= ANY (t.unreportable),
		coalesce((SELECT 'in ' || u::text FROM unnest(t.unreportable) u
		WHERE a.address <<= u LIMIT 1), 'in no range of the settings')),
	(13, 'allowlist', NOT EXISTS (SELECT FROM allow_prefix p
		WHERE p.prefix >>= a.address) AND NOT EXISTS (SELECT
		FROM allow_mailbox m WHERE m.key = s.key),
		coalesce((SELECT p.prefix::text || coalesce(': ' || p.note, '')
		|| ' (' || p.who || ')' FROM allow_prefix p
		WHERE p.prefix >>= a.address
		ORDER BY masklen(p.prefix) DESC LIMIT 1),
		(SELECT m.key || coalesce(': ' || m.note, '') || ' (' || m.who
		|| ')' FROM allow_mailbox m WHERE m.key = s.key), 'not on it')),
	(14, 'threshold', s.forced IS NOT NULL OR threshold_met(t.tries,
			t.logins, t.agents, t.need, t.need_logins, t.need_agents)
			OR (t.fixed IS NOT NULL AND 0 < ANY (t.tries)),
		(SELECT string_agg(k.name || ' ' || coalesce(t.tries[h.kind], 0)
			|| ' of ' || h.tries, ', ' ORDER BY h.kind)
			FROM threshold h JOIN kind k USING (kind))
		|| coalesce(', logins ' || coalesce(t.logins, 0) || ' of '
			|| t.need_logins, '')
		|| coalesce(', agents ' || coalesce(t.agents, 0) || ' of '
			|| t.need_agents, '')
		|| CASE WHEN t.fixed IS NOT NULL THEN ', after the fix one does'
			ELSE '' END
		|| CASE WHEN s.forced IS NOT NULL THEN ', forced' ELSE '' END),
	(15, 'quorum', CASE WHEN t.quorum_agents > 1 THEN s.forced IS NOT NULL
			OR coalesce(t.agents, 0) >= t.quorum_agents
			OR (t.quorum_events > 0 AND (SELECT sum(y) FROM
				unnest(t.tries) y) >= t.quorum_events) END,
		coalesce(t.agents, 0) || ' of ' || t.quorum_agents || ' agents'
		|| CASE WHEN t.quorum_events > 0 THEN ', or '
			|| (SELECT coalesce(sum(y), 0) FROM unnest(t.tries) y)
			|| ' of ' || t.quorum_events || ' events' ELSE '' END),
	(16, 'login since', CASE WHEN t.login_since THEN t.last_login IS NULL
			OR t.first_failure IS NULL OR t.last_login
			< t.first_failure - interval '1 hour' END,
		coalesce('a login at ' || t.last_login::text,
			'no login from there')),
	(17, 'contact', s.state = 'found' AND s.fresh_until > now(),
		coalesce(s.state, 'never asked for') || coalesce(': '
			|| s.mailbox, '')
		|| coalesce(' by ' || s.method, '')
		|| coalesce(', asked ' || s.asked::text, '')
		|| CASE WHEN s.fresh_until <= now() THEN ', no longer believed'
			ELSE '' END
		|| coalesce(': ' || (SELECT y.why FROM answer y
			WHERE y.address = a.address AND y.why IS NOT NULL
			AND s.state IN ('none', 'failed', 'refused')
			ORDER BY y.asked DESC, y.answer DESC LIMIT 1), '')),
	(18, 'contact may be told', coalesce(s.contact_state, 'active')
			= 'active',
		coalesce(s.contact_state, 'none') || coalesce(': ' || coalesce(
			s.state_why, s.note), '')),
	(19, 'mode', coalesce(s.mode <> 'form', true), coalesce(s.mode, '-')
		|| coalesce(': ' || s.form, '')),
	(20, 'held share', CASE WHEN t.held_share > 0 THEN
			NOT coalesce(s.control, false) OR s.forced IS NOT NULL
			END,
		t.held_share || ' % of the contacts are not reported'),
	(21, 'no open report', v.open IS NULL, coalesce('report ' || v.open
		|| ' is ' || v.open_state, 'there is none')),
	(22, 'week', coalesce(v.not_before <= now(), true),
		coalesce('not before ' || v.not_before::text,
		'nothing was sent in it')),
	(23, 'new contacts', CASE WHEN t.new_day > 0 THEN v.brake IS DISTINCT
			FROM 'new contacts' END,
		used.new || ' of ' || t.new_day || ' in a day'),
	(24, 'domain cap', CASE WHEN t.domain_week > 0 THEN v.brake IS DISTINCT
			FROM 'domain cap' END,
		coalesce(s.domain, '-') || ': ' || used.domain || ' of '
			|| t.domain_week || ' in a week'),
	(25, 'mx cap', CASE WHEN t.mx_week > 0 THEN v.brake IS DISTINCT
			FROM 'mx cap' END, t.mx_week || ' in a week'),
	(26, 'mails an hour', CASE WHEN t.mails_hour > 0 THEN v.brake
			IS DISTINCT FROM 'mails an hour' END,
		used.hour || ' of ' || t.mails_hour),
	(27, 'switch', w.stopped IS NULL, coalesce('stopped at '
		|| w.stopped::text || coalesce(': ' || w.why, '')
		|| ' (' || w.who || ')', 'reports go on')),
	(28, 'clock', w.clock_stopped IS NULL, coalesce('it had moved by '
		|| w.clock_apart::text, 'as it should be'))
) AS d (place, decision, passed, fact)
ORDER BY d.place;

-- name: ctl_why_reports
SELECT r.report, r.state, c.mailbox AS contact, r.created, s.events, s.first,
	s.last
FROM report_source s JOIN report r ON r.report = s.report
JOIN contact c ON c.contact = r.contact
WHERE s.address = $1::inet ORDER BY r.report;
