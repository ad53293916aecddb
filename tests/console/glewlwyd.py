#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Logging in at a provider of OpenID Connect that others have made: Glewlwyd."""

import contextlib
import gzip
import http.client
import json
import os
import shutil
import sqlite3
import ssl
import subprocess
import tempfile
import time
import urllib.parse

from service import OWN, TOP, Console, certificate_of, free_port, msegd, uid_of
from msegd import ALICE, START_LIMIT, Msegd, equal, main, skip_all, subtest, true

# It takes a secret as it is sent, escaped by RFC 6749 or not: one that needs none.
CLIENT, SECRET, PASSWORD = "mseg", "a-secret", "alice's own"
URL = "https://console.example.org"
ROOT = os.path.join(TOP, "build/tools/glewlwyd")

SETTINGS = """
port={port}
external_url="https://127.0.0.1:{port}"
api_prefix="api"
log_mode="console"
log_level="WARNING"
user_module_path="{modules}/user"
user_middleware_module_path="{directory}"
client_module_path="{modules}/client"
user_auth_scheme_module_path="{modules}/scheme"
plugin_module_path="{modules}/plugin"
use_secure_connection=true
secure_connection_key_file="{key}"
secure_connection_pem_file="{ca}"
hash_algorithm="SHA256"
database = {{ type="sqlite3"; path="{directory}/db"; }};
"""


class Glewlwyd:
    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="glewlwyd-")
        msegd.cleanups.callback(shutil.rmtree, self.directory, ignore_errors=True)
        self.port, self.cookie = free_port(), ""
        self.ca, self.key = certificate_of("IP:127.0.0.1", self.directory)
        self.fill()
        self.process = subprocess.Popen(
            [os.path.join(ROOT, "usr/bin/glewlwyd"), "--config-file=" + self.settings()],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        msegd.cleanups.callback(self.process.wait)
        msegd.cleanups.callback(self.process.terminate)
        limit = time.monotonic() + START_LIMIT
        while time.monotonic() < limit and self.process.poll() is None:
            with contextlib.suppress(OSError):
                self.ask("GET", "/")
                return
            time.sleep(0.1)
        raise AssertionError("it does not start")

    def fill(self):
        path = os.path.join(ROOT, "usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz")
        with gzip.open(path, "rt") as script, contextlib.closing(
                sqlite3.connect(os.path.join(self.directory, "db"))) as database:
            database.executescript(script.read())

    def settings(self):
        path = os.path.join(self.directory, "glewlwyd.conf")
        with open(path, "w") as file:
            file.write(SETTINGS.format(port=self.port, directory=self.directory, key=self.key,
                                       ca=self.ca, modules=ROOT + "/usr/lib/glewlwyd"))
        return path

    def ask(self, method, target, body=None):
        context = ssl.create_default_context(cafile=self.ca)
        with contextlib.closing(http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30,
                                                            context=context)) as connection:
            connection.request(method, target, None if body is None else json.dumps(body),
                               {"Content-Type": "application/json", "Cookie": self.cookie})
            answer = connection.getresponse()
            answer.read()
        if answer.headers["Set-Cookie"]:
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        return answer

    def wanted(self, *request):
        equal(self.ask(*request).status, 200, request)

    def log_in(self, name, password):
        self.cookie = ""
        self.wanted("POST", "/api/auth/", {"username": name, "password": password})

    def set_up(self):
        self.log_in("admin", "password")
        key = os.path.join(self.directory, "signs.pem")
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
        public = subprocess.run(["openssl", "rsa", "-in", key, "-pubout"], check=True,
                                capture_output=True, text=True).stdout
        with open(key) as file:
            private = file.read()
        self.wanted("POST", "/api/mod/plugin/", {
            "module": "oidc", "name": "oidc", "display_name": "x", "enabled": True, "parameters": {
                "iss": f"https://127.0.0.1:{self.port}/api/oidc", "jwt-type": "rsa",
                "jwt-key-size": "256", "key": private, "cert": public, "jwks-show": True,
                "access-token-duration": 3600, "refresh-token-duration": 3600, "code-duration": 600,
                "allow-non-oidc": False, "auth-type-code-enabled": True, "pkce-allowed": True,
                "pkce-required": True, "allowed-scope": ["openid"], "claims": [
                    {"name": "preferred_username", "user-property": "username", "type": "string",
                     "mandatory": True, "on-demand": False, "scope": []}]}})
        self.wanted("POST", "/api/client/", {
            "client_id": CLIENT, "name": "x", "enabled": True, "confidential": True,
            "client_secret": SECRET, "token_endpoint_auth_method": ["client_secret_basic"],
            "authorization_type": ["code"], "redirect_uri": [URL + "/login/oidc"]})
        self.wanted("POST", "/api/user/", {"username": "alice", "password": PASSWORD,
                                           "enabled": True, "scope": ["openid", "g_profile"]})
        return self


@subtest("who has logged in at Glewlwyd is logged in here, once")
def _():
    provider = Glewlwyd().set_up()
    directory = provider.directory
    with open(os.path.join(directory, "secret"), "w") as file:
        file.write(SECRET)
    daemon = Msegd(config=(
        f"console: {{url: '{URL}'}}\nroles: [{{user: {ALICE}, roles: [read]}}]\noidc: " + json.dumps({
            "issuer": f"https://127.0.0.1:{provider.port}/api/oidc", "client_id": CLIENT,
            "keys": directory + "/keys.json", "ca": provider.ca, "scope": "openid",
            "users": [{"name": "alice", "user": ALICE}]}) + "\n"))
    console = Console(daemon, f"oidc: {{client_secret: {directory}/secret}}\n")
    subprocess.run([os.path.join(TOP, "build/bin/mctl"), "--socket", daemon.socket, "console",
                    "oidc-keys"], check=True, stdout=subprocess.DEVNULL)
    begun = console.ask("POST", "/api/oidc/begin", {}, OWN).wanted(200)
    provider.log_in("alice", PASSWORD)
    provider.wanted("PUT", f"/api/auth/grant/{CLIENT}/", {"scope": "openid"})
    url = urllib.parse.urlsplit(begun.body["location"])
    back = provider.ask("GET", f"{url.path}?{url.query}&g_continue").headers["Location"]
    true(back.startswith(URL + "/login/oidc?"), back)
    said = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))
    answer = console.ask("POST", "/api/oidc/finish", said, OWN, begun.cookie).wanted(200)
    equal(console.ask("GET", "/api/v1/status", cookie=answer.cookie).wanted(200).body["caller"],
          {"uid": uid_of(ALICE), "user": ALICE})
    # It says 403 then where RFC 6749 has 400.
    again = console.ask("POST", "/api/oidc/finish", said, OWN, begun.cookie)
    true(again.status in (401, 502) and not again.headers["Set-Cookie"], again.status)


if subprocess.run([os.path.join(TOP, "tests/unpacked"), "glewlwyd"], capture_output=True,
                  check=False).returncode:
    skip_all("Debian's glewlwyd cannot be fetched")
main()
