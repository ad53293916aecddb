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

import contextlib
import errno
import itertools
import os
import shutil
import subprocess
import tempfile
import time

import dnsmsg
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


def policies(who):
    WHO[who]()
    client = genl.Client()
    client.family = genl.CONTROL
    return len(client._call(10, genl.attr(2, "mseg"), genl.REQUEST | genl.DUMP))


@subtest("what the commands take may be asked, and the kernel answers without a warning: {}", *WHO)
def ask_policies(who):
    def tainted():
        with open("/proc/sys/kernel/tainted", encoding="ascii") as file:
            return int(file.read()) & 1 << 9
    before = tainted()
    assert Child(policies, who).result() > 20
    assert tainted() == before


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


class Owner:
    """Root of a user namespace and of a network namespace that it owns, as a child."""

    def __init__(self):
        self.said, into = os.pipe()
        outof, self.tell = os.pipe()
        self.child = Child(live_in_own, into, outof)
        self.pid = self.child.pid
        os.close(into)
        os.close(outof)
        assert os.read(self.said, 1), self.child.result()

    def order(self, what):
        os.write(self.tell, what)
        assert os.read(self.said, 1), self.child.result()

    def send(self, bursts=1):
        for _ in range(bursts):
            self.order(b"s")

    def bind(self, port):
        """Take a netlink port."""
        self.order(b"b" + port.to_bytes(4, "little"))

    def result(self):
        os.write(self.tell, b"q")
        result = self.child.result()
        os.close(self.tell)
        os.close(self.said)
        return result

    def mctl(self, *words):
        return lib.command("nsenter", f"--net=/proc/{self.pid}/ns/net", "mctl", *words)

    def client(self):
        """Of the host's root, from inside."""
        with lib.inside(pid=self.pid):
            client = genl.Client(timeout=1.0)
        lib.cleanups.callback(client.close)
        return client


def hear(client):
    """Commands of the messages that come until there are none, and records in them."""
    commands, records = [], 0
    while True:
        try:
            for _, message in client.receive():
                commands.append(message[16])
                records += sum(kind == genl.K["A_FLOW"] for kind, _ in
                               genl.attrs_of(message[20:]))
        except TimeoutError:
            return commands, records
        except OSError as error:
            assert error.errno == errno.ENOBUFS, error


def join_all(client):
    joined = []
    for group in client.groups:
        try:
            client.join(group)
            joined.append(group)
        except OSError:
            pass
    return joined


def live_in_own(into, outof):
    WHO["root of its own user and network namespace"]()
    subprocess.run(["ip", "-batch", "-"], check=True, text=True, input="""
        link set lo up
        link add own0 type veth peer name own1
        address add 198.51.100.1/24 dev own0
        link set own0 up
        link set own1 up
    """)
    listeners = [genl.Client(timeout=1.0)]
    joined = join_all(listeners[0])
    ports = itertools.count(1000)
    os.write(into, b".")
    with lib.socket.socket(lib.socket.AF_INET, lib.socket.SOCK_DGRAM) as sock:
        while (order := os.read(outof, 1)) != b"q":
            if order == b"d":
                with contextlib.suppress(OSError):  # it is rejected, which is told
                    sock.sendto(dnsmsg.query(1, "example.com"), ("198.51.100.9", 53))
            elif order == b"s":
                for _ in range(10):
                    with contextlib.suppress(OSError):  # it may be rejected
                        sock.sendto(b"x", ("198.51.100.9", next(ports)))
            else:
                port = int.from_bytes(os.read(outof, 4), "little")
                listeners.append(genl.Client(timeout=1.0, port=port))
            os.write(into, b".")
    return {"files": open_files(), "joined": joined,
            "heard": [hear(client) for client in listeners]}


@subtest("in a policed namespace of its own, its root reads and hears nothing")
def own_namespace():
    owner = Owner()
    owner.mctl("attach", "--yes")
    owner.send()
    # A change of policy would be told to the group "policy".
    owner.mctl("defaults", "--out", "reject", "--yes")
    there = lib.stats(owner.pid)
    result = owner.result()
    assert result["files"] == [errno.EPERM] * 3, result
    assert result["heard"] == [[[], 0]], result
    assert there["seen_out_ipv4"] >= 10, there
    assert there["flows_made"] == 0, f"{result['joined']} made records: {there}"


@subtest("there the host's root hears what it subscribed to, and nobody else does")
def unicast():
    owner = Owner()
    owner.mctl("attach", "--yes")
    client, other = owner.client(), owner.client()
    client.call("FLOW_SUBSCRIBE")
    client.call("DNS_SUBSCRIBE")
    # Joining the groups is neither needed nor enough.
    join_all(other)
    owner.send()
    owner.mctl("defaults", "--out", "reject", "--yes")
    commands, records = hear(client)
    assert records >= 10 and genl.K["C_FLOW_NTF"] in commands, (commands, records)
    assert genl.K["C_DNS_NTF"] not in commands, commands
    owner.order(b"d")
    assert genl.K["C_DNS_NTF"] in hear(client)[0]
    assert commands.count(genl.K["C_POLICY_NTF"]) == 1, commands
    assert hear(other) == ([], 0)
    # Who takes the port of one that has gone gets nothing of its.
    port = client.socket.getsockname()[0]
    client.close()
    owner.bind(port)
    before = lib.stats(owner.pid)["flows_made"]
    owner.send()
    owner.mctl("defaults", "--out", "allow", "--yes")
    assert lib.stats(owner.pid)["flows_made"] == before
    result = owner.result()
    assert result["heard"] == [[[], 0]] * 2, result


@subtest("there, too, made = sent + lost, and what was sent has come")
def unicast_accounted():
    owner = Owner()
    owner.mctl("attach", "--yes")
    client = owner.client()
    client.socket.setsockopt(lib.socket.SOL_SOCKET, lib.socket.SO_RCVBUF, 30000)
    client.call("FLOW_SUBSCRIBE")
    owner.send(100)
    counted = lib.wait_for(lambda: settled(owner.pid), "the last record")
    _, records = hear(client)
    print(f"# made {counted['flows_made']}, sent {counted['flows_sent']}")
    assert counted["flows_made"] >= 1000 and records == counted["flows_sent"], (counted, records)
    assert 0 < records < counted["flows_made"], "nothing was lost"
    owner.result()


def refused_subscription(client):
    try:
        client.call("FLOW_SUBSCRIBE")
    except genl.Refused as refusal:
        return refusal.errno, refusal.words
    return None


@subtest("subscribers are bounded: one too many is refused and counted, the others stay")
def too_many():
    owner = Owner()
    owner.mctl("attach", "--yes")
    clients = [owner.client() for _ in range(65)]
    before = lib.stats(owner.pid)["subscribers_refused"]
    for client in clients[:64]:
        client.call("FLOW_SUBSCRIBE")
        client.call("FLOW_SUBSCRIBE")  # once more is the same one
    assert refused_subscription(clients[64]) == (errno.EMFILE, "too many subscribers")
    assert lib.stats(owner.pid)["subscribers_refused"] == before + 1
    clients[0].close()
    lib.wait_for(lambda: refused_subscription(clients[64]) is None, "a place")
    owner.send()
    assert hear(clients[1])[1] >= 10 and hear(clients[64])[1] >= 10
    owner.result()


def settled(pid):
    counted = lib.stats(pid)
    lost = counted["flows_lost_accept"] + counted["flows_lost_reject"]
    return counted if counted["flows_made"] == counted["flows_sent"] + lost else None


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
