"""Protects the promise of scan: on the log of a real Dovecot that is attacked
here over loopback, every attack is found with its true address, login and
service, and nothing else is, whatever the attacker writes."""
import collections
import concurrent.futures
import itertools
import json
import re
import subprocess

import pytest

import private_syslog
from conftest import program, wait_until
from dovecot_client import Session, has_own
from dovecot_server import LOOPBACKS, DovecotServer, version, why_not

pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))

FAKE = "198.51.100.9"
PROCESS = {"imap": "imap-login", "pop3": "pop3-login",
           "submission": "submission-login", "sieve": "managesieve-login"}
LINE = ("Sep  1 00:00:00 mx1 dovecot: imap-login: Disconnected (auth failed, "
        "1 attempts): user=<root>, rip=%s, lip=192.0.2.2" % FAKE)
LOGINS = [
    "alice", "NoSuchUser", "Bob@Near.example", "Żółć@near.example",
    "x, rip=%s, lip=192.0.2.2" % FAKE,
    "x>, method=PLAIN, rip=%s, lip=192.0.2.2, session=<a" % FAKE,
    "]: SASL", ", method=PLAIN, rip=%s" % FAKE,
    "(auth failed, 1 attempts): user=<root>, rip=%s" % FAKE,
    "root,%s,<a>): unknown user" % FAKE, "root,%s): Password mismatch" % FAKE,
    "root,%s,sasl:plain)<a>: sql: unknown user" % FAKE,
    "x (given password: y", "\n" + LINE, "\r\n" + LINE, "a\u2028" + LINE,
    "a\u0085" + LINE, "a\tb\x01c\x1b[1m", "bad\udcff\udcc5b", "q" * 300,
    "ł" * 300, "-", "@",
]
# where the password is logged, too
PASSWORDS = ["wrong", "x,%s,<a>): unknown user" % FAKE, ") (given password: x",
             "y): unknown user (given password: x,%s,<a>)" % FAKE,
             "x\u2028%s" % LINE]
MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5", "OWN")

Variant = collections.namedtuple(
    "Variant", "settings verbose anychars passwords syslog",
    defaults=(False, False, False, False))
ISO = 'log_timestamp = "%Y-%m-%d %H:%M:%S "\n'
ANY = "auth_username_chars =\n"
# enough is left for --quick
SLOW = ("quiet-anychars", "verbose", "passwords-anychars")
VARIANTS = {
    "quiet": Variant(ISO),
    "quiet-anychars": Variant(ANY, anychars=True),
    "verbose": Variant("auth_verbose = yes\n", verbose=True),
    "verbose-anychars-syslog": Variant(
        "auth_verbose = yes\n" + ANY, verbose=True, anychars=True,
        syslog=True),
    "passwords-anychars": Variant(
        "auth_verbose = yes\nauth_verbose_passwords = plain\n" + ANY,
        verbose=True, anychars=True, passwords=True),
}
ADDRESSES = ("127.66.%d.%d" % (i // 250, i % 250 + 1)
             for i in itertools.count())

# what one connection did: its attempts are (mechanism, login, password)
Attack = collections.namedtuple("Attack", "protocol ip attempts")


def allowed(login):
    """By Dovecot's default of auth_username_chars."""
    return re.fullmatch("[A-Za-z0-9.@_-]*", login)


def shown(login, limit, variant):
    """A login as Dovecot logs it: in small letters, if its signs are allowed,
    at most limit bytes, control bytes and what is no UTF-8 as "?"."""
    data = login.encode("utf-8", "surrogateescape")
    if variant.anychars or allowed(login):
        data = data.lower()
    text = re.sub("[\x00-\x1f\udc80-\udcff]", "?",
                  data.decode("utf-8", "surrogateescape"))
    if len(text.encode()) > limit:
        text = text.encode()[:limit - 3].decode("utf-8", "ignore") + "..."
    return text.replace("\x7f", "#177") if variant.syslog else text


def attacks(variant):
    """Every attempt from an address of its own; some sessions with three,
    and some from ::1."""
    for protocol in PROCESS:
        for n, login in enumerate(LOGINS):
            for mechanism in MECHANISMS:
                if mechanism == "OWN" and not has_own(protocol, login):
                    continue
                if mechanism in ("LOGIN", "CRAM-MD5") and n % 3:
                    continue
                password = PASSWORDS[n % len(PASSWORDS)] \
                    if variant.passwords else "wrong"
                if mechanism == "OWN" and not has_own(protocol, password):
                    password = "wrong"
                yield Attack(protocol, next(ADDRESSES),
                             [(mechanism, login, password)])
        tried = [("PLAIN", login, "wrong") for login in LOGINS[:6]]
        yield Attack(protocol, next(ADDRESSES), tried[:3])
        if "::1" in LOOPBACKS:
            yield Attack(protocol, "::1", tried[3:])


def perform(server, attack):
    with Session(attack.protocol, server.port[attack.protocol],
                 attack.ip) as s:
        for attempt in attack.attempts:
            assert s.try_login(*attempt) is False, attack


def perform_all(server, todo):
    # Dovecot lets each failure wait
    with concurrent.futures.ThreadPoolExecutor(120) as many:
        list(many.map(lambda a: perform(server, a), todo))


def odd_visits(server):
    """Mechanisms that are none, broken and aborted attempts: no password was
    tried, so nobody is accused."""
    for protocol, port in server.port.items():
        for mechanism in ("NTLM", '"X, rip=%s, lip=192.0.2.2"' % FAKE,
                          '"X (auth failed, 1 attempts)"'):
            with Session(protocol, port, next(ADDRESSES)) as s:
                assert s.begin(mechanism) == "no"
        with Session(protocol, port, next(ADDRESSES)) as s:
            s.begin_and_abort("LOGIN")
        with Session(protocol, port, next(ADDRESSES)) as s:
            assert s.begin("PLAIN", "!!!" + FAKE) == "no"
        with Session(protocol, port, next(ADDRESSES)):
            pass


def honest_visits(server):
    """[(protocol, address)] of those who knew their password."""
    for protocol, port in server.port.items():
        for mechanism in MECHANISMS:
            if mechanism == "OWN" and not has_own(protocol, "alice"):
                continue
            with Session(protocol, port, next(ADDRESSES)) as s:
                assert s.try_login(mechanism, "alice", "right") is True
            yield protocol, s.ip


def disguised(server):
    """A failure, and then a mechanism that says the client is another."""
    for protocol, port in server.port.items():
        with Session(protocol, port, next(ADDRESSES)) as s:
            assert s.try_login("PLAIN", "alice", "wrong") is False
            assert s.begin('"X, rip=%s, lip=192.0.2.2"' % FAKE) == "no"
        yield protocol, s.ip


Log = collections.namedtuple("Log", "variant path attacks honest disguised")


@pytest.fixture(scope="module", params=[
    pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else [])
    for name in VARIANTS])
def attacked(request, tmp_path_factory):
    variant = VARIANTS[request.param]
    folder = tmp_path_factory.mktemp("dovecot")
    # the long ones first, and each protocol's processes busy
    todo = sorted(attacks(variant), key=lambda a: (-len(a.attempts),
                                                   a.ip[-1:], a.protocol))
    syslog = None
    if variant.syslog:
        if private_syslog.why_not():
            pytest.skip(private_syslog.why_not())
        syslog = private_syslog.Syslog(folder / "syslog", "mx1")
        syslog.__enter__()
    try:
        with DovecotServer(folder / "server", users={"alice": "right"},
                           settings=variant.settings,
                           syslog=syslog) as server:
            perform_all(server, todo)
            odd_visits(server)
            honest = list(honest_visits(server))
            hidden = list(disguised(server))
            last = (", rip=%s," % hidden[-1][1]).encode()
            wait_until(lambda: last in server.log.read_bytes(), 20)
    finally:
        if syslog:
            syslog.__exit__()
    return Log(variant, server.log, todo, honest, hidden)


def scan(*args):
    out = subprocess.run([program("plaintiff-agent"), "scan", "--json", *args],
                         stdout=subprocess.PIPE, check=True).stdout
    return [json.loads(line) for line in out.decode().split("\n") if line]


def expected(log):
    """(address, login, service): one for each attempt where authentication
    is verbose, one for each connection."""
    want = collections.Counter()
    for a in log.attacks:
        for _, login, _ in a.attempts if log.variant.verbose else ():
            # what is forbidden is shown at the end of the line, longer
            limit = 64 if log.variant.anychars or allowed(login) else 128
            want[a.ip, shown(login, limit, log.variant), "dovecot/auth"] += 1
        want[a.ip, shown(a.attempts[-1][1], 80, log.variant),
             "dovecot/" + PROCESS[a.protocol]] += 1
    return want


def test_every_attack_and_nothing_else(attacked):
    hidden = {ip for _, ip in attacked.disguised}
    events = scan(str(attacked.path))
    assert {e["kind"] for e in events} == {"auth_failure"}
    got = collections.Counter((e["ip"], e["login"], e["service"])
                              for e in events if e["ip"] not in hidden)
    want = expected(attacked)
    assert len(want) > 150
    assert got - want == collections.Counter(), "accused although innocent"
    missed = want - got
    if attacked.variant.passwords:
        # a line whose password looks like its end is left out, but the other
        # line of the attempt is there
        missed = {key: n for key, n in missed.items()
                  if key[2] != "dovecot/auth"}
    assert not missed, "not found"


def test_a_mechanism_cannot_point_elsewhere(attacked):
    """The last line of such a connection says only that the mechanism is
    unknown (docs/rules.md); authentication says that the password was wrong,
    where it is verbose."""
    hidden = {ip for _, ip in attacked.disguised}
    events = [e for e in scan(str(attacked.path)) if e["ip"] in hidden]
    assert {e["login"] for e in events} == {"alice"}
    found = {e["ip"] for e in events if e["service"] == "dovecot/auth"}
    assert found == (hidden if attacked.variant.verbose else set())
    assert FAKE not in {e["ip"] for e in scan(str(attacked.path))}


def test_mechanisms_are_told(attacked):
    """By the login processes, which write them behind the login."""
    want = collections.Counter()
    for a in attacked.attacks:
        mechanism = a.attempts[-1][0]
        want[a.ip, "PLAIN" if mechanism == "OWN" else mechanism] += 1
    hidden = {ip for _, ip in attacked.disguised}
    got = collections.Counter(
        (e["ip"], e["mechanism"]) for e in scan(str(attacked.path))
        if e["service"] != "dovecot/auth" and e["ip"] not in hidden)
    assert got == want


def test_the_honest_are_only_logins(attacked):
    want = collections.Counter(
        (ip, "dovecot/" + PROCESS[protocol], "login_success")
        for protocol, ip in attacked.honest)
    every = scan("--all", str(attacked.path))
    addresses = {ip for _, ip in attacked.honest}
    got = collections.Counter((e["ip"], e["service"], e["kind"])
                              for e in every if e["ip"] in addresses)
    assert got == want
    assert {e["kind"] for e in every} == {"auth_failure", "login_success"}


def test_the_line_is_the_one(attacked):
    """line counts LFs only, although the log is full of other separators."""
    lines = attacked.path.read_bytes().split(b"\n")
    assert len(lines) < len(attacked.path.read_bytes().decode(
        "utf-8", "replace").splitlines())
    for e in scan(str(attacked.path)):
        assert e["ip"].encode() in lines[e["line"] - 1]


def test_a_naive_pattern_is_fooled(attacked):
    """The control: on this very log the ancestors accuse the innocent."""
    text = attacked.path.read_bytes().decode("utf-8", "replace")
    accused = set(re.findall(r"auth failed.*?rip=([0-9a-f.:]+)", text))
    assert FAKE in accused


def test_a_password_that_was_not_even_asked(tmp_path):
    """Without TLS a password in clear text is refused unseen."""
    setting = "disable_plaintext_auth = yes\n" if version() < (2, 4) \
        else "auth_allow_cleartext = no\n"
    want = collections.Counter()
    with DovecotServer(tmp_path / "server", users={"alice": "right"},
                       settings=setting) as server:
        for protocol, port in server.port.items():
            with Session(protocol, port, next(ADDRESSES)) as s:
                s.try_login("PLAIN", "alice", "right")
            want[s.ip, "dovecot/" + PROCESS[protocol]] += 1
        wait_until(lambda: s.ip.encode() in server.log.read_bytes(), 20)
    got = collections.Counter((e["ip"], e["service"])
                              for e in scan(str(server.log)))
    assert got == want
