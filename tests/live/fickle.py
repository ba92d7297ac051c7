"""Contact sources of changing mind for test_contact_truth.py: a contact zone
and a registry that answer each question by chance, and a model that remembers
every answer and knows which contacts an address may have now.

Time is the machine's and `ahead`, by which the test moves all that the
database knows into the past."""
import random
import socket
import struct
import threading
import time

from nsd import label
from registry import Registry

REFUSED = ["abuse@ripe.net", "no mailbox", "root@localhost",
           "desk@hub.example"]
TTLS = [0, 7200, 90000, 10**6, 2**31 - 1]
SLACK_S = 60  # between an answer and its record


class Model:
    def __init__(self, seed, limits):
        self.random = random.Random(seed)
        self.limits = limits  # found_min, found_max, range_for, stale_for
        self.ahead = 0
        self.zone = {}    # address: [(time, key or None, until)]; key "":
        self.ranges = {}  # range: the same; (time, None, 0): failed
        self.range_of = {}
        self.serial = 0

    def now(self):
        return time.time() + self.ahead

    def _life(self, seconds):
        return min(max(seconds, self.limits["found_min"]),
                   self.limits["found_max"])

    def mailbox(self):
        """One that no other answer has."""
        self.serial += 1
        return "a%d@isp.example" % self.serial

    def zone_says(self, address):
        """(code, text, ttl), noted."""
        chance = self.random.random()
        ttl = self.random.choice(TTLS)
        if chance < 0.4:
            said, key = (2, None, 0), None
        elif chance < 0.5:
            said, key = (3, None, 0), ""
        else:
            boxes = self.random.choices(REFUSED, k=self.random.randrange(3))
            key = "" if chance < 0.6 else self.mailbox()
            said = 0, ",".join([*boxes, *([key] if key else boxes[:1])]), ttl
        self.zone.setdefault(address, []).append(
            (self.now(), key, self.now() + self._life(ttl)))
        return said

    def registry_says(self, first):
        """A mailbox, "" for none, None for a failure."""
        chance = self.random.random()
        key = (None if chance < 0.3 else "" if chance < 0.5
               else self.mailbox())
        self.ranges.setdefault(first, []).append(
            (self.now(), key,
             self.now() + self._life(self.limits["range_for"])))
        return key

    def may_have(self, address, key):
        """Did a fresh answer give it?"""
        own = self.zone.get(address, [])
        wide = self.ranges.get(self.range_of[address], [])
        failed = [t for t, k, _ in own + wide if k is None]
        for said, last_word in ((own, True), (wide, False)):
            good = [a for a in said if a[1] is not None]
            # of its own answers only the last one counts
            for at, given, until in good[-1:] if last_word else good:
                more = self.limits["stale_for"] if any(
                    t >= at for t in failed) else 0
                if given == key and self.now() < until + more + SLACK_S:
                    return True
        return False


class FickleDns:
    """The zone's server; its answers are the model's."""

    def __init__(self, model, zone, addresses):
        self.model = model
        self.names = {self._wire(label(a) + "." + zone): a
                      for a in addresses}
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.1)
        self.port = self.socket.getsockname()[1]
        self.end = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)

    @staticmethod
    def _wire(name):
        return b"".join(bytes([len(part)]) + part.encode()
                        for part in name.split(".")) + b"\0"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.thread.join()
        self.socket.close()

    def _serve(self):
        while not self.end.is_set():
            try:
                data, peer = self.socket.recvfrom(1500)
            except OSError:
                continue
            stop = data.index(b"\0", 12) + 1
            code, text, ttl = self.model.zone_says(self.names[data[12:stop]])
            reply = (data[:2] + struct.pack(
                "!HHHHH", 0x8180 | code, 1, text is not None, 0, 0)
                + data[12:stop + 4])
            if text is not None:
                reply += struct.pack("!HHHIHB", 0xc00c, 16, 1, ttl,
                                     len(text) + 1, len(text)) + text.encode()
            self.socket.sendto(reply, peer)


class FickleRegistry(Registry):
    model = None

    def answer(self, h):
        r = self.find(h.path.rsplit("/", 1)[1])
        with self.lock:
            key = self.model.registry_says(r[0])
        if key is None:
            return self.send(h, 200, {"objectClassName": "entity"})
        return self.send(h, 200, self.document((*r[:3], key or None, r[4])))
