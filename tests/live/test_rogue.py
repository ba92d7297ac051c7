"""Protects innocents from one agent of the fleet that lies: with a quorum
nobody is accused on its word, and honest reports are what they were without
it; without one, what it can do is bounded and shown; a purge takes back what
only it vouches for."""
import json
import re

import pytest

from test_brakes import Brakes

AGENTS, GUILTY, INNOCENTS = 1000, 120, 2000


@pytest.fixture
def world(database, hub):
    return Fleet(database, hub)


class Fleet(Brakes):
    """A thousand agents; 120 addresses, of 30 contacts, that two or three of
    them have seen."""

    def __init__(self, database, hub):
        super().__init__(database, hub)
        self.d.query(
            "INSERT INTO agent (name, key) SELECT 'a' || n, lpad(n::text, 40,"
            " 'a') FROM generate_series(1, %s) n", AGENTS)
        self.hosts = [self.name("mx%d" % i) for i in range(20)]
        self.put("11.1.0.0", GUILTY, 30, 5, "2 + mod(n * 7 + i, 3) + n * 8",
                 "guilty")

    def put(self, network, addresses, contacts, events, agent, box):
        """Addresses from network on with so many events each; the agent's
        number by n, of the address, and i, of the event."""
        self.d.query(
            "INSERT INTO contact (key, mailbox) SELECT m, m FROM (SELECT %s"
            " || n || '@' || %s || n || '.example' AS m"
            " FROM generate_series(0, %s - 1) n) c", "abuse", box, contacts)
        self.d.query(
            "INSERT INTO source (address, contact, state, method, asked,"
            " fresh_until, first_seen, last_seen) SELECT %s::inet + n,"
            " (SELECT min(contact) FROM contact WHERE mailbox LIKE '%%@' || %s"
            " || '%%') + mod(n, %s), 'found', 'abusix', now(), now()"
            " + interval '1 day', now(), now()"
            " FROM generate_series(0, %s - 1) n",
            network, box, contacts, addresses)
        self.d.query(
            "INSERT INTO event (id, time, agent, host, kind, port, address)"
            " SELECT (left(id_floor(t)::text, 8) || left(md5(%s || n || '.'"
            " || i), 24))::uuid, t, " + agent + ", %s + mod(i, 20),"
            " 1, 1024 + n, %s::inet + n FROM (SELECT n, i,"
            " date_trunc('hour', now()) - (i + 1) * interval '20 minutes'"
            " AS t FROM generate_series(0, %s - 1) n,"
            " generate_series(0, %s - 1) i) e",
            network, self.hosts[0], network, addresses, events)
        self.count()

    @property
    def rogue(self):
        return self.d.one("SELECT agent FROM agent WHERE name = 'a13'")

    def forge(self):
        """One network address by address, and 1,744 networks beside."""
        self.put("198.51.100.0", 256, 64, 20, str(self.rogue), "near")
        self.put("203.0.0.0", INNOCENTS - 256, 400, 20, str(self.rogue),
                 "far")
        self.d.query("ANALYZE")  # as autovacuum would by then

    def reported(self):
        """What was said of whom, without what is by chance."""
        return sorted(
            (recipient, mask(bytes(mail))) for recipient, mail in
            self.d.query("SELECT recipient, mail FROM report JOIN"
                         " report_mail USING (report)"))

    def innocents(self):
        return self.d.one("SELECT count(*) FROM report_source WHERE"
                          " NOT address << '11.0.0.0/8'")


def mask(mail):
    mail = mail.replace(b"=\r\n", b"").replace(b"\r\n\t", b" ")
    mail = re.sub(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}(-\d+)?", b"ID",
                  mail)
    mail = re.sub(rb"\[[0-9a-f]{8}\]", b"[ID]", mail)
    mail = re.sub(rb"(?m)^Date: .*$", b"Date: D", mail)
    mail = re.sub(rb"--=_[^\r\n]*|boundary=\S+", b"BOUNDARY", mail)
    # JSON names the time at which it was made, and is encoded
    return re.sub(rb"(?m)^[A-Za-z0-9+/=]{20,}\r$", b"", mail)


def test_with_a_quorum_nobody_is_accused_on_one_word(hub, world):
    hub.set("report", quorum_agents=2)
    hub.once("report")
    before = world.reported()
    assert len({r for r, _ in before}) == 30 and world.innocents() == 0
    # the same days again, and the rogue's word with them
    world.d.query("DELETE FROM report; UPDATE source SET"
                  " reported_upto = 0, pending = 1")
    world.forge()
    hub.once("report")
    assert world.innocents() == 0
    assert world.reported() == before
    world.d.query("SET plaintiff.quorum_agents = 2")
    assert world.reasons() == {"quorum": INNOCENTS}
    # control: with the default it is believed
    hub.set("report", quorum_agents=1)
    hub.once("report")
    assert world.innocents() > 0


def test_without_a_quorum_it_is_bounded_and_shown(hub, world):
    hub.set("report", new_day=50, domain_week=20)
    world.forge()
    hub.once("report")
    hub.once("report")
    assert world.reports() == 50
    said = json.loads(hub.ctl("why", "198.51.100.9", "--json").stdout)
    fact = {d["decision"]: d["fact"] for d in said["decisions"]}
    assert fact["events"].endswith("seen by a13")
    assert "1 of 1 agents" in fact["quorum"]
    assert fact["new contacts"] == "50 of 50 in a day"


def test_purge_keeps_what_others_witnessed(hub, world):
    world.forge()
    d, rogue = world.d, world.rogue
    d.query("INSERT INTO agent_outbox (agent, outbox, emitted) SELECT agent,"
            " '\\x0101010101010101', count(*) FROM event WHERE agent <> %s"
            " GROUP BY agent ON CONFLICT DO NOTHING", world.one_agent)
    # others have sent the lines of some innocent, and the rogue some of theirs
    d.query("INSERT INTO witness (event, agent) SELECT id, %s FROM event"
            " WHERE address = '198.51.100.7'", world.one_agent)
    d.query("INSERT INTO witness (event, agent) SELECT id, %s FROM event"
            " WHERE address = '11.1.0.5' AND agent <> %s", rogue, rogue)
    d.query("UPDATE agent_outbox o SET emitted = o.emitted + (SELECT count(*)"
            " FROM witness w WHERE w.agent = o.agent)")
    world.set_aside(rogue)
    d.query("UPDATE agent_outbox SET emitted = emitted + 1 WHERE agent = %s",
            rogue)
    d.query("INSERT INTO agent_address VALUES (%s, '11.1.0.9')", rogue)
    assert d.query("SELECT agent FROM agent_balance WHERE remainder <> 0") \
        == []
    honest = d.one("SELECT count(*) FROM event WHERE agent <> %s", rogue)
    hub.once("report")
    assert world.innocents() > 0
    said = hub.ctl("agent", "revoke", "a13", "--purge").stdout
    assert "kept as another agent's: 20" in said
    for table, column in (("event", "agent"), ("witness", "agent"),
                          ("set_aside", "agent"), ("agent_address", "agent")):
        assert d.one("SELECT count(*) FROM %s WHERE %s = %d" % (
            table, column, rogue)) == 0, table
    assert d.one("SELECT count(*) FROM tally WHERE %s = ANY (agents)",
                 rogue) == 0
    assert d.one("SELECT count(*) FROM evidence v WHERE NOT EXISTS"
                 " (SELECT FROM event e WHERE e.id = v.id)") == 0
    assert d.one("SELECT count(*) FROM event") == honest + 20
    assert d.query("SELECT DISTINCT agent FROM event WHERE address ="
                   " '198.51.100.7'") == [(world.one_agent,)]
    # what was ready with its word in it waits for a person
    assert d.query("SELECT DISTINCT r.state FROM report r JOIN report_source"
                   " USING (report) WHERE NOT address << '11.0.0.0/8'") == [
        ("held",)]
    # the books balance, and sources say what is left
    assert d.query("SELECT agent FROM agent_balance WHERE remainder <> 0") \
        == []
    world.check_ranges()
    assert d.one("SELECT count(*) FROM source WHERE NOT address <<"
                 " '11.0.0.0/8'") == 1
    assert d.query("SELECT attempts[1], agents FROM source WHERE address ="
                   " '198.51.100.7'") == [(20, [world.one_agent])]
    # once more is as good as once
    assert "events removed: 0" in hub.ctl("agent", "revoke", "a13",
                                          "--purge").stdout
