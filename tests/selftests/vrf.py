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
INSIDE = {4: "203.0.113.9", 6: "2001:db8:5::9"}
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


def bind_to(sock, name, kind):
    """To a VRF; or to its interface, for the addresses of a link."""
    device = f"{name}0" if kind == "link-local" else name
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())


def make(name, kind, stream, host, port=0):
    """A socket of the host's, in its VRF, or of its peer's."""
    address = (OWN if host else OTHER)[kind]
    with contextlib.nullcontext() if host else lib.inside(f"{name}-peer"):
        sock = lib.made(socket.socket(lib.af(address),
                                      socket.SOCK_STREAM if stream else socket.SOCK_DGRAM))
        scope = socket.if_nametoindex(f"{name}0" if host else "eth0")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if host:
        bind_to(sock, name, kind)
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


def icmp_socket(name, kind, host):
    with contextlib.nullcontext() if host else lib.inside(f"{name}-peer"):
        raw = lib.made(socket.socket(lib.af(OWN[kind]), socket.SOCK_RAW,
                                     packets.ICMP if kind == 4 else packets.ICMP6))
    if host:
        bind_to(raw, name, kind)
    return raw


def ask(raw, kind, address):
    """An ICMP query; IPv6's checksum is the kernel's to fill in."""
    data = struct.pack("!BBHHH", 8 if kind == 4 else 128, 0, 0, 7, 1)
    data = data[:2] + struct.pack("!H", packets.checksum(data)) + data[4:]
    raw.sendto(data, (address[0], 0, *address[2:]))


def replied(raw, kind):
    """Whether what came is the reply."""
    data = raw.recv(1000)
    return data[20] == 0 if kind == 4 else data[0] == 129


@subtest("{0[0]}, {0[1]}: ping in each", *[(k, d) for k in KINDS for d in DIRECTIONS])
def ping(variant):
    kind, direction = variant
    both()
    lib.policy(rule(direction, icmp(kind)))
    for name in VRFS:
        outgoing = direction == "out"
        raw = icmp_socket(name, kind, outgoing)
        ask(raw, kind, where(name, kind, not outgoing, 0))
        lib.wait_for(lambda r=raw: replied(r, kind), f"reply in {name}")
    assert {f["interface"] for f in lib.mctl_json("connections")} == {"red0", "blue0"}


def icmp(kind):
    return "icmp" if kind == 4 else "icmp6"


@subtest("{0[0]}, {0[1]}: an ICMP error about a connection belongs to it",
         *[(k, d) for k in KINDS for d in DIRECTIONS])
def errors(variant):
    kind, direction = variant
    build("red")
    lib.policy(rule(direction, "udp"))
    outgoing = direction == "out"
    client = make("red", kind, False, outgoing)
    client.connect(where("red", kind, not outgoing, lib.next_port()))
    with lib.moved(pass_related=1), lib.fails(ConnectionRefusedError):
        client.send(b"?")
        client.recv(1)


def nft(*lines):
    done = lib.command("nft", "-f", "-", check=False, input="\n".join(lines) + "\n")
    if done.returncode:
        raise lib.Skip(f"nft cannot do this here: {done.stderr.splitlines()[:1]}")
    lib.cleanups.callback(lib.command, "nft", "delete", "table", "inet", "mseg_test")


@subtest("IPv{}: with --silent in another firewall's errors stay here as well", *FAMILIES)
def others(family):
    build("red")
    port = lib.next_port()
    nft("table inet mseg_test {", "chain input { type filter hook input priority 0;",
        f"udp dport {port} reject", "}", "}")
    lib.policy()
    lib.mctl("defaults", "--silent", "in", "--yes")
    client = make("red", family, False, False)
    with lib.moved(pass_refusal=0, pass_forwarded=0, **{f"rejected_out_ipv{family}": 1}):
        client.sendto(b"?", where("red", family, True, port))
        lib.wait_for(lambda: lib.stats()["judged"], "judgement")


@subtest("an answer to a query to {} belongs to it", "224.0.0.251", "203.0.113.255", "ff02::fb")
def query(group):
    build("red")
    lib.policy(rule("out", "udp"))
    kind = "link-local" if ":" in group else 4
    asker = make("red", kind, False, True)
    scope = socket.if_nametoindex("red0")
    if kind == 4:
        asker.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        asker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                         struct.pack("=4s4si", bytes(4), bytes(4), scope))
    port = lib.next_port()
    other = make("red", kind, False, False, port)
    asker.sendto(b"?", (group, port) if kind == 4 else (group, port, 0, scope))
    with lib.moved(pass_answer=1):
        other.sendto(b"!", where("red", kind, True, asker.getsockname()[1]))
        assert asker.recv(10) == b"!"


def forget():
    lib.mctl("detach", "--yes")
    lib.mctl("attach", "--yes")


@subtest("{}: reset ends a TCP connection that is older than the module", *KINDS)
def reset(kind):
    build("red")
    client, server = pair("red", kind, "in", (lib.next_port(), lib.next_port()))
    forget()
    lib.exchange(server, client)
    lib.policy(options=("--existing", "reset"))
    with lib.fails(ConnectionAbortedError):
        server.recv(1)
    with lib.fails(ConnectionResetError):
        client.recv(1)


@subtest("{}: the answers to a connected UDP socket come in where all is forgotten", *KINDS)
def datagrams(kind):
    build("red")
    ports = lib.next_port(), lib.next_port()
    client, server = pair("red", kind, "out", ports, stream=False)
    client.send(b"?")
    assert server.recv(1) == b"?"
    forget()
    lib.policy(rule("out", "udp"))
    server.sendto(b"!", where("red", kind, True, ports[0]))
    assert client.recv(1) == b"!"


@subtest("IPv{}: a listener that is bound to nothing is none of a VRF's", *FAMILIES)
def unbound(family):
    build("red")
    ports = lib.next_port(), lib.next_port()
    client, server = pair("red", family, "out", ports)
    lib.listen("0.0.0.0" if family == 4 else "::", port=ports[0])
    forget()
    lib.policy(rule("out", "tcp"))
    lib.exchange(server, client)


@subtest("{}: no cache: TCP works with SYN cookies", *KINDS)
def cookies(kind):
    build("red")
    sysctl("net/ipv4/tcp_syncookies", 2)
    lib.load("max_connections=0")
    lib.cleanups.callback(lib.load)
    ports = lib.next_port(), lib.next_port()
    lib.policy(rule("in", f"tcp/{ports[1]}"))
    lib.exchange(*pair("red", kind, "in", ports))


def sysctl(name, value):
    """Until the end of the subtest."""
    path = f"/proc/sys/{name}"
    with open(path, encoding="ascii") as file:
        before = file.read()
    for text in str(value), before:
        def write(text=text):
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
        if text == before:
            lib.cleanups.callback(write)
        else:
            write()


def inside(family):
    """An address of the VRF's own device."""
    length = 32 if family == 4 else 128
    lib.command("ip", "address", "add", f"{INSIDE[family]}/{length}", "dev", "red",
                *["nodad"] * (family == 6))
    return INSIDE[family]


def own(address, kind, protocol=0):
    sock = lib.made(socket.socket(lib.af(address), kind, protocol))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"red")
    sock.bind((address, 0))
    return sock


# What IPv6 sends to an address of one of a VRF's interfaces is judged: POLICY.md.
@subtest("{0[0]}, {0[1]}: a VRF's traffic with itself is not judged",
         *[(a, p) for a in (OWN[4], INSIDE[4], INSIDE[6]) for p in ("TCP", "UDP", "ping")])
def local(variant):
    address, protocol = variant
    family = packets.family_of(address)
    build("red")
    inside(family)
    lib.policy()
    with lib.moved(pass_loopback=(1, 100), judged=0):
        if protocol == "ping":
            raw = icmp_socket("red", family, True)
            ask(raw, family, (address, 0))
            lib.wait_for(lambda: replied(raw, family), "reply")
        else:
            stream = protocol == "TCP"
            server, client = (own(address, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
                              for _ in range(2))
            if stream:
                server.listen(5)
            client.connect(server.getsockname())
            if stream:
                lib.exchange(client, lib.made(server.accept()[0]))
            else:
                lib.echo_udp(client, server)


@subtest("IPv{}: what a route leads into a VRF from elsewhere is not its traffic with itself",
         *FAMILIES)
def leaked(family):
    build("red")
    address = inside(family)
    sysctl("net/ipv4/ip_forward" if family == 4 else "net/ipv6/conf/all/forwarding", 1)
    lib.command("ip", "route", "add", address, "dev", "red")
    lib.command("ip", "-n", "peer", "route", "add", address, "via", lib.HOST[family])
    lib.cleanups.callback(lib.command, "ip", "-n", "peer", "route", "delete", address)
    server = own(address, socket.SOCK_DGRAM)
    client = lib.udp(lib.PEER[family], "peer")
    lib.policy(rule("in", "udp"))
    client.sendto(b"1", server.getsockname()[:2])
    assert server.recv(1) == b"1"
    lib.policy()
    before = lib.stats()[f"rejected_in_ipv{family}"]
    client.sendto(b"2", server.getsockname()[:2])
    lib.wait_for(lambda: lib.stats()[f"rejected_in_ipv{family}"] > before, "rejection", 2)


@subtest("IPv{0[0]}, {0[1]}: what others' rules route out of a VRF is judged",
         *[(f, w) for f in FAMILIES for w in ("direct", "queued")])
def rerouted(variant):
    family, way = variant
    build("red")
    port = lib.next_port()
    if way == "queued" and lib.command("tc", "qdisc", "add", "dev", "red", "root", "pfifo",
                                       check=False).returncode:
        raise lib.Skip("no queueing discipline for a VRF here")
    rerule = f"-{family}", "rule"
    lib.command("ip", *rerule, "add", "fwmark", "7", "lookup", "77", "pref", "500")
    lib.cleanups.callback(lib.command, "ip", *rerule, "delete", "pref", "500")
    lib.command("ip", "route", "replace", "default", "via", lib.PEER[family], "table", "77")
    nft("table inet mseg_test {", "chain output { type route hook output priority -150;",
        f"udp dport {port} meta mark set 7", "}", "}")
    lib.policy()
    client = make("red", family, False, True)
    with lib.moved(**{f"rejected_out_ipv{family}": 1}), lib.fails(PermissionError):
        client.sendto(b"x", where("red", family, False, port))


if __name__ == "__main__":
    if not have_vrf():
        print("TAP version 13")
        print("1..0 # SKIP this kernel has no VRF")
        sys.stdout.flush()
        os._exit(lib.SKIP)
    lib.main()
