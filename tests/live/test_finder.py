"""Protects the wall between lookup and its finder: the child has the network and
nothing of the database, and whatever becomes of it, no question is lost."""
import contextlib
import os
import pathlib
import signal
import time

from conftest import program, wait_until
from test_lookup import add_events, liar, no_bad_end, sources  # noqa: F401


def children(pid):
    return [int(c) for c in pathlib.Path(
        "/proc/%d/task/%d/children" % (pid, pid)).read_text().split()]


def finder_of(stage):
    return wait_until(lambda: children(stage.pid), what="a finder")[0]


def test_finder_has_no_database(hub, database, liar):
    stage = hub.start("lookup")
    add_events(database, ["203.0.113.1"])
    database.query("NOTIFY plaintiff_events")
    wait_until(lambda: sources(database)["203.0.113.1"][0] == "found")
    proc = pathlib.Path("/proc/%d" % finder_of(stage))
    assert (proc / "environ").read_bytes() == b""
    command = (proc / "cmdline").read_bytes().split(b"\0")
    assert command[1:] == [b"finder", b""]
    fds = {int(f.name): os.readlink(f) for f in (proc / "fd").iterdir()}
    assert fds.pop(0) == fds.pop(1) == "/dev/null"
    assert fds.pop(2) == str(stage.log)
    assert fds.pop(3).startswith("socket:")
    # what is left it opened itself
    theirs = {os.readlink(f) for f in pathlib.Path(
        "/proc/%d/fd" % stage.pid).iterdir()}
    assert not {f for f in fds.values() if f.startswith("socket:")} & theirs
    assert {f for f in fds.values() if not f.startswith("socket:")} == {
        "anon_inode:[signalfd]"}
    # and nothing in its memory knows how to reach the database
    secret = database.connect.split("host=")[1].split()[0].encode()
    assert secret in memory(stage.pid)
    assert secret not in memory(int(proc.name))
    assert stage.stop() == 0


def memory(pid):
    out = []
    with open("/proc/%d/maps" % pid) as maps, \
            open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for span, mode in (line.split()[:2] for line in maps):
            first, last = (int(x, 16) for x in span.split("-"))
            if mode.startswith("rw") and last - first < 1 << 28:
                mem.seek(first)
                with contextlib.suppress(OSError):
                    out.append(mem.read(last - first))
    return b"".join(out)


def test_finder_by_hand_says_why(hub):
    p = hub.processes.start(program("plaintiff-hub"), "finder")
    assert p.popen.wait(10) == 64
    assert "started by lookup" in p.stderr


def test_killed_finder_is_replaced(hub, database, liar):
    liar.lie("203.0.113.1", "timeout")
    hub.set("lookup", timeout_ms="5000", tries="1")
    add_events(database, ["203.0.113.1"])
    stage = hub.start("lookup")
    wait_until(lambda: liar.asked)
    os.kill(finder_of(stage), signal.SIGKILL)
    wait_until(lambda: sources(database)["203.0.113.1"][0] == "failed")
    assert database.one("SELECT why FROM answer") == "finder ended"
    liar.lies.clear()
    wait_until(lambda: sources(database)["203.0.113.1"][0] == "found")
    assert stage.running and stage.stop() == 0


def test_killed_lookup_takes_its_finder_along(hub, database, liar):
    liar.lie("203.0.113.1", "timeout")
    hub.set("lookup", timeout_ms="5000", tries="1")
    add_events(database, ["203.0.113.1"])
    stage = hub.start("lookup")
    wait_until(lambda: liar.asked)
    finder = finder_of(stage)
    stage.kill()
    wait_until(lambda: not os.path.exists("/proc/%d" % finder) or
               " Z " in open("/proc/%d/stat" % finder).read())
    # the lease holds others off, then runs out
    liar.lies.clear()
    hub.once("lookup")
    assert sources(database)["203.0.113.1"] == ("new", None)
    database.query("UPDATE source SET lease_until = now()")
    hub.once("lookup")
    assert sources(database)["203.0.113.1"][0] == "found"


def test_stop_while_asking_gives_the_claim_back(hub, database, liar):
    liar.lie("203.0.113.1", "timeout")
    hub.set("lookup", timeout_ms="9000", tries="1")
    add_events(database, ["203.0.113.1"])
    stage = hub.start("lookup")
    wait_until(lambda: liar.asked)
    began = time.monotonic()
    assert stage.stop() == 0
    assert time.monotonic() - began < 3
    assert database.query("SELECT state, lease_until, tries FROM source") == [
        ("new", None, 0)]


def test_reload_reaches_the_finder(hub, database, liar):
    hub.set("lookup", server="127.0.0.1:9", tries="1")
    add_events(database, ["203.0.113.1"])
    stage = hub.start("lookup")
    wait_until(lambda: sources(database)["203.0.113.1"][0] == "failed")
    first = finder_of(stage)
    hub.set("lookup", server="127.0.0.1:%d" % liar.port)
    stage.kill(signal.SIGHUP)
    wait_until(lambda: sources(database)["203.0.113.1"][0] == "found")
    assert finder_of(stage) != first
    assert stage.stop() == 0


