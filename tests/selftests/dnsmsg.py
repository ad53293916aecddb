# SPDX-License-Identifier: GPL-2.0-or-later
"""DNS messages made byte by byte."""

import struct

from packets import packed

A, CNAME, AAAA = 1, 5, 28
IN = 1
ANSWER, TRUNCATED, NXDOMAIN = 0x8180, 0x0200, 3


def name(text):
    """A name without compression; its case stays."""
    labels = [label.encode("latin-1") for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def question(text, kind=A):
    return name(text) + struct.pack("!HH", kind, IN)


def query(ident, text, kind=A):
    return struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0) + question(text, kind)


def record(owner, kind, data, ttl=300):
    owner = name(owner) if isinstance(owner, str) else owner
    return owner + struct.pack("!HHIH", kind, IN, ttl, len(data)) + data


def address(owner, text, ttl=300):
    return record(owner, AAAA if ":" in text else A, packed(text), ttl)


def alias(owner, target, ttl=300):
    return record(owner, CNAME, name(target), ttl)


def answer(ident, asked, *records, flags=ANSWER, counts=None, behind=b""):
    """asked: a question; counts: of answers, authority, additional; behind: more bytes."""
    answers, authority, additional = counts or (len(records), 0, 0)
    return struct.pack("!HHHHHH", ident, flags, 1, answers, authority, additional) + asked + \
        b"".join(records) + behind
