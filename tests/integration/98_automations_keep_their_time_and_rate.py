# SPDX-License-Identifier: Apache-2.0
"""What an automation began happens while it still makes sense, or not at all:
the house is killed in the middle of its act."""

import json
import os
import signal
import sqlite3
import time

import frozen
import logbook
from house import TOP, cmdline, wait_for
from rules import BASE, use
from simhome import HouseWithHome, wait_entity

LIGHT, HALL, LOCK = "light.kitchen_light", "light.hall_light", "lock.front_door"


def setup():
    h = HouseWithHome().start(tools=False)
    for name in (LIGHT, HALL, LOCK):
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


def kill(h):
    """Its core writes down the time when it sees its parent gone."""
    parent, core = h.processes["house"], h.pids()["core"]
    parent.kill()
    parent.wait()
    wait_for(lambda: not cmdline(core), 30, 0.02)


def killed_in_its_act(h, name, *changes):
    """The house that goes on behind a kill while an order of this automation
    was out, with its database changed so; the run."""
    turn(h, "Kitchen light", "OFF")
    turn(h, "Hall light", "OFF")
    added(h, rule(name, LIGHT, "on", HALL, "turn_on"))
    bridge = h.pids()["bridge"]
    h.said.publish("zigbee2mqtt/Kitchen light/set", '{"state": "ON"}')
    wait_for(lambda: of(h, name, "proposed"), 30, 0.02)
    os.kill(bridge, signal.SIGSTOP)
    run = of(h, name, "goal")[0]["run"]
    kill(h)
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


ANOTHER_BOOT = ("UPDATE setting SET value=replace(value, substr(value, -8), 'another1')"
                " WHERE scope='box' AND name='clock'")


def test_what_the_machine_was_off_behind_ends_as_too_late(h):
    """It may have no clock, so nobody knows for how long."""
    run = killed_in_its_act(h, "dark", ANOTHER_BOOT)
    is_too_late(h, run)
    removed(h, "dark")


def test_in_a_halt_it_ends_as_too_late_before_another_start_forgets_that(h):
    run = killed_in_its_act(h, "halted", ANOTHER_BOOT, "INSERT INTO setting (scope, name, value) VALUES"
                            " ('box', 'halted', 'yes') ON CONFLICT (scope, name) DO UPDATE SET value='yes'")
    is_too_late(h, run)
    assert h.console.run("resume").returncode == 0
    removed(h, "halted")


def test_what_was_done_before_the_machine_was_off_ends_as_done(h):
    """The end of a run may be lost where that of its act is not."""
    run = killed_in_its_act(h, "done", ANOTHER_BOOT, "UPDATE act SET state='done', result='It is on.'"
                            " WHERE state='allowed'")
    end = wait_end(h, run)
    assert end["reached"] and end["reply"] == "It is on.", end
    removed(h, "done")


def asked(h):
    def there():
        "the question"
        return h.console.json("approvals")["approvals"]
    return wait_for(there, 30, 0.1)[0]["act"]


def another_mind(h):
    """In the place of this one, and one that the core has heard."""
    before = h.wait_roles()["mind"]
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: h.pids().get("mind", before) != before, 30, 0.05)
    assert h.console.ask("remember that milk is white")[-1]["reached"]


def test_what_was_agreed_to_behind_a_restart_is_done_whatever_the_mind_does(h):
    turn(h, "Kitchen light", "OFF")
    added(h, rule("agreed", LIGHT, "on", LOCK, "unlock"))
    turn(h, "Kitchen light", "ON")
    asked(h)
    run = of(h, "agreed", "goal")[0]["run"]
    kill(h)
    change(h, ANOTHER_BOOT)
    h.before = len(logbook.entries(h))
    h.start_house()
    h.wait_up(False)
    wait_entity(h, LOCK)
    wait_state(h, LOCK, "locked")
    with frozen.role(h, "bridge"):
        r = h.console.run("approve", asked(h), "--yes")
        assert r.returncode == 0, r.stderr
        wait_for(lambda: since(h, "started", run), 30, 0.1)
        another_mind(h)
    end = wait_end(h, run)
    assert end["reached"] and "too late" not in end["reply"], end
    wait_state(h, LOCK, "unlocked")
    removed(h, "agreed")


def off(h, name):
    return h.console.json("automation", "show", name)["automations"][0]["off"]


def toggled(h, times):
    for _ in range(times):
        turn(h, "Kitchen light", "OFF")
        turn(h, "Kitchen light", "ON")


def wait_off(h, name, words):
    def so():
        return words in off(h, name)
    so.__doc__ = f"{name} to be off; {off(h, name)} {h.log()[-2000:]}"
    wait_for(so, 30, 0.1)


def test_a_rate_that_was_signed_is_shown_and_kept(h):
    turn(h, "Kitchen light", "OFF")
    r = added(h, rule("many", LIGHT, "on", HALL, "turn_on", rate="20/min"))
    assert f"when {LIGHT} state is on, at most 20 times a minute: home.set" in r.stdout, r.stdout
    added(h, rule("few", LIGHT, "on", HALL, "turn_on", rate="2/min"))
    toggled(h, 8)
    wait_off(h, "few", "fired 2 times in 60 seconds")
    wait_for(lambda: len(of(h, "many", "goal")) == 8, 30, 0.1)
    assert off(h, "many") == "" and len(of(h, "few", "goal")) == 2
    removed(h, "many")
    removed(h, "few")


def test_what_cannot_be_undone_keeps_the_low_rate(h):
    for document, words in ((rule("x", LIGHT, "on", LOCK, "lock", rate="7/min"), "can be undone"),
                            ({**rule("x", LIGHT, "on", LOCK, "lock", rate="1/s"), "then": {"goal": "go"}}, "is for a call"),
                            (rule("x", LIGHT, "on", HALL, "turn_on", rate="2001/s"), "from 1 to 2000")):
        r = add(h, document)
        assert r.returncode != 0 and words in r.stderr, r.stderr
    turn(h, "Kitchen light", "OFF")
    added(h, rule("changed", LIGHT, "on", HALL, "turn_on", rate="60/min"))
    # It is a heater by now.
    r = h.console.run("home", "accept", HALL, "--effect", "physical", "--yes")
    assert r.returncode == 0, r.stderr
    toggled(h, 7)
    wait_off(h, "changed", "fired 6 times in 60 seconds")
    r = h.console.run("home", "accept", HALL, "--effect", "reversible", "--yes")
    assert r.returncode == 0, r.stderr
    removed(h, "changed")


def test_a_signed_call_has_nothing_to_replay(h):
    turn(h, "Kitchen light", "OFF")
    turn(h, "Hall light", "OFF")
    added(h, rule("plain", LIGHT, "on", HALL, "turn_on"))
    turn(h, "Kitchen light", "ON")
    wait_state(h, HALL, "on")
    wait_for(lambda: of(h, "plain", "goal"), 30, 0.1)
    r = h.console.run("replay", of(h, "plain", "goal")[0]["run"])
    assert r.returncode == 1 and "no mind thought about it" in r.stderr, (r.stdout, r.stderr)
    removed(h, "plain")


def counted_for_runs(h):
    with sqlite3.connect(h.path("state", "core", "durward.db")) as db:
        rows = db.execute("SELECT key FROM usage WHERE key LIKE '%@%'").fetchall()
    db.close()
    return rows


def test_what_was_counted_for_a_signed_call_is_forgotten_with_it(h):
    """Of such counters there is a bounded number, and without room for one
    nothing is allowed any more."""
    with open(os.path.join(TOP, "config/policies/bounded.policy")) as f:
        use(h, f.read())
    turn(h, "Kitchen light", "OFF")
    added(h, rule("counted", LIGHT, "on", HALL, "turn_on"))
    toggled(h, 3)
    wait_for(lambda: len(of(h, "counted", "goal")) == 3, 30, 0.1)
    for goal in of(h, "counted", "goal"):
        h.before = 0
        assert wait_end(h, goal["run"])["reached"]
    assert counted_for_runs(h) == []
    use(h, BASE)
    removed(h, "counted")


def missed(h, name):
    return [e for e in logbook.entries(h) if e["kind"] == "automation-missed" and e["name"] == name]


def said_by_turns(h, times):
    """The device says on and off so often, with a pace at which the house
    still sees most of it."""
    for _ in range(times):
        for wanted in ("OFF", "ON"):
            h.said.publish("zigbee2mqtt/Kitchen light", json.dumps({"state": wanted}))
            time.sleep(0.005)


def spoken_of(h, name):
    """What it began, and how often the log says that it did not."""
    return len(of(h, name, "goal")) + sum(e.get("times", 1) for e in missed(h, name))


def wait_spoken_of(h, name, times):
    def told():
        return spoken_of(h, name) >= times
    told.__doc__ = f"{times} to be told; {h.log()[-2000:]}"
    wait_for(told, 60, 0.2)


def test_what_is_missed_often_is_told_with_how_often(h):
    use(h, BASE + "ask hall tool=home.set entity=light.hall_light\n")
    turn(h, "Kitchen light", "ON")
    added(h, rule("flood", LIGHT, "on", HALL, "turn_on", rate="2000/s"))
    before = time.monotonic()
    said_by_turns(h, 200)
    act = asked(h)
    wait_spoken_of(h, "flood", 60)
    # One at once, and one for each second.
    assert len(missed(h, "flood")) < 5 + time.monotonic() - before, missed(h, "flood")
    assert h.console.run("deny", act, "no").returncode == 0
    use(h, BASE)
    removed(h, "flood")


def test_a_disk_that_does_not_keep_up_is_not_filled_with_what_is_missed(h):
    """More than the store's queue holds."""
    turn(h, "Kitchen light", "ON")
    added(h, rule("slow", LIGHT, "on", HALL, "turn_on", rate="2000/s"))
    core = h.pids()["core"]
    with frozen.disk(h):
        said_by_turns(h, 1500)
    wait_spoken_of(h, "slow", 300)
    assert h.pids()["core"] == core
    removed(h, "slow")
