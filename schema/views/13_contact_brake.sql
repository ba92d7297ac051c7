CREATE VIEW contact_brake AS
SELECT c.contact,
	CASE WHEN w.stopped IS NOT NULL THEN 'stopped'
	WHEN w.clock_stopped IS NOT NULL THEN 'clock'
	WHEN p.new_day > 0 AND n.used >= p.new_day AND NOT EXISTS
		(SELECT FROM report r WHERE r.contact = c.contact)
		THEN 'new contacts'
	WHEN p.domain_week > 0 AND d.used >= p.domain_week THEN 'domain cap'
	WHEN p.mx_week > 0 AND m.used >= p.mx_week THEN 'mx cap'
	WHEN p.mails_hour > 0 AND h.used >= p.mails_hour THEN 'mails an hour'
	END AS brake
FROM contact c
CROSS JOIN policy p
CROSS JOIN switch w
CROSS JOIN (SELECT count(*) AS used FROM report
	WHERE created > now() - interval '1 hour') h
CROSS JOIN (SELECT count(DISTINCT r.contact) AS used FROM report r
	WHERE r.created > now() - interval '1 day' AND NOT EXISTS
		(SELECT FROM report o WHERE o.contact = r.contact
		AND o.created <= now() - interval '1 day')) n
LEFT JOIN (SELECT x.domain, count(*) AS used
	FROM report r JOIN contact x ON x.contact = r.contact
	WHERE r.created > now() - interval '7 days' GROUP BY x.domain) d
	ON d.domain = c.domain
LEFT JOIN (SELECT coalesce(x.mx, x.domain) AS mx, count(*) AS used
	FROM report r JOIN contact x ON x.contact = r.contact
	WHERE r.created > now() - interval '7 days' GROUP BY 1) m
	ON m.mx = coalesce(c.mx, c.domain);
COMMENT ON VIEW contact_brake IS
	'what keeps a contact that is due from being told now';
COMMENT ON COLUMN contact_brake.contact IS 'contact';
COMMENT ON COLUMN contact_brake.brake IS
	'stopped, clock, new contacts, domain cap, mx cap or mails an hour; null: nothing';
