CREATE VIEW tried AS
SELECT c.address, ARRAY[
		coalesce(sum(c.tries) FILTER (WHERE c.kind = 1), 0)::integer, coalesce(sum(c.tries) FILTER (WHERE c.kind = 2), 0)::integer, coalesce(sum(c.tries) FILTER (WHERE c.kind = 3), 0)::integer,
		coalesce(sum(c.tries) FILTER (WHERE c.kind = 4), 0)::integer, coalesce(sum(c.tries) FILTER (WHERE c.kind = 5), 0)::integer, coalesce(sum(c.tries) FILTER (WHERE c.kind = 6), 0)::integer,
		coalesce(sum(c.tries) FILTER (WHERE c.kind = 7), 0)::integer, coalesce(sum(c.tries) FILTER (WHERE c.kind = 8), 0)::integer, coalesce(sum(c.tries) FILTER (WHERE c.kind = 9), 0)::integer,
		coalesce(sum(c.tries) FILTER (WHERE c.kind = 10), 0)::integer, coalesce(sum(c.tries) FILTER (WHERE c.kind = 11), 0)::integer, coalesce(sum(c.tries) FILTER (WHERE c.kind = 12), 0)::integer] AS tries,
	(SELECT count(DISTINCT a) FROM unnest(array_all(c.logins)) a)::integer
		AS logins,
	(SELECT count(DISTINCT a) FROM unnest(array_all(c.agents)
		FILTER (WHERE c.kind <> 14)) a)::integer AS agents,
	max(c.fixed) AS fixed,
	min(c.first) FILTER (WHERE c.kind = 1) AS first_failure,
	max(c.last) FILTER (WHERE c.kind = 14) AS last_login
FROM tally_counting c
GROUP BY c.address;
COMMENT ON VIEW tried IS
	'what each address did within the window, added up from tallies; exact where what source says is not';
COMMENT ON COLUMN tried.address IS 'accused address';
COMMENT ON COLUMN tried.tries IS
	'events of the kinds that are reported, the number of the kind being the place';
COMMENT ON COLUMN tried.logins IS 'different logins tried';
COMMENT ON COLUMN tried.agents IS 'different agents that saw it';
COMMENT ON COLUMN tried.fixed IS
	'when its contact said that the cause is gone; what is counted came later';
COMMENT ON COLUMN tried.first_failure IS 'its first failed login';
COMMENT ON COLUMN tried.last_login IS 'its last successful one';
