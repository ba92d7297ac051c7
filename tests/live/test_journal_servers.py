"""Protects the promise of finding all, on the systemd journal: what a real
Postfix and a real Dovecot log under attack is put into a journal, and the
agent that follows it, and scan on what journalctl prints, find every attack
with its true address, login and service, and nobody else."""
import collections
import ipaddress
import pathlib
import re
import subprocess

import pytest

import dovecot_server
import postfix_server
import private_syslog
import test_scan_dovecot as for_dovecot
import test_scan_postfix as for_postfix
from agent_process import agent, pb, scripted  # noqa: F401
from conftest import wait_until
from dovecot_server import DovecotServer
from postfix_server import PostfixServer
from test_agent_journal import REMOTE, entry, write

WHY_NOT = (dovecot_server.why_not() or postfix_server.why_not() or
           private_syslog.why_not())
pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))

KINDS = {1: "auth_failure", 2: "relay_denied", 3: "unknown_recipient",
         4: "enumeration", 5: "protocol_abuse", 6: "policy_reject"}
HEADER = re.compile(rb"\w{3} [ \d]\d [\d:]{8} mx1 ([^ \[:]+)(?:\[(\d+)\])?: ")


def attacked_postfix(folder):
    """(lines, truth): truth counts (address, kind, login, service)."""
    done = []
    with PostfixServer(folder, users=[("alice", "right")]) as postfix:
        for name, service in (("smtp", "postfix/smtpd"),
                              ("submission", "postfix/submission/smtpd")):
            for group in (for_postfix.auth_attacks,
                          for_postfix.odd_auth_attacks,
                          for_postfix.relay_attacks,
                          for_postfix.other_refusals,
                          for_postfix.honest_visits):
                done += [(service, *a)
                         for a in group(postfix.port[name], service)]
        last = b"disconnect from unknown[" + done[-1][1].ip.encode()
        wait_until(lambda: last in postfix.log.read_bytes(), 20)
    truth = collections.Counter(
        (client.ip, kind, login, service) for service, client, events in done
        for kind, login, _ in events)
    return postfix.log.read_bytes().split(b"\n"), truth


def attacked_dovecot(folder):
    variant = for_dovecot.Variant("", syslog=True)
    todo = list(for_dovecot.attacks(variant))[::4]
    with private_syslog.Syslog(folder / "syslog", "mx1") as syslog, \
            DovecotServer(folder / "server", users={"alice": "right"},
                          syslog=syslog) as server:
        for_dovecot.perform_all(server, todo)
        for_dovecot.odd_visits(server)
        honest = list(for_dovecot.honest_visits(server))
        last = (", rip=%s," % honest[-1][1]).encode()
        wait_until(lambda: last in server.log.read_bytes(), 20)
    log = for_dovecot.Log(variant, None, todo, None, None)
    truth = collections.Counter()
    for (ip, login, service), n in for_dovecot.expected(log).items():
        truth[ip, "auth_failure", login, service] = n
    return server.log.read_bytes().split(b"\n"), truth


@pytest.fixture
def journal(tmp_path):
    """(folder of journal files, truth), with systemd-journal-remote."""
    if not pathlib.Path(REMOTE).exists():
        pytest.skip("systemd-journal-remote is not installed")
    lines, truth = attacked_postfix(tmp_path / "postfix")
    more, more_truth = attacked_dovecot(tmp_path / "dovecot")
    entries = []
    for n, line in enumerate(filter(None, lines + more)):
        m = HEADER.match(line)
        assert m, line
        fields = {"SYSLOG_PID": int(m[2])} if m[2] else {}
        entries.append(entry(n, line[m.end():], SYSLOG_IDENTIFIER=m[1],
                             _HOSTNAME="mx1", **fields))
    assert len(entries) > 300
    folder = tmp_path / "journal"
    folder.mkdir()
    write(folder / "a.journal", *entries)
    return folder, truth + more_truth


def test_every_attack_and_nothing_else(agent, journal):  # noqa: F811
    folder, truth = journal
    assert len(truth) > 120
    a = agent(files=["journal:%s" % folder])
    a.more["unreportable"] = "192.0.2.0/24"
    a.write()
    a.start()
    hub = a.hubs[0]
    wait_until(lambda: len(hub.events) >= sum(truth.values()) and
               a.status()["unacked"] == 0)

    def text(data):
        return None if data is None else data.decode()
    got = collections.Counter(
        (str(ipaddress.ip_address(e.source)), KINDS[e.kind], text(e.login),
         text(e.service)) for e in hub.events.values() if e.kind != 14)
    assert got - truth == collections.Counter(), "accused although innocent"
    assert truth - got == collections.Counter(), "not found"
    assert {e.host for e in hub.events.values()} == {b"mx1"}

    for form in "json", "export":
        out = subprocess.run(
            ["journalctl", "-q", "--utc", "--no-pager", "-o", form, "-D",
             str(folder)], check=True, capture_output=True).stdout
        path = folder.parent / form
        path.write_bytes(out)
        got = collections.Counter(
            (e["ip"], e["kind"], e["login"], e["service"])
            for e in for_dovecot.scan(str(path)))
        assert got == truth, form
