#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A cache that is full, or none at all, makes things slower and nothing else.

First the module remembers no connection (max_connections=0), then 256, and a
flood of SYNs from forged addresses meets it.

      init namespace: the host           peer
     ┌──────────────────────┐     ┌─────────────────────────────────┐
     │ veth0                ├─────┤ veth0                           │
     │ 192.0.2.1/24         │     │ 192.0.2.2/24, and who forges    │
     │ 2001:db8::1/64       │     │ 10.0.0.0/8 and 2001:db8:f::/48  │
     └──────────────────────┘     └─────────────────────────────────┘
"""

import random
import socket

import lib
import packets
from lib import DIRECTIONS, FAMILIES, HOST, fails, rule, subtest

FLOOD = 3000
SMALL = "max_connections=256"


def capacity():
    return lib.mctl_json("status")["connectionsMax"]


def with_cache(parameters):
    """The module, loaded with these parameters if it is not."""
    if capacity() != int(parameters.split("=")[1]):
        lib.load(parameters)


@subtest("IPv{0[0]}, {0[1]}: no cache: TCP works by a rule, and without one it does not",
         *[(f, d) for f in FAMILIES for d in DIRECTIONS])
def tcp(variant):
    family, direction = variant
    with_cache("max_connections=0")
    lib.policy(rule(direction, "tcp"))
    client, server = lib.tcp_pair(family, direction)
    lib.exchange(client, server, bytes(50000))
    client.shutdown(socket.SHUT_WR)
    assert server.recv(10) == b"", "no orderly end"
    counted = lib.stats()
    assert not counted["conn_added"] and not counted[f"rejected_in_ipv{family}"] and \
        not counted[f"rejected_out_ipv{family}"], counted
    other = "in" if direction == "out" else "out"
    with fails(ConnectionRefusedError):
        lib.tcp_pair(family, other)


@subtest("IPv{0[0]}, {0[1]}: no cache: a connection ends when it is no longer allowed",
         *[(f, d) for f in FAMILIES for d in DIRECTIONS])
def tcp_ends(variant):
    family, direction = variant
    with_cache("max_connections=0")
    lib.policy(rule(direction, "tcp"))
    client, server = lib.tcp_pair(family, direction)
    lib.exchange(client, server)
    lib.policy()
    peer = client if direction == "in" else server
    peer.send(b"x")
    with fails(ConnectionResetError):
        peer.recv(10)


@subtest("IPv{}: no cache: a connected UDP socket works by a rule", *FAMILIES)
def udp(family):
    with_cache("max_connections=0")
    lib.policy(rule("out", "udp"))
    client, server = lib.udp_pair(family, "out")
    for _ in range(5):
        lib.echo_udp(client, server)


def flood(family, port, done):
    """SYNs from addresses of nobody's, which are sent in bursts."""
    wire = lib.wire()
    chance = random.Random(1)
    while not done():
        for _ in range(100):
            source = f"10.{chance.randrange(256)}.0.{chance.randrange(1, 255)}"
            if family == 6:
                source = f"2001:db8:f::{chance.randrange(1, 65536):x}"
            wire.send(packets.tcp(source, HOST[family], chance.randrange(1024, 65536), port,
                                  packets.SYN, seq=chance.getrandbits(32)))
        yield


@subtest("IPv{}: a SYN flood evicts no established connection, and others get in", *FAMILIES)
def syn_flood(family):
    with_cache(SMALL)
    port = lib.next_port()
    lib.policy(rule("in", f"tcp/{port}"), rule("out", "tcp"))
    listener = lib.listen(HOST[family], port=port)
    pairs = []
    for _ in range(20):
        client = lib.tcp_socket(lib.PEER[family], "peer")
        client.connect(listener.getsockname())
        pairs.append((client, lib.made(listener.accept()[0])))
    pairs += [lib.tcp_pair(family, "out") for _ in range(5)]
    for pair in pairs:
        lib.exchange(*pair)
    known = {c["ID"] for c in lib.mctl_json("connections") if c["state"] == "established"}
    assert len(known) == 25, f"{len(known)} established"
    sent, latecomers = 0, 0
    for _ in flood(family, port, lambda: sent >= FLOOD):
        sent += 100
        if sent % 1000:
            continue
        # In the middle of it.
        client = lib.tcp_socket(lib.PEER[family], "peer", timeout=8)
        client.connect(listener.getsockname())
        pairs.append((client, lib.made(listener.accept()[0])))
        lib.exchange(*pairs[-1])
        latecomers += 1
        lib.exchange(*lib.tcp_pair(family, "out"))
    counted = lib.stats()
    assert counted["conn_evicted"] > 1000, counted
    assert not counted[f"rejected_in_ipv{family}"], counted
    still = {c["ID"] for c in lib.mctl_json("connections")}
    assert known <= still, f"{len(known - still)} established connections were evicted"
    for pair in pairs:
        lib.exchange(*pair)
    assert latecomers == 3


@subtest("a flood of what is rejected evicts nobody who is not")
def rejected_flood():
    with_cache(SMALL)
    port = lib.next_port()
    lib.policy(rule("in", f"tcp/{port}"))
    pair = lib.tcp_pair(4, "in", port)
    lib.exchange(*pair)
    known = {c["ID"] for c in lib.mctl_json("connections")}
    sent = 0
    for _ in flood(4, 9, lambda: sent >= 1000):
        sent += 100
    lib.wait_for(lambda: lib.stats()["rejected_in_ipv4"] >= 1000, "all")
    connections = lib.mctl_json("connections")
    assert known <= {c["ID"] for c in connections}
    assert len(connections) <= 256, len(connections)
    lib.exchange(*pair)


@subtest("no more connections are remembered than the limit says")
def limit():
    with_cache(SMALL)
    lib.policy(rule("in", "udp"))
    wire = lib.wire()
    for i in range(600):
        wire.send(packets.udp(lib.PEER[4], HOST[4], 1000 + i, 9))
    lib.wait_for(lambda: lib.stats()["allowed_in_ipv4"] >= 600, "all")
    assert lib.mctl_json("status")["connections"] <= 256


if __name__ == "__main__":
    lib.main("max_connections=0")
