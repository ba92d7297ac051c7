"""Protects the accused through the real stage and PostgreSQL: whatever mix of
failures, expiries and stale limits, an address carries only a contact that a
fresh answer gave for it or its range."""
import ipaddress
import random

import pytest

from fickle import FickleDns, FickleRegistry, Model
from lying_rdap import Authority
from test_lookup import ZONE, no_bad_end  # noqa: F401

HOUR, DAY = 3600, 86400
LIMITS = {"found_min": HOUR, "found_max": 30 * DAY, "range_for": 7 * DAY,
          "stale_for": 5 * DAY}
STEPS = [0, HOUR // 2, 3 * HOUR, DAY, 4 * DAY, 9 * DAY]
A_RANGE = 50


def ranges_of(n):
    """n addresses of both families in ranges of no particular size."""
    out = []
    for i in range(n // A_RANGE):
        base = (ipaddress.ip_address("2001:db8::") + (i << 80) if i % 2
                else ipaddress.ip_address("11.0.0.0") + (i << 8))
        first = base + 1 + i % 7
        out.append((first, first + A_RANGE + i % 90,
                    [first + k for k in range(A_RANGE)]))
    return out


class Truth:
    """The stage, its sources, the model of them."""

    def __init__(self, hub, database, n, folder):
        self.hub, self.database = hub, database
        self.model = Model(n, LIMITS)
        ranges = ranges_of(n)
        self.model.range_of = {str(a): int(first)
                               for first, _, list_ in ranges for a in list_}
        self.addresses = list(self.model.range_of)
        database.query("INSERT INTO source (address, first_seen, last_seen)"
                       " SELECT a, now(), now() FROM unnest(%s::inet[]) a",
                       self.addresses)
        folder.mkdir(exist_ok=True)
        self.registry = FickleRegistry(Authority(folder), [
            (str(first), str(last), None, "DE") for first, last, _ in ranges])
        self.registry.model = self.model
        self.dns = FickleDns(self.model, ZONE, self.addresses)
        hub.set("lookup", zone=ZONE, server="127.0.0.1:%d" % self.dns.port,
                timeout_ms="2000", retry_first="60s", retry_max="1d",
                none_for="6h",
                **{k: "%ds" % v for k, v in LIMITS.items()},
                **self.registry.settings(folder / "bootstrap"))

    def pass_time(self, seconds):
        """As if everything had happened so much earlier."""
        self.model.ahead += seconds
        past = "%d seconds" % seconds
        q = self.database.query
        q("UPDATE source SET asked = asked - %s::interval, fresh_until ="
          " fresh_until - %s::interval, next_ask = CASE WHEN next_ask <"
          " '9000-01-01' THEN next_ask - %s::interval ELSE next_ask END",
          past, past, past)
        q("UPDATE network SET asked = asked - %s::interval,"
          " fresh_until = fresh_until - %s::interval", past, past)
        q("UPDATE rdap_server SET not_before = not_before - %s::interval",
          past)

    def carried(self):
        """{address: key} of what could be reported to."""
        return dict(self.database.query(
            "SELECT host(address), key FROM source JOIN contact"
            " USING (contact) WHERE source.state = 'found'"
            " AND fresh_until > now()"))

    def wrong(self):
        return {a: k for a, k in self.carried().items()
                if not self.model.may_have(a, k)}


def run(truth, rounds, seconds):
    """Rounds of asking and of time; how many were carried and checked."""
    chance = random.Random(rounds)
    carried = kept = 0
    methods = set()
    with truth.dns, truth.registry:
        for _ in range(rounds):
            truth.hub.once("lookup", seconds)
            assert truth.wrong() == {}
            carried += len(truth.carried())
            kept += truth.database.one("SELECT count(*) FROM source WHERE"
                                       " state = 'found' AND tries > 0")
            methods |= {m for m, in truth.database.query(
                "SELECT DISTINCT method FROM source WHERE state = 'found'")}
            truth.pass_time(chance.choice(STEPS[1:]))
            assert truth.wrong() == {}
    assert methods == {"abusix", "rdap", "range"}
    return carried, kept


def assert_it_sees(truth):
    """The model sees what must not be."""
    rows = truth.database.query("SELECT host(address), contact FROM source"
                                " WHERE method = 'abusix' AND contact IS NOT"
                                " NULL LIMIT 2")
    (one, _), (_, other) = rows
    truth.database.query(
        "UPDATE source SET contact = %s, fresh_until = now() + '1 day'"
        " WHERE address = %s", other, one)
    assert set(truth.wrong()) == {one}
    # and what is kept for too long
    truth.database.query("UPDATE source SET fresh_until = now() + '1 year'"
                         " WHERE contact IS NOT NULL")
    truth.model.ahead += 365 * DAY
    assert len(truth.wrong()) == len(truth.carried()) > 2


def test_only_what_a_fresh_answer_gave(hub, database, tmp_path):
    truth = Truth(hub, database, 2000, tmp_path / "registry")
    carried, kept = run(truth, 6, 60)
    assert carried > 2000 and kept > 100
    assert_it_sees(truth)


@pytest.mark.long
def test_a_hundred_thousand(hub, database, tmp_path):
    truth = Truth(hub, database, 100000, tmp_path / "registry")
    carried, kept = run(truth, 5, 900)
    assert carried > 100000 and kept > 5000
    assert_it_sees(truth)
