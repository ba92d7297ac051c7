"""Protects the way to a relay that is not on this host: no mail and no
password leaves without TLS to a server whose certificate is trusted."""
import socket
import ssl
import subprocess
import threading

import pytest

import postfix_server
from conftest import wait_until
from lying_relay import Relay
from postfix_server import PostfixServer
from rows import Rows

TLS = """\
smtpd_tls_security_level = may
smtpd_tls_cert_file = {folder}/cert.pem
smtpd_tls_key_file = {folder}/key.pem
smtpd_tls_loglevel = 1
"""


@pytest.fixture
def rows(database):
    return Rows(database)


@pytest.fixture(scope="module")
def postfix(tmp_path_factory):
    """Relays for who logs in, over TLS or not."""
    if postfix_server.why_not():
        pytest.skip(postfix_server.why_not())
    folder = tmp_path_factory.mktemp("tls")
    (folder / "p").mkdir()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
         "2", "-subj", "/CN=relay.example", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", folder / "p/key.pem",
         "-out", folder / "p/cert.pem"], check=True, capture_output=True)
    with PostfixServer(folder / "p", users=[("alice", "secret word")],
                       settings=TLS) as p:
        yield p


@pytest.fixture
def live(hub, rows, postfix):
    password = hub.folder / "password"
    password.write_text("secret word\n")
    password.chmod(0o600)
    hub.set("filter", unreportable=["special"])
    hub.set("deliver", live="yes", timeout="5s", starttls="yes",
            relay="smtp://127.0.0.1:%d" % postfix.port["smtp"],
            ca=postfix.folder / "cert.pem", user="alice@mx1.near.example",
            password_file=password)
    return hub


def deliver(hub, rows):
    """What becomes of one report, and what is said of it."""
    report = rows.report("abuse@far.example", "8.8.8.8",
                         mail=b"Subject: x\r\n\r\nx\r\n")
    hub.once("deliver")
    return rows.d.query("SELECT state, said FROM report WHERE report = %s",
                        report)[0]


def test_starttls_and_authentication(live, rows, postfix):
    before = len(postfix.log.read_text())
    state, said = deliver(live, rows)
    assert state == "sent", said
    log = postfix.log.read_text()[before:]
    assert "TLS connection established from" in log
    assert "sasl_username=alice@mx1.near.example" in log


class TlsFront(threading.Thread):
    """TLS from the first byte, in front of a server that has none."""

    def __init__(self, port, folder):
        super().__init__(daemon=True)
        self.port = port
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "smtps://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.start()

    def run(self):
        plain, _ = self.listener.accept()
        near = self.context.wrap_socket(plain, server_side=True)
        far = socket.create_connection(("127.0.0.1", self.port))
        threading.Thread(target=self.pump, args=(far, near),
                         daemon=True).start()
        self.pump(near, far)

    @staticmethod
    def pump(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass


def test_tls_from_the_first_byte(live, rows, postfix):
    front = TlsFront(postfix.port["smtp"], postfix.folder)
    live.set("deliver", relay=front.url, starttls="no")
    state, said = deliver(live, rows)
    assert state == "sent", said


@pytest.mark.parametrize("how", ["password", "certificate", "no starttls",
                                 "no auth"])
def test_nothing_is_sent_when(live, rows, postfix, how):
    relay = Relay()
    if how == "password":
        (live.folder / "password").write_text("another\n")
    elif how == "certificate":
        live.settings["deliver"].pop("ca")
        live.write()
    elif how == "no starttls":
        live.set("deliver", relay=relay.url)
    else:
        # TLS, but a server that does not ask who it is
        front = TlsFront(relay.port, postfix.folder)
        live.set("deliver", relay=front.url, starttls="no")
    before = postfix.log.read_text().count("client=")
    state, said = deliver(live, rows)
    assert state == "ready", said
    assert postfix.log.read_text().count("client=") == before
    assert relay.mails == [] and not any(
        b"MAIL" in c or b"AUTH" in c for c in relay.commands)
    relay.close()


@pytest.mark.parametrize("settings, words", [
    ({"starttls": "no"}, "in the clear"),
    ({"password_file": "/etc/passwd"}, "deliver.password_file"),
    ({"password_file": ""}, "deliver.password_file")])
def test_settings_that_would_leak(live, settings, words):
    live.set("deliver", **settings)
    p = live.start("deliver", "--once")
    assert wait_until(lambda: p.popen.poll()) == 78
    assert words in p.stderr
