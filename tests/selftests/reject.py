#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is rejected gets its answer at once, and a record that says why.

TCP a reset, everything else "administratively prohibited", a local sender its
error; with --silent nothing. Topology: see lib.py.
"""

import errno
import socket
import subprocess
import time

import lib
import packets
from lib import FAMILIES, HOST, PEER, fails, subtest

AT_ONCE = 1.0
UNREACHABLE = {4: (3, 13), 6: (1, 1)}       # type and code
GRE_HEADER = bytes.fromhex("00006558")


def record(flows, family, direction, protocol, reason="default"):
    flows.wait("the rejection", action="Reject", direction=direction, protocol=protocol,
               dropReason=reason, sourceIP=(PEER if direction == "in" else HOST)[family])


@subtest("IPv{}: an incoming TCP connection is refused at once", *FAMILIES)
def tcp_in(family):
    server = lib.listen(HOST[family])
    lib.policy()
    flows = lib.Flows()
    client = lib.tcp_socket(PEER[family], "peer")
    with fails(ConnectionRefusedError) as refused:
        client.connect(server.getsockname())
    assert refused.took < AT_ONCE, f"it took {refused.took} s"
    record(flows, family, "in", "tcp")


@subtest("IPv{}: an outgoing TCP connection is refused at once", *FAMILIES)
def tcp_out(family):
    server = lib.listen(PEER[family], "peer")
    lib.policy()
    flows = lib.Flows()
    wire = lib.wire()
    client = lib.tcp_socket(HOST[family])
    with fails(ConnectionRefusedError) as refused:
        client.connect(server.getsockname())
    assert refused.took < AT_ONCE, f"it took {refused.took} s"
    record(flows, family, "out", "tcp")
    seen = wire.receive(lambda p: p.protocol == packets.TCP, 0.2)
    assert not seen, f"{seen} left the host"


def expect_prohibited(wire, family, quoted):
    """An error that quotes the packet's beginning."""
    kind, code = UNREACHABLE[family]
    seen = wire.receive(lambda p: p.protocol in (packets.ICMP, packets.ICMP6) and
                        (p.kind, p.code) == (kind, code), 2)
    assert seen, "no answer"
    start = 20 if family == 4 else 40
    quotation = seen.payload[8:]
    assert quotation[start:start + 8] == quoted[start:start + 8], \
        f"it quotes {quotation.hex()}, not {quoted.hex()}"


def incoming(family, protocol):
    source, destination = PEER[family], HOST[family]
    if protocol == "udp":
        return packets.udp(source, destination, 1234, lib.next_port(), b"?")
    if protocol == "icmp":
        return packets.icmp(source, destination, 8 if family == 4 else 128, 0, b"\0\7\0\1")
    return packets.ip(source, destination, packets.GRE, GRE_HEADER + bytes(60))


@subtest("{0[1]} over IPv{0[0]}: prohibited, says the answer",
         *[(f, p) for f in FAMILIES for p in ("udp", "icmp", "gre")])
def others_in(variant):
    family, protocol = variant
    lib.policy()
    flows = lib.Flows()
    wire = lib.wire()
    packet = incoming(family, protocol)
    with lib.moved(**{f"rejected_in_ipv{family}": 1, "answers": 1, "pass_own": 1}):
        wire.send(packet)
        expect_prohibited(wire, family, packet)
    name = "ipv6-icmp" if (family, protocol) == (6, "icmp") else protocol
    seen = flows.wait("the rejection", action="Reject", direction="in", dropReason="default")
    assert seen["protocol"] in (name, "icmp6", "ipv6-icmp"), seen


@subtest("IPv{}: a peer's UDP socket has its error at once", *FAMILIES)
def udp_in(family):
    client, _ = lib.udp_pair(family, "in")
    lib.policy()
    client.send(b"?")
    with fails(OSError) as refused:
        client.recv(10)
    assert refused.error.errno in (errno.EHOSTUNREACH, errno.EACCES), refused.error
    assert refused.took < AT_ONCE


@subtest("IPv{}: a local sender has its error at once", *FAMILIES)
def out(family):
    lib.policy()
    flows = lib.Flows()
    sock = lib.udp(HOST[family])
    with fails(PermissionError) as refused:
        sock.sendto(b"?", (PEER[family], 9))
    assert refused.took < AT_ONCE
    record(flows, family, "out", "udp")
    raw = lib.made(socket.socket(lib.af(HOST[family]), socket.SOCK_RAW, packets.GRE))
    with fails(PermissionError):
        raw.sendto(GRE_HEADER + bytes(20), (PEER[family], 0))
    record(flows, family, "out", "gre")


@subtest("IPv{}: a rule's rejection is answered, too, and beats an Allow", *FAMILIES)
def by_rule(family):
    port = lib.next_port()
    server = lib.listen(HOST[family], port=port)
    lib.policy(lib.rule("in", "tcp"), default="allow")
    lib.tcp_socket(PEER[family], "peer").connect(server.getsockname())
    flows = lib.Flows()
    lib.policy(lib.rule("in", "tcp"), lib.rule("in", f"tcp/{port}", action="reject", name="no"),
               default="allow")
    with fails(ConnectionRefusedError):
        lib.tcp_socket(PEER[family], "peer").connect(server.getsockname())
    flows.wait("the rejection", action="Reject", direction="in", ruleName="no")


@subtest("IPv{}: --silent in: no answer, and the record says so", *FAMILIES)
def silent(family):
    server = lib.listen(HOST[family])
    lib.policy()
    lib.mctl("defaults", "--silent", "in", "--yes")
    flows = lib.Flows()
    wire = lib.wire()
    client = lib.tcp_socket(PEER[family], "peer", timeout=0.6)
    with fails(TimeoutError), lib.moved(answers=0):
        client.connect(server.getsockname())
    for protocol in ("udp", "icmp", "gre"):
        wire.send(incoming(family, protocol))
    seen = wire.receive(lambda p: p.kind == UNREACHABLE[family][0] or
                        p.protocol == packets.TCP, 0.3)
    assert not seen, f"it answered: {seen}"
    said = flows.wait("the rejection", action="Reject", direction="in", protocol="tcp")
    assert "silent" in said["dropReason"], said
    # The other direction still tells.
    with fails(ConnectionRefusedError):
        lib.tcp_socket(HOST[family]).connect((PEER[family], 9))


def nft(*lines):
    done = subprocess.run(("nft", "-f", "-"), check=False, text=True, capture_output=True,
                          input="\n".join(lines) + "\n")
    if done.returncode:
        raise lib.Skip(f"nft cannot do this here: {done.stderr.splitlines()[:1]}")
    lib.cleanups.callback(lib.command, "nft", "delete", "table", "inet", "mseg_test")


def other_firewall(port):
    nft("table inet mseg_test {", "chain input { type filter hook input priority 0;",
        f"tcp dport {port} reject with tcp reset", f"udp dport {port} reject", "}", "}")


@subtest("IPv{0[0]}: another firewall's {0[1]} leaves the host where this one {0[2]}",
         *[(f, p, w) for f in FAMILIES for p in ("reset", "ICMP error")
           for w in ("allows", "rejects")])
def others(variant):
    family, answer, ours = variant
    port = lib.next_port()
    other_firewall(port)
    lib.policy(*[lib.rule("in", f"tcp/{port}", f"udp/{port}")] * (ours == "allows"))
    stream = answer == "reset"
    client = lib.tcp_socket(PEER[family], "peer") if stream else lib.udp(PEER[family], "peer")
    with lib.moved(pass_refusal=1, **{f"rejected_out_ipv{family}": 0}), \
            fails(ConnectionRefusedError) as refused:
        client.connect((HOST[family], port))
        client.send(b"?")
        client.recv(10)
    assert refused.took < AT_ONCE, f"it took {refused.took} s"
    assert not lib.mctl_json("connections"), lib.mctl_json("connections")


@subtest("IPv{}: with --silent in another firewall's answers stay here as well", *FAMILIES)
def others_silent(family):
    port = lib.next_port()
    other_firewall(port)
    lib.policy()
    lib.mctl("defaults", "--silent", "in", "--yes")
    wire = lib.wire()
    with lib.moved(pass_refusal=0, **{f"rejected_out_ipv{family}": 2}):
        wire.send(packets.tcp(PEER[family], HOST[family], 1234, port, packets.SYN))
        wire.send(packets.udp(PEER[family], HOST[family], 1234, port))
        lib.wait_for(lambda: lib.stats()[f"rejected_out_ipv{family}"] >= 2, "both")


@subtest("a reset that a process makes is no answer")
def raw_reset():
    lib.policy(lib.rule("in", "tcp"))
    raw = lib.made(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW))
    with lib.moved(pass_refusal=0, rejected_out_ipv4=1), fails(OSError):
        raw.sendto(packets.tcp(HOST[4], PEER[4], 80, 4321, packets.RST), (PEER[4], 0))


@subtest("a storm of what is rejected is answered 500 times a second at most")
def storm():
    lib.policy()
    wire = lib.wire()
    packet = packets.udp(PEER[4], HOST[4], 1234, 4321)
    before, started = lib.stats(), time.monotonic()
    for _ in range(2000):
        wire.send(packet)
    lib.wait_for(lambda: lib.stats()["rejected_in_ipv4"] >= 2000, "all of them")
    took, after = time.monotonic() - started, lib.stats()
    answers = after["answers"] - before["answers"]
    assert answers <= 500 * (took + 2), f"{answers} answers in {took} s"
    assert answers + after["answers_limited"] - before["answers_limited"] == 2000, after


if __name__ == "__main__":
    lib.main()
