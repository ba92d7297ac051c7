"""Protects the outbox through an upgrade: what the release before kept, a row
an event, is sent once and whole, and known if its line is read again.

outbox_v2.dump is such an outbox, written by that release: six events, none of
them acknowledged."""
import hashlib
import pathlib
import signal
import sqlite3
import struct

import outbox_file
from agent_process import agent, append, pb, scripted  # noqa: F401
from conftest import wait_until

DUMP = pathlib.Path(__file__).with_name("outbox_v2.dump")
LOGINS = {"anna@example.org", "bob", "carl@example.org", "", "j\u00f6rg",
          "eve"}
KNOWN = ("2026-11-28T07:00:04+00:00 mx1 postfix/smtpd[2204]: warning: "
         "unknown[203.0.113.9]: SASL LOGIN authentication failed: "
         "authentication failure, sasl_username=j\u00f6rg\n")
NEW = ("2026-11-28T07:00:09+00:00 mx1 postfix/smtpd[2204]: warning: "
       "unknown[203.0.113.9]: SASL LOGIN authentication failed: "
       "authentication failure, sasl_username=new\n")


def logins(hub):
    return {(e.login or b"").decode() for e in hub.events.values()}


def sum_of_second(db, seq):
    """As the second release summed a row."""
    row = db.execute("SELECT * FROM event WHERE seq = ?", (seq,)).fetchone()
    number = struct.Struct("=q").pack
    h = hashlib.blake2b(digest_size=16)

    def text(t):
        t = None if t is None else t.encode() if isinstance(t, str) else t
        h.update(number(t is not None) + number(len(t or b"")) + (t or b""))

    (_, id_, time_us, read_us, kind, source, port, local, local_port, ordinal,
     pid, *texts) = row[:19]
    h.update(number(16) + id_)
    for n in (time_us, read_us, kind):
        h.update(number(n))
    h.update(number(len(source)) + source + number(port))
    # an absent local address has a length of none, like a number
    text_local = local or b""
    h.update(number(local is not None) + number(len(text_local)) + text_local)
    for n in (local_port, ordinal, pid):
        h.update(number(n))
    for t in texts:
        text(t)
    return h.digest()[:8]


def make_old(a):
    """An outbox of the release before: one row without a sum, as those of
    the first release, one with the sum of the second."""
    db = sqlite3.connect(a.state / "outbox.db")
    db.executescript(DUMP.read_text())
    db.execute("PRAGMA user_version = 2")
    db.execute("UPDATE event SET sum = NULL WHERE seq = 1")
    db.execute("UPDATE event SET sum = ? WHERE seq = 3",
               (sum_of_second(db, 3),))
    before = db.execute("SELECT id, time_us, kind, pid, source, message "
                        "FROM event").fetchall()
    db.commit()
    db.close()
    return {row[0]: row[1:] for row in before}


def test_old_events_are_sent_once_and_known(agent):  # noqa: F811
    a = agent()
    hub = a.hubs[0]
    hub.silent = True
    before = make_old(a)
    append(a.log, KNOWN + NEW)
    p = a.start()
    wait_until(lambda: a.status()["lines"] == 8)
    s = a.status()
    assert (s["emitted"], s["repeated"], s["unacked"]) == (7, 1, 7)
    p.kill(signal.SIGKILL)
    hub.silent = False
    p = a.start()
    wait_until(lambda: a.status()["unacked"] == 0)
    assert logins(hub) == LOGINS | {"new"}
    assert max(hub.copies.values()) == 1 and a.status()["gaps"] == 0
    for id_, row in before.items():
        e = hub.events[id_]
        assert (e.time_us, e.kind, max(e.pid - 1, -1), e.source,
                e.message.decode()) == row
    assert p.stop() == 0
    # all that is new is in segments, and the old ones wait for their time
    assert [e.login for e in outbox_file.events(a.state / "outbox.db")] == [
        "new"]
    append(a.conf, "keep = 0\n")
    p = a.start()
    wait_until(lambda: rows(a) == 0)
    assert p.stop() == 0
    p = a.start()
    wait_until(lambda: rows(a) is None)
    append(a.log, NEW.replace("=new", "=newer"))
    wait_until(lambda: "newer" in logins(hub) and
               a.status()["unacked"] == 0)
    assert max(hub.copies.values()) == 1


def rows(a):
    """Of the old table; None: there is none."""
    db = sqlite3.connect("file:%s?mode=ro" % (a.state / "outbox.db"),
                         uri=True)
    try:
        return db.execute("SELECT count(*) FROM event").fetchone()[0]
    except sqlite3.OperationalError as e:
        return None if "no such table" in str(e) else -1
    finally:
        db.close()


def test_damaged_old_event_accuses_nobody(agent):  # noqa: F811
    a = agent()
    hub = a.hubs[0]
    make_old(a)
    with sqlite3.connect(a.state / "outbox.db") as db:
        db.execute("UPDATE event SET source = x'0a000001' WHERE seq = 3")
        db.execute("UPDATE event SET message = 'x' WHERE seq = 6")
    db.close()
    p = a.start()
    wait_until(lambda: a.status()["unacked"] == 0)
    assert logins(hub) == LOGINS - {"carl@example.org", "eve"}
    assert a.status()["gaps"] == 2
    assert p.stderr.count("damaged and given up") == 2
