-- Statements of report; prepared when it connects.  Those that only read
-- are also prepared by ctl, for previews.
--
-- What may be reported of an address is the same in report_due, report_tally
-- and report_lines: events of the wanted kinds, not stale, not older than
-- the window, stored after what is in a report already; and the address
-- neither in the settings' lists nor one of our own hosts, and no such event
-- of it at a time of which nobody knows whether it was an exit of Tor.

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

-- name: report_due
-- contacts above $1 that may be mailed and have something new: seconds
-- between reports, window in days, kinds, unreportable prefixes, contacts to
-- leave out, and up to where events are settled
SELECT c.contact, c.mailbox
FROM contact c
WHERE c.contact > $1::integer
	AND c.contact <> ALL ($6::integer[])
	AND c.state = 'active'
	AND NOT EXISTS (SELECT FROM report r
		WHERE r.contact = c.contact
		AND (r.state IN ('held', 'ready', 'sending', 'unknown')
			OR r.created > now() - make_interval(secs => $2::bigint)
			OR r.quiet @> now()))
	AND EXISTS (SELECT FROM source s
		JOIN reportable e ON e.address = s.address
		WHERE s.contact = c.contact
		AND s.state = 'found'
		AND s.fresh_until > now()
		AND s.last_seen >= now() - make_interval(days => $3::integer)
		AND NOT s.address <<= ANY ($5::inet[])
		AND NOT EXISTS (SELECT FROM agent_address o
			WHERE o.address = s.address)
		AND e.id >= id_floor(now() - make_interval(days => $3::integer))
		AND e.stored > s.reported_upto
		AND e.stored <= $7::bigint
		AND e.kind = ANY ($4::smallint[])
		AND ((SELECT tor_margin()) IS NULL OR NOT EXISTS (
			SELECT FROM reportable u
			WHERE u.address = s.address
			AND u.id >= id_floor(now()
				- make_interval(days => $3::integer))
			AND u.stored > s.reported_upto
			AND u.stored <= $7::bigint
			AND u.kind = ANY ($4::smallint[])
			AND NOT u.tor_known)))
ORDER BY c.contact
LIMIT 100;

-- name: report_contact
-- one contact by its mailbox, whether or not its week is over
SELECT contact, mailbox FROM contact
WHERE key = lower($1::text) OR mailbox = $1::text
ORDER BY key = lower($1::text) DESC, contact
LIMIT 1;

-- name: report_lock
-- holds off other report processes and lookup for this contact's addresses
SELECT count(*) FROM (SELECT FROM source
	WHERE contact = $1::integer ORDER BY address FOR UPDATE) s;

-- name: report_is_due
-- asked again under the lock
SELECT c.state = 'active' AND NOT EXISTS (SELECT FROM report r
	WHERE r.contact = c.contact
	AND (r.state IN ('held', 'ready', 'sending', 'unknown')
		OR r.created > now() - make_interval(secs => $2::bigint)
		OR r.quiet @> now()))
FROM contact c WHERE c.contact = $1::integer;

-- name: report_tally
-- what is new of contact $1, stored up to $2: in all (address null), for
-- each address (kind null), for each address and kind
SELECT e.address, e.kind, count(*), us(min(e.time)), us(max(e.time)),
	count(DISTINCT e.host), min(s.reported_upto)
FROM source s
JOIN reportable e ON e.address = s.address
WHERE s.contact = $1::integer
	AND s.state = 'found'
	AND s.fresh_until > now()
	AND NOT s.address <<= ANY ($5::inet[])
	AND NOT EXISTS (SELECT FROM agent_address o
		WHERE o.address = s.address)
	AND e.id >= id_floor(now() - make_interval(days => $3::integer))
	AND e.stored > s.reported_upto
	AND e.stored <= $2::bigint
	AND e.kind = ANY ($4::smallint[])
	AND ((SELECT tor_margin()) IS NULL OR NOT EXISTS (
		SELECT FROM reportable u
		WHERE u.address = s.address
		AND u.id >= id_floor(now() - make_interval(days => $3::integer))
		AND u.stored > s.reported_upto
		AND u.stored <= $2::bigint
		AND u.kind = ANY ($4::smallint[])
		AND NOT u.tor_known))
GROUP BY GROUPING SETS ((), (e.address), (e.address, e.kind))
ORDER BY grouping(e.address) DESC, e.address, grouping(e.kind) DESC, e.kind;

-- name: report_lines
-- the latest events of the listed addresses ($1), at most $3 of each,
-- stored above $2 and up to $4
SELECT w.n, us(e.time), e.port, e.destination, e.destination_port, e.kind,
	n.text
FROM unnest($1::inet[], $2::bigint[], $3::integer[])
	WITH ORDINALITY AS w (address, after, most, n)
CROSS JOIN LATERAL (SELECT e.* FROM reportable e
	WHERE e.address = w.address
	AND e.id >= id_floor(now() - make_interval(days => $5::integer))
	AND e.stored > w.after
	AND e.stored <= $4::bigint
	AND e.kind = ANY ($6::smallint[])
	ORDER BY e.time DESC, e.id DESC
	LIMIT w.most) e
LEFT JOIN name n ON n.name = e.service
ORDER BY w.n, e.time, e.id;

-- name: report_answers
-- where the contact of each listed address comes from, and since when
SELECT w.n, a.method, us(a.asked)
FROM unnest($1::inet[]) WITH ORDINALITY AS w (address, n)
CROSS JOIN LATERAL (SELECT a.method, a.asked FROM answer a
	WHERE a.address = w.address
	AND a.state = 'found'
	AND a.contact = $2::integer
	ORDER BY a.asked DESC
	LIMIT 1) a
ORDER BY w.n;

-- name: report_insert
INSERT INTO report (uuid, contact, state, upto, sources, events, first, last,
	recipient, subject)
VALUES ($1, $2, $3, $4, $5, $6, ts($7), ts($8), $9, $10)
RETURNING report;

-- name: report_mail_insert
-- the $2-th mail of report $1; $3: its envelope sender, null: report.from
INSERT INTO report_mail (report, n, sender, subject, message_id, mail)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: report_sources_insert
INSERT INTO report_source (report, address, events, first, last,
	stored_after, stored_upto)
SELECT $1::bigint, s.address, s.events, ts(s.first), ts(s.last),
	s.stored_after, $7::bigint
FROM unnest($2::inet[], $3::bigint[], $4::bigint[], $5::bigint[],
	$6::bigint[]) AS s (address, events, first, last, stored_after);

-- name: report_advance
UPDATE source SET reported_upto = $2::bigint
WHERE address = ANY ($1::inet[]) AND reported_upto < $2::bigint;

-- name: report_notify
SELECT pg_notify('plaintiff_reports', '');
