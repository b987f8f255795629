# SPDX-License-Identifier: Apache-2.0
"""A client of the house written from the documents alone: TLS, HTTP and
signed commands in Python, so that a test can get any byte of them wrong."""

import atexit
import hashlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile


def sha(data):
    return hashlib.sha256(data).hexdigest()


def openssl(*args, given=None):
    r = subprocess.run(["openssl", *args], input=given, capture_output=True)
    assert r.returncode == 0, r.stderr.decode()
    return r.stdout


def der_to_raw(der):
    """ECDSA signature: SEQUENCE of two INTEGERs to r || s."""
    assert der[0] == 0x30
    at, out = 2, b""
    for _ in range(2):
        n = der[at + 1]
        out += der[at + 2:at + 2 + n].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + n
    return out


def sign(key_file, data):
    der = openssl("dgst", "-sha256", "-sign", key_file, given=data)
    return "ES256:" + der_to_raw(der).hex()


def key_id(key_file):
    return sha(openssl("pkey", "-in", key_file, "-pubout", "-outform", "DER"))


def new_identity(name):
    """A key with a certificate that it signed itself: a stranger."""
    folder = tempfile.mkdtemp(prefix="durward-stranger-")
    atexit.register(shutil.rmtree, folder, True)
    key, cert = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", f"/CN={name}", "-keyout", key, "-out", cert, "-days", "30")
    return key, cert


class Wire:
    """One TLS connection.  `client` gives key and certificate, or None."""

    def __init__(self, house, client=None, port=None, sni=None, cert=None, key=None,
                 version=ssl.TLSVersion.TLSv1_3):
        self.house = house
        self.folder = client.folder if client else None
        ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        ctx.check_hostname = False
        ctx.verify_mode = ssl.CERT_NONE
        ctx.minimum_version = ctx.maximum_version = version
        if client:
            cert, key = (os.path.join(self.folder, f) for f in ("cert.pem", "key.pem"))
        if cert:
            ctx.load_cert_chain(cert, key)
        raw = socket.create_connection(("127.0.0.1", port or house.port), timeout=30)
        try:
            self.sock = ctx.wrap_socket(raw, server_hostname=sni)
        except Exception:
            raw.close()
            raise

    def send(self, data):
        self.sock.sendall(data)

    def receive(self):
        """Status and body of one answer; None when the house hung up."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.sock.recv(65536)
            if not more:
                return None
            data += more
        head, body = data.split(b"\r\n\r\n", 1)
        length = [int(line.split(b":")[1]) for line in head.split(b"\r\n")
                  if line.lower().startswith(b"content-length:")][0]
        while len(body) < length:
            more = self.sock.recv(65536)
            if not more:
                return None
            body += more
        return int(head.split()[1]), json.loads(body)

    def request(self, method, target, body=None):
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send(f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(data)}\r\n\r\n"
                  .encode() + data)
        return self.receive()

    def query(self, target):
        return self.request("GET", "/v1/" + target)

    def challenge(self):
        status, v = self.query("challenge")
        assert status == 200, v
        return v

    def command_text(self, name, body, **change):
        c = self.challenge()
        fields = {"box": c["box"], "client": key_id(os.path.join(self.folder, "key.pem")),
                  "boot": c["boot"], "challenge": c["challenge"], "command": name,
                  "body-sha256": sha(body.encode())}
        fields.update(change)
        return "durward-command/1\n" + "".join(f"{k} {v}\n" for k, v in fields.items())

    def command(self, name, body, **change):
        text = body if isinstance(body, str) else json.dumps(body)
        return self.send_command(self.command_text(name, text, **change), text)

    def send_command(self, text, body, key=None, signature=None):
        key = key or os.path.join(self.folder, "key.pem")
        return self.request("POST", "/v1/command", {
            "text": text, "body": body, "signature": signature or sign(key, text.encode())})

    def close(self):
        self.sock.close()
