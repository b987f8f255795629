# SPDX-License-Identifier: Apache-2.0
"""The home in figures, on a real broker: what its entities take, how long many
announcements take, and how many messages a second are heard."""

import contextlib
import json
import os
import signal
import time

from house import wait_for
from simhome import HouseWithHome, simhome

QUIET_S = 0.5  # So long without work it has done it all.
BLOCK = 50_000  # Messages; the broker of the tests keeps twice as many.


def lamp(n):
    return {"name": f"Lamp {n}", "unique_id": f"lamp{n}", "schema": "json", "brightness": True,
            "command_topic": f"lamp/{n}/set", "state_topic": f"lamp/{n}", "availability_topic": f"lamp/{n}/up",
            "device": {"identifiers": [f"lamp{n}"], "name": f"Lamp {n}"}}


def announce(m, count):
    for n in range(count):
        m.publish(f"homeassistant/light/lamp{n}/config", json.dumps(lamp(n)), True)


@contextlib.contextmanager
def house(entities):
    """A house on a broker that has announced so many lamps before."""
    with HouseWithHome(devices=False) as h:
        m = h.home.client("bench")
        announce(m, entities)
        h.start(tools=False)
        h.wait_log("the broker is there", seconds=60)
        yield h, m


def settle(h, roles, cpu_ns):
    """Until these have nothing to do: when that was, on the monotonic clock."""
    pids = [h.pids()[r] for r in roles]
    was, since = None, time.monotonic()
    while time.monotonic() - since < QUIET_S:
        now = sum(cpu_ns(p) for p in pids)
        if was is None or now - was > 2_000_000:
            since = time.monotonic()
        was = now
        time.sleep(0.05)
    return since


def pss(entities, pss_kib, cpu_ns):
    """KiB of the bridge, and of the core."""
    with house(entities) as (h, _):
        settle(h, ("bridge", "core"), cpu_ns)
        return [pss_kib([h.pids()[r]]) for r in ("bridge", "core")]


def discovery_ms(entities, cpu_ns):
    """From the bridge's start with these retained to its having read them all."""
    with house(entities) as (h, _):
        settle(h, ("bridge", "core"), cpu_ns)
        before = h.pids()["bridge"]
        begun = time.monotonic()
        os.kill(before, signal.SIGKILL)
        wait_for(lambda: h.pids().get("bridge", before) != before, 30, 0.01)
        return (settle(h, ("bridge", "core"), cpu_ns) - begun) * 1000


def packet(topic, payload):
    body = simhome.Mqtt.text(topic) + payload.encode()
    assert len(body) < 128
    return bytes([0x30, len(body)]) + body


def heard(cpu_ns, blocks):
    """Messages a second that are heard, and CPU time of the bridge for each in us."""
    rows = []
    with house(1) as (h, m):
        settle(h, ("bridge", "core"), cpu_ns)
        bridge = h.pids()["bridge"]
        for block in range(blocks):
            last = 10 + block
            data = b"".join(packet("lamp/0", '{"state":"ON","brightness":%d}' % (100 + i % 100))
                            for i in range(BLOCK)) + packet("lamp/0", '{"state":"OFF","brightness":%d}' % last)
            begun, cpu = time.monotonic(), cpu_ns(bridge)
            m.s.sendall(data)
            wait_for(lambda: " off" in h.console.run("home", "list", "light.lamp0").stdout, 60, 0.01)
            rows.append(((BLOCK + 1) / (time.monotonic() - begun), (cpu_ns(bridge) - cpu) / (BLOCK + 1) / 1000))
    return [sorted(r[i] for r in rows)[len(rows) // 2] for i in (0, 1)]
