"""A provider of dynamic DNS that speaks dyndns2: GET /nic/update (or /v3/update), HTTP Basic, one answer line for each
host name; sets A and AAAA of names in one zone by nsupdate.

usage: dyndns.py FOLDER USER PASSWORD-FILE ZONE NAME-SERVER KEY-FILE TTL [NAME]

For NAME no IPv4 address sent means another one: that of the carrier's NAT, from which the home seems to come.

FOLDER holds fullchain.pem and privkey.pem. Each update is told on standard error: milliseconds since 1970, name,
address, answer.
"""
import base64
import hmac
import http.server
import ipaddress
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

folder, user, password_file, zone, server, key_file, ttl = sys.argv[1:8]
filled = sys.argv[8:]
CARRIER = ipaddress.ip_address("100.64.0.99")
with open(password_file) as file:
    credentials = base64.b64encode(f"{user}:{file.read()}".encode())
MOST_NAMES = 20
one_at_a_time = threading.Lock()
# What was set, by name and record type.
known = {}


class Wrong(Exception):
    """An answer for the whole request: HTTP status and word."""

    def __init__(self, status, word):
        super().__init__(word)
        self.status, self.word = status, word


def address_of(text):
    # A length is cut off, as some routers send one.
    address = ipaddress.ip_address(text.split("/")[0])
    if address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified:
        raise ValueError(text)
    return address


def set_record(name, address):
    kind = "A" if address.version == 4 else "AAAA"
    with one_at_a_time:
        if known.get((name, kind)) == address:
            return f"nochg {address}"
        lines = f"server {server}\nzone {zone}\nupdate delete {name} {kind}\nupdate add {name} {ttl} {kind} {address}\nsend\n"
        try:
            subprocess.run(["nsupdate", "-t", "5", "-k", key_file], input=lines, text=True, check=True, timeout=10, capture_output=True)
        except (OSError, subprocess.SubprocessError):
            return "dnserr"
        known[(name, kind)] = address
        return f"good {address}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def setup(self):
        self.request.settimeout(10)
        self.request = context.wrap_socket(self.request, server_side=True)
        super().setup()

    def do_GET(self):
        try:
            status, body = 200, "\n".join(self.update())
        except Wrong as wrong:
            status, body = wrong.status, wrong.word
        data = f"{body}\n".encode()
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="dynamic DNS"')
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        self.close_connection = True
        self.send_error(405)

    def update(self):
        url = urllib.parse.urlsplit(self.path)
        asked = {name: values[-1] for name, values in urllib.parse.parse_qs(url.query).items()}
        if url.path not in ("/nic/update", "/v3/update"):
            raise Wrong(404, "badagent")
        if not self.headers.get("User-Agent"):
            raise Wrong(400, "badagent")
        kind, _, given = (self.headers.get("Authorization") or "").partition(" ")
        if kind.lower() != "basic" or not hmac.compare_digest(given.encode(), credentials):
            raise Wrong(401, "badauth")
        names = [name.strip().lower().rstrip(".") for name in asked.get("hostname", "").split(",") if name.strip()]
        if not names:
            raise Wrong(200, "notfqdn")
        if len(names) > MOST_NAMES:
            raise Wrong(200, "numhost")
        texts = [text for key in ("myip", "myipv6") for text in asked.get(key, "").split(",") if text]
        if not texts:
            texts = [self.client_address[0].removeprefix("::ffff:")]
        try:
            addresses = [address_of(text) for text in texts]
        except ValueError:
            raise Wrong(200, "dnserr") from None
        for name in names:
            if name in filled and all(address.version == 6 for address in addresses):
                print(time.time_ns() // 1_000_000, name, CARRIER, "filled in", file=sys.stderr, flush=True)
                set_record(name, CARRIER)
        return [self.one(name, address) for name in names for address in addresses]

    def one(self, name, address):
        if "." not in name:
            answer = "notfqdn"
        elif not name.endswith("." + zone):
            answer = "nohost"
        else:
            answer = set_record(name, address)
        print(time.time_ns() // 1_000_000, name, address, answer, file=sys.stderr, flush=True)
        return answer

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True

    def handle_error(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{folder}/fullchain.pem", f"{folder}/privkey.pem")
Server(("::", 443), Handler).serve_forever()
