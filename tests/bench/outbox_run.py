"""Times `plaintiff-agent run` from its start until every line of a log has
gone into the outbox, with a hub that does not answer."""
import signal
import sqlite3
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


def counters(outbox):
    with sqlite3.connect("file:%s?mode=ro" % outbox, uri=True) as db:
        return db.execute("SELECT lines, emitted, repeated FROM state"
                          ).fetchone() or (0, 0, 0)


def once(build, folder, log, lines, rules):
    """Seconds, and how many events were kept."""
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
            try:
                read = counters(next(state.glob("*.db"), state / "outbox.db"))
            except sqlite3.Error:
                read = (0, 0, 0)
            if read[0] >= lines:
                break
            if time.perf_counter() - start > PATIENCE_S:
                raise bench.Failure("run read %d of %d lines in %d s" % (
                    read[0], lines, PATIENCE_S))
            time.sleep(0.02)
        return time.perf_counter() - start, read[1]
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        said.close()
