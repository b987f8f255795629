# SPDX-License-Identifier: Apache-2.0
"""What the house tells who started it, by the protocol of sd_notify(3)."""

import os
import pwd
import socket

import frozen
from house import HOUSE_USER, House, wait_for


class Heard:
    """A house without its other half, and a socket where it is heard."""

    def __init__(self):
        self.house = House(tools=())
        self.path = self.house.path("notify.sock")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chown(self.path, pwd.getpwnam(HOUSE_USER).pw_uid, -1)
        self.house.start_house(NOTIFY_SOCKET=self.path)

    def next(self, seconds):
        """The lines of the next datagram; none when nothing came."""
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(4096).decode().splitlines()
        except TimeoutError:
            return []

    def close(self):
        self.socket.close()
        self.house.close()


def setup():
    h = Heard()
    h.first = []
    while not h.first or "READY=1" not in h.first[-1]:
        h.first.append(h.next(60))
        assert h.first[-1], h.first
    h.ready = h.house.log("house")
    return h


def test_it_is_ready_when_all_roles_are(h):
    for role in ("core", "mind", "tools", "gate", "egress", "control", "vault"):
        assert f"{role} is ready" in h.ready, role
    assert "STATUS=The house is up." in h.first[-1], h.first


def test_while_it_turns_it_says_so(h):
    assert [h.next(30) for _ in range(3)] == [["WATCHDOG=1"]] * 3


def test_no_role_can_speak_in_its_name(h):
    for role, pid in h.house.wait_roles().items():
        if role == "parent":
            continue
        with open(f"/proc/{pid}/environ") as f:
            assert "NOTIFY_SOCKET" not in f.read(), role


def test_a_house_whose_disk_hangs_is_no_house_that_turns(h):
    def given_up():
        "the core to be given up"
        return "core has stopped answering" in h.house.log("house")
    before = h.house.wait_roles()["core"]
    with frozen.disk(h.house):
        p = h.house.console.start("ask", "remember that milk is white")
        wait_for(given_up, 150, 0.5)
        # Its parent waits for a core that cannot even be buried.
        while h.next(5):
            pass
    p.kill()
    p.communicate()
    h.house.wait_up(tools=False)
    assert h.house.wait_roles()["core"] != before
    while h.next(30) != ["WATCHDOG=1"]:
        pass
    assert h.house.console.run("runs").returncode == 0


def test_an_end_that_was_asked_for_is_told(h):
    h.house.processes["house"].terminate()
    said = []
    while "STOPPING=1" not in said:
        said = h.next(30)
        assert said, "nothing was told"
