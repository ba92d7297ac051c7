"""A /dev/log for one daemon of a test: a datagram socket whose records become
lines of a file, as rsyslog's traditional format has them, and a way to start
the daemon so that it, and nobody else, sees that socket as /dev/log.  Needs
root, for the mount namespace.

    with Syslog(folder, "mx1") as syslog:
        Popen(syslog.inside(["/usr/sbin/dovecot", "-F"])); syslog.log
"""
import os
import pathlib
import re
import socket
import subprocess
import threading

# a /dev of its own: nothing of the machine's is touched
INSIDE = """\
set -e
dev=$1 log=$2
shift 2
mount -t tmpfs tmpfs "$dev"
for node in null zero full random urandom; do
	: >"$dev/$node"
	mount --bind "/dev/$node" "$dev/$node"
done
mkdir -m 1777 "$dev/shm"
ln -s "$log" "$dev/log"
mount --move "$dev" /dev
exec "$@"
"""


def apart(script, *args):
    """The command that runs a shell script in a mount namespace of its own.
    Where no mount is shared none can leave it; elsewhere they are made
    private first, which needs a root that is no chroot."""
    with open("/proc/1/mountinfo") as f:
        how = "private" if "shared:" in f.read() else "unchanged"
    return ["unshare", "-m", "--propagation", how, "sh", "-c", script, "sh",
            *map(str, args)]


def why_not():
    """Why there can be no mount namespace here, or None."""
    done = subprocess.run(apart("mount --bind /etc/passwd /etc/passwd"),
                          capture_output=True, text=True)
    return None if done.returncode == 0 else (
        "no mount namespace: " + done.stderr.strip())


def escaped(record):
    """Control bytes as rsyslog writes them."""
    return re.sub(rb"[\x00-\x1f\x7f]", lambda m: b"#%03o" % m[0][0], record)


class Syslog:
    def __init__(self, folder, host):
        self.folder = pathlib.Path(folder)
        self.host = host
        self.log = self.folder / "syslog"
        self.socket = None

    def inside(self, argv):
        """argv, run where /dev/log is this one; keeps its pid."""
        return apart(INSIDE, self.folder / "dev", self.folder / "log.sock",
                     *argv)

    def _read(self):
        with open(self.log, "ab", buffering=0) as out:
            while True:
                record = self.socket.recv(65536)
                if not record:
                    return
                m = re.match(rb"<\d+>(\w{3} [ \d]\d [\d:]{8}) (.*)",
                             record.rstrip(b"\n\0"), re.DOTALL)
                assert m, record
                out.write(m[1] + b" " + self.host.encode() + b" " +
                          escaped(m[2]) + b"\n")

    def __enter__(self):
        (self.folder / "dev").mkdir(parents=True)
        self.log.touch()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.folder / "log.sock"))
        os.chmod(self.folder / "log.sock", 0o666)
        self.thread = threading.Thread(target=self._read)
        self.thread.start()
        return self

    def __exit__(self, *exc):
        # an empty record is its end
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.connect(str(self.folder / "log.sock"))
            s.send(b"")
        self.thread.join()
        self.socket.close()
