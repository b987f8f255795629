# SPDX-License-Identifier: Apache-2.0
"""Every role was taken over, and sends orders wherever it has a lane."""

from house import House


def setup():
    h = House(binary="probe-offlane").start()
    h.before = h.wait_roles()
    h.wait_log(r"mind: info: offlane (order|no lane) to vault")
    return h


def test_tools_and_control_are_ended_alone_too(h):
    h.wait_log("tools broke the rules of its lane, restarting it")
    h.wait_log("control broke the rules of its lane, restarting it")
    assert h.wait_roles()["core"] == h.before["core"], "core went down with them"


def test_what_core_sends_off_its_lane_is_not_delivered(h):
    h.wait_log("core: info: offlane order to mind")
    h.wait_log("mind: error: core sent a message that is not on its lane")


def test_what_the_vault_sends_off_its_lane_is_not_delivered(h):
    h.wait_log("vault: info: offlane order to core")
    h.wait_log("core: error: vault sent a message that is not on its lane")


def test_no_act_came_of_any_of_it(h):
    h.wait_up()
    log = h.console.run("audit", "show").stdout
    assert log and "echo.echo" not in log, log
