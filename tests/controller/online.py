#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""msegd and the module: every route of the API, revisions, trials, two administrators.

The last subtest sees to it that every operation of openapi.yaml was asked, and
answered well.
"""

import contextlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.parse

from msegd import (ALICE, BOB, Connection, Msegd, as_user, cases, document, equal, fresh_kernel,
                   kernel, load_module, main, mctl, network, ruleset, subtest, true)


def fresh(**options):
    """A service without objects over a kernel without policy."""
    fresh_kernel()
    return Msegd(**options)


def names(answer):
    return [item["name"] for item in answer.wanted(200).body]


# --- objects ------------------------------------------------------------------

@subtest("an object is created, read, replaced, changed, deleted, and enforced throughout")
def _():
    daemon = fresh()
    made = daemon.post("externalnetworks", network("ssh", "10.0.0.1/8")).wanted(201)
    equal((made["revision"], made["object"]["entries"]), (2, ["10.0.0.0/8"]))
    true("taken as 10.0.0.0/8" in made["warnings"][0]["message"], made["warnings"])
    daemon.post("netrulesets", ruleset("ssh", "ssh")).wanted(201)
    rules, networks = kernel()
    equal([(rule["services"], rule["networks"]) for rule in rules], [(["tcp/22"], ["ssh"])])
    equal([net["entries"] for net in networks], [["10.0.0.0/8"]])
    key = made["object"]["ID"]
    equal(daemon.get("externalnetworks/" + key).wanted(200).headers["ETag"], '"2"')
    equal(daemon.get("externalnetwork/ssh").wanted(200)["ID"], key)
    daemon.ask("PATCH", "externalnetworks/ssh", {"description": "who may"}).wanted(200)
    got = daemon.get("externalnetworks/ssh").wanted(200)
    equal((got["description"], got["entries"]), ("who may", ["10.0.0.0/8"]))
    daemon.ask("PUT", "externalnetworks/ssh", network("ssh", "192.0.2.7", "::1")).wanted(200)
    got = daemon.get("externalnetworks/ssh").wanted(200)
    equal((got["ID"], got["description"], len(got["entries"])), (key, "", 2))
    equal(len(kernel()[1][0]["entries"]), 2)
    daemon.ask("DELETE", "netrulesets/ssh").wanted(200)
    daemon.ask("DELETE", "externalnetworks/ssh").wanted(200)
    equal(kernel(), ([], []))
    daemon.get("externalnetworks/ssh").wanted(404)


@subtest("what changes nothing is no revision")
def _():
    daemon = fresh()
    daemon.post("externalnetworks", network("a")).wanted(201)
    revision = daemon.status()["revision"]
    daemon.post("externalnetworks", network("b")).wanted(201)
    for method, body in (("PATCH", {"description": ""}), ("PUT", network("a"))):
        answer = daemon.ask(method, "externalnetworks/a", body).wanted(200)
        equal((answer["revision"], answer["changes"]), (revision + 1, []), method)
        equal(answer.headers["ETag"], f'"{revision}"', method)


@subtest("names are unique, changes are refused as a whole")
def _():
    daemon = fresh()
    daemon.post("externalnetworks", network("a")).wanted(201)
    daemon.post("externalnetworks", network("a")).wanted(409)
    daemon.post("externalnetworks", network("b")).wanted(201)
    daemon.ask("PATCH", "externalnetworks/b", {"name": "a"}).wanted(409)
    daemon.post("externalnetworks?namespace=/none", network("c")).wanted(422)
    equal(names(daemon.get("externalnetworks")), ["a", "b"])
    daemon.ask("DELETE", "namespaces/%2F").wanted(422)


@subtest("namespaces are a tree; a list is recursive where that is wanted, and filtered")
def _():
    daemon = fresh()
    for name in ("/acme", "/acme/vm"):
        daemon.post("namespaces", {"name": name}).wanted(201)
    daemon.post("externalnetworks?namespace=/acme", network("a")).wanted(201)
    daemon.post("externalnetworks?namespace=/acme/vm", network("b")).wanted(201)
    equal(names(daemon.get("externalnetworks?namespace=/acme")), ["a"])
    equal(names(daemon.get("externalnetworks?namespace=/acme&recursive=true")), ["a", "b"])
    query = urllib.parse.urlencode({"filter": 'name == "b"', "recursive": "true"})
    equal(names(daemon.get("externalnetworks?" + query)), ["b"])
    daemon.get("externalnetworks?filter=name+===").wanted(400)
    query = urllib.parse.urlencode({"filter": 'name == "b" or not (entrys contains "x")'})
    refused = daemon.get("externalnetworks?" + query).wanted(400)
    equal(refused["detail"], 'filter: an external network has no field \'entrys\': '
                             'did you mean entries?')
    query = urllib.parse.urlencode({"filter": "protected == true"})
    equal(daemon.get("externalnetworks?" + query).wanted(200).body, [])
    equal(daemon.get("namespaces/%2Facme%2Fvm").wanted(200)["namespace"], "/acme")
    equal(daemon.get("namespaces//acme/vm").wanted(200)["name"], "/acme/vm")
    refused = daemon.ask("DELETE", "namespaces/%2Facme").wanted(422)
    equal(refused["detail"], "the namespace /acme is not empty: delete the namespace /acme/vm first")
    refused = daemon.ask("DELETE", "namespaces/%2Facme%2Fvm").wanted(422)
    true("delete the externalnetwork b in /acme/vm first" in refused["detail"], refused.body)
    daemon.ask("DELETE", "externalnetworks/b?namespace=/acme/vm").wanted(200)
    daemon.ask("DELETE", "namespaces/%2Facme%2Fvm").wanted(200)


@subtest("defaults, inherited upwards; discovery mode ends and begins")
def _():
    daemon = fresh()
    equal(daemon.get("discovery").wanted(200)["discovery"], True)
    daemon.ask("PUT", "discovery", {"outgoing": "reject"}).wanted(200)
    equal(daemon.status()["module"]["defaults"], {"incoming": "Allow", "outgoing": "Reject"})
    state = daemon.get("discovery").body
    equal((state["incoming"], state["outgoing"], state["discovery"]), ("Inherit", "Reject", False))
    daemon.ask("PUT", "discovery", {"outgoing": "Maybe"}).wanted(400)
    daemon.ask("PATCH", "namespaces/%2F?namespace=/",
               {"defaultPUOutgoingTrafficAction": "Allow"}).wanted(200)
    equal(daemon.get("discovery").body["discovery"], True)


@subtest("describe tells what applies, and why")
def _():
    daemon = fresh()
    daemon.post("externalnetworks", network("metadata")).wanted(201)
    warned = daemon.post("netrulesets", ruleset("md", "meta")).wanted(201)["warnings"]
    true(any("metadata" in (warning.get("hint") or "") for warning in warned), warned)
    host = daemon.status()["enforcer"]["name"]
    for target in (f"enforcers/{host}", f"processingunits/{host}"):
        said = daemon.get(target + "/describe").wanted(200)["resolution"]
        equal([(one["name"], one["applies"]) for one in said["rulesets"]], [("md", True)])
    said = daemon.get("netrulesets/md/describe").wanted(200)
    equal(said["applies"]["applies"], True)
    true(any("metadata" in (warning.get("hint") or "") for warning in said["warnings"]), said.body)
    daemon.get("externalnetworks/metadata/describe").wanted(200)
    equal(names(daemon.get("processingunits")), [host])


@subtest("explain judges as the kernel does, and names ruleset and network")
def _():
    daemon = fresh()
    daemon.post("externalnetworks", network("lan", "192.0.2.0/24")).wanted(201)
    daemon.post("netrulesets", ruleset("ssh", "lan")).wanted(201)
    said = daemon.get("explain?direction=in&service=tcp/22&address=192.0.2.9").wanted(200)
    equal((said["action"], said["ruleset"], said["ruleIndex"], said["network"]),
          ("Allow", "ssh", 0, "lan"))
    said = daemon.get("explain?direction=in&service=tcp/23&address=192.0.2.9").wanted(200)
    equal((said["reason"], said["network"]), ("default", "Somewhere"))


@subtest("the connections are those that the module remembers; flows and what comes of them are stored")
def _():
    daemon = fresh()
    equal(isinstance(daemon.get("connections").wanted(200).body, list), True)
    for target in ("flows", "edges", "map", "histogram", "coverage"):
        daemon.get(target).wanted(200)
    daemon.post("preview", {"data": {"externalnetworks": [network("a")]}}).wanted(200)


# --- documents ----------------------------------------------------------------

IMPORT = """\
label: base
data:
  namespaces:
    - name: acme
  externalnetworks:
    - name: web
      entries: ["{{ .Values.net }}"]
  networkrulesetpolicies:
    - name: web
      subject: [["$identity=processingunit"]]
      incomingRules:
        - {action: Allow, object: [["externalnetwork:name=web"]], protocolPorts: [tcp/443]}
"""


@subtest("an import is one revision; again, it replaces; deleted, it is gone")
def _():
    daemon = fresh()
    done = daemon.post("import?set=net=198.51.100.0/24", IMPORT).wanted(200)
    equal((done["revision"], len(done["changes"])), (2, 3))
    equal(daemon.post("import?set=net=198.51.100.0/24", IMPORT).wanted(200)["changes"], [])
    exported = daemon.get("export?label=base").wanted(200).body
    equal(len(exported["data"]["networkrulesetpolicies"]), 1)
    less = IMPORT[:IMPORT.index("  networkrules")]
    done = daemon.post("import?set=net=198.51.100.0/25", less).wanted(200)
    equal(sorted(change["change"] for change in done["changes"]), ["delete", "update"])
    daemon.post("externalnetworks", network("mine")).wanted(201)
    daemon.post("import", "label: base\ndata: {externalnetworks: "
                          "[{name: mine, entries: ['::/0']}]}").wanted(409)
    daemon.post("import?label=other", exported).wanted(409)
    daemon.post("import?delete=true&label=base").wanted(200)
    equal(names(daemon.get("externalnetworks")), ["mine"])
    equal(names(daemon.get("namespaces")), ["/"])


@subtest("an import without a label overwrites nothing that differs, and says so")
def _():
    daemon = fresh()
    daemon.post("externalnetworks", network("mine", "192.0.2.1")).wanted(201)
    other = {"data": {"externalnetworks": [network("mine", "::/0"), network("new")]}}
    refused = daemon.post("import", other).wanted(409)
    equal(len(refused.messages), 1)
    true("mctl apply" in refused.messages[0], refused.body)
    equal(daemon.get("externalnetworks/mine").body["entries"], ["192.0.2.1"])
    equal(names(daemon.get("externalnetworks")), ["mine"])
    daemon.post("import?set=net=198.51.100.0/24", IMPORT).wanted(200)
    exported = daemon.get("export").wanted(200).body
    equal(daemon.post("import", exported).wanted(200)["changes"], [])
    equal(daemon.get("export").body, exported)


@subtest("what changes words alone leaves the kernel, and its counters, as they are")
def _():
    daemon = fresh()
    daemon.post("externalnetworks", network("a")).wanted(201)
    daemon.post("netrulesets", ruleset("r", "a")).wanted(201)
    generation = daemon.status()["generation"]
    for change in ({"description": "words"}, {"associatedTags": ["k=v"]}):
        done = daemon.ask("PATCH", "externalnetworks/a", change).wanted(200)
        equal((len(done["changes"]), done["generation"]), (1, generation))
    # Nobody's rule names it.
    daemon.post("externalnetworks", network("b")).wanted(201)
    equal(daemon.status()["generation"], generation)
    equal(daemon.status()["enforced"], daemon.status()["revision"])
    daemon.stop()
    daemon.start()
    equal(daemon.status()["enforced"], daemon.status()["revision"])
    daemon.ask("PATCH", "externalnetworks/a", {"description": "more"}).wanted(200)
    equal(daemon.status()["generation"], generation)
    daemon.ask("PATCH", "externalnetworks/a", {"entries": ["192.0.2.1"]}).wanted(200)
    true(daemon.status()["generation"] > generation, "a change of entries is none")
    # On trial it is loaded, to be taken back.
    generation = daemon.status()["generation"]
    daemon.ask("PATCH", "externalnetworks/a?confirmWithin=60", {"description": "x"}).wanted(200)
    true(daemon.status()["generation"] > generation, "a trial is none")
    daemon.post("rollback").wanted(200)
    daemon.ask("PATCH", "externalnetworks/a", {"description": "y"}).wanted(200)
    equal(daemon.status()["enforced"], daemon.status()["revision"])


@subtest("who is rejected is told so, or not: a namespace says it for the host")
def _():
    daemon = fresh()

    def silent():
        return json.loads(mctl("status", "-o", "json").stdout)["silent"]

    daemon.ask("PATCH", "namespaces/%2F", {"incomingRejects": "silent"}).wanted(200)
    equal(silent(), {"in": True, "out": False})
    daemon.post("externalnetworks", network("a")).wanted(201)
    equal(silent(), {"in": True, "out": False}, "after another change")
    daemon.kill()
    fresh_kernel()
    mctl("defaults", "--silent", "none", "--yes", env={**os.environ, "MSEG_SOCKET": "/nonexistent"})
    equal(silent(), {"in": False, "out": False})
    daemon.start()
    equal(silent(), {"in": True, "out": False}, "after a start")
    wrong = daemon.ask("PATCH", "namespaces/%2F", {"outgoingRejects": "Drop"}).wanted(400)
    true("Answered, Silent or Inherit" in wrong.messages[0], wrong.body)
    daemon.ask("PATCH", "namespaces/%2F", {"incomingRejects": "Answered",
                                           "outgoingRejects": "Silent"}).wanted(200)
    equal(silent(), {"in": False, "out": True})
    daemon.post("rollback?to=1").wanted(200)
    equal(silent(), {"in": False, "out": False})


@subtest("an editor's trial is short, others are told of it, and who administers the host ends it")
def _():
    daemon = fresh(config=f"roles: [{{user: {ALICE}, roles: [edit]}}, {{user: {BOB}, roles: [admin]}}]")
    daemon.post("externalnetworks", network("a")).wanted(201)
    daemon.post("netrulesets", ruleset("r", "a")).wanted(201)
    body = {"entries": ["192.0.2.1"]}
    status, answer = as_user(daemon, ALICE, "PATCH", "externalnetworks/a?confirmWithin=3601", body)
    equal(status, 403, answer)
    status, answer = as_user(daemon, ALICE, "PATCH", "externalnetworks/a?confirmWithin=3600", body)
    equal(status, 200, answer)
    refused = daemon.post("externalnetworks", network("b")).wanted(409)["detail"]
    true(re.search(rf"revision 4 of {ALICE} awaits confirmation until 20\d\d-.*Z, in 3[56]\d\d s",
                   refused) and "mctl rollback" in refused, refused)
    status, answer = as_user(daemon, BOB, "POST", "rollback")
    equal(status, 200, answer)
    equal(daemon.get("externalnetworks/a").body["entries"], ["192.0.2.0/24"])
    daemon.post("externalnetworks", network("b")).wanted(201)


@subtest("a description tells no names of what its reader does not see")
def _():
    daemon = fresh(config=f"roles: [{{user: {ALICE}, namespace: /acme, roles: [read]}}]")
    daemon.post("namespaces", {"name": "/acme"}).wanted(201)
    daemon.post("externalnetworks", network("metadata-secret", propagate=True)).wanted(201)
    daemon.post("netrulesets?namespace=/acme", ruleset("r", "metadata-secrt")).wanted(201)
    target = "netrulesets/r/describe?namespace=/acme"
    true("metadata-secret" in json.dumps(daemon.get(target).wanted(200).body), "root sees no hint")
    status, answer = as_user(daemon, ALICE, "GET", target)
    equal((status, "metadata-secret" in json.dumps(answer)), (200, False), answer)
    true(answer["warnings"], "no warning is left")


@subtest("an export imports to the same objects")
def _():
    daemon = fresh()
    daemon.post("import?set=net=198.51.100.0/24", IMPORT).wanted(200)
    exported = daemon.get("export").wanted(200).body
    daemon.post("rollback?to=1").wanted(200)
    equal(kernel(), ([], []))
    daemon.post("import", exported).wanted(200)
    equal(daemon.get("export").wanted(200).body, exported)


@subtest("apply takes several documents as one revision, or nothing")
def _():
    daemon = fresh()
    text = ("apiVersion: v1\nkind: ExternalNetwork\nmetadata: {name: a}\n"
            "spec: {entries: [192.0.2.1]}\n---\n"
            "apiVersion: v1\nkind: ExternalNetwork\nmetadata: {name: b}\n"
            "spec: {entries: [192.0.2.2]}\n")
    equal(len(daemon.post("diff", text).wanted(200)["changes"]), 2)
    equal(len(daemon.post("apply?check=true", text).wanted(200)["changes"]), 2)
    equal(daemon.status()["revision"], 1)
    equal(daemon.post("apply", text).wanted(200)["revision"], 2)
    equal(daemon.post("apply", text).wanted(200)["changes"], [])
    daemon.post("apply", text.replace("192.0.2.2", "192.0.2.2/33")).wanted(400)
    equal(daemon.status()["revision"], 2)


# --- revisions ----------------------------------------------------------------

@subtest("revisions are shown, compared and restored")
def _():
    daemon = fresh()
    daemon.post("externalnetworks?reason=first", network("a")).wanted(201)
    daemon.ask("PATCH", "externalnetworks/a", {"entries": ["192.0.2.9"]}).wanted(200)
    daemon.ask("DELETE", "externalnetworks/a").wanted(200)
    history = daemon.get("revisions?limit=2").wanted(200).body
    equal([one["revision"] for one in history], [4, 3])
    equal([one["revision"] for one in daemon.get("revisions?before=3").body], [2, 1])
    one = daemon.get("revisions/2").wanted(200)
    equal((one["reason"], one["user"], one["uid"], one["state"]), ("first", "root", 0, "final"))
    equal(one["changes"][0]["after"]["name"], "a")
    changes = daemon.get("diff?from=1&to=3").wanted(200)["changes"]
    equal([(c["change"], c["after"]["entries"]) for c in changes], [("create", ["192.0.2.9"])])
    equal(daemon.get("diff?from=3&to=1").body["changes"][0]["change"], "delete")
    equal(daemon.get("diff?from=1&to=4").body["changes"], [])
    back = daemon.post("rollback?to=2&reason=oops").wanted(200)
    equal((back["revision"], len(back["changes"])), (5, 1))
    equal(daemon.get("diff?from=2&to=5").body["changes"], [])
    daemon.post("rollback?to=9").wanted(400)
    # The very same object, as others may know it by its ID.
    equal(daemon.get("externalnetworks/a").body["ID"], one["changes"][0]["ID"])


@subtest("two administrators never overwrite each other unseen")
def _():
    daemon = fresh()
    daemon.post("externalnetworks", network("a")).wanted(201)
    etag = daemon.get("externalnetworks/a").headers["ETag"]
    won = []

    def change(number):
        answer = daemon.ask("PATCH", "externalnetworks/a", {"description": f"of {number}"},
                            {"If-Match": etag})
        true(answer.status in (200, 412), answer.body)
        if answer.status == 200:
            won.append(f"of {number}")

    threads = [threading.Thread(target=change, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(len(won), 1, "how many changed it")
    equal(daemon.get("externalnetworks/a").body["description"], won[0])
    for method in ("PUT", "DELETE"):
        daemon.ask(method, "externalnetworks/a", network("a"), {"If-Match": etag}).wanted(412)
    etag = daemon.get("externalnetworks/a").headers["ETag"]
    daemon.ask("DELETE", "externalnetworks/a", None, {"If-Match": etag}).wanted(200)


@subtest("who administers a namespace alone does not move its host out of what holds above")
def _():
    daemon = fresh(config=f"roles: [{{user: {ALICE}, namespace: /web/vm, roles: [edit, admin]}}]")
    host = daemon.status()["enforcer"]["ID"]
    for name in ("/web", "/web/vm"):
        daemon.post("namespaces", {"name": name}).wanted(201)
    daemon.ask("PATCH", f"enforcers/{host}", {"namespace": "/web/vm"}).wanted(200)
    for method, target, body, wanted in (
            ("POST", "namespaces?namespace=/web/vm",
             {"name": "open", "defaultPUIncomingTrafficAction": "Allow"}, 201),
            ("PATCH", f"enforcers/{host}", {"namespace": "/web/vm/open"}, 403),
            ("PATCH", f"enforcers/{host}", {"associatedTags": ["a=b"]}, 403),
            ("PATCH", f"enforcers/{host}", {"name": "other"}, 403),
            ("PATCH", f"enforcers/{host}", {"description": "hers"}, 200)):
        equal(as_user(daemon, ALICE, method, target, body)[0], wanted, f"{method} {body}")
    daemon.ask("PATCH", f"enforcers/{host}", {"namespace": "/web/vm/open"}).wanted(200)
    # Nor back: what holds where it is, is not hers alone.
    equal(as_user(daemon, ALICE, "PATCH", f"enforcers/{host}", {"namespace": "/web/vm"})[0], 403)
    equal(as_user(daemon, ALICE, "PATCH", f"enforcers/{host}", {"associatedTags": ["a=b"]})[0], 200)


# --- trials -------------------------------------------------------------------

@subtest("a trial is confirmed, and stays")
def _():
    daemon = fresh()
    made = daemon.post("externalnetworks?confirmWithin=60", network("a")).wanted(201)
    trial = daemon.status()["confirm"]
    equal((trial["revision"], trial["generation"]), (2, made["generation"]))
    daemon.post("externalnetworks", network("b")).wanted(409)
    daemon.post("confirm", {"generation": made["generation"] + 1}).wanted(409)
    daemon.post("confirm", {"generation": made["generation"]}).wanted(200)
    equal(daemon.status()["confirm"], None)
    equal(daemon.get("revisions/2").body["state"], "confirmed")
    daemon.post("confirm").wanted(409)


@subtest("a trial that nobody confirms ends by itself, in kernel and store")
def _():
    daemon = fresh()
    daemon.post("externalnetworks?confirmWithin=1", network("a")).wanted(201)
    limit = time.monotonic() + 15
    while daemon.status()["confirm"] and time.monotonic() < limit:
        time.sleep(0.1)
    equal(names(daemon.get("externalnetworks")), [])
    equal([one["state"] for one in daemon.get("revisions").body], ["final", "reverted", "final"])
    status = daemon.status()
    equal((status["revision"], status["enforced"], status["problems"]), (3, 3, []))


@subtest("a trial is taken back at once, and does not outlive a restart wrongly")
def _():
    daemon = fresh()
    daemon.post("externalnetworks", network("a")).wanted(201)
    daemon.post("netrulesets?confirmWithin=60", ruleset("r", "a")).wanted(201)
    daemon.kill()
    daemon.start()
    equal(daemon.status()["confirm"]["revision"], 3)
    equal(len(kernel()[0]), 1)
    daemon.post("rollback").wanted(200)
    equal((daemon.status()["revision"], kernel()[0]), (4, []))
    daemon.post("netrulesets?confirmWithin=1", ruleset("r", "a")).wanted(201)
    daemon.kill()
    time.sleep(2)
    daemon.start()
    status = daemon.status()
    equal((status["confirm"], status["revision"], status["enforced"]), (None, 6, 6))
    equal(kernel()[0], [])


@subtest("who may not make a trial's changes neither confirms it nor ends it")
def _():
    daemon = fresh(config=f"roles: [{{user: {ALICE}, namespace: /web, roles: [edit]}}]")
    host = daemon.status()["enforcer"]["name"]
    daemon.post("namespaces", {"name": "/web"}).wanted(201)
    daemon.ask("PATCH", f"enforcers/{host}", {"namespace": "/web"}).wanted(200)
    daemon.post("externalnetworks?namespace=/web", network("hers")).wanted(201)
    daemon.post("externalnetworks?confirmWithin=60", network("secret")).wanted(201)
    for target in ("confirm", "rollback", "rollback?to=1", "rollback?to=4"):
        status, answer = as_user(daemon, ALICE, "POST", target)
        equal(status, 403, target)
        true("secret" not in answer["detail"], answer)
        equal(daemon.status()["confirm"]["revision"], 5, target)
    daemon.post("confirm").wanted(200)
    # Her own trial: what goes back further than it is refused before it ends.
    daemon.post("externalnetworks?namespace=/web&confirmWithin=60", network("more")).wanted(201)
    equal(as_user(daemon, ALICE, "POST", "rollback?to=1")[0], 403)
    equal(daemon.status()["confirm"]["revision"], 6)
    equal(as_user(daemon, ALICE, "POST", "rollback")[0], 200)
    daemon.post("externalnetworks?namespace=/web&confirmWithin=60", network("more")).wanted(201)
    equal(as_user(daemon, ALICE, "POST", "confirm")[0], 200)


@subtest("a trial whose past makes no sense is not ended by half, again and again")
def _():
    daemon = fresh()
    daemon.post("externalnetworks", network("a")).wanted(201)
    daemon.ask("PATCH", "externalnetworks/a?confirmWithin=600", {"description": "b"}).wanted(200)
    daemon.kill()
    with contextlib.closing(sqlite3.connect(daemon.state + "/store.db")) as store:
        store.execute("UPDATE change SET before = '[]' WHERE revision = 3")
        store.commit()
    daemon.start()
    equal(daemon.status()["confirm"]["revision"], 3)
    true(daemon.post("rollback").status >= 400, "it was ended")
    for _ in range(2):
        status = daemon.status()
        equal(status["revision"], 3)
        true(status["problems"], "no problem is told")
    equal(daemon.get("externalnetworks/a").wanted(200)["description"], "b")


# --- the kernel's own life ----------------------------------------------------

@subtest("what the kernel enforces stays until the first change")
def _():
    fresh_kernel()
    policy = '{"defaults": {"in": "allow", "out": "allow"}, "networks": ' \
             '[{"name": "n", "entries": ["192.0.2.1"]}], "rules": []}'
    equal(mctl("load", "-f", "-", "--yes", input=policy).returncode, 0)
    daemon = Msegd()
    equal(daemon.status()["enforced"], None)
    true(daemon.status()["problems"], "no problem is told")
    equal([net["name"] for net in kernel()[1]], ["n"])
    daemon.post("externalnetworks", network("a")).wanted(201)
    equal((daemon.status()["problems"], kernel()[1]), ([], kernel()[1]))
    true("n" not in [net["name"] for net in kernel()[1]], "the former policy is there")


@subtest("a start puts the newest revision in force again")
def _():
    daemon = fresh()
    daemon.post("externalnetworks", network("a")).wanted(201)
    daemon.post("netrulesets", ruleset("r", "a")).wanted(201)
    generation = daemon.status()["generation"]
    daemon.stop()
    daemon.start()
    equal(daemon.status()["generation"], generation, "it was loaded again for nothing")
    daemon.stop()
    fresh_kernel()
    daemon.start()
    equal(len(kernel()[0]), 1)
    equal(daemon.status()["enforced"], 3)


@subtest("mctl load and defaults are told that msegd owns the policy")
def _():
    daemon = fresh()
    env = {"MSEG_SOCKET": daemon.socket, "PATH": "/usr/bin"}
    done = mctl("load", "-f", "-", "--yes", input="{}", env=env)
    equal(done.returncode, 5, done.stderr)
    equal(mctl("defaults", "--in", "allow", "--yes", env=env).returncode, 5)


# --- events -------------------------------------------------------------------

@contextlib.contextmanager
def listening(daemon, user):
    """A process of somebody's that prints the events; it listens already."""
    program = ("import socket, sys\n"
               "s = socket.socket(socket.AF_UNIX)\n"
               "s.settimeout(60)\n"
               "s.connect(sys.argv[1])\n"
               "s.sendall(b'GET /v1/events HTTP/1.1\\r\\nHost: mseg\\r\\n\\r\\n')\n"
               "for line in s.makefile():\n"
               "    print(line.rstrip(), flush=True)\n")
    listener = subprocess.Popen(["setpriv", "--reuid", user, "--regid", "nogroup", "--clear-groups",
                                 sys.executable, "-c", program, daemon.socket],
                                stdout=subprocess.PIPE, text=True, cwd="/")
    try:
        for line in listener.stdout:
            true(line.startswith("HTTP/1.1 200") or not line.startswith("HTTP/"), line)
            if line == ":\n":
                break
        yield listener
    finally:
        listener.kill()
        listener.communicate()


@subtest("events tell of revisions, trials and their ends")
def _():
    daemon = fresh()
    connection = Connection(daemon.socket)
    connection.request("GET", "/v1/events")
    response = connection.getresponse()
    document.seen.add(("get", "/v1/events", True))
    daemon.post("externalnetworks", network("a")).wanted(201)
    daemon.post("externalnetworks?confirmWithin=60", network("b")).wanted(201)
    daemon.post("rollback").wanted(200)
    seen = []
    while "rollback" not in seen:
        line = response.readline().decode().strip()
        if line.startswith("event: "):
            seen.append(line[7:])
        elif line.startswith("data: "):
            true(json.loads(line[6:])["generation"], line)
    equal(seen, ["revision", "apply", "revision", "apply", "rollback"])
    connection.close()


@subtest("events come at once, also where nobody asks for anything afterwards")
def _():
    daemon = fresh()
    listener = Connection(daemon.socket)
    listener.request("GET", "/v1/events")
    connected = listener.sock
    response = listener.getresponse()
    equal((response.readline(), response.readline()), (b":\n", b"\n"))
    # The listener waits, and the connection of who makes the change stays open.
    time.sleep(0.5)
    other = Connection(daemon.socket)
    other.request("POST", "/v1/externalnetworks", json.dumps(network("quiet")))
    answer = other.getresponse()
    answer.read()
    equal(answer.status, 201)
    connected.settimeout(3)
    equal(response.readline(), b"event: revision\n")
    listener.close()
    other.close()


@subtest("what an object was elsewhere is nothing to who reads where it is, and the reverse")
def _():
    daemon = fresh(config=f"roles: [{{user: {ALICE}, namespace: /web, roles: [read]}}]")
    daemon.post("namespaces", {"name": "/web"}).wanted(201)
    daemon.post("externalnetworks", network("a", "192.0.2.1")).wanted(201)
    daemon.ask("PATCH", "externalnetworks/a", {"namespace": "/web", "entries": ["192.0.2.2"],
                                               "name": "b"}).wanted(200)
    for target, wanted in (("revisions/4", ("create", "/web", "b", None, ["192.0.2.2"])),
                           ("diff?from=4&to=3", ("delete", "/web", "b", ["192.0.2.2"], None))):
        changes = as_user(daemon, ALICE, "GET", target)[1]["changes"]
        equal([(one["change"], one["namespace"], one["name"],
                *((one[side] or {}).get("entries") for side in ("before", "after")))
               for one in changes], [wanted], target)
        equal([one["change"] for one in daemon.get(target)["changes"]], ["update"])


@subtest("an event names no objects to who may not read all")
def _():
    daemon = fresh(config=f"roles: [{{user: {ALICE}, namespace: /web, roles: [read]}}]")
    host = daemon.status()["enforcer"]["name"]
    daemon.post("namespaces", {"name": "/web"}).wanted(201)
    daemon.ask("PATCH", f"enforcers/{host}", {"namespace": "/web"}).wanted(200)
    with listening(daemon, ALICE) as hers, listening(daemon, "root") as roots:
        daemon.post("externalnetworks?reason=covert", network("secret")).wanted(201)
        told = [json.loads(next(line for line in listener.stdout
                                if line.startswith("data: "))[6:]) for listener in (hers, roots)]
    equal([(one["revision"], one["reason"], one["action"]) for one in told],
          [(4, "", ""), (4, "covert", "create externalnetwork secret in /")])


@subtest("a link is redeemed to a session, which is listed, shown and ended")
def _():
    daemon = fresh()
    code = daemon.post("sessions", {"kind": "link"}).wanted(201)["code"]
    made = daemon.post("sessions/redeem", {"code": code}).wanted(200)
    equal([one["id"] for one in daemon.get("sessions").wanted(200)["sessions"]], [made["id"]])
    daemon.get(f"sessions/{made['id']}").wanted(200)
    daemon.ask("DELETE", f"sessions/{made['id']}").wanted(200)
    daemon.get(f"sessions/{made['id']}").wanted(404)


@subtest("an import does not tell what its author may not read")
def _():
    daemon = fresh(config=f"roles: [{{user: {ALICE}, namespace: /acme, roles: [edit]}}]")
    daemon.post("namespaces", {"name": "/acme"}).wanted(201)
    daemon.post("externalnetworks", network("secret")).wanted(201)
    daemon.post("import?label=theirs", {"data": {"externalnetworks": [
        network("labelled")]}}).wanted(200)
    for name in ("secret", "labelled", "absent"):
        status, answer = as_user(daemon, ALICE, "POST", "import?label=hers", {"data": {
            "externalnetworks": [network(name, "10.0.0.0/8")]}})
        equal((status, "there already" in json.dumps(answer)), (403, False), name)


@subtest("what is staged is applied as one revision, once")
def _():
    daemon = fresh()
    document = {"data": {"externalnetworks": [network("ssh"), network("web")]}}
    daemon.ask("PUT", "staged", document).wanted(200)
    daemon.post("staged/apply?check=true").wanted(200)
    equal(len(daemon.get("staged").wanted(200)["changes"]), 2)
    done = daemon.post("staged/apply?reason=reviewed").wanted(200)
    equal((done["revision"], done["check"], len(done["changes"])), (2, False, 2))
    equal([one["name"] for one in daemon.get("externalnetworks").body], ["ssh", "web"])
    equal(daemon.get("revisions/2")["reason"], "reviewed")
    daemon.get("staged").wanted(404)
    # What others' changes make senseless meanwhile stays, and says why.
    daemon.post("namespaces", {"name": "/vm"}).wanted(201)
    daemon.ask("PUT", "staged?namespace=/vm", document).wanted(200)
    daemon.ask("DELETE", "namespaces/%2Fvm").wanted(200)
    true(daemon.get("staged").wanted(200)["problem"]["detail"], "no problem is told")
    true(daemon.post("staged/apply").status in (400, 404, 409, 422), "it was applied")
    daemon.ask("DELETE", "staged").wanted(200)
    daemon.get("staged").wanted(404)


@subtest("lookups and what is learned are there for who may read the host")
def _():
    daemon = fresh(config=f"roles: [{{user: {ALICE}, roles: [read]}}]")
    equal(daemon.get("dns?since=1h&limit=5").wanted(200)["cursor"], None)
    equal(daemon.get("dns/cache").wanted(200).body, [])
    equal(as_user(daemon, ALICE, "GET", "dns")[0], 200)
    for target in ("dns?q=nothing:x", "dns?since=later", "dns?cursor=x", "dns?limit=0"):
        daemon.get(target).wanted(400)
    daemon.get("dns/none").wanted(404)
    daemon.post("dns").wanted(405)


def events_after(daemon, last):
    """What a stream says first, as (ID, type) each, to who had an event last."""
    connection = Connection(daemon.socket)
    connection.request("GET", "/v1/events", headers={"Last-Event-ID": last} if last else {})
    response = connection.getresponse()
    equal(response.status, 200)
    # The last of all tells the end.
    daemon.post("externalnetworks", network(f"end{time.monotonic_ns()}")).wanted(201)
    found, number, kind, last_one = [], daemon.status()["revision"], None, False
    while not (last_one and kind is None):
        name, _, value = response.readline().decode().rstrip("\n").partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            last_one = kind == "revision" and json.loads(value)["revision"] == number
        elif name == "id":
            found.append((value, kind))
            kind = None
    connection.close()
    return found


@subtest("who comes back with an event's ID goes on behind it, or hears of a reset")
def _():
    daemon = fresh()
    ((first, kind),) = events_after(daemon, None)
    equal(kind, "revision")
    for i in range(3):
        daemon.post("externalnetworks", network(f"n{i}")).wanted(201)
    found = events_after(daemon, first)
    equal([kind for _, kind in found if kind != "apply"], ["revision"] * 4)
    ids = [first, *(event for event, _ in found)]
    equal(len(set(ids)), len(ids))
    equal(events_after(daemon, ids[2])[:len(found) - 2], found[2:])
    epoch, number = ids[0].split("-")
    for wrong in ("x", epoch, f"{int(epoch, 16) ^ 1:08x}-{number}", f"{epoch}-{2**63}", "-1",
                  f"{epoch}-{2**64 - 1}", f"{epoch}-{number}x", "a" * 500):
        equal(events_after(daemon, wrong)[0][1], "reset", wrong)
    # More than a stream holds at once, and than is held at all.
    for text, resumes in ((ids[4], False), (None, True)):
        last = text or events_after(daemon, None)[0][0]
        for i in range(3 if resumes else 150):
            daemon.ask("PATCH", "externalnetworks/n0?reason=" + "x" * 1000,
                       {"description": f"{last} {i}"}).wanted(200)
        equal(events_after(daemon, last)[0][1] == "reset", not resumes)


@subtest("every operation of the document was asked, and answered well")
def _():
    daemon = fresh()
    daemon.get("externalnetworks/none/describe").wanted(404)
    # Logins need a provider: tests/console/oidc.py asks these.
    elsewhere = [("get", "/v1/oidc"), ("post", "/v1/oidc")]
    if len(cases) == ALL:
        equal(document.unseen(), elsewhere)


if __name__ == "__main__":
    load_module()
    ALL = len(cases)
    main()
