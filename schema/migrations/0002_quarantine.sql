-- An agent that suddenly sends far more than its usual day is quarantined:
-- what it sends from then on is stored, but has no place in the order of
-- storing, so nothing counts or reports it until the agent is released.

ALTER TABLE agent DROP CONSTRAINT agent_state_check;
ALTER TABLE agent ADD CONSTRAINT agent_state_check CHECK (state IN (
	'active',      -- may send; set by agent add and agent release
	'quarantined', -- may send, is not reported; set by receive
	'revoked'      -- may not; set by agent revoke
));
ALTER TABLE agent ADD COLUMN quarantined timestamptz;
ALTER TABLE agent ADD COLUMN released timestamptz;
ALTER TABLE agent ADD CONSTRAINT agent_quarantined_check
	CHECK ((state = 'quarantined') = (quarantined IS NOT NULL));
COMMENT ON COLUMN agent.state IS 'active, quarantined or revoked';
COMMENT ON COLUMN agent.quarantined IS 'when it was quarantined';
COMMENT ON COLUMN agent.released IS
	'when it was released last; on that day it is not quarantined again';

ALTER TABLE event ALTER COLUMN stored DROP NOT NULL;
CREATE INDEX event_held ON event (agent) WHERE stored IS NULL;
COMMENT ON COLUMN event.stored IS
	'order of storing; null: held back, its agent was in quarantine';
COMMENT ON TABLE event IS
	'one row a log line that accuses an address; only a release changes one; a partition a day';

CREATE TABLE agent_day (
	agent integer NOT NULL REFERENCES agent ON DELETE CASCADE,
	day date NOT NULL,
	events bigint NOT NULL,
	PRIMARY KEY (agent, day)
);
COMMENT ON TABLE agent_day IS
	'new events of each agent by day of arrival: its usual day';
COMMENT ON COLUMN agent_day.agent IS 'agent';
COMMENT ON COLUMN agent_day.day IS 'day of arrival, UTC';
COMMENT ON COLUMN agent_day.events IS 'events that were new';

ALTER TABLE set_aside DROP CONSTRAINT set_aside_why_check;
ALTER TABLE set_aside ADD CONSTRAINT set_aside_why_check CHECK (why IN (
	'poisoned',      -- the id is not the hash of its content
	'out_of_range',  -- no partition for its time
	'unreportable',  -- address on the hub's own list
	'malformed'      -- its batch could not be read; the id is made up
));
COMMENT ON COLUMN set_aside.why IS
	'poisoned, out_of_range, unreportable or malformed';
COMMENT ON COLUMN set_aside.id IS
	'id as sent; malformed: number of the batch and of the event in it';
