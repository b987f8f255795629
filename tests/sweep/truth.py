# SPDX-License-Identifier: Apache-2.0
"""What a database says about one run, and whether rows and log agree."""

import json
import os
import shutil
import sqlite3

DURABLE = ("physical", "external", "money", "system")
ATTEMPTS_MAX = 3
ENDS = ("done", "failed", "denied", "unknown")
STATES = ("proposed", "judged", "denied", "asked", "approved", "allowed", "intent", "started",
          "done", "failed", "unknown")


def snapshot(house, name):
    """The database as a crash left it, beside the house."""
    folder = house.path(name)
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    for end in ("", "-wal"):
        f = house.path("state", "core", "durward.db" + end)
        if os.path.exists(f):
            shutil.copy(f, folder)
    return os.path.join(folder, "durward.db")


def facts(path, text):
    """How often it is remembered."""
    db = sqlite3.connect(path)
    n = db.execute("SELECT count(*) FROM memory WHERE kind='fact' AND text=?", (text,)).fetchone()[0]
    db.close()
    return n


class Truth:
    """All that is kept about a run; `run` may be None, then about all."""

    def __init__(self, path, goal=None, readonly=False):
        db = sqlite3.connect(f"file:{path}" + ("?mode=ro" if readonly else ""), uri=True,
                             timeout=20)
        db.row_factory = sqlite3.Row
        db.execute("BEGIN")
        self.integrity = [r[0] for r in db.execute("PRAGMA integrity_check")]
        self.size, self.last = db.execute("SELECT count(*), max(seq) FROM log").fetchone()
        where, args = ("goal=?", (goal,)) if goal else ("1", ())
        self.runs = {r["id"]: dict(r) for r in db.execute(f"SELECT * FROM run WHERE {where}", args)}
        self.log, self.leaves = [], {}
        for r in db.execute("SELECT seq, leaf, run, body FROM log ORDER BY seq"):
            self.leaves[r["seq"]] = r["leaf"].hex()
            if r["run"] in self.runs:
                self.log.append(dict(json.loads(r["body"]), seq=r["seq"], leaf=r["leaf"].hex()))
        self.acts = {r["id"]: dict(r) for r in db.execute("SELECT * FROM act")
                     if r["run"] in self.runs}
        self.yes = [dict(r) for r in db.execute("SELECT * FROM yes") if r["act"] in self.acts]
        self.said = [dict(r) for r in db.execute("SELECT run, role, text FROM memory"
                                                 " WHERE kind='message'") if r["run"] in self.runs]
        self.nonces = [(r["nonce"], r["act"]) for r in db.execute("SELECT * FROM nonce_spent")
                       if r["act"] in self.acts]
        # A grant is not a run's: its uses are known where all runs are.
        self.grants = [dict(r) for r in db.execute("SELECT * FROM standing")] if not goal else []
        db.close()

    def of_act(self, act, *kinds):
        return [e for e in self.log if e.get("act") == act and (not kinds or e["kind"] in kinds)]

    def of_kind(self, kind):
        return [e for e in self.log if e["kind"] == kind]

    def disagreements(self):
        """Rows and log entries are written in one transaction: whatever is
        missing, both tell the same."""
        if self.integrity != ["ok"]:
            yield f"integrity_check says {self.integrity[:3]}"
        if self.size and self.last != self.size - 1:
            yield f"the log has {self.size} entries and ends at {self.last}"
        yield from self._runs()
        yield from self._grants()
        for act in sorted(set(self.acts) | {e["act"] for e in self.log if "act" in e}):
            yield from self._act(act)
        spent = [n for n, _ in self.nonces]
        logged = [e["nonce"] for e in self.log if e["kind"] == "intent" and "nonce" in e]
        if sorted(spent) != sorted(logged):
            yield f"nonces spent {spent} but {logged} in the log"
        if len(set(logged)) != len(logged):
            yield f"a nonce was spent twice: {logged}"

    def _runs(self):
        for run, row in self.runs.items():
            kinds = [e["kind"] for e in self.log if e["run"] == run]
            if kinds.count("goal") != 1:
                yield f"run {run[:8]} has a row and {kinds.count('goal')} entries 'goal'"
            if (row["state"] == "open") != (kinds.count("run-done") == 0):
                yield f"run {run[:8]} is {row['state']}, the log says {kinds}"
            said = sorted((m["role"], m["text"]) for m in self.said if m["run"] == run)
            told = [("user", row["goal"])]
            if row["state"] != "open":
                told.insert(0, ("assistant", row["reply"]))
            if said != told:
                yield f"run {run[:8]} was told {told}, and what is remembered is {said}"
            if kinds.count("run-done") > 1:
                yield f"run {run[:8]} ended {kinds.count('run-done')} times"

    def by_grant(self, act, seq):
        """The grant by which the act was judged before this entry."""
        judged = [e for e in self.of_act(act) if e["seq"] < seq and "verdict" in e]
        return judged[-1].get("grant") if judged else None

    def _grants(self):
        used = [self.by_grant(e["act"], e["seq"]) for e in self.of_kind("intent") if "nonce" not in e]
        for g in self.grants:
            most = int(dict(line.split(" ", 1) for line in g["body"].splitlines() if " " in line)["uses"])
            if g["uses"] != used.count(g["id"]):
                yield f"grant {g['id'][:8]} has {g['uses']} uses, the log {used.count(g['id'])}"
            if g["uses"] > most:
                yield f"grant {g['id'][:8]} was used {g['uses']} times, and is for {most}"

    def _act(self, act):
        kinds = [{"asked-again": "asked"}.get(e["kind"], e["kind"]) for e in self.of_act(act)]
        states = [k for k in kinds if k in STATES]
        if act not in self.acts:
            yield f"act {act[:8]} is in the log ({kinds}) and has no row"
            return
        row = self.acts[act]
        if not states or states[-1] != row["state"]:
            yield f"act {act[:8]} is {row['state']}, the log says {kinds}"
        if len([k for k in states if k in ENDS]) > 1:
            yield f"act {act[:8]} ended more than once: {kinds}"
        signed = [e["signature"] for e in self.of_act(act, "approved")]
        kept = {y["signature"]: y["nonce"] for y in self.yes if y["act"] == act}
        if sorted(signed) != sorted(kept):
            yield f"act {act[:8]} has {len(signed)} entries 'approved' and {len(kept)} sheets"
        for e in self.of_act(act, "intent"):
            if row["effect"] in DURABLE and "nonce" not in e and not self.by_grant(act, e["seq"]):
                yield f"act {act[:8]} of effect {row['effect']} was meant without a sheet"
            if "nonce" in e and e["nonce"] not in kept.values():
                yield f"act {act[:8]} spent a nonce that no sheet has"
        yield from self._attempts(act, states)

    def _attempts(self, act, states):
        """Whatever was begun and then stands open again is a new attempt."""
        n = 1 + sum(a in ("intent", "started") and b in ("allowed", "asked")
                    for a, b in zip(states, states[1:]))
        if self.acts[act]["attempt"] != n or n > ATTEMPTS_MAX:
            yield f"act {act[:8]} is at attempt {self.acts[act]['attempt']}, the log says {states}"
