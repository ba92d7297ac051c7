-- The first schema.  Everything lives in the schema "plaintiff", which is
-- the search path of every session of ours.  Reading order: agents and what
-- they sent, addresses and who answers for them, reports and their mails.

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- Time as microseconds since 1970, which is what the programs speak.
CREATE FUNCTION us(t timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN (extract(epoch FROM t) * 1000000)::bigint;
COMMENT ON FUNCTION us IS 'microseconds since 1970-01-01T00:00:00Z';

CREATE FUNCTION ts(us bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN timestamptz 'epoch' + us * interval '1 microsecond';
COMMENT ON FUNCTION ts IS 'the inverse of us()';

-- An event id begins with four bytes of its log time: this is the smallest
-- id of that second, the bound to use where a query means a time.
CREATE FUNCTION id_floor(t timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN (lpad(to_hex(least(greatest(floor(extract(epoch FROM t)), 0),
	4294967295)::bigint), 8, '0') || repeat('0', 24))::uuid;
COMMENT ON FUNCTION id_floor IS 'smallest event id of that second of log time';

CREATE TABLE kind (
	kind smallint PRIMARY KEY,
	name text NOT NULL UNIQUE
);
COMMENT ON TABLE kind IS 'kinds of events; the same numbers as on the wire';
COMMENT ON COLUMN kind.kind IS 'number, as in plaintiff.proto';
COMMENT ON COLUMN kind.name IS 'name, as in rules files and reports';
INSERT INTO kind VALUES
	(1, 'auth_failure'), (2, 'relay_denied'), (3, 'unknown_recipient'),
	(4, 'enumeration'), (5, 'protocol_abuse'), (6, 'policy_reject'),
	(7, 'dnsbl_reject'), (8, 'rate_limit'), (9, 'tls_failure'),
	(10, 'probe'), (11, 'ptr_mismatch'), (12, 'spam_content'),
	(13, 'backend_failure'), (14, 'login_success');

-- ---- agents ----

CREATE TABLE agent (
	agent integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL UNIQUE
		CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
	key text NOT NULL UNIQUE CHECK (length(key) = 40),
	state text NOT NULL DEFAULT 'active'
		CHECK (state IN (
			'active',   -- may send; set by agent add
			'revoked'   -- may not; set by agent revoke
		)),
	added timestamptz NOT NULL DEFAULT now(),
	revoked timestamptz,
	CHECK ((state = 'revoked') = (revoked IS NOT NULL))
);
COMMENT ON TABLE agent IS 'who may send events: one row a key';
COMMENT ON COLUMN agent.agent IS 'number used everywhere else';
COMMENT ON COLUMN agent.name IS 'name that the administrator gave';
COMMENT ON COLUMN agent.key IS 'public CURVE key, Z85';
COMMENT ON COLUMN agent.state IS 'active or revoked';
COMMENT ON COLUMN agent.added IS 'when it was added';
COMMENT ON COLUMN agent.revoked IS 'when it was revoked';

CREATE TABLE agent_address (
	agent integer NOT NULL REFERENCES agent ON DELETE CASCADE,
	address inet NOT NULL,
	PRIMARY KEY (agent, address)
);
COMMENT ON TABLE agent_address IS
	'own addresses of the agents'' hosts, as they say; never reported';
COMMENT ON COLUMN agent_address.agent IS 'agent that said so';
COMMENT ON COLUMN agent_address.address IS 'address of its host';

CREATE TABLE agent_outbox (
	agent integer NOT NULL REFERENCES agent ON DELETE CASCADE,
	outbox bytea NOT NULL CHECK (length(outbox) = 8),
	software text,
	host text,
	last_batch bigint NOT NULL DEFAULT 0,
	lines bigint NOT NULL DEFAULT 0,
	ignored bigint NOT NULL DEFAULT 0,
	unparsable bigint NOT NULL DEFAULT 0,
	unreportable bigint NOT NULL DEFAULT 0,
	emitted bigint NOT NULL DEFAULT 0,
	repeated bigint NOT NULL DEFAULT 0,
	unacked bigint NOT NULL DEFAULT 0,
	gaps bigint NOT NULL DEFAULT 0,
	withheld bigint NOT NULL DEFAULT 0,
	first_seen timestamptz NOT NULL DEFAULT now(),
	last_seen timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (agent, outbox)
);
COMMENT ON TABLE agent_outbox IS
	'what each outbox of an agent says it has done; a new outbox is a new row';
COMMENT ON COLUMN agent_outbox.agent IS 'agent';
COMMENT ON COLUMN agent_outbox.outbox IS 'random name the outbox gave itself';
COMMENT ON COLUMN agent_outbox.software IS 'program and version';
COMMENT ON COLUMN agent_outbox.host IS 'host name the agent runs on';
COMMENT ON COLUMN agent_outbox.last_batch IS 'highest batch number stored';
COMMENT ON COLUMN agent_outbox.lines IS 'log lines read';
COMMENT ON COLUMN agent_outbox.ignored IS 'lines without an event';
COMMENT ON COLUMN agent_outbox.unparsable IS 'lines without a known header';
COMMENT ON COLUMN agent_outbox.unreportable IS
	'events dropped by the agent''s own list';
COMMENT ON COLUMN agent_outbox.emitted IS 'events put into the outbox';
COMMENT ON COLUMN agent_outbox.repeated IS
	'events dropped because the outbox had that id';
COMMENT ON COLUMN agent_outbox.unacked IS 'events not yet acknowledged';
COMMENT ON COLUMN agent_outbox.gaps IS 'events the agent declared lost';
COMMENT ON COLUMN agent_outbox.withheld IS
	'events counted but not sent: logins after the first of an hour';
COMMENT ON COLUMN agent_outbox.first_seen IS 'first frame of this outbox';
COMMENT ON COLUMN agent_outbox.last_seen IS 'last frame of this outbox';

-- ---- events ----

CREATE TABLE name (
	name integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	text text NOT NULL UNIQUE
);
COMMENT ON TABLE name IS
	'texts that repeat (hosts, services, mechanisms, rules), once each';
COMMENT ON COLUMN name.name IS 'number used in event';
COMMENT ON COLUMN name.text IS 'the text';

CREATE SEQUENCE stored_seq AS bigint;
COMMENT ON SEQUENCE stored_seq IS
	'order of storing; read its last value only under the store lock';

CREATE TABLE event (
	id uuid NOT NULL,
	stored bigint NOT NULL DEFAULT nextval('stored_seq'),
	time timestamptz NOT NULL,
	agent integer NOT NULL,
	host integer NOT NULL,
	service integer,
	mechanism integer,
	rule integer,
	port integer CHECK (port BETWEEN 1 AND 65535),
	destination_port integer CHECK (destination_port BETWEEN 1 AND 65535),
	kind smallint NOT NULL,
	stale boolean NOT NULL DEFAULT false,
	address inet NOT NULL,
	destination inet,
	PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE INDEX event_address ON event (address);
CREATE INDEX event_stored ON event USING brin (stored)
	WITH (pages_per_range = 16, autosummarize = on);
COMMENT ON TABLE event IS
	'one row a log line that accuses an address; never updated; a partition a day';
COMMENT ON COLUMN event.id IS
	'4 bytes of log time, then a hash of the line: the same line is one row';
COMMENT ON COLUMN event.stored IS 'order of storing';
COMMENT ON COLUMN event.time IS 'time of the log line';
COMMENT ON COLUMN event.agent IS 'agent that sent it first; others: witness';
COMMENT ON COLUMN event.host IS 'host as logged (name)';
COMMENT ON COLUMN event.service IS 'service as logged (name)';
COMMENT ON COLUMN event.mechanism IS 'SASL mechanism (name)';
COMMENT ON COLUMN event.rule IS 'rule that matched (name)';
COMMENT ON COLUMN event.port IS 'source port, if the line says';
COMMENT ON COLUMN event.destination_port IS 'our port, if known';
COMMENT ON COLUMN event.kind IS 'kind of event';
COMMENT ON COLUMN event.stale IS
	'too old or too far ahead when it came: kept, never reported';
COMMENT ON COLUMN event.address IS 'the accused address';
COMMENT ON COLUMN event.destination IS 'our address, if known';

CREATE TABLE evidence (
	id uuid NOT NULL,
	line text NOT NULL,
	login text,
	ptr text,
	PRIMARY KEY (id)
) PARTITION BY RANGE (id);
COMMENT ON TABLE evidence IS
	'what an event''s log line said; kept shorter than the event';
COMMENT ON COLUMN evidence.id IS 'event';
COMMENT ON COLUMN evidence.line IS 'message as logged, passwords removed';
COMMENT ON COLUMN evidence.login IS 'tried login as logged';
COMMENT ON COLUMN evidence.ptr IS 'client name as logged';

CREATE TABLE witness (
	event uuid NOT NULL,
	agent integer NOT NULL REFERENCES agent,
	noted timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (event, agent)
);
COMMENT ON TABLE witness IS 'agents that sent an event which another had sent';
COMMENT ON COLUMN witness.event IS 'event';
COMMENT ON COLUMN witness.agent IS 'agent that sent it again';
COMMENT ON COLUMN witness.noted IS 'when';

CREATE TABLE set_aside (
	agent integer NOT NULL REFERENCES agent,
	id uuid NOT NULL,
	why text NOT NULL CHECK (why IN (
		'poisoned',      -- the id is not the hash of its content
		'out_of_range',  -- no partition for its time
		'unreportable'   -- address on the hub's own list
	)),
	detail text,
	noted timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (agent, id)
);
COMMENT ON TABLE set_aside IS 'events that were acknowledged but not stored';
COMMENT ON COLUMN set_aside.agent IS 'agent that sent it';
COMMENT ON COLUMN set_aside.id IS 'id as sent';
COMMENT ON COLUMN set_aside.why IS 'poisoned, out_of_range or unreportable';
COMMENT ON COLUMN set_aside.detail IS 'the event in short, for people';
COMMENT ON COLUMN set_aside.noted IS 'when';

CREATE TABLE agent_past (
	agent integer NOT NULL REFERENCES agent ON DELETE CASCADE,
	day date NOT NULL,
	first_seen bigint NOT NULL DEFAULT 0,
	witnessed bigint NOT NULL DEFAULT 0,
	set_aside bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (agent, day)
);
COMMENT ON TABLE agent_past IS
	'counts of rows that retention has removed, for the conservation law';
COMMENT ON COLUMN agent_past.agent IS 'agent';
COMMENT ON COLUMN agent_past.day IS 'day of log time (set_aside: of arrival)';
COMMENT ON COLUMN agent_past.first_seen IS 'event rows removed';
COMMENT ON COLUMN agent_past.witnessed IS 'witness rows removed';
COMMENT ON COLUMN agent_past.set_aside IS 'set_aside rows removed';

-- Partitions: a day each, for event and evidence, named event_20261121.
CREATE FUNCTION partitions_make(first date, last date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = plaintiff, pg_temp AS $$
DECLARE
	day date;
	parent text;
	made integer := 0;
BEGIN
	PERFORM pg_advisory_xact_lock(7411002);
	FOR day IN SELECT generate_series(first, last, interval '1 day')::date
	LOOP
		FOREACH parent IN ARRAY ARRAY['event', 'evidence'] LOOP
			CONTINUE WHEN to_regclass(format('plaintiff.%I',
				parent || to_char(day, '"_"YYYYMMDD'))) IS NOT NULL;
			EXECUTE format(
				'CREATE TABLE plaintiff.%I PARTITION OF plaintiff.%I'
				' FOR VALUES FROM (%L) TO (%L)',
				parent || to_char(day, '"_"YYYYMMDD'), parent,
				id_floor(day::timestamp AT TIME ZONE 'UTC'),
				id_floor((day + 1)::timestamp AT TIME ZONE 'UTC'));
			made := made + 1;
		END LOOP;
	END LOOP;
	RETURN made;
END $$;
COMMENT ON FUNCTION partitions_make IS
	'makes the missing partitions from first to last day; how many it made';

-- Days with a partition of that parent; dropping one first moves its counts
-- to agent_past, so that the conservation law still holds.
CREATE FUNCTION partition_days(parent text) RETURNS SETOF date
LANGUAGE sql STABLE SET search_path = plaintiff, pg_temp AS $$
	SELECT to_date(right(c.relname, 8), 'YYYYMMDD')
	FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
	WHERE i.inhparent = to_regclass(format('plaintiff.%I', parent))
	ORDER BY 1
$$;
COMMENT ON FUNCTION partition_days IS 'the days for which partitions exist';

CREATE FUNCTION partitions_drop(event_before date, evidence_before date,
	room_from date, most integer)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = plaintiff, pg_temp AS $$
DECLARE
	gone date;
	part text;
	has_rows boolean;
	dropped integer := 0;
BEGIN
	PERFORM pg_advisory_xact_lock(7411002);
	FOR gone IN SELECT d FROM partition_days('evidence') d
		WHERE d < evidence_before OR d < event_before
	LOOP
		EXIT WHEN dropped >= most;
		part := 'evidence' || to_char(gone, '"_"YYYYMMDD');
		IF gone < room_from OR gone < event_before THEN
			EXECUTE format('DROP TABLE plaintiff.%I', part);
			dropped := dropped + 1;
			CONTINUE;
		END IF;
		-- late events may still come for that day: it keeps its room
		EXECUTE format('SELECT EXISTS (SELECT FROM plaintiff.%I)', part)
			INTO has_rows;
		IF has_rows THEN
			EXECUTE format('TRUNCATE plaintiff.%I', part);
			dropped := dropped + 1;
		END IF;
	END LOOP;
	FOR gone IN SELECT d FROM partition_days('event') d
		WHERE d < event_before
	LOOP
		EXIT WHEN dropped >= most;
		part := 'event' || to_char(gone, '"_"YYYYMMDD');
		-- nothing may be stored between the count and the drop
		EXECUTE format('LOCK TABLE plaintiff.%I IN EXCLUSIVE MODE', part);
		EXECUTE format('INSERT INTO agent_past AS p (agent, day, first_seen)'
			' SELECT agent, %L, count(*) FROM plaintiff.%I GROUP BY agent'
			' ON CONFLICT (agent, day) DO UPDATE'
			' SET first_seen = p.first_seen + excluded.first_seen',
			gone, part);
		WITH removed AS (
			DELETE FROM witness
			WHERE event >= id_floor(gone::timestamp AT TIME ZONE 'UTC')
			AND event < id_floor((gone + 1)::timestamp AT TIME ZONE 'UTC')
			RETURNING agent)
		INSERT INTO agent_past AS p (agent, day, witnessed)
		SELECT agent, gone, count(*) FROM removed GROUP BY agent
		ON CONFLICT (agent, day) DO UPDATE
		SET witnessed = p.witnessed + excluded.witnessed;
		EXECUTE format('DROP TABLE plaintiff.%I', part);
		dropped := dropped + 1;
	END LOOP;
	RETURN dropped;
END $$;
COMMENT ON FUNCTION partitions_drop IS
	'drops up to most partitions of days before the given ones, empties evidence of days from room_from on; how many it did';

-- ---- addresses and who answers for them ----

CREATE TABLE watermark (
	name text PRIMARY KEY,
	stored bigint NOT NULL
);
COMMENT ON TABLE watermark IS 'how far the events were counted already';
COMMENT ON COLUMN watermark.name IS 'who counts';
COMMENT ON COLUMN watermark.stored IS 'event.stored up to which it has';
INSERT INTO watermark VALUES ('tally', 0);

CREATE TABLE tally (
	address inet NOT NULL,
	kind smallint NOT NULL,
	host integer NOT NULL,
	day date NOT NULL,
	events integer NOT NULL,
	first timestamptz NOT NULL,
	last timestamptz NOT NULL,
	PRIMARY KEY (address, kind, host, day)
);
CREATE INDEX tally_day ON tally (day);
COMMENT ON TABLE tally IS
	'events counted by address, kind, host and day; thresholds and views read this';
COMMENT ON COLUMN tally.address IS 'accused address';
COMMENT ON COLUMN tally.kind IS 'kind';
COMMENT ON COLUMN tally.host IS 'host as logged (name)';
COMMENT ON COLUMN tally.day IS 'day of log time, UTC';
COMMENT ON COLUMN tally.events IS 'events';
COMMENT ON COLUMN tally.first IS 'first log time';
COMMENT ON COLUMN tally.last IS 'last log time';

CREATE TABLE contact (
	contact integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	key text NOT NULL UNIQUE,
	mailbox text NOT NULL,
	state text NOT NULL DEFAULT 'active' CHECK (state IN (
		'active',     -- may be mailed
		'suspended'   -- may not; set by the administrator or a bounce
	)),
	note text,
	created timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE contact IS 'abuse mailboxes: one row a mailbox, however spelt';
COMMENT ON COLUMN contact.contact IS 'number used everywhere else';
COMMENT ON COLUMN contact.key IS
	'mailbox in lower case, domain in A-labels, plus-tag removed';
COMMENT ON COLUMN contact.mailbox IS 'mailbox as first written; mail goes there';
COMMENT ON COLUMN contact.state IS 'active or suspended';
COMMENT ON COLUMN contact.note IS 'for people';
COMMENT ON COLUMN contact.created IS 'when it was first found';

CREATE TABLE source (
	address inet PRIMARY KEY,
	contact integer REFERENCES contact,
	state text NOT NULL DEFAULT 'new' CHECK (state IN (
		'new',      -- never answered
		'found',    -- contact holds; moved by lookup
		'none',     -- nobody answers for it; moved by lookup
		'failed',   -- asked, no answer yet; moved by lookup
		'refused'   -- an answer that we do not mail; moved by lookup
	)),
	asked timestamptz,
	fresh_until timestamptz,
	next_ask timestamptz NOT NULL DEFAULT now(),
	tries integer NOT NULL DEFAULT 0,
	lease_until timestamptz,
	reported_upto bigint NOT NULL DEFAULT 0,
	first_seen timestamptz NOT NULL,
	last_seen timestamptz NOT NULL,
	CHECK ((state = 'found') = (contact IS NOT NULL)),
	CHECK (state <> 'found' OR fresh_until IS NOT NULL)
);
CREATE INDEX source_ask ON source (next_ask);
CREATE INDEX source_contact ON source (contact) WHERE contact IS NOT NULL;
COMMENT ON TABLE source IS
	'accused addresses that may be reported, and who answers for them';
COMMENT ON COLUMN source.address IS 'accused address';
COMMENT ON COLUMN source.contact IS 'who answers for it, by a fresh answer';
COMMENT ON COLUMN source.state IS 'new, found, none, failed or refused';
COMMENT ON COLUMN source.asked IS 'when the present state was answered';
COMMENT ON COLUMN source.fresh_until IS 'until when the answer may be used';
COMMENT ON COLUMN source.next_ask IS 'when lookup asks (again)';
COMMENT ON COLUMN source.tries IS 'failed tries in a row';
COMMENT ON COLUMN source.lease_until IS 'claimed by a lookup process until then';
COMMENT ON COLUMN source.reported_upto IS
	'events stored up to here are in some report of this address';
COMMENT ON COLUMN source.first_seen IS 'first log time';
COMMENT ON COLUMN source.last_seen IS 'last log time';

CREATE TABLE answer (
	answer bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	address inet NOT NULL,
	method text NOT NULL,
	state text NOT NULL CHECK (state IN (
		'found', 'none', 'failed', 'refused')),
	contact integer REFERENCES contact,
	mailboxes text[] NOT NULL DEFAULT '{}',
	said text,
	why text,
	asked timestamptz NOT NULL DEFAULT now(),
	fresh_until timestamptz,
	CHECK ((state = 'found') = (contact IS NOT NULL))
);
CREATE INDEX answer_address ON answer (address, asked);
COMMENT ON TABLE answer IS 'what each contact source said of an address, and when';
COMMENT ON COLUMN answer.answer IS 'number';
COMMENT ON COLUMN answer.address IS 'address that was asked for';
COMMENT ON COLUMN answer.method IS 'abusix';
COMMENT ON COLUMN answer.state IS 'found, none, failed or refused';
COMMENT ON COLUMN answer.contact IS 'contact taken from it';
COMMENT ON COLUMN answer.mailboxes IS 'all acceptable mailboxes, in its order';
COMMENT ON COLUMN answer.said IS 'the text as answered, made harmless';
COMMENT ON COLUMN answer.why IS 'why it is none, failed or refused';
COMMENT ON COLUMN answer.asked IS 'when';
COMMENT ON COLUMN answer.fresh_until IS 'until when it may be used';

-- ---- reports ----

CREATE TABLE report (
	report bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	uuid uuid NOT NULL UNIQUE,
	contact integer NOT NULL REFERENCES contact,
	state text NOT NULL CHECK (state IN (
		'held',     -- composed, waits for the administrator
		'ready',    -- composed, waits for deliver
		'sending',  -- handed to the relay, no answer yet; set by deliver
		'sent',     -- the relay took it; set by deliver or the administrator
		'failed',   -- never sent: the relay refused it for good, or the
		            -- administrator cancelled it
		'unknown'   -- may or may not have gone; only a receipt or the
		            -- administrator moves it on, it is never sent again
	)),
	created timestamptz NOT NULL DEFAULT now(),
	changed timestamptz NOT NULL DEFAULT now(),
	upto bigint NOT NULL,
	sources integer NOT NULL CHECK (sources > 0),
	events bigint NOT NULL CHECK (events > 0),
	first timestamptz NOT NULL,
	last timestamptz NOT NULL,
	recipient text NOT NULL,
	subject text NOT NULL,
	message_id text NOT NULL UNIQUE,
	mail bytea NOT NULL,
	owner text,
	tries integer NOT NULL DEFAULT 0,
	next_try timestamptz NOT NULL DEFAULT now(),
	said text,
	quiet tstzrange,
	CHECK ((state IN ('sending', 'sent', 'unknown')) = (quiet IS NOT NULL)),
	CHECK (quiet IS NULL OR (NOT isempty(quiet) AND NOT upper_inf(quiet)
		AND upper(quiet) - lower(quiet) >= interval '168 hours')),
	CHECK (state NOT IN ('sending', 'unknown') OR owner IS NOT NULL),
	CONSTRAINT report_week EXCLUDE USING gist
		(contact WITH =, quiet WITH &&)
);
CREATE UNIQUE INDEX report_open ON report (contact)
	WHERE state IN ('held', 'ready', 'sending', 'unknown');
CREATE INDEX report_state ON report (state, next_try);
COMMENT ON TABLE report IS
	'one mail to one contact, composed once and stored whole';
COMMENT ON COLUMN report.report IS 'number';
COMMENT ON COLUMN report.uuid IS 'id as the mail shows it';
COMMENT ON COLUMN report.contact IS 'to whom';
COMMENT ON COLUMN report.state IS
	'held, ready, sending, sent, failed or unknown';
COMMENT ON COLUMN report.created IS 'when it was composed';
COMMENT ON COLUMN report.changed IS 'when its state last changed';
COMMENT ON COLUMN report.upto IS 'covers events stored up to here';
COMMENT ON COLUMN report.sources IS 'addresses in it';
COMMENT ON COLUMN report.events IS 'events in it';
COMMENT ON COLUMN report.first IS 'first log time in it';
COMMENT ON COLUMN report.last IS 'last log time in it';
COMMENT ON COLUMN report.recipient IS 'the one envelope recipient';
COMMENT ON COLUMN report.subject IS 'subject, for lists';
COMMENT ON COLUMN report.message_id IS 'Message-ID, without the brackets';
COMMENT ON COLUMN report.mail IS 'the exact bytes that are sent';
COMMENT ON COLUMN report.owner IS 'deliver instance that has or had it';
COMMENT ON COLUMN report.tries IS 'tries that ended in a temporary refusal';
COMMENT ON COLUMN report.next_try IS 'not before then';
COMMENT ON COLUMN report.said IS 'last answer of the relay';
COMMENT ON COLUMN report.quiet IS
	'no other mail to this contact in this time; the week as a constraint';

CREATE TABLE report_source (
	report bigint NOT NULL REFERENCES report ON DELETE CASCADE,
	address inet NOT NULL,
	events bigint NOT NULL CHECK (events > 0),
	first timestamptz NOT NULL,
	last timestamptz NOT NULL,
	stored_after bigint NOT NULL,
	stored_upto bigint NOT NULL,
	PRIMARY KEY (report, address),
	CHECK (stored_after < stored_upto)
);
CREATE INDEX report_source_address ON report_source (address);
COMMENT ON TABLE report_source IS 'the addresses of a report';
COMMENT ON COLUMN report_source.report IS 'report';
COMMENT ON COLUMN report_source.address IS 'accused address';
COMMENT ON COLUMN report_source.events IS 'its events in this report';
COMMENT ON COLUMN report_source.first IS 'first log time';
COMMENT ON COLUMN report_source.last IS 'last log time';
COMMENT ON COLUMN report_source.stored_after IS
	'covers its events with stored above this';
COMMENT ON COLUMN report_source.stored_upto IS 'and up to this';
