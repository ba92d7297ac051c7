"""Mail servers that produce bounces: Postfix, Exim, Sendmail and OpenSMTPD as
relays of a hub, each private to its folder, on loopback, and so configured
that it gives up at the first failure.  Needs root; the last three are fetched
and unpacked, not installed (exim_server.py).

    with Exim(folder, build, routes) as mta: mta.port

routes: {domain: port of 127.0.0.1}; "loop" as the port means the server
itself.  Every other domain is looked up in the DNS, where nothing is but what
private_dns() holds.
"""
import grp
import os
import pathlib
import pwd
import socket
import subprocess
import time

import exim_server
import private_syslog
from postfix_server import PostfixServer, free_port

# /etc with lines of ours, and folders in place of some of the machine's
INSIDE = """\
set -e
etc=$1
shift
for f in passwd group hosts resolv.conf ld.so.cache; do
	[ ! -e "$etc/$f" ] || [ ! -e "/etc/$f" ] ||
		mount --bind "$etc/$f" "/etc/$f"
done
while [ "$1" != -- ]; do
	mount --bind "$1" "$2"
	shift 2
done
shift
exec "$@"
"""
RESOLVER = "127.0.0.77"
NAME = "relay.hub.example"


def why_not():
    """Why none of them can be started here, or None."""
    if os.geteuid() != 0:
        return "mail servers can only be started by root"
    return private_syslog.why_not()


def _unused(taken, n=900):
    while n in taken:
        n += 1
    return n


class Mta:
    """What the unpacked ones have in common."""
    users = ()
    name, packages, program = "", (), ""

    def __init__(self, folder, build, routes):
        self.folder = pathlib.Path(folder)
        self.root = exim_server.unpacked(build, self.name, self.packages,
                                         self.program)
        self.routes = routes
        self.port = free_port()
        self.child = None

    def port_of(self, domain):
        port = self.routes[domain]
        return self.port if port == "loop" else port

    def _etc(self):
        etc = self.folder / "etc"
        etc.mkdir(parents=True, exist_ok=True)
        for parent in [self.folder, *self.folder.parents]:
            if str(parent).startswith("/tmp/"):
                parent.chmod(parent.stat().st_mode | 0o011)
        passwd = pathlib.Path("/etc/passwd").read_text()
        group = pathlib.Path("/etc/group").read_text()
        taken = {p.pw_uid for p in pwd.getpwall()} | {
            g.gr_gid for g in grp.getgrall()}
        self.ids = {}
        for user in self.users:
            n = self.ids[user] = _unused(taken)
            taken.add(n)
            passwd += "%s:x:%d:%d::/nonexistent:/bin/false\n" % (user, n, n)
            group += "%s:x:%d:\n" % (user, n)
        (etc / "passwd").write_text(passwd)
        (etc / "group").write_text(group)
        (etc / "resolv.conf").write_text("nameserver %s\n" % RESOLVER)
        (etc / "hosts").write_text(
            "127.0.0.1 localhost\n127.0.1.1 %s %s\n" % (
                NAME, socket.gethostname()))
        # some are setuid: no LD_LIBRARY_PATH for them
        (etc / "ld.so.conf").write_text("%s\ninclude /etc/ld.so.conf\n" % (
            self.libraries().replace(":", "\n")))
        subprocess.run(["ldconfig", "-X", "-f", etc / "ld.so.conf", "-C",
                        etc / "ld.so.cache"], check=True,
                       stderr=subprocess.DEVNULL)

    def binds(self):
        return []

    def libraries(self):
        return ":".join(str(p) for lib in ("usr/lib", "lib")
                        for p in [self.root / lib,
                                  *(self.root / lib).glob("*-linux-*")])

    def start(self):
        self._etc()
        self.configure()
        binds = [str(x) for pair in self.binds() for x in pair]
        argv = private_syslog.apart(
            INSIDE, self.folder / "etc", *binds, "--",
            *self.command())
        with open(self.folder / "stderr", "ab") as err:
            self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL,
                                          stdout=err, stderr=err)
        end = time.monotonic() + 20
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port),
                                              5) as s:
                    if s.recv(1024).startswith(b"220"):
                        s.sendall(b"QUIT\r\n")
                        return self
            except OSError:
                pass
            assert self.child.poll() is None and time.monotonic() < end, \
                (self.folder / "stderr").read_text()
            time.sleep(0.05)

    def stop(self):
        if self.child is None:
            return
        self.child.terminate()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()


class Exim(Mta):
    name, packages, program = "exim", ("exim4-daemon-heavy",), "usr/sbin/exim4"
    users = ("Debian-exim",)
    CONF = """\
exim_path = {root}/usr/sbin/exim4
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
primary_hostname = {name}
domainlist local_domains = local.example : exim.example
acl_smtp_rcpt = check
host_lookup =
rfc1413_hosts =
tls_advertise_hosts =
keep_environment =
received_headers_max = 6
delay_warning =
ignore_bounce_errors_after = 0s
message_size_limit = 50M
begin acl
check:
  deny domains = exim.example
       ! verify = recipient
  accept
begin routers
{routers}
here:
  driver = accept
  domains = local.example
  local_parts = full
  transport = box
dns:
  driver = dnslookup
  domains = ! +local_domains
  transport = smtp
  no_more
begin transports
{transports}
smtp:
  driver = smtp
box:
  driver = appendfile
  file = {folder}/box/full
  quota = 100
  user = Debian-exim
begin retry
"""

    def configure(self):
        for name in ("spool", "log", "box"):
            (self.folder / name).mkdir(exist_ok=True)
            os.chown(self.folder / name, *[self.ids["Debian-exim"]] * 2)
        routers = transports = ""
        for i, domain in enumerate(self.routes):
            routers += ("r%d:\n  driver = manualroute\n  domains = %s\n"
                        "  route_list = * 127.0.0.1\n  transport = t%d\n"
                        "  self = send\n  no_more\n" % (i, domain, i))
            transports += ("t%d:\n  driver = smtp\n  port = %d\n"
                           "  allow_localhost\n  hosts_try_chunking =\n" % (
                               i, self.port_of(domain)))
        # where it was built to look: told another, it gives up its rights
        self.conf = self.folder / "varlib/exim4/config.autogenerated"
        self.conf.parent.mkdir(parents=True, exist_ok=True)
        self.conf.write_text(self.CONF.format(
            folder=self.folder, port=self.port, name=NAME, routers=routers,
            root=self.root,
            transports=transports))

    def command(self):
        return [self.root / "usr/sbin/exim4", "-bdf", "-q1s"]

    def binds(self):
        return [(self.folder / "varlib", "/var/lib")]


class Sendmail(Mta):
    name, packages = "sendmail", ("sendmail-bin", "sendmail-cf", "m4")
    program = "usr/libexec/sendmail/sendmail"
    users = ("smmta", "smmsp")
    MC = """\
divert(0)dnl
OSTYPE(`linux')dnl
define(`confCF_VERSION', `test')dnl
define(`confPID_FILE', `{folder}/pid')dnl
define(`QUEUE_DIR', `{folder}/queue')dnl
define(`STATUS_FILE', `{folder}/statistics')dnl
define(`HELP_FILE', `')dnl
define(`ALIAS_FILE', `')dnl
define(`confDOMAIN_NAME', `{name}')dnl
define(`confTO_QUEUERETURN', `1s')dnl
define(`confTO_QUEUEWARN', `')dnl
define(`confMAX_HOP', `6')dnl
define(`confDEF_USER_ID', `smmta:smmta')dnl
define(`confTO_IDENT', `0')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confDONT_BLAME_SENDMAIL', `GroupWritableDirPathSafe,GroupWritableIncludeFileSafe,AssumeSafeChown')dnl
define(`confLOG_LEVEL', `14')dnl
FEATURE(`promiscuous_relay')dnl
FEATURE(`accept_unqualified_senders')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Family=inet, Addr=127.0.0.1, Port={port}, Name=MTA')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
LOCAL_CONFIG
{classes}
LOCAL_RULE_0
{rules}
MAILER_DEFINITIONS
{mailers}
"""

    def configure(self):
        (self.folder / "queue").mkdir(exist_ok=True)
        (self.folder / "queue").chmod(0o700)
        rules = mailers = ""
        for i, domain in enumerate(self.routes):
            rules += ("R$* < @ %s . > $*\t$#to%d $@ [127.0.0.1] $: $1 < @ %s "
                      "> $2\nR$* < @ %s > $*\t$#to%d $@ [127.0.0.1] $: $1 < "
                      "@ %s > $2\n" % ((domain, i, domain) * 2))
            mailers += ("Mto%d, P=[IPC], F=mDFMuXak8, S=EnvFromSMTP/"
                        "HdrFromSMTP, R=EnvToSMTP, E=\\r\\n, L=990, "
                        "T=DNS/RFC822/SMTP, A=TCP $h %d\n" % (
                            i, self.port_of(domain)))
        mc = self.folder / "sendmail.mc"
        mc.write_text(self.MC.format(
            folder=self.folder, port=self.port, name=NAME, classes="",
            rules=rules, mailers=mailers))
        cf = self.root / "usr/share/sendmail/cf"
        self.cf = self.folder / "sendmail.cf"
        self.cf.write_bytes(subprocess.run(
            [self.root / "usr/bin/m4", "-D_CF_DIR_=%s/" % cf,
             cf / "m4/cf.m4", mc], check=True, cwd=cf, stdout=subprocess.PIPE,
            env=dict(os.environ, LD_LIBRARY_PATH=self.libraries())).stdout)
        self.cf.chmod(0o644)

    def command(self):
        return [self.root / self.program, "-C", self.cf, "-bD", "-q1s"]


class OpenSmtpd(Mta):
    name, packages = "opensmtpd", ("opensmtpd",)
    program = "usr/sbin/smtpd"
    users = ("opensmtpd", "opensmtpq")

    def binds(self):
        for name in ("spool", "varlib", "run", "mail"):
            (self.folder / name).mkdir(exist_ok=True)
            (self.folder / name).chmod(0o755)
        (self.folder / "varlib/opensmtpd/empty").mkdir(parents=True,
                                                       exist_ok=True)
        return [(self.folder / "spool", "/var/spool"),
                (self.folder / "varlib", "/var/lib"),
                (self.folder / "run", "/run"),
                (self.root / "usr/libexec", "/usr/libexec")]

    def configure(self):
        lines = ["queue ttl 2s", "bounce warn-interval 1h",
                 "smtp max-message-size 50M",
                 "listen on 127.0.0.1 port %d hostname %s" % (self.port,
                                                              NAME)]
        matches = []
        for i, domain in enumerate(self.routes):
            lines.append('action to%d relay host "smtp://127.0.0.1:%d" '
                         'helo %s' % (i, self.port_of(domain), NAME))
            matches.append('match from any for domain "%s" action to%d' % (
                domain, i))
        lines.append('action "dns" relay helo %s' % NAME)
        matches.append('match from any for any action "dns"')
        self.conf = self.folder / "smtpd.conf"
        self.conf.write_text("\n".join(lines + matches) + "\n")
        self.conf.chmod(0o644)

    def command(self):
        return [self.root / self.program, "-d", "-f", self.conf]


class Postfix(PostfixServer):
    """The hub's usual relay."""

    def __init__(self, folder, build, routes):
        super().__init__(folder, settings="""
myhostname = {name}
mydestination =
local_recipient_maps =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions =
transport_maps = regexp:{folder}/transport
default_transport = smtp
disable_dns_lookups = no
smtp_host_lookup = dns
hopcount_limit = 6
maximal_queue_lifetime = 0
bounce_queue_lifetime = 0
message_size_limit = 50000000
notify_classes =
""".format(name=NAME, folder=folder))
        self.routes = routes

    def inside(self, argv):
        (self.folder / "etc").mkdir(exist_ok=True)
        (self.folder / "etc/resolv.conf").write_text(
            "nameserver %s\n" % RESOLVER)
        return private_syslog.apart(INSIDE, self.folder / "etc", "--", *argv)

    def _configure(self):
        super()._configure()
        lines = []
        for domain, port in self.routes.items():
            lines.append("/@%s$/ smtp:[127.0.0.1]:%d\n" % (
                domain.replace(".", "\\."),
                self.port["smtp"] if port == "loop" else port))
        self._write("transport", "".join(lines))
