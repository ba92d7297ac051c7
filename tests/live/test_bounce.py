"""Protects contacts from being silenced by what anybody can send, and the
operator from mailing those who cannot be reached: what comes back, its token,
and its effect, in stage bounce."""
import re
import subprocess

import pytest

from bounce_world import ADDRESS, World, token
from conftest import program, wait_until
from rows import Rows


@pytest.fixture
def world(hub, database):
    return World(hub, Rows(database))


def effects(world):
    return world.d.query("SELECT class, effect, own FROM bounce"
                         " ORDER BY bounce")


def test_hard_bounce_suspends_and_asks_anew(world):
    d = world.d
    world.rows.source("192.0.2.1", "abuse@isp.example")
    world.rows.source("192.0.2.2", "abuse@other.example")
    d.query("UPDATE source SET next_ask = now() + interval '1 day'")
    report, to = world.report("abuse@isp.example")
    world.put(world.bounce(to))
    p = world.listen()
    assert effects(world) == [("hard", "suspended", True)]
    state, why, of = world.contact("abuse@isp.example")
    assert (state, of) == ("suspended", report)
    assert "5.1.1" in why and "User unknown" in why
    assert "contact suspended contact=abuse@isp.example" in p.stderr
    assert d.query("SELECT host(address) FROM source"
                   " WHERE next_ask <= now()") == [("192.0.2.1",)]
    assert not list((world.maildir / "new").iterdir())
    assert len(list((world.maildir / "cur").glob("*:2,S"))) == 1


def test_case_of_the_address_does_not_count(world):
    _, to = world.report("abuse@isp.example")
    local, domain = to.split("@")
    world.put(world.bounce(local.upper() + "@" + domain.title()))
    world.listen()
    assert world.contact("abuse@isp.example")[0] == "suspended"


def test_read_again_and_replayed_changes_nothing(world):
    d = world.d
    _, to = world.report("abuse@isp.example")
    text = world.bounce(to)
    world.put(text)
    world.listen()
    assert world.contact("abuse@isp.example")[0] == "suspended"
    # the administrator knows better
    d.query("UPDATE contact SET state = 'active'")
    world.put(text)
    world.put(text.replace("05:01:00", "06:02:03"))
    world.put(world.bounce(to, said="550 5.1.1 once more"))
    world.listen()
    assert world.contact("abuse@isp.example")[0] == "active"
    assert d.one("SELECT count(*) FROM bounce") == 1
    assert world.heard() == {"again": 3}


def test_an_older_report_does_not_suspend_again(world):
    """Its token was known before the contact was found to be well."""
    old, to_old = world.report("abuse@isp.example", ago="9 days")
    _, to = world.report("abuse@isp.example", upto=20)
    world.put(world.bounce(to))
    world.listen()
    world.d.query("UPDATE contact SET state = 'active'")
    world.put(world.bounce(to_old))
    world.listen()
    assert world.contact("abuse@isp.example")[0] == "active"


def forged(world):
    """(how, the only recipient, lines of header): what is not believed."""
    report, good = world.report("abuse@isp.example")
    _, to_other = world.report("abuse@other.example", "192.0.2.2")
    uuid = world.d.one("SELECT uuid::text FROM report WHERE report = %s",
                       report)
    unsent = world.rows.report("abuse@third.example", "192.0.2.3",
                               state="held")
    late, to_late = world.report("abuse@fourth.example", "192.0.2.4")
    world.d.query("UPDATE report SET quiet = tstzrange(now() - interval"
                  " '20 days', now() - interval '13 days') WHERE report = %s",
                  late)
    yield "no token", ADDRESS, ""
    yield "wrong proof", good.replace("@hub", "")[:-11] + "aaa@hub.example", ""
    yield "other report's proof", good.split(".")[0] + "." + to_other.split(
        ".", 1)[1], ""
    yield "other key", ADDRESS.replace("@", "+%s@" % token(uuid, bytes(32))), ""
    yield "cut", good.replace("@hub", "")[:-9] + "@hub.example", ""
    yield "other domain", good.replace("hub.example", "hub2.example"), ""
    for header in ("From", "Subject", "References", "Reply-To", "X-To"):
        yield "in " + header, ADDRESS, "%s: <%s>\n" % (header, good)
    yield "never sent", world.address_of(unsent), ""
    yield "of no report", ADDRESS.replace("@", "+%s@" % token("f" * 32)), ""
    yield "too late", to_late, ""


def test_what_suspends_nobody(world):
    all_of_it = list(forged(world))
    for _, to, more in all_of_it:
        world.put(more + world.bounce(to))
    world.listen()
    assert world.d.query("SELECT DISTINCT state FROM contact") == [
        ("active",)]
    assert effects(world) == []
    heard = world.heard()
    assert sum(heard.values()) == len(all_of_it)
    assert (heard["bad_token"], heard["unsent"], heard["unknown"],
            heard["late"]) == (3, 1, 1, 1), heard
    # and the control: the same with its token does
    world.put(world.bounce(world.address_of(1)))
    world.listen()
    assert world.contact("abuse@isp.example")[0] == "suspended"


def test_somebody_behind_the_mailbox_is_no_reason_to_suspend(world):
    _, to = world.report("abuse@isp.example")
    world.put(world.bounce(to, final="bob@isp.example"))
    world.listen()
    assert effects(world) == [("hard", "counted", False)]
    assert world.contact("abuse@isp.example")[0] == "active"


def test_what_means_nothing(world):
    _, to = world.report("abuse@isp.example")
    _, other = world.report("abuse@other.example", "192.0.2.2")
    world.put(world.bounce(to, action="delayed", status="4.4.1"))
    world.put(world.bounce(to, action="relayed", status="2.0.0"))
    world.put(world.bounce(other, action="expanded", status="2.0.0",
                           final="abuse@other.example"))
    world.put(world.bounce(other, action="delivered", status="2.0.0"))
    world.listen()
    assert effects(world) == [("delayed", "none", True),
                              ("relayed", "none", True),
                              ("relayed", "none", True)]
    assert world.heard() == {"again": 1}


def test_three_in_a_row_hold(world):
    d = world.d
    said = [("4.2.2", "452 4.2.2 Mailbox full"),
            ("5.7.1", "550 5.7.1 Message rejected as spam"),
            ("5.2.2", "552 5.2.2 over quota")]
    for n, (status, words) in enumerate(said):
        _, to = world.report("abuse@isp.example", upto=10 + n,
                             ago="%d hours" % (800 - 200 * n))
        world.put(world.bounce(to, status=status, said=words))
    world.hub.set("bounce", window="60d")
    p = world.listen()
    assert [e for _, e, _ in effects(world)] == ["counted", "counted", "held"]
    assert world.contact("abuse@isp.example")[0] == "held"
    assert "contact held contact=abuse@isp.example" in p.stderr
    # let go, it takes as many new ones
    d.query("UPDATE contact SET state = 'active',"
            " state_since = now() - interval '300 hours'")
    _, to = world.report("abuse@isp.example", upto=20, ago="200 hours")
    world.put(world.bounce(to, status="4.2.2", said="full"))
    world.listen()
    assert world.contact("abuse@isp.example")[0] == "active"


def test_two_and_a_good_one_do_not_hold(world):
    world.hub.set("bounce", window="60d")
    for n, bad in enumerate([True, False, True, True]):
        _, to = world.report("abuse@isp.example", upto=10 + n,
                             ago="%d hours" % (800 - 200 * n))
        if bad:
            world.put(world.bounce(to, status="4.2.2", said="full"))
    world.listen()
    assert world.contact("abuse@isp.example")[0] == "active"
    _, to = world.report("abuse@isp.example", upto=20, ago="1 hour")
    world.put(world.bounce(to, status="4.2.2", said="full"))
    world.listen()
    assert world.contact("abuse@isp.example")[0] == "held"


def test_fixed_is_noted_for_the_addresses_of_the_report(world):
    report, to = world.report("abuse@isp.example", "192.0.2.7")
    world.put(world.reply(to, "Hello,\n\nthe server has been cleaned and the "
                              "account suspended.\n\nRegards"))
    world.listen()
    assert world.d.query("SELECT kind, verified, automatic FROM reply") == [
        ("fixed", True, False)]
    assert world.d.query("SELECT host(address), report, fixed <= now()"
                         " FROM allegedfix") == [("192.0.2.7", report, True)]
    # saying it every hour does not move it
    before = world.d.one("SELECT fixed FROM allegedfix")
    world.put(world.reply(to, "It has been fixed again."))
    world.listen()
    assert world.d.one("SELECT fixed FROM allegedfix") == before


def test_without_a_token_it_is_only_noted(world):
    report, _ = world.report("abuse@isp.example", "192.0.2.7")
    uuid = world.d.one("SELECT uuid::text FROM report")
    world.put(world.reply("abuse-report@hub.example", "It has been fixed.",
                          more="In-Reply-To: <%s@hub.example>\n" % uuid))
    world.listen()
    assert world.d.query("SELECT kind, verified, report FROM reply") == [
        ("fixed", False, report)]
    assert world.d.query("SELECT * FROM allegedfix") == []
    # a bounce like that is nothing at all
    world.put(world.bounce("abuse-report@hub.example").replace(
        "Auto-Submitted", "In-Reply-To: <%s@hub.example>\nAuto-Submitted"
        % uuid))
    world.listen()
    assert effects(world) == []
    assert world.heard() == {"no_token": 1}


def test_words_of_our_own_report_are_not_theirs(world):
    ours = (b"From: us@hub.example\r\nContent-Type: text/plain\r\n\r\n"
            b"If you are not in charge, tell us.\r\n"
            b"the server has been cleaned\r\nwe have fixed it\r\n")
    _, to = world.report("abuse@isp.example", mail=ours)
    world.put(world.reply(to, "Thanks.\n\nthe server has been cleaned\n"
                              "we have fixed it\n"))
    world.listen()
    assert world.d.query("SELECT kind, text FROM reply") == [
        ("human", "Thanks.\n\n")]
    # the control: in a report that does not say so, they would be
    _, to = world.report("abuse@two.example", "192.0.2.9")
    world.put(world.reply(to, "Thanks.\n\nthe server has been cleaned\n"
                              "we have fixed it\n"))
    world.listen()
    assert world.d.query("SELECT kind FROM reply ORDER BY reply") == [
        ("human",), ("fixed",)]


def test_not_ours_asks_anew(world):
    world.rows.source("192.0.2.7", "abuse@isp.example")
    world.d.query("UPDATE source SET next_ask = now() + interval '1 day'")
    _, to = world.report("abuse@isp.example", "192.0.2.7")
    world.put(world.reply(to, "This address does not belong to us."))
    world.listen()
    assert world.d.one("SELECT kind FROM reply") == "not_ours"
    assert world.d.one("SELECT next_ask <= now() FROM source")


def test_a_flood_of_answers_is_cut_off(world):
    _, to = world.report("abuse@isp.example")
    for n in range(60):
        world.put(world.reply(to, "hello %d" % n))
    world.listen()
    assert world.d.one("SELECT count(*) FROM reply") == 50
    assert world.heard() == {"again": 10}


def test_hostile_bytes_are_stored_harmless(world):
    _, to = world.report("abuse@isp.example")
    world.put(world.reply(
        to, "\x1b[2Jcleared \u202e and \x00 and \udcff", subject="=?utf-8?q?"
        "=1B]0;x=07?="))
    world.listen()
    text, subject = world.d.query("SELECT text, subject FROM reply")[0]
    assert "\x1b" not in text + subject and "\u202e" not in text
    assert "cleared" in text


def test_a_refusal_of_the_relay_is_as_good(world):
    d = world.d
    for n, (status, said) in enumerate([
            ("5.1.1", "550 5.1.1 no such user"), (None, "554 5.7.1 spam"),
            ("5.2.2", "552 5.2.2 full")]):
        report = world.rows.report("abuse@isp%d.example" % n,
                                   "192.0.2.%d" % n, state="failed")
        d.query("INSERT INTO contact_event (contact, what, report, status,"
                " said) SELECT contact, 'refused', report, %s, %s FROM report"
                " WHERE report = %s", status, said, report)
    world.listen()
    assert [world.contact("abuse@isp%d.example" % n)[0] for n in range(3)] \
        == ["suspended", "active", "active"]
    assert "no such user" in world.contact("abuse@isp0.example")[1]
    assert d.one("SELECT count(*) FROM contact_event WHERE judged IS NULL") \
        == 0
    # let go, it is not suspended again by the same
    world.hub.ctl("contact", "resume", "abuse@isp0.example")
    world.listen()
    assert world.contact("abuse@isp0.example")[0] == "active"


def test_wakes_when_a_file_comes(world):
    world.hub.set("bounce", every="1h")
    _, to = world.report("abuse@isp.example")
    p = world.hub.start("bounce")
    wait_until(lambda: "listening maildir=" in p.stderr and
               "database connected" in p.stderr)
    name = world.put(world.bounce(to))
    wait_until(lambda: (world.maildir / "cur" / (name + ":2,S")).exists(), 10)
    assert world.contact("abuse@isp.example")[0] == "suspended"


def test_off_without_an_address(hub):
    p = hub.once("bounce")
    assert "not listening: bounce.address is empty" in p.stderr


def test_a_key_is_made_and_kept(world):
    key = world.hub.folder / "made.key"
    world.hub.set("bounce", key=key)
    world.listen()
    made = key.read_text()
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(bytes.fromhex(made)) == 32
    world.listen()
    assert key.read_text() == made
    key.chmod(0o644)
    p = world.hub.start("bounce", "--once")
    assert p.popen.wait(30) == 78 and "chmod 600" in p.stderr


def run_alias(world, text, *args, settings=None):
    return subprocess.run(
        [program("plaintiff"), "-c", str(settings or world.hub.path),
         "bounce", *args], input=text.encode(), capture_output=True,
        timeout=60)


def test_through_an_alias(world):
    _, to = world.report("abuse@isp.example")
    done = run_alias(world, world.bounce(ADDRESS), to)
    assert done.returncode == 0, done.stderr
    assert world.contact("abuse@isp.example")[0] == "suspended"
    # whatever it is, the mail server is to keep quiet about it
    done = run_alias(world, "\0\0garbage")
    assert done.returncode == 0 and not done.stdout


def test_through_an_alias_while_the_database_is_away(world):
    conf = world.hub.folder / "away.conf"
    conf.write_text(re.sub("connect = .*", "connect = host=/nonexistent",
                           world.hub.path.read_text()))
    assert run_alias(world, "x", settings=conf).returncode == 75
    conf.write_text("[bounce]\nnonsense = 1\n")
    assert run_alias(world, "x", settings=conf).returncode == 75


def test_commit_first_then_the_file(world):
    """A file that cannot be moved is read again, and changes nothing."""
    _, to = world.report("abuse@isp.example")
    world.put(world.bounce(to))
    (world.maildir / "cur").rmdir()
    p = world.hub.start("bounce", "--once")
    assert p.popen.wait(60) == 75 and "cannot move" in p.stderr
    assert world.contact("abuse@isp.example")[0] == "suspended"
    (world.maildir / "cur").mkdir()
    world.listen()
    assert world.d.one("SELECT count(*) FROM bounce") == 1
    assert not list((world.maildir / "new").iterdir())
