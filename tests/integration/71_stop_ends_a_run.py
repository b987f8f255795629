# SPDX-License-Identifier: Apache-2.0
"""`durward stop` wherever a run is: it ends at once, says that it was stopped,
and nothing of it begins behind that."""

import contextlib
import os
import threading
import time

import frozen
import logbook
from house import wait_for
from rules import ask_to_delete, finish, kinds, note
from thinking import Thinking

OVER = ("denied", "done", "failed", "unknown")
SILENT = {"stall": "before", "text": ["x"]}


def setup():
    return Thinking("ollama")


def run_of(h, goal):
    def there():
        "the run"
        return [r["run"] for r in h.console.json("runs")["runs"] if r["goal"] == goal]
    return wait_for(there)[0]


def entries_of(h, run):
    return [e for e in logbook.entries(h) if e.get("run") == run]


def is_at(h, run, *kinds):
    """Does this stand last in the log of the run?"""
    def there():
        last = entries_of(h, run)
        return last and last[-1]["kind"] in kinds
    there.__doc__ = f"the run to be at {kinds}"
    wait_for(there)


# ---- Where a run can be: each is there when its `with` begins ----

@contextlib.contextmanager
def a_model_is_silent(t, goal):
    t.say(SILENT)
    before = len(t.server.requests)
    p = t.house.console.start("ask", goal, "--json")
    wait_for(lambda: len(t.server.requests) > before)
    yield p


@contextlib.contextmanager
def away(h, role):
    """Dead, and not yet started again."""
    pid = h.wait_roles()[role]
    with frozen.role(h, "parent"):
        os.kill(pid, 9)
        yield
    h.wait_roles()


@contextlib.contextmanager
def the_mind_is_being_restarted(t, goal):
    with a_model_is_silent(t, goal) as p:
        with away(t.house, "mind"):
            yield p


@contextlib.contextmanager
def the_mind_hangs(t, goal):
    with a_model_is_silent(t, goal) as p:
        with frozen.role(t.house, "mind"):
            yield p


@contextlib.contextmanager
def a_question_is_open(t, goal):
    p, _ = t.house.console.asked(goal)
    yield p


@contextlib.contextmanager
def a_container_starts(t, goal):
    h = t.house
    h.podman("rm", "-f", "-t0", "-a")
    with frozen.role(h, "runner"):
        p = h.console.start("ask", goal, "--json")
        is_at(h, run_of(h, goal), "allowed")
        yield p


@contextlib.contextmanager
def egress_hangs(t, goal):
    t.say({"text": ["Nobody stopped me."], "repeat": True})
    with frozen.role(t.house, "egress"):
        p = t.house.console.start("ask", goal, "--json")
        is_at(t.house, run_of(t.house, goal), "started")
        yield p


@contextlib.contextmanager
def egress_is_being_restarted(t, goal):
    with a_model_is_silent(t, goal) as p:
        with away(t.house, "egress"):
            yield p


PLACES = (
    # Where the run is, its goal, and what of it there may be in the end.
    (a_model_is_silent, "think of nothing", ("failed",)),
    (the_mind_is_being_restarted, "think, and die", ("failed",)),
    (the_mind_hangs, "think, and freeze", ("failed",)),
    (a_question_is_open, "delete the note precious", ("denied",)),
    (a_container_starts, "save a note: begun", ("denied",)),
    (egress_hangs, "ask nobody", ("failed",)),
    (egress_is_being_restarted, "ask nobody any more", ("failed",)),
)


def stopped_there(t, place, goal, ends):
    h = t.house
    with place(t, goal) as p:
        run = run_of(h, goal)
        begun = time.monotonic()
        r = h.console.run("stop", run)
        assert r.returncode == 0, (place.__name__, r.stderr)
        out, err = p.communicate(timeout=60)
        took = time.monotonic() - begun
        assert took < 8, (place.__name__, took)
        assert "I was told to stop." in out, (place.__name__, out, err)
    h.wait_up()

    def all_over():
        "each act of the run to have an end"
        acts = {e["act"] for e in entries_of(h, run) if "act" in e}
        return acts == {e["act"] for e in entries_of(h, run) if e["kind"] in OVER}
    wait_for(all_over)
    time.sleep(0.3)  # For what would still begin.
    said = entries_of(h, run)
    over = kinds(said).index("run-done")
    assert {e["kind"] for e in said if e["kind"] in OVER} == set(ends), (place.__name__, said)
    late = [e["kind"] for e in said[over:] if e["kind"] in ("proposed", "intent", "started")]
    assert not late, (place.__name__, late)
    told = [e["result"] for e in said[over:] if e["kind"] in OVER]
    assert all("stopped by console" in w for w in told), (place.__name__, told)


def test_wherever_a_run_is_a_stop_ends_it_at_once_and_nothing_begins_behind_it(t):
    h = t.house
    note(h, "precious")
    for place, goal, ends in PLACES:
        stopped_there(t, place, goal, ends)
    assert "Nobody stopped me." not in str(logbook.entries(h))
    t.say({"text": ["Here."], "repeat": True})
    assert h.console.reply("are you there?") == "Here."
    notes = h.console.reply("list notes")
    assert "precious" in notes and "begun" not in notes, notes


def test_what_is_stopped_while_its_intent_is_written_never_begins(t):
    """A yes that stands, a model that uses it, and a disk that does not come
    to its end meanwhile."""
    h = t.house
    p, act = ask_to_delete(h, "kept")
    r = h.console.run("approve", act, "--yes", "--always")
    assert r.returncode == 0, r.stderr
    finish(p)
    note(h, "kept")
    goal = "please take the note away"
    delete = {"name": "notes__delete", "arguments": {"name": "kept"}}
    held = threading.Event()

    def say(_):
        held.wait(60)
        return {"calls": [delete]}
    t.say(say)
    before = len(t.server.chats)
    p = h.console.start("ask", goal, "--json")
    run = run_of(h, goal)
    is_at(h, run, "started")
    wait_for(lambda: len(t.server.chats) > before)
    with frozen.disk(h):
        held.set()
        wait_for(lambda: t.server.chats[before].done_at)
        time.sleep(6)  # The model has said it, and its act waits for the disk.
        r = h.console.run("stop", run)
        assert r.returncode == 0, r.stderr
    out, err = p.communicate(timeout=60)
    assert "I was told to stop." in out, out + err

    act = [e["act"] for e in entries_of(h, run) if e.get("tool") == "notes.delete"][0]

    def over():
        "the end of the act"
        return [e for e in entries_of(h, run) if e.get("act") == act and e["kind"] in OVER]
    end = wait_for(over)[-1]
    said = kinds(e for e in entries_of(h, run) if e.get("act") == act)
    assert "intent" in said, f"it did not come so far: {said}"
    assert "started" not in said and end["kind"] == "failed", said
    assert "stopped by console" in end["result"], end
    assert "kept" in h.console.reply("list notes"), "it was done all the same"
