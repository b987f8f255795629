# SPDX-License-Identifier: Apache-2.0
"""Models: a goal that the rules do not know is thought about by a model in the
house, whose calls are judged like all others."""

import contextlib
import itertools
import json
import os
import re
import signal
import statistics
import subprocess
import threading
import time

import frozen
import logbook
from house import House, wait_for
from models import ModelServer, steps_of
from rules import BASE, use
from thinking import Thinking

DIALECTS = ("ollama", "openai", "anthropic")


def provider(h, dialect, url, models=("tiny",), place="house", key=None):
    """Add one as an owner does."""
    path = "/v1" if dialect == "openai" else ""
    folder = os.path.join(h.root, "provider-" + dialect)
    os.makedirs(folder, exist_ok=True)
    manifest = {"name": dialect, "version": "1", "transport": "model", "dialect": dialect,
                "url": url + path, "place": place,
                "models": [{"name": m, "context": 8192} for m in models]}
    if key:
        manifest["key"] = key
    with open(os.path.join(folder, "tool.json"), "w") as f:
        json.dump(manifest, f)
    r = h.console.run("tool", "add", folder, "--yes")
    assert r.returncode == 0, r.stdout + r.stderr


def kinds(entries):
    return [e["kind"] for e in entries]


def test_a_model_answers_in_each_dialect():
    for dialect in DIALECTS:
        with House() as h, ModelServer([{"text": ["It is ", "a ", "house."]}]) as m:
            h.start()
            provider(h, dialect, m.url)
            entries = h.console.ask("what is this place?")
            assert entries[-1]["reply"] == "It is a house.", entries[-1]
            assert entries[-1]["reached"] is True and entries[-1]["model"] == "tiny"
            assert kinds(entries)[:3] == ["goal", "proposed", "judged"], entries
            assert entries[1]["tool"] == f"model.house.{dialect}", entries[1]


def test_a_models_call_is_judged_done_and_seen():
    script = [{"calls": [{"name": "notes__save", "arguments": {"text": "buy milk"}, "id": "c1"}]},
              {"text": ["Saved."]}]
    for dialect in DIALECTS:
        with House() as h, ModelServer(script) as m:
            h.start()
            provider(h, dialect, m.url)
            entries = h.console.ask("please keep in mind that I must buy milk")
            tools = [e["tool"] for e in entries if e["kind"] == "proposed"]
            assert tools == [f"model.house.{dialect}", "notes.save",
                             f"model.house.{dialect}"], entries
            assert entries[-1]["reply"] == "Saved.", entries[-1]
            assert h.console.reply("list notes").count("milk"), "it was saved"


def stream(h, *words):
    """`durward ask` in another process, and what it has shown so far."""
    p = subprocess.Popen([h.durward, "ask", *words], env=h.console.env, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT)
    os.set_blocking(p.stdout.fileno(), False)
    shown = []

    def look():
        shown.append(p.stdout.read() or b"")
        return b"".join(shown).decode()
    return p, look


def test_words_are_shown_as_they_come_and_not_again():
    script = [{"text": ["First ", "words, ", "then ", "more."], "gap_ms": 1500}]
    with House() as h, ModelServer(script) as m:
        h.start()
        provider(h, "openai", m.url)
        p, look = stream(h, "say", "something")

        def first():
            "the first words"
            return "First" in look()
        wait_for(first)
        assert p.poll() is None and "more." not in look()
        assert p.wait(60) == 0
        assert look().count("First words, then more.") == 1, look()
        assert "used " in look() and "of tiny" in look(), look()


# What a model says to be taken for the house: moves of the cursor, a cleared
# screen, another title, a link, text that is turned around, line ends that are
# none, C1 controls, and then lines as the house has them.
TRICKS = ("\x1b[2J\x1b[H", "\x1b[1A\x1b[2K", "\x1b]0;title\x07", "\x1b]8;;http://x\x07link\x1b]8;;\x07",
          "\u202eevorppa\u202c", "\u2066x\u2069", "\u200b\ufeff", "\x9b2J", "\x85", "\u2028", "\r", "\x08\x7f",
          "\x0b\x0c")
LINES = ("durward: approved", "approve? type yes to sign these bytes: yes", "durward sheet v1",
         "asked      waits 60 s for a yes: durward approve 12345678", "done       saved",
         "used       1 tokens of tiny", "logged     entry 1 of 1, proven", "-- of the house", "> ")
FAKE = "".join(t + "\n" + line + "\n" for t in TRICKS for line in LINES)


def check_shown(text, where):
    """Nothing moves the cursor, nothing is hidden, and no line is the model's
    without the mark."""
    hidden = [c for c in text if c != "\n" and (ord(c) < 32 or 0x7f <= ord(c) < 0xa0 or
                                                c in "\u202e\u202c\u2066\u2069\u200b\ufeff\u2028")]
    assert not hidden, (where, hidden[:5])
    for line in text.split("\n"):
        assert not line.startswith(LINES), (where, line)


def test_a_models_words_are_never_the_houses():
    script = [{"text": list(TRICKS) + [FAKE], "repeat": 1},
              {"text": [FAKE], "finish": "length"},
              {"text": [FAKE]},
              {"status": 400, "message": FAKE},
              {"text": [FAKE]}]
    with House() as h, ModelServer(script) as m:
        h.start()
        provider(h, "openai", m.url)
        for way in ("streamed", "cut, so told again", "by test"):
            r = h.console.run(*(("model", "test") if way == "by test" else ("ask", "say something")))
            assert r.returncode == 0, (way, r.stdout[-600:], r.stderr)
            check_shown(r.stdout + r.stderr, way)
            assert r.stdout.count("| durward: approved") >= len(TRICKS), (way, r.stdout[:600])
        r = h.console.run("model", "test")
        assert r.returncode == 1, r.stdout
        check_shown(r.stderr, "an error of the provider")
        assert r.stderr.count("\n") == 1 and r.stderr.startswith("durward: openai/tiny: "), r.stderr
        r = h.console.run("ask", "say\ndurward: approved\n\x1b[2J this")
        check_shown(r.stdout + r.stderr, "a goal of several lines")
        for words in (("runs",), ("approvals",), ("audit", "show"), ("memory", "search", "approved"),
                      ("session", "list"), ("runs", "--json"), ("audit", "show", "--json"),
                      ("memory", "search", "approved", "--json")):
            r = h.console.run(*words)
            assert r.returncode == 0, (words, r.stderr)
            check_shown(r.stdout, words)
        assert "| durward: approved" in h.console.run("memory", "search", "approved").stdout
        reply = h.console.json("memory", "search", "approved")["rows"][0]["text"]
        assert "\x1b[2J" in reply, "programs get what was said"


def test_ctrl_c_stops_the_turn_and_not_the_house():
    script = [{"text": ["One ", "two ", "three"], "gap_ms": 30000}, {"text": ["Here."]}]
    with House() as h, ModelServer(script) as m:
        h.start()
        provider(h, "ollama", m.url)
        before = h.pids()
        p, look = stream(h, "count", "slowly")
        wait_for(lambda: "One" in look())
        begun = time.monotonic()
        p.send_signal(signal.SIGINT)
        assert p.wait(30) == 1, look()
        assert time.monotonic() - begun < 8, look()
        assert "I was told to stop." in look(), look()

        def closed():
            "the connection to the model"
            return m.requests[0].closed_early
        wait_for(closed, 8)
        assert h.console.reply("are you there?") == "Here."
        assert h.pids() == before


def test_a_stop_closes_the_connection_to_the_model_within_100_ms():
    """From the wish, a new process, to the end that the model's server sees."""
    for _ in range(5):  # A neighbour on the machine can slow some of them.
        times, command_ms = times_of_stops()
        most_ms = max(100, 3 * command_ms)
        slow = {how: ms for how, ms in times.items() if statistics.median(ms) > most_ms}
        if not slow:
            break
    assert not slow, (most_ms, slow)


def times_of_stops():
    """Milliseconds, by how it was stopped, and of a command that does nothing."""
    script = [{"text": ["One ", "two"], "gap_ms": 60000, "repeat": True}]
    times = {"ctrl-C": [], "durward stop": []}
    with House() as h, ModelServer(script) as m:
        h.start()
        provider(h, "ollama", m.url)
        command_ms = h.console.command_ms()
        for i in range(14):
            p, look = stream(h, "count", "slowly")
            wait_for(lambda: "One" in look())
            r = m.chats[i]
            run = h.console.json("runs")["runs"][0]["run"]
            begun = time.monotonic()
            if i % 2:
                p.send_signal(signal.SIGINT)
            else:
                assert h.console.run("stop", run).returncode == 0
            assert p.wait(30) == 1, look()
            wait_for(lambda: r.closed_early)
            times["ctrl-C" if i % 2 else "durward stop"].append((r.closed_at - begun) * 1000)
    for how, ms in times.items():
        print(f"  {how}: closed after {statistics.median(ms):.0f} ms, at most {max(ms):.0f}")
    return times, command_ms


def test_only_who_asked_or_an_owner_stops_a_goal():
    with House() as h, ModelServer([{"stall": "before", "text": ["x"]}]) as m:
        h.start()
        provider(h, "ollama", m.url)
        p, _ = stream(h, "wait", "for", "ever")
        wait_for(lambda: m.requests)
        run = h.console.json("runs")["runs"][0]["run"]
        phone = h.pair("phone", "approver")
        r = phone.run("stop", run)
        assert r.returncode == 4 and "an owner" in r.stderr, r.stderr
        assert h.console.run("stop", run[:12]).returncode == 0, "as `durward runs` shows it"
        assert p.wait(30) == 1
        r = h.console.run("stop", run)
        assert r.returncode == 4 and "'durward runs'" in r.stderr, r.stderr


def test_a_halt_and_a_removal_end_the_calls_of_models():
    script = [{"text": ["One ", "two"], "gap_ms": 60000, "repeat": True}]
    for words, said in ((("halt",), "the house was halted"),
                        (("tool", "disable", "ollama", "--yes"), "the tool was disabled"),
                        (("tool", "remove", "ollama", "--yes"), "")):
        with House() as h, ModelServer(script) as m:
            h.start()
            provider(h, "ollama", m.url)
            p, look = stream(h, "count", "slowly")
            wait_for(lambda: "One" in look())
            assert h.console.run(*words).returncode == 0

            def closed():
                "the connection to the model"
                return m.requests[0].closed_early
            wait_for(closed, 8)
            if words == ("halt",):
                assert h.console.run("resume").returncode == 0
            assert p.wait(30) == 1, look()
            assert said in look(), look()


def test_the_plan_is_shown_before_the_first_act_starts():
    long = "buy oats, " * 20
    script = [{"text": "I do both.", "calls": [
                  {"name": "notes__save", "arguments": {"text": long}, "id": "c1"},
                  {"name": "notes__list", "arguments": {}, "id": "c2"}]},
              {"text": ["Both ", "are done."]},
              {"calls": [{"name": "notes__list", "arguments": {}, "id": "c3"}]},
              {"text": ["One ", "is done."]}]
    with House() as h, ModelServer([s for s in script[:2] * 2] + script[2:]) as m:
        h.start()
        provider(h, "openai", m.url)
        for words, given in ((("ask", "keep it and show all"), ""),
                             (("chat",), "keep it and show all\n")):
            r = subprocess.run([h.durward, *words], env=h.console.env, input=given, text=True,
                               capture_output=True, timeout=60)
            assert r.returncode == 0, r.stdout + r.stderr
            plan = 'plan\n| 1. notes.save ' + ('{"text":"' + long)[:80] + "...\n| 2. notes.list {}\n"
            assert plan in r.stdout, r.stdout
            assert r.stdout.index(plan) < r.stdout.index("proposed   notes.save"), r.stdout
        r = h.console.run("ask", "show all")
        assert "plan\n" not in r.stdout and "One is done." in r.stdout, r.stdout


LONG = "".join(f"{i}: the number of this line is {i * i}\n" for i in range(400))
FIRST = {"calls": [{"name": "echo__echo", "arguments": {"text": LONG}, "id": "c1"}]}


def results_of(chat):
    return [m["text"] for m in chat.messages if m["role"] == "tool"]


def test_the_rest_of_a_long_result_can_be_read():
    """By the pointer that stands in it, up to its end."""
    read = []

    def script(request):
        shown = (results_of(request) or [""])[-1]
        read.append(shown)
        found = re.findall(r"step (\d+) and from (\d+) read", shown)
        if not request.messages[-1]["role"] == "tool":
            assert "memory__rest" not in request.tools, request.tools
            return FIRST
        assert "memory__rest" in request.tools and len(request.tools) <= 8, request.tools
        if not found:
            return {"text": "All is read."}
        return {"calls": [{"name": "memory__rest", "arguments": {
            "step": int(found[-1][0]), "from": int(found[-1][1])}, "id": f"r{found[-1][1]}"}]}
    with House() as h, ModelServer(script) as m:
        h.start()
        provider(h, "openai", m.url)
        entries = h.console.ask("say that again")
        assert entries[-1]["reply"] == "All is read.", entries[-1]
        whole = "".join(r.rpartition("\n[")[0] for r in read)
        assert LONG in whole and len(read) >= 3, (len(read), len(whole))
        tools = [e["tool"] for e in entries if e["kind"] == "proposed"]
        assert tools.count("memory.rest") == len(read) - 2, tools
        assert read[-1].endswith("[its end]"), read[-1][-80:]
        with m.changed:
            m.script = steps_of([{"calls": [{"name": "memory__rest", "arguments": {
                "step": 2, "from": 0}}], "repeat": True}])
        entries = h.console.ask("read on what another goal had")
        assert "memory.rest" not in [e.get("tool") for e in entries], entries


def test_a_long_result_is_shortened_by_the_extractor():
    with House() as h, ModelServer([]) as m, ModelServer([]) as x:
        h.start()
        provider(h, "openai", m.url)
        provider(h, "ollama", x.url, models=("small",))
        assert h.console.run("model", "use", "planner", "openai/tiny").returncode == 0
        for listed in (False, True):
            m.script = steps_of([FIRST, {"text": "Fine."}])
            x.script = steps_of([{"text": ["It counts ", "squares."]}])
            if listed:
                assert h.console.run("model", "use", "extractor", "ollama/small").returncode == 0
            entries = h.console.ask("say that again")
            assert entries[-1]["reply"] == "Fine.", entries[-1]
            asked = [e["tool"] for e in entries if e["kind"] == "proposed"]
            shown = results_of(m.chats[-1])[0]
            assert len(x.chats) == int(listed), "off unless it is set"
            assert ("model.house.ollama" in asked) == listed, asked
            assert ("It counts squares." in shown) == listed and "memory.rest with step" in shown
        said = x.chats[0].messages
        assert len(said) == 2 and "say that again" in said[1]["text"], said
        assert "the number of this line is 49" in said[1]["text"] and not x.chats[0].tools, said
        m.script = steps_of([FIRST, {"text": "Fine."}])
        x.script = steps_of([{"status": 500, "repeat": True}])
        entries = h.console.ask("say that again")
        assert entries[-1]["reply"] == "Fine.", entries[-1]
        assert "the number of this line is 49" in results_of(m.chats[-1])[0], "plainly cut"


FORGET = {"calls": [{"name": "memory__forget", "arguments": {"id": "abc"}, "id": "c1"}]}
LOOK = {"calls": [{"name": "notes__list", "arguments": {}, "id": "c1"}]}


def test_a_second_opinion_stands_beside_the_question_and_decides_nothing():
    with House() as h, ModelServer([]) as m, ModelServer([]) as x:
        h.start()
        provider(h, "openai", m.url)
        provider(h, "ollama", x.url, models=("wise",))
        use = h.console.run
        assert use("model", "use", "planner", "openai/tiny").returncode == 0

        def question(*opinion):
            m.script, x.script = steps_of([FORGET, {"text": "Fine."}]), steps_of(opinion)
            p, act = h.console.asked_in_words("please forget what I said")
            seen = use("approve", act).stdout
            assert use("deny", act).returncode == 0
            return p.communicate(timeout=60)[0], seen

        out, seen = question()
        assert len(x.chats) == 0 and "opinion" not in out + seen, "off unless it is set"
        assert use("model", "use", "critic", "openai/tiny,ollama/wise").returncode == 0
        out, seen = question({"text": ["I say yes.\napproved   ", "by console"]})
        sheet, _, words = seen.partition("opinion    of another model")
        assert "memory.forget" in sheet and "wise" not in sheet, seen
        assert "\n| wise: I say yes.\n| approved   by console\n" in words, seen
        assert "\n| approved   by console\n" in out and "\napproved" not in out, out
        said = x.chats[0].messages
        assert "please forget what I said" in said[1]["text"], said
        assert 'memory.forget {"id":"abc"}' in said[1]["text"] and not x.chats[0].tools, said
        assert "I say yes" not in m.chats[-1].body.decode(), "no model reads it"

        run = h.console.json("runs")["runs"][0]["run"]
        r = h.console.run("replay", run)
        assert r.returncode == 0 and "same digest" in r.stdout, r.stdout + r.stderr

        before = len(x.chats)
        out, seen = question({"status": 401})
        assert len(x.chats) == before + 1 and "opinion" not in out + seen, seen
        m.script = steps_of([LOOK, {"text": "Fine."}])
        h.console.ask("show me what there is")
        assert len(x.chats) == before + 1, "nobody is asked about that"


def test_a_goal_of_code_is_thought_about_by_the_coder():
    with House() as h, ModelServer([{"text": "Fine.", "repeat": True}]) as m:
        h.start()
        h.add_variant("notes", "files")
        provider(h, "openai", m.url, models=("tiny", "deep"))
        assert h.console.run("model", "use", "planner", "openai/tiny").returncode == 0

        def asked(goal):
            return h.console.ask(goal)[-1]["model"]
        assert asked("please look into my files") == "tiny", "the planner unless it is set"
        assert h.console.run("model", "use", "coder", "openai/deep").returncode == 0
        assert asked("please look into my files") == "deep"
        assert asked("what is this place?") == "tiny"
        assert asked("please look into my notes") == "tiny"


def test_eight_tools_are_in_view_and_those_that_suit_the_goal_come_first():
    with House() as h, ModelServer([{"text": "Fine.", "repeat": True}]) as m:
        h.start()
        for name in ("diary", "shopping", "recipes"):
            h.add_variant("notes", name)
        provider(h, "openai", m.url)
        for name in ("shopping", "recipes"):
            h.console.ask(f"what stands in the {name}?")
            tools = m.chats[-1].tools
            assert len(tools) == 8, tools
            assert tools[0].startswith(name + "__"), tools


# ---- Whatever dies, wherever a call is (src/README.md has the table) ----

FINE = {"text": ["It is ", "fine."], "usage": {"input": 1000, "output": 200}, "repeat": True}
ASKING = BASE + "ask thinking tool=model.*\n"
ROLES = ("mind", "egress", "core")
USD_IN, USD_OUT = 5, 25  # For a million tokens.


def run_of(h, goal):
    def there():
        "the run"
        return [r["run"] for r in h.console.json("runs")["runs"] if r["goal"] == goal]
    return wait_for(there)[0]


def of_run(h, run):
    return [e for e in logbook.entries(h) if e.get("run") == run]


def is_at(h, run, kind):
    def there():
        return kind in kinds(of_run(h, run))
    there.__doc__ = f"an act of the run to be {kind}"
    wait_for(there)


def asked(h):
    r = h.console.run("approvals", "--json")
    return [a["act"] for a in json.loads(r.stdout)["approvals"]] if r.returncode == 0 else []


def may_always(t):
    """From now on a yes stands for every call, so that its intent waits for the disk."""
    t.say(FINE)
    use(t.house, ASKING)
    p = t.house.console.start("ask", "a first time", "--json")
    act = wait_for(lambda: asked(t.house))[0]
    r = t.house.console.run("approve", act, "--yes", "--always", "--args", "arg.model=tiny")
    assert r.returncode == 0, r.stderr
    p.communicate(timeout=60)


def after(held, step):
    """A step that is not said before."""
    def say(_):
        held.wait(60)
        return step
    return say


@contextlib.contextmanager
def its_intent_is_written(t, goal):
    """And the disk does not answer."""
    use(t.house, ASKING)
    held, before = threading.Event(), len(t.server.chats)
    t.say(after(held, {"text": ["a"] * 8, "cut": "middle"}), FINE)
    t.house.console.start("ask", goal, "--json")
    run = run_of(t.house, goal)
    is_at(t.house, run, "started")
    wait_for(lambda: len(t.server.chats) > before)
    with frozen.disk(t.house):
        held.set()
        wait_for(lambda: t.server.chats[before].done_at)
        time.sleep(2)  # The answer broke, and the model is asked once more.
        yield run


@contextlib.contextmanager
def it_is_asked(t, goal):
    use(t.house, ASKING)
    t.say(FINE)
    t.house.console.start("ask", goal, "--json")
    wait_for(lambda: asked(t.house))
    yield run_of(t.house, goal)


@contextlib.contextmanager
def it_is_ordered(t, goal):
    use(t.house, BASE)
    t.say({"stall": "before", "text": ["x"]}, FINE)
    before = len(t.server.chats)
    t.house.console.start("ask", goal, "--json")
    wait_for(lambda: len(t.server.chats) > before)
    run = run_of(t.house, goal)
    is_at(t.house, run, "started")
    yield run


@contextlib.contextmanager
def it_streams(t, goal):
    use(t.house, BASE)
    t.say({"text": ["One ", "two ", "three ", "four"], "stall": "middle"}, FINE)
    p, look = stream(t.house, goal)
    wait_for(lambda: "One" in look())
    run = run_of(t.house, goal)
    is_at(t.house, run, "started")
    yield run
    p.stdout.close()


@contextlib.contextmanager
def it_streams_on(t, goal):
    use(t.house, BASE)
    t.say({**FINE, "gap_ms": 1500, "repeat": 1})
    p, look = stream(t.house, goal)
    wait_for(lambda: "It is" in look())
    yield run_of(t.house, goal)
    p.stdout.close()


@contextlib.contextmanager
def it_has_ended(t, goal):
    """And the mind has not looked at it."""
    use(t.house, BASE)
    held = threading.Event()
    t.say(after(held, {**FINE, "repeat": 1}), FINE)
    t.house.console.start("ask", goal, "--json")
    run = run_of(t.house, goal)
    is_at(t.house, run, "started")
    with frozen.role(t.house, "mind"):
        held.set()
        is_at(t.house, run, "done")
        yield run


def back(h, role, before):
    """There again; the third death of a core is one too many."""
    def anew():
        "the restart"
        return h.pids().get(role, before) != before
    wait_for(anew, 60)
    h.wait_up(tools=False)
    if role in ("core", "vault"):
        h.console.run("resume")


def answer_of(h, run):
    """Its end; whatever it asks on its way is agreed to."""
    def over():
        "the end of the run"
        for act in asked(h):
            h.console.run("approve", act, "--yes")
        return [e for e in of_run(h, run) if e["kind"] == "run-done"]
    return wait_for(over, 90, 0.1)


def reserved(e):
    """For this call: all of its output, and no more input than twice its bytes."""
    args = json.loads(e["args"])
    return args["output"] * USD_OUT, args["output"] * USD_OUT + 2 * args["bytes"] * USD_IN


def spent(h):
    models = [m for p in h.console.json("model", "list")["providers"] for m in p["models"]]
    return sum(m["usd_millionths"] for m in models)


def settled_or_whole(h, run, paid, sent):
    """Each call that was sent costs what it used, or all that was reserved."""
    said = of_run(h, run)
    used = {e["act"]: e["usd_millionths"] for e in said
            if e["kind"] == "model-used" and e["settled"]}
    begun = {e["act"] for e in said if e["kind"] in ("intent", "started")}
    rest = [reserved(e) for e in said
            if e["kind"] == "proposed" and e["act"] in begun - set(used)]
    left = paid - sum(used.values())
    assert any(sum(low for low, _ in some) <= left <= sum(high for _, high in some)
               for n in range(sent - len(used), len(rest) + 1)
               for some in itertools.combinations(rest, n)), (paid, used, rest, sent)


def cell(t, stage, role):
    h, name = t.house, f"{stage.__name__}, {role} dies"
    before, chats = spent(h), len(t.server.chats)
    with stage(t, name) as run:
        gone = h.wait_roles()[role]
        os.kill(gone, 9)
    back(h, role, gone)
    end = answer_of(h, run)
    assert [e["reply"] for e in end] == ["It is fine."], (name, end)
    time.sleep(0.2)
    assert len([e for e in of_run(h, run) if e["kind"] == "run-done"]) == 1, name
    ends = [e["act"] for e in of_run(h, run) if e["kind"] in ("done", "failed", "denied", "unknown")]
    assert len(ends) == len(set(ends)) == len(
        {e["act"] for e in of_run(h, run) if e["kind"] == "proposed"}), (name, of_run(h, run))
    settled_or_whole(h, run, spent(h) - before, len(t.server.chats) - chats)


def test_whoever_dies_wherever_a_call_is_there_is_one_answer_and_it_is_paid_once():
    t = Thinking("ollama", tools=())
    try:
        r = t.house.console.run("model", "price", "ollama/tiny", "2026-01-01", f"in={USD_IN}",
                                f"out={USD_OUT}")
        assert r.returncode == 0, r.stderr
        for stage in (it_is_asked, it_is_ordered, it_streams, it_has_ended, its_intent_is_written):
            if stage is its_intent_is_written:
                may_always(t)
            for role in ROLES:
                cell(t, stage, role)
        cell(t, it_streams, "vault")
        cell(t, it_streams_on, "control")
    finally:
        t.close()
