# SPDX-License-Identifier: Apache-2.0
"""Policies as versions, layers, rates and budgets; what is judged again when
it is spent; grants that stand for a yes."""

import json
import os
import re

from house import HOUSE_USER, TOP, House, wait_for
from wire import Wire, sign

BASE = open(os.path.join(TOP, "config/policies/assist.policy")).read()


def setup():
    h = House().start()
    h.phone = h.pair("phone", "approver")
    return h


def policy(h, text, scope="box", client=None):
    path = h.path("new.policy")
    with open(path, "w") as f:
        f.write(text)
    return (client or h.console).run("policy", "activate", path, "--scope", scope)


def use(h, text, scope="box"):
    r = policy(h, text, scope)
    assert r.returncode == 0, r.stderr


def explain(h, *args):
    r = h.console.run("policy", "explain", *args)
    assert r.returncode == 0, r.stderr
    return r.stdout


def kinds(entries):
    return [e["kind"] for e in entries]


def note(h, name):
    assert h.console.ask(f"save a note: {name}")[-1]["reached"] is True


def ask_to_delete(h, name):
    note(h, name)
    return h.console.asked(f"delete the note {name}")


def finish(p):
    out, err = p.communicate(timeout=30)
    return [json.loads(line) for line in out.splitlines()]


def denied_at_spending(h, act, p, words):
    """A yes to what was shown, which is not carried out."""
    h.console.run("approve", act, "--yes")
    entries = finish(p)
    last = [e for e in entries if e["kind"] in ("denied", "done", "failed")][-1]
    assert last["kind"] == "denied" and words in last["result"], last
    assert "started" not in kinds(entries)


def test_a_policy_that_does_not_load_is_refused_with_its_line_and_word(h):
    before = h.console.run("policy", "show").stdout
    r = policy(h, "default deny\nallow reading effect=read\nask x colour=red\n")
    assert r.returncode != 0 and "line 3" in r.stderr and "'colour'" in r.stderr, r.stderr
    assert h.console.run("policy", "show").stdout == before
    w = Wire(h, h.console)
    status, answer = w.command("policy.activate", {"scope": "box", "text": "permit all"})
    assert status != 200 and "line 1" in answer["error"], answer


def test_a_line_that_can_match_nothing_known_is_warned_about(h):
    r = policy(h, BASE + "allow typo tool=note.save\nask far require=gate tool=notes.*\n")
    assert r.returncode == 0, r.stderr
    assert "'typo' matches nothing that is known: note.save" in r.stdout, r.stdout
    assert "'far' matches nothing that is known: gate" in r.stdout, r.stdout
    assert "'lasting'" not in r.stdout
    use(h, BASE)


def test_only_an_owner_activates_and_the_change_is_logged(h):
    r = policy(h, BASE, client=h.phone)
    assert r.returncode == 4 and "only an owner" in r.stderr, r.stderr
    use(h, BASE + "# changed\n")
    log = h.console.run("audit", "show").stdout
    assert re.search(r"policy-activated .*\"name\":\"console\".*\"scope\":\"box\"", log), log[-500:]


def test_versions_are_kept_and_rolled_back_to(h):
    use(h, BASE + "# one\n")
    use(h, BASE + "# two\n")
    first = h.console.run("policy", "show").stdout
    assert first.endswith("# two\n")
    r = h.console.run("policy", "rollback")
    assert r.returncode == 0, r.stderr
    assert h.console.run("policy", "show").stdout.endswith("# one\n")
    listed = h.console.json("policy")["policies"][0]
    assert listed["newest"] == listed["version"] + 1
    old = h.console.run("policy", "show", "--version", str(listed["newest"]))
    assert old.stdout.endswith("# two\n"), old.stdout + old.stderr
    assert h.console.run("policy", "rollback", "--version", "999").returncode != 0


def test_an_explanation_is_in_words(h):
    use(h, BASE)
    note(h, "explained")
    text = explain(h, "notes.delete", '{"name":"explained"}')
    assert "Before notes.delete, somebody would be asked" in text, text
    assert "of the box's rules says so" in text and "ask  lasting" in text.replace("ask    ", "ask  ")
    text = explain(h, "notes.list")
    assert "notes.list would be done without asking" in text, text


def test_a_layer_of_one_client_narrows_what_it_may(h):
    use(h, "allow reading effect=read\n", "client:phone")
    owner = h.pair("friend", "owner")
    use(h, "allow reading effect=read\n", "client:friend")
    entries = owner.ask("save a note: layered")
    assert "denied" in kinds(entries), entries
    denied = [e for e in entries if e["kind"] == "denied"][0]
    assert "client:default" in denied["result"], denied
    note(h, "layered")
    use(h, "default deny\nallow all tool=*\n", "client:friend")
    assert owner.ask("save a note: layered2")[-1]["reached"] is True


def test_a_rate_holds_over_a_restart_of_the_house(h):
    use(h, BASE.replace("undoable   effect=reversible rate=600/hour",
                        "seldom     effect=reversible rate=2/hour"))
    note(h, "first")
    note(h, "second")
    assert "denied" in kinds(h.console.ask("save a note: third"))
    kill_core(h)
    assert "denied" in kinds(h.console.ask("save a note: fourth"))
    use(h, BASE)
    note(h, "fifth")


def test_a_budget_holds_over_a_restart_and_asks_when_it_is_used_up(h):
    use(h, BASE + "budget small risk=2/day tool=notes.save over=ask\n")
    note(h, "b1")
    note(h, "b2")
    kill_core(h)
    p, act = h.console.asked("save a note: b3")
    sheet = Wire(h, h.console).query("sheet?act=" + act)[1]["sheet"]
    assert "\nrule box:small\n" in sheet, sheet
    assert h.console.run("approve", act, "--yes").returncode == 0
    assert finish(p)[-1]["reached"] is True
    use(h, BASE)


def test_what_never_began_gives_its_budget_back(h):
    use(h, BASE + "budget once risk=10/day tool=notes.delete over=deny\n")
    for i in range(3):
        p, act = ask_to_delete(h, f"back{i}")
        assert h.console.run("deny", act).returncode == 0
        finish(p)
    p, act = ask_to_delete(h, "last")
    assert h.console.run("approve", act, "--yes").returncode == 0
    assert finish(p)[-1]["reached"] is True
    assert "denied" in kinds(h.console.ask("delete the note back0"))
    use(h, BASE)


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


# ---- Judged again at spending ----


def test_a_policy_that_denies_by_then_stops_an_approved_act(h):
    p, act = ask_to_delete(h, "policy1")
    use(h, BASE + "deny never tool=notes.delete\n")
    denied_at_spending(h, act, p, "box:never denies it now")
    use(h, BASE)


def test_a_policy_that_asks_something_else_by_then_stops_an_approved_act(h):
    p, act = ask_to_delete(h, "policy2")
    use(h, BASE + "ask strict tool=notes.delete keys=2\n")
    denied_at_spending(h, act, p, "another question")
    use(h, BASE)


def test_a_budget_that_was_used_up_by_then_stops_an_approved_act(h):
    use(h, BASE + "budget tight risk=15/day tool=notes.delete over=deny\n")
    p1, act1 = ask_to_delete(h, "budget1")
    p2, act2 = ask_to_delete(h, "budget2")
    assert h.console.run("approve", act1, "--yes").returncode == 0
    finish(p1)
    denied_at_spending(h, act2, p2, "box:tight denies it now")
    use(h, BASE)


def test_a_tool_that_was_replaced_by_then_is_asked_about_anew(h):
    p, act = ask_to_delete(h, "manifest")
    w = Wire(h, h.console)
    old = w.query("sheet?act=" + act)[1]["sheet"]
    path = os.path.join(TOP, "build/containers/notes/tool.json")
    changed = json.load(open(path))
    changed["version"] = "2"
    with open(h.path("tool.json"), "w") as f:
        json.dump(changed, f)
    assert h.console.run("tool", "add", h.path("tool.json")).returncode == 0
    status, answer = w.command("approve", {"act": act, "signature": sign(
        os.path.join(h.console.folder, "key.pem"), old.encode())})
    assert status != 200, answer
    assert h.console.run("approve", act, "--yes").returncode == 0
    assert finish(p)[-1]["reached"] is True
    h.add_tool("notes")


def test_a_client_that_was_revoked_by_then_has_said_nothing(h):
    use(h, BASE + "ask both tool=notes.delete keys=2\n")
    spare = h.pair("spare", "approver")
    p, act = ask_to_delete(h, "revoked")
    assert spare.run("approve", act, "--yes").returncode == 0
    assert h.console.run("clients", "revoke", "spare").returncode == 0
    assert h.console.run("approve", act, "--yes").returncode == 0
    waiting = [a for a in h.console.json("approvals")["approvals"] if a["act"] == act]
    assert waiting and waiting[0]["given"] == 1, waiting
    h.phone.run("approve", act, "--yes")
    assert finish(p)[-1]["reached"] is True
    use(h, BASE)


# ---- What is shown is what is signed ----


def test_letters_that_deceive_are_shown_as_what_they_are(h):
    name = "p\u0430y \u202egpj.exe"
    p, act = ask_to_delete(h, name)
    sheet = Wire(h, h.console).query("sheet?act=" + act)[1]["sheet"]
    assert "p\\u0430y \\u202egpj.exe" in sheet, sheet
    shown = h.console.run("approve", act)
    assert "\\u0430" in shown.stdout and "\u202e" not in shown.stdout
    assert h.console.run("approve", act, "--yes").returncode == 0
    assert finish(p)[-1]["reached"] is True, "the tool was not sent the same characters"


def test_long_arguments_are_shown_whole_and_marked(h):
    use(h, BASE + "ask all tool=notes.save\n")
    text = "x" * 3000 + " and also delete everything"
    p, act = h.console.asked(f"save a note: {text}")
    shown = h.console.run("approve", act).stdout
    assert "and also delete everything" in shown
    assert re.search(r"\^ this line has 3\d\d\d characters; read all of it", shown), shown[-300:]
    assert h.console.run("deny", act).returncode == 0
    finish(p)
    use(h, BASE)


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


def test_a_grant_answers_no_deny_and_no_rule_of_two_keys(h):
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


def test_only_an_owner_grants(h):
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
