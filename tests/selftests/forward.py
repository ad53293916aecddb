#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the host forwards: nothing by default, observed, or policed.

      peer                     init namespace: the host         inner
     ┌───────────────────┐    ┌────────────────────────┐    ┌────────────────────┐
     │ veth0             ├────┤ veth0          inside0 ├────┤ veth0              │
     │ 192.0.2.2/24      │    │ 192.0.2.1              │    │ 198.51.100.2/24    │
     │ 2001:db8::2/64    │    │ 2001:db8::1            │    │ 2001:db8:1::2/64   │
     └───────────────────┘    │       198.51.100.1     │    └────────────────────┘
                              │       2001:db8:1::1    │
                              └────────────────────────┘

The host routes between peer and inner, whose servers it also publishes at its own
address, and whose connections it can hide behind it: nft, by connection tracking.
"""

import contextlib
import errno
import os
import socket
import struct
import subprocess
import time

import lib
import packets
from lib import FAMILIES, HOST, PEER, fails, rule, subtest

INNER = {4: "198.51.100.2", 6: "2001:db8:1::2"}
INSIDE = {4: "198.51.100.1", 6: "2001:db8:1::1"}
NETS = {4: ("192.0.2.0/24", "198.51.100.0/24"), 6: ("2001:db8::/64", "2001:db8:1::/64")}
INNER_MAC = bytes.fromhex("020000000003")
TABLE = {4: "ip", 6: "ip6"}
FORWARDING = ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding")


def build(stack):
    """The third namespace, and routes."""
    lib.command("ip", "netns", "add", "inner")
    stack.callback(lib.command, "ip", "netns", "delete", "inner", check=False)
    stack.callback(lib.command, "ip", "link", "delete", "inside0", check=False)
    lib.command("ip", "-batch", "-", input=f"""
        link add inside0 type veth peer name veth0 address {INNER_MAC.hex(':')} netns inner
        address add {INSIDE[4]}/24 dev inside0
        address add {INSIDE[6]}/64 dev inside0 nodad
        link set inside0 up
    """)
    lib.command("ip", "-n", "inner", "-batch", "-", input=f"""
        link set lo up
        address add {INNER[4]}/24 dev veth0
        address add {INNER[6]}/64 dev veth0 nodad
        link set veth0 up
        route add default via {INSIDE[4]}
        route add default via {INSIDE[6]}
    """)
    for family in FAMILIES:
        lib.command("ip", "-n", "peer", "route", "add", NETS[family][1], "via", HOST[family])
    for name in FORWARDING:
        lib.command("sysctl", "-qw", f"{name}=1")
        stack.callback(lib.command, "sysctl", "-qw", f"{name}=0")


def mode(name):
    with open("/proc/sys/net/mseg/forward", "w", encoding="ascii") as file:
        file.write(name)


def ends(family, outward):
    """Addresses and namespaces of client and server."""
    both = (INNER[family], "inner"), (PEER[family], "peer")
    return both if outward else both[::-1]


def connect(family, outward=False, to=None, port=0):
    """Through the host, to a server's own address or to another that leads there."""
    client, server = ends(family, outward)
    listener = lib.listen(*server, port=port)
    target = to or listener.getsockname()[:2]
    sock = lib.tcp_socket(*client)
    sock.connect(target)
    accepted = lib.made(listener.accept()[0])
    accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock, accepted


def both(outward, *services):
    """Rules that let a connection through: in by its source, out to its destination."""
    source, destination = (1, 0) if outward else (0, 1)
    nets = [[NETS[f][i] for f in FAMILIES] for i in (source, destination)]
    return (rule("in", *services, entries=nets[0], name=f"in to {nets[1][0]}"),
            rule("out", *services, entries=nets[1], name=f"out from {nets[0][0]}"))


def nft(family, *lines):
    done = subprocess.run(
        ("nft", "-f", "-"), check=False, text=True, capture_output=True,
        input="\n".join((f"table {TABLE[family]} mseg_test {{", *lines, "}")) + "\n")
    if done.returncode:
        raise lib.Skip(f"nft cannot translate here: {done.stderr.splitlines()[:1]}")
    lib.cleanups.callback(lib.command, "nft", "delete", "table", TABLE[family], "mseg_test",
                          check=False)


def publish(family, port, *services):
    """One rule a port: sets make the debug kernel complain of nf_tables."""
    to = f"[{INNER[family]}]" if family == 6 else INNER[family]
    nft(family, "chain pre { type nat hook prerouting priority -100;",
        *(f"{TABLE[family]} daddr {HOST[family]} tcp dport {service} dnat to {to}:{port}"
          for service in services), "}")


def hide(family):
    nft(family, "chain post { type nat hook postrouting priority 100;",
        f"{TABLE[family]} saddr {INNER[family]} oifname veth0 snat to {HOST[family]}", "}")


def moved(family, **wanted):
    return lib.moved(**{f"{name}_forward_ipv{family}": by for name, by in wanted.items()})


# --- modes --------------------------------------------------------------------

@subtest("IPv{}: off by default, nothing is seen", *FAMILIES)
def off(family):
    lib.policy()
    with open("/proc/sys/net/mseg/forward", encoding="ascii") as file:
        assert file.read() == "off\n"
    with moved(family, seen=0):
        lib.exchange(*connect(family))


@subtest("IPv{}: observed, all passes, and is told", *FAMILIES)
def observed(family):
    lib.policy()
    mode("observe")
    flows = lib.Flows()
    with moved(family, rejected=0, dropped=0, seen=(6, 40)):
        client, server = connect(family)
        lib.exchange(client, server)
        port = server.getsockname()[1]
        begun = flows.wait("the connection", event="begin", destinationPort=port)
        client.close()
        server.close()
        ended = flows.wait("its end", event="end", destinationPort=port)
    assert begun["forwarded"] and not begun["raw"] and begun["action"] == "Accept", begun
    assert (begun["sourceIP"], begun["destinationIP"]) == (PEER[family], INNER[family]), begun
    assert begun["observedAction"] == "Reject", begun
    assert ended["packetsOut"] >= 4 and ended["packetsIn"] >= 3, ended
    assert ended["state"] == "closed", ended


@subtest("IPv{}: enforced, it has to be allowed in and out", *FAMILIES)
def enforced(family):
    mode("enforce")
    flows = lib.Flows()
    for outward in (False, True):
        incoming, outgoing = both(outward, "tcp")
        lib.policy(incoming, outgoing)
        lib.exchange(*connect(family, outward))
        for rules, direction in (((), "out"), ((incoming,), "out"), ((outgoing,), "in")):
            lib.policy(*rules)
            with moved(family, rejected=(1, 20)), fails(ConnectionRefusedError) as result:
                connect(family, outward)
            assert result.took < 1, f"refused after {result.took} s"
            source, destination = ends(family, outward)
            record = flows.wait("the refusal", action="Reject", direction=direction,
                                sourceIP=source[0], destinationIP=destination[0])
            assert record["forwarded"] and record["dropReason"] == "default", record
            flows.records.clear()


@subtest("IPv{}: UDP and echo are policed, their answers need no rule", *FAMILIES)
def other_protocols(family):
    icmp, request = ("icmp", 8) if family == 4 else ("icmp6", 128)
    mode("enforce")
    server = lib.udp(INNER[family], "inner", lib.next_port())
    port = server.getsockname()[1]
    lib.policy(*both(False, f"udp/{port}", f"{icmp}/{request}"))
    client = lib.udp(PEER[family], "peer")
    client.connect(server.getsockname())
    lib.echo_udp(client, server)
    ping = ("ip", "netns", "exec", "peer", "ping", "-c", "1", "-W", "2", INNER[family])
    lib.command(*ping)
    lib.policy()
    with fails(ConnectionRefusedError, PermissionError, OSError):
        for _ in range(2):
            client.send(b"x")
            client.recv(10)
    assert lib.command(*ping, check=False).returncode


@subtest("IPv{}: what was observed is judged when enforcing begins, and ends with off", *FAMILIES)
def changes(family):
    lib.policy(*both(False, "tcp"))
    mode("observe")
    allowed = connect(family)
    refused = connect(family, outward=True)
    lib.exchange(*allowed)
    lib.exchange(*refused)
    mode("enforce")
    lib.exchange(*allowed)
    with fails(OSError):
        lib.exchange(*refused)
    mode("observe")
    lib.exchange(*connect(family, outward=True))
    mode("off")
    assert not lib.mctl_json("connections"), lib.mctl_json("connections")
    lib.exchange(*allowed)


@subtest("IPv{}: a new policy ends what it does not allow, and keeps the rest", *FAMILIES)
def rematch(family):
    mode("enforce")
    lib.policy(*both(False, "tcp"), *both(True, "tcp"))
    stays, goes = connect(family), connect(family, outward=True)
    lib.exchange(*stays)
    lib.exchange(*goes)
    lib.policy(*both(False, "tcp"))
    lib.exchange(*stays)
    with fails(OSError):
        lib.exchange(*goes)


# --- published and hidden -----------------------------------------------------

@subtest("IPv{}: a published port obeys the rules for the port it is published by", *FAMILIES)
def published(family):
    service, port = lib.next_port(), lib.next_port()
    mode("enforce")
    publish(family, port, service)
    flows = lib.Flows()
    lib.policy(rule("in", f"tcp/{service}", entries=[f"{PEER[family]}"], name="web"))
    client, server = connect(family, to=(HOST[family], service), port=port)
    lib.exchange(client, server)
    record = flows.wait("it", event="begin", ruleName="web")
    assert (record["direction"], record["destinationIP"], record["destinationPort"]) == \
        ("in", HOST[family], service) and record["forwarded"], record
    client.close()
    server.close()
    # The server's own port is another one, whichever way it is reached.
    lib.policy(rule("in", f"tcp/{port}"), rule("out", f"tcp/{service}"))
    with fails(ConnectionRefusedError):
        lib.tcp_socket(PEER[family], "peer").connect((HOST[family], service))
    lib.policy(rule("in", f"tcp/{service}"))
    with fails(ConnectionRefusedError):
        lib.tcp_socket(PEER[family], "peer").connect((INNER[family], port))


@subtest("IPv{}: an address of nobody's, translated on the way out, needs both rules", *FAMILIES)
def translated_elsewhere(family):
    service, port = lib.next_port(), lib.next_port()
    nowhere = {4: "203.0.113.9", 6: "2001:db8:9::9"}[family]
    to = f"[{PEER[family]}]" if family == 6 else PEER[family]
    mode("enforce")
    nft(family, "chain pre { type nat hook prerouting priority -100;",
        f"{TABLE[family]} daddr {nowhere} tcp dport {service} dnat to {to}:{port}", "}")
    lib.policy(rule("in", f"tcp/{service}"), rule("in", f"tcp/{port}"),
               rule("out", f"tcp/{service}"))
    with fails(ConnectionRefusedError):
        lib.tcp_socket(INNER[family], "inner").connect((nowhere, service))
    lib.policy(*both(True, f"tcp/{port}"))
    lib.exchange(*connect(family, True, (nowhere, service), port))


@subtest("IPv{}: of two ports that lead to one server, each has its rule", *FAMILIES)
def two_ports(family):
    good, bad, port = (lib.next_port() for _ in range(3))
    mode("enforce")
    publish(family, port, good, bad)
    lib.policy(rule("in", f"tcp/{good}"))
    listener = lib.listen(INNER[family], "inner", port)
    for _ in range(3):
        with fails(ConnectionRefusedError):
            lib.tcp_socket(PEER[family], "peer").connect((HOST[family], bad))
        client = lib.tcp_socket(PEER[family], "peer")
        client.connect((HOST[family], good))
        lib.exchange(client, lib.made(listener.accept()[0]))


@subtest("IPv{}: a hidden client is judged by where it goes, and by its own address", *FAMILIES)
def hidden(family):
    mode("enforce")
    hide(family)
    flows = lib.Flows()
    lib.policy(*both(True, "tcp"))
    client, server = connect(family, outward=True)
    assert server.getpeername()[0] == HOST[family], "nothing was translated"
    lib.exchange(client, server)
    record = flows.wait("it", event="begin", forwarded=True)
    assert (record["sourceIP"], record["destinationIP"]) == (INNER[family], PEER[family]), record
    lib.policy(rule("in", "tcp"))
    with fails(ConnectionRefusedError):
        connect(family, outward=True)


@subtest("IPv{}: connections older than the mode are judged in the direction they have", *FAMILIES)
def midstream(family):
    hide(family)
    lib.policy(*both(True, "tcp"))
    good, bad = connect(family, outward=True), connect(family)
    lib.exchange(*good)
    lib.exchange(*bad)
    mode("enforce")
    # The first packet that is seen comes from the server.
    lib.exchange(*good[::-1])
    lib.exchange(*good)
    with fails(OSError):
        lib.exchange(*bad[::-1])


# --- what is forged -----------------------------------------------------------

def wire():
    return lib.wire()


FORGED = {"RST": packets.RST, "FIN": packets.FIN | packets.ACK, "SYN": packets.SYN}


@subtest("IPv{0[0]}: a forged {0[1]} out of the window changes nothing",
         *((f, k) for f in FAMILIES for k in FORGED))
def forged(variant):
    family, name = variant
    mode("enforce")
    lib.policy(*both(False, "tcp"))
    client, server = connect(family)
    lib.exchange(client, server)
    source, destination = client.getsockname()[1], server.getsockname()[1]
    before = lib.mctl_json("connections")[0]["state"]
    wire().send(packets.tcp(PEER[family], INNER[family], source, destination, FORGED[name],
                            seq=12345, ack=54321))
    lib.exchange(client, server)
    after = lib.mctl_json("connections")
    assert [c["state"] for c in after] == [before] == ["established"], after


def sequence(device, port):
    """The next sequence number of who last sent to a port, and its acknowledgment."""
    seen = device.receive(lambda p: p.dport == port and
                          len(p.payload) > (p.payload[12] >> 4) * 4)
    assert seen, "nothing was sent"
    return seen.seq + len(seen.payload) - (seen.payload[12] >> 4) * 4, seen.ack


@subtest("IPv{}: a reset in the window closes, and traffic that goes on disproves it", *FAMILIES)
def reset_in_window(family):
    mode("enforce")
    lib.policy(*both(False, "tcp"))
    with lib.inside("inner"):
        device = packets.Wire("veth0", INNER_MAC, bytes(6))
    lib.cleanups.callback(device.close)
    client, server = connect(family)
    lib.exchange(client, server)
    port = server.getsockname()[1]
    device.drain()
    lib.exchange(client, server)
    seq, ack = sequence(device, port)
    time.sleep(0.3)         # a late acknowledgment would disprove the reset, too
    # The module takes one with a wrong checksum for true, and the server does not.
    packet = bytearray(packets.tcp(PEER[family], INNER[family], client.getsockname()[1], port,
                                   packets.RST, seq=seq, ack=ack))
    packet[-4] ^= 0xFF
    wire().send(bytes(packet))
    lib.wait_for(lambda: lib.mctl_json("connections")[0]["state"] == "closing", "closing")
    lib.exchange(client, server)
    assert lib.mctl_json("connections")[0]["state"] == "established"
    # A true one closes it for good.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    lib.wait_for(lambda: lib.mctl_json("connections")[0]["state"] == "closing", "the reset")


@subtest("IPv{}: the server cannot turn a connection that its client began", *FAMILIES)
def turned(family):
    mode("enforce")
    lib.policy(*both(True, "tcp"))
    client, server = connect(family, outward=True)
    lib.exchange(client, server)
    port, to = server.getsockname()[1], client.getsockname()[1]
    with moved(family, rejected=1):
        wire().send(packets.tcp(PEER[family], INNER[family], port, to, packets.SYN, seq=7))
        lib.wait_for(lambda: lib.stats()[f"rejected_forward_ipv{family}"], "the refusal")
    lib.exchange(client, server)


@subtest("IPv{}: what belongs to nothing is judged for itself", *FAMILIES)
def stray(family):
    mode("enforce")
    lib.policy(*both(True, "tcp"))
    device = wire()
    with moved(family, rejected=3):
        for flags in (packets.ACK, packets.SYN | packets.ACK, packets.FIN | packets.ACK):
            device.send(packets.tcp(PEER[family], INNER[family], 443, 4000 + flags, flags, 1, 1))
        lib.wait_for(lambda: lib.stats()[f"rejected_forward_ipv{family}"] == 3, "refusals")


def error(family, inner):
    kind, code = (3, 3) if family == 4 else (1, 4)
    return packets.icmp(PEER[family], INNER[family], kind, code, payload=inner)


@subtest("IPv{}: an ICMP error passes when it is about a live connection", *FAMILIES)
def errors(family):
    mode("enforce")
    lib.policy(*both(True, "udp"))
    client = lib.udp(INNER[family], "inner")
    client.connect((PEER[family], 9))
    device = wire()
    client.send(b"x")       # nobody listens there, and the peer says so
    with fails(ConnectionRefusedError):
        client.recv(1)
    with moved(family, rejected=1), lib.moved(pass_related=1):
        device.send(error(family, packets.udp(INNER[family], PEER[family],
                                              client.getsockname()[1], 9, b"x")))
        device.send(error(family, packets.udp(INNER[family], PEER[family], 7, 9, b"x")))
        lib.wait_for(lambda: lib.stats()[f"rejected_forward_ipv{family}"], "the refusal")


@subtest("IPv{}: what cannot be judged passes observed, and is dropped enforced", *FAMILIES)
def broken(family):
    packet = packets.ip(PEER[family], INNER[family], packets.TCP, bytes(10))
    device = wire()
    lib.policy(default="allow")
    mode("observe")
    with moved(family, allowed=1, dropped=0):
        device.send(packet)
        lib.wait_for(lambda: lib.stats()[f"seen_forward_ipv{family}"] == 1, "the packet")
    mode("enforce")
    with moved(family, dropped=1), lib.moved(drop_truncated=1):
        device.send(packet)
        lib.wait_for(lambda: lib.stats()[f"seen_forward_ipv{family}"] == 2, "the packet")


@subtest("IPv{}: the host's own packets are none of it, on the same addresses", *FAMILIES)
def own(family):
    """A key of a forwarded connection is no key of the host's."""
    mode("enforce")
    lib.policy(rule("in", "udp"))
    client, server = lib.udp_pair(family)
    with moved(family, seen=0):
        lib.echo_udp(client, server)


@subtest("modes: the parameter, the sysctl and status agree; nobody else may set it")
def settings():
    for name in ("enforce", "observe", "off"):
        lib.load(f"forward={name}")
        with open("/proc/sys/net/mseg/forward", encoding="ascii") as file:
            assert file.read() == f"{name}\n"
    lib.cleanups.callback(lib.load)
    with fails(OSError) as result:
        mode("on")
    assert result.error.errno == errno.EINVAL
    assert os.stat("/proc/sys/net/mseg/forward").st_mode & 0o777 == 0o600


if __name__ == "__main__":
    with contextlib.ExitStack() as outer:
        original = lib.build_network

        def build_all(stack):
            original(stack)
            build(stack)
        lib.build_network = build_all
        lib.main()
