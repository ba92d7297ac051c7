"""An honest RDAP server over TLS for tests and benches: tells of each address
the narrowest of its ranges (RFC 9083), and counts what it is asked."""
import bisect
import ipaddress
import json
import pathlib
import threading

from https_server import HttpsServer


class Nested:
    """Ranges of which any two are one in the other or apart; (first, last,
    ...)."""

    def __init__(self, ranges):
        self.list = sorted(ranges, key=lambda r: (r[0], -r[1]))
        self.firsts = [r[0] for r in self.list]
        self.around = []  # of each, which one it is in; -1: none
        open_ = []
        for i, r in enumerate(self.list):
            while open_ and self.list[open_[-1]][1] < r[0]:
                open_.pop()
            self.around.append(open_[-1] if open_ else -1)
            open_.append(i)

    def all_around(self, at):
        """The narrowest first."""
        i = bisect.bisect_right(self.firsts, at) - 1
        while i >= 0:
            if self.list[i][1] >= at:
                yield self.list[i]
            i = self.around[i]


class Registry(HttpsServer):
    """ranges: [(first, last, mailbox or None, country)], as text."""

    def __init__(self, authority, ranges, address="127.99.0.2"):
        numbers = [(int(ipaddress.ip_address(a)), int(ipaddress.ip_address(b)),
                    ipaddress.ip_address(a).version, mailbox, country)
                   for a, b, mailbox, country in ranges]
        self.ranges = {v: Nested(r for r in numbers if r[2] == v)
                       for v in (4, 6)}
        self.asked = []      # addresses, in order
        self.status = None   # (code, {header: value}) in place of answers
        self.lock = threading.Lock()
        super().__init__(authority, address)

    def settings(self, folder, prefixes=("0.0.0.0/0",), prefixes6=("::/0",)):
        """Settings of lookup that send those networks here, and nowhere
        else."""
        folder = pathlib.Path(folder)
        folder.mkdir(exist_ok=True)
        for name, list_ in (("ipv4.json", prefixes), ("ipv6.json", prefixes6)):
            (folder / name).write_text(json.dumps({
                "version": "1.0", "publication": "2026-01-01T00:00:00Z",
                "services": [[list(list_), [self.base]]]}))
        return {"rdap": "yes", "bootstrap": "", "bootstrap_folder": folder,
                **super().settings()}

    def find(self, address):
        """(first, last, version, mailbox, country) of an address, or None."""
        a = ipaddress.ip_address(address)
        return next(self.ranges[a.version].all_around(int(a)), None)

    def answer(self, h):
        address = h.path.rsplit("/", 1)[1]
        with self.lock:
            self.asked.append(address)
        if self.status is not None:
            code, headers = self.status
            return self.send(h, code, {"errorCode": code}, headers)
        r = self.find(address)
        if r is None:
            return self.send(h, 404, {"errorCode": 404})
        return self.send(h, 200, self.document(r))

    @staticmethod
    def document(r):
        kind = (ipaddress.IPv4Address if r[2] == 4 else ipaddress.IPv6Address)
        body = {"objectClassName": "ip network", "handle": "NET-%x" % r[0],
                "startAddress": str(kind(r[0])), "endAddress": str(kind(r[1])),
                "ipVersion": "v%d" % r[2], "country": r[4], "entities": [],
                "arin_originas0_originautnums": [64496]}
        if r[3] is not None:
            body["entities"].append({
                "objectClassName": "entity", "roles": ["abuse"],
                "vcardArray": ["vcard", [["version", {}, "text", "4.0"],
                                         ["email", {}, "text", r[3]]]]})
        return body

    @staticmethod
    def send(h, code, body, headers=None):
        HttpsServer.send(h, code, "application/rdap+json",
                         json.dumps(body).encode(), headers)
