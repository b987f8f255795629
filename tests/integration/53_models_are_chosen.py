# SPDX-License-Identifier: Apache-2.0
"""Models are found on the box, added by a signature, put in an order for each
role, priced, and paid for out of a budget."""

import json
import os
import signal
import subprocess

from house import House, TOP, wait_for
from models import ModelServer, steps_of
from wire import Wire

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


def ask_of(h, goal, *models):
    """A goal for these models alone."""
    w = Wire(h, h.console)
    status, answer = w.command("ask", {"goal": goal, "models": ",".join(models)})
    w.close()
    assert status == 200, answer
    return answer["run"]


def end_of(h, run):
    def over():
        "the end of the run"
        row = [r for r in h.console.json("runs")["runs"] if r["run"] == run][0]
        return row if row["state"] != "open" else None
    return wait_for(over, 60, 0.2)


def asked_of(m, since):
    return {c.json["model"] for c in m.chats[since:]}


def test_a_restarted_house_knows_the_models_that_a_goal_named():
    with House() as h, ModelServer(answering()) as m:
        h.start()
        add(h, m, models=("tiny", "big"))
        assert h.console.run("model", "use", "planner", "here/tiny").returncode == 0
        m.script = steps_of([{"stall": "before", "text": ["x"]}, {"text": ["Kept here."]}])
        run = ask_of(h, "what did I say about her?", "here/big")
        m.wait(1, done=False)
        os.kill(h.wait_roles()["core"], signal.SIGKILL)
        h.wait_up()
        end = end_of(h, run)
        assert end["reply"] == "Kept here.", end
        assert asked_of(m, 0) == {"big"}


def test_a_fork_asks_the_models_that_its_goal_named():
    with House() as h, ModelServer(answering()) as m:
        h.start()
        add(h, m, models=("tiny", "big"))
        run = ask_of(h, "what did I say about her?", "here/big")
        assert end_of(h, run)["state"] == "done" and asked_of(m, 0) == {"big"}
        # From the beginning its view is made anew; behind it, it is taken over.
        for planner, start in (("any", "0"), ("here/tiny", "0"), ("here/tiny", "1")):
            assert h.console.run("model", "use", "planner", planner).returncode == 0
            for role in ("extractor", "critic"):
                assert h.console.run("model", "use", role, "here/tiny").returncode == 0
            before = len(m.chats)
            r = h.console.run("replay", run, "--from", start)
            assert r.returncode == 0, (planner, start, r.stdout + r.stderr)
            assert asked_of(m, before) == {"big"}, (planner, start)


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
        assert "left of the budget box:cloud, which is 0.15 USD a day" in end["reply"], end
        assert "there will be enough in" in end["reply"], end
        assert "\n" not in end["reply"] and ". " not in end["reply"], end


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
            env=h.console.env, text=True, input="yes\nyes\n", capture_output=True, timeout=60)
        assert r.returncode == 0, r.stdout + r.stderr
        assert "10000 calls" in r.stdout and "90 days" in r.stdout, r.stdout
        assert "may spend up to 2 USD a day on far/m and far/n\nwithout asking" in r.stdout
        assert h.console.json("grants")["grants"][0]["usd_day"] == 2000000
        for more, word in (("--cloud", "dollars"), ("--yes", "outside")):
            bad = h.console.run("model", "add", "x", "--dialect", "openai", "--url",
                                "https://models.example.com/v1", "--model", "m", "--usd", "0", more)
            assert bad.returncode == 1 and "--usd" in bad.stderr and word in bad.stderr, bad
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


def test_a_key_goes_unencrypted_over_no_wire_unless_the_review_said_so():
    with House() as h:
        h.start()
        subprocess.run([h.durward, "secret", "set", "box-key"], env=h.console.env, check=True,
                       input=b"sk-0123456789abcdef", capture_output=True, timeout=60)
        words = ("model", "add", "box", "--dialect", "openai", "--url", "http://192.168.77.5:8000/v1",
                 "--key", "box-key", "--model", "tiny", "--yes")
        r = h.console.run(*words)
        assert r.returncode == 1 and "--key-in-clear" in r.stderr, (r.stdout, r.stderr)
        assert h.console.json("model", "list")["providers"] == []
        r = h.console.run(*words, "--key-in-clear")
        assert r.returncode == 0, r.stderr
        said = [l for l in r.stdout.splitlines() if l.startswith("key ")]
        assert len(said) == 1 and "box-key, UNENCRYPTED" in said[0], r.stdout


def test_what_went_wrong_says_what_to_do_next():
    one = ("add", "x", "--dialect", "openai", "--yes")
    day = "2026-01-01"
    rows = [(("--help",), 2, "use ROLE"), (("nonsense",), 2, "use ROLE"),
            (("test",), 1, "model find"), (("use", "planner", "here/tiny"), 4, "model list"),
            (("add",), 1, "--dialect ollama, openai or anthropic"),
            ((*one, "--url", "127.0.0.1:1", "--model", "a"), 1, "as in http://"),
            ((*one, "--url", "http://127.0.0.1:1"), 1, "--model NAME[:CONTEXT]"),
            ((*one, "--url", "http://127.0.0.1:1", "--model", "a", "--model", "a"), 1, "name it once"),
            ((*one, "--url", "http://127.0.0.1:1", "--model", "a", "--key", "k"), 1, "durward secret set k"),
            ((*one, "--url", "http://a.example", "--model", "a", "--cloud"), 1, "must be https://"),
            ((*one, "--url", "http://9.9.9.9:1", "--model", "a"), 1, "--cloud"),
            (("add", "X Y", *one[2:], "--url", "http://127.0.0.1:1", "--model", "a"), 1, "small letters"),
            ((*one, "--url", "http://127.0.0.1:1", "--model", "a"), 0, ""),
            (("test", "x"), 1, "connection refused"), (("test", "x/b"), 1, "model list"),
            (("use", "boss", "x/a"), 4, "planner, coder"), (("use", "planner", "x/b"), 4, "model list"),
            (("use", "planner"), 2, "use ROLE"),
            (("price", "x", day, "in=1", "out=2"), 1, "PROVIDER/MODEL"),
            (("price", "x/a", "tomorrow", "in=1", "out=2"), 1, "YYYY-MM-DD"),
            (("price", "x/a", day, "in=x", "out=2"), 1, "dollars for a million tokens"),
            (("price", "x/a", day, "in=1"), 1, "both in=USD and out=USD"),
            (("price", "--file", "/nothing"), 1, "cannot be read")]
    with House() as h:
        h.start()
        for words, code, said in rows:
            r = h.console.run("model", *words)
            assert r.returncode == code and said in r.stderr, (words, r.returncode, r.stderr)
            assert code == 0 or r.stderr.count("\n") == 1, (words, r.stderr)


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
