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

from house import TOP, free_port, wait_for
from simhome import HouseWithHome, wait_entity

DEVICES = 32
RULES = "default deny\nallow all effect=read,reversible\n"
NODE_RED = os.path.join(TOP, "build", "nodered")
PINNED = os.path.join(TOP, "tests", "bench", "nodered")
FUNCTION = """
const state = JSON.parse(msg.payload).state;
const n = msg.topic.split("/")[2];
if (context.get(n) === state)
    return null;
context.set(n, state);
return {topic: `node/lamp/${n}/set`, payload: JSON.stringify({state})};
"""


def sensor(n):
    return {"name": f"Sensor {n}", "unique_id": f"sensor{n}", "state_topic": f"ours/sensor/{n}",
            "value_template": "{{ value_json.state }}", "device": {"identifiers": [f"s{n}"], "name": f"Sensor {n}"}}


def lamp(n):
    return {"name": f"Lamp {n}", "unique_id": f"lamp{n}", "schema": "json", "command_topic": f"ours/lamp/{n}/set",
            "state_topic": f"ours/lamp/{n}", "device": {"identifiers": [f"l{n}"], "name": f"Lamp {n}"}}


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
                m.publish(f"ours/sensor/{n}", '{"state":"OFF"}')
            wait_for(lambda: h.console.run("home", "list").stdout.count(" off") >= DEVICES, 30, 0.1)
            path = h.path("automation.json")
            for n in range(DEVICES):
                for state in ("on", "off"):
                    with open(path, "w") as f:
                        json.dump(rule(n, state), f)
                    r = h.console.run("automation", "add", path, "--yes")
                    assert r.returncode == 0, r.stderr
            yield h


@contextlib.contextmanager
def echo(program, path, qos):
    """The floor: what hears and says, and no more."""
    p = subprocess.Popen([program, "echo", path, str(qos), "floor"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         text=True)
    try:
        assert p.stdout.readline() == "up\n"
        yield p.pid
    finally:
        p.kill()
        p.wait()


# ---- Node-RED ----

def install():
    """As its lock file says, by the machine's own npm; why not, if it cannot."""
    if shutil.which("npm") is None:
        return "npm is missing"
    os.makedirs(NODE_RED, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(os.path.join(PINNED, name), NODE_RED)
    if os.path.exists(os.path.join(NODE_RED, "node_modules", "node-red")):
        return None
    r = subprocess.run(["npm", "ci", "--silent", "--ignore-scripts"], cwd=NODE_RED, stdin=subprocess.DEVNULL,
                       capture_output=True, text=True, timeout=900)
    return None if r.returncode == 0 else "npm does not give Node-RED: " + r.stderr[-300:]


def flow(path, qos):
    node = {"z": "tab", "x": 0, "y": 0}
    return [{"id": "tab", "type": "tab", "label": "bench"},
            {"id": "broker", "type": "mqtt-broker", "broker": f"mqtt+unix://{path}", "clientid": "node-red",
             "autoConnect": True, "protocolVersion": "4", "keepalive": "60", "cleansession": True},
            {**node, "id": "in", "type": "mqtt in", "topic": "node/sensor/+", "qos": str(qos), "datatype": "utf8",
             "broker": "broker", "inputs": 0, "wires": [["rule"]]},
            {**node, "id": "rule", "type": "function", "func": FUNCTION, "outputs": 1, "wires": [["out"]]},
            {**node, "id": "out", "type": "mqtt out", "qos": str(qos), "broker": "broker", "wires": []}]


@contextlib.contextmanager
def node_red(path, qos, client):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "flows.json"), "w") as f:
            json.dump(flow(path, qos), f)
        with open(os.path.join(folder, "settings.js"), "w") as f:
            f.write("module.exports = {flowFile: 'flows.json', uiHost: '127.0.0.1', httpAdminRoot: false, "
                    "telemetry: {enabled: false}, logging: {console: {level: 'warn'}}};\n")
        p = subprocess.Popen([os.path.join(NODE_RED, "node_modules", ".bin", "node-red"), "--userDir", folder,
                              "--settings", os.path.join(folder, "settings.js"), "--port", str(free_port())],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            client.subscribe("node/lamp/+/set")
            state = ["OFF", "ON"]

            def answers():
                "Node-RED"
                state.reverse()
                client.publish("node/sensor/0", json.dumps({"state": state[0]}))
                return client.message(1)
            wait_for(answers, 60, 0.1)
            client.publish("node/sensor/0", json.dumps({"state": "OFF"}))
            time.sleep(2)  # What it started with is done.
            yield p.pid
        finally:
            p.terminate()
            p.wait(30)


# ---- One measurement ----

def run(program, path, who, qos, rate, count):
    """p50, p99, p99.9 in us, and how many never came."""
    r = subprocess.run([program, "load", path, str(qos), who, str(rate), str(count), str(DEVICES)],
                       text=True, capture_output=True, timeout=120)
    assert r.returncode == 0, r.stderr
    return [float(x) for x in r.stdout.split()]


def counts(rate):
    """Of events: whole rounds of on and off, for some seconds."""
    return max(1, round({10: 60, 100: 600, 1000: 3000}[rate] / (2 * DEVICES))) * 2 * DEVICES


def compare(program, h, rounds, cpu_ns):
    """{(rate, qos): {who: [p50, p99, p999, lost]}}, the medians of alternating
    runs, and {who: CPU us of each event at 100/s}; without Node-RED where it
    cannot be installed."""
    path, found, cpu = h.home.socket, {}, {"ours": [], "node": []}
    missing = install()
    if missing:
        print(f"    without Node-RED: {missing}")
    for qos in (0, 1):
        with contextlib.ExitStack() as stack:
            stack.enter_context(echo(program, path, qos))
            node = None if missing else stack.enter_context(node_red(path, qos, h.home.client(f"bench{qos}")))
            pids = {"floor": None, "ours": list(h.pids().values()), **({"node": [node]} if node else {})}
            for rate in (10, 100, 1000):
                rows = {who: [] for who in pids}
                for _ in range(1 if rate == 10 else rounds):
                    for who in pids:
                        before = cpu_ns(pids[who] or [])
                        rows[who].append(run(program, path, who, qos, rate, counts(rate)))
                        if rate == 100 and qos == 0 and who in cpu:
                            cpu[who].append((cpu_ns(pids[who]) - before) / counts(rate) / 1000)
                found[rate, qos] = {who: [sorted(r[i] for r in row)[len(row) // 2] for i in range(4)]
                                    for who, row in rows.items()}
    return found, {who: sorted(us)[len(us) // 2] for who, us in cpu.items() if us}
