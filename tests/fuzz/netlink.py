#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random messages for every command of the netlink spec, on a policed namespace.

usage: tests/fuzz/netlink.py [SECONDS]      inside, through tests/uml/run

Messages are made from include/mseg.yaml: most could be right, some have a value,
a length, a nesting or a header that is wrong. What is refused must have changed
nothing; a transaction that had a part refused must not come into force, and one
that does holds as many networks and rules as were accepted. The kernel's own
checks say the rest. MSEG_SEED repeats a run.
"""

import contextlib
import hashlib
import os
import random
import struct
import sys
import time

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../selftests"))

import genl                                             # noqa: E402
import lib                                              # noqa: E402
from genl import K, attr                                # noqa: E402

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 60
SEED = os.environ.get("MSEG_SEED") or str(random.randrange(1 << 32))
# Nothing could be fuzzed behind it.
LEFT_OUT = ("lock",)
# Commands that bring another policy into force, when they succeed.
CHANGING = ("TXN_COMMIT", "POLICY_REVERT", "ATTACH", "DETACH")
CHANCE_OF_ODDITY = 0.015
SIZES = {"u8": "=B", "u16": "=H", "u32": "=I", "u64": "=Q"}
SEEDS = [0, 1, 2, 4, 31, 32, 33, 64, 127, 128, 129, 255, 256, 0x7FFF, 0x8000, 0xFFFF,
         0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]


def read_spec():
    with open(os.path.join(HERE, "../../include/mseg.yaml"), encoding="utf-8") as file:
        return yaml.safe_load(file)


class Txn:
    """What is known of a transaction."""

    def __init__(self, networks, rules):
        self.networks, self.rules = networks, rules
        self.refused = self.odd = False


class Messages:
    """Attributes for commands, by the spec."""

    def __init__(self, spec, randomly):
        self.random = randomly
        self.sets = {s["name"]: {a["name"]: a for a in s["attributes"]}
                     for s in spec["attribute-sets"]}
        self.operations = {}
        for operation in spec["operations"]["list"]:
            if operation["name"] in LEFT_OUT or "event" in operation:
                continue
            for kind in ("do", "dump"):
                if kind in operation:
                    request = (operation[kind] or {}).get("request", {}).get("attributes", [])
                    self.operations[operation["name"], kind] = request

    def odd(self):
        return self.random.random() < CHANCE_OF_ODDITY

    def number(self, bits, likely):
        if likely and not self.odd():
            return self.random.choice(likely)
        return self.random.choice(SEEDS) & ((1 << bits) - 1)

    def entry(self):
        """A prefix, mostly without host bits."""
        size = self.random.choice((4, 4, 16, 16, self.random.randrange(20) if self.odd() else 4))
        length = self.number(8, [8, 16, 24, 32, 0] + [64, 128] * (size == 16))
        number = self.random.getrandbits(8 * size) if size else 0
        if not self.odd() and length <= 8 * size:
            number = number >> (8 * size - length) << (8 * size - length)
        return [("address", number.to_bytes(size, "big")), ("prefix-len", length),
                *([("exclude", b"")] if self.random.random() < 0.1 else [])]

    def service(self):
        low = self.number(16, [22, 80, 443])
        ranges = [("low", low), ("high", self.number(16, [low, max(low, 1024)]))]
        kind = self.random.random()
        if kind < 0.1:
            return []
        return [("protocol", self.number(8, [6, 17, 132, 1, 58])),
                *(ranges if kind > 0.3 or self.odd() else []),
                *([("item", self.number(16, [0, 1, 2]))] if self.odd() else [])]

    def learned(self):
        until = int((time.time() + self.random.choice((-9, 0, 60, 1 << 30))) * 1e9)
        return [("name", self.random.choice((b"a", b"b.name", b"a..b", b"")) + b"\0"),
                ("address", self.random.randbytes(self.random.choice((4, 16)))),
                ("until", until if not self.odd() else (1 << 64) - 1),
                *([("resolver", self.random.randbytes(4))] if self.odd() else [])]

    def value(self, what, likely):
        """Bytes of an attribute."""
        kind = what["type"]
        if kind == "nest":
            parts = {"entry": self.entry, "service": self.service, "learned": self.learned}.get(
                what["nested-attributes"], lambda: [])()
            return self.nested(what["nested-attributes"], parts)
        if kind == "flag":
            return b""
        if kind == "string":
            return self.random.choice((b"a", b"name", b"", b"n" * 255, b"\xff\n", b"*.name")) + b"\0"
        if kind in SIZES:
            bits = 8 * struct.calcsize(SIZES[kind])
            return struct.pack(SIZES[kind], self.number(bits, likely))
        return self.random.randbytes(self.random.choice((0, 4, 16, 192)))

    def nested(self, name, parts):
        attributes = self.sets[name]
        numbers = {n: i for i, n in enumerate(attributes, 1)}
        data = b""
        for part, value in parts:
            if isinstance(value, int):
                value = struct.pack(SIZES[attributes[part]["type"]], value)
            data += self.distorted(numbers[part], value)
        return data

    def distorted(self, number, value):
        """An attribute, perhaps with what is wrong with it."""
        if self.odd():
            value = self.random.choice((value[:-1], value + b"\0", b"", value * 2,
                                        self.random.randbytes(self.random.randrange(40))))
        data = attr(number, bytes(value))
        if self.odd():
            length = self.random.choice((0, 1, 3, len(data) - 1, len(data) + 4, 0xFFFF))
            data = struct.pack("=H", length & 0xFFFF) + data[2:]
        return data

    def attribute(self, name, likely):
        main = self.sets["main"]
        number = K["A_" + name.upper().replace("-", "_")]
        if main[name]["type"] == "nest" and not self.odd():
            number |= genl.NESTED
        if self.odd():
            number = self.random.choice((0, 0x3FFF, 0x4000 | number, 200, number + 1))
        return self.distorted(number, self.value(main[name], likely))


class Fuzzer:
    """A client, what it knows, and what must hold."""

    def __init__(self):
        self.random = random.Random(SEED)
        self.messages = Messages(read_spec(), self.random)
        self.client, self.txns = None, {}
        self.trial = False              # a policy may await confirmation
        self.plain = True               # the last message had a header as it should be
        self.witness = genl.Client()
        self.done = {}
        self.reconnect()

    def reconnect(self):
        """The former socket's transactions end with it, a dump may be under way."""
        if self.client:
            if self.random.random() < 0.5:
                with contextlib.suppress(OSError):
                    self.client.send(K["C_RULE_GET"], flags=genl.REQUEST | genl.DUMP)
            self.client.close()
        self.client, self.txns = genl.Client(), {}

    def status(self):
        found = dict(self.witness.call("STATUS_GET"))
        names = ("ATTACHED", "GENERATION", "DEFAULT_IN", "DEFAULT_OUT", "SILENT_IN",
                 "SILENT_OUT", "NETWORK_COUNT", "ENTRY_COUNT", "RULE_COUNT")
        return {name: found.get(K["A_" + name]) for name in names}

    def contents(self):
        """Of the policy in force, without what counts."""
        digest = hashlib.sha256()
        with contextlib.suppress(genl.Refused):
            for command in ("NETWORK_GET", "RULE_GET"):
                for kind, value in self.witness.call(command, dump=True):
                    if kind not in (K["A_HITS"], K["A_LAST_HIT"]):
                        digest.update(bytes((kind,)) + value)
        return digest.hexdigest()

    # --- one message -----------------------------------------------------------------

    def likely(self, command, txn, status):
        """Values that could be right."""
        known = self.txns.get(txn)
        generation = struct.unpack("=I", status["GENERATION"])[0] if status["GENERATION"] else 0
        index = 0
        if known:
            index = known.rules if command == "TXN_RULE" else known.networks
        networks = range(max(1, known.networks if known else 1))
        return {"txn": [txn], "id": [index], "network": list(networks), "direction": [0, 1],
                "action": [0, 1], "generation": [generation], "existing": [0, 1, 2],
                "confirm-within": [3600], "default-in": [0, 1], "default-out": [0, 1],
                "silent-in": [0, 1], "silent-out": [0, 1]}

    def attributes(self, command, wanted, txn, status):
        likely = self.likely(command, txn, status)
        names = [n for n in wanted if self.random.random() < 0.3
                 or n not in ("confirm-within", "candidate", "clone", "observed")]
        names += [n for n in wanted if n in ("entry", "service", "network")
                  and self.random.random() < 0.4]
        names = [n for n in names if not self.messages.odd()]
        if self.messages.odd():
            names.append(self.random.choice(list(self.messages.sets["main"])))
        if self.messages.odd():
            self.random.shuffle(names)
        return names, b"".join(self.messages.attribute(n, likely.get(n)) for n in names)

    def message(self, command, payload, dump):
        flags = genl.REQUEST | (genl.DUMP if dump else genl.ACK)
        self.plain = True
        if self.messages.odd():
            self.plain = False
            flags = self.random.choice((flags | genl.DUMP, flags | 0x800, genl.ACK | 1, 0xFFFF))
        data = bytearray(self.client.message(K["C_" + command], payload, flags))
        if self.messages.odd():
            data += self.random.randbytes(self.random.randrange(1, 9))
            struct.pack_into("=I", data, 0, len(data))
        if self.messages.odd():
            self.plain = False
            data[self.random.choice((16, 17, 18, 19))] = self.random.randrange(256)
        return bytes(data)

    def answers(self):
        """0 or an error, and attributes; None where the kernel says nothing."""
        found = []
        self.client.socket.settimeout(2)
        with contextlib.suppress(TimeoutError):
            while True:
                for kind, message in self.client.receive():
                    if kind in (genl.ERROR, genl.DONE):
                        error = -struct.unpack_from("=i", message, 16)[0]
                        return max(error, 0), found
                    found += genl.attrs_of(message[20:])
        return None, found

    def operation(self):
        """Name and kind; mostly of what a transaction needs next."""
        if self.trial and self.random.random() < 0.3:
            return "policy-confirm", "do"
        if self.random.random() < 0.2:
            return self.random.choice(list(self.messages.operations))
        if not self.txns:
            return "txn-begin", "do"
        return "txn-" + self.random.choice(("begin", "network", "network", "rule", "rule",
                                            "defaults", "commit", "commit")), "do"

    def step(self):
        name, kind = self.operation()
        wanted = self.messages.operations[name, kind]
        command = name.upper().replace("-", "_")
        before = self.status()
        txn = self.random.choice([*self.txns, *self.txns, 0])
        names, payload = self.attributes(command, wanted, txn, before)
        self.client.socket.send(self.message(command, payload, kind == "dump"))
        error, found = self.answers()
        if error is None:
            self.reconnect()
        key = command, {0: "done", None: "nothing said"}.get(error, "refused")
        self.done[key] = self.done.get(key, 0) + 1
        self.check(command, txn, names, payload, error, found, before)

    # --- what must hold --------------------------------------------------------------

    def check(self, command, txn, names, payload, error, found, before):
        after = self.status()
        if error != 0 or command not in CHANGING:
            # The message may have been another command's, with an odd header.
            assert after == before or error == 0, f"{command}: {before} became {after}"
        known = self.txns.get(txn)
        if command == "TXN_BEGIN" and error == 0:
            self.begun(names, found, before)
        elif command.startswith("TXN_") and known:
            self.part(command, txn, known, payload, error)
        if command == "POLICY_CONFIRM" and error == 0:
            self.trial = False
        if command == "TXN_COMMIT" and error == 0:
            self.trial |= "confirm-within" in names
            self.committed(txn, names, before, after)
        if after["ATTACHED"] is None and self.random.random() < 0.5:
            self.witness.call("ATTACH")
            self.txns = {}

    def begun(self, names, found, before):
        number = dict(found).get(K["A_TXN"])
        if not number:
            return
        txn = Txn(0, 0)
        if "clone" in names:
            txn = Txn(*(struct.unpack("=I", before[n])[0] if before[n] else 0
                        for n in ("NETWORK_COUNT", "RULE_COUNT")))
            # Of what it is a copy the attributes say, if they were understood.
            txn.odd = True
        self.txns[struct.unpack("=I", number)[0]] = txn

    def part(self, command, txn, known, payload, error):
        """Count what was accepted; whether it was this transaction's is only sure if it is one."""
        attrs = genl.attrs_of(payload)
        ids = [value for kind, value in attrs if kind == K["A_TXN"]]
        if not self.plain or ids != [struct.pack("=I", txn)]:
            known.odd = True
        elif command in ("TXN_NETWORK", "TXN_RULE", "TXN_DEFAULTS"):
            if error:
                known.refused = True
            elif command == "TXN_RULE":
                known.rules += 1
            elif command == "TXN_NETWORK":
                known.networks += any(kind == K["A_NAME"] for kind, _ in attrs)

    def committed(self, txn, names, before, after):
        known = self.txns.pop(txn, None)
        if not known or known.odd or "candidate" in names:
            return
        assert not known.refused, "a transaction with a refused part came into force"
        counts = tuple(struct.unpack("=I", after[n])[0] for n in ("NETWORK_COUNT", "RULE_COUNT"))
        assert counts == (known.networks, known.rules), \
            f"{counts} networks and rules, not {(known.networks, known.rules)}"
        assert after["GENERATION"] != before["GENERATION"]

    def run(self):
        end, steps = time.monotonic() + SECONDS, 0
        contents = self.contents(), self.status()
        while time.monotonic() < end:
            self.step()
            steps += 1
            if len(self.txns) > 5 or self.random.random() < 0.01:
                self.reconnect()
            if not steps % 25:
                contents = self.compare(contents)
        return steps

    def compare(self, before):
        """The policy is the same as long as its generation is; it is policed again if not."""
        after = self.contents(), self.status()
        if after[1]["GENERATION"] == before[1]["GENERATION"]:
            assert after[0] == before[0], "the policy changed within a generation"
        if after[1]["ATTACHED"] is None:
            self.witness.call("ATTACH")
        elif self.random.random() < 0.2:
            with contextlib.suppress(genl.Refused):
                self.witness.call("POLICY_CONFIRM", attr(K["A_GENERATION"],
                                                         bytes(after[1]["GENERATION"])))
        return after


def main():
    print("TAP version 13\n1..1", flush=True)
    lib.load()
    fuzzer, ok = Fuzzer(), True
    try:
        steps = fuzzer.run()
        print(f"# {steps} messages, seed {SEED}")
    except Exception as error:      # pylint: disable=broad-except
        ok = False
        print(f"# {type(error).__name__}: {error}; MSEG_SEED={SEED}")
    for (command, what), count in sorted(fuzzer.done.items()):
        print(f"# {command} {what}: {count}")
    done = {command for command, what in fuzzer.done if what == "done"}
    missing = {name.upper().replace("-", "_") for name, _ in fuzzer.messages.operations
               if name.startswith("txn")} - done
    if ok and missing:
        ok = False
        print(f"# never done: {' '.join(sorted(missing))}")
    fuzzer.client.close()
    fuzzer.witness.close()
    lib.unload()
    print(f"{'ok' if ok else 'not ok'} 1 - nothing that is refused changes anything")
    return int(not ok)


if __name__ == "__main__":
    sys.exit(main())
