"""30 % loss, partition, loss of acknowledgements only, in a namespace"""
import time

from load import Load
from netns import Netns

LIMIT_S = (90, 900)
NEEDS = ("root", "nft")


def run(world):
    faults = 100 if world.long else 8
    net = Netns(world, "mx1")
    hub = world.hub()
    hub.set("receive", bind=["tcp://%s:%d" % (net.host, hub.port)])
    world.receive(hub)
    hub.start("tidy")
    agent = world.agent("mx1", hub,
                        connect=["tcp://%s:%d" % (net.host, hub.port)])
    load = Load(world, [("rename", agent.logs[0])], rate=2000, every=2,
                rotate=9000)
    agent.start(before=net.before)
    faults_of = (lambda: net.loss(30), net.partition,
                 net.drop_towards_agent)
    for n in world.rounds(faults, 20):
        faults_of[n % 3]()
        world.fault()
        world.pause(0.3, 3)
        net.heal()
        world.pause(0.1, 0.6)
    since = time.monotonic()
    truth = load.stop()
    world.judge(truth, 60, since)
