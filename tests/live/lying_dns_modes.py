"""What lying_dns.py's server says: a method for each mode of MODES, called with
the question, its name and whether it came over TCP; it returns the messages to
send.  Whatever mailbox a lie holds is VICTIM."""
import struct

from dnslib import (CNAME, EDNS0, QTYPE, RCODE, RR, TXT, DNSHeader,
                    DNSRecord)

VICTIM = "ceo@victim.example"


class Modes:
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
        "wrong-source": "failed",       # another port answers
        "second-answer": "found",       # the truth, then a lie
        "servfail-answer": "failed",
        "nxdomain-answer": "none",
        "badvers": "failed",            # a code that only EDNS can say
        "opcode": "failed",
        "wrong-class": "failed",
        "authority-only": "none",
        "additional-only": "none",
        "more-sections": "found",       # the lie behind the truth
        "other-owner-too": "found",
        "alias-bare": "failed",         # to a name outside, and no more
        "alias-chain": "failed",        # of 20
        "no-question": "failed",
        "two-questions": "failed",
        "tc-over-tcp": "failed",
        "huge": "none",                 # as long as TCP can carry
        "thousands": "failed",          # of records
        "upper-case": "found",
        "ttl-negative": "found",
        "data-overrun": "failed",
        "data-short": "failed",
        "high-bytes": "none",
        "right-to-left": "none",
        "percent": "none",
        "literal": "none",
        "localhost": "refused",
    }

    # ---- what is sent ----

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

    @staticmethod
    def _flags(packet, more, code):
        """The message with more flags, and a code."""
        flags, = struct.unpack("!H", packet[2:4])
        return packet[:2] + struct.pack(
            "!H", flags & 0xfff0 | more | code) + packet[4:]

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

    def _wrong_source(self, q, name, tcp):
        return [self._text(q, VICTIM)]

    def _second_answer(self, q, name, tcp):
        return [self._text(q, self._truth_of(name)), self._text(q, VICTIM)]

    def _servfail_answer(self, q, name, tcp):
        return [self._flags(self._text(q, VICTIM), 0, RCODE.SERVFAIL)]

    def _nxdomain_answer(self, q, name, tcp):
        return [self._flags(self._text(q, VICTIM), 0, RCODE.NXDOMAIN)]

    def _badvers(self, q, name, tcp):
        r = DNSRecord.parse(self._text(q, VICTIM))
        r.add_ar(EDNS0(ext_rcode=1))
        return [r.pack()]

    def _opcode(self, q, name, tcp):
        return [self._flags(self._text(q, VICTIM), 5 << 11, 0)]

    def _wrong_class(self, q, name, tcp):
        record = self._txt(name, [VICTIM])
        record.rclass = 3
        return [self._reply(q, record)]

    def _authority_only(self, q, name, tcp):
        r = q.reply()
        r.add_auth(self._txt(name, [VICTIM]))
        return [r.pack()]

    def _additional_only(self, q, name, tcp):
        r = q.reply()
        r.add_ar(self._txt(name, [VICTIM]))
        return [r.pack()]

    def _more_sections(self, q, name, tcp):
        r = DNSRecord.parse(self._text(q, self._truth_of(name)))
        r.add_auth(self._txt(name, [VICTIM]))
        r.add_ar(self._txt(name, [VICTIM]))
        return [r.pack()]

    def _other_owner_too(self, q, name, tcp):
        return [self._reply(
            q, self._txt("9.9.9.9." + self.zone, [VICTIM]),
            self._txt(name, [self._truth_of(name)]),
            self._txt(self.zone, [VICTIM]))]

    def _alias_bare(self, q, name, tcp):
        return [self._reply(q, RR(name, QTYPE.CNAME, ttl=60,
                                  rdata=CNAME("www.victim.example")))]

    def _alias_chain(self, q, name, tcp):
        names = [name, *("a%d.example" % i for i in range(20))]
        return [self._reply(
            q, *(RR(a, QTYPE.CNAME, ttl=60, rdata=CNAME(b))
                 for a, b in zip(names, names[1:])),
            self._txt(names[-1], [VICTIM]))]

    def _no_question(self, q, name, tcp):
        r = DNSRecord(DNSHeader(id=q.header.id, qr=1, ra=1))
        r.add_answer(self._txt(name, [VICTIM]))
        return [r.pack()]

    def _two_questions(self, q, name, tcp):
        r = DNSRecord.parse(self._text(q, VICTIM))
        r.add_question(DNSRecord.question("9.9.9.9." + self.zone, "TXT").q)
        return [r.pack()]

    def _tc_over_tcp(self, q, name, tcp):
        return self._truncated(q, name, False)

    def _huge(self, q, name, tcp):
        if not tcp:
            return self._truncated(q, name, False)
        room = 65535 - len(self._raw(q, b"\xc0\x0c", b""))
        text = (VICTIM + "," * room).encode()
        data = b"".join(bytes([len(text[i:i + 255])]) + text[i:i + 255]
                        for i in range(0, room - room // 256 - 1, 255))
        return [self._raw(q, b"\xc0\x0c", data[:room // 256 * 256])]

    def _thousands(self, q, name, tcp):
        if not tcp:
            return self._truncated(q, name, False)
        text = VICTIM.encode()
        one = self._raw(q, b"\xc0\x0c", bytes([len(text)]) + text)
        record = one[len(q.reply().pack()):]
        r = bytearray(one) + record * (60000 // len(record))
        r[6:8] = struct.pack("!H", 1 + 60000 // len(record))
        return [bytes(r)]

    def _upper_case(self, q, name, tcp):
        r = q.reply()
        r.add_answer(self._txt(name.upper(), [self._truth_of(name)]))
        r.q.qname = name.upper()
        return [r.pack()]

    def _ttl_negative(self, q, name, tcp):
        return [self._reply(q, self._txt(name, [self._truth_of(name)],
                                         0xffffffff))]

    def _data_overrun(self, q, name, tcp):
        text = VICTIM.encode()
        return [self._raw(q, b"\xc0\x0c", bytes([len(text)]) + text,
                          len(text) + 90)]

    def _data_short(self, q, name, tcp):
        text = VICTIM.encode()
        return [self._raw(q, b"\xc0\x0c", bytes([len(text)]) + text, 5)]

    def _high_bytes(self, q, name, tcp):
        return [self._text(q, b"abuse\xff\xfe@ok.example")]

    def _right_to_left(self, q, name, tcp):
        return [self._text(q, "abuse@\u202eelpmaxe.ko")]

    def _percent(self, q, name, tcp):
        return [self._text(q, VICTIM.replace("@", "%") + "@ok.example")]

    def _literal(self, q, name, tcp):
        return [self._text(q, "abuse@[192.0.2.1],abuse@192.0.2.1")]

    def _localhost(self, q, name, tcp):
        return [self._text(q, "abuse@localhost")]
