CREATE VIEW policy AS
SELECT window_begin() AS since,
	make_interval(secs => setting('report_every', '604800')::bigint)
		AS every,
	setting('quorum_agents', '1')::integer AS quorum_agents,
	setting('quorum_events', '0')::bigint AS quorum_events,
	setting('login_since', 'on')::boolean AS login_since,
	setting('held_share', '0')::integer AS held_share,
	setting('domain_week', '20')::bigint AS domain_week,
	setting('mx_week', '100')::bigint AS mx_week,
	setting('new_day', '1000')::bigint AS new_day,
	setting('mails_hour', '1000')::bigint AS mails_hour,
	setting('unreportable', '{}')::inet[] AS unreportable
OFFSET 0;
COMMENT ON VIEW policy IS
	'the settings that deciding goes by, as the session was told them; one row';
COMMENT ON COLUMN policy.since IS 'events before are not reported';
COMMENT ON COLUMN policy.every IS 'at most one report to a contact in this time';
COMMENT ON COLUMN policy.quorum_agents IS 'agents that must have seen an address';
COMMENT ON COLUMN policy.quorum_events IS
	'or so many events where fewer have; 0: that does not do';
COMMENT ON COLUMN policy.login_since IS
	'an address with a successful login is not reported';
COMMENT ON COLUMN policy.held_share IS
	'percent of the contacts that are drawn not to be reported';
COMMENT ON COLUMN policy.domain_week IS
	'reports to one registrable domain in a week; 0: no limit';
COMMENT ON COLUMN policy.mx_week IS
	'reports to one mail host in a week; 0: no limit';
COMMENT ON COLUMN policy.new_day IS
	'contacts reported for the first time in a day; 0: no limit';
COMMENT ON COLUMN policy.mails_hour IS 'reports in an hour; 0: no limit';
COMMENT ON COLUMN policy.unreportable IS 'prefixes that are never reported';
