# SPDX-License-Identifier: Apache-2.0
"""Where the memory and the processes of a tool cannot be limited, it does not
run without an owner's signed exception.  A house of tests has no cgroup of its
own."""

import json
import os

from house import BUILD, House, wait_for
from logbook import entries


def setup():
    h = House(tools=()).start()
    h.add_tool("echo", "--json")
    h.add_tool("notes")
    return h


def containers(h, tool):
    return h.podman("ps", "-q", "--filter", f"label=durward.tool={tool}").split()


def row(h, tool):
    return [t for t in h.console.json("tool")["tools"] if t["tool"] == tool][0]


def refused(h):
    reply = h.console.reply("echo x")
    assert "cannot be limited here: no writable cgroup v2" in reply, reply
    assert "durward tool exempt echo" in reply, reply
    assert not containers(h, "echo"), "it was started"


def test_without_limits_a_tool_is_refused_and_it_is_said_what_to_do(h):
    answer = h.console.json("tool")
    assert answer["limits"] is False and "cgroup" in answer["limits_why"]
    assert not row(h, "echo")["exempt"] and row(h, "notes")["exempt"]
    refused(h)
    shown = h.console.run("tool").stdout
    assert "REFUSED without limits" in shown and "by an owner's exception" in shown, shown


def test_the_doctor_and_the_house_say_it(h):
    found = [f for f in h.console.json("doctor")["findings"] if f["check"] == "limits"][0]
    assert not found["ok"] and "no writable cgroup" in found["what"], found
    assert "cannot be limited here" in h.console.reply("status")


def test_nobody_but_an_owner_makes_an_exception(h):
    for role in ("approver", "viewer", "program"):
        r = h.pair(role, role).run("tool", "exempt", "echo")
        assert r.returncode != 0 and "only an owner" in r.stderr, r.stderr
    assert not row(h, "echo")["exempt"]


def test_an_exception_is_for_a_tool_that_is_there(h):
    r = h.console.run("tool", "exempt", "nothere")
    assert r.returncode != 0 and "there is no tool 'nothere'" in r.stderr, r.stderr


def test_by_an_owners_exception_it_runs_and_the_log_says_whose(h):
    assert h.console.run("tool", "exempt", "echo").returncode == 0
    assert h.console.reply("echo x") == "x"
    told = [e for e in entries(h) if e["kind"] == "tool-exempted"]
    assert [(e["tool"], e["name"]) for e in told] == [("notes", "console"), ("echo", "console")]


def test_an_exception_outlives_the_house_and_a_new_version(h):
    h.stop()
    h.start_house()
    h.start_tools()
    h.wait_up()
    assert h.console.reply("echo y") == "y"
    with open(os.path.join(BUILD, "containers/echo/tool.json")) as f:
        manifest = json.load(f)
    manifest["version"] = "2"
    with open(h.path("tool.json"), "w") as f:
        json.dump(manifest, f)
    assert h.console.run("tool", "add", h.path("tool.json"), "--yes").returncode == 0
    assert h.console.reply("echo z") == "z"


def test_an_exception_that_is_taken_back_ends_what_runs(h):
    assert h.console.reply("echo x") == "x" and containers(h, "echo")
    assert h.console.run("tool", "exempt", "echo", "--revoke").returncode == 0

    def ended():
        "the container to end"
        return not containers(h, "echo")
    wait_for(ended)
    assert not row(h, "echo")["exempt"]
    assert [e["tool"] for e in entries(h) if e["kind"] == "tool-not-exempted"] == ["echo"]
