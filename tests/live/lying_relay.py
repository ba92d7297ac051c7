"""A mail server that answers as a test orders, word by word, for what no real
one does on purpose.  Counts what it took: a mail counts from the moment its
final dot has come."""
import re
import socket
import threading
import time


class Relay:
    """modes: {stage: what}, stage one of banner ehlo mail rcpt data dot quit
    connect body; what a reply line, or "close", "hang", "reset", or "wait"
    (for go, then the usual).  queue: modes for the next connections, one
    each."""

    def __init__(self, modes=None, host="127.0.0.1"):
        self.modes = modes or {}
        self.queue = []
        self.mails = []      # (envelope sender, [recipients], bytes as sent)
        self.commands = []
        self.connections = 0
        self.lock = threading.Lock()
        self.go = threading.Event()
        self.listener = socket.create_server(
            (host, 0), family=socket.AF_INET6 if ":" in host
            else socket.AF_INET)
        self.host = "[%s]" % host if ":" in host else host
        self.port = self.listener.getsockname()[1]
        self.stopping = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return "smtp://%s:%d" % (self.host, self.port)

    def close(self):
        self.stopping = True
        # close alone leaves a thread in accept, which takes one more
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        while not self.stopping:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                modes = self.queue.pop(0) if self.queue else self.modes
            threading.Thread(target=self._talk, args=(s, modes),
                             daemon=True).start()

    def _say(self, s, modes, stage, usual):
        """False: the connection ends here."""
        what = modes.get(stage, usual)
        if what == "hang":
            while not self.stopping:
                time.sleep(0.05)
            return False
        if what == "wait":
            self.go.wait(30)
            what = usual
        if what in ("close", "reset"):
            if what == "reset":
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             b"\x01\0\0\0\0\0\0\0")
            return False
        s.sendall(what.encode() + b"\r\n")
        return not what.startswith("421")

    def _talk(self, s, modes):
        try:
            with s:
                self._session(s, modes)
        except OSError:
            pass

    def _session(self, s, modes):
        sender, recipients = None, []
        f = s.makefile("rb")
        if not self._say(s, modes, "banner", "220 relay.example ESMTP"):
            return
        while True:
            line = f.readline()
            if not line:
                return
            self.commands.append(line)
            word = line.split()[0].lower().decode() if line.split() else ""
            if word in ("ehlo", "helo"):
                go = self._say(s, modes, "ehlo",
                               "250-relay.example\r\n250-SIZE 10000000"
                               "\r\n250 8BITMIME")
            elif word == "mail":
                sender = re.search(rb"<(.*?)>", line).group(1).decode()
                go = self._say(s, modes, "mail", "250 2.1.0 Ok")
            elif word == "rcpt":
                recipients.append(
                    re.search(rb"<(.*?)>", line).group(1).decode())
                go = self._say(s, modes, "rcpt", "250 2.1.5 Ok")
            elif word == "data":
                go = self._say(s, modes, "data", "354 go on")
                if go and modes.get("data", "354").startswith("354"):
                    go = self._body(s, f, modes, sender, recipients)
            elif word == "quit":
                self._say(s, modes, "quit", "221 bye")
                return
            else:
                go = self._say(s, modes, "other", "502 what?")
            if not go:
                return

    def _body(self, s, f, modes, sender, recipients):
        if "body" in modes:
            s.recv(1)
            return self._say(s, modes, "body", "")
        lines = []
        while True:
            line = f.readline()
            if not line:
                return False
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
        taken = modes.get("dot", "250 2.0.0 Ok: queued as 4XYZ")
        with self.lock:
            # silence: it may have kept the mail, as far as anybody knows
            if taken.startswith("2") or taken in ("close", "hang", "reset",
                                                  "wait"):
                self.mails.append((sender, recipients, b"".join(lines)))
        return self._say(s, modes, "dot", "250 2.0.0 Ok: queued as 4XYZ")
