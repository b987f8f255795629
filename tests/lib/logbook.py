# SPDX-License-Identifier: Apache-2.0
"""Copies of a house's log, changed behind its back, and two verifiers."""

import json
import os
import sqlite3
import subprocess

from house import TOP
from wire import openssl


def copy(h, name, change=None):
    """A consistent copy of the database, changed behind the house's back."""
    path = h.path(name)
    source = sqlite3.connect(h.path("state", "core", "durward.db"))
    target = sqlite3.connect(path)
    source.backup(target)
    if change:
        target.executescript("DROP TRIGGER log_keep; DROP TRIGGER log_stay;")
        target.executescript(change)
        target.commit()
    source.close()
    target.close()
    return path


def script(path, *args):
    """The verifier that shares no line with Durward."""
    return subprocess.run([os.path.join(TOP, "scripts", "verify-log"), path, *args], text=True,
                          capture_output=True)


def verify(h, path, *args, what="--db", client=None):
    """What `audit verify` says, and that the script says the same."""
    env = client.env if client else {"DURWARD_CLIENT": h.path("nobody"), "HOME": "/"}
    r = subprocess.run([h.durward, "audit", "verify", what, path, *args], text=True, env=env,
                       capture_output=True)
    key = ["--key", box_key(h)] if client else []
    other = script(path, *args, *key)
    assert other.returncode == r.returncode, f"{r.stdout}{r.stderr}{other.stdout}{other.stderr}"
    return r


def box_key(h):
    """The point in the certificate that every client pins."""
    pem = openssl("x509", "-in", os.path.join(h.console.folder, "root.pem"), "-pubkey", "-noout")
    return openssl("pkey", "-pubin", "-outform", "DER", given=pem)[-65:].hex()


def entries(h):
    """The bodies of all entries that are on the disk."""
    db = sqlite3.connect(h.path("state", "core", "durward.db"))
    try:
        rows = db.execute("SELECT body FROM log ORDER BY seq").fetchall()
    finally:
        db.close()
    return [json.loads(body) for (body,) in rows if body]
