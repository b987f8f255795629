# SPDX-License-Identifier: Apache-2.0
"""A tool that asks for a name with a secret in it: the name is refused like any
other, and the log tells it without the secret."""

import os
import subprocess

from apart import house_apart
from house import BUILD


def setup():
    return house_apart({"open.test": ["9.77.0.2"]}, [("9.77.0.2", 80)],
                       (os.path.join(BUILD, "test-containers", "reacher"),))


def attempt(h, *attempts):
    """Outcomes by attempt, and what the log says of the network."""
    entries = h.console.ask("fetch http://open.test/?" + ";".join(attempts))
    done = [e for e in entries if e["kind"] == "done"]
    assert done, entries
    return dict(line.split(" -> ") for line in done[0]["result"].splitlines()), done[0]["network"]


def test_a_name_without_one_is_told_as_it_is(h):
    got, net = attempt(h, "get:open.test:80", "name:plain.evil.test")
    assert got["get:open.test:80"] == "reached 9.77.0.2:80", got
    assert net["refused"] == ["plain.evil.test"], net


def test_a_name_that_holds_a_secret_is_logged_without_it(h):
    r = subprocess.run([h.durward, "secret", "set", "garden"], env=h.console.env,
                       input=b"Tulip-Field-Mouse-77", capture_output=True)
    assert r.returncode == 0, r.stderr
    got, net = attempt(h, "name:tu~lip-field-mo~use-77.evil.test", "name:other.test")
    assert set(got.values()) == {"no such name"}, got
    assert net["refused"] == ["secret://garden.evil.test", "other.test"], net
    with open(h.path("state", "core", "durward.db-wal"), "rb") as f:
        assert b"tulip-field-mouse-77" not in f.read().lower()
