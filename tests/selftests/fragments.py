#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A fragmented datagram is judged as a whole, and a stray fragment never passes.

Topology: see lib.py.
"""

import contextlib
import socket
import struct
import time

import lib
import packets
from lib import FAMILIES, HOST, PEER, fails, rule, subtest

LARGE = bytes(range(256)) * 20
MF = 0x2000
IP_NODEFRAG = 22


@subtest("IPv{}: allowed, a fragmented datagram arrives, both ways", *FAMILIES)
def allowed(family):
    lib.policy(rule("in", "udp"))
    client, server = lib.udp_pair(family, "in")
    lib.echo_udp(client, server, LARGE)
    lib.policy(rule("out", "udp"))
    client, server = lib.udp_pair(family, "out")
    lib.echo_udp(client, server, LARGE)
    seen = lib.stats()
    assert not seen["drop_fragment"] and not seen[f"rejected_in_ipv{family}"], seen


@subtest("IPv{}: not allowed, it is rejected as a whole, with an answer", *FAMILIES)
def rejected(family):
    client, server = lib.udp_pair(family, "in")
    allowed_port = lib.next_port()
    lib.policy(rule("in", f"udp/{allowed_port}"))
    with lib.moved(**{f"rejected_in_ipv{family}": 1, "judged": 1}):
        client.send(LARGE)
        with fails(OSError):
            client.recv(10)
    server.settimeout(0.2)
    with fails(TimeoutError):
        server.recv(10)


@subtest("IPv{}: sending, the ports decide, not the fragment", *FAMILIES)
def outgoing(family):
    lib.policy(rule("out", "udp/1"))
    sock = lib.udp(HOST[family])
    with fails(PermissionError):
        sock.sendto(LARGE, (PEER[family], 2))
    sock.sendto(LARGE, (PEER[family], 1))


def fragment(family, data, offset, more, ident):
    if family == 4:
        return packets.ip(PEER[4], HOST[4], packets.UDP, data, ident=ident,
                          fragment=(MF if more else 0) | offset // 8)
    return packets.ip(PEER[6], HOST[6], 44,
                      packets.fragment6(packets.UDP, offset, more, ident, data))


@subtest("IPv{}: a stray fragment passes in no place of its datagram", *FAMILIES)
def stray(family):
    server = lib.udp(HOST[family], port=lib.next_port())
    lib.policy(rule("in", "udp"))
    wire = lib.wire()
    data = packets.udp_data(PEER[family], HOST[family], 1, server.getsockname()[1], bytes(56))
    with lib.moved(judged=0):
        wire.send(fragment(family, data[32:], 32, 0, 1))
        wire.send(fragment(family, data[:32], 0, 1, 2))
        wire.send(fragment(family, data[16:32], 16, 1, 3))
        server.settimeout(0.5)
        with fails(TimeoutError):
            server.recv(100)


@subtest("IPv{}: small fragments that hide the ports are judged together", *FAMILIES)
def tiny(family):
    server = lib.udp(HOST[family], port=lib.next_port())
    lib.policy(rule("in", "udp/1"))
    wire = lib.wire()
    data = packets.udp_data(PEER[family], HOST[family], 1, server.getsockname()[1], bytes(24))
    with lib.moved(**{f"rejected_in_ipv{family}": 1, "judged": 1}):
        for offset in (16, 8, 0, 24):
            wire.send(fragment(family, data[offset:offset + 8], offset, offset != 24, 11))
        lib.wait_for(lambda: lib.stats()[f"rejected_in_ipv{family}"], "refusal")
    lib.policy(rule("in", "udp"))
    for offset in (16, 8, 0, 24):
        wire.send(fragment(family, data[offset:offset + 8], offset, offset != 24, 12))
    assert server.recv(100) == bytes(24)


def raw_socket(family, *, nodefrag=False):
    """Whoever sends by it makes the network header."""
    sock = lib.made(socket.socket(lib.af(HOST[family]), socket.SOCK_RAW, socket.IPPROTO_RAW))
    if nodefrag:
        sock.setsockopt(socket.IPPROTO_IP, IP_NODEFRAG, 1)
    return sock


def send_pieces(sock, family, port, ident):
    """A datagram in three fragments, none of which holds both its ports and its end."""
    data = packets.udp_data(HOST[family], PEER[family], 1, port, bytes(24))
    for offset, end in ((16, 32), (0, 8), (8, 16)):
        part, more = data[offset:end], end < len(data)
        if family == 4:
            packet = packets.ip(HOST[4], PEER[4], packets.UDP, part, ident=ident,
                                fragment=(MF if more else 0) | offset // 8)
        else:
            packet = packets.ip(HOST[6], PEER[6], 44,
                                packets.fragment6(packets.UDP, offset, more, ident, part))
        sock.sendto(packet, (PEER[family], 0))


@subtest("IPv{0[0]}: what a raw socket{0[1]} sends in fragments is judged whole",
         (4, ""), (4, " that wants them left alone"), (6, ""))
def raw(variant):
    family, how = variant
    allowed_port, other_port = lib.next_port(), lib.next_port()
    server = lib.udp(PEER[family], "peer", port=allowed_port)
    other = lib.udp(PEER[family], "peer", port=other_port)
    lib.policy(rule("out", f"udp/{allowed_port}"))
    sock = raw_socket(family, nodefrag=bool(how))
    with lib.moved(drop_fragment=0, **{f"rejected_out_ipv{family}": 1, f"seen_out_ipv{family}": 2,
                                       f"allowed_out_ipv{family}": 1}):
        with contextlib.suppress(OSError):
            send_pieces(sock, family, other_port, 21)
        send_pieces(sock, family, allowed_port, 22)
        assert server.recv(100) == bytes(24)
        other.settimeout(0.2)
        with fails(TimeoutError):
            other.recv(100)


@subtest("IPv{}: a fragment that fits none of its datagram is dropped and counted", *FAMILIES)
def unfit(family):
    server = lib.udp(HOST[family], port=lib.next_port())
    lib.policy(rule("in", "udp"))
    wire = lib.wire()
    data = packets.udp_data(PEER[family], HOST[family], 1, server.getsockname()[1], bytes(56))
    # The end lies before what came already.
    dropped = 1 if family == 6 else 0
    with lib.moved(drop_fragment=dropped, **{f"dropped_in_ipv{family}": dropped,
                                             f"allowed_in_ipv{family}": 0}):
        wire.send(fragment(family, data[32:64], 32, 1, 31))
        wire.send(fragment(family, data[:32], 0, 1, 31))
        wire.send(fragment(family, data[32:48], 32, 0, 31))
        server.settimeout(0.5)
        with fails(TimeoutError):
            server.recv(100)


@subtest("IPv6: a fragment header around a whole packet is no fragment")
def atomic():
    server = lib.udp(HOST[6], port=lib.next_port())
    lib.policy(rule("in", "udp"))
    data = packets.udp_data(PEER[6], HOST[6], 1, server.getsockname()[1], b"whole")
    lib.wire().send(fragment(6, data, 0, 0, 5))
    assert server.recv(100) == b"whole"


@subtest("IPv{}: what is cut off within its headers is dropped and counted", *FAMILIES)
def truncated(family):
    lib.policy(rule("in", "any"))
    wire = lib.wire()
    with lib.moved(drop_truncated=1, **{f"dropped_in_ipv{family}": 1}):
        wire.send(packets.ip(PEER[family], HOST[family], packets.TCP, struct.pack("!HHI", 1, 2, 3)))
        lib.wait_for(lambda: lib.stats()["drop_truncated"], "drop", 3)
        time.sleep(0.05)


if __name__ == "__main__":
    lib.main()
