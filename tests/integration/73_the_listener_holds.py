# SPDX-License-Identifier: Apache-2.0
"""What anybody on the network can send at the open ports: certificates,
names and versions in every combination, requests that two parsers would read
in two ways, and many of everything.  Each test ends with a paired client that
is served, by the same process as before."""

import itertools
import os
import re
import select
import shutil
import socket
import ssl
import subprocess
import threading
import time

from house import House, next_line
from wire import Wire, new_identity, openssl

GET = b"GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\n"
IDLE_KIB = 40  # Of one connection that does nothing.
CONNS = 256  # CONNS_MAX
EACH = 32  # CONNS_EACH_MAX


def setup():
    h = House(tools=()).start(tools=False)
    h.phone = h.pair("phone")
    h.guests = [h.pair(f"guest{i}", "viewer") for i in range(3)]
    h.lost = h.pair("lost")
    assert h.console.run("clients", "revoke", "lost").returncode == 0
    h.control = h.wait_roles()["control"]
    return h


def served(h):
    """By the process that was there from the beginning."""
    status, v = Wire(h, h.phone).query("status")
    assert status == 200 and v["client"] == "phone", v
    assert h.pids()["control"] == h.control, "control was started anew"


def waited(h):
    """How many seconds a paired client waits to be served."""
    asked = time.monotonic()
    served(h)
    return time.monotonic() - asked


def too_long(h):
    """What no client waits for unless others keep it out, on a machine as busy
    as this one is now."""
    return max(5, 50 * max(waited(h) for _ in range(5)))


def private_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return sum(int(n) for n in re.findall(r"^Private_\w+: +(\d+) kB", f.read(), re.M))


def of(client):
    return os.path.join(client.folder, "cert.pem"), os.path.join(client.folder, "key.pem")


def issued(h, name, days, key=None):
    """A certificate that the box's own root signs: for this key, or a new one."""
    folder = h.path("issued-" + name)
    os.mkdir(folder)
    paths = {f: os.path.join(folder, f) for f in ("key.pem", "csr.pem", "cert.pem", "root.key")}
    shutil.copy(h.path("state", "vault", "root.key"), paths["root.key"])
    if key is None:
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", paths["key.pem"])
    else:
        shutil.copy(key, paths["key.pem"])
    openssl("req", "-new", "-key", paths["key.pem"], "-subj", f"/CN={name}",
            "-out", paths["csr.pem"])
    with open(os.path.join(folder, "root.pem"), "wb") as f:
        f.write(root_of(h))
    openssl("x509", "-req", "-in", paths["csr.pem"], "-CA", f.name, "-CAkey", paths["root.key"],
            "-CAcreateserial", "-days", str(days), "-out", paths["cert.pem"])
    return paths["cert.pem"], paths["key.pem"]


def root_of(h):
    """The root's certificate, as the listener sends it behind its own."""
    said = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{h.port}", "-showcerts"],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60).stdout
    return re.findall(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", said, re.S)[1]


def reached(h, pair, *options):
    """The status of an answer to openssl's own client; None without one."""
    cert = ["-cert", pair[0], "-key", pair[1]] if pair else []
    p = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{h.port}", "-quiet",
                          *cert, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL)
    try:
        p.stdin.write(GET + b"\r\n")
        p.stdin.flush()
        return int(next_line(p).split()[1])
    except (BrokenPipeError, EOFError):
        return None
    finally:
        p.kill()
        p.wait()
        p.stdout.close()
        try:
            p.stdin.close()
        except BrokenPipeError:
            pass


def test_only_tls_1_3_and_the_right_certificate_reach_the_api(h):
    """{certificate} x {SNI} x {version} x {ALPN}: 120 handshakes.  Dates of
    certificates count for nobody, since a Pi has no clock after a power cut;
    the key does, and so does the root."""
    certs = {"none": None, "foreign": new_identity("phone")[::-1], "revoked": of(h.lost),
             "right": of(h.phone), "right key, dates over": issued(h, "over", -1, of(h.phone)[1]),
             "of our root, but unknown": issued(h, "unknown", 30)}
    names = {"right": ["-servername", "durward"], "wrong": ["-servername", "evil.example"],
             "none": ["-noservername"]}
    alpns = {"http/1.1": ["-alpn", "http/1.1"], "h2": ["-alpn", "h2"],
             "both": ["-alpn", "h2,http/1.1"], "none": []}
    wrong = []
    for c, n, v, a in itertools.product(certs, names, ("1_2", "1_3"), alpns):
        got = reached(h, certs[c], "-tls" + v, *names[n], *alpns[a])
        if v == "1_2" or a == "h2" or c in ("none", "foreign"):
            good = got is None  # Nobody there even hears the request.
        elif c.startswith("right"):
            good = got == 200
        else:
            good = got == 403
        if not good:
            wrong.append((c, n, v, a, got))
    assert not wrong, wrong
    served(h)


def curl(h, *words, client=True):
    cert, key = of(h.phone)
    r = subprocess.run(["curl", "-sS", "-m", "10", "-w", "\n%{http_code} %{http_version}",
                        *(["--cert", cert, "--key", key] if client else []), *words],
                       capture_output=True, text=True, timeout=20)
    return r.stdout.rsplit("\n", 1)[-1] if r.returncode == 0 else None


def test_curl_reaches_it_as_any_client_does(h):
    with open(h.path("root.pem"), "wb") as f:
        f.write(root_of(h))
    url = f"https://durward:{h.port}/v1/status"
    here = ["--cacert", f.name, "--resolve", f"durward:{h.port}:127.0.0.1"]
    assert curl(h, *here, url) == "200 1.1"
    assert curl(h, *here, "--http2", url) == "200 1.1"
    assert curl(h, *here, "--tls-max", "1.2", url) is None
    assert curl(h, *here, url, client=False) is None
    assert curl(h, *here, "-H", "Transfer-Encoding: chunked", "-d", "{}", url) == "400 1.1"
    assert curl(h, *here, "-X", "OPTIONS", url) == "405 1.1"
    served(h)


def test_a_name_that_leads_here_is_not_this_box(h):
    """DNS rebinding, in the browser of somebody who has a certificate."""
    for host in ("evil.example", f"evil.example:{h.port}", "durward.evil.example",
                 "127.0.0.1.evil.example"):
        w = Wire(h, h.phone)
        w.send(f"GET /v1/status HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        status, v = w.receive()
        assert status == 421 and "another host" in v["error"], (host, status, v)
        assert w.sock.recv(1) == b"", "the connection stayed"
    for host in ("durward", f"127.0.0.1:{h.port}", "localhost", "[::1]:8443"):
        w = Wire(h, h.phone)
        w.send(f"GET /v1/status HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert w.receive()[0] == 200, host


def test_a_command_of_another_sites_page_is_refused_though_it_is_signed(h):
    def post(origin):
        w = Wire(h, h.console)
        send, w.send = w.send, lambda data: send(
            data.replace(b"\r\n", f"\r\nOrigin: {origin}\r\n".encode(), 1)
            if data.startswith(b"POST") else data)
        return w.command("halt", {})
    for origin in ("https://evil.example", "null", "http://127.0.0.1", "https://127.0.0.1:1",
                   "https://127.0.0.1.evil.example"):
        status, v = post(origin)
        assert status == 403 and "another site" in v["error"], (origin, status, v)
    goal = h.console.ask("status")
    assert goal[-1]["reached"] is True, goal  # Nothing was halted.


def answers(w):
    """The statuses of all that comes until the end, or until ten seconds of silence."""
    data = b""
    w.sock.settimeout(10)
    try:
        while True:
            more = w.sock.recv(65536)
            if not more:
                return re.findall(rb"HTTP/1\.1 (\d+) ", data), True
            data += more
    except (TimeoutError, ssl.SSLError):
        return re.findall(rb"HTTP/1\.1 (\d+) ", data), False


def test_a_request_within_a_request_is_never_answered(h):
    inner = GET + b"\r\n"
    post = b"POST /v1/command HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    length = b"Content-Length: %d\r\n" % len(inner)
    chunked = b"%x\r\n" % len(inner) + inner + b"\r\n0\r\n\r\n"
    table = {
        "TE and CL": post + length + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
        "CL and TE": post + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n" + chunked,
        "TE alone": post + b"Transfer-Encoding: chunked\r\n\r\n" + chunked,
        "TE in disguise": post + b"Transfer-Encoding:\tchunked\r\n\r\n" + chunked,
        "TE of another kind": post + b"Transfer-Encoding: xchunked\r\n\r\n" + chunked,
        "two CLs": post + b"Content-Length: 0\r\n" + length + b"\r\n" + inner,
        "the same CL twice": post + length + length + b"\r\n" + inner,
        "a list of CLs": post + b"Content-Length: 0, 5\r\n\r\n" + inner,
        "a signed CL": post + b"Content-Length: +0\r\n\r\n" + inner,
        "obs-fold": post + b"X: a\r\n Content-Length: 0\r\n\r\n" + inner,
        "a blank before the colon": post + b"Content-Length : 0\r\n\r\n" + inner,
        "bare LF": post.replace(b"\r\n", b"\n") + b"\n" + inner,
        "one bare LF": post + b"X: a\nContent-Length: 0\r\n\r\n" + inner,
        "bare LF at the end": post + b"Content-Length: 0\r\n\n" + inner,
        "bare CR": post + b"X: a\rContent-Length: 0\r\n\r\n" + inner,
        "NUL": post + b"X: a\0\r\n\r\n" + inner,
        "two Hosts": post + b"Host: evil.example\r\n\r\n" + inner,
        "HTTP/1.0": b"GET /v1/status HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n" + inner,
        "HTTP/0.9": b"GET /v1/status\r\n" + inner,
        "no Host": b"GET /v1/status HTTP/1.1\r\n\r\n" + inner,
    }
    for what, data in table.items():
        w = Wire(h, h.phone)
        w.send(data)
        assert answers(w) == ([b"400"], True), what
    served(h)


def test_thousands_of_requests_in_one_piece_are_answered_in_turn_and_in_bounds(h):
    w = Wire(h, h.phone)
    before, n = private_kib(h.control), 4000
    left = memoryview((GET + b"\r\n") * n)
    data, got, most = b"", 0, 0
    w.sock.setblocking(False)
    while got < n:
        # One thread: OpenSSL's connections are not for two.
        assert select.select([w.sock], [w.sock] if left else [], [], 10) != ([], [], [])
        try:
            while left:
                left = left[w.sock.send(left[:16384]):]
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        try:
            more = w.sock.recv(65536)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            continue
        assert more, f"the end after {got}"
        data += more
        got += data.count(b"HTTP/1.1 200 ")
        data = data[data.rfind(b"HTTP/1.1 200 ") + 9:] if b"HTTP/1.1 200 " in data else data[-16:]
        most = max(most, private_kib(h.control))
    assert most - before < 1024, f"{most - before} KiB"
    served(h)


def through(h, client, cut):
    """A TLS connection whose bytes to the house are sent as cut() says."""
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
    ctx.load_cert_chain(*of(client))
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ctx.wrap_bio(into, out)
    sock = socket.create_connection(("127.0.0.1", h.port), timeout=15)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def step(what):
        while True:
            try:
                done = what()
                cut(sock, out.read())
                return done
            except ssl.SSLWantReadError:
                cut(sock, out.read())
                more = sock.recv(65536)
                if not more:
                    raise ConnectionError("the house hung up") from None
                into.write(more)
    step(tls.do_handshake)
    step(lambda: tls.write(GET + b"\r\n"))
    return step(lambda: tls.read(65536))


def byte_by_byte(sock, data):
    for b in data:
        sock.sendall(bytes([b]))


def small_records(sock, data):
    """The ClientHello over many records, as RFC 8446 section 5.1 allows."""
    if data[:1] != b"\x16":
        sock.sendall(data)
        return
    body = data[5:]
    for at in range(0, len(body), 32):
        piece = body[at:at + 32]
        sock.sendall(b"\x16\x03\x01" + len(piece).to_bytes(2, "big") + piece)


def test_what_comes_in_fragments_is_put_together_or_refused(h):
    assert through(h, h.phone, byte_by_byte).startswith(b"HTTP/1.1 200 ")
    w = Wire(h, h.phone)
    for b in GET + b"\r\n":
        w.send(bytes([b]))  # Each in a record of its own.
    assert w.receive()[0] == 200
    try:
        assert through(h, h.phone, small_records).startswith(b"HTTP/1.1 200 ")
    except (ConnectionError, ssl.SSLError):
        pass  # The library may know only whole ones; what counts is the rest.
    for garbage in (b"\x16\x03\x01\xff\xff", b"\x16\x03\x01\x00\x00" * 1000,
                    b"\x15\x03\x03\x00\x02\x01\x00" * 1000, b"\x14\x03\x03\x00\x01\x01" * 1000,
                    b"\x16\x03\x01\x40\x01" + b"a" * 0x4001, b"\x80" * 4096, os.urandom(65536)):
        s = socket.create_connection(("127.0.0.1", h.port), timeout=5)
        try:
            s.sendall(garbage)
            while s.recv(4096):
                pass
        except (ConnectionError, TimeoutError):
            pass
        s.close()
    served(h)


def test_who_drips_is_given_ten_seconds_and_keeps_nobody_out(h):
    """Heads, bodies and handshakes, a byte at a time."""
    limit = too_long(h)
    heads = [Wire(h, c) for c in h.guests for _ in range(8)]
    bodies = [Wire(h, c) for c in h.guests for _ in range(8)]
    start = time.monotonic()
    shakes = [socket.create_connection(("127.0.0.1", h.port)) for _ in range(100)]
    for w in bodies:
        w.send(GET.replace(b"GET", b"POST") + b"Content-Length: 1000\r\n\r\n")
    slowest, open_ones = 0.0, heads + bodies
    while open_ones and time.monotonic() - start < 30:
        for w in list(open_ones):
            try:
                w.send(b"X")
                w.sock.settimeout(0.001)
                if w.sock.recv(1) == b"":
                    open_ones.remove(w)
            except TimeoutError:
                pass
            except (ConnectionError, ssl.SSLError):
                open_ones.remove(w)
        for s in shakes:
            try:
                s.send(b"\x16")
            except OSError:
                pass
        slowest = max(slowest, waited(h))
        time.sleep(0.5)
    took = time.monotonic() - start
    assert not open_ones, f"{len(open_ones)} are still there after {took:.0f} s"
    assert took > 8, f"cut after {took:.1f} s"
    assert slowest < limit, f"others waited {slowest:.1f} s, not {limit:.1f} s"


def test_an_idle_connection_costs_little(h):
    before = private_kib(h.control)
    idle = [Wire(h, c) for c in h.guests for _ in range(EACH - 2)]
    for w in idle:  # In whole records of TLS, so that all of its buffers are used.
        assert w.request("POST", "/v1/command", b"[" * 50000)[0] == 400
    each = (private_kib(h.control) - before) / len(idle)
    print(f"  {each:.1f} KiB each of {len(idle)}")
    assert each <= IDLE_KIB, f"{each:.1f} KiB each"
    for w in idle:
        assert w.query("status")[0] == 200
        w.close()
    served(h)


def test_a_thousand_strangers_cost_what_the_places_cost_and_keep_nobody_out(h):
    before = private_kib(h.control)
    held = Wire(h, h.phone)
    strangers = [socket.create_connection(("127.0.0.1", h.port)) for _ in range(1000)]
    served(h)
    assert held.query("status")[0] == 200, "a paired client lost its place"
    cost = private_kib(h.control) - before
    assert cost <= CONNS * IDLE_KIB, f"{cost} KiB"
    for s in strangers:
        s.close()
    served(h)


def test_a_flood_of_handshakes_keeps_nobody_out(h):
    """Each costs the house a key agreement and a signature, and is left."""
    limit = too_long(h)
    over = threading.Event()
    counts = [0] * 4

    def flood(i):
        ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
        while not over.is_set():
            try:
                with socket.create_connection(("127.0.0.1", h.port), timeout=5) as raw:
                    ctx.wrap_socket(raw).close()
            except OSError:
                pass
            counts[i] += 1
    threads = [threading.Thread(target=flood, args=(i,)) for i in range(len(counts))]
    before = private_kib(h.control)
    for t in threads:
        t.start()
    begun, slowest = time.monotonic(), 0.0
    try:
        while (took := time.monotonic() - begun) < 3 or sum(counts) <= 50:
            assert took < 60, f"no flood: {counts}"
            slowest = max(slowest, waited(h))
    finally:
        over.set()
        for t in threads:
            t.join(30)
    assert slowest < limit, f"others waited {slowest:.1f} s among {sum(counts)} handshakes"
    served(h)
    assert private_kib(h.control) - before < CONNS * IDLE_KIB


def test_a_burst_of_connections_that_reset_is_nothing(h):
    linger = b"\1\0\0\0\0\0\0\0"
    for i in range(500):
        s = socket.create_connection(("127.0.0.1", h.port))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        s.sendall(b"\x16\x03\x01"[:i % 4])
        s.close()
    served(h)
