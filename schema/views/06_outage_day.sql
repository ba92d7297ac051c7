CREATE VIEW outage_day AS
SELECT DISTINCT h.name AS host, (d.time AT TIME ZONE 'UTC')::date AS day
FROM outage o
JOIN name h ON host_label(h.text) = o.host
CROSS JOIN LATERAL (VALUES (o.minute - outage_margin()),
	(o.minute + outage_margin() + interval '1 minute')) AS d (time);
COMMENT ON VIEW outage_day IS
	'days of hosts of whose failed logins some accuse nobody';
COMMENT ON COLUMN outage_day.host IS 'host as logged (name)';
COMMENT ON COLUMN outage_day.day IS 'day of log time, UTC';
