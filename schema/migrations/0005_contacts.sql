-- Contacts from more than one source: the administrator's own table, RDAP
-- with its registered ranges, and which mailboxes nobody should mail.

-- ---- what the administrator says ----

CREATE TABLE contact_prefix (
	prefix cidr PRIMARY KEY,
	contact integer NOT NULL REFERENCES contact,
	note text,
	made timestamptz NOT NULL DEFAULT now()
);
-- the only index of its kind here: with GiST beside it the planner takes
-- the slow one
CREATE INDEX contact_prefix_within ON contact_prefix
	USING spgist (prefix inet_ops);
COMMENT ON TABLE contact_prefix IS
	'who answers for a network, by the administrator; the longest prefix wins, before any other source';
COMMENT ON COLUMN contact_prefix.prefix IS 'network';
COMMENT ON COLUMN contact_prefix.contact IS 'who answers for it';
COMMENT ON COLUMN contact_prefix.note IS 'for people';
COMMENT ON COLUMN contact_prefix.made IS 'when it was set';

CREATE TABLE contact_refusal (
	pattern text PRIMARY KEY CHECK (pattern = lower(pattern)
		AND pattern ~ '^[^@[:space:]]*@[^@[:space:]]*$' AND pattern <> '@'),
	why text NOT NULL,
	origin text NOT NULL CHECK (origin IN (
		'shipped',       -- came with the program
		'administrator'  -- set by contact refuse
	)),
	active boolean NOT NULL DEFAULT true,
	changed timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE contact_refusal IS
	'mailboxes that are never taken as a contact, whoever names them';
COMMENT ON COLUMN contact_refusal.pattern IS
	'local@domain, @domain (and all below it) or local@ (in any domain)';
COMMENT ON COLUMN contact_refusal.why IS 'one sentence, for people';
COMMENT ON COLUMN contact_refusal.origin IS 'shipped or administrator';
COMMENT ON COLUMN contact_refusal.active IS
	'false: the administrator accepts it after all';
COMMENT ON COLUMN contact_refusal.changed IS 'when it was set or changed';

-- Registries hand these out where the holder of a network is not known; they
-- cannot act, and say so.  The others are words, not people.
INSERT INTO contact_refusal (pattern, why, origin)
SELECT '@' || d, 'mailbox of a registry', 'shipped'
FROM unnest(ARRAY['afrinic.net', 'apnic.net', 'arin.net', 'iana.org',
	'icann.org', 'lacnic.net', 'ripe.net', 'registro.br', 'nic.ad.jp',
	'krnic.or.kr', 'nic.or.kr', 'twnic.tw', 'twnic.net.tw', 'cnnic.cn',
	'cnnic.net.cn', 'idnic.net', 'vnnic.vn', 'irinn.in', 'nic.mx',
	'nro.net']) AS d
UNION ALL
SELECT l || '@', 'mailbox is a placeholder', 'shipped'
FROM unnest(ARRAY['devnull', 'do-not-reply', 'donotreply', 'no-reply',
	'nobody', 'none', 'noreply', 'null', 'redacted', 'removed', 'not-disclosed',
	'notdisclosed', 'unread', 'example', 'nomail', 'no-email', 'blackhole'])
	AS l
UNION ALL
SELECT '@' || d, 'domain is a placeholder', 'shipped'
FROM unnest(ARRAY['example.com', 'example.net', 'example.org', 'test.com',
	'domain.com', 'email.com', 'yourdomain.com']) AS d;

ALTER TABLE contact ADD COLUMN merged_into integer REFERENCES contact
	CHECK (merged_into <> contact);
ALTER TABLE contact ADD COLUMN dead timestamptz;
COMMENT ON COLUMN contact.dead IS
	'since when mail to it comes back for good: lookup takes another mailbox';
COMMENT ON COLUMN contact.merged_into IS
	'the administrator says that this is the same party: what would go here goes there';

-- ---- RDAP ----

CREATE TABLE bootstrap (
	prefix cidr PRIMARY KEY,
	url text NOT NULL CHECK (url LIKE 'https://%')
);
CREATE INDEX bootstrap_within ON bootstrap USING spgist (prefix inet_ops);
COMMENT ON TABLE bootstrap IS
	'which RDAP server knows a network (RFC 9224); the longest prefix wins';
COMMENT ON COLUMN bootstrap.prefix IS 'network';
COMMENT ON COLUMN bootstrap.url IS 'base of its server''s addresses';

CREATE TABLE bootstrap_file (
	family smallint PRIMARY KEY CHECK (family IN (4, 6)),
	origin text CHECK (origin IN (
		'shipped',  -- the file that came with the program
		'fetched'   -- from lookup.bootstrap
	)),
	digest bytea,
	taken timestamptz,
	tried timestamptz,
	next_try timestamptz NOT NULL DEFAULT now(),
	why text
);
INSERT INTO bootstrap_file (family) VALUES (4), (6);
COMMENT ON TABLE bootstrap_file IS 'where the rows of bootstrap come from';
COMMENT ON COLUMN bootstrap_file.family IS '4 or 6';
COMMENT ON COLUMN bootstrap_file.origin IS
	'shipped or fetched; null: nothing yet';
COMMENT ON COLUMN bootstrap_file.digest IS
	'hash of the shipped file that was read last';
COMMENT ON COLUMN bootstrap_file.taken IS 'when its rows were stored';
COMMENT ON COLUMN bootstrap_file.tried IS 'when it was last asked for';
COMMENT ON COLUMN bootstrap_file.next_try IS 'not asked for before then';
COMMENT ON COLUMN bootstrap_file.why IS 'why the last try failed';

CREATE TABLE rdap_server (
	server text PRIMARY KEY,
	not_before timestamptz NOT NULL,
	noted timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE rdap_server IS
	'servers that asked us to wait (Retry-After); nothing is asked there before';
COMMENT ON COLUMN rdap_server.server IS 'base of its addresses, as in bootstrap';
COMMENT ON COLUMN rdap_server.not_before IS 'not before then';
COMMENT ON COLUMN rdap_server.noted IS 'when it said so';

CREATE TABLE network (
	network integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	first inet NOT NULL,
	last inet NOT NULL,
	handle text,
	country text CHECK (country ~ '^[A-Z]{2}$'),
	asn bigint CHECK (asn BETWEEN 1 AND 4294967295),
	state text NOT NULL CHECK (state IN (
		'found',   -- contact answers for the whole range
		'none',    -- it names nobody for abuse
		'refused'  -- only mailboxes that nobody should mail
	)),
	mailboxes text[] NOT NULL DEFAULT '{}',
	said text,
	why text,
	asked timestamptz NOT NULL DEFAULT now(),
	fresh_until timestamptz NOT NULL,
	UNIQUE (first, last),
	CHECK (family(first) = family(last) AND first <= last),
	CHECK ((state = 'found') = (mailboxes <> '{}'))
);
COMMENT ON TABLE network IS
	'registered ranges, as an RDAP server gave them: an answer for all addresses in them';
COMMENT ON COLUMN network.network IS 'number';
COMMENT ON COLUMN network.first IS 'first address';
COMMENT ON COLUMN network.last IS 'last address';
COMMENT ON COLUMN network.handle IS 'its name at the registry; foreign text';
COMMENT ON COLUMN network.country IS 'country it is registered for';
COMMENT ON COLUMN network.asn IS
	'autonomous system that announces it, where the registry says one';
COMMENT ON COLUMN network.state IS 'found, none or refused';
COMMENT ON COLUMN network.mailboxes IS 'all acceptable mailboxes, in order';
COMMENT ON COLUMN network.said IS 'what it said, made harmless';
COMMENT ON COLUMN network.why IS 'why it is none or refused';
COMMENT ON COLUMN network.asked IS 'when it was answered';
COMMENT ON COLUMN network.fresh_until IS 'until when it may be used';

CREATE TABLE network_piece (
	piece cidr NOT NULL,
	network integer NOT NULL REFERENCES network ON DELETE CASCADE,
	PRIMARY KEY (network, piece)
);
CREATE INDEX network_piece_within ON network_piece
	USING spgist (piece inet_ops);
COMMENT ON TABLE network_piece IS
	'a registered range as prefixes, so that an index finds it';
COMMENT ON COLUMN network_piece.piece IS 'prefix';
COMMENT ON COLUMN network_piece.network IS 'range it is part of';

-- ---- addresses ----

ALTER TABLE source
	ADD COLUMN method text,
	ADD COLUMN network integer REFERENCES network ON DELETE SET NULL,
	ADD COLUMN asn bigint CHECK (asn BETWEEN 0 AND 4294967295),
	ADD COLUMN route cidr,
	ADD COLUMN country text CHECK (country ~ '^[A-Z]{2}$'),
	ADD COLUMN net cidr GENERATED ALWAYS AS (network(set_masklen(address,
		CASE family(address) WHEN 4 THEN 24 ELSE 64 END))) STORED;
UPDATE source s SET method = (SELECT a.method FROM answer a
	WHERE a.address = s.address ORDER BY a.asked DESC, a.answer DESC LIMIT 1);
COMMENT ON COLUMN source.method IS
	'which contact source the state is from, as in answer';
COMMENT ON COLUMN source.network IS
	'registered range it is in, if RDAP was asked';
COMMENT ON COLUMN source.asn IS
	'autonomous system that announces it, if known';
COMMENT ON COLUMN source.route IS 'prefix that it announces';
COMMENT ON COLUMN source.country IS
	'country of its registration, if known; not where the machine is';
COMMENT ON COLUMN source.net IS
	'what it is grouped by: its /24, or its /64';
COMMENT ON COLUMN source.fresh_until IS
	'until when the answer may be used: its own time, and lookup.stale_for more once asking again has failed';

ALTER TABLE answer
	ADD COLUMN network integer REFERENCES network ON DELETE SET NULL;
COMMENT ON COLUMN answer.method IS
	'administrator, abusix, rdap, range (an RDAP answer for a range that was at hand) or settings';
COMMENT ON COLUMN answer.network IS 'registered range, of rdap and range';
