"""Protects retention: what tidy removes, what it must keep, and that the
conservation law holds across it."""


def test_partitions_are_there_after_one_step(hub, database):
    database.query("DROP TABLE event_%s" % database.one(
        "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD')"))
    before = database.one("SELECT count(*) FROM partition_days('event')")
    hub.once("tidy")
    assert database.one(
        "SELECT count(*) FROM partition_days('event')") == before + 1
