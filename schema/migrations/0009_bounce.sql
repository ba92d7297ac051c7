-- What comes back: bounces and replies, kept with the report they answer,
-- and what follows from them for a contact.

-- ---- contacts ----

ALTER TABLE contact DROP CONSTRAINT contact_state_check;
ALTER TABLE contact ADD CONSTRAINT contact_state_check CHECK (state IN (
	'active',     -- may be mailed
	'held',       -- may not for now: several reports in a row came back;
	              -- set by bounce, ended by the administrator
	'suspended'   -- may not; set by the administrator or a hard bounce
));
ALTER TABLE contact ADD COLUMN state_why text,
	ADD COLUMN state_since timestamptz,
	ADD COLUMN state_report bigint REFERENCES report ON DELETE SET NULL;
CREATE INDEX contact_state_report ON contact (state_report)
	WHERE state_report IS NOT NULL;
COMMENT ON COLUMN contact.state IS 'active, held or suspended';
COMMENT ON COLUMN contact.state_why IS
	'why bounce held or suspended it; foreign text, made harmless';
COMMENT ON COLUMN contact.state_since IS
	'when it came into its state; what came back of earlier reports counts no more';
COMMENT ON COLUMN contact.state_report IS 'report that came back then';

-- ---- what came back ----

CREATE TABLE bounce (
	bounce bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	report bigint NOT NULL REFERENCES report ON DELETE CASCADE,
	hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
	received timestamptz NOT NULL DEFAULT now(),
	class text NOT NULL CHECK (class IN (
		'hard',     -- there is no such mailbox, or it is closed
		'soft',     -- not now, full, broken; it may work another time
		'policy',   -- they do not want this mail: ours to mend
		'delayed',  -- still trying; means nothing
		'relayed'   -- delivered or passed on; means nothing
	)),
	status text CHECK (status ~ '^[245]\.[0-9]{1,3}\.[0-9]{1,3}$'),
	recipient text,
	own boolean NOT NULL,
	diagnostic text,
	effect text NOT NULL CHECK (effect IN (
		'none',      -- noted, nothing more
		'counted',   -- one of several in a row
		'held',      -- the contact was held by it
		'suspended'  -- the contact was suspended by it
	)),
	-- a replay changes nothing, whatever its bytes
	UNIQUE (report, class)
);
COMMENT ON TABLE bounce IS
	'bounces with a token of ours; one a report and class, since more tell nothing new';
COMMENT ON COLUMN bounce.bounce IS 'number';
COMMENT ON COLUMN bounce.report IS 'report that came back';
COMMENT ON COLUMN bounce.hash IS 'BLAKE2b of the message: read again it is the same';
COMMENT ON COLUMN bounce.received IS 'when it was read';
COMMENT ON COLUMN bounce.class IS 'hard, soft, policy, delayed or relayed';
COMMENT ON COLUMN bounce.status IS 'status by RFC 3463, if it says one';
COMMENT ON COLUMN bounce.recipient IS
	'mailbox it speaks of; foreign text, made harmless';
COMMENT ON COLUMN bounce.own IS
	'is that the one we wrote to, not one behind it';
COMMENT ON COLUMN bounce.diagnostic IS
	'what the mail server said; foreign text, made harmless';
COMMENT ON COLUMN bounce.effect IS 'none, counted, held or suspended';

CREATE TABLE reply (
	reply bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	report bigint NOT NULL REFERENCES report ON DELETE CASCADE,
	hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
	received timestamptz NOT NULL DEFAULT now(),
	verified boolean NOT NULL,
	automatic boolean NOT NULL,
	kind text NOT NULL CHECK (kind IN (
		'receipt',    -- a program says that it has arrived
		'away',       -- a program says that nobody is there
		'form',       -- they want a form filled in
		'not_ours',   -- the address is not theirs
		'forwarded',  -- given on to their customer
		'fixed',      -- they say that it is mended
		'human'       -- anything else: for the operator to read
	)),
	classified_by text NOT NULL DEFAULT 'hub' CHECK (classified_by IN (
		'hub',           -- by its words
		'administrator'  -- by reply classify
	)),
	ticket text,
	url text,
	sender text,
	subject text,
	text text NOT NULL
);
CREATE INDEX reply_report ON reply (report);
COMMENT ON TABLE reply IS
	'answers to reports, kept with them; never answered';
COMMENT ON COLUMN reply.reply IS 'number';
COMMENT ON COLUMN reply.report IS 'report that it answers';
COMMENT ON COLUMN reply.hash IS 'BLAKE2b of the message: read again it is the same';
COMMENT ON COLUMN reply.received IS 'when it arrived';
COMMENT ON COLUMN reply.verified IS
	'came with a token of ours; otherwise it has no effect by itself';
COMMENT ON COLUMN reply.automatic IS 'says that a program wrote it';
COMMENT ON COLUMN reply.kind IS
	'receipt, away, form, not_ours, forwarded, fixed or human';
COMMENT ON COLUMN reply.classified_by IS 'hub or administrator';
COMMENT ON COLUMN reply.ticket IS 'ticket number, if it names one';
COMMENT ON COLUMN reply.url IS 'form to use, if it names one; foreign text';
COMMENT ON COLUMN reply.sender IS 'From; foreign text, made harmless';
COMMENT ON COLUMN reply.subject IS 'Subject; foreign text, made harmless';
COMMENT ON COLUMN reply.text IS
	'what it says, without what it quotes; foreign text, made harmless';

CREATE TABLE heard (
	day date NOT NULL,
	what text NOT NULL CHECK (what IN (
		'no_token',   -- nothing in it is ours
		'bad_token',  -- the form of a token, but not made by us
		'unknown',    -- a token of ours for a report that is not there
		'unsent',     -- for a report that has not gone
		'late',       -- a bounce of a report too long ago
		'again'       -- known, or tells nothing new of that report
	)),
	messages bigint NOT NULL,
	PRIMARY KEY (day, what)
);
COMMENT ON TABLE heard IS
	'messages that were read and left alone, counted by day';
COMMENT ON COLUMN heard.day IS 'day, UTC';
COMMENT ON COLUMN heard.what IS
	'no_token, bad_token, unknown, unsent, late or again';
COMMENT ON COLUMN heard.messages IS 'messages';

-- ---- what follows ----

CREATE TABLE allegedfix (
	address inet PRIMARY KEY,
	fixed timestamptz NOT NULL,
	report bigint REFERENCES report ON DELETE SET NULL,
	reply bigint REFERENCES reply ON DELETE SET NULL,
	note text
);
CREATE INDEX allegedfix_report ON allegedfix (report);
CREATE INDEX allegedfix_reply ON allegedfix (reply);
COMMENT ON TABLE allegedfix IS
	'addresses that somebody says are mended: what they did before is not reported, what they do after is said to be after it';
COMMENT ON COLUMN allegedfix.address IS 'accused address';
COMMENT ON COLUMN allegedfix.fixed IS 'mended by then';
COMMENT ON COLUMN allegedfix.report IS 'report whose answer says so';
COMMENT ON COLUMN allegedfix.reply IS
	'that answer; null: the administrator said so';
COMMENT ON COLUMN allegedfix.note IS 'for people';

CREATE TABLE escalation (
	escalation bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	contact integer NOT NULL REFERENCES contact,
	why text NOT NULL CHECK (why IN (
		'silence',   -- reports without an answer while the abuse went on
		'operator'   -- contact escalate
	)),
	reports integer NOT NULL,
	asked timestamptz NOT NULL DEFAULT now(),
	ended timestamptz
);
CREATE UNIQUE INDEX escalation_open ON escalation (contact)
	WHERE ended IS NULL;
COMMENT ON TABLE escalation IS
	'contacts past whom lookup goes on, to the next one up, while it is not ended';
COMMENT ON COLUMN escalation.escalation IS 'number';
COMMENT ON COLUMN escalation.contact IS 'contact that does not answer';
COMMENT ON COLUMN escalation.why IS 'silence or operator';
COMMENT ON COLUMN escalation.reports IS 'reports it had been sent in silence';
COMMENT ON COLUMN escalation.asked IS 'since when';
COMMENT ON COLUMN escalation.ended IS 'when an answer ended it';

-- ---- does it work ----

ALTER TABLE contact
	ADD COLUMN IF NOT EXISTS control boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN contact.control IS
	'in the share that is drawn by chance and not reported, to compare with';
ALTER TABLE source ADD COLUMN IF NOT EXISTS asn bigint
	CHECK (asn BETWEEN 0 AND 4294967295),
	ADD COLUMN IF NOT EXISTS country text CHECK (country ~ '^[A-Z]{2}$');
COMMENT ON COLUMN source.asn IS
	'autonomous system that announces it, if known';
COMMENT ON COLUMN source.country IS
	'country of its registration, if known; not where the machine is';

CREATE TABLE control_case (
	address inet PRIMARY KEY,
	contact integer NOT NULL REFERENCES contact,
	due timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE control_case IS
	'addresses of the held share, from when they would have been reported first';
COMMENT ON COLUMN control_case.address IS 'accused address';
COMMENT ON COLUMN control_case.contact IS 'who would have been told';
COMMENT ON COLUMN control_case.due IS 'when';

CREATE FUNCTION effect_days() RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('plaintiff.effect_days', true), ''),
	'7')::integer;
COMMENT ON FUNCTION effect_days IS
	'days that a contact has to stop the abuse, of the session; 7 where none is set';

-- Each address once, from its first report on.  It has `days` to stop, and
-- is then watched as long again.
CREATE FUNCTION case_outcome(days integer)
RETURNS TABLE (address inet, contact integer, control boolean,
	began timestamptz, stopped boolean)
LANGUAGE sql STABLE AS $$
	SELECT c.address, c.contact, c.control, c.began, NOT EXISTS (
		SELECT FROM tally t
		WHERE t.address = c.address AND t.kind NOT IN (13, 14)
		AND t.last > c.began + make_interval(days => case_outcome.days)
		AND t.first <= c.began
			+ make_interval(days => 2 * case_outcome.days))
	FROM (SELECT DISTINCT ON (s.address) s.address, r.contact,
			false AS control, lower(r.quiet) AS began
		FROM report r JOIN report_source s ON s.report = r.report
		WHERE r.state = 'sent'
		ORDER BY s.address, lower(r.quiet)) c
	WHERE c.began <= now() - make_interval(days => 2 * case_outcome.days)
	UNION ALL
	SELECT c.address, c.contact, true, c.due, NOT EXISTS (
		SELECT FROM tally t
		WHERE t.address = c.address AND t.kind NOT IN (13, 14)
		AND t.last > c.due + make_interval(days => case_outcome.days)
		AND t.first <= c.due
			+ make_interval(days => 2 * case_outcome.days))
	FROM control_case c
	WHERE c.due <= now() - make_interval(days => 2 * case_outcome.days)
	AND NOT EXISTS (SELECT FROM report r
		JOIN report_source s ON s.report = r.report
		WHERE s.address = c.address AND r.state = 'sent'
		AND lower(r.quiet) <= c.due
			+ make_interval(days => 2 * case_outcome.days))
$$;
COMMENT ON FUNCTION case_outcome IS
	'addresses reported, or held back for comparison, and whether the abuse had stopped after so many days';

-- A mailbox that the relay refuses is as good as a bounce.
ALTER TABLE contact_event ADD COLUMN judged timestamptz;
CREATE INDEX contact_event_unjudged ON contact_event (contact_event)
	WHERE judged IS NULL;
COMMENT ON COLUMN contact_event.judged IS
	'when stage bounce drew what follows from it';
