#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules by name: what is learned from DNS answers, from which, for how long.

      init namespace: the host            peer
     ┌───────────────────────┐    ┌────────────────────────────────────┐
     │ veth0                 ├────┤ veth0   port 53: a resolver, which  │
     │ asks, and connects    │    │         the test answers for        │
     │ to what it was told   │    │ lo: 198.51.100.0/24, 10.9.0.0/24,   │
     │                       │    │     2001:db8:1::/64, to connect to  │
     └───────────────────────┘    └────────────────────────────────────┘
"""

import contextlib
import errno
import itertools
import socket
import struct
import time

import dnsmsg
import genl
import lib
import packets
from dnsmsg import A, AAAA, address, alias
from genl import K, attr, nest
from lib import FAMILIES, HOST, PEER, Child, subtest, wait_for
from users import WHO

idents = itertools.count(4000)
hosts = itertools.count(10)
SERVICE = 8443


def fresh_address(family=4):
    n = next(hosts)
    return f"198.51.100.{n % 250 + 1}" if family == 4 else f"2001:db8:1::{n:x}"


# --- the policy and what is learned ----------------------------------------------

def prefix(text):
    exclude, text = text.startswith("!"), text.lstrip("!")
    where, _, length = text.partition("/")
    data = packets.packed(where)
    inside = [attr("ENTRY_ADDRESS", data),
              attr("ENTRY_PREFIX_LEN", int(length or len(data) * 8), "=B")]
    return nest("ENTRY", *inside, *([attr("ENTRY_EXCLUDE", b"")] if exclude else []))


def network(name, *domains, entries=()):
    return name, domains, entries


def put_policy(*networks, reject=(), default_in=1, candidate=False):
    """Outgoing TCP to each network is allowed, to those named in reject rejected, and
    the resolver may be asked; all else is rejected."""
    client = genl.Client()
    txn = attr("TXN", dict(client.call("TXN_BEGIN"))[K["A_TXN"]])
    networks = (network("resolver", entries=PEER.values()), *networks)
    for i, (name, domains, entries) in enumerate(networks):
        client.call("TXN_NETWORK", txn, attr("ID", i), attr("NAME", name),
                    *map(prefix, entries), *[attr("DOMAIN", d) for d in domains])
    for i, (name, *_) in enumerate(networks):
        services = [nest("SERVICE", attr("SERVICE_PROTOCOL", p, "=B"),
                         attr("SERVICE_LOW", 53, "=H"), attr("SERVICE_HIGH", 53, "=H"))
                    for p in (6, 17)]
        if i:
            services = [nest("SERVICE", attr("SERVICE_PROTOCOL", 6, "=B"))]
        client.call("TXN_RULE", txn, attr("ID", i), attr("NAME", name),
                    attr("DIRECTION", K["DIRECTION_OUT"], "=B"),
                    attr("ACTION", K["ACTION_REJECT" if name in reject else "ACTION_ALLOW"], "=B"),
                    attr("NETWORK", i), *services)
    client.call("TXN_DEFAULTS", txn, attr("DEFAULT_IN", default_in, "=B"),
                attr("DEFAULT_OUT", 1, "=B"))
    client.call("TXN_COMMIT", txn, *([attr("CANDIDATE", b"")] if candidate else []))
    client.close()


def resolvers(*addresses):
    client = genl.Client()
    client.call("RESOLVERS_SET", *[attr("RESOLVER", packets.packed(a)) for a in addresses])
    client.close()


def policy_of(*domains, **options):
    """The peer is the resolver, and a network has these domains."""
    put_policy(network("names", *domains), **options)
    resolvers(*PEER.values())


def text_of(data):
    return socket.inet_ntop(socket.AF_INET if len(data) == 4 else socket.AF_INET6, data)


def cache():
    """What is learned, as dictionaries."""
    client = genl.Client()
    found = []
    for kind, value in client.call("DNS_CACHE_GET", dump=True):
        if kind != K["A_LEARNED"]:
            continue
        entry = {"networks": []}
        for k, v in genl.attrs_of(value):
            if k == K["A_LEARNED_NAME"]:
                entry["name"] = v.rstrip(b"\0").decode()
            elif k in (K["A_LEARNED_ADDRESS"], K["A_LEARNED_RESOLVER"]):
                entry["address" if k == K["A_LEARNED_ADDRESS"] else "resolver"] = text_of(v)
            elif k in (K["A_LEARNED_SINCE"], K["A_LEARNED_UNTIL"]):
                entry["since" if k == K["A_LEARNED_SINCE"] else "until"] = \
                    struct.unpack("=Q", v)[0] / 1e9
            elif k == K["A_LEARNED_NETWORK"]:
                entry["networks"].append(struct.unpack("=I", v)[0])
            elif k == K["A_LEARNED_IN_USE"]:
                entry["in_use"] = True
        found.append(entry)
    client.close()
    return found


def sysctl(name, value):
    with open(f"/proc/sys/net/mseg/{name}", "w", encoding="ascii") as file:
        file.write(str(value))


# --- asking and connecting ---------------------------------------------------------

def resolver(family=4):
    return lib.udp(PEER[family], "peer", 53)


def ask(name, kind=A, family=4, ident=None):
    """A query of the host's, and what the resolver is asked: socket, id, question."""
    client = lib.udp(HOST[family])
    client.connect((PEER[family], 53))
    ident = next(idents) if ident is None else ident
    client.send(dnsmsg.query(ident, name, kind))
    return client, ident, dnsmsg.question(name, kind)


def tell(server, client, message):
    """The resolver's answer comes to the client."""
    server.sendto(message, client.getsockname())
    assert client.recv(65536) == message


def resolve(server, name, *addresses, ttl=300, kind=A, family=4):
    client, ident, asked = ask(name, kind, family)
    tell(server, client, dnsmsg.answer(ident, asked, *[address(name, a, ttl) for a in addresses]))
    client.close()


@contextlib.contextmanager
def service(family=4):
    with lib.inside():
        listener = lib.made(socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("", SERVICE))
        listener.listen(1024)
    yield listener
    listener.close()


def connect(where):
    sock = lib.made(socket.socket(lib.af(where)))
    sock.connect((where, SERVICE))
    return sock


def allowed(where):
    try:
        sock = connect(where)
    except ConnectionRefusedError:
        return False
    sock.close()
    return True


def refused(where):
    assert not allowed(where), f"{where} may be connected to: {cache()}"


# --- learning ------------------------------------------------------------------------

@subtest("IPv{}: the first packet after an answer is judged by it", *FAMILIES)
def first_packet(family):
    policy_of("api.example.com")
    server, where = resolver(family), fresh_address(family)
    with service(family):
        refused(where)
        before = time.time()
        resolve(server, "api.example.com", where, kind=A if family == 4 else AAAA, family=family)
        # Although it was just rejected, which is remembered.
        assert allowed(where)
        refused(fresh_address(family))
    entry, = cache()
    assert (entry["name"], entry["address"], entry["resolver"], entry["networks"]) == \
        ("api.example.com", where, PEER[family], [1]), entry
    assert before <= entry["since"] <= time.time() and 200 < entry["until"] - before < 310, entry
    assert entry["in_use"]


@subtest("300 fresh names, resolved and connected to at once: no first packet is lost")
def many():
    policy_of("*.example.com")
    server = resolver()
    with service(), lib.moved(rejected_out_ipv4=0, dns_learned=300):
        for n in range(300):
            where = f"198.51.{100 + n // 250}.{n % 250 + 1}"
            resolve(server, f"fresh{n}.example.com", where)
            sock = connect(where)
            assert not lib.retransmitted(sock)
            sock.close()


@subtest("a name covers itself, *. what is below it; case does not matter")
def patterns():
    policy_of("api.example.com", "*.example.net")
    server = resolver()
    with service():
        for name, wanted in (("API.example.COM", True), ("x.api.example.com", False),
                             ("piapi.example.com", False), ("example.net", False),
                             ("a.example.net", True), ("b.a.eXample.net", True),
                             ("aexample.net", False), ("a.example.net.example.org", False)):
            where = fresh_address()
            resolve(server, name, where)
            assert allowed(where) == wanted, name


@subtest("a label with a dot in it, or other strange bytes, is no name of a domain's")
def strange_names():
    policy_of("*.example.com")
    server, where = resolver(), fresh_address()
    for label in (b"a.b", b"a\0b", b"<script>", b"a b", b"\xe4"):
        client, ident, _ = ask("x.example.com")
        asked = bytes([len(label)]) + label + dnsmsg.question("example.com")
        client.send(struct.pack("!HHHHHH", ident, 0x100, 1, 0, 0, 0) + asked)
        tell(server, client, dnsmsg.answer(ident, asked, dnsmsg.record(b"\xc0\x0c", A,
                                                                       packets.packed(where))))
    assert cache() == [], cache()


@subtest("the chain of canonical names is followed, and no longer than 8")
def chain():
    policy_of("api.example.com")
    server = resolver()
    with service():
        for length, wanted in ((1, True), (8, True), (9, False)):
            where = fresh_address()
            names = ["api.example.com"] + [f"c{n}.example.org" for n in range(length)]
            links = [alias(a, b) for a, b in zip(names, names[1:])]
            for records in (links + [address(names[-1], where)],
                            [address(names[-1], where)] + links[::-1]):
                client, ident, asked = ask("api.example.com")
                with lib.moved(dns_chain=0 if wanted else 1):
                    tell(server, client, dnsmsg.answer(ident, asked, *records))
            assert allowed(where) == wanted, length
    assert {e["name"] for e in cache()} == {"api.example.com"}


@subtest("the shortest time to live in the chain counts, and is no shorter than the floor")
def time_to_live():
    policy_of("*.example.com")
    server = resolver()
    for ttls, wanted in (((900, 500), 500), ((500, 900), 500), ((1, 900), 60), ((0, 0), 60),
                         ((1 << 31, 1 << 31), 60), ((0x7fffffff, 0x7fffffff), 86400)):
        where = fresh_address()
        client, ident, asked = ask("a.example.com")
        tell(server, client, dnsmsg.answer(ident, asked, alias("a.example.com", "b.test", ttls[0]),
                                           address("b.test", where, ttls[1])))
        entry, = [e for e in cache() if e["address"] == where]
        left = entry["until"] - time.time()
        assert wanted - 5 < left <= wanted + 1, (ttls, left)


@subtest("an exclusion of the same network beats what is learned, and so does a Reject")
def beaten():
    put_policy(network("names", "*.example.com", entries=("198.51.100.0/24", "!198.51.100.128/25")),
               network("others", "other.example.com"),
               network("bad", "bad.example.com", entries=("198.51.100.66/32",)), reject=("bad",))
    resolvers(PEER[4])
    server = resolver()
    with service():
        resolve(server, "a.example.com", "198.51.100.130", "198.51.101.9", "198.51.100.66")
        assert cache()
        refused("198.51.100.130")
        assert allowed("198.51.101.9")
        refused("198.51.100.66")
        # By another network's domain it is held all the same.
        resolve(server, "other.example.com", "198.51.100.131")
        assert allowed("198.51.100.131")
        resolve(server, "bad.example.com", "198.51.101.9")
        refused("198.51.101.9")


@subtest("learned for the candidate alone, an address decides nothing yet")
def candidate():
    policy_of("a.example.com")
    put_policy(network("names", "b.example.com"), candidate=True)
    server, where = resolver(), fresh_address()
    with service():
        resolve(server, "b.example.com", where)
        assert [e["networks"] for e in cache()] == [[]]
        refused(where)
        put_policy(network("names", "b.example.com"))
        assert allowed(where)


@subtest("what was learned survives a change of policy, and what it allowed goes on")
def survives():
    policy_of("api.example.com")
    server, where = resolver(), fresh_address()
    with service() as listener:
        resolve(server, "api.example.com", where)
        client = connect(where)
        accepted = lib.made(listener.accept()[0])
        put_policy(network("new", "*.example.com"), network("more", "x.example.org"))
        lib.exchange(client, accepted)
        assert allowed(where)
        put_policy(network("new", "x.example.com"))
        refused(where)
        with contextlib.suppress(OSError):
            client.send(b"x")
            client.recv(1)
            raise AssertionError("it lives on")


@subtest("after its time an address is forgotten, unless a connection uses it")
def expiry():
    sysctl("dns_ttl_floor", 1)
    sysctl("timeout_closed", 1)
    policy_of("*.example.com")
    server, where, used = resolver(), fresh_address(), fresh_address()
    with service() as listener:
        resolve(server, "a.example.com", where, ttl=1)
        resolve(server, "b.example.com", used, ttl=1)
        client = connect(used)
        accepted = lib.made(listener.accept()[0])
        wait_for(lambda: [e["name"] for e in cache()] == ["b.example.com"], "expiry")
        refused(where)
        time.sleep(14)
        lib.exchange(client, accepted)
        assert allowed(used)
        put_policy(network("other", "b.example.com"))
        lib.exchange(client, accepted)
        assert [(e["name"], e.get("in_use")) for e in cache()] == [("b.example.com", True)]
        for sock in (client, accepted):
            sock.close()
        wait_for(lambda: not cache(), "the end", 60)
        refused(used)


@subtest("private addresses are learned unless they are refused")
def private():
    policy_of("*.example.com")
    server = resolver()
    resolve(server, "a.example.com", "10.9.0.1")
    assert len(cache()) == 1
    sysctl("dns_refuse_private", 1)
    with lib.moved(dns_refused_private=4):
        resolve(server, "b.example.com", "10.9.0.2", "172.16.9.1", "192.168.1.1", "100.64.0.1")
    with lib.moved(dns_refused_private=1):
        resolve(server, "b.example.com", "fd00::1", kind=AAAA)
    assert len(cache()) == 1


@subtest("loopback, link-local, groups and IPv4 in IPv6 are never learned")
def never():
    policy_of("*.example.com")
    server = resolver()
    ipv4 = ("127.0.0.1", "127.255.0.1", "0.0.0.0", "0.1.2.3", "169.254.169.254", "224.0.0.1",
            "240.0.0.1", "255.255.255.255")
    ipv6 = ("::1", "::", "::ffff:127.0.0.1", "::ffff:198.51.100.1", "::127.0.0.1", "fe80::1",
            "febf::1", "ff02::1")
    with lib.moved(dns_refused_address=len(ipv4) + len(ipv6), dns_learned=2):
        resolve(server, "a.example.com", *ipv4, "198.51.100.7")
        resolve(server, "a.example.com", *ipv6, "2001:db8:1::7", kind=AAAA)
    assert {e["address"] for e in cache()} == {"198.51.100.7", "2001:db8:1::7"}


# --- what must not be believed ----------------------------------------------------

def other_type(ident, _, where):
    return dnsmsg.answer(ident, dnsmsg.question("api.example.com", AAAA),
                         address("api.example.com", where))


def forged(**change):
    """An answer to the query, with a change."""
    def make(ident, asked, where):
        ident = change.get("ident", lambda i: i)(ident)
        asked = change.get("asked", asked)
        records = change.get("records", lambda w: [address("api.example.com", w)])(where)
        return dnsmsg.answer(ident, asked, *records, flags=change.get("flags", dnsmsg.ANSWER),
                             counts=change.get("counts"), behind=change.get("behind", b""))
    return make


def looping(where):
    """An owner that points to itself, and one to behind."""
    return [b"\xc0\x21" + address("", where)[1:]]


FORGERIES = {
    # what: (answer, statistic that tells, whether the query is answered by it)
    "a wrong id": (forged(ident=lambda i: i ^ 1), "dns_unasked", False),
    "another name": (forged(asked=dnsmsg.question("apj.example.com")), "dns_other_question", False),
    "another case": (forged(asked=dnsmsg.question("api.Example.com")), "dns_other_question", False),
    "another type": (other_type, "dns_other_question", False),
    "another class": (forged(asked=dnsmsg.name("api.example.com") + b"\0\1\0\3"),
                      "dns_other_question", False),
    "no question": (lambda i, q, w: struct.pack("!HHHHHH", i, 0x8180, 0, 1, 0, 0) +
                    address("api.example.com", w), "dns_malformed", False),
    "a query for an answer": (forged(flags=0x0100), "dns_malformed", False),
    "an update for an answer": (forged(flags=0xA800), "dns_malformed", False),
    "a record of another name": (forged(records=lambda w: [address("evil.example.org", w)]),
                                 "dns_answers", True),
    "a record of another class": (
        forged(records=lambda w: [dnsmsg.name("api.example.com") + b"\0\1\0\3" + bytes(4) +
                                  b"\0\4" + packets.packed(w)]), "dns_answers", True),
    "poisoned authority": (forged(counts=(0, 1, 0)), "dns_answers", True),
    "poisoned additional": (forged(counts=(0, 0, 1)), "dns_answers", True),
    "a chain of another's": (
        forged(records=lambda w: [alias("x.example.org", "y.example.org"),
                                  address("y.example.org", w)]), "dns_answers", True),
    "a chain that turns": (
        forged(records=lambda w: [alias("api.example.com", "b.test"),
                                  alias("b.test", "api.example.com"), address("c.test", w)]),
        "dns_chain", True),
    "an error": (forged(flags=dnsmsg.ANSWER | dnsmsg.NXDOMAIN), "dns_answers", True),
    "the truncated bit": (forged(flags=dnsmsg.ANSWER | dnsmsg.TRUNCATED), "dns_truncated", True),
    "more records promised than there are": (forged(counts=(2, 0, 0)), "dns_malformed", True),
    "65535 records promised": (forged(counts=(65535, 0, 0)), "dns_malformed", True),
    "an address of three bytes": (
        forged(records=lambda w: [dnsmsg.record("api.example.com", A, packets.packed(w)[:3])]),
        "dns_malformed", True),
    "a record that is cut": (lambda i, q, w: forged()(i, q, w)[:-1], "dns_malformed", True),
    "a name that points to itself": (forged(records=looping), "dns_malformed", True),
}


@subtest("not learned from: {}", *FORGERIES)
def forgery(what):
    make, statistic, answers = FORGERIES[what]
    policy_of("api.example.com", "*.example.net", default_in=0)
    server, where = resolver(), fresh_address()
    client, ident, asked = ask("api.example.com")
    with lib.moved(**{statistic: 1, "dns_learned": 0}):
        tell(server, client, make(ident, asked, where))
    with service():
        refused(where)
        assert cache() == []
        # The true answer counts all the same, unless the query was answered.
        with lib.moved(dns_learned=0 if answers else 1, dns_unasked=1 if answers else 0):
            tell(server, client, forged()(ident, asked, where))
        assert allowed(where) != answers


def other_port(wire, where, client, ident, asked):
    other = lib.udp(HOST[4])
    send_answer(wire, PEER[4], other.getsockname()[1], ident, asked, where)


def other_server(wire, where, client, ident, asked):
    send_answer(wire, "192.0.2.3", client.getsockname()[1], ident, asked, where)


def other_source_port(wire, where, client, ident, asked):
    message = forged()(ident, asked, where)
    wire.send(packets.udp(PEER[4], HOST[4], 5353, client.getsockname()[1], message))


def bad_checksum(wire, where, client, ident, asked):
    packet = bytearray(packets.udp(PEER[4], HOST[4], 53, client.getsockname()[1],
                                   forged()(ident, asked, where)))
    packet[26] ^= 0xFF
    wire.send(bytes(packet))


def in_fragments(wire, where, client, ident, asked):
    data = packets.udp_data(PEER[4], HOST[4], 53, client.getsockname()[1],
                            forged()(ident, asked, where))
    wire.send(packets.ip(PEER[4], HOST[4], packets.UDP, data[:32], fragment=0x2000, ident=7))
    wire.send(packets.ip(PEER[4], HOST[4], packets.UDP, data[32:], fragment=4, ident=7))


def send_answer(wire, source, port, ident, asked, where):
    wire.send(packets.udp(source, HOST[4], 53, port, forged()(ident, asked, where)))


ON_THE_WIRE = {
    "to another port": (other_port, {"dns_unasked": 1}),
    "from another server": (other_server, {"dns_answers": 0}),
    "from another port": (other_source_port, {"dns_answers": 0}),
    "with a wrong checksum": (bad_checksum, {"dns_checksum": 1}),
    "in fragments": (in_fragments, {"dns_fragment": 1}),
}


@subtest("not learned from an answer {}", *ON_THE_WIRE)
def on_the_wire(what):
    send, statistics = ON_THE_WIRE[what]
    policy_of("api.example.com", default_in=0)
    resolver()
    wire, where = lib.wire(), fresh_address()
    client, ident, asked = ask("api.example.com")
    before = lib.stats()["seen_in_ipv4"]
    with lib.moved(dns_learned=0, **statistics):
        send(wire, where, client, ident, asked)
        wait_for(lambda: lib.stats()["seen_in_ipv4"] > before, "answer")
    assert cache() == []


@subtest("not learned from what nobody asked, a second answer, nor 1,000 guesses")
def unasked():
    policy_of("*.example.com", default_in=0)
    server, where = resolver(), fresh_address()
    client, ident, asked = ask("a.example.com")
    good = dnsmsg.answer(ident, asked, address("a.example.com", "198.51.100.3"))
    with lib.moved(dns_unasked=1000, dns_learned=0):
        for n in range(1000):
            tell(server, client, dnsmsg.answer((ident + 1 + n) % 65536, asked,
                                               address("a.example.com", where)))
    tell(server, client, good)
    with lib.moved(dns_unasked=2, dns_learned=0):
        tell(server, client, dnsmsg.answer(ident, asked, address("a.example.com", where)))
        tell(server, client, good)
    assert [e["address"] for e in cache()] == ["198.51.100.3"]


@subtest("not learned from whom the administrator did not name")
def not_named():
    policy_of("api.example.com")
    server, where = resolver(), fresh_address()
    for named in ((), ("192.0.2.77",), (PEER[6],)):
        resolvers(*named)
        resolve(server, "api.example.com", where)
        assert cache() == []
    resolvers("192.0.2.77", PEER[4])
    resolve(server, "api.example.com", where)
    assert len(cache()) == 1


@subtest("after ten seconds an answer comes too late")
def too_late():
    policy_of("api.example.com")
    server = resolver()
    client, ident, asked = ask("api.example.com")
    time.sleep(10.2)
    with lib.moved(dns_learned=0):
        tell(server, client, dnsmsg.answer(ident, asked, address("api.example.com", "198.51.100.1")))


# --- TCP, and stubs -----------------------------------------------------------------

def ask_by_tcp(name):
    with lib.inside():
        listener = socket.create_server((PEER[4], 53))
    with listener:
        client = lib.made(socket.create_connection((PEER[4], 53), 5))
        accepted = lib.made(listener.accept()[0])
    accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    ident = next(idents)
    message = dnsmsg.query(ident, name)
    client.sendall(struct.pack("!H", len(message)) + message)
    accepted.recv(1000)
    return client, accepted, ident, dnsmsg.question(name)


@subtest("an answer by TCP in one segment is learned from; in two, it is counted")
def by_tcp():
    policy_of("api.example.com")
    for cut in (None, 1, 2, 30):
        where = fresh_address()
        client, accepted, ident, asked = ask_by_tcp("api.example.com")
        message = dnsmsg.answer(ident, asked, address("api.example.com", where))
        message = struct.pack("!H", len(message)) + message
        before = lib.stats()["dns_tcp_split"]
        for part in (message[:cut], message[cut:]) if cut else (message,):
            accepted.sendall(part)
            client.recv(1000)
        split = lib.stats()["dns_tcp_split"] - before
        learned = where in [e["address"] for e in cache()]
        assert learned == (cut is None) and (split > 0) == (cut is not None), (cut, learned, split)


def numbers(sock):
    """What a socket sends next, and waits for (TCP_REPAIR)."""
    repair, queue, seq = 19, 20, 21
    found = []
    sock.setsockopt(socket.IPPROTO_TCP, repair, 1)
    for which in (2, 1):
        sock.setsockopt(socket.IPPROTO_TCP, queue, which)
        found.append(sock.getsockopt(socket.IPPROTO_TCP, seq) & 0xFFFFFFFF)
    sock.setsockopt(socket.IPPROTO_TCP, queue, 0)
    # Without a window probe.
    sock.setsockopt(socket.IPPROTO_TCP, repair, -1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return found


@subtest("a forged segment that the socket does not take teaches nothing: {}",
         "its sequence number", "its acknowledgement")
def out_of_window(wrong):
    policy_of("api.example.com")
    client, accepted, ident, asked = ask_by_tcp("api.example.com")
    forged, where = fresh_address(), fresh_address()
    first, acked = numbers(accepted)
    message = dnsmsg.answer(ident, asked, address("api.example.com", forged))
    message = struct.pack("!H", len(message)) + message
    if wrong == "its sequence number":
        first += 1 << 31
    else:
        acked += 1 << 30
    before = lib.stats()["seen_in_ipv4"]
    lib.wire().send(packets.tcp(PEER[4], HOST[4], 53, client.getsockname()[1],
                                packets.PSH | packets.ACK, first, acked, message))
    lib.wait_for(lambda: lib.stats()["seen_in_ipv4"] > before, "forgery")
    assert not cache(), cache()
    # And the true answer is waited for.
    message = dnsmsg.answer(ident, asked, address("api.example.com", where))
    accepted.sendall(struct.pack("!H", len(message)) + message)
    client.recv(1000)
    assert [e["address"] for e in cache()] == [where], cache()


@subtest("a stub on loopback is seen through")
def stub():
    policy_of("api.example.com")
    server, where = resolver(), fresh_address()
    ours = lib.udp("127.0.0.1", port=53)
    client = lib.udp("127.0.0.1")
    client.connect(("127.0.0.1", 53))
    client.send(dnsmsg.query(7, "api.example.com"))
    message, asker = ours.recvfrom(1000)
    upstream, ident, asked = ask("api.example.com")
    tell(server, upstream, dnsmsg.answer(ident, asked, address("api.example.com", where)))
    ours.sendto(message, asker)
    client.recv(1000)
    with service():
        assert allowed(where)


# --- commands -------------------------------------------------------------------------

def learn(name, where, seconds=100, **more):
    values = {"LEARNED_NAME": name, "LEARNED_ADDRESS": packets.packed(where)}
    values |= {"LEARNED_UNTIL": struct.pack("=Q", int((time.time() + seconds) * 1e9))} | more
    return nest("LEARNED", *[attr(k, v) for k, v in values.items() if v is not None])


def call(command, *attrs):
    client = genl.Client()
    try:
        return client.call(command, *attrs)
    finally:
        client.close()


def fails(words, *attrs, error=errno.EINVAL, command="DNS_LEARN"):
    try:
        call(command, *attrs)
    except genl.Refused as refused_with:
        assert refused_with.errno == error and words in refused_with.words, refused_with
        return
    raise AssertionError(f"not refused: {words}")


@subtest("dns-learn puts back what was known, where the policy wants it")
def put_back():
    policy_of("*.example.com")
    where = fresh_address()
    with lib.moved(dns_learned=1, dns_unwanted=1, dns_refused_address=1), service():
        call("DNS_LEARN", learn("a.example.com", where), learn("example.com", where),
             learn("a.example.com", "127.0.0.1"), learn("b.example.com", where, -1))
        assert allowed(where)
    entry, = cache()
    assert entry["address"] == where and "resolver" not in entry
    assert 90 < entry["until"] - time.time() < 102, entry
    call("DNS_LEARN", learn("a.example.com", where, 10 * 86400))
    assert cache()[0]["until"] - time.time() < 86402


@subtest("what is wrong with a command is said, and nothing is done")
def wrong():
    policy_of("*.example.com")
    good = learn("a.example.com", "198.51.100.1")
    for words, bad in (("empty label", learn("a..example.com", "198.51.100.1")),
                       ("canonical", learn("A.example.com", "198.51.100.1")),
                       ("needs a name", learn("a.example.com", "198.51.100.1",
                                              LEARNED_UNTIL=None)),
                       ("4 bytes or 16", learn("a.example.com", "198.51.100.1",
                                               LEARNED_RESOLVER=bytes(5)))):
        fails(words, good, bad)
    assert cache() == []
    fails("too many", *[attr("RESOLVER", bytes(4))] * 17, error=errno.E2BIG,
          command="RESOLVERS_SET")
    fails("4 bytes or 16", attr("RESOLVER", bytes(6)), command="RESOLVERS_SET")
    found = [text_of(v) for _, v in call("RESOLVERS_GET")]
    assert found == list(PEER.values()), found
    for domain in ("", ".", "a.", ".a", "*", "*.", "*.*.a", "a.*.b", "A.b", "a b", "ä.b",
                   "a" * 64 + ".b", "a." * 126 + "ab"):
        client = genl.Client()
        txn = attr("TXN", dict(client.call("TXN_BEGIN"))[K["A_TXN"]])
        try:
            client.call("TXN_NETWORK", txn, attr("ID", 0), attr("NAME", "n"),
                        attr("DOMAIN", domain))
            raise AssertionError(f"{domain!r} was taken")
        except genl.Refused as refused_with:
            assert refused_with.errno == errno.EINVAL, (domain, refused_with)
        client.close()


@subtest("of one name the youngest 256 addresses are kept, of one address 32 names")
def bounds():
    policy_of("*.example.com")
    for n in range(257):
        call("DNS_LEARN", learn("a.example.com", f"198.51.{n // 256}.{n % 256}"))
    found = {e["address"] for e in cache()}
    assert len(found) == 256 and "198.51.0.0" not in found, len(found)
    for n in range(33):
        call("DNS_LEARN", learn(f"n{n}.example.com", "203.0.113.1"))
    found = {e["name"] for e in cache() if e["address"] == "203.0.113.1"}
    assert len(found) == 32 and "n0.example.com" not in found, found
    assert lib.stats()["dns_evicted"] == 2


@subtest("networks of a dump have their domains")
def domains_dumped():
    wanted = [f"d{n}.{'x' * 60}.example.com" for n in range(3000)]
    client = genl.Client()
    txn = attr("TXN", dict(client.call("TXN_BEGIN"))[K["A_TXN"]])
    client.call("TXN_NETWORK", txn, attr("ID", 0), attr("NAME", "n"), prefix("192.0.2.0/24"))
    for i in range(0, 3000, 100):
        client.call("TXN_NETWORK", txn, attr("ID", 0),
                    *[attr("DOMAIN", d) for d in wanted[i:i + 100]])
    client.call("TXN_COMMIT", txn)
    found = client.call("NETWORK_GET", dump=True)
    assert [v.rstrip(b"\0").decode() for k, v in found if k == K["A_DOMAIN"]] == wanted
    assert sum(k == K["A_ENTRY"] for k, _ in found) == 1
    client.close()


# --- records ----------------------------------------------------------------------------

class Records(genl.Listener):
    """DNS records that come."""

    def __init__(self):
        super().__init__("dns", "DNS", genl.dns_record)
        lib.cleanups.callback(self.client.close)

    def wait(self, event, seconds=5):
        return wait_for(lambda: [r for r in self.read() if r["event"] == K[f"DNS_EVENT_{event}"]],
                        f"{event} in {self.found}", seconds)[0]


@subtest("records: an answer with who asked and what was learned, whoever was asked")
def records_of_answers():
    policy_of("api.example.com")
    records, server = Records(), resolver()
    client, ident, asked = ask("api.example.com")
    message = dnsmsg.answer(ident, asked, address("api.example.com", "198.51.100.1"),
                            address("api.example.com", "127.0.0.1"))
    tell(server, client, message)
    found = records.wait("ANSWER")
    assert found["payload"] == message and found["length"] == len(message), found
    assert (found["learned"], found["refused"], found["uid"], found["server_port"]) == \
        (1, 1, 0, 53), found
    assert found["client_port"] == client.getsockname()[1]
    assert found["client"][:4] == packets.packed(HOST[4])
    assert found["server"][:4] == packets.packed(PEER[4])
    with open("/proc/self/comm", "rb") as comm:
        assert found["command"].rstrip(b"\0") == comm.read().strip(), found
    assert found["flags"] == K["DNS_FLAG_RESOLVER"]
    assert 0 <= found["time"] - found["asked"] < 5e9
    # Whatever is asked, and with no policy at all.
    lib.fresh()
    records, server = Records(), resolver()
    client, ident, asked = ask("whatever.test", 16)
    tell(server, client, dnsmsg.answer(ident, asked, flags=dnsmsg.ANSWER | dnsmsg.NXDOMAIN))
    found = records.wait("ANSWER")
    assert (found["seq"], found["flags"], found["learned"]) == (1, 0, 0), found


@subtest("records: a query without an answer, and one that the policy refuses")
def records_of_failures():
    policy_of("api.example.com")
    records = Records()
    resolver()
    _, ident, asked = ask("silent.test")
    client = lib.udp(HOST[4])
    client.connect(("192.0.2.9", 53))
    with contextlib.suppress(OSError):
        client.send(dnsmsg.query(99, "refused.test"))
    found = records.wait("REJECTED")
    assert found["payload"][12:] == dnsmsg.question("refused.test"), found
    found = records.wait("NO_ANSWER", 20)
    assert found["payload"] == struct.pack("!HHHHHH", ident, 0x100, 1, 0, 0, 0) + asked, found
    counted = lib.stats()
    assert counted["dns_records_made"] == counted["dns_records_sent"] == 2, counted


@subtest("records: parts of an answer by TCP can be put together, cut at {}", (60,), (2, 60))
def records_of_segments(cuts):
    policy_of("api.example.com")
    records = Records()
    client, accepted, ident, asked = ask_by_tcp("api.example.com")
    message = dnsmsg.answer(ident, asked, *[address("api.example.com", fresh_address())] * 3)
    data = struct.pack("!H", len(message)) + message
    for start, end in itertools.pairwise((0, *cuts, None)):
        accepted.sendall(data[start:end])
        client.recv(1000)
    wait_for(lambda: len(records.read()) == len(cuts) + 1, "all parts")
    assert {r["event"] for r in records.found} == {K["DNS_EVENT_SEGMENT"]}
    assert b"".join(r["payload"] for r in records.found) == data
    assert [r["tcp_seq"] - records.found[0]["tcp_seq"] for r in records.found] == [0, *cuts]
    # What is asked for is where the message begins.
    assert [bool(r["asked"]) for r in records.found] == [n == len(cuts) - 1
                                                         for n in range(len(cuts) + 1)]


@subtest("without a listener and without domains nothing is done")
def idle():
    server = resolver()
    resolvers(PEER[4])
    with lib.moved(dns_queries=0, dns_answers=0, dns_records_made=0):
        resolve(server, "a.example.com", "198.51.100.1")


def flood(idents):
    WHO["nobody"]()
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for n in range(*idents):
        sock.sendto(dnsmsg.query(n, f"n{n}.example.org"), (PEER[4], 53))
    return True


@subtest("who floods with queries pushes out his own alone")
def flooded():
    policy_of("*.example.com")
    server, where = resolver(), fresh_address()
    # Half as many again as are waited for, in the time that one is.
    with lib.moved(dns_forgotten=(1, 6000)):
        Child(flood, (0, 3000)).result()
        client, ident, asked = ask("a.example.com")
        Child(flood, (3000, 6000)).result()
    tell(server, client, dnsmsg.answer(ident, asked, address("a.example.com", where)))
    assert where in [e["address"] for e in cache()]


def build():
    lib.command("ip", "-n", "peer", "-batch", "-", input="""
        route add local 198.51.0.0/16 dev lo
        route add local 10.9.0.0/24 dev lo
        route add local 2001:db8:1::/64 dev lo
    """)


if __name__ == "__main__":
    lib.main(prepare=build)
