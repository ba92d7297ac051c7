"""Protects when and where an event was, for logs that say only half of it:
files of several zones, and files that name no host."""
import socket

from agent_process import (agent, append, line, pb, scripted)  # noqa: F401
from conftest import wait_until


def set_zones(a, *zones):
    a.conf.write_text(a.conf.read_text().replace(
        "[source]\n", "[source]\n" + "".join("zone_of = %s\n" % z
                                             for z in zones)))


def test_a_zone_for_each_file(agent, tmp_path):
    files = [tmp_path / n for n in ("mail.log", "remote-1.log", "tokyo.log")]
    a = agent(files=files)
    set_zones(a, "%s/remote-*.log America/New_York" % tmp_path,
              "%s   Asia/Tokyo" % files[2])
    for i, f in enumerate(files):
        append(f, line(i))
    a.start()
    hub = a.hubs[0]
    wait_until(lambda: len(hub.events) == 3)
    time = {e.login: e.time_us // 1000000 % 86400
            for e in hub.events.values()}
    assert time == {b"user0": 0, b"user1": 1 + 4 * 3600,
                    b"user2": 2 + (24 - 9) * 3600}


def test_bad_zones_are_refused(agent, tmp_path):
    a = agent()
    a.conf.write_text(a.conf.read_text())
    set_zones(a, "%s Europe/Nowhere" % a.log)
    p = a.command("-t", check=False)
    assert p.returncode == 78
    assert "source.zone_of: Europe/Nowhere: no such zone" in p.stderr
    a.write()
    set_zones(a, str(a.log))
    p = a.command("-t", check=False)
    assert p.returncode == 78
    assert "is not a file and a zone" in p.stderr


def test_a_line_without_a_host_is_ours(agent):
    a = agent()
    text = line(7).replace(" mx1 ", " ")
    append(a.log, text)
    a.start()
    hub = a.hubs[0]
    wait_until(lambda: len(hub.events) == 1)
    e, = hub.events.values()
    assert e.host.decode() == socket.gethostname()
    assert e.time_us // 1000000 % 86400 == 7
