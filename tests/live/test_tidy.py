"""Protects retention: what tidy removes, what it must keep, and that the
conservation law holds across it."""
import rows


def remainders(database):
    return [r[0] for r in database.query(
        "SELECT remainder FROM agent_balance ORDER BY agent")]


def days(database, parent):
    return [r[0] for r in database.query(
        "SELECT (now() AT TIME ZONE 'UTC')::date - d"
        " FROM partition_days(%s) d ORDER BY 1", parent)]


def test_partitions_are_there_after_one_step(hub, database):
    database.query("DROP TABLE event_%s" % database.one(
        "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD')"))
    hub.once("tidy")
    assert days(database, "event") == list(range(-3, 31))
    assert days(database, "evidence") == list(range(-3, 31))


def test_events_go_and_the_law_holds(hub, database):
    r = rows.Rows(database)
    database.query("SELECT partitions_make((now() AT TIME ZONE 'UTC')::date"
                   " - 120, (now() AT TIME ZONE 'UTC')::date)")
    mx1, mx2 = r.agent("mx1"), r.agent("mx2")
    for n, ago in enumerate(("100 days", "100 days", "95 days", "50 days",
                             "20 days", "1 day")):
        e = r.event(mx1, "192.0.2.%d" % n, ago=ago)
        r.witness(e, mx2)
    r.event(mx2, "192.0.2.99", ago="100 days")
    r.set_aside(mx2, ago="100 days")
    r.set_aside(mx2, ago="101 days")
    r.set_aside(mx2, ago="1 day")
    r.outbox_set(mx1, emitted=6)
    r.outbox_set(mx2, emitted=10)
    assert remainders(database) == [0, 0]
    hub.once("tidy")
    assert remainders(database) == [0, 0]
    assert database.one("SELECT count(*) FROM event") == 3
    assert database.one("SELECT count(*) FROM witness") == 3
    assert database.one("SELECT count(*) FROM set_aside") == 1
    assert database.one("SELECT sum(first_seen + witnessed + set_aside)"
                        " FROM agent_past") == 9
    assert max(days(database, "event")) == 90
    # evidence is kept shorter, and days that events may still come for keep
    # their room
    assert [x[0] for x in database.query(
        "SELECT v.id FROM evidence v")] == [e]
    assert max(days(database, "evidence")) == 30
    r.event(mx1, "192.0.2.5", ago="25 days")
    hub.once("tidy")
    assert database.one("SELECT count(*) FROM evidence") == 1
    # control: the law does see a row that went another way
    database.query("DELETE FROM set_aside")
    assert remainders(database) == [-1, 1]


def test_short_event_days_never_fight_backlog_days(hub, database):
    hub.set("tidy", event_days=5, evidence_days=5, backlog_days=40)
    hub.once("tidy")
    assert max(days(database, "event")) == 40
    assert "dropped" not in hub.once("tidy").stderr


def test_reports_answers_tallies_go_when_they_are_over(hub, database):
    r = rows.Rows(database)
    hub.set("tidy", report_days=20)
    for state, ago in (("sent", "30 days"), ("sent", "1 day"),
                       ("failed", "30 days"), ("unknown", "30 days"),
                       ("ready", "30 days"), ("held", "30 days")):
        r.report("abuse@%s%s.example" % (state, ago[:2].strip()),
                 "192.0.2.1", state=state, ago=ago, source=False)
    # its week is over only in six days
    r.report("abuse@late.example", "192.0.2.1", state="sent", ago="30 days",
             source=False)
    database.query("UPDATE report SET quiet = tstzrange(now() - interval"
                   " '1 day', now() + interval '6 days') WHERE recipient ="
                   " 'abuse@late.example'")
    for address, asked in (("192.0.2.1", 40), ("192.0.2.1", 30),
                           ("192.0.2.2", 50), ("192.0.2.2", 1)):
        database.query(
            "INSERT INTO answer (address, method, state, asked) VALUES"
            " (%s, 'abusix', 'none', now() - %s * interval '1 day')",
            address, asked)
    host = r.name("mx")
    for ago in (100, 91, 80):
        database.query(
            "INSERT INTO tally VALUES ('192.0.2.1', 1, %s,"
            " (now() AT TIME ZONE 'UTC')::date - %s, 1, now(), now())", host,
            ago)
    database.query("UPDATE tally SET logins = '{1}'; INSERT INTO tally (address,"
                   " kind, host, day, events, first, last, logins) VALUES"
                   " ('192.0.2.9', 1, 1, current_date - 14, 1, now(), now(),"
                   " '{1}'), ('192.0.2.9', 1, 1, current_date - 16, 1, now(),"
                   " now(), '{1}')")
    hub.once("tidy")
    assert database.one("SELECT count(*) FROM tally WHERE address ="
                        " '192.0.2.9' AND logins IS NOT NULL") == 1
    assert [x[0] for x in database.query(
        "SELECT recipient FROM report ORDER BY 1")] == [
        "abuse@held30.example", "abuse@late.example",
        "abuse@ready30.example", "abuse@sent1.example",
        "abuse@unknown30.example"]
    assert database.one("SELECT count(*) FROM report_source") == 5
    # the newest answer of each address stays, however old
    assert database.query("SELECT host(address), round(extract(epoch FROM"
                          " now() - asked) / 86400)::int FROM answer"
                          " ORDER BY 1") == [("192.0.2.1", 30),
                                             ("192.0.2.2", 1)]
    # tallies are kept as long as their events at least
    assert database.one("SELECT count(*) FROM tally WHERE address <>"
                        " '192.0.2.9'") == 1


def test_a_failed_report_still_keeps_the_next_away(hub, database):
    hub.set("tidy", report_days=1)
    rows.Rows(database).report("abuse@a.example", "192.0.2.1",
                               state="failed", ago="5 days")
    hub.once("tidy")
    assert database.one("SELECT count(*) FROM report") == 1
