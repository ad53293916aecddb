#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""TCP's rarer ways to begin and to end are one connection each, judged once.

      init namespace: the host            peer
     ┌───────────────────────┐    ┌───────────────────────────────┐
     │ veth0                 ├────┤ veth0                         │
     │ real sockets          │    │ real sockets, and at 192.0.2.77│
     └───────────────────────┘    │ and 2001:db8::77 a peer that  │
                                  │ is this process, byte by byte │
                                  └───────────────────────────────┘
"""

import select
import socket
import struct
import time

import lib
import packets
from lib import DIRECTIONS, FAMILIES, HOST, fails, rule, subtest
from packets import ACK, FIN, PSH, RST, SYN

CRAFTED = {4: "192.0.2.77", 6: "2001:db8::77"}
OURS = 1000             # first sequence number of the crafted peer's


class Peer:
    """The crafted end of one connection."""

    def __init__(self, family, port, host_port):
        lib.command("ip", "neighbour", "replace", CRAFTED[family], "lladdr",
                    lib.PEER_MAC.hex(":"), "dev", "veth0")
        self.wire, self.family = lib.wire(), family
        self.port, self.host_port = port, host_port
        self.next, self.ack = OURS, 0

    def send(self, flags, payload=b"", seq=None):
        self.wire.send(packets.tcp(CRAFTED[self.family], HOST[self.family], self.port,
                                   self.host_port, flags, self.next if seq is None else seq,
                                   self.ack if flags & ACK else 0, payload))
        if seq is None:
            self.next += len(payload) + bool(flags & (SYN | FIN))

    def receive(self, flags, seconds=5):
        """The next packet of the connection that has these flags."""
        packet = self.wire.receive(
            lambda p: p.protocol == packets.TCP and p.dport == self.port and
            p.sport == self.host_port and p.flags & flags == flags, seconds)
        assert packet, f"nothing with the flags {flags}"
        data = len(packet.payload) - (packet.payload[12] >> 4) * 4
        self.ack = packet.seq + data + bool(packet.flags & (SYN | FIN)) & 0xFFFFFFFF
        return packet

    def silence(self, seconds=0.3):
        packet = self.wire.receive(lambda p: p.protocol == packets.TCP and p.dport == self.port,
                                   seconds)
        assert not packet, f"{packet} came"


def leaving(sock):
    """A socket that says no more than a reset when it is closed."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("=ii", 1, 0))
    return sock


def connecting(family):
    """A socket of the host's whose SYN has come, and the crafted peer."""
    peer = Peer(family, lib.next_port(), lib.next_port())
    sock = leaving(lib.tcp_socket(HOST[family], port=peer.host_port))
    sock.setblocking(False)
    sock.connect_ex((CRAFTED[family], peer.port))
    peer.receive(SYN)
    return sock, peer


def is_connected(sock):
    assert select.select([], [sock], [], 5)[1], "connecting does not end"
    error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    assert not error, f"error {error}"
    sock.settimeout(5)


def accepted(family):
    """A crafted connection to the host: the listener, the accepted socket, the peer."""
    listener = lib.listen(HOST[family])
    peer = Peer(family, lib.next_port(), listener.getsockname()[1])
    peer.send(SYN)
    peer.receive(SYN | ACK)
    peer.send(ACK)
    return listener, leaving(lib.made(listener.accept()[0])), peer


@subtest("IPv{}: a simultaneous open is the host's connection", *FAMILIES)
def simultaneous_open(family):
    lib.policy(rule("out", "tcp"))
    with lib.moved(judged=1, **{f"rejected_in_ipv{family}": 0}):
        sock, peer = connecting(family)
        peer.send(SYN)
        peer.receive(SYN | ACK)
        peer.send(SYN | ACK, seq=OURS)
        is_connected(sock)
        sock.sendall(b"hello")
        assert peer.receive(PSH).payload.endswith(b"hello")
        peer.send(ACK | PSH, b"you")
        assert sock.recv(9) == b"you"


@subtest("IPv{}: a crossing SYN does not open what is not being opened", *FAMILIES)
def crossing_elsewhere(family):
    lib.policy(rule("out", "tcp"))
    _, peer = connecting(family)
    peer.host_port = lib.listen(HOST[family]).getsockname()[1]
    with lib.moved(**{f"rejected_in_ipv{family}": 1}):
        peer.send(SYN)
        peer.receive(RST)


@subtest("IPv{0[0]}, {0[1]}: half closed, the other half goes on",
         *[(f, d) for f in FAMILIES for d in DIRECTIONS])
def half_close(variant):
    family, direction = variant
    lib.policy(rule(direction, "tcp"))
    for first in (0, 1):
        with lib.moved(judged=1):
            pair = lib.tcp_pair(family, direction)
            closing, other = pair[first], pair[1 - first]
            lib.exchange(*pair)
            closing.shutdown(socket.SHUT_WR)
            assert not other.recv(1)
            for _ in range(20):
                other.sendall(b"z" * 5000)
                assert len(closing.recv(5000, socket.MSG_WAITALL)) == 5000
            other.close()
            assert not closing.recv(1)
            closing.close()


@subtest("IPv{0[0]}, {0[1]}: both close at once", *[(f, d) for f in FAMILIES for d in DIRECTIONS])
def both_close(variant):
    family, direction = variant
    lib.policy(rule(direction, "tcp"))
    with lib.moved(judged=1, **{f"rejected_{d}_ipv{family}": 0 for d in DIRECTIONS}):
        pair = lib.tcp_pair(family, direction)
        for sock in pair:
            sock.shutdown(socket.SHUT_WR)
        for sock in pair:
            assert not sock.recv(1)


def once_more(family, direction, port, own_port):
    """The same ports as before, after the host closed first."""
    client, server = lib.ends(family, direction)
    listener = lib.listen(*server, port=port)
    client = lib.tcp_socket(*client, port=own_port)
    client.connect(listener.getsockname())
    return listener, client, lib.made(listener.accept()[0])


def close_first(first, second, listener):
    """first goes into TIME_WAIT."""
    lib.exchange(first, second)
    first.close()
    assert not second.recv(1)
    second.close()
    listener.close()
    # TIME_WAIT is reused after a tick of the time stamps' clock.
    time.sleep(1.1)


@subtest("IPv{}: who comes again to a socket in TIME_WAIT is judged afresh", *FAMILIES)
def time_wait_in(family):
    port, own_port = lib.next_port(), lib.next_port()
    lib.policy(rule("in", "tcp"))
    listener, client, server = once_more(family, "in", port, own_port)
    close_first(server, client, listener)
    with lib.moved(judged=1):
        listener, client, server = once_more(family, "in", port, own_port)
    close_first(server, client, listener)
    lib.policy()
    with fails(ConnectionRefusedError):
        once_more(family, "in", port, own_port)


@subtest("IPv{}: the host's own reuse of TIME_WAIT is judged afresh", *FAMILIES)
def time_wait_out(family):
    with open("/proc/sys/net/ipv4/tcp_tw_reuse", "w", encoding="ascii") as file:
        file.write("1")
    port, own_port = lib.next_port(), lib.next_port()
    lib.policy(rule("out", "tcp"))
    listener, client, server = once_more(family, "out", port, own_port)
    close_first(client, server, listener)
    with lib.moved(judged=1):
        listener, client, server = once_more(family, "out", port, own_port)
    close_first(client, server, listener)
    lib.policy()
    with fails(ConnectionRefusedError):
        once_more(family, "out", port, own_port)


@subtest("IPv{}: a SYN that comes twice is one connection", *FAMILIES)
def retransmitted_in(family):
    lib.policy(rule("in", "tcp"))
    listener = lib.listen(HOST[family])
    peer = Peer(family, lib.next_port(), listener.getsockname()[1])
    with lib.moved(judged=1, conn_added=1):
        peer.send(SYN)
        peer.receive(SYN | ACK)
        peer.send(SYN, seq=OURS)
        peer.receive(SYN | ACK)
        peer.send(ACK)
        sock = leaving(lib.made(listener.accept()[0]))
        peer.send(ACK | PSH, b"data")
        assert sock.recv(9) == b"data"


@subtest("IPv{}: a SYN that the host sends twice is one connection", *FAMILIES)
def retransmitted_out(family):
    lib.policy(rule("out", "tcp"))
    with lib.moved(judged=1, conn_added=1):
        sock, peer = connecting(family)
        peer.receive(SYN)
        peer.send(SYN | ACK)
        is_connected(sock)


@subtest("IPv{}: a rejected SYN that comes twice is answered twice, and opens nothing", *FAMILIES)
def rejected_twice(family):
    lib.policy()
    listener = lib.listen(HOST[family])
    peer = Peer(family, lib.next_port(), listener.getsockname()[1])
    for _ in range(2):
        with lib.moved(**{f"rejected_in_ipv{family}": 1, f"rejected_out_ipv{family}": 0}):
            peer.send(SYN, seq=OURS)
            answer = peer.receive(RST)
            assert answer.ack == OURS + 1
    peer.silence()


@subtest("IPv{}: after a true reset, the same ports are judged afresh", *FAMILIES)
def after_reset(family):
    lib.policy(rule("in", "tcp"))
    listener, sock, peer = accepted(family)
    peer.send(RST | ACK)
    with fails(ConnectionResetError):
        sock.recv(1)
    lib.policy(rule("in", f"tcp/{lib.next_port()}"))
    with lib.moved(**{f"rejected_in_ipv{family}": 1}):
        peer.next = OURS + 100000
        peer.send(SYN)
        peer.receive(RST)
    listener.settimeout(0.2)
    with fails(TimeoutError):
        listener.accept()


@subtest("IPv{}: a SYN on a live connection gets the stack's challenge, and changes nothing",
         *FAMILIES)
def challenged(family):
    lib.policy(rule("in", "tcp"))
    _, sock, peer = accepted(family)
    with lib.moved(judged=0, conn_added=0):
        peer.send(SYN, seq=OURS + 5)
        answer = peer.receive(ACK)
        assert not answer.flags & (SYN | RST), f"{answer}"
        peer.send(ACK | PSH, b"still here")
        assert sock.recv(20) == b"still here"


@subtest("IPv{}: what belongs to no connection is judged by its own port", *FAMILIES)
def out_of_nothing(family):
    port = lib.next_port()
    lib.policy(rule("in", f"tcp/{port}"))
    peer = Peer(family, lib.next_port(), port)
    for flags in (ACK, FIN | ACK, SYN | ACK, PSH | ACK, 0, FIN, SYN | FIN, 63):
        peer.port = lib.next_port()
        with lib.moved(**{f"allowed_in_ipv{family}": 1, f"rejected_out_ipv{family}": 0}):
            peer.send(flags, seq=OURS)
            lib.wait_for(lambda p=peer.port: [c for c in lib.mctl_json("connections")
                                              if c["sourcePort"] == p], f"flags {flags}")


@subtest("IPv{}: data in a SYN and urgent data pass with the rest", *FAMILIES)
def data_in_syn(family):
    lib.policy(rule("in", "tcp"))
    listener = lib.listen(HOST[family])
    peer = Peer(family, lib.next_port(), listener.getsockname()[1])
    with lib.moved(judged=1):
        peer.send(SYN, b"early")
        peer.receive(SYN | ACK)
        peer.next = OURS + 1
        peer.send(ACK)
        sock = leaving(lib.made(listener.accept()[0]))
        peer.send(ACK | PSH, b"early")
        assert sock.recv(9) == b"early"
    client, server = lib.tcp_pair(family)
    client.send(b"!", socket.MSG_OOB)
    assert select.select([], [], [server], 5)[2], "no urgent data"
    server.setblocking(False)
    assert server.recv(1, socket.MSG_OOB) == b"!"
    server.settimeout(5)
    leaving(client).close()
    with fails(ConnectionResetError):
        server.recv(1)


if __name__ == "__main__":
    lib.main()
