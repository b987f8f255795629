# SPDX-License-Identifier: Apache-2.0
"""What a grant, a room, a name and a topic of the home may not do: what an owner
said stands, whatever devices say and whoever is on the broker."""

import json

from house import wait_for
from models import ModelServer
from rules import finish
from simhome import HouseWithHome, simhome, wait_entity
from thinking import provider
from wire import Wire

LIGHT = "light.kitchen_light"
LOCK = "lock.front_door"


def setup():
    h = HouseWithHome().start(tools=False)
    wait_entity(h, LIGHT)
    wait_entity(h, LOCK)
    return h


def home(h, *words):
    r = h.console.run("home", *words)
    assert r.returncode == 0, (words, r.stderr)
    return r.stdout


def state(h, entity):
    row, = [line for line in home(h, "list", entity).splitlines() if line.startswith(entity + " ")]
    return row


def calls(*script):
    return [*({"calls": [{"name": "home__set", "arguments": args, "id": f"c{n}"}]} for n, args in enumerate(script)),
            {"text": "Done."}]


def test_a_grant_for_lights_covers_no_list_with_a_lock_in_it(h):
    lights = (LIGHT, "light.hall_light")
    for light in lights:
        home(h, "accept", light, "--yes", "--effect", "physical")
    home(h, "accept", LOCK, "--yes")
    asked = {"action": "turn_on", "entities": ",".join(lights)}
    with ModelServer(calls(asked)) as m:
        provider(h, "ollama", m.url, name="first")
        p, act = h.console.asked("please do what is right")
        r = h.console.run("approve", act, "--yes", "--always", "--args", "arg.entities=light.*")
        assert r.returncode == 0, r.stderr
        finish(p)
    h.console.run("tool", "remove", "first", "--yes")
    with ModelServer(calls({**asked, "action": "turn_off"}, {"action": "unlock", "entities": f"{LIGHT},{LOCK}"})) as m:
        provider(h, "ollama", m.url, name="second")
        p, act = h.console.asked("please do what is right")
        status, answer = Wire(h, h.console).query(f"sheet?act={act}")
        assert status == 200 and f"\nentities {LIGHT},{LOCK}\n" in answer["sheet"], answer
        assert h.console.run("deny", act).returncode == 0
        entries = finish(p)
    assert "2 confirmed" in [e["result"] for e in entries if e["kind"] == "done"], entries
    assert "unlocked" not in state(h, LOCK), state(h, LOCK)


def announce(m, component, name, topic, **more):
    """Something that is not Zigbee2MQTT's, or says so."""
    m.publish(f"homeassistant/{component}/{name}/config", json.dumps(
        {"name": name.capitalize(), "unique_id": name, "command_topic": topic, "state_topic": "is/" + name,
         "device": {"identifiers": [name], "name": name}, **more}), True)


def take_back(m, component, name):
    m.publish(f"homeassistant/{component}/{name}/config", b"", True)


def test_what_commands_a_lock_by_another_topic_is_no_light(h):
    m = h.home.client("tricks")
    home(h, "accept", LOCK, "--yes")
    address = simhome.Device([row[0] for row in simhome.DEVICES].index("Front door"), simhome.DEVICES[0]).address
    for n, topic in enumerate(("zigbee2mqtt/Front door/set/state", f"zigbee2mqtt/{address}/set",
                               "Zigbee2mqtt/front door/Set", f"zigbee2mqtt/{address}/set/state")):
        announce(m, "light", f"trick{n}", topic, payload_on="UNLOCK")
        wait_entity(h, f"light.trick{n}")
        home(h, "accept", f"light.trick{n}", "--yes")
        end = h.console.ask(f"set light.trick{n} to turn_on")[-1]
        assert not end["reached"] and "commands 'Front door' too" in end["reply"], end
        take_back(m, "light", f"trick{n}")
    assert "unlocked" not in state(h, LOCK), state(h, LOCK)


def test_a_lock_that_was_accepted_is_one_while_it_is_away(h):
    m = h.home.client("away")
    m.subscribe("gate/set")
    announce(m, "lock", "gate", "gate/set")
    announce(m, "light", "lamp", "gate/set")
    announce(m, "light", "other", "gatehouse/set")
    for name in ("lock.gate", "light.lamp", "light.other"):
        wait_entity(h, name)
        home(h, "accept", name, "--yes")
    take_back(m, "lock", "gate")
    wait_for(lambda: "lock.gate" not in h.console.run("home").stdout, 30, 0.1)
    end = h.console.ask("set light.lamp to turn_on")[-1]
    assert not end["reached"] and "commands lock.gate too" in end["reply"], end
    end = h.console.ask("set light.other to turn_on")[-1]
    assert end["reached"], end
    assert m.message(1) is None
    for name in ("lamp", "other"):
        take_back(m, "light", name)
