#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A policy comes into force whole or not at all.

Whatever is refused, or whenever mctl is killed, the former policy or the new one
is in force, and no packet ever meets neither. Topology: see lib.py.
"""

import contextlib
import os
import random
import signal
import subprocess
import time

import genl
import lib
from genl import attr, nest
from lib import mctl, policy, rule, subtest


def service(protocol, low, high):
    return nest("SERVICE", attr("SERVICE_PROTOCOL", protocol, "=B"),
                attr("SERVICE_LOW", low, "=H"), attr("SERVICE_HIGH", high, "=H"))


def entry(address, length):
    return nest("ENTRY", attr("ENTRY_ADDRESS", bytes(address)),
                attr("ENTRY_PREFIX_LEN", length, "=B"))


def a_network(number, *entries, name="n"):
    return "TXN_NETWORK", attr("ID", number), attr("NAME", name), *entries


def a_rule(number, network, *services, direction=0):
    return ("TXN_RULE", attr("ID", number), attr("NAME", "r"),
            attr("DIRECTION", direction, "=B"), attr("ACTION", 0, "=B"),
            attr("NETWORK", network), *services)


SSH = service(6, 22, 22)
# What is wrong, the parts of which the last is refused, a word of the refusal.
REFUSED = (
    ("a rule of no network", [a_rule(0, 7, SSH)], "network"),
    ("a number too far", [a_network(5, entry([10, 0, 0, 0], 8))], "order|gap|next|counted|index"),
    ("a range that is turned round", [a_rule(0, 0, service(6, 9, 3))], "low|range|high"),
    ("an IPv4 prefix of 33", [a_network(1, entry([10, 0, 0, 0], 33))], "long|length|32|prefix"),
    ("host bits", [a_network(1, entry([10, 0, 0, 1], 8))], "host|bits"),
    ("an address of 5 bytes", [a_network(1, entry([10, 0, 0, 0, 0], 8))], "4 bytes or 16"),
    ("direction 2", [a_rule(0, 0, SSH, direction=2)], ""),
    ("a rule without services", [a_rule(0, 0)], "service"),
    ("a name of 256 bytes", [a_network(1, name="n" * 256)], ""),
    ("an attribute that nobody knows",
     [("TXN_NETWORK", attr("ID", 1), attr("NAME", "x"), attr(0x3000, b"1234"))], ""),
    ("another command's attribute",
     [("TXN_NETWORK", attr("ID", 1), attr("NAME", "x"), attr("EXISTING", 1, "=B"))], ""),
    ("bytes that are no attribute", [("TXN_DEFAULTS", attr("DEFAULT_IN", 0, "=B"), b"xx")], ""),
    ("an unknown transaction", [("TXN_RULE", attr("TXN", 99))], "transaction"),
)


def refuse(client, parts, words):
    """Commit what has a part that is refused."""
    txn = attr("TXN", dict(client.call("TXN_BEGIN"))[genl.K["A_TXN"]])
    client.call(*with_txn(a_network(0, entry([0, 0, 0, 0], 0)), txn))
    for part in parts:
        with lib.fails(genl.Refused) as refused:
            client.call(*with_txn(part, txn))
        said = refused.error.words
        assert said, "it was refused without a word"
        assert not words or any(w in said for w in words.split("|")), f"it said {said!r}"
    if words == "transaction":
        client.call("TXN_ABORT", txn)
        return
    with lib.fails(genl.Refused) as refused:
        client.call("TXN_COMMIT", txn)
    assert refused.error.words, "the commit was refused without a word"


def with_txn(part, txn):
    name, *attrs = part
    return name, txn, *attrs


@subtest("refused, with a word: {0[0]}", *REFUSED)
def refused_part(variant):
    _, parts, words = variant
    policy(rule("in", "tcp/22", name="old"))
    before = lib.mctl_json("rules"), lib.generation()
    client = genl.Client()
    lib.cleanups.callback(client.close)
    refuse(client, parts, words)
    assert (lib.mctl_json("rules"), lib.generation()) == before, "the policy changed"


@subtest("a transaction is its socket's alone, and ends with it")
def others_transaction():
    one, other = genl.Client(), genl.Client()
    txn = attr("TXN", dict(one.call("TXN_BEGIN"))[genl.K["A_TXN"]])
    with lib.fails(genl.Refused):
        other.call("TXN_COMMIT", txn)
    one.close()
    with lib.fails(genl.Refused):
        other.call("TXN_COMMIT", txn)
    other.close()


@subtest("a bad file is refused with its line, and nothing changes")
def bad_file():
    policy(rule("in", "tcp/22", name="old"))
    before = lib.mctl_json("rules"), lib.generation()
    for bad in ("rules: [{services: [tcp/99999]}]", "defaults:\n  in: maybe\n", "[", ""):
        said = mctl("load", "--yes", "-f", "-", input=bad, status=1).stderr
        assert "<stdin>" in said, said
    assert (lib.mctl_json("rules"), lib.generation()) == before


def write_policy(name, count):
    path = f"/tmp/mseg-{name}-{os.getpid()}"
    with open(path, "w", encoding="utf-8") as file:
        file.write(lib.flat(*[rule("in", f"tcp/{i}", name=f"{name} {i}")
                              for i in range(1, count + 1)]))
    lib.cleanups.callback(os.unlink, path)
    return path


def in_force():
    with open("/proc/net/mseg/rules", encoding="utf-8") as file:
        return [line.split('"')[1].split()[0] for line in file.readlines()[1:]]


@subtest("mctl load killed at 50 moments leaves the old policy or the new one")
def killed():
    files = {"a": (write_policy("a", 150), 150), "b": (write_policy("b", 250), 250)}
    started = time.monotonic()
    mctl("load", "--yes", "-f", files["a"][0])
    whole = time.monotonic() - started
    seed = int(os.environ.get("MSEG_SEED", random.randrange(1 << 32)))
    print(f"# MSEG_SEED={seed}")
    chance = random.Random(seed)
    seen = set()
    for i in range(50):
        name = "ba"[i % 2]
        loading = subprocess.Popen(("mctl", "load", "--yes", "-f", files[name][0]),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0, whole * 1.1))
        loading.send_signal(signal.SIGKILL)
        loading.wait()
        now = in_force()
        assert len(set(now)) == 1, f"a mixture: {now}"
        assert len(now) == files[now[0]][1], f"{len(now)} rules of {now[0]}"
        seen.add(now[0] == name)
    print(f"# a load took {whole:.2f} s; outcomes: {seen}")
    # Nothing of the killed ones is left.
    policy(rule("in", "tcp/22"))


@subtest("IPv{}: no packet meets neither of two policies", *lib.FAMILIES)
def commits_under_traffic(family):
    policy(rule("in", "udp", name="a"))
    client, server = lib.udp_pair(family, connected=False)
    server.setblocking(False)
    sent = got = 0
    with lib.moved(rejected_in_ipv4=0, rejected_in_ipv6=0, rejected_out_ipv4=0,
                   rejected_out_ipv6=0, dropped_in_ipv4=0, dropped_in_ipv6=0):
        for i in range(10):
            loading = subprocess.Popen(
                ("mctl", "load", "--yes", "-f", "-"), stdin=subprocess.PIPE, text=True,
                stdout=subprocess.DEVNULL)
            loading.stdin.write(lib.flat(rule("in", "udp", name=f"b{i}")))
            loading.stdin.close()
            while loading.poll() is None:
                # Each asks the policy anew.
                with lib.udp(lib.PEER[family], "peer") as one:
                    one.sendto(b"x", server.getsockname())
                sent += 1
                with contextlib.suppress(BlockingIOError):
                    got += len(server.recv(10))
                time.sleep(0.001)
            assert loading.returncode == 0
    with contextlib.suppress(BlockingIOError):
        while True:
            got += len(server.recv(10))
    assert got == sent, f"{got} of {sent} datagrams came"
    client.close()


if __name__ == "__main__":
    lib.main()
