-- Statements of tidy; prepared when it connects.

-- name: tidy_partitions_make
-- from $1 days ago to $2 days ahead
SELECT partitions_make((now() AT TIME ZONE 'UTC')::date - $1::integer,
	(now() AT TIME ZONE 'UTC')::date + $2::integer);
