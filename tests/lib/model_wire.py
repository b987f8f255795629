# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 as the peer of a model's client needs it: a request read with all
its bytes and times, and an answer sent in pieces that a test chose, cut where
it wants, while the other side is watched for going away."""

import json
import select
import socket
import ssl
import struct
import time
import zlib
from urllib.parse import urlsplit

HEAD_MAX = 1 << 16
BODY_MAX = 1 << 26
GONE = select.POLLRDHUP | select.POLLHUP | select.POLLERR
REASONS = {200: "OK", 307: "Temporary Redirect", 400: "Bad Request", 401: "Unauthorized",
           403: "Forbidden", 404: "Not Found", 413: "Payload Too Large",
           429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
           503: "Service Unavailable", 504: "Gateway Timeout", 529: ""}


class Gone(Exception):
    """The client closed, or the server is being closed."""


class Request:
    """What was asked, and what became of it.  Times are time.monotonic()."""

    def __init__(self, connection, at):
        self.connection = connection  # which one, from 0
        self.bytes = b""
        self.method = self.path = self.query = ""
        self.headers = {}
        self.body = b""
        self.json = {}
        self.dialect = None
        self.messages = []  # {"role", "text", "calls", "tool"}, whatever the dialect
        self.tools = []  # their names
        self.step = None  # of the script, from 0; None for what is none of it
        self.status = None
        self.at = at  # its first byte
        self.read_at = self.first_at = self.done_at = self.closed_at = None
        self.sent = 0  # bytes of the answer, with its head
        self.closed_early = False  # the client went before it had all

    def __repr__(self):
        return f"<{self.method} {self.path} step={self.step} status={self.status}>"


class Wire:
    """One connection.  `quit` is readable when all shall end."""

    def __init__(self, sock, quit_fd, number):
        self.sock = sock
        self.number = number
        self.rest = b""
        self.poll, self.poll_in = select.poll(), select.poll()
        self.poll.register(sock, GONE)
        self.poll_in.register(sock, GONE | select.POLLIN)
        for poll in (self.poll, self.poll_in):
            poll.register(quit_fd, select.POLLIN)

    def fill(self):
        """What comes next; nothing comes any more when all shall end."""
        if not (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
            if any(fd != self.sock.fileno() for fd, _ in self.poll_in.poll()):
                raise Gone
        try:
            data = self.sock.recv(1 << 18)
        except OSError:
            raise Gone
        if not data:
            raise Gone
        return data

    def read(self):
        """The next request, or Gone."""
        data = self.rest or self.fill()
        r = Request(self.number, time.monotonic())
        while (end := data.find(b"\r\n\r\n")) < 0:
            assert len(data) < HEAD_MAX, "a request with too long a head"
            data += self.fill()
        lines = data[:end].decode("latin-1").split("\r\n")
        r.method, target, _ = lines[0].split(" ")
        r.path, r.query = urlsplit(target)[2:4]
        r.headers = {k.strip().lower(): v.strip() for k, _, v in
                     (line.partition(":") for line in lines[1:])}
        if r.headers.get("expect", "").lower() == "100-continue":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        r.body, after = self._body(r, data, end + 4)
        r.bytes, self.rest = data[:end + 4] + after[0], after[1]
        r.read_at = time.monotonic()
        try:
            r.json = json.loads(r.body) if r.body else {}
        except ValueError:
            r.json = None
        return r

    def _body(self, r, data, at):
        """The body, and (its bytes on the wire, what comes after)."""
        if r.headers.get("transfer-encoding", "").lower() == "chunked":
            return self._chunked(data[at:])
        n = int(r.headers.get("content-length", "0"))
        assert n <= BODY_MAX, "a request with too long a body"
        parts, have = [data[at:]], len(data) - at
        while have < n:
            parts.append(self.fill())
            have += len(parts[-1])
        data = b"".join(parts)
        return data[:n], (data[:n], data[n:])

    def _chunked(self, data):
        body, at = b"", 0
        while True:
            while (end := data.find(b"\r\n", at)) < 0:
                data += self.fill()
            n = int(data[at:end].split(b";")[0], 16)
            while len(data) < end + 2 + n + 2:
                data += self.fill()
            body += data[end + 2:end + 2 + n]
            at = end + 2 + n + 2
            if n == 0:
                return body, (data[:at], data[at:])

    def wait(self, seconds=None):
        """Passes the time, but not when the client closes meanwhile."""
        if self.poll.poll(None if seconds is None else seconds * 1000):
            raise Gone

    def send(self, r, data):
        if self.poll.poll(0):
            raise Gone
        r.first_at = r.first_at or time.monotonic()
        try:
            self.sock.sendall(data)
        except OSError:
            raise Gone
        r.sent += len(data)

    def end(self):
        """TLS says that it is the end, and no cut."""
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock.settimeout(10)
            self.sock.unwrap()

    def reset(self):
        """Closed so that the other side sees an error and no end."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def head_of(status, headers):
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}"]
    lines += [f"{k}: {v}" for k, v in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def framed(piece, odd, number):
    """One chunk; oddly: a size in other digits, with an extension."""
    if not odd:
        return b"%x\r\n%s\r\n" % (len(piece), piece)
    size = b"%X" % len(piece) if number % 2 else b"000%x" % len(piece)
    return b'%s;a="b\\"c";d\r\n%s\r\n' % (size, piece)


def repiece(data, sizes):
    """The same bytes, in pieces of these sizes, again and again."""
    out, at, i = [], 0, 0
    while at < len(data):
        n = sizes[i % len(sizes)]
        out.append(data[at:at + n])
        at, i = at + n, i + 1
    return out


def halve_characters(data):
    """Cut within each character that has more than one byte."""
    borders = [i for i in range(1, len(data)) if data[i] & 0xC0 == 0x80 and data[i - 1] >= 0xC0]
    return [data[a:b] for a, b in zip([0, *borders], [*borders, len(data)])]


def zipped(pieces):
    """gzip that can be read as it comes."""
    z = zlib.compressobj(wbits=31)
    out = [z.compress(p) + z.flush(zlib.Z_SYNC_FLUSH) for p in pieces]
    return out + [z.flush()]
