# SPDX-License-Identifier: Apache-2.0
"""Yeses of two clients, yeses that were lent, and yeses that stand."""

import os

import time

from house import TOP, House
from rules import BASE, ask_to_delete, finish, kill_core, kinds, note, use
from wire import Wire, sign


def setup():
    h = House().start()
    h.phone = h.pair("phone", "approver")
    return h


# ---- Two keys ----


def test_two_keys_are_two_different_clients(h):
    use(h, BASE + "ask both tool=notes.delete keys=2\n")
    p, act = ask_to_delete(h, "two")
    assert h.console.run("approve", act, "--yes").returncode == 0
    assert p.poll() is None
    r = h.console.run("approve", act, "--yes")
    assert r.returncode != 0 and "another one must say it too" in r.stderr, r.stderr
    assert h.phone.run("approve", act, "--yes").returncode == 0
    entries = finish(p)
    assert entries[-1]["reached"] is True
    assert kinds(entries).count("yes") == 1 and kinds(entries).count("approved") == 1
    use(h, BASE)


def test_one_no_ends_what_two_must_say_yes_to(h):
    use(h, BASE + "ask both tool=notes.delete keys=2\n")
    p, act = ask_to_delete(h, "oneno")
    assert h.console.run("approve", act, "--yes").returncode == 0
    assert h.phone.run("deny", act, "not", "today").returncode == 0
    last = [e for e in finish(p) if e["kind"] == "denied"][0]
    assert "phone said no: not today" in last["result"], last
    use(h, BASE)


def test_however_many_look_on_who_may_answer_can(h):
    """Each page that is open fetches a sheet; only so many are kept, and each that was signed."""
    use(h, BASE + "ask both tool=notes.delete keys=2\n")
    p, act = ask_to_delete(h, "looked-at")
    assert h.phone.run("approve", act, "--yes").returncode == 0
    for i in range(9):
        w = Wire(h, h.pair(f"looks-{i}"))
        assert w.query("sheet?act=" + act)[0] == 200, i
        w.close()
    assert h.console.run("approve", act, "--yes").returncode == 0
    assert finish(p)[-1]["reached"] is True
    use(h, BASE)


def test_a_viewer_answers_what_was_lent_to_it_and_nothing_else(h):
    use(h, BASE)
    guest = h.pair("guest", "viewer")
    p, act = ask_to_delete(h, "lent")
    assert guest.run("approve", act, "--yes").returncode == 4
    assert h.phone.run("clients", "lend", "guest", "notes.*").returncode == 4
    assert h.console.run("clients", "lend", "guest", "mail.*").returncode == 0
    assert guest.run("approve", act, "--yes").returncode == 4
    assert h.console.run("clients", "lend", "guest", "notes.*", "--hours", "1").returncode == 0
    assert guest.run("approve", act, "--yes").returncode == 0
    assert finish(p)[-1]["reached"] is True
    assert h.console.run("clients", "lend", "guest", "none").returncode == 0
    p, act = ask_to_delete(h, "ended")
    assert guest.run("deny", act).returncode == 4
    assert h.console.run("deny", act).returncode == 0
    finish(p)


# ---- Grants ----


def grants(h):
    return h.console.json("grants")["grants"]


def test_always_like_this_stands_for_exactly_these_arguments(h):
    use(h, BASE)
    p, act = ask_to_delete(h, "always")
    r = h.console.run("approve", act, "--yes", "--always", "--uses", "2", "--days", "1")
    assert r.returncode == 0 and "without asking" in r.stdout, r.stdout + r.stderr
    assert finish(p)[-1]["reached"] is True
    assert len(grants(h)) == 1 and grants(h)[0]["uses"] == 0
    note(h, "always")
    entries = h.console.ask("delete the note always")
    assert entries[-1]["reached"] is True and "asked" not in kinds(entries), kinds(entries)
    assert grants(h)[0]["uses"] == 1
    p, act = ask_to_delete(h, "other")
    assert h.console.run("deny", act).returncode == 0
    finish(p)
    note(h, "always")
    assert h.console.ask("delete the note always")[-1]["reached"] is True
    p, act = ask_to_delete(h, "always")
    assert h.console.run("deny", act).returncode == 0, "its uses were used up"
    finish(p)


def granted(h, *options):
    """A grant for deleting notes that begin with g-."""
    p, act = ask_to_delete(h, "g-first")
    r = h.console.run("approve", act, "--yes", "--always", "--args", "arg.name=g-*", *options)
    assert r.returncode == 0, r.stderr
    finish(p)


def test_a_grant_that_was_widened_by_hand_holds_over_a_restart_until_taken_back(h):
    use(h, BASE)
    granted(h)
    kill_core(h)
    note(h, "g-second")
    entries = h.console.ask("delete the note g-second")
    assert "asked" not in kinds(entries) and entries[-1]["reached"] is True, kinds(entries)
    grant = grants(h)[-1]["id"]
    assert h.console.run("grants", "revoke", grant[:8]).returncode == 0
    assert grant not in [g["id"] for g in grants(h)]
    p, act = ask_to_delete(h, "g-third")
    assert h.console.run("deny", act).returncode == 0
    finish(p)


def test_the_uses_of_a_grant_are_counted_over_a_restart(h):
    use(h, BASE)
    granted(h, "--uses", "1")
    note(h, "g-once")
    assert "asked" not in kinds(h.console.ask("delete the note g-once"))
    kill_core(h)
    p, act = ask_to_delete(h, "g-twice")
    assert h.console.run("deny", act).returncode == 0
    finish(p)


def test_a_grant_answers_no_deny_and_no_rule_of_two_keys(h):
    use(h, BASE)
    granted(h)
    use(h, BASE + "deny never tool=notes.delete\n")
    note(h, "g-deny")
    assert "denied" in kinds(h.console.ask("delete the note g-deny"))
    use(h, BASE.replace("ask    lasting    effect=system",
                        "ask    lasting    effect=system keys=2"))
    p, act = ask_to_delete(h, "g-two")
    assert h.console.run("deny", act).returncode == 0
    finish(p)
    use(h, BASE)
    h.console.run("grants", "revoke", grants(h)[-1]["id"])


def given(h, act):
    """How many yeses the question has that waits; None when none does."""
    found = [a["given"] for a in h.console.json("approvals")["approvals"] if a["act"] == act]
    return found[0] if found else None


def yes_with_grant(h, act, grant=None):
    """Both as a client would sign them; a grant is sent as it was before."""
    key = os.path.join(h.console.folder, "key.pem")
    w = Wire(h, h.console)
    sheet = w.query("sheet?act=" + act)[1]["sheet"]
    s = dict(line.split(" ", 1) for line in sheet.splitlines()[1:])
    now_ms = int(time.time() * 1000)
    grant = grant or "durward-grant/1\n" + "".join(f"{k} {v}\n" for k, v in (
        ("box", s["box"]), ("client", s["client"]), ("id", os.urandom(16).hex()),
        ("rule", s["rule"]), ("tool", s["tool"]), ("effect", s["effect"]),
        ("manifest", s["manifest"]), ("args", "words arg.name=never-*"), ("hours", "any"),
        ("uses", 5), ("issued", now_ms), ("until", now_ms + 3600 * 1000)))
    status, v = w.command("approve", {
        "act": act, "signature": sign(key, sheet.encode()), "grant": grant,
        "grant_signature": sign(key, grant.encode())})
    return status, v, grant


def test_a_grant_that_was_taken_up_before_is_refused_before_the_yes(h):
    use(h, BASE)
    p, act = ask_to_delete(h, "taken-up")
    status, v, grant = yes_with_grant(h, act)
    assert status == 200, v
    assert finish(p)[-1]["reached"] is True
    p, act = ask_to_delete(h, "taken-up-again")
    status, v, _ = yes_with_grant(h, act, grant)
    assert status != 200 and "taken up before" in v["error"], (status, v)
    assert given(h, act) == 0, "the yes counted without its grant"
    assert h.console.run("deny", act).returncode == 0
    finish(p)


def test_a_grant_that_answers_one_of_two_rules_is_refused_before_the_yes(h):
    use(h, BASE + "ask also tool=notes.delete\n")
    p, act = ask_to_delete(h, "two-rules")
    r = h.console.run("approve", act, "--yes", "--always")
    assert r.returncode == 4 and "the one rule" in r.stderr, r.stdout + r.stderr
    assert given(h, act) == 0, "the yes counted without its grant"
    assert h.console.run("deny", act).returncode == 0
    finish(p)
    use(h, BASE)


def test_only_an_owner_grants(h):
    use(h, BASE)
    p, act = ask_to_delete(h, "notowner")
    r = h.phone.run("approve", act, "--yes", "--always")
    assert r.returncode == 4 and "no owner" in r.stderr, r.stderr
    assert h.console.run("deny", act).returncode == 0
    finish(p)


def test_a_question_that_a_rule_of_effect_read_asks_can_be_answered(h):
    use(h, open(os.path.join(TOP, "config/policies/suggest.policy")).read() +
        "ask status tool=house.status\n")
    p, act = h.console.asked("status")
    assert h.console.run("approve", act, "--yes").returncode == 0
    assert finish(p)[-1]["reached"] is True
    use(h, BASE)
