"""A DNS server for tests that tells the truth or, for chosen addresses, lies
or breaks in one of its MODES.  UDP and TCP on one loopback port.

The truth for an address is a mailbox made of that address, so that a contact
given to the wrong address shows."""
import ipaddress
import socket
import struct
import threading

from dnslib import CNAME, QTYPE, RCODE, RR, TXT, DNSHeader, DNSRecord

VICTIM = "ceo@victim.example"


class LyingDns:
    # mode: the state that it must lead to; found: with which contact is
    # told by contact()
    MODES = {
        "timeout": "failed",
        "servfail": "failed",
        "refused": "failed",
        "formerr": "failed",
        "notimp": "failed",
        "nxdomain": "none",
        "nodata": "none",
        "referral": "failed",
        "truncated": "failed",          # and TCP hangs
        "tc-tcp": "found",              # truncated, the truth over TCP
        "tc-closed": "failed",          # truncated, TCP closes at once
        "wrong-id": "failed",
        "wrong-question": "failed",
        "wrong-owner": "failed",
        "wrong-type": "failed",
        "alias": "found",
        "alias-loop": "failed",
        "alias-nowhere": "failed",
        "crlf": "none",
        "crlf-list": "none",
        "escape": "none",
        "route": "none",
        "quoted": "none",
        "nul": "none",
        "big": "none",                  # 60 KiB of text over TCP
        "big-list": "found",            # 4,000 bytes over TCP
        "empty-datagram": "failed",
        "empty-text": "none",
        "strings": "found",
        "records": "found",
        "words": "none",
        "garbage": "failed",
        "short": "failed",
        "count-lies": "failed",
        "pointer-loop": "failed",
        "string-overrun": "failed",
        "query-back": "failed",
        "late": "failed",
    }

    def __init__(self, zone):
        self.zone = zone
        self.lies = {}     # name -> mode
        self.asked = []    # names, in order
        self.addresses = {}
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

    # ---- the server ----

    def __enter__(self):
        for _ in range(50):
            self.udp = socket.socket(type=socket.SOCK_DGRAM)
            self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            self.udp.bind(("127.0.0.1", 0))
            self.port = self.udp.getsockname()[1]
            self.tcp = socket.socket()
            try:
                self.tcp.bind(("127.0.0.1", self.port))
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
            for packet in self._answers(data, False):
                if self._mode(data) == "late":
                    threading.Timer(1, self._send, (packet, peer)).start()
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

    @staticmethod
    def _reply(q, *records):
        r = q.reply()
        r.header.aa = 0
        for record in records:
            r.add_answer(record)
        return r.pack()

    def _txt(self, name, data, ttl=3600):
        return RR(name, QTYPE.TXT, ttl=ttl, rdata=TXT(data))

    def _text(self, q, data):
        data = data.encode() if isinstance(data, str) else data
        parts = [data[i:i + 255] for i in range(0, len(data), 255)]
        return self._reply(q, self._txt(q.q.qname, parts or [b""]))

    def _code(self, q, code):
        r = q.reply()
        r.header.rcode = code
        return r.pack()

    # ---- the modes ----

    def _timeout(self, q, name, tcp):
        return []

    def _servfail(self, q, name, tcp):
        return [self._code(q, RCODE.SERVFAIL)]

    def _refused(self, q, name, tcp):
        return [self._code(q, RCODE.REFUSED)]

    def _formerr(self, q, name, tcp):
        return [self._code(q, RCODE.FORMERR)]

    def _notimp(self, q, name, tcp):
        return [self._code(q, RCODE.NOTIMP)]

    def _nxdomain(self, q, name, tcp):
        return [self._code(q, RCODE.NXDOMAIN)]

    def _nodata(self, q, name, tcp):
        return [q.reply().pack()]

    def _referral(self, q, name, tcp):
        r = q.reply()
        r.header.aa = 0
        r.add_auth(*RR.fromZone("%s. 60 NS ns.elsewhere.example."
                                % self.zone))
        return [r.pack()]

    def _truncated(self, q, name, tcp):
        if tcp:
            return []  # and the connection stays open
        r = q.reply()
        r.header.tc = 1
        r.add_answer(self._txt(name, [VICTIM]))
        return [r.pack()]

    def _tc_tcp(self, q, name, tcp):
        if tcp:
            return [self._text(q, self._truth_of(name))]
        return self._truncated(q, name, False)

    def _tc_closed(self, q, name, tcp):
        return self._truncated(q, name, False)

    def _wrong_id(self, q, name, tcp):
        packet = bytearray(self._text(q, VICTIM))
        packet[0] ^= 0x55
        return [bytes(packet)]

    def _wrong_question(self, q, name, tcp):
        other = DNSRecord(DNSHeader(id=q.header.id, qr=1, ra=1),
                          q=DNSRecord.question("9.9.9.9." + self.zone,
                                               "TXT").q)
        other.add_answer(self._txt("9.9.9.9." + self.zone, [VICTIM]))
        return [other.pack()]

    def _wrong_owner(self, q, name, tcp):
        return [self._reply(q, self._txt("9.9.9.9." + self.zone, [VICTIM]))]

    def _wrong_type(self, q, name, tcp):
        return [self._reply(q, *RR.fromZone(
            "%s. 60 A 192.0.2.1" % name))]

    def _alias(self, q, name, tcp):
        return [self._reply(
            q, RR(name, QTYPE.CNAME, ttl=60, rdata=CNAME("a.b.example")),
            self._txt("a.b.example", [self._truth_of(name)]),
            self._txt("9.9.9.9." + self.zone, [VICTIM]))]

    def _alias_loop(self, q, name, tcp):
        return [self._reply(
            q, RR(name, QTYPE.CNAME, ttl=60, rdata=CNAME("a.b.example")),
            RR("a.b.example", QTYPE.CNAME, ttl=60, rdata=CNAME(name)),
            self._txt("9.9.9.9." + self.zone, [VICTIM]))]

    def _alias_nowhere(self, q, name, tcp):
        return [self._reply(
            q, RR(name, QTYPE.CNAME, ttl=60, rdata=CNAME("a.b.example")),
            self._txt("9.9.9.9." + self.zone, [VICTIM]))]

    def _crlf(self, q, name, tcp):
        return [self._text(q, "abuse@ok.example\r\nBcc: " + VICTIM)]

    def _crlf_list(self, q, name, tcp):
        return [self._text(q, "x@ok.example,%s\n,y@ok.example" % VICTIM)]

    def _escape(self, q, name, tcp):
        return [self._text(q, b"abuse@ok.example\x1b]0;x\x07")]

    def _route(self, q, name, tcp):
        return [self._text(q, "@x.example,@y.example:z@w.example")]

    def _quoted(self, q, name, tcp):
        return [self._text(q, '"a,%s,b"@ok.example' % VICTIM)]

    def _nul(self, q, name, tcp):
        return [self._text(q, b"abuse@ok.example\0.victim.example")]

    def _big(self, q, name, tcp):
        if not tcp:
            return self._truncated(q, name, False)
        return [self._text(q, VICTIM + "," * 60000)]

    def _big_list(self, q, name, tcp):
        if not tcp:
            return self._truncated(q, name, False)
        return [self._text(q, (self._truth_of(name) + "," + "no mailbox,"
                               * 360)[:4000])]

    def _empty_datagram(self, q, name, tcp):
        return [b""]

    def _empty_text(self, q, name, tcp):
        return [self._text(q, "")]

    def _strings(self, q, name, tcp):
        truth = self._truth_of(name).encode()
        return [self._reply(q, self._txt(
            name, [truth[i:i + 7] for i in range(0, len(truth), 7)]))]

    def _records(self, q, name, tcp):
        return [self._reply(
            q, self._txt(name, ["zz@ok.example"]),
            self._txt(name, ["no mailbox"]),
            self._txt(name, [self._truth_of(name)]))]

    def _words(self, q, name, tcp):
        return [self._text(q, "Abusix ContactDB Test point")]

    def _garbage(self, q, name, tcp):
        packet = self._text(q, VICTIM)
        return [packet[:2] + bytes((i * 37 + 11) & 0xff for i in range(90))]

    def _short(self, q, name, tcp):
        return [self._text(q, VICTIM)[:-9]]

    def _count_lies(self, q, name, tcp):
        packet = bytearray(self._text(q, VICTIM))
        packet[6:8] = b"\xff\xff"
        return [bytes(packet)]

    def _raw(self, q, owner, rdata, length=None):
        """A reply with one TXT record of these very bytes."""
        r = bytearray(q.reply().pack())
        r[6:8] = b"\0\1"
        n = len(rdata) if length is None else length
        return bytes(r) + owner + struct.pack("!HHIH", 16, 1, 60, n) + rdata

    def _pointer_loop(self, q, name, tcp):
        here = len(q.reply().pack())
        loop = struct.pack("!H", 0xc000 | here)
        text = VICTIM.encode()
        return [self._raw(q, loop, bytes([len(text)]) + text)]

    def _string_overrun(self, q, name, tcp):
        text = VICTIM.encode()
        return [self._raw(q, b"\xc0\x0c", bytes([len(text) + 9]) + text)]

    def _query_back(self, q, name, tcp):
        return [q.pack()]

    def _late(self, q, name, tcp):
        return [self._text(q, VICTIM)]
