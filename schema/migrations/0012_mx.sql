-- Which host takes the mail of a contact, for the cap by mail host; and which
-- domains take no mail at all.

CREATE TABLE mail_domain (
	domain text PRIMARY KEY,
	state text NOT NULL DEFAULT 'new' CHECK (state IN (
		'new',   -- not known: not asked yet, or without an answer
		'found', -- mx takes its mail
		'none'   -- it says that it takes no mail (RFC 7505)
	)),
	mx text,
	asked timestamptz,
	why text,
	tries integer NOT NULL DEFAULT 0,
	next_ask timestamptz NOT NULL DEFAULT now(),
	lease_until timestamptz,
	CHECK ((state = 'found') = (mx IS NOT NULL))
);
CREATE INDEX mail_domain_ask ON mail_domain (next_ask);
CREATE INDEX mail_domain_none ON mail_domain (domain) WHERE state = 'none';
COMMENT ON TABLE mail_domain IS
	'domains of contacts'' mailboxes, and the host that takes their mail; lookup asks';
COMMENT ON COLUMN mail_domain.domain IS 'what stands behind the @, as in contact.key';
COMMENT ON COLUMN mail_domain.state IS 'new, found or none; a failure changes it not';
COMMENT ON COLUMN mail_domain.mx IS
	'the host of the best preference, the first by bytes of equal ones; without MX records the domain';
COMMENT ON COLUMN mail_domain.asked IS 'when that was answered';
COMMENT ON COLUMN mail_domain.why IS 'why the last question failed; null: it did not';
COMMENT ON COLUMN mail_domain.tries IS 'failures in a row';
COMMENT ON COLUMN mail_domain.next_ask IS 'not asked for before then';
COMMENT ON COLUMN mail_domain.lease_until IS
	'a lookup has it in hand until then';

ALTER TABLE contact ADD COLUMN mail_domain text REFERENCES mail_domain;
CREATE INDEX contact_mail_domain ON contact (mail_domain);
CREATE INDEX contact_mail_domainless ON contact (contact)
	WHERE mail_domain IS NULL;
COMMENT ON COLUMN contact.mail_domain IS
	'domain of its mailbox; null: lookup has not seen it yet';
COMMENT ON COLUMN contact.mx IS
	'host that takes its mail, as in mail_domain, for caps; null: not known, the domain counts';
