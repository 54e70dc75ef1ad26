"""Asks a name server for the AAAA records of names, every 50 ms.

usage: dnswatch.py SERVER LOG NAME…

One JSON object a line where an answer differs from the one before, and once a second: {"dns", "begun", "ended",
"addresses"}, times in milliseconds since 1970; "addresses" is null where no answer came.
"""
import ipaddress
import json
import os
import socket
import struct
import sys
import time

PERIOD, PATIENCE = 0.05, 1.0


def milliseconds():
    return time.time_ns() // 1_000_000


def question(number, name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", number, 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", 28, 1)


def skip_name(data, at):
    while data[at]:
        if data[at] & 0xC0:
            return at + 2
        at += data[at] + 1
    return at + 1


def addresses(data):
    questions, answers = struct.unpack_from("!HH", data, 4)
    at, found = 12, []
    for _ in range(questions):
        at = skip_name(data, at) + 4
    for _ in range(answers):
        at = skip_name(data, at)
        kind, _, _, length = struct.unpack_from("!HHIH", data, at)
        at += 10
        if kind == 28:
            found.append(str(ipaddress.IPv6Address(data[at:at + length])))
        at += length
    return sorted(found)


def ask(server, name):
    number = int.from_bytes(os.urandom(2), "big")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(PATIENCE)
        line.connect((server, 53))
        line.send(question(number, name))
        while True:
            data = line.recv(4096)
            if struct.unpack_from("!H", data)[0] == number:
                return addresses(data)


def main(server, path, names):
    last = {}
    with open(path, "a", buffering=1) as log:
        while True:
            round_began = time.monotonic()
            for name in names:
                begun = milliseconds()
                try:
                    found = ask(server, name)
                except (OSError, IndexError, struct.error):
                    found = None
                ended = milliseconds()
                known, told = last.get(name, (False, 0))
                if found != known or ended - told >= 1000:
                    last[name] = (found, ended)
                    log.write(json.dumps({"dns": name, "begun": begun, "ended": ended, "addresses": found}) + "\n")
            time.sleep(max(0, round_began + PERIOD - time.monotonic()))


if len(sys.argv) < 4:
    sys.exit(__doc__)
main(sys.argv[1], sys.argv[2], sys.argv[3:])
