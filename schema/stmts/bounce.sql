-- Statements of bounce; prepared when it connects, also by the command
-- plaintiff bounce.

-- name: bounce_report
-- the one report whose uuid begins with the digits $1, if it is one; other
-- messages about its contact wait
SELECT r.report, r.contact, r.recipient, c.mailbox,
	r.state IN ('sending', 'sent', 'unknown'),
	extract(epoch FROM now() - lower(r.quiet))::bigint
FROM report r JOIN contact c ON c.contact = r.contact
WHERE r.uuid BETWEEN rpad($1::text, 32, '0')::uuid
	AND rpad($1::text, 32, 'f')::uuid
	AND (SELECT count(*) FROM (SELECT FROM report o
		WHERE o.uuid BETWEEN rpad($1::text, 32, '0')::uuid
		AND rpad($1::text, 32, 'f')::uuid LIMIT 2) o) = 1
FOR UPDATE OF c;

-- name: bounce_mail
SELECT mail FROM report_mail WHERE report = $1::bigint ORDER BY n LIMIT 1;

-- name: bounce_insert
-- one a report and class
INSERT INTO bounce (report, hash, received, class, status, recipient, own,
	diagnostic, effect)
VALUES ($1::bigint, $2, ts($3::bigint), $4, $5, $6, $7::boolean, $8, 'none')
ON CONFLICT DO NOTHING
RETURNING bounce;

-- name: bounce_effect
UPDATE bounce SET effect = $2 WHERE bounce = $1::bigint;

-- name: bounce_suspend
-- a report that went before the last suspension suspends nothing again
UPDATE contact SET state = 'suspended', state_why = $3, state_since = now(),
	state_report = $2::bigint, dead = now()
WHERE contact = $1::integer AND state <> 'suspended'
	AND (state_since IS NULL OR state_since < (SELECT lower(quiet)
		FROM report WHERE report = $2::bigint)
		OR state_report = $2::bigint AND state = 'held')
RETURNING contact;

-- name: bounce_hold
-- when the last $4 reports all came back that went since it was held last
UPDATE contact SET state = 'held', state_why = $3, state_since = now(),
	state_report = $2::bigint
WHERE contact = $1::integer AND state = 'active'
	AND (SELECT count(*) FILTER (WHERE back) >= $4::bigint
		FROM (SELECT EXISTS (SELECT FROM bounce b
				WHERE b.report = r.report
				AND b.class IN ('hard', 'soft', 'policy')) AS back
			FROM report r
			WHERE r.contact = $1::integer
			AND r.state IN ('sending', 'sent', 'unknown')
			AND lower(r.quiet) > coalesce(contact.state_since,
				'-infinity')
			ORDER BY lower(r.quiet) DESC
			LIMIT $4::bigint) last)
RETURNING contact;

-- name: bounce_ask_anew
-- who else answers for the addresses of contact $1
WITH moved AS (
	UPDATE source SET next_ask = now(), tries = 0
	WHERE contact = $1::integer RETURNING 1)
SELECT count(*), pg_notify('plaintiff_events', '') FROM moved;

-- name: bounce_ask_anew_of_report
-- who answers for the addresses of report $1 that are still contact $2's
WITH moved AS (
	UPDATE source s SET next_ask = now(), tries = 0
	FROM report_source r
	WHERE r.report = $1::bigint AND s.address = r.address
	AND s.contact = $2::integer RETURNING 1)
SELECT count(*), pg_notify('plaintiff_events', '') FROM moved;

-- name: bounce_reply_insert
-- no flood of them with one report
INSERT INTO reply (report, hash, received, verified, automatic, kind, ticket,
	url, sender, subject, text)
SELECT $1::bigint, $2, ts($3::bigint), $4::boolean, $5::boolean, $6, $7, $8,
	$9, $10, $11
WHERE (SELECT count(*) FROM reply WHERE report = $1::bigint) < 50
ON CONFLICT DO NOTHING
RETURNING reply;

-- name: bounce_fixed
-- one answer to a report is believed, not one every hour
INSERT INTO allegedfix AS f (address, fixed, report, reply)
SELECT address, ts($3::bigint), $1::bigint, $2::bigint
FROM report_source WHERE report = $1::bigint
ON CONFLICT (address) DO UPDATE SET fixed = excluded.fixed,
	report = excluded.report, reply = excluded.reply, note = NULL
WHERE f.fixed < excluded.fixed AND f.report IS DISTINCT FROM excluded.report;

-- name: bounce_answered
UPDATE escalation SET ended = now()
WHERE contact = $1::integer AND ended IS NULL;

-- name: bounce_heard
INSERT INTO heard AS h (day, what, messages)
VALUES ((now() AT TIME ZONE 'UTC')::date, $1, 1)
ON CONFLICT (day, what) DO UPDATE SET messages = h.messages + 1;

-- name: bounce_escalate
-- contacts with $1 sent reports in a row that nobody answered, the last one a
-- week ago, whose addresses went on after it
WITH silent AS (
	SELECT c.contact, sent.reports, sent.last
	FROM contact c
	LEFT JOIN LATERAL (SELECT max(p.received) AS at
		FROM report q JOIN reply p ON p.report = q.report
		WHERE q.contact = c.contact
		AND p.kind IN ('form', 'not_ours', 'forwarded', 'fixed', 'human'))
		answered ON true
	LEFT JOIN LATERAL (SELECT max(e.asked) AS at FROM escalation e
		WHERE e.contact = c.contact) before ON true
	CROSS JOIN LATERAL (SELECT count(*) AS reports,
			max(lower(r.quiet)) AS last, max(upper(r.quiet)) AS over
		FROM report r
		WHERE r.contact = c.contact AND r.state = 'sent'
		AND lower(r.quiet) > coalesce(answered.at, '-infinity')) sent
	WHERE c.state = 'active' AND NOT c.control
	AND (before.at IS NULL OR answered.at > before.at)
	AND sent.reports >= $1::bigint AND sent.over <= now()
), going_on AS (
	SELECT s.contact, s.reports FROM silent s
	WHERE EXISTS (SELECT FROM report r
		JOIN report_source x ON x.report = r.report
		JOIN tally t ON t.address = x.address
		WHERE r.contact = s.contact AND lower(r.quiet) = s.last
		AND t.kind NOT IN (13, 14)
		AND t.last > s.last + interval '1 day')
), made AS (
	INSERT INTO escalation (contact, why, reports)
	SELECT contact, 'silence', reports FROM going_on ORDER BY contact
	ON CONFLICT DO NOTHING
	RETURNING contact
), asked AS (
	UPDATE source s SET next_ask = now(), tries = 0
	FROM made m WHERE s.contact = m.contact RETURNING 1
)
SELECT (SELECT count(*) FROM made), (SELECT count(*) FROM asked),
	pg_notify('plaintiff_events', '')
WHERE EXISTS (SELECT FROM made);

-- name: bounce_refusal
-- the oldest refusal by the relay from which nothing was drawn yet
SELECT e.contact_event, e.contact, coalesce(r.report, 0), c.mailbox,
	coalesce(r.recipient, c.mailbox), e.status, e.said, us(e.at)
FROM contact_event e
JOIN contact c ON c.contact = e.contact
LEFT JOIN report r ON r.report = e.report
WHERE e.judged IS NULL AND e.what = 'refused'
ORDER BY e.contact_event LIMIT 1
FOR UPDATE OF e, c SKIP LOCKED;

-- name: bounce_refused
UPDATE contact SET state = 'suspended', state_why = $3, state_since = now(),
	state_report = nullif($2::bigint, 0), dead = now()
WHERE contact = $1::integer AND state <> 'suspended'
	AND (state_since IS NULL OR state_since < ts($4::bigint))
RETURNING contact;

-- name: bounce_judged
UPDATE contact_event SET judged = now() WHERE contact_event = $1::bigint;
