-- Statements of ctl for a purge: what only agent $1 vouches for goes, day by
-- day, and what was counted of it is counted anew.  One transaction.

-- name: ctl_purge_lock
-- no report is made of what is being removed: waits for those under way, whose
-- events are then seen as reported
SELECT pg_advisory_xact_lock(7411006);

-- name: ctl_purge_begin
-- lookup counts nothing meanwhile
SELECT a.agent, (SELECT stored FROM watermark WHERE name = 'tally' FOR UPDATE)
FROM agent a WHERE a.name = $1;

-- name: ctl_purge_days
SELECT to_char(d, 'YYYY-MM-DD') FROM partition_days('event') d ORDER BY d;

-- name: ctl_purge_mark
-- day $2: tallies, sources and reports that its events are in
WITH its AS MATERIALIZED (
	SELECT DISTINCT address, kind, host FROM event
	WHERE agent = $1::integer
	AND id >= id_floor($2::date::timestamp AT TIME ZONE 'UTC')
	AND id < id_floor(($2::date + 1)::timestamp AT TIME ZONE 'UTC')
), tallies AS (
	UPDATE tally t SET stored = -1 FROM its i
	WHERE t.address = i.address AND t.kind = i.kind AND t.host = i.host
	-- by the key: the index of days is none for this
	AND t.day + 0 = $2::date
), sources AS (
	UPDATE source s SET attempts = NULL, weighed_from = '-infinity'
	FROM (SELECT DISTINCT address FROM its) i WHERE s.address = i.address
), held AS (
	UPDATE report r SET state = 'held', changed = now(),
		said = 'events of a purged agent are in it'
	WHERE r.state = 'ready' AND EXISTS (SELECT FROM report_source x
		JOIN its i ON i.address = x.address
		WHERE x.report = r.report) RETURNING 1
), outages AS (
	DELETE FROM outage o WHERE (o.host, o.minute) IN (
		SELECT host_label(n.text), date_trunc('minute', e.time)
		FROM event e JOIN name n ON n.name = e.host
		WHERE e.agent = $1::integer AND e.kind = 13
		AND e.id >= id_floor($2::date::timestamp AT TIME ZONE 'UTC')
		AND e.id < id_floor(($2::date + 1)::timestamp
			AT TIME ZONE 'UTC'))
	AND NOT EXISTS (SELECT FROM event e JOIN name n ON n.name = e.host
		WHERE e.agent <> $1::integer AND e.kind = 13
		AND host_label(n.text) = o.host
		AND date_trunc('minute', e.time) = o.minute
		AND e.id >= id_floor($2::date::timestamp AT TIME ZONE 'UTC')
		AND e.id < id_floor(($2::date + 1)::timestamp
			AT TIME ZONE 'UTC'))
)
SELECT (SELECT count(*) FROM its), (SELECT count(*) FROM held);

-- name: ctl_purge_attribute
-- what another agent has sent, too, is that agent's from now on
SELECT purge_attribute($1::integer, $2::date);

-- name: ctl_purge_remove
SELECT purge_remove($1::integer, $2::date);

-- name: ctl_purge_tallies
-- counts the marked tallies of day $1 anew, from events counted up to $2
WITH anew AS MATERIALIZED (
	SELECT t.address, t.kind, t.host, e.*
	FROM tally t
	CROSS JOIN LATERAL (SELECT count(*)::integer AS events,
		min(e.time) AS first, max(e.time) AS last,
		count(*) FILTER (WHERE e.stale)::integer AS left_out,
		max(e.stored) AS stored, (array_agg(DISTINCT e.agent)
			FILTER (WHERE NOT e.stale))[1:8] AS agents,
		(array_remove(array_agg(DISTINCT login_hash((SELECT v.login
			FROM evidence v WHERE v.id = e.id AND e.kind = 1)))
			FILTER (WHERE NOT e.stale), NULL))[1:8] AS logins
		FROM event e
		WHERE e.address = t.address AND e.kind = t.kind
		AND e.host = t.host AND e.stored <= $2::bigint
		AND e.id >= id_floor($1::date::timestamp AT TIME ZONE 'UTC')
		AND e.id < id_floor(($1::date + 1)::timestamp
			AT TIME ZONE 'UTC')) e
	WHERE t.day = $1::date AND t.stored = -1
), gone AS (
	DELETE FROM tally t USING anew a
	WHERE t.address = a.address AND t.kind = a.kind AND t.host = a.host
	AND t.day = $1::date AND a.events = 0
)
UPDATE tally t SET events = a.events, first = a.first, last = a.last,
	left_out = a.left_out, stored = a.stored, agents = a.agents,
	logins = a.logins
FROM anew a
WHERE t.address = a.address AND t.kind = a.kind AND t.host = a.host
	AND t.day = $1::date AND a.events > 0;

-- name: ctl_purge_sources
-- weighs the marked sources anew; those of whom nothing is left go
WITH anew AS MATERIALIZED (
	SELECT s.address, t.*, EXISTS (SELECT FROM tally x
		WHERE x.address = s.address AND x.kind NOT IN (13, 14)
		AND x.stored > s.reported_upto) AS pending
	FROM source s
	CROSS JOIN LATERAL (SELECT count(*) > 0 AS some, ARRAY[
		coalesce(sum(t.events) FILTER (WHERE t.kind = 1), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 2), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 3), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 4), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 5), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 6), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 7), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 8), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 9), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 10), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 11), 0),
		coalesce(sum(t.events) FILTER (WHERE t.kind = 12), 0)]::integer[]
			AS attempts, max(t.stored) AS counted,
		up_to_eight('{}', array_all(t.logins)) AS logins,
		up_to_eight('{}', array_all(t.agents)) AS agents,
		min(t.first) AS first, max(t.last) AS last
		FROM tally t WHERE t.address = s.address
		AND t.kind NOT IN (13, 14)) t
	WHERE s.attempts IS NULL
), gone AS (
	DELETE FROM source s USING anew a
	WHERE s.address = a.address AND NOT a.some
)
UPDATE source s SET attempts = a.attempts, counted = a.counted,
	logins = a.logins, agents = a.agents, first_seen = a.first,
	last_seen = a.last,
	pending = CASE WHEN a.pending THEN s.reported_upto + 1 END
FROM anew a WHERE s.address = a.address AND a.some;

-- name: ctl_purge_rest
-- its own addresses hide nobody any more, and what was set aside of it is
-- only counted
WITH own AS (
	DELETE FROM agent_address WHERE agent = $1::integer
), aside AS (
	DELETE FROM set_aside WHERE agent = $1::integer
	RETURNING (noted AT TIME ZONE 'UTC')::date AS day
)
INSERT INTO agent_past AS p (agent, day, set_aside)
SELECT $1::integer, day, count(*) FROM aside GROUP BY day
ON CONFLICT (agent, day) DO UPDATE
SET set_aside = p.set_aside + excluded.set_aside;
