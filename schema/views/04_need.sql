CREATE VIEW need AS
SELECT array_agg(t.tries ORDER BY k.kind) AS tries,
	max(t.logins) FILTER (WHERE t.kind = 1) AS logins,
	max(t.agents) FILTER (WHERE t.kind = 1) AS agents
FROM generate_series(1, 12) AS k (kind)
LEFT JOIN threshold t ON t.kind = k.kind;
COMMENT ON VIEW need IS 'all thresholds in one row, for threshold_met';
COMMENT ON COLUMN need.tries IS
	'events needed, the number of the kind being the place; null: not reported';
COMMENT ON COLUMN need.logins IS 'logins tried';
COMMENT ON COLUMN need.agents IS 'agents that saw it';
