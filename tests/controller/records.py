#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What msegd says of stored flow records, without the module: pages, queries, sums, days.

tests/records/synthesize fills the stores.
"""

import collections
import glob
import json
import os
import sqlite3
import subprocess
import time
import urllib.parse

from msegd import TOP, Msegd, equal, main, mctl, subtest, true

SYNTHESIZE = os.path.join(TOP, "build/tests/synthesize")
FLOWS, DAYS = 6000, 3


def filled(*options, config=None, damage=None):
    """A service with a store of flows."""
    daemon = Msegd(config=config, start=False)
    os.mkdir(daemon.state, 0o700)
    subprocess.run([SYNTHESIZE, "--flows", str(FLOWS), "--days", str(DAYS), *options,
                    daemon.state + "/flows"], check=True)
    if damage:
        damage(files(daemon))
    return daemon.start()


def files(daemon):
    return sorted(glob.glob(daemon.state + "/flows/*.db"))


def ask(daemon, what, **parameters):
    return daemon.get(what + "?" + urllib.parse.urlencode(parameters)).wanted(200).body


def flows(daemon, **parameters):
    """All pages."""
    found, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = ask(daemon, "flows", **parameters, **more)
        found += page["flows"]
        cursor = page["cursor"]
        if not cursor:
            return found


def style(flow):
    verdict = "allowed" if flow["action"] == "Accept" else "rejected"
    return verdict + flow["reason"].capitalize()


@subtest("pages hold every flow once, the newest first")
def _():
    daemon = filled()
    found = flows(daemon, since="30d", limit=997)
    equal(len(found), FLOWS)
    equal(len({flow["ID"] for flow in found}), FLOWS)
    times = [flow["timestamp"] for flow in found]
    equal(times, sorted(times, reverse=True))
    equal(len(ask(daemon, "flows")["flows"]), 200)
    for cursor in ("x", "1", "1.2.3", "-1"):
        daemon.get(f"flows?cursor={cursor}").wanted(400)
    for wrong in ("limit=0", "limit=1001", "since=soon", "until=2026-13-01", "q=port:x",
                  "since=1h&until=2h", "buckets=0"):
        daemon.get("flows?" + wrong if "buckets" not in wrong else "histogram?" + wrong).wanted(400)


@subtest("a query that is wrong is refused with its place, by streams, too")
def _():
    daemon = Msegd()
    for target in ("flows", "edges", "map", "histogram", "events?flows=true"):
        said = daemon.get(target + ("&" if "?" in target else "?") + "q=ssh+port:x").wanted(400)
        equal([(error["field"], error["column"]) for error in said["errors"]], [("q", 10)], target)


@subtest("queries choose what the same words choose from all of them")
def _():
    daemon = filled()
    everything = flows(daemon, since="30d", limit=1000)
    chosen = {
        "port:22": lambda flow: flow.get("destinationPort") == 22,
        "-port:22 proto:tcp": lambda flow: flow.get("destinationPort") != 22
                                           and flow["protocol"] == "tcp",
        "verdict:reject reason:default": lambda flow: style(flow) == "rejectedDefault",
        "network:ssh,ntp direction:in": lambda flow: flow.get("sourceName") == "ssh",
        "service:icmp/8/0": lambda flow: flow["protocol"] == "icmp",
        "name:*.snapcraft.io": lambda flow: flow.get("destinationFQDN") == "api.snapcraft.io",
        "peer:2001:db8::/32": lambda flow: flow["destinationIP"].startswith("2001:db8:1"),
        "user:0 command:cloud-init": lambda flow: flow.get("command") == "cloud-init",
        "port:9": lambda flow: False,
    }
    for query, wanted in chosen.items():
        got = [flow["ID"] for flow in flows(daemon, since="30d", q=query, limit=500)]
        equal(got, [flow["ID"] for flow in everything if wanted(flow)], query)
    said = daemon.get("flows?q=ssh+prot:1").wanted(400)
    equal((said["errors"][0]["field"], said["errors"][0]["column"]), ("q", 5))


@subtest("a flow keeps what it was: rule, ruleset, namespace and names are in it")
def _():
    daemon = filled()
    flow = ask(daemon, "flows", q="port:22", since="30d", limit=1)["flows"][0]
    equal([flow[key] for key in ("sourceType", "sourceName", "ruleName", "policyName",
                                 "policyNamespace", "namespace", "command", "destinationName")],
          ["ExternalNetwork", "ssh", "from the jump hosts", "ssh", "/", "/", "sshd", "demo"])
    true(len(flow["policyID"]) == 24 and len(flow["enforcerID"]) == 24, flow)


@subtest("a map of too many peers is grouped by subnet, and then by port")
def _():
    def look(daemon, **parameters):
        picture = ask(daemon, "map", since="30d", **parameters)
        keys = {peer["key"] for peer in picture["peers"]}
        true(len(keys) == len(picture["peers"]) <= 200 and len(picture["lines"]) <= 600, len(keys))
        equal({line["peer"] for line in picture["lines"]} - keys, set())
        return picture

    single = look(filled("--networks", "150"))
    equal((single["grouping"], single["peersTotal"]), ("none", len(single["peers"])))
    daemon = filled("--networks", "1000")
    grouped = look(daemon)
    equal(grouped["grouping"], "subnet")
    true(grouped["peersTotal"] > 900 and grouped["linesTotal"] > 900, grouped["peersTotal"])
    equal({peer["key"] for peer in grouped["peers"] if peer["type"] == "Subnet"} >=
          {f"Subnet/10.{30 + i}.0.0/16" for i in range(4)}, True)
    true("Somewhere/Somewhere" in {peer["key"] for peer in grouped["peers"]}, "Somewhere")
    equal(sum(line["flows"] for line in grouped["lines"]), FLOWS)
    for line in grouped["lines"]:
        kind, name = line["peer"].split("/", 1)
        more = " -peer:Somewhere" if kind == "Subnet" else ""
        way = "in" if line["direction"] == "Incoming" else "out"
        again = look(daemon, q=f"peer:{name}{more} direction:{way}")
        equal(sum(other["flows"] for other in again["lines"]), line["flows"], line["peer"])
    ports = look(filled("--networks", "60000", "--flows", "60000"))
    equal(ports["grouping"], "port")
    true("Service/tcp/22" in {peer["key"] for peer in ports["peers"]}, ports["peers"])


@subtest("edges, map and histogram say the same as the flows")
def _():
    daemon = filled()
    wanted = collections.Counter(style(flow) for flow in flows(daemon, since="30d", limit=1000))
    lines = ask(daemon, "map", since="30d")
    true(lines["host"]["ID"], lines["host"])
    equal(collections.Counter(sum((collections.Counter(line["counts"]) for line in lines["lines"]),
                                  collections.Counter())), wanted)
    got = collections.Counter()
    for bucket in ask(daemon, "histogram", since="30d", buckets=7)["buckets"]:
        got.update({key: value for key, value in bucket.items() if key != "time" and value})
    equal(got, wanted)
    edges, cursor = [], {}
    while cursor is not None:
        page = ask(daemon, "edges", since="30d", limit=100, **cursor)
        edges += page["edges"]
        cursor = {"cursor": page["cursor"]} if page["cursor"] else None
    equal(sum(edge["flows"] for edge in edges), FLOWS)
    counts = [edge["flows"] for edge in edges]
    equal(counts, sorted(counts, reverse=True))
    styles = {(line["peer"], line["direction"]): line["style"] for line in lines["lines"]}
    equal(styles["ExternalNetwork/ssh", "Incoming"], "allowed-rule")
    equal(styles["ProcessingUnit/host-b", "Outgoing"], "rejected-rule")
    equal(styles["Somewhere/Somewhere", "Incoming"], "both")


@subtest("a part of a day is summed by five minutes, and a short time by flows")
def _():
    daemon = filled("--days", "1")
    near = flows(daemon, since="2h", limit=1000)
    histogram = ask(daemon, "histogram", since="2h", buckets=60)
    true(histogram["step"] < 300, histogram["step"])
    shown = sum(value for bucket in histogram["buckets"] for key, value in bucket.items()
                if key != "time")
    true(abs(shown - len(near)) <= 5, f"{shown} of {len(near)}")
    total = sum(line["flows"] for line in ask(daemon, "map", since="2h")["lines"])
    true(len(near) <= total <= len(near) + FLOWS / 24 / 12 * 2, f"{total} of {len(near)}")
    only = ask(daemon, "map", since="2h", q="network:ssh")
    equal([peer["name"] for peer in only["peers"]], ["ssh"])
    # What ended before is not in the picture, though its five minutes reach into the range.
    newest = flows(daemon, since="1h")[0]["lastSeen"]
    lines = ask(daemon, "map", since=newest)["lines"]
    true(lines and all(line["lastSeen"] >= newest for line in lines), (newest, lines))


@subtest("the histogram of all says the same by minutes as by flows, of older files, too")
def _():
    def older(paths):
        with sqlite3.connect(paths[0]) as db:
            db.execute("DROP TABLE minute")
            db.execute("DELETE FROM counter WHERE name='minutes'")
    for damage in None, older:
        daemon = filled("--days", "2", damage=damage)
        for span, buckets in ("30d", 1000), ("3h", 60), ("20h", 60), ("30d", 7):
            both = [ask(daemon, "histogram", since=span, buckets=buckets, q=query)["buckets"]
                    for query in ("", "-port:1")]
            sums = [collections.Counter(), collections.Counter()]
            for total, found in zip(sums, both):
                for bucket in found:
                    total.update({key: value for key, value in bucket.items() if key != "time"})
            # What is cut is cut at a minute, five or a second.
            for key, value in sums[0].items():
                true(abs(value - sums[1][key]) <= (0 if span == "30d" else FLOWS / 48 / 12 * 2),
                     f"{span} {buckets}: {sums}")


@subtest("a damaged day is passed over, and the others are shown")
def _():
    def damage(paths):
        with open(paths[1], "r+b") as file:
            file.write(b"this is no database " * 100)
    daemon = filled(damage=damage)
    found = flows(daemon, since="30d", limit=1000)
    true(0 < len(found) < FLOWS, len(found))
    equal(daemon.get("map?since=30d").status, 200)


@subtest("old days go, whole ones, by age and by size")
def _():
    def wait(daemon, left):
        limit = time.monotonic() + 20
        while len(files(daemon)) > left and time.monotonic() < limit:
            time.sleep(0.1)
        equal(len(files(daemon)), left)
    true(len(files(filled())) >= DAYS, "nothing goes by itself")
    daemon = filled(config="records:\n  days: 2\n")
    wait(daemon, 2)
    true(files(daemon)[-1].endswith(time.strftime("%Y-%m-%d.db", time.gmtime())), "today stays")
    daemon = filled(config="records:\n  size: 1K\n")
    wait(daemon, 1)
    for wrong in ("days: 0", "days: many", "size: 5X", "size: big", "weeks: 3"):
        daemon = Msegd(config=f"records:\n  {wrong}\n", start=False)
        true("records" in daemon.fails() or wrong.split(":")[0] in daemon.fails(), wrong)


@subtest("holes are told by where and how many; coverage is complete without")
def _():
    daemon = filled()
    said = ask(daemon, "coverage", since="30d")
    equal((said["complete"], said["stored"], said["produced"]), (True, FLOWS, FLOWS))
    daemon.stop()
    now = int(time.time() * 1000000)
    with sqlite3.connect(files(daemon)[-1]) as db:
        db.execute("INSERT INTO hole VALUES (?,?,3,70,30,40)", (now - 5000000, now - 4000000))
        db.execute("INSERT INTO hole VALUES (?,?,5,NULL,0,0)", (now - 3000000, now - 2000000))
    daemon.start()
    said = ask(daemon, "coverage", since="1h")
    equal([(hole["where"], hole["lost"], hole["verdicts"]) for hole in said["holes"]],
          [("damaged file", None, {"Accept": 0, "Reject": 0}),
           ("queue", 70, {"Accept": 30, "Reject": 40})])
    equal((said["complete"], said["lost"]["queue"]), (False, 70))
    equal(said["produced"], said["stored"] + 70)


@subtest("names in records are data: control characters arrive escaped")
def _():
    daemon = filled()
    daemon.stop()
    with sqlite3.connect(files(daemon)[-1]) as db:
        db.execute("UPDATE edge SET command='a\x1b[31m\x07\"<script>'")
    daemon.start()
    raw = daemon.get("flows?limit=1").wanted(200).body
    equal(raw["flows"][0]["command"], 'a?[31m?"<script>')
    true("\x1b" not in json.dumps(raw), "escaped in JSON")


def ctl(daemon, *arguments, status=0):
    done = mctl("--socket", daemon.socket, *arguments)
    equal(done.returncode, status, done.stderr)
    return done.stdout


def rows(daemon, *arguments):
    return [json.loads(line) for line in ctl(daemon, *arguments, "-o", "jsonl").splitlines()]


@subtest("mctl flows: options are words of a query; the latest comes last")
def _():
    daemon = filled()
    everything = rows(daemon, "flows", "--since", "30d")
    equal(len(everything), FLOWS)
    times = [flow["timestamp"] for flow in everything]
    equal(times, sorted(times))
    equal(len(rows(daemon, "flows")), 200)
    equal(rows(daemon, "flows", "--last", "3"), everything[-3:])
    found = rows(daemon, "flows", "--since", "30d", "--rule", "from the jump hosts")
    equal(found, [flow for flow in everything if flow["ruleName"] == "from the jump hosts"])
    true(found, "none")
    found = rows(daemon, "flows", "--since", "30d", "--verdict", "reject", "--not", "--port",
                 "23", "direction:in")
    equal(found, [flow for flow in everything if flow["action"] == "Reject"
                  and flow["direction"] == "in" and flow["destinationPort"] != 23])
    true("from the jump hosts" in ctl(daemon, "flows", "port:22"), "the table")
    for wrong in (["prot:1"], ["--last", "0"], ["--since", "soon"], ["--port", "x"], ["--not"]):
        ctl(daemon, "flows", *wrong, status=2)
    equal(len(json.loads(ctl(daemon, "reportsquery", "flows", "-o", "json"))), FLOWS)


@subtest("mctl top and mctl coverage")
def _():
    daemon = filled()
    found = rows(daemon, "top", "--since", "30d", "--last", "5", "network:dns,ntp")
    true(found and {edge["peer"]["name"] for edge in found} == {"dns", "ntp"}, found)
    equal(ctl(daemon, "coverage"), f"complete: {FLOWS} records stored of {FLOWS} made\n")
    daemon.stop()
    now = int(time.time() * 1000000)
    with sqlite3.connect(files(daemon)[-1]) as db:
        db.execute("INSERT INTO hole VALUES (?,?,0,70,30,40)", (now - 5000000, now - 4000000))
    daemon.start()
    said = ctl(daemon, "coverage", "--since", "1h", status=1)
    true(said.startswith("incomplete") and "kernel ring" in said and "70" in said, said)
    equal(json.loads(ctl(daemon, "coverage", "-o", "json", status=1))["complete"], False)


if __name__ == "__main__":
    main()
