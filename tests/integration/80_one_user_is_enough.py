# SPDX-License-Identifier: Apache-2.0
"""Started by one ordinary user everything runs under that user, works, and
says what that gives up."""

import os
import signal
import subprocess

from house import TOOLS_USER, House, as_user, children, cmdline, status, wait_for


class OneUser(House):
    """The same folders, all of them one user's, and `durward run` alone."""

    def _init(self):
        kw = self.as_the_user()
        state, console = self.path("podman", "state"), self.path("podman", "console")
        r = subprocess.run([self.durward, "init", "--state", state, "--console", console,
                            "--policy", self.path("policy"), "--port", str(self.port),
                            "--pairing-port", str(self.pairing_port)],
                           text=True, capture_output=True, **kw)
        assert r.returncode == 0, r.stderr
        self.console.folder = console
        self.console.env["DURWARD_CLIENT"] = console

    def as_the_user(self):
        return as_user(TOOLS_USER, **self.podman_env())

    def start_all(self):
        with open(self.path("house.log"), "ab") as log:
            self.processes["house"] = subprocess.Popen(
                [self.durward, "run", "--state", self.path("podman", "state"),
                 "--socket", self.path("podman", "tools.sock"),
                 "--shim", self.path("bin", "shim"), "--address", "127.0.0.1",
                 "--port", str(self.port), "--pairing-port", str(self.pairing_port)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self.as_the_user())
        self.wait_up()
        self.add_tool("echo")
        return self


def setup():
    return OneUser().start_all()


def test_a_goal_with_a_tool_is_reached(h):
    assert h.console.reply("echo alone") == "alone"


def test_the_roles_are_confined_all_the_same(h):
    for role, pid in h.wait_roles().items():
        if role in ("parent", "runner"):
            continue
        s = status(pid)
        assert s["Seccomp"] == "2" and s["NoNewPrivs"] == "1", role


def test_it_says_what_that_gives_up(h):
    assert "one user for everything" in h.log()


def test_a_folder_of_its_own_is_given_to_a_tool(h):
    folder = h.path("podman", "letters")
    subprocess.run(["sh", "-ec", 'umask 077; mkdir "$1"; echo dear >"$1/a"', "_", folder],
                   check=True, **h.as_the_user())
    kw = h.as_the_user()
    kw["env"]["DURWARD_CLIENT"] = h.console.folder
    r = subprocess.run([h.durward, "tool", "add", h.package("files"), "--folder", folder + ":rw",
                        "--yes", "--no-limits-ok"], text=True, capture_output=True, **kw)
    assert r.returncode == 0 and "may pass through" not in r.stdout, r.stdout + r.stderr
    assert h.console.reply("read the file a") == "dear\n"
    assert "Wrote 5 bytes" in h.console.reply("write hello to the file b")
    subprocess.run(["sh", "-ec", 'test "$(cat "$1/b")" = hello; rm "$1/b"', "_", folder],
                   check=True, **h.as_the_user())


def test_its_end_is_the_end_of_both_halves(h):
    parent = h.processes["house"]
    everyone = [parent.pid] + children(parent.pid)
    everyone += [g for c in children(parent.pid) for g in children(c) if cmdline(g)]
    parent.send_signal(signal.SIGTERM)
    parent.wait(10)

    def gone():
        "the end of all"
        return not any(os.path.exists(f"/proc/{p}") and status(p)["State"][0] != "Z"
                       and "run" in cmdline(p) for p in everyone)
    wait_for(gone)
