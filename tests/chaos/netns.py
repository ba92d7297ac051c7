"""A network namespace with an agent's side of a cable, for network faults by
nftables: loss, partition, loss of one direction only.  Needs root.

    net = Netns(world, "a1")
    net.before          what goes before a program to run it inside
    net.host            the hub's address as seen from inside
    net.loss(30), net.partition(), net.drop_towards_agent(), net.heal()
"""
import os
import subprocess

from cell import Skip

ENV = dict(os.environ, PATH=os.environ["PATH"] + ":/sbin:/usr/sbin")
_next = [os.getpid() % 200]


def command(*argv, check=True, text=None):
    done = subprocess.run(argv, text=True, capture_output=True, env=ENV,
                          input=text, check=False)
    if check and done.returncode != 0:
        raise RuntimeError("%s: %s" % (" ".join(argv), done.stderr.strip()))
    return done


class Netns:
    def __init__(self, world, name):
        _next[0] = (_next[0] + 1) % 250
        number = _next[0]
        # of the range for benchmarks between networks: nobody's own
        self.host = "198.18.%d.1" % number
        self.inside = "198.18.%d.2" % number
        self.name = "chaos-%d-%s" % (os.getpid(), name)
        # "ip netns exec" would also want a mount namespace, which a chroot
        # does not give
        self.before = ["nsenter", "--net=/run/netns/" + self.name]
        outer, inner = "pt%dh" % number, "pt%dn" % number
        if command("ip", "netns", "add", self.name, check=False).returncode:
            raise Skip("network namespaces cannot be made here")
        world.undo.callback(self.remove)
        command("ip", "link", "add", outer, "type", "veth", "peer", "name",
                inner)
        command("ip", "link", "set", inner, "netns", self.name)
        command("ip", "addr", "add", self.host + "/30", "dev", outer)
        command("ip", "link", "set", outer, "up")
        self.run("ip", "addr", "add", self.inside + "/30", "dev", inner)
        self.run("ip", "link", "set", inner, "up")
        self.run("ip", "link", "set", "lo", "up")
        done = self.run("nft", "-f", "-", check=False, text="""
            table inet chaos {
                chain in { type filter hook input priority 0; }
                chain out { type filter hook output priority 0; }
            }""")
        if done.returncode:
            raise Skip("nftables does not work here: " + done.stderr.strip())

    def run(self, *argv, **how):
        return command(*self.before, *argv, **how)

    def _rule(self, chain, *words):
        self.run("nft", "add", "rule", "inet", "chaos", chain, *words)

    def loss(self, percent):
        for chain in ("in", "out"):
            self._rule(chain, "numgen", "random", "mod", "100", "<",
                       str(percent), "drop")

    def partition(self):
        for chain in ("in", "out"):
            self._rule(chain, "drop")

    def drop_towards_agent(self):
        """What the agent says arrives; what the hub says does not."""
        self._rule("in", "drop")

    def heal(self):
        self.run("nft", "flush", "chain", "inet", "chaos", "in")
        self.run("nft", "flush", "chain", "inet", "chaos", "out")

    def remove(self):
        command("ip", "netns", "del", self.name, check=False)
