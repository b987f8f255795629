# SPDX-License-Identifier: Apache-2.0
"""A push service and the browser behind it, from the RFCs alone (8030, 8188,
8291, 8292) and with another library than the house's: a server that takes
what is pushed, and the subscription whose keys open it."""

import base64
import hashlib
import hmac
import json
import os
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from caller import Raw

CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
CURVE = ec.SECP256R1()


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def point(key):
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def read_point(data):
    return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, data)


def headers(asked):
    """Of a request: its first line, {name: value}, its body."""
    head, _, body = asked.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return first, {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}, body


def token(authorization, key=None):
    """Its claims, once its signature was seen to be that of the key that it
    names, which is `key` (hex) if one is given."""
    assert authorization.startswith("vapid "), authorization
    parts = dict(p.strip().split("=", 1) for p in authorization[6:].split(","))
    assert set(parts) == {"t", "k"}, parts
    signed, _, signature = parts["t"].rpartition(".")
    head, claims = (json.loads(unbase64(p)) for p in signed.split("."))
    assert head == {"typ": "JWT", "alg": "ES256"}, head
    raw = unbase64(signature)
    assert len(raw) == 64
    der = encode_dss_signature(*(int.from_bytes(n, "big") for n in (raw[:32], raw[32:])))
    public = unbase64(parts["k"])
    assert key is None or public.hex() == key, "another key"
    read_point(public).verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
    return claims


class Subscription:
    """What a browser keeps of one, and the part that it tells (`offer`)."""

    def __init__(self, url):
        self.url, self.auth = url, os.urandom(16)
        self.key = ec.generate_private_key(CURVE)
        self.public = point(self.key.public_key())
        self.offer = {"url": url, "p256dh": self.public.hex(), "auth": self.auth.hex()}

    def opened(self, body):
        """(words, length of the padding): one record, RFC 8188 section 2."""
        salt, size, n = body[:16], *struct.unpack(">IB", body[16:21])
        sender, sealed = body[21:21 + n], body[21 + n:]
        assert n == 65 and 18 <= size and len(sealed) <= size, (n, size, len(sealed))
        shared = self.key.exchange(ec.ECDH(), read_point(sender))
        secret = mac(mac(self.auth, shared), b"WebPush: info\0" + self.public + sender + b"\1")
        prk = mac(salt, secret)
        key = mac(prk, b"Content-Encoding: aes128gcm\0\1")[:16]
        nonce = mac(prk, b"Content-Encoding: nonce\0\1")[:12]
        plain = AESGCM(key).decrypt(nonce, sealed, None)
        words = plain.rstrip(b"\0")
        assert words[-1] == 2, "it is not the last record"
        return words[:-1], len(plain) - len(words)


class PushService(Raw):
    """Answers what it is told to, in turn, and then that all is well."""

    def __init__(self, cert, *answers, address="127.0.0.1", port=0, name="localhost"):
        self.answers, self.name = list(answers), name
        super().__init__(self.say, address, port, cert)

    def say(self, s, asked, count):
        s.sendall(self.answers.pop(0) if self.answers else CREATED)
        return True

    @property
    def origin(self):
        return f"https://{self.name}:{self.port}"

    def subscribe(self, path="/send/" + "x" * 40):
        return Subscription(self.origin + path)
