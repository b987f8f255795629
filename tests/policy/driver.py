# SPDX-License-Identifier: Apache-2.0
"""The cases written by hand, and how the house's own judge is asked."""

import json
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))


def whole_text(text):
    """A text, or a list of texts and of [text, times] where %d is the turn."""
    if isinstance(text, str):
        return text
    return "".join(part if isinstance(part, str) else
                   "".join(part[0].replace("%d", str(i)) for i in range(part[1]))
                   for part in text)


def cases():
    """(name, layers, question, want) of every case of cases.jsonl."""
    with open(os.path.join(HERE, "cases.jsonl"), encoding="utf-8") as f:
        for case in map(json.loads, f):
            layers = [{"name": one["name"], "text": whole_text(one["text"])}
                      for one in case["layers"]]
            yield case["name"], layers, case["question"], case["want"]


def ask(driver, requests, limit_s=120):
    """The answers of the driver, None for each that did not come, and what
    is wrong with the driver itself."""
    try:
        r = subprocess.run([driver], input="\n".join(requests).encode() + b"\n",
                           capture_output=True, timeout=limit_s)
    except subprocess.TimeoutExpired:
        return [None] * len(requests), f"no end within {limit_s} s"
    answers = []
    for line in r.stdout.splitlines()[:len(requests)]:
        try:
            answers.append(json.loads(line))
        except ValueError:
            answers.append(None)
    wrong = None
    if r.returncode != 0 or r.stdout.count(b"\n") != len(requests):
        wrong = (f"status {r.returncode}, {r.stdout.count(bytes([10]))} answers to "
                 f"{len(requests)} requests {r.stderr[-2000:].decode(errors='replace')}")
    return answers + [None] * (len(requests) - len(answers)), wrong


def same(want, answer):
    """Equal in JSON, where true is no 1; what is wanted may leave out charges."""
    left_out = {k: v for k, v in (answer or {}).items() if k == "charges" and "error" not in want}
    want = {**left_out, **want}
    return want == answer and all(type(want[k]) is type(answer[k]) for k in want)
