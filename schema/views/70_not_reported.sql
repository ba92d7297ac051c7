CREATE VIEW not_reported AS
SELECT u.address, c.mailbox AS contact, u.events, u.first, u.last,
	CASE
	WHEN u.held THEN 'quarantine'
	WHEN s.address IS NULL AND u.stored > m.stored THEN 'not counted'
	WHEN u.all_stale THEN 'stale'
	WHEN u.none_left AND u.exits > 0 THEN 'tor exit'
	WHEN u.none_left THEN 'outage'
	WHEN s.address IS NULL THEN 'kind'
	WHEN EXISTS (SELECT FROM agent_address o
		WHERE o.address = u.address) THEN 'own address'
	WHEN s.state = 'new' THEN 'not asked'
	WHEN s.state = 'none' THEN 'no contact'
	WHEN s.state = 'failed' THEN 'lookup failed'
	WHEN s.state = 'refused' THEN 'refused'
	WHEN s.fresh_until <= now() THEN 'contact too old'
	WHEN c.state = 'suspended' THEN 'suspended'
	WHEN r.open IS NOT NULL THEN 'open report'
	WHEN r.not_before > now() THEN 'week'
	WHEN u.last < now() - make_interval(days => coalesce(nullif(
		current_setting('plaintiff.report_days', true), ''),
		'14')::integer) THEN 'too old'
	WHEN u.unknown > 0 THEN 'tor unknown'
	ELSE 'due'
	END AS reason,
	CASE
	WHEN s.state IN ('none', 'failed', 'refused') THEN n.why
	WHEN s.state = 'found' AND c.state = 'suspended' THEN c.note
	WHEN s.state = 'found' AND r.open IS NOT NULL
		THEN 'report ' || r.open || ' is ' || r.open_state
	WHEN s.state = 'found' AND u.unknown > 0
		THEN u.unknown || CASE u.unknown WHEN 1 THEN ' event'
			ELSE ' events' END
			|| ' at times that no list of Tor answers for'
	END AS detail,
	CASE
	WHEN s.state <> 'found' OR s.fresh_until <= now()
		THEN nullif(s.next_ask, timestamptz '9999-01-01Z')
	WHEN r.open IS NULL AND r.not_before > now() THEN r.not_before
	END AS not_before
FROM (SELECT e.address, count(*) AS events, min(e.time) AS first,
		max(e.time) AS last, bool_and(e.stale) AS all_stale,
		count(p.id) = 0 AS none_left,
		count(*) FILTER (WHERE NOT e.stale AND EXISTS (
			SELECT FROM tor_exit t WHERE t.address = e.address
			AND t.first <= e.time + (SELECT tor_margin())
			AND t.last >= e.time - (SELECT tor_margin())))
			AS exits,
		count(*) FILTER (WHERE NOT p.tor_known
			AND e.time >= now() - make_interval(days => coalesce(
				nullif(current_setting('plaintiff.report_days',
				true), ''), '14')::integer)) AS unknown,
		min(e.stored) AS stored, e.stored IS NULL AS held
	FROM event e LEFT JOIN reportable p ON p.id = e.id
	LEFT JOIN source x ON x.address = e.address
	WHERE e.stored > coalesce(x.reported_upto, 0) OR e.stored IS NULL
	GROUP BY e.address, e.stored IS NULL) u
CROSS JOIN (SELECT stored FROM watermark WHERE name = 'tally') m
LEFT JOIN source s ON s.address = u.address
LEFT JOIN contact c ON c.contact = s.contact
LEFT JOIN LATERAL (SELECT a.why FROM answer a WHERE a.address = u.address
	ORDER BY a.asked DESC, a.answer DESC LIMIT 1) n ON true
LEFT JOIN LATERAL (SELECT
	max(p.report) FILTER (WHERE p.state IN ('held', 'ready', 'sending',
		'unknown')) AS open,
	max(p.state) FILTER (WHERE p.state IN ('held', 'ready', 'sending',
		'unknown')) AS open_state,
	greatest(max(upper(p.quiet)), max(p.created) + interval '168 hours')
		AS not_before
	FROM report p WHERE p.contact = s.contact) r ON true;
COMMENT ON VIEW not_reported IS
	'addresses with events that are in no report, and why';
COMMENT ON COLUMN not_reported.address IS 'accused address';
COMMENT ON COLUMN not_reported.contact IS 'mailbox of its contact';
COMMENT ON COLUMN not_reported.events IS 'its events that are in no report';
COMMENT ON COLUMN not_reported.first IS 'first log time of those';
COMMENT ON COLUMN not_reported.last IS 'last log time of those';
COMMENT ON COLUMN not_reported.reason IS
	'quarantine, not counted, stale, tor exit, outage, kind, own address, not asked, no contact, lookup failed, refused, contact too old, suspended, open report, week, too old, tor unknown, or due: docs/schema.md explains each';
COMMENT ON COLUMN not_reported.detail IS
	'what the contact source or the administrator said; foreign text';
COMMENT ON COLUMN not_reported.not_before IS
	'when this is looked at again, if known';
