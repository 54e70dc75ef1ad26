"""What a run makes of what answers a rehearsed challenge (resources/vps/rehearsal.pl): the script itself, web servers and
DNS messages of all kinds. It needs a network of its own (see CMakeLists.txt): port 80 is the real one."""

import base64
import pathlib
import random
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
HOME, VPS = "2001:db8:1::11", "2001:db8:5::1"
TOKEN = "/.well-known/acme-challenge/sixgate-0123456789abcdef"
PROOF = "5" * 64

# In place of the run's own way: one order a line.
HARNESS = r"""
open_log();
my $proof = 'PROOF';
while (my $order = <STDIN>) {
    chomp $order;
    my ($what, @word) = split / /, $order;
    my $said = eval {
        if ($what eq 'walk') {
            my $is = { host => 'vps.example.org', name => 'cloud.example.org', path => 'TOKEN', proof => $proof,
                known => { 'vps.example.org' => [['VPS'], []], 'cloud.example.org' => [[$word[0]], []] } };
            $is->{known}{'nowhere.example.org'} = [[], []];
            walk($is, $word[0], 'AAAA');
            'found';
        }
        elsif ($what eq 'records') {
            require Socket;
            my $found = records_of(pack('H*', $word[0]), $word[1]);
            my $shown = sub { map { join('/', $_->[0], $_->[1], $_->[1] == 16 ? unpack('H*', $_->[2]) : $_->[2]) } @{ $_[0] } };
            defined $found ? join(' ', "code $found->{code}", $shown->($found->{records}), @{ $found->{authority} } ? ('authority', $shown->($found->{authority})) : ()) : 'none';
        }
        elsif ($what eq 'answer') {
            my $answer = answer_to(pack('H*', $word[0]), 'proof');
            defined $answer ? unpack('H*', $answer) : 'none';
        }
        else { die "unknown order\n"; }
    };
    $said = ref $@ ? "$@->{verdict}: $@->{summary}\0$@->{detail}" : "died: $@" if $@;
    print 'SAID ', base64($said), "\n";
}
exit 0;
"""


def script():
    parts = re.search(r"QStringView part :\s*\{(.*?)\}", (ROOT / "core/apply/bundle.cpp").read_text(), re.S).group(1)
    text = "".join((ROOT / f"resources/vps/{part}.pl").read_text() for part in re.findall(r'u"(\w+)"', parts))
    begin, end = text.index("if (defined $mode)"), text.index("# ---------------------------------------------------------------- the way")
    harness = HARNESS.replace("PROOF", PROOF).replace("TOKEN", TOKEN).replace("VPS", VPS)
    return text[:begin] + harness + text[end:]


def say(orders):
    """What the script says to each order; it must not warn, and not take for ever."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "20260101-000000-0123abcd"
        path.mkdir()
        (path / "run.pl").write_text(script())
        ran = subprocess.run(["perl", path / "run.pl", path], input="\n".join(orders) + "\n", text=True, timeout=100,
                             capture_output=True)
    if ran.returncode or ran.stderr:
        raise AssertionError(f"perl ended with {ran.returncode}: {ran.stderr[:1000]}")
    said = [base64.b64decode(line[5:]).decode("latin-1") for line in ran.stdout.splitlines() if line.startswith("SAID ")]
    assert len(said) == len(orders), (len(said), len(orders))
    return said


class Web:
    """Answers each connection at an address, port 80, by a function of the request and the socket."""

    def __init__(self, address, answer):
        self.came, self.answer = [], answer
        self.listener = socket.create_server((address, 80), family=socket.AF_INET6)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                way, _ = self.listener.accept()
            except OSError:
                return
            with way:
                try:
                    request = way.recv(65536).decode("latin-1")
                    self.came.append(request)
                    answer = self.answer(request, way) if callable(self.answer) else self.answer
                    if answer:
                        way.sendall(answer)
                except OSError:
                    pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def http(status, body=b"", headers=""):
    return f"HTTP/1.1 {status}\r\nServer: nginx/1.22.1\r\n{headers}Connection: close\r\n\r\n".encode("latin-1") + body


def to(where, status="302 Found"):
    return http(status, b"moved", f"Location: {where}\r\n")


def drip(_, way):
    for _ in range(200):
        way.sendall(b"H")
        time.sleep(0.2)


SHOWN = http("200 OK", PROOF.encode() + b"\n")
OVER = "http://vps.example.org" + TOKEN
SNIPPET = "put into its web server what this prints: sixgatectl site home-snippet "

# What the home answers, what the VPS does, and the sentence; "found" where the authority would find it.
ANSWERS = {
    "handed over": (to(OVER), SHOWN, "found"),
    "handed over for ever": (to(OVER, "301 Moved"), SHOWN, "found"),
    "handed over by 307": (to(OVER, "307 Temporary Redirect"), SHOWN, "found"),
    "handed over by 308": (to(OVER, "308 Permanent Redirect"), SHOWN, "found"),
    "with the port": (to("http://vps.example.org:80" + TOKEN), SHOWN, "found"),
    "in capitals": (to("HTTP://VPS.Example.ORG" + TOKEN), SHOWN, "found"),
    "passed on": (SHOWN, None, "found"),
    "in chunks": (http("200 OK", b"20\r\n" + b"5" * 32 + b"\r\n20;x=y\r\n" + b"5" * 32 + b"\r\n0\r\n\r\n",
                       "Transfer-Encoding: chunked\r\n"), None, "found"),
    "with bare line ends": (b"HTTP/1.0 200 OK\n\n" + PROOF.encode(), None, "found"),
    "303 is not followed": (to(OVER, "303 See Other"), SHOWN, "answers 303 to a challenge"),
    "300 is not followed": (to(OVER, "300 Multiple Choices"), SHOWN, "answers 300 to a challenge"),
    "not found": (http("404 Not Found"), None, "answers 404 to a challenge that it does not know instead of handing it "
                  "over to vps.example.org; " + SNIPPET + "nginx."),
    "Apache": (b"HTTP/1.1 404 Not Found\r\nServer: Apache/2.4.62 (Debian)\r\n\r\n", None, SNIPPET + "apache."),
    "Caddy": (b"HTTP/1.1 404 Not Found\r\nServer: Caddy\r\n\r\n", None, SNIPPET + "caddy."),
    "nobody knows": (b"HTTP/1.1 404 Not Found\r\n\r\n", None, SNIPPET + "apache|nginx|caddy."),
    "forbidden": (http("403 Forbidden"), None, "answers 403 to a challenge"),
    "a page": (http("200 OK", b"<h1>It works</h1>"), None, "with a page of its own instead of handing it over"),
    "another token": (http("200 OK", b"6" * 64), None, "with a page of its own"),
    "the token and more": (http("200 OK", PROOF.encode() + b"x"), None, "with a page of its own"),
    "without end": (lambda _, way: way.sendall(http("200 OK", PROOF.encode() + b" " * 2_000_000)), None, "found"),
    "nothing": (b"", None, "takes the connection on port 80 and gives no HTTP answer"),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2p1\r\n", None, "gives no HTTP answer"),
    "half a line": (b"HTTP/1.1 2", None, "gives no HTTP answer"),
    "zeros": (b"\0" * 5000, None, "gives no HTTP answer"),
    "drop by drop": (drip, None, "gives no HTTP answer"),
    "control characters": (b"HTTP/1.1 404 x\r\nServer: nginx\x1b[2J\x07\r\n\r\n", None, SNIPPET + "nginx."),
    "to HTTPS": (to("https://cloud.example.org" + TOKEN), None, "redirects it to https://cloud.example.org, where "
                 f"{HOME} does not answer (ECONNREFUSED); put into"),
    "to another port": (to("http://vps.example.org:8080/x"), None, "redirects a challenge to port 8080; the authority "
                        "follows to 80 and 443 only."),
    "to HTTPS on port 80": (to("https://vps.example.org:80/x"), None, "redirects a challenge to port 80; the authority"),
    "to an address": (to("http://192.0.2.1/x"), None, 'redirects a challenge to "http://192.0.2.1/x", which the authority'),
    "to an IPv6 address": (to(f"http://[{VPS}]/x"), None, "which the authority does not follow"),
    "to one label": (to("http://vps/x"), None, "which the authority does not follow"),
    "to ftp": (to("ftp://vps.example.org/x"), None, "which the authority does not follow"),
    "to nowhere": (to(""), None, 'redirects a challenge to "", which'),
    "to another host without a scheme": (to("//evil.example.org/x"), None, "which the authority does not follow"),
    "with a user": (to("http://root:pw@vps.example.org/x"), None, "which the authority does not follow"),
    "with a space": (to("http://vps.example.org/ x"), None, "which the authority does not follow"),
    "a long way": (to("http://vps.example.org/" + "x" * 60000), None, "which the authority does not follow"),
    "to a name without an address": (to("http://nowhere.example.org/x"), None,
                                     "redirects a challenge to nowhere.example.org, which has no address"),
    "in a circle": (to("/again"), None, "redirects a challenge again and again"),
    "the VPS does not know it": (to(OVER), http("404 Not Found"), "another site of this VPS's Apache answers for that "
                                 "name on port 80 (404)"),
    "the VPS is silent": (to(OVER), None, f"hands it over to vps.example.org, but {VPS} does not answer on port 80 "
                          "(ECONNREFUSED): see whether vps.example.org has this VPS's addresses"),
}


class Answers(unittest.TestCase):
    def check(self, said, sentence, name):
        if sentence == "found":
            self.assertEqual(said, "found", name)
            return
        self.assertTrue(said.startswith("failed: "), (name, said))
        summary, detail = said.split("\0")
        self.assertIn(sentence, summary, name)
        self.assertTrue(summary.startswith("failed: The certificate for cloud.example.org was not asked for, since the "
                                           f"authority would not find its challenge: [{HOME}] (AAAA of cloud.example.org) "), summary)
        self.assertTrue(summary.endswith("."), summary)
        self.assertRegex(summary, r"\A[ -~]{1,1000}\Z", name)
        self.assertRegex(detail, r"\A[ -~\n]{1,9000}\Z", name)
        self.assertTrue(detail.startswith(f"http://cloud.example.org{TOKEN} at {HOME}: "), detail)

    def test_each(self):
        for name, (home, vps, sentence) in ANSWERS.items():
            with self.subTest(name), Web(HOME, home) as web:
                if vps is None:
                    said = say([f"walk {HOME}"])[0]
                else:
                    with Web(VPS, vps) as other:
                        said = say([f"walk {HOME}"])[0]
                        self.assertTrue(sentence != "found" or "\r\nHost: vps.example.org\r\n" in other.came[0])
                self.check(said, sentence, name)
                self.assertTrue(web.came[0].startswith(f"GET {TOKEN} HTTP/1.1\r\nHost: cloud.example.org\r\n"), name)
                # The authority follows ten times at most.
                self.assertLessEqual(len(web.came), 11, name)

    def test_silence(self):
        self.check(say([f"walk {HOME}"])[0], "refuses connections on port 80: let the home's web server listen there", "refused")
        subprocess.run(["ip", "-6", "route", "add", "blackhole", "2001:db8:9::/64"], check=True)
        said = say(["walk 2001:db8:9::1"])[0]
        self.assertIn("[2001:db8:9::1] (AAAA of cloud.example.org) does not answer on port 80 (", said)
        said = say(["walk 2001:db8:8::1"])[0]
        self.assertIn("cannot be reached from this VPS (ENETUNREACH): switch IPv6 on at its provider.", said)


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


QUESTION = name("cloud.example.org") + struct.pack("!HH", 28, 1)


def reply(records, flags=0x8400, count=None, authority=()):
    body = b"".join(owner + struct.pack("!HHIH", kind, 1, 60, len(data)) + data for owner, kind, data in [*records, *authority])
    return struct.pack("!6H", 1, flags, 1, len(records) if count is None else count, len(authority), 0) + QUESTION + body


POINTER = b"\xc0\x0c"
SIX = socket.inet_pton(socket.AF_INET6, "2001:db8::11")
FOUR = socket.inet_pton(socket.AF_INET, "192.0.2.1")
GOOD = reply([(POINTER, 5, name("home.dyn.example")), (name("home.dyn.example"), 28, SIX), (POINTER, 1, FOUR),
              (name("Example.ORG"), 2, b"\x03ns1" + b"\xc0\x12")])
BEHIND = 12 + len(QUESTION)


class Names(unittest.TestCase):
    def test_good(self):
        self.assertEqual(say([f"records {GOOD.hex()} {BEHIND}"]),
                         ["code 0 cloud.example.org/5/home.dyn.example home.dyn.example/28/2001:db8::11 "
                          "cloud.example.org/1/192.0.2.1 example.org/2/ns1.example.org"])

    def test_bad(self):
        bad = {
            "a pointer to itself": reply([(b"\xc0" + bytes([BEHIND]), 28, SIX)]),
            "a pointer ahead": reply([(b"\xc0\xff", 28, SIX)]),
            "two that lead to each other": reply([(b"\xc0" + bytes([BEHIND + 2]) + b"\xc0" + bytes([BEHIND]), 28, SIX)]),
            "a long label": reply([(b"\x7f" + b"a" * 127 + b"\0", 28, SIX)]),
            "a long name": reply([(b"\x3f" + b"a" * 63 + b"\x3f" + b"a" * 63 + b"\x3f" + b"a" * 63 + b"\x3f" + b"a" * 63 + b"\0", 28, SIX)]),
            "odd letters": reply([(b"\x05a\n.b/\0", 28, SIX)]),
            "more records than there are": reply([(POINTER, 28, SIX)], count=9),
            "an alias to nothing": reply([(POINTER, 5, b"\xc0")]),
        }
        for what, said in zip(bad, say([f"records {one.hex()} {BEHIND}" for one in bad.values()])):
            self.assertEqual(said, "none", what)
        self.assertEqual(say([f"records {reply([(POINTER, 28, SIX[:15]), (POINTER, 1, FOUR + b'x')]).hex()} {BEHIND}"]), ["code 0"])
        self.assertEqual(say([f"records {reply([], 0x8403).hex()} {BEHIND}"]), ["code 3"])

    def test_any(self):
        draw = random.Random(1)
        messages = [GOOD[:size] for size in range(BEHIND, len(GOOD))]
        for _ in range(3000):
            one = bytearray(GOOD)
            for _ in range(draw.randrange(1, 6)):
                one[draw.randrange(BEHIND, len(one))] = draw.choice([0, 63, 64, 0xc0, 0xff, draw.randrange(256)])
            messages.append(bytes(one))
        for said in say([f"records {one.hex()} {BEHIND}" for one in messages]):
            self.assertRegex(said, r"\A(?:none|code \d+(?: [a-z0-9_.-]*/(?:1|2|5|16|28)/[a-z0-9_.:-]*)*)\Z")

    def test_referral(self):
        referral = reply([], 0x8000, authority=[(POINTER, 2, name("vps.example.org")), (POINTER, 16, b"\3abc\2de")])
        self.assertEqual(say([f"records {referral.hex()} {BEHIND}"]),
                         ["code 0 authority cloud.example.org/2/vps.example.org cloud.example.org/16/6162636465"])
        odd = reply([(POINTER, 28, SIX)], authority=[(b"\xc0\xff", 2, name("vps.example.org"))])
        self.assertEqual(say([f"records {odd.hex()} {BEHIND}"]), ["code 0 cloud.example.org/28/2001:db8::11"])


def query(kind, flags=0x0100, questions=1, more=b""):
    return struct.pack("!6H", 7, flags, questions, 0, 0, 1 if more else 0) + name("_acme-challenge.cloud.example.org") + struct.pack("!HH", kind, 1) + more


class Questions(unittest.TestCase):
    """What a name server for a minute answers to whoever asks it."""

    def test_answers(self):
        edns = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)
        text, address = say([f"answer {query(16, more=edns).hex()}", f"answer {query(1).hex()}"])
        question = query(16)[12:]
        self.assertEqual(bytes.fromhex(text), struct.pack("!6H", 7, 0x8500, 1, 1, 0, 0) + question + b"\xc0\x0c" +
                         struct.pack("!HHIH", 16, 1, 0, 6) + b"\x05proof")
        self.assertEqual(bytes.fromhex(address), struct.pack("!6H", 7, 0x8500, 1, 0, 0, 0) + query(1)[12:])

    def test_any(self):
        bad = [query(16, flags=0x8100), query(16, flags=0x2800), query(16, questions=2), query(16)[:20], query(16)[:-1], b"x"]
        self.assertEqual(set(say([f"answer {one.hex()}" for one in bad])), {"none"})
        draw = random.Random(2)
        messages = []
        for _ in range(3000):
            one = bytearray(query(16))
            for _ in range(draw.randrange(1, 6)):
                one[draw.randrange(len(one))] = draw.choice([0, 63, 64, 0xc0, 0xff, draw.randrange(256)])
            messages.append(bytes(one[:draw.randrange(1, len(one) + 1)]))
        for one, said in zip(messages, say([f"answer {one.hex()}" for one in messages])):
            # Nobody gets more than he sent, but for the text itself.
            self.assertTrue(said == "none" or len(said) // 2 <= len(one) + 18, one.hex())


if __name__ == "__main__":
    subprocess.run("ip link set lo up; ip -6 addr add 2001:db8:1::11/128 dev lo nodad; ip -6 addr add 2001:db8:5::1/128 dev lo nodad",
                   shell=True, check=True)
    outcome = unittest.main(exit=False, verbosity=1).result
    bad = len(outcome.failures) + len(outcome.errors)
    print(f"Totals: {outcome.testsRun - min(bad, outcome.testsRun)} passed, {bad} failed, {len(outcome.skipped)} skipped")
    sys.exit(bool(bad))
