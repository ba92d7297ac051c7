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

-- name: deliver_left
-- what the last run of this name had in its hands when it ended
SELECT report, uuid, said, lower(quiet)::text FROM report
WHERE state = 'sending' AND owner = $1::text
ORDER BY report;

-- name: deliver_next
-- the next report that may go, longest waiting first; its addresses that
-- must not be reported (prefixes $2, own hosts), if any
SELECT r.report, r.uuid, r.recipient, (SELECT min(s.address)
	FROM report_source s
	WHERE s.report = r.report
	AND (s.address <<= ANY ($2::inet[]) OR EXISTS (
		SELECT FROM agent_address o WHERE o.address = s.address)))
FROM report r
JOIN contact c USING (contact)
WHERE r.state = 'ready'
	AND r.next_try <= now()
	AND c.state = 'active'
	AND NOT EXISTS (SELECT FROM report o
		WHERE o.contact = r.contact
		AND o.quiet && tstzrange(now(),
			now() + make_interval(secs => $1::bigint)))
ORDER BY r.next_try, r.report
LIMIT 1;

-- name: deliver_addresses
SELECT address FROM report_source WHERE report = $1::bigint;

-- name: deliver_hold
UPDATE report SET state = 'held', changed = now(), said = $2
WHERE report = $1::bigint AND state = 'ready';

-- name: deliver_claim
-- from here on the contact has its week; $4 tells how it is going to be sent
UPDATE report SET state = 'sending', changed = now(), owner = $2, said = $4,
	quiet = tstzrange(now(), now() + make_interval(secs => $3::bigint))
WHERE report = $1::bigint AND state = 'ready' AND next_try <= now()
RETURNING mail, lower(quiet)::text;

-- name: deliver_put_off
UPDATE report SET next_try = now() + interval '1 minute'
WHERE report = $1::bigint AND state = 'ready';

-- What came of a claim.  $2 is the beginning of its quiet time, which no
-- other claim of the row has.

-- name: deliver_sent
UPDATE report SET state = 'sent', changed = now(), said = $3
WHERE report = $1::bigint AND lower(quiet) = $2::timestamptz
	AND state IN ('sending', 'unknown');

-- name: deliver_later
-- not sent: 1 minute, doubling to 4 hours
UPDATE report SET state = 'ready', changed = now(), said = $3, quiet = NULL,
	tries = tries + 1,
	next_try = now() + least(interval '4 hours',
		interval '1 minute' * power(2, least(tries, 10)))
WHERE report = $1::bigint AND lower(quiet) = $2::timestamptz
	AND state IN ('sending', 'unknown');

-- name: deliver_back
-- never tried: at once
UPDATE report SET state = 'ready', changed = now(), said = $3, quiet = NULL
WHERE report = $1::bigint AND lower(quiet) = $2::timestamptz
	AND state IN ('sending', 'unknown');

-- name: deliver_failed
UPDATE report SET state = 'failed', changed = now(), said = $3, quiet = NULL
WHERE report = $1::bigint AND lower(quiet) = $2::timestamptz
	AND state IN ('sending', 'unknown');

-- name: deliver_unknown
UPDATE report SET state = 'unknown', changed = now(), said = $3
WHERE report = $1::bigint AND lower(quiet) = $2::timestamptz
	AND state = 'sending';
