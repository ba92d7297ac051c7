"""the database put back to an older copy while agents and hubs run on

What the agents still keep is sent again and nothing is lost; then with agents
that keep next to nothing: what is missing is declared, to the event."""
import time

from load import Load
from world import wait_until  # makes tests/live importable

import outbox_file
import pg_replica

LIMIT_S = (100, 300)


def events(world):
    return world.database.one("SELECT count(*) FROM event")


def back_and_forth(world, agents, lines, rate):
    """Load, copy, more load, put back.  (truth, events that were forgotten)"""
    loads = [Load(world, [("rename", a.logs[0])], rate=rate, every=2,
                  rotate=9000, host=a.name, lines=lines) for a in agents]
    wait_until(lambda: events(world) > lines // 8 * len(agents), 30)
    copy = pg_replica.copy_of(world.cluster)
    at_copy = events(world)
    wait_until(lambda: not any(load.running for load in loads), 200)
    truth = loads[0].stop()
    for load in loads[1:]:
        truth += load.stop()
    if not world.wait_stored(sum(truth.certain.values()), 40):
        raise AssertionError("not everything was stored before")
    forgotten = events(world) - at_copy
    pg_replica.put_back(world.cluster, copy)
    world.fault()
    return truth, forgotten


def run(world):
    lines, rate = (100000, 5000) if world.long else (8000, 2500)
    hub = world.hub()
    world.receive(hub)
    hub.start("tidy")
    agents = [world.agent("mx%d" % i, hub) for i in range(3)]
    for a in agents:
        a.start()
    truth, forgotten = back_and_forth(world, agents, lines, rate)
    since = time.monotonic()
    if forgotten < lines // 4:
        world.bad("only %d events were forgotten" % forgotten)
    world.judge(truth, 60, since)
    world.note("%d of %d events forgotten by the database, sent again"
               % (forgotten, sum(truth.certain.values())))
    for a in agents:
        a.kill()
    keep_nothing(world, hub, lines, rate)


def kept(agent):
    """Events in its outbox."""
    return len(list(outbox_file.events(agent.state / "outbox.db")))


def keep_nothing(world, hub, lines, rate):
    """An agent that removes at once what is acknowledged cannot heal: the
    balance then says how many events are missing."""
    agent = world.agent("mx9", hub,
                        more={"outbox": {"keep": "0", "keep_size": "0"}})
    before = world.stored()
    load = Load(world, [("rename", agent.logs[0])], rate=rate, every=2,
                rotate=9000, host=agent.name, lines=lines)
    wait_until(agent.logs[0].exists)
    agent.start()
    wait_until(lambda: events(world) > sum(before.values()) + lines // 8, 30)
    copy = pg_replica.copy_of(world.cluster)
    wait_until(lambda: not load.running, 60)
    truth = load.stop()
    wait_until(lambda: events(world) == sum(before.values()) +
               sum(truth.certain.values()), 30)
    wait_until(lambda: kept(agent) == 0, 30, "what is acked is removed")
    pg_replica.put_back(world.cluster, copy)
    world.fault()
    # a line behind it makes the agent speak, and its counters come with it
    late = Load(world, [("rename", agent.logs[0])], lines=20, every=1,
                host="late")
    wait_until(lambda: not late.running, 20)
    truth += late.stop()

    def missing():
        stored = world.stored() - before
        lost, doubled = truth.compare(stored)
        declared = world.database.one(
            "SELECT remainder + gaps FROM agent_balance WHERE agent = 'mx9'")
        return lost, doubled, declared
    wait_until(lambda: len(missing()[0]) == missing()[2] > 0, 30,
               "as many are declared as are missing")
    lost, doubled, declared = missing()
    if doubled:
        world.bad("doubled: %s" % doubled[:8])
    world.note("an agent that keeps nothing: %d events missing, %d declared"
               % (len(lost), declared))
