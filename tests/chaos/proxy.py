"""A TCP proxy between agent and hub that breaks connections: cuts in the
middle of a frame, delays, swallows one direction.  Needs no privilege.

    p = Proxy(port); p.endpoint
    p.cut()            ends all connections in the middle of what passes
    p.delay_s = 0.3    every piece that late
    p.swallow = "up", "down", "both" or ""    nothing passes that way
    p.stingy = True    a few bytes at a time
"""
import random
import socket
import threading
import time


class Proxy(threading.Thread):
    def __init__(self, port, seed=1):
        super().__init__(daemon=True)
        self.port = port
        self.random = random.Random(seed)
        self.delay_s = 0
        self.swallow = ""
        self.stingy = False
        self.cuts = 0
        self._cut_after = {}
        self._pairs = []
        self._lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = "tcp://127.0.0.1:%d" % self.listener.getsockname()[1]
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
            with self._lock:
                self._pairs.append((near, far))
            for a, b, way in ((near, far, "up"), (far, near, "down")):
                threading.Thread(target=self._pump, args=(a, b, way),
                                 daemon=True).start()

    def _pump(self, a, b, way):
        try:
            while True:
                data = a.recv(self.random.randrange(1, 300) if self.stingy
                              else 65536)
                if not data:
                    break
                if self.delay_s:
                    time.sleep(self.delay_s)
                if self.swallow in (way, "both"):
                    continue
                with self._lock:
                    cut = self._cut_after.pop(a, None) or \
                        self._cut_after.pop(b, None)
                if cut:
                    b.sendall(data[:max(1, len(data) // 2)])
                    self.cuts += 1
                    break
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        """The next piece of each connection passes by half, then the end."""
        with self._lock:
            self._pairs = [p for p in self._pairs if p[0].fileno() >= 0]
            for near, _ in self._pairs:
                self._cut_after[near] = True

    def heal(self):
        self.delay_s, self.swallow, self.stingy = 0, "", False
        with self._lock:
            self._cut_after.clear()

    def end(self):
        self.listener.close()
        for pair in self._pairs:
            for s in pair:
                s.close()
