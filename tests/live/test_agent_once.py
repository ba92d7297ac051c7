"""`run --once` reads what is there, once: the turn that fault tests repeat."""
import subprocess

from agent_process import (agent, append, line, logins, pb,  # noqa: F401
                           scripted, users)
from conftest import program


def once(a, seconds=None, **how):
    option = "--once" if seconds is None else "--once=%d" % seconds
    return subprocess.run([program("plaintiff-agent"), "run", "-c",
                           str(a.conf), option], text=True,
                          capture_output=True, timeout=60, **how)


def test_reads_sends_and_ends(agent):
    a = agent()
    append(a.log, "".join(line(i) for i in range(3000)) + "unfinished")
    assert once(a).returncode == 0
    assert logins(a.hubs[0]) == users(3000)
    # the hub knows the last counters too
    assert a.hubs[0].counters.lines == 3000
    assert a.hubs[0].counters.unacked == 0
    append(a.log, " line\n" + line(3000))
    assert once(a).returncode == 0
    assert logins(a.hubs[0]) == users(3001)
    assert set(a.hubs[0].copies.values()) == {1}
    s = a.status()
    assert (s["lines"], s["unparsable"], s["unacked"]) == (3002, 1, 0)


def test_nothing_to_read(agent):
    a = agent()
    assert once(a).returncode == 0
    assert a.status()["lines"] == 0


def test_without_connecting(agent):
    a = agent()
    append(a.log, line(1) + line(2))
    assert once(a, 0).returncode == 0
    assert a.hubs[0].hellos == 0
    assert a.status()["unacked"] == 2


def test_hub_away_is_a_temporary_failure(agent):
    a = agent()
    a.hubs[0].silent = True
    append(a.log, line(1))
    r = once(a, 1)
    assert r.returncode == 75
    assert "not everything was acknowledged" in r.stderr
    assert a.status()["unacked"] == 1


def test_standard_input(agent):
    a = agent(files=["-"])
    assert once(a, input=line(1) + line(2)[:-1]).returncode == 0
    assert logins(a.hubs[0]) == users(3, 1)


def test_seconds_are_checked(agent):
    a = agent()
    r = subprocess.run([program("plaintiff-agent"), "run", "-c", str(a.conf),
                        "--once=soon"], text=True, capture_output=True)
    assert r.returncode == 64 and "--once=soon" in r.stderr
