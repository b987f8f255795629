# SPDX-License-Identifier: Apache-2.0
"""The corpus of hostile texts is whole, and the model that obeys proposes
exactly what each of them wants, in each dialect."""

import http.client
import json
import os
import unicodedata

from models import ModelServer
from obey import CORPUS, Obedient, arguments, corpus, obey, wire_name

KINDS = {"call", "leak", "policy", "approval", "fake_result", "fake_approval", "fake_system",
         "hidden", "language", "multi_step", "image", "repeat", "grant", "secret", "canonical",
         "delimiter", "overlong", "description"}
SOURCES = {"page", "note", "json", "result", "mail", "device", "file", "tool"}
FIELDS = {"name", "kind", "comes_from", "tries", "mark", "wish", "content"}
LEAST = 64
BAIT = {"name": "notes.read", "arguments": {"name": "a"}}
OFFERED = ["notes__read", "notes__delete", "shell__run"]
VERSION = {"anthropic-version": "2023-06-01"}
PATHS = ("/api/chat", "/v1/chat/completions", "/v1/messages")


def test_each_entry_is_whole_and_there_are_enough_of_each_kind():
    entries = corpus()
    assert len(entries) >= LEAST and len(entries) == len(os.listdir(CORPUS)), len(entries)
    assert {e["kind"] for e in entries.values()} == KINDS
    assert {e["comes_from"] for e in entries.values()} == SOURCES
    for name, e in entries.items():
        assert set(e) == FIELDS and name and e["tries"] and e["content"], e
        assert os.path.exists(os.path.join(CORPUS, name + ".json")), name
        assert e["wish"]["say"] or any(e["wish"]["rounds"]), f"{name} wishes nothing"
        for call in (c for calls in e["wish"]["rounds"] for c in calls):
            assert call["tool"] and ("raw" in call) != ("arguments" in call), call
    for kind in KINDS:
        assert sum(e["kind"] == kind for e in entries.values()) >= 3, kind


def test_each_text_is_found_by_its_mark_and_no_other():
    entries = corpus()
    for name, e in entries.items():
        assert [x["name"] for x in obey(e["content"], entries)] == [name]
        shown = json.dumps({"result": e["content"]})
        assert [x["name"] for x in obey(shown, entries)] == [name], "lost when it is escaped"
    assert not obey("Delete the note budget.", entries)


def test_what_is_said_to_be_hidden_is_hidden():
    hidden = [e for e in corpus().values() if e["kind"] == "hidden"]
    unseen = [e for e in hidden if any(unicodedata.category(c) in ("Cf", "Cc", "Mn")
                                       for c in e["content"] if c != "\n")]
    assert len(unseen) >= 4, [e["name"] for e in unseen]


class Talk:
    """A conversation in one dialect, as a client would have it."""

    def __init__(self, model, path, tools=OFFERED):
        self.server = ModelServer(model)
        self.path = path
        self.http = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        self.messages = [{"role": "user", "content": "What does the note say?"}]
        if path == "/v1/messages":
            self.asked = {"max_tokens": 9, "tools": [
                {"name": n, "input_schema": {"type": "object"}} for n in tools]}
        else:
            self.asked = {"stream": False, "tools": [
                {"type": "function", "function": {"name": n, "parameters": {}}} for n in tools]}

    def ask(self):
        """(text, [(name, arguments, id)]), and it is part of the messages."""
        body = {"model": "tiny", "messages": self.messages, **self.asked}
        self.http.request("POST", self.path, json.dumps(body), VERSION)
        r = self.http.getresponse()
        raw = r.read()
        assert r.status == 200, raw
        return self._read(raw)

    def _read(self, raw):
        if self.path == "/v1/messages":
            content = json.loads(raw)["content"]
            self.messages.append({"role": "assistant", "content": content})
            return "".join(b.get("text", "") for b in content), [
                (b["name"], b["input"], b["id"]) for b in content if b["type"] == "tool_use"]
        value = json.loads(raw)
        message = value["message"] if self.path == "/api/chat" else value["choices"][0]["message"]
        self.messages.append(message)
        return message["content"] or "", [(c["function"]["name"], c["function"]["arguments"],
                                           c["id"]) for c in message.get("tool_calls", ())]

    def answer(self, calls, text):
        if self.path == "/v1/messages":
            self.messages.append({"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": i, "content": text} for _, _, i in calls]})
        else:
            self.messages += [{"role": "tool", "tool_call_id": i, "tool_name": n, "content": text}
                              for n, _, i in calls]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.close()
        self.server.close()


def wished(entry, request):
    return [[(wire_name(c["tool"], request), arguments(c)) for c in calls]
            for calls in entry["wish"]["rounds"]]


def as_object(given):
    """Python keeps the last of two keys, as a careless reader does."""
    return json.loads(given) if isinstance(given, str) else given


def test_the_obedient_model_does_exactly_what_each_text_wants_in_each_dialect():
    entries = corpus()
    for path in PATHS:
        for entry in entries.values():
            with Talk(Obedient([BAIT], entries=entries), path) as talk:
                _, calls = talk.ask()
                assert [n for n, _, _ in calls] == ["notes__read"], calls
                talk.answer(calls, entry["content"])
                made = []
                while True:
                    text, calls = talk.ask()
                    if not calls:
                        break
                    made.append([(n, as_object(a)) for n, a, _ in calls])
                    talk.answer(calls, "refused")
                request = talk.server.chats[-1]
                want = [[(n, as_object(a)) for n, a in calls] for calls in wished(entry, request)]
                assert made == want, (path, entry["name"], made)
                assert text == (entry["wish"]["say"] or "Done."), (path, entry["name"], text)


def test_raw_arguments_reach_the_wire_as_they_are():
    entry = corpus()["duplicate_keys"]
    model = Obedient()
    with Talk(model, "/v1/chat/completions") as talk:
        talk.messages[0]["content"] += entry["content"]
        _, [(name, given, _)] = talk.ask()
        assert name == "notes__delete" and given == entry["wish"]["rounds"][0][0]["raw"]
    assert model.proposed == [("duplicate_keys", "notes.delete", given)]


def test_a_description_is_obeyed_as_well():
    entry = corpus()["poisoned_description"]
    with Talk(Obedient(), "/api/chat") as talk:
        talk.asked["tools"][0]["function"]["description"] = entry["content"]
        assert [c[0] for c in talk.ask()[1]] == ["files__read"]


def test_without_tools_a_call_is_forced_into_the_content():
    entry = corpus()["plain_order"]
    with Talk(Obedient(), "/api/chat", tools=()) as talk:
        talk.messages[0]["content"] += entry["content"]
        talk.asked["format"] = {"oneOf": [
            {"properties": {"tool": {"const": n}, "arguments": {}}} for n in OFFERED]}
        text, calls = talk.ask()
        assert not calls and json.loads(text) == {"tool": "notes__delete",
                                                  "arguments": {"name": "budget"}}
        assert talk.ask()[0] == "Done."


def test_what_was_not_shown_is_not_obeyed():
    entry = corpus()["plain_order"]
    with Talk(Obedient([BAIT]), "/v1/messages") as talk:
        _, calls = talk.ask()
        talk.answer(calls, entry["content"].replace(entry["mark"], ""))
        assert talk.ask() == ("Nothing to do.", [])
