"""What an agent's outbox.db holds, read without the agent: the segments as
agent/outbox_event.c and agent/outbox_texts.c pack them.  Sums are not
looked at."""
import collections
import contextlib
import sqlite3
import struct

HEAD = struct.Struct("=16sqqiIHHHBB4B3BB")
OWN, NO_TEXT = 3, 255
Event = collections.namedtuple(
    "Event", "seq id time_us kind source port host program service rule ptr "
    "login mechanism message acked")


def texts(blob):
    """The texts that the events of a segment share."""
    out, at = [], 0
    while at < len(blob):
        n = blob[at]
        out.append(blob[at + 1:at + 1 + n].decode())
        at += 1 + n + 8
    return out


def own_texts(head, rest):
    """Message, client name, login, mechanism of an event."""
    bits, lengths, n = head[-1], head[14:17], head[7]
    message, rest = rest[:n], rest[n:]
    out = [message if bits & 1 << OWN else None]
    for i, length in enumerate(lengths):
        if bits & 1 << (OWN + 1 + i):
            offset, = struct.unpack_from("=H", rest)
            text, rest = message[offset:offset + length], rest[2:]
        else:
            text, rest = rest[:length], rest[length:]
        out.append(text if bits & 1 << i else None)
    assert not rest
    return [t if t is None else t.decode() for t in out]


def event(seq, blob, shared, acked):
    head = HEAD.unpack_from(blob)
    families, numbers = head[9], head[10:14]
    sizes = {0: 0, 4: 4, 6: 16}
    at = HEAD.size + sizes[families & 15]
    message, ptr, login, mechanism = own_texts(
        head, blob[at + sizes[families >> 4]:-8])
    host, program, service, rule = (
        None if i == NO_TEXT else shared[i] for i in numbers)
    return Event(seq, head[0], head[1], head[8], blob[HEAD.size:at], head[5],
                 host, program, service, rule, ptr, login, mechanism, message,
                 acked)


def events(path, timeout=2):
    """All events of an outbox, the acknowledged too; sqlite3.Error."""
    with contextlib.closing(sqlite3.connect(
            "file:%s?mode=ro" % path, uri=True, timeout=timeout)) as c:
        c.execute("BEGIN")
        acked = c.execute("SELECT first, last FROM acked").fetchall()
        rows = c.execute("SELECT last, events, ends, bytes, texts "
                         "FROM segment ORDER BY last").fetchall()
    for last, n, ends, blob, shared in rows:
        start, shared = 0, texts(shared)
        for seq, (end,) in enumerate(struct.iter_unpack("=I", ends),
                                     last - n + 1):
            yield event(seq, blob[start:end], shared,
                        any(a <= seq <= b for a, b in acked))
            start = end
