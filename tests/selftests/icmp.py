#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ICMP is judged by type and code, and errors belong to what they quote.

Topology: see lib.py. Errors come from the peer, or from a router that only its
link-local address tells of.
"""

import errno
import socket
import struct

import lib
import packets
from lib import FAMILIES, HOST, PEER, fails, rule, subtest

ECHO = {4: (8, 0), 6: (128, 129)}           # request and reply
NAME = {4: "icmp", 6: "icmp6"}
ROUTER = "fe80::1"
MF = 0x2000
IP_MTU, IPV6_MTU = 14, 24


def echo(family, code=0, ident=7, kind=None):
    return packets.icmp(PEER[family], HOST[family], ECHO[family][0] if kind is None else kind,
                        code, struct.pack("!HH", ident, 1), b"payload")


def is_icmp(kind, code=None):
    return lambda p: p.protocol in (packets.ICMP, packets.ICMP6) and p.kind == kind and \
        code in (None, p.code)


@subtest("IPv{}: type and code are what a rule says", *FAMILIES)
def type_and_code(family):
    request, reply = ECHO[family]
    lib.policy(rule("in", f"{NAME[family]}/{request}/0"))
    wire = lib.wire()
    wire.send(echo(family))
    assert wire.receive(is_icmp(reply)), "echo was not answered"
    for packet in (echo(family, 1, 8), echo(family, 0, 9, 13 if family == 4 else 200)):
        with lib.moved(**{f"rejected_in_ipv{family}": 1}):
            wire.send(packet)
            assert wire.receive(is_icmp(*((3, 13) if family == 4 else (1, 1)))), "not refused"


@subtest("a rule for icmp is no rule for icmp6, nor the other way")
def families():
    for family in FAMILIES:
        lib.policy(rule("in", NAME[10 - family]))
        with lib.moved(**{f"rejected_in_ipv{family}": 1}):
            lib.wire().send(echo(family))
            lib.wait_for(lambda f=family: lib.stats()[f"seen_in_ipv{f}"], "it")


def ping_socket(family, ident):
    """A raw socket that sends echo requests to the peer."""
    sock = lib.made(socket.socket(lib.af(HOST[family]), socket.SOCK_RAW,
                                  packets.ICMP if family == 4 else packets.ICMP6))
    start = 20 if family == 4 else 40
    packet = packets.icmp(HOST[family], PEER[family], ECHO[family][0], 0,
                          struct.pack("!HH", ident, 1), b"payload")
    sock.sendto(packet[start:], (PEER[family], 0))
    return sock


@subtest("IPv{}: the reply to an echo needs no rule; one with another code is none", *FAMILIES)
def reply_code(family):
    request, reply = ECHO[family]
    lib.policy(rule("out", f"{NAME[family]}/{request}"))
    wire = lib.wire()
    # The peer's kernel answers.
    with lib.moved(**{f"allowed_in_ipv{family}": (1, 20), f"rejected_in_ipv{family}": 0}):
        ping_socket(family, 100)
        lib.wait_for(lambda: [c for c in lib.mctl_json("connections")
                              if c["packetsIn"] == 1], "the reply", 5)
    with lib.moved(**{f"rejected_in_ipv{family}": 1}):
        wire.send(echo(family, 3, 100, reply))
        lib.wait_for(lambda: lib.stats()[f"rejected_in_ipv{family}"], "refusal")


@subtest("IPv{}: a reply that nobody asked for is judged by its type", *FAMILIES)
def unasked(family):
    reply = ECHO[family][1]
    wire = lib.wire()
    lib.policy()
    with lib.moved(**{f"rejected_in_ipv{family}": 1}):
        wire.send(echo(family, 0, 55, reply))
        lib.wait_for(lambda: lib.stats()[f"rejected_in_ipv{family}"], "refusal")
    lib.policy(rule("in", f"{NAME[family]}/{reply}"))
    with lib.moved(**{f"rejected_in_ipv{family}": 0, f"allowed_in_ipv{family}": (1, 20)}):
        wire.send(echo(family, 0, 55, reply))
        lib.wait_for(lambda: [c for c in lib.mctl_json("connections")
                              if c["action"] == "Accept"], "it")


@subtest("IPv{}: an unasked reply does not let the host's own echo fail", *FAMILIES)
def unasked_then_asked(family):
    lib.policy(rule("out", f"{NAME[family]}/{ECHO[family][0]}"))
    wire = lib.wire()
    wire.send(echo(family, 0, 77, ECHO[family][1]))
    lib.wait_for(lambda: lib.stats()[f"rejected_in_ipv{family}"] == 1, "refusal")
    ping_socket(family, 77)
    lib.wait_for(lambda: [c for c in lib.mctl_json("connections")
                          if c["action"] == "Accept" and c["packetsIn"] == 1], "the reply")


@subtest("IPv{}: port unreachable about a live flow passes, and ends it", *FAMILIES)
def port_unreachable(family):
    lib.policy(rule("out", "udp"))
    client = lib.udp(HOST[family])
    client.connect((PEER[family], lib.next_port()))
    with lib.moved(pass_related=1):
        client.send(b"?")
        with fails(ConnectionRefusedError):
            client.recv(10)


def flow(family):
    """A UDP flow of the host's: socket, and an IP packet of it."""
    lib.policy(rule("out", "udp"))
    client, server = lib.udp_pair(family, "out")
    lib.echo_udp(client, server)
    port, peer_port = client.getsockname()[1], server.getsockname()[1]
    return client, packets.udp(HOST[family], PEER[family], port, peer_port, bytes(1300))


def too_big(family, quoted, source=None):
    if family == 4:
        return packets.icmp(source or PEER[4], HOST[4], 3, 4, struct.pack("!HH", 0, 1300),
                            quoted[:100])
    return packets.icmp(source or PEER[6], HOST[6], 2, 0, struct.pack("!I", 1300), quoted[:200])


def mtu(family, sock):
    if family == 4:
        return sock.getsockopt(socket.IPPROTO_IP, IP_MTU)
    return sock.getsockopt(socket.IPPROTO_IPV6, IPV6_MTU)


def clean_routes():
    for family in FAMILIES:
        lib.command("ip", f"-{family}", "route", "flush", "cache", check=False)


def first_fragment(family, packet):
    if family == 4:
        return packet[:6] + struct.pack("!H", MF) + packet[8:]
    return packets.ip(HOST[6], PEER[6], 44,
                      packets.fragment6(packets.UDP, 0, 1, 99, packet[40:]))


@subtest("IPv{0[0]}: Packet Too Big about a live flow arrives: {0[1]}",
         *[(f, how) for f in FAMILIES for how in ("whole", "first fragment")],
         (6, "from a link-local router"))
def packet_too_big(variant):
    family, how = variant
    lib.cleanups.callback(clean_routes)
    client, packet = flow(family)
    source = None
    if how == "first fragment":
        packet = first_fragment(family, packet)
    elif how.startswith("from"):
        source = ROUTER
    with lib.moved(pass_related=1, **{f"rejected_in_ipv{family}": 0}):
        lib.wire().send(too_big(family, packet, source))
        lib.wait_for(lambda: mtu(family, client) == 1300, "smaller MTU", 5)


def forged(family):
    """What a live flow is not: addresses, ports, direction, protocol, cut off."""
    client, packet = flow(family)
    port, peer_port = client.getsockname()[1], client.getpeername()[1]
    host, peer = HOST[family], PEER[family]
    yield "another port", packets.udp(host, peer, port, peer_port ^ 1, bytes(64))
    yield "another peer", packets.udp(host, peer[:-1] + "9", port, peer_port, bytes(64))
    yield "not reversed", packets.udp(peer, host, peer_port, port, bytes(64))
    yield "TCP", packets.tcp(host, peer, port, peer_port, packets.ACK)
    yield "not this host's", packets.udp(peer, peer, port, peer_port, bytes(64))
    yield "cut off", packet[:(20 if family == 4 else 40) + 3]
    yield "nothing", b""


@subtest("IPv{}: an error that quotes no live flow is judged, and refused", *FAMILIES)
def forged_quotations(family):
    lib.cleanups.callback(clean_routes)
    wire = lib.wire()
    for what, quoted in forged(family):
        before = lib.stats()
        wire.send(too_big(family, quoted))
        name = f"rejected_in_ipv{family}"
        lib.wait_for(lambda n=name, b=before: lib.stats()[n] > b[n], f"refusal of {what}", 3)
        assert lib.stats()["pass_related"] == before["pass_related"], what
    lib.policy(rule("in", "icmp/3/4", "icmp6/2"))
    with lib.moved(**{f"rejected_in_ipv{family}": 0, f"allowed_in_ipv{family}": (1, 20)}):
        before = lib.stats()[f"seen_in_ipv{family}"]
        wire.send(too_big(family, packets.udp(HOST[family], PEER[family], 1, 2, bytes(64))))
        lib.wait_for(lambda: lib.stats()[f"seen_in_ipv{family}"] > before, "it")


@subtest("IPv{}: an error is never answered", *FAMILIES)
def no_answer(family):
    lib.policy()
    wire = lib.wire()
    wire.send(too_big(family, packets.udp(HOST[family], PEER[family], 1, 2, bytes(64))))
    lib.wait_for(lambda: lib.stats()[f"rejected_in_ipv{family}"], "refusal")
    seen = wire.receive(lambda p: is_icmp(3)(p) or is_icmp(1)(p), 0.3)
    assert not seen, seen


@subtest("IPv{}: a closed port of the host's tells an allowed peer", *FAMILIES)
def closed_port(family):
    lib.policy(rule("in", "udp"))
    client = lib.udp(PEER[family], "peer")
    client.connect((HOST[family], lib.next_port()))
    client.send(b"?")
    with fails(OSError) as refused:
        client.recv(10)
    assert refused.error.errno == errno.ECONNREFUSED, refused.error


if __name__ == "__main__":
    lib.main()
