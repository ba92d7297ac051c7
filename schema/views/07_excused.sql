CREATE VIEW excused AS
SELECT t.address
FROM outage_day o
JOIN tally t ON t.day = o.day AND t.host = o.host AND t.kind = 1
WHERE o.day >= (window_begin() AT TIME ZONE 'UTC')::date
UNION
SELECT x.address
FROM tor_exit x
WHERE x.last >= window_begin() - (SELECT tor_margin());
COMMENT ON VIEW excused IS
	'addresses of whose events some accuse nobody, by an outage of ours or by Tor: what they did is counted from events';
COMMENT ON COLUMN excused.address IS 'accused address';
