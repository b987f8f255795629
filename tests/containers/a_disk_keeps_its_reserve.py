# SPDX-License-Identifier: Apache-2.0
"""A tool with room left in its volume does not get the last room of the disk."""

import json
import os
import shutil
import subprocess

from house import BUILD, TOOLS_USER, House, wait_for
from proposals import call

MIB = 1024 * 1024
DISK_MIB = 120
LOW_MIB = 64  # Twice the house's reserve.
VOLUMES = "podman/.local/share/containers/storage/volumes"


class Small:
    """A house whose tools keep their volumes on a small disk."""

    def __init__(self):
        self.house = h = House(binary="probe-badmind", tools=())
        self.volumes = h.path(VOLUMES)
        os.makedirs(self.volumes)
        path = h.path("podman")
        for name in VOLUMES.split("/")[1:]:
            path = os.path.join(path, name)
            shutil.chown(path, TOOLS_USER, TOOLS_USER)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=700", "tmpfs",
                        self.volumes], check=True)
        try:
            shutil.chown(self.volumes, TOOLS_USER, TOOLS_USER)
            h.start()
            h.add_tool(self.roomy())
        except BaseException:
            self.close()
            raise

    def roomy(self):
        """The hoarder, with a volume larger than the disk."""
        source = os.path.join(BUILD, "test-containers", "hoarder")
        folder = self.house.path("roomy")
        os.mkdir(folder)
        with open(os.path.join(source, "tool.json")) as f:
            manifest = json.load(f)
        manifest["limits"]["volume_mib"] = 1024
        with open(os.path.join(folder, "tool.json"), "w") as f:
            json.dump(manifest, f)
        shutil.copy(os.path.join(source, "image.tar"), folder)
        return folder

    def do(self, function, **args):
        return self.house.console.ask(json.dumps(call("hoarder." + function, args, 0)))[-1]["reply"]

    def free_mib(self):
        s = os.statvfs(self.volumes)
        return s.f_bavail * s.f_frsize / MIB

    def close(self):
        self.house.stop()
        try:
            self.house.podman("rm", "-f", "-t0", "-a")
        finally:
            subprocess.run(["umount", "-l", self.volumes])
            self.house.close()


def setup():
    return Small()


def test_who_writes_is_ended_before_the_reserve_is_touched(s):
    assert s.do("keep", mib=DISK_MIB - LOW_MIB - 20) == f"kept {DISK_MIB - LOW_MIB - 20} MiB"
    reply = s.do("keep", mib=DISK_MIB - LOW_MIB + 10)
    assert "the disk has only" in reply, reply
    assert s.free_mib() > LOW_MIB / 2


def test_who_writes_nothing_goes_on_while_there_is_some_room(s):
    assert LOW_MIB / 2 < s.free_mib() < LOW_MIB
    assert s.do("keep", mib=0) == "kept 0 MiB"


def test_what_has_no_name_is_ended_before_the_last_room_is_gone(s):
    reply = s.do("nameless", mib=int(s.free_mib()) - 10)
    assert "the disk has only" in reply, reply


def test_without_room_no_tool_with_a_volume_is_started(s):
    def given_back():
        "the room of the tool that was ended"
        return not s.house.podman("ps", "-aq").split() and s.free_mib() > LOW_MIB / 2
    wait_for(given_back)
    with open(os.path.join(s.volumes, "of-somebody"), "wb") as f:
        f.truncate(0)
        os.posix_fallocate(f.fileno(), 0, int(s.free_mib() - LOW_MIB / 4) * MIB)
    s.house.podman("rm", "-f", "-t0", "-a")
    reply = s.do("keep", mib=0)
    assert "make room" in reply, reply
    os.unlink(os.path.join(s.volumes, "of-somebody"))
    assert s.do("clear") == "cleared"
