# SPDX-License-Identifier: Apache-2.0
"""The part that holds TLS and HTTP was taken over.  It sees what passes and
can withhold it; it reads what any client may read, and can tell clients what
it likes.  It starts nothing, answers nothing, lets nobody in and changes
nothing, and of the log it cannot lie to who kept a checkpoint."""

import json
import os
import signal
import subprocess

from browser import Browser, command, paired, window
from house import wait_for
from puppet import id_of, log_size, puppet_house
from rules import bring_grant
from wire import Wire, new_identity, sha, sign


def setup():
    h = puppet_house(tools=("notes",)).start()
    h.me = id_of(h.console)
    h.page = paired(h, "page", "owner")
    h.other, _ = new_identity("other")
    return h


def note(h, name):
    assert h.console.ask(f"save a note: {name}")[-1]["reached"]


def is_there(h, name):
    return h.console.ask(f"read the note {name}")[-1]["reached"]


def asked(h, name):
    """A deletion that waits for a yes: its command line and its act."""
    note(h, name)
    return h.console.asked(f"delete the note {name}")


def ended(h, act, p):
    h.puppet.tell("honest")
    h.console.run("deny", act)
    p.communicate(timeout=60)


def rules(h, text):
    path = h.path("rules.policy")
    with open(path, "w") as f:
        f.write("default deny\nallow a effect=read\nallow b effect=reversible\n" + text)
    r = h.console.run("policy", "activate", path)
    assert r.returncode == 0, r.stderr


def test_it_reads_what_any_client_may_read_and_nothing_else(h):
    for query in ("status", "clients", "runs", "entries", "policy", "approvals", "secrets"):
        err, answer = h.puppet.asks(h.me, query)
        assert err == 0 and answer, (query, err, answer)
    for nobody in (sha(b"nobody"), "0" * 64, ""):
        err, answer = h.puppet.asks(nobody, "runs")
        assert err != 0 and "runs" not in answer, (nobody, answer)
    value = "the gate has no lock"
    r = subprocess.run([h.durward, "secret", "set", "garden"], env=h.console.env, text=True,
                       input=value, capture_output=True, timeout=60)
    assert r.returncode == 0, r.stderr
    assert "garden" in json.dumps(h.puppet.asks(h.me, "secrets")[1])
    for query in ("secrets", "entries", "status"):
        assert value not in json.dumps(h.puppet.asks(h.me, query)), query
    assert value not in json.dumps(h.puppet.tell("kept")), "it passes sealed"


COMMANDS = (
    "ask", "stop", "fork", "approve", "deny", "backup", "halt", "resume", "policy.activate",
    "policy.rollback", "policy.explain", "grant.add", "grant.revoke", "pair.open", "pair.confirm",
    "pair.refuse", "clients.revoke", "clients.lend", "clients.extend", "secret.set", "secret.remove", "tool.add",
    "tool.update", "tool.enable", "tool.rollback", "tool.disable", "tool.remove", "tool.exempt",
    "memory.forget", "session.import", "audit.prune", "model.use", "model.price")


def test_no_command_that_it_makes_in_a_clients_name_is_taken(h):
    assert h.console.ask("help")[-1]["reached"]
    signature = h.puppet.tell("kept")["command"]["signature"]
    before = log_size(h)
    for name in COMMANDS:
        body = {"goal": "status", "before": 1, "client": h.page.id, "role": "owner"}
        err, answer = h.puppet.forges(h.me, name, body, h.other)
        assert err != 0 and "does not match the command" in answer["error"], (name, answer)
        text = h.puppet.text(h.me, name, "{}")
        for bad in (signature, "ES256:" + "0" * 128, "ES256:" + "f" * 128):
            err, answer = h.puppet.commands(h.me, text, "{}", bad)
            assert err != 0 and "does not match the command" in answer["error"], (name, answer)
        err, answer = h.puppet.forges(h.me, name, {}, h.page.key)
        assert err != 0 and "does not match the command" in answer["error"], (name, answer)
    assert log_size(h) == before


def rest(h):
    """Until nothing is written any more for what was asked."""
    def resting():
        "the runs to end"
        return all(r["state"] != "open" for r in h.console.json("runs")["runs"])
    wait_for(resting, 30)


def test_a_command_that_it_took_down_is_worth_nothing(h):
    """Of each kind that a client sends: what it was good for, it did."""
    bring_grant(h, "0" * 32)
    w = Wire(h, h.console)
    for name, body in (("ask", {"goal": "list notes"}), ("halt", {}), ("resume", {}),
                       ("pair.open", {"role": "viewer", "reply_key": h.page.point}),
                       ("grant.revoke", {"grant": "0" * 32})):
        status, answer = w.command(name, body)
        assert status == 200, (name, answer)
        kept = h.puppet.tell("kept")
        rest(h)
        before = log_size(h)
        for as_whom in (h.me, h.page.id):
            err, answer = h.puppet.replays({**kept, "client": as_whom})
            words = "challenge is unknown" if as_whom == h.me else "another client"
            assert err != 0 and words in answer["error"], (name, answer)
        assert log_size(h) == before, name


def test_a_question_that_it_hides_is_a_no(h):
    rules(h, "ask soon effect=system ttl=3s\n")
    note(h, "hidden")
    h.puppet.tell("lie", has='"approvals":[{', put='{"approvals":[]}', whole=True)
    p = h.console.start("ask", "delete the note hidden", "--json")
    assert "Nothing waits" in h.console.run("approvals").stdout
    out, _ = p.communicate(timeout=60)
    last = json.loads(out.splitlines()[-1])
    assert last["reached"] is False and "nobody answered in time" in last["reply"], last
    h.puppet.tell("honest")
    assert is_there(h, "hidden")
    assert h.console.run("policy", "rollback").returncode == 0


def test_what_it_holds_back_it_can_only_give_on_in_time(h):
    """It can refuse service and delay, also a halt, and say that it was done."""
    h.puppet.tell("hold", name="halt")
    assert h.console.run("halt").returncode == 0
    assert not h.console.json("doctor")["halted"]
    late = h.puppet.tell("kept")
    assert h.puppet.replays(late)[0] == 0
    assert h.console.json("doctor")["halted"]
    h.puppet.tell("honest")
    assert h.console.run("resume").returncode == 0
    assert h.puppet.replays(late)[0] != 0, "twice"


def test_what_it_holds_back_dies_with_the_start_of_the_house(h):
    h.puppet.tell("hold", name="ask")
    w = Wire(h, h.console)
    assert w.command("ask", {"goal": "save a note: late"})[0] == 200
    kept = h.puppet.tell("kept")
    h.stop()
    h.start_house()
    h.start_tools()
    h.wait_up()
    err, answer = h.puppet.replays(kept)
    assert err != 0 and "earlier start" in answer["error"], answer
    assert not is_there(h, "late")


def sheet_of(h, act):
    err, v = h.puppet.asks(h.me, "sheet", act=act)
    assert err == 0, v
    return v["sheet"]


def in_json(text):
    return json.dumps(text)[1:-1]


def test_what_a_person_signed_of_a_changed_question_is_worth_nothing(h):
    p, act = asked(h, "diary")
    true = sheet_of(h, act)
    args = [line for line in true.splitlines() if line.startswith("args ")][0][5:]
    false = args.replace("diary", "trash")
    for has, put in ((in_json(args), in_json(false)), (sha(args.encode()), sha(false.encode()))):
        h.puppet.tell("lie", has=has, put=put)
    r = h.console.run("approve", act, "--yes")
    assert "trash" in r.stdout and "diary" not in r.stdout.replace("trash", ""), r.stdout
    assert r.returncode == 4 and "does not match the sheet" in r.stderr, r.stderr
    ended(h, act, p)
    assert is_there(h, "diary")


def test_the_command_line_signs_no_other_question_than_it_was_told(h):
    p, act = asked(h, "letter")
    p2, act2 = asked(h, "photo")
    true, other = sheet_of(h, act), sheet_of(h, act2)
    h.puppet.tell("lie", has=in_json(true), put=in_json(other))
    r = h.console.run("approve", act, "--yes")
    assert r.returncode == 5 and "not about this act" in r.stderr, r.stdout + r.stderr
    h.puppet.tell("honest")
    h.puppet.tell("lie", has=in_json(true), put=in_json(other.replace(act2, act)))
    r = h.console.run("approve", act, "--yes")
    assert r.returncode == 4 and "does not match the sheet" in r.stderr, r.stdout + r.stderr
    ended(h, act, p)
    ended(h, act2, p2)
    assert is_there(h, "letter") and is_there(h, "photo")


def test_it_answers_no_question(h):
    p, act = asked(h, "will")
    p2, act2 = asked(h, "song")
    assert h.console.run("approve", act2, "--yes").returncode == 0
    p2.communicate(timeout=60)
    once = json.loads(h.puppet.tell("kept")["command"]["body"])["signature"]
    sheet = sheet_of(h, act)
    for signature in (once, sign(h.other, sheet.encode()), sign(h.page.key, sheet.encode())):
        body = {"act": act, "signature": signature}
        err, answer = h.puppet.forges(h.me, "approve", body, h.other)
        assert err != 0 and "does not match the command" in answer["error"], answer
        # Even of a page that has a command signed, with a sheet of another client.
        err, v = h.puppet.asks(h.page.id, "sheet", act=act)
        assert err == 0, v
        err, answer = h.puppet.forges(h.page.id, "approve", body, h.page.key)
        assert err != 0 and "does not match the sheet" in answer["error"], answer
    ended(h, act, p)
    assert is_there(h, "will")


def test_it_lets_nobody_in(h):
    def clients():
        return sorted(c["name"] for c in h.console.json("clients")["clients"])
    before = clients()
    mallory = Browser(h, "mallory")
    knock = {"key": mallory.point, "name": "mallory", "hmac": "0" * 64, "exporter": "0" * 64}

    def knocks(**more):
        body, _ = h.puppet.send("vault", "MSG_PAIR_REQUEST", {**knock, **more})
        assert body["status"] != 200, body
        return body["error"]
    window(h, "owner")
    for hmac in ("0" * 64, sha(b"guess"), "", "f" * 64):
        assert "the token is wrong" in knocks(hmac=hmac)
    err, answer = h.puppet.forges(h.me, "pair.confirm", {"client": mallory.id}, h.other)
    assert err != 0, answer
    assert "the token is wrong" in knocks()
    assert "too many wrong tries" in knocks(), "so it can refuse whoever comes"
    text = h.puppet.text(h.me, "session", "{}")
    for signature in (sign(h.other, text.encode()), "ES256:" + "0" * 128):
        body, _ = h.puppet.send("vault", "MSG_SESSION_WANTED", {"text": text, "signature": signature})
        assert "client" not in body and body["error"], body
    assert clients() == before


def checkpoint_of(h):
    err, v = h.puppet.asks(h.me, "checkpoint")
    assert err == 0, v
    return v


def size_of(v):
    return int(v["checkpoint"].split("size ")[1].split()[0])


def shows(h, v):
    """That checkpoint, whatever the house signs."""
    h.puppet.tell("honest")
    h.puppet.tell("lie", has='"checkpoint":"durward', put=json.dumps(v), whole=True)


def test_of_the_log_it_cannot_lie_to_who_kept_a_checkpoint(h):
    old = checkpoint_of(h)
    note(h, "one more")
    assert h.console.run("audit", "verify").returncode == 0
    shows(h, old)
    r = h.console.run("audit", "verify")
    assert r.returncode == 5 and "rolled back" in r.stderr, r.stdout + r.stderr
    h.puppet.tell("honest")
    now = checkpoint_of(h)
    shows(h, {**now, "checkpoint": now["checkpoint"].replace(
        f"size {size_of(now)}", f"size {size_of(now) + 9}")})
    r = h.console.run("audit", "verify")
    assert r.returncode == 5 and "not signed by the box" in r.stderr, r.stdout + r.stderr
    h.puppet.tell("honest")
    h.puppet.tell("lie", has="one more", put="one less")
    r = h.console.run("audit", "verify")
    assert r.returncode == 5 and "missing or altered" in r.stderr, r.stdout + r.stderr
    h.puppet.tell("honest")
    assert h.console.run("audit", "verify").returncode == 0


def test_a_head_that_it_holds_back_gets_no_yes(h):
    """It can show an old one that is not older than what the client kept; but
    the question names the log that it was asked under."""
    assert h.console.run("audit", "verify").returncode == 0
    frozen = checkpoint_of(h)
    p, act = asked(h, "frozen")
    shows(h, frozen)
    r = h.console.run("approve", act, "--yes")
    assert r.returncode == 5 and "nothing was signed" in r.stderr, r.stdout + r.stderr
    ended(h, act, p)
    assert is_there(h, "frozen")


def false_page(h, act):
    """A page that has the browser sign what it does not show: the browser's key
    signs whatever a script of its house says."""
    err, v = h.puppet.asks(h.page.id, "sheet", act=act)
    assert err == 0, v
    body = {"act": act, "signature": sign(h.page.key, v["sheet"].encode())}
    return h.puppet.forges(h.page.id, "approve", body, h.page.key)


def test_what_a_false_page_has_signed_counts_as_the_browsers(h):
    """This it can, while the page is open; so rules may want another key."""
    p, act = asked(h, "shown")
    assert false_page(h, act)[0] == 0
    p.communicate(timeout=60)
    assert not is_there(h, "shown")


def test_what_a_false_page_has_signed_answers_no_rule_for_the_command_line(h):
    rules(h, "ask cli effect=system key=cli\n")
    p, act = asked(h, "kept")
    err, answer = false_page(h, act)
    assert err != 0 and "no browser keeps" in answer["error"], answer
    for name in ("policy.activate", "policy.rollback", "grant.add", "secret.set", "pair.open"):
        err, answer = h.puppet.forges(h.page.id, name, {}, h.page.key)
        assert err != 0 and "command line" in answer["error"], (name, answer)
    ended(h, act, p)
    assert is_there(h, "kept")
    assert h.console.run("policy", "rollback").returncode == 0


def test_without_it_nothing_is_lost(h):
    """It is started anew, and is the one that the house has."""
    h.puppet.tell("hold", name="ask")
    os.kill(h.pids()["control"], signal.SIGKILL)

    def back():
        "the listener"
        return h.console.run("tool").returncode == 0
    wait_for(back)
    assert h.console.ask("list notes")[-1]["reached"]
