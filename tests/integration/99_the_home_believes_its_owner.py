# SPDX-License-Identifier: Apache-2.0
"""What a grant, a room, a name and a topic of the home may not do: what an owner
said stands, whatever devices say and whoever is on the broker."""

import json
import os

from house import TOP, wait_for
from models import ModelServer
from rules import BASE, finish, use
from simhome import HouseWithHome, simhome, wait_entity
from thinking import provider
from wire import Wire

BOUNDED = os.path.join(TOP, "config/policies/bounded.policy")

LIGHT = "light.kitchen_light"
LOCK = "lock.front_door"
CELLAR = "lock.cellar_door"  # Of one test alone.


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
    home(h, "accept", CELLAR, "--yes")
    asked = {"action": "turn_on", "entities": ",".join(lights)}
    with ModelServer(calls(asked)) as m:
        provider(h, "ollama", m.url, name="first")
        p, act = h.console.asked("please do what is right")
        r = h.console.run("approve", act, "--yes", "--always", "--args", "arg.entities=light.*")
        assert r.returncode == 0, r.stderr
        finish(p)
    h.console.run("tool", "remove", "first", "--yes")
    with ModelServer(calls({**asked, "action": "turn_off"}, {"action": "unlock", "entities": f"{LIGHT},{CELLAR}"})) as m:
        provider(h, "ollama", m.url, name="second")
        p, act = h.console.asked("please do what is right")
        status, answer = Wire(h, h.console).query(f"sheet?act={act}")
        assert status == 200 and f"\nentities {LIGHT},{CELLAR}\n" in answer["sheet"], answer
        assert h.console.run("deny", act).returncode == 0
        entries = finish(p)
    assert "2 confirmed" in [e["result"] for e in entries if e["kind"] == "done"], entries
    assert "unlocked" not in state(h, CELLAR), state(h, CELLAR)


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
                               "Zigbee2mqtt/front door/Set", f"zigbee2mqtt/{address}/set/state",
                               "zigbee2mqtt/Front door/1/set", f"zigbee2mqtt/{address}/request/set",
                               "zigbee2mqtt/bridge/request/action")):
        announce(m, "light", f"trick{n}", topic, payload_on="UNLOCK")
        wait_entity(h, f"light.trick{n}")
        home(h, "accept", f"light.trick{n}", "--yes")
        end = h.console.ask(f"set light.trick{n} to turn_on")[-1]
        assert not end["reached"] and "not accepted as harmless" in end["reply"], end
        assert "commands 'Front door' too" in end["reply"] or "/bridge/" in topic, end  # All of them, there.
        take_back(m, "light", f"trick{n}")
    assert "unlocked" not in state(h, LOCK), state(h, LOCK)


def test_any_command_of_a_device_with_a_lock_is_no_light(h):
    m = h.home.client("backlog")
    m.subscribe("cmnd/#")
    announce(m, "lock", "barn", "cmnd/barn/POWER", payload_unlock="ON")
    wait_entity(h, "lock.barn")
    home(h, "accept", "lock.barn", "--yes")
    announce(m, "light", "yard", "cmnd/yard/POWER")
    for name, topic in (("backlog", "cmnd/barn/Backlog"), ("relay", "cmnd/barn/POWER1"),
                        ("group", "cmnd/tasmotas/POWER")):
        announce(m, "light", name, topic, payload_on="POWER ON")
        wait_entity(h, f"light.{name}")
        home(h, "accept", f"light.{name}", "--yes")
        end = h.console.ask(f"set light.{name} to turn_on")[-1]
        assert not end["reached"] and "commands 'Barn' too" in end["reply"], end
        take_back(m, "light", name)
    wait_entity(h, "light.yard")
    home(h, "accept", "light.yard", "--yes")
    end = h.console.ask("set light.yard to turn_on")[-1]
    assert end["reached"], end
    assert m.message(30) == ("cmnd/yard/POWER", b"ON")
    take_back(m, "lock", "barn")
    take_back(m, "light", "yard")


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


def sign_as_before(h, entity):
    """The home's manifest as a version signed it that did not know what commands a device."""
    status, answer = Wire(h, h.console).query("tool?tool=home")
    assert status == 200, answer
    manifest = json.loads(answer["document"])
    row, = [d for d in manifest["devices"] if d["entity"] == entity]
    topics = row.pop("topics")
    row.pop("device", None)
    manifest["version"] = str(int(manifest["version"]) + 1)
    os.makedirs(h.path("before"), exist_ok=True)
    with open(h.path("before/tool.json"), "w") as f:
        json.dump(manifest, f)
    r = h.console.run("tool", "update", h.path("before"), "--yes")
    assert r.returncode == 0, r.stderr
    return topics


def test_what_an_earlier_version_accepted_is_told_and_mended(h):
    m = h.home.client("before")
    announce(m, "lock", "attic", "attic/set")
    announce(m, "light", "spare", "spare/set")
    for name in ("lock.attic", "light.spare"):
        wait_entity(h, name)
        home(h, "accept", name, "--yes")
    assert "earlier version" not in h.console.run("home").stderr
    topics = sign_as_before(h, "lock.attic")
    for r in (h.console.run("home"), h.console.run("doctor")):
        assert "lock.attic: accepted by an earlier version" in r.stdout + r.stderr, r.stdout + r.stderr
    # Whatever is accepted now, what is there is mended with it.
    home(h, "accept", "light.spare", "--yes")
    _, answer = Wire(h, h.console).query("tool?tool=home")
    rows = {d["entity"]: d for d in json.loads(answer["document"])["devices"]}
    assert rows["lock.attic"].get("topics") == topics, rows
    for r in (h.console.run("home"), h.console.run("doctor")):
        assert "earlier version" not in r.stdout + r.stderr, r.stdout + r.stderr
    # But not by what it says when it is no more what was signed.
    sign_as_before(h, "lock.attic")
    announce(m, "lock", "attic", "window/set")
    wait_for(lambda: " new " in state(h, "lock.attic"), 30, 0.1)
    home(h, "accept", "light.spare", "--yes")
    assert "lock.attic: accepted by an earlier version" in h.console.run("home").stderr
    home(h, "accept", "lock.attic", "--yes")
    assert "earlier version" not in h.console.run("home").stderr
    take_back(m, "lock", "attic")
    take_back(m, "light", "spare")


def test_what_announces_itself_in_a_room_is_no_part_of_it(h):
    """Nor what takes the place of something that is."""
    m = h.home.client("rooms")
    m.subscribe("guest/set", "mine/set", "other/set")
    salon = {"identifiers": ["guest"], "name": "Guest", "suggested_area": "Salon"}
    home(h, "accept", LIGHT, "--yes")
    home(h, "area", LIGHT, "Salon")
    announce(m, "light", "mine", "mine/set")
    wait_entity(h, "light.mine")
    home(h, "accept", "light.mine", "--yes")
    announce(m, "light", "mine", "other/set", device={**salon, "identifiers": ["mine"]})
    announce(m, "light", "guest", "guest/set", device=salon)
    for name in ("light.guest", "light.mine"):
        wait_for(lambda name=name: " in Salon" in state(h, name), 30, 0.1)
    act = {"call": "home.set", "args": {"action": "turn_on", "area": "Salon", "kind": "light"}}
    with open(h.path("salon.json"), "w") as f:
        json.dump({"name": "salon", "when": {"entity": LOCK, "value": "state", "is": "unlocked"}, "then": act}, f)
    r = h.console.run("automation", "add", h.path("salon.json"), "--yes")
    assert r.returncode == 0, r.stderr
    for begin in (lambda: h.console.ask("turn on the lights in Salon"),
                  lambda: m.publish("zigbee2mqtt/Front door/set", '{"state": "UNLOCK"}')):
        h.console.ask(f"set {LIGHT} to turn_off")
        wait_for(lambda: " off" in state(h, LIGHT), 30, 0.1)
        begin()
        wait_for(lambda: " on" in state(h, LIGHT), 30, 0.1)
    assert m.message(1) is None
    assert h.console.run("automation", "remove", "salon").returncode == 0
    m.publish("zigbee2mqtt/Front door/set", '{"state": "LOCK"}')
    for name in ("mine", "guest"):
        take_back(m, "light", name)


def test_what_devices_say_of_themselves_is_foreign_text(h):
    home(h, "accept", LIGHT, "--yes")
    with open(BOUNDED) as f:
        use(h, f.read())
    script = [{"calls": [{"name": name, "arguments": args, "id": name}]} for name, args in (
        ("home__get", {"entity": LIGHT}), ("home__set", {"entity": LIGHT, "action": "turn_on"}))]
    with ModelServer([*script, {"text": "Done."}]) as m:
        provider(h, "ollama", m.url, name="third")
        entries = h.console.ask("please do what is right")
    h.console.run("tool", "remove", "third", "--yes")
    use(h, BASE)
    acts = {e["act"]: e["tool"] for e in entries if e["kind"] == "proposed"}
    judged = {acts[e["act"]]: e for e in entries if e["kind"] == "judged"}
    assert judged["home.get"]["labels"] == "none" and judged["home.set"]["labels"] == "untrusted", judged
    assert judged["home.set"]["verdict"] == "allow", judged


def test_a_floor_is_all_of_its_rooms_and_outlives_the_house(h):
    """In a goal, in home.find and in a call."""
    rooms = {"light.office_light": "Study", "light.bedroom_light": "Alcove", "light.hall_light": "Corridor"}
    for light, room in rooms.items():
        home(h, "accept", light, "--yes")
        home(h, "area", light, room)
    home(h, "floor", "Study", "first floor")
    home(h, "floor", "alcove", "first floor")
    home(h, "floor", "Corridor", "ground floor")
    assert " in Alcove on first floor" in state(h, "light.bedroom_light"), state(h, "light.bedroom_light")
    h.stop()
    h.start(tools=False)
    for light in rooms:
        wait_entity(h, light)
        wait_for(lambda light=light: " off" in state(h, light), 30, 0.1)
    end = h.console.ask("turn on the lights on the first floor")[-1]
    assert end["reached"] and "2 confirmed" in end["reply"], end
    assert " off" in state(h, "light.hall_light"), state(h, "light.hall_light")
    with ModelServer([{"calls": [{"name": "home__find", "arguments": {"text": "first floor"}, "id": "c0"}]},
                      {"calls": [{"name": "home__set", "id": "c1", "arguments":
                                  {"action": "turn_off", "area": "First Floor", "kind": "light"}}]},
                      {"text": "Done."}]) as m:
        provider(h, "ollama", m.url, name="fourth")
        h.console.ask("please do what is right on the first floor")
        told = [x["content"] for x in m.chats[-1].json["messages"] if x["role"] == "tool"]
        shown = json.dumps(m.chats[0].json["messages"])
    h.console.run("tool", "remove", "fourth", "--yes")
    assert "light.office_light" in told[0] and "light.hall_light" not in told[0], told
    assert "2 confirmed" in told[1], told
    assert "Study" in shown and "first floor" in shown, shown
    home(h, "floor", "Alcove", "--remove")
    end = h.console.ask("turn on the lights on the first floor")[-1]
    assert end["reached"] and "light.office_light: confirmed" in end["reply"], end
    for words in (("floor", "Alcove", "--remove"), ("floor", "Study", "\"x"), ("floor", "...", "x")):
        r = h.console.run("home", *words)
        assert r.returncode != 0 and r.stderr, words
    guest = h.pair("guest", "approver")
    assert guest.run("home", "floor", "Study", "attic").returncode != 0


def test_a_room_without_letters_is_none(h):
    home(h, "accept", LIGHT, "--yes")
    with ModelServer(calls({"action": "turn_on", "area": "!!!"})) as m:
        provider(h, "ollama", m.url, name="fifth")
        entries = h.console.ask("please do what is right")
    h.console.run("tool", "remove", "fifth", "--yes")
    assert "nothing that an owner accepted" in json.dumps(entries), entries
