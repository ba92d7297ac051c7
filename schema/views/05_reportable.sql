CREATE VIEW reportable AS
SELECT e.id, e.stored, e.time, e.agent, e.host, e.service, e.kind, e.port,
	e.destination, e.destination_port, e.address, e.tor_known
FROM timely e
WHERE NOT (e.kind = 1 AND (SELECT EXISTS (SELECT FROM outage))
		AND EXISTS (SELECT FROM name h
		JOIN outage o ON o.host = host_label(h.text)
		WHERE h.name = e.host
		AND o.minute > e.time - outage_margin() - interval '1 minute'
		AND o.minute <= e.time + outage_margin()))
	AND NOT EXISTS (SELECT FROM allegedfix f
		WHERE f.address = e.address AND e.time <= f.fixed)
	AND NOT EXISTS (SELECT FROM tor_exit x
		WHERE x.address = e.address
		AND x.first <= e.time + (SELECT tor_margin())
		AND x.last >= e.time - (SELECT tor_margin()))
	AND (e.kind <> 1 OR (SELECT setting('login_domains', '')) = ''
		OR EXISTS (SELECT FROM evidence v WHERE v.id = e.id
			AND coalesce(login_domain(v.login), 'none') = ANY
				(string_to_array(setting('login_domains', ''),
					' '))));
COMMENT ON VIEW reportable IS
	'events that may accuse somebody: not stale, not before an alleged fix, not of an exit of Tor, and no failed login while the login back end of its host was failing or of a domain that is not reported';
COMMENT ON COLUMN reportable.id IS 'event';
COMMENT ON COLUMN reportable.stored IS 'order of storing';
COMMENT ON COLUMN reportable.time IS 'time of the log line';
COMMENT ON COLUMN reportable.agent IS 'agent that sent it first';
COMMENT ON COLUMN reportable.host IS 'host as logged (name)';
COMMENT ON COLUMN reportable.service IS 'service as logged (name)';
COMMENT ON COLUMN reportable.kind IS 'kind of event';
COMMENT ON COLUMN reportable.port IS 'source port, if the line says';
COMMENT ON COLUMN reportable.destination IS 'our address, if known';
COMMENT ON COLUMN reportable.destination_port IS 'our port, if known';
COMMENT ON COLUMN reportable.address IS 'the accused address';
COMMENT ON COLUMN reportable.tor_known IS
	'is it known that the address was no exit of Tor then?';
