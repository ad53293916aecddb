#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make what the benchmark loads, in build/bench.

usage: tests/bench/data.py [FILE...]

prefixes.bin: what Debian's tor-geoipdb knows of countries, as prefixes sorted by
country, for tests/bench/kmod/prefixes.c; rules-N.json and prefixes-N.json: policies
of N rules and of N prefixes, load.json one of many of both, in all of which the benchmark's peer may be met by
TCP and UDP to port 443.
"""
import json
import os
import random
import socket
import struct
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
BUILD = os.path.join(TOP, "build/bench")
GEOIP = {4: "/usr/share/tor/geoip", 6: "/usr/share/tor/geoip6"}
RULES = (1, 100, 10000, 100000)
PREFIXES = (1000, 30000, 1000000)
PEER = ["198.18.0.0/15", "2001:db8:2::/48"]
SEED = 1


def to_prefixes(first, last, bits):
    """The prefixes that a range consists of, as address and length."""
    while first <= last:
        size = min((first & -first).bit_length() - 1 if first else bits,
                   (last - first + 1).bit_length() - 1)
        yield first, bits - size
        first += 1 << size


def number(text, family):
    if text.isdigit():
        return int(text)
    kind = socket.AF_INET if family == 4 else socket.AF_INET6
    return int.from_bytes(socket.inet_pton(kind, text), "big")


def geoip():
    """(country, family, address, length) of all."""
    for family, path in GEOIP.items():
        bits = 32 if family == 4 else 128
        with open(path, encoding="ascii") as ranges:
            for line in ranges:
                if line.startswith("#"):
                    continue
                first, last, country = line.strip().split(",")
                for address, length in to_prefixes(number(first, family), number(last, family),
                                                   bits):
                    yield country, family, address, length


def write_geoip(path):
    entries = sorted(geoip())
    countries = {country: i for i, country in enumerate(sorted({entry[0] for entry in entries}))}
    with open(path + ".tmp", "wb") as file:
        for country, family, address, length in entries:
            packed = address.to_bytes(4 if family == 4 else 16, "big").ljust(16, b"\0")
            file.write(packed + struct.pack("<BBH", family, length, countries[country]))
    os.rename(path + ".tmp", path)


def rule(network, service):
    return {"direction": "in", "networks": [network], "services": [service], "action": "allow"}


def policy(networks, rules):
    allowed = [dict(rule("peer", "tcp/443"), services=["tcp/443", "udp/443"], direction=way)
               for way in ("in", "out")]
    return {"defaults": {"in": "reject", "out": "reject"},
            "networks": [{"name": "peer", "entries": PEER}] + networks, "rules": allowed + rules}


def of_rules(n):
    """Over a hundred networks, the peer's neighbours; services of their own each."""
    networks = [{"name": f"net{i}", "entries": [f"10.{i}.0.0/16"]} for i in range(100)]
    return policy(networks, [rule(f"net{i % 100}", f"tcp/{1000 + i // 100}")
                             for i in range(n - 1)])


def of_prefixes(n):
    """In ten networks, each prefix once."""
    choose = random.Random(SEED)
    entries = [f"{a >> 16 & 255}.{a >> 8 & 255}.{a & 255}.{choose.randrange(256)}/32"
               for a in choose.sample(range(1 << 16, 223 << 16), n)]
    networks = [{"name": f"net{i}", "entries": entries[i::10]} for i in range(10)]
    return policy(networks, [rule(f"net{i}", "tcp/22") for i in range(10)])


def to_load():
    """Ten thousand rules over a hundred networks of a thousand prefixes each."""
    made = of_rules(10000)
    for i, network in enumerate(made["networks"][1:]):
        network["entries"] = [f"{20 + i}.{j >> 8}.{j & 255}.0/24" for j in range(1000)]
    return made


def write_policy(path, made):
    with open(path + ".tmp", "w", encoding="ascii") as file:
        json.dump(made, file)
    os.rename(path + ".tmp", path)


def main():
    os.makedirs(BUILD, exist_ok=True)
    wanted = {"prefixes.bin": write_geoip,
              "load.json": lambda path: write_policy(path, to_load())}
    for n in RULES:
        wanted[f"rules-{n}.json"] = lambda path, n=n: write_policy(path, of_rules(n))
    for n in PREFIXES:
        wanted[f"prefixes-{n}.json"] = lambda path, n=n: write_policy(path, of_prefixes(n))
    made = os.path.getmtime(__file__)
    for name in sys.argv[1:] or wanted:
        path, make = os.path.join(BUILD, name), wanted[name]
        if not os.path.exists(path) or os.path.getmtime(path) < made:
            make(path)


main()
