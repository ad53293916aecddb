#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hostile requests to a live msegd that was built under the sanitizers.

usage: tests/fuzz/api.py SECONDS [SEED]

Requests are made from openapi.yaml: each operation with its parameters and a body of
the right kind, then mutated; and bodies that are hostile by themselves. Every answer is
held against the document, none may be 500, and the memory must stop growing.
"""

import contextlib
import json
import os
import random
import re
import sys
import time
import urllib.parse

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/controller"))
import msegd  # noqa: E402  pylint: disable=wrong-import-position

PROGRAM = os.path.join(TOP, "build/fuzz/msegd")
SANITIZERS = {"ASAN_OPTIONS": "abort_on_error=1:detect_leaks=1:quarantine_size_mb=16:"
                              "allocator_release_to_os_interval_ms=1000",
              "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
MEMORY_MAX = 600 << 10      # KiB resident, of which the sanitizers' own are most
WARM_UP = 2000              # requests until the memory is looked at
GROWTH_MAX = 200 << 10      # KiB after that

WORDS = ["", "a", "/", "/acme", "..", "%00", "0", "1", "-1", "99999999999999999999", "true", "null",
         "192.0.2.0/24", "!10.0.0.1", "::/0", "*.example.org", "tcp/22", "icmp/8/0", "any", "Allow",
         "externalnetwork:name=a", "$identity=processingunit", "\u202e", "\0", "\ud7ff", "é" * 200,
         "x" * 5000, "{{ .Values.a }}", "name == \"a\"", "1h", "rematch", "in", "*", "\"", "'", "\\"]
KINDS = ["namespaces", "enforcers", "externalnetworks", "netrulesets", "processingunits", "rule"]
OBJECTS = [
    {"name": "a", "entries": ["192.0.2.0/24", "!192.0.2.1", "a.example"], "associatedTags": ["k=v"]},
    {"name": "/acme", "defaultPUIncomingTrafficAction": "Reject", "incomingRejects": "Silent"},
    {"name": "r", "subject": [["$identity=processingunit"]], "propagate": True, "incomingRules": [
        {"action": "Allow", "object": [["externalnetwork:name=a"]], "protocolPorts": ["tcp/22"]}]},
]
HOSTILE = [
    b"", b"\0", b"\0" * 4096, b"x" * (1 << 20), b'{"name": "' + b"x" * (1 << 20) + b'"}',
    b"[" * 10000, b"[" * 10000 + b"]" * 10000, b'{"a":' * 10000 + b"1" + b"}" * 10000,
    b"- " * 10000, b"\n".join(b" " * i + b"a:" for i in range(1000)),
    b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
        b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % ((c + 1, c + 1) + (c,) * 9)
        for c in range(97, 106)),
    b"data: &a\n  x: *a\n", b"<<: *a\n", b"!!python/object:os.system x\n", b"%YAML 9.9\n---\n",
    b"\xff\xfe\x00", b"\xc0\x80", b"{" + b'"a": 1,' * 50000 + b'"b": 2}', b"---\n" * 20000,
    b"1e999999", b"-0", b'{"name": 1e400}', b"\xef\xbb\xbf{}", b"\t", b"? ?\n", b"'", b'"\\u0000"',
    b'{"data": {"externalnetworks": [' + b'{"name": "a"},' * 20000 + b"{}]}}",
    b"{{ .Values.a }}", b"{{" * 20000, b"{{ " + b"x" * 100000 + b" }}",
]


def mutate(value, chance):
    """One thing in it is something else."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        key = chance.choice(list(value))
        if chance.random() < 0.15:
            return {**value, chance.choice(WORDS): value[key]}
        if chance.random() < 0.1:
            return {other: value[other] for other in value if other != key}
        return {**value, key: mutate(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        index = chance.randrange(len(value))
        if chance.random() < 0.1:
            return value * chance.choice([2, 3, 300])
        return [*value[:index], mutate(value[index], chance), *value[index + 1:]]
    return chance.choice([None, True, 0, -1, 1 << 63, 1.5, [], {}, [[]], [value], {"a": value},
                          chance.choice(WORDS), chance.choice(WORDS)])


def corrupt(data, chance):
    """Some bytes of it are others."""
    data = bytearray(data)
    for _ in range(chance.choice([0, 1, 1, 4])):
        if data:
            at = chance.randrange(len(data))
            data[at:at + chance.choice([0, 1, 1, 20])] = chance.choice(
                [b"", bytes([chance.randrange(256)]), b"{", b"]", b"*a", b"&a ", b"\n", b"\0"])
    return bytes(data)


def document(chance):
    keys = {"externalnetworks": OBJECTS[0], "namespaces": OBJECTS[1],
            "networkrulesetpolicies": OBJECTS[2]}
    return {"APIVersion": 1, "label": chance.choice(["", "l", "m"]),
            "data": {key: [keys[key]] for key in chance.sample(list(keys), chance.randrange(4))}}


def body_for(template, chance):
    if chance.random() < 0.1:
        return chance.choice(HOSTILE)
    value = document(chance) if re.search(r"apply|import|diff|preview|staged", template) else \
        chance.choice([*OBJECTS, {"incoming": "Reject"}, {"generation": 1}, {"kind": "link"},
                       {"kind": "token", "expires": "1h"}, {"code": "x"}])
    for _ in range(chance.choice([0, 0, 1, 1, 2, 5])):
        value = mutate(value, chance)
    data = json.dumps(value, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
    return corrupt(data, chance) if chance.random() < 0.3 else data


def value_for(parameter, chance):
    schema = parameter.get("schema", {})
    if chance.random() < 0.3:
        return chance.choice(WORDS)
    if "enum" in schema:
        return chance.choice(schema["enum"])
    if schema.get("type") == "boolean":
        return chance.choice(["true", "false"])
    if schema.get("type") == "integer":
        return str(chance.choice([0, 1, 2, 100, 1 << 31, 1 << 64, -1]))
    return chance.choice(WORDS)


class Fuzzer:
    def __init__(self, daemon, seed):
        self.daemon, self.chance = daemon, random.Random(seed)
        self.spec = msegd.document
        self.operations = [(method.upper(), template, operation)
                           for template, item in self.spec.spec["paths"].items()
                           for method, operation in item.items()
                           if method in ("get", "post", "put", "patch", "delete")
                           and template != "/v1/events"]
        self.asked = {}
        self.last = None

    def target(self, template, operation):
        chance = self.chance
        path = re.sub(r"\{kind\}", lambda _: chance.choice(KINDS), template)
        path = re.sub(r"\{[a-z]+\}",
                      lambda _: urllib.parse.quote(chance.choice(["a", "r", "/acme", "1", "2"] +
                                                                 WORDS[:30]), safe="") or "a", path)
        shared = self.spec.spec["paths"][template].get("parameters", [])
        known = [self.spec.resolve(one) for one in operation.get("parameters", []) + shared]
        known = [one for one in known if one["in"] == "query"]
        pairs = [(one["name"], value_for(one, chance)) for one in known
                 if one.get("required") or chance.random() < 0.3]
        if chance.random() < 0.05:
            pairs.append((chance.choice(WORDS), chance.choice(WORDS)))
        # As nothing is to change without a module, "check" looks further.
        if "check" in (one["name"] for one in known) and chance.random() < 0.7:
            pairs = [pair for pair in pairs if pair[0] != "check"] + [("check", "true")]
        return path + ("?" + urllib.parse.urlencode(pairs, errors="surrogatepass")
                       if pairs else "")

    def one(self):
        method, template, operation = self.chance.choice(self.operations)
        if self.chance.random() < 0.02:
            method = self.chance.choice(["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "X"])
        target = self.target(template, operation)
        body = body_for(template, self.chance) if method in ("POST", "PUT", "PATCH") else None
        headers = {}
        if self.chance.random() < 0.1:
            headers["If-Match"] = self.chance.choice(['"1"', "*", "x", '"', "\xff" * 100])
        self.last = (method, target[:2000], body and body[:2000], headers)
        connection = msegd.Connection(self.daemon.socket)
        try:
            # What is refused by its first lines is answered, and not read to its end.
            with contextlib.suppress(BrokenPipeError):
                connection.request(method, target, body, headers)
            self.hold(method, target, connection.getresponse())
        finally:
            connection.close()

    def hold(self, method, target, response):
        self.asked[response.status] = self.asked.get(response.status, 0) + 1
        msegd.true(response.status != 500, "status 500")
        kind = (response.headers["Content-Type"] or "").split(";")[0]
        data = response.read()
        # What is no request to libmicrohttpd it answers by itself.
        if method in ("HEAD", "OPTIONS", "TRACE", "X") or "json" not in kind:
            msegd.true(response.status < 500 or response.status == 501, f"status {response.status}")
            return
        self.spec.check(method, urllib.parse.urlsplit(target).path, response.status, kind,
                        json.loads(data))

    def resident(self):
        with open(f"/proc/{self.daemon.pid()}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])

    def run(self, seconds):
        end, n, settled, most = time.monotonic() + seconds, 0, None, 0
        while time.monotonic() < end:
            self.one()
            n += 1
            if n % 100 == 0:
                most = max(most, self.resident())
                msegd.true(most < MEMORY_MAX, f"{most} KiB resident")
            if n == WARM_UP:
                settled = self.resident()
        if settled:
            grown = self.resident() - settled
            msegd.true(grown < GROWTH_MAX, f"it grew by {grown} KiB")
        print(f"# {n} requests, {most} KiB resident at most, statuses "
              f"{json.dumps(self.asked, sort_keys=True)}", flush=True)


def main():
    seconds, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns()
    os.environ.update(SANITIZERS)
    msegd.PROGRAM = PROGRAM
    msegd.START_LIMIT = 60

    @msegd.subtest(f"hostile requests for {seconds} s, seed {seed}")
    def _():
        daemon = msegd.Msegd()
        fuzzer = Fuzzer(daemon, seed)
        try:
            fuzzer.run(seconds)
            daemon.stop()
        except BaseException:
            print(f"# after {fuzzer.last!r}", flush=True)
            with contextlib.suppress(OSError):
                print("".join(f"# {line}\n" for line in daemon.said().splitlines()[-400:]),
                      flush=True)
            raise

    sys.argv[1:] = []
    msegd.main()


if __name__ == "__main__":
    main()
