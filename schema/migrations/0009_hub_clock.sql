-- deliver stops when the database's time jumps against the time since the
-- hub's host was started: the week of every contact hangs on it.

CREATE TABLE hub_clock (
	hub text PRIMARY KEY,
	boot text NOT NULL,
	boot_ms bigint NOT NULL,
	wall timestamptz NOT NULL,
	moved interval,
	since timestamptz,
	CHECK ((moved IS NULL) = (since IS NULL))
);
COMMENT ON TABLE hub_clock IS
	'the last tick of each hub: two clocks that must go on together';
COMMENT ON COLUMN hub_clock.hub IS 'hub.name';
COMMENT ON COLUMN hub_clock.boot IS
	'which start of its host (boot_id of the kernel)';
COMMENT ON COLUMN hub_clock.boot_ms IS
	'milliseconds since that start (CLOCK_BOOTTIME)';
COMMENT ON COLUMN hub_clock.wall IS 'what time the database had then';
COMMENT ON COLUMN hub_clock.moved IS
	'by how much the database''s time has jumped since; null: not';
COMMENT ON COLUMN hub_clock.since IS
	'since when nothing is sent for that; null: not';
