CREATE VIEW threshold AS
SELECT split_part(t.one, ',', 1)::smallint AS kind,
	split_part(t.one, ',', 2)::bigint AS tries,
	nullif(split_part(t.one, ',', 3), '0')::integer AS logins,
	nullif(split_part(t.one, ',', 4), '0')::integer AS agents
FROM regexp_split_to_table(setting('thresholds', '1,3,2,2 2,2,0,0'), ' ')
	AS t (one);
COMMENT ON VIEW threshold IS
	'the kinds that are reported, and from when on, as the session was told it; any of the three is enough';
COMMENT ON COLUMN threshold.kind IS 'kind';
COMMENT ON COLUMN threshold.tries IS 'so many events';
COMMENT ON COLUMN threshold.logins IS
	'so many different logins tried; null: does not count';
COMMENT ON COLUMN threshold.agents IS
	'so many agents that saw the address; null: does not count';
