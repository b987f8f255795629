# SPDX-License-Identifier: Apache-2.0
"""Before a release is installed the house asks: an act like all others, and
what counts is that the log says it was done.  The machine's tests install one."""

from house import House
from models import ModelServer
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
        p.communicate(timeout=60)
        assert p.returncode == 1
