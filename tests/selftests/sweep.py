#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every protocol, chain of headers and cut is judged by what it is, or dropped.

Topology: see lib.py. Packets are made byte by byte and go in from the peer, or
out through a raw socket.
"""

import os
import random
import socket
import struct

import lib
import packets
from lib import FAMILIES, HOST, PEER, fails, rule, subtest
from packets import UDP

HOP, ROUTING, FRAGMENT, AUTH, NONE, OPTIONS = 0, 43, 44, 51, 59, 60
EXTENSIONS = (HOP, ROUTING, FRAGMENT, AUTH, OPTIONS)
LIMIT = 16              # extension headers
OPEN, CLOSED = 7001, 7002
SEED = os.environ.get("MSEG_SEED") or str(random.randrange(1 << 32))
SOL_PACKET, PACKET_VNET_HDR = 263, 15
WAYS = ("allowed", "rejected", "dropped")


def inject(wire, family, packet):
    """How the host took it: allowed, rejected, dropped; None where it never saw it."""
    before = lib.stats()
    wire.send(packet)

    def seen():
        after = lib.stats()
        return after[f"seen_in_ipv{family}"] > before[f"seen_in_ipv{family}"] and after
    try:
        after = lib.wait_for(seen, "packet", 0.3)
    except AssertionError:
        return None
    ways = [w for w in WAYS if after[f"{w}_in_ipv{family}"] > before[f"{w}_in_ipv{family}"]]
    assert len(ways) == 1, ways
    return ways[0]


def quiet_wire():
    """A wire on which nobody asks for neighbours."""
    for family in FAMILIES:
        for namespace, address, mac in (((), PEER[family], lib.PEER_MAC),
                                        (("-n", "peer"), HOST[family], lib.HOST_MAC)):
            words = address, "dev", "veth0"
            lib.command("ip", *namespace, "neighbour", "replace", *words, "lladdr", mac.hex(":"),
                        "nud", "permanent")
            lib.cleanups.callback(lib.command, "ip", *namespace, "neighbour", "delete", *words)
    return lib.wire()


# --- protocols ------------------------------------------------------------------------

def body(protocol):
    """Enough for any protocol; a TCP header says its length."""
    return bytes(12) + (b"\x50" if protocol == packets.TCP else b"\0") + bytes(27)


def policy_of(direction, family, protocols):
    """Allow these, and nothing else."""
    names = {1: "icmp", 6: "tcp", 17: "udp", 33: "dccp", 58: "icmp6", 132: "sctp", 136: "udplite"}
    services = [names.get(p, str(p)) for p in protocols]
    entry = f"{PEER[family]}/{32 if family == 4 else 128}"
    lib.policy(rule(direction, *services, entries=[entry], name="some"))


def wanted(family, protocol, allowed):
    """What must happen to it, or None where that is up to the header that follows."""
    if family == 6 and protocol in EXTENSIONS:
        return None
    if protocol == {4: packets.ICMP6, 6: packets.ICMP}[family]:
        return "rejected"
    return "allowed" if protocol in allowed else "rejected"


@subtest("IPv{}: protocols 0 to 255 are what the rule says, coming in", *FAMILIES)
def protocols_in(family):
    wire = quiet_wire()
    for allowed in (range(0, 256, 2), range(1, 256, 2)):
        policy_of("in", family, allowed)
        for protocol in range(256):
            packet = packets.ip(PEER[family], HOST[family], protocol, body(protocol))
            expected, way = wanted(family, protocol, allowed), inject(wire, family, packet)
            assert way == expected or expected is None and way != "allowed", \
                f"protocol {protocol} was {way}, not {expected}"


@subtest("IPv{}: protocols 0 to 255 are what the rule says, going out", *FAMILIES)
def protocols_out(family):
    sock = lib.made(socket.socket(lib.af(HOST[family]), socket.SOCK_RAW, 255))
    for allowed in (range(0, 256, 2), range(1, 256, 2)):
        policy_of("out", family, allowed)
        for protocol in range(256):
            packet = packets.ip(HOST[family], PEER[family], protocol, body(protocol))
            expected = wanted(family, protocol, allowed)
            if expected is None:
                continue
            try:
                sock.sendto(packet, (PEER[family], 0))
                way = "allowed"
            except (PermissionError, ConnectionRefusedError):
                way = "rejected"
            assert way == expected, f"protocol {protocol} was {way}, not {expected}"


# --- extension headers -------------------------------------------------------------------

def extension(kind, following, randomly):
    """An extension header of that kind, as long as it likes."""
    if kind == AUTH:
        size = randomly.choice((12, 16, 24, 40))
        return struct.pack("!BBH", following, size // 4 - 2, 0) + bytes(size - 4)
    if kind == FRAGMENT:
        return struct.pack("!BBHI", following, 0, 0, randomly.getrandbits(32))
    # The kernel takes no more padding than that in hop-by-hop options.
    size = 8 if kind == HOP else randomly.choice((8, 8, 16, 24))
    if kind == ROUTING:
        return struct.pack("!BBBB", following, size // 8 - 1, 4, 0) + bytes(size - 4)
    return struct.pack("!BBBB", following, size // 8 - 1, 1, size - 4) + bytes(size - 4)


def chain(kinds, port, randomly):
    data = packets.udp_data(PEER[6], HOST[6], 9, port, b"x")
    following = UDP
    for kind in reversed(kinds):
        data = extension(kind, following, randomly) + data
        following = kind
    return packets.ip(PEER[6], HOST[6], following, data)


def kinds_of(length, randomly):
    """Any order; hop-by-hop options first, where the kernel takes them."""
    kinds = [randomly.choice((ROUTING, AUTH, OPTIONS)) for _ in range(length)]
    if randomly.random() < 0.3:
        kinds[0] = HOP
    return kinds


@subtest("chains of 1 to 64 extension headers are judged by what they end in, or dropped")
def chains():
    randomly = random.Random(SEED)
    lib.policy(rule("in", f"udp/{OPEN}"))
    wire = quiet_wire()
    for length in range(1, 65):
        for port, way in ((OPEN, "allowed"), (CLOSED, "rejected")):
            kinds = kinds_of(length, randomly)
            expected = way if length <= LIMIT else "dropped"
            got = inject(wire, 6, chain(kinds, port, randomly))
            assert got == expected, f"seed {SEED}: {kinds} to {port}: {got}, not {expected}"


@subtest("a fragment header anywhere among them opens nothing")
def chains_with_fragment():
    randomly = random.Random(SEED)
    lib.policy(rule("in", f"udp/{OPEN}"))
    wire = quiet_wire()
    for length in range(1, 24):
        kinds = kinds_of(length, randomly)
        kinds.insert(randomly.randint(0, length), FRAGMENT)
        got = inject(wire, 6, chain(kinds, CLOSED, randomly))
        assert got != "allowed", f"seed {SEED}: {kinds}"


@subtest("headers that end in nothing, or run in a circle, open nothing")
def endless():
    lib.policy(rule("in", f"udp/{OPEN}"))
    wire = quiet_wire()
    for kind in EXTENSIONS:
        whole = struct.pack("!BB", kind, 0) + bytes(6)
        for data in (whole, whole * 100, struct.pack("!BB", NONE, 255) + bytes(6),
                     struct.pack("!BB", UDP, 255) + bytes(30), b""):
            got = inject(wire, 6, packets.ip(PEER[6], HOST[6], kind, data))
            assert got != "allowed", f"{kind}: {data[:8].hex()} of {len(data)}"


# --- cuts --------------------------------------------------------------------------------

def full_packets(family):
    """Headers to cut, and where the cuts begin."""
    source, destination = PEER[family], HOST[family]
    start = 20 if family == 4 else 40
    for packet in (packets.tcp(source, destination, 1, CLOSED, packets.SYN),
                   packets.udp(source, destination, 1, CLOSED, b"data"),
                   packets.icmp(source, destination, 3 if family == 4 else 1, 1, bytes(4),
                                packets.udp(destination, source, CLOSED, 1, b"data")),
                   packets.icmp(source, destination, 8 if family == 4 else 128, 0),
                   packets.ip(source, destination, 132, bytes(16)),
                   packets.ip(source, destination, 33, bytes(16))):
        yield start, packet
    if family == 6:
        randomly = random.Random(1)
        yield start, chain([HOP, OPTIONS, ROUTING, AUTH], CLOSED, randomly)
    else:
        yield 20, packets.ip(source, destination, UDP, bytes(8), options=bytes.fromhex("94040000"))


def cut(family, packet, length):
    """What a sender makes who writes no more than that many bytes."""
    packet = bytearray(packet[:length])
    if family == 6:
        struct.pack_into("!H", packet, 4, length - 40)
        return bytes(packet)
    struct.pack_into("!H", packet, 2, length)
    struct.pack_into("!H", packet, 10, 0)
    header = (packet[0] & 15) * 4
    struct.pack_into("!H", packet, 10, packets.checksum(bytes(packet[:header])))
    return bytes(packet)


@subtest("IPv{}: cut off at any byte, nothing passes", *FAMILIES)
def cuts(family):
    lib.policy(rule("in", f"udp/{OPEN}", f"tcp/{OPEN}"))
    wire = quiet_wire()
    before = lib.stats()
    sent = 0
    for start, packet in full_packets(family):
        for length in range(start, len(packet) + 1):
            wire.send(cut(family, packet, length))
            sent += 1
    lib.wait_for(lambda: lib.stats()[f"seen_in_ipv{family}"] - before[f"seen_in_ipv{family}"]
                 >= sent // 2, "packets")
    after = {name: n - before[name] for name, n in lib.stats().items()}
    assert not after[f"allowed_in_ipv{family}"], after
    assert after["drop_truncated"] > 20 and after[f"rejected_in_ipv{family}"] > 6, after


# --- buffers ------------------------------------------------------------------------------

class Paged(packets.Wire):
    """What it sends is in pages behind the first bytes."""

    def __init__(self, linear):
        with lib.inside("peer"):
            super().__init__("veth0", lib.PEER_MAC, lib.HOST_MAC)
        lib.cleanups.callback(self.close)
        self.socket.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        self.linear = linear

    def send(self, packet, mac=None):
        kind = 0x0800 if packet[0] >> 4 == 4 else 0x86DD
        self.socket.send(struct.pack("=BBHHHH", 0, 0, self.linear, 0, 0, 0) + self.other_mac +
                         self.own_mac + struct.pack("!H", kind) + packet)


def large_frames():
    for namespace in ((), ("-n", "peer")):
        lib.command("ip", *namespace, "link", "set", "veth0", "mtu", "9000")
        lib.cleanups.callback(lib.command, "ip", *namespace, "link", "set", "veth0", "mtu", "1500")


@subtest("IPv{}: headers in pages, and a packet that others hold, are read right", *FAMILIES)
def paged(family):
    large_frames()
    quiet_wire()
    server = lib.udp(HOST[family], port=OPEN)
    lib.policy(rule("in", f"udp/{OPEN}"))
    # Somebody who listens to all packets of the host makes them shared.
    listener = packets.Wire("veth0", lib.HOST_MAC, lib.PEER_MAC)
    lib.cleanups.callback(listener.close)
    for linear in (14, 20, 34, 54, 60):
        wire = Paged(linear)
        data = os.urandom(6000)
        packet = packets.udp(PEER[family], HOST[family], 5, OPEN, data)
        assert inject(wire, family, packet) == "allowed"
        assert server.recv(9000) == data
        packet = packets.udp(PEER[family], HOST[family], 5, CLOSED, data)
        assert inject(wire, family, packet) == "rejected"


# --- fragments ------------------------------------------------------------------------------

def fragment(family, data, offset, more, ident):
    if family == 4:
        return packets.ip(PEER[4], HOST[4], UDP, data, ident=ident,
                          fragment=(0x2000 if more else 0) | offset // 8)
    return packets.ip(PEER[6], HOST[6], FRAGMENT,
                      packets.fragment6(UDP, offset, more, ident, data))


@subtest("IPv{}: fragments that overlap open nothing", *FAMILIES)
def overlapping(family):
    server = lib.udp(HOST[family], port=CLOSED)
    lib.policy(rule("in", f"udp/{OPEN}"))
    wire = quiet_wire()
    good, bad = (packets.udp_data(PEER[family], HOST[family], 9, port, bytes(40))
                 for port in (OPEN, CLOSED))
    pieces = [[(good[:16], 0, 1), (bad[:24], 0, 1), (bad[24:], 24, 0)],
              [(good[:24], 0, 1), (bad[:16], 0, 1), (good[24:], 24, 0)],
              [(good[16:], 16, 0), (bad[:16], 0, 1), (good[:16], 0, 1)],
              [(good[:24], 0, 1), (bad[8:32], 8, 1), (bad[32:], 32, 0)]]
    # A part within another is a duplicate: the second of these is whole without it.
    with lib.moved(**{f"allowed_in_ipv{family}": 1}):
        for ident, parts in enumerate(pieces, 100):
            for data, offset, more in parts:
                wire.send(fragment(family, data, offset, more, ident))
        server.settimeout(0.5)
        with fails(TimeoutError):
            server.recv(100)


if __name__ == "__main__":
    lib.main()
