CREATE VIEW outage_address AS
SELECT DISTINCT t.address
FROM outage_day o
JOIN tally t ON t.day = o.day AND t.host = o.host AND t.kind = 1
WHERE o.day >= (window_begin() AT TIME ZONE 'UTC')::date;
COMMENT ON VIEW outage_address IS
	'addresses with a failed login on such a day of such a host: what they did is counted anew';
COMMENT ON COLUMN outage_address.address IS 'accused address';
