-- Statements of ctl about what is reported; prepared when it connects.

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
