# SPDX-License-Identifier: Apache-2.0
"""A core that was taken over hands the vault commands that would change whom
the house trusts: each of them is right in all but one thing."""

import os
import re
import shutil

from house import BUILD, HOUSE_USER, House


class Attacked:
    """What the vault said, step by step."""

    def __init__(self):
        self.house = h = House(tools=())
        h.start(tools=False)
        h.pair("screen", "viewer")
        for c in (h.console, h.pair("phone")):
            target = h.path("state", "core", os.path.basename(c.folder)[7:] + ".key")
            shutil.copy(os.path.join(c.folder, "key.pem"), target)
            shutil.chown(target, HOUSE_USER, HOUSE_USER)
        h.stop()
        shutil.copy(os.path.join(BUILD, "probe-forger"), h.path("bin"))
        h.house_binary = h.path("bin", "probe-forger")
        h.start_house()
        h.wait_log("forger over", seconds=30)
        lines = re.findall(r"forger (\S+): (DONE|refused): (.*)", h.log())
        self.found = {step: (outcome, text) for step, outcome, text in lines}

    def close(self):
        self.house.close()


def setup():
    return Attacked()


def refused(a, step, words):
    outcome, text = a.found[step]
    assert outcome == "refused", f"{step}: {text}"
    assert words in text, f"{step} was refused for another reason: {text}"


def test_a_change_of_trust_by_an_approver_is_refused_by_the_vault(a):
    refused(a, "approver", "only an owner changes whom the house trusts")


def test_a_change_that_another_key_signed_is_refused_by_the_vault(a):
    refused(a, "wrong-signature", "signature does not match the command")


def test_a_challenge_that_the_vault_did_not_make_is_refused(a):
    refused(a, "own-challenge", "the challenge is unknown")


def test_a_change_with_another_body_is_refused_by_the_vault(a):
    refused(a, "other-body", "signed for another body")


def test_a_change_that_an_owner_signed_is_made(a):
    assert a.found["good"] == ("DONE", "client-lent"), a.found["good"]


def test_the_same_change_a_second_time_is_refused_by_the_vault(a):
    refused(a, "replay", "the challenge is unknown, old or used")


def test_a_tool_that_was_disabled_is_not_enabled_by_the_old_command(a):
    assert a.found["enable"] == ("DONE", "tool-enabled"), a.found["enable"]
    assert a.found["disable"] == ("DONE", "tool-disabled"), a.found["disable"]
    refused(a, "enable-again", "the challenge is unknown, old or used")
    refused(a, "enable-by-approver", "only an owner changes whom the house trusts")
    refused(a, "trusts", "the disabled tool")


def test_a_tool_is_enabled_with_the_manifest_that_was_signed(a):
    refused(a, "other-manifest", "the digest is not the manifest's")
