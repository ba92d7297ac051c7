-- An outage of our own login back end makes honest clients look like
-- attackers.  Lines that say so are events of kind backend_failure; failed
-- logins of the same host around them accuse nobody.  Such a line may come
-- after the failures, so a report waits until what it tells has settled.

CREATE INDEX event_backend ON event (host, time) WHERE kind = 13;

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
	'when everything up to that place in the order of storing was there; what report.settle looks at';
COMMENT ON COLUMN stored_mark.stored IS 'place in the order of storing';
COMMENT ON COLUMN stored_mark.at IS 'when it was read, under the store lock';
