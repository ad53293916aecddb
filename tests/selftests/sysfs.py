#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every statistic is a file of one value, about the namespace of who reads it.

Topology: see lib.py.
"""

import contextlib
import errno
import os
import re
import threading

import genl
import lib
import users
from lib import Child, rule, subtest

DIRECTORY = "/sys/kernel/mseg/statistics"
ABI = os.path.join(os.path.dirname(__file__), "../../kmod/ABI/sysfs-kernel-mseg")


def read(name):
    with open(f"{DIRECTORY}/{name}", encoding="utf-8") as file:
        return file.read()


def values():
    return {name: int(read(name)) for name in os.listdir(DIRECTORY)}


def errno_of(name):
    try:
        read(name)
    except OSError as error:
        return error.errno
    return 0


@subtest("the names and values are those of mctl stats, and each is described")
def same():
    lib.policy(rule("in", "udp"))
    lib.echo_udp(*lib.udp_pair(4))
    lib.echo_udp(*lib.udp_pair(6))
    lib.wait_for(lambda: values() == lib.mctl_json("stats") == lib.stats(), "agreement")
    assert values()["conn_added"] >= 2
    assert all(re.fullmatch(r"\d+\n", read(name)) for name in os.listdir(DIRECTORY))
    with open(ABI, encoding="utf-8") as file:
        described = re.findall(rf"^What:\s+{DIRECTORY}/(\w+)$", file.read(), re.M)
    assert sorted(described) == sorted(os.listdir(DIRECTORY))


@subtest("they are about the reader's network namespace")
def own():
    with lib.inside():
        assert errno_of("judged") == errno.ENODEV, "the peer is not policed"
        client = genl.Client()
    lib.cleanups.callback(client.close)
    client.call("ATTACH")
    try:
        lib.policy(rule("in", "udp"))
        with lib.inside():
            before = values()
            with open(f"{DIRECTORY}/seen_out_ipv4", encoding="utf-8") as file:
                assert int(file.read()) == before["seen_out_ipv4"]
                opened_there = os.dup(file.fileno())
        for _ in range(7):
            lib.udp(lib.PEER[4], "peer").sendto(b"x", (lib.HOST[4], 9))
        with lib.inside():
            assert values()["seen_out_ipv4"] == before["seen_out_ipv4"] + 7
        # Who reads counts, not who opened.
        assert int(os.pread(opened_there, 99, 0)) == values()["seen_out_ipv4"]
        os.close(opened_there)
    finally:
        client.call("DETACH")


def try_all(who, inherited):
    users.WHO[who]()
    found = [errno_of(name) for name in os.listdir(DIRECTORY)]
    try:
        os.pread(inherited, 99, 0)
        found.append(0)
    except OSError as error:
        found.append(error.errno)
    return found


@subtest("nobody else reads them, nor from a file that the host's root opened: {}", *users.WHO)
def others(who):
    with open(f"{DIRECTORY}/judged", "rb", buffering=0) as file:
        found = Child(try_all, who, file.fileno()).result()
    assert set(found) <= {errno.EPERM, errno.EACCES}, found


@subtest("they are read while namespaces and the module come and go")
def races():
    over = []

    def read_all():
        while not over:
            with contextlib.suppress(OSError):
                values()

    threads = [threading.Thread(target=read_all) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for i in range(12):
            if i % 4:
                lib.fresh()
            else:
                lib.load()
    finally:
        over.append(True)
        for thread in threads:
            thread.join()
    assert not lib.loaded() or os.listdir(DIRECTORY)


if __name__ == "__main__":
    lib.main()
