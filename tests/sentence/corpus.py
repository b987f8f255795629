# SPDX-License-Identifier: Apache-2.0
"""Sentences, their tests and their home, from a folder laid out like the
repository home-assistant/intents: sentences/LANG/*.yaml and tests/LANG/*.yaml,
turned into the JSON that the project publishes and into cases of ours; and
what the driver answers to them."""

import glob
import itertools
import json
import os
import platform
import subprocess
import tempfile

try:
    import yaml
except ImportError:
    yaml = None

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DRIVER = os.path.join(TOP, "build", platform.machine(), "tests", "sentence-driver")
SKIPPED = ("_fixtures.yaml", "_test_failures.yaml")
SECONDS = 300


def folder():
    """Where it is: as SENTENCES says, or in a folder named data beside the
    checkout, as scripts/deps looks for sources."""
    found = glob.glob(os.path.join(TOP, "..", "*", "data", "ha-intents"))
    return os.environ.get("SENTENCES") or (found[0] if found else None)


def missing(top):
    """What there is not of it, or None."""
    if not top or not os.path.isdir(os.path.join(top, "sentences")):
        return ("SENTENCES names no folder with sentences/ and tests/ of the repository "
                "home-assistant/intents")
    return None if yaml else "it is read with PyYAML, which is not here"


def read(path):
    with open(path, encoding="utf-8") as f:
        return yaml.load(f, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


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


def ask(templates, home, questions):
    """An answer for each (text, known)."""
    lines = "".join(json.dumps({"text": text, "known": known}) + "\n"
                    for text, known in questions)
    r = subprocess.run([DRIVER, templates, home], input=lines, text=True,
                       capture_output=True, timeout=SECONDS)
    if r.returncode != 0:
        raise RuntimeError(f"{templates}: {r.stderr[-2000:]}")
    answers = [json.loads(line) for line in r.stdout.splitlines()]
    assert len(answers) == len(questions), (len(answers), len(questions))
    return answers


def is_value(want, got):
    """As the repository compares: a list stands for any of it."""
    if isinstance(want, list):
        return set(want) <= set(got) if isinstance(got, list) else got in want
    return want in got if isinstance(got, list) else want == got


def is_meant(answer, known, intent, slots):
    if answer.get("intent") != intent or set(answer["slots"]) != set(slots):
        return False
    if not all(is_value(slots[k], v) for k, v in answer["slots"].items()):
        return False
    return not known or answer["known"] == {k: plain(v) for k, v in known.items()}


def write(path, made):
    with open(path, "w", encoding="utf-8") as f:
        json.dump(made, f, ensure_ascii=False)


def answers_of(top, lang):
    known_cases = list(cases(top, lang))
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, n) for n in ("sentences", "home")]
        for path, made in zip(paths, (sentences(top, lang), home(top, lang))):
            write(path, made)
        questions = [(text, {k: plain(v) for k, v in known.items()})
                     for text, known, _, _ in known_cases]
        return known_cases, ask(*paths, questions)


def measure(top, lang):
    """(right, all, microseconds in their order, the misses) of a language."""
    all_cases, answers = answers_of(top, lang)
    misses = [f"{lang}: {text!r} known {known} means {intent} {slots} -> {a}"
              for (text, known, intent, slots), a in zip(all_cases, answers)
              if not is_meant(a, known, intent, slots)]
    return (len(all_cases) - len(misses), len(all_cases),
            sorted(a["ns"] / 1000 for a in answers), misses)
