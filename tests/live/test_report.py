"""Protects what is sent to strangers: who is due, that each event is in
exactly one report, that no address of ours or without a fresh contact is in
any, and that the mail says what the rows say."""
import email
import email.policy
import re

import pytest

from conftest import wait_until
from rows import Rows

STRICT = email.policy.SMTP.clone(raise_on_defect=True)


def parse(mail):
    """A strict parser's view of the mail; any defect is an exception."""
    m = email.message_from_bytes(bytes(mail), policy=STRICT)
    for name in m:
        str(m[name])
    return m


def text_of(m):
    """The text that a person reads; attachments are tests/golden's matter."""
    return m.get_body(("plain",)).get_content()


class World(Rows):
    """Rows, and what the tests say of them."""

    def __init__(self, database):
        super().__init__(database)
        self.one_agent = self.agent("mx1")

    def event(self, *about, **how):
        """Counted at once, as lookup does."""
        event = super().event(*about, **how)
        self.count()
        return event

    def abuse(self, address, n=1, **how):
        for _ in range(n):
            self.event(self.one_agent, address, **how)

    def known(self, address, mailbox, n=1, fresh="1 day", **how):
        """An address with a contact and n events."""
        self.source(address, mailbox, fresh=fresh)
        self.d.query(
            "INSERT INTO answer (address, method, state, contact, mailboxes,"
            " fresh_until) SELECT address, 'abusix', 'found', contact,"
            " ARRAY[%s], fresh_until FROM source WHERE address = %s",
            mailbox, address)
        self.abuse(address, n, **how)

    def mails(self):
        return [(r[0], parse(r[1])) for r in self.d.query(
            "SELECT recipient, mail FROM report JOIN report_mail"
            " USING (report) ORDER BY report, n")]

    def reports(self):
        return self.d.one("SELECT count(*) FROM report")

    def week_passes(self):
        """All there is happened eight days earlier; events stay."""
        self.d.query(
            "UPDATE report SET created = created - interval '8 days',"
            " state = 'sent', owner = 'hub1', quiet ="
            " tstzrange(created - interval '8 days',"
            " created - interval '1 day')")

    def check_conservation(self):
        """Each event is in as many reports as say they cover it: one; and
        the reports' sums are those of their addresses."""
        assert self.d.query(
            "SELECT e.id, count(*) FROM event e JOIN report_source s"
            " ON s.address = e.address AND e.stored > s.stored_after"
            " AND e.stored <= s.stored_upto GROUP BY e.id"
            " HAVING count(*) > 1") == []
        assert self.d.query(
            "SELECT report FROM report r WHERE events <> (SELECT sum(events)"
            " FROM report_source s WHERE s.report = r.report)"
            " OR sources <> (SELECT count(*) FROM report_source s"
            " WHERE s.report = r.report)") == []


@pytest.fixture
def world(database):
    return World(database)


def table(m):
    """The rows of the table of events, as dicts."""
    names = "time source port destination our_port protocol type".split()
    return [dict(zip(names, line.split()))
            for line in text_of(m).splitlines()
            if re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", line)]


def test_one_mail_a_contact(hub, world):
    other = world.agent("mx2")
    world.known("203.0.113.7", "abuse@isp.example", 3)
    world.event(other, "203.0.113.7", host="mx2.inside.example", kind=2)
    world.known("2001:db8:1234:5678:9abc:def0:1234:5678", "abuse@isp.example")
    world.known("198.51.100.9", "noc@other.example", 2)
    hub.once("report")
    mails = dict(world.mails())
    assert sorted(mails) == ["abuse@isp.example", "noc@other.example"]
    m = mails["abuse@isp.example"]
    assert m["To"] == "abuse@isp.example"
    assert m["Subject"].startswith("SMTP login attempts (brute force) and "
                                   "relay attempts from 203.0.113.7 and one "
                                   "more address")
    assert m["Auto-Submitted"] == "auto-generated"
    assert m["Cc"] is None and m["Bcc"] is None
    assert m["Date"].datetime.utcoffset().total_seconds() == 0
    assert [p.get_content_type() for p in m.walk()] == [
        "multipart/mixed", "text/plain", "text/csv", "application/json",
        "application/json"]
    assert str(m["Message-ID"]) == "<%s>" % world.d.one(
        "SELECT message_id FROM report JOIN report_mail USING (report)"
        " WHERE recipient = 'abuse@isp.example'")
    text = text_of(m)
    for words in ("All times are UTC (+0000)",
                  "Note: Local timezone is +0000 (UTC)",
                  "Abusix Abuse Contact DB", "abusix.com/contactdb",
                  "4 events: 3 login failures, 1 relay attempt",
                  "Seen by:    2 mail servers"):
        assert words in text, text
    # the ancestor cut this to 18 characters
    assert {r["source"] for r in table(m)} == {
        "203.0.113.7", "2001:db8:1234:5678:9abc:def0:1234:5678"}
    assert len(table(m)) == 5
    # nothing of the inside
    assert "inside" not in text and "mx1" not in text and "mx2" not in text
    single = mails["noc@other.example"]
    assert re.match(r"SMTP login attempts \(brute force\) from 198.51.100.9 "
                    r"\[[0-9a-f]{8}\]$", single["Subject"])
    assert not re.match("re:", single["Subject"], re.I)
    world.check_conservation()
    hub.once("report")
    assert world.reports() == 2


def test_mailbox_in_two_spellings_is_one_mail(hub, world):
    """The ancestor compared case by case and mailed Abuse@ and abuse@."""
    world.known("203.0.113.7", "Abuse@ISP.example")
    world.known("203.0.113.8", "abuse@isp.example")
    hub.once("report")
    assert [r for r, _ in world.mails()] == ["Abuse@ISP.example"]


@pytest.mark.parametrize("how", [
    "UPDATE contact SET state = 'suspended'",
    "UPDATE source SET fresh_until = now() - interval '1 second'",
    "UPDATE source SET state = 'failed', contact = NULL",
    "UPDATE source SET last_seen = now() - interval '15 days'",
    "UPDATE source SET reported_upto = 1000000",
    "UPDATE event SET stale = true",
    "UPDATE event SET kind = 14",
    "UPDATE event SET kind = 3",
    "INSERT INTO agent_address SELECT agent, '203.0.113.7' FROM agent",
    "DELETE FROM event",
])
def test_not_due(hub, world, how):
    world.known("203.0.113.7", "abuse@isp.example")
    world.d.query(how)
    hub.once("report")
    assert world.reports() == 0


@pytest.mark.parametrize("setting", ["own", "unreportable"])
def test_address_that_the_settings_protect(hub, world, setting):
    hub.set("filter", **{setting: ["127.0.0.0/8", "203.0.113.0/29",
                                   "2001:db8:1::/48"]})
    world.known("203.0.113.7", "abuse@isp.example")
    world.known("2001:db8:1::7", "abuse@isp.example")
    world.known("203.0.113.8", "abuse@isp.example")
    hub.once("report")
    assert world.d.query("SELECT host(address) FROM report_source") == [
        ("203.0.113.8",)]
    (_, m), = world.mails()
    assert "203.0.113.7" not in text_of(m)
    assert "2001:db8:1:" not in text_of(m)
    assert world.d.one("SELECT sum(reported_upto) FROM source"
                       " WHERE address <> '203.0.113.8'") == 0


def test_older_than_the_window(hub, world):
    world.known("203.0.113.7", "abuse@isp.example", ago="15 days")
    hub.once("report")
    assert world.reports() == 0
    world.abuse("203.0.113.7", ago="13 days")
    hub.once("report")
    assert world.d.query("SELECT events FROM report") == [(1,)]


@pytest.mark.parametrize("state", ["held", "ready", "sending", "unknown"])
def test_open_report_holds_off_another(hub, world, state):
    world.known("203.0.113.7", "abuse@isp.example")
    world.report("abuse@isp.example", "203.0.113.7", state=state, upto=1)
    world.abuse("203.0.113.7")
    hub.once("report")
    assert world.reports() == 1


@pytest.mark.parametrize("state, days, more", [
    ("sent", 6.9, 0), ("sent", 7.1, 1), ("failed", 6.9, 0), ("failed", 7.1, 1)])
def test_seven_days_since_the_last(hub, world, state, days, more):
    world.report("abuse@isp.example", "203.0.113.7", state=state, upto=1,
                 ago="%s days" % days)
    world.known("203.0.113.7", "abuse@isp.example")
    hub.once("report")
    assert world.reports() == 1 + more


def test_quiet_counts_from_sending(hub, world):
    """Composed long ago, sent yesterday: the week is from yesterday."""
    world.known("203.0.113.7", "abuse@isp.example")
    report = world.report("abuse@isp.example", "203.0.113.7", state="sent",
                          upto=1, ago="20 days")
    world.d.query("UPDATE report SET quiet = tstzrange(now() - interval"
                  " '1 day', now() + interval '6 days') WHERE report = %s",
                  report)
    hub.once("report")
    assert world.reports() == 1


def test_late_events_are_in_exactly_one_report(hub, world):
    """Log lines that come days late, with times from before the last
    report: the ancestor, going by time, reported such twice or never."""
    world.known("203.0.113.7", "abuse@isp.example", 3, ago="9 days")
    hub.once("report")
    world.abuse("203.0.113.7", 2, ago="10 days")
    hub.once("report")
    assert world.reports() == 1
    world.week_passes()
    world.abuse("203.0.113.7", 4, ago="1 minute")
    hub.once("report")
    assert world.d.query("SELECT events FROM report ORDER BY report") == [
        (3,), (6,)]
    assert world.d.one("SELECT sum(events) FROM report") == world.d.one(
        "SELECT count(*) FROM event")
    world.check_conservation()


def test_two_processes_make_one_report(make_hub, world):
    for i in range(60):
        world.known("203.0.113.%d" % (i + 1), "abuse@isp%d.example" % i, 2)
        world.known("198.51.100.%d" % (i + 1), "abuse@isp%d.example" % i)
    hubs = [make_hub("hub%d" % i) for i in range(3)]
    processes = [h.start("report", "--once") for h in hubs]
    for p in processes:
        assert p.popen.wait(60) == 0, p.stderr
    wait_until(lambda: hubs[0].once("report"))
    assert world.d.query("SELECT count(*), count(DISTINCT contact),"
                         " sum(events), sum(sources) FROM report") == [
        (60, 60, 180, 120)]
    world.check_conservation()


def test_only_what_was_counted_is_reported(hub, world):
    """What lookup has not counted may hide an outage, and a batch that
    commits late: it is left for the next report, and is in that."""
    world.known("203.0.113.7", "abuse@isp.example")
    super(World, world).event(world.one_agent, "203.0.113.7")
    hub.once("report")
    assert world.d.one("SELECT events FROM report") == 1
    world.week_passes()
    world.abuse("203.0.113.7")
    hub.once("report")
    assert world.d.query("SELECT events FROM report ORDER BY report") == [
        (1,), (2,)]
    world.check_conservation()


def test_our_own_outage_accuses_nobody(hub, world):
    """Failed logins near a failure of that host's login back end, whatever
    name the host logs with; those of other hosts and times are reported."""
    rows = Rows(world.d)
    world.source("203.0.113.7", "abuse@isp.example")
    world.source("203.0.113.8", "abuse@isp.example")
    world.d.query("UPDATE source SET next_ask = now() + interval '1 day'")
    for host, ago in (("mx1", "60 min"), ("mx1", "69 min"),
                      ("mx1", "90 min"), ("mx2", "60 min")):
        rows.event(world.one_agent, "203.0.113.7", host=host, ago=ago)
    rows.event(world.one_agent, "203.0.113.7", host="mx1", kind=2,
               ago="60 min")
    rows.event(world.one_agent, "203.0.113.8", host="mx1", ago="60 min")
    rows.event(world.one_agent, "10.0.0.1", host="MX1.example.net", kind=13,
               ago="60 min")
    hub.once("lookup")
    hub.once("report")
    assert world.d.query("SELECT host(address), events FROM report_source") \
        == [("203.0.113.7", 3)]
    assert world.d.query("SELECT host(address), reason FROM not_reported "
                         "WHERE address << '203.0.113.0/24'") == [
        ("203.0.113.8", "outage")]
    world.check_conservation()


def test_caps_are_said(hub, world):
    hub.set("report", sources_max=2, lines_max=5)
    world.known("203.0.113.1", "abuse@isp.example", 20)
    world.known("203.0.113.2", "abuse@isp.example", 2)
    world.known("203.0.113.3", "abuse@isp.example", 1)
    hub.once("report")
    (_, m), = world.mails()
    text = text_of(m)
    assert "1 address more with 1 event, counted above" in text
    assert "Listed are the latest 5 of 23 events" in text
    assert "203.0.113.3" not in text
    assert [r["source"] for r in table(m)] == ["203.0.113.1"] * 3 + [
        "203.0.113.2"] * 2
    assert world.d.query("SELECT events, sources FROM report") == [(23, 3)]
    # what is not listed is reported all the same
    world.week_passes()
    hub.once("report")
    assert world.reports() == 1


def test_hold(hub, world):
    hub.set("report", hold="yes")
    world.known("203.0.113.7", "abuse@isp.example")
    hub.once("report")
    assert world.d.query("SELECT state FROM report") == [("held",)]


def test_hostile_organisation_and_greeting(hub, world):
    greeting = hub.folder / "greeting.txt"
    greeting.write_text("Grüße,\x1b[2J\r\nFrom us to you\n.\n\x07bell\n"
                        + "word " * 60 + "\nBcc: x@y.example\n")
    hub.set("report", organisation='Müller "x" <evil@x.example>, & Söhne',
            greeting=greeting)
    world.known("203.0.113.7", "abuse@isp.example")
    hub.once("report")
    (_, m), = world.mails()
    assert len(m["From"].addresses) == 1
    sender = m["From"].addresses[0]
    assert sender.addr_spec == "abuse-report@hub.example"
    assert "Müller" in sender.display_name
    assert [a.addr_spec for a in m["To"].addresses] == ["abuse@isp.example"]
    assert m["Bcc"] is None
    text = text_of(m)
    assert "Grüße,[2J\nFrom us to you\n.\nbell\n" in text.replace("\r", "")
    assert all(len(line) <= 76 for line in text.splitlines())
    raw = bytes(world.d.one("SELECT mail FROM report_mail"))
    # a tab only where a header is folded
    flat = raw.replace(b"\r\n\t", b"\r\n ")
    assert not [c for c in flat if c > 0x7e or (c < 0x20 and c not in b"\r\n")]
    assert raw.count(b"\n") == raw.count(b"\r\n")


def test_greeting_that_cannot_be_read(hub, world):
    """Nothing goes out with another text than the operator's own."""
    world.known("203.0.113.7", "abuse@isp.example")
    greeting = hub.folder / "greeting.txt"
    hub.set("report", greeting=greeting)
    p = hub.start("report", "--once")
    assert p.popen.wait(30) == 78
    assert "greeting.txt" in p.stderr
    greeting.write_bytes(b"Gr\xfc\xdfe\n")
    p = hub.start("report", "--once")
    assert p.popen.wait(30) == 78
    assert "is not UTF-8" in p.stderr
    assert world.reports() == 0


@pytest.mark.parametrize("mailbox", [
    "abuse@isp.example\r\nBcc: ceo@victim.example", "a@b.example, c@d.example",
    "<a@b.example>", '"a b"@c.example', "@x,@y:z@w.example", "-f@b.example",
    "abuse@", "abuse@[192.0.2.1]", "abüse@isp.example", "a@b@c.example"])
def test_mailbox_that_is_none_gets_nothing(hub, world, mailbox):
    """Should one ever get past lookup: composing refuses it once more, and
    the others are served."""
    world.known("203.0.113.7", mailbox)
    world.known("203.0.113.8", "abuse@isp.example")
    p = hub.once("report")
    assert "the recipient is no plain mailbox" in p.stderr
    assert [r for r, _ in world.mails()] == ["abuse@isp.example"]
    assert world.d.one("SELECT reported_upto FROM source"
                       " WHERE address = '203.0.113.7'") == 0


def test_preview_is_the_report(hub, world):
    world.known("203.0.113.7", "abuse@isp.example", 3)
    world.known("2001:db8::7", "abuse@isp.example")
    preview = hub.ctl("report", "preview", "Abuse@ISP.example").stdout
    assert world.reports() == 0
    assert world.d.one("SELECT sum(reported_upto) FROM source") == 0
    hub.once("report")
    (_, m), = world.mails()
    body = text_of(m).replace("\r", "")
    uuid = world.d.one("SELECT uuid::text FROM report")
    other = re.search(r"Report: +(\S+)", preview).group(1)
    assert uuid != other
    assert body.replace(uuid, other) in preview.replace("\r", "")


def test_killed_again_and_again(hub, world):
    """kill -9 wherever it may be: at the end each event is in one report."""
    for i in range(40):
        world.known("203.0.113.%d" % (i + 1), "abuse@isp%d.example" % i, 3)
    for i in range(12):
        p = hub.start("report")
        wait_until(lambda: world.reports() > i * 3 or not p.running, 20)
        p.kill()
    hub.once("report")
    assert world.d.query("SELECT count(*), count(DISTINCT contact),"
                         " sum(events) FROM report") == [(40, 40, 120)]
    world.check_conservation()
