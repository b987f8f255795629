# SPDX-License-Identifier: Apache-2.0
"""What a run has seen stays with it: labels of what came out of its acts
decide about the next ones."""

import json

from house import House
from proposals import acts, call
from rules import LABELS, use


def setup():
    h = House(binary="probe-badmind", tools=("echo", "notes")).start()
    use(h, LABELS)
    return h


def test_one_label_alone_closes_nothing(h):
    goal = call("notes.list", {}, 0, then=call("notes.save", {"text": "x"}, 1))
    assert acts(h.console.ask(json.dumps(goal))) == {"notes.list": "done", "notes.save": "done"}


def test_labels_of_two_acts_together_close_the_way_out(h):
    last = call("notes.save", {"text": "leaked"}, 2)
    goal = call("echo.echo", {"text": "x"}, 0, then=call("notes.list", {}, 1, then=last))
    entries = h.console.ask(json.dumps(goal))
    assert acts(entries) == {"echo.echo": "done", "notes.list": "done", "notes.save": "denied"}
    denied = [e for e in entries if e["kind"] == "denied"][0]
    assert "box:leak denies it" in denied["result"], denied


def test_another_run_begins_without_labels(h):
    assert acts(h.console.ask(json.dumps(call("notes.save", {"text": "y"}, 0)))) == {
        "notes.save": "done"}


def test_an_explanation_takes_labels(h):
    text = h.console.run("policy", "explain", "notes.save", '{"text":"x"}',
                         "--labels", "private,untrusted")
    assert "notes.save would be refused" in text.stdout and "'leak'" not in text.stdout, text
    text = h.console.run("policy", "explain", "notes.save", '{"text":"x"}', "--labels", "private")
    assert "would be done without asking" in text.stdout, text.stdout
