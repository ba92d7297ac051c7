CREATE VIEW agent_list AS
SELECT a.agent, a.name, a.state, o.host, o.software, o.last_seen,
	coalesce(o.lines, 0) AS lines, coalesce(o.emitted, 0) AS emitted,
	coalesce(o.unacked, 0) AS unacked, coalesce(o.gaps, 0) AS gaps,
	coalesce(h.held, 0) AS held, a.quarantined,
	coalesce(o.outboxes, 0) AS outboxes, a.added, a.revoked, a.key
FROM agent a
LEFT JOIN (SELECT agent, count(*) AS outboxes, max(last_seen) AS last_seen,
	(array_agg(host ORDER BY last_seen DESC))[1] AS host,
	(array_agg(software ORDER BY last_seen DESC))[1] AS software,
	sum(lines)::bigint AS lines, sum(emitted)::bigint AS emitted,
	sum(unacked)::bigint AS unacked, sum(gaps)::bigint AS gaps
	FROM agent_outbox GROUP BY agent) o ON o.agent = a.agent
LEFT JOIN (SELECT agent, count(*) AS held FROM event WHERE stored IS NULL
	GROUP BY agent) h ON h.agent = a.agent;
COMMENT ON VIEW agent_list IS 'agents and what they say of themselves';
COMMENT ON COLUMN agent_list.agent IS 'number';
COMMENT ON COLUMN agent_list.name IS 'name';
COMMENT ON COLUMN agent_list.state IS 'active, quarantined or revoked';
COMMENT ON COLUMN agent_list.host IS 'host it runs on; foreign text';
COMMENT ON COLUMN agent_list.software IS
	'its program and version; foreign text';
COMMENT ON COLUMN agent_list.last_seen IS 'its last frame';
COMMENT ON COLUMN agent_list.lines IS 'log lines it has read';
COMMENT ON COLUMN agent_list.emitted IS 'events it has put into its outbox';
COMMENT ON COLUMN agent_list.unacked IS
	'events of those that it still has to hand over';
COMMENT ON COLUMN agent_list.gaps IS 'events it declared lost';
COMMENT ON COLUMN agent_list.held IS
	'its events that are not reported before it is released';
COMMENT ON COLUMN agent_list.quarantined IS 'when it was quarantined';
COMMENT ON COLUMN agent_list.outboxes IS 'outboxes it has had';
COMMENT ON COLUMN agent_list.added IS 'when it was added';
COMMENT ON COLUMN agent_list.revoked IS 'when it was revoked';
COMMENT ON COLUMN agent_list.key IS 'public key';
