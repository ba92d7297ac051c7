"""What lying_rdap.py's server says: a method do_MODE for each mode, called
with the connection, the address that was asked for and the path.  One that
returns true goes on with the connection."""
import gzip
import itertools
import json
import socket
import struct
import time

VICTIM = "victim@innocent.example"
TRUTH = "abuse@truth.example"
RDAP = "application/rdap+json"
BOMB = gzip.compress(b" " * (64 << 20), 9)


def network(address, mailbox=TRUTH, **changes):
    """A plain good answer for an address, with changes; None takes a member
    out."""
    if ":" in address:
        head = address.rpartition("::")[0] or address
        start, end, version = head + "::", head + "::ffff", "v6"
    else:
        head = address.rpartition(".")[0]
        start, end, version = head + ".0", head + ".255", "v4"
    doc = {"objectClassName": "ip network", "handle": "NET-1",
           "startAddress": start, "endAddress": end, "ipVersion": version,
           "name": "EXAMPLE", "country": "DE", "entities": [
               {"objectClassName": "entity", "roles": ["abuse"],
                "vcardArray": ["vcard", [
                    ["version", {}, "text", "4.0"],
                    ["email", {}, "text", mailbox]]]}]}
    doc.update(changes)
    return {k: v for k, v in doc.items() if v is not None}


class Modes:
    # ---- what is sent ----

    def send(self, tls, body, status="200 OK", type=RDAP, length=None,
             more="", keep=False):
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        head = "HTTP/1.1 %s\r\n" % status
        if type:
            head += "Content-Type: %s\r\n" % type
        head += "Content-Length: %d\r\n" % (
            len(body) if length is None else length)
        head += more + ("" if keep else "Connection: close\r\n") + "\r\n"
        tls.sendall(head.encode("latin-1") + body)
        return keep

    def redirect(self, tls, where, status="302 Found"):
        return self.send(tls, network("192.0.2.1", VICTIM), status,
                         more="Location: %s\r\n" % where)

    def here(self, mode, path, scheme="https"):
        return "%s://%s.liar.example:%d%s" % (scheme, mode, self.port, path)

    def inside(self, host, path="/ip/192.0.2.1", scheme="https"):
        return "%s://%s:%d%s" % (scheme, host, self.port, path)

    def victim(self, address, **changes):
        return network(address, VICTIM, **changes)

    def answer_victim(self, tls, address, path):
        return self.send(tls, self.victim(address))

    # ---- no lies ----

    def do_truth(self, tls, address, path):
        return self.send(tls, network(address))

    def do_steady(self, tls, address, path):
        return self.send(tls, network(address), keep=True)

    def do_slow_truth(self, tls, address, path):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.02)
        with self.lock:
            self.now -= 1
        return self.send(tls, network(address), keep=True)

    def do_gzip_truth(self, tls, address, path):
        return self.send(tls, gzip.compress(json.dumps(network(address))
                                            .encode()),
                         more="Content-Encoding: gzip\r\n")

    def do_plain_type(self, tls, address, path):
        return self.send(tls, network(address),
                         type="Application/JSON ; charset=utf-8")

    def do_redirect_three(self, tls, address, path):
        return self.redirect(tls, self.here("redirect-two", path),
                             "301 Moved")

    def do_redirect_two(self, tls, address, path):
        return self.redirect(tls, self.here("redirect-one", path), "307 No")

    def do_redirect_one(self, tls, address, path):
        return self.redirect(tls, self.here("truth", path), "308 No")

    # ---- redirects ----

    def do_redirect_name(self, tls, address, path):
        return self.redirect(tls, self.inside("inside.example"))

    def do_redirect_hex(self, tls, address, path):
        return self.redirect(tls, self.inside("0x7f000001"))

    def do_redirect_decimal(self, tls, address, path):
        return self.redirect(tls, self.inside("2130706433"))

    def do_redirect_short(self, tls, address, path):
        return self.redirect(tls, self.inside("127.1"))

    def do_redirect_octal(self, tls, address, path):
        return self.redirect(tls, self.inside("0177.0.0.01"))

    def do_redirect_v6(self, tls, address, path):
        return self.redirect(tls, self.inside("[::1]"))

    def do_redirect_mapped(self, tls, address, path):
        return self.redirect(tls, self.inside("[::ffff:127.0.0.1]"))

    def do_redirect_metadata(self, tls, address, path):
        return self.redirect(tls, self.inside("169.254.169.254"))

    def do_redirect_private(self, tls, address, path):
        return self.redirect(tls, self.inside("10.0.0.1"))

    def do_redirect_shared(self, tls, address, path):
        return self.redirect(tls, self.inside("100.64.0.1"))

    def do_redirect_zero(self, tls, address, path):
        return self.redirect(tls, self.inside("0.0.0.0"))

    def do_redirect_6to4(self, tls, address, path):
        return self.redirect(tls, self.inside("[2002:7f00:1::]"))

    def do_redirect_nat64(self, tls, address, path):
        return self.redirect(tls, self.inside("[64:ff9b::7f00:1]"))

    def do_redirect_compatible(self, tls, address, path):
        return self.redirect(tls, self.inside("[::127.0.0.1]"))

    def do_redirect_link(self, tls, address, path):
        return self.redirect(tls, self.inside("[fe80::1]"))

    def do_redirect_unique(self, tls, address, path):
        return self.redirect(tls, self.inside("[fd00::1]"))

    def do_redirect_dot(self, tls, address, path):
        return self.redirect(tls, self.inside("127.0.0.1."))

    def do_redirect_rebound(self, tls, address, path):
        return self.redirect(tls, self.inside("rebound.example"))

    def do_redirect_http(self, tls, address, path):
        return self.redirect(tls, self.inside("127.0.0.1", scheme="http"))

    def do_redirect_gopher(self, tls, address, path):
        return self.redirect(tls, self.inside("127.0.0.1", scheme="gopher"))

    def do_redirect_file(self, tls, address, path):
        return self.redirect(tls, "file://%s" % self.file)

    def do_redirect_deep(self, tls, address, path):
        return self.redirect(tls, self.here("redirect-name", path))

    def do_redirect_user(self, tls, address, path):
        return self.redirect(tls, "https://a:b@truth.liar.example:%d%s" % (
            self.port, path))

    def do_redirect_port(self, tls, address, path):
        return self.redirect(tls, "https://truth.liar.example:25" + path)

    def do_redirect_loop(self, tls, address, path):
        return self.redirect(tls, self.here("redirect-loop", path))

    def do_redirect_four(self, tls, address, path):
        return self.redirect(tls, self.here("redirect-three", path))

    def do_redirect_nowhere(self, tls, address, path):
        return self.send(tls, self.victim(address), "302 Found")

    def do_redirect_garbage(self, tls, address, path):
        return self.redirect(tls, "https://")

    def do_redirect_long(self, tls, address, path):
        return self.redirect(tls, self.here("truth", "/" + "a" * 9000))

    # ---- size and time ----

    def do_gzip_bomb(self, tls, address, path):
        return self.send(tls, BOMB, more="Content-Encoding: gzip\r\n")

    def do_gzip_garbage(self, tls, address, path):
        return self.send(tls, self.victim(address),
                         more="Content-Encoding: gzip\r\n")

    def do_gzip_chain(self, tls, address, path):
        return self.send(tls, self.victim(address), more="Content-Encoding: "
                         + "gzip, " * 40 + "gzip\r\n")

    def do_deep(self, tls, address, path):
        return self.send(tls, '{"a":' + "[" * 100000 + "]" * 100000 + "}")

    def do_deep_entities(self, tls, address, path):
        doc = self.victim(address)
        for _ in range(40):
            doc = dict(doc, entities=[dict(doc, roles=["technical"])])
        return self.send(tls, doc)

    def do_wide(self, tls, address, path):
        return self.send(tls, '{"a":[' + "{}," * 80000 + "1]}")

    def do_endless(self, tls, address, path):
        tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n" % RDAP.encode())
        while True:
            tls.sendall(b"4000\r\n" + b" " * 0x4000 + b"\r\n")

    def do_endless_length(self, tls, address, path):
        self.send(tls, self.victim(address), length=10 ** 12)
        while True:
            tls.sendall(b" " * 0x4000)

    def do_slow_body(self, tls, address, path):
        body = json.dumps(self.victim(address))
        self.send(tls, "", length=len(body))
        for c in body:
            tls.sendall(c.encode())
            time.sleep(0.05)

    def do_slow_headers(self, tls, address, path):
        tls.sendall(b"HTTP/1.1 200 OK\r\n")
        for i in itertools.count():
            tls.sendall(b"X-%d: 1\r\n" % i)
            time.sleep(0.05)

    def do_many_headers(self, tls, address, path):
        tls.sendall(b"HTTP/1.1 200 OK\r\n")
        for i in range(2000):
            tls.sendall(b"X: 1\r\n" * 100)
        return self.send(tls, self.victim(address))

    def do_long_header(self, tls, address, path):
        return self.send(tls, self.victim(address),
                         more="X: %s\r\n" % ("a" * 1000000))

    def do_continue_flood(self, tls, address, path):
        while True:
            tls.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 50)

    def do_hang(self, tls, address, path):
        tls.recv(1)

    # ---- what the body is ----

    def do_type_html(self, tls, address, path):
        return self.send(tls, self.victim(address), type="text/html")

    def do_type_near(self, tls, address, path):
        return self.send(tls, self.victim(address),
                         type="application/json-seq")

    def do_type_none(self, tls, address, path):
        return self.send(tls, self.victim(address), type=None)

    def do_length_short(self, tls, address, path):
        return self.send(tls, self.victim(address), length=200)

    def do_length_long(self, tls, address, path):
        return self.send(tls, self.victim(address), length=100000)

    def do_truncated(self, tls, address, path):
        body = json.dumps(self.victim(address)).encode()
        tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n"
                    % (RDAP.encode(), len(body), body))

    def do_chunk_garbage(self, tls, address, path):
        tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\nzz\r\n%s\r\n0\r\n\r\n"
                    % (RDAP.encode(),
                       json.dumps(self.victim(address)).encode()))

    def do_empty(self, tls, address, path):
        return self.send(tls, "")

    def do_html(self, tls, address, path):
        return self.send(tls, "<html>mailto:%s</html>" % VICTIM)

    def do_list_document(self, tls, address, path):
        return self.send(tls, [self.victim(address)])

    def do_two_documents(self, tls, address, path):
        return self.send(tls, json.dumps(self.victim(address)) * 2)

    def do_utf16(self, tls, address, path):
        return self.send(tls, json.dumps(self.victim(address))
                         .encode("utf-16"))

    def do_bad_utf8(self, tls, address, path):
        return self.send(tls, json.dumps(self.victim(address)).encode()
                         .replace(b"victim", b"vict\xff"))

    def do_nul(self, tls, address, path):
        return self.send(tls, json.dumps(self.victim(address)) + "\0")

    def do_nul_escape(self, tls, address, path):
        return self.send(tls, network(address, VICTIM + "\0@x.example"))

    def do_duplicate(self, tls, address, path):
        text = json.dumps(self.victim(address))
        return self.send(tls, text[:-1] + ', "handle": "NET-2"}')

    def do_huge_number(self, tls, address, path):
        text = json.dumps(self.victim(address))
        return self.send(tls, text[:-1] + ', "x": 1e999999}')

    def do_other_class(self, tls, address, path):
        return self.send(tls, self.victim(address, objectClassName="domain"))

    def do_other_network(self, tls, address, path):
        other = "2001:db8:ffff::1" if ":" in address else "192.0.2.1"
        return self.send(tls, self.victim(other))

    def do_other_family(self, tls, address, path):
        return self.send(tls, self.victim(
            "192.0.2.1" if ":" in address else "2001:db8::1"))

    def do_inverted(self, tls, address, path):
        doc = self.victim(address)
        return self.send(tls, dict(doc, startAddress=doc["endAddress"],
                                   endAddress=doc["startAddress"]))

    def do_no_range(self, tls, address, path):
        return self.send(tls, self.victim(address, startAddress=None))

    def do_number_range(self, tls, address, path):
        return self.send(tls, self.victim(address, endAddress=4294967295))

    def do_all_range(self, tls, address, path):
        if ":" in address:
            return self.send(tls, self.victim(
                address, startAddress="::",
                endAddress=":".join(["ffff"] * 8)))
        return self.send(tls, self.victim(address, startAddress="0.0.0.0",
                                          endAddress="255.255.255.255"))

    # ---- mailboxes ----

    def do_mail_crlf(self, tls, address, path):
        return self.send(tls, network(
            address, "abuse@isp.example\r\nBcc: " + VICTIM))

    def do_mail_escape(self, tls, address, path):
        return self.send(tls, network(address, "\x1b[31m" + VICTIM))

    def do_mail_list(self, tls, address, path):
        return self.send(tls, network(address,
                                      "abuse@isp.example, " + VICTIM))

    def do_mail_angle(self, tls, address, path):
        return self.send(tls, network(address, "Abuse <%s>" % VICTIM))

    def do_mail_route(self, tls, address, path):
        return self.send(tls, network(address, "@x.example:" + VICTIM))

    def do_mail_uri(self, tls, address, path):
        return self.send(tls, network(address, "mailto:" + VICTIM))

    def do_mail_redacted(self, tls, address, path):
        return self.send(tls, network(address, "DATA REDACTED"))

    def do_mail_registrant(self, tls, address, path):
        doc = self.victim(address)
        doc["entities"][0]["roles"] = ["registrant", "technical"]
        return self.send(tls, doc)

    # ---- statuses ----

    def do_404_html(self, tls, address, path):
        return self.send(tls, "<html>", "404 Not Found", "text/html")

    def do_404_network(self, tls, address, path):
        return self.send(tls, self.victim(address), "404 Not Found")

    def do_404(self, tls, address, path):
        return self.send(tls, {"errorCode": 404, "title": "Not Found"},
                         "404 Not Found")

    def do_error_in_200(self, tls, address, path):
        return self.send(tls, self.victim(address, errorCode=500))

    def do_400(self, tls, address, path):
        return self.send(tls, self.victim(address), "400 Bad Request")

    def do_403(self, tls, address, path):
        return self.send(tls, self.victim(address), "403 Forbidden")

    def do_500(self, tls, address, path):
        return self.send(tls, self.victim(address), "500 No")

    def do_206(self, tls, address, path):
        return self.send(tls, self.victim(address), "206 Partial Content")

    def do_999(self, tls, address, path):
        return self.send(tls, self.victim(address), "999 Go Away")

    def _later(self, tls, address, value, status="429 Too Many Requests"):
        more = "" if value is None else "Retry-After: %s\r\n" % value
        return self.send(tls, self.victim(address), status, more=more)

    def do_429_silent(self, tls, address, path):
        return self._later(tls, address, None)

    def do_429_seconds(self, tls, address, path):
        return self._later(tls, address, 120)

    def do_429_date(self, tls, address, path):
        return self._later(tls, address, time.strftime(
            "%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 300)))

    def do_429_past(self, tls, address, path):
        return self._later(tls, address, "Sun, 06 Nov 1994 08:49:37 GMT")

    def do_429_negative(self, tls, address, path):
        return self._later(tls, address, -5)

    def do_429_huge(self, tls, address, path):
        return self._later(tls, address, "9" * 30)

    def do_429_garbage(self, tls, address, path):
        return self._later(tls, address, "soon\x1b[31m")

    def do_503_seconds(self, tls, address, path):
        return self._later(tls, address, 30, "503 Service Unavailable")

    def do_redirect_busy(self, tls, address, path):
        return self.redirect(tls, self.here("429-seconds", path))

    # ---- below HTTP ----

    def do_http09(self, tls, address, path):
        tls.sendall(json.dumps(self.victim(address)).encode())

    def do_not_http(self, tls, address, path):
        tls.sendall(b"SSH-2.0-x\r\n\r\n"
                    + json.dumps(self.victim(address)).encode())

    def do_half_closed(self, tls, address, path):
        tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
                    % RDAP.encode())
        # no more from us, and not gone either
        socket.socket.shutdown(tls, socket.SHUT_WR)
        tls.recv(1)

    def do_reset(self, tls, address, path):
        self.send(tls, "{", length=1000)
        tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                       struct.pack("ii", 1, 0))
        tls.close()
