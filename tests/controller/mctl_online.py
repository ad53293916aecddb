#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""mctl, msegd and the module: changes by every command, and what is in force then."""

import json
import time

from msegd import (Msegd, TOP, equal, fresh_kernel, kernel, load_module, main, mctl, network,
                   ruleset, subtest, true)

BASE = """\
APIVersion: 1
label: base
data:
  externalnetworks:
    - {name: office, entries: [192.0.2.0/24]}
    - {name: home, entries: [198.51.100.0/24]}
  networkrulesetpolicies:
    - name: Allow incoming SSH connections
      subject: [["$identity=processingunit"]]
      incomingRules:
        - action: Allow
          object: [["externalnetwork:name=office"], ["externalnetwork:name=home"]]
          protocolPorts: [tcp/22]
"""


class Host:
    """A service without objects over a kernel without policy."""

    def __init__(self):
        fresh_kernel()
        self.daemon = Msegd()

    def ends(self, status, *command, **options):
        done = mctl("--socket", self.daemon.socket, *command, **options)
        equal(done.returncode, status, f"mctl {' '.join(command)}: {done.stderr}")
        return done

    def json(self, *command, **options):
        return json.loads(self.ends(0, *command, "-o", "json", **options).stdout)

    def names(self, identity):
        return [item["name"] for item in self.json("api", "list", identity)]

    def revision(self):
        return self.json("history", "--limit", "1")[0]["revision"]


def services():
    return [rule["services"] for rule in kernel()[0]]


@subtest("objects are created, updated by field, and deleted; the kernel follows")
def _():
    host = Host()
    host.ends(0, "api", "create", "externalnetwork", "-k", "name", "ssh", "-k", "entries",
              '["10.0.0.0/8"]')
    host.ends(0, "api", "create", "netruleset", "-f", "-", input=json.dumps(ruleset("ssh", "ssh")))
    equal(services(), [["tcp/22"]])
    host.ends(0, "api", "update", "extnet", "ssh", "-k", "description", "who may")
    changed = host.json("api", "get", "extnet", "ssh")
    equal((changed["description"], changed["entries"]), ("who may", ["10.0.0.0/8"]))
    host.ends(5, "api", "create", "externalnetwork", "-d", json.dumps(network("ssh")))
    explained = host.json("explain", "in", "tcp/22", "10.1.2.3")
    equal((explained["verdict"], explained["ruleset"], explained["network"]),
          ("allow", "ssh", "ssh"))
    equal(host.json("explain", "--kernel", "in", "tcp/22", "10.1.2.3")["rule"], "ssh")
    host.ends(0, "api", "delete", "netruleset", "ssh")
    equal(services(), [])


@subtest("an import replaces what its label brought, and takes it out")
def _():
    host = Host()
    host.ends(0, "api", "import", "-f", "-", input=BASE)
    equal(sorted(host.names("externalnetworks")), ["home", "office"])
    exported = host.ends(0, "api", "export", "--label", "base").stdout
    before = host.revision()
    host.ends(0, "api", "import", "-f", "-", input=exported)
    equal(host.revision(), before, "what was exported is what is there")
    host.ends(0, "api", "import", "-f", "-", input=BASE.replace("home", "office").replace(
        "    - {name: office, entries: [198.51.100.0/24]}\n", "").replace(
        ', ["externalnetwork:name=office"]]', "]"))
    equal(host.names("externalnetworks"), ["office"])
    host.ends(0, "api", "import", "--delete", "-f", "-", input=BASE)
    equal((host.names("externalnetworks"), services()), ([], []))


@subtest("revisions are compared and restored, with their reasons")
def _():
    host = Host()
    host.ends(0, "apply", "-f", "-", "--reason", "the first", input=BASE)
    first = host.revision()
    host.ends(1, "diff", "-f", "-", input=BASE.replace("192.0.2.0/24", "192.0.2.0/25"))
    host.ends(0, "diff", "-f", "-", input=BASE)
    host.ends(0, "api", "update", "extnet", "office", "-k", "entries", "192.0.2.7")
    shown = host.ends(1, "diff", str(first), str(host.revision())).stdout
    true('- entries: ["192.0.2.0/24"]' in shown and '+ entries: ["192.0.2.7"]' in shown, shown)
    host.ends(0, "rollback", str(first), "--reason", "it was better")
    equal(host.json("api", "get", "extnet", "office")["entries"], ["192.0.2.0/24"])
    newest = host.json("history")[0]
    equal((newest["reason"], newest["user"]), ("it was better", "root"))
    host.ends(1, "rollback", "999")


@subtest("discovery mode is disabled on trial, comes back by itself, and stays away confirmed")
def _():
    host = Host()
    host.ends(0, "apply", "-f", "-", input=BASE)
    host.ends(0, "discovery", "disable", "--yes", "--confirm-within", "2s")
    equal(json.loads(mctl("status", "-o", "json").stdout)["mode"], "enforcing")
    host.ends(5, "api", "create", "externalnetwork", "-d", json.dumps(network("x")))
    limit = time.monotonic() + 20
    while not host.json("discovery", "status")["discovery"] and time.monotonic() < limit:
        time.sleep(0.2)
    equal(host.json("discovery", "status")["discovery"], True, "nobody confirmed")
    equal(json.loads(mctl("status", "-o", "json").stdout)["mode"], "discovery")
    host.ends(5, "confirm")
    host.ends(0, "discovery", "disable", "--yes", "--confirm-within", "60s")
    host.ends(0, "confirm")
    equal(host.json("discovery", "status")["effective"],
          {"incoming": "Reject", "outgoing": "Reject"})
    host.ends(0, "discovery", "enable")
    equal(host.json("discovery", "status")["discovery"], True)


@subtest("a ruleset of the catalogue is in force with peers of one's own")
def _():
    host = Host()
    host.ends(0, "catalogue", "activate", "ssh", "--from", "10.0.0.0/8")
    rules, networks = kernel()
    equal([rule["services"] for rule in rules], [["tcp/22"]])
    equal([net["entries"] for net in networks], [["10.0.0.0/8"]])


@subtest("nothing goes past msegd; the module alone is there again without it")
def _():
    host = Host()
    policy = f"{TOP}/tests/e2e/procedure.json"
    host.ends(5, "load", "-f", policy)
    host.ends(5, "load", "-f", policy, "--candidate")
    host.ends(5, "defaults", "--in", "allow")
    status = host.json("status")
    equal(status["service"]["revision"], status["service"]["enforced"])
    host.daemon.stop()
    host.ends(0, "load", "-f", policy)
    equal(host.json("status")["service"], None)
    host.ends(3, "history")


load_module()
main()
