#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""msegd without the module: everything can be read and checked, nothing changed.

Bad input, too many clients, slow ones, other users; damaged stores. Needs root,
for other users, but no kernel.
"""

import contextlib
import grp
import http.client
import json
import os
import pwd
import resource
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

from msegd import (ALICE, BOB, DOCUMENT, GROUP, Msegd, Connection, TOP, as_user, document, equal,
                   main, network, ruleset, sanitized, skip_all, subtest, true)

# --- starting -----------------------------------------------------------------

@subtest("a fresh install has one namespace and its enforcer, whose ID stays")
def _():
    daemon = Msegd()
    spaces = daemon.get("namespaces").wanted(200).body
    equal([space["name"] for space in spaces], ["/"])
    enforcer = daemon.status()["enforcer"]
    equal(enforcer["name"], os.uname().nodename)
    daemon.stop()
    daemon.start()
    equal(daemon.status()["enforcer"], enforcer)
    equal(daemon.status()["revision"], 1)


@subtest("it gives up every capability but CAP_NET_ADMIN, and stays who it is")
def _():
    with open(f"/proc/{Msegd().pid()}/status") as file:
        lines = dict(line.rstrip("\n").split(":\t", 1) for line in file)
    for name in ("CapPrm", "CapEff", "CapBnd"):
        equal(int(lines[name], 16), 1 << 12, name)
    equal(int(lines["CapInh"], 16), 0)
    equal(lines["Uid"].split(), ["0"] * 4)
    equal(lines["NoNewPrivs"], "1")


@subtest("somebody without any capability may run it, for himself")
def _():
    daemon = Msegd(start=False)
    os.chmod(daemon.directory, 0o777)
    daemon.wrapper = ["setpriv", "--reuid", ALICE, "--regid", "nogroup", "--clear-groups"]
    daemon.start()
    equal(daemon.status()["module"]["loaded"], False)
    equal(os.stat(daemon.state).st_mode & 0o777, 0o700)


@subtest("a file that is no socket is not removed for one")
def _():
    daemon = Msegd(start=False)
    with open(daemon.socket, "w") as file:
        file.write("precious")
    true("non-socket" in daemon.fails(), "the reason")
    with open(daemon.socket) as file:
        equal(file.read(), "precious")


@subtest("two of them never share a store, nor a socket")
def _():
    daemon = Msegd()
    second = Msegd(start=False)
    second.state = daemon.state
    true("another msegd" in second.fails(), "the store")
    second.state, second.socket = second.directory + "/state", daemon.socket
    true("in use" in second.fails(), "the socket")
    equal(daemon.status()["revision"], 1)
    daemon.kill()
    second.start()


@subtest("a damaged store is left alone, and said to be so")
def _():
    daemon = Msegd()
    daemon.stop()
    path = daemon.state + "/store.db"
    with open(path, "rb") as file:
        good = file.read()
    for what, bad in {"rubbish": b"x" * 8192, "a hole": good[:4096] + bytes(len(good) - 4096),
                      "half of it": good[:len(good) // 2 // 4096 * 4096 + 100],
                      "another program's": None}.items():
        if bad is None:
            os.unlink(path)
            subprocess.run([sys.executable, "-c",
                            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
                            "c.execute('create table t (a)'); c.commit()", path], check=True)
            with open(path, "rb") as file:
                bad = file.read()
        with open(path, "wb") as file:
            file.write(bad)
        said = daemon.fails()
        true("store.db" in said and "damaged" in said, f"{what}: {said}")
        with open(path, "rb") as file:
            equal(file.read() == bad, True, f"{what} was touched")
    with open(path, "wb") as file:
        file.write(good)
    daemon.start()
    equal(daemon.status()["revision"], 1)


@subtest("a configuration with a mistake is refused, with its place")
def _():
    daemon = Msegd(config="roles:\n  - {user: root, roles: [raed]}\n", start=False)
    said = daemon.fails()
    true("mseg.conf:2:26: error: a role is read, edit or admin, not 'raed'" in said, said)
    daemon.config = "/nonexistent"
    daemon.fails()


@subtest("the example of a configuration is one")
def _():
    daemon = Msegd(start=False)
    daemon.config = os.path.join(TOP, "ctl/msegd/mseg.conf")
    daemon.start()


# --- without the module -------------------------------------------------------

def open_objects(node, where):
    """Where a schema does not say whether an object has other fields than those it names."""
    if isinstance(node, dict):
        node = document.resolve(node)
        if ("properties" in node or "object" in node.get("type", ())) and \
                "additionalProperties" not in node:
            yield where
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, part in parts:
        yield from open_objects(part, f"{where}/{key}")


@subtest("the document names every field of every answer")
def _():
    for path, item in document.spec["paths"].items():
        for method, operation in item.items():
            if method not in ("parameters", "summary"):
                equal(list(open_objects(operation["responses"], f"{method} {path}")), [])


@subtest("without the module changes are refused, and can be checked")
def _():
    daemon = Msegd()
    status = daemon.status()
    equal((status["owner"], status["enforced"], status["module"]["loaded"]), ("msegd", None, False))
    true(status["problems"], "no problem is told")
    daemon.post("externalnetworks", network("a")).wanted(503)
    equal(daemon.get("externalnetworks").body, [])
    checked = daemon.post("externalnetworks?check=true", network("a")).wanted(201)
    equal([change["change"] for change in checked["changes"]], ["create"])
    daemon.post("confirm").wanted(409)
    daemon.get("connections").wanted(503)
    equal(daemon.get("flows").wanted(200).body, {"flows": [], "cursor": None})
    equal(daemon.status()["revision"], 1)


@subtest("explain judges by the objects, without the module, too")
def _():
    daemon = Msegd()
    said = daemon.get("explain?direction=in&service=tcp/22&address=192.0.2.1").wanted(200)
    equal((said["action"], said["reason"], said["network"]), ("Allow", "default", "Somewhere"))
    for query in ("direction=in", "direction=up&service=tcp/22&address=::1",
                  "direction=in&service=tcp/1:2&address=::1", "direction=in&service=ssh&address=::1",
                  "direction=in&service=icmp/8/0&address=::1",
                  "direction=in&service=tcp/22&address=1.2.3"):
        daemon.get("explain?" + query).wanted(400)


# --- input --------------------------------------------------------------------

@subtest("what is wrong is told all at once, with place, field, value and hint")
def _():
    daemon = Msegd()
    answer = daemon.post("externalnetworks?check=true&file=net.yaml",
                         "name: a\nentries: [192.0.2.1/33]\npropagat: true\n").wanted(400)
    equal(len(answer["errors"]), 2)
    by_field = {error["field"]: error for error in answer["errors"]}
    error = by_field["entries"]
    equal((error["file"], error["line"], error["column"], error["value"]),
          ("net.yaml", 2, 11, "192.0.2.1/33"))
    true("propagate" in by_field["propagat"]["hint"], by_field["propagat"])


@subtest("bad input: refused, whatever it is, and nothing breaks")
def _():
    daemon = Msegd()
    nested = "[" * 10000
    laughs = "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n"
    for body in (b"", b"\0", b"{", b"[]", b"null", b"7", b'"x"', b"\xff\xfe", nested.encode(),
                 ("{\"a\":" * 5000).encode(), laughs.encode(), b'{"name": "a\\u0000b"}',
                 b'{"name": 7, "entries": {}}', b'{"name": "a", "name": "b", "entries": ["::/0"]}',
                 b'{"name": "' + b"x" * 1000000 + b'", "entries": ["::/0"]}',
                 b"name: " + b"y" * (1 << 20)):
        for target in ("externalnetworks?check=true", "apply?check=true", "import?check=true"):
            status = daemon.ask("POST", target, body).status
            true(status in (200, 400, 409, 422), f"{target}: {status} for {body[:40]!r}")
            if b"name" in body:
                equal(status, 400, f"{target}, {body[:40]!r}")
        daemon.ask("PUT", "discovery?check=true", body).wanted(400)
    equal(daemon.status()["revision"], 1)


@subtest("bad paths and queries")
def _():
    daemon = Msegd()
    for target, status in (
            ("nothing", 404), ("externalnetwrks", 404), ("externalnetworks/none", 404),
            ("namespaces/%2Fnone", 404), ("revisions/0", 404), ("revisions/99", 404),
            ("revisions/x", 404), ("revisions/1/2", 404), ("externalnetworks/", 404),
            ("namespaces/", 404), ("externalnetworks//describe", 404), ("status/", 404),
            ("externalnetworks/a%00b", 400), ("externalnetworks/%zz", 400), ("externalnetworks/%", 400), ("status/x", 404),
            ("externalnetworks?namespace=acme", 400), ("externalnetworks?recursive=maybe", 400),
            ("externalnetworks?namespace=/a//b", 400), ("revisions?limit=0", 400),
            ("revisions?limit=-1", 400), ("revisions?limit=99999999999999999999", 400),
            ("diff?from=2", 400), ("externalnetworks?recursvie=true", 400), ("x" * 5000, 404),
            ("status?" + "&".join(f"a{i}=1" for i in range(100)), 400)):
        equal(daemon.get(target).status, status, target[:60])
    for method, target in (("DELETE", "status"), ("POST", "status"), ("PUT", "externalnetworks"),
                           ("DELETE", "enforcers/x"), ("POST", "enforcers"),
                           ("POST", "processingunits"), ("PATCH", "processingunits/x"),
                           ("DELETE", "namespaces"), ("POST", "externalnetworks/a")):
        equal(daemon.ask(method, target, "{}").status, 405, f"{method} {target}")


@subtest("a misspelt parameter changes nothing")
def _():
    daemon = Msegd()
    answer = daemon.post("externalnetworks?chek=true", network("a")).wanted(400)
    true("check" in answer["detail"], answer["detail"])
    for query in ("existing=no", "confirmWithin=0", "confirmWithin=86401", "confirmWithin=1m",
                  "check=yes", "reason=" + "r" * 1025, "reason=a%0Ab", "reason=%1B[2J",
                  "reason=%FF", "reason=%C2%85"):
        daemon.post("externalnetworks?" + query, network("a")).wanted(400)
    daemon.post("externalnetworks?check=true&reason=gr%C3%BCn", network("a")).wanted(201)


@subtest("If-Match is honoured or refused, never ignored")
def _():
    daemon = Msegd()
    old, now = {"If-Match": '"7"'}, {"If-Match": daemon.get("discovery").headers["ETag"]}
    target, body = "discovery?check=true", {"incoming": "Reject"}
    daemon.ask("PUT", target, body, old).wanted(412)
    daemon.ask("PUT", target, body, now).wanted(200)
    for target in ("externalnetworks?check=true", "apply?check=true", "import?check=true", "diff",
                   "rollback?check=true", "confirm"):
        daemon.ask("POST", target, network("a"), now).wanted(400)


# --- clients ------------------------------------------------------------------

def raw(daemon, data):
    """A connection that has sent something."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(20)
    connection.connect(daemon.socket)
    connection.sendall(data)
    return connection


@subtest("a body that is too long is refused before it is read")
def _():
    daemon = Msegd()
    head = b"POST /v1/apply HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    with raw(daemon, head % (1 << 40)) as connection:
        true(b" 413 " in connection.recv(4096), "no 413")
    with raw(daemon, head % (1 << 62)) as connection:
        true(b" 413 " in connection.recv(4096), "no 413")
    with raw(daemon, b"POST /v1/apply HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
             ) as connection:
        chunk = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
        try:
            for _ in range(70):
                connection.sendall(chunk)
            connection.sendall(b"0\r\n\r\n")
            answer = connection.recv(4096)
        except OSError:
            answer = b" 413 "
        true(b" 413 " in answer, answer)
    with open(f"/proc/{daemon.pid()}/statm") as file:
        resident = int(file.read().split()[1]) * 4096
    # The address sanitizer keeps what was freed for a while.
    limit = 512 if sanitized() else 64
    true(resident < limit << 20, f"{resident >> 20} MB are resident afterwards")


@subtest("one user cannot take all connections; root always gets in")
def _():
    daemon = Msegd(config=f"roles: [{{user: {ALICE}, roles: [read]}}]")
    program = ("import socket, sys\n"
               "held, n = [], 0\n"
               "for i in range(200):\n"
               "    s = socket.socket(socket.AF_UNIX)\n"
               "    s.connect(sys.argv[1])\n"
               "    s.settimeout(0.05)\n"
               "    held.append(s)\n"
               "    try:\n"
               "        n += s.recv(100) == b''\n"
               "    except (TimeoutError, ConnectionResetError):\n"
               "        pass\n"
               "print('held', flush=True)\n"
               "sys.stdin.read()\n")
    hog = subprocess.Popen(["setpriv", "--reuid", ALICE, "--regid", "nogroup", "--clear-groups",
                            sys.executable, "-c", program, daemon.socket], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, text=True, cwd="/")
    try:
        equal(hog.stdout.readline(), "held\n")
        equal(len(os.listdir(f"/proc/{daemon.pid()}/fd")) < 64, True, "too many are open")
        started = time.monotonic()
        daemon.status()
        true(time.monotonic() - started < 2, "root had to wait")
    finally:
        hog.communicate()


def as_hog(daemon, user, program):
    """Run a program as somebody else; it keeps what it holds until the caller closes it."""
    hog = subprocess.Popen(["setpriv", "--reuid", user, "--regid", "nogroup", "--clear-groups",
                            sys.executable, "-c",
                            "import socket, sys\n"
                            "def connect():\n"
                            "    s = socket.socket(socket.AF_UNIX)\n"
                            "    s.settimeout(20)\n"
                            "    s.connect(sys.argv[1])\n"
                            "    held.append(s)\n"
                            "    return s\n"
                            "held = []\n" + program +
                            "print('held', flush=True)\n"
                            "sys.stdin.read()\n", daemon.socket],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/")
    equal(hog.stdout.readline(), "held\n")
    return hog


@subtest("bodies that never end take neither root's share nor another user's")
def _():
    users = ("daemon", "bin", "sys", BOB)
    daemon = Msegd(config="roles:\n" + "".join(f"  - {{user: {user}, roles: [edit]}}\n"
                                               for user in users))
    program = ("for i in range(4):\n"
               "    connect().sendall(b'POST /v1/apply HTTP/1.1\\r\\nHost: x\\r\\n'\n"
               "                      b'Content-Length: %d\\r\\n\\r\\n' % (16 << 20) +\n"
               "                      b' ' * ((16 << 20) - 1))\n")
    target = "externalnetworks?check=true"
    hogs = []
    try:
        hogs.append(as_hog(daemon, users[0], program))
        equal(as_user(daemon, BOB, "POST", target, network("a"))[0], 201, "another user")
        equal(as_user(daemon, users[0], "GET", "status")[0], 200, "without a body")
        hogs += [as_hog(daemon, user, program) for user in users[1:3]]
        daemon.status()
        big = network("a", *(f"10.{i >> 8 & 255}.{i & 255}.0/24" for i in range(60000)))
        daemon.post(target, big).wanted(201)
    finally:
        for hog in hogs:
            hog.communicate()
    equal(as_user(daemon, BOB, "POST", target, network("a"))[0], 201, "afterwards")


@subtest("replies that nobody reads take neither root's share nor another user's")
def _():
    daemon = Msegd(config=f"roles:\n  - {{user: {ALICE}, roles: [edit]}}\n"
                          f"  - {{user: {BOB}, roles: [edit]}}\n")
    big = {"APIVersion": 1, "data": {"externalnetworks": [
        network(f"n{i}", *(f"10.{j >> 8}.{j & 255}.{i}/32" for j in range(60000)))
        for i in range(4)]}}
    document = json.dumps(big)
    program = ("s = connect()\n"
               "body = open('%s', 'rb').read()\n"
               "s.sendall(b'POST /v1/apply?check=true HTTP/1.1\\r\\nHost: x\\r\\n'\n"
               "          b'Content-Length: %%d\\r\\n\\r\\n' %% len(body) + body)\n"
               "if s.recv(12) != b'HTTP/1.1 200':\n    sys.exit(1)\n")
    hogs = []
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(document)
        file.flush()
        os.chmod(file.name, 0o644)
        try:
            for _ in range(4):
                try:
                    hogs.append(as_hog(daemon, ALICE, program % file.name))
                except AssertionError:
                    break
            true(0 < len(hogs) < 4, f"{len(hogs)} replies of {len(document)} bytes are held")
            target = "apply?check=true"
            equal(as_user(daemon, ALICE, "POST", target, big)[0], 503, "one more")
            equal(as_user(daemon, ALICE, "GET", "status")[0], 200, "a small one")
            equal(as_user(daemon, BOB, "POST", target, big)[0], 200, "another user")
            daemon.post(target, big).wanted(200)
        finally:
            for hog in hogs:
                hog.communicate()
        equal(as_user(daemon, ALICE, "POST", target, big)[0], 200, "afterwards")


@subtest("users without a role take nobody's connections")
def _():
    daemon = Msegd(config=f"roles: [{{user: {ALICE}, roles: [read]}}]")
    hogs = []
    try:
        for user in ("daemon", "bin", "sys", "nobody"):
            hogs.append(as_hog(daemon, user, "for i in range(16):\n    connect()\n"))
        equal(as_user(daemon, ALICE, "GET", "status")[0], 200)
    finally:
        for hog in hogs:
            hog.communicate()
    equal(as_user(daemon, BOB, "GET", "status")[0], 403)


@subtest("who sends or reads slowly keeps nobody waiting")
def _():
    daemon = Msegd()
    slow = [raw(daemon, b"GET /v1/status HT") for _ in range(10)]
    slow += [raw(daemon, b"POST /v1/apply HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nab")
             for _ in range(10)]
    started = time.monotonic()
    for _ in range(10):
        daemon.status()
    true(time.monotonic() - started < 2, "others wait")
    for connection in slow:
        connection.close()
    daemon.status()


@subtest("no HTTP, cut off requests, many requests on one connection")
def _():
    daemon = Msegd()
    for data in (b"\0" * 100, b"GET\r\n\r\n", b"\x16\x03\x01" * 50, b"GET / HTTP/9.9\r\n\r\n",
                 b"A" * 100000, b"GET /v1/status HTTP/1.1\r\n" + b"X: y\r\n" * 10000):
        try:
            raw(daemon, data).close()
        except OSError:
            pass
    connection = Connection(daemon.socket)
    for _ in range(50):
        connection.request("GET", "/v1/status")
        response = connection.getresponse()
        response.read()
        equal(response.status, 200)
    connection.close()
    daemon.status()


@subtest("events begin at once, and end with the service")
def _():
    daemon = Msegd()
    connection = Connection(daemon.socket)
    connection.request("GET", "/v1/events")
    response = connection.getresponse()
    equal((response.status, response.headers["Content-Type"]), (200, "text/event-stream"))
    equal(response.readline(), b":\n")
    daemon.stop()
    try:
        response.read()
    except (http.client.IncompleteRead, ConnectionResetError):
        pass


def store_namespace(daemon, name):
    """Put one into the store of a service that does not run, since it cannot be made here."""
    with contextlib.closing(sqlite3.connect(daemon.state + "/store.db")) as store:
        (text,) = store.execute("SELECT body FROM object WHERE kind = 'namespace'").fetchone()
        body = {**json.loads(text), "ID": "0123456789abcdef01234567", "name": name}
        store.execute("INSERT INTO object (id, kind, namespace, name, revision, body)"
                      " VALUES (?, 'namespace', '/', ?, 1, ?)",
                      (body["ID"], name, json.dumps(body)))
        store.commit()


# --- roles --------------------------------------------------------------------

@subtest("streams that begin while it ends keep it from nothing")
def _():
    daemon = Msegd(start=False)
    for _ in range(15):
        daemon.start()
        streams = [raw(daemon, b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(12)]
        daemon.stop()
        for stream in streams:
            stream.close()


@subtest("without a configuration root alone has any role")
def _():
    daemon = Msegd()
    for user in (ALICE, "nobody"):
        for target in ("status", "namespaces", "events", "nothing"):
            status, answer = as_user(daemon, user, "GET", target)
            equal(status, 403, target)
            equal(answer["status"], 403)
    equal(daemon.status()["roles"], [{"namespace": "/", "roles": ["read", "edit", "admin"]}])


@subtest("roles are those of users and groups: read, edit, admin")
def _():
    daemon = Msegd(config=f"roles:\n  - {{user: {ALICE}, roles: [edit]}}\n"
                          f"  - {{group: {GROUP}, roles: [admin]}}\n")
    status, answer = as_user(daemon, ALICE, "GET", "status")
    equal(status, 200)
    equal(answer["roles"], [{"namespace": "/", "roles": ["read", "edit"]}])
    equal(as_user(daemon, BOB, "GET", "status")[0], 403)
    equal(as_user(daemon, BOB, "GET", "status", groups=[GROUP])[0], 200)
    # 503: it would be done, but for the module.
    allow = {"incoming": "Reject"}
    for user, groups, method, target, body, wanted in (
            (ALICE, (), "POST", "externalnetworks", network("a"), 503),
            (ALICE, (), "POST", "netrulesets", ruleset("r", "a"), 503),
            (ALICE, (), "PUT", "discovery", allow, 403),
            (ALICE, (), "POST", "namespaces", {"name": "acme"}, 403),
            (ALICE, (), "PATCH", "enforcers/" + os.uname().nodename,
             {"associatedTags": ["a=b"]}, 403),
            (BOB, (GROUP,), "POST", "externalnetworks", network("a"), 403),
            (BOB, (GROUP,), "PUT", "discovery", allow, 503),
            (BOB, (GROUP,), "POST", "namespaces", {"name": "acme"}, 503),
            (BOB, (GROUP,), "PATCH", "enforcers/" + os.uname().nodename,
             {"associatedTags": ["a=b"]}, 503)):
        equal(as_user(daemon, user, method, target, body, groups)[0], wanted,
              f"{user} {method} {target}")


@subtest("what is staged waits for who may apply it, and is never replaced unseen")
def _():
    daemon = Msegd(config=f"roles: [{{user: {ALICE}, roles: [edit]}}, "
                          f"{{user: {BOB}, namespace: /acme, roles: [edit]}}]")
    daemon.get("staged").wanted(404)
    daemon.ask("DELETE", "staged").wanted(404)
    daemon.post("staged/apply").wanted(404)
    text = "APIVersion: 1\ndata: {externalnetworks: [{name: '{{ .Values.n }}', entries: [::/0]}]}\n"
    put = daemon.ask("PUT", "staged?set=n=ssh", text).wanted(200)
    equal([change["name"] for change in put["changes"]], ["ssh"])
    equal(daemon.get("externalnetworks").body, [])
    got = daemon.get("staged").wanted(200)
    version = got.headers["ETag"]
    equal((got["document"], got["uid"], got["parameters"], f'"{got["version"]}"'),
          (text, 0, [["set", "n=ssh"]], version))
    equal([change["name"] for change in got["changes"]], ["ssh"])
    # Whatever is wrong, what is staged stays.
    daemon.ask("PUT", "staged", "data: [").wanted(400)
    daemon.ask("PUT", "staged", "a\0b").wanted(400)
    daemon.ask("PUT", "staged?set=n=x", text, {"If-Match": '"1"'}).wanted(412)
    daemon.ask("DELETE", "staged", headers={"If-Match": '"1"'}).wanted(412)
    daemon.post("staged/apply?set=n=x").wanted(400)
    daemon.post("staged/apply").wanted(503)
    equal(as_user(daemon, ALICE, "PUT", "staged?set=n=x", text)[0], 409)
    equal(as_user(daemon, BOB, "GET", "staged")[0], 403)
    equal(as_user(daemon, BOB, "DELETE", "staged")[0], 403)
    equal(daemon.get("staged").headers["ETag"], version)
    daemon.stop()
    daemon.start()
    equal(daemon.get("staged").wanted(200)["document"], text)
    daemon.ask("DELETE", "staged", headers={"If-Match": version}).wanted(200)
    # Who may not apply it may not stage it.
    equal(as_user(daemon, BOB, "PUT", "staged?set=n=x", {"data": {"externalnetworks": [
        network("x", namespace="/")]}})[0], 403)
    equal(as_user(daemon, ALICE, "PUT", "staged", {"data": {"externalnetworks": [
        network("alices")]}})[0], 200)
    daemon.ask("PUT", "staged?set=n=x", text).wanted(409)
    daemon.ask("PUT", "staged?set=n=x", text,
               {"If-Match": daemon.get("staged").headers["ETag"]}).wanted(200)


@subtest("where files may not grow a change is refused with the reason, and the service goes on")
def _():
    daemon = Msegd()
    text = "data: {externalnetworks: [{name: ssh, entries: [::/0], description: '" + "x" * 4000 + "'}]}"
    before = resource.prlimit(daemon.pid(), resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
    refused = daemon.ask("PUT", "staged", text).wanted(507)
    true("File too large" in refused["detail"], refused.body)
    daemon.get("staged").wanted(404)
    resource.prlimit(daemon.pid(), resource.RLIMIT_FSIZE, before)
    daemon.ask("PUT", "staged", text).wanted(200)


@subtest("a preview judges recorded flows by the document, and stores nothing")
def _():
    daemon = Msegd()
    daemon.stop()
    subprocess.run([os.path.join(TOP, "build/tests/synthesize"), "--days", "2", "--flows", "2000",
                    os.path.join(daemon.state, "flows")], check=True, stdout=subprocess.DEVNULL)
    daemon.start()
    document = {"data": {"externalnetworks": [network("all ssh", "0.0.0.0/0", "::/0")],
                         "networkrulesetpolicies": [ruleset("in", "all ssh")],
                         "namespaces": []}}
    seen = daemon.post("preview?since=7d", document).wanted(200)
    true(0 < seen["changed"] <= seen["flows"], f"{seen['changed']} of {seen['flows']}")
    for edge in seen["edges"]:
        by_rule = edge["direction"] == "Incoming" and edge["service"] == "tcp/22"
        equal((edge["after"], edge["afterPeer"]["name"]),
              ("allowed-rule", "all ssh") if by_rule else ("allowed-default", "Somewhere"), edge)
    true(any(edge["after"] == "allowed-rule" for edge in seen["edges"]), "none is by the rule")
    few = daemon.post("preview?since=7d&q=port:22", document).wanted(200)
    true(few["flows"] < seen["flows"], "the query chose all")
    daemon.ask("PUT", "staged", document).wanted(200)
    equal(daemon.get("staged?since=7d").wanted(200)["preview"]["changed"], seen["changed"])
    equal(daemon.get("externalnetworks").body, [])
    daemon.post("preview?q=nonsense:1", document).wanted(400)
    daemon.post("preview", "data: [").wanted(400)


@subtest("a staged document that is cut off is set aside, and said to be so")
def _():
    daemon = Msegd()
    daemon.stop()
    with open(os.path.join(daemon.state, "staged.json"), "w") as file:
        file.write('{"version": 1,')
    daemon.start()
    daemon.get("staged").wanted(404)
    true("staged.json makes no sense" in daemon.said(), daemon.said())
    true(os.path.exists(os.path.join(daemon.state, "staged.json.damaged")), "it is gone")


@subtest("a role ends where its namespace does")
def _():
    daemon = Msegd(config=f"roles: [{{user: {ALICE}, namespace: /acme, roles: [edit, admin]}}]")
    for method, target, body, wanted in (
            ("GET", "namespaces", None, 200),
            ("GET", "namespaces/%2F", None, 404),
            ("GET", "enforcers/" + os.uname().nodename, None, 404),
            ("GET", "flows", None, 403), ("GET", "connections", None, 403),
            ("GET", "map", None, 403), ("GET", "coverage", None, 403), ("GET", "events", None, 403),
            ("POST", "confirm", None, 403),
            ("POST", "externalnetworks?check=true", network("a"), 403),
            ("POST", "externalnetworks?check=true&namespace=/acmee", network("a"), 403),
            # Nor does she learn that a name is taken.
            ("POST", "namespaces", {"name": "/"}, 403),
            # The namespace is not there, but it would be hers.
            ("POST", "externalnetworks?check=true&namespace=/acme", network("a"), 422),
            # To make it, somebody is needed who administers the one above.
            ("POST", "namespaces?check=true", {"name": "/acme"}, 403),
            ("POST", "namespaces?check=true", {"name": "/acme/vm"}, 422)):
        equal(as_user(daemon, ALICE, method, target, body)[0], wanted, f"{method} {target}")
    equal(as_user(daemon, ALICE, "GET", "namespaces")[1], [])
    revision = as_user(daemon, ALICE, "GET", "revisions/1")[1]
    equal((revision["action"], revision["changes"]), ("", []))


@subtest("a difference shows a namespace to who reads it, not to who reads the one above")
def _():
    daemon = Msegd(config=f"roles: [{{user: {ALICE}, namespace: /acme, roles: [read]}}]")
    document = {"APIVersion": 1, "data": {"namespaces": [{"name": "acme"}, {"name": "other"}]}}
    equal(len(daemon.post("diff", document).wanted(200)["changes"]), 2)
    changes = as_user(daemon, ALICE, "POST", "diff", document)[1]["changes"]
    equal([change["name"] for change in changes], ["/acme"])


@subtest("who does not read all is warned of his own objects, without others' names")
def _():
    daemon = Msegd(config=f"roles: [{{user: {ALICE}, namespace: /acme, roles: [edit]}}]")
    daemon.stop()
    store_namespace(daemon, "/acme")
    daemon.start()
    body = {**ruleset("r", "none"), "subject": [["$name=" + os.uname().nodename[:-1]]]}
    target = "netrulesets?check=true&namespace=/acme"
    whole = daemon.post(target, body).wanted(201)["warnings"]
    true(any("hint" in warning for warning in whole), whole)
    status, answer = as_user(daemon, ALICE, "POST", target, body)
    equal(status, 201)
    true(answer["warnings"], "no warning")
    equal([warning for warning in answer["warnings"] if "hint" in warning
           or warning["object"] != "networkrulesetpolicy r"], [])


@subtest("who asks is not looked up where nobody may answer; roles are for numbers, too")
def _():
    user, group = pwd.getpwnam(ALICE), grp.getgrnam(GROUP)
    daemon = Msegd(config=f'roles:\n  - {{user: "{user.pw_uid}", roles: [read]}}\n'
                          f'  - {{group: "{group.gr_gid}", roles: [read]}}\n', start=False)
    # glibc asks nscd first, where there is its socket. This one is silent.
    cache = os.path.join(daemon.directory, "nscd")
    os.mkdir(cache)
    with socket.socket(socket.AF_UNIX) as nscd:
        nscd.bind(cache + "/socket")
        nscd.listen(64)
        nscd.setblocking(False)
        daemon.wrapper = ["unshare", "-m", "sh", "-c", "mount -t tmpfs none /run &&"
                          " mkdir /run/nscd && mount --bind \"$0\" /run/nscd && exec \"$@\"",
                          cache]
        daemon.start()
        equal(as_user(daemon, ALICE, "GET", "status")[1]["caller"]["user"], ALICE)
        equal(as_user(daemon, BOB, "GET", "status")[0], 403)
        equal(as_user(daemon, BOB, "GET", "status", groups=[GROUP])[1]["caller"]["user"], BOB)
        equal(daemon.status()["caller"]["user"], "root")
        try:
            nscd.accept()
            asked = True
        except BlockingIOError:
            asked = False
    true(not asked, "it was asked for a user")


@subtest("who loses his role hears no more events")
def _():
    daemon = Msegd(config=f"roles: [{{user: {ALICE}, roles: [read]}}]\n")
    program = ("import socket, sys\n"
               "s = socket.socket(socket.AF_UNIX)\n"
               "s.settimeout(8)\n"
               "s.connect(sys.argv[1])\n"
               "s.sendall(b'GET /v1/events HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n"
               "print(s.recv(4096)[9:12].decode(), flush=True)\n"
               "while not s.recv(4096).endswith(b'0\\r\\n\\r\\n'): pass\n")
    with subprocess.Popen(["setpriv", "--reuid", ALICE, "--regid", "nogroup", "--clear-groups",
                           sys.executable, "-c", program, daemon.socket], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, cwd="/") as child:
        equal(child.stdout.readline(), "200\n")
        with open(daemon.config, "w") as file:
            file.write("roles: []\n")
        daemon.process.send_signal(1)
        equal(child.wait(), 0, "the stream's end")


@subtest("roles change with SIGHUP; a mistake changes nothing")
def _():
    daemon = Msegd(config="roles: []")
    equal(as_user(daemon, ALICE, "GET", "status")[0], 403)
    for text, wanted in ((f"roles: [{{user: {ALICE}, roles: [read]}}]", 200),
                         ("roles: [", 200), ("roles: []", 403)):
        with open(daemon.config, "w") as file:
            file.write(text)
        daemon.process.send_signal(1)
        time.sleep(0.3)
        equal(as_user(daemon, ALICE, "GET", "status")[0], wanted, text)


if __name__ == "__main__":
    if os.getuid():
        skip_all("it takes root to be other users")
    if os.path.exists("/sys/module/mseg"):
        skip_all("the module is loaded here")
    true(os.path.exists(DOCUMENT), DOCUMENT)
    main()
