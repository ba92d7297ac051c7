-- Statements of lookup; prepared when it connects.
--
-- "Parked" is next_ask in the year 9999: an address that is not asked for
-- before new events of it come.

-- name: lookup_behind
-- without a lock: only whether it is worth to take it
SELECT s.is_called AND s.last_value > w.stored
FROM stored_seq s, watermark w WHERE w.name = 'tally';

-- name: lookup_store_lock
-- receive holds it shared while it stores
SELECT pg_advisory_xact_lock(7411001);

-- name: lookup_stored_upto
-- in a statement of its own: a sequence is read before functions are called
SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM stored_seq;

-- name: lookup_watermark
SELECT stored FROM watermark WHERE name = 'tally' FOR UPDATE SKIP LOCKED;

-- name: lookup_count
-- events stored in ($1, $2] into tally; those of kinds $3 that may be
-- reported make their address a source; backend_failure makes an outage
WITH batch AS MATERIALIZED (
	SELECT address, kind, host, (time AT TIME ZONE 'UTC')::date AS day,
		stale, CASE WHEN kind = 13 THEN date_trunc('minute', time) END
		AS minute, count(*) AS events, min(time) AS first,
		max(time) AS last
	FROM event
	WHERE stored > $1::bigint AND stored <= $2::bigint
	GROUP BY 1, 2, 3, 4, 5, 6
), tallied AS (
	INSERT INTO tally AS t (address, kind, host, day, events, first, last)
	SELECT address, kind, host, day, sum(events)::integer, min(first),
		max(last)
	FROM batch GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
	ON CONFLICT (address, kind, host, day) DO UPDATE SET
		events = t.events + excluded.events,
		first = least(t.first, excluded.first),
		last = greatest(t.last, excluded.last)
), outages AS (
	INSERT INTO outage (host, minute)
	SELECT DISTINCT host_label(n.text), b.minute
	FROM batch b JOIN name n ON n.name = b.host
	WHERE b.minute IS NOT NULL
	ON CONFLICT DO NOTHING
), sourced AS (
	INSERT INTO source AS s (address, first_seen, last_seen)
	SELECT address, min(first), max(last)
	FROM batch WHERE NOT stale AND kind = ANY ($3::smallint[])
	GROUP BY address ORDER BY address
	ON CONFLICT (address) DO UPDATE SET
		first_seen = least(s.first_seen, excluded.first_seen),
		last_seen = greatest(s.last_seen, excluded.last_seen),
		next_ask = CASE WHEN s.next_ask = timestamptz '9999-01-01Z'
			THEN now() ELSE s.next_ask END
	RETURNING 1
), moved AS (
	UPDATE watermark SET stored = $2::bigint WHERE name = 'tally'
)
SELECT coalesce(sum(events), 0)::bigint, (SELECT count(*) FROM sourced)
FROM batch;

-- name: lookup_claim
-- up to $1 addresses that are due, leased for $2 ms; $3: report.days
WITH due AS (
	SELECT address FROM source
	WHERE next_ask <= now() AND (lease_until IS NULL OR lease_until <= now())
	ORDER BY next_ask LIMIT $1::bigint
	FOR UPDATE SKIP LOCKED
)
UPDATE source s
SET lease_until = now() + $2::bigint * interval '1 millisecond'
FROM due WHERE s.address = due.address
RETURNING s.address, s.state = 'found', s.tries, us(s.fresh_until),
	us(now()), us(s.lease_until),
	s.last_seen <= now() - $3::integer * interval '1 day',
	EXISTS (SELECT FROM agent_address o WHERE o.address = s.address);

-- name: lookup_park
UPDATE source
SET next_ask = timestamptz '9999-01-01Z', lease_until = NULL
WHERE address = ANY ($2::inet[]) AND lease_until = ts($1::bigint);

-- name: lookup_release
UPDATE source SET lease_until = NULL
WHERE address = ANY ($2::inet[]) AND lease_until = ts($1::bigint);

-- name: lookup_contacts
-- without the WHERE each answer would use up a number
INSERT INTO contact (key, mailbox)
SELECT DISTINCT ON (key) key, mailbox
FROM unnest($1::text[], $2::text[]) AS u (key, mailbox)
WHERE NOT EXISTS (SELECT FROM contact c WHERE c.key = u.key)
ORDER BY key, mailbox
ON CONFLICT (key) DO NOTHING;

-- name: lookup_record
-- a: one row an address; a kept address keeps state, contact and freshness
WITH a AS (
	SELECT * FROM unnest($2::inet[], $3::text[], $4::text[], $5::text[],
		$6::text[], $7::text[], $8::text[], $9::integer[], $10::bigint[],
		$11::bigint[], $12::integer[])
	AS a (address, method, key, mailboxes, said, why, state, kept, fresh_s,
		next_s, tries)
), settled AS (
	UPDATE source s SET
		state = CASE a.kept WHEN 1 THEN s.state ELSE a.state END,
		contact = CASE a.kept WHEN 1 THEN s.contact ELSE c.contact END,
		asked = CASE a.kept WHEN 1 THEN s.asked ELSE now() END,
		fresh_until = CASE a.kept WHEN 1 THEN s.fresh_until
			ELSE now() + a.fresh_s * interval '1 second' END,
		next_ask = coalesce(now() + a.next_s * interval '1 second',
			timestamptz '9999-01-01Z'),
		tries = a.tries,
		lease_until = NULL
	FROM a LEFT JOIN contact c ON c.key = a.key
	WHERE s.address = a.address AND s.lease_until = ts($1::bigint)
	RETURNING s.address
), answered AS (
	INSERT INTO answer (address, method, state, contact, mailboxes, said,
		why, fresh_until)
	SELECT a.address, a.method, a.state, c.contact,
		string_to_array(a.mailboxes, ','), a.said, a.why,
		now() + a.fresh_s * interval '1 second'
	FROM a JOIN settled USING (address) LEFT JOIN contact c ON c.key = a.key
	ORDER BY a.address
	RETURNING 1
)
SELECT count(*) FROM answered;

-- name: lookup_notify
SELECT pg_notify('plaintiff_sources', '');

-- Tor's list and zone.

-- name: lookup_tor_claim
-- one lookup at a time asks for the list, for $1 ms; entries of a list that
-- is less than a day old
INSERT INTO tor_fetch AS f (tried, lease_until)
SELECT now(), now() + $1::bigint * interval '1 millisecond'
WHERE NOT EXISTS (SELECT FROM tor_fetch
	WHERE next_try > now() OR lease_until > now())
ON CONFLICT (one) DO UPDATE
	SET tried = excluded.tried, lease_until = excluded.lease_until
	WHERE f.next_try <= now()
	AND (f.lease_until IS NULL OR f.lease_until <= now())
RETURNING us(f.tried), us(f.lease_until),
	CASE WHEN f.fetched > now() - interval '1 day' THEN f.entries
	ELSE 0 END;

-- name: lookup_tor_failed
-- tried again after $2 seconds, doubled each time, $3 at most
UPDATE tor_fetch SET tries = tries + 1, why = $4::text, lease_until = NULL,
	next_try = now() + least($3::bigint, $2::bigint
		* 2 ^ least(tries, 20)) * interval '1 second'
WHERE lease_until = ts($1::bigint);

-- name: lookup_tor_accept
-- a list asked for at $3, with its newest test at $4; the row is the lock
-- behind which its content is stored
UPDATE tor_fetch SET tries = 0, why = NULL, lease_until = NULL,
	next_try = now() + $2::bigint * interval '1 second',
	fetched = ts($3::bigint), newest = ts($4::bigint),
	entries = $5::integer
WHERE lease_until = ts($1::bigint)
RETURNING 1;

-- name: lookup_tor_exits
-- exits seen from $2 to $3.  Who was in no list before may have been one
-- since the last that would have named it, yet not before $4.
WITH seen AS (
	SELECT u.address, ts(u.first) AS first, ts(u.last) AS last
	FROM unnest($1::inet[], $2::bigint[], $3::bigint[])
		AS u (address, first, last)
), since AS (
	SELECT s.address, s.last, CASE
		WHEN EXISTS (SELECT FROM tor_cover c WHERE c.span @> s.first)
			THEN s.first
		ELSE least(s.first, greatest(ts($4::bigint),
			(SELECT max(upper(c.span)) FROM tor_cover c
			WHERE upper(c.span) <= s.first)))
		END AS first
	FROM seen s
), near AS (
	DELETE FROM tor_exit x USING since s
	WHERE x.address = s.address
	AND x.first <= s.last + interval '1 day'
	AND x.last >= s.first - interval '1 day'
	RETURNING x.address, x.first, x.last
)
INSERT INTO tor_exit (address, first, last)
SELECT j.address, min(j.first), max(j.last)
FROM (SELECT address, first, last FROM since
	UNION ALL SELECT address, first, last FROM near) j
GROUP BY j.address;

-- name: lookup_tor_cover
-- lists answer for $1 to $2 as well
WITH touched AS (
	DELETE FROM tor_cover
	WHERE span && tstzrange(ts($1::bigint), ts($2::bigint), '[]')
	RETURNING span
)
INSERT INTO tor_cover (span)
SELECT range_merge(range_agg(t.span)) FROM (
	SELECT tstzrange(ts($1::bigint), ts($2::bigint), '[]') AS span
	UNION ALL SELECT span FROM touched) t;

-- name: lookup_tor_wanted
-- while lists stay away: up to $1 addresses with events of kinds $4 that the
-- zone could answer for, those of the last $2 seconds but not of the last $3
SELECT u.address, us(now())
FROM reportable u
JOIN source s ON s.address = u.address
WHERE EXISTS (SELECT FROM tor_fetch f WHERE f.tries > 0
		AND coalesce((SELECT max(upper(c.span)) FROM tor_cover c),
			'-infinity') < now() - tor_settle()
			- least(tor_stale() / 2, interval '3 hours'))
	AND NOT u.tor_known
	AND s.state = 'found'
	AND u.stored > s.reported_upto
	AND u.id >= id_floor(now() - make_interval(secs => $2::bigint))
	AND u.time <= now() - make_interval(secs => $3::bigint)
	AND u.kind = ANY ($4::smallint[])
	AND NOT EXISTS (SELECT FROM tor_answer a
		WHERE a.address = u.address
		AND a.asked > now() - interval '30 minutes')
GROUP BY u.address
ORDER BY min(u.time), u.address
LIMIT $1::bigint;

-- name: lookup_tor_lately
-- exits that the zone should know
SELECT address FROM tor_exit
WHERE family(address) = 4 AND last > now() - interval '1 day'
ORDER BY last DESC, address
LIMIT $1::bigint;

-- name: lookup_tor_answers
-- what the zone said at $1; a no answers for $5 to $6
INSERT INTO tor_answer (address, asked, verdict, why, span)
SELECT u.address, ts($1::bigint), u.verdict, u.why,
	CASE WHEN u.verdict = 'no'
		THEN tstzrange(ts($5::bigint), ts($6::bigint), '[]') END
FROM unnest($2::inet[], $3::text[], $4::text[]) AS u (address, verdict, why)
ON CONFLICT DO NOTHING;

-- name: lookup_tor_state
SELECT us(now()), us(fetched), us(newest), entries, tries, why,
	coalesce(newest < now() - tor_stale(), true)
FROM tor_fetch;
