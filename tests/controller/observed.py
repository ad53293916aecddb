#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Whom connections say that they are for, from the first bytes to the list of flows: real
clients and servers of HTTP and TLS, msegd and the module.

      init namespace: the host            peer
     ┌───────────────────────┐    ┌─────────────────────────────────────┐
     │ veth0   msegd         ├────┤ veth0   port 8080: HTTP             │
     │ curl                  │    │         port 8443: HTTP by TLS      │
     └───────────────────────┘    └─────────────────────────────────────┘
"""

import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.parse

from msegd import (TOP, Msegd, equal, fresh_kernel, load_module, main, mctl, subtest, true)

sys.path.insert(0, os.path.join(TOP, "tests/selftests"))
import lib  # noqa: E402 pylint: disable=wrong-import-position

HTTP, TLS = 8080, 8443
DIRECTORY = tempfile.mkdtemp(prefix="observed-")


# --- the peer -----------------------------------------------------------------

def answer(connection, context):
    with contextlib.suppress(OSError), connection:
        connection.settimeout(30)
        if context:
            connection = context.wrap_socket(connection, server_side=True)
        asked = connection.recv(4096)
        while asked and b"\r\n\r\n" not in asked:
            asked = connection.recv(4096)
        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nyes\n")
        connection.recv(1)      # who asked ends it


def serve(server, context):
    with contextlib.suppress(OSError):
        while True:
            threading.Thread(target=answer, args=(server.accept()[0], context),
                             daemon=True).start()


def certificate():
    key, cert = (os.path.join(DIRECTORY, name) for name in ("key", "cert"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=peer", "-keyout", key,
                    "-out", cert], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def start_peer(stack):
    lib.build_network(stack)
    for port, context in ((HTTP, None), (TLS, certificate())):
        with lib.inside("peer"):
            server = socket.create_server(("::", port), family=socket.AF_INET6, backlog=64,
                                          dualstack_ipv6=True)
        stack.callback(server.close)
        threading.Thread(target=serve, args=(server, context), daemon=True).start()


# --- the host -----------------------------------------------------------------

def fetch(*arguments):
    done = subprocess.run(["curl", "-sSk", "--max-time", "60", *arguments], text=True,
                          capture_output=True, check=False)
    equal(done.stdout, "yes\n", done.stderr)


def fetch_tls(name, family=4):
    where = lib.PEER[family] if family == 4 else f"[{lib.PEER[family]}]"
    fetch("--connect-to", f"{name}:{TLS}:{where}:{TLS}", f"https://{name}:{TLS}/")


def fetch_http(name):
    fetch("-H", f"Host: {name}", f"http://{lib.PEER[4]}:{HTTP}/")


def send(lines):
    """A request as it stands, at once."""
    with socket.create_connection((lib.PEER[4], HTTP), timeout=60) as client:
        client.sendall("\r\n".join([*lines, "", ""]).encode())
        true(client.recv(100), "no answer")


def fresh(config=None):
    lib.fresh()
    fresh_kernel()
    daemon = Msegd(config=config)
    lib.wait_for(lambda: daemon.status()["enforced"] is not None, "service", 20)
    return daemon


def ask(daemon, what, query):
    return daemon.get(f"{what}?q={urllib.parse.quote(query)}").wanted(200)[what]


def named(daemon, name, n=1):
    """The flows of a name, once they have ended."""
    def look():
        found = ask(daemon, "flows", f"name:{name}")
        return len(found) >= n and all(flow["event"] == "end" for flow in found) and found
    return lib.wait_for(look, f"ended flow to {name}: {ask(daemon, 'flows', 'direction:out')}", 90)


# --- subtests -----------------------------------------------------------------

@subtest("a connection by TLS has the name that it is for, though nobody looked it up")
def _():
    daemon = fresh()
    for family in (4, 6):
        fetch_tls(f"secret{family}.example", family)
        flow, = named(daemon, f"secret{family}.example")
        equal((flow["observedName"], flow["destinationIP"], flow["destinationPort"],
               flow.get("destinationFQDN")),
              (f"secret{family}.example", lib.PEER[family], TLS, None))
        edge, = ask(daemon, "edges", f"name:secret{family}.example")
        equal((edge["observedName"], edge["destinationFQDN"], edge["flows"], edge["service"]),
              (f"secret{family}.example", "", 1, f"tcp/{TLS}"))
    # Each is one row and counts once: what was written before the name was known moved.
    equal(len(ask(daemon, "flows", f"port:{TLS} direction:out")), 2, "flows")
    equal(sum(edge["flows"] for edge in ask(daemon, "edges", f"port:{TLS}")), 2, "counted")


@subtest("so has one by HTTP, without its port, in lower case; mctl shows and finds it")
def _():
    daemon = fresh()
    fetch_http(f"Shop.Example:{HTTP}")
    flow, = named(daemon, "shop.example")
    equal(flow["observedName"], "shop.example")
    for query in ("name:*.example", "shop", "observedName == 'shop.example'"):
        form = ["reportsquery", "flows", "--from-rel", "1h", "--filter"] if "==" in query else \
            ["flows"]
        shown = mctl("--socket", daemon.socket, *form, query, "-o", "json")
        equal(shown.returncode, 0, shown.stderr)
        true("shop.example" in shown.stdout, f"{query}: {shown.stdout}")
    table = mctl("--socket", daemon.socket, "flows", "name:shop.example").stdout
    true("NAME" in table and " shop.example " in table, table)


@subtest("who names an address, nobody, or nonsense, has no name; what is long is read as far")
def _():
    daemon = fresh()
    for name in (lib.PEER[4], f"{lib.PEER[4]}:{HTTP}", "<script>alert(1)</script>", "a b", "-",
                 "x" * 300):
        fetch_http(name)
    for lines in ([], ["X-Long: " + "x" * 3000, "Host: after.example"],
                  ["Host: one.example", "Host: two.example"],
                  ["Host: before.example", "X-Long: " + "x" * 3000]):
        send(["GET / HTTP/1.1", *lines])
    named(daemon, "before.example")
    flows = ask(daemon, "flows", f"port:{HTTP} direction:out")
    equal(len(flows), 10, "flows")
    equal({flow.get("observedName") for flow in flows}, {None, "before.example"}, "names")


@subtest("where the configuration says so nothing is copied, from then on and again")
def _():
    daemon = fresh("records: {observed_names: false}\n")
    before = lib.stats()["heads_made"]
    fetch_tls("private.example")
    fetch_http("private.example")
    lib.wait_for(lambda: len(ask(daemon, "flows", f"port:{HTTP},{TLS} direction:out")) == 2,
                 "two flows", 60)
    equal(lib.stats()["heads_made"], before, "heads")
    equal(ask(daemon, "flows", "name:private.example"), [])
    for text, name, made in (("", "public.example", 1),
                             ("records: {observed_names: false}\n", "hidden.example", 0)):
        with open(daemon.config, "w", encoding="ascii") as file:
            file.write(text)
        daemon.process.send_signal(signal.SIGHUP)

        def made_one(which=f"probe{made}.example"):
            count = lib.stats()["heads_made"]
            fetch_http(which)
            return lib.stats()["heads_made"] - count
        lib.wait_for(lambda wanted=made: made_one() == wanted, f"{made} heads", 30)
        fetch_http(name)
    named(daemon, "public.example")
    equal(ask(daemon, "flows", "name:hidden.example"), [])


@subtest("a name that is given is no reason to let anything through")
def _():
    daemon = fresh()
    daemon.post("externalnetworks", {"name": "shop", "entries": ["shop.example"]}).wanted(201)
    daemon.post("netrulesets", {
        "name": "shop", "subject": [["$identity=processingunit"]],
        "outgoingRules": [{"action": "Allow", "object": [["externalnetwork:name=shop"]],
                           "protocolPorts": [f"tcp/{HTTP}"]}]}).wanted(201)
    daemon.ask("PUT", "discovery", {"outgoing": "Reject"}).wanted(200)
    done = subprocess.run(["curl", "-sS", "--max-time", "20", "-H", "Host: shop.example",
                           f"http://{lib.PEER[4]}:{HTTP}/"], capture_output=True, check=False)
    equal(done.returncode, 7, done.stderr)


if __name__ == "__main__":
    load_module()
    with contextlib.ExitStack() as everything:
        everything.callback(shutil.rmtree, DIRECTORY, ignore_errors=True)
        fresh_kernel()      # whoever was here before may have rejected everything
        start_peer(everything)
        main()
