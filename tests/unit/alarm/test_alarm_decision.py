#!/usr/bin/python3 -B
"""resources/vps/push/alarm.py: when it tells what, in which words."""

import ipaddress
import json
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))  # an isolated Python looks there for nothing
from alarmtest import SITE, T0, alarm, main  # noqa: E402


class Machine:
    """A VPS with a clock, a push daemon and one channel for each name."""

    def __init__(self, *names):
        self.memory = {"channels": {name: {} for name in names}}
        self.up, self.offset, self.boot, self.basis = 1000.0, T0 - 1000.0, "b1", "r1"
        self.last, self.deaf, self.dead = None, False, set()
        self.said = []

    def at(self, second):
        self.up = 1000.0 + second

    @property
    def wall(self):
        return self.up + self.offset

    def look(self):
        heard = False if self.deaf else None if self.last is None else max(0, int(self.wall - self.last))
        now = {"wall": self.wall, "up": self.up, "boot": self.boot, "basis": self.basis}
        happened = alarm.look(self.memory, heard, now, 300)
        self.memory = json.loads(json.dumps(self.memory))  # as it is kept
        for one in happened:
            for channel in self.memory["channels"].values():
                alarm.enqueue(channel, one)
        told = []
        for name, channel in self.memory["channels"].items():
            while channel.get("queue") and channel.get("next", 0) <= self.up:
                if name in self.dead:
                    alarm.refused(channel, self.up)
                    break
                said = alarm.words(channel["queue"][0], SITE, self.wall)
                since = int(alarm.time.mktime(time.strptime(said["since"], "%Y-%m-%dT%H:%M:%SZ")) - T0)
                late = "late" if "could not be told" in said["text"] else ""
                told.append(f"{name}:{said['event']}:{since}+{said['seconds']}{late}")
                alarm.succeeded(channel)
        return " ".join(told) or "-"


def play(script, names=("a",)):
    """Steps "SECOND WORD", one after the other; gives what each "?" has told."""
    machine = Machine(*names)
    out = []
    for step in script.split(";"):
        second, *words = step.split()
        machine.at(float(second))
        word = words[0]
        if word == "?":
            out.append(machine.look())
        elif word == "push":
            machine.last = machine.wall
        elif word == "deploy":
            machine.basis += "x"
        elif word == "boot":
            machine.boot += "x"
            machine.offset, machine.up = machine.wall, 0.0
            machine.at = lambda second, base=second, self=machine: setattr(self, "up", second - float(base))
            for channel in machine.memory["channels"].values():
                channel["next"] = 0
        elif word == "clock":
            machine.offset += float(words[1])
        elif word == "deaf":
            machine.deaf = True
        elif word == "hears":
            machine.deaf = False
        elif word == "dead":
            machine.dead.add(words[1])
        elif word == "alive":
            machine.dead.discard(words[1])
        elif word == "ticks":  # until there, each minute
            until = float(words[1])
            at = float(second)
            while at <= until:
                machine.at(at)
                if (told := machine.look()) != "-":
                    out.append(f"@{at:.0f} {told}")
                at += 60
        else:
            raise AssertionError(word)
    return " | ".join(out)


class Decisions(unittest.TestCase):
    # The memory is new at 0: the grace ends at 300.
    ROWS = {
        "never pushed": ("0 ?; 9999 ?", "- | -"),
        "pushes": ("0 push; 0 ?; 15 ?; 299 ?", "- | - | -"),
        "silent": ("0 push; 0 ?; 300 ?; 301 ?; 9999 ?", "- | a:silent:0+300 | - | -"),
        "back": ("0 push; 0 ?; 300 ?; 720 push; 721 ?; 722 ?", "- | a:silent:0+300 | a:back:0+720 | -"),
        "back and silent again": (
            "0 push; 0 ?; 300 ?; 400 push; 800 ?; 801 ?; 802 ?",
            "- | a:silent:0+300 | a:back:0+400 a:silent:400+400 | - | -",
        ),
        "a push in time": ("0 push; 0 ?; 290 push; 310 ?; 590 ?", "- | - | a:silent:290+300"),
        "the daemon's seconds are whole": ("0.7 push; 1 ?; 301.4 ?; 302.1 ?; 302.9 ?", "- | a:silent:1+300 | - | -"),
        "after a deployment the home has its time again": (
            "0 push; 0 ?; 299 ?; 299 deploy; 301 ?; 600 ?; 602 ?",
            "- | - | - | - | a:silent:0+602",
        ),
        "a deployment in the middle of a silence": (
            "0 push; 0 ?; 300 ?; 310 deploy; 320 ?; 900 ?; 1000 push; 1001 ?",
            "- | a:silent:0+300 | - | - | a:back:0+1000",
        ),
        "after a boot, too": ("0 push; 0 ?; 200 ?; 5000 boot; 5030 ?; 5299 ?; 5300 ?", "- | - | - | - | a:silent:0+5300"),
        "a boot, and it pushes": ("0 push; 0 ?; 200 ?; 5000 boot; 5030 ?; 5090 push; 5100 ?; 5301 ?", "- | - | - | - | -"),
        "a boot in the middle of a silence": (
            "0 push; 0 ?; 300 ?; 5000 boot; 5030 ?; 5090 push; 5100 ?",
            "- | a:silent:0+300 | - | a:back:0+5090",
        ),
        "the clock is set forward": (
            "0 push; 0 ?; 55 push; 60 ?; 70 clock 86400; 120 ?; 130 push; 180 ?; 430 ?",
            "- | - | - | - | a:silent:86530+300",
        ),
        "the clock is set forward, and nobody pushes": (
            "0 push; 0 ?; 60 ?; 70 clock 86400; 120 ?; 419 ?; 420 ?",
            "- | - | - | - | a:silent:0+86820",
        ),
        "the clock is set back: a push in the future": (
            "0 ?; 1000 push; 1000 ?; 1001 clock -900; 1002 ?; 1100 ?; 2199 ?; 2201 ?",
            "- | - | - | - | - | a:silent:1000+301",
        ),
        "the clock is set back in the middle of a silence": (
            "0 ?; 1000 push; 1001 ?; 1300 ?; 1310 clock -900; 1360 ?; 1420 ?; 1450 push; 1460 ?; 1520 ?; 1752 ?",
            "- | - | a:silent:1000+300 | - | - | a:back:1000+450 | - | a:silent:550+302",
        ),
        "the clock is set back, and nobody pushes": (
            "0 ?; 1000 push; 1001 ?; 1300 ?; 1310 clock -305; 1313 ?; 1340 ?; 1400 ?; 9999 ?",
            "- | - | a:silent:1000+300 | - | - | - | -",
        ),
        "the clock is set back to just the last push, and nobody pushes": (
            "0 ?; 1000 push; 1001 ?; 1300 ?; 1310 clock -330; 1313 ?; 1340 ?; 1400 ?; 9999 ?",
            "- | - | a:silent:1000+300 | - | - | - | -",
        ),
        "the clock is set back by a boot": (
            "0 ?; 1000 push; 1001 ?; 1300 ?; 1310 clock -900; 1310 boot; 1340 ?; 1350 push; 1360 ?",
            "- | - | a:silent:1000+300 | - | a:back:1000+0",
        ),
        "the daemon is dead, which is no silence": (
            "0 push; 0 ?; 30 push; 40 deaf; 60 ?; 120 ?; 300 ?; 360 ?; 420 ?",
            "- | - | - | - | a:trouble:60+300 | -",
        ),
        "it answers again, and pushes come": (
            "0 push; 0 ?; 40 deaf; 60 ?; 360 ?; 500 hears; 501 ?; 510 push; 800 ?; 805 ?",
            "- | - | a:trouble:60+300 | a:over:60+441 | - | -",
        ),
        "it answers again, and no push comes": (
            "0 push; 0 ?; 40 deaf; 60 ?; 360 ?; 500 hears; 501 ?; 800 ?; 802 ?",
            "- | - | a:trouble:60+300 | a:over:60+441 | - | a:silent:0+802",
        ),
        "for a moment only": ("0 push; 0 ?; 40 deaf; 60 ?; 100 hears; 101 push; 120 ?; 400 ?", "- | - | - | -"),
        "it dies in the middle of a silence": (
            "0 push; 0 ?; 300 ?; 310 deaf; 320 ?; 900 ?; 950 hears; 960 push; 970 ?",
            "- | a:silent:0+300 | - | - | a:back:0+960",
        ),
        "a dead channel makes no doubles in the other": (
            "0 push; 0 ?; 0 dead b; 300 ?; 360 ?; 420 ?; 470 alive b; 480 ?; 540 ?; 600 push; 601 ?",
            "- | a:silent:0+300 | - | - | b:silent:0+480 | - | a:back:0+600 b:back:0+600",
        ),
        "over before it was told": (
            "0 push; 0 ?; 0 dead b; 300 ?; 400 push; 401 ?; 402 alive b; 800 ticks 800; 2000 push; 2000 ?",
            "- | a:silent:0+300 | a:back:0+400 | @800 a:silent:400+400 b:back:0+400late b:silent:400+400"
            " | a:back:400+1600 b:back:400+1600",
        ),
        "growing waits": (
            "0 push; 0 ?; 0 dead a; 300 ticks 2500; 2501 alive a; 2520 ticks 3200",
            "- | @3000 a:silent:0+3000",
        ),
    }

    def test_rows(self):
        self.assertGreater(len(self.ROWS), 20)
        for name, (script, told) in self.ROWS.items():
            with self.subTest(name):
                self.assertEqual(play(script, ("a", "b") if " b:" in told else ("a",)), told)

    def test_waits(self):
        channel, up, waits = {}, 0.0, []
        for _ in range(8):
            alarm.refused(channel, up)
            waits.append(round((channel["next"] - up + 10) / 60))
        self.assertEqual(waits, [1, 2, 4, 8, 10, 10, 10, 10])

    def test_nothing_grows(self):
        channel = {}
        for i in range(1000):
            alarm.enqueue(channel, ("begin", "silent", i * 10))
            alarm.enqueue(channel, ("end", "silent", i * 10, i * 10 + 5))
        self.assertEqual(len(channel["queue"]), alarm.MOST_WAITING)
        self.assertTrue(all(one["late"] for one in channel["queue"]))

    def test_a_new_channel_hears_no_end_of_what_it_was_not_told(self):
        channel = {}
        alarm.enqueue(channel, ("end", "silent", 0, 5))
        self.assertEqual(channel["queue"], [])

    def test_texts(self):
        def said(message, wall):
            return alarm.words(message, SITE, T0 + wall)

        begun = {"kind": "silent", "since": T0}
        one = said(begun, 300)
        self.assertEqual(
            one["text"],
            "The home has been silent since 2026-11-18 11:06:40 UTC, for 5 minutes: no machine there pushes.",
        )
        self.assertEqual(one["title"], "Sixgate home: silent since 11:06 UTC")
        self.assertEqual((one["event"], one["since"], one["seconds"], one["from"]),
                         ("silent", "2026-11-18T11:06:40Z", 300, "vps vps"))
        self.assertIn("for 1 second:", said(begun, 1)["text"])
        self.assertIn("since 2026-11-18 11:06 UTC", said(begun, 90000)["title"])
        ended = dict(begun, until=T0 + 301)
        self.assertEqual(said(ended, 999)["text"],
                         "The home pushes again, after a silence of 5 minutes since 2026-11-18 11:06:40 UTC.")
        self.assertEqual(said(ended, 999)["title"], "Sixgate home: back after 5 minutes")
        self.assertIn("of 2 hours since", said(dict(begun, until=T0 + 7200), 9999)["text"])
        self.assertIn("of 3 days since", said(dict(begun, until=T0 + 3 * 86400), 999999)["text"])
        service = said({"kind": "service", "since": T0}, 600)
        self.assertEqual(service["event"], "trouble")
        self.assertNotIn("silent", service["text"] + service["title"])
        self.assertIn("has not answered since", service["text"])

    def test_own_network(self):
        """Whoever is told without encryption is in the home's own network: the same addresses as in the program there."""
        rows = pathlib.Path(__file__).resolve().parents[1] / "model" / "own_networks.txt"
        seen = 0
        for line in rows.read_text().splitlines():
            if line.startswith("#"):
                continue
            kind, text = line.split()
            address = ipaddress.ip_address(text)
            self.assertEqual(any(address in one for one in alarm.PRIVATE), kind == "own", text)
            seen += 1
        self.assertGreater(seen, 30)


if __name__ == "__main__":
    main()
