"""Rows made by hand, as superuser, for tests of what reads them."""
import pathlib
import re
import uuid

STATEMENTS = pathlib.Path(__file__).resolve().parents[2] / "schema" / "stmts"


def statement(stage, name):
    """A statement of a stage, its $1 as %(p1)s."""
    text = (STATEMENTS / (stage + ".sql")).read_text()
    sql = re.search(r"^-- name: %s\n(.*?);\n" % name, text, re.M | re.S)[1]
    return re.sub(r"\$(\d)", r"%(p\1)s", sql.replace("%", "%%"))


class Rows:
    def __init__(self, database):
        self.d = database
        self.n = 0

    def agent(self, name, host="mx", software="plaintiff-agent", **counters):
        self.n += 1
        agent = self.d.one(
            "INSERT INTO agent (name, key) VALUES (%s, lpad(%s, 40, 'k'))"
            " RETURNING agent", name, str(self.n))
        self.outbox(agent, host=host, software=software, **counters)
        return agent

    def outbox(self, agent, host="mx", software="plaintiff-agent",
               **counters):
        """One more outbox of this agent, or other counters of its first."""
        self.d.query(
            "INSERT INTO agent_outbox (agent, outbox, host, software)"
            " VALUES (%s, '\\x0101010101010101', %s, %s)"
            " ON CONFLICT DO NOTHING", agent, host, software)
        self.outbox_set(agent, **counters)

    def outbox_set(self, agent, **counters):
        for name, value in counters.items():
            self.d.query("UPDATE agent_outbox SET %s = %%s WHERE agent = %%s"
                         % name, value, agent)

    def name(self, text):
        self.d.query("INSERT INTO name (text) VALUES (%s)"
                     " ON CONFLICT DO NOTHING", text)
        return self.d.one("SELECT name FROM name WHERE text = %s", text)

    def event(self, agent, address, host="mx", kind=1, ago="1 hour",
              stale=False, login=None):
        """An event that long ago, with its evidence; returns its id."""
        tail = uuid.uuid4().hex[8:]
        event = self.d.one(
            "INSERT INTO event (id, time, agent, host, kind, address, stale)"
            " VALUES ((left(id_floor(now() - %s::interval)::text, 8)"
            " || %s)::uuid, date_trunc('second', now() - %s::interval),"
            " %s, %s, %s, %s, %s) RETURNING id",
            ago, tail, ago, agent, self.name(host), kind, address, stale)
        self.d.query("INSERT INTO evidence (id, line, login)"
                     " VALUES (%s, %s, %s)", event, "a line", login)
        return event

    def witness(self, event, agent):
        self.d.query("INSERT INTO witness (event, agent) VALUES (%s, %s)",
                     event, agent)

    def set_aside(self, agent, ago="1 hour", why="poisoned"):
        self.d.query("INSERT INTO set_aside (agent, id, why, noted)"
                     " VALUES (%s, %s, %s, now() - %s::interval)", agent,
                     str(uuid.uuid4()), why, ago)

    def count(self):
        """As lookup counts, by its own statement: all events so far."""
        upto = self.d.one("SELECT coalesce(max(stored), 0) FROM event")
        mark = self.d.one("SELECT stored FROM watermark WHERE name = 'tally'")
        self.d.query(statement("lookup", "lookup_count"),
                     {"p1": mark, "p2": upto, "p3": [1, 2]})

    def contact(self, mailbox, state="active"):
        self.d.query("INSERT INTO contact (key, mailbox, state)"
                     " VALUES (lower(%s), %s, %s) ON CONFLICT DO NOTHING",
                     mailbox, mailbox, state)
        return self.d.one("SELECT contact FROM contact WHERE key = lower(%s)",
                          mailbox)

    def source(self, address, mailbox=None, state="found",
               fresh="1 day", contact_state="active"):
        contact = None
        if state == "found":
            contact = self.contact(mailbox or "abuse@isp.example",
                                   contact_state)
        self.d.query(
            "INSERT INTO source (address, contact, state, method, asked,"
            " fresh_until, first_seen, last_seen) VALUES (%s, %s, %s,"
            " 'abusix', now(), now() + %s::interval, now(), now())"
            " ON CONFLICT DO NOTHING", address, contact, state, fresh)
        return contact

    def report(self, mailbox, address, state="ready", mail=b"mail", said=None,
               upto=10, ago="0 s", source=True, mails=1):
        """A report of one address with three events; returns its number."""
        contact = self.contact(mailbox)
        quiet = "tstzrange(now() - %s::interval, now() - %s::interval" \
            " + interval '168 hours')" if state in (
                "sending", "sent", "unknown") else "NULL"
        unique = uuid.uuid4()
        report = self.d.one(
            "INSERT INTO report (uuid, contact, state, created, changed, upto,"
            " sources, events, first, last, recipient, subject, owner, said,"
            " quiet) VALUES (%s, %s, %s,"
            " now() - %s::interval, now() - %s::interval, %s, 1, 3, now(),"
            " now(), %s, 'subject', 'hub1', %s, " + quiet + ")"
            " RETURNING report",
            *([str(unique), contact, state, ago, ago, upto, mailbox, said]
              + ([ago, ago] if quiet != "NULL" else [])))
        for n in range(1, mails + 1):
            self.d.query(
                "INSERT INTO report_mail (report, n, state, changed, claimed,"
                " message_id, subject, mail, said) VALUES (%s, %s, %s,"
                " now() - %s::interval, now() - %s::interval, %s, 'subject',"
                " %s, %s)", report, n, "ready" if state == "held" else state,
                ago, ago, "%s%s@hub.example" % (
                    unique, "" if n == 1 else "-%d" % n), mail, said)
        self.d.query(
            "INSERT INTO report_source (report, address, events, first, last,"
            " stored_after, stored_upto) VALUES (%s, %s, 3, now(), now(), 0,"
            " %s)", report, address if source else "192.0.2.%d" % (
                100 + report), upto)
        return report
