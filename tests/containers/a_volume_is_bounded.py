# SPDX-License-Identifier: Apache-2.0
"""What a tool keeps in its volume is measured while it runs, however it is
kept; over its limit the tool is ended, and not started again."""

import json
import os
import re

from house import BUILD, House, children, cmdline, status, wait_for
from logbook import entries
from proposals import call

HOARDER = os.path.join(BUILD, "test-containers", "hoarder")
LIMIT = 4 * 1024 * 1024
OVER = r"its volume holds (\d+) bytes, (\d+) over its limit of 4 MiB"


def setup():
    return House(binary="probe-badmind", tools=("echo", "notes", HOARDER)).start()


def do(h, function, **args):
    return h.console.ask(json.dumps(call("hoarder." + function, args, 0)))[-1]["reply"]


def container(h, tool="hoarder"):
    return h.podman("ps", "-q", "--filter", f"label=durward.tool={tool}").split()


def empty(h):
    """A new volume, for a tool that is not there."""
    h.podman("rm", "-f", "-t0", "-a")
    h.podman("volume", "rm", "durward-hoarder")

    def works():
        "the tool to start with a new volume"
        return do(h, "clear") == "cleared"
    wait_for(works)


def measurer(h):
    """The runner's child that measures, or None."""
    runner = h.pids()["runner"]
    found = [p for p in children(runner) if cmdline(p) == cmdline(runner)]
    return found[0] if found else None


def over(h, reply):
    told = re.search(OVER, reply)
    assert told, reply
    held, beyond = int(told[1]), int(told[2])
    assert held - beyond == LIMIT and beyond > 0, reply

    def ended():
        "the container to end"
        return not container(h)
    wait_for(ended)


def refused(h):
    reply = do(h, "keep", mib=0)
    assert "podman volume rm durward-hoarder" in reply and "volume_mib" in reply, reply
    assert not container(h)


def test_what_is_below_the_limit_is_kept(h):
    assert do(h, "clear") == "cleared"
    assert do(h, "keep", mib=3) == "kept 3 MiB"
    assert len(container(h)) == 1


def test_over_its_limit_a_tool_is_ended_and_not_started_again(h):
    over(h, do(h, "keep", mib=8))
    refused(h)
    killed = [e for e in entries(h) if e["kind"] == "container-killed"]
    assert killed and killed[-1]["tool"] == "hoarder" and re.search(OVER, killed[-1]["why"]), killed
    assert "hoarder is ended: its volume holds" in h.log("tools")
    empty(h)


def test_a_folder_that_only_the_tool_can_enter_is_measured(h):
    over(h, do(h, "closed", mib=8))
    refused(h)
    empty(h)


def test_files_without_a_name_are_measured(h):
    over(h, do(h, "nameless", mib=8))
    assert do(h, "keep", mib=1) == "kept 1 MiB", "what had no name is gone with the tool"
    empty(h)


def test_files_that_are_only_mapped_count_as_large_as_a_file_may_be(h):
    over(h, do(h, "mapped", mib=2))
    empty(h)


def test_files_and_folders_are_counted(h):
    assert do(h, "many", n=400) == "kept 400 files"
    reply = do(h, "many", n=600)
    assert "more than 512 files and folders" in reply, reply
    refused_reply = do(h, "keep", mib=0)
    assert "more than 512 files and folders" in refused_reply, refused_reply
    empty(h)


def test_depth_is_bounded(h):
    assert do(h, "deep", n=60) == "kept 60 levels"
    assert do(h, "clear") == "cleared"
    assert "deeper than 64" in do(h, "deep", n=80)
    empty(h)


def test_links_lead_nowhere_and_a_file_counts_once(h):
    assert do(h, "links", n=100) == "kept 100 names"
    empty(h)


def test_what_is_moved_all_the_time_is_noticed(h):
    over(h, do(h, "turn", mib=8))
    empty(h)


def test_who_measures_can_do_nothing_else(h):
    pid = measurer(h)
    s = status(pid)
    assert int(s["CapEff"], 16) == 4 and int(s["CapPrm"], 16) == 4, s["CapEff"]
    assert s["NoNewPrivs"] == "1" and s["Seccomp"] == "2"
    assert os.readlink(f"/proc/{pid}/ns/user") != os.readlink("/proc/self/ns/user")
    assert sorted(os.listdir(f"/proc/{pid}/fd"), key=int) == ["0", "1", "2", "3"]
    with open(f"/proc/{pid}/uid_map") as f:
        assert sum(int(line.split()[2]) for line in f) > 60000


def test_without_who_measures_no_tool_with_a_volume_goes_on(h):
    before = container(h)
    assert before
    os.kill(measurer(h), 9)

    def ended():
        "the container to end"
        return not container(h)
    wait_for(ended)
    assert "its volume cannot be measured" in h.log("tools")
    assert do(h, "keep", mib=1) == "kept 1 MiB"


def test_who_measures_ends_with_the_runner(h):
    pid = measurer(h)
    os.kill(h.pids()["runner"], 9)

    def gone():
        "the end of who measures"
        return not os.path.exists(f"/proc/{pid}")
    wait_for(gone)

    def back():
        "the runner"
        return h.console.json("tool")["runner"]
    wait_for(back)


def test_nobody_measures_when_no_tool_has_a_volume(h):
    h.podman("rm", "-f", "-t0", "-a")
    assert h.console.run("tool").returncode == 0

    def gone():
        "nobody who measures"
        return measurer(h) is None
    wait_for(gone)
