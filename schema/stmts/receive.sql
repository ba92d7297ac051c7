-- Statements of receive; prepared when it connects.

-- name: receive_agents
-- the active agents, a row an own address
SELECT a.agent, a.name, a.key, o.address
FROM agent a LEFT JOIN agent_address o USING (agent)
WHERE a.state = 'active'
ORDER BY a.agent, o.address;

-- name: receive_days
-- days since 1970 with a partition
SELECT p.parent, d.day - date '1970-01-01'
FROM (VALUES ('event'), ('evidence')) p (parent),
	partition_days(p.parent) d (day);

-- name: receive_counters
-- What outbox $2 of agent $1 says.  Counters only grow; unacked is believed
-- when the frame is not older than what is there.  Answers the highest batch.
INSERT INTO agent_outbox AS o (agent, outbox, software, host, last_batch,
	lines, ignored, unparsable, unreportable, emitted, repeated, unacked,
	gaps, withheld)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (agent, outbox) DO UPDATE SET
	software = coalesce(excluded.software, o.software),
	host = coalesce(excluded.host, o.host),
	last_batch = greatest(o.last_batch, excluded.last_batch),
	lines = greatest(o.lines, excluded.lines),
	ignored = greatest(o.ignored, excluded.ignored),
	unparsable = greatest(o.unparsable, excluded.unparsable),
	unreportable = greatest(o.unreportable, excluded.unreportable),
	unacked = CASE WHEN excluded.emitted >= o.emitted
		THEN excluded.unacked ELSE o.unacked END,
	emitted = greatest(o.emitted, excluded.emitted),
	repeated = greatest(o.repeated, excluded.repeated),
	gaps = greatest(o.gaps, excluded.gaps),
	withheld = greatest(o.withheld, excluded.withheld),
	last_seen = now()
RETURNING o.last_batch;

-- name: receive_own
-- $2 are the addresses of agent $1 now; how many came and went
WITH gone AS (
	DELETE FROM agent_address
	WHERE agent = $1 AND address <> ALL ($2::inet[])
	RETURNING 1
), came AS (
	INSERT INTO agent_address (agent, address)
	SELECT $1, u.address FROM unnest($2::inet[]) u (address)
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
-- each event an agent sends is counted in one place.
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
	INSERT INTO event (id, agent, time, kind, address, port, destination,
		destination_port, host, service, mechanism, rule, stale)
	SELECT id, agent, ts(time), kind, address, port, destination,
		destination_port, host, service, mechanism, rule, stale
	FROM sent s
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
-- Agents $2 sent events $1, which were known: those of another agent get a
-- witness.  OFFSET 0 keeps it one index look-up an event.
INSERT INTO witness (event, agent)
SELECT u.id, u.agent
FROM unnest($1::uuid[], $2::integer[]) WITH ORDINALITY u (id, agent, at),
	LATERAL (SELECT e.agent FROM event e WHERE e.id = u.id OFFSET 0) first
WHERE first.agent <> u.agent
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

-- name: receive_notify
SELECT pg_notify('plaintiff_events', '');
