"""Protects the accused: an address gets only the contact of a fresh answer for
itself; a failure is none and not "nobody"; the finder has no database."""
import datetime
import itertools
import signal
import time

import pytest

from conftest import wait_until
from lying_dns import LyingDns
from nsd import Nsd, label

ZONE = "contacts.example"
UTC = datetime.timezone.utc
AUTH, RELAY, LOGIN = 1, 2, 14
_serial = itertools.count(1)


def add_events(database, addresses, kind=AUTH, at=None, stale=False, host=1,
               agent=1):
    """Event rows as receive stores them: behind the lock that keeps lookup
    from counting past a number whose row is not there yet."""
    at = at or datetime.datetime.now(UTC) - datetime.timedelta(hours=1)
    for address in addresses:
        n = next(_serial)
        database.query(
            "INSERT INTO event (id, time, agent, host, kind, stale, address)"
            " SELECT (left(id_floor(%s)::text, 9) || "
            "'0000-0000-0000-' || lpad(to_hex(%s), 12, '0'))::uuid,"
            " %s, %s, %s, %s, %s, %s"
            " FROM (SELECT pg_advisory_xact_lock_shared(7411001)) l",
            at, n, at, agent, host, kind, stale, address)


def sources(database):
    """{address: (state, key or None)}"""
    return {a: (s, k) for a, s, k in database.query(
        "SELECT host(address), source.state, key FROM source"
        " LEFT JOIN contact USING (contact)")}


def ask_again(database):
    database.query("UPDATE source SET next_ask = now(), lease_until = NULL")


@pytest.fixture(autouse=True)
def no_bad_end(request, processes):
    """Neither lookup nor its finder ends with words of a sanitizer."""
    yield
    processes.end()
    for argv, text in processes.tails():
        assert "Sanitizer" not in text and "ended status" not in text, text


@pytest.fixture
def nsd(tmp_path, hub):
    servers = []

    def start(records, lines=()):
        server = Nsd(tmp_path / "nsd", ZONE, records, lines)
        servers.append(server)
        hub.set("lookup", zone=ZONE, server="127.0.0.1:%d" % server.port,
                retry_first="1s", timeout_ms="400", tries="2")
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def liar(hub):
    with LyingDns(ZONE) as server:
        hub.set("lookup", zone=ZONE, server="127.0.0.1:%d" % server.port,
                retry_first="1s", timeout_ms="150", tries="2")
        yield server


# ---- a real server ----

def test_found_none_and_several(hub, database, nsd):
    nsd({"203.0.113.7": "abuse@isp.example",
         "203.0.113.8": "Abuse@ISP.example",
         "203.0.113.9": "abuse+1@isp.example",
         "203.0.113.10": "root@localhost,abuse@localhost",
         "203.0.113.11": "Abusix ContactDB Test point",
         "203.0.113.12": " first@two.example , second@two.example",
         "203.0.113.13": ["z@three.example", "a@three.example"],
         "203.0.113.14": "abuse@lacnic.net, noc@isp.example",
         "203.0.113.15": "abuse@ripe.net",
         "2001:db8::7": "v6@isp.example",
         "203.0.113.17": "abuse@bücher.example",
         "203.0.113.18": "abuse@xn--bcher-kva.example",
         "203.0.113.19": "x" * 300 + "@isp.example",
         "203.0.113.20": ",".join("a%d@isp.example" % i for i in range(20)),
         "198.51.100.1": "desk@hub.example"},
        ["%s CNAME elsewhere" % label("203.0.113.16"),
         'elsewhere TXT "by-alias@isp.example"',
         '%s A 127.0.0.1' % label("203.0.113.21")])
    want = {
        "203.0.113.7": ("found", "abuse@isp.example"),
        "203.0.113.8": ("found", "abuse@isp.example"),
        "203.0.113.9": ("found", "abuse@isp.example"),
        "203.0.113.10": ("refused", None),
        "203.0.113.11": ("none", None),
        "203.0.113.12": ("found", "first@two.example"),
        "203.0.113.13": ("found", "a@three.example"),
        "203.0.113.14": ("found", "noc@isp.example"),
        "203.0.113.15": ("refused", None),
        "203.0.113.16": ("found", "by-alias@isp.example"),
        "203.0.113.17": ("found", "abuse@xn--bcher-kva.example"),
        "203.0.113.18": ("found", "abuse@xn--bcher-kva.example"),
        "203.0.113.19": ("none", None),
        "203.0.113.20": ("found", "a0@isp.example"),
        "203.0.113.21": ("none", None),
        "203.0.113.22": ("none", None),
        "2001:db8::7": ("found", "v6@isp.example"),
        "2001:db8::8": ("none", None),
        # our own mailbox is nobody to complain to
        "198.51.100.1": ("refused", None),
    }
    add_events(database, want)
    hub.once("lookup")
    assert sources(database) == want
    assert database.one("SELECT count(*) FROM contact"
                        " WHERE key = 'abuse@isp.example'") == 1
    assert database.one("SELECT count(*) FROM answer WHERE method = 'abusix'"
                        ) == len(want)
    # mail goes to a spelling that somebody wrote, domain in A-labels
    assert database.one("SELECT lower(mailbox) FROM contact"
                        " WHERE key = 'abuse@isp.example'") in (
        "abuse@isp.example", "abuse+1@isp.example")
    said, mailboxes = database.query(
        "SELECT said, mailboxes FROM answer WHERE address = '203.0.113.12'")[0]
    assert said == " first@two.example , second@two.example"
    assert mailboxes == ["first@two.example", "second@two.example"]
    assert database.query("SELECT why FROM answer WHERE address ="
                          " '203.0.113.10'") == [
        ("mailbox in a domain that is not public",)]


def test_ttl_is_kept_within_limits(hub, database, nsd):
    nsd({"203.0.113.1": (60, "short@isp.example"),
         "203.0.113.2": (200000, "middle@isp.example"),
         "203.0.113.3": (9000000, "long@isp.example")})
    hub.set("lookup", found_min="1d", found_max="30d", none_for="6h")
    add_events(database, ["203.0.113.%d" % i for i in range(1, 5)])
    hub.once("lookup")
    lives = dict(database.query(
        "SELECT host(address),"
        " extract(epoch FROM fresh_until - asked)::integer FROM source"))
    assert lives == {"203.0.113.1": 86400, "203.0.113.2": 200000,
                     "203.0.113.3": 2592000, "203.0.113.4": 21600}


def test_only_what_may_be_reported_is_asked_for(hub, database, liar):
    hub.set("filter", unreportable="127.0.0.0/8", own="192.0.2.0/24")
    add_events(database, ["203.0.113.1"], kind=LOGIN)
    add_events(database, ["203.0.113.2"], stale=True)
    add_events(database, ["203.0.113.3"], kind=3)
    add_events(database, ["192.0.2.9", "203.0.113.4", "203.0.113.5"])
    add_events(database, ["203.0.113.6"], at=datetime.datetime.now(UTC)
               - datetime.timedelta(days=20))
    database.query("INSERT INTO agent (name, key) VALUES ('mx1', %s)",
                   "k" * 40)
    database.query("INSERT INTO agent_address SELECT agent, '203.0.113.5'"
                   " FROM agent")
    hub.once("lookup")
    assert set(liar.asked) == {label("203.0.113.4") + "." + ZONE}
    assert sources(database) == {
        "192.0.2.9": ("refused", None),
        "203.0.113.4": ("found", liar.truth("203.0.113.4")),
        "203.0.113.5": ("refused", None),
        "203.0.113.6": ("new", None)}
    # all of them are counted
    assert database.one("SELECT sum(events) FROM tally") == 7


def test_counting_once_each(hub, database, liar):
    day = datetime.datetime.now(UTC).replace(hour=0, minute=0, second=1,
                                             microsecond=0)
    for host in (1, 2):
        add_events(database, ["203.0.113.1"] * 3, host=host, at=day)
    hub.once("lookup")
    hub.once("lookup")
    assert database.query(
        "SELECT host, kind, events, first, last FROM tally ORDER BY host") == [
        (1, AUTH, 3, day, day), (2, AUTH, 3, day, day)]
    later = day + datetime.timedelta(seconds=5)
    add_events(database, ["203.0.113.1"], at=later)
    hub.once("lookup")
    assert database.query("SELECT events, first, last FROM tally"
                          " WHERE host = 1") == [(4, day, later)]
    assert database.query("SELECT first_seen, last_seen FROM source") == [
        (day, later)]
    # one answer: it is fresh
    assert database.one("SELECT count(*) FROM answer") == 1


def test_old_source_is_parked_and_wakes(hub, database, liar):
    days = datetime.timedelta(days=1)
    now = datetime.datetime.now(UTC)
    add_events(database, ["203.0.113.1"], at=now - 20 * days)
    hub.once("lookup")
    assert liar.asked == []
    assert database.one("SELECT next_ask > now() + interval '1000 years'"
                        " FROM source")
    add_events(database, ["203.0.113.1"], at=now - days)
    hub.once("lookup")
    assert len(liar.asked) == 1
    assert sources(database)["203.0.113.1"][0] == "found"


# ---- servers that lie or break ----

def test_ipv6_asks_exactly_its_nibbles(hub, database, liar):
    """An ancestor asked for a name made of left-over parts of the log line,
    and so for a stranger's contact."""
    add_events(database, ["2001:db8::7"])
    hub.once("lookup")
    assert liar.asked == [
        "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
        + ZONE]


def test_failure_then_success_leaks_nothing(hub, database, liar):
    """An ancestor stored the previous address's contact for an address whose
    lookup had failed, for ever."""
    addresses = ["203.0.113.%d" % i for i in range(1, 9)]
    broken = addresses[1::2]
    for address in broken:
        liar.lie(address, "servfail")
    hub.set("lookup", parallel="1")
    add_events(database, addresses)
    hub.once("lookup")
    got = sources(database)
    for address in addresses:
        assert got[address] == (
            ("failed", None) if address in broken
            else ("found", liar.truth(address)))
    liar.lies.clear()
    ask_again(database)
    hub.once("lookup")
    got = sources(database)
    assert got == {a: ("found", liar.truth(a)) for a in addresses}


@pytest.mark.parametrize("mode", """servfail refused timeout garbage
    truncated tc-closed empty-datagram""".split())
def test_failure_is_not_nobody(hub, database, liar, mode):
    """An ancestor took the first failure for "nobody" and never asked again."""
    liar.lie("203.0.113.1", mode)
    add_events(database, ["203.0.113.1"])
    hub.once("lookup")
    assert sources(database) == {"203.0.113.1": ("failed", None)}
    waits = []
    for _ in range(4):
        waits.append(database.one(
            "SELECT extract(epoch FROM next_ask - asked)::integer"
            " FROM source"))
        ask_again(database)
        hub.once("lookup")
    assert waits == [1, 2, 4, 8]
    liar.lies.clear()
    ask_again(database)
    hub.once("lookup")
    assert sources(database) == {
        "203.0.113.1": ("found", liar.truth("203.0.113.1"))}
    assert database.one("SELECT tries FROM source") == 0


def test_failed_refresh_keeps_a_contact_for_a_while(hub, database, liar):
    address = "203.0.113.1"
    found = ("found", liar.truth(address))
    add_events(database, [address])
    hub.once("lookup")
    assert sources(database)[address] == found
    liar.lie(address, "servfail")
    hub.set("lookup", stale_for="5d")
    asked, until = database.query("SELECT asked, fresh_until FROM source")[0]
    for tries in (1, 2):
        ask_again(database)
        hub.once("lookup")
        assert sources(database)[address] == found
        assert database.query("SELECT asked, fresh_until, tries"
                              " FROM source") == [
            (asked, until + datetime.timedelta(days=5), tries)]
    database.query("UPDATE source SET fresh_until = now()")
    ask_again(database)
    hub.once("lookup")
    assert sources(database)[address] == ("failed", None)
    assert database.query("SELECT state FROM answer ORDER BY answer") == [
        ("found",), ("failed",), ("failed",), ("failed",)]


def test_a_contact_that_is_gone_is_gone(hub, database, liar):
    address = "203.0.113.1"
    add_events(database, [address])
    hub.once("lookup")
    liar.lie(address, "nxdomain")
    ask_again(database)
    hub.once("lookup")
    assert sources(database)[address] == ("none", None)


def test_two_instances_ask_each_address_once(hub, database, liar):
    addresses = ["198.51.%d.%d" % (i // 250, i % 250 + 1)
                 for i in range(2000)]
    # a server in Python does not answer 1,024 questions in 150 ms
    hub.set("lookup", timeout_ms="5000")
    add_events(database, addresses)
    stages = [hub.start("lookup") for _ in range(2)]
    wait_until(lambda: database.one(
        "SELECT count(*) FROM source WHERE state = 'found'") == 2000, 60)
    assert database.one("SELECT count(*) FROM answer") == 2000
    assert database.one("SELECT sum(events) FROM tally") == 2000
    assert all(s.stop() == 0 for s in stages)
    got = sources(database)
    assert all(got[a] == ("found", liar.truth(a)) for a in addresses)


def test_database_restart(hub, database, cluster, liar):
    stage = hub.start("lookup")
    add_events(database, ["203.0.113.1"])
    wait_until(lambda: sources(database)["203.0.113.1"][0] == "found")
    cluster.restart()
    wait_until(lambda: database.query("SELECT 1"))
    add_events(database, ["203.0.113.2"])
    wait_until(lambda: sources(database)["203.0.113.2"][0] == "found", 20)
    assert stage.running and stage.stop() == 0


def test_a_bad_reload_is_said_and_mended(hub, database, liar):
    stage = hub.start("lookup")
    port = hub.settings["lookup"]["server"]
    wait_until(lambda: "database connected" in stage.stderr)
    hub.set("lookup", server="nonsense")
    stage.kill(signal.SIGHUP)
    wait_until(lambda: "until this is mended: lookup.server \"nonsense\""
               in stage.stderr)
    hub.set("lookup", server=port)
    stage.kill(signal.SIGHUP)
    add_events(database, ["203.0.113.1"])
    wait_until(lambda: sources(database)["203.0.113.1"][0] == "found")
    assert stage.stop() == 0


@pytest.mark.parametrize("setting, value, words", [
    ("server", "dns.example", "lookup.server"),
    ("server", "127.0.0.1:0", "lookup.server"),
    ("server", "127.0.0.1:70000", "lookup.server"),
    ("zone", "a..b", "lookup.zone"),
    ("zone", "x" * 64, "lookup.zone"),
])
def test_bad_settings_are_named(hub, setting, value, words):
    hub.set("lookup", **{setting: value})
    stage = hub.start("lookup")
    assert stage.popen.wait(10) == 78
    assert words in stage.stderr and value in stage.stderr
