CREATE VIEW report_outcome AS
SELECT r.report, r.contact, lower(r.quiet) AS sent,
	EXISTS (SELECT FROM bounce b WHERE b.report = r.report
		AND b.class IN ('hard', 'soft', 'policy')) AS bounced,
	EXISTS (SELECT FROM reply p WHERE p.report = r.report
		AND p.kind NOT IN ('receipt', 'away')) AS answered,
	EXISTS (SELECT FROM reply p WHERE p.report = r.report
		AND p.kind IN ('receipt', 'away')) AS acknowledged
FROM report r
WHERE r.state = 'sent';
COMMENT ON VIEW report_outcome IS 'what became of each report that was sent';
COMMENT ON COLUMN report_outcome.report IS 'report';
COMMENT ON COLUMN report_outcome.contact IS 'contact (number)';
COMMENT ON COLUMN report_outcome.sent IS 'when it was handed over';
COMMENT ON COLUMN report_outcome.bounced IS 'did it come back?';
COMMENT ON COLUMN report_outcome.answered IS
	'was there an answer that is more than a receipt?';
COMMENT ON COLUMN report_outcome.acknowledged IS
	'did a program say that it has arrived?';
