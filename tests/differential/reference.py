# SPDX-License-Identifier: GPL-2.0-or-later
"""What POLICY.md says of a packet, in its own order and with no cleverness.

Written from that page alone, never from the classifier: where the two differ,
one of them is wrong. Addresses are integers.
"""

import collections

ICMP, ICMP6 = 1, 58
BITS = {4: 32, 6: 128}

# A prefix of a network, with "!" before it or not.
Entry = collections.namedtuple("Entry", "family address length exclude")
# An item of protocolPorts: protocol None is "any", ranges None the bare protocol. A range is
# of ports, or of ICMP types and codes as type * 256 + code.
Service = collections.namedtuple("Service", "protocol ranges")
Rule = collections.namedtuple("Rule", "direction action networks services observed")
# defaults by direction; networks are lists of entries.
Policy = collections.namedtuple("Policy", "defaults networks rules")
# service: the destination port, ICMP type * 256 + code, or None.
Flow = collections.namedtuple("Flow", "direction family peer protocol service")
# networks: those that the flow may be attributed to, several where they tie.
Verdict = collections.namedtuple("Verdict", "action reason rule networks")


def covers(entry, family, address):
    """Whether an address lies in a prefix; 0.0.0.0/0 does not cover IPv6."""
    host_bits = BITS[entry.family] - entry.length
    return entry.family == family and entry.address >> host_bits == address >> host_bits


def held_by(network, flow):
    """Length of the entry by which a network holds the peer, or None."""
    covering = [e for e in network if covers(e, flow.family, flow.peer)]
    if not covering:
        return None
    longest = max(covering, key=lambda e: e.length)
    return None if longest.exclude else longest.length


def holds(service, flow):
    """Whether an item of protocolPorts holds the flow's service."""
    if service.protocol is None:
        return True
    if service.protocol != flow.protocol:
        return False
    # icmp is IPv4's alone, icmp6 IPv6's.
    if {ICMP: 6, ICMP6: 4}.get(service.protocol) == flow.family:
        return False
    return service.ranges is None or any(low <= flow.service <= high
                                         for low, high in service.ranges)


def width(service):
    """Values that an item covers; a bare protocol is wider than any list, any widest."""
    if service.protocol is None:
        return 1 << 33
    if service.ranges is None:
        return 1 << 32
    return sum(high - low + 1 for low, high in service.ranges)


def matching(policy, flow, observed):
    """The rules that match: action, index, length of the entry, its networks, width.

    observed: those under observation as well.
    """
    for index, rule in enumerate(policy.rules):
        if rule.direction != flow.direction or rule.observed > observed:
            continue
        lengths = {n: held_by(policy.networks[n], flow) for n in rule.networks}
        lengths = {n: length for n, length in lengths.items() if length is not None}
        widths = [width(s) for s in rule.services if holds(s, flow)]
        if not lengths or not widths:
            continue
        longest = max(lengths.values())
        networks = {n for n, length in lengths.items() if length == longest}
        yield rule.action, index, longest, networks, min(widths)


def decide(found):
    """The one of several matches that decides."""
    # Any Reject beats every Allow.
    found = [m for m in found if m[0] == "reject"] or found
    # Attributed by the longest entry, the narrower service, the index.
    action, index, _, networks, _ = min(found, key=lambda m: (-m[2], m[4], m[1]))
    return Verdict(action, "rule", index, networks)


def judge(policy, flow):
    """The verdict on a flow."""
    found = list(matching(policy, flow, False))
    if not found:
        return Verdict(policy.defaults[flow.direction], "default", None, set())
    return decide(found)


def observe(policy, flow):
    """What a rule under observation would have decided, were they all in force, or None."""
    found = list(matching(policy, flow, True))
    verdict = found and decide(found)
    return verdict if verdict and policy.rules[verdict.rule].observed else None
