CREATE VIEW source_verdict AS
SELECT s.address, s.contact, s.ctid AS place, s.pending, s.reported_upto,
	s.state,
	s.method, s.asked, s.fresh_until, s.next_ask, s.country, s.asn,
	s.weighed_from, s.last_seen, f.fixed,
	threshold_met(s.attempts, cardinality(s.logins), cardinality(s.agents),
		n.tries, n.logins, n.agents) OR f.address IS NOT NULL
		OR c.forced IS NOT NULL AS worth,
	address_verdict(
		s.address IN (SELECT o.address FROM agent_address o),
		s.address <<= ANY (p.unreportable),
		(SELECT EXISTS (SELECT FROM allow_prefix))
			AND EXISTS (SELECT FROM allow_prefix a
				WHERE a.prefix >>= s.address),
		s.last_seen < p.since,
		c.forced IS NOT NULL
			OR threshold_met(s.attempts, cardinality(s.logins),
				cardinality(s.agents), n.tries, n.logins,
				n.agents) AND s.weighed_from >= p.since
				AND f.address IS NULL AND o.address IS NULL
			OR (f.address IS NOT NULL OR threshold_met(s.attempts,
				cardinality(s.logins), cardinality(s.agents),
				n.tries, n.logins, n.agents))
			AND (SELECT t.fixed IS NOT NULL
					AND 0 < ANY (t.tries)
				OR threshold_met(t.tries, t.logins, t.agents,
					n.tries, n.logins, n.agents)
				FROM tried t WHERE t.address = s.address),
		p.quorum_agents <= 1 OR c.forced IS NOT NULL
			OR cardinality(s.agents) >= p.quorum_agents
			AND (s.weighed_from >= p.since AND f.address IS NULL
				AND o.address IS NULL
				OR (SELECT t.agents >= p.quorum_agents
				FROM tried t WHERE t.address = s.address))
			OR p.quorum_events > 0
			AND (SELECT sum(n) >= p.quorum_events
				FROM tried t, unnest(t.tries) n
				WHERE t.address = s.address),
		p.login_since AND EXISTS (SELECT FROM tally l
			WHERE l.address = s.address AND l.kind = 14
			AND l.last >= p.since
			AND l.last >= (SELECT min(greatest(f.first, p.since))
				FROM tally f WHERE f.address = s.address
				AND f.kind = 1 AND f.last >= p.since)
				- interval '1 hour'),
		s.state, s.fresh_until > now()) AS verdict
FROM source s
CROSS JOIN policy p
CROSS JOIN need n
LEFT JOIN (SELECT contact, forced FROM contact WHERE forced IS NOT NULL) c
	ON c.contact = s.contact
LEFT JOIN allegedfix f ON f.address = s.address
LEFT JOIN excused o ON o.address = s.address;
COMMENT ON VIEW source_verdict IS
	'whether an accused address may be reported, whoever its contact is';
COMMENT ON COLUMN source_verdict.address IS 'accused address';
COMMENT ON COLUMN source_verdict.contact IS 'who answers for it';
COMMENT ON COLUMN source_verdict.place IS
	'where its row of source is, until somebody changes it';
COMMENT ON COLUMN source_verdict.pending IS
	'no event in no report is stored below this; null: all are in some';
COMMENT ON COLUMN source_verdict.reported_upto IS
	'events stored up to here are in some report';
COMMENT ON COLUMN source_verdict.state IS 'of its contact';
COMMENT ON COLUMN source_verdict.method IS
	'which contact source that is from';
COMMENT ON COLUMN source_verdict.asked IS 'when that was answered';
COMMENT ON COLUMN source_verdict.fresh_until IS
	'until when the contact is believed';
COMMENT ON COLUMN source_verdict.next_ask IS 'when the contact is asked for';
COMMENT ON COLUMN source_verdict.country IS
	'country of its registration, if known';
COMMENT ON COLUMN source_verdict.asn IS
	'autonomous system that announces it, if known';
COMMENT ON COLUMN source_verdict.weighed_from IS
	'its events within the window began then, or later';
COMMENT ON COLUMN source_verdict.last_seen IS 'last log time';
COMMENT ON COLUMN source_verdict.fixed IS
	'when its contact said that the cause is gone';
COMMENT ON COLUMN source_verdict.worth IS
	'false: under threshold for sure; quicker to ask than the verdict';
COMMENT ON COLUMN source_verdict.verdict IS
	'null: may be; otherwise the first reason why not, as in not_reported';
