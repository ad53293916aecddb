#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What else looks at packets changes nothing about the enforcement.

      box (some tests)           init namespace: the host            peer
     ┌────────────────────┐     ┌───────────────────────┐    ┌───────────────────┐
     │ veth1              ├─────┤ veth1           veth0 ├────┤ veth0             │
     │ 198.51.100.2/24    │     │ NAT, conntrack, IPVS, │    │ routes 203.0.113/24│
     │ behind the host    │     │ iptables              │    │ by the host       │
     └────────────────────┘     └───────────────────────┘    └───────────────────┘

Rules are about the addresses and ports after destination NAT.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import os
import socket
import struct
import subprocess
import threading

import lib
from lib import DIRECTIONS, FAMILIES, HOST, PEER, fails, rule, subtest

VIRTUAL = {4: "203.0.113.9", 6: "2001:db8:9::9"}
ANY = {4: "203.0.113.0/24", 6: "2001:db8:9::/64"}
BOX, BOX_GATE = "198.51.100.2", "198.51.100.1"
NFT_FAMILY = {4: "ip", 6: "ip6"}
ETHTOOL, STXCSUM, STSO, SGSO, SGRO = 0x8946, 0x17, 0x1F, 0x24, 0x2C
SEGMENTS_IN = 140       # in struct tcp_info
STREAM = 8 << 20


# --- tools ------------------------------------------------------------------------

def tool(*words, **options):
    """Skips where it is not there, or the kernel cannot do it."""
    try:
        done = lib.command(*words, check=False, **options)
    except FileNotFoundError:
        raise lib.Skip(f"there is no {words[0]}") from None
    assert "syntax error" not in done.stderr, done.stderr
    if done.returncode:
        raise lib.Skip(f"{' '.join(words)}: {done.stderr.strip().splitlines()[:1]}")
    return done


def nft(rules):
    tool("nft", "-f", "-", input=rules)
    lib.cleanups.callback(lib.command, "nft", "flush", "ruleset", check=False)


def module(*names):
    subprocess.run(("modprobe", "-aq", *names), check=False, stderr=subprocess.DEVNULL)


def set_sysctl(name, value):
    path = "/proc/sys/" + name
    if not os.path.exists(path):
        raise lib.Skip(f"there is no {name}")
    with open(path, encoding="ascii") as file:
        before = file.read().strip()
    write(path, value)
    lib.cleanups.callback(write, path, before)


def write(path, value):
    with open(path, "w", encoding="ascii") as file:
        file.write(f"{value}\n")


def peer_routes():
    """What the host has virtual addresses for, the peer sends to it."""
    for family in FAMILIES:
        words = ANY[family], "via", HOST[family]
        lib.command("ip", "-n", "peer", "route", "replace", *words)
        lib.cleanups.callback(lib.command, "ip", "-n", "peer", "route", "delete", *words,
                              check=False)


def connect(address, port, namespace="peer", own=None):
    """A TCP connection to the host, from a namespace."""
    own = own or PEER[6 if ":" in address else 4]
    client = lib.tcp_socket(own, namespace)
    client.connect((address, port))
    return client


def exchanges(listener, address, port):
    client = connect(address, port)
    lib.exchange(client, lib.made(listener.accept()[0]))
    return client


def is_refused(address, port):
    family = 6 if ":" in address else 4
    with lib.moved(**{f"rejected_in_ipv{family}": (1, 2)}), fails(ConnectionRefusedError):
        connect(address, port)


# --- destination NAT to a local service ---------------------------------------------

def redirect(family, port):
    return f"""table {NFT_FAMILY[family]} test {{
        chain p {{ type nat hook prerouting priority dstnat;
            tcp dport 8000 redirect to :{port};
        }}
    }}"""


def dnat(family, port):
    target = f"[{HOST[6]}]" if family == 6 else HOST[4]
    return f"""table {NFT_FAMILY[family]} test {{
        chain p {{ type nat hook prerouting priority dstnat;
            {NFT_FAMILY[family]} daddr {VIRTUAL[family]} tcp dport 8000 dnat to {target}:{port};
        }}
    }}"""


@subtest("IPv{0[0]}: {0[1].__name__} to a local service is judged by the service's own port",
         *[(f, kind) for f in FAMILIES for kind in (redirect, dnat)])
def translated(variant):
    family, kind = variant
    peer_routes()
    listener = lib.listen(HOST[family])
    port = listener.getsockname()[1]
    nft(kind(family, port))
    address = HOST[family] if kind is redirect else VIRTUAL[family]
    lib.policy(rule("in", f"tcp/{port}"))
    client = exchanges(listener, address, 8000)
    lib.policy(rule("in", "tcp/8000"))
    is_refused(address, 8000)
    # And the connection from before has ended.
    with fails(ConnectionResetError, TimeoutError):
        client.sendall(b"x")
        client.recv(1)
        raise ConnectionResetError


@subtest("a container behind masquerading goes out while the host may not")
def masqueraded():
    tool("ip", "netns", "add", "box")
    lib.cleanups.callback(lib.command, "ip", "netns", "delete", "box", check=False)
    tool("ip", "link", "add", "veth1", "type", "veth", "peer", "name", "veth1", "netns", "box")
    lib.command("ip", "-batch", "-", input=f"""
        address add {BOX_GATE}/24 dev veth1
        link set veth1 up
    """)
    lib.command("ip", "-n", "box", "-batch", "-", input=f"""
        address add {BOX}/24 dev veth1
        link set veth1 up
        route add default via {BOX_GATE}
    """)
    set_sysctl("net/ipv4/ip_forward", 1)
    nft("""table ip test { chain p { type nat hook postrouting priority srcnat;
        oifname "veth0" masquerade;
    }
    }""")
    listener = lib.listen(PEER[4], "peer")
    lib.policy()
    with lib.moved(rejected_in_ipv4=0, rejected_out_ipv4=0):
        client = lib.tcp_socket(BOX, "box")
        client.connect(listener.getsockname())
        accepted, (source, _) = listener.accept()
        assert source == HOST[4], f"not masqueraded: {source}"
        lib.exchange(client, lib.made(accepted))
    with fails(ConnectionRefusedError):
        lib.tcp_socket(HOST[4]).connect(listener.getsockname())


# --- other firewalls --------------------------------------------------------------------

RULESET = """
flush ruleset
table inet firewall {
    set allowed { type inet_service; elements = { 22, 80 } }
    chain input {
        type filter hook input priority filter; policy accept;
        ct state established,related accept
        tcp dport @allowed accept
        accept
    }
    chain output { type filter hook output priority filter; policy accept; }
    chain prerouting { type nat hook prerouting priority dstnat; policy accept; }
    chain postrouting { type nat hook postrouting priority srcnat; policy accept; }
}
"""


def nft_flush():
    tool("nft", "flush", "ruleset")


def nft_reload():
    """The whole in one transaction, as firewalld does it."""
    nft(RULESET)


def iptables(kind):
    for family in ("iptables", "ip6tables"):
        for words in (("-A", "INPUT", "-m", "conntrack", "--ctstate", "ESTABLISHED", "-j",
                       "ACCEPT"), ("-A", "INPUT", "-j", "ACCEPT"), ("-F",), ("-X",),
                      ("-t", "nat", "-F"), ("-t", "mangle", "-F"), ("-P", "INPUT", "ACCEPT")):
            tool(f"{family}-{kind}", *words)


def iptables_nft():
    iptables("nft")


def iptables_legacy():
    iptables("legacy")


def conntrack_comes_and_goes():
    """It is loaded, used, and taken away as far as it goes."""
    module("nf_conntrack")
    nft(RULESET)
    lib.command("conntrack", "-F", check=False)
    lib.command("nft", "flush", "ruleset", check=False)
    lib.command("rmmod", "nft_ct", "nf_conntrack", check=False)


class Traffic:
    """Connections both ways that must go on, and others that must be refused."""

    def __init__(self):
        self.ports = {d: lib.next_port() for d in DIRECTIONS}
        self.closed = lib.next_port()
        lib.policy(*[rule(d, f"tcp/{self.ports[d]}", f"udp/{self.ports[d]}") for d in DIRECTIONS])
        self.pairs = [lib.tcp_pair(f, d, self.ports[d]) for f in FAMILIES for d in DIRECTIONS]
        for family in FAMILIES:
            lib.listen(HOST[family], port=self.closed)
            lib.listen(PEER[family], "peer", self.closed)
        self.stop, self.error = threading.Event(), None

    def goes_on(self):
        for client, server in self.pairs:
            lib.exchange(client, server)
        for family in FAMILIES:
            is_refused(HOST[family], self.closed)
            with fails(ConnectionRefusedError):
                lib.tcp_socket(HOST[family]).connect((PEER[family], self.closed))

    def _run(self):
        try:
            while not self.stop.is_set():
                for client, server in self.pairs:
                    lib.exchange(client, server)
        except BaseException as error:      # pylint: disable=broad-except
            self.error = error

    @contextlib.contextmanager
    def running(self):
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self.stop.set()
            thread.join()
        if self.error:
            raise self.error


@subtest("{0.__name__} changes nothing, under traffic", nft_flush, nft_reload, iptables_nft,
         iptables_legacy, conntrack_comes_and_goes)
def firewall(change):
    traffic = Traffic()
    traffic.goes_on()
    before = lib.generation()
    with traffic.running():
        for _ in range(3):
            change()
    traffic.goes_on()
    assert lib.generation() == before


@subtest("IPv{}: a service of IPVS on the host is judged by its virtual port", *FAMILIES)
def ipvs(family):
    module("ip_vs", "ip_vs_rr")
    peer_routes()
    listener = lib.listen(HOST[family])
    port = listener.getsockname()[1]
    lib.command("ip", "address", "add", f"{VIRTUAL[family]}/{32 if family == 4 else 128}", "dev",
                "lo")
    lib.cleanups.callback(lib.command, "ip", "address", "delete",
                          f"{VIRTUAL[family]}/{32 if family == 4 else 128}", "dev", "lo")
    virtual, real = ((f"{a}:{p}" if family == 4 else f"[{a}]:{p}")
                     for a, p in ((VIRTUAL[family], 8000), (HOST[family], port)))
    tool("ipvsadm", "-A", "-t", virtual, "-s", "rr")
    lib.cleanups.callback(lib.command, "ipvsadm", "-C")
    tool("ipvsadm", "-a", "-t", virtual, "-r", real, "-m")
    lib.policy(rule("in", "tcp/8000"))
    exchanges(listener, VIRTUAL[family], 8000)
    lib.policy(rule("in", f"tcp/{port}"))
    is_refused(VIRTUAL[family], 8000)


# --- what a device does for the processor ------------------------------------------------

def offload(setting, on, namespace=None):
    """Switch something of veth0's on or off."""
    value = struct.pack("=II", setting, on)
    buffer = ctypes.create_string_buffer(value, len(value))
    with lib.inside(namespace) if namespace else contextlib.nullcontext(), \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, ETHTOOL, struct.pack("16sP", b"veth0", ctypes.addressof(buffer)))


def as_it_is():
    """Segmentation and checksums are left to a device that does neither."""


def merged():
    """The peer sends single segments, the host's device merges them."""
    for setting in (STSO, SGSO):
        offload(setting, 0, "peer")
        lib.cleanups.callback(offload, setting, 1, "peer")
    offload(SGRO, 1)
    lib.cleanups.callback(offload, SGRO, 0)


def nothing():
    """No offloads at all."""
    for namespace in (None, "peer"):
        for setting in (STSO, SGSO, SGRO, STXCSUM):
            offload(setting, 0, namespace)
            if setting != SGRO:
                lib.cleanups.callback(offload, setting, 1, namespace)


def receive(sock):
    digest, left = hashlib.sha256(), STREAM
    while left:
        part = sock.recv(min(left, 1 << 20))
        assert part, "the stream was cut"
        digest.update(part)
        left -= len(part)
    return digest.digest()


def big_stream(family):
    """To the host; gives back its record, and the segments that its socket counted."""
    client, server = lib.tcp_pair(family)
    client.settimeout(120)      # for all of it, on a slow machine
    data = os.urandom(1 << 16) * (STREAM >> 16)
    sender = threading.Thread(target=client.sendall, args=(data,))
    sender.start()
    assert receive(server) == hashlib.sha256(data).digest(), "the stream was changed"
    sender.join()
    port = client.getsockname()[1]
    record = [c for c in lib.mctl_json("connections") if c["sourcePort"] == port][0]
    info = server.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
    return record, struct.unpack_from("=I", info, SEGMENTS_IN)[0]


@subtest("IPv{0[0]}, offloads {0[1].__name__}: a stream arrives, and is counted",
         *[(f, how) for f in FAMILIES for how in (as_it_is, merged, nothing)])
def stream(variant):
    family, how = variant
    how()
    lib.policy(rule("in", "tcp"))
    record, segments = big_stream(family)
    packets, size = record["packetsIn"], record["bytesIn"]
    # A handshake's packets are counted by one or the other.
    assert abs(packets - segments) <= 4, f"{packets} packets, and the socket saw {segments}"
    headers = packets * ((40 if family == 6 else 20) + 32)
    # A slow machine sends a few segments again.
    assert 0 < size - STREAM < headers + STREAM // 50, f"{size} bytes in {packets} packets"
    # What is refused is answered, whoever checks and makes checksums.
    lib.policy()
    with fails(ConnectionRefusedError):
        lib.tcp_pair(family)


@subtest("without early demultiplexing all is the same")
def no_early_demux():
    for name in ("ip_early_demux", "tcp_early_demux", "udp_early_demux"):
        set_sysctl(f"net/ipv4/{name}", 0)
    Traffic().goes_on()


if __name__ == "__main__":
    lib.main()
