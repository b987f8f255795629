# SPDX-License-Identifier: Apache-2.0
"""The rooms that read what devices announce, as one program (tests/home):
promises about each record, of which more stand in the unit tests."""

import json
import os
import subprocess

from house import TOP

DRIVE = os.path.join("build", os.uname().machine, "tests/home-drive")
BUILD_S = 600
LIGHT = {"schema": "json", "command_topic": "z/set", "state_topic": "z", "brightness": True,
         "unique_id": "u", "name": "Lamp"}


def setup():
    subprocess.run(["make", "-s", DRIVE], cwd=TOP, check=True, timeout=BUILD_S,
                   stdout=subprocess.DEVNULL)


def ask(*questions):
    """The answers to all of them, from one program."""
    done = subprocess.run([os.path.join(TOP, DRIVE)], timeout=60, capture_output=True,
                          input="".join(json.dumps(q) + "\n" for q in questions).encode())
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def announce(component, config):
    return {"do": "config", "topic": f"homeassistant/{component}/x/config",
            "payload": json.dumps(config)}


def found(component, config):
    return ask(announce(component, config))[0]["found"][0]


def test_a_light_is_announced_and_commanded():
    key = found("light", LIGHT)["key"]
    _, got = ask(announce("light", LIGHT), {"do": "render", "key": key, "action": "set_brightness",
                                            "params": {"brightness": 20}})
    assert got["topic"] == "z/set" and json.loads(got["text"]) == {"state": "ON", "brightness": 51}, got


def test_a_number_beyond_its_range_is_not_sent():
    key = found("light", LIGHT)["key"]
    for wrong in (101, -1, 1e9):
        _, got = ask(announce("light", LIGHT), {"do": "render", "key": key, "action": "set_brightness",
                                                "params": {"brightness": wrong}})
        assert got.get("error", "") == "brightness is a number from 1 to 100 % in steps of 1", got


def test_a_light_whose_command_goes_elsewhere_has_another_pin():
    before = found("light", LIGHT)
    renamed = found("light", {**LIGHT, "name": "Other"})
    assert before["pin"] == renamed["pin"], "a name is no part of the pin"
    moved = found("light", {**LIGHT, "command_topic": "door/set"})
    assert moved["key"] == before["key"], "it is the same entity"
    assert moved["pin"] != before["pin"], "its command goes to the door, and the pin stayed"


def test_a_command_that_cannot_be_rendered_exactly_is_none():
    good = {"power_command_topic": "p", "mode_command_topic": "m", "mode_state_topic": "s"}
    assert found("climate", good)["actions"] == 3
    got = found("climate", {**good, "mode_command_template": "{{ states('sensor.x') }}"})
    assert got["actions"] == 0 and "states" in got["why"], got
    assert got["values"] == 1, "what it tells is still read"


def test_what_does_not_say_what_it_is_stays_physical():
    for component, config in (("switch", {}), ("button", {}), ("scene", {}), ("lock", {}),
                              ("cover", {}), ("cover", {"device_class": "garage"}), ("valve", {}),
                              ("siren", {}), ("climate", {"mode_command_topic": "m"})):
        got = found(component, {"command_topic": "c", **config})
        assert got["effect"] == "physical", (component, config, got)
    assert found("switch", {"command_topic": "c", "device_class": "outlet"})["effect"] == "reversible"
