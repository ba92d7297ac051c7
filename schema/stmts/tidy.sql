-- Statements of tidy; prepared when it connects.

-- name: tidy_partitions_make
-- from $1 days ago to $2 days ahead
SELECT partitions_make((now() AT TIME ZONE 'UTC')::date - $1::integer,
	(now() AT TIME ZONE 'UTC')::date + $2::integer);

-- name: tidy_partitions_drop
-- one day of events older than $1 days, or of evidence older than $2; events
-- of the last $3 days may still come
SELECT partitions_drop((now() AT TIME ZONE 'UTC')::date - $1::integer,
	(now() AT TIME ZONE 'UTC')::date - $2::integer,
	(now() AT TIME ZONE 'UTC')::date - $3::integer, 1);

-- name: tidy_set_aside
-- at most $2 rows older than $1 days
WITH removed AS (
	DELETE FROM set_aside WHERE ctid = ANY (ARRAY(
		SELECT ctid FROM set_aside
		WHERE noted < now() - $1::integer * interval '1 day'
		LIMIT $2::bigint))
	RETURNING agent, (noted AT TIME ZONE 'UTC')::date AS day
), folded AS (
	INSERT INTO agent_past AS p (agent, day, set_aside)
	SELECT agent, day, count(*) FROM removed GROUP BY agent, day
	ORDER BY agent, day
	ON CONFLICT (agent, day) DO UPDATE
	SET set_aside = p.set_aside + excluded.set_aside
)
SELECT count(*) FROM removed;

-- name: tidy_answers
-- at most $2 rows older than $1 days; the newest of an address stays
WITH removed AS (
	DELETE FROM answer WHERE ctid = ANY (ARRAY(
		SELECT a.ctid FROM answer a
		WHERE a.asked < now() - $1::integer * interval '1 day'
		AND EXISTS (SELECT FROM answer n WHERE n.address = a.address
			AND (n.asked, n.answer) > (a.asked, a.answer))
		LIMIT $2::bigint))
	RETURNING 1
)
SELECT count(*) FROM removed;

-- name: tidy_tallies
-- at most $2 rows older than $1 days
WITH removed AS (
	DELETE FROM tally WHERE ctid = ANY (ARRAY(
		SELECT ctid FROM tally
		WHERE day < (now() AT TIME ZONE 'UTC')::date - $1::integer
		LIMIT $2::bigint))
	RETURNING 1
)
SELECT count(*) FROM removed;

-- name: tidy_logins
-- at most $2 tallies older than $1 days, and as many sources
WITH tallies AS (
	UPDATE tally SET logins = NULL WHERE ctid = ANY (ARRAY(
		SELECT ctid FROM tally
		WHERE day < (now() AT TIME ZONE 'UTC')::date - $1::integer
		AND logins IS NOT NULL
		LIMIT $2::bigint))
	RETURNING 1
), sources AS (
	UPDATE source SET logins = NULL WHERE ctid = ANY (ARRAY(
		SELECT ctid FROM source
		WHERE last_seen < now() - $1::integer * interval '1 day'
		AND logins IS NOT NULL
		LIMIT $2::bigint))
	RETURNING 1
)
SELECT (SELECT count(*) FROM tallies) + (SELECT count(*) FROM sources);

-- name: tidy_outages
-- at most $2 rows older than $1 days
WITH removed AS (
	DELETE FROM outage WHERE ctid = ANY (ARRAY(
		SELECT ctid FROM outage
		WHERE minute < now() - $1::integer * interval '1 day'
		LIMIT $2::bigint))
	RETURNING 1
)
SELECT count(*) FROM removed;

-- name: tidy_reports
-- at most $2 that are over and older than $1 days; an open one never
WITH removed AS (
	DELETE FROM report WHERE ctid = ANY (ARRAY(
		SELECT ctid FROM report
		WHERE created < now() - $1::integer * interval '1 day'
		AND changed < now() - $1::integer * interval '1 day'
		AND state IN ('sent', 'failed')
		AND (quiet IS NULL OR upper(quiet) < now())
		LIMIT $2::bigint))
	AND state IN ('sent', 'failed')
	RETURNING 1
)
SELECT count(*) FROM removed;

-- name: tidy_tor
-- at most $2 of each kind that are older than $1 days
WITH exits AS (
	DELETE FROM tor_exit WHERE ctid = ANY (ARRAY(
		SELECT ctid FROM tor_exit
		WHERE last < now() - $1::integer * interval '1 day'
		LIMIT $2::bigint))
	RETURNING 1
), answers AS (
	DELETE FROM tor_answer WHERE ctid = ANY (ARRAY(
		SELECT ctid FROM tor_answer
		WHERE asked < now() - $1::integer * interval '1 day'
		LIMIT $2::bigint))
	RETURNING 1
), covers AS (
	DELETE FROM tor_cover
	WHERE upper(span) < now() - $1::integer * interval '1 day'
	RETURNING 1
)
SELECT (SELECT count(*) FROM exits) + (SELECT count(*) FROM answers)
	+ (SELECT count(*) FROM covers);
