CREATE VIEW network_effect AS
SELECT g.grouped, g.name, coalesce(r.reports, 0) AS reports,
	coalesce(r.bounced, 0) AS bounced,
	coalesce(r.answered, 0) AS answered,
	coalesce(r.acknowledged, 0) AS acknowledged,
	coalesce(r.silent, 0) AS silent, coalesce(k.cases, 0) AS cases,
	coalesce(k.stopped, 0) AS stopped
FROM (SELECT DISTINCT n.grouped, n.name FROM source_network n) g
LEFT JOIN (SELECT x.grouped, x.name, count(*) AS reports,
		count(*) FILTER (WHERE bounced) AS bounced,
		count(*) FILTER (WHERE answered) AS answered,
		count(*) FILTER (WHERE acknowledged) AS acknowledged,
		count(*) FILTER (WHERE NOT bounced AND NOT answered
			AND NOT acknowledged) AS silent
	FROM (SELECT DISTINCT n.grouped, n.name, o.report, o.bounced,
			o.answered, o.acknowledged
		FROM report_outcome o
		JOIN report_source a ON a.report = o.report
		JOIN source_network n ON n.address = a.address) x
	GROUP BY x.grouped, x.name) r
	ON r.grouped = g.grouped AND r.name IS NOT DISTINCT FROM g.name
LEFT JOIN (SELECT n.grouped, n.name, count(*) AS cases,
		count(*) FILTER (WHERE o.stopped) AS stopped
	FROM case_outcome(effect_days()) o
	JOIN source_network n ON n.address = o.address
	WHERE NOT o.control
	GROUP BY n.grouped, n.name) k
	ON k.grouped = g.grouped AND k.name IS NOT DISTINCT FROM g.name
WHERE r.reports > 0 OR k.cases > 0;
COMMENT ON VIEW network_effect IS
	'what reports brought about, by autonomous system and by country; days: plaintiff.effect_days of the session, 7';
COMMENT ON COLUMN network_effect.grouped IS 'asn or country';
COMMENT ON COLUMN network_effect.name IS
	'which autonomous system or country of registration; null: not known';
COMMENT ON COLUMN network_effect.reports IS
	'reports sent that named an address of it';
COMMENT ON COLUMN network_effect.bounced IS 'that came back';
COMMENT ON COLUMN network_effect.answered IS 'that were answered';
COMMENT ON COLUMN network_effect.acknowledged IS
	'of which a program said that they have arrived';
COMMENT ON COLUMN network_effect.silent IS 'of which nothing was heard';
COMMENT ON COLUMN network_effect.cases IS
	'addresses that can be judged: since their first report twice the days have passed';
COMMENT ON COLUMN network_effect.stopped IS
	'of those, quiet in the second half of that time';
