# SPDX-License-Identifier: Apache-2.0
"""`durward doctor` names what goes without a yes, who may say one and since
nobody thinks of it any more, and how it is closed; and a disk that is slow."""

import subprocess

from browser import paired
from house import House, wait_for
from rules import BASE, ask_to_delete, finish, use


def setup():
    return House().start()


def findings(h):
    return {f["check"]: f for f in h.console.json("doctor")["findings"]}


def is_open(h, check, what):
    f = findings(h).get(check)
    return f is not None and f["ok"] and f["open"] and what in f["what"]


def test_who_may_say_yes_is_named_until_it_may_not(h):
    assert is_open(h, "owners", ": console")
    assert "endless" not in findings(h) and "lent" not in findings(h)
    h.pair("helper", "approver")
    h.pair("guest", "viewer", "--expires", "30d")
    assert is_open(h, "endless", ": helper")
    assert "guest" not in findings(h)["endless"]["what"]
    assert h.console.run("clients", "lend", "guest", "notes.*", "--hours", "1").returncode == 0
    assert is_open(h, "lent", ": guest")
    said = h.console.run("doctor").stdout
    assert "open  endless    clients without an end: helper" in said, said
    assert "to close: durward clients extend NAME 90d" in said, said
    assert h.console.run("clients", "extend", "helper", "30d").returncode == 0
    assert h.console.run("clients", "lend", "guest", "none").returncode == 0
    assert "endless" not in findings(h) and "lent" not in findings(h)


def test_a_port_without_certificates_is_named_while_it_is_open(h):
    assert "web" not in findings(h)
    paired(h, "phone")
    assert is_open(h, "web", ": phone")
    assert h.console.run("web", "off").returncode == 0
    assert "web" not in findings(h)


def test_what_answers_without_a_person_is_named_until_it_is_taken_back(h):
    assert "grants" not in findings(h)
    use(h, BASE)
    p, act = ask_to_delete(h, "standing")
    r = h.console.run("approve", act, "--yes", "--always")
    assert r.returncode == 0, r.stderr
    finish(p)
    grant, = h.console.json("grants")["grants"]
    assert is_open(h, "grants", f"notes.delete ({grant['id'][:8]})")
    assert h.console.run("grants", "revoke", grant["id"]).returncode == 0
    assert "grants" not in findings(h)


def test_tools_without_limits_are_named_while_they_are_excepted(h):
    # Those of this suite are, since not every machine can limit them.
    assert is_open(h, "exempt", ": echo, notes")
    assert h.console.run("tool", "exempt", "notes", "--revoke").returncode == 0
    assert findings(h)["exempt"]["what"].endswith(": echo")


def test_a_slow_disk_is_told_and_spared_where_its_owner_says_so(h):
    def card():
        return findings(h)["card"]
    assert card()["ok"] and "spared" not in card()["what"], card()
    slow = subprocess.Popen(
        ["strace", "-f", "-q", "-o", "/dev/null", "-p", str(h.pids()["core"]), "-e",
         "inject=fsync,fdatasync:delay_exit=400000"], stderr=subprocess.DEVNULL)
    try:
        def told():
            "what the doctor says of the disk"
            h.console.run("halt")
            h.console.run("resume")
            return not card()["ok"]
        wait_for(told, 60)
        assert "--card slow" in card()["fix"], card()
    finally:
        slow.terminate()
        slow.wait()
    h.stop()
    h.more = ("--card", "slow")
    h.start_house()
    h.start_tools()
    h.wait_up()
    assert card()["ok"] and "spared as a slow card" in card()["what"], card()
    assert h.console.ask("echo spared")[-1]["reached"] is True
    assert h.console.run("audit", "verify").returncode == 0
