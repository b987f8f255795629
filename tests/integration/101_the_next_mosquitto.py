# SPDX-License-Identifier: Apache-2.0
"""All of 95_a_broker_of_its_own.py once more, with the Mosquitto that no Debian
has yet: what config/broker/ says means the same to both."""

import importlib.util
import inspect
import os
import subprocess

from house import TOP

NEXT = os.path.join(TOP, "build", "broker")

_spec = importlib.util.spec_from_file_location(
    "broker_of_its_own", os.path.join(os.path.dirname(__file__), "95_a_broker_of_its_own.py"))
_same = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_same)
globals().update({n: f for n, f in vars(_same).items() if n.startswith("test_") and inspect.isfunction(f)})


def setup():
    if not os.path.exists(os.path.join(NEXT, "mosquitto")):
        subprocess.run([os.path.join(TOP, "tests/lib/make-broker"), NEXT], check=True, stdout=subprocess.DEVNULL)
    os.environ["PATH"] = NEXT + ":" + os.environ["PATH"]
    _same.MOSQUITTO = os.path.join(NEXT, "mosquitto")
    _same.PLUGIN = os.path.join(NEXT, "mosquitto_dynamic_security.so")
    return _same.setup()


def test_this_is_another_release(h):
    said = subprocess.run([_same.MOSQUITTO, "-h"], capture_output=True, text=True).stdout
    assert said.startswith("mosquitto version 2.1"), said
    with open(h.broker.path("mosquitto.log")) as f:
        assert "mosquitto version 2.1" in f.read()
