"""kill -9 of the agent at random, while four logs rotate each in its own way

What a copytruncate swallows by itself (written between copy and truncation)
may be stored or not; all other lines must be, once."""
import json
import subprocess
import time

from load import Load
from world import program, wait_until

LIMIT_S = (90, 1200)
KINDS = ("rename", "copytruncate", "compress", "dateext")


def looked_for(agent):
    """How many logs its outbox has a place of."""
    out = subprocess.run([program("plaintiff-agent"), "status", "--json",
                          "-c", str(agent.conf)], text=True, check=True,
                         capture_output=True).stdout
    return len(json.loads(out)["sources"])


def run(world):
    kills, lines, rate, rotate = (10000, 3100000, 8000, 9000) if world.long \
        else (120, 60000, 6000, 2500)
    hub = world.hub()
    world.receive(hub)
    hub.start("tidy")
    logs = [world.folder / (kind + ".log") for kind in KINDS]
    agent = world.agent("mx1", hub, logs=logs,
                        more={"outbox": {"keep_size": "1M"}})
    # what was rotated away before the agent first looked is not its to read;
    # all else is, also of logs that are not there when it looks
    agent.start()
    wait_until(lambda: looked_for(agent) == len(logs))
    agent.kill()
    load = Load(world, zip(KINDS, logs), lines=lines, rate=rate,
                rotate=rotate, keep=60)
    done, began = 1, time.monotonic()
    while load.running or done < kills:
        agent.start()
        # mostly in the first turns; sometimes well under way
        world.pause(0.004, 0.05 if world.random.randrange(20) else 0.4)
        if not agent.kill():
            raise AssertionError("it ended by itself: " + agent.tail())
        done += 1
    world.fault(done)
    took = time.monotonic() - began
    truth = load.stop()
    since = time.monotonic()
    agent.start()
    world.judge(truth, 300 if world.long else 40, since)
    certain = truth.lines - load.maybe_lines
    read = world.lines_read(certain, 20)
    world.note("%d kills, %.0f a second; rotations %s; lines read %d of %d, "
               "%d of them in the gap of a copytruncate" % (
                   done, done / took, load.rotations, read, truth.lines,
                   load.maybe_lines))
    if read < certain:
        world.bad("%d lines were never read" % (certain - read))
