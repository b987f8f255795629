# SPDX-License-Identifier: Apache-2.0
"""A core that was taken over sends the tools role every bad order there is.
After each one the note that it was to delete is looked for."""

import os
import re
import shutil

from house import BUILD, HOUSE_USER, House, wait_for
from rules import bring_grant
from wire import Wire

TAKEN_BACK = "0123456789abcdef0123456789abcdef"


class Attacked:
    """The attack's outcome, step by step."""

    def __init__(self):
        self.house = h = House()
        h.start()
        clients = (h.console, h.pair("phone"), h.pair("lost"), h.pair("guest"),
                   h.pair("narrow", "approver", "--scope", "files.*"))
        for c in clients:
            self.put(os.path.join(c.folder, "key.pem"), os.path.basename(c.folder)[7:] + ".key")
        assert h.console.run("clients", "revoke", "lost").returncode == 0
        bring_grant(h, TAKEN_BACK)
        status, answer = Wire(h, h.console).command("grant.revoke", {"grant": TAKEN_BACK})
        assert status == 200, answer
        assert h.console.run("clients", "extend", "guest", "1s").returncode == 0
        self.wait_ended("guest")
        h.stop()
        self.put(os.path.join(BUILD, "containers", "notes", "tool.json"), "notes.json")
        shutil.copy(os.path.join(BUILD, "probe-attack"), h.path("bin"))
        h.house_binary = h.path("bin", "probe-attack")
        h.start_house()
        h.house_binary = h.durward
        h.start_tools()
        h.wait_log("attack waiting for a restart of tools", seconds=60)
        os.kill(h.pids()["tools"], 9)
        h.wait_log("attack over", seconds=60)
        lines = re.findall(r"attack (\S+): (DONE|refused): (.*)", h.log())
        self.found = {step: (outcome, text) for step, outcome, text in lines}
        self.victim = dict(re.findall(r"victim (\S+): (there|gone)", h.log()))

    def wait_ended(self, name):
        def ended():
            "its end"
            return [c for c in self.house.console.json("clients")["clients"]
                    if c["name"] == name and c.get("ended")]
        wait_for(ended, 40)

    def put(self, source, name):
        """What a taken-over core would have in its own folder."""
        target = self.house.path("state", "core", name)
        shutil.copy(source, target)
        shutil.chown(target, HOUSE_USER, HOUSE_USER)

    def close(self):
        self.house.close()


def setup():
    return Attacked()


def test_another_program_than_was_signed_is_not_started(a):
    outcome, why = a.found.get("start", ("started", ""))
    assert outcome == "refused" and "not what its manifest says" in why, (outcome, why)


def refused(a, step, words):
    outcome, text = a.found[step]
    assert outcome == "refused", f"{step}: {text}"
    assert words in text, f"{step} was refused for another reason: {text}"
    assert a.victim[step] == "there", f"{step}: the container received the call"


def test_an_order_that_needs_no_yes_is_done(a):
    assert a.found["save"][0] == "DONE", a.found["save"]


def test_a_system_order_without_a_sheet_is_refused(a):
    refused(a, "no-sheet", "needs a signed sheet")


def test_a_sheet_signed_by_a_key_that_only_core_knows_is_refused(a):
    refused(a, "foreign-key", "unknown, revoked or no approver")


def test_a_sheet_of_a_client_that_was_revoked_is_refused(a):
    refused(a, "revoked-client", "unknown, revoked or no approver")


def test_a_sheet_of_a_client_whose_time_is_over_is_refused(a):
    refused(a, "ended-client", "time of the sheet's client is over")


def test_a_sheet_for_a_tool_beyond_its_clients_scope_is_refused(a):
    refused(a, "out-of-scope", "not in its client's scope")


def test_a_signature_of_another_key_is_refused(a):
    refused(a, "wrong-signature", "the signature does not match")


def test_an_order_with_one_byte_of_its_arguments_changed_is_refused(a):
    refused(a, "changed-byte", "not the ones on the sheet")


def test_a_sheet_past_its_life_is_refused(a):
    refused(a, "expired", "expired")


def test_a_sheet_for_another_function_is_refused(a):
    refused(a, "other-tool", "another tool")


def test_a_manifest_that_no_owner_signed_makes_nothing_harmless(a):
    refused(a, "softer-manifest", "not the one an owner signed")


def test_one_yes_where_two_are_asked_is_refused(a):
    refused(a, "one-of-two", "asks for 2 signatures")


def test_two_yeses_of_one_client_are_refused(a):
    refused(a, "twice-one-client", "two signatures are of one client")


def test_yeses_to_two_questions_are_refused(a):
    refused(a, "two-questions", "of two questions")


def test_an_order_that_two_clients_said_yes_to_is_done(a):
    assert a.found["two-good"][0] == "DONE", a.found["two-good"]
    assert a.victim["two-good"] == "gone"


def test_a_sheet_that_lives_longer_than_a_sheet_may_is_refused(a):
    refused(a, "lives-too-long", "lives longer than a sheet may")


def test_of_two_sheets_of_one_yes_the_longer_lived_counts_no_second_time(a):
    assert a.found["two-lives"][0] == "DONE", a.found["two-lives"]
    refused(a, "the-longer-life", "used before")


def test_a_grant_by_an_approver_is_refused(a):
    refused(a, "grant-of-approver", "no owner")


def test_a_grant_that_was_taken_back_is_refused(a):
    refused(a, "grant-taken-back", "was taken back")


def test_a_grant_that_no_owner_signed_is_refused(a):
    refused(a, "grant-forged", "signature does not match the grant")


def test_a_grant_for_other_arguments_is_refused(a):
    refused(a, "grant-other-args", "not for these arguments")


def test_a_grant_that_has_ended_is_refused(a):
    refused(a, "grant-ended", "has ended")


def test_an_order_that_a_grant_covers_is_done(a):
    assert a.found["grant-good"][0] == "DONE", a.found["grant-good"]
    assert a.victim["grant-good"] == "gone"


def test_a_good_order_is_done(a):
    assert a.found["good"][0] == "DONE", a.found["good"]
    assert a.victim["good"] == "gone"


def test_the_same_order_a_second_time_is_refused(a):
    refused(a, "replay", "used before")


def test_the_same_order_after_a_restart_of_tools_is_refused(a):
    refused(a, "replay-after-restart", "role that acts was restarted")
