"""Protects users of Tor and ourselves: whoever was an exit at the time of an
event is not accused of it, whatever is said of it now; what nobody knows
waits; a list that is broken means nothing."""
import datetime
import json

import pytest

from conftest import wait_until
from https_server import HttpsServer
from lying_rdap import Authority
from nsd import Nsd, label
from test_lookup import add_events as add_some

UTC = datetime.timezone.utc
HOUR = datetime.timedelta(hours=1)
ZONE = "exits.example"


class TorList(HttpsServer):
    """The project's list over TLS, as the test says."""

    def __init__(self, authority):
        self.exits = {}   # address -> when it was seen
        self.text = None  # in place of a list
        self.status = 200
        self.asked = 0
        super().__init__(authority, "127.99.0.3")

    def answer(self, h):
        self.asked += 1
        self.send(h, self.status, "text/plain", self.body().encode())

    def body(self):
        if self.text is not None:
            return self.text
        now = datetime.datetime.now(UTC)
        # enough that it is a list at all; one is always fresh
        exits = {"198.18.%d.%d" % (i // 200, i % 200 + 1): now
                 for i in range(120)} | self.exits
        return "".join(
            "ExitNode %040X\nPublished %s\nLastStatus %s\n"
            "ExitAddress %s %s\n" % (
                i, seen.strftime("%Y-%m-%d %H:%M:%S"),
                seen.strftime("%Y-%m-%d %H:%M:%S"), address,
                seen.strftime("%Y-%m-%d %H:%M:%S"))
            for i, (address, seen) in enumerate(exits.items()))


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def tor(hub, authority):
    with TorList(authority) as t:
        hub.set("lookup", zone="", **t.settings())
        hub.set("tor", list=t.base + "exit-addresses",
                zone="", settle="0s", margin="1h")
        hub.ctl("contact", "set", "0.0.0.0/0", "abuse@isp.example")
        hub.ctl("contact", "set", "::/0", "abuse@isp.example")
        yield t


def fetch(database, hub):
    """One more fetch now, whatever was agreed on."""
    database.query("UPDATE tor_fetch SET next_try = now()")
    return hub.once("lookup")


def add_events(database, addresses, at):
    """Three of each, which is enough to be reported of by default."""
    add_some(database, addresses * 3, at=at)


def ago(hours):
    return datetime.datetime.now(UTC) - hours * HOUR


def reported(hub, database, fetched=True):
    """Who is, once lists that are newer than the events are there; or, when
    there are none, once nobody waits for them any longer."""
    hub.once("report")
    database.query("UPDATE stored_mark SET at = at - %s::interval",
                   "5 seconds" if fetched else "8 hours")
    if fetched:
        fetch(database, hub)
    hub.once("report")
    return {a for a, in database.query(
        "SELECT host(address) FROM report_source")}


def why(database, address):
    return database.query("SELECT reason FROM not_reported"
                          " WHERE address = %s", address)


def test_judged_at_the_time_of_the_event(hub, database, tor):
    """Both ways round, in both families."""
    was, now_is = ["192.0.2.1", "2001:db8::1"], ["192.0.2.2", "2001:db8::2"]
    tor.exits = {a: ago(20) for a in was}
    hub.once("lookup")
    # days later: those are exits no more, others have become one
    database.query("UPDATE tor_exit SET first = first - interval '3 days',"
                   " last = last - interval '3 days'")
    database.query("UPDATE tor_cover SET span = tstzrange(lower(span)"
                   " - interval '3 days', upper(span))")
    tor.exits = {a: ago(0.1) for a in now_is}
    fetch(database, hub)
    add_events(database, was + now_is, at=ago(20 + 72))
    add_events(database, ["192.0.2.3", "2001:db8::3"], at=ago(20 + 72))
    hub.once("lookup")
    assert reported(hub, database) == {*now_is, "192.0.2.3", "2001:db8::3"}
    for address in was:
        assert why(database, address) == [("tor exit",)]
    # and what they do now is judged by what they are now
    add_events(database, was + now_is, at=ago(0.1))
    hub.once("lookup")
    for address in now_is:
        assert why(database, address) == [("tor exit",)]
    for address in was:
        assert why(database, address)[0][0] in ("week", "open report")
    stages = json.loads(hub.ctl("--json", "status").stdout)["stages"]
    assert any("Tor" in s["what"] and s["count"] for s in stages)


def test_no_list_means_waiting_and_saying_so(hub, database, tor):
    tor.status = 500
    add_events(database, ["192.0.2.1", "2001:db8::1"], at=ago(2))
    p = hub.once("lookup")
    assert "exits of Tor not fetched" in p.stderr
    assert "list of Tor's exits is stale newest=never tries=1" in p.stderr
    assert reported(hub, database, False) == set()
    assert why(database, "192.0.2.1") == [("tor unknown",)]
    assert why(database, "2001:db8::1") == [("tor unknown",)]
    stages = json.loads(hub.ctl("--json", "status").stdout)["stages"]
    assert any("Tor" in s["what"] and s["count"] for s in stages)
    # it is there again, and answers for the day behind it
    tor.status = 200
    assert "stale" not in fetch(database, hub).stderr
    assert reported(hub, database) == {"192.0.2.1", "2001:db8::1"}
    hub.set("tor", list="")
    assert "Tor is not checked" in hub.once("lookup").stderr


@pytest.mark.parametrize("text", [
    "", "<html><body>Please log in</body></html>", "ExitAddress 192.0.2.1",
    "192.0.2.1\n192.0.2.2\n", "\0" * 5000])
def test_a_broken_list_is_no_list(hub, database, tor, text):
    tor.text = text
    add_events(database, ["192.0.2.1"], at=ago(2))
    p = hub.once("lookup")
    assert "exits of Tor not fetched" in p.stderr
    assert database.one("SELECT count(*) FROM tor_cover") == 0
    assert reported(hub, database, False) == set()
    assert why(database, "192.0.2.1") == [("tor unknown",)]


def test_the_zone_while_there_is_no_list(hub, database, tor, tmp_path):
    tor.status = 500
    lines = ["%s A 127.0.0.2" % label("192.0.2.1"),
             "%s A 127.0.0.9" % label("192.0.2.3")]
    with Nsd(tmp_path / "nsd", ZONE, {}, lines) as server:
        hub.set("lookup", server="127.0.0.1:%d" % server.port)
        hub.set("tor", zone=ZONE)
        add_events(database, ["192.0.2.1", "192.0.2.2", "192.0.2.3"],
                   at=ago(0.2))
        hub.once("lookup")
        hub.once("lookup")  # by now it has failed, and events are counted
    assert reported(hub, database, False) == {"192.0.2.2"}
    assert why(database, "192.0.2.1") == [("tor exit",)]
    assert {a: (v, bool(w)) for a, v, w in database.query(
        "SELECT host(address), verdict, why FROM tor_answer")} == {
        "192.0.2.1": ("exit", False), "192.0.2.2": ("no", False),
        "192.0.2.3": ("unknown", True)}


def test_fetched_again_and_by_one_only(hub, database, tor):
    stages = [hub.start("lookup") for _ in range(2)]
    wait_until(lambda: database.one("SELECT count(*) FROM tor_cover") == 1)
    assert tor.asked == 1
    assert all(s.stop() == 0 for s in stages)
    hub.once("lookup")
    assert tor.asked == 1
    fetch(database, hub)
    assert tor.asked == 2
