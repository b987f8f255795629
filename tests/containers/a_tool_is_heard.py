# SPDX-License-Identifier: Apache-2.0
"""What tools say on stderr is kept for people, a bounded part of it."""

import json
import os
import re

from house import BUILD, House, next_line, status, wait_for
from proposals import call

BAD = os.path.join(BUILD, "test-containers", "badtool")
KEPT = 64 * 1024
LINE = 1024


def setup():
    return House(binary="probe-badmind", tools=("echo", BAD)).start()


def do(h, function, **more):
    return h.console.ask(json.dumps(call("badtool." + function, {}, 0)), **more)[-1]["reply"]


def logs(h, tool="badtool"):
    r = h.console.run("tool", "logs", tool)
    assert r.returncode == 0, r.stderr
    return r.stdout.splitlines()


def lines(h, tool="badtool"):
    r = h.console.run("tool", "logs", tool, "--json")
    assert r.returncode == 0, r.stderr
    return [json.loads(line) for line in r.stdout.splitlines()]


def said(h, words):
    def there():
        return [line for line in logs(h) if words in line]
    there.__doc__ = f"{words!r} among what badtool said"
    return wait_for(there)


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def boot_ms():
    with open("/proc/uptime") as f:
        return float(f.read().split()[0]) * 1000


def test_what_a_tool_says_is_kept_with_its_time(h):
    before = boot_ms()
    assert do(h, "complains") == "said"
    said(h, "first line")
    line = [v for v in lines(h) if v["text"] == "first line"][0]
    assert before - 1000 < line["at_ms"] <= boot_ms() and not line["house"]
    assert logs(h, "echo") == [] or "container" in logs(h, "echo")[0]


def test_hidden_characters_are_shown(h):
    line = said(h, "hidden")[0]
    assert r"hidden \u001b[31m \u202e ?" in line, line


def test_a_long_line_is_cut_and_that_is_said(h):
    said(h, "bytes more stood in this line")
    cut = [v for v in lines(h) if v["text"].startswith("0000")][0]
    assert len(cut["text"]) == LINE
    assert any(f"-- {1500 - LINE} bytes more stood in this line" in line for line in logs(h))


def test_a_line_that_is_not_ended_is_kept_at_the_end_of_its_container(h):
    assert "the tool ended" in do(h, "dies_loudly")
    said(h, "the reason of my end")
    text = [v["text"] for v in lines(h)]
    assert "half a linethe reason of my end" in text, text
    assert re.fullmatch("container durward-badtool-.*: the tool ended", text[-1]), text[-1]


def test_a_flood_is_bounded_counted_and_does_not_end_the_tool(h):
    tools = h.pids()["tools"]
    assert do(h, "look")
    container = h.podman("ps", "-q", "--filter", "label=durward.tool=badtool")
    memory, cpu, began = int(status(tools)["VmRSS"].split()[0]), cpu_s(tools), boot_ms()
    assert do(h, "shouts") == "shouting"
    said(h, "that was all")
    cpu = (cpu_s(tools) - cpu) / ((boot_ms() - began) / 1000)
    memory = int(status(tools)["VmRSS"].split()[0]) - memory
    kept = lines(h)
    print(f"flood: {cpu:.3f} of a CPU, {memory} KiB")
    assert cpu < 0.25 and memory < 512, (cpu, memory)
    assert sum(len(v["text"]) for v in kept) <= KEPT
    told = re.match(r"-- (\d+) lines before these are forgotten, and (\d+) bytes were left out",
                    logs(h)[0])
    assert told and int(told[1]) > 1000 and int(told[2]) > 1024 * 1024, logs(h)[0]
    reply = do(h, "look")
    assert "uid=1000" in reply, reply
    assert h.podman("ps", "-q", "--filter", "label=durward.tool=badtool") == container


def test_logs_are_followed(h):
    words = "reason of my end"
    before = sum(words in line for line in logs(h))
    p = h.console.start("tool", "logs", "badtool", "--follow")
    try:
        for _ in range(before):
            while words not in next_line(p):
                pass
        assert do(h, "dies_loudly")
        while words not in next_line(p):
            pass
    finally:
        p.terminate()
        p.communicate(timeout=60)


def test_logs_are_for_people_and_of_tools_that_are_there(h):
    r = h.console.run("tool", "logs", "nothere")
    assert r.returncode != 0 and "no tool 'nothere'" in r.stderr, r.stderr
    program = h.pair("program", "program")
    r = program.run("tool", "logs", "badtool")
    assert r.returncode != 0 and "not for a client" in r.stderr, r.stderr


def test_what_was_said_goes_with_the_role_that_kept_it(h):
    os.kill(h.pids()["tools"], 9)

    def forgotten():
        "what was said to be forgotten"
        r = h.console.run("tool", "logs", "badtool")
        return r.returncode == 0 and "reason" not in r.stdout
    wait_for(forgotten)
    assert do(h, "complains") == "said"
    said(h, "first line")
