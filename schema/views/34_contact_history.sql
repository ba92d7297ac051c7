CREATE VIEW contact_history AS
SELECT c.mailbox AS contact, h.at, h.what, h.report, h.detail
FROM contact c
CROSS JOIN LATERAL (
	SELECT r.created AS at, 'report composed' AS what, r.report,
		r.subject AS detail
	FROM report r WHERE r.contact = c.contact
	UNION ALL
	SELECT lower(r.quiet), 'report ' || r.state, r.report, r.said
	FROM report r WHERE r.contact = c.contact AND r.quiet IS NOT NULL
	UNION ALL
	SELECT b.received, 'bounce ' || b.class, b.report,
		concat_ws(' ', b.status, b.diagnostic)
	FROM bounce b JOIN report r ON r.report = b.report
	WHERE r.contact = c.contact
	UNION ALL
	SELECT p.received, 'reply ' || p.kind, p.report,
		concat_ws(' ', 'reply ' || p.reply, p.ticket, p.subject)
	FROM reply p JOIN report r ON r.report = p.report
	WHERE r.contact = c.contact
	UNION ALL
	SELECT e.asked, 'escalated: ' || e.why, NULL,
		e.reports || ' reports in silence'
	FROM escalation e WHERE e.contact = c.contact
	UNION ALL
	SELECT e.ended, 'escalation ended', NULL, NULL
	FROM escalation e WHERE e.contact = c.contact AND e.ended IS NOT NULL
	UNION ALL
	SELECT c.state_since, 'contact ' || c.state, c.state_report, c.state_why
	WHERE c.state_since IS NOT NULL AND c.state <> 'active'
	UNION ALL
	SELECT f.fixed, 'said to be fixed', f.report,
		count(*) || ' addresses'
	FROM allegedfix f JOIN report r ON r.report = f.report
	WHERE r.contact = c.contact
	GROUP BY f.fixed, f.report) h;
COMMENT ON VIEW contact_history IS
	'all that was sent to each contact and heard from it';
COMMENT ON COLUMN contact_history.contact IS 'mailbox';
COMMENT ON COLUMN contact_history.at IS 'when';
COMMENT ON COLUMN contact_history.what IS 'what happened';
COMMENT ON COLUMN contact_history.report IS 'report that it is about';
COMMENT ON COLUMN contact_history.detail IS
	'more; may hold foreign text';
