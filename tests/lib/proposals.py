# SPDX-License-Identifier: Apache-2.0
"""What the mind of probe-badmind is told to propose, and what became of it."""

import json


def call(tool, args, step, also=None, then=None, origin="model"):
    """`also` is proposed at once with it, `then` when it has ended."""
    origins = ",".join(f"{name}:{origin}" for name in sorted(args)) or "none"
    v = {"tool": tool, "args": json.dumps(args, separators=(",", ":"), sort_keys=True),
         "step": step, "origins": origins}
    v.update({k: p for k, p in (("also", also), ("then", then)) if p})
    return v


def acts(entries):
    """What became of each act, by its tool."""
    tools = {e["act"]: e["tool"] for e in entries if e["kind"] == "proposed"}
    ends = {"done", "denied", "failed"}
    return {tools[e["act"]]: e["kind"] for e in entries if e["kind"] in ends}
