-- A report may be several mails: each is composed once, stored whole, and has
-- a state of its own.  The week stays a constraint of the report.

-- made anew after the migrations
DROP VIEW IF EXISTS report_list CASCADE;

CREATE TABLE report_mail (
	report bigint NOT NULL REFERENCES report ON DELETE CASCADE,
	n integer NOT NULL CHECK (n > 0),
	state text NOT NULL DEFAULT 'ready' CHECK (state IN (
		'ready',    -- may be handed over, when its report may go
		'sending',  -- handed to the relay, no answer yet; set by deliver
		'sent',     -- the relay took it; an answer, a receipt, or the
		            -- administrator says so
		'failed',   -- never sent: the relay refused it for good, or the
		            -- administrator cancelled its report
		'unknown'   -- may or may not have gone; only the relay's log or
		            -- the administrator moves it on
	)),
	changed timestamptz NOT NULL DEFAULT now(),
	message_id text NOT NULL UNIQUE,
	sender text,
	subject text NOT NULL,
	mail bytea NOT NULL,
	said text,
	claimed timestamptz,
	log_from text,
	PRIMARY KEY (report, n),
	CHECK (state NOT IN ('sending', 'unknown') OR claimed IS NOT NULL)
) WITH (toast_tuple_target = 128, fillfactor = 60);
-- Its state moves without the mail, which is stored apart, and without any
-- index, of which none knows the state: report_state leads to open ones.
COMMENT ON TABLE report_mail IS 'the mails of a report, each stored whole';
COMMENT ON COLUMN report_mail.report IS 'report';
COMMENT ON COLUMN report_mail.n IS 'its number in the report, from 1';
COMMENT ON COLUMN report_mail.state IS
	'ready, sending, sent, failed or unknown';
COMMENT ON COLUMN report_mail.changed IS 'when its state last changed';
COMMENT ON COLUMN report_mail.message_id IS 'Message-ID, without the brackets';
COMMENT ON COLUMN report_mail.sender IS
	'envelope sender; null: report.from of the settings';
COMMENT ON COLUMN report_mail.subject IS 'subject, for lists';
COMMENT ON COLUMN report_mail.mail IS 'the exact bytes that are sent';
COMMENT ON COLUMN report_mail.said IS
	'last answer of the relay, or what is known of it; foreign text';
COMMENT ON COLUMN report_mail.claimed IS
	'when deliver last took it in hand: no two tries have the same';
COMMENT ON COLUMN report_mail.log_from IS
	'place in the relay''s log from which on that try would show';

INSERT INTO report_mail (report, n, state, changed, message_id, subject, mail,
	said, claimed)
SELECT report, 1, CASE state WHEN 'held' THEN 'ready' ELSE state END, changed,
	message_id, subject, mail,
	-- the file's name is known from the report's id now
	CASE WHEN said LIKE 'writing to %'
		THEN regexp_replace(said, '/[^/]*\.eml$', '') ELSE said END,
	lower(quiet)
FROM report;

ALTER TABLE report DROP COLUMN message_id, DROP COLUMN mail;
COMMENT ON TABLE report IS
	'what one contact is told at one time: one mail or several';
COMMENT ON COLUMN report.subject IS 'subject of its first mail, for lists';
COMMENT ON COLUMN report.tries IS
	'times that the relay put off some mail of it';
COMMENT ON COLUMN report.quiet IS
	'no other report to this contact in this time; the week as a constraint';

DROP INDEX report_state;
CREATE INDEX report_state ON report (state, next_try, report);
