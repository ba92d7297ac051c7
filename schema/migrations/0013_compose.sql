-- Composing at less cost.

-- Like unreported, and with the logins: a contact of which more events than
-- most were counted has no row.
CREATE FUNCTION unreported_few(contacts integer[], addresses inet[],
	after bigint[], upto bigint, most bigint)
RETURNS TABLE (n integer, "time" timestamptz, host integer,
	service integer, kind smallint, port integer, destination inet,
	destination_port integer, tor_known boolean, login text)
LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = plaintiff, pg_temp
SET enable_bitmapscan = off SET enable_nestloop = off AS $$
DECLARE
	since timestamptz := window_begin();
	since_day date := (since AT TIME ZONE 'UTC')::date;
	low uuid;
	high uuid;
	of_day inet[];
	places integer[];
BEGIN
	FOR low, high, of_day, places IN
		WITH t AS MATERIALIZED (
			SELECT c.place, c.contact, c.address, t.day,
				sum(t.events) AS events
			FROM unnest(contacts, addresses, after) WITH ORDINALITY
				AS c (contact, address, after, place)
			CROSS JOIN LATERAL (SELECT t.day, t.events FROM tally t
				WHERE t.address = c.address
				AND t.stored > c.after AND t.day >= since_day
				OFFSET 0) t
			GROUP BY 1, 2, 3, 4
		)
		SELECT greatest(id_floor(since),
				id_floor(t.day::timestamp AT TIME ZONE 'UTC')),
			id_floor((t.day + 1)::timestamp AT TIME ZONE 'UTC'),
			array_agg(t.address), array_agg(t.place::integer)
		FROM t
		WHERE t.contact NOT IN (SELECT m.contact FROM t m
			GROUP BY m.contact HAVING sum(m.events) > most)
		GROUP BY t.day
	LOOP
		RETURN QUERY
		WITH e AS MATERIALIZED (
			SELECT w.place, r.id, r.time, r.host, r.service, r.kind,
				r.port, r.destination, r.destination_port,
				r.tor_known
			FROM reportable r
			JOIN unnest(of_day, places) AS w (address, place)
				ON w.address = r.address
			WHERE r.address = ANY (of_day)
				AND r.id >= low AND r.id < high
				AND r.stored > after[w.place] AND r.stored <= upto
				AND r.kind IN (SELECT t.kind FROM threshold t)
		)
		SELECT e.place, e.time, e.host, e.service, e.kind, e.port,
			e.destination, e.destination_port, e.tor_known, v.login
		FROM e LEFT JOIN (SELECT x.id, x.login FROM evidence x
			WHERE x.id = ANY (ARRAY(SELECT e.id FROM e))
			AND x.id >= low AND x.id < high) v ON v.id = e.id;
	END LOOP;
END $$;
COMMENT ON FUNCTION unreported_few IS
	'as unreported, with the tried logins as far as evidence is kept; only of contacts of which no more than the last argument were counted';

-- Keys that refer to report were asked for each address and mail of it: half of
-- what storing addresses took, and, until report has been analyzed, by reading
-- all of it.  Only report writes these rows, with numbers that it has got in
-- the same transaction; they go when the report goes.
ALTER TABLE report_source DROP CONSTRAINT report_source_report_fkey;
ALTER TABLE report_mail DROP CONSTRAINT report_mail_report_fkey;
CREATE FUNCTION report_gone() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = plaintiff, pg_temp AS $$
BEGIN
	DELETE FROM report_source s USING gone g WHERE s.report = g.report;
	DELETE FROM report_mail m USING gone g WHERE m.report = g.report;
	RETURN NULL;
END $$;
COMMENT ON FUNCTION report_gone IS
	'removes the addresses and mails of deleted reports';
CREATE TRIGGER report_gone AFTER DELETE ON report
REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION report_gone();

-- A row of source is written when its events are counted, when its contact is
-- found and when it is reported, none of which is in an index but the second:
-- with room on its page no index has to be written.
ALTER TABLE source SET (fillfactor = 70);

-- Before the first reports are analyzed the planner takes their table for
-- empty, and reads all of it for each batch.
CREATE FUNCTION contacts_to_tell(contacts integer[], every interval)
RETURNS SETOF integer
LANGUAGE plpgsql SET search_path = plaintiff, pg_temp
SET enable_seqscan = off AS $$
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
COMMENT ON FUNCTION contacts_to_tell IS
	'those of contacts that may be told something now, locked, without those that another transaction has locked; every: between reports';

-- Whether an address has been forced is asked for each that is weighed, and
-- hardly one is.
CREATE INDEX contact_forced ON contact (contact) WHERE forced IS NOT NULL;
