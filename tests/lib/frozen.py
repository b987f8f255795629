# SPDX-License-Identifier: Apache-2.0
"""Parts of a house that stand still for a while: a role, or the core's disk."""

import contextlib
import ctypes
import os
import signal
import time

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000


@contextlib.contextmanager
def role(h, name):
    """It lives, and neither reads nor writes."""
    pid = h.wait_roles()[name]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):  # It was killed meanwhile.
            os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def disk(h):
    """Nothing that the core writes comes to the disk: the thread that writes
    is held, as by a disk that does not answer, and the core goes on."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long] * 4

    def trace(what, tid):
        if libc.ptrace(what, tid, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")
    core = h.wait_roles()["core"]
    threads = [int(t) for t in os.listdir(f"/proc/{core}/task") if int(t) != core]
    assert threads, "the core writes on no thread of its own"
    for t in threads:
        trace(SEIZE, t)
        trace(INTERRUPT, t)
        os.waitpid(t, WALL)
    try:
        yield
    finally:
        killed = []
        for t in threads:
            try:
                trace(DETACH, t)
            except OSError:
                killed.append(t)
        # They are ours to bury, in whatever order they can be: the last thread
        # of a namespace's first process waits for all others.
        while killed:
            killed = [t for t in killed if os.waitpid(t, WALL | os.WNOHANG)[0] == 0]
            time.sleep(0.01)
