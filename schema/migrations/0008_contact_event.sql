-- What happens to a contact: each is a row, and stays when the report that
-- it was about is gone.

CREATE TABLE contact_event (
	contact_event bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	contact integer NOT NULL REFERENCES contact,
	at timestamptz NOT NULL DEFAULT now(),
	what text NOT NULL CHECK (what IN (
		'refused'  -- the relay refuses the mailbox for good (5xx to RCPT)
	)),
	report bigint REFERENCES report ON DELETE SET NULL,
	status text,
	said text
);
CREATE INDEX contact_event_contact ON contact_event (contact, at);
CREATE INDEX contact_event_report ON contact_event (report);
COMMENT ON TABLE contact_event IS 'what happened to a contact';
COMMENT ON COLUMN contact_event.contact_event IS 'number';
COMMENT ON COLUMN contact_event.contact IS 'contact';
COMMENT ON COLUMN contact_event.at IS 'when';
COMMENT ON COLUMN contact_event.what IS 'refused';
COMMENT ON COLUMN contact_event.report IS 'about which report';
COMMENT ON COLUMN contact_event.status IS
	'enhanced status code (RFC 3463), if one was given';
COMMENT ON COLUMN contact_event.said IS 'in whose words; foreign text';
