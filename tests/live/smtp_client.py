"""SMTP clients of a server that tests attack: one conversation from an
address of its own.

    c = Client(port)                # c.ip and c.port are what it is known by
    assert auth_plain(c, "alice").startswith("535")
    c.quit()
"""
import base64
import hashlib
import hmac
import itertools
import socket


def b64(text):
    data = text if isinstance(text, bytes) else \
        text.encode("utf-8", "surrogateescape")
    return base64.b64encode(data).decode()


class HungUp(AssertionError):
    pass


class Client:
    """helo None: it does not say hello."""

    addresses = ("127.66.%d.%d" % (i // 250, i % 250 + 1)
                 for i in itertools.count())

    def __init__(self, port, helo="client.example", ip=None):
        self.ip = ip or next(self.addresses)
        v6 = ":" in self.ip
        self.socket = socket.socket(socket.AF_INET6 if v6 else
                                    socket.AF_INET)
        self.socket.settimeout(20)
        self.socket.bind((self.ip, 0))
        self.socket.connect(("::1" if v6 else "127.0.0.1", port))
        self.port = self.socket.getsockname()[1]
        self.file = self.socket.makefile("rb")
        self.reply()
        if helo is not None:
            self.say("EHLO " + helo)

    def reply(self):
        while True:
            line = self.file.readline()
            if not line:
                raise HungUp("the server hung up")
            if line[3:4] != b"-":
                return line.decode("utf-8", "replace")

    def say(self, text):
        data = text if isinstance(text, bytes) else text.encode()
        self.socket.sendall(data + b"\r\n")
        return self.reply()

    def quit(self):
        assert self.say("QUIT").startswith("221")
        self.close()

    def close(self):
        """Without a word."""
        self.file.close()
        self.socket.close()


def auth_plain(c, login, password="wrong"):
    return c.say("AUTH PLAIN " + b64("\0" + login + "\0" + password))


def auth_login(c, login, password="wrong"):
    assert c.say("AUTH LOGIN").startswith("334")
    assert c.say(b64(login)).startswith("334")
    return c.say(b64(password))


def auth_cram(c, login, password="wrong"):
    challenge = base64.b64decode(c.say("AUTH CRAM-MD5").split()[1])
    digest = hmac.new(password.encode(), challenge, hashlib.md5).hexdigest()
    return c.say(b64(login + " " + digest))
