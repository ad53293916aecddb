# SPDX-License-Identifier: GPL-2.0-or-later
"""A provider of OpenID Connect for tests: an honest one, unless it is told to be another.

Run by itself it prints what mseg.conf and mseg-console.conf are to have, and reads whether
it is to "deny" or to "allow".
"""

import base64
import hashlib
import http.server
import json
import os
import secrets
import shutil
import ssl
import sys
import tempfile
import threading
import time
import urllib.parse

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from service import certificate_of, msegd

# What no page may show as it is, or at all.
WORDS = "<script>alert(1)</script>"

CLIENT, SECRET = "mseg console", "s3cret: &+/ü"


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number64(number, size=None):
    return url64(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


class Key:
    def __init__(self, algorithm="RS256", bits=2048, name=None):
        self.algorithm, self.name = algorithm, name or secrets.token_hex(4)
        self.private = (rsa.generate_private_key(65537, bits) if algorithm == "RS256" else
                        ec.generate_private_key(ec.SECP256R1()))

    def public(self):
        numbers = self.private.public_key().public_numbers()
        common = {"kid": self.name, "use": "sig", "alg": self.algorithm}
        if self.algorithm == "RS256":
            return {"kty": "RSA", "n": number64(numbers.n), "e": number64(numbers.e), **common}
        return {"kty": "EC", "crv": "P-256", "x": number64(numbers.x, 32),
                "y": number64(numbers.y, 32), **common}

    def sign(self, claims, headers=None):
        return jwt.encode(claims, self.private, self.algorithm,
                          {"kid": self.name, **(headers or {})})


class Provider:
    """On loopback, by TLS; `sign` makes tokens, `answer` may take a request's answer over."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="provider-")
        msegd.cleanups.callback(shutil.rmtree, self.directory, ignore_errors=True)
        os.chmod(self.directory, 0o755)
        self.ca, key = certificate_of("IP:127.0.0.1", self.directory)
        self.keys, self.codes, self.asked = [Key()], {}, []
        self.person = {"sub": "1", "preferred_username": "alice@example.org"}
        self.claims, self.metadata, self.answer, self.denies = {}, {}, None, False
        self.sign = lambda claims: self.keys[0].sign(claims)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        # Who hangs up on a bad provider is right.
        self.server.handle_error = lambda *_: None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                 do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        msegd.cleanups.callback(self.server.shutdown)
        self.issuer = f"https://127.0.0.1:{self.server.server_address[1]}"
        self.key_file = os.path.join(self.directory, "keys.json")
        self.store_keys()

    def key_set(self):
        return {"keys": [key.public() for key in self.keys]}

    def store_keys(self, keys=None):
        with open(self.key_file, "w") as file:
            json.dump(keys or self.key_set(), file)

    def settings(self, users, **more):
        """Of mseg.conf; YAML is JSON, too."""
        return "oidc: " + json.dumps({
            "issuer": self.issuer, "client_id": CLIENT, "keys": self.key_file, "ca": self.ca,
            "label": "Example", "users": users, **more}) + "\n"

    def secret_file(self):
        path = os.path.join(self.directory, "secret")
        with open(path, "w") as file:
            file.write(SECRET + "\n")
        return path

    # --- what it does ---------------------------------------------------------

    def discover(self):
        return {"issuer": self.issuer, "authorization_endpoint": self.issuer + "/authorize?tenant=1",
                "token_endpoint": self.issuer + "/token", "jwks_uri": self.issuer + "/keys",
                **self.metadata}

    def authorize(self, query):
        """RFC 6749, 4.1.2: where the browser is sent back to."""
        wanted = {name: query[name] for name in (
            "client_id", "redirect_uri", "nonce", "code_challenge", "code_challenge_method",
            "state", "response_type", "scope", "tenant")}
        assert (wanted["client_id"], wanted["response_type"], wanted["code_challenge_method"]) == (
            CLIENT, "code", "S256"), wanted
        assert "openid" in wanted["scope"].split(), wanted
        said = {"code": secrets.token_urlsafe(24), "state": wanted["state"]}
        if self.denies:
            said = {"error": "access_denied", "error_description": WORDS, "state": wanted["state"]}
        else:
            self.codes[said["code"]] = wanted
        return wanted["redirect_uri"] + "?" + urllib.parse.urlencode(said)

    def token(self, form, authorization):
        name, word = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")
        if [urllib.parse.unquote(text) for text in (name, word)] != [CLIENT, SECRET]:
            return 401, {"error": "invalid_client"}
        begun = self.codes.pop(form["code"], None)
        challenge = url64(hashlib.sha256(form["code_verifier"].encode()).digest())
        if (not begun or begun["code_challenge"] != challenge or
                begun["redirect_uri"] != form["redirect_uri"] or
                form["grant_type"] != "authorization_code"):
            return 400, {"error": "invalid_grant", "error_description": WORDS}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "exp": now + 300, "iat": now,
                  "nonce": begun["nonce"], **self.person, **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self.sign(claims)}

    # --- HTTP -------------------------------------------------------------------

    def handler(self):
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def reply(self, status, body, headers=()):
                data = json.dumps(body).encode()
                self.send_response(status)
                for name, value in (("Content-Length", str(len(data))), *headers):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self):
                path, _, query = self.path.partition("?")
                provider.asked.append(path)
                if provider.answer and provider.answer(self, path):
                    return
                if path == "/.well-known/openid-configuration":
                    self.reply(200, provider.discover())
                elif path == "/keys":
                    self.reply(200, provider.key_set())
                elif path == "/authorize":
                    to = provider.authorize(dict(urllib.parse.parse_qsl(query)))
                    self.reply(302, {}, [("Location", to)])
                else:
                    self.reply(404, {})

            def do_POST(self):
                provider.asked.append(self.path)
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                if provider.answer and provider.answer(self, self.path):
                    return
                self.reply(*provider.token(dict(urllib.parse.parse_qsl(form)),
                                           self.headers.get("Authorization", "")))

        return Handler


def main():
    provider = Provider()
    print(json.dumps([provider.settings([{"name": "alice@example.org", "user": "root"}]),
                      f"oidc: {{client_secret: {provider.secret_file()}}}\n"]), flush=True)
    for line in sys.stdin:
        provider.denies = line.strip() == "deny"


if __name__ == "__main__":
    with msegd.cleanups:
        main()
