# SPDX-License-Identifier: Apache-2.0
"""From an event on the home's broker to the command of an automation, beside
a bare echo on the same broker and beside Node-RED with the same rule."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time

from house import HOUSE_USER, TOP, free_port, wait_for
from simhome import HouseWithHome, simhome, wait_entity

DEVICES = 32
RULES = "default deny\nallow all effect=read,reversible\n"
NODE_RED = os.path.join(TOP, "build", "nodered")
PINNED = os.path.join(TOP, "tests", "bench", "nodered")
FUNCTION = """
const state = JSON.parse(msg.payload).state;
const n = msg.topic.split("/")[1];
if (context.get(n) === state)
    return null;
context.set(n, state);
return {topic: `lamp/${n}/set`, payload: JSON.stringify({state})};
"""


def sensor(n):
    return {"name": f"Sensor {n}", "unique_id": f"sensor{n}", "state_topic": f"sensor/{n}",
            "value_template": "{{ value_json.state }}", "device": {"identifiers": [f"s{n}"], "name": f"Sensor {n}"}}


def lamp(n):
    return {"name": f"Lamp {n}", "unique_id": f"lamp{n}", "schema": "json", "command_topic": f"lamp/{n}/set",
            "state_topic": f"lamp/{n}", "device": {"identifiers": [f"l{n}"], "name": f"Lamp {n}"}}


def rule(n, state):
    return {"name": f"{state}-{n}", "when": {"entity": f"binary_sensor.s{n}", "value": "state", "is": state}, "rate": "2000/s",
            "then": {"call": "home.set", "args": {"entity": f"light.l{n}", "action": f"turn_{state}"}}}


@contextlib.contextmanager
def house():
    """One whose sensors switch its lamps, each by two automations."""
    with tempfile.NamedTemporaryFile("w", suffix=".policy") as policy:
        policy.write(RULES)
        policy.flush()
        with HouseWithHome(devices=False, policy=policy.name) as h:
            m = h.home.client("bench")
            for n in range(DEVICES):
                m.publish(f"homeassistant/binary_sensor/s{n}/config", json.dumps(sensor(n)), True)
                m.publish(f"homeassistant/light/l{n}/config", json.dumps(lamp(n)), True)
            h.start(tools=False)
            h.wait_log("the broker is there", seconds=60)
            for n in range(DEVICES):
                wait_entity(h, f"binary_sensor.s{n}")
                wait_entity(h, f"light.l{n}")
                r = h.console.run("home", "accept", f"light.l{n}", "--yes")
                assert r.returncode == 0, r.stderr
                m.publish(f"sensor/{n}", '{"state":"OFF"}')
            wait_for(lambda: h.console.run("home", "list").stdout.count(" off") >= DEVICES, 30, 0.1)
            path = h.path("automation.json")
            for n in range(DEVICES):
                for state in ("on", "off"):
                    with open(path, "w") as f:
                        json.dump(rule(n, state), f)
                    r = h.console.run("automation", "add", path, "--yes")
                    assert r.returncode == 0, r.stderr
            yield h


def floor(program, path):
    """A process that echoes."""
    p = subprocess.Popen([program, "echo", path, "0"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    assert p.stdout.readline() == "up\n"
    return p


def run(program, path, qos, rate, count):
    """p50, p99, p99.9 in us, and how many never came."""
    r = subprocess.run([program, "load", path, str(qos), str(rate), str(count), str(DEVICES)],
                       text=True, capture_output=True, timeout=120)
    assert r.returncode == 0, r.stderr
    return [float(x) for x in r.stdout.split()]
