#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The module comes and goes under traffic, dumps and a listener, and none notices.

Topology: see lib.py.
"""

import contextlib
import threading
import time

import genl
import lib
from lib import FAMILIES, HOST, rule, subtest

ROUNDS = 30


class Traffic:
    """Both ways of one connection and of a stream of datagrams, in each family."""

    def __init__(self):
        self.pairs = [lib.tcp_pair(f, d) for f in FAMILIES for d in lib.DIRECTIONS]
        self.streams = [lib.udp_pair(f) for f in FAMILIES]
        self.rounds, self.error, self.over = 0, None, False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        try:
            while not self.over:
                for pair in self.pairs:
                    lib.exchange(*pair)
                for stream in self.streams:
                    lib.echo_udp(*stream)
                # Some that are new, and closed ports.
                with lib.udp(HOST[4]) as one:
                    one.sendto(b"x", (lib.PEER[4], 9))
                self.rounds += 1
                time.sleep(0.005)
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def stop(self):
        self.over = True
        self.thread.join()
        assert not self.error, f"traffic stopped after {self.rounds} rounds: {self.error!r}"


def dumps(stop):
    """Dump and listen for ever, module or not."""
    while not stop:
        with contextlib.suppress(OSError, genl.Refused, KeyError):
            client = genl.Client(timeout=1)
            try:
                client.call("FLOW_SUBSCRIBE")
                client.join("flows")
                for name in ("STATUS_GET", "STATS_GET"):
                    client.call(name)
                for name in ("CONNECTION_GET", "RULE_GET", "NETWORK_GET"):
                    client.call(name, dump=True)
                with open("/proc/net/mseg/connections", encoding="utf-8") as file:
                    file.read()
            finally:
                client.close()
        time.sleep(0.02)


@subtest(f"loaded and unloaded {ROUNDS} times under traffic and dumps, no packet is lost")
def rounds():
    stop = []
    reader = threading.Thread(target=dumps, args=(stop,))
    traffic = Traffic()
    reader.start()
    try:
        for _ in range(ROUNDS):
            lib.unload()
            lib.load()
    finally:
        stop.append(True)
        reader.join()
        traffic.stop()
    print(f"# {traffic.rounds} rounds of traffic")
    assert traffic.rounds >= ROUNDS


@subtest("it is unloaded with a full cache, open sockets and a transaction")
def full():
    lib.policy(rule("in", "udp"), default="allow")
    client, server = lib.udp_pair(4, connected=False)
    for i in range(500):
        client.sendto(b"x", (HOST[4], 1000 + i))
    open_ones = [genl.Client() for _ in range(5)]
    for one in open_ones:
        lib.cleanups.callback(one.close)
        one.call("FLOW_SUBSCRIBE")
        one.call("TXN_BEGIN")
    client.sendto(b"x", server.getsockname())
    lib.unload()
    assert server.recv(1) == b"x"
    lib.load()


if __name__ == "__main__":
    lib.main()
