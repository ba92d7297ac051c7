CREATE VIEW report_balance AS
SELECT b.item, b.expected, b.counted, b.expected - b.counted AS remainder
FROM (
	SELECT 1 AS place, 'events in reports' AS item,
		(SELECT coalesce(sum(events), 0) FROM report
			WHERE given_back IS NULL)::bigint AS expected,
		(SELECT coalesce(sum(events), 0) FROM report_source)::bigint
			AS counted
	UNION ALL
	SELECT 2, 'addresses in reports',
		(SELECT coalesce(sum(sources), 0) FROM report
			WHERE given_back IS NULL)::bigint,
		(SELECT count(*) FROM report_source)
	UNION ALL
	SELECT 3, 'addresses whose events are in two reports', 0,
		(SELECT count(*) FROM (SELECT stored_after,
			lag(stored_upto) OVER (PARTITION BY address
				ORDER BY stored_upto, stored_after) AS before
			FROM report_source) r
		WHERE r.stored_after < r.before)
	UNION ALL
	SELECT 4, 'addresses reported beyond their own mark', 0,
		(SELECT count(*) FROM source s
		JOIN (SELECT address, max(stored_upto) AS upto
			FROM report_source GROUP BY address) r
			ON r.address = s.address
		WHERE s.reported_upto < r.upto)
	UNION ALL
	SELECT 5, 'events counted in tallies',
		(SELECT count(*) FROM event e WHERE e.stored <= (SELECT stored
			FROM watermark WHERE name = 'tally')),
		(SELECT coalesce(sum(t.events), 0) FROM tally t WHERE t.day IN
			(SELECT * FROM partition_days('event')))::bigint
	UNION ALL
	SELECT 6, 'reports whose state is not that of their mails', 0,
		(SELECT count(*) FROM report r
		LEFT JOIN LATERAL (SELECT array_agg(DISTINCT m.state) AS states
			FROM report_mail m WHERE m.report = r.report) l ON true
		WHERE NOT coalesce(CASE r.state
			WHEN 'sending' THEN l.states && '{sending,ready}'
			WHEN 'unknown' THEN l.states @> '{unknown}'
				AND NOT l.states && '{sending,ready}'
			WHEN 'sent' THEN l.states @> '{sent}'
				AND l.states <@ '{sent,failed}'
			WHEN 'failed' THEN l.states = '{failed}'
			ELSE l.states @> '{ready}'
				AND l.states <@ '{ready,failed}' END, false))
) b
ORDER BY b.place;
COMMENT ON VIEW report_balance IS
	'reports against what they are made of: each remainder must be 0';
COMMENT ON COLUMN report_balance.item IS 'what is compared';
COMMENT ON COLUMN report_balance.expected IS 'what it should be';
COMMENT ON COLUMN report_balance.counted IS 'what there is';
COMMENT ON COLUMN report_balance.remainder IS 'expected less counted';
