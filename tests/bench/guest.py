#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure, in a virtual machine: tests/bench/guest.py PART...

Every peer has a network namespace of its own, with the same device and addresses;
tests/bench/kmod/packets.c shows the same packets to the hooks of each. What the
loop costs where there are no hooks is taken away from all. Prints a JSON object
of what was measured, in ticks of the time-stamp counter.

    none    no hook
    hook    an empty netfilter hook
    empty   an empty nftables chain
    nft     connection tracking and nftables, two rules a direction
    expert  the same with verdict maps and concatenations of intervals
    ipset   connection tracking, iptables and ipset
    mseg    the module
"""
import ctypes
import json
import os
import socket
import struct
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
BUILD = os.path.join(TOP, "build/bench")
sys.path.insert(0, os.path.join(TOP, "tests/selftests"))
import genl                                             # noqa: E402

COMMANDS = "/sys/kernel/debug/mseg_bench"
PEERS = ("hook", "empty", "nft", "expert", "ipset")
SYN, ACK, SYN_ACK, DATA = "02", "10", "12", "18"
TCP, UDP = 6, 17
HOT = (("ipv4 tcp in", 4, TCP, "in"), ("ipv4 tcp out", 4, TCP, "out"),
       ("ipv6 tcp in", 6, TCP, "in"), ("ipv6 tcp out", 6, TCP, "out"),
       ("ipv4 udp in", 4, UDP, "in"), ("ipv4 udp out", 4, UDP, "out"))
QUARTILES = ("min", "q1", "median", "q3", "max")
SERVICE = 443       # of all packets
SLICE = 200         # packets
SLICES = 40
ROUNDS = 25         # of eight slices, where the clock tells
MANY = 1 << 19      # connections
NEW_SLICES = 10
RECORDS = 1000      # fit into a queue
NETFILTER, CONNTRACK_NEW, RCVBUFFORCE = 12, 1, 33
BPF, LPM_TRIE, NO_PREALLOC = 321, 11, 1

TABLE = """
table inet fw {
    chain in { type filter hook input priority 0; policy %(policy)s; %(in)s }
    chain out { type filter hook output priority 0; policy %(policy)s; %(out)s }
}"""
NFT = {
    "empty": TABLE % {"policy": "accept", "in": "", "out": ""},
    "nft": TABLE % {"policy": "drop",
                    "in": "ct state established accept; meta l4proto { tcp, udp } th dport 443 accept;",
                    "out": "ct state established accept; meta l4proto { tcp, udp } th dport 443 accept;"},
    "expert": """
table inet fw {
    map states { typeof ct state : verdict;
        elements = { established : accept, related : accept, invalid : drop }; }
    set peers4 { type ipv4_addr . inet_service; flags interval;
        elements = { 198.18.0.0/15 . 443, 10.0.0.0/8 . 22 }; }
    set peers6 { type ipv6_addr . inet_service; flags interval;
        elements = { 2001:db8:2::/48 . 443 }; }
    chain in { type filter hook input priority 0; policy drop;
        ct state vmap @states
        meta l4proto { tcp, udp } ip saddr . th dport @peers4 accept
        meta l4proto { tcp, udp } ip6 saddr . th dport @peers6 accept; }
    chain out { type filter hook output priority 0; policy drop;
        ct state vmap @states
        meta l4proto { tcp, udp } ip daddr . th dport @peers4 accept
        meta l4proto { tcp, udp } ip6 daddr . th dport @peers6 accept; }
}""",
}


def run(*command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


def note(text):
    print(f"{time.monotonic():8.1f} {text}", file=sys.stderr, flush=True)


def ask(command):
    """What the benchmark's module answers, in the current namespace."""
    file = os.open(COMMANDS, os.O_RDWR)
    try:
        os.write(file, command.encode())
        return [int(word) for word in os.read(file, 4096).split()]
    except OSError as error:
        sys.exit(f"{command}: {error}")
    finally:
        os.close(file)


class Namespace:
    """One peer's."""

    def __init__(self, name):
        self.name = name
        run("ip", "netns", "add", name)
        with self:
            # Someone waits for what comes in: first packets that pass have a service.
            self.server = socket.create_server(("::", SERVICE), family=socket.AF_INET6,
                                               dualstack_ipv6=True)
            run("sh", "-ec", """
                ip link set lo up
                ip link add bench0 type dummy
                echo 0 >/proc/sys/net/ipv6/conf/bench0/accept_dad
                ip address add 192.0.2.1/24 dev bench0
                ip address add 2001:db8::1/64 dev bench0 nodad
                ip link set bench0 up
                ip route add default dev bench0
                ip -6 route add default dev bench0""")

    def __enter__(self):
        self.old = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.enter(os.open(f"/run/netns/{self.name}", os.O_RDONLY))
        return self

    def __exit__(self, *_):
        self.enter(self.old)

    @staticmethod
    def enter(file):
        if ctypes.CDLL(None, use_errno=True).setns(file, 0):
            sys.exit(f"setns: {os.strerror(ctypes.get_errno())}")
        os.close(file)


def set_up(name):
    namespace = Namespace(name)
    with namespace:
        if name == "hook":
            ask_nothing("hook on")
        elif name == "mseg":
            run("mctl", "attach")
            run("mctl", "load", "-f", f"{BUILD}/rules-1.json")
        elif name == "ipset":
            set_up_ipset()
        elif name in NFT:
            run("nft", "-f", "-", text=NFT[name])
    return namespace


def ask_nothing(command):
    file = os.open(COMMANDS, os.O_RDWR)
    os.write(file, command.encode())
    os.close(file)


def set_up_ipset():
    run("sh", "-ec", """
        ipset create peers4 hash:net,port
        ipset add peers4 198.18.0.0/15,tcp:443
        ipset add peers4 198.18.0.0/15,udp:443
        ipset create peers6 hash:net,port family inet6
        ipset add peers6 2001:db8:2::/48,tcp:443
        ipset add peers6 2001:db8:2::/48,udp:443
        for v in '' 6; do
            ip${v}tables-legacy -nL >/dev/null 2>&1 || continue
            for chain in INPUT/src OUTPUT/dst; do
                ip${v}tables-legacy -P ${chain%/*} DROP
                ip${v}tables-legacy -A ${chain%/*} -m conntrack --ctstate ESTABLISHED -j ACCEPT
                ip${v}tables-legacy -A ${chain%/*} -m set --match-set peers${v:-4} ${chain#*/},dst -j ACCEPT
            done
        done""")


class Measured:
    """Ticks a packet: minimum, quartiles and maximum of the slices."""

    def __init__(self, name, answer, n):
        if answer[0]:
            sys.exit(f"{name}: {answer[0]} were refused, or not found")
        self.values = [ticks / n for ticks in answer[1:]]

    def less(self, other):
        return dict(zip(QUARTILES, (round(a - b, 1) for a, b in zip(self.values, other.values))))


def send(family, protocol, way, began, flags, first, flows, slices=1, packets=8, command="send"):
    command = f"{command} {family} {protocol} {way} {began} {flags} {first} {flows}"
    return Measured(command, ask(f"{command} {slices} {packets}"), packets)


def shake_hands(family, protocol, began, flows=8):
    """Make connections established, for all that the hooks can see."""
    other = "in" if began == "out" else "out"
    for way, flags in ((began, SYN), (other, SYN_ACK), (began, ACK), (other, ACK), (began, ACK)):
        send(family, protocol, way, began, flags, 0, flows, packets=flows)


class Rounds:
    """The same measured several times, in turns with others."""

    def __init__(self, measured):
        columns = list(zip(*(one.values for one in measured)))
        middle = [sorted(column)[len(column) // 2] for column in columns]
        self.values = [min(columns[0]), *middle[1:4], max(columns[4])]

    less = Measured.less


def in_turns(namespaces, rounds, measure):
    """What each costs more than the first: measure() in each, in turns."""
    measured = [[] for _ in namespaces]
    for i in range(rounds):
        turn = list(zip(namespaces, measured))
        for namespace, done in turn if i % 2 else reversed(turn):
            with namespace:
                done.append(measure())
    measured = [Rounds(done) for done in measured]
    return {namespace.name: one.less(measured[0])
            for namespace, one in zip(namespaces, measured)}


def hot(namespaces, rounds=1, cases=HOT):
    """Established packets of eight connections."""
    found = {}
    for name, family, protocol, way in cases:
        for namespace in namespaces:
            with namespace:
                shake_hands(family, protocol, "out")
                if protocol == UDP:
                    # A stream is one that lasts.
                    time.sleep(2.1)
                    shake_hands(family, protocol, "out")
        found[name] = in_turns(namespaces, rounds, lambda: send(
            family, protocol, way, "out", DATA, 0, 8, SLICES if rounds == 1 else 8, SLICE))
    return found


def many(namespaces, rounds):
    """Established packets of as many connections as a big server has."""
    for namespace in namespaces:
        with namespace:
            shake_hands(4, TCP, "out", MANY)
    return {f"ipv4 tcp {way}": in_turns(namespaces, rounds, lambda: send(
        4, TCP, way, "out", DATA, 0, MANY, 8, 2000)) for way in ("in", "out")}


def cycles(found):
    """What is measured by the clock."""
    namespaces = [set_up(name) for name in ("none",) + PEERS + ("mseg",)]
    note("peers are ready")
    found["load"] = [load_time(namespaces[-1]) for _ in range(5)]
    with namespaces[-1]:
        run("mctl", "load", "-f", f"{BUILD}/rules-1.json")
    found["hot"] = hot(namespaces, ROUNDS, HOT[:2])
    note("hot")
    for path in ("/proc/sys/net/netfilter/nf_conntrack_max",
                 "/sys/module/nf_conntrack/parameters/hashsize"):
        with open(path, "w", encoding="ascii") as file:
            file.write(str(2 * MANY))
    some = [namespaces[0], namespaces[PEERS.index("nft") + 1], namespaces[-1]]
    with namespaces[-1]:
        listener = flows_of_mseg()
    found["first"] = {f"ipv4 tcp {way}": in_turns(some, ROUNDS, lambda: first_cycles(way))
                      for way in ("in", "out")}
    listener.close()
    note("first")
    found["many"] = many(some, ROUNDS)


next_first = 1000000


def first_cycles(way):
    global next_first
    next_first += 16384
    return send(4, TCP, way, way, SYN, next_first, 0, 8, 100)


def load_time(mseg):
    """Seconds that a big policy takes from its file to being in force."""
    with mseg:
        started = time.monotonic()
        run("mctl", "load", "-f", f"{BUILD}/load.json")
        return time.monotonic() - started


def transactions():
    """TCP_RR and TCP_CRR from three namespaces: not policed, policed, and without its egress hooks."""
    Namespace("server")
    measured = {}
    for i, name in enumerate(("plain", "policed", "unwatched")):
        client = Namespace(name)
        run("sh", "-ec", f"""
            ip -n {name} link add v type veth peer name v{i} netns server
            ip -n {name} address add 10.0.{i}.2/24 dev v
            ip -n server address add 10.0.{i}.1/24 dev v{i}
            ip -n {name} link set v up
            ip -n server link set v{i} up""")
        measured[client] = {"rr": [], "crr": []}
        with client:
            if name != "plain":
                run("mctl", "attach")
            if name == "unwatched":
                run("sysctl", "-qw", "net.mseg.raw=off")
    server = subprocess.Popen(["ip", "netns", "exec", "server", f"{BUILD}/rr", "serve", "0.0.0.0"])
    time.sleep(0.5)
    for turn in range(2 * ROUNDS):
        order = list(enumerate(measured.items()))
        for i, (client, done) in order if turn % 2 else reversed(order):
            with client:
                for kind, count in (("rr", "500"), ("crr", "200")):
                    done[kind].append(int(run(f"{BUILD}/rr", kind, f"10.0.{i}.1", count)))
    server.kill()
    server.wait()
    return {client.name: {kind: dict(zip(QUARTILES, quartiles(values)))
                          for kind, values in done.items()}
            for client, done in measured.items()}


def quartiles(values):
    values, n = sorted(values), len(values)
    return [values[0], values[n // 4], values[n // 2], values[n * 3 // 4], values[-1]]


def step(command):
    """Instructions of one packet, by function."""
    file = os.open(COMMANDS, os.O_RDWR)
    os.write(file, f"step {command}".encode())
    lines = os.read(file, 4096).decode().splitlines()
    os.close(file)
    return {name: int(n) for n, name in (line.split(" ", 1) for line in lines)}


def steps(namespace):
    """Where the instructions of an established and of a first packet go."""
    found = {}
    with namespace:
        listener = flows_of_mseg()
        shake_hands(4, TCP, "out")
        for way in ("in", "out"):
            found[way] = step(f"4 6 {way} out {DATA} 0 8 1 8")
        for i, way in enumerate(("in", "out")):
            found[f"first {way}"] = step(f"4 6 {way} {way} {SYN} {300000 + 20000 * i} 0 1 8")
        listener.close()
    return found


def first(namespaces, begin, ways=("in", "out")):
    """Packets that begin connections."""
    found = {}
    for way in ways:
        baseline, measured = None, {}
        for namespace in namespaces:
            with namespace:
                one = send(4, TCP, way, way, SYN, begin, 0, NEW_SLICES, RECORDS // 10)
            baseline = baseline or one
            measured[namespace.name] = one.less(baseline)
        begin += 16384
        found[f"ipv4 tcp {way}"] = measured
    return found


def transmit(namespaces):
    """Giving packets to a device; raw is who watches packet sockets, if anyone."""
    found, none = {}, None
    for namespace in namespaces:
        for mode in ("observe", "off") if namespace.name == "mseg" else ("",):
            with namespace:
                if mode:
                    run("sysctl", "-qw", f"net.mseg.raw={mode}")
                one = send(4, UDP, "out", "out", "00", 0, 8, SLICES, SLICE, command="transmit")
            if none is None:
                none = one
                found["cost"] = dict(zip(QUARTILES, one.values))
            else:
                found[f"{namespace.name} {mode}".strip()] = one.less(none)
    return found


class Listener:
    """Takes all that a netlink socket gets."""

    def __init__(self, sock):
        sock.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, 8 << 20)
        os.set_blocking(sock.fileno(), True)
        self.process = subprocess.Popen([f"{BUILD}/listen", str(sock.fileno())],
                                        pass_fds=[sock.fileno()])
        self.sock = sock
        time.sleep(0.1)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.sock.close()


def flows_of_mseg():
    client = genl.Client()
    client.call("FLOW_SUBSCRIBE")
    client.socket.setsockopt(genl.SOL_NETLINK, genl.ADD_MEMBERSHIP, client.groups["flows"])
    return Listener(client.socket)


def events_of_conntrack():
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETFILTER)
    sock.bind((0, 0))
    sock.setsockopt(genl.SOL_NETLINK, genl.ADD_MEMBERSHIP, CONNTRACK_NEW)
    return Listener(sock)


def runtime(pid):
    """Nanoseconds that a thread ran, which the scheduler counts by the same clock."""
    try:
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def workers():
    """Threads of the kernel that do others' work, and what each did so far."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm", encoding="ascii", errors="replace") as file:
                if file.read().startswith("kworker/u"):
                    found[pid] = runtime(pid)
        except FileNotFoundError:
            pass
    return found


def statistics():
    with open("/proc/net/mseg/stats", encoding="ascii") as file:
        return {name: int(value) for name, value in (line.split()[:2] for line in file)}


def listen_to(namespace, begin, listen):
    """What a record costs who sends and takes it, beside the packet: (packet, rest)."""
    with namespace:
        listener = listen()
        before, reader = workers(), runtime(listener.process.pid)
        packet = send(4, TCP, "out", "out", SYN, begin, 0, NEW_SLICES, RECORDS // 10)
        time.sleep(1)
        work = sum(ns - before.get(pid, 0) for pid, ns in workers().items())
        read = runtime(listener.process.pid) - reader
        listener.close()
        silent = send(4, TCP, "out", "out", SYN, begin + RECORDS, 0, NEW_SLICES, RECORDS // 10)
    return {"packet": packet.less(silent)["median"], "worker": work / RECORDS,
            "reader": read / RECORDS,
            "all": packet.less(silent)["median"] + (work + read) / RECORDS}


def records(namespaces):
    """A record delivered; the peer's are connection tracking's events, one a message."""
    by_name = {namespace.name: namespace for namespace in namespaces}
    with by_name["mseg"]:
        before = statistics()
    found = {"mseg": listen_to(by_name["mseg"], 200000, flows_of_mseg),
             "nft": listen_to(by_name["nft"], 200000, events_of_conntrack)}
    with by_name["mseg"]:
        after = statistics()
    made, sent = (after[name] - before[name] for name in ("flows_made", "flows_sent"))
    lost = sum(after[name] - before[name] for name in ("flows_lost_accept", "flows_lost_reject"))
    found["uncounted"] = made - sent - lost
    found["made"] = made
    return found


def scale(none, mseg, name, begin):
    """A first packet under a policy."""
    started = time.monotonic_ns()
    with mseg:
        run("mctl", "load", "-f", f"{BUILD}/{name}.json")
    taken = time.monotonic_ns() - started
    note(f"loaded {name} in {taken / 1e9:.1f} s")
    return {way: peers["mseg"] for way, peers in first([none, mseg], begin).items()} | {
        "load": taken}


def sizes(pattern):
    names = (name[:-5] for name in os.listdir(BUILD)
             if name.startswith(pattern) and name.endswith(".json"))
    return sorted(names, key=lambda name: int(name.split("-")[1]))


def free_memory():
    with open("/proc/meminfo", encoding="ascii") as file:
        fields = dict(line.split(":") for line in file)
    return sum(int(fields[name].split()[0]) for name in ("MemFree", "Cached", "Buffers")) * 1024


def bpf_trie(family, n):
    """A map of BPF, its file descriptor."""
    size = 4 if family == 4 else 16
    data = bytearray(struct.pack("=IIIII", LPM_TRIE, 4 + size, 4, n, NO_PREALLOC).ljust(72, b"\0"))
    buffer = (ctypes.c_char * len(data)).from_buffer(data)
    fd = ctypes.CDLL(None, use_errno=True).syscall(BPF, 0, buffer, len(data))
    if fd < 0:
        sys.exit(f"bpf: {os.strerror(ctypes.get_errno())}")
    return fd


def prefixes(found):
    """Look-ups among the real prefixes, and what they weigh."""
    before = free_memory()
    count, ticks, read = ask(f"load {BUILD}/prefixes.bin")
    found |= {"prefixes": count, "build": ticks, "map": read, "memory": before - free_memory()}
    note("loaded")
    for family in (4, 6):
        before = free_memory()
        fd = bpf_trie(family, count)
        ask_nothing(f"fill {family} {fd}")
        none = Measured("none", ask(f"none {family} {SLICES} 1000"), 1000)
        trie = Measured("trie", ask(f"trie {family} {fd} {SLICES} 1000"), 1000)
        ours = Measured("classify", ask(f"classify {family} {SLICES} 1000"), 1000)
        found[f"ipv{family}"] = {"mseg": ours.less(none), "trie": trie.less(none)}
        found[f"trie {family} memory"] = before - free_memory()
        os.close(fd)
        note(f"ipv{family}")


def change(found):
    """One prefix more or less among the real ones, in nanoseconds."""
    found |= dict(zip(("median", "p99", "worst"), ask("change 4000")))
    note("changed")


def gate(found):
    """What tests/bench/gate compares: the module alone."""
    namespaces = [set_up("none"), set_up("mseg")]
    found["hot"] = hot(namespaces)
    with namespaces[1]:
        listener = flows_of_mseg()
    found["first"] = first(namespaces, 100000)
    listener.close()


PEERS_NEEDED = {"hot", "steps", "first", "records", "scale", "transmit"}


def measure_packets(parts, found):
    namespaces = [set_up(name) for name in ("none",) + PEERS + ("mseg",)]
    none, mseg = namespaces[0], namespaces[-1]
    note("peers are ready")
    if "hot" in parts:
        found["hot"] = hot(namespaces)
    if "steps" in parts:
        found["steps"] = steps(mseg)
    if "transmit" in parts:
        found["transmit"] = transmit([none, mseg])
    if "first" in parts:
        with mseg:
            listener = flows_of_mseg()
        found["first"] = first(namespaces, 100000)
        listener.close()
    if "records" in parts:
        found["records"] = records(namespaces)
    if "scale" in parts:
        for i, name in enumerate(sizes("rules-") + sizes("prefixes-")):
            found[name] = scale(none, mseg, name, 400000 + 40000 * i)


def main():
    parts = set(sys.argv[1:])
    run("insmod", os.environ["MSEG_BENCH_KO"])
    os.makedirs("/run/netns", exist_ok=True)
    found = {"kernel": os.uname().release, "nops": dict(zip(QUARTILES, ask("nops")))}
    try:
        if "prefixes" in parts:
            prefixes(found.setdefault("prefixes", {}))
        if "change" in parts:
            change(found.setdefault("change", {}))
        if parts & (PEERS_NEEDED | {"gate", "cycles", "transactions"}):
            run("insmod", os.environ["MSEG_KO"], "max_connections=600000",
                "total_connections=1200000")
        if "cycles" in parts:
            cycles(found.setdefault("cycles", {}))
        if "transactions" in parts:
            found["transactions"] = transactions()
        if "gate" in parts:
            gate(found)
        if parts & PEERS_NEEDED:
            measure_packets(parts, found)
    finally:
        json.dump(found, sys.stdout, indent=1)
        print()


main()
