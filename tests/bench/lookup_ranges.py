"""tests/bench/lookup --ranges: how many RDAP requests many addresses in few
ranges cost, with one honest server that allows any pace."""
import bench
import lookup_world
import registered
import registry
from lying_rdap import Authority

REQUESTS_A_RANGE = 1.2


def run(folder, o):
    build = bench.release_build(o.build, hub=True)
    bench.progress("making %d ranges" % o.ranges)
    made = registered.Registered(o.ranges, o.addresses)
    gates = bench.Gates()
    (folder / "ca").mkdir()
    with lookup_world.World(build, folder) as world, registry.Registry(
            Authority(folder / "ca"), made.ranges) as server:
        world.hub.set("lookup", zone="", web_parallel="32",
                      **{**server.settings(folder / "bootstrap"),
                         **dict(s.split("=", 1) for s in o.set)})
        world.unresolved(made.addresses)
        bench.progress("looking up")
        looked = world.lookup(7200)
        again(world)
        bench.progress("")
        report(world, server, looked, made, o, gates)
    return gates.failed


def again(world):
    """Those whose question failed, as a later lookup would; not timed."""
    failed = world.database.query(
        "UPDATE source SET next_ask = now() WHERE state = 'failed'"
        " RETURNING 1")
    if failed:
        print("failed at first and asked for again: %d" % len(failed))
        world.lookup()


def report(world, server, looked, made, o, gates):
    n = len(made.addresses)
    narrow, wide, wrong, without = registered.judge(world.database, server.ranges)
    print("addresses     ranges  requests  seconds  addresses/s")
    print("%9d %10d %9d %8.1f %12.0f" % (
        n, o.ranges, len(server.asked), looked.seconds, n / looked.seconds))
    print("contact of the narrowest range %d, of one around it %d" % (
        narrow, wide))
    print("processor us an address: lookup and finder %.0f, PostgreSQL %.0f"
          % (looked.own / n * 1e6, looked.postgres / n * 1e6))
    gates.check("RDAP requests", len(server.asked),
                int(o.ranges * REQUESTS_A_RANGE), form="%d")
    gates.equal("contacts of no range around the address", wrong, 0)
    gates.equal("addresses without a contact", without, 0)
