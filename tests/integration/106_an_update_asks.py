# SPDX-License-Identifier: Apache-2.0
"""Before a release is installed the house asks: an act like all others, and
what counts is that the log says it was done.  The machine's tests install one."""

import json

from house import House
from models import ModelServer
from puppet import puppet_house
from thinking import provider

SUM = "5e" * 32
WORDS = ("update", "--ask", "99.1", SUM)


def test_a_yes_is_to_this_version_and_these_bytes_and_no_model_hears_of_it():
    with House() as h, ModelServer([{"text": "Of course!"}]) as m:
        h.start()
        provider(h, "openai", m.url)
        p, act = h.console.asked_by(*WORDS)
        seen = h.console.run("approve", act).stdout
        assert "house.update" in seen and "99.1" in seen and SUM in seen, seen
        assert h.console.run("deny", act).returncode == 0
        out = p.communicate(timeout=60)[0]
        assert p.returncode == 1 and "denied" in out, out
        p, act = h.console.asked_by(*WORDS)
        assert h.console.run("approve", act, "--yes").returncode == 0
        out = p.communicate(timeout=60)[0]
        assert p.returncode == 0 and "approved   by console" in out, out
        assert not m.chats


def test_a_mind_that_says_it_was_agreed_to_is_not_believed():
    with House(binary="probe-badmind", tools=()) as h:
        h.start()
        r = h.console.run(*WORDS)
        assert r.returncode == 1 and "house.status" in r.stdout and "logged" in r.stdout, r.stdout + r.stderr
        # The call that was asked for, and no other one of that name.
        p, act = h.console.asked_by("update", "--ask", "other", SUM)
        assert h.console.run("approve", act, "--yes").returncode == 0
        out = p.communicate(timeout=60)[0]
        assert p.returncode == 1 and "Version 9 may take" in out and "logged" in out, out
        # A no is none, whatever is replied.
        p, act = h.console.asked_by("update", "--ask", "same", SUM)
        assert h.console.run("deny", act).returncode == 0
        out = p.communicate(timeout=60)[0]
        assert p.returncode == 1 and "denied" in out and "logged" in out, out


def test_a_listener_that_makes_a_yes_of_a_no_is_not_believed():
    with puppet_house() as h:
        h.start()
        p, act = h.console.asked_by(*WORDS)
        h.puppet.tell("lie", has='\\"kind\\":\\"denied\\"', put='\\"kind\\":\\"done\\"')
        h.puppet.tell("lie", has='\\"reached\\":false', put='\\"reached\\":true')
        assert h.console.run("deny", act).returncode == 0
        out, err = p.communicate(timeout=60)
        assert "done" in out and "logged" in out and p.returncode == 5, (p.returncode, out, err)


def test_a_yes_of_before_is_none_now():
    with puppet_house() as h:
        h.start()
        p, act = h.console.asked_by(*WORDS)
        assert h.console.run("approve", act, "--yes").returncode == 0
        assert p.communicate(timeout=60) and p.returncode == 0
        before = h.console.json("runs")["runs"][0]["run"]
        h.puppet.tell("lie", has='{"run":"', put=json.dumps({"run": before}), whole=True)
        r = h.console.run(*WORDS)
        assert "approved   by" in r.stdout and "logged" in r.stdout and r.returncode == 1, r.stdout + r.stderr
