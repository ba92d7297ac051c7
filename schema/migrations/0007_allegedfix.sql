-- A contact says that the cause is gone: what an address did before is not
-- reported any more.

CREATE TABLE allegedfix (
	address inet PRIMARY KEY,
	fixed timestamptz NOT NULL,
	report bigint,
	note text
);
COMMENT ON TABLE allegedfix IS
	'addresses whose contact, or the administrator, says that they are clean';
COMMENT ON COLUMN allegedfix.address IS 'accused address';
COMMENT ON COLUMN allegedfix.fixed IS
	'since when; events before are never reported';
COMMENT ON COLUMN allegedfix.report IS 'report that was answered so, if any';
COMMENT ON COLUMN allegedfix.note IS 'for people';
