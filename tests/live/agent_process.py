"""The agent as a process against scripted hubs: what test_agent*.py share.

Fixtures pb, scripted and agent are imported by name into a test file.
"""
import json
import subprocess

import pytest
from conftest import program
from scripted_hub import ScriptedHub, load_proto


@pytest.fixture(scope="session")
def pb(tmp_path_factory):
    return load_proto(tmp_path_factory.mktemp("proto"))


@pytest.fixture
def scripted(pb):
    hubs = []

    def make(port=0, keys=None):
        hubs.append(ScriptedHub(pb, port, keys))
        return hubs[-1]
    yield make
    for h in hubs:
        h.end()


def line(n, address="198.51.100.7", day=1):
    """A log line with a login that nobody else has."""
    s = n % 86400
    return ("Nov %2d %02d:%02d:%02d mx1 postfix/smtpd[%d]: warning: "
            "unknown[%s]: SASL LOGIN authentication failed: "
            "authentication failure, sasl_username=user%d\n"
            % (day, s // 3600, s // 60 % 60, s % 60, 100 + n % 7, address, n))


class Agent:
    def __init__(self, folder, processes, hubs, key=None, files=None):
        self.folder = folder
        self.processes = processes
        self.log = folder / "mail.log"
        self.conf = folder / "agent.conf"
        self.state = folder / "state"
        self.hubs = hubs
        self.hub_key = key or hubs[0].public.decode()
        self.files = files or [self.log]
        self.more = {}
        self.write()
        self.public = self.command("key").stdout.strip()

    def write(self):
        out = ["[agent]", "state = %s" % self.state, "address = 192.0.2.25",
               "address = 2001:db8::25", "[hub]"]
        out += ["connect = %s" % getattr(h, "endpoint", h) for h in self.hubs]
        out += ["key = %s" % self.hub_key, "[source]", "zone = UTC",
                "grace = %s" % self.more.get("grace", "1s")]
        out += ["file = %s" % f for f in self.files]
        out += ["[filter]", "unreportable = %s"
                % self.more.get("unreportable", "127.0.0.0/8"),
                "[outbox]", "max_size = %s" % self.more.get("max_size", "0")]
        self.conf.write_text("\n".join(out) + "\n")

    def command(self, *args, check=True):
        return subprocess.run([program("plaintiff-agent"), *args, "-c",
                               str(self.conf)], check=check, text=True,
                              capture_output=True)

    def start(self, **how):
        return self.processes.start(program("plaintiff-agent"), "run", "-c",
                                    self.conf, **how)

    def status(self):
        s = json.loads(self.command("status", "--json").stdout)
        assert s["lines"] == (s["ignored"] + s["unparsable"] +
                              s["unreportable"] + s["withheld"] +
                              s["repeated"] + s["emitted"])
        assert s["remainder"] == 0
        return s


@pytest.fixture
def agent(tmp_path, processes, scripted):
    def make(*hubs, **how):
        return Agent(tmp_path, processes, hubs or [scripted()], **how)
    return make


def logins(hub):
    return {e.login.decode() for e in hub.events.values()}


def users(count, start=0):
    return {"user%d" % i for i in range(start, count)}


def append(path, text):
    with open(path, "ab") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
