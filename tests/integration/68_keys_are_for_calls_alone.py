# SPDX-License-Identifier: Apache-2.0
"""An egress that was taken over asks the vault for keys, and a runner for what
belongs to providers: each gets what a signed manifest names for it alone."""

import json
import os
import re
import shutil

from caller import Caller
from house import BUILD, TOOLS_USER

DOCUMENTS = ("provider.json", "forged.json", "tool.json", "thief.json", "keyless.json")


class Asked:
    def __init__(self):
        self.caller = Caller(secrets={"provider-key": b"sk-1234567890", "other": b"o" * 20, "broker": b"b" * 20})
        try:
            self.ask(self.caller, self.caller.house)
        except BaseException:
            self.close()
            raise

    def ask(self, c, h):
        provider = c.provider("provider", "http://127.0.0.1:9", key="provider-key")
        c.provider("thief", "http://127.0.0.1:9", key="broker")
        c.provider("keyless", "http://127.0.0.1:9")
        with open(os.path.join(BUILD, "containers", "notes", "tool.json")) as f:
            tool = json.load(f)
        tool["secrets"] = [{"name": "provider-key", "env": "KEY"}]
        c.put("tool.json", json.dumps(tool))
        c.trust("tool.json")
        c.put("forged.json", provider.replace("provider-key", "other"))
        h.stop()
        for name in DOCUMENTS[:2]:  # As probe-wanter calls them.
            to = h.path("podman", {"provider.json": "signed.json"}.get(name, name))
            shutil.copy(h.path("state", "core", name), to)
            shutil.chown(to, TOOLS_USER, TOOLS_USER)
        shutil.copy(h.path("podman", "forged.json"), h.path("podman", "other-name.json"))
        shutil.chown(h.path("podman", "other-name.json"), TOOLS_USER, TOOLS_USER)
        for half, probe, last in (("house", "keyer", "keyer keyless.json"),
                                  ("tools", "wanter", "wanter signed.json")):
            shutil.copy(os.path.join(BUILD, "probe-" + probe), h.path("bin"))
            h.house_binary = h.path("bin", "probe-" + probe)
            getattr(h, "start_" + half)()
            h.wait_log(last, half=half)
        self.said = dict(re.findall(r"(?:keyer|wanter) (\S+): (.*)", h.log("tools")))
        self.given = dict(re.findall(r"keyer (\S+): (.*)", h.log()))

    def close(self):
        self.caller.close()


def setup():
    return Asked()


def test_a_providers_key_is_given_for_its_signed_manifest(a):
    assert a.given["provider.json"] == "GIVEN 13 bytes", a.given


def test_a_manifest_that_no_owner_signed_gets_no_key(a):
    assert "no owner signed" in a.given["forged.json"], a.given


def test_the_secrets_of_a_tool_are_no_keys_of_a_provider(a):
    assert "no provider of models" in a.given["tool.json"], a.given


def test_a_provider_without_a_key_gets_none(a):
    assert "names no key" in a.given["keyless.json"], a.given


def test_the_password_of_the_broker_is_for_the_bridge_alone(a):
    assert "home's broker alone" in a.given["thief.json"], a.given


def test_the_key_of_a_provider_is_for_no_container(a):
    assert "is for no container" in a.said["signed.json"], a.said
