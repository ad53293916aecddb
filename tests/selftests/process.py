#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections name the user, the command and the cgroup behind them.

      init namespace: the host              peer
     ┌─────────────────────────┐    ┌─────────────────────┐
     │ veth0                   ├────┤ veth0               │
     │ nobody's tasks, root's, │    │ servers and clients │
     │ some in a cgroup        │    │                     │
     └─────────────────────────┘    └─────────────────────┘
"""

import contextlib
import fcntl
import os
import socket
import struct
import subprocess
import tempfile

import genl
import lib
import packets
from lib import FAMILIES, HOST, PEER, rule, subtest

NOBODY, UNKNOWN = 65534, 0xFFFFFFFF
PR_SET_DUMPABLE = 4
CGROUP, UID, COMMAND, DESTINATION_PORT, PROTOCOL = 80, 112, 128, 178, 181


def behind(port, protocol=packets.TCP):
    """Uid, command and cgroup of the connection to a port."""
    client = genl.Client()
    try:
        records = [value for kind, value in client.call("CONNECTION_GET", dump=True)
                   if kind == genl.K["A_FLOW"]]
    finally:
        client.close()
    for record in records:
        if record[PROTOCOL] == protocol and \
                struct.unpack_from("=H", record, DESTINATION_PORT)[0] == port:
            command = record[COMMAND:COMMAND + 16]
            assert b"\0" in command and not command.partition(b"\0")[2].strip(b"\0"), command
            return (struct.unpack_from("=I", record, UID)[0],
                    command.rstrip(b"\0").decode(), struct.unpack_from("=Q", record, CGROUP)[0])
    raise AssertionError(f"no connection to port {port}")


@contextlib.contextmanager
def cgroup():
    """A cgroup of the test's own: where, and its identifier."""
    root = "/sys/fs/cgroup"
    with contextlib.ExitStack() as stack:
        if not os.path.exists(f"{root}/cgroup.controllers"):
            root = stack.enter_context(tempfile.TemporaryDirectory())
            if subprocess.run(("mount", "-t", "cgroup2", "none", root), check=False).returncode:
                raise lib.Skip("no cgroup2 here")
            stack.callback(lib.command, "umount", root)
        path = f"{root}/mseg-test"
        os.mkdir(path)
        stack.callback(os.rmdir, path)
        yield path, os.stat(path).st_ino


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def become(name, user=NOBODY, group=None):
    if group:
        write(f"{group}/cgroup.procs", str(os.getpid()))
    write("/proc/self/comm", name)
    if user:
        os.setuid(user)


def send_to(kind, address, name, user=NOBODY, group=None):
    """What a task of its own does; the error that it has, if any."""
    become(name, user, group)
    sock = socket.socket(lib.af(address[0]), kind)
    sock.settimeout(5)
    try:
        sock.connect(address)
        sock.send(b"x")
    except OSError as error:
        return type(error).__name__
    return None


def task(*arguments, **options):
    child = lib.Child(lambda: send_to(*arguments, **options))
    return child.result()


@subtest("IPv{0[0]}, {0[1]}, outgoing: nobody's task in a cgroup",
         *[(f, p) for f in FAMILIES for p in ("tcp", "udp")])
def outgoing(variant):
    family, protocol = variant
    lib.policy(rule("out", protocol))
    port = lib.next_port()
    stream = protocol == "tcp"
    (lib.listen if stream else lib.udp)(PEER[family], "peer", port)
    with cgroup() as (path, number):
        assert task(socket.SOCK_STREAM if stream else socket.SOCK_DGRAM, (PEER[family], port),
                    "curly-wurly", group=path) is None
    seen = behind(port, packets.TCP if stream else packets.UDP)
    assert seen == (NOBODY, "curly-wurly", number), seen


@subtest("the record of a beginning names them already")
def at_once():
    lib.policy(rule("out", "tcp"))
    port = lib.next_port()
    lib.listen(PEER[4], "peer", port)
    client = genl.Client()
    lib.cleanups.callback(client.close)
    client.join("flows")
    client.call("FLOW_SUBSCRIBE")
    assert task(socket.SOCK_STREAM, (PEER[4], port), "first") is None
    records = [v for _, message in client.receive() for k, v in genl.attrs_of(message[20:])
               if k == genl.K["A_FLOW"]]
    assert any(r[COMMAND:COMMAND + 6] == b"first\0" and
               struct.unpack_from("=I", r, UID)[0] == NOBODY for r in records), records


@subtest("IPv{}: rejected: whose attempt it was, and nobody's in particular if of several",
         *FAMILIES)
def rejected(family):
    lib.policy()
    port = lib.next_port()
    for _ in range(2):
        assert task(socket.SOCK_STREAM, (PEER[family], port), "denied") == "ConnectionRefusedError"
    uid, command, group = behind(port)
    assert (uid, command) == (NOBODY, "denied") and group, (uid, command, group)
    task(socket.SOCK_STREAM, (PEER[family], port), "denied", user=0)
    assert behind(port)[:2] == (UNKNOWN, "denied"), behind(port)
    task(socket.SOCK_STREAM, (PEER[family], port), "other", user=0)
    assert behind(port)[:2] == (UNKNOWN, ""), behind(port)


def accept_and_send(listener, go):
    become("worker")
    with listener.accept()[0] as accepted:
        os.read(go, 1)
        accepted.send(b"x")
        os.read(go, 1)


@subtest("IPv{}, accepted: the listener's user, and then the task that serves", *FAMILIES)
def accepted(family):
    lib.policy(rule("in", "tcp"))
    listener = lib.listen(HOST[family])
    port = listener.getsockname()[1]
    client = lib.tcp_socket(PEER[family], "peer")
    client.connect(listener.getsockname())
    client.send(b"only acknowledged, which is no task's doing")
    lib.wait_for(lambda: lib.mctl_json("connections")[0]["packetsOut"] >= 2, "acknowledgement")
    uid, command, group = behind(port)
    assert (uid, command) == (0, "") and group, (uid, command, group)
    go, told = os.pipe()
    lib.Child(lambda: accept_and_send(listener, go))
    os.write(told, b"x")
    assert client.recv(1) == b"x"
    assert behind(port)[:2] == (NOBODY, "worker"), behind(port)
    os.write(told, b"x")
    os.close(go)
    os.close(told)


def answer(address, ready):
    become("answerer")
    server = socket.socket(lib.af(address[0]), socket.SOCK_DGRAM)
    server.bind(address)
    os.write(ready, b"x")
    while True:
        data, source = server.recvfrom(100)
        if data == b"answer":
            server.sendto(data, source)


@subtest("IPv{}, incoming UDP: the socket's user, and then the task that answers", *FAMILIES)
def datagram(family):
    lib.policy(rule("in", "udp"))
    port = lib.next_port()
    ready, told = os.pipe()
    lib.Child(lambda: answer((HOST[family], port), told))
    os.read(ready, 1)
    client = lib.udp(PEER[family], "peer")
    client.connect((HOST[family], port))
    client.send(b"?")
    lib.wait_for(lambda: lib.mctl_json("connections"), "connection")
    assert behind(port, packets.UDP)[:2] == (NOBODY, ""), behind(port, packets.UDP)
    client.send(b"answer")
    assert client.recv(10) == b"answer"
    assert behind(port, packets.UDP)[:2] == (NOBODY, "answerer"), behind(port, packets.UDP)
    os.close(ready)
    os.close(told)


def as_container_root(address):
    become("inside")
    # Having changed its user, a task does not own its files in /proc.
    lib.libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    if lib.libc.unshare(lib.CLONE_NEWUSER):
        return "no user namespace"
    write("/proc/self/uid_map", f"0 {NOBODY} 1")
    assert os.getuid() == 0
    return send_to(socket.SOCK_STREAM, address, "inside", user=0)


@subtest("a container's root has the uid that the host knows him by")
def container():
    lib.policy(rule("out", "tcp"))
    port = lib.next_port()
    lib.listen(PEER[4], "peer", port)
    said = lib.Child(lambda: as_container_root((PEER[4], port))).result()
    if said:
        raise lib.Skip(said)
    assert behind(port)[:2] == (NOBODY, "inside"), behind(port)


@subtest("IPv{}: what the kernel answers is no task's", *FAMILIES)
def kernel(family):
    lib.policy(rule("in", "icmp" if family == 4 else "icmp6"))
    wire = lib.wire()
    wire.send(packets.icmp(PEER[family], HOST[family], 8 if family == 4 else 128, 0, b"\0\7\0\1"))
    assert wire.receive(lambda p: p.kind == (0 if family == 4 else 129)), "no reply"
    seen = behind(0, packets.ICMP if family == 4 else packets.ICMP6)
    assert seen == (UNKNOWN, "", 0), seen


@subtest("a stranger's TUN device: what he writes into it is not answered in his name")
def tun():
    lib.command("modprobe", "-q", "tun", check=False)
    if not os.path.exists("/dev/net/tun"):
        raise lib.Skip("no /dev/net/tun here")
    lib.policy(rule("in", "tcp"))
    device = os.open("/dev/net/tun", os.O_RDWR)
    lib.cleanups.callback(os.close, device)
    fcntl.ioctl(device, 0x400454CA, struct.pack("16sH22x", b"mseg_tun", 0x1001))
    lib.command("ip", "link", "set", "mseg_tun", "up")
    lib.command("ip", "address", "add", "198.51.100.1/24", "dev", "mseg_tun")
    listener = lib.listen("198.51.100.1")
    port = listener.getsockname()[1]
    os.write(device, packets.tcp("198.51.100.2", "198.51.100.1", 40000, port, packets.SYN, seq=1))
    lib.wait_for(lambda: lib.mctl_json("connections")[0]["packetsOut"], "reply")
    assert behind(port)[:2] == (0, ""), behind(port)


if __name__ == "__main__":
    lib.main()
