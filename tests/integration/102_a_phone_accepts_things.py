# SPDX-License-Identifier: Apache-2.0
"""A browser's key accepts what is new in the home, as what asks each time, and
changes nothing else that an owner agreed to: a false page could have had
anything signed."""

import hashlib
import json

from browser import command, opened, paired
from simhome import HouseWithHome, wait_entity

LIGHT, PORCH, LOCK = "light.kitchen_light", "light.porch_light", "lock.front_door"


class Phone:
    def __init__(self):
        self.house = HouseWithHome()
        self.house.start()
        self.console = self.house.console
        for name in (LIGHT, PORCH, LOCK, "switch.coffee_machine"):
            wait_entity(self.house, name)
        assert self.console.run("home", "accept", LIGHT, "--yes").returncode == 0
        self.browser = paired(self.house, "anna", "owner")
        self.live = opened(self.house, self.browser)

    def before(self):
        return self.live.query("tool", tool="home")["body"]["document"]

    def row(self, name, effect, **more):
        record = json.loads(self.entities()[name]["record"])
        del record["about"]
        said = json.dumps(record, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
        return {"entity": name, "effect": effect, "pin": hashlib.sha256(said.encode()).hexdigest(), **more}

    def asking(self, name):
        """With all that commands it."""
        record = json.loads(self.entities()[name]["record"])
        topics = [a["topic"] for a in record["actions"]]
        address = f"zigbee2mqtt/{record['device']}/set"
        return self.row(name, "physical", device=record["device"], topics=list(dict.fromkeys([*topics, address])))

    def entities(self):
        found, n = {}, 1
        while len(found) < n:
            page = self.live.query("home", **{"from": len(found)})["body"]
            n = page["count"]
            found.update({e["id"]: e for e in page["entities"]})
        return found

    def say(self, before, manifest, **more):
        text = manifest if isinstance(manifest, str) else json.dumps(manifest)
        body = json.dumps({"tool": "home", "archive": "", "before": before, "manifest": text,
                           "digest": hashlib.sha256(text.encode()).hexdigest(), **more})
        at = self.live.query("challenge")["body"]
        self.live.say({"id": 9, "command": {
            **self.browser.signed(self.browser.text(at, "tool.update", body)), "body": body}})
        return self.live.hear()

    def close(self):
        self.house.close()


def setup():
    return Phone()


def grown(before, *rows, **more):
    v = json.loads(before)
    return {**v, "version": str(int(v["version"]) + 1), "devices": v["devices"] + list(rows), **more}


def refused(p, manifest, words, before=None, **more):
    was = p.before()
    answer = p.say(was if before is None else before, manifest, **more)
    assert answer["status"] in (400, 403, 409) and words in answer["body"]["error"], answer
    assert p.before() == was


def test_what_is_new_is_accepted(p):
    before = p.before()
    answer = p.say(before, grown(before, p.row(PORCH, "reversible"), p.asking(LOCK)))
    assert answer["status"] == 200, answer
    assert {n for n, e in p.entities().items() if e["accepted"]} == {LIGHT, PORCH, LOCK}
    end = p.console.ask(f"set {PORCH} to turn_on")[-1]
    assert end["reached"] and "not confirmed" not in end["reply"], end
    asking = p.console.start("ask", "--json", f"set {LOCK} to unlock")
    for line in asking.stdout:
        if json.loads(line).get("kind") == "asked":
            break
    else:
        raise AssertionError("nobody was asked")
    asking.kill()
    asking.communicate()


def test_nothing_but_what_is_harmless_goes_unasked(p):
    before = p.before()
    for name in ("switch.coffee_machine", LOCK):
        row = p.row(name, "reversible")
        v = json.loads(before)
        v["devices"] = [d for d in v["devices"] if d["entity"] != name]
        refused(p, grown(json.dumps(v), row), "command line")
    refused(p, grown(before, p.row("switch.coffee_machine", "reversible")), "needs no yes")
    answer = p.say(before, grown(before, p.asking("switch.coffee_machine")))
    assert answer["status"] == 200, answer


def test_what_was_accepted_stays_as_it_was(p):
    new = p.row("light.hall_light", "reversible")
    v = grown(p.before(), new)

    def without(entity, **change):
        """One row otherwise, or with no change not at all."""
        rows = [{**d, **change} if d["entity"] == entity else d for d in v["devices"]]
        return {**v, "devices": rows if change else [d for d in rows if d["entity"] != entity]}
    functions = json.loads(json.dumps(v))
    functions["functions"]["set"]["effect"] = "read"
    for other in (without(LOCK, effect="reversible"), without(LOCK, pin="0" * 64), without(LIGHT), functions,
                  {**v, "description": "another"}):
        refused(p, other, "command line")
    for nonsense, words in (({**v, "idle_s": 5}, "unknown member"),
                            ({k: w for k, w in v.items() if k != "functions"}, "manifest"), ("{}", "manifest"),
                            ("[1", "manifest")):
        refused(p, nonsense, words)


def test_it_is_what_the_owner_signed_that_grows(p):
    before = p.before()
    less = json.dumps({**json.loads(before), "devices": []})
    refused(p, grown(less, p.asking("lock.cellar_door")), "has changed meanwhile", before=less)
    refused(p, grown(before, p.asking("lock.cellar_door")), "has changed meanwhile", before="")


def test_a_row_is_what_the_house_has(p):
    """Another thing under this name, or topics that stand in others' way."""
    before = p.before()
    door, lamp = p.row("lock.cellar_door", "physical"), p.row("light.hall_light", "reversible")
    topics = json.loads(p.entities()["lock.cellar_door"]["record"])["actions"][0]["topic"]
    for row in ({**lamp, "pin": door["pin"]}, {**lamp, "pin": "0" * 64}, {**lamp, "entity": "light.nowhere"},
                {**lamp, "topics": ["zigbee2mqtt"]}, door, {**door, "topics": ["zigbee2mqtt"]},
                {**door, "topics": [topics], "device": "x"}, p.row("sensor.garden_climate_temperature", "physical")):
        refused(p, grown(before, row), "not as it was shown")
    refused(p, grown(before), "command line")
    refused(p, grown(before, lamp), "command line", archive="/etc/passwd")


def test_a_lock_under_a_lamps_name_is_no_lamp(p):
    """As an owner's command line could sign it: what acts looks itself."""
    before = p.before()
    row = {**p.row("light.cellar_light", "reversible"), "pin": p.row("lock.cellar_door", "physical")["pin"]}
    text = json.dumps(grown(before, row))
    status, answer = command(p.house, "tool.update", {
        "tool": "home", "archive": "", "manifest": text, "digest": hashlib.sha256(text.encode()).hexdigest()})
    assert status == 200, answer
    end = p.console.ask("set light.cellar_light to unlock")[-1]
    assert "accepted for what is a lock" in end["reply"], end
    assert p.console.run("tool", "rollback", "home", "--yes").returncode == 0
    assert p.before() == before


def test_no_other_tool_is_changed(p):
    v = grown(p.before())
    for tool in ("notes", "", "home2"):
        refused(p, {**v, "name": tool}, "command line", tool=tool)
    refused(p, {**v, "name": "notes"}, "")
