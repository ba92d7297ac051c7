"""A sender of packed frames to a running receive, for the benches that load
it; needs tests/live on the path."""
import threading
import time

import bench
import wire_agent

WINDOW = 8


def made_up(first, n):
    base = int((time.time() - 7200) * 10**6)
    return [wire_agent.make_event(
        i, "192.0.%d.%d" % (i // 200 % 200, i % 200), base + i * 500)
        for i in range(first, first + n)]


def frames(agent, first, n, size):
    """n events as frames of so many each."""
    return [agent.batch(made_up(i, size)).SerializeToString()
            for i in range(first, first + n, size)]


def send_all(agent, list_):
    """All frames with WINDOW under way; returns new and known."""
    new = known = under_way = 0
    for data in list_ + [None] * WINDOW:
        if data is not None:
            agent.socket.send(data)
            under_way += 1
        while under_way and (under_way == WINDOW or data is None):
            f = agent.hear(60)
            if f is None or not f.HasField("ack"):
                raise bench.Failure("no ack: %r" % f)
            new += f.ack.new_events
            known += f.ack.known_events
            under_way -= 1
    return new, known


def send(agents, lists):
    """All agents at once; returns new, known, seconds."""
    results = [(0, 0)] * len(agents)

    def one(i):
        results[i] = send_all(agents[i], lists[i])

    threads = [threading.Thread(target=one, args=(i,))
               for i in range(len(agents))]
    begin = time.monotonic()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return (*(sum(r[i] for r in results) for i in (0, 1)),
            time.monotonic() - begin)
