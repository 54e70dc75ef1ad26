"""What the visitors' logs say.

usage: judge.py settled FOLDER SECONDS MOST
       judge.py recovery FOLDER BEGAN USABLE LEFT ADDRESS LEAST TAIL MOST STRANGER-LOG
       judge.py table RESULTS
       judge.py goals RESULTS V4-MEDIAN V4-WORST DNS-WORST V6-WORST

settled: waits until on each way nothing but answers of the home came for so many seconds; gives up after MOST seconds.

recovery: BEGAN and USABLE are moments in milliseconds since 1970, of the rotation's command and of the server's new
ADDRESS; the file LEFT holds when the old one ceased to work. Waits until each way works and the name server tells that
address alone, TAIL seconds long without a failure,
LEAST seconds after USABLE at the earliest and MOST at the latest. Prints one JSON object:
    "back": for each way, and for "dns", the seconds from USABLE to the end of the first good answer after which no
            failure comes: 0 where none came at all, null where it is not back. A way's two visitors: the later one. For
            a visitor to whom nothing failed before the old address ceased to work, from that moment if it is later.
    "failed": how many requests failed, "why": the kinds of failures
    "stranger": {"requests", "tls", "answers"}: what the stranger wrote down, and visitors who were answered by him

table and goals read a file of such objects, with "contestant", "mode", "delay" beside.
"""
import collections
import glob
import json
import re
import statistics
import sys
import time

PATHS = ("v4", "v6", "lan", "upstream")


def lines_of(path, position=0):
    """The whole lines from a position on, and the position after them."""
    with open(path, "rb") as file:
        file.seek(position)
        block = file.read()
    end = block.rfind(b"\n") + 1
    return [json.loads(line) for line in block[:end].splitlines()], position + end


class Logs:
    """Reads what has come new in the logs of a folder."""

    def __init__(self, folder):
        self.folder, self.positions = folder, {}

    def new(self):
        for path in sorted(glob.glob(self.folder + "/*.jsonl")):
            lines, self.positions[path] = lines_of(path, self.positions.get(path, 0))
            yield from lines


def now():
    return time.time_ns() // 1_000_000


def settled(folder, seconds, most):
    logs, visits, end = Logs(folder), collections.defaultdict(list), time.monotonic() + most
    while True:
        for line in logs.new():
            if "path" in line:
                visits[line["path"], line["kept"]].append(line)
        since = now() - seconds * 1000
        recent = {key: [one for one in all_ if one["ended"] >= since] for key, all_ in visits.items()}
        if len(recent) == 2 * len(PATHS) and all(
            len(all_) >= 5 and all(one["who"] == "home" for one in all_) for all_ in recent.values()
        ):
            return True
        if time.monotonic() > end:
            for key, all_ in sorted(recent.items()):
                bad = [one.get("why", one["who"]) for one in all_ if one["who"] != "home"]
                print(key[0], "kept" if key[1] else "new", len(all_), "visits,", len(bad), "bad:", bad[:1], file=sys.stderr)
            return False
        time.sleep(0.2)


class Stream:
    """The answers of one visitor, or of the name server about one name, in the order in which they were begun."""

    def __init__(self):
        self.good, self.bad, self.why = [], [], collections.Counter()

    def take(self, begun, ended, good, why):
        (self.good if good else self.bad).append((begun, ended))
        if not good:
            self.why[re.sub(r"\d{3,}|[0-9a-f]*:[0-9a-f:]+", "…", why)] += 1

    def last_failure(self):
        return max((begun for begun, _ in self.bad), default=None)

    def back(self, usable, left):
        """Seconds, or None."""
        last = self.last_failure()
        if last is None:
            return 0.0 if self.good else None
        after = [ended for begun, ended in self.good if begun > last]
        zero = max(usable, left) if min(ended for _, ended in self.bad) > left else usable
        return max(0, min(after) - zero) / 1000 if after else None


def moment_in(path):
    try:
        with open(path) as file:
            return int(file.read())
    except (OSError, ValueError):
        return 0


def recovery(folder, began, usable, left_file, address, least, tail, most, stranger_log):
    logs, streams = Logs(folder), collections.defaultdict(Stream)
    answers = 0
    while True:
        for line in logs.new():
            if line["begun"] < began:
                continue
            if "path" in line:
                good = line["who"] == "home"
                answers += line["who"] == "stranger"
                streams[line["path"], line["kept"]].take(line["begun"], line["ended"], good, line.get("why") or "a stranger's answer")
            else:
                good = line["addresses"] == [address]
                streams["dns", line["dns"]].take(line["begun"], line["ended"], good, "another address")
        moment = now()
        left = moment_in(left_file)
        back = {key: stream.back(usable, 0 if key[0] == "dns" else left) for key, stream in streams.items()}
        wanted = len(streams) == 2 * len(PATHS) + 2
        calm = all(stream.last_failure() is None or stream.last_failure() < moment - tail * 1000 for stream in streams.values())
        if wanted and calm and None not in back.values() and moment >= usable + least * 1000 or moment >= usable + most * 1000:
            break
        time.sleep(0.3)
    result = {"back": {}, "visitors": {}, "failed": {}, "why": {}}
    for way in PATHS + ("dns",):
        mine = {key: stream for key, stream in streams.items() if key[0] == way}
        values = [back[key] for key in mine]
        result["back"][way] = None if not values or None in values else max(values)
        result["failed"][way] = sum(len(stream.bad) for stream in mine.values())
        why = sum((stream.why for stream in mine.values()), collections.Counter())
        if why and way != "dns":
            result["why"][way] = dict(why.most_common(4))
        if way != "dns":
            result["visitors"][way] = {"kept" if key[1] else "new": back[key] for key in sorted(mine)}
    stranger = {"requests": 0, "tls": 0, "answers": answers}
    if stranger_log:
        for line in lines_of(stranger_log)[0]:
            if line["time"] >= began:
                stranger["requests" if line["what"] == "request" else "tls"] += 1
        result["stranger"] = stranger
    result["watched"] = round((now() - usable) / 1000, 1)
    print(json.dumps(result))


# --- many rotations --------------------------------------------------------------------------


def cases(path):
    found = collections.OrderedDict()
    for line in lines_of(path)[0]:
        found.setdefault((line["contestant"], line["mode"], line["delay"]), []).append(line)
    return found


def median(values):
    """None counts as longer than all others."""
    ordered = sorted(values, key=lambda value: float("inf") if value is None else value)
    middle = len(ordered) // 2
    if len(ordered) % 2 or ordered[middle] is None:
        return ordered[middle]
    return statistics.mean(ordered[middle - 1:middle + 1])


def worst(values):
    return None if None in values else max(values)


def shown(value):
    return "never" if value is None else f"{value:.1f}" if value >= 99.95 else f"{value:.2f}"


def looks(all_):
    """When a rival looked after the rotations."""
    waits = sorted(one.get("nextLookAfter", 0) for one in all_)
    return "-" if not waits[-1] else f"{waits[0]:g} s" if waits[0] == waits[-1] else f"{waits[0]:g}-{waits[-1]:g} s"


def table(path):
    ways = ("dns",) + PATHS
    names = {"dns": "name server", "v4": "IPv4 via VPS", "v6": "IPv6", "lan": "LAN", "upstream": "VPS to home"}
    rows = [("contestant", "mode", "RTT", "n", "next look") + tuple(names[way] for way in ways) + ("stranger",)]
    for (contestant, mode, delay), all_ in cases(path).items():
        cells = []
        for way in ways:
            values = [one["back"][way] for one in all_]
            cells.append(shown(median(values)) if len(values) == 1 else f"{shown(median(values))} / {shown(worst(values))}")
        met = [one["stranger"] for one in all_ if "stranger" in one]
        cells.append(f"{sum(one['requests'] for one in met)} of {sum(one['tls'] for one in met)}" if met else "-")
        rows.append((contestant, mode, f"{delay} ms", str(len(all_)), looks(all_), *cells))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    print("Seconds from the new address being usable until it works for good: median / worst.")
    print("Next look: when a rival looked at its address again, after the command.")
    print("Stranger: requests that he answered, of the TLS connections that came to him.\n")
    for row in rows:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def goals(path, v4_median, v4_worst, dns_worst, v6_worst):
    """Lines "ok"/"FAIL" TAB text, for the goals of Sixgate."""

    def goal(good, text):
        print("ok" if good else "FAIL", text, sep="\t")

    def at_most(value, most):
        return value is not None and value <= most

    for (contestant, mode, delay), all_ in cases(path).items():
        case = f"{contestant}, {mode}, {delay} ms"
        if contestant.startswith("sixgate"):
            values = {way: [one["back"][way] for one in all_] for way in ("v4", "dns", "v6")}
            middle, last = median(values["v4"]), worst(values["v4"])
            goal(at_most(middle, v4_median) and at_most(last, v4_worst),
                 f"{case}: IPv4 visitors are back within {v4_median:g} s, {v4_worst:g} s at worst ({shown(middle)}, {shown(last)})")
            last = worst(values["dns"])
            goal(at_most(last, dns_worst), f"{case}: the name server is right within {dns_worst:g} s ({shown(last)})")
            last = worst(values["v6"])
            goal(at_most(last, v6_worst), f"{case}: IPv6 visitors are back within {v6_worst:g} s ({shown(last)})")
        met = [one["stranger"] for one in all_ if "stranger" in one]
        taken = sum(one["requests"] + one["answers"] for one in met)
        if contestant.startswith("careless"):
            goal(taken > 0, f"{case}: without verification the stranger answers visitors ({taken})")
        elif met and contestant.startswith("sixgate"):
            # Where the old prefix is routed on, nobody may ask there any more by the time the stranger has it: that shows
            # nothing, so nothing is claimed of it.
            if mode == "routed" and taken == 0 and sum(one["tls"] for one in met) == 0:
                continue
            goal(taken == 0 and sum(one["tls"] for one in met) > 0,
                 f"{case}: no request is answered by the stranger ({taken}; {sum(one['tls'] for one in met)} TLS connections came to him)")


def main(what, *words):
    if what == "settled":
        sys.exit(0 if settled(words[0], float(words[1]), float(words[2])) else 1)
    elif what == "recovery":
        folder, began, usable, left, address, least, tail, most, log = words
        recovery(folder, int(began), int(usable), left, address, float(least), float(tail), float(most), log)
    elif what == "table":
        table(words[0])
    elif what == "goals":
        goals(words[0], *map(float, words[1:]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) > 2 else sys.exit(__doc__)
