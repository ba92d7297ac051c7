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
WITH raw AS MATERIALIZED (
	SELECT e.address, e.kind, e.host, e.time, e.stored, e.agent, e.stale,
		(e.time AT TIME ZONE 'UTC')::date AS day,
		CASE WHEN e.kind = 1 THEN (SELECT v.login FROM evidence v
			WHERE v.id = e.id) END AS login
	FROM event e
	WHERE e.stored > $1::bigint AND e.stored <= $2::bigint
), batch AS MATERIALIZED (
	SELECT r.*, r.stale OR (r.kind = 1 AND setting('login_domains', '') <> ''
		AND coalesce(login_domain(r.login), 'none') <> ALL
		(string_to_array(setting('login_domains', ''), ' ')))
		AS left_out
	FROM raw r
), tallied AS (
	INSERT INTO tally AS t (address, kind, host, day, events, first, last,
		left_out, stored, agents, logins)
	SELECT address, kind, host, day, count(*)::integer, min(time),
		max(time), count(*) FILTER (WHERE left_out), max(stored),
		(array_agg(DISTINCT agent) FILTER (WHERE NOT left_out))[1:8],
		(array_agg(DISTINCT login_hash(login)) FILTER (WHERE
			NOT left_out AND login IS NOT NULL))[1:8]
	FROM batch GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
	ON CONFLICT (address, kind, host, day) DO UPDATE SET
		events = t.events + excluded.events,
		first = least(t.first, excluded.first),
		last = greatest(t.last, excluded.last),
		left_out = t.left_out + excluded.left_out,
		stored = greatest(t.stored, excluded.stored),
		agents = up_to_eight(t.agents, excluded.agents),
		logins = up_to_eight(t.logins, excluded.logins)
), outages AS (
	INSERT INTO outage (host, minute)
	SELECT DISTINCT host_label(n.text), date_trunc('minute', b.time)
	FROM batch b JOIN name n ON n.name = b.host
	WHERE b.kind = 13
	ON CONFLICT DO NOTHING
), sourced AS (
	INSERT INTO source AS s (address, first_seen, last_seen, pending,
		counted, weighed_from, attempts, logins, agents)
	SELECT address, min(time), max(time), min(stored), max(stored),
		min(time), ARRAY[
		count(*) FILTER (WHERE kind = 1), count(*) FILTER (WHERE kind = 2), count(*) FILTER (WHERE kind = 3),
		count(*) FILTER (WHERE kind = 4), count(*) FILTER (WHERE kind = 5), count(*) FILTER (WHERE kind = 6),
		count(*) FILTER (WHERE kind = 7), count(*) FILTER (WHERE kind = 8), count(*) FILTER (WHERE kind = 9),
		count(*) FILTER (WHERE kind = 10), count(*) FILTER (WHERE kind = 11), count(*) FILTER (WHERE kind = 12)],
		(array_agg(DISTINCT login_hash(login))
			FILTER (WHERE login IS NOT NULL))[1:8],
		(array_agg(DISTINCT agent))[1:8]
	FROM batch WHERE NOT left_out AND kind = ANY ($3::smallint[])
	GROUP BY address ORDER BY address
	ON CONFLICT (address) DO UPDATE SET
		first_seen = least(s.first_seen, excluded.first_seen),
		last_seen = greatest(s.last_seen, excluded.last_seen),
		pending = coalesce(s.pending, excluded.pending),
		counted = greatest(s.counted, excluded.counted),
		weighed_from = CASE WHEN s.attempts IS NULL
			OR s.last_seen < window_begin()
			THEN excluded.weighed_from
			ELSE least(s.weighed_from, excluded.weighed_from) END,
		attempts = CASE WHEN s.attempts IS NULL
			OR s.last_seen < window_begin()
			THEN excluded.attempts
			ELSE tries_sum(s.attempts, excluded.attempts) END,
		logins = CASE WHEN s.attempts IS NULL
			OR s.last_seen < window_begin()
			THEN excluded.logins
			ELSE up_to_eight(s.logins, excluded.logins) END,
		agents = CASE WHEN s.attempts IS NULL
			OR s.last_seen < window_begin()
			THEN excluded.agents
			ELSE up_to_eight(s.agents, excluded.agents) END,
		next_ask = CASE WHEN s.next_ask = timestamptz '9999-01-01Z'
			THEN now() ELSE s.next_ask END
	RETURNING 1
), moved AS (
	UPDATE watermark SET stored = $2::bigint WHERE name = 'tally'
)
SELECT count(*), (SELECT count(*) FROM sourced) FROM batch;

-- name: lookup_claim
-- up to $1 addresses that are due, leased for $2 ms; $3: report.days.  With
-- each: who answers for it by the administrator, which RDAP server knows it
-- and until when that wants no questions.  By place in the table: a join by
-- address would read all of it.  A row that another has changed since this
-- statement began is not at its place any more, and waits for the next claim
WITH due AS (
	SELECT ctid AS place FROM source
	WHERE next_ask <= now() AND (lease_until IS NULL OR lease_until <= now())
	ORDER BY next_ask LIMIT $1::bigint
	FOR UPDATE SKIP LOCKED
), claimed AS (
	UPDATE source s
	SET lease_until = now() + $2::bigint * interval '1 millisecond'
	FROM due WHERE s.ctid = due.place
	RETURNING s.address, s.state, s.tries, s.fresh_until, s.lease_until,
		s.last_seen, s.method
)
SELECT s.address, s.state = 'found', s.tries, us(s.fresh_until), us(now()),
	us(s.lease_until),
	s.last_seen <= now() - $3::integer * interval '1 day',
	EXISTS (SELECT FROM agent_address o WHERE o.address = s.address),
	s.method, p.mailbox, b.url, b.prefix::text,
	ceil(extract(epoch FROM r.not_before - now()))::bigint
FROM claimed s
LEFT JOIN LATERAL (SELECT c.mailbox, x.prefix
	FROM contact_prefix x JOIN contact c USING (contact)
	WHERE x.prefix >>= s.address
	ORDER BY masklen(x.prefix) DESC LIMIT 1) p ON true
LEFT JOIN LATERAL (SELECT x.url, x.prefix FROM bootstrap x
	WHERE x.prefix >>= s.address
	ORDER BY masklen(x.prefix) DESC LIMIT 1) b ON true
LEFT JOIN rdap_server r ON r.server = b.url AND r.not_before > now();

-- name: lookup_ranges
-- the narrowest registered range with a fresh answer, for each address that
-- has one.  Registrations nest, so of those around an address the narrowest
-- begins last and ends first.  OFFSET: each by its number; the planner takes
-- every two hundredth piece to be around an address, and would rather read
-- all ranges for each
SELECT a.n, x.network, x.state, array_to_string(x.mailboxes, ','), x.why,
	x.country, us(x.asked), x.first, x.last, x.handle,
	ceil(extract(epoch FROM x.fresh_until - now()))::bigint, x.asn
FROM unnest($1::inet[]) WITH ORDINALITY AS a (address, n)
CROSS JOIN LATERAL (SELECT w.* FROM network_piece p
	CROSS JOIN LATERAL (SELECT * FROM network n
		WHERE n.network = p.network OFFSET 0) w
	WHERE p.piece >>= a.address AND w.fresh_until > now()
	ORDER BY w.first DESC, w.last LIMIT 1) x;

-- name: lookup_refusals
SELECT pattern, why FROM contact_refusal WHERE active ORDER BY pattern;

-- name: lookup_dead
-- those of the keys that are no use, and why: mail to them comes back, they
-- are passed over because they do not answer, or ($2) mail to them would go
-- to a domain that takes none
SELECT k.key, CASE WHEN d.domain IS NOT NULL THEN 'its domain takes no mail'
	ELSE 'mail to this mailbox comes back' END
FROM unnest($1::text[]) AS k (key)
LEFT JOIN contact c ON c.key = k.key
LEFT JOIN contact t ON t.contact = c.merged_into
LEFT JOIN mail_domain d ON $2::boolean AND d.state = 'none'
	AND d.domain = split_part(coalesce(t.key, k.key), '@', 2)
WHERE d.domain IS NOT NULL OR c.dead IS NOT NULL
	OR EXISTS (SELECT FROM escalation e
		WHERE e.contact = c.contact AND e.ended IS NULL);

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

-- name: lookup_networks
-- registered ranges as answered just now; a range that was known gets its
-- new answer
INSERT INTO network AS w (first, last, handle, country, state, mailboxes,
	said, why, fresh_until, asn)
SELECT a.first, a.last, a.handle, a.country, a.state,
	string_to_array(a.mailboxes, ','), a.said, a.why,
	now() + a.fresh_s * interval '1 second', a.asn
FROM unnest($1::inet[], $2::inet[], $3::text[], $4::text[], $5::text[],
	$6::text[], $7::text[], $8::text[], $9::bigint[], $10::bigint[])
AS a (first, last, handle, country, state, mailboxes, said, why, fresh_s,
	asn)
ORDER BY a.first, a.last
ON CONFLICT (first, last) DO UPDATE SET handle = excluded.handle,
	country = excluded.country, asn = excluded.asn, state = excluded.state,
	mailboxes = excluded.mailboxes, said = excluded.said,
	why = excluded.why, asked = now(), fresh_until = excluded.fresh_until
RETURNING w.network, w.first, w.last;

-- name: lookup_pieces
INSERT INTO network_piece (network, piece)
SELECT * FROM unnest($1::integer[], $2::cidr[])
ON CONFLICT DO NOTHING;

-- name: lookup_servers
-- servers that want no questions for so many seconds
INSERT INTO rdap_server AS r (server, not_before)
SELECT server, now() + max(seconds) * interval '1 second'
FROM unnest($1::text[], $2::bigint[]) AS u (server, seconds)
GROUP BY server ORDER BY server
ON CONFLICT (server) DO UPDATE SET noted = now(),
	not_before = greatest(r.not_before, excluded.not_before);

-- name: lookup_record
-- s: one row an address; a kept address keeps state, contact and what its
-- freshness is, but for stale_s more once.  The lease as a column of a that
-- is not seen through: as a constant it makes the planner read all of source
WITH a AS MATERIALIZED (
	SELECT *, ts($1::bigint) AS lease FROM unnest($2::inet[], $3::text[], $4::text[], $5::integer[],
		$6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],
		$10::integer[], $11::integer[], $12::bigint[], $13::cidr[],
		$14::text[], $15::text[]) WITH ORDINALITY
	AS a (address, key, state, kept, asked_us, fresh_s, stale_s, next_s,
		tries, network, asn, route, country, method, n)
), settled AS (
	UPDATE source s SET
		state = CASE a.kept WHEN 1 THEN s.state ELSE a.state END,
		contact = CASE a.kept WHEN 1 THEN s.contact
			ELSE coalesce(c.merged_into, c.contact) END,
		asked = CASE a.kept WHEN 1 THEN s.asked
			ELSE coalesce(ts(a.asked_us), now()) END,
		fresh_until = CASE a.kept WHEN 1
			THEN s.fresh_until + a.stale_s * interval '1 second'
			ELSE now() + a.fresh_s * interval '1 second' END,
		next_ask = coalesce(now() + a.next_s * interval '1 second',
			timestamptz '9999-01-01Z'),
		tries = a.tries,
		method = CASE a.kept WHEN 1 THEN s.method ELSE a.method END,
		network = coalesce(a.network, s.network),
		asn = coalesce(a.asn, s.asn),
		route = coalesce(a.route, s.route),
		country = coalesce(a.country, s.country),
		lease_until = NULL
	FROM a LEFT JOIN contact c ON c.key = a.key
	WHERE s.address = a.address AND s.lease_until = a.lease
	RETURNING a.n
)
SELECT n FROM settled;

-- name: lookup_answers
-- what each source said of each address, in the order of asking
INSERT INTO answer (address, method, state, contact, mailboxes, said, why,
	asked, fresh_until, network)
SELECT a.address, a.method, a.state, coalesce(c.merged_into, c.contact),
	string_to_array(a.mailboxes, ','), a.said, a.why,
	coalesce(ts(a.asked_us), now()), now() + a.fresh_s * interval '1 second',
	a.network
FROM unnest($1::inet[], $2::text[], $3::text[], $4::text[], $5::text[],
	$6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::integer[])
WITH ORDINALITY AS a (address, method, state, key, mailboxes, said, why,
	asked_us, fresh_s, network, n)
LEFT JOIN contact c ON c.key = a.key
ORDER BY a.n;

-- name: lookup_bootstrap_wanted
-- is this shipped document another than the one there?  A fetched one stays
SELECT FROM bootstrap_file WHERE family = $1::smallint
	AND origin IS DISTINCT FROM 'fetched'
	AND digest IS DISTINCT FROM $2::bytea FOR UPDATE;

-- name: lookup_bootstrap_claim
UPDATE bootstrap_file SET tried = now(),
	next_try = now() + $2::bigint * interval '1 second'
WHERE family = $1::smallint AND next_try <= now() RETURNING 1;

-- name: lookup_bootstrap_failed
UPDATE bootstrap_file SET why = $3::text,
	next_try = now() + $2::bigint * interval '1 second'
WHERE family = $1::smallint;

-- name: lookup_bootstrap_note
-- before its rows: the lock behind which they are changed
UPDATE bootstrap_file SET origin = $2::text, digest = $3::bytea,
	taken = now(), why = NULL
WHERE family = $1::smallint;

-- name: lookup_bootstrap_clear
DELETE FROM bootstrap WHERE family(prefix) = $1::smallint;

-- name: lookup_bootstrap_put
INSERT INTO bootstrap (prefix, url)
SELECT * FROM unnest($1::cidr[], $2::text[]);

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
