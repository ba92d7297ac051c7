CREATE VIEW timely AS
SELECT e.id, e.stored, e.time, e.agent, e.host, e.service, e.kind, e.port,
	e.destination, e.destination_port, e.address,
	(SELECT tor_margin()) IS NULL
		OR coalesce((SELECT range_agg(span) FROM tor_cover) @> e.time
			AND (family(e.address) = 4 OR (SELECT tor_ipv6())),
			false)
		OR EXISTS (SELECT FROM tor_answer a
			WHERE a.address = e.address AND a.span @> e.time)
		AS tor_known
FROM event e
WHERE NOT e.stale;
COMMENT ON VIEW timely IS
	'events that are not stale: all that may accuse an address that is neither in excused nor in allegedfix, unless only some logins'' domains are reported';
COMMENT ON COLUMN timely.id IS 'event';
COMMENT ON COLUMN timely.stored IS 'order of storing';
COMMENT ON COLUMN timely.time IS 'time of the log line';
COMMENT ON COLUMN timely.agent IS 'agent that sent it first';
COMMENT ON COLUMN timely.host IS 'host as logged (name)';
COMMENT ON COLUMN timely.service IS 'service as logged (name)';
COMMENT ON COLUMN timely.kind IS 'kind of event';
COMMENT ON COLUMN timely.port IS 'source port, if the line says';
COMMENT ON COLUMN timely.destination IS 'our address, if known';
COMMENT ON COLUMN timely.destination_port IS 'our port, if known';
COMMENT ON COLUMN timely.address IS 'the accused address';
COMMENT ON COLUMN timely.tor_known IS
	'is it known that the address was no exit of Tor then?';
