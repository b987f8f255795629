# SPDX-License-Identifier: Apache-2.0
"""Models go wrong: each way ends in one clear sentence for the person, nothing
hangs, nothing is done of a broken answer, and the next goal is answered."""

import json
import os
import signal
import time

from house import wait_for
from model_faults import FAULTS, TALK, WORDS, calling
from models import ModelServer
from thinking import DIALECTS, Thinking, acts_of, calls, provider, save

FINE = {"text": ["It is ", "fine."]}

# What the person reads; every answer of the model is the same.
SENTENCES = {
    "rate_limit_for_a_day": "429",
    "server_error_for_a_client_error": "500",
    "gateway": "502",
    "key_refused": "401",
    "no_money": "402",
    "forbidden": "403",
    "model_not_found": "404",
    "too_large": "413",
    "prompt_too_long": "400",
    "redirect": "another address",
    "redirect_to_another_host": "another address",
    "error_in_mid_stream": "Overloaded",
    "error_in_the_first_event": "Overloaded",
    "error_after_a_call": "out of memory",
    "cut_before_the_first_byte": "closed the connection",
    "cut_after_the_head": "",
    "cut_in_mid_stream": "",
    "cut_in_mid_stream_by_a_reset": "",
    "cut_in_a_call": "",
    "cut_that_looks_like_an_end": "",
    "broken_json": "",
    "no_json_at_all": "",
    "empty_body": "",
    "nothing_said": "empty",
    "refusal": "refused",
    "unknown_tool": "do not fit the tools",
    "missing_argument": "do not fit the tools",
    "argument_of_another_type": "do not fit the tools",
    "argument_of_another_name": "do not fit the tools",
    "arguments_that_are_no_json": "do not fit the tools",
    "arguments_that_are_no_object": "do not fit the tools",
    "forty_calls_and_the_last_cut": "cut at its ceiling of tokens",
    "megabyte_line": "",
}

# Ollama knows no refusal.
ONLY_IN = {"refusal": ("openai", "anthropic")}

# There arguments are no text, so nothing of such a line is read.
OF_OLLAMA = {"arguments_that_are_no_json": "cannot be read"}

# Those whose form differs between the dialects.
IN_EACH = ("error_in_mid_stream", "cut_in_a_call", "cut_that_looks_like_an_end",
           "broken_json", "forty_calls_and_the_last_cut", "key_refused",
           "arguments_that_are_no_json", "error_after_a_call")


class Houses:
    def __init__(self):
        self.all = {d: Thinking(d) for d in DIALECTS}

    def close(self):
        for t in self.all.values():
            t.close()


def setup():
    return Houses()


def of_notes(step):
    """The same fault, with calls of a tool that is there."""
    if "calls" not in step:
        return step
    return {**step, "calls": [{**c, "name": "notes__save" if c["name"] == "echo" else c["name"]}
                              for c in step["calls"]]}


def check_sentence(reply, words):
    assert words in reply, reply
    assert 20 < len(reply) < 500 and "\n" not in reply.strip(), reply


def test_what_passes_is_tried_again(houses):
    for d, t in houses.all.items():
        for name in ("rate_limit", "overloaded", "cut_before_the_first_byte"):
            entries, chats = t.ask("what now?", FAULTS[name], FINE)
            assert entries[-1]["reply"] == "It is fine.", (d, name, entries[-1])
            assert len(chats) == 2, (d, name, len(chats))
            assert name != "rate_limit" or chats[1].at - chats[0].at >= 1, "it did not wait"


def test_an_answer_that_broke_is_asked_for_again(houses):
    for d, t in houses.all.items():
        for name in ("cut_in_a_call", "cut_that_looks_like_an_end", "error_in_mid_stream"):
            entries, chats = t.ask("what now?", of_notes(FAULTS[name]), FINE)
            assert entries[-1]["reply"] == "It is fine.", (d, name, entries[-1])
            assert len(chats) == 2 and acts_of(entries) == [], (d, name, entries)


def test_what_is_whole_is_read_however_it_comes(houses):
    for d, t in houses.all.items():
        for name in ("half_characters", "single_bytes", "odd_pieces", "slow_drip", "strangers",
                     "ended_by_close", "crlf"):
            entries, _ = t.ask("what now?", FAULTS[name])
            want = "slow" if name == "slow_drip" else "".join(WORDS)
            assert entries[-1]["reply"] == want, (d, name, entries[-1])
        step = calling(FAULTS["single_byte_arguments"], save("Grüße, 世界 🙂 " + d))
        entries, _ = t.ask("what now?", step, FINE)
        assert acts_of(entries) == ["notes.save"], (d, entries)
        assert "世界 🙂 " + d in t.notes(), d


def test_each_failure_ends_in_a_sentence_and_the_next_goal_is_answered(houses):
    for i, (name, words) in enumerate(SENTENCES.items()):
        some = DIALECTS if name in IN_EACH else (DIALECTS[i % 3],)
        for d in ONLY_IN.get(name, some):
            t = houses.all[d]
            before = t.notes()
            begin = time.monotonic()
            entries, chats = t.ask("what now?", {**of_notes(FAULTS[name]), "repeat": True})
            took = time.monotonic() - begin
            reply = entries[-1]["reply"]
            print(f"  {name} {d}: {len(chats)} calls, {took:.1f} s: {reply}")
            assert entries[-1]["reached"] is False, (d, name, reply)
            check_sentence(reply, OF_OLLAMA.get(name, words) if d == "ollama" else words)
            # Four tries, and one more by a connection that was kept too long.
            assert took < 60 and len(chats) <= 5, (d, name, took, len(chats))
            assert acts_of(entries) == [] and t.notes() == before, (d, name)
            entries, _ = t.ask("and now?", FINE)
            assert entries[-1]["reply"] == "It is fine.", (d, name, entries[-1])


def test_what_one_provider_signed_and_hid_no_other_provider_is_told(_):
    thought, signed = "nobody else may read this thought", "c2lnbmF0dXJlLW9mLXRoZS1maXJzdA=="
    first = {"thinking": [thought], "signature": signed, "redacted": "cmVkYWN0ZWQtYnktdGhlLWZpcnN0",
             "strangers": True, "text": ["I save it."], "calls": [save("of the first")]}
    for d in DIALECTS:
        t, other = Thinking(d), ModelServer([FINE])
        provider(t.house, d, other.url, name="other")
        r = t.house.console.run("model", "use", "planner", f"{d}/tiny,other/tiny")
        assert r.returncode == 0, r.stderr
        entries, chats = t.ask("what now?", first, {"status": 400, "repeat": True})
        assert entries[-1]["reply"] == "It is fine.", (d, entries[-1])
        assert acts_of(entries) == ["notes.save"], (d, entries)
        told, again = other.chats[-1].body.decode(), chats[-1].body.decode()
        assert thought in again, (d, "who said it is told it as it was", again)
        for words in (thought, signed, first["redacted"], "hum", "reasoning", "thinking"):
            assert words not in told, (d, words, told)
        assert "I save it." in told and "of the first" in told, (d, told)
        t.close()
        other.close()


def test_words_instead_of_a_call_are_only_words(houses):
    for d, t in houses.all.items():
        for name in ("no_call_that_was_required", "call_as_prose"):
            entries, chats = t.ask("what now?", FAULTS[name])
            assert acts_of(entries) == [] and len(chats) == 1, (d, name, entries)


def test_the_same_call_for_ever_is_made_once(houses):
    worst = 0
    for d, t in houses.all.items():
        entries, chats = t.ask("what now?", {**calls("for ever " + d), "repeat": True})
        assert acts_of(entries) == ["notes.save"], (d, entries)
        check_sentence(entries[-1]["reply"], "a second time")
        worst = max(worst, len(chats))
    print(f"runaway_calls {worst}")
    assert worst <= 2


def test_a_silent_server_holds_up_nobody_and_its_end_ends_the_call(_):
    t = Thinking("ollama")
    try:
        t.say({**TALK, "stall": "middle"}, {**TALK, "stall": "middle", "repeat": True})
        p = t.house.console.start("ask", "what now?", "--json")
        t.server.wait(1, done=False)
        assert "note" in t.notes(), "another goal goes on"
        t.server.close()
        out, err = p.communicate(timeout=60)
        assert '"run-done"' in out and "does not answer" in out, out + err
        entries = t.house.console.ask("and nobody there?")
        check_sentence(entries[-1]["reply"], "is it running?")
    finally:
        t.house.close()


def kill_while_asked(role, *before):
    t = Thinking("ollama")
    try:
        t.say(*before, calls("once"), {**TALK, "stall": "middle"}, FINE)
        p = t.house.console.start("ask", "what now?", "--json")
        t.server.wait(2 + len(before), done=False)
        os.kill(t.house.wait_roles()[role], signal.SIGKILL)
        if role == "core":
            p.communicate(timeout=60)
            t.house.wait_up()

        def ended():
            "the end of the run"
            r = t.house.console.run("audit", "show", "--json")
            entries = [json.loads(line) for line in r.stdout.splitlines()]
            return [e for e in entries if e["kind"] == "run-done"]
        end = wait_for(ended, 60, 0.2)[0]
        assert end["reply"] == "It is fine.", end
        assert len(t.server.chats) == 3 + len(before), "it was asked again"
        assert t.notes().count("once") == 1, t.notes()
        if role != "core":
            p.communicate(timeout=60)
    finally:
        t.close()


def test_a_mind_that_dies_asks_again_and_does_nothing_twice(_):
    kill_while_asked("mind")


def test_a_long_run_is_taken_up_as_well(_):
    """Its steps are more than one message between roles may be."""
    rounds = [calls(*(f"{n}{i} " + "long " * 1600 for i in range(5))) for n in "abcd"]
    kill_while_asked("mind", *rounds)


def test_when_egress_dies_the_model_is_asked_again(_):
    kill_while_asked("egress")


def test_when_the_core_dies_the_model_is_asked_again(_):
    kill_while_asked("core")
