"""tests/bench/lookup without --ranges and --with-receive: contacts from a zone,
beside sequential Net::DNS and dnsperf on the same names."""
import re
import statistics
import subprocess

import bench
import lookup_world

ROUTES = "origin.example"


class Zone:
    """NSD with a contact for each address, and the names to ask for."""

    def __init__(self, folder, list_):
        import nsd
        records = {a: lookup_world.mailbox(i) for i, a in enumerate(list_)}
        # who announces: one answer for all, in a zone below the contacts'
        lines = ['*.%s TXT "64500 | %s | DE | ripencc | 2020-01-01"' % pair
                 for pair in (("o4", "0.0.0.0/0"), ("o6", "::/0"))]
        self.server = nsd.Nsd(folder / "nsd", lookup_world.ZONE, records,
                              lines)
        self.names = folder / "names"
        self.names.write_text("".join("%s.%s\n" % (
            nsd.label(a), lookup_world.ZONE) for a in list_))
        self.queries = folder / "queries"
        self.queries.write_text("".join(
            n + " TXT\n" for n in self.names.read_text().split()))


def net_dns(zone, port, seconds):
    done = bench.run([bench.ROOT / "tests" / "bench" / "net_dns.pl", port,
                      seconds, zone.names])
    answers, took = done.stdout.split()
    if int(answers) == 0:
        raise bench.Failure("Net::DNS had no answer")
    return int(answers) / float(took)


def dnsperf(zone, port, seconds):
    done = bench.run(["dnsperf", "-s", "127.0.0.1", "-p", port, "-d",
                      zone.queries, "-l", seconds, "-q", 512, "-t", 3])
    lost = float(re.search(r"Queries lost:\s+\d+ \(([\d.]+)%\)",
                           done.stdout)[1])
    if lost > 5:
        raise bench.Failure("dnsperf lost %.1f %%" % lost)
    return float(re.search(r"Queries per second:\s+([\d.]+)",
                           done.stdout)[1])


class Lookup:
    """Rates of the real stage; keeps the processor seconds of each run."""

    def __init__(self, world, list_, o):
        self.world, self.list, self.o = world, list_, o
        self.runs = []

    def __call__(self, port, **settings):
        w = self.world
        w.hub.set("lookup", zone=lookup_world.ZONE,
                  server="127.0.0.1:%d" % port,
                  **{"origin_zone": "", "origin6_zone": "", **settings,
                     **dict(s.split("=", 1) for s in self.o.set)})
        w.unresolved(self.list)
        looked = w.lookup()
        if w.found() != len(self.list):
            raise bench.Failure("found %d of %d" % (
                w.found(), len(self.list)))
        self.runs.append(looked)
        return len(self.list) / looked.seconds


def contenders(zone, port, lookup, o):
    origin = {"origin_zone": "o4." + lookup_world.ZONE,
              "origin6_zone": "o6." + lookup_world.ZONE}
    return {"lookup": lambda: lookup(port),
            "lookup with origins": lambda: lookup(port, **origin),
            "Net::DNS": lambda: net_dns(zone, port, o.seconds),
            "dnsperf": lambda: dnsperf(zone, port, o.seconds)}


def table(delay_ms, taken, runs, n):
    base = taken["Net::DNS"]
    print("%d ms delay          addresses/s   x Net::DNS" % delay_ms)
    for name, rates in taken.items():
        print("  %-20s %11.0f %12.1f" % (
            name, statistics.median(rates), statistics.median(
                a / b for a, b in zip(rates, base))))
    print("  processor us an address: lookup and finder %.0f, PostgreSQL %.0f"
          % tuple(statistics.median(getattr(r, k) for r in runs) / n * 1e6
                  for k in ("own", "postgres")))


def run(folder, o):
    build = bench.release_build(o.build, hub=True)
    list_ = list(lookup_world.addresses(o.addresses))
    gates = bench.Gates()
    with lookup_world.World(build, folder) as world:
        zone = Zone(folder, list_)
        try:
            for ms in o.delay:
                measure(build, world, zone, list_, ms, o, gates)
        finally:
            zone.server.stop()
    return gates.failed


def measure(build, world, zone, list_, ms, o, gates):
    lookup = Lookup(world, list_, o)
    if ms == 0:
        taken = bench.in_turn(contenders(zone, zone.server.port, lookup, o),
                              o.rounds)
    else:
        with lookup_world.Delay(build, zone.server.port, ms) as relay:
            taken = bench.in_turn(contenders(zone, relay.port, lookup, o),
                                  o.rounds)
    # every second run has the origins, too
    table(ms, taken, lookup.runs[::2], len(list_))
    if ms != 30:
        return
    gates.check("addresses a second at 30 ms",
                statistics.median(taken["lookup"]), o.gate, at_most=False,
                form="%.0f")
    gates.check("times Net::DNS at 30 ms",
                bench.ratio(taken, "lookup", "Net::DNS"), o.gate_ratio,
                at_most=False, form="%.0f")
