"""An RDAP server over TLS that lies in as many ways as it has modes, and a
listener that counts who connects to it.

The mode is the first label of the name that the client asks for by SNI:
https://MODE.liar.example:PORT/ip/ADDRESS.  Modes named tls-* lie in the
handshake.  Whatever mailbox a lie holds is VICTIM; mode `truth` says TRUTH.
"""
import contextlib
import socket
import ssl
import subprocess
import threading
import time

from lying_rdap_modes import Modes

# the client may have gone: it need not hear us out
GONE = (OSError, ssl.SSLError, ValueError)


def openssl(folder, *args):
    subprocess.run(["openssl", *args], cwd=folder, check=True,
                   capture_output=True)


class Authority:
    """A certificate authority and the certificates of the liar."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = self._make("ca", "CN=the authority", None, "-days", "2")
        self.good = self._leaf("good", "*.liar.example", "-days", "2")
        self.other = self._leaf("other", "*.other.example", "-days", "2")
        self.expired = self._leaf("expired", "*.liar.example", "-days", "-1")
        self.selfmade = self._make(
            "selfmade", "CN=liar", "subjectAltName=DNS:*.liar.example",
            "-days", "2")

    def _key(self, name):
        openssl(self.folder, "genpkey", "-algorithm", "EC", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-out", name + ".key")

    def _make(self, name, subject, extension, *days):
        self._key(name)
        extra = ["-addext", extension] if extension else []
        openssl(self.folder, "req", "-x509", "-key", name + ".key", "-subj",
                "/" + subject, "-out", name + ".pem", *extra, *days)
        return self.folder / (name + ".pem")

    def _leaf(self, name, host, *days):
        self._key(name)
        (self.folder / (name + ".ext")).write_text(
            "subjectAltName=DNS:%s\n" % host)
        openssl(self.folder, "req", "-new", "-key", name + ".key", "-subj",
                "/CN=liar", "-out", name + ".csr")
        openssl(self.folder, "x509", "-req", "-in", name + ".csr", "-CA",
                "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile",
                name + ".ext", "-out", name + ".pem", *days)
        return self.folder / (name + ".pem")

    def context(self, path):
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        c.load_cert_chain(path, path.with_suffix(".key"))
        return c


class Counter:
    """A service inside: counts connections and answers nothing of use."""

    def __init__(self, address, port):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((address, port))
        self.sock.listen(128)
        self.count = 0
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                conn, _ = self.sock.accept()
                self.count += 1
                conn.close()

    def close(self):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


class LyingRdap(Modes):
    def __init__(self, authority, address, port=0):
        self.authority = authority
        self.address = address
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((address, port))
        self.sock.listen(128)
        self.port = self.sock.getsockname()[1]
        self.lock = threading.Lock()
        self.asked = []          # (time, mode), as requests come
        self.connections = 0     # of mode steady and slow-truth
        self.now = self.most = 0  # requests of slow-truth at once
        self.file = None         # what file: redirects name
        self.good = authority.context(authority.good)
        self.good.sni_callback = self._sni
        self.contexts = {
            "tls-self-signed": authority.context(authority.selfmade),
            "tls-wrong-name": authority.context(authority.other),
            "tls-expired": authority.context(authority.expired)}
        self.modes = {n[3:].replace("_", "-"): getattr(self, n)
                      for n in dir(self) if n.startswith("do_")}
        self.modes.update(dict.fromkeys(self.contexts, self.answer_victim))
        threading.Thread(target=self._run, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    # ---- connections ----

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                conn, _ = self.sock.accept()
                threading.Thread(target=self._guarded, args=(conn,),
                                 daemon=True).start()

    def _sni(self, tls, name, _context):
        tls.mode = (name or "truth").split(".")[0]
        if tls.mode in self.contexts:
            tls.context = self.contexts[tls.mode]
        return None

    def _guarded(self, conn):
        with conn, contextlib.suppress(*GONE):
            conn.settimeout(8)
            peek = conn.recv(2048, socket.MSG_PEEK)
            if b"tls-hang." in peek:
                conn.recv(1 << 16)
                conn.recv(1)
                return
            if b"tls-garbage." in peek:
                conn.sendall(b"HTTP/1.1 200 OK\r\n\r\n{}")
                return
            with self.good.wrap_socket(conn, server_side=True) as tls:
                self._serve(tls)

    def _serve(self, tls):
        mode = tls.context and getattr(tls, "mode", "truth")
        if mode in ("steady", "slow-truth"):
            with self.lock:
                self.connections += 1
        while True:
            head = b""
            while b"\r\n\r\n" not in head:
                got = tls.recv(65536)
                if not got:
                    return
                head += got
            path = head.split(b" ")[1].decode()
            with self.lock:
                self.asked.append((time.monotonic(), mode, path,
                                   head.decode("latin-1")))
            address = path.rpartition("/")[2]
            if not self.modes[mode](tls, address, path):
                return
