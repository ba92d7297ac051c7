"""An SMTP proxy that breaks mails, between deliver and a real mail server.

    p = SmtpProxy(port, fault); p.url
    fault(n) -> what happens to the n-th mail (from 1), None: nothing
        "cut-early"   both connections end within the mail
        "cut-before"  the client has written the final dot, the server never
                      sees it: both end
        "cut-after"   the server has taken the mail, its answer is lost, both
                      end
        "lose"        as that, but the client's connection stays open
        "hang"        the server does not see the dot, the client's connection
                      stays open; when it ends, so does the server's

Counts in .faults what was done.  Bytes pass unchanged otherwise, also those
of a server that does not speak SMTP's way."""
import collections
import socket
import threading

END = b"\r\n.\r\n"


class SmtpProxy(threading.Thread):
    def __init__(self, port, fault=lambda n: None):
        super().__init__(daemon=True)
        self.port = port
        self.fault = fault
        self.mails = 0
        self.faults = collections.Counter()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.own_port = self.listener.getsockname()[1]
        self.url = "smtp://127.0.0.1:%d" % self.own_port
        self.start()

    def run(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.port), 5)
            except OSError:
                near.close()
                continue
            for s in (near, far):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                s.settimeout(None)
            Session(self, near, far)

    def next_fault(self):
        with self.lock:
            self.mails += 1
            what = self.fault(self.mails)
            if what is not None:
                self.faults[what] += 1
            return what

    def close(self):
        # close alone leaves a thread in accept, which takes one more
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def end(*sockets):
    for s in sockets:
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Session:
    """One connection.  The server's thread sees 354 before the client does,
    and what it orders holds for all that the client sends then."""

    def __init__(self, proxy, near, far):
        self.proxy, self.near, self.far = proxy, near, far
        self.in_mail = False  # between 354 and the final dot
        self.what = None      # the fault of the mail in hand
        self.eat_reply = False
        self.tail = b""
        for pump in (self.from_server, self.from_client):
            threading.Thread(target=self.guard, args=(pump,),
                             daemon=True).start()

    def guard(self, pump):
        try:
            pump()
        except OSError:
            pass
        end(self.near, self.far)
        (self.near if pump == self.from_client else self.far).close()

    def from_server(self):
        while True:
            data = self.far.recv(65536)
            if not data:
                return
            if self.eat_reply:
                # the server's word about the mail: it has taken it
                if self.what == "cut-after":
                    return
                continue
            if any(line.startswith(b"354") for line in data.split(b"\n")):
                self.what = self.proxy.next_fault()
                self.tail = b"\r\n"
                self.in_mail = True
            self.near.sendall(data)

    def from_client(self):
        while True:
            data = self.near.recv(65536)
            if not data:
                return
            if not self.in_mail:
                self.far.sendall(data)
                continue
            if not self.mail(data):
                return

    def mail(self, data):
        """A piece of a mail.  False: the connections end here."""
        if self.what == "cut-early":
            self.far.sendall(data[:len(data) // 2])
            return False
        seen = self.tail + data
        at = seen.find(END)
        if at < 0:
            self.far.sendall(data)
            self.tail = seen[-4:]
            return True
        self.in_mail = False
        if self.what in ("cut-before", "hang"):
            self.far.sendall(data[:max(0, at + 2 - len(self.tail))])
            if self.what == "hang":
                while self.near.recv(65536):
                    pass
            return False
        self.eat_reply = self.what in ("cut-after", "lose")
        self.far.sendall(data)
        return True
