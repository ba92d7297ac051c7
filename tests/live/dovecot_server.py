"""A private Dovecot for tests: own configuration, state, users and log under
a folder of the test, own ports on loopback, started in the foreground as our
child and ended by its pid.  Needs root, as Dovecot does.  2.3 and 2.4.

    with DovecotServer(folder, users={"alice": "right"}) as dovecot:
        dovecot.port["imap"], dovecot.log
        dovecot.stop(); dovecot.start()     # its ports and files stay

It serves 127.0.0.1 and ::1, and as the login server of a Postfix or Exim the
unix socket .auth_socket.
"""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import weakref

PROGRAM = "/usr/sbin/dovecot"
LOOPBACKS = ["127.0.0.1"] + (
    ["::1"] if os.path.exists("/proc/net/if_inet6") else [])

COMMON = """\
base_dir = {run}
state_dir = {folder}/state
log_path = {log}
listen = {listen}
ssl = no
auth_mechanisms = plain login cram-md5
auth_failure_delay = 0
login_greeting = ready
hostname = mx1.near.example
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
  process_min_avail = 1
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
  process_min_avail = 1
}}
service submission-login {{
  inet_listener submission {{
    port = {submission}
  }}
  inet_listener submissions {{
    port = 0
  }}
  process_min_avail = 1
}}
service managesieve-login {{
  inet_listener sieve {{
    port = {sieve}
  }}
  process_min_avail = 1
}}
service auth {{
  unix_listener login-server {{
    mode = 0666
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
submission_relay_host = 127.0.0.1
submission_relay_port = 1
"""

V23 = """\
protocols = imap pop3 submission sieve
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/mail/%u
}}
"""

V24 = """\
protocols = imap pop3 submission sieve
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = {folder}/mail/%{{user}}
passdb passwd-file {{
  passwd_file_path = {folder}/users
}}
userdb static {{
  fields {{
    uid = nobody
    gid = nogroup
    home = {folder}/mail/%{{user}}
  }}
}}
"""


def why_not():
    """Why no Dovecot can be started here, or None."""
    if os.geteuid() != 0:
        return "Dovecot can only be started by root"
    if not os.path.exists(PROGRAM):
        return "dovecot-core is not installed"
    return None


def version():
    """(2, 3), as far as configurations differ."""
    text = subprocess.run([PROGRAM, "--version"], check=True, text=True,
                          capture_output=True).stdout
    return tuple(int(n) for n in re.match(r"(\d+)\.(\d+)", text).groups())


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class DovecotServer:
    def __init__(self, folder, users=None, settings="", syslog=None):
        """users: {name: password}.  settings: further lines, which may have
        {folder}; they win.  syslog: a private_syslog.Syslog that gets what
        else goes to .log."""
        self.folder = pathlib.Path(folder)
        self.users = users or {}
        self.settings = settings
        # the names of its sockets are long, those of a test's folder too
        self.run = pathlib.Path(tempfile.mkdtemp(prefix="dovecot.",
                                                 dir="/tmp"))
        weakref.finalize(self, shutil.rmtree, self.run, True)
        self.run.chmod(0o755)
        self.auth_socket = self.run / "login-server"
        self.syslog = syslog
        self.log = syslog.log if syslog else self.folder / "dovecot.log"
        self.conf = self.folder / "dovecot.conf"
        self.port = {name: free_port()
                     for name in ("imap", "pop3", "submission", "sieve")}
        self.child = None

    def _configure(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        # its daemons run as other users
        for parent in [self.folder, *self.folder.parents]:
            if str(parent).startswith("/tmp/"):
                parent.chmod(parent.stat().st_mode | 0o011)
        for name in ("state", "mail"):
            (self.folder / name).mkdir(exist_ok=True)
        shutil.chown(self.folder / "mail", "nobody", "nogroup")
        users = self.folder / "users"
        users.write_text("".join("%s:{PLAIN}%s\n" % u
                                 for u in self.users.items()))
        users.chmod(0o644)
        v24 = version() >= (2, 4)
        text = COMMON + (V24 if v24 else V23)
        text = text.format(folder=self.folder, run=self.run,
                           log="syslog" if self.syslog else self.log,
                           listen=", ".join(LOOPBACKS), **self.port)
        if v24:
            text = ("dovecot_config_version = 2.4.0\n"
                    "dovecot_storage_version = 2.4.0\n" + text)
        self.conf.write_text(text + self.settings.format(folder=self.folder))

    def start(self):
        self._configure()
        argv = [PROGRAM, "-F", "-c", str(self.conf)]
        self.child = subprocess.Popen(
            self.syslog.inside(argv) if self.syslog else argv,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        end = time.monotonic() + 20
        for port in self.port.values():
            while True:
                try:
                    self._visit(port)
                    break
                except OSError:
                    assert self.child.poll() is None, "Dovecot ended: " + (
                        self.log.read_text() if self.log.exists() else "")
                    assert time.monotonic() < end, "Dovecot does not listen"
                    time.sleep(0.05)
        return self

    @staticmethod
    def _visit(port):
        with socket.create_connection(("127.0.0.1", port), 5) as s:
            if not s.recv(1024):
                raise OSError("no greeting")

    def stop(self, how=signal.SIGTERM):
        """As systemd does: every process of it.  Its master alone would
        leave the login server running for those who are connected to it."""
        if self.child is None:
            return
        os.killpg(self.child.pid, how)
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()
