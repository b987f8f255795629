# SPDX-License-Identifier: Apache-2.0
"""`./scripts/run` where there is no broker: a simulated home to try things in."""

import os

from ran import Run


def setup():
    return Run("turn on the kitchen light", broker="simulated")


def test_the_first_goal_ends_with_the_confirmed_state(r):
    out = r.first.stdout
    assert r.first.returncode == 0, out + r.first.stderr
    for line in ("accepted the simulated devices", "home.set", "confirmed"):
        assert line in out, out
    listed = r.console("home", "list", "light.kitchen_light").stdout
    assert " on" in listed, listed


def test_a_question_is_answered_from_what_the_devices_say(r):
    out = r.run("is the front door locked?").stdout
    assert "locked" in out and "lock.front_door" in out, out


def test_a_room_is_one_act(r):
    out = r.run("turn on all the lights in the kitchen").stdout
    assert "light.kitchen_lamp,light.kitchen_light" in out and "2 confirmed" in out, out


def test_the_lock_is_asked_about_and_then_opened(r):
    screen, code = r.at_a_terminal("unlock the front door", (r"type yes to sign", "yes"))
    assert code == 0 and "confirmed" in screen, screen
    assert "unlocked" in r.console("home", "list", "lock.front_door").stdout


def test_what_was_chosen_is_remembered_and_can_be_taken_back(r):
    supervisor = f"{r.root}/run/durward-simhome-{os.path.basename(r.root)}.pid"
    del r.env["DURWARD_BROKER"]
    out = r.run("is the front door locked?").stdout
    assert "unlocked" in out and "simulated" not in out, out
    assert "bridge" in r.pids() and os.path.exists(supervisor)
    r.env["DURWARD_BROKER"] = "none"
    assert r.run("save a note: buy milk").returncode == 0
    assert "bridge" not in r.pids() and not os.path.exists(supervisor)
