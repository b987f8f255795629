# SPDX-License-Identifier: Apache-2.0
"""The policy language once more, written from durward-policy(5) alone, so
that two readings of one page can be compared."""

import functools
import json
import math
import re
import sys

RISK = {"read": 0, "reversible": 1, "physical": 5, "external": 5, "money": 10, "system": 10}
RULES = ("allow", "ask", "deny")
WHOLE = ("tokens", "files", "hosts", "risk")
OTHERS = {"rate": "allow", "ttl": "ask", "keys": "ask", "key": "ask", "over": "budget"}
CHOICES = {"keys": ("2",), "key": ("cli",), "over": ("deny", "ask")}
NAME = re.compile(r"[a-z][a-z0-9._-]{0,63}")
RANGE = re.compile(r"(-?[0-9]+)\.\.(-?[0-9]+)")
MOST = 1000000000


class Line:
    """One rule, taken apart."""

    def __init__(self, kind, name):
        self.kind, self.name = kind, name
        self.words, self.exception, self.amounts, self.other = [], [], {}, {}


def need(what):
    if not what:
        raise ValueError("not in the page")


def tri(results):
    """One that holds is enough; else what is missing; else it does not hold."""
    results = list(results)
    return True if True in results else None if None in results else False


def whole(text, most=MOST, least=0):
    need(re.fullmatch("[0-9]+", text) and least <= int(text) <= most)
    return int(text)


def seconds(text, most):
    """30s, 10m, 2h."""
    need(text[-1:] in ("s", "m", "h"))
    n = whole(text[:-1]) * {"s": 1, "m": 60, "h": 3600}[text[-1]]
    need(1 <= n <= most)
    return n


def names(values):
    need(all(NAME.fullmatch(v) for v in values))
    return values


def glob_of(values):
    """A test of bytes: any number for *, one for ?, all else is itself."""
    parts = []
    for v in values:
        # What stands between two stars may be taken where it comes first.
        first, *rest = [re.escape(p).replace(rb"\?", b".") for p in v.encode().split(b"*")]
        parts.append(first + b"".join(b"(?>.*?" + p + b")" for p in rest[:-1]) +
                     b"".join(b".*" + p for p in rest[-1:]))
    match = re.compile(b"(?:" + b"|".join(parts) + b")", re.DOTALL).fullmatch
    return lambda text: match(text.encode("utf-8", "surrogatepass")) is not None


def canonical(value):
    """Text as it is; else no blanks, members sorted, integers without fraction."""
    return value if isinstance(value, str) else json.dumps(json.loads(
        json.dumps(value), parse_float=lambda n: int(float(n)) if float(n) % 1 == 0 else float(n)),
        separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def clean_path(text):
    """A path without its final slash, or None for one that is not clean."""
    if not text.startswith("/"):
        return None
    text = text[:-1] if text.endswith("/") else text
    return None if text and set(text[1:].split("/")) & {"", ".", ".."} else text


def value_test(value):
    """What one value of an arg word says of an argument that was given."""
    if m := RANGE.fullmatch(value):
        need(all(len(n.lstrip("-")) <= 15 for n in m.groups()))
        low, high = map(int, m.groups())
        need(low <= high)
        return lambda given: type(given) in (int, float) and low <= given <= high \
            and given == int(given)
    if value.startswith("under:"):
        folder = clean_path(value[6:])
        need(folder is not None)

        def under(given):
            if not isinstance(given, str):
                return False
            path = clean_path(given)
            return None if path is None else (path + "/").startswith(folder + "/")
        return under
    glob = glob_of([value])
    return lambda given: glob(canonical(given))


def arg_word(name, values):
    """The argument of a name, or what a JSON pointer finds."""
    need(name and not (name[0] == "/" and re.search("~(?![01])", name)))
    steps = [name] if name[0] != "/" else [
        s.replace("~1", "/").replace("~0", "~") for s in name[1:].split("/")]
    tests = [value_test(v) for v in values]

    def word(q, _):
        at = q["args"]
        for step in steps:
            if isinstance(at, list) and re.fullmatch("0|[1-9][0-9]*", step) \
                    and int(step) < len(at):
                at = at[int(step)]
            elif isinstance(at, dict) and step in at:
                at = at[step]
            else:
                return None
        return tri(t(at) for t in tests)
    return word


def hours_word(values):
    spans = []
    for v in values:
        need(re.fullmatch("[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}", v))
        h1, m1, h2, m2 = map(int, re.split("[:-]", v))
        need(h1 < 24 and h2 < 24 and m1 < 60 and m2 < 60 and (h1, m1) != (h2, m2))
        spans.append((h1 * 60 + m1, h2 * 60 + m2))
    return lambda q, _: None if q["minute"] is None else any(
        a <= q["minute"] < b if a < b else not b <= q["minute"] < a for a, b in spans)


def matching_word(kind, key, values):
    """A function of question and entity: True, False, or None for missing."""
    if key in ("tool", "principal", "agent", "client", "entity"):
        glob = glob_of(values)
        return lambda q, e: None if (
            text := e if key == "entity" else q[key]) is None else glob(text)
    if key == "effect":
        need(set(values) <= set(RISK))
        return lambda q, _: q["effect"] in values
    if key.startswith("arg."):
        return arg_word(key[4:], values)
    need(kind in RULES)
    if key == "labels":
        sets = [names(v.split("+")) for v in values]
        need(all(len(s) <= 8 for s in sets))
        return lambda q, _: any(set(s) <= q["labels"] for s in sets)
    if key == "sink":
        names(values)
        return lambda q, _: bool(q["sinks"] & set(values))
    if key == "hours":
        return hours_word(values)
    need(key == "require")
    return lambda q, _: tri(q["facts"].get(v) for v in values)


def amount_of(dimension, text):
    amount, _, period = text.partition("/")
    need(period in ("run", "hour", "day", "month"))
    if dimension in WHOLE:
        return whole(amount)
    if dimension == "time":
        return seconds(amount, MOST)
    m = re.fullmatch(r"([0-9]+)(?:\.([0-9]{1,6}))?", amount)
    need(m and int(m[1] + (m[2] or "").ljust(6, "0")) <= MOST * 1000000)
    return int(m[1] + (m[2] or "").ljust(6, "0"))


def other_word(line, key, values):
    """The value of a word that is not for matching."""
    need(key not in line.other)
    if key == "adds":
        return names(values)
    need(len(values) == 1)
    if key == "rate":
        n, _, span = values[0].partition("/")
        need(span in ("min", "hour", "day"))
        return whole(n, 1000000, 1)
    if key == "ttl":
        return seconds(values[0], 86400)
    need(values[0] in CHOICES[key])
    return values[0]


def rule(text):
    need(text.count('"') % 2 == 0)
    words = re.findall('(?:[^ \t\r"]|"[^"]*")+', text)
    bare = [w.replace('"', "") for w in words]
    if bare[0] == "default":
        need(len(bare) == 2 and bare[1] in ("deny", "ask"))
        return bare[1]
    need(bare[0] in RULES + ("label", "sink", "budget"))
    need(bare[1:] and NAME.fullmatch(bare[1]) and bare[1] != "default")
    line = Line(bare[0], bare[1])
    into = line.words
    for raw, plain in zip(words[2:], bare[2:]):
        if plain == "unless":
            need(line.kind in RULES and line.words and into is line.words)
            into = line.exception
            continue
        key, _, raw = raw.partition("=")
        values = [""]
        for piece in re.findall('"[^"]*"|,|[^",]+', raw):
            values = values + [""] if piece == "," else values[:-1] + [values[-1] +
                                                                       piece.strip('"')]
        need('"' not in key and all(values) and len(values) <= 8)
        if line.kind == "budget" and key in WHOLE + ("usd", "eur", "time"):
            need(key not in line.amounts and len(values) == 1)
            line.amounts[key] = amount_of(key, values[0])
        elif OTHERS.get(key) == line.kind or key == "adds" and line.kind in ("label", "sink"):
            need(into is line.words)
            line.other[key] = other_word(line, key, values)
        else:
            into.append(matching_word(line.kind, key, values))
    need(line.amounts if line.kind == "budget" else into)
    need(len(line.words) + len(line.exception) <= 24)
    need("adds" in line.other or line.kind not in ("label", "sink"))
    return line


@functools.lru_cache(maxsize=64)
def load(text):
    """(lines, default) of a policy, or the number of its first wrong line."""
    lines, default, seen, rules = [], None, set(), 0
    if len(text.encode("utf-8", "surrogatepass")) > 65536:
        return 0
    for number, one in enumerate(text.split("\n"), 1):
        if not one.strip(" \t\r") or one.lstrip(" \t\r").startswith("#"):
            continue
        rules += 1
        try:
            line = rule(one)
            need(rules <= 256 and (default is None if isinstance(line, str)
                                   else line.name not in seen))
        except ValueError:
            return number
        if isinstance(line, str):
            default = line
        else:
            seen.add(line.name)
            lines.append(line)
    return lines, default or "deny"


def matches(line, q, entity):
    """A word that is missing loosens nothing, before unless and behind it."""
    loose = line.kind == "allow"
    for word in line.words:
        r = word(q, entity)
        if r is False or r is None and loose:
            return False
    return not line.exception or not all(
        loose if (r := word(q, entity)) is None else r for word in line.exception)


def evaluate(layers, question):
    """The answer to one question, as durward-policy(5) gives it."""
    policies = [load(one["text"]) for one in layers]
    if wrong := [p for p in policies if isinstance(p, int)]:
        return {"error": {"line": wrong[0]}}
    q = dict(question, labels=set(question.get("labels") or ()), sinks=set())
    for key in ("facts", "used", "spent", "cost", "args"):
        q[key] = q.get(key) or {}
    things, granted = q.get("entities") or [None], q.get("granted") or ()
    cost = dict(q["cost"], risk=RISK[q["effect"]] * len(things))
    flows = {"label": set(), "sink": q["sinks"]}
    for line in (one for lines, _ in policies for one in lines if one.kind in flows):
        if any(matches(line, q, e) for e in things):
            flows[line.kind].update(line.other["adds"])
    spoke, asked = {v: set() for v in RULES}, []
    for at, (lines, default) in enumerate(policies):
        heard = []
        for line in lines:
            full = layers[at]["name"] + ":" + line.name
            spent = q["spent"].get(full) or {}
            room = line.other.get("rate", math.inf) - q["used"].get(full, 0)
            if line.kind == "ask" and full in granted and "keys" not in line.other:
                heard.append((line, "allow"))
            elif line.kind in RULES and len(things) <= room:
                heard.append((line, line.kind))
            elif line.kind == "budget" and any(cost.get(d) and spent.get(d, 0) + cost[d] > most
                                               for d, most in line.amounts.items()):
                heard.append((line, line.other.get("over", "deny")))
        for e in things:
            said = {v: set() for v in RULES}
            for line, verdict in heard:
                if matches(line, q, e):
                    said[verdict].add((at, line.name))
                    asked.extend([line.other] if verdict == "ask" else [])
            if not any(said.values()):
                said[default].add((at, "default"))
                asked.append({})
            for v in RULES:
                spoke[v] |= said[v]
    verdict = next((v for v in reversed(RULES) if spoke[v]), None)
    ask = asked if verdict == "ask" else []
    return {"verdict": verdict or "deny",
            "keys": 2 if any("keys" in one for one in ask) else 1,
            "key": "cli" if any("key" in one for one in ask) else "any",
            "ttl_s": min((one.get("ttl", 600) for one in ask), default=0),
            "spoke": [layers[at]["name"] + ":" + name for at, name in sorted(spoke[verdict])]
            if verdict else ["default"],
            "labels": sorted(flows["label"]), "sinks": sorted(flows["sink"])}


if __name__ == "__main__":
    for request in map(json.loads, sys.stdin):
        print(json.dumps(evaluate(request["layers"], request["question"])))
