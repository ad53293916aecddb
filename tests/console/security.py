#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What other sites, other hosts and people with bad intentions send to the console."""

import contextlib
import gzip
import json
import os
import socket
import ssl
import subprocess
import tempfile
import time

from service import OWN, Console, certificate, free_port, with_keeper, with_tls
from msegd import Msegd, equal, main, subtest, true

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
          "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; "
          "frame-ancestors 'none'")


def both():
    daemon = Msegd()
    return daemon, Console(daemon)


def as_nobody(function):
    """What it returns as another user."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        with contextlib.suppress(Exception):
            os.setgid(65534)
            os.setuid(65534)
            os.write(writer, json.dumps(function()).encode())
        os._exit(0)
    os.close(writer)
    with open(reader, encoding="ascii") as file:
        said = file.read()
    os.waitpid(pid, 0)
    return json.loads(said)


def change(console, cookie, headers=None, **more):
    """A change that is refused by msegd, without the module, if it comes so far."""
    return console.ask("PUT", "/api/v1/discovery", {"incoming": "Reject"}, headers, cookie,
                       **more).status


# --- what every answer has ----------------------------------------------------

@subtest("no answer lets another site frame it, guess its type, or run its scripts")
def _():
    _, console = both()
    cookie = console.enter()
    for method, target in (("GET", "/"), ("GET", "/flows"), ("GET", "/assets/no.js"),
                           ("GET", "/api/session"), ("GET", "/api/v1/status"), ("GET", "/api/x"),
                           ("POST", "/api/session"), ("OPTIONS", "/"), ("GET", "/%2e%2e/x")):
        for headers in ({}, {"Host": "evil.example"}):
            answer = console.ask(method, target, None, headers, cookie)
            got = {name: answer.headers[name] for name in (
                "Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options",
                "Referrer-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy")}
            equal(got, {"Content-Security-Policy": POLICY, "X-Frame-Options": "DENY",
                        "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
                        "Cross-Origin-Opener-Policy": "same-origin",
                        "Cross-Origin-Resource-Policy": "same-origin"}, f"{method} {target}")
            true(not any(name.lower().startswith("access-control") for name in answer.headers),
                 "other sites may read it")
            if target.startswith("/api"):
                equal(answer.headers["Cache-Control"], "no-store", target)


@subtest("the application is served packed, its hashed files for ever, its page afresh")
def _():
    _, console = both()
    page = console.ask("GET", "/").wanted(200)
    equal((page.headers["Cache-Control"], page.headers["Content-Encoding"]), ("no-cache", None))
    packed = console.ask("GET", "/some/view?x=1", headers={"Accept-Encoding": "br, gzip"})
    equal(packed.wanted(200).headers["Content-Encoding"], "gzip")
    equal(gzip.decompress(packed.data), page.data)
    console.ask("GET", "/", headers={"If-None-Match": page.headers["ETag"]}).wanted(304)
    names = [part.split('"')[0] for part in page.data.decode().split('="')[1:]
             if part.startswith("/assets/")]
    true(names, "the page has no files")
    for name in names:
        answer = console.ask("GET", name).wanted(200)
        true("immutable" in answer.headers["Cache-Control"], name)
        equal(console.ask("HEAD", name).wanted(200).data, b"")
    equal(console.ask("POST", "/", b"x").status, 405)


# --- other sites --------------------------------------------------------------

@subtest("a change needs what no other site's page can send (CSRF)")
def _():
    _, console = both()
    cookie = console.enter()
    here = f"http://127.0.0.1:{console.port}"
    equal(change(console, cookie, OWN), 503, "msegd's own answer, without the module")
    equal(change(console, cookie, {**OWN, "Origin": here, "Sec-Fetch-Site": "same-origin"}), 503)
    equal(change(console, cookie), 403, "without the header")
    for origin in ("http://evil.example", "null", here + ".evil.example", here[:-1],
                   here.replace("http:", "https:"), f"http://127.0.0.1:{console.port + 1}"):
        equal(change(console, cookie, {**OWN, "Origin": origin}), 403, origin)
    for site in ("cross-site", "same-site", "x", ""):
        equal(change(console, cookie, {**OWN, "Sec-Fetch-Site": site}), 403, site)
    # Logging somebody in as somebody else is one, too.
    equal(console.ask("POST", "/api/session", {"code": "x"}).status, 403)
    equal(console.ask("DELETE", "/api/session", cookie=cookie).status, 403)
    console.ask("GET", "/api/session", cookie=cookie).wanted(200)


@subtest("another local service's page reads nothing either")
def _():
    _, console = both()
    cookie = console.enter()
    for site in ("cross-site", "same-site"):
        for target in ("/api/v1/status", "/api/session", "/api/v1/events"):
            console.ask("GET", target, headers={"Sec-Fetch-Site": site}, cookie=cookie).wanted(403)
    console.ask("GET", "/", headers={"Sec-Fetch-Site": "cross-site"}).wanted(200)
    console.ask("GET", "/api/v1/status", headers={"Sec-Fetch-Site": "none"}, cookie=cookie).wanted(200)


@subtest("a name that was bound to this address anew is refused (DNS rebinding)")
def _():
    daemon = Msegd()
    console = Console(daemon, "hosts: [Console.example.org]\n")
    cookie = console.enter()
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "localhost@x",
                 "192.0.2.1", "[::2]", "127.0.0.1:x", "127.0.0.1:", "[::1", "", " ", "localhost.",
                 "2130706433", "127.1", "xconsole.example.org", "a" * 3000):
        for target in ("/", "/api/v1/status", "/api/session"):
            equal(console.ask("GET", target, cookie=cookie, host=host).status, 421, host)
    for host in ("localhost", "localhost:9000", "127.0.0.1", "[::1]:8543", "console.example.org",
                 "CONSOLE.example.org:443"):
        console.ask("GET", "/api/v1/status", cookie=cookie, host=host).wanted(200)
    equal(console.raw_status("GET / HTTP/1.1\r\n\r\n") in (400, 421), True)
    equal(console.raw_status("GET / HTTP/1.0\r\n\r\n") in (400, 421), True)


# --- sessions -----------------------------------------------------------------

@subtest("the cookie is for the console alone, and no page sees it")
def _():
    daemon, console = both()
    code = daemon.post("sessions", {"kind": "link"})["code"]
    answer = console.log_in(code).wanted(200)
    value, *flags = answer.headers["Set-Cookie"].split("; ")
    true(value.startswith("mseg-session=mseg-session-"), value)
    equal(sorted(flags), ["HttpOnly", "Path=/", "SameSite=Strict"])
    true("mseg-session-" not in answer.data.decode(), "the page is told")
    true("token" not in answer.body, answer.body)


@subtest("logging in makes a session anew, whatever a browser brought (fixation)")
def _():
    daemon, console = both()
    planted = "mseg-session=mseg-session-" + "7" * 64
    code = daemon.post("sessions", {"kind": "link"})["code"]
    fresh = console.ask("POST", "/api/session", {"code": code}, OWN, planted).wanted(200).cookie
    true(fresh != planted, fresh)
    console.ask("GET", "/api/session", cookie=planted).wanted(401)
    again = console.ask("POST", "/api/session",
                        {"code": daemon.post("sessions", {"kind": "link"})["code"]}, OWN,
                        fresh).wanted(200).cookie
    true(again != fresh, again)


@subtest("nobody is served without a session, nor with what is none")
def _():
    _, console = with_keeper()
    for headers in ({}, {"Cookie": "mseg-session="}, {"Cookie": "mseg-session=x"},
                    {"Cookie": "mseg-session=a b"}, {"Authorization": "Bearer x"},
                    {"Authorization": "Basic eDp5"}, {"Authorization": ""},
                    {"Cookie": "mseg-session=" + "a" * 2000},
                    {"Cookie": "mseg-session=x\tAuthorization: y"},
                    {"Cookie": "__Host-mseg-session=" + "a" * 40}):
        for target in ("/api/session", "/api/v1/status", "/api/v1/events", "/api/v1/sessions/redeem"):
            equal(console.ask("GET", target, headers=headers).status, 401, f"{headers} {target}")


@subtest("a link is no session, and a code is no token")
def _():
    daemon, console = both()
    code = daemon.post("sessions", {"kind": "link"})["code"]
    console.ask("GET", "/api/v1/status", cookie=f"mseg-session={code}").wanted(401)
    console.ask("GET", "/api/v1/status", headers={"Authorization": f"Bearer {code}"}).wanted(401)
    cookie = console.enter()
    equal(console.log_in(cookie.split("=")[1]).status, 401)


@subtest("codes cannot be tried out (brute force)")
def _():
    daemon, console = both()
    code = daemon.post("sessions", {"kind": "link"})["code"]
    found = [console.log_in(f"mseg-link-{n:064x}") for n in range(25)]
    equal([answer.status for answer in found], [401] * 20 + [429] * 5)
    true(0 < int(found[-1].headers["Retry-After"]) <= 60, found[-1].headers)
    equal(console.log_in(code).status, 429)


@subtest("a user who tries codes keeps no other from logging in")
def _():
    daemon, console = both()
    code = daemon.post("sessions", {"kind": "link"})["code"]
    found = as_nobody(lambda: [console.log_in(f"mseg-link-{n:064x}").status for n in range(25)])
    equal(found, [401] * 20 + [429] * 5)
    equal(console.log_in(code).status, 200)


def leave_behind(connection):
    """Its port, which it was connected by to somebody else before (TIME_WAIT)."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        connection.bind(("127.0.0.1", 0))
        port = connection.getsockname()[1]
        connection.connect(other.getsockname())
        accepted, _ = other.accept()
        connection.close()
        accepted.close()
    return port


def log_in_from(console, port):
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        connection.bind(("127.0.0.1", port))
        connection.connect(("127.0.0.1", console.port))
        body = json.dumps({"code": f"mseg-link-{port:064x}"})
        connection.sendall("\r\n".join([
            "POST /api/session HTTP/1.1", f"Host: 127.0.0.1:{console.port}",
            *(f"{name}: {value}" for name, value in OWN.items()), "Connection: close",
            f"Content-Length: {len(body)}", "", body]).encode())
        return int(connection.makefile("rb").readline().split()[1])


@subtest("a port that others' connections have as well is no way to try codes for them")
def _():
    daemon, console = both()
    code = daemon.post("sessions", {"kind": "link"})["code"]
    ports = [leave_behind(socket.socket()) for _ in range(25)]
    found = as_nobody(lambda: [log_in_from(console, port) for port in ports])
    equal(found, [401] * 20 + [429] * 5)
    equal(console.log_in(code).status, 200)


# --- paths and framing --------------------------------------------------------

@subtest("no path leads out of the table of files, nor out of the API")
def _():
    _, console = both()
    cookie = console.enter()
    for target in ("/../etc/passwd", "/..", "/.", "/./x", "/assets/../../x", "/%2e%2e/etc/passwd",
                   "/%2E%2e/x", "/.%2e/x", "/assets/%2e%2e/%2e%2e/x", "//etc/passwd", "/a//b",
                   "/api/v1/../session", "/api/v1/%2e%2e/x", "/%00", "/index.html%00.js",
                   "/api/v1/status%00", "/%", "/%2", "/%zz", "/\\..\\x", "/a\x7f", "/<script>",
                   "/api/v1/{x}", "/\xff", "http://evil.example/", "*", "/api/v1//status",
                   "/api/v1/" + "a" * 4200):
        status = console.raw_status(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n"
                                    f"Cookie: {cookie}\r\nConnection: close\r\n\r\n")
        true(status in (400, 404, 414, 431, None), f"{target[:60]!r}: {status}")
    for target in ("/etc/passwd.txt", "/index.htm", "/assets/x.js", "/INDEX.HTML"):
        equal(console.ask("GET", target).status, 404, target)
    equal(console.raw_status("GET /" + "a" * 100000 + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
          in (414, 431, 400, None), True)
    console.ask("GET", "/api/v1/status", cookie=cookie).wanted(200)


@subtest("a stream that is asked for by another spelling holds no call to msegd")
def _():
    _, console = both()
    cookie = console.enter()
    for target in ("%65vents", "event%73", "%65%76%65%6e%74%73?flows=true"):
        equal(console.raw_status(f"GET /api/v1/{target} HTTP/1.1\r\nHost: localhost\r\n"
                                 f"Cookie: {cookie}\r\nConnection: close\r\n\r\n"), 400, target)
    # What needs its escape keeps it.
    for target in ("/api/v1/namespaces/%2Fno", "/api/v1/status?namespace=%2f%61"):
        true(console.ask("GET", target, cookie=cookie).status != 400, target)


@subtest("a body whose length can be read in two ways is refused (smuggling)")
def _():
    _, console = both()
    cookie = console.enter()
    start = (f"PUT /api/v1/discovery HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n"
             "X-Mseg-Request: 1\r\nContent-Type: application/json\r\n")
    hidden = "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for shape in ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                  "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
                  "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
                  "Content-Length: 2, 2\r\n\r\n{}", "Content-Length: +2\r\n\r\n{}",
                  "Content-Length: -2\r\n\r\n{}", "Content-Length: 0x2\r\n\r\n{}",
                  "Content-Length: 99999999999999999999999\r\n\r\n{}",
                  "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                  "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                  "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                  "Host: evil.example\r\nContent-Length: 2\r\n\r\n{}",
                  "Content-Length : 2\r\n\r\n{}", "Transfer-Encoding\r\n\r\n0\r\n\r\n"):
        answer = console.raw(start + shape + hidden)
        status = int(answer.split()[1]) if answer else None
        true(status in (400, 413, None), f"{shape!r}: {answer[:300]!r}")
        true(b"HTTP/1.1 2" not in answer and b"HTTP/1.1 401" not in answer, f"{shape!r}: {answer!r}")
    for shape in ("Content-Length: 2\r\nConnection: close\r\n\r\n{}",
                  "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n"):
        status = console.raw_status(start + shape)
        true(status in (200, 503), f"{shape!r}: {status}")


@subtest("what a browser sends beside never reaches msegd")
def _():
    daemon, console = both()
    cookie = console.enter()
    token = daemon.post("sessions", {"kind": "token"})["token"]
    # Two of them: which would count?
    console.ask("GET", "/api/v1/status", headers={"Authorization": "Bearer x"}, cookie=cookie).wanted(401)
    answer = console.raw(f"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
                         "Authorization: Bearer x\r\nConnection: close\r\n\r\n")
    equal(answer.split()[1], b"400")
    for name in ("If-Match", "Content-Type"):
        console.raw(f"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n"
                    f"{name}: x\rAuthorization: Bearer y\r\nConnection: close\r\n\r\n")
    console.ask("GET", "/api/v1/status", cookie=cookie).wanted(200)


@subtest("bodies are bounded, and without a session none is read")
def _():
    _, console = both()
    cookie = console.enter()
    big = b"x" * (1 << 20)
    equal(console.ask("POST", "/api/session", b"x" * 5000, OWN).status, 413)
    head = ("POST {} HTTP/1.1\r\nHost: localhost\r\nX-Mseg-Request: 1\r\n{}"
            "Content-Length: {}\r\nConnection: close\r\n\r\n")
    equal(console.raw_status(head.format("/api/v1/apply", "", 1 << 20)), 413)
    equal(console.raw_status(head.format("/api/v1/apply", f"Cookie: {cookie}\r\n", (16 << 20) + 1)), 413)
    # Chunked, it says no length.
    with console.connect() as connection:
        connection.sendall((f"POST /api/v1/apply HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n"
                            "X-Mseg-Request: 1\r\nTransfer-Encoding: chunked\r\n\r\n").encode())
        with contextlib.suppress(OSError):
            for _ in range(17):
                connection.sendall(b"100000\r\n" + big + b"\r\n")
            connection.sendall(b"0\r\n\r\n")
        answer = connection.recv(65536)
    equal(answer.split()[1], b"413")
    true(console.resident() < 64 << 20, f"{console.resident()} bytes")
    console.ask("GET", "/api/v1/status", cookie=cookie).wanted(200)


# --- clients that take their time ---------------------------------------------

@subtest("slow clients are ended, and keep nobody out")
def _():
    _, console = both()
    cookie = console.enter()
    slow = []
    for n in range(700):
        with contextlib.suppress(OSError):
            connection = console.connect(5)
            connection.sendall([b"", b"GET / HTTP/1.1\r\nHost: loc", b"G"][n % 3])
            slow.append(connection)
    started = time.monotonic()
    console.ask("GET", "/api/v1/status", cookie=cookie).wanted(200)
    true(time.monotonic() - started < 5, "it takes long")
    last = slow[-3:]
    for _ in range(30):
        time.sleep(1)
        for connection in last:
            with contextlib.suppress(OSError):
                connection.send(b"x")
    for connection in last:
        connection.setblocking(False)
        try:
            data = connection.recv(1000)
        except BlockingIOError:
            raise AssertionError("it is held for half a minute") from None
        except OSError:
            data = b""
        true(not data or b"HTTP/1.1 4" in data, data)
    for connection in slow:
        connection.close()


@subtest("a slow body ends after its time, and takes no memory from a session")
def _():
    _, console = both()
    cookie = console.enter()
    console.ask("GET", "/api/v1/status", cookie=cookie).wanted(200)
    hogs = []
    for _ in range(8):
        hog = console.connect(5)
        hog.sendall(("POST /api/v1/apply HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer none\r\n"
                     f"Content-Length: {16 << 20}\r\n\r\n").encode())
        hog.setblocking(False)
        hogs.append(hog)
    left = {hog: 12 << 20 for hog in hogs}
    limit = time.monotonic() + 20
    while any(left.values()) and time.monotonic() < limit:
        for hog in hogs:
            try:
                left[hog] -= hog.send(b"x" * min(left[hog], 1 << 18)) if left[hog] else 0
            except BlockingIOError:
                time.sleep(0.001)
            except OSError:
                left[hog] = 0
    true(console.resident() < 48 << 20, f"{console.resident() >> 20} MB")
    console.ask("POST", "/api/v1/diff", b'{"APIVersion": 1, "data": {}}',
                {**OWN, "Content-Type": "application/json"}, cookie).wanted(200)
    for hog in hogs:
        hog.close()


# --- msegd --------------------------------------------------------------------

@subtest("without msegd everything says so, and goes on once it is back")
def _():
    daemon, console = both()
    cookie = console.enter()
    secret = daemon.post("sessions", {"kind": "token"})["token"]
    daemon.kill()
    for method, target in (("GET", "/api/v1/status"), ("GET", "/api/session"),
                           ("GET", "/api/v1/events"), ("DELETE", "/api/session")):
        answer = console.ask(method, target, None, OWN, cookie).wanted(503)
        equal((answer.body["type"], answer.headers["Content-Type"]),
              ("/problems/lost", "application/problem+json"))
    console.log_in("x").wanted(503)
    console.ask("GET", "/").wanted(200)
    daemon.start()
    # Its sessions were in its memory: log in again.
    console.ask("GET", "/api/v1/status", cookie=cookie).wanted(401)
    console.ask("GET", "/api/v1/status", headers={"Authorization": f"Bearer {secret}"}).wanted(200)


@subtest("it has no capability, and no rights that others' programs could take")
def _():
    _, console = with_keeper()
    with open(f"/proc/{console.process.pid}/status") as file:
        lines = dict(line.rstrip("\n").split(":\t", 1) for line in file)
    for name in ("CapPrm", "CapEff", "CapInh"):
        equal(int(lines[name], 16), 0, name)
    equal(lines["NoNewPrivs"], "1")
    _, console = both()
    with open(f"/proc/{console.process.pid}/status") as file:
        lines = dict(line.rstrip("\n").split(":\t", 1) for line in file)
    for name in ("CapPrm", "CapEff", "CapBnd"):
        equal(int(lines[name], 16), 0, name)


# --- TLS ----------------------------------------------------------------------

@subtest("with TLS the cookie is this host's alone, and nothing goes in the clear")
def _():
    with with_tls() as console:
        code = console.daemon.post("sessions", {"kind": "link"})["code"]
        answer = console.log_in(code).wanted(200)
        value, *flags = answer.headers["Set-Cookie"].split("; ")
        true(value.startswith("__Host-mseg-session="), value)
        equal(sorted(flags), ["HttpOnly", "Path=/", "SameSite=Strict", "Secure"])
        true("max-age" in answer.headers["Strict-Transport-Security"], answer.headers)
        here = f"https://127.0.0.1:{console.port}"
        console.ask("GET", "/api/v1/status", headers={"Origin": here}, cookie=value).wanted(200)
        console.ask("GET", "/api/v1/status", headers={"Origin": here.replace("https", "http")},
                    cookie=value).wanted(403)
        with socket.create_connection(("127.0.0.1", console.port), 10) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            with contextlib.suppress(OSError):
                true(b"HTTP/1.1 200" not in plain.recv(1000), "it answers without TLS")


@subtest("old versions of TLS are refused")
def _():
    with with_tls() as console:
        for version, works in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True),
                               (ssl.TLSVersion.TLSv1_3, True)):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
            done = False
            with contextlib.suppress(OSError):
                with socket.create_connection(("127.0.0.1", console.port), 10) as plain:
                    done = bool(context.wrap_socket(plain).version())
            equal(done, works, version.name)


@subtest("beyond this host it listens with TLS alone")
def _():
    daemon = Msegd()
    with tempfile.TemporaryDirectory() as directory:
        made, key = certificate(directory)
        for address in ("0.0.0.0", "192.0.2.1", "[::]", "[2001:db8::1]", "[::ffff:127.0.0.1]"):
            for config in ("", f'listen: ["127.0.0.1:{free_port()}"]\n'):
                console = Console(daemon, config, start=False)
                command = console.command()
                command[-1] = f"{address}:{console.port}"
                done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
                true(done.returncode == 1 and "TLS" in done.stderr, f"{address}: {done.stderr}")
        console = Console(daemon, f'listen: ["0.0.0.0:{free_port()}"]\n', start=False)
        done = subprocess.run(console.command()[:-2], capture_output=True, text=True, timeout=20,
                              check=False)
        true(done.returncode == 1 and "TLS" in done.stderr, done.stderr)
        console = Console(daemon, f"tls: {{certificate: {made}, key: {key}}}\n", tls=True, start=False)
        console.command = lambda: [*Console.command(console)[:-1], f"0.0.0.0:{console.port}"]
        console.start()
        console.ask("GET", "/api/session").wanted(401)


@subtest("a configuration with mistakes starts nothing, and says where they are")
def _():
    daemon = Msegd()
    for config, message in (("listen: 127.0.0.1:8543\n", "mseg-console.conf:1:9"),
                            ('listen: ["localhost:8543"]\n', "an address is written as"),
                            ('listen: ["127.0.0.1:70000"]\n', "an address is written as"),
                            ("hosts: [a:1]\n", "without a port"), ("host: [a]\n", "host"),
                            ("tls: {certificate: /nonexistent, key: /nonexistent}\n", "No such file"),
                            ("tls: {certificate: /etc/hostname, key: /etc/hostname}\n", "certificate"),
                            ("tls: {certificate: /etc/hostname}\n", "key")):
        console = Console(daemon, config, start=False)
        command = console.command()
        if "tls" not in config:
            command = command[:-2]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        true(done.returncode == 1 and message in done.stderr, f"{config}: {done.stderr}")


main()
