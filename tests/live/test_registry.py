"""Protects what registries are asked and believed: only where the zone knows
nobody, once a range, only about networks that are theirs, and not while they
want to be left alone."""
import json
import time

import pytest

from conftest import SOURCE, wait_until
from lying_dns import LyingDns
from lying_rdap import Authority
from registry import Registry
from test_lookup import add_events, ask_again, sources

ZONE = "contacts.example"
RANGES = [
    ("198.51.0.0", "198.51.255.255", "wide@isp.example", "DE"),
    ("198.51.100.0", "198.51.101.77", "Thin@isp.example", "AT"),
    ("203.0.113.0", "203.0.113.255", None, "BR"),
    ("192.0.2.0", "192.0.2.255", "noreply@isp.example", "NL"),
    ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
     "six@isp.example", "FR"),
]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def registry(hub, tmp_path, authority):
    with Registry(authority, RANGES) as r:
        hub.set("lookup", zone="", **r.settings(tmp_path / "bootstrap"))
        yield r


def test_a_range_is_asked_for_once(hub, database, registry):
    first = ["198.51.100.%d" % i for i in range(1, 9)]
    add_events(database, [*first, "2001:db8::1", "2001:db8:0:1::1",
                          "203.0.113.1", "203.0.113.2", "192.0.2.1",
                          "8.8.8.8"])
    hub.once("lookup")
    got = sources(database)
    assert {got[a] for a in first} == {("found", "thin@isp.example")}
    assert got["2001:db8::1"] == got["2001:db8:0:1::1"] == (
        "found", "six@isp.example")
    assert got["203.0.113.1"] == got["203.0.113.2"] == ("none", None)
    assert got["192.0.2.1"] == ("refused", None)
    assert got["8.8.8.8"] == ("none", None)
    # "noreply" is no contact, but an answer for its range all the same
    assert len(registry.asked) == 5
    # later ones: none more, except where only a wider range is known
    add_events(database, ["198.51.101.77", "198.51.101.78", "198.51.7.7",
                          "203.0.113.9", "2001:db8:9::9", "192.0.2.9"])
    hub.once("lookup")
    got = sources(database)
    assert got["198.51.101.77"] == ("found", "thin@isp.example")
    assert got["198.51.101.78"] == got["198.51.7.7"] == (
        "found", "wide@isp.example")
    assert got["203.0.113.9"] == ("none", None)
    assert got["2001:db8:9::9"] == ("found", "six@isp.example")
    assert len(registry.asked) == 6
    # the country and the range go with the address
    assert database.query(
        "SELECT s.country, s.asn, host(n.first), host(n.last) FROM source s"
        " JOIN network n USING (network) WHERE address = '198.51.101.77'"
        " OR address = '2001:db8:9::9' ORDER BY 1") == [
        ("AT", 64496, "198.51.100.0", "198.51.101.77"),
        ("FR", 64496, "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")]
    said = json.loads(hub.ctl("--json", "contact", "of",
                              "198.51.101.77").stdout)
    assert said["source"][0]["source"] == "range"
    assert [t["what"] for t in said["tables"]] == [
        "registered range", "registered range", "RDAP server"]


def test_a_wide_range_answers_for_one_address_only(hub, database, authority,
                                                   tmp_path):
    """It may hold narrower ones that nobody has asked for."""
    ranges = [("20.0.0.0", "20.15.255.255", "twelve@isp.example", "DE"),
              ("21.0.0.0", "21.16.0.0", "more@isp.example", "DE"),
              ("22.0.0.0", "22.0.255.255", None, "DE"),
              ("23.0.0.0", "23.1.0.0", "abuse@ripe.net", "DE"),
              ("23.0.9.0", "23.0.9.255", "thin@isp.example", "DE"),
              ("2400:db8::", "2400:dbf:ffff:ffff:ffff:ffff:ffff:ffff",
               "six@isp.example", "DE"),
              ("2600::", "2600:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
               "wide6@isp.example", "DE")]
    with Registry(authority, ranges) as r:
        hub.set("lookup", zone="", **r.settings(tmp_path / "bootstrap"))
        seen = []
        for host in (1, 9):
            add_events(database, ["20.0.%d.1" % host, "21.0.%d.1" % host,
                                  "22.0.%d.1" % host, "23.0.%d.1" % host,
                                  "2400:db8:%d::1" % host,
                                  "2600:0:%d::1" % host])
            hub.once("lookup")
            seen.append(len(r.asked))
        assert seen == [6, 9]
    got = sources(database)
    assert got["20.0.9.1"] == ("found", "twelve@isp.example")
    assert got["22.0.9.1"] == ("none", None)
    assert got["23.0.1.1"] == ("refused", None)
    assert got["23.0.9.1"] == ("found", "thin@isp.example")
    assert got["2600:0:9::1"] == ("found", "wide6@isp.example")


def test_only_where_the_zone_knows_nobody(hub, database, registry):
    with LyingDns(ZONE) as liar:
        hub.set("lookup", zone=ZONE, server="127.0.0.1:%d" % liar.port,
                timeout_ms="150", tries="2")
        liar.lie("198.51.100.2", "nxdomain")
        liar.lie("2001:db8::2", "nodata")
        liar.lie("198.51.100.3", "servfail")
        add_events(database, ["198.51.100.1", "198.51.100.2", "2001:db8::1",
                              "2001:db8::2", "198.51.100.3"])
        hub.once("lookup")
        got = sources(database)
        assert got["198.51.100.1"] == ("found", liar.truth("198.51.100.1"))
        assert got["2001:db8::1"] == ("found", liar.truth("2001:db8::1"))
        assert got["198.51.100.2"] == ("found", "thin@isp.example")
        assert got["2001:db8::2"] == ("found", "six@isp.example")
        # a failure of the zone is not "nobody" ...
        assert got["198.51.100.3"] == ("failed", None)
        assert len(registry.asked) == 2
        # ... until it has lasted a while
        for _ in range(3):
            ask_again(database)
            hub.once("lookup")
        assert sources(database)["198.51.100.3"] == (
            "found", "thin@isp.example")


def test_a_server_speaks_only_for_its_own_networks(hub, database, authority,
                                                   tmp_path):
    """It may be taken over: then its word must not reach further than what the
    registry of registries gave it."""
    with Registry(authority, [("198.0.0.0", "198.255.255.255",
                               "victim@isp.example", "XX"),
                              ("2001:d00::", "2001:dff:ffff:ffff:ffff:ffff:"
                               "ffff:ffff", "victim@isp.example", "XX")]) as r:
        hub.set("lookup", zone="", **r.settings(
            tmp_path / "bootstrap", ["198.51.100.0/24"], ["2001:db8::/32"]))
        add_events(database, ["198.51.100.1", "198.51.99.1", "2001:db8::1",
                              "2001:db9::1"])
        hub.once("lookup")
    assert sources(database) == {
        "198.51.100.1": ("failed", None), "198.51.99.1": ("none", None),
        "2001:db8::1": ("failed", None), "2001:db9::1": ("none", None)}
    assert database.query("SELECT DISTINCT why FROM answer") == [
        ("range is not within what this server answers for",)]
    assert database.one("SELECT count(*) FROM network") == 0


def test_a_server_that_wants_to_be_left_alone(hub, database, registry):
    registry.status = (429, {"Retry-After": "300"})
    add_events(database, ["198.51.100.1"])
    hub.once("lookup")
    assert sources(database)["198.51.100.1"] == ("failed", None)
    assert database.one("SELECT next_ask - asked BETWEEN '299 s' AND '301 s'"
                        " FROM source") is True
    # every lookup knows it, a new process too; others' addresses as well
    registry.status = None
    ask_again(database)
    add_events(database, ["203.0.113.1", "2001:db8::1"])
    hub.once("lookup")
    assert len(registry.asked) == 1
    assert {s for s, _ in sources(database).values()} == {"failed"}
    assert database.query(
        "SELECT why FROM answer ORDER BY answer DESC LIMIT 1") == [
        ("the server asked us to wait",)]
    said = json.loads(hub.ctl("--json", "contact", "of", "203.0.113.1").stdout)
    assert said["tables"][0]["until"] is not None
    database.query("UPDATE rdap_server SET not_before = now()")
    ask_again(database)
    hub.once("lookup")
    assert sources(database)["2001:db8::1"] == ("found", "six@isp.example")


def test_a_dead_mailbox_gives_way_to_the_next_source(hub, database, registry):
    with LyingDns(ZONE) as liar:
        hub.set("lookup", zone=ZONE, server="127.0.0.1:%d" % liar.port)
        add_events(database, ["198.51.100.1", "2001:db8::1"])
        hub.once("lookup")
        database.query("UPDATE contact SET dead = now()")
        ask_again(database)
        hub.once("lookup")
    assert sources(database) == {
        "198.51.100.1": ("found", "thin@isp.example"),
        "2001:db8::1": ("found", "six@isp.example")}


def test_over_ipv6(hub, database, authority, tmp_path):
    with Registry(authority, RANGES, "::1") as r:
        hub.set("lookup", zone="", **r.settings(tmp_path / "bootstrap"))
        add_events(database, ["198.51.100.1", "2001:db8::1"])
        hub.once("lookup")
        assert len(r.asked) == 2
    assert sources(database) == {
        "198.51.100.1": ("found", "thin@isp.example"),
        "2001:db8::1": ("found", "six@isp.example")}


def test_inside_is_not_connected_to(hub, database, registry):
    """The control of the guard: the same server, not named as an exception."""
    hub.set("lookup", web_inside="127.99.0.9/32")
    add_events(database, ["198.51.100.1"])
    hub.once("lookup")
    assert registry.asked == []
    assert sources(database)["198.51.100.1"] == ("failed", None)


def test_the_shipped_bootstrap_is_used_and_refreshed(hub, database, registry,
                                                     tmp_path):
    hub.set("lookup",
            bootstrap_folder=SOURCE / "hub" / "lookup" / "bootstrap")
    hub.once("lookup")
    shipped = database.one("SELECT count(*) FROM bootstrap")
    assert shipped > 150
    assert database.query("SELECT DISTINCT origin FROM bootstrap_file") == [
        ("shipped",)]
    assert database.one("SELECT url FROM bootstrap WHERE prefix >>="
                        " '2a00::1'") == "https://rdap.db.ripe.net/"
    # a fresher one, over the net; not there: what is there stays
    hub.set("lookup", bootstrap=registry.base)
    p = hub.once("lookup")
    assert p.stderr.count("bootstrap not fetched") == 2
    assert database.one("SELECT count(*) FROM bootstrap") == shipped
    assert database.one("SELECT count(*) FROM bootstrap_file"
                        " WHERE why IS NOT NULL AND next_try > now()") == 2
    documents = {"ipv4.json": [["198.51.100.0/24"], ["https://r.example/"]],
                 "ipv6.json": [["2001:db8::/32"], ["https://r6.example/x"]]}
    registry.answer = lambda h: registry.send(h, 200, {
        "version": "1.0", "services": [documents[h.path[1:]]]})
    database.query("UPDATE bootstrap_file SET next_try = now()")
    hub.once("lookup")
    assert database.query("SELECT prefix::text, url FROM bootstrap"
                          " ORDER BY 1") == [
        ("198.51.100.0/24", "https://r.example/"),
        ("2001:db8::/32", "https://r6.example/x")]
    # and the shipped one does not come back
    hub.once("lookup")
    assert database.one("SELECT count(*) FROM bootstrap") == 2


def test_a_missing_bootstrap_is_said_once(hub, database, tmp_path):
    hub.set("lookup", rdap="yes", bootstrap="", zone="",
            bootstrap_folder=tmp_path / "nowhere")
    stage = hub.start("lookup")
    wait_until(lambda: stage.stderr.count("bootstrap not read") == 2)
    add_events(database, ["198.51.100.1"])
    database.query("NOTIFY plaintiff_events")
    wait_until(lambda: sources(database)["198.51.100.1"][0] == "none")
    assert stage.stderr.count("bootstrap not read") == 2
    assert stage.stop() == 0


def test_slow_servers_do_not_hold_the_lease(hub, database, registry):
    """A hundred ranges at a server that never answers: it ends, and says so,
    long before another lookup would take over."""
    def hang(h):
        time.sleep(20)

    registry.answer = hang
    hub.set("lookup", web_parallel="32")
    add_events(database, ["%d.%d.1.1" % (198, i) for i in range(100)])
    began = time.monotonic()
    hub.once("lookup", 80)
    assert time.monotonic() - began < 60
    assert {s for s, _ in sources(database).values()} == {"failed"}
