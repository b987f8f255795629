# SPDX-License-Identifier: Apache-2.0
"""A model whose call does not fit, or that only speaks of one, is told so and
must choose: a call that fits, or its last words.  Then comes the next model of
the list, and then the person.  What was asked is read in the real requests."""

import json

from house import House
from models import ModelServer, steps_of
from thinking import DIALECTS, acts_of, provider, save

PROSE = {"text": "I will call notes__save with the text, as you wish."}
WRONG = {"calls": [{"name": "notes__save", "arguments": {"words": "milk"}}]}
DONE = {"text": ["It is ", "done."]}


class Two:
    """A house whose list has a small model and a stronger one."""

    def __init__(self, dialect):
        self.house = House().start()
        self.server = ModelServer([])
        self.dialect = dialect
        provider(self.house, dialect, self.server.url, models=("small", "large"))
        r = self.house.console.run("model", "use", "planner",
                                   f"{dialect}/small,{dialect}/large")
        assert r.returncode == 0, r.stdout + r.stderr

    def ask(self, *script):
        with self.server.changed:
            self.server.script = steps_of(list(script))
        before = len(self.server.chats)
        entries = self.house.console.ask("please keep the milk in mind")
        return entries, self.server.chats[before:]

    def close(self):
        self.house.close()
        self.server.close()


def setup():
    class All:
        def __init__(self):
            self.all = {d: Two(d) for d in DIALECTS}

        def close(self):
            for t in self.all.values():
                t.close()
    return All()


def chosen(dialect, tool, **args):
    """What a model says that had to choose."""
    if dialect != "ollama":
        return {"calls": [{"name": tool, "arguments": args}]}
    body = {"text": args["text"]} if tool == "final" else {"arguments": args}
    text = json.dumps({"tool": tool, **body})
    return {"text": [text[:7], text[7:]]}


def is_forced(chat):
    """By the one member that each dialect has for it, and with a way out."""
    asked = chat.json
    if "format" in asked:
        names = [s["properties"]["tool"]["const"] for s in asked["format"]["oneOf"]]
        save_schema = asked["format"]["oneOf"][names.index("notes__save")]
        assert save_schema["properties"]["arguments"]["required"] == ["text"], save_schema
        assert "tools" not in asked and names[-1] == "final", asked
        return True
    forced = asked.get("tool_choice") in ("required", {"type": "any"})
    assert forced == ("final" in chat.tools), asked
    return forced


def models_of(chats):
    return [c.json["model"] for c in chats]


def test_a_call_that_does_not_fit_is_repaired_by_a_forced_choice(s):
    for d, t in s.all.items():
        entries, chats = t.ask(WRONG, chosen(d, "notes__save", text="milk " + d), DONE)
        assert [is_forced(c) for c in chats] == [False, True, False], d
        assert models_of(chats) == ["small"] * 3, d
        said = chats[1].messages[-1]
        assert "there is no argument 'words'" in said["text"], (d, said)
        assert acts_of(entries) == ["notes.save"], (d, entries)
        assert entries[-1]["reply"] == "It is done.", (d, entries[-1])
        assert "milk " + d in t.house.console.reply("list notes"), d


def test_who_only_speaks_of_a_call_must_choose(s):
    for d, t in s.all.items():
        entries, chats = t.ask(PROSE, chosen(d, "notes__save", text="bread " + d), DONE)
        assert [is_forced(c) for c in chats] == [False, True, False], d
        said = chats[1].messages[-1]
        assert said["role"] == "user" and "You spoke of notes.save" in said["text"], (d, said)
        assert acts_of(entries) == ["notes.save"], (d, entries)
        assert "bread " + d in t.house.console.reply("list notes"), d


def test_chosen_words_are_the_reply(s):
    for d, t in s.all.items():
        entries, chats = t.ask(PROSE, chosen(d, "final", text="notes.save would do it."))
        assert [is_forced(c) for c in chats] == [False, True], d
        assert acts_of(entries) == [] and entries[-1]["reached"] is True, (d, entries)
        assert entries[-1]["reply"] == "notes.save would do it.", (d, entries[-1])


def test_after_one_repair_comes_the_stronger_model_and_does_it(s):
    for d, t in s.all.items():
        for wrong in (WRONG, PROSE):
            text = f"eggs {d} {'text' in wrong}"
            entries, chats = t.ask(wrong, wrong, chosen(d, "notes__save", text=text), DONE)
            assert models_of(chats) == ["small", "small", "large", "large"], (d, chats)
            assert [is_forced(c) for c in chats] == [False, True, True, False], d
            assert acts_of(entries) == ["notes.save"], (d, entries)
            assert entries[-1]["model"] == "large" and entries[-1]["reached"], (d, entries[-1])


def test_after_the_stronger_model_comes_the_person(s):
    for d, t in s.all.items():
        for wrong, words in ((WRONG, "do not fit the tools"), (PROSE, "speaks of a call")):
            entries, chats = t.ask({**wrong, "repeat": True})
            assert models_of(chats) == ["small", "small", "large", "large"], (d, chats)
            assert acts_of(entries) == [] and entries[-1]["reached"] is False, (d, entries)
            reply = entries[-1]["reply"]
            assert words in reply and "stronger model" in reply, (d, reply)


def test_who_calls_and_then_speaks_of_it_is_believed(s):
    for d, t in s.all.items():
        entries, chats = t.ask({"calls": [save("once " + d)]}, {"text": "I called notes.save."})
        assert len(chats) == 2 and not any(is_forced(c) for c in chats), d
        assert entries[-1]["reply"] == "I called notes.save.", (d, entries[-1])
