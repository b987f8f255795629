# SPDX-License-Identifier: Apache-2.0
"""Houses that were changed while they were down, and what they say then."""

import json
import os
import sqlite3
import subprocess

from house import HOUSE_USER, House, wait_for


def house(**kw):
    return House(**kw).start()


def db_of(h):
    return h.path("state", "core", "durward.db")


def edit(h, *statements):
    """The database of a house that is down, changed by hand."""
    db = sqlite3.connect(db_of(h))
    for sql in statements:
        db.execute(sql)
    db.commit()
    db.close()
    for end in ("", "-wal", "-shm"):
        if os.path.exists(db_of(h) + end):
            subprocess.run(["chown", f"{HOUSE_USER}:{HOUSE_USER}", db_of(h) + end], check=True)


def restart(h, *statements):
    h.stop()
    edit(h, *statements)
    h.start_house()
    h.start_tools()
    h.wait_up(tools=False)


def doctor(h):
    r = h.console.run("doctor", "--json")
    return {f["check"]: f for f in json.loads(r.stdout)["findings"]}


def in_safe_mode(h, reason):
    """It says why and how to leave it, reads, and does nothing else."""
    def known():
        "the doctor to know"
        found = doctor(h)[reason]
        return found if not found["ok"] else None
    found = wait_for(known)
    assert found["fix"], found
    r = h.console.run("doctor")
    assert r.returncode == 1 and found["fix"] in r.stdout, r.stdout
    r = h.console.run("ask", "save a note: unsafe")
    assert r.returncode != 0 and "safe mode" in r.stdout + r.stderr, r.stdout + r.stderr
    return found
