"""Clients of a Dovecot that tests attack: one conversation over IMAP, POP3,
submission or ManageSieve from an address of one's own.

    with Session("imap", port, "127.66.0.1") as s:
        assert not s.try_login("PLAIN", "alice", "wrong")

A mechanism "OWN" is what the protocol had before SASL: LOGIN, USER and PASS.
try_login returns whether the server let us in, None if it asked for nothing.
"""
import base64
import contextlib
import hashlib
import hmac
import socket


def b64(text):
    data = text if isinstance(text, bytes) else text.encode()
    return base64.b64encode(data).decode()


def has_own(protocol, login):
    """Whether this login can be given without SASL."""
    return protocol in ("imap", "pop3") and login and not any(
        ord(c) < 32 or c == "\x7f" for c in login)


class Session:
    def __init__(self, protocol, port, ip):
        self.protocol = protocol
        self.ip = ip
        v6 = ":" in ip
        self.socket = socket.socket(socket.AF_INET6 if v6 else
                                    socket.AF_INET)
        self.socket.settimeout(30)
        self.socket.bind((ip, 0))
        self.socket.connect(("::1" if v6 else "127.0.0.1", port))
        self.file = self.socket.makefile("rb")
        self.reply()
        if protocol == "submission":
            self.say("EHLO client.example")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if exc[0] is None:
            self.quit()
        self.close()

    def close(self):
        """Without a word."""
        self.file.close()
        self.socket.close()

    def send(self, text):
        data = text if isinstance(text, bytes) else text.encode()
        self.socket.sendall(data + b"\r\n")

    def reply(self):
        """(code, text): code is "ok", "no" or "more"."""
        while True:
            line = self.file.readline().decode("utf-8", "replace")
            assert line, "the server hung up"
            code = self._code(line)
            if code:
                return code, line

    def _code(self, line):
        if self.protocol == "imap":
            if line.startswith("+"):
                return "more"
            if line.startswith("* ") and not line.startswith("* OK ["):
                return None
            return "ok" if line.split()[1] == "OK" else "no"
        if self.protocol == "pop3":
            if line.startswith("+ "):
                return "more"
            return "ok" if line.startswith("+OK") else "no"
        if self.protocol == "submission":
            if line[3:4] == "-":
                return None
            return {"2": "ok", "3": "more"}.get(line[0], "no")
        # quoted prompts stand alone in ManageSieve, capabilities have names
        word = line.split()[0]
        if word in ("OK", "NO", "BYE"):
            return "ok" if word == "OK" else "no"
        if line.count('"') == 2 and line.strip().endswith('"') and \
                " " not in line.strip():
            return "more" if word not in ('"STARTTLS"', '"UNAUTHENTICATE"') \
                else None
        return None

    def say(self, text):
        self.send(text)
        return self.reply()

    def _begin(self, mechanism, first=None):
        """AUTH and its first answer."""
        if self.protocol == "imap":
            line = "a AUTHENTICATE " + mechanism
        elif self.protocol == "sieve":
            line = "AUTHENTICATE " + (mechanism if mechanism[0] == '"'
                                      else '"%s"' % mechanism)
            first = None if first is None else '"%s"' % first
        else:
            line = "AUTH " + mechanism
        return self.say(line if first is None else line + " " + first)

    def _go_on(self, text):
        return self.say('"%s"' % text if self.protocol == "sieve" else text)

    def begin_and_abort(self, mechanism):
        code, _ = self._begin(mechanism)
        if code == "more":
            code, _ = self._go_on("*")
        assert code == "no"

    def begin(self, mechanism, first=None):
        return self._begin(mechanism, first)[0]

    def try_login(self, mechanism, login, password):
        name, word = login.encode("utf-8", "surrogateescape"), \
            password.encode()
        if mechanism == "PLAIN":
            code, _ = self._begin("PLAIN", b64(b"\0" + name + b"\0" + word))
        elif mechanism == "LOGIN":
            assert self._begin("LOGIN")[0] == "more"
            # a login with forbidden signs is refused before the password
            code, _ = self._go_on(b64(name))
            if code == "more":
                code, _ = self._go_on(b64(word))
        elif mechanism == "CRAM-MD5":
            code, line = self._begin("CRAM-MD5")
            assert code == "more", line
            challenge = base64.b64decode(line.strip().split(" ")[-1].strip(
                '"'))
            digest = hmac.new(word, challenge, hashlib.md5).hexdigest()
            code, _ = self._go_on(b64(name + b" " + digest.encode()))
        elif self.protocol == "imap":
            code, _ = self.say(b"a LOGIN {%d+}\r\n%b {%d+}\r\n%b" % (
                len(name), name, len(word), word))
        else:
            code, _ = self.say(b"USER " + name)
            if code == "ok":
                code, _ = self.say(b"PASS " + word)
        assert code != "more"
        return code == "ok"

    def quit(self):
        with contextlib.suppress(ConnectionError):
            self.send("a LOGOUT" if self.protocol == "imap" else
                      "LOGOUT" if self.protocol == "sieve" else "QUIT")
        # to the end, so that what it wrote about us is written; a submission
        # without a relay hangs up by itself
        with contextlib.suppress(ConnectionError):
            while self.file.readline():
                pass
