# SPDX-License-Identifier: Apache-2.0
"""A question that waits while a role dies: the run goes on, the question is
asked anew where it must be, and an old sheet is worth nothing."""

import json
import os
import signal
import time

from house import House, wait_for
from proposals import call
from wire import Wire, sign


def setup():
    return House().start()


def kill(h, role):
    before = h.wait_roles()
    os.kill(before[role], 9)

    def anew():
        "the restart"
        return h.pids().get(role, before[role]) != before[role]
    wait_for(anew)
    h.wait_up()


def ask_to_delete(h, name):
    assert h.console.ask(f"save a note: {name}")[-1]["reached"] is True
    return h.console.asked(f"delete the note {name}")


def waits_again(h, act):
    def there():
        "the question to be there again"
        return act in [a["act"] for a in h.console.json("approvals")["approvals"]]
    wait_for(there)


def ended(h, goal):
    """The state of the newest run of this goal, once it has one."""
    def over():
        "the end of the run"
        for r in h.console.json("runs")["runs"]:
            if r["goal"] == goal and r["state"] != "open":
                return r["state"]
    return wait_for(over)


def test_a_run_goes_on_when_the_mind_was_restarted(h):
    p, act = ask_to_delete(h, "mind")
    kill(h, "mind")
    assert h.console.run("approve", act, "--yes").returncode == 0
    out, err = p.communicate(timeout=60)
    assert p.returncode == 0, out + err
    assert out.count('"kind":"proposed"') == 1, "the restarted mind made a second act"


def test_a_step_that_was_refused_may_be_proposed_again_after_a_restart(_):
    # A restarted mind does so, when it ended before it heard of the refusal.
    with House(binary="probe-badmind", tools=("notes",)) as h:
        h.start()
        again = call("notes.delete", {"name": "x"}, 0)
        many = {k: v for k, v in again.items() if k != "step"} | {"times": 32}
        waiting = [h.console.start("ask", json.dumps(many), "--json") for _ in range(2)]

        def full():
            "as many open acts as there may be"
            return len(h.console.json("approvals")["approvals"]) == 64
        wait_for(full, 60, 0.1)
        goal = json.dumps(dict(again, then=again))
        p = h.console.start("ask", goal, "--json")
        wait_for(lambda: p.poll() is not None, 60, 0.1)
        entries = [json.loads(line) for line in p.communicate()[0].splitlines()]
        refused = [e["reason"] for e in entries if e["kind"] == "refused"]
        assert len(refused) == 2 and "acts are open already" in refused[1], entries
        for w in waiting:
            w.kill()
            w.wait()


def test_a_sheet_from_before_tools_were_restarted_is_worth_nothing(h):
    p, act = ask_to_delete(h, "tools")
    w = Wire(h, h.console)
    old = w.query("sheet?act=" + act)[1]["sheet"]
    kill(h, "tools")

    def renewed():
        "a new sheet"
        status, v = Wire(h, h.console).query("sheet?act=" + act)
        return status == 200 and v["sheet"] != old
    wait_for(renewed)
    status, v = Wire(h, h.console).command("approve", {
        "act": act, "signature": sign(h.console.folder + "/key.pem", old.encode())})
    assert status == 403 and "signature" in v["error"], v
    assert h.console.run("approve", act, "--yes").returncode == 0
    out, err = p.communicate(timeout=60)
    assert p.returncode == 0 and '"kind":"asked-again"' in out, out + err


def test_a_question_is_asked_anew_when_the_house_was_restarted(h):
    p, act = ask_to_delete(h, "house")
    kill(h, "core")
    p.communicate(timeout=60)
    waits_again(h, act)
    assert h.console.run("approve", act, "--yes").returncode == 0
    assert ended(h, "delete the note house") == "done"
    assert "no note named" in h.console.reply("read the note house")
    assert h.console.run("audit", "verify").returncode == 0


def start_beside(role):
    """A house that is started at once, while a role of the one whose parent was
    killed has not come to its end yet."""
    with House(tools=()) as h:
        h.start(tools=False)
        old = h.pids()[role]
        os.kill(old, signal.SIGSTOP)
        h.processes["house"].kill()
        h.processes.pop("house").wait()
        before = len(h.log())
        h.start_house()
        time.sleep(1.5)
        os.kill(old, signal.SIGCONT)
        h.wait_up(tools=False)
        said = h.log()[before:]
        assert "starting the whole house anew" not in said, said


def test_a_house_waits_for_the_ports_of_the_one_before(_):
    start_beside("control")


def test_a_house_waits_for_the_database_of_the_one_before(_):
    start_beside("core")
