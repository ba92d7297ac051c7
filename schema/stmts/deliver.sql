-- Statements of deliver; prepared when it connects.  The states and who
-- moves them: the comments of table report.
-- also: brake_tick of report

-- name: deliver_own
-- whether this session holds the lock on the name $1; takes it when free
SELECT CASE WHEN EXISTS (SELECT FROM pg_locks
		WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted
		AND objsubid = 2 AND classid = 7411004::oid
		AND objid::bigint = (hashtext($1::text)::bigint & 4294967295))
	THEN 'held'
	WHEN pg_try_advisory_lock(7411004, hashtext($1::text)) THEN 'taken'
	ELSE 'busy' END;

-- name: deliver_adopt
-- takes over what another hub has had in its hands for a day, when nobody
-- holds the lock on that hub's name; its place in a log is not ours
WITH adopted AS (
	UPDATE report r SET owner = $1::text
	WHERE r.state IN ('sending', 'unknown')
		AND r.owner <> $1::text
		AND r.changed < now() - interval '24 hours'
		AND NOT EXISTS (SELECT FROM pg_locks
			WHERE locktype = 'advisory' AND granted
			AND database = (SELECT oid FROM pg_database
				WHERE datname = current_database())
			AND objsubid = 2 AND classid = 7411004::oid
			AND objid::bigint = (hashtext(r.owner)::bigint
				& 4294967295))
	RETURNING r.report
)
UPDATE report_mail m SET log_from = NULL
FROM adopted a WHERE m.report = a.report
RETURNING m.report, m.n;

-- name: deliver_left
-- mails that the last run of this name had in its hands when it ended
SELECT m.report, m.n, m.claimed::text, r.uuid, m.said
FROM report_mail m JOIN report r USING (report)
WHERE r.state = 'sending' AND r.owner = $1::text AND m.state = 'sending'
ORDER BY m.report, m.n;

-- name: deliver_unknown
-- mails in this name's hands of which nobody knows, oldest first
SELECT m.report, m.n, m.claimed::text, m.message_id, m.log_from,
	(extract(epoch FROM clock_timestamp() - m.changed) * 1000)::bigint
FROM report_mail m JOIN report r USING (report)
WHERE r.state IN ('sending', 'unknown') AND r.owner = $1::text
	AND m.state = 'unknown'
ORDER BY m.changed, m.report, m.n
LIMIT 1000;

-- name: deliver_claim
-- takes in hand, as $1, up to $2 mails of reports that may go: first, if $6,
-- the rest of what is being sent, then what waits longest.  From here on the
-- contact has its week of $3 seconds; $4 tells how they are going to be
-- sent, $5 from where on the relay's log would show them.  The last column:
-- some of what is being sent may be left.
WITH rest AS (
	SELECT r.report FROM report r JOIN contact c USING (contact)
	WHERE $6::boolean AND r.state = 'sending' AND r.owner = $1::text
	AND r.next_try <= now()
	AND c.state = 'active'
	AND EXISTS (SELECT FROM report_mail m
		WHERE m.report = r.report AND m.state = 'ready')
	ORDER BY r.next_try, r.report
	LIMIT $2::bigint
	FOR UPDATE OF r SKIP LOCKED
), first AS MATERIALIZED (
	-- few, before anything is asked of each (the planner knows no $2)
	SELECT f.* FROM (SELECT r.report, r.contact, r.next_try FROM report r
		WHERE r.state = 'ready' AND r.next_try <= now()
		ORDER BY r.next_try, r.report
		LIMIT 300
		FOR UPDATE OF r SKIP LOCKED) f
	LIMIT $2::bigint + 8
), asked AS (
	SELECT f.report, f.next_try, (SELECT c.state = 'active'
				AND c.mode <> 'form'
				AND NOT EXISTS (SELECT FROM allow_mailbox a
					WHERE a.key = c.key)
			FROM contact c WHERE c.contact = f.contact)
		-- one by one, by the contact (and its btree, which knows
		-- bigint): never a look at all that is quiet now, which an
		-- index on quiet would lead to
		AND (SELECT o.report FROM report o
			WHERE o.contact = f.contact::bigint
			AND coalesce(o.quiet, 'empty') && tstzrange(now(),
				now() + make_interval(secs => $3::bigint))
			LIMIT 1) IS NULL
		AS may_go
	FROM first f
), blocked AS (
	-- out of the way of the others
	UPDATE report r SET next_try = now() + interval '10 minutes'
	WHERE r.report = ANY (ARRAY(
		SELECT a.report FROM asked a WHERE NOT a.may_go))
), fresh AS (
	SELECT a.report FROM asked a
	WHERE a.may_go
	ORDER BY a.next_try, a.report
	LIMIT CASE WHEN setting('mails_hour', '1000') = '0' THEN $2::bigint
		ELSE least($2::bigint, greatest(0,
			setting('mails_hour', '1000')::bigint
			- (SELECT count(*) FROM report h
				WHERE lower(h.quiet) > now() - interval '1 hour')))
		END
), picked AS (
	SELECT m.report, m.n, count(*) OVER () AS of
	FROM (SELECT report, 1 AS place FROM rest
		UNION ALL SELECT report, 2 FROM fresh) w
	JOIN report_mail m USING (report)
	WHERE m.state = 'ready'
	ORDER BY w.place, m.report, m.n
	LIMIT $2::bigint
), reports AS (
	UPDATE report r SET state = 'sending', changed = now(), owner = $1,
		quiet = CASE r.state WHEN 'sending' THEN r.quiet ELSE
			tstzrange(now(), now()
				+ make_interval(secs => $3::bigint)) END
	FROM (SELECT report, array_agg(n) AS numbers FROM picked
		GROUP BY report) s
	WHERE r.report = s.report
	RETURNING r.report, r.uuid, r.recipient, s.numbers
)
UPDATE report_mail m SET state = 'sending', changed = now(), claimed = now(),
	said = $4,
	-- what an earlier try left may come into the log late
	log_from = CASE WHEN m.claimed > now() - interval '10 minutes'
		THEN coalesce(m.log_from, $5) ELSE $5 END
FROM reports r
WHERE m.report = r.report AND m.n = ANY (r.numbers)
RETURNING m.report, m.n, m.claimed::text, r.uuid, r.recipient, m.sender,
	m.mail, (SELECT count(*) FROM rest) = $2::bigint
		OR (SELECT max(p.of) FROM picked p) > $2::bigint;

-- name: deliver_addresses
-- addresses of these reports; whether the settings' prefixes $2, or their
-- being of an own host, forbid to report them
SELECT s.report, s.address, s.address <<= ANY ($2::inet[]) OR EXISTS (
	SELECT FROM agent_address o WHERE o.address = s.address) OR EXISTS (
	SELECT FROM allow_prefix p WHERE p.prefix >>= s.address)
FROM report_source s WHERE s.report = ANY ($1::bigint[]);

-- name: deliver_hold_mails
-- in the transaction of the claim: back to where it was, or, when some mail
-- of the report has gone already, never
UPDATE report_mail m SET changed = now(), said = $2::text,
	state = CASE WHEN r.some_sent THEN 'failed' ELSE 'ready' END
FROM (SELECT bool_or(state IN ('sent', 'unknown')) AS some_sent
	FROM report_mail WHERE report = $1::bigint) r
WHERE m.report = $1::bigint AND (m.state = 'ready'
	OR (m.state = 'sending' AND m.claimed = now()));

-- name: deliver_hold
UPDATE report SET state = 'held', changed = now(), said = $2::text, quiet = NULL
WHERE report = $1::bigint AND state = 'sending'
	AND NOT EXISTS (SELECT FROM report_mail m WHERE m.report = $1::bigint
		AND m.state NOT IN ('ready', 'failed'));

-- name: deliver_put_off
-- the first report that may go, but cannot be claimed
UPDATE report SET next_try = now() + interval '1 minute'
WHERE report = (SELECT report FROM report
	WHERE state = 'ready' AND next_try <= now()
	ORDER BY next_try, report LIMIT 1);

-- name: deliver_settle
-- what came of mails in hand: report, n, claimed, state and words of each
UPDATE report_mail m SET state = d.state, changed = now(), said = d.said
FROM unnest($1::bigint[], $2::integer[], $3::timestamptz[], $4::text[],
	$5::text[]) AS d (report, n, claimed, state, said)
WHERE m.report = d.report AND m.n = d.n AND m.claimed = d.claimed
	AND m.state IN ('sending', 'unknown');

-- name: deliver_refused
-- their recipients are refused for good
INSERT INTO contact_event (contact, what, report, status, said)
SELECT r.contact, 'refused', r.report, d.status, d.said
FROM unnest($1::bigint[], $2::text[], $3::text[]) AS d (report, status, said)
JOIN report r ON r.report = d.report
WHERE NOT EXISTS (SELECT FROM contact_event e
	WHERE e.report = d.report AND e.what = 'refused');

-- name: deliver_sum
-- each of these reports is what its mails are; those that the relay put off
-- ($2) wait 1 minute, doubling to 4 hours
WITH s AS MATERIALIZED (
	SELECT m.report, (m.report = ANY ($2::bigint[]))::integer AS late,
		(array_agg(m.said ORDER BY m.changed DESC, m.n DESC))[1]
			AS said,
		CASE WHEN bool_or(m.state = 'sending') THEN 'sending'
		WHEN bool_or(m.state = 'ready') THEN
			CASE WHEN bool_or(m.state IN ('sent', 'unknown'))
			THEN 'sending' ELSE 'ready' END
		WHEN bool_or(m.state = 'unknown') THEN 'unknown'
		WHEN bool_or(m.state = 'sent') THEN 'sent'
		ELSE 'failed' END AS state
	FROM report_mail m WHERE m.report = ANY ($1::bigint[])
	GROUP BY m.report)
UPDATE report r SET state = s.state, changed = now(), said = s.said,
	quiet = CASE WHEN s.state IN ('sending', 'sent', 'unknown')
		THEN r.quiet END,
	tries = r.tries + s.late,
	next_try = CASE s.late WHEN 1 THEN now() + least(interval '4 hours',
			interval '1 minute' * power(2, least(r.tries, 10)))
		ELSE r.next_try END
FROM s
WHERE r.report = s.report
	-- one by one, by the key: not all that are in hand for each
	AND coalesce(r.state, '') IN ('sending', 'unknown');
