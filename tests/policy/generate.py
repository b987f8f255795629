#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random policies and questions, made so that lines often match: few words,
shared by both sides, and counts that lie next to the numbers of the lines.

    generate.py [--seed S] [--count N]                 requests, one a line
    generate.py --property permute|tighten|labels ...  properties of the
                                                       oracle, checked"""

import argparse
import json
import random
import sys

sys.dont_write_bytecode = True
import oracle

PER_SET = 40
LAYERS = ("box", "profile", "parent", "agent", "client")
TOOLS = ("home.set", "home.get", "web.get", "mail.send", "notes.delete")
TOOL_GLOBS = TOOLS + ("home.*", "*.get", "*", "*e*", "h?me.set", "web.*", "*.se?", "*et*")
EFFECTS = tuple(oracle.RISK)
ENTITIES = ("light.a", "light.b", "lock.front", "cover.garage", "living room", "k\u00fcche",
            "Lock.front", "a,b")
ENTITY_GLOBS = ("light.*", "light.?", "lock.front", "*.*", "*", '"cover.*"', '"living room"',
                "k??che", "k?che", '"a,b"', "*o*")
PEOPLE = ("kim", "console", "guest", "k\u0456m")
PEOPLE_GLOBS = ("kim", "k*", "console", "???", "*", "guest")
AGENTS = ("house", "tutor")
CLIENTS = ("console", "phone", "tv")
CLIENT_GLOBS = ("console", "phone", "*", "p*", "??")
LABELS = ("private", "untrusted", "x")
SINKS = ("external", "cloud", "y")
REST = tuple(f"r{i}" for i in range(29))  # With one of these two: 32.
FACTS = ("limits", "home", "away")
PATHS = ("/srv", "/srv/", "/srv/a", "/srv/../etc", "/srv//a", "/srva", "srv/a", "", "/",
         "//", "/srv/./a", "/srv/a/..", "/etc/x", "/srv/..a", "/srv/a/")
FOLDERS = ("under:/srv", "under:/srv/", "under:/", "under:/srv/a", '"under:/etc"')
SCALARS = (0, 1, 5, 9, 10, -3, 5.0, 2.5, 1000000000000000, "5", "on", "", "off", "null", True,
           False, None, "ON", " on", "1..5", "a*b")
TREES = ([], {}, [1, "on"], ["on", 5], {"a": 1}, {"b": [5, {"c": "on"}], "a": 2}, {"a/b": 5},
         {"": "on"}, {"0": "on"}, [[5], 5.0], {"m": {"n": 5}})
VALUES = ("1..9", "5..5", "-5..0", "0..999999999999999", "on", "off", "5", "o*", "*", "?",
          "null", "true", "[*]", '"{?a?:1}"', "{*}", "2.5", "a*b", '"[1,?on?]"', "?*", '"1..5"')
LISTS = ("light.a,light.b", "light.a,lock.front", "lock.front,light.b", "light.a", "lock.front",
         "light.a,,light.b", "light.a,", ",", "", "light.a,cover.garage,lock.front", 5, ["light.a", "lock.front"])
LIST_GLOBS = ("light.*", "light.?", "lock.front", "*", '"light.a,light.b"', '"light.*,lock.*"', "*t", "?*", "under:/srv")
ARGS = ("n", "mode", "p", "t")
POINTERS = ("/n", "/mode", "/t/a", "/t/0", "/t/1", "/t/b/0", "/t/b/1/c", "/t/a~1b", "/t/",
            "/t/m/n", "/t/-", "/t/01", "/t", "/p", "/t/0/0")
HOURS = ("23:00-06:00", "06:00-23:00", "00:00-00:01", "23:59-00:00", "12:00-12:30",
         "00:00-23:59", "12:01-12:00", "22:00-00:00")
MINUTES = (0, 1, 359, 360, 719, 720, 721, 749, 750, 1319, 1320, 1379, 1380, 1438, 1439, 600)
DIMENSIONS = {"tokens": (0, 900, 5), "files": (0, 3, 10), "hosts": (1, 2), "risk": (0, 5, 10, 30),
              "usd": (0, 1, 2000000, 1234567, 500000), "eur": (1000000, 100001),
              "time": (1, 30, 120, 7200)}
WRONG = (
    "allow {n}", "allow {n} tool=", "allow {n} tool", "allow {n} tool=\"a",
    "deny {n} unless tool=a", "allow default tool=*",
    "deny {n} tool=a unless", "deny {n} tool=a unless tool=b unless tool=c", "default allow",
    "permit {n} tool=a", "allow {n} effect=write", "allow {n} effect=*", "ask {n} tool=* keys=1",
    "ask {n} tool=* key=any", "ask {n} tool=* ttl=25h", "ask {n} tool=* ttl=5",
    "allow {n} tool=* ttl=5m",
    "ask {n} tool=* ttl=5m ttl=5m", "deny {n} tool=* rate=5/min", "allow {n} tool=* rate=0/min",
    "allow {n} tool=* rate=1000001/day", "allow {n} tool=* rate=5/month", "label {n} tool=*",
    "label {n} tool=* adds=A", "label {n} tool=* labels=x adds=x", "sink {n} adds=x",
    "sink {n} tool=* adds=a,b,c,d,e,f,g,h,i", "budget {n} tool=*", "budget {n} usd=1.2345678/day",
    "budget {n} usd=1/day usd=2/day", "budget {n} usd=1/week", "budget {n} files=1000000001/run",
    "budget {n} files=1/run hours=10:00-11:00", "allow {n} hours=10:00-10:00",
    "allow {n} hours=24:00-10:00", "allow {n} hours=9:00-10:00", "allow {n} arg.n=9..1",
    "allow {n} arg.n=0..1000000000000000", "allow {n} arg.p=under:srv", "allow {n} to\"o\"l=a",
    "allow {n} tool=a,b,c,d,e,f,g,h,i", "allow {n} tool=a,,b", "allow {n} labels=a++b",
    "allow {n} labels=a+b+c+d+e+f+g+h+i", "allow {n} sink=*", "allow {n} tool=* adds=x",
    "deny {n} " + "tool=* " * 25, "allow 9{n} tool=*", "allow {n}# tool=*", "allow {n} Tool=*",
    "budget {n} time=5/run", "budget {n} time=0s/run", "ask {n} tool=* ttl=0m",
    "label {n} tool=* adds=x unless tool=y", "allow {n} arg./a~2=1",
    "ask {n} tool=* unless tool=b keys=2", "allow {n} tool=* # no comment",
    "deny {n} arg.p=under:/srv/..", "deny {n} arg.p=under:/./srv", "deny {n} arg.p=under://",
    "allow {n} arg.p=under:/srv//a", "deny {n} arg./p~=1", "deny {n} arg./~~1=1")


def some(rng, items, most=3):
    return rng.sample(items, min(len(items), 1 if rng.random() < 0.6 else rng.randint(1, most)))


def word(rng, kind):
    """One matching word that a line of this kind may have."""
    pick = rng.random()
    if pick < 0.22:
        return "tool=" + ",".join(some(rng, TOOL_GLOBS))
    if pick < 0.34:
        return "effect=" + ",".join(some(rng, EFFECTS, 5))
    if pick < 0.50:
        return "entity=" + ",".join(some(rng, ENTITY_GLOBS))
    if pick < 0.54:
        return rng.choice(("arg.entities=", "arg./entities=")) + ",".join(some(rng, LIST_GLOBS))
    if pick < 0.68:
        name = rng.choice(ARGS if rng.random() < 0.6 else POINTERS)
        values = FOLDERS + ("/srv*", "on") if name in ("p", "/p") else VALUES
        return f"arg.{name}=" + ",".join(some(rng, values))
    if pick < 0.74:
        return "principal=" + ",".join(some(rng, PEOPLE_GLOBS))
    if pick < 0.77:
        return "agent=" + rng.choice(("house", "*", "tutor", "t*"))
    if pick < 0.83 or kind not in oracle.RULES:
        return "client=" + ",".join(some(rng, CLIENT_GLOBS))
    if pick < 0.88:
        return "labels=" + ",".join("+".join(some(rng, LABELS))
                                    for _ in range(rng.choice((1, 1, 2))))
    if pick < 0.92:
        return "sink=" + ",".join(some(rng, SINKS))
    if pick < 0.96:
        return "hours=" + ",".join(some(rng, HOURS))
    return "require=" + ",".join(some(rng, FACTS, 2))


def amount(dimension, n):
    if dimension in ("usd", "eur"):
        return f"{n // 1000000}.{n % 1000000:06d}" if n % 1000000 else f"{n // 1000000}"
    if dimension == "time":
        return f"{n // 60}m" if n % 60 == 0 else f"{n}s"
    return str(n)


def rule_line(rng, kind, name, near):
    """A line of this kind; what it counts is noted in `near`."""
    words = [word(rng, kind) for _ in range(rng.choice((1, 1, 1, 2, 2, 3)))]
    if kind == "allow" and rng.random() < 0.3:
        n = rng.choice((1, 2, 3, 30))
        near.append(("used", name, None, n))
        words.append(f"rate={n}/{rng.choice(('min', 'hour', 'day'))}")
    if kind == "ask":
        ttl = rng.choice(("30s", "10m", "2h", "24h", "5m", "601s"))
        words += [w for w in (f"ttl={ttl}", "keys=2", "key=cli") if rng.random() < 0.3]
    if kind in ("label", "sink"):
        words.append("adds=" + ",".join(some(rng, LABELS if kind == "label" else SINKS)))
    if kind == "budget":
        words = words if rng.random() < 0.5 else []
        for d in some(rng, tuple(DIMENSIONS)):
            n = rng.choice(DIMENSIONS[d])
            near.append(("spent", name, d, n))
            words.append(f"{d}={amount(d, n)}/{rng.choice(('run', 'hour', 'day', 'month'))}")
        words += rng.choice(([], ["over=ask"], ["over=deny"]))
    rng.shuffle(words)
    if kind in oracle.RULES and rng.random() < 0.3:
        words.append("unless")
        words += [word(rng, kind) for _ in range(rng.choice((1, 1, 2)))]
    text = f"{kind} {name} " + " ".join(words)
    # `unless` needs a matching word before it, and other words are none.
    return text if isinstance(load_one(text), tuple) else f"{kind} {name} tool=* {' '.join(words)}"


def load_one(text):
    return oracle.load.__wrapped__(text)


def policy(rng, layer, near, plant=False):
    """The lines of one policy; what they count goes to `near`, by layer."""
    lines, mine = [], []
    kinds = ["allow"] * 5 + ["ask"] * 3 + ["deny"] * 2 + ["label", "sink", "budget", "budget"]
    for i in range(rng.randint(1, 9)):
        lines.append(rule_line(rng, rng.choice(kinds), f"{rng.choice('abcxyz')}{i}", mine))
    if rng.random() < 0.4:
        lines.append(f"allow all {rng.choice(('tool=*', 'effect=' + ','.join(EFFECTS)))}")
    full = None
    for kind, own in (("label", LABELS), ("sink", SINKS)):
        if rng.random() < 0.03:
            full = kind
            lines += [f"{kind} {kind}{i} {word(rng, kind)} adds={','.join((own + REST)[i::4])}"
                      for i in range(4)]
    if rng.random() < 0.6:
        lines.append(f"default {rng.choice(('ask', 'deny'))}")
    rng.shuffle(lines)
    if rng.random() < 0.1:
        lines = [rng.choice((f"\r{line}", f"{line} \r", line.replace(" ", "\r", 1)))
                 for line in lines]
    if rng.random() < 0.2:
        lines.insert(rng.randint(0, len(lines)),
                     rng.choice(("# no line", "", " \t", "\r", "  # \"")))
    if plant:
        bad = rng.choice(WRONG).replace("{n}", "w")
        if full:
            bad = f"{full} w tool=* adds=one-more"
        elif rng.random() < 0.1:
            bad = f"allow {lines[-1].split()[1] if len(lines[-1].split()) > 2 else 'all'} tool="
        lines.insert(rng.randint(0, len(lines)), bad)
    near.extend((kind, f"{layer}:{name}", d, n) for kind, name, d, n in mine)
    return lines


def policy_set(rng):
    """Layers as lists of lines, the counts near their limits, all names."""
    names = [n for n in LAYERS if rng.random() < 0.35] or ([] if rng.random() < 0.05 else ["box"])
    broken = rng.randrange(len(names)) if names and rng.random() < 1 / 12 else None
    near = []
    return [(n, policy(rng, n, near, i == broken)) for i, n in enumerate(names)], near


def argument(rng, name):
    if name == "p":
        return rng.choice(PATHS) if rng.random() < 0.9 else rng.choice(SCALARS)
    if name == "entities":
        return rng.choice(LISTS)
    return rng.choice(TREES if name == "t" and rng.random() < 0.8 else SCALARS)


def question(rng, layers, near):
    effect = rng.choice(EFFECTS)
    things = [] if rng.random() < 0.3 else rng.sample(ENTITIES, rng.choice((1, 1, 1, 2, 2, 3)))
    used, spent, cost = {}, {}, {}
    for d in DIMENSIONS:
        if d != "risk" and rng.random() < 0.4:
            cost[d] = rng.choice((0, 1, 1, 2, 5, 250000))
    for kind, name, d, n in near:
        if rng.random() < 0.2:
            continue
        own = max(1, len(things)) if kind == "used" else cost.get(d, 0)
        if d == "risk":
            own = oracle.RISK[effect] * max(1, len(things))
        count = max(0, n - own + rng.choice((-1, 0, 0, 1, -n)))
        if kind == "used":
            used[name] = count
        else:
            spent.setdefault(name, {})[d] = count
    granted = [f"{layer}:{line.split()[1]}" for layer, lines in layers for line in lines
               if line.split()[:1] == ["ask"] and rng.random() < 0.3] if rng.random() < 0.4 else []
    return {"tool": rng.choice(TOOLS), "effect": effect,
            "args": {a: argument(rng, a) for a in ARGS + ("entities",) if rng.random() < 0.7},
            "entities": things, "principal": rng.choice(PEOPLE), "agent": rng.choice(AGENTS),
            "client": rng.choice(CLIENTS) if rng.random() < 0.8 else None,
            "labels": some(rng, LABELS) if rng.random() < 0.6 else [],
            "facts": {f: rng.random() < 0.6 for f in FACTS if rng.random() < 0.6},
            "minute": rng.choice(MINUTES) if rng.random() < 0.85 else None,
            "used": used, "spent": spent, "cost": cost, "granted": granted}


def texts(layers):
    return [{"name": name, "text": "\n".join(lines) + "\n"} for name, lines in layers]


def requests(seed, count):
    """(layers, question) for `count` generated cases; equal seeds, equal cases."""
    rng = random.Random(seed)
    for i in range(count):
        if i % PER_SET == 0:
            layers, near = policy_set(rng)
            made = texts(layers)
        yield made, question(rng, layers, near)


# ---- properties: each gives groups of (requests, check of their answers) ----

def sound_set(rng):
    """A set of policies without a planted error."""
    while True:
        layers, near = policy_set(rng)
        if layers and all(isinstance(load_one(t["text"]), tuple) for t in texts(layers)):
            return layers, near


def permute(rng):
    """Lines in another order give the same answer."""
    layers, near = sound_set(rng)
    other = texts([(n, rng.sample(lines, len(lines))) for n, lines in layers])
    for _ in range(8):
        q = question(rng, layers, near)
        yield [(texts(layers), q), (other, q)], lambda a: a[0] == a[1]


def added(rng, layers, kinds, near):
    """The layers with one line more, and the layer it went to."""
    at = rng.randrange(len(layers))
    line = rule_line(rng, rng.choice(kinds), "new", near)
    return [(n, lines + [line] if i == at else lines)
            for i, (n, lines) in enumerate(layers)], layers[at][0]


def no_looser(before, after, layer):
    """A line that asks, denies or limits loosens nothing.  Where the layer's
    default spoke it takes the default's place: then it can still not allow."""
    if f"{layer}:default" in before["spoke"]:
        return after["verdict"] != "allow"
    order = oracle.RULES.index
    if order(after["verdict"]) != order(before["verdict"]):
        return order(after["verdict"]) > order(before["verdict"])
    return after["verdict"] != "ask" or (
        after["keys"] >= before["keys"] and after["ttl_s"] <= before["ttl_s"]
        and (after["key"] == "cli" or before["key"] == "any")
        and set(after["spoke"]) >= set(before["spoke"]))


def tighten(rng):
    """One ask, deny or budget line more never loosens an answer."""
    layers, near = sound_set(rng)
    counts = []
    more, layer = added(rng, layers, ("ask", "deny", "budget"), counts)
    near += [(kind, f"{layer}:{name}", d, n) for kind, name, d, n in counts]
    for _ in range(8):
        q = question(rng, layers, near)
        yield [(texts(layers), q), (texts(more), q)], \
            lambda a: no_looser(a[0], a[1], layer)


def labels(rng):
    """A run's labels only grow over a series of acts, whatever the order of
    the acts; one line more takes no label or sink from any answer."""
    layers, near = sound_set(rng)
    more, _ = added(rng, layers, ("allow", "ask", "deny", "label", "sink", "budget"), [])
    acts = [question(rng, layers, near) for _ in range(8)]
    runs = []
    for way in (texts(layers), texts(more)):
        for order in (acts, acts[::-1]):
            seen = set(acts[0]["labels"])
            for act in order:
                act = dict(act, labels=sorted(seen))
                seen |= set(oracle.evaluate(way, act)["labels"])
                runs.append((way, act))

    def check(answers):
        n, seen = len(acts), []
        for i in range(0, len(answers), n):
            seen.append(set(acts[0]["labels"]))
            for (_, act), answer in zip(runs[i:i + n], answers[i:i + n]):
                if seen[-1] != set(act["labels"]):
                    return False
                seen[-1] |= set(answer["labels"])
        return seen[0] == seen[1] <= seen[2] == seen[3] and all(
            set(a[k]) <= set(b[k]) for a, b in zip(answers, answers[2 * n:])
            for k in ("labels", "sinks"))
    yield runs, check


PROPERTIES = {"permute": permute, "tighten": tighten, "labels": labels}


def property_groups(which, seed, count):
    """At least `count` groups of requests with the check of their answers."""
    rng = random.Random(seed)
    done = 0
    while done < count:
        for group in PROPERTIES[which](rng):
            done += 1
            yield group


def request_line(layers, q):
    return json.dumps({"layers": layers, "question": q})


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seed", default="1")
    p.add_argument("--count", type=int, default=1000)
    p.add_argument("--property", choices=sorted(PROPERTIES))
    args = p.parse_args()
    if not args.property:
        for layers, q in requests(args.seed, args.count):
            print(request_line(layers, q))
        return 0
    passed = failed = 0
    for group, check in property_groups(args.property, args.seed, args.count):
        answers = [oracle.evaluate(layers, q) for layers, q in group]
        if check(answers):
            passed += 1
            continue
        failed += 1
        for one, answer in zip(group, answers):
            print(request_line(*one), json.dumps(answer), sep="\n")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
