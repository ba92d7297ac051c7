CREATE VIEW tor_waiting AS
SELECT u.address, count(*) AS events, min(u.time) AS first, max(u.time) AS last
FROM reportable u
JOIN source s ON s.address = u.address
WHERE NOT u.tor_known
	AND s.state = 'found'
	AND u.stored > s.reported_upto
	AND u.id >= id_floor(now() - make_interval(days => coalesce(nullif(
		current_setting('plaintiff.report_days', true), ''),
		'14')::integer))
GROUP BY u.address;
COMMENT ON VIEW tor_waiting IS
	'addresses with a contact that are in no report yet, since nobody knows whether they were exits of Tor';
COMMENT ON COLUMN tor_waiting.address IS 'accused address';
COMMENT ON COLUMN tor_waiting.events IS 'its events of unknown times';
COMMENT ON COLUMN tor_waiting.first IS 'first log time of those';
COMMENT ON COLUMN tor_waiting.last IS 'last log time of those';
