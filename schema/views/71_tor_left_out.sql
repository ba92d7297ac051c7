CREATE VIEW tor_left_out AS
SELECT e.id, e.time, e.address
FROM tor_exit x
JOIN event e ON e.address = x.address
	AND e.time >= x.first - (SELECT tor_margin())
	AND e.time <= x.last + (SELECT tor_margin())
WHERE NOT e.stale
	AND e.id >= id_floor(now() - make_interval(days => coalesce(nullif(
		current_setting('plaintiff.report_days', true), ''),
		'14')::integer));
COMMENT ON VIEW tor_left_out IS
	'events within report.days that accuse nobody, since the address was an exit of Tor then';
COMMENT ON COLUMN tor_left_out.id IS 'event';
COMMENT ON COLUMN tor_left_out.time IS 'time of the log line';
COMMENT ON COLUMN tor_left_out.address IS 'the exit''s address';
