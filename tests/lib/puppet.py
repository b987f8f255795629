# SPDX-License-Identifier: Apache-2.0
"""A house whose listening part was taken over: it does what a test says, with
all that it holds (tests/probe/puppet.c)."""

import json
import os
import time

from house import House, wait_for
from wire import Wire, key_id, sha, sign


class Puppet:
    """What whoever took control over can do."""

    def __init__(self, house):
        self.house = house
        self.wire = None

    def tell(self, what, **v):
        """On the connection of before, or on another when that has ended."""
        for wire in (self.wire, None):
            try:
                wire = wire or Wire(self.house, self.house.console)
                got = wire.request("POST", "/puppet", {"do": what, **v})
                if got is not None:
                    break
            except OSError:
                continue
        self.wire = wire
        status, answer = got
        assert status == 200, answer
        return answer

    def send(self, to, kind, body, bulk=""):
        """A message of its own, and what comes back: (body, text)."""
        v = self.tell("send", to=to, type=kind, body=body, bulk=bulk)
        return v["body"], v["bulk"]

    # ---- to the core, in anybody's name ----

    def asks(self, client, query, **params):
        """As that client, whose id it knows: (the error's number, answer)."""
        body, text = self.send("core", "MSG_CLIENT_REQUEST",
                               {"client": client, "query": query, "params": params})
        return body["err"], json.loads(text)

    def commands(self, client, text, body, signature):
        got, words = self.send("core", "MSG_CLIENT_REQUEST",
                               {"client": client, "text": text, "signature": signature}, body)
        return got["err"], json.loads(words)

    def text(self, client, name, body):
        """A command's words, with a challenge of the house for that client."""
        err, at = self.asks(client, "challenge")
        assert err == 0, at
        lines = {"box": at["box"], "client": client, "boot": at["boot"],
                 "challenge": at["challenge"], "command": name, "body-sha256": sha(body.encode())}
        return "durward-command/1\n" + "".join(f"{k} {v}\n" for k, v in lines.items())

    def forges(self, client, name, body, key):
        """In one client's name, by a key that is in its hands."""
        body = json.dumps(body)
        text = self.text(client, name, body)
        return self.commands(client, text, body, sign(key, text.encode()))

    def replays(self, kept):
        c = kept["command"]
        return self.commands(kept["client"], c["text"], c["body"], c["signature"])


def puppet_house(**options):
    h = House(binary="probe-puppet", **options)
    h.puppet = Puppet(h)
    return h


def id_of(client):
    return key_id(os.path.join(client.folder, "key.pem"))


def log_size(h):
    """How many entries the log has, once no run goes on that would add some,
    and what was written behind an answer is there."""
    w = Wire(h, h.console)

    def size():
        return w.query("status")[1]["log_size"]
    try:
        wait_for(lambda: all(r["state"] != "open" for r in w.query("runs")[1]["runs"]))
        before = -1
        while before != (now := size()):
            before = now
            time.sleep(0.3)
        return now
    finally:
        w.close()
