# SPDX-License-Identifier: Apache-2.0
"""`durward doctor` looks at the machine, too, and mends what is safe to mend."""

import json
import os
import stat

from house import House


def setup():
    return House(tools=()).start(tools=False)


def keys(h, *words):
    """Exit code, and what is said of this client's keys."""
    r = h.console.run("doctor", "--json", *words)
    found, = [f for f in json.loads(r.stdout)["machine"] if f["check"] == "my-keys"]
    return r, found


def test_keys_that_others_could_reach_are_told_and_closed(h):
    assert keys(h)[1]["ok"]
    os.chmod(h.console.folder, 0o755)
    found = keys(h)[1]
    assert not found["ok"] and "--fix" in found["fix"], found
    said = h.console.run("doctor").stdout
    assert "BAD   my-keys" in said and "to do: durward doctor --fix" in said, said
    found = keys(h, "--fix")[1]
    assert found["ok"] and found["mended"], found
    assert stat.S_IMODE(os.stat(h.console.folder).st_mode) == 0o700
    found = keys(h)[1]
    assert found["ok"] and "mended" not in found, found


# The last, since the house ends in it.
def test_a_house_that_does_not_answer_does_not_keep_the_doctor_away(h):
    h.stop()
    os.chmod(h.console.folder, 0o755)
    r, found = keys(h, "--fix")
    assert r.returncode == 3 and "is the house running there" in r.stderr, r
    assert found["ok"] and found["mended"], found
    assert "my-keys" in h.console.run("doctor").stdout
