"""Protects what follows from what was heard, end to end: the next contact
after a bounce, silence after "fixed", escalation once, no mail in answer to
mail, and what the administrator is told of it."""
import email
import email.policy
import json
import re

import pytest

import postfix_server
from bounce_world import KEY, World
from conftest import Hub, wait_until
from nsd import Nsd
from postfix_server import PostfixServer
from rows import Rows

ZONE = "contacts.example"


@pytest.fixture
def world(hub, database):
    return World(hub, Rows(database))


def abuse(world, address, n=5, **how):
    agent = world.d.query("SELECT agent FROM agent LIMIT 1")
    agent = agent[0][0] if agent else world.rows.agent("mx1")
    for _ in range(n):
        world.rows.event(agent, address, **how)


def mails_of(world):
    """(recipient, envelope sender, bytes) of every mail there is."""
    return [(to, sender, bytes(mail)) for to, sender, mail in world.d.query(
        "SELECT recipient, sender, mail FROM report JOIN report_mail"
        " USING (report) ORDER BY report, n")]


def week_passes(world):
    world.d.query(
        "UPDATE report SET created = created - interval '8 days', quiet ="
        " tstzrange(lower(quiet) - interval '8 days',"
        " lower(quiet) - interval '1 day')")


def settle(world):
    """What the stages do by themselves, one after the other."""
    for stage in ("lookup", "report", "deliver"):
        world.hub.once(stage)


@pytest.mark.slow
def test_hard_bounce_then_the_next_contact_is_told(world, tmp_path):
    mailboxes = ["abuse@gone.example,abuse@next.example"]
    with Nsd(tmp_path / "nsd", ZONE, {"192.0.2.1": mailboxes}) as nsd:
        world.hub.set("lookup", zone=ZONE, server="127.0.0.1:%d" % nsd.port)
        abuse(world, "192.0.2.1")
        settle(world)
        (to, sender, _), = mails_of(world)
        assert to == "abuse@gone.example"
        assert re.fullmatch(r"bounce\+[0-9a-f]{16}\.[a-z2-7]{26}@hub\.example",
                            sender)
        world.put(world.bounce(sender, final=to))
        world.listen()
        assert world.contact(to)[0] == "suspended"
        abuse(world, "192.0.2.1")
        settle(world)
        assert [m[0] for m in mails_of(world)] == [
            "abuse@gone.example", "abuse@next.example"]
        # and no third
        abuse(world, "192.0.2.1")
        settle(world)
        assert len(mails_of(world)) == 2


@pytest.mark.slow
def test_fixed_then_silence_then_again(world):
    d = world.d
    world.hub.set("bounce", replies="yes")
    world.rows.source("192.0.2.1", "abuse@isp.example")
    d.query("UPDATE source SET next_ask = now() + interval '1 day'")
    abuse(world, "192.0.2.1", ago="30 hours")
    world.hub.once("lookup")
    world.hub.once("report")
    world.hub.once("deliver")
    assert mails_of(world), d.query("SELECT * FROM not_reported")
    (_, sender, mail), = mails_of(world)
    reply_to = email.message_from_bytes(
        mail, policy=email.policy.SMTP)["Reply-To"]
    assert reply_to == sender
    world.put(world.reply(reply_to, "The server has been cleaned."))
    world.listen()
    assert d.one("SELECT kind FROM reply") == "fixed"
    week_passes(world)
    # a line from before that comes late accuses nobody any more
    abuse(world, "192.0.2.1", ago="20 hours")
    world.hub.once("lookup")
    world.hub.once("report")
    assert len(mails_of(world)) == 1
    assert d.one("SELECT reason FROM not_reported") == "fixed"
    # what comes after it is told, and said to be after it
    d.query("UPDATE allegedfix SET fixed = now() - interval '3 hours'")
    abuse(world, "192.0.2.1", ago="1 hour")
    world.hub.once("lookup")
    world.hub.once("report")
    mails = mails_of(world)
    assert len(mails) == 2
    body = email.message_from_bytes(
        mails[1][2], policy=email.policy.SMTP).get_body(("plain",))
    assert "Again after you told us that the cause was gone." in " ".join(
        body.get_content().split())


def silent(world, n, mailbox="abuse@silent.example", address="192.0.2.1"):
    """n weeks of reports without a word, and the abuse goes on."""
    world.rows.source(address, mailbox)
    world.d.query("UPDATE source SET next_ask = now() + interval '1 day'"
                  " WHERE address = %s", address)
    for week in range(n, 0, -1):
        world.report(mailbox, address, upto=n - week + 1,
                     ago="%d hours" % (week * 169))
    world.d.query(
        "INSERT INTO tally (address, kind, host, day, events, first, last)"
        " VALUES (%s, 1, %s, current_date, 9, now() - interval '2 hours',"
        " now() - interval '1 hour') ON CONFLICT DO NOTHING", address,
        world.rows.name("mx"))


def escalations(world):
    return world.d.query("SELECT mailbox, why, reports FROM escalation"
                         " JOIN contact USING (contact) ORDER BY 1")


def test_silence_escalates_once(world):
    d = world.d
    silent(world, 4)
    silent(world, 3, "abuse@short.example", "192.0.2.2")
    silent(world, 4, "abuse@quiet.example", "192.0.2.3")
    d.query("DELETE FROM tally WHERE address = '192.0.2.3'")
    silent(world, 4, "abuse@answers.example", "192.0.2.4")
    last = d.one("SELECT max(report) FROM report")
    world.put(world.reply(world.address_of(last), "We look into it."))
    silent(world, 4, "abuse@receipts.example", "192.0.2.5")
    last = d.one("SELECT max(report) FROM report")
    world.put(world.reply(world.address_of(last), "We have received your "
                          "report. Ticket 12345.",
                          more="Auto-Submitted: auto-replied\n"))
    p = world.listen()
    assert escalations(world) == [("abuse@receipts.example", "silence", 4),
                                  ("abuse@silent.example", "silence", 4)]
    assert "contacts escalated count=2" in p.stderr
    assert d.one("SELECT count(*) FROM source WHERE next_ask <= now()") == 2
    # lookup passes them over
    assert d.one("SELECT count(*) FROM contact c WHERE EXISTS (SELECT FROM"
                 " escalation e WHERE e.contact = c.contact"
                 " AND e.ended IS NULL)") == 2
    world.listen()
    assert len(escalations(world)) == 2
    # an answer ends it
    report = d.one("SELECT max(report) FROM report JOIN contact USING"
                   " (contact) WHERE mailbox = 'abuse@silent.example'")
    world.put(world.reply(world.address_of(report), "Sorry for the delay."))
    world.listen()
    assert d.one("SELECT count(*) FROM escalation WHERE ended IS NULL") == 1
    assert len(escalations(world)) == 2


def test_commands(world):
    ctl = world.hub.ctl
    silent(world, 3)
    report = world.d.one("SELECT max(report) FROM report")
    to = world.address_of(report)
    world.put(world.reply(to, "It\x1b[31m was fixed, we believe.\nCall us."))
    world.put(world.bounce(to, final="abuse@silent.example", status="4.2.2",
                           said="full"))
    world.listen()
    out = ctl("replies", "list").stdout
    assert "human" in out and "abuse@silent.example" in out
    out = ctl("replies", "show", 1).stdout
    assert "Call us." in out and "\x1b" not in out
    assert json.loads(ctl("--json", "replies", "show", 1).stdout)[0][
        "kind"] == "human"
    assert ctl("replies", "show", 9, check=False).returncode == 65
    out = ctl("reply", "classify", 1, "fixd", check=False)
    assert out.returncode == 64 and 'did you mean "fixed"' in out.stderr
    assert ctl("reply", "classify", 9, "fixed", check=False).returncode == 65
    assert "fixed: 1" in ctl("reply", "classify", 1, "fixed").stdout
    assert world.d.query("SELECT host(address), reply FROM allegedfix") == [
        ("192.0.2.1", 1)]
    ctl("reply", "classify", 1, "human")
    assert world.d.query("SELECT * FROM allegedfix") == []
    assert world.d.one("SELECT classified_by FROM reply") == "administrator"
    out = ctl("bounces", "list").stdout
    assert "soft" in out and "counted" in out
    out = ctl("contact", "history", "Abuse@silent.example").stdout
    assert out.count("report sent") == 3 and "bounce soft" in out
    assert "reply human" in out
    out = ctl("contact", "history", "nobody@x.example", check=False)
    assert out.returncode == 65
    assert "passed over" in ctl("contact", "escalate",
                                "abuse@silent.example").stdout
    assert escalations(world) == [("abuse@silent.example", "operator", 3)]
    out = ctl("contact", "escalate", "abuse@silent.example", check=False)
    assert out.returncode == 65 and "contact complaint" in out.stderr
    out = ctl("contact", "complaint", "abuse@silent.example").stdout
    assert out.startswith("DRAFT.") and "192.0.2.1" in out
    assert out.count("@hub.example>") == 3
    assert world.d.one("SELECT count(*) FROM report") == 3


def test_digest(world):
    ctl = world.hub.ctl
    silent(world, 2)
    report, to = world.report("abuse@isp.example", "192.0.2.9")
    world.put(world.bounce(to))
    _, other = world.report("abuse@other.example", "192.0.2.8")
    world.put(world.reply(other, "Please use our form: "
                                 "https://other.example/abuse"))
    world.put(world.reply(other, "What is that \u2028 about?"))
    world.put("Subject: spam\n\nbuy\n")
    world.listen()
    out = ctl("digest").stdout
    for words in ("which is not live", "sent\n", "bounced\n", "1  hard",
                  "answered\n", "1  form", "1  human", "stopped\n",
                  "silent\n", "messages: no_token",
                  "abuse@isp.example is suspended: hard bounce of report",
                  "abuse@other.example https://other.example/abuse",
                  "plaintiff replies show"):
        assert words in out, (words, out)
    data = json.loads(ctl("--json", "digest").stdout)
    assert {"part": "bounced", "what": "hard", "count": 1} in data["counts"]
    ctl("digest", "--mail")
    mail, = world.hub.mail.glob("to-me-digest-*.eml")
    m = email.message_from_bytes(mail.read_bytes(), policy=email.policy.SMTP)
    assert m["To"] == m["From"] == "abuse-report@hub.example"
    assert m["Auto-Submitted"] == "auto-generated"
    assert m.get_content().replace("\r\n", "\n") == out
    assert max(map(len, mail.read_bytes().split(b"\r\n"))) <= 78


YEAR = """
SELECT setseed(0.25);
INSERT INTO contact (key, mailbox, control)
SELECT 'c' || n || '@isp.example', 'c' || n || '@isp.example', random() < %(h)s
FROM generate_series(1, 400) n;
CREATE TEMP TABLE life AS
SELECT c.contact, c.control, a AS n,
	('10.' || c.contact %% 250 || '.' || c.contact / 250 || '.' || a)::inet
		AS address,
	now() - make_interval(days => 20 + (random() * 340)::integer) AS began,
	random() < 0.25 + 0.3 * own + CASE WHEN c.control THEN 0 ELSE %(e)s END
		AS stops
FROM (SELECT contact, control, random() AS own, 1 + (random() ^ 3 * 20)::integer
	AS addresses FROM contact) c, generate_series(1, addresses) a;
INSERT INTO name (text) VALUES ('mx') ON CONFLICT DO NOTHING;
-- daily abuse: those who stop do so within five days
INSERT INTO tally (address, kind, host, day, events, first, last)
SELECT address, 1, 1, (began + make_interval(days => d))::date, 3,
	began + make_interval(days => d), began + make_interval(days => d,
	hours => 1)
FROM life, generate_series(0, 16) d
WHERE NOT stops OR d < 5;
INSERT INTO control_case (address, contact, due)
SELECT address, contact, began FROM life WHERE control;
INSERT INTO report (uuid, contact, state, created, changed, upto, sources,
	events, first, last, recipient, subject, owner, quiet)
SELECT gen_random_uuid(), contact, 'sent', began, began, 1, 1, 3, began, began,
	'x@isp.example', 's', 'hub1', tstzrange(began, began + interval '168 h')
FROM (SELECT contact, min(began) AS began FROM life WHERE NOT control
	GROUP BY contact) r;
INSERT INTO report_source
SELECT r.report, l.address, 3, l.began, l.began, 0, 1
FROM life l JOIN report r ON r.contact = l.contact WHERE NOT l.control;
UPDATE life l SET began = lower(r.quiet) FROM report r
WHERE r.contact = l.contact;
-- a report names all of its contact's addresses at once: their lives move
DELETE FROM tally;
INSERT INTO tally (address, kind, host, day, events, first, last)
SELECT address, 1, 1, (began + make_interval(days => d))::date, 3,
	began + make_interval(days => d), began + make_interval(days => d,
	hours => 1)
FROM life, generate_series(0, 16) d
WHERE NOT stops OR d < 5;
"""


def test_effect_of_a_year(world):
    effect = 0.25
    for statement in (YEAR % {"h": 0.15, "e": effect}).split(";\n"):
        if statement.strip():
            world.d.query(statement)
    got = json.loads(world.hub.ctl("--json", "stats", "effect").stdout)
    print({k: got[k] for k in ("reported", "held", "difference", "low",
                               "high")})
    assert got["reported"]["cases"] > 1000 and got["held"]["cases"] > 150
    assert got["low"] <= effect <= got["high"]
    assert got["high"] - got["low"] < 0.25 and got["low"] > 0
    text = world.hub.ctl("stats", "effect").stdout
    assert "Reporting works" in text
    # the control: without a held share it says what it cannot know, and the
    # share that stopped is no effect
    world.d.query("DELETE FROM control_case")
    got = json.loads(world.hub.ctl("--json", "stats", "effect").stdout)
    assert got["difference"] is None and got["reported"]["share"] > effect
    text = world.hub.ctl("stats", "effect").stdout
    assert "nobody can know" in text and "works" not in text
    assert world.hub.ctl("stats", "effect", "x", check=False).returncode == 64


def test_year_without_effect(world):
    for statement in (YEAR % {"h": 0.15, "e": 0.0}).split(";\n"):
        if statement.strip():
            world.d.query(statement)
    got = json.loads(world.hub.ctl("--json", "stats", "effect").stdout)
    assert got["low"] <= 0 <= got["high"]
    assert "No effect is shown" in world.hub.ctl("stats", "effect").stdout


@pytest.mark.parametrize("n", [420, pytest.param(
    100000, marks=[pytest.mark.long, pytest.mark.timeout(3000)])])
def test_forged_and_replayed(world, n):
    """Half of them forged in every way, half replayed after the contact was
    found to be well."""
    d = world.d
    good = {}
    for k in range(5):
        report, to = world.report("abuse@isp%d.example" % k, "192.0.2.%d" % k)
        good[k] = to
        world.put(world.bounce(to, final="abuse@isp%d.example" % k))
    world.listen()
    assert d.one("SELECT count(*) FROM contact WHERE state = 'suspended'") \
        == 5
    for k in good:
        world.hub.ctl("contact", "resume", "abuse@isp%d.example" % k)
    for i in range(n):
        to = good[i % 5]
        local, domain = to.split("@")
        if i % 2:
            # the same token, other bytes each time
            world.put(world.bounce(to, said="550 5.1.1 no %d" % i))
        else:
            at = len("bounce+") + i // 10 % 42
            bad = "b" if local[at] != "b" else "c"
            world.put(world.bounce("%s%s%s@%s" % (
                local[:at], bad, local[at + 1:], domain)))
    world.hub.once("bounce", 2500)
    heard = world.heard()
    print(n, heard)
    assert d.one("SELECT count(*) FROM contact WHERE state <> 'active'") == 0
    assert d.one("SELECT count(*) FROM bounce") == 5
    assert sum(heard.values()) == n and heard["again"] == n // 2


@pytest.mark.slow
def test_two_hubs_that_are_each_others_contact(cluster, template, tmp_path,
                                               processes):
    """At most one mail each, in whatever order and however often the stages
    run: nothing that comes in makes anything go out."""
    why = postfix_server.why_not()
    if why:
        pytest.skip(why)
    hubs, databases = [], []
    maildir = tmp_path / "mails"
    try:
        with PostfixServer(tmp_path / "postfix", deliver_to=maildir) as relay:
            for name, other in (("a", "b"), ("b", "a")):
                d = cluster.create("crossed_%s_%s" % (name, tmp_path.name[-8:]
                                   .replace("-", "_").lower()), template)
                databases.append(d)
                hub = Hub(d, tmp_path / name, processes, name)
                world = World(hub, Rows(d))
                hub.set("bounce", address="bounce@%s.example" % name)
                hub.set("report", **{"from": "abuse@%s.example" % name})
                hub.set("filter", unreportable=["special"])
                hub.set("deliver", live="yes", hello="hub.example",
                        relay="smtp://127.0.0.1:%d" % relay.port["smtp"])
                world.rows.source("8.8.8.8", "bounce@%s.example" % other)
                d.query("UPDATE source SET next_ask = '9999-01-01Z'")
                hubs.append(world)
            seen = set()
            for _ in range(4):
                for world in hubs:
                    abuse(world, "8.8.8.8", ago="1 hour")
                    world.rows.count()
                    for stage in ("report", "deliver", "bounce"):
                        world.hub.once(stage)
                for mail in maildir.glob("all/new/*"):
                    if mail.name in seen:
                        continue
                    seen.add(mail.name)
                    text = mail.read_bytes()
                    for world in hubs:
                        if b"Delivered-To: bounce@%s." % world.hub.settings[
                                "hub"]["name"].encode() in text:
                            world.put(text)
            wait_until(lambda: len(list(maildir.glob("all/new/*"))) >= 2)
            for world in hubs:
                world.listen()
                assert world.d.one("SELECT count(*) FROM report") == 1
                assert sum(world.heard().values()) >= 1
            assert len(list(maildir.glob("all/new/*"))) == 2
    finally:
        for d in databases:
            d.drop()
