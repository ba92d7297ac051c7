"""Protects our own users: while the login server behind a real Postfix is
away, 500 who know their passwords fail, and none of them is in any report,
although lines of theirs look like those of attackers."""
import collections
import concurrent.futures
import contextlib
import itertools
import json
import os
import signal
import subprocess

import pytest

import dovecot_server
import exim_server
import postfix_server
import private_syslog
from conftest import BUILD, program, wait_until
from dovecot_client import Session
from dovecot_server import DovecotServer
from mail_server import MailServer
from nsd import Nsd
from postfix_server import PostfixServer
from smtp_client import Client, HungUp, auth_plain, b64

WHY_NOT = (dovecot_server.why_not() or postfix_server.why_not() or
           private_syslog.why_not())
pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))

USERS = {"alice": "right"}
# Postfix's processes end when they find no login server, and it waits before
# it starts others.
SETTINGS = "service_throttle_time = 1s\n"


PLAIN = "AUTH PLAIN " + b64("\0alice\0right")
LOGIN = ["AUTH LOGIN", b64("alice"), b64("right")]


class Place:
    """mx1: a Postfix whose login server is Dovecot, both with their lines in
    the logs .files; .honest are the addresses of those who knew the password,
    and .refused of those whom it did not help."""

    addresses = ("127.67.%d.%d" % (i // 250, i % 250 + 1)
                 for i in itertools.count())

    def __init__(self, folder):
        self.syslog = private_syslog.Syslog(folder / "syslog", "mx1")
        self.dovecot = DovecotServer(folder / "dovecot", users=USERS,
                                     syslog=self.syslog)
        self.postfix = PostfixServer(folder / "postfix", settings=SETTINGS,
                                     login_server=self.dovecot.auth_socket)
        self.honest, self.refused = [], []
        self.files = [self.postfix.log, self.syslog.log]

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            for part in self.syslog, self.dovecot, self.postfix:
                stack.enter_context(part)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *exc):
        self.stack.close()

    def client(self, n):
        service = ("smtp", "submission")[n % 2]
        ip = next(self.addresses)
        self.honest.append(ip)
        return Client(self.postfix.port[service], ip=ip)

    def note(self, c, reply):
        if not reply.startswith("235"):
            self.refused.append(c.ip)
        c.quit()
        return reply[:3]

    def visit(self, n):
        """One who logs in; returns the code of the reply, or "" where Postfix
        hung up."""
        try:
            c = self.client(n)
        except HungUp:
            return ""
        said = [PLAIN] if n // 2 % 2 else LOGIN
        for text in said:
            reply = c.say(text)
            # AUTH LOGIN is refused at once when there is no login server
            if not reply.startswith("334"):
                break
        return self.note(c, reply)

    def visits(self, count, at_a_time=30):
        """{code: how many} of many who log in."""
        with concurrent.futures.ThreadPoolExecutor(at_a_time) as many:
            codes = list(many.map(self.visit, range(count)))
        return {code: codes.count(code) for code in sorted(set(codes))}

    def halfway(self, count):
        """As many who have given their name and not yet their password."""
        for n in range(count):
            c = self.client(n)
            for text in LOGIN[:2]:
                assert c.say(text).startswith("334")
            yield c

    def settled(self):
        """All that was done stands in the log."""
        last = self.visit(0), self.honest[-1]
        assert last[0] == "235"
        wait_until(lambda: b"disconnect from unknown[" + last[1].encode() in
                   self.postfix.log.read_bytes(), 20)


def restart(place):
    """500 clients while Dovecot is stopped and started again: 40 are caught
    between name and password, 120 between greeting and name, 200 come while
    it is away, most of whom Postfix hangs up on, 140 find all as it was."""
    caught = list(place.halfway(40))
    greeted = [place.client(n) for n in range(120)]
    place.dovecot.stop()
    assert {place.note(c, c.say(LOGIN[2])) for c in caught} == {"454"}
    assert {place.note(c, c.say(PLAIN if n % 2 else LOGIN[0]))
            for n, c in enumerate(greeted)} == {"454"}
    assert set(place.visits(200)) <= {"", "454"}
    place.dovecot.start()
    wait_until(lambda: place.visit(0) == place.visit(1) == "235")
    assert place.visits(138) == {"235": 138}


def nobody_in_between(place):
    """Dovecot stops while clients are greeted and none has given a name: no
    line has words of its own for that."""
    greeted = [place.client(n) for n in range(100)]
    place.dovecot.stop()
    assert {place.note(c, c.say(PLAIN if n % 2 else LOGIN[0]))
            for n, c in enumerate(greeted)} == {"454"}
    place.dovecot.start()
    wait_until(lambda: place.visit(0) == place.visit(1) == "235")


def no_passwords(place):
    """Dovecot is there, but cannot read who has which password: Postfix says
    that they are wrong."""
    users = place.dovecot.folder / "users"
    users.chmod(0)
    users.touch()
    # it looks at the file's time now and then
    wait_until(lambda: place.visit(0) == "535")
    assert place.visits(100) == {"535": 100}
    for _ in range(10):
        with Session("imap", place.dovecot.port["imap"],
                     next(place.addresses)) as s:
            place.honest.append(s.ip)
            assert s.try_login("OWN", "alice", "right") is False
            place.refused.append(s.ip)
    users.chmod(0o644)
    users.touch()
    wait_until(lambda: place.visit(0) == "235")


def guilty_visits(place):
    """Those who try a password that is wrong, when nothing is amiss."""
    tried = []
    for n in range(20):
        c = Client(place.port[("smtp", "submission")[n % 2]],
                   ip=next(Place.addresses))
        assert auth_plain(c, "alice", "wrong").startswith("535")
        c.quit()
        tried.append(c.ip)
    wait_until(lambda: b"disconnect from unknown[" + tried[-1].encode() in
               place.log.read_bytes(), 20)
    return tried


def scan(*args):
    out = subprocess.run([program("plaintiff-agent"), "scan", "--json", *args],
                         stdout=subprocess.PIPE, check=True).stdout
    return [json.loads(line) for line in out.decode().split("\n") if line]


def reported(database):
    return {row[0] for row in database.query(
        "SELECT host(address) FROM report_source")}


def composed(hub):
    """What report makes of what is there, with every source's contact known
    before."""
    hub.once("lookup")
    wait_until(lambda: hub.database.one(
        "SELECT count(*) FROM not_reported WHERE reason IN ('not counted', "
        "'not asked')") == 0 or hub.once("lookup") is None, 20)
    hub.once("report")
    hub.once("deliver")
    mails = "".join(p.read_text(errors="replace")
                    for p in hub.mail.rglob("*") if p.is_file())
    return reported(hub.database), mails


@pytest.fixture
def guilty(tmp_path):
    """(Postfix of another host, who was refused there): no outage there."""
    with PostfixServer(tmp_path / "mx2", users=USERS.items(),
                       name="mx2") as server:
        yield server, guilty_visits(server)


@pytest.mark.slow
@pytest.mark.parametrize("outage", [restart, nobody_in_between,
                                    no_passwords])
def test_our_outage_accuses_nobody(outage, hub, processes, tmp_path, guilty):
    other, tried = guilty
    with Place(tmp_path / "mx1") as place:
        assert place.visits(1) == {"235": 1}
        outage(place)
        place.settled()
    honest = set(place.honest)
    assert len(honest) == len(place.honest) > 100
    assert outage is not restart or len(honest) > 500
    assert len(place.refused) >= 100

    # line by line: where Postfix could ask they look like attackers
    events = [e for f in place.files for e in scan("--all", str(f))]
    accused = {e["ip"] for e in events if e["kind"] == "auth_failure"}
    away = {e["ip"] for e in events if e["kind"] == "backend_failure"}
    assert accused | away == set(place.refused)
    assert away
    assert bool(accused) == (outage is no_passwords)
    assert {e["host"] for e in events} == {"mx1"}

    records = {ip: "abuse@honest.example" for ip in honest}
    records.update({ip: "abuse@guilty.example" for ip in tried})
    with Nsd(tmp_path / "nsd", "contacts.example", records) as nsd:
        hub.set("filter", unreportable="192.0.2.0/24")
        hub.set("lookup", zone="contacts.example",
                server="127.0.0.1:%d" % nsd.port)
        servers = [MailServer(name, hub, tmp_path / ("agent-" + name),
                              processes, address, files, "192.0.2.0/24")
                   for name, address, files in (
                       ("mx1", "192.0.2.1", place.files),
                       ("mx2", "192.0.2.2", [other.log]))]
        hub.start("receive")
        for server in servers:
            server.start()
        wanted = accused | away | set(tried)
        wait_until(lambda: {row[0] for row in hub.database.query(
            "SELECT DISTINCT host(address) FROM event")} >= wanted, 30)
        told, mails = composed(hub)
        assert told & honest == set()
        assert told == set(tried)
        assert not [ip for ip in honest if ip + " " in mails]
        assert tried[0] in mails
        assert {row[0] for row in hub.database.query(
            "SELECT host(address) FROM not_reported")} >= accused | away
        # the control: but for the lines that tell, all of them are accused
        hub.database.query("DELETE FROM outage RETURNING 1")
        told, mails = composed(hub)
        assert told == accused | set(tried)


def kinds(path):
    """{kind: addresses}"""
    out = collections.defaultdict(set)
    for e in scan("--all", str(path)):
        out[e["kind"]].add(e["ip"])
    return out


@pytest.mark.slow
def test_exim_says_that_its_login_server_is_away(tmp_path):
    """With Dovecot behind it Exim has words of its own for that."""
    if exim_server.why_not():
        pytest.skip(exim_server.why_not())
    try:
        root = exim_server.unpacked(BUILD)
    except RuntimeError as e:
        pytest.skip(str(e))
    honest = []
    with DovecotServer(tmp_path / "dovecot", users=USERS) as dovecot, \
            exim_server.EximServer(
                tmp_path / "exim", root, authenticators=exim_server.BY_DOVECOT
                % {"socket": dovecot.auth_socket}) as exim:
        def client():
            c = Client(exim.port, ip=next(Place.addresses))
            honest.append(c.ip)
            return c
        caught = [client() for _ in range(10)]
        for c in caught:
            for text in LOGIN[:2]:
                assert c.say(text).startswith("334")
        greeted = [client() for _ in range(10)]
        dovecot.stop()
        for c in caught:
            assert c.say(LOGIN[2]).startswith("435")
            c.quit()
        for n, c in enumerate(greeted):
            assert c.say(PLAIN if n % 2 else LOGIN[0]).startswith("435")
            c.quit()
        dovecot.start()
        c = Client(exim.port, ip=next(Place.addresses))
        assert auth_plain(c, "alice", "wrong").startswith("535")
        c.quit()
        wait_until(lambda: c.ip.encode() in exim.log.read_bytes(), 20)
    assert kinds(exim.log) == {"backend_failure": set(honest),
                               "auth_failure": {c.ip}}


def login_servers(dovecot):
    """Pids of the processes that know the passwords."""
    out = subprocess.run(["ps", "--ppid", str(dovecot.child.pid), "-o",
                          "pid=,args="], check=True, text=True,
                         capture_output=True).stdout
    return [int(line.split()[0]) for line in out.splitlines()
            if line.split()[1].startswith("dovecot/auth")]


def test_dovecot_says_that_its_login_server_died(tmp_path):
    """While clients were between name and password."""
    honest = []
    with DovecotServer(tmp_path / "dovecot", users=USERS) as dovecot:
        with contextlib.ExitStack() as stack:
            for protocol in ("imap", "pop3", "submission", "sieve") * 3:
                s = Session(protocol, dovecot.port[protocol],
                            next(Place.addresses))
                stack.callback(s.close)
                honest.append(s.ip)
                assert s.begin("LOGIN") == "more"
            for pid in login_servers(dovecot):
                os.kill(pid, signal.SIGKILL)
            wait_until(lambda: dovecot.log.read_bytes().count(
                b"Auth connection closed with 1 pending") >= len(honest), 20)
        with Session("imap", dovecot.port["imap"],
                     next(Place.addresses)) as guilty:
            assert guilty.try_login("PLAIN", "alice", "wrong") is False
        wait_until(lambda: kinds(dovecot.log)["auth_failure"] and
                   kinds(dovecot.log)["backend_failure"] >= set(honest), 20)
    assert kinds(dovecot.log) == {"backend_failure": set(honest),
                                  "auth_failure": {guilty.ip}}
