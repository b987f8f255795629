# SPDX-License-Identifier: Apache-2.0
"""Rules put into a house, and the notes whose deletion they ask about."""

import json
import os
import time

from house import TOP, wait_for
from wire import Wire, key_id, openssl, sha, sign

BASE = open(os.path.join(TOP, "config/policies/assist.policy")).read()
# What was read from two sides does not go out.
LABELS = """allow reading effect=read
allow undoable effect=reversible
ask   lasting effect=system
label notes tool=notes.list adds=private
label echo  tool=echo.echo adds=untrusted
sink  out   tool=notes.save adds=external
deny  leak  labels=private+untrusted sink=external
"""


def policy(h, text, scope="box", client=None):
    path = h.path("new.policy")
    with open(path, "w") as f:
        f.write(text)
    return (client or h.console).run("policy", "activate", path, "--scope", scope)


def use(h, text, scope="box"):
    r = policy(h, text, scope)
    assert r.returncode == 0, r.stderr


def bring_grant(h, id):
    """One that stands for nothing, signed and brought by the console."""
    key, root = (os.path.join(h.console.folder, f) for f in ("key.pem", "root.pem"))
    public = openssl("x509", "-in", root, "-pubkey", "-noout")
    now_ms = int(time.time() * 1000)
    grant = "durward-grant/1\n" + "".join(f"{k} {v}\n" for k, v in (
        ("box", sha(openssl("pkey", "-pubin", "-outform", "DER", given=public))),
        ("client", key_id(key)), ("id", id), ("rule", "box:none"), ("tool", "none.none"),
        ("effect", "read"), ("manifest", "0" * 64), ("args", "any"), ("hours", "any"),
        ("uses", 1), ("issued", now_ms - 1000), ("until", now_ms + 3600 * 1000)))
    w = Wire(h, h.console)
    status, v = w.command("grant.add", {"grant": grant, "signature": sign(key, grant.encode())})
    w.close()
    assert status == 200, v


def kinds(entries):
    return [e["kind"] for e in entries]


def note(h, name):
    assert h.console.ask(f"save a note: {name}")[-1]["reached"] is True


def ask_to_delete(h, name):
    note(h, name)
    return h.console.asked(f"delete the note {name}")


def finish(p):
    out, err = p.communicate(timeout=60)
    return [json.loads(line) for line in out.splitlines()]


def kill_core(h):
    before = h.wait_roles()
    os.kill(before["core"], 9)

    def anew():
        "the restart of the house"
        return h.pids().get("core", before["core"]) != before["core"]
    wait_for(anew)
    h.wait_up()
    # The third one puts the house into safe mode.
    h.console.run("resume")


def denied_at_spending(h, act, p, words):
    """A yes to what was shown, which is not carried out."""
    h.console.run("approve", act, "--yes")
    entries = finish(p)
    last = [e for e in entries if e["kind"] in ("denied", "done", "failed")][-1]
    assert last["kind"] == "denied" and words in last["result"], last
    assert "started" not in kinds(entries)
