#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""mctl shows and changes what does not decide, and its doctor finds what bypasses.

      init namespace: the host    peer        a namespace of the subtest's own
     ┌───────────────────────┐    ┌───────┐   ┌───────────────────────────────┐
     │ veth0, see lib.py     ├────┤ veth0 │   │ d0, a dummy                   │
     └───────────────────────┘    └───────┘   └───────────────────────────────┘
"""

import ctypes
import json
import os
import pty
import struct
import subprocess

import lib
from lib import HOST, PEER, command, mctl, mctl_json, rule, subtest

FAILED, USAGE, NO_MODULE, NOT_PERMITTED, CONFLICT = 1, 2, 3, 4, 5
SYS_BPF, BPF_PROG_LOAD, BPF_LINK_CREATE, PROG_TYPE_XDP, ATTACH_XDP = 321, 5, 28, 6, 37


def flows():
    return mctl_json("flows")


def flow_to(port):
    return next(f for f in flows() if f.get("destinationPort") == port)


def connect(port):
    """A UDP datagram from the host."""
    sock = lib.udp(HOST[4])
    sock.sendto(b"x", (PEER[4], port))


def by_name():
    return {r["name"]: r for r in mctl_json("rules")}


# --- candidates ---------------------------------------------------------------

def propose(*rules, **defaults):
    return lib.policy(*rules, options=("--candidate", "-o", "json"), **defaults)


@subtest("a candidate is loaded, shown, explained, and decides nothing")
def candidate():
    lib.policy(rule("out", "udp/7001", name="first"), default="allow")
    answer = json.loads(propose(rule("out", "udp/7001", action="reject", name="second"),
                                **{"in": "allow"}).stdout)
    status = mctl_json("status")
    assert answer["candidate"] and answer["generation"] == status["candidate"]["generation"]
    assert status["generation"] != answer["generation"] and status["mode"] == "discovery"
    assert [r["name"] for r in mctl_json("rules")] == ["first"]
    assert [r["name"] for r in mctl_json("rules", "--candidate")] == ["second"]
    assert mctl_json("networks", "--candidate")[0]["entries"] == lib.ALL
    for port, verdict, by in ((7001, "reject", "second"), (7002, "reject", None)):
        said = mctl_json("explain", "--candidate", "out", f"udp/{port}", PEER[4])
        assert (said["verdict"], said["rule"]) == (verdict, by), said
        assert said["generation"] == answer["generation"], said
    assert mctl_json("explain", "--candidate", "in", "udp/7002", PEER[4])["verdict"] == "allow"
    assert mctl_json("explain", "out", "udp/7001", PEER[4])["verdict"] == "allow"


@subtest("flows tell what the candidate would have decided, and its rule")
def candidate_flows():
    following = lib.Flows()
    propose(rule("out", "udp/7001", name="mine"), default="reject")
    for port, action, by in ((7001, "Accept", "mine"), (7002, "Reject", "")):
        connect(port)
        record = following.wait("candidate", destinationPort=port)
        assert (record["action"], record["reason"]) == ("Accept", "default"), record
        for seen in (record, flow_to(port)):
            assert (seen["candidateAction"], seen["candidateRuleName"]) == (action, by), seen
            assert not seen["observed"], seen
    assert "[candidate: Accept by mine]" in mctl("flows").stdout
    assert "[candidate: Reject]" in mctl("connections").stdout


@subtest("promoted on trial the candidate stays, for good it goes; dropped it decides nothing")
def promote():
    propose(rule("out", "udp/7001", name="mine"))
    mctl("candidate", "promote", "--confirm-within", "60")
    status = mctl_json("status")
    assert status["mode"] == "enforcing" and status["confirmLeft"] and status["candidate"], status
    assert "mine" in by_name()
    mctl("candidate", "promote", status=CONFLICT)
    mctl("rollback", "--yes")
    assert mctl_json("status")["mode"] == "discovery" and "mine" not in by_name()
    proposed = status["candidate"]["generation"]
    for other in (proposed - 1, proposed + 1):
        said = mctl("candidate", "promote", str(other), status=CONFLICT).stderr
        assert "not the one that was named" in said, said
    mctl("candidate", "promote", "0", status=USAGE)
    mctl("candidate", "promote", str(proposed), "--existing", "reset", "--yes")
    status = mctl_json("status")
    assert status["mode"] == "enforcing" and status["candidate"] is None, status
    propose()
    mctl("candidate", "drop")
    assert mctl_json("status")["candidate"] is None and "mine" in by_name()


@subtest("without a candidate each command says so")
def no_candidate():
    for words in (("rules", "--candidate"), ("networks", "--candidate"), ("candidate", "drop"),
                  ("candidate", "promote"), ("explain", "--candidate", "in", "tcp/1", PEER[4])):
        assert "there is no candidate" in mctl(*words, status=FAILED).stderr, words
    mctl("candidate", status=USAGE)
    mctl("candidate", "drop", "--existing", "keep", status=USAGE)
    lib.policy(options=("--candidate", "--confirm-within", "5"), status=USAGE)


# --- rules under observation --------------------------------------------------

@subtest("a rule that a new policy has as well goes on counting, and no other")
def hits():
    def load(*rules):
        lib.policy(*(rule("out", service, name=name) | {"cookie": cookie}
                     for name, cookie, service in rules))
        return {name: (shown["hits"], shown["lastHit"]) for name, shown in by_name().items()}

    load(("stays", 5, "udp/7001"), ("goes", 6, "udp/7002"))
    connect(7001)
    connect(7002)
    connect(7002)
    before = {name: (shown["hits"], shown["lastHit"]) for name, shown in by_name().items()}
    assert [before[name][0] for name in ("stays", "goes")] == [1, 2], before
    after = load(("new", 7, "udp/7003"), ("another", 6, "udp/7002"), ("stays", 5, "udp/7004"))
    assert after == {"new": (0, None), "another": (0, None), "stays": before["stays"]}, after
    connect(7004)
    assert by_name()["stays"]["hits"] == 2
    assert load(("stays", 5, "udp/7001"))["stays"][0] == 2


@subtest("a rule under observation is shown, hits, and flows carry its cookie")
def observed():
    lib.policy(rule("out", "udp/7001", name="decides"),
               rule("out", "udp", action="reject", name="watches")
               | {"cookie": 77, "observationEnabled": True}, default="allow")
    connect(7001)
    flow = flow_to(7001)
    assert (flow["action"], flow["ruleName"], flow["observed"]) == ("Accept", "decides", True)
    assert (flow["observedAction"], flow["observedPolicyID"], flow["observedRuleName"]) == \
        ("Reject", "77", "watches"), flow
    assert "[observed: Reject by watches]" in mctl("flows").stdout
    rules = by_name()
    assert [rules[n]["observationEnabled"] for n in ("decides", "watches")] == [False, True]
    assert [rules[n]["hits"] for n in ("decides", "watches")] == [1, 1], rules
    assert rules["watches"]["lastHit"], rules
    assert "reject (observed)" in mctl("rules").stdout
    said = mctl_json("explain", "out", "udp/7001", PEER[4])
    assert (said["verdict"], said["observedVerdict"]) == ("allow", "reject"), said


# --- who is behind it ---------------------------------------------------------

@subtest("a flow names user, command and cgroup")
def owner():
    mounted = os.path.exists("/sys/fs/cgroup/cgroup.controllers")
    if not mounted:
        if command("mount", "-t", "cgroup2", "none", "/sys/fs/cgroup", check=False).returncode:
            raise lib.Skip("no cgroup2 here")
        lib.cleanups.callback(command, "umount", "/sys/fs/cgroup")
    group = "/sys/fs/cgroup/mseg-mctl"
    os.mkdir(group)
    lib.cleanups.callback(os.rmdir, group)
    script = f'echo $$ >{group}/cgroup.procs; exec nc -uw1 {PEER[4]} 7001 </dev/zero'
    with subprocess.Popen(("sh", "-c", script), stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as client:
        try:
            flow = lib.wait_for(lambda: [f for f in flows() if f.get("destinationPort") == 7001],
                                "a flow")[0]
        finally:
            client.kill()
    assert (flow["uid"], flow["command"]) == (0, "nc"), flow
    assert flow["cgroup"] == os.stat(group).st_ino and flow["cgroupPath"] == "/mseg-mctl", flow


# --- words --------------------------------------------------------------------

@subtest("what comes too late, twice or without its option says what to do")
def advice():
    for words, status, advised in (
            (("confirm",), FAILED, "no policy is on trial (generation "),
            (("confirm",), FAILED, "its time is over"),
            (("load", "-f", "a", "-f", "b"), USAGE, "given twice: 'b'"),
            (("help", "load", "more"), USAGE, "unexpected argument 'more'"),
            (("defaults", "--in", "allow", "--confirm-within", "5min"), USAGE, "5m, or 1h"),
            (("rollback",), FAILED, "load the former one again"),
            (("load", "policy.yaml"), USAGE, "mctl load -f policy.yaml"),
            (("defaults", "in", "reject"), USAGE, "--in reject"),
            (("explain", "in", "22/tcp", PEER[4]), USAGE, "write tcp/22"),
            (("rules", "--json"), USAGE, "-o json"),
            (("attach",), 0, "policed already"),
            (("detach",), 0, ""),
            (("detach",), 0, "not policed anyway"),
            (("status",), 0, "'mctl attach'"),
            (("rules",), NO_MODULE, "mctl attach")):
        said = mctl(*words, status=status).stderr
        assert advised in said, (words, said)


@subtest("a policy on trial names the commands that end it, wherever the next one comes from")
def advice_on_trial():
    lib.policy(options=("--confirm-within", "60"))
    for done in (mctl("defaults", "--in", "allow", status=CONFLICT),
                 lib.policy(status=CONFLICT), mctl("lock", "--yes", status=CONFLICT)):
        assert "'mctl confirm', 'mctl rollback'" in done.stderr, done
    mctl("confirm", "--yes")


@subtest("lists without rows are a note on stderr, and an empty array")
def empty_lists():
    for name in ("rules", "networks", "connections", "flows"):
        done = mctl(name)
        assert not done.stdout and done.stderr.count("\n") == 1, done
        done = mctl(name, "-o", "json")
        assert json.loads(done.stdout) == [] and not done.stderr, done
        done = mctl(name, "-o", "jsonl")
        assert not done.stdout and not done.stderr, done


@subtest("every statistic is described, and JSON has names and values alone")
def described():
    lines = mctl("stats").stdout.splitlines()
    names = [line.split()[0] for line in lines[1:]]
    assert lines[0].split() == ["NAME", "VALUE", "DESCRIPTION"] and names == list(lib.stats())
    assert all(len(line.split()) > 3 for line in lines[1:]), lines
    assert list(mctl_json("stats")) == names
    listed = mctl("help", "stats").stdout
    assert all(f"  {name} " in listed for name in names), listed


# --- what a change is about to do ---------------------------------------------

BEGINS = "a default begins to reject"


@subtest("who is connected by SSH and would be rejected is named before it happens, by IPv{}", 4, 6)
def warns_of_session(family):
    ends = lib.tcp_pair(family, port=22)
    lib.exchange(*ends)
    session = f"{PEER[family]}, connected to tcp/22 now, is rejected by "
    said = propose().stderr
    assert session not in said, said
    said = mctl("candidate", "promote", "--confirm-within", "60").stderr
    assert f"{session}the default\n" in said and BEGINS not in said, said
    mctl("rollback")
    said = lib.policy(rule("in", "tcp/22")).stderr
    assert session not in said and BEGINS in said, said
    said = lib.policy(rule("in", "tcp/22"), rule("in", "tcp", action="reject", name="no")).stderr
    assert f"{session}rule 'no': do this with --confirm-within 5m" in said, said
    assert BEGINS not in said, said
    said = lib.policy(default="allow").stderr
    assert "this ends enforcement" in said and session not in said, said
    said = mctl("defaults", "--in", "reject", "--existing", "keep").stderr
    assert f"{session}the default: do" in said and BEGINS in said, said
    said = mctl("defaults", "--in", "allow").stderr
    assert not said, said


@subtest("what the default alone allows is no promise")
def explains_default():
    words = "explain", "in", "tcp/22", PEER[4]
    assert "allow (by the default alone: rejected once" in mctl(*words).stdout
    assert mctl_json(*words)["verdict"] == "allow"
    lib.policy(rule("in", "tcp/22"), default="allow")
    assert "by the default alone" not in mctl(*words).stdout


@subtest("a default that begins to reject IPv6 without a rule for it says so")
def warns_of_ipv6():
    lib.policy(rule("in", "tcp/22", entries=["0.0.0.0/0"]), default="allow")
    assert "no rule allows any IPv6 address in:" in mctl("defaults", "--in", "reject").stderr
    lib.policy(rule("in", "tcp/22"), default="allow")
    assert "IPv6" not in mctl("defaults", "--in", "reject").stderr


@subtest("flows are sorted by their time")
def sorted_flows():
    for port in range(7001, 7020):
        connect(port)
    times = [flow["timestamp"] for flow in flows()]
    assert len(times) == 19 and times == sorted(times), times


@subtest("a load tells the mode and defaults that came of it, and how a trial is kept")
def tells_outcome():
    done = lib.policy(rule("in", "tcp/22"), options=("-o", "json", "--confirm-within", "60"))
    answer = json.loads(done.stdout)
    assert answer["mode"] == "enforcing", answer
    assert answer["defaults"] == {"in": "reject", "out": "reject"}, answer
    assert "on trial: run 'mctl confirm' within 60 s, from a new connection" in done.stderr, done
    said = mctl("detach").stderr
    assert "no longer policed" in said and "trial" in said, said
    mctl("attach")
    assert mctl_json("status")["confirmLeft"] == 0


# --- the lock -----------------------------------------------------------------

def namespace(name):
    """A network namespace with a dummy; what to write before a command in it."""
    command("ip", "netns", "add", name)
    lib.cleanups.callback(command, "ip", "netns", "delete", name, check=False)
    command("ip", "-n", name, "link", "add", "d0", "type", "dummy")
    command("ip", "-n", name, "link", "set", "d0", "up")
    return ("ip", "netns", "exec", name)


def answer_lock(inside, answer):
    """What 'mctl lock' ends with on a terminal where that is typed."""
    ours, theirs = pty.openpty()
    with subprocess.Popen((*inside, "mctl", "lock"), stdin=theirs, text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as asking:
        os.write(ours, answer)
        said = asking.communicate()[1]
    os.close(ours)
    os.close(theirs)
    assert "until the machine starts anew" in said and "everything is allowed" in said, said
    return asking.returncode


@subtest("the lock asks, and refuses every change from then on")
def lock():
    inside = namespace("locked")

    def run(*words, status=0, **options):
        done = command(*inside, "mctl", *words, check=False, **options)
        assert done.returncode == status, (words, done)
        return done.stderr + done.stdout
    run("attach")
    run("lock", status=USAGE, stdin=subprocess.DEVNULL)
    assert answer_lock(inside, b"n\n") == FAILED
    assert not json.loads(run("status", "-o", "json"))["locked"]
    assert answer_lock(inside, b"y\n") == 0
    assert json.loads(run("status", "-o", "json"))["locked"]
    run("lock", "--yes")
    for words in (("defaults", "--in", "reject"), ("detach",), ("candidate", "drop"),
                  ("load", "-f", "-"), ("load", "--candidate", "-f", "-")):
        assert "locked" in run(*words, status=NOT_PERMITTED, input="{}"), words


# --- the doctor ---------------------------------------------------------------

def doctor(inside, status=0):
    """What the doctor says in a namespace, by check."""
    done = command(*inside, "mctl", "doctor", "-o", "json", check=False)
    assert done.returncode == status, done
    return {row["check"]: (row["state"], row["message"]) for row in json.loads(done.stdout)}


def expect_warning(inside, check, what):
    state, message = doctor(inside)[check]
    assert state == "warn" and what in message, (check, state, message)


def need(*words, **options):
    if command(*words, check=False, **options).returncode:
        raise lib.Skip(f"{words[-3:]} is not to be had here")


@subtest("the doctor finds nothing where nothing is, and fails where nobody is policed")
def healthy():
    inside = namespace("healthy")
    said = doctor(inside, status=FAILED)
    assert said["attached"][0] == "fail" and said["module"][0] == "ok", said
    command(*inside, "mctl", "attach")
    said = doctor(inside)
    assert {"module", "attached", "losses", "cache", "forward", "flowtable", "xdp", "tc",
            "macvlan"} <= set(said), said
    assert all(state == "ok" for check, (state, _) in said.items() if check != "policy"), said
    assert said["policy"][0] == "warn" and "discovery" in said["policy"][1], said
    assert said["locked"][0] == "ok" and "not locked" in said["locked"][1], said
    command(*inside, "mctl", "defaults", "--in", "reject")
    said = doctor(inside)
    assert (said["policy"][0], said["raw"][0]) == ("ok", "warn"), said


@subtest("the doctor sees forwarding")
def sees_forwarding():
    inside = namespace("ill")
    command(*inside, "mctl", "attach")
    for name in ("ipv4.ip_forward", "ipv6.conf.all.forwarding"):
        command(*inside, "sysctl", "-qw", f"net.{name}=1")
        expect_warning(inside, "forward", "forwards")
        command(*inside, "sysctl", "-qw", f"net.{name}=0")


@subtest("the doctor sees a redirecting filter, not one that counts")
def sees_tc():
    inside = namespace("ill")
    command(*inside, "mctl", "attach")
    subprocess.run(("modprobe", "-aq", "sch_ingress", "cls_matchall", "act_mirred", "act_gact"),
                   check=False)
    tc = (*inside, "tc")
    need(*tc, "qdisc", "add", "dev", "d0", "clsact")
    for hook in ("ingress", "egress"):
        attach = ("filter", "add", "dev", "d0", hook, "matchall", "action")
        need(*tc, *attach, "ok")
        assert doctor(inside)["tc"][0] == "ok"
        need(*tc, *attach, "mirred", "egress", "mirror", "dev", "lo")
        assert doctor(inside)["tc"][0] == "ok"
        need(*tc, *attach, "mirred", "egress", "redirect", "dev", "lo")
        expect_warning(inside, "tc", "d0 (matchall)")
        command(*tc, "filter", "del", "dev", "d0", hook)


@subtest("the doctor sees an nftables flowtable")
def sees_flowtable():
    inside = namespace("ill")
    command(*inside, "mctl", "attach")
    need(*inside, "nft", "add table inet t; add flowtable inet t ft "
         "{ hook ingress priority 0; devices = { d0 }; }")
    expect_warning(inside, "flowtable", "ft of table t")


@subtest("the doctor sees a {}", "macvlan", "ipvlan")
def sees_device(kind):
    inside = namespace("ill")
    command(*inside, "mctl", "attach")
    subprocess.run(("modprobe", "-aq", kind), check=False)
    need(*inside, "ip", "link", "add", "v0", "link", "d0", "type", kind)
    expect_warning(inside, "macvlan", f"v0 ({kind})")


def bpf(call, attributes):
    room = ctypes.create_string_buffer(attributes, 128)
    fd = lib.libc.syscall(SYS_BPF, call, room, len(room))
    if fd < 0:
        raise lib.Skip(f"bpf(): {os.strerror(ctypes.get_errno())}")
    lib.cleanups.callback(os.close, fd)
    return fd


@subtest("the doctor sees an XDP program")
def sees_xdp():
    inside = namespace("ill")
    command(*inside, "mctl", "attach")
    # r0 = XDP_PASS; exit
    program = ctypes.create_string_buffer(struct.pack("=BBhiBBhi", 0xb7, 0, 0, 2, 0x95, 0, 0, 0))
    licence = ctypes.create_string_buffer(b"GPL")
    prog = bpf(BPF_PROG_LOAD, struct.pack("=IIQQ", PROG_TYPE_XDP, 2, ctypes.addressof(program),
                                          ctypes.addressof(licence)))
    with lib.inside("ill"):
        index = json.loads(command("ip", "-j", "link", "show", "d0").stdout)[0]["ifindex"]
        bpf(BPF_LINK_CREATE, struct.pack("=IIII", prog, index, ATTACH_XDP, 0))
    expect_warning(inside, "xdp", "d0")


if __name__ == "__main__":
    lib.main()
