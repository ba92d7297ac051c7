-- Events of an address while it was an exit of Tor accuse nobody whom a mail
-- could reach.  Tor's list says who is an exit now; what it said is kept, so
-- that an event is judged at its own time, also when it comes late.

CREATE TABLE tor_exit (
	address inet NOT NULL,
	first timestamptz NOT NULL,
	last timestamptz NOT NULL,
	PRIMARY KEY (address, first),
	CHECK (first <= last)
);
COMMENT ON TABLE tor_exit IS
	'when an address was an exit of Tor; times within a day of each other are one';
COMMENT ON COLUMN tor_exit.address IS 'the exit''s address';
COMMENT ON COLUMN tor_exit.first IS
	'seen then, or may have been one since: no list before named it';
COMMENT ON COLUMN tor_exit.last IS 'seen last';

CREATE TABLE tor_cover (
	span tstzrange PRIMARY KEY,
	CHECK (NOT isempty(span) AND NOT lower_inf(span)
		AND NOT upper_inf(span))
);
COMMENT ON TABLE tor_cover IS
	'times that lists answer for: who is not in tor_exit then was no exit';
COMMENT ON COLUMN tor_cover.span IS 'from when to when; spans never touch';

CREATE TABLE tor_answer (
	address inet NOT NULL,
	asked timestamptz NOT NULL,
	verdict text NOT NULL CHECK (verdict IN (
		'exit',    -- is one; kept in tor_exit
		'no',      -- was none within span
		'unknown'  -- no answer that could be used; why says more
	)),
	why text,
	span tstzrange,
	PRIMARY KEY (address, asked),
	CHECK ((verdict = 'no') = (span IS NOT NULL)),
	CHECK ((verdict = 'unknown') = (why IS NOT NULL))
);
COMMENT ON TABLE tor_answer IS
	'what Tor''s DNS zone said of an address while there was no list';
COMMENT ON COLUMN tor_answer.address IS 'address that was asked for';
COMMENT ON COLUMN tor_answer.asked IS 'when';
COMMENT ON COLUMN tor_answer.verdict IS 'exit, no or unknown';
COMMENT ON COLUMN tor_answer.why IS 'why it is unknown';
COMMENT ON COLUMN tor_answer.span IS 'the time that a no answers for';

CREATE TABLE tor_fetch (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	tried timestamptz NOT NULL,
	tries integer NOT NULL DEFAULT 0,
	next_try timestamptz NOT NULL DEFAULT now(),
	lease_until timestamptz,
	fetched timestamptz,
	newest timestamptz,
	entries integer NOT NULL DEFAULT 0,
	why text
);
COMMENT ON TABLE tor_fetch IS
	'how fetching Tor''s list goes; no row: nobody has tried yet';
COMMENT ON COLUMN tor_fetch.one IS 'there is one row';
COMMENT ON COLUMN tor_fetch.tried IS 'when a list was asked for last';
COMMENT ON COLUMN tor_fetch.tries IS 'failed tries in a row';
COMMENT ON COLUMN tor_fetch.next_try IS 'not before then';
COMMENT ON COLUMN tor_fetch.lease_until IS
	'a lookup process is at it until then';
COMMENT ON COLUMN tor_fetch.fetched IS 'when the last good list was asked for';
COMMENT ON COLUMN tor_fetch.newest IS 'newest test in that list';
COMMENT ON COLUMN tor_fetch.entries IS 'addresses in that list';
COMMENT ON COLUMN tor_fetch.why IS 'why the last try failed';

-- Where the session says nothing (psql, dashboards), Tor is checked when
-- somebody has ever tried to fetch the list.
CREATE FUNCTION tor_margin() RETURNS interval
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT CASE
	WHEN s.said IS NULL THEN (SELECT interval '3 hours' FROM tor_fetch)
	WHEN s.said::bigint >= 0 THEN make_interval(secs => s.said::bigint)
	END
	FROM (SELECT nullif(current_setting('plaintiff.tor_margin', true), '')
		AS said) s
$$;
COMMENT ON FUNCTION tor_margin IS
	'tor.margin of the session; null: Tor is not checked';

CREATE FUNCTION tor_ipv6() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('plaintiff.tor_ipv6', true), ''),
	'yes')::boolean;
COMMENT ON FUNCTION tor_ipv6 IS
	'tor.ipv6 of the session: is an IPv6 address that no list names no exit?';

CREATE FUNCTION tor_stale() RETURNS interval
LANGUAGE sql STABLE PARALLEL SAFE
RETURN make_interval(secs => coalesce(nullif(
	current_setting('plaintiff.tor_stale', true), ''),
	'21600')::bigint);
COMMENT ON FUNCTION tor_stale IS 'tor.stale of the session';

CREATE FUNCTION tor_settle() RETURNS interval
LANGUAGE sql STABLE PARALLEL SAFE
RETURN make_interval(secs => coalesce(nullif(
	current_setting('plaintiff.tor_settle', true), ''),
	'3600')::bigint);
COMMENT ON FUNCTION tor_settle IS 'tor.settle of the session';

CREATE FUNCTION tor_wait() RETURNS interval
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN tor_margin() IS NULL THEN interval '0'
	ELSE greatest(interval '0', least(
		tor_stale() + tor_settle(),
		now() - (SELECT max(upper(span)) FROM tor_cover))) END;
COMMENT ON FUNCTION tor_wait IS
	'how long ago an event must have been stored that a list which is not stale can answer for it';

-- For one event or for many.  It returns a set of one so that a query which
-- joins it laterally has its text in place of calls: a million addresses take
-- seconds then, and minutes otherwise.
CREATE FUNCTION tor_verdict(address inet, first timestamptz,
	last timestamptz) RETURNS TABLE (verdict text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
	SELECT CASE
	WHEN (SELECT tor_margin()) IS NULL THEN 'no'
	WHEN EXISTS (SELECT FROM tor_exit x WHERE x.address = $1
		AND x.first <= $3 + (SELECT tor_margin())
		AND x.last >= $2 - (SELECT tor_margin())) THEN 'exit'
	WHEN (family($1) = 4 OR (SELECT tor_ipv6()))
		AND (SELECT range_agg(span) FROM tor_cover)
		@> tstzrange($2, $3, '[]') THEN 'no'
	WHEN (SELECT range_agg(p.span) FROM (
		SELECT a.span FROM tor_answer a WHERE a.address = $1
			AND a.span && tstzrange($2, $3, '[]')
		UNION ALL
		SELECT c.span FROM tor_cover c
			WHERE family($1) = 4 OR (SELECT tor_ipv6())) p)
		@> tstzrange($2, $3, '[]') THEN 'no'
	ELSE 'unknown'
	END
$$;
COMMENT ON FUNCTION tor_verdict IS
	'exit: it was an exit of Tor at some time of the span; no: at no time; unknown: nobody knows of all of it';
