#!/usr/bin/python3
"""What programs cost while nothing happens: idle.py SECONDS NODE-NETNS NAME:UID:PID...

Each runs under a user of its own; bytes are those of the kernel's counters of that user (the caller has set them up by
idle.nft). Prints one JSON object for each program: CPU milliseconds, context switches that it asked for, PSS, bytes; the
counts are for an hour.
"""

import json
import os
import pathlib
import subprocess
import sys
import time

TICKS = os.sysconf("SC_CLK_TCK")


def processes(uid):
    """All of a user: a program may start others."""
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and entry.stat().st_uid == uid:
                yield entry
        except OSError:
            pass


def cpu_ms(uid):
    """Of those that are there and of those that they have waited for."""
    total = 0
    for process in processes(uid):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(x) for x in fields[11:15])
    return total * 1000 // TICKS


class Switches:
    """Wake-ups. A thread takes its count along when it ends: what was seen of it last is kept. Looked at often."""

    def __init__(self, uid):
        self.uid = uid
        self.seen = {}
        self.look()
        self.first = dict(self.seen)

    def look(self):
        for process in processes(self.uid):
            for task in process.glob("task/*"):
                try:
                    text = (task / "status").read_text()
                except OSError:
                    continue
                for line in text.splitlines():
                    if line.startswith("voluntary_ctxt_switches"):
                        self.seen[task.name] = int(line.split()[1])

    def count(self):
        return sum(n - self.first.get(task, 0) for task, n in self.seen.items())


def pss_kb(uid):
    total = 0
    for process in processes(uid):
        try:
            text = (process / "smaps_rollup").read_text()
        except OSError:
            continue
        for line in text.splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total


def traffic(netns, uid):
    """Bytes in both directions, as IP counts them."""
    out = subprocess.run(["ip", "netns", "exec", netns, "nft", "-j", "list", "counters"], check=True, capture_output=True)
    return sum(
        one["counter"]["bytes"]
        for one in json.loads(out.stdout)["nftables"]
        if "counter" in one and one["counter"]["name"].endswith(f"_{uid}")
    )


def main():
    seconds, netns = int(sys.argv[1]), sys.argv[2]
    programs = []
    for argument in sys.argv[3:]:
        name, uid, pid = argument.split(":")
        uid = int(uid)
        programs.append(
            {"name": name, "uid": uid, "pid": pid, "cpu": cpu_ms(uid), "bytes": traffic(netns, uid), "switches": Switches(uid), "pss": []}
        )
    began = time.monotonic()
    next_pss = began
    while time.monotonic() < began + seconds:
        time.sleep(0.25)
        for one in programs:
            one["switches"].look()
        if time.monotonic() >= next_pss:
            next_pss += 10
            for one in programs:
                one["pss"].append(pss_kb(one["uid"]))
    took = time.monotonic() - began
    for one in programs:
        hour = 3600 / took
        print(
            json.dumps(
                {
                    "name": one["name"],
                    "alive": os.path.exists(f"/proc/{one['pid']}"),
                    "cpuMs": round((cpu_ms(one["uid"]) - one["cpu"]) * hour),
                    "wakeUps": round(one["switches"].count() * hour),
                    "pssKb": sorted(one["pss"])[len(one["pss"]) // 2],
                    "mostPssKb": max(one["pss"]),
                    "bytes": round((traffic(netns, one["uid"]) - one["bytes"]) * hour),
                }
            )
        )


main()
