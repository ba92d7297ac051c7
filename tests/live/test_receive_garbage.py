"""Protects receive from frames that are no batches: it drops or refuses
them, says so, and goes on."""
import random
import socket

from conftest import wait_until
from receive_stage import (agent, count, known, pb, receive)  # noqa: F401
from wire_agent import (MALFORMED, TOO_BIG, VERSION, WireAgent, make_events)


def test_garbage_is_dropped_and_the_hub_goes_on(hub, receive, agent):
    rng = random.Random(7)
    good = agent.batch(make_events(20)).SerializeToString()
    assert agent.hello().HasField("welcome")
    for i in range(300):
        if i % 3 == 0:
            data = rng.randbytes(rng.randrange(2000))
        else:
            data = bytearray(good)
            for _ in range(rng.randrange(1, 30)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            data = bytes(data[:rng.randrange(len(data))] if i % 3 == 1
                         else data)
        agent.say(data)
        if i % 50 == 49:
            while agent.hear(0.05):
                pass
    while agent.hear(0.5):
        pass
    agent.say(good)
    wait_until(lambda: agent.hear(1).HasField("ack"), 10)
    assert receive.running
    # the log says it, but not once a frame
    assert 1 <= receive.stderr.count("malformed frame dropped") <= 2


def test_malformed_batch_says_its_number(hub, agent):
    f = agent.batch(make_events(3))
    f.batch.kind[1] = 99
    agent.say(f)
    a = agent.hear()
    assert a.nak.reason == MALFORMED and a.nak.batch == f.batch.batch
    assert agent.send(make_events(3)).ack.new_events == 3


def test_too_many_events_are_to_be_cut(hub, agent):
    f = agent.batch(make_events(1001))
    agent.say(f)
    a = agent.hear()
    assert a.nak.reason == TOO_BIG and a.nak.batch == f.batch.batch
    assert count(hub, "event") == 0
    assert agent.send(make_events(1000)).ack.new_events == 1000


def test_frames_that_blow_up_are_refused(pb, hub, receive, agent):
    """Empty submessages cost forty times their bytes when unpacked."""
    assert agent.hello().HasField("welcome")
    def rss():
        text = open("/proc/%d/status" % receive.pid).read()
        return int(text.split("VmRSS:")[1].split()[0])
    before = rss()
    for body in (b"\x2a\x00" * 120000,            # batch.text, empty
                 b"\x0a\x00" * 120000):           # hello.something
        n = len(body)
        var = bytes([n & 127 | 128, n >> 7 & 127 | 128, n >> 14])
        agent.say(b"\x1a" + var + body)
        f = agent.hear()
        assert f is None or f.nak.reason in (TOO_BIG, MALFORMED)
    assert rss() - before < 16 * 1024
    assert agent.send(make_events(3)).ack.new_events == 3


def test_frame_over_the_limit(pb, hub, receive, agent):
    assert agent.hello().HasField("welcome")
    agent.say(b"\x1a" + bytes(256 * 1024))   # just above: an answer
    assert agent.hear().nak.reason == TOO_BIG
    agent.say(bytes(1024 * 1024))            # far above: the connection goes
    assert agent.hear(1) is None
    f = wait_until(lambda: agent.hello(seconds=1), 15)
    assert f.HasField("welcome")
    assert receive.running


def test_several_parts_are_dropped(hub, receive, agent):
    good = agent.batch(make_events(2)).SerializeToString()
    agent.socket.send_multipart([b"", good])
    agent.socket.send_multipart([good, b"x", b"y"])
    assert agent.hear(0.5) is None
    assert agent.send(make_events(2)).ack.new_events == 2


def test_raw_garbage_and_half_open_connections(pb, hub, receive, agent):
    socks = []
    for i in range(200):
        s = socket.create_connection(("127.0.0.1", hub.port))
        if i % 2:
            s.sendall(random.Random(i).randbytes(100))
        socks.append(s)
    assert agent.send(make_events(10)).ack.new_events == 10
    with WireAgent(pb, hub, known(hub, "mx2")) as other:
        assert other.handshake(5) is True
    for s in socks:
        s.close()
    assert receive.running


def test_other_version(agent):
    assert agent.hello(version=2).nak.reason == VERSION
    assert agent.hello().HasField("welcome")
