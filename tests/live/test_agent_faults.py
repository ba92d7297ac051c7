"""Protects what the agent does when there is no room, when the disk fails and
when its outbox is damaged: nothing is lost that is not declared, to the
event."""
import os
import shutil
import signal
import struct
import subprocess
import time

import pytest
from agent_process import (agent, append, line, logins, pb,  # noqa: F401
                           scripted, users)
from conftest import program, wait_until


def rotate(log, keep):
    oldest = "%s.%d" % (log, keep)
    if os.path.exists(oldest):
        os.unlink(oldest)
    for i in range(keep - 1, 0, -1):
        if os.path.exists("%s.%d" % (log, i)):
            os.rename("%s.%d" % (log, i), "%s.%d" % (log, i + 1))
    os.rename(log, "%s.1" % log)


def settled(a, hub):
    s = a.status()
    return s["unacked"] == 0 and s["emitted"] == len(hub.events) + s["gaps"]


@pytest.mark.slow
def test_full_and_rotated_away_is_counted_to_the_event(agent):
    a = agent()
    a.more["max_size"] = "1M"
    a.more["grace"] = "0s"
    a.write()
    hub = a.hubs[0]
    hub.silent = True
    append(a.log, "".join(line(i, "198.51.100.%d" % (i % 7 + 1))
                          for i in range(9000)))
    p = a.start()
    wait_until(lambda: "the outbox is full" in p.stderr, 20)
    kept = a.status()["emitted"]
    assert 0 < kept < 9000
    # the hub stays away for two rotations of two kept files
    rotate(a.log, 2)
    append(a.log, "".join(line(i) for i in range(9000, 9500)))
    rotate(a.log, 2)
    append(a.log, line(9500))
    time.sleep(2)
    assert a.status()["gaps"] == 0      # it is full, but nothing is in danger
    rotate(a.log, 2)
    append(a.log, line(9501))
    wait_until(lambda: a.status()["gaps"] == 9000 - kept, 20)
    assert p.stderr.count("counted, not kept file=") == 1
    time.sleep(1.5)
    s = a.status()
    assert s["gaps"] == 9000 - kept     # no more than the file in danger
    assert sum(c["events"] for c in s["counted"]) == s["gaps"]
    assert len(s["counted"]) == 7
    hub.silent = False
    wait_until(lambda: settled(a, hub) and a.status()["lines"] == 9502, 60)
    assert "room again" in p.stderr
    assert logins(hub) == users(kept) | users(9502, 9000)
    wait_until(lambda: hub.counters.gaps == 9000 - kept)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own with little room."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs",
                           str(folder)], capture_output=True)
    if done.returncode != 0:
        pytest.skip("cannot mount a file system here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    try:
        with open(folder / "filler", "ab", buffering=0) as f:
            while f.write(b"\0" * 4096):
                pass
    except OSError:
        pass


@pytest.mark.slow
def test_full_disk_is_waited_for(agent, small_disk):
    a = agent()
    hub = a.hubs[0]
    shutil.move(str(a.state), str(small_disk / "state"))
    a.state = small_disk / "state"
    a.more["max_size"] = "64M"
    a.write()
    p = a.start()
    wait_until(lambda: "started" in p.stderr)
    n = 0
    for turn in range(5):
        hub.silent = True
        fill(small_disk)
        # more than what was set aside can hold
        append(a.log, "".join(line(i).replace("=user", "=" + "x" * 700 +
                                              "user")
                              for i in range(n, n + 9000)))
        n += 9000
        wait_until(lambda: p.stderr.count("reading stops") > turn, 30)
        assert p.running
        (small_disk / "filler").unlink()
        hub.silent = False
        wait_until(lambda: len(hub.events) == n, 60)
    wait_until(lambda: settled(a, hub), 20)
    assert a.status()["gaps"] == 0
    assert a.status()["lines"] == n
    # said again only after it went on
    assert p.stderr.count("reading stops") <= \
        p.stderr.count("reading goes on") + 1


@pytest.mark.parametrize("calls,error", [
    pytest.param("pwrite64", "ENOSPC", marks=pytest.mark.slow),
    pytest.param("fdatasync", "EIO", marks=pytest.mark.slow),
    pytest.param("pwrite64", "EIO", marks=pytest.mark.long),
    pytest.param("pread64", "EIO", marks=pytest.mark.long),
    pytest.param("ftruncate,fallocate", "ENOSPC", marks=pytest.mark.long)])
def test_failing_disk_loses_nothing(agent, processes, calls, error):
    a = agent()
    hub = a.hubs[0]
    p = processes.start("strace", "-D", "-f", "-o", "/dev/null", "-e",
                        "trace=%s" % calls, "-e",
                        "inject=%s:error=%s:when=40..1000+61" % (calls, error),
                        program("plaintiff-agent"), "run", "-c", a.conf,
                        # leaks cannot be looked for under strace
                        env=dict(os.environ, ASAN_OPTIONS=os.environ.get(
                            "ASAN_OPTIONS", "") + ":detect_leaks=0"))
    n = 0
    for _ in range(40):
        append(a.log, "".join(line(i) for i in range(n, n + 50)))
        n += 50
        time.sleep(0.1)
    wait_until(lambda: len(hub.events) == n or not p.running, 60)
    if not p.running:
        # it may end rather than go on; the next life does it all
        a.start()
        wait_until(lambda: len(hub.events) == n, 30)
    wait_until(lambda: settled(a, hub), 30)
    assert logins(hub) == users(n)


def corrupt(a):
    db = a.state / "outbox.db"
    bytes_ = bytearray(db.read_bytes())
    for at in range(4096, len(bytes_), 4096):
        bytes_[at:at + 64] = os.urandom(64)
    db.write_bytes(bytes_)
    (a.state / "outbox.db-wal").unlink(missing_ok=True)


def test_corrupt_outbox_reads_rotated_logs_again(agent):
    a = agent()
    hub = a.hubs[0]
    append(a.log, "".join(line(i) for i in range(300)))
    p = a.start()
    wait_until(lambda: settled(a, hub) and len(hub.events) == 300)
    hub.silent = True
    append(a.log, "".join(line(i) for i in range(300, 400)))
    wait_until(lambda: a.status()["unacked"] == 100)
    rotate(a.log, 9)
    subprocess.run(["gzip", "%s.1" % a.log], check=True)
    append(a.log, line(400))
    assert p.stop() == 0
    corrupt(a)
    # those that were not acknowledged were in it, and nowhere else
    hub.silent = False
    p = a.start()
    wait_until(lambda: logins(hub) == users(401), 20)
    assert "set aside as" in p.stderr
    assert a.status()["lines"] == 401


def test_flipped_bit_accuses_nobody(agent):
    """Through SQLite itself, as a bit in a row is no damage to its pages: in
    the address of the fourth event."""
    sqlite3 = pytest.importorskip("sqlite3")
    a = agent()
    hub = a.hubs[0]
    hub.silent = True
    append(a.log, "".join(line(i) for i in range(10)))
    p = a.start()
    wait_until(lambda: a.status()["unacked"] == 10)
    p.kill(signal.SIGKILL)
    with sqlite3.connect(a.state / "outbox.db") as db:
        last, n, ends, blob = db.execute(
            "SELECT last, events, ends, bytes FROM segment "
            "WHERE last >= 4 ORDER BY last LIMIT 1").fetchone()
        i = 4 - (last - n + 1)
        start = 0 if i == 0 else struct.unpack_from("=I", ends, i * 4 - 4)[0]
        at = blob.index(bytes([198, 51, 100, 7]), start)
        db.execute("UPDATE segment SET bytes = ? WHERE last = ?", (
            blob[:at] + bytes([199]) + blob[at + 1:], last))
    db.close()
    hub.silent = False
    p = a.start()
    wait_until(lambda: settled(a, hub))
    assert len(hub.events) == 9 and a.status()["gaps"] == 1
    assert {e.source for e in hub.events.values()} == \
        {bytes([198, 51, 100, 7])}
    assert "damaged and given up" in p.stderr


def test_patterns_take_files_that_appear_later(agent, tmp_path):
    logs = tmp_path / "var"
    logs.mkdir()
    a = agent(files=[logs / "*.log", logs / "mail.*"])
    a.more["grace"] = "0s"
    a.write()
    hub = a.hubs[0]
    append(logs / "a.log", line(0))
    # what rotation made is no log of its own
    append(logs / "a.log.1", line(1000))
    append(logs / "mail.info", line(1))
    append(logs / "mail.info-20261101", line(1001))
    append(logs / "mail.warn.2.gz", b"")
    p = a.start()
    wait_until(lambda: logins(hub) == users(2))
    append(logs / "b.log", line(2))
    wait_until(lambda: logins(hub) == users(3))
    os.rename(logs / "b.log", logs / "b.log.1")
    append(logs / "b.log", line(3))
    wait_until(lambda: logins(hub) == users(4))
    names = {s["file"] for s in a.status()["sources"]}
    assert names == {str(logs / n) for n in ("a.log", "b.log", "mail.info")}
    wait_until(lambda: a.status()["unacked"] == 0)
    assert p.stop() == 0
    append(logs / "b.log", line(4))
    a.start()
    wait_until(lambda: logins(hub) == users(5))
    assert max(hub.copies.values()) == 1


def test_status_says_where_and_what_is_lost(agent):
    a = agent()
    hub = a.hubs[0]
    a.more["grace"] = "0s"
    a.write()
    append(a.log, line(0))
    p = a.start()
    wait_until(lambda: len(hub.events) == 1)
    assert p.stop() == 0
    append(a.log, line(1))
    source = a.status()["sources"][0]
    assert source["live"] and source["unread"] == len(line(1))
    a.log.unlink()
    append(a.log, line(2))
    p = a.start()
    wait_until(lambda: logins(hub) == {"user0", "user2"})
    wait_until(lambda: a.status()["lost_places"] == 1)
    assert "lines may be lost" in p.stderr
    text = a.command("status").stdout
    assert "lost_places" in text and "lag" in text and "unread" in text


def test_reload_says_what_needs_a_restart(agent, tmp_path):
    a = agent()
    hub = a.hubs[0]
    p = a.start()
    append(a.log, line(0))
    wait_until(lambda: len(hub.events) == 1)
    a.more["max_size"] = "3M"
    a.write()
    key = a.state / "agent.key"
    text = a.conf.read_text().replace("state = %s" % a.state,
                                      "state = %s/other" % tmp_path)
    a.conf.write_text(text + "[key]\nfile = %s\n" % key)
    p.popen.send_signal(signal.SIGHUP)
    wait_until(lambda: "settings reloaded" in p.stderr)
    assert "agent.state needs a restart" in p.stderr
    append(a.log, line(1))
    wait_until(lambda: len(hub.events) == 2)
    a.write()
    used = a.status()
    assert used["emitted"] == 2
