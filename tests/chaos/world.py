"""What scenarios stand on: a PostgreSQL, hubs and agents of their own, the
faults' random numbers, and the judge.

world.hub(), world.agent(), world.start(), world.judge(truth): see below.
Everything is undone by world.close().  Shares its parts with tests/live.
"""
import collections
import contextlib
import pathlib
import random
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))

import conftest  # noqa: E402
import pg  # noqa: E402
from conftest import program, wait_until  # noqa: E402,F401


class Outcome:
    """The row of the table.  notes: for people; bad: why it failed."""

    def __init__(self):
        self.faults = self.lines = self.stored = 0
        self.lost = self.doubled = self.remainder = 0
        self.drain_s = None
        self.notes, self.bad = [], []

    def verdict(self):
        if self.faults == 0 or self.lines == 0:
            self.bad.append("nothing was tried")
        fine = not (self.lost or self.doubled or self.remainder or self.bad)
        return "pass" if fine else "FAIL"

    def figures(self, verdict):
        return dict(vars(self), verdict=verdict)


class Truth:
    """What was written: how many lines a login has in certain, and those
    which a copytruncate may have swallowed in maybe."""

    def __init__(self):
        self.certain = collections.Counter()
        self.maybe = collections.Counter()
        self.lines = 0

    def __iadd__(self, other):
        self.certain += other.certain
        self.maybe += other.maybe
        self.lines += other.lines
        return self

    def compare(self, stored):
        """(lost, doubled): lists of logins, one an event."""
        lost = self.certain - stored
        doubled = stored - self.certain - self.maybe
        return list(lost.elements()), list(doubled.elements())


class Agent:
    """An agent of the fleet: its settings, logs, process."""

    def __init__(self, world, name, hub, logs, more, state, connect):
        self.world = world
        self.name = name
        self.folder = world.folder / name
        self.folder.mkdir(exist_ok=True)
        self.state = pathlib.Path(state or self.folder / "state")
        self.logs = logs or [self.folder / "mail.log"]
        self.conf = self.folder / "agent.conf"
        self.key = self.folder / "agent.key"
        self.more = more
        self.connect = connect or [hub.endpoint]
        self.hub = hub
        self.process = None
        self.write()
        key = subprocess.run([program("plaintiff-agent"), "key", "-c",
                              str(self.conf)], check=True, text=True,
                             capture_output=True).stdout.strip()
        hub.add_agent(name, key)

    def write(self, path=None, connect=None):
        """Its settings file, or another one like it."""
        sections = {
            "agent": {"state": self.state, "address": "192.0.2.25"},
            "hub": {"connect": connect or self.connect,
                    "key": self.hub.public_key},
            "key": {"file": self.key},
            "source": {"file": self.logs, "zone": "UTC", "grace": "1s"},
            "filter": {"unreportable": "127.0.0.0/8"},
        }
        for section, values in self.more.items():
            sections.setdefault(section, {}).update(values)
        out = []
        for section, values in sections.items():
            out.append("[%s]" % section)
            for key, value in values.items():
                many = value if isinstance(value, list) else [value]
                out += ["%s = %s" % (key, v) for v in many]
        path = path or self.conf
        path.write_text("\n".join(out) + "\n")
        return path

    def start(self, *more, conf=None, before=(), env=None):
        with open(self.folder / "stderr", "ab") as err:
            self.process = subprocess.Popen(
                [*before, program("plaintiff-agent"), "run", "-c",
                 str(conf or self.conf), *more],
                stdin=subprocess.DEVNULL, stdout=err, stderr=err, env=env)
        return self.process

    def kill(self, sig=signal.SIGKILL):
        """True: it was still running."""
        if self.process is None or self.process.poll() is not None:
            return False
        self.process.send_signal(sig)
        if sig == signal.SIGKILL:
            self.process.wait()
        return True

    def once(self, seconds=20, conf=None, check=True):
        """`run --once` to its end; 0: all was read and acknowledged."""
        code = self.start("--once=%d" % seconds, conf=conf).wait(seconds + 30)
        if check and code != 0:
            raise AssertionError("run --once ended with %d:\n%s"
                                 % (code, self.tail()))
        return code

    def tail(self, size=1500):
        try:
            return (self.folder / "stderr").read_bytes()[-size:].decode(
                "utf-8", "replace")
        except OSError:
            return ""

    @property
    def said(self):
        """How much it has said so far, for said_since."""
        path = self.folder / "stderr"
        return path.stat().st_size if path.exists() else 0

    def said_since(self, mark):
        with open(self.folder / "stderr", "rb") as f:
            f.seek(mark)
            return f.read().decode("utf-8", "replace")


class World:
    """long: the form with all faults; random: seeded; undo: an ExitStack."""

    def __init__(self, folder, is_long, seed, outcome):
        self.folder = pathlib.Path(folder)
        self.long = is_long
        self.random = random.Random(seed)
        self.outcome = outcome
        self.undo = contextlib.ExitStack()
        self.agents = []
        self._cluster = self._database = None
        (self.folder / "logs").mkdir()
        self.processes = conftest.Processes(self.folder / "logs")

    def close(self):
        try:
            for agent in self.agents:
                agent.kill()
            for p in self.processes.all:
                p.kill(signal.SIGCONT)
            for p in self.processes.all:
                p.kill()
        finally:
            self.undo.close()

    def fault(self, count=1):
        self.outcome.faults += count

    def rounds(self, count, short_s):
        """0 to count - 1; the short form ends after short_s on a machine
        that is too slow for all."""
        began = time.monotonic()
        for n in range(count):
            if not self.long and time.monotonic() - began > short_s:
                return
            yield n

    def note(self, what):
        self.outcome.notes.append(what)

    def bad(self, what):
        self.outcome.bad.append(what)

    def pause(self, least_s, most_s=None):
        """Load between two faults, not a wait for something."""
        time.sleep(self.random.uniform(least_s, most_s or least_s))

    @property
    def cluster(self):
        if self._cluster is None:
            self._cluster = pg.Cluster()
            self.undo.callback(self._cluster.remove)
        return self._cluster

    @property
    def database(self):
        if self._database is None:
            self._database = self.cluster.create("chaos")
            conf = self.folder / "schema.conf"
            conf.write_text("[database]\nconnect = %s\nowner = postgres\n"
                            % self._database.connect)
            subprocess.run([program("plaintiff"), "-c", str(conf), "schema",
                            "upgrade"], check=True, capture_output=True)
        return self._database

    def hub(self, name="hub1", **receive):
        """A hub on the one database; start its stages with hub.start()."""
        h = conftest.Hub(self.database, self.folder / name, self.processes,
                         name)
        if receive:
            h.set("receive", **receive)
        assert h.public_key  # asking makes it
        return h

    def receive(self, hub):
        """A running receive stage that listens."""
        p = hub.start("receive")
        wait_until(lambda: "self-test passed" in p.stderr, 20,
                   "receive listens")
        return p

    def agent(self, name, hub, logs=None, more=None, state=None,
              connect=None):
        """A registered agent.  more: {section: {key: value}}; connect: list
        of endpoints instead of the hub's own."""
        a = Agent(self, name, hub, logs, more or {}, state, connect)
        self.agents.append(a)
        return a

    # ---- the judge ----

    def stored(self):
        """How many events each login has in PostgreSQL."""
        return collections.Counter(dict(self.database.query(
            "SELECT login, count(*)::int FROM evidence JOIN event USING (id) "
            "GROUP BY login")))

    def remainders(self):
        """Rows of the conservation law that do not add up."""
        return [(view,) + row
                for view in ("agent_balance", "line_balance")
                for row in self.database.query(
                    "SELECT agent, remainder FROM %s WHERE remainder <> 0"
                    % view)]

    def wait_for(self, condition, seconds, stalled_s=20):
        """Waits for it while rows still come; False when it is not met."""
        seen, since = None, time.monotonic()
        end = since + seconds
        while time.monotonic() < end:
            if condition():
                return True
            now = self.database.one("SELECT count(*) FROM event")
            if now != seen:
                seen, since = now, time.monotonic()
            elif time.monotonic() - since > stalled_s:
                return False
            time.sleep(0.05)
        return condition()

    def wait_stored(self, count, seconds):
        """Waits for so many rows and a law without remainder; False when
        they do not come."""
        return self.wait_for(
            lambda: self.database.one("SELECT count(*) FROM event") >= count
            and not self.remainders(), seconds)

    def judge(self, truth, drain_s=60, since=None):
        """Waits until what is certain is stored and the law balances, then
        compares every login.  since: monotonic time of the last fault."""
        since = since or time.monotonic()
        self.wait_stored(sum(truth.certain.values()), drain_s)
        self.outcome.drain_s = time.monotonic() - since
        stored = self.stored()
        lost, doubled = truth.compare(stored)
        left = self.remainders()
        o = self.outcome
        o.lines += truth.lines
        o.stored += sum(stored.values())
        o.lost += len(lost)
        o.doubled += len(doubled)
        o.remainder += sum(abs(row[-1]) for row in left)
        for what, logins in (("lost", lost), ("doubled", doubled)):
            if logins:
                self.bad("%s: %s" % (what, " ".join(sorted(logins)[:8])))
        for row in left:
            self.bad("remainder: %s of %s: %d" % row)
        if left:
            self.note("balances: %s; outboxes with unacked: %s" % (
                self.database.query(
                    "SELECT * FROM agent_balance WHERE remainder <> 0"),
                self.database.query(
                    "SELECT encode(outbox, 'hex'), last_batch, lines, "
                    "emitted, repeated, unacked, gaps FROM agent_outbox "
                    "WHERE unacked <> 0")))
        aside = self.database.query(
            "SELECT why, count(*) FROM set_aside GROUP BY why")
        if aside:
            self.bad("set aside: %s" % aside)
        return lost, doubled

    def lines_read(self, at_least, seconds):
        """Waits for so many; how many there are.  A log that was rotated
        last of all has its next lines read a little later."""
        def read():
            return self.database.one(
                "SELECT coalesce(sum(lines), 0)::bigint FROM agent_outbox")
        self.wait_for(lambda: read() >= at_least, seconds)
        return read()

    def troubles(self):
        """What the programs said last, for a failure."""
        out = ["%s said: %s" % (a.name, a.tail(600)) for a in self.agents]
        for argv, tail in self.processes.tails():
            out.append("%s said: %s" % (argv, tail[-600:]))
        return out[:6]
