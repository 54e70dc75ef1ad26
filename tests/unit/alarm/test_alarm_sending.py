#!/usr/bin/python3 -B
"""resources/vps/push/alarm.py: to real peers, also hostile ones, and to a mail program."""

import base64
import json
import os
import pathlib
import re
import shlex
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))  # an isolated Python looks there for nothing
from alarmtest import ROOT, SITE, T0, Peer, alarm, fresh_alarm, http_peer, main  # noqa: E402


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


def smtp_peer(certificates, starttls=True, refuse=b"", login="me secret-of-mail", implicit=False, hang=False):
    """A small mail server; keeps (secured, login, message)."""
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
            # Not green: a trouble that a keeper has told may last.
            (True, "/ping/x", "/ping/x/log"),
            (True, "/ping/x/", "/ping/x/log"),
            (True, "/ping/x?create=1", "/ping/x/log?create=1"),
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
        fresh = fresh_alarm()
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
        program = folder / "sendmail"
        service = (ROOT / "resources/vps/push/sixgate-alarm-mail.service").read_text()
        command = re.search("^ExecStart=(.*)$", service, re.MULTILINE)[1].replace("$$", "$")
        command = shlex.split(command.replace("/usr/sbin/sendmail", str(program)).replace("-k 1 12", "-k 1 0.5"))
        alarm.MAIL_SOCKET = str(folder / "mail.socket")
        try:
            self.assertIn("sixgate-alarm-mail.socket", self.sent(mail))
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(alarm.MAIL_SOCKET)
            listener.listen()

            def serve():  # as systemd does
                while True:
                    with listener.accept()[0] as way:
                        subprocess.run(command, stdin=way, stdout=way, stderr=subprocess.DEVNULL, check=False)

            threading.Thread(target=serve, daemon=True).start()
            self.assertIn("alarm.mail.smtp", self.sent(mail))
            program.write_text(f'#!/bin/sh\necho "$@" >{folder}/arguments\ncat >{folder}/mail\necho odd words\n')
            self.assertIn("alarm.mail.smtp", self.sent(mail))
            program.chmod(0o755)
            self.assertIsNone(self.sent(mail))
            self.assertEqual((folder / "arguments").read_text(), "-i -t\n")
            self.assertIn("\nTo: me@example.org\n", (folder / "mail").read_text())
            self.assertNotIn("\r", (folder / "mail").read_bytes().decode())
            for script, problem in (
                ("exit 75", "status 75"),  # without having read
                ("cat >/dev/null; (sleep 9) & exit 0", None),  # it goes on behind
                ("exec sleep 60", "did not end in time"),
                ("kill -KILL $PPID; sleep 1", "did not end in time"),
            ):
                with self.subTest(script):
                    program.write_text(f"#!/bin/sh\n{script}\n")
                    began = time.monotonic()
                    told = self.sent(mail)
                    self.assertLess(time.monotonic() - began, 2)
                    self.assertIs(told, None) if problem is None else self.assertIn(problem, told or "it was sent")
        finally:
            alarm.MAIL_SOCKET = "/run/sixgate-alarm-mail.socket"

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


if __name__ == "__main__":
    main()
