# SPDX-License-Identifier: Apache-2.0
"""Models are called as their orders say, by an egress that believes neither the
core nor the mind nor the server."""

import hashlib
import json
import time

from caller import HEAD, Caller, Raw, chunk
from models import ModelServer

KEY = "sk-test-4711-tangerine-submarine-0815"
PUBLIC = "9.77.0.9"


def setup():
    return Caller(names={"cloud.test": [PUBLIC], "home.test": ["127.0.0.1"],
                         "both.test": [PUBLIC, "127.0.0.1"]},
                  addresses=[PUBLIC], secrets={"provider-key": KEY.encode() + b"\n"})


def test_a_model_is_called_and_what_it_says_comes_to_the_mind(c):
    with ModelServer([{"text": ["Hel", "lo"]}]) as m:
        c.provider("plain", m.url)
        r = c.call("plain")
        assert r["ok"] and r["end"]["ok"] and r["status"] == 200, r
        assert b"Hel" in r["data"] and b'"done":true' in r["data"], r["data"]
        assert r["received"] == len(r["data"])
        assert r["sha256"] == hashlib.sha256(r["data"]).hexdigest()
        assert r["tries"] == 1 and not r["late"] and r["sent"] == len(m.chats[0].body), r
        assert m.chats[0].headers["user-agent"].startswith("durward/")
        assert m.chats[0].headers["content-type"] == "application/json"
