# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of mseg-console's server share: msegd and the console, HTTP by hand."""

import contextlib
import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/controller"))

# pylint: disable=wrong-import-position
import msegd    # noqa: E402
from msegd import Msegd, START_LIMIT, equal, true     # noqa: E402

PROGRAM = os.path.join(TOP, "build/bin/mseg-console")
OWN = {"X-Mseg-Request": "1"}

# Nobody's own account: it runs the console where that has a user of its own.
KEEPER = "backup"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, what, seconds=20):
    limit = time.monotonic() + seconds
    while not condition():
        true(time.monotonic() < limit, f"{what}: not within {seconds} s")
        time.sleep(0.05)


class Clock:
    """The time since the machine's start, as a service sees it."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="clock-")
        msegd.cleanups.callback(shutil.rmtree, self.directory, ignore_errors=True)
        os.chmod(self.directory, 0o755)
        self.file, library = (os.path.join(self.directory, name) for name in ("now", "clock.so"))
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library,
                        os.path.join(TOP, "tests/console/clock.c")], check=True)
        self.wrapper = ["env", f"LD_PRELOAD={library}", f"TEST_CLOCK={self.file}"]
        self.seconds = 0

    def pass_by(self, seconds):
        self.seconds += seconds
        with open(self.file + ".new", "w") as file:
            file.write(str(self.seconds))
        os.rename(self.file + ".new", self.file)


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.data = response.status, response.headers, response.read()

    @property
    def body(self):
        return json.loads(self.data)

    def wanted(self, status):
        if self.status != status:
            raise AssertionError(f"status {self.status}, wanted {status}: {self.data[:300]}")
        return self

    @property
    def cookie(self):
        """Of Set-Cookie: name=value."""
        return self.headers["Set-Cookie"].split(";")[0]


class Console:
    """A console of its own before a msegd."""

    def __init__(self, daemon, config=None, wrapper=(), start=True, tls=False):
        self.daemon, self.wrapper, self.tls = daemon, list(wrapper), tls
        self.port, self.process = free_port(), None
        self.directory = tempfile.mkdtemp(prefix="console-")
        msegd.cleanups.callback(shutil.rmtree, self.directory, ignore_errors=True)
        os.chmod(self.directory, 0o755)
        self.log = os.path.join(self.directory, "log")
        self.config = os.path.join(self.directory, "mseg-console.conf")
        with open(self.config, "w") as file:
            file.write(config or "")
        msegd.cleanups.callback(self.finish)
        if start:
            self.start()

    def command(self):
        return [*self.wrapper, PROGRAM, "--config", self.config, "--socket", self.daemon.socket,
                "--listen", f"127.0.0.1:{self.port}"]

    def start(self):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)
        limit = time.monotonic() + START_LIMIT
        while time.monotonic() < limit:
            true(self.process.poll() is None, f"it ended: {self.said()}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return self
            time.sleep(0.02)
        raise AssertionError(f"it does not listen: {self.said()}")

    def said(self):
        with open(self.log) as file:
            return file.read()

    def finish(self):
        """It ends well."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            equal(self.process.wait(30), 0, f"status at its end; {self.said()}")

    def connect(self, timeout=30):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout)
        if not self.tls:
            return connection
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(connection)

    def ask(self, method, target, body=None, headers=None, cookie=None, host=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.sock = self.connect(60)
        sent = {"Host": f"127.0.0.1:{self.port}" if host is None else host, **(headers or {})}
        if cookie:
            sent["Cookie"] = cookie
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        try:
            connection.request(method, target, body, sent)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def raw(self, data, timeout=30):
        """What comes back for these bytes until the connection ends."""
        if isinstance(data, str):
            data = data.encode("latin-1")
        answer = b""
        with self.connect(timeout) as connection:
            with contextlib.suppress(OSError):
                connection.sendall(data)
                while True:
                    piece = connection.recv(65536)
                    if not piece:
                        break
                    answer += piece
                    if b"\r\n\r\n" in answer and b"Connection: close" not in data:
                        break
        return answer

    def raw_status(self, data):
        answer = self.raw(data)
        return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else None

    def log_in(self, code):
        return self.ask("POST", "/api/session", {"code": code}, OWN)

    def enter(self):
        """Log in as root; returns the cookie."""
        code = self.daemon.post("sessions", {"kind": "link"}).wanted(201)["code"]
        return self.log_in(code).wanted(200).cookie

    def stream(self, cookie, token=None, last_id=None):
        return Stream(self, f"Authorization: Bearer {token}" if token else f"Cookie: {cookie}",
                      last_id)

    def memory(self):
        """What it alone has, in bytes."""
        with open(f"/proc/{self.process.pid}/smaps_rollup") as file:
            lines = dict(line.split(":") for line in file.read().splitlines()[1:])
        return sum(int(lines[name].split()[0]) << 10 for name in ("Private_Clean", "Private_Dirty"))

    def resident(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(next(line for line in file if line.startswith("VmRSS")).split()[1]) << 10


class Stream:
    """Server-sent events, read by hand."""

    def __init__(self, console, session, last_id):
        self.socket = console.connect()
        more = f"Last-Event-ID: {last_id}\r\n" if last_id else ""
        self.socket.sendall("GET /api/v1/events HTTP/1.1\r\n"
                            f"Host: 127.0.0.1:{console.port}\r\n"
                            f"{session}\r\n{more}\r\n".encode())
        self.data, self.ended = b"", False

    def read(self, timeout):
        self.socket.settimeout(timeout)
        try:
            piece = self.socket.recv(65536)
        except TimeoutError:
            return False
        except OSError:
            piece = b""
        self.ended = not piece
        self.data += piece
        return bool(piece)

    def until(self, text, seconds=20):
        limit = time.monotonic() + seconds
        while text not in self.data:
            left = limit - time.monotonic()
            true(left > 0 and not self.ended, f"{text!r} did not come, but {self.data[-400:]!r}")
            self.read(left)
        return self

    def open(self):
        self.until(b"\r\n\r\n")
        equal(self.data.split()[1], b"200", "the stream")
        return self

    def ids(self):
        return [line[4:].decode() for line in self.data.replace(b"\r", b"").split(b"\n")
                if line.startswith(b"id: ")]

    def close(self):
        self.socket.close()


def certificate_of(name, directory):
    """A certificate of its own for a name, as DNS:localhost, and its key: where they are."""
    key, made = os.path.join(directory, "key.pem"), os.path.join(directory, "cert.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=" + name, "-keyout", key, "-out", made], check=True,
                   capture_output=True)
    return made, key


def certificate(directory):
    return certificate_of("DNS:localhost", directory)


@contextlib.contextmanager
def with_tls():
    with tempfile.TemporaryDirectory() as directory:
        made, key = certificate(directory)
        daemon = Msegd()
        yield Console(daemon, f"tls: {{certificate: {made}, key: {key}}}\n", tls=True)


def with_keeper(roles=""):
    """msegd, and a console that has a user of its own."""
    daemon = Msegd(config=f"console: {{user: {KEEPER}}}\nroles: [{roles}]\n")
    console = Console(daemon, wrapper=["setpriv", "--reuid", KEEPER, "--regid", "nogroup",
                                       "--clear-groups"])
    return daemon, console


def uid_of(name):
    return pwd.getpwnam(name).pw_uid
