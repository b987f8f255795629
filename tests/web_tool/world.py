# SPDX-License-Identifier: Apache-2.0
"""world.py FOLDER: what the tool 'web' finds behind its loopback, without a
house: names, pages and certificates, good ones and bad ones.  Runs in a
network namespace of its own, says "ready", and ends with its input."""

import base64
import fcntl
import gzip
import os
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse
import zlib

MIB = 1 << 20
HERE = os.path.dirname(os.path.abspath(__file__))

# Each name has an address of its own, as the gate gives them out.
NAMES = ["site.test", "other.test", "expired.test", "future.test", "wrongname.test",
         "unknown.test", "selfsigned.test", "weak.test", "rsa.test", "p384.test", "tls12.test",
         "old.test", "plain.test", "refused.test", "reset.test", "silent.test", "full.test",
         "client.test"]
ADDRESS = {name: f"127.1.0.{n}" for n, name in enumerate(NAMES, 1)}


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS


def threaded(fn, *args):
    threading.Thread(target=fn, args=args, daemon=True).start()


def dns(sock):
    while True:
        query, who = sock.recvfrom(512)
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += query[at] + 1
        name, kind = ".".join(labels).lower(), query[at + 1:at + 3]
        known = name in ADDRESS
        answer = b""
        if known and kind == b"\0\1":
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton(ADDRESS[name])
        head = query[:2] + (b"\x81\x80" if known else b"\x81\x83") + b"\0\1" + \
            (b"\0\1" if answer else b"\0\0") + b"\0\0\0\0"
        sock.sendto(head + query[12:at + 5] + answer, who)


# ---- pages: each writes all of its answer ----

def head(status=200, *lines):
    return "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status} Words", "Connection: close",
                                             *lines, "")).encode()


def say(c, q, _request):
    """Whatever the query says: status, type, encoding, location, body (base64) and how often."""
    body = base64.b64decode(q.get("body", "")) * int(q.get("times", 1))
    lines = []
    for name, header in (("type", "Content-Type"), ("encoding", "Content-Encoding"),
                         ("location", "Location")):
        if name in q:
            lines.append(f"{header}: {q[name]}")
    body = {"gzip": gzip.compress, "deflate": zlib.compress}.get(
        q.get("encoding"), lambda b: b)(body)
    c.sendall(head(q.get("status", 200), *lines, f"Content-Length: {len(body)}") + body)


def page(c, q, _request):
    with open(os.path.join(HERE, "pages", os.path.basename(q["name"])), "rb") as f:
        body = f.read()
    c.sendall(head(200, "Content-Type: text/html; charset=utf-8",
                   f"Content-Length: {len(body)}") + body)


def echo(c, _q, request):
    c.sendall(head(200, "Content-Type: text/plain", f"Content-Length: {len(request)}") + request)


def hop(c, q, _request):
    left = int(q["n"])
    if left:
        c.sendall(head(302, f"Location: hop?n={left - 1}", "Content-Length: 4") + b"away")
    else:
        c.sendall(head(200, "Content-Type: text/plain", "Content-Length: 5") + b"there")


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


CHUNKED = ("Content-Type: text/html", "Transfer-Encoding: chunked")


def chunked(c, _q, _request):
    c.sendall(head(200, *CHUNKED) + chunk(b"<p>one ") + chunk(b"two</p>") + chunk(b""))


def broken_chunk(c, _q, _request):
    c.sendall(head(200, *CHUNKED) + chunk(b"<p>one") + b"zz\r\nnonsense\r\n")


def cut_chunk(c, _q, _request):
    c.sendall(head(200, *CHUNKED) + chunk(b"<p>one") + b"ff\r\nhalf")


def cut(c, _q, _request):
    c.sendall(head(200, "Content-Type: text/html", "Content-Length: 1000") + b"<p>not all")


def bad_gzip(c, _q, _request):
    c.sendall(head(200, "Content-Type: text/html", "Content-Encoding: gzip", "Content-Length: 9") +
              b"not gzip!")


def large(c, q, _request):
    """17 MiB, announced or not."""
    c.sendall(head(200, "Content-Type: " + q["type"],
                   *([f"Content-Length: {17 * MIB}"] if "announced" in q else [])))
    for _ in range(17):
        c.sendall(b"x" * MIB)


def bomb(c, _q, _request):
    """64 MiB of nothing in 64 KiB."""
    body = gzip.compress(bytes(64 * MIB))
    c.sendall(head(200, "Content-Type: text/html", "Content-Encoding: gzip",
                   f"Content-Length: {len(body)}") + body)


def drip(c, _q, _request):
    c.sendall(head(200, "Content-Type: text/html"))
    for _ in range(60):
        c.sendall(b"<p>more")
        time.sleep(1)


def old_http(c, _q, _request):
    c.sendall(b"<p>no head at all")


def long_head(c, _q, _request):
    c.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * MIB + b"\r\n\r\n")


PAGES = {f.__name__: f for f in (say, page, echo, hop, chunked, broken_chunk, cut_chunk, cut,
                                 bad_gzip, large, bomb, drip, old_http, long_head)}


def answer(c):
    request = b""
    while b"\r\n\r\n" not in request:
        more = c.recv(4096)
        if not more:
            return
        request += more
        if request[0] == 0x16:  # TLS, and here nobody speaks it.
            return c.sendall(head(400))
    url = urllib.parse.urlsplit(request.split()[1].decode())
    q = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
    fn = PAGES.get(url.path.strip("/"))
    if fn:
        fn(c, q, request)
    else:
        c.sendall(head(404, "Content-Length: 4") + b"none")


def serve(c, context):
    try:
        if context:
            c = context.wrap_socket(c, server_side=True)
        answer(c)
        if context:
            c.unwrap()
    except OSError:
        pass
    finally:
        c.close()


def accept(listener, context=None):
    while True:
        c, _ = listener.accept()
        threaded(serve, c, context)


def accept_and_reset(listener):
    while True:
        c, _ = listener.accept()
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        c.close()


def listen(name, port, backlog=16):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((ADDRESS[name], port))
    s.listen(backlog)
    return s


def context_of(folder, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if name == "tls12.test":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if name in ("old.test", "weak.test"):
        context.set_ciphers("ALL:@SECLEVEL=0")
    if name == "old.test":
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    path = os.path.join(folder, name)
    if not os.path.exists(path + ".pem"):
        path = os.path.join(folder, "site.test")
    context.load_cert_chain(path + ".pem", path + ".key")
    if name == "client.test":
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(os.path.join(folder, "ca.pem"))
    return context


def main(folder):
    loopback_up()
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.53", 53))
    threaded(dns, s)
    kept = []
    for name in NAMES:
        if name == "refused.test":
            continue
        if name == "reset.test":
            for port in (80, 443):
                threaded(accept_and_reset, listen(name, port))
        elif name == "silent.test":
            kept += [listen(name, 80), listen(name, 443)]
        elif name == "full.test":
            # A queue that holds one, and that one is there.
            kept.append(listen(name, 80, 0))
            kept.append(socket.create_connection((ADDRESS[name], 80)))
        else:
            threaded(accept, listen(name, 80))
            threaded(accept, listen(name, 443),
                     None if name == "plain.test" else context_of(folder, name))
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
