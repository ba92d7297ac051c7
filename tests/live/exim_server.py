"""A private Exim for tests: own configuration, spool and logs under a folder
of the test, own port on loopback, in the foreground as our child and ended by
its pid.  Needs root, as Exim does.

    with EximServer(folder, settings="log_selector = +all") as exim:
        exim.port, exim.log, exim.reject_log

Its package cannot be installed beside Postfix, so it and the libraries that
are not there are fetched and unpacked below the build folder, once, and run
from there.  The user that it was built for is known in its own view of /etc
only.  It takes mail for alice and bob at near.example and relays for those
who logged in; nothing is delivered.
"""
import fcntl
import os
import pathlib
import pwd
import re
import shutil
import socket
import subprocess
import time

import private_syslog

PACKAGE = "exim4-daemon-heavy"
USER = "Debian-exim"

# /etc with the lines of ours in front; nothing of the machine's is touched
INSIDE = """\
set -e
etc=$1
shift
mount --bind "$etc/passwd" /etc/passwd
mount --bind "$etc/group" /etc/group
exec "$@"
"""

CONF = """\
{settings}
spool_directory = {folder}/spool
pid_file_path = {folder}/exim.pid
local_interfaces = <; {listen}
daemon_smtp_ports = {port}
primary_hostname = mx1.near.example
domainlist local_domains = near.example
acl_smtp_rcpt = check_rcpt
acl_smtp_helo = check_helo
acl_smtp_data = check_data
host_lookup =
rfc1413_hosts =
tls_advertise_hosts =
queue_only = true
keep_environment =
smtp_accept_max = 0
smtp_accept_queue_per_connection = 0
smtputf8_advertise_hosts = *
allow_utf8_domains = true

begin acl
check_helo:
  deny message = bad greeting
       condition = ${{if eq{{$sender_helo_name}}{{bad.example}}}}
  accept
check_rcpt:
  accept authenticated = *
  require message = relay not permitted
          domains = +local_domains
  deny message = banned
       local_parts = banned
  require verify = recipient
  accept

check_data:
  deny message = no viruses
       condition = ${{if match{{$h_subject:}}{{virus}}}}
  accept

begin routers
there:
  driver = accept
  domains = +local_domains
  local_parts = alice : bob : banned
  transport = nowhere

begin transports
nowhere:
  driver = appendfile
  file = /dev/null
  user = nobody

begin authenticators
{authenticators}
"""

AUTHENTICATORS = """\
plain_server:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{alice}}{eq{$auth3}{right}}}}
  server_set_id = $auth2
login_server:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${if and{{eq{$auth1}{alice}}{eq{$auth2}{right}}}}
  server_set_id = $auth1
cram_server:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${if eq{$auth1}{alice}{right}{none}}
  server_set_id = $auth1
"""

BY_DOVECOT = """\
plain_dovecot:
  driver = dovecot
  public_name = PLAIN
  server_socket = %(socket)s
  server_set_id = $auth1
login_dovecot:
  driver = dovecot
  public_name = LOGIN
  server_socket = %(socket)s
  server_set_id = $auth1
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def _text(*argv, **how):
    return subprocess.run(argv, check=True, text=True, capture_output=True,
                          **how).stdout


def _installed(package):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}",
                           package], text=True, capture_output=True)
    return done.stdout.startswith("installed")


def _fetch(package, folder, root, seen):
    """Unpacks package into root, and what it needs of libraries that are not
    installed."""
    seen.add(package)
    subprocess.run(["apt-get", "-q", "download", package], cwd=folder,
                   check=True, capture_output=True, timeout=120)
    deb = next(folder.glob(package + "_*.deb"))
    _text("dpkg-deb", "-x", deb, root)
    for part in _text("dpkg-deb", "-f", deb, "Depends").split(","):
        name = re.match(r"\s*([a-z0-9.+-]+)", part)[1]
        if name.startswith("lib") and name not in seen and \
                not _installed(name):
            _fetch(name, folder, root, seen)


def unpacked(build, name="exim", packages=(PACKAGE,),
             program="usr/sbin/exim4"):
    """The folder with Exim, or with other packages that cannot be installed,
    in it, below the folder build; fetched at the first time.  RuntimeError
    says why that is not possible."""
    cache = pathlib.Path(build) / name
    with open(pathlib.Path(build) / (name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (cache / program).exists():
            return cache
        new = pathlib.Path(build) / (name + ".new")
        shutil.rmtree(new, ignore_errors=True)
        (new / "debs").mkdir(parents=True)
        seen = set()
        # apt's own user has to get there, or it complains
        try:
            for package in packages:
                _fetch(package, new / "debs", new, seen)
        except subprocess.SubprocessError as e:
            shutil.rmtree(new)
            raise RuntimeError("%s cannot be fetched: %s" % (
                package, getattr(e, "stderr", e))) from e
        shutil.rmtree(new / "debs")
        new.rename(cache)
        return cache


def why_not():
    """Why no Exim can be started here, or None."""
    if os.geteuid() != 0:
        return "Exim can only be started by root"
    return private_syslog.why_not()


class EximServer:
    def __init__(self, folder, unpacked, settings="", syslog=None,
                 authenticators=AUTHENTICATORS):
        """unpacked: what unpacked() returned.  settings: further lines of
        the main part.  syslog: a private_syslog.Syslog that gets what else
        goes to .log and .reject_log."""
        self.folder = pathlib.Path(folder)
        self.root = pathlib.Path(unpacked)
        self.settings = settings
        self.syslog = syslog
        self.authenticators = authenticators
        self.log = syslog.log if syslog else self.folder / "log" / "mainlog"
        self.reject_log = self.folder / "log" / "rejectlog"
        self.port = free_port()
        self.conf = self.folder / "exim.conf"
        self.child = None

    def _configure(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        # it runs as another user
        for parent in [self.folder, *self.folder.parents]:
            if str(parent).startswith("/tmp/"):
                parent.chmod(parent.stat().st_mode | 0o011)
        uid = next(n for n in range(900, 60000) if not self._known(n))
        for name in ("spool", "log", "etc"):
            (self.folder / name).mkdir(exist_ok=True)
        for name in ("spool", "log"):
            os.chown(self.folder / name, uid, uid)
        for name, line in (("passwd", "%s:x:%d:%d::/:/bin/false\n"),
                           ("group", "%s:x:%d:\n")):
            values = (USER, uid, uid)[:line.count("%")]
            (self.folder / "etc" / name).write_text(
                pathlib.Path("/etc", name).read_text() + line % values)
        listen = "127.0.0.1 ; ::1" if os.path.exists("/proc/net/if_inet6") \
            else "127.0.0.1"
        to = "syslog" if self.syslog else "%s/log/%%slog" % self.folder
        self.conf.write_text(CONF.format(
            folder=self.folder, port=self.port, listen=listen,
            authenticators=self.authenticators,
            settings="log_file_path = %s\n%s" % (to, self.settings)))

    @staticmethod
    def _known(uid):
        try:
            return pwd.getpwuid(uid)
        except KeyError:
            return None

    def start(self):
        self._configure()
        lib = self.root / "usr/lib"
        libraries = ":".join(str(p) for p in [lib, *lib.glob("*-linux-*")])
        argv = private_syslog.apart(
            INSIDE, self.folder / "etc", "env", "LD_LIBRARY_PATH=" + libraries,
            self.root / "usr/sbin/exim4", "-C", self.conf, "-bdf")
        with open(self.folder / "stderr", "ab") as err:
            self.child = subprocess.Popen(
                self.syslog.inside(argv) if self.syslog else argv,
                stdin=subprocess.DEVNULL, stdout=err, stderr=err)
        end = time.monotonic() + 20
        while True:
            try:
                self._visit()
                return self
            except OSError:
                assert self.child.poll() is None, "Exim ended: " + \
                    (self.folder / "stderr").read_text()
                assert time.monotonic() < end, "Exim does not listen"
                time.sleep(0.05)

    def _visit(self):
        """A polite visit, so that the log holds no probe of ours."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as s:
            if not s.recv(1024).startswith(b"220"):
                raise OSError("no greeting")
            s.sendall(b"QUIT\r\n")
            s.recv(1024)

    def stop(self):
        if self.child is None:
            return
        self.child.terminate()
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()
