#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What outgoing connections send first: who is told of it, of which, and how much.

      init namespace: the host            peer
     ┌───────────────────────┐    ┌────────────────────────────────────┐
     │ connects, and sends   ├────┤ takes it                           │
     └───────────────────────┘    └────────────────────────────────────┘
"""

import contextlib
import socket
import time

import genl
import lib
from lib import FAMILIES, HOST, PEER, stats, subtest, tcp_pair, tcp_socket, wait_for

HELLO = b"\x16\x03\x01\x02\x00\x01" + bytes(range(100))
REQUEST = b"GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n"
PATIENCE = 16


def equal(got, wanted, what):
    assert got == wanted, f"{what}: got {got!r}, wanted {wanted!r}"


class Heads(genl.Listener):
    """Those that come."""

    def __init__(self, subscribe=True):
        super().__init__("heads", "HEAD", genl.head_record, subscribe)
        lib.cleanups.callback(self.client.close)

    def wait(self, n=1):
        return wait_for(lambda: len(self.read()) >= n and self.found, f"{n} heads")

    def none_more(self, n=0):
        """All that was sent before has come, once the next connection's has."""
        client, server = tcp_pair(4, "out")
        lib.exchange(client, server, b"Last")
        equal([h["payload"] for h in self.wait(n + 1)][n:], [b"Last"], "heads")
        self.found.pop()


def receive(server, size):
    got = b""
    while len(got) < size:
        got += server.recv(65536)
    return got


@subtest("the first bytes of an outgoing connection are told once, with its flow's number",
         *FAMILIES)
def once(family):
    heads, flows = Heads(), lib.Flows()
    client, server = tcp_pair(family, "out")
    before = time.time()
    for data in (HELLO, b"\x16more", b"\x17and more"):
        lib.exchange(client, server, data)
    head, = heads.wait()
    equal(head["payload"], HELLO, "payload")
    equal(head["length"], len(HELLO), "length")
    assert before - 1 < head["time"] / 1e9 < time.time() + 1, head
    flow = flows.wait("it", direction="out", destinationPort=server.getsockname()[1])
    equal(str(head["connection"]), flow["ID"], "number")
    heads.none_more(1)
    equal([h["seq"] for h in heads.found], [head["seq"]], "of it")


@subtest("of what is longer 2048 bytes are told, and how much was sent at once")
def long():
    heads = Heads()
    client, server = tcp_pair(4, "out")
    data = REQUEST + b"x" * 5000
    client.sendall(data)
    receive(server, len(data))
    head, = heads.wait()
    equal(head["payload"], data[:2048], "payload")
    # As much as TCP sends at once, which is no fixed number.
    assert 2048 < head["length"] <= len(data), head


@subtest("bytes that travel with the SYN are told (Fast Open)", *FAMILIES)
def fast_open(family):
    heads = Heads()
    with lib.inside("peer"):
        with open("/proc/sys/net/ipv4/tcp_fastopen", "w", encoding="ascii") as file:
            file.write("514")       # servers take it, without a cookie
    with open("/proc/sys/net/ipv4/tcp_fastopen", encoding="ascii") as file:
        before = file.read()
    with open("/proc/sys/net/ipv4/tcp_fastopen", "w", encoding="ascii") as file:
        file.write("5")             # so do clients
    try:
        listener = lib.listen(PEER[family], "peer")
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 5)
        client = tcp_socket(HOST[family])
        equal(client.sendto(REQUEST, socket.MSG_FASTOPEN, listener.getsockname()), len(REQUEST),
              "sent")
        server = lib.made(listener.accept()[0])
        equal(receive(server, len(REQUEST)), REQUEST, "received")
    finally:
        with open("/proc/sys/net/ipv4/tcp_fastopen", "w", encoding="ascii") as file:
            file.write(before)
    equal([h["payload"] for h in heads.wait()], [REQUEST], "heads")
    lib.exchange(client, server, b"More")
    heads.none_more(1)


@subtest("nothing is told of what is neither TLS nor HTTP, nor of others' connections")
def others():
    heads = Heads()
    with lib.moved(heads_made=1):       # none_more()'s own
        lib.exchange(*tcp_pair(4, "in"), HELLO)
        lib.echo_udp(*lib.udp_pair(4, "out"), data=REQUEST)
        for first in b"\x00a\x15\x17 @[":
            lib.exchange(*tcp_pair(4, "out"), bytes([first]) + HELLO)
        heads.none_more()


@subtest("a connection that was there before is not waited for")
def older():
    client, server = tcp_pair(4, "out")
    heads = Heads()
    lib.exchange(client, server, HELLO)
    heads.none_more()


@subtest("who only listens for long is not waited for any longer")
def patience():
    heads = Heads()
    client, server = tcp_pair(4, "out")
    for i in range(PATIENCE * 4):
        server.sendall(b"data")
        receive(client, 4)
        if i % 2:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    wait_for(lambda: acknowledged(client, server), "acknowledgements")
    client.sendall(HELLO)
    receive(server, len(HELLO))
    heads.none_more()


def acknowledged(client, server):
    """Segments that the client has sent."""
    server.sendall(b"data")
    receive(client, 4)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    info = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return int.from_bytes(info[136:140], "little") > PATIENCE + 2     # tcpi_segs_out


@subtest("the policy holds while something is waited for, and a rejected one is not told of")
def rejected():
    heads = Heads()
    client, server = tcp_pair(4, "out")
    lib.policy(lib.rule("in", "tcp/1"), out="reject")
    with contextlib.suppress(OSError):
        client.sendall(HELLO)
    lib.policy(lib.rule("in", "tcp/1"), out="allow")
    heads.none_more()
    del server


@subtest("without a subscription none is made, whoever has joined the group; it ends with its socket")
def unsubscribed():
    listener = Heads(subscribe=False)
    with lib.moved(heads_made=0):
        lib.exchange(*tcp_pair(4, "out"), HELLO)
    equal(listener.read(), [], "heads")
    heads = Heads()
    with lib.moved(heads_made=1):
        lib.exchange(*tcp_pair(4, "out"), HELLO)
        heads.wait()
    waited_for = tcp_pair(4, "out")
    heads.client.close()
    with lib.moved(heads_made=0):
        lib.exchange(*waited_for, HELLO)
        lib.exchange(*tcp_pair(4, "out"), HELLO)


@subtest("what nobody reads is lost and counted, and numbered")
def lost():
    heads = Heads()
    heads.client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    before = stats()
    listener = lib.listen(PEER[4], "peer")
    for _ in range(40):
        with tcp_socket(HOST[4]) as client:
            client.connect(listener.getsockname())
            client.sendall(REQUEST + b"x" * 2000)
            listener.accept()[0].close()

    def moved(name):
        return stats()[name] - before[name]

    wait_for(lambda: moved("heads_sent") + moved("heads_lost") == 40, "an end of each")
    equal(moved("heads_made"), 40, "made")
    assert moved("heads_lost") > 0, "none was lost"
    equal(moved("heads_sent") + moved("heads_lost"), 40, "sent and lost")


if __name__ == "__main__":
    lib.main()
