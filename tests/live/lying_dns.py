"""A DNS server for tests that tells the truth or, for chosen addresses, lies
or breaks in one of its MODES (lying_dns_modes.py).  UDP and TCP on one
loopback port.

The truth for an address is a mailbox made of that address, so that a contact
given to the wrong address shows."""
import ipaddress
import socket
import struct
import threading
import time

from dnslib import DNSRecord

from lying_dns_modes import Modes


class LyingDns(Modes):
    def __init__(self, zone, host="127.0.0.1"):
        self.zone = zone
        self.host = host
        self.family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.lies = {}     # name -> mode
        self.asked = []    # names, in order
        self.began = None  # time.time() of the first question
        self._end = threading.Event()

    # ---- what a test says and asks ----

    def name(self, address):
        pointer = ipaddress.ip_address(address).reverse_pointer
        return pointer.rsplit(".", 2)[0] + "." + self.zone

    def lie(self, address, mode):
        assert mode in self.MODES
        self.lies[self.name(address)] = mode

    @staticmethod
    def truth(address):
        return "abuse-%s@isp.example" % ipaddress.ip_address(
            address).packed.hex()

    def contact(self, address):
        """The contact that the mode of this address must lead to."""
        mode = self.lies[self.name(address)]
        return self.truth(address) if self.MODES[mode] == "found" else None

    @property
    def server(self):
        """As in lookup.server."""
        form = "[%s]:%d" if ":" in self.host else "%s:%d"
        return form % (self.host, self.port)

    # ---- the server ----

    def __enter__(self):
        for _ in range(50):
            self.udp = socket.socket(self.family, socket.SOCK_DGRAM)
            self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            self.udp.bind((self.host, 0))
            self.port = self.udp.getsockname()[1]
            self.tcp = socket.socket(self.family)
            try:
                self.tcp.bind((self.host, self.port))
                break
            except OSError:
                self.udp.close()
                self.tcp.close()
        self.tcp.listen(50)
        self.udp.settimeout(0.1)
        self.tcp.settimeout(0.1)
        self.threads = [threading.Thread(target=t, daemon=True)
                        for t in (self._serve_udp, self._serve_tcp)]
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        for t in self.threads:
            t.join()
        self.udp.close()
        self.tcp.close()

    def _serve_udp(self):
        while not self._end.is_set():
            try:
                data, peer = self.udp.recvfrom(4096)
            except OSError:
                continue
            mode = self._mode(data)
            for packet in self._answers(data, False):
                if mode == "late":
                    threading.Timer(1, self._send, (packet, peer)).start()
                elif mode == "wrong-source":
                    with socket.socket(self.family, socket.SOCK_DGRAM) as s:
                        s.sendto(packet, peer)
                else:
                    self._send(packet, peer)

    def _send(self, packet, peer):
        try:
            self.udp.sendto(packet, peer)
        except OSError:
            pass  # the test is over

    def _serve_tcp(self):
        while not self._end.is_set():
            try:
                s, _ = self.tcp.accept()
            except OSError:
                continue
            threading.Thread(target=self._talk, args=(s,),
                             daemon=True).start()

    def _talk(self, s):
        with s:
            s.settimeout(10)
            try:
                while True:
                    head = s.recv(2, socket.MSG_WAITALL)
                    if len(head) < 2:
                        return
                    n, = struct.unpack("!H", head)
                    data = s.recv(n, socket.MSG_WAITALL)
                    if self._mode(data) == "tc-closed":
                        return
                    for packet in self._answers(data, True):
                        s.sendall(struct.pack("!H", len(packet)) + packet)
            except OSError:
                pass

    def _mode(self, data):
        return self.lies.get(str(DNSRecord.parse(data).q.qname).rstrip("."))

    def _answers(self, data, tcp):
        try:
            q = DNSRecord.parse(data)
        except Exception:  # noqa: BLE001
            return []
        name = str(q.q.qname).rstrip(".")
        self.began = self.began or time.time()
        self.asked.append(name)
        mode = self.lies.get(name)
        if mode is None:
            return [self._text(q, self._truth_of(name))]
        return getattr(self, "_" + mode.replace("-", "_"))(q, name, tcp)

    def _truth_of(self, name):
        labels = name[:-len(self.zone) - 1].split(".")
        if len(labels) == 4:
            address = ".".join(reversed(labels))
        else:
            digits = "".join(reversed(labels))
            address = ":".join(digits[i:i + 4] for i in range(0, 32, 4))
        return self.truth(address)
