# SPDX-License-Identifier: Apache-2.0
"""Stopping everything, and what the house finds when it starts for which it
stops itself."""

import json
import os
import select
import socket
import time

from house import TOP, wait_for
from safety import doctor, house, in_safe_mode, restart
from wire import Wire


def setup():
    return None


def alive(pids):
    return [p for p in pids if os.path.exists(f"/proc/{p}")]


def halted(h, client):
    """Milliseconds until the last warm container is gone."""
    assert h.console.ask("save a note: before")[-1]["reached"] is True
    pids = [int(p) for p in h.podman("ps", "--format={{.Pid}}").split()]
    assert pids, "no container is warm"
    begun = time.monotonic()
    assert client.run("halt").returncode == 0
    wait_for(lambda: not alive(pids), 30, 0.002)
    return (time.monotonic() - begun) * 1000


def test_any_paired_client_halts_and_containers_are_gone_at_once(_):
    with house() as h:
        screen = h.pair("screen", "viewer")
        took_ms, most_ms = halted(h, screen), 200
        for _ in range(9):  # a neighbour on the machine can slow one of them
            if took_ms >= most_ms:
                assert h.console.run("resume").returncode == 0
                most_ms = max(200, 6 * h.console.command_ms())
                took_ms = halted(h, screen)
        print(f"# halt_ms {took_ms:.0f} from the command line to the last container")
        r = h.console.run("ask", "save a note: halted")
        assert r.returncode != 0 and "halted" in r.stderr, r.stderr
        assert took_ms < most_ms, (took_ms, most_ms)
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
        wait_for(done, 60)
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


def test_an_automation_of_any_name_forgives_no_log(_):
    """The house keeps how much of the log was accepted under the name `forgiven`,
    and with each automation when it was added, which is a larger number."""
    with house() as h:
        path = h.path("automation.json")
        with open(path, "w") as f:
            json.dump({"name": "forgiven", "when": {"at": "07:30"}, "then": {"goal": "status"}}, f)
        r = h.console.run("automation", "add", path, "--yes")
        assert r.returncode == 0, r.stderr
        h.console.ask("save a note: original")
        restart(h, "DROP TRIGGER log_keep",
                "UPDATE log SET body=replace(body, 'original', 'modified') WHERE seq IN"
                " (SELECT seq FROM log WHERE body LIKE '%original%' LIMIT 1)")
        in_safe_mode(h, "audit")


def test_a_clock_behind_what_it_was_is_a_reason(_):
    with house() as h:
        far = int((time.time() + 10 * 365 * 86400) * 1000)
        restart(h, f"UPDATE setting SET value='1000 {far} 0 other' WHERE name='clock'")
        in_safe_mode(h, "clock")
        assert h.console.run("resume").returncode == 0
        assert doctor(h)["clock"]["ok"]
        assert h.console.ask("save a note: now")[-1]["reached"] is True


def halts_in_time(h, client):
    begun = time.monotonic()
    r = client.run("halt")
    took = time.monotonic() - begun
    assert r.returncode == 0, r.stderr
    assert took < 8, took  # Who holds a place is sent away after ten.
    assert h.console.run("resume").returncode == 0


def ended(wires):
    return select.select([w.sock for w in wires], [], [], 0)[0]


def test_idle_strangers_do_not_keep_a_halt_out(_):
    with house(tools=()) as h:
        idle = []
        try:
            for _ in range(400):
                idle.append(socket.create_connection(("127.0.0.1", h.port), timeout=30))
            halts_in_time(h, h.console)
        finally:
            for s in idle:
                s.close()


def test_one_client_with_every_connection_does_not_keep_a_halt_out(_):
    with house(tools=()) as h:
        screen = h.pair("screen", "viewer")
        waiting = []
        try:
            for n in range(300):
                w = Wire(h, screen)
                w.send(b"GET /v1/sta")
                waiting.append(w)
                if n == 47:  # Long before their requests are too late.
                    wait_for(lambda: len(ended(waiting)) >= 16, 5)
            wait_for(lambda: len(ended(waiting)) >= 300 - 32)
            halts_in_time(h, h.console)
            w = Wire(h, screen)
            assert w.query("status")[0] == 200
            w.close()
        finally:
            for w in waiting:
                w.close()


def test_one_client_with_every_challenge_does_not_keep_a_halt_out(_):
    with house(tools=()) as h:
        screen = h.pair("screen", "viewer")
        mine, hers = Wire(h, h.console), Wire(h, screen)
        text = mine.command_text("halt", "{}")
        for _ in range(5000):
            hers.challenge()
        status, v = mine.send_command(text, "{}")
        assert status == 200, v
        mine.close()
        hers.close()
