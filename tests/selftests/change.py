#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Entries of a network in force are added and removed in place (network-change).

All of a change takes place or nothing, it is a generation of its own, and what
connections that exist owe to a new policy they owe to it. Topology: see lib.py.
"""

import errno
import ipaddress
import random
import struct
import time

import genl
import lib
from genl import K, attr, nest
from lib import DIRECTIONS, FAMILIES, fails, rule, subtest

KEEP, RESET = 1, 2
OTHER = ["203.0.113.0/24", "2001:db8:f::/48"]
NETWORKS = 3


def a_client():
    client = genl.Client()
    lib.cleanups.callback(client.close)
    return client


def entry(text, remove=False):
    """As a policy writes it."""
    prefix = ipaddress.ip_network(text.removeprefix("!"))
    return nest("ENTRY", attr("ENTRY_ADDRESS", prefix.network_address.packed),
                attr("ENTRY_PREFIX_LEN", prefix.prefixlen, "=B"),
                *([attr("ENTRY_EXCLUDE", b"")] if text.startswith("!") else []),
                *([attr("ENTRY_REMOVE", b"")] if remove else []))


def change(client, add=(), remove=(), network=0, options=()):
    """The number of the generation that it made."""
    answer = dict(client.call("NETWORK_CHANGE", attr("ID", network), *options,
                              *(entry(text) for text in add),
                              *(entry(text, remove=True) for text in remove)))
    return struct.unpack("=I", answer[K["A_GENERATION"]])[0]


def refused(error, words, client, *arguments, **options):
    before, entries = lib.generation(), entries_of(client)
    with fails(genl.Refused) as result:
        change(client, *arguments, **options)
    assert result.error.errno == error, f"refused with {result.error}"
    assert words in result.error.words, f"refused with {result.error}"
    assert lib.generation() == before, "another generation is in force"
    assert entries_of(client) == entries, "entries have changed"


def entries_of(client):
    """Of each network, sorted."""
    found, index = {}, None
    for kind, value in client.call("NETWORK_GET", dump=True):
        if kind == K["A_ID"]:
            index = struct.unpack("=I", value)[0]
            found.setdefault(index, [])
        elif kind == K["A_ENTRY"]:
            parts = dict(genl.attrs_of(value))
            address = ipaddress.ip_address(parts[K["A_ENTRY_ADDRESS"]])
            found[index].append("!" * (K["A_ENTRY_EXCLUDE"] in parts) +
                                f"{address}/{parts[K['A_ENTRY_PREFIX_LEN']][0]}")
    return [sorted(entries) for entries in found.values()]


def peer(family):
    return f"{lib.PEER[family]}/{32 if family == 4 else 128}"


@subtest("IPv{}: who is added is let in, who is removed is not", *FAMILIES)
def both_ways(family):
    client = a_client()
    lib.policy(rule("in", "tcp", entries=OTHER))
    with fails(ConnectionRefusedError):
        lib.tcp_pair(family, "in")
    before = lib.generation()
    assert change(client, [peer(family)]) == before + 1 == lib.generation()
    lib.exchange(*lib.tcp_pair(family, "in"))
    assert change(client, remove=[peer(family)]) == before + 2
    with fails(ConnectionRefusedError):
        lib.tcp_pair(family, "in")
    assert entries_of(client) == [sorted(OTHER)]


@subtest("IPv{}: an exclusion takes out, and gives back", *FAMILIES)
def exclusion(family):
    client = a_client()
    lib.policy(rule("in", "tcp"))
    change(client, ["!" + peer(family)])
    with fails(ConnectionRefusedError):
        lib.tcp_pair(family, "in")
    change(client, remove=["!" + peer(family)])
    lib.exchange(*lib.tcp_pair(family, "in"))


@subtest("IPv{}: a connection of who is removed ends at its next packet; counts of rules stay",
         *FAMILIES)
def rematch(family):
    client = a_client()
    lib.policy(rule("in", "tcp", entries=[*OTHER, peer(family)]))
    one, other = lib.tcp_pair(family, "in")
    change(client, [peer(10 - family)])
    lib.exchange(one, other)
    hits = [value for kind, value in client.call("RULE_GET", dump=True) if kind == K["A_HITS"]]
    assert struct.unpack("=Q", hits[0])[0] >= 2, "the rule forgot what it decided"
    change(client, remove=[peer(family)])
    one.send(b"x")
    with fails(ConnectionResetError, BrokenPipeError):
        lib.exchange(one, other)


@subtest("keep lets it go on, reset cuts it")
def keep_and_reset():
    client = a_client()
    lib.policy(rule("in", "tcp", entries=[*OTHER, peer(4), peer(6)]))
    one, other = lib.tcp_pair(4, "in")
    change(client, remove=[peer(4)], options=[attr("EXISTING", KEEP, "=B")])
    lib.exchange(one, other)
    change(client, [peer(4)])
    lib.exchange(one, other)
    change(client, remove=[peer(4)], options=[attr("EXISTING", RESET, "=B")])
    with fails(ConnectionResetError):
        one.recv(10)


@subtest("what is refused changes nothing")
def refusals():
    client = a_client()
    lib.policy(rule("in", "tcp", entries=["10.0.0.0/8", "!10.1.0.0/16", "2001:db8::/32"]))
    refused(errno.ENOENT, "no such network", client, ["10.0.0.0/9"], network=1)
    refused(errno.ENOENT, "no such entry", client, ["172.16.0.0/12"], ["192.168.0.0/16"])
    refused(errno.ENOENT, "no such entry", client, [], ["10.1.0.0/16"])
    refused(errno.EEXIST, "has this entry", client, ["172.16.0.0/12", "10.0.0.0/8"])
    refused(errno.EINVAL, "both", client, ["10.1.0.0/16"])
    refused(errno.EINVAL, "inside no entry", client, ["!192.0.2.0/24"])
    refused(errno.EINVAL, "inside no entry", client, [], ["10.0.0.0/8"])
    refused(errno.ESTALE, "meanwhile", client, ["172.16.0.0/12"],
            options=[attr("GENERATION", lib.generation() + 1)])
    refused(errno.E2BIG, "whole policy", client, [f"172.16.{i // 256}.{i % 256}/32"
                                                  for i in range(1025)])
    refused(errno.EINVAL, "entry", client)
    # In whatever order they come.
    change(client, ["!10.0.0.0/8", "0.0.0.0/0"], ["10.0.0.0/8", "!10.1.0.0/16"],
           options=[attr("GENERATION", lib.generation())])
    assert entries_of(client) == [["!10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32"]]


@subtest("a trial goes back as it came; meanwhile no other change")
def trial():
    client = a_client()
    lib.policy(rule("in", "tcp", entries=OTHER))
    entries = entries_of(client)
    change(client, [peer(4)], options=[attr("CONFIRM_WITHIN", 60)])
    lib.exchange(*lib.tcp_pair(4, "in"))
    refused(errno.EBUSY, "confirm", client, [peer(6)])
    client.call("POLICY_REVERT")
    assert entries_of(client) == entries
    with fails(ConnectionRefusedError):
        lib.tcp_pair(4, "in")
    number = change(client, [peer(4)], remove=OTHER[:1], options=[attr("CONFIRM_WITHIN", 60)])
    client.call("POLICY_CONFIRM", attr("GENERATION", number))
    lib.exchange(*lib.tcp_pair(4, "in"))
    change(client, [peer(6)])
    lib.exchange(*lib.tcp_pair(6, "in"))
    change(client, OTHER[:1], options=[attr("CONFIRM_WITHIN", 1)])
    entries = sorted([OTHER[1], peer(4), peer(6)])
    lib.wait_for(lambda: entries_of(client) == [entries], "the end of the trial", 5)


@subtest("IPv{}: nobody who is in before and after is out in between", *FAMILIES)
def no_mixture(family):
    client = a_client()
    narrow = peer(family)
    wide = str(ipaddress.ip_network(narrow).supernet(1))
    lib.policy(rule("in", "udp", entries=[*OTHER, narrow]))
    sender, server = lib.udp_pair(family, "in")
    with lib.moved(**{f"rejected_{way}_ipv{family}": 0 for way in DIRECTIONS},
                   changes=400):
        for _ in range(200):
            change(client, [wide], [narrow])
            lib.echo_udp(sender, server)
            change(client, [narrow], [wide])
            lib.echo_udp(*lib.udp_pair(family, "in"))


@subtest("many changes come to what loading the whole does, and detaching frees all")
def random_changes():
    client, choose = a_client(), random.Random(4)
    networks = [set(OTHER) for _ in range(NETWORKS)]
    lib.policy(*(rule("in", "tcp", entries=OTHER, name=f"r{i}") for i in range(NETWORKS)))
    limit = time.monotonic() + 20
    for turn in range(300):
        # The debug kernel takes a second a change.
        if turn >= 30 and time.monotonic() > limit:
            break
        index = choose.randrange(NETWORKS)
        entries = networks[index]
        texts = {str(ipaddress.ip_network((choose.getrandbits(32) & 0xff0f0f0f, length),
                                          strict=False))
                 for length in choose.choices(range(1, 33), k=choose.randrange(1, 20))}
        texts |= {str(ipaddress.ip_network((1 << 127 | choose.getrandbits(4) << 120 | choose.getrandbits(3),
                                            choose.randrange(1, 129)), strict=False))}
        gone = [text for text in entries if choose.randrange(10) == 0 and text not in OTHER]
        change(client, sorted(texts - entries), gone, index)
        networks[index] = (entries | texts) - set(gone)
    assert entries_of(client) == [sorted(entries) for entries in networks]
    lib.fresh()


if __name__ == "__main__":
    lib.main()
