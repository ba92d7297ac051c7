"""Protects the promise of scan: on the log of a real Postfix that is attacked
here over loopback, every attack is found with its true address, login and
service, and nothing else is, whatever the attacker writes."""
import collections
import json
import re
import subprocess

import pytest

from conftest import program, wait_until
from postfix_server import PostfixServer, why_not
from smtp_client import Client, auth_cram, auth_login, auth_plain, b64

pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))

Attack = collections.namedtuple("Attack", "client events")
FAKE = "198.51.100.9"
LINE = ("Sep  1 00:00:00 mx1 postfix/smtpd[99]: warning: unknown[%s]: SASL "
        "LOGIN authentication failed: authentication failure, "
        "sasl_username=root" % FAKE)


def shown(login):
    """A login as Postfix logs it: at most 100 bytes, control bytes and cut
    characters as "?"."""
    data = login.encode()[:100]
    out = data.decode("utf-8", "surrogateescape")
    return re.sub("[\x00-\x1f\x7f\udc80-\udcff]", "?", out)


LOGINS = [
    "alice", "nosuchuser", "bob@near.example", "żółć@near.example",
    "x[%s]: SASL LOGIN authentication failed: authentication failure" % FAKE,
    "x[%s]: SASL LOGIN authentication failed: x, sasl_username=root" % FAKE,
    "bob\n" + LINE, "bob\r\n" + LINE, "a\u2028" + LINE, "a\u0085" + LINE,
    "]: SASL LOGIN authentication failed:", ", sasl_username=root",
    "\"al'ice\" <root@[%s]>" % FAKE,
    "NOQUEUE: reject: RCPT from unknown[%s]: 554 5.7.1 <x>: Relay access "
    "denied" % FAKE,
]


def auth_attacks(port, service):
    for login in LOGINS:
        for how, name in ((auth_plain, "PLAIN"), (auth_login, "LOGIN")):
            if name == "LOGIN" and len(login.encode()) > 250:
                continue
            c = Client(port)
            assert how(c, login).startswith("535")
            c.quit()
            yield Attack(c, [("auth_failure", shown(login), name)])
    c = Client(port)
    assert auth_cram(c, "alice").startswith("535")
    c.quit()
    yield Attack(c, [("auth_failure", "alice", "CRAM-MD5")])
    # three in one session
    c = Client(port)
    for _ in range(3):
        auth_plain(c, "admin")
    c.quit()
    yield Attack(c, [("auth_failure", "admin", "PLAIN")] * 3)


def odd_auth_attacks(port, service):
    for mechanism in ("<LOGIN authentication failed: x, sasl_username=root>",
                      "\"x[%s]: SASL LOGIN\"" % FAKE, "LOGIN]:",
                      "<LOGIN authentication failed: Connection lost to "
                      "authentication server>",
                      "<LOGIN authentication aborted>"):
        c = Client(port)
        assert c.say("AUTH " + mechanism).startswith("535")
        c.quit()
        yield Attack(c, [("auth_failure", None, None)])
    c = Client(port)
    assert c.say("AUTH NTLM").startswith("535")
    c.quit()
    yield Attack(c, [("auth_failure", None, "NTLM")])
    c = Client(port)
    c.say("AUTH LOGIN")
    assert c.say("*").startswith("501")
    c.quit()
    yield Attack(c, [("auth_failure", None, "LOGIN")])
    # text that is no base64
    c = Client(port)
    assert c.say("AUTH PLAIN !!!" + FAKE).startswith("5")
    c.quit()
    yield Attack(c, [("auth_failure", None, "PLAIN")])


def relay(port, sender, recipient, helo="client.example", code="554"):
    c = Client(port, helo)
    utf8 = "" if recipient.isascii() and sender.isascii() else " SMTPUTF8"
    assert c.say("MAIL FROM:<%s>%s" % (sender, utf8)).startswith("250")
    assert c.say("RCPT TO:<%s>" % recipient).startswith(code)
    c.quit()
    return c


def relay_attacks(port, service):
    denied = [("relay_denied", None, None)]
    forged = "x[%s]: 554 5.7.1 <x>: Relay access denied; from=" % FAKE
    for sender, recipient in (
            ("spam@far.example", "victim@far.example"), ("", "v@far.example"),
            ("spam@far.example", "żółw@far.example"),
            ("\"%s\"@far.example" % forged, "v@far.example"),
            ("\"%s\"@far.example" % LINE, "v@far.example"),
            ("s@far.example", "\"x@near.example>: Relay access denied; "
             "from=<x[%s]\"@far.example" % FAKE),
            ("s@far.example", "\"a b c [%s]: 550 User unknown\"@far.example"
             % FAKE),
            ("s@far.example", "\"q\\\"uo\\\\te\"@far.example"),
            ("s@far.example", "%s@far.example" % ("a" * 300))):
        yield Attack(relay(port, sender, recipient), denied)
    for helo in ("[%s]" % FAKE, "x[%s]" % FAKE, "x>:<y[%s]" % FAKE):
        yield Attack(relay(port, "s@far.example", "v@far.example", helo),
                     denied)
    c = Client(port, None)
    c.say("MAIL FROM:<s@far.example>")
    c.say("RCPT TO:<v@far.example>")
    c.quit()
    yield Attack(c, denied)


def other_refusals(port, service):
    """What is not reported, however it is dressed up."""
    forged = "Relay access denied; from=<x[%s]" % FAKE
    yield Attack(relay(port, "s@far.example", "zorro@near.example",
                       code="550"), [("unknown_recipient", None, None)])
    yield Attack(relay(port, "s@far.example", "\"%s\"@near.example" % forged,
                       code="550"), [("unknown_recipient", None, None)])
    policy = [("policy_reject", None, None)]
    protocol = [("protocol_abuse", None, None)]
    yield Attack(relay(port, "s@far.example", "banned@near.example"), policy)
    yield Attack(relay(
        port, "s@far.example",
        "\"banned>: Relay access denied; from=<y> to=<banned\""
        "@near.example"), policy)
    yield Attack(relay(
        port, "s@far.example",
        "\"banned@near.example>: Relay access denied; from=<y\""
        "@near.example", code="501"), protocol)
    yield Attack(relay(
        port, "\"b@near.example>: Relay access denied; from=<y\"@far.example",
        "banned@near.example"), policy)
    # quotes in a domain: Postfix does not take the sender at all
    c = Client(port)
    assert c.say("MAIL FROM:<x@\"y>: Relay access denied; from=<z\">"
                 ).startswith("501")
    c.quit()
    yield Attack(c, protocol)
    c = Client(port)
    assert c.say("VRFY " + "\"%s\"@near.example" % forged).startswith("550")
    c.quit()
    yield Attack(c, [("enumeration", None, None)])


def honest_visits(port, service):
    """None of these did anything wrong."""
    c = Client(port)
    good = b64("\0alice@mx1.near.example\0right")
    assert c.say("AUTH PLAIN " + good).startswith("235")
    assert c.say("MAIL FROM:<alice@near.example>").startswith("250")
    assert c.say("RCPT TO:<friend@far.example>").startswith("250")
    assert c.say("DATA").startswith("354")
    assert c.say("Subject: %s\r\nMessage-ID: <%s>\r\n\r\n%s\r\n." % (
        LINE, LINE, LINE)).startswith("250")
    c.quit()
    yield Attack(c, [])
    c = Client(port)
    sender = ("\"reject: RCPT from unknown[%s]: 554 5.7.1 x: Relay access "
              "denied\"@far.example" % FAKE)
    assert c.say("MAIL FROM:<%s>" % sender).startswith("250")
    assert c.say("RCPT TO:<bob@near.example>").startswith("250")
    assert c.say("DATA").startswith("354")
    assert c.say("x: y\r\n\r\nx\r\n.").startswith("250")
    c.quit()
    yield Attack(c, [])
    c = Client(port)
    c.say("NOOP")
    c.quit()
    yield Attack(c, [])


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    """(log, [(service, client, events)])"""
    folder = tmp_path_factory.mktemp("postfix")
    done = []
    with PostfixServer(folder / "server",
                       users=[("alice", "right")]) as postfix:
        for name, service in (("smtp", "postfix/smtpd"),
                              ("submission", "postfix/submission/smtpd")):
            for group in (auth_attacks, odd_auth_attacks, relay_attacks,
                          other_refusals, honest_visits):
                for attack in group(postfix.port[name], service):
                    done.append((service, *attack))
        last = done[-1][1].ip
        wait_until(lambda: b"disconnect from unknown[" + last.encode()
                   in postfix.log.read_bytes(), 20)
    yield postfix.log, done


def scan(*args):
    out = subprocess.run([program("plaintiff-agent"), "scan", "--json", *args],
                         stdout=subprocess.PIPE, check=True).stdout
    return [json.loads(line) for line in out.decode().split("\n") if line]


def test_every_attack_and_nothing_else(attacked):
    log, done = attacked
    want = collections.Counter()
    for service, client, events in done:
        for kind, login, mechanism in events:
            port = client.port if "submission" in service else None
            want[client.ip, port, kind, login, mechanism, service] += 1
    got = collections.Counter(
        (e["ip"], e["port"], e["kind"], e["login"], e["mechanism"],
         e["service"]) for e in scan(str(log)))
    assert len(want) > 100
    assert got - want == collections.Counter(), "accused although innocent"
    assert want - got == collections.Counter(), "not found"


def test_the_line_is_the_one(attacked):
    """line counts LFs only, although the log is full of other separators."""
    log, _ = attacked
    lines = log.read_bytes().split(b"\n")
    assert len(lines) < len(log.read_bytes().decode(
        "utf-8", "replace").splitlines())
    for e in scan(str(log)):
        assert b"[" + e["ip"].encode() + b"]" in lines[e["line"] - 1]


def test_a_naive_pattern_is_fooled(attacked):
    """The control: on this very log the ancestors accuse the innocent."""
    log, done = attacked
    text = log.read_bytes().decode("utf-8", "replace")
    accused = set(re.findall(r".*\[([0-9.]+)\]: SASL", text))
    accused |= set(re.findall(r".*\[([0-9.]+)\]: 554 .*Relay access", text))
    assert FAKE in accused
    assert FAKE not in {e["ip"] for e in scan(str(log))}
