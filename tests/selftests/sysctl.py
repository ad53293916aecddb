#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""net.mseg: time-outs take effect, each in its namespace, and are the host's root's to set.

Topology: see lib.py.
"""

import contextlib
import errno
import os
import threading
import time

import genl
import lib
import packets
import users
from lib import HOST, Child, rule, subtest

DIRECTORY = "/proc/sys/net/mseg"
DEFAULTS = {
    "tcp_new": 120, "tcp_replied": 60, "tcp_established": 432000, "tcp_closing": 120,
    "udp": 30, "udp_stream": 180, "icmp": 30, "generic": 600, "rejected": 30, "closed": 10,
}
LIMIT = 20 * 24 * 3600
# The sweep goes round in four seconds.
SWEEP = 4


def path(name):
    return f"{DIRECTORY}/timeout_{name}"


def get(name):
    with open(path(name), encoding="utf-8") as file:
        return int(file.read())


def put(name, value):
    with open(path(name), "w", encoding="utf-8") as file:
        file.write(str(value))


def errno_of(function, *arguments):
    try:
        function(*arguments)
    except OSError as error:
        return error.errno
    return 0


def known(**fields):
    return [c for c in lib.mctl_json("connections")
            if all(c.get(k) == v for k, v in fields.items())]


@subtest("each time-out has its default, and refuses what is out of range")
def ranges():
    assert {f"timeout_{n}" for n in DEFAULTS} <= set(os.listdir(DIRECTORY))
    for name, value in DEFAULTS.items():
        assert get(name) == value, (name, get(name))
        for wrong in (0, -1, LIMIT + 1, 2**31, 2**32 + 5, 2**64 + 5, "soon"):
            assert errno_of(put, name, wrong) == errno.EINVAL, (name, wrong)
            assert get(name) == value, (name, wrong, get(name))
        for right in (1, LIMIT):
            put(name, right)
            assert get(name) == right


def after(seconds, what, **fields):
    """The connection is there for that long, and not much longer."""
    lib.wait_for(lambda: known(**fields), what)
    began = time.monotonic()
    lib.wait_for(lambda: not known(**fields), f"end of {what}", seconds + SWEEP + 3)
    took = time.monotonic() - began
    print(f"# {what}: gone after {took:.1f} s")
    assert took > seconds - 1, took


@subtest("a connection goes after the time that is set: UDP, TCP, a rejection")
def take_effect():
    lib.policy(rule("in", "udp", "tcp"), rule("out", "icmp"))
    put("udp", 2)
    client, server = lib.udp_pair(4)
    port = server.getsockname()[1]
    client.send(b"x")
    after(2, "a datagram", destinationPort=port)
    # A SYN to a closed port, whose answer goes to nobody.
    put("tcp_replied", 2)
    wire = lib.wire()
    wire.send(packets.tcp("192.0.2.77", HOST[4], 999, lib.next_port(), packets.SYN))
    after(2, "a half-open connection", sourcePort=999)
    put("rejected", 2)
    wire.send(packets.ip("192.0.2.77", HOST[4], 47, bytes(8)))
    after(2, "a rejection", protocol="gre")


@subtest("a time-out that is raised holds for connections that are there")
def raised():
    lib.policy(rule("in", "udp"))
    put("udp", 3)
    client, server = lib.udp_pair(4)
    client.send(b"x")
    port = server.getsockname()[1]
    lib.wait_for(lambda: known(destinationPort=port), "a datagram")
    put("udp", 1000)
    time.sleep(3 + SWEEP)
    assert known(destinationPort=port)


def in_peer(command):
    with lib.inside():
        client = genl.Client()
        with contextlib.suppress(genl.Refused):
            client.call(command)
        client.close()


@subtest("each namespace has its own, from attaching to detaching")
def own():
    with lib.inside():
        assert not os.path.exists(DIRECTORY), "it is not attached"
    in_peer("ATTACH")
    lib.cleanups.callback(in_peer, "DETACH")
    with lib.inside():
        put("udp", 77)
        assert get("udp") == 77
    assert get("udp") == DEFAULTS["udp"]
    with lib.inside():
        left = open(path("udp"), encoding="utf-8")  # pylint: disable=consider-using-with
    with left:
        in_peer("DETACH")
        with lib.inside():
            assert not os.path.exists(DIRECTORY), "it was detached"
            assert errno_of(left.read) == errno.ENOENT
    in_peer("ATTACH")
    with lib.inside():
        assert get("udp") == DEFAULTS["udp"]
    in_peer("DETACH")


def try_all(who):
    users.WHO[who]()
    return {n: [errno_of(put, n, 5), errno_of(get, n)] for n in DEFAULTS}


@subtest("nobody else sets them: {}", *[w for w in users.WHO if "own" not in w])
def others(who):
    found = Child(try_all, who).result()
    assert set(sum(found.values(), [])) <= {errno.EPERM, errno.EACCES}, found
    assert {n: get(n) for n in DEFAULTS} == DEFAULTS


def in_own(into, outof):
    users.WHO["root of its own user and network namespace"]()
    os.write(into, b".")
    os.read(outof, 1)
    found = {n: [errno_of(put, n, 5), errno_of(get, n)] for n in DEFAULTS}
    modes = {oct(os.stat(path(n)).st_mode & 0o777) for n in DEFAULTS}
    # Nor after making them its own.
    for name in DEFAULTS:
        found[name].append(errno_of(os.chmod, path(name), 0o666))
    return {"found": found, "modes": sorted(modes)}


@subtest("nor does the root of a user namespace that owns its network namespace")
def owner():
    said, into = os.pipe()
    outof, tell = os.pipe()
    child = Child(in_own, into, outof)
    assert os.read(said, 1)
    lib.command("nsenter", f"--net=/proc/{child.pid}/ns/net", "mctl", "attach", "--yes")
    os.write(tell, b".")
    result = child.result()
    assert result["modes"] == ["0o400"], result
    for wrote, read, changed in result["found"].values():
        assert wrote in (errno.EPERM, errno.EACCES) and changed, result
        # Detaching waits for readers, and they may take their time.
        assert read == errno.EPERM, result


def drop_net_admin():
    """Root, and no more, as in a container without a user namespace."""
    lib.libc.prctl(24, 12, 0, 0, 0)     # PR_CAPBSET_DROP, CAP_NET_ADMIN
    header = lib.struct.pack("=Ii", 0x20080522, 0)
    data = lib.ctypes.create_string_buffer(24)
    assert not lib.libc.capget(header, data)
    words = list(lib.struct.unpack("=6I", data.raw))
    for i in range(3):
        words[i] &= ~(1 << 12)
    assert not lib.libc.capset(header, lib.struct.pack("=6I", *words))
    return {n: errno_of(put, n, 5) for n in DEFAULTS}


@subtest("nor does root without CAP_NET_ADMIN")
def without_capability():
    found = Child(drop_net_admin).result()
    assert set(found.values()) == {errno.EPERM}, found
    assert {n: get(n) for n in DEFAULTS} == DEFAULTS


@subtest("they come and go while they are written and read")
def races():
    over = []

    def write():
        while not over:
            with contextlib.suppress(OSError):
                put("udp", 40)
                assert get("udp") in (30, 40)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            lib.fresh()
    finally:
        over.append(True)
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    lib.main()
