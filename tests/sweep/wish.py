# SPDX-License-Identifier: Apache-2.0
"""A client with a goal, that goes on through every crash and keeps what it
was told, so that it can be held against what is true."""

import json
import os
import ssl
import time

from wire import Wire, key_id, sha, sign

AWAY = (ConnectionError, ssl.SSLError, OSError, TypeError)
WAITS = ("asked", "asked-again")
BEGUN = ("intent", "started")
FIRST, AGAIN = "attempt first", "attempt {}, and it may have been done already"


class Unending(Exception):
    """What must come to an end did not."""


class Line(Wire):
    """A connection of one client that remembers the id of its key."""

    ids = {}

    def __init__(self, house):
        super().__init__(house, house.console)
        self.key = os.path.join(self.folder, "key.pem")
        if self.key not in self.ids:
            self.ids[self.key] = key_id(self.key)

    def make(self, name, params):
        """Text, body and signature of a command, ready to be sent."""
        body = json.dumps(params)
        status, c = self.query("challenge")
        if status != 200:
            raise ConnectionError(c)
        fields = {"box": c["box"], "client": self.ids[self.key], "boot": c["boot"],
                  "challenge": c["challenge"], "command": name, "body-sha256": sha(body.encode())}
        text = "durward-command/1\n" + "".join(f"{k} {v}\n" for k, v in fields.items())
        return text, body, sign(self.key, text.encode())

    def post(self, text, body, signature):
        answer = self.request("POST", "/v1/command",
                              {"text": text, "body": body, "signature": signature})
        if answer is None:
            raise ConnectionError("no answer")
        return answer

    def get(self, target):
        answer = self.query(target)
        if answer is None:
            raise ConnectionError("no answer")
        return answer


class Wish:
    """`second` is the answer to what may have been done: approve or deny."""

    def __init__(self, house, goal, second="approve"):
        self.house, self.goal, self.second = house, goal, second
        self.run = None
        self.asked_for = False  # The command `ask` was sent.
        self.promised = False  # It was answered.
        self.entries = []  # Of the log, in this life of the house.
        self.seen = {}  # Leaf of an entry by its number: ever.
        self.yes = []  # What was signed: act, sheet, signature, command.
        self.told_approved = []  # The acts whose yes was answered by 200.
        self.told_denied = []  # And those whose no was.
        self.asked_twice = False  # After it may have been done.
        self.wrong = []  # Sheets that do not say how it stands.
        self.answered = set()  # Questions that have their answer.
        self.over = False
        self.error = None

    def start(self, line):
        self.asked_for = True
        status, v = line.post(*line.make("ask", {"goal": self.goal}))
        if status == 200:
            self.run, self.promised = v["run"], True

    def find(self, line):
        """The run, if the house has it although it did not say so."""
        for r in line.get("runs")[1]["runs"]:
            if r["goal"] == self.goal:
                self.run = r["run"]

    def go(self, seconds=45):
        """Until the run is over.  Errors of the connection are the caller's."""
        end = time.monotonic() + seconds
        line = Line(self.house)
        line.sock.settimeout(seconds)
        self.entries = []
        try:
            if self.run is None and self.asked_for:
                self.find(line)
            elif self.run is None:
                self.start(line)
            while self.run is not None and not self.over:
                if time.monotonic() > end:
                    kinds = [e["kind"] for e in self.entries]
                    raise Unending(f"the run goes on for {seconds} s after {kinds}")
                self.step(line)
        finally:
            line.close()

    def step(self, line):
        act = self.waiting()
        how = "events" if act is None else "entries"
        at = self.entries[-1]["seq"] + 1 if self.entries else 0
        status, v = line.get(f"{how}?run={self.run}&from={at}")
        if status != 200:
            raise ConnectionError(v)
        for e in v["entries"]:
            body = json.loads(e["body"])
            body["seq"] = e["seq"]
            self.entries.append(body)
            self.seen[e["seq"], e["leaf"]] = body
            self.over = self.over or body["kind"] == "run-done"
        if self.over or v["entries"]:
            return
        if act is not None:
            self.answer(line, act)
        elif self.ended(line):
            self.over = True

    def ended(self, line):
        return not any(r["run"] == self.run and r["state"] == "open"
                       for r in line.get("runs")[1]["runs"])

    def waiting(self):
        """The act that waits for a yes, by what the log says last."""
        acts = [e for e in self.entries if "act" in e]
        if not acts or acts[-1]["kind"] not in WAITS or acts[-1]["seq"] in self.answered:
            return None
        return acts[-1]["act"]

    def answer(self, line, act):
        """Yes to what was not begun; to what may have happened already the
        answer that is swept.  Every sheet is read before."""
        question = [e for e in self.entries if e["kind"] in WAITS][-1]
        begun = any(e["kind"] in BEGUN and e["act"] == act for e in self.entries)
        status, v = line.get("sheet?act=" + act)
        if status == 200:
            self.read(v["sheet"], question, begun)
            if begun and self.second == "deny":
                status = self.deny(line, act)
            else:
                status = self.approve(line, act, v["sheet"])
        if status == 200:
            self.answered.add(question["seq"])
        else:
            time.sleep(0.02)

    def read(self, sheet, question, begun):
        self.asked_twice |= begun
        says = AGAIN.format(question["attempt"]) if begun else FIRST
        if says not in sheet.splitlines():
            self.wrong.append(f"a sheet after {[e['kind'] for e in self.entries]} has no line "
                              f"'{says}'")

    def deny(self, line, act):
        status, _ = line.post(*line.make("deny", {"act": act, "reason": "once is enough"}))
        if status == 200:
            self.told_denied.append(act)
        return status

    def approve(self, line, act, sheet):
        signature = sign(line.key, sheet.encode())
        command = line.make("approve", {"act": act, "signature": signature})
        self.yes.append((act, sheet, signature, command))
        status, _ = line.post(*command)
        if status == 200:
            self.told_approved.append(act)
        return status

    def replay(self):
        """Send every yes again, as it was and in a new command; what was
        taken a second time."""
        taken = []
        line = Line(self.house)
        for act, sheet, signature, command in self.yes:
            if line.post(*command)[0] == 200:
                taken.append(f"the recorded command for act {act[:8]}")
            # Shown its new sheet, if there is one, this client may answer.
            shown = line.get("sheet?act=" + act)
            if shown[0] == 200 and shown[1]["sheet"] == sheet:
                continue  # The house lives on, and the question with it.
            status, _ = line.post(*line.make("approve", {"act": act, "signature": signature}))
            if status == 200:
                taken.append(f"the old signature for act {act[:8]}")
        line.close()
        return taken
