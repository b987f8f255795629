# SPDX-License-Identifier: Apache-2.0
"""A house that `./scripts/run` made, in a root of its own."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time

from house import TOOLS_USER, TOP, as_user, children, cmdline, free_port, spare_locks

OTHER_USER = "nobody"


class Run:
    def __init__(self, goal, broker="none"):
        spare_locks()
        self.root = tempfile.mkdtemp(prefix="durward-run-")
        os.chmod(self.root, 0o755)
        self.port, self.pairing_port = free_port(), free_port()
        self.env = {"PATH": os.environ["PATH"], "HOME": self.root + "/root-home",
                    "DURWARD_ROOT": self.root, "DURWARD_PORT": str(self.port),
                    "DURWARD_PAIRING_PORT": str(self.pairing_port), "DURWARD_BROKER": broker}
        self.durward = self.root + "/usr/local/lib/durward/durward"
        self.client = self.root + "/other-client"
        self.first = self.run(goal, wait=900)

    def run(self, *goal, wait=120):
        return subprocess.run([TOP + "/scripts/run", *goal], env=self.env, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=wait)

    def at_a_terminal(self, goal, *cues, wait=120):
        """Like run(), by somebody who sits there.  Each cue is what is waited
        for on the screen, and what is typed or done then.  Returns the screen
        at the end, and the exit code."""
        ours, theirs = pty.openpty()
        p = subprocess.Popen([TOP + "/scripts/run", goal], env=self.env, stdin=theirs,
                             stdout=theirs, stderr=theirs)
        os.close(theirs)
        cues, screen, end = list(cues), "", time.monotonic() + wait
        while time.monotonic() < end:
            if not select.select([ours], [], [], 0.2)[0]:
                continue
            try:
                screen += os.read(ours, 65536).decode().replace("\r\n", "\n")
            except OSError:  # Everybody has left the terminal.
                break
            if cues and re.search(cues[0][0], screen):
                found, then = re.search(cues[0][0], screen), cues.pop(0)[1]
                if callable(then):
                    then(found)
                else:
                    os.write(ours, (then + "\n").encode())
        os.close(ours)
        try:
            return screen, p.wait(30)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
            raise AssertionError(f"it did not end:\n{screen}")

    def console(self, *args):
        return subprocess.run([self.durward, *args], env=self.env, text=True,
                              capture_output=True, timeout=60)

    def other(self, *args):
        kw = as_user(OTHER_USER, DURWARD_CLIENT=self.client)
        return subprocess.run([self.durward, *args], text=True, capture_output=True,
                              timeout=60, **kw)

    def supervisor(self, half):
        with open(f"{self.root}/run/{half}-{os.path.basename(self.root)}.pid") as f:
            return int(f.read())

    def pids(self):
        found = {}
        for p in children(self.supervisor("durward")):
            if cmdline(p)[1:3] == ["run", "house"]:
                found["parent"] = p
                for c in children(p):
                    found[cmdline(c)[2]] = c
        for p in children(self.supervisor("durward-tools")):
            for c in children(p):
                if cmdline(c)[1:3] == ["run", "tools"]:
                    found["runner"] = c
        return found

    def close(self):
        subprocess.run([TOP + "/scripts/run", "--stop"], env=self.env)
        env = {"HOME": self.root + "/var/lib/durward-tools",
               "XDG_RUNTIME_DIR": self.root + "/run/durward-tools"}
        for words in (["rm", "-f", "-t0", "-a"], ["volume", "rm", "-f", "-a"]):
            subprocess.run(["podman", *words], capture_output=True,
                           **as_user(TOOLS_USER, **env))
        pause = self.root + "/run/durward-tools/libpod/tmp/pause.pid"
        if os.path.exists(pause):
            with open(pause) as f:
                os.kill(int(f.read()), signal.SIGKILL)
        shutil.rmtree(self.root, ignore_errors=True)
