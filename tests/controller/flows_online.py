#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Flow records from the module to the disk, with real traffic: what they say, and that
nothing is lost unseen: overload, the service stopped, killed, a full disk.
"""

import collections
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.parse

from endless import SLOW, endless
from msegd import (TOP, Connection, Msegd, equal, fresh_kernel, load_module, main, mctl,
                   network, ruleset, subtest, true)

PEER, HOST = "10.99.0.2", "10.99.0.1"
LIMIT = 60


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def topology():
    """host 10.99.0.1 -- 10.99.0.2 in the network namespace "peer"."""
    if os.path.exists("/run/netns/peer"):
        return
    ip("netns", "add", "peer")
    ip("link", "add", "flows0", "type", "veth", "peer", "name", "flows1", "netns", "peer")
    ip("addr", "add", HOST + "/24", "dev", "flows0")
    ip("link", "set", "flows0", "up")
    for command in (["addr", "add", PEER + "/24", "dev", "flows1"], ["link", "set", "flows1", "up"],
                    ["link", "set", "lo", "up"]):
        ip("-n", "peer", *command)


def in_peer(program, *arguments):
    return subprocess.run(["ip", "netns", "exec", "peer", "python3", "-c", program, *arguments],
                          check=True, capture_output=True, text=True, timeout=120).stdout


CONNECT = """
import socket, sys
for port in sys.argv[3:]:
    for _ in range(int(sys.argv[2])):
        with socket.socket() as s:
            s.settimeout(10)
            try:
                s.connect((sys.argv[1], int(port)))
                s.recv(1)
            except OSError:
                pass
"""

SEND = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for port in range(int(sys.argv[2]), int(sys.argv[3])):
    s.sendto(b"x", (sys.argv[1], port))
"""


@contextlib.contextmanager
def listening(port):
    """A server on the host that says a byte and ends."""
    program = ("import socket\n"
               f"s = socket.create_server(('{HOST}', {port}), backlog=256)\n"
               "print('up', flush=True)\n"
               "while True:\n"
               "    c, _ = s.accept()\n"
               "    c.send(b'x')\n"
               "    c.close()\n")
    with subprocess.Popen(["python3", "-c", program], stdout=subprocess.PIPE) as server:
        server.stdout.readline()
        try:
            yield
        finally:
            server.kill()


def fresh(**options):
    """A service of its own; what the module had made when nobody listened yet, with it."""
    topology()
    fresh_kernel()
    made = stats()["flows_made"]
    daemon = Msegd(**options)
    daemon.made = made
    return daemon


def ask(daemon, what, **parameters):
    return daemon.get(what + "?" + urllib.parse.urlencode(parameters)).wanted(200).body


def stats():
    rows = json.loads(mctl("stats", "-o", "json").stdout)
    if isinstance(rows, dict):
        return rows
    return {row["name"]: row["value"] for row in rows}


def await_flows(daemon, wanted, **parameters):
    limit = time.monotonic() + LIMIT
    found = []
    while time.monotonic() < limit:
        found = ask(daemon, "flows", limit=1000, **parameters)["flows"]
        if wanted(found):
            return found
        time.sleep(0.2)
    raise AssertionError(f"they do not come: {found}")


def settled(daemon):
    """The counters once nothing comes any more."""
    before = None
    limit = time.monotonic() + LIMIT
    while time.monotonic() < limit:
        now = daemon.status()["records"] | {"made": stats()["flows_made"]}
        if now == before:
            return now
        before = now
        time.sleep(2.5)
    raise AssertionError(f"it never ends: {before}")


def total(counts):
    return sum(value for value in counts.values() if isinstance(value, int))


def all_lost(records):
    """Of what was made: while the service was stopped, nothing was."""
    return sum(total(counts) for stage, counts in records["lost"].items()
               if stage != "service stopped")


def check_balance(daemon, made):
    """What the module made is stored, or counted as lost. What ends while it is asked makes
    records between two questions: then they are asked again."""
    for _ in range(5):
        with contextlib.suppress(AssertionError):
            return balance(daemon, made)
    return balance(daemon, made)


def balance(daemon, made):
    records = settled(daemon)
    now = stats()
    lost = all_lost(records)
    equal(now["flows_made"] - made, total(records["stored"]) + lost, f"{records}")
    # mctl says the same.
    shown = json.loads(mctl("--socket", daemon.socket, "stats", "-o", "json").stdout)
    equal(shown["records_stored_accept"] + shown["records_stored_reject"],
          total(records["stored"]))
    equal(sum(value for name, value in shown.items() if name.startswith("records_lost_")
              and "service_stopped" not in name), lost)
    return records


@subtest("a connection is stored with the rule, the network and the service that it had")
def _():
    daemon = fresh()
    daemon.post("externalnetworks", network("lan", "10.99.0.0/24")).wanted(201)
    daemon.post("netrulesets", ruleset("ssh", "lan", "tcp/2022")).wanted(201)
    with listening(2022):
        in_peer(CONNECT, HOST, "3", "2022", "2023")
        found = await_flows(daemon, lambda flows: len(flows) >= 3, q="port:2022")
    equal(len(found), 3)
    flow = found[0]
    equal([flow.get(key) for key in ("action", "direction", "sourceIP", "sourceType", "sourceName",
                                     "policyName", "policyNamespace", "destinationPort", "reason")],
          ["Accept", "in", PEER, "ExternalNetwork", "lan", "ssh", "/", 2022, "rule"])
    true(flow["policyID"] and flow["sourceID"] and flow["enforcerID"], flow)
    other = await_flows(daemon, bool, q="port:2023")[0]
    equal((other["sourceType"], other["reason"], other["policyID"]), ("Somewhere", "default", ""))
    # What happened keeps its names.
    daemon.ask("DELETE", "netrulesets/ssh").wanted(200)
    daemon.ask("PATCH", "externalnetworks/lan", {"name": "other"}).wanted(200)
    equal(ask(daemon, "flows", q="network:lan ruleset:ssh")["flows"][0]["policyID"],
          flow["policyID"])


@subtest("a rejected peer is one line, in red, and every attempt is counted")
def _():
    daemon = fresh()
    made = daemon.made
    daemon.ask("PUT", "discovery", {"incoming": "reject"}).wanted(200)
    in_peer(CONNECT, HOST, "7", "2024")
    await_flows(daemon, lambda flows: sum(flow["value"] for flow in flows) >= 7,
                q="port:2024 verdict:reject")
    limit = time.monotonic() + LIMIT
    while time.monotonic() < limit:
        lines = ask(daemon, "map", q="port:2024")["lines"]
        if lines and lines[0]["counts"]["rejectedDefault"] >= 7:
            break
        time.sleep(0.3)
    equal([(line["style"], line["direction"], line["counts"]["rejectedDefault"])
           for line in lines], [("rejected-default", "Incoming", 7)])
    check_balance(daemon, made)


@subtest("overload: what was made is stored or counted, and named by coverage")
def _():
    daemon = fresh()
    made = daemon.made
    for _ in range(3):
        in_peer(SEND, HOST, "10000", "40000")
    records = check_balance(daemon, made)
    said = ask(daemon, "coverage", since="1h")
    lost = all_lost(records)
    equal(said["complete"], not lost, f"{said}")
    equal(sum(hole["lost"] for hole in said["holes"]), lost)


@subtest("nothing is lost while questions are answered that take for ever")
def _():
    topology()
    fresh_kernel()
    made = stats()["flows_made"]
    daemon = endless()
    asked = [Connection(daemon.socket) for _ in range(6)]
    for connection in asked:
        connection.request("GET", SLOW)
    for port in range(30000, 36000, 1000):
        in_peer(SEND, HOST, str(port), str(port + 1000))
        time.sleep(1)
    await_flows(daemon, bool, q="port:35999")
    records = check_balance(daemon, made)
    equal(all_lost(records), 0)
    equal({connection.getresponse().status for connection in asked}, {503})


@subtest("stopped for a while, the service picks up what is held, and names the rest as a hole")
def _():
    daemon = fresh()
    held = socket.create_server((HOST, 2025))
    program = (f"import socket, time\ns = socket.create_connection(('{HOST}', 2025))\n"
               "print('up', flush=True)\ntime.sleep(300)\n")
    with subprocess.Popen(["ip", "netns", "exec", "peer", "python3", "-c", program],
                          stdout=subprocess.PIPE) as client:
        client.stdout.readline()
        await_flows(daemon, bool, q="port:2025")
        for end in (daemon.stop, daemon.kill):
            time.sleep(2)
            end()
            in_peer(SEND, HOST, "50000", "50040")
            time.sleep(1)
            daemon.start()
            time.sleep(3)
        flows = await_flows(daemon, bool, q="port:2025")
        equal(len({flow["ID"] for flow in flows}), 1)
        equal(sum(flow["value"] for flow in flows), 1, "it is counted once")
        # The attempts of the pause are remembered by the module, and found there.
        held_now = await_flows(daemon, lambda flows: len(flows) >= 40, q="port:50000-50039")
        true(held_now, "nothing was picked up")
        client.kill()
    held.close()


@subtest("of what came and went while it was stopped, coverage says how much")
def _():
    daemon = fresh()
    time.sleep(2)
    daemon.stop()
    mctl("rollback", "--yes")
    with listening(2026):
        in_peer(CONNECT, HOST, "30", "2026")
    # Closed connections are forgotten soon.
    limit = time.monotonic() + 120
    while time.monotonic() < limit:
        rows = json.loads(mctl("connections", "-o", "json").stdout)
        if sum("2026" in json.dumps(row) for row in rows) == 0:
            break
        time.sleep(2)
    daemon.start()
    limit = time.monotonic() + LIMIT
    said = ask(daemon, "coverage", since="1h")
    while not said["holes"] and time.monotonic() < limit:
        time.sleep(0.5)
        said = ask(daemon, "coverage", since="1h")
    equal([hole["where"] for hole in said["holes"]], ["service stopped"])
    true(said["holes"][0]["lost"] >= 30, said["holes"])
    equal(said["complete"], False)


@subtest("a full disk loses records, all counted, and the service goes on when there is room")
def _():
    topology()
    fresh_kernel()
    daemon = Msegd(start=False)
    os.makedirs(daemon.state + "/flows")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", daemon.state + "/flows"],
                   check=True)
    try:
        daemon.start()
        made = stats()["flows_made"]
        ballast = daemon.state + "/flows/ballast"
        with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
        in_peer(SEND, HOST, "20000", "24000")
        limit = time.monotonic() + LIMIT
        while not total(daemon.status()["records"]["lost"]["disk"]) and time.monotonic() < limit:
            time.sleep(0.5)
        true(daemon.status()["problems"], "no problem is told")
        os.unlink(ballast)
        time.sleep(3)
        in_peer(SEND, HOST, "30000", "30010")
        await_flows(daemon, bool, q="port:30000-30009")
        check_balance(daemon, made)
        holes = ask(daemon, "coverage", since="1h")["holes"]
        true("disk" in [hole["where"] for hole in holes], holes)
    finally:
        daemon.finish()
        subprocess.run(["umount", "-l", daemon.state + "/flows"], check=False)


@subtest("those who follow hear the flows that they ask for")
def _():
    daemon = fresh()
    with subprocess.Popen(["python3", "-c", FOLLOW, daemon.socket], stdout=subprocess.PIPE,
                          text=True) as follower:
        equal(follower.stdout.readline().strip(), "200")
        in_peer(SEND, HOST, "26000", "26005")
        heard = [json.loads(follower.stdout.readline()) for _ in range(2)]
        follower.kill()
    equal(collections.Counter(flow["destinationPort"] for flow in heard),
          collections.Counter([26001, 26003]))


@subtest("what a follower loses that does not read is counted, and said")
def _():
    daemon = fresh()
    settled(daemon)
    made = stats()["flows_made"]
    command = [os.path.join(TOP, "build/bin/mctl"), "--socket", daemon.socket, "flows", "--follow",
               "-o", "jsonl"]
    with open(daemon.directory + "/out", "w") as out, \
         subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, text=True) as follower:
        equal(follower.stderr.readline(), "listening\n")
        follower.send_signal(signal.SIGSTOP)
        in_peer(SEND, HOST, "31000", "34000")
        settled(daemon)
        follower.send_signal(signal.SIGCONT)
        # The next record, or the comment that comes every 15 seconds, tells.
        told = follower.stderr.readline()
        time.sleep(1)
        follower.send_signal(signal.SIGINT)
        rest = follower.stderr.read()
        equal(follower.wait(30), 0)
    with open(daemon.directory + "/out") as file:
        heard = len(file.readlines())
    lost = int(re.search(r"lost (\d+) records in all", rest)[1])
    true(told.startswith("mctl: lost") and "stream" in told, told)
    true(0 < lost and 0 < heard < 3000, f"{heard} heard, {lost} lost")
    equal(heard + lost, stats()["flows_made"] - made)
    equal(all_lost(daemon.status()["records"]), 0)


@subtest("what the module made is exported, or counted as lost")
def _():
    topology()
    fresh_kernel()
    daemon = Msegd(config="exports:\n  - {name: file, type: json, to: /run/flows.jsonl}\n"
                          "  - {name: gone, type: ipfix, to: 'tcp:127.0.0.1:9'}\n")
    in_peer(SEND, HOST, "31000", "34000")
    # Some end meanwhile, which makes more records: until all three agree.
    limit = time.monotonic() + LIMIT
    seen = None
    while time.monotonic() < limit and (not seen or len(set(seen)) > 1 or seen[0] < 3000):
        time.sleep(0.5)
        status = daemon.status()
        with open("/run/flows.jsonl") as file:
            flows = [json.loads(line) for line in file if line.endswith("}\n")]
        seen = (total(status["records"]["taken"]), status["exports"][0]["sent"], len(flows))
    equal(len(set(seen)), 1, f"taken, sent and read: {seen}")
    file, gone = status["exports"]
    equal(file["lost"], 0)
    equal(len({flow["destinationPort"] for flow in flows if flow["protocol"] == "udp"}), 3000)
    equal((gone["sent"], gone["connected"], gone["waiting"] + gone["lost"]), (0, False, seen[0]))
    shown = json.loads(mctl("--socket", daemon.socket, "stats", "-o", "json").stdout)
    true(shown["export_file_sent"] >= seen[0] and shown["export_gone_connected"] == 0, shown)


FOLLOW = """
import http.client, socket, sys
c = http.client.HTTPConnection('mseg')
c.sock = socket.socket(socket.AF_UNIX)
c.sock.connect(sys.argv[1])
c.request('GET', '/v1/events?flows=true&q=port:26001,26003')
r = c.getresponse()
print(r.status, flush=True)
kind = None
while True:
    line = r.readline().decode()
    if line.startswith('event:'):
        kind = line[7:].strip()
    if line.startswith('data:') and kind == 'flow':
        print(line[6:].strip(), flush=True)
"""

if __name__ == "__main__":
    load_module()
    main()
