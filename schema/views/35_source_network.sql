CREATE VIEW source_network AS
SELECT s.address, g.grouped, g.name
FROM source s
CROSS JOIN LATERAL (VALUES ('asn', s.asn::text), ('country', s.country))
	AS g (grouped, name);
COMMENT ON VIEW source_network IS
	'what accused addresses are grouped by in statistics, a row each';
COMMENT ON COLUMN source_network.address IS 'accused address';
COMMENT ON COLUMN source_network.grouped IS 'asn or country';
COMMENT ON COLUMN source_network.name IS
	'which autonomous system or country of registration; null: not known';
