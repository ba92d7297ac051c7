"""connections cut inside a frame, delayed, swallowed one way, by a proxy"""
import time

from load import Load
from proxy import Proxy

LIMIT_S = (90, 900)


def run(world):
    faults = 300 if world.long else 30
    hub = world.hub()
    world.receive(hub)
    hub.start("tidy")
    proxy = Proxy(hub.port, world.random.getrandbits(30))
    world.undo.callback(proxy.end)
    agent = world.agent("mx1", hub, connect=[proxy.endpoint])
    load = Load(world, [("rename", agent.logs[0])], rate=3000, every=2,
                rotate=30000)
    agent.start()
    done = {}
    for n in world.rounds(faults, 25):
        what = ("cut", "swallow down", "cut", "swallow up", "cut",
                "swallow both", "delay", "stingy")[n % 8]
        if what == "cut":
            proxy.cut()
        elif what == "delay":
            proxy.delay_s = world.random.uniform(0.05, 0.5)
        elif what == "stingy":
            proxy.stingy = True
        else:
            proxy.swallow = what.split()[1]
        done[what] = done.get(what, 0) + 1
        world.fault()
        world.pause(0.1, 0.4 if what == "cut" else 1.5)
        proxy.heal()
    since = time.monotonic()
    truth = load.stop()
    world.judge(truth, 60, since)
    world.note("%s; %d connections ended inside a frame" % (
        ", ".join("%s %d" % d for d in sorted(done.items())), proxy.cuts))
