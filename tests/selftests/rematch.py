#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a change of policy does to connections that exist.

One that stays allowed loses no packet. One that is no longer allowed ends at its
next packet, and both sides are told; with keep it goes on, with reset it is cut
at once. Topology: see lib.py.
"""

import contextlib
import subprocess

import lib
from lib import DIRECTIONS, FAMILIES, fails, rule, subtest

ENDED = (ConnectionResetError, ConnectionRefusedError, ConnectionAbortedError, BrokenPipeError)
BOTH = [(f, d) for f in FAMILIES for d in DIRECTIONS]


@subtest("IPv{0[0]}, {0[1]}: it stays allowed and loses nothing over 20 commits", *BOTH)
def stays(variant):
    family, direction = variant
    lib.policy(rule(direction, "tcp"))
    client, server = lib.tcp_pair(family, direction)
    rounds = 0
    with lib.moved(**{f"{what}_{way}_ipv{v}": 0 for what in ("rejected", "dropped")
                      for way in DIRECTIONS for v in FAMILIES}):
        for i in range(20):
            loading = subprocess.Popen(
                ("mctl", "load", "--yes", "-f", "-"), stdin=subprocess.PIPE, text=True,
                stdout=subprocess.DEVNULL)
            loading.stdin.write(lib.flat(rule(direction, "tcp", name=f"r{i}")))
            loading.stdin.close()
            while loading.poll() is None:
                lib.exchange(client, server, b"%08d" % rounds)
                rounds += 1
            assert loading.returncode == 0
    assert rounds >= 20, f"only {rounds} exchanges"


def ends_now(client, server):
    """Each side uses its socket, and is told."""
    for one in (client, server):
        def told(sock=one):
            try:
                sock.send(b"x")
                sock.setblocking(False)
                return not sock.recv(10)
            except BlockingIOError:
                return False
            except ENDED:
                return True
        lib.wait_for(told, f"end told to {one}", 5)


@subtest("IPv{0[0]}, {0[1]}: no longer allowed, it ends and both sides are told", *BOTH)
def ends(variant):
    family, direction = variant
    lib.policy(rule(direction, "tcp"))
    client, server = lib.tcp_pair(family, direction)
    lib.exchange(client, server)
    flows = lib.Flows()
    lib.policy()
    ends_now(client, server)
    flows.wait("the change", event="update", action="Reject", direction=direction)


@subtest("IPv{0[0]}, {0[1]}: the peer's packet ends it, too", *BOTH)
def ends_by_peer(variant):
    family, direction = variant
    lib.policy(rule(direction, "tcp"))
    client, server = lib.tcp_pair(family, direction)
    lib.exchange(client, server)
    lib.policy()
    peer, host = (client, server) if direction == "in" else (server, client)
    peer.send(b"never")
    with fails(ConnectionResetError):
        peer.recv(10)
    with fails(*ENDED, BlockingIOError):
        host.setblocking(False)
        assert not host.recv(10), "it came through"
        raise ConnectionResetError
    ends_now(host, host)


@subtest("IPv{0[0]}, {0[1]}: keep lets it go on, and a new one is refused", *BOTH)
def keep(variant):
    family, direction = variant
    port = lib.next_port()
    lib.policy(rule(direction, "tcp"))
    client, server = lib.tcp_pair(family, direction, port)
    lib.exchange(client, server)
    lib.policy(options=("--existing", "keep"))
    lib.exchange(client, server)
    with fails(ConnectionRefusedError):
        lib.tcp_pair(family, direction)
    # And it is kept by the next one that keeps, but not by one that does not.
    lib.policy(options=("--existing", "keep"))
    lib.exchange(client, server)
    lib.policy()
    ends_now(client, server)


@subtest("IPv{0[0]}, {0[1]}: reset cuts it at once, and both sides are told", *BOTH)
def reset(variant):
    family, direction = variant
    lib.policy(rule(direction, "tcp"))
    client, server = lib.tcp_pair(family, direction)
    lib.exchange(client, server)
    lib.policy(options=("--existing", "reset"))
    peer, host = (client, server) if direction == "in" else (server, client)
    with fails(ConnectionAbortedError):
        host.recv(10)
    with fails(ConnectionResetError):
        peer.recv(10)


@subtest("IPv{}: reset leaves alone what is still allowed", *FAMILIES)
def reset_spares(family):
    kept, cut = lib.next_port(), lib.next_port()
    lib.policy(rule("in", "tcp"))
    spared = lib.tcp_pair(family, "in", kept)
    lost = lib.tcp_pair(family, "in", cut)
    lib.policy(rule("in", f"tcp/{kept}"), options=("--existing", "reset"))
    with fails(ConnectionResetError):
        lost[0].recv(10)
    lib.exchange(*spared)


@subtest("IPv{}: a stream of datagrams ends, and may begin again", *FAMILIES)
def datagrams(family):
    lib.policy(rule("in", "udp"))
    client, server = lib.udp_pair(family, "in")
    lib.echo_udp(client, server)
    lib.policy()
    client.send(b"never")
    with fails(OSError):
        client.recv(10)
    server.settimeout(0.2)
    with fails(TimeoutError):
        server.recv(10)
    server.settimeout(5)
    lib.policy(rule("in", "udp"))
    with contextlib.suppress(OSError):
        client.send(b"")    # takes the socket's pending error
        server.recv(10)
    lib.echo_udp(client, server)


if __name__ == "__main__":
    lib.main()
