"""the primary PostgreSQL killed under load, its synchronous replica promoted

Two hubs with two agents each find the replica by themselves (libpq's list of
hosts); afterwards events must flow again within ten seconds."""
import time

from load import Load
from world import wait_until  # makes tests/live importable

import pg
import pg_replica

LIMIT_S = (150, 400)
FLOWS_S = 10


def run(world):
    world._cluster = primary = pg.Cluster(pg_replica.PRIMARY)
    world.undo.callback(primary.remove)
    name = world.database.name
    hubs = [world.hub("hub1"), world.hub("hub2")]
    replica = pg_replica.Replica(primary)
    world.undo.callback(replica.remove)
    hubs[0].once("tidy")
    both = "host=%s,%s dbname=%s target_session_attrs=read-write" % (
        primary.folder, replica.folder, name)
    for hub in hubs:
        hub.set("database", connect=both)
        world.receive(hub)
    loads = []
    for i in range(4):
        order = [h.endpoint for h in (hubs if i % 2 else hubs[::-1])]
        agent = world.agent("mx%d" % i, hubs[0], connect=order)
        loads.append(Load(world, [("rename", agent.logs[0])], rate=1500,
                          every=3, rotate=8000, host="mx%d" % i,
                          lines=200000 if world.long else 12000))
        agent.start()
    wait_until(lambda: world.database.one("SELECT count(*) FROM event") > 2000,
               30, "events flow")
    world.pause(0.5, 2)
    primary.stop("immediate")
    world.fault()
    world.pause(2, 4)
    replica.promote()
    promoted = time.monotonic()
    world._cluster = replica
    world._database = pg.Database(replica, name)
    was = world.database.one("SELECT count(*) FROM event")
    wait_until(lambda: world.database.one("SELECT count(*) FROM event") > was,
               60, "events flow again")
    flows = time.monotonic() - promoted
    if flows > FLOWS_S:
        world.bad("events flowed only %.1f s after the promotion" % flows)
    wait_until(lambda: not any(load.running for load in loads), 250)
    since = time.monotonic()
    truth = loads[0].stop()
    for load in loads[1:]:
        truth += load.stop()
    world.judge(truth, 60, since)
    world.note("events flowed %.1f s after the promotion; %d were stored "
               "before" % (flows, was))
