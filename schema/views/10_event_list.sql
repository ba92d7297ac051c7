CREATE VIEW event_list AS
SELECT e.id, e.stored, e.time, a.name AS agent, h.text AS host,
	s.text AS service, k.name AS kind, e.address, e.port, e.destination,
	e.destination_port, m.text AS mechanism, v.login, v.ptr, v.line,
	r.text AS rule, e.stale
FROM event e
JOIN agent a ON a.agent = e.agent
JOIN name h ON h.name = e.host
LEFT JOIN kind k ON k.kind = e.kind
LEFT JOIN name s ON s.name = e.service
LEFT JOIN name m ON m.name = e.mechanism
LEFT JOIN name r ON r.name = e.rule
LEFT JOIN evidence v ON v.id = e.id;
COMMENT ON VIEW event_list IS 'events, with names in place of numbers';
COMMENT ON COLUMN event_list.id IS 'event';
COMMENT ON COLUMN event_list.stored IS 'order of storing';
COMMENT ON COLUMN event_list.time IS 'time of the log line';
COMMENT ON COLUMN event_list.agent IS 'name of the agent that sent it first';
COMMENT ON COLUMN event_list.host IS 'host as logged';
COMMENT ON COLUMN event_list.service IS 'service as logged';
COMMENT ON COLUMN event_list.kind IS 'kind of event';
COMMENT ON COLUMN event_list.address IS 'the accused address';
COMMENT ON COLUMN event_list.port IS 'its port, if the line says';
COMMENT ON COLUMN event_list.destination IS 'our address, if known';
COMMENT ON COLUMN event_list.destination_port IS 'our port, if known';
COMMENT ON COLUMN event_list.mechanism IS 'SASL mechanism';
COMMENT ON COLUMN event_list.login IS
	'tried login, while the evidence is kept; foreign text';
COMMENT ON COLUMN event_list.ptr IS
	'client name as logged, while the evidence is kept; foreign text';
COMMENT ON COLUMN event_list.line IS
	'message as logged, while the evidence is kept; foreign text';
COMMENT ON COLUMN event_list.rule IS 'rule that matched';
COMMENT ON COLUMN event_list.stale IS
	'too old or too far ahead when it came: never reported';
