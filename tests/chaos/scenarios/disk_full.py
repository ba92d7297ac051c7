"""the outbox's disk filled to the last byte and freed again, under load"""
import time

from load import Load
from mounts import Memory

LIMIT_S = (100, 900)
NEEDS = ("root",)


def run(world):
    faults = 100 if world.long else 8
    hub = world.hub()
    world.receive(hub)
    hub.start("tidy")
    disk = Memory(world, "disk", 12 << 20)
    agent = world.agent("mx1", hub, state=disk.path / "state",
                        more={"outbox": {"max_size": "2M"}})
    load = Load(world, [("rename", agent.logs[0])], rate=3000, every=2,
                rotate=9000)
    agent.start()
    refused = 0
    for n in world.rounds(faults, 20):
        world.pause(0.1, 0.5)
        disk.fill()
        if n % 4 == 3:
            # it is started again while there is no room
            agent.kill()
            agent.start()
        world.pause(0.1, 1.2)
        disk.free()
        world.fault()
        if agent.process.poll() is not None:
            refused += 1
            agent.start()
    since = time.monotonic()
    truth = load.stop()
    world.judge(truth, 40, since)
    world.note("refused to start without room %d times" % refused)
