#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A second network namespace has a policy, a cache and counters of its own.

It may go at any moment, under traffic and while it is dumped.

      init namespace: the host           peer, policed, too
     ┌──────────────────────┐     ┌──────────────────────┐
     │ veth0                ├─────┤ veth0                │
     │ 192.0.2.1/24         │     │ 192.0.2.2/24         │
     │                      │     └──────────────────────┘
     │ short0 ... short49   │     ┌──────────────────────┐
     │ 10.77.N.1/24         ├─────┤ inner                │
     └──────────────────────┘     │ 10.77.N.2/24         │
                                  └──────────────────────┘
                                     50, each gone at once
"""

import contextlib
import fcntl
import itertools
import os
import socket
import struct
import threading
import time

import genl
import lib
from lib import FAMILIES, Child, fails, rule, subtest

ROUNDS = 50


def in_peer(*words, **options):
    return lib.command("ip", "netns", "exec", "peer", "mctl", *words, **options)


def attach_peer():
    in_peer("attach", "--yes")
    lib.cleanups.callback(in_peer, "detach", "--yes", check=False)


@subtest("until it is attached, another namespace is not policed")
def not_attached():
    done = in_peer("rules", check=False)
    assert done.returncode != 0 and "attach" in done.stderr, done
    assert '"attached": false' in in_peer("status", "-o", "json").stdout
    with lib.inside():
        assert not os.path.exists("/proc/thread-self/net/mseg")


@subtest("IPv{}: each has its own policy", *FAMILIES)
def own_policy(family):
    attach_peer()
    port, later = lib.next_port(), lib.next_port()
    in_peer("load", "--yes", "-f", "-",
            input=lib.flat(rule("in", f"tcp/{port}", f"tcp/{later}")))
    assert lib.mctl_json("rules") == [], "the host has the peer's rules"
    lib.exchange(*lib.tcp_pair(family, "out", port))
    with fails(ConnectionRefusedError):
        lib.tcp_pair(family, "out")
    with fails(ConnectionRefusedError):
        lib.tcp_pair(family, "in")
    lib.policy()
    with fails(ConnectionRefusedError):
        lib.tcp_pair(family, "out", later)


@subtest("each has its own counters and connections")
def own_counters():
    attach_peer()
    child = Child(time.sleep, 60)
    with lib.inside():
        inside = Child(time.sleep, 60)
    before = lib.stats(), lib.stats(inside.pid)
    lib.echo_udp(*lib.udp_pair(4, "in"))
    after = lib.stats(child.pid), lib.stats(inside.pid)
    moved = [{n: a[n] - b[n] for n in ("seen_in_ipv4", "seen_out_ipv4", "conn_added")}
             for a, b in zip(after, before)]
    assert moved[0] == moved[1] == {"seen_in_ipv4": 1, "seen_out_ipv4": 1, "conn_added": 1}, moved
    lib.fresh()
    assert lib.stats(inside.pid)["conn_added"] == after[1]["conn_added"]


@subtest("one of two that reject holds the module")
def holds():
    attach_peer()
    in_peer("defaults", "--in", "reject", "--yes")
    lib.mctl("detach", "--yes")
    assert lib.command("rmmod", "mseg", check=False).returncode, "it could be removed"
    in_peer("detach", "--yes")
    lib.load()


def configure(name, address):
    """By ioctl, which needs no program to start: address, mask, up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for request, value in ((0x8916, address), (0x891C, "255.255.255.0")):
            fcntl.ioctl(sock, request, struct.pack("16sHH4s8x", name.encode(), socket.AF_INET, 0,
                                                   socket.inet_aton(value)))
        fcntl.ioctl(sock, 0x8914, struct.pack("16sH14x", name.encode(), 1))


def devices():
    return [name for _, name in socket.if_nameindex()]


def short_life(number, ready):
    """A namespace that is policed, sends, and is dumped, until it is killed."""
    if lib.libc.unshare(lib.CLONE_NEWNET):
        raise OSError(lib.ctypes.get_errno(), "unshare")
    os.write(ready, b".")
    client = genl.Client()
    client.call("ATTACH")
    client.call("FLOW_SUBSCRIBE")
    client.send(genl.K["C_TXN_BEGIN"])
    while "inner" not in devices():
        time.sleep(0.002)
    configure("inner", f"10.77.{number}.2")
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # Dumps that nobody reads to their end.
    dumper = genl.Client()
    for i in itertools.count():
        with contextlib.suppress(OSError):
            sock.sendto(b"x", (f"10.77.{number}.1", 1024 + i % 60000))
        if i == 200:
            os.write(ready, b".")
        if i % 100 == 50:
            with contextlib.suppress(OSError):
                dumper.send(genl.K["C_CONNECTION_GET"], flags=genl.REQUEST | genl.DUMP)
            time.sleep(0.002)


def hammer(now):
    """Send to the namespace of now[0], until it is None."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for i in itertools.count():
        number = now[0]
        if number is None:
            break
        with contextlib.suppress(OSError):
            sock.sendto(b"x", (f"10.77.{number}.2", 1024 + i % 60000))
        if not i % 20:
            time.sleep(0.01)
    sock.close()


def one_round(number):
    said, ready = os.pipe()
    child = Child(short_life, number, ready)
    os.close(ready)
    assert os.read(said, 1), child.result()
    lib.command("ip", "link", "add", f"short{number}", "type", "veth",
                "peer", "name", "inner", "netns", str(child.pid))
    configure(f"short{number}", f"10.77.{number}.1")
    assert os.read(said, 1), child.result()
    os.close(said)
    child.kill()


@subtest(f"{ROUNDS} are destroyed under traffic, while they are dumped")
def destroyed():
    now = [0]
    thread = threading.Thread(target=hammer, args=(now,))
    thread.start()
    try:
        for now[0] in range(ROUNDS):
            one_round(now[0])
        lib.wait_for(lambda: not [n for n in devices() if n.startswith("short")],
                     "end of the namespaces", 60)
    finally:
        now[0] = None
        thread.join()
    # The host did not notice.
    lib.policy(rule("in", "udp"))
    for family in FAMILIES:
        lib.echo_udp(*lib.udp_pair(family))


if __name__ == "__main__":
    lib.main()
