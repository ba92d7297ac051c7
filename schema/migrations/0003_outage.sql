-- An outage of our own login back end makes honest clients look like
-- attackers.  Lines that say so are events of kind backend_failure; failed
-- logins of the same host around them accuse nobody.  Such a line may come
-- after the failures, so a report waits until what it tells has settled.

-- The same host is mx1 in syslog and may be mx1.example.net in a log file of
-- its own or in the journal.
CREATE FUNCTION host_label(host text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE WHEN host ~ '^[0-9.]*$' THEN host
	ELSE lower(split_part(host, '.', 1)) END;
COMMENT ON FUNCTION host_label IS
	'first label of a host name, or the address that stands for one';

CREATE TABLE outage (
	host text NOT NULL,
	minute timestamptz NOT NULL,
	PRIMARY KEY (host, minute)
);
COMMENT ON TABLE outage IS
	'minutes in which a login back end failed; written when events are counted';
COMMENT ON COLUMN outage.host IS 'host as logged, its first label';
COMMENT ON COLUMN outage.minute IS 'beginning of the minute of log time';

CREATE FUNCTION outage_margin() RETURNS interval
LANGUAGE sql STABLE PARALLEL SAFE
RETURN make_interval(secs => coalesce(nullif(
	current_setting('plaintiff.outage_margin', true), ''),
	'600')::integer);
COMMENT ON FUNCTION outage_margin IS
	'report.outage_margin of the session, 10 minutes where none is set';

CREATE TABLE stored_mark (
	stored bigint PRIMARY KEY,
	at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE stored_mark IS
	'how far events were counted, and since when; what report.settle looks at';
COMMENT ON COLUMN stored_mark.stored IS
	'place in the order of storing up to which they were';
COMMENT ON COLUMN stored_mark.at IS 'when report saw that';
