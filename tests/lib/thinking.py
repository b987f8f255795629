# SPDX-License-Identifier: Apache-2.0
"""Houses that think with a scripted model server (models.py)."""

import json
import os

from models import ModelServer, steps_of

from house import House

DIALECTS = ("ollama", "openai", "anthropic")


def provider(h, dialect, url, models=("tiny",), place="house", name=None, **members):
    """Add one as an owner does; it is called model.PLACE.NAME, by default as
    its dialect."""
    path = "/v1" if dialect == "openai" else ""
    folder = os.path.join(h.root, "provider-" + (name or dialect))
    os.makedirs(folder, exist_ok=True)
    manifest = {"name": name or dialect, "version": "1", "transport": "model", "dialect": dialect,
                "url": url + path, "place": place,
                "models": [{"name": m, "context": 8192} for m in models], **members}
    with open(os.path.join(folder, "tool.json"), "w") as f:
        json.dump(manifest, f)
    r = h.console.run("tool", "add", folder, "--yes")
    assert r.returncode == 0, r.stdout + r.stderr


def calls(*saved):
    """A reply that saves these notes."""
    return {"calls": [save(text) for text in saved]}


def save(text):
    return {"name": "notes__save", "arguments": {"text": text}}


class Thinking:
    """A house, and the server that its one model lives on."""

    def __init__(self, dialect, tools=("notes",), **kw):
        self.dialect = dialect
        self.house = House(tools=tools, **kw).start()
        self.server = ModelServer([])
        provider(self.house, dialect, self.server.url)

    def say(self, *script):
        """What the model says from now on; a function says all of it."""
        with self.server.changed:
            one = len(script) == 1 and callable(script[0])
            self.server.script = script[0] if one else steps_of(list(script))

    def ask(self, goal="what do you think?", *script):
        """The log entries of a run, and the chats that it took."""
        if script:
            self.say(*script)
        before = len(self.server.chats)
        entries = self.house.console.ask(goal)
        assert entries[-1]["kind"] == "run-done", entries[-1]
        return entries, self.server.chats[before:]

    def notes(self):
        return self.house.console.reply("list notes")

    def close(self):
        self.house.close()
        self.server.close()


def acts_of(entries):
    """The tools that were proposed, but for models."""
    return [e["tool"] for e in entries
            if e["kind"] == "proposed" and not e["tool"].startswith("model.")]
