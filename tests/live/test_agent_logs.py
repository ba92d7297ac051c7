"""Protects custody between log and outbox: no line is lost nor given twice
through rotation of every kind and kill -9 at any moment."""
import os
import signal
import socket
import time

import pytest

from agent_process import (agent, append, line, logins, pb,  # noqa: F401
                           scripted, users)
from conftest import wait_until


def rotate(log, keep=5):
    for i in range(keep, 0, -1):
        old = "%s.%d" % (log, i)
        if os.path.exists(old):
            os.rename(old, "%s.%d" % (log, i + 1))
    os.rename(log, "%s.1" % log)


def test_rotation_by_renaming(agent):
    a = agent()
    hub = a.hubs[0]
    append(a.log, line(0))
    a.start()
    wait_until(lambda: len(hub.events) == 1)
    writer = open(a.log, "a")
    rotate(a.log)
    append(a.log, line(2))
    # the writer has not let go of the old file yet
    writer.write(line(1))
    writer.close()
    wait_until(lambda: logins(hub) == users(3))
    assert max(hub.copies.values()) == 1


def test_rotation_while_stopped(agent):
    a = agent()
    hub = a.hubs[0]
    append(a.log, line(0))
    p = a.start()
    wait_until(lambda: len(hub.events) == 1)
    # unacknowledged, it is sent again by right
    wait_until(lambda: a.status()["unacked"] == 0)
    assert p.stop() == 0
    append(a.log, line(1))
    for n in (2, 3, 4):
        rotate(a.log)
        append(a.log, line(n))
    a.start()
    wait_until(lambda: logins(hub) == users(5), 20)
    wait_until(lambda: a.status()["unacked"] == 0)
    assert a.status()["lines"] == 5
    assert max(hub.copies.values()) == 1


def test_copying_and_truncating(agent):
    a = agent()
    hub = a.hubs[0]
    append(a.log, line(0))
    p = a.start()
    wait_until(lambda: len(hub.events) == 1)
    os.kill(p.pid, signal.SIGSTOP)
    append(a.log, line(1))
    with open("%s.1" % a.log, "wb") as f:
        f.write(a.log.read_bytes())
    os.truncate(a.log, 0)
    # longer than before: only the bytes tell that it is another file
    append(a.log, "".join(line(i) for i in range(2, 9)))
    os.kill(p.pid, signal.SIGCONT)
    wait_until(lambda: logins(hub) == users(9), 20)
    assert a.status()["lines"] == 9


SMTPD = "Nov  1 00:00:%02d mx1 smtpd[84]: %s smtp %s\n"


def test_a_session_survives_a_kill(agent):
    """The line that names the client, kill -9, the line of the failure."""
    a = agent()
    hub = a.hubs[0]
    append(a.log, SMTPD % (1, "1c2de51070a980a8", "connected "
                           "address=198.51.100.7 host=<unknown>"))
    append(a.log, SMTPD % (1, "1c2de5118c5f0694", "connected "
                           "address=198.51.100.8 host=<unknown>"))
    p = a.start()
    wait_until(lambda: a.status()["lines"] == 2)
    p.kill()
    append(a.log, SMTPD % (2, "1c2de5118c5f0694", "authentication "
                           "user=user1 result=permfail"))
    append(a.log, SMTPD % (2, "1c2de51070a980a8", "authentication "
                           "user=user0 result=permfail"))
    append(a.log, SMTPD % (2, "1c2de50000000000", "authentication "
                           "user=user2 result=permfail"))
    a.start()
    wait_until(lambda: logins(hub) == users(2))
    wait_until(lambda: a.status()["lines"] == 5)
    assert {(e.login, e.source) for e in hub.events.values()} == {
        (b"user0", socket.inet_aton("198.51.100.7")),
        (b"user1", socket.inet_aton("198.51.100.8"))}


def kill_loop(a, seconds, kills_a_second, write, rotate_every):
    """Writes, rotates and kills -9 for so long; returns kills, rotations."""
    end = time.monotonic() + seconds
    kills = rotations = 0
    p = a.start()
    next_kill = time.monotonic() + 1 / kills_a_second
    next_rotate = time.monotonic() + rotate_every
    while time.monotonic() < end:
        write()
        now = time.monotonic()
        if now >= next_rotate:
            rotate(a.log, keep=100)
            rotations += 1
            next_rotate = now + rotate_every
        if now >= next_kill:
            p.kill()
            kills += 1
            p = a.start()
            next_kill = now + 1 / kills_a_second
        time.sleep(0.002)
    return p, kills, rotations


@pytest.mark.slow
def test_killed_again_and_again_while_lines_are_written(agent):
    a = agent()
    hub = a.hubs[0]
    a.more["grace"] = "1s"
    count = 0

    def write():
        nonlocal count
        text = "".join(line(i) for i in range(count, count + 5))
        count += 5
        # cut anywhere: a writer's write is no line
        append(a.log, text[:37])
        append(a.log, text[37:])

    write()
    p, kills, rotations = kill_loop(a, 12, 5, write, 2.5)
    assert kills > 30 and rotations >= 3
    wait_until(lambda: len(hub.events) >= count, 60)
    wait_until(lambda: a.status()["unacked"] == 0)
    assert p.stop() == 0
    assert logins(hub) == users(count)
    assert len(hub.events) == count         # none with two ids
    assert a.status()["emitted"] == count   # none committed twice
    assert a.status()["lines"] == count
