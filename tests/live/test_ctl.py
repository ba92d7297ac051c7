"""Protects the administrator's command: what it says is what the database
holds, foreign text cannot steer a terminal through it, and a slip of the hand
gets a clear answer and changes nothing."""
import email
import json
import os
import pty
import subprocess
import uuid

import pytest

from conftest import program, wait_until
import rows

KEY = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
OTHER = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"
EVIL = "mx\x1b]0;owned\x07\x1b[2J\u202e\x9b31m\r\nfake line"


def harmless(text):
    """No byte that could steer a terminal, whatever the terminal."""
    return not any(ord(c) < 0x20 and c != "\n" or 0x7f <= ord(c) <= 0x9f
                   or c in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069"
                   for c in text)


def test_the_check_of_harmless_can_fail():
    assert not harmless(EVIL) and harmless("mx1\nmx2\n")


def test_agent_add_list_revoke(hub, database):
    assert "added" in hub.ctl("agent", "add", "mx1", KEY).stdout
    assert "mx1" in hub.ctl("agent", "list").stdout
    # the same again is no error, anything else is one
    assert "already" in hub.ctl("agent", "add", "mx1", KEY).stdout
    for name, key, word in (("mx1", OTHER, "another key"),
                            ("mx2", KEY, "agent mx1's"),
                            ("-x", OTHER, "agent's name"),
                            ("mx 2", OTHER, "agent's name"),
                            ("mx2", OTHER[:-1], "public key"),
                            ("mx2", OTHER[:-1] + " ", "public key")):
        done = hub.ctl("agent", "add", name, key, check=False)
        assert done.returncode != 0 and word in done.stderr, done
    assert database.one("SELECT count(*) FROM agent") == 1
    slip = hub.ctl("agent", "revoke", "mx2", check=False)
    assert slip.returncode != 0 and "did you mean mx1?" in slip.stderr
    hub.ctl("agent", "revoke", "mx1")
    assert database.query("SELECT state, revoked IS NOT NULL FROM agent") == [
        ("revoked", True)]
    again = hub.ctl("agent", "add", "mx1", KEY, check=False)
    assert again.returncode != 0 and "revoked" in again.stderr


def test_agent_changes_are_told_to_receive(hub, database):
    c = database.connection()
    c.cursor().execute("LISTEN plaintiff_agents")
    for words in (("add", "mx1", KEY), ("revoke", "mx1")):
        hub.ctl("agent", *words)

        def told():
            c.poll()
            return [n.channel for n in c.notifies]
        assert wait_until(told) == ["plaintiff_agents"], words
        c.notifies.clear()
    c.close()


@pytest.mark.parametrize("words, said", [
    (["agnt", "list"], 'did you mean "agent"?'),
    (["agent", "lst"], 'did you mean "list"?'),
    (["agent"], "a word is missing"),
    (["agent", "add", "mx1"], "key is missing"),
    (["report", "show", "x"], '"x" is not a number'),
    (["report", "show", "1", "x"], '"x" is not a number'),
    (["report", "show", "1", "2", "3"], "one word too many"),
    (["report", "resolve", "1", "gone"], "sent|lost"),
    (["status", "--chck"], "--chck is no option"),
    (["-c"], "needs a file"),
    ([], "usage:"),
])
def test_slips_get_an_answer(hub, words, said):
    done = subprocess.run([program("plaintiff"), *words], text=True,
                          capture_output=True)
    assert done.returncode == 64 and said in done.stderr, done


def test_lists_are_json(hub, database):
    r = rows.Rows(database)
    r.agent("mx1", host=EVIL, software='x"\\\x01')
    r.report("abuse@isp.example", "192.0.2.7", state="ready", said=EVIL)
    agents = json.loads(hub.ctl("agent", "list", "--json").stdout)
    assert [a["name"] for a in agents] == ["mx1"]
    assert agents[0]["host"] == EVIL and agents[0]["revoked"] is None
    assert agents[0]["added"].endswith("Z")
    reports = json.loads(hub.ctl("--json", "report", "list").stdout)
    assert reports[0]["said"] == EVIL and reports[0]["report"] == 1
    status = json.loads(hub.ctl("status", "--json").stdout)
    assert status["live"] is False and status["balanced"] is True
    assert [a["agent"] for a in status["agents"]] == ["mx1"]


def on_terminal(hub, *words):
    """What the command prints when standard output is a terminal."""
    parent, child = pty.openpty()
    p = subprocess.Popen([program("plaintiff"), "-c", str(hub.path), *words],
                         stdin=subprocess.DEVNULL, stdout=child,
                         stderr=subprocess.PIPE)
    os.close(child)
    got = b""
    while True:
        try:
            piece = os.read(parent, 65536)
        except OSError:
            break
        if not piece:
            break
        got += piece
    os.close(parent)
    assert p.wait() == 0, p.stderr.read()
    p.stderr.close()
    # the terminal itself turns LF into CR LF
    return got.replace(b"\r\n", b"\n").decode()


def test_foreign_text_cannot_steer_a_terminal(hub, database):
    r = rows.Rows(database)
    r.agent("mx1", host=EVIL, software=EVIL)
    r.report("abuse@isp.example", "192.0.2.7", said=EVIL, state="ready",
             mail=("Subject: x\r\n\r\n" + EVIL + "\r\nlast\r\n").encode())
    for words in (("agent", "list"), ("report", "list"), ("status",)):
        assert harmless(hub.ctl(*words).stdout), words
        assert harmless(on_terminal(hub, *words)), words
    shown = on_terminal(hub, "report", "show", "1")
    assert harmless(shown) and shown.startswith("Subject: x\n\n")
    assert "last\n" in shown and "fake line\n" in shown


def test_report_show_is_byte_exact_in_a_pipe(hub, database):
    mail = bytes(range(256)) * 40 + b"\r\n.\r\n\x00end"
    rows.Rows(database).report("abuse@isp.example", "192.0.2.7", mail=mail)
    done = subprocess.run([program("plaintiff"), "-c", str(hub.path),
                           "report", "show", "1"], capture_output=True)
    assert done.returncode == 0 and done.stdout == mail
    missing = hub.ctl("report", "show", "2", check=False)
    assert missing.returncode != 0 and "no report 2" in missing.stderr


def test_report_states_move_only_as_they_may(hub, database):
    r = rows.Rows(database)
    for state in ("ready", "unknown", "unknown", "sent"):
        r.report("abuse@%s.example" % uuid.uuid4().hex, "192.0.2.7",
                 state=state, source=False)

    def state(n):
        return database.query("SELECT state, quiet IS NULL FROM report"
                              " WHERE report = %s", n)[0]
    hub.ctl("report", "hold", "1")
    assert state(1) == ("held", True)
    hub.ctl("report", "release", "1")
    assert state(1) == ("ready", True)
    hub.ctl("report", "resolve", "2", "sent")
    assert state(2) == ("sent", False)
    hub.ctl("report", "resolve", "3", "lost")
    assert state(3) == ("ready", True)
    hub.ctl("report", "hold", "1")
    hub.ctl("report", "cancel", "1")
    assert state(1) == ("failed", True)
    # what was sent is never sent again, whatever is said
    for words in (("resolve", "4", "lost"), ("release", "4"), ("hold", "4"),
                  ("cancel", "4"), ("release", "1"), ("cancel", "3"),
                  ("resolve", "2", "lost"), ("release", "9")):
        done = hub.ctl("report", *words, check=False)
        assert done.returncode != 0, words
    assert state(4) == ("sent", False) and state(2) == ("sent", False)


def accuse(database):
    """One event of each of two addresses, with different contacts."""
    r = rows.Rows(database)
    mx1 = r.agent("mx1", emitted=2, lines=2)
    for address, mailbox in (("192.0.2.7", "abuse@a.example"),
                             ("2001:db8::7", "abuse@b.example")):
        r.event(mx1, address)
        r.source(address, mailbox)
    r.count()


def everything(database):
    return [database.query("SELECT * FROM %s ORDER BY 1" % t) for t in (
        "report", "report_source", "source", "contact", "event", "tally")]


def test_preview_shows_what_is_due_and_changes_nothing(hub, database):
    assert "nothing is due" in hub.ctl("report", "preview").stdout
    assert json.loads(hub.ctl("report", "preview", "--json").stdout) == []
    accuse(database)
    before = everything(database)
    shown = hub.ctl("report", "preview").stdout
    assert "for abuse@a.example" in shown and "To: abuse@b.example" in shown
    assert harmless(shown)
    mails = json.loads(hub.ctl("report", "preview", "--json").stdout)
    assert [m["contact"] for m in mails] == ["abuse@a.example",
                                             "abuse@b.example"]
    assert all("192.0.2.7" in m["mail"] or "2001:db8::7" in m["mail"]
               for m in mails)
    one = hub.ctl("report", "preview", "abuse@b.example").stdout
    assert "2001:db8::7" in one and "192.0.2.7" not in one
    wrong = hub.ctl("report", "preview", "abuse@c.example", check=False)
    assert wrong.returncode != 0 and "no contact" in wrong.stderr
    assert everything(database) == before
    assert list(hub.mail.iterdir()) == []


def test_send_to_me_goes_nowhere_else(hub, database):
    assert "nothing is due" in hub.ctl("report", "send", "--to-me").stdout
    accuse(database)
    before = everything(database)
    said = hub.ctl("report", "send", "--to-me").stdout
    assert said.count("to abuse-report@hub.example: ") == 2
    files = sorted(hub.mail.iterdir())
    assert len(files) == 2
    for f in files:
        assert f.name.startswith("to-me-")
        m = email.message_from_bytes(f.read_bytes())
        assert m.get_all("To") == ["abuse-report@hub.example"]
        assert "a.example" not in str(m.items())
    assert everything(database) == before
    # what follows is the report itself, as if nothing had been looked at
    hub.once("report")
    assert database.one("SELECT count(*) FROM report") == 2


def test_status_shows_a_remainder_and_check_fails(hub, database):
    r = rows.Rows(database)
    mx1, mx2 = r.agent("mx1"), r.agent("mx2")
    r.outbox(mx1, emitted=7, unacked=1, gaps=1, lines=20, ignored=9,
             unparsable=1, repeated=1, unreportable=1, withheld=1)
    r.outbox(mx2, emitted=1)
    for address in ("192.0.2.1", "192.0.2.2", "2001:db8::3"):
        e = r.event(mx1, address)
    r.witness(e, mx2)
    r.set_aside(mx1)
    r.count()
    database.query("INSERT INTO agent_past (agent, day, first_seen)"
                   " VALUES (%s, '2026-01-01', 1)", mx1)
    r.outbox_set(mx2, lines=1)
    status = json.loads(hub.ctl("status", "--json", "--check").stdout)
    assert status["balanced"] is True
    assert status["agents"][0] == {
        "agent": "mx1", "emitted": 7, "first_seen": 3, "witnessed": 0,
        "set_aside": 1, "past": 1, "unacked": 1, "gaps": 1, "remainder": 0}
    # control: an event that vanishes is seen, and so is a line
    database.query("DELETE FROM event WHERE address = '192.0.2.1'")
    done = hub.ctl("status", "--check", check=False)
    assert done.returncode == 1 and "NOT BALANCED" in done.stdout
    status = json.loads(hub.ctl("status", "--json").stdout)
    assert [a["remainder"] for a in status["agents"]] == [1, 0]
    r.outbox_set(mx2, lines=3)
    status = json.loads(hub.ctl("status", "--json").stdout)
    assert [a["remainder"] for a in status["lines"]] == [0, 2]


def test_status_says_what_tor_keeps_back(hub, database):
    """Exits are left out and counted; who is not known waits, and the list
    is said to be stale."""
    r = rows.Rows(database)
    mx1 = r.agent("mx1")
    for address in ("203.0.113.7", "2001:db8::7", "203.0.113.8",
                    "2001:db8::8"):
        r.event(mx1, address, ago="5 hours")
        r.source(address)
    r.count()
    database.query(
        "INSERT INTO tor_exit SELECT a::inet, now() - interval '5 hours',"
        " now() - interval '4 hours' FROM (VALUES ('203.0.113.7'),"
        " ('2001:db8::7')) v (a)")
    database.query("INSERT INTO tor_fetch (tried, tries, fetched, newest,"
                   " entries, why) VALUES (now(), 3, now() - interval"
                   " '7 hours', now() - interval '7 hours', 1400, 'empty')")

    def said():
        stages = json.loads(hub.ctl("status", "--json").stdout)["stages"]
        return {s["what"]: s["count"] for s in stages
                if "Tor" in s["what"] or s["what"].startswith("tries")}

    assert said() == {
        "Tor exits listed": 1400, "Tor list stale": 0,
        "tries for it that failed": 3, "events of Tor exits left out": 0,
        "addresses waiting for Tor": 0}, "Tor is not checked here"
    hub.set("tor", list="https://lists.example/")
    assert said() == {
        "Tor exits listed": 1400, "Tor list stale": 1,
        "tries for it that failed": 3, "events of Tor exits left out": 2,
        "addresses waiting for Tor": 2}
    database.query("INSERT INTO tor_cover VALUES (tstzrange("
                   "now() - interval '1 day', now() - interval '1 hour'))")
    assert said()["addresses waiting for Tor"] == 0


def test_status_sees_a_report_that_does_not_add_up(hub, database):
    r = rows.Rows(database)
    r.report("abuse@a.example", "192.0.2.7", upto=10)
    assert hub.ctl("status", "--check", check=False).returncode == 0
    # the same events in a second report
    r.report("abuse@b.example", "192.0.2.7", upto=12)
    done = hub.ctl("status", "--check", check=False)
    assert done.returncode == 1 and "two reports" in done.stdout


def test_default_settings_say_where_the_database_is_not(tmp_path):
    conf = tmp_path / "hub.conf"
    conf.write_text("[database]\nconnect = host=%s dbname=none\n" % tmp_path)
    done = subprocess.run([program("plaintiff"), "-c", conf, "agent", "list"],
                          text=True, capture_output=True)
    assert done.returncode == 69 and "cannot reach" in done.stderr
