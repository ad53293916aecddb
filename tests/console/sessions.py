#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions: links that log in once, tokens, whom the console may stand for, and ends."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

from service import (KEEPER, OWN, TOP, Clock, Console, free_port, uid_of, wait_for,
                     with_keeper)
import msegd
from msegd import ALICE, BOB, GROUP, Msegd, as_user, equal, main, subtest, true

HOUR = 3600


def link(daemon, **more):
    return daemon.post("sessions", {"kind": "link", **more}).wanted(201).body


def token(daemon, **more):
    return daemon.post("sessions", {"kind": "token", **more}).wanted(201).body


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def timed():
    clock = Clock()
    daemon = Msegd(wrapper=clock.wrapper)
    return clock, daemon, Console(daemon)


# --- links --------------------------------------------------------------------

@subtest("a link logs in once, however many ask at a time")
def _():
    daemon = Msegd()
    console = Console(daemon)
    code, found = link(daemon)["code"], []
    threads = [threading.Thread(target=lambda: found.append(console.log_in(code).status))
               for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(sorted(found), [200] + [401] * 11)


@subtest("a link is good for as long as it was said, and no longer")
def _():
    clock, daemon, console = timed()
    first, second = (link(daemon, expiresIn=90)["code"] for _ in range(2))
    clock.pass_by(88)
    console.log_in(first).wanted(200)
    clock.pass_by(4)
    console.log_in(second).wanted(401)
    for seconds in (59, 601, 0, -1):
        answer = daemon.post("sessions", {"kind": "link", "expiresIn": seconds}).wanted(400)
        true("60 to 600" in answer.messages[0], answer.body)


@subtest("what is asked for is checked, with the place of what is wrong")
def _():
    daemon = Msegd()
    for body in ({}, [], {"kind": "session"}, {"kind": "x"}, {"kind": "token", "name": "a" * 65},
                 {"kind": "token", "name": "a\nb"}, {"kind": "link", "expiresin": 60},
                 {"kind": "token", "expiresIn": 367 * 24 * HOUR},
                 {"kind": "token", "expiresIn": "60"}):
        answer = daemon.post("sessions", body).wanted(400)
        true(answer.body["errors"][0]["line"] >= 1, answer.body)
    daemon.post("sessions/redeem", {"code": 7}).wanted(400)
    daemon.post("sessions/redeem", {"code": "x" * 5000}).wanted(401)
    daemon.ask("PUT", "sessions", {}).wanted(405)
    daemon.ask("PUT", "sessions/1", {}).wanted(405)
    daemon.get("sessions/1/2").wanted(404)
    for name in ("0", "99", "x", "current", "%2e%2e"):
        daemon.get("sessions/" + name).wanted(404)


# --- ends ---------------------------------------------------------------------

@subtest("a session that is not used ends after an hour, one that is used after twelve")
def _():
    clock, _, console = timed()
    idle, used = console.enter(), console.enter()
    for _ in range(11):
        clock.pass_by(HOUR - 60)
        console.ask("GET", "/api/v1/status", cookie=used).wanted(200)
    console.ask("GET", "/api/v1/status", cookie=idle).wanted(401)
    clock.pass_by(HOUR - 60)
    console.ask("GET", "/api/v1/status", cookie=used).wanted(200)
    clock.pass_by(15 * 60)
    console.ask("GET", "/api/v1/status", cookie=used).wanted(401)


@subtest("logging out ends the session, and not another one")
def _():
    console = Console(Msegd())
    one, other = console.enter(), console.enter()
    gone = console.ask("DELETE", "/api/session", headers=OWN, cookie=one).wanted(204)
    true("Max-Age=0" in gone.headers["Set-Cookie"], gone.headers["Set-Cookie"])
    console.ask("GET", "/api/session", cookie=one).wanted(401)
    console.ask("GET", "/api/session", cookie=other).wanted(200)


@subtest("a stream of events ends with its session")
def _():
    console = Console(Msegd())
    cookie, other = console.enter(), console.enter()
    stream, stays = console.stream(cookie).open(), console.stream(other).open()
    console.ask("DELETE", "/api/session", headers=OWN, cookie=cookie).wanted(204)
    stream.until(b"event: refused")
    wait_for(lambda: stream.read(1) or stream.ended, "the stream's end")
    stays.read(1)
    true(b"refused" not in stays.data and not stays.ended, stays.data)


# --- tokens -------------------------------------------------------------------

@subtest("a token serves a program as it is, and a browser for logging in")
def _():
    daemon = Msegd()
    console = Console(daemon)
    secret = token(daemon, name="backup job")["token"]
    equal(console.ask("GET", "/api/v1/status", headers=bearer(secret)).wanted(200).body["caller"],
          {"uid": 0, "user": "root"})
    for _ in range(2):
        cookie = console.log_in(secret).wanted(200).cookie
        true(secret not in cookie, "the token itself is the cookie")
        console.ask("GET", "/api/v1/status", cookie=cookie).wanted(200)


@subtest("a token is kept over a restart, as its hash; sessions and links are not")
def _():
    daemon = Msegd()
    console = Console(daemon)
    secret, code, cookie = token(daemon)["token"], link(daemon)["code"], console.enter()
    path = os.path.join(daemon.state, "tokens.json")
    equal(os.stat(path).st_mode & 0o777, 0o600)
    with open(path) as file:
        true(secret.split("-")[-1] not in file.read(), "it is on disk")
    daemon.stop()
    daemon.start()
    console.ask("GET", "/api/v1/status", headers=bearer(secret)).wanted(200)
    console.ask("GET", "/api/v1/status", cookie=cookie).wanted(401)
    console.log_in(code).wanted(401)


@subtest("a damaged file of tokens means that there are none, not that nothing starts")
def _():
    daemon = Msegd()
    secret = token(daemon)["token"]
    daemon.stop()
    path = os.path.join(daemon.state, "tokens.json")
    with open(path) as file:
        kept = json.load(file)[0]
    for text in ("", "{", "{}", "[1, null, {}]", '[{"id": 1, "hash": "zz"}]',
                 "[" * 10000, json.dumps([{**kept, "hash": "g" * 64}]),
                 json.dumps([{**kept, "expires": 1}]), json.dumps([{**kept, "id": 0}]),
                 json.dumps([{name: kept[name] for name in kept if name != "uid"}])):
        with open(path, "w") as file:
            file.write(text)
        daemon.start()
        equal(daemon.get("sessions").wanted(200)["sessions"], [])
        daemon.ask("POST", "sessions/redeem", {"code": secret}).wanted(401)
        daemon.stop()
    daemon.start()


@subtest("a token ends in its time, and when it is revoked, with what was redeemed by it")
def _():
    clock, daemon, console = timed()
    short, revoked = token(daemon, expiresIn=2 * HOUR), token(daemon, name="x")
    cookie = console.log_in(revoked["token"]).wanted(200).cookie
    stream = console.stream(cookie).open()
    daemon.ask("DELETE", f"sessions/{revoked['id']}").wanted(200)
    console.ask("GET", "/api/v1/status", headers=bearer(revoked["token"])).wanted(401)
    console.ask("GET", "/api/v1/status", cookie=cookie).wanted(401)
    stream.until(b"event: refused")
    console.ask("GET", "/api/v1/status", headers=bearer(short["token"])).wanted(200)
    clock.pass_by(2 * HOUR + 1)
    console.ask("GET", "/api/v1/status", headers=bearer(short["token"])).wanted(401)


@subtest("a session makes no sessions, and shows and ends those of its user alone")
def _():
    daemon, console = with_keeper(f"{{user: {ALICE}, roles: [read]}}")
    cookie = console.enter()
    for kind in ("link", "token"):
        console.ask("POST", "/api/v1/sessions", {"kind": kind}, OWN, cookie).wanted(403)
    console.ask("POST", "/api/v1/sessions/redeem", {"code": "x"}, OWN, cookie).wanted(403)
    shown = console.ask("GET", "/api/v1/sessions", cookie=cookie).wanted(200).body
    equal([one["current"] for one in shown["sessions"]], [True])
    status, made = as_user(daemon, ALICE, "POST", "sessions", {"kind": "token"})
    equal(status, 201, made)
    equal(daemon.get(f"sessions/{made['id']}").status, 404)
    equal(daemon.ask("DELETE", f"sessions/{made['id']}").status, 404)
    equal(as_user(daemon, ALICE, "DELETE", f"sessions/{shown['sessions'][0]['id']}")[0], 404)
    equal(as_user(daemon, ALICE, "DELETE", f"sessions/{made['id']}")[0], 200)


# --- whom the console stands for ----------------------------------------------

@subtest("a session is honoured from the console's user alone")
def _():
    daemon, console = with_keeper(f"{{user: {ALICE}, roles: [read]}}")
    secret = token(daemon)["token"]
    console.ask("GET", "/api/v1/status", headers=bearer(secret)).wanted(200)
    daemon.ask("GET", "status", headers=bearer(secret)).wanted(403)
    program = ("import http.client, socket, sys\n"
               "c = http.client.HTTPConnection('mseg')\n"
               "c.sock = socket.socket(socket.AF_UNIX)\n"
               "c.sock.connect(sys.argv[1])\n"
               "c.request('GET', '/v1/status', headers={'Authorization': sys.argv[2]})\n"
               "print(c.getresponse().status)\n")
    for user, status in ((ALICE, "403"), (BOB, "403"), (KEEPER, "200")):
        done = subprocess.run(["setpriv", "--reuid", user, "--regid", "nogroup", "--clear-groups",
                               "/usr/bin/python3", "-c", program, daemon.socket,
                               "Bearer " + secret], cwd="/", capture_output=True, text=True,
                              check=True)
        equal(done.stdout.strip(), status, user)
    for other in ("Basic eDp5", "Bearer", "Bearer ", "bearer x", "Bearer x" + "y" * 2000):
        done = subprocess.run(["setpriv", "--reuid", KEEPER, "--regid", "nogroup", "--clear-groups",
                               "/usr/bin/python3", "-c", program, daemon.socket, other], cwd="/",
                              capture_output=True, text=True, check=True)
        equal(done.stdout.strip(), "401", other)


@subtest("the console itself may do nothing but redeem")
def _():
    daemon, _ = with_keeper()
    for method, target in (("GET", "status"), ("GET", "sessions"), ("POST", "sessions"),
                           ("GET", "events"), ("POST", "apply"), ("GET", "sessions/redeem")):
        equal(as_user(daemon, KEEPER, method, target, None)[0], 403, target)
    code = link(daemon)["code"]
    equal(as_user(daemon, ALICE, "POST", "sessions/redeem")[0], 403)
    equal(daemon.post("sessions/redeem", {"code": code}).status, 403)
    equal(as_user(daemon, KEEPER, "POST", "sessions/redeem", {"code": code})[0], 200)


@subtest("a session has its user's roles, those of the moment")
def _():
    daemon, console = with_keeper(f"{{user: {ALICE}, roles: [read]}}")
    status, made = as_user(daemon, ALICE, "POST", "sessions", {"kind": "link"})
    equal(status, 201, made)
    cookie = console.log_in(made["code"]).wanted(200).cookie
    equal(console.ask("GET", "/api/v1/status", cookie=cookie).wanted(200).body["caller"],
          {"uid": uid_of(ALICE), "user": ALICE})
    console.ask("PUT", "/api/v1/discovery", {"incoming": "Reject"}, OWN, cookie).wanted(403)
    with open(daemon.config, "w") as file:
        file.write(f"console: {{user: {KEEPER}}}\nroles: []\n")
    os.kill(daemon.pid(), signal.SIGHUP)
    wait_for(lambda: console.ask("GET", "/api/v1/status", cookie=cookie).status == 403,
             "the role's end")
    equal(as_user(daemon, BOB, "POST", "sessions")[0], 403)


@subtest("a group that /etc/group does not give the user any more is none of the session's")
def _():
    daemon, console = with_keeper(f"{{group: {GROUP}, roles: [read]}}, "
                                  f"{{group: {ALICE}, namespace: /own, roles: [read]}}")
    status, made = as_user(daemon, ALICE, "POST", "sessions", {"kind": "token"}, [GROUP])
    equal(status, 201, made)
    answer = console.ask("GET", "/api/v1/status", headers=bearer(made["token"])).wanted(200)
    # The user's own group counts; the other was the process's alone.
    equal([role["namespace"] for role in answer.body["roles"]], ["/own"])


@subtest("a stream ends where its user has lost the role, once msegd has read that")
def _():
    daemon, console = with_keeper(f"{{user: {ALICE}, roles: [read]}}")
    made = as_user(daemon, ALICE, "POST", "sessions", {"kind": "link"})[1]
    stream = console.stream(console.log_in(made["code"]).wanted(200).cookie).open()
    with open(daemon.config, "w") as file:
        file.write(f"console: {{user: {KEEPER}}}\nroles: []\n")
    os.kill(daemon.pid(), signal.SIGHUP)
    stream.until(b"event: refused")


@subtest("a DynamicUser is known while systemd says so, and then is the console")
def _():
    daemon = Msegd(config="console: {user: mseg-console}\n", wrapper=[
        "unshare", "--mount", "sh", "-c",
        'mount -t tmpfs none /run && mkdir -p /run/systemd/dynamic-uid && exec "$@"', "sh"])
    code = link(daemon)["code"]
    equal(daemon.get("sessions").wanted(200)["console"]["uid"], None)
    equal(as_user(daemon, KEEPER, "POST", "sessions/redeem")[0], 403)
    subprocess.run(["nsenter", "--mount", "--target", str(daemon.pid()), "ln", "-s",
                    str(uid_of(KEEPER)), "/run/systemd/dynamic-uid/direct:mseg-console"],
                   check=True)
    equal(daemon.get("sessions").wanted(200)["console"]["uid"], uid_of(KEEPER))
    equal(as_user(daemon, KEEPER, "POST", "sessions/redeem", {"code": code})[0], 200)


# --- bounds -------------------------------------------------------------------

@subtest("tokens of one user are bounded, and of links the oldest goes")
def _():
    clock, daemon, console = timed()
    codes = [link(daemon)["code"] for _ in range(9)]
    console.log_in(codes[0]).wanted(401)
    console.log_in(codes[1]).wanted(200)
    for _ in range(32):
        token(daemon)
    daemon.post("sessions", {"kind": "token"}).wanted(409)
    clock.pass_by(31 * 24 * HOUR)
    token(daemon)


@subtest("who makes too many keeps nobody else from coming in")
def _():
    clock = Clock()
    daemon = Msegd(wrapper=clock.wrapper,
                   config="roles: [" + ", ".join(f"{{user: {name}, roles: [read]}}"
                                                 for name in (ALICE, BOB)) + "]\n")
    # At a minute's beginning: it does not end meanwhile.
    clock.pass_by(61 - time.clock_gettime(time.CLOCK_BOOTTIME) % 60)
    made = [as_user(daemon, ALICE, "POST", "sessions", {"kind": "link"})[0] for _ in range(21)]
    equal(made, [201] * 20 + [429])
    equal(as_user(daemon, BOB, "POST", "sessions", {"kind": "link"})[0], 201)
    link(daemon)


@subtest("who makes too many, or tries too many codes, waits a minute")
def _():
    clock, daemon, console = timed()
    equal([daemon.post("sessions", {"kind": "link"}).status for _ in range(61)],
          [201] * 60 + [429])
    clock.pass_by(60)
    code = link(daemon)["code"]
    found = [daemon.post("sessions/redeem", {"code": f"mseg-link-{n:064x}"}).status
             for n in range(61)]
    equal(found, [401] * 60 + [429])
    # Others' mistakes keep nobody out.
    console.log_in(code).wanted(200)


# --- mctl ---------------------------------------------------------------------

def mctl(daemon, *arguments):
    return subprocess.run([os.path.join(TOP, "build/bin/mctl"), "--socket", daemon.socket,
                           *arguments], capture_output=True, text=True, check=False)


@subtest("mctl console prints a link that logs in, and looks after tokens")
def _():
    daemon = Msegd(config="console: {url: 'https://console.example.org'}\n")
    console = Console(daemon)
    done = mctl(daemon, "console", "login", "--print")
    equal(done.returncode, 0, done.stderr)
    url, code = done.stdout.strip().split("#")
    equal((url, done.stderr), ("https://console.example.org/login", ""))
    console.log_in(code).wanted(200)
    equal(json.loads(mctl(daemon, "-o", "json", "console", "login", "--expires", "2m").stdout)["url"]
          .split("#")[0], url)
    made = json.loads(mctl(daemon, "console", "token", "create", "--name", "ci", "--expires", "1h",
                           "-o", "json").stdout)
    console.ask("GET", "/api/v1/status", headers=bearer(made["token"])).wanted(200)
    listed = mctl(daemon, "console", "token", "list").stdout
    true("ci" in listed and made["token"] not in listed, listed)
    equal(mctl(daemon, "console", "token", "revoke", str(made["id"])).returncode, 0)
    console.ask("GET", "/api/v1/status", headers=bearer(made["token"])).wanted(401)
    true("session" in mctl(daemon, "console", "status").stdout, "status")
    for wrong in (("token", "revoke"), ("token", "make"), ("login", "x"), ("token", "list", "--name", "x"),
                  ("login", "--expires", "1w"), ()):
        equal(mctl(daemon, "console", *wrong).returncode, 2, wrong)
    equal(mctl(daemon, "console", "login", "--expires", "11m").returncode, 1)


def listen_as(user, address):
    """Somebody's socket where the console's could be; returns how it is ended."""
    program = ("import socket, sys, time\n"
               "s = socket.create_server((sys.argv[1], int(sys.argv[2])), family="
               "socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET)\n"
               "print('ready', flush=True)\n"
               "time.sleep(60)\n")
    child = subprocess.Popen(["setpriv", "--reuid", user, "--regid", "nogroup", "--clear-groups",
                              sys.executable, "-c", program, *address], stdout=subprocess.PIPE, cwd="/")
    equal(child.stdout.readline(), b"ready\n")
    msegd.cleanups.callback(child.stdout.close)
    return lambda: (child.kill(), child.wait())


@subtest("mctl console login gives nobody a link who only took the console's port")
def _():
    port = str(free_port())
    for host, address in (("127.0.0.1", "127.0.0.1"), ("127.0.0.1", "0.0.0.0"),
                          ("localhost", "::1"), ("[::1]", "::1"), ("[::1]", "::")):
        daemon = Msegd(config=f"console: {{url: 'http://{host}:{port}'}}\n")
        end = listen_as(ALICE, (address, port))
        done = mctl(daemon, "console", "login", "--print")
        end()
        equal((done.returncode, done.stdout), (1, ""), (host, address))
        true(f"the user {uid_of(ALICE)} listens at http://{host}:{port}" in done.stderr, done.stderr)
    # Elsewhere, whoever runs msegd, and nobody at all.
    for user, address in ((ALICE, "127.0.0.2"), ("root", "::1"), (None, None)):
        end = listen_as(user, (address, port)) if user else lambda: None
        done = mctl(daemon, "console", "login", "--print")
        end()
        equal(done.returncode, 0, done.stderr)


main()
