"""kill -9 and SIGSTOP of every stage, PostgreSQL stopped at once, under load

Two agents, one hub; all of it is judged when the last fault is over."""
import signal
import time

from load import Load
from world import Truth

LIMIT_S = (150, 1800)
STAGES = ("receive", "tidy", "lookup", "report", "deliver")


def run(world):
    faults = 400 if world.long else 40
    hub = world.hub()
    stages = {stage: hub.start(stage) for stage in STAGES}
    agents = [world.agent("mx%d" % n, hub) for n in (1, 2)]
    loads = [Load(world, [("rename", a.logs[0])], rate=3000, every=1,
                  rotate=30000, host=a.name) for a in agents]
    for a in agents:
        a.start()
    done = {"kill": 0, "stop": 0, "postgresql": 0}
    for n in world.rounds(faults, 25):
        # receive has custody: every other fault is its
        stage = "receive" if n % 2 == 0 else world.random.choice(STAGES[1:])
        if n % 8 == 7:
            world.cluster.restart("immediate")
            done["postgresql"] += 1
        elif n % 4 == 2:
            stages[stage].kill(signal.SIGSTOP)
            world.pause(0.1, 1.5)
            stages[stage].kill(signal.SIGCONT)
            done["stop"] += 1
        else:
            stages[stage].kill()
            stages[stage] = hub.start(stage)
            done["kill"] += 1
        world.fault()
        world.pause(0.02, 0.5)
    for stage, p in stages.items():
        if not p.running:
            stages[stage] = hub.start(stage)
    since = time.monotonic()
    truth = Truth()
    for load in loads:
        truth += load.stop()
    world.judge(truth, 60, since)
    world.note("kill -9 %(kill)d, SIGSTOP %(stop)d, PostgreSQL stopped at "
               "once %(postgresql)d" % done)
