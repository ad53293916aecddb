#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections that are older than the module are judged by what they are.

The local sockets tell which connections exist, and a listener tells the
direction. Topology: see lib.py.
"""

import contextlib

import lib
from lib import DIRECTIONS, FAMILIES, fails, rule, subtest

ENDED = (ConnectionResetError, ConnectionRefusedError, ConnectionAbortedError, BrokenPipeError)
WHO_FIRST = ("peer", "host")


def older(family, direction, keep_listening=True):
    """A connection from before the module, as (peer's end, host's end)."""
    client, server = lib.ends(family, direction)
    listener = lib.listen(*server)
    client = lib.tcp_socket(*client)
    client.connect(listener.getsockname())
    accepted = lib.made(listener.accept()[0])
    lib.exchange(client, accepted)
    if not keep_listening:
        listener.close()
    lib.mctl("detach", "--yes")
    return (client, accepted) if direction == "in" else (accepted, client)


CASES = [(f, d, w) for f in FAMILIES for d in DIRECTIONS for w in WHO_FIRST]


@subtest("IPv{0[0]}, {0[1]}: with a rule it goes on, the {0[2]} first", *CASES)
def with_rule(variant):
    family, direction, first = variant
    peer, host = older(family, direction)
    lib.mctl("attach", "--yes")
    lib.policy(rule(direction, "tcp"))
    flows = lib.Flows()
    with lib.moved(**{f"rejected_in_ipv{family}": 0, f"rejected_out_ipv{family}": 0}):
        lib.exchange(*((peer, host) if first == "peer" else (host, peer)))
    seen = flows.wait("it", existing=True, protocol="tcp")
    assert seen["action"] == "Accept" and seen["reason"] == "rule", seen
    if direction == "in":
        assert seen["direction"] == "in", seen


@subtest("IPv{0[0]}, {0[1]}: without a rule it ends, the {0[2]} first", *CASES)
def without_rule(variant):
    family, direction, first = variant
    peer, host = older(family, direction)
    lib.mctl("attach", "--yes")
    lib.policy(rule("out" if direction == "in" else "in", "tcp/1"))
    one, other = (peer, host) if first == "peer" else (host, peer)
    with contextlib.suppress(*ENDED):
        one.send(b"x")
    with fails(*ENDED):
        if not one.recv(10):
            raise ConnectionResetError
    other.settimeout(0.1)
    with fails(*ENDED, TimeoutError):
        data = other.recv(10)
        assert not data, f"{data} came through"
        raise ConnectionResetError


@subtest("IPv{}: incoming, with its listener: a rule for outgoing does not let it go on",
         *FAMILIES)
def wrong_direction(family):
    peer, _ = older(family, "in")
    lib.mctl("attach", "--yes")
    lib.policy(rule("out", "tcp"))
    peer.send(b"x")
    with fails(ConnectionResetError):
        peer.recv(10)


@subtest("IPv{}: incoming, its listener gone: one Allow is enough", *FAMILIES)
def listener_gone(family):
    peer, host = older(family, "in", keep_listening=False)
    lib.mctl("attach", "--yes")
    lib.policy(rule("in", f"tcp/{host.getsockname()[1]}"))
    lib.exchange(peer, host)


@subtest("IPv{}: attached in discovery mode, it ends at its rejection", *FAMILIES)
def discovered(family):
    peer, host = older(family, "in")
    lib.mctl("attach", "--yes")
    lib.exchange(peer, host)
    lib.policy(options=("--existing", "reset"))
    with fails(ConnectionAbortedError):
        host.recv(10)
    with fails(ConnectionResetError):
        peer.recv(10)


@subtest("IPv{}: a connected UDP socket's answers come in", *FAMILIES)
def datagrams(family):
    client, server = lib.udp_pair(family, "out")
    client.send(b"question")
    question, address = server.recvfrom(100)
    lib.mctl("detach", "--yes")
    lib.mctl("attach", "--yes")
    lib.policy(rule("out", "udp"))
    server.sendto(question, address)
    assert client.recv(100) == question


if __name__ == "__main__":
    lib.main()
