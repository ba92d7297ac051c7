"""Protects registries from us: a registered range is asked for once, however
many of its addresses are accused."""
import pytest

import registered
from lying_rdap import Authority
from registry import Registry
from test_lookup import no_bad_end  # noqa: F401

RANGES, ADDRESSES, REQUESTS_MOST = 1000, 20000, 1200


@pytest.mark.slow
def test_a_range_costs_one_request(hub, database, tmp_path):
    world = registered.Registered(RANGES, ADDRESSES)
    assert {":" in a for a in world.addresses} == {True, False}
    registered.insert(database, world.addresses)
    (tmp_path / "ca").mkdir()
    with Registry(Authority(tmp_path / "ca"), world.ranges) as registry:
        hub.set("lookup", zone="", web_parallel="32",
                **registry.settings(tmp_path / "bootstrap"))
        hub.once("lookup", 120)
        asked = len(registry.asked)
    narrow, _, wrong, without = registered.judge(database, registry.ranges)
    assert wrong == without == 0
    assert narrow > 0.9 * ADDRESSES
    # not every nested range is asked for: the one around it may answer first
    assert 0.85 * RANGES < asked <= REQUESTS_MOST
