#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Exports of flow records to real receivers, without the module: files that are rotated,
sockets, rsyslogd, nfcapd; receivers that hang or are gone.

build/tests/export has made-up records, of which every third is of TCP, IPv6 and a rejection,
and all have a rule with a hostile name.
"""

import contextlib
import csv
import glob
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from msegd import TOP, Msegd, equal, main, subtest, true
import msegd

LIMIT = 30
QUEUE, BATCH = 8192, 256


def tool(package, path):
    subprocess.run([TOP + "/tests/unpacked", package], check=True, capture_output=True)
    return f"{TOP}/build/tools/{package}/{path}"


def directory():
    path = tempfile.mkdtemp(prefix="exports-")
    msegd.cleanups.callback(shutil.rmtree, path, ignore_errors=True)
    return path


def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(*command, **options):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)

    def end():
        process.kill()
        process.wait()
    msegd.cleanups.callback(end)
    return process


def wait(what, condition):
    limit = time.monotonic() + LIMIT
    while time.monotonic() < limit:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(what)


class Export:
    """An export of a kind to a place."""

    def __init__(self, kind, to):
        self.process = subprocess.Popen([TOP + "/build/tests/export", kind, to], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        msegd.cleanups.callback(self.process.stdin.close)

    def put(self, number):
        self.process.stdin.write(f"put {number}\n")
        self.process.stdin.flush()

    def state(self):
        self.process.stdin.write("state\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def sent(self, number):
        wait(f"{number} are not sent: {self.state()}", lambda: self.state()["sent"] >= number)

    def end(self):
        self.process.stdin.close()
        equal(self.process.wait(LIMIT), 0)

    def memory(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) // 1024 for line in file if line.startswith("VmRSS"))


def lines(path):
    with contextlib.suppress(FileNotFoundError), open(path) as file:
        return [json.loads(line) for line in file]
    return []


# --- JSON -----------------------------------------------------------------------

@subtest("json: a file has one object a line, and goes on in a new one when it is moved away")
def _():
    path = directory() + "/flows.jsonl"
    export = Export("json", path)
    export.put(300)
    export.sent(300)
    os.rename(path, path + ".1")
    wait("no new file", lambda: os.path.exists(path))
    export.put(30)
    export.sent(330)
    export.end()
    first, second = lines(path + ".1"), lines(path)
    equal((len(first), len(second)), (300, 30))
    equal([flow["ID"] for flow in first + second], [str(n + 1) for n in range(330)])
    equal(first[0]["ruleName"], 'a"]\n<12>1 b\x1b[31m\\ ü')
    equal(os.stat(path).st_mode & 0o777, 0o640)
    with open(path) as file:
        true("\x1b" not in file.read(), "control characters are escaped")


@subtest("json: over TCP and UNIX sockets, a receiver that comes later gets all; one that goes, too")
def _():
    number = port()
    for to, family, address in ((f"tcp:127.0.0.1:{number}", socket.AF_INET, ("127.0.0.1", number)),
                                (f"unix:{directory()}/s", socket.AF_UNIX, None)):
        address = address or to[5:]
        export = Export("json", to)
        export.put(50)
        wait("no problem", lambda: export.state()["problem"])
        equal(export.state()["connected"], False)
        for times in range(2):
            if family == socket.AF_UNIX:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(address)
            with socket.socket(family) as server:
                server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                server.bind(address)
                server.listen()
                server.settimeout(LIMIT)
                peer, _ = server.accept()
                with peer, peer.makefile() as stream:
                    got = [json.loads(stream.readline())["ID"] for _ in range(50)]
            equal(got, [str(50 * times + n + 1) for n in range(50)])
            wait("its going is not seen", lambda: not export.state()["connected"])
            export.put(50)
        state = export.state()
        equal((state["lost"], state["sent"], state["failures"] >= 2), (0, 100, True))
        export.end()


# --- receivers that do not receive ----------------------------------------------

@subtest("a receiver that hangs costs a bounded queue; what does not fit is counted")
def _():
    with socket.create_server(("127.0.0.1", 0)) as server:
        export = Export("json", f"tcp:127.0.0.1:{server.getsockname()[1]}")
        peer, _ = server.accept()
        export.put(3 * QUEUE)
        wait("nothing is lost", lambda: export.state()["lost"])
        export.put(100 * QUEUE)
        state = export.state()
        true(state["waiting"] <= QUEUE, state)
        true(state["lost"] > 95 * QUEUE, state)
        before = export.memory()
        export.put(100 * QUEUE)
        true(export.memory() < before + 8, "memory")
        wait("it is not given up", lambda: not export.state()["connected"])
        started = time.monotonic()
        export.end()
        true(time.monotonic() - started < 3, "it ends at once all the same")
        peer.close()


@subtest("where nobody is, one tries again, later and later; a file that cannot be written is a problem")
def _():
    export = Export("syslog", f"tcp:127.0.0.1:{port()}")
    export.put(5)
    time.sleep(4.5)
    state = export.state()
    true(2 <= state["failures"] <= 4, state)
    true("Connection refused" in state["problem"], state)
    equal((state["waiting"], state["lost"]), (5, 0))
    export.end()
    export = Export("json", "/dev/full")
    export.put(5)
    wait("no problem", lambda: "No space" in export.state()["problem"])
    equal(export.state()["sent"], 0)
    export.end()


# --- syslog ----------------------------------------------------------------------

CONFIG = """
module(load="imuxsock" SysSock.Use="off")
module(load="imudp")
module(load="imtcp")
input(type="imuxsock" Socket="{dir}/log")
input(type="imudp" address="127.0.0.1" port="{port}")
input(type="imtcp" address="127.0.0.1" port="{port}")
module(load="mmpstrucdata")
action(type="mmpstrucdata")
template(name="json" type="list" option.jsonf="on") {{
    property(outname="severity" name="syslogseverity" format="jsonf")
    property(outname="facility" name="syslogfacility" format="jsonf")
    property(outname="app" name="app-name" format="jsonf")
    property(outname="id" name="msgid" format="jsonf")
    property(outname="text" name="msg" format="jsonf")
    property(outname="raw" name="structured-data" format="jsonf")
    property(outname="data" name="$!rfc5424-sd" format="jsonf")
}}
action(type="omfile" file="{dir}/out" template="json")
"""


def rsyslogd():
    """A daemon of its own; its directory and port."""
    program = tool("rsyslog", "usr/sbin/rsyslogd")
    modules = os.path.realpath(glob.glob(f"{TOP}/build/tools/rsyslog/usr/lib/*/rsyslog")[0])
    path, number = directory(), port()
    with open(path + "/conf", "w") as file:
        file.write(CONFIG.format(dir=path, port=number))
    run(program, "-n", "-f", path + "/conf", "-i", path + "/pid", "-M", modules,
        stderr=subprocess.DEVNULL)
    wait("rsyslogd does not come", lambda: os.path.exists(path + "/log"))

    def listens():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", number)):
            return True
        return False
    wait("rsyslogd does not listen", listens)
    return path, number


@subtest("syslog: rsyslogd reads messages from its socket, UDP and TCP; names stay data")
def _():
    path, number = rsyslogd()
    for to in f"{path}/log", f"udp:127.0.0.1:{number}", f"tcp:127.0.0.1:{number}":
        with open(path + "/out", "a") as file:
            file.truncate(0)
        export = Export("syslog", to)
        export.put(30)
        export.sent(30)
        found = wait(f"{to}: not all come", lambda: len(lines(path + "/out")) >= 30
                     and lines(path + "/out"))
        export.end()
        equal(len(found), 30, "none is two")
        equal({(m["app"], m["id"], m["facility"]) for m in found},
              {("msegd", "-" if to[0] == "/" else "flow", "3")}, to)
        equal([m["severity"] for m in found[:3]], ["6", "6", "4"])
        true("accepted incoming tcp from 192.0.2.7 port 10000 to 198.51.100.9 port 22 by rule"
             in found[0]["text"], found[0])
        if to[0] == "/":
            true('[mseg@32473 ID="30" ' in found[29]["text"], found[29])
            true("by rule a" in found[0]["text"] and "\n" not in found[0]["text"], found[0])
            continue
        data = [message["data"] for message in found]
        data = [json.loads(d) if isinstance(d, str) else d for d in data]
        data = [d["mseg@32473"] for d in data]
        lower = [{key.lower(): value for key, value in d.items()} for d in data]
        equal([d["id"] for d in lower], [str(n + 1) for n in range(30)])
        equal((lower[1]["sourceip"], lower[1]["destinationport"], lower[2]["action"]),
              ("2001:db8::7", "53", "Reject"))
        equal(lower[0]["rulename"], 'a"]?<12>1 b?[31m\\ ü')


# --- IPFIX -----------------------------------------------------------------------

@subtest("ipfix: nfcapd reads flows of both families, both ways in one")
def _():
    path, number = directory(), port()
    run(tool("nfdump", "usr/bin/nfcapd"), "-p", str(number), "-b", "127.0.0.1", "-w", path, "-t",
        "2", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    export = Export("ipfix", f"udp:127.0.0.1:{number}")
    for _ in range(4):
        export.put(75)
        time.sleep(0.2)
    export.sent(300)

    def read():
        said = subprocess.run([tool("nfdump", "usr/bin/nfdump"), "-R", path, "-q", "-o",
                               "fmt:%pr,%sa,%da,%sp,%dp,%ipkt,%ibyt,%opkt,%obyt,%fl"],
                              capture_output=True, text=True, check=False).stdout
        rows = [[re.sub(r"\s", "", cell) for cell in row] for row in csv.reader(said.splitlines())]
        return rows if len(rows) >= 300 else None
    rows = wait("they do not come", read)
    equal(len(rows), 300)
    rows.sort(key=lambda row: int(row[3]) if row[0] == "TCP" else 0)
    kinds = {}
    for row in rows:
        kinds.setdefault(row[0], []).append(row)
    equal({kind: len(found) for kind, found in kinds.items()}, {"TCP": 100, "UDP": 100, "ICMP": 100})
    equal(kinds["TCP"][0], ["TCP", "192.0.2.7", "198.51.100.9", "10000", "22", "3", "300", "2",
                            "2000", "1"])
    equal(kinds["UDP"][0], ["UDP", "2001:db8::7", "2001:db8::9", "40000", "53", "2", "2000", "3",
                            "300", "1"])
    equal(kinds["ICMP"][0][1:3] + kinds["ICMP"][0][5:], ["192.0.2.7", "198.51.100.9", "3", "300",
                                                         "0", "0", "1"])
    export.end()


def take(server, export, number):
    """What a connection brings: so many records, and nothing for a while."""
    peer, _ = server.accept()
    with peer:
        export.put(number)
        data = b""
        peer.settimeout(2)
        with contextlib.suppress(TimeoutError):
            while True:
                data += peer.recv(1 << 16)
    return data


@subtest("ipfix: over TCP every connection begins with templates; ipfixDump reads it")
def _():
    path = directory() + "/file"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LIMIT)
        export = Export("ipfix", f"tcp:127.0.0.1:{server.getsockname()[1]}")
        for first in 1, 31:
            with open(path, "wb") as file:
                file.write(take(server, export, 30))
            said = subprocess.run([tool("libfixbuf-tools", "usr/bin/ipfixDump"), "-i", path],
                                  capture_output=True, text=True, check=True).stdout
            equal([int(number) for number in re.findall(r"flowId : (\d+)", said)],
                  list(range(first, first + 30)))
            equal(len(re.findall(r"firewallEvent : 3$", said, re.M)), 10, "rejected ones")
            equal(len(re.findall(r"\) +octetDeltaCount : 300$", said, re.M)), 20)
            equal(len(re.findall(r"\) +sourceIPv6Address : 2001:0?db8:", said)), 10)
        export.end()


# --- metrics ---------------------------------------------------------------------

def scraped(text):
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
            for line in text.splitlines() if not line.startswith("#")}


@subtest("metrics: promtool finds nothing to say, prometheus scrapes them, strangers get them")
def _():
    number = port()
    config = (f"metrics: {{listen: '127.0.0.1:{number}'}}\n"
              "exports:\n  - {name: gone, type: json, to: /nonexistent/x}\n")
    daemon = Msegd(config=config)
    with urllib.request.urlopen(f"http://127.0.0.1:{number}/metrics", timeout=10) as answer:
        text = answer.read().decode()
        true(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"), "type")
    checked = subprocess.run([tool("prometheus", "usr/bin/promtool"), "check", "metrics"],
                             input=text, capture_output=True, text=True, check=False)
    equal((checked.returncode, checked.stdout + checked.stderr), (0, ""))
    connection = msegd.Connection(daemon.socket)
    connection.request("GET", "/metrics")
    equal(set(scraped(connection.getresponse().read().decode())), set(scraped(text)))
    values = scraped(text)
    equal((values['mseg_export_connected{export="gone",type="json"}'],
           values["mseg_module_loaded"]), (0, 0))
    for path in "/", "/v1/status":
        with contextlib.suppress(urllib.error.HTTPError):
            with urllib.request.urlopen(f"http://127.0.0.1:{number}{path}", timeout=10) as answer:
                raise AssertionError(f"{path}: {answer.status}")
    # Who connects and says nothing holds up nobody.
    idle = [socket.create_connection(("127.0.0.1", number)) for _ in range(8)]
    path = directory()
    with open(path + "/conf.yml", "w") as file:
        file.write("global: {scrape_interval: 500ms, scrape_timeout: 500ms}\n"
                   "scrape_configs:\n  - job_name: mseg\n    static_configs:\n"
                   f"      - targets: ['127.0.0.1:{number}']\n")
    web = port()
    run(tool("prometheus", "usr/bin/prometheus"), f"--config.file={path}/conf.yml",
        f"--storage.tsdb.path={path}/data", f"--web.listen-address=127.0.0.1:{web}",
        stderr=subprocess.DEVNULL)

    def seen():
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(f"http://127.0.0.1:{web}/api/v1/query?query=mseg_build_info",
                                        timeout=10) as answer:
                return json.load(answer)["data"]["result"]
        return None
    found = wait("prometheus does not scrape", seen)
    true(found[0]["metric"]["version"], found)
    for one in idle:
        one.close()


# --- mseg.conf -------------------------------------------------------------------

@subtest("mseg.conf: mistakes are told with their place")
def _():
    for wrong, said in (
            ("exports:\n  - {name: a, type: json}\n", "to"),
            ("exports:\n  - {name: a, type: xml, to: /x}\n", "json, syslog or ipfix"),
            ("exports:\n  - {name: A b, type: json, to: /x}\n", "a name has"),
            ("exports:\n  - {name: a, type: ipfix, to: /x}\n", "udp:192.0.2.1:4739"),
            ("exports:\n  - {name: a, type: syslog, to: 'udp:host:514'}\n", "udp:host:514"),
            ("exports:\n  - {name: a, type: json, to: 'tcp:127.0.0.1:0'}\n", "tcp:127.0.0.1:0"),
            ("exports:\n  - {name: a, type: json, to: x}\n", "not to 'x'"),
            ("exports:\n" + 2 * "  - {name: a, type: json, to: /x}\n", "another export 'a'"),
            ("exports:\n" + "".join(f"  - {{name: a{n}, type: json, to: /x}}\n" for n in range(9)),
             "8 exports"),
            ("metrics: {listen: '192.0.2.1:9469'}\n", "loopback"),
            ("metrics: {listen: '9469'}\n", "127.0.0.1:9469")):
        told = Msegd(config=wrong, start=False).fails()
        true(said in told and re.search(r"mseg\.conf:\d+:\d+", told), f"{wrong}: {told}")


@subtest("status tells of exports; a reload changes those that are other ones")
def _():
    path = directory()
    config = (f"exports:\n  - {{name: file, type: json, to: {path}/x}}\n"
              f"  - {{name: siem, type: syslog, to: '{path}/gone'}}\n")
    daemon = Msegd(config=config)

    def tried():
        """Each in its own time."""
        found = daemon.status()["exports"]
        return found if found[0]["connected"] and found[1].get("problem") else None

    exports = wait("no problem", tried)
    equal([(e["name"], e["type"], e["connected"]) for e in exports],
          [("file", "json", True), ("siem", "syslog", False)])
    true(any("siem" in problem for problem in daemon.status()["problems"]), daemon.status())
    inode = os.stat(path + "/x").st_ino
    with open(daemon.config, "w") as file:
        file.write(config.replace("gone", "other").replace("name: file", "name: file"))
    daemon.process.send_signal(1)
    wait("it does not reload", lambda: "other" in daemon.status()["exports"][1]["to"])
    equal(os.stat(path + "/x").st_ino, inode)
    with open(daemon.config, "w") as file:
        file.write("exports: {}\n")
    daemon.process.send_signal(1)
    wait("it is not told", lambda: "mseg.conf:1" in daemon.said())
    equal(len(daemon.status()["exports"]), 2)


if __name__ == "__main__":
    main()
