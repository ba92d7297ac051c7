"""Protects the whole chain, from a log line to a mail in a real Postfix:
whatever dies on the way, each line is one event, each contact gets one mail,
and the conservation law has no remainder."""
import email
import itertools
import random
import re
import threading
import time

import pytest
from conftest import wait_until
from mail_server import MailServer, failure
from nsd import Nsd
from postfix_server import PostfixServer, why_not

CONTACTS = 12
# No ranges for documentation: deliver refuses to go live while the hub may
# report those.  Nothing is ever sent to these addresses.
SOURCES = ["%s.%d" % (net, n) for net in ("11.22.33", "44.55.66", "77.88.99")
           for n in range(1, 31)] + ["2a0e:bad:%x::7" % n for n in range(1, 31)]


def contact_of(index):
    """Mailboxes in different spellings; every twelfth source has none."""
    if index % CONTACTS == 0:
        return None
    spelling = ["abuse@isp-%d.example", "Abuse@ISP-%d.example",
                "abuse+mail@isp-%d.example"][index // CONTACTS % 3]
    return spelling % (index % CONTACTS)


@pytest.fixture
def relay(tmp_path):
    """A Postfix that takes mail for anybody and keeps it in one Maildir."""
    if why_not():
        pytest.skip(why_not())
    with PostfixServer(tmp_path / "postfix",
                       deliver_to=tmp_path / "delivered") as server:
        yield server


@pytest.fixture
def contacts(tmp_path):
    records = {source: contact_of(i) for i, source in enumerate(SOURCES)
               if contact_of(i)}
    with Nsd(tmp_path / "nsd", "contacts.example", records) as server:
        yield server


class Fleet:
    """Hub stages and agents as processes that a test may kill."""

    STAGES = ("tidy", "receive", "lookup", "report", "deliver")

    def __init__(self, hub, servers):
        self.hub = hub
        self.servers = servers
        self.stages = {}

    def start(self):
        for stage in self.STAGES:
            self.stages[stage] = self.hub.start(stage)
        for server in self.servers:
            server.start()

    def restart(self, what):
        if what in self.stages:
            self.stages[what].kill()
            self.stages[what] = self.hub.start(what)
        else:
            what.kill()
            what.start()


def mails_in(relay):
    """Message-ID and recipient of every mail that Postfix delivered."""
    found = []
    for path in relay.deliver_to.glob("all/new/*"):
        m = email.message_from_bytes(path.read_bytes())
        found.append((m["Message-ID"].strip("<>"), m["To"].lower()))
    return found


def remainders(database):
    """Every row of the conservation law whose remainder is not 0."""
    return [row for view in ("agent_balance", "line_balance", "report_balance")
            for row in database.query(
                "SELECT * FROM %s WHERE remainder <> 0" % view)]


def accepted_by(relay):
    """Message-IDs of the mails that Postfix has taken responsibility for:
    only what its queue manager has seen, since cleanup logs the Message-ID
    of a mail that is cut off before its final dot, too."""
    log = relay.log.read_text(errors="replace")
    queued = set(re.findall(r"qmgr\[\d+\]: (\w+): from=.*queue active", log))
    return {message_id for qid, message_id in re.findall(
        r"cleanup\[\d+\]: (\w+): message-id=<([^>]+)>", log) if qid in queued}


def resolve_unknown(hub, database, relay):
    """What an operator does with the reports that deliver left unknown."""
    for number, message_id in database.query(
            "SELECT report, message_id FROM report_mail WHERE state = 'unknown'"
            " AND changed < now() - interval '2 seconds'"):
        hub.ctl("report", "resolve", number,
                "sent" if message_id in accepted_by(relay) else "lost")


def test_one_mail_a_contact_whatever_is_killed(
        cluster, database, hub, processes, tmp_path, relay, contacts):
    hub.set("lookup", zone="contacts.example",
            server="127.0.0.1:%d" % contacts.port)
    hub.set("filter", unreportable="special")
    hub.set("deliver", live="yes", timeout="5s",
            relay="smtp://127.0.0.1:%d" % relay.port["smtp"])
    servers = [MailServer("mx%d" % n, hub, tmp_path / ("mx%d" % n), processes,
                          "9.9.9.%d" % n) for n in (1, 2)]
    fleet = Fleet(hub, servers)
    fleet.start()

    written = set()
    stop = threading.Event()
    numbers = itertools.count(1)
    shuffle = random.Random(7)

    def write_lines():
        while not stop.is_set():
            now = time.time()
            for at, server in enumerate(servers):
                lines = [failure(next(numbers), shuffle.choice(SOURCES),
                                 server.name, now) for _ in range(10)]
                written.update(lines)
                server.write(*lines)
                # one of them is collected by the other server, too
                servers[1 - at].write(lines[0])
            stop.wait(0.05)

    writer = threading.Thread(target=write_lines)
    writer.start()
    kills = 0
    try:
        for _ in range(3):
            for what in (servers[0], "receive", "lookup", "report", "deliver",
                         servers[1], "tidy"):
                fleet.restart(what)
                kills += 1
                time.sleep(0.2)  # load between two faults, not a wait
            cluster.restart("immediate")
            servers[0].rotate()
    finally:
        stop.set()
        writer.join()
    assert kills == 21

    wait_until(lambda: database.one("SELECT count(*) FROM event")
               == len(written), 60, "every line stored")
    wait_until(lambda: remainders(database) == [], 60, "no remainder")

    logins = [row[0] for row in database.query("SELECT login FROM evidence")]
    assert len(logins) == len(written)
    assert set(logins) == {line.strip().split("sasl_username=")[1]
                           for line in written}
    assert database.one("SELECT count(*) FROM witness") > 0

    expected = {contact_of(i).lower().replace("+mail", "")
                for i in range(len(SOURCES)) if contact_of(i)}

    def settled():
        resolve_unknown(hub, database, relay)
        return database.one("SELECT count(*) FROM report "
                            "WHERE state = 'sent'") == len(expected)
    wait_until(settled, 60, "a sent report for each contact")
    wait_until(lambda: len(mails_in(relay)) >= len(expected), 60,
               "Postfix delivers them: " + relay.log.read_text()[-3000:])

    delivered = mails_in(relay)
    assert len(delivered) == len(expected)
    assert len({message_id for message_id, _ in delivered}) == len(expected)
    assert {to.replace("+mail", "") for _, to in delivered} == expected
    assert database.one("SELECT count(*) FROM report") == len(expected)
    assert database.one("""
        SELECT count(*) FROM report_source a JOIN report_source b
        ON a.address = b.address AND a.report < b.report
        AND a.stored_after < b.stored_upto
        AND b.stored_after < a.stored_upto""") == 0, "an event in two reports"
    assert remainders(database) == []
    hub.ctl("status", "--check")
