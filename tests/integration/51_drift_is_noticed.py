# SPDX-License-Identifier: Apache-2.0
"""What a tool's server offers is pinned with the first container under a
manifest; with another offer the tool is blocked until its owner agrees."""

import json
import os
import shutil
import sqlite3

from house import BUILD, House


def setup():
    return House(tools=("echo",)).start()


def another_offer_was_pinned(h):
    """As if the image's server had offered something else until now."""
    h.stop()
    db = sqlite3.connect(h.path("state", "core", "durward.db"))
    scope, value = db.execute(
        "SELECT scope, value FROM setting WHERE name='definitions'").fetchone()
    assert scope == "echo", scope
    manifest, definitions = value.split(" ")
    assert len(manifest) == len(definitions) == 64, value
    db.execute("UPDATE setting SET value=? WHERE name='definitions'",
               (f"{manifest} {'0' * 64}",))
    db.commit()
    db.close()
    h.start_house()
    h.start_tools()
    h.wait_up()


def test_the_first_offer_is_pinned_and_logged(h):
    assert h.console.reply("echo one") == "one"
    log = h.console.run("audit", "show", "--json").stdout.splitlines()
    pinned = [line for line in log if json.loads(line)["kind"] == "definitions"]
    assert len(pinned) == 1, pinned


def test_the_same_offer_is_good_after_a_restart(h):
    h.stop()
    h.start_house()
    h.start_tools()
    h.wait_up()
    assert h.console.reply("echo two") == "two"


def test_with_another_offer_the_tool_is_blocked(h):
    another_offer_was_pinned(h)
    reply = h.console.reply("echo three")
    assert "what its server offers has changed since an owner agreed to it" in reply, reply


def test_a_manifest_that_is_signed_anew_agrees_to_it(h):
    folder = h.path("echo-2")
    shutil.copytree(os.path.join(BUILD, "containers", "echo"), folder)
    with open(os.path.join(folder, "tool.json")) as f:
        manifest = json.load(f)
    manifest["version"] = "2"
    with open(os.path.join(folder, "tool.json"), "w") as f:
        json.dump(manifest, f)
    h.add_tool(folder)
    assert h.console.reply("echo four") == "four"
