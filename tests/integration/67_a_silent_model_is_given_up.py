# SPDX-License-Identifier: Apache-2.0
"""How long a model is waited for: for a connection, for its first byte, and
between two of them.  All of it at once, since the waits are long."""

import socket
import time

from caller import HEAD, Caller, Raw, chunk

CONNECT_S, FIRST_S, IDLE_S, KEPT_S = 10, 120, 60, 60


def silent(s, asked, n):
    s.recv(1)


def only_a_head(s, asked, n):
    s.sendall(HEAD)
    s.recv(1)


def half(s, asked, n):
    s.sendall(HEAD + chunk(b'{"a":1}\n') + chunk(b'{"b":'))
    s.recv(1)


def drips(s, asked, n):
    """Longer than may lie between two bytes, and never so long without one."""
    s.sendall(HEAD)
    for _ in range(9):
        s.sendall(chunk(b"\n"))
        time.sleep(IDLE_S / 8)
    s.sendall(chunk(b"{}\n") + chunk(b""))
    return True


def answers(s, asked, n):
    s.sendall(HEAD + chunk(b"{}\n") + chunk(b""))
    return True


class Waited:
    def __init__(self):
        self.idle = Caller()
        self.kept = Raw(answers)
        self.idle.provider("kept", f"http://127.0.0.1:{self.kept.port}")
        self.kept_at = time.monotonic()
        assert self.idle.call("kept")["ok"]
        self.caller = c = Caller()
        servers = {f.__name__.replace("_", "-"): Raw(f) for f in (silent, only_a_head, half, drips)}
        full = socket.socket()
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for s in fillers:
            s.setblocking(False)
            s.connect_ex(full.getsockname())
        ports = {**{n: s.port for n, s in servers.items()}, "full": full.getsockname()[1]}
        for name, port in ports.items():
            c.provider(name, f"http://127.0.0.1:{port}")
        calls = {name: c.begin(name) for name in ports}
        self.ends = {name: c.end(call, FIRST_S + 30) for name, call in calls.items()}
        for s in [full, *fillers]:
            s.close()

    def close(self):
        self.caller.close()
        self.idle.close()


def setup():
    return Waited()


def given_up(w, name, seconds, words):
    r = w.ends[name]
    assert not r["ok"] and words in r["why"], r
    assert seconds * 1000 <= r["ms"] < (seconds + 20) * 1000, r["ms"]
    return r


def test_a_connection_that_does_not_come_is_given_up(w):
    r = given_up(w, "full", CONNECT_S, "does not answer")
    assert not r["late"] and r["sent"] == 0, r


def test_silence_is_given_up_and_not_tried_again(w):
    for name in ("silent", "only-a-head"):
        r = given_up(w, name, FIRST_S, f"no answer within {FIRST_S} s")
        assert r["late"] and r["tries"] == 1, r


def test_an_answer_that_stops_in_its_middle_is_given_up(w):
    r = given_up(w, "half", IDLE_S, "stopped in its middle")
    assert r["late"] and r["data"] == b'{"a":1}\n', r


def test_a_slow_answer_is_not_given_up(w):
    r = w.ends["drips"]
    assert r["ok"] and r["ms"] > IDLE_S * 1000, r


def test_a_connection_that_nobody_uses_is_closed(w):
    assert len(w.kept.ended) == 1, w.kept.ended
    assert KEPT_S - 2 <= w.kept.ended[0] - w.kept_at < KEPT_S + 20
