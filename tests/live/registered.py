"""Registered ranges for tests and benches: many sizes, some no power of two,
some nested, both families; and addresses in them."""
import ipaddress
import random


class Registered:
    """ranges: as registry.Registry takes them; addresses: distinct, in no
    order, each in a range."""

    def __init__(self, ranges, addresses, seed=1):
        self.random = random.Random(seed)
        self.spans = []  # (first, last, class)
        at4 = int(ipaddress.ip_address("1.0.0.0"))
        at6 = int(ipaddress.ip_address("2400::"))
        room4 = (120 << 24) // ranges
        while len(self.spans) < ranges:
            if self.random.random() < 0.8:
                size = self._size(4, 14)
                self._span(at4, min(size, room4 // 2), ipaddress.IPv4Address)
                at4 += self.random.randrange(room4 // 2, room4)
            else:
                size = self._size(64, 96)
                self._span(at6, size, ipaddress.IPv6Address)
                at6 += (1 << 96) + size + self.random.getrandbits(96)
        del self.spans[ranges:]
        self.ranges = [(str(kind(a)), str(kind(b)), "abuse@n%d.example" % i,
                        "DE") for i, (a, b, kind) in enumerate(self.spans)]
        self.addresses = list(self._addresses(addresses))
        self.random.shuffle(self.addresses)

    def _size(self, least_bits, most_bits):
        size = 1 << self.random.randint(least_bits, most_bits)
        # a third is no power of two
        return size * 3 // 4 + 1 if self.random.random() < 0.33 else size

    def _span(self, first, size, kind):
        first += self.random.randrange(3)
        self.spans.append((first, first + size - 1, kind))
        if size > 32 and self.random.random() < 0.1:
            inner = first + size // 4
            self.spans.append((inner, inner + size // 3, kind))

    def _addresses(self, n):
        """As good as evenly over the ranges."""
        seen = set()
        while len(seen) < n:
            for first, last, kind in self.spans:
                a = kind(self.random.randint(first, last))
                if a not in seen and len(seen) < n:
                    seen.add(a)
                    yield str(a)


def insert(database, addresses):
    """They wait for a contact."""
    for i in range(0, len(addresses), 10000):
        database.query(
            "INSERT INTO source (address, first_seen, last_seen) SELECT a,"
            " now(), now() FROM unnest(%s::inet[]) a", addresses[i:i + 10000])


def judge(database, nested):
    """What became of all addresses, by registry.Nested of each family:
    (with the contact of the narrowest range, of a wider one, of another,
    without)."""
    narrow = wide = wrong = without = 0
    for address, key in database.query(
            "SELECT host(address), key FROM source LEFT JOIN contact"
            " USING (contact)"):
        a = ipaddress.ip_address(address)
        around = [r[3] for r in nested[a.version].all_around(int(a))]
        narrow += key == around[0]
        wide += key in around[1:]
        wrong += key is not None and key not in around
        without += key is None
    return narrow, wide, wrong, without
