CREATE VIEW contact_list AS
SELECT c.contact, c.mailbox, c.state, c.state_why, coalesce(s.addresses, 0) AS addresses,
	coalesce(r.reports, 0) AS reports, r.last_report, r.quiet_until,
	m.mailbox AS merged, c.dead, c.note, c.created, c.mx
FROM contact c
LEFT JOIN contact m ON m.contact = c.merged_into
LEFT JOIN (SELECT contact, count(*) AS addresses FROM source
	WHERE contact IS NOT NULL GROUP BY contact) s
	ON s.contact = c.contact
LEFT JOIN (SELECT contact, count(*) AS reports, max(created) AS last_report,
	max(upper(quiet)) AS quiet_until FROM report GROUP BY contact) r
	ON r.contact = c.contact;
COMMENT ON VIEW contact_list IS 'abuse mailboxes and what they were sent';
COMMENT ON COLUMN contact_list.contact IS 'number';
COMMENT ON COLUMN contact_list.mailbox IS 'where mail goes';
COMMENT ON COLUMN contact_list.state IS 'active, held or suspended';
COMMENT ON COLUMN contact_list.state_why IS
	'why it is not active, if a bounce did it; foreign text';
COMMENT ON COLUMN contact_list.addresses IS 'addresses it answers for now';
COMMENT ON COLUMN contact_list.reports IS 'reports composed for it';
COMMENT ON COLUMN contact_list.last_report IS 'when the newest was composed';
COMMENT ON COLUMN contact_list.quiet_until IS 'no other mail before then';
COMMENT ON COLUMN contact_list.merged IS 'where its mail goes instead';
COMMENT ON COLUMN contact_list.dead IS
	'since when mail to it comes back for good';
COMMENT ON COLUMN contact_list.note IS 'for people';
COMMENT ON COLUMN contact_list.created IS 'when it was first found';
COMMENT ON COLUMN contact_list.mx IS
	'host that takes its mail; null: not known';
