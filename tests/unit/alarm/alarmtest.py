"""What the tests of resources/vps/push/alarm.py share: the program itself, a site, a peer that speaks HTTP."""

import importlib.util
import os
import pathlib
import socket
import sys
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]


def fresh_alarm():
    spec = importlib.util.spec_from_file_location("alarm", ROOT / "resources/vps/push/alarm.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


alarm = fresh_alarm()

T0 = 1_795_000_000
SITE = {"site": "home", "vps": "vps", "host": "vps.example.org", "silence": 300, "webhooks": []}


class Peer:
    """Answers each connection by a function of the socket; knows what came."""

    def __init__(self, talk, context=None):
        self.came, self.talk, self.context = [], talk, context
        self.listener = socket.create_server(("", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                way, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.one, args=(way,), daemon=True).start()

    def one(self, way):
        try:
            if self.context:
                way = self.context.wrap_socket(way, server_side=True)
            self.talk(self, way)
        except OSError:
            pass
        finally:
            way.close()

    def close(self):
        self.listener.close()


def http_peer(answer=b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", then=None):
    def talk(peer, way):
        text = b""
        while b"\r\n\r\n" not in text:
            if not (more := way.recv(65536)):
                return
            text += more
        head, _, body = text.partition(b"\r\n\r\n")
        length = int(next((one.split(b":")[1] for one in head.split(b"\r\n") if one.lower().startswith(b"content-length:")), 0))
        while len(body) < length:
            body += way.recv(65536)
        peer.came.append((head.decode(), body))
        way.sendall(answer)
        if then:
            then(way)

    return talk


def main():
    """All tests of the program; the last line is "N passed, N failed, N skipped"."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    result = unittest.main(exit=False, verbosity=1).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad if bad < result.testsRun else 0} passed, {bad} failed, {len(result.skipped)} skipped")
    sys.exit(1 if bad else 0)
