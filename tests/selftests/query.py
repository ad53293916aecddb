#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is asked by multicast or broadcast may answer by unicast, for a short while.

      init namespace: the host           peer
     ┌──────────────────────┐     ┌──────────────────────────────────┐
     │ veth0                ├─────┤ veth0                            │
     │ asks groups; nothing │     │ answers from addresses that were │
     │ may come in          │     │ not asked; or forges answers     │
     └──────────────────────┘     └──────────────────────────────────┘
"""

import contextlib
import os
import socket
import struct
import time

import lib
import packets
from lib import FAMILIES, HOST, PEER, Child, rule, subtest

ANSWER_TIME = 6
BROADCAST = "255.255.255.255"
BROADCAST_MAC = b"\xff" * 6
GROUPS = {
    "mDNS": ("224.0.0.251", 5353), "mDNS over IPv6": ("ff02::fb", 5353),
    "SSDP": ("239.255.255.250", 1900), "LLMNR over IPv6": ("ff02::1:3", 5355),
    "NetBIOS": ("192.0.2.255", 137), "DHCP's renewal": (BROADCAST, 67),
}


def asker(address, local=None, port=0):
    sock = lib.udp(local or HOST[packets.family_of(address)], port=port)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"veth0")
    return sock


def ask(name, port=0):
    """A socket that has asked, and whom."""
    address, service = GROUPS[name]
    sock = asker(address, port=port)
    if ":" in address:
        sock.sendto(b"?", (address, service, 0, socket.if_nametoindex("veth0")))
    else:
        sock.sendto(b"?", (address, service))
    return sock, service


def answer(sock, service, source=None, destination=None, port=None):
    address, own = sock.getsockname()[:2]
    source = source or PEER[packets.family_of(address)]
    lib.wire().send(packets.udp(source, destination or address, service, port or own, b"!"))


def comes(sock, service, **forged):
    """Whether an answer comes; what does not must be refused."""
    before = lib.stats()
    answer(sock, service, **forged)
    sock.settimeout(2)

    def judged():
        now = lib.stats()
        return {name: now[name] - before[name] for name in now}
    moved = lib.wait_for(lambda: (m := judged())["pass_answer"] + m["rejected_in_ipv4"] +
                         m["rejected_in_ipv6"] and m, "verdict")
    if moved["pass_answer"]:
        assert sock.recv(10) == b"!"
    return bool(moved["pass_answer"])


@subtest("{}: a unicast answer belongs to the query", *GROUPS)
def answered(name):
    lib.policy(rule("out", "udp"))
    sock, service = ask(name)
    assert comes(sock, service), "it did not come"
    family = packets.family_of(GROUPS[name][0])
    assert comes(sock, service, source="192.0.2.77" if family == 4 else "fe80::77"), "nor another"
    flow = [c for c in lib.mctl_json("connections") if c["destinationPort"] == service]
    assert flow[0]["packetsIn"] == 2 and flow[0]["packetsOut"] == 1, flow
    assert len(flow) == 1, flow


@subtest("{}: what is no answer is refused", "mDNS", "mDNS over IPv6", "NetBIOS")
def forged(name):
    family = packets.family_of(GROUPS[name][0])
    lib.policy(rule("out", "udp"))
    unasked = lib.udp(HOST[family])
    assert not comes(unasked, GROUPS[name][1]), "nothing was asked"
    sock, service = ask(name)
    assert not comes(sock, service + 1), "from another port"
    assert not comes(sock, service, port=lib.next_port()), "to another port"
    assert not comes(sock, service, source="198.51.100.9" if family == 4 else "2001:db8:9::9"), \
        "from beyond the link"
    assert not comes(unasked, service), "to who did not ask"
    assert comes(sock, service)


@subtest("the time for answers is over after {} seconds, whoever goes on answering", ANSWER_TIME)
def over(seconds):
    lib.policy(rule("out", "udp"))
    sock, service = ask("SSDP")
    asked = time.monotonic()
    while time.monotonic() < asked + seconds - 1:
        assert comes(sock, service), f"after {time.monotonic() - asked} s"
        time.sleep(0.5)
    time.sleep(asked + seconds + 0.5 - time.monotonic())
    assert not comes(sock, service), "it was not over"


@subtest("what may not be asked is not answered")
def denied():
    lib.policy(rule("out", "udp"), rule("out", "udp/5353", action="reject"))
    sock = asker(HOST[4])
    with lib.fails(PermissionError):
        sock.sendto(b"?", GROUPS["mDNS"])
    assert not comes(sock, 5353)


@subtest("a newer policy that forbids the query forbids its answers")
def changed():
    lib.policy(rule("out", "udp"))
    sock, service = ask("mDNS")
    assert comes(sock, service)
    lib.policy()
    assert not comes(sock, service)


@contextlib.contextmanager
def without_address():
    """The host before it has an address."""
    lib.command("ip", "address", "delete", f"{HOST[4]}/24", "dev", "veth0")
    try:
        yield
    finally:
        lib.command("ip", "address", "replace", f"{HOST[4]}/24", "dev", "veth0")
        lib.command("ip", "route", "replace", "default", "via", PEER[4])


@subtest("DHCP without an address: answered {}", "by broadcast", "by unicast")
def dhcp(how):
    lib.policy(rule("out", "udp/67"))
    wire = lib.wire()
    with without_address():
        sock = asker(BROADCAST, local="0.0.0.0", port=68)
        sock.sendto(b"?", (BROADCAST, 67))
        seen = wire.receive(lambda p: p.dport == 67)
        assert seen and seen.source == "0.0.0.0", seen
        if how == "by unicast":
            lib.command("ip", "address", "add", f"{HOST[4]}/24", "dev", "veth0")
        destination = HOST[4] if how == "by unicast" else BROADCAST
        packet = packets.udp(PEER[4], destination, 67, 68, b"!")
        with lib.moved(pass_answer=1):
            wire.send(packet, None if how == "by unicast" else BROADCAST_MAC)
            assert sock.recv(10) == b"!"


@subtest("a broadcast is no answer to who has an address")
def broadcast():
    lib.policy(rule("out", "udp/67"))
    sock, service = ask("DHCP's renewal", 68)
    with lib.moved(pass_answer=0, rejected_in_ipv4=1, answers=0):
        lib.wire().send(packets.udp(PEER[4], BROADCAST, service, 68, b"!"), BROADCAST_MAC)
        lib.wait_for(lambda: lib.stats()["rejected_in_ipv4"], "refusal")
    sock.close()


def link_local(namespace=None):
    words = ("-n", namespace) if namespace else ()
    shown = lib.command("ip", *words, "-6", "-o", "address", "show", "dev", "veth0", "scope",
                        "link").stdout
    return shown.split()[3].split("/")[0]


@subtest("DHCPv6 works by the rule for what goes out")
def dhcpv6():
    lib.policy(rule("out", "udp/547"))
    lib.wait_for(lambda: "tentative" not in lib.command("ip", "-6", "address", "show", "dev",
                                                        "veth0").stdout, "address")
    own, scope = link_local(), socket.if_nametoindex("veth0")
    sock = lib.made(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
    sock.bind((own, 546, 0, scope))
    sock.sendto(b"?", ("ff02::1:2", 547, 0, scope))
    with lib.moved(pass_answer=1):
        lib.wire().send(packets.udp(link_local("peer"), own, 547, 546, b"!"))
        assert sock.recv(10) == b"!"


@subtest("IPv{}: ping of all on the link", *FAMILIES)
def ping(family):
    kind, reply, group = (8, 0, "192.0.2.255") if family == 4 else (128, 129, "ff02::1")
    lib.policy(rule("out", "icmp" if family == 4 else "icmp6"))
    protocol = packets.ICMP if family == 4 else packets.ICMP6
    raw = lib.made(socket.socket(lib.af(HOST[family]), socket.SOCK_RAW, protocol))
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    raw.bind((HOST[family], 0))
    data = struct.pack("!BBHHH", kind, 0, 0, 7, 1)
    data = data[:2] + struct.pack("!H", packets.checksum(data)) + data[4:]
    where = (group, 0) if family == 4 else (group, 0, 0, socket.if_nametoindex("veth0"))
    raw.sendto(data, where)
    wire = lib.wire()
    good = packets.icmp(PEER[family], HOST[family], reply, 0, b"\0\7\0\1")
    bad = packets.icmp(PEER[family], HOST[family], reply, 0, b"\0\x08\0\1")
    with lib.moved(pass_answer=(1, 2), **{f"rejected_in_ipv{family}": 1}):
        before = lib.stats()[f"seen_in_ipv{family}"]
        wire.send(good)
        wire.send(bad)
        lib.wait_for(lambda: lib.stats()[f"rejected_in_ipv{family}"], "refusal")
        assert lib.stats()[f"seen_in_ipv{family}"] > before + 1


@contextlib.contextmanager
def without_prefix():
    """The host as in many a cloud: its address is its own network."""
    lib.command("ip", "address", "replace", f"{HOST[4]}/32", "dev", "veth0")
    lib.command("ip", "address", "delete", f"{HOST[4]}/24", "dev", "veth0")
    lib.command("ip", "route", "replace", "224.0.0.0/4", "dev", "veth0")
    try:
        yield
    finally:
        lib.command("ip", "route", "delete", "224.0.0.0/4", "dev", "veth0")
        lib.command("ip", "address", "replace", f"{HOST[4]}/24", "dev", "veth0")
        lib.command("ip", "address", "delete", f"{HOST[4]}/32", "dev", "veth0")
        lib.command("ip", "route", "replace", "default", "via", PEER[4])


@subtest("where the host's address is its only prefix, nobody is on its link")
def no_prefix():
    lib.policy(rule("out", "udp"))
    with without_prefix():
        sock, service = ask("mDNS")
        assert not comes(sock, service)
        assert not comes(sock, service, source="198.51.100.9")


@subtest("a table full of queries forgets the oldest, and the last is answered")
def many():
    lib.policy(rule("out", "udp"))
    for _ in range(900):
        with ask("mDNS")[0]:
            pass
    sock, service = ask("mDNS")
    assert comes(sock, service)


@subtest("a user who asks from every port pushes out his own queries alone")
def pushes_out():
    lib.policy(rule("out", "udp"))
    sock, service = ask("mDNS")
    with lib.moved(query_forgotten=(100, 800)):
        Child(ask_much, 800).result()
    assert comes(sock, service)


def ask_much(times):
    os.setgroups([])
    os.setuid(12345)
    for _ in range(times):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((HOST[4], 0))
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(HOST[4]))
            sock.sendto(b"?", GROUPS["mDNS"])


@subtest("without a cache answers come as well")
def no_cache():
    lib.load("max_connections=0")
    try:
        lib.policy(rule("out", "udp"))
        sock, service = ask("mDNS")
        assert comes(sock, service)
        assert not comes(sock, service + 1)
    finally:
        lib.load()


if __name__ == "__main__":
    lib.main()
