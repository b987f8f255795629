# SPDX-License-Identifier: Apache-2.0
"""What a run has seen stays with it: labels of what came out of its acts
decide about the next ones, and about one that waits for a yes."""

import json

from house import House


def setup():
    h = House(binary="probe-badmind", tools=("echo", "notes")).start()
    with open(h.path("p"), "w") as f:
        f.write("allow reading effect=read\n"
                "allow undoable effect=reversible\n"
                "ask   lasting effect=system\n"
                "label notes tool=notes.list adds=private\n"
                "label echo  tool=echo.echo adds=untrusted\n"
                "sink  out   tool=notes.save adds=external\n"
                "deny  leak  labels=private+untrusted sink=external\n")
    assert h.console.run("policy", "activate", h.path("p")).returncode == 0
    return h


def call(tool, args, step, also=None):
    origins = ",".join(f"{name}:model" for name in sorted(args)) or "none"
    v = {"tool": tool, "args": json.dumps(args, separators=(",", ":"), sort_keys=True),
         "step": step, "origins": origins}
    if also:
        v["also"] = also
    return v


def acts(entries):
    """What became of each act, by its tool."""
    tools = {e["act"]: e["tool"] for e in entries if e["kind"] == "proposed"}
    ends = {"done", "denied", "failed"}
    return {tools[e["act"]]: e["kind"] for e in entries if e["kind"] in ends}


def test_labels_of_one_act_decide_about_the_next_one(h):
    goal = call("notes.list", {}, 0, call("notes.save", {"text": "x"}, 1))
    assert acts(h.console.ask(json.dumps(goal))) == {"notes.list": "done", "notes.save": "done"}


def test_labels_of_two_acts_together_close_the_way_out(h):
    # The listing and the echo are done before the goal that asks to save.
    text = h.console.run("policy", "explain", "notes.save", '{"text":"x"}',
                         "--labels", "private,untrusted")
    assert "notes.save would be refused" in text.stdout and "'leak'" not in text.stdout, text
    text = h.console.run("policy", "explain", "notes.save", '{"text":"x"}', "--labels", "private")
    assert "would be done without asking" in text.stdout, text.stdout


def test_a_label_that_came_while_it_waited_stops_an_approved_act(h):
    h.console.ask(json.dumps(call("notes.save", {"text": "doomed"}, 0)))
    goal = call("notes.delete", {"name": "doomed"}, 0, call("notes.list", {}, 1))
    p, act = h.console.asked(json.dumps(goal))
    assert h.console.run("approve", act, "--yes").returncode == 0
    entries = [json.loads(line) for line in p.communicate(timeout=30)[0].splitlines()]
    assert acts(entries) == {"notes.delete": "denied", "notes.list": "done"}, entries
    denied = [e for e in entries if e["kind"] == "denied"][0]
    assert "another question" in denied["result"], denied
