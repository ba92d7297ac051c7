-- Statements of ctl for why; prepared when it connects.

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
		c.forced, c.domain, c.mx, c.state AS contact_state, c.state_why,
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
			WHERE r.created > now() - interval '7 days') AS domain,
		(SELECT count(*) FROM report r JOIN contact c USING (contact)
			JOIN s ON coalesce(s.mx, s.domain)
				= coalesce(c.mx, c.domain)
			WHERE r.created > now() - interval '7 days') AS mx
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
			FROM 'mx cap' END,
		coalesce(s.mx, s.domain || ' (mail host not known)', '-')
			|| ': ' || used.mx || ' of ' || t.mx_week || ' in a week'),
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
