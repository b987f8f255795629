# SPDX-License-Identifier: Apache-2.0
"""Policies as versions, layers, rates and budgets."""

import re
import time

from house import House
from rules import (BASE, ask_to_delete, denied_at_spending, finish, kill_core, kinds, note,
                   policy, use)
from wire import Wire


def setup():
    h = House().start()
    h.phone = h.pair("phone", "approver")
    return h


def explain(h, *args):
    r = h.console.run("policy", "explain", *args)
    assert r.returncode == 0, r.stderr
    return r.stdout


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
    assert "client:friend:default" in denied["result"], denied
    note(h, "layered")
    use(h, "default deny\nallow all tool=*\n", "client:friend")
    assert owner.ask("save a note: layered2")[-1]["reached"] is True


def hours(begin, end):
    """From so many minutes after now to so many."""
    return "-".join(time.strftime("%H:%M", time.localtime(time.time() + 60 * m))
                    for m in (begin, end))


def test_hours_of_a_rule_are_hours_of_the_clock(h):
    use(h, BASE + f"deny now tool=notes.save hours={hours(-60, 60)}\n")
    denied = [e for e in h.console.ask("save a note: now") if e["kind"] == "denied"]
    assert denied and "box:now denies it" in denied[0]["result"], denied
    use(h, BASE + f"deny then tool=notes.save hours={hours(60, -60)}\n")
    note(h, "then")
    use(h, BASE)


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


def test_a_budget_that_was_used_up_by_then_stops_an_approved_act(h):
    use(h, BASE + "budget tight risk=15/day tool=notes.delete over=deny\n")
    p1, act1 = ask_to_delete(h, "budget1")
    p2, act2 = ask_to_delete(h, "budget2")
    assert h.console.run("approve", act1, "--yes").returncode == 0
    finish(p1)
    denied_at_spending(h, act2, p2, "box:tight denies it now")
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


def test_the_rules_are_not_explained_to_programs(h):
    program = h.pair("explained-to", "program")
    r = program.run("policy", "explain", "notes.list")
    assert r.returncode == 4 and "not told to programs" in r.stderr, r.stderr
