"""Protects the door of the hub: nobody without a known key gets in, nothing
is acknowledged before it is stored, and nothing is stored twice."""
import os
import random
import signal
import socket
import threading
import time

import pytest

from conftest import wait_until
from receive_stage import (agent, count, known, listening, pb, receive)  # noqa: F401
from wire_agent import (BUSY, REVOKED, WireAgent, event_id,
                        make_event, make_events)


# ---- the door ----

def test_starts_only_with_a_key(hub):
    p = hub.start("receive")
    assert p.popen.wait(10) == 78
    assert "hub.key" in p.stderr and "plaintiff-hub key" in p.stderr


def test_key_of_others_is_refused(hub):
    hub.public_key
    os.chmod(hub.folder / "hub.key", 0o640)
    p = hub.start("receive")
    assert p.popen.wait(10) == 78
    assert "hub.key" in p.stderr


def test_known_agent_is_welcome(agent):
    f = agent.hello(addresses=["198.51.100.7"])
    assert f.welcome.version == 1
    assert f.welcome.window == 8
    assert f.welcome.max_bytes == 256 * 1024
    assert f.welcome.max_events == 1000
    assert abs(f.welcome.time_us - time.time() * 1e6) < 60e6
    assert f.welcome.last_batch == 0


def test_unknown_key_is_refused(pb, hub, receive):
    import zmq
    keys = [k.decode() for k in zmq.curve_keypair()]
    with WireAgent(pb, hub, keys) as a:
        assert a.handshake() is False
        a.say(a.batch(make_events(1)))
        assert a.hear(1) is None
    assert count(hub, "event") == 0
    # the line names the address it came from and comes once, not per try
    assert receive.stderr.count("unknown key refused") == 1
    assert "address=127.0.0.1" in receive.stderr


def test_null_mechanism_is_refused(pb, hub, receive):
    with WireAgent(pb, hub, None, curve=False) as a:
        assert a.handshake() is False
        a.say(a.batch(make_events(1)))
        assert a.hear(1) is None
    assert count(hub, "event") == 0


def test_plain_mechanism_is_refused(pb, hub, receive):
    a = WireAgent.__new__(WireAgent)
    import zmq
    a.context = zmq.Context()
    a.socket = a.context.socket(zmq.DEALER)
    a.socket.plain_username = b"mx1"
    a.socket.plain_password = b"x"
    a.events = a.socket.get_monitor_socket()
    a.socket.connect(hub.endpoint)
    assert a.handshake() is False
    a.close()


def test_new_agent_is_known_within_a_second(pb, hub, receive):
    before = hub.add_agent("mx9")
    with WireAgent(pb, hub, before) as a:
        assert a.handshake(1.5) is True
        assert a.hello().HasField("welcome")


def test_revoked_agent_stores_nothing_after_a_second(pb, hub, agent):
    assert agent.send(make_events(5)).ack.new_events == 5
    hub.ctl("agent", "revoke", "mx1")
    revoked = time.monotonic()
    time.sleep(1)
    f = agent.send(make_events(5, "192.0.2.2"))
    assert f.nak.reason == REVOKED and f.nak.batch == agent.number
    assert count(hub, "event") == 5
    assert agent.hello().nak.reason == REVOKED
    assert time.monotonic() - revoked < 10


def test_revoked_without_notification(pb, hub, agent):
    """Whoever writes the table by hand notifies nobody."""
    assert agent.send(make_events(1)).ack.new_events == 1
    hub.database.query("UPDATE agent SET state = 'revoked', revoked = now() "
                       "RETURNING 1")
    time.sleep(1)
    assert agent.send(make_events(1, "192.0.2.2")).nak.reason == REVOKED
    assert count(hub, "event") == 1


def test_routing_id_names_nobody(pb, hub, receive):
    one, two = known(hub, "mx1"), known(hub, "mx2")
    with WireAgent(pb, hub, one, routing_id=b"mx1") as honest:
        assert honest.hello().HasField("welcome")
        # a second agent calls itself as the first
        with WireAgent(pb, hub, two, routing_id=b"mx1") as thief:
            thief.say(thief.batch(make_events(3, "192.0.2.66")))
            assert thief.hear(1) is None
            f = honest.send(make_events(3))
            assert f.ack.batch == honest.number
            assert thief.hear(0.5) is None
        with WireAgent(pb, hub, two, routing_id=b"1") as thief:
            assert thief.send(make_events(2, "192.0.2.66")).ack.new_events == 2
    rows = hub.database.query(
        "SELECT a.name, e.address::text, count(*) FROM event e "
        "JOIN agent a USING (agent) GROUP BY 1, 2 ORDER BY 1")
    assert [(n, a.split("/")[0], c) for n, a, c in rows] == [
        ("mx1", "192.0.2.1", 3), ("mx2", "192.0.2.66", 2)]


# ---- frames ----

def test_events_arrive_whole(hub, agent):
    e = make_event(7, "2001:db8::7", ptr=b"client.example", source_port=4711,
                   local="198.51.100.25", local_port=587,
                   login="müller\"{}\\,NULL".encode())
    assert agent.send([e]).ack.new_events == 1
    [row] = hub.database.query(
        "SELECT replace(e.id::text, '-', ''), us(e.time), a.name, h.text, "
        "s.text, m.text, r.text, e.port, e.destination_port, e.kind, e.stale, "
        "host(e.address), host(e.destination), v.line, v.login, v.ptr "
        "FROM event e JOIN agent a USING (agent) JOIN name h ON h.name = host "
        "JOIN name s ON s.name = service JOIN name m ON m.name = mechanism "
        "JOIN name r ON r.name = rule JOIN evidence v USING (id)")
    assert row == (event_id(e).hex(), e["time_us"], "mx1", "mx1",
                   "postfix/smtpd", "LOGIN", "postfix.sasl-failed", 4711, 587,
                   1, False, "2001:db8::7", "198.51.100.25",
                   e["message"].decode(), e["login"].decode(),
                   "client.example")


def test_same_batch_again_changes_nothing(hub, agent):
    frame = agent.batch(make_events(100))
    agent.say(frame)
    f = agent.hear()
    assert (f.ack.new_events, f.ack.known_events) == (100, 0)
    agent.say(frame)
    f = agent.hear()
    assert (f.ack.new_events, f.ack.known_events) == (0, 100)
    assert count(hub, "event") == 100
    assert count(hub, "evidence") == 100
    assert count(hub, "witness") == 0


# ---- what is judged ----

def test_wrong_id_is_set_aside_and_acknowledged(hub, agent):
    events = make_events(5)
    ids = [event_id(e) for e in events]
    ids[2] = ids[2][:8] + os.urandom(8)
    f = agent.send(events, ids=ids)
    assert (f.ack.new_events, f.ack.known_events) == (4, 0)
    [(why, got, detail)] = hub.database.query(
        "SELECT why, replace(id::text, '-', ''), detail FROM set_aside")
    assert why == "poisoned" and got == ids[2].hex()
    assert "192.0.2.1" in detail and "user" not in detail


def test_site_is_part_of_the_id(hub, agent):
    events = make_events(3)
    assert agent.send(events, site=b"west").ack.new_events == 3
    assert agent.send(events).ack.new_events == 3
    f = agent.send(events, ids=[event_id(e, b"west") for e in events])
    # refused, and not counted a second time: these ids are stored already
    assert (f.ack.new_events, f.ack.known_events) == (0, 0)
    assert count(hub, "set_aside") == 0
    assert count(hub, "event") == 6


def test_own_addresses_are_never_accused(hub, agent):
    assert agent.hello(addresses=["203.0.113.5"]).HasField("welcome")
    f = agent.send([make_event(1, "203.0.113.5"), make_event(2, "127.0.0.9"),
                    make_event(3, "203.0.113.6"),
                    make_event(4, "::ffff:203.0.113.5")])
    assert f.ack.new_events == 1
    assert count(hub, "set_aside", "why = 'unreportable'") == 3
    assert hub.database.query("SELECT host(address) FROM event") == [
        ("203.0.113.6",)]


def test_times_without_a_place(hub, agent):
    now = int(time.time() * 10**6)
    day = 86400 * 10**6
    f = agent.send([make_event(1, time_us=0), make_event(2, time_us=now),
                    make_event(3, time_us=2**32 * 10**6 + 5),
                    make_event(4, time_us=now + 400 * day)])
    assert f.ack.new_events == 1
    assert count(hub, "set_aside", "why = 'out_of_range'") == 3


def test_clock_that_is_wrong(hub, agent):
    now = int(time.time() * 10**6)
    minute, day = 60 * 10**6, 86400 * 10**6
    offsets = {-15 * day: True, -13 * day: False, 0: False, 9 * minute: False,
               12 * minute: True}
    agent.send([make_event(i, time_us=now + o)
                for i, o in enumerate(offsets)])
    rows = dict(hub.database.query("SELECT us(time), stale FROM event"))
    assert {t - now: s for t, s in rows.items()} == offsets


# ---- trouble behind the hub ----

def in_batches(events, size):
    return [events[i:i + size] for i in range(0, len(events), size)]


def test_database_away_and_back(cluster, pb, hub, agent):
    assert agent.hello().HasField("welcome")
    cluster.stop("immediate")
    try:
        frame = agent.batch(make_events(10))
        began = time.monotonic()
        agent.say(frame)
        f = agent.hear()
        assert f.nak.reason == BUSY and f.nak.batch == frame.batch.batch
        assert f.nak.retry_ms > 0
        assert time.monotonic() - began < 2
        assert agent.hello().nak.reason == BUSY
        assert agent.ping().HasField("pong")
    finally:
        cluster.start()
    ack, _ = agent.send_until_acked(frame)
    assert ack.new_events == 10
    assert count(hub, "event") == 10


@pytest.mark.slow
def test_database_restarts_while_batches_flow(cluster, pb, hub, agent):
    assert agent.hello().HasField("welcome")
    events = make_events(6000)
    done = threading.Event()

    def restarts():
        for _ in range(3):
            time.sleep(0.4)
            cluster.restart("immediate")
        done.set()

    t = threading.Thread(target=restarts)
    t.start()
    busy = 0
    for b in in_batches(events, 50):
        busy += agent.send_until_acked(agent.batch(b), 60)[1]
        if not done.is_set():
            time.sleep(0.02)
    t.join()
    assert busy > 0, "no batch met a database that was away"
    assert count(hub, "event") == len(events)
    assert count(hub, "evidence") == len(events)
    assert hub.database.query("SELECT last_batch FROM agent_outbox") == [
        (agent.number,)]


def test_database_that_freezes(hub, receive, agent):
    """It neither answers nor goes away: the hub gives it up."""
    assert agent.send(make_events(5)).ack.new_events == 5
    backend = hub.database.one("SELECT pid FROM pg_stat_activity "
                               "WHERE usename = 'plaintiff_receive'")
    frame = agent.batch(make_events(1000, "192.0.2.2"))
    os.kill(backend, signal.SIGSTOP)
    try:
        agent.say(frame)
        ack, busy = agent.send_until_acked(frame, 40)
    finally:
        os.kill(backend, signal.SIGCONT)
    assert "database does not answer" in receive.stderr
    assert count(hub, "event") == 1005


@pytest.mark.slow
def test_killed_in_the_middle(pb, hub, receive, agent):
    stop = threading.Event()
    acked = []

    def feed():
        while not stop.is_set():
            first = len(acked) * 100
            events = [make_event(first + i) for i in range(100)]
            acked.append(agent.send_until_acked(agent.batch(events), 60)[0])

    t = threading.Thread(target=feed)
    t.start()
    rng = random.Random(11)
    running = receive
    try:
        for _ in range(6):
            # it is at work; then at any moment of receiving, storing,
            # answering
            wait_until(lambda: "batch stored" in running.stderr, 20)
            time.sleep(rng.random() * 0.05)
            running.kill(signal.SIGKILL)
            running = hub.start("receive")
    finally:
        stop.set()
        t.join()
    assert len(acked) > 6
    assert count(hub, "event") == 100 * len(acked)
    assert count(hub, "evidence") == 100 * len(acked)
    assert count(hub, "witness") == 0


def test_two_hubs_same_events(pb, hub, make_hub):
    """The same lines collected by two agents, through two hubs at once."""
    other = make_hub("hub2")
    for h in (hub, other):
        h.public_key
        listening(h.start("receive"))
    one = WireAgent(pb, hub, known(hub, "mx1"))
    two = WireAgent(pb, other, known(hub, "mx2"))
    events = make_events(3000)
    mirror = list(reversed(events))

    def feed(agent, list_of):
        for b in in_batches(list_of, 250):
            agent.send_until_acked(agent.batch(b), 60)

    threads = [threading.Thread(target=feed, args=(one, events)),
               threading.Thread(target=feed, args=(two, mirror))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    one.close()
    two.close()
    assert count(hub, "event") == 3000
    assert count(hub, "witness") == 3000
    # each is first seen by one and witnessed by the other
    assert hub.database.query(
        "SELECT count(*) FROM event e JOIN witness w ON w.event = e.id "
        "WHERE w.agent <> e.agent") == [(3000,)]


def test_a_new_outbox_reads_again_and_all_balances(hub, agent):
    """A damaged outbox is set aside and the logs are read into a new one:
    what was stored from the old one is witnessed, once; what is merely sent
    again is not."""
    events = make_events(25)
    agent.counters["emitted"] = 20
    for _ in range(2):
        agent.send(events[:20])
    assert count(hub, "witness") == 0
    agent.outbox = os.urandom(8)
    agent.counters["emitted"] = 25
    agent.hello()
    for _ in range(2):
        agent.send(events)
    assert count(hub, "event") == 25
    assert count(hub, "witness") == 20
    assert hub.database.query(
        "SELECT emitted, first_seen, witnessed, remainder FROM agent_balance"
        " WHERE emitted > 0") == [(45, 25, 20, 0)]


def test_sigterm_finishes(hub, receive, agent):
    agent.send(make_events(10))
    assert receive.stop() == 0
    assert "stopped" in receive.stderr


def test_reload(hub, receive, agent):
    assert agent.send([make_event(1, "192.0.2.1")]).ack.new_events == 1
    hub.set("filter", own="192.0.2.0/24")
    receive.kill(signal.SIGHUP)
    wait_until(lambda: "settings reloaded" in receive.stderr)
    assert agent.send([make_event(2, "192.0.2.1")]).ack.new_events == 0
    hub.path.write_text("[filter]\nownn = 192.0.2.0/24\n")
    receive.kill(signal.SIGHUP)
    wait_until(lambda: "settings not reloaded" in receive.stderr)
    assert agent.send([make_event(3, "198.51.100.1")]).ack.new_events == 1


# ---- counters ----

def test_counters_and_last_batch(hub, agent):
    agent.counters = {"lines": 120, "ignored": 20, "emitted": 100,
                      "unacked": 100}
    agent.hello()
    agent.send(make_events(60))
    assert hub.database.query(
        "SELECT lines, ignored, emitted, unacked, last_batch "
        "FROM agent_outbox") == [(120, 20, 100, 40, agent.number)]
    # an older outbox, restored, cannot turn them back
    agent.counters = {"lines": 50, "emitted": 30, "unacked": 30}
    agent.ping()
    assert hub.database.query(
        "SELECT lines, emitted, unacked FROM agent_outbox") == [(120, 100, 40)]
    assert agent.hello().welcome.last_batch == agent.number


def test_the_last_counters_count(hub, agent):
    agent.counters = {"lines": 9, "emitted": 9, "unacked": 9}
    agent.hello()
    for unacked in (5, 2, 0):
        agent.counters["unacked"] = unacked
        agent.ping()
    assert hub.database.query("SELECT unacked FROM agent_outbox") == [(0,)]


def test_others_are_woken(hub, agent):
    c = hub.database.connection()
    c.cursor().execute("LISTEN plaintiff_events")
    for i in range(20):
        agent.send([make_event(i)])

    def woken():
        c.poll()
        return len(c.notifies)

    wait_until(woken, 5)
    # at most once a second, whatever comes in
    assert woken() <= 3
    c.close()
