"""Tells by mail and by webhooks when the home falls silent, and when it is back: each minute, by sixgate-alarm.timer.

Python's standard library only. Settings (with secrets): $CREDENTIALS_DIRECTORY/settings; what was told so far:
$STATE_DIRECTORY/state, or $RUNTIME_DIRECTORY/state while that cannot be written. The push service's daemon says when the home pushed last; where the daemon itself does not answer,
that is told instead. Nothing of the settings but names gets into a text that others read.
"""

import base64
import contextlib
import email.message
import email.policy
import email.utils
import errno
import hashlib
import http.client
import ipaddress
import json
import os
import re
import smtplib
import socket
import ssl
import sys
import textwrap
import threading
import time
import urllib.parse

SOCKET = "/run/sixgate-push/socket"
CURRENT = "/etc/sixgate/current"
MAIL_SOCKET = "/run/sixgate-alarm-mail.socket"  # of the unit that may run /usr/sbin/sendmail, and knows nothing else
DEADLINE = 20  # seconds for each message
ANSWER = 14  # seconds for each step of it: shorter, so that what went wrong can be said
WAITS = (60, 120, 240, 480, 600)  # seconds after a failure; the last one from then on
MOST_WAITING = 4  # messages for one that cannot be told
MOST_LEAP = 30  # seconds that the clock may go otherwise than time does
MOST_JITTER = 5  # the daemon tells whole seconds
PRIVATE = [
    ipaddress.ip_network(one)
    for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8")
    + ("fc00::/7", "fe80::/10", "::1/128")
]


class Untold(Exception):
    """Why a message was not taken; its text holds no secret."""


# ------------------------------------------------------------------------------------------ what is to be told: pure

SILENT, SERVICE = "silent", "service"  # no machine of the home pushes; the push service on the VPS does not answer


def look(memory, heard, now, threshold):
    """What has begun or ended since the last look: [("begin", kind, since) | ("end", kind, since, until)].

    heard: seconds since the last push, None: there never was one; False: the daemon does not answer. now: "wall" and
    "up" (since boot) in seconds, "boot" names the boot, "basis" the deployment. memory is changed. After a boot, a
    deployment, a change of the clock or of the daemon's silence the home has `threshold` seconds to push again.
    """
    wall, up = now["wall"], now["up"]
    looked = memory.get("up", 0)
    if memory.get("boot") != now["boot"]:
        memory["quiet"] = 0 if "boot" in memory else up
        memory.pop("deaf", None)
        memory.get("episode", {}).pop("up", None)
        looked = 0
    elif memory["basis"] != now["basis"] or abs((wall - memory["wall"]) - (up - memory["up"])) > MOST_LEAP:
        memory["quiet"] = up
    for key, value in now.items():
        memory[key] = value
    found = []

    def begin(kind, since):
        memory["episode"] = {"kind": kind, "since": since}
        found.append(("begin", kind, since))

    def end(until):
        episode = memory.pop("episode")
        found.append(("end", episode["kind"], episode["since"], max(until, episode["since"])))

    if heard is False:
        deaf = memory.setdefault("deaf", {"wall": wall, "up": up})
        if "episode" not in memory and up - max(deaf["up"], memory["quiet"]) >= threshold:
            begin(SERVICE, deaf["wall"])
        return found
    if memory.pop("deaf", None):
        memory["quiet"] = max(memory["quiet"], up)
    if memory.get("episode", {}).get("kind") == SERVICE:
        end(wall)
    if heard is None:
        return found
    last = wall - heard
    if episode := memory.get("episode"):
        if last > episode["since"] + MOST_JITTER:
            end(last)
        elif last < episode["since"] - MOST_JITTER and 0 < heard < up - looked:
            # The clock was set back, and a push came since. 0 would say nothing: the daemon says it of the future, too.
            end(episode["since"] + max(0, up - heard - episode.get("up", up - heard)))
    if "episode" not in memory and heard >= threshold and up - memory["quiet"] >= threshold:
        begin(SILENT, last)
        memory["episode"]["up"] = up - heard
    return found


def enqueue(channel, happening):
    """Puts what a channel is to be told to what it waits for. What is over before it was told becomes one message."""
    queue = channel.setdefault("queue", [])
    what, kind, since = happening[:3]
    if what == "begin":
        queue.append({"kind": kind, "since": since})
    elif queue and "until" not in queue[-1] and queue[-1]["since"] == since and queue[-1]["kind"] == kind:
        queue[-1].update(until=happening[3], late=True)
    elif channel.get("open") == [kind, since]:
        queue.append({"kind": kind, "since": since, "until": happening[3]})
    del queue[:-MOST_WAITING]


def succeeded(channel):
    message = channel["queue"].pop(0)
    channel.update(tries=0, next=0, open=None if "until" in message else [message["kind"], message["since"]])


def refused(channel, up):
    channel["tries"] = channel.get("tries", 0) + 1
    # The timer is a little late at times, and must not lose a minute by that.
    channel["next"] = up + WAITS[min(channel["tries"], len(WAITS)) - 1] - 10


def clock_text(at, form="%Y-%m-%d %H:%M:%S UTC"):
    return time.strftime(form, time.gmtime(at))


def span_text(span):
    for most, unit, word in ((120, 1, "second"), (7200, 60, "minute"), (172800, 3600, "hour"), (None, 86400, "day")):
        if most is None or span < most:
            number = int(span // unit)
            return f"{number} {word}{'' if number == 1 else 's'}"
    raise AssertionError


def words(message, settings, wall):
    """What is said of a message: event, title, text, since, seconds, from."""
    kind, since, until = message["kind"], message["since"], message.get("until")
    span = max(0, (wall if until is None else until) - since)
    started, lasted = clock_text(since), span_text(span)
    short = clock_text(since, "%H:%M UTC" if wall - since < 72000 else "%Y-%m-%d %H:%M UTC")
    if kind == SILENT and until is None:
        event, title = "silent", f"silent since {short}"
        text = f"The home has been silent since {started}, for {lasted}: no machine there pushes."
    elif kind == SILENT:
        event, title = "back", f"back after {lasted}"
        text = f"The home pushes again, after a silence of {lasted} since {started}."
    elif until is None:
        event, title = "trouble", f"push service on the VPS does not answer since {short}"
        text = (
            f"The push service on the VPS has not answered since {started}, for {lasted}: whether the home pushes is "
            "not known, and the VPS follows DNS alone. On the VPS, see: systemctl status sixgate-push"
        )
    else:
        event, title = "over", f"push service on the VPS answers after {lasted}"
        text = f"The push service on the VPS answers again, after {lasted} without an answer since {started}."
    if message.get("late"):
        text += " This could not be told before."
    return {
        "event": event,
        "title": f"Sixgate {settings['site']}: {title}",
        "text": text,
        "since": clock_text(since, "%Y-%m-%dT%H:%M:%SZ"),
        "seconds": int(span),
        "from": f"vps {settings['vps']}",
    }


# ------------------------------------------------------------------------------------------------------------ sending


def why(error):
    """A few words without anything of a URL, a login or what a stranger's server says."""
    if isinstance(error, Untold):
        return str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not good (" + (
            "of another name" if error.verify_code in (62, 64) else error.verify_message
        ) + ")"
    if isinstance(error, ssl.SSLError):
        return "no TLS with it is possible"
    if isinstance(error, TimeoutError):
        return f"no answer within {ANSWER} s"
    if isinstance(error, socket.gaierror):
        return "its name leads nowhere"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"it refuses the login ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "it offers no STARTTLS, or no login"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "it refuses the recipient (" + ", ".join(str(code) for code, _ in error.recipients.values()) + ")"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"it answers {error.smtp_code}"
    if isinstance(error, (smtplib.SMTPServerDisconnected, http.client.RemoteDisconnected)):
        return "it ended the connection"
    if isinstance(error, http.client.HTTPException):
        return "its answer is no HTTP"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return "it failed (" + type(error).__name__ + ")"


def private_address(host, port):
    """One of the own network's: what is not encrypted goes nowhere else."""
    for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if any(ipaddress.ip_address(address[0].partition("%")[0]) in one for one in PRIVATE):
            return address[0]
    raise Untold("without TLS only a machine of the own network is told")


def send_mail(mail, said, settings):
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"] = mail["from"]
    message["To"] = mail["to"]
    message["Subject"] = said["title"]
    message["Date"] = email.utils.formatdate()
    message["Message-ID"] = email.utils.make_msgid(domain=mail["from"].rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{textwrap.fill(said['text'], 72)}\n\nTold by {said['from']}.\n", charset="utf-8")
    if "smtp" in mail:
        send_by_smtp(mail["smtp"], mail, message, settings["host"])
    else:
        send_by_program(message)


def send_by_smtp(server, mail, message, name):
    host, port, security = server["host"], server["port"], server["security"]
    context = ssl.create_default_context()
    if security == "tls":
        smtp = smtplib.SMTP_SSL(host, port, local_hostname=name, timeout=ANSWER, context=context)
    else:
        at = private_address(host, port) if security == "none" else host
        smtp = smtplib.SMTP(at, port, local_hostname=name, timeout=ANSWER)
    try:
        if security == "starttls":
            smtp.starttls(context=context)
        if server["user"]:
            smtp.login(server["user"], server["password"])
        smtp.send_message(message, mail["from"], [mail["to"]])
        # It has taken the message: nobody waits for what it says to that, or the message might count as untold.
        with contextlib.suppress(OSError, smtplib.SMTPException):
            smtp.putcmd("quit")
    finally:
        smtp.close()


def send_by_program(message):
    answer = b""
    with socket.socket(socket.AF_UNIX) as way:
        way.settimeout(ANSWER)
        try:
            way.connect(MAIL_SOCKET)
        except (FileNotFoundError, ConnectionRefusedError) as gone:
            raise Untold("nobody takes it on this VPS, see: systemctl status sixgate-alarm-mail.socket") from gone
        # Who refuses it need not read it: what counts is the answer.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            way.sendall(message.as_bytes(policy=email.policy.SMTP.clone(linesep="\n")))
            way.shutdown(socket.SHUT_WR)
        # A program that goes on behind may keep the other end open.
        with contextlib.suppress(ConnectionResetError):
            while b"\n" not in answer and len(answer) < 16 and (more := way.recv(16)):
                answer += more
    status = int(answer) if re.fullmatch(rb"\d{1,3}\n", answer) else None
    if status in (126, 127):
        raise Untold("there is no /usr/sbin/sendmail on this VPS; name a mail server in the site file (alarm.mail.smtp)")
    if status in (124, 137, None):
        raise Untold("/usr/sbin/sendmail did not end in time")
    if status != 0:
        raise Untold(f"/usr/sbin/sendmail ended with status {status}, see: journalctl -u 'sixgate-alarm-mail@*'")


def send_by_webhook(hook, said, settings):
    url = urllib.parse.urlsplit(hook["url"])
    bad = said["event"] in ("silent", "trouble")
    headers = {"User-Agent": "Sixgate", "Content-Type": "text/plain; charset=utf-8"}
    body = said["text"].encode()
    path = url.path
    if hook["kind"] == "generic":
        headers["Content-Type"] = "application/json"
        document = {"schema": 1, "site": settings["site"]}
        document.update((key, said[key]) for key in ("event", "text", "since", "seconds", "from"))
        body = json.dumps(document).encode()
    elif hook["kind"] == "ntfy":
        headers["Title"] = said["title"]
        headers["Priority"] = "high" if bad else "default"
        headers["Tags"] = "warning" if bad else "white_check_mark"
    else:
        # Only the keeper's sign of life turns a check green: of a trouble that the keeper has told the VPS knows nothing.
        path = path.rstrip("/") + ("/fail" if bad else "/log")
    if url.username is not None:
        login = f"{urllib.parse.unquote(url.username)}:{urllib.parse.unquote(url.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
    if url.scheme == "https":
        context = ssl.create_default_context()
        way = http.client.HTTPSConnection(url.hostname, url.port or 443, timeout=ANSWER, context=context)
    else:
        port = url.port or 80
        way = http.client.HTTPConnection(private_address(url.hostname, port), port, timeout=ANSWER)
        headers["Host"] = url.netloc.rpartition("@")[2]
    try:
        way.request("POST", (path or "/") + ("?" + url.query if url.query else ""), body, headers)
        status = way.getresponse().status
    finally:
        way.close()
    if 300 <= status < 400:
        raise Untold(f"it answers {status}, which leads elsewhere; that is not followed")
    if not 200 <= status < 300:
        raise Untold(f"it answers {status}")


def channels_of(settings):
    """name → (how it is called in texts, what sends a message)"""
    all_of = {}
    if "mail" in settings:
        all_of["mail"] = ("the mail", lambda said: send_mail(settings["mail"], said, settings))
    for hook in settings["webhooks"]:
        all_of[hook["name"]] = (
            f"the webhook {hook['name']}",
            lambda said, hook=hook: send_by_webhook(hook, said, settings),
        )
    return all_of


def send_all(due):
    """Sends at the same time, so that nobody waits for one that does not answer: {name: said} → {name: why not | None}."""
    answers = {}

    def send(name, way, said):
        try:
            way(said)
            answers[name] = None
        except Exception as error:  # whatever it is, the other channels are told
            answers[name] = why(error)

    threads = [threading.Thread(target=send, args=(name, *one), daemon=True) for name, one in due.items()]
    until = time.monotonic() + DEADLINE
    for one in threads:
        one.start()
    for one in threads:
        one.join(max(0, until - time.monotonic()))
    got = dict(answers)
    return {name: got.get(name, f"no end within {DEADLINE} s") for name in due}


# ------------------------------------------------------------------------------------------------ what is, what was


def ask_daemon():
    """Seconds since the last push, None where there was none, False where the daemon does not answer."""
    for attempt in range(3):
        if attempt:
            time.sleep(2)  # it may just go on as the daemon of another release
        try:
            with socket.socket(socket.AF_UNIX) as way:
                way.settimeout(4)
                way.connect(SOCKET)
                way.sendall(b"hello 1 alarm\nstate\n")
                way.shutdown(socket.SHUT_WR)
                text = b""
                while len(text) < 1 << 20 and (more := way.recv(65536)):
                    text += more
        except OSError:
            continue
        if last := re.search(rb"^state \S+ \d+ (\d{1,12}|-)\n\Z", text, re.MULTILINE):
            return None if last[1] == b"-" else int(last[1])
    return False


def read_memory(*paths):
    """The first one that is there and whole; {} where there is none."""
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                memory = json.load(file)
            needed = ("basis", "wall", "up", "quiet", "channels")
            if isinstance(memory, dict) and ("boot" not in memory or all(key in memory for key in needed)):
                return memory
            raise ValueError
        except FileNotFoundError:
            continue
        except (OSError, ValueError, TypeError) as error:
            print(f"What was told so far cannot be read ({type(error).__name__}); it begins anew.", file=sys.stderr)
    return {}


def write_memory(path, memory):
    beside = path + ".new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(beside)
    # Nothing that lies there is followed or written into.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        with open(beside, "w", encoding="utf-8", opener=lambda name, _: os.open(name, flags, 0o600)) as file:
            json.dump(memory, file)
            file.flush()
            os.fsync(file.fileno())
        os.rename(beside, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise


def keep_memory(path, spare, memory):
    """On the disk; where that cannot be, in /run: a full disk must not keep anybody from being told."""
    known = memory.pop("unkept", False)
    try:
        write_memory(path, memory)
        with contextlib.suppress(OSError):
            os.unlink(spare)
    except OSError as error:
        if not known:
            print(
                f"What was told cannot be kept in {path} ({os.strerror(error.errno or errno.EIO)}); until it can, it is "
                f"kept in {os.path.dirname(spare)}, which the next boot empties.",
                file=sys.stderr,
            )
        memory["unkept"] = True
        # Without this one, too, something may be told twice: better than never.
        with contextlib.suppress(OSError):
            write_memory(spare, memory)


def tell(memory, settings, keep):
    """Sends what is due, each channel's messages in order; keep(memory) notes what came of it."""
    wall, up = memory["wall"], memory["up"]
    held = set()
    ways = channels_of(settings)
    while True:
        due = {
            name: (ways[name][1], words(channel["queue"][0], settings, wall))
            for name, channel in memory["channels"].items()
            if channel.get("queue") and channel.get("next", 0) <= up and name not in held
        }
        if not due:
            return
        for name, problem in send_all(due).items():
            channel = memory["channels"][name]
            if problem is None:
                succeeded(channel)
                continue
            held.add(name)
            refused(channel, up)
            # By its name: the rest of it may be a secret.
            print(f"{ways[name][0][0].upper()}{ways[name][0][1:]} could not be told: {problem}.", file=sys.stderr)
        keep(memory)


def main():
    with open(os.environ["CREDENTIALS_DIRECTORY"] + "/settings", "rb") as file:
        raw = file.read()
    settings = json.loads(raw)
    path = os.environ["STATE_DIRECTORY"] + "/state"
    # A unit of before has no such folder: then nothing can be written there.
    spare = os.environ.get("RUNTIME_DIRECTORY", "/run/sixgate-alarm") + "/state"
    memory = read_memory(spare, path)  # where both are there, the disk's is the older one
    heard = ask_daemon()
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read().strip()
    try:
        release = os.readlink(CURRENT)
    except OSError:
        release = ""
    wall, up = time.time(), time.clock_gettime(time.CLOCK_BOOTTIME)
    if memory.get("boot") != boot:
        for channel in memory.get("channels", {}).values():
            channel["next"] = 0  # it counted from another boot
    now = {"wall": wall, "up": up, "boot": boot, "basis": hashlib.sha256(raw).hexdigest()[:16] + " " + release}
    happened = look(memory, heard, now, settings["silence"])
    known = memory.get("channels", {})
    memory["channels"] = {name: known.get(name, {}) for name in channels_of(settings)}
    for one in happened:
        for channel in memory["channels"].values():
            enqueue(channel, one)
    # Before the first message leaves: who is ended in the middle tells it once more, rather than never.
    keep_memory(path, spare, memory)
    tell(memory, settings, lambda what: keep_memory(path, spare, what))
    # A message that did not end in time goes with this process.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
