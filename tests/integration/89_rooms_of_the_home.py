# SPDX-License-Identifier: Apache-2.0
"""Rooms and other names, as an owner says them, and one command for all that
is in a room."""

import json

from simhome import HouseWithHome, wait_entity
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
