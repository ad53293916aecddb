#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every connection's records come: begin, update, end, numbered without a hole.

Topology: see lib.py.
"""

import collections
import itertools
import json
import os
import random
import time

import lib
import packets
from lib import FAMILIES, HOST, PEER, rule, subtest


def no_holes(records):
    by_cpu = {}
    for record in records:
        by_cpu.setdefault(record["cpu"], []).append(record["seq"])
    for cpu, numbers in by_cpu.items():
        gaps = [pair for pair in itertools.pairwise(sorted(numbers)) if pair[1] != pair[0] + 1]
        assert not gaps, f"holes on processor {cpu}: {gaps}"


def accounted(flows):
    """Made = sent + lost, and what was sent has been read."""
    said = flows.stop()
    counted = lib.stats()
    lost = counted["flows_lost_accept"] + counted["flows_lost_reject"]
    assert counted["flows_made"] == counted["flows_sent"] + lost, counted
    return said, counted


@subtest("IPv{}: TCP: begin, a changed verdict's update, and an end within 10 s", *FAMILIES)
def tcp(family):
    lib.policy(rule("in", "tcp", name="before"))
    flows = lib.Flows()
    client, server = lib.tcp_pair(family, "in")
    port = server.getsockname()[1]
    lib.exchange(client, server, b"x" * 1000)
    begin = flows.wait("the beginning", event="begin", destinationPort=port)
    assert begin["ruleName"] == "before" and begin["action"] == "Accept", begin
    assert begin["sourceIP"] == PEER[family] and begin["destinationIP"] == HOST[family], begin
    client.close()
    server.close()
    closed = time.monotonic()
    end = flows.wait("the end", 10, event="end", destinationPort=port)
    print(f"# the end came after {time.monotonic() - closed:.1f} s")
    assert end["ID"] == begin["ID"] and end["state"] == "closed", end
    assert end["packetsIn"] >= 4 and end["packetsOut"] >= 3, end
    assert end["bytesIn"] > 1000 and end["bytesOut"] > 1000, end
    other, other_end = lib.tcp_pair(family, "in")
    lib.exchange(other, other_end)
    lib.policy()
    other.send(b"x")
    update = flows.wait("the change", event="update", action="Reject")
    assert update["destinationPort"] == other_end.getsockname()[1], update
    accounted(flows)
    no_holes(flows.records)


@subtest("a record for each of 300 connections, made = sent + lost, no hole")
def many():
    lib.policy(rule("in", "udp"))
    flows = lib.Flows()
    for i in range(300):
        if i == 150:
            lib.policy()
        with lib.udp(PEER[4], "peer", 10000 + i) as one:
            one.sendto(b"x", (HOST[4], 20000 + i))
    lib.wait_for(lambda: len(flows.read()) >= 300,
                 "rejections")
    said, counted = accounted(flows)
    assert not said, said
    begun = [r for r in flows.records if r["event"] == "begin"]
    assert len({r["ID"] for r in begun}) == len(begun) == 300, len(begun)
    assert counted["flows_sent"] == len(flows.records), f"{counted} {len(flows.records)}"
    no_holes(flows.records)


@subtest("attempts that are rejected again and again are counted, not repeated")
def attempts():
    lib.policy()
    flows = lib.Flows()
    client = lib.udp(PEER[4], "peer")
    port = lib.next_port()
    for _ in range(20):
        client.sendto(b"x", (HOST[4], port))
    flows.wait("the rejection", action="Reject", destinationPort=port)
    lib.wait_for(lambda: lib.stats()["rejected_in_ipv4"] == 20, "all")
    time.sleep(0.1)
    assert len([r for r in flows.read() if r["destinationPort"] == port]) == 1, flows.records
    now = [c for c in lib.mctl_json("connections") if c["destinationPort"] == port]
    assert now[0]["packetsIn"] == 20, now


# More than a processor counts at a time, so that they take each other's places.
CONNECTIONS = 90
ECHOES = 600


def work(pairs, seed):
    """A process of its own; to be read from what is returned: how often each was used."""
    here, there = os.pipe()
    if not os.fork():
        chance = random.Random(seed)
        used = collections.Counter()
        for _ in range(ECHOES):
            # Few are used more than others, as connections are.
            which = int(len(pairs) * chance.random() ** 3)
            lib.echo_udp(*pairs[which], b"x" * 100)
            used[which] += 1
        os.write(there, json.dumps(used).encode())
        os._exit(0)
    os.close(there)
    return here


def carried(pairs):
    ports = {server.getsockname()[1]: i for i, (_, server) in enumerate(pairs)}
    return {ports[c["destinationPort"]]: tuple(c[name] for name in
                                               ("packetsIn", "packetsOut", "bytesIn", "bytesOut"))
            for c in lib.mctl_json("connections") if c["destinationPort"] in ports}


@subtest("IPv{}: what processors count of connections is exact, and never less than before",
         *FAMILIES)
def exact(family):
    lib.policy(rule("in", "udp"))
    pairs = [lib.udp_pair(family, "in") for _ in range(CONNECTIONS)]
    for begun in (time.monotonic(), time.monotonic() + 3):
        time.sleep(max(0, begun - time.monotonic()))
        for client, server in pairs:
            lib.echo_udp(client, server, b"x" * 100)
            server.connect(client.getsockname())
    first = carried(pairs)
    assert len(first) == CONNECTIONS and set(first.values()) == {first[0]}, first
    assert first[0][:2] == (2, 2), first
    readers = [work(pairs, seed) for seed in range(4)]
    before = first
    for _ in range(5):
        now = carried(pairs)
        less = {i: (before[i], now[i]) for i in now
                if any(a < b for a, b in zip(now[i], before[i]))}
        assert not less, less
        before = now
    used = collections.Counter()
    for reader in readers:
        with os.fdopen(reader) as file:
            used.update({int(i): n for i, n in json.load(file).items()})
    wrong = {i: (now, used[i]) for i, now in carried(pairs).items()
             if now != tuple(n * (used[i] + 2) // 2 for n in first[i])}
    assert not wrong, wrong
    assert used.total() == 4 * ECHOES, used


def storm(family, protocol, port, count):
    """Attempts at one service, each from a port of its own."""
    wire = lib.wire()
    for i in range(count):
        sport = 1024 + i
        if protocol == "tcp":
            wire.send(packets.tcp(PEER[family], HOST[family], sport, port, packets.SYN))
        elif protocol == "udp":
            wire.send(packets.udp(PEER[family], HOST[family], sport, port))
        else:
            wire.send(packets.icmp(PEER[family], HOST[family], 8 if family == 4 else 128, 0,
                                   sport.to_bytes(2, "big") + b"\0\1"))


@subtest("IPv{0[0]}, {0[1]}: attempts from {0[2]} ports are one entry, and none goes uncounted",
         *[(f, p, 5000 if p == "tcp" else 500) for f in FAMILIES for p in ("tcp", "udp", "icmp")])
def flood(variant):
    family, protocol, count = variant
    lib.policy()
    flows = lib.Flows()
    port = lib.next_port()
    storm(family, protocol, port, count)
    lib.wait_for(lambda: lib.stats()[f"rejected_in_ipv{family}"] >= count, "all of them", 60)
    now = lib.mctl_json("connections")
    assert len(now) == 1 and now[0]["packetsIn"] == count, now
    assert not now[0].get("sourcePort"), now
    # A newer policy ends them, and their last record counts the rest.
    lib.policy()
    storm(family, protocol, port, 1)
    end = flows.wait("the end", 10, event="end")
    records = [r for r in flows.read() if r["ID"] == end["ID"]]
    assert [r["event"] for r in records] == ["begin", "end"], records
    first = None if protocol == "icmp" else 1024
    assert records[0].get("sourcePort") == first and not end.get("sourcePort"), records
    assert sum(r["value"] for r in records) == count, records
    accounted(flows)
    no_holes(flows.records)


@subtest("an update comes every 30 s while attempts do, and the end 30 s after the last")
def paced():
    lib.policy()
    flows = lib.Flows()
    port, started, sent = lib.next_port(), time.monotonic(), 0
    with lib.udp(PEER[4], "peer", 1024) as one:
        while time.monotonic() < started + 38:
            one.sendto(b"x", (HOST[4], port))
            sent += 1
            time.sleep(0.2)
    last = time.monotonic()
    end = flows.wait("the end", 45, event="end", destinationPort=port)
    assert time.monotonic() > last + 25, "it ended too early"
    records = [r for r in flows.records if r["ID"] == end["ID"]]
    events = [r["event"] for r in records]
    # What came after the first update is told by a second, or at the end.
    assert events in (["begin", "update", "end"], ["begin", "update", "update", "end"]), records
    assert sum(r["value"] for r in records) == sent, records
    assert all(r["sourcePort"] == 1024 for r in records), records


@subtest("without a listener no record is made, and none is lost")
def nobody():
    lib.policy(rule("in", "udp"))
    client, server = lib.udp_pair(4)
    with lib.moved(flows_made=0, flows_lost_accept=0, flows_lost_reject=0):
        lib.echo_udp(client, server)


@subtest("the counters add up: seen = allowed + rejected + dropped")
def sums():
    lib.policy(rule("in", "udp"))
    for family in FAMILIES:
        client, server = lib.udp_pair(family)
        lib.echo_udp(client, server)
        with lib.fails(ConnectionRefusedError):
            lib.tcp_pair(family, "in")
    counted = lib.stats()
    for where in ("in_ipv4", "in_ipv6", "out_ipv4", "out_ipv6"):
        assert counted[f"seen_{where}"] == sum(
            counted[f"{what}_{where}"] for what in ("allowed", "rejected", "dropped")), counted
    assert lib.mctl_json("stats").keys() == counted.keys()


if __name__ == "__main__":
    lib.main()
