"""A stranger's web server: HTTPS at port 443 with his own certificate, whatever name he is asked for, and HTTP at port 80.

usage: stranger.py FOLDER LOG          FOLDER holds fullchain.pem and privkey.pem

One JSON object a line in LOG, times in milliseconds since 1970:
    {"time", "what": "tls", "from", "sni", "established"}                         each TLS connection that was begun
    {"time", "what": "request", "from", "sni", "tls", "method", "host", "path"}   each request that was answered
"""
import http.server
import json
import socket
import ssl
import sys
import threading
import time

folder, path = sys.argv[1:]
log = open(path, "a", buffering=1)
writing = threading.Lock()
PAGE = b"server: stranger\nsixgate-lab-stranger-page\n"


def note(sender, **fields):
    with writing:
        log.write(json.dumps({"time": time.time_ns() // 1_000_000, "from": sender, **fields}) + "\n")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def setup(self):
        self.sni = None
        if self.server.context:
            self.request.settimeout(10)
            established = False
            try:
                self.request = self.server.context.wrap_socket(self.request, server_side=True, do_handshake_on_connect=False)
                self.request.do_handshake()
                established = True
            finally:
                self.sni = getattr(self.request, "asked_for", None)
                note(self.client_address[0], what="tls", sni=self.sni, established=established)
        super().setup()

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        if length:
            self.rfile.read(min(length, 1 << 20))
        note(self.client_address[0], what="request", sni=self.sni, tls=bool(self.server.context), method=self.command,
             host=self.headers.get("Host"), path=self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(PAGE)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = answer

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True
    request_queue_size = 64
    context = None

    def handle_error(self, *_):
        pass  # who does not trust him hangs up


def asked(connection, name, _):
    connection.asked_for = name


secure = Server(("::", 443), Handler)
secure.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
secure.context.load_cert_chain(f"{folder}/fullchain.pem", f"{folder}/privkey.pem")
secure.context.set_alpn_protocols(["http/1.1"])
secure.context.sni_callback = asked
threading.Thread(target=Server(("::", 80), Handler).serve_forever, daemon=True).start()
secure.serve_forever()
