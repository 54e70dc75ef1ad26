#!/usr/bin/python3 -B
"""resources/vps/push/alarm.py: what it keeps of what was told, and the program as a whole."""

import contextlib
import io
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))  # an isolated Python looks there for nothing
from alarmtest import ROOT, SITE, Peer, alarm, http_peer, main  # noqa: E402


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
    main()
