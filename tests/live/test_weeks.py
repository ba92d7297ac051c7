"""Protects the week: whatever the clock does, no mailbox gets two mails within
seven true days, and every event is in exactly one report.

True time is a number of days that the test advances.  The database's clock
is that and a jump: PostgreSQL runs under libfaketime, which reads the file
`clock`, so that now() is moved for every statement there is, and nothing in
the programs is a clock of tests.  The stages' own CLOCK_BOOTTIME is true
time, by libfaketime too, as a clock that nobody sets has to be."""
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import time

import pytest

import pg
from conftest import Hub, Processes, program
from rows import Rows

LIBRARY = "/usr/lib/%s-linux-gnu/faketime/libfaketime.so.1"
CONTACTS, ADDRESSES, HOSTS = 40, 1000, 5
SPELLINGS = (str.lower, str.upper, str.title)


def library():
    found = [LIBRARY % m for m in (os.uname().machine, "x86_64")
             if os.path.exists(LIBRARY % m)]
    return found[0] if found else None


pytestmark = pytest.mark.skipif(library() is None, reason="no libfaketime")


class World(Rows):
    def __init__(self, folder):
        # where PostgreSQL's user may read
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ptclock.",
                                                    dir="/tmp"))
        self.folder.chmod(0o755)
        self.clock = self.folder / "clock"
        self.true, self.jump = 0.0, 0
        self.set_clock()
        self.cluster = pg.Cluster(env={
            "LD_PRELOAD": library(), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_TIMESTAMP_FILE": str(self.clock),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
        super().__init__(self.cluster.create("weeks"))
        self.began = time.time()
        logs = folder / "logs"
        logs.mkdir()
        self.hub = Hub(self.d, folder / "hub1", Processes(logs))
        # so that no event is too old by a clock that is wrong
        self.hub.set("report", days=300)
        self.hub.ctl("schema", "upgrade")
        self.d.query("SELECT partitions_make((now() - interval '60 days')"
                     "::date, (now() + interval '90 days')::date)")
        self.agents = [self.agent("mx%d" % i) for i in range(HOSTS)]
        self.hosts = [self.name("mx%d.example" % i) for i in range(HOSTS)]
        self.events = 0
        self.sent = {}  # mailbox: true days of its mails

    def set_clock(self):
        self.clock.write_text("%+.0f\n" % ((self.true + self.jump) * 86400))
        self.clock.chmod(0o644)

    def addresses(self):
        for i in range(ADDRESSES):
            box = "abuse@isp%d.example" % (i % CONTACTS)
            self.source("11.%d.%d.7" % (i // 250, i % 250) if i % 4 else
                        "2001:db8:%x::7" % i, SPELLINGS[i % 3](box),
                        fresh="10 years")

    def abuse(self, n):
        """n events of now, or up to three days late, by true time."""
        self.d.query(
            "INSERT INTO event (id, time, agent, host, kind, address)"
            " SELECT (left(id_floor(to_timestamp(e.t))::text, 8)"
            " || lpad(to_hex(e.n), 24, '0'))::uuid, to_timestamp(e.t),"
            " e.agent, e.host, 1, s.address"
            " FROM unnest(%s::bigint[], %s::double precision[], %s::int[],"
            " %s::int[], %s::int[]) AS e (n, t, agent, host, place)"
            " JOIN (SELECT address, row_number() OVER (ORDER BY address)"
            " AS place FROM source) s USING (place)",
            *map(list, zip(*[(self.events + i, self.began + 86400 * (
                self.true - random.choice((0, 0, random.random() * 3))),
                self.agents[h], self.hosts[h], random.randint(1, ADDRESSES))
                for i in range(n) for h in [random.randrange(HOSTS)]])))
        self.events += n
        self.count()

    def once(self, *words):
        name = "plaintiff" if words[0] == "clock" else "plaintiff-hub"
        return subprocess.run(
            [program(name), *(["-c", str(self.hub.path)]
                              if name == "plaintiff" else []), *words,
             *(["-c", str(self.hub.path), "--once"]
               if name != "plaintiff" else [])],
            env=dict(os.environ, LD_PRELOAD=library(),
                     FAKETIME="%+.0f" % (self.true * 86400)),
            capture_output=True, text=True, check=True, timeout=120)

    def stages(self):
        for stage in ("report", "deliver"):
            self.once(stage)
        for path in self.hub.mail.glob("*.eml"):
            to, = re.findall(rb"^To: (\S+)\r$", path.read_bytes(), re.M)
            self.sent.setdefault(to.decode().lower(), []).append(self.true)
            path.unlink()

    def shortest(self):
        """Days between two mails to one mailbox."""
        return min((b - a for times in self.sent.values()
                    for a, b in zip(times, times[1:])), default=99)


def run(tmp_path, days, step, seed, careful=True):
    """Lives through so many days.  Not careful: nobody looks at the clock."""
    random.seed(seed)
    w = World(tmp_path)
    stopped = 0
    try:
        w.addresses()
        turn = 0
        while w.true < days:
            turn += 1
            w.abuse(40)
            if random.random() < 0.25:
                # the clock jumps, or comes back from where it was
                w.jump = 0 if w.jump else random.choice((-40, 40))
            w.set_clock()
            if not careful:
                w.d.query("DELETE FROM clock_tick")
            w.stages()
            if w.d.one("SELECT clock_stopped IS NOT NULL FROM switch"):
                stopped += 1
                # a person accepts it, right or wrong, at once or later
                if random.random() < 0.7:
                    w.once("clock", "accept")
                    w.stages()
            w.true += step
        w.jump = 0
        for _ in range(2):
            w.set_clock()
            w.stages()
            w.once("clock", "accept")
            w.stages()
            # also those that a clock of 40 days ahead has put off
            w.true += 55
        w.set_clock()
        w.stages()
        return w, stopped
    except BaseException:
        end(w)
        raise


def end(w):
    w.hub.processes.end()
    w.cluster.remove()
    shutil.rmtree(w.folder)


def check(w, stopped):
    assert stopped > 0
    assert sum(map(len, w.sent.values())) >= CONTACTS
    assert len(w.sent) == CONTACTS
    assert w.shortest() >= 7, w.shortest()
    # every event is in exactly one report
    assert w.d.query(
        "SELECT count(*), count(DISTINCT e.id) FROM event e"
        " JOIN report_source s ON s.address = e.address"
        " AND e.stored > s.stored_after AND e.stored <= s.stored_upto") == [
        (w.events, w.events)]
    assert w.d.one("SELECT sum(events) FROM report") == w.events
    assert w.d.query("SELECT item FROM report_balance"
                     " WHERE remainder <> 0") == []


@pytest.mark.slow
def test_weeks(tmp_path):
    w, stopped = run(tmp_path, 12, 1, seed=3)
    try:
        check(w, stopped)
    finally:
        end(w)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_sixty_days(tmp_path, seed):
    w, stopped = run(tmp_path, 60, 0.5, seed)
    try:
        check(w, stopped)
    finally:
        end(w)


@pytest.mark.long
def test_control_a_clock_that_nobody_looks_at(tmp_path):
    """The same life, and the tick forgotten each time: the week breaks."""
    w, stopped = run(tmp_path, 30, 1, seed=3, careful=False)
    try:
        assert stopped == 0 and w.shortest() < 7
    finally:
        end(w)
