"""One end of a DS-Lite line (RFC 6333): carries IPv4 packets inside IPv6 to the other end. The kernel here may have no
ip6_tunnel, so a TUN device and a raw socket do its work.

usage: softwire.py DEVICE OWN-IPV6 PEER-IPV6
"""
import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF = 0x400454CA
IFF_TUN_WITHOUT_HEADER = 0x0001 | 0x1000
IPV4_IN_IPV6 = 4

device, own, peer = sys.argv[1:]
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH14x", device.encode(), IFF_TUN_WITHOUT_HEADER))
line = socket.socket(socket.AF_INET6, socket.SOCK_RAW, IPV4_IN_IPV6)
line.bind((own, 0))
while True:
    ready, _, _ = select.select([tun, line], [], [])
    if tun in ready:
        packet = os.read(tun, 2048)
        # A TUN device speaks IPv6 of its own accord (router solicitations); the softwire carries IPv4 alone.
        if packet[0] >> 4 == 4:
            try:
                line.sendto(packet, (peer, 0))
            except OSError:
                pass  # lost, as packets may be
    if line in ready:
        packet, sender = line.recvfrom(2048)
        if sender[0] == peer:
            try:
                os.write(tun, packet)
            except OSError:
                pass
