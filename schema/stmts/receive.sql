-- Statements of receive; prepared when it connects.

-- name: receive_agents
-- the agents that may send, a row an own address
SELECT a.agent, a.name, a.key, o.address
FROM agent a LEFT JOIN agent_address o USING (agent)
WHERE a.state <> 'revoked'
ORDER BY a.agent, o.address;

-- name: receive_days
-- days since 1970 with a partition
SELECT p.parent, d.day - date '1970-01-01'
FROM (VALUES ('event'), ('evidence')) p (parent),
	partition_days(p.parent) d (day);

-- name: receive_counters
-- What outboxes $2 (hex, each once) of agents $1 say, sorted by both.
-- Counters only grow; unacked is believed when the frame is not older than
-- what is there: a batch that comes late, of an agent killed meanwhile, is not
-- ($5 is 0 in other frames).  Answers the highest batches, in that order.
WITH said AS (
INSERT INTO agent_outbox AS o (agent, outbox, software, host, last_batch,
	lines, ignored, unparsable, unreportable, emitted, repeated, unacked,
	gaps, withheld, stored_from)
SELECT u.agent, decode(u.outbox, 'hex'), u.software, u.host, u.last_batch,
	u.lines, u.ignored, u.unparsable, u.unreportable, u.emitted,
	u.repeated, u.unacked, u.gaps, u.withheld,
	(SELECT CASE WHEN is_called THEN last_value ELSE 0 END
		FROM stored_seq)
FROM unnest($1::integer[], $2::text[], $3::text[], $4::text[], $5::bigint[],
	$6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
	$11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[])
	WITH ORDINALITY u (agent, outbox, software, host, last_batch, lines,
	ignored, unparsable, unreportable, emitted, repeated, unacked, gaps,
	withheld, at)
ORDER BY u.at
ON CONFLICT (agent, outbox) DO UPDATE SET
	software = coalesce(excluded.software, o.software),
	host = coalesce(excluded.host, o.host),
	last_batch = greatest(o.last_batch, excluded.last_batch),
	lines = greatest(o.lines, excluded.lines),
	ignored = greatest(o.ignored, excluded.ignored),
	unparsable = greatest(o.unparsable, excluded.unparsable),
	unreportable = greatest(o.unreportable, excluded.unreportable),
	unacked = CASE WHEN excluded.emitted >= o.emitted
			AND excluded.last_batch NOT BETWEEN 1 AND o.last_batch
		THEN excluded.unacked ELSE o.unacked END,
	emitted = greatest(o.emitted, excluded.emitted),
	repeated = greatest(o.repeated, excluded.repeated),
	gaps = greatest(o.gaps, excluded.gaps),
	withheld = greatest(o.withheld, excluded.withheld),
	last_seen = now()
RETURNING o.agent, o.outbox, o.last_batch
)
SELECT last_batch FROM said ORDER BY agent, outbox;

-- name: receive_last_batch
SELECT last_batch FROM agent_outbox WHERE agent = $1 AND outbox = $2;

-- name: receive_own
-- agents $1 have the addresses of the pairs $2, $3 now and no others; how
-- many came and went
WITH own AS (
	SELECT DISTINCT u.agent, u.address
	FROM unnest($2::integer[], $3::inet[]) u (agent, address)
), gone AS (
	DELETE FROM agent_address a
	WHERE a.agent = ANY ($1::integer[]) AND NOT EXISTS (SELECT FROM own o
		WHERE o.agent = a.agent AND o.address = a.address)
	RETURNING 1
), came AS (
	INSERT INTO agent_address (agent, address)
	SELECT o.agent, o.address FROM own o ORDER BY 1, 2
	ON CONFLICT DO NOTHING
	RETURNING 1
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM came);

-- name: receive_names_get
SELECT name, text FROM name WHERE text = ANY ($1::text[]);

-- name: receive_names_put
-- $1 is sorted, so that two hubs wait for each other in one direction only
INSERT INTO name (text)
SELECT u.text FROM unnest($1::text[]) WITH ORDINALITY u (text, at)
ORDER BY u.at
ON CONFLICT (text) DO NOTHING;

-- name: receive_store_lock
-- whoever holds this alone reads a last value of stored_seq below which
-- nothing can still appear
SELECT pg_advisory_xact_lock_shared(7411001);

-- name: receive_events
-- Arrays of one length, sorted by id.  What was once set aside stays aside:
-- each event an agent sends is counted in one place.  What comes from an agent
-- in quarantine gets no place in the order of storing.
WITH sent AS (
	SELECT * FROM unnest($1::uuid[], $2::integer[], $3::bigint[],
		$4::smallint[], $5::inet[], $6::integer[], $7::inet[],
		$8::integer[], $9::integer[], $10::integer[], $11::integer[],
		$12::integer[], $13::boolean[], $14::text[], $15::text[],
		$16::text[])
	WITH ORDINALITY u (id, agent, time, kind, address, port, destination,
		destination_port, host, service, mechanism, rule, stale, line,
		login, ptr, at)
), fresh AS (
	INSERT INTO event (id, stored, agent, time, kind, address, port,
		destination, destination_port, host, service, mechanism, rule,
		stale)
	SELECT s.id, CASE WHEN a.state <> 'quarantined'
			THEN nextval('stored_seq') END,
		s.agent, ts(s.time), s.kind, s.address, s.port, s.destination,
		s.destination_port, s.host, s.service, s.mechanism, s.rule,
		s.stale
	FROM sent s JOIN agent a ON a.agent = s.agent
	WHERE NOT EXISTS (SELECT FROM set_aside x
		WHERE x.agent = s.agent AND x.id = s.id)
	ORDER BY at
	ON CONFLICT (id) DO NOTHING
	RETURNING id, agent
), lines AS (
	INSERT INTO evidence (id, line, login, ptr)
	SELECT id, line, login, ptr
	FROM fresh JOIN sent USING (id, agent)
	WHERE line IS NOT NULL
	ORDER BY at
	ON CONFLICT (id) DO NOTHING
)
SELECT id, agent FROM fresh ORDER BY id;

-- name: receive_witness
-- Agents $2 sent events $1 from outboxes $3 (hex), which were known: those of
-- another agent get a witness, and those that an earlier outbox sent.
-- OFFSET 0 keeps it one index look-up an event.
INSERT INTO witness (event, agent)
SELECT u.id, u.agent
FROM unnest($1::uuid[], $2::integer[], $3::text[])
	WITH ORDINALITY u (id, agent, outbox, at),
	LATERAL (SELECT e.agent, e.stored FROM event e
		WHERE e.id = u.id OFFSET 0) first
WHERE (first.agent <> u.agent
	OR first.stored <= (SELECT o.stored_from FROM agent_outbox o
		WHERE o.agent = u.agent
		AND o.outbox = decode(u.outbox, 'hex')))
	AND NOT EXISTS (SELECT FROM set_aside x
		WHERE x.agent = u.agent AND x.id = u.id)
ORDER BY u.at
ON CONFLICT DO NOTHING;

-- name: receive_aside
-- not those that the same agent sent before when there was a place for them
INSERT INTO set_aside (agent, id, why, detail)
SELECT u.agent, u.id, u.why, u.detail
FROM unnest($1::integer[], $2::uuid[], $3::text[], $4::text[])
	WITH ORDINALITY u (agent, id, why, detail, at)
WHERE NOT EXISTS (SELECT FROM (SELECT e.agent FROM event e
		WHERE e.id = u.id OFFSET 0) e WHERE e.agent = u.agent)
	AND NOT EXISTS (SELECT FROM witness w
		WHERE w.event = u.id AND w.agent = u.agent)
ORDER BY u.at
ON CONFLICT DO NOTHING;

-- name: receive_malformed
-- batch $2 of agent $1, of which only the number of its events ($3) could be
-- read, and why: ids are made up from both numbers
INSERT INTO set_aside (agent, id, why, detail)
SELECT $1::integer, (lpad(to_hex($2::bigint), 16, '0')
	|| lpad(to_hex(n), 16, '0'))::uuid, 'malformed', $4::text
FROM generate_series(1, $3::integer) n
ON CONFLICT DO NOTHING;

-- name: receive_day
-- $2 new events of agents $1 today.  Who is above $3 events and $4 times the
-- median of its last seven days (three at least) is quarantined from now on,
-- but not on the day it was released.
WITH today AS (
	SELECT (now() AT TIME ZONE 'UTC')::date AS day
), came AS (
	SELECT u.agent, sum(u.events)::bigint AS events
	FROM unnest($1::integer[], $2::bigint[]) u (agent, events)
	GROUP BY u.agent HAVING sum(u.events) > 0
), counted AS (
	INSERT INTO agent_day AS d (agent, day, events)
	SELECT c.agent, t.day, c.events FROM came c, today t ORDER BY c.agent
	ON CONFLICT (agent, day) DO UPDATE
	SET events = d.events + excluded.events
	RETURNING agent, events
), gone AS (
	DELETE FROM agent_day d USING counted c, today t
	WHERE d.agent = c.agent AND d.day < t.day - 30
)
UPDATE agent a SET state = 'quarantined', quarantined = now()
FROM counted c, today t, LATERAL (
	SELECT count(*) AS days,
		percentile_cont(0.5) WITHIN GROUP (ORDER BY d.events) AS median
	FROM agent_day d WHERE d.agent = c.agent
	AND d.day >= t.day - 7 AND d.day < t.day) u
WHERE a.agent = c.agent AND a.state = 'active'
	AND coalesce((a.released AT TIME ZONE 'UTC')::date < t.day, true)
	AND u.days >= 3 AND $4::bigint > 0
	AND c.events > greatest($3::bigint, $4::bigint * u.median)
RETURNING a.name, c.events, u.median::bigint;

-- name: receive_notify
SELECT pg_notify('plaintiff_events', '');
