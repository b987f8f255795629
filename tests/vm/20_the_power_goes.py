# SPDX-License-Identifier: Apache-2.0
"""The power goes while the house works: whatever its disk may hold then, what
anybody was told is there, and nothing happened that is not.

A machine works on a disk that writes down what it is told; the power cuts are
made from that, here, as many as VM_STATES says.  What this cannot see is a
disk that lies about its flushes, but for one test, which is about that."""

import collections
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

from disklog import BLOCK, FLUSH, DiskLog, files_of
from house import BUILD, TOP
from machine import Machine, built

sys.path.insert(0, os.path.join(TOP, "tests", "sweep"))

from truth import Truth  # noqa: E402

DISK_MB, MARKS_MB = 96, 4
STATES = int(os.environ.get("VM_STATES", "100"))
LYING_STATES = 12
LIES = 60  # Writes that such a disk keeps to itself.
SEED = int(os.environ.get("VM_SEED", "1"))
FILES = ("core/durward.db", "core/durward.db-wal", "vault/trust.json", "vault/secrets.json")
# A new box, and this console as its owner.
OWNER = ("c=/root/.config/durward && durward init --console $c && setpriv --reuid durward "
         "--regid durward --clear-groups durward init --state /var/lib/durward --policy "
         "/usr/lib/durward/policies/assist.policy --owner - <$c/owner.csr >/tmp/answer && "
         "durward init --console $c --answer - </tmp/answer")


class Worked:
    """What a machine has done on its disk until the plug was pulled."""

    def __init__(self):
        self.work = tempfile.mkdtemp(prefix="durward-power-")
        package = built(self.work)
        self.m = Machine(bring=[package, os.path.join(TOP, "tests", "vm", "wishes")])
        try:
            self.m.add_logged_disk(DISK_MB, MARKS_MB)
            self.m.start()
            self.told = self.live(os.path.basename(package))
            self.m.pull_the_plug()
            self.marks = self.read_marks()
        except BaseException:
            self.close()
            raise

    def live(self, package):
        """What clients were told, in the order of its marks."""
        run = self.m.run
        run("mkdir /var/lib/durward && mount /dev/vdc /var/lib/durward && "
            "rmdir /var/lib/durward/lost+found")
        run(f"dpkg -i /run/brought/{package} && {OWNER} && "
            "systemctl start durward durward-tools", timeout=600)
        run("for i in $(seq 600); do timeout 20 durward tool --json | grep -q '\"runner\":true' && exit 0; "
            "sleep 0.5; done; exit 1", timeout=600)
        run("durward tool add /usr/lib/durward/containers/notes --yes", timeout=600)
        run(f"python3 /run/brought/wishes /dev/vdc {DISK_MB << 20} /tmp/told", timeout=600)
        run("sync -f /var/lib/durward")
        return json.loads(run("cat /tmp/told"))

    def disk(self, folder):
        return DiskLog(*self.m.logged, folder)

    def read_marks(self):
        """Before which entry of the disk's log each of the marks stands."""
        found = {}
        with tempfile.TemporaryDirectory(dir=self.work) as folder:
            log = self.disk(folder)
            for k, e in enumerate(log.entries):
                if e.at >= DISK_MB << 20:
                    for i in range(0, e.length, BLOCK):
                        n = int(log.bytes_of(e)[i:i + BLOCK].split(b"\0")[0].split()[1])
                        found.setdefault(n, k + 1)
            self.entries = len(log.entries)
            self.flushes = sum(e.flags & FLUSH for e in log.entries[found[0]:])
            log.close()
        assert sorted(found) == list(range(len(self.told))), "a mark is missing"
        assert {k for f in self.told for k in f} >= {"run", "act", "secret", "deleted"}, self.told
        return [found[n] for n in range(len(self.told))]

    def close(self):
        self.m.close()
        shutil.rmtree(self.work, ignore_errors=True)


def setup():
    return Worked()


def left(image, folder):
    """What a house would find: its database, its vault; or why not."""
    why = files_of(image, FILES, folder)
    db = os.path.join(folder, FILES[0])
    if not why and not os.path.exists(db):
        why = "lost: there is no database"
    return db, os.path.join(folder, "vault"), why


def read(path):
    with open(path) as f:
        return f.read()


class End:
    """All that came of it, in the order in which it was written."""

    def __init__(self, w, folder):
        log = w.disk(folder)
        db, vault, why = left(log.whole(), os.path.join(folder, "left"))
        log.close()
        assert not why, why
        self.truth = Truth(db)
        self.trust = read(os.path.join(vault, "trust.json"))
        self.seq = {}  # Of what clients are told.
        for e in self.truth.log:
            if e["kind"] in ("run-done", "approved"):
                self.seq[e.get("act", e["run"])] = e["seq"]


class Cut:
    """One power cut, and all that is wrong with what is left."""

    def __init__(self, end, told):
        self.end, self.told, self.bad = end, told, []

    def look(self, image, folder):
        db, vault, why = left(image, folder)
        if why:
            self.bad.append(why)
            return self.bad
        r = subprocess.run([BUILD + "/durward", "audit", "verify", "--db", db], text=True,
                           capture_output=True, env={"DURWARD_CLIENT": "/nonexistent", "HOME": "/"})
        if r.returncode != 0:
            self.bad.append(f"audit verify: {r.stderr.strip()}")
        try:
            t = Truth(db)
        except sqlite3.Error as e:
            self.bad.append(f"the database cannot be read: {e}")
            return self.bad
        self.bad += [f"rows and log disagree: {words}" for words in t.disagreements()]
        self.look_at_log(t)
        self.look_at_acts(t)
        self.look_at_vault(vault)
        return self.bad

    def look_at_log(self, t):
        """What was written first is there, unchanged, and all that was told."""
        others = self.end.truth.leaves
        if any(others.get(seq) != leaf for seq, leaf in t.leaves.items()):
            self.bad.append("the log holds what was never written")
        for fact in self.told:
            what = fact.get("act") or fact.get("run")
            if what and self.end.seq[what] not in t.leaves:
                self.bad.append(f"lost: {fact} was told, it is entry {self.end.seq[what]} of a "
                                f"log of {t.size}")

    def look_at_acts(self, t):
        """No act without its intent, in the log or in the world."""
        meant = collections.Counter()
        for act, row in t.acts.items():
            kinds = [e["kind"] for e in t.of_act(act)]
            begun = [k for k in kinds if k in ("intent", "started", "done")]
            if begun and begun[0] != "intent":
                self.bad.append(f"act {act[:8]} has no intent before {begun[0]}")
            if row["tool"] == "notes.delete":
                meant[json.loads(row["args"])["name"].encode().hex()] += kinds.count("intent")
        for name, n in collections.Counter(f.get("deleted") for f in self.told).items():
            if name and meant[name] < n:
                self.bad.append(f"{name} was deleted {n} times, and meant to be {meant[name]} times")

    def look_at_vault(self, vault):
        path, secrets = os.path.join(vault, "secrets.json"), []
        try:
            if read(os.path.join(vault, "trust.json")) != self.end.trust:
                self.bad.append("the trust table is another one")
            if os.path.exists(path):
                secrets = json.loads(read(path))["secrets"]
        except (OSError, ValueError) as e:
            self.bad.append(f"lost: the vault cannot be read: {e}")
        versions = {k["name"]: k["version"] for k in secrets}
        for f in self.told:
            if "secret" in f and versions.get(f["secret"], 0) < f["version"]:
                self.bad.append(f"lost: {f} was told, and the vault has {versions}")


def cuts(w, n, seed, lies=0):
    """So many of them: the bad ones, by where and why."""
    draw = random.Random(seed)
    where = sorted(draw.randrange(w.marks[0], w.entries + 1) for _ in range(n))
    bad = {}
    with tempfile.TemporaryDirectory(dir=w.work) as folder:
        end = End(w, folder)
        log = w.disk(folder)
        for i, k in enumerate(where):
            told = [f for f, at in zip(w.told, w.marks) if at <= k]
            image = log.cut_before(k, f"{seed} {i}", lies)
            words = Cut(end, told).look(image, os.path.join(folder, "left"))
            if words:
                bad[i, k] = words
        log.close()
    return bad


def test_whatever_power_cut_nothing_is_lost_or_done_twice(w):
    bad = cuts(w, STATES, SEED)
    print(f"power_cuts {STATES}, among {w.entries - w.marks[0] - w.flushes} writes, "
          f"{w.flushes} flushes and {len(w.told)} answers")
    print(f"lost_or_doubled {len(bad)}")
    for (i, k), words in bad.items():
        print(f"cut {i} before write {k}: " + "; ".join(words[:5]))
    assert not bad, f"VM_SEED={SEED}: {len(bad)} of {STATES}"


def test_a_disk_that_lies_about_its_flushes_is_noticed(w):
    bad = cuts(w, LYING_STATES, SEED, LIES)
    assert len(bad) > LYING_STATES // 2, bad
    assert any("lost: " in words for found in bad.values() for words in found), bad
