"""tests/bench/lookup --with-receive: events a second that receive stores while
lookup finds contacts, against the same while something else takes as much of
the processor."""
import pathlib
import statistics
import subprocess
import sys
import time

import bench
import lookup_dns
import lookup_world
import receive_load
import wire_agent

from conftest import wait_until

SIZE, AGENTS, BURNERS = 500, 2, 3
BURNER = """
import sys, time
share, began = float(sys.argv[1]), time.monotonic()
while True:
    while time.process_time() < share * (time.monotonic() - began):
        pass
    time.sleep(0.0005)
"""


class Receive:
    """A running receive with agents that know it."""

    def __init__(self, world, folder, each):
        hub = world.hub
        hub.public_key
        self.stage = hub.start("receive")
        wait_until(lambda: "self-test passed" in self.stage.stderr)
        pb = wire_agent.load_proto(folder)
        self.agents = [wire_agent.WireAgent(pb, hub, hub.add_agent("a%d" % i))
                       for i in range(AGENTS)]
        for a in self.agents:
            wait_until(lambda a=a: a.hello() is not None)
        self.each, self.made = each, 0

    def prepare(self):
        lists = []
        for a in self.agents:
            lists.append(receive_load.frames(a, self.made, self.each, SIZE))
            self.made += self.each
        return lists

    def rate(self, lists):
        new, known, seconds = receive_load.send(self.agents, lists)
        if (new, known) != (self.each * AGENTS, 0):
            raise bench.Failure("stored %d, known %d" % (new, known))
        return new / seconds, seconds


class Lookup:
    """A running lookup in the middle of its work, and what it takes."""

    def __init__(self, world, zone, port, list_):
        self.world = world
        world.hub.set("lookup", zone=lookup_world.ZONE,
                      server="127.0.0.1:%d" % port)
        world.unresolved(list_)
        self.stage = world.hub.start("lookup")
        self.others = [zone.server.popen.pid]
        wait_until(lambda: world.found() > 0 and world.database.one(
            "SELECT w.stored >= s.last_value FROM watermark w, stored_seq s"
            " WHERE w.name = 'tally'"), 300)

    def seconds(self):
        """Of all its processes, and of those that only it gives work."""
        session = self.world.database.one(
            "SELECT pid FROM pg_stat_activity"
            " WHERE usename = 'plaintiff_lookup'")
        children = []
        for pid in (self.stage.pid, *self.others):
            children += map(int, pathlib.Path(
                "/proc/%d/task/%d/children" % (pid, pid)).read_text().split())
        return sum(sum(lookup_world.used(p)[:2]) for p in (
            self.stage.pid, session, *self.others, *children))

    def stop(self):
        left = self.world.database.one(
            "SELECT count(*) FROM source WHERE state = 'new'")
        self.stage.stop()
        if left == 0:
            raise bench.Failure("lookup had nothing left to do: more"
                                " --addresses are needed")


def beside_lookup(receive, world, zone, port, list_):
    """The rate, and the share of one processor that lookup had."""
    lists = receive.prepare()
    lookup = Lookup(world, zone, port, list_)
    before = lookup.seconds()
    rate, seconds = receive.rate(lists)
    share = (lookup.seconds() - before) / seconds
    lookup.stop()
    return rate, share


def beside_burners(receive, share):
    lists = receive.prepare()
    burners = [subprocess.Popen([sys.executable, "-c", BURNER,
                                 str(share / BURNERS)])
               for _ in range(BURNERS)]
    try:
        time.sleep(0.2)
        return receive.rate(lists)[0]
    finally:
        for b in burners:
            b.kill()
            b.wait()


def run(folder, o):
    build = bench.release_build(o.build, hub=True)
    list_ = list(lookup_world.addresses(o.addresses))
    rates = {"alone": [], "beside lookup": [], "beside a burner": []}
    shares = []
    with lookup_world.World(build, folder) as world:
        zone = lookup_dns.Zone(folder, list_)
        receive = Receive(world, folder, o.events // AGENTS // SIZE * SIZE)
        try:
            for i in range(o.rounds):
                bench.progress("round %d of %d" % (i + 1, o.rounds))
                rates["alone"].append(receive.rate(receive.prepare())[0])
                rate, share = beside_lookup(receive, world, zone,
                                            zone.server.port, list_)
                rates["beside lookup"].append(rate)
                shares.append(share)
                rates["beside a burner"].append(
                    beside_burners(receive, share))
        finally:
            zone.server.stop()
            for a in receive.agents:
                a.close()
    bench.progress("")
    return report(rates, shares)


def report(rates, shares):
    gates = bench.Gates()
    print("lookup had %.2f processors" % statistics.median(shares))
    print("receive              events/s    x alone")
    for name, list_ in rates.items():
        print("  %-18s %9.0f %10.2f   (%s)" % (
            name, statistics.median(list_),
            bench.ratio(rates, name, "alone"),
            " ".join("%.0f" % r for r in list_)))
    gates.check("beside lookup, of beside a burner",
                bench.ratio(rates, "beside lookup", "beside a burner"), 0.9,
                at_most=False)
    return gates.failed
