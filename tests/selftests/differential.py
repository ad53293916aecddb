#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The module decides about random packets under random policies as POLICY.md says.

      init namespace: the host
     ┌──────────────────────────────────────┐
     │ 198.18.0.0/15, 2001:2::/48 are local │
     │ default routes by mseg0, a TUN device├──── this process: any peer
     └──────────────────────────────────────┘

Each connection has a local address of its own, so that none is known before. An
incoming packet is written to the device and arrives at a raw socket or does
not; an outgoing one leaves through a raw socket, comes out of the device or is
refused with an error. The flow's record must agree, and name the rule and the
network that the reference does (tests/differential). Packets of earlier
policies are sent again, and replies to them: the new policy decides.

MSEG_SEED repeats a run, MSEG_POLICIES makes it longer, MSEG_FIRST begins later.
"""

import collections
import contextlib
import errno
import fcntl
import functools
import os
import random
import select
import socket
import struct
import subprocess
import sys

import genl
import lib
import packets
from genl import K, attr, nest
from lib import subtest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../differential"))
import generate                                         # noqa: E402
import reference                                        # noqa: E402

SEED = os.environ.get("MSEG_SEED") or str(random.randrange(1 << 32))
POLICIES = int(os.environ.get("MSEG_POLICIES", "300"))
FIRST = int(os.environ.get("MSEG_FIRST", "1"))
CHUNK = 100
FLOWS = 8               # packets under a policy
AGAIN = 2               # packets of earlier connections
PENDING = 512           # records that are waited for

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000
SO_RCVBUFFORCE, IPPROTO_RAW = 33, 255
MOBILITY = 135          # the kernel checks it before it is heard
REFUSED = (errno.EPERM, errno.ECONNREFUSED)
TCP_FLAGS = (packets.SYN, packets.SYN, packets.ACK, packets.SYN | packets.ACK, packets.RST,
             packets.FIN | packets.ACK, 0)
TCP_FLAGS_LATER = packets.ACK
ID_NONE = 0xFFFFFFFF
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}


# --- the machine ----------------------------------------------------------------

class Tun:
    """The wire: packets of any peer in, and the host's out."""

    def __init__(self):
        subprocess.run(("modprobe", "-q", "tun"), check=False, stderr=subprocess.DEVNULL)
        self.file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self.file, TUNSETIFF, struct.pack("16sH22x", b"mseg0", IFF_TUN | IFF_NO_PI))
        lib.cleanups.callback(os.close, self.file)
        for path in ("all", "mseg0"):
            for name in ("rp_filter", "accept_redirects"):
                with open(f"/proc/sys/net/ipv4/conf/{path}/{name}", "w", encoding="ascii") as f:
                    f.write("0")
        lib.command("ip", "-batch", "-", input=f"""
            link set mseg0 up
            route add local {generate.LOCAL[4]} dev lo
            route add local {generate.LOCAL[6]} dev lo
            route replace 0.0.0.0/0 dev mseg0
            route replace ::/0 dev mseg0
        """)
        lib.cleanups.callback(self.remove_routes)

    @staticmethod
    def remove_routes():
        for family in lib.FAMILIES:
            lib.command("ip", "route", "delete", "local", str(generate.LOCAL[family]), "dev", "lo",
                        check=False)
            lib.command("ip", "route", "replace", "default", "via", lib.PEER[family])

    def write(self, packet):
        os.write(self.file, packet)

    def drain(self):
        """What the host has sent."""
        seen = []
        with contextlib.suppress(BlockingIOError):
            while True:
                seen.append(os.read(self.file, 65536))
        return seen


class Ears:
    """A raw socket for every protocol, to see what passes LOCAL_IN."""

    def __init__(self):
        self.poll = select.epoll()
        self.sockets = {}
        lib.cleanups.callback(self.poll.close)
        for family in lib.FAMILIES:
            for protocol in range(1, IPPROTO_RAW):
                self._open(family, protocol)

    def _open(self, family, protocol):
        sock = socket.socket(FAMILY[family], socket.SOCK_RAW, protocol)
        lib.cleanups.callback(sock.close)
        sock.setblocking(False)
        self.sockets[sock.fileno()] = family, protocol, sock
        self.poll.register(sock.fileno(), select.EPOLLIN)

    @staticmethod
    def can_hear(family, protocol):
        return 0 < protocol < IPPROTO_RAW and not (
            family == 6 and protocol in (*generate.EXTENSION_HEADERS, MOBILITY))

    def heard(self):
        """Families and protocols of what arrived since the last time."""
        found = set()
        while events := self.poll.poll(0):
            for number, _ in events:
                family, protocol, sock = self.sockets[number]
                with contextlib.suppress(OSError):
                    while True:
                        sock.recv(1)
                        found.add((family, protocol))
        return found


class Mouths:
    """Raw sockets that send what they are given, with its header."""

    def __init__(self):
        self.sockets = {f: socket.socket(FAMILY[f], socket.SOCK_RAW, IPPROTO_RAW)
                        for f in lib.FAMILIES}
        for sock in self.sockets.values():
            lib.cleanups.callback(sock.close)

    def send(self, family, packet, destination):
        """Whether the host's policy let it go."""
        try:
            self.sockets[family].sendto(packet, (address_of(family, destination), 0))
        except OSError as error:
            if error.errno not in REFUSED:
                raise
            return False
        return True


# --- packets ----------------------------------------------------------------------

def packed(family, number):
    return number.to_bytes(4 if family == 4 else 16, "big")


def address_of(family, number):
    return socket.inet_ntop(FAMILY[family], packed(family, number))


def ip_packet(family, source, destination, protocol, payload):
    addresses = packed(family, source) + packed(family, destination)
    if family == 6:
        return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + addresses + payload
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0)
    total = packets.checksum(header + addresses)
    return header[:10] + struct.pack("!H", total) + addresses + payload


class Connection:
    """A flow between a local address of its own and a peer."""

    def __init__(self, flow, local, random_):
        self.flow, self.local = flow, local
        self.port = random_.choice((0, 1, 1024, 40000, 65535))
        self.tcp_flags = random_.choice(TCP_FLAGS)
        self.allowed = None

    def ends(self, reply):
        """Source and destination."""
        out = (self.flow.direction == "out") != reply
        return (self.local, self.flow.peer) if out else (self.flow.peer, self.local)

    def _transport(self, reply, later):
        flow = self.flow
        if flow.service is None:
            return bytes(24)
        if flow.protocol in generate.TYPES:
            return self._icmp(reply)
        ports = (self.port, flow.service)
        data = struct.pack("!HH", *(ports[::-1] if reply else ports))
        if flow.protocol != packets.TCP:
            return data + bytes(20)
        flags = TCP_FLAGS_LATER if later or reply else self.tcp_flags
        return data + struct.pack("!IIBBHHH", 1, 1, 5 << 4, flags, 8192, 0, 0)

    def _icmp(self, reply):
        kind, code = divmod(self.flow.service, 256)
        if reply:
            kind = {8: 0, 128: 129}[kind]
        data = struct.pack("!BBHHH", kind, code, 0, self.port, 0) + bytes(8)
        if self.flow.protocol == packets.ICMP:
            return data
        source, destination = (address_of(6, a) for a in self.ends(reply))
        return packets.with_checksum(source, destination, packets.ICMP6, data, 2)

    def packet(self, reply=False, later=False):
        return ip_packet(self.flow.family, *self.ends(reply), self.flow.protocol,
                         self._transport(reply, later))

    def has_reply(self):
        if not generate.usable("in", self.flow.family, self.flow.peer):
            return False
        if self.flow.protocol in generate.TYPES:
            return self.flow.service in (8 << 8, 128 << 8)
        return self.flow.protocol in generate.WITH_PORTS


# --- policies by netlink ------------------------------------------------------------

def entry_attr(entry):
    parts = [attr(K["A_ENTRY_ADDRESS"], packed(entry.family, entry.address)),
             attr(K["A_ENTRY_PREFIX_LEN"], entry.length, "B")]
    if entry.exclude:
        parts.append(attr(K["A_ENTRY_EXCLUDE"], b""))
    return nest("ENTRY", *parts)


def service_attrs(service, item):
    protocol = [] if service.protocol is None else \
        [attr(K["A_SERVICE_PROTOCOL"], service.protocol, "B")]
    number = attr(K["A_SERVICE_ITEM"], item, "=H")
    if service.ranges is None:
        return [nest("SERVICE", *protocol, number)]
    return [nest("SERVICE", *protocol, number, attr(K["A_SERVICE_LOW"], low, "=H"),
                 attr(K["A_SERVICE_HIGH"], high, "=H")) for low, high in service.ranges]


def commands(policy, txn):
    """The transaction, without its beginning."""
    of_txn = attr("TXN", txn)
    for i, network in enumerate(policy.networks):
        yield ("TXN_NETWORK", of_txn, attr("ID", i), attr("NAME", f"n{i}"),
               *map(entry_attr, network))
    for i, rule in enumerate(policy.rules):
        services = [a for n, s in enumerate(rule.services) for a in service_attrs(s, n)]
        yield ("TXN_RULE", of_txn, attr("ID", i),
               attr("DIRECTION", lib.DIRECTIONS.index(rule.direction), "B"),
               attr("ACTION", int(rule.action == "reject"), "B"),
               *[attr("NETWORK", n) for n in rule.networks], *services,
               attr("COOKIE", 1000 + i, "=Q"),
               *([attr("OBSERVED", b"")] if rule.observed else []))
    yield ("TXN_DEFAULTS", of_txn,
           *[attr(f"DEFAULT_{d.upper()}", int(a == "reject"), "B")
             for d, a in policy.defaults.items()])
    yield "TXN_COMMIT", of_txn


def number_in(answers, name):
    return struct.unpack("=I", dict(answers)[K["A_" + name]])[0]


def load(client, policy, candidate=False):
    """Give back the generation."""
    txn = number_in(client.call("TXN_BEGIN"), "TXN")
    *parts, commit = commands(policy, txn)
    if candidate:
        commit += (attr("CANDIDATE", b""),)
    answers = client.call_all(*parts, commit)
    return number_in(answers, "CANDIDATE_GENERATION" if candidate else "GENERATION")


# --- the comparison -------------------------------------------------------------------

class Difference(AssertionError):
    """The module and the reference do not agree."""


# What a record must say, and whence.
Expected = collections.namedtuple("Expected",
                                  "number generation flow verdict observed candidate")


class Run:
    """All that a chunk of policies needs."""

    def __init__(self):
        self.tun, self.ears, self.mouths = Tun(), Ears(), Mouths()
        self.client, self.records = genl.Client(), genl.Client()
        for client in (self.client, self.records):
            lib.cleanups.callback(client.close)
        self.records.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 23)
        self.records.call("FLOW_SUBSCRIBE")
        self.records.join("flows")
        self.pending, self.earlier, self.compared, self.candidate = {}, [], 0, None
        self.locals = {f: int(n.network_address) for f, n in generate.LOCAL.items()}

    def send(self, connection, reply=False, later=False):
        """Whether a packet passes the host."""
        flow = connection.flow
        packet = connection.packet(reply, later)
        if (flow.direction == "out") == reply:
            self.ears.heard()
            self.tun.write(packet)
            return (flow.family, flow.protocol) in self.ears.heard()
        self.tun.drain()
        sent = self.mouths.send(flow.family, packet, connection.ends(reply)[1])
        wanted = packet[12:20] if flow.family == 4 else packet[8:40]
        came_out = any((p[12:20] if p[0] >> 4 == 4 else p[8:40]) == wanted
                       for p in self.tun.drain())
        if sent != came_out:
            raise Difference(f"{flow}: sending it {'worked' if sent else 'failed'}, and it "
                             f"{'came' if came_out else 'did not come'} out")
        return sent

    def begin(self, policy, generation, number, source):
        """A connection of its own, and what is to come of it."""
        flow = source.flow(policy)
        if not flow:
            return
        self.locals[flow.family] += 1
        connection = Connection(flow, self.locals[flow.family], source.random)
        verdict = reference.judge(policy, flow)
        connection.allowed = verdict.action == "allow"
        self.pending[flow.family, connection.local] = Expected(
            number, generation, flow, verdict, reference.observe(policy, flow),
            self.candidate and reference.judge(self.candidate, flow))
        if self.send(connection) != connection.allowed and self._audible(connection):
            raise Difference(f"{flow}: should be {verdict}, and was not")
        self.earlier.append(connection)

    def _audible(self, connection):
        flow = connection.flow
        return flow.direction == "out" or self.ears.can_hear(flow.family, flow.protocol)

    def again(self, policy, source):
        """A packet of an earlier connection is judged by the policy of now."""
        connection = source.random.choice(self.earlier)
        if not self._audible(connection):
            return
        allowed = reference.judge(policy, connection.flow).action == "allow"
        reply = allowed and connection.allowed and connection.has_reply() and \
            source.random.random() < 0.5
        if self.send(connection, reply, later=True) != allowed:
            raise Difference(f"{connection.flow}{' reply' * reply}: should be "
                             f"{'allowed' if allowed else 'rejected'} now, and was not")
        connection.allowed = allowed

    def propose(self, source, number):
        """Every so often, another policy beside the one in force."""
        if self.candidate:
            self.client.call("CANDIDATE_DROP")
        self.candidate = None
        if number % 4 == 0:
            self.candidate = source.policy(False)
            load(self.client, self.candidate, candidate=True)

    def policy(self, number):
        source = generate.Generator(random.Random(f"{SEED} {number}"))
        policy = source.policy(knows_observed())
        try:
            generation = load(self.client, policy)
            self.propose(source, number)
            for _ in range(AGAIN if self.earlier else 0):
                self.again(policy, source)
            self.earlier = self.earlier[-4 * FLOWS:]
            for _ in range(FLOWS):
                self.begin(policy, generation, number, source)
        except (Difference, genl.Refused, OSError) as error:
            raise explained(error, number) from error
        self.read(PENDING)

    def read(self, left):
        """Compare records until no more than that many are missing."""
        while True:
            try:
                self.records.socket.settimeout(10 if len(self.pending) > left else 0)
                messages = self.records.receive()
            except BlockingIOError:
                return
            except TimeoutError:
                missing = [p[:3] for p in self.pending.values()][:5]
                raise Difference(f"no record of {missing}") from None
            for _, message in messages:
                for kind, data in genl.attrs_of(message[20:]):
                    if kind == K["A_FLOW"]:
                        self.compare(genl.record(data))

    def compare(self, record):
        direction = lib.DIRECTIONS[record["direction"]]
        local = record["source" if direction == "out" else "destination"]
        local = int.from_bytes(local[:4] if record["family"] == 4 else local, "big")
        if record["event"] or (record["family"], local) not in self.pending:
            return
        expected = self.pending.pop((record["family"], local))
        flow, verdict = expected.flow, expected.verdict
        networks = verdict.networks or {ID_NONE}
        wrong = [name for name, ok in (
            ("direction", direction == flow.direction),
            ("protocol", record["protocol"] == flow.protocol),
            ("verdict", record["verdict"] == int(verdict.action == "reject")),
            ("reason", record["reason"] == K["REASON_" + verdict.reason.upper()]),
            ("rule", record["rule"] == (ID_NONE if verdict.rule is None else verdict.rule)),
            ("observed", (record["observed"], record["observed_rule"])
             == opinion(expected.observed)),
            ("candidate", (record["candidate"], record["candidate_rule"])
             == opinion(expected.candidate)),
            ("cookie", record["cookie"] == (0 if verdict.rule is None else 1000 + verdict.rule)),
            ("network", record["network"] in networks),
            ("generation", record["generation"] == expected.generation)) if not ok]
        if wrong:
            raise explained(Difference(f"{flow}: should be {verdict}, and {', '.join(wrong)} "
                                       f"differ in {record}"), expected.number)
        self.compared += 1


def opinion(verdict):
    """How a record says what would have been decided by what does not decide."""
    if not verdict:
        return K["OPINION_NONE"], ID_NONE
    return K["OPINION_" + verdict.action.upper()], \
        ID_NONE if verdict.rule is None else verdict.rule


def explained(error, number):
    """With the policy, and how to see it again."""
    policy = generate.Generator(random.Random(f"{SEED} {number}")).policy(knows_observed())
    lines = [f"{error}", f"MSEG_SEED={SEED} MSEG_FIRST={number} MSEG_POLICIES=1",
             f"{policy.defaults}"]
    for i, network in enumerate(policy.networks):
        lines.append(f"network {i}: " + " ".join(
            f"{'!' * e.exclude}{address_of(e.family, e.address)}/{e.length}" for e in network))
    lines += [f"rule {i}: {rule}" for i, rule in enumerate(policy.rules)]
    return Difference("\n".join(lines))


# --- the subtests ---------------------------------------------------------------------

@functools.cache
def knows_observed():
    """Whether the module takes rules under observation."""
    rule = reference.Rule("in", "allow", [0], [reference.Service(None, None)], True)
    network = [reference.Entry(4, 0, 0, False)]
    client = genl.Client()
    lib.cleanups.callback(client.close)
    try:
        load(client, reference.Policy({"in": "allow", "out": "allow"}, [network], [rule]))
    except genl.Refused:
        return False
    return True


@subtest("policies {0[0]} to {0[1]}: the module and the reference agree",
         *[(first, min(first + CHUNK, FIRST + POLICIES) - 1)
           for first in range(FIRST, FIRST + POLICIES, CHUNK)])
def agree(variant):
    first, last = variant
    knows_observed()
    run = Run()
    for number in range(first, last + 1):
        run.policy(number)
    run.read(0)
    counted = lib.stats()
    assert not counted["flows_lost_accept"] and not counted["flows_lost_reject"], counted
    assert run.compared > (last - first) * FLOWS // 2, f"only {run.compared} flows"
    print(f"# seed {SEED}: {run.compared} flows under policies {first} to {last}")


if __name__ == "__main__":
    lib.main()
