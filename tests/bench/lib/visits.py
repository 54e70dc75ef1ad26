"""Two visitors who ask for one page every 100 ms, on one way: one over a new connection each time, and one who keeps his
connection where the other side does. A request has two seconds; others do not wait for it.

usage: visits.py PATH NAME FAMILY HOST LOG [HOSTS]

PATH is the word for the way in the log; NAME is who is asked for (TLS and Host, certificates are checked as by a
browser); HOST is what is looked up anew for each connection, in the file HOSTS first where one is given; FAMILY is 4 or 6.

One JSON object a line, times in milliseconds since 1970: {"path", "kept", "begun", "ended", "who"}. "who" is "home" or
"stranger", whoever answered, or "nobody"; then "why" tells what came instead.
"""
import asyncio
import concurrent.futures
import ipaddress
import json
import socket
import ssl
import sys
import time

PERIOD, PATIENCE = 0.1, 2.0
MOST_AT_ONCE, MOST_IDLE = 30, 2


def milliseconds():
    return time.time_ns() // 1_000_000


class Nobody(Exception):
    pass


class Stale(Exception):
    """A kept connection that had ended before the request could be answered: a browser asks again over a new one."""


class Visitor:
    def __init__(self, path, name, family, host, log, hosts):
        self.path, self.name, self.host, self.log, self.hosts = path, name, host, log, hosts
        self.family = socket.AF_INET if family == "4" else socket.AF_INET6
        self.context = ssl.create_default_context()
        self.idle, self.running = [], set()

    def from_hosts(self):
        if not self.hosts:
            return None
        version = 4 if self.family == socket.AF_INET else 6
        try:
            with open(self.hosts) as file:
                for line in file:
                    words = line.split("#")[0].split()
                    if self.host in words[1:] and ipaddress.ip_address(words[0]).version == version:
                        return words[0]
        except (OSError, ValueError):
            pass
        return None

    async def address(self):
        if found := self.from_hosts():
            return found
        loop = asyncio.get_running_loop()
        return (await loop.getaddrinfo(self.host, 443, family=self.family, type=socket.SOCK_STREAM))[0][4][0]

    async def connect(self):
        return await asyncio.open_connection(await self.address(), 443, ssl=self.context, server_hostname=self.name)

    async def ask(self, connection, kept, used):
        reader, writer = connection
        closing = "" if kept else "Connection: close\r\n"
        writer.write(f"GET /whoami HTTP/1.1\r\nHost: {self.name}\r\nUser-Agent: visitor\r\n{closing}\r\n".encode())
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        except asyncio.IncompleteReadError as error:
            if used and not error.partial:
                raise Stale from None
            raise Nobody("the connection ended") from None
        except ConnectionError as error:
            if used:
                raise Stale from None
            raise Nobody(type(error).__name__) from None
        fields = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in head[1:])}
        if "content-length" in fields:
            body = await reader.readexactly(int(fields["content-length"]))
        else:
            kept, body = False, await reader.read()
        status = head[0].split(" ", 2)[1:2]
        text = body.decode("utf-8", "replace")
        # Who answers is told, whatever the status.
        who = next((who for who in ("home", "stranger") if f"server: {who}\n" in text), None)
        return who, None if who else f"status {' '.join(status)}", kept and fields.get("connection", "").lower() != "close"

    async def visit(self, kept):
        connection = None
        try:
            while kept and self.idle:
                connection = self.idle.pop()
                if connection[0].at_eof() or connection[1].is_closing():
                    connection[1].transport.abort()
                    connection = None
                    continue
                try:
                    return await self.finish(connection, kept, True)
                except Stale:
                    connection[1].transport.abort()
                    connection = None
            connection = await self.connect()
            return await self.finish(connection, kept, False)
        except BaseException:
            if connection:
                connection[1].transport.abort()
            raise

    async def finish(self, connection, kept, used):
        who, why, reusable = await self.ask(connection, kept, used)
        if reusable and len(self.idle) < MOST_IDLE:
            self.idle.append(connection)
        else:
            connection[1].close()
        return who, why

    async def once(self, kept):
        begun = milliseconds()
        who, why = None, None
        try:
            who, why = await asyncio.wait_for(self.visit(kept), PATIENCE)
        except asyncio.TimeoutError:
            why = "no answer within 2 s"
        except (OSError, asyncio.IncompleteReadError, Nobody, ValueError) as error:
            why = f"{type(error).__name__}: {error}".replace("\n", " ")[:120]
        line = {"path": self.path, "kept": kept, "begun": begun, "ended": milliseconds(), "who": who or "nobody"}
        if not who:
            line["why"] = why
        self.log.write(json.dumps(line) + "\n")

    async def run(self):
        loop = asyncio.get_running_loop()
        loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(MOST_AT_ONCE))
        next_one = loop.time()
        while True:
            for kept in (False, True):
                if len(self.running) < 2 * MOST_AT_ONCE:
                    task = loop.create_task(self.once(kept))
                    self.running.add(task)
                    task.add_done_callback(self.running.discard)
                # The two do not ask at the same moment.
                next_one += PERIOD / 2
                await asyncio.sleep(max(0, next_one - loop.time()))
            next_one = max(next_one, loop.time() - PERIOD)


def main():
    if len(sys.argv) not in (6, 7):
        sys.exit(__doc__)
    path, name, family, host, log = sys.argv[1:6]
    with open(log, "a", buffering=1) as file:
        asyncio.run(Visitor(path, name, family, host, file, sys.argv[6] if len(sys.argv) == 7 else None).run())


main()
