"""Protects whose greeting a report has: that of a domain of ours only when all
logins tried are of it; what cannot be used stops report; without such files no
report says which domain was tried."""
import email
import email.policy
import json
import signal
import subprocess

import pytest

from conftest import program, wait_until
from test_letter import refused
from test_report import World, text_of


@pytest.fixture
def world(database):
    return World(database)


def domain_greetings(hub, **texts):
    """A folder of greetings: name without .txt, dots as "__"; others too."""
    folder = hub.folder / "greetings"
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / (name.replace("__", ".") + ".txt")).write_text(text)
    hub.set("report", greetings=folder)
    return folder


def first_lines(world):
    """{contact: first line of its newest mail}"""
    return {r: text_of(email.message_from_bytes(
        bytes(mail), policy=email.policy.SMTP)).splitlines()[0]
        for r, mail in world.d.query(
            "SELECT recipient, mail FROM report JOIN report_mail"
            " USING (report) ORDER BY report")}


def test_greeting_of_a_domain(hub, world):
    """When all logins tried are of it; else the general one.  A preview says
    the same."""
    general = hub.folder / "greeting.txt"
    general.write_text("general\n")
    hub.set("report", greeting=general)
    domain_greetings(hub, one__example="one, {events}\n",
                     one__example_de="eins, {events}\n",
                     two__example="two\n", example__de="dot de\n")
    tried = {
        "one@isp.example": ["a@one.example", "b@ONE.Example", None, "root"],
        "two@isp.example": ["a@two.example"],
        "both@isp.example": ["a@one.example", "a@two.example"],
        "none@isp.example": ["root", None],
        "six@isp.example": ["a@six.example"],
        "de@isp.example": ["a@example.de"],
        "ger@isp.example": ["a@one.example"],
        "path@isp.example": ["a@../greeting"],
    }
    for i, (mailbox, logins) in enumerate(tried.items()):
        world.source("203.0.113.%d" % i, mailbox)
        for login in logins:
            world.abuse("203.0.113.%d" % i, login=login)
    hub.ctl("contact", "language", "ger@isp.example", "de")
    want = {"one@isp.example": "one, 4 events", "two@isp.example": "two",
            "de@isp.example": "dot de", "ger@isp.example": "eins, 1 Ereignis"}
    want = {m: want.get(m, "general") for m in tried}
    shown = json.loads(hub.ctl("--json", "report", "preview").stdout)
    assert {m["contact"]: text_of(email.message_from_string(
        m["mail"], policy=email.policy.SMTP)).splitlines()[0]
        for m in shown} == want
    hub.once("report")
    assert first_lines(world) == want
    # by default no name of a domain leaves
    hub.set("report", greetings="")
    world.week_passes()
    world.abuse("203.0.113.0", login="a@one.example")
    hub.once("report")
    assert first_lines(world)["one@isp.example"] == "general"


def test_greeting_of_a_domain_and_a_long_report(hub, world):
    """Events that are not listed may be of another domain."""
    domain_greetings(hub, one__example="one\n")
    hub.set("report", lines_max=3)
    for n, mailbox in ((3, "three@isp.example"), (4, "four@isp.example")):
        world.known("203.0.113.%d" % n, mailbox, n, login="a@one.example")
    hub.once("report")
    lines = first_lines(world)
    assert lines["three@isp.example"] == "one"
    assert lines["four@isp.example"] != "one"


@pytest.mark.parametrize("name, text, says", [
    ("one__example", "{adresses}", "did you mean {addresses}?"),
    ("one__example_it", "ciao", "named after no domain"),
    ("One__example", "one", "named after no domain"),
])
def test_greetings_that_will_not_do(hub, world, name, text, says):
    """Found at the start, by the check of settings, and while it runs; nothing
    is composed with another text."""
    world.known("203.0.113.7", "abuse@isp.example", login="a@two.example")
    folder = domain_greetings(hub, two__example="two\n")
    check = [program("plaintiff-hub"), "-t", "-c", str(hub.path)]
    assert subprocess.run(check).returncode == 0
    stage = hub.start("report")
    wait_until(lambda: world.reports() == 1)
    domain_greetings(hub, **{name: text})
    done = subprocess.run(check, capture_output=True, text=True)
    assert done.returncode == 78 and says in done.stderr
    world.known("203.0.113.8", "abuse@two.example", login="a@two.example")
    wait_until(lambda: says in stage.stderr)
    assert world.reports() == 1
    assert says in refused(hub)
    (folder / (name.replace("__", ".") + ".txt")).unlink()
    stage.kill(signal.SIGHUP)
    wait_until(lambda: world.reports() == 2)
    assert stage.stop() == 0


def test_no_folder_of_greetings(hub, world):
    hub.set("report", greetings=hub.folder / "nowhere")
    assert "cannot read report.greetings" in refused(hub)
