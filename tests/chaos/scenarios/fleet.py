"""1,000 agents on two hubs: kills, stops, PostgreSQL, network, all at once

Two hubs of own names, ports and settings on one host with one key and one
PostgreSQL; the agents (fleet.c: one process, the agent's own uplink with a
CURVE connection each) are behind a cable that loses, parts, or drops what the
hubs say.  Every event has to be stored once, with a witness where two agents
collected it.  Besides: how soon all is drained after the last fault, what a
receive takes in memory, and how soon all agents have a fresh batch
acknowledged when a receive was killed and started again."""
import resource
import signal
import time

import world  # noqa: F401  makes tests/live importable
from cell import Skip
from fleet import Fleet
from netns import Netns

import pg

LIMIT_S = (150, 1500)
NEEDS = ("root", "nft")
SETTINGS = """
shared_buffers = 256MB
max_wal_size = 1GB
"""
BOTH = 5        # per cent of lines that two agents collect
DRAIN_S = 10
ACKED_S = 5     # all agents, after a receive was started again
WAIT_S = 60     # no event waits longer than that; of the long form, whose
                # faults never pause, it is only noted
RSS_KIB = 100 * 1024
FILES_AN_AGENT = 8
LONG = {"agents": 1000, "events": 5100000, "seconds": 600,
        "kill": 104, "stop": 52, "postgresql": 21, "loss": 18,
        "partition": 18, "acks": 18}
SHORT = {"agents": 200, "events": 32000, "seconds": 16,
         "kill": 5, "stop": 4, "postgresql": 2, "loss": 2,
         "partition": 2, "acks": 2}
FAULTS = ("kill", "stop", "postgresql", "loss", "partition", "acks")


class Hubs:
    """Two of them, and the most memory that a receive has taken."""

    def __init__(self, world, host):
        self.world = world
        self.hubs = [world.hub("hub1"), world.hub("hub2")]
        self.hub_key = self.hubs[0].public_key
        for hub in self.hubs:
            hub.set("receive", bind=["tcp://%s:%d" % (host, hub.port)],
                    key=self.hubs[0].folder / "hub.key")
            # nobody answers there, and nobody else is asked
            hub.set("lookup", server="127.0.0.1:9")
        self.endpoints = ["tcp://%s:%d" % (host, h.port) for h in self.hubs]
        self.rss_kib = 0
        self.hubs[0].once("tidy")
        self.receives = [world.receive(h) for h in self.hubs]
        self.others = [self.hubs[0].start(s) for s in ("lookup", "tidy")]

    def weigh(self, process):
        with open("/proc/%d/status" % process.pid) as f:
            for line in f:
                if line.startswith("VmHWM:"):
                    self.rss_kib = max(self.rss_kib, int(line.split()[1]))

    def kill(self, n):
        if not self.receives[n].running:
            self.world.bad("receive %d had ended by itself: %s" % (
                n + 1, self.receives[n].stderr[-300:]))
            return
        self.weigh(self.receives[n])
        self.receives[n].kill()

    def start(self, n):
        self.receives[n] = self.hubs[n].start("receive")

    def weigh_all(self):
        for p in self.receives:
            if p.running:
                self.weigh(p)


def inject(world, hubs, net, what):
    n = world.random.randrange(2)
    if what == "kill":
        hubs.kill(n)
        world.pause(0, 0.3)
        hubs.start(n)
    elif what == "stop":
        hubs.receives[n].kill(signal.SIGSTOP)
        world.pause(0.1, 1.5)
        hubs.receives[n].kill(signal.SIGCONT)
    elif what == "postgresql":
        world.cluster.restart("immediate")
    else:
        {"loss": lambda: net.loss(30), "partition": net.partition,
         "acks": net.drop_towards_agent}[what]()
        world.pause(0.3, 2)
        net.heal()
    world.fault()


def inject_all(world, hubs, net, plan):
    """The plan's faults in random order, evenly over its time."""
    faults = [f for f in FAULTS for _ in range(plan[f])]
    world.random.shuffle(faults)
    began = time.monotonic()
    for n, what in enumerate(faults, 1):
        due = began + n * plan["seconds"] / len(faults)
        inject(world, hubs, net, what)
        world.pause(0.05)
        if n < len(faults):
            time.sleep(max(0, due - time.monotonic()))


def run(world):
    plan = LONG if world.long else SHORT
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if files < plan["agents"] * FILES_AN_AGENT:
        raise Skip("%d descriptors are too few" % files)
    net = Netns(world, "fleet")
    world._cluster = pg.Cluster(SETTINGS)
    world.undo.callback(world._cluster.remove)
    hubs = Hubs(world, net.host)
    fleet = Fleet(world, plan["agents"], BOTH, hubs.hub_key, hubs.endpoints,
                  net.before)
    first = fleet.ask("connect", 60)
    fleet.ask("make %d" % (plan["events"] // plan["seconds"]))
    inject_all(world, hubs, net, plan)
    drained = fleet.ask("drain", 300)
    world.outcome.drain_s = drained["seconds"]
    again = [restart(hubs, fleet, n) for n in (0, 1)]
    hubs.kill(1)
    alone = fleet.ask("round", 60)
    hubs.weigh_all()
    judge(world, fleet)
    limit(world, "drained after the last fault", drained["seconds"], DRAIN_S)
    limit(world, "all acknowledged after a restart", max(again), ACKED_S)
    longest(world, drained)
    limit(world, "MiB of a receive", hubs.rss_kib / 1024, RSS_KIB / 1024)
    world.note(", ".join("%s %d" % (f, plan[f]) for f in FAULTS)
               + "; %d agents in %d s" % (plan["agents"], plan["seconds"]))
    world.note("all connected after %.1f s, fresh batches of all acknowledged "
               "%.1f and %.1f s after a hub's restart, %.1f s after one hub "
               "was killed for good" % (first["seconds"], *again,
                                        alone["seconds"]))


def restart(hubs, fleet, n):
    """Seconds from the start until every agent has a fresh batch
    acknowledged."""
    hubs.kill(n)
    hubs.start(n)
    return fleet.ask("round", 60)["seconds"]


def longest(world, drained):
    what = "longest wait of an event amid faults, of %s" % drained["slowest"]
    if world.long:
        world.note("%s: %.1f (goal %d, not judged)" % (
            what, drained["longest_s"], WAIT_S))
    else:
        limit(world, what, drained["longest_s"], WAIT_S)


def limit(world, what, value, most):
    world.note("%s: %.1f (limit %g)" % (what, value, most))
    if value > most:
        world.bad("%s: %.1f, at most %g" % (what, value, most))


def judge(world, fleet):
    last = fleet.ask("look")
    settled = time.monotonic()
    world.wait_for(lambda: not world.remainders(), 60)
    settled = time.monotonic() - settled
    fleet.end()
    found = fleet.compare()
    left = world.remainders()
    o = world.outcome
    o.lines = last["made"] + last["shared"]
    o.stored = found["stored"]
    o.lost = found["lost"] + found["witnesses_lost"]
    o.doubled = found["doubled"] + found["witnesses_doubled"]
    o.remainder = sum(abs(row[-1]) for row in left)
    for row in left[:5]:
        world.bad("remainder: %s of %s: %d" % row)
    for what in ("set_aside", "gaps", "unacks", "unacked"):
        if last[what]:
            world.bad("%s: %d" % (what, last[what]))
    if found["made"] != last["made"] or found["lines"] != found["stored"]:
        world.bad("books: %s, the fleet says %s" % (found, last))
    aside = world.database.query(
        "SELECT why, count(*) FROM set_aside GROUP BY why")
    if aside:
        world.bad("set aside: %s" % aside)
    world.note("made %(made)d, stored %(stored)d, witnesses %(witnesses)d of "
               "%(shared)d" % found + "; sums settled after %.1f s" % settled)
