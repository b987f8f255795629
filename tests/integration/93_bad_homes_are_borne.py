# SPDX-License-Identifier: Apache-2.0
"""Homes that are too large, too loud or too broken: bounded memory, nothing
confirmed that was not, nothing done twice."""

import json
import threading
import time

from house import wait_for
from simhome import HouseWithHome, wait_entity

ENTITIES_MAX = 4096  # BRIDGE_ENTITIES_MAX
PSS_MAX_KIB = 48 * 1024


def pss_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("Pss:"))


def lamp(n, **more):
    return {"name": f"Lamp {n}", "unique_id": f"lamp{n}", "schema": "json", "brightness": True,
            "command_topic": f"lamp/{n}/set", "state_topic": f"lamp/{n}",
            "device": {"identifiers": [f"lamp{n}"], "name": f"Lamp {n}"}, **more}


def announce(m, n, **more):
    m.publish(f"homeassistant/light/lamp{n}/config", json.dumps(lamp(n, **more)), True)


def accept(h, name):
    r = h.console.run("home", "accept", name, "--yes")
    assert r.returncode == 0, r.stderr


class Lamp(threading.Thread):
    """A device that counts what it is told, and answers as it is told to."""

    def __init__(self, h, n, answers=True):
        super().__init__(daemon=True)
        self.mqtt, self.n, self.answers, self.told = h.home.client(f"lamp{n}"), n, answers, []
        self.mqtt.subscribe(f"lamp/{n}/set")
        announce(self.mqtt, n)
        self.start()

    def run(self):
        try:
            while True:
                got = self.mqtt.message(1)
                if got:
                    self.told.append(got[1])
                    if self.answers:
                        self.mqtt.publish(f"lamp/{self.n}", got[1])
        except OSError:
            pass  # The broker is gone.


def name_of(h):
    """By which the broker knows the house."""
    m = h.home.client("looker")
    m.subscribe("durward/+/status")
    return "durward_" + m.message(30)[0].split("/")[1]


def last(h, goal):
    return h.console.ask(goal)[-1]


def test_thirty_thousand_announcements_are_too_many_and_said_so():
    with HouseWithHome(devices=False) as h:
        m = h.home.client()
        for n in range(30000):
            announce(m, n)
        m.publish("lamp/7", '{"state":"ON"}', True)
        h.start(tools=False)
        h.wait_log("more entities than the bridge can hold", seconds=120)

        def known():
            return len(h.console.run("home").stdout.splitlines()) >= ENTITIES_MAX
        wait_for(known, 120, 1)
        for role in ("bridge", "core"):
            assert pss_kib(h.pids()[role]) < PSS_MAX_KIB, (role, pss_kib(h.pids()[role]))
        first = h.console.run("home").stdout.split()[0]
        accept(h, first)
        end = last(h, f"set {first} to turn_on")
        assert "sent, not confirmed" in end["reply"], end


def test_ten_thousand_states_a_second_are_heard_and_keep_nobody_waiting():
    with HouseWithHome() as h:
        h.start(tools=False)
        loud = Lamp(h, 1)
        wait_entity(h, "light.lamp1")
        wait_entity(h, "light.kitchen_light")
        accept(h, "light.kitchen_light")
        bridge, stop, said = h.pids()["bridge"], threading.Event(), []

        def shout():
            begun = time.monotonic()
            while not stop.is_set():
                for i in range(100):
                    loud.mqtt.publish("lamp/1", '{"state":"ON","brightness":%d}' % (i + 1))
                said.append(100)
                time.sleep(max(0, begun + sum(said) / 10000 - time.monotonic()))
        shouting = threading.Thread(target=shout)
        shouting.start()
        try:
            wait_for(lambda: sum(said) >= 30000, 60, 0.1)
            for state in ("turn_off", "turn_on"):
                end = last(h, f"set light.kitchen_light to {state}")
                assert end["reached"] and "confirmed" in end["reply"], end
        finally:
            stop.set()
            shouting.join()
        assert h.pids()["bridge"] == bridge
        for role in ("bridge", "core"):
            assert pss_kib(h.pids()[role]) < PSS_MAX_KIB, role


def test_who_takes_our_name_at_the_broker_is_told_of_and_outlived():
    with HouseWithHome() as h:
        h.start(tools=False)
        wait_entity(h, "light.kitchen_light")
        accept(h, "light.kitchen_light")
        name = name_of(h)

        def is_told():
            thief = h.home.client(name)
            time.sleep(0.2)
            thief.s.close()
            return "perhaps another client has our name" in h.log()
        wait_for(is_told, 60, 1)
        wait_entity(h, "light.kitchen_light")
        end = last(h, "set light.kitchen_light to turn_on")
        assert end["reached"] and "not confirmed" not in end["reply"], end


def test_a_broker_that_dies_after_a_command_confirms_nothing_and_does_nothing_twice():
    with HouseWithHome(devices=False) as h:
        h.start(tools=False)
        mute = Lamp(h, 1, answers=False)
        wait_entity(h, "light.lamp1")
        accept(h, "light.lamp1")
        p = h.console.start("ask", "--json", "set light.lamp1 to turn_on")
        wait_for(lambda: mute.told, 30, 0.05)
        h.home.process.kill()
        out, _ = p.communicate(timeout=60)
        end = json.loads(out.splitlines()[-1])
        assert "confirmed" not in end["reply"].replace("not confirmed", ""), end
        h.home = type(h.home)(h.path("home"), devices=False)
        after = Lamp(h, 1)
        wait_entity(h, "light.lamp1")
        end = last(h, "set light.lamp1 to turn_off")
        assert end["reached"] and "not confirmed" not in end["reply"], end
        assert len(mute.told) == 1 and [json.loads(t)["state"] for t in after.told] == ["OFF"], after.told
