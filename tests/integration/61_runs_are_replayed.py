# SPDX-License-Identifier: Apache-2.0
"""Replays: a run does again what it did, from what was recorded of it, and the
log says whether that is so; a fork goes on from one of its steps."""

import json
import os
import signal
import sqlite3
import time

from house import House, wait_for
from model_faults import FAULTS
from models import ModelServer
from proposals import call
from rules import use
from thinking import DIALECTS, Thinking, acts_of, calls, provider
from wire import Wire

POLICY = """default deny
label   own  tool=memory.search adds=private
allow   reading   effect=read
allow   undoable  effect=reversible rate=600/hour
"""
TWO_CALLS = calls("buy milk", "buy bread")


def replay(who, run, *more):
    return who.run("replay", run, *more)


def steps_of_replay(who, run):
    """What a replay does, and how it ends, as programs read it."""
    r = who.run("replay", run, "--json")
    rows = [json.loads(x) for x in r.stdout.splitlines()]
    return r.returncode, rows[:-1], rows[-1]


def test_a_replay_reaches_the_same_digest_in_each_dialect():
    for dialect in DIALECTS:
        t = Thinking(dialect)
        try:
            entries, _ = t.ask("note what to buy", TWO_CALLS, {"text": "Both are saved."})
            before = len(t.server.requests)
            code, steps, end = steps_of_replay(t.house.console, entries[0]["run"])
            assert code == 0 and end["same"] is True, end
            assert end["sha256"] == entries[-1]["replay_sha256"], entries[-1]
            assert [s["name"] for s in steps] == [
                "recall", "think", "propose", "propose", "observe", "observe", "reflect", "think",
                "reply"], steps
            assert len(steps) == entries[-1]["steps"] + 1, "and the reply"
            assert len(t.server.requests) == before, "nobody was asked"
            assert t.notes().count("milk") == 1, "nothing was done"
            r = replay(t.house.console, entries[0]["run"][:12])
            assert r.returncode == 0 and "same digest" in r.stdout, r.stdout
            assert "  2  propose  notes.save" in r.stdout, r.stdout
        finally:
            t.close()


def database(t):
    return t.house.path("state", "core", "durward.db")


def test_a_goal_of_the_rules_and_one_that_was_stopped_are_replayed():
    t = Thinking("ollama")
    try:
        entries = t.house.console.ask("list notes")
        code, steps, end = steps_of_replay(t.house.console, entries[0]["run"])
        assert code == 0 and [s["name"] for s in steps] == [
            "think", "propose", "observe", "reply"], (steps, end)
        t.say({"stall": "before", "text": ["x"]})
        p = t.house.console.start("ask", "wait for ever", "--json")
        t.server.wait(1, done=False)
        run = t.house.console.json("runs")["runs"][0]["run"]
        r = replay(t.house.console, run)
        assert r.returncode == 1 and "under way" in r.stderr, r.stderr
        assert t.house.console.run("stop", run).returncode == 0
        p.communicate(timeout=60)
        r = replay(t.house.console, run)
        assert r.returncode == 0 and "where the house ended it" in r.stdout, r.stdout
    finally:
        t.close()


def test_failures_of_models_are_replayed_as_they_were():
    t = Thinking("openai")
    try:
        for script in ([{"status": 401, "message": "no such key"}],
                       [{"text": ["Half a "], "cut": "middle"}, {"text": ["Whole."]}],
                       [{"raw": "no stream at all\n"}, {"text": ["Better."]}],
                       [{"calls": [{"name": "notes__save", "arguments": "{\"text\":"}]},
                        {"text": ["No."]}],
                       [calls("the same"), calls("the same")],
                       [calls("ö" * 20000), {"text": ["Wörter "] * 1500}],
                       [calls("x" * 9000), {"text": ["Long."]}]):
            entries, _ = t.ask("try it " + str(script)[:40], *script)
            code, _, end = steps_of_replay(t.house.console, entries[0]["run"])
            assert code == 0 and end["same"] is True, (script, end)
    finally:
        t.close()


def test_whatever_a_models_server_does_is_replayed():
    faults = ("error_in_mid_stream", "cut_in_a_call", "cut_that_looks_like_an_end", "broken_json",
              "forty_calls_and_the_last_cut", "key_refused", "arguments_that_are_no_json",
              "error_after_a_call", "half_characters", "odd_pieces", "strangers", "crlf",
              "rate_limit")
    for dialect in DIALECTS:
        t = Thinking(dialect)
        try:
            for name in faults:
                entries, _ = t.ask(name, FAULTS[name], {"text": "It is fine."})
                code, _, end = steps_of_replay(t.house.console, entries[0]["run"])
                assert code == 0 and end["same"] is True, (dialect, name, end)
        finally:
            t.close()


def test_a_run_that_a_kill_went_through_is_replayed():
    for role in ("mind", "core", "egress"):
        t = Thinking("ollama")
        try:
            t.say(calls("once"), {"stall": "middle", "text": ["It "]}, {"text": ["It is fine."]})
            p = t.house.console.start("ask", "what now?", "--json")
            t.server.wait(2, done=False)
            os.kill(t.house.wait_roles()[role], signal.SIGKILL)
            p.communicate(timeout=60)
            t.house.wait_up()

            def over():
                "the end of the run"
                runs = t.house.console.json("runs")["runs"]
                return runs if runs[0]["state"] != "open" else None
            run = wait_for(over, 60, 0.2)[0]["run"]
            code, steps, end = steps_of_replay(t.house.console, run)
            assert code == 0 and end["same"] is True, (role, steps, end)
            assert t.notes().count("once") == 1
        finally:
            t.close()


def change(t, *statements):
    """What is recorded, by somebody who writes to the disk of the house."""
    t.house.stop()
    db = sqlite3.connect(database(t))
    for sql, *args in statements:
        assert db.execute(sql, args).rowcount == 1, sql
    db.commit()
    db.close()
    t.house.start()


def test_one_changed_byte_is_told_with_its_step():
    t = Thinking("openai")
    try:
        entries, _ = t.ask("note what to buy", TWO_CALLS, {"text": "Both are saved."})
        run = entries[0]["run"]

        def flips(table, column, where, old, new, step, words):
            args = (old, new, run)
            sql = f"UPDATE {table} SET {column}=replace({column}, ?, ?) WHERE run=? AND {where}"
            change(t, (sql, *args))
            r = replay(t.house.console, run)
            assert r.returncode == 1 and f"differs: step {step}" in r.stdout, r.stdout
            assert words in r.stdout and "same digest" not in r.stdout, r.stdout
            change(t, (sql, new, old, run))
            r = replay(t.house.console, run)
            assert r.returncode == 0, r.stdout

        flips("step", "content", "n=0", "notes.save", "notes.sa_e", 0, "")
        flips("step", "content", "n=1", "buy milk", "buy mi1k", 1, "comes out otherwise")
        flips("step", "content", "n=4", "Saved", "Sawed", 4, "comes out otherwise")
        flips("act", "result", "step=2", "Saved", "Sawed", 2, "the recorded result is not what")
        flips("heard", "data", "n=1 AND part=1", "buy", "bux", 1,
              "the recorded answer is not what the model said")
        flips("heard", "data", "n=7 AND part=1", "saved", "sawed", 7,
              "the recorded answer is not what the model said")
        # All of it together is another run, and the log has its digest.
        change(t, ("UPDATE run SET reply='x' WHERE id=?", run))
        assert replay(t.house.console, run).returncode == 0, "the reply stands in the log"
    finally:
        t.close()


def test_a_mind_that_does_what_nobody_said_is_noticed():
    with House(binary="probe-badmind") as h:
        h.start()
        entries = h.console.ask(json.dumps(call("echo.echo", {"text": "x"}, 0)))
        assert acts_of(entries) == ["echo.echo"]
        r = replay(h.console, entries[0]["run"])
        assert r.returncode == 1 and "it differs" in r.stdout, r.stdout


def test_a_mind_that_was_never_told_what_it_says_it_was_is_noticed():
    t = Thinking("ollama", tools=(), binary="probe-dreamer")
    try:
        entries, chats = t.ask("what is the weather?", {"text": ["Fine."]})
        assert replay(t.house.console, entries[0]["run"]).returncode == 0
        entries, chats = t.ask("what do you recall?", {"text": ["The door stays open."]})
        assert "door left open" in json.dumps(chats[0].json), "its model was told so"
        r = replay(t.house.console, entries[0]["run"])
        assert r.returncode == 1 and "not what the house had the turn recall" in r.stdout, r.stdout
        entries = t.house.console.ask("list notes")
        assert "somebody else" in entries[-1]["reply"], entries
        assert [e["step"] for e in entries if e["kind"] == "refused"] == [1], entries
        r = replay(t.house.console, entries[0]["run"])
        assert r.returncode == 1 and "comes out otherwise" in r.stdout, r.stdout
    finally:
        t.close()


def test_a_mind_that_was_denied_its_model_says_so_in_the_houses_words():
    t = Thinking("ollama", tools=(), binary="probe-dreamer")
    try:
        use(t.house, "default deny\n")
        for goal, code in (("what is the weather?", 0), ("what do I enlist in?", 1)):
            entries, chats = t.ask(goal, {"text": ["Fine."]})
            assert chats == [] and entries[-1]["reached"] is False, entries
            assert ("somebody else" in entries[-1]["reply"]) == bool(code), entries[-1]
            r = replay(t.house.console, entries[0]["run"])
            assert r.returncode == code, r.stdout
        assert "its model was not asked" in r.stdout, r.stdout
    finally:
        t.close()


def test_what_the_house_refused_is_replayed_in_its_words():
    t = Thinking("ollama", tools=())
    try:
        entries = t.house.console.ask("list notes")
        assert [e["step"] for e in entries if e["kind"] == "refused"] == [1], entries
        code, _, end = steps_of_replay(t.house.console, entries[0]["run"])
        assert code == 0 and end["same"] is True, end
    finally:
        t.close()


def test_a_fork_goes_on_live_and_does_nothing_again():
    t = Thinking("anthropic")
    try:
        entries, chats = t.ask("note what to buy", TWO_CALLS, {"text": "Both are saved."})
        run = entries[0]["run"]
        t.say({"text": ["Two are on the list."]})
        r = t.house.console.run("replay", run, "--from", "6", "--json")
        assert r.returncode == 0, r.stderr
        fork = [json.loads(x) for x in r.stdout.splitlines()]
        first = fork[0]
        assert first["kind"] == "goal" and first["goal"] == "note what to buy"
        assert first["fork_of"] == run and first["forked"] == 6 and first["run"] != run
        assert fork[-1].get("reply") == "Two are on the list.", fork[-1]
        assert acts_of(fork) == [], "the copied acts are none of its own"
        assert t.server.chats[-1].json["messages"] == chats[-1].json["messages"]
        assert t.notes().count("buy") == 2, "each was saved once"
        code, steps, end = steps_of_replay(t.house.console, first["run"])
        assert code == 0 and end["sha256"] == fork[-1]["replay_sha256"] and len(steps) == 9, end
        r = t.house.console.run("replay", first["run"])
        assert "its first 6 steps are those of " + run[:12] in r.stdout, r.stdout
        # From the proposals on everything is done anew, and judged anew.
        t.say({"text": ["Again."]})
        r = t.house.console.run("replay", run[:12], "--from", "2", "--json")
        fork = [json.loads(x) for x in r.stdout.splitlines()]
        assert acts_of(fork) == ["notes.save", "notes.save"], fork
        assert [e["verdict"] for e in fork if e["kind"] == "judged"][:2] == ["allow", "allow"]
        # Whoever reads sees where it came from.
        t.say({"text": ["Once more."]})
        r = t.house.console.run("replay", run, "--from", "0")
        assert r.returncode == 0 and f"forked     from {run[:12]}, after its first 0 steps" in \
            r.stdout, r.stdout
    finally:
        t.close()


def test_a_fork_whose_house_dies_does_nothing_again():
    t = Thinking("ollama")
    try:
        entries, _ = t.ask("note it", calls("once"), {"text": "Saved."})
        for role in ("mind", "core"):
            before = len(t.server.chats)
            t.say({"stall": "before", "text": ["x"]}, {"text": ["Fine."]})
            p = t.house.console.start("replay", entries[0]["run"], "--from", "4", "--json")
            t.server.wait(1 + before, done=False)
            os.kill(t.house.wait_roles()[role], signal.SIGKILL)
            p.communicate(timeout=60)
            t.house.wait_up()

            def over():
                "the end of the fork"
                runs = t.house.console.json("runs")["runs"]
                return runs if runs[0]["state"] != "open" else None
            run = wait_for(over, 60, 0.2)[0]["run"]
            assert t.notes().count("once") == 1, role
            code, _, end = steps_of_replay(t.house.console, run)
            assert code == 0, end
    finally:
        t.close()


def test_a_fork_keeps_the_labels_of_what_was_seen():
    with House(tools=()) as h, ModelServer(
            [{"calls": [{"name": "memory__search", "arguments": {"text": "codes"}, "id": "c1"}]},
             {"text": ["Seven."]}, {"text": ["Eight."]}]) as m:
        h.start()
        provider(h, "ollama", m.url)
        use(h, POLICY)
        run = h.console.ask("what opens the safe?")[0]["run"]
        r = h.console.run("replay", run, "--from", "4", "--json")
        judged = [e for e in map(json.loads, r.stdout.splitlines()) if e["kind"] == "judged"]
        assert [e["labels"] for e in judged] == ["private"], judged


def test_only_who_asked_or_an_owner_replays_and_forks():
    t = Thinking("ollama")
    try:
        phone, tablet = t.house.pair("phone", "approver"), t.house.pair("tablet", "approver")
        viewer, robot = t.house.pair("viewer", "viewer"), t.house.pair("robot", "program")
        t.say({"text": ["Mine."], "repeat": True})
        run = phone.ask("what is mine?")[0]["run"]
        for other in (tablet, viewer, robot):
            for more in ((), ("--from", "0")):
                r = other.run("replay", run, *more)
                assert r.returncode == 4 and "Mine" not in r.stdout, (r.stdout, r.stderr)
        for who in (phone, t.house.console):
            assert replay(who, run).returncode == 0
            assert who.run("replay", run, "--from", "0").returncode == 0
        run = robot.ask("and what is mine?")[0]["run"]
        assert replay(robot, run).returncode == 0
        r = replay(t.house.console, "0123456789ab")
        assert r.returncode == 4 and "'durward runs'" in r.stderr, r.stderr
    finally:
        t.close()


def test_a_bad_step_is_told_with_those_that_there_are():
    t = Thinking("ollama")
    try:
        entries, _ = t.ask("note it", calls("once"), {"text": "Saved."})
        run = entries[0]["run"]
        for step in ("3", "6", "99"):
            r = t.house.console.run("replay", run, "--from", step)
            assert r.returncode == 4, (r.stdout, r.stderr)
            assert f"cannot go on from step {step}" in r.stderr, r.stderr
            assert "0 recall, 1 think, 2 propose, 4 reflect, 5 think" in r.stderr, r.stderr
        for step in ("-1", "x", ""):
            assert t.house.console.run("replay", run, "--from", step).returncode == 2
    finally:
        t.close()


def test_what_was_forgotten_is_not_replayed():
    t = Thinking("ollama")
    try:
        first, _ = t.ask("where does the cat sleep?", {"text": "In the boiler room."})
        second, _ = t.ask("who feeds our dog?", {"text": "Kim, on the sofa."})
        rows = t.house.console.json("memory", "search", "boiler")["rows"]
        for row in rows:
            assert t.house.console.run("memory", "forget", row["id"], "--yes").returncode == 0
        r = replay(t.house.console, first[0]["run"])
        assert r.returncode == 1 and "was forgotten" in r.stderr, r.stderr
        assert replay(t.house.console, second[0]["run"]).returncode == 0
        size = len(t.house.console.run("audit", "show", "--json").stdout.splitlines())
        r = t.house.console.run("audit", "prune", "--before", str(size))
        assert r.returncode == 0, r.stderr
        r = replay(t.house.console, second[0]["run"])
        assert r.returncode == 1 and "was pruned" in r.stderr, r.stderr
        r = t.house.console.run("replay", second[0]["run"], "--from", "0")
        assert r.returncode == 4 and "forgotten" in r.stderr, r.stderr
        t.house.stop()
        db = sqlite3.connect(database(t))
        text = "".join(str(x) for table in ("step", "heard")
                       for x in db.execute(f"SELECT * FROM {table}"))
        db.close()
        assert "sofa" not in text and "boiler" not in text, text
    finally:
        t.close()


def test_an_answer_that_is_too_large_to_be_kept_is_told():
    t = Thinking("ollama")
    try:
        t.say({"text": ["words "] * 12000})
        entries, _ = t.ask("say much")
        code, _, end = steps_of_replay(t.house.console, entries[0]["run"])
        assert code == 1 and "too large to be kept" in end["differs"], end
    finally:
        t.close()


def test_a_step_that_was_taken_over_is_told_when_it_was_changed():
    t = Thinking("ollama")
    try:
        entries, _ = t.ask("note it", calls("once"), {"text": "Saved."})
        t.say({"text": ["Fine."]})
        r = t.house.console.run("replay", entries[0]["run"], "--from", "4", "--json")
        fork = json.loads(r.stdout.splitlines()[0])["run"]
        change(t, ("UPDATE step SET content=replace(content, 'Saved', 'SaveD') "
                   "WHERE run=? AND n=3 AND content LIKE '%Saved the note%'", fork))
        r = replay(t.house.console, fork)
        assert r.returncode == 1 and "not those that the log names" in r.stdout, r.stdout
    finally:
        t.close()


def test_a_mind_says_what_it_heard_in_as_few_parts_as_there_are():
    """Each is a row: what comes in pieces of no size would be rows without end."""
    full, some = 64 * 1024, 5
    cases = (
        ([[0, 0, some], [0, 1, full], [0, 2, full], [0, 3, some]], [(0, some), (1, full), (2, full), (3, some)]),
        ([[0, 0, some], [0, 0, some], [0, 0, 7]], [(0, some)]),
        ([[0, 0, some], [0, 1, 1], [0, 2, 1], [0, 2, full]], [(0, some), (1, 1)]),
        ([[0, 0, 0], [0, 0, some], [0, 1, 0], [0, 1, 0], [0, 1, 3]], [(0, some), (1, 3)]),
        ([[0, 1, full], [0, 2, some], [0, -1, some]], []),
        ([[0, 0, some], [0, 2, full]], [(0, some)]),
        ([[1, 0, some], [0, 0, full + 1]], []),
    )
    with House(binary="probe-badmind", tools=()) as h:
        h.start()
        for said, kept in cases:
            entries = h.console.ask(json.dumps({"heard": said}))
            with sqlite3.connect(h.path("state", "core", "durward.db")) as db:
                rows = db.execute("SELECT part, length(data) FROM heard WHERE run=? ORDER BY part",
                                  (entries[0]["run"],)).fetchall()
            assert rows == kept, (said, rows)


def test_a_page_of_what_was_recorded_costs_no_more_than_itself():
    """However much of the run stands on the others."""
    with House(binary="probe-badmind", tools=()) as h:
        h.start()
        w = Wire(h, h.console)

        def cost(parts):
            said = [[0, 0, 5]] + [[0, i + 1, 64 * 1024] for i in range(parts)]
            run = h.console.ask(json.dumps({"heard": said}))[0]["run"]
            took = []
            for _ in range(20):
                begun = time.monotonic()
                status, v = w.query(f"recorded?run={run}&row=1")
                took.append(time.monotonic() - begun)
                assert status == 200 and v["rows"][0]["size"] == 128 * 1024, v["rows"]
            return min(took)
        one, many = cost(1), cost(16)
        assert many < 2 * one + 0.004, (one, many)
