"""Answers every IPv6 packet that is routed into a TUN device with ICMPv6 "no route to destination" (RFC 4443, 3.1). The
kernel's own answer comes while the sender is still at its sending, and Linux then takes it for a passing trouble.

usage: refuse.py DEVICE OWN-IPV6
"""
import fcntl
import ipaddress
import os
import struct
import sys

TUNSETIFF = 0x400454CA
IFF_TUN_WITHOUT_HEADER = 0x0001 | 0x1000
ICMPV6 = 58
# The answer fits the smallest MTU: header, ICMPv6, as much as possible of the packet.
MOST_QUOTED = 1280 - 40 - 8


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def refusal(packet, own):
    sender = packet[8:24]
    # No error about an error, none to a group or to nobody.
    if packet[6] == ICMPV6 and packet[40] < 128 or sender[0] == 0xFF or not any(sender):
        return None
    body = packet[:MOST_QUOTED]
    pseudo = own + sender + struct.pack("!II", 8 + len(body), ICMPV6)
    sum_ = checksum(pseudo + struct.pack("!BBHI", 1, 0, 0, 0) + body)
    return struct.pack("!IHBB", 6 << 28, 8 + len(body), ICMPV6, 64) + own + sender + struct.pack("!BBHI", 1, 0, sum_, 0) + body


device, own = sys.argv[1], ipaddress.IPv6Address(sys.argv[2]).packed
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH14x", device.encode(), IFF_TUN_WITHOUT_HEADER))
while True:
    packet = os.read(tun, 65536)
    # A TUN device speaks IPv6 of its own accord, too (router solicitations).
    if packet[0] >> 4 == 6 and len(packet) > 40 and (answer := refusal(packet, own)):
        try:
            os.write(tun, answer)
        except OSError:
            pass  # lost, as packets may be
