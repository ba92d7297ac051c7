"""What tests of stage bounce stand on: a hub that listens, tokens made by an
implementation of our own, messages put into the Maildir.

    world = World(hub, rows); report, address = world.report("abuse@isp.example")
    world.put(text, address); world.listen()
"""
import base64
import hashlib
import hmac
import itertools
import re

ADDRESS = "bounce@hub.example"
KEY = bytes(range(32))


def token(uuid, key=KEY):
    """hub/bounce/verp.h once more, from its words."""
    digits = str(uuid).replace("-", "")[:16]
    mac = hmac.new(key, b"plaintiff report token 1\0" + digits.encode(),
                   hashlib.sha512).digest()[:16]
    proof = base64.b32encode(mac).decode().lower().rstrip("=")
    return "%s.%s" % (digits, proof)


class World:
    def __init__(self, hub, rows, **settings):
        self.hub, self.rows, self.d = hub, rows, rows.d
        self.maildir = hub.folder / "bounces"
        for name in ("new", "cur", "tmp"):
            (self.maildir / name).mkdir(parents=True)
        key = hub.folder / "bounce.key"
        key.write_text(KEY.hex() + "\n")
        key.chmod(0o600)
        hub.set("bounce", address=ADDRESS, key=key, maildir=self.maildir,
                **settings)
        self.n = itertools.count(1)

    def report(self, mailbox, address="192.0.2.1", state="sent", ago="1 hour",
               **how):
        """A report that has gone; its number and the address it came from."""
        report = self.rows.report(mailbox, address, state=state, ago=ago,
                                  **how)
        return report, self.address_of(report)

    def address_of(self, report):
        uuid = self.d.one("SELECT uuid::text FROM report WHERE report = %s",
                          report)
        return ADDRESS.replace("@", "+%s@" % token(uuid))

    def put(self, text, to=None):
        """A message into the Maildir; `to` in place of the token in it."""
        if isinstance(text, str):
            text = text.encode("utf-8", "surrogateescape")
        if to is not None:
            text = re.sub(rb"bounce\+[0-9a-f]{16}\.[a-z2-7]{26}@hub\.example",
                          to.encode(), text)
        name = "%09d.%d.test" % (next(self.n), 1)
        (self.maildir / "tmp" / name).write_bytes(text)
        (self.maildir / "tmp" / name).rename(self.maildir / "new" / name)
        return name

    def listen(self):
        """Everything that is there; the stage's Process."""
        return self.hub.once("bounce", 600)

    def bounce(self, to, status="5.1.1", action="failed",
               final="abuse@isp.example", said="550 5.1.1 User unknown",
               more=""):
        """A delivery report as Postfix writes it."""
        return BOUNCE.format(to=to, status=status, action=action, final=final,
                             said=said, more=more)

    def reply(self, to, text, subject="Re: SMTP login attempts", more=""):
        return REPLY.format(to=to, text=text, subject=subject, more=more)

    def contact(self, mailbox):
        return self.d.query("SELECT state, state_why, state_report"
                            " FROM contact WHERE mailbox = %s", mailbox)[0]

    def heard(self):
        return dict(self.d.query("SELECT what, messages FROM heard"))


BOUNCE = """\
Return-Path: <>
Delivered-To: {to}
Received: by relay.hub.example (Postfix); Sat, 28 Nov 2026 05:01:00 +0000
From: Mail Delivery System <MAILER-DAEMON@relay.hub.example>
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
{more}
--b
Content-Type: text/plain; charset=utf-8

This is the mail system at host relay.hub.example.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.hub.example

Final-Recipient: rfc822; {final}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said}

--b--
"""
REPLY = """\
Return-Path: <desk@isp.example>
Delivered-To: {to}
From: Abuse Desk <desk@isp.example>
To: {to}
Subject: {subject}
Message-ID: <1@isp.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit
{more}
{text}
"""
