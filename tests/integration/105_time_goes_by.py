# SPDX-License-Identifier: Apache-2.0
"""Some hours of a house whose clocks leap: `make soak-week`, in short."""

import os
import subprocess
import tempfile

from house import TOP


def setup():
    return None


def test_hours_go_by_with_questions_that_somebody_or_nobody_answers(_):
    with tempfile.TemporaryDirectory() as folder:
        picture = os.path.join(folder, "week.svg")
        r = subprocess.run([TOP + "/tests/soak/week", "--days", "0.35", "--picture", picture],
                           text=True, capture_output=True, timeout=600)
        assert r.returncode == 0, r.stdout[-3000:] + r.stderr[-3000:]
        assert "1 yes, 1 no, 1 nobody, 2 thoughts" in r.stdout, r.stdout
        with open(picture) as f:
            assert f.read().count("<polyline") == 4
