# SPDX-License-Identifier: Apache-2.0
"""The bridge reads what devices announce and say, on a real broker.  What an
owner accepted is commanded, and told as confirmed when the device says so."""

import json
import os
import signal
import subprocess

from house import House, free_port, wait_for
from models import ModelServer
from simhome import HouseWithHome, wait_entity
from thinking import provider

LIGHT = "light.kitchen_light"


def setup():
    h = HouseWithHome().start(tools=False)
    wait_entity(h, LIGHT)
    return h


def last(h, goal):
    return h.console.ask(goal)[-1]


def test_what_is_there_is_listed_and_read(h):
    listed = h.console.run("home").stdout
    for name in (LIGHT, "cover.kitchen_blind", "lock.front_door", "climate.living_room_heating"):
        assert name in listed, listed
    assert len(listed.splitlines()) >= 30
    reply = last(h, "how is front door?")
    assert reply["reached"] and "locked" in reply["reply"], reply
    assert "kitchen_light" not in reply["reply"]


def test_what_nobody_accepted_is_not_commanded(h):
    end = last(h, "set light.hall_light to turn_on")
    assert not end["reached"] and "there is no tool 'home'" in end["reply"], end


def accept(h, *words):
    r = h.console.run("home", "accept", *words, "--yes")
    assert r.returncode == 0, r.stderr
    return r.stdout


def test_what_was_accepted_is_commanded_and_confirmed(h):
    said = accept(h, LIGHT)
    assert f"{LIGHT} reversible" in said, said
    assert f"{LIGHT} is commanded by zigbee2mqtt/Kitchen light/set" in said, said
    end = last(h, f"set {LIGHT} to turn_on")
    assert end["reached"] and "confirmed" in end["reply"] and "not confirmed" not in end["reply"], end
    assert " on" in h.console.run("home", "list", LIGHT).stdout
    end = last(h, "set light.hall_light to turn_on")
    assert not end["reached"] and "no device that an owner accepted" in end["reply"], end


def home_functions(h):
    """The home's functions that a model is shown, of a goal that names none."""
    with ModelServer([{"text": "Nothing."}]) as m:
        provider(h, "ollama", m.url)
        h.console.ask("please do what is right")
        shown = [t["function"]["name"] for t in m.chats[0].json["tools"]]
    return [name for name in shown if name.startswith("home__")]


def test_a_model_is_shown_the_home_only_where_there_is_one():
    with House() as h:
        h.start()
        assert home_functions(h) == []
    with HouseWithHome() as h:
        h.start(tools=False)
        wait_entity(h, LIGHT)
        assert sorted(home_functions(h)) == ["home__find", "home__get"]


def test_plain_words_need_no_model(h):
    accept(h, "light.living_room_light")
    for goal, state in (("turn on the living room light", " on"), ("turn the living room light off", " off"),
                        ("set the living room light to 40 %", "brightness=40")):
        end = last(h, goal)
        assert end["reached"] and "confirmed" in end["reply"], (goal, end)
        assert state in h.console.run("home", "list", "light.living_room_light").stdout, goal
    end = last(h, "is the front door locked?")
    assert end["reached"] and "locked" in end["reply"], end
    end = last(h, "turn on the lamp that nobody has")
    assert not end["reached"] and "did not understand" in end["reply"], end


def test_a_device_that_says_nothing_or_lies_is_not_confirmed(h):
    accept(h, "light.cellar_light")
    accept(h, "light.garden_light")
    for name in ("light.cellar_light", "light.garden_light"):
        end = last(h, f"set {name} to turn_on")
        assert "sent, not confirmed" in end["reply"], (name, end)


def test_what_a_device_said_before_the_command_confirms_nothing(h):
    """Nor does its being there."""
    m = h.home.client("kept")
    m.subscribe("kept/set")
    m.publish("kept", "ON", True)
    m.publish("homeassistant/light/kept/config", json.dumps({
        "name": "Kept", "unique_id": "kept", "command_topic": "kept/set", "state_topic": "kept",
        "availability_topic": "kept/up", "device": {"identifiers": ["kept"], "name": "Kept"}}), True)
    m.publish("kept/up", "online", True)
    wait_entity(h, "light.kept")
    accept(h, "light.kept")
    wait_for(lambda: " on" in h.console.run("home", "list", "light.kept").stdout, 30, 0.1)
    p = h.console.start("ask", "--json", "set light.kept to turn_on")
    assert m.message(30)[0] == "kept/set"
    m.publish("kept/up", "online")
    out, _ = p.communicate(timeout=60)
    end = json.loads(out.splitlines()[-1])
    assert "sent, not confirmed" in end["reply"], end
    m.publish("homeassistant/light/kept/config", b"", True)


def test_a_value_stands_once():
    call = {"name": "home__set", "arguments": {"entity": LIGHT, "action": "set_brightness",
                                               "values": "brightness=80, brightness=40"}}
    with HouseWithHome() as h, ModelServer([{"calls": [call]}, {"text": "Done."}]) as m:
        h.start(tools=False)
        wait_entity(h, LIGHT)
        accept(h, LIGHT)
        provider(h, "ollama", m.url)
        end, = [e for e in h.console.ask("make the kitchen cosy") if e["kind"] == "failed"]
        assert "'brightness' stands twice" in end["result"], end


def test_a_lock_is_asked_about_each_time(h):
    said = accept(h, "lock.front_door")
    assert "lock.front_door physical" in said, said
    p, act = h.console.asked("unlock the front door")
    assert "unlocked" not in h.console.run("home", "list", "lock.front_door").stdout
    r = h.console.run("approve", act, "--yes")
    assert r.returncode == 0, r.stderr
    out, _ = p.communicate(timeout=30)
    end = json.loads(out.splitlines()[-1])
    assert end["reached"] and "confirmed" in end["reply"], end
    assert "unlocked" in h.console.run("home", "list", "lock.front_door").stdout


def test_an_owner_says_what_a_device_does_to_the_world(h):
    r = h.console.run("home", "accept", "lock.cellar_door", "--yes", "--effect", "harmless")
    assert r.returncode == 2 and "--effect reversible|physical" in r.stderr, r.stderr
    r = h.console.run("home", "accept", "lock.cellar_door", "--yes", "--effect", "reversible")
    assert r.returncode == 0 and "lock.cellar_door reversible" in r.stdout, r.stdout + r.stderr
    end = last(h, "set lock.cellar_door to unlock")
    assert end["reached"] and "confirmed" in end["reply"], end
    assert h.console.run("home", "accept", "lock.cellar_door", "--yes").returncode == 0
    p, act = h.console.asked("set lock.cellar_door to lock")
    assert h.console.run("deny", act).returncode == 0
    p.communicate(timeout=30)


def test_a_device_that_changed_is_not_commanded(h):
    """Its command leads elsewhere now, under the same name."""
    m = h.home.client()
    topic = "homeassistant/light/desk/config"
    config = {"name": "Desk", "unique_id": "desk1", "command_topic": "desk/set",
              "state_topic": "desk", "device": {"identifiers": ["desk1"], "name": "Desk"}}
    m.publish(topic, json.dumps(config), True)
    wait_entity(h, "light.desk")
    accept(h, "light.desk")
    m.publish(topic, json.dumps({**config, "command_topic": "door/open"}), True)

    def changed():
        end = last(h, "set light.desk to turn_on")
        return "not there as it was accepted" in end["reply"]
    wait_for(changed, 30, 0.2)


def test_what_is_announced_anew_takes_the_place_of_what_was(h):
    m = h.home.client()
    lamp = {"name": "Only", "unique_id": "first", "command_topic": "only/set", "state_topic": "only",
            "device": {"identifiers": ["only"], "name": "Only"}}
    m.publish("homeassistant/light/only/config", json.dumps(lamp), True)
    wait_entity(h, "light.only")
    for n, other in enumerate(("second", "third")):
        m.publish("homeassistant/light/only/config", json.dumps({**lamp, "unique_id": other}), True)
        m.publish(f"homeassistant/switch/behind{n}/config",
                  json.dumps({"name": "Behind", "unique_id": f"behind{n}", "command_topic": f"behind{n}"}), True)
        wait_entity(h, f"switch.behind{n}")
        assert h.console.run("home").stdout.count("light.only") == 1
    m.publish("homeassistant/light/only/config", b"", True)
    wait_for(lambda: "light.only" not in h.console.run("home").stdout, 30, 0.1)


def test_a_name_that_was_accepted_waits_for_its_device():
    """Whoever comes first, and also after a restart of the house."""
    def twin(m, n):
        m.publish(f"homeassistant/light/twin{n}/config", json.dumps({
            "name": "Twin", "object_id": "twin", "unique_id": f"twin{n}",
            "command_topic": f"twin/{n}", "state_topic": f"is/{n}",
            "device": {"identifiers": [f"twin{n}"], "name": "Twin"}}), True)

    def names(h):
        return [line.split() for line in h.console.run("home").stdout.splitlines() if "light.twin" in line]
    with HouseWithHome(devices=False) as h:
        h.start(tools=False)
        m = h.home.client()
        m.subscribe("twin/#")
        twin(m, 1)
        wait_entity(h, "light.twin")
        accept(h, "light.twin")
        m.publish("homeassistant/light/twin1/config", b"", True)
        wait_for(lambda: not names(h), 30, 0.1)
        h.stop()
        h.start(tools=False)
        twin(m, 2)
        wait_for(lambda: len(names(h)) == 1, 30, 0.1)
        assert names(h)[0][0].startswith("light.twin_") and "accepted" not in names(h)[0], names(h)
        twin(m, 1)
        wait_for(lambda: len(names(h)) == 2, 30, 0.1)
        assert ["light.twin", "accepted"] in [n[:2] for n in names(h)], names(h)
        last(h, "set light.twin to turn_on")
        assert m.message(30)[0] == "twin/1"


def test_a_light_that_is_also_a_door_is_neither(h):
    m = h.home.client()
    light = {"name": "Trick", "unique_id": "trick", "command_topic": "gate/set",
             "state_topic": "gate", "device": {"identifiers": ["trick"], "name": "Trick"}}
    lock = {"name": "Gate", "unique_id": "gate", "command_topic": "gate/set", "state_topic": "gate",
            "device": {"identifiers": ["gate"], "name": "Gate"}}
    m.publish("homeassistant/light/trick/config", json.dumps(light), True)
    wait_entity(h, "light.trick")
    accept(h, "light.trick")
    m.publish("homeassistant/lock/gate/config", json.dumps(lock), True)
    wait_entity(h, "lock.gate")
    end = last(h, "set light.trick to turn_on")
    assert not end["reached"] and "commands 'Gate' too" in end["reply"], end
    # It says that it is the same device.
    m.publish("homeassistant/lock/gate/config", b"", True)
    m.publish("homeassistant/lock/gate2/config",
              json.dumps({**lock, "unique_id": "gate2", "name": "Gate2", "device": light["device"]}), True)
    wait_entity(h, "lock.gate2")
    end = last(h, "set light.trick to turn_on")
    assert not end["reached"] and "commands 'Gate2' too" in end["reply"], end


def test_nonsense_on_the_broker_changes_nothing(h):
    m = h.home.client()
    before = h.pids()["bridge"]
    listed = {line.split()[0] for line in h.console.run("home").stdout.splitlines()}
    config = "homeassistant/light/bad/config"
    for bad in (b"{", b"[]", b"null", b"\xff\xfe", b"{\"name\":\"\xff\"}", b"\0" * 100, b"[" * 100000,
                b"{\"command_topic\":\"a\\u0000b\"}",
                b"x" * 5000000):
        for topic in (config, "zigbee2mqtt/bridge/devices", "zigbee2mqtt/Kitchen light"):
            if bad != b"[]" or topic == config:  # No devices is what that says.
                m.publish(topic, bad)
    for n in range(2000):
        m.publish(f"homeassistant/light/flood{n}/config", "{nonsense}")
    m.publish("zigbee2mqtt/Front door/set", '{"state": "UNLOCK"}', True)
    last(h, "set light.kitchen_light to turn_off")
    end = last(h, "set light.kitchen_light to turn_on")
    assert end["reached"] and "confirmed" in end["reply"], end
    assert h.pids()["bridge"] == before
    now = {line.split()[0] for line in h.console.run("home").stdout.splitlines()}
    assert now == listed, now ^ listed
    assert h.log().count("cannot be understood") < 100


def test_a_broker_that_goes_and_comes_is_found_again(h):
    folder = os.path.dirname(h.home.socket)
    h.home.end()
    wait_for(lambda: "broker is not there" in h.console.run("home").stderr, 30, 0.1)
    end = last(h, f"how is {LIGHT}?")
    assert not end["reached"] and "broker is not there" in end["reply"], end
    h.home = type(h.home)(folder)
    wait_entity(h, LIGHT)


def test_the_bridge_may_die_at_any_time(h):
    os.kill(h.pids()["bridge"], signal.SIGKILL)
    wait_entity(h, LIGHT)
    end = last(h, f"set {LIGHT} to turn_off")
    assert end["reached"] and "confirmed" in end["reply"], end


def test_a_broker_at_an_address_is_reached():
    with House(tools=()) as h:
        port = free_port()
        conf = h.path("mosquitto.conf")
        with open(conf, "w") as f:
            f.write(f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n")
        broker = subprocess.Popen(["/usr/sbin/mosquitto", "-c", conf], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            h.more = ("--broker", f"127.0.0.1:{port}")
            h.start(tools=False)
            h.wait_log("the broker is there", seconds=60)
        finally:
            broker.terminate()
            broker.wait(20)
