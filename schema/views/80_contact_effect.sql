CREATE VIEW contact_effect AS
SELECT c.mailbox AS contact, c.state, c.control,
	coalesce(r.reports, 0) AS reports, coalesce(r.bounced, 0) AS bounced,
	coalesce(r.answered, 0) AS answered,
	coalesce(r.acknowledged, 0) AS acknowledged,
	coalesce(r.silent, 0) AS silent, coalesce(k.cases, 0) AS cases,
	coalesce(k.stopped, 0) AS stopped
FROM contact c
LEFT JOIN (SELECT contact, count(*) AS reports,
		count(*) FILTER (WHERE bounced) AS bounced,
		count(*) FILTER (WHERE answered) AS answered,
		count(*) FILTER (WHERE acknowledged) AS acknowledged,
		count(*) FILTER (WHERE NOT bounced AND NOT answered
			AND NOT acknowledged) AS silent
	FROM report_outcome GROUP BY contact) r ON r.contact = c.contact
LEFT JOIN (SELECT contact, count(*) AS cases,
		count(*) FILTER (WHERE stopped) AS stopped
	FROM case_outcome(effect_days()) GROUP BY contact) k
	ON k.contact = c.contact
WHERE r.reports > 0 OR k.cases > 0;
COMMENT ON VIEW contact_effect IS
	'what reports to each contact brought about; days: plaintiff.effect_days of the session, 7';
COMMENT ON COLUMN contact_effect.contact IS 'mailbox';
COMMENT ON COLUMN contact_effect.state IS 'active, held or suspended';
COMMENT ON COLUMN contact_effect.control IS
	'in the share that is not reported, to compare with';
COMMENT ON COLUMN contact_effect.reports IS 'reports that were sent';
COMMENT ON COLUMN contact_effect.bounced IS 'that came back';
COMMENT ON COLUMN contact_effect.answered IS 'that were answered';
COMMENT ON COLUMN contact_effect.acknowledged IS
	'of which a program said that they have arrived';
COMMENT ON COLUMN contact_effect.silent IS 'of which nothing was heard';
COMMENT ON COLUMN contact_effect.cases IS
	'addresses that can be judged: since their first report twice the days have passed';
COMMENT ON COLUMN contact_effect.stopped IS
	'of those, quiet in the second half of that time';
