#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a link needs passes while all is rejected, but only from the link.

Neighbour discovery, MLD and IGMP pass; what a router could have let through does
not; a packet that the host sends by a source route is refused. Topology: see
lib.py.
"""

import socket
import struct

import lib
import packets
from lib import HOST, PEER, fails, rule, subtest

LSRR = bytes((131, 7, 4)) + packets.packed("198.51.100.7") + b"\0"
GROUP, GROUP6 = "239.1.2.3", "ff05::1:3"
ALL_HOSTS, ALL_NODES = "224.0.0.1", "ff02::1"
MACS = {ALL_HOSTS: bytes.fromhex("01005e000001"), ALL_NODES: bytes.fromhex("333300000001")}
LINK_LOCAL = "fe80::2"
MLD_QUERY = 130


@subtest("neighbours are found")
def neighbours():
    lib.policy(rule("out", "udp"), rule("in", "udp"))
    for direction in lib.DIRECTIONS:
        lib.command("ip", "neighbour", "flush", "dev", "veth0", "nud", "all")
        lib.command("ip", "-n", "peer", "neighbour", "flush", "dev", "veth0", "nud", "all")
        client, server = lib.udp_pair(6, direction)
        lib.echo_udp(client, server)
    counted = lib.stats()
    assert counted["pass_link"] >= 2, counted
    assert not counted["rejected_out_ipv6"] and not counted["rejected_in_ipv6"], counted


@subtest("router discovery passes: a prefix that the peer advertises is configured")
def router_discovery():
    lib.policy()
    advertisement = struct.pack("!BBHII", 64, 0, 0, 0, 0) + \
        struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 600, 600, 0) + packets.packed("2001:db8:77::")
    packet = packets.icmp(LINK_LOCAL, ALL_NODES, 134, 0, advertisement[:4], advertisement[4:],
                          ttl=255)
    with lib.moved(pass_link=(1, 20)):
        lib.wire().send(packet, MACS[ALL_NODES])
        lib.wait_for(lambda: "2001:db8:77:" in lib.command(
            "ip", "-6", "address", "show", "dev", "veth0").stdout, "address", 5)


def joined(group):
    sock = lib.udp(HOST[packets.family_of(group)])
    if ":" in group:
        device = socket.if_nametoindex("veth0")
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                        packets.packed(group) + struct.pack("=I", device))
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                        packets.packed(group) + packets.packed(HOST[4]))
    return sock


@subtest("the host's IGMP and MLD reports leave it")
def reports():
    lib.policy()
    wire = lib.wire()
    sock = joined(GROUP)
    assert wire.receive(lambda p: p.protocol == packets.IGMP and p.kind == 0x22), "no IGMP"
    sock6 = joined(GROUP6)
    assert wire.receive(lambda p: p.protocol == packets.ICMP6 and p.kind == 143), "no MLD"
    sock.close()
    sock6.close()
    counted = lib.stats()
    assert not counted["rejected_out_ipv4"] and not counted["rejected_out_ipv6"], counted


def igmp_query(ttl=1, destination=ALL_HOSTS):
    data = bytes.fromhex("1101000000000000027d0000")
    data = data[:2] + struct.pack("!H", packets.checksum(data)) + data[4:]
    return packets.ip(PEER[4], destination, packets.IGMP, data, ttl=ttl,
                      options=bytes.fromhex("94040000"))


def mld_query(source=LINK_LOCAL, ttl=1, destination=ALL_NODES):
    data = struct.pack("!BBHHH16sBBH", MLD_QUERY, 0, 0, 1, 0, bytes(16), 2, 125, 0)
    data = packets.with_checksum(source, destination, packets.ICMP6, data, 2)
    # Hop-by-hop options: router alert, padding.
    options = struct.pack("!BB", packets.ICMP6, 0) + bytes.fromhex("050200000100")
    return packets.ip(source, destination, 0, options + data, ttl=ttl)


@subtest("queries of the link are answered")
def queries():
    sockets = joined(GROUP), joined(GROUP6)
    lib.policy()
    wire = lib.wire()
    with lib.moved(rejected_in_ipv4=0, rejected_in_ipv6=0):
        wire.send(igmp_query(), MACS[ALL_HOSTS])
        wire.send(mld_query(), MACS[ALL_NODES])
        wanted = {(packets.IGMP, 0x22), (packets.ICMP6, 143)}
        while wanted:
            seen = wire.receive(lambda p: (p.protocol, p.kind) in wanted)
            assert seen, f"no answer of protocol and type {wanted}"
            wanted.remove((seen.protocol, seen.kind))
    for sock in sockets:
        sock.close()


FROM_FAR = {
    "an IGMP query with TTL 2": (4, lambda: igmp_query(ttl=2)),
    "an IGMP query to the host alone": (4, lambda: igmp_query(destination=HOST[4])),
    "an MLD query from a global address": (6, lambda: mld_query(source=PEER[6])),
    "an MLD query with hop limit 2": (6, lambda: mld_query(ttl=2)),
    "a neighbour solicitation with hop limit 64": (6, lambda: packets.icmp(
        PEER[6], HOST[6], 135, 0, bytes(4), packets.packed(HOST[6]), ttl=64)),
    "a router advertisement with hop limit 254": (6, lambda: packets.icmp(
        LINK_LOCAL, HOST[6], 134, 0, bytes(4), bytes(8), ttl=254)),
}


@subtest("{} is not of the link, and refused", *FROM_FAR)
def from_far(what):
    family, make = FROM_FAR[what]
    lib.policy()
    packet = make()
    mac = next((m for a, m in MACS.items() if packets.packed(a) in packet[:40]), None)
    before = lib.stats()
    lib.wire().send(packet, mac)
    name = f"rejected_in_ipv{family}"
    lib.wait_for(lambda: lib.stats()[name] > before[name], "refusal", 3)


@subtest("IPv4: a packet by a source route is not sent, even where all is allowed")
def source_route():
    lib.policy(default="allow")
    sock = lib.udp(HOST[4])
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, LSRR)
    with lib.moved(drop_source_route=1), fails(PermissionError):
        sock.sendto(b"x", (PEER[4], 9))


@subtest("IPv6: a packet with segments left is not sent, even where all is allowed")
def routing_header():
    lib.policy(default="allow")
    data = packets.udp_data(HOST[6], PEER[6], 1, 9, b"x")
    routing = struct.pack("!BBBBI", packets.UDP, 2, 0, 1, 0) + packets.packed("2001:db8::7")
    raw = lib.made(socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW))
    with lib.moved(drop_source_route=1), fails(PermissionError):
        raw.sendto(packets.ip(HOST[6], PEER[6], 43, routing + data), (PEER[6], 0))


if __name__ == "__main__":
    lib.main()
