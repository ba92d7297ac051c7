#!/usr/bin/python3
"""A mail server's syslog as a program of its own: writes lines to one or more
logs, rotates each in its own way, and keeps book of what it has written.

usage: writer.py [options] KIND=LOG...   KIND: none rename copytruncate
compress delaycompress dateext

Runs until it has written --lines lines or is told SIGTERM; its book (--book)
is then one JSON object: lines, rotations {kind: count}, certain {login: lines}
and maybe (lines that went between copy and truncation, which the rotation
itself loses).  One line in --every accuses somebody; some of those come as
equal lines in one second.
"""
import argparse
import gzip
import json
import os
import random
import shutil
import signal
import time

STOP = []


def stamp(now):
    s = int(now)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(s)) + \
        ".%06d+00:00" % ((now - s) * 1000000)


class Log:
    def __init__(self, kind, path, host, keep, prefix):
        self.kind, self.path, self.host = kind, path, host
        self.keep, self.prefix = keep, prefix
        self.number = self.rotations = 0
        self.certain, self.maybe = {}, {}
        self.lines = self.maybe_lines = 0
        self.file = open(path, "ab", buffering=0)

    def accusing(self, now, random_, copies=1):
        self.number += 1
        login = "%s%d" % (self.prefix, self.number)
        line = ("%s %s postfix/submission/smtpd[%d]: warning: unknown"
                "[203.0.%d.%d]:%d: SASL LOGIN authentication failed: "
                "authentication failure, sasl_username=%s\n" % (
                    stamp(now), self.host, 1000 + self.number % 50,
                    random_.randrange(113, 120), random_.randrange(256),
                    20000 + self.number % 40000, login))
        return login, line * copies

    def write(self, now, count, every, random_, book):
        """count lines in one write."""
        out, n = [], 0
        while n < count:
            if random_.randrange(every) == 0:
                copies = random_.choice((1, 1, 1, 1, 1, 1, 1, 2, 3))
                login, text = self.accusing(now, random_, copies)
                book[login] = copies
                out.append(text)
                n += copies
            else:
                out.append("%s %s postfix/qmgr[77]: %X: removed\n" % (
                    stamp(now), self.host, random_.getrandbits(40)))
                n += 1
        self.file.write("".join(out).encode())
        self.lines += n
        return n

    def shift(self):
        """LOG.1 becomes LOG.2 and so on; the oldest goes."""
        for n in range(self.keep, 0, -1):
            for end in ("", ".gz"):
                old = "%s.%d%s" % (self.path, n, end)
                if not os.path.exists(old):
                    continue
                if n == self.keep:
                    os.unlink(old)
                else:
                    os.rename(old, "%s.%d%s" % (self.path, n + 1, end))

    def anew(self):
        self.file.close()
        self.file = open(self.path, "ab", buffering=0)

    def pack(self, path):
        """As gzip: a new file beside it, then the old one goes."""
        with open(path, "rb") as old, gzip.open(path + ".gz.new", "wb",
                                                1) as new:
            shutil.copyfileobj(old, new)
        t = os.stat(path)
        os.utime(path + ".gz.new", ns=(t.st_atime_ns, t.st_mtime_ns))
        os.rename(path + ".gz.new", path + ".gz")
        os.unlink(path)

    def rotate(self, now, every, random_):
        self.rotations += 1
        if self.kind == "dateext":
            # sub-second dates, since this one rotates that often
            os.rename(self.path, "%s-%s%03d" % (
                self.path, time.strftime("%Y%m%d-%H%M%S", time.gmtime(now)),
                now * 1000 % 1000))
            self.anew()
            folder, base = os.path.split(self.path)
            old = sorted(n for n in os.listdir(folder)
                         if n.startswith(base + "-"))
            for name in old[:-self.keep]:
                os.unlink(os.path.join(folder, name))
            return
        self.shift()
        first = self.path + ".1"
        if self.kind == "copytruncate":
            shutil.copyfile(self.path, first)
            # what is written here is what copytruncate loses by itself
            if random_.randrange(2):
                before = self.lines
                self.write(now, random_.randrange(1, 5), every, random_,
                           self.maybe)
                self.maybe_lines += self.lines - before
            os.truncate(self.path, 0)
            return
        os.rename(self.path, first)
        if random_.randrange(2):
            # a writer that has not heard of it yet
            self.write(now, 3, every, random_, self.certain)
        self.anew()
        if self.kind == "compress":
            self.pack(first)
        if self.kind == "delaycompress" and os.path.exists(
                self.path + ".2"):
            self.pack(self.path + ".2")


def main():
    ask = argparse.ArgumentParser()
    ask.add_argument("--rate", type=int, default=1000, help="lines a second")
    ask.add_argument("--lines", type=int, default=10 ** 9)
    ask.add_argument("--every", type=int, default=10)
    ask.add_argument("--rotate", type=int, default=10000,
                     help="lines between two rotations of a log")
    ask.add_argument("--keep", type=int, default=30, help="rotated files")
    ask.add_argument("--host", default="mx1")
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--book", required=True)
    ask.add_argument("log", nargs="+")
    args = ask.parse_args()
    for s in (signal.SIGTERM, signal.SIGINT):
        signal.signal(s, lambda *_: STOP.append(1))
    random_ = random.Random(args.seed)
    logs = []
    for i, word in enumerate(args.log):
        kind, path = word.split("=", 1)
        logs.append(Log(kind, path, args.host, args.keep,
                        "%s-%s%d-" % (args.host, kind[:3], i)))
    began, total = time.time(), 0
    due = {id(log): args.rotate * (i + 1) // len(logs)
           for i, log in enumerate(logs)}
    while total < args.lines and not STOP:
        now = time.time()
        want = min(int((now - began) * args.rate), args.lines)
        if want <= total:
            time.sleep(0.005)
            continue
        log = random_.choice(logs)
        total += log.write(now, min(want - total, 400), args.every, random_,
                           log.certain)
        if log.kind != "none" and log.lines >= due[id(log)]:
            log.rotate(now, args.every, random_)
            due[id(log)] = log.lines + args.rotate
    book = {"lines": sum(g.lines for g in logs),
            "maybe_lines": sum(g.maybe_lines for g in logs),
            "rotations": {g.kind: g.rotations for g in logs},
            "certain": {k: v for g in logs for k, v in g.certain.items()},
            "maybe": {k: v for g in logs for k, v in g.maybe.items()}}
    with open(args.book + ".new", "w") as f:
        json.dump(book, f)
    os.rename(args.book + ".new", args.book)


if __name__ == "__main__":
    main()
