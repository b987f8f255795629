# SPDX-License-Identifier: Apache-2.0
"""A disk that is full, that fills, or that cannot be written: the house stops
itself, says why, and loses nothing."""

import os
import subprocess

from house import HOUSE_USER
from safety import doctor, house, in_safe_mode


def setup():
    return None


def test_a_disk_that_is_nearly_full_is_a_reason(_):
    with house() as h:
        h.stop()
        state = h.path("state", "core")
        subprocess.run(["cp", "-a", state, h.path("kept")], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "none", state],
                       check=True)
        try:
            subprocess.run(f"cp -a {h.path('kept')}/durward.db {state}/ &&"
                           f" chown -R {HOUSE_USER}:{HOUSE_USER} {state}", shell=True, check=True)
            h.start_house()
            h.start_tools()
            h.wait_up(tools=False)
            in_safe_mode(h, "disk")
            assert h.console.run("halt").returncode == 0, "it cannot even be halted"
            h.stop()
        finally:
            subprocess.run(["umount", state], check=True)


def test_a_disk_that_fills_while_it_runs_loses_nothing_that_was_told(_):
    with house() as h:
        h.console.ask("save a note: before it was full")
        h.stop()
        state = h.path("state", "core")
        subprocess.run(["cp", "-a", state, h.path("kept")], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=120m,mode=700", "none", state],
                       check=True)
        try:
            subprocess.run(f"cp -a {h.path('kept')}/durward.db {state}/ &&"
                           f" chown -R {HOUSE_USER}:{HOUSE_USER} {state}", shell=True, check=True)
            h.start_house()
            h.start_tools()
            h.wait_up()
            assert h.console.ask("save a note: still room")[-1]["reached"] is True
            subprocess.run(f"head -c 200M /dev/zero >{state}/filler 2>/dev/null", shell=True)
            told = []
            for n in range(60):
                r = h.console.run("ask", f"save a note: {'x' * 3000}{n}", "--json")
                if r.returncode != 0:
                    break
                told.append(str(n))
            else:
                raise AssertionError("the disk never was full")
            h.wait_up(tools=False)
            in_safe_mode(h, "disk")
            log = h.console.run("audit", "show").stdout
            assert "safe-mode" in log and all(f"xxx{n}" in log for n in told)
            assert h.console.run("audit", "verify").returncode == 0
            os.unlink(os.path.join(state, "filler"))
            h.stop()
            h.start_house()
            h.start_tools()
            h.wait_up()
            assert doctor(h)["disk"]["ok"]
            assert h.console.ask("save a note: room again")[-1]["reached"] is True
            h.stop()
        finally:
            h.stop()
            subprocess.run(["umount", state], check=True)


def test_a_disk_that_cannot_be_written_stops_acts_and_says_so(_):
    with house() as h:
        h.stop()
        state = h.path("state", "core")
        subprocess.run(["mount", "--bind", state, state], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", state], check=True)
        try:
            h.start_house()
            h.wait_log("is the disk read-only")
            r = h.console.run("ask", "save a note: nowhere")
            assert r.returncode != 0
            h.stop()
        finally:
            h.stop()
            subprocess.run(["umount", state], check=True)
        h.start_house()
        h.start_tools()
        h.wait_up()
        assert h.console.ask("save a note: somewhere")[-1]["reached"] is True
