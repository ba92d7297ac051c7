"""Protects our network, whoever stands near us, and the accused: whatever a
web server answers, lookup's web client connects to public addresses only,
ends in time, stays small, and takes no contact from a lie."""
import concurrent.futures
import ipaddress
import json
import pathlib
import subprocess
import time

import pytest

from conftest import BUILD, SOURCE
from lying_rdap import Authority, Counter, LyingRdap
from lying_rdap_modes import TRUTH, VICTIM


def has_asan():
    probe = BUILD / "tests/live/rdap_probe"
    return probe.exists() and b"__asan_init" in probe.read_bytes()


# what a request may take; a sanitized program on a busy machine is slow
TOTAL_MS, SLACK_MS = 6000 if has_asan() else 1500, 1000
RISE_KB = 8 * 1024
ADDRESS = {4: "198.51.100.7", 6: "2001:db8:7::7"}
HONEST = {"truth", "steady", "slow-truth", "gzip-truth", "plain-type",
          "redirect-three", "redirect-two", "redirect-one"}
# which modes send us inside, and where the control arrives
INSIDE = {"redirect-name": "127.0.0.1", "redirect-hex": "127.0.0.1",
          "redirect-decimal": "127.0.0.1", "redirect-short": "127.0.0.1",
          "redirect-octal": "127.0.0.1", "redirect-v6": "::1",
          "redirect-mapped": "::ffff:127.0.0.1",
          "redirect-metadata": "169.254.169.254",
          "redirect-private": "10.0.0.1", "redirect-shared": "100.64.0.1",
          "redirect-zero": "0.0.0.0", "redirect-6to4": "2002:7f00:1::",
          "redirect-nat64": "64:ff9b::7f00:1",
          "redirect-compatible": "::127.0.0.1", "redirect-link": "fe80::1",
          "redirect-unique": "fd00::1",
          "redirect-rebound": "127.0.0.1", "redirect-deep": "127.0.0.1",
          "redirect-http": "127.0.0.1", "redirect-gopher": "127.0.0.1",
          "rebound-itself": "127.0.0.1"}
# what is said where it is not "failed"
NONE = {"404", "mail-redacted", "mail-registrant", "mail-list", "mail-crlf",
        "mail-escape", "mail-angle", "mail-route", "mail-uri"}
RETRY = {"429-silent": 60, "429-seconds": 120, "429-date": 300,
         "429-past": 1, "429-negative": 60, "429-huge": 86400,
         "429-garbage": 60, "503-seconds": 30, "redirect-busy": 120}


class World:
    """The liar on one address, counters on others with the same port."""

    def __init__(self, folder):
        self.authority = Authority(folder)
        self.liar = LyingRdap(self.authority, "127.99.0.1")
        self.liar.file = folder / "secret"
        self.liar.file.write_text("secret")
        self.liar6 = LyingRdap(self.authority, "::1")
        self.counters = [Counter("127.0.0.1", self.liar.port),
                         Counter("::1", self.liar.port)]
        self.modes = sorted(set(self.liar.modes) | {
            "tls-hang", "tls-garbage", "rebound-itself"})

    def close(self):
        for c in self.counters:
            c.close()
        self.liar.__exit__()
        self.liar6.__exit__()

    def count(self):
        return sum(c.count for c in self.counters)

    def url(self, mode, family=4):
        liar = self.liar if family == 4 else self.liar6
        return "https://%s.liar.example:%d/ip/%s" % (mode, liar.port,
                                                     ADDRESS[family])

    def ask(self, runs, probe="rdap_probe", family=4, **settings):
        """Runs of [(address, url)...]: the lines of each run, without the
        last, and the last lines."""
        liar = self.liar if family == 4 else self.liar6
        where = liar.address if family == 4 else "[::1]"
        names = [m + ".liar.example" for m in self.modes
                 if m != "rebound-itself"]
        resolve = ["%s:%d:%s" % (n, liar.port, where) for n in names]
        resolve += ["inside.example:%d:127.0.0.1" % liar.port,
                    # public at first, as far as we let 127.99/16 be public
                    "rebound.example:%d:127.99.0.2,127.0.0.1" % liar.port,
                    "truth.liar.example:25:127.99.0.1",
                    "rebound-itself.liar.example:%d:127.0.0.1" % liar.port]
        inside = "127.99.0.0/16" if family == 4 else "::1/128"
        settings = {"ca": self.authority.ca, "inside": inside,
                    "total_ms": TOTAL_MS, "connect_ms": TOTAL_MS, "later_s": 60,
                    **settings}
        argv = [str(BUILD / "tests/live" / probe), "ask"]
        argv += ["%s=%s" % s for s in settings.items()]
        argv += ["resolve=" + r for r in resolve]
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=60,
            input="\n".join("".join("%s %s\n" % one for one in run)
                            for run in runs))
        assert done.returncode == 0, done.stderr
        out, ends = [[] for _ in runs], []
        for line in done.stdout.splitlines():
            line = json.loads(line)
            if "connects" in line:
                ends.append(line)
            else:
                out[line["run"]].append(line)
        return out, ends

    def lie(self, mode, family=4, probe="rdap_probe"):
        """The truth, the lie, the truth again, in one process."""
        truth = [(ADDRESS[family], self.url("truth", family))]
        lie = [(ADDRESS[family], self.url(mode, family))]
        return self.ask([truth, lie, truth], probe=probe, family=family)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    w = World(tmp_path_factory.mktemp("rdap"))
    yield w
    w.close()


def all_modes(world, modes, **how):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return dict(zip(modes, pool.map(
            lambda m: world.lie(m, **how), modes)))


def judge(mode, runs, ends):
    """What is wrong about what came of a lie."""
    before, (got,), after = runs
    for one in before + after:
        if one["mailboxes"] != [TRUTH] or one["state"] != "found":
            yield "the truth beside it: %r" % one
    want = TRUTH if mode in HONEST else None
    if got["mailboxes"] != ([want] if want else []):
        yield "mailboxes %r" % got["mailboxes"]
    state = ("found" if mode in HONEST else "none" if mode in NONE
             else "failed")
    if got["state"] != state:
        yield "state %s, not %s: %s" % (got["state"], state, got["why"])
    if mode not in HONEST and not got["why"]:
        yield "no reason"
    if ends[1]["ms"] > TOTAL_MS + SLACK_MS:
        yield "took %d ms" % ends[1]["ms"]
    rise = ends[2]["memory_kb"] - ends[0]["memory_kb"]
    if rise > RISE_KB and not has_asan():
        yield "memory rose by %d KiB" % rise
    if (mode in RETRY) != (got["result"] == "later"):
        yield "result %s" % got["result"]
    if not 0 <= RETRY.get(mode, 0) - got["retry_after_s"] <= 2:
        yield "retry after %d" % got["retry_after_s"]


@pytest.mark.slow
@pytest.mark.parametrize("family", [4, 6])
def test_lies(world, family):
    modes = [m for m in world.modes if family == 4 or m not in INSIDE]
    assert len(set(modes) - HONEST) >= 40
    before = world.count()
    wrong, gone = [], set()
    for mode, (runs, ends) in all_modes(world, modes, family=family).items():
        wrong += ["%s: %s" % (mode, w) for w in judge(mode, runs, ends)]
        gone |= {c for e in ends for c in e["connects"]}
        if mode in INSIDE and not any(
                words in runs[1][0]["why"] for words in
                ("is not to be connected to", "not by https")):
            wrong.append("%s: %s" % (mode, runs[1][0]["why"]))
    assert not wrong, "\n".join(wrong)
    allowed = {"127.99.0.1", "127.99.0.2"} if family == 4 else {"::1"}
    assert gone <= allowed
    assert world.count() == before


def test_without_the_guard(world):
    """The control: each mode that sends us inside gets there."""
    modes = sorted(INSIDE) + ["redirect-file"]
    before = world.count()
    got = all_modes(world, modes, probe="rdap_probe_unguarded")
    for mode in INSIDE:
        connects = {ipaddress.ip_address(c)
                    for c in got[mode][1][1]["connects"]}
        assert ipaddress.ip_address(INSIDE[mode]) in connects, mode
    # a file has no status; with the guard there is "not by https"
    assert got["redirect-file"][0][1][0]["why"] == "HTTP status 0"
    assert world.count() - before >= 12


def test_a_request_says_who_asks_and_nothing_more(world):
    world.ask([[(ADDRESS[4], world.url("steady"))]],
              contact="https://hub.example/")
    head = [a[3] for a in world.liar.asked if a[1] == "steady"][-1]
    fields = dict(l.split(": ", 1) for l in head.splitlines()[1:] if l)
    assert set(fields) == {"Host", "User-Agent", "Accept", "Accept-Encoding"}
    assert fields["Accept"] == "application/rdap+json, application/json"
    assert fields["Accept-Encoding"] == "gzip"
    assert fields["User-Agent"].startswith("plaintiff/")
    assert fields["User-Agent"].endswith(" (+https://hub.example/)")


def test_a_pause_is_kept(world):
    """Who says Retry-After is not asked again in it, others are; also when
    another server sends us there."""
    busy = [(ADDRESS[4], world.url("429-seconds"))]
    runs = [busy, busy * 3 + [(ADDRESS[4], world.url("truth"))],
            [(ADDRESS[4], world.url("redirect-busy"))]]
    before = len([a for a in world.liar.asked if a[1] == "429-seconds"])
    out, ends = world.ask(runs)
    after = len([a for a in world.liar.asked if a[1] == "429-seconds"])
    assert after - before == 1
    assert [o["result"] for o in sorted(out[1], key=lambda o: o["index"])
            ] == ["later"] * 3 + ["answered"]
    assert all(110 <= o["retry_after_s"] <= 120
               for r in out for o in r if o["result"] == "later")
    assert out[2][0]["result"] == "later"
    # one connection each to truth and to redirect-busy, none to the busy
    assert len(ends[1]["connects"]) == 1 and len(ends[2]["connects"]) == 1


def test_who_fails_three_times_is_left_alone(world):
    reset = (ADDRESS[4], world.url("tls-garbage"))
    out, ends = world.ask([[reset] * 3, [reset] * 5], per_host=1)
    assert [o["result"] for o in out[0]] == ["failed"] * 3
    assert [o["result"] for o in out[1]] == ["later"] * 5
    assert ends[1]["connects"] == []


def test_pace(world):
    """So many at once to one server, so long between two; connections to it
    are used again."""
    n, gap_ms = 12, 25
    liar = world.liar
    liar.asked.clear()
    liar.connections = liar.most = 0
    run = [(ADDRESS[4], world.url("slow-truth"))] * n
    out, _ = world.ask([run], per_host=2, interval_ms=gap_ms)
    assert all(o["mailboxes"] == [TRUTH] for o in out[0]) and len(out[0]) == n
    assert liar.most <= 2 and liar.connections <= 2
    times = sorted(a[0] for a in liar.asked if a[1] == "slow-truth")
    assert times[-1] - times[0] >= (n - 1) * gap_ms * 0.9 / 1000
    # a rate of one in three seconds leaves turns that never come
    out, ends = world.ask([run], interval_ms=3000, deadline_ms=300)
    assert sorted(o["result"] for o in out[0]) == (
        ["answered"] + ["later"] * (n - 1))
    assert ends[0]["ms"] < 300 + SLACK_MS


@pytest.mark.slow
def test_memory_of_many_lies(world):
    """64 of the worst bodies at once; the control has no limit to speak of."""
    if has_asan():
        pytest.skip("AddressSanitizer has a memory of its own")
    truth = [(ADDRESS[4], world.url("truth"))]
    lies = [(ADDRESS[4], world.url(m)) for m in (
        "wide", "gzip-bomb", "endless", "many-headers") for _ in range(16)]
    out, ends = world.ask([truth, lies], parallel=16, per_host=16,
                          total_ms=4000)
    assert {o["state"] for o in out[1]} == {"failed"}
    assert ends[1]["memory_kb"] - ends[0]["memory_kb"] <= RISE_KB
    _, ends = world.ask([truth, [(ADDRESS[4], world.url("gzip-bomb"))]],
                        max_bytes=128 << 20, total_ms=4000)
    assert ends[1]["memory_kb"] - ends[0]["memory_kb"] > RISE_KB


# ---- documents of the five registries ----

DOCUMENTS = sorted((pathlib.Path(__file__).parent / "rdap").glob("*.json"))


def read(path, asked, status):
    done = subprocess.run(
        [str(BUILD / "tests/live/rdap_probe"), "read", asked, str(status)],
        stdin=open(path, "rb"), capture_output=True, check=True)
    return json.loads(done.stdout)


def test_documents_are_read_as_a_human_would():
    """NAME.json is an answer, NAME.want what there is to be read in it.
    (Mailboxes of registries and placeholders stand there: to refuse them is
    for lookup, by the table contact_refusal.)"""
    wrong, registries = [], {}
    for path in DOCUMENTS:
        want = json.loads(path.with_suffix(".want").read_text())
        registry = path.name.split("-")[0]
        registries[registry] = registries.get(registry, 0) + 1
        got = read(path, want.pop("asked"), want.pop("status", 200))
        wrong += ["%s: %s is %r, not %r" % (path.name, k, got[k], v)
                  for k, v in want.items() if got[k] != v]
    assert not wrong, "\n".join(wrong)
    assert len(DOCUMENTS) >= 30
    assert min(registries[r] for r in (
        "arin", "ripe", "apnic", "lacnic", "afrinic")) >= 5


def test_a_document_answers_for_its_own_range_only():
    """The control of the reading: the same documents, asked for a stranger."""
    for path in DOCUMENTS:
        want = json.loads(path.with_suffix(".want").read_text())
        if want["state"] == "failed" or want.get("status", 200) != 200:
            continue
        for stranger in ("8.8.8.8", "2001:4860::1"):
            got = read(path, stranger, 200)
            assert (got["state"], got["mailboxes"]) == ("failed", []), path


# ---- the bootstrap documents that ship ----

def bootstrap(family):
    path = SOURCE / "hub/lookup/bootstrap" / ("ipv%d.json" % family)
    doc = json.loads(path.read_text())
    return path, [(ipaddress.ip_network(p), urls)
                  for prefixes, urls in doc["services"] for p in prefixes]


def url_of(path, family, address):
    done = subprocess.run(
        [str(BUILD / "tests/live/rdap_probe"), "url", str(family), address],
        stdin=open(path, "rb"), capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("family,address,server", [
    (4, "9.9.9.9", "https://rdap.arin.net/registry/"),
    (4, "193.0.6.139", "https://rdap.db.ripe.net/"),
    (4, "203.119.101.1", "https://rdap.apnic.net/"),
    (4, "200.3.13.10", "https://rdap.lacnic.net/rdap/"),
    (4, "196.216.2.1", "https://rdap.afrinic.net/rdap/"),
    (6, "2620:fe::9", "https://rdap.arin.net/registry/"),
    (6, "2001:67c:2e8::1", "https://rdap.db.ripe.net/"),
    (6, "2001:dc0:2001::1", "https://rdap.apnic.net/"),
    (6, "2001:13c7:7002::1", "https://rdap.lacnic.net/rdap/"),
    (6, "2001:42d0::1", "https://rdap.afrinic.net/rdap/")])
def test_shipped_bootstrap(family, address, server):
    path, entries = bootstrap(family)
    assert url_of(path, family, address) == server + "ip/" + address
    assert len(entries) == len({n for n, _ in entries})
    # nothing that nobody holds: no whole prefix is special, and the parts of
    # one that are special are not asked for (filter.unreportable)
    for net, _ in entries:
        assert net.is_global and not net.is_multicast, net
    for special in {4: ("127.0.0.1", "10.0.0.1", "224.0.0.1", "240.0.0.1",
                        "0.1.2.3"),
                    6: ("::1", "fe80::1", "fd00::1", "2002:102:304::1",
                        "ff02::1", "2001::1")}[family]:
        assert url_of(path, family, special) == "-", special


def test_nothing_asked_for_by_the_tests_left_this_machine(world):
    """test_lies looked at every connect(); this is that it can see one."""
    out, ends = world.ask([[(ADDRESS[4], world.url("redirect-private"))]],
                          probe="rdap_probe_unguarded")
    assert "10.0.0.1" in ends[0]["connects"]
    assert out[0][0]["result"] == "failed"
    assert VICTIM not in json.dumps(out)
