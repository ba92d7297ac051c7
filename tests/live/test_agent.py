"""Protects custody between agent and hub: every log line that accuses
somebody reaches the hub, whatever is lost, refused or full on the way, and is
one event however often it was sent."""
import os
import signal
import socket
import time

import pytest
from agent_process import (agent, append, line, logins, pb,  # noqa: F401
                           scripted, users)
from conftest import free_port, wait_until
from scripted_hub import MALFORMED, QUOTA, REVOKED, VERSION


def test_lines_become_events(agent):
    a = agent()
    hub = a.hubs[0]
    append(a.log, line(0) + "Nov  1 00:00:00 mx1 postfix/smtpd[1]: connect "
           "from x[198.51.100.7]\nno header\n" + line(1, "2001:db8:1::7"))
    p = a.start()
    wait_until(lambda: len(hub.events) == 2)
    e = sorted(hub.events.values(), key=lambda e: e.time_us)
    assert e[0].source == bytes([198, 51, 100, 7])
    assert e[0].local == bytes([192, 0, 2, 25])
    assert e[1].local == socket.inet_pton(socket.AF_INET6, "2001:db8::25")
    assert e[0].local_port == 26    # 25, plus one
    assert (e[0].host, e[0].program) == (b"mx1", b"postfix/smtpd")
    assert hub.hello.address[0] == bytes([192, 0, 2, 25])
    wait_until(lambda: a.status()["unacked"] == 0)
    s = a.status()
    assert (s["lines"], s["emitted"], s["ignored"], s["unparsable"]) == \
        (4, 2, 1, 1)
    append(a.log, line(2)[:-1])     # unfinished
    time.sleep(0.6)
    assert len(hub.events) == 2
    append(a.log, "\n")
    wait_until(lambda: len(hub.events) == 3)
    assert p.stop() == 0
    # the unfinished line was given whole, once
    assert logins(hub) == users(3)
    assert max(hub.copies.values()) == 1


def test_unreportable_addresses_stay_here(agent):
    a = agent()
    a.more["unreportable"] = "special"
    a.write()
    append(a.log, line(0, "198.51.100.7") + line(1, "10.1.2.3") +
           line(2, "192.0.2.25") + line(3, "::ffff:10.1.2.3") +
           line(4, "9.9.9.9"))
    a.start()
    wait_until(lambda: a.status()["lines"] == 5)
    wait_until(lambda: len(a.hubs[0].events) == 1)
    s = a.status()
    assert (s["unreportable"], s["emitted"]) == (4, 1)


def test_standard_input_ends_when_all_is_acknowledged(agent):
    a = agent(files=["-"])
    hub = a.hubs[0]
    hub.silent = True
    r, w = os.pipe()
    p = a.start(stdin=r)
    os.close(r)
    for i in range(3000):
        os.write(w, line(i).encode())
    os.write(w, line(3000)[:-1].encode())   # the last without LF
    os.close(w)
    wait_until(lambda: a.status()["unacked"] == 3001)
    assert p.running
    hub.silent = False
    assert p.popen.wait(30) == 0
    assert logins(hub) == users(3001)
    # the hub was told that nothing is left
    assert (hub.counters.emitted, hub.counters.unacked) == (3001, 0)
    # the same stream again: nothing new
    with open(a.folder / "again", "w") as f:
        f.write("".join(line(i) for i in range(3001)))
    before = len(hub.events)
    with open(a.folder / "again") as f:
        assert a.start(stdin=f).popen.wait(30) == 0
    assert len(hub.events) == before


@pytest.mark.slow
def test_a_batch_is_sent_again_until_acknowledged(agent):
    a = agent()
    hub = a.hubs[0]
    hub.lose_acks = 3
    append(a.log, "".join(line(i) for i in range(50)))
    a.start()
    wait_until(lambda: hub.events and a.status()["unacked"] == 0, 30)
    assert logins(hub) == users(50)
    assert max(hub.copies.values()) >= 2   # it was needed
    assert hub.hellos >= 2                 # on a fresh connection


def test_busy_hub_is_waited_for(agent):
    a = agent()
    hub = a.hubs[0]
    hub.busy = 5
    append(a.log, "".join(line(i) for i in range(700)))
    p = a.start()
    wait_until(lambda: len(hub.events) == 700, 20)
    wait_until(lambda: a.status()["unacked"] == 0)
    assert hub.busy == 0
    assert "the hub is busy" in p.stderr
    assert hub.hellos == 1
    hub.nak = QUOTA
    append(a.log, line(700))
    wait_until(lambda: "limiting this agent" in p.stderr)
    hub.nak = None
    wait_until(lambda: len(hub.events) == 701)


def test_silent_hub_is_left_for_the_next(agent, scripted):
    """The order is the key's: each is left for the other."""
    one = scripted()
    two = scripted(keys=(one.public, one.secret))
    a = agent(one, two)
    p = a.start()
    wait_until(lambda: "connected hub=" in p.stderr)
    first, second = (one, two) if one.hellos else (two, one)
    append(a.log, line(0))
    wait_until(lambda: len(first.events) == 1)
    assert not second.hellos
    first.silent = True
    append(a.log, line(1))
    wait_until(lambda: "user1" in logins(second), 30)
    assert "no acknowledgement from hub=%s" % first.endpoint in p.stderr
    assert "next hub=%s" % second.endpoint in p.stderr


def test_hub_that_starts_later(agent, scripted):
    keys = scripted()
    port = free_port()
    a = agent("tcp://127.0.0.1:%d" % port, key=keys.public.decode())
    append(a.log, line(0))
    p = a.start()
    wait_until(lambda: "no welcome" in p.stderr)
    assert a.status()["unacked"] == 1
    hub = scripted(port, keys=(keys.public, keys.secret))
    wait_until(lambda: len(hub.events) == 1, 20)
    # and one that is restarted
    hub.end()
    append(a.log, line(1))
    hub = scripted(port, keys=(keys.public, keys.secret))
    # it knows nothing, so what the first one acknowledged comes too
    wait_until(lambda: logins(hub) == users(2), 20)
    assert p.stderr.count("no welcome") <= 2    # said, not repeated


def test_wrong_hub_key_is_named(agent, scripted):
    hub = scripted()
    a = agent(hub, key=scripted().public.decode())
    append(a.log, line(0))
    p = a.start()
    wait_until(lambda: "no CURVE handshake" in p.stderr, 20)
    time.sleep(2)
    assert p.stderr.count("no CURVE handshake") == 1
    assert not hub.events and a.status()["unacked"] == 1


def test_refused_key_is_named(agent):
    a = agent()
    hub = a.hubs[0]
    hub.known = set()
    append(a.log, line(0))
    p = a.start()
    wait_until(lambda: "refused this key" in p.stderr, 20)
    assert "plaintiff agent add NAME " + a.public in p.stderr
    assert not hub.events and a.status()["unacked"] == 1
    hub.known = {a.public.encode()}
    wait_until(lambda: len(hub.events) == 1, 20)


@pytest.mark.parametrize("reason,words", [
    (REVOKED, "key was revoked"), (VERSION, "another version")])
def test_revoked_keeps_everything(agent, reason, words):
    a = agent()
    a.hubs[0].nak_hello = reason
    append(a.log, line(0))
    p = a.start()
    wait_until(lambda: words in p.stderr)
    append(a.log, line(1))
    wait_until(lambda: a.status()["unacked"] == 2)
    assert not a.hubs[0].events
    assert p.stop() == 0


def test_malformed_batch_is_not_sent_again(agent):
    a = agent()
    hub = a.hubs[0]
    hub.nak = MALFORMED
    append(a.log, line(0))
    p = a.start()
    wait_until(lambda: "set a batch aside" in p.stderr)
    append(a.log, line(1))
    wait_until(lambda: len(hub.events) == 1)
    assert logins(hub) == {"user1"}
    wait_until(lambda: a.status()["unacked"] == 0)


def test_too_big_is_halved(agent):
    a = agent()
    hub = a.hubs[0]
    hub.most = 37
    append(a.log, "".join(line(i) for i in range(400)))
    a.start()
    wait_until(lambda: len(hub.events) == 400, 20)
    wait_until(lambda: a.status()["unacked"] == 0)
    # soon after, not only at the next ping
    wait_until(lambda: hub.counters.unacked == 0, 5)
    assert a.status()["gaps"] == 0


def test_frames_stay_within_the_limit(agent):
    a = agent()
    hub = a.hubs[0]
    hub.silent = True
    append(a.log, "".join(line(i).replace("=user", "=" + "x" * 700)
                          for i in range(3000)))
    a.start()
    wait_until(lambda: a.status()["unacked"] == 3000, 30)
    hub.silent = False
    wait_until(lambda: len(hub.events) == 3000, 30)
    assert 64 * 1024 < hub.largest <= 256 * 1024


def test_restored_database_is_filled_again(agent):
    a = agent()
    hub = a.hubs[0]
    append(a.log, "".join(line(i) for i in range(20)))
    p = a.start()
    wait_until(lambda: len(hub.events) == 20 and a.status()["unacked"] == 0)
    assert p.stop() == 0
    hub.events.clear()
    hub.last_batch = 0
    p = a.start()
    wait_until(lambda: len(hub.events) == 20)
    assert "database is older" in p.stderr
    assert logins(hub) == users(20)


def test_missing_log_is_said_once_and_the_others_go_on(agent, tmp_path):
    other = tmp_path / "other.log"
    folder = tmp_path / "folder.log"
    folder.mkdir()
    link = tmp_path / "link.log"
    link.symlink_to(other)
    fifo = tmp_path / "fifo.log"
    os.mkfifo(fifo)
    a = agent(files=[tmp_path / "mail.log", other, folder, link, fifo])
    append(other, line(0))
    p = a.start()
    wait_until(lambda: len(a.hubs[0].events) == 1)
    time.sleep(1.5)
    for words in ("mail.log: No such file", "folder.log: it is a folder",
                  "link.log: it is a symbolic link",
                  "fifo.log: it is a FIFO"):
        assert p.stderr.count(words) == 1, words
    append(a.log, line(1))
    wait_until(lambda: len(a.hubs[0].events) == 2)
    assert "readable again" in p.stderr


def test_hostile_bytes_are_lines_like_others(agent):
    a = agent()
    hub = a.hubs[0]
    append(a.log, b"Nov  1 00:00:00 mx1 postfix/smtpd[1]: " + b"x" * 1000000 +
           b"\n" + b"\0\n" + b"\xff\xfe\n" +
           line(0).replace("user0", "us\u2028er\x1b[2J").encode() +
           line(1).encode())
    p = a.start()
    wait_until(lambda: len(hub.events) == 2)
    wait_until(lambda: a.status()["lines"] == 5)
    assert p.running


@pytest.mark.slow
def test_full_outbox_stops_reading_and_goes_on(agent):
    a = agent()
    a.more["max_size"] = "1M"
    a.write()
    hub = a.hubs[0]
    hub.silent = True
    append(a.log, "".join(line(i) for i in range(9000)))
    p = a.start()
    wait_until(lambda: "the outbox is full" in p.stderr, 20)
    s = a.status()
    assert 0 < s["emitted"] < 9000 and s["bytes"] <= s["most_bytes"]
    hub.silent = False
    wait_until(lambda: len(hub.events) == 9000, 60)
    assert "reading goes on" in p.stderr
    assert logins(hub) == users(9000)


def test_corrupt_outbox_is_set_aside(agent):
    a = agent()
    hub = a.hubs[0]
    append(a.log, "".join(line(i) for i in range(300)))
    p = a.start()
    wait_until(lambda: len(hub.events) == 300 and a.status()["unacked"] == 0)
    assert p.stop() == 0
    first = a.status()["outbox"]
    db = a.state / "outbox.db"
    bytes_ = bytearray(db.read_bytes())
    for at in range(4096, len(bytes_), 4096):
        bytes_[at:at + 64] = os.urandom(64)
    db.write_bytes(bytes_)
    (a.state / "outbox.db-wal").unlink(missing_ok=True)
    p = a.start()
    wait_until(lambda: "set aside as" in p.stderr)
    wait_until(lambda: a.status()["lines"] == 300)
    assert a.status()["outbox"] != first
    # read again, known again: nobody is counted twice
    wait_until(lambda: min(hub.copies.values()) == 2)
    assert len(hub.events) == 300


def test_second_agent_on_one_state_is_refused(agent):
    a = agent()
    p = a.start()
    wait_until(lambda: "started" in p.stderr)
    second = a.start()
    assert second.popen.wait(10) == 73
    assert "another plaintiff-agent runs" in second.stderr
    assert p.running


def test_reload_takes_new_settings_or_keeps_the_old(agent, tmp_path):
    other = tmp_path / "other.log"
    a = agent()
    hub = a.hubs[0]
    append(a.log, line(0))
    append(other, line(1))
    p = a.start()
    wait_until(lambda: len(hub.events) == 1)
    good = a.conf.read_text()
    a.conf.write_text(good.replace("[source]", "[source]\nfil = /x"))
    p.popen.send_signal(signal.SIGHUP)
    wait_until(lambda: "reload refused" in p.stderr)
    assert 'did you mean "file"' in p.stderr
    append(a.log, line(2))
    wait_until(lambda: len(hub.events) == 2)
    a.files.append(other)
    a.write()
    wait_until(lambda: a.status()["unacked"] == 0)
    p.popen.send_signal(signal.SIGHUP)
    wait_until(lambda: logins(hub) == users(3))
    assert max(hub.copies.values()) == 1
    assert p.stop() == 0


def test_check_says_what_is_wrong(agent):
    a = agent()
    done = a.command("-t", check=False)
    assert done.returncode == 78 and "No such file" in done.stderr
    append(a.log, "")
    assert a.command("-t").returncode == 0
    os.chmod(a.state / "agent.key", 0o640)
    done = a.command("run", "-t", check=False)
    assert done.returncode == 78 and "chmod 600" in done.stderr
    a.conf.write_text("[agnt]\n[hub]\nconnect = tcp://x\n")
    done = a.command("-t", check=False)
    assert done.returncode == 78
    assert '%s:1: unknown section "agnt"; did you mean "agent"?' % a.conf \
        in done.stderr


def test_systemd_is_told(agent, tmp_path):
    a = agent()
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(path)
        s.settimeout(10)
        p = a.start(env=dict(os.environ, NOTIFY_SOCKET=path,
                             WATCHDOG_USEC="400000"))
        assert s.recv(100) == b"READY=1"
        assert s.recv(100) == b"WATCHDOG=1"
        p.kill(signal.SIGTERM)
        while s.recv(100) != b"STOPPING=1":
            pass
    assert p.popen.wait(10) == 0
