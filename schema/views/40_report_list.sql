CREATE VIEW report_list AS
SELECT r.report, r.state, r.created, r.changed, c.mailbox AS contact,
	r.recipient, r.sources, r.events, r.first, r.last, r.subject, r.tries,
	r.next_try, r.said, r.owner, upper(r.quiet) AS quiet_until,
	m.mails, m.mails_sent, m.bytes, r.uuid, m.message_id
FROM report r
JOIN contact c ON c.contact = r.contact
CROSS JOIN LATERAL (SELECT count(*) AS mails,
	count(*) FILTER (WHERE l.state = 'sent') AS mails_sent,
	sum(octet_length(l.mail))::bigint AS bytes,
	min(l.message_id) FILTER (WHERE l.n = 1) AS message_id
	FROM report_mail l WHERE l.report = r.report) m;
COMMENT ON VIEW report_list IS 'reports, without the mails themselves';
COMMENT ON COLUMN report_list.report IS 'number';
COMMENT ON COLUMN report_list.state IS
	'held, ready, sending, sent, failed or unknown';
COMMENT ON COLUMN report_list.created IS 'when it was composed';
COMMENT ON COLUMN report_list.changed IS 'when its state last changed';
COMMENT ON COLUMN report_list.contact IS 'mailbox of the contact';
COMMENT ON COLUMN report_list.recipient IS 'the one envelope recipient';
COMMENT ON COLUMN report_list.sources IS 'addresses in it';
COMMENT ON COLUMN report_list.events IS 'events in it';
COMMENT ON COLUMN report_list.first IS 'first log time in it';
COMMENT ON COLUMN report_list.last IS 'last log time in it';
COMMENT ON COLUMN report_list.subject IS 'subject of its first mail';
COMMENT ON COLUMN report_list.tries IS
	'times that the relay put off some mail of it';
COMMENT ON COLUMN report_list.next_try IS 'not before then';
COMMENT ON COLUMN report_list.said IS
	'last answer of the relay; foreign text';
COMMENT ON COLUMN report_list.owner IS 'deliver instance that has or had it';
COMMENT ON COLUMN report_list.quiet_until IS
	'no other mail to this contact before then';
COMMENT ON COLUMN report_list.mails IS 'mails that it consists of';
COMMENT ON COLUMN report_list.mails_sent IS 'how many of them were sent';
COMMENT ON COLUMN report_list.bytes IS 'size of its mails';
COMMENT ON COLUMN report_list.uuid IS 'id as the mail shows it';
COMMENT ON COLUMN report_list.message_id IS
	'Message-ID of its first mail, without the brackets';
