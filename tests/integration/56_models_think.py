# SPDX-License-Identifier: Apache-2.0
"""Models: a goal that the rules do not know is thought about by a model in the
house, whose calls are judged like all others."""

import json
import os
import signal
import subprocess
import time

from house import House, wait_for
from models import ModelServer

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
    script = [{"text": ["First ", "words, ", "then ", "more."], "gap_ms": 400}]
    with House() as h, ModelServer(script) as m:
        h.start()
        provider(h, "openai", m.url)
        p, look = stream(h, "say", "something")

        def first():
            "the first words"
            return "First" in look()
        wait_for(first, 3)
        assert p.poll() is None and "more." not in look()
        assert p.wait(10) == 0
        assert look().count("First words, then more.") == 1, look()
        assert "used " in look() and "of tiny" in look(), look()


def test_ctrl_c_stops_the_turn_and_not_the_house():
    script = [{"text": ["One ", "two ", "three"], "gap_ms": 3000}, {"text": ["Here."]}]
    with House() as h, ModelServer(script) as m:
        h.start()
        provider(h, "ollama", m.url)
        before = h.pids()
        p, look = stream(h, "count", "slowly")
        wait_for(lambda: "One" in look(), 5)
        begun = time.monotonic()
        p.send_signal(signal.SIGINT)
        assert p.wait(5) == 1, look()
        assert time.monotonic() - begun < 1, look()
        assert "I was told to stop." in look(), look()

        def closed():
            "the connection to the model"
            return m.requests[0].closed_early
        wait_for(closed, 1)
        assert h.console.reply("are you there?") == "Here."
        assert h.pids() == before


def test_only_who_asked_or_an_owner_stops_a_goal():
    with House() as h, ModelServer([{"stall": "before", "text": ["x"]}]) as m:
        h.start()
        provider(h, "ollama", m.url)
        p, _ = stream(h, "wait", "for", "ever")
        wait_for(lambda: m.requests, 5)
        run = h.console.json("runs")["runs"][0]["run"]
        phone = h.pair("phone", "approver")
        r = phone.run("stop", run)
        assert r.returncode == 4 and "an owner" in r.stderr, r.stderr
        assert h.console.run("stop", run[:12]).returncode == 0, "as `durward runs` shows it"
        assert p.wait(5) == 1
        r = h.console.run("stop", run)
        assert r.returncode == 4 and "'durward runs'" in r.stderr, r.stderr


def test_a_halt_and_a_removal_end_the_calls_of_models():
    script = [{"text": ["One ", "two"], "gap_ms": 20000, "repeat": True}]
    for words, said in ((("halt",), "the house was halted"),
                        (("tool", "disable", "ollama", "--yes"), "the tool was disabled"),
                        (("tool", "remove", "ollama", "--yes"), "")):
        with House() as h, ModelServer(script) as m:
            h.start()
            provider(h, "ollama", m.url)
            p, look = stream(h, "count", "slowly")
            wait_for(lambda: "One" in look(), 5)
            assert h.console.run(*words).returncode == 0

            def closed():
                "the connection to the model"
                return m.requests[0].closed_early
            wait_for(closed, 2)
            if words == ("halt",):
                assert h.console.run("resume").returncode == 0
            assert p.wait(10) == 1, look()
            assert said in look(), look()
