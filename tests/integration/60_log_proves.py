# SPDX-License-Identifier: Apache-2.0
"""The log, read back and checked without believing the house."""

import sqlite3

from house import House
from logbook import copy, verify


def setup():
    h = House().start()
    for i in range(9):
        h.console.ask(f"echo entry {i}")
    return h


def test_every_entry_is_under_the_root_that_the_box_signed(h):
    r = h.console.run("audit", "verify")
    assert r.returncode == 0 and "entries verified under the signed root" in r.stdout, r.stderr
    r = h.console.run("ask", "status")
    assert r.returncode == 0 and "under the signed root" in r.stdout, r.stdout + r.stderr
    r = verify(h, copy(h, "good.db"))
    assert r.returncode == 0, r.stderr


def test_an_altered_entry_is_found(h):
    r = verify(h, copy(h, "altered.db",
                       "UPDATE log SET body=replace(body, 'entry 3', 'entry 4');"))
    assert r.returncode == 5 and "missing or altered" in r.stderr, r.stderr


def test_a_dropped_entry_is_found(h):
    r = verify(h, copy(h, "dropped.db", "DELETE FROM log WHERE seq=7;"))
    assert r.returncode == 5 and "missing or altered" in r.stderr, r.stderr


def test_two_swapped_entries_are_found(h):
    r = verify(h, copy(h, "swapped.db", "UPDATE log SET seq=-1 WHERE seq=5;"
                       "UPDATE log SET seq=5 WHERE seq=6; UPDATE log SET seq=6 WHERE seq=-1;"))
    assert r.returncode == 5 and "do not lead to the root" in r.stderr, r.stderr


def test_the_house_itself_cannot_change_an_entry(h):
    db = sqlite3.connect(copy(h, "kept.db"))
    for sql in ("UPDATE log SET body='{}' WHERE seq=1", "DELETE FROM log WHERE seq=1"):
        try:
            db.execute(sql)
            assert False, sql
        except sqlite3.IntegrityError as e:
            assert "never" in str(e)


def test_each_arrow_of_an_act_is_an_entry(h):
    kinds = [e["kind"] for e in h.console.ask("echo all arrows")]
    assert kinds == ["goal", "proposed", "judged", "allowed", "intent", "started", "done",
                     "run-done"], kinds


def test_one_run_is_shown_by_its_id(h):
    run = h.console.json("runs")["runs"][0]["run"]
    out = h.console.run("audit", "show", "--run", run).stdout
    assert out.count('"run":"' + run) >= 7, out
    assert all(run in line for line in out.splitlines())
