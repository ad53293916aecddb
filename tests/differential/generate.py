# SPDX-License-Identifier: GPL-2.0-or-later
"""Random policies, and packets near the edges of each."""

import ipaddress

from reference import BITS, ICMP, ICMP6, Entry, Flow, Policy, Rule, Service

TCP, UDP, DCCP, SCTP, UDPLITE = 6, 17, 33, 132, 136
WITH_PORTS = (TCP, UDP, DCCP, SCTP, UDPLITE)
OTHERS = (2, 4, 8, 41, 46, 47, 50, 88, 89, 94, 103, 108, 112, 115, 253)
EXTENSION_HEADERS = (0, 43, 44, 51, 60)
PORTS = (0, 1, 22, 53, 80, 255, 256, 443, 1023, 1024, 32767, 32768, 65534, 65535)
TYPES = {ICMP: (0, 3, 4, 5, 8, 11, 12, 13, 254, 255),
         ICMP6: (0, 1, 2, 3, 4, 127, 128, 129, 137, 254, 255)}
CODES = (0, 1, 3, 4, 13, 254, 255)
LENGTHS = {4: (0, 1, 2, 7, 8, 9, 15, 16, 17, 23, 24, 25, 30, 31, 32),
           6: (0, 1, 3, 31, 32, 33, 47, 48, 63, 64, 65, 95, 96, 97, 126, 127, 128)}
MAPPED = 0xFFFF << 32

# The host's own addresses, a new one for each connection.
LOCAL = {4: ipaddress.ip_network("198.18.0.0/15"), 6: ipaddress.ip_network("2001:2::/48")}
# The network between the selftests' namespaces (lib.py).
LINK = {4: ipaddress.ip_network("192.0.2.0/24"), 6: ipaddress.ip_network("2001:db8::/64")}
# A packet from there does not reach LOCAL_IN, one to there not the wire.
UNUSABLE = {"in": {4: ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3"),
                   6: ("::/127", "ff00::/8", "::ffff:0:0/96", "fe80::/10")},
            "out": {4: ("0.0.0.0/8", "127.0.0.0/8", "240.0.0.0/4"),
                    6: ("::/127", "ff00::/8", "fe80::/10")}}


def bounds(network):
    return int(network.network_address), int(network.broadcast_address)


NO_PEERS = {(direction, family): [bounds(ipaddress.ip_network(p)) for p in prefixes]
            + [bounds(LOCAL[family]), bounds(LINK[family])]
            for direction, families in UNUSABLE.items() for family, prefixes in families.items()}


def usable(direction, family, address):
    return 0 <= address < 1 << BITS[family] and \
        not any(low <= address <= high for low, high in NO_PEERS[direction, family])


class Generator:
    """One policy and its packets."""

    def __init__(self, random):
        self.random = random
        self.bases = {4: [self._base4() for _ in range(2)], 6: [self._base6() for _ in range(2)]}
        self.bases[6].append(MAPPED | self.bases[4][0])

    def _base4(self):
        return self.random.randrange(1, 224) << 24 | self.random.getrandbits(24)

    def _base6(self):
        return self.random.choice((0x20010DB8 << 96, 0xFD << 120, 0x2A << 120)) | \
            self.random.getrandbits(90)

    # --- policies --------------------------------------------------------------

    def _prefix(self, family, near, length):
        """near's prefix of that length, or its neighbour."""
        bits = BITS[family]
        if self.random.random() < 0.3:
            near ^= 1 << self.random.randrange(bits)
        return near >> (bits - length) << (bits - length)

    def _entry(self, so_far):
        inside = self.random.random() < 0.6 and so_far and self.random.choice(so_far)
        family = inside.family if inside else self.random.choice((4, 6))
        near = inside.address if inside else self.random.choice(self.bases[family])
        if inside and self.random.random() < 0.6:
            near = self.random.choice(self.bases[family])
        length = self.random.choice(LENGTHS[family])
        return Entry(family, self._prefix(family, near, length), length,
                     self.random.random() < 0.4)

    def _network(self):
        entries = []
        for _ in range(self.random.choice((1, 1, 2, 4, 8))):
            entry = self._entry(entries)
            if entry.exclude and not any(strictly_inside(entry, e) for e in entries):
                entry = entry._replace(exclude=False)
            if not any(e[:3] == entry[:3] for e in entries):
                entries.append(entry)
        self.random.shuffle(entries)
        return entries

    def _ranges(self, edges):
        low = self.random.choice(edges)
        higher = [e for e in edges if e > low]
        if self.random.random() < 0.5 or not higher:
            return ((low, low),)
        return ((low, self.random.choice(higher)),)

    def _icmp_ranges(self, protocol):
        kind = self.random.choice(TYPES[protocol]) << 8
        if self.random.random() < 0.4:
            return ((kind, kind | 255),)
        codes = sorted(self.random.sample(CODES, self.random.randint(1, 3)))
        ranges = [(kind | c, kind | c) for c in codes]
        if self.random.random() < 0.3 and codes[-1] < 255:
            ranges.append((kind | codes[-1] + 1, kind | 255))
        return tuple(ranges)

    def _service(self):
        kind = self.random.random()
        if kind < 0.15:
            return Service(self.random.choice(OTHERS + (self.random.randrange(256),)), None)
        protocol = self.random.choice((ICMP, ICMP6, *WITH_PORTS, TCP, UDP))
        if kind < (0.5 if protocol in TYPES else 0.3):
            return Service(protocol, None)
        if protocol in TYPES:
            return Service(protocol, self._icmp_ranges(protocol))
        return Service(protocol, self._ranges(PORTS))

    def _rule(self, n_networks, observed):
        services = {self._service() for _ in range(self.random.choice((1, 1, 2, 4)))}
        if self.random.random() < 0.15:
            services = {Service(None, None)}
        networks = self.random.sample(range(n_networks),
                                      min(n_networks, self.random.choice((1, 1, 2, 3))))
        return Rule(self.random.choice(("in", "out")), self.random.choice(("allow", "reject")),
                    networks, sorted(services, key=repr), observed and self.random.random() < 0.2)

    def policy(self, observed):
        """observed: with rules under observation, too."""
        networks = [self._network() for _ in range(self.random.choice((1, 2, 4, 8)))]
        rules = [self._rule(len(networks), observed)
                 for _ in range(self.random.choice((0, 1, 2, 5, 10, 20)))]
        defaults = {d: self.random.choice(("allow", "reject")) for d in ("in", "out")}
        return Policy(defaults, networks, rules)

    # --- packets ---------------------------------------------------------------

    def _peer(self, networks, direction):
        """An address at the edge of an entry, or anywhere."""
        while True:
            entry = self.random.choice(self.random.choice(networks))
            span = 1 << BITS[entry.family] - entry.length
            address = self.random.choice((
                entry.address, entry.address - 1, entry.address + span, entry.address + span - 1,
                entry.address + self.random.randrange(span),
                self.random.choice(self.bases[entry.family])))
            if usable(direction, entry.family, address):
                return entry.family, address
            family = self.random.choice((4, 6))
            address = self.random.getrandbits(BITS[family])
            if usable(direction, family, address):
                return family, address

    def _near(self, service):
        """A value at the edge of a service's ranges."""
        low, high = self.random.choice(service.ranges)
        value = self.random.choice((low, high, low - 1, high + 1, self.random.randint(low, high)))
        return value & 0xFFFF

    def _value(self, protocol):
        if protocol in TYPES:
            return self.random.choice(TYPES[protocol]) << 8 | self.random.choice(CODES)
        return self.random.choice(PORTS) if protocol in WITH_PORTS else None

    def _what(self, services):
        """Protocol and service."""
        services = [s for s in services if s.protocol is not None]
        if services and self.random.random() < 0.8:
            service = self.random.choice(services)
            if service.ranges and self.random.random() < 0.8:
                return service.protocol, self._near(service)
            return service.protocol, self._value(service.protocol)
        protocol = self.random.choice((ICMP, ICMP6, *WITH_PORTS, *OTHERS,
                                       self.random.randrange(256)))
        return protocol, self._value(protocol)

    def flow(self, policy):
        """What a packet may be; None where it would never be judged as that."""
        direction, networks = self.random.choice(("in", "out")), policy.networks
        services = [s for r in policy.rules for s in r.services]
        if policy.rules and self.random.random() < 0.7:
            rule = self.random.choice(policy.rules)
            direction, services = rule.direction, rule.services
            networks = [policy.networks[n] for n in rule.networks]
        family, peer = self._peer(networks, direction)
        protocol, service = self._what(services)
        if family == 6 and protocol in EXTENSION_HEADERS:
            return None
        if protocol in TYPES and family != {ICMP: 4, ICMP6: 6}[protocol]:
            service = None
        return Flow(direction, family, peer, protocol, service)


def strictly_inside(inner, outer):
    """Whether an entry may be taken out of the other."""
    host_bits = BITS[outer.family] - outer.length
    return inner.family == outer.family and inner.length > outer.length and \
        not outer.exclude and inner.address >> host_bits == outer.address >> host_bits
