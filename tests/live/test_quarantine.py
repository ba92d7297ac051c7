"""Protects whoever a stolen agent accuses: an agent far above its own usual
day is stored but not reported until somebody has looked and released it."""
import json

import pytest
from conftest import wait_until
from receive_stage import (agent, count, known, listening, pb)  # noqa: F401
from wire_agent import WireAgent, make_event, make_events


@pytest.fixture
def receive(hub):
    hub.set("receive", quarantine_floor=50)
    hub.public_key
    p = hub.start("receive")
    listening(p)
    return p


def usual(hub, per_day, days=7):
    """The agent's last days had that many events each."""
    hub.database.query(
        "INSERT INTO agent_day (agent, day, events) SELECT a.agent, "
        "(now() AT TIME ZONE 'UTC')::date - n, %s "
        "FROM agent a, generate_series(1, %s) n RETURNING 1", per_day, days)


def state(hub, name="mx1"):
    rows = json.loads(hub.ctl("agent", "list", "--json").stdout)
    row = [r for r in rows if r["name"] == name][0]
    return row["state"], row["held"]


def reason(hub):
    return dict(hub.database.query(
        "SELECT host(address), reason FROM not_reported"))


def test_ten_times_the_median(hub, receive, agent):
    usual(hub, 10)
    # 101 is more than ten times ten, and stored before that was known
    assert agent.send(make_events(100)).ack.new_events == 100
    assert state(hub) == ("active", 0)
    assert agent.send([make_event(1, "192.0.2.2")]).ack.new_events == 1
    assert state(hub) == ("quarantined", 0)
    assert agent.send(make_events(30, "192.0.2.3")).ack.new_events == 30
    assert state(hub) == ("quarantined", 30)
    assert receive.stderr.count("agent quarantined agent=mx1") == 1
    assert "events_today=101 usual=10" in receive.stderr
    assert reason(hub)["192.0.2.3"] == "quarantine"
    assert reason(hub)["192.0.2.2"] != "quarantine"
    # the law holds: what is held is stored
    text = hub.ctl("status").stdout
    assert "agents in quarantine" in text and "events held back" in text
    assert count(hub, "event") == 131


def test_few_events_or_days_are_no_reason(hub, receive, agent):
    usual(hub, 1)
    agent.send(make_events(50))      # the floor
    assert state(hub) == ("active", 0)
    hub.database.query("DELETE FROM agent_day RETURNING 1")
    usual(hub, 1, days=2)            # not enough to know its usual day
    agent.send(make_events(900, "192.0.2.2"))
    assert state(hub) == ("active", 0)


def report_to(hub, *addresses):
    """Makes lookup believe in one contact for all of them, and count."""
    hub.database.query(
        "WITH c AS (INSERT INTO contact (key, mailbox) VALUES "
        "('abuse@isp.example', 'abuse@isp.example') RETURNING contact) "
        "INSERT INTO source (address, state, contact, fresh_until, next_ask, "
        "first_seen, last_seen) SELECT u.a::inet, 'found', c.contact, "
        "now() + interval '1 day', now() + interval '1 day', now(), now() "
        "FROM c, unnest(%s) u (a) "
        "ON CONFLICT (address) DO UPDATE SET state = 'found', "
        "contact = excluded.contact, fresh_until = excluded.fresh_until, "
        "last_seen = now() RETURNING 1", list(addresses))
    hub.once("lookup")


def reported(hub):
    return dict(hub.database.query(
        "SELECT host(address), sum(events)::int FROM report_source "
        "GROUP BY 1"))


def test_held_events_are_reported_once_after_release(pb, hub, receive, agent):
    """Also those of an address that was reported in between for what another
    agent saw of it."""
    usual(hub, 1)
    agent.send(make_events(60, "192.0.2.1"))
    agent.send(make_events(20, "192.0.2.2"))
    agent.send(make_events(5, "192.0.2.3"))
    assert state(hub) == ("quarantined", 25)
    with WireAgent(pb, hub, known(hub, "mx2")) as honest:
        honest.send(make_events(7, "192.0.2.2", host=b"mx2"))
    report_to(hub, "192.0.2.1", "192.0.2.2", "192.0.2.3")
    hub.once("report")
    assert reported(hub) == {"192.0.2.1": 60, "192.0.2.2": 7}
    done = hub.ctl("agent", "release", "mx1")
    assert "no longer held back: 25" in done.stdout
    assert state(hub) == ("active", 0)
    # the same day it is not quarantined again
    agent.send(make_events(40, "192.0.2.4"))
    assert state(hub) == ("active", 0)
    # a week later; now they are due, once
    hub.database.query(
        "UPDATE report SET created = created - interval '8 days', "
        "state = 'failed', changed = now() RETURNING 1")
    hub.once("lookup")
    hub.once("report")
    assert reported(hub) == {"192.0.2.1": 60, "192.0.2.2": 7 + 20,
                             "192.0.2.3": 5}
    # and counted: once released, lookup tallies all
    hub.once("lookup")
    assert hub.database.one("SELECT sum(events)::int FROM tally") == 132


def test_not_counted_while_held(hub, receive, agent):
    usual(hub, 1)
    agent.send(make_events(60, "192.0.2.1"))
    agent.send(make_events(20, "192.0.2.2"))
    hub.once("lookup")
    assert hub.database.query("SELECT host(address), sum(events)::int "
                              "FROM tally GROUP BY 1") == [("192.0.2.1", 60)]


def test_revoked_in_quarantine_stays_unreported(hub, receive, agent):
    usual(hub, 1)
    agent.send(make_events(60))
    agent.send(make_events(20, "192.0.2.2"))
    hub.ctl("agent", "revoke", "mx1")
    assert state(hub) == ("revoked", 20)
    done = hub.ctl("agent", "release", "mx1", check=False)
    assert done.returncode == 65 and "revoked" in done.stderr
    wait_until(lambda: agent.hello(seconds=1).nak.reason, 5)


def test_release_of_nobody(hub, receive, agent):
    done = hub.ctl("agent", "release", "mx7", check=False)
    assert done.returncode == 65 and "did you mean mx1" in done.stderr
    assert "no longer held back: 0" in hub.ctl("agent", "release",
                                               "mx1").stdout
