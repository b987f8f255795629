# SPDX-License-Identifier: Apache-2.0
"""What the web app and its WebSockets take, as numbers for `run`."""

import json
import os
import select
import statistics
import subprocess
import time

from browser import Live, paired
from house import TOP
from wire import Wire, key_id, sha, sign

median = statistics.median
PACE_S = 0.1


def first_loads():
    """A paired phone's cold loads in Chromium: (milliseconds until it is usable, compressed
    bytes) of each, throttled, and the same of loads that are not."""
    r = subprocess.run([os.path.join(TOP, "tests", "web", "run"), "--ready"], text=True,
                       stdout=subprocess.PIPE, cwd=TOP, timeout=300)
    assert r.returncode == 0, r.stdout
    return json.loads(r.stdout)


def approve(h, w, name):
    """Milliseconds from sending a yes to the intent's entry and to that of the start, by the
    machine's one clock, in which each entry says its own."""
    h.console.ask(f"save a note: {name}")
    p, act = h.console.asked(f"delete the note {name}")
    key = os.path.join(h.console.folder, "key.pem")
    sheet = w.query(f"sheet?act={act}")[1]["sheet"]
    body = json.dumps({"act": act, "signature": sign(key, sheet.encode())})
    text = w.command_text("approve", body)
    whole = {"text": text, "body": body, "signature": sign(key, text.encode())}
    sent = time.time() * 1000
    status, answer = w.request("POST", "/v1/command", whole)
    assert status == 200, answer
    out, err = p.communicate(timeout=30)
    assert p.returncode == 0, err
    at = {e["kind"]: e["wall_ms"] for e in map(json.loads, out.splitlines()) if e.get("act") == act}
    return at["approved"] - sent, at["started"] - sent, at["started"] - at["intent"]


def approvals(h, n):
    w = Wire(h, h.console)
    rows = [approve(h, w, f"bench{i}") for i in range(n)]
    w.close()
    return rows


class Follower:
    """One page: asks for what comes behind the last that it heard, again and again, but no
    oftener than PACE_S: the listener takes 20 messages a second of each."""

    def __init__(self, h, browser, start):
        self.live = Live(h)
        assert "session" in self.live.open(browser)
        self.next, self.heard = start, 0
        self.ask()

    def ask(self):
        self.live.say({"id": 1, "query": "events", "params": {"from": self.next}})
        self.asked, self.waits = time.monotonic(), True

    def ask_in_time(self):
        if not self.waits and time.monotonic() >= self.asked + PACE_S:
            self.ask()

    def hear(self):
        entries = self.live.hear()["body"]["entries"]
        self.waits = False
        if entries:
            assert entries[0]["seq"] == self.next, (entries[0]["seq"], self.next)
            self.heard += len(entries)
            self.next = entries[-1]["seq"] + 1


def follow(h, clients, each, work):
    """Events a second that `clients` browsers with `each` WebSockets hear, every one all that
    `work`, a program, leads to, from its start to when the last has the last; and how many
    those are."""
    browsers = [paired(h, f"follower{i}", "viewer") for i in range(clients)]
    head = Live(h)
    assert "session" in head.open(browsers[0])

    def size():
        return head.query("status")["body"]["log_size"]
    start = size()
    followers = [Follower(h, b, start) for b in browsers for _ in range(each)]
    by_socket = {f.live.socket: f for f in followers}
    begin, end = time.monotonic(), None
    p = subprocess.Popen(work, env=h.console.env, stdout=subprocess.DEVNULL)
    while end is None or any(f.next < end for f in followers):
        assert time.monotonic() < begin + 120, "events are missing"
        for f in followers:
            f.ask_in_time()
        for s in select.select(list(by_socket), [], [], PACE_S / 5)[0]:
            by_socket[s].hear()
        if end is None and p.poll() is not None:
            assert p.returncode == 0
            end = size()
    took = time.monotonic() - begin
    for f in followers:
        f.live.close()
    head.close()
    return sum(f.heard for f in followers) / took, end - start
