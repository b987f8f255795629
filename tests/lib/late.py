# SPDX-License-Identifier: Apache-2.0
"""When no test is begun any more: DURWARD_UNTIL seconds after the machine's
start, as /proc/uptime counts them; without it, never."""

import os

UNTIL = float(os.environ.get("DURWARD_UNTIL", "inf"))


def is_late():
    with open("/proc/uptime") as f:
        return float(f.read().split()[0]) > UNTIL
