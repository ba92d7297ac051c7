"""power cuts of the outbox's disk: what was committed must come through

The agent reads with its hub away.  A reader of its outbox notes what is
committed; then the file system is shut down, its journal unflushed, and the
log taken away, so that only the outbox can have the events.  Control: with
fsync and fdatasync doing nothing, the same must lose."""
import os
import sqlite3
import time

from cell import Skip, build_folder
from mounts import Disk
from world import Truth  # makes tests/live importable

import outbox_file

LIMIT_S = (100, 2400)
NEEDS = ("root", "loop")


class Server:
    """An agent with its outbox on a disk of its own."""

    def __init__(self, world, name, hub):
        self.world = world
        self.disk = Disk(world, name + ".disk", 48 << 20)
        self.agent = world.agent(name, hub, state=self.disk.path / "state",
                                 more={"outbox": {"max_size": "4M"}})
        self.away = self.agent.write(world.folder / (name + "-away.conf"),
                                     connect=["tcp://127.0.0.1:9"])
        self.number = 0
        self.written = []

    def write(self, count):
        now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
        lines = []
        for _ in range(count):
            self.number += 1
            login = "%s-%d" % (self.agent.name, self.number)
            self.written.append(login)
            lines.append("%s %s postfix/smtpd[5]: warning: unknown"
                         "[203.0.113.77]: SASL LOGIN authentication failed: "
                         "authentication failure, sasl_username=%s\n"
                         % (now, self.agent.name, login))
        with open(self.agent.logs[0], "a") as f:
            f.write("".join(lines))

    def committed(self):
        try:
            return {e.login for e in outbox_file.events(
                self.agent.state / "outbox.db") if not e.acked}
        except sqlite3.Error:
            return set()

    def cycle(self, env=None):
        """Writes, cuts, mounts again; what was committed before the cut."""
        self.agent.start(conf=self.away, env=env)
        end = time.monotonic() + self.world.random.uniform(0.15, 0.6)
        while time.monotonic() < end or not self.committed():
            self.write(20)
            time.sleep(self.world.random.uniform(0, 0.01))
            if time.monotonic() > end + 10:
                raise AssertionError("nothing committed: "
                                     + self.agent.tail())
        had = self.committed()
        self.disk.cut()
        self.agent.kill()
        self.disk.again()
        self.agent.logs[0].write_text("")
        self.agent.once()
        return had


def run(world):
    cuts, controls = (200, 20) if world.long else (6, 2)
    nosync = build_folder() / "tests" / "chaos" / "nosync.so"
    if not nosync.exists():
        raise Skip("needs tests/chaos/nosync.so in the build folder")
    hub = world.hub()
    world.receive(hub)
    hub.start("tidy")
    truth = Truth()
    good = Server(world, "mx1", hub)
    for _ in range(cuts):
        truth.certain.update(good.cycle())
        world.fault()
    truth.lines = good.number
    truth.maybe.update(set(good.written) - set(truth.certain))
    since = time.monotonic()
    world.judge(truth, 20, since)
    if "is corrupt" in good.agent.tail(1 << 30):
        world.bad("the outbox was set aside as corrupt after a cut")
    world.note("%d committed events went through %d cuts"
               % (len(truth.certain), cuts))
    control(world, hub, controls, dict(
        os.environ, LD_PRELOAD=str(nosync), ASAN_OPTIONS=os.environ.get(
            "ASAN_OPTIONS", "") + ":verify_asan_link_order=0"))


def control(world, hub, cuts, env):
    """The same without syncing, on an agent whose losses do not count."""
    bad = Server(world, "control", hub)
    had = set()
    for _ in range(cuts):
        had |= bad.cycle(env)
    lost = had - set(world.stored())
    world.note("control, nothing synced: %d of %d lost in %d cuts"
               % (len(lost), len(had), cuts))
    if not lost:
        world.bad("the control lost nothing, so the test cannot fail")
