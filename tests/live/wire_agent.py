"""An agent in Python for tests of receive: DEALER under CURVE that packs its
own frames from proto/plaintiff.proto and computes ids with hashlib: a second
reading of the protocol, and one that can lie.
"""
import hashlib
import os
import struct
import time

import zmq

import scripted_hub

BUSY, QUOTA, REVOKED, MALFORMED, TOO_BIG, VERSION = range(1, 7)
AUTH_FAILURE = 1


def part(data):
    return struct.pack(">Q", len(data)) + data


def event_id(e, site=b""):
    """16 bytes: the second, then BLAKE2b over what makes the line itself."""
    second = e["time_us"] // 10**6
    h = hashlib.blake2b(digest_size=16)
    h.update(part(site) + part(e["host"]) + struct.pack(">Q", second) +
             part(e["program"]) + struct.pack(">q", e["pid"]) +
             part(e["message"]) + struct.pack(">Q", e["ordinal"]))
    return struct.pack(">I", min(second, 2**32 - 1)) + h.digest()[:12]


def address(text):
    import ipaddress
    return ipaddress.ip_address(text).packed


def make_event(n=0, ip="192.0.2.1", time_us=None, host=b"mx1", **more):
    """One failed login; n makes it another line."""
    e = {"time_us": int((time.time() - 60) * 10**6) if time_us is None
         else time_us,
         "kind": AUTH_FAILURE, "host": host, "program": b"postfix/smtpd",
         "pid": 4242, "ordinal": 0, "service": b"postfix/smtpd",
         "source": ip, "source_port": None, "ptr": None,
         "login": b"user%d" % n, "mechanism": b"LOGIN",
         "rule": b"postfix.sasl-failed", "local": None, "local_port": None,
         "message": b"warning: unknown[%s]: SASL LOGIN authentication failed:"
                    b" line %d" % (ip.encode(), n)}
    e.update(more)
    return e


def make_events(n, ip="192.0.2.1", **more):
    base = int((time.time() - 3600) * 10**6)
    return [make_event(i, ip, base + i * 1000, **more) for i in range(n)]


class WireAgent:
    """connect() is done at once; say() sends, hear() receives."""

    def __init__(self, pb, hub, keys, curve=True, routing_id=None):
        self.pb = pb
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.sndtimeo = 2000
        self.socket.handshake_ivl = 3000
        if curve:
            self.socket.curve_publickey = keys[0].encode()
            self.socket.curve_secretkey = keys[1].encode()
            self.socket.curve_serverkey = hub.public_key.encode()
        if routing_id:
            self.socket.setsockopt(zmq.ROUTING_ID, routing_id)
        self.events = self.socket.get_monitor_socket()
        self.socket.connect(hub.endpoint)
        self.outbox = os.urandom(8)
        self.number = int(time.time() * 10**6)
        self.counters = {"emitted": 0, "lines": 0, "unacked": 0}

    def close(self):
        self.socket.disable_monitor()
        self.context.destroy(linger=0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def fill_counters(self, m):
        m.outbox = self.outbox
        for key, value in self.counters.items():
            setattr(m, key, value)

    def say(self, data):
        if not isinstance(data, bytes):
            data = data.SerializeToString()
        try:
            self.socket.send(data)
        except zmq.Again:
            pass  # refused at the handshake: libzmq takes nothing any more

    def hear(self, seconds=5):
        """The next frame, or None."""
        if not self.socket.poll(seconds * 1000):
            return None
        f = self.pb.Frame()
        f.ParseFromString(self.socket.recv())
        return f

    def handshake(self, seconds=5):
        """True: let in; False: refused; None: neither."""
        from zmq.utils.monitor import recv_monitor_message
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.events.poll(100):
                continue
            event = recv_monitor_message(self.events)["event"]
            if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                return True
            if event in (zmq.EVENT_HANDSHAKE_FAILED_AUTH,
                         zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL,
                         zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL):
                return False
        return None

    def hello(self, version=1, addresses=(), seconds=5):
        f = self.pb.Frame()
        f.hello.version = version
        f.hello.software = "wire_agent"
        f.hello.host = "test"
        f.hello.address.extend(address(a) for a in addresses)
        self.fill_counters(f.hello.counters)
        self.say(f)
        return self.hear(seconds)

    def ping(self, seconds=5):
        f = self.pb.Frame()
        self.fill_counters(f.ping.counters)
        self.say(f)
        return self.hear(seconds)

    def batch(self, events, ids=None, site=b""):
        """A frame; its batch number is the next."""
        f = self.pb.Frame()
        b = f.batch
        self.number += 1
        b.batch = self.number
        b.count = len(events)
        if site:
            b.site = site
        self.fill_counters(b.counters)
        table = {}

        def text(value):
            if value is None:
                return 0
            if value not in table:
                b.text.append(value)
                table[value] = len(b.text)
            return table[value]

        def column(name, values):
            if any(values):
                getattr(b, name).extend(values)

        b.id = b"".join(ids or [event_id(e, site) for e in events])
        last = 0
        for e in events:
            b.time_us.append(e["time_us"] - last)
            b.read_us.append(0)
            last = e["time_us"]
        for name in ("kind", "ordinal"):
            column(name, [e[name] for e in events])
        for name in ("host", "program", "service", "ptr", "login",
                     "mechanism", "rule", "message"):
            column(name, [text(e[name]) for e in events])
        for name in ("pid", "source_port", "local_port"):
            column(name, [0 if e[name] is None else e[name] + 1
                          for e in events])
        for name in ("source", "local"):
            column(name, [0 if e[name] is None else text(address(e[name]))
                          for e in events])
        return f

    def send(self, events, seconds=5, **how):
        """Sends one batch and returns the answer."""
        self.say(self.batch(events, **how))
        return self.hear(seconds)

    def send_until_acked(self, frame, seconds=30):
        """As an agent does: again and again, until the ack for this batch.
        Returns (ack, how many times it was told to wait)."""
        end = time.monotonic() + seconds
        busy = 0
        while time.monotonic() < end:
            self.say(frame)
            again = time.monotonic() + 2
            while time.monotonic() < again:
                f = self.hear(0.25)
                if f is None:
                    continue
                if f.HasField("ack") and f.ack.batch == frame.batch.batch:
                    return f.ack, busy
                if f.HasField("nak") and f.nak.reason == BUSY:
                    busy += 1
                    time.sleep(min(f.nak.retry_ms, 200) / 1000)
                    break
        raise AssertionError("batch was never acknowledged")


load_proto = scripted_hub.load_proto
