#!/usr/bin/python3 -B
"""resources/vps/push/alarm.py: when it tells what, and to real peers. The last line is "N passed, N failed, 0 skipped"."""

import contextlib
import importlib.util
import io
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
spec = importlib.util.spec_from_file_location("alarm", ROOT / "resources/vps/push/alarm.py")
alarm = importlib.util.module_from_spec(spec)
spec.loader.exec_module(alarm)

T0 = 1_795_000_000
SITE = {"site": "home", "vps": "vps", "host": "vps.example.org", "silence": 300, "webhooks": []}


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


class Certificates:
    """A CA and a certificate for localhost, 127.0.0.1 and ::1."""

    def __init__(self, folder):
        self.ca, self.cert, self.key = (str(folder / name) for name in ("ca.pem", "cert.pem", "key.pem"))

        def openssl(*words):
            subprocess.run(["openssl", *words], check=True, capture_output=True)

        ca_key, request = str(folder / "ca.key"), str(folder / "request")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=Test CA", "-keyout", ca_key, "-out", self.ca)
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
                "-keyout", self.key, "-out", request)
        extensions = folder / "extensions"
        extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n")
        openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", ca_key, "-days", "2",
                "-extfile", str(extensions), "-out", self.cert)

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context


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


def smtp_peer(certificates, starttls=True, refuse=b"", login="me secret-of-mail", implicit=False, hang=False):
    """A small mail server; keeps (secured, login, message)."""
    import base64

    def talk(peer, way):
        secured, user, message = implicit, "", []
        lines = way.makefile("rb")
        way.sendall(b"220 test ESMTP\r\n")
        while line := lines.readline():
            verb = line.strip().upper()
            if verb.startswith(b"EHLO"):
                offers = [b"test"]
                if starttls and not secured:
                    offers.append(b"STARTTLS")
                if secured:
                    offers.append(b"AUTH PLAIN")
                way.sendall(b"".join(b"250" + (b" " if i + 1 == len(offers) else b"-") + one + b"\r\n" for i, one in enumerate(offers)))
            elif verb == b"STARTTLS":
                way.sendall(b"220 go\r\n")
                way = certificates.context().wrap_socket(way, server_side=True)
                lines, secured = way.makefile("rb"), True
            elif verb.startswith(b"AUTH PLAIN"):
                user = base64.b64decode(line.split()[2]).decode().strip("\0").replace("\0", " ")
                way.sendall(b"235 yes\r\n" if user == login else b"535 5.7.8 no " + user.encode() + b"\r\n")
            elif verb == b"DATA":
                if refuse:
                    way.sendall(refuse)
                    continue
                way.sendall(b"354 go\r\n")
                while (part := lines.readline()) not in (b".\r\n", b""):
                    message.append(part)
                peer.came.append((secured, user, b"".join(message).decode()))
                way.sendall(b"250 taken\r\n")
            elif verb == b"QUIT":
                if hang:
                    time.sleep(5)
                way.sendall(b"221 bye\r\n")
                return
            else:
                way.sendall(b"250 ok\r\n")

    return talk


class Peers(unittest.TestCase):
    SECRET = "wo0dp3cker"

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.certificates = Certificates(pathlib.Path(cls.folder.name))
        os.environ["SSL_CERT_FILE"] = cls.certificates.ca
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            os.environ[name] = "http://127.0.0.1:9/"  # nobody is asked by way of another one

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.peers = []
        alarm.DEADLINE, alarm.ANSWER = 2, 1

    def tearDown(self):
        for one in self.peers:
            one.close()

    def peer(self, talk, context=None):
        self.peers.append(Peer(talk, context))
        return self.peers[-1]

    def said(self, over=False):
        message = {"kind": "silent", "since": T0, **({"until": T0 + 600} if over else {})}
        return alarm.words(message, SITE, T0 + 600)

    def sent(self, channel, said=None):
        """None, or why not."""
        settings = dict(SITE, webhooks=[channel] if "kind" in channel else [])
        if "kind" not in channel:
            settings["mail"] = channel
        (_, way), = alarm.channels_of(settings).values()
        problem = alarm.send_all({"one": (way, said or self.said())})["one"]
        for secret in (self.SECRET, "secret-of-mail", "localhost", "127.0.0.1"):
            self.assertNotIn(secret, problem or "")
        return problem

    def hook(self, peer, kind="generic", scheme="https", path=None, host="localhost"):
        return {"name": "phone", "kind": kind, "url": f"{scheme}://{host}:{peer.port}{path or '/' + self.SECRET}"}

    def https(self, *how):
        return self.peer(http_peer(*how), self.certificates.context())

    def test_generic(self):
        peer = self.https()
        self.assertIsNone(self.sent(self.hook(peer)))
        head, body = peer.came[0]
        self.assertTrue(head.startswith(f"POST /{self.SECRET} HTTP/1.1\r\n"))
        self.assertIn("Content-Type: application/json", head)
        self.assertEqual(json.loads(body), {
            "schema": 1, "site": "home", "event": "silent", "since": "2026-11-18T11:06:40Z", "seconds": 600,
            "from": "vps vps", "text": self.said()["text"]})

    def test_ntfy(self):
        for over, priority, tag in ((False, "high", "warning"), (True, "default", "white_check_mark")):
            peer = self.https()
            self.assertIsNone(self.sent(self.hook(peer, "ntfy"), self.said(over)))
            head, body = peer.came[0]
            self.assertEqual(body.decode(), self.said(over)["text"])
            for line in (f"Title: {self.said(over)['title']}", f"Priority: {priority}", f"Tags: {tag}"):
                self.assertIn(line, head.split("\r\n"))

    def test_healthchecks(self):
        for over, path, wanted in (
            (False, "/ping/x", "/ping/x/fail"),
            (False, "/ping/x/", "/ping/x/fail"),
            (False, "/ping/x?create=1", "/ping/x/fail?create=1"),
            (True, "/ping/x?create=1", "/ping/x?create=1"),
        ):
            peer = self.https()
            self.assertIsNone(self.sent(self.hook(peer, "healthchecks", path=path), self.said(over)))
            self.assertEqual(peer.came[0][0].split()[1], wanted)
            self.assertEqual(peer.came[0][1].decode(), self.said(over)["text"])

    def test_a_login_in_the_url(self):
        peer = self.https()
        self.assertIsNone(self.sent(self.hook(peer, host="me:p%40ss@localhost")))
        self.assertIn("Authorization: Basic bWU6cEBzcw==", peer.came[0][0])
        self.assertNotIn("@", peer.came[0][0].split("\r\n")[1])

    def test_plain_http_stays_in_the_own_network(self):
        peer = self.peer(http_peer())
        self.assertIsNone(self.sent(self.hook(peer, scheme="http")))
        self.assertIn(f"Host: localhost:{peer.port}", peer.came[0][0])
        problem = self.sent({"name": "phone", "kind": "generic", "url": "http://192.0.2.1/x"})
        self.assertIn("own network", problem)

    def test_hostile_answers(self):
        trap = self.https()
        moved = f"HTTP/1.1 302 Found\r\nLocation: https://localhost:{trap.port}/\r\nContent-Length: 0\r\n\r\n"

        def drip(way):
            while True:
                time.sleep(0.1)
                way.sendall(b"X: y\r\n")

        for name, peer, word in (
            ("redirect", self.https(moved.encode()), "302"),
            ("error", self.https(b"HTTP/1.1 500 " + self.SECRET.encode() + b"\r\nContent-Length: 0\r\n\r\n"), "500"),
            ("no HTTP", self.https(b"220 mail\r\n"), "no HTTP"),
            ("nothing", self.https(b""), "ended the connection"),
            ("endless head", self.https(b"HTTP/1.1 200 OK\r\n", drip), "2 s"),
            ("no TLS", self.peer(lambda peer, way: way.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")), "TLS"),
            ("silent", self.peer(lambda peer, way: time.sleep(9)), "no answer within 1 s"),
        ):
            with self.subTest(name):
                began = time.monotonic()
                self.assertIn(word, self.sent(self.hook(peer)) or "it was sent")
                self.assertLess(time.monotonic() - began, 4)
        self.assertEqual(trap.came, [])

    def test_endless_bodies_are_not_read(self):
        def endless(way):
            while True:
                way.sendall(b"x" * 65536)

        self.assertIsNone(self.sent(self.hook(self.https(b"HTTP/1.1 200 OK\r\n\r\n", endless))))

    def test_certificates(self):
        peer = self.https()
        del os.environ["SSL_CERT_FILE"]
        try:
            self.assertIn("certificate", self.sent(self.hook(peer)))
        finally:
            os.environ["SSL_CERT_FILE"] = self.certificates.ca
        self.assertIn("of another name", self.sent(self.hook(peer, host="127.0.0.2")))
        self.assertEqual(peer.came, [])

    def test_nobody_there(self):
        gone = socket.create_server(("127.0.0.1", 0))
        port = gone.getsockname()[1]
        gone.close()
        hook = {"name": "phone", "kind": "ntfy", "url": f"https://127.0.0.1:{port}/{self.SECRET}"}
        self.assertEqual(self.sent(hook), "Connection refused")
        hook["url"] = f"https://nobody.invalid/{self.SECRET}"
        self.assertEqual(self.sent(hook), "its name leads nowhere")

    def mail(self, peer, **more):
        smtp = {"host": "localhost", "port": peer.port, "security": "starttls", "user": "me", "password": "secret-of-mail"}
        return {"to": "me@example.org", "from": "six@example.org", "smtp": {**smtp, **more}}

    def test_mail(self):
        for how in ("starttls", "tls", "none"):
            with self.subTest(how):
                talk = smtp_peer(self.certificates, implicit=how == "tls")
                peer = self.peer(talk, self.certificates.context() if how == "tls" else None)
                more = {"user": "", "password": ""} if how == "none" else {}
                self.assertIsNone(self.sent(self.mail(peer, security=how, **more)))
                (secured, user, text), = peer.came
                self.assertEqual(secured, how != "none")
                self.assertEqual(user, "" if how == "none" else "me secret-of-mail")
                head, _, body = text.partition("\r\n\r\n")
                head = head.split("\r\n")
                for line in ("From: six@example.org", "To: me@example.org", "Subject: Sixgate home: silent since 11:06 UTC",
                             "Auto-Submitted: auto-generated", 'Content-Type: text/plain; charset="utf-8"'):
                    self.assertIn(line, head)
                self.assertEqual(len([one for one in head if one.startswith(("Date: ", "Message-ID: <"))]), 2)
                self.assertIn("@example.org>", next(one for one in head if one.startswith("Message-ID")))
                self.assertEqual(" ".join(body.split()), self.said()["text"] + " Told by vps vps.")

    def test_mail_is_told_when_it_is_taken(self):
        for how in ("starttls", "tls"):
            with self.subTest(how):
                talk = smtp_peer(self.certificates, implicit=how == "tls", hang=True)
                peer = self.peer(talk, self.certificates.context() if how == "tls" else None)
                began = time.monotonic()
                self.assertIsNone(self.sent(self.mail(peer, security=how)))
                self.assertLess(time.monotonic() - began, 0.9)
                self.assertEqual(len(peer.came), 1)

    def test_an_answer_is_waited_for_less_long_than_a_message(self):
        fresh = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(fresh)
        self.assertLess(fresh.ANSWER, fresh.DEADLINE)

    def test_mail_is_not_sent_unprotected(self):
        peer = self.peer(smtp_peer(self.certificates, starttls=False))
        self.assertIn("STARTTLS", self.sent(self.mail(peer)))
        self.assertIn("own network", self.sent(self.mail(peer, security="none", host="192.0.2.1")))
        self.assertIn("of another name", self.sent(self.mail(self.peer(smtp_peer(self.certificates)), host="127.0.0.2")))
        self.assertEqual(peer.came, [])

    def test_mail_that_is_refused(self):
        peer = self.peer(smtp_peer(self.certificates))
        self.assertEqual(self.sent(self.mail(peer, password="secret-of-mail-no-more")), "it refuses the login (535)")
        peer = self.peer(smtp_peer(self.certificates, refuse=b"554 5.7.1 wo0dp3cker\r\n"))
        self.assertEqual(self.sent(self.mail(peer)), "it answers 554")

    def test_local_mail(self):
        mail = {"to": "me@example.org", "from": "six@example.org"}
        folder = pathlib.Path(self.folder.name)
        alarm.SENDMAIL = str(folder / "sendmail")
        try:
            self.assertIn("alarm.mail.smtp", self.sent(mail))
            program = folder / "sendmail"
            program.write_text(f'#!/bin/sh\necho "$@" >{folder}/arguments\ncat >{folder}/mail\n')
            program.chmod(0o755)
            self.assertIsNone(self.sent(mail))
            self.assertEqual((folder / "arguments").read_text(), "-i -t\n")
            self.assertIn("\nTo: me@example.org\n", (folder / "mail").read_text())
            self.assertNotIn("\r", (folder / "mail").read_bytes().decode())
            program.write_text("#!/bin/sh\nexit 75\n")
            self.assertIn("status 75", self.sent(mail))
            program.write_text("#!/bin/sh\nexec sleep 60\n")
            self.assertIn("1 s", self.sent(mail))
        finally:
            alarm.SENDMAIL = "/usr/sbin/sendmail"

    def test_a_dead_one_holds_nobody_up(self):
        dead, good = self.peer(lambda peer, way: time.sleep(9)), self.https()
        hooks = [dict(self.hook(dead), name="dead"), dict(self.hook(good), name="good")]
        settings = dict(SITE, webhooks=hooks)
        ways = alarm.channels_of(settings)
        began = time.monotonic()
        answers = alarm.send_all({name: (way, self.said()) for name, (_, way) in ways.items()})
        self.assertLess(time.monotonic() - began, 4)
        self.assertIsNone(answers["good"])
        self.assertIn("1 s", answers["dead"])


class Memory(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.at = pathlib.Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def test_what_lies_there_is_not_written_into(self):
        other, state = self.at / "other", self.at / "state"
        other.write_text("mine")
        for lay in (lambda beside: beside.symlink_to(other), lambda beside: os.link(other, beside)):
            lay(self.at / "state.new")
            alarm.write_memory(str(state), {"a": 1})
            self.assertEqual(other.read_text(), "mine")
            self.assertEqual(json.loads(state.read_text()), {"a": 1})
            self.assertFalse(state.is_symlink())
            self.assertEqual(state.stat().st_mode & 0o777, 0o600)
        # One who lays it there again in between gets nothing by it.
        unlink, alarm.os.unlink = alarm.os.unlink, lambda path: None
        try:
            (self.at / "state.new").symlink_to(self.at / "made")
            with self.assertRaises(OSError):
                alarm.write_memory(str(state), {"a": 2})
        finally:
            alarm.os.unlink = unlink
        self.assertFalse((self.at / "made").exists())

    def test_odd_memories(self):
        for text in ("[]", "1", '{"boot": 1}', ""):
            (self.at / "state").write_text(text)
            with contextlib.redirect_stderr(io.StringIO()) as said:
                self.assertEqual(alarm.read_memory(str(self.at / "spare"), str(self.at / "state")), {})
            self.assertIn("begins anew", said.getvalue())


class Whole(unittest.TestCase):
    """The program as systemd runs it, with a push daemon's socket."""

    def test_run(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            answer = b"hello 1 alarm\nupstream x pushed - used - unknown\nstate nas 20 %d\n"
            since = [10]
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(folder / "socket"))
            listener.listen()
            asked = []

            def serve():
                while True:
                    way, _ = listener.accept()
                    asked.append(way.recv(200))
                    way.sendall(answer % since[0])
                    way.close()

            threading.Thread(target=serve, daemon=True).start()
            peer = Peer(http_peer())
            url = f"http://127.0.0.1:{peer.port}/wo0dp3cker"
            settings = dict(SITE, silence=0, webhooks=[{"name": "phone", "kind": "generic", "url": url}])
            (folder / "settings").write_text(json.dumps(settings))
            program = (ROOT / "resources/vps/push/alarm.py").read_text().replace(alarm.SOCKET, str(folder / "socket"))
            (folder / "alarm.py").write_text(program)
            spare = folder / "run"
            spare.mkdir()
            environment = {"CREDENTIALS_DIRECTORY": name, "STATE_DIRECTORY": name, "RUNTIME_DIRECTORY": str(spare)}

            def run():
                ran = subprocess.run([sys.executable, "-I", "-B", str(folder / "alarm.py")], env=environment,
                                     capture_output=True, text=True, timeout=60, check=True)
                self.assertNotIn("wo0dp3cker", ran.stdout + ran.stderr)
                return ran.stderr

            self.assertEqual(run(), "")
            self.assertEqual(asked[0], b"hello 1 alarm\nstate\n")
            self.assertEqual([json.loads(body)["event"] for _, body in peer.came], ["silent"])
            since[0] = 11
            run()
            self.assertEqual(len(peer.came), 1)
            self.assertEqual(list(spare.iterdir()), [])
            # No room on the disk: told all the same, once, and the log has it once.
            environment["STATE_DIRECTORY"] = "/dev/full"
            self.assertIn("What was told cannot be kept in /dev/full/state (Not a directory)", run())
            self.assertEqual(len(peer.came), 2)
            self.assertEqual((spare / "state").stat().st_mode & 0o777, 0o600)
            self.assertEqual(run(), "")
            self.assertEqual(len(peer.came), 2)
            # There is room again: what was told meanwhile is not forgotten.
            environment["STATE_DIRECTORY"] = name
            self.assertEqual(run(), "")
            self.assertEqual(len(peer.came), 2)
            self.assertEqual(list(spare.iterdir()), [])
            # No room anywhere: rather twice than never.
            environment["STATE_DIRECTORY"] = environment["RUNTIME_DIRECTORY"] = "/dev/full"
            self.assertIn("cannot be kept", run())
            self.assertEqual(len(peer.came), 3)
            environment["STATE_DIRECTORY"], environment["RUNTIME_DIRECTORY"] = name, str(spare)
            peer.close()
            since[0] = 0
            self.assertEqual(run(), "The webhook phone could not be told: Connection refused.\n")
            state = folder / "state"
            self.assertEqual(state.stat().st_mode & 0o777, 0o600)
            self.assertNotIn("wo0dp3cker", state.read_text())
            state.write_text("{ cut o")
            self.assertIn("begins anew", run())
            (folder / "socket").unlink()
            alarm.SOCKET, known = str(folder / "socket"), alarm.SOCKET
            try:
                self.assertIs(alarm.ask_daemon(), False)
            finally:
                alarm.SOCKET = known


if __name__ == "__main__":
    os.environ["TZ"] = "UTC"
    time.tzset()
    result = unittest.main(exit=False, verbosity=1).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad if bad < result.testsRun else 0} passed, {bad} failed, {len(result.skipped)} skipped")
    sys.exit(1 if bad else 0)
