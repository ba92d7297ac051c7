"""Protects what bounces and answers are taken for: real ones of Debian's mail
servers (bounces/, made by make_bounces.py, where the provoked cause is the
truth), and answers and foreign bounces in known forms, four languages
(answers/).  All of them go through the stage, each to a report of its own."""
import pathlib

import pytest

import bounce_mtas
import make_bounces
from bounce_world import World
from conftest import BUILD
from rows import Rows

HERE = pathlib.Path(__file__).parent
BOUNCES = ("hard", "soft", "policy", "delayed", "relayed")


@pytest.fixture
def world(hub, database):
    return World(hub, Rows(database))


class Case:
    def __init__(self, name, text):
        head, self.text = text.split("\n", 1)
        self.name = name
        self.kind, *more = head.removeprefix("X-Truth: ").split()
        self.facts = dict(m.split("=", 1) for m in more if "=" in m)
        self.recipient = next((m for m in more if "@" in m),
                              "abuse@isp.example")
        self.own = self.kind != "other"
        if not self.own:
            # somebody behind the mailbox is gone
            self.kind, self.recipient = "hard", "abuse@isp.example"


def folder(name):
    return [Case(p.stem, p.read_text()) for p in
            sorted((HERE / name).glob("*.eml"))]


def hear(world, cases):
    """Lets the stage hear them all; sets .got of each."""
    for n, case in enumerate(cases):
        case.mailbox = "c%d@corpus.example" % n
        case.report, to = world.report(
            case.mailbox, "10.%d.%d.1" % (n // 250, n % 250))
        world.d.query("UPDATE report SET recipient = %s WHERE report = %s",
                      case.recipient, case.report)
        world.put(case.text, to)
    world.listen()
    for case in cases:
        case.state = world.contact(case.mailbox)[0]
        bounce = world.d.query("SELECT class, own FROM bounce"
                               " WHERE report = %s", case.report)
        reply = world.d.query("SELECT kind, ticket, url FROM reply"
                              " WHERE report = %s", case.report)
        assert len(bounce) + len(reply) == 1, case.name
        case.got = (bounce or reply)[0]


def wrong(cases):
    """What was taken for something else, and wrong suspensions."""
    bad, suspended = [], []
    for c in cases:
        right = c.got[0] == c.kind
        if c.kind in BOUNCES:
            right = right and c.got[1] == c.own
        elif right:
            right = c.got[1:] == (c.facts.get("ticket"), c.facts.get("url"))
        if not right:
            bad.append("%s: %s, not %s %s" % (c.name, c.got, c.kind, c.facts))
        if (c.state != "active") != (c.kind == "hard" and c.own):
            suspended.append(c.name)
    return bad, suspended


def test_real_bounces(world):
    cases = folder("bounces")
    hear(world, cases)
    bad, suspended = wrong(cases)
    print("%d real bounces, %d wrong, wrongly suspended or not: %d" % (
        len(cases), len(bad), len(suspended)))
    servers = {c.name.split("-")[0] for c in cases}
    assert not bad, "\n".join(bad)
    assert suspended == []
    assert len(cases) >= 30
    assert servers == {"postfix", "exim", "sendmail", "opensmtpd"}


def provoked(world, folder, name, causes):
    """The same, provoked here and now."""
    texts = make_bounces.make(folder, BUILD, make_bounces.KINDS[name], causes)
    cases = [Case("%s-%s" % (name, cause), "X-Truth: %s %s\n%s" % (
        *make_bounces.truth(name, cause), text))
        for cause, text in texts.items()]
    hear(world, cases)
    bad, suspended = wrong(cases)
    assert not bad, "\n".join(bad)
    assert suspended == []
    return set(texts)


@pytest.mark.slow
def test_postfix_now(world, tmp_path):
    if bounce_mtas.why_not():
        pytest.skip(bounce_mtas.why_not())
    causes = ("unknown", "full", "policy")
    assert provoked(world, tmp_path / "mtas", "postfix", causes) == set(causes)


@pytest.mark.long
@pytest.mark.parametrize("name", list(make_bounces.KINDS))
def test_each_server_now(world, tmp_path, name):
    if bounce_mtas.why_not():
        pytest.skip(bounce_mtas.why_not())
    try:
        causes = provoked(world, tmp_path / "mtas", name,
                          tuple(make_bounces.CAUSES))
    except RuntimeError as e:
        pytest.skip(str(e))
    assert len(causes) >= 9, causes


def test_answers_and_foreign_bounces(world):
    cases = folder("answers")
    hear(world, cases)
    bad, suspended = wrong(cases)
    print("%d answers and foreign bounces, %d wrong, wrongly suspended: %d" % (
        len(cases), len(bad), len(suspended)))
    assert len(cases) >= 60
    assert len(bad) <= len(cases) * 5 // 100, bad
    assert suspended == []
    # nothing that does not say so is taken for "fixed"
    assert {c.name for c in cases if c.got[0] == "fixed"} <= {
        c.name for c in cases if c.kind == "fixed"}
