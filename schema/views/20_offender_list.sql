CREATE VIEW offender_list AS
SELECT t.address, sum(t.events)::bigint AS events,
	array_agg(DISTINCT h.text) AS hosts,
	array_agg(DISTINCT k.name) AS kinds,
	min(t.first) AS first, max(t.last) AS last,
	s.state, c.mailbox AS contact, s.asked,
	(SELECT max(r.report) FROM report_source r
	WHERE r.address = t.address) AS report
FROM tally t
JOIN name h ON h.name = t.host
JOIN kind k ON k.kind = t.kind
LEFT JOIN source s ON s.address = t.address
LEFT JOIN contact c ON c.contact = s.contact
GROUP BY t.address, s.state, c.mailbox, s.asked;
COMMENT ON VIEW offender_list IS
	'accused addresses: what they did where, and who answers for them';
COMMENT ON COLUMN offender_list.address IS 'accused address';
COMMENT ON COLUMN offender_list.events IS 'events counted so far';
COMMENT ON COLUMN offender_list.hosts IS 'hosts that logged it';
COMMENT ON COLUMN offender_list.kinds IS 'kinds of its events';
COMMENT ON COLUMN offender_list.first IS 'first log time';
COMMENT ON COLUMN offender_list.last IS 'last log time';
COMMENT ON COLUMN offender_list.state IS
	'of its contact: new, found, none, failed or refused; null: nothing of it is reported';
COMMENT ON COLUMN offender_list.contact IS 'mailbox of its contact';
COMMENT ON COLUMN offender_list.asked IS 'when the contact was answered';
COMMENT ON COLUMN offender_list.report IS 'newest report it is in';
