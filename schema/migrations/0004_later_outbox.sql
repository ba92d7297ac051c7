-- An outbox that was damaged is set aside, and the agent reads its logs again
-- into a new one.  What the hub has of it already was emitted twice and is
-- there once: it is witnessed, by the agent that sent it first.

ALTER TABLE agent_outbox ADD COLUMN stored_from bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN agent_outbox.stored_from IS
	'order of storing when it was first heard of: what was stored up to there it did not send';
COMMENT ON TABLE witness IS
	'agents that sent an event which another had sent, or an earlier outbox of their own';
