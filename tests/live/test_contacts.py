"""Protects what the administrator says of contacts: his table comes before
every source, whom he refuses is not mailed, two that he merges are one, and he
can see who answers for an address and why."""
import json

import pytest

from lying_dns import LyingDns
from rows import Rows
from test_lookup import add_events, ask_again, sources

ZONE = "contacts.example"


@pytest.fixture
def liar(hub):
    with LyingDns(ZONE) as server:
        hub.set("lookup", zone=ZONE, server="127.0.0.1:%d" % server.port,
                retry_first="1s", timeout_ms="150", tries="2")
        yield server


def contact_of(hub, address):
    return json.loads(hub.ctl("--json", "contact", "of", address).stdout)


def test_the_table_comes_first_and_the_longest_prefix_wins(hub, database,
                                                           liar):
    addresses = ["203.0.113.1", "203.0.113.200", "198.51.100.1",
                 "2001:db8::1", "2001:db8:1::1", "2001:db9::1"]
    hub.ctl("contact", "set", "203.0.113.0/24", "wide@isp.example")
    hub.ctl("contact", "set", "203.0.113.128/25", "Thin@isp.example")
    hub.ctl("contact", "set", "2001:db8::/32", "six@isp.example")
    hub.ctl("contact", "set", "2001:db8:1::/48", "thin+6@isp.example", "by me")
    add_events(database, addresses)
    hub.once("lookup")
    want = ["wide@isp.example", "thin@isp.example",
            liar.truth("198.51.100.1"), "six@isp.example", "thin@isp.example",
            liar.truth("2001:db9::1")]
    got = sources(database)
    assert [got[a] for a in addresses] == [("found", w) for w in want]
    # nobody else was asked about those
    assert len(liar.asked) == 2
    # taken out of the table: at once nobody's, then the source's
    out = hub.ctl("contact", "unset", "2001:db8::/32").stdout
    assert "2 addresses are looked up again" in out
    assert sources(database)["2001:db8::1"] == ("new", None)
    hub.once("lookup")
    assert sources(database)["2001:db8::1"] == (
        "found", liar.truth("2001:db8::1"))
    # set: whoever was known is so no more, even before the next lookup
    hub.ctl("contact", "set", "198.51.100.0/24", "new@isp.example")
    assert sources(database)["198.51.100.1"] == ("new", None)
    hub.once("lookup")
    assert sources(database)["198.51.100.1"] == ("found", "new@isp.example")
    rows = json.loads(hub.ctl("--json", "contact", "prefixes").stdout)
    assert [(r["prefix"], r["mailbox"], r["note"]) for r in rows] == [
        ("198.51.100.0/24", "new@isp.example", None),
        ("203.0.113.0/24", "wide@isp.example", None),
        ("203.0.113.128/25", "Thin@isp.example", None),
        ("2001:db8:1::/48", "Thin@isp.example", "by me")]


@pytest.mark.parametrize("words, says", [
    (("set", "203.0.113.1/24", "a@isp.example"), "is no network"),
    (("set", "203.0.113.0/24", "a@localhost"), "is not to be mailed"),
    (("set", "203.0.113.0/24", "a@b@c.example"), "is not to be mailed"),
    (("unset", "203.0.113.0/24"), "is not in the table"),
    (("refuse", "nobody"), "is no pattern"),
    (("accept", "@ripe.met"), "did you mean @ripe.net?"),
    (("merge", "a@isp.example", "b@isp.example"), "no contact"),
    (("of", "203.0.113"), "is no address"),
])
def test_what_makes_no_sense_is_said(hub, database, words, says):
    done = hub.ctl("contact", *words, check=False)
    assert done.returncode != 0
    assert says in done.stderr


def test_refusals_ship_and_are_the_administrators(hub, database, liar):
    Rows(database).report(liar.truth("203.0.113.1"), "203.0.113.1")
    add_events(database, ["203.0.113.1", "2001:db8::1"])
    hub.once("lookup")
    one = liar.truth("203.0.113.1")
    assert sources(database)["203.0.113.1"] == ("found", one)
    out = hub.ctl("contact", "refuse", one, "they asked").stdout
    assert "1 addresses had it, 1 ready reports are held" in out
    assert sources(database)["203.0.113.1"] == ("refused", None)
    assert database.one("SELECT state FROM report") == "held"
    hub.once("lookup")
    assert sources(database)["203.0.113.1"] == ("refused", None)
    assert contact_of(hub, "203.0.113.1")["answers"][0]["why"] == "they asked"
    # a whole domain, and all below it, but none that only ends like it
    hub.ctl("contact", "refuse", "@SP.example")
    assert sources(database)["2001:db8::1"][0] == "found"
    out = hub.ctl("contact", "refuse", "@isp.example").stdout
    assert "1 addresses had it" in out
    # accepted again: one that ships too
    hub.ctl("contact", "accept", "@isp.example")
    hub.ctl("contact", "accept", one)
    hub.ctl("contact", "accept", "@ripe.net")
    hub.once("lookup")
    assert sources(database)["203.0.113.1"] == ("found", one)
    states = {r["pattern"]: r["state"] for r in json.loads(
        hub.ctl("--json", "contact", "refusals").stdout)}
    assert states["@ripe.net"] == "accepted"
    assert states["@arin.net"] == states["noreply@"] == "refused"


def test_merged_contacts_are_one_party(hub, database, liar):
    rows = Rows(database)
    add_events(database, ["203.0.113.1", "203.0.113.2", "2001:db8::1"])
    hub.once("lookup")
    one, two, six = (liar.truth(a) for a in (
        "203.0.113.1", "203.0.113.2", "2001:db8::1"))
    rows.report(one, "203.0.113.1", state="sent")
    hub.ctl("contact", "merge", one, two)
    hub.ctl("contact", "merge", six, one)
    got = sources(database)
    assert {v for v in got.values()} == {("found", two)}
    # its week went with it: the second is mailed by then
    assert database.one("SELECT key FROM report JOIN contact USING (contact)"
                        ) == two
    # whoever names the first again gets the second
    ask_again(database)
    hub.once("lookup")
    assert {v for v in sources(database).values()} == {("found", two)}
    done = hub.ctl("contact", "merge", one, two, check=False)
    assert "merged already" in done.stderr
    done = hub.ctl("contact", "merge", two, six, check=False)
    assert "one contact already" in done.stderr
    merged = {r["mailbox"]: r["merged"] for r in json.loads(
        hub.ctl("--json", "contact", "list").stdout)}
    assert merged == {one: two, two: None, six: two}


def test_two_that_were_mailed_this_week_are_not_merged(hub, database):
    rows = Rows(database)
    rows.report("one@isp.example", "203.0.113.1", state="sent")
    rows.report("two@isp.example", "203.0.113.2", state="sent")
    done = hub.ctl("contact", "merge", "one@isp.example", "two@isp.example",
                   check=False)
    assert done.returncode == 75 and "within one week" in done.stderr
    assert database.one("SELECT count(*) FROM contact"
                        " WHERE merged_into IS NOT NULL") == 0


def test_contact_of_tells_each_rule_and_source(hub, database, liar):
    liar.lie("203.0.113.1", "servfail")
    add_events(database, ["203.0.113.1"])
    hub.once("lookup")
    liar.lies.clear()
    ask_again(database)
    hub.once("lookup")
    hub.ctl("contact", "set", "203.0.0.0/16", "a@isp.example")
    hub.ctl("contact", "set", "203.0.113.0/24", "b@isp.example")
    hub.once("lookup")
    said = contact_of(hub, "203.0.113.1")
    assert [(s["state"], s["contact"], s["source"]) for s in said["source"]
            ] == [("found", "b@isp.example", "administrator")]
    assert [(t["what"], t["covers"], t["says"]) for t in said["tables"]] == [
        ("administrator", "203.0.113.0/24", "b@isp.example"),
        ("administrator", "203.0.0.0/16", "a@isp.example")]
    assert [(a["source"], a["state"], a["contact"]) for a in said["answers"]
            ] == [("administrator", "found", "b@isp.example"),
                  ("abusix", "found", liar.truth("203.0.113.1")),
                  ("abusix", "failed", None)]
    text = hub.ctl("contact", "of", "203.0.113.1").stdout
    assert "b@isp.example" in text and "what each source said" in text
    assert "none" in hub.ctl("contact", "of", "203.0.113.99").stdout


def test_lookup_fresh_asks_again(hub, database, liar):
    hub.start("lookup")
    for address in ("198.51.100.7", "2001:db8::7"):
        out = json.loads(hub.ctl("--json", "lookup", address,
                                 "--fresh").stdout)
        assert out["source"][0]["contact"] == liar.truth(address)
        liar.lie(address, "nxdomain")
        out = json.loads(hub.ctl("--json", "lookup", address,
                                 "--fresh").stdout)
        assert out["source"][0]["state"] == "none"
        assert len(out["answers"]) == 2


ORIGIN = "origin.example"


def test_who_announces_an_address_is_kept(hub, database, nsd_origin):
    add_events(database, ["203.0.113.7", "203.0.113.8", "2001:db8::7",
                          "198.51.100.1"])
    hub.once("lookup")
    got = {a: rest for a, *rest in database.query(
        "SELECT host(address), asn, route::text, country, net::text"
        " FROM source")}
    assert got == {
        "203.0.113.7": [64500, "203.0.113.0/24", "DE", "203.0.113.0/24"],
        # a text that is about others, and no text at all
        "203.0.113.8": [None, None, None, "203.0.113.0/24"],
        "198.51.100.1": [None, None, None, "198.51.100.0/24"],
        "2001:db8::7": [64501, "2001:db8::/32", "FR", "2001:db8::/64"]}


@pytest.fixture
def nsd_origin(hub, tmp_path):
    from nsd import Nsd, label
    lines = [
        '%s TXT "64500 | 203.0.113.0/24 | DE | ripencc | 2012-02-29"'
        % label("203.0.113.7"),
        '%s TXT "64500 | 192.0.2.0/24 | DE | ripencc | 2012-02-29"'
        % label("203.0.113.8"),
        '%s TXT "64501 64502 | 2001:db8::/32 | FR | ripencc | 2012-02-29"'
        % label("2001:db8::7")]
    with Nsd(tmp_path / "nsd", ORIGIN, {}, lines) as server:
        hub.set("lookup", zone="", origin_zone=ORIGIN, origin6_zone=ORIGIN,
                server="127.0.0.1:%d" % server.port)
        yield server
