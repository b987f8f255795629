# SPDX-License-Identifier: Apache-2.0
"""What a grant, a room, a name and a topic of the home may not do: what an owner
said stands, whatever devices say and whoever is on the broker."""


from models import ModelServer
from rules import finish
from simhome import HouseWithHome, wait_entity
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
