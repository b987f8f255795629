# SPDX-License-Identifier: Apache-2.0
"""A core that was taken over orders the bridge to open the front door, and to
publish words: the bridge believes the owner and not the core."""

import os
import re
import shutil

from house import BUILD, HOUSE_USER, wait_for
from simhome import HouseWithHome, wait_entity
from wire import Wire


class Burgled:
    def __init__(self):
        self.house = h = HouseWithHome()
        h.start(tools=False)
        wait_entity(h, "lock.front_door")
        for name in ("light.kitchen_light", "lock.front_door"):
            r = h.console.run("home", "accept", name, "--yes")
            assert r.returncode == 0, r.stderr
        status, answer = Wire(h, h.console).query("tool?tool=home")
        assert status == 200, answer
        h.stop()
        path = h.path("state", "core", "home.json")
        with open(path, "w") as f:
            f.write(answer["document"])
        shutil.chown(path, HOUSE_USER, HOUSE_USER)
        shutil.copy(os.path.join(BUILD, "probe-burglar"), h.path("bin"))
        h.house_binary = h.path("bin", "probe-burglar")
        watch = h.home.client("watcher")
        watch.subscribe("zigbee2mqtt/Front door/set")
        published = h.home.client("reader")
        published.subscribe("durward/#", "homeassistant/device/+/config")
        h.start_house()
        h.house_binary = h.durward
        h.wait_log("burglar over", seconds=60)
        self.found = {step: (outcome, text) for step, outcome, text in
                      re.findall(r"burglar (\S+): (DONE|refused): (.*)", h.log())}
        self.commanded = watch.message(1)
        self.published = {}

        def all_is_said():
            got = published.message(0.1)
            while got:
                self.published.setdefault(got[0].split("/")[-1], []).append(got[1])
                got = published.message(0.1)
            return b"3" in self.published.get("questions", ())
        wait_for(all_is_said, 30, 0.1)

    def close(self):
        self.house.close()


def setup():
    return Burgled()


def refused(b, step, words):
    outcome, text = b.found[step]
    assert outcome == "refused" and words in text, (step, outcome, text)
    assert b.commanded is None, b.commanded


def test_a_light_is_switched_without_a_yes(b):
    assert b.found["light"][0] == "DONE", b.found


def test_the_door_needs_a_signed_yes(b):
    refused(b, "no-sheet", "needs a signed sheet")


def test_a_manifest_of_its_own_making_counts_for_nothing(b):
    refused(b, "softer-manifest", "not the one an owner signed")


def test_another_name_for_the_door_is_no_way_in(b):
    refused(b, "other-name", "needs a signed sheet")


def test_the_door_is_not_opened_among_lights(b):
    refused(b, "among-others", "needs a signed sheet")


def test_words_of_core_are_not_published(b):
    assert b.published["status"] and b.published["config"] and set(b.published["outcome"]) == {b"none"}, b.published
    assert not any(b"4711" in text for texts in b.published.values() for text in texts), b.published
