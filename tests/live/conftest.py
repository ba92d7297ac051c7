"""What live tests stand on.

Fixtures: cluster (one PostgreSQL for the session), database (its own database
for each test, from a template that the real `plaintiff schema upgrade` made),
processes (starts programs, ends them by pid, shows their stderr when a test
fails), hub (settings, keys and stages of one hub on `database`).
Functions: wait_until, free_port, program.  Waiting is wait_until(condition),
never a sleep.
Environment: PLAINTIFF_BUILD is the build folder; PLAINTIFF_RULES defaults to
the source tree's rules.
"""
import itertools
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import pg  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PLAINTIFF_BUILD", SOURCE / "build"))
os.environ.setdefault("PLAINTIFF_RULES", str(SOURCE / "agent" / "rules"))


def program(name):
    """Path of plaintiff-hub, plaintiff or plaintiff-agent."""
    folder = "agent" if name == "plaintiff-agent" else "hub"
    path = BUILD / folder / name
    assert path.exists(), "%s is missing: set PLAINTIFF_BUILD" % path
    return str(path)


def wait_until(condition, seconds=30, what=None):
    """Returns the first true value of condition(); fails after seconds.
    Exceptions of the condition count as not yet, and are shown at the end."""
    end = time.monotonic() + seconds
    pause = 0.01
    while True:
        error = None
        try:
            value = condition()
            if value:
                return value
        except Exception as e:  # noqa: BLE001
            value, error = None, e
        if time.monotonic() > end:
            raise AssertionError("not within %g s: %s (last: %r)" % (
                seconds, what or getattr(condition, "__name__", condition),
                error or value))
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)


def free_port():
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Process:
    """A started program: .popen .pid .stderr (its text so far)."""

    def __init__(self, argv, log, stdin=None, env=None, stdout=None):
        self.argv = [str(a) for a in argv]
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as err:
            self.popen = subprocess.Popen(
                self.argv, stdin=stdin or subprocess.DEVNULL,
                stdout=stdout or err, stderr=err, env=env)
        self.pid = self.popen.pid

    @property
    def stderr(self):
        return self.log.read_text(errors="replace")

    @property
    def running(self):
        return self.popen.poll() is None

    def kill(self, sig=signal.SIGKILL):
        """Sends the signal if it still runs; SIGKILL is waited for."""
        if self.running:
            self.popen.send_signal(sig)
        if sig == signal.SIGKILL:
            self.popen.wait()

    def stop(self, seconds=30):
        """SIGTERM; returns the exit code."""
        self.kill(signal.SIGTERM)
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("%s ignored SIGTERM" % self.argv)


class Processes:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.all = []

    def start(self, *argv, name=None, **how):
        """Starts argv; stderr (and stdout, unless stdout= is given) goes to a
        file that is shown when the test fails."""
        name = name or os.path.basename(str(argv[0]))
        log = self.folder / ("%02d-%s.log" % (len(self.all), name))
        p = Process(argv, log, **how)
        self.all.append(p)
        return p

    def end(self):
        for p in reversed(self.all):
            p.kill(signal.SIGTERM)
        for p in reversed(self.all):
            try:
                p.popen.wait(10)
            except subprocess.TimeoutExpired:
                p.kill()

    def tails(self):
        for p in self.all:
            yield " ".join(p.argv), p.stderr[-6000:]


class Hub:
    """One hub: its settings file, keys, stages.

    hub.settings is {section: {key: value or [values]}}; change it before the
    first start(), or call write() and reload by hand.  Defaults: 127.0.0.1
    and a free port, mail to a folder, only 127.0.0.0/8 unreportable so that
    documentation addresses can be accused, and for one try already.
    Nobody is checked for Tor, and nobody asked for mail hosts.
    """

    def __init__(self, database, folder, processes, name="hub1"):
        self.database = database
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.processes = processes
        self.port = free_port()
        self.endpoint = "tcp://127.0.0.1:%d" % self.port
        self.path = self.folder / "hub.conf"
        self.mail = self.folder / "mail"
        self.mail.mkdir(exist_ok=True)
        self.settings = {
            "hub": {"name": name},
            "database": {"connect": database.connect, "owner": "postgres"},
            "receive": {"bind": self.endpoint,
                        "key": self.folder / "hub.key"},
            "filter": {"unreportable": "127.0.0.0/8"},
            "lookup": {"retry_first": "1s", "origin_zone": "",
                       "origin6_zone": "", "rdap": "no", "mx": "no"},
            "tor": {"list": ""},
            "report": {"from": "abuse-report@hub.example", "settle": "0s",
                       "threshold": ["auth_failure:tries=1",
                                     "relay_denied:tries=1"],
                       "domain_week": 0, "mx_week": 0, "new_day": 0,
                       "mails_hour": 0,
                       "token_key": self.folder / "token.key"},
            "deliver": {"mail_folder": self.mail},
        }
        self.write()

    def set(self, section, **values):
        self.settings.setdefault(section, {}).update(values)
        self.write()

    def write(self):
        out = []
        for section, values in self.settings.items():
            out.append("[%s]" % section)
            for key, value in values.items():
                many = value if isinstance(value, (list, tuple)) else [value]
                out += ["%s = %s" % (key, v) for v in many]
        self.path.write_text("\n".join(out) + "\n")

    def start(self, stage="all", *more, **how):
        """plaintiff-hub STAGE; returns its Process."""
        return self.processes.start(program("plaintiff-hub"), stage, "-c",
                                    self.path, *more,
                                    name="%s-%s" % (self.folder.name, stage),
                                    **how)

    def once(self, stage, seconds=60):
        """plaintiff-hub STAGE --once, to its end; must succeed."""
        p = self.start(stage, "--once")
        code = p.popen.wait(seconds)
        assert code == 0, "%s ended with %d:\n%s" % (stage, code, p.stderr)
        return p

    def ctl(self, *args, check=True, stdin=None):
        """plaintiff ARGS; the finished process with .stdout and .stderr
        (text).  check: it must succeed."""
        done = subprocess.run(
            [program("plaintiff"), "-c", str(self.path),
             *(str(a) for a in args)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="surrogateescape", timeout=60)
        if check:
            assert done.returncode == 0, "plaintiff %s: %d\n%s%s" % (
                " ".join(map(str, args)), done.returncode, done.stdout,
                done.stderr)
        return done

    @property
    def public_key(self):
        """The hub's public key; made when it is not there yet."""
        return subprocess.run(
            [program("plaintiff-hub"), "key", "-c", str(self.path)],
            check=True, capture_output=True, text=True).stdout.strip()

    def add_agent(self, name, public=None):
        """Registers an agent; returns (public, secret) as Z85 texts, secret
        None when the public key was given."""
        secret = None
        if public is None:
            import zmq
            public, secret = (k.decode() for k in zmq.curve_keypair())
        self.ctl("agent", "add", name, public)
        return public, secret


@pytest.fixture(scope="session")
def cluster():
    c = pg.Cluster()
    yield c
    c.remove()


@pytest.fixture(scope="session")
def template(cluster, tmp_path_factory):
    """The name of a migrated database that nobody is connected to."""
    d = cluster.create("plaintiff_template")
    conf = tmp_path_factory.mktemp("template") / "hub.conf"
    conf.write_text("[database]\nconnect = %s\nowner = postgres\n" % d.connect)
    done = subprocess.run([program("plaintiff"), "-c", str(conf), "schema",
                           "upgrade"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return d.name


_names = itertools.count(1)


@pytest.fixture
def database(cluster, template):
    d = cluster.create("test_%d_%d" % (os.getpid(), next(_names)), template)
    yield d
    d.drop()


@pytest.fixture
def empty_database(cluster):
    """A database without our schema."""
    d = cluster.create("test_%d_%d" % (os.getpid(), next(_names)))
    yield d
    d.drop()


@pytest.fixture
def processes(tmp_path, request):
    logs = tmp_path / "logs"
    logs.mkdir()
    p = Processes(logs)
    request.node.plaintiff_processes = p
    yield p
    p.end()


@pytest.fixture
def hub(database, tmp_path, processes):
    return Hub(database, tmp_path / "hub1", processes)


@pytest.fixture
def make_hub(database, tmp_path, processes):
    """make_hub(name) for a second hub on the same database."""
    return lambda name: Hub(database, tmp_path / name, processes, name)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    processes = getattr(item, "plaintiff_processes", None)
    if report.failed and processes is not None:
        for argv, tail in processes.tails():
            report.sections.append(("stderr of " + argv, tail))
