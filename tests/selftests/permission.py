#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is not the host's root changes nothing, reads nothing, and hears nothing.

As nobody, as root of a user namespace, and as root of a user namespace in a
network namespace of its own.

      init namespace: the host          peer            child's
     ┌──────────────────────┐     ┌───────────────┐   ┌────────────────────┐
     │ veth0                ├─────┤ veth0         │   │ own0: its root is  │
     │ 192.0.2.1/24         │     │ 192.0.2.2/24  │   │ not the host's     │
     └──────────────────────┘     └───────────────┘   └────────────────────┘
"""

import errno
import os
import shutil
import subprocess
import tempfile
import time

import genl
import lib
from lib import Child, subtest
from users import WHO

COMMANDS = (
    "status", "defaults --in reject --yes", "confirm 1 --yes", "confirm --yes", "rollback --yes",
    "rules", "networks", "connections", "flows", "flows --follow", "stats",
    "explain in tcp/22 192.0.2.2", "attach --yes", "detach --yes", "load --yes -f -",
    "load --yes --candidate -f -", "candidate drop --yes", "candidate promote --yes",
    "rules --candidate", "networks --candidate", "explain --candidate in tcp/22 192.0.2.2",
    "lock --yes")


def mctl_for_all():
    """A copy of mctl that everybody may run: the checkout may be root's alone."""
    directory = tempfile.mkdtemp(dir="/run")
    os.chmod(directory, 0o755)
    return shutil.copy(shutil.which("mctl"), directory)


def commands(who, mctl):
    WHO[who]()
    return [(c, r.returncode, r.stderr) for c in COMMANDS
            for r in [subprocess.run([mctl, *c.split()], check=False, text=True, timeout=10,
                                     input=lib.flat(), capture_output=True)]]


@subtest("every mctl command is refused with status 4: {}", *WHO)
def every_command(who):
    lib.policy(default="allow")
    before = lib.generation()
    wrong = [r for r in Child(commands, who, mctl_for_all()).result() if r[1] != 4]
    assert not wrong, f"not refused: {wrong}"
    assert lib.generation() == before, "the policy changed"


def raw(who):
    WHO[who]()
    client = genl.Client()
    found = []
    for name in sorted(genl.K):
        if not name.startswith("C_") or name.endswith("_NTF"):
            continue
        for dump in (False, True):
            try:
                client.call(name[2:], dump=dump)
                found.append((name, dump, 0))
            except genl.Refused as refused:
                found.append((name, dump, refused.errno))
    return found


@subtest("every command of the family is refused: {}", *WHO)
def every_message(who):
    found = Child(raw, who).result()
    assert len(found) >= 32, found
    # What cannot be dumped, or only be dumped, is refused for that.
    wrong = [r for r in found if r[2] not in (errno.EPERM, errno.EOPNOTSUPP)]
    assert not wrong, f"not refused: {wrong}"
    by_name = {r[0] for r in found if r[2] == errno.EPERM}
    assert by_name == {r[0] for r in found}, by_name


def open_files(who=None):
    if who:
        WHO[who]()
    found = []
    for name in ("stats", "rules", "connections"):
        try:
            with open(f"/proc/net/mseg/{name}", encoding="utf-8") as file:
                file.read()
            found.append(0)
        except OSError as error:
            found.append(error.errno)
    return found


@subtest("/proc/net/mseg cannot be read: {}", "nobody", "root of a user namespace")
def files(who):
    found = Child(open_files, who).result()
    assert not set(found) - {errno.EPERM, errno.EACCES}, found


def wait_in_own(into, outof):
    """Root of its own namespaces: read, join, listen when told."""
    WHO["root of its own user and network namespace"]()
    subprocess.run(["ip", "-batch", "-"], check=True, text=True, input="""
        link set lo up
        link add own0 type veth peer name own1
        address add 198.51.100.1/24 dev own0
        link set own0 up
        link set own1 up
    """)
    os.write(into, b".")
    os.read(outof, 1)
    result = {"files": open_files()}
    client = genl.Client()
    joined = []
    for group in client.groups:
        try:
            client.join(group)
            joined.append(group)
        except OSError:
            pass
    client.socket.settimeout(1.0)
    with lib.socket.socket(lib.socket.AF_INET, lib.socket.SOCK_DGRAM) as sock:
        for i in range(10):
            sock.sendto(b"x", ("198.51.100.9", 1000 + i))
    os.write(into, b".")
    heard = []
    try:
        while True:
            heard += [kind for kind, _ in client.receive()]
    except TimeoutError:
        pass
    os.write(into, b".")
    os.read(outof, 1)
    return result | {"joined": joined, "heard": heard}


@subtest("in a policed namespace of its own, its root reads and hears nothing")
def own_namespace():
    said, into = os.pipe()
    outof, tell = os.pipe()
    child = Child(wait_in_own, into, outof)
    assert os.read(said, 1)
    namespace = ("nsenter", f"--net=/proc/{child.pid}/ns/net")
    lib.command(*namespace, "mctl", "attach", "--yes")
    os.write(tell, b".")
    assert os.read(said, 1)
    # A change of policy would be told to the group "policy".
    lib.command(*namespace, "mctl", "defaults", "--out", "reject", "--yes")
    assert os.read(said, 1)
    there = lib.stats(child.pid)
    os.write(tell, b".")
    result = child.result()
    assert result["files"] == [errno.EPERM] * 3, result
    assert result["heard"] == [], result
    assert there["seen_out_ipv4"] >= 10, there
    assert there["flows_made"] == 0, f"{result['joined']} made records: {there}"


def join(who):
    WHO[who]()
    client = genl.Client()
    found = []
    for group in client.groups:
        try:
            client.join(group)
            found.append(0)
        except OSError as error:
            found.append(error.errno)
    client.socket.settimeout(1.0)
    heard = []
    try:
        while True:
            heard += [kind for kind, _ in client.receive()]
    except TimeoutError:
        pass
    return found, heard


@subtest("joining the groups moves no counter of the host: {}", *WHO)
def groups(who):
    child = Child(join, who)
    end = time.monotonic() + 1.5
    with lib.moved(flows_made=0):
        while time.monotonic() < end:
            client, server = lib.udp_pair(4, "in")
            lib.echo_udp(client, server)
            client.close()
            server.close()
            time.sleep(0.05)
        lib.policy(default="allow")
        found, heard = child.result()
    assert heard == [], heard
    if "own" not in who:
        assert set(found) == {errno.EPERM}, found


if __name__ == "__main__":
    lib.main()
