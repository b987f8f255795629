# SPDX-License-Identifier: Apache-2.0
"""Crashes and a damaged database: the house stops itself, says why, and loses
nothing."""

import os
import subprocess

from house import wait_for
from safety import db_of, doctor, house, in_safe_mode
from wire import Wire


def setup():
    return None


def test_three_crashes_in_ten_minutes_are_a_reason(_):
    with house() as h:
        for _n in range(3):
            before = h.wait_roles()
            os.kill(before["core"], 9)

            def anew():
                "the restart of the house"
                return h.pids().get("core", before["core"]) != before["core"]
            wait_for(anew)
            h.wait_up()
        in_safe_mode(h, "crashes")
        assert h.console.run("resume").returncode == 0
        assert h.console.ask("save a note: calm")[-1]["reached"] is True


def test_a_damaged_database_is_a_reason_and_stays_as_it_is(_):
    with house() as h:
        for n in range(40):
            h.console.ask(f"save a note: number {n}")
        assert h.console.run("backup").returncode == 0
        h.stop()
        with open(db_of(h), "r+b") as f:
            f.seek(0, 2)
            size = f.tell()
            for page in range(2, size // 4096):
                f.seek(page * 4096)
                f.write(b"\xff" * 64)
        damaged = open(db_of(h), "rb").read()
        h.start_house()
        h.start_tools()
        h.wait_up(tools=False)
        in_safe_mode(h, "database")
        r = h.console.run("resume")
        assert r.returncode != 0 and "durward restore" in r.stderr, r.stderr
        assert h.console.run("audit", "verify").returncode != 0
        status, answer = Wire(h, h.console).query("checkpoint")
        assert status != 200 and "database is damaged" in answer["error"], answer
        h.stop()
        assert open(db_of(h), "rb").read() == damaged
        r = subprocess.run([h.durward, "restore", h.path("state/core/durward.backup-1"),
                            "--state", h.path("state")], text=True, capture_output=True)
        assert r.returncode == 0, r.stderr
        h.start_house()
        h.start_tools()
        h.wait_up()
        assert "number 7" in h.console.reply("list notes")
        assert all(f["ok"] for n, f in doctor(h).items() if n != "limits"), doctor(h)
