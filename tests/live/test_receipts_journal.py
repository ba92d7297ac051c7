"""Protects the same as test_receipts.py where the relay logs to the systemd
journal: it tells what became of a mail, and nothing is guessed from a journal
that lacks entries."""
import pathlib
import re
import struct
import subprocess
import threading
import time

import pytest
from conftest import wait_until
from test_agent_journal import REMOTE, START_US, entry
from test_receipts import (FAULTS, all_sent, delivered, postfix,  # noqa: F401
                           proxy, put, rows, states)

pytestmark = pytest.mark.skipif(
    not pathlib.Path(REMOTE).exists(),
    reason="systemd-journal-remote is not installed")

TAIL_ENTRY_SEQNUM = 160  # in the header of a journal file
LINE = re.compile(rb"\w{3} [ \d]\d [\d:]{8} \S+ ([^ \[:]+)\[(\d+)\]: ")


class Feeder:
    """What Postfix logs to a file, into a journal, while it is on."""

    def __init__(self, log):
        self.log = log
        self.at = 0
        self.entries = 0
        self._off = threading.Event()
        self._remote = None

    def on(self, path):
        self._remote = subprocess.Popen([REMOTE, "-o", path, "-"],
                                        stdin=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self._off.clear()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while True:
            last = self._off.is_set()
            data = self.log.read_bytes()[self.at:]
            data = data[:data.rfind(b"\n") + 1]
            self.at += len(data)
            for line in data.splitlines():
                m = LINE.match(line)
                self._remote.stdin.write(entry(
                    self.entries, line[m.end():], SYSLOG_IDENTIFIER=m[1],
                    SYSLOG_PID=int(m[2])))
                self.entries += 1
            self._remote.stdin.flush()
            if last:
                return
            time.sleep(0.05)

    def off(self):
        if self._remote is None:
            return
        self._off.set()
        self._thread.join()
        self._remote.stdin.close()
        assert self._remote.wait(20) == 0
        self._remote = None


@pytest.fixture
def journal(tmp_path):
    folder = tmp_path / "journal"
    folder.mkdir()
    return folder


@pytest.fixture
def feeder(postfix):  # noqa: F811
    f = Feeder(postfix.log)
    yield f
    f.off()


@pytest.fixture
def live(hub, proxy, journal):  # noqa: F811
    hub.set("filter", unreportable=["special"])
    hub.set("deliver", live="yes", relay=proxy.url, hello="hub.example",
            timeout="5s", lost_after="1s", log="journal:%s" % journal)
    return hub


@pytest.mark.slow
def test_the_journal_tells(live, rows, proxy, postfix, feeder,  # noqa: F811
                           journal):
    feeder.on(journal / "a.journal")
    wait_until(lambda: (journal / "a.journal").exists())
    proxy.fault = FAULTS.get
    put(rows, 9)
    p = all_sent(live, rows, postfix, 9)
    assert sorted(proxy.faults) == sorted(FAULTS.values())
    assert p.stderr.count("report lost") == 3
    assert p.stderr.count("receipt queue=") == 2


def miss_one(path, since):
    """As if there had been one more entry just before that one."""
    data = path.read_bytes()
    changed = 0
    for n in range(since, since + 1000):
        old = struct.pack("<QQ", n + 1, START_US + n * 1000000)
        assert data.count(old) <= 1
        changed += data.count(old)
        data = data.replace(old, struct.pack(
            "<QQ", n + 2, START_US + n * 1000000))
    assert changed
    # and the number that the file goes on with
    tail, = struct.unpack_from("<Q", data, TAIL_ENTRY_SEQNUM)
    assert tail == since + changed
    path.write_bytes(data[:TAIL_ENTRY_SEQNUM] + struct.pack("<Q", tail + 1)
                     + data[TAIL_ENTRY_SEQNUM + 8:])


@pytest.mark.slow
@pytest.mark.parametrize("how", ["whole", "one is missing", "another"])
def test_entries_that_are_missing(live, rows, proxy, postfix,  # noqa: F811
                                  feeder, journal, how):
    """One mail was taken and one was not.  The first is seen in what there
    is of the journal; the second only where nothing of it is missing."""
    first = journal / "a.journal"
    feeder.on(first)
    feeder.off()
    live.set("deliver", lost_after="1h")
    proxy.fault = {1: "lose", 2: "cut-before"}.get
    put(rows, 2)
    before = feeder.entries
    live.once("deliver")
    assert states(rows) == {"unknown": 2}
    proxy.fault = lambda n: None
    if how == "one is missing":
        feeder.on(first)
        wait_until(lambda: feeder.entries > before)
        feeder.off()
        miss_one(first, before)
    feeder.on(journal / "b.journal" if how == "another" else first)
    live.set("deliver", lost_after="1s")
    if how == "whole":
        p = all_sent(live, rows, postfix, 2)
        assert p.stderr.count("report lost") == 1
    else:
        p = live.start("deliver")
        wait_until(lambda: states(rows).get("sent") == 1, 20)
        time.sleep(3.5)  # more looks at it, and a visit
        assert states(rows) == {"sent": 1, "unknown": 1}
        assert p.stop() == 0
    assert p.stderr.count("receipt queue=") == 1


def test_no_journal_there(live, rows, proxy, postfix):  # noqa: F811
    """It is said, and mails go all the same."""
    put(rows)
    p = live.once("deliver")
    assert states(rows) == {"sent": 1}
    assert "cannot read deliver.log journal:" in p.stderr
    wait_until(lambda: delivered(postfix, rows) == [1], 10)
