# SPDX-License-Identifier: Apache-2.0
"""A log that whoever kept an anchor or an export of it can hold the house to:
forks, rollbacks, what was pruned, and who judges without the house."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess

from house import House
from logbook import copy, verify
from wire import Wire, new_identity, openssl, sha, sign


def setup():
    h = House().start()
    for i in range(9):
        h.console.ask(f"echo entry {i}")
    return h


def anchor_of(client):
    with open(os.path.join(client.folder, "checkpoint")) as f:
        return f.read()


def keep_anchor(h, name):
    """A file of its own with what the console saw last."""
    assert h.console.run("audit", "verify").returncode == 0
    return shutil.copy(os.path.join(h.console.folder, "checkpoint"), h.path(name))


def size_of(anchor):
    return int(anchor.split("size ")[1].split()[0])


def export(h, name, change=None):
    """An export, its lines changed."""
    path = h.path(name)
    r = h.console.run("audit", "export", path)
    assert r.returncode == 0, r.stderr
    if change:
        with open(path) as f:
            lines = f.read().splitlines()
        changed = change(lines)
        lines = lines if changed is None else changed
        with open(path, "w") as f:
            f.write("".join(line + "\n" for line in lines))
    return path


def forge(path, change):
    """Another log, whose tree fits its entries: [kind, run, act, salt, body] each."""
    db = sqlite3.connect(path)
    rows = [list(r) for r in db.execute("SELECT kind, run, act, salt, body FROM log ORDER BY seq")]
    change(rows)
    db.executescript("DROP TRIGGER log_keep; DROP TRIGGER log_stay; DELETE FROM log;")
    row = [hashlib.sha256(b"\0" + r[3] + r[4].encode()).digest() for r in rows]
    completed = [[] for _ in rows]
    level = 0
    while row:
        for i, node in enumerate(row):
            completed[((i + 1) << level) - 1].append(node)
        row = [hashlib.sha256(b"\1" + row[i] + row[i + 1]).digest()
               for i in range(0, len(row) - 1, 2)]
        level += 1
    db.executemany("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                   [(seq, *r, nodes[0], b"".join(nodes[1:]))
                    for seq, (r, nodes) in enumerate(zip(rows, completed))])
    db.commit()
    db.close()
    return path


def other_words(rows):
    """The same length, but what entry 11 and all later ones say is another thing."""
    for r in rows[11:]:
        v = json.loads(r[4])
        v["wall_ms"] += 1
        r[4] = json.dumps(v, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def take_disk(h, name):
    """The state folder as it is on the disk while the house does not run."""
    h.stop()
    subprocess.run(["cp", "-a", h.path("state"), h.path(name)], check=True)
    return h.path(name)


def put_disk(h, folder):
    h.stop()
    shutil.rmtree(h.path("state"))
    subprocess.run(["cp", "-a", folder, h.path("state")], check=True)


def start(h):
    h.start_house()
    h.start_tools()
    h.wait_up()


def test_a_log_that_grew_verifies_with_an_earlier_anchor(h):
    anchor = keep_anchor(h, "early")
    h.console.ask("echo later")
    r = h.console.run("audit", "verify", "--anchor", anchor)
    assert r.returncode == 0 and "grown from the anchor" in r.stdout, r.stdout + r.stderr
    r = verify(h, copy(h, "grown.db"), "--anchor", anchor, client=h.console)
    assert r.returncode == 0 and r.stderr == "", r.stderr
    r = verify(h, copy(h, "grown2.db"), "--anchor", anchor)
    assert r.returncode == 0 and "signature was not checked" in r.stderr, r.stderr


def test_an_anchor_that_the_box_did_not_sign_is_refused(h):
    path = keep_anchor(h, "forged")
    text = anchor_of(h.console).replace(f"size {size_of(anchor_of(h.console))}", "size 1")
    with open(path, "w") as f:
        f.write(text)
    r = verify(h, copy(h, "whole.db"), "--anchor", path, client=h.console)
    assert r.returncode == 5 and "anchor is not signed" in r.stderr, r.stderr
    r = h.console.run("audit", "verify", "--anchor", path)
    assert r.returncode == 5 and "anchor is not signed" in r.stderr, r.stderr


def test_an_export_verifies_without_the_house_and_without_durward(h):
    path = export(h, "good.jsonl")
    assert os.stat(path).st_mode & 0o777 == 0o600
    r = verify(h, path, what="--export", client=h.console)
    assert r.returncode == 0 and r.stderr == "", r.stdout + r.stderr
    h.console.ask("echo after the export")
    r = verify(h, path, "--anchor", keep_anchor(h, "now"), what="--export", client=h.console)
    assert r.returncode == 5 and "rolled back" in r.stderr, r.stderr
    r = verify(h, export(h, "new.jsonl"), "--anchor", h.path("now"), what="--export")
    assert r.returncode == 0 and "itself was believed" in r.stderr, r.stderr
    out = h.console.run("audit", "export", "-").stdout.splitlines()
    assert set(json.loads(out[-1])) == {"checkpoint", "signature", "key"}, out[-1]
    assert [json.loads(line)["seq"] for line in out[:-1]] == list(range(len(out) - 1))


def test_a_tampered_export_verifies_with_neither(h):
    def alter(lines):
        lines[3] = lines[3].replace("entry", "Entry").replace("wall_ms", "wall_Ms")

    def drop(lines):
        del lines[4]

    def swap(lines):
        lines[5], lines[6] = lines[6], lines[5]

    def empty(lines):
        v = json.loads(lines[4])
        lines[4] = json.dumps({**v, "salt": "", "body": ""})

    def end(change):
        def changed(lines):
            v = json.loads(lines[-1])
            lines[-1] = json.dumps({**v, **change(v)})
        return changed

    def shift(v):
        return {"checkpoint": v["checkpoint"].replace("size ", "size 1")}

    def move_salt(lines):
        v = json.loads(lines[2])
        lines[2] = json.dumps({**v, "salt": v["salt"][:-2], "body": "x" + v["body"]})

    changes = {"altered": alter, "dropped": drop, "swapped": swap, "emptied": empty,
               "resized": end(shift), "unsigned": end(lambda v: {"signature": "ES256:" + "0" * 128}),
               "shortened": lambda lines: lines[:-3] + lines[-1:], "moved": move_salt,
               "cut": lambda lines: lines[:-1], "longer": lambda lines: lines + lines[:1],
               "blank": lambda lines: []}
    for name, change in changes.items():
        r = verify(h, export(h, name + ".jsonl", change), what="--export", client=h.console)
        assert r.returncode == 5, f"{name}: {r.stdout}{r.stderr}"


def test_an_export_that_another_key_signed_is_refused_by_who_knows_the_box(h):
    key, _ = new_identity("forger")
    spki = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")

    def sign_anew(lines):
        v = json.loads(lines[-1])
        text = v["checkpoint"].split("\n")
        text[1] = "box " + sha(spki)
        text = "\n".join(text)
        lines[-1] = json.dumps({"checkpoint": text, "signature": sign(key, text.encode()),
                                "key": spki[-65:].hex()})
    path = export(h, "foreign.jsonl", sign_anew)
    assert verify(h, path, what="--export").returncode == 0, "the forgery itself is sound"
    r = verify(h, path, what="--export", client=h.console)
    assert r.returncode == 5 and "not signed by the box" in r.stderr, r.stderr


def test_the_house_proves_growth_and_nothing_that_cannot_be(h):
    w = Wire(h, h.console)
    size = w.query("status")[1]["log_size"]
    status, v = w.query(f"consistency?from=5&to={size}")
    assert status == 200 and len(v["path"]) > 0, v
    for old, new in ((0, size), (size, size)):
        assert w.query(f"consistency?from={old}&to={new}") == (200, {"path": []})
    for old, new in ((6, 5), (5, size + 1000), (0, size + 1000)):
        status, v = w.query(f"consistency?from={old}&to={new}")
        assert status == 400, v


def test_a_forked_log_is_found_by_whoever_kept_an_anchor(h):
    anchor = keep_anchor(h, "before-fork")
    size = size_of(anchor_of(h.console))
    path = forge(copy(h, "fork.db"), other_words)
    assert verify(h, path).returncode == 0, "the forgery itself is sound"
    r = verify(h, path, "--anchor", anchor, client=h.console)
    assert r.returncode == 5 and f"changed behind entry {size}" in r.stderr, r.stderr
    stranger = h.pair("stranger")
    newest = take_disk(h, "newest")
    forge(h.path("state", "core", "durward.db"), other_words)
    start(h)
    assert stranger.run("audit", "verify").returncode == 0, "nobody could know"
    kept = anchor_of(h.console)
    r = h.console.run("audit", "verify")
    assert r.returncode == 5 and "the log was changed behind entry" in r.stderr, r.stderr
    r = stranger.run("audit", "verify", "--anchor", anchor)
    assert r.returncode == 5 and "the log was changed behind entry" in r.stderr, r.stderr
    assert anchor_of(h.console) == kept
    put_disk(h, newest)
    start(h)
    assert h.console.run("audit", "verify").returncode == 0


def test_an_altered_dropped_or_swapped_entry_under_a_new_tree_is_found(h):
    def alter(rows):
        rows[3][4] = rows[3][4].replace("wall_ms", "wall_Ms")

    def drop(rows):
        del rows[7]

    def swap(rows):
        rows[5], rows[6] = rows[6], rows[5]

    anchor = keep_anchor(h, "before-changes")
    h.console.ask("echo after the anchor")
    for change in (alter, drop, swap):
        path = forge(copy(h, change.__name__ + ".db"), change)
        assert verify(h, path).returncode == 0, "the forgery itself is sound"
        r = verify(h, path, "--anchor", anchor, client=h.console)
        assert r.returncode == 5 and "changed behind entry" in r.stderr, r.stderr


def test_commands_at_once_never_look_like_a_rollback(h):
    started = [h.console.start("ask", f"echo at once {i}") for i in range(6)] + \
        [h.console.start("audit", "verify") for _ in range(6)]
    for p in started:
        out, err = p.communicate(timeout=60)
        assert p.returncode == 0, out + err
    size = size_of(anchor_of(h.console))
    assert h.console.run("audit", "verify").returncode == 0
    assert size_of(anchor_of(h.console)) == size, "the largest tree was not kept"
    assert os.stat(os.path.join(h.console.folder, "checkpoint")).st_mode & 0o777 == 0o600


def test_a_damaged_anchor_is_told_and_not_overwritten(h):
    path = os.path.join(h.console.folder, "checkpoint")
    whole = anchor_of(h.console)
    with open(path, "w") as f:
        f.write(whole.replace("size ", "size 1"))
    r = h.console.run("audit", "verify")
    assert r.returncode == 5 and "is damaged" in r.stderr, r.stderr
    assert anchor_of(h.console) != whole
    with open(path, "w") as f:
        f.write(whole)
    assert h.console.run("audit", "verify").returncode == 0


def test_a_disk_that_was_rolled_back_is_noticed_and_gets_no_signature(h):
    old = take_disk(h, "old")
    start(h)
    assert h.console.ask("save a note: after the copy")[-1]["reached"] is True
    anchor = keep_anchor(h, "after-copy")
    kept = anchor_of(h.console)
    latest = take_disk(h, "latest")
    put_disk(h, old)
    start(h)
    try:
        r = h.console.run("audit", "verify")
        assert r.returncode == 5, r.stdout + r.stderr
        assert f"was rolled back: it had {size_of(kept)} entries, now " in r.stderr, r.stderr
        r = verify(h, copy(h, "rolled.db"), "--anchor", anchor, client=h.console)
        assert r.returncode == 5 and "the log was rolled back" in r.stderr, r.stderr
        refuses_to_sign(h, "soon")
        # It grows past the anchor again, as another log.
        for _ in range(4):
            h.console.ask("echo more")
        refuses_to_sign(h, "later")
        r = h.console.run("audit", "verify")
        assert r.returncode == 5 and "the log was changed behind entry" in r.stderr, r.stderr
        assert anchor_of(h.console) == kept
    finally:
        put_disk(h, latest)
        start(h)
    assert h.console.run("audit", "verify").returncode == 0


def refuses_to_sign(h, name):
    p, act = h.console.asked(f"delete the note {name}")
    r = h.console.run("approve", act, "--yes")
    assert r.returncode == 5 and "nothing was signed" in r.stderr, r.stdout + r.stderr
    assert act in [a["act"] for a in h.console.json("approvals")["approvals"]]
    assert h.console.run("deny", act).returncode == 0
    p.communicate(timeout=60)


def test_a_pruned_log_still_verifies_and_keeps_its_anchor(h):
    anchor = keep_anchor(h, "unpruned")
    before = 20
    r = h.console.run("audit", "prune", "--before", str(before))
    assert r.returncode == 0, r.stderr
    out = h.console.run("audit", "show").stdout.splitlines()
    assert all("(pruned)" in line for line in out[:before]), out[:before]
    assert not any("(pruned)" in line for line in out[before:])
    assert json.loads(out[-1].split(None, 2)[2])["before"] == before, out[-1]
    for r in (h.console.run("audit", "verify", "--anchor", anchor),
              verify(h, copy(h, "pruned.db"), "--anchor", anchor, client=h.console),
              verify(h, export(h, "pruned.jsonl"), "--anchor", anchor, what="--export",
                     client=h.console)):
        assert r.returncode == 0 and f"{before} of them pruned" in r.stdout, r.stdout + r.stderr
    db = sqlite3.connect(copy(h, "gone.db"))
    assert db.execute("SELECT count(*) FROM log WHERE body='' AND salt=x''").fetchone() == (before,)
    h.stop()
    start(h)
    assert h.console.ask("echo after pruning")[-1]["reached"] is True
    assert h.console.run("audit", "verify").returncode == 0


def test_an_owner_says_for_how_long_the_log_is_kept(h):
    def keep(client, time):
        return client.run("audit", "keep", time)

    def kept():
        found = json.loads(h.console.run("doctor", "--json").stdout)["findings"]
        return next(f["what"] for f in found if f["check"] == "log")
    assert "is kept forever" in kept()
    r = keep(h.console, "400d")
    assert r.returncode == 0 and "after 400d" in r.stdout, r.stdout + r.stderr
    last = h.console.run("audit", "show").stdout.splitlines()[-1]
    assert json.loads(last.split(None, 2)[2])["kept_days"] == 400, last
    h.stop()
    start(h)
    assert "what is older than 400 days is forgotten" in kept()
    for client, time, why in ((h.console, "3d", "whole days, 7 at least"), (h.console, "191h", "whole days"), (h.console, "a while", "such as 30d"),
                              (h.pair("keeper"), "30d", "only an owner")):
        r = keep(client, time)
        assert r.returncode == 4 and why in r.stderr, r.stdout + r.stderr
    assert "400 days" in kept()
    assert keep(h.console, "forever").returncode == 0 and "is kept forever" in kept()


def test_an_entry_that_was_emptied_without_a_record_is_found(h):
    path = copy(h, "emptied.db", "UPDATE log SET body='', salt=x'' WHERE seq=25;")
    r = verify(h, path)
    assert r.returncode == 5 and "no entry says that it was pruned" in r.stderr, r.stderr


def test_only_an_owner_prunes_and_not_beyond_the_end(h):
    r = h.pair("helper").run("audit", "prune", "--before", "5")
    assert r.returncode == 4 and "only an owner" in r.stderr, r.stderr
    r = h.console.run("audit", "prune", "--before", "100000")
    assert r.returncode == 4 and "entries; name a number" in r.stderr, r.stderr
    assert h.console.run("audit", "prune", "--before", "x").returncode == 2


def test_a_log_that_is_pruned_while_it_is_read_verifies(h):
    """What tells of it comes behind the checkpoint that the reader began with."""
    readers, pruned = [], 30
    for i in range(40):
        path = h.path(f"while-{i}.jsonl")
        readers.append((path, h.console.start("audit", "export", path)))
        r = h.console.run("audit", "prune", "--before", str(pruned + i))
        assert r.returncode == 0, r.stderr
    for path, p in readers:
        out, err = p.communicate(timeout=60)
        assert p.returncode == 0, out + err
        r = verify(h, path, what="--export", client=h.console)
        assert r.returncode == 0, r.stdout + r.stderr
    assert h.console.run("audit", "verify").returncode == 0
