# SPDX-License-Identifier: Apache-2.0
"""A stop that was not clean, a damaged database, and a backup in its place."""

import os
import shutil
import signal
import subprocess

from house import House, wait_for


def restore(h, name):
    """As root, like somebody with sudo: the file must still be the house's."""
    return subprocess.run([h.durward, "restore", h.path(name), "--state", h.path("state")],
                          text=True, capture_output=True, stdin=subprocess.DEVNULL)


def database(h, end=""):
    return h.path("state", "core", "durward.db" + end)


def goals(h):
    return [r["goal"] for r in h.console.json("runs")["runs"]]


def test_a_backup_takes_the_place_of_a_damaged_database():
    with House(tools=()) as h:
        h.start(tools=False)
        h.console.ask("status")
        refused = restore(h, "backup.db")
        assert refused.returncode == 1 and "stop the house first" in refused.stderr, refused.stderr
        h.stop()
        assert not os.path.exists(database(h, "-wal")), "a clean stop leaves one file"
        shutil.copy(database(h), h.path("backup.db"))
        h.start(tools=False)
        h.console.ask("help")
        assert goals(h) == ["help", "status"]
        h.stop()

        with open(database(h), "r+b") as f:
            f.write(b"no database" * 100)
        h.start_house()
        h.wait_log("'durward restore'")
        h.stop()
        done = restore(h, "backup.db")
        assert done.returncode == 0, done.stderr
        h.start(tools=False)
        assert goals(h) == ["status"]
        assert h.console.run("audit", "verify").returncode == 0
        with open(database(h, ".replaced"), "rb") as f:
            assert f.read(11) == b"no database"


def test_a_house_that_was_killed_looks_its_database_over_and_goes_on():
    with House(tools=()) as h:
        h.start(tools=False)
        h.console.ask("status")
        pids = h.pids()
        house = h.processes.pop("house")
        house.send_signal(signal.SIGKILL)
        house.wait()
        for pid in pids.values():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_for(lambda: not os.path.exists(f"/proc/{pids['core']}"), 60)
        h.start(tools=False)
        assert goals(h) == ["status"]


def test_room_is_kept_beside_the_database():
    with House(tools=()) as h:
        h.start(tools=False)
        assert os.stat(database(h, ".reserve")).st_blocks * 512 >= 32 * 1024 * 1024
