# SPDX-License-Identifier: Apache-2.0
"""How many containers there are, how old they grow, what they use, and that
none is left over."""

import json
import os
import re
import signal
import time

from house import BUILD, House, wait_for
from proposals import call

HOARDER = os.path.join(BUILD, "test-containers", "hoarder")
MOST = 8
AGE_S = 8
WORK_S = 4  # Of one call of the hoarder.


def setup():
    h = House(binary="probe-badmind", tools=("echo", "notes", HOARDER)).start()
    h.add_variant("echo", "aging", warm_s=AGE_S, idle_s=600)
    return h


def do(h, tool, text="x"):
    return h.console.ask(json.dumps(call(tool + ".echo", {"text": text}, 0)))[-1]["reply"]


def running(h):
    """The containers' ids by tool."""
    lines = h.podman("ps", "--no-trunc", "--format", '{{.ID}} {{index .Labels "durward.tool"}}')
    return {line.split()[1]: line.split()[0] for line in lines.splitlines()}


def pss_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return int(re.search(r"^Pss:\s+(\d+)", f.read(), re.M)[1])


def test_an_old_container_ends_between_calls(h):
    began = time.monotonic()
    assert do(h, "aging") == "x"
    first = running(h)["aging"]
    while time.monotonic() < began + AGE_S - 1:
        assert do(h, "aging") == "x"

    def ended():
        "the container to end with age"
        return "aging" not in running(h)
    wait_for(ended, AGE_S + 60)
    assert time.monotonic() > began + AGE_S - 0.5
    assert do(h, "aging") == "x"
    assert running(h)["aging"] != first


def test_top_says_what_each_warm_container_uses(h):
    assert do(h, "echo") == "x" and do(h, "echo") == "x"
    h.console.ask(json.dumps(call("notes.save", {"text": "some note"}, 0)))
    time.sleep(1.5)
    ids = running(h)
    pids = {tool: json.loads(h.podman("inspect", ids[tool]))[0]["State"]["Pid"]
            for tool in ("echo", "notes")}
    answer = {}

    def agrees():
        """top and the kernel agree; what is shared weighs less while a neighbour has it too"""
        answer.update(h.console.json("tool", "top"))
        rows = {r["tool"]: r["pss_kib"] for r in answer["containers"]}
        return all(0 < rows[tool] and abs(rows[tool] - pss_kib(pids[tool])) <= 16
                   for tool in pids)
    wait_for(agrees)
    assert answer["limits"] is False and "cgroup" in answer["limits_why"]
    rows = {r["tool"]: r for r in answer["containers"]}
    for tool in ("echo", "notes"):
        r = rows[tool]
        assert r["processes"] == 1 and r["state"] == "warm" and r["age_ms"] >= r["idle_ms"] > 0, r
    assert rows["echo"]["calls"] == 2 and "volume_bytes" not in rows["echo"]
    assert rows["notes"]["volume_mib"] == 64 and 4096 <= rows["notes"]["volume_bytes"] < 65536
    text = h.console.run("tool", "top").stdout
    assert re.search(r"^notes +durward-notes-\S+ .* KiB +\d+ KiB of 64 MiB$", text, re.M), text
    assert f"of at most {MOST} at once; memory and processes are not limited" in text, text


def test_only_so_many_are_warm_and_the_one_idle_longest_gives_way(h):
    for i in range(MOST):
        h.add_variant("echo", f"t{i}", idle_s=600)
    h.podman("rm", "-f", "-t0", "-a")

    def none():
        "no container"
        return not h.console.json("tool", "top")["containers"]
    wait_for(none)
    for i in range(MOST):
        assert do(h, f"t{i}") == "x"
    assert do(h, "t0") == "x"
    assert set(running(h)) == {f"t{i}" for i in range(MOST)}
    assert do(h, "echo") == "x"

    def gone():
        "the one idle longest to be gone"
        return set(running(h)) == {"echo", "t0"} | {f"t{i}" for i in range(2, MOST)}
    wait_for(gone)


def killed_at_work(h):
    """Was what was left ended by the next start?  None when that took so long
    that it may have ended by itself."""
    h.console.ask(json.dumps(call("notes.save", {"text": "stays"}, 0)))
    # A tool that is at work does not see that nobody listens any more.
    p = h.console.start("ask", json.dumps(call("hoarder.keep", {"mib": 0}, 0)))

    def at_work():
        "the call to be open"
        return any(r["tool"] == "hoarder" and r["open"]
                   for r in h.console.json("tool", "top")["containers"])
    wait_for(at_work)
    began = time.monotonic()
    orphan = running(h)["hoarder"]
    for pid in [*h.pids().values(), *(half.pid for half in h.processes.values())]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    for half in h.processes.values():
        half.wait(60)
    h.processes.clear()
    p.communicate(timeout=60)
    outlives = running(h).get("hoarder") == orphan
    h.start_house()
    h.start_tools()
    h.wait_up()
    gone = orphan not in h.podman("ps", "-aq", "--no-trunc").split()
    in_time = time.monotonic() < began + WORK_S
    assert outlives or not in_time, "it was to outlive them"
    # Podman's own cleaning up may still be at it.
    wait_for(lambda: not [f for f in os.listdir(h.path("podman", ".durward-tools"))
                          if f.endswith(".pid")])
    assert "stays" in h.console.ask(json.dumps(call("notes.list", {}, 0)))[-1]["reply"]
    return gone if in_time or not gone else None


def test_nothing_is_left_of_a_house_and_a_runner_that_were_killed(h):
    for _ in range(8):
        gone = killed_at_work(h)
        if gone is not None:
            break
    assert gone is not None, f"no start in less than {WORK_S} s"
    assert gone, "it is left"
