-- report puts together itself what this did; see report_few.
DROP FUNCTION unreported_few(integer[], inet[], bigint[], bigint, bigint);
