# SPDX-License-Identifier: Apache-2.0
"""Servers that break the protocol, lie, flood or change (hostile_server.py),
each with its exact outcome."""

import json
import os
import sys
import tempfile
import time

from drive import BUILD, HERE, Drive
from hostile_server import DRIFTS, LINES

SERVER = os.path.join(HERE, "hostile_server.py")
LEGACY = "ready legacy 2025-11-25"
MODERN = "ready modern 2026-07-28"
UNASKED = "broken the server says too much that nobody asked"
NO_MESSAGE = "broken the server wrote a line that is no message"
TOO_LONG = "broken the server wrote a line that is too long"
MALFORMED = ("failed", "the tool's answer is malformed")
# Far more than a session takes at its worst, far less than what is sent.
PEAK_KIB = 4096


class hostile(Drive):
    """A session with one of them; `told` is what it was told."""

    def __init__(self, driver, name, **kw):
        self.driver = driver
        fd, self.path = tempfile.mkstemp(dir=BUILD)
        os.close(fd)
        super().__init__(driver, [sys.executable, "-S", "-E", "-B", SERVER, name],
                         env={"HEARD": self.path}, **kw)

    def told(self):
        with open(self.path) as f:
            return [json.loads(line) for line in f if line.endswith("\n")]

    def methods(self):
        return [m.get("method") for m in self.told()]

    def ends(self, how="eof"):
        """The driver ends in order; under load it has not grown."""
        was, ms, kib = self.close()
        assert was == how and ms < 2900, (was, ms)
        assert self.driver == "asan" or kib < PEAK_KIB, f"{kib} KiB"

    def works(self):
        assert self.answer("act") == ("ok", "done")

    def __exit__(self, *rest):
        super().__exit__(*rest)
        os.unlink(self.path)


def broken(driver, name, *events, **kw):
    with hostile(driver, name, **kw) as d:
        d.expect(*events)
        d.expect_nothing(0.1)
        d.wish("call act {}")
        d.expect("refused not possible in this state")
        # One that floods hears of the end by its closed output alone.
        how, ms, kib = d.close()
        assert how in ("eof", "term"), (how, ms)
        assert driver == "asan" or kib < PEAK_KIB, f"{kib} KiB"
        return d.told()


def broken_by_call(driver, name, *events):
    with hostile(driver, name) as d:
        d.expect(LEGACY)
        d.call("act")
        d.expect(*events)
        d.expect_nothing(0.1)
        d.ends()


# ---- floods ----

def test_notes_without_end_are_cut_off(driver):
    broken(driver, "notes_without_end", LEGACY, UNASKED)


def test_notes_without_end_in_the_handshake_are_cut_off(driver):
    broken(driver, "notes_without_end_in_the_handshake", UNASKED)


def test_pings_without_end_are_cut_off(driver):
    broken(driver, "pings_without_end", LEGACY, UNASKED)


def test_blank_lines_without_end_are_cut_off(driver):
    broken(driver, "blank_lines_without_end", LEGACY, UNASKED)


def test_large_notes_without_end_are_cut_off(driver):
    broken(driver, "large_notes_without_end", LEGACY, UNASKED)


def test_progress_without_end_is_cut_off(driver):
    with hostile(driver, "progress_without_end") as d:
        d.expect(LEGACY)
        d.call("act")
        d.expect(UNASKED)


def test_notes_in_good_time_are_borne(driver):
    with hostile(driver, "notes_in_good_time") as d:
        d.expect(LEGACY)
        d.works()
        assert d.counts()["notifications"] == 600
        d.ends()


def test_changes_without_end_are_cut_off(driver):
    broken(driver, "changes_without_end", LEGACY,
           "broken the server changes its tools without end")


# ---- answers ----

def test_the_second_answer_of_two_is_not_heard(driver):
    with hostile(driver, "answers_twice") as d:
        d.expect(LEGACY)
        d.works()
        d.works()
        assert d.counts()["strays"] == 1
        d.ends()


def test_answers_without_end_are_cut_off(driver):
    with hostile(driver, "answers_without_end") as d:
        d.expect(LEGACY)
        n = d.call("act")
        d.expect(f"answer {n} ok done", "broken the server answers what nobody asked")


def test_answers_under_foreign_ids_are_not_heard(driver):
    with hostile(driver, "answers_under_foreign_ids") as d:
        d.expect(LEGACY)
        assert d.answer("act") == ("ok", "the true one")
        assert d.counts()["strays"] == 11
        d.works()
        d.ends()


def test_answers_before_the_question_are_not_heard(driver):
    with hostile(driver, "answers_before_it_is_asked") as d:
        d.expect(LEGACY)
        d.wait_counts(strays=19)
        d.works()
        assert d.counts()["strays"] == 19
        d.ends()


def test_the_late_answer_to_a_cancelled_call_is_not_heard(driver):
    with hostile(driver, "answers_what_was_cancelled") as d:
        d.expect(LEGACY)
        n = d.call("act")
        d.cancel(n)
        d.works()
        counts = d.counts()
        assert counts["late"] == 1 and counts["strays"] == 0, counts
        d.ends()
        cancelled = [m for m in d.told() if m["method"] == "notifications/cancelled"]
        assert [m["params"]["requestId"] for m in cancelled] == [n]


def test_a_list_that_nobody_asked_for_is_none(driver):
    with hostile(driver, "lists_again_unasked") as d:
        d.expect(LEGACY)
        d.wait_counts(strays=7)
        d.works()
        assert "forged" not in d.definitions()[1]
        assert d.counts()["strays"] == 7
        d.ends()


def test_an_answer_in_two_ways_is_none(driver):
    with hostile(driver, "answers_in_two_ways") as d:
        d.expect(MODERN)
        assert d.answer("act") == MALFORMED
        d.works()
        d.ends()


def test_an_answer_of_an_unknown_kind_is_none(driver):
    with hostile(driver, "answers_of_an_unknown_kind") as d:
        d.expect(MODERN)
        assert d.answer("act") == MALFORMED
        d.works()
        d.ends()


def test_who_wants_input_is_told_in_words_and_gets_none(driver):
    with hostile(driver, "wants_input") as d:
        d.expect(MODERN)
        assert d.answer("act") == ("failed", "the tool asks something before it goes on, and "
                                             "nobody can be asked yet")
        d.works()
        d.ends()
        assert d.methods() == ["server/discover", "tools/list", "tools/call", "tools/call"]


def test_an_answer_that_is_too_large_is_a_failure(driver):
    with hostile(driver, "answers_too_much") as d:
        d.expect(LEGACY)
        assert d.answer("act") == ("failed", "the result is larger than 65536 bytes")
        d.works()
        d.ends()


def test_who_ends_while_it_is_called_is_gone(driver):
    for name in ("ends_while_it_is_called", "stops_within_a_line"):
        with hostile(driver, name) as d:
            d.expect(LEGACY)
            d.call("act")
            d.expect("gone")
            d.expect_nothing(0.1)
            d.ends()


# ---- lines ----

def test_ten_million_bytes_without_an_end_of_line_are_cut_off(driver):
    broken(driver, "long_line", LEGACY, TOO_LONG)


def test_an_answer_of_ten_million_bytes_is_cut_off(driver):
    broken_by_call(driver, "long_answer", TOO_LONG)


def test_json_nested_too_deep_is_no_message(driver):
    broken_by_call(driver, "deep_json", NO_MESSAGE)


def test_a_banner_is_no_message(driver):
    broken(driver, "banner", NO_MESSAGE)


def test_text_that_is_not_strict_is_no_message(driver):
    for name in LINES:
        broken_by_call(driver, "line:" + name, NO_MESSAGE)


def test_several_messages_in_a_line_are_none(driver):
    broken_by_call(driver, "several_in_a_line",
                   "broken the server wrote something that is no message")


# ---- lists ----

def test_a_list_without_end_is_cut_off(driver):
    for name in ("pages_without_end", "empty_cursors_without_end"):
        told = broken(driver, name, "broken the server's list of tools does not end")
        assert len([m for m in told if m["method"] == "tools/list"]) == 16


def test_an_empty_cursor_is_not_the_end(driver):
    with hostile(driver, "empty_cursor") as d:
        d.expect(LEGACY)
        assert '"name":"first"' in d.definitions()[1] and '"name":"second"' in d.definitions()[1]
        d.ends()
        asked = [m["params"] for m in d.told() if m["method"] == "tools/list"]
        assert asked == [{}, {"cursor": ""}], asked


def test_lists_that_do_not_fit_are_refused(driver):
    broken(driver, "long_cursor", "broken the server's cursor is too long")
    broken(driver, "too_many_tools", "broken the server lists more tools than fit")
    broken(driver, "too_many_words", "broken the server's tools take too many words")
    broken(driver, "one_name_twice", "broken the server lists two tools of one name")
    broken(driver, "long_instructions", "broken the server's instructions are too long")


def test_a_list_of_an_unknown_kind_is_refused(driver):
    broken(driver, "list_of_an_unknown_kind", "broken the server does not list its tools")


# ---- definitions ----

def test_what_is_hidden_in_a_definition_can_be_seen(driver):
    with hostile(driver, "clean") as d:
        d.expect(LEGACY)
        clean, _ = d.definitions()
    with hostile(driver, "poison") as d:
        d.expect(LEGACY)
        digest, text = d.definitions()
        assert digest != clean
        assert text.isascii() and text.isprintable(), text
        for hidden in ("\\u202e", "\\u2066", "\\u2069", "\\u200b", "\\u200d", "\\ufeff",
                       "\\u001b[8m", "\\udb40\\udc41\\udb40\\udc42", "\\u0430dmin",
                       '"name":"a\\u200bct"', '"title":"\\u202egnp.exe"'):
            assert hidden in text, hidden
        d.ends()


def test_any_drift_after_the_first_list_is_told(driver):
    for name in DRIFTS:
        with hostile(driver, "drift:" + name) as d:
            d.expect(LEGACY)
            before, _ = d.definitions()
            d.call("act")
            after = d.expect_like("changed ")
            assert after != before and (after, ) == d.definitions()[:1], name
            d.expect_nothing(0.05)
            d.ends()


def test_the_same_definitions_in_another_order_are_no_drift(driver):
    with hostile(driver, "same_again") as d:
        d.expect(LEGACY)
        before = d.definitions()
        d.call("act")
        d.wait_counts(lists=2)
        d.works()
        assert d.definitions() == before and d.counts()["lists"] == 2
        d.expect_nothing(0.05)
        d.ends()


def test_drift_by_a_subscription_is_told_and_by_another_is_not(driver):
    with hostile(driver, "drifts_by_subscription") as d:
        d.expect(MODERN)
        before, _ = d.definitions()
        d.expect_nothing(0.2)
        d.call("act")
        assert d.expect_like("changed ") != before
        assert d.counts()["lists"] == 2
        d.ends()


# ---- eras ----

def test_an_account_that_comes_too_late_changes_nothing(driver):
    with hostile(driver, "discovers_too_late", probe_ms=200) as d:
        d.expect(LEGACY)
        d.works()
        counts = d.wait_counts(strays=1)
        assert counts["late"] == 1 and counts["strays"] == 1, counts
        d.ends()
        assert d.methods() == ["server/discover", "initialize", "notifications/initialized",
                               "tools/list", "tools/call"]
        assert all("_meta" not in m.get("params", {}) for m in d.told()[1:])


def test_silence_means_legacy_and_cancels_nothing(driver):
    begun = time.monotonic()
    with hostile(driver, "silent_to_the_question", probe_ms=300) as d:
        d.expect(LEGACY)
        assert time.monotonic() - begun >= 0.3
        d.works()
        d.ends()
        assert "notifications/cancelled" not in d.methods()


def test_who_is_silent_for_ever_is_never_ready(driver):
    with hostile(driver, "silent", probe_ms=100) as d:
        d.expect_nothing(0.5)
        d.ends()
        assert d.methods() == ["server/discover", "initialize"]


def test_who_refuses_what_it_names_is_given_up(driver):
    told = broken(driver, "refuses_what_it_names",
                  "broken the server refuses the revision it names")
    assert [m["method"] for m in told] == ["server/discover"] * 2


def test_revisions_that_nobody_knows_are_refused(driver):
    for name in ("speaks_the_future", "speaks_the_past", "initializes_as_modern"):
        broken(driver, name, "broken the server speaks no revision that we know")


def test_the_oldest_revision_will_do(driver):
    with hostile(driver, "oldest") as d:
        d.expect("ready legacy 2024-11-05")
        d.works()
        d.ends()


def test_a_modern_server_that_asks_gets_no_answer_and_is_given_up(driver):
    told = broken(driver, "modern_asks", MODERN,
                  "broken the server asks, which its revision forbids")
    assert all("method" in m for m in told), told
    metas = [m["params"]["_meta"] for m in told]
    assert all(m["io.modelcontextprotocol/protocolVersion"] == "2026-07-28" and
               m["io.modelcontextprotocol/clientCapabilities"] == {} and
               m["io.modelcontextprotocol/clientInfo"]["name"] == "durward" for m in metas)


def test_a_legacy_server_that_asks_gets_a_no_and_a_ping_back(driver):
    with hostile(driver, "legacy_asks") as d:
        d.expect(LEGACY)
        d.wait_counts(requests=4)
        d.works()
        d.ends()
        hello = next(m for m in d.told() if m.get("method") == "initialize")
        assert hello["params"]["capabilities"] == {}
        got = [(m["id"], m.get("result"), m.get("error", {}).get("code"))
               for m in d.told() if "method" not in m]
        assert got == [("s0", None, -32601), ("s1", None, -32601), ("s2", None, -32601),
                       ("s3", {}, None)], got


def test_a_question_under_a_long_id_is_not_answered(driver):
    broken(driver, "asks_under_a_long_id", LEGACY,
           "broken the server asks under an id that is too long")


# ---- the end ----

def test_who_does_not_end_is_killed(driver):
    with hostile(driver, "does_not_end") as d:
        d.expect(LEGACY)
        d.ends("kill")
