"""The programs that scan is compared with: what each runs on a log, and how
much of the log, for the slow ones, so that a round stays short."""
import pathlib
import shutil

import bench

WORDS = ["-e", "authentication failed", "-e", "Relay access denied"]
SSHGUARD = ["/usr/libexec/sshguard/sshg-parser",
            "/usr/lib/sshguard/sshg-parser",
            "/usr/libexec/sshg-parser", "/usr/lib/x86_64-linux-gnu/sshg-parser"]
CLIENT = r"([\w.-]+)\[([\da-fA-F:.]+)\](?::\d+)?"
PERL = r"""
my $line = qr/^(?:\w{3}[ ][ \d]\d[ ][\d:]{8}|\S+)[ ](\S+)[ ](postfix\S*\/smtpd)
    \[(\d+)\]:[ ](?:warning:[ ]CLIENT:[ ]SASL[ ](\S+)[ ]authentication[ ]
    failed:[ ](.*)|\S+:[ ]reject:[ ]RCPT[ ]from[ ]CLIENT:[ ]\d+[ ]\S+[ ]
    <([^>]*)>:[ ]Relay[ ]access[ ]denied)/x;
while (<STDIN>) {
	print defined $5 ? $5 : $9, "\n" if $_ =~ $line;
}
""".replace("CLIENT", CLIENT)


class Peer:
    """name; argv(log); reads the log on standard input if stdin; size: so
    much of the log at most; with two sizes the difference counts, so that
    its start does not."""

    def __init__(self, name, argv, stdin=False, size=None, less_start=False):
        self.name, self.argv, self.stdin = name, argv, stdin
        self.size, self.less_start = size, less_start

    def seconds_a_byte(self, log, parts):
        log = parts(self.size) if self.size else log
        t = self._once(log)
        n = log.stat().st_size
        if self.less_start:
            small = parts(self.size // 4)
            t -= self._once(small)
            n -= small.stat().st_size
        return max(t, 1e-9) / n

    def _once(self, log):
        # exit 1 says that nothing was found; into a file, because grep
        # stops at its first hit when it writes to /dev/null
        return bench.Run([str(a) for a in self.argv(log)],
                         stdin=log if self.stdin else None,
                         stdout=None if self.name == "cat" else
                         log.with_name("answer"), okay=(0, 1)).seconds


def parts_of(log):
    """A function that gives the first so many bytes of the log, in whole
    lines, as a file beside it."""
    def part(size):
        if log.stat().st_size <= size:
            return log
        path = pathlib.Path("%s.%d" % (log, size))
        if not path.exists():
            with open(log, "rb") as f:
                data = f.read(size)
            path.write_bytes(data[:data.rindex(b"\n") + 1])
        return path
    return part


def peers(perl_file):
    """Those that are there, and the names of those that are not."""
    perl_file.write_text(PERL)
    parser = next((p for p in SSHGUARD if pathlib.Path(p).exists()), None)
    found = [
        Peer("cat", lambda f: ["cat", f]),
        Peer("wc -l", lambda f: ["wc", "-l", f]),
        Peer("grep -cF, two strings", lambda f: ["grep", "-cF", *WORDS, f]),
        Peer("perl, one regex", lambda f: ["perl", perl_file], stdin=True,
             size=100 * 10**6),
    ]
    missing = []
    if shutil.which("rg"):
        found.append(Peer("ripgrep -cF, two strings", lambda f: [
            "rg", "-cF", "-j1", *WORDS, f]))
    else:
        missing.append("ripgrep")
    if parser:
        found.append(Peer("sshguard's parser", lambda f: [parser], stdin=True,
                          size=100 * 10**6))
    else:
        missing.append("sshguard")
    if shutil.which("fail2ban-regex"):
        found.append(Peer("fail2ban-regex", lambda f: [
            "fail2ban-regex", f, "postfix[mode=extra]"], size=16 * 10**6,
            less_start=True))
    else:
        missing.append("fail2ban")
    return found, missing
