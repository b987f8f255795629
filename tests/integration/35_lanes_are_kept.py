# SPDX-License-Identifier: Apache-2.0
"""Every role was taken over, and sends orders wherever it has a lane."""

from house import House


def setup():
    # A house whose lanes are open falls over what it gets: it is asked nothing.
    h = House(binary="probe-offlane", tools=()).start()
    h.before = h.wait_roles()
    h.wait_log(r"mind: info: offlane (order|no lane) to vault")
    return h


def test_the_mind_has_no_lane_to_those_who_act(h):
    for other in ("tools", "vault", "runner", "control"):
        assert f"mind: info: offlane no lane to {other}" in h.log(), \
            f"the mind has a lane to {other}"


def test_a_mind_that_sends_an_order_to_core_is_ended_alone(h):
    h.wait_log("mind broke the rules of its lane, restarting it", seconds=3)
    assert h.wait_roles()["core"] == h.before["core"], "core went down with it"
