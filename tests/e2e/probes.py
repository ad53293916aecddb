# SPDX-License-Identifier: GPL-2.0-or-later
"""Probes: one packet or connection between two network namespaces.

Each tells in a few words what became of it: "passes", "refused" (a connection,
before its SYN would be sent again), "not permitted" (EPERM), the ICMP error that
came back such as "icmp 3/13", or "lost".
"""

import contextlib
import ctypes
import errno
import ipaddress
import os
import select
import socket
import struct
import time

CLONE_NEWNET = 0x40000000
IP_RECVERR, IPV6_RECVERR = 11, 25
ICMP_ERRORS = {4: (3, 4, 5, 11, 12), 6: range(128)}
PATIENCE = 5
SYN_AGAIN = 1		# tcp(7): the first retransmission
SILENCE = 1		# for what nothing comes back from

libc = ctypes.CDLL(None, use_errno=True)


def setns(file):
    if libc.setns(file.fileno(), CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def namespace(name):
    """What is made within belongs to the namespace; "host" is our own."""
    if name == "host":
        yield
        return
    with open("/proc/thread-self/ns/net") as ours, open(f"/run/netns/{name}") as theirs:
        setns(theirs)
        try:
            yield
        finally:
            setns(ours)


def version(address):
    return ipaddress.ip_address(address).version


def make_socket(name, address, kind, protocol=0):
    family = socket.AF_INET if version(address) == 4 else socket.AF_INET6
    with namespace(name):
        sock = socket.socket(family, kind, protocol)
    if kind != socket.SOCK_STREAM:
        level, option = ((socket.IPPROTO_IP, IP_RECVERR) if family == socket.AF_INET
                         else (socket.IPPROTO_IPV6, IPV6_RECVERR))
        sock.setsockopt(level, option, 1)
    return sock


def icmp_error(sock):
    """The error that came for what the socket sent, from its error queue."""
    with contextlib.suppress(BlockingIOError):
        control = sock.recvmsg(0, 512, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)[1]
        for _, _, data in control:
            _, origin, kind, code = struct.unpack_from("=IBBB", data)
            if origin in (2, 3):	# SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6
                return f"{'icmp' if origin == 2 else 'icmp6'} {kind}/{code}"
    return None


def await_token(receiver, sender, token, patience):
    """What comes first: the token at the receiver, or an error for the sender."""
    poll = select.poll()
    poll.register(sender, select.POLLERR)
    poll.register(receiver, select.POLLIN | select.POLLERR)
    deadline = time.monotonic() + patience
    while (left := deadline - time.monotonic()) > 0:
        for fd, _ in poll.poll(left * 1000):
            if fd == sender.fileno() and (error := icmp_error(sender)):
                return error
            if fd == receiver.fileno():
                with contextlib.suppress(OSError):
                    if token in receiver.recv(4096, socket.MSG_DONTWAIT):
                        return "passes"
    return "lost"


def tcp(source, address, port):
    start = time.monotonic()
    with make_socket(source, address, socket.SOCK_STREAM) as sock:
        sock.settimeout(PATIENCE)
        try:
            sock.connect((address, port))
        except ConnectionRefusedError:
            late = time.monotonic() - start >= SYN_AGAIN
            return "refused late" if late else "refused"
        except TimeoutError:
            return "lost"
        except OSError as error:
            return errno.errorcode[error.errno]
        return "passes"


def udp(source, address, port, patience=PATIENCE):
    """Passes if an echo comes back."""
    token = os.urandom(16)
    with make_socket(source, address, socket.SOCK_DGRAM) as sock:
        sock.connect((address, port))
        try:
            sock.send(token)
        except PermissionError:
            return "not permitted"
        return await_token(sock, sock, token, patience)


def raw(source, target, address, protocol, payload, patience=PATIENCE):
    """An IP packet; passes if a raw socket at the target gets it."""
    token = os.urandom(16)
    with (make_socket(target, address, socket.SOCK_RAW, protocol) as receiver,
          make_socket(source, address, socket.SOCK_RAW, protocol) as sender):
        sender.connect((address, 0))
        try:
            sender.send(payload(token, sender.getsockname()[0]))
        except PermissionError:
            return "not permitted"
        return await_token(receiver, sender, token, patience)


def other(source, target, address, protocol):
    """A packet of a protocol that has no ports, or looks as if it had."""
    return raw(source, target, address, protocol,
               lambda token, _: struct.pack(">HHII", 40000, 40001, 0, 0) + token)


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def quoted(source, destination, token):
    """The beginning of a UDP packet that nobody sent."""
    start = struct.pack(">HHHH", 40002, 40003, 8 + len(token), 0) + token
    addresses = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    if version(source) == 4:
        header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(start), 1, 0, 64, 17, 0) + addresses
        return header[:10] + struct.pack(">H", checksum(header)) + header[12:] + start
    return struct.pack(">IHBB", 6 << 28, len(start), 17, 64) + addresses + start


def icmp(source, target, address, kind, code):
    """An ICMP or ICMPv6 message. An error quotes a packet of its receiver."""
    family = version(address)
    is_error = kind in ICMP_ERRORS[family]

    def payload(token, from_address):
        rest = os.urandom(2) + b"\0\1"	# an echo's identifier and number
        if is_error:
            rest = struct.pack(">I", 1400) + quoted(address, from_address, token)
        else:
            rest += token
        start = bytes((kind, code))
        # The kernel fills ICMPv6's checksum in.
        return start + struct.pack(">H", checksum(start + b"\0\0" + rest)) + rest

    protocol = socket.IPPROTO_ICMP if family == 4 else socket.IPPROTO_ICMPV6
    # No error answers an error.
    return raw(source, target, address, protocol, payload, SILENCE if is_error else PATIENCE)
