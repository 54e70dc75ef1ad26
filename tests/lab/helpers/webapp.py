"""What a home server's application does, in small: takes uploads, sends downloads, echoes WebSocket messages.

usage: webapp.py unix:PATH | webapp.py PORT

/upload           any size, chunked or not; answers the number of bytes received
/download?bytes=N sends N bytes
/headers          the request's headers as they came
/ws               WebSocket echo
anything else     the client's address (a "what is my address" service when it listens on a port)
"""
import base64
import hashlib
import http.server
import os
import socket
import socketserver
import sys
import urllib.parse

BLOCK = bytes(range(256)) * 256


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return self.client_address[0] if self.client_address else "unix"

    def text(self, body):
        data = body.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def count_body(self):
        total = 0
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                if size == 0:
                    while self.rfile.readline().strip():
                        pass
                    return total
                total += self.take(size)
                self.rfile.readline()
        return self.take(int(self.headers.get("Content-Length", 0)))

    def take(self, size):
        left = size
        while left:
            block = self.rfile.read(min(left, 1 << 20))
            if not block:
                raise ConnectionError("the body ended early")
            left -= len(block)
        return size

    def do_POST(self):
        self.text(f"{self.count_body()}\n")

    do_PUT = do_POST

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/ws":
            self.websocket()
        elif url.path == "/download":
            self.download(int(urllib.parse.parse_qs(url.query)["bytes"][0]))
        elif url.path == "/headers":
            self.text(str(self.headers))
        else:
            address = self.address_string()
            self.text((address[7:] if address.startswith("::ffff:") else address) + "\n")

    def download(self, size):
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        while size > 0:
            size -= self.wfile.write(BLOCK[:size])

    def websocket(self):
        key = self.headers.get("Sec-WebSocket-Key")
        if not key:
            self.send_error(400, "not a WebSocket request")
            return
        digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(digest).decode())
        self.end_headers()
        self.close_connection = True
        while True:
            head = self.rfile.read(2)
            if len(head) < 2:
                return
            size = head[1] & 127
            if size == 126:
                size = int.from_bytes(self.rfile.read(2), "big")
            elif size == 127:
                size = int.from_bytes(self.rfile.read(8), "big")
            mask = self.rfile.read(4) if head[1] & 128 else bytes(4)
            data = bytes(b ^ mask[i % 4] for i, b in enumerate(self.rfile.read(size)))
            opcode = head[0] & 15
            # Ping is answered by pong; text, binary, continuation and close go back as they came.
            first = (head[0] & 0xF0) | (10 if opcode == 9 else opcode)
            if size < 126:
                length = bytes([size])
            elif size < 65536:
                length = bytes([126]) + size.to_bytes(2, "big")
            else:
                length = bytes([127]) + size.to_bytes(8, "big")
            self.wfile.write(bytes([first]) + length + data)
            if opcode == 8:
                return


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def get_request(self):
        connection, _ = super().get_request()
        return connection, None


class PortServer(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True


where = sys.argv[1]
if where.startswith("unix:"):
    path = where[5:]
    if os.path.exists(path):
        os.unlink(path)
    UnixServer(path, Handler).serve_forever()
else:
    PortServer(("::", int(where)), Handler).serve_forever()
