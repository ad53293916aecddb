#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A cache that is full, or none at all, makes things slower and nothing else.

First the module remembers no connection (max_connections=0), then 256, and a
flood of SYNs from forged addresses meets it; then 64, and all are established;
then all namespaces may have 100 together, of which the host has 50 for itself.

      init namespace: the host           peer
     ┌──────────────────────┐     ┌─────────────────────────────────┐
     │ veth0                ├─────┤ veth0                           │
     │ 192.0.2.1/24         │     │ 192.0.2.2/24, and who forges    │
     │ 2001:db8::1/64       │     │ 10.0.0.0/8 and 2001:db8:f::/48  │
     └──────────────────────┘     └─────────────────────────────────┘
"""

import random
import socket
import time

import genl
import lib
import packets
from lib import DIRECTIONS, FAMILIES, HOST, Child, fails, rule, subtest

FLOOD = 3000
SMALL = "max_connections=256"
TINY = "max_connections=64"
SHARED = "max_connections=256 total_connections=100"
loaded = None


def remembered():
    return lib.mctl_json("status")["connections"]


def with_cache(parameters):
    """The module, loaded with these parameters if it is not."""
    global loaded
    if loaded != parameters:
        lib.load(parameters)
        loaded = parameters


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
    # IPv6 is told that nobody has those addresses: in vain, where it was forgotten meanwhile.
    errors = counted["pass_related"] if family == 6 else 0
    assert counted[f"rejected_in_ipv{family}"] <= errors, counted
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
    assert remembered() <= 256


@subtest("IPv{}: a half-open connection that was forgotten is not established when it is answered",
         *FAMILIES)
def forgotten(family):
    with_cache(SMALL)
    with open("/proc/sys/net/mseg/timeout_tcp_replied", "w", encoding="utf-8") as file:
        file.write("1")
    lib.policy(rule("in", "tcp"))
    listener = lib.listen(HOST[family])
    stranger = {4: "192.0.2.99", 6: "2001:db8::99"}[family]
    # Somebody whose link address is known, and who never answers.
    lib.command("ip", "neighbour", "replace", stranger, "lladdr", lib.PEER_MAC.hex(":"),
                "dev", "veth0")
    lib.wire().send(packets.tcp(stranger, HOST[family], 999, listener.getsockname()[1],
                                packets.SYN))
    # Its answer is sent again after 1, 3 and 7 seconds.
    seen = set()
    end = time.monotonic() + 9
    while time.monotonic() < end:
        seen |= {c["state"] for c in lib.mctl_json("connections") if c["sourcePort"] == 999}
        time.sleep(0.1)
    assert lib.stats()["midstream"], "it was not forgotten"
    assert seen == {"replied"}, seen


@subtest("where all are established a sixteenth more is remembered, and others work without")
def overflow():
    with_cache(TINY)
    port = lib.next_port()
    lib.policy(rule("in", f"tcp/{port}"), rule("out", "tcp"))
    listener = lib.listen(HOST[4], port=port)
    pairs = []
    for _ in range(80):
        client = lib.tcp_socket(lib.PEER[4], "peer")
        client.connect(listener.getsockname())
        pairs.append((client, lib.made(listener.accept()[0])))
        lib.exchange(*pairs[-1])
        assert remembered() <= 68, remembered()
    counted = lib.stats()
    assert remembered() == 68, remembered()
    assert counted["conn_overflow"] >= 4 and counted["conn_full"] >= 12, counted
    states = {c["state"] for c in lib.mctl_json("connections")}
    assert states == {"established"}, states
    # What is rejected gets no place there, and the verdict stands.
    with fails(ConnectionRefusedError):
        lib.tcp_pair(4, "in")
    for pair in pairs:
        lib.exchange(*pair)
    assert remembered() == 68 and lib.stats()["rejected_in_ipv4"] == 1


@subtest("all namespaces together remember no more than their limit says")
def shared():
    with_cache(SHARED)
    with lib.inside():
        peer = genl.Client()
    lib.cleanups.callback(peer.close)
    peer.call("ATTACH")
    lib.cleanups.callback(peer.call, "DETACH")
    lib.policy(rule("in", "udp"))
    server = lib.udp(HOST[4], port=lib.next_port())
    for i in range(80):
        with lib.udp(lib.PEER[4], "peer", 10000 + i) as one:
            one.sendto(b"x", server.getsockname())
            server.recv(1)
    with lib.inside():
        inside = Child(lib.stats).result()
    counted = lib.stats()
    there = inside["conn_added"] - inside["conn_removed"]
    assert remembered() + there <= 100, (counted, inside)
    assert remembered() >= 40, counted
    assert counted["conn_total"] + counted["conn_evicted"] + inside["conn_total"] + \
        inside["conn_evicted"] == 60, (counted, inside)
    # What is not remembered is judged.
    with fails(ConnectionRefusedError):
        lib.tcp_pair(4, "in")


@subtest("what another namespace remembers leaves the host its share")
def share():
    lib.load(SHARED)
    with lib.inside():
        peer = genl.Client()
    lib.cleanups.callback(peer.close)
    peer.call("ATTACH")
    lib.cleanups.callback(peer.call, "DETACH")
    lib.policy(rule("in", "udp"))
    for i in range(120):
        with lib.udp(lib.PEER[4], "peer", 20000 + i) as one:
            one.sendto(b"x", ("192.0.2.200", 9))
    with lib.inside():
        inside = Child(lib.stats).result()
    assert inside["conn_added"] - inside["conn_removed"] == 50, inside
    wire = lib.wire()
    for i in range(45):
        wire.send(packets.udp(lib.PEER[4], HOST[4], 1000 + i, 9))
    lib.wait_for(lambda: lib.stats()["allowed_in_ipv4"] >= 45, "all")
    counted = lib.stats()
    assert remembered() >= 45, counted
    assert not counted["conn_total"] and not counted["conn_evicted"], counted


if __name__ == "__main__":
    lib.main("max_connections=0")
