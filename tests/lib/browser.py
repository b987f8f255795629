# SPDX-License-Identifier: Apache-2.0
"""What the web app does, written from the documents alone: pairing over 8444,
and its WebSocket (RFC 6455), so that a test can get any byte of it wrong."""

import atexit
import base64
import hashlib
import hmac
import json
import os
import shutil
import socket
import ssl
import struct
import tempfile

from house import next_line
from wire import Wire, openssl, sha, sign

SPKI_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")


class Door:
    """The port of clients, for a phone that shows a certificate."""

    def __init__(self, house, pem):
        self.port, self.pem = house.port, pem


def port_of(house, door):
    return door.port if door else house.pairing_port


def tls(house, door=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if door:
        context.load_cert_chain(door.pem)
    return context.wrap_socket(socket.create_connection((house.at, port_of(house, door)), 30))


def more(s):
    """What comes next; an error behind the last."""
    data = s.recv(65536)
    if not data:
        raise EOFError
    return data


def http(house, method, path, body=None, head="", door=None):
    """(status, JSON or text)"""
    data = b"" if body is None else json.dumps(body).encode()
    with tls(house, door) as s:
        s.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost:{port_of(house, door)}\r\n{head}"
                  f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode() + data)
        got = b""
        while b"\r\n\r\n" not in got:
            got += more(s)
        head, _, rest = got.partition(b"\r\n\r\n")
        n = int(next(l for l in head.split(b"\r\n") if l.lower().startswith(b"content-length")).split()[1])
        while len(rest) < n:
            rest += more(s)
    status = int(head.split()[1])
    try:
        return status, json.loads(rest)
    except ValueError:
        return status, rest


class Browser:
    """A key as a browser has one, and what is agreed at pairing."""

    def __init__(self, house, name, door=None):
        folder = tempfile.mkdtemp(prefix="durward-browser-")
        atexit.register(shutil.rmtree, folder, True)
        self.house, self.name, self.door = house, name, door
        self.key = os.path.join(folder, "key.pem")
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.key)
        self.spki = openssl("pkey", "-in", self.key, "-pubout", "-outform", "DER")
        self.point = self.spki[len(SPKI_HEAD):].hex()
        self.id = sha(self.spki)

    def ask(self, token, **change):
        """Knock with a token: (status, answer)."""
        secret = base64.b32decode(token.upper() + "=" * (-len(token) % 8))[17:27]
        self.box = http(self.house, "GET", "/v1/box", door=self.door)[1]["box"]
        proof = hmac.new(secret, b"durward-pair/1" + bytes.fromhex(self.box) + self.spki +
                         self.name.encode(), hashlib.sha256).hexdigest()
        return http(self.house, "POST", "/v1/pair",
                    {"key": self.point, "name": self.name, "hmac": proof, **change},
                    door=self.door)

    def text(self, hello, name="session", body="{}", **change):
        lines = {"box": hello["box"], "client": self.id, "boot": hello["boot"],
                 "challenge": hello["challenge"], "command": name,
                 "body-sha256": sha(body.encode()), **change}
        return "durward-command/1\n" + "".join(f"{k} {v}\n" for k, v in lines.items())

    def signed(self, text):
        return {"text": text, "signature": sign(self.key, text.encode())}


class Live:
    """One WebSocket of the app."""

    def __init__(self, house, door=None):
        self.socket = tls(house, door)
        self.socket.sendall(
            f"GET /v1/live HTTP/1.1\r\nHost: localhost:{port_of(house, door)}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
        self.data = b""
        while b"\r\n\r\n" not in self.data:
            self.data += more(self.socket)
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        self.hello = self.hear()["hello"]

    def say(self, v):
        data = v if isinstance(v, bytes) else json.dumps(v).encode()
        n = len(data)
        size = bytes([0x80 | n]) if n < 126 else \
            b"\xfe" + struct.pack(">H", n) if n < 65536 else b"\xff" + struct.pack(">Q", n)
        self.socket.sendall(b"\x81" + size + b"\0\0\0\0" + data)

    def _take(self, n):
        while len(self.data) < n:
            self.data += more(self.socket)
        out, self.data = self.data[:n], self.data[n:]
        return out

    def hear(self):
        """The next message; EOFError behind the last."""
        while True:
            first, n = self._take(2)
            if n == 126:
                n = struct.unpack(">H", self._take(2))[0]
            elif n == 127:
                n = struct.unpack(">Q", self._take(8))[0]
            data = self._take(n)
            if first & 15 == 8:
                raise EOFError
            if first & 15 == 1:
                return json.loads(data)

    def open(self, browser):
        self.say({"session": browser.signed(browser.text(self.hello))})
        return self.hear()

    def query(self, name, **params):
        self.say({"id": 7, "query": name, "params": params})
        return self.hear()

    def ends(self):
        """Is nothing said any more but goodbye?  Silence alone is no end."""
        try:
            self.hear()
            return False
        except TimeoutError:
            return False
        except (EOFError, OSError):
            return True

    def close(self):
        self.socket.close()


def window(h, role="approver", *more):
    """A token for a phone; the console, which would wait for it, goes."""
    p = h.console.start("pair", "--phone", "--role", role, *more, "--json")
    token = json.loads(next_line(p))["token"]
    p.kill()
    p.communicate()
    return token


def command(h, name, body):
    """As the console, signed by hand."""
    w = Wire(h, h.console)
    try:
        return w.command(name, body)
    finally:
        w.close()


def paired(h, name, role="approver", door=None, more=()):
    b = Browser(h, name, door)
    status, answer = b.ask(window(h, role, *more))
    assert status == 200, answer
    status, answer = command(h, "pair.confirm", {"client": b.id})
    assert status == 200, answer
    return b


def opened(h, b):
    live = Live(h)
    assert live.open(b)["session"]["name"] == b.name
    return live
