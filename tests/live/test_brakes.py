"""Protects strangers' mailboxes from us: thresholds and lists keep back whom
they should, each brake holds, and an attacker who names somebody as the
contact of ten thousand networks cannot have him mailed more than a little."""
import json

import pytest

from rows import Rows
from test_report import World


KINDS = {"auth_failure": 1, "relay_denied": 2}


class Brakes(World):
    def __init__(self, database, hub):
        super().__init__(database)
        self.hub = hub

    def day_passes(self, days=1):
        """All reports happened so many days earlier."""
        self.d.query(
            "UPDATE report SET created = created - %s * interval '1 day',"
            " quiet = CASE WHEN quiet IS NOT NULL THEN"
            " tstzrange(lower(quiet) - %s * interval '1 day',"
            " upper(quiet) - %s * interval '1 day') END", days, days, days)

    def attackers(self, n, mailbox):
        """n networks, each with a contact that mailbox(i) names."""
        self.d.query(
            "INSERT INTO contact (key, mailbox) SELECT DISTINCT m, m"
            " FROM unnest(%s::text[]) m ON CONFLICT DO NOTHING",
            [key(mailbox(i)) for i in range(n)])
        self.d.query(
            "INSERT INTO source (address, contact, state, method, asked,"
            " fresh_until, first_seen, last_seen) SELECT"
            " '11.0.0.1'::inet + 256 * (i - 1), contact, 'found', 'abusix',"
            " now(), now() + interval '1 day', now(), now()"
            " FROM unnest(%s::text[]) WITH ORDINALITY u (k, i)"
            " JOIN contact ON key = k",
            [key(mailbox(i)) for i in range(n)])
        self.d.query(
            "INSERT INTO event (id, time, agent, host, kind, address)"
            " SELECT (left(id_floor(now())::text, 8) || lpad(to_hex(n), 24,"
            " '0'))::uuid, now() - interval '1 hour', %s, %s, 1, address"
            " FROM (SELECT address, row_number() OVER () AS n FROM source"
            " WHERE reported_upto = 0) s", self.one_agent, self.name("mx"))
        self.count()

    def check_ranges(self):
        assert self.d.query("SELECT item FROM report_balance"
                            " WHERE remainder <> 0") == []

    def tell(self):
        """Our own session goes by the hub's settings, as its stages do."""
        report = self.hub.settings["report"]
        told = {name: report[name] for name in (
            "domain_week", "mx_week", "new_day", "mails_hour", "held_share",
            "login_since") if name in report}
        told["login_domains"] = " ".join(report.get("login_domain", []))
        told["thresholds"] = " ".join(
            "%d,%s,%s,%s" % (
                KINDS[kind], needs.get("tries", 0), needs.get("logins", 0),
                needs.get("agents", 0))
            for kind, needs in (
                (t.split(":")[0], dict(x.split("=") for x in
                                       t.split(":")[1].split(",")))
                for t in report["threshold"]))
        for name, value in told.items():
            self.d.query("SELECT set_config('plaintiff.' || %s, %s, false)",
                         name, str(value))

    def reasons(self):
        self.tell()
        return dict(self.d.query("SELECT reason, count(*) FROM not_reported"
                                 " GROUP BY reason"))


def key(mailbox):
    """As lookup knows a mailbox, whatever its spelling."""
    local, domain = mailbox.lower().split("@")
    return local.split("+")[0] + "@" + domain


@pytest.fixture
def world(database, hub):
    return Brakes(database, hub)


# ---- thresholds ----

@pytest.fixture
def strict(hub):
    hub.set("report", threshold=["auth_failure:tries=3,logins=2,agents=2",
                                 "relay_denied:tries=2"])
    return hub


@pytest.mark.parametrize("what, due", [
    ([dict()], False),
    ([dict(login="a"), dict(login="A")], False),
    ([dict(login="a"), dict(login="b")], True),
    ([dict(), dict(agent=2)], True),
    ([dict(), dict(), dict(host="mx2")], True),
    ([dict(kind=2)], False),
    ([dict(kind=2), dict(kind=2, host="mx2")], True),
    ([dict(), dict(kind=2)], False),
    # on different days, of which one is over
    ([dict(ago="15 days"), dict(), dict()], False),
    ([dict(ago="13 days"), dict(ago="5 days"), dict()], True),
    ([dict(stale=True), dict(), dict()], False),
])
def test_threshold(strict, world, what, due):
    agents = {1: world.one_agent, 2: world.agent("mx2")}
    world.source("203.0.113.7", "abuse@isp.example")
    for how in what:
        how = dict(how)
        world.event(agents[how.pop("agent", 1)], "203.0.113.7", **how)
    strict.once("report")
    assert world.reports() == due
    if not due:
        assert world.reasons() == {"under threshold": 1}


def test_what_was_under_the_threshold_counts_later(strict, world):
    """Each event is in one report, also one that alone was too little."""
    world.known("203.0.113.7", "abuse@isp.example", 2, ago="3 days")
    strict.once("report")
    assert world.reports() == 0
    world.abuse("203.0.113.7")
    strict.once("report")
    assert world.d.query("SELECT events FROM report") == [(3,)]
    world.week_passes()
    world.abuse("203.0.113.7")  # the others are within 14 days still
    strict.once("report")
    assert world.d.query("SELECT events FROM report ORDER BY report") == [
        (3,), (1,)]
    world.check_conservation()


def test_old_tries_do_not_count_with_new_ones(strict, world):
    """Weighed from long ago: what is within the window is counted anew."""
    world.known("203.0.113.7", "abuse@isp.example", 2, ago="13 days")
    world.abuse("203.0.113.7")
    world.d.query("UPDATE tally SET day = day - 2, first = first"
                  " - interval '2 days', last = last - interval '2 days'"
                  " WHERE first < now() - interval '12 days';"
                  " UPDATE source SET weighed_from = now()"
                  " - interval '15 days'")
    strict.once("report")
    assert world.reasons() == {"under threshold": 1}


# ---- lists and what people say ----

def test_allow_and_deny(hub, world):
    world.known("203.0.113.7", "abuse@isp.example")
    world.known("2001:db8::7", "abuse@isp.example")
    world.known("198.51.100.9", "noc@other.example")
    hub.ctl("allow", "2001:db8::/64", "a university that scans")
    hub.ctl("allow", "NOC+tag@other.example")
    hub.once("report")
    assert world.d.query("SELECT host(address) FROM report_source") == [
        ("203.0.113.7",)]
    assert world.reasons() == {"allowlisted": 2}
    listed = json.loads(hub.ctl("allow", "list", "--json").stdout)
    assert [(x["what"], x["allowed"], x["note"]) for x in listed] == [
        ("mailbox", "noc@other.example", None),
        ("prefix", "2001:db8::/64", "a university that scans")]
    slip = hub.ctl("deny", "2001:db8::/65", check=False)
    assert slip.returncode == 65 and "did you mean 2001:db8::/64" in \
        slip.stderr
    hub.ctl("deny", "noc@other.example")
    hub.once("report")
    assert world.reports() == 2


def test_allowed_after_it_was_composed(hub, world):
    """deliver looks once more."""
    world.known("203.0.113.7", "abuse@isp.example")
    world.known("203.0.113.8", "abuse@other.example")
    hub.once("report")
    hub.ctl("allow", "203.0.113.7/32")
    hub.ctl("allow", "abuse@other.example")
    hub.once("deliver")
    assert list(hub.mail.iterdir()) == []
    assert world.d.query("SELECT state FROM report ORDER BY report") == [
        ("held",), ("ready",)]


def test_somebody_logged_in_from_there(hub, world):
    world.known("203.0.113.7", "abuse@isp.example", 5, ago="5 hours")
    world.event(world.one_agent, "203.0.113.7", kind=14, ago="4 hours")
    world.known("203.0.113.8", "abuse@isp.example", 5, ago="5 hours")
    world.event(world.one_agent, "203.0.113.8", kind=14, ago="7 hours")
    hub.once("report")
    assert world.d.query("SELECT host(address) FROM report_source") == [
        ("203.0.113.8",)]
    assert world.reasons()["login since"] == 1
    hub.set("report", login_since="no")
    world.week_passes()
    hub.once("report")
    assert world.reports() == 2


def test_fixed_and_again(hub, world):
    world.known("203.0.113.7", "abuse@isp.example", 2)
    world.known("2001:db8::7", "abuse@isp.example", 2)
    slip = hub.ctl("contact", "fixed", "abuse@isp.exampel", check=False)
    assert "did you mean abuse@isp.example?" in slip.stderr
    assert "2 addresses" in hub.ctl("contact", "fixed",
                                    "Abuse@isp.example").stdout
    hub.once("report")
    assert world.reports() == 0 and world.reasons() == {"fixed": 2}
    # one is enough now, and only what came later is said
    hub.set("report", threshold=["auth_failure:tries=3"])
    world.d.query("UPDATE allegedfix SET fixed = now() - interval '30 min'")
    world.event(world.one_agent, "2001:db8::7", ago="1 minute")
    hub.once("report")
    assert world.d.query("SELECT host(address), events FROM report_source") \
        == [("2001:db8::7", 1)]
    world.check_conservation()


def test_domain_of_the_login(hub, world):
    hub.set("report", login_domain=["ours.example", "none"])
    d = world.d
    world.tell()
    world.known("203.0.113.7", "abuse@isp.example")
    world.known("203.0.113.7", "abuse@isp.example", login="a@Ours.example")
    world.known("203.0.113.7", "abuse@isp.example", login="a@x.example")
    world.known("203.0.113.8", "abuse@isp.example", login="a@x.example")
    world.known("203.0.113.9", "abuse@isp.example", kind=2)
    hub.once("report")
    assert d.query("SELECT host(address), events FROM report_source"
                   " ORDER BY 1") == [("203.0.113.7", 2), ("203.0.113.9", 1)]
    # it is not even asked who answers for that address
    assert d.query("SELECT host(address), reason FROM not_reported") == [
        ("203.0.113.8", "login domain")]


def test_contact_commands(hub, world):
    world.known("203.0.113.7", "abuse@isp.example")
    for words, state in ((["suspend", "they asked"], "suspended"),
                         (["mode", "form", "https://isp.example/"], "form")):
        hub.ctl("contact", words[0], "Abuse@isp.example", *words[1:])
        hub.once("report")
        assert world.reports() == 0 and world.reasons() == {state: 1}
        hub.ctl("contact", "resume", "abuse@isp.example")
    assert world.d.one("SELECT note FROM contact") == "they asked"
    hub.ctl("contact", "mode", "abuse@isp.example", "held")
    hub.ctl("contact", "language", "abuse@isp.example", "de")
    hub.ctl("contact", "note", "abuse@isp.example", "slow")
    hub.once("report")
    assert world.d.query("SELECT state FROM report") == [("held",)]
    assert "Guten Tag" in world.mails()[0][1].get_body().get_content() or \
        "Damen" in world.mails()[0][1].get_body().get_content()
    assert world.d.query("SELECT mode, language, note FROM contact") == [
        ("held", "de", "slow")]
    for words in (["mode", "abuse@isp.example", "fax"],
                  ["language", "abuse@isp.example", "it"],
                  ["mode", "abuse@isp.example", "text", "https://x.example"],
                  ["suspend", "nobody@isp.example"],
                  ["fixed", "abuse@isp.example", "yesterday"]):
        assert hub.ctl("contact", *words, check=False).returncode != 0, words


def test_held_share_is_drawn_once_and_noted(hub, world):
    hub.set("report", held_share=50)
    for i in range(60):
        world.known("203.0.113.%d" % i, "abuse@isp%d.example" % i)
    hub.once("report")
    held = world.d.one("SELECT count(*) FROM contact WHERE control")
    assert 10 < held < 50
    assert world.reports() == 60 - held
    assert world.d.one("SELECT count(*) FROM control_case") == held
    assert world.reasons() == {"held share": held}
    hub.once("report")
    assert world.reports() == 60 - held
    hub.set("report", held_share=0)
    hub.once("report")
    assert world.reports() == 60


# ---- brakes ----

def test_variants_of_one_mailbox(hub, world):
    """victim+1@, Victim+2@ ...: one contact, one mail."""
    hub.set("report", domain_week=20)
    world.attackers(10000, lambda i: "%s+%d@victim.example" % (
        ["victim", "Victim", "VICTIM"][i % 3], i))
    hub.once("report")
    assert world.d.query("SELECT recipient, sources FROM report") == [
        ("victim@victim.example", 10000)]


def test_mailboxes_of_one_domain(hub, world):
    """Ten thousand mailboxes in a domain and below it: as many mails a week
    as the cap says, whatever happens in between."""
    hub.set("report", domain_week=20)
    world.attackers(10000, lambda i: "a%d@%svictim.example" % (
        i, "" if i % 2 else "h%d." % i))
    for day in range(4):
        world.day_passes(2 if day else 0)
        hub.once("report")
        hub.once("deliver")
    assert world.reports() == len(list(hub.mail.iterdir())) == 20
    assert world.reasons() == {"domain cap": 9980}
    world.day_passes()
    hub.once("report")
    assert world.reports() == 40
    # control: without the cap
    hub.set("report", domain_week=0)
    hub.once("report")
    assert world.reports() == 10000


def test_domains_of_one_mail_host(hub, world):
    hub.set("report", mx_week=5)
    world.attackers(300, lambda i: "abuse@isp%d.example" % i)
    world.d.query("UPDATE contact SET mx = 'mx.victim.example'"
                  " WHERE contact <= 200")
    hub.once("report")
    assert world.reports() == 105
    hub.once("report")
    assert world.reports() == 105
    assert world.reasons() == {"mx cap": 195}


def test_new_contacts_a_day(hub, world):
    hub.set("report", new_day=10)
    world.known("203.0.113.7", "abuse@old.example")
    hub.once("report")
    world.week_passes()
    world.abuse("203.0.113.7")
    world.attackers(50, lambda i: "abuse@isp%d.example" % i)
    hub.once("report")
    assert world.reports() == 1 + 1 + 10  # the old one is not new
    assert world.reasons() == {"new contacts": 40}
    world.d.query("UPDATE report SET created = created - interval '1 day'")
    hub.once("report")
    assert world.reports() == 22


def test_mails_an_hour(hub, world):
    hub.set("report", mails_hour=10)
    world.attackers(25, lambda i: "abuse@isp%d.example" % i)
    hub.once("report")
    assert world.reports() == 10
    assert world.reasons()["mails an hour"] == 15
    # what was composed without the cap is held up by deliver
    hub.set("report", mails_hour=0)
    hub.once("report")
    assert world.reports() == 25
    hub.set("report", mails_hour=10)
    hub.once("deliver")
    assert len(list(hub.mail.iterdir())) == 10
    world.d.query("UPDATE report SET quiet = tstzrange(lower(quiet)"
                  " - interval '1 hour', upper(quiet)) WHERE quiet IS NOT"
                  " NULL")
    hub.once("deliver")
    assert len(list(hub.mail.iterdir())) == 20


def test_two_processes_share_a_cap(make_hub, world):
    hubs = [make_hub("hub%d" % i) for i in range(3)]
    for h in hubs:
        h.set("report", domain_week=7)
    world.attackers(400, lambda i: "a%d@victim.example" % i)
    processes = [h.start("report", "--once") for h in hubs]
    for p in processes:
        assert p.popen.wait(60) == 0, p.stderr
    assert world.reports() == 7


def test_stop_and_go(hub, world):
    world.known("203.0.113.7", "abuse@isp.example")
    hub.once("report")
    world.known("203.0.113.8", "abuse@other.example")
    hub.ctl("stop", "something is wrong")
    for stage in ("report", "deliver"):
        assert "something is wrong" in hub.once(stage).stderr
    assert world.reports() == 1 and list(hub.mail.iterdir()) == []
    assert world.reasons() == {"stopped": 1}
    assert [s["count"] for s in json.loads(hub.ctl(
        "status", "--json").stdout)["stages"]
        if s["what"] == "stopped by plaintiff stop"] == [1]
    hub.ctl("go")
    hub.once("report")
    hub.once("deliver")
    assert len(list(hub.mail.iterdir())) == 2


def test_clock_that_moves_stops_everything(hub, world):
    """And once it is accepted, the weeks that run have moved with it."""
    world.known("203.0.113.7", "abuse@isp.example")
    hub.once("report")
    hub.once("deliver")
    world.abuse("203.0.113.7")
    # as if all of that had been 40 days ago, by a clock that has jumped
    d = world.d
    d.query("UPDATE clock_tick SET wall = wall - interval '40 days'")
    world.day_passes(40)
    for stage in ("report", "deliver"):
        assert "clock" in hub.once(stage).stderr
    assert world.reports() == 1 and world.reasons() == {"clock": 1}
    assert "40 days" in hub.ctl("clock", "accept").stdout
    assert d.one("SELECT upper(quiet) BETWEEN now() + interval '6 days'"
                 " AND now() + interval '8 days' FROM report")
    hub.once("report")
    assert world.reports() == 1 and world.reasons() == {"week": 1}
    # control: a clock that had always been right
    world.day_passes(40)
    hub.once("report")
    assert world.reports() == 2


# ---- in spite of it ----

def test_force_breaks_thresholds_and_never_the_week(strict, world):
    hub = strict
    world.known("203.0.113.7", "abuse@isp.example")
    hub.once("report")
    assert world.reports() == 0
    assert "0 mails would" in hub.ctl("report", "send", "--dry-run").stdout
    hub.ctl("report", "send", "--force", "Abuse@isp.example")
    assert "1 mail would" in hub.ctl("report", "send", "--dry-run").stdout
    hub.once("report")
    hub.once("deliver")
    assert world.reports() == 1
    world.abuse("203.0.113.7")
    slip = hub.ctl("report", "send", "--force", "abuse@isp.example",
                   check=False)
    assert slip.returncode == 65 and "week, not before" in slip.stderr
    world.d.query("UPDATE contact SET forced = now()")
    hub.once("report")
    assert world.reports() == 1


@pytest.mark.parametrize("by", ["1", "203.0.113.7", "abuse@isp.example"])
def test_resend(hub, world, by):
    """What a failed report held is composed again, once, and the books are
    right; never within the week of one that was sent."""
    world.known("203.0.113.7", "abuse@isp.example", 2)
    world.known("2001:db8::7", "abuse@isp.example", 2)
    hub.once("report")
    assert hub.ctl("report", "resend", by, check=False).returncode == 65
    world.d.query("UPDATE report SET state = 'failed';"
                  " UPDATE report_mail SET state = 'failed'")
    assert "2 addresses" in hub.ctl("report", "resend", by).stdout
    assert hub.ctl("report", "resend", by, check=False).returncode == 65
    world.abuse("203.0.113.7")
    hub.once("report")
    assert world.d.query("SELECT state, events FROM report ORDER BY report") \
        == [("failed", 4), ("ready", 5)]
    world.check_ranges()
    hub.once("deliver")
    world.d.query("UPDATE report SET given_back = NULL")
    world.abuse("203.0.113.7")
    hub.once("report")
    assert world.reports() == 2


def test_rows_of_the_tests_are_lookups(database):
    """Control: the statement that counts here is lookup's own."""
    r = Rows(database)
    r.event(r.agent("mx1"), "203.0.113.7", login="A@x.example")
    r.count()
    assert database.query("SELECT events, cardinality(logins) FROM tally") \
        == [(1, 1)]
