#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The host is policed whatever device its packets come by.

      init namespace: the host            peer
     ┌───────────────────────┐    ┌───────────────────┐
     │ veth0                 ├────┤ veth0             │
     │ the device under test ├────┤ its other end     │
     │ 198.51.100.1/24       │    │ 198.51.100.2/24   │
     │ 2001:db8:51::1/64     │    │ 2001:db8:51::2/64 │
     └───────────────────────┘    └───────────────────┘

Of a tunnel both are judged, what goes through it and the packets that carry it.
"""

import contextlib
import os
import socket
import subprocess

import lib
from lib import DIRECTIONS, FAMILIES, HOST, PEER, fails, rule, subtest

OWN = {4: "198.51.100.1", 6: "2001:db8:51::1"}
OTHER = {4: "198.51.100.2", 6: "2001:db8:51::2"}
INNER = ["198.51.100.0/24", "2001:db8:51::/64"]
LENGTH = {4: 24, 6: 64}
DEVICE, VRF = "dev7", "vrf7"
ESP_KEY = "0x" + "7c" * 20
# Where both ends of a tunnel begin a handshake at once, WireGuard tries again only after 5 s.
TIMEOUT = 12


# --- devices --------------------------------------------------------------------

def module(*names):
    subprocess.run(("modprobe", "-aq", *names), check=False, stderr=subprocess.DEVNULL)


def ip(*words, namespace=None):
    """Skips where the kernel has no such thing."""
    done = lib.command("ip", *(("-n", namespace) if namespace else ()), *words, check=False)
    if done.returncode:
        raise lib.Skip(f"ip {' '.join(words)}: {done.stderr.strip()}")


def remove(device):
    for namespace in ((), ("-n", "peer")):
        lib.command("ip", *namespace, "link", "delete", device, check=False)


def address(device, addresses, namespace=None):
    for family in FAMILIES:
        nodad = ("nodad",) if family == 6 else ()
        ip("address", "add", f"{addresses[family]}/{LENGTH[family]}", "dev", device, *nodad,
           namespace=namespace)
    ip("link", "set", device, "up", namespace=namespace)


def forget_neighbours():
    """Those that did not answer while what carries the link was rejected are asked anew."""
    for namespace in ((), ("-n", "peer")):
        lib.command("ip", *namespace, "neighbour", "flush", "dev", DEVICE, "nud", "all",
                    check=False)


def both_ends(words_for):
    """The same kind of device on both sides; words_for(here, there) makes it."""
    lib.cleanups.callback(remove, DEVICE)
    for namespace, addresses, here, there in ((None, OWN, HOST, PEER),
                                              ("peer", OTHER, PEER, HOST)):
        ip("link", "add", *words_for(here, there), namespace=namespace)
        address(DEVICE, addresses, namespace)


def second_cable():
    """veth1 on both sides, with addresses on the peer's."""
    lib.cleanups.callback(remove, "veth1")
    ip("link", "add", "veth1", "type", "veth", "peer", "name", "veth1", "netns", "peer")
    ip("link", "set", "veth1", "up")
    address("veth1", OTHER, "peer")


def vlan():
    both_ends(lambda *_: ("link", "veth0", "name", DEVICE, "type", "vlan", "id", "100"))


def bridge():
    second_cable()
    lib.cleanups.callback(remove, DEVICE)
    ip("link", "add", DEVICE, "type", "bridge")
    ip("link", "set", "veth1", "master", DEVICE)
    address(DEVICE, OWN)


def bridge_netfilter():
    module("br_netfilter")
    path = "/proc/sys/net/bridge/bridge-nf-call-ip"
    if not os.path.exists(path + "tables"):
        raise lib.Skip("there is no br_netfilter")
    for name in ("tables", "6tables"):
        with open(path + name, "w", encoding="ascii") as file:
            file.write("1")
    bridge()


def on_the_cable(*kind):
    """A device of the host's on veth0; the peer has the addresses on its own."""
    lib.cleanups.callback(remove, DEVICE)
    ip("link", "add", "link", "veth0", "name", DEVICE, "type", *kind)
    address(DEVICE, OWN)
    # Of a device that was there before.
    ip("neighbour", "flush", "dev", "veth0", "nud", "all", namespace="peer")
    for family in FAMILIES:
        words = f"{OTHER[family]}/{LENGTH[family]}", "dev", "veth0"
        lib.cleanups.callback(lib.command, "ip", "-n", "peer", "address", "delete", *words,
                              check=False)
        ip("address", "add", *words, *(("nodad",) if family == 6 else ()), namespace="peer")


def macvlan():
    on_the_cable("macvlan", "mode", "bridge")


def ipvlan():
    on_the_cable("ipvlan", "mode", "l2")


def vrf():
    second_cable()
    lib.cleanups.callback(remove, VRF)
    ip("link", "add", VRF, "type", "vrf", "table", "77")
    ip("link", "set", VRF, "up")
    ip("link", "set", "veth1", "master", VRF)
    address("veth1", OWN)


def vxlan():
    module("vxlan")
    both_ends(lambda here, there: (
        DEVICE, "type", "vxlan", "id", "7", "local", here[4], "remote", there[4],
        "dstport", "4789", "dev", "veth0"))


def gre():
    module("ip_gre")
    both_ends(lambda here, there: (DEVICE, "type", "gre", "local", here[4], "remote", there[4]))


def ip6gre():
    module("ip6_gre")
    both_ends(lambda here, there: (DEVICE, "type", "ip6gre", "local", here[6], "remote",
                                   there[6]))


def wireguard():
    module("wireguard")
    try:
        keys = [lib.command("wg", "genkey").stdout for _ in range(2)]
    except FileNotFoundError:
        raise lib.Skip("there is no wg") from None
    public = [lib.command("wg", "pubkey", input=key).stdout.strip() for key in keys]
    both_ends(lambda *_: (DEVICE, "type", "wireguard"))
    for namespace, key, other, there in ((None, keys[0], public[1], PEER),
                                         ("peer", keys[1], public[0], HOST)):
        with lib.inside(namespace) if namespace else contextlib.nullcontext():
            lib.command("wg", "set", DEVICE, "listen-port", "51820", "private-key", "/dev/stdin",
                        "peer", other, "endpoint", f"{there[4]}:51820", "allowed-ips",
                        "0.0.0.0/0,::/0", input=key)


def xfrm(mode, selectors):
    """IPsec between the host and the peer, for pairs of prefixes: host's, peer's, family."""
    module("xfrm_user", "esp4", "esp6", "seqiv", "gcm", "rfc4106")
    for namespace, directions in ((None, ("out", "in")), ("peer", ("in", "out"))):
        clear = ("ip",) + (("-n", namespace) if namespace else ()) + ("xfrm",)
        for what in ("policy", "state"):
            lib.cleanups.callback(lib.command, *clear, what, "flush", check=False)
        for family in FAMILIES:
            for spi, ends in ((1, (HOST, PEER)), (2, (PEER, HOST))):
                ip("xfrm", "state", "add", "src", ends[0][family], "dst", ends[1][family],
                   "proto", "esp", "spi", str(spi), "mode", mode, "aead",
                   "rfc4106(gcm(aes))", ESP_KEY, "128", namespace=namespace)
        for own, other, family in selectors:
            for direction, ends, outer in zip(directions, ((own, other), (other, own)),
                                              ((HOST, PEER), (PEER, HOST))):
                ip("xfrm", "policy", "add", "src", ends[0], "dst", ends[1], "dir", direction,
                   "tmpl", "src", outer[0][family], "dst", outer[1][family], "proto", "esp",
                   "mode", mode, namespace=namespace)


def ipsec_transport():
    xfrm("transport", [(HOST[f], PEER[f], f) for f in FAMILIES])


def ipsec_tunnel():
    lib.cleanups.callback(remove, "veth1")
    second_cable()
    address("veth1", OWN)
    xfrm("tunnel", [(OWN[f], OTHER[f], f) for f in FAMILIES])


# --- being policed ----------------------------------------------------------------

class Link:
    """What the host's sockets and the peer's are bound to."""

    def __init__(self, own=None, other=None, device=None):
        self.own, self.other, self.device = own or OWN, other or OTHER, device
        self.entries = [f"{a}/{32 if f == 4 else 128}" for f, a in self.other.items()]

    def ends(self, family, direction):
        both = (self.own[family], None), (self.other[family], "peer")
        return both if direction == "out" else both[::-1]

    def bound(self, sock, namespace):
        if self.device and not namespace:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self.device.encode())
        return sock

    def _new(self, kind, where, port=0):
        ip_address, namespace = where
        with lib.inside(namespace) if namespace else contextlib.nullcontext():
            sock = lib.made(socket.socket(lib.af(ip_address), kind), TIMEOUT)
        self.bound(sock, namespace).bind((ip_address, port))
        return sock

    def tcp(self, family, direction, port):
        """Client and server after connecting."""
        client, server = self.ends(family, direction)
        listener = self._new(socket.SOCK_STREAM, server, port)
        listener.listen(8)
        client = self._new(socket.SOCK_STREAM, client)
        client.connect(listener.getsockname())
        return client, lib.made(listener.accept()[0], TIMEOUT)

    def udp(self, family, direction, port):
        client, server = self.ends(family, direction)
        server = self._new(socket.SOCK_DGRAM, server, port)
        client = self._new(socket.SOCK_DGRAM, client)
        client.connect(server.getsockname())
        return client, server

    def allowed(self, family, direction, port):
        lib.exchange(*self.tcp(family, direction, port), b"through it" * 500)
        lib.echo_udp(*self.udp(family, direction, port))

    def rejected(self, family, direction, port):
        with lib.moved(**{f"rejected_{direction}_ipv{family}": (2, 9)}):
            with fails(ConnectionRefusedError):
                self.tcp(family, direction, port)
            client, server = self.udp(family, direction, port)
            with contextlib.suppress(PermissionError):
                client.send(b"x")
            server.settimeout(0.2)
            with fails(TimeoutError):
                server.recv(1)

    def silent(self, family, direction, port):
        """Nothing arrives, for something below this is rejected."""
        client, server = self.udp(family, direction, port)
        with contextlib.suppress(OSError):
            client.send(b"x")
        server.settimeout(0.3)
        with fails(TimeoutError):
            server.recv(1)
        server.close()

    def policed(self, *carriers):
        """carriers: rules of what the link is carried by."""
        port, other = lib.next_port(), lib.next_port()
        services = f"tcp/{port}", f"udp/{port}"
        inner = [rule(d, *services, entries=self.entries) for d in DIRECTIONS]
        if carriers:
            lib.policy(*inner)
            for family in FAMILIES:
                for direction in DIRECTIONS:
                    self.silent(family, direction, port)
        lib.policy(*inner, *carriers)
        forget_neighbours()
        for family in FAMILIES:
            for direction in DIRECTIONS:
                self.allowed(family, direction, port)
                self.rejected(family, direction, other)


def carried_by(service, family=4):
    """The tunnel's own packets, to and from the peer's outer address."""
    entries = [f"{PEER[family]}/{32 if family == 4 else 128}"]
    return [rule(d, service, entries=entries, name=f"carrier {d} {family}") for d in DIRECTIONS]


@subtest("{0.__name__}", vlan, bridge, bridge_netfilter, macvlan, ipvlan)
def link(make):
    make()
    Link().policed()


@subtest("vrf")
def in_vrf():
    vrf()
    Link(device=VRF).policed()


@subtest("{0[0].__name__}: the tunnel and what is in it", (vxlan, "udp/4789", 4),
         (gre, "gre", 4), (ip6gre, "gre", 6), (wireguard, "udp/51820", 4))
def tunnel(variant):
    make, service, family = variant
    make()
    Link().policed(*carried_by(service, family))


@subtest("{0.__name__}: ESP and what is in it", ipsec_transport, ipsec_tunnel)
def ipsec(make):
    make()
    addresses = (HOST, PEER) if make is ipsec_transport else ()
    Link(*addresses).policed(*carried_by("esp", 4), *carried_by("esp", 6))


if __name__ == "__main__":
    lib.main()
