# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of the module's Generic Netlink family that checks nothing itself."""

import contextlib
import os
import re
import socket
import struct

HEADER = os.path.join(os.path.dirname(__file__), "../../include/uapi/linux/mseg.h")
GENERIC, CONTROL = 16, 16
ERROR, DONE = 2, 3
REQUEST, ACK, DUMP = 1, 4, 0x300
NESTED = 0x8000
SOL_NETLINK, ADD_MEMBERSHIP, EXT_ACK, CAP_ACK = 270, 1, 11, 10


def constants():
    """The members of the header's enums, without MSEG_."""
    found = {}
    with open(HEADER, encoding="utf-8") as header:
        text = re.sub(r"/\*.*?\*/", "", header.read(), flags=re.S)
    for body in re.findall(r"enum mseg_\w+ \{(.*?)\}|enum \{(.*?)\}", text, re.S):
        number = 0
        for name, value in re.findall(r"(\w+)(?: = (\d+))?,?\s", "".join(body) + "\n"):
            number = int(value) if value else number
            found[name.removeprefix("MSEG_")] = number
            number += 1
    return found


K = constants()


def record_layout(struct_name):
    """A struct of the header: a struct format and its names."""
    with open(HEADER, encoding="utf-8") as header:
        body = re.search(rf"struct {struct_name} \{{(.*?)\}};", header.read(), re.S)[1]
    members = re.findall(r"__u(\d+) (\w+)(?:\[(\d+)\])?;", body)
    codes = {"8": "B", "16": "H", "32": "I", "64": "Q"}
    form = "=" + "".join(f"{n}s" if n else codes[bits] for bits, _, n in members)
    return struct.Struct(form), [name for _, name, _ in members]


RECORD, RECORD_NAMES = record_layout("mseg_flow_record")
DNS_RECORD, DNS_RECORD_NAMES = record_layout("mseg_dns_record")
HEAD_RECORD, HEAD_RECORD_NAMES = record_layout("mseg_head_record")


def record(data):
    """A flow record as a dictionary."""
    return dict(zip(RECORD_NAMES, RECORD.unpack(data)))


def dns_record(data):
    """A DNS record as a dictionary."""
    return dict(zip(DNS_RECORD_NAMES, DNS_RECORD.unpack(data)))


def head_record(data):
    """A record of what a connection sent first as a dictionary."""
    return dict(zip(HEAD_RECORD_NAMES, HEAD_RECORD.unpack(data)))


def attr(kind, value, form=None):
    """An attribute: bytes, text with its NUL, or a number in a struct format."""
    if isinstance(kind, str):
        kind = K["A_" + kind]
    if isinstance(value, str):
        value = value.encode() + b"\0"
    elif isinstance(value, int):
        value = struct.pack(form or "=I", value)
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def nest(kind, *attrs):
    return attr(K["A_" + kind] | NESTED, b"".join(attrs))


def attrs_of(data):
    """Pairs of type and payload."""
    found = []
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            break
        found.append((kind & 0x3FFF, data[4:length]))
        data = data[(length + 3) & ~3:]
    return found


class Refused(Exception):
    """What the kernel answered."""

    def __init__(self, errno, words):
        super().__init__(f"{os.strerror(errno)}: {words}")
        self.errno, self.words = errno, words


class Client:
    """A socket, of the network namespace that it is made in."""

    def __init__(self, timeout=20, port=0):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, GENERIC)
        self.socket.bind((port, 0))
        self.socket.settimeout(timeout)
        self.socket.setsockopt(SOL_NETLINK, EXT_ACK, 1)
        self.socket.setsockopt(SOL_NETLINK, CAP_ACK, 1)
        self.number = 0
        self.family, self.groups = CONTROL, {}
        for kind, value in self._call(3, attr(2, "mseg")):
            if kind == 1:
                self.family = struct.unpack_from("=H", value)[0]
            elif kind == 7:
                self._add_groups(value)

    def _add_groups(self, data):
        for _, group in attrs_of(data):
            found = dict(attrs_of(group))
            self.groups[found[1].rstrip(b"\0").decode()] = struct.unpack("=I", found[2])[0]

    def close(self):
        self.socket.close()

    def fileno(self):
        return self.socket.fileno()

    def message(self, command, payload=b"", flags=REQUEST | ACK):
        """A message under the next number."""
        self.number += 1
        data = struct.pack("=BBH", command, 1, 0) + payload
        return struct.pack("=IHHII", 16 + len(data), self.family, flags, self.number, 0) + data

    def send(self, command, payload=b"", flags=REQUEST | ACK):
        self.socket.send(self.message(command, payload, flags))

    def receive(self):
        """Messages as (type, payload)."""
        data, messages = self.socket.recv(1 << 17), []
        while len(data) >= 16:
            length, kind = struct.unpack_from("=IH", data)
            messages.append((kind, data[:length]))
            data = data[(length + 3) & ~3:]
        return messages

    def _call(self, command, payload=b"", flags=REQUEST | ACK):
        self.send(command, payload, flags)
        return self._answers(flags)

    def _answers(self, flags):
        found = []
        while True:
            for kind, message in self.receive():
                if kind in (ERROR, DONE):
                    self._finish(kind, message, flags)
                    return found
                found += attrs_of(message[20:])

    def _finish(self, kind, message, flags):
        error = -struct.unpack_from("=i", message, 16)[0]
        if error <= 0:
            return
        # An error repeats the request's header, the end of a dump does not.
        words = dict(attrs_of(message[36 if kind == ERROR else 20:])).get(1, b"")
        raise Refused(error, words.rstrip(b"\0").decode())

    def call(self, command, *attrs, dump=False):
        """Attributes of the answers, in order; raises Refused."""
        return self._call(K["C_" + command], b"".join(attrs),
                          REQUEST | DUMP if dump else REQUEST | ACK)

    def call_all(self, *commands):
        """Commands with their attributes in one datagram: the answers to the last.

        Raises what the first one that is refused is refused with; the socket
        is of no more use then.
        """
        payloads = [(K["C_" + command], b"".join(attrs)) for command, *attrs in commands]
        data = [self.message(*p, REQUEST) for p in payloads[:-1]] + [self.message(*payloads[-1])]
        self.socket.send(b"".join(data))
        return self._answers(REQUEST | ACK)

    def join(self, group):
        self.socket.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, self.groups[group])


class Listener:
    """Records of a kind that come one by one, as dictionaries, with the bytes beside them."""

    def __init__(self, group, attribute, decode, subscribe=True):
        self.kind, self.payload = K["A_" + attribute], K[f"A_{attribute}_PAYLOAD"]
        self.decode, self.found = decode, []
        self.client = Client(timeout=0.2)
        if subscribe:
            self.client.call(group.upper() + "_SUBSCRIBE")
        self.client.join(group)

    def read(self):
        with contextlib.suppress(TimeoutError):
            while True:
                for _, message in self.client.receive():
                    found = dict(attrs_of(message[20:]))
                    if self.kind in found:
                        self.found.append(self.decode(found[self.kind]) |
                                          {"payload": found[self.payload]})
        return self.found
