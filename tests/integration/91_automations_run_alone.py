# SPDX-License-Identifier: Apache-2.0
"""What an owner signed once runs alone: when a device says something, or a
time comes, in the name of who signed it and within the rules."""

import json
import sqlite3
import time

import logbook
from house import wait_for
from rules import BASE, use
from screen import Screen
from simhome import HouseWithHome, wait_entity

LIGHT, LAMP, HALL = "light.kitchen_light", "light.kitchen_lamp", "light.hall_light"
OFFICE, BATH = "light.office_light", "light.bathroom_light"
PORCH, LOCK, MOTION = "light.porch_light", "lock.front_door", "binary_sensor.hall_motion_occupancy"


def setup():
    h = HouseWithHome().start(tools=False)
    for name in (LIGHT, LAMP, HALL, OFFICE, BATH, PORCH, LOCK):
        wait_entity(h, name)
    for name in (LIGHT, LAMP, HALL, OFFICE, BATH, PORCH, LOCK):
        r = h.console.run("home", "accept", name, "--yes")
        assert r.returncode == 0, r.stderr
    h.said = h.home.client("91")
    return h


def turn(h, device, state):
    """As its own switch does it: nothing that the house did."""
    h.said.publish(f"zigbee2mqtt/{device}/set", json.dumps({"state": state}))
    entity = "light." + device.lower().replace(" ", "_")
    wait_state(h, entity, state.lower())


def wait_state(h, entity, state):
    def so():
        return f" {state}" in h.console.run("home", "list", entity).stdout
    so.__doc__ = f"{entity} is {state}; {h.log()[-2000:]}"
    wait_for(so, 30, 0.1)


def rule(name, entity, state, then, action, **more):
    return {"name": name, "when": {"entity": entity, "value": "state", "is": state}, **more,
            "then": {"call": "home.set", "args": {"entity": then, "action": action}}}


def add(h, document, who=None):
    path = h.path("automation.json")
    with open(path, "w") as f:
        json.dump(document, f)
    return (who or h.console).run("automation", "add", path, "--yes")


def added(h, document, who=None):
    r = add(h, document, who)
    assert r.returncode == 0, r.stderr
    return r


def remove(h, *names):
    for name in names:
        r = h.console.run("automation", "remove", name)
        assert r.returncode == 0, r.stderr


def fired(h, name):
    return [e for e in logbook.entries(h) if e["kind"] == "goal" and e["principal"] == f"automation:{name}"]


def told(h, kind, name):
    return [e for e in logbook.entries(h) if e["kind"] == kind and e.get("name") == name]


def wait_fired(h, name, times):
    def so():
        return len(fired(h, name)) >= times
    so.__doc__ = f"{name} fired {times} times; {h.log()[-2000:]}"
    wait_for(so, 30, 0.1)


def fired_just(h, name, times):
    """The log is behind what can be undone, by a group commit."""
    wait_fired(h, name, times)
    assert len(fired(h, name)) == times


def off(h, name):
    return h.console.json("automation", "show", name)["automations"][0]["off"]


def test_it_fires_once_when_it_becomes_so_and_not_after_a_restart(h):
    turn(h, "Kitchen light", "OFF")
    turn(h, "Hall light", "OFF")
    added(h, rule("follow", LIGHT, "on", HALL, "turn_on"))
    assert fired(h, "follow") == []
    turn(h, "Kitchen light", "ON")
    wait_state(h, HALL, "on")
    fired_just(h, "follow", 1)
    goal = fired(h, "follow")[0]
    assert goal["client"] == "console" and goal["cause"] == LIGHT and goal["hops"] == 0, goal
    # It stays so, and says so again.
    turn(h, "Hall light", "OFF")
    h.said.publish("zigbee2mqtt/Kitchen light/set", '{"brightness": 90}')
    wait_for(lambda: "brightness=35" in h.console.run("home", "list", LIGHT).stdout, 30, 0.1)
    h.stop()
    h.start_house()
    h.wait_up(False)
    wait_state(h, LIGHT, "on")
    fired_just(h, "follow", 1)
    turn(h, "Kitchen light", "OFF")
    turn(h, "Kitchen light", "ON")
    wait_state(h, HALL, "on")
    fired_just(h, "follow", 2)
    done = [e for e in logbook.entries(h) if e["kind"] == "proposed" and e["principal"] == "automation:follow"]
    assert [json.loads(e["args"]) for e in done] == 2 * [{"entity": HALL, "action": "turn_on"}]
    # Nobody said it.
    with sqlite3.connect(logbook.copy(h, "remembered.db")) as db:
        assert db.execute("SELECT count(*) FROM memory WHERE text LIKE '%home.set%'").fetchone() == (0,)
    db.close()
    remove(h, "follow")


def test_a_number_is_passed_once(h):
    climate = "sensor.garden_climate_temperature"
    turn(h, "Hall light", "OFF")
    document = rule("hot", climate, "", HALL, "turn_on")
    document["when"] = {"entity": climate, "value": "state", "above": 25}
    added(h, document)
    for degrees in (20, 26, 27, 25, 26, 24):
        h.said.publish("zigbee2mqtt/Garden climate", json.dumps({"temperature": degrees}))
        wait_state(h, climate, degrees)
    fired_just(h, "hot", 2)
    remove(h, "hot")


def in_the_kitchen(h):
    for name in (LIGHT, LAMP):
        r = h.console.run("home", "area", name, "Kitchen")
        assert r.returncode == 0, r.stderr


def test_a_room_is_commanded_and_what_that_sets_off_is_a_hop(h):
    """The first and the last are devices of no other test here: what was just
    commanded by an automation counts as its doing for a minute."""
    for device in ("Kitchen light", "Kitchen lamp", "Office light", "Bathroom light"):
        turn(h, device, "OFF")
    in_the_kitchen(h)
    document = rule("room", OFFICE, "on", "", "turn_on")
    document["then"]["args"] = {"action": "turn_on", "area": "Kitchen", "kind": "light"}
    added(h, document)
    added(h, rule("echo", LAMP, "on", BATH, "turn_on"))
    turn(h, "Office light", "ON")
    for name in (LIGHT, LAMP, BATH):
        wait_state(h, name, "on")
    wait_fired(h, "room", 1)
    wait_fired(h, "echo", 1)
    hops = [e["hops"] for e in fired(h, "room") + fired(h, "echo")]
    assert hops == [0, 1], hops
    remove(h, "room", "echo")


def test_conditions_hold_it_back(h):
    turn(h, "Kitchen light", "OFF")
    turn(h, "Kitchen lamp", "OFF")
    turn(h, "Hall light", "OFF")
    added(h, rule("held", LIGHT, "on", HALL, "turn_on",
                  **{"if": [{"entity": LAMP, "value": "state", "is": "on"}]}))
    turn(h, "Kitchen light", "ON")
    turn(h, "Kitchen light", "OFF")
    turn(h, "Kitchen lamp", "ON")
    assert fired(h, "held") == []
    turn(h, "Kitchen light", "ON")
    wait_state(h, HALL, "on")
    fired_just(h, "held", 1)
    remove(h, "held")


def test_a_loop_ends_after_four_hops(h):
    turn(h, "Porch light", "OFF")
    added(h, rule("a-on", PORCH, "off", PORCH, "turn_on"))
    added(h, rule("b-off", PORCH, "on", PORCH, "turn_off"))
    turn(h, "Kitchen light", "OFF")
    h.said.publish("zigbee2mqtt/Porch light/set", '{"state": "ON"}')

    def stopped():
        "the end of the loop"
        return told(h, "automation-stopped", "a-on") + told(h, "automation-stopped", "b-off")
    wait_for(stopped, 60, 0.2)
    hops = sorted(e["hops"] for name in ("a-on", "b-off") for e in fired(h, name))
    assert hops == [0, 1, 2, 3, 4], hops
    remove(h, "a-on", "b-off")


def test_what_fires_too_often_is_switched_off_and_told(h):
    turn(h, "Kitchen light", "OFF")
    added(h, rule("often", LIGHT, "on", HALL, "turn_on"))
    for _ in range(7):
        turn(h, "Kitchen light", "ON")
        turn(h, "Kitchen light", "OFF")
    wait_for(lambda: told(h, "automation-off", "often"), 30, 0.1)
    fired_just(h, "often", 6)
    assert "fired 6 times" in off(h, "often")
    h.stop()
    h.start_house()
    h.wait_up(False)
    assert "fired 6 times" in off(h, "often")
    wait_state(h, LIGHT, "off")
    turn(h, "Kitchen light", "ON")
    assert h.console.run("automation", "enable", "often").returncode == 0
    assert off(h, "often") == "" and len(fired(h, "often")) == 6
    turn(h, "Kitchen light", "OFF")
    turn(h, "Kitchen light", "ON")
    wait_fired(h, "often", 7)
    remove(h, "often")


def test_a_halted_house_does_nothing(h):
    turn(h, "Kitchen light", "OFF")
    turn(h, "Hall light", "OFF")
    added(h, rule("halted", LIGHT, "on", HALL, "turn_on"))
    assert h.console.run("halt").returncode == 0
    turn(h, "Kitchen light", "ON")
    assert h.console.run("resume").returncode == 0
    assert fired(h, "halted") == []
    turn(h, "Kitchen light", "OFF")
    turn(h, "Kitchen light", "ON")
    wait_state(h, HALL, "on")
    fired_just(h, "halted", 1)
    remove(h, "halted")


def unlock_asked(h):
    """The question of the automation that would unlock the door."""
    turn(h, "Kitchen light", "OFF")
    turn(h, "Kitchen light", "ON")

    def asked():
        "the question"
        return h.console.json("approvals")["approvals"]
    act = wait_for(asked, 30, 0.1)[0]
    assert act["principal"] == "automation:lock", act
    assert "unlocked" not in h.console.run("home", "list", LOCK).stdout
    return act["act"]


def test_while_it_is_asked_about_it_asks_nothing_more(h):
    turn(h, "Kitchen light", "OFF")
    added(h, rule("lock", LIGHT, "on", LOCK, "lock"))
    before, act = len(fired(h, "lock")), unlock_asked(h)
    turn(h, "Kitchen light", "OFF")
    turn(h, "Kitchen light", "ON")
    wait_for(lambda: told(h, "automation-missed", "lock"), 30, 0.1)
    assert len(h.console.json("approvals")["approvals"]) == 1 and len(fired(h, "lock")) == before + 1
    assert h.console.run("deny", act, "no").returncode == 0
    wait_for(lambda: not h.console.json("approvals")["approvals"], 30, 0.1)
    remove(h, "lock")


def test_a_lock_is_asked_about_each_time_until_a_grant_stands_for_it(h):
    turn(h, "Kitchen light", "OFF")
    added(h, rule("lock", LIGHT, "on", LOCK, "unlock"))
    assert h.console.run("deny", unlock_asked(h), "no").returncode == 0
    wait_for(lambda: not h.console.json("approvals")["approvals"], 30, 0.1)
    assert "unlocked" not in h.console.run("home", "list", LOCK).stdout
    r = h.console.run("approve", unlock_asked(h), "--always", "--yes")
    assert r.returncode == 0, r.stderr
    wait_state(h, LOCK, "unlocked")
    h.said.publish("zigbee2mqtt/Front door/set", '{"state": "LOCK"}')
    wait_state(h, LOCK, "locked")
    turn(h, "Kitchen light", "OFF")
    turn(h, "Kitchen light", "ON")
    wait_state(h, LOCK, "unlocked")
    assert h.console.json("approvals")["approvals"] == []
    remove(h, "lock")


def test_rules_know_it_by_its_name(h):
    turn(h, "Kitchen light", "OFF")
    turn(h, "Hall light", "OFF")
    added(h, rule("ruled", LIGHT, "on", HALL, "turn_on"))
    use(h, BASE + "deny robots principal=automation:rul* tool=home.set\n")
    turn(h, "Kitchen light", "ON")

    def denied():
        return [e for e in logbook.entries(h) if e["kind"] == "denied" and "robots" in e["result"]]
    wait_for(denied, 30, 0.1)
    assert h.console.ask(f"set {HALL} to turn_off")[-1]["reached"]
    use(h, BASE)
    remove(h, "ruled")


def test_who_signed_must_be_a_live_owner(h):
    guest = h.pair("guest", "approver")
    r = add(h, rule("guests", LIGHT, "on", HALL, "turn_on"), guest)
    assert r.returncode == 4 and "only an owner" in r.stderr, r.stderr
    second, third = h.pair("second", "owner"), h.pair("third", "owner", "--expires", "30d")
    turn(h, "Kitchen light", "OFF")
    turn(h, "Hall light", "OFF")
    added(h, rule("seconds", LIGHT, "on", HALL, "turn_on"), second)
    added(h, rule("thirds", LIGHT, "on", LAMP, "turn_on"), third)
    added(h, rule("firsts", LIGHT, "on", PORCH, "turn_on"))
    turn(h, "Kitchen light", "ON")
    wait_state(h, HALL, "on")
    fired_just(h, "seconds", 1)
    assert h.console.run("clients", "revoke", "second").returncode == 0
    assert h.console.run("clients", "extend", "third", "1s").returncode == 0

    def ended():
        "the end of the third"
        return [c for c in h.console.json("clients")["clients"] if c["name"] == "third" and c.get("ended")]
    wait_for(ended, 30, 0.1)
    turn(h, "Kitchen light", "OFF")
    turn(h, "Hall light", "OFF")
    turn(h, "Kitchen light", "ON")
    wait_fired(h, "firsts", 2)
    fired_just(h, "seconds", 1)
    fired_just(h, "thirds", 1)
    assert "no owner" in off(h, "seconds") and "no owner" in off(h, "thirds")
    assert h.console.run("clients", "extend", "third", "1h").returncode == 0
    assert off(h, "thirds") == ""
    remove(h, "seconds", "thirds", "firsts")


def test_what_cannot_be_is_refused_with_what_is_wanted(h):
    for document, words in (
            ({"name": "x", "when": {"at": "7"}, "then": {"goal": "go"}}, "when.at"),
            (rule("x", LIGHT, "lit", HALL, "turn_on"), "one of on, off, and never"),
            (rule("x", "sensor.garden_climate_temperature", "on", HALL, "turn_on"), "a number"),
            ({**rule("x", LIGHT, "on", HALL, "turn_on"),
              "when": {"entity": LIGHT, "value": "colour", "is": 1}}, "it has: state, brightness"),
            (rule("x", "light.nowhere", "on", HALL, "turn_on"), "has no 'light.nowhere'"),
            (rule("x", LIGHT, "on", "light.garden_light", "turn_on"), "no device that an owner accepted"),
            ({"name": "x", "when": {"at": "sunset"}, "then": {"goal": "go"}}, "durward home place")):
        r = add(h, document)
        assert r.returncode != 0 and words in r.stderr, r.stderr
    assert h.console.json("automation")["automations"] == []
    assert "no automation" in h.console.run("automation", "remove", "x").stderr


def test_times_are_kept_and_told(h):
    r = h.console.run("home", "place", "95", "13.4")
    assert r.returncode != 0 and "latitude" in r.stderr
    assert h.console.run("home", "place", "52.52", "13.405").returncode == 0
    added(h, {"name": "dusk", "when": {"at": "sunset", "offset_min": -10},
              "then": {"call": "home.set", "args": {"entity": PORCH, "action": "turn_on"}}})
    shown = h.console.run("automation").stdout
    assert "next: " in shown and "The sun is that of 52.52 13.405." in shown, shown
    row = h.console.json("automation")["automations"][0]
    assert row["text"].startswith("at 10 minutes before sunset: home.set"), row
    assert 0 < row["next_ms"] / 1000 - time.time() < 25 * 3600
    h.stop()
    h.start_house()
    h.wait_up(False)
    again = h.console.json("automation")["automations"][0]
    assert again["next_ms"] == row["next_ms"]
    remove(h, "dusk")


def next_s(h, name):
    return h.console.json("automation", "show", name)["automations"][0]["next_ms"] / 1000


def sunset_in(h, name, seconds, lon):
    """Put the house where the next sunset is so near; it comes 240 seconds
    earlier with each degree to the east."""
    lon += (next_s(h, name) - time.time() - seconds) / 240
    lon = (lon + 180) % 360 - 180
    r = h.console.run("home", "place", "0", f"{lon:.5f}")
    assert r.returncode == 0, r.stderr
    return lon


def test_a_time_comes_while_the_house_runs(h):
    assert h.console.run("home", "place", "0", "0").returncode == 0
    added(h, {"name": "now", "when": {"at": "sunset"},
              "then": {"call": "memory.remember", "args": {"text": "the sun has set"}}})
    lon = sunset_in(h, "now", 120, 0)
    assert fired(h, "now") == []
    sunset_in(h, "now", 3, lon)
    wait_fired(h, "now", 1)
    assert fired(h, "now")[0]["cause"] == "time"
    assert next_s(h, "now") > time.time() + 23 * 3600 and len(fired(h, "now")) == 1
    remove(h, "now")


def minutes_ago(n):
    return time.strftime("%H:%M", time.localtime(time.time() - 60 * n))


def at_time(name, minutes):
    return {"name": name, "when": {"at": minutes_ago(minutes)},
            "then": {"call": "memory.remember", "args": {"text": name}}}


def test_a_time_that_came_while_the_house_was_off_is_made_up_within_minutes_alone(h):
    """As if both had been signed an hour ago."""
    added(h, at_time("late", 2))
    added(h, at_time("long-ago", 20))
    h.stop()
    with sqlite3.connect(h.path("state", "core", "durward.db")) as db:
        db.execute("UPDATE setting SET value=? WHERE scope='automation-done'",
                   (str(int((time.time() - 3600) * 1000)),))
    db.close()
    h.start_house()
    h.wait_up(False)
    wait_fired(h, "late", 1)
    assert fired(h, "late")[0]["cause"] == "time"
    wait_for(lambda: told(h, "automation-missed", "long-ago"), 30, 0.1)
    h.stop()
    h.start_house()
    h.wait_up(False)
    assert h.console.json("automation", "show", "late")["automations"][0]["next_ms"] / 1000 > time.time()
    fired_just(h, "late", 1)
    assert len(told(h, "automation-missed", "long-ago")) == 1
    assert fired(h, "long-ago") == []
    assert told(h, "automation-missed", "late") == []
    remove(h, "late", "long-ago")


def test_a_rule_in_a_sentence_is_asked_about_once_and_runs_alone(h):
    turn(h, "Kitchen light", "OFF")
    turn(h, "Porch light", "OFF")
    sentence = "when the kitchen light turns on, turn on the porch light"
    for answer, said in (("n", 1), ("y", 0)):
        s = Screen([h.durward, "ask", sentence], h.console.env)
        s.until(f"when {LIGHT} state is on: home.set .*turn_on.*{PORCH}")
        s.until(r"Do this from now on, each time\? \[y/N\] ")
        assert h.console.json("automation")["automations"] == []
        s.type(answer + "\n")
        assert s.end() == said, s.seen
        s.close()
    turn(h, "Kitchen light", "ON")
    wait_state(h, PORCH, "on")
    name = h.console.json("automation")["automations"][0]["name"]
    assert name == "when-the-kitchen-light-turns-on"
    fired_just(h, name, 1)
    remove(h, name)
    assert h.console.run("home", "place", "52.52", "13.405").returncode == 0
    r = h.console.run("automation", "add", "--when", "at sunset", "--do", "turn on the porch light",
                      "--name", "dusk", "--yes")
    assert r.returncode == 0, r.stderr
    assert f"at sunset: home.set" in r.stdout and PORCH in r.stdout, r.stdout
    remove(h, "dusk")
    in_the_kitchen(h)
    r = h.console.run("automation", "add", "--when", "at sunset", "--do", "turn off the lights in the kitchen",
                      "--name", "night", "--yes")
    assert r.returncode == 0 and '"area":"Kitchen"' in r.stdout, (r.stdout, r.stderr)
    remove(h, "night")
    r = h.console.run("ask", "um 22:30 Uhr schalte das Porch light aus")
    assert r.returncode == 1 and "--yes" in r.stderr, (r.stdout, r.stderr)
    assert h.console.json("automation")["automations"] == []


def test_a_mind_that_was_taken_over_has_no_part_in_a_signed_call():
    """It would make another call of it, twice."""
    with HouseWithHome(binary="probe-badmind") as h:
        h.start(tools=False)
        wait_entity(h, LIGHT)
        h.said = h.home.client("91")
        turn(h, "Kitchen light", "OFF")
        added(h, {"name": "noted", "when": {"entity": LIGHT, "value": "state", "is": "on"},
                  "then": {"call": "memory.remember", "args": {"text": "signed"}}})
        turn(h, "Kitchen light", "ON")
        wait_for(lambda: [e for e in logbook.entries(h) if e["kind"] == "run-done"], 30, 0.1)
        assert [e["args"] for e in logbook.entries(h) if e["kind"] == "proposed"] == ['{"text":"signed"}']


def on_topic(name, topic, kind="number", extract=None, **test):
    when = {"topic": topic, "type": kind, **test}
    if extract is not None:
        when["extract"] = extract
    return {"format": 2, **rule(name, "", "", HALL, "turn_on"), "when": when}


def wait_value(h, name, value, seconds=30):
    def so():
        return h.console.json("automation", "show", name)["automations"][0].get("value") == value
    so.__doc__ = f"{name} knows {value}; {h.log()[-2000:]}"
    wait_for(so, seconds, 0.1)


def say(h, name, topic, payload, value):
    """Until it is heard: the house listens to a new topic a moment after it has said yes."""
    for patience in (3, 3, 30):
        h.said.publish(topic, payload)
        try:
            return wait_value(h, name, value, patience)
        except AssertionError:
            if patience == 30:
                raise


def test_what_is_said_on_a_topic_sets_it_off(h):
    turn(h, "Hall light", "OFF")
    r = added(h, on_topic("washed", "washer/power", extract="{{ value_json.watts | round(1) }}", below=5))
    assert "when what is said on washer/power ({{ value_json.watts | round(1) }}), a number, is below 5: home.set" \
        in r.stdout, r.stdout
    for watts in (2, 900, 4, 3):
        say(h, "washed", "washer/power", json.dumps({"watts": watts}), watts)
    # It says nothing of it, so it is what it was.
    h.said.publish("washer/power", '{"volts": 230}')
    wait_fired(h, "washed", 1)
    wait_state(h, HALL, "on")
    say(h, "washed", "washer/power", '{"watts": 700.04}', 700)
    fired_just(h, "washed", 1)
    goal = fired(h, "washed")[0]
    assert goal["client"] == "console" and goal["cause"] == "washer/power" and goal["hops"] == 0, goal
    added(h, on_topic("rung", "bell", kind="boolean", extract="{{ value == 'DING' }}", **{"is": True}))
    added(h, on_topic("mode", "house/mode", kind="text", **{"is": "away"}))
    for payload, value in (("-", "off"), ("DING", "on"), ("-", "off"), ("DING", "on")):
        say(h, "rung", "bell", payload, value)
    for payload in ("home", "away", "away", "asleep"):
        say(h, "mode", "house/mode", payload, payload)
    fired_just(h, "rung", 2)
    fired_just(h, "mode", 1)
    remove(h, "rung", "mode")
    # Signed anew as it is, it knows what it knew; and it is gone when it is.
    added(h, on_topic("washed", "washer/power", extract="{{ value_json.watts | round(1) }}", below=5))
    wait_value(h, "washed", 700)
    added(h, on_topic("other", "washer/power", extract="{{ value_json.watts }}", below=5))
    say(h, "other", "washer/power", '{"watts": 800}', 800)
    remove(h, "washed")
    say(h, "other", "washer/power", '{"watts": 1}', 1)
    fired_just(h, "other", 1)
    assert len(fired(h, "washed")) == 1
    remove(h, "other")


def test_what_a_topic_retains_is_no_edge(h):
    h.said.publish("tank/level", "4", retain=True)
    added(h, on_topic("tank", "tank/level", below=5))
    wait_value(h, "tank", 4)
    say(h, "tank", "tank/level", "6", 6)
    h.said.publish("tank/level", "4", retain=True)
    wait_fired(h, "tank", 1)
    h.stop()
    h.start_house()
    h.wait_up(False)
    wait_value(h, "tank", 4)
    fired_just(h, "tank", 1)
    say(h, "tank", "tank/level", "6", 6)
    say(h, "tank", "tank/level", "4", 4)
    fired_just(h, "tank", 2)
    remove(h, "tank")


def test_what_is_no_value_of_a_topic_is_told_once(h):
    added(h, on_topic("dry", "soil", below=5))
    say(h, "dry", "soil", "9", 9)
    for payload in ("wet", b"\xff\xfe", "nan", "soaked"):
        say(h, "dry", "soil", payload, None)
        say(h, "dry", "soil", "9", 9)
    say(h, "dry", "soil", "4", 4)
    fired_just(h, "dry", 1)
    assert len(told(h, "automation-unread", "dry")) == 1
    remove(h, "dry")


def test_a_topic_that_is_not_for_automations_is_refused(h):
    wait_entity(h, LIGHT)
    for document, words in (
            (on_topic("x", "washer/+", below=5), "without + and #"),
            (on_topic("x", "$SYS/uptime", below=5), "no $ in front"),
            (on_topic("x", "w" * 513, below=5), "1 to 512 bytes"),
            (on_topic("x", "homeassistant/light/a/config", below=5), "below homeassistant"),
            (on_topic("x", "durward/a/questions", below=5), "below durward"),
            (on_topic("x", "zigbee2mqtt/Kitchen light/set", below=5), "is commanded there"),
            (on_topic("x", "washer", extract="{{ value", below=5), "when.extract"),
            (on_topic("x", "washer", kind="text", below=5), "never what is tested"),
            (on_topic("x", "washer", kind="date", below=5), "when.type"),
            ({**on_topic("x", "washer", below=5), "format": 3}, "format: 2"),
            ({**rule("x", LIGHT, "on", HALL, "turn_on"), "format": 2}, "format: 2")):
        r = add(h, document)
        assert r.returncode != 0 and words in r.stderr, (document, r.stderr)


def test_the_bridge_listens_for_nothing_that_nobody_signed(h):
    """As a core that was taken over would have it."""
    added(h, on_topic("forged", "t/signed", below=5))
    added(h, on_topic("signed", "t/other", below=5))
    h.stop()
    with sqlite3.connect(h.path("state", "core", "durward.db")) as db:
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type='trigger' AND tbl_name='version'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        n = db.execute("UPDATE version SET body=replace(body, 't/signed', 't/forged') WHERE scope='forged'").rowcount
        assert n == 1
        for _, sql in triggers:
            db.execute(sql)
    db.close()
    h.start_house()
    h.wait_up(False)
    wait_entity(h, HALL)
    say(h, "signed", "t/other", "6", 6)
    for payload in ("6", "4"):
        h.said.publish("t/forged", payload)
        h.said.publish("t/signed", payload)
    say(h, "signed", "t/other", "4", 4)
    wait_fired(h, "signed", 1)
    assert fired(h, "forged") == []
    assert off(h, "forged") == "it is not as it was signed; add it again"
    remove(h, "signed", "forged")


def test_a_loop_by_a_topic_ends_as_well(h):
    said = "zigbee2mqtt/Office light"
    turn(h, "Office light", "OFF")
    for name, state, action in (("t-on", "OFF", "turn_on"), ("t-off", "ON", "turn_off")):
        document = on_topic(name, said, kind="text", extract="{{ value_json.state }}", **{"is": state})
        document["then"]["args"] = {"entity": OFFICE, "action": action}
        added(h, document)
        wait_value(h, name, "OFF")
    h.said.publish(f"{said}/set", '{"state": "ON"}')

    def stopped():
        "the end of the loop"
        return told(h, "automation-stopped", "t-on") + told(h, "automation-stopped", "t-off")
    wait_for(stopped, 60, 0.2)
    hops = sorted(e["hops"] for name in ("t-on", "t-off") for e in fired(h, name))
    assert hops == [0, 1, 2, 3, 4], hops
    remove(h, "t-on", "t-off")
