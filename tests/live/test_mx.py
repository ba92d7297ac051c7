"""Protects the cap by mail host: lookup finds the host that takes a contact's
mail, in whatever order a server answers; lies and failures make none and hold
nothing up; nobody in a domain that takes no mail is mailed."""
import json

import pytest
from dnslib import MX, QTYPE, RR, DNSRecord

from conftest import wait_until
from lying_dns import LyingDns
from nsd import Nsd
from test_brakes import Brakes
from test_lookup import add_events, ask_again, no_bad_end, sources  # noqa: F401

ZONE = "contacts.example"


def hosts(database):
    """{mail domain: (state, host)}"""
    return {d: (s, m) for d, s, m in database.query(
        "SELECT domain, state, mx FROM mail_domain")}


def due_again(database):
    database.query("UPDATE mail_domain SET next_ask = now()")


class MxLiar(LyingDns):
    """Tells the truth of addresses; of mail hosts, for a domain in .mx: the
    hosts, (preference, name) each, or a mode in which it lies or breaks."""

    def __init__(self, zone):
        super().__init__(zone)
        self.mx = {}
        self.asked_mx = []
        self.mailbox = {}

    def _truth_of(self, name):
        address = super()._truth_of(name)
        return self.mailbox.get(address, address)

    def _answers(self, data, tcp):
        q = DNSRecord.parse(data)
        if q.q.qtype != QTYPE.MX:
            return super()._answers(data, tcp)
        name = str(q.q.qname).rstrip(".")
        self.asked_mx.append(name)
        says = self.mx.get(name, [])
        if isinstance(says, str):
            return getattr(self, "_" + says.replace("-", "_"))(q, name, tcp)
        reply = q.reply()
        for preference, host in says:
            reply.add_answer(RR(q.q.qname, QTYPE.MX, ttl=60,
                                rdata=MX(host, preference)))
        if not says:
            reply.header.rcode = 3
        return [reply.pack()]


@pytest.fixture
def liar(hub):
    with MxLiar(ZONE) as server:
        hub.set("lookup", zone=ZONE, server="127.0.0.1:%d" % server.port,
                retry_first="1s", timeout_ms="150", tries="2", mx="yes")
        yield server


def test_a_real_server(hub, database, tmp_path):
    """All kinds of domains in a real zone."""
    def at(name):
        return "abuse@%s.%s" % (name, ZONE)

    names = ["one", "two", "equal", "bare", "null", "alias", "gone", "both"]
    records = {"203.0.113.%d" % (i + 1): at(n) for i, n in enumerate(names)}
    with Nsd(tmp_path / "nsd", ZONE, records, [
            "one MX 10 MX.Big.example.",
            "two MX 20 aa.example.", "two MX 10 mx.big.example.",
            "equal MX 10 mx2.big.example.", "equal MX 10 mx1.big.example.",
            "bare A 127.0.0.1", "null MX 0 .",
            "alias CNAME one", "both MX 0 .", "both MX 10 mx.big.example."
            ]) as server:
        hub.set("lookup", zone=ZONE, server="127.0.0.1:%d" % server.port,
                mx="yes")
        add_events(database, records)
        hub.once("lookup")
    found = {n: "mx.big.example" for n in ("one", "two", "alias")}
    found["equal"] = "mx1.big.example"
    for n in ("bare", "gone"):
        found[n] = "%s.%s" % (n, ZONE)
    want = {"%s.%s" % (n, ZONE): ("found", m) for n, m in found.items()}
    want["null." + ZONE] = ("none", None)
    want["both." + ZONE] = ("new", None)
    assert hosts(database) == want
    assert dict(database.query("SELECT key, mx FROM contact")) == {
        "abuse@" + d: m for d, (_, m) in want.items()}


def test_order_does_not_count(hub, database, liar):
    liar.mx["isp.example"] = [(5, "c.example"), (5, "a.example"),
                              (5, "b.example")]
    add_events(database, ["203.0.113.1"])
    hub.once("lookup")
    for _ in range(3):
        assert hosts(database) == {"isp.example": ("found", "a.example")}
        liar.mx["isp.example"].append(liar.mx["isp.example"].pop(0))
        due_again(database)
        hub.once("lookup")
    assert len(liar.asked_mx) == 4


def test_asked_once_and_anew(hub, database, liar):
    """One question a domain, also from two lookups and for many contacts,
    until mx_for has passed."""
    liar.mx["isp.example"] = [(10, "mx.big.example")]
    hub.set("lookup", mx_for="2d")
    addresses = ["203.0.113.%d" % i for i in range(1, 60)]
    stages = [hub.start("lookup") for _ in range(2)]
    add_events(database, addresses)
    wait_until(lambda: database.one(
        "SELECT count(*) FROM contact WHERE mx = 'mx.big.example'") == 59)
    assert [s.stop() for s in stages] == [0, 0]
    hub.once("lookup")
    assert liar.asked_mx == ["isp.example"]
    assert database.one("SELECT next_ask - asked FROM mail_domain").days == 2
    liar.mx["isp.example"] = [(10, "mx.other.example")]
    due_again(database)
    hub.once("lookup")
    assert database.one("SELECT count(*) FROM contact"
                        " WHERE mx = 'mx.other.example'") == 59


@pytest.mark.parametrize("mode", """servfail refused timeout garbage truncated
    wrong-id wrong-question wrong-owner referral count-lies pointer-loop
    alias-loop thousands short empty-datagram""".split())
def test_lies_make_no_host(hub, database, liar, mode):
    """Nor hold up contacts, nor change what was known; asked again later."""
    liar.mx["isp.example"] = mode
    add_events(database, ["203.0.113.1"])
    hub.once("lookup")
    assert sources(database)["203.0.113.1"][0] == "found"
    assert hosts(database) == {"isp.example": ("new", None)}
    assert database.one("SELECT why IS NOT NULL AND tries = 1"
                        " AND next_ask > now() FROM mail_domain")
    assert database.query("SELECT mx FROM contact") == [(None,)]
    liar.mx["isp.example"] = [(10, "mx.big.example")]
    due_again(database)
    hub.once("lookup")
    assert hosts(database) == {"isp.example": ("found", "mx.big.example")}
    liar.mx["isp.example"] = mode
    due_again(database)
    hub.once("lookup")
    assert hosts(database) == {"isp.example": ("found", "mx.big.example")}
    assert database.query("SELECT mx FROM contact") == [("mx.big.example",)]


def test_a_dead_server_does_not_hold_up_contacts(hub, database, liar):
    """Ten thousand domains that nobody answers for, of which as many as one
    question can hold are asked for between two rounds of addresses."""
    liar.mx = dict.fromkeys(("d%d.example" % i for i in range(10000)),
                            "timeout")
    database.query("INSERT INTO contact (key, mailbox) SELECT k, k FROM"
                   " (SELECT 'a@d' || i || '.example' AS k"
                   " FROM generate_series(0, 9999) i) x")
    stage = hub.start("lookup")
    wait_until(lambda: len(liar.asked_mx) > 0)
    for i in range(1, 4):
        address = "203.0.113.%d" % i
        add_events(database, [address])
        wait_until(lambda: sources(database)[address][0] == "found", 6)
    assert stage.stop() == 0


def test_takes_no_mail(hub, database, liar):
    """The next mailbox is taken, else nobody is mailed, and `why` says it."""
    liar.mx["null.example"] = [(0, ".")]
    liar.mailbox = {
        liar.truth("203.0.113.1"): "a@null.example",
        liar.truth("203.0.113.2"): "a@null.example,b@isp.example"}
    addresses = ["203.0.113.1", "203.0.113.2", "203.0.113.3"]
    add_events(database, addresses)
    hub.ctl("contact", "set", "203.0.113.3/32", "c@null.example")
    hub.once("lookup")
    assert hosts(database)["null.example"] == ("none", None)
    assert sources(database) == {
        "203.0.113.1": ("refused", None),
        "203.0.113.2": ("found", "b@isp.example"),
        "203.0.113.3": ("found", "c@null.example")}
    # nobody is asked about in circles
    asked = len(liar.asked)
    hub.once("lookup")
    assert len(liar.asked) == asked
    hub.once("report")
    assert {r for r, in database.query("SELECT recipient FROM report")} == {
        "b@isp.example", "c@null.example"}
    decisions = json.loads(hub.ctl("--json", "why", "203.0.113.1").stdout)
    fact, = [d["fact"] for d in decisions["decisions"]
             if d["decision"] == "contact"]
    assert fact.endswith("its domain takes no mail")
    # it takes mail again
    liar.mx["null.example"] = [(10, "mx.null.example")]
    due_again(database)
    hub.once("lookup")
    ask_again(database)
    hub.once("lookup")
    assert sources(database)["203.0.113.1"] == ("found", "a@null.example")


def test_not_asked(hub, database, liar):
    hub.set("lookup", mx="no")
    add_events(database, ["203.0.113.1"])
    hub.once("lookup")
    assert sources(database)["203.0.113.1"][0] == "found"
    assert liar.asked_mx == [] and hosts(database) == {}


def test_many_domains_of_one_host(hub, database, liar):
    """An attacker's two hundred domains, whose mail one host takes: as many
    mails a week as the cap says, and `why` says it."""
    world = Brakes(database, hub)
    hub.set("report", mx_week=5)
    for i in range(300):
        liar.mx["isp%d.example" % i] = [(10, "MX.victim.example" if i < 200
                                         else "mx%d.example" % i)]
    world.attackers(300, lambda i: "abuse@isp%d.example" % i)
    database.query("UPDATE source SET next_ask = now() + interval '1 day'")
    hub.once("lookup")
    hub.once("report")
    assert world.reports() == 105
    hub.once("report")
    assert world.reports() == 105
    assert world.reasons() == {"mx cap": 195}
    held = database.one("SELECT host(address) FROM source JOIN contact"
                        " USING (contact) WHERE mx = 'mx.victim.example'"
                        " AND reported_upto = 0 LIMIT 1")
    decisions = json.loads(hub.ctl("--json", "why", held).stdout)
    assert [(d["outcome"], d["fact"]) for d in decisions["decisions"]
            if d["decision"] == "mx cap"] == [
        ("stops", "mx.victim.example: 5 of 5 in a week")]
    # control: without their mail hosts they are two hundred strangers
    database.query("UPDATE contact SET mx = NULL")
    hub.once("report")
    assert world.reports() == 300
