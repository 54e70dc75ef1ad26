"""A WebSocket client in small: sends messages of several sizes and wants each one back.

usage: wsclient.py HOST [IPV4-ADDRESS]     wss://HOST/ws, by the given address where there is one
"""
import base64
import os
import socket
import ssl
import struct
import sys

host = sys.argv[1]
where = sys.argv[2] if len(sys.argv) > 2 else host
raw = socket.create_connection((where, 443), timeout=20)
tls = ssl.create_default_context().wrap_socket(raw, server_hostname=host)
stream = tls.makefile("rwb")
key = base64.b64encode(os.urandom(16)).decode()
stream.write(
    f"GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
)
stream.flush()
status = stream.readline().decode().strip()
if " 101 " not in status:
    sys.exit(f"not a WebSocket: {status}")
while stream.readline().strip():
    pass

for size in (1, 125, 126, 65535, 65536, 1 << 20):
    message = os.urandom(size)
    mask = os.urandom(4)
    head = bytes([0x82])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 65536:
        head += bytes([0x80 | 126]) + struct.pack(">H", size)
    else:
        head += bytes([0x80 | 127]) + struct.pack(">Q", size)
    pattern = (mask * (size // 4 + 1))[:size]
    body = (int.from_bytes(message, "big") ^ int.from_bytes(pattern, "big")).to_bytes(size, "big")
    stream.write(head + mask + body)
    stream.flush()
    first, length = stream.read(2)
    if length == 126:
        length = struct.unpack(">H", stream.read(2))[0]
    elif length == 127:
        length = struct.unpack(">Q", stream.read(8))[0]
    if first != 0x82 or stream.read(length) != message:
        sys.exit(f"a message of {size} bytes came back changed")
print("all messages came back")
