# SPDX-License-Identifier: Apache-2.0
"""What an automation began happens while it still makes sense, or not at all:
the house is killed in the middle of its act."""

import json
import os
import signal
import sqlite3
import time

import logbook
from house import wait_for
from simhome import HouseWithHome, wait_entity

LIGHT, HALL = "light.kitchen_light", "light.hall_light"


def setup():
    h = HouseWithHome().start(tools=False)
    for name in (LIGHT, HALL):
        wait_entity(h, name)
        r = h.console.run("home", "accept", name, "--yes")
        assert r.returncode == 0, r.stderr
    h.said = h.home.client("98")
    return h


def rule(name, entity, state, then, action, **more):
    return {"name": name, "when": {"entity": entity, "value": "state", "is": state}, **more,
            "then": {"call": "home.set", "args": {"entity": then, "action": action}}}


def add(h, document):
    path = h.path("automation.json")
    with open(path, "w") as f:
        json.dump(document, f)
    return h.console.run("automation", "add", path, "--yes")


def added(h, document):
    r = add(h, document)
    assert r.returncode == 0, r.stderr
    return r


def state(h, entity):
    return h.console.run("home", "list", entity).stdout


def wait_state(h, entity, wanted):
    def so():
        return f" {wanted}" in state(h, entity)
    so.__doc__ = f"{entity} is {wanted}; {h.log()[-2000:]}"
    wait_for(so, 30, 0.1)


def turn(h, device, wanted):
    h.said.publish(f"zigbee2mqtt/{device}/set", json.dumps({"state": wanted}))
    wait_state(h, "light." + device.lower().replace(" ", "_"), wanted.lower())


def of(h, name, kind):
    return [e for e in logbook.entries(h) if e["kind"] == kind and e.get("principal") == f"automation:{name}"]


def since(h, kind, run):
    """Behind the kill."""
    return [e for e in logbook.entries(h)[h.before:] if e["kind"] == kind and e["run"] == run]


def wait_end(h, run):
    def ended():
        return since(h, "run-done", run)
    ended.__doc__ = f"the end of {run}; {h.log()[-2000:]}"
    return wait_for(ended, 30, 0.1)[0]


def change(h, *statements):
    with sqlite3.connect(h.path("state", "core", "durward.db")) as db:
        for s in statements:
            db.execute(s)
    db.close()


def killed_in_its_act(h, name, *changes):
    """The house that goes on behind a kill while an order of this automation
    was out, with its database changed so; the run."""
    turn(h, "Kitchen light", "OFF")
    turn(h, "Hall light", "OFF")
    added(h, rule(name, LIGHT, "on", HALL, "turn_on"))
    bridge, parent = h.pids()["bridge"], h.processes["house"]
    h.said.publish("zigbee2mqtt/Kitchen light/set", '{"state": "ON"}')
    wait_for(lambda: of(h, name, "proposed"), 30, 0.02)
    os.kill(bridge, signal.SIGSTOP)
    run = of(h, name, "goal")[0]["run"]
    parent.kill()
    parent.wait()
    os.kill(bridge, signal.SIGKILL)
    h.said.publish("zigbee2mqtt/Hall light/set", '{"state": "OFF"}')
    # As if it had died between the verdict and the intent.
    change(h, "UPDATE run SET state='open', reply='' WHERE id='%s'" % run,
           "DELETE FROM step WHERE run='%s' AND n>0" % run,
           "UPDATE act SET state='allowed', attempt=1, result='' WHERE run='%s'" % run, *changes)
    h.before = len(logbook.entries(h))
    h.start_house()
    h.wait_up(False)
    return run


def removed(h, name):
    r = h.console.run("automation", "remove", name)
    assert r.returncode == 0, r.stderr


def is_too_late(h, run):
    end = wait_end(h, run)
    assert not end["reached"] and "too late" in end["reply"], end
    denied = since(h, "denied", run)
    assert len(denied) == 1 and "too late" in denied[0]["result"], denied
    wait_entity(h, HALL)
    wait_state(h, HALL, "off")


def test_what_a_kill_interrupted_a_moment_ago_goes_on(h):
    run = killed_in_its_act(h, "soon")
    assert "too late" not in wait_end(h, run)["reply"]
    assert since(h, "started", run)
    removed(h, "soon")


def test_what_a_kill_interrupted_an_hour_ago_ends_as_too_late(h):
    run = killed_in_its_act(h, "late", "UPDATE run SET wall_ms=wall_ms-3600000 WHERE state='open'")
    is_too_late(h, run)
    removed(h, "late")


def test_what_the_machine_was_off_behind_ends_as_too_late(h):
    """It may have no clock, so nobody knows for how long."""
    run = killed_in_its_act(h, "dark", "UPDATE setting SET value=replace(value, substr(value, -8), 'another1')"
                            " WHERE scope='box' AND name='clock'")
    is_too_late(h, run)
    removed(h, "dark")
