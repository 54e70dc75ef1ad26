#!/usr/bin/env python3
"""Holds packets back: what the kernel sends into one of two TUN devices comes out of the other one after a time.

    delay.py MILLISECONDS DEVICE DEVICE

It makes the devices in the network name space it runs in; they vanish with it. Packets pass as the kernel hands them
over, with its note about checksums and segments still to be made (IFF_VNET_HDR): so it may hand over large ones.
"""

import collections
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
TUNSETOFFLOAD = 0x400454D0
IFF_TUN, IFF_NO_PI, IFF_VNET_HDR = 0x0001, 0x1000, 0x4000
TUN_F_CSUM, TUN_F_TSO4, TUN_F_TSO6 = 1, 2, 4
LARGEST = 70000
# What a direction holds back at most; a real line drops what is too much, too.
QUEUE_BYTES = 64 * 1024 * 1024


def open_device(name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH14x", name.encode(), IFF_TUN | IFF_NO_PI | IFF_VNET_HDR))
    fcntl.ioctl(device, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)
    return device


class Direction:
    def __init__(self, source, target, delay):
        self.source, self.target, self.delay = source, target, delay
        self.held = collections.deque()
        self.bytes = 0

    def take(self):
        """Reads what is there, but not for ever: the other direction is waiting."""
        for _ in range(64):
            try:
                packet = os.read(self.source, LARGEST)
            except BlockingIOError:
                return
            except OSError:  # the device is not up yet
                return
            if self.bytes + len(packet) <= QUEUE_BYTES:
                self.held.append((time.monotonic() + self.delay, packet))
                self.bytes += len(packet)

    def give(self):
        """Sends what has waited long enough; answers in how many seconds the next one has."""
        while self.held:
            due, packet = self.held[0]
            rest = due - time.monotonic()
            if rest > 0:
                return rest
            self.held.popleft()
            self.bytes -= len(packet)
            try:
                os.write(self.target, packet)
            except OSError:  # lost, as a packet may be
                pass
        return None


def hurry():
    """A busy machine must not add to the delay."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except OSError:
        os.nice(-15)


def main():
    hurry()
    delay = float(sys.argv[1]) / 1000
    first, second = open_device(sys.argv[2]), open_device(sys.argv[3])
    directions = {first: Direction(first, second, delay), second: Direction(second, first, delay)}
    while True:
        waits = [wait for wait in (direction.give() for direction in directions.values()) if wait is not None]
        readable, _, _ = select.select(list(directions), [], [], min(waits, default=None))
        for source in readable:
            directions[source].take()


main()
