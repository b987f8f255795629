# SPDX-License-Identifier: Apache-2.0
"""The driver (drive.c) as an object, and what all tests of this folder know."""

import os
import queue
import subprocess
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(TOP, "build")
DRIVERS = {
    "plain": os.path.join(BUILD, os.uname().machine, "tests", "drive"),
    "asan": os.path.join(BUILD, "asan", "tests", "drive"),
}
WAIT_S = 20


class Skip(Exception):
    """Names the thing that is missing."""


class Drive:
    """One session with one server."""

    def __init__(self, driver, words, hint=None, probe_ms=None, env=None):
        options = ["--hint", hint] if hint else []
        options += ["--probe-ms", str(probe_ms)] if probe_ms else []
        self.log = open(os.path.join(BUILD, "mcp.log"), "ab")
        self.process = subprocess.Popen(
            [DRIVERS[driver], *options, *words], text=True, bufsize=1, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.log, env={**os.environ, **(env or {})})
        self.lines = queue.Queue()
        self.begun = self.ended = None
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def next(self, wait_s=WAIT_S):
        """The next event; None when there is none in time."""
        try:
            line = self.lines.get(timeout=wait_s)
        except queue.Empty:
            return None
        assert line is not None, f"the driver ended with {self.process.wait()}, see build/mcp.log"
        return line

    def expect(self, *events):
        """Exactly these, in this order."""
        for want in events:
            got = self.next()
            assert got == want, f"{got!r} instead of {want!r}"

    def expect_like(self, begin):
        got = self.next()
        assert got is not None and got.startswith(begin), f"{got!r} instead of {begin!r}..."
        return got[len(begin):]

    def expect_nothing(self, wait_s=0.3):
        got = self.next(wait_s)
        assert got is None, f"{got!r} instead of nothing"

    def wish(self, words):
        self.process.stdin.write(words + "\n")

    def call(self, function, args="{}"):
        """The id of the call."""
        self.wish(f"call {function} {args}")
        return int(self.expect_like("called "))

    def answer(self, function, args="{}"):
        """What comes back, as ("ok" or "failed", text)."""
        n = self.call(function, args)
        return tuple(self.expect_like(f"answer {n} ").split(" ", 1))

    def cancel(self, n):
        self.wish(f"cancel {n}")
        self.expect(f"cancelled {n}")

    def definitions(self):
        """(digest, text)"""
        self.wish("definitions")
        return tuple(self.expect_like("definitions ").split(" ", 1))

    def counts(self):
        self.wish("counts")
        pairs = (w.split("=") for w in self.expect_like("counts ").split())
        return {name: int(n) for name, n in pairs}

    def wait_counts(self, **least):
        """The counts, as soon as these have come."""
        until = time.monotonic() + WAIT_S
        while True:
            counts = self.counts()
            if all(counts[name] >= n for name, n in least.items()):
                return counts
            assert time.monotonic() < until, counts
            time.sleep(0.01)

    def close(self):
        """How it ended ("eof", "term" or "kill"), after how many ms, and the
        driver's greatest memory in KiB."""
        self.wish("close")
        how, ms, kib = self.expect_like("ended ").split()
        assert self.process.wait(WAIT_S) == 0, "the driver failed, see build/mcp.log"
        return how, int(ms), int(kib)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.stdin.close()  # it ends its server
            try:
                self.process.wait(WAIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
