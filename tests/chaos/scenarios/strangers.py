"""strangers and thieves at the hub's door while an honest agent goes on

Unknown keys, half-open connections, a recorded session played again, another
agent's name and batches, damaged frames: nothing of it is accepted or stored
under a foreign name."""
import json
import resource
import select
import socket
import subprocess
import threading
import time

from load import Load
from world import wait_until  # makes tests/live importable

import cell
import zmq
from scripted_hub import load_proto
from wire_agent import WireAgent, make_events

LIMIT_S = (120, 900)
HONEST_S = 10   # the longest that an honest agent may wait for its events


class Tape:
    """A TCP proxy that keeps what the agent said, byte for byte."""

    def __init__(self, port):
        self.port = port
        self.said = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = "tcp://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        agent, _ = self.listener.accept()
        hub = socket.create_connection(("127.0.0.1", self.port))
        while True:
            for s in select.select([agent, hub], [], [])[0]:
                data = s.recv(65536)
                if not data:
                    return
                if s is agent:
                    self.said.append(data)
                (hub if s is agent else agent).sendall(data)


def play_again(world, tape):
    """The recorded bytes on a connection of our own; what the hub says."""
    answers = b""
    with socket.create_connection(("127.0.0.1", tape.port)) as s:
        s.settimeout(0.3)
        for data in tape.said:
            try:
                s.sendall(data)
                answers += s.recv(65536)
            except OSError:
                pass
    world.fault()
    return answers


def unknown_keys(world, hub, count):
    """Handshakes with keys that nobody added; how many were let in."""
    let_in = 0
    for begin in range(0, count, 200):
        context = zmq.Context()
        context.max_sockets = 2000
        waiting = []
        for _ in range(min(200, count - begin)):
            s = context.socket(zmq.DEALER)
            s.linger = 0
            s.reconnect_ivl = -1
            s.curve_publickey, s.curve_secretkey = zmq.curve_keypair()
            s.curve_serverkey = hub.public_key_once
            waiting.append((s.get_monitor_socket(
                zmq.EVENT_HANDSHAKE_SUCCEEDED |
                zmq.EVENT_HANDSHAKE_FAILED_AUTH |
                zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL |
                zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL), s))
            s.connect(hub.endpoint)
        poller = zmq.Poller()
        for monitor, _ in waiting:
            poller.register(monitor, zmq.POLLIN)
        left = {m for m, _ in waiting}
        end = time.monotonic() + 30
        while left and time.monotonic() < end:
            for monitor, _ in poller.poll(500):
                event = int.from_bytes(monitor.recv_multipart()[0][:2],
                                       "little")
                let_in += event == zmq.EVENT_HANDSHAKE_SUCCEEDED
                poller.unregister(monitor)
                left.discard(monitor)
        if left:
            world.bad("%d unknown keys got no answer" % len(left))
        for monitor, s in waiting:
            s.disable_monitor()
            s.close(0)
        context.destroy(linger=0)
        world.fault(len(waiting))
    return let_in


def half_open(world, hub, count):
    """Connections that say nothing, or the beginning of a greeting."""
    held, refused = [], 0
    for i in range(count):
        try:
            s = socket.create_connection(("127.0.0.1", hub.port), timeout=2)
            if i % 2:
                s.sendall(b"\xff\0\0\0\0\0\0\0\x01\x7f\x03")
            held.append(s)
        except OSError:
            refused += 1
        world.fault()
    return held, refused


def damaged(world, agent, count):
    """Damaged batches over the agent's own connection, by its own key."""
    good = agent.batch(make_events(20, "198.51.100.9")).SerializeToString()
    for i in range(count):
        data = bytearray(good)
        for _ in range(world.random.randrange(1, 9)):
            data[world.random.randrange(len(data))] = \
                world.random.randrange(256)
        agent.say(bytes(data[:world.random.randrange(len(data))]
                        if i % 3 == 0 else data))
        while agent.socket.poll(0 if i % 50 else 5):
            agent.socket.recv()
    world.fault(count)


def run(world):
    unknown, silent, frames = (10000, 10000, 100000) if world.long \
        else (400, 1500, 3000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (
        resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    hub = world.hub()
    process = world.receive(hub)
    hub.once("tidy")
    hub.public_key_once = hub.public_key.encode()
    honest = world.agent("mx1", hub)
    load = Load(world, [("rename", honest.logs[0])], rate=200, every=2,
                rotate=9000)
    honest.start()
    pb = load_proto(world.folder)

    def seen():
        return world.database.one(
            "SELECT count(*) FROM event e JOIN agent a USING (agent) "
            "WHERE a.name = 'mx1'")

    def honest_goes_on(what):
        was, began = seen(), time.monotonic()
        wait_until(lambda: seen() > was, 60, "the honest agent during " + what)
        took = time.monotonic() - began
        if took > HONEST_S:
            world.bad("the honest agent waited %.1f s during %s"
                      % (took, what))
        return took

    honest_goes_on("nothing")
    waits = []
    # keys of nobody
    began = time.monotonic()
    let_in = unknown_keys(world, hub, unknown)
    waits.append(honest_goes_on("unknown keys"))
    world.note("%d unknown keys in %.0f s: %d let in" % (
        unknown, time.monotonic() - began, let_in))
    if let_in:
        world.bad("%d unknown keys were let in" % let_in)
    # connections that say nothing
    held, refused = half_open(world, hub, silent)
    waits.append(honest_goes_on("half-open connections"))
    keys = hub.add_agent("late")
    with WireAgent(pb, hub, keys) as a:
        began = time.monotonic()
        wait_until(lambda: a.hello(seconds=1), 30, "a new agent gets in")
        late = time.monotonic() - began
    for s in held:
        s.close()
    world.note("%d half-open connections (%d not taken): a new agent got in "
               "after %.1f s" % (silent, refused, late))
    # a session recorded and played again
    tape = Tape(hub.port)
    thief = hub.add_agent("mx2")
    real, hub.endpoint = hub.endpoint, tape.endpoint
    with WireAgent(pb, hub, thief) as a:
        assert a.send(make_events(100, "198.51.100.5")).ack.new_events == 100
    hub.endpoint = real
    rows = world.database.one("SELECT count(*) FROM event e JOIN agent a "
                              "USING (agent) WHERE a.name = 'mx2'")
    for _ in range(20):
        play_again(world, tape)
    after = world.database.one("SELECT count(*) FROM event e JOIN agent a "
                               "USING (agent) WHERE a.name = 'mx2'")
    counted = world.database.one(
        "SELECT count(*) FROM witness") + after - rows
    if counted:
        world.bad("played again, a session stored %d rows" % counted)
    # another agent's name, outbox and routing id
    outbox = bytes(world.database.one(
        "SELECT outbox FROM agent_outbox JOIN agent USING (agent) "
        "WHERE name = 'mx1'"))
    for routing in (b"mx1", b"1", b"\0\0\0\0\1"[1:]):
        with WireAgent(pb, hub, thief, routing_id=routing) as a:
            a.outbox = outbox
            a.hello()
            a.send(make_events(50, "198.51.100.6", host=b"mx1",
                               login=b"spoof"))
            world.fault()
    foreign = world.database.one(
        "SELECT count(*) FROM event e JOIN agent a USING (agent) "
        "JOIN evidence USING (id) "
        "WHERE (a.name = 'mx1') <> (login LIKE 'mx1-%%')")
    if foreign:
        world.bad("%d rows under a foreign name" % foreign)
    # damaged frames, from one who has a key
    with WireAgent(pb, hub, thief) as a:
        a.hello()
        damaged(world, a, frames)
    waits.append(honest_goes_on("damaged frames"))
    world.note("rows under a foreign name 0, stored by a replay %d; the "
               "honest agent waited at most %.1f s" % (counted, max(waits)))
    mutate = subprocess.run(
        [cell.build_folder() / "tests" / "chaos" / "mutate",
         "1000000" if world.long else "100000",
         str(world.random.getrandbits(30))], stdout=subprocess.PIPE)
    m = json.loads(mutate.stdout)
    world.fault(m["frames"])
    if mutate.returncode != 0:
        world.bad("mutate ended with %d" % mutate.returncode)
    world.note("%(frames)d damaged frames unpacked: %(passed)d passed, "
               "%(garbage)d garbage, %(too_large)d too large; dearest "
               "%(heap)d bytes for a frame of %(heap_frame)d; at most "
               "%(ratio).2f times a frame of more than the floor" % m)
    since = time.monotonic()
    truth = load.stop()
    if not process.running:
        world.bad("the hub has ended")
    with open("/proc/%d/status" % process.pid) as f:
        rss = int(f.read().split("VmHWM:")[1].split()[0])
    world.note("hub: at most %d MB" % (rss // 1024))
    if rss > 100 * 1024:
        world.bad("the hub took %d MB" % (rss // 1024))
    # the thief's rows are his own affair: only the honest agent is judged
    total = sum(truth.certain.values())
    wait_until(lambda: seen() >= total, 30, "the honest agent's events")
    world.outcome.drain_s = time.monotonic() - since
    world.outcome.lines, world.outcome.stored = truth.lines, seen()
    stored = {k: n for k, n in world.stored().items()
              if k.startswith("mx1-")}
    lost, doubled = truth.compare(type(truth.certain)(stored))
    world.outcome.lost, world.outcome.doubled = len(lost), len(doubled)
