-- Composing: the events and logins of many addresses at once, day by day.
-- A statement over all the days looks for each address in the partition of
-- each day, and for each login in one of them that it has to find first.

-- A function in SQL is made part of the statement that calls it only when all
-- within it is immutable, too, which extract() of a timestamptz is not.  Exact
-- to the microsecond up to 2106.
CREATE OR REPLACE FUNCTION us(t timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN (date_part('epoch', t - timestamptz 'epoch') * 1000000)::bigint;

CREATE OR REPLACE FUNCTION ts(us bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN to_timestamp(us / 1000000.0::double precision);

-- A mail compresses to a quarter either way; this takes a fifth of the time.
ALTER TABLE report_mail ALTER COLUMN mail SET COMPRESSION lz4;

-- Plans for one day and many addresses: the planner cannot know how many.
-- Without those two settings it reads the whole day's ids, or joins row by
-- row.
CREATE FUNCTION unreported(addresses inet[], after bigint[], upto bigint)
RETURNS TABLE (n integer, id uuid, "time" timestamptz, host integer,
	service integer, kind smallint, port integer, destination inet,
	destination_port integer, tor_known boolean)
LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = plaintiff, pg_temp
SET enable_bitmapscan = off SET enable_nestloop = off AS $$
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
COMMENT ON FUNCTION unreported IS
	'reportable events, of kinds that are reported, of addresses, within the window, each address''s stored above its mark and up to the last argument; n: place of the address, from 1';

CREATE FUNCTION logins_of(events uuid[], times timestamptz[])
RETURNS TABLE (event uuid, login text)
LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = plaintiff, pg_temp
SET enable_bitmapscan = off AS $$
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
COMMENT ON FUNCTION logins_of IS
	'the tried logins of events, with their times, as far as evidence is kept';
