CREATE VIEW contact_verdict AS
SELECT c.contact, c.mailbox, c.domain,
	CASE WHEN EXISTS (SELECT FROM allow_mailbox a WHERE a.key = c.key)
		THEN 'allowlisted'
	WHEN c.state = 'suspended' THEN 'suspended'
	WHEN c.state = 'held' THEN 'contact held'
	WHEN c.mode = 'form' THEN 'form'
	WHEN p.held_share > 0 AND c.control AND c.forced IS NULL
		THEN 'held share'
	WHEN r.open IS NOT NULL THEN 'open report'
	WHEN r.not_before > now() THEN 'week'
	END AS verdict, r.open, r.open_state, r.not_before
FROM contact c
CROSS JOIN policy p
LEFT JOIN (SELECT r.contact,
	max(r.report) FILTER (WHERE r.state IN ('held', 'ready', 'sending',
		'unknown')) AS open,
	max(r.state) FILTER (WHERE r.state IN ('held', 'ready', 'sending',
		'unknown')) AS open_state,
	greatest(max(upper(r.quiet)),
		max(r.created + p.every) FILTER (WHERE r.created <= now()
			AND r.given_back IS NULL))
		AS not_before
	FROM report r CROSS JOIN policy p
	WHERE r.state IN ('held', 'ready', 'sending', 'unknown')
	OR r.created > now() - p.every OR upper(r.quiet) > now()
	GROUP BY r.contact) r ON r.contact = c.contact;
COMMENT ON VIEW contact_verdict IS 'whether a contact may be told anything now';
COMMENT ON COLUMN contact_verdict.contact IS 'contact';
COMMENT ON COLUMN contact_verdict.mailbox IS 'where mail goes';
COMMENT ON COLUMN contact_verdict.domain IS 'registrable domain of that';
COMMENT ON COLUMN contact_verdict.verdict IS
	'null: may be, if the brakes allow; otherwise the first reason why not';
COMMENT ON COLUMN contact_verdict.open IS 'its report that is not over';
COMMENT ON COLUMN contact_verdict.open_state IS 'and the state of that';
COMMENT ON COLUMN contact_verdict.not_before IS 'its week is over then';
