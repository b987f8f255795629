# SPDX-License-Identifier: Apache-2.0
"""Sentences, their tests and their home, from a folder laid out like the
repository home-assistant/intents: sentences/LANG/*.yaml and tests/LANG/*.yaml,
turned into the JSON that the project publishes and into cases of ours."""

import glob
import itertools
import json
import os

import yaml

SKIPPED = ("_fixtures.yaml", "_test_failures.yaml")


class Loader(yaml.SafeLoader):
    """Plain YAML, with the C reader where there is one."""


def read(path):
    with open(path, encoding="utf-8") as f:
        return yaml.load(f, getattr(yaml, "CSafeLoader", Loader))


def merge(into, more):
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        elif isinstance(value, list) and isinstance(into.get(key), list):
            into[key] = into[key] + value
        else:
            into[key] = value


def sentences(top, lang):
    """The published form of a language."""
    merged = {}
    paths = sorted(glob.glob(os.path.join(top, "sentences", lang, "*.yaml")))
    for path in paths:
        merge(merged, read(path))
    merged.pop("responses", None)
    return merged


def spellings(text):
    """What a template of a name without lists and rules stands for."""
    def sequence(at, close):
        ways, done = [""], []
        while at < len(text) and text[at] != close:
            c = text[at]
            if c == "|":
                done += ways
                ways, at = [""], at + 1
                continue
            if c in "([":
                kids, at = sequence(at + 1, ")" if c == "(" else "]")
                if c == "[":
                    kids = kids + [""]
            else:
                kids = [c]
            at += 1
            ways = [a + b for a, b in itertools.product(ways, kids)]
        return done + ways, at
    return [" ".join(way.split()) for way in sequence(0, None)[0]]


def plain(value):
    return value if isinstance(value, str) else json.dumps(value)


def things(entries, facts):
    """Each spelling is a thing of its own: the tests name it."""
    return [{"id": f"{e['id']}/{name}", "name": name, "facts": facts(e)}
            for e in entries for name in spellings(e["name"])]


def home(top, lang):
    fixtures = read(os.path.join(top, "tests", lang, "_fixtures.yaml"))

    def facts(entity):
        known = {"domain": entity["id"].split(".")[0], **entity.get("attributes", {})}
        return {k: plain(v) for k, v in known.items()}
    return {"name": things(fixtures.get("entities", []), facts),
            "area": things(fixtures.get("areas", []), lambda _: {}),
            "floor": things(fixtures.get("floors", []), lambda _: {})}


def cases(top, lang):
    """(text, what is known, the intent, its slots), one for each sentence."""
    for path in sorted(glob.glob(os.path.join(top, "tests", lang, "*.yaml"))):
        if os.path.basename(path) in SKIPPED:
            continue
        for test in read(path)["tests"]:
            intent = test["intent"]
            for text in test["sentences"]:
                yield (text, intent.get("context") or {}, intent["name"],
                       intent.get("slots") or {})
