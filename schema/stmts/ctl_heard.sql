-- Statements of ctl about what came back, and what it is worth.

-- name: ctl_bounces_list
SELECT bounce, received, class, status, contact, report, effect, diagnostic,
	recipient, own
FROM bounce_list ORDER BY bounce;

-- name: ctl_replies_list
SELECT reply, received, kind, contact, report, ticket, subject, sender, url,
	verified, automatic, classified_by
FROM reply_list ORDER BY reply;

-- name: ctl_reply
SELECT l.reply, l.received, l.kind, l.contact, l.report, l.ticket, l.subject,
	l.sender, l.url, l.verified, l.automatic, l.classified_by, p.text
FROM reply_list l JOIN reply p ON p.reply = l.reply
WHERE l.reply = $1::bigint;

-- name: ctl_reply_classify
-- what "fixed" said of addresses goes with it
WITH changed AS (
	UPDATE reply SET kind = $2, classified_by = 'administrator'
	WHERE reply = $1::bigint RETURNING reply, report, received
), taken_back AS (
	DELETE FROM allegedfix f USING changed c
	WHERE f.reply = c.reply AND $2 <> 'fixed'
), fixed AS (
	INSERT INTO allegedfix AS f (address, fixed, report, reply)
	SELECT s.address, c.received, c.report, c.reply
	FROM changed c JOIN report_source s ON s.report = c.report
	WHERE $2 = 'fixed'
	ON CONFLICT (address) DO UPDATE SET fixed = excluded.fixed,
		report = excluded.report, reply = excluded.reply, note = NULL
	WHERE f.fixed < excluded.fixed
	RETURNING 1
), answered AS (
	UPDATE escalation e SET ended = now()
	FROM changed c JOIN report r ON r.report = c.report
	WHERE e.contact = r.contact AND e.ended IS NULL
	AND $2 IN ('forwarded', 'fixed', 'human')
)
SELECT (SELECT count(*) FROM fixed) FROM changed;

-- name: ctl_heard_contact
SELECT c.contact, c.mailbox, c.state,
	EXISTS (SELECT FROM escalation e WHERE e.contact = c.contact
		AND e.ended IS NULL),
	(SELECT count(*) FROM report_outcome o WHERE o.contact = c.contact)
FROM contact c
WHERE c.key = lower($1::text) OR c.mailbox = $1::text;

-- name: ctl_contact_history
SELECT at, what, report, detail FROM contact_history
WHERE contact = $1::text ORDER BY at, report NULLS LAST, what;

-- name: ctl_contact_escalate
WITH made AS (
	INSERT INTO escalation (contact, why, reports)
	VALUES ($1::integer, 'operator', (SELECT count(*) FROM report_outcome o
		WHERE o.contact = $1::integer))
	ON CONFLICT DO NOTHING
	RETURNING contact
), asked AS (
	UPDATE source s SET next_ask = now(), tries = 0
	FROM made m WHERE s.contact = m.contact RETURNING 1
)
SELECT (SELECT count(*) FROM asked), pg_notify('plaintiff_events', '')
FROM made;

-- name: ctl_complaint_reports
SELECT o.report, to_char(o.sent AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
	(SELECT m.message_id FROM report_mail m WHERE m.report = r.report
		ORDER BY m.n LIMIT 1), r.sources, r.events,
	CASE WHEN o.bounced THEN 'came back' WHEN o.answered THEN 'answered'
		WHEN o.acknowledged THEN 'receipt only' ELSE 'no answer' END
FROM report_outcome o JOIN report r ON r.report = o.report
WHERE o.contact = $1::integer ORDER BY o.sent;

-- name: ctl_complaint_addresses
-- the reported addresses of contact $1 that went on after their last report
SELECT host(s.address), t.events,
	to_char(t.last AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
FROM (SELECT a.address, max(o.sent) AS sent FROM report_outcome o
	JOIN report_source a ON a.report = o.report
	WHERE o.contact = $1::integer GROUP BY a.address) s
CROSS JOIN LATERAL (SELECT sum(t.events) AS events, max(t.last) AS last
	FROM tally t WHERE t.address = s.address AND t.kind NOT IN (13, 14)
	AND t.last > s.sent) t
WHERE t.events > 0
ORDER BY t.last DESC, s.address LIMIT 100;

-- name: ctl_effect_clusters
SELECT control, contact, count(*), count(*) FILTER (WHERE stopped)
FROM case_outcome($1::integer) GROUP BY control, contact ORDER BY 1, 2;

-- name: ctl_effect_contacts
SELECT * FROM contact_effect ORDER BY reports DESC, cases DESC, contact;

-- name: ctl_effect_asns
SELECT name::bigint AS asn, reports, bounced, answered, acknowledged, silent,
	cases, stopped
FROM network_effect WHERE grouped = 'asn'
ORDER BY reports DESC, cases DESC, asn;

-- name: ctl_effect_countries
SELECT name AS country, reports, bounced, answered, acknowledged, silent,
	cases, stopped
FROM network_effect WHERE grouped = 'country'
ORDER BY reports DESC, cases DESC, country;

-- name: ctl_digest_counts
-- the last $1 days
WITH since AS (SELECT now() - make_interval(days => $1::integer) AS t)
SELECT part, what, count FROM (
	SELECT 1 AS place, 'sent' AS part, 'reports' AS what,
		(SELECT count(*) FROM report_outcome o, since
			WHERE o.sent >= since.t) AS count
	UNION ALL SELECT 2, 'sent', 'addresses in them', (SELECT count(*)
		FROM report_outcome o JOIN report_source a ON a.report = o.report,
			since WHERE o.sent >= since.t)
	UNION ALL SELECT 3, 'sent', 'reports that failed', (SELECT count(*)
		FROM report r, since WHERE r.state = 'failed'
		AND r.changed >= since.t)
	UNION ALL SELECT 4, 'sent', 'reports of which nobody knows', (SELECT
		count(*) FROM report r WHERE r.state = 'unknown')
	UNION ALL SELECT 5, 'bounced', b.class, count(*) FROM bounce b, since
		WHERE b.received >= since.t AND b.class IN ('hard', 'soft',
			'policy') GROUP BY b.class
	UNION ALL SELECT 6, 'bounced', 'contacts ' || c.state || ' by them',
		count(*) FROM contact c, since WHERE c.state_since >= since.t
		AND c.state <> 'active' GROUP BY c.state
	UNION ALL SELECT 7, 'answered', p.kind, count(*) FROM reply p, since
		WHERE p.received >= since.t GROUP BY p.kind
	UNION ALL SELECT 8, 'stopped', 'addresses quiet after their report',
		(SELECT count(*) FROM case_outcome(effect_days()) k, since
		WHERE NOT k.control AND k.stopped AND k.began
			+ make_interval(days => 2 * effect_days()) >= since.t)
	UNION ALL SELECT 9, 'stopped', 'addresses that went on', (SELECT count(*)
		FROM case_outcome(effect_days()) k, since
		WHERE NOT k.control AND NOT k.stopped AND k.began
			+ make_interval(days => 2 * effect_days()) >= since.t)
	UNION ALL SELECT 10, 'silent', 'reports without a word, a week old',
		(SELECT count(*) FROM report_outcome o, since
		WHERE NOT o.bounced AND NOT o.answered AND NOT o.acknowledged
		AND o.sent < now() - interval '7 days'
		AND o.sent >= since.t - interval '7 days')
	UNION ALL SELECT 11, 'silent', 'contacts passed over for the next one up',
		(SELECT count(*) FROM escalation e WHERE e.ended IS NULL)
	UNION ALL SELECT 12, 'not reported', 'addresses: ' || n.reason, count(*)
		FROM not_reported n GROUP BY n.reason
	UNION ALL SELECT 13, 'left alone', 'messages: ' || h.what,
		sum(h.messages)::bigint FROM heard h, since
		WHERE h.day >= (since.t AT TIME ZONE 'UTC')::date GROUP BY h.what
) d ORDER BY place, what;

-- name: ctl_digest_notes
-- what waits for the operator
WITH since AS (SELECT now() - make_interval(days => $1::integer) AS t)
SELECT part, note FROM (
	SELECT 1 AS place, c.state_since AS at, 'contacts that get no mail now'
		AS part, concat_ws(' ', c.mailbox, 'is ' || c.state || ':',
		c.state_why) AS note
	FROM contact c, since
	WHERE c.state <> 'active' AND c.state_since >= since.t
	UNION ALL
	SELECT 2, p.received, 'answers to read', concat_ws(' ',
		'plaintiff replies show ' || p.reply || ':', p.contact,
		p.subject)
	FROM reply_list p, since
	WHERE p.kind = 'human' AND p.received >= since.t
	UNION ALL
	SELECT 3, p.received, 'contacts that want a form', concat_ws(' ',
		p.contact, p.url)
	FROM reply_list p, since
	WHERE p.kind = 'form' AND p.received >= since.t
	UNION ALL
	SELECT 4, p.received, 'said without a token', concat_ws(' ',
		'plaintiff reply classify ' || p.reply || ' ' || p.kind || ':',
		p.contact)
	FROM reply_list p, since
	WHERE p.kind IN ('fixed', 'not_ours') AND NOT p.verified
	AND p.classified_by = 'hub' AND p.received >= since.t
	UNION ALL
	SELECT 5, e.asked, 'escalated', c.mailbox || ' after ' || e.reports
		|| ' reports'
	FROM escalation e JOIN contact c ON c.contact = e.contact, since
	WHERE e.asked >= since.t
) n ORDER BY place, at LIMIT 200;

