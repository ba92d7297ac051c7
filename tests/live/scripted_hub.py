"""A hub in Python for tests of the agent: ROUTER under CURVE with a ZAP
handler, which stores events in memory and misbehaves on order.

It is a second reading of proto/plaintiff.proto: what it unpacks is not
unpacked by our own wire.c.
"""
import collections
import importlib
import pathlib
import subprocess
import sys
import threading
import time

import zmq
from zmq.utils import z85

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
BUSY, QUOTA, REVOKED, MALFORMED, TOO_BIG, VERSION = range(1, 7)


def load_proto(folder):
    """The Python module of plaintiff.proto, generated into folder."""
    subprocess.run(["protoc", "--proto_path=%s" % PROTO,
                    "--python_out=%s" % folder, "plaintiff.proto"],
                   check=True)
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module("plaintiff_pb2")
    finally:
        sys.path.remove(str(folder))


Event = collections.namedtuple("Event", "id time_us kind host program service "
                               "source login message local local_port pid "
                               "ordinal rule")


def events_of(batch):
    """The columns of a Batch as a list of Event."""
    n = batch.count
    assert len(batch.id) == 16 * n and len(batch.time_us) == n

    def column(values):
        assert len(values) in (0, n)
        return list(values) or [0] * n

    def text(values):
        return [batch.text[i - 1] if i else None for i in column(values)]

    times, now = [], 0
    for d in batch.time_us:
        now += d
        times.append(now)
    ids = [batch.id[i:i + 16] for i in range(0, 16 * n, 16)]
    return [Event(*e) for e in zip(
        ids, times, column(batch.kind), text(batch.host), text(batch.program),
        text(batch.service), text(batch.source), text(batch.login),
        text(batch.message), text(batch.local), column(batch.local_port),
        column(batch.pid), column(batch.ordinal), text(batch.rule))]


class ScriptedHub(threading.Thread):
    """Knobs, to be turned at any time: silent (answers nothing), busy (so
    many batches get NAK BUSY), lose_acks (so many are stored without an
    answer), nak (a reason for every batch), nak_hello, known (client keys,
    None: any), most (more events than that: TOO_BIG), forget_batches
    (WELCOME says 0).  Kept: events (by id, in order), copies (how often an
    id came), batches, hellos, pings, counters (the last), refused."""

    def __init__(self, pb, port=0, keys=None):
        super().__init__(daemon=True)
        self.pb = pb
        self.public, self.secret = keys or zmq.curve_keypair()
        self.known = None
        self.silent = False
        self.busy = self.lose_acks = self.hellos = self.pings = 0
        self.refused = self.last_batch = 0
        self.nak = self.nak_hello = None
        self.forget_batches = False
        self.window = 8
        self.most = 1000
        self.max_bytes = 256 * 1024
        self.events = {}
        self.copies = collections.Counter()
        self.batches = []
        self.counters = None
        self.hello = None
        self.largest = 0
        self.context = zmq.Context()
        self.zap = self.context.socket(zmq.REP)
        self.zap.bind("inproc://zeromq.zap.01")
        self.router = self.context.socket(zmq.ROUTER)
        self.router.curve_server = True
        self.router.curve_secretkey = self.secret
        self.router.curve_publickey = self.public
        self.router.zap_domain = b"agents"
        self.router.linger = 0
        self.port = port or self.router.bind_to_random_port("tcp://127.0.0.1")
        if port:
            self.router.bind("tcp://127.0.0.1:%d" % port)
        self.endpoint = "tcp://127.0.0.1:%d" % self.port
        self.ending = False
        self.start()

    def run(self):
        poller = zmq.Poller()
        poller.register(self.zap, zmq.POLLIN)
        poller.register(self.router, zmq.POLLIN)
        while not self.ending:
            ready = dict(poller.poll(50))
            if self.zap in ready:
                self.judge()
            if self.router in ready:
                who, bytes_ = self.router.recv_multipart()
                if not self.silent:
                    self.answer(who, bytes_)
        self.router.close()
        self.zap.close()
        self.context.term()

    def end(self):
        self.ending = True
        self.join(10)

    def judge(self):
        version, request, _, _, _, mechanism, key = self.zap.recv_multipart()
        ok = mechanism == b"CURVE" and (
            self.known is None or z85.encode(key) in self.known)
        self.refused += not ok
        self.zap.send_multipart([version, request,
                                 b"200" if ok else b"400",
                                 b"" if ok else b"unknown key",
                                 b"agent" if ok else b"", b""])

    def send(self, who, frame):
        self.router.send_multipart([who, frame.SerializeToString()])

    def answer(self, who, bytes_):
        frame = self.pb.Frame.FromString(bytes_)
        kind = frame.WhichOneof("body")
        out = self.pb.Frame()
        now = time.time_ns() // 1000
        if kind == "hello":
            self.hellos += 1
            self.hello = frame.hello
            self.counters = frame.hello.counters
            if self.nak_hello:
                out.nak.reason = self.nak_hello
            else:
                out.welcome.version = 1
                out.welcome.window = self.window
                out.welcome.max_bytes = self.max_bytes
                out.welcome.max_events = 1000
                out.welcome.time_us = now
                if self.last_batch and not self.forget_batches:
                    out.welcome.last_batch = self.last_batch
                self.forget_batches = False
        elif kind == "ping":
            self.pings += 1
            self.counters = frame.ping.counters
            out.pong.time_us = now
        else:
            assert kind == "batch", kind
            self.largest = max(self.largest, len(bytes_))
            if not self.on_batch(frame.batch, out):
                return
        self.send(who, out)

    def on_batch(self, batch, out):
        if self.nak or self.busy or batch.count > self.most:
            out.nak.batch = batch.batch
            out.nak.reason = self.nak or (BUSY if self.busy else TOO_BIG)
            out.nak.retry_ms = 200
            self.busy = max(0, self.busy - 1)
            if self.nak == MALFORMED:
                self.nak = None
            return True
        new = 0
        for e in events_of(batch):
            new += e.id not in self.events
            assert self.events.setdefault(e.id, e)[:9] == e[:9]
            self.copies[e.id] += 1
        self.batches.append(batch.batch)
        self.last_batch = max(self.last_batch, batch.batch)
        self.counters = batch.counters
        if self.lose_acks:
            self.lose_acks -= 1
            return False
        out.ack.batch = batch.batch
        out.ack.new_events = new
        out.ack.known_events = batch.count - new
        return True
