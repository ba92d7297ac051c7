"""A real authoritative DNS server (NSD) on a loopback port for one test: a
contact zone given as a dict.  Knows nothing of Plaintiff.

    with Nsd(folder, "contacts.example", {"192.0.2.1": "abuse@isp.example"})
        as server: server.port
"""
import ipaddress
import pathlib
import shutil
import signal
import socket
import subprocess
import time

from dnslib import DNSRecord

CONFIG = """
server:
    ip-address: 127.0.0.1
    port: {port}
    username: ""
    zonesdir: "{folder}"
    pidfile: "{folder}/nsd.pid"
    database: ""
    logfile: "{folder}/nsd.log"
    xfrdfile: "{folder}/xfrd.state"
    xfrdir: "{folder}"
    zonelistfile: "{folder}/zone.list"
    cookie-secret-file: "{folder}/cookies"
    server-count: 1
    round-robin: yes
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: "{zone}"
    zonefile: "{folder}/zone"
"""


def label(address):
    """The name of an address inside a contact zone."""
    pointer = ipaddress.ip_address(address).reverse_pointer
    return pointer.rsplit(".", 2)[0]


def quoted(text):
    """A TXT record's data: strings of at most 255 bytes, all escaped."""
    data = text.encode() if isinstance(text, str) else text
    parts = [data[i:i + 255] for i in range(0, len(data), 255)] or [b""]
    return " ".join('"%s"' % "".join("\\%03d" % b for b in p) for p in parts)


class Nsd:
    """records: {address or name: text, or a list of texts (a record each),
    or (ttl, text or list)}; lines: more lines of zone file."""

    def __init__(self, folder, zone, records, lines=()):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.zone = zone
        self.serial = 0
        self.port = self._free_port()
        self.write(records, lines)
        (self.folder / "nsd.conf").write_text(CONFIG.format(
            port=self.port, folder=self.folder, zone=zone))
        nsd = shutil.which("nsd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        self.popen = subprocess.Popen(
            [nsd, "-d", "-c", str(self.folder / "nsd.conf")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(self.folder / "stderr", "wb"))
        self._wait()

    @staticmethod
    def _free_port():
        for _ in range(50):
            with socket.socket(type=socket.SOCK_DGRAM) as u:
                u.bind(("127.0.0.1", 0))
                port = u.getsockname()[1]
                with socket.socket() as t:
                    try:
                        t.bind(("127.0.0.1", port))
                        return port
                    except OSError:
                        continue
        raise RuntimeError("no free port")

    def write(self, records, lines=()):
        self.serial += 1
        out = ["$ORIGIN %s." % self.zone, "$TTL 3600",
               "@ SOA ns hostmaster %d 3600 600 86400 60" % self.serial,
               "@ NS ns", "ns A 127.0.0.1"]
        for name, value in records.items():
            try:
                name = label(name)
            except ValueError:
                pass
            ttl, texts = value if isinstance(value, tuple) else (3600, value)
            for text in texts if isinstance(texts, list) else [texts]:
                out.append("%s %d TXT %s" % (name, ttl, quoted(text)))
        (self.folder / "zone").write_text("\n".join([*out, *lines]) + "\n")

    def set(self, records, lines=()):
        """Another content; returns when it is served."""
        self.write(records, lines)
        self.popen.send_signal(signal.SIGHUP)
        self._wait()

    def _wait(self):
        end = time.monotonic() + 15
        while time.monotonic() < end:
            if self.popen.poll() is not None:
                break
            try:
                q = DNSRecord.question(self.zone, "SOA")
                r = DNSRecord.parse(q.send("127.0.0.1", self.port,
                                           timeout=0.3))
                if r.rr and r.rr[0].rdata.times[0] == self.serial:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError("nsd does not serve: %s%s" % tuple(
            p.read_text() if p.exists() else "" for p in (
                self.folder / "nsd.log", self.folder / "stderr")))

    def stop(self):
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
