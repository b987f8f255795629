# SPDX-License-Identifier: Apache-2.0
"""Malformed proposals, frames and MCP lines; tools that are silent or die;
Podman missing or broken: a clear message each, and nothing lost."""

import json
import os
import shutil

from house import BUILD, TOOLS_USER, House, children, cmdline, wait_for

BAD = os.path.join(BUILD, "test-containers", "badtool")


def setup():
    h = House(binary="probe-badmind", tools=("echo", BAD))
    return h.start()


def propose(h, tool="echo.echo", args='{"text":"x"}', step=0, origins="text:model", **more):
    proposal = {"tool": tool, "args": args, "step": step, "origins": origins}
    proposal.update(more)
    return h.console.ask(json.dumps({k: v for k, v in proposal.items() if v is not None}))


def refused(entries, words):
    found = [e for e in entries if e["kind"] == "refused"]
    assert found, [e["kind"] for e in entries]
    assert words in found[0]["reason"], found[0]["reason"]
    assert not [e for e in entries if e["kind"] == "proposed"], "it became an act"


def test_a_good_proposal_of_this_mind_is_done(h):
    assert propose(h)[-1]["reply"] == "x"


def test_arguments_that_are_not_canonical_are_refused(h):
    for args in ('{ "text":"x"}', '{"text":"x","a":1}x', '{"b":1,"a":2}', '[1', '', '"x"',
                 '{"text":"\\u0041"}', '{"text":1.0}', '{"text":"x","text":"y"}'):
        entries = propose(h, args=args)
        assert [e for e in entries if e["kind"] == "refused"], args


def test_arguments_that_the_manifest_does_not_know_are_refused(h):
    refused(propose(h, args='{"text":"x","to":"y"}'), "no argument 'to'")
    refused(propose(h, args='{}'), "needs the argument 'text'")
    refused(propose(h, args='{"text":1}'), "must be a string")
    refused(propose(h, args='[]'), "not a JSON object")


def test_tools_and_functions_that_are_not_there_are_refused(h):
    refused(propose(h, tool="shell.run"), "no tool 'shell'")
    refused(propose(h, tool="echo.shout"), "no function 'shout'")
    refused(propose(h, tool="../../bin/sh"), "no name of a tool's function")
    refused(propose(h, tool="echo.echo\nx"), "no name of a tool's function")


def test_a_proposal_without_its_parts_is_refused(h):
    refused(propose(h, args=None), "canonical form")
    refused(propose(h, origins=None), "canonical form")
    refused(propose(h, step=99), "no open run")
    refused(propose(h, step=-1), "no open run")


def test_a_step_makes_one_act_however_often_it_is_proposed(h):
    entries = propose(h)
    assert len([e for e in entries if e["kind"] == "proposed"]) == 1


def test_a_frame_that_is_none_ends_its_sender_alone(h):
    before = h.wait_roles()
    last = h.console.ask("garbage")[-1]
    assert "given up" in last["reply"] and last["reached"] is False, last
    h.wait_log("mind broke the rules of its lane")
    assert h.wait_roles()["core"] == before["core"]


def bad(h, function):
    return propose(h, tool="badtool." + function, args="{}", origins="none")[-1]["reply"]


def test_a_silent_tool_is_told_after_its_time(h):
    assert "did not answer in time" in bad(h, "silent")


def test_a_tool_that_dies_is_told_and_started_anew(h):
    assert "the tool ended" in bad(h, "dies")
    assert "interfaces=" in bad(h, "look")


def test_a_tool_that_writes_garbage_is_ended(h):
    assert "broke the protocol" in bad(h, "garbage")
    assert "interfaces=" in bad(h, "look")


def test_a_line_without_end_is_cut_off(h):
    assert "broke the protocol" in bad(h, "endless")


def test_json_nested_too_deep_is_refused(h):
    assert "broke the protocol" in bad(h, "deep")


def test_a_tool_whose_definitions_change_is_ended(h):
    assert "the tool's definitions changed" in bad(h, "changes")
    assert "interfaces=" in bad(h, "look")


def test_a_second_answer_is_ignored(h):
    assert bad(h, "twice") == "first"
    assert "interfaces=" in bad(h, "look")


def test_a_result_over_the_limit_is_told_as_that(h):
    assert "larger than" in bad(h, "huge")


def test_a_function_that_the_server_does_not_list_is_not_called(h):
    assert "does not offer 'notlisted'" in bad(h, "notlisted")


def test_another_tool_is_not_disturbed_by_all_that(h):
    assert propose(h)[-1]["reply"] == "x"
    assert h.console.run("audit", "verify").returncode == 0


def test_without_podman_it_is_said_what_to_install():
    with House(tools=()) as h:
        h.start_house()
        env = h.podman_env()
        env["PATH"] = "/nonexistent"
        h._spawn("tools", TOOLS_USER, "--socket", h.path("run", "tools.sock"),
                 "--shim", h.path("bin", "shim"), **env)
        h.wait_log("podman does not answer", "tools")
        h.wait_up(tools=False)
        assert h.console.run("tool", "add", os.path.join(BUILD, "containers/echo/tool.json"),
                             "--yes").returncode == 0

        def told():
            "the reason to reach the client"
            return "install podman" in h.console.ask("echo x")[-1]["reply"]
        wait_for(told)
        assert "log entries" in h.console.reply("status"), "the rest of the house works"


def test_a_podman_that_fails_is_told_and_its_own_words_go_nowhere():
    """They may hold anything, and nobody looks for secrets in them."""
    with House(tools=()) as h:
        fake = h.path("bin", "podman")
        with open(fake, "w") as f:
            f.write("#!/bin/sh\ncase $2 in version) echo 4; exit 0 ;; ps) exit 0 ;; esac\n"
                    "echo 'Error: the disk is on fire' >&2\nexit 125\n")
        os.chmod(fake, 0o755)
        h.start_house()
        env = h.podman_env()
        env["PATH"] = h.path("bin") + ":" + os.environ["PATH"]
        h._spawn("tools", TOOLS_USER, "--socket", h.path("run", "tools.sock"),
                 "--shim", h.path("bin", "shim"), **env)
        h.wait_up()
        h.console.run("tool", "add", os.path.join(BUILD, "containers/echo/tool.json"),
                      "--no-limits-ok", "--yes")
        reply = h.console.ask("echo x")[-1]["reply"]
        assert "its words are in .durward-tools/podman-said" in reply, reply
        with open(h.path("podman", ".durward-tools", "podman-said")) as f:
            assert f.read() == "Error: the disk is on fire\n"
        assert os.stat(f.name).st_mode & 0o777 == 0o600
        for words in (reply, h.log(), h.log("tools"),
                      h.console.run("audit", "show", "--json").stdout):
            assert "on fire" not in words, words


def test_a_podman_that_does_not_end_is_ended():
    with House(tools=()) as h:
        h.start_house()
        fake, real = h.path("bin", "podman"), shutil.which("podman")
        with open(fake, "w") as f:
            f.write('#!/bin/sh\ncase " $* " in *" rm -f -t0 durward-"*) exec sleep 4711 ;; esac\n'
                    f'exec {real} "$@"\n')
        os.chmod(fake, 0o755)
        env = h.podman_env()
        env["PATH"] = h.path("bin") + ":" + os.environ["PATH"]
        h._spawn("tools", TOOLS_USER, "--socket", h.path("run", "tools.sock"),
                 "--shim", h.path("bin", "shim"), **env)
        h.wait_up()
        h.add_tool("echo")
        assert h.console.reply("echo x") == "x"
        assert h.console.run("tool", "disable", "echo").returncode == 0

        def hanging():
            "the removal to hang"
            return [p for p in children(h.pids()["runner"]) if cmdline(p) == ["sleep", "4711"]]
        pid = wait_for(hanging)[0]
        h.wait_log("podman does not remove the container durward-echo", "tools", seconds=30)

        def gone():
            "the removal to be ended"
            return not os.path.exists(f"/proc/{pid}")
        wait_for(gone)


def test_without_the_tools_half_it_is_said_how_to_start_it():
    with House(tools=()) as h:
        h.start(tools=False)
        h.console.run("tool", "add", os.path.join(BUILD, "containers/echo/tool.json"), "--yes")
        reply = h.console.ask("echo x")[-1]["reply"]
        assert "durward run tools" in reply, reply
        found = {f["check"]: f for f in h.console.json("doctor")["findings"]}
        assert "is not running" in found["tools"]["what"], found


def test_an_image_that_is_not_there_is_told(h):
    h.podman("rm", "-f", "-t0", "-a")
    with open(os.path.join(BUILD, "containers/echo/tool.json")) as f:
        h.podman("rmi", "-f", json.load(f)["image"])
    os.kill(h.pids()["runner"], 9)

    def back():
        "the runner"
        return h.console.json("tool")["runner"]
    wait_for(back)
    reply = propose(h)[-1]["reply"]
    assert "podman with" in reply and "the image is not there" in reply, reply


def test_a_house_without_a_box_says_what_makes_one():
    with House(tools=()) as h:
        os.remove(h.path("state", "vault", "trust.json"))
        h.start_house()
        h.wait_log("'durward init' makes them")


def test_a_policy_with_an_error_names_its_line_and_word():
    with House(tools=()) as h:
        with open(h.path("state", "core", "policy"), "a") as f:
            f.write("alow x tool=*\n")
        h.start_house()
        h.wait_log("policy line 9: unknown word 'alow'")


def test_a_database_that_is_damaged_is_told_and_not_overwritten():
    with House(tools=()) as h:
        path = h.path("state", "core", "durward.db")
        with open(path, "wb") as f:
            f.write(b"this is no database, but it is somebody's data" * 100)
        os.chown(path, os.stat(h.path("state")).st_uid, os.stat(h.path("state")).st_gid)
        h.start_house()
        h.wait_log("cannot be opened")
        with open(path, "rb") as f:
            assert f.read(12) == b"this is no d"
