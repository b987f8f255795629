# SPDX-License-Identifier: Apache-2.0
"""A server in a tool's container that does not answer: each question that the
house asks it has its time, and the call says what happened."""

import json
import os
import shutil
import time

from house import BUILD, House, wait_for
from rules import finish

BAD = os.path.join(BUILD, "test-containers", "badtool")
PROBE_S, HELLO_S, LIST_S, START_S = 10, 25, 10, 30  # Of the container.


def variant(h, word):
    """The bad tool, started with a word, as a tool of that name."""
    folder = h.path(word)
    shutil.copytree(BAD, folder)
    path = os.path.join(folder, "tool.json")
    with open(path) as f:
        manifest = json.load(f)
    manifest["name"], manifest["command"] = word, ["/program", word]
    with open(path, "w") as f:
        json.dump(manifest, f)
    h.add_tool(folder)


def call(h, tool):
    args = {"tool": tool, "args": "{}", "step": 0, "origins": "none"}
    return h.console.start("ask", json.dumps(args), "--json")


def containers(h, tool):
    return [n for n in h.podman("ps", "-a", "--format", "{{.Names}}").split()
            if n.startswith(f"durward-{tool}-")]


class Silent:
    """All of them at once, since each takes its time."""

    def __init__(self):
        self.house = h = House(binary="probe-badmind", tools=(BAD,)).start()
        for word in ("mute", "deaf"):
            variant(h, word)
        # In the order of one mind that expects one result at a time.
        stalls = call(h, "badtool.stalls")
        self.stalls = finish(stalls)
        self.stalled = containers(h, "badtool")
        self.begun = time.monotonic()
        self.mute = call(h, "mute.look")
        wait_for(lambda: containers(h, "mute"), 60)
        self.deaf = call(h, "deaf.look")
        wait_for(lambda: containers(h, "deaf"), 60)

    def end(self, p, seconds):
        """What the run says, and when."""
        wait_for(lambda: p.poll() is not None, START_S + seconds, 0.1)
        at = time.monotonic() - self.begun
        return [json.loads(line) for line in p.communicate()[0].splitlines()], at

    def close(self):
        for p in (self.mute, self.deaf):
            p.kill()
            p.wait()
        self.house.close()


def setup():
    return Silent()


def test_a_list_that_is_promised_and_does_not_come_ends_the_container(s):
    assert s.stalls[-1]["reply"] == "stalled" and len(s.stalled) == 1, s.stalls

    def gone():
        "the end of the container that stalls"
        return not set(s.stalled) & set(containers(s.house, "badtool"))
    was_gone, at = gone(), time.monotonic() - s.begun
    assert not was_gone or at > LIST_S - 1, "it was not given its time"
    wait_for(gone, LIST_S + 30, 0.2)


def test_a_server_that_does_not_hear_the_first_question_is_asked_the_second(s):
    entries, at = s.end(s.deaf, PROBE_S)
    assert "interfaces=" in entries[-1]["reply"], entries
    assert PROBE_S - 1 < at, f"after {at} s nobody can know that it does not answer"


def test_a_server_that_never_answers_is_ended_and_the_call_says_so(s):
    entries, at = s.end(s.mute, HELLO_S)
    assert "did not answer as an MCP server does" in entries[-1]["reply"], entries
    assert HELLO_S - 1 < at < START_S + HELLO_S, at
    wait_for(lambda: not containers(s.house, "mute"), 60)


def test_the_tool_that_stalled_is_started_anew(s):
    assert "interfaces=" in finish(call(s.house, "badtool.look"))[-1]["reply"]
