# SPDX-License-Identifier: Apache-2.0
"""A conversation that saves, finds and fetches things, and then all that goes
wrong between a house and its models: each is told in one clear sentence that
says what to do, nothing hangs, nothing is lost, and the next goal works."""

import re
import subprocess
import time

from apart import Cable, house_apart
from caller import Authority
from house import wait_for
from models import ModelServer, steps_of
from rules import BASE, finish, use
from thinking import provider, save

PAGE, CLOUD, PORT = "9.77.0.2", "9.78.0.2", 8443
KEY, WRONG = "sk-right-4711-tangerine-submarine", "sk-wrong-0815-tangerine-submarine"
LONG = {"text": ["The ", "first ", "half ", "and ", "the ", "rest."], "stall": "middle"}
FINE = {"text": ["It is ", "fine."]}
USAGE = {"input": 1000, "output": 100}
MORE = "budget day tool=model.cloud.* usd=%s/day over=%s\n"
# A silent machine is noticed within the first, and a connection is tried for the second.
SILENCE_S, CONNECT_S, BUSY_S = 20, 10, 30  # The last is for a machine that is.


def call(name, **arguments):
    return {"calls": [{"name": name, "arguments": arguments}]}


class Home:
    """A model in the house and one outside, behind a cable; tools, and a page."""

    def __init__(self):
        self.authority = Authority()
        self.house = house_apart({"news.test": [PAGE], "cloud.test": [CLOUD]}, [(PAGE, 80)],
                                 ("notes", "web"),
                                 more=("--authorities", self.authority.path))
        try:
            self.begin()
        except BaseException:
            self.close()
            raise

    def begin(self):
        h = self.house
        self.cable = Cable(h.apart, "9.78.0.1", CLOUD)
        self.here = ModelServer([])
        cert = self.authority.sign("cloud.test")
        self.far = self.cable.beyond(
            lambda: ModelServer([], key=KEY, cert=cert, address=CLOUD, port=PORT))
        provider(h, "ollama", self.here.url)
        self.set_key("set", WRONG)
        r = subprocess.run(
            [h.durward, "model", "add", "far", "--dialect", "openai", "--url",
             f"https://cloud.test:{PORT}/v1", "--cloud", "--model", "big:65536", "--key", "far-key"],
            env=h.console.env, text=True, input="yes\nyes\n", capture_output=True, timeout=60)
        assert r.returncode == 0 and "granted" in r.stdout, r.stdout + r.stderr
        self.run("model", "price", "far/big", "2026-01-01", "in=5", "out=25")

    def close(self):
        for name in ("here", "far"):
            if hasattr(self, name):
                getattr(self, name).close()
        self.house.close()
        self.authority.close()

    def run(self, *words):
        r = self.house.console.run(*words)
        assert r.returncode == 0, f"{words}: {r.stdout}{r.stderr}"
        return r.stdout

    def set_key(self, verb, value):
        r = subprocess.run([self.house.durward, "secret", verb, "far-key"], input=value, text=True,
                           env=self.house.console.env, capture_output=True, timeout=60)
        assert r.returncode == 0, r.stderr

    def think_with(self, model):
        self.run("model", "use", "planner", model)

    def verified(self):
        assert "verified under the signed root" in self.run("audit", "verify")

    def told(self, p, seconds):
        """What a run that was started in words said at its end: one sentence."""
        begun = time.monotonic()
        try:
            out, err = p.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.house.console.run("stop", self.house.console.json("runs")["runs"][0]["run"])
            p.kill()
            raise AssertionError(f"nothing was told in {seconds} s")
        assert p.returncode == 1, out + err
        print(f"  {time.monotonic() - begun:.1f} s: {out}")
        return sentence_of(out)

    def works(self, server):
        """What was kept before is there, the next goal is reached, and the log stands."""
        say(server, {**FINE, "usage": USAGE, "repeat": True})
        assert "It is fine." in self.run("ask", "and now?")
        assert "buy oat milk" in self.run("ask", "list notes")
        assert {r["state"] for r in self.house.console.json("runs")["runs"]} <= {"done", "failed"}
        self.verified()


def say(server, *script):
    with server.changed:
        server.script = steps_of(script)


def sentence_of(out):
    """The lines of the house at the end that are no step, no words of a model."""
    steps = (r"(goal|thinking|proposed|judged|asked|approved|started|reached|done|failed|denied|"
             r"logged|used|           |\| |$)")
    lines = [line for line in out.splitlines() if not re.match(steps, line)]
    assert len(lines) == 1, out
    assert 20 < len(lines[0]) < 300, lines
    return lines[0]


def is_unreachable(words):
    """What it is called depends on who notices first, the address or the clock."""
    return re.fullmatch(
        rf"The model gave no answer: far at cloud\.test:{PORT} does not answer \((no connection|"
        r"there is no way to it)\); is the server, or the network, running\?", words)


def setup():
    return Home()


def test_a_conversation_saves_finds_and_fetches_with_every_act_visible(t):
    t.think_with("ollama/tiny")
    say(t.here,
        {"calls": [save("buy oat milk")]}, {"text": ["I saved ", "it."]},
        call("notes__search", text="milk"), {"text": ["You wanted ", "oat milk."]},
        call("web__fetch", url="http://news.test/today"), {"text": ["The page ", "says Here."]})
    p = subprocess.Popen([t.house.durward, "chat"], env=t.house.console.env, text=True,
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    p.stdin.write("please keep in mind that I must buy oat milk\n"
                  "what was it that I must buy?\n"
                  "and what is on http://news.test/today now?\n")
    p.stdin.close()
    p.stdin = None

    def asked():
        "the question about the page's host"
        return t.house.console.json("approvals")["approvals"]
    act = wait_for(asked, 60)[0]["act"]
    t.run("approve", act, "--yes")
    out, _ = p.communicate(timeout=60)
    steps = ["thinking   model.house.ollama asks tiny", "proposed   notes.save", "judged     allow",
             "started    in container durward-notes", "done       Saved the note", "| I saved it.",
             "proposed   notes.search", "done       ", "oat milk", "| You wanted oat milk.",
             "proposed   web.fetch", "judged     ask", "asked      waits", "approved   by console",
             "may reach news.test:80", f"reached    news.test:80 at {PAGE}", "by way of the gate",
             "| The page says Here.", "logged     entry"]
    at = 0
    for step in steps:
        at = out.find(step, at)
        assert at >= 0, f"{step!r} is not where it should be in\n{out}"
    assert p.returncode == 0, out
    said = t.here.chats[4].messages
    assert any("I saved it." in m["text"] for m in said), "it is one conversation"
    t.works(t.here)


def test_a_server_killed_in_mid_answer_is_told(t):
    t.think_with("ollama/tiny")
    before = len(t.here.chats)
    say(t.here, LONG)
    p = t.house.console.start("ask", "tell me a long story")
    t.here.wait(before + 1, done=False)
    wait_for(lambda: t.here.chats[before].sent)
    port = t.here.port
    t.here.close()
    words = t.told(p, 60)
    assert words == (f"The model gave no answer: Ollama at 127.0.0.1:{port} does not answer "
                     "(connection refused); is it running?"), words
    t.here = ModelServer([], port=port)
    t.works(t.here)


def test_a_wrong_key_is_told(t):
    t.think_with("far/big")
    say(t.far, FINE)
    words = t.told(t.house.console.start("ask", "tell me a long story"), 60)
    assert words == (f"The model gave no answer: the key of far at cloud.test:{PORT} was refused "
                     "(401); 'durward secret rotate far-key' gives a new one"), words
    t.set_key("rotate", KEY)
    t.works(t.far)


def test_an_empty_budget_is_told(t):
    t.think_with("far/big")
    use(t.house, BASE + MORE % ("0.01", "deny"))
    before = len(t.far.chats)
    words = t.told(t.house.console.start("ask", "tell me a long story"), 60)
    assert re.fullmatch(
        r"I may not ask the model: box:day denies it: it may use [\d.]+ USD, and 0.01 USD are left "
        r"of the budget box:day, which is 0.01 USD a day.*", words), words
    assert len(t.far.chats) == before, "nothing was sent"
    use(t.house, BASE)
    t.works(t.far)


def test_over_its_budget_a_call_goes_with_a_yes_and_not_without(t):
    t.think_with("far/big")
    use(t.house, BASE + MORE % ("0.01", "ask"))
    before = len(t.far.chats)
    p, act = t.house.console.asked_in_words("tell me a long story")
    assert len(t.far.chats) == before, "it waits"
    assert t.house.console.run("deny", act, "too dear").returncode == 0
    words = t.told(p, 60)
    assert words == "I may not ask the model: console said no: too dear", words
    assert len(t.far.chats) == before, "nothing was sent"
    say(t.far, {**FINE, "usage": USAGE})
    p, act = t.house.console.asked("tell me a long story")
    r = t.house.console.run("approve", act, "--yes")
    assert r.returncode == 0 and "\nrule box:day" in r.stdout and "\nprice at most 0." in r.stdout, r.stdout
    entries = finish(p)
    assert entries[-1]["reply"] == "It is fine." and entries[-1]["reached"], entries[-1]
    assert [e["name"] for e in entries if e["kind"] == "approved"] == ["console"], entries
    assert len(t.far.chats) == before + 1
    use(t.house, BASE)
    t.works(t.far)


def test_a_cable_pulled_before_the_answer_is_told(t):
    t.think_with("far/big")
    t.cable.pull()
    try:
        words = t.told(t.house.console.start("ask", "tell me a long story"), SILENCE_S + 2 * CONNECT_S + BUSY_S)
    finally:
        t.cable.plug_in()
    assert is_unreachable(words), words
    t.works(t.far)


def test_a_cable_pulled_in_mid_answer_is_told(t):
    t.think_with("far/big")
    before = len(t.far.chats)
    say(t.far, LONG)
    p = t.house.console.start("ask", "tell me a long story")
    t.far.wait(before + 1, done=False)
    wait_for(lambda: t.far.chats[before].sent)
    t.cable.pull()
    try:
        assert "oat milk" in t.run("ask", "list notes"), "others are served"
        words = t.told(p, SILENCE_S + 2 * CONNECT_S + BUSY_S)
    finally:
        t.cable.plug_in()
    assert is_unreachable(words), words
    t.works(t.far)
