# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets made byte by byte, and a raw socket that sends and sees them."""

import socket
import struct
import time

ETH_P_ALL, PACKET_OUTGOING = 3, 4
ICMP, IGMP, TCP, UDP, GRE, ICMP6 = 1, 2, 6, 17, 47, 58
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def family_of(address):
    return 6 if ":" in address else 4


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def with_checksum(source, destination, protocol, data, offset):
    """Fill in a checksum that covers the addresses, too."""
    pseudo = packed(source) + packed(destination) + struct.pack("!II", len(data), protocol)
    value = checksum(pseudo + data)
    return data[:offset] + struct.pack("!H", value or 0xFFFF) + data[offset + 2:]


def ip(source, destination, protocol, payload, ttl=None, options=b"", fragment=0, ident=0):
    """fragment: the IPv4 flags and offset field."""
    if family_of(source) == 6:
        return struct.pack("!IHBB", 6 << 28, len(payload), protocol,
                           64 if ttl is None else ttl) + \
            packed(source) + packed(destination) + payload
    header = struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, 0,
                         20 + len(options) + len(payload), ident, fragment,
                         64 if ttl is None else ttl, protocol, 0)
    header += packed(source) + packed(destination) + options
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def fragment6(protocol, offset, more, ident, payload):
    """A fragment header and its part; offset in bytes."""
    return struct.pack("!BBHI", protocol, 0, offset | more, ident) + payload


def tcp(source, destination, sport, dport, flags, seq=0, ack=0, payload=b""):
    data = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                       5 << 4, flags, 8192, 0, 0) + payload
    return ip(source, destination, TCP, with_checksum(source, destination, TCP, data, 16))


def udp_data(source, destination, sport, dport, payload=b""):
    data = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
    return with_checksum(source, destination, UDP, data, 6)


def udp(source, destination, sport, dport, payload=b""):
    return ip(source, destination, UDP, udp_data(source, destination, sport, dport, payload))


def icmp(source, destination, kind, code, rest=bytes(4), payload=b"", ttl=None):
    """rest: the four bytes after the checksum."""
    data = struct.pack("!BBH", kind, code, 0) + rest + payload
    if family_of(source) == 6:
        return ip(source, destination, ICMP6,
                  with_checksum(source, destination, ICMP6, data, 2), ttl=ttl)
    data = data[:2] + struct.pack("!H", checksum(data)) + data[4:]
    return ip(source, destination, ICMP, data, ttl=ttl)


class Packet:
    """What was seen."""

    def __init__(self, data):
        self.data = data
        self.version = data[0] >> 4
        if self.version == 4:
            start, length = (data[0] & 15) * 4, struct.unpack_from("!H", data, 2)[0]
            self.protocol, self.ttl = data[9], data[8]
            self.source = socket.inet_ntop(socket.AF_INET, data[12:16])
            self.destination = socket.inet_ntop(socket.AF_INET, data[16:20])
        else:
            start, length = 40, 40 + struct.unpack_from("!H", data, 4)[0]
            self.protocol, self.ttl = data[6], data[7]
            if self.protocol == 0:  # hop-by-hop options, before MLD
                self.protocol, start = data[40], 48 + data[41] * 8
            self.source = socket.inet_ntop(socket.AF_INET6, data[8:24])
            self.destination = socket.inet_ntop(socket.AF_INET6, data[24:40])
        self.payload = data[start:length]
        self.kind = self.code = self.flags = self.sport = self.dport = self.seq = self.ack = None
        if self.protocol in (ICMP, ICMP6, IGMP):
            self.kind, self.code = self.payload[:2]
        elif self.protocol in (TCP, UDP):
            self.sport, self.dport = struct.unpack_from("!HH", self.payload)
        if self.protocol == TCP:
            self.seq, self.ack = struct.unpack_from("!II", self.payload, 4)
            self.flags = self.payload[13]

    def __str__(self):
        return (f"{self.source} > {self.destination} protocol {self.protocol} "
                f"ports {self.sport} {self.dport} flags {self.flags} "
                f"type {self.kind} code {self.code}")


class Wire:
    """A device: what is sent on it, and what came by it."""

    def __init__(self, device, own_mac, other_mac):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.bind((device, ETH_P_ALL))
        self.own_mac, self.other_mac = own_mac, other_mac

    def close(self):
        self.socket.close()

    def send(self, packet, mac=None):
        kind = 0x0800 if packet[0] >> 4 == 4 else 0x86DD
        self.socket.send((mac or self.other_mac) + self.own_mac + struct.pack("!H", kind) + packet)

    def drain(self):
        """Forget what came so far."""
        self.socket.setblocking(False)
        try:
            while True:
                self.socket.recv(65536)
        except BlockingIOError:
            pass

    def receive(self, wanted, seconds=5):
        """The first packet that came in and for which wanted() says so, or None."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                data, address = self.socket.recvfrom(65536)
            except TimeoutError:
                break
            if address[2] == PACKET_OUTGOING or data[12:14] not in (b"\x08\x00", b"\x86\xdd"):
                continue
            packet = Packet(data[14:])
            if wanted(packet):
                return packet
        return None
