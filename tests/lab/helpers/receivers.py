"""Takes what an alarm sends: mail by SMTP (STARTTLS and a login are wanted) and HTTPS POST, each noted in a line of JSON.

usage: receivers.py FOLDER HTTPS-PORT [SMTP-PORT USER PASSWORD-FILE]

FOLDER holds cert.pem and privkey.pem; what came is in FOLDER/came. A path that begins with /moved leads to /trap.
"""
import http.server
import json
import ssl
import sys
import threading

folder, https_port, *mail = sys.argv[1:]
one_at_a_time = threading.Lock()


def note(**what):
    with one_at_a_time, open(f"{folder}/came", "a", encoding="utf-8") as file:
        file.write(json.dumps(what) + "\n")


class Handler(http.server.BaseHTTPRequestHandler):
    timeout = 30

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        moved = self.path.startswith("/moved")
        note(path=self.path, body=body, **{key.lower(): value for key, value in self.headers.items()})
        self.send_response(307 if moved else 200)
        if moved:
            self.send_header("Location", "/trap")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/privkey.pem")
server = Server(("", int(https_port)), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)

if mail:
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult

    port, user, password_file = mail
    with open(password_file, "rb") as file:
        password = file.read()

    class Box:
        async def handle_DATA(self, _server, session, envelope):
            text = envelope.content.decode()
            note(mail=text, sender=envelope.mail_from, to=envelope.rcpt_tos, tls=session.ssl is not None, helo=session.host_name)
            return "250 taken"

    def check(_server, _session, _envelope, _mechanism, given):
        return AuthResult(success=(given.login, given.password) == (user.encode(), password))

    Controller(Box(), "", int(port), tls_context=context, require_starttls=True, auth_required=True, authenticator=check).start()

server.serve_forever()
