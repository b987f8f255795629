# SPDX-License-Identifier: Apache-2.0
"""A real model (real/make_model.py writes it) by a real engine, node-llama-cpp,
behind real/server.mjs: what its grammar forces is valid, also for a house that
is talked to in prose, and the official clients can talk to it as to any
server."""

import hashlib
import http.client
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request

import peers
from models import ModelServer
from peers import BUILD, HERE

REAL = os.path.join(HERE, "real")
COPIED = ("package.json", "package-lock.json", ".npmrc", "grammar.mjs", "server.mjs")
SIZE_MAX = 2 << 20
START_S = 60
ASK = [{"role": "user", "content": "How warm is it?"}]
WEATHER = {"type": "object", "properties": {
    "place": {"type": "string", "maxLength": 20}, "celsius": {"type": "integer"},
    "unit": {"enum": ["C", "F"]}}, "required": ["place", "celsius", "unit"],
    "additionalProperties": False}
LIGHT = {"type": "object", "properties": {
    "entity": {"type": "string"}, "on": {"type": "boolean"},
    "levels": {"type": "array", "items": {"type": "number"}, "maxItems": 3}},
    "required": ["entity", "on", "levels"], "additionalProperties": False}
TOOLS = {"weather": WEATHER, "light": LIGHT}
# The forced choice of a server that has no tool_choice.
CHOICE = {"oneOf": [
    *({"type": "object", "properties": {"tool": {"const": n}, "arguments": s},
       "required": ["tool", "arguments"], "additionalProperties": False}
      for n, s in TOOLS.items()),
    {"type": "object", "properties": {"tool": {"const": "final"}, "text": {"type": "string"}},
     "required": ["tool", "text"], "additionalProperties": False}]}
LONG = {"type": "array", "items": {"enum": ["again"]}, "minItems": 200, "maxItems": 200}
server = None


def fits(value, schema):
    """The part of JSON Schema that these tests use."""
    if "oneOf" in schema:
        return sum(fits(value, s) for s in schema["oneOf"]) == 1
    if "const" in schema:
        return value == schema["const"]
    if "enum" in schema:
        return value in schema["enum"]
    kind = schema["type"]
    if kind == "object":
        return isinstance(value, dict) and set(value) == set(schema["required"]) and all(
            fits(value[k], s) for k, s in schema["properties"].items())
    if kind == "array":
        return isinstance(value, list) and len(value) <= schema.get("maxItems", len(value)) and \
            all(fits(v, schema["items"]) for v in value)
    if kind == "string":
        return isinstance(value, str) and len(value) <= schema.get("maxLength", len(value))
    if kind == "boolean":
        return isinstance(value, bool)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and (kind == "number" or value == int(value))


class Server:
    def __init__(self, folder, model):
        self.log = open(os.path.join(BUILD, "real.log"), "wb")
        self.process = subprocess.Popen(
            [peers.node(), "server.mjs", model], cwd=folder, stdout=subprocess.PIPE,
            stderr=self.log, text=True)
        late = threading.Timer(START_S, self.process.kill)
        late.start()
        self.url = self.process.stdout.readline().strip()
        late.cancel()
        assert self.url.startswith("http://"), "it did not start, see build/models/real.log"

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()


def setup():
    global server
    peers.node()
    # Its prebuilt binaries for the processors that we know are named in the
    # lock file; all others, for graphics cards above all, are left out.
    folder = peers.installed(
        os.path.join(BUILD, "real"), [os.path.join(REAL, name) for name in COPIED],
        ["npm", "install", "--no-progress", "--omit=optional", "--force"])
    peers.python_clients()
    model = os.path.join(folder, "nonsense.gguf")
    subprocess.run([sys.executable, os.path.join(REAL, "make_model.py"), model], check=True)
    server = Server(folder, model)


def close():
    server.close()


def openai():
    import openai
    return openai.OpenAI(base_url=server.url + "/v1", api_key="none", max_retries=0, timeout=60)


def ollama():
    import ollama
    return ollama.Client(host=server.url, timeout=60)


def tools(*names):
    return [{"type": "function", "function": {"name": n, "parameters": TOOLS[n]}} for n in names]


def told(client, **more):
    """The text, streamed."""
    with client.chat.completions.create(model="nonsense", messages=ASK, stream=True,
                                        **more) as stream:
        return [c.choices[0].delta.content or "" for c in stream if c.choices]


def test_the_model_is_small_and_always_the_same():
    digests = set()
    for _ in range(2):
        path = os.path.join(BUILD, "again.gguf")
        subprocess.run([sys.executable, os.path.join(REAL, "make_model.py"), path], check=True)
        with open(path, "rb") as f:
            digests.add(hashlib.sha256(f.read()).hexdigest())
        assert os.path.getsize(path) < SIZE_MAX
        os.unlink(path)
    assert len(digests) == 1


def test_a_call_that_is_required_comes_and_fits_its_schema():
    client, seen = openai(), set()
    for seed in range(12):
        r = client.chat.completions.create(model="nonsense", messages=ASK, seed=seed,
                                           tools=tools(*TOOLS), tool_choice="required")
        choice = r.choices[0]
        assert choice.finish_reason == "tool_calls", choice
        call = choice.message.tool_calls[0].function
        assert fits(json.loads(call.arguments), TOOLS[call.name]), call
        seen.add(call.name)
    assert seen == set(TOOLS), seen


def test_a_named_call_is_streamed_in_pieces_that_make_a_whole():
    client = openai()
    for seed in range(5):
        pieces, name, finish, usage = [], "", None, None
        with client.chat.completions.create(
                model="nonsense", messages=ASK, seed=seed, stream=True, tools=tools(*TOOLS),
                tool_choice={"type": "function", "function": {"name": "light"}},
                stream_options={"include_usage": True}) as stream:
            for event in stream:
                usage = event.usage or usage
                for choice in event.choices:
                    finish = choice.finish_reason or finish
                    for call in choice.delta.tool_calls or ():
                        name += call.function.name or ""
                        pieces.append(call.function.arguments or "")
        assert name == "light" and finish == "tool_calls" and usage.completion_tokens > 0
        assert len(pieces) > 5 and fits(json.loads("".join(pieces)), LIGHT), pieces


def test_a_format_is_kept_in_both_faces():
    for seed in range(6):
        text = "".join(told(openai(), seed=seed, response_format={
            "type": "json_schema", "json_schema": {"name": "x", "schema": WEATHER}}))
        assert fits(json.loads(text), WEATHER), text
        r = ollama().chat(model="nonsense", messages=ASK, format=WEATHER, options={"seed": seed})
        assert r.done_reason == "stop" and fits(json.loads(r.message.content), WEATHER), r


def test_a_choice_is_forced_by_a_format_where_there_is_no_tool_choice():
    chosen = set()
    for seed in range(15):
        parts = list(ollama().chat(model="nonsense", messages=ASK, format=CHOICE, stream=True,
                                   options={"seed": seed}))
        value = json.loads("".join(p.message.content for p in parts))
        assert fits(value, CHOICE) and parts[-1].done_reason == "stop", value
        chosen.add(value["tool"])
    assert len(chosen) >= 2, chosen


def test_words_are_streamed_and_counted_and_the_same_for_the_same_seed():
    client = openai()
    first, again, other = (told(client, seed=s) for s in (7, 7, 8))
    assert len(first) > 3 and first == again != other, (first, other)
    parts = list(ollama().chat(model="nonsense", messages=ASK, stream=True, options={"seed": 7}))
    assert "".join(p.message.content for p in parts) == "".join(first)
    assert parts[-1].done and parts[-1].prompt_eval_count > 5 and parts[-1].eval_count > 3


def test_an_answer_is_cut_at_its_limit():
    r = openai().chat.completions.create(
        model="nonsense", messages=ASK, max_tokens=5, response_format={
            "type": "json_schema", "json_schema": {"name": "x", "schema": LONG}})
    assert r.choices[0].finish_reason == "length" and r.usage.completion_tokens <= 6
    r = ollama().chat(model="nonsense", messages=ASK, format=LONG, options={"num_predict": 5})
    assert r.done_reason == "length", r


def hear_one_word(asked):
    """The official client hears all to the end before it closes."""
    c = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    c.request("POST", "/v1/chat/completions", json.dumps(asked))
    assert c.getresponse().read(6) == b"data: "
    c.close()


def test_who_goes_away_stops_the_model():
    client = openai()
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": LONG}}
    begun = time.monotonic()
    whole = told(client, max_tokens=1500, response_format=form)
    took = time.monotonic() - begun
    assert len(whole) > 100 and took > 0.2, (len(whole), took)
    rest = []
    for _ in range(3):  # a busy machine may be late
        hear_one_word({"messages": ASK, "stream": True, "max_tokens": 1500,
                       "response_format": form})
        begun = time.monotonic()
        told(client, max_tokens=1)
        rest.append(time.monotonic() - begun)
    assert min(rest) < took / 2, "it went on for nobody"


def test_a_schema_that_cannot_be_kept_is_refused():
    import ollama as o
    try:
        ollama().chat(model="nonsense", messages=ASK, format={"type": "no such type"})
    except o.ResponseError as e:
        assert e.status_code == 400 and "schema" in str(e), e
    else:
        raise AssertionError("it was taken")


def test_it_tells_of_itself_as_an_ollama_does():
    assert [m.model for m in ollama().list().models] == ["nonsense:latest"]
    assert [m.id for m in openai().models.list()] == ["nonsense:latest"]
    assert "tools" in ollama().show("nonsense:latest").capabilities


class Half:
    """In front of the real model: speaks in prose where it may, and hands on
    what forces a choice, with a seed."""

    def __init__(self):
        self.seed, self.forced = 0, []
        self.server = ModelServer(self.step)

    def step(self, request):
        asked = request.json
        if "format" in asked or asked.get("tool_choice") == "required":
            return {"raw": self.hand_on(request)}
        if not self.forced:
            return {"text": "I would call notes__save with that."}
        return {"text": "It is done."}

    def hand_on(self, request):
        asked = dict(request.json)
        asked.setdefault("options", {})["seed"] = asked["seed"] = self.seed
        r = urllib.request.Request(server.url + request.path, json.dumps(asked).encode(),
                                   {"Content-Type": "application/json"})
        with urllib.request.urlopen(r, timeout=60) as answer:
            self.forced.append((request, answer.read()))
        return self.forced[-1][1]


def schemas(request):
    """Of the arguments, by the tool's name."""
    asked = request.json
    if "format" in asked:
        return {s["properties"]["tool"]["const"]: s["properties"].get("arguments")
                for s in asked["format"]["oneOf"]}
    return {t["function"]["name"]: t["function"]["parameters"] for t in asked["tools"]}


def test_a_turn_that_ends_in_prose_ends_in_a_valid_call_once_it_is_forced():
    from house import House
    from rules import BASE, use
    from thinking import acts_of, provider
    for dialect in ("ollama", "openai"):
        half, made = Half(), []
        with House() as h:
            h.start()
            use(h, BASE + "deny forget tool=memory.forget\n")
            provider(h, dialect, half.server.url, models=("nonsense",))
            for half.seed in range(10):
                half.forced = []
                entries = h.console.ask(f"please do what is right, number {half.seed}")
                assert len(half.forced) == 1, "one repair was enough"
                assert entries[-1]["reached"] is True, entries[-1]
                assert [e for e in entries if e["kind"] == "refused"] == [], entries
                acts = [e for e in entries if e["kind"] == "proposed"
                        and not e["tool"].startswith("model.")]
                assert len(acts) == len(acts_of(entries)) <= 1, entries
                for a in acts:
                    schema = schemas(half.forced[0][0])[a["tool"].replace(".", "__")]
                    # Its grammar leaves out no member.
                    assert fits(json.loads(a["args"]), {
                        **schema, "required": list(schema["properties"])}), (a, schema)
                    made.append(a["tool"])
        half.server.close()
        print(f"  {dialect}: of 10 forced replies {len(made)} are calls, of {sorted(set(made))}")
        assert len(set(made)) >= 2, made
