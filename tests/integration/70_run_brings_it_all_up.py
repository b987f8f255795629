# SPDX-License-Identifier: Apache-2.0
"""`./scripts/run` as a new user meets it, in a root of its own."""

import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time

from house import HOUSE_USER, ROLES, TOOLS_USER, TOP, status, wait_for
from models import ModelServer
from ran import OTHER_USER, Run
from screen import Screen

def setup():
    return Run("save a note: buy milk")


def test_a_goal_goes_from_start_to_finish_and_each_step_is_shown(r):
    out = r.first.stdout
    assert r.first.returncode == 0, out + r.first.stderr
    for line in ("proposed   notes.save", "judged     allow, by the rule 'box:undoable'",
                 "started    in container durward-notes", "done       Saved the note 'buy milk'.",
                 "logged     entry", "under the signed root"):
        assert line in out, out


def test_without_limits_run_says_what_its_owner_accepted(r):
    answer = json.loads(r.console("tool", "--json").stdout)
    told = "This machine cannot limit the memory and processes of tools" in r.first.stdout
    assert told == (not answer["limits"]), r.first.stdout
    assert {t["exempt"] for t in answer["tools"]} == {not answer["limits"]}, answer
    log = r.console("audit", "show").stdout
    assert ("tool-exempted" in log) == (not answer["limits"]), log


def test_every_process_and_thread_that_run_started_is_confined(r):
    pids = r.pids()
    assert set(pids) == set(ROLES) | {"parent", "runner"}, pids
    house, tools = (pwd.getpwnam(u).pw_uid for u in (HOUSE_USER, TOOLS_USER))
    for role, pid in pids.items():
        for task in os.listdir(f"/proc/{pid}/task"):
            s = status(pid, task)
            uids = {int(u) for u in s["Uid"].split()}
            assert uids == {tools if role == "runner" else house}, f"{role}: {uids}"
            if role in ROLES:
                assert s["NoNewPrivs"] == "1" and s["Seccomp"] == "2", f"{role} {task}"
    for role in ROLES:
        want = {"core": ["state"], "vault": ["state"], "gate": ["etc"],
                "egress": ["etc"]}.get(role, [])
        assert os.listdir(f"/proc/{pids[role]}/root/") == want, role
        for ns in ("user", "mnt", "pid", "ipc") + (
                () if role in ("gate", "egress") else ("net",)):
            assert os.readlink(f"/proc/{pids[role]}/ns/{ns}") != os.readlink(f"/proc/self/ns/{ns}")


def test_a_second_terminals_paired_client_approves(r):
    os.makedirs(r.client, exist_ok=True)
    shutil.chown(r.client, OTHER_USER)
    token = json.loads(r.console("pair", "--json").stdout)["token"]
    p = r.other("pair", token, "--name", "second", "--port", str(r.port),
                "--pairing-port", str(r.pairing_port))
    assert p.returncode == 0, p.stderr
    goal = subprocess.Popen([TOP + "/scripts/run", "delete the note buy milk"], env=r.env,
                            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)

    def asked():
        "the question"
        return json.loads(r.other("approvals", "--json").stdout)["approvals"]
    act = wait_for(asked, 60)[0]["act"]
    assert r.other("approve", act, "--yes").returncode == 0
    out, _ = goal.communicate(timeout=60)
    assert goal.returncode == 0 and "approved   by second" in out, out
    assert "Deleted the note 'buy milk'." in out, out


def test_the_log_proves_both(r):
    v = r.console("audit", "verify")
    assert v.returncode == 0 and "verified under the signed root" in v.stdout, v.stderr
    shown = r.console("audit", "show").stdout
    assert shown.count('"tool":"notes.save"') == 1 and shown.count('"tool":"notes.delete"') == 1


def test_a_goal_that_is_not_reached_ends_with_another_code(r):
    assert r.run("make me a sandwich").returncode == 1


def test_the_second_start_takes_seconds_and_keeps_what_it_knew(r):
    assert r.run("save a note: keep this").returncode == 0
    subprocess.run([TOP + "/scripts/run", "--stop"], env=r.env, check=True)
    start = time.monotonic()
    out = r.run("read the note keep this")
    assert time.monotonic() - start < 60, "too slow"
    assert out.returncode == 0 and "done       keep this" in out.stdout, out.stdout
    assert "adding the tool" not in out.stdout, "every tool was added again"


def test_a_tool_that_its_owner_removed_does_not_come_back(r):
    done = r.console("tool", "remove", "web", "--yes")
    assert done.returncode == 0, done.stderr
    again = r.run("list tools")
    assert again.returncode == 0 and "adding" not in again.stdout, again.stdout
    tools = {t["tool"]: t["state"] for t in json.loads(r.console("tool", "--json").stdout)["tools"]}
    assert "web" not in tools and tools["notes"] == "signed", tools


def test_a_half_that_dies_is_started_again(r):
    before = r.pids()
    os.kill(before["parent"], signal.SIGKILL)

    def back():
        "the house"
        return r.console("ask", "echo back", "--json").returncode == 0
    wait_for(back, 60, 0.2)
    assert r.pids()["parent"] != before["parent"]


def test_the_prompt_takes_goals(r):
    p = subprocess.run([TOP + "/scripts/run"], env=r.env, text=True, input="echo at the prompt\nexit\n",
                       capture_output=True, timeout=120)
    assert p.returncode == 0 and "done       at the prompt" in p.stdout, p.stdout


def test_a_folder_is_given_with_the_start_and_stays_given(r):
    folder = r.root + "/letters"
    os.mkdir(folder, 0o700)
    assert r.run("list files").returncode == 1  # Nobody has wanted it yet.
    refused = r.run("--with", f"files={folder}:rw", "list files")
    assert refused.returncode == 2 and "nobody can be asked here" in refused.stderr, refused.stderr
    assert os.stat(folder).st_mode & 0o777 == 0o700 and r.run("list files").returncode == 1
    out = r.run("--yes", "--with", f"files={folder}:rw", "write hello to the file a b.txt")
    assert out.returncode == 0 and "Wrote 5 bytes to 'a b.txt'." in out.stdout, out.stdout
    assert f"has {folder} at /folder read-write" in out.stdout, out.stdout
    with open(folder + "/a b.txt") as f:
        assert f.read() == "hello"
    assert "a b.txt  5 bytes" in r.run("list files").stdout
    assert "a b.txt:1: hello" in r.run("find ell in files").stdout
    assert r.run("move the file a b.txt to c.txt").returncode == 0
    assert os.listdir(folder) == ["c.txt"]


def test_what_with_does_not_know_is_said(r):
    for words in (("--with", "files"), ("--with", "nothing=1"), ("--with",), ("--wiht", "shell"),
                  ("--yes", "--wiht")):
        out = r.run(*words)
        assert out.returncode == 2 and out.stderr.startswith("run: "), out.stderr
    out = r.run("--help")
    assert out.returncode == 0 and "DURWARD_ROOT" in out.stdout and "set -e" not in out.stdout, out.stdout


def test_a_log_has_the_time_and_the_start_before_stays_beside_it(r):
    log = f"{r.root}/var/log/durward-{os.path.basename(r.root)}.log"
    with open(log) as f:
        before = f.read()
    assert re.match(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ \w+: info: ", before), before[:300]
    assert "stopped" in r.run("--stop").stdout and r.run("echo hi").returncode == 0
    with open(log + ".1") as f:
        assert f.read().startswith(before)


def test_a_console_of_another_house_is_told_how_it_is_paired(r):
    token = json.loads(r.console("pair", "--json").stdout)["token"]
    r.env["DURWARD_CLIENT"] = r.root + "/root-home/another"
    p = r.console("pair", token, "--name", "another", "--port", str(r.port), "--pairing-port", str(r.pairing_port))
    del r.env["DURWARD_CLIENT"]
    assert p.returncode == 0 and r.console("clients", "revoke", "another").returncode == 0, p.stderr
    r.env["DURWARD_CLIENT"] = r.root + "/root-home/another"
    try:
        out = r.run("echo hi")
    finally:
        del r.env["DURWARD_CLIENT"]
    assert out.returncode == 1 and "is no client of it" in out.stderr, out.stdout + out.stderr
    assert f"--pairing-port {r.pairing_port}" in out.stderr, out.stderr
    # Who has none yet gets the house that was there, as it was started before.
    r.run("--stop")
    r.env |= {"DURWARD_CLIENT": r.root + "/root-home/new", "DURWARD_BROKER": "127.0.0.1:1"}
    out = r.run("echo hi")
    r.env |= {"DURWARD_BROKER": "none"}
    del r.env["DURWARD_CLIENT"]
    assert out.returncode == 1 and "is no client of it" in out.stderr, out.stdout + out.stderr

    def up():
        "the house"
        return r.console("ask", "echo it is up", "--json").returncode == 0
    wait_for(up, 60, 0.2)
    assert "no home is connected" in r.console("home").stderr


def test_a_model_on_this_machine_is_added_once_and_said_how_to_undo(r):
    before = r.env.get("OLLAMA_HOST")
    with ModelServer([{"text": ["Found me."], "repeat": True}], models=["small:1b"]) as m:
        r.env["OLLAMA_HOST"] = f"127.0.0.1:{m.port}"
        out = r.run("what is this place?")
        assert "found a server of models" in out.stdout and "small:1b" in out.stdout, out.stdout
        assert "tool disable NAME" in out.stdout and "Found me." in out.stdout, out.stdout
        assert r.console("tool", "remove", "ollama", "--yes").returncode == 0
        again = r.run("list tools")
        assert "found a server" not in again.stdout, "what was removed does not come back"
    r.env.pop("OLLAMA_HOST")
    if before:
        r.env["OLLAMA_HOST"] = before


def test_a_pi_that_counts_no_memory_is_told_how_and_changed_when_wanted(r):
    with tempfile.TemporaryDirectory() as pi:
        def put(path, text):
            os.makedirs(os.path.dirname(f"{pi}/{path}"), exist_ok=True)
            with open(f"{pi}/{path}", "w") as f:
                f.write(text)

        def read(path):
            with open(f"{pi}/{path}") as f:
                return f.read()
        offer = [TOP + "/scripts/offer-limits", pi]
        line = "boot/firmware/cmdline.txt"
        put(line, "console=tty1 root=/dev/mmcblk0p2 rootwait\n")
        put("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io pids\n")
        told = subprocess.run(offer, text=True, capture_output=True, stdin=subprocess.DEVNULL)
        assert told.returncode == 0 and "cgroup_enable=memory" in told.stdout, told
        assert "cgroup_enable" not in read(line), "nobody said yes"
        with_no, with_yes = (Screen(offer, dict(os.environ)) for _ in range(2))
        with_no.until("Add it now")
        with_no.type("n\n")
        assert with_no.end() == 0 and "cgroup_enable" not in read(line)
        with_yes.until("Add it now")
        with_yes.type("\n")
        with_yes.until("Reboot")
        assert with_yes.end() == 3
        assert read(line) == "console=tty1 root=/dev/mmcblk0p2 rootwait cgroup_enable=memory\n"
        assert read(line + ".before-durward") == "console=tty1 root=/dev/mmcblk0p2 rootwait\n"
        put("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n")
        assert subprocess.run(offer, capture_output=True).stdout == b""


def test_a_slow_disk_is_told_and_written_to_less_often_when_wanted(r):
    def card():
        found = json.loads(r.console("doctor", "--json").stdout)["findings"]
        return next(f["what"] for f in found if f["check"] == "card")
    path = r.env["PATH"]
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/dd", "w") as f:
            f.write('#!/bin/sh\necho "32768 bytes (33 kB, 32 KiB) copied, 2.4 s, 13.7 kB/s" >&2\n')
        os.chmod(folder + "/dd", 0o755)
        r.env["PATH"] = folder + ":" + path
        told = r.run("echo hi").stdout
        assert "takes 300 ms until a write is on it" in told and "DURWARD_CARD=slow" in told, told
        assert "spared" not in card()
        r.env["DURWARD_CARD"] = "slow"
        assert "takes 300 ms" not in r.run("echo hi").stdout
    r.env["PATH"] = path
    del r.env["DURWARD_CARD"]
    assert "spared" in card()
    r.run("echo it is remembered")
    assert "spared" in card()
    r.env["DURWARD_CARD"] = "fast"
    r.run("echo hi")
    assert "spared" not in card()
    del r.env["DURWARD_CARD"]


def test_too_little_memory_to_build_in_is_told(_):
    with tempfile.TemporaryDirectory() as small:
        os.mkdir(small + "/proc")

        def offer(free, swap):
            with open(small + "/proc/meminfo", "w") as f:
                f.write(f"MemTotal: 460000 kB\nMemAvailable: {free} kB\nSwapFree: {swap} kB\n")
            r = subprocess.run([TOP + "/scripts/offer-memory", small], text=True, capture_output=True,
                               stdin=subprocess.DEVNULL)
            assert r.returncode == 0, r.stderr
            return r.stdout
        assert "290 MB free" in offer(290000, 0) and "zram-tools" in offer(290000, 0)
        assert offer(290000, 200000) == "" and offer(450000, 0) == ""


def test_a_machine_that_does_not_know_the_time_is_told_to_be_given_it(_):
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/date", "w") as f:
            f.write('#!/bin/sh\n[ "$1" = +%s ] && echo 1000 || echo 1970-01-01\n')
        os.chmod(folder + "/date", 0o755)
        r = subprocess.run([TOP + "/scripts/run", "echo hi"], text=True, capture_output=True,
                           stdin=subprocess.DEVNULL,
                           env={**os.environ, "PATH": folder + ":" + os.environ["PATH"],
                                "DURWARD_CLOCK_WAIT": "1", "DURWARD_ROOT": folder + "/root"})
        assert r.returncode == 1 and "set the clock first" in r.stderr, r.stdout + r.stderr
        assert not os.path.exists(folder + "/root")


def test_it_is_taken_away_and_brought_back_and_taken_away_with_all_it_knew(r):
    def files():
        return sorted(p for p, _, names in os.walk(r.root) if names and not p.startswith(r.root + "/root-home"))
    assert r.run("save a note: before the removal").returncode == 0
    out = r.run("--remove")
    assert out.returncode == 0 and "brings it back" in out.stdout, out.stdout + out.stderr
    assert not any("/usr/" in p or "/run/" in p for p in files()), files()
    out = r.run("list notes")
    assert out.returncode == 0 and "before the removal" in out.stdout, out.stdout + out.stderr
    shutil.rmtree(r.root + "/letters", ignore_errors=True)
    for words in (("--data",), ("--dta",), ("--yes",), ("--data", "--yes", "now")):
        out = r.run("--remove", *words)
        assert out.returncode == 2 and out.stderr.startswith("run: "), out.stderr
    assert "before the removal" in r.run("list notes").stdout
    out = r.run("--remove", "--data", "--yes")
    assert out.returncode == 0 and "nothing is left" in out.stdout, out.stdout + out.stderr
    assert all(p == r.client for p in files()), files()
    # And from the beginning, by the same console.
    out = r.run("save a note: a new house")
    assert out.returncode == 0 and "adding the tool notes" in out.stdout, out.stdout + out.stderr
    assert "before the removal" not in r.run("list notes").stdout
