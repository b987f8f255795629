# SPDX-License-Identifier: Apache-2.0
"""The house's own dialects (drive.c, under the sanitizers) against the scripted
server, whose wire the official clients have proven: what is whole is read,
what is not is refused, and a conversation goes on in each dialect."""

import http.client
import json
import os
import subprocess
import tempfile

from model_faults import CALL, FAULTS, SENSE, STATUS, STREAM, WHOLE, WORDS, many
from models import ModelServer
from peers import TOP

DRIVE = os.path.join(TOP, "build", "asan", "tests", "models-drive")
PATHS = {"ollama": "/api/chat", "openai": "/v1/chat/completions", "anthropic": "/v1/messages"}
HEADERS = {"Content-Type": "application/json", "anthropic-version": "2023-06-01"}
TOOLS = [{"name": "echo.echo", "about": "Says it again.", "args": {
    "text": {"type": "string", "required": True}}},
    {"name": "home.set", "about": "Sets a device.", "args": {"on": {"type": "boolean"}}}]
SAID = "".join(WORDS)
STEPS = (0, 1, 7)


def drive(words, stdin=b""):
    r = subprocess.run([DRIVE, *words], input=stdin, capture_output=True, timeout=60)
    assert r.returncode == 0, r.stderr.decode()
    return r.stdout


class Talk:
    """A conversation with a server of this script."""

    def __init__(self, dialect, *script, messages=None, choice="auto"):
        self.m = ModelServer(list(script))
        self.ask = {"dialect": dialect, "model": "tiny", "context": 4096, "output": 100,
                    "system": "You are Durward.", "changing": "It is noon.", "tools": TOOLS,
                    "choice": choice,
                    "messages": messages or [{"role": "user", "text": "How warm is it?"}]}

    def turn(self, steps=STEPS):
        """(status, what was read of the body), the same for all steps."""
        with tempfile.NamedTemporaryFile("w") as f:
            json.dump(self.ask, f)
            f.flush()
            body = drive(["write", f.name])
            c = http.client.HTTPConnection("127.0.0.1", self.m.port, timeout=5)
            c.request("POST", PATHS[self.ask["dialect"]], body, HEADERS)
            r = c.getresponse()
            try:
                answer = r.read()
            except (http.client.IncompleteRead, ConnectionError):
                return "cut", None
            finally:
                c.close()
            if r.status != 200:
                words = drive(["error", self.ask["dialect"], str(r.status)], answer)
                return r.status, words.decode().strip()
            read = [json.loads(drive(["read", f.name, str(s)], answer)) for s in steps]
        assert all(v == read[0] for v in read), read
        return 200, read[0]

    def go_on(self, reply):
        """The reply, and a result for each of its calls."""
        message = reply["message"]
        self.ask["messages"].append(message)
        for call in message["calls"]:
            self.ask["messages"].append({"role": "tool", "id": call["id"], "tool": call["tool"],
                                         "text": "done", "ok": True})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.m.close()


def once(dialect, step, **kw):
    with Talk(dialect, step, **kw) as t:
        return t.turn()


def test_an_answer_that_is_whole_is_read_however_it_comes():
    for name, step in WHOLE.items():
        if name in ("gzip", "slow_drip", "megabyte_line", "megabyte_of_padding"):
            continue
        for dialect in PATHS:
            status, got = once(dialect, step)
            assert status == 200 and "error" not in got, (name, dialect, got)
            calls = [(c["tool"], json.loads(c["args"])) for c in got["message"]["calls"]]
            assert calls == [
                (c["name"].replace("__", "."), c["arguments"]) for c in step.get("calls", ())], calls
            assert got["message"]["text"] == "".join(step.get("text", ())), (name, got)
            assert got["told"] == got["message"]["text"]
            assert got["finish"] == ("calls" if calls else "stop"), got


def test_a_megabyte_in_one_line_is_refused_in_words():
    for name in ("megabyte_line", "megabyte_of_padding"):
        for dialect in PATHS:
            _, got = once(dialect, FAULTS[name])
            assert got.get("error") == "a limit was reached" and "bytes" in got["why"], got


def test_what_breaks_off_is_an_error_and_no_reply():
    for name, step in STREAM.items():
        if "stop" in name or "never" in name:
            continue
        for dialect in PATHS:
            try:
                status, got = once(dialect, step)
            except (http.client.HTTPException, ConnectionError):
                continue
            if status == "cut":
                continue
            assert status == 200 and got.get("why"), (name, dialect, got)
            if step.get("error"):
                assert step["error"]["message"] in got["why"], got


def test_a_cut_that_looks_like_an_end_is_none():
    for dialect in PATHS:
        for where in ("head", "middle", "last"):
            for step in ({"text": WORDS}, {"calls": many(3), "split": 1}):
                status, got = once(dialect, {**step, "cut": where, "framing": "close"})
                if dialect == "openai" and where == "last":
                    continue  # [DONE] alone is missing, and is not needed
                assert got["error"] == "the other side is gone", (dialect, where, got)


def test_errors_before_an_answer_are_told_with_what_to_do():
    for name, step in STATUS.items():
        for dialect in PATHS:
            status, words = once(dialect, step)
            assert status == step.get("status", 307), (name, status)
            assert f"({status})" in words and "; " in words and "\n" not in words, words
            if "message" in step:
                assert step["message"] in words, words


def test_calls_that_make_no_sense_are_told_as_such():
    for dialect in PATHS:
        _, got = once(dialect, SENSE["forty_calls_and_the_last_cut"])
        assert len(got["message"]["calls"]) == 16 and got["finish"] == "length", got
        assert got["left_out"] == (23 if dialect == "ollama" else 24), got["left_out"]
        assert "raw" not in got["message"]
        _, got = once(dialect, SENSE["one_id_for_two_calls"])
        ids = [c["id"] for c in got["message"]["calls"]]
        assert len(set(ids)) == 2, ids
        _, got = once(dialect, SENSE["unknown_tool"])
        assert got["message"]["calls"][0]["tool"] == "echo__ecko", got
    for name in ("arguments_that_are_no_json", "arguments_that_are_no_object",
                 "arguments_with_one_key_twice"):
        for dialect in ("openai", "anthropic"):
            _, got = once(dialect, SENSE[name])
            assert got["wrong"] == [SENSE[name]["calls"][0]["arguments"]], (name, got)


def test_usage_and_thought_are_read():
    step = {"thinking": ["Let me ", "see."], "text": "Warm.", "redacted": "cmVk",
            "usage": {"input": 30, "cached": 12, "output": 7}}
    for dialect in PATHS:
        _, got = once(dialect, step)
        assert (got["input"], got["output"]) == (42, 7), got
        assert got["cached"] == (-1 if dialect == "ollama" else 12), got
        assert got["thinking"] == "Let me see." and got["message"]["text"] == "Warm.", got


def test_a_conversation_goes_on_in_its_dialect_and_in_the_others():
    """The server refuses what the real ones refuse of a conversation."""
    steps = ({"thinking": ["Hm."], "text": "Let me.", "calls": many(2), "redacted": "cmVk"},
             {"calls": [{"name": "home__set", "arguments": {"on": True}}]},
             SENSE["one_id_for_two_calls"], SENSE["forty_calls_and_the_last_cut"],
             SENSE["unknown_tool"])
    for first in PATHS:
        with Talk(first, *steps, {"text": "Done."}) as t:
            for _ in steps:
                status, got = t.turn((0,))
                assert status == 200 and "error" not in got, (first, got)
                t.go_on(got)
            messages = t.ask["messages"]
        for then in PATHS:
            status, got = once(then, {"text": "Done."}, messages=messages)
            assert (status, got["message"]["text"]) == (200, "Done."), (first, then, got)
            ids = [c["id"] for m in messages for c in m.get("calls", ())]
            assert len(set(ids)) == len(ids), ids


def test_a_call_can_be_forced():
    said = json.dumps({"tool": "home__set", "arguments": {"on": True}})
    for dialect in PATHS:
        step = {"text": [said[:9], said[9:]]} if dialect == "ollama" else \
            {"calls": [{"name": "home__set", "arguments": {"on": True}}]}
        with Talk(dialect, step, choice="call") as t:
            _, got = t.turn()
            asked = t.m.chats[0]
        if dialect == "ollama":
            names = [s["properties"]["tool"]["const"]
                     for s in asked.dialect.schema(asked.json)["oneOf"]]
            assert names == ["echo__echo", "home__set", "final"] and not asked.tools, names
        else:
            assert asked.dialect.must_call(asked.json)
        calls = [(c["tool"], c["args"]) for c in got["message"]["calls"]]
        assert calls == [("home.set", '{"on":true}')] and got["told"] == "", got


def test_the_same_stands_in_front_of_each_request():
    """What does not change comes first, so that caches hold."""
    for dialect in PATHS:
        with Talk(dialect, {"calls": [CALL]}, {"text": "Done."}) as t:
            t.go_on(t.turn((0,))[1])
            t.turn((0,))
            first, second = (r.body for r in t.m.chats)
        same = os.path.commonprefix([first, second])
        assert len(same) >= len(first) - 4, (same, first)
