"""Times `plaintiff-agent run` from its start until every line of a log has
gone into the outbox, with a hub that does not answer."""
import signal
import sqlite3
import struct
import subprocess
import time

import bench

CONF = """[agent]
state = {state}
[hub]
connect = tcp://127.0.0.1:9
key = {hub}
[source]
file = {log}
zone = UTC
[outbox]
max_size = 20G
[filter]
unreportable = 127.0.0.0/8
[rules]
folder = {rules}
"""
# a Z85 public key that nobody has: nothing listens at that port
NOBODY = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
PATIENCE_S = 600
KIND_AT = 46


def ask(outbox, sql):
    with sqlite3.connect("file:%s?mode=ro" % outbox, uri=True) as db:
        return (db.execute(sql).fetchone() or (0,))[0]


def count(outbox):
    """Events but for those about ourselves: kinds from 13 on (proto/kind.h).
    The byte of the kind in each (agent/outbox_event.c), since to unpack all
    would take longer than to write them."""
    n = 0
    with sqlite3.connect("file:%s?mode=ro" % outbox, uri=True) as db:
        for ends, blob in db.execute("SELECT ends, bytes FROM segment"):
            starts = (0, *(e for e, in struct.iter_unpack("=I", ends)))[:-1]
            n += sum(blob[at + KIND_AT] < 13 for at in starts)
    return n


def once(build, folder, log, lines, rules):
    """Seconds, and how many events were kept that scan shows: the first login
    of a user in an hour is an event, too, and costs as much."""
    state = folder / ("state-%d" % time.monotonic_ns())
    conf = folder / "agent.conf"
    conf.write_text(CONF.format(state=state, hub=NOBODY, log=log, rules=rules))
    agent = str(build / "agent" / "plaintiff-agent")
    bench.run([agent, "key", "-c", conf])
    said = open(folder / "agent.log", "wb")
    start = time.perf_counter()
    child = subprocess.Popen([agent, "run", "-c", str(conf)], stderr=said,
                             stdout=said)
    try:
        while True:
            if child.poll() is not None:
                raise bench.Failure("run ended: " + (
                    folder / "agent.log").read_text()[-2000:])
            outbox = next(state.glob("*.db"), state / "outbox.db")
            try:
                read = ask(outbox, "SELECT lines FROM state")
            except sqlite3.Error:
                read = 0
            if read >= lines:
                break
            if time.perf_counter() - start > PATIENCE_S:
                raise bench.Failure("run read %d of %d lines in %d s" % (
                    read, lines, PATIENCE_S))
            time.sleep(0.02)
        took = time.perf_counter() - start
        return took, count(outbox)
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        said.close()
