#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Two VRFs with the same addresses are two networks.

      init namespace: the host                 one namespace each
     ┌───────────────────────────────┐    ┌────────────────────────┐
     │ red:  red0  203.0.113.1/24    ├────┤ eth0  203.0.113.2/24   │  red-peer
     │             2001:db8:5::1/64  │    │       2001:db8:5::2/64 │
     │             fe80::1           │    │       fe80::2          │
     │ blue: blue0, the same         ├────┤ eth0, the same         │  blue-peer
     └───────────────────────────────┘    └────────────────────────┘
"""

import contextlib
import os
import socket
import struct
import subprocess
import sys

import lib
import packets
from lib import DIRECTIONS, FAMILIES, rule, subtest

OWN = {4: "203.0.113.1", 6: "2001:db8:5::1", "link-local": "fe80::1"}
OTHER = {4: "203.0.113.2", 6: "2001:db8:5::2", "link-local": "fe80::2"}
VRFS = {"red": 1001, "blue": 1002}
KINDS = (*FAMILIES, "link-local")


def have_vrf():
    subprocess.run(("modprobe", "-q", "vrf"), check=False, stderr=subprocess.DEVNULL)
    made = subprocess.run(("ip", "link", "add", "mseg-try", "type", "vrf", "table", "1000"),
                          check=False, stderr=subprocess.DEVNULL)
    lib.command("ip", "link", "delete", "mseg-try", check=False)
    return not made.returncode


def build(name):
    peer, device = f"{name}-peer", f"{name}0"
    lib.command("ip", "netns", "add", peer)
    lib.command("ip", "-batch", "-", input=f"""
        link add {name} type vrf table {VRFS[name]}
        link set {name} up
        link add {device} type veth peer name eth0 netns {peer}
        link set {device} addrgenmode none
        link set {device} master {name}
        address add {OWN[4]}/24 dev {device}
        link set {device} up
        address add {OWN[6]}/64 dev {device} nodad
        address add {OWN["link-local"]}/64 dev {device} nodad
    """)
    lib.command("ip", "-n", peer, "-batch", "-", input=f"""
        link set lo up
        link set eth0 addrgenmode none
        address add {OTHER[4]}/24 dev eth0
        link set eth0 up
        address add {OTHER[6]}/64 dev eth0 nodad
        address add {OTHER["link-local"]}/64 dev eth0 nodad
    """)
    lib.cleanups.callback(remove, name)


def remove(name):
    lib.command("ip", "link", "delete", f"{name}0", check=False)
    lib.command("ip", "link", "delete", name, check=False)
    lib.command("ip", "netns", "delete", f"{name}-peer", check=False)


def both():
    for name in VRFS:
        build(name)


def make(name, kind, stream, host, port=0):
    """A socket of the host's, in its VRF, or of its peer's."""
    address = (OWN if host else OTHER)[kind]
    with contextlib.nullcontext() if host else lib.inside(f"{name}-peer"):
        sock = lib.made(socket.socket(lib.af(address),
                                      socket.SOCK_STREAM if stream else socket.SOCK_DGRAM))
        scope = socket.if_nametoindex(f"{name}0" if host else "eth0")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if host:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE,
                        (f"{name}0" if kind == "link-local" else name).encode())
    sock.bind((address, port, 0, scope) if kind == "link-local" else (address, port))
    return sock


def where(name, kind, host, port):
    """The address of the host's or its peer's end, for the other end."""
    address = (OWN if host else OTHER)[kind]
    if kind != "link-local":
        return address, port
    with lib.inside(f"{name}-peer") if host else contextlib.nullcontext():
        return address, port, 0, socket.if_nametoindex("eth0" if host else f"{name}0")


def pair(name, kind, direction, ports, stream=True):
    """Client and server with these ports."""
    outgoing = direction == "out"
    server = make(name, kind, stream, not outgoing, ports[1])
    client = make(name, kind, stream, outgoing, ports[0])
    if stream:
        server.listen(5)
    client.connect(where(name, kind, not outgoing, ports[1]))
    return client, lib.made(server.accept()[0]) if stream else server


def known(port):
    return [c for c in lib.mctl_json("connections") if c["destinationPort"] == port]


@subtest("{0[0]}, {0[1]}: TCP by a rule, in both at once, with the same ports",
         *[(k, d) for k in KINDS for d in DIRECTIONS])
def tcp(variant):
    kind, direction = variant
    both()
    ports = lib.next_port(), lib.next_port()
    lib.policy(rule(direction, f"tcp/{ports[1]}"))
    ends = [pair(name, kind, direction, ports) for name in VRFS]
    for client, server in ends:
        lib.exchange(client, server, bytes(3000))
    flows = known(ports[1])
    assert len(flows) == 2, flows
    assert {f["interface"] for f in flows} == {"red0", "blue0"}, flows
    for client, server in ends:
        client.close()
        server.close()
    lib.wait_for(lambda: {f["state"] for f in known(ports[1])} <= {"closed"}, "end", 15)


@subtest("{0[0]}, {0[1]}: TCP goes on where all is forgotten, judged in its direction",
         *[(k, d) for k in KINDS for d in DIRECTIONS])
def cold(variant):
    kind, direction = variant
    both()
    ports = lib.next_port(), lib.next_port()
    ends = [pair(name, kind, direction, ports) for name in VRFS]
    lib.mctl("detach", "--yes")
    lib.mctl("attach", "--yes")
    lib.policy(rule(direction, f"tcp/{ports[1]}"))
    for client, server in ends:
        lib.exchange(server, client)
    assert lib.stats()["midstream"] == 2, lib.stats()


# A link-local peer's address as recvfrom() gives it names the VRF, by which none is reached.
@subtest("{0[0]}, {0[1]}: UDP by a rule, and each packet counted once",
         *[(k, d) for k in KINDS for d in DIRECTIONS if (k, d) != ("link-local", "in")])
def udp(variant):
    kind, direction = variant
    both()
    ports = lib.next_port(), lib.next_port()
    lib.policy(rule(direction, f"udp/{ports[1]}"))
    for name in VRFS:
        client, server = pair(name, kind, direction, ports, stream=False)
        for _ in range(3):
            lib.echo_udp(client, server)
    flows = known(ports[1])
    assert [(f["packetsIn"], f["packetsOut"]) for f in flows] == [(3, 3), (3, 3)], flows


# A reset to a link-local peer finds no way out of a VRF: nf_send_reset6() routes by the VRF.
@subtest("{0[0]}, {0[1]}: what no rule allows is refused at once",
         *[(k, d) for k in KINDS for d in DIRECTIONS if (k, d) != ("link-local", "in")])
def refused(variant):
    kind, direction = variant
    both()
    lib.policy()
    for name in VRFS:
        with lib.fails(ConnectionRefusedError) as refusal:
            pair(name, kind, direction, (0, lib.next_port()))
        assert refusal.took < 1, refusal.took


@subtest("{}: a rejected attempt in one VRF is none in the other", *FAMILIES)
def apart(kind):
    both()
    lib.policy()
    port = lib.next_port()
    for name in VRFS:
        with lib.fails(ConnectionRefusedError):
            pair(name, kind, "in", (0, port))
    flows = known(port)
    assert [f["packetsIn"] for f in flows] == [1, 1], flows


@subtest("IPv{}: ping out of each", *FAMILIES)
def ping(family):
    both()
    lib.policy(rule("out", "icmp" if family == 4 else "icmp6"))
    protocol = packets.ICMP if family == 4 else packets.ICMP6
    for name in VRFS:
        raw = lib.made(socket.socket(lib.af(OWN[family]), socket.SOCK_RAW, protocol))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name.encode())
        data = struct.pack("!BBHHH", 8 if family == 4 else 128, 0, 0, 7, 1)
        data = data[:2] + struct.pack("!H", packets.checksum(data)) + data[4:]
        raw.sendto(data, (OTHER[family], 0))
        lib.wait_for(lambda n=name: any(f["interface"] == f"{n}0" and f["packetsIn"] for f in
                                        lib.mctl_json("connections")), f"reply in {name}")


@subtest("IPv4: a VRF's traffic with itself is not judged")
def local():
    both()
    lib.policy()
    port = lib.next_port()
    server = make("red", 4, True, True, port)
    server.listen(5)
    client = make("red", 4, True, True)
    with lib.moved(rejected_in_ipv4=0, rejected_out_ipv4=0, pass_loopback=(6, 100)):
        client.connect((OWN[4], port))
        lib.exchange(client, lib.made(server.accept()[0]))
    assert not known(port), known(port)


if __name__ == "__main__":
    if not have_vrf():
        print("TAP version 13")
        print("1..0 # SKIP this kernel has no VRF")
        sys.stdout.flush()
        os._exit(lib.SKIP)
    lib.main()
