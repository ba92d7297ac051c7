CREATE VIEW tally_counting AS
SELECT t.address, t.kind, t.first, t.last, f.fixed,
	CASE WHEN t.first >= greatest(p.since, f.fixed)
		THEN t.events - t.left_out
	WHEN t.last >= greatest(p.since, f.fixed)
		THEN least(t.events - t.left_out, 1)
	ELSE 0 END AS tries,
	CASE WHEN t.first >= greatest(p.since, f.fixed) THEN t.agents END
		AS agents,
	CASE WHEN t.first >= greatest(p.since, f.fixed) THEN t.logins END
		AS logins
FROM tally t
CROSS JOIN policy p
LEFT JOIN allegedfix f ON f.address = t.address
WHERE t.day >= (p.since AT TIME ZONE 'UTC')::date
	AND (t.kind = 14 OR t.kind IN (SELECT kind FROM threshold))
	AND (t.kind = 14 OR t.address NOT IN (SELECT address FROM excused))
UNION ALL
SELECT t.address, t.kind, x.first, x.last, f.fixed, x.tries, x.agents,
	x.logins
FROM tally t
CROSS JOIN policy p
LEFT JOIN allegedfix f ON f.address = t.address
CROSS JOIN LATERAL (SELECT min(e.time) AS first, max(e.time) AS last,
	count(*)::integer AS tries, array_agg(DISTINCT e.agent) AS agents,
	array_agg(DISTINCT login_hash(v.login)) FILTER (WHERE v.login IS NOT
		NULL) AS logins
	FROM reportable e LEFT JOIN evidence v ON v.id = e.id
	-- said here, too: so that no event is read for the others
	WHERE t.address IN (SELECT address FROM excused)
	AND e.address = t.address AND e.kind = t.kind AND e.host = t.host
	AND e.time >= p.since
	AND e.id >= id_floor(t.day::timestamp AT TIME ZONE 'UTC')
	AND e.id < id_floor((t.day + 1)::timestamp AT TIME ZONE 'UTC')) x
WHERE t.day >= (p.since AT TIME ZONE 'UTC')::date
	AND t.kind IN (SELECT kind FROM threshold)
	AND t.address IN (SELECT address FROM excused);
COMMENT ON VIEW tally_counting IS
	'tallies within the window, of the kinds that are reported and of logins: what thresholds count; of a day that is in it in part, less rather than more; events are read only for addresses that an outage or Tor excuses';
COMMENT ON COLUMN tally_counting.address IS 'accused address';
COMMENT ON COLUMN tally_counting.kind IS 'kind';
COMMENT ON COLUMN tally_counting.first IS 'first log time';
COMMENT ON COLUMN tally_counting.last IS 'last log time';
COMMENT ON COLUMN tally_counting.fixed IS
	'when its contact said that the cause is gone';
COMMENT ON COLUMN tally_counting.tries IS 'events that count';
COMMENT ON COLUMN tally_counting.agents IS 'agents that sent them first';
COMMENT ON COLUMN tally_counting.logins IS 'login_hash of the logins tried';
