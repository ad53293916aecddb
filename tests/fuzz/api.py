#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random requests to a running msegd, built with sanitizers, made from openapi.yaml.

usage: tests/fuzz/api.py [SECONDS]      and tests/vm/run -- it, where changes take effect

Most of a request could be right; now and then a parameter, a header or the body is
not, or what is sent is no HTTP. Every answer must be one that openapi.yaml describes,
and none an internal error; memory stays within its bound; what a refused change
leaves is what was there; and at its end msegd has lost no memory. MSEG_SEED repeats
a run.
"""

import contextlib
import http.client
import json
import os
import random
import socket
import sys
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../controller"))

import msegd                                            # noqa: E402
from msegd import document, network, ruleset            # noqa: E402

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 60
SEED = os.environ.get("MSEG_SEED") or str(random.randrange(1 << 32))
PROGRAM = os.path.join(msegd.TOP, "build/unit/msegd")
MEMORY_LIMIT = 1 << 20      # KiB resident, of which the sanitizers take most
CHANCE_OF_ODDITY = 0.05

# A stream has no end, and sessions are for the console.
LEFT_OUT = ("/v1/events",)

KINDS = ("externalnetworks", "netrulesets", "namespaces", "enforcers", "extnet", "nonsense")
NAMES = ("ssh", "Allow ssh", "/", "/acme", "/acme/hq", "0" * 24, "$enforcerid")
WORDS = ("", "a", "0", "-1", "1e999", "true", "null", "/", "../..", "%00", "a" * 5000, "\u202e", "é",
         "💥", "<script>", "' OR 1=1 --", '"', "\n", "\x1b[2J", "0.0.0.0/0", "::/0", "999.1.1.1", "tcp/22",
         "udp/0", "port:22", "-", "2h", "2026-11-22T18:00:00Z", "99999999999999999999", "Allow",
         "externalnetwork:name=ssh", "$identity=processingunit", "api.example.org", "*.example.org")


class Requests:
    """Requests by the document."""

    def __init__(self, randomly):
        self.random = randomly
        self.operations = [
            (method, path, item.get("parameters", []) + operation.get("parameters", []),
             "requestBody" in operation)
            for path, item in document.spec["paths"].items() if path not in LEFT_OUT
            for method, operation in item.items()
            if method in ("get", "post", "put", "patch", "delete")]

    def odd(self):
        return self.random.random() < CHANCE_OF_ODDITY

    def word(self):
        return self.random.choice(WORDS)

    def parameter(self, parameter):
        """What a value of its kind could be."""
        schema = document.resolve(parameter.get("schema", {}))
        if self.odd():
            return self.word()
        if parameter["name"] == "kind":
            return self.random.choice(KINDS)
        if parameter["name"] in ("object", "namespace"):
            return self.random.choice(NAMES)
        if "enum" in schema:
            return str(self.random.choice(schema["enum"]))
        if schema.get("type") == "integer":
            return str(self.random.choice((0, 1, 2, 3, 60, 1000)))
        if schema.get("type") == "boolean":
            return self.random.choice(("true", "false"))
        return self.word()

    def base(self):
        """A document or an object as somebody would write it."""
        net = network(self.random.choice(("ssh", "ntp", "web")), "192.0.2.0/24", "!192.0.2.1")
        rules = ruleset(self.random.choice(("Allow ssh", "b")), net["name"],
                        self.random.choice(("tcp/22", "icmp", "udp/67,68")))
        child = {"name": self.random.choice(("acme", "hq")), "defaultPUIncomingTrafficAction": "Allow"}
        objects = {"label": "fuzz", "data": {"externalnetworks": [net], "networkrulesetpolicies": [rules],
                                             "namespaces": [child]}}
        return self.random.choice((net, rules, child, objects, {"generation": 1}, {"code": "x"},
                                   {"kind": "token"}, {"incoming": "Reject", "outgoing": "Allow"}))

    def mutate(self, value, depth=0):
        """The same with something else in one or two places."""
        if self.random.random() < 0.15:
            return self.random.choice((None, True, -1, 1e300, [], {}, self.word(), [self.word()],
                                       {self.word(): self.word()}, 1 << 70))
        if isinstance(value, dict) and value and depth < 6:
            key = self.random.choice(sorted(value))
            changed = {**value, key: self.mutate(value[key], depth + 1)}
            if self.random.random() < 0.2:
                changed[self.word()] = changed.pop(key)
            return changed
        if isinstance(value, list) and value and depth < 6:
            at = self.random.randrange(len(value))
            return value[:at] + [self.mutate(value[at], depth + 1)] * self.random.choice((0, 1, 1, 2))
        return self.word()

    def hostile(self):
        """No document at all."""
        laughs = "".join(f"a{n}: &a{n} [" + ",".join([f"*a{n - 1}"] * 9) + "]\n" if n else
                         'a0: &a0 ["lol"]\n' for n in range(12))
        return self.random.choice((
            b"[" * 10000 + b"]" * 10000, b'{"a":' * 10000, b"- " * 10000, b"? " * 3000,
            b'{"name": "' + b"x" * (1 << 20) + b'"}', laughs.encode(), b"\0" * 100,
            b'{"name": "a\0b"}', b"name: a\0b", b"\xff\xfe\x00", b"&a [*a]", b"!!python/object:x {}",
            b"%YAML 9.9\n---\na", b"{{{{", b"", b"\n" * 100000, b"a: " + b"9" * 100000,
            self.random.randbytes(self.random.randrange(300))))

    def body(self):
        kind = self.random.random()
        if kind < 0.1:
            return self.hostile()
        value = self.base()
        while self.random.random() < 0.5:
            value = self.mutate(value)
        text = json.dumps(value).encode()
        if kind < 0.2:  # a few bytes of it
            data = bytearray(text)
            for _ in range(self.random.randrange(1, 4)):
                data[self.random.randrange(len(data))] = self.random.randrange(256)
            text = bytes(data)
        return text

    def request(self):
        """Method, target, body, headers."""
        method, path, parameters, has_body = self.random.choice(self.operations)
        query, headers = [], {}
        for parameter in map(document.resolve, parameters):
            value = self.parameter(parameter)
            if parameter["in"] == "path":
                value = value or "x"    # else it is another path
                path = path.replace("{" + parameter["name"] + "}", urllib.parse.quote(value, safe=""))
            elif parameter["in"] == "query" and (parameter.get("required") or self.random.random() < 0.4):
                query.append((parameter["name"], value))
            elif parameter["in"] == "header" and self.random.random() < 0.3:
                headers[parameter["name"]] = urllib.parse.quote(value[:1000])
        if self.odd():
            query.append((self.word()[:20], self.word()))
        if self.odd():
            headers["Content-Type"] = self.random.choice(("application/yaml", "text/html", "x"))
        if self.odd():
            method = self.random.choice(("post", "put", "delete", "options", "brew"))
        path = path.replace("{id}", "1")
        target = path + ("?" + urllib.parse.urlencode(query) if query else "")
        return method.upper(), target, self.body() if has_body or self.odd() else None, headers


def send_garbage(path, randomly):
    """What is no HTTP, or not all of it."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(2)
        sock.connect(path)
        sock.sendall(randomly.choice((
            randomly.randbytes(200), b"GET /v1/status HTTP/1.1\r\n", b"POST /v1/apply HTTP/1.1\r\n"
            b"Host: a\r\nContent-Length: 99999999999\r\n\r\n{", b"GET " + b"/" * 100000,
            b"POST /v1/apply HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n",
            b"GET / HTTP/9.9\r\n\r\n", b"GET /v1/status HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 5000)))
        if randomly.random() < 0.5:
            sock.recv(100)


def ask(path, method, target, body, headers):
    """An answer that was held against the document, or None where the request was no HTTP."""
    connection = msegd.Connection(path)
    try:
        connection.request(method, target, body, headers)
        return msegd.Answer(connection.getresponse(), method, target)
    except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
        return None     # it is still there, or the next request says otherwise
    finally:
        connection.close()


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def objects(daemon):
    """Everything there is, as msegd exports it."""
    return daemon.get("export?namespace=/").wanted(200).body


def fuzz(daemon, requests, randomly, counts):
    """One request and what must hold after it."""
    if randomly.random() < 0.02:
        send_garbage(daemon.socket, randomly)
    # What is on trial goes by itself.
    is_settled = randomly.random() < 0.05 and not daemon.status()["confirm"]
    before = objects(daemon) if is_settled else None
    method, target, body, headers = requests.request()
    try:
        answer = ask(daemon.socket, method, target, body, headers)
        status = answer.status if answer else 0
        counts[status] = counts.get(status, 0) + 1
        msegd.true(status != 500, f"internal error: {answer and answer.body}")
        if before is not None and status >= 400:
            msegd.equal(objects(daemon), before, "refused, and yet something changed")
    except Exception:
        print(f"# {method} {target} {headers}\n# {body!r}"[:4000], flush=True)
        raise


def use_module():
    """Where it can be loaded, changes take effect."""
    if "MSEG_KO" not in os.environ:
        return "without the module"
    msegd.load_module()
    msegd.fresh_kernel()
    return "with the module"


@msegd.subtest(f"random requests for {SECONDS:.0f} s are answered as the document says")
def random_requests():
    where, randomly, counts, most = use_module(), random.Random(SEED), {}, 0
    daemon = msegd.Msegd()
    requests, end = Requests(randomly), time.monotonic() + SECONDS
    while time.monotonic() < end:
        fuzz(daemon, requests, randomly, counts)
        if sum(counts.values()) % 100 == 0:
            most = max(most, resident(daemon.pid()))
            msegd.true(most < MEMORY_LIMIT, f"{most} KiB resident")
    print(f"# seed {SEED}, {where}: {sum(counts.values())} requests, at most {most} KiB resident; "
          + ", ".join(f"{counts[status]} of {status}" for status in sorted(counts)), flush=True)
    if "MSEG_KO" in os.environ:
        msegd.mctl("rollback", "--yes")
    daemon.stop()   # with 0: the sanitizers have no complaint


if __name__ == "__main__":
    sys.argv = sys.argv[:1]
    msegd.PROGRAM = PROGRAM
    msegd.main()
