#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Logging in by OpenID Connect, and what providers, consoles and others may try with it."""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import threading
import time
import urllib.parse

import jwt
from cryptography.hazmat.primitives import serialization

from provider import CLIENT, WORDS, Key, Provider, url64
from service import KEEPER, OWN, TOP, Clock, Console, uid_of, wait_for
from msegd import ALICE, BOB, Msegd, as_user, equal, main, subtest, true

URL = "https://console.example.org"
USERS = [{"name": "alice@example.org", "user": ALICE}, {"group": "netops", "user": BOB}]
ROLES = f"roles: [{{user: {ALICE}, roles: [read]}}, {{user: {BOB}, roles: [read]}}]\n"


# What one address may ask for within a minute.
LOGINS = 20


class Trial:
    """A provider, msegd, a console and one browser."""

    def __init__(self, users=None, keeper=False, wrapper=(), **more):
        self.provider = Provider()
        user = f"user: {KEEPER}, " if keeper else ""
        self.daemon = Msegd(wrapper=list(wrapper), config=(
            f"console: {{{user}url: '{URL}'}}\n{ROLES}" +
            self.provider.settings(USERS if users is None else users, **more)))
        self.console = Console(
            self.daemon, f"oidc: {{client_secret: {self.provider.secret_file()}}}\n",
            wrapper=["setpriv", "--reuid", KEEPER, "--regid", "nogroup", "--clear-groups"]
            if keeper else ())
        self.tried = 0

    def count(self):
        """A console that is started again has forgotten who tried how often."""
        self.tried += 1
        if self.tried % LOGINS == 0:
            self.console.finish()
            self.console.start()

    def begin(self):
        """Where the browser is sent to, and with which cookie."""
        self.count()
        answer = self.console.ask("POST", "/api/oidc/begin", {}, OWN).wanted(200)
        return dict(urllib.parse.parse_qsl(answer.body["location"].partition("?")[2])), answer.cookie

    def ask(self, sent, cookie):
        self.count()
        return self.console.ask("POST", "/api/oidc/finish", sent, OWN, cookie)

    def finish(self, query, cookie, **more):
        back = urllib.parse.urlsplit(self.provider.authorize(query))
        return self.ask({**dict(urllib.parse.parse_qsl(back.query)), **more}, cookie)

    def log_in(self, **claims):
        self.provider.claims = claims
        return self.finish(*self.begin())


def cookies(answer):
    return answer.headers.get_all("Set-Cookie") or []


def refused(answer, status, words=""):
    answer.wanted(status)
    true(not any("mseg-session=mseg" in cookie for cookie in cookies(answer)), "a session")
    true(words in answer.body["detail"], answer.body)
    return answer


# --- logging in -----------------------------------------------------------------

@subtest("who the provider says it is gets a session of the user that mseg.conf says")
def _():
    trial = Trial(keeper=True)
    equal(trial.console.ask("GET", "/api/oidc").wanted(200).body, {"label": "Example"})
    query, cookie = trial.begin()
    equal((query["redirect_uri"], query["tenant"]), (URL + "/login/oidc", "1"))
    answer = trial.finish(query, cookie).wanted(200)
    equal((answer.body["user"], answer.body["name"]), (ALICE, "alice@example.org"))
    true("token" not in answer.body, answer.body)
    session, forgotten = cookies(answer)
    true("SameSite=Strict" in session and "HttpOnly" in session, session)
    true(forgotten.startswith("mseg-oidc=;") and "Max-Age=0" in forgotten, forgotten)
    equal(trial.console.ask("GET", "/api/v1/status", cookie=answer.cookie).wanted(200)
          .body["caller"], {"uid": uid_of(ALICE), "user": ALICE})
    trial.console.ask("DELETE", "/api/session", headers=OWN, cookie=answer.cookie).wanted(204)
    trial.console.ask("GET", "/api/session", cookie=answer.cookie).wanted(401)


@subtest("without a provider there is no button, and nothing to ask")
def _():
    console = Console(Msegd())
    equal(console.ask("GET", "/api/oidc").wanted(200).body, {"label": None})
    console.ask("POST", "/api/oidc/begin", {}, OWN).wanted(404)
    for method, path in (("PUT", "/begin"), ("GET", "/begin"), ("POST", ""), ("POST", "/x")):
        console.ask(method, "/api/oidc" + path, None, OWN).wanted(404)


@subtest("a group is its user, who does it stays known; nobody else is anybody")
def _():
    trial = Trial()
    answer = trial.log_in(preferred_username="carol", groups=["x", "netops"]).wanted(200)
    equal(answer.body["user"], f"{BOB} (carol)")
    equal(trial.console.ask("GET", "/api/v1/status", cookie=answer.cookie).wanted(200)
          .body["caller"]["uid"], uid_of(BOB))
    for claims in ({"preferred_username": "carol"}, {"preferred_username": "root"},
                   {"preferred_username": ALICE}, {"preferred_username": "Alice@example.org"},
                   {"preferred_username": "alice@example.org\0x"}, {"preferred_username": None},
                   {"preferred_username": ["alice@example.org"]}, {"preferred_username": ""},
                   {"preferred_username": "carol", "groups": ["netops\0", "netop", 7]},
                   {"preferred_username": "c\u202e", "groups": ["netops"]},
                   {"preferred_username": "c" * 64, "groups": ["netops"]}):
        refused(trial.log_in(**claims), 403, "does not say who you are")
    refused(Trial(users=[]).log_in(), 403)
    refused(Trial(users=[{"name": "alice@example.org", "user": "nobody-here"}]).log_in(), 403)


@subtest("an address counts once the provider has checked it")
def _():
    trial = Trial(claim="email")
    trial.log_in(email="alice@example.org", email_verified=True).wanted(200)
    for verified in (False, None, "true", 1):
        refused(trial.log_in(email="alice@example.org", email_verified=verified), 403)


@subtest("ES256, keys without an ID, and several of them are taken")
def _():
    trial = Trial()
    trial.provider.keys = [Key("ES256"), Key()]
    trial.provider.store_keys()
    trial.log_in().wanted(200)
    trial.provider.sign = lambda claims: jwt.encode(claims, trial.provider.keys[1].private, "RS256")
    trial.log_in(aud=[CLIENT]).wanted(200)
    trial.log_in(aud=[CLIENT, "x"], azp=CLIENT).wanted(200)


# --- other tokens ---------------------------------------------------------------

@subtest("a token of another issuer, for another client, of another login, or over, is refused")
def _():
    trial = Trial()
    now = int(time.time())
    for claims, words in (
            ({"iss": trial.provider.issuer + "/"}, "another issuer"), ({"iss": None}, "another issuer"),
            ({"aud": "other"}, "somebody else"), ({"aud": None}, "somebody else"),
            ({"aud": [CLIENT + "x"]}, "somebody else"), ({"aud": [CLIENT, "x"]}, "somebody else"),
            ({"aud": [CLIENT, "x"], "azp": "x"}, "somebody else"), ({"azp": "x"}, "somebody else"),
            ({"nonce": "x"}, "another login"), ({"nonce": None}, "another login"),
            ({"sub": None}, "who it is"), ({"exp": now - 61}, "over"), ({"exp": None}, "does not say"),
            ({"iat": None}, "does not say"), ({"exp": str(now + 300)}, "does not say"),
            ({"iat": now + 120}, "future"), ({"iat": now - 700}, "too old"),
            ({"nbf": now + 120}, "not good yet")):
        refused(trial.log_in(**claims), 401, words)
    trial.log_in(exp=now - 30, iat=now - 300).wanted(200)


def by_hand(header, claims, sign):
    text = ".".join(url64(json.dumps(part).encode()) for part in (header, claims))
    return f"{text}.{url64(sign(text.encode()))}"


@subtest("a token that is not signed, or by what everybody knows, or by a key in it, is refused")
def _():
    trial = Trial()
    key, other = trial.provider.keys[0], Key()
    pem = key.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    modulus = base64.urlsafe_b64decode(key.public()["n"] + "==")

    def by_hmac(secret):
        return lambda text: hmac.new(secret, text, hashlib.sha256).digest()

    def cut(claims):
        header, _, signature = key.sign(claims).split(".")
        return ".".join((header, url64(json.dumps({**claims, "sub": "2"}).encode()), signature))

    named = {"kid": key.name}
    # A key that does not say by what it signs.
    trial.provider.store_keys({"keys": [
        {name: value for name, value in key.public().items() if name != "alg"}]})
    trial.log_in().wanted(200)
    for sign in (
            lambda claims: by_hand({"alg": "none"}, claims, lambda text: b""),
            lambda claims: by_hand({"alg": "None", **named}, claims, lambda text: b""),
            lambda claims: by_hand({"alg": "HS256", **named}, claims, by_hmac(pem)),
            lambda claims: by_hand({"alg": "HS256", **named}, claims, by_hmac(modulus)),
            lambda claims: by_hand({"alg": "HS256"}, claims, by_hmac(b"")),
            lambda claims: by_hand({"alg": "RS256", **named}, claims, lambda text: b""),
            lambda claims: by_hand({"alg": "ES256", **named}, claims, lambda text: bytes(64)),
            lambda claims: jwt.encode(claims, key.private, "RS512", named),
            lambda claims: jwt.encode(claims, key.private, "PS256", named),
            lambda claims: jwt.encode(claims, other.private, "RS256", named),
            lambda claims: jwt.encode(claims, other.private, "RS256", {"jwk": other.public()}),
            lambda claims: key.sign(claims, {"crit": ["exp"]}),
            lambda claims: key.sign(claims, {"typ": "at+jwt"}),
            cut, lambda claims: "x", lambda claims: "..", lambda claims: "a.b.c.d.e",
            lambda claims: key.sign(claims) + "x"):
        trial.provider.sign = sign
        refused(trial.log_in(), 401)


@subtest("a key that is weak, of another use, or a secret, signs nothing")
def _():
    trial = Trial()
    weak, secret = Key(bits=1024), b"s" * 32
    trial.provider.keys = [weak]
    trial.provider.store_keys()
    refused(trial.log_in(), 401, "none of the provider's keys")
    trial.provider.keys = [Key()]
    trial.provider.store_keys({"keys": [{**trial.provider.keys[0].public(), "use": "enc"}]})
    refused(trial.log_in(), 401)
    trial.provider.store_keys({"keys": [{"kty": "oct", "k": url64(secret), "kid": "o"}]})
    trial.provider.sign = lambda claims: jwt.encode(claims, secret, "HS256", {"kid": "o"})
    refused(trial.log_in(), 401)


# --- keys ------------------------------------------------------------------------

def mctl(daemon, *arguments):
    return subprocess.run([os.path.join(TOP, "build/bin/mctl"), "--socket", daemon.socket,
                           *arguments], capture_output=True, text=True, check=False)


@subtest("keys that anybody but root may change, or that make no sense, are none")
def _():
    trial = Trial()
    file = trial.provider.key_file
    trial.log_in().wanted(200)
    os.chmod(file, 0o666)
    refused(trial.log_in(), 401)
    os.chmod(file, 0o644)
    os.chown(file, uid_of(KEEPER), 0)
    refused(trial.log_in(), 401)
    os.chown(file, 0, 0)
    trial.log_in().wanted(200)
    for text in ("", "{", "[]", '{"keys": 7}', '{"keys": [7, null, {}, {"kty": "RSA"}]}',
                 '{"keys": [{"kty": "RSA", "n": "", "e": ""}]}', "[" * 100000):
        with open(file, "w") as out:
            out.write(text)
        refused(trial.log_in(), 401)
    os.remove(file)
    refused(trial.log_in(), 401)


@subtest("keys that the provider has changed are refused until root has fetched them")
def _():
    trial = Trial()
    trial.log_in().wanted(200)
    old = trial.provider.keys
    trial.provider.keys = [Key(name=old[0].name), Key("ES256")]
    refused(trial.log_in(), 401, "mctl console oidc-keys")
    done = mctl(trial.daemon, "console", "oidc-keys")
    equal((done.returncode, done.stderr), (0, ""))
    trial.log_in().wanted(200)
    trial.provider.sign = lambda claims: old[0].sign(claims)
    refused(trial.log_in(), 401)


@subtest("what is none of the provider's keys replaces none")
def _():
    trial = Trial()
    with open(trial.provider.key_file) as file:
        kept = file.read()
    other = trial.provider.key_file + ".other"
    with open(other, "w") as file:
        json.dump({"keys": [Key().public()]}, file)

    def answers(path, body):
        def answer(handler, asked):
            if asked == path:
                handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + body)
            return asked == path
        return answer

    for answer in (answers("/keys", b"{}"), answers("/keys", b'{"keys": []}'),
                   answers("/keys", b'{"keys": [' + b" " * 300000 + b"]}"), answers("/keys", b"x"),
                   answers("/.well-known/openid-configuration", json.dumps(
                       {**trial.provider.discover(), "issuer": "https://other"}).encode()),
                   answers("/.well-known/openid-configuration", json.dumps(
                       {**trial.provider.discover(), "jwks_uri": "file://" + other}).encode())):
        trial.provider.answer = answer
        equal(mctl(trial.daemon, "console", "oidc-keys").returncode, 1)
        with open(trial.provider.key_file) as file:
            equal(file.read(), kept)
    equal(mctl(Msegd(), "console", "oidc-keys").returncode, 1)


# --- other logins -----------------------------------------------------------------

@subtest("what comes back belongs to a login that this browser has begun (login CSRF)")
def _():
    trial = Trial()
    (mine, own), (other, others) = trial.begin(), trial.begin()
    for query, cookie in ((mine, None), (mine, others), (other, own), (mine, "mseg-oidc="),
                          (mine, own[:-1]), (mine, "mseg-oidc=" + "a" * 300)):
        refused(trial.finish(query, cookie), 401, "not begun in this browser")
    for state in ("", "x", mine["state"][:-1], mine["state"] + "0", 7, None):
        refused(trial.ask({"code": "x", "state": state}, own), 401, "not begun in this browser")
    true("/token" not in trial.provider.asked, "the provider was asked")
    # Another site's page begins and finishes nothing.
    for path in ("begin", "finish"):
        for headers in ({}, {**OWN, "Origin": "https://evil.example"},
                        {**OWN, "Sec-Fetch-Site": "cross-site"}):
            trial.console.ask("POST", "/api/oidc/" + path, {}, headers, own).wanted(403)
    trial.finish(mine, own).wanted(200)


@subtest("a code serves once, and the login in which it was asked for")
def _():
    trial = Trial()
    query, cookie = trial.begin()
    back = dict(urllib.parse.parse_qsl(
        urllib.parse.urlsplit(trial.provider.authorize(query)).query))
    trial.ask(back, cookie).wanted(200)
    refused(trial.ask(back, cookie), 401, "used already")
    # Another's code in one's own login: the verifier is not its (RFC 7636).
    stolen = dict(urllib.parse.parse_qsl(
        urllib.parse.urlsplit(trial.provider.authorize(trial.begin()[0])).query))
    query, cookie = trial.begin()
    refused(trial.ask({"code": stolen["code"], "state": query["state"]}, cookie), 401)


def redeem(trial, token, nonce, user=KEEPER):
    return as_user(trial.daemon, user, "POST", "oidc", {"token": token, "nonce": nonce})


@subtest("a console that is broken into logs in nobody by a token that was used, or its own nonce")
def _():
    clock = Clock()
    trial = Trial(keeper=True, wrapper=clock.wrapper)
    said = as_user(trial.daemon, KEEPER, "GET", "oidc", None)[1]
    now, key = int(time.time()), trial.provider.keys[0]
    claims = {"iss": trial.provider.issuer, "aud": CLIENT, "exp": now + 3600, "iat": now,
              **trial.provider.person}

    def signed(nonce):
        return key.sign({**claims, "nonce": nonce}), nonce

    equal(redeem(trial, *signed(said["nonce"]), user=ALICE)[0], 403)
    equal(redeem(trial, *signed(said["nonce"]))[0], 200)
    equal(redeem(trial, *signed(said["nonce"]))[0], 401)
    good = as_user(trial.daemon, KEEPER, "GET", "oidc", None)[1]["nonce"]
    later = f"{int(good[:16], 16) + 1:016x}" + good[16:]
    for nonce in ("", "x", "0" * 80, good[:-1], good + "0", later, good.upper(), "g" * 80):
        equal(redeem(trial, *signed(nonce))[0] in (400, 401), True, nonce)
    token, nonce = signed(good)
    equal(redeem(trial, token, as_user(trial.daemon, KEEPER, "GET", "oidc", None)[1]["nonce"])[0], 401)
    clock.pass_by(601)
    equal(redeem(trial, token, nonce)[0], 401)
    for body in ({}, {"token": 7, "nonce": "x"}, {"token": "x" * 20000, "nonce": "x"}):
        equal(as_user(trial.daemon, KEEPER, "POST", "oidc", body)[0], 400)
    equal(as_user(trial.daemon, ALICE, "GET", "oidc", None)[0], 403)


# --- a bad provider -----------------------------------------------------------------

@subtest("a provider that hangs, sends without end or nonsense keeps nobody else waiting")
def _():
    trial = Trial()
    seen, release = [], threading.Event()

    def hang(handler, path):
        if path != "/token":
            return False
        seen.append(handler)
        release.wait(40)
        return True

    def flood(handler, path):
        if path == "/token":
            handler.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n")
            for sent in range(100):
                handler.wfile.write(b'"' * (1 << 20))
                seen.append(sent)
        return path == "/token"

    trial.provider.answer, found = hang, []
    thread = threading.Thread(target=lambda: found.append(trial.log_in()))
    begun = time.monotonic()
    thread.start()
    wait_for(lambda: seen, "the provider to be asked")
    trial.console.enter()
    true(time.monotonic() - begun < 8, "others wait")
    thread.join(30)
    release.set()
    refused(found[0], 502)
    true(8 < time.monotonic() - begun < 25, f"{time.monotonic() - begun} s")
    seen.clear()
    trial.provider.answer, before = flood, trial.console.resident()
    refused(trial.log_in(), 502)
    true(len(seen) < 50, f"{len(seen)} MB were read")
    true(trial.console.resident() - before < 8 << 20, "it kept them")
    for body in (b"", json.dumps({"error": WORDS}).encode(), b"null", b"[]", b'{"id_token": 7}', b'{"id_token": ""}', b"[" * 9000):
        def nonsense(handler, path, body=body):
            if path == "/token":
                handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + body)
            return path == "/token"
        trial.provider.answer = nonsense
        refused(trial.log_in(), 502)
    true("script" not in trial.console.said(), trial.console.said())


@subtest("a provider sends nobody elsewhere, and its words are not shown")
def _():
    trial = Trial()
    for metadata in ({"issuer": "https://other.example"}, {"issuer": None},
                     {"authorization_endpoint": "javascript:alert(1)"},
                     {"authorization_endpoint": "http://127.0.0.1/x"}, {"token_endpoint": None},
                     {"token_endpoint": "http://127.0.0.1/token"}):
        trial.provider.metadata = metadata
        trial.console.ask("POST", "/api/oidc/begin", {}, OWN).wanted(502)

    def redirect(handler, path):
        if path == "/token":
            handler.send_response(307)
            handler.send_header("Location", trial.provider.issuer + "/elsewhere")
            handler.end_headers()
        return path == "/token"

    trial.provider.metadata, trial.provider.answer = {}, redirect
    refused(trial.log_in(), 502)
    true("/elsewhere" not in trial.provider.asked, "it follows")
    trial.provider.answer = None
    query, cookie = trial.begin()
    answer = refused(trial.ask({"code": "wrong", "state": query["state"]}, cookie), 401)
    true("script" not in answer.data.decode(), answer.data)
    # Where it goes on is msegd's to say, whatever a browser asks for.
    for path in ("/login/oidc?next=https://evil.example", "/login/oidc?code=x&state=y"):
        answer = trial.console.ask("GET", path).wanted(200)
        true("Location" not in answer.headers and "evil" not in answer.data.decode(), path)


@subtest("a provider whose certificate is nobody's is not believed")
def _():
    trial = Trial(ca="/etc/ssl/certs/ca-certificates.crt")
    trial.console.ask("POST", "/api/oidc/begin", {}, OWN).wanted(502)
    equal(trial.provider.asked, [])


@subtest("one address begins and finishes twenty times a minute")
def _():
    trial = Trial()
    found = [trial.console.ask("POST", "/api/oidc/begin", {}, OWN).status for _ in range(LOGINS + 2)]
    equal(found, [200] * LOGINS + [429] * 2)


# --- the configuration ----------------------------------------------------------------

@subtest("a configuration that cannot be meant is refused, with its place")
def _():
    daemon = Msegd(config="roles: []\n")
    path = daemon.config + ".oidc"
    good = {"issuer": "https://id.example.org", "client_id": "x", "users": USERS}
    for wrong in ({"issuer": "http://id.example.org"}, {"issuer": "https://"}, {"client_id": ""},
                  {"issuer": "https://id.example.org?x"}, {"issuer": None}, {"scope": "email"},
                  {"users": [{"user": ALICE}]}, {"users": [{"name": "", "user": ALICE}]},
                  {"users": [{"name": "a", "group": "b", "user": ALICE}]}, {"keys": ""},
                  {"user": []}, {"users": [{"name": "a"}]}):
        settings = {name: value for name, value in {**good, **wrong}.items() if value is not None}
        with open(path, "w") as file:
            file.write("oidc: " + json.dumps(settings) + "\n")
        done = subprocess.run([os.path.join(TOP, "build/bin/msegd"), "--config", path, "--state",
                               daemon.state + ".x", "--socket", daemon.socket + ".x"], timeout=30,
                              capture_output=True, text=True, check=False)
        true(done.returncode and f"{path}:1" in done.stderr, f"{wrong}: {done.stderr}")


main()
