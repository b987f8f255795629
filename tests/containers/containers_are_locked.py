# SPDX-License-Identifier: Apache-2.0
"""What a tool's container has, read from inside and from outside."""

import json
import os
import pwd
import subprocess

from house import BUILD, HOUSE_USER, House, as_user, children, status, wait_for

BAD = os.path.join(BUILD, "test-containers", "badtool")


def setup():
    h = House(tools=("echo", "notes", BAD)).start()
    assert h.console.reply("echo x") == "x"
    h.console.ask("save a note: x")
    return h


def running(h):
    """Host pid of each tool's program, by tool."""
    ids = h.podman("ps", "-q", "--no-trunc").split()
    found = {}
    for c in json.loads(h.podman("inspect", *ids)):
        found[c["Config"]["Labels"]["durward.tool"]] = c
    return found


def test_a_tool_has_no_network_but_its_own_loopback(h):
    for tool, c in running(h).items():
        pid = c["State"]["Pid"]
        with open(f"/proc/{pid}/net/dev") as f:
            interfaces = [line.split(":")[0].strip() for line in f.readlines()[2:]]
        assert interfaces == ["lo"], f"{tool} has {interfaces}"
        assert os.readlink(f"/proc/{pid}/ns/net") != os.readlink("/proc/self/ns/net")
        with open(f"/proc/{pid}/net/route") as f:
            assert len(f.readlines()) == 1, f"{tool} has a route"


def test_a_tool_has_no_capability_and_can_gain_none(h):
    for tool, c in running(h).items():
        s = status(c["State"]["Pid"])
        for cap in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(s[cap], 16) == 0, f"{tool}: {cap} {s[cap]}"
        assert s["NoNewPrivs"] == "1" and s["Seccomp"] == "2", tool


def test_each_tool_has_user_ids_that_nobody_else_has(h):
    uids = {tool: int(status(c["State"]["Pid"])["Uid"].split()[0])
            for tool, c in running(h).items()}
    assert len(set(uids.values())) == len(uids), uids
    taken = [p.pw_uid for p in pwd.getpwall()]
    assert not set(uids.values()) & set(taken), uids


def test_nothing_of_ours_stays_resident_in_a_container(h):
    for tool, c in running(h).items():
        pid = c["State"]["Pid"]
        assert os.readlink(f"/proc/{pid}/exe") == "/program", tool
        assert children(pid) == [], tool


def test_the_root_is_read_only_and_the_socket_to_the_house_is_gone(h):
    h.podman("ps")
    mounts = {}
    for tool, c in running(h).items():
        with open(f"/proc/{c['State']['Pid']}/mounts") as f:
            mounts[tool] = {line.split()[1]: line.split()[3].split(",") for line in f}
        assert "ro" in mounts[tool]["/"], tool
        assert "ro" in mounts[tool]["/shim"], tool
        fds = os.listdir(f"/proc/{c['State']['Pid']}/fd")
        assert sorted(fds, key=int) == ["0", "1", "2"], f"{tool} holds {fds}"
    for option in ("nosuid", "nodev", "noexec"):
        assert option in mounts["notes"]["/data"], mounts["notes"]["/data"]
    assert "/data" not in mounts["echo"]


def test_an_image_is_under_300_kilobytes(h):
    for tool in ("echo", "notes"):
        size = os.path.getsize(os.path.join(BUILD, "containers", tool, "image.tar"))
        assert size < 300 * 1024, f"{tool}: {size}"


def test_the_manifest_names_the_image_that_runs(h):
    for tool, c in running(h).items():
        folder = BAD if tool == "badtool" else os.path.join(BUILD, "containers", tool)
        with open(os.path.join(folder, "tool.json")) as f:
            assert json.load(f)["image"] == "sha256:" + c["Image"].removeprefix("sha256:")


def test_the_storage_driver_is_overlay(h):
    assert json.loads(h.podman("info", "--format", "json"))["store"]["graphDriverName"] == "overlay"


def test_the_runtime_that_works_was_found_and_is_remembered(h):
    with open(h.path("podman", ".durward-tools", "runtime")) as f:
        assert f.read() in ("crun", "runc")


def test_a_warm_container_is_used_again(h):
    before = running(h)["echo"]["Id"]
    assert h.console.reply("echo y") == "y"
    assert running(h)["echo"]["Id"] == before


def test_containers_of_an_earlier_start_are_removed(h):
    before = {c["Id"] for c in running(h).values()}
    os.kill(h.pids()["runner"], 9)

    def removed():
        "the orphans to go"
        left = set(h.podman("ps", "-aq", "--no-trunc").split())
        return not (left & before)
    wait_for(removed, 60)

    def back():
        "the runner"
        return h.console.json("tool")["runner"]
    wait_for(back)
    assert h.console.reply("echo z") == "z"


def test_a_volume_outlives_its_container(h):
    h.console.ask("save a note: stay")
    h.podman("rm", "-f", "-t0", "-a")

    def there():
        "the note"
        return h.console.reply("read the note stay") == "stay"
    wait_for(there)


def test_the_house_user_cannot_read_the_tools_volumes(h):
    volume = h.podman("volume", "inspect", "durward-notes", "--format", "{{.Mountpoint}}").strip()
    r = subprocess.run(["ls", volume], capture_output=True, **as_user(HOUSE_USER))
    assert r.returncode != 0
