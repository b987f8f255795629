# SPDX-License-Identifier: Apache-2.0
"""A house with a home: scripts/simhome, or a broker that a test fills itself."""

import contextlib
import importlib.machinery
import importlib.util
import os
import subprocess

from house import TOP, House, wait_for

_loader = importlib.machinery.SourceFileLoader("simhome", os.path.join(TOP, "scripts/simhome"))
simhome = importlib.util.module_from_spec(importlib.util.spec_from_loader("simhome", _loader))
_loader.exec_module(simhome)


class Home:
    """A broker, and perhaps its devices, for a house to be started on."""

    def __init__(self, folder, devices=True):
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o755)
        self.socket = os.path.join(folder, "mqtt.sock")
        if devices:
            self.process = subprocess.Popen(
                [os.path.join(TOP, "scripts/simhome"), "--quick", "--folder", folder],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            assert self.process.stdout.readline().strip() == self.socket
        else:
            self.process, _ = simhome.start_broker(folder)

    def client(self, name="tester"):
        return simhome.Mqtt(self.socket, name)

    def end(self):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)


class HouseWithHome(House):
    """Its home ends with it."""

    def __init__(self, devices=True, **options):
        super().__init__(**{"tools": (), **options})
        self.home = Home(self.path("home"), devices)
        self.more = (*self.more, "--broker", self.home.socket)

    def close(self):
        self.home.end()
        super().close()


def wait_entity(h, name):
    def there():
        r = h.console.run("home", "list", name)
        return r.stdout if r.returncode == 0 and name in r.stdout else None
    there.__doc__ = f"{name} in the list of the home; {h.log()}"
    return wait_for(there, 30, 0.1)
