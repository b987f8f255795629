# SPDX-License-Identifier: Apache-2.0
"""Models: a goal that the rules do not know is thought about by a model in the
house, whose calls are judged like all others."""

import json
import os

from house import House
from models import ModelServer

DIALECTS = ("ollama", "openai", "anthropic")


def provider(h, dialect, url, models=("tiny",), place="house", key=None):
    """Add one as an owner does."""
    path = "/v1" if dialect == "openai" else ""
    folder = os.path.join(h.root, "provider-" + dialect)
    os.makedirs(folder, exist_ok=True)
    manifest = {"name": dialect, "version": "1", "transport": "model", "dialect": dialect,
                "url": url + path, "place": place,
                "models": [{"name": m, "context": 8192} for m in models]}
    if key:
        manifest["key"] = key
    with open(os.path.join(folder, "tool.json"), "w") as f:
        json.dump(manifest, f)
    r = h.console.run("tool", "add", folder, "--yes")
    assert r.returncode == 0, r.stdout + r.stderr


def kinds(entries):
    return [e["kind"] for e in entries]


def test_a_model_answers_in_each_dialect():
    for dialect in DIALECTS:
        with House() as h, ModelServer([{"text": ["It is ", "a ", "house."]}]) as m:
            h.start()
            provider(h, dialect, m.url)
            entries = h.console.ask("what is this place?")
            assert entries[-1]["reply"] == "It is a house.", entries[-1]
            assert entries[-1]["reached"] is True and entries[-1]["model"] == "tiny"
            assert kinds(entries)[:3] == ["goal", "proposed", "judged"], entries
            assert entries[1]["tool"] == f"model.house.{dialect}", entries[1]


def test_a_models_call_is_judged_done_and_seen():
    script = [{"calls": [{"name": "notes__save", "arguments": {"text": "buy milk"}, "id": "c1"}]},
              {"text": ["Saved."]}]
    for dialect in DIALECTS:
        with House() as h, ModelServer(script) as m:
            h.start()
            provider(h, dialect, m.url)
            entries = h.console.ask("please keep in mind that I must buy milk")
            tools = [e["tool"] for e in entries if e["kind"] == "proposed"]
            assert tools == [f"model.house.{dialect}", "notes.save",
                             f"model.house.{dialect}"], entries
            assert entries[-1]["reply"] == "Saved.", entries[-1]
            assert h.console.reply("list notes").count("milk"), "it was saved"
