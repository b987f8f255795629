# SPDX-License-Identifier: Apache-2.0
"""What calls of models may cost is held back, what they cost is counted, and
neither a mind nor a server makes it less; beyond it the house asks or denies."""

import hashlib
import json
import re
import os
import socket
import subprocess
import threading

from apart import Apart
from caller import Authority, Raw, chunk
from house import TOP, House, wait_for
from models import ModelServer
from wire import Wire

ASSIST = os.path.join(TOP, "config/policies/assist.policy")
PRICE = ("2026-01-01", "in=5", "out=25")
PUBLIC = "9.77.0.9"
HOUR_MS = 3600 * 1000


def answering(**usage):
    return [{"text": ["Here."], "repeat": True, "usage": usage}]


def policy_with(h, *lines):
    path = h.path("budget.policy")
    with open(ASSIST) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(text + "".join(line + "\n" for line in lines))
    done(h.console.run("policy", "activate", path))


def done(r):
    assert r.returncode == 0, r.stdout + r.stderr
    return r.stdout


def add(h, m, name="here", models=("tiny",), dialect="ollama", price=PRICE):
    flags = [w for one in models for w in ("--model", one + ":8192")]
    url = m if isinstance(m, str) else m.url
    done(h.console.run("model", "add", name, "--dialect", dialect, "--url", url, *flags, "--yes"))
    for one in models:
        done(h.console.run("model", "price", f"{name}/{one}", *price))


def cost_of(h, provider="here", model="tiny"):
    for p in h.console.json("model", "list")["providers"]:
        for m in p["models"]:
            if (p["provider"], m["model"]) == (provider, model):
                return m["usd_millionths"]
    raise AssertionError("it is not listed")


def used_of(entries):
    found = [e for e in entries if e["kind"] == "model-used"]
    assert len(found) == 1, entries
    return found[0]


def args_of(entries):
    return json.loads(next(e for e in entries if e["kind"] == "proposed")["args"])


def log_of(h):
    return [json.loads(line) for line in done(h.console.run("audit", "show", "--json")).splitlines()]


# ---- What is reserved, and what is used beyond it ----

def test_each_byte_is_reserved_as_a_token_and_what_is_beyond_counts():
    with House(tools=()) as h, ModelServer(answering(input=150000, output=50000)) as m:
        h.start(tools=False)
        add(h, m)
        policy_with(h, "budget purse tool=model.* usd=1/day over=deny")
        entries = h.console.ask("what is this place?")
        args, used = args_of(entries), used_of(entries)
        most = args["bytes"] * 5 + args["output"] * 25
        cost = 150000 * 5 + 50000 * 25
        assert used["settled"] and used["usd_millionths"] == cost == cost_of(h), used
        assert used["over_usd_millionths"] == cost - most, (used, most)
        assert used["over_tokens"] == 200000 - args["bytes"] - args["output"], used
        # It is 2 dollars of 1: the next call is not made.
        end = h.console.ask("what is this place?")[-1]
        assert end["reached"] is False and len(m.chats) == 1, end
        assert "0 USD are left of the budget box:purse, which is 1 USD a day" in end["reply"], end
        assert "there will be enough in" in end["reply"], end
        h.stop()
        h.start(tools=False)
        assert cost_of(h) == cost
        assert h.console.ask("what is this place?")[-1]["reached"] is False
        # One that asks is answered by a person.
        policy_with(h, "budget purse tool=model.* usd=1/day over=ask")
        p, act = h.console.asked("what is this place?")
        done(h.console.run("approve", act, "--yes"))
        said = [json.loads(line) for line in p.communicate(timeout=60)[0].splitlines()]
        assert said[-1]["reply"] == "Here." and len(m.chats) == 2, said


def test_what_is_put_into_a_cache_is_paid_for():
    usage = {"input": 2000, "cached": 500, "cache_write": 1000, "output": 100}
    for more, write in ((("cached=0.5", "cache_write=6.25"), 6.25), (("cached=0.5",), 10)):
        with House(tools=()) as h, ModelServer(answering(**usage)) as m:
            h.start(tools=False)
            add(h, m, dialect="anthropic", price=(*PRICE, *more))
            entries = h.console.ask("what is this place?")
            assert b"cache_control" in m.chats[0].body
            used = used_of(entries)
            assert (used["cached"], used["cache_written"]) == (500, 1000), used
            plain = used["input"] - 1500
            assert used["usd_millionths"] == plain * 5 + 250 + 1000 * write + 2500, used
            said = h.console.run("ask", "what is this place?").stdout
            usd = f"0.{used['usd_millionths']:06d} USD"
            assert re.search(rf"^used       \d+ tokens of \S+, {usd}, \d+\.\d s$", said, re.M), said
            assert cost_of(h) == 2 * used["usd_millionths"]


# ---- A mind that was taken over ----

def ask_by_miser(h, m, used, model="tiny", name="here"):
    """It asks this very model, and says that it used so much."""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "hello" * 200}],
                       "stream": True, "options": {"num_predict": 1000}})
    args = {"bytes": len(body), "model": model, "output": 1000,
            "sha256": hashlib.sha256(body.encode()).hexdigest()}
    goal = {"tool": "model.house." + name, "body": body, "used": used,
            "args": json.dumps(args, sort_keys=True, separators=(",", ":"))}
    return len(body), h.console.ask(json.dumps(goal))


def test_a_mind_that_says_it_used_nothing_pays_for_the_bytes():
    words = [{"text": ["word "] * 400, "repeat": True}]
    with House(binary="probe-miser", tools=()) as h, ModelServer(words) as m:
        h.start(tools=False)
        add(h, m)
        nothing = {"input": 0, "cached": 0, "cache_written": 0, "output": 0}
        size, entries = ask_by_miser(h, m, nothing)
        used, end = used_of(entries), next(e for e in entries if e["kind"] == "done")
        received = end["model"]["received"]
        assert used["settled"] and used["raised"], used
        assert received > 20000, end
        assert (used["input"], used["output"]) == (size // 8, received // 512), used
        assert cost_of(h) == used["input"] * 5 + used["output"] * 25 > 0
        # It cannot say that it was less by saying other bytes, either.
        before = cost_of(h)
        size, entries = ask_by_miser(h, m, {**nothing, "bytes": 1})
        assert not used_of(entries)["settled"], entries
        assert cost_of(h) - before == size * 5 + 1000 * 25


def test_a_mind_asks_no_model_that_its_role_does_not_list():
    with House(binary="probe-miser", tools=()) as h, ModelServer(answering()) as m:
        h.start(tools=False)
        add(h, m, models=("tiny", "big"))
        done(h.console.run("model", "use", "planner", "here/tiny"))
        used = {"input": 1000, "output": 1}
        _, entries = ask_by_miser(h, m, used)
        assert entries[-1]["reply"] == "asked" and len(m.chats) == 1, entries
        _, entries = ask_by_miser(h, m, used, model="big")
        assert "here/big is not among those that this goal may ask" in entries[-1]["reply"]
        kinds = {e["kind"] for e in entries}
        assert "refused" in kinds and "proposed" not in kinds and len(m.chats) == 1, entries
        done(h.console.run("model", "use", "planner", "any"))
        _, entries = ask_by_miser(h, m, used, model="big")
        assert entries[-1]["reply"] == "asked" and len(m.chats) == 2, entries


# ---- What was stopped ----

class Deaf:
    """Nobody gets a connection here, nor a refusal: its queue is full."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        at = self.listener.getsockname()
        self.waiting = [socket.socket() for _ in range(4)]
        for s in self.waiting:
            s.setblocking(False)
            s.connect_ex(at)
        self.url = f"http://127.0.0.1:{at[1]}"
        return self

    def __exit__(self, *exc):
        for s in (*self.waiting, self.listener):
            s.close()


def stopped(h, seen):
    """A goal that is stopped once its call is under way, and what it cost by
    then; the entries of its model."""
    p = h.console.start("ask", "what is this place?", "--json")

    def begun():
        "the call"
        return seen(log_of(h))
    wait_for(begun)
    run = next(e["run"] for e in log_of(h)[::-1] if e["kind"] == "goal")
    cost = cost_of(h)
    done(h.console.run("stop", run))
    p.communicate(timeout=60)
    return cost


def test_a_call_that_was_stopped_before_it_was_sent_costs_nothing():
    with House(tools=()) as h, Deaf() as deaf:
        h.start(tools=False)
        add(h, deaf)
        cost = stopped(h, lambda log: [e for e in log if e["kind"] == "started"])
        assert cost > 0, "it was reserved"

        def free():
            "what was reserved"
            return cost_of(h) == 0
        wait_for(free)
        used = used_of(log_of(h))
        assert used["settled"] and used["usd_millionths"] == used["input"] == 0, used


def test_a_call_that_was_stopped_after_it_was_sent_costs_what_was_reserved():
    silent = [{"stall": "before", "repeat": True}]
    with House(tools=()) as h, ModelServer(silent) as m:
        h.start(tools=False)
        add(h, m)
        cost = stopped(h, lambda log: m.chats)
        h.wait_log("egress")
        assert h.console.ask("status")[-1]["reached"] is True
        assert cost_of(h) == cost > 0
        assert not [e for e in log_of(h) if e["kind"] == "model-used"]


# ---- Outside ----

def says_here(s, asked, n):
    event = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
             "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Here."},
                          "finish_reason": None}]}
    last = {**event, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    usage = {**event, "choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 200,
                                               "total_tokens": 1200}}
    s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
              b"Transfer-Encoding: chunked\r\n\r\n")
    for e in (event, last, usage):
        s.sendall(chunk(b"data: " + json.dumps(e).encode() + b"\n\n"))
    s.sendall(chunk(b"data: [DONE]\n\n") + chunk(b""))
    return True


class Outside:
    """A house with a provider that is outside, as far as it can tell: a network
    of its own has it, under a name and certificates that it alone knows."""

    COST = 1000 * 5 + 200 * 25

    def __enter__(self):
        self.authority = Authority()
        self.apart = Apart({"cloud.test": [PUBLIC]}, [(PUBLIC, 9)])
        self.server = Raw(says_here, PUBLIC, 8443, self.authority.sign("cloud.test"))
        self.house = h = House(tools=())
        h.more = ("--authorities", self.authority.path)
        h.start(tools=False)
        return self

    def add(self, *more, yes="yes\nyes\n"):
        h = self.house
        r = subprocess.run(
            [h.durward, "model", "add", "far", "--dialect", "openai", "--url",
             "https://cloud.test:8443/v1", "--cloud", "--model", "m:8192", *more],
            env=h.console.env, text=True, input=yes, capture_output=True, timeout=60)
        done(r)
        done(h.console.run("model", "price", "far/m", *PRICE))
        return r.stdout

    def answer(self, goal="what is this place?"):
        """A question to a person, who says yes: all that was logged."""
        p, act = self.house.console.asked(goal)
        row = next(a for a in self.house.console.json("approvals")["approvals"]
                   if a["act"] == act)
        assert row["tool"] == "model.cloud.far", row
        self.rule = row["rule"]
        count = self.server.count
        done(self.house.console.run("approve", act, "--yes"))
        entries = [json.loads(line) for line in p.communicate(timeout=60)[0].splitlines()]
        assert entries[-1]["reply"] == "Here." and self.server.count == count + 1, entries
        return entries

    def __exit__(self, *exc):
        if exc[0] is not None and os.environ.get("V"):
            print(self.house.log())
        self.house.close()
        self.server.close()
        # One thread alone may go back to where it came from.
        wait_for(lambda: threading.active_count() == 1, 60)
        self.apart.close()
        self.authority.close()


def spend(h, client):
    """What any client that reads may see of grants and budgets."""
    status, answer = Wire(h, client).query("spend")
    assert status == 200, (status, answer)
    return answer


def test_a_budget_that_asks_is_answered_by_a_signed_yes():
    with Outside() as o:
        o.add("--usd", "5")
        h = o.house
        policy_with(h, "budget purse tool=model.cloud.* usd=0.065/day over=ask")
        assert h.console.reply("what is this place?") == "Here.", "the grant stands for it"
        assert cost_of(h, "far", "m") == o.COST and o.server.count == 1
        entries = o.answer()
        assert o.rule == "box:purse", o.rule
        kinds = [e["kind"] for e in entries]
        assert "approved" in kinds and kinds.index("approved") < kinds.index("started"), kinds
        assert cost_of(h, "far", "m") == 2 * o.COST
        policy_with(h, "budget purse tool=model.cloud.* usd=0.065/day over=deny")
        said = h.console.reply("what is this place?")
        assert o.server.count == 2 and "0.045 USD are left of the budget box:purse" in said, said
        told = spend(h, h.pair("watcher", "viewer"))
        purse, = told["budgets"]
        assert told["more"] == 0 and told["grants"][0]["usd_spent"] >= o.COST, told
        assert 23 * HOUR_MS < purse.pop("frees_ms", 0) <= 26 * HOUR_MS, told
        assert purse == {"scope": "box", "name": "purse", "dimension": "usd", "span_s": 86400,
                         "most": 65000, "used": 2 * o.COST, "over": "deny"}, told


def test_a_grant_of_money_stands_until_it_is_spent():
    with Outside() as o:
        shown = o.add("--usd", "0.065")
        h = o.house
        assert "may spend up to 0.065 USD a day on far/m\nwithout asking" in shown, shown
        listed = done(h.console.run("grants"))
        assert 'arg.model="m"' in listed, listed
        assert "up to 0.065 USD in any 24 hours, of which 0 are used" in listed, listed
        assert h.console.reply("what is this place?") == "Here."
        listed = done(h.console.run("grants"))
        assert "of which 0.01 are used" in listed and "1 of 10000 times" in listed, listed
        h.stop()
        h.start(tools=False)
        entries = o.answer()
        assert o.rule.startswith("box:"), o.rule
        assert "up to 0.065 USD in any 24 hours, of which 0.01 " in done(h.console.run("grants"))
        args = next(e for e in entries if e["kind"] == "proposed")["args"]
        said = done(h.console.run("policy", "explain", "model.cloud.far", args))
        assert "of its 0.065 USD a day 0.01 are used" in said, said
