#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that anyone may forge neither cut a connection nor keep one away.

      init namespace: the host            peer
     ┌───────────────────────┐    ┌───────────────────────────┐
     │ veth0                 ├────┤ veth0                     │
     │ a connection's end    │    │ its other end, and who    │
     │ nft: what goes to     │    │ forges packets of it      │
     │ 203.0.113.9 goes to   │    │ without knowing its       │
     │ the peer              │    │ sequence numbers          │
     └───────────────────────┘    └───────────────────────────┘
"""

import subprocess
import time

import lib
import packets
from lib import DIRECTIONS, FAMILIES, HOST, PEER, fails, rule, subtest
from packets import ACK, FIN, RST, SYN

ELSEWHERE = "203.0.113.9"
FORGERIES = {"RST": RST, "FIN": FIN | ACK, "SYN": SYN, "RST ACK": RST | ACK, "SYN ACK": SYN | ACK}


def forge(wire, family, port, peer_port, flags):
    wire.send(packets.tcp(PEER[family], HOST[family], peer_port, port, flags, seq=0x12345678,
                          ack=0x9abcdef0 if flags & ACK else 0))


def survives(peer, host, wire, family, name):
    """The peer goes on, and then the host, after a forgery of the peer's."""
    ports = host.getsockname()[1], peer.getsockname()[1]
    for first, second in ((peer, host), (host, peer)):
        before = lib.stats()[f"seen_in_ipv{family}"]
        forge(wire, family, *ports, FORGERIES[name])
        lib.wait_for(lambda b=before: lib.stats()[f"seen_in_ipv{family}"] > b, "forgery")
        lib.exchange(first, second)
    refused = lib.stats()
    assert not refused["rejected_out_ipv4"] and not refused["rejected_out_ipv6"], refused


@subtest("IPv{0[0]}, {0[1]}: {0[2]} out of the window changes nothing",
         *[(f, d, n) for f in FAMILIES for d in DIRECTIONS for n in FORGERIES])
def direct(variant):
    family, direction, name = variant
    lib.policy(rule(direction, "tcp"))
    client, server = lib.tcp_pair(family, direction)
    peer, host = (client, server) if direction == "in" else (server, client)
    lib.exchange(client, server)
    survives(peer, host, lib.wire(), family, name)


def nft(*lines):
    done = subprocess.run(("nft", "-f", "-"), check=False, text=True, capture_output=True,
                          input="\n".join(lines) + "\n")
    if done.returncode:
        raise lib.Skip(f"nft cannot translate here: {done.stderr.splitlines()[:1]}")


def no_nat():
    lib.command("nft", "delete", "table", "ip", "mseg_test", check=False)


def translated_pair():
    """The host's connection to elsewhere, which goes to the peer."""
    listener = lib.listen(PEER[4], "peer")
    nft("table ip mseg_test {", "chain output { type nat hook output priority -100;",
        f"ip daddr {ELSEWHERE} dnat to {PEER[4]}", "}", "}")
    lib.cleanups.callback(no_nat)
    lib.policy(rule("out", "tcp"))
    client = lib.tcp_socket(HOST[4])
    client.connect((ELSEWHERE, listener.getsockname()[1]))
    server = lib.made(listener.accept()[0])
    lib.exchange(client, server)
    return client, server


@subtest("behind a local DNAT: {} out of the window changes nothing", *FORGERIES)
def behind_dnat(name):
    client, server = translated_pair()
    survives(server, client, lib.wire(), 4, name)


@subtest("IPv{0[0]}, {0[1]}: a forged SYN on a cold cache changes nothing",
         *[(f, d) for f in FAMILIES for d in DIRECTIONS])
def cold(variant):
    family, direction = variant
    lib.policy(rule(direction, "tcp"))
    client, server = lib.tcp_pair(family, direction)
    peer, host = (client, server) if direction == "in" else (server, client)
    lib.exchange(client, server)
    lib.mctl("detach", "--yes")
    lib.mctl("attach", "--yes")
    lib.policy(rule(direction, "tcp"))
    forge(lib.wire(), family, host.getsockname()[1], peer.getsockname()[1], SYN)
    lib.wait_for(lambda: lib.stats()[f"seen_in_ipv{family}"], "forgery")
    time.sleep(0.05)
    lib.exchange(peer, host)
    lib.exchange(host, peer)


@subtest("IPv{}: a datagram to be rejected does not block the host's own query", *FAMILIES)
def query(family):
    lib.policy(rule("out", "udp/53"))
    server = lib.udp(PEER[family], "peer", 53)
    port = lib.next_port()
    lib.wire().send(packets.udp(PEER[family], HOST[family], 53, port, b"forged"))
    lib.wait_for(lambda: lib.stats()[f"rejected_in_ipv{family}"] == 1, "refusal")
    client = lib.udp(HOST[family], port=port)
    client.connect(server.getsockname())
    lib.echo_udp(client, server)
    # And what is refused later does not, either.
    lib.echo_udp(client, server)


@subtest("IPv{}: a SYN to be rejected does not block the host's own connection", *FAMILIES)
def own_connection(family):
    lib.policy(rule("out", "tcp"))
    server = lib.listen(PEER[family], "peer")
    port = lib.next_port()
    forge(lib.wire(), family, port, server.getsockname()[1], SYN)
    lib.wait_for(lambda: lib.stats()[f"rejected_in_ipv{family}"] == 1, "refusal")
    client = lib.tcp_socket(HOST[family], port=port)
    client.connect(server.getsockname())
    lib.exchange(client, lib.made(server.accept()[0]))


@subtest("IPv{}: a SYN of the host's on an incoming entry is judged by itself", *FAMILIES)
def outgoing_syn(family):
    port, peer_port = lib.next_port(), lib.next_port()
    lib.policy(rule("in", "tcp"))
    wire = lib.wire()
    # Nobody listens: the host's reset is the reply to it.
    forge(wire, family, port, peer_port, SYN)
    assert wire.receive(lambda p: p.protocol == packets.TCP and p.flags & RST), "no reset"
    lib.listen(PEER[family], "peer", peer_port)
    client = lib.tcp_socket(HOST[family], port=port)
    wire.drain()
    with lib.moved(**{f"rejected_out_ipv{family}": 1}), fails(ConnectionRefusedError):
        client.connect((PEER[family], peer_port))
    seen = wire.receive(lambda p: p.protocol == packets.TCP, 0.2)
    assert not seen, f"{seen} left the host"


@subtest("IPv{}: a reply out of nothing is refused", *FAMILIES)
def out_of_nothing(family):
    lib.policy(rule("out", "tcp"))
    wire = lib.wire()
    for name in FORGERIES:
        with lib.moved(**{f"rejected_in_ipv{family}": 1}):
            before = lib.stats()[f"seen_in_ipv{family}"]
            forge(wire, family, lib.next_port(), 80, FORGERIES[name])
            lib.wait_for(lambda b=before: lib.stats()[f"seen_in_ipv{family}"] > b, name)


if __name__ == "__main__":
    lib.main()
