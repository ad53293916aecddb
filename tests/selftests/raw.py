#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What packet sockets send, past the host's own IP layer.

Observed, it passes with a record; enforced, it is judged like the host's other
packets, whatever the sender says that its frames are. Each frame is seen once,
on whichever device it enters. Topology: see lib.py; here the host forges.
"""

import contextlib
import ctypes
import errno
import mmap
import os
import socket
import struct
import subprocess
import threading

import lib
import packets
from lib import FAMILIES, HOST, HOST_MAC, PEER, PEER_MAC, rule, subtest

MODES = ("off", "observe", "enforce")
BROADCAST = b"\xff" * 6
SOCK_PACKET = 10
SOL_PACKET, PACKET_TX_RING, PACKET_QDISC_BYPASS = 263, 13, 20
IPV4, IPV6, ARP, VLAN, QINQ, OLD_QINQ, LLDP, EAPOL = \
    0x0800, 0x86DD, 0x0806, 0x8100, 0x88A8, 0x9100, 0x88CC, 0x888E


def mode(name):
    """Each subtest begins with it: whatever the last one left is changed."""
    with open("/sys/module/mseg/parameters/raw", encoding="ascii") as current:
        if current.read().strip() != name:
            lib.load(f"raw={name}")
    lib.policy()


def wire(device="veth0"):
    found = packets.Wire(device, HOST_MAC, PEER_MAC)
    lib.cleanups.callback(found.close)
    return found


def ethertype(family):
    return IPV4 if family == 4 else IPV6


def frame(packet, *types, mac=PEER_MAC):
    """An Ethernet frame; of the types, all but the last have a VLAN's number behind."""
    types = types or (ethertype(packet[0] >> 4),)
    header = mac + HOST_MAC + struct.pack("!H", types[0])
    for kind in types[1:]:
        header += struct.pack("!HH", 5, kind)
    return header + packet


def datagram(family, port=9, payload=b"x"):
    return packets.udp(HOST[family], PEER[family], 40000, port, payload)


def refused(send):
    try:
        send()
    except OSError as error:
        assert error.errno == errno.ENOBUFS, error
        return True
    return False


@subtest("all is rejected: {} does with a datagram what it says",
         *((m, f) for m in MODES for f in FAMILIES))
def modes(variant):
    name, family = variant
    mode(name)
    flows = lib.Flows()
    server = lib.udp(PEER[family], "peer")
    port = server.getsockname()[1]
    packet = datagram(family, port)
    before = lib.stats()
    assert refused(lambda: wire().send(packet)) == (name == "enforce")
    after = lib.stats()
    moved = {s: after[f"{s}_raw_ipv{family}"] - before[f"{s}_raw_ipv{family}"]
             for s in ("seen", "allowed", "rejected", "dropped")}
    assert moved == {"seen": name != "off", "allowed": name == "observe",
                     "rejected": name == "enforce", "dropped": 0}, moved
    if name != "enforce":
        assert server.recv(10) == b"x"
    if name == "off":
        assert not flows.read(), flows.records
        return
    record = flows.wait("the datagram", event="begin", destinationIP=PEER[family])
    assert record["raw"] and not record["forwarded"], record
    assert record["action"] == ("Reject" if name == "enforce" else "Accept"), record
    assert (record["direction"], record["destinationPort"]) == ("out", port), record
    assert record["uid"] == 0, record
    assert record.get("observedAction") == ("Reject" if name == "observe" else None), record


@subtest("IPv{}: enforced, what a rule allows passes, and so does its answer", *FAMILIES)
def allowed(family):
    mode("enforce")
    host, server = lib.udp(HOST[family]), lib.udp(PEER[family], "peer")
    source, port = host.getsockname()[1], server.getsockname()[1]
    lib.policy(rule("out", f"udp/{port}"))
    wire().send(packets.udp(HOST[family], PEER[family], source, port, b"x"))
    assert server.recv(10) == b"x"
    server.sendto(b"y", host.getsockname())
    assert host.recv(10) == b"y"


@subtest("IPv{}: what is only observed opens nothing to answers", *FAMILIES)
def opens_nothing(family):
    mode("observe")
    host, server = lib.udp(HOST[family]), lib.udp(PEER[family], "peer")
    source, port = host.getsockname()[1], server.getsockname()[1]
    wire().send(packets.udp(HOST[family], PEER[family], source, port, b"x"))
    assert server.recv(10) == b"x"
    with lib.moved(**{f"rejected_in_ipv{family}": 1}):
        server.sendto(b"y", host.getsockname())


# Each sends a datagram that is to be refused.

def lying(kind):
    """The address claims another protocol than the frame has."""
    def send(family):
        sock = lib.made(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))
        sock.sendto(frame(datagram(family)), ("veth0", kind))
    return send


def tagged(*types):
    return lambda family: wire().socket.send(frame(datagram(family), *types, ethertype(family)))


def by_snap(family):
    packet = bytes.fromhex("aaaa03000000") + struct.pack("!H", ethertype(family)) + \
        datagram(family)
    wire().socket.send(frame(packet, len(packet)))


def by_dgram_socket(family):
    sock = lib.made(socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0))
    sock.sendto(datagram(family), ("veth0", ethertype(family), 0, 0, PEER_MAC))


def past_the_queue(family):
    sock = wire().socket
    sock.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1)
    sock.send(frame(datagram(family)))


def by_sock_packet(family):
    sock = lib.made(socket.socket(socket.AF_PACKET, SOCK_PACKET, 0))
    data = frame(datagram(family))
    # Its address is one that Python does not know.
    address = struct.pack("=H14sH", socket.AF_PACKET, b"veth0", socket.htons(ethertype(family)))
    if lib.libc.sendto(sock.fileno(), data, len(data), 0, address, len(address)) < 0:
        raise OSError(ctypes.get_errno(), "sendto")


def ring_of(sock):
    """A ring of one frame, and what puts a frame there: TPACKET_V1's header."""
    size = mmap.PAGESIZE
    sock.setsockopt(SOL_PACKET, PACKET_TX_RING, struct.pack("=IIII", size, 1, size, 1))
    ring = mmap.mmap(sock.fileno(), size)

    def fill(data):
        ring[32:32 + len(data)] = data
        ring[8:12] = struct.pack("=I", len(data))
        ring[0:8] = struct.pack("=Q", 1)    # TP_STATUS_SEND_REQUEST
    return ring, fill


def by_ring(family):
    sock = wire().socket
    _, fill = ring_of(sock)
    fill(frame(datagram(family)))
    sock.send(b"")


WAYS = {
    "a socket that says it sends ARP": lying(ARP),
    "a socket that says it sends LLDP": lying(LLDP),
    "a frame with a VLAN's tag": tagged(VLAN),
    "a frame with two tags": tagged(QINQ, VLAN),
    "a frame with five tags": tagged(*(OLD_QINQ, VLAN) * 2, VLAN),
    "a frame with SNAP": by_snap,
    "a socket without link header": by_dgram_socket,
    "a socket past the queue": past_the_queue,
    "a SOCK_PACKET socket": by_sock_packet,
    "a ring": by_ring,
}


@subtest("IPv{0[0]}: enforced, {0[1]} hides nothing", *((f, w) for f in FAMILIES for w in WAYS))
def ways(variant):
    family, way = variant
    mode("enforce")
    peer = lib.wire()
    with lib.moved(**{f"rejected_raw_ipv{family}": 1}):
        refused(lambda: WAYS[way](family))     # SOCK_PACKET's sender is not told
    assert not peer.receive(lambda p: p.dport == 9, 0.2)


@subtest("a ring's frame that is allowed is sent as it was judged")
def ring_allowed():
    mode("enforce")
    server = lib.udp(PEER[4], "peer")
    port = server.getsockname()[1]
    lib.policy(rule("out", f"udp/{port}"))
    sock = wire().socket
    ring, fill = ring_of(sock)
    for payload in (b"one", b"two"):
        fill(frame(datagram(4, port, payload)))
        sock.send(b"")
        assert server.recv(10) == payload
        lib.wait_for(lambda: ring[0:8] == bytes(8), "frame given back")


@subtest("frames that are not IP pass, and are no flows: {}",
         *(("ARP", ARP), ("LLDP", LLDP), ("EAPOL", EAPOL), ("tagged ARP", VLAN, ARP)))
def not_ip(variant):
    mode("enforce")
    with lib.inside():
        peer = lib.made(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)))
        peer.bind(("veth0", 3))
    data = frame(bytes(46), *variant[1:], mac=BROADCAST)
    with lib.moved(seen_raw_ipv4=0, seen_raw_ipv6=0, flows_made=0):
        wire().socket.send(data)
        lib.wait_for(lambda: peer.recv(2000)[-46:] == bytes(46), "frame")


def dhcp(family, reverse):
    low, high = (68, 67) if family == 4 else (546, 547)
    ports = (high, low) if reverse else (low, high)
    if family == 4:
        return packets.udp("0.0.0.0", "255.255.255.255", *ports, bytes(240))
    return packets.udp("fe80::1", "ff02::1:2", *ports, bytes(60))


@subtest("IPv{}: enforced, DHCP's client passes and its server does not", *FAMILIES)
def dhcp_clients(family):
    mode("enforce")
    flows, device = lib.Flows(), wire()
    assert not refused(lambda: device.send(dhcp(family, False), BROADCAST)), "the client"
    record = flows.wait("the client", event="begin")
    assert record["raw"] and record["action"] == "Accept", record
    assert refused(lambda: device.send(dhcp(family, True), BROADCAST)), "the server"


@subtest("IPv{}: enforced, DHCP's ports are no way to a single peer", *FAMILIES)
def dhcp_to_one(family):
    mode("enforce")
    low, high = (68, 67) if family == 4 else (546, 547)
    with lib.moved(**{f"rejected_raw_ipv{family}": 1}):
        assert refused(lambda: wire().send(packets.udp(HOST[family], PEER[family], low, high)))


@subtest("enforced: what is hidden behind {} tags is refused", 8, 9)
def many_tags(number):
    mode("enforce")
    hidden = number > 8
    with lib.moved(drop_headers=hidden, rejected_raw_ipv4=not hidden):
        data = frame(datagram(4), *[VLAN] * number, IPV4)
        assert refused(lambda: wire().socket.send(data))


@subtest("IPv{}: enforced, loopback is no way round: what is not for this host is refused",
         *FAMILIES)
def by_loopback(family):
    mode("enforce")
    with lib.moved(**{f"rejected_raw_ipv{family}": 1, f"seen_raw_ipv{family}": 1}):
        assert refused(lambda: wire("lo").send(datagram(family)))
        assert not refused(lambda: wire("lo").send(
            packets.udp(PEER[family], HOST[family], 40000, 9, b"x")))


@subtest("enforced, neighbour discovery passes")
def neighbour_discovery():
    mode("enforce")
    solicitation = packets.icmp(HOST[6], PEER[6], 135, 0, bytes(4), packets.packed(PEER[6]),
                                ttl=255)
    with lib.moved(pass_link=(1, 20), allowed_raw_ipv6=1):
        wire().send(solicitation)


def fragment(family):
    data = packets.udp_data(HOST[family], PEER[family], 40000, 9, bytes(64))
    if family == 4:
        return packets.ip(HOST[4], PEER[4], packets.UDP, data[:32], fragment=0x2000, ident=7)
    part = packets.fragment6(packets.UDP, 0, True, 7, data[:32])
    return packets.ip(HOST[6], PEER[6], 44, part)


def later_fragment(family):
    if family == 4:
        return packets.ip(HOST[4], PEER[4], packets.UDP, bytes(32), fragment=4, ident=7)
    return packets.ip(HOST[6], PEER[6], 44, packets.fragment6(packets.UDP, 32, False, 7, bytes(8)))


@subtest("IPv{}: a fragment is told of when observed, and refused when enforced", *FAMILIES)
def fragments(family):
    mode("observe")
    flows = lib.Flows()
    with lib.moved(**{f"allowed_raw_ipv{family}": 2, "drop_fragment": 0}):
        wire().send(fragment(family))
        wire().send(later_fragment(family))
    first = flows.wait("the first", raw=True, protocol="udp", destinationPort=9)
    later = flows.wait("the later", raw=True, protocol="udp", destinationPort=0)
    assert first["destinationIP"] == later["destinationIP"] == PEER[family]
    mode("enforce")
    lib.policy(default="allow")
    with lib.moved(**{f"dropped_raw_ipv{family}": 2, "drop_fragment": 2}):
        assert refused(lambda: wire().send(fragment(family)))
        assert refused(lambda: wire().send(later_fragment(family)))


BROKEN = {
    "cut off within its ports": lambda f: datagram(f)[:22 if f == 4 else 42],
    "cut off within its header": lambda f: datagram(f)[:19],
    "of another version than its type": lambda f: bytes([0xF5]) + datagram(f)[1:],
}


@subtest("IPv{0[0]}: a packet {0[1]} passes observed, and is dropped enforced",
         *((f, b) for f in FAMILIES for b in BROKEN))
def broken(variant):
    family, what = variant
    data = frame(BROKEN[what](family), ethertype(family))
    mode("observe")
    with lib.moved(**{f"allowed_raw_ipv{family}": 1, "flows_made": 0}):
        wire().socket.send(data)
    mode("enforce")
    lib.policy(default="allow")
    with lib.moved(**{f"dropped_raw_ipv{family}": 1, "drop_truncated": 1}):
        assert refused(lambda: wire().socket.send(data))


@subtest("a source-routed packet is not sent, even where all is allowed")
def source_route():
    mode("enforce")
    lib.policy(default="allow")
    options = bytes((131, 7, 4)) + packets.packed("198.51.100.7") + b"\0"
    data = packets.udp_data(HOST[4], PEER[4], 40000, 9)
    with lib.moved(drop_source_route=1):
        assert refused(lambda: wire().send(
            packets.ip(HOST[4], PEER[4], packets.UDP, data, options=options)))


@subtest("loopback is not policed")
def loopback():
    mode("enforce")
    with lib.moved(seen_raw_ipv4=0):
        wire("lo").send(packets.udp("127.0.0.1", "127.0.0.1", 40000, 9))


# --- devices ------------------------------------------------------------------

@contextlib.contextmanager
def devices(*lines):
    """Made for a subtest by ip commands; the first name of each goes again."""
    names = [line.split()[line.split().index("name") + 1] for line in lines if " name " in line]
    subprocess.run(("modprobe", "-aq", "dummy", "8021q", "bridge", "bonding", "ip_gre"),
                   check=False, stderr=subprocess.DEVNULL)
    try:
        done = lib.command("ip", "-batch", "-", input="\n".join(lines) + "\n", check=False)
        if done.returncode:
            raise lib.Skip(f"no such devices here: {done.stderr.splitlines()[:1]}")
        yield
    finally:
        for name in reversed(names):
            lib.command("ip", "link", "delete", name, check=False)


STACKS = {
    "a VLAN": ("top", "link add link veth0 name top type vlan id 5", "link set top up"),
    "a VLAN on a VLAN": (
        "top", "link add link veth0 name mid type vlan id 5",
        "link add link mid name top type vlan id 6", "link set mid up", "link set top up"),
    "a bridge": (
        "top", "link add name port type dummy", "link add name top type bridge",
        "link set port master top", "link set port up", "link set top up"),
    "a VLAN on a bond": (
        "top", "link add name port type dummy", "link add name bond9 type bond mode 1",
        "link set port master bond9", "link set bond9 up", "link set port up",
        "link add link bond9 name top type vlan id 5", "link set top up"),
}


@subtest("a packet is seen once: on {}, and not below", *STACKS)
def once(what):
    top, *lines = STACKS[what]
    mode("observe")
    with devices(*lines):
        for family in FAMILIES:
            with lib.moved(**{f"seen_raw_ipv{family}": 1}):
                wire(top).send(datagram(family), BROADCAST)


@subtest("a packet into a tunnel is seen once, and its envelope judged as the host's")
def tunnel():
    mode("observe")
    lib.policy(rule("out", "gre"))
    with devices(f"link add name top type gre local {HOST[4]} remote {PEER[4]}",
                 "link set top up"):
        sock = lib.made(socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0))
        with lib.moved(seen_raw_ipv4=1, seen_out_ipv4=1, allowed_out_ipv4=1):
            sock.sendto(datagram(4), ("top", IPV4))


@subtest("a device is policed when it comes, is renamed, goes and comes back")
def moving():
    mode("enforce")
    with devices("link add name fresh type dummy", "link set fresh up"):
        assert refused(lambda: wire("fresh").send(datagram(4))), "a new one"
        lib.command("ip", "-batch", "-", input="link set fresh down\nlink set fresh name other\n"
                                               "link set other up\n")
        assert refused(lambda: wire("other").send(datagram(4))), "a renamed one"
        lib.command("ip", "link", "set", "other", "netns", "peer")
        lib.command("ip", "-n", "peer", "link", "set", "other", "up")
        with lib.inside():
            away = wire("other")
        with lib.moved(seen_raw_ipv4=0):
            assert not refused(lambda: away.send(datagram(4))), "one of another namespace"
        away.close()
        lib.command("ip", "-n", "peer", "link", "set", "other", "netns", "1", "name", "fresh")
        lib.command("ip", "link", "set", "fresh", "up")
        assert refused(lambda: wire("fresh").send(datagram(4))), "one that came back"


@subtest("another namespace's packet sockets are its own affair, also on a VLAN of ours")
def foreign_socket():
    mode("enforce")
    with devices("link add link veth0 name top type vlan id 7", "link set top netns peer name far"):
        lib.cleanups.callback(lib.command, "ip", "-n", "peer", "link", "delete", "far",
                              check=False)
        lib.command("ip", "-n", "peer", "link", "set", "far", "up")
        with lib.inside():
            far = wire("far")
        with lib.moved(seen_raw_ipv4=0):
            far.send(datagram(4), BROADCAST)


@subtest("packets are sent while hooks come and go")
def under_traffic():
    mode("enforce")
    stop = threading.Event()

    def flood(device):
        sock = wire(device)
        while not stop.is_set():
            with contextlib.suppress(OSError):
                sock.send(datagram(4))

    with devices("link add name fresh type dummy", "link set fresh up"):
        flooders = [threading.Thread(target=flood, args=(d,)) for d in ("veth0", "fresh")]
        for flooder in flooders:
            flooder.start()
        try:
            for name in ("other", "fresh") * 4:
                lib.mctl("detach", "--yes")
                lib.mctl("attach", "--yes")
                old = "fresh" if name == "other" else "other"
                lib.command("ip", "link", "set", old, "down")
                lib.command("ip", "link", "set", old, "name", name)
                lib.command("ip", "link", "set", name, "up")
            for parameter in MODES:
                lib.load(f"raw={parameter}")
        finally:
            stop.set()
            for flooder in flooders:
                flooder.join()
    assert os.path.exists("/sys/module/mseg")


@subtest("a mode that there is not is refused")
def bad_mode():
    lib.unload()
    done = lib.command("insmod", os.environ["MSEG_KO"], "raw=maybe", check=False)
    lib.load()
    assert done.returncode != 0, done
    with open("/sys/module/mseg/parameters/raw", encoding="ascii") as file:
        assert file.read() == "observe\n"


if __name__ == "__main__":
    lib.main()
