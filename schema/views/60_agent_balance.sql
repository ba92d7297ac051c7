CREATE VIEW agent_balance AS
SELECT b.agent, b.emitted, b.first_seen, b.witnessed, b.set_aside, b.past,
	b.unacked, b.gaps, b.emitted - b.first_seen - b.witnessed - b.set_aside
		- b.past - b.unacked - b.gaps AS remainder
FROM (
	SELECT a.name AS agent,
		coalesce(o.emitted, 0) AS emitted,
		coalesce(e.n, 0) AS first_seen,
		coalesce(w.n, 0) AS witnessed,
		coalesce(s.n, 0) AS set_aside,
		coalesce(p.n, 0) AS past,
		coalesce(o.unacked, 0) AS unacked,
		coalesce(o.gaps, 0) AS gaps
	FROM agent a
	LEFT JOIN (SELECT agent, sum(emitted)::bigint AS emitted,
		sum(unacked)::bigint AS unacked, sum(gaps)::bigint AS gaps
		FROM agent_outbox GROUP BY agent) o ON o.agent = a.agent
	LEFT JOIN (SELECT agent, count(*) AS n FROM event GROUP BY agent) e
		ON e.agent = a.agent
	LEFT JOIN (SELECT agent, count(*) AS n FROM witness GROUP BY agent) w
		ON w.agent = a.agent
	LEFT JOIN (SELECT agent, count(*) AS n FROM set_aside GROUP BY agent) s
		ON s.agent = a.agent
	LEFT JOIN (SELECT agent,
		sum(first_seen + witnessed + set_aside)::bigint AS n
		FROM agent_past GROUP BY agent) p ON p.agent = a.agent
) b;
COMMENT ON VIEW agent_balance IS
	'what each agent sent against the rows there are: remainder must be 0';
COMMENT ON COLUMN agent_balance.agent IS 'name of the agent';
COMMENT ON COLUMN agent_balance.emitted IS
	'events it has put into its outboxes, as it says';
COMMENT ON COLUMN agent_balance.first_seen IS 'events that it sent first';
COMMENT ON COLUMN agent_balance.witnessed IS
	'events that another agent, or an earlier outbox, had sent before';
COMMENT ON COLUMN agent_balance.set_aside IS
	'events acknowledged but not stored; see set_aside';
COMMENT ON COLUMN agent_balance.past IS
	'rows of all three kinds that retention has removed';
COMMENT ON COLUMN agent_balance.unacked IS 'events it still has to hand over';
COMMENT ON COLUMN agent_balance.gaps IS 'events it declared lost';
COMMENT ON COLUMN agent_balance.remainder IS
	'emitted less all the others; above 0 events are missing';
