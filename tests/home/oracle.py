# SPDX-License-Identifier: Apache-2.0
"""Jinja2 with the filters that Home Assistant puts in place of its own, and
templates to compare with it."""

import json
import math
import random
import re
import sys

SEED = 20260101
CASES = 9000


def no_default(name, value):
    raise ValueError(f"{name} got {value!r} and no default")


MISSING = object()


def as_float(value, default=MISSING):
    try:
        return float(value)
    except (ValueError, TypeError):
        return default if default is not MISSING else no_default("float", value)


def as_int(value, default=MISSING, base=10):
    try:
        return int(value, base) if isinstance(value, str) else int(value)
    except (ValueError, TypeError):
        pass
    try:
        return int(float(value))
    except (ValueError, TypeError, OverflowError):
        return default if default is not MISSING else no_default("int", value)


def as_round(value, precision=0, method="common", default=MISSING):
    try:
        scale = float(10 ** precision)
        if method == "ceil":
            value = math.ceil(float(value) * scale) / scale
        elif method == "floor":
            value = math.floor(float(value) * scale) / scale
        elif method == "half":
            value = round(float(value) * 2) / 2
        else:
            value = round(float(value), precision)
        return int(value) if precision == 0 else value
    except (ValueError, TypeError):
        return default if default is not MISSING else no_default("round", value)


def is_number(value):
    try:
        return math.isfinite(float(value))
    except (ValueError, TypeError):
        return False


def iif(value, yes=True, no=False, none=MISSING):
    if value is None and none is not MISSING:
        return none
    return yes if value else no


def load():
    """The environment; None where it is not installed."""
    try:
        from jinja2.sandbox import ImmutableSandboxedEnvironment
    except ImportError:
        # A Python of one's own does not see what the distribution has.
        sys.path.append("/usr/lib/python3/dist-packages")
        try:
            from jinja2.sandbox import ImmutableSandboxedEnvironment
        except ImportError:
            return None
    env = ImmutableSandboxedEnvironment()
    env.filters.update(float=as_float, int=as_int, round=as_round, is_number=is_number, iif=iif)
    return env


def render(env, text, payload):
    names = {"value": payload}
    try:
        names["value_json"] = json.loads(payload)
    except ValueError:
        pass
    return env.from_string(text).render(**names).strip()


def compare(env, text, payload, ours, told):
    """Ours is equal, or says that it cannot tell."""
    try:
        want = render(env, text, payload)
    except Exception as e:  # Jinja's own, and Python's
        assert "error" in ours, f"{text!r} of {payload!r}: {ours['text']!r}, and Jinja2: {e!r}"
        told["refused by both"] += 1
        return
    if "error" in ours:
        told["refused by us"] += 1
        return
    assert ours["text"] == want, f"{text!r} of {payload!r}: {ours['text']!r} is not {want!r}"
    told["equal"] += 1


PAYLOADS = [
    '{"a":1,"b":{"c":"x","d":[1,2.5,"y",null]},"s":"Open The Door","t":true,"n":null,"f":21.0}',
    '{"a":-7,"b":{"c":"","d":[]},"s":"a,b,c","t":false,"n":0,"f":-0.5,"z":"12.50"}',
    '{"a":1234567890123,"b":{},"s":"  spaced  ","t":"ON","f":1e-7,"z":"0x10"}',
    '{"a":2.675,"b":{"c":"é ü","d":["x"]},"s":"ÄÖ","f":1e22,"z":"-3"}',
    "ON", "21.5", "-0", "007", "", "not json", "[1,2,3]", "null", "1e5", "  8 ", '"text"',
]


class Maker:
    """Expressions by chance, of the shapes that are read."""

    def __init__(self, seed):
        self.r = random.Random(seed)

    def atom(self):
        return self.r.choice([
            "value", "value_json.a", 'value_json["f"]', "value_json.b.c", "value_json.b.d[0]",
            "value_json.s", "value_json.t", "value_json.n", "value_json.missing", "value_json.z",
            "1", "0", "2.5", "-3", "100", "0.1", "1e3", "'x'", '"ON"', "''", "'a,b'", "true", "false",
            "none", "[1, 'x', 2.5]", "{'ON': 'on', 'x': 1}", "value_json.b.get('c')",
            "value_json.b.get('q', 5)", "value_json.b"])

    def filter(self):
        return self.r.choice([
            "lower", "upper", "string", "int", "int(0)", "float", "float(0)", "round", "round(1)",
            "round(2, 'floor')", "round(0, 'ceil')", "round(1, 'half', 0)", "abs", "length", "trim",
            "default('d')", "default('d', true)", "d(3)", "truncate(3, True, '', 0)", "truncate(6)",
            "truncate(7, false, '..')", "replace('a', 'bb')", "first", "last", "is_number", "iif",
            "iif('y', 'n')", "int(default=4)", "float(default=none)"])

    def test(self):
        return self.r.choice(["defined", "undefined", "none", "number", "string", "boolean",
                              "integer", "float", "mapping", "true", "false", "not defined", "not none"])

    def expression(self, depth):
        r = self.r
        if depth == 0:
            return self.atom()
        sub = lambda: self.expression(depth - 1)
        return r.choice([
            lambda: self.atom(),
            lambda: f"{sub()} | {self.filter()}",
            lambda: f"({sub()}) | {self.filter()} | {self.filter()}",
            lambda: f"({sub()}) {r.choice(['+', '-', '*', '/', '//', '%', '~'])} ({sub()})",
            lambda: f"{sub()} {r.choice(['+', '-', '*', '//', '%', '~'])} {sub()}",
            lambda: f"({sub()}) {r.choice(['==', '!=', '<', '<=', '>', '>=', 'in', 'not in'])} ({sub()})",
            lambda: f"{self.atom()} < {self.atom()} <= {self.atom()}",
            lambda: f"({sub()}) {r.choice(['and', 'or'])} not ({sub()})",
            lambda: f"{sub()} if {sub()} else {sub()}",
            lambda: f"({sub()} if {sub()})",
            lambda: f"({sub()}) is {self.test()}",
            lambda: f"-({sub()})",
            lambda: f"({sub()}) in {{'ON': 1, 'x': 2, 1: 3}}.keys()",
            lambda: f"{{'ON': {sub()}, 'x': 2, 1: 3}}[{sub()}]",
            lambda: f"({sub()}).split(',')[{r.choice(['0', '1', '-1'])}]",
            lambda: f"({sub()}).{r.choice(['lower()', 'strip()', 'startswith(%s)', 'endswith(%s)'])}"
                    .replace("%s", "'O'"),
        ])()

    def template(self):
        r = self.r
        dash = lambda: r.choice(["", "", "-"])
        e = lambda: self.expression(r.randrange(3))
        return r.choice([
            lambda: f"{{{{ {e()} }}}}",
            lambda: f" a {{{{{dash()} {e()} {dash()}}}}} \n b ",
            lambda: f"{{%{dash()} if {e()} {dash()}%}} yes {{%{dash()} elif {e()} %}} 2 "
                    f"{{% else {dash()}%}} no {{%{dash()} endif %}}.",
            lambda: f"{{% set x = {e()} %}}{{% if x %}}{{{{ x }}}}{{% set x = 'y' %}}{{% endif %}}"
                    f"{{{{ x ~ '|' }}}}{{# {{{{ x }}}} #}}",
        ])()


def cases():
    maker = Maker(SEED)
    for _ in range(CASES):
        yield maker.template(), maker.r.choice(PAYLOADS)


NAMES = re.compile(r"""value_json(?:\.(\w+)|\[["']([^"']+)["']\])""")


def payloads_for(text):
    """What a device might say to a template that reads these names."""
    names = sorted({a or b for a, b in NAMES.findall(text)}) or ["x"]
    for value in ("ON", 21.0, 7, True, None, "lock", {"x": 0.31, "state": "idle", "latest_version": 3},
                  ["a", 1], "a b c"):
        yield json.dumps({n: value for n in names})
    yield "{}"
    yield "plain"
