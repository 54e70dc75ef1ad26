"""Tells when an address becomes usable: the moment at which the kernel takes the mark "tentative" from it.

usage: usable.py PREFIX/LENGTH DEVICE FILE

FILE.watching is there as soon as nothing can be missed; FILE holds the moment, in milliseconds since 1970. Ends then, or
after a minute. Temporary addresses do not count.
"""
import ipaddress
import os
import socket
import struct
import sys
import time

RTMGRP_IPV6_IFADDR = 0x100
RTM_NEWADDR, RTM_GETADDR = 20, 22
NLM_F_REQUEST, NLM_F_DUMP = 1, 0x300
IFA_ADDRESS, IFA_FLAGS = 1, 8
TEMPORARY, DAD_FAILED, TENTATIVE = 0x01, 0x08, 0x40


def messages(block):
    while len(block) >= 16:
        length, kind = struct.unpack_from("=IH", block)
        if length < 16:
            return
        yield kind, block[16:length]
        block = block[(length + 3) & ~3:]


def attributes(block):
    while len(block) >= 4:
        length, kind = struct.unpack_from("=HH", block)
        if length < 4:
            return
        yield kind, block[4:length]
        block = block[(length + 3) & ~3:]


def usable(body, prefix, index):
    _, _, flags, _, device = struct.unpack_from("=BBBBI", body)
    address = None
    for kind, value in attributes(body[8:]):
        if kind == IFA_ADDRESS and len(value) == 16:
            address = ipaddress.IPv6Address(value)
        elif kind == IFA_FLAGS:
            flags = struct.unpack("=I", value)[0]
    return device == index and address is not None and address in prefix and not flags & (TEMPORARY | DAD_FAILED | TENTATIVE)


def main(prefix, device, path):
    prefix, index = ipaddress.IPv6Network(prefix), socket.if_nametoindex(device)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.bind((0, RTMGRP_IPV6_IFADDR))
        # What has happened before counts, too.
        request = struct.pack("=BBBBI", socket.AF_INET6, 0, 0, 0, 0)
        kernel.send(struct.pack("=IHHII", 16 + len(request), RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, 1, 0) + request)
        open(path + ".watching", "w").close()
        end = time.monotonic() + 60
        while (left := end - time.monotonic()) > 0:
            kernel.settimeout(left)
            try:
                block = kernel.recv(65536)
            except TimeoutError:
                return
            now = time.time_ns() // 1_000_000
            if any(kind == RTM_NEWADDR and usable(body, prefix, index) for kind, body in messages(block)):
                with open(path + ".new", "w") as file:
                    file.write(f"{now}\n")
                os.rename(path + ".new", path)
                return


if len(sys.argv) != 4:
    sys.exit(__doc__)
main(*sys.argv[1:])
