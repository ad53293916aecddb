# SPDX-License-Identifier: GPL-2.0-or-later
"""What every selftest needs: the network, the module, sockets, TAP.

      init namespace: the host            peer
     ┌───────────────────────┐    ┌───────────────────┐
     │ veth0                 ├────┤ veth0             │
     │ 192.0.2.1/24          │    │ 192.0.2.2/24      │
     │ 2001:db8::1/64        │    │ 2001:db8::2/64    │
     │ default route by peer │    │ does not forward  │
     └───────────────────────┘    └───────────────────┘

A test's process has sockets in both: a socket stays in the namespace it was
made in. Each subtest begins with an empty cache, in discovery mode. IPv6 neighbours are
known, so that no discovery of them is counted while a test counts.
"""

import contextlib
import ctypes
import itertools
import json
import os
import socket
import struct
import subprocess
import sys
import time
import traceback

import genl
import packets

SKIP = 4
HOST = {4: "192.0.2.1", 6: "2001:db8::1"}
PEER = {4: "192.0.2.2", 6: "2001:db8::2"}
HOST_MAC, PEER_MAC = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
ALL = ["0.0.0.0/0", "::/0"]
FAMILIES = (4, 6)
DIRECTIONS = ("in", "out")
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
RESULTS = {True: "ok", False: "not ok"}

libc = ctypes.CDLL(None, use_errno=True)
cases = []
cleanups = contextlib.ExitStack()
ports = itertools.count(20001)


# --- TAP ----------------------------------------------------------------------

class Skip(Exception):
    """This machine cannot run the subtest."""


def subtest(name, *variants):
    """Register a function under a name, once for each variant, its argument."""
    def register(function):
        if variants:
            cases.extend((name.format(v), function, (v,)) for v in variants)
        else:
            cases.append((name, function, ()))
        return function
    return register


def skip_all(why):
    print(f"TAP version 13\n1..0 # SKIP {why}", flush=True)
    sys.exit(SKIP)


def run_case(number, name, function, arguments):
    started = time.monotonic()
    ok, note, detail = True, "", ""
    try:
        with contextlib.ExitStack() as stack:
            fresh()
            global cleanups
            cleanups = stack
            function(*arguments)
    except Skip as skip:
        note = f" # SKIP {skip}"
    except Exception:  # pylint: disable=broad-except
        ok, detail = False, traceback.format_exc() + state()
    print(f"{RESULTS[ok]} {number} - {name}{note}")
    for line in detail.splitlines():
        print(f"# {line}")
    if os.environ.get("MSEG_TIMES"):
        print(f"# {time.monotonic() - started:.1f} s")
    sys.stdout.flush()
    return ok


def main(parameters="", prepare=None):
    """Run the registered subtests with a module loaded for them.

    prepare: what the network needs beside.
    """
    if not os.environ.get("MSEG_KO"):
        skip_all("MSEG_KO names no module: run this through tests/vm/run")
    print("TAP version 13")
    print(f"1..{len(cases)}", flush=True)
    with contextlib.ExitStack() as stack:
        build_network(stack)
        if prepare:
            prepare()
        stack.callback(unload)
        load(parameters)
        results = [run_case(i, *case) for i, case in enumerate(cases, 1)]
    sys.exit(not all(results))


def state():
    """What helps to understand a failure."""
    with contextlib.suppress(OSError):
        moved = {name: n for name, n in stats().items() if n}
        with open("/proc/net/mseg/rules", encoding="utf-8") as rules, \
                open("/proc/net/mseg/connections", encoding="utf-8") as connections:
            return f"{moved}\n{rules.read()}{connections.read()[:4000]}"
    return ""


# --- the network --------------------------------------------------------------

def command(*words, check=True, **options):
    return subprocess.run(words, check=check, text=True, capture_output=True, **options)


@contextlib.contextmanager
def inside(name="peer", pid=None):
    """In another network namespace: by name, or a process's."""
    path = f"/proc/{pid}/ns/net" if pid else f"/run/netns/{name}"
    with open("/proc/self/ns/net", "rb") as home, open(path, "rb") as there:
        enter(there)
        try:
            yield
        finally:
            enter(home)


def enter(namespace):
    if libc.setns(namespace.fileno(), CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def build_network(stack):
    subprocess.run(("modprobe", "-aq", "veth"), check=False, stderr=subprocess.DEVNULL)
    remove_network()
    stack.callback(remove_network)
    command("ip", "netns", "add", "peer")
    command("ip", "-batch", "-", input=f"""
        link set lo up
        link add veth0 address {HOST_MAC.hex(':')} type veth peer name veth0 address {PEER_MAC.hex(':')} netns peer
        address add {HOST[4]}/24 dev veth0
        address add {HOST[6]}/64 dev veth0 nodad
        link set veth0 up
        neighbour add {PEER[6]} dev veth0 lladdr {PEER_MAC.hex(':')} nud permanent
    """)
    command("ip", "-n", "peer", "-batch", "-", input=f"""
        link set lo up
        address add {PEER[4]}/24 dev veth0
        address add {PEER[6]}/64 dev veth0 nodad
        link set veth0 up
        neighbour add {HOST[6]} dev veth0 lladdr {HOST_MAC.hex(':')} nud permanent
    """)
    command("ip", "-batch", "-", input=f"""
        route add default via {PEER[4]}
        route add default via {PEER[6]}
    """)
    for family in FAMILIES:
        wait_for(lambda f=family: try_ping(f), "the link")


def try_ping(family):
    with udp(HOST[family]) as probe, udp(PEER[family], "peer") as answer:
        probe.sendto(b"", answer.getsockname())
        answer.settimeout(0.5)
        with contextlib.suppress(TimeoutError):
            answer.recv(1)
            return True
    return False


def remove_network():
    command("ip", "link", "delete", "veth0", check=False)
    command("ip", "netns", "delete", "peer", check=False)


def wire(name="peer"):
    with inside(name):
        device = packets.Wire("veth0", PEER_MAC, HOST_MAC)
    cleanups.callback(device.close)
    return device


def wait_for(condition, what, seconds=10):
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, f"no {what} after {seconds} s"
        time.sleep(0.02)
    return result


# --- the module ---------------------------------------------------------------

def load(parameters=""):
    unload()
    command("insmod", os.environ["MSEG_KO"], *parameters.split())


def loaded():
    return os.path.exists("/sys/module/mseg")


def unload():
    if not loaded():
        return
    with contextlib.suppress(OSError, genl.Refused):
        client = genl.Client()
        client.call("DETACH")
        client.close()
    wait_for(lambda: not command("rmmod", "mseg", check=False).returncode, "unloading")


def fresh():
    """Forget connections, policy and counters."""
    if not loaded():
        return
    client = genl.Client()
    with contextlib.suppress(genl.Refused):
        client.call("DETACH")
    client.call("ATTACH")
    client.close()


def mctl(*words, status=0, **options):
    """Run it; its exit status must be the one given, or any for None."""
    done = command("mctl", *words, check=False, **options)
    assert status is None or done.returncode == status, \
        f"mctl {' '.join(words)}: status {done.returncode}, not {status}: {done.stderr}"
    return done


def mctl_json(*words):
    return json.loads(mctl(*words, "-o", "json").stdout)


def rule(direction, *services, action="allow", entries=None, name=None):
    return {"name": name or f"{action} {direction} {' '.join(services)}",
            "direction": direction, "services": list(services), "action": action,
            "entries": entries or ALL}


def flat(*rules, default="reject", **defaults):
    """A flat policy; each rule has a network of its own."""
    networks = [{"name": f"n{i}", "entries": r["entries"]} for i, r in enumerate(rules)]
    return json.dumps({
        "defaults": {"in": default, "out": default} | defaults,
        "networks": networks,
        "rules": [{k: v for k, v in r.items() if k != "entries"} | {"networks": [f"n{i}"]}
                  for i, r in enumerate(rules)]})


def policy(*rules, options=(), status=0, **defaults):
    return mctl("load", "--yes", "-f", "-", *options, status=status,
                input=flat(*rules, **defaults))


def stats(pid="self"):
    with open(f"/proc/{pid}/net/mseg/stats", encoding="utf-8") as file:
        return {name: int(value) for name, value in map(str.split, file)}


@contextlib.contextmanager
def moved(**wanted):
    """Counters must move by that much in the block; a pair gives bounds."""
    before = stats()
    yield
    after = stats()
    for name, by in wanted.items():
        low, high = by if isinstance(by, tuple) else (by, by)
        assert low <= after[name] - before[name] <= high, \
            f"{name} moved by {after[name] - before[name]}, not {by}"


def generation():
    with open("/proc/net/mseg/rules", encoding="utf-8") as file:
        return int(file.readline().split()[1])


class Flows:
    """mctl flows --follow."""

    def __init__(self):
        self.process = subprocess.Popen(
            ("mctl", "flows", "--follow", "-o", "jsonl"), bufsize=0,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        cleanups.callback(self.stop)
        line = self.process.stderr.readline()
        assert b"listening" in line, f"mctl flows says {line!r}"
        os.set_blocking(self.process.stdout.fileno(), False)
        self.records, self.rest = [], b""

    def read(self):
        while data := self.process.stdout.read(1 << 16):
            *lines, self.rest = (self.rest + data).split(b"\n")
            self.records += map(json.loads, lines)
        return self.records

    def wait(self, what, seconds=10, **fields):
        """The first record whose fields are those."""
        def look():
            return [r for r in self.read() if all(r.get(k) == v for k, v in fields.items())]
        try:
            return wait_for(look, f"record of {what} ({fields})", seconds)[0]
        except AssertionError as error:
            raise AssertionError(f"{error} in {self.records}") from None

    def stop(self):
        """Give back what it says at its end."""
        if self.process.poll() is not None:
            return ""
        self.process.terminate()
        self.process.wait()
        self.read()
        self.process.stdout.close()
        with self.process.stderr as said:
            return said.read().decode()


# --- sockets ------------------------------------------------------------------

def next_port():
    return next(ports)


def af(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def made(sock, timeout=5):
    sock.settimeout(timeout)
    cleanups.callback(sock.close)
    return sock


def udp(address, namespace=None, port=0, size=None):
    """A UDP socket, of the host or of a namespace."""
    with inside(namespace) if namespace else contextlib.nullcontext():
        sock = made(socket.socket(af(address), socket.SOCK_DGRAM))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    return sock


def udp_pair(family, direction="in", connected=True):
    """Client and server, of a connection in a direction of the host's."""
    client, server = ends(family, direction)
    server = udp(*server, port=next_port())
    client = udp(*client)
    if connected:
        client.connect(server.getsockname())
    return client, server


def ends(family, direction):
    """Addresses and namespaces of client and server."""
    both = (HOST[family], None), (PEER[family], "peer")
    return both if direction == "out" else both[::-1]


def tcp_socket(address, namespace=None, port=0, timeout=5):
    with inside(namespace) if namespace else contextlib.nullcontext():
        sock = made(socket.socket(af(address), socket.SOCK_STREAM), timeout)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.bind((address, port))
    return sock


def listen(address, namespace=None, port=0):
    sock = tcp_socket(address, namespace, port or next_port())
    sock.listen(128)
    return sock


def tcp_pair(family, direction="in", port=0):
    """A connection: client, and what the server accepted."""
    client, server = ends(family, direction)
    listener = listen(*server, port=port)
    client = tcp_socket(*client)
    client.connect(listener.getsockname())
    accepted = made(listener.accept()[0])
    accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client, accepted


def exchange(one, other, data=b"x"):
    """Both ways over a connection; raises where it does not work."""
    for a, b in ((one, other), (other, one)):
        a.sendall(data)
        got = b""
        while len(got) < len(data):
            part = b.recv(65536)
            assert part, "the connection was closed"
            got += part
        assert got == data, f"{got[:20]!r} came, not {data[:20]!r}"


def echo_udp(client, server, data=b"x"):
    """A question by a connected socket and its answer."""
    client.send(data)
    got, address = server.recvfrom(65536)
    assert got == data
    server.sendto(got, address)
    assert client.recv(65536) == data


def retransmitted(sock):
    """tcpi_total_retrans."""
    return struct.unpack_from("=I", sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192),
                              100)[0]


@contextlib.contextmanager
def fails(*kinds):
    """The block must raise one of these errors; the seconds it took, in .took."""
    class Result:
        took = None
    started = time.monotonic()
    try:
        yield Result
    except kinds as error:
        Result.error, Result.took = error, time.monotonic() - started
        return
    raise AssertionError(f"it worked, where {kinds} was expected")


# --- other processes ----------------------------------------------------------

class Child:
    """A function in a process of its own."""

    def __init__(self, function, *arguments):
        sys.stdout.flush()
        self.out, into = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(self.out)
            status = 1
            try:
                result = function(*arguments)
                os.write(into, json.dumps(result).encode())
                status = 0
            except BaseException:  # pylint: disable=broad-except
                os.write(into, traceback.format_exc().encode())
            os._exit(status)
        os.close(into)
        cleanups.callback(self.kill)

    def kill(self):
        if self.pid:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
            self.pid = None
            os.close(self.out)

    def result(self):
        """What the function returned."""
        with os.fdopen(self.out, "rb") as pipe:
            data = pipe.read().decode()
        _, status = os.waitpid(self.pid, 0)
        self.pid = None
        assert status == 0, data
        return json.loads(data)
