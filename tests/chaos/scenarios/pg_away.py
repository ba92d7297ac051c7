"""PostgreSQL away: below the outbox's cap nothing is lost, at the cap exactly
what is declared

One agent has room for all that comes meanwhile.  The other has little, and
its log's rotation keeps two old files only: what it cannot keep it has to
declare, to the event.  The long form writes what an hour brings."""
import time

from load import Load
from world import Truth

LIMIT_S = (150, 1500)


def run(world):
    away_s, lines = (300, 300000) if world.long else (12, 36000)
    hub = world.hub()
    world.receive(hub)
    hub.start("tidy")
    roomy = world.agent("roomy", hub)
    tight = world.agent("tight", hub, more={"outbox": {"max_size": "2M"}})
    loads = {a.name: Load(world, [("rename", a.logs[0])], host=a.name,
                          rate=lines // away_s, lines=lines, every=2,
                          rotate=lines // 9, keep=2)
             for a in (roomy, tight)}
    for a in (roomy, tight):
        a.start()
    world.wait_stored(100, 10)
    world.cluster.stop("immediate")
    world.fault()
    for load in loads.values():
        load.popen.wait(away_s + 120)
    world.pause(3)
    since = time.monotonic()
    world.cluster.start()
    truths = {name: load.stop() for name, load in loads.items()}
    truth = Truth()
    for t in truths.values():
        truth += t
    judge(world, truth, truths, since)


def judge(world, truth, truths, since):
    """As world.judge, but what was declared as a gap is no loss."""
    def gaps():
        return dict(world.database.query(
            "SELECT name, sum(gaps)::int FROM agent_outbox JOIN agent "
            "USING (agent) GROUP BY name"))
    wanted = sum(truth.certain.values())
    world.wait_for(lambda: world.database.one("SELECT count(*) FROM event")
                   + sum(gaps().values()) >= wanted
                   and not world.remainders(), 60)
    world.outcome.drain_s = time.monotonic() - since
    stored, declared = world.stored(), gaps()
    o = world.outcome
    o.lines, o.stored = truth.lines, sum(stored.values())
    for name, t in truths.items():
        lost = len(list((t.certain - stored).elements()))
        world.note("%s: %d events written, %d lost, %d declared" % (
            name, sum(t.certain.values()), lost, declared[name]))
        if lost != declared[name]:
            o.lost += abs(lost - declared[name])
            world.bad("%s: lost %d, declared %d"
                      % (name, lost, declared[name]))
    if declared["roomy"]:
        world.bad("an agent with room declared a gap")
    o.doubled = len(list((stored - truth.certain).elements()))
    o.remainder = sum(abs(r[-1]) for r in world.remainders())
