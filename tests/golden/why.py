"""What `plaintiff why` says, a case for each thing that can come of an
address, in one text; times are masked.  Made for goldens.py."""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))

import pg  # noqa: E402
import rows  # noqa: E402
from conftest import Hub, Processes  # noqa: E402

THRESHOLDS = ["auth_failure:tries=3,logins=2,agents=2", "relay_denied:tries=2"]


class World(rows.Rows):
    def __init__(self, database, hub):
        super().__init__(database)
        self.hub = hub
        self.text = []
        self.mx1, self.mx2 = self.agent("mx1"), self.agent("mx2")

    def known(self, address, mailbox, n=3, **how):
        """An address with a contact and n tries, counted."""
        self.source(address, mailbox)
        for _ in range(n):
            self.event(self.mx1, address, **how)
        self.count()
        self.d.query("UPDATE contact SET domain = 'isp.example'"
                     " WHERE domain IS NULL")

    def say(self, title, address, *decisions, **settings):
        """The decisions that matter to the case, then the conclusion; all
        decisions with none named."""
        before = dict(self.hub.settings["report"])
        self.hub.set("report", **settings)
        said = self.hub.ctl("why", address).stdout
        self.hub.settings["report"] = before
        self.hub.write()
        head, _, tail = said.partition("\n\nreports that it is in\n")
        lines = head.splitlines()
        if decisions:
            lines = [x for x in lines[2:] if " stops " in x
                     or x.startswith(decisions)]
        else:
            lines = lines[1:]
        conclusion = tail.split("conclusion\n", 1)[1]
        self.text.append("==== %s: %s\n%s\n----\n%s" % (
            title, address, "\n".join(lines), conclusion))


def mask(text):
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00)?",
                  "TIME", text)
    return "\n".join(re.sub(r" {2,}", "  ", x).rstrip()
                     for x in text.splitlines()) + "\n"


def cases(w):
    d = w.d
    # sent
    w.known("203.0.113.1", "abuse@sent.isp.example")
    w.hub.once("report")
    w.hub.once("deliver")
    w.say("sent", "203.0.113.1")
    # what keeps an address back
    w.say("unknown address", "203.0.113.2", "events")
    w.known("203.0.113.3", "abuse@a3.example", 1)
    w.say("under threshold", "203.0.113.3", "threshold")
    w.known("203.0.113.4", "abuse@a4.example")
    w.hub.ctl("allow", "203.0.113.4/32", "our own scanner")
    w.say("allowlisted network", "203.0.113.4", "allowlist")
    w.known("203.0.113.5", "abuse@a5.example")
    w.hub.ctl("allow", "Abuse+x@a5.example", "friends")
    w.say("allowlisted mailbox", "203.0.113.5", "allowlist")
    d.query("UPDATE allow_prefix SET who = 'root'; "
            "UPDATE allow_mailbox SET who = 'root'")
    for n, state, why in ((6, "none", "no such name"),
                          (7, "failed", "no answer in time"),
                          (8, "refused", "mailbox of a registry")):
        address = "203.0.113.%d" % n
        w.source(address, state=state)
        d.query("INSERT INTO answer (address, method, state, why)"
                " VALUES (%s, 'abusix', %s, %s)", address, state, why)
        for _ in range(3):
            w.event(w.mx1, address)
        w.count()
        w.say({"none": "no contact", "failed": "failed lookup",
               "refused": "refused mailbox"}[state], address, "contact")
    w.known("203.0.113.9", "abuse@a9.example")
    d.query("UPDATE source SET fresh_until = now() - interval '1 hour'"
            " WHERE address = '203.0.113.9'")
    w.say("contact too old", "203.0.113.9", "contact")
    for _ in range(3):
        w.event(w.mx1, "203.0.113.10")
    w.count()
    w.say("not asked yet", "203.0.113.10", "contact")
    # the contact
    w.known("203.0.113.11", "abuse@sent.isp.example")
    w.say("penalty week", "203.0.113.11", "week")
    w.known("203.0.113.12", "abuse@a12.example")
    w.report("abuse@a12.example", "192.0.2.77", state="held", upto=1)
    w.say("held report", "203.0.113.12", "no open report")
    w.known("203.0.113.13", "abuse@a13.example")
    w.hub.ctl("contact", "suspend", "abuse@a13.example", "they asked for it")
    w.say("suspended", "203.0.113.13", "contact may be told")
    w.known("203.0.113.14", "abuse@a14.example")
    w.hub.ctl("contact", "mode", "abuse@a14.example", "form",
              "https://a14.example/abuse")
    w.say("has a form", "203.0.113.14", "mode")
    w.known("203.0.113.15", "abuse@a15.example")
    d.query("UPDATE contact SET control = true, drawn = now()"
            " WHERE mailbox = 'abuse@a15.example'")
    w.say("held share", "203.0.113.15", "held share", held_share=10)
    # its events
    w.known("203.0.113.16", "abuse@a16.example")
    w.hub.ctl("contact", "fixed", "203.0.113.16")
    d.query("UPDATE allegedfix SET note = 'said by root'")
    w.say("fixed", "203.0.113.16", "fixed")
    w.known("203.0.113.17", "abuse@a17.example", 2)
    d.query("INSERT INTO allegedfix (address, fixed) VALUES ('203.0.113.17',"
            " now() - interval '2 hours')")
    w.say("one try again after the fix", "203.0.113.17", "fixed", "threshold")
    w.event(w.mx2, "10.0.0.1", host="mx9", kind=13)
    w.known("203.0.113.18", "abuse@a18.example", host="mx9")
    w.say("back-end outage", "203.0.113.18", "outage")
    w.known("127.0.0.9", "abuse@a19.example")
    w.say("unreportable range", "127.0.0.9", "reportable range")
    w.known("203.0.113.20", "abuse@a20.example")
    d.query("INSERT INTO agent_address VALUES (%s, '203.0.113.20')", w.mx2)
    w.say("own address", "203.0.113.20", "own address")
    w.known("203.0.113.21", "abuse@a21.example")
    w.event(w.mx1, "203.0.113.21", kind=14, ago="10 minutes")
    w.count()
    w.say("login since", "203.0.113.21", "login since")
    w.known("203.0.113.22", "abuse@a22.example")
    w.say("quorum", "203.0.113.22", "quorum", quorum_agents=2)
    w.event(w.mx1, "203.0.113.23", kind=10)
    w.count()
    w.say("kind", "203.0.113.23", "kind")
    w.known("203.0.113.24", "abuse@a24.example", ago="20 days")
    d.query("UPDATE source SET last_seen = now() - interval '20 days'"
            " WHERE address = '203.0.113.24'")
    w.say("too old", "203.0.113.24", "window")
    w.known("203.0.113.25", "abuse@a25.example", login="me@other.example")
    w.say("domain of the login", "203.0.113.25", "login domain",
          login_domain="ours.example")
    w.event(w.mx1, "203.0.113.26", stale=True)
    w.count()
    w.say("stale", "203.0.113.26", "fresh")
    w.event(w.mx1, "203.0.113.27")
    w.say("not counted", "203.0.113.27", "counted")
    w.count()
    # brakes; IPv6
    w.known("2001:db8::28", "abuse@a28.isp.example")
    w.say("cap of the domain", "2001:db8::28", "domain cap", domain_week=1)
    w.say("cap of the mail host, not known", "2001:db8::28", "mx cap",
          mx_week=1)
    d.query("UPDATE contact SET mx = 'mx.big.example' WHERE mailbox IN"
            " ('abuse@a28.isp.example', 'abuse@sent.isp.example')")
    w.say("cap of the mail host", "2001:db8::28", "mx cap", mx_week=1)
    w.say("new contacts", "2001:db8::28", "new contacts", new_day=1)
    w.say("mails an hour", "2001:db8::28", "mails an hour", mails_hour=1)
    d.query("UPDATE switch SET stopped = now(), why = 'a test',"
            " who = 'root'")
    w.say("switch", "2001:db8::28", "switch")
    d.query("UPDATE switch SET stopped = NULL, why = NULL,"
            " clock_stopped = now(), clock_apart = '40 days'")
    w.say("clock", "2001:db8::28", "clock")
    d.query("UPDATE switch SET clock_stopped = NULL, clock_apart = NULL")
    w.say("due", "2001:db8::28")
    # Tor
    w.hub.set("tor", list="https://lists.example/")
    w.known("2001:db8::29", "abuse@a29.example")
    w.say("Tor: nobody knows", "2001:db8::29", "Tor")
    d.query("INSERT INTO tor_cover VALUES (tstzrange(now() - interval"
            " '9 days', now())); INSERT INTO tor_exit VALUES"
            " ('2001:db8::29', now() - interval '2 days', now())")
    w.say("Tor: an exit", "2001:db8::29", "Tor")


def whys():
    cluster = pg.Cluster()
    folder = pathlib.Path(cluster.folder + "/why")
    folder.mkdir()
    processes = Processes(folder)
    try:
        hub = Hub(cluster.create("why"), folder / "hub1", processes)
        hub.set("report", threshold=THRESHOLDS, domain_week=20, mx_week=100,
                new_day=1000, mails_hour=1000)
        hub.ctl("schema", "upgrade")
        w = World(hub.database, hub)
        cases(w)
        w.d.drop()
    finally:
        processes.end()
        cluster.remove()
        subprocess.run(["rm", "-rf", str(folder)], check=True)
    return mask("\n".join(w.text))
