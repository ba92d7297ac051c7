CREATE VIEW asn_effect AS
SELECT g.asn, coalesce(r.reports, 0) AS reports,
	coalesce(r.bounced, 0) AS bounced,
	coalesce(r.answered, 0) AS answered,
	coalesce(r.acknowledged, 0) AS acknowledged,
	coalesce(r.silent, 0) AS silent, coalesce(k.cases, 0) AS cases,
	coalesce(k.stopped, 0) AS stopped
FROM (SELECT DISTINCT asn FROM source) g
LEFT JOIN (SELECT x.asn, count(*) AS reports,
		count(*) FILTER (WHERE bounced) AS bounced,
		count(*) FILTER (WHERE answered) AS answered,
		count(*) FILTER (WHERE acknowledged) AS acknowledged,
		count(*) FILTER (WHERE NOT bounced AND NOT answered
			AND NOT acknowledged) AS silent
	FROM (SELECT DISTINCT s.asn, o.report, o.bounced, o.answered,
			o.acknowledged
		FROM report_outcome o
		JOIN report_source a ON a.report = o.report
		JOIN source s ON s.address = a.address) x
	GROUP BY x.asn) r ON r.asn IS NOT DISTINCT FROM g.asn
LEFT JOIN (SELECT s.asn, count(*) AS cases,
		count(*) FILTER (WHERE o.stopped) AS stopped
	FROM case_outcome(effect_days()) o
	JOIN source s ON s.address = o.address
	WHERE NOT o.control
	GROUP BY s.asn) k ON k.asn IS NOT DISTINCT FROM g.asn
WHERE r.reports > 0 OR k.cases > 0;
COMMENT ON VIEW asn_effect IS
	'what reports brought about, by autonomous system; days: plaintiff.effect_days of the session, 7';
COMMENT ON COLUMN asn_effect.asn IS 'autonomous system; null: not known';
COMMENT ON COLUMN asn_effect.reports IS
	'reports sent that named an address of it';
COMMENT ON COLUMN asn_effect.bounced IS 'that came back';
COMMENT ON COLUMN asn_effect.answered IS 'that were answered';
COMMENT ON COLUMN asn_effect.acknowledged IS
	'of which a program said that they have arrived';
COMMENT ON COLUMN asn_effect.silent IS 'of which nothing was heard';
COMMENT ON COLUMN asn_effect.cases IS
	'addresses that can be judged: since their first report twice the days have passed';
COMMENT ON COLUMN asn_effect.stopped IS
	'of those, quiet in the second half of that time';
