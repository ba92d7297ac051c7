"""A mail server of the fleet, as far as Plaintiff sees one: a log that is
written to and an agent that follows it.  Used by tests of the whole chain."""
import pathlib
import subprocess
import time

from conftest import program


def failure(number, source, host, second):
    """A line that accuses source; no other line has its login."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
    return ("%s.%06d+00:00 %s postfix/submission/smtpd[%d]: warning: "
            "unknown[%s]:%d: SASL LOGIN authentication failed: "
            "authentication failure, sasl_username=user%d\n" % (
                stamp, number % 1000000, host, 1000 + number % 50, source,
                20000 + number % 40000, number))


class MailServer:
    """name: of host and agent; hub: conftest.Hub that knows it from now on.
    files: logs of real daemons, in place of .log."""

    def __init__(self, name, hub, folder, processes, address, files=None,
                 unreportable="127.0.0.0/8"):
        self.name = name
        self.processes = processes
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.log = self.folder / "mail.log"
        self.log.touch()
        self.conf = self.folder / "agent.conf"
        self.conf.write_text("""
[agent]
address = %s
state = %s
[hub]
connect = %s
key = %s
[source]
%s
zone = UTC
grace = 1s
[filter]
unreportable = %s
""" % (address, self.folder / "state", hub.endpoint, hub.public_key,
            "\n".join("file = %s" % f for f in files or [self.log]),
            unreportable))
        key = subprocess.run(
            [program("plaintiff-agent"), "key", "-c", str(self.conf)],
            check=True, capture_output=True, text=True).stdout.strip()
        hub.add_agent(name, key)
        self.agent = None

    def start(self):
        self.agent = self.processes.start(
            program("plaintiff-agent"), "run", "-c", self.conf,
            name="agent-" + self.name)

    def kill(self):
        self.agent.kill()

    def write(self, *lines):
        with open(self.log, "a") as f:
            f.write("".join(lines))

    def rotate(self):
        """As logrotate's default: renamed, then made anew."""
        self.log.rename(self.log.with_suffix(".log.1"))
        self.log.touch()
