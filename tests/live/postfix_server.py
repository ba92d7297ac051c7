"""A private Postfix for tests: own configuration, queue, data and log under
a folder of the test, own ports on loopback, started in the foreground as our
child and ended by its pid.  Needs root, as Postfix does.

    with PostfixServer(folder) as postfix:
        postfix.port["smtp"], postfix.port["submission"], postfix.log

With deliver_to it is a relay that takes mail for any domain from loopback
and delivers all into one Maildir, deliver_to/all; without, it is
a mail server for near.example that discards what it takes and relays for
nobody.
"""
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import time

SBIN = pathlib.Path("/usr/sbin")
DAEMONS = pathlib.Path("/usr/lib/postfix/sbin")

MASTER = """\
{smtp} inet n - n - - smtpd
{submission} inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_client_port_logging=yes
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp      unix - - n - - smtp
relay     unix - - n - - smtp
showq     unix n - n - - showq
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
local     unix - n n - - local
virtual   unix - n n - - virtual
lmtp      unix - - n - - lmtp
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
myhostname = {name}.near.example
mydomain = near.example
inet_interfaces = loopback-only
inet_protocols = {protocols}
alias_maps =
alias_database =
smtpd_peername_lookup = no
disable_dns_lookups = yes
smtp_host_lookup = native
smtputf8_enable = yes
smtpd_error_sleep_time = 0
smtpd_hard_error_limit = 1000
smtpd_soft_error_limit = 1000
smtpd_client_connection_count_limit = 0
smtpd_tls_security_level = none
"""

SERVER = """\
mynetworks = 192.0.2.1/32
mydestination = near.example
local_recipient_maps = regexp:{folder}/local
local_transport = discard
default_transport = discard
smtpd_sasl_auth_enable = yes
{sasl}
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access regexp:{folder}/banned
"""

BY_CYRUS = """\
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = {folder}/sasl
"""

BY_DOVECOT = """\
smtpd_sasl_type = dovecot
smtpd_sasl_path = {login_server}
"""

SINK = """\
mynetworks = 127.0.0.0/8 [::1]/128
mydestination =
local_recipient_maps =
smtpd_relay_restrictions = permit_mynetworks, reject
virtual_mailbox_domains = static:any
virtual_mailbox_base = {deliver_to}
virtual_mailbox_maps = static:all/
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
"""

SASL = """\
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: {folder}/sasldb2
mech_list: PLAIN LOGIN CRAM-MD5
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def last_of_each(main):
    """Settings that are there twice make its log unusable."""
    lines = {}
    for line in main.splitlines():
        name = line.split("=")[0].strip()
        lines.pop(name, None)
        lines[name] = line
    return "\n".join(lines.values()) + "\n"


def why_not():
    """Why no Postfix can be started here, or None."""
    if os.geteuid() != 0:
        return "Postfix can only be started by root"
    if not (DAEMONS / "master").exists():
        return "postfix is not installed"
    return None


class PostfixServer:
    def __init__(self, folder, deliver_to=None, users=(), settings="",
                 login_server=None, name="mx1"):
        """users: (name, password) pairs that may log in.  settings: further
        lines of main.cf.  login_server: a Dovecot's socket, which knows the
        users then.  name: of the host, as in the log."""
        self.folder = pathlib.Path(folder)
        self.deliver_to = deliver_to
        self.users = users
        self.settings = settings
        self.login_server = login_server
        self.name = name
        self.log = self.folder / "mail.log"
        self.port = {"smtp": free_port(), "submission": free_port()}
        self.child = None

    def _write(self, name, text):
        (self.folder / name).write_text(text)

    def _configure(self):
        postfix = pwd.getpwnam("postfix")
        keys = dict(folder=self.folder, name=self.name,
                    deliver_to=self.deliver_to, uid=postfix.pw_uid, gid=postfix.pw_gid,
                    protocols="all" if socket.has_ipv6 and
                    os.path.exists("/proc/net/if_inet6") else "ipv4")
        sasl = BY_DOVECOT if self.login_server else BY_CYRUS
        keys["sasl"] = sasl.format(login_server=self.login_server, **keys)
        main = MAIN + (SINK if self.deliver_to else SERVER) + self.settings
        self.folder.mkdir(parents=True, exist_ok=True)
        # its daemons run as another user
        for parent in [self.folder, *self.folder.parents]:
            if str(parent).startswith("/tmp/"):
                parent.chmod(parent.stat().st_mode | 0o011)
        for name in ("queue", "sasl"):
            (self.folder / name).mkdir(exist_ok=True)
        (self.folder / "data").mkdir(exist_ok=True)
        shutil.chown(self.folder / "data", "postfix", "postfix")
        self._write("main.cf", last_of_each(main.format(**keys)))
        self._write("master.cf", MASTER.format(
            **{k: "127.0.0.1:%d" % v for k, v in self.port.items()}))
        self._write("sasl/smtpd.conf", SASL.format(**keys))
        self._write("local", "/^(alice|bob|banned.*)@near\\.example$/ x\n")
        self._write("banned", "/banned/ REJECT\n")
        if self.deliver_to:
            pathlib.Path(self.deliver_to).mkdir(parents=True, exist_ok=True)
            shutil.chown(self.deliver_to, "postfix", "postfix")
        for name, password in self.users:
            subprocess.run(
                ["saslpasswd2", "-f", str(self.folder / "sasldb2"), "-p",
                 "-c", "-u", "%s.near.example" % self.name, name],
                input=password, text=True, check=True)
        if self.users:
            shutil.chown(self.folder / "sasldb2", "postfix", "postfix")

    def start(self):
        self._configure()
        # makes the folders of the queue
        subprocess.run([SBIN / "postfix", "-c", self.folder, "check"],
                       check=True, stdin=subprocess.DEVNULL)
        self.child = subprocess.Popen(
            self.inside([DAEMONS / "master", "-c", self.folder, "-d"]),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        for port in self.port.values():
            while True:
                try:
                    self._visit(port)
                    break
                except OSError:
                    assert self.child.poll() is None, "Postfix ended: " + (
                        self.log.read_text() if self.log.exists() else "")
                    assert time.monotonic() < end, "Postfix does not listen"
                    time.sleep(0.05)
        return self

    def inside(self, argv):
        """For those who start it in a place of its own."""
        return argv

    @staticmethod
    def _visit(port):
        """A polite visit, so that the log holds no probe of ours."""
        with socket.create_connection(("127.0.0.1", port), 5) as s:
            assert s.recv(1024).startswith(b"220")
            s.sendall(b"QUIT\r\n")
            assert s.recv(1024).startswith(b"221")

    def stop(self):
        if self.child is None:
            return
        # master ends its daemons with itself
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
