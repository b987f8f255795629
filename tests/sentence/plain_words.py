# SPDX-License-Identifier: Apache-2.0
"""Sentences and what they mean, in English and German.

Our own templates (config/sentences) with sentences of ours.  Those of the
package home-assistant-intents, as published: every language of it loads, and
none of our sentences from outside a home matches.  And, where SENTENCES names
a folder with the templates and tests of the repository home-assistant/intents,
each of its test sentences."""

import glob
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path += [HERE, os.path.join(TOP, "tests", "models")]
import corpus  # noqa: E402
from peers import Skip, installed  # noqa: E402

LANGUAGES = ("en", "de")
# What the repository's own tests list as failing is not expected of us.
MISSES_MOST = {"en": 0, "de": 2}
SHOWN = 30


def setup():
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    subprocess.run(["make", "-C", TOP, os.path.relpath(corpus.DRIVER, TOP)], check=True,
                   stdout=subprocess.DEVNULL, env=env)


def ours(lang):
    return os.path.join(TOP, "config", "sentences", f"{lang}.json")


def home(lang):
    return os.path.join(HERE, f"home.{lang}.json")


def lines_of(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as f:
        return [line for line in f.read().splitlines() if line and not line.startswith("#")]


def none_of(wrong):
    assert not wrong, "\n  ".join(wrong[:SHOWN])


# ---- our own ----

def own_cases(lang):
    """(text, known, the intent or None, slots, ids that it asks about)"""
    for line in lines_of(f"ours.{lang}.txt"):
        text, meant = line.split(" => ")
        text, *known = text.split(" @")
        meant, *ids = meant.split(" ?")
        intent, _, slots = meant.partition(" ")
        yield (text, dict(k.split("=") for k in known), None if intent == "nothing" else intent,
               dict(s.split("=") for s in slots.split("; ") if s),
               ids[0].split(",") if ids else None)


def understood(answer, intent, slots, ids):
    if intent is None:
        return answer.get("error") == "no such thing"
    said = {k: v if isinstance(v, str) else f"{v:g}" for k, v in answer.get("slots", {}).items()}
    return (answer.get("intent"), said, answer.get("ids")) == (intent, slots, ids)


def misunderstood(which):
    """Of those cases of ours that `which` takes, the ones with another answer."""
    wrong = []
    for lang in LANGUAGES:
        cases = [c for c in own_cases(lang) if which(c)]
        assert cases, lang
        answers = corpus.ask(ours(lang), home(lang), [(c[0], c[1]) for c in cases])
        wrong += [f"{lang}: {c[0]!r} -> {a}" for c, a in zip(cases, answers)
                  if not understood(a, *c[2:])]
    return wrong


def test_our_own_templates_understand_what_they_should():
    none_of(misunderstood(lambda c: c[2] and not c[4]))


def test_what_does_not_fit_the_thing_or_the_place_means_nothing():
    none_of(misunderstood(lambda c: not c[2]))


def test_one_name_of_two_things_is_asked_about():
    none_of(misunderstood(lambda c: c[4]))


# ---- from outside ----

def strangers(templates, lang):
    """Sentences from outside that mean something to these templates."""
    texts = [t for l in LANGUAGES for t in lines_of(f"outside.{l}.txt")]
    assert len(texts) >= 300 and len(set(texts)) == len(texts)
    area = {"en": "Kitchen", "de": "Küche"}[lang]
    questions = [(t, known) for t in texts for known in ({}, {"area": area})]
    return [f"{lang}: {q} -> {a}"
            for q, a in zip(questions, corpus.ask(templates, home(lang), questions))
            if a.get("error") != "no such thing"]


def test_sentences_from_outside_mean_nothing_to_ours():
    none_of([w for lang in LANGUAGES for w in strangers(ours(lang), lang)])


def published():
    """The package's files by language, from the machine's own package index."""
    folder = installed(
        os.path.join(TOP, "build", "sentences"), [os.path.join(HERE, "requirements.txt")],
        [sys.executable, "-m", "venv", "--clear", "venv"],
        ["venv/bin/python", "-m", "pip", "install", "--quiet", "--no-deps",
         "--only-binary=:all:", "-r", "requirements.txt"])
    data = glob.glob(os.path.join(folder, "venv", "lib", "python*", "site-packages",
                                  "home_assistant_intents", "data", "*.json"))
    return {os.path.basename(path)[:-5]: path for path in sorted(data)}


def test_every_published_language_loads():
    files = published()
    assert len(files) >= 40, sorted(files)
    for path in files.values():
        corpus.ask(path, home("en"), [])


def test_sentences_from_outside_mean_nothing_to_the_published_templates():
    files = published()
    none_of([w for lang in LANGUAGES for w in strangers(files[lang], lang)])


# ---- the tests of the repository ----

def test_the_sentences_of_home_assistant_mean_what_they_should():
    top = corpus.folder()
    if corpus.missing(top):
        raise Skip(corpus.missing(top))
    wrong = []
    for lang in LANGUAGES:
        right, n, us, misses = corpus.measure(top, lang)
        print(f"{lang}: {right} of {n}, p50 {us[n // 2]:.0f} us, p99 {us[n * 99 // 100]:.0f} us")
        print("".join(f"  miss {m}\n" for m in misses), end="")
        if len(misses) > MISSES_MOST[lang] or n < 1000:
            wrong += misses + [f"{lang}: {n} sentences"]
    none_of(wrong)


def test_sentences_from_outside_mean_nothing_to_home_assistants_templates():
    top = corpus.folder()
    if corpus.missing(top):
        raise Skip(corpus.missing(top))
    wrong = []
    for lang in LANGUAGES:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "sentences")
            corpus.write(path, corpus.sentences(top, lang))
            wrong += strangers(path, lang)
    none_of(wrong)
