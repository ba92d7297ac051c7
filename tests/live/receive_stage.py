"""A running receive stage and an agent that speaks to it by hand, for the
tests of receive."""
import pytest

from conftest import wait_until
from wire_agent import WireAgent, load_proto


@pytest.fixture(scope="session")
def pb(tmp_path_factory):
    return load_proto(tmp_path_factory.mktemp("proto"))


def listening(process):
    return wait_until(lambda: "self-test passed" in process.stderr,
                      what="self-test passed")


@pytest.fixture
def receive(hub):
    """A running receive stage."""
    hub.public_key
    p = hub.start("receive")
    listening(p)
    return p


@pytest.fixture
def agent(pb, hub, receive):
    with WireAgent(pb, hub, known(hub, "mx1")) as a:
        yield a


def known(hub, name):
    """Keys of a registered agent that the running receive knows by now."""
    keys = hub.add_agent(name)

    def is_let_in():
        with WireAgent(None, hub, keys) as a:
            return a.handshake(2)
    wait_until(is_let_in, 20, "%s let in" % name)
    return keys


def count(hub, table, where="true", *args):
    return hub.database.query(
        "SELECT count(*) FROM %s WHERE %s" % (table, where), *args)[0][0]
