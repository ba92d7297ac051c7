"""Protects the schema: upgrades that can be repeated and refuse what they do
not know, grants of one stage that do not reach another's work, and the
constraints that a mistake elsewhere must run into."""
import hashlib
import io
import re
import subprocess
import uuid

import psycopg2
import pytest

from conftest import Hub, SOURCE, program
import rows

STAGES = ("receive", "lookup", "report", "deliver", "tidy")


def statements():
    """(role, name, sql) of every statement that a stage prepares."""
    for path in sorted((SOURCE / "schema" / "stmts").glob("*.sql")):
        stage = path.stem.split("_")[0]
        role = "admin" if stage == "ctl" else stage
        parts = re.split(r"^-- name: (\w+)$", path.read_text(), flags=re.M)
        for name, sql in zip(parts[1::2], parts[2::2]):
            yield pytest.param("plaintiff_" + role, sql, id=name)


@pytest.fixture
def new_hub(empty_database, tmp_path, processes):
    return Hub(empty_database, tmp_path / "h", processes)


def apply(database, most):
    """The first migrations, as schema upgrade records them."""
    folder = SOURCE / "schema" / "migrations"
    database.query("CREATE SCHEMA plaintiff; CREATE TABLE"
                   " plaintiff.schema_migration (number integer PRIMARY KEY,"
                   " name text NOT NULL, checksum text NOT NULL, applied"
                   " timestamptz NOT NULL DEFAULT now())")
    database.query("SET search_path = plaintiff, public")
    for path in sorted(folder.glob("*.sql"))[:most]:
        text = path.read_text()
        database.query(text)
        database.query("INSERT INTO schema_migration VALUES (%s, %s, %s)",
                       int(path.name[:4]), path.stem[5:],
                       hashlib.sha256(text.encode()).hexdigest())


def test_reports_of_one_mail_are_migrated(new_hub, empty_database):
    """Reports from before a report could be several mails keep their state,
    their mail and what is known of it."""
    d = empty_database
    apply(d, 4)
    d.query("INSERT INTO contact (key, mailbox) SELECT s, s FROM"
            " unnest('{held,ready,sending,sent,failed,unknown}'::text[]) s")
    d.query("INSERT INTO report (uuid, contact, state, upto, sources, events,"
            " first, last, recipient, subject, message_id, mail, owner, said,"
            " quiet) SELECT gen_random_uuid(), contact, key, 1, 1, 1, now(),"
            " now(), key, 's ' || key, 'm ' || key, convert_to(key, 'UTF8'),"
            " 'hub1', 'writing to /a/b c/' || key || '.eml', CASE WHEN key IN"
            " ('sending', 'sent', 'unknown') THEN tstzrange(now(), now() +"
            " interval '168 hours') END FROM contact")
    d.query("CREATE VIEW report_list AS SELECT mail FROM report")
    new_hub.ctl("schema", "upgrade")
    d.query("SET search_path = plaintiff, public")
    got = d.query("SELECT r.state, m.n, m.state, m.message_id, m.subject,"
                  " convert_from(m.mail, 'UTF8'), m.said,"
                  " m.claimed IS NOT DISTINCT FROM lower(r.quiet), m.sender"
                  " FROM report r JOIN report_mail m USING (report)")
    assert len(got) == 6
    for state, *mail in got:
        assert mail == [1, "ready" if state == "held" else state,
                        "m " + state, "s " + state, state,
                        "writing to /a/b c", True, None]
    assert d.query("SELECT item FROM report_balance WHERE remainder <> 0"
                   " AND item LIKE '%%mails'") == []


def test_what_was_counted_is_weighed(new_hub, empty_database):
    """Events counted before tallies knew agents and logins: thresholds see
    them all, what was reported already is not pending."""
    d = empty_database
    apply(d, 4)
    d.query("SELECT partitions_make(current_date - 5, current_date + 1);"
            "INSERT INTO agent (name, key) VALUES ('mx1', repeat('k', 40)),"
            " ('mx2', repeat('l', 40)); INSERT INTO name (text) VALUES ('h')")
    for n, (address, agent, login, stale) in enumerate((
            ("203.0.113.7", 1, "a", False), ("203.0.113.7", 2, "b", False),
            ("203.0.113.7", 2, "b", True), ("2001:db8::7", 1, None, False))):
        d.query("INSERT INTO event (id, time, agent, host, kind, address,"
                " stale) VALUES ((left(id_floor(now())::text, 8) || lpad("
                "to_hex(%s), 24, '0'))::uuid, now(), %s, 1, 1, %s, %s)",
                n, agent, address, stale)
        d.query("INSERT INTO evidence (id, line, login) SELECT id, 'x', %s"
                " FROM event WHERE stored = %s", login, n + 1)
    d.query("INSERT INTO tally (address, kind, host, day, events, first, last)"
            " SELECT address, 1, 1, current_date, count(*), min(time),"
            " max(time) FROM event GROUP BY 1;"
            " INSERT INTO source (address, first_seen, last_seen,"
            " reported_upto) SELECT address, min(time), max(time),"
            " CASE family(address) WHEN 6 THEN 4 ELSE 1 END FROM event"
            " GROUP BY 1; UPDATE watermark SET stored = 4")
    new_hub.ctl("schema", "upgrade")
    d.query("SET search_path = plaintiff, public")
    assert d.query("SELECT family(address), events, left_out, stored, agents,"
                   " cardinality(logins) FROM tally ORDER BY 1") == [
        (4, 3, 1, 3, [1, 2], 2), (6, 1, 0, 4, [1], None)]
    assert d.query("SELECT family(address), pending, counted, attempts[1],"
                   " cardinality(agents), cardinality(logins) FROM source"
                   " ORDER BY 1") == [(4, 2, 2, 3, 2, 2), (6, None, 4, 1, 1, 0)]
    # weighed from events that nobody knows the first of: counted anew
    assert d.query("SELECT verdict FROM source_verdict WHERE family(address)"
                   " = 4") == [("not asked",)]
    assert d.query("SELECT verdict FROM source_verdict WHERE family(address)"
                   " = 6") == [("under threshold",)]


def test_upgrade_twice_changes_nothing(new_hub, empty_database):
    missing = new_hub.ctl("schema", "check", check=False)
    assert missing.returncode == 1 and "run plaintiff schema upgrade" in \
        missing.stdout
    first = new_hub.ctl("schema", "upgrade").stdout
    assert "migration applied: 1 start" in first
    before = empty_database.query("SELECT * FROM schema_migration ORDER BY 1")
    second = new_hub.ctl("schema", "upgrade").stdout
    assert "applied" not in second and "made: 0" in second
    assert "views and roles made" not in second
    assert before == empty_database.query(
        "SELECT * FROM schema_migration ORDER BY 1")
    new_hub.ctl("schema", "check")


def test_two_upgrades_at_once(new_hub, empty_database):
    argv = [program("plaintiff"), "-c", str(new_hub.path), "schema",
            "upgrade"]
    both = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True,
                             stderr=subprocess.PIPE) for _ in range(2)]
    said = [p.communicate(timeout=60) for p in both]
    assert [p.returncode for p in both] == [0, 0], said
    assert sorted("applied" in out for out, _ in said) == [False, True]


def test_another_checksum_is_refused(hub, database):
    database.query("UPDATE schema_migration SET checksum = 'f' || checksum"
                   " WHERE number = 1")
    for word in ("upgrade", "check"):
        done = hub.ctl("schema", word, check=False)
        assert done.returncode != 0 and "another content" in done.stderr


def test_a_newer_database_is_refused(hub, database):
    database.query("INSERT INTO schema_migration (number, name, checksum)"
                   " VALUES (9999, 'future', 'x')")
    for word in ("upgrade", "check"):
        done = hub.ctl("schema", word, check=False)
        assert done.returncode != 0, word
        assert "newer than this program" in done.stderr


def test_changed_views_are_seen_and_made_anew(hub, database):
    database.query("DROP VIEW report_list; UPDATE schema_migration"
                   " SET checksum = 'older' WHERE number = 0")
    assert "views and roles" in hub.ctl("schema", "check",
                                        check=False).stdout
    assert "views and roles made" in hub.ctl("schema", "upgrade").stdout
    assert database.query("SELECT * FROM report_list") == []
    hub.ctl("report", "list")


def test_an_owner_without_superuser(cluster, empty_database, tmp_path,
                                    processes):
    """Debian's createuser and createdb are enough; no superuser owns us."""
    owner = "owner_%s" % uuid.uuid4().hex[:8]
    c = cluster.connect()
    c.cursor().execute("CREATE ROLE %s LOGIN CREATEROLE" % owner)
    c.cursor().execute("ALTER DATABASE %s OWNER TO %s" % (
        empty_database.name, owner))
    hub = Hub(empty_database, tmp_path / "h", processes)
    hub.set("database", owner=owner)
    assert "schema is at version" in hub.ctl("schema", "upgrade").stdout
    hub.ctl("schema", "upgrade")
    hub.once("tidy")
    hub.ctl("status", "--check")
    empty_database.drop()
    c.cursor().execute("DROP ROLE " + owner)
    c.close()


def test_no_schema_is_said_plainly(new_hub):
    done = new_hub.ctl("status", check=False)
    assert done.returncode != 0 and "cannot prepare" in done.stderr


@pytest.mark.parametrize("role, sql", statements())
def test_each_statement_runs_with_its_own_role(role, sql, prepared):
    """Existing names and right types (prepare), and the grants (explain); of
    COPY by no rows."""
    cursor = prepared(role)
    if re.search(r"^COPY ", sql, re.M):
        cursor.copy_expert(sql, io.BytesIO(
            b"PGCOPY\n\xff\r\n\0" + 8 * b"\0" + b"\xff\xff"))
        return
    cursor.execute("PREPARE s AS " + sql)
    cursor.execute("SELECT cardinality(parameter_types) FROM"
                   " pg_prepared_statements WHERE name = 's'")
    nulls = ", ".join(["NULL"] * cursor.fetchone()[0])
    cursor.execute("EXPLAIN EXECUTE s" + ("(%s)" % nulls if nulls else ""))
    cursor.execute("DEALLOCATE s")


@pytest.fixture(scope="module")
def module_database(cluster, template):
    d = cluster.create("test_statements", template)
    yield d
    d.drop()


@pytest.fixture(scope="module")
def prepared(module_database):
    """prepared(role): a cursor of a session of that role."""
    sessions = {}

    def cursor(role):
        if role not in sessions:
            sessions[role] = module_database.connection(role)
        return sessions[role].cursor()
    yield cursor
    for c in sessions.values():
        c.close()


FORBIDDEN = [
    ("receive", "SELECT FROM report"),
    ("receive", "SELECT FROM contact"),
    ("receive", "INSERT INTO agent (name, key) VALUES ('x', 'y')"),
    ("receive", "UPDATE event SET address = '192.0.2.1'"),
    ("receive", "DELETE FROM event"),
    ("receive", "SELECT partitions_make(current_date, current_date)"),
    ("lookup", "INSERT INTO event (id) VALUES (gen_random_uuid())"),
    ("lookup", "SELECT line FROM evidence"),
    ("lookup", "SELECT FROM report"),
    ("lookup", "UPDATE answer SET state = 'none'"),
    ("report", "UPDATE report SET state = 'sent'"),
    ("report", "UPDATE source SET contact = 1"),
    ("report", "INSERT INTO contact (key, mailbox) VALUES ('x', 'y')"),
    ("report", "DELETE FROM report"),
    ("report", "UPDATE report_mail SET state = 'sent'"),
    ("deliver", "UPDATE report_mail SET mail = ''"),
    ("deliver", "UPDATE report_mail SET message_id = ''"),
    ("deliver", "INSERT INTO report_mail (report) VALUES (1)"),
    ("deliver", "UPDATE report SET recipient = 'x@y.example'"),
    ("deliver", "UPDATE report SET contact = 1"),
    ("deliver", "INSERT INTO report (contact) VALUES (1)"),
    ("deliver", "SELECT FROM event"),
    ("deliver", "SELECT FROM evidence"),
    ("tidy", "SELECT FROM evidence"),
    ("tidy", "DELETE FROM event"),
    ("tidy", "DELETE FROM source"),
    ("tidy", "UPDATE report SET state = 'sent'"),
    ("admin", "UPDATE report_mail SET mail = ''"),
    ("admin", "UPDATE report SET recipient = 'x@y.example'"),
    ("admin", "UPDATE agent SET key = 'x'"),
    ("admin", "UPDATE event SET address = '192.0.2.1'"),
    ("admin", "SELECT partitions_drop(current_date, current_date,"
              " current_date, 1)"),
]


@pytest.mark.parametrize("stage, sql", FORBIDDEN)
def test_a_stage_cannot_do_what_is_not_its_work(stage, sql, prepared):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        prepared("plaintiff_" + stage).execute(sql)


@pytest.mark.parametrize("stage", STAGES + ("admin",))
def test_no_stage_makes_objects(stage, prepared):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        prepared("plaintiff_" + stage).execute("CREATE TABLE mine ()")


def test_microseconds_are_exact(database):
    """us() and ts() count in floating point; up to 2106, as ids do."""
    exact = "(extract(epoch FROM t) * 1000000)::bigint"
    wrong = ("SELECT count(*) FROM (SELECT n, {} AS t FROM (SELECT"
             " (random() * 4294967295 * 1000000)::bigint AS n"
             " FROM generate_series(1, 50000) OFFSET 0) r) t"
             " WHERE n <> us(t) OR n <> " + exact)
    assert database.one(wrong.format("ts(n)")) == 0
    # control: what is off by one is seen
    assert database.one(wrong.format("ts(n + 1)")) == 50000


def test_everything_has_a_comment(database):
    bare = database.query("""
        SELECT c.relname, a.attname
        FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND NOT attisdropped
            AND (attnum > 0 OR attnum = -1)
        WHERE relnamespace = 'plaintiff'::regnamespace
        AND relkind IN ('r', 'p', 'v') AND NOT relispartition
        AND col_description(c.oid, a.attnum) IS NULL AND attnum > 0
        UNION ALL
        SELECT c.relname, NULL FROM pg_class c
        WHERE relnamespace = 'plaintiff'::regnamespace
        AND relkind IN ('r', 'p', 'v', 'S') AND NOT relispartition
        AND obj_description(c.oid) IS NULL
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid
            AND d.deptype = 'i')
        UNION ALL
        SELECT p.proname, '()' FROM pg_proc p
        WHERE pronamespace = 'plaintiff'::regnamespace
        AND obj_description(p.oid) IS NULL
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid
            AND d.deptype = 'e')""")
    assert bare == []
    # control: the query does find one
    database.query("CREATE TABLE bare (x integer)")
    assert database.one("SELECT count(*) FROM pg_class WHERE oid ="
                        " 'bare'::regclass AND obj_description(oid) IS NULL")


def test_an_event_lies_in_the_partition_of_its_time(database):
    r = rows.Rows(database)
    mx = r.agent("mx1")
    for ago in ("0 s", "1 day", "30 days"):
        event = r.event(mx, "192.0.2.1", ago=ago)
        lies_in, its_day = database.query(
            "SELECT tableoid::regclass::text, 'event_' || to_char(time"
            " AT TIME ZONE 'UTC', 'YYYYMMDD') FROM event WHERE id = %s",
            event)[0]
        assert lies_in == its_day
        plan = database.query("EXPLAIN SELECT FROM event WHERE id = %s",
                              event)
        assert len(plan) <= 2 and "event_2" in plan[0][0], plan
    with pytest.raises(psycopg2.errors.CheckViolation):
        r.event(mx, "192.0.2.1", ago="400 days")
    # midnight belongs to the day that begins, the second before to the other
    day = database.one("SELECT (now() AT TIME ZONE 'UTC')::date")
    second = int(database.one("SELECT extract(epoch FROM"
                              " %s::date::timestamp AT TIME ZONE 'UTC')",
                              day))
    for s, back in ((second, 0), (second - 1, 1)):
        name = database.one(
            "INSERT INTO event (id, time, agent, host, kind, address)"
            " VALUES (%s, to_timestamp(%s), %s, 1, 1, '192.0.2.9')"
            " RETURNING tableoid::regclass::text",
            "%08x" % s + "0" * 24, s, mx)
        assert name == "event_" + database.one(
            "SELECT to_char(%s::date - %s, 'YYYYMMDD')", day, back)


def test_the_week_is_a_constraint(database):
    r = rows.Rows(database)
    report = r.report("abuse@a.example", "192.0.2.1", state="sent",
                      ago="100 hours")
    with pytest.raises(psycopg2.errors.ExclusionViolation):
        r.report("abuse@a.example", "192.0.2.2", state="sent", source=False)
    # 168 hours later it may be
    database.query("UPDATE report SET quiet = tstzrange(now() - interval"
                   " '168 hours', now()) WHERE report = %s", report)
    r.report("abuse@a.example", "192.0.2.2", state="sent", source=False)
    # another contact never was in the way
    r.report("abuse@b.example", "192.0.2.3", state="sent", source=False)


@pytest.mark.parametrize("change", [
    "quiet = NULL",
    "quiet = tstzrange(now(), now() + interval '167 hours 59 minutes')",
    "quiet = tstzrange(now(), NULL)",
    "quiet = 'empty'",
    "state = 'failed'",
    "state = 'ready'",
    "state = 'lost'",
    "state = 'sending', owner = NULL",
])
def test_a_sent_report_keeps_its_week(database, change):
    report = rows.Rows(database).report("abuse@a.example", "192.0.2.1",
                                        state="sent")
    with pytest.raises(psycopg2.errors.CheckViolation):
        database.query("UPDATE report SET %s WHERE report = %d" % (
            change, report))


def test_one_open_report_a_contact(database):
    r = rows.Rows(database)
    r.report("abuse@a.example", "192.0.2.1", state="held")
    for state in ("ready", "held", "unknown"):
        with pytest.raises(psycopg2.errors.UniqueViolation):
            r.report("abuse@a.example", "192.0.2.2", state=state,
                     source=False)
    r.report("abuse@a.example", "192.0.2.2", state="failed", source=False)


def test_not_reported_says_why(database):
    r = rows.Rows(database)
    mx = r.agent("mx1")
    database.query("SET plaintiff.thresholds = '1,1,0,0 2,1,0,0'")

    def accuse(last, **how):
        r.event(mx, "192.0.2.%d" % last, **how)
    cases = {1: "kind", 2: "stale", 3: "not asked", 4: "no contact",
             5: "lookup failed", 6: "refused", 7: "contact too old",
             8: "suspended", 9: "open report", 10: "week", 11: "too old",
             12: "due", 13: "own address", 14: "not counted"}
    for n in cases:
        if n != 14:
            accuse(n, stale=n == 2, kind=14 if n == 1 else 1,
                   ago="20 days" if n == 11 else "1 hour")
    for n, state in ((3, "new"), (4, "none"), (5, "failed"),
                     (6, "refused")):
        r.source("192.0.2.%d" % n, state=state)
    r.source("192.0.2.7", "abuse@old.example", fresh="-1 hour")
    r.source("192.0.2.8", "abuse@no.example", contact_state="suspended")
    r.source("192.0.2.9", "abuse@open.example")
    r.report("abuse@open.example", "192.0.2.9", upto=1, state="held")
    r.source("192.0.2.10", "abuse@week.example")
    r.report("abuse@week.example", "192.0.2.10", upto=1, state="sent",
             ago="2 days")
    for n in (11, 12, 13):
        r.source("192.0.2.%d" % n, "abuse@n%d.example" % n)
    database.query("INSERT INTO agent_address VALUES (%s, '192.0.2.13')", mx)
    r.count()
    accuse(14)
    assert {k: v for k, v in database.query(
        "SELECT split_part(host(address), '.', 4)::int, reason"
        " FROM not_reported")} == cases
    # what a report covers is gone from the list
    database.query("UPDATE source SET reported_upto ="
                   " (SELECT max(stored) FROM event)")
    assert 12 not in [n for n, in database.query(
        "SELECT split_part(host(address), '.', 4)::int FROM not_reported")]


def test_views_show_what_was_stored(database):
    r = rows.Rows(database)
    mx = r.agent("mx1")
    r.event(mx, "192.0.2.1", host="mail1", login="bob")
    r.event(mx, "192.0.2.1", host="mail2", kind=2)
    r.source("192.0.2.1", "Abuse@isp.example")
    r.count()
    assert database.query("SELECT agent, host, kind, host(address), login,"
                          " line FROM event_list ORDER BY stored") == [
        ("mx1", "mail1", "auth_failure", "192.0.2.1", "bob", "a line"),
        ("mx1", "mail2", "relay_denied", "192.0.2.1", None, "a line")]
    assert database.query("SELECT host(address), events, hosts, kinds, state,"
                          " contact FROM offender_list") == [
        ("192.0.2.1", 2, ["mail1", "mail2"], ["auth_failure", "relay_denied"],
         "found", "Abuse@isp.example")]
    r.report("Abuse@isp.example", "192.0.2.1", state="sent")
    assert database.query("SELECT mailbox, addresses, reports,"
                          " quiet_until > now() FROM contact_list") == [
        ("Abuse@isp.example", 1, 1, True)]
    assert database.one("SELECT report FROM offender_list") == 1
