# SPDX-License-Identifier: Apache-2.0
"""A core that was taken over wants the gate to open what nobody agreed to.  Of
each order the gate's answer is looked at, and whether anything was open."""

import os
import re
import shutil

from house import BUILD, HOUSE_USER, House


class Attacked:
    def __init__(self):
        self.house = h = House(tools=("web",))
        h.start()
        h.stop()
        self.put(os.path.join(h.console.folder, "key.pem"), "console.key")
        self.put(os.path.join(BUILD, "containers", "web", "tool.json"), "web.json")
        shutil.copy(os.path.join(BUILD, "probe-opener"), h.path("bin"))
        h.house_binary = h.path("bin", "probe-opener")
        h.start_house()
        h.house_binary = h.durward
        h.start_tools()
        h.wait_log("opener waiting for a restart of the gate", seconds=60)
        os.kill(h.pids()["gate"], 9)
        h.wait_log("opener over", seconds=30)
        lines = re.findall(r"opener (\S+): (DONE|refused) (OPENED|shut): (.*)", h.log())
        self.found = {step: found for step, *found in lines}

    def put(self, source, name):
        """What a taken-over core would have in its own folder."""
        target = self.house.path("state", "core", name)
        shutil.copy(source, target)
        shutil.chown(target, HOUSE_USER, HOUSE_USER)

    def close(self):
        self.house.close()


def setup():
    return Attacked()


def refused(a, step, words):
    outcome, network, text = a.found[step]
    assert outcome == "refused" and network == "shut", f"{step}: {outcome} {network} {text}"
    assert words in text, f"{step} was refused for another reason: {text}"


def test_a_host_is_not_opened_without_a_sheet(a):
    refused(a, "no-sheet", "needs a signed sheet")


def test_a_host_is_not_opened_for_a_key_that_only_core_knows(a):
    refused(a, "foreign-key", "unknown, revoked or no approver")


def test_a_host_is_not_opened_on_a_wrong_signature(a):
    refused(a, "wrong-signature", "the signature does not match")


def test_a_host_is_not_opened_for_the_sheet_of_another_act(a):
    refused(a, "other-act", "of another act")


def test_a_host_that_was_not_asked_for_is_not_opened(a):
    refused(a, "other-url", "not the ones on the sheet")


def test_a_host_that_is_not_on_the_sheet_is_not_opened(a):
    refused(a, "other-host", "other hosts than the call may reach")


def test_a_manifest_that_no_owner_signed_opens_nothing(a):
    refused(a, "softer-manifest", "not the one an owner signed")


def test_a_grant_that_no_owner_signed_opens_nothing(a):
    refused(a, "grant-forged", "signature does not match the grant")


def test_a_grant_for_one_host_opens_no_other(a):
    refused(a, "grant-other-url", "not for these arguments")


def test_a_host_that_somebody_agreed_to_is_opened(a):
    for step in ("good", "grant-good"):
        assert a.found[step][:2] == ["DONE", "OPENED"], a.found[step]


def test_a_host_is_not_opened_twice_for_one_sheet(a):
    refused(a, "replay", "used before")


def test_a_host_is_not_opened_for_a_sheet_older_than_the_gate(a):
    refused(a, "older-than-its-start", "role that acts was restarted")
