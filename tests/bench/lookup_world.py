"""What the benches of lookup stand on: a private PostgreSQL, a hub, addresses
that wait for a contact, processor seconds of each process."""
import ipaddress
import os
import pathlib
import subprocess
import sys
import time

import bench

sys.path.insert(0, str(bench.ROOT / "tests" / "live"))

import conftest  # noqa: E402
import pg  # noqa: E402
import registered  # noqa: E402

ZONE = "contacts.example"
CONTACTS = 2000
TICK = os.sysconf("SC_CLK_TCK")


def addresses(n):
    """n distinct ones, of both families in turn."""
    v4, v6 = int(ipaddress.ip_address("11.0.0.1")), int(
        ipaddress.ip_address("2001:db8::1"))
    for i in range(n):
        yield (str(ipaddress.IPv4Address(v4 + i // 2 * 97)) if i % 2 == 0
               else str(ipaddress.IPv6Address(v6 + (i // 2 << 64))))


def mailbox(i):
    return "abuse%d@isp%d.example" % (i % CONTACTS, i % 50)


class World:
    """A database without addresses, and the hub on it."""

    def __init__(self, build, folder):
        conftest.BUILD = pathlib.Path(build)
        # as PostgreSQL is by default, not as tests have it
        self.cluster = pg.Cluster("autovacuum_naptime = 1min\n")
        self.folder = pathlib.Path(folder)
        self.processes = conftest.Processes(self.folder)
        self.database = self.cluster.create("bench")
        self.hub = conftest.Hub(self.database, self.folder / "hub",
                                self.processes)
        self.hub.ctl("schema", "upgrade")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.processes.end()
        self.cluster.remove()

    def unresolved(self, list_):
        """These addresses, and no other, wait for a contact."""
        q = self.database.query
        q("TRUNCATE answer, source, network, contact CASCADE")
        registered.insert(self.database, list_)
        q("VACUUM ANALYZE source")
        q("CHECKPOINT")

    def found(self):
        return self.database.one(
            "SELECT count(*) FROM source WHERE state = 'found'")

    def sessions(self):
        """(processes of PostgreSQL, processor seconds of those that have
        ended)"""
        pid = int(pathlib.Path(self.cluster.data, "postmaster.pid")
                  .read_text().split()[0])
        children = pathlib.Path("/proc/%d/task/%d/children" % (pid, pid))
        return set(children.read_text().split()), sum(used(pid)[2:])

    def lookup(self, seconds=900):
        """Until nothing is due; a Looked."""
        return Looked(self, seconds)


def used(pid):
    """utime, stime, and those of children that have ended, in seconds."""
    fields = pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1]
    return [int(f) / TICK for f in fields.split()[11:15]]


class Looked:
    """One run of lookup --once: wall seconds, processor seconds of lookup with
    its finder, and of PostgreSQL."""

    def __init__(self, world, seconds):
        there, before = world.sessions()
        began = time.monotonic()
        stage = world.hub.start("lookup", "--once")
        _, status, usage = os.wait4(stage.pid, 0)
        self.seconds = time.monotonic() - began
        stage.popen.returncode = os.waitstatus_to_exitcode(status)
        if status != 0 or self.seconds > seconds:
            raise bench.Failure("lookup: %d after %.0f s\n%s" % (
                status, self.seconds, stage.stderr[-2000:]))
        self.own = usage.ru_utime + usage.ru_stime
        conftest.wait_until(lambda: world.sessions()[0] <= there)
        self.postgres = world.sessions()[1] - before


class Delay:
    """The relay before a DNS server."""

    def __init__(self, build, port, ms):
        self.child = subprocess.Popen(
            [str(build / "tests" / "bench" / "delay"), str(port), str(ms)],
            stdout=subprocess.PIPE, text=True)
        self.port = int(self.child.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()
        self.child.stdout.close()
