-- Statements of report; prepared when it connects.  Those that only read
-- are also prepared by ctl, for previews.
--
-- Who is due is decided in one statement from sources and tallies
-- (report_due), without reading an event; a batch of contacts is then locked
-- and decided again (report_claim, report_case), and only then its events
-- are read (report_days, report_few, report_many).

-- name: brake_tick
-- compares the database's clock with CLOCK_BOOTTIME ($2, microseconds) of the
-- host whose boot has the id $1, since they were last compared; more than 10
-- minutes apart, everything stops until an operator accepts the clock.  After
-- a boot all that shows is a clock that went back
WITH apart AS (
	SELECT CASE WHEN m.boot IS NOT NULL THEN now() - m.wall
			- ($2::bigint - m.up) * interval '1 microsecond'
		ELSE least(now() - l.wall, interval '0') END AS by,
		m.boot IS NULL OR now() - m.wall >= interval '1 minute' AS old
	FROM (VALUES (1)) one
	LEFT JOIN clock_tick m ON m.boot = $1
	LEFT JOIN (SELECT max(wall) AS wall FROM clock_tick) l ON true
), moved AS (
	UPDATE switch SET clock_stopped = now(), clock_apart = a.by
	FROM apart a WHERE clock_stopped IS NULL
		AND greatest(a.by, -a.by) > interval '10 minutes'
	RETURNING clock_apart
), ticked AS (
	INSERT INTO clock_tick AS t (boot, wall, up)
	SELECT $1, now(), $2 FROM apart a, switch s
	WHERE a.old AND s.clock_stopped IS NULL
		AND greatest(a.by, -a.by) <= interval '10 minutes'
	ON CONFLICT (boot) DO UPDATE SET wall = excluded.wall, up = excluded.up
)
SELECT CASE WHEN s.stopped IS NOT NULL THEN 'stopped' WHEN s.clock_stopped
		IS NOT NULL OR m.clock_apart IS NOT NULL THEN 'clock' END,
	s.why, coalesce(m.clock_apart, s.clock_apart)::text
FROM switch s LEFT JOIN moved m ON true;

-- name: report_mark
-- up to there everything is committed and counted, outages too
INSERT INTO stored_mark (stored)
SELECT stored FROM watermark
WHERE name = 'tally'
	AND stored > coalesce((SELECT max(stored) FROM stored_mark), 0)
ON CONFLICT DO NOTHING;

-- name: report_upto
-- what was there $1 seconds ago, and long enough that Tor's list can answer
-- for it; older marks are of no use
WITH settled AS (
	SELECT coalesce(max(stored), 0) AS stored FROM stored_mark
	WHERE at <= clock_timestamp() - greatest(
		make_interval(secs => $1::bigint), tor_wait())
), useless AS (
	DELETE FROM stored_mark m USING settled s WHERE m.stored < s.stored
)
SELECT stored FROM settled;

-- name: report_domainless
-- contacts whose registrable domain is to be found
SELECT contact, key FROM contact WHERE domain IS NULL
ORDER BY contact LIMIT 5000;

-- name: report_domains
UPDATE contact c SET domain = d.domain
FROM unnest($1::integer[], $2::text[]) AS d (contact, domain)
WHERE c.contact = d.contact AND c.domain IS NULL;

-- name: report_draw
-- which contacts belong to the share that is not reported; once each
UPDATE contact SET control = random() * 100 < p.held_share, drawn = now()
FROM policy p WHERE p.held_share > 0 AND drawn IS NULL;

-- name: report_control
-- what would have been reported to those that were drawn, because of events
-- stored up to $1
INSERT INTO control_case (address, contact)
SELECT s.address, s.contact FROM source_verdict s
JOIN contact_verdict v ON v.contact = s.contact
CROSS JOIN policy p
WHERE p.held_share > 0 AND v.verdict = 'held share'
	AND s.pending <= $1::bigint AND s.verdict IS NULL
ON CONFLICT DO NOTHING;

-- name: report_due
-- contacts that are due because of events stored up to $1, without those in
-- $2, as the brakes allow
WITH due AS MATERIALIZED (
	SELECT s.contact, min(s.pending) AS pending
	FROM source_verdict s
	JOIN contact_verdict v ON v.contact = s.contact
	CROSS JOIN (SELECT tor_margin() AS margin, tor_ipv6() AS ipv6,
		range_agg(span) AS cover, max(upper(span)) AS upto,
		max(upper(span)) >= now() - tor_stale() - tor_settle() AS fresh
		FROM tor_cover) t
	WHERE v.verdict IS NULL
		AND s.pending <= $1::bigint
		AND s.state = 'found'
		AND s.contact <> ALL ($2::integer[])
		AND s.worth
		AND s.verdict IS NULL
		AND (t.margin IS NULL
			-- what the list answers for, in short, and at length
			OR ((family(s.address) = 4 OR t.ipv6) AND t.cover
				@> tstzrange(greatest(s.weighed_from, window_begin()),
				least(s.last_seen, t.upto), '[)')
				AND (s.last_seen < t.upto OR t.fresh))
			OR NOT EXISTS (SELECT FROM reportable u
				WHERE u.address = s.address
				AND u.id >= id_floor(window_begin())
				AND u.stored > s.reported_upto
				AND u.stored <= $1::bigint
				AND u.kind IN (SELECT kind FROM threshold)
				AND NOT u.tor_known))
	GROUP BY s.contact
)
SELECT c.contact FROM contacts_with_room(ARRAY(SELECT d.contact
	FROM due d
	JOIN contact x ON x.contact = d.contact
	ORDER BY x.forced, EXISTS (SELECT FROM report r
		WHERE r.contact = d.contact), d.pending, d.contact))
	AS c (contact);

-- name: report_contact
-- one contact by its mailbox, whether or not its week is over
SELECT contact FROM contact
WHERE key = lower($1::text) OR mailbox = $1::text
ORDER BY key = lower($1::text) DESC, contact
LIMIT 1;

-- name: report_unpurged
-- false: events of a revoked agent are being removed; what is read now could
-- be of them.  Otherwise a purge waits until this transaction is over
SELECT pg_try_advisory_xact_lock_shared(7411006);

-- name: report_claim
-- those of contacts $1 that may be told something, locked; $2: seconds
-- between reports.  One that another process has in hand is left to it
SELECT c FROM contacts_to_tell($1::integer[], make_interval(secs => $2::bigint))
	c;

-- name: report_case
-- what contacts $1 are due because of events stored up to $2: one row an
-- address, in the order of contacts
SELECT s.contact, s.address, s.reported_upto, s.fixed IS NOT NULL,
	CASE s.method WHEN 'range' THEN 'rdap'
		WHEN 'administrator' THEN 'admin' ELSE s.method END,
	us(s.asked), s.country, s.asn, s.place
FROM source_verdict s
WHERE s.contact = ANY ($1::integer[])
	AND s.pending <= $2::bigint
	AND s.worth
	AND s.verdict IS NULL
ORDER BY s.contact, s.address;

-- name: report_told
-- how contacts $1 are told
SELECT contact, mailbox, mode, language FROM contact
WHERE contact = ANY ($1::integer[])
ORDER BY contact;

-- name: report_days
-- the days of which the tallies know of events of addresses $1, each stored
-- above $2: place in these arrays, day, events
SELECT c.n, t.day - date '1970-01-01', t.events
FROM unnest($1::inet[], $2::bigint[]) WITH ORDINALITY AS c (address, after, n)
CROSS JOIN LATERAL (SELECT t.day, t.events FROM tally t
	WHERE t.address = c.address AND t.stored > c.after
	AND t.day >= (window_begin() AT TIME ZONE 'UTC')::date
	-- one after the other, not by reading all tallies
	OFFSET 0) t;

-- name: report_bounds
-- of each day of $1, in order: the first event that is within the window, and
-- the first of the next day
SELECT greatest(id_floor(window_begin()), id_floor(d.day)),
	id_floor(d.day + interval '1 day')
FROM (SELECT (date '1970-01-01' + n.day)::timestamp AT TIME ZONE 'UTC' AS day,
		n.place
	FROM unnest($1::integer[]) WITH ORDINALITY AS n (day, place)) d
ORDER BY d.place;

-- name: report_plan_once
-- for report_few: the planner takes the arrays for short and would read all
-- events of a day to combine two indexes.  Until report_plan_free
SELECT set_config('enable_bitmapscan', 'off', false),
	set_config('enable_nestloop', 'off', false);

-- name: report_plan_free
SELECT set_config('enable_bitmapscan', 'on', false),
	set_config('enable_nestloop', 'on', false);

-- name: report_few
-- the events of addresses $2 between the bounds $5 and $6 of a day, each
-- stored above $3 and all up to $4, by their numbers $1, if report_excused
-- does not name them and all logins are reported
WITH e AS MATERIALIZED (
	SELECT w.n, r.id, us(r.time) AS time, r.kind, r.host, r.port,
		r.destination_port, r.destination, r.service, r.tor_known
	FROM timely r
	JOIN unnest($1::integer[], $2::inet[], $3::bigint[])
		AS w (n, address, after) ON w.address = r.address
	WHERE r.address = ANY ($2::inet[])
		AND r.id >= $5::uuid AND r.id < $6::uuid
		AND r.stored > w.after AND r.stored <= $4::bigint
		AND r.kind = ANY (ARRAY(SELECT t.kind FROM threshold t))
)
SELECT e.n, e.time, e.kind, e.host, e.port, e.destination_port, e.destination,
	e.service, v.login, e.tor_known
FROM e LEFT JOIN (SELECT x.id, x.login FROM evidence x
	WHERE x.id = ANY (ARRAY(SELECT e.id FROM e))
	AND x.id >= $5::uuid AND x.id < $6::uuid) v ON v.id = e.id;

-- name: report_names
SELECT name, text FROM name WHERE name = ANY ($1::integer[]) ORDER BY name;

-- name: report_excused
-- places in $1 of addresses of whose events some may accuse nobody; asked
-- after the events were read, so that no list of Tor can come between
SELECT a.n FROM unnest($1::inet[]) WITH ORDINALITY AS a (address, n)
WHERE a.address IN (SELECT x.address FROM excused x)
	OR a.address IN (SELECT f.address FROM allegedfix f)
ORDER BY a.n;

-- name: report_many
-- of contacts with many events, or with one that is excused: sums of the
-- contact (part 0), of an address (part 1, kind null), of an address and kind
-- (part 1); then the latest events to list (part 2), $5 of a contact, of its
-- $6 worst addresses: one of each in turn, and one of each at least.  An
-- address waits whole as long as of one of its events nobody knows whether it
-- was an exit of Tor then
WITH e AS MATERIALIZED (
	SELECT u.*, ($1::integer[])[u.n] AS contact
	FROM unreported($2::inet[], $3::bigint[], $4::bigint) u
), told AS MATERIALIZED (
	SELECT e.* FROM e
	WHERE e.n NOT IN (SELECT w.n FROM e w WHERE NOT w.tor_known)
), line AS MATERIALIZED (
	SELECT l.*
	FROM (SELECT k.*, row_number() OVER (PARTITION BY k.contact
			ORDER BY k.place, k.n) AS turn
		FROM (SELECT p.*, dense_rank() OVER (PARTITION BY p.contact
				ORDER BY p.events DESC, p.n) AS worst
			FROM (SELECT t.*, count(*) OVER (PARTITION BY t.n)
					AS events, row_number() OVER (PARTITION
					BY t.n ORDER BY t.time DESC, t.id DESC)
					AS place
				FROM told t) p) k
		WHERE k.worst <= $6::bigint) l
	WHERE l.turn <= $5::bigint OR l.place = 1
)
SELECT r.n, us(r.time), r.kind, r.host, r.port, r.destination_port,
	r.destination, r.service, r.login, r.part, r.events, us(r.last)
FROM (SELECT l.n, 2 AS part, l.kind::integer, NULL::bigint AS events, l.time,
		NULL::timestamptz AS last, l.host::bigint, l.port,
		l.destination_port, l.destination, m.text AS service, v.login,
		l.id
	FROM line l
	LEFT JOIN name m ON m.name = l.service
	LEFT JOIN (SELECT v.* FROM (SELECT array_agg(id) AS ids,
			array_agg(time) AS times FROM line) a
		CROSS JOIN LATERAL logins_of(a.ids, a.times) v) v
		ON v.event = l.id
	UNION ALL
	SELECT min(t.n), CASE WHEN grouping(t.n) = 1 THEN 0 ELSE 1 END, t.kind,
		count(*), min(t.time), max(t.time), count(DISTINCT t.host),
		NULL, NULL, NULL, NULL, NULL, NULL
	FROM told t
	GROUP BY GROUPING SETS ((t.contact), (t.contact, t.n),
		(t.contact, t.n, t.kind))) r
ORDER BY r.n, r.part, r.time, r.id;

-- name: report_room_lock
-- caps are counted by one process at a time
SELECT pg_advisory_xact_lock(7411005);

-- name: report_room
SELECT c FROM contacts_with_room($1::integer[]) c;

-- name: report_insert
-- in the order of the arrays; a contact is in them once
WITH made AS (
	INSERT INTO report (uuid, contact, state, upto, sources, events, first,
		last, recipient, subject)
	SELECT m.uuid, m.contact, m.state, m.upto, m.sources, m.events,
		ts(m.first), ts(m.last), m.recipient, m.subject
	FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::bigint[],
		$5::integer[], $6::bigint[], $7::bigint[], $8::bigint[],
		$9::text[], $10::text[]) AS m (uuid, contact, state, upto,
		sources, events, first, last, recipient, subject)
	RETURNING report, contact
)
SELECT made.report
FROM unnest($2::integer[]) WITH ORDINALITY AS m (contact, n)
JOIN made ON made.contact = m.contact
ORDER BY m.n;

-- name: report_mail_copy
-- sender: envelope sender, null: report.from
COPY report_mail (report, n, sender, subject, message_id, mail)
FROM STDIN (FORMAT binary);

-- name: report_source_copy
COPY report_source (report, address, events, first, last, stored_after,
	stored_upto)
FROM STDIN (FORMAT binary);

-- name: report_advance
-- the marks of addresses $1 go up to $4, if the contact is $2 and the mark $3
-- still; found at place $5, which is quicker than by address
UPDATE source s SET reported_upto = $4::bigint,
	pending = CASE WHEN s.counted > $4::bigint THEN $4::bigint + 1 END
FROM unnest($1::inet[], $2::integer[], $3::bigint[], $5::tid[])
	AS w (address, contact, after, place)
WHERE s.ctid = w.place AND s.address = w.address AND s.contact = w.contact
	AND s.reported_upto = w.after;

-- name: report_advance_moved
-- likewise those that are not at their place any more
UPDATE source s SET reported_upto = $4::bigint,
	pending = CASE WHEN s.counted > $4::bigint THEN $4::bigint + 1 END
FROM unnest($1::inet[], $2::integer[], $3::bigint[])
	AS w (address, contact, after)
WHERE s.address = w.address AND s.contact = w.contact
	AND s.reported_upto = w.after;

-- name: report_forced
UPDATE contact SET forced = NULL
WHERE contact = ANY ($1::integer[]) AND forced IS NOT NULL;

-- name: report_notify
SELECT pg_notify('plaintiff_reports', '');
