# SPDX-License-Identifier: GPL-2.0-or-later
"""What every test of msegd needs: the service, a client, TAP.

The client holds every answer against openapi.yaml: a status, a media type or a
field that is not described there fails the test.
"""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

import jsonschema
import yaml

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
PROGRAM = os.path.join(TOP, os.environ.get("MSEG_PROGRAM", "build/bin/msegd"))
DOCUMENT = os.path.join(TOP, "ctl/msegd/openapi.yaml")
SKIP = 4
START_LIMIT = 30    # seconds; on a slow virtual machine, too

# Users and groups that every Debian has.
ALICE, BOB = "games", "man"
GROUP = "audio"

cases = []
cleanups = contextlib.ExitStack()


# --- TAP ----------------------------------------------------------------------

def subtest(name):
    """Register a function under a name."""
    def register(function):
        cases.append((name, function))
        return function
    return register


def skip_all(why):
    print(f"TAP version 13\n1..0 # SKIP {why}", flush=True)
    sys.exit(SKIP)


def equal(got, wanted, what=""):
    if got != wanted:
        raise AssertionError(f"{what}: got {got!r}, wanted {wanted!r}")


def true(value, what):
    if not value:
        raise AssertionError(what)


def run_case(number, name, function):
    global cleanups
    started, detail = time.monotonic(), ""
    try:
        with contextlib.ExitStack() as stack:
            cleanups = stack
            function()
    except Exception:  # pylint: disable=broad-except
        detail = traceback.format_exc()
    seconds = time.monotonic() - started
    print(f"{'not ok' if detail else 'ok'} {number} - {name} # {seconds:.1f} s", flush=True)
    for line in detail.splitlines():
        print(f"# {line}", flush=True)
    return not detail


def main():
    """Run the subtests, those alone whose names hold an argument."""
    chosen = [case for case in cases
              if not sys.argv[1:] or any(word in case[0] for word in sys.argv[1:])]
    print(f"TAP version 13\n1..{len(chosen)}", flush=True)
    results = [run_case(number, *case) for number, case in enumerate(chosen, 1)]
    sys.exit(0 if all(results) else 1)


# --- the document -------------------------------------------------------------

class Document:
    """openapi.yaml, to hold answers against."""

    def __init__(self):
        with open(DOCUMENT) as file:
            self.spec = yaml.safe_load(file)
        self.resolver = jsonschema.RefResolver("", self.spec)
        self.seen = set()
        # The most literal first: /v1/status before /v1/{kind}.
        self.templates = sorted(self.spec["paths"], key=lambda path: (path.count("{"), -len(path)))

    def resolve(self, node):
        while "$ref" in node:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def template(self, path):
        for template in self.templates:
            pattern = re.sub(r"\{object\}", ".+", template)
            if re.fullmatch(re.sub(r"\{[a-z]+\}", "[^/]+", pattern), path):
                return template
        return None

    def check(self, method, path, status, kind, body):
        """Hold an answer against the document."""
        template = self.template(path)
        operation = self.spec["paths"].get(template, {}).get(method.lower())
        if operation is None:
            true(status in (404, 405, 400, 403),
                 f"{method} {path} is not in the document, but answers {status}")
            return
        self.seen.add((method.lower(), template, status < 400))
        responses = operation["responses"]
        true(str(status) in responses or (status >= 400 and "default" in responses),
             f"{method} {template}: status {status} is not described")
        content = self.resolve(responses.get(str(status), responses.get("default")))["content"]
        true(kind in content, f"{method} {template}: {status} has media type {kind}")
        if body is not None:
            schema = content[kind].get("schema", {})
            jsonschema.Draft202012Validator(schema, resolver=self.resolver).validate(body)

    def unseen(self):
        """Operations that were not asked, or never well."""
        return sorted((method, path) for path, item in self.spec["paths"].items()
                      for method in item if method in ("get", "post", "put", "patch", "delete")
                      if (method, path, True) not in self.seen)


document = Document()


# --- the service --------------------------------------------------------------

def sanitized():
    """Whether it was built to find bugs."""
    return PROGRAM.startswith(os.path.join(TOP, "build/unit/"))


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("mseg", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, response, method, target):
        data = response.read()
        self.status, self.headers = response.status, response.headers
        kind = (self.headers["Content-Type"] or "").split(";")[0]
        self.body = json.loads(data) if "json" in kind else data
        path = urllib.parse.urlsplit(target).path
        document.check(method, path, self.status, kind, self.body if "json" in kind else None)

    def __getitem__(self, key):
        return self.body[key]

    def wanted(self, status):
        if self.status != status:
            raise AssertionError(f"status {self.status}, wanted {status}: {self.body}")
        return self

    @property
    def messages(self):
        return [error["message"] for error in self.body.get("errors", [])]


class Msegd:
    """A service of its own, with its own state and socket."""

    def __init__(self, state=None, config=None, wrapper=(), start=True):
        self.directory = tempfile.mkdtemp(prefix="msegd-")
        cleanups.callback(shutil.rmtree, self.directory, ignore_errors=True)
        os.chmod(self.directory, 0o755)
        self.state = state or os.path.join(self.directory, "state")
        self.socket = os.path.join(self.directory, "api.sock")
        self.log = os.path.join(self.directory, "log")
        self.wrapper, self.config, self.process = list(wrapper), None, None
        if config is not None:
            self.config = os.path.join(self.directory, "mseg.conf")
            with open(self.config, "w") as file:
                file.write(config)
        cleanups.callback(self.finish)
        if start:
            self.start()

    def command(self):
        command = [*self.wrapper, PROGRAM, "--state", self.state, "--socket", self.socket]
        return command + (["--config", self.config] if self.config else [])

    def start(self):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)
        self.await_answer()
        return self

    def await_answer(self):
        limit = time.monotonic() + START_LIMIT
        while time.monotonic() < limit:
            true(self.process.poll() is None, f"it ended: {self.said()}")
            with contextlib.suppress(OSError):
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(self.socket)
                    return
            time.sleep(0.01)
        raise AssertionError(f"it does not answer: {self.said()}")

    def fails(self):
        """Start it where it must not; returns what it says."""
        done = subprocess.run(self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=START_LIMIT, text=True)
        true(done.returncode > 0, f"status {done.returncode}: {done.stdout}")
        return done.stdout

    def said(self):
        with open(self.log) as file:
            return file.read()

    def end(self, number):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30) if self.process else None

    def kill(self):
        self.end(signal.SIGKILL)

    def finish(self):
        """Whatever came, it ends well, and within its time."""
        if self.process and self.process.poll() is None:
            self.stop()

    def stop(self):
        equal(self.end(signal.SIGTERM), 0, f"status at its end; {self.said()}")

    def ask(self, method, target, body=None, headers=None):
        connection = Connection(self.socket)
        try:
            if body is not None and not isinstance(body, (bytes, str)):
                body = json.dumps(body)
            if isinstance(body, str):
                body = body.encode()
            connection.request(method, "/v1/" + target, body, headers or {})
            return Answer(connection.getresponse(), method, "/v1/" + target)
        finally:
            connection.close()

    def get(self, target):
        return self.ask("GET", target)

    def post(self, target, body=None, **headers):
        return self.ask("POST", target, body, headers)

    def status(self):
        return self.get("status").wanted(200).body

    def pid(self):
        return self.process.pid


# --- what tests speak of ------------------------------------------------------

def network(name, *entries, **more):
    return {"name": name, "entries": list(entries) or ["192.0.2.0/24"], **more}


def ruleset(name, net, service="tcp/22", **more):
    rule = {"action": "Allow", "object": [[f"externalnetwork:name={net}"]],
            "protocolPorts": [service]}
    return {"name": name, "subject": [["$identity=processingunit"]], "incomingRules": [rule],
            **more}


def as_user(daemon, user, method, target, body=None, groups=()):
    """Ask as somebody else; returns status and body."""
    program = ("import http.client, json, socket, sys\n"
               "c = http.client.HTTPConnection('mseg')\n"
               "c.sock = socket.socket(socket.AF_UNIX)\n"
               "c.sock.connect(sys.argv[1])\n"
               "c.request(sys.argv[2], '/v1/' + sys.argv[3], sys.stdin.read() or None)\n"
               "r = c.getresponse()\n"
               "print(json.dumps([r.status, json.loads(r.read())]))\n")
    extra = ["--groups", ",".join(groups)] if groups else ["--clear-groups"]
    done = subprocess.run(
        ["setpriv", "--reuid", user, "--regid", "nogroup", *extra, sys.executable, "-c", program,
         daemon.socket, method, target],
        input=json.dumps(body) if body is not None else "", check=True, capture_output=True, text=True, cwd="/")
    status, answer = json.loads(done.stdout)
    return status, answer


def load_module():
    """The module, as a test in a virtual machine needs it; skip without one."""
    if os.path.exists("/sys/module/mseg"):
        return
    if "MSEG_KO" not in os.environ:
        skip_all("no module here: it is for tests/vm/run or tests/uml/run")
    subprocess.run(["insmod", os.environ["MSEG_KO"]], check=True)


def mctl(*arguments, **options):
    return subprocess.run([os.path.join(TOP, "build/bin/mctl"), *arguments], text=True,
                          capture_output=True, **options)


def kernel():
    """What the module says by itself."""
    rules = json.loads(mctl("rules", "-o", "json").stdout)
    networks = json.loads(mctl("networks", "-o", "json").stdout)
    return rules, networks


def fresh_kernel():
    """An empty policy that allows everything, confirmed."""
    mctl("rollback", "--yes")
    done = mctl("load", "-f", "-", "--yes", input='{"defaults": {"in": "allow", "out": "allow"}}',
                env={**os.environ, "MSEG_SOCKET": "/nonexistent"})
    equal(done.returncode, 0, done.stderr)
