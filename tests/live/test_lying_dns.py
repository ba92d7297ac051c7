"""Protects the accused from DNS servers that lie or break: whatever they say, an
address gets its true contact or none, in time and in little memory."""
import pathlib
import re

import pytest

from conftest import program, wait_until
from lying_dns import LyingDns
from test_finder import children
from test_lookup import ZONE, add_events, no_bad_end, sources  # noqa: F401

TIMEOUT_MS, TRIES = 300, 2
# hub/lookup/asking.c: a batch of this size has 2 s, and finder one of grace
BATCH_SECONDS = 3
RISE_KB = 8192
# a closed connection takes other questions with it, and to newer c-ares an
# empty datagram is one: test_failure_is_not_nobody has them for themselves
APART = ("tc-closed", "empty-datagram")


@pytest.fixture(params=["127.0.0.1", "::1"])
def liar(hub, request):
    with LyingDns(ZONE, request.param) as server:
        hub.set("lookup", zone=ZONE, server=server.server, retry_first="60s",
                timeout_ms=TIMEOUT_MS, tries=TRIES)
        yield server


def peak_kb(pid):
    status = pathlib.Path("/proc/%d/status" % pid).read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


def has_asan():
    return b"__asan_init" in pathlib.Path(
        program("plaintiff-hub")).read_bytes()


def addresses_of(i):
    """Of each family one that is lied about and a good one."""
    return [("203.0.113.%d" % (i * 2 + 1), "203.0.113.%d" % (i * 2 + 2)),
            ("2001:db8:%x::1" % (i + 1), "2001:db8:%x::2" % (i + 1))]


def add_at_once(database, addresses):
    """In one batch for the stage."""
    database.query("BEGIN")
    add_events(database, addresses)
    database.query("COMMIT")


def test_no_lie_makes_a_contact(hub, database, liar):
    """Every mode for addresses of its own, with good ones between them: a
    contact is the true one or there is none."""
    modes = [m for m in liar.MODES if m not in APART]
    assert len(liar.MODES) >= 60
    lies, good = {}, []
    for i, mode in enumerate(modes):
        for lied, true in addresses_of(i):
            lies[lied] = mode
            liar.lie(lied, mode)
            good.append(true)
    stage = hub.start("lookup")
    add_at_once(database, ["198.51.100.1", "2001:db9::1"])
    wait_until(lambda: {s for s, _ in sources(database).values()} ==
               {"found"})
    finder, = children(stage.pid)
    before, liar.began = peak_kb(finder), None
    add_at_once(database, [*lies, *good])
    wait_until(lambda: database.one("SELECT count(*) FROM answer") ==
               2 + len(lies) + len(good))
    assert children(stage.pid) == [finder]
    got = sources(database)
    wrong = {a: (lies[a], got[a]) for a in lies
             if got[a] != (liar.MODES[lies[a]], liar.contact(a))}
    assert wrong == {}
    for address in good:
        assert got[address] == ("found", liar.truth(address)), address
    took = database.one("SELECT extract(epoch FROM max(asked))::float8"
                        " FROM answer") - liar.began
    assert took < BATCH_SECONDS
    assert stage.stderr.count("answers recorded") == 2
    assert peak_kb(finder) - before < RISE_KB or has_asan()
    assert_harmless(database)
    assert stage.stop() == 0


def assert_harmless(database):
    """Nothing that was said can hurt a reader or a header."""
    for said, in database.query("SELECT said FROM answer WHERE said <> ''"):
        assert all(ord(c) >= 0x20 and ord(c) != 0x7f for c in said), said
    for text, in database.query("SELECT mailbox || key FROM contact"):
        assert text.isascii() and text.isprintable() and " " not in text
