"""Protects custody between the systemd journal and the outbox: every entry of
the facility mail is read once, also with control signs, over restarts and
while it grows, and a journal that is gone is said to be."""
import shutil
import struct
import subprocess

import pytest
from agent_process import (agent, logins, pb, scripted,  # noqa: F401
                           users)
from conftest import program, wait_until

REMOTE = "/lib/systemd/systemd-journal-remote"
BOOT = "8e43ae107c784725a819651b9acdd2e8"
START_US = 1762000000123456


def entry(n, text=None, **fields):
    """What journalctl -o export prints of an entry."""
    f = {"__REALTIME_TIMESTAMP": START_US + n * 1000000,
         "__MONOTONIC_TIMESTAMP": 1000000 + n * 1000000, "_BOOT_ID": BOOT,
         "SYSLOG_FACILITY": 2, "SYSLOG_IDENTIFIER": "postfix/smtpd",
         "SYSLOG_PID": 70 + n % 5, "_HOSTNAME": "mx7",
         "MESSAGE": "warning: unknown[198.51.100.7]: SASL LOGIN "
                    "authentication failed: x, sasl_username=user%d" % n}
    f.update(fields)
    if text is not None:
        f["MESSAGE"] = text
    out = b""
    for name, value in f.items():
        value = value if isinstance(value, bytes) else str(value).encode()
        if b"\n" in value or b"\x85" in value:
            out += (name.encode() + b"\n" + struct.pack("<Q", len(value)) +
                    value + b"\n")
        else:
            out += name.encode() + b"=" + value + b"\n"
    return out + b"\n"


def write(journal, *entries):
    subprocess.run([REMOTE, "-o", journal, "-"], input=b"".join(entries),
                   check=True, capture_output=True)


@pytest.fixture
def journal(tmp_path):
    folder = tmp_path / "journal"
    folder.mkdir()
    return folder


def test_entries_become_events(agent, journal):
    a = agent(files=["journal:%s" % journal])
    hub = a.hubs[0]
    write(journal / "a.journal", entry(0),
          entry(1, b"warning: unknown[198.51.100.8]: SASL LOGIN authentication "
                   b"failed: x, sasl_username=a\xc2\x85b"),
          entry(2, SYSLOG_FACILITY=3),
          entry(3, "imap-login: Info: Logged in", SYSLOG_IDENTIFIER="dovecot"),
          entry(4, "warning: unknown[198.51.100.9]: SASL LOGIN authentication "
                   "failed: x, sasl_username=a\nb"))
    a.start()
    wait_until(lambda: len(hub.events) == 3)
    wait_until(lambda: a.status()["unacked"] == 0)
    assert a.status()["lines"] == 4
    e = sorted(hub.events.values(), key=lambda e: e.time_us)
    assert [x.source[3] for x in e] == [7, 8, 9]
    assert e[0].time_us == START_US
    # on the wire a pid is one more, 0 is none
    assert (e[0].host, e[0].program, e[0].pid - 1) == \
        (b"mx7", b"postfix/smtpd", 70)
    assert e[1].login == b"a\xc2\x85b"
    assert e[2].login == b"a#012b"


def test_it_goes_on_where_it_was(agent, journal):
    a = agent(files=["journal:%s" % journal])
    hub = a.hubs[0]
    write(journal / "a.journal", *[entry(i) for i in range(300)])
    p = a.start()
    wait_until(lambda: logins(hub) == users(300))
    # while it is read
    write(journal / "a.journal", entry(300))
    wait_until(lambda: logins(hub) == users(301))
    assert p.stop() == 0
    write(journal / "a.journal", *[entry(i) for i in range(301, 400)])
    p = a.start()
    wait_until(lambda: logins(hub) == users(400))
    # another file beside it
    write(journal / "b.journal", *[entry(i) for i in range(400, 500)])
    wait_until(lambda: logins(hub) == users(500))
    p.kill()
    write(journal / "b.journal", entry(500))
    a.start()
    wait_until(lambda: logins(hub) == users(501))
    wait_until(lambda: a.status()["unacked"] == 0)
    assert a.status()["emitted"] == 501


def test_a_journal_that_is_gone(agent, journal):
    a = agent(files=["journal:%s" % journal])
    hub = a.hubs[0]
    write(journal / "a.journal", entry(0), entry(1))
    p = a.start()
    wait_until(lambda: logins(hub) == users(2))
    wait_until(lambda: a.status()["unacked"] == 0)
    assert p.stop() == 0
    (journal / "a.journal").unlink()
    write(journal / "c.journal", entry(7), entry(8))
    p = a.start()
    wait_until(lambda: logins(hub) == users(2) | users(9, 7))
    assert "entries of the journal are gone" in p.stderr
    wait_until(lambda: a.status()["unacked"] == 0)
    assert p.stop() == 0
    # now its place is in the other one, and all is quiet
    p = a.start()
    write(journal / "c.journal", entry(9))
    wait_until(lambda: logins(hub) == users(2) | users(10, 7))
    assert max(hub.copies.values()) == 1


def test_a_folder_that_comes_later(agent, journal):
    shutil.rmtree(journal)
    a = agent(files=["journal:%s" % journal])
    p = a.start()
    wait_until(lambda: "cannot read file=journal:" in p.stderr)
    journal.mkdir()
    write(journal / "a.journal", entry(0))
    wait_until(lambda: logins(a.hubs[0]) == users(1))


def test_scan_reads_what_journalctl_prints(agent, journal):
    a = agent(files=["journal:%s" % journal])
    write(journal / "a.journal", *[entry(i) for i in range(50)])
    found = {}
    for form in "short", "short-iso", "short-full", "json", "export":
        out = subprocess.run(["journalctl", "-q", "--utc", "--no-pager", "-o",
                              form, "-D", str(journal)], check=True,
                             capture_output=True).stdout
        got = subprocess.run([program("plaintiff-agent"), "scan", "--json", "--zone", "UTC",
                              "--now", "2025-11-02T00:00:00Z", "-"],
                             input=out, check=True,
                             capture_output=True).stdout.decode()
        lines = got.splitlines()
        assert len(lines) == 50, form
        # to the second, all say the same
        found[form] = [x.replace(".123456Z", "Z") for x in lines]
        assert found[form] == found["short"], form
