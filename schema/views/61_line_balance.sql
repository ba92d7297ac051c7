CREATE VIEW line_balance AS
SELECT a.name AS agent, encode(o.outbox, 'hex') AS outbox, o.lines,
	o.ignored, o.unparsable, o.emitted, o.repeated, o.unreportable,
	o.withheld, o.lines - o.ignored - o.unparsable - o.emitted - o.repeated
		- o.unreportable - o.withheld AS remainder
FROM agent_outbox o
JOIN agent a ON a.agent = o.agent;
COMMENT ON VIEW line_balance IS
	'what each agent did with the log lines it read: remainder must be 0';
COMMENT ON COLUMN line_balance.agent IS 'name of the agent';
COMMENT ON COLUMN line_balance.outbox IS 'its outbox';
COMMENT ON COLUMN line_balance.lines IS 'log lines read';
COMMENT ON COLUMN line_balance.ignored IS 'lines without an event';
COMMENT ON COLUMN line_balance.unparsable IS 'lines without a known header';
COMMENT ON COLUMN line_balance.emitted IS 'events put into the outbox';
COMMENT ON COLUMN line_balance.repeated IS
	'events dropped because the outbox had that id';
COMMENT ON COLUMN line_balance.unreportable IS
	'events dropped by the agent''s own list';
COMMENT ON COLUMN line_balance.withheld IS 'events counted but not sent';
COMMENT ON COLUMN line_balance.remainder IS 'lines less all the others';
