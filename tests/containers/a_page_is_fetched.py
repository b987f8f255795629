# SPDX-License-Identifier: Apache-2.0
"""A page of the web, from the goal to its text: the host is asked for, granted,
used and logged."""

import json
import os
import shutil

from apart import house_apart
from house import BUILD
from rules import finish

NAMES = {"news.test": ["9.77.0.2"], "hub.test": ["10.77.0.1"]}


def setup():
    return house_apart(NAMES, [("9.77.0.2", 80), ("10.77.0.1", 80)], ("web",))


def approve(h, goal):
    """The sheet that was signed, and what the end of the act says."""
    p, act = h.console.asked(goal)
    r = h.console.run("approve", act, "--yes")
    assert r.returncode == 0, r.stderr
    entries = finish(p)
    return r.stdout, entries, [e for e in entries if e["kind"] in ("done", "failed")][0]


def reached(end):
    return [(u["host"], u["address"]) for u in end["network"]["used"]]


def test_a_page_is_fetched_once_somebody_agreed_to_its_host(h):
    sheet, entries, end = approve(h, "fetch http://news.test/today.html")
    assert "\nnetwork news.test:80\n" in sheet, sheet
    started = [e for e in entries if e["kind"] == "started"][0]
    assert started["network"] == "news.test:80", started
    assert reached(end) == [("news.test:80", "9.77.0.2")], end
    assert "reached 9.77.0.2:80" in end["result"] and "by way of the gate" in end["result"], end
    assert entries[-1]["reached"] is True


def test_a_page_is_saved(h):
    _, entries, end = approve(h, "fetch http://news.test/today.html and save it")
    assert reached(end) == [("news.test:80", "9.77.0.2")], end
    assert end["kind"] == "done" and "sha256" in end["result"], end


def test_a_page_of_the_home_network_is_none_of_the_web(h):
    _, _, end = approve(h, "fetch http://hub.test/")
    assert end["network"]["refused"] == [
        "hub.test:80 is at 10.77.0.1, which is no public address"], end
    assert end["kind"] == "failed", end


def test_without_a_yes_nobody_looks_the_name_up(h):
    p, act = h.console.asked("fetch http://news.test/never")
    assert h.console.run("deny", act).returncode == 0
    entries = finish(p)
    assert [e["kind"] for e in entries].count("denied") == 1, entries
    assert not any("network" in e for e in entries), entries


def test_in_a_terminal_it_is_shown_what_was_reached(h):
    p, act = h.console.asked_in_words("fetch http://news.test/shown")
    assert h.console.run("approve", act, "--yes").returncode == 0
    out, _ = p.communicate(timeout=60)
    assert "may reach news.test:80" in out, out
    assert "reached    news.test:80 at 9.77.0.2, " in out, out


def test_a_page_at_home_is_fetched_when_an_owner_says_where(h):
    folder = h.path("home-web")
    shutil.copytree(os.path.join(BUILD, "containers", "web"), folder)
    with open(os.path.join(folder, "tool.json")) as f:
        manifest = json.load(f)
    manifest["lan"] = ["hub.test:80=10.77.0.1"]
    with open(os.path.join(folder, "tool.json"), "w") as f:
        json.dump(manifest, f)
    h.add_tool(folder)
    sheet, _, end = approve(h, "fetch http://hub.test/")
    assert "\nnetwork lan hub.test:80=10.77.0.1\n" in sheet, sheet
    assert reached(end) == [("hub.test:80", "10.77.0.1")] and "reached 10.77.0.1" in end["result"]
