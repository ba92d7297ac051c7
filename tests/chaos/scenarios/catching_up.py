"""receive killed again and again while agents hand over what has piled up

Full windows: some batches are acknowledged, others stored but not
acknowledged, others on their way, in another order than they were made.  One
agent has next to no room: what is acknowledged it removes, and cannot send
again what a hub acknowledged too early."""
import time

from load import Load
from world import Truth

LIMIT_S = (120, 900)


def wait_for_news(receive, seconds):
    """Until it says that it has stored something."""
    end = time.monotonic() + seconds
    while "batch stored" not in receive.stderr:
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True


def run(world):
    # the tight one's little at a time has to last for many kills
    kills, lines, tight_lines = (400, 1000000, 333333) if world.long else (
        30, 60000, 40000)
    hub = world.hub()
    hub.start("tidy")
    tight = {"outbox": {"keep": "0", "keep_size": "0", "max_size": "1M"}}
    agents = [world.agent("mx1", hub), world.agent("mx2", hub, more=tight)]
    loads = [Load(world, [("rename", a.logs[0])], rate=30000, every=1,
                  lines=n, rotate=50000, host=a.name)
             for a, n in zip(agents, (lines, tight_lines))]
    truth = Truth()
    for a in agents:
        a.start()
    if not world.long:
        for load in loads:
            load.popen.wait(60)
    for _ in world.rounds(kills, 30):
        receive = hub.start("receive")
        wait_for_news(receive, 5)
        world.pause(0, 0.12)
        receive.kill()
        world.fault()
    since = time.monotonic()
    hub.start("receive")
    for load in loads:
        truth += load.stop()
    world.judge(truth, 400 if world.long else 50, since)
