CREATE VIEW not_reported AS
SELECT u.address, c.mailbox AS contact, u.events, u.first, u.last,
	CASE
	WHEN u.held THEN 'quarantine'
	WHEN s.address IS NULL AND u.stored > m.stored THEN 'not counted'
	WHEN u.all_stale THEN 'stale'
	WHEN u.last <= f.fixed THEN 'fixed'
	WHEN u.domain THEN 'login domain'
	WHEN u.none_left AND u.exits > 0 THEN 'tor exit'
	WHEN u.none_left THEN 'outage'
	WHEN s.address IS NULL THEN 'kind'
	WHEN u.last < window_begin() THEN 'too old'
	ELSE coalesce(s.verdict, v.verdict,
		CASE WHEN s.pending IS NULL THEN 'not counted'
		WHEN u.unknown > 0 THEN 'tor unknown' END,
		b.brake, 'due')
	END AS reason,
	CASE
	WHEN s.state IN ('none', 'failed', 'refused') THEN n.why
	WHEN s.verdict = 'allowlisted' THEN (SELECT a.note FROM allow_prefix a
		WHERE a.prefix >>= u.address
		ORDER BY masklen(a.prefix) DESC LIMIT 1)
	WHEN v.verdict = 'allowlisted' THEN (SELECT a.note
		FROM allow_mailbox a WHERE a.key = c.key)
	WHEN v.verdict IN ('suspended', 'contact held')
		THEN coalesce(c.state_why, c.note)
	WHEN v.verdict = 'form' THEN c.form
	WHEN v.verdict = 'open report'
		THEN 'report ' || v.open || ' is ' || v.open_state
	WHEN s.verdict IS NULL AND u.unknown > 0
		THEN u.unknown || CASE u.unknown WHEN 1 THEN ' event'
			ELSE ' events' END
			|| ' at times that no list of Tor answers for'
	WHEN b.brake = 'stopped' THEN w.why
	END AS detail,
	CASE
	WHEN s.state <> 'found' OR s.fresh_until <= now()
		THEN nullif(s.next_ask, timestamptz '9999-01-01Z')
	WHEN v.verdict = 'week' THEN v.not_before
	END AS not_before
FROM (SELECT e.address, count(*) AS events, min(e.time) AS first,
		max(e.time) AS last, bool_and(e.stale) AS all_stale,
		count(p.id) = 0 AS none_left,
		bool_and(e.stale OR e.kind = 1
			AND setting('login_domains', '') <> ''
			AND NOT EXISTS (SELECT FROM evidence l
				WHERE l.id = e.id
				AND coalesce(login_domain(l.login), 'none')
				= ANY (string_to_array(setting(
					'login_domains', ''), ' ')))) AS domain,
		count(*) FILTER (WHERE NOT e.stale AND EXISTS (
			SELECT FROM tor_exit t WHERE t.address = e.address
			AND t.first <= e.time + (SELECT tor_margin())
			AND t.last >= e.time - (SELECT tor_margin())))
			AS exits,
		count(*) FILTER (WHERE NOT p.tor_known
			AND e.time >= window_begin()) AS unknown,
		min(e.stored) AS stored, e.stored IS NULL AS held
	FROM event e
	LEFT JOIN reportable p ON p.id = e.id
	LEFT JOIN source x ON x.address = e.address
	WHERE e.stored > coalesce(x.reported_upto, 0) OR e.stored IS NULL
	GROUP BY e.address, e.stored IS NULL) u
CROSS JOIN (SELECT stored FROM watermark WHERE name = 'tally') m
CROSS JOIN switch w
LEFT JOIN source_verdict s ON s.address = u.address
LEFT JOIN contact c ON c.contact = s.contact
LEFT JOIN contact_verdict v ON v.contact = s.contact
LEFT JOIN contact_brake b ON b.contact = s.contact
LEFT JOIN allegedfix f ON f.address = u.address
LEFT JOIN LATERAL (SELECT a.why FROM answer a WHERE a.address = u.address
	ORDER BY a.asked DESC, a.answer DESC LIMIT 1) n ON true;
COMMENT ON VIEW not_reported IS
	'addresses with events that are in no report, and why';
COMMENT ON COLUMN not_reported.address IS 'accused address';
COMMENT ON COLUMN not_reported.contact IS 'mailbox of its contact';
COMMENT ON COLUMN not_reported.events IS 'its events that are in no report';
COMMENT ON COLUMN not_reported.first IS 'first log time of those';
COMMENT ON COLUMN not_reported.last IS 'last log time of those';
COMMENT ON COLUMN not_reported.reason IS
	'the first thing that is in the way, or due: docs/schema.md explains each';
COMMENT ON COLUMN not_reported.detail IS
	'what the contact source or the administrator said; foreign text';
COMMENT ON COLUMN not_reported.not_before IS
	'when this is looked at again, if known';
