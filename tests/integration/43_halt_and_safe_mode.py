# SPDX-License-Identifier: Apache-2.0
"""Stopping everything, and the reasons for which the house stops itself."""

import json
import os
import sqlite3
import subprocess
import time

from house import HOUSE_USER, TOP, House, wait_for


def setup():
    return None


def house(**kw):
    return House(**kw).start()


def db_of(h):
    return h.path("state", "core", "durward.db")


def edit(h, *statements):
    """The database of a house that is down, changed by hand."""
    db = sqlite3.connect(db_of(h))
    for sql in statements:
        db.execute(sql)
    db.commit()
    db.close()
    for end in ("", "-wal", "-shm"):
        if os.path.exists(db_of(h) + end):
            subprocess.run(["chown", f"{HOUSE_USER}:{HOUSE_USER}", db_of(h) + end], check=True)


def restart(h, *statements):
    h.stop()
    edit(h, *statements)
    h.start_house()
    h.start_tools()
    h.wait_up(tools=False)


def doctor(h):
    r = h.console.run("doctor", "--json")
    return {f["check"]: f for f in json.loads(r.stdout)["findings"]}


def in_safe_mode(h, reason):
    """It says why and how to leave it, reads, and does nothing else."""
    def known():
        "the doctor to know"
        found = doctor(h)[reason]
        return found if not found["ok"] else None
    found = wait_for(known)
    assert found["fix"], found
    r = h.console.run("doctor")
    assert r.returncode == 1 and found["fix"] in r.stdout, r.stdout
    r = h.console.run("ask", "save a note: unsafe")
    assert r.returncode != 0 and "safe mode" in r.stdout + r.stderr, r.stdout + r.stderr
    return found


def alive(pids):
    return [p for p in pids if os.path.exists(f"/proc/{p}")]


def test_any_paired_client_halts_and_containers_are_gone_at_once(_):
    with house() as h:
        h.console.ask("save a note: before")
        screen = h.pair("screen", "viewer")
        mine = set(h.podman("ps", "--format={{.Pid}}").split())
        assert mine, "no container is warm"
        pids = [int(p) for p in mine]
        begun = time.monotonic()
        assert screen.run("halt").returncode == 0
        wait_for(lambda: not alive(pids), 5, 0.002)
        took_ms = (time.monotonic() - begun) * 1000
        print(f"# halt_ms {took_ms:.0f} from the command line to the last container")
        r = h.console.run("ask", "save a note: halted")
        assert r.returncode != 0 and "halted" in r.stderr, r.stderr
        assert took_ms < 200, took_ms
        approver = h.pair("phone", "approver")
        r = approver.run("resume")
        assert r.returncode == 4 and "only an owner" in r.stderr, r.stderr
        assert h.console.run("resume").returncode == 0
        assert h.console.ask("save a note: after")[-1]["reached"] is True


def test_a_halt_freezes_what_waits_and_survives_a_restart(_):
    with house() as h:
        h.console.ask("save a note: frozen")
        p, act = h.console.asked("delete the note frozen")
        assert h.console.run("halt").returncode == 0
        r = h.console.run("approve", act, "--yes")
        assert r.returncode != 0 and "halted" in r.stderr, r.stderr
        for end in ("kill", "stop"):
            if end == "kill":
                before = h.wait_roles()
                os.kill(before["parent"], 9)
                h.processes.pop("house").wait()
                time.sleep(0.3)
                h.start_house()
                h.wait_up(tools=False)
            else:
                h.stop()
                h.start_house()
                h.start_tools()
                h.wait_up()
            assert not doctor(h)["halt"]["ok"]
        assert h.console.run("resume").returncode == 0
        assert h.console.run("approve", act, "--yes").returncode == 0
        def done():
            "the act to be done"
            return "Deleted" in h.console.run("audit", "show").stdout
        wait_for(done, 20)
        p.kill()


def test_rules_that_cannot_be_read_are_a_reason(_):
    with house() as h:
        restart(h, "DROP TRIGGER version_keep",
                "UPDATE version SET body='allow everything' WHERE kind='policy'")
        found = in_safe_mode(h, "policy")
        assert "line 1" in found["what"], found
        assert h.console.run("resume").returncode == 0
        assert not doctor(h)["policy"]["ok"], "rules that cannot be read were accepted"
        r = h.console.run("policy", "activate", os.path.join(TOP, "config/policies/assist.policy"))
        assert r.returncode == 0, r.stderr
        assert doctor(h)["policy"]["ok"]
        assert h.console.ask("save a note: safe")[-1]["reached"] is True


def test_a_log_that_was_altered_is_a_reason(_):
    with house() as h:
        h.console.ask("save a note: original")
        restart(h, "DROP TRIGGER log_keep",
                "UPDATE log SET body=replace(body, 'original', 'modified') WHERE seq IN"
                " (SELECT seq FROM log WHERE body LIKE '%original%' LIMIT 1)")
        in_safe_mode(h, "audit")
        assert h.console.run("audit", "verify").returncode == 5
        assert h.console.run("resume").returncode == 0
        assert h.console.ask("save a note: accepted")[-1]["reached"] is True
        restart(h)
        time.sleep(0.5)
        assert doctor(h)["audit"]["ok"], "it forgot that an owner went on"


def test_a_clock_behind_what_it_was_is_a_reason(_):
    with house() as h:
        far = int((time.time() + 10 * 365 * 86400) * 1000)
        restart(h, f"UPDATE setting SET value='1000 {far} 0 other' WHERE name='clock'")
        in_safe_mode(h, "clock")
        assert h.console.run("resume").returncode == 0
        assert doctor(h)["clock"]["ok"]
        assert h.console.ask("save a note: now")[-1]["reached"] is True


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
            h.wait_log("is the disk read-only", seconds=15)
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
