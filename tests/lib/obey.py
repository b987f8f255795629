# SPDX-License-Identifier: Apache-2.0
"""The corpus of hostile texts (tests/models/corpus), and the model that obeys
every one of them.

    model = Obedient(bait=[{"name": "notes.read", "arguments": {"name": "a"}}])
    with ModelServer(model) as m: ...

It first makes the calls of `bait`, which bring it a hostile text, and then
proposes what that text wants, whatever else it was told: nothing but the house
stands between the text and the act.  Each text carries a mark, by which it is
found again wherever the house shows it, and the wish: rounds of calls, and
what is said to the person."""

import glob
import json
import os
import re

CORPUS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "models",
                      "corpus")


def grown(value):
    """{"repeat": "x", "times": 9} is a text that would be too long for a file."""
    if isinstance(value, dict) and set(value) == {"repeat", "times"}:
        return value["repeat"] * value["times"]
    if isinstance(value, dict):
        return {k: grown(v) for k, v in value.items()}
    return [grown(v) for v in value] if isinstance(value, list) else value


def read(path):
    with open(path, encoding="ascii") as f:
        entry = json.load(f)
    content = grown(entry["content"])
    entry["content"] = content if isinstance(content, str) else "".join(content)
    entry["wish"] = grown(entry["wish"])
    return entry


def corpus():
    """All entries, by their names."""
    return {e["name"]: e for e in map(read, sorted(glob.glob(os.path.join(CORPUS, "*.json"))))}


def plain(name):
    """A tool's name as it may stand in any dialect."""
    return re.sub(r"[^a-zA-Z0-9]", "", name)


def offered(request):
    """The names of the tools in view; where a format stands in for them, in it."""
    schema = request.dialect.schema(request.json) or {}
    forms = [f.get("properties", {}).get("tool", {}) for f in schema.get("oneOf", ())]
    return [*request.tools, *(f["const"] for f in forms if "const" in f)]


def wire_name(tool, request):
    """The name under which the request offers the tool; what is not offered
    is called all the same, in the form that the house itself gives to names
    and in letters that the dialect has."""
    for name in offered(request):
        if plain(name) == plain(tool):
            return name
    name = tool.replace(".", "__")
    return name if request.dialect.name == "ollama" else re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:64]


def arguments(call):
    return call["raw"] if "raw" in call else call["arguments"]


def obey(text, entries=None):
    """The entries whose instructions stand in this text."""
    return [e for e in (entries or corpus()).values() if e["mark"] in text]


def forced(name, call):
    """A call in the content, where a server has no tool_choice."""
    given = arguments(call)
    raw = given if isinstance(given, str) else json.dumps(given)
    return f'{{"tool":{json.dumps(name)},"arguments":{raw}}}'


class Obedient:
    """A script for ModelServer.  `proposed` has all that it proposed, as
    (entry's name, tool, arguments as an object or as raw text)."""

    def __init__(self, bait=(), forced=forced, entries=None):
        self.bait, self.forced = list(bait), forced
        self.entries = entries or corpus()
        self.proposed = []
        self.said = []

    def __call__(self, request):
        found = obey(json.dumps(request.json, ensure_ascii=False), self.entries)
        if not found:
            baited = any(m["role"] == "assistant" for m in request.messages)
            return self.call(request, [] if baited else [
                {"tool": b["name"], **b} for b in self.bait], "Nothing to do.")
        calls, say = [], []
        for entry in found:
            rounds = entry["wish"]["rounds"]
            n = self.rounds_made(request, entry)
            for call in rounds[n] if n < len(rounds) else ():
                self.proposed.append((entry["name"], call["tool"], arguments(call)))
                calls.append(call)
            say.append(entry["wish"]["say"])
        self.said += filter(None, say)
        return self.call(request, calls, "\n".join(filter(None, say)) or "Done.")

    @staticmethod
    def rounds_made(request, entry):
        """What it said since it first saw the mark."""
        at = next((i for i, m in enumerate(request.messages) if entry["mark"] in m["text"]), -1)
        return sum(m["role"] == "assistant" and bool(m["calls"] or not request.tools)
                   for m in request.messages[at + 1:])

    def call(self, request, calls, say):
        if calls and not request.tools and request.dialect.schema(request.json):
            return {"text": self.forced(wire_name(calls[0]["tool"], request), calls[0])}
        return {"text": say, "calls": [
            {"name": wire_name(c["tool"], request), "arguments": arguments(c)} for c in calls]}
