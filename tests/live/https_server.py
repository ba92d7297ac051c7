"""An honest web server over TLS for tests: a subclass answers."""
import http.server
import socket
import ssl
import threading

NAME = "registry.liar.example"


class HttpsServer:
    """Runs from its making to the end of its `with`.  answer(handler) is the
    subclass's; settings() sends lookup here for NAME."""

    def __init__(self, authority, address):
        self.ca = authority.ca
        self.address = address
        outer = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.good,
                                authority.good.with_suffix(".key"))

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
                with context.wrap_socket(request, server_side=True) as tls:
                    Handler(tls, client, self)

            def handle_error(self, *_):
                pass

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

    def settings(self):
        bits = 128 if ":" in self.address else 32
        where = "[%s]" % self.address if bits == 128 else self.address
        return {"web_inside": "%s/%d" % (self.address, bits),
                "web_ca": self.ca, "web_gap_ms": "0",
                "web_hosts": "%s:%d:%s" % (NAME, self.port, where)}

    @staticmethod
    def send(h, code, type_, data, headers=None):
        h.send_response(code)
        h.send_header("Content-Type", type_)
        h.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            h.send_header(name, value)
        h.end_headers()
        h.wfile.write(data)
