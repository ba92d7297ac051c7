-- Made by tests/golden/accept from a fresh database.
CREATE SCHEMA plaintiff;

COMMENT ON SCHEMA plaintiff IS 'abuse events and the reports of them';

CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA plaintiff;

COMMENT ON EXTENSION btree_gist IS 'support for indexing common datatypes in GiST';

CREATE FUNCTION plaintiff.address_verdict(own boolean, unreportable boolean, allowed boolean, old boolean, met boolean, quorum boolean, login boolean, state text, fresh boolean) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN own THEN 'own address'::text WHEN unreportable THEN 'unreportable'::text WHEN allowed THEN 'allowlisted'::text WHEN old THEN 'too old'::text WHEN (met IS NOT TRUE) THEN 'under threshold'::text WHEN (quorum IS NOT TRUE) THEN 'quorum'::text WHEN login THEN 'login since'::text WHEN (state = 'new'::text) THEN 'not asked'::text WHEN (state = 'none'::text) THEN 'no contact'::text WHEN (state = 'failed'::text) THEN 'lookup failed'::text WHEN (state = 'refused'::text) THEN 'refused'::text WHEN (fresh IS NOT TRUE) THEN 'contact too old'::text ELSE NULL::text END;

COMMENT ON FUNCTION plaintiff.address_verdict(own boolean, unreportable boolean, allowed boolean, old boolean, met boolean, quorum boolean, login boolean, state text, fresh boolean) IS 'null: the address may be reported; otherwise the first reason why not';

CREATE FUNCTION plaintiff.case_outcome(days integer) RETURNS TABLE(address inet, contact integer, control boolean, began timestamp with time zone, stopped boolean)
    LANGUAGE sql STABLE
    AS $$
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

COMMENT ON FUNCTION plaintiff.case_outcome(days integer) IS 'addresses reported, or held back for comparison, and whether the abuse had stopped after so many days';

CREATE FUNCTION plaintiff.contacts_to_tell(contacts integer[], every interval) RETURNS SETOF integer
    LANGUAGE plpgsql
    SET search_path TO 'plaintiff', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
BEGIN
	RETURN QUERY
	SELECT c.contact
	FROM contact c
	WHERE c.contact = ANY (contacts)
		AND c.state = 'active'
		AND c.mode <> 'form'
		AND NOT EXISTS (SELECT FROM allow_mailbox a
			WHERE a.key = c.key)
		AND NOT EXISTS (SELECT FROM report r
			WHERE r.contact = c.contact
			AND (r.state IN ('held', 'ready', 'sending', 'unknown')
				OR (r.created > now() - every
					AND r.created <= now()
					AND r.given_back IS NULL)
				OR upper(r.quiet) > now()))
	ORDER BY c.contact
	-- not FOR UPDATE: lookup may give a contact more addresses meanwhile
	FOR NO KEY UPDATE OF c SKIP LOCKED;
END $$;

COMMENT ON FUNCTION plaintiff.contacts_to_tell(contacts integer[], every interval) IS 'those of contacts that may be told something now, locked, without those that another transaction has locked; every: between reports';

CREATE FUNCTION plaintiff.contacts_with_room(contacts integer[]) RETURNS SETOF integer
    LANGUAGE sql STABLE
    AS $$
	WITH p AS MATERIALIZED (
		SELECT setting('domain_week', '20')::bigint AS domain_week,
			setting('mx_week', '100')::bigint AS mx_week,
			setting('new_day', '1000')::bigint AS new_day,
			setting('mails_hour', '1000')::bigint AS mails_hour
	), past AS MATERIALIZED (
		SELECT c.domain, coalesce(c.mx, c.domain) AS mx, r.created,
			r.contact
		FROM report r JOIN contact c ON c.contact = r.contact
		CROSS JOIN p
		WHERE r.created > now() - interval '7 days'
		AND greatest(p.domain_week, p.mx_week, p.new_day,
			p.mails_hour) > 0
	), asked AS (
		SELECT c.contact, a.n, c.domain, coalesce(c.mx, c.domain) AS mx,
			p.new_day > 0 AND NOT EXISTS (SELECT FROM report r
				WHERE r.contact = c.contact) AS new
		FROM unnest(contacts) WITH ORDINALITY a (contact, n)
		JOIN contact c ON c.contact = a.contact
		CROSS JOIN p
	), ranked_new AS (
		SELECT asked.*, row_number() OVER (PARTITION BY new ORDER BY n)
			AS place
		FROM asked
	), after_new AS (
		SELECT n.* FROM ranked_new n CROSS JOIN p
		WHERE NOT n.new OR n.place <= p.new_day - (
			SELECT count(DISTINCT r.contact) FROM past r
			WHERE r.created > now() - interval '1 day'
			AND NOT EXISTS (SELECT FROM report o
				WHERE o.contact = r.contact
				AND o.created <= now() - interval '1 day'))
	), ranked_domain AS (
		SELECT contact, n, domain, mx, row_number() OVER
			(PARTITION BY domain ORDER BY n) AS place
		FROM after_new
	), after_domain AS (
		SELECT d.* FROM ranked_domain d CROSS JOIN p
		LEFT JOIN (SELECT domain, count(*) AS used FROM past
			GROUP BY domain) u ON u.domain = d.domain
		WHERE p.domain_week = 0 OR d.domain IS NULL
			OR d.place <= p.domain_week - coalesce(u.used, 0)
	), ranked_mx AS (
		SELECT contact, n, mx, row_number() OVER
			(PARTITION BY mx ORDER BY n) AS place
		FROM after_domain
	), after_mx AS (
		SELECT m.* FROM ranked_mx m CROSS JOIN p
		LEFT JOIN (SELECT mx, count(*) AS used FROM past
			GROUP BY mx) u ON u.mx = m.mx
		WHERE p.mx_week = 0 OR m.mx IS NULL
			OR m.place <= p.mx_week - coalesce(u.used, 0)
	), ranked_hour AS (
		SELECT contact, n, row_number() OVER (ORDER BY n) AS place
		FROM after_mx
	)
	SELECT h.contact FROM ranked_hour h CROSS JOIN p
	WHERE p.mails_hour = 0 OR h.place <= p.mails_hour - (
		SELECT count(*) FROM past
		WHERE created > now() - interval '1 hour')
	ORDER BY h.n
$$;

COMMENT ON FUNCTION plaintiff.contacts_with_room(contacts integer[]) IS 'those of the contacts that the caps leave room for now, in the same order';

CREATE FUNCTION plaintiff.effect_days() RETURNS integer
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (COALESCE(NULLIF(current_setting('plaintiff.effect_days'::text, true), ''::text), '7'::text))::integer;

COMMENT ON FUNCTION plaintiff.effect_days() IS 'days that a contact has to stop the abuse, of the session; 7 where none is set';

CREATE FUNCTION plaintiff.host_label(host text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN (host ~ '^[0-9.]*$'::text) THEN host ELSE lower(split_part(host, '.'::text, 1)) END;

COMMENT ON FUNCTION plaintiff.host_label(host text) IS 'first label of a host name, or the address that stands for one';

CREATE FUNCTION plaintiff.id_floor(t timestamp with time zone) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ((lpad(to_hex((LEAST(GREATEST(floor(EXTRACT(epoch FROM t)), (0)::numeric), ('4294967295'::bigint)::numeric))::bigint), 8, '0'::text) || repeat('0'::text, 24)))::uuid;

COMMENT ON FUNCTION plaintiff.id_floor(t timestamp with time zone) IS 'smallest event id of that second of log time';

CREATE FUNCTION plaintiff.login_domain(login text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN (strpos(login, '@'::text) = 0) THEN 'none'::text ELSE lower(regexp_replace(login, '^.*@'::text, ''::text)) END;

COMMENT ON FUNCTION plaintiff.login_domain(login text) IS 'domain of a tried login; none: it has none';

CREATE FUNCTION plaintiff.login_hash(login text) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN hashtext(lower(login));

COMMENT ON FUNCTION plaintiff.login_hash(login text) IS 'number that stands for a tried login in tallies';

CREATE FUNCTION plaintiff.logins_of(events uuid[], times timestamp with time zone[]) RETURNS TABLE(event uuid, login text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'plaintiff', 'pg_temp'
    SET enable_bitmapscan TO 'off'
    AS $$
DECLARE
	low uuid;
	high uuid;
	of_day uuid[];
BEGIN
	FOR low, high, of_day IN
		SELECT id_floor(to_timestamp(d.day * 86400)),
			id_floor(to_timestamp((d.day + 1) * 86400)), d.of_day
		FROM (SELECT floor(date_part('epoch', e.time) / 86400) AS day,
			array_agg(e.id) AS of_day
			FROM unnest(events, times) AS e (id, time)
			GROUP BY 1) d
	LOOP
		RETURN QUERY SELECT v.id, v.login FROM evidence v
		WHERE v.id = ANY (of_day) AND v.id >= low AND v.id < high;
	END LOOP;
END $$;

COMMENT ON FUNCTION plaintiff.logins_of(events uuid[], times timestamp with time zone[]) IS 'the tried logins of events, with their times, as far as evidence is kept';

CREATE FUNCTION plaintiff.outage_margin() RETURNS interval
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN make_interval(secs => ((COALESCE(NULLIF(current_setting('plaintiff.outage_margin'::text, true), ''::text), '600'::text))::integer)::double precision);

COMMENT ON FUNCTION plaintiff.outage_margin() IS 'report.outage_margin of the session, 10 minutes where none is set';

CREATE FUNCTION plaintiff.partition_days(parent text) RETURNS SETOF date
    LANGUAGE sql STABLE
    SET search_path TO 'plaintiff', 'pg_temp'
    AS $$
	SELECT to_date(right(c.relname, 8), 'YYYYMMDD')
	FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
	WHERE i.inhparent = to_regclass(format('plaintiff.%I', parent))
	ORDER BY 1
$$;

COMMENT ON FUNCTION plaintiff.partition_days(parent text) IS 'the days for which partitions exist';

CREATE FUNCTION plaintiff.partitions_drop(event_before date, evidence_before date, room_from date, most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'plaintiff', 'pg_temp'
    AS $$
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

COMMENT ON FUNCTION plaintiff.partitions_drop(event_before date, evidence_before date, room_from date, most integer) IS 'drops up to most partitions of days before the given ones, empties evidence of days from room_from on; how many it did';

CREATE FUNCTION plaintiff.partitions_make(first date, last date) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'plaintiff', 'pg_temp'
    AS $$
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

COMMENT ON FUNCTION plaintiff.partitions_make(first date, last date) IS 'makes the missing partitions from first to last day; how many it made';

CREATE FUNCTION plaintiff.purge_attribute(agent integer, day date) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'plaintiff', 'pg_temp'
    AS $_$
	WITH other AS MATERIALIZED (
		SELECT DISTINCT ON (w.event) w.event, w.agent
		FROM event e JOIN witness w ON w.event = e.id
		WHERE e.agent = $1 AND w.agent <> $1
		AND EXISTS (SELECT FROM agent a WHERE a.agent = $1
			AND a.state = 'revoked')
		AND e.id >= id_floor($2::timestamp AT TIME ZONE 'UTC')
		AND e.id < id_floor(($2 + 1)::timestamp AT TIME ZONE 'UTC')
		ORDER BY w.event, w.noted, w.agent
	), moved AS (
		UPDATE event e SET agent = o.agent FROM other o
		WHERE e.id = o.event AND e.agent = $1
	), no_witness AS (
		DELETE FROM witness w USING other o
		WHERE w.event = o.event AND w.agent = o.agent
	), past AS (
		INSERT INTO agent_past AS p (agent, day, first_seen)
		SELECT $1, $2, count(*) FROM other HAVING count(*) > 0
		ON CONFLICT (agent, day) DO UPDATE
		SET first_seen = p.first_seen + excluded.first_seen
	)
	SELECT count(*) FROM other
$_$;

COMMENT ON FUNCTION plaintiff.purge_attribute(agent integer, day date) IS 'what another agent has sent, too, of that day of log time is that agent''s from now on; how many events';

CREATE FUNCTION plaintiff.purge_remove(agent integer, day date) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'plaintiff', 'pg_temp'
    AS $_$
	WITH gone AS (
		DELETE FROM event WHERE agent = $1
		AND EXISTS (SELECT FROM agent a WHERE a.agent = $1
			AND a.state = 'revoked')
		AND id >= id_floor($2::timestamp AT TIME ZONE 'UTC')
		AND id < id_floor(($2 + 1)::timestamp AT TIME ZONE 'UTC')
		RETURNING id
	), said AS (
		DELETE FROM evidence v USING gone g WHERE v.id = g.id
	), seen AS (
		DELETE FROM witness WHERE agent = $1
		AND EXISTS (SELECT FROM agent a WHERE a.agent = $1
			AND a.state = 'revoked')
		AND event >= id_floor($2::timestamp AT TIME ZONE 'UTC')
		AND event < id_floor(($2 + 1)::timestamp AT TIME ZONE 'UTC')
		RETURNING 1
	), past AS (
		INSERT INTO agent_past AS p (agent, day, first_seen, witnessed)
		SELECT $1, $2, (SELECT count(*) FROM gone),
			(SELECT count(*) FROM seen)
		WHERE EXISTS (SELECT FROM gone) OR EXISTS (SELECT FROM seen)
		ON CONFLICT (agent, day) DO UPDATE
		SET first_seen = p.first_seen + excluded.first_seen,
			witnessed = p.witnessed + excluded.witnessed
	)
	SELECT (SELECT count(*) FROM gone)
$_$;

COMMENT ON FUNCTION plaintiff.purge_remove(agent integer, day date) IS 'removes what a revoked agent sent of that day, with its evidence and what it witnessed, and keeps the counts in agent_past; how many events';

CREATE FUNCTION plaintiff.report_gone() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'plaintiff', 'pg_temp'
    AS $$
BEGIN
	DELETE FROM report_source s USING gone g WHERE s.report = g.report;
	DELETE FROM report_mail m USING gone g WHERE m.report = g.report;
	RETURN NULL;
END $$;

COMMENT ON FUNCTION plaintiff.report_gone() IS 'removes the addresses and mails of deleted reports';

CREATE FUNCTION plaintiff.setting(name text, fallback text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN COALESCE(NULLIF(current_setting(('plaintiff.'::text || name), true), ''::text), fallback);

COMMENT ON FUNCTION plaintiff.setting(name text, fallback text) IS 'a setting of the hub as the session was told it, else the fallback';

CREATE FUNCTION plaintiff.threshold_met(tries integer[], logins integer, agents integer, need bigint[], need_logins integer, need_agents integer) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((((tries)[1] >= (need)[1]) OR ((tries)[2] >= (need)[2]) OR ((tries)[3] >= (need)[3]) OR ((tries)[4] >= (need)[4]) OR ((tries)[5] >= (need)[5]) OR ((tries)[6] >= (need)[6]) OR ((tries)[7] >= (need)[7]) OR ((tries)[8] >= (need)[8]) OR ((tries)[9] >= (need)[9]) OR ((tries)[10] >= (need)[10]) OR ((tries)[11] >= (need)[11]) OR ((tries)[12] >= (need)[12]) OR (((tries)[1] > 0) AND ((logins >= need_logins) OR (agents >= need_agents)))) IS TRUE);

COMMENT ON FUNCTION plaintiff.threshold_met(tries integer[], logins integer, agents integer, need bigint[], need_logins integer, need_agents integer) IS 'does an address with so many events by kind, logins tried and agents that saw it reach a threshold; null needs are never met';

CREATE FUNCTION plaintiff.tor_ipv6() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (COALESCE(NULLIF(current_setting('plaintiff.tor_ipv6'::text, true), ''::text), 'yes'::text))::boolean;

COMMENT ON FUNCTION plaintiff.tor_ipv6() IS 'tor.ipv6 of the session: is an IPv6 address that no list names no exit?';

CREATE FUNCTION plaintiff.tor_margin() RETURNS interval
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
	SELECT CASE
	WHEN s.said IS NULL THEN (SELECT interval '3 hours' FROM tor_fetch)
	WHEN s.said::bigint >= 0 THEN make_interval(secs => s.said::bigint)
	END
	FROM (SELECT nullif(current_setting('plaintiff.tor_margin', true), '')
		AS said) s
$$;

COMMENT ON FUNCTION plaintiff.tor_margin() IS 'tor.margin of the session; null: Tor is not checked';

CREATE FUNCTION plaintiff.tor_settle() RETURNS interval
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN make_interval(secs => ((COALESCE(NULLIF(current_setting('plaintiff.tor_settle'::text, true), ''::text), '3600'::text))::bigint)::double precision);

COMMENT ON FUNCTION plaintiff.tor_settle() IS 'tor.settle of the session';

CREATE FUNCTION plaintiff.tor_stale() RETURNS interval
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN make_interval(secs => ((COALESCE(NULLIF(current_setting('plaintiff.tor_stale'::text, true), ''::text), '21600'::text))::bigint)::double precision);

COMMENT ON FUNCTION plaintiff.tor_stale() IS 'tor.stale of the session';

CREATE FUNCTION plaintiff.tor_verdict(address inet, first timestamp with time zone, last timestamp with time zone) RETURNS TABLE(verdict text)
    LANGUAGE sql STABLE ROWS 1 PARALLEL SAFE
    AS $_$
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
$_$;

COMMENT ON FUNCTION plaintiff.tor_verdict(address inet, first timestamp with time zone, last timestamp with time zone) IS 'exit: it was an exit of Tor at some time of the span; no: at no time; unknown: nobody knows of all of it';

CREATE TABLE plaintiff.tor_cover (
    span tstzrange NOT NULL,
    CONSTRAINT tor_cover_span_check CHECK (((NOT isempty(span)) AND (NOT lower_inf(span)) AND (NOT upper_inf(span))))
);

COMMENT ON TABLE plaintiff.tor_cover IS 'times that lists answer for: who is not in tor_exit then was no exit';

COMMENT ON COLUMN plaintiff.tor_cover.span IS 'from when to when; spans never touch';

CREATE FUNCTION plaintiff.tor_wait() RETURNS interval
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN (plaintiff.tor_margin() IS NULL) THEN '00:00:00'::interval ELSE GREATEST('00:00:00'::interval, LEAST((plaintiff.tor_stale() + plaintiff.tor_settle()), (now() - (SELECT max(upper(tor_cover.span)) AS max FROM plaintiff.tor_cover)))) END;

COMMENT ON FUNCTION plaintiff.tor_wait() IS 'how long ago an event must have been stored that a list which is not stale can answer for it';

CREATE FUNCTION plaintiff.tries_sum(a integer[], b integer[]) RETURNS integer[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (a IS NULL) THEN b ELSE ARRAY[((a)[1] + (b)[1]), ((a)[2] + (b)[2]), ((a)[3] + (b)[3]), ((a)[4] + (b)[4]), ((a)[5] + (b)[5]), ((a)[6] + (b)[6]), ((a)[7] + (b)[7]), ((a)[8] + (b)[8]), ((a)[9] + (b)[9]), ((a)[10] + (b)[10]), ((a)[11] + (b)[11]), ((a)[12] + (b)[12])] END;

COMMENT ON FUNCTION plaintiff.tries_sum(a integer[], b integer[]) IS 'events by kind of both together';

CREATE FUNCTION plaintiff.ts(us bigint) RETURNS timestamp with time zone
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN to_timestamp(((us)::double precision / (1000000.0)::double precision));

COMMENT ON FUNCTION plaintiff.ts(us bigint) IS 'the inverse of us()';

CREATE FUNCTION plaintiff.unreported(addresses inet[], after bigint[], upto bigint) RETURNS TABLE(n integer, id uuid, "time" timestamp with time zone, host integer, service integer, kind smallint, port integer, destination inet, destination_port integer, tor_known boolean)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'plaintiff', 'pg_temp'
    SET enable_bitmapscan TO 'off'
    SET enable_nestloop TO 'off'
    AS $$
DECLARE
	low uuid;
	high uuid;
	of_day inet[];
	places integer[];
BEGIN
	FOR low, high, of_day, places IN
		SELECT greatest(id_floor(window_begin()),
				id_floor(d.day::timestamp AT TIME ZONE 'UTC')),
			id_floor((d.day + 1)::timestamp AT TIME ZONE 'UTC'),
			array_agg(d.address), array_agg(d.place)
		FROM (SELECT DISTINCT t.day, w.address, w.place::integer
			FROM unnest(addresses, after) WITH ORDINALITY
				AS w (address, after, place)
			CROSS JOIN LATERAL (SELECT t.day FROM tally t
				WHERE t.address = w.address
				AND t.stored > w.after AND t.day >=
					(window_begin() AT TIME ZONE 'UTC')::date
				OFFSET 0) t) d
		GROUP BY d.day
	LOOP
		RETURN QUERY
		SELECT w.place, r.id, r.time, r.host, r.service, r.kind, r.port,
			r.destination, r.destination_port, r.tor_known
		FROM reportable r
		JOIN unnest(of_day, places) AS w (address, place)
			ON w.address = r.address
		WHERE r.address = ANY (of_day)
			AND r.id >= low AND r.id < high
			AND r.stored > after[w.place] AND r.stored <= upto
			AND r.kind IN (SELECT t.kind FROM threshold t);
	END LOOP;
END $$;

COMMENT ON FUNCTION plaintiff.unreported(addresses inet[], after bigint[], upto bigint) IS 'reportable events, of kinds that are reported, of addresses, within the window, each address''s stored above its mark and up to the last argument; n: place of the address, from 1';

CREATE FUNCTION plaintiff.up_to_eight(a integer[], b integer[]) RETURNS integer[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN ((b IS NULL) OR (b <@ a) OR (cardinality(a) >= 8)) THEN a ELSE (ARRAY(SELECT DISTINCT unnest(array_cat(a, b)) AS unnest))[1:8] END;

COMMENT ON FUNCTION plaintiff.up_to_eight(a integer[], b integer[]) IS 'elements of both, each once; a few are as good as many';

CREATE FUNCTION plaintiff.us(t timestamp with time zone) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ((date_part('epoch'::text, (t - '1970-01-01 00:00:00+00'::timestamp with time zone)) * (1000000)::double precision))::bigint;

COMMENT ON FUNCTION plaintiff.us(t timestamp with time zone) IS 'microseconds since 1970-01-01T00:00:00Z';

CREATE FUNCTION plaintiff.window_begin() RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (now() - make_interval(days => (plaintiff.setting('report_days'::text, '14'::text))::integer));

COMMENT ON FUNCTION plaintiff.window_begin() IS 'events before are not reported: report.days of the session';

CREATE AGGREGATE plaintiff.array_all(anycompatiblearray) (
    SFUNC = array_cat,
    STYPE = anycompatiblearray,
    COMBINEFUNC = array_cat,
    PARALLEL = safe
);

COMMENT ON AGGREGATE plaintiff.array_all(anycompatiblearray) IS 'all elements of all arrays in one';

CREATE TABLE plaintiff.agent (
    agent integer NOT NULL,
    name text NOT NULL,
    key text NOT NULL,
    state text DEFAULT 'active'::text NOT NULL,
    added timestamp with time zone DEFAULT now() NOT NULL,
    revoked timestamp with time zone,
    quarantined timestamp with time zone,
    released timestamp with time zone,
    CONSTRAINT agent_check CHECK (((state = 'revoked'::text) = (revoked IS NOT NULL))),
    CONSTRAINT agent_key_check CHECK ((length(key) = 40)),
    CONSTRAINT agent_name_check CHECK ((name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'::text)),
    CONSTRAINT agent_quarantined_check CHECK (((state = 'quarantined'::text) = (quarantined IS NOT NULL))),
    CONSTRAINT agent_state_check CHECK ((state = ANY (ARRAY['active'::text, 'quarantined'::text, 'revoked'::text])))
);

COMMENT ON TABLE plaintiff.agent IS 'who may send events: one row a key';

COMMENT ON COLUMN plaintiff.agent.agent IS 'number used everywhere else';

COMMENT ON COLUMN plaintiff.agent.name IS 'name that the administrator gave';

COMMENT ON COLUMN plaintiff.agent.key IS 'public CURVE key, Z85';

COMMENT ON COLUMN plaintiff.agent.state IS 'active, quarantined or revoked';

COMMENT ON COLUMN plaintiff.agent.added IS 'when it was added';

COMMENT ON COLUMN plaintiff.agent.revoked IS 'when it was revoked';

COMMENT ON COLUMN plaintiff.agent.quarantined IS 'when it was quarantined';

COMMENT ON COLUMN plaintiff.agent.released IS 'when it was released last; on that day it is not quarantined again';

CREATE TABLE plaintiff.agent_address (
    agent integer NOT NULL,
    address inet NOT NULL
);

COMMENT ON TABLE plaintiff.agent_address IS 'own addresses of the agents'' hosts, as they say; never reported';

COMMENT ON COLUMN plaintiff.agent_address.agent IS 'agent that said so';

COMMENT ON COLUMN plaintiff.agent_address.address IS 'address of its host';

ALTER TABLE plaintiff.agent ALTER COLUMN agent ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME plaintiff.agent_agent_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE plaintiff.agent_outbox (
    agent integer NOT NULL,
    outbox bytea NOT NULL,
    software text,
    host text,
    last_batch bigint DEFAULT 0 NOT NULL,
    lines bigint DEFAULT 0 NOT NULL,
    ignored bigint DEFAULT 0 NOT NULL,
    unparsable bigint DEFAULT 0 NOT NULL,
    unreportable bigint DEFAULT 0 NOT NULL,
    emitted bigint DEFAULT 0 NOT NULL,
    repeated bigint DEFAULT 0 NOT NULL,
    unacked bigint DEFAULT 0 NOT NULL,
    gaps bigint DEFAULT 0 NOT NULL,
    withheld bigint DEFAULT 0 NOT NULL,
    first_seen timestamp with time zone DEFAULT now() NOT NULL,
    last_seen timestamp with time zone DEFAULT now() NOT NULL,
    stored_from bigint DEFAULT 0 NOT NULL,
    CONSTRAINT agent_outbox_outbox_check CHECK ((length(outbox) = 8))
);

COMMENT ON TABLE plaintiff.agent_outbox IS 'what each outbox of an agent says it has done; a new outbox is a new row';

COMMENT ON COLUMN plaintiff.agent_outbox.agent IS 'agent';

COMMENT ON COLUMN plaintiff.agent_outbox.outbox IS 'random name the outbox gave itself';

COMMENT ON COLUMN plaintiff.agent_outbox.software IS 'program and version';

COMMENT ON COLUMN plaintiff.agent_outbox.host IS 'host name the agent runs on';

COMMENT ON COLUMN plaintiff.agent_outbox.last_batch IS 'highest batch number stored';

COMMENT ON COLUMN plaintiff.agent_outbox.lines IS 'log lines read';

COMMENT ON COLUMN plaintiff.agent_outbox.ignored IS 'lines without an event';

COMMENT ON COLUMN plaintiff.agent_outbox.unparsable IS 'lines without a known header';

COMMENT ON COLUMN plaintiff.agent_outbox.unreportable IS 'events dropped by the agent''s own list';

COMMENT ON COLUMN plaintiff.agent_outbox.emitted IS 'events put into the outbox';

COMMENT ON COLUMN plaintiff.agent_outbox.repeated IS 'events dropped because the outbox had that id';

COMMENT ON COLUMN plaintiff.agent_outbox.unacked IS 'events not yet acknowledged';

COMMENT ON COLUMN plaintiff.agent_outbox.gaps IS 'events the agent declared lost';

COMMENT ON COLUMN plaintiff.agent_outbox.withheld IS 'events counted but not sent: logins after the first of an hour';

COMMENT ON COLUMN plaintiff.agent_outbox.first_seen IS 'first frame of this outbox';

COMMENT ON COLUMN plaintiff.agent_outbox.last_seen IS 'last frame of this outbox';

COMMENT ON COLUMN plaintiff.agent_outbox.stored_from IS 'order of storing when it was first heard of: what was stored up to there it did not send';

CREATE TABLE plaintiff.agent_past (
    agent integer NOT NULL,
    day date NOT NULL,
    first_seen bigint DEFAULT 0 NOT NULL,
    witnessed bigint DEFAULT 0 NOT NULL,
    set_aside bigint DEFAULT 0 NOT NULL
);

COMMENT ON TABLE plaintiff.agent_past IS 'counts of rows that retention has removed, for the conservation law';

COMMENT ON COLUMN plaintiff.agent_past.agent IS 'agent';

COMMENT ON COLUMN plaintiff.agent_past.day IS 'day of log time (set_aside: of arrival)';

COMMENT ON COLUMN plaintiff.agent_past.first_seen IS 'event rows removed';

COMMENT ON COLUMN plaintiff.agent_past.witnessed IS 'witness rows removed';

COMMENT ON COLUMN plaintiff.agent_past.set_aside IS 'set_aside rows removed';

CREATE SEQUENCE plaintiff.stored_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

COMMENT ON SEQUENCE plaintiff.stored_seq IS 'order of storing; read its last value only under the store lock';

CREATE TABLE plaintiff.event (
    id uuid NOT NULL,
    stored bigint DEFAULT nextval('plaintiff.stored_seq'::regclass),
    "time" timestamp with time zone NOT NULL,
    agent integer NOT NULL,
    host integer NOT NULL,
    service integer,
    mechanism integer,
    rule integer,
    port integer,
    destination_port integer,
    kind smallint NOT NULL,
    stale boolean DEFAULT false NOT NULL,
    address inet NOT NULL,
    destination inet,
    CONSTRAINT event_destination_port_check CHECK (((destination_port >= 1) AND (destination_port <= 65535))),
    CONSTRAINT event_port_check CHECK (((port >= 1) AND (port <= 65535)))
)
PARTITION BY RANGE (id);

COMMENT ON TABLE plaintiff.event IS 'one row a log line that accuses an address; only a release changes one; a partition a day';

COMMENT ON COLUMN plaintiff.event.id IS '4 bytes of log time, then a hash of the line: the same line is one row';

COMMENT ON COLUMN plaintiff.event.stored IS 'order of storing; null: held back, its agent was in quarantine';

COMMENT ON COLUMN plaintiff.event."time" IS 'time of the log line';

COMMENT ON COLUMN plaintiff.event.agent IS 'agent that sent it first; others: witness';

COMMENT ON COLUMN plaintiff.event.host IS 'host as logged (name)';

COMMENT ON COLUMN plaintiff.event.service IS 'service as logged (name)';

COMMENT ON COLUMN plaintiff.event.mechanism IS 'SASL mechanism (name)';

COMMENT ON COLUMN plaintiff.event.rule IS 'rule that matched (name)';

COMMENT ON COLUMN plaintiff.event.port IS 'source port, if the line says';

COMMENT ON COLUMN plaintiff.event.destination_port IS 'our port, if known';

COMMENT ON COLUMN plaintiff.event.kind IS 'kind of event';

COMMENT ON COLUMN plaintiff.event.stale IS 'too old or too far ahead when it came: kept, never reported';

COMMENT ON COLUMN plaintiff.event.address IS 'the accused address';

COMMENT ON COLUMN plaintiff.event.destination IS 'our address, if known';

CREATE TABLE plaintiff.set_aside (
    agent integer NOT NULL,
    id uuid NOT NULL,
    why text NOT NULL,
    detail text,
    noted timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT set_aside_why_check CHECK ((why = ANY (ARRAY['poisoned'::text, 'out_of_range'::text, 'unreportable'::text, 'malformed'::text])))
);

COMMENT ON TABLE plaintiff.set_aside IS 'events that were acknowledged but not stored';

COMMENT ON COLUMN plaintiff.set_aside.agent IS 'agent that sent it';

COMMENT ON COLUMN plaintiff.set_aside.id IS 'id as sent; malformed: number of the batch and of the event in it';

COMMENT ON COLUMN plaintiff.set_aside.why IS 'poisoned, out_of_range, unreportable or malformed';

COMMENT ON COLUMN plaintiff.set_aside.detail IS 'the event in short, for people';

COMMENT ON COLUMN plaintiff.set_aside.noted IS 'when';

CREATE TABLE plaintiff.witness (
    event uuid NOT NULL,
    agent integer NOT NULL,
    noted timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE plaintiff.witness IS 'agents that sent an event which another had sent, or an earlier outbox of their own';

COMMENT ON COLUMN plaintiff.witness.event IS 'event';

COMMENT ON COLUMN plaintiff.witness.agent IS 'agent that sent it again';

COMMENT ON COLUMN plaintiff.witness.noted IS 'when';

CREATE VIEW plaintiff.agent_balance; -- its text: schema/views

COMMENT ON VIEW plaintiff.agent_balance IS 'what each agent sent against the rows there are: remainder must be 0';

COMMENT ON COLUMN plaintiff.agent_balance.agent IS 'name of the agent';

COMMENT ON COLUMN plaintiff.agent_balance.emitted IS 'events it has put into its outboxes, as it says';

COMMENT ON COLUMN plaintiff.agent_balance.first_seen IS 'events that it sent first';

COMMENT ON COLUMN plaintiff.agent_balance.witnessed IS 'events that another agent, or an earlier outbox, had sent before';

COMMENT ON COLUMN plaintiff.agent_balance.set_aside IS 'events acknowledged but not stored; see set_aside';

COMMENT ON COLUMN plaintiff.agent_balance.past IS 'rows of all three kinds that retention has removed';

COMMENT ON COLUMN plaintiff.agent_balance.unacked IS 'events it still has to hand over';

COMMENT ON COLUMN plaintiff.agent_balance.gaps IS 'events it declared lost';

COMMENT ON COLUMN plaintiff.agent_balance.remainder IS 'emitted less all the others; above 0 events are missing';

CREATE TABLE plaintiff.agent_day (
    agent integer NOT NULL,
    day date NOT NULL,
    events bigint NOT NULL
);

COMMENT ON TABLE plaintiff.agent_day IS 'new events of each agent by day of arrival: its usual day';

COMMENT ON COLUMN plaintiff.agent_day.agent IS 'agent';

COMMENT ON COLUMN plaintiff.agent_day.day IS 'day of arrival, UTC';

COMMENT ON COLUMN plaintiff.agent_day.events IS 'events that were new';

CREATE VIEW plaintiff.agent_list; -- its text: schema/views

COMMENT ON VIEW plaintiff.agent_list IS 'agents and what they say of themselves';

COMMENT ON COLUMN plaintiff.agent_list.agent IS 'number';

COMMENT ON COLUMN plaintiff.agent_list.name IS 'name';

COMMENT ON COLUMN plaintiff.agent_list.state IS 'active, quarantined or revoked';

COMMENT ON COLUMN plaintiff.agent_list.host IS 'host it runs on; foreign text';

COMMENT ON COLUMN plaintiff.agent_list.software IS 'its program and version; foreign text';

COMMENT ON COLUMN plaintiff.agent_list.last_seen IS 'its last frame';

COMMENT ON COLUMN plaintiff.agent_list.lines IS 'log lines it has read';

COMMENT ON COLUMN plaintiff.agent_list.emitted IS 'events it has put into its outbox';

COMMENT ON COLUMN plaintiff.agent_list.unacked IS 'events of those that it still has to hand over';

COMMENT ON COLUMN plaintiff.agent_list.gaps IS 'events it declared lost';

COMMENT ON COLUMN plaintiff.agent_list.held IS 'its events that are not reported before it is released';

COMMENT ON COLUMN plaintiff.agent_list.quarantined IS 'when it was quarantined';

COMMENT ON COLUMN plaintiff.agent_list.outboxes IS 'outboxes it has had';

COMMENT ON COLUMN plaintiff.agent_list.added IS 'when it was added';

COMMENT ON COLUMN plaintiff.agent_list.revoked IS 'when it was revoked';

COMMENT ON COLUMN plaintiff.agent_list.key IS 'public key';

CREATE TABLE plaintiff.allegedfix (
    address inet NOT NULL,
    fixed timestamp with time zone NOT NULL,
    report bigint,
    reply bigint,
    note text
);

COMMENT ON TABLE plaintiff.allegedfix IS 'addresses that somebody says are mended: what they did before is not reported, what they do after is said to be after it';

COMMENT ON COLUMN plaintiff.allegedfix.address IS 'accused address';

COMMENT ON COLUMN plaintiff.allegedfix.fixed IS 'mended by then';

COMMENT ON COLUMN plaintiff.allegedfix.report IS 'report whose answer says so';

COMMENT ON COLUMN plaintiff.allegedfix.reply IS 'that answer; null: the administrator said so';

COMMENT ON COLUMN plaintiff.allegedfix.note IS 'for people';

CREATE TABLE plaintiff.allow_mailbox (
    key text NOT NULL,
    note text,
    who text NOT NULL,
    added timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE plaintiff.allow_mailbox IS 'mailboxes whose networks are not reported; known as contacts or not';

COMMENT ON COLUMN plaintiff.allow_mailbox.key IS 'mailbox, as contact.key';

COMMENT ON COLUMN plaintiff.allow_mailbox.note IS 'why, for people';

COMMENT ON COLUMN plaintiff.allow_mailbox.who IS 'who said so';

COMMENT ON COLUMN plaintiff.allow_mailbox.added IS 'when';

CREATE TABLE plaintiff.allow_prefix (
    prefix cidr NOT NULL,
    note text,
    who text NOT NULL,
    added timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE plaintiff.allow_prefix IS 'networks that are not reported';

COMMENT ON COLUMN plaintiff.allow_prefix.prefix IS 'network';

COMMENT ON COLUMN plaintiff.allow_prefix.note IS 'why, for people';

COMMENT ON COLUMN plaintiff.allow_prefix.who IS 'who said so';

COMMENT ON COLUMN plaintiff.allow_prefix.added IS 'when';

CREATE TABLE plaintiff.answer (
    answer bigint NOT NULL,
    address inet NOT NULL,
    method text NOT NULL,
    state text NOT NULL,
    contact integer,
    mailboxes text[] DEFAULT '{}'::text[] NOT NULL,
    said text,
    why text,
    asked timestamp with time zone DEFAULT now() NOT NULL,
    fresh_until timestamp with time zone,
    network integer,
    CONSTRAINT answer_check CHECK (((state = 'found'::text) = (contact IS NOT NULL))),
    CONSTRAINT answer_state_check CHECK ((state = ANY (ARRAY['found'::text, 'none'::text, 'failed'::text, 'refused'::text])))
);

COMMENT ON TABLE plaintiff.answer IS 'what each contact source said of an address, and when';

COMMENT ON COLUMN plaintiff.answer.answer IS 'number';

COMMENT ON COLUMN plaintiff.answer.address IS 'address that was asked for';

COMMENT ON COLUMN plaintiff.answer.method IS 'administrator, abusix, rdap, range (an RDAP answer for a range that was at hand) or settings';

COMMENT ON COLUMN plaintiff.answer.state IS 'found, none, failed or refused';

COMMENT ON COLUMN plaintiff.answer.contact IS 'contact taken from it';

COMMENT ON COLUMN plaintiff.answer.mailboxes IS 'all acceptable mailboxes, in its order';

COMMENT ON COLUMN plaintiff.answer.said IS 'the text as answered, made harmless';

COMMENT ON COLUMN plaintiff.answer.why IS 'why it is none, failed or refused';

COMMENT ON COLUMN plaintiff.answer.asked IS 'when';

COMMENT ON COLUMN plaintiff.answer.fresh_until IS 'until when it may be used';

COMMENT ON COLUMN plaintiff.answer.network IS 'registered range, of rdap and range';

ALTER TABLE plaintiff.answer ALTER COLUMN answer ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME plaintiff.answer_answer_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE plaintiff.bootstrap (
    prefix cidr NOT NULL,
    url text NOT NULL,
    CONSTRAINT bootstrap_url_check CHECK ((url ~~ 'https://%'::text))
);

COMMENT ON TABLE plaintiff.bootstrap IS 'which RDAP server knows a network (RFC 9224); the longest prefix wins';

COMMENT ON COLUMN plaintiff.bootstrap.prefix IS 'network';

COMMENT ON COLUMN plaintiff.bootstrap.url IS 'base of its server''s addresses';

CREATE TABLE plaintiff.bootstrap_file (
    family smallint NOT NULL,
    origin text,
    digest bytea,
    taken timestamp with time zone,
    tried timestamp with time zone,
    next_try timestamp with time zone DEFAULT now() NOT NULL,
    why text,
    CONSTRAINT bootstrap_file_family_check CHECK ((family = ANY (ARRAY[4, 6]))),
    CONSTRAINT bootstrap_file_origin_check CHECK ((origin = ANY (ARRAY['shipped'::text, 'fetched'::text])))
);

COMMENT ON TABLE plaintiff.bootstrap_file IS 'where the rows of bootstrap come from';

COMMENT ON COLUMN plaintiff.bootstrap_file.family IS '4 or 6';

COMMENT ON COLUMN plaintiff.bootstrap_file.origin IS 'shipped or fetched; null: nothing yet';

COMMENT ON COLUMN plaintiff.bootstrap_file.digest IS 'hash of the shipped file that was read last';

COMMENT ON COLUMN plaintiff.bootstrap_file.taken IS 'when its rows were stored';

COMMENT ON COLUMN plaintiff.bootstrap_file.tried IS 'when it was last asked for';

COMMENT ON COLUMN plaintiff.bootstrap_file.next_try IS 'not asked for before then';

COMMENT ON COLUMN plaintiff.bootstrap_file.why IS 'why the last try failed';

CREATE TABLE plaintiff.bounce (
    bounce bigint NOT NULL,
    report bigint NOT NULL,
    hash bytea NOT NULL,
    received timestamp with time zone DEFAULT now() NOT NULL,
    class text NOT NULL,
    status text,
    recipient text,
    own boolean NOT NULL,
    diagnostic text,
    effect text NOT NULL,
    CONSTRAINT bounce_class_check CHECK ((class = ANY (ARRAY['hard'::text, 'soft'::text, 'policy'::text, 'delayed'::text, 'relayed'::text]))),
    CONSTRAINT bounce_effect_check CHECK ((effect = ANY (ARRAY['none'::text, 'counted'::text, 'held'::text, 'suspended'::text]))),
    CONSTRAINT bounce_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT bounce_status_check CHECK ((status ~ '^[245]\.[0-9]{1,3}\.[0-9]{1,3}$'::text))
);

COMMENT ON TABLE plaintiff.bounce IS 'bounces with a token of ours; one a report and class, since more tell nothing new';

COMMENT ON COLUMN plaintiff.bounce.bounce IS 'number';

COMMENT ON COLUMN plaintiff.bounce.report IS 'report that came back';

COMMENT ON COLUMN plaintiff.bounce.hash IS 'BLAKE2b of the message: read again it is the same';

COMMENT ON COLUMN plaintiff.bounce.received IS 'when it was read';

COMMENT ON COLUMN plaintiff.bounce.class IS 'hard, soft, policy, delayed or relayed';

COMMENT ON COLUMN plaintiff.bounce.status IS 'status by RFC 3463, if it says one';

COMMENT ON COLUMN plaintiff.bounce.recipient IS 'mailbox it speaks of; foreign text, made harmless';

COMMENT ON COLUMN plaintiff.bounce.own IS 'is that the one we wrote to, not one behind it';

COMMENT ON COLUMN plaintiff.bounce.diagnostic IS 'what the mail server said; foreign text, made harmless';

COMMENT ON COLUMN plaintiff.bounce.effect IS 'none, counted, held or suspended';

ALTER TABLE plaintiff.bounce ALTER COLUMN bounce ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME plaintiff.bounce_bounce_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE plaintiff.contact (
    contact integer NOT NULL,
    key text NOT NULL,
    mailbox text NOT NULL,
    state text DEFAULT 'active'::text NOT NULL,
    note text,
    created timestamp with time zone DEFAULT now() NOT NULL,
    merged_into integer,
    dead timestamp with time zone,
    state_why text,
    state_since timestamp with time zone,
    state_report bigint,
    control boolean DEFAULT false NOT NULL,
    mode text DEFAULT 'consolidated'::text NOT NULL,
    form text,
    language text,
    domain text,
    mx text,
    drawn timestamp with time zone,
    forced timestamp with time zone,
    mail_domain text,
    CONSTRAINT contact_check CHECK ((merged_into <> contact)),
    CONSTRAINT contact_language CHECK ((language = ANY (ARRAY['en'::text, 'de'::text, 'fr'::text]))),
    CONSTRAINT contact_mode CHECK ((mode = ANY (ARRAY['consolidated'::text, 'xarf'::text, 'text'::text, 'form'::text, 'held'::text]))),
    CONSTRAINT contact_state_check CHECK ((state = ANY (ARRAY['active'::text, 'held'::text, 'suspended'::text])))
);

COMMENT ON TABLE plaintiff.contact IS 'abuse mailboxes: one row a mailbox, however spelt';

COMMENT ON COLUMN plaintiff.contact.contact IS 'number used everywhere else';

COMMENT ON COLUMN plaintiff.contact.key IS 'mailbox in lower case, domain in A-labels, plus-tag removed';

COMMENT ON COLUMN plaintiff.contact.mailbox IS 'mailbox as first written; mail goes there';

COMMENT ON COLUMN plaintiff.contact.state IS 'active, held or suspended';

COMMENT ON COLUMN plaintiff.contact.note IS 'for people';

COMMENT ON COLUMN plaintiff.contact.created IS 'when it was first found';

COMMENT ON COLUMN plaintiff.contact.merged_into IS 'the administrator says that this is the same party: what would go here goes there';

COMMENT ON COLUMN plaintiff.contact.dead IS 'since when mail to it comes back for good: lookup takes another mailbox';

COMMENT ON COLUMN plaintiff.contact.state_why IS 'why bounce held or suspended it; foreign text, made harmless';

COMMENT ON COLUMN plaintiff.contact.state_since IS 'when it came into its state; what came back of earlier reports counts no more';

COMMENT ON COLUMN plaintiff.contact.state_report IS 'report that came back then';

COMMENT ON COLUMN plaintiff.contact.control IS 'in the share that is drawn by chance and not reported, to compare with';

COMMENT ON COLUMN plaintiff.contact.mode IS 'how it is told: consolidated, xarf, text, form or held; set by the administrator';

COMMENT ON COLUMN plaintiff.contact.form IS 'mode form: address of the form';

COMMENT ON COLUMN plaintiff.contact.language IS 'en, de or fr; null: by its country';

COMMENT ON COLUMN plaintiff.contact.domain IS 'registrable domain of the mailbox, for caps; null: not known yet';

COMMENT ON COLUMN plaintiff.contact.mx IS 'host that takes its mail, as in mail_domain, for caps; null: not known, the domain counts';

COMMENT ON COLUMN plaintiff.contact.drawn IS 'when it was drawn whether it is in the held share (control); null: not yet';

COMMENT ON COLUMN plaintiff.contact.forced IS 'when the administrator asked for a report below the thresholds; null: not, or done';

COMMENT ON COLUMN plaintiff.contact.mail_domain IS 'domain of its mailbox; null: lookup has not seen it yet';

CREATE TABLE plaintiff.report (
    report bigint NOT NULL,
    uuid uuid NOT NULL,
    contact integer NOT NULL,
    state text NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    changed timestamp with time zone DEFAULT now() NOT NULL,
    upto bigint NOT NULL,
    sources integer NOT NULL,
    events bigint NOT NULL,
    first timestamp with time zone NOT NULL,
    last timestamp with time zone NOT NULL,
    recipient text NOT NULL,
    subject text NOT NULL,
    owner text,
    tries integer DEFAULT 0 NOT NULL,
    next_try timestamp with time zone DEFAULT now() NOT NULL,
    said text,
    quiet tstzrange,
    given_back timestamp with time zone,
    CONSTRAINT report_check CHECK (((state = ANY (ARRAY['sending'::text, 'sent'::text, 'unknown'::text])) = (quiet IS NOT NULL))),
    CONSTRAINT report_check1 CHECK (((state <> ALL (ARRAY['sending'::text, 'unknown'::text])) OR (owner IS NOT NULL))),
    CONSTRAINT report_check2 CHECK (((given_back IS NULL) OR (state = 'failed'::text))),
    CONSTRAINT report_events_check CHECK ((events > 0)),
    CONSTRAINT report_quiet_check CHECK (((quiet IS NULL) OR ((NOT isempty(quiet)) AND (NOT upper_inf(quiet)) AND ((upper(quiet) - lower(quiet)) >= '168:00:00'::interval)))),
    CONSTRAINT report_sources_check CHECK ((sources > 0)),
    CONSTRAINT report_state_check CHECK ((state = ANY (ARRAY['held'::text, 'ready'::text, 'sending'::text, 'sent'::text, 'failed'::text, 'unknown'::text])))
);

COMMENT ON TABLE plaintiff.report IS 'what one contact is told at one time: one mail or several';

COMMENT ON COLUMN plaintiff.report.report IS 'number';

COMMENT ON COLUMN plaintiff.report.uuid IS 'id as the mail shows it';

COMMENT ON COLUMN plaintiff.report.contact IS 'to whom';

COMMENT ON COLUMN plaintiff.report.state IS 'held, ready, sending, sent, failed or unknown';

COMMENT ON COLUMN plaintiff.report.created IS 'when it was composed';

COMMENT ON COLUMN plaintiff.report.changed IS 'when its state last changed';

COMMENT ON COLUMN plaintiff.report.upto IS 'covers events stored up to here';

COMMENT ON COLUMN plaintiff.report.sources IS 'addresses in it';

COMMENT ON COLUMN plaintiff.report.events IS 'events in it';

COMMENT ON COLUMN plaintiff.report.first IS 'first log time in it';

COMMENT ON COLUMN plaintiff.report.last IS 'last log time in it';

COMMENT ON COLUMN plaintiff.report.recipient IS 'the one envelope recipient';

COMMENT ON COLUMN plaintiff.report.subject IS 'subject of its first mail, for lists';

COMMENT ON COLUMN plaintiff.report.owner IS 'deliver instance that has or had it';

COMMENT ON COLUMN plaintiff.report.tries IS 'times that the relay put off some mail of it';

COMMENT ON COLUMN plaintiff.report.next_try IS 'not before then';

COMMENT ON COLUMN plaintiff.report.said IS 'last answer of the relay';

COMMENT ON COLUMN plaintiff.report.quiet IS 'no other report to this contact in this time; the week as a constraint';

COMMENT ON COLUMN plaintiff.report.given_back IS 'state failed: since when its events are due again; null: they are not';

CREATE VIEW plaintiff.bounce_list; -- its text: schema/views

COMMENT ON VIEW plaintiff.bounce_list IS 'reports that came back, and why';

COMMENT ON COLUMN plaintiff.bounce_list.bounce IS 'number';

COMMENT ON COLUMN plaintiff.bounce_list.received IS 'when it was read';

COMMENT ON COLUMN plaintiff.bounce_list.class IS 'hard, soft, policy, delayed or relayed';

COMMENT ON COLUMN plaintiff.bounce_list.status IS 'status by RFC 3463, if it says one';

COMMENT ON COLUMN plaintiff.bounce_list.contact IS 'mailbox of the contact';

COMMENT ON COLUMN plaintiff.bounce_list.report IS 'report that came back';

COMMENT ON COLUMN plaintiff.bounce_list.effect IS 'none, counted, held or suspended: what it did to the contact';

COMMENT ON COLUMN plaintiff.bounce_list.recipient IS 'mailbox it speaks of; foreign text';

COMMENT ON COLUMN plaintiff.bounce_list.diagnostic IS 'what the mail server said; foreign text';

COMMENT ON COLUMN plaintiff.bounce_list.own IS 'is that the one we wrote to, not one behind it';

CREATE TABLE plaintiff.clock_tick (
    boot text NOT NULL,
    wall timestamp with time zone NOT NULL,
    up bigint NOT NULL
);

COMMENT ON TABLE plaintiff.clock_tick IS 'when each host of a hub last compared the database''s clock with its own time since boot';

COMMENT ON COLUMN plaintiff.clock_tick.boot IS 'id of the host''s boot';

COMMENT ON COLUMN plaintiff.clock_tick.wall IS 'the database''s clock';

COMMENT ON COLUMN plaintiff.clock_tick.up IS 'the host''s CLOCK_BOOTTIME, microseconds';

CREATE VIEW plaintiff.policy; -- its text: schema/views

COMMENT ON VIEW plaintiff.policy IS 'the settings that deciding goes by, as the session was told them; one row';

COMMENT ON COLUMN plaintiff.policy.since IS 'events before are not reported';

COMMENT ON COLUMN plaintiff.policy.every IS 'at most one report to a contact in this time';

COMMENT ON COLUMN plaintiff.policy.quorum_agents IS 'agents that must have seen an address';

COMMENT ON COLUMN plaintiff.policy.quorum_events IS 'or so many events where fewer have; 0: that does not do';

COMMENT ON COLUMN plaintiff.policy.login_since IS 'an address with a successful login is not reported';

COMMENT ON COLUMN plaintiff.policy.held_share IS 'percent of the contacts that are drawn not to be reported';

COMMENT ON COLUMN plaintiff.policy.domain_week IS 'reports to one registrable domain in a week; 0: no limit';

COMMENT ON COLUMN plaintiff.policy.mx_week IS 'reports to one mail host in a week; 0: no limit';

COMMENT ON COLUMN plaintiff.policy.new_day IS 'contacts reported for the first time in a day; 0: no limit';

COMMENT ON COLUMN plaintiff.policy.mails_hour IS 'reports in an hour; 0: no limit';

COMMENT ON COLUMN plaintiff.policy.unreportable IS 'prefixes that are never reported';

CREATE TABLE plaintiff.switch (
    one boolean DEFAULT true NOT NULL,
    stopped timestamp with time zone,
    why text,
    who text,
    clock_stopped timestamp with time zone,
    clock_apart interval,
    CONSTRAINT switch_check CHECK (((clock_stopped IS NULL) = (clock_apart IS NULL))),
    CONSTRAINT switch_one_check CHECK (one)
);

COMMENT ON TABLE plaintiff.switch IS 'the one row that stops all reports of all hubs';

COMMENT ON COLUMN plaintiff.switch.one IS 'there is one row';

COMMENT ON COLUMN plaintiff.switch.stopped IS 'since when the administrator has stopped everything; null: not';

COMMENT ON COLUMN plaintiff.switch.why IS 'why, for people';

COMMENT ON COLUMN plaintiff.switch.who IS 'who stopped it, or let it go, last';

COMMENT ON COLUMN plaintiff.switch.clock_stopped IS 'since when the clock is not believed; null: it is';

COMMENT ON COLUMN plaintiff.switch.clock_apart IS 'by how much the clock had moved when that was seen';

CREATE VIEW plaintiff.contact_brake; -- its text: schema/views

COMMENT ON VIEW plaintiff.contact_brake IS 'what keeps a contact that is due from being told now';

COMMENT ON COLUMN plaintiff.contact_brake.contact IS 'contact';

COMMENT ON COLUMN plaintiff.contact_brake.brake IS 'stopped, clock, new contacts, domain cap, mx cap or mails an hour; null: nothing';

ALTER TABLE plaintiff.contact ALTER COLUMN contact ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME plaintiff.contact_contact_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE plaintiff.reply (
    reply bigint NOT NULL,
    report bigint NOT NULL,
    hash bytea NOT NULL,
    received timestamp with time zone DEFAULT now() NOT NULL,
    verified boolean NOT NULL,
    automatic boolean NOT NULL,
    kind text NOT NULL,
    classified_by text DEFAULT 'hub'::text NOT NULL,
    ticket text,
    url text,
    sender text,
    subject text,
    text text NOT NULL,
    CONSTRAINT reply_classified_by_check CHECK ((classified_by = ANY (ARRAY['hub'::text, 'administrator'::text]))),
    CONSTRAINT reply_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT reply_kind_check CHECK ((kind = ANY (ARRAY['receipt'::text, 'away'::text, 'form'::text, 'not_ours'::text, 'forwarded'::text, 'fixed'::text, 'human'::text])))
);

COMMENT ON TABLE plaintiff.reply IS 'answers to reports, kept with them; never answered';

COMMENT ON COLUMN plaintiff.reply.reply IS 'number';

COMMENT ON COLUMN plaintiff.reply.report IS 'report that it answers';

COMMENT ON COLUMN plaintiff.reply.hash IS 'BLAKE2b of the message: read again it is the same';

COMMENT ON COLUMN plaintiff.reply.received IS 'when it arrived';

COMMENT ON COLUMN plaintiff.reply.verified IS 'came with a token of ours; otherwise it has no effect by itself';

COMMENT ON COLUMN plaintiff.reply.automatic IS 'says that a program wrote it';

COMMENT ON COLUMN plaintiff.reply.kind IS 'receipt, away, form, not_ours, forwarded, fixed or human';

COMMENT ON COLUMN plaintiff.reply.classified_by IS 'hub or administrator';

COMMENT ON COLUMN plaintiff.reply.ticket IS 'ticket number, if it names one';

COMMENT ON COLUMN plaintiff.reply.url IS 'form to use, if it names one; foreign text';

COMMENT ON COLUMN plaintiff.reply.sender IS 'From; foreign text, made harmless';

COMMENT ON COLUMN plaintiff.reply.subject IS 'Subject; foreign text, made harmless';

COMMENT ON COLUMN plaintiff.reply.text IS 'what it says, without what it quotes; foreign text, made harmless';

CREATE VIEW plaintiff.report_outcome; -- its text: schema/views

COMMENT ON VIEW plaintiff.report_outcome IS 'what became of each report that was sent';

COMMENT ON COLUMN plaintiff.report_outcome.report IS 'report';

COMMENT ON COLUMN plaintiff.report_outcome.contact IS 'contact (number)';

COMMENT ON COLUMN plaintiff.report_outcome.sent IS 'when it was handed over';

COMMENT ON COLUMN plaintiff.report_outcome.bounced IS 'did it come back?';

COMMENT ON COLUMN plaintiff.report_outcome.answered IS 'was there an answer that is more than a receipt?';

COMMENT ON COLUMN plaintiff.report_outcome.acknowledged IS 'did a program say that it has arrived?';

CREATE VIEW plaintiff.contact_effect; -- its text: schema/views

COMMENT ON VIEW plaintiff.contact_effect IS 'what reports to each contact brought about; days: plaintiff.effect_days of the session, 7';

COMMENT ON COLUMN plaintiff.contact_effect.contact IS 'mailbox';

COMMENT ON COLUMN plaintiff.contact_effect.state IS 'active, held or suspended';

COMMENT ON COLUMN plaintiff.contact_effect.control IS 'in the share that is not reported, to compare with';

COMMENT ON COLUMN plaintiff.contact_effect.reports IS 'reports that were sent';

COMMENT ON COLUMN plaintiff.contact_effect.bounced IS 'that came back';

COMMENT ON COLUMN plaintiff.contact_effect.answered IS 'that were answered';

COMMENT ON COLUMN plaintiff.contact_effect.acknowledged IS 'of which a program said that they have arrived';

COMMENT ON COLUMN plaintiff.contact_effect.silent IS 'of which nothing was heard';

COMMENT ON COLUMN plaintiff.contact_effect.cases IS 'addresses that can be judged: since their first report twice the days have passed';

COMMENT ON COLUMN plaintiff.contact_effect.stopped IS 'of those, quiet in the second half of that time';

CREATE TABLE plaintiff.contact_event (
    contact_event bigint NOT NULL,
    contact integer NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    what text NOT NULL,
    report bigint,
    status text,
    said text,
    judged timestamp with time zone,
    CONSTRAINT contact_event_what_check CHECK ((what = 'refused'::text))
);

COMMENT ON TABLE plaintiff.contact_event IS 'what happened to a contact';

COMMENT ON COLUMN plaintiff.contact_event.contact_event IS 'number';

COMMENT ON COLUMN plaintiff.contact_event.contact IS 'contact';

COMMENT ON COLUMN plaintiff.contact_event.at IS 'when';

COMMENT ON COLUMN plaintiff.contact_event.what IS 'refused';

COMMENT ON COLUMN plaintiff.contact_event.report IS 'about which report';

COMMENT ON COLUMN plaintiff.contact_event.status IS 'enhanced status code (RFC 3463), if one was given';

COMMENT ON COLUMN plaintiff.contact_event.said IS 'in whose words; foreign text';

COMMENT ON COLUMN plaintiff.contact_event.judged IS 'when stage bounce drew what follows from it';

ALTER TABLE plaintiff.contact_event ALTER COLUMN contact_event ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME plaintiff.contact_event_contact_event_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE plaintiff.escalation (
    escalation bigint NOT NULL,
    contact integer NOT NULL,
    why text NOT NULL,
    reports integer NOT NULL,
    asked timestamp with time zone DEFAULT now() NOT NULL,
    ended timestamp with time zone,
    CONSTRAINT escalation_why_check CHECK ((why = ANY (ARRAY['silence'::text, 'operator'::text])))
);

COMMENT ON TABLE plaintiff.escalation IS 'contacts past whom lookup goes on, to the next one up, while it is not ended';

COMMENT ON COLUMN plaintiff.escalation.escalation IS 'number';

COMMENT ON COLUMN plaintiff.escalation.contact IS 'contact that does not answer';

COMMENT ON COLUMN plaintiff.escalation.why IS 'silence or operator';

COMMENT ON COLUMN plaintiff.escalation.reports IS 'reports it had been sent in silence';

COMMENT ON COLUMN plaintiff.escalation.asked IS 'since when';

COMMENT ON COLUMN plaintiff.escalation.ended IS 'when an answer ended it';

CREATE VIEW plaintiff.contact_history; -- its text: schema/views

COMMENT ON VIEW plaintiff.contact_history IS 'all that was sent to each contact and heard from it';

COMMENT ON COLUMN plaintiff.contact_history.contact IS 'mailbox';

COMMENT ON COLUMN plaintiff.contact_history.at IS 'when';

COMMENT ON COLUMN plaintiff.contact_history.what IS 'what happened';

COMMENT ON COLUMN plaintiff.contact_history.report IS 'report that it is about';

COMMENT ON COLUMN plaintiff.contact_history.detail IS 'more; may hold foreign text';

CREATE TABLE plaintiff.source (
    address inet NOT NULL,
    contact integer,
    state text DEFAULT 'new'::text NOT NULL,
    asked timestamp with time zone,
    fresh_until timestamp with time zone,
    next_ask timestamp with time zone DEFAULT now() NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    lease_until timestamp with time zone,
    reported_upto bigint DEFAULT 0 NOT NULL,
    first_seen timestamp with time zone NOT NULL,
    last_seen timestamp with time zone NOT NULL,
    method text,
    network integer,
    asn bigint,
    route cidr,
    country text,
    net cidr GENERATED ALWAYS AS (network(set_masklen(address,
CASE family(address)
    WHEN 4 THEN 24
    ELSE 64
END))) STORED,
    pending bigint,
    counted bigint DEFAULT 0 NOT NULL,
    weighed_from timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    attempts integer[],
    logins integer[],
    agents integer[],
    CONSTRAINT source_asn_check CHECK (((asn >= 0) AND (asn <= '4294967295'::bigint))),
    CONSTRAINT source_check CHECK (((state = 'found'::text) = (contact IS NOT NULL))),
    CONSTRAINT source_check1 CHECK (((state <> 'found'::text) OR (fresh_until IS NOT NULL))),
    CONSTRAINT source_country_check CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT source_state_check CHECK ((state = ANY (ARRAY['new'::text, 'found'::text, 'none'::text, 'failed'::text, 'refused'::text])))
)
WITH (fillfactor='70');

COMMENT ON TABLE plaintiff.source IS 'accused addresses that may be reported, and who answers for them';

COMMENT ON COLUMN plaintiff.source.address IS 'accused address';

COMMENT ON COLUMN plaintiff.source.contact IS 'who answers for it, by a fresh answer';

COMMENT ON COLUMN plaintiff.source.state IS 'new, found, none, failed or refused';

COMMENT ON COLUMN plaintiff.source.asked IS 'when the present state was answered';

COMMENT ON COLUMN plaintiff.source.fresh_until IS 'until when the answer may be used: its own time, and lookup.stale_for more once asking again has failed';

COMMENT ON COLUMN plaintiff.source.next_ask IS 'when lookup asks (again)';

COMMENT ON COLUMN plaintiff.source.tries IS 'failed tries in a row';

COMMENT ON COLUMN plaintiff.source.lease_until IS 'claimed by a lookup process until then';

COMMENT ON COLUMN plaintiff.source.reported_upto IS 'events stored up to here are in some report of this address';

COMMENT ON COLUMN plaintiff.source.first_seen IS 'first log time';

COMMENT ON COLUMN plaintiff.source.last_seen IS 'last log time';

COMMENT ON COLUMN plaintiff.source.method IS 'which contact source the state is from, as in answer';

COMMENT ON COLUMN plaintiff.source.network IS 'registered range it is in, if RDAP was asked';

COMMENT ON COLUMN plaintiff.source.asn IS 'autonomous system that announces it, if known';

COMMENT ON COLUMN plaintiff.source.route IS 'prefix that it announces';

COMMENT ON COLUMN plaintiff.source.country IS 'country of its registration, if known; not where the machine is';

COMMENT ON COLUMN plaintiff.source.net IS 'what it is grouped by: its /24, or its /64';

COMMENT ON COLUMN plaintiff.source.pending IS 'no event that is in no report is stored below this; null: all are in some';

COMMENT ON COLUMN plaintiff.source.counted IS 'place in the order of storing of its newest event that may be reported';

COMMENT ON COLUMN plaintiff.source.weighed_from IS 'log time of the first event that attempts, logins and agents count; while it is within the window they are what thresholds ask for, later no less than that';

COMMENT ON COLUMN plaintiff.source.attempts IS 'events by kind, the number of the kind being the place';

COMMENT ON COLUMN plaintiff.source.logins IS 'login_hash of the logins tried, eight at most';

COMMENT ON COLUMN plaintiff.source.agents IS 'agents that sent its events first, eight at most';

CREATE VIEW plaintiff.contact_list; -- its text: schema/views

COMMENT ON VIEW plaintiff.contact_list IS 'abuse mailboxes and what they were sent';

COMMENT ON COLUMN plaintiff.contact_list.contact IS 'number';

COMMENT ON COLUMN plaintiff.contact_list.mailbox IS 'where mail goes';

COMMENT ON COLUMN plaintiff.contact_list.state IS 'active, held or suspended';

COMMENT ON COLUMN plaintiff.contact_list.state_why IS 'why it is not active, if a bounce did it; foreign text';

COMMENT ON COLUMN plaintiff.contact_list.addresses IS 'addresses it answers for now';

COMMENT ON COLUMN plaintiff.contact_list.reports IS 'reports composed for it';

COMMENT ON COLUMN plaintiff.contact_list.last_report IS 'when the newest was composed';

COMMENT ON COLUMN plaintiff.contact_list.quiet_until IS 'no other mail before then';

COMMENT ON COLUMN plaintiff.contact_list.merged IS 'where its mail goes instead';

COMMENT ON COLUMN plaintiff.contact_list.dead IS 'since when mail to it comes back for good';

COMMENT ON COLUMN plaintiff.contact_list.note IS 'for people';

COMMENT ON COLUMN plaintiff.contact_list.created IS 'when it was first found';

COMMENT ON COLUMN plaintiff.contact_list.mx IS 'host that takes its mail; null: not known';

CREATE TABLE plaintiff.contact_prefix (
    prefix cidr NOT NULL,
    contact integer NOT NULL,
    note text,
    made timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE plaintiff.contact_prefix IS 'who answers for a network, by the administrator; the longest prefix wins, before any other source';

COMMENT ON COLUMN plaintiff.contact_prefix.prefix IS 'network';

COMMENT ON COLUMN plaintiff.contact_prefix.contact IS 'who answers for it';

COMMENT ON COLUMN plaintiff.contact_prefix.note IS 'for people';

COMMENT ON COLUMN plaintiff.contact_prefix.made IS 'when it was set';

CREATE TABLE plaintiff.contact_refusal (
    pattern text NOT NULL,
    why text NOT NULL,
    origin text NOT NULL,
    active boolean DEFAULT true NOT NULL,
    changed timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT contact_refusal_origin_check CHECK ((origin = ANY (ARRAY['shipped'::text, 'administrator'::text]))),
    CONSTRAINT contact_refusal_pattern_check CHECK (((pattern = lower(pattern)) AND (pattern ~ '^[^@[:space:]]*@[^@[:space:]]*$'::text) AND (pattern <> '@'::text)))
);

COMMENT ON TABLE plaintiff.contact_refusal IS 'mailboxes that are never taken as a contact, whoever names them';

COMMENT ON COLUMN plaintiff.contact_refusal.pattern IS 'local@domain, @domain (and all below it) or local@ (in any domain)';

COMMENT ON COLUMN plaintiff.contact_refusal.why IS 'one sentence, for people';

COMMENT ON COLUMN plaintiff.contact_refusal.origin IS 'shipped or administrator';

COMMENT ON COLUMN plaintiff.contact_refusal.active IS 'false: the administrator accepts it after all';

COMMENT ON COLUMN plaintiff.contact_refusal.changed IS 'when it was set or changed';

CREATE VIEW plaintiff.contact_verdict; -- its text: schema/views

COMMENT ON VIEW plaintiff.contact_verdict IS 'whether a contact may be told anything now';

COMMENT ON COLUMN plaintiff.contact_verdict.contact IS 'contact';

COMMENT ON COLUMN plaintiff.contact_verdict.mailbox IS 'where mail goes';

COMMENT ON COLUMN plaintiff.contact_verdict.domain IS 'registrable domain of that';

COMMENT ON COLUMN plaintiff.contact_verdict.verdict IS 'null: may be, if the brakes allow; otherwise the first reason why not';

COMMENT ON COLUMN plaintiff.contact_verdict.open IS 'its report that is not over';

COMMENT ON COLUMN plaintiff.contact_verdict.open_state IS 'and the state of that';

COMMENT ON COLUMN plaintiff.contact_verdict.not_before IS 'its week is over then';

CREATE TABLE plaintiff.control_case (
    address inet NOT NULL,
    contact integer NOT NULL,
    due timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE plaintiff.control_case IS 'addresses of the held share, from when they would have been reported first';

COMMENT ON COLUMN plaintiff.control_case.address IS 'accused address';

COMMENT ON COLUMN plaintiff.control_case.contact IS 'who would have been told';

COMMENT ON COLUMN plaintiff.control_case.due IS 'when';

ALTER TABLE plaintiff.escalation ALTER COLUMN escalation ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME plaintiff.escalation_escalation_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE plaintiff.evidence (
    id uuid NOT NULL,
    line text NOT NULL,
    login text,
    ptr text
)
PARTITION BY RANGE (id);

COMMENT ON TABLE plaintiff.evidence IS 'what an event''s log line said; kept shorter than the event';

COMMENT ON COLUMN plaintiff.evidence.id IS 'event';

COMMENT ON COLUMN plaintiff.evidence.line IS 'message as logged, passwords removed';

COMMENT ON COLUMN plaintiff.evidence.login IS 'tried login as logged';

COMMENT ON COLUMN plaintiff.evidence.ptr IS 'client name as logged';

CREATE TABLE plaintiff.kind (
    kind smallint NOT NULL,
    name text NOT NULL
);

COMMENT ON TABLE plaintiff.kind IS 'kinds of events; the same numbers as on the wire';

COMMENT ON COLUMN plaintiff.kind.kind IS 'number, as in plaintiff.proto';

COMMENT ON COLUMN plaintiff.kind.name IS 'name, as in rules files and reports';

CREATE TABLE plaintiff.name (
    name integer NOT NULL,
    text text NOT NULL
);

COMMENT ON TABLE plaintiff.name IS 'texts that repeat (hosts, services, mechanisms, rules), once each';

COMMENT ON COLUMN plaintiff.name.name IS 'number used in event';

COMMENT ON COLUMN plaintiff.name.text IS 'the text';

CREATE VIEW plaintiff.event_list; -- its text: schema/views

COMMENT ON VIEW plaintiff.event_list IS 'events, with names in place of numbers';

COMMENT ON COLUMN plaintiff.event_list.id IS 'event';

COMMENT ON COLUMN plaintiff.event_list.stored IS 'order of storing';

COMMENT ON COLUMN plaintiff.event_list."time" IS 'time of the log line';

COMMENT ON COLUMN plaintiff.event_list.agent IS 'name of the agent that sent it first';

COMMENT ON COLUMN plaintiff.event_list.host IS 'host as logged';

COMMENT ON COLUMN plaintiff.event_list.service IS 'service as logged';

COMMENT ON COLUMN plaintiff.event_list.kind IS 'kind of event';

COMMENT ON COLUMN plaintiff.event_list.address IS 'the accused address';

COMMENT ON COLUMN plaintiff.event_list.port IS 'its port, if the line says';

COMMENT ON COLUMN plaintiff.event_list.destination IS 'our address, if known';

COMMENT ON COLUMN plaintiff.event_list.destination_port IS 'our port, if known';

COMMENT ON COLUMN plaintiff.event_list.mechanism IS 'SASL mechanism';

COMMENT ON COLUMN plaintiff.event_list.login IS 'tried login, while the evidence is kept; foreign text';

COMMENT ON COLUMN plaintiff.event_list.ptr IS 'client name as logged, while the evidence is kept; foreign text';

COMMENT ON COLUMN plaintiff.event_list.line IS 'message as logged, while the evidence is kept; foreign text';

COMMENT ON COLUMN plaintiff.event_list.rule IS 'rule that matched';

COMMENT ON COLUMN plaintiff.event_list.stale IS 'too old or too far ahead when it came: never reported';

CREATE TABLE plaintiff.outage (
    host text NOT NULL,
    minute timestamp with time zone NOT NULL
);

COMMENT ON TABLE plaintiff.outage IS 'minutes in which a login back end failed; written when events are counted';

COMMENT ON COLUMN plaintiff.outage.host IS 'host as logged, its first label';

COMMENT ON COLUMN plaintiff.outage.minute IS 'beginning of the minute of log time';

CREATE VIEW plaintiff.outage_day; -- its text: schema/views

COMMENT ON VIEW plaintiff.outage_day IS 'days of hosts of whose failed logins some accuse nobody';

COMMENT ON COLUMN plaintiff.outage_day.host IS 'host as logged (name)';

COMMENT ON COLUMN plaintiff.outage_day.day IS 'day of log time, UTC';

CREATE TABLE plaintiff.tally (
    address inet NOT NULL,
    kind smallint NOT NULL,
    host integer NOT NULL,
    day date NOT NULL,
    events integer NOT NULL,
    first timestamp with time zone NOT NULL,
    last timestamp with time zone NOT NULL,
    left_out integer DEFAULT 0 NOT NULL,
    stored bigint DEFAULT 0 NOT NULL,
    agents integer[],
    logins integer[]
);

COMMENT ON TABLE plaintiff.tally IS 'events counted by address, kind, host and day; thresholds and views read this';

COMMENT ON COLUMN plaintiff.tally.address IS 'accused address';

COMMENT ON COLUMN plaintiff.tally.kind IS 'kind';

COMMENT ON COLUMN plaintiff.tally.host IS 'host as logged (name)';

COMMENT ON COLUMN plaintiff.tally.day IS 'day of log time, UTC';

COMMENT ON COLUMN plaintiff.tally.events IS 'events';

COMMENT ON COLUMN plaintiff.tally.first IS 'first log time';

COMMENT ON COLUMN plaintiff.tally.last IS 'last log time';

COMMENT ON COLUMN plaintiff.tally.left_out IS 'of those, events that accuse nobody: stale, or of a login whose domain is not reported';

COMMENT ON COLUMN plaintiff.tally.stored IS 'highest place in the order of storing among its events';

COMMENT ON COLUMN plaintiff.tally.agents IS 'agents that sent its events first, eight at most; without those left out';

COMMENT ON COLUMN plaintiff.tally.logins IS 'login_hash of tried logins, eight at most; null when there were none or the evidence is past';

CREATE TABLE plaintiff.tor_exit (
    address inet NOT NULL,
    first timestamp with time zone NOT NULL,
    last timestamp with time zone NOT NULL,
    CONSTRAINT tor_exit_check CHECK ((first <= last))
);

COMMENT ON TABLE plaintiff.tor_exit IS 'when an address was an exit of Tor; times within a day of each other are one';

COMMENT ON COLUMN plaintiff.tor_exit.address IS 'the exit''s address';

COMMENT ON COLUMN plaintiff.tor_exit.first IS 'seen then, or may have been one since: no list before named it';

COMMENT ON COLUMN plaintiff.tor_exit.last IS 'seen last';

CREATE VIEW plaintiff.excused; -- its text: schema/views

COMMENT ON VIEW plaintiff.excused IS 'addresses of whose events some accuse nobody, by an outage of ours or by Tor: what they did is counted from events';

COMMENT ON COLUMN plaintiff.excused.address IS 'accused address';

CREATE TABLE plaintiff.heard (
    day date NOT NULL,
    what text NOT NULL,
    messages bigint NOT NULL,
    CONSTRAINT heard_what_check CHECK ((what = ANY (ARRAY['no_token'::text, 'bad_token'::text, 'unknown'::text, 'unsent'::text, 'late'::text, 'again'::text])))
);

COMMENT ON TABLE plaintiff.heard IS 'messages that were read and left alone, counted by day';

COMMENT ON COLUMN plaintiff.heard.day IS 'day, UTC';

COMMENT ON COLUMN plaintiff.heard.what IS 'no_token, bad_token, unknown, unsent, late or again';

COMMENT ON COLUMN plaintiff.heard.messages IS 'messages';

CREATE VIEW plaintiff.line_balance; -- its text: schema/views

COMMENT ON VIEW plaintiff.line_balance IS 'what each agent did with the log lines it read: remainder must be 0';

COMMENT ON COLUMN plaintiff.line_balance.agent IS 'name of the agent';

COMMENT ON COLUMN plaintiff.line_balance.outbox IS 'its outbox';

COMMENT ON COLUMN plaintiff.line_balance.lines IS 'log lines read';

COMMENT ON COLUMN plaintiff.line_balance.ignored IS 'lines without an event';

COMMENT ON COLUMN plaintiff.line_balance.unparsable IS 'lines without a known header';

COMMENT ON COLUMN plaintiff.line_balance.emitted IS 'events put into the outbox';

COMMENT ON COLUMN plaintiff.line_balance.repeated IS 'events dropped because the outbox had that id';

COMMENT ON COLUMN plaintiff.line_balance.unreportable IS 'events dropped by the agent''s own list';

COMMENT ON COLUMN plaintiff.line_balance.withheld IS 'events counted but not sent';

COMMENT ON COLUMN plaintiff.line_balance.remainder IS 'lines less all the others';

CREATE TABLE plaintiff.mail_domain (
    domain text NOT NULL,
    state text DEFAULT 'new'::text NOT NULL,
    mx text,
    asked timestamp with time zone,
    why text,
    tries integer DEFAULT 0 NOT NULL,
    next_ask timestamp with time zone DEFAULT now() NOT NULL,
    lease_until timestamp with time zone,
    CONSTRAINT mail_domain_check CHECK (((state = 'found'::text) = (mx IS NOT NULL))),
    CONSTRAINT mail_domain_state_check CHECK ((state = ANY (ARRAY['new'::text, 'found'::text, 'none'::text])))
);

COMMENT ON TABLE plaintiff.mail_domain IS 'domains of contacts'' mailboxes, and the host that takes their mail; lookup asks';

COMMENT ON COLUMN plaintiff.mail_domain.domain IS 'what stands behind the @, as in contact.key';

COMMENT ON COLUMN plaintiff.mail_domain.state IS 'new, found or none; a failure changes it not';

COMMENT ON COLUMN plaintiff.mail_domain.mx IS 'the host of the best preference, the first by bytes of equal ones; without MX records the domain';

COMMENT ON COLUMN plaintiff.mail_domain.asked IS 'when that was answered';

COMMENT ON COLUMN plaintiff.mail_domain.why IS 'why the last question failed; null: it did not';

COMMENT ON COLUMN plaintiff.mail_domain.tries IS 'failures in a row';

COMMENT ON COLUMN plaintiff.mail_domain.next_ask IS 'not asked for before then';

COMMENT ON COLUMN plaintiff.mail_domain.lease_until IS 'a lookup has it in hand until then';

ALTER TABLE plaintiff.name ALTER COLUMN name ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME plaintiff.name_name_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW plaintiff.threshold; -- its text: schema/views

COMMENT ON VIEW plaintiff.threshold IS 'the kinds that are reported, and from when on, as the session was told it; any of the three is enough';

COMMENT ON COLUMN plaintiff.threshold.kind IS 'kind';

COMMENT ON COLUMN plaintiff.threshold.tries IS 'so many events';

COMMENT ON COLUMN plaintiff.threshold.logins IS 'so many different logins tried; null: does not count';

COMMENT ON COLUMN plaintiff.threshold.agents IS 'so many agents that saw the address; null: does not count';

CREATE VIEW plaintiff.need; -- its text: schema/views

COMMENT ON VIEW plaintiff.need IS 'all thresholds in one row, for threshold_met';

COMMENT ON COLUMN plaintiff.need.tries IS 'events needed, the number of the kind being the place; null: not reported';

COMMENT ON COLUMN plaintiff.need.logins IS 'logins tried';

COMMENT ON COLUMN plaintiff.need.agents IS 'agents that saw it';

CREATE TABLE plaintiff.network (
    network integer NOT NULL,
    first inet NOT NULL,
    last inet NOT NULL,
    handle text,
    country text,
    asn bigint,
    state text NOT NULL,
    mailboxes text[] DEFAULT '{}'::text[] NOT NULL,
    said text,
    why text,
    asked timestamp with time zone DEFAULT now() NOT NULL,
    fresh_until timestamp with time zone NOT NULL,
    CONSTRAINT network_asn_check CHECK (((asn >= 1) AND (asn <= '4294967295'::bigint))),
    CONSTRAINT network_check CHECK (((family(first) = family(last)) AND (first <= last))),
    CONSTRAINT network_check1 CHECK (((state = 'found'::text) = (mailboxes <> '{}'::text[]))),
    CONSTRAINT network_country_check CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT network_state_check CHECK ((state = ANY (ARRAY['found'::text, 'none'::text, 'refused'::text])))
);

COMMENT ON TABLE plaintiff.network IS 'registered ranges, as an RDAP server gave them: an answer for all addresses in them';

COMMENT ON COLUMN plaintiff.network.network IS 'number';

COMMENT ON COLUMN plaintiff.network.first IS 'first address';

COMMENT ON COLUMN plaintiff.network.last IS 'last address';

COMMENT ON COLUMN plaintiff.network.handle IS 'its name at the registry; foreign text';

COMMENT ON COLUMN plaintiff.network.country IS 'country it is registered for';

COMMENT ON COLUMN plaintiff.network.asn IS 'autonomous system that announces it, where the registry says one';

COMMENT ON COLUMN plaintiff.network.state IS 'found, none or refused';

COMMENT ON COLUMN plaintiff.network.mailboxes IS 'all acceptable mailboxes, in order';

COMMENT ON COLUMN plaintiff.network.said IS 'what it said, made harmless';

COMMENT ON COLUMN plaintiff.network.why IS 'why it is none or refused';

COMMENT ON COLUMN plaintiff.network.asked IS 'when it was answered';

COMMENT ON COLUMN plaintiff.network.fresh_until IS 'until when it may be used';

CREATE TABLE plaintiff.report_source (
    report bigint NOT NULL,
    address inet NOT NULL,
    events bigint NOT NULL,
    first timestamp with time zone NOT NULL,
    last timestamp with time zone NOT NULL,
    stored_after bigint NOT NULL,
    stored_upto bigint NOT NULL,
    CONSTRAINT report_source_check CHECK ((stored_after < stored_upto)),
    CONSTRAINT report_source_events_check CHECK ((events > 0))
);

COMMENT ON TABLE plaintiff.report_source IS 'the addresses of a report';

COMMENT ON COLUMN plaintiff.report_source.report IS 'report';

COMMENT ON COLUMN plaintiff.report_source.address IS 'accused address';

COMMENT ON COLUMN plaintiff.report_source.events IS 'its events in this report';

COMMENT ON COLUMN plaintiff.report_source.first IS 'first log time';

COMMENT ON COLUMN plaintiff.report_source.last IS 'last log time';

COMMENT ON COLUMN plaintiff.report_source.stored_after IS 'covers its events with stored above this';

COMMENT ON COLUMN plaintiff.report_source.stored_upto IS 'and up to this';

CREATE VIEW plaintiff.source_network; -- its text: schema/views

COMMENT ON VIEW plaintiff.source_network IS 'what accused addresses are grouped by in statistics, a row each';

COMMENT ON COLUMN plaintiff.source_network.address IS 'accused address';

COMMENT ON COLUMN plaintiff.source_network.grouped IS 'asn or country';

COMMENT ON COLUMN plaintiff.source_network.name IS 'which autonomous system or country of registration; null: not known';

CREATE VIEW plaintiff.network_effect; -- its text: schema/views

COMMENT ON VIEW plaintiff.network_effect IS 'what reports brought about, by autonomous system and by country; days: plaintiff.effect_days of the session, 7';

COMMENT ON COLUMN plaintiff.network_effect.grouped IS 'asn or country';

COMMENT ON COLUMN plaintiff.network_effect.name IS 'which autonomous system or country of registration; null: not known';

COMMENT ON COLUMN plaintiff.network_effect.reports IS 'reports sent that named an address of it';

COMMENT ON COLUMN plaintiff.network_effect.bounced IS 'that came back';

COMMENT ON COLUMN plaintiff.network_effect.answered IS 'that were answered';

COMMENT ON COLUMN plaintiff.network_effect.acknowledged IS 'of which a program said that they have arrived';

COMMENT ON COLUMN plaintiff.network_effect.silent IS 'of which nothing was heard';

COMMENT ON COLUMN plaintiff.network_effect.cases IS 'addresses that can be judged: since their first report twice the days have passed';

COMMENT ON COLUMN plaintiff.network_effect.stopped IS 'of those, quiet in the second half of that time';

ALTER TABLE plaintiff.network ALTER COLUMN network ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME plaintiff.network_network_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE plaintiff.network_piece (
    piece cidr NOT NULL,
    network integer NOT NULL
);

COMMENT ON TABLE plaintiff.network_piece IS 'a registered range as prefixes, so that an index finds it';

COMMENT ON COLUMN plaintiff.network_piece.piece IS 'prefix';

COMMENT ON COLUMN plaintiff.network_piece.network IS 'range it is part of';

CREATE TABLE plaintiff.tor_answer (
    address inet NOT NULL,
    asked timestamp with time zone NOT NULL,
    verdict text NOT NULL,
    why text,
    span tstzrange,
    CONSTRAINT tor_answer_check CHECK (((verdict = 'no'::text) = (span IS NOT NULL))),
    CONSTRAINT tor_answer_check1 CHECK (((verdict = 'unknown'::text) = (why IS NOT NULL))),
    CONSTRAINT tor_answer_verdict_check CHECK ((verdict = ANY (ARRAY['exit'::text, 'no'::text, 'unknown'::text])))
);

COMMENT ON TABLE plaintiff.tor_answer IS 'what Tor''s DNS zone said of an address while there was no list';

COMMENT ON COLUMN plaintiff.tor_answer.address IS 'address that was asked for';

COMMENT ON COLUMN plaintiff.tor_answer.asked IS 'when';

COMMENT ON COLUMN plaintiff.tor_answer.verdict IS 'exit, no or unknown';

COMMENT ON COLUMN plaintiff.tor_answer.why IS 'why it is unknown';

COMMENT ON COLUMN plaintiff.tor_answer.span IS 'the time that a no answers for';

CREATE VIEW plaintiff.timely; -- its text: schema/views

COMMENT ON VIEW plaintiff.timely IS 'events that are not stale: all that may accuse an address that is neither in excused nor in allegedfix, unless only some logins'' domains are reported';

COMMENT ON COLUMN plaintiff.timely.id IS 'event';

COMMENT ON COLUMN plaintiff.timely.stored IS 'order of storing';

COMMENT ON COLUMN plaintiff.timely."time" IS 'time of the log line';

COMMENT ON COLUMN plaintiff.timely.agent IS 'agent that sent it first';

COMMENT ON COLUMN plaintiff.timely.host IS 'host as logged (name)';

COMMENT ON COLUMN plaintiff.timely.service IS 'service as logged (name)';

COMMENT ON COLUMN plaintiff.timely.kind IS 'kind of event';

COMMENT ON COLUMN plaintiff.timely.port IS 'source port, if the line says';

COMMENT ON COLUMN plaintiff.timely.destination IS 'our address, if known';

COMMENT ON COLUMN plaintiff.timely.destination_port IS 'our port, if known';

COMMENT ON COLUMN plaintiff.timely.address IS 'the accused address';

COMMENT ON COLUMN plaintiff.timely.tor_known IS 'is it known that the address was no exit of Tor then?';

CREATE VIEW plaintiff.reportable; -- its text: schema/views

COMMENT ON VIEW plaintiff.reportable IS 'events that may accuse somebody: not stale, not before an alleged fix, not of an exit of Tor, and no failed login while the login back end of its host was failing or of a domain that is not reported';

COMMENT ON COLUMN plaintiff.reportable.id IS 'event';

COMMENT ON COLUMN plaintiff.reportable.stored IS 'order of storing';

COMMENT ON COLUMN plaintiff.reportable."time" IS 'time of the log line';

COMMENT ON COLUMN plaintiff.reportable.agent IS 'agent that sent it first';

COMMENT ON COLUMN plaintiff.reportable.host IS 'host as logged (name)';

COMMENT ON COLUMN plaintiff.reportable.service IS 'service as logged (name)';

COMMENT ON COLUMN plaintiff.reportable.kind IS 'kind of event';

COMMENT ON COLUMN plaintiff.reportable.port IS 'source port, if the line says';

COMMENT ON COLUMN plaintiff.reportable.destination IS 'our address, if known';

COMMENT ON COLUMN plaintiff.reportable.destination_port IS 'our port, if known';

COMMENT ON COLUMN plaintiff.reportable.address IS 'the accused address';

COMMENT ON COLUMN plaintiff.reportable.tor_known IS 'is it known that the address was no exit of Tor then?';

CREATE VIEW plaintiff.tally_counting; -- its text: schema/views

COMMENT ON VIEW plaintiff.tally_counting IS 'tallies within the window, of the kinds that are reported and of logins: what thresholds count; of a day that is in it in part, less rather than more; events are read only for addresses that an outage or Tor excuses';

COMMENT ON COLUMN plaintiff.tally_counting.address IS 'accused address';

COMMENT ON COLUMN plaintiff.tally_counting.kind IS 'kind';

COMMENT ON COLUMN plaintiff.tally_counting.first IS 'first log time';

COMMENT ON COLUMN plaintiff.tally_counting.last IS 'last log time';

COMMENT ON COLUMN plaintiff.tally_counting.fixed IS 'when its contact said that the cause is gone';

COMMENT ON COLUMN plaintiff.tally_counting.tries IS 'events that count';

COMMENT ON COLUMN plaintiff.tally_counting.agents IS 'agents that sent them first';

COMMENT ON COLUMN plaintiff.tally_counting.logins IS 'login_hash of the logins tried';

CREATE VIEW plaintiff.tried; -- its text: schema/views

COMMENT ON VIEW plaintiff.tried IS 'what each address did within the window, added up from tallies; exact where what source says is not';

COMMENT ON COLUMN plaintiff.tried.address IS 'accused address';

COMMENT ON COLUMN plaintiff.tried.tries IS 'events of the kinds that are reported, the number of the kind being the place';

COMMENT ON COLUMN plaintiff.tried.logins IS 'different logins tried';

COMMENT ON COLUMN plaintiff.tried.agents IS 'different agents that saw it';

COMMENT ON COLUMN plaintiff.tried.fixed IS 'when its contact said that the cause is gone; what is counted came later';

COMMENT ON COLUMN plaintiff.tried.first_failure IS 'its first failed login';

COMMENT ON COLUMN plaintiff.tried.last_login IS 'its last successful one';

CREATE VIEW plaintiff.source_verdict; -- its text: schema/views

COMMENT ON VIEW plaintiff.source_verdict IS 'whether an accused address may be reported, whoever its contact is';

COMMENT ON COLUMN plaintiff.source_verdict.address IS 'accused address';

COMMENT ON COLUMN plaintiff.source_verdict.contact IS 'who answers for it';

COMMENT ON COLUMN plaintiff.source_verdict.place IS 'where its row of source is, until somebody changes it';

COMMENT ON COLUMN plaintiff.source_verdict.pending IS 'no event in no report is stored below this; null: all are in some';

COMMENT ON COLUMN plaintiff.source_verdict.reported_upto IS 'events stored up to here are in some report';

COMMENT ON COLUMN plaintiff.source_verdict.state IS 'of its contact';

COMMENT ON COLUMN plaintiff.source_verdict.method IS 'which contact source that is from';

COMMENT ON COLUMN plaintiff.source_verdict.asked IS 'when that was answered';

COMMENT ON COLUMN plaintiff.source_verdict.fresh_until IS 'until when the contact is believed';

COMMENT ON COLUMN plaintiff.source_verdict.next_ask IS 'when the contact is asked for';

COMMENT ON COLUMN plaintiff.source_verdict.country IS 'country of its registration, if known';

COMMENT ON COLUMN plaintiff.source_verdict.asn IS 'autonomous system that announces it, if known';

COMMENT ON COLUMN plaintiff.source_verdict.weighed_from IS 'its events within the window began then, or later';

COMMENT ON COLUMN plaintiff.source_verdict.last_seen IS 'last log time';

COMMENT ON COLUMN plaintiff.source_verdict.fixed IS 'when its contact said that the cause is gone';

COMMENT ON COLUMN plaintiff.source_verdict.worth IS 'false: under threshold for sure; quicker to ask than the verdict';

COMMENT ON COLUMN plaintiff.source_verdict.verdict IS 'null: may be; otherwise the first reason why not, as in not_reported';

CREATE TABLE plaintiff.watermark (
    name text NOT NULL,
    stored bigint NOT NULL
);

COMMENT ON TABLE plaintiff.watermark IS 'how far the events were counted already';

COMMENT ON COLUMN plaintiff.watermark.name IS 'who counts';

COMMENT ON COLUMN plaintiff.watermark.stored IS 'event.stored up to which it has';

CREATE VIEW plaintiff.not_reported; -- its text: schema/views

COMMENT ON VIEW plaintiff.not_reported IS 'addresses with events that are in no report, and why';

COMMENT ON COLUMN plaintiff.not_reported.address IS 'accused address';

COMMENT ON COLUMN plaintiff.not_reported.contact IS 'mailbox of its contact';

COMMENT ON COLUMN plaintiff.not_reported.events IS 'its events that are in no report';

COMMENT ON COLUMN plaintiff.not_reported.first IS 'first log time of those';

COMMENT ON COLUMN plaintiff.not_reported.last IS 'last log time of those';

COMMENT ON COLUMN plaintiff.not_reported.reason IS 'the first thing that is in the way, or due: docs/schema.md explains each';

COMMENT ON COLUMN plaintiff.not_reported.detail IS 'what the contact source or the administrator said; foreign text';

COMMENT ON COLUMN plaintiff.not_reported.not_before IS 'when this is looked at again, if known';

CREATE VIEW plaintiff.offender_list; -- its text: schema/views

COMMENT ON VIEW plaintiff.offender_list IS 'accused addresses: what they did where, and who answers for them';

COMMENT ON COLUMN plaintiff.offender_list.address IS 'accused address';

COMMENT ON COLUMN plaintiff.offender_list.events IS 'events counted so far';

COMMENT ON COLUMN plaintiff.offender_list.hosts IS 'hosts that logged it';

COMMENT ON COLUMN plaintiff.offender_list.kinds IS 'kinds of its events';

COMMENT ON COLUMN plaintiff.offender_list.first IS 'first log time';

COMMENT ON COLUMN plaintiff.offender_list.last IS 'last log time';

COMMENT ON COLUMN plaintiff.offender_list.state IS 'of its contact: new, found, none, failed or refused; null: nothing of it is reported';

COMMENT ON COLUMN plaintiff.offender_list.contact IS 'mailbox of its contact';

COMMENT ON COLUMN plaintiff.offender_list.asked IS 'when the contact was answered';

COMMENT ON COLUMN plaintiff.offender_list.report IS 'newest report it is in';

CREATE TABLE plaintiff.rdap_server (
    server text NOT NULL,
    not_before timestamp with time zone NOT NULL,
    noted timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE plaintiff.rdap_server IS 'servers that asked us to wait (Retry-After); nothing is asked there before';

COMMENT ON COLUMN plaintiff.rdap_server.server IS 'base of its addresses, as in bootstrap';

COMMENT ON COLUMN plaintiff.rdap_server.not_before IS 'not before then';

COMMENT ON COLUMN plaintiff.rdap_server.noted IS 'when it said so';

CREATE VIEW plaintiff.reply_list; -- its text: schema/views

COMMENT ON VIEW plaintiff.reply_list IS 'answers to reports, without their text';

COMMENT ON COLUMN plaintiff.reply_list.reply IS 'number';

COMMENT ON COLUMN plaintiff.reply_list.received IS 'when it arrived';

COMMENT ON COLUMN plaintiff.reply_list.kind IS 'receipt, away, form, not_ours, forwarded, fixed or human';

COMMENT ON COLUMN plaintiff.reply_list.contact IS 'mailbox of the contact';

COMMENT ON COLUMN plaintiff.reply_list.report IS 'report that it answers';

COMMENT ON COLUMN plaintiff.reply_list.ticket IS 'ticket number; foreign text';

COMMENT ON COLUMN plaintiff.reply_list.subject IS 'Subject; foreign text';

COMMENT ON COLUMN plaintiff.reply_list.sender IS 'From; foreign text';

COMMENT ON COLUMN plaintiff.reply_list.url IS 'form to use; foreign text';

COMMENT ON COLUMN plaintiff.reply_list.verified IS 'came with a token of ours';

COMMENT ON COLUMN plaintiff.reply_list.automatic IS 'says that a program wrote it';

COMMENT ON COLUMN plaintiff.reply_list.classified_by IS 'hub or administrator';

ALTER TABLE plaintiff.reply ALTER COLUMN reply ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME plaintiff.reply_reply_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE plaintiff.report_mail (
    report bigint NOT NULL,
    n integer NOT NULL,
    state text DEFAULT 'ready'::text NOT NULL,
    changed timestamp with time zone DEFAULT now() NOT NULL,
    message_id text NOT NULL,
    sender text,
    subject text NOT NULL,
    mail bytea NOT NULL,
    said text,
    claimed timestamp with time zone,
    log_from text,
    CONSTRAINT report_mail_check CHECK (((state <> ALL (ARRAY['sending'::text, 'unknown'::text])) OR (claimed IS NOT NULL))),
    CONSTRAINT report_mail_n_check CHECK ((n > 0)),
    CONSTRAINT report_mail_state_check CHECK ((state = ANY (ARRAY['ready'::text, 'sending'::text, 'sent'::text, 'failed'::text, 'unknown'::text])))
)
WITH (toast_tuple_target='128', fillfactor='60');
ALTER TABLE ONLY plaintiff.report_mail ALTER COLUMN mail SET COMPRESSION lz4;

COMMENT ON TABLE plaintiff.report_mail IS 'the mails of a report, each stored whole';

COMMENT ON COLUMN plaintiff.report_mail.report IS 'report';

COMMENT ON COLUMN plaintiff.report_mail.n IS 'its number in the report, from 1';

COMMENT ON COLUMN plaintiff.report_mail.state IS 'ready, sending, sent, failed or unknown';

COMMENT ON COLUMN plaintiff.report_mail.changed IS 'when its state last changed';

COMMENT ON COLUMN plaintiff.report_mail.message_id IS 'Message-ID, without the brackets';

COMMENT ON COLUMN plaintiff.report_mail.sender IS 'envelope sender; null: report.from of the settings';

COMMENT ON COLUMN plaintiff.report_mail.subject IS 'subject, for lists';

COMMENT ON COLUMN plaintiff.report_mail.mail IS 'the exact bytes that are sent';

COMMENT ON COLUMN plaintiff.report_mail.said IS 'last answer of the relay, or what is known of it; foreign text';

COMMENT ON COLUMN plaintiff.report_mail.claimed IS 'when deliver last took it in hand: no two tries have the same';

COMMENT ON COLUMN plaintiff.report_mail.log_from IS 'place in the relay''s log from which on that try would show';

CREATE VIEW plaintiff.report_balance; -- its text: schema/views

COMMENT ON VIEW plaintiff.report_balance IS 'reports against what they are made of: each remainder must be 0';

COMMENT ON COLUMN plaintiff.report_balance.item IS 'what is compared';

COMMENT ON COLUMN plaintiff.report_balance.expected IS 'what it should be';

COMMENT ON COLUMN plaintiff.report_balance.counted IS 'what there is';

COMMENT ON COLUMN plaintiff.report_balance.remainder IS 'expected less counted';

CREATE VIEW plaintiff.report_list; -- its text: schema/views

COMMENT ON VIEW plaintiff.report_list IS 'reports, without the mails themselves';

COMMENT ON COLUMN plaintiff.report_list.report IS 'number';

COMMENT ON COLUMN plaintiff.report_list.state IS 'held, ready, sending, sent, failed or unknown';

COMMENT ON COLUMN plaintiff.report_list.created IS 'when it was composed';

COMMENT ON COLUMN plaintiff.report_list.changed IS 'when its state last changed';

COMMENT ON COLUMN plaintiff.report_list.contact IS 'mailbox of the contact';

COMMENT ON COLUMN plaintiff.report_list.recipient IS 'the one envelope recipient';

COMMENT ON COLUMN plaintiff.report_list.sources IS 'addresses in it';

COMMENT ON COLUMN plaintiff.report_list.events IS 'events in it';

COMMENT ON COLUMN plaintiff.report_list.first IS 'first log time in it';

COMMENT ON COLUMN plaintiff.report_list.last IS 'last log time in it';

COMMENT ON COLUMN plaintiff.report_list.subject IS 'subject of its first mail';

COMMENT ON COLUMN plaintiff.report_list.tries IS 'times that the relay put off some mail of it';

COMMENT ON COLUMN plaintiff.report_list.next_try IS 'not before then';

COMMENT ON COLUMN plaintiff.report_list.said IS 'last answer of the relay; foreign text';

COMMENT ON COLUMN plaintiff.report_list.owner IS 'deliver instance that has or had it';

COMMENT ON COLUMN plaintiff.report_list.quiet_until IS 'no other mail to this contact before then';

COMMENT ON COLUMN plaintiff.report_list.mails IS 'mails that it consists of';

COMMENT ON COLUMN plaintiff.report_list.mails_sent IS 'how many of them were sent';

COMMENT ON COLUMN plaintiff.report_list.bytes IS 'size of its mails';

COMMENT ON COLUMN plaintiff.report_list.uuid IS 'id as the mail shows it';

COMMENT ON COLUMN plaintiff.report_list.message_id IS 'Message-ID of its first mail, without the brackets';

ALTER TABLE plaintiff.report ALTER COLUMN report ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME plaintiff.report_report_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE plaintiff.schema_migration (
    number integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE plaintiff.schema_migration IS 'what plaintiff schema upgrade has done';

COMMENT ON COLUMN plaintiff.schema_migration.number IS 'number of the migration; 0: views and roles';

COMMENT ON COLUMN plaintiff.schema_migration.name IS 'its name';

COMMENT ON COLUMN plaintiff.schema_migration.checksum IS 'SHA-256 of its text';

COMMENT ON COLUMN plaintiff.schema_migration.applied IS 'when';

CREATE TABLE plaintiff.stored_mark (
    stored bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

COMMENT ON TABLE plaintiff.stored_mark IS 'how far events were counted, and since when; what report.settle looks at';

COMMENT ON COLUMN plaintiff.stored_mark.stored IS 'place in the order of storing up to which they were';

COMMENT ON COLUMN plaintiff.stored_mark.at IS 'when report saw that';

CREATE TABLE plaintiff.tor_fetch (
    one boolean DEFAULT true NOT NULL,
    tried timestamp with time zone NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    next_try timestamp with time zone DEFAULT now() NOT NULL,
    lease_until timestamp with time zone,
    fetched timestamp with time zone,
    newest timestamp with time zone,
    entries integer DEFAULT 0 NOT NULL,
    why text,
    CONSTRAINT tor_fetch_one_check CHECK (one)
);

COMMENT ON TABLE plaintiff.tor_fetch IS 'how fetching Tor''s list goes; no row: nobody has tried yet';

COMMENT ON COLUMN plaintiff.tor_fetch.one IS 'there is one row';

COMMENT ON COLUMN plaintiff.tor_fetch.tried IS 'when a list was asked for last';

COMMENT ON COLUMN plaintiff.tor_fetch.tries IS 'failed tries in a row';

COMMENT ON COLUMN plaintiff.tor_fetch.next_try IS 'not before then';

COMMENT ON COLUMN plaintiff.tor_fetch.lease_until IS 'a lookup process is at it until then';

COMMENT ON COLUMN plaintiff.tor_fetch.fetched IS 'when the last good list was asked for';

COMMENT ON COLUMN plaintiff.tor_fetch.newest IS 'newest test in that list';

COMMENT ON COLUMN plaintiff.tor_fetch.entries IS 'addresses in that list';

COMMENT ON COLUMN plaintiff.tor_fetch.why IS 'why the last try failed';

CREATE VIEW plaintiff.tor_left_out; -- its text: schema/views

COMMENT ON VIEW plaintiff.tor_left_out IS 'events within report.days that accuse nobody, since the address was an exit of Tor then';

COMMENT ON COLUMN plaintiff.tor_left_out.id IS 'event';

COMMENT ON COLUMN plaintiff.tor_left_out."time" IS 'time of the log line';

COMMENT ON COLUMN plaintiff.tor_left_out.address IS 'the exit''s address';

CREATE VIEW plaintiff.tor_waiting; -- its text: schema/views

COMMENT ON VIEW plaintiff.tor_waiting IS 'addresses with a contact that are in no report yet, since nobody knows whether they were exits of Tor';

COMMENT ON COLUMN plaintiff.tor_waiting.address IS 'accused address';

COMMENT ON COLUMN plaintiff.tor_waiting.events IS 'its events of unknown times';

COMMENT ON COLUMN plaintiff.tor_waiting.first IS 'first log time of those';

COMMENT ON COLUMN plaintiff.tor_waiting.last IS 'last log time of those';

ALTER TABLE ONLY plaintiff.agent_address
    ADD CONSTRAINT agent_address_pkey PRIMARY KEY (agent, address);

ALTER TABLE ONLY plaintiff.agent_day
    ADD CONSTRAINT agent_day_pkey PRIMARY KEY (agent, day);

ALTER TABLE ONLY plaintiff.agent
    ADD CONSTRAINT agent_key_key UNIQUE (key);

ALTER TABLE ONLY plaintiff.agent
    ADD CONSTRAINT agent_name_key UNIQUE (name);

ALTER TABLE ONLY plaintiff.agent_outbox
    ADD CONSTRAINT agent_outbox_pkey PRIMARY KEY (agent, outbox);

ALTER TABLE ONLY plaintiff.agent_past
    ADD CONSTRAINT agent_past_pkey PRIMARY KEY (agent, day);

ALTER TABLE ONLY plaintiff.agent
    ADD CONSTRAINT agent_pkey PRIMARY KEY (agent);

ALTER TABLE ONLY plaintiff.allegedfix
    ADD CONSTRAINT allegedfix_pkey PRIMARY KEY (address);

ALTER TABLE ONLY plaintiff.allow_mailbox
    ADD CONSTRAINT allow_mailbox_pkey PRIMARY KEY (key);

ALTER TABLE ONLY plaintiff.allow_prefix
    ADD CONSTRAINT allow_prefix_pkey PRIMARY KEY (prefix);

ALTER TABLE ONLY plaintiff.answer
    ADD CONSTRAINT answer_pkey PRIMARY KEY (answer);

ALTER TABLE ONLY plaintiff.bootstrap_file
    ADD CONSTRAINT bootstrap_file_pkey PRIMARY KEY (family);

ALTER TABLE ONLY plaintiff.bootstrap
    ADD CONSTRAINT bootstrap_pkey PRIMARY KEY (prefix);

ALTER TABLE ONLY plaintiff.bounce
    ADD CONSTRAINT bounce_hash_key UNIQUE (hash);

ALTER TABLE ONLY plaintiff.bounce
    ADD CONSTRAINT bounce_pkey PRIMARY KEY (bounce);

ALTER TABLE ONLY plaintiff.bounce
    ADD CONSTRAINT bounce_report_class_key UNIQUE (report, class);

ALTER TABLE ONLY plaintiff.clock_tick
    ADD CONSTRAINT clock_tick_pkey PRIMARY KEY (boot);

ALTER TABLE ONLY plaintiff.contact_event
    ADD CONSTRAINT contact_event_pkey PRIMARY KEY (contact_event);

ALTER TABLE ONLY plaintiff.contact
    ADD CONSTRAINT contact_key_key UNIQUE (key);

ALTER TABLE ONLY plaintiff.contact
    ADD CONSTRAINT contact_pkey PRIMARY KEY (contact);

ALTER TABLE ONLY plaintiff.contact_prefix
    ADD CONSTRAINT contact_prefix_pkey PRIMARY KEY (prefix);

ALTER TABLE ONLY plaintiff.contact_refusal
    ADD CONSTRAINT contact_refusal_pkey PRIMARY KEY (pattern);

ALTER TABLE ONLY plaintiff.control_case
    ADD CONSTRAINT control_case_pkey PRIMARY KEY (address);

ALTER TABLE ONLY plaintiff.escalation
    ADD CONSTRAINT escalation_pkey PRIMARY KEY (escalation);

ALTER TABLE ONLY plaintiff.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (id);

ALTER TABLE ONLY plaintiff.evidence
    ADD CONSTRAINT evidence_pkey PRIMARY KEY (id);

ALTER TABLE ONLY plaintiff.heard
    ADD CONSTRAINT heard_pkey PRIMARY KEY (day, what);

ALTER TABLE ONLY plaintiff.kind
    ADD CONSTRAINT kind_name_key UNIQUE (name);

ALTER TABLE ONLY plaintiff.kind
    ADD CONSTRAINT kind_pkey PRIMARY KEY (kind);

ALTER TABLE ONLY plaintiff.mail_domain
    ADD CONSTRAINT mail_domain_pkey PRIMARY KEY (domain);

ALTER TABLE ONLY plaintiff.name
    ADD CONSTRAINT name_pkey PRIMARY KEY (name);

ALTER TABLE ONLY plaintiff.name
    ADD CONSTRAINT name_text_key UNIQUE (text);

ALTER TABLE ONLY plaintiff.network
    ADD CONSTRAINT network_first_last_key UNIQUE (first, last);

ALTER TABLE ONLY plaintiff.network_piece
    ADD CONSTRAINT network_piece_pkey PRIMARY KEY (network, piece);

ALTER TABLE ONLY plaintiff.network
    ADD CONSTRAINT network_pkey PRIMARY KEY (network);

ALTER TABLE ONLY plaintiff.outage
    ADD CONSTRAINT outage_pkey PRIMARY KEY (host, minute);

ALTER TABLE ONLY plaintiff.rdap_server
    ADD CONSTRAINT rdap_server_pkey PRIMARY KEY (server);

ALTER TABLE ONLY plaintiff.reply
    ADD CONSTRAINT reply_hash_key UNIQUE (hash);

ALTER TABLE ONLY plaintiff.reply
    ADD CONSTRAINT reply_pkey PRIMARY KEY (reply);

ALTER TABLE ONLY plaintiff.report_mail
    ADD CONSTRAINT report_mail_message_id_key UNIQUE (message_id);

ALTER TABLE ONLY plaintiff.report_mail
    ADD CONSTRAINT report_mail_pkey PRIMARY KEY (report, n);

ALTER TABLE ONLY plaintiff.report
    ADD CONSTRAINT report_pkey PRIMARY KEY (report);

ALTER TABLE ONLY plaintiff.report_source
    ADD CONSTRAINT report_source_pkey PRIMARY KEY (report, address);

ALTER TABLE ONLY plaintiff.report
    ADD CONSTRAINT report_uuid_key UNIQUE (uuid);

ALTER TABLE ONLY plaintiff.report
    ADD CONSTRAINT report_week EXCLUDE USING gist (contact WITH =, quiet WITH &&) DEFERRABLE;

ALTER TABLE ONLY plaintiff.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (number);

ALTER TABLE ONLY plaintiff.set_aside
    ADD CONSTRAINT set_aside_pkey PRIMARY KEY (agent, id);

ALTER TABLE ONLY plaintiff.source
    ADD CONSTRAINT source_pkey PRIMARY KEY (address);

ALTER TABLE ONLY plaintiff.stored_mark
    ADD CONSTRAINT stored_mark_pkey PRIMARY KEY (stored);

ALTER TABLE ONLY plaintiff.switch
    ADD CONSTRAINT switch_pkey PRIMARY KEY (one);

ALTER TABLE ONLY plaintiff.tally
    ADD CONSTRAINT tally_pkey PRIMARY KEY (address, kind, host, day);

ALTER TABLE ONLY plaintiff.tor_answer
    ADD CONSTRAINT tor_answer_pkey PRIMARY KEY (address, asked);

ALTER TABLE ONLY plaintiff.tor_cover
    ADD CONSTRAINT tor_cover_pkey PRIMARY KEY (span);

ALTER TABLE ONLY plaintiff.tor_exit
    ADD CONSTRAINT tor_exit_pkey PRIMARY KEY (address, first);

ALTER TABLE ONLY plaintiff.tor_fetch
    ADD CONSTRAINT tor_fetch_pkey PRIMARY KEY (one);

ALTER TABLE ONLY plaintiff.watermark
    ADD CONSTRAINT watermark_pkey PRIMARY KEY (name);

ALTER TABLE ONLY plaintiff.witness
    ADD CONSTRAINT witness_pkey PRIMARY KEY (event, agent);

CREATE INDEX allegedfix_reply ON plaintiff.allegedfix USING btree (reply);

CREATE INDEX allegedfix_report ON plaintiff.allegedfix USING btree (report);

CREATE INDEX allow_prefix_in ON plaintiff.allow_prefix USING spgist (prefix);

CREATE INDEX answer_address ON plaintiff.answer USING btree (address, asked);

CREATE INDEX bootstrap_within ON plaintiff.bootstrap USING spgist (prefix);

CREATE INDEX contact_event_contact ON plaintiff.contact_event USING btree (contact, at);

CREATE INDEX contact_event_report ON plaintiff.contact_event USING btree (report);

CREATE INDEX contact_event_unjudged ON plaintiff.contact_event USING btree (contact_event) WHERE (judged IS NULL);

CREATE INDEX contact_forced ON plaintiff.contact USING btree (contact) WHERE (forced IS NOT NULL);

CREATE INDEX contact_mail_domain ON plaintiff.contact USING btree (mail_domain);

CREATE INDEX contact_mail_domainless ON plaintiff.contact USING btree (contact) WHERE (mail_domain IS NULL);

CREATE INDEX contact_prefix_within ON plaintiff.contact_prefix USING spgist (prefix);

CREATE INDEX contact_state_report ON plaintiff.contact USING btree (state_report) WHERE (state_report IS NOT NULL);

CREATE UNIQUE INDEX escalation_open ON plaintiff.escalation USING btree (contact) WHERE (ended IS NULL);

CREATE INDEX event_address ON ONLY plaintiff.event USING btree (address);

CREATE INDEX event_held ON ONLY plaintiff.event USING btree (agent) WHERE (stored IS NULL);

CREATE INDEX event_stored ON ONLY plaintiff.event USING brin (stored) WITH (pages_per_range='16', autosummarize='on');

CREATE INDEX mail_domain_ask ON plaintiff.mail_domain USING btree (next_ask);

CREATE INDEX mail_domain_none ON plaintiff.mail_domain USING btree (domain) WHERE (state = 'none'::text);

CREATE INDEX network_piece_within ON plaintiff.network_piece USING spgist (piece);

CREATE INDEX reply_report ON plaintiff.reply USING btree (report);

CREATE INDEX report_began ON plaintiff.report USING btree (lower(quiet)) WHERE (quiet IS NOT NULL);

CREATE INDEX report_contact ON plaintiff.report USING btree (contact, created);

CREATE INDEX report_created ON plaintiff.report USING btree (created);

CREATE UNIQUE INDEX report_open ON plaintiff.report USING btree (contact) WHERE (state = ANY (ARRAY['held'::text, 'ready'::text, 'sending'::text, 'unknown'::text]));

CREATE INDEX report_source_address ON plaintiff.report_source USING btree (address);

CREATE INDEX report_state ON plaintiff.report USING btree (state, next_try, report);

CREATE INDEX source_ask ON plaintiff.source USING btree (next_ask);

CREATE INDEX source_contact ON plaintiff.source USING btree (contact) WHERE (contact IS NOT NULL);

CREATE INDEX tally_day ON plaintiff.tally USING btree (day, host);

CREATE INDEX tally_login ON plaintiff.tally USING btree (address) WHERE (kind = 14);

CREATE INDEX tally_logins ON plaintiff.tally USING btree (day) WHERE (logins IS NOT NULL);

CREATE TRIGGER report_gone AFTER DELETE ON plaintiff.report REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION plaintiff.report_gone();

ALTER TABLE ONLY plaintiff.agent_address
    ADD CONSTRAINT agent_address_agent_fkey FOREIGN KEY (agent) REFERENCES plaintiff.agent(agent) ON DELETE CASCADE;

ALTER TABLE ONLY plaintiff.agent_day
    ADD CONSTRAINT agent_day_agent_fkey FOREIGN KEY (agent) REFERENCES plaintiff.agent(agent) ON DELETE CASCADE;

ALTER TABLE ONLY plaintiff.agent_outbox
    ADD CONSTRAINT agent_outbox_agent_fkey FOREIGN KEY (agent) REFERENCES plaintiff.agent(agent) ON DELETE CASCADE;

ALTER TABLE ONLY plaintiff.agent_past
    ADD CONSTRAINT agent_past_agent_fkey FOREIGN KEY (agent) REFERENCES plaintiff.agent(agent) ON DELETE CASCADE;

ALTER TABLE ONLY plaintiff.allegedfix
    ADD CONSTRAINT allegedfix_reply_fkey FOREIGN KEY (reply) REFERENCES plaintiff.reply(reply) ON DELETE SET NULL;

ALTER TABLE ONLY plaintiff.allegedfix
    ADD CONSTRAINT allegedfix_report_fkey FOREIGN KEY (report) REFERENCES plaintiff.report(report) ON DELETE SET NULL;

ALTER TABLE ONLY plaintiff.answer
    ADD CONSTRAINT answer_contact_fkey FOREIGN KEY (contact) REFERENCES plaintiff.contact(contact);

ALTER TABLE ONLY plaintiff.answer
    ADD CONSTRAINT answer_network_fkey FOREIGN KEY (network) REFERENCES plaintiff.network(network) ON DELETE SET NULL;

ALTER TABLE ONLY plaintiff.bounce
    ADD CONSTRAINT bounce_report_fkey FOREIGN KEY (report) REFERENCES plaintiff.report(report) ON DELETE CASCADE;

ALTER TABLE ONLY plaintiff.contact_event
    ADD CONSTRAINT contact_event_contact_fkey FOREIGN KEY (contact) REFERENCES plaintiff.contact(contact);

ALTER TABLE ONLY plaintiff.contact_event
    ADD CONSTRAINT contact_event_report_fkey FOREIGN KEY (report) REFERENCES plaintiff.report(report) ON DELETE SET NULL;

ALTER TABLE ONLY plaintiff.contact
    ADD CONSTRAINT contact_mail_domain_fkey FOREIGN KEY (mail_domain) REFERENCES plaintiff.mail_domain(domain);

ALTER TABLE ONLY plaintiff.contact
    ADD CONSTRAINT contact_merged_into_fkey FOREIGN KEY (merged_into) REFERENCES plaintiff.contact(contact);

ALTER TABLE ONLY plaintiff.contact_prefix
    ADD CONSTRAINT contact_prefix_contact_fkey FOREIGN KEY (contact) REFERENCES plaintiff.contact(contact);

ALTER TABLE ONLY plaintiff.contact
    ADD CONSTRAINT contact_state_report_fkey FOREIGN KEY (state_report) REFERENCES plaintiff.report(report) ON DELETE SET NULL;

ALTER TABLE ONLY plaintiff.control_case
    ADD CONSTRAINT control_case_contact_fkey FOREIGN KEY (contact) REFERENCES plaintiff.contact(contact);

ALTER TABLE ONLY plaintiff.escalation
    ADD CONSTRAINT escalation_contact_fkey FOREIGN KEY (contact) REFERENCES plaintiff.contact(contact);

ALTER TABLE ONLY plaintiff.network_piece
    ADD CONSTRAINT network_piece_network_fkey FOREIGN KEY (network) REFERENCES plaintiff.network(network) ON DELETE CASCADE;

ALTER TABLE ONLY plaintiff.reply
    ADD CONSTRAINT reply_report_fkey FOREIGN KEY (report) REFERENCES plaintiff.report(report) ON DELETE CASCADE;

ALTER TABLE ONLY plaintiff.report
    ADD CONSTRAINT report_contact_fkey FOREIGN KEY (contact) REFERENCES plaintiff.contact(contact);

ALTER TABLE ONLY plaintiff.set_aside
    ADD CONSTRAINT set_aside_agent_fkey FOREIGN KEY (agent) REFERENCES plaintiff.agent(agent);

ALTER TABLE ONLY plaintiff.source
    ADD CONSTRAINT source_contact_fkey FOREIGN KEY (contact) REFERENCES plaintiff.contact(contact);

ALTER TABLE ONLY plaintiff.source
    ADD CONSTRAINT source_network_fkey FOREIGN KEY (network) REFERENCES plaintiff.network(network) ON DELETE SET NULL;

ALTER TABLE ONLY plaintiff.witness
    ADD CONSTRAINT witness_agent_fkey FOREIGN KEY (agent) REFERENCES plaintiff.agent(agent);

GRANT USAGE ON SCHEMA plaintiff TO plaintiff_receive;
GRANT USAGE ON SCHEMA plaintiff TO plaintiff_lookup;
GRANT USAGE ON SCHEMA plaintiff TO plaintiff_report;
GRANT USAGE ON SCHEMA plaintiff TO plaintiff_deliver;
GRANT USAGE ON SCHEMA plaintiff TO plaintiff_bounce;
GRANT USAGE ON SCHEMA plaintiff TO plaintiff_tidy;
GRANT USAGE ON SCHEMA plaintiff TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.gbtreekey16_in(cstring) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbtreekey16_out(plaintiff.gbtreekey16) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbtreekey2_in(cstring) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbtreekey2_out(plaintiff.gbtreekey2) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbtreekey32_in(cstring) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbtreekey32_out(plaintiff.gbtreekey32) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbtreekey4_in(cstring) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbtreekey4_out(plaintiff.gbtreekey4) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbtreekey8_in(cstring) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbtreekey8_out(plaintiff.gbtreekey8) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbtreekey_var_in(cstring) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbtreekey_var_out(plaintiff.gbtreekey_var) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.address_verdict(own boolean, unreportable boolean, allowed boolean, old boolean, met boolean, quorum boolean, login boolean, state text, fresh boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.address_verdict(own boolean, unreportable boolean, allowed boolean, old boolean, met boolean, quorum boolean, login boolean, state text, fresh boolean) TO plaintiff_receive;
GRANT ALL ON FUNCTION plaintiff.address_verdict(own boolean, unreportable boolean, allowed boolean, old boolean, met boolean, quorum boolean, login boolean, state text, fresh boolean) TO plaintiff_lookup;
GRANT ALL ON FUNCTION plaintiff.address_verdict(own boolean, unreportable boolean, allowed boolean, old boolean, met boolean, quorum boolean, login boolean, state text, fresh boolean) TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.address_verdict(own boolean, unreportable boolean, allowed boolean, old boolean, met boolean, quorum boolean, login boolean, state text, fresh boolean) TO plaintiff_deliver;
GRANT ALL ON FUNCTION plaintiff.address_verdict(own boolean, unreportable boolean, allowed boolean, old boolean, met boolean, quorum boolean, login boolean, state text, fresh boolean) TO plaintiff_bounce;
GRANT ALL ON FUNCTION plaintiff.address_verdict(own boolean, unreportable boolean, allowed boolean, old boolean, met boolean, quorum boolean, login boolean, state text, fresh boolean) TO plaintiff_tidy;
GRANT ALL ON FUNCTION plaintiff.address_verdict(own boolean, unreportable boolean, allowed boolean, old boolean, met boolean, quorum boolean, login boolean, state text, fresh boolean) TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.case_outcome(days integer) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.case_outcome(days integer) TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.cash_dist(money, money) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.contacts_to_tell(contacts integer[], every interval) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.contacts_to_tell(contacts integer[], every interval) TO plaintiff_report;

REVOKE ALL ON FUNCTION plaintiff.contacts_with_room(contacts integer[]) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.contacts_with_room(contacts integer[]) TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.contacts_with_room(contacts integer[]) TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.date_dist(date, date) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.effect_days() FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.effect_days() TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.float4_dist(real, real) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.float8_dist(double precision, double precision) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bit_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bit_consistent(internal, bit, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bit_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bit_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bit_same(plaintiff.gbtreekey_var, plaintiff.gbtreekey_var, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bit_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bool_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bool_consistent(internal, boolean, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bool_fetch(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bool_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bool_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bool_same(plaintiff.gbtreekey2, plaintiff.gbtreekey2, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bool_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bpchar_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bpchar_consistent(internal, character, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bytea_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bytea_consistent(internal, bytea, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bytea_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bytea_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bytea_same(plaintiff.gbtreekey_var, plaintiff.gbtreekey_var, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_bytea_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_cash_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_cash_consistent(internal, money, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_cash_distance(internal, money, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_cash_fetch(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_cash_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_cash_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_cash_same(plaintiff.gbtreekey16, plaintiff.gbtreekey16, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_cash_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_date_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_date_consistent(internal, date, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_date_distance(internal, date, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_date_fetch(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_date_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_date_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_date_same(plaintiff.gbtreekey8, plaintiff.gbtreekey8, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_date_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_decompress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_enum_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_enum_consistent(internal, anyenum, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_enum_fetch(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_enum_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_enum_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_enum_same(plaintiff.gbtreekey8, plaintiff.gbtreekey8, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_enum_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_float4_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_float4_consistent(internal, real, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_float4_distance(internal, real, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_float4_fetch(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_float4_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_float4_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_float4_same(plaintiff.gbtreekey8, plaintiff.gbtreekey8, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_float4_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_float8_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_float8_consistent(internal, double precision, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_float8_distance(internal, double precision, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_float8_fetch(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_float8_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_float8_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_float8_same(plaintiff.gbtreekey16, plaintiff.gbtreekey16, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_float8_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_inet_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_inet_consistent(internal, inet, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_inet_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_inet_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_inet_same(plaintiff.gbtreekey16, plaintiff.gbtreekey16, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_inet_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int2_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int2_consistent(internal, smallint, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int2_distance(internal, smallint, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int2_fetch(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int2_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int2_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int2_same(plaintiff.gbtreekey4, plaintiff.gbtreekey4, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int2_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int4_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int4_consistent(internal, integer, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int4_distance(internal, integer, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int4_fetch(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int4_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int4_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int4_same(plaintiff.gbtreekey8, plaintiff.gbtreekey8, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int4_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int8_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int8_consistent(internal, bigint, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int8_distance(internal, bigint, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int8_fetch(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int8_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int8_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int8_same(plaintiff.gbtreekey16, plaintiff.gbtreekey16, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_int8_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_intv_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_intv_consistent(internal, interval, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_intv_decompress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_intv_distance(internal, interval, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_intv_fetch(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_intv_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_intv_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_intv_same(plaintiff.gbtreekey32, plaintiff.gbtreekey32, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_intv_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_macad8_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_macad8_consistent(internal, macaddr8, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_macad8_fetch(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_macad8_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_macad8_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_macad8_same(plaintiff.gbtreekey16, plaintiff.gbtreekey16, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_macad8_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_macad_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_macad_consistent(internal, macaddr, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_macad_fetch(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_macad_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_macad_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_macad_same(plaintiff.gbtreekey16, plaintiff.gbtreekey16, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_macad_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_numeric_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_numeric_consistent(internal, numeric, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_numeric_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_numeric_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_numeric_same(plaintiff.gbtreekey_var, plaintiff.gbtreekey_var, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_numeric_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_oid_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_oid_consistent(internal, oid, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_oid_distance(internal, oid, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_oid_fetch(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_oid_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_oid_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_oid_same(plaintiff.gbtreekey8, plaintiff.gbtreekey8, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_oid_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_text_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_text_consistent(internal, text, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_text_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_text_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_text_same(plaintiff.gbtreekey_var, plaintiff.gbtreekey_var, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_text_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_time_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_time_consistent(internal, time without time zone, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_time_distance(internal, time without time zone, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_time_fetch(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_time_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_time_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_time_same(plaintiff.gbtreekey16, plaintiff.gbtreekey16, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_time_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_timetz_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_timetz_consistent(internal, time with time zone, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_ts_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_ts_consistent(internal, timestamp without time zone, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_ts_distance(internal, timestamp without time zone, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_ts_fetch(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_ts_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_ts_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_ts_same(plaintiff.gbtreekey16, plaintiff.gbtreekey16, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_ts_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_tstz_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_tstz_consistent(internal, timestamp with time zone, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_tstz_distance(internal, timestamp with time zone, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_uuid_compress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_uuid_consistent(internal, uuid, smallint, oid, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_uuid_fetch(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_uuid_penalty(internal, internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_uuid_picksplit(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_uuid_same(plaintiff.gbtreekey32, plaintiff.gbtreekey32, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_uuid_union(internal, internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_var_decompress(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.gbt_var_fetch(internal) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.host_label(host text) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.host_label(host text) TO plaintiff_receive;
GRANT ALL ON FUNCTION plaintiff.host_label(host text) TO plaintiff_lookup;
GRANT ALL ON FUNCTION plaintiff.host_label(host text) TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.host_label(host text) TO plaintiff_deliver;
GRANT ALL ON FUNCTION plaintiff.host_label(host text) TO plaintiff_bounce;
GRANT ALL ON FUNCTION plaintiff.host_label(host text) TO plaintiff_tidy;
GRANT ALL ON FUNCTION plaintiff.host_label(host text) TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.id_floor(t timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.id_floor(t timestamp with time zone) TO plaintiff_receive;
GRANT ALL ON FUNCTION plaintiff.id_floor(t timestamp with time zone) TO plaintiff_lookup;
GRANT ALL ON FUNCTION plaintiff.id_floor(t timestamp with time zone) TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.id_floor(t timestamp with time zone) TO plaintiff_deliver;
GRANT ALL ON FUNCTION plaintiff.id_floor(t timestamp with time zone) TO plaintiff_bounce;
GRANT ALL ON FUNCTION plaintiff.id_floor(t timestamp with time zone) TO plaintiff_tidy;
GRANT ALL ON FUNCTION plaintiff.id_floor(t timestamp with time zone) TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.int2_dist(smallint, smallint) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.int4_dist(integer, integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.int8_dist(bigint, bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.interval_dist(interval, interval) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.login_domain(login text) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.login_domain(login text) TO plaintiff_receive;
GRANT ALL ON FUNCTION plaintiff.login_domain(login text) TO plaintiff_lookup;
GRANT ALL ON FUNCTION plaintiff.login_domain(login text) TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.login_domain(login text) TO plaintiff_deliver;
GRANT ALL ON FUNCTION plaintiff.login_domain(login text) TO plaintiff_bounce;
GRANT ALL ON FUNCTION plaintiff.login_domain(login text) TO plaintiff_tidy;
GRANT ALL ON FUNCTION plaintiff.login_domain(login text) TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.login_hash(login text) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.login_hash(login text) TO plaintiff_receive;
GRANT ALL ON FUNCTION plaintiff.login_hash(login text) TO plaintiff_lookup;
GRANT ALL ON FUNCTION plaintiff.login_hash(login text) TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.login_hash(login text) TO plaintiff_deliver;
GRANT ALL ON FUNCTION plaintiff.login_hash(login text) TO plaintiff_bounce;
GRANT ALL ON FUNCTION plaintiff.login_hash(login text) TO plaintiff_tidy;
GRANT ALL ON FUNCTION plaintiff.login_hash(login text) TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.logins_of(events uuid[], times timestamp with time zone[]) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.logins_of(events uuid[], times timestamp with time zone[]) TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.logins_of(events uuid[], times timestamp with time zone[]) TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.oid_dist(oid, oid) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.outage_margin() FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.outage_margin() TO plaintiff_receive;
GRANT ALL ON FUNCTION plaintiff.outage_margin() TO plaintiff_lookup;
GRANT ALL ON FUNCTION plaintiff.outage_margin() TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.outage_margin() TO plaintiff_deliver;
GRANT ALL ON FUNCTION plaintiff.outage_margin() TO plaintiff_bounce;
GRANT ALL ON FUNCTION plaintiff.outage_margin() TO plaintiff_tidy;
GRANT ALL ON FUNCTION plaintiff.outage_margin() TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.partition_days(parent text) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.partition_days(parent text) TO plaintiff_receive;
GRANT ALL ON FUNCTION plaintiff.partition_days(parent text) TO plaintiff_tidy;
GRANT ALL ON FUNCTION plaintiff.partition_days(parent text) TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.partitions_drop(event_before date, evidence_before date, room_from date, most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.partitions_drop(event_before date, evidence_before date, room_from date, most integer) TO plaintiff_tidy;

REVOKE ALL ON FUNCTION plaintiff.partitions_make(first date, last date) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.partitions_make(first date, last date) TO plaintiff_tidy;

REVOKE ALL ON FUNCTION plaintiff.purge_attribute(agent integer, day date) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.purge_attribute(agent integer, day date) TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.purge_remove(agent integer, day date) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.purge_remove(agent integer, day date) TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.report_gone() FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.setting(name text, fallback text) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.setting(name text, fallback text) TO plaintiff_receive;
GRANT ALL ON FUNCTION plaintiff.setting(name text, fallback text) TO plaintiff_lookup;
GRANT ALL ON FUNCTION plaintiff.setting(name text, fallback text) TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.setting(name text, fallback text) TO plaintiff_deliver;
GRANT ALL ON FUNCTION plaintiff.setting(name text, fallback text) TO plaintiff_bounce;
GRANT ALL ON FUNCTION plaintiff.setting(name text, fallback text) TO plaintiff_tidy;
GRANT ALL ON FUNCTION plaintiff.setting(name text, fallback text) TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.threshold_met(tries integer[], logins integer, agents integer, need bigint[], need_logins integer, need_agents integer) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.threshold_met(tries integer[], logins integer, agents integer, need bigint[], need_logins integer, need_agents integer) TO plaintiff_receive;
GRANT ALL ON FUNCTION plaintiff.threshold_met(tries integer[], logins integer, agents integer, need bigint[], need_logins integer, need_agents integer) TO plaintiff_lookup;
GRANT ALL ON FUNCTION plaintiff.threshold_met(tries integer[], logins integer, agents integer, need bigint[], need_logins integer, need_agents integer) TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.threshold_met(tries integer[], logins integer, agents integer, need bigint[], need_logins integer, need_agents integer) TO plaintiff_deliver;
GRANT ALL ON FUNCTION plaintiff.threshold_met(tries integer[], logins integer, agents integer, need bigint[], need_logins integer, need_agents integer) TO plaintiff_bounce;
GRANT ALL ON FUNCTION plaintiff.threshold_met(tries integer[], logins integer, agents integer, need bigint[], need_logins integer, need_agents integer) TO plaintiff_tidy;
GRANT ALL ON FUNCTION plaintiff.threshold_met(tries integer[], logins integer, agents integer, need bigint[], need_logins integer, need_agents integer) TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.time_dist(time without time zone, time without time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.tor_ipv6() FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.tor_ipv6() TO plaintiff_lookup;
GRANT ALL ON FUNCTION plaintiff.tor_ipv6() TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.tor_ipv6() TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.tor_margin() FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.tor_margin() TO plaintiff_lookup;
GRANT ALL ON FUNCTION plaintiff.tor_margin() TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.tor_margin() TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.tor_settle() FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.tor_settle() TO plaintiff_lookup;
GRANT ALL ON FUNCTION plaintiff.tor_settle() TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.tor_settle() TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.tor_stale() FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.tor_stale() TO plaintiff_lookup;
GRANT ALL ON FUNCTION plaintiff.tor_stale() TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.tor_stale() TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.tor_verdict(address inet, first timestamp with time zone, last timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.tor_verdict(address inet, first timestamp with time zone, last timestamp with time zone) TO plaintiff_lookup;
GRANT ALL ON FUNCTION plaintiff.tor_verdict(address inet, first timestamp with time zone, last timestamp with time zone) TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.tor_verdict(address inet, first timestamp with time zone, last timestamp with time zone) TO plaintiff_admin;

GRANT SELECT,INSERT,DELETE ON TABLE plaintiff.tor_cover TO plaintiff_lookup;
GRANT SELECT ON TABLE plaintiff.tor_cover TO plaintiff_report;
GRANT SELECT,DELETE ON TABLE plaintiff.tor_cover TO plaintiff_tidy;
GRANT SELECT ON TABLE plaintiff.tor_cover TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.tor_wait() FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.tor_wait() TO plaintiff_lookup;
GRANT ALL ON FUNCTION plaintiff.tor_wait() TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.tor_wait() TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.tries_sum(a integer[], b integer[]) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.tries_sum(a integer[], b integer[]) TO plaintiff_receive;
GRANT ALL ON FUNCTION plaintiff.tries_sum(a integer[], b integer[]) TO plaintiff_lookup;
GRANT ALL ON FUNCTION plaintiff.tries_sum(a integer[], b integer[]) TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.tries_sum(a integer[], b integer[]) TO plaintiff_deliver;
GRANT ALL ON FUNCTION plaintiff.tries_sum(a integer[], b integer[]) TO plaintiff_bounce;
GRANT ALL ON FUNCTION plaintiff.tries_sum(a integer[], b integer[]) TO plaintiff_tidy;
GRANT ALL ON FUNCTION plaintiff.tries_sum(a integer[], b integer[]) TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.ts(us bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.ts(us bigint) TO plaintiff_receive;
GRANT ALL ON FUNCTION plaintiff.ts(us bigint) TO plaintiff_lookup;
GRANT ALL ON FUNCTION plaintiff.ts(us bigint) TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.ts(us bigint) TO plaintiff_deliver;
GRANT ALL ON FUNCTION plaintiff.ts(us bigint) TO plaintiff_bounce;
GRANT ALL ON FUNCTION plaintiff.ts(us bigint) TO plaintiff_tidy;
GRANT ALL ON FUNCTION plaintiff.ts(us bigint) TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.ts_dist(timestamp without time zone, timestamp without time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.tstz_dist(timestamp with time zone, timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION plaintiff.unreported(addresses inet[], after bigint[], upto bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.unreported(addresses inet[], after bigint[], upto bigint) TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.unreported(addresses inet[], after bigint[], upto bigint) TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.up_to_eight(a integer[], b integer[]) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.up_to_eight(a integer[], b integer[]) TO plaintiff_receive;
GRANT ALL ON FUNCTION plaintiff.up_to_eight(a integer[], b integer[]) TO plaintiff_lookup;
GRANT ALL ON FUNCTION plaintiff.up_to_eight(a integer[], b integer[]) TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.up_to_eight(a integer[], b integer[]) TO plaintiff_deliver;
GRANT ALL ON FUNCTION plaintiff.up_to_eight(a integer[], b integer[]) TO plaintiff_bounce;
GRANT ALL ON FUNCTION plaintiff.up_to_eight(a integer[], b integer[]) TO plaintiff_tidy;
GRANT ALL ON FUNCTION plaintiff.up_to_eight(a integer[], b integer[]) TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.us(t timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.us(t timestamp with time zone) TO plaintiff_receive;
GRANT ALL ON FUNCTION plaintiff.us(t timestamp with time zone) TO plaintiff_lookup;
GRANT ALL ON FUNCTION plaintiff.us(t timestamp with time zone) TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.us(t timestamp with time zone) TO plaintiff_deliver;
GRANT ALL ON FUNCTION plaintiff.us(t timestamp with time zone) TO plaintiff_bounce;
GRANT ALL ON FUNCTION plaintiff.us(t timestamp with time zone) TO plaintiff_tidy;
GRANT ALL ON FUNCTION plaintiff.us(t timestamp with time zone) TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.window_begin() FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.window_begin() TO plaintiff_receive;
GRANT ALL ON FUNCTION plaintiff.window_begin() TO plaintiff_lookup;
GRANT ALL ON FUNCTION plaintiff.window_begin() TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.window_begin() TO plaintiff_deliver;
GRANT ALL ON FUNCTION plaintiff.window_begin() TO plaintiff_bounce;
GRANT ALL ON FUNCTION plaintiff.window_begin() TO plaintiff_tidy;
GRANT ALL ON FUNCTION plaintiff.window_begin() TO plaintiff_admin;

REVOKE ALL ON FUNCTION plaintiff.array_all(anycompatiblearray) FROM PUBLIC;
GRANT ALL ON FUNCTION plaintiff.array_all(anycompatiblearray) TO plaintiff_receive;
GRANT ALL ON FUNCTION plaintiff.array_all(anycompatiblearray) TO plaintiff_lookup;
GRANT ALL ON FUNCTION plaintiff.array_all(anycompatiblearray) TO plaintiff_report;
GRANT ALL ON FUNCTION plaintiff.array_all(anycompatiblearray) TO plaintiff_deliver;
GRANT ALL ON FUNCTION plaintiff.array_all(anycompatiblearray) TO plaintiff_bounce;
GRANT ALL ON FUNCTION plaintiff.array_all(anycompatiblearray) TO plaintiff_tidy;
GRANT ALL ON FUNCTION plaintiff.array_all(anycompatiblearray) TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.agent TO plaintiff_receive;
GRANT SELECT ON TABLE plaintiff.agent TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.agent TO plaintiff_tidy;
GRANT SELECT,INSERT ON TABLE plaintiff.agent TO plaintiff_admin;

GRANT UPDATE(state) ON TABLE plaintiff.agent TO plaintiff_receive;
GRANT UPDATE(state) ON TABLE plaintiff.agent TO plaintiff_admin;

GRANT UPDATE(revoked) ON TABLE plaintiff.agent TO plaintiff_admin;

GRANT UPDATE(quarantined) ON TABLE plaintiff.agent TO plaintiff_receive;
GRANT UPDATE(quarantined) ON TABLE plaintiff.agent TO plaintiff_admin;

GRANT UPDATE(released) ON TABLE plaintiff.agent TO plaintiff_admin;

GRANT SELECT,INSERT,DELETE ON TABLE plaintiff.agent_address TO plaintiff_receive;
GRANT SELECT ON TABLE plaintiff.agent_address TO plaintiff_lookup;
GRANT SELECT ON TABLE plaintiff.agent_address TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.agent_address TO plaintiff_deliver;
GRANT SELECT,DELETE ON TABLE plaintiff.agent_address TO plaintiff_admin;

GRANT SELECT,INSERT,UPDATE ON TABLE plaintiff.agent_outbox TO plaintiff_receive;
GRANT SELECT ON TABLE plaintiff.agent_outbox TO plaintiff_admin;

GRANT SELECT,INSERT,UPDATE ON TABLE plaintiff.agent_past TO plaintiff_tidy;
GRANT SELECT,INSERT,UPDATE ON TABLE plaintiff.agent_past TO plaintiff_admin;

GRANT SELECT,USAGE ON SEQUENCE plaintiff.stored_seq TO plaintiff_receive;
GRANT SELECT ON SEQUENCE plaintiff.stored_seq TO plaintiff_lookup;
GRANT SELECT,USAGE ON SEQUENCE plaintiff.stored_seq TO plaintiff_admin;

GRANT SELECT,INSERT ON TABLE plaintiff.event TO plaintiff_receive;
GRANT SELECT ON TABLE plaintiff.event TO plaintiff_lookup;
GRANT SELECT ON TABLE plaintiff.event TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.event TO plaintiff_admin;

GRANT UPDATE(stored) ON TABLE plaintiff.event TO plaintiff_admin;

GRANT SELECT,INSERT ON TABLE plaintiff.set_aside TO plaintiff_receive;
GRANT SELECT,DELETE ON TABLE plaintiff.set_aside TO plaintiff_tidy;
GRANT SELECT,DELETE ON TABLE plaintiff.set_aside TO plaintiff_admin;

GRANT SELECT,INSERT ON TABLE plaintiff.witness TO plaintiff_receive;
GRANT SELECT ON TABLE plaintiff.witness TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.agent_balance TO plaintiff_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE plaintiff.agent_day TO plaintiff_receive;
GRANT SELECT ON TABLE plaintiff.agent_day TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.agent_list TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.allegedfix TO plaintiff_report;
GRANT SELECT,INSERT,UPDATE ON TABLE plaintiff.allegedfix TO plaintiff_bounce;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE plaintiff.allegedfix TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.allow_mailbox TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.allow_mailbox TO plaintiff_deliver;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE plaintiff.allow_mailbox TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.allow_prefix TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.allow_prefix TO plaintiff_deliver;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE plaintiff.allow_prefix TO plaintiff_admin;

GRANT SELECT,INSERT ON TABLE plaintiff.answer TO plaintiff_lookup;
GRANT SELECT ON TABLE plaintiff.answer TO plaintiff_report;
GRANT SELECT,DELETE ON TABLE plaintiff.answer TO plaintiff_tidy;
GRANT SELECT ON TABLE plaintiff.answer TO plaintiff_admin;

GRANT SELECT,INSERT,DELETE ON TABLE plaintiff.bootstrap TO plaintiff_lookup;
GRANT SELECT ON TABLE plaintiff.bootstrap TO plaintiff_admin;

GRANT SELECT,INSERT,UPDATE ON TABLE plaintiff.bootstrap_file TO plaintiff_lookup;
GRANT SELECT ON TABLE plaintiff.bootstrap_file TO plaintiff_admin;

GRANT SELECT,INSERT,UPDATE ON TABLE plaintiff.bounce TO plaintiff_bounce;
GRANT SELECT ON TABLE plaintiff.bounce TO plaintiff_admin;

GRANT SELECT,INSERT,UPDATE ON TABLE plaintiff.contact TO plaintiff_lookup;
GRANT SELECT ON TABLE plaintiff.contact TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.contact TO plaintiff_deliver;
GRANT SELECT ON TABLE plaintiff.contact TO plaintiff_bounce;
GRANT SELECT ON TABLE plaintiff.contact TO plaintiff_tidy;
GRANT SELECT,INSERT ON TABLE plaintiff.contact TO plaintiff_admin;

GRANT UPDATE(state) ON TABLE plaintiff.contact TO plaintiff_bounce;
GRANT UPDATE(state) ON TABLE plaintiff.contact TO plaintiff_admin;

GRANT UPDATE(note) ON TABLE plaintiff.contact TO plaintiff_admin;

GRANT UPDATE(merged_into) ON TABLE plaintiff.contact TO plaintiff_admin;

GRANT UPDATE(dead) ON TABLE plaintiff.contact TO plaintiff_bounce;
GRANT UPDATE(dead) ON TABLE plaintiff.contact TO plaintiff_admin;

GRANT UPDATE(state_why) ON TABLE plaintiff.contact TO plaintiff_bounce;
GRANT UPDATE(state_why) ON TABLE plaintiff.contact TO plaintiff_admin;

GRANT UPDATE(state_since) ON TABLE plaintiff.contact TO plaintiff_bounce;
GRANT UPDATE(state_since) ON TABLE plaintiff.contact TO plaintiff_admin;

GRANT UPDATE(state_report) ON TABLE plaintiff.contact TO plaintiff_bounce;
GRANT UPDATE(state_report) ON TABLE plaintiff.contact TO plaintiff_admin;

GRANT UPDATE(control) ON TABLE plaintiff.contact TO plaintiff_report;

GRANT UPDATE(mode) ON TABLE plaintiff.contact TO plaintiff_admin;

GRANT UPDATE(form) ON TABLE plaintiff.contact TO plaintiff_admin;

GRANT UPDATE(language) ON TABLE plaintiff.contact TO plaintiff_admin;

GRANT UPDATE(domain) ON TABLE plaintiff.contact TO plaintiff_report;

GRANT UPDATE(drawn) ON TABLE plaintiff.contact TO plaintiff_report;

GRANT UPDATE(forced) ON TABLE plaintiff.contact TO plaintiff_report;
GRANT UPDATE(forced) ON TABLE plaintiff.contact TO plaintiff_admin;

GRANT SELECT,INSERT ON TABLE plaintiff.report TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.report TO plaintiff_deliver;
GRANT SELECT ON TABLE plaintiff.report TO plaintiff_bounce;
GRANT SELECT,DELETE ON TABLE plaintiff.report TO plaintiff_tidy;
GRANT SELECT ON TABLE plaintiff.report TO plaintiff_admin;

GRANT UPDATE(contact) ON TABLE plaintiff.report TO plaintiff_admin;

GRANT UPDATE(state) ON TABLE plaintiff.report TO plaintiff_deliver;
GRANT UPDATE(state) ON TABLE plaintiff.report TO plaintiff_admin;

GRANT UPDATE(changed) ON TABLE plaintiff.report TO plaintiff_deliver;
GRANT UPDATE(changed) ON TABLE plaintiff.report TO plaintiff_admin;

GRANT UPDATE(sources) ON TABLE plaintiff.report TO plaintiff_admin;

GRANT UPDATE(events) ON TABLE plaintiff.report TO plaintiff_admin;

GRANT UPDATE(owner) ON TABLE plaintiff.report TO plaintiff_deliver;
GRANT UPDATE(owner) ON TABLE plaintiff.report TO plaintiff_admin;

GRANT UPDATE(tries) ON TABLE plaintiff.report TO plaintiff_deliver;

GRANT UPDATE(next_try) ON TABLE plaintiff.report TO plaintiff_deliver;
GRANT UPDATE(next_try) ON TABLE plaintiff.report TO plaintiff_admin;

GRANT UPDATE(said) ON TABLE plaintiff.report TO plaintiff_deliver;
GRANT UPDATE(said) ON TABLE plaintiff.report TO plaintiff_admin;

GRANT UPDATE(quiet) ON TABLE plaintiff.report TO plaintiff_deliver;
GRANT UPDATE(quiet) ON TABLE plaintiff.report TO plaintiff_admin;

GRANT UPDATE(given_back) ON TABLE plaintiff.report TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.bounce_list TO plaintiff_admin;

GRANT SELECT,INSERT,UPDATE ON TABLE plaintiff.clock_tick TO plaintiff_report;
GRANT SELECT,INSERT,UPDATE ON TABLE plaintiff.clock_tick TO plaintiff_deliver;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE plaintiff.clock_tick TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.policy TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.policy TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.switch TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.switch TO plaintiff_deliver;
GRANT SELECT ON TABLE plaintiff.switch TO plaintiff_admin;

GRANT UPDATE(stopped) ON TABLE plaintiff.switch TO plaintiff_admin;

GRANT UPDATE(why) ON TABLE plaintiff.switch TO plaintiff_admin;

GRANT UPDATE(who) ON TABLE plaintiff.switch TO plaintiff_admin;

GRANT UPDATE(clock_stopped) ON TABLE plaintiff.switch TO plaintiff_report;
GRANT UPDATE(clock_stopped) ON TABLE plaintiff.switch TO plaintiff_deliver;
GRANT UPDATE(clock_stopped) ON TABLE plaintiff.switch TO plaintiff_admin;

GRANT UPDATE(clock_apart) ON TABLE plaintiff.switch TO plaintiff_report;
GRANT UPDATE(clock_apart) ON TABLE plaintiff.switch TO plaintiff_deliver;
GRANT UPDATE(clock_apart) ON TABLE plaintiff.switch TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.contact_brake TO plaintiff_admin;

GRANT SELECT,INSERT ON TABLE plaintiff.reply TO plaintiff_bounce;
GRANT SELECT ON TABLE plaintiff.reply TO plaintiff_admin;

GRANT UPDATE(kind) ON TABLE plaintiff.reply TO plaintiff_admin;

GRANT UPDATE(classified_by) ON TABLE plaintiff.reply TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.report_outcome TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.contact_effect TO plaintiff_admin;

GRANT SELECT,INSERT ON TABLE plaintiff.contact_event TO plaintiff_deliver;
GRANT SELECT ON TABLE plaintiff.contact_event TO plaintiff_bounce;
GRANT SELECT ON TABLE plaintiff.contact_event TO plaintiff_admin;

GRANT UPDATE(judged) ON TABLE plaintiff.contact_event TO plaintiff_bounce;

GRANT SELECT ON TABLE plaintiff.escalation TO plaintiff_lookup;
GRANT SELECT,INSERT,UPDATE ON TABLE plaintiff.escalation TO plaintiff_bounce;
GRANT SELECT,INSERT,UPDATE ON TABLE plaintiff.escalation TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.contact_history TO plaintiff_admin;

GRANT SELECT,INSERT,UPDATE ON TABLE plaintiff.source TO plaintiff_lookup;
GRANT SELECT ON TABLE plaintiff.source TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.source TO plaintiff_bounce;
GRANT SELECT ON TABLE plaintiff.source TO plaintiff_tidy;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE plaintiff.source TO plaintiff_admin;

GRANT UPDATE(contact) ON TABLE plaintiff.source TO plaintiff_admin;

GRANT UPDATE(state) ON TABLE plaintiff.source TO plaintiff_admin;

GRANT UPDATE(next_ask) ON TABLE plaintiff.source TO plaintiff_bounce;
GRANT UPDATE(next_ask) ON TABLE plaintiff.source TO plaintiff_admin;

GRANT UPDATE(tries) ON TABLE plaintiff.source TO plaintiff_bounce;
GRANT UPDATE(tries) ON TABLE plaintiff.source TO plaintiff_admin;

GRANT UPDATE(reported_upto) ON TABLE plaintiff.source TO plaintiff_report;

GRANT UPDATE(last_seen) ON TABLE plaintiff.source TO plaintiff_admin;

GRANT UPDATE(pending) ON TABLE plaintiff.source TO plaintiff_report;

GRANT UPDATE(logins) ON TABLE plaintiff.source TO plaintiff_tidy;

GRANT SELECT ON TABLE plaintiff.contact_list TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.contact_prefix TO plaintiff_lookup;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE plaintiff.contact_prefix TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.contact_refusal TO plaintiff_lookup;
GRANT SELECT,INSERT,UPDATE ON TABLE plaintiff.contact_refusal TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.contact_verdict TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.contact_verdict TO plaintiff_admin;

GRANT SELECT,INSERT ON TABLE plaintiff.control_case TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.control_case TO plaintiff_admin;

GRANT SELECT,INSERT ON TABLE plaintiff.evidence TO plaintiff_receive;
GRANT SELECT ON TABLE plaintiff.evidence TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.evidence TO plaintiff_admin;

GRANT SELECT(id) ON TABLE plaintiff.evidence TO plaintiff_lookup;

GRANT SELECT(login) ON TABLE plaintiff.evidence TO plaintiff_lookup;

GRANT SELECT ON TABLE plaintiff.kind TO plaintiff_receive;
GRANT SELECT ON TABLE plaintiff.kind TO plaintiff_lookup;
GRANT SELECT ON TABLE plaintiff.kind TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.kind TO plaintiff_admin;

GRANT SELECT,INSERT ON TABLE plaintiff.name TO plaintiff_receive;
GRANT SELECT ON TABLE plaintiff.name TO plaintiff_lookup;
GRANT SELECT ON TABLE plaintiff.name TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.name TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.event_list TO plaintiff_admin;

GRANT SELECT,INSERT ON TABLE plaintiff.outage TO plaintiff_lookup;
GRANT SELECT,DELETE ON TABLE plaintiff.outage TO plaintiff_tidy;
GRANT SELECT,DELETE ON TABLE plaintiff.outage TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.outage_day TO plaintiff_admin;

GRANT SELECT,INSERT,UPDATE ON TABLE plaintiff.tally TO plaintiff_lookup;
GRANT SELECT ON TABLE plaintiff.tally TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.tally TO plaintiff_bounce;
GRANT SELECT,DELETE ON TABLE plaintiff.tally TO plaintiff_tidy;
GRANT SELECT,DELETE,UPDATE ON TABLE plaintiff.tally TO plaintiff_admin;

GRANT UPDATE(logins) ON TABLE plaintiff.tally TO plaintiff_tidy;

GRANT SELECT,INSERT,DELETE ON TABLE plaintiff.tor_exit TO plaintiff_lookup;
GRANT SELECT ON TABLE plaintiff.tor_exit TO plaintiff_report;
GRANT SELECT,DELETE ON TABLE plaintiff.tor_exit TO plaintiff_tidy;
GRANT SELECT ON TABLE plaintiff.tor_exit TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.excused TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.excused TO plaintiff_admin;

GRANT SELECT,INSERT,UPDATE ON TABLE plaintiff.heard TO plaintiff_bounce;
GRANT SELECT ON TABLE plaintiff.heard TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.line_balance TO plaintiff_admin;

GRANT SELECT,INSERT,UPDATE ON TABLE plaintiff.mail_domain TO plaintiff_lookup;
GRANT SELECT ON TABLE plaintiff.mail_domain TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.threshold TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.threshold TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.need TO plaintiff_admin;

GRANT SELECT,INSERT,UPDATE ON TABLE plaintiff.network TO plaintiff_lookup;
GRANT SELECT ON TABLE plaintiff.network TO plaintiff_admin;

GRANT SELECT,INSERT ON TABLE plaintiff.report_source TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.report_source TO plaintiff_deliver;
GRANT SELECT ON TABLE plaintiff.report_source TO plaintiff_bounce;
GRANT SELECT,DELETE ON TABLE plaintiff.report_source TO plaintiff_tidy;
GRANT SELECT,DELETE ON TABLE plaintiff.report_source TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.source_network TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.network_effect TO plaintiff_admin;

GRANT SELECT,INSERT ON TABLE plaintiff.network_piece TO plaintiff_lookup;
GRANT SELECT ON TABLE plaintiff.network_piece TO plaintiff_admin;

GRANT SELECT,INSERT ON TABLE plaintiff.tor_answer TO plaintiff_lookup;
GRANT SELECT ON TABLE plaintiff.tor_answer TO plaintiff_report;
GRANT SELECT,DELETE ON TABLE plaintiff.tor_answer TO plaintiff_tidy;
GRANT SELECT ON TABLE plaintiff.tor_answer TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.timely TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.timely TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.reportable TO plaintiff_lookup;
GRANT SELECT ON TABLE plaintiff.reportable TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.reportable TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.tally_counting TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.tried TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.tried TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.source_verdict TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.source_verdict TO plaintiff_admin;

GRANT SELECT,INSERT,UPDATE ON TABLE plaintiff.watermark TO plaintiff_lookup;
GRANT SELECT ON TABLE plaintiff.watermark TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.watermark TO plaintiff_admin;

GRANT UPDATE(stored) ON TABLE plaintiff.watermark TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.not_reported TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.offender_list TO plaintiff_admin;

GRANT SELECT,INSERT,UPDATE ON TABLE plaintiff.rdap_server TO plaintiff_lookup;
GRANT SELECT ON TABLE plaintiff.rdap_server TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.reply_list TO plaintiff_admin;

GRANT SELECT,INSERT ON TABLE plaintiff.report_mail TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.report_mail TO plaintiff_deliver;
GRANT SELECT ON TABLE plaintiff.report_mail TO plaintiff_bounce;
GRANT SELECT ON TABLE plaintiff.report_mail TO plaintiff_admin;

GRANT UPDATE(state) ON TABLE plaintiff.report_mail TO plaintiff_deliver;
GRANT UPDATE(state) ON TABLE plaintiff.report_mail TO plaintiff_admin;

GRANT UPDATE(changed) ON TABLE plaintiff.report_mail TO plaintiff_deliver;
GRANT UPDATE(changed) ON TABLE plaintiff.report_mail TO plaintiff_admin;

GRANT UPDATE(said) ON TABLE plaintiff.report_mail TO plaintiff_deliver;
GRANT UPDATE(said) ON TABLE plaintiff.report_mail TO plaintiff_admin;

GRANT UPDATE(claimed) ON TABLE plaintiff.report_mail TO plaintiff_deliver;

GRANT UPDATE(log_from) ON TABLE plaintiff.report_mail TO plaintiff_deliver;
GRANT UPDATE(log_from) ON TABLE plaintiff.report_mail TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.report_balance TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.report_list TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.schema_migration TO plaintiff_admin;

GRANT SELECT,INSERT,DELETE ON TABLE plaintiff.stored_mark TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.stored_mark TO plaintiff_admin;

GRANT SELECT,INSERT,UPDATE ON TABLE plaintiff.tor_fetch TO plaintiff_lookup;
GRANT SELECT ON TABLE plaintiff.tor_fetch TO plaintiff_report;
GRANT SELECT ON TABLE plaintiff.tor_fetch TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.tor_left_out TO plaintiff_admin;

GRANT SELECT ON TABLE plaintiff.tor_waiting TO plaintiff_admin;
