# SPDX-License-Identifier: Apache-2.0
"""Models are found on the box, added by a signature, put in an order for each
role, priced, and paid for out of a budget."""

import json
import os
import subprocess

from house import House, TOP
from models import ModelServer

ASSIST = os.path.join(TOP, "config/policies/assist.policy")
# A house's own provider has the price of one that is paid for, so that what it
# costs is seen without leaving the box.
PRICE = ("2026-01-01", "in=5", "out=25")


def answering(*words, usage=None):
    step = {"text": list(words) or ["Here."], "repeat": True}
    return [dict(step, usage=usage) if usage else step]


def policy_with(h, *lines):
    path = h.path("budget.policy")
    with open(ASSIST) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(text + "".join(line + "\n" for line in lines))
    r = h.console.run("policy", "activate", path)
    assert r.returncode == 0, r.stdout + r.stderr


def add(h, m, name="here", models=("tiny",), dialect="ollama", wanted=0):
    flags = [w for one in models for w in ("--model", one + ":8192")]
    r = h.console.run("model", "add", name, "--dialect", dialect, "--url", m.url, *flags, "--yes")
    assert (r.returncode == 0) == (wanted == 0), r.stdout + r.stderr
    return r


def model_of(h, provider="here", model="tiny"):
    for p in h.console.json("model", "list")["providers"]:
        for m in p["models"]:
            if (p["provider"], m["model"]) == (provider, model):
                return m
    raise AssertionError("it is not listed")


def test_a_server_on_this_machine_is_found_shown_and_added():
    with House() as h, ModelServer(answering("I am", " found."), models=["small:1b"]) as m:
        h.start()
        h.console.env["OLLAMA_HOST"] = f"127.0.0.1:{m.port}"
        found = h.console.json("model", "find")
        assert (found["provider"], found["model"]) == ("ollama", "small:1b"), found
        assert "the largest that fits into" in found["why"] and "with tools" in found["why"]
        assert h.console.json("model", "list")["providers"] == [], "looking adds nothing"
        r = h.console.run("model", "find", "--add")
        assert r.returncode != 0 and "nothing was signed" in r.stderr, r.stdout + r.stderr
        r = h.console.run("model", "find", "--add", "--yes")
        assert r.returncode == 0, r.stdout + r.stderr
        assert f"http://127.0.0.1:{m.port}" in r.stdout and "manifest" in r.stdout, r.stdout
        assert h.console.reply("what is this place?") == "I am found."
        asked = m.chats[-1].json["options"]["num_ctx"]
        assert asked == found["context"], "what was chosen is what is asked for"


def test_nothing_found_is_said_with_what_to_do():
    with House() as h:
        h.start()
        h.console.env["OLLAMA_HOST"] = "127.0.0.1:1"
        r = h.console.run("model", "find")
        if r.returncode != 0:  # unless this very machine has a server of its own
            assert "model add" in r.stderr and r.returncode == 1, r.stderr


def test_a_role_asks_its_models_in_their_order():
    with House() as h, ModelServer(answering()) as m:
        h.start()
        add(h, m, models=("tiny", "big"))
        assert h.console.ask("what is this place?")[-1]["model"] == "tiny"
        r = h.console.run("model", "use", "planner", "here/big,here/tiny")
        assert r.returncode == 0, r.stderr
        assert h.console.ask("what is this place?")[-1]["model"] == "big"
        h.stop()
        h.start()
        assert h.console.json("model", "list")["roles"]["planner"] == "here/big,here/tiny"
        assert h.console.ask("what is this place?")[-1]["model"] == "big"
        h.console.run("model", "use", "planner", "any")
        assert h.console.ask("what is this place?")[-1]["model"] == "tiny"


def test_a_name_that_nobody_offers_is_refused():
    with House() as h, ModelServer(answering()) as m:
        h.start()
        add(h, m)
        for role, models, word in (("planner", "here/huge", "here/huge"),
                                   ("planner", "there/tiny", "there/tiny"),
                                   ("boss", "here/tiny", "planner"),
                                   ("planner", "tiny", "tiny")):
            r = h.console.run("model", "use", role, models)
            assert r.returncode == 4 and word in r.stderr, (r.returncode, r.stderr)
        assert h.console.json("model", "list")["roles"]["planner"] == ""


def test_what_was_not_used_is_given_back():
    with House() as h, ModelServer(answering(usage={"input": 1000, "output": 200})) as m:
        h.start()
        add(h, m)
        assert h.console.run("model", "price", "here/tiny", *PRICE).returncode == 0
        entries = h.console.ask("what is this place?")
        used = [e for e in entries if e["kind"] == "model-used"]
        assert [u["settled"] for u in used] == [True], entries
        assert used[0]["usd_millionths"] == 1000 * 5 + 200 * 25
        assert model_of(h)["usd_millionths"] == 1000 * 5 + 200 * 25
        assert model_of(h)["tokens"] == 1200


def test_it_never_costs_more_than_was_reserved():
    with House() as h, ModelServer(answering(usage={"input": 10**9, "output": 10**9})) as m:
        h.start()
        add(h, m)
        assert h.console.run("model", "price", "here/tiny", *PRICE).returncode == 0
        entries = h.console.ask("what is this place?")
        args = json.loads(next(e for e in entries if e["kind"] == "proposed")["args"])
        most = -(-args["bytes"] * 2 // 7) * 5 + args["output"] * 25
        assert 0 < model_of(h)["usd_millionths"] <= most + 25


def test_an_empty_budget_is_told_in_one_sentence():
    with House() as h, ModelServer(answering(usage={"input": 1000, "output": 100})) as m:
        h.start()
        add(h, m)
        assert h.console.run("model", "price", "here/tiny", *PRICE).returncode == 0
        policy_with(h, "budget cloud tool=model.* usd=0.15/day over=deny")
        assert h.console.ask("what is this place?")[-1]["reached"] is True
        n = 0
        while h.console.ask("what is this place?")[-1]["reached"] and n < 20:
            n += 1
        end = h.console.ask("what is this place?")[-1]
        assert n < 20 and end["reached"] is False, end
        assert "box:cloud" in end["reply"] and "left of the budget" in end["reply"], end
        assert "\n" not in end["reply"] and end["reply"].count(".") <= 1, end


def explained(h, args):
    r = h.console.run("policy", "explain", "model.cloud.far", args)
    assert r.returncode == 0, r.stderr
    return r.stdout


def test_a_model_outside_is_granted_in_words_and_without_a_price_asked_all_the_same():
    with House() as h:
        h.start()
        r = subprocess.run(
            [h.durward, "model", "add", "far", "--dialect", "openai", "--url",
             "https://models.example.com/v1", "--cloud", "--model", "m", "--model", "n"],
            env=h.console.env, text=True, input="yes\nyes\n", capture_output=True, timeout=25)
        assert r.returncode == 0, r.stdout + r.stderr
        assert "10000 calls" in r.stdout and "90 days" in r.stdout, r.stdout
        args = json.dumps({"bytes": 10, "model": "m", "output": 10, "sha256": "0" * 64})
        assert "Nobody has said what this model costs" in explained(h, args)
        assert "NO PRICE" in h.console.run("model", "list").stdout
        h.console.run("model", "price", "far/m", *PRICE)
        assert "stands for it" in explained(h, args)
        assert "Nobody has said" not in explained(h, args)
        other = args.replace('"m"', '"n"')
        assert "Nobody has said what this model costs" in explained(h, other), "one is not all"


def test_prices_come_from_a_file_and_bad_ones_name_their_line():
    with House() as h:
        h.start()
        folder = os.path.join(TOP, "config/prices")
        for name in sorted(os.listdir(folder)):
            r = h.console.run("model", "price", "--file", os.path.join(folder, name))
            assert r.returncode == 0, (name, r.stderr)
        assert len(h.console.json("model", "list")["prices"]) >= 3
        bad = h.path("bad.prices")
        with open(bad, "w") as f:
            f.write("# prices\na/b 2026-01-01 in=1 out=2\na/b tomorrow in=1 out=2\n")
        r = h.console.run("model", "price", "--file", bad)
        assert r.returncode == 1 and "line 3" in r.stderr, r.stderr


def test_only_an_owner_says_which_models_and_what_they_cost():
    with House() as h, ModelServer(answering()) as m:
        h.start()
        add(h, m)
        phone = h.pair("phone")
        for words in (("use", "planner", "here/tiny"), ("price", "here/tiny", *PRICE)):
            r = phone.run("model", *words)
            assert r.returncode == 4 and "only an owner" in r.stderr, r.stderr


def test_a_model_is_tried_the_whole_way_and_timed():
    slow = [{"text": ["The ", "light ", "scatters."], "gap_ms": 200, "repeat": True,
             "usage": {"input": 50, "output": 30}}]
    with House() as h, ModelServer(slow) as m:
        h.start()
        add(h, m, models=("tiny", "big"))
        said = h.console.json("model", "test", "here/big")
        assert said["model"] == "here/big" and said["reply"] == "The light scatters.", said
        assert m.chats[-1].json["model"] == "big"
        assert 0 < said["first_ms"] < said["ms"] and said["tokens"] == 30, said
        assert "first words after" in h.console.run("model", "test").stdout
        r = h.console.run("model", "test", "there")
        assert r.returncode == 1 and "model list" in r.stderr, r.stderr
    with House() as h, ModelServer([{"status": 401, "repeat": True}]) as m:
        h.start()
        add(h, m)
        r = h.console.run("model", "test")
        assert r.returncode == 1 and r.stderr.startswith("durward: here/tiny: "), r.stderr
