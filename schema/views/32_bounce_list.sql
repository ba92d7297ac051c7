CREATE VIEW bounce_list AS
SELECT b.bounce, b.received, b.class, b.status, c.mailbox AS contact,
	b.report, b.effect, b.recipient, b.diagnostic, b.own
FROM bounce b
JOIN report r ON r.report = b.report
JOIN contact c ON c.contact = r.contact;
COMMENT ON VIEW bounce_list IS 'reports that came back, and why';
COMMENT ON COLUMN bounce_list.bounce IS 'number';
COMMENT ON COLUMN bounce_list.received IS 'when it was read';
COMMENT ON COLUMN bounce_list.class IS
	'hard, soft, policy, delayed or relayed';
COMMENT ON COLUMN bounce_list.status IS 'status by RFC 3463, if it says one';
COMMENT ON COLUMN bounce_list.contact IS 'mailbox of the contact';
COMMENT ON COLUMN bounce_list.report IS 'report that came back';
COMMENT ON COLUMN bounce_list.effect IS
	'none, counted, held or suspended: what it did to the contact';
COMMENT ON COLUMN bounce_list.recipient IS
	'mailbox it speaks of; foreign text';
COMMENT ON COLUMN bounce_list.diagnostic IS
	'what the mail server said; foreign text';
COMMENT ON COLUMN bounce_list.own IS
	'is that the one we wrote to, not one behind it';
