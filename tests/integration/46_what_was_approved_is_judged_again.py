# SPDX-License-Identifier: Apache-2.0
"""Between a yes and the act rules, tools, clients and labels may change: what
was approved is judged again when it is spent."""

import json
import os

from house import TOP, House, wait_for
from proposals import acts, call
from rules import BASE, LABELS, ask_to_delete, denied_at_spending, finish, kill_core, use
from wire import Wire, sign


def setup():
    h = House().start()
    h.phone = h.pair("phone", "approver")
    return h


def test_a_policy_that_denies_by_then_stops_an_approved_act(h):
    use(h, BASE)
    p, act = ask_to_delete(h, "policy1")
    use(h, BASE + "deny never tool=notes.delete\n")
    denied_at_spending(h, act, p, "box:never denies it now")
    use(h, BASE)


def test_a_policy_that_asks_something_else_by_then_stops_an_approved_act(h):
    use(h, BASE)
    p, act = ask_to_delete(h, "policy2")
    use(h, BASE + "ask strict tool=notes.delete keys=2\n")
    denied_at_spending(h, act, p, "another question")
    use(h, BASE)


def test_what_is_asked_anew_names_the_rule_that_asks_by_then(h):
    use(h, BASE)
    p, act = ask_to_delete(h, "anew")
    use(h, BASE.replace("lasting ", "enduring "))
    kill_core(h)
    p.communicate(timeout=60)
    wait_for(lambda: act in [a["act"] for a in h.console.json("approvals")["approvals"]])
    sheet = Wire(h, h.console).query("sheet?act=" + act)[1]["sheet"]
    assert "\nrule box:enduring\n" in sheet, sheet
    assert h.console.run("approve", act, "--yes").returncode == 0

    def gone():
        "the note to be gone"
        return "no note named" in h.console.reply("read the note anew")
    wait_for(gone)
    use(h, BASE)


def test_a_tool_that_was_replaced_by_then_is_asked_about_anew(h):
    use(h, BASE)
    p, act = ask_to_delete(h, "manifest")
    w = Wire(h, h.console)
    old = w.query("sheet?act=" + act)[1]["sheet"]
    path = os.path.join(TOP, "build/containers/notes/tool.json")
    changed = json.load(open(path))
    changed["version"] = "2"
    with open(h.path("tool.json"), "w") as f:
        json.dump(changed, f)
    assert h.console.run("tool", "add", h.path("tool.json"), "--yes").returncode == 0
    status, answer = w.command("approve", {"act": act, "signature": sign(
        os.path.join(h.console.folder, "key.pem"), old.encode())})
    assert status != 200, answer
    assert h.console.run("approve", act, "--yes").returncode == 0
    assert finish(p)[-1]["reached"] is True
    h.add_tool("notes")


def test_what_a_revoked_client_wished_is_denied_at_once(h):
    use(h, BASE)
    assert h.console.ask("save a note: heir")[-1]["reached"] is True
    first = h.pair("tablet", "approver")
    p, act = first.asked("delete the note heir")
    assert h.console.run("clients", "revoke", "tablet").returncode == 0
    p.communicate(timeout=60)
    assert act not in h.console.run("approvals", "--json").stdout
    r = h.console.run("approve", act, "--yes")
    assert r.returncode != 0, r.stdout
    entries = [json.loads(e) for e in h.console.run("audit", "show", "--json").stdout.splitlines()]
    ends = [e for e in entries if e.get("act") == act and e["kind"] == "denied"]
    assert ends and "paired no more" in ends[0]["result"], ends


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


def test_a_label_that_came_while_it_waited_stops_an_approved_act(_):
    with House(binary="probe-badmind", tools=("notes",)) as h:
        h.start()
        use(h, LABELS)
        h.console.ask(json.dumps(call("notes.save", {"text": "doomed"}, 0)))
        goal = call("notes.delete", {"name": "doomed"}, 0, call("notes.list", {}, 1))
        p, act = h.console.asked(json.dumps(goal))
        assert h.console.run("approve", act, "--yes").returncode == 0
        entries = [json.loads(line) for line in p.communicate(timeout=60)[0].splitlines()]
        assert acts(entries) == {"notes.delete": "denied", "notes.list": "done"}, entries
        denied = [e for e in entries if e["kind"] == "denied"][0]
        assert "another question" in denied["result"], denied
