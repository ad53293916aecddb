#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Names from end to end: unbound, clients as people have them, msegd and the module.

      init namespace: the host            peer
     ┌───────────────────────┐    ┌─────────────────────────────────────┐
     │ veth0   msegd         ├────┤ veth0   unbound, port 53            │
     │ getent, curl          │    │ lo: 10.99.0.0/16, 2001:db8:99::/64, │
     │                       │    │     port 8080 on all of it          │
     └───────────────────────┘    └─────────────────────────────────────┘

MSEG_NAMES says how many fresh names are looked up and connected to (1000).
"""

import calendar
import contextlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from msegd import (TOP, Msegd, equal, fresh_kernel, kernel, load_module, main, mctl, network,
                   skip_all, subtest, true)

sys.path.insert(0, os.path.join(TOP, "tests/selftests"))
import lib  # noqa: E402 pylint: disable=wrong-import-position

NAMES = int(os.environ.get("MSEG_NAMES", "1000"))
PORT = 8080
ZONE = "fresh.example"
DIRECTORY = tempfile.mkdtemp(prefix="names-")
RESOLV_CONF = os.path.join(DIRECTORY, "resolv.conf")
resolver = None

UNBOUND = f"""
server:
  username: ""
  chroot: ""
  directory: "{DIRECTORY}"
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  num-threads: 1
  interface: 192.0.2.2
  interface: 2001:db8::2
  access-control: 192.0.2.0/24 allow
  access-control: 2001:db8::/32 allow
  module-config: "iterator"
  local-zone: "." static
  local-data: "other.example. 30 IN A 10.99.255.1"
"""


# --- the peer -----------------------------------------------------------------

def address(number):
    """Names of even numbers have IPv4 addresses, the others IPv6 ones."""
    if number % 2:
        return f"2001:db8:99::{number + 1:x}"
    return f"10.99.{number >> 8}.{number & 255}"


def write_zone():
    with open(os.path.join(DIRECTORY, "unbound.conf"), "w", encoding="ascii") as file:
        file.write(UNBOUND)
        for number in range(NAMES + 200):
            kind = "AAAA" if number % 2 else "A"
            file.write(f'  local-data: "n{number}.{ZONE}. 30 IN {kind} {address(number)}"\n')


def answer(connection):
    with contextlib.suppress(OSError), connection:
        connection.settimeout(20)
        asked = connection.recv(4096)
        while asked and b"\r\n\r\n" not in asked:
            asked = connection.recv(4096)
        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nyes\n")


def serve(server):
    with contextlib.suppress(OSError):
        while True:
            threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()


def start_peer(stack):
    """Its addresses, its resolver, and who answers on them."""
    global resolver
    lib.build_network(stack)
    for words in (("-4", "10.99.0.0/16"), ("-6", "2001:db8:99::/64")):
        lib.command("ip", "-n", "peer", words[0], "route", "add", "local", words[1], "dev", "lo")
    write_zone()
    resolver = subprocess.Popen(["ip", "netns", "exec", "peer", "unbound", "-d", "-c",
                                 os.path.join(DIRECTORY, "unbound.conf")],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
    stack.callback(resolver.kill)
    with lib.inside("peer"):
        server = socket.create_server(("::", PORT), family=socket.AF_INET6, backlog=256,
                                      dualstack_ipv6=True)
    stack.callback(server.close)
    threading.Thread(target=serve, args=(server,), daemon=True).start()


def ask_peer(stack):
    """The host's resolver is the peer's from now on."""
    with open(RESOLV_CONF, "w", encoding="ascii") as file:
        file.write("nameserver 192.0.2.2\noptions timeout:5 attempts:1\n")
    lib.command("mount", "--bind", RESOLV_CONF, "/etc/resolv.conf")
    stack.callback(lib.command, "umount", "/etc/resolv.conf", check=False)
    lib.wait_for(lambda: looked_up("other.example"), "answer of unbound", 60)


# --- the host -----------------------------------------------------------------

def rules(*nets):
    services = {"resolver": ["udp/53", "tcp/53"]}
    return {"name": "names", "subject": [["$identity=processingunit"]],
            "outgoingRules": [{"action": "Allow", "object": [[f"externalnetwork:name={name}"]],
                               "protocolPorts": services.get(name, [f"tcp/{PORT}"])}
                              for name in nets]}


def policed(*entries):
    """A service that rejects all but the resolver, and one network of names."""
    lib.fresh()         # what was learned outlives a change of policy
    fresh_kernel()
    daemon = Msegd()
    daemon.post("externalnetworks", network("resolver", "192.0.2.2", "2001:db8::2")).wanted(201)
    daemon.post("externalnetworks", network("api", *entries or [f"*.{ZONE}"])).wanted(201)
    daemon.post("netrulesets", rules("resolver", "api")).wanted(201)
    daemon.ask("PUT", "discovery", {"incoming": "Reject", "outgoing": "Reject"}).wanted(200)
    return daemon


def looked_up(name):
    """Its addresses, as programs get them."""
    done = subprocess.run(["getent", "ahosts", name], text=True, capture_output=True, check=False)
    return [line.split()[0] for line in done.stdout.splitlines() if "STREAM" in line]


def connects(where):
    """Whether the first attempt to connect succeeds."""
    try:
        with socket.create_connection((where, PORT), timeout=30):
            return True
    except OSError as error:
        return error


def fetched(name):
    done = subprocess.run(["curl", "-sS", "--max-time", "60", f"http://{name}:{PORT}/"], text=True,
                          capture_output=True, check=False)
    return done.stdout or done.stderr


def rejected():
    stats = lib.stats()
    return stats["judged_reject_rule"] + stats["judged_reject_default"]


def when(text):
    """A time, to the second."""
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))


def lookups(daemon, query, wanted, seconds=20):
    """Those that a query chooses, once there are so many."""
    def look():
        found = daemon.get("dns?q=" + query).wanted(200)["lookups"]
        return len(found) >= wanted and found
    return lib.wait_for(look, f"{wanted} lookups of {query}", seconds)


# --- subtests -----------------------------------------------------------------

@subtest(f"{NAMES} fresh names: each is looked up and connected to at once, none is refused")
def _():
    policed()
    before, refused = rejected(), []
    every = max(10, NAMES // 10)    # curl's and getent's: they take their time
    for number in range(NAMES):
        name = f"n{number}.{ZONE}"
        if number % every == 0:
            result = fetched(name) == "yes\n" or fetched(name)
        elif number % every == 5:
            result = connects(looked_up(name)[0])
        else:
            result = connects(name)
        if result is not True:
            refused.append((name, result))
    equal(refused, [], "refused")
    equal(rejected(), before, "packets that the policy refused")


@subtest("what is no such name is refused at once, looked up or not")
def _():
    daemon = policed()
    equal(looked_up("other.example"), ["10.99.255.1"])
    for where in ("10.99.255.1", "other.example", address(NAMES + 150), address(NAMES + 151)):
        error = connects(where)
        true(isinstance(error, ConnectionRefusedError), f"{where}: {error}")
    equal(daemon.get("dns/cache").wanted(200).body, [])


@subtest("lookups are kept: what was answered, what failed, what nobody answered, what was rejected")
def _():
    daemon = policed()
    true(looked_up(f"n0.{ZONE}"), "no address")
    equal(looked_up(f"missing.{ZONE}"), [])
    found = lookups(daemon, f"name:n0.{ZONE} type:A".replace(" ", "%20"), 1)[0]
    equal((found["action"], found["resolvedIPs"], found["serverIP"], found["command"],
           found["learned"], found["reason"]),
          ("Resolve", [address(0)], "192.0.2.2", "getent", 1, ""))
    failed = lookups(daemon, "action:fail", 1)[0]
    equal((failed["resolvedName"], failed["reason"]), (f"missing.{ZONE}", "NXDOMAIN"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        with contextlib.suppress(OSError):
            asker.sendto(query(b"\4name\7example\0"), ("198.51.100.53", 53))
    equal(lookups(daemon, "action:reject", 1)[0]["reason"], "POLICY")
    resolver.send_signal(signal.SIGSTOP)
    try:
        equal(looked_up(f"n3.{ZONE}"), [])
        silent = lookups(daemon, f"action:fail%20name:n3.{ZONE}", 1, 60)[0]
    finally:
        resolver.send_signal(signal.SIGCONT)
    equal(silent["reason"], "TIMEOUT")
    shown = mctl("--socket", daemon.socket, "dns", "name:*.example", "action:fail", "-o", "jsonl")
    equal(shown.returncode, 0, shown.stderr)
    true(all(json.loads(line)["action"] == "Fail" for line in shown.stdout.splitlines()),
         shown.stdout)
    report = mctl("--socket", daemon.socket, "reportsquery", "dnslookups", "--from-rel", "1h",
                  "--filter", f'resolvedName == "n0.{ZONE}"', "-o", "json")
    true(json.loads(report.stdout), report.stderr)


def query(name, ident=7):
    return struct.pack("!6H", ident, 0x100, 1, 0, 0, 0) + name + struct.pack("!2H", 1, 1)


@subtest("a name that would be more is text wherever it is shown")
def _():
    daemon = policed()
    label = b'<script>"\'\x1b[31m\n'
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(20)
        asker.connect(("192.0.2.2", 53))
        asker.send(query(bytes([len(label)]) + label + b"\7example\0"))
        asker.recv(4096)
    found = lookups(daemon, "script", 1)[0]
    equal(found["resolvedName"],
          r"\060script\062\034\039\027\09131m\010.example")
    shown = mctl("--socket", daemon.socket, "dns", "script").stdout
    true("\x1b" not in shown and "<" not in shown, shown)


@subtest("a flow carries the name by which its address was learned, and a rule explains it")
def _():
    daemon = policed()
    equal(connects(f"n2.{ZONE}"), True)
    flow = lib.wait_for(lambda: daemon.get(f"flows?q=name:n2.{ZONE}").wanted(200)["flows"],
                        "flow with its name", 60)[0]
    equal((flow["destinationFQDN"], flow["destinationIP"], flow["action"],
           flow["destinationName"]), (f"n2.{ZONE}", address(2), "Accept", "api"))
    of_it = lookups(daemon, f"name:n2.{ZONE}%20type:A", 1)
    equal([flow["destinationLookup"]], [lookup["ID"] for lookup in of_it])
    where = f"direction=out&service=tcp/{PORT}&address={address(2)}"
    told = daemon.get("explain?" + where).wanted(200)
    equal((told["action"], told["network"], told["names"]), ("Allow", "api", [f"n2.{ZONE}"]))
    told = json.loads(mctl("explain", "--kernel", "out", f"tcp/{PORT}", address(2), "-o",
                           "json").stdout)
    equal((told["verdict"], told["network"]), ("allow", "api"))


@subtest("what was learned survives a change of policy, and a reboot until its time is over")
def _():
    daemon = policed()
    equal(connects(f"n4.{ZONE}"), True)
    daemon.post("externalnetworks", network("more", "*.more.example")).wanted(201)
    daemon.ask("PUT", "netrulesets/names", rules("resolver", "api", "more")).wanted(200)
    equal(connects(address(4)), True, "after a change")
    entry = daemon.get("dns/cache").wanted(200).body[0]
    equal((entry["name"], entry["address"], entry["network"], entry["resolver"]),
          (f"n4.{ZONE}", address(4), "api", "192.0.2.2"))
    daemon.stop()
    lib.unload()
    load_module()
    daemon.start()
    lib.wait_for(lambda: daemon.status()["enforced"], "policy", 60)
    again = lib.wait_for(lambda: daemon.get("dns/cache").wanted(200).body, "what was learned", 60)
    equal([(one["name"], one["address"]) for one in again], [(f"n4.{ZONE}", address(4))])
    true(abs(when(again[0]["until"]) - when(entry["until"])) < 2, (again, entry))
    equal(connects(address(4)), True, "after a reboot")
    shown = json.loads(mctl("--socket", daemon.socket, "dns", "cache", "-o", "json").stdout)
    equal(shown[0]["name"], f"n4.{ZONE}")


@subtest("whose answers count is found, or configured, and follows a change")
def _():
    daemon = policed()
    equal(json.loads(mctl("status", "-o", "json").stdout)["resolvers"], ["192.0.2.2"])
    equal(daemon.status()["dns"]["resolvers"], ["192.0.2.2"])
    daemon.stop()
    daemon.config = os.path.join(daemon.directory, "mseg.conf")
    for text, wanted in (("dns: {resolvers: [192.0.2.99]}", ["192.0.2.99"]), ("", ["192.0.2.2"])):
        with open(daemon.config, "w", encoding="ascii") as file:
            file.write(text)
        if daemon.process.poll() is None:
            daemon.process.send_signal(signal.SIGHUP)
        else:
            daemon.start()
        lib.wait_for(lambda w=wanted: json.loads(mctl("status", "-o", "json").stdout)["resolvers"]
                     == w, f"resolvers {wanted}", 20)
        if wanted == ["192.0.2.99"]:
            true(isinstance(connects(f"n6.{ZONE}"), ConnectionRefusedError), "it was learned from")
            doctor = mctl("doctor", "-o", "json").stdout
            true("this host asks others than 192.0.2.99" in doctor, doctor)
    equal(connects(f"n6.{ZONE}"), True)


@subtest("entries of names reach the module and come back, from a flat policy too")
def _():
    daemon = policed("B\u00fccher.Example.", "*.Example.org", "10.9.0.0/16")
    equal(daemon.get("externalnetworks/api").wanted(200)["entries"],
          ["10.9.0.0/16", "xn--bcher-kva.example", "*.example.org"])
    nets = {net["name"]: net["entries"] for net in kernel()[1]}
    equal(nets["api"], ["10.9.0.0/16", "xn--bcher-kva.example", "*.example.org"])
    equal(daemon.status()["problems"], [])
    daemon.post("externalnetworks", network("x", "!api.example")).wanted(400)
    daemon.stop()
    flat = {"networks": [{"name": "n", "entries": ["api.Example.", "192.0.2.0/24"]}],
            "rules": [{"direction": "out", "networks": ["n"], "services": ["tcp/443"],
                       "action": "allow"}]}
    done = mctl("load", "-f", "-", "--yes", input=json.dumps(flat),
                env={**os.environ, "MSEG_SOCKET": "/nonexistent"})
    equal(done.returncode, 0, done.stderr)
    equal(kernel()[1][0]["entries"], ["192.0.2.0/24", "api.example"])


if __name__ == "__main__":
    load_module()
    if not shutil.which("unbound"):
        skip_all("there is no unbound")
    with contextlib.ExitStack() as everything:
        everything.callback(shutil.rmtree, DIRECTORY, ignore_errors=True)
        fresh_kernel()      # whoever was here before may have rejected everything
        start_peer(everything)
        ask_peer(everything)
        main()
