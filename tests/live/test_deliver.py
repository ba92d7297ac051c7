"""Protects against mail that goes twice, is lost, or is said to have gone:
deliver against a folder, and against a mail server that lies at each step."""
import os

import pytest

from conftest import wait_until
from lying_relay import Relay
from rows import Rows

MAIL = (b"From: abuse-report@hub.example\r\nTo: abuse@isp.example\r\n"
        b"Subject: x\r\n\r\n.a dot\r\n..two\r\n.\r\nFrom here\r\nend\r\n")


@pytest.fixture
def rows(database):
    return Rows(database)


@pytest.fixture
def relay():
    made = []

    def make(**modes):
        made.append(Relay(modes))
        return made[-1]
    yield make
    for r in made:
        if not r.stopping:
            r.close()


def live(hub, relay, **more):
    hub.set("filter", unreportable=["special"])
    hub.set("deliver", live="yes", relay=relay.url, hello="hub.example",
            timeout="5s", **more)


def put(rows, n=1, address="8.8.8.8", **how):
    return [rows.report("abuse@isp%d.example" % i, address, mail=MAIL, **how)
            for i in range(n)]


def state(rows, report):
    return rows.d.query("SELECT state, said, tries, quiet IS NOT NULL,"
                        " extract(epoch FROM next_try - now())::integer"
                        " FROM report WHERE report = %s", report)[0]


def mail_states(rows, report):
    return [m for m, in rows.d.query("SELECT state FROM report_mail WHERE"
                                     " report = %s ORDER BY n", report)]


def claimed(rows, owner, plan):
    """As deliver leaves its rows when it is killed while sending."""
    rows.d.query("UPDATE report SET state = 'sending', owner = %s, quiet ="
                 " tstzrange(now(), now() + interval '7 days')", owner)
    rows.d.query("UPDATE report_mail SET state = 'sending', claimed = now(),"
                 " said = %s", plan)


def states(rows):
    return dict(rows.d.query("SELECT state, count(*) FROM report GROUP BY 1"))


def try_once(hub):
    p = hub.start("deliver", "--once")
    code = p.popen.wait(60)
    assert code == 0, p.stderr
    return p


def test_folder(hub, rows):
    reports = put(rows, 3)
    p = hub.once("deliver")
    assert "not live: mail is written to %s" % hub.mail in p.stderr
    files = sorted(hub.mail.iterdir())
    assert [f.name for f in files] == sorted(
        "%s.eml" % u for u, in rows.d.query("SELECT uuid::text FROM report"))
    assert all(f.read_bytes() == MAIL for f in files)
    for r in reports:
        name, said, tries, quiet, _ = state(rows, r)
        assert (name, tries, quiet) == ("sent", 0, True)
        assert said.startswith("written to ")
    assert rows.d.one("SELECT bool_and(upper(quiet) - lower(quiet) ="
                      " interval '168 hours') FROM report")


def test_several_mails_of_one_report(hub, rows, relay):
    """One report, one week: all of it goes, and nothing of it twice when one
    of its mails is put off or unsure."""
    r = relay()
    live(hub, r)
    report, = put(rows, mails=4)
    r.queue = [{}, {"dot": "554 5.7.1 no"}, {"dot": "close"},
               {"dot": "451 4.3.0 not now"}]
    try_once(hub)
    assert state(rows, report)[0] == "sending"
    assert sorted(mail_states(rows, report)) == [
        "failed", "ready", "sent", "unknown"]
    assert state(rows, report)[2:4] == (1, True)
    try_once(hub)
    assert len(r.mails) == 2, "not before its time"
    rows.d.query("UPDATE report SET next_try = now()")
    try_once(hub)
    assert state(rows, report)[0] == "unknown"
    assert len(r.mails) == 3
    hub.ctl("report", "resolve", report, "sent")
    assert state(rows, report)[0] == "sent"
    assert sorted(mail_states(rows, report)) == ["failed"] + 3 * ["sent"]
    assert rows.d.one("SELECT sum(remainder) FROM report_balance"
                      " WHERE item LIKE '%%mails'") == 0


def test_several_mails_in_a_folder(hub, rows):
    report, = put(rows, mails=3)
    hub.once("deliver")
    assert state(rows, report)[0] == "sent"
    uuid = rows.d.one("SELECT uuid::text FROM report")
    assert sorted(f.name for f in hub.mail.iterdir()) == [
        "%s-2.eml" % uuid, "%s-3.eml" % uuid, "%s.eml" % uuid]


def test_folder_that_cannot_be_written(hub, rows):
    hub.mail.rmdir()
    hub.mail.write_text("a file")
    report, = put(rows)
    p = hub.once("deliver")
    name, said, tries, quiet, wait = state(rows, report)
    assert (name, tries, quiet) == ("ready", 1, False)
    assert "cannot write" in said and "cannot write" in p.stderr
    assert 50 <= wait <= 60
    hub.mail.unlink()
    rows.d.query("UPDATE report SET next_try = now()")
    hub.once("deliver")
    assert state(rows, report)[0] == "sent"


def test_live_sends_the_exact_bytes(hub, rows, relay):
    r = relay()
    live(hub, r)
    report, = put(rows)
    p = try_once(hub)
    assert "live: mail is sent through" in p.stderr
    assert r.mails == [("abuse-report@hub.example", ["abuse@isp0.example"],
                        MAIL)]
    assert state(rows, report)[:4] == (
        "sent", "250 2.0.0 Ok: queued as 4XYZ", 0, True)
    assert r.commands[0] == b"EHLO hub.example\r\n"
    wait_until(lambda: r.commands[-1] == b"QUIT\r\n")
    try_once(hub)
    assert len(r.mails) == 1


@pytest.mark.skipif(not os.path.exists("/proc/net/if_inet6"),
                    reason="no IPv6 here")
def test_relay_over_ipv6(hub, rows):
    r = Relay({}, "::1")
    live(hub, r)
    report, = put(rows)
    try_once(hub)
    assert state(rows, report)[0] == "sent" and len(r.mails) == 1
    r.close()


@pytest.mark.parametrize("where", ["banner", "ehlo", "mail", "rcpt", "data",
                                   "dot"])
@pytest.mark.parametrize("what", ["421 4.3.2 closing", "451 4.3.0 not now"])
def test_temporary(hub, rows, relay, where, what):
    r = relay(**{where: what})
    live(hub, r)
    report, = put(rows)
    try_once(hub)
    name, said, tries, quiet, wait = state(rows, report)
    assert (name, tries, quiet) == ("ready", 1, False), said
    assert what in said
    assert 50 <= wait <= 60 and r.mails == []
    r.modes = {}
    rows.d.query("UPDATE report SET next_try = now()")
    try_once(hub)
    assert state(rows, report)[0] == "sent" and len(r.mails) == 1


@pytest.mark.parametrize("where", ["mail", "rcpt", "data", "dot"])
def test_refused(hub, rows, relay, where):
    r = relay(**{where: "554 5.7.1 never"})
    live(hub, r)
    report, = put(rows)
    try_once(hub)
    assert state(rows, report)[:4] == ("failed", "554 5.7.1 never", 0, False)
    rows.d.query("UPDATE report SET next_try = now()")
    try_once(hub)
    assert r.mails == [] and r.connections == 1


@pytest.mark.parametrize("where", ["banner", "ehlo"])
def test_relay_that_refuses_us_altogether(hub, rows, relay, where):
    """That is no word about this mail."""
    r = relay(**{where: "554 5.3.2 no service", "other": "554 no"})
    live(hub, r)
    report, = put(rows)
    try_once(hub)
    assert state(rows, report)[0] == "ready"


@pytest.mark.parametrize("where", ["banner", "ehlo", "mail", "rcpt", "data",
                                   "body"])
@pytest.mark.parametrize("what", ["close", "reset"])
def test_cut_before_the_end(hub, rows, relay, where, what):
    """Cut before the final dot: certainly not taken.  A mail larger than
    what sockets hold, so that its end cannot be on its way already."""
    r = relay(**{where: what})
    live(hub, r)
    report, = put(rows)
    rows.d.query("UPDATE report_mail SET mail = mail || convert_to(repeat("
                 "repeat('x', 70) || E'\\r\\n', 200000), 'UTF8')")
    try_once(hub)
    name, said, tries, quiet, _ = state(rows, report)
    assert (name, tries, quiet) == ("ready", 1, False), said
    r.modes = {}
    rows.d.query("UPDATE report SET next_try = now()")
    try_once(hub)
    assert state(rows, report)[0] == "sent" and len(r.mails) == 1


@pytest.mark.slow
@pytest.mark.parametrize("what", ["close", "reset", "hang", "hello?", "354 x"])
def test_no_answer_to_the_end(hub, rows, relay, what):
    r = relay(dot=what)
    live(hub, r)
    report, = put(rows)
    p = try_once(hub)
    name, said, tries, quiet, _ = state(rows, report)
    assert (name, quiet) == ("unknown", True), said
    assert "plaintiff report resolve" in p.stderr
    r.modes = {}
    for _ in range(2):
        rows.d.query("UPDATE report SET next_try = now()")
        try_once(hub)
    assert r.connections == 1


@pytest.mark.slow
def test_hang_before_the_end(hub, rows, relay):
    r = relay(rcpt="hang")
    live(hub, r)
    report, = put(rows)
    try_once(hub)
    assert state(rows, report)[0] == "ready"


def test_hang_at_quit_delays_nothing(hub, rows, relay):
    r = relay(quit="hang")
    live(hub, r)
    hub.set("deliver", timeout="60s")
    report, = put(rows)
    p = hub.start("deliver")
    wait_until(lambda: state(rows, report)[0] == "sent", 5)
    assert p.stop(10) == 0


def test_nobody_listens_then_backs_off(hub, rows, relay):
    r = relay()
    r.close()
    live(hub, r)
    report, = put(rows)
    for tries, wait in ((1, 60), (2, 120), (3, 240)):
        try_once(hub)
        got = state(rows, report)
        assert got[0] == "ready" and got[2] == tries
        assert wait - 10 <= got[4] <= wait
        rows.d.query("UPDATE report SET next_try = now()")
    rows.d.query("UPDATE report SET tries = 1000")
    try_once(hub)
    assert 4 * 3600 - 10 <= state(rows, report)[4] <= 4 * 3600


def test_killed_while_sending(hub, rows, relay):
    """kill -9 between mark and answer: it may have gone.  Never again by
    itself; the others go on."""
    r = relay()
    r.queue = [{"dot": "hang"}]
    live(hub, r)
    first, second = put(rows, 2)
    hub.set("deliver", timeout="60s", parallel=1)
    p = hub.start("deliver")
    wait_until(lambda: len(r.mails) == 1)
    p.kill()
    assert state(rows, first)[0] == "sending"
    p = hub.start("deliver")
    wait_until(lambda: state(rows, second)[0] == "sent")
    assert p.stop() == 0
    assert state(rows, first)[0] == "unknown"
    assert "report unknown" in p.stderr
    assert [m[1] for m in r.mails] == [["abuse@isp0.example"],
                                       ["abuse@isp1.example"]]


def test_stop_before_the_mail_has_begun(hub, rows, relay):
    r = relay(rcpt="hang")
    live(hub, r)
    hub.set("deliver", timeout="300s")
    report, = put(rows)
    p = hub.start("deliver")
    wait_until(lambda: any(c.startswith(b"RCPT") for c in r.commands))
    assert p.stop(10) == 0
    assert state(rows, report)[0] == "ready"


@pytest.mark.parametrize("written", [True, False])
def test_killed_while_writing_a_file(hub, rows, written):
    """With a folder it is known what became of it: no file twice."""
    report, = put(rows)
    uuid = rows.d.one("SELECT uuid::text FROM report")
    path = hub.mail / (uuid + ".eml")
    claimed(rows, "hub1", "writing to %s" % hub.mail)
    if written:
        path.write_bytes(MAIL)
        before = os.stat(path).st_mtime_ns
    hub.once("deliver")
    assert state(rows, report)[0] == "sent"
    assert path.read_bytes() == MAIL and len(list(hub.mail.iterdir())) == 1
    if written:
        assert os.stat(path).st_mtime_ns == before


def test_claimed_live_is_not_resolved_as_a_folder(hub, rows):
    """The settings have changed in between: what was begun counts."""
    report, = put(rows)
    claimed(rows, "hub1", "sending through smtp://127.0.0.1:25")
    hub.once("deliver")
    assert state(rows, report)[0] == "unknown"
    assert list(hub.mail.iterdir()) == []


def test_the_week_holds_in_deliver_too(hub, rows):
    """Whatever report does: a second mail within the week stays here."""
    rows.report("abuse@isp.example", "203.0.113.7", state="sent", ago="1 day")
    second = rows.report("abuse@isp.example", "203.0.113.7", mail=MAIL)
    hub.once("deliver")
    assert state(rows, second)[0] == "ready"
    assert list(hub.mail.iterdir()) == []
    rows.d.query("UPDATE report SET quiet = tstzrange(now() - interval"
                 " '8 days', now() - interval '1 day') WHERE state = 'sent'")
    # looked at again in ten minutes
    rows.d.query("UPDATE report SET next_try = now()")
    hub.once("deliver")
    assert state(rows, second)[0] == "sent"


@pytest.mark.parametrize("how", ["own", "agent", "suspended"])
def test_what_must_not_be_reported_any_more(hub, rows, how):
    report = rows.report("abuse@isp.example", "203.0.113.7", mail=MAIL)
    if how == "own":
        hub.set("filter", own="203.0.113.0/24")
    elif how == "agent":
        agent = rows.agent("mx1")
        rows.d.query("INSERT INTO agent_address VALUES (%s, '203.0.113.7')",
                     agent)
    else:
        rows.d.query("UPDATE contact SET state = 'suspended'")
    p = hub.once("deliver")
    name, said, *_ = state(rows, report)
    if how == "suspended":
        assert name == "ready"
    else:
        assert name == "held" and "203.0.113.7 must not be reported" in said
        assert "report held" in p.stderr
    assert list(hub.mail.iterdir()) == []


@pytest.mark.slow
def test_database_away_while_sending(hub, rows, relay, cluster):
    """The answer is known, the database is not there to be told: told when
    it is back, not guessed and not sent again."""
    r = relay()
    r.queue = [{"dot": "hang"}]
    live(hub, r)
    report, = put(rows)
    hub.set("deliver", timeout="5s")
    p = hub.start("deliver")
    wait_until(lambda: len(r.mails) == 1)
    cluster.restart("immediate")
    rows.d._c = None
    wait_until(lambda: state(rows, report)[0] == "unknown", 20)
    assert "no answer to the end of the mail" in state(rows, report)[1]
    assert p.stop() == 0 and len(r.mails) == 1


def test_database_away_when_it_was_sent(hub, rows, relay):
    """The session ends between the relay's yes and our mark: the yes counts."""
    r = relay()
    live(hub, r)
    hub.set("deliver", timeout="60s")
    report, = put(rows)
    r.queue = [{"dot": "wait"}]
    p = hub.start("deliver")
    wait_until(lambda: len(r.mails) == 1)
    # the process waits for the relay: end its session behind its back
    rows.d.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                 " WHERE usename = 'plaintiff_deliver'"
                 " AND datname = current_database()")
    r.go.set()
    wait_until(lambda: state(rows, report)[0] == "sent", 20)
    assert "4XYZ" in state(rows, report)[1]
    assert p.stop() == 0 and len(r.mails) == 1


@pytest.mark.parametrize("setting, words", [
    ({"live": "yes", "relay": ""}, "deliver.relay"),
    ({"live": "yes", "relay": "http://127.0.0.1"}, "deliver.relay"),
    ({"live": "yes", "relay": "smtp://u:p@127.0.0.1"}, "deliver.relay"),
    ({"live": "yes", "relay": "smtp://127.0.0.1/x"}, "deliver.relay"),
    ({"mail_folder": ""}, "deliver.mail_folder")])
def test_settings_that_cannot_deliver(hub, setting, words):
    hub.set("filter", unreportable=["special"])
    hub.set("deliver", **setting)
    p = hub.start("deliver", "--once")
    assert p.popen.wait(30) == 78
    assert words in p.stderr


def test_live_needs_the_special_ranges(hub, relay):
    hub.set("deliver", live="yes", relay=relay().url)
    p = hub.start("deliver", "--once")
    assert p.popen.wait(30) == 78
    assert "unreportable" in p.stderr
