-- Deciding what is reported goes by tallies and never reads events: so a
-- tally knows who saw its events, how many logins were tried, and which of
-- its events never count; and a source knows whether any of its events are
-- in no report yet.

CREATE FUNCTION setting(name text, fallback text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('plaintiff.' || name, true), ''),
	fallback);
COMMENT ON FUNCTION setting IS
	'a setting of the hub as the session was told it, else the fallback';

CREATE FUNCTION window_begin() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN now() - make_interval(days => setting('report_days', '14')::integer);
COMMENT ON FUNCTION window_begin IS
	'events before are not reported: report.days of the session';

CREATE FUNCTION login_domain(login text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE WHEN strpos(login, '@') = 0 THEN 'none'
	ELSE lower(regexp_replace(login, '^.*@', '')) END;
COMMENT ON FUNCTION login_domain IS
	'domain of a tried login; none: it has none';

CREATE FUNCTION login_hash(login text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN hashtext(lower(login));
COMMENT ON FUNCTION login_hash IS
	'number that stands for a tried login in tallies';

CREATE FUNCTION up_to_eight(a integer[], b integer[]) RETURNS integer[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b IS NULL OR b <@ a OR cardinality(a) >= 8 THEN a
	ELSE (ARRAY(SELECT DISTINCT unnest(array_cat(a, b))))[1:8] END;
COMMENT ON FUNCTION up_to_eight IS
	'elements of both, each once; a few are as good as many';

CREATE AGGREGATE array_all(anycompatiblearray) (
	sfunc = array_cat, stype = anycompatiblearray,
	combinefunc = array_cat, parallel = safe);
COMMENT ON AGGREGATE array_all(anycompatiblearray) IS
	'all elements of all arrays in one';

-- In the order in which a person would ask; the words are those of
-- not_reported.
CREATE FUNCTION address_verdict(own boolean, unreportable boolean,
	allowed boolean, old boolean, met boolean, quorum boolean,
	login boolean, state text, fresh boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN own THEN 'own address'
	WHEN unreportable THEN 'unreportable'
	WHEN allowed THEN 'allowlisted'
	WHEN old THEN 'too old'
	WHEN met IS NOT TRUE THEN 'under threshold'
	WHEN quorum IS NOT TRUE THEN 'quorum'
	WHEN login THEN 'login since'
	WHEN state = 'new' THEN 'not asked'
	WHEN state = 'none' THEN 'no contact'
	WHEN state = 'failed' THEN 'lookup failed'
	WHEN state = 'refused' THEN 'refused'
	WHEN fresh IS NOT TRUE THEN 'contact too old'
	END;
COMMENT ON FUNCTION address_verdict IS
	'null: the address may be reported; otherwise the first reason why not';

CREATE FUNCTION tries_sum(a integer[], b integer[]) RETURNS integer[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a IS NULL THEN b ELSE ARRAY[
		a[1] + b[1], a[2] + b[2], a[3] + b[3],
		a[4] + b[4], a[5] + b[5], a[6] + b[6],
		a[7] + b[7], a[8] + b[8], a[9] + b[9],
		a[10] + b[10], a[11] + b[11], a[12] + b[12]] END;
COMMENT ON FUNCTION tries_sum IS 'events by kind of both together';

CREATE FUNCTION threshold_met(tries integer[], logins integer,
	agents integer, need bigint[], need_logins integer, need_agents integer)
	RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (tries[1] >= need[1] OR tries[2] >= need[2]
	 OR tries[3] >= need[3] OR tries[4] >= need[4]
	 OR tries[5] >= need[5] OR tries[6] >= need[6]
	 OR tries[7] >= need[7] OR tries[8] >= need[8]
	 OR tries[9] >= need[9] OR tries[10] >= need[10]
	 OR tries[11] >= need[11] OR tries[12] >= need[12]
	OR (tries[1] > 0 AND (logins >= need_logins OR agents >= need_agents)))
	IS TRUE;
COMMENT ON FUNCTION threshold_met IS
	'does an address with so many events by kind, logins tried and agents that saw it reach a threshold; null needs are never met';

ALTER TABLE tally ADD COLUMN left_out integer NOT NULL DEFAULT 0;
ALTER TABLE tally ADD COLUMN stored bigint NOT NULL DEFAULT 0;
ALTER TABLE tally ADD COLUMN agents integer[];
ALTER TABLE tally ADD COLUMN logins integer[];
COMMENT ON COLUMN tally.left_out IS
	'of those, events that accuse nobody: stale, or of a login whose domain is not reported';
COMMENT ON COLUMN tally.stored IS
	'highest place in the order of storing among its events';
COMMENT ON COLUMN tally.agents IS
	'agents that sent its events first, eight at most; without those left out';
COMMENT ON COLUMN tally.logins IS
	'login_hash of tried logins, eight at most; null when there were none or the evidence is past';
CREATE INDEX tally_logins ON tally (day) WHERE logins IS NOT NULL;
CREATE INDEX tally_login ON tally (address) WHERE kind = 14;
DROP INDEX tally_day;
CREATE INDEX tally_day ON tally (day, host);

ALTER TABLE source ADD COLUMN pending bigint;
ALTER TABLE source ADD COLUMN counted bigint NOT NULL DEFAULT 0;
ALTER TABLE source ADD COLUMN weighed_from timestamptz NOT NULL
	DEFAULT '-infinity';
ALTER TABLE source ADD COLUMN attempts integer[];
ALTER TABLE source ADD COLUMN logins integer[];
ALTER TABLE source ADD COLUMN agents integer[];
COMMENT ON COLUMN source.pending IS
	'no event that is in no report is stored below this; null: all are in some';
COMMENT ON COLUMN source.counted IS
	'place in the order of storing of its newest event that may be reported';
COMMENT ON COLUMN source.weighed_from IS
	'log time of the first event that attempts, logins and agents count; while it is within the window they are what thresholds ask for, later no less than that';
COMMENT ON COLUMN source.attempts IS
	'events by kind, the number of the kind being the place';
COMMENT ON COLUMN source.logins IS 'login_hash of the logins tried, eight at most';
COMMENT ON COLUMN source.agents IS
	'agents that sent its events first, eight at most';

-- what was counted before
UPDATE tally t SET left_out = e.left_out, stored = e.stored,
	agents = e.agents, logins = e.logins
FROM (SELECT v.address, v.kind, v.host,
	(v.time AT TIME ZONE 'UTC')::date AS day,
	count(*) FILTER (WHERE v.stale)::integer AS left_out,
	max(v.stored) AS stored,
	(array_agg(DISTINCT v.agent) FILTER (WHERE NOT v.stale))[1:8] AS agents,
	(array_agg(DISTINCT login_hash(n.login)) FILTER (WHERE NOT v.stale
		AND v.kind = 1 AND n.login IS NOT NULL))[1:8] AS logins
	FROM event v LEFT JOIN evidence n ON n.id = v.id
	WHERE v.stored <= (SELECT stored FROM watermark WHERE name = 'tally')
	GROUP BY 1, 2, 3, 4) e
WHERE t.address = e.address AND t.kind = e.kind AND t.host = e.host
	AND t.day = e.day;
UPDATE source s SET pending = e.pending, counted = e.counted
FROM (SELECT v.address, min(v.stored) FILTER (WHERE v.stored
		> x.reported_upto) AS pending, max(v.stored) AS counted
	FROM event v JOIN source x ON x.address = v.address
	WHERE NOT v.stale AND v.kind NOT IN (13, 14)
	AND v.stored <= (SELECT stored FROM watermark WHERE name = 'tally')
	GROUP BY v.address) e
WHERE s.address = e.address;
UPDATE source s SET attempts = t.tries, logins = t.logins, agents = t.agents
FROM (SELECT address, ARRAY[
		coalesce(sum(events) FILTER (WHERE kind = 1), 0)::integer, coalesce(sum(events) FILTER (WHERE kind = 2), 0)::integer, coalesce(sum(events) FILTER (WHERE kind = 3), 0)::integer,
		coalesce(sum(events) FILTER (WHERE kind = 4), 0)::integer, coalesce(sum(events) FILTER (WHERE kind = 5), 0)::integer, coalesce(sum(events) FILTER (WHERE kind = 6), 0)::integer,
		coalesce(sum(events) FILTER (WHERE kind = 7), 0)::integer, coalesce(sum(events) FILTER (WHERE kind = 8), 0)::integer, coalesce(sum(events) FILTER (WHERE kind = 9), 0)::integer,
		coalesce(sum(events) FILTER (WHERE kind = 10), 0)::integer, coalesce(sum(events) FILTER (WHERE kind = 11), 0)::integer, coalesce(sum(events) FILTER (WHERE kind = 12), 0)::integer] AS tries,
	up_to_eight('{}', array_all(logins)) AS logins,
	up_to_eight('{}', array_all(agents)) AS agents
	FROM tally WHERE kind NOT IN (13, 14) GROUP BY address) t
WHERE s.address = t.address;

-- ---- what a contact wants, and what is known of it ----

ALTER TABLE contact ADD COLUMN mode text NOT NULL DEFAULT 'consolidated'
	CONSTRAINT contact_mode CHECK (mode IN (
		'consolidated', -- one mail: text, table, XARF documents
		'xarf',         -- an XARF mail for each address
		'text',         -- one mail of text alone
		'form',         -- never mailed: has a form for the operator
		'held'          -- composed, and waits for the administrator
	));
ALTER TABLE contact ADD COLUMN form text;
ALTER TABLE contact ADD COLUMN language text
	CONSTRAINT contact_language CHECK (language IN ('en', 'de', 'fr'));
ALTER TABLE contact ADD COLUMN domain text;
ALTER TABLE contact ADD COLUMN mx text;
ALTER TABLE contact ADD COLUMN drawn timestamptz;
ALTER TABLE contact ADD COLUMN forced timestamptz;
COMMENT ON COLUMN contact.mode IS
	'how it is told: consolidated, xarf, text, form or held; set by the administrator';
COMMENT ON COLUMN contact.form IS 'mode form: address of the form';
COMMENT ON COLUMN contact.language IS
	'en, de or fr; null: by its country';
COMMENT ON COLUMN contact.domain IS
	'registrable domain of the mailbox, for caps; null: not known yet';
COMMENT ON COLUMN contact.mx IS
	'host that takes its mail, for caps; null: not known, the domain counts';
COMMENT ON COLUMN contact.drawn IS
	'when it was drawn whether it is in the held share (control); null: not yet';
COMMENT ON COLUMN contact.forced IS
	'when the administrator asked for a report below the thresholds; null: not, or done';

-- ---- who is never accused, who is never told ----

CREATE TABLE allow_prefix (
	prefix cidr PRIMARY KEY,
	note text,
	who text NOT NULL,
	added timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX allow_prefix_in ON allow_prefix USING spgist (prefix);
COMMENT ON TABLE allow_prefix IS 'networks that are not reported';
COMMENT ON COLUMN allow_prefix.prefix IS 'network';
COMMENT ON COLUMN allow_prefix.note IS 'why, for people';
COMMENT ON COLUMN allow_prefix.who IS 'who said so';
COMMENT ON COLUMN allow_prefix.added IS 'when';

CREATE TABLE allow_mailbox (
	key text PRIMARY KEY,
	note text,
	who text NOT NULL,
	added timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE allow_mailbox IS
	'mailboxes whose networks are not reported; known as contacts or not';
COMMENT ON COLUMN allow_mailbox.key IS 'mailbox, as contact.key';
COMMENT ON COLUMN allow_mailbox.note IS 'why, for people';
COMMENT ON COLUMN allow_mailbox.who IS 'who said so';
COMMENT ON COLUMN allow_mailbox.added IS 'when';

-- ---- the switch and the clock ----

CREATE TABLE switch (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	stopped timestamptz,
	why text,
	who text,
	clock_stopped timestamptz,
	clock_apart interval,
	CHECK ((clock_stopped IS NULL) = (clock_apart IS NULL))
);
INSERT INTO switch DEFAULT VALUES;
COMMENT ON TABLE switch IS
	'the one row that stops all reports of all hubs';
COMMENT ON COLUMN switch.one IS 'there is one row';
COMMENT ON COLUMN switch.stopped IS
	'since when the administrator has stopped everything; null: not';
COMMENT ON COLUMN switch.why IS 'why, for people';
COMMENT ON COLUMN switch.who IS 'who stopped it, or let it go, last';
COMMENT ON COLUMN switch.clock_stopped IS
	'since when the clock is not believed; null: it is';
COMMENT ON COLUMN switch.clock_apart IS
	'by how much the clock had moved when that was seen';

CREATE TABLE clock_tick (
	boot text PRIMARY KEY,
	wall timestamptz NOT NULL,
	up bigint NOT NULL
);
COMMENT ON TABLE clock_tick IS
	'when each host of a hub last compared the database''s clock with its own time since boot';
COMMENT ON COLUMN clock_tick.boot IS 'id of the host''s boot';
COMMENT ON COLUMN clock_tick.wall IS 'the database''s clock';
COMMENT ON COLUMN clock_tick.up IS 'the host''s CLOCK_BOOTTIME, microseconds';

-- A clock that was set right moves all running weeks at once.
ALTER TABLE report DROP CONSTRAINT report_week;
ALTER TABLE report ADD CONSTRAINT report_week EXCLUDE USING gist
	(contact WITH =, quiet WITH &&) DEFERRABLE INITIALLY IMMEDIATE;
ALTER TABLE report ADD COLUMN given_back timestamptz
	CHECK (given_back IS NULL OR state = 'failed');
COMMENT ON COLUMN report.given_back IS
	'state failed: since when its events are due again; null: they are not';
-- many and large: lz4 takes a tenth of the time
ALTER TABLE report_mail ALTER COLUMN mail SET COMPRESSION lz4;
CREATE INDEX report_began ON report (lower(quiet)) WHERE quiet IS NOT NULL;
CREATE INDEX report_created ON report (created);
CREATE INDEX report_contact ON report (contact, created);

-- The brakes, one after the other: what one holds back takes no place of the
-- next.  In the order given, which is the order of who goes first.
CREATE FUNCTION contacts_with_room(contacts integer[]) RETURNS SETOF integer
LANGUAGE sql STABLE AS $$
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
COMMENT ON FUNCTION contacts_with_room IS
	'those of the contacts that the caps leave room for now, in the same order';

-- A purge removes events: only those of an agent that was revoked, and only
-- through these, so that the administrator's role need not be able to.
CREATE FUNCTION purge_attribute(agent integer, day date) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = plaintiff, pg_temp AS $$
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
$$;
COMMENT ON FUNCTION purge_attribute IS
	'what another agent has sent, too, of that day of log time is that agent''s from now on; how many events';

CREATE FUNCTION purge_remove(agent integer, day date) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = plaintiff, pg_temp AS $$
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
$$;
COMMENT ON FUNCTION purge_remove IS
	'removes what a revoked agent sent of that day, with its evidence and what it witnessed, and keeps the counts in agent_past; how many events';
