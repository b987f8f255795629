# SPDX-License-Identifier: Apache-2.0
"""The policy language once more, written from durward-policy(5) alone, so
that two readings of one page can be compared."""

import fnmatch
import functools
import json
import re
import sys
from decimal import Decimal
from types import SimpleNamespace

RISK = {"read": 0, "reversible": 1, "physical": 5, "external": 5, "money": 10, "system": 10}
RULES = ("allow", "ask", "deny")
GLOBS = ("tool", "principal", "agent", "client", "entity")
NAME = re.compile(r"[a-z][a-z0-9._-]{0,63}")
MOST = 1000000000
TIME = {"s": 1, "m": 60, "h": 3600}
PERIOD = "/(?:run|hour|day|month)"
MISSING = object()
# Behind a path's first character no component is empty, . or ..; [1] is it
# without its final slash.
CLEAN = re.compile(r"(?=/)((?:/(?!\.\.?(?:/|\Z))[^/]+)*)/?")


def need(what):
    if not what:
        raise ValueError("not in the page")


def count(text, units, behind, most, least=0, digits="[0-9]+"):
    """A number with one of the units, counted in the smallest."""
    m = re.fullmatch(f"({digits})({'|'.join(units)}){behind}", text)
    n = int(Decimal(m[1]) * units[m[2]]) if m else -1
    need(least <= n <= most)
    return n


DIMENSIONS = {
    **dict.fromkeys(("tokens", "files", "hosts", "risk"),
                    lambda v: count(v, {"": 1}, PERIOD, MOST)),
    **dict.fromkeys(("usd", "eur"), lambda v: count(
        v, {"": 1000000}, PERIOD, MOST * 1000000, digits=r"[0-9]+(?:\.[0-9]{1,6})?")),
    "time": lambda v: count(v, TIME, PERIOD, MOST, 1)}
# Words that match no act and take one value: the kind of their lines, the value.
OTHERS = {"rate": ("allow", lambda v: count(v, {"": 1}, "/(?:min|hour|day)", 1000000, 1)),
          "ttl": ("ask", lambda v: count(v, TIME, "", 86400, 1)),
          "keys": ("ask", lambda v: need(v == "2")), "key": ("ask", lambda v: need(v == "cli")),
          "over": ("budget", lambda v: need(v in ("deny", "ask")) or v)}


def octets(text):
    """A character for each byte."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def glob_test(glob):
    """Any number of bytes for *, one for ?, all else is itself."""
    match = re.compile(fnmatch.translate(octets(glob).replace("[", "[[]"))).match
    return lambda text: match(octets(text)) is not None


def argument_test(value):
    """What one value of an arg word says of an argument that was given."""
    if re.fullmatch(r"-?[0-9]+\.\.-?[0-9]+", value):
        need(re.fullmatch(r"-?[0-9]{1,15}\.\.-?[0-9]{1,15}", value))
        low, high = map(int, value.split(".."))
        need(low <= high)
        return lambda given: type(given) is int and low <= given <= high
    if value.startswith("under:"):
        need(folder := CLEAN.fullmatch(value[6:]))
        return lambda given: isinstance(given, str) and (
            (path := CLEAN.fullmatch(given)) and (path[1] + "/").startswith(folder[1] + "/"))
    glob = glob_test(value)
    return lambda given: glob(given if isinstance(given, str) else json.dumps(
        given, separators=(",", ":"), sort_keys=True, ensure_ascii=False))


def value_test(key, value):
    """What one value says of what its word looks at; None: that is missing."""
    if key.startswith("arg."):
        return argument_test(value)
    if key in GLOBS:
        return glob_test(value)
    if key == "hours":
        need(re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]", value))
        h1, m1, h2, m2 = map(int, re.split("[:-]", value))
        begin, end = h1 * 60 + m1, h2 * 60 + m2
        need(begin != end)
        return lambda at: begin <= at < end if begin < end else not end <= at < begin
    if key == "labels":
        need(all(map(NAME.fullmatch, value.split("+"))) and value.count("+") < 8)
        return lambda seen: set(value.split("+")) <= seen
    need(value in RISK if key == "effect" else NAME.fullmatch(value))
    return {"effect": lambda effect: value == effect, "sink": lambda sinks: value in sinks,
            "require": lambda facts: facts.get(value)}[key]


def matching_word(kind, key, values):
    """A function of question and entity: True, False, or None for missing."""
    name = key[4:] if key.startswith("arg.") else None
    need(name or key in GLOBS + ("effect",) or
         kind in RULES and key in ("labels", "sink", "hours", "require"))
    tests = [value_test(key, v) for v in values]
    steps = [name] if name else []
    if name and name[0] == "/":
        need(not re.search("~(?![01])", name))
        steps = [s.replace("~1", "/").replace("~0", "~") for s in name[1:].split("/")]

    def word(q, entity):
        found = q["args"] if name else entity if key == "entity" else q[key]
        for step in steps:
            if isinstance(found, list):
                found = {str(i): v for i, v in enumerate(found)}
            found = found.get(step, MISSING) if isinstance(found, dict) else MISSING
        if found is MISSING or found is None and not name:
            return None
        names = found.split(",") if steps == ["entities"] and isinstance(found, str) else [found]
        said = set()
        for one in names:
            results = [t(one) for t in tests]
            said.add(True if True in results else None if None in results else False)
        return said.pop() if len(said) == 1 else None
    return word


def rule(text):
    need(text.count('"') % 2 == 0)
    words = re.findall('(?:[^ \t\r"]|"[^"]*")+', text)
    kind, name, *more = [w.replace('"', "") for w in words] + [""]
    line = SimpleNamespace(kind=kind, name=name, words=[], exception=[], amounts={}, other={})
    if kind == "default":
        need(name in ("deny", "ask") and more == [""])
        line.name, line.other["says"] = kind, name
        return line
    need(kind in RULES + ("label", "sink", "budget") and NAME.fullmatch(name) and name != "default")
    into = line.words
    for word in words[2:]:
        if word.replace('"', "") == "unless":
            need(kind in RULES and line.words and into is line.words)
            into = line.exception
            continue
        key, _, rest = word.partition("=")
        values = [v.replace('"', "") for v in re.findall('((?:[^",]|"[^"]*")*),', rest + ",")]
        need('"' not in key and all(values) and len(values) <= 8)
        if kind == "budget" and key in DIMENSIONS:
            need(key not in line.amounts and len(values) == 1)
            line.amounts[key] = DIMENSIONS[key](values[0])
        elif key in OTHERS:
            of, value = OTHERS[key]
            need(kind == of and into is line.words and key not in line.other and len(values) == 1)
            line.other[key] = value(values[0])
        elif key == "adds":
            need(kind in ("label", "sink") and not line.other and all(map(NAME.fullmatch, values)))
            line.other[key] = values
        else:
            into.append(matching_word(kind, key, values))
    need(line.amounts if kind == "budget" else into)
    need(len(line.words + line.exception) <= 24 and (line.other or kind not in ("label", "sink")))
    return line


@functools.lru_cache(maxsize=64)
def load(text):
    """(lines by name, default) of a policy, or the number of its first wrong line."""
    lines = {}
    if len(octets(text)) > 65536:
        return 0
    for number, one in enumerate(text.split("\n"), 1):
        if not one.strip(" \t\r") or one.lstrip(" \t\r").startswith("#"):
            continue
        try:
            line = rule(one)
            need(line.name not in lines and len(lines) < 256)
            lines[line.name] = line
            need(len({name for o in lines.values() if o.kind == line.kind
                      for name in o.other.get("adds", ())}) <= 32)
        except ValueError:
            return number
    default = lines.pop("default", None)
    return [lines[name] for name in sorted(lines)], default.other["says"] if default else "deny"


def matches(line, q, entity):
    """A word that is missing loosens nothing, before unless and behind it."""
    loose = line.kind == "allow"
    for word in line.words:
        r = word(q, entity)
        if r is False or r is None and loose:
            return False
    return not line.exception or not all(
        loose if (r := word(q, entity)) is None else r for word in line.exception)


def speaks(line, full, q):
    """What a line that matches says, or None, and what it charges."""
    if line.kind == "budget":
        spent = q["spent"].get(full) or {}
        uses = {d: q["cost"][d] for d in DIMENSIONS
                if d in line.amounts and q["cost"].get(d, 0) > 0}
        above = any(spent.get(d, 0) + n > line.amounts[d] for d, n in uses.items())
        return (line.other.get("over", "deny") if above else None,
                [[full, d, {"n": n}] for d, n in uses.items()])
    if "rate" in line.other:
        n = len(q["things"])
        return ("allow" if q["used"].get(full, 0) + n <= line.other["rate"] else None,
                [[full, "rate", {"n": n}]])
    granted = (line.kind == "ask" and full in q["granted"] and "keys" not in line.other
               and "key" not in line.other)
    return "allow" if granted else line.kind if line.kind in RULES else None, []


def evaluate(layers, question):
    """The answer to one question, as durward-policy(5) gives it."""
    policies = [load(one["text"]) for one in layers]
    if wrong := [p for p in policies if isinstance(p, int)]:
        return {"error": {"line": wrong[0]}}
    added = {"label": set(), "sink": set()}
    q = dict(question, labels=set(question["labels"]), sink=added["sink"],
             hours=question["minute"], require=question["facts"],
             things=question["entities"] or [None])
    q["cost"] = dict(q["cost"], risk=RISK[q["effect"]] * len(q["things"]))
    q["args"] = json.loads(json.dumps(q["args"]), parse_float=lambda n: int(
        float(n)) if float(n) % 1 == 0 else float(n))
    for line in (one for lines, _ in policies for one in lines if one.kind in added):
        if any(matches(line, q, e) for e in q["things"]):
            added[line.kind].update(line.other["adds"])
    spoke, asked, charges = {v: set() for v in RULES}, [], []
    for at, (lines, default) in enumerate(policies):
        heard = []
        for line in lines:
            if its := [e for e in q["things"] if matches(line, q, e)]:
                verdict, costs = speaks(line, layers[at]["name"] + ":" + line.name, q)
                heard.append((line.name, verdict, its))
                charges += costs
                asked += [line.other] if verdict == "ask" else []
        for e in q["things"]:
            said = [(verdict, name) for name, verdict, its in heard if verdict and e in its]
            asked += [] if said else [{}]
            for verdict, name in said or [(default, "default")]:
                spoke[verdict].add((at, name))
    verdict = next((v for v in reversed(RULES) if spoke[v]), None)
    ask = asked if verdict == "ask" else []
    return {"verdict": verdict or "deny", "keys": 2 if any("keys" in one for one in ask) else 1,
            "key": "cli" if any("key" in one for one in ask) else "any",
            "ttl_s": min((one.get("ttl", 600) for one in ask), default=0),
            "spoke": [layers[at]["name"] + ":" + name for at, name in sorted(spoke[verdict])]
            if verdict else ["default"],
            "labels": sorted(added["label"]), "sinks": sorted(added["sink"]), "charges": charges}


if __name__ == "__main__":
    for request in map(json.loads, sys.stdin):
        print(json.dumps(evaluate(request["layers"], request["question"])))
