"""deliver killed at random, a proxy that breaks mails, a relay that puts off

Reports go through a real Postfix: connections are cut before and after the
final dot, 5 % of the answers to it are lost, 1 % hang, 10 % of the recipients
get a 4xx.  Judged by what Postfix delivered: each report once, and none left
unknown: its log tells."""
import collections
import pathlib
import re
import sys
import time

HERE = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE.parent / "live"))

import cell  # noqa: E402
import postfix_server  # noqa: E402
from postfix_server import PostfixServer  # noqa: E402
from smtp_proxy import SmtpProxy  # noqa: E402

LIMIT_S = (120, 3600)

# 10 % of all recipients are put off
SETTINGS = """\
smtpd_recipient_restrictions = check_recipient_access
 randmap:{{OK,OK,OK,OK,OK,OK,OK,OK,OK,DEFER}}, permit
default_process_limit = 40
notify_classes =
"""


def fill(database, n):
    """n contacts, each with a ready report of one mail."""
    database.query(
        "INSERT INTO contact (key, mailbox) SELECT m, m FROM (SELECT 'abuse@'"
        " || i || '.isp.example' AS m FROM generate_series(1, %s) i) s;"
        "INSERT INTO report (uuid, contact, state, upto, sources, events,"
        " first, last, recipient, subject) SELECT gen_random_uuid(), contact,"
        " 'ready', 1, 1, 1, now(), now(), mailbox, 's' FROM contact;"
        "INSERT INTO report_source SELECT report, '8.8.8.8', 1, now(),"
        " now(), report - 1, report FROM report;"
        "INSERT INTO report_mail (report, n, subject, message_id, mail)"
        " SELECT report, 1, 's', uuid || '@hub.example', convert_to("
        "'From: a@hub.example' || E'\\r\\nMessage-ID: <' || uuid ||"
        " E'@hub.example>\\r\\nSubject: s\\r\\n\\r\\n' ||"
        " repeat(E'a line of the report\\r\\n', 60), 'UTF8') FROM report",
        n)


def delivered(maildir):
    """How often each Message-ID came out of Postfix."""
    found = collections.Counter()
    for path in maildir.glob("all/new/*"):
        match = re.search(rb"^Message-ID: <(.*?)>", path.read_bytes(),
                          re.M | re.I)
        found[match.group(1).decode()] += 1
    return found


class Faults:
    def __init__(self, world):
        self.random = world.random
        self.on = True

    def __call__(self, n):
        at = self.random.random()
        if not self.on:
            return None
        for share, what in ((0.05, "lose"), (0.01, "hang"),
                            (0.02, "cut-early"), (0.02, "cut-before"),
                            (0.02, "cut-after")):
            if at < share:
                return what
            at -= share
        return None


def states(database):
    return dict(database.query(
        "SELECT state, count(*)::int FROM report GROUP BY 1"))


def kill_again_and_again(world, hub, kills, n):
    """Returns when all is sent, or the kills are done.  Some reports become
    ready before each, so that none finds everything sent."""
    for i in world.rounds(kills, 40):
        release(world, (i + 1) * n // kills)
        p = hub.start("deliver")
        world.pause(0.08, 0.8 if world.random.randrange(6) == 0 else 0.3)
        if not p.running:
            raise AssertionError("it ended by itself: " + p.stderr[-800:])
        p.kill()
        world.fault()
        hurry(world)
        if states(world.database).get("sent", 0) == n:
            return


def hurry(world):
    """What was put off may go at once: the back-off is minutes."""
    world.database.query("UPDATE report SET next_try = now(), tries = 0"
                         " WHERE next_try > now()")


def release(world, upto):
    world.database.query("UPDATE report SET state = 'ready'"
                         " WHERE state = 'held' AND report <= %s", upto)


def drain(world, hub, n, seconds):
    release(world, n)
    p = hub.start("deliver")
    end = time.monotonic() + seconds
    while time.monotonic() < end and states(world.database) != {"sent": n}:
        hurry(world)
        time.sleep(0.2)
    p.stop()


def judge(world, maildir, n):
    ours = [m for m, in world.database.query(
        "SELECT message_id FROM report_mail")]
    found, since = delivered(maildir), time.monotonic()
    while time.monotonic() - since < 6:
        time.sleep(0.5)
        more = delivered(maildir)
        if len(more) > len(found):
            since = time.monotonic()
        found = more
        if all(found[m] for m in ours):
            break
    o = world.outcome
    o.lines = len(ours)
    o.stored = sum(found[m] for m in ours)
    o.lost = sum(found[m] == 0 for m in ours)
    o.doubled = sum(found[m] - 1 for m in ours if found[m] > 1)
    left = states(world.database)
    left.pop("sent", None)
    o.remainder = world.database.one(
        "SELECT sum(remainder)::int FROM report_balance"
        " WHERE item LIKE '%%mails'")
    if left:
        world.bad("left: %s" % left)


def run(world):
    n, kills = (10000, 550) if world.long else (300, 20)
    if postfix_server.why_not():
        raise cell.Skip(postfix_server.why_not())
    maildir = world.folder / "mail"
    postfix = PostfixServer(world.folder / "postfix", deliver_to=maildir,
                            settings=SETTINGS)
    world.undo.enter_context(postfix)
    faults = Faults(world)
    proxy = SmtpProxy(postfix.port["smtp"], faults)
    world.undo.callback(proxy.close)
    hub = world.hub()
    hub.set("filter", unreportable="special")
    hub.set("deliver", live="yes", relay=proxy.url, timeout="5s",
            lost_after="1s", log=postfix.log, parallel=8)
    fill(world.database, n)
    world.database.query("UPDATE report SET state = 'held'")
    began = time.monotonic()
    kill_again_and_again(world, hub, kills, n)
    since = time.monotonic()
    # without kills, but with all other faults
    drain(world, hub, n, 1500 if world.long else 45)
    world.outcome.drain_s = time.monotonic() - since
    judge(world, maildir, n)
    world.fault(sum(proxy.faults.values()))
    world.note("%d kills in %.0f s; mails begun %d; %s" % (
        world.outcome.faults - sum(proxy.faults.values()), since - began,
        proxy.mails, dict(sorted(proxy.faults.items()))))
    said = "".join(p.stderr for p in world.processes.all)
    world.note("put off %d, unknown %d: receipts %d, shown to be lost %d" % (
        said.count("report put back"), said.count("report unknown"),
        said.count("receipt queue="), said.count("report lost")))
