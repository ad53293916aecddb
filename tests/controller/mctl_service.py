#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""mctl and msegd together, without the module: what can be read, checked and refused.

Prints TAP. What is enforced, and what changes, is the walkthrough's.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import yaml

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from tap import Tap  # noqa: E402

TOP = HERE.parent.parent
BIN = TOP / "build/bin"

# As files for the other product are written.
IMPORT = """\
APIVersion: 1
label: base
data:
  externalnetworks:
    - name: office
      description: {{ .Values.what }}
      entries: [192.0.2.0/24, "!192.0.2.1"]
      associatedTags: [site=hq]
      protected: false
  networkrulesetpolicies:
    - name: Allow incoming SSH connections
      subject: [["$identity=processingunit"]]
      incomingRules:
        - action: Allow
          object: [["site=hq"]]
          protocolPorts: ["TCP/22"]
"""

KUBERNETES = """\
apiVersion: microsegmentation/v1
kind: ExternalNetwork
metadata: {name: web}
spec:
  entries: [198.51.100.0/24]
---
apiVersion: microsegmentation/v1
kind: ExternalNetwork
metadata: {name: dns}
spec: {entries: [192.0.2.53]}
"""

DISABLE = """\
cat <<EOF | mctl api update namespace / -n / --check -o json -f -
name: /
namespace: /
defaultPUIncomingTrafficAction: Reject
defaultPUOutgoingTrafficAction: reject
EOF
"""


class Bench:
    def __init__(self, directory):
        self.tap = Tap()
        self.directory = pathlib.Path(directory)
        self.socket = self.directory / "api.sock"
        self.environment = {"PATH": f"{BIN}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8",
                            "MSEG_SOCKET": str(self.socket)}
        self.log = open(self.directory / "msegd.log", "wb")
        self.service = subprocess.Popen(
            [BIN / "msegd", "--state", self.directory / "state", "--socket", self.socket],
            stdout=self.log, stderr=self.log)

    def run(self, *command, stdin="", **options):
        return subprocess.run(["mctl", *command], input=stdin, capture_output=True, text=True,
                              timeout=30, env=self.environment, **options)

    def ends(self, status, *command, **options):
        result = self.run(*command, **options)
        self.tap.check(result.returncode == status,
                       f"mctl {' '.join(command)[:60]} ends with {status}",
                       f"{result.returncode}: {result.stderr}")
        return result

    def json(self, *command, **options):
        return json.loads(self.ends(0, *command, "-o", "json", **options).stdout)

    def wait(self):
        deadline = time.monotonic() + 10
        while self.run("history").returncode and time.monotonic() < deadline:
            time.sleep(0.05)


def installation(bench):
    """What a fresh one holds."""
    namespace, = bench.json("api", "list", "namespaces", "-r")
    bench.tap.equal(namespace["name"], "/", "there is one namespace")
    enforcer, = bench.json("get", "enforcers")
    unit, = bench.json("api", "list", "processingunits")
    bench.tap.check({f"$id={enforcer['ID']}", f"$enforcerid={enforcer['ID']}"}
                    <= set(unit["normalizedTags"]), "the host carries its enforcer's ID", unit)
    bench.tap.equal(bench.json("discovery", "status")["discovery"], True, "in discovery mode")
    for word in "namespace", "Namespaces", "ENFORCER", "netruleset", "networkRulesetPolicies":
        bench.ends(0, "api", "count", word)
    bench.tap.equal(bench.json("api", "get", "enforcer", enforcer["ID"]), enforcer,
                    "an object is known by its ID")
    bench.tap.check("resolution" in bench.json("describe", "enforcer", enforcer["name"]),
                    "an enforcer is described")
    bench.tap.equal(bench.json("describe", "enforcer")["object"]["ID"], enforcer["ID"],
                    "the host need not be named")
    fields = bench.ends(0, "api", "describe", "enforcer").stdout
    bench.tap.check("MEANING" in fields, "api describe tells its fields", fields)
    bench.tap.equal(len(bench.json("history")), 1, "that is the first revision")
    bench.ends(1, "get", "netruleset", "nothing")
    bench.ends(0, "console", "token", "create", "--name", "x", "--yes")
    said = bench.ends(2, "completion").stderr
    bench.tap.check("_complete" not in said, "what is the shells' own is not suggested", said)
    said = bench.ends(1, "list", "netrulesets", "-n", "/nowhere").stderr
    bench.tap.check("no namespace /nowhere" in said, "a misspelt namespace is not empty", said)


def checks(bench):
    """With --check, and without the module, what would come of it."""
    said = bench.ends(0, "api", "import", "--check", "--set", "what=HQ", "-f", "-", stdin=IMPORT)
    bench.tap.check("protected" in said.stderr, "what means nothing here is reported",
                    said.stderr)
    answer = bench.json("apply", "--check", "-f", "-", stdin=KUBERNETES)
    bench.tap.equal(sorted(change["name"] for change in answer["changes"]), ["dns", "web"],
                    "several documents are one change")
    said = bench.ends(0, "apply", "--check", "-f", "-", stdin=KUBERNETES).stderr
    bench.tap.check("this is what would change" in said, "what is listed would change", said)
    said = bench.ends(0, "apply", "--check", "-f", "-", stdin="data: {}").stderr
    bench.tap.check("nothing would change" in said, "and nothing where nothing is", said)
    said = bench.ends(1, "rollback", "99").stderr
    bench.tap.check("from 1 to 1" in said, "which revisions there are is told", said)
    found = bench.ends(1, "diff", "-f", "-", stdin=KUBERNETES)
    bench.tap.check("+ externalnetwork /web" in found.stdout, "a document differs", found.stdout)
    result = subprocess.run(["bash", "-c", DISABLE], capture_output=True, text=True, timeout=30,
                            env=bench.environment)
    bench.tap.check(result.returncode == 0, "the here-document is taken", result.stderr)
    updated = json.loads(result.stdout)
    bench.tap.equal([updated["name"], updated["defaultPUIncomingTrafficAction"],
                     updated["defaultPUOutgoingTrafficAction"], updated["description"]],
                    ["/", "Reject", "Reject", ""], "it updates what it names")
    rule = {"action": "Allow", "object": [["externalnetwork:name=meta"]],
            "protocolPorts": ["tcp/80"]}
    said = bench.ends(0, "api", "create", "netruleset", "--check", "-k", "name", "x", "-k",
                      "subject", '[["$identity=processingunit"]]', "-k", "outgoingRules",
                      json.dumps([rule]))
    bench.tap.check("externalnetwork:name=meta" in said.stderr, "what selects nothing is told",
                    said.stderr)
    bench.ends(0, "discovery", "disable", "--check")
    bench.ends(1, "rollback", "9", "--check")


def catalogue(bench):
    for entry in bench.json("catalogue", "list"):
        bench.ends(0, "catalogue", "activate", entry["name"], "--check")
        shown = yaml.safe_load(bench.ends(0, "catalogue", "show", entry["name"], "-o",
                                          "yaml").stdout)
        bench.tap.check(shown["data"]["networkrulesetpolicies"], f"{entry['name']} has rulesets")
    shown = bench.json("catalogue", "show", "ssh", "--from", "192.0.2.0/24", "--from",
                       "2001:db8::/32")
    bench.tap.equal(shown["data"]["externalnetworks"][0]["entries"],
                    ["192.0.2.0/24", "2001:db8::/32"], "peers of one's own")
    bench.ends(2, "catalogue", "show", "shh")
    bench.ends(1, "catalogue", "activate", "ssh", "--from", "everybody", "--check")


def refusals(bench):
    """What is wrong is told with its place; what cannot be, with its exit code."""
    wrong = bench.ends(1, "api", "create", "externalnetwork", "-f", "-",
                       stdin="name: x\nentry: [10.0.0.0/8]\n")
    bench.tap.check("<stdin>:2:1: error" in wrong.stderr and "entries" in wrong.stderr,
                    "an unknown field: its place, and the nearest one", wrong.stderr)
    bench.ends(3, "api", "create", "extnet", "-k", "name", "x", "-k", "entries", "10.0.0.0/8")
    bench.ends(5, "load", "-f", str(TOP / "tests/e2e/procedure.json"))
    bench.ends(5, "defaults", "--in", "reject")
    bench.ends(5, "confirm")
    bench.tap.equal(len(bench.json("history")), 1, "nothing has changed")
    bench.tap.equal(bench.json("api", "count", "externalnetworks")["count"], 0, "nothing is there")
    if os.geteuid() == 0:
        # Where everybody may run it; the checkout may be anywhere.
        os.chmod(bench.directory, 0o755)
        program = shutil.copy(BIN / "mctl", bench.directory)
        nobody = subprocess.run([program, "api", "list", "externalnetworks"], text=True,
                                capture_output=True, timeout=30, env=bench.environment,
                                user=65534, group=65534, extra_groups=[])
        bench.tap.check(nobody.returncode == 4 and not nobody.stdout, "nobody may not look",
                        f"{nobody.returncode} {nobody.stdout} {nobody.stderr}")


def main():
    with tempfile.TemporaryDirectory() as directory:
        bench = Bench(directory)
        bench.wait()
        for part in installation, checks, catalogue, refusals:
            part(bench)
        bench.service.terminate()
        bench.tap.equal(bench.service.wait(10), 0, "msegd ends")
        bench.ends(3, "get", "namespaces")
        if bench.tap.failures:
            bench.tap.note((bench.directory / "msegd.log").read_text(encoding="utf-8"))
        return bench.tap.finish()


if __name__ == "__main__":
    sys.exit(main())
