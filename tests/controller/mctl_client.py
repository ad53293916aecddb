#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""mctl against a stub in msegd's place: what it asks, what it prints, how it ends.

Prints TAP. Needs neither the module nor msegd.
"""

import contextlib
import json
import os
import pathlib
import pty
import select
import subprocess
import sys
import tempfile
import time

import yaml

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

# The directory that holds them comes first.
from stub import Stub  # noqa: E402
from tap import Tap  # noqa: E402

TOP = HERE.parent.parent
MCTL = str(TOP / "build/bin/mctl")

NETWORK = {"ID": "5f1f2ad0f0fe17061e24ed7d", "name": "ssh", "namespace": "/acme",
           "description": "", "entries": ["10.0.0.0/8", "!10.0.0.1"], "associatedTags": [],
           "propagate": True}
RULESET = {"ID": "5f1f2ad0f0fe17061e24ed7e", "name": "Allow incoming: \"SSH\"",
           "namespace": "/acme", "description": "yes", "subject": [["$id=1", "b=2"], ["c=3"]],
           "incomingRules": [{"action": "Allow", "object": [["externalnetwork:name=ssh"]],
                              "protocolPorts": ["tcp/22", "icmp/3/0,1"], "name": "no"}],
           "outgoingRules": [], "disabled": True, "propagate": False, "fallback": False}
CREATED = {"change": "create", "kind": "externalnetwork", "ID": NETWORK["ID"],
           "namespace": "/acme", "name": "ssh"}
CHANGE = {"revision": 5, "generation": 7, "changes": [CREATED], "warnings": [], "check": False,
          "confirmWithin": None}
DISCOVERY = {"namespace": "/acme/vm", "incoming": "Inherit", "outgoing": "Inherit",
             "effective": {"incoming": "Allow", "outgoing": "Reject"}, "discovery": False}
FLOW = {"direction": "in", "action": "Accept", "protocol": "tcp", "sourceIP": "192.0.2.20",
        "destinationIP": "192.0.2.10", "destinationPort": 22, "reason": "default",
        "sourceType": "Somewhere", "timestamp": "2026-11-22T18:00:00.000000000Z", "value": 1}

OUTGOING = FLOW | {"direction": "out", "destinationIP": "198.51.100.80", "destinationPort": 443}


def problem(status, detail="why it is so", errors=None):
    return status, {"title": "title", "status": status, "detail": detail,
                    **({"errors": errors} if errors else {})}


class Bench:
    def __init__(self, directory):
        self.tap = Tap()
        self.directory = pathlib.Path(directory)
        self.stub = Stub(str(self.directory / "api.sock"))
        self.environment = {"PATH": f"{TOP / 'build/bin'}:{os.environ['PATH']}",
                            "MSEG_SOCKET": self.stub.path, "TERM": "xterm", "LC_ALL": "C.UTF-8"}

    def run(self, *command, stdin="", socket=None):
        environment = dict(self.environment)
        if socket:
            environment["MSEG_SOCKET"] = socket
        return subprocess.run([MCTL, *command], input=stdin, capture_output=True, text=True,
                              timeout=30, env=environment)

    def ends(self, status, *command, **options):
        result = self.run(*command, **options)
        self.tap.equal(result.returncode, status, f"mctl {' '.join(command)} ends with {status}")
        return result

    def asked(self, *wanted):
        got = [(request.method, request.path) for request in self.stub.asked()]
        self.tap.equal(got, list(wanted), f"it asks {wanted}")

    def terminal(self, *command, answers=(), seconds=60, env=None):
        """Its status and all that a terminal would show; a question gets an answer each."""
        pid, fd = pty.fork()
        if not pid:
            os.execve(MCTL, [MCTL, *command], self.environment | (env or {}))
        output, questions, deadline = b"", 0, time.monotonic() + seconds
        with contextlib.suppress(OSError):
            while select.select([fd], [], [], max(deadline - time.monotonic(), 0))[0]:
                data = os.read(fd, 4096)
                if not data:
                    break
                output += data
                if questions < min(output.count(b"[y/N] "), len(answers)):
                    os.write(fd, answers[questions].encode() + b"\n")
                    questions += 1
        os.close(fd)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), output.decode()


# --- what it prints ----------------------------------------------------------

def formats(bench):
    bench.stub.answers = {"GET /v1/networkrulesetpolicies": (200, [RULESET, RULESET]),
                          "GET /v1/externalnetworks": (200, [NETWORK]),
                          "GET /v1/externalnetworks/ssh": (200, NETWORK)}
    out = {word: bench.ends(0, "api", "list", "netrulesets", "-o", word).stdout
           for word in ("table", "wide", "json", "yaml", "jsonl", "name", "none")}
    equal = bench.tap.equal
    equal(json.loads(out["json"]), [RULESET, RULESET], "JSON is what msegd has")
    equal(yaml.safe_load(out["yaml"]), [RULESET, RULESET], "YAML says the same, words too")
    equal([json.loads(line) for line in out["jsonl"].splitlines()], [RULESET, RULESET],
          "JSON lines are an object each")
    equal(out["name"], (RULESET["name"] + "\n") * 2, "names are a line each")
    equal(out["none"], "", "none prints nothing")
    bench.tap.check("$id=1 and b=2, or c=3" in out["table"] and "disabled" in out["table"],
                    "a table shows selectors and flags", out["table"])
    bench.tap.check(RULESET["ID"] in out["wide"] and RULESET["ID"] not in out["table"],
                    "wide has more columns", out["wide"])
    one = bench.ends(0, "get", "extnet", "ssh", "-o", "json", "-c", "name,entries").stdout
    equal(json.loads(one), {key: NETWORK[key] for key in ("name", "entries")},
          "-c leaves the fields that it names")
    table = bench.ends(0, "get", "externalnetwork", "-c", "propagate", "-c", "name").stdout
    equal(table.split(), ["propagate", "name", "yes", "ssh"], "-c makes columns of a table")
    equal(bench.ends(0, "api", "count", "externalnetworks").stdout, "1\n", "count is a number")
    bench.ends(2, "status", "-o", "name")


def harmless(bench):
    """What others wrote into objects does nothing to a terminal."""
    bench.stub.answers = {"GET /v1/externalnetworks": (200, [NETWORK | {"name": "a\x1b[2Jb"}])}
    table = bench.ends(0, "get", "extnets").stdout
    bench.tap.check("\x1b" not in table and "a?[2Jb" in table, "a table has no escapes", table)
    odd = NETWORK | {"description": "a\x1bb\x7fc\x9bd\u00e9"}
    bench.stub.answers = {"GET /v1/externalnetworks": (200, [odd])}
    for form, read in (("json", json.loads), ("yaml", yaml.safe_load)):
        text = bench.ends(0, "get", "extnets", "-o", form).stdout
        bench.tap.check(not set("\x1b\x7f\x9b") & set(text), f"-o {form} has none", text)
        bench.tap.equal(read(text)[0]["description"], odd["description"], f"-o {form}: as it was")
    bench.stub.answers = {"GET /v1/externalnetworks": problem(400, "a\x1b[2Jb")}
    stderr = bench.ends(1, "get", "extnets").stderr
    bench.tap.check("\x1b" not in stderr, "a message has none", stderr)


def statuses(bench):
    """HTTP's status makes the exit code; a failure prints no data."""
    for status, wanted in ((400, 1), (403, 4), (404, 1), (409, 5), (412, 5), (413, 1), (422, 1),
                           (500, 1), (503, 3), (507, 1)):
        bench.stub.answers = {"GET /v1/externalnetworks": problem(status)}
        result = bench.ends(wanted, "api", "list", "externalnetworks")
        bench.tap.check(result.stdout == "" and "why it is so" in result.stderr,
                        f"{status}: the reason on stderr alone", result.stderr)
    bench.stub.answers = {"GET /v1/externalnetworks": (200, b"<html>", "text/html")}
    bench.ends(1, "api", "list", "externalnetworks")
    bench.ends(3, "get", "ns", socket="/nonexistent/api.sock")
    bench.ends(3, "apply", "-f", "-", stdin="a: 1", socket="/nonexistent/api.sock")
    bench.ends(2, "get", "nothing")
    bench.ends(2, "api")
    bench.ends(2, "api", "create", "externalnetwork")
    bench.ends(2, "api", "create", "externalnetwork", "-k", "name")
    bench.ends(2, "api", "update", "namespace", "-k", "name", "x")
    bench.ends(0, "help", "api", "create")
    bench.ends(0, "api", "--help")


def places(bench):
    """Errors of a directory's files name the file and its own line."""
    directory = bench.directory / "policy"
    (directory / "below").mkdir(parents=True)
    (directory / "a.yaml").write_text("one: 1\ntwo: 2", encoding="utf-8")
    (directory / "b.json").write_text("{\n}\n", encoding="utf-8")
    (directory / "below" / "c.yml").write_text("three: 3\n", encoding="utf-8")
    (directory / "README").write_text("not a document\n", encoding="utf-8")
    notices = [{"message": f"in line {line}", "line": line, "column": 2, "file": "x",
                "field": None, "value": None, "hint": None, "object": None}
               for line in (2, 5, 7)]
    bench.stub.answers = {"POST /v1/apply": problem(400, errors=notices)}
    result = bench.ends(1, "apply", "-f", str(directory))
    bench.tap.equal(result.stderr.splitlines()[:3],
                    [f"{directory}/a.yaml:2:2: error: in line 2",
                     f"{directory}/b.json:2:2: error: in line 5",
                     f"{directory}/below/c.yml:1:2: error: in line 7"], "files and lines")
    bench.tap.equal(bench.stub.asked()[0].body, "one: 1\ntwo: 2\n---\n{\n}\n---\nthree: 3\n",
                    "all are sent as one")
    bench.ends(1, "apply", "-f", str(bench.directory / "nothing"))
    (bench.directory / "empty").mkdir()
    bench.ends(1, "apply", "-f", str(bench.directory / "empty"))


# --- what it asks ------------------------------------------------------------

def bodies(bench):
    bench.stub.answers = {"POST /v1/externalnetworks": (201, CHANGE | {"object": NETWORK})}
    bench.ends(0, "api", "create", "externalnetwork", "-n", "/acme", "-k", "name", "true",
               "-k", "entries", '["10.0.0.0/8", "!10.0.0.1"]', "-k", "associatedTags", "a=b",
               "-k", "propagate", "true", "--reason", "why & how", "--existing", "keep",
               "--confirm-within", "5m", "--yes")
    request = bench.stub.asked()[0]
    bench.tap.equal(request.json(), {"name": "true", "entries": ["10.0.0.0/8", "!10.0.0.1"],
                                     "associatedTags": ["a=b"], "propagate": True},
                    "-k makes a field of its type")
    bench.tap.equal([request.one(key) for key in ("namespace", "reason", "existing",
                                                  "confirmWithin", "check")],
                    ["/acme", "why & how", "keep", "300", None], "options are parameters")
    bench.ends(0, "api", "create", "extnet", "-d", '{"name": "x"}', "-k", "name", "y")
    bench.tap.equal(bench.stub.asked()[0].json(), {"name": "y"}, "-k goes before -d")
    bench.ends(2, "api", "create", "extnet", "-d", "[1]")
    bench.ends(2, "api", "create", "extnet", "-d", "{}", "-f", "-")
    bench.stub.answers = {"DELETE /v1/externalnetworks/a b/c": (200, CHANGE)}
    bench.ends(0, "api", "delete", "extnet", "a b/c", "-n", "/x")
    bench.tap.check("/a%20b%2Fc?" in bench.stub.asked()[0].target, "names are escaped")
    bench.stub.answers = {"POST /v1/import": (200, CHANGE)}
    bench.ends(0, "api", "import", "-f", "-", "--label", "l", "--set", "a=1", "--set", "b=2=3",
               "--delete", stdin="data: {}")
    request = bench.stub.asked()[0]
    bench.tap.equal([request.query["set"], request.one("label"), request.one("delete"),
                     request.one("file"), request.body],
                    [["a=1", "b=2=3"], "l", "true", "<stdin>", "data: {}"],
                    "an import is sent as it was written")


def here_document(bench):
    """The procedure's own, with only the program's name changed."""
    bench.stub.answers = {
        "PATCH /v1/namespaces//acme/aws-dev/vm":
            (200, CHANGE | {"object": {"name": "/acme/aws-dev/vm",
                                       "defaultPUIncomingTrafficAction": "Reject",
                                       "defaultPUOutgoingTrafficAction": "Reject"}}),
        "GET /v1/discovery": (200, DISCOVERY), "GET /v1/connections": (200, [FLOW, FLOW, OUTGOING]),
        "GET /v1/explain": (200, {"reason": "default", "action": "Allow", "note": None})}
    script = """\
export VM_NS=/acme/aws-dev/vm
export CLOUD_NS=/acme/aws-dev
cat <<EOF | mctl api update namespace $VM_NS -n $CLOUD_NS -f -
name: $VM_NS
namespace: $CLOUD_NS
defaultPUIncomingTrafficAction: Reject
defaultPUOutgoingTrafficAction: Reject
EOF
"""
    result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=30,
                            env=bench.environment)
    bench.tap.equal(result.returncode, 0, "the here-document works")
    bench.tap.check(result.stderr.count("tcp/22 from 192.0.2.20 is allowed by the default") == 1,
                    "it warns of what breaks, once", result.stderr)
    bench.tap.check("198.51.100.80" not in result.stderr, "and not of what is rejected already",
                    result.stderr)
    patches = [r for r in bench.stub.asked() if r.method == "PATCH"]
    bench.tap.equal([r.one("check") for r in patches], ["true", None],
                    "it is checked first, and made all the same")
    bench.tap.equal(yaml.safe_load(patches[-1].body),
                    {"name": "/acme/aws-dev/vm", "namespace": "/acme/aws-dev",
                     "defaultPUIncomingTrafficAction": "Reject",
                     "defaultPUOutgoingTrafficAction": "Reject"}, "its fields are named, no others")
    bench.tap.equal(patches[-1].one("namespace"), "/acme/aws-dev", "in the namespace above")


def differences(bench):
    change = CREATED | {"change": "update", "before": {"a": 1, "b": [1]},
                        "after": {"a": 1, "b": [2], "c": "x"}}
    bench.stub.answers = {"GET /v1/diff": (200, {"from": 3, "to": 4, "changes": [change]}),
                          "POST /v1/diff": (200, {"from": 3, "to": None, "changes": []})}
    result = bench.ends(1, "diff", "3", "4")
    bench.tap.equal(result.stdout.splitlines(),
                    ["~ externalnetwork /acme/ssh", "    - b: [1]", "    + b: [2]",
                     '    + c: "x"'], "a difference is shown by field")
    request = bench.stub.asked()[0]
    bench.tap.equal([request.one("from"), request.one("to")], ["3", "4"],
                    "between the revisions that were named")
    bench.ends(0, "diff", "-f", "-", stdin="data: {}")
    bench.stub.asked()
    bench.ends(2, "diff", "three")
    bench.stub.answers = {"POST /v1/rollback": (200, CHANGE), "POST /v1/confirm":
                          (200, {"revision": 5, "generation": 7})}
    bench.ends(0, "rollback", "3", "--reason", "worse")
    bench.ends(0, "rollback")
    bench.ends(0, "confirm", "7")
    asked = bench.stub.asked()
    bench.tap.equal([asked[0].one("to"), asked[1].one("to"), asked[2].json()],
                    ["3", None, {"generation": 7}], "rollback and confirm ask msegd")


def ownership(bench):
    """Who listens on the socket owns the policy, in his own network namespace."""
    policy = TOP / "tests/e2e/procedure.json"
    for command in (("load", "-f", str(policy)), ("defaults", "--in", "allow"),
                    ("candidate", "promote")):
        result = bench.ends(5, *command)
        bench.tap.check("msegd" in result.stderr and "instead" in result.stderr,
                        "it says what to use instead", result.stderr)
    bench.ends(0, "load", "-f", str(policy), "--check")
    bench.asked()
    nobody = bench.directory / "nobody.sock"
    result = bench.ends(3, "defaults", "--in", "allow", socket=str(nobody))
    bench.tap.check("module is not loaded" in result.stderr, "without msegd, the module is asked",
                    result.stderr)
    if os.geteuid():
        return
    result = subprocess.run(["unshare", "-n", MCTL, "defaults", "--in", "allow"], text=True,
                            capture_output=True, env=bench.environment, timeout=30)
    bench.tap.equal(result.returncode, 3, "of another network namespace it owns nothing")


def reports(bench):
    flows = [FLOW | {"timestamp": f"20{year}-01-01T00:00:00.000000000Z", "value": year}
             for year in (20, 22, 24)]
    bench.stub.answers = {"GET /v1/flows": (200, {"flows": flows, "cursor": None}),
                          "GET /v1/enforcers": (200, [])}

    def values(*options):
        out = bench.ends(0, "reportsquery", "flows", "-o", "json", *options).stdout
        return [flow["value"] for flow in json.loads(out)]

    bench.tap.equal(values("--from-abs", "2021-06-01"), [22, 24], "--from-abs")
    bench.tap.equal(values("--to-abs", "2023-01-01T00:00:00Z"), [20, 22], "--to-abs")
    bench.tap.equal(values("--from-rel", "2h"), [], "--from-rel")
    bench.tap.equal(values("--filter", 'sourceType == "Somewhere" and value > 21'), [22, 24],
                    "--filter")
    bench.ends(2, "reportsquery", "flows", "--filter", "value ===")
    bench.ends(2, "reportsquery", "flows", "--from-rel", "soon")
    bench.ends(2, "reportsquery", "nothing")
    bench.ends(0, "reportsquery", "enforcers", "--filter", 'name == "x"')


def events(bench):
    stream = (b': hello\n\nevent: revision\ndata: {"revision": 3, "user": "root",\n'
              b'data: "action": "apply"}\r\n\r\nevent: flow\ndata: {"action": "Reject"}\n\n')
    bench.stub.answers = {"GET /v1/events": (200, stream, "text/event-stream")}
    result = bench.ends(1, "monitor", "--flows", "-o", "jsonl")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    bench.tap.equal([(row["event"], row.get("revision"), row["action"]) for row in rows],
                    [("revision", 3, "apply"), ("flow", None, "Reject")], "events come as rows")
    bench.tap.check(result.stderr.startswith("listening\n"), "it says that it listens")
    bench.stub.answers = {"GET /v1/events": lambda _: (time.sleep(20), problem(500))[1]}
    with subprocess.Popen([MCTL, "monitor", "-o", "json"], stdout=subprocess.PIPE, text=True,
                          env=bench.environment) as process:
        time.sleep(0.5)
        process.terminate()
        out = process.communicate(timeout=15)[0]
    bench.tap.equal((process.returncode, json.loads(out)), (0, []), "a signal ends it well")
    bench.stub.answers = {"GET /v1/events": problem(403)}
    bench.ends(4, "monitor")


# --- terminals ---------------------------------------------------------------

def guided(bench):
    """discovery disable: told, asked, on trial, asked again."""
    bench.stub.answers = {
        "GET /v1/discovery": (200, DISCOVERY), "GET /v1/connections": (200, [FLOW]),
        "GET /v1/explain": (200, {"reason": "default", "action": "Allow", "note": None}),
        "PUT /v1/discovery": (200, CHANGE), "POST /v1/confirm": (200, {"revision": 5}),
        "POST /v1/rollback": (200, CHANGE)}

    def writes():
        return [(r.method, r.path, r.one("confirmWithin")) for r in bench.stub.asked()
                if r.method != "GET"]

    command = "discovery", "disable", "-n", "/acme/vm"
    put = "PUT", "/v1/discovery", "60"
    status, output = bench.terminal(*command, answers=["n"])
    bench.tap.check(status == 1 and "192.0.2.20" in output and not writes(),
                    "no: nothing changes", output)
    status, output = bench.terminal(*command, answers=["y", "y"])
    bench.tap.equal((status, writes()), (0, [put, ("POST", "/v1/confirm", None)]),
                    "yes and yes: on trial, then confirmed")
    status, output = bench.terminal(*command, answers=["y", "n"])
    bench.tap.equal((status, writes()), (1, [put, ("POST", "/v1/rollback", None)]),
                    "yes and no: taken back")
    status, output = bench.terminal(*command, answers=["y", "y"], env={"PAGER": "sleep 1; cat"})
    bench.tap.check(status == 0 and 0 < output.find("externalnetwork") < output.rfind("[y/N]"),
                    "what changed is shown before it is asked about: no pager", output)
    writes()
    early = "--confirm-within", "1s"
    status, output = bench.terminal(*command, *early, answers=["y\ny"])
    bench.tap.equal((status, writes()), (1, [("PUT", "/v1/discovery", "1")]),
                    "an answer before the question is none")
    status, output = bench.terminal(*command, "--confirm-within", "1s", answers=["y"])
    bench.tap.check(status == 1 and "nobody confirmed" in output, "no answer: it says so", output)
    writes()
    bench.ends(2, *command)
    bench.tap.equal(writes(), [], "nobody to ask: nothing changes")
    bench.ends(0, *command, "--yes")
    bench.tap.equal(writes(), [put], "--yes: on trial, not confirmed")


def looks(bench):
    """Colours, the pager and progress are for terminals."""
    change = CREATED | {"before": None, "after": {"a": 1}}
    bench.stub.answers = {"GET /v1/diff": (200, {"from": 3, "to": 4, "changes": [change]})}
    plain = {"PAGER": "cat"}
    check = bench.tap.check
    check("\x1b[32m+" in bench.terminal("diff", env=plain)[1], "a difference has colours")
    check("\x1b" not in bench.terminal("diff", env=plain | {"NO_COLOR": "1"})[1],
          "not with NO_COLOR")
    check("\x1b" not in bench.run("diff").stdout, "nor in a file")
    status, output = bench.terminal("diff", env={"PAGER": "sed s/^/paged:/"})
    check("paged:" in output and status == 1, "a pager is used, the status stays", output)
    check("paged:" not in subprocess.run([MCTL, "diff"], capture_output=True, text=True,
                                         env=bench.environment | {"PAGER": "sed s/^/paged:/"},
                                         timeout=30).stdout, "not in a file")

    def slow(seconds):
        return lambda _: (time.sleep(seconds), (200, [NETWORK]))[1]

    bench.stub.answers = {"GET /v1/externalnetworks": slow(2.5)}
    check("waiting for msegd" in bench.terminal("get", "extnets", env=plain)[1],
          "what takes long is said")
    bench.tap.equal(bench.ends(0, "get", "extnets").stderr, "", "not without a terminal")
    bench.stub.answers = {"GET /v1/externalnetworks": slow(0.3)}
    check("waiting" not in bench.terminal("get", "extnets", env=plain)[1],
          "what does not take long is not")


def completion(bench):
    """In each shell: commands, options, and the names of objects."""
    bench.stub.answers = {"GET /v1/externalnetworks": (200, [NETWORK, NETWORK | {"name": "a b"}]),
                          "GET /v1/namespaces": (200, [{"name": "/acme"}])}

    def words(*given):
        out = bench.ends(0, "_complete", *given).stdout
        return [line.split("\t")[0] for line in out.splitlines()]

    bench.tap.equal(words("disc"), ["discovery"], "a command")
    bench.tap.equal(words("api", "cre"), ["create"], "a command of a command")
    bench.tap.equal(words("api", "get", "externaln"), ["externalnetwork", "externalnetworks"],
                    "an identity")
    bench.tap.equal(words("get", "-n", "/acme", "extnet", ""), ["ssh", "a b"], "an object")
    bench.tap.equal(bench.stub.asked()[-1].one("namespace"), "/acme", "of the namespace")
    bench.tap.equal(words("apply", "--exi"), ["--existing"], "an option")
    bench.tap.equal(words("apply", "--existing", "re"), ["rematch", "reset"], "its argument")
    bench.tap.equal(words("get", "extnet", "-n", ""), ["/acme"], "a namespace")
    bench.tap.equal(words("history", "-o", "json"), ["json", "jsonl"], "a format")
    scripts = TOP / "ctl/mctl/completion"
    bash = f"""source {scripts / 'mctl.bash'}; COMP_WORDS=(mctl get extnet s); COMP_CWORD=3
COMP_LINE='mctl get extnet s'; COMP_POINT=17; _mctl; echo "${{COMPREPLY[@]}}" """
    shells = {
        "bash": ["bash", "--norc", "-c", bash],
        "fish": ["fish", "--no-config", "-c",
                 f"source {scripts / 'mctl.fish'}; complete -C 'mctl get extnet s'"],
    }
    for name, command in shells.items():
        result = subprocess.run(command, capture_output=True, text=True, timeout=30,
                                env=bench.environment | {"HOME": str(bench.directory)})
        bench.tap.equal(result.stdout.split(), ["ssh"], f"{name} completes an object's name")
    zsh(bench, scripts)


def zsh(bench, scripts):
    """zsh completes in its line editor alone: a key is pressed on a terminal."""
    home = bench.directory / "zsh"
    home.mkdir()
    (home / ".zshrc").write_text(
        f"fpath=({scripts} $fpath)\nautoload -Uz compinit; compinit -u -D\nPS1='ready> '\n",
        encoding="utf-8")
    pid, fd = pty.fork()
    if not pid:
        os.execvpe("zsh", ["zsh", "-i"], bench.environment | {"HOME": str(home)})
    seen = b""
    for wanted, typed in ((b"ready> ", b"mctl get extnet s\t"), (b"extnet ssh", b"")):
        deadline = time.monotonic() + 15
        while wanted not in seen and select.select([fd], [], [],
                                                   max(deadline - time.monotonic(), 0))[0]:
            seen += os.read(fd, 4096)
        found = wanted in seen
        seen = seen if not found or not typed else b""
        os.write(fd, typed)
    bench.tap.check(found, "zsh completes an object's name", seen)
    os.close(fd)
    os.kill(pid, 9)
    os.waitpid(pid, 0)


def main():
    with tempfile.TemporaryDirectory() as directory:
        bench = Bench(directory)
        for part in (formats, harmless, statuses, places, bodies, here_document, differences,
                     ownership, reports, events, guided, looks, completion):
            bench.stub.asked()
            part(bench)
        bench.stub.close()
        return bench.tap.finish()


if __name__ == "__main__":
    sys.exit(main())
