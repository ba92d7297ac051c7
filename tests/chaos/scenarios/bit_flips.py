"""a bit of the outbox turned over while the agent is down

Each event that arrives must say what its log line said; each that does not
must be declared: by the agent's words, by a gap, by an event set aside, or by
the conservation law."""
import collections
import contextlib
import re
import sqlite3
import time

from world import wait_until  # noqa: F401  makes tests/live importable

import outbox_file

LIMIT_S = (100, 3600)
EVENTS = 12


class Flips:
    def __init__(self, world, hub):
        self.world = world
        self.agent = world.agent(
            "mx1", hub, more={"outbox": {"max_size": "1M"}})
        self.healed = self.declared = 0
        self.words = collections.Counter()

    def write(self, k):
        """EVENTS lines of a log of their own: {login: what is to arrive}."""
        a = self.agent
        folder = a.folder / str(k)
        folder.mkdir()
        a.state, a.logs = folder / "state", [folder / "mail.log"]
        a.write()
        now = int(time.time())
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(now))
        lines, expected = [], {}
        for i in range(EVENTS):
            login, address = "f%d-%d" % (k, i), "203.0.113.%d" % (10 + i)
            port = 30000 + i
            message = ("warning: unknown[%s]:%d: SASL LOGIN authentication "
                       "failed: authentication failure, sasl_username=%s"
                       % (address, port, login))
            lines.append("%s mx1 postfix/smtpd[%d]: %s\n"
                         % (stamp, 100 + i, message))
            expected[login] = (address, port, "mx1", now, message)
        a.logs[0].write_text("".join(lines))
        return folder, expected

    def fill(self, live_wal):
        """Puts the lines into the outbox; live_wal: killed, so that they are
        in the write-ahead log; else that is empty, or what it has would hide
        what is done to the file."""
        a = self.agent
        if not live_wal:
            a.once(0)
            with contextlib.closing(sqlite3.connect(
                    a.state / "outbox.db")) as c:
                c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        away = a.write(a.folder / "away.conf", connect=["tcp://127.0.0.1:9"])
        a.start(conf=away)
        for _ in range(500):
            time.sleep(0.01)
            try:
                n = len(list(outbox_file.events(a.state / "outbox.db")))
            except sqlite3.Error:
                continue
            if n == EVENTS:
                break
        a.kill()

    def flip(self):
        """One bit; mostly one of those that mean something."""
        random = self.world.random
        path = self.agent.state / random.choice(
            ["outbox.db", "outbox.db", "outbox.db-wal"])
        if not path.exists():
            path = self.agent.state / "outbox.db"
        data = bytearray(path.read_bytes())
        if not data:
            return "nothing"
        at = random.randrange(len(data))
        events = [m.start() for m in re.finditer(rb"sasl_username=", data)]
        if events and random.randrange(2):
            # a row: its address lies ahead of its texts
            at = max(0, random.choice(events) - random.randrange(-40, 220))
        elif random.randrange(4):
            used = [i for i, b in enumerate(data) if b]
            at = random.choice(used) if used else at
        at = min(at, len(data) - 1)
        bit = random.randrange(8)
        data[at] ^= 1 << bit
        path.write_bytes(data)
        return "%s byte %d bit %d" % (path.name, at, bit)

    def turn(self, k):
        """One flip: what was flipped, expected, whether the agent spoke."""
        folder, expected = self.write(k)
        self.fill(k % 2 == 1)
        where = self.flip()
        mark = self.agent.said
        code = self.agent.once(5, check=False)
        said = self.agent.said_since(mark)
        for line in said.splitlines():
            if line.startswith(("<3>", "<4>")):
                self.words[line.split(": ")[1][:40]] += 1
        spoke = code != 0 or "<3>" in said or "<4>" in said
        if "corrupt" in said and code == 0:
            self.healed += 1
        for p in sorted(folder.rglob("*"), reverse=True):
            p.rmdir() if p.is_dir() else p.unlink()
        folder.rmdir()
        return where, expected, spoke


def arrived(world):
    """{login: (address, port, host, time, message)} of all rows, and rows of
    a login that came twice."""
    rows = world.database.query("""
        SELECT v.login, host(e.address), e.port, n.text,
            extract(epoch FROM e.time)::bigint, v.line, k.name, r.text
        FROM event e JOIN evidence v USING (id) JOIN name n ON n.name = e.host
        JOIN kind k ON k.kind = e.kind
        LEFT JOIN name r ON r.name = e.rule""")
    return [(r[0], r[1:6], r[6:]) for r in rows]


def run(world):
    count = 10000 if world.long else 60
    hub = world.hub()
    world.receive(hub)
    hub.start("tidy")
    flips = Flips(world, hub)
    tried = [flips.turn(k) for k in world.rounds(count, 20)]
    world.fault(len(tried))
    judge(world, flips, tried)


def judge(world, flips, tried):
    o = world.outcome
    expected = {login: what for _, e, _ in tried for login, what in e.items()}
    where = {login: w for w, e, _ in tried for login in e}
    rows = arrived(world)
    kinds = collections.Counter(r[2] for r in rows)
    usual = kinds.most_common(1)[0][0]
    seen = collections.Counter(r[0] for r in rows)
    for login, what, kind in rows:
        if expected.get(login) != what or kind != usual:
            o.doubled += 1
            world.bad("not what was written: %s %s %s, flipped %s" % (
                login, what, kind, where.get(login)))
    o.doubled += sum(n - 1 for n in seen.values())
    o.lines, o.stored = len(expected), len(rows)
    set_aside = world.database.one("SELECT count(*) FROM set_aside")
    left = sum(abs(r[-1]) for r in world.remainders())
    silent = 0
    for w, e, spoke in tried:
        missing = [x for x in e if x not in seen]
        flips.declared += len(missing) if spoke else 0
        if missing and not spoke:
            silent += len(missing)
            world.note("missing without a word of the agent: %d, flipped %s"
                       % (len(missing), w))
    o.lost = max(0, silent - set_aside - left)
    world.note("%d times the agent set the file aside and read again; events "
               "missing: %d declared by the agent, %d set aside by the hub, "
               "remainder %d" % (flips.healed, flips.declared, set_aside,
                                 left))
    world.note("said: %s" % ", ".join(
        "%s %d times" % w for w in flips.words.most_common(8)))
