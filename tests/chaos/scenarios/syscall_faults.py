"""kill, EIO, ENOSPC, EINTR or a short count at every system call of one turn

A turn is `plaintiff-agent run --once`: start, read, commit, send, end; first
with a new outbox, then with one that has been used.  After each fault the
agent runs again undisturbed; each line must be in PostgreSQL once."""
import collections
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time

from cell import find_inject
from world import Truth, program

LIMIT_S = (120, 3600)
NEEDS = ("inject",)
FAULTS = ("kill", "eio", "enospc", "eintr", "short")
WORKERS = 2
TURN_S = 15


class Worker(threading.Thread):
    """Tries points from a shared queue with an agent of its own."""

    def __init__(self, world, agent, points):
        super().__init__()
        self.world, self.agent, self.points = world, agent, points
        self.truth = Truth()
        self.bad, self.hangs = [], []
        self.codes = collections.Counter()
        self.missed = self.remainder = 0

    def run(self):
        while self.points:
            try:
                point = self.points.pop()
            except IndexError:
                return
            try:
                self.try_point(*point)
            except Exception as e:  # noqa: BLE001
                self.bad.append("%s %s %d: %s" % (*point, e))
            if len(self.bad) > 20:
                return

    def write(self, log, name, first, last):
        """Lines first to last; one of them comes twice."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
        with open(log, "a") as f:
            for i in range(first, last):
                login = "%s-%d" % (name, i)
                copies = 2 if i == first + 1 else 1
                f.write((
                    "%s mx1 postfix/smtpd[7]: warning: unknown[203.0.113.9]:"
                    " SASL LOGIN authentication failed: authentication "
                    "failure, sasl_username=%s\n" % (stamp, login)) * copies)
                f.write("%s mx1 postfix/qmgr[9]: AB: removed\n" % stamp)
                self.truth.certain[login] += copies
                self.truth.lines += copies + 1

    def inject(self, number, fault):
        """One turn with a fault: (exit code, calls, which call was hit)."""
        r, w = os.pipe()

        def give_pipe():
            os.dup2(w, 3)
        with open(self.agent.folder / "stderr", "ab") as err:
            p = subprocess.Popen(
                [str(find_inject()), str(number), fault,
                 str(self.agent.conf), program("plaintiff-agent"), "run", "-c",
                 str(self.agent.conf), "--once=3"], stdin=subprocess.DEVNULL,
                stdout=err, stderr=err, preexec_fn=give_pipe, pass_fds=[3],
                start_new_session=True,
                env=dict(os.environ, ASAN_OPTIONS=os.environ.get(
                    "ASAN_OPTIONS", "") + ":detect_leaks=0"))
        os.close(w)
        try:
            code = p.wait(TURN_S)
        except subprocess.TimeoutExpired:
            # as a watchdog does
            os.killpg(p.pid, signal.SIGKILL)
            p.wait()
            code = "hangs"
        with open(r) as f:
            words = f.read().split()
        said = dict(zip(words[::2], map(int, words[1::2])))
        return code, said.get("calls"), said.get("hit", -1)

    def prepare(self, when, name):
        a = self.agent
        folder = pathlib.Path(a.folder / name)
        folder.mkdir()
        a.state, a.logs = folder / "state", [folder / "mail.log"]
        a.write()
        if when == "later":
            self.write(a.logs[0], name, 0, 3)
            a.once()
        self.write(a.logs[0], name, 3, 7)
        return folder

    def try_point(self, when, fault, number):
        name = "%s-%s-%d" % (when, fault, number)
        folder = self.prepare(when, name)
        code, _, hit = self.inject(number, fault)
        self.codes["%s %s" % (fault, code)] += 1
        self.missed += hit < 0
        if code == "hangs":
            self.hangs.append("%s (call %d)" % (name, hit))
        # it went where it must not, whatever failed
        if code in (139, 136, 135):
            self.bad.append("%s: exit %s, the kernel's call %d"
                            % (name, code, hit))
        self.agent.once()
        shutil.rmtree(folder)
        self.balance(name, hit)

    def balance(self, name, hit):
        """The law holds after each point, not only in the end."""
        now = self.world.database.one(
            "SELECT remainder FROM agent_balance WHERE agent = %s",
            self.agent.name)
        if now != self.remainder:
            self.bad.append("%s: remainder %+d, the kernel's call %d" % (
                name, now - self.remainder, hit))
            self.remainder = now


def run(world):
    hub = world.hub()
    world.receive(hub)
    hub.start("tidy")
    points = []
    # a small outbox: less room set aside, fewer calls alike
    workers = [Worker(world, world.agent(
        "mx%d" % n, hub, more={"outbox": {"max_size": "1M"}}), points)
        for n in range(WORKERS)]
    for when in ("first", "later"):
        for fault in FAULTS:
            # how many calls of that kind there are, if none fails
            n = count(workers[0], when, fault)
            points += [(when, fault, i) for i in range(1, n + 1)]
    total = len(points)
    if world.long:
        world.random.shuffle(points)
    else:
        points[:] = world.random.sample(points, 150)
    world.fault(len(points))
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    truth = Truth()
    codes = collections.Counter()
    for w in workers:
        truth += w.truth
        codes += w.codes
        for what in w.bad:
            world.bad(what)
        if w.hangs:
            world.note("ended after %d s, as a watchdog would: %s" % (
                TURN_S, ", ".join(w.hangs[:10])))
    world.judge(truth, 30)
    world.note("%d of %d points; %d came after the end" % (
        world.outcome.faults, total, sum(w.missed for w in workers)))
    world.note("exits: %s" % ", ".join(
        "%s %d times" % c for c in sorted(codes.items())))


def count(worker, when, fault):
    """Calls of an undisturbed turn: of the kind that can be short, or all."""
    folder = worker.prepare(when, "count-%s-%s" % (when, fault))
    number = 10 ** 9
    code, calls, _ = worker.inject(number, fault)
    assert code == 0, worker.agent.tail()
    worker.agent.once()
    shutil.rmtree(folder)
    return calls
