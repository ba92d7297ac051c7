"""Protects the hub from one agent's excess, and everybody from a hub that
waits: quotas, quarantine, what is malformed, databases that say nothing."""
import os
import signal
import socket
import time

import pytest

from conftest import wait_until
from receive_stage import (agent, count, known, listening, pb, receive)  # noqa: F401
from wire_agent import (BUSY, MALFORMED, QUOTA, WireAgent, make_event,
                        make_events)


def balance(hub, name="mx1"):
    return hub.database.query(
        "SELECT emitted, first_seen, set_aside, remainder "
        "FROM agent_balance WHERE agent = %s", name)[0]


# ---- quotas ----

def test_events_over_the_rate_wait_and_arrive(pb, hub):
    hub.set("receive", events_rate=500, events_burst=1000)
    hub.public_key
    p = hub.start("receive")
    listening(p)
    with WireAgent(pb, hub, known(hub, "mx1")) as a, \
            WireAgent(pb, hub, known(hub, "mx2")) as other:
        events = make_events(2000)
        assert a.send(events[:1000]).ack.new_events == 1000
        frame = a.batch(events[1000:])
        a.say(frame)
        nak = a.hear().nak
        assert nak.reason == QUOTA and nak.batch == frame.batch.batch
        assert 1000 < nak.retry_ms <= 2001
        # nobody else is held up
        assert other.send(make_events(500, "192.0.2.9")).ack.new_events == 500
        time.sleep(nak.retry_ms / 1000)
        a.say(frame)
        assert a.hear().ack.new_events == 1000
        for _ in range(20):
            a.say(frame)
            a.hear()
    assert count(hub, "event") == 2500
    assert p.stderr.count("agent over its quota") == 1
    assert "setting=events_rate" in p.stderr


def test_addresses_an_hour(pb, hub):
    hub.set("receive", addresses_an_hour=1000, networks_an_hour=1000)
    hub.public_key
    p = hub.start("receive")
    listening(p)
    with WireAgent(pb, hub, known(hub, "mx1")) as a:
        for block in range(4):
            events = [make_event(i, "198.51.%d.%d" % (block, i % 250))
                      for i in range(250)]
            assert a.send(events).ack.new_events == 250
        far = [make_event(i, "203.%d.%d.9" % (i // 250, i % 250))
               for i in range(1000)]
        assert a.send(far).nak.reason == QUOTA
        # more of those that it has accused already are taken
        assert a.send(make_events(50, "198.51.0.7")).ack.new_events == 50
    assert "setting=addresses_an_hour" in p.stderr


def test_limits_below_a_batch_are_refused(hub):
    hub.set("receive", addresses_an_hour=999)
    p = hub.start("receive")
    assert p.popen.wait(10) == 78
    assert "addresses_an_hour" in p.stderr


# ---- what cannot be read ----

def test_malformed_batch_is_counted(hub, agent):
    agent.counters.update(emitted=3, lines=3)
    f = agent.batch(make_events(3))
    f.batch.kind[1] = 99
    for _ in range(2):
        agent.say(f)
        a = agent.hear()
        assert a.nak.reason == MALFORMED and a.nak.batch == f.batch.batch
    rows = hub.database.query("SELECT why, detail FROM set_aside")
    assert rows == [("malformed", "an event is malformed")] * 3
    agent.ping()
    wait_until(lambda: balance(hub) == (3, 0, 3, 0))


def test_malformed_batch_waits_for_the_database(cluster, hub, agent):
    f = agent.batch(make_events(3))
    f.batch.kind[1] = 99
    assert agent.hello().HasField("welcome")
    cluster.stop("immediate")
    try:
        agent.say(f)
        assert agent.hear().nak.reason == BUSY
    finally:
        cluster.start()

    def refused():
        agent.say(f)
        return agent.hear(1).nak.reason == MALFORMED
    wait_until(refused, 10)
    assert count(hub, "set_aside") == 3


# ---- databases that say nothing ----

def seconds_to_answer(agent, frame):
    began = time.monotonic()
    agent.say(frame)
    f = agent.hear(10)
    assert f.nak.reason == BUSY and f.nak.batch == frame.batch.batch
    return time.monotonic() - began


def test_frozen_database_is_answered_for_within_two_seconds(hub, receive,
                                                            agent):
    assert agent.send(make_events(5)).ack.new_events == 5
    backend = hub.database.one("SELECT pid FROM pg_stat_activity "
                               "WHERE usename = 'plaintiff_receive'")
    frame = agent.batch(make_events(1000, "192.0.2.2"))
    os.kill(backend, signal.SIGSTOP)
    try:
        assert seconds_to_answer(agent, frame) < 2
        thawed = time.monotonic()
        agent.send_until_acked(frame, 40)
        # another session of the server works
        assert time.monotonic() - thawed < 3
    finally:
        os.kill(backend, signal.SIGCONT)
    assert count(hub, "event") == 1005


@pytest.mark.slow
def test_black_hole_is_answered_for_within_two_seconds(pb, hub, cluster):
    """A host that takes connections and says nothing, ahead of one that
    works: the hub finds the second, and agents never wait long."""
    hole = socket.socket()
    hole.bind(("127.0.0.1", 0))
    hole.listen(64)
    port = hole.getsockname()[1]
    hub.set("database", connect="host=127.0.0.1,%s port=%d,5432 dbname=%s"
            % (cluster.folder, port, hub.database.name))
    hub.public_key
    p = hub.start("receive")
    listening(p)
    with WireAgent(pb, hub, known(hub, "mx1")) as a:
        assert a.send(make_events(5)).ack.new_events == 5
        cluster.stop("immediate")
        try:
            for n in range(3):
                frame = a.batch(make_events(10, "192.0.2.2"))
                assert seconds_to_answer(a, frame) < 2
        finally:
            cluster.start()
        back = time.monotonic()
        a.send_until_acked(frame)
        assert time.monotonic() - back < 4
    hole.close()


@pytest.mark.slow
def test_recovers_within_two_seconds(cluster, hub, agent):
    assert agent.send(make_events(5)).ack.new_events == 5
    cluster.stop("immediate")
    frame = agent.batch(make_events(10, "192.0.2.2"))
    try:
        assert seconds_to_answer(agent, frame) < 2
        time.sleep(3)   # an outage during which the tries become rare
    finally:
        cluster.start()
    back = time.monotonic()
    agent.send_until_acked(frame)
    assert time.monotonic() - back < 2
