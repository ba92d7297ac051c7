"""Protects what the settings give to a report: the operator's greeting is a
template that is checked before anything is sent, the key of tokens is secret
and stays the same, and each language has its own words."""
import contextlib
import email
import email.policy
import os
import pathlib
import secrets
import stat
import sys

import pytest

from conftest import wait_until
from test_finder import children
from test_report import World, text_of


@pytest.fixture
def world(database):
    return World(database)


def the_mail(world):
    raw = world.d.one("SELECT mail FROM report_mail ORDER BY report DESC LIMIT 1")
    return email.message_from_bytes(bytes(raw), policy=email.policy.SMTP)


def refused(hub):
    """report does not start; what it says."""
    p = hub.start("report", "--once")
    assert p.popen.wait(30) == 78
    return p.stderr


def test_greeting_with_fields(hub, world):
    greeting = hub.folder / "greeting.txt"
    greeting.write_text("To whom it may concern: {events} from {addresses},\n"
                        "id {report_id}, {{as it is}}.\n")
    hub.set("report", greeting=greeting)
    world.known("203.0.113.7", "abuse@isp.example", 3)
    hub.once("report")
    uuid = world.d.one("SELECT uuid::text FROM report")
    assert text_of(the_mail(world)).replace("\r", "").startswith(
        "To whom it may concern: 3 events from 1 address,\n"
        "id %s, {as it is}.\n" % uuid)


def test_greeting_with_a_wrong_field(hub, world):
    """File, line and the nearest right name; nothing is composed."""
    world.known("203.0.113.7", "abuse@isp.example")
    german = hub.folder / "greeting-de.txt"
    german.write_text("Guten Tag,\n\n{adresses} und {\n")
    hub.set("report", greeting_de=german)
    said = refused(hub)
    assert "%s:3: no field is called {adresses}; did you mean {addresses}?" \
        % german in said
    assert '%s:3: a "{" that begins no field' % german in said
    assert world.reports() == 0


def test_key_of_tokens(hub, world):
    """Made once, for its owner alone; what others could read is refused."""
    key = hub.folder / "token.key"
    assert not key.exists()
    hub.once("report")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    made = key.read_text()
    assert len(bytes.fromhex(made)) == 32
    hub.once("report")
    assert key.read_text() == made
    assert os.listdir(hub.folder).count("token.key") == 1
    assert not [n for n in os.listdir(hub.folder) if n.startswith("token.key.")]
    key.chmod(0o640)
    assert "cannot use report.token_key" in refused(hub)
    key.chmod(0o600)
    key.write_text(made[:-2])
    assert "64 hexadecimal digits" in refused(hub)
    # a preview goes on, and says so
    world.known("203.0.113.7", "abuse@isp.example")
    done = hub.ctl("report", "preview")
    assert "tokens of a preview" in done.stderr
    assert "203.0.113.7" in done.stdout


def plant(world, address, mailbox):
    """What an attacker or we ourselves call things, each with a random name.
    Returns the names."""
    canaries = ["canary%s" % secrets.token_hex(6) for _ in range(7)]
    login, recipient, helo, queue, ptr, host, service = canaries
    world.known(address, mailbox, 3, host=host,
                login=login + "@mail.example")
    world.d.query("UPDATE evidence SET line = %s, ptr = %s", "%s: reject: RCPT"
                  " from %s: to=<%s@mail.example> proto=ESMTP helo=<%s>" %
                  (queue, ptr, recipient, helo), ptr)
    world.d.query("UPDATE event SET service = %s", world.name(service))
    assert world.d.one("SELECT count(*) FROM evidence WHERE login LIKE %s",
                       login + "%") == 3
    return canaries


def test_no_canary_leaves(hub, world):
    """They are in no part of a mail and in no log line; read as decoded as a
    program would read it."""
    sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "golden"))
    import read_mail  # noqa: E402 (only this test needs it)
    canaries = plant(world, "203.0.113.7", "abuse@isp.example")
    said = hub.once("report").stderr
    said += hub.ctl("report", "preview", "abuse@isp.example").stderr
    raw = bytes(world.d.one("SELECT mail FROM report_mail"))
    everything = read_mail.everything(read_mail.parse(raw))
    assert "203.0.113.7" in everything
    for canary in canaries:
        assert canary not in everything
        assert canary not in said
        assert canary.encode() not in raw


def shown_by(pid):
    """What everybody may read of a process and of its children."""
    shown = b""
    for of in [pid, *children(pid)]:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for name in ("cmdline", "comm", "environ"):
                shown += pathlib.Path("/proc/%d/%s" % (of, name)).read_bytes()
    return shown.decode(errors="replace")


def test_no_canary_in_a_process(hub, world, processes):
    """Nor in an argument, a title or the environment of any process, from
    the composing to the sending."""
    canaries = plant(world, "203.0.113.7", "abuse@isp.example")
    control = processes.start("sh", "-c", "sleep 60; : " + canaries[0])
    wait_until(lambda: canaries[0] in shown_by(control.pid), what="control")
    stages = [hub.start("report"), hub.start("deliver")]
    shown = set()

    def written():
        shown.update(shown_by(stage.pid) for stage in stages)
        return list(hub.mail.rglob("*.eml"))

    wait_until(written, what="the report in the folder")
    assert any("deliver" in s for s in shown)
    for canary in canaries:
        assert not any(canary in s for s in shown)
        assert not any(canary in stage.stderr for stage in stages)
