"""An honest RDAP server over TLS for tests and benches: tells of each address
the narrowest of its ranges (RFC 9083), and counts what it is asked."""
import bisect
import http.server
import ipaddress
import json
import pathlib
import socket
import ssl
import threading

NAME = "registry.liar.example"


class Nested:
    """Ranges of which any two are one in the other or apart; (first, last,
    ...).  All are added before the first is looked for."""

    def __init__(self):
        self.list = []
        self.around = None  # of each, which one it is in; -1: none

    def add(self, range_):
        self.list.append(range_)

    def _arrange(self):
        self.list.sort(key=lambda r: (r[0], -r[1]))
        self.around, open_ = [], []
        for i, r in enumerate(self.list):
            while open_ and self.list[open_[-1]][1] < r[0]:
                open_.pop()
            self.around.append(open_[-1] if open_ else -1)
            open_.append(i)
        self.firsts = [r[0] for r in self.list]

    def all_around(self, at):
        """The narrowest first."""
        if self.around is None:
            self._arrange()
        i = bisect.bisect_right(self.firsts, at) - 1
        while i >= 0:
            if self.list[i][1] >= at:
                yield self.list[i]
            i = self.around[i]


class Registry:
    """ranges: [(first, last, mailbox or None, country)], as text."""

    def __init__(self, authority, ranges, address="127.99.0.2"):
        self.ranges = {4: Nested(), 6: Nested()}
        for a, b, mailbox, country in ranges:
            a, b = ipaddress.ip_address(a), ipaddress.ip_address(b)
            self.ranges[a.version].add(
                (int(a), int(b), a.version, mailbox, country))
        self.asked = []      # addresses, in order
        self.status = None   # (code, {header: value}) in place of answers
        self.lock = threading.Lock()
        self.ca = authority.ca
        self.address = address
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet
            timeout = 20

            def do_GET(self):
                outer.answer(self)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256
            address_family = (socket.AF_INET6 if ":" in address
                              else socket.AF_INET)

            def finish_request(self, request, client):
                # the handshake is the thread's, not the listener's
                with outer.context.wrap_socket(
                        request, server_side=True) as tls:
                    Handler(tls, client, self)

            def handle_error(self, *_):
                pass

        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(authority.good,
                                     authority.good.with_suffix(".key"))
        self.server = Server((address, 0), Handler)
        self.port = self.server.server_address[1]
        self.base = "https://%s:%d/" % (NAME, self.port)
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def settings(self, folder, prefixes=("0.0.0.0/0",), prefixes6=("::/0",)):
        """Settings of lookup that send those networks here, and nowhere
        else."""
        folder = pathlib.Path(folder)
        folder.mkdir(exist_ok=True)
        for name, list_ in (("ipv4.json", prefixes), ("ipv6.json", prefixes6)):
            (folder / name).write_text(json.dumps({
                "version": "1.0", "publication": "2026-01-01T00:00:00Z",
                "services": [[list(list_), [self.base]]]}))
        bits = 128 if ":" in self.address else 32
        where = "[%s]" % self.address if bits == 128 else self.address
        return {"rdap": "yes", "bootstrap": "", "bootstrap_folder": folder,
                "web_inside": "%s/%d" % (self.address, bits),
                "web_ca": self.ca, "web_gap_ms": "0",
                "web_hosts": "%s:%d:%s" % (NAME, self.port, where)}

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
        data = json.dumps(body).encode()
        h.send_response(code)
        h.send_header("Content-Type", "application/rdap+json")
        h.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            h.send_header(name, value)
        h.end_headers()
        h.wfile.write(data)
