CREATE VIEW reply_list AS
SELECT p.reply, p.received, p.kind, c.mailbox AS contact, p.report, p.ticket,
	p.subject, p.sender, p.url, p.verified, p.automatic, p.classified_by
FROM reply p
JOIN report r ON r.report = p.report
JOIN contact c ON c.contact = r.contact;
COMMENT ON VIEW reply_list IS 'answers to reports, without their text';
COMMENT ON COLUMN reply_list.reply IS 'number';
COMMENT ON COLUMN reply_list.received IS 'when it arrived';
COMMENT ON COLUMN reply_list.kind IS
	'receipt, away, form, not_ours, forwarded, fixed or human';
COMMENT ON COLUMN reply_list.contact IS 'mailbox of the contact';
COMMENT ON COLUMN reply_list.report IS 'report that it answers';
COMMENT ON COLUMN reply_list.ticket IS 'ticket number; foreign text';
COMMENT ON COLUMN reply_list.subject IS 'Subject; foreign text';
COMMENT ON COLUMN reply_list.sender IS 'From; foreign text';
COMMENT ON COLUMN reply_list.url IS 'form to use; foreign text';
COMMENT ON COLUMN reply_list.verified IS 'came with a token of ours';
COMMENT ON COLUMN reply_list.automatic IS 'says that a program wrote it';
COMMENT ON COLUMN reply_list.classified_by IS 'hub or administrator';
