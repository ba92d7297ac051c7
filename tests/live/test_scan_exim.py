"""Protects the promise of scan: on the logs of a real Exim that is attacked
here over loopback, every attack is found with its true address, login and
kind, and nothing else is, whatever the attacker writes."""
import collections
import concurrent.futures
import json
import os
import re
import subprocess

import pytest

import private_syslog
from conftest import BUILD, program, wait_until
from exim_server import EximServer, unpacked, why_not
from smtp_client import Client, auth_cram, auth_login, auth_plain, b64

pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))

FAKE = "198.51.100.9"
LINE = ("2025-09-01 00:00:00 login authenticator failed for (x) [%s]: 535 "
        "Incorrect authentication data (set_id=root)" % FAKE)
LOGINS = [
    "alice", "NoSuchUser", "bob@near.example", "żółć@near.example",
    "x) [%s]: 535 Incorrect authentication data (set_id=root" % FAKE,
    "x): H=(y) [%s] F=<a> rejected RCPT <b>: relay not permitted" % FAKE,
    "]: SASL", ", method=PLAIN, rip=%s" % FAKE, "\n" + LINE, "\r\n" + LINE,
    "a\u2028" + LINE, "a\u0085" + LINE, "a\tb\x01c\x1b[1m\\d",
    "bad\udcff\udcc5b", "q" * 400, "ł" * 100, "q" * 900, "()", ")",
]
SENDERS = [
    "spam@far.example", "", "\"x> rejected RCPT <y>: z\"@far.example",
    "\"s> H=(x) [%s] F=<y\"@far.example" % FAKE, "\"%s\"@far.example" % LINE]
RECIPIENTS = [
    "v@far.example", "żółw@far.example",
    "\"v>: relay not permitted H=[%s]\"@far.example" % FAKE,
    "\"a b [%s]: Unrouteable address\"@far.example" % FAKE,
    "\"q\\\"uo\\\\te\"@far.example", "%s@far.example" % ("a" * 200)]
HELOS = ["[%s]" % FAKE, "198.51.100.9", "x-198.51.100.9", "a" * 200]
BAD_HELOS = ["x) [%s]" % FAKE, "(x)", "a b",
             "x) [%s]: 535 Incorrect authentication data (set_id=root" % FAKE]

Variant = collections.namedtuple("Variant", "settings every syslog",
                                 defaults=(False, False))
# enough is left for --quick
SLOW = ("all", "all-8bit", "syslog")
VARIANTS = {
    "default": Variant(""),
    "all": Variant("log_selector = +all\n", every=True),
    "all-8bit": Variant("log_selector = +all\nprint_topbitchars = true\n",
                        every=True),
    "syslog": Variant("", syslog=True),
    "syslog-all": Variant("log_selector = +all\nsyslog_timestamp = false\n",
                          every=True, syslog=True),
}
# what one conversation has to come to: kinds, with a login or None; later are
# those that only a log with every selector has, and those that only the
# reject log has by default
Attack = collections.namedtuple("Attack", "client events every reject",
                                defaults=((), ()))


def shown(login, variant):
    """A login as Exim logs it: control bytes, and by default what is not
    ASCII, as escapes; and as rsyslog does.  Bytes that are no UTF-8 are
    scan's own escapes."""
    out = ""
    eight = "topbit" in variant.settings
    for c in login:
        named = {"\n": "\\n", "\r": "\\r", "\b": "\\b", "\v": "\\v",
                 "\f": "\\f"}.get(c)
        if named:
            out += named
        elif c != "\t" and (ord(c) < 32 or ord(c) == 127) or \
                ord(c) > 127 and not eight:
            out += "".join("\\%03o" % b for b in
                           c.encode("utf-8", "surrogateescape"))
        else:
            out += "#011" if c == "\t" and variant.syslog else c
    return re.sub("[\udc80-\udcff]",
                  lambda m: "\\x%02x" % (ord(m[0]) - 0xdc00), out)


def auth_attempts():
    for login in LOGINS:
        yield auth_plain, [login]
        yield auth_login, [login]
    for login in ("alice", "nobody", "x[%s]" % FAKE):
        yield auth_cram, [login]
    yield auth_plain, ["admin", "root", "admin"]


def one_auth(port, how, logins, ip=None):
    c = Client(port, ip=ip)
    for login in logins:
        assert how(c, login).startswith("535")
    c.quit()
    return Attack(c, [("auth_failure", login) for login in logins])


def relay(port, sender, recipient, helo="client.example", code="550"):
    c = Client(port, helo)
    utf8 = "" if recipient.isascii() and sender.isascii() else " SMTPUTF8"
    assert c.say("MAIL FROM:<%s>%s" % (sender, utf8)).startswith("250")
    assert c.say("RCPT TO:<%s>" % recipient).startswith(code), recipient
    c.quit()
    return c


def one_relay(port, *args):
    return Attack(relay(port, *args), [("relay_denied", None)])


def bad_helo(port, helo):
    c = Client(port, None)
    assert c.say("EHLO " + helo).startswith("501")
    c.quit()
    return Attack(c, [("protocol_abuse", None)])


def odd_auth(port, mechanism):
    """Not even a mechanism: by default Exim logs nothing."""
    c = Client(port)
    assert c.say("AUTH " + mechanism).startswith("504")
    c.quit()
    return Attack(c, [], [("protocol_abuse", None)])


def unknown_recipients(port):
    for recipient in ("zorro@near.example",
                      "\"x>: relay not permitted\"@near.example"):
        yield Attack(relay(port, "s@far.example", recipient),
                     [("unknown_recipient", None)])
    # refused for a reason of the administrator's own: no form we know
    for recipient in ("banned@near.example",):
        yield Attack(relay(port, "\"x>: relay not permitted\"@far.example",
                           recipient), [])


def other_attacks(port):
    c = Client(port)
    assert c.say("VRFY \"H=(x) [%s] F=<a> rejected RCPT <b>: Unrouteable "
                 "address\"@near.example" % FAKE).startswith("252")
    assert c.say("EXPN root F=<a> rejected RCPT <b>: relay not permitted"
                 ).startswith("550")
    c.quit()
    yield Attack(c, [("enumeration", None)] * 2)
    c = Client(port)
    assert c.say("VRFY root").startswith("501")
    c.quit()
    yield Attack(c, [], [("enumeration", None)], [("enumeration", None)])
    c = Client(port, "bad.example")
    c.quit()
    yield Attack(c, [("policy_reject", None)])
    # gives up after three
    c = Client(port, None)
    for text in ("GET / HTTP/1.1", "X" * 10, "X H=(y) [%s]" % FAKE, "Z"):
        assert c.say(text).startswith("500")
    c.close()
    yield Attack(c, [("protocol_abuse", None)])
    # cancelled, and no base64: no password was tried
    c = Client(port)
    c.say("AUTH LOGIN")
    assert c.say("*").startswith("501")
    assert c.say("AUTH PLAIN !!!" + FAKE).startswith("501")
    c.quit()
    yield Attack(c, [])


def mail(c, body):
    assert c.say("DATA").startswith("354")
    return c.say(body + "\r\n.")


def honest_visits(port):
    """None of these did anything wrong, but for the text of their mails."""
    for how in (auth_plain, auth_login, auth_cram):
        c = Client(port)
        assert how(c, "alice", "right").startswith("235")
        assert c.say("MAIL FROM:<alice@near.example>").startswith("250")
        assert c.say("RCPT TO:<friend@far.example>").startswith("250")
        assert mail(c, "Subject: %s\r\nMessage-ID: <%s>\r\n\r\n%s" % (
            LINE, LINE, LINE)).startswith("250")
        c.quit()
        yield Attack(c, [])
    c = Client(port)
    assert c.say("MAIL FROM:<\"%s\"@far.example>" % LINE).startswith("250")
    assert c.say("RCPT TO:<bob@near.example>").startswith("250")
    # refused, so that its headers stand in the reject log as they are
    assert mail(c, "Subject: virus\r\n %s\r\n\t%s\r\nX: y\r\n %s\r\n\r\nx" % (
        LINE, LINE, LINE)).startswith("550")
    c.quit()
    yield Attack(c, [])


def attack(port):
    """All of it; Exim lets everybody wait a bit, so many at a time."""
    todo = [(one_auth, *a) for a in auth_attempts()]
    if os.path.exists("/proc/net/if_inet6"):
        todo.append((one_auth, auth_plain, LOGINS[:6], "::1"))
    todo += [(one_relay, s, "v@far.example") for s in SENDERS]
    todo += [(one_relay, "s@far.example", r) for r in RECIPIENTS]
    todo += [(one_relay, "s@far.example", "v@far.example", h) for h in HELOS]
    todo += [(bad_helo, h) for h in BAD_HELOS]
    todo += [(odd_auth, m) for m in (
        "NTLM", "x H=(y) [%s]" % FAKE, "x \" H=(x) [%s] y" % FAKE)]
    with concurrent.futures.ThreadPoolExecutor(20) as many:
        done = list(many.map(lambda a: a[0](port, *a[1:]), todo))
    for group in unknown_recipients, other_attacks, honest_visits:
        done += group(port)
    return done


@pytest.fixture(scope="module")
def exim():
    try:
        return unpacked(BUILD)
    except RuntimeError as e:
        pytest.skip(str(e))


Log = collections.namedtuple("Log", "variant main reject attacks")


@pytest.fixture(scope="module", params=[
    pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else [])
    for name in VARIANTS])
def attacked(request, exim, tmp_path_factory):
    variant = VARIANTS[request.param]
    folder = tmp_path_factory.mktemp("exim")
    syslog = None
    if variant.syslog:
        if private_syslog.why_not():
            pytest.skip(private_syslog.why_not())
        syslog = private_syslog.Syslog(folder / "syslog", "mx1")
        syslog.__enter__()
    try:
        with EximServer(folder / "server", exim, variant.settings,
                        syslog) as server:
            done = attack(server.port)
            last = done[-1].client.ip.encode()
            wait_until(lambda: b"[" + last in server.log.read_bytes(), 20)
    finally:
        if syslog:
            syslog.__exit__()
    reject = None if variant.syslog else server.reject_log
    return Log(variant, server.log, reject, done)


def scan(*args):
    out = subprocess.run([program("plaintiff-agent"), "scan", "--json", *args],
                         stdout=subprocess.PIPE, check=True).stdout
    return [json.loads(line) for line in out.decode().split("\n") if line]


def expected(log, reject=False):
    """For the main log, or the reject log."""
    want = collections.Counter()
    for a in log.attacks:
        more = a.reject if reject else a.every if log.variant.every else ()
        for kind, login in (*a.events, *more):
            want[a.client.ip, a.client.port if log.variant.every else None,
                 kind, login and shown(login, log.variant)] += 1
    return want


def found(path):
    events = scan(str(path))
    assert {e["service"] for e in events} == {"exim"}
    return collections.Counter(
        (e["ip"], e["port"], e["kind"], e["login"]) for e in events
        if e["kind"] != "probe")


def test_every_attack_and_nothing_else(attacked):
    main, reject = expected(attacked), expected(attacked, True)
    assert len(main) > 60
    # in syslog both logs are one
    for path, want in ((attacked.main, main), (attacked.reject, reject)) \
            if attacked.reject else ((attacked.main, main + reject),):
        got = found(path)
        assert got - want == collections.Counter(), "accused although innocent"
        assert want - got == collections.Counter(), "not found"


def test_a_probe_is_who_it_says(attacked):
    """With every selector Exim also says who sent no mail."""
    events = [e for e in scan(str(attacked.main)) if e["kind"] == "probe"]
    assert bool(events) == attacked.variant.every
    known = {(a.client.ip, a.client.port) for a in attacked.attacks}
    visit = {e["ip"] for e in events if (e["ip"], e["port"]) not in known}
    assert visit <= {"127.0.0.1"}


def test_a_naive_pattern_is_fooled(attacked):
    """The control: on this very log the ancestors accuse the innocent."""
    text = attacked.main.read_bytes().decode("utf-8", "replace")
    accused = set(re.findall(r".*\[([0-9.]+)\]: 535 Incorrect", text))
    assert FAKE in accused
    assert FAKE not in {e["ip"] for e in scan("--all", str(attacked.main))}
    if attacked.reject:
        assert FAKE in attacked.reject.read_text(errors="replace")
        assert FAKE not in {e["ip"] for e in scan(str(attacked.reject))}
