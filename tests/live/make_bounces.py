"""Makes the real bounces of tests/live/bounces: provokes each cause at each
mail server of Debian and keeps what comes back.  The cause that was provoked
is the truth.

usage: make_bounces.py BUILD_FOLDER OUTPUT_FOLDER [SERVER...]

A file is named SERVER-CAUSE.eml; its first line, "X-Truth: CLASS RECIPIENT",
is not of the mail.  Used by test_bounce_corpus.py, too.
"""
import os
import pathlib
import re
import shutil
import smtplib
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import bounce_mtas  # noqa: E402
from bounce_mtas import Exim, OpenSmtpd, Postfix, Sendmail  # noqa: E402
from postfix_server import PostfixServer  # noqa: E402

# it tries on without a word for longer than we wait
NEVER = {("OpenSmtpd", "loop"), ("OpenSmtpd", "away"),
         ("OpenSmtpd", "exim-unknown")}
TOKEN = "bounce+4f0c8a5219d74c0e.abcdefghijklmnopqrstuvwxyz@hub.example"
MAIL = """\
From: Example <abuse-report@hub.example>
To: {to}
Subject: SMTP login attempts (brute force) from 203.0.113.7
Message-ID: <4f0c8a52-19d7-4c0e-9b1a-0a5d3e6f7788@hub.example>
Date: Sat, 28 Nov 2026 04:00:00 +0000
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
{received}
An address of yours tries passwords at our servers. If this has been fixed,
please say so.

{filler}
"""

# cause -> (class, recipient, more about the mail)
CAUSES = {
    "unknown": ("hard", "nobody@dest.example", {}),
    "disabled": ("hard", "closed@dest.example", {}),
    "full": ("soft", "full@dest.example", {}),
    "policy": ("policy", "refused@dest.example", {}),
    "blocked": ("policy", "blocked@dest.example", {}),
    "no-domain": ("hard", "abuse@no-such-domain.example", {}),
    "null-mx": ("hard", "abuse@nullmx.example", {}),
    "loop": ("soft", "abuse@loop.example", {}),
    "size": ("policy", "abuse@dest.example", {"filler": 40000}),
    "greylisting": ("soft", "grey@dest.example", {}),
    "away": ("soft", "abuse@away.example", {}),
    "exim-unknown": ("hard", "nobody@exim.example", {}),
    "local-full": ("soft", "full@local.example", {}),
}
# it says first that it goes on trying
DELAYED = {("opensmtpd", "greylisting"), ("opensmtpd", "null-mx")}


def truth(server, cause):
    """Class and recipient."""
    kind, to, _ = CAUSES[cause]
    return "delayed" if (server, cause) in DELAYED else kind, to



DEST = """
myhostname = mx1.dest.example
mydestination = dest.example
local_recipient_maps = regexp:{folder}/people
local_transport = discard
mynetworks =
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access regexp:{folder}/access
message_size_limit = 20000
"""
PEOPLE = "/^(abuse|full|closed|refused|blocked|grey)@dest\\.example$/ x\n"
ACCESS = """\
/^closed@/ 550 5.2.1 This account has been disabled
/^full@/ 552 5.2.2 Mailbox full
/^refused@/ REJECT
/^blocked@/ 554 5.7.1 Service unavailable; client blocked using bl.example
/^grey@/ 450 4.2.0 Greylisted, see http://postgrey.example/help
"""


class Destination(PostfixServer):
    """Refuses each in its own way."""

    def __init__(self, folder):
        super().__init__(folder, settings=DEST.format(folder=folder))

    def _configure(self):
        super()._configure()
        self._write("people", PEOPLE)
        self._write("access", ACCESS)


class Dns:
    """NSD as all of the DNS: nothing is there but a null MX (RFC 7505)."""
    CONF = """\
server:
	ip-address: {address}
	port: 53
	username: ""
	zonesdir: "{folder}"
	pidfile: "{folder}/nsd.pid"
	database: ""
	logfile: "{folder}/nsd.log"
	xfrdfile: "{folder}/xfrd.state"
	xfrdir: "{folder}"
	zonelistfile: "{folder}/zone.list"
	cookie-secret-file: "{folder}/cookies"
	server-count: 1
remote-control:
	control-enable: no
zone:
	name: "."
	zonefile: "{folder}/zone"
"""
    ZONE = """\
$TTL 60
. SOA ns.example. root.example. 1 60 60 60 60
. NS ns.example.
ns.example. A {address}
example. TXT "here"
nullmx.example. MX 0 .
"""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        keys = {"folder": self.folder, "address": bounce_mtas.RESOLVER}
        (self.folder / "nsd.conf").write_text(self.CONF.format(**keys))
        (self.folder / "zone").write_text(self.ZONE.format(**keys))
        self.child = subprocess.Popen(
            [shutil.which("nsd") or "/usr/sbin/nsd", "-d", "-c",
             self.folder / "nsd.conf"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *exc):
        self.child.terminate()
        self.child.wait()


def send(port, to, filler=0):
    text = MAIL.format(to=to, received="", filler=(
        "x " * 30 + "\n") * (filler // 60))
    with smtplib.SMTP("127.0.0.1", port, "hub.example", timeout=30) as s:
        s.sendmail(TOKEN, [to], text.replace("\n", "\r\n"))


def wait_for(folder, n, seconds=15):
    """The mails in the sink, once there are n."""
    end = time.monotonic() + seconds
    while True:
        found = sorted(pathlib.Path(folder, "all/new").glob("*"))
        if len(found) >= n or time.monotonic() > end:
            return found
        time.sleep(0.1)


def canonical(text, folder):
    """Without what is of this machine and this day."""
    text = text.replace(str(folder), "/var")
    text = re.sub(r"127\.0\.0\.1(\[127\.0\.0\.1\])?:\d+",
                  "mx1.dest.example[192.0.2.25]:25", text)
    text = text.replace("127.0.0.77", "192.0.2.53")
    text = re.sub(r"\b%s\b" % re.escape(socket.gethostname()), "relay", text)
    return re.sub(r"127\.0\.0\.1", "192.0.2.25", text)


class Nothing:
    """In place of a server that these causes do not need."""
    port = 0

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass


def make(folder, build, kind, causes=tuple(CAUSES)):
    """{cause: text} of one server; only those of which something came."""
    folder = pathlib.Path(folder)
    sink = folder / "sink-mail"
    out = {}
    with Dns(folder / "dns") if "no-domain" in causes else Nothing(), \
            Destination(folder / "dest") as dest, \
            PostfixServer(folder / "sink", deliver_to=sink) as back, \
            Exim(folder / "exim-dest", build, {}) \
            if "exim-unknown" in causes else Nothing() as exim:
        routes = {"dest.example": dest.port["smtp"],
                  "hub.example": back.port["smtp"],
                  "loop.example": "loop",
                  "exim.example": exim.port,
                  # nobody listens there
                  "away.example": bounce_mtas.free_port()}
        with kind(folder / "mta", build, routes) as mta:
            port = mta.port["smtp"] if isinstance(mta.port, dict) \
                else mta.port
            for cause in causes:
                if (kind.__name__, cause) in NEVER or (
                        cause == "local-full" and kind is not Exim):
                    continue
                _, to, more = CAUSES[cause]
                before = len(wait_for(sink, 0))
                send(port, to, **more)
                new = [m for m in wait_for(sink, before + 1)
                       if m not in out.values()]
                if new:
                    out[cause] = new[0]
    return {cause: canonical(path.read_bytes().decode("utf-8", "replace"),
                             folder) for cause, path in out.items()}


KINDS = {"postfix": Postfix, "exim": Exim, "sendmail": Sendmail,
         "opensmtpd": OpenSmtpd}


def main():
    build, output, *names = sys.argv[1:]
    pathlib.Path(output).mkdir(parents=True, exist_ok=True)
    for name in names or KINDS:
        folder = tempfile.mkdtemp(prefix="ptbounce.", dir="/tmp")
        try:
            for cause, text in make(folder, build, KINDS[name]).items():
                path = pathlib.Path(output, "%s-%s.eml" % (name, cause))
                path.write_text("X-Truth: %s %s\n%s" % (
                    *truth(name, cause), text))
                print(path)
        finally:
            if os.environ.get("KEEP_FOLDER"):
                print(folder)
            else:
                shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
