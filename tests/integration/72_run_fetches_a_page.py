# SPDX-License-Identifier: Apache-2.0
"""`./scripts/run "fetch URL and save it"` at a terminal: the host is asked for,
granted, used and logged."""

import json
import re

from apart import Apart
from ran import Run

QUESTION = "type yes to sign these bytes"


class Fetched:
    def __init__(self):
        self.apart = Apart({"news.test": ["9.77.0.2"]}, [("9.77.0.2", 80)])
        try:
            self.run = Run("status")
            self.screen, self.code = self.run.at_a_terminal(
                "fetch http://news.test/today.html and save it", (QUESTION, "yes"))
        except BaseException:
            self.apart.close()
            raise

    def close(self):
        self.run.close()
        self.apart.close()


def setup():
    return Fetched()


def logged(f):
    """The entries of the run that fetched, from the whole log."""
    lines = f.run.console("audit", "show").stdout.splitlines()
    entries = [json.loads(line[line.index("{"):]) for line in lines if "{" in line]
    run = [e["run"] for e in entries if "news.test" in e.get("goal", "")][0]
    return {e["kind"]: e for e in entries if e.get("run") == run}


def test_the_host_is_asked_for_granted_used_and_shown(f):
    assert f.code == 0, f.screen
    steps = ["proposed   web.save", "judged     ask", "asked      waits", "\nnetwork news.test:80\n",
             QUESTION, "approved   by console", "may reach news.test:80",
             "reached    news.test:80 at 9.77.0.2, ", "done       Saved as ",
             "logged     entry"]
    at = [f.screen.find(s) for s in steps]
    assert -1 not in at and at == sorted(at), f"{steps[at.index(-1)] if -1 in at else at}\n{f.screen}"


def test_it_says_once_what_came_of_it(f):
    assert f.screen.count("Saved as") == 1, f.screen
    assert re.search(r"\ndone       Saved as .*\n           from http://news.test/", f.screen)


def test_nothing_is_set_up_twice(f):
    added = "adding the tool"
    assert added in f.run.first.stdout and added not in f.screen, f.screen


def test_the_log_tells_the_same_and_verifies(f):
    entries = logged(f)
    assert entries["started"]["network"] == "news.test:80", entries["started"]
    used = entries["done"]["network"]["used"]
    assert [(u["host"], u["address"]) for u in used] == [("news.test:80", "9.77.0.2")], used
    assert entries["approved"]["name"] == "console" and entries["run-done"]["reached"] is True
    assert f.run.console("audit", "verify").returncode == 0


def test_who_does_not_sign_is_told_that_it_waits(f):
    def deny(found):
        assert f.run.console("deny", found.group(1)).returncode == 0
    screen, code = f.run.at_a_terminal("fetch http://news.test/never", (QUESTION, "no"),
                                       (r"not signed.*durward deny (\S+)", deny))
    assert code == 1 and "I may not do that: console said no" in screen, screen
    assert "reached " not in screen, screen
