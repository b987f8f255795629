# SPDX-License-Identifier: Apache-2.0
"""Rooms and other names, as an owner says them, and one command for all that
is in a room."""

import json

from house import wait_for
from models import ModelServer
from rules import BASE, finish, use
from simhome import HouseWithHome, wait_entity
from thinking import provider
from wire import Wire

LIGHT = "light.kitchen_light"


def setup():
    h = HouseWithHome().start(tools=False)
    wait_entity(h, LIGHT)
    return h


def last(h, goal):
    return h.console.ask(goal)[-1]


def home(h, *words):
    r = h.console.run("home", *words)
    assert r.returncode == 0, (words, r.stderr)
    return r.stdout


def listed(h, name):
    return home(h, "list", name)


def test_a_thing_has_the_room_and_the_names_that_an_owner_says(h):
    home(h, "area", "light.office_light", "Study")
    home(h, "alias", "light.office_light", "writing lamp")
    home(h, "alias", "light.office_light", "Schreiblampe")
    home(h, "accept", "light.office_light", "--yes")
    assert " in Study, called writing lamp, called Schreiblampe" in listed(h, "light.office_light")
    for goal, state in (("turn on the writing lamp", " on"), ("schalte die Schreiblampe aus", " off")):
        end = last(h, goal)
        assert end["reached"] and "confirmed" in end["reply"], (goal, end)
        assert state in listed(h, "light.office_light"), goal
    said = last(h, "what is in the home")["reply"]
    assert "light.office_light" in said, said
    said = last(h, "how is writing lamp?")["reply"]
    assert "light.office_light" in said, said
    home(h, "alias", "light.office_light", "Schreiblampe", "--remove")
    assert not last(h, "schalte die Schreiblampe an")["reached"]


def test_what_an_owner_calls_things_outlives_the_house(h):
    home(h, "area", "light.hall_light", "Hall of fame")
    home(h, "alias", "light.hall_light", "big lamp")
    h.stop()
    h.start(tools=False)
    wait_entity(h, "light.hall_light")
    assert " in Hall of fame, called big lamp" in listed(h, "light.hall_light")
    home(h, "area", "light.hall_light", "--remove")
    assert "Hall of fame" not in listed(h, "light.hall_light")


def test_only_words_are_names(h):
    for word in ("!!", "", "a\nb", 'a"b', "x" * 65, "‮evil"):
        assert h.console.run("home", "alias", LIGHT, word).returncode != 0, word
    assert h.console.run("home", "alias", "light.nobody_has", "lamp").returncode != 0
    for n in range(8):
        home(h, "alias", LIGHT, f"name {n}")
    r = h.console.run("home", "alias", LIGHT, "name 8")
    assert r.returncode != 0 and "take one away" in r.stderr, r.stderr
    for n in range(8):
        home(h, "alias", LIGHT, f"name {n}", "--remove")

ROOM = ("light.kitchen_light", "light.kitchen_lamp", "light.bathroom_light")


def furnish(h, area, *names, accept=True):
    for name in names:
        wait_entity(h, name)
        home(h, "area", name, area)
        if accept:
            home(h, "accept", name, "--yes")


def states(h, *names):
    return [listed(h, name).split()[2] for name in names]


def test_the_lights_of_a_room_are_one_act(h):
    furnish(h, "Kitchen", *ROOM)
    furnish(h, "Kitchen", "lock.front_door", "cover.kitchen_blind")
    for goal, state in (("turn on all the lights in the kitchen", "on"),
                        ("schalte alle Lichter in der Kitchen aus", "off")):
        entries = h.console.ask(goal)
        assert entries[-1]["reached"] and "3 confirmed" in entries[-1]["reply"], (goal, entries[-1])
        assert states(h, *ROOM) == [state] * 3, goal
    act, = [e for e in entries if e["kind"] == "proposed"]
    assert json.loads(act["args"]) == {"action": "turn_off", "entities": ",".join(sorted(ROOM))}, act
    assert act["origins"] == "action:person,entities:person", act
    assert act["effect"] == "reversible", act


def test_each_of_them_is_told_as_it_is(h):
    furnish(h, "Below", "light.kitchen_light", "light.cellar_light")
    end = last(h, "turn on the lights in Below")
    assert "1 confirmed; light.cellar_light: sent, not confirmed" in end["reply"], end


def test_what_nobody_accepted_is_left_out_of_a_room(h):
    furnish(h, "Outside", "light.hall_light")
    furnish(h, "Outside", "light.porch_light", accept=False)
    end = last(h, "turn on the lights in Outside")
    assert end["reached"] and "light.hall_light: confirmed" in end["reply"], end
    assert states(h, "light.porch_light") == ["off"]
    end = last(h, "turn on the lights in Nowhere")
    assert not end["reached"], end


def test_one_that_is_denied_denies_all_and_is_named(h):
    furnish(h, "Tower", "light.bathroom_light", "light.bedroom_light")
    use(h, BASE + "deny sleep tool=home.set entity=light.bedroom_light\n")
    end = last(h, "turn on the lights in Tower")
    assert not end["reached"] and "because of light.bedroom_light" in end["reply"], end
    assert states(h, "light.bathroom_light") == ["off"]
    use(h, BASE)
    end = last(h, "turn on the lights in Tower")
    assert "2 confirmed" in end["reply"], end


def test_of_a_room_the_rules_are_explained_for_what_is_in_it(h):
    furnish(h, "Loft", "light.bathroom_light", "light.bedroom_light")
    use(h, BASE + "deny sleep tool=home.set entity=light.bedroom_light\n")
    loft = '{"action":"turn_on","area":"Loft","kind":"light"}'
    r = h.console.run("policy", "explain", "home.set", loft)
    use(h, BASE)
    assert "would be refused" in r.stdout and "deny sleep" in r.stdout, r.stdout + r.stderr
    r = h.console.run("policy", "explain", "home.set", loft)
    assert r.returncode == 0 and "refused" not in r.stdout, r.stdout + r.stderr
    r = h.console.run("policy", "explain", "home.set", loft.replace("Loft", "Nowhere"))
    assert r.returncode != 0 and "nothing that an owner accepted" in r.stderr, r.stdout + r.stderr


def test_one_that_asks_makes_all_of_it_ask(h):
    """The sheet names all of them, and a yes is one to all."""
    furnish(h, "Attic", "light.kitchen_lamp", "light.office_light")
    home(h, "accept", "light.office_light", "--yes", "--effect", "physical")
    p, act = h.console.asked("turn on the lights in Attic")
    assert states(h, "light.kitchen_lamp") == ["off"]
    status, answer = Wire(h, h.console).query(f"sheet?act={act}")
    assert status == 200 and "\nentities light.kitchen_lamp,light.office_light\n" in answer["sheet"], answer
    r = h.console.run("approve", act, "--yes")
    assert r.returncode == 0, r.stderr
    end = finish(p)[-1]
    assert end["reached"] and "2 confirmed" in end["reply"], end


def says(h, *script):
    """What a model is told of its calls, which it makes one after the other."""
    calls = [{"calls": [{"name": "home__set", "arguments": args, "id": f"c{n}"}]} for n, args in enumerate(script)]
    with ModelServer([*calls, {"text": "Done."}]) as m:
        name = "model" + m.url.rsplit(":", 1)[1]
        provider(h, "ollama", m.url, name=name)
        h.console.ask("please do what is right")
        tools = {t["function"]["name"]: t["function"] for t in m.chats[0].json["tools"]}
        told = [x["content"] for x in m.chats[-1].json["messages"] if x["role"] == "tool"]
    r = h.console.run("tool", "remove", name, "--yes")
    assert r.returncode == 0, r.stderr
    return tools, told


def test_a_model_names_a_room_or_several(h):
    furnish(h, "Salon", *ROOM)
    tools, told = says(h, {"action": "turn_on", "area": "salon", "kind": "lights"},
                       {"action": "turn_off", "entities": ",".join(ROOM[:2])},
                       {"action": "turn_on", "entities": ROOM[0] + "," + ROOM[0]},
                       {"action": "turn_on", "area": "Salon", "entity": ROOM[0]})
    assert {"entity", "entities", "area", "kind"} <= set(tools["home__set"]["parameters"]["properties"]), tools
    assert "3 confirmed" in told[0] and "2 confirmed" in told[1], told
    assert "each once" in told[2] and "name entities, or a room" in told[3], told


def test_one_that_changed_keeps_none_of_the_others_from_it(h):
    m = h.home.client()
    config = {"name": "Moved", "unique_id": "moved", "command_topic": "moved/set", "device":
              {"identifiers": ["moved"], "name": "Moved"}}
    m.publish("homeassistant/light/moved/config", json.dumps(config), True)
    wait_entity(h, "light.moved")
    home(h, "accept", "light.moved", "--yes")
    home(h, "accept", "light.kitchen_light", "--yes")
    watch = h.home.client("watcher")
    watch.subscribe("door/open")
    m.publish("homeassistant/light/moved/config", json.dumps({**config, "command_topic": "door/open"}), True)
    wait_for(lambda: " new" in listed(h, "light.moved"), 30, 0.1)
    _, told = says(h, {"action": "turn_on", "entities": "light.kitchen_light,light.moved"})
    assert "1 confirmed; light.moved: " in told[0] and "not there as it was accepted" in told[0], told
    assert watch.message(1) is None


def test_a_room_has_a_bound(h):
    m = h.home.client()
    for n in range(33):
        m.publish(f"homeassistant/light/many{n}/config", json.dumps(
            {"name": f"Many {n}", "unique_id": f"many{n}", "command_topic": f"many{n}/set", "device":
             {"identifiers": [f"many{n}"], "name": f"Many {n}", "suggested_area": "Ballroom"}}), True)
    wait_entity(h, "light.many32")
    home(h, "accept", "light.many", "--yes")
    end = last(h, "turn on the lights in Ballroom")
    assert not end["reached"] and "33 devices are meant, and one act commands at most 32" in end["reply"], end
