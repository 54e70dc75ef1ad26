"""A visitor who asks for one page again and again, each time over a new connection, and what the log of that says.

usage: visitor.py watch NAME MARKER LOG
       visitor.py gap LOG FROM TO [DOWN UP]

watch: every 50 ms one HTTPS request for NAME's page by its IPv4 address, looked up anew, certificate checked as by a
browser; a request that takes longer delays the next one, as it would a person. One line an answer: when it was begun,
when it ended (milliseconds), "good" where the page holds MARKER, else what came instead.

gap: the longest time between two good answers beyond the 50 ms, of those that ended between FROM and TO, and how many
answers were good and bad: "GAP GOOD BAD". What happened between DOWN and UP (the machine was off) does not count, nor does
a bad answer to who was waiting then.
"""
import bisect
import socket
import ssl
import sys
import time

PERIOD = 50
PATIENCE = 15


def milliseconds():
    return time.time_ns() // 1_000_000


def look(context, name, marker):
    request = f"GET / HTTP/1.1\r\nHost: {name}\r\nUser-Agent: visitor\r\nConnection: close\r\n\r\n".encode()
    address = socket.getaddrinfo(name, 443, socket.AF_INET, socket.SOCK_STREAM)[0][4]
    until = time.monotonic() + PATIENCE
    with socket.create_connection(address, PATIENCE) as plain, context.wrap_socket(plain, server_hostname=name) as tls:
        tls.sendall(request)
        page = b""
        while more := tls.recv(65536):
            page += more
            if time.monotonic() > until:
                return "slow"
    status = page.split(b"\r\n", 1)[0].decode("ascii", "replace")
    if not status.startswith("HTTP/1.1 200 "):
        return status or "nothing"
    return "good" if marker.encode() in page else "another page"


def watch(name, marker, path):
    context = ssl.create_default_context()
    with open(path, "w", buffering=1) as log:
        while True:
            begun = milliseconds()
            try:
                came = look(context, name, marker)
            except OSError as error:
                came = f"{type(error).__name__}: {error}".replace("\n", " ")
            ended = milliseconds()
            log.write(f"{begun} {ended} {came}\n")
            time.sleep(max(0, begun + PERIOD - ended) / 1000)


def gap(path, first, last, down=None, up=None):
    good, bad = [], 0
    with open(path) as log:
        for line in log:
            if not line.endswith("\n"):
                continue
            begun, ended, came = line.rstrip("\n").split(" ", 2)
            begun, ended = int(begun), int(ended)
            if came == "good":
                good.append(ended)
            elif first <= ended <= last and (down is None or ended < down or begun > up):
                bad += 1
    # The answer before the part counts, too: a gap may begin at its border.
    inside = good[max(0, bisect.bisect_left(good, first) - 1):bisect.bisect_right(good, last)]
    marks = [inside[0] if inside and inside[0] < first else first]
    marks += [one for one in inside if one >= first] + [last]
    spans = []
    for before, after in zip(marks, marks[1:]):
        if down is None or after <= down or before >= up:
            spans.append(after - before)
        else:
            spans += [max(0, down - before), max(0, after - up)]
    print(max(0, max(spans) - PERIOD), len([one for one in inside if one >= first]), bad)


if __name__ == "__main__":
    if len(sys.argv) == 5 and sys.argv[1] == "watch":
        watch(*sys.argv[2:])
    elif len(sys.argv) in (5, 7) and sys.argv[1] == "gap":
        gap(sys.argv[2], *map(int, sys.argv[3:]))
    else:
        sys.exit(__doc__)
