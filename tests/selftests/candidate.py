#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What does not decide is asked all the same: candidates, and rules under observation.

And the lock, after which nothing is changed any more. Topology: see lib.py.
"""

import errno
import struct

import genl
import lib
from genl import K, attr, nest
from lib import subtest

ALLOW, REJECT = K["OPINION_ALLOW"], K["OPINION_REJECT"]
NONE = 0xFFFFFFFF  # MSEG_ID_NONE
OBSERVED = attr("OBSERVED", b"")
CANDIDATE = attr("CANDIDATE", b"")


def a_client():
    client = genl.Client()
    lib.cleanups.callback(client.close)
    return client


def everywhere(txn):
    """Network 0."""
    return (txn, attr("ID", 0), attr("NAME", "everywhere"),
            *(nest("ENTRY", attr("ENTRY_ADDRESS", bytes(n)), attr("ENTRY_PREFIX_LEN", 0, "=B"))
              for n in (4, 16)))


def service(port, protocol=17):
    return nest("SERVICE", attr("SERVICE_PROTOCOL", protocol, "=B"),
                attr("SERVICE_LOW", port, "=H"), attr("SERVICE_HIGH", port, "=H"))


def rule(port, action="allow", observed=False, direction="in", cookie=0):
    """Attributes of a rule about a UDP service."""
    return (attr("NAME", f"{action} {port}"),
            attr("DIRECTION", lib.DIRECTIONS.index(direction), "=B"),
            attr("ACTION", action == "reject", "=B"), attr("NETWORK", 0), service(port),
            attr("COOKIE", cookie, "=Q"), *([OBSERVED] if observed else []))


def commit(client, *rules, default=0, options=()):
    """A policy of rules about everywhere; its commit's answer."""
    txn = attr("TXN", dict(client.call("TXN_BEGIN"))[K["A_TXN"]])
    client.call("TXN_NETWORK", *everywhere(txn))
    for i, attrs in enumerate(rules):
        client.call("TXN_RULE", txn, attr("ID", i), *attrs)
    client.call("TXN_DEFAULTS", txn, attr("DEFAULT_IN", default, "=B"),
                attr("DEFAULT_OUT", default, "=B"))
    return dict(client.call("TXN_COMMIT", txn, *options))


def number(answer, name="GENERATION"):
    return struct.unpack("=I", answer[K["A_" + name]])[0]


def rules_of(client, *attrs):
    """Of each rule: name, hits, whether it is under observation."""
    found = []
    for kind, value in client.call("RULE_GET", *attrs, dump=True):
        if kind == K["A_ID"]:
            found.append([None, 0, False])
        elif kind == K["A_NAME"]:
            found[-1][0] = value.rstrip(b"\0").decode()
        elif kind == K["A_HITS"]:
            found[-1][1] = struct.unpack("=Q", value)[0]
        elif kind == K["A_OBSERVED"]:
            found[-1][2] = True
    return [tuple(rule) for rule in found]


def connection(client, port):
    """The record of the connection to a port."""
    for kind, value in client.call("CONNECTION_GET", dump=True):
        if kind == K["A_FLOW"] and genl.record(value)["destination_port"] == port:
            return genl.record(value)
    raise AssertionError(f"no connection to port {port}")


def send(port, family=4):
    """A datagram of the peer's to a port of the host's."""
    lib.udp(lib.PEER[family], "peer").sendto(b"x", (lib.HOST[family], port))


def opinions(record):
    return (record["verdict"], record["observed"], record["observed_rule"], record["candidate"],
            record["candidate_generation"], record["candidate_rule"])


@subtest("nothing is asked: no opinions")
def no_opinions():
    client = a_client()
    send(7001)
    assert opinions(connection(client, 7001)) == (0, 0, NONE, 0, 0, NONE)


@subtest("an observed rule decides nothing, and is named with its cookie, IPv{}", *lib.FAMILIES)
def observed(family):
    client = a_client()
    commit(client, rule(7001), rule(7001, "reject", observed=True, cookie=1 << 40),
           rule(7002, "allow", observed=True, cookie=5), default=1)
    for port in (7001, 7002, 7003):
        send(port, family)
    found = connection(client, 7001)
    assert opinions(found) == (0, REJECT, 1, 0, 0, NONE), found
    assert found["observed_cookie"] == 1 << 40 and found["rule"] == 0, found
    found = connection(client, 7002)
    assert opinions(found) == (1, ALLOW, 2, 0, 0, NONE), found
    assert found["reason"] == K["REASON_DEFAULT"] and found["observed_cookie"] == 5, found
    assert opinions(connection(client, 7003)) == (1, 0, NONE, 0, 0, NONE)
    assert rules_of(client) == [("allow 7001", 1, False), ("reject 7001", 1, True),
                                ("allow 7002", 1, True)]


@subtest("a candidate decides nothing, and new connections are judged by both")
def candidate():
    client = a_client()
    in_force = number(commit(client, rule(7001)))
    send(7001)
    answer = commit(client, rule(7002), default=1, options=[CANDIDATE])
    assert number(answer) == in_force, "the candidate came into force"
    beside = number(answer, "CANDIDATE_GENERATION")
    assert beside > in_force
    for port in (7002, 7003):
        send(port)
    # Judged before it was there.
    assert opinions(connection(client, 7001)) == (0, 0, NONE, 0, 0, NONE)
    assert opinions(connection(client, 7002)) == (0, 0, NONE, ALLOW, beside, 0)
    assert opinions(connection(client, 7003)) == (0, 0, NONE, REJECT, beside, NONE)
    assert rules_of(client) == [("allow 7001", 1, False)]
    assert rules_of(client, CANDIDATE) == [("allow 7002", 1, False)]


@subtest("a connection that is judged again is judged by both")
def judged_again():
    client = a_client()
    sender = lib.udp(lib.PEER[4], "peer")
    sender.sendto(b"x", (lib.HOST[4], 7001))
    beside = number(commit(client, default=1, options=[CANDIDATE]), "CANDIDATE_GENERATION")
    commit(client, rule(7001))
    sender.sendto(b"x", (lib.HOST[4], 7001))
    lib.wait_for(lambda: connection(client, 7001)["rule"] == 0, "judgement")
    assert opinions(connection(client, 7001)) == (0, 0, NONE, REJECT, beside, NONE)


@subtest("older than the module, in either direction: one Allow is enough for the candidate too")
def either_direction():
    host, peer = lib.tcp_pair(4, "out")
    port = host.getsockname()[1]
    for allowed, opinion in ((port, ALLOW), (port + 1, REJECT)):
        lib.fresh()
        client = a_client()
        answer = commit(client, (attr("DIRECTION", 0, "=B"), attr("ACTION", 0, "=B"),
                                 attr("NETWORK", 0), service(allowed, 6)),
                        default=1, options=[CANDIDATE])
        lib.exchange(host, peer)
        found = connection(client, peer.getsockname()[1])
        assert found["verdict"] == 0 and found["candidate"] == opinion, found
        assert found["candidate_generation"] == number(answer, "CANDIDATE_GENERATION")


@subtest("a former candidate is replaced, and dropped")
def dropped():
    client = a_client()
    first = number(commit(client, rule(7001), options=[CANDIDATE]), "CANDIDATE_GENERATION")
    second = number(commit(client, rule(7002), options=[CANDIDATE]), "CANDIDATE_GENERATION")
    assert second > first
    assert rules_of(client, CANDIDATE) == [("allow 7002", 0, False)]
    client.call("CANDIDATE_DROP")
    assert K["A_CANDIDATE_GENERATION"] not in dict(client.call("STATUS_GET"))
    for call in (lambda: client.call("CANDIDATE_DROP"),
                 lambda: client.call("TXN_BEGIN", attr("CLONE", b""), CANDIDATE),
                 lambda: rules_of(client, CANDIDATE)):
        with lib.fails(genl.Refused) as refused:
            call()
        assert "candidate" in refused.error.words, refused.error.words
    send(7001)
    assert opinions(connection(client, 7001)) == (0, 0, NONE, 0, 0, NONE)


@subtest("promoted: a clone of the candidate comes into force")
def promoted():
    client = a_client()
    commit(client, rule(7001, "reject"), rule(7002, observed=True), default=1,
           options=[CANDIDATE])
    txn = attr("TXN", dict(client.call("TXN_BEGIN", attr("CLONE", b""), CANDIDATE))[K["A_TXN"]])
    client.call("TXN_COMMIT", txn)
    assert rules_of(client) == [("reject 7001", 0, False), ("allow 7002", 0, True)]
    assert dict(client.call("STATUS_GET"))[K["A_DEFAULT_IN"]] == b"\1"


@subtest("a candidate that asks for more than standing by is refused, and so is a half clone")
def refused_candidate():
    client = a_client()
    for option in (attr("CONFIRM_WITHIN", 5), attr("EXISTING", 0, "=B")):
        with lib.fails(genl.Refused) as refused:
            commit(client, options=[CANDIDATE, option])
        assert refused.error.errno == errno.EINVAL and "candidate" in refused.error.words
    commit(client, options=[CANDIDATE])
    with lib.fails(genl.Refused):
        client.call("TXN_BEGIN", CANDIDATE)


@subtest("candidates come and go under traffic")
def under_traffic():
    client = a_client()
    server = lib.udp(lib.HOST[4], port=7001)
    for i in range(60):
        if i % 3 == 2:
            client.call("CANDIDATE_DROP")
        else:
            commit(client, rule(7001, observed=True), options=[CANDIDATE])
        for _ in range(5):
            send(7001)
            assert server.recv(10) == b"x"


@subtest("locked: every change is refused, and what was in force is enforced")
def locked():
    client = a_client()
    lib.command("ip", "netns", "add", "locked")
    lib.cleanups.callback(lib.command, "ip", "netns", "delete", "locked", check=False)
    with lib.inside("locked"):
        client = a_client()
    client.call("ATTACH")
    early = attr("TXN", dict(client.call("TXN_BEGIN"))[K["A_TXN"]])
    commit(client, rule(7001))
    generation = number(dict(client.call("STATUS_GET")))
    client.call("LOCK")
    status = dict(client.call("STATUS_GET"))
    assert K["A_LOCKED"] in status and number(status) == generation
    for what in (lambda: client.call("DETACH"), lambda: client.call("TXN_COMMIT", early),
                 lambda: commit(client, default=1), lambda: client.call("CANDIDATE_DROP"),
                 lambda: commit(client, options=[CANDIDATE])):
        with lib.fails(genl.Refused) as refused:
            what()
        assert refused.error.errno == errno.EPERM, refused.error
        assert "locked" in refused.error.words, refused.error.words
    with lib.fails(genl.Refused) as refused:
        client.call("LOCK")
    assert refused.error.errno == errno.EALREADY
    with lib.inside("locked"), lib.fails(PermissionError):
        with open("/proc/sys/net/mseg/timeout_udp", "w", encoding="ascii") as file:
            file.write("7")
    assert number(dict(client.call("STATUS_GET"))) == generation
    assert lib.command("rmmod", "mseg", check=False).returncode, "the module went"


@subtest("a rule under observation that would reject holds the module no more than others")
def observed_holds_nothing():
    client = a_client()
    commit(client, rule(7001, "reject", observed=True))
    client.close()
    lib.command("rmmod", "mseg")
    lib.load()


@subtest("a policy on trial is not locked")
def no_lock_on_trial():
    client = a_client()
    generation = number(commit(client, options=[attr("CONFIRM_WITHIN", 60)]))
    with lib.fails(genl.Refused) as refused:
        client.call("LOCK")
    assert refused.error.errno == errno.EBUSY
    client.call("POLICY_CONFIRM", attr("GENERATION", generation))


if __name__ == "__main__":
    lib.main()
