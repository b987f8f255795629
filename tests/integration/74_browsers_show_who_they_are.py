# SPDX-License-Identifier: Apache-2.0
"""A browser has no certificate: it is who it signs to be, for one connection,
and only once an owner has said so."""

import json
import os
import signal
import time

from browser import Browser, Live, command, http, opened, paired, tls, window
from house import Client, House, wait_for
from rules import bring_grant


def setup():
    return House(tools=("notes",)).start()


def size_of(live):
    return live.query("status")["body"]["log_size"]


def test_a_browser_that_knows_the_token_is_nobody_until_an_owner_says_so(h):
    b = Browser(h, "early")
    token = window(h, "owner")
    assert b.ask(token)[0] == 200
    live = Live(h)
    refused = live.open(b)["refused"]
    assert refused["waits"] is True and live.ends()
    assert not [c for c in h.console.json("clients")["clients"] if c["name"] == "early"]
    other = Browser(h, "other")
    status, answer = other.ask(token)
    assert status == 403 and "another client is being paired" in answer["error"], answer
    assert command(h, "pair.confirm", {"client": other.id})[0] != 200
    assert command(h, "pair.refuse", {"client": b.id})[0] == 200
    live = Live(h)
    assert live.open(b)["refused"]["waits"] is False


def test_a_wrong_proof_pairs_nobody(h):
    for change in ({"hmac": "0" * 64}, {"name": "another"}, {"key": Browser(h, "x").point},
                   {"key": "04" + "11" * 64}, {"csr": "x"}, {"name": "No Name"}):
        b = Browser(h, "wrong")
        status, answer = b.ask(window(h), **change)
        assert status in (400, 403), (change, status, answer)
        assert command(h, "pair.confirm", {"client": b.id})[0] != 200, change


def test_who_knocks_without_end_is_not_heard_of(h):
    """Neither by the vault, where no window is open, nor in its log, where one is."""
    paired(h, "frida")
    vault = h.pids()["vault"]
    os.kill(vault, signal.SIGSTOP)
    try:
        status, answer = Browser(h, "late").ask("a" * 48)
    finally:
        os.kill(vault, signal.SIGCONT)
    assert status == 403 and "no pairing window is open" in answer["error"], answer
    b = Browser(h, "asks")
    token = window(h)
    assert b.ask(token)[0] == 200
    before = h.log().count("a pairing was refused")
    other = Browser(h, "other")
    for _ in range(30):
        assert other.ask(token)[0] == 403
    assert h.log().count("a pairing was refused") <= before + 1
    assert command(h, "pair.refuse", {"client": b.id})[0] == 200


def test_what_was_signed_for_one_connection_opens_no_other(h):
    b = paired(h, "anna")
    first, second = Live(h), Live(h)
    recorded = b.signed(b.text(first.hello))
    second.say({"session": recorded})
    v = second.hear()
    assert "refused" in v and "challenge" in v["refused"]["error"] and second.ends(), v
    first.say({"session": recorded})
    assert first.hear()["session"] == {"name": "anna", "role": "approver"}
    first.close()
    third = Live(h)
    third.say({"session": recorded})
    assert "refused" in third.hear() and third.ends()


def test_nothing_but_the_session_of_this_box_and_start_is_one(h):
    b = paired(h, "ben")
    stranger = Browser(h, "ben")
    wrong = (lambda t: b.signed(b.text(t, name="halt")),
             lambda t: b.signed(b.text(t, body="{ }")),
             lambda t: b.signed(b.text(t, box="0" * 64)),
             lambda t: b.signed(b.text(t, boot="0" * 32)),
             lambda t: stranger.signed(b.text(t)),
             lambda t: stranger.signed(stranger.text(t)),
             lambda t: {"text": b.text(t), "signature": "ES256:" + "0" * 128},
             lambda t: {"text": b.text(t)},
             lambda t: {})
    for i, change in enumerate(wrong):
        live = Live(h)
        live.say({"session": change(live.hello)})
        v = live.hear()
        assert "refused" in v and "session" not in v, (i, v)
        assert live.ends(), i


def test_before_a_session_nothing_is_answered(h):
    for v in ({"id": 1, "query": "status", "params": {}}, {"id": 1, "command": {}}, b"[]",
              b"no JSON", b"{}"):
        live = Live(h)
        live.say(v)
        try:
            assert "refused" in live.hear(), v
        except EOFError:
            pass
        live.close()
    assert http(h, "GET", "/v1/status")[0] == 404
    assert http(h, "POST", "/v1/command", {})[0] == 405


def test_who_opens_no_session_is_closed_and_who_has_one_stays(h):
    stays = opened(h, paired(h, "bianca"))
    stranger = Live(h)
    stranger.socket.settimeout(30)
    begun = time.monotonic()
    assert stranger.ends()
    assert 8 < time.monotonic() - begun < 20
    assert stays.query("status")["status"] == 200


def test_a_session_is_no_authority(h):
    """Commands are signed all the same: with the key, for this box, once."""
    b, other = paired(h, "clara"), paired(h, "dora")
    live = opened(h, b)
    at = live.query("challenge")["body"]
    body = json.dumps({"goal": "list notes"})
    good = {**b.signed(b.text(at, "ask", body)), "body": body}
    for wrong in ({**good, "body": body + " "}, {**other.signed(other.text(at, "ask", body)), "body": body},
                  {**good, "signature": "ES256:" + "1" * 128}):
        live.say({"id": 8, "command": wrong})
        assert live.hear()["status"] == 403, wrong
    live.say({"id": 8, "command": good})
    v = live.hear()
    assert v["status"] == 200 and v["body"]["run"], v
    live.say({"id": 9, "command": good})
    assert live.hear()["status"] == 403, "once"


def test_a_token_for_a_phone_pairs_no_command_line_and_the_other_way_round(h):
    """Nobody compares words with a command line."""
    r = Client(h, "thief").pair(window(h, "owner"), "thief")
    assert r.returncode != 0 and "this window is for a phone" in r.stderr, r.stderr
    token = json.loads(h.console.run("pair", "--json").stdout)["token"]
    status, answer = Browser(h, "page").ask(token)
    assert status == 403 and "this window is for a command line" in answer["error"], answer


TAKES_A_COMMAND_LINE = (
    "policy.activate", "policy.rollback", "grant.add", "pair.open", "pair.confirm", "clients.lend",
    "clients.extend", "secret.set", "secret.remove", "tool.add", "tool.update", "tool.enable", "tool.rollback",
    "tool.remove", "tool.exempt", "model.use", "model.price", "audit.prune", "session.import",
    "web.on", "web.off", "clients.certificate",
    "recovery.make", "recovery.revoke")


def test_an_owner_in_a_browser_changes_nothing_that_the_house_believes(h):
    """A false page could have had anything signed."""
    b = paired(h, "iris", "owner")
    live = opened(h, b)

    def say(name, body):
        at = live.query("challenge")["body"]
        text = json.dumps(body)
        live.say({"id": 8, "command": {**b.signed(b.text(at, name, text)), "body": text}})
        return live.hear()
    for name in TAKES_A_COMMAND_LINE:
        v = say(name, {"role": "owner", "reply_key": b.point, "kind": "cli"})
        assert v["status"] == 403 and "command line" in v["body"]["error"], (name, v)
    assert say("halt", {})["status"] == 200
    assert say("resume", {})["status"] == 200


def test_a_browser_takes_back_only_what_the_house_has(h):
    """As many as the vault remembers could be filled by a page, for good; and a
    time that it says would let one stand again."""
    b = paired(h, "jule", "owner")
    live = opened(h, b)

    def take_back(id):
        at = live.query("challenge")["body"]
        text = json.dumps({"grant": id, "until_ms": 1})
        live.say({"id": 8, "command": {**b.signed(b.text(at, "grant.revoke", text)), "body": text}})
        return live.hear()
    for id in ("1" * 32, "", "x"):
        v = take_back(id)
        assert v["status"] == 404 and "no such grant" in v["body"]["error"], v
    mine = "2" * 32
    bring_grant(h, mine)
    assert take_back(mine)["status"] == 200
    assert take_back(mine)["status"] == 404
    kept = h.console.json("clients")["revoked_grants"]
    days = (kept[0]["until_ms"] / 1000 - time.time()) / 86400
    assert [g["id"] for g in kept] == [mine] and 365 < days < 367, kept


def test_a_viewer_on_a_phone_can_only_look(h):
    b = paired(h, "eve", "viewer")
    live = opened(h, b)
    assert live.query("runs")["status"] == 200
    at = live.query("challenge")["body"]
    body = json.dumps({"goal": "list notes"})
    live.say({"id": 8, "command": {**b.signed(b.text(at, "ask", body)), "body": body}})
    assert live.hear()["status"] == 403


def test_a_revoked_browser_is_told_and_heard_no_more(h):
    b = paired(h, "fred")
    live, tab = opened(h, b), opened(h, b)
    live.say({"id": 1, "query": "events", "params": {"from": size_of(live)}})
    assert h.console.run("clients", "revoke", "fred").returncode == 0
    for l in (live, tab):
        try:
            v = l.hear()
            v = v if "refused" in v else l.hear()  # Behind the entry of the log.
        except (EOFError, OSError):
            v = {}
        assert "refused" in v and "revoked" in v["refused"]["error"] and l.ends(), v
    again = Live(h)
    assert "refused" in again.open(b)


def test_entries_that_nobody_can_write_soon_are_not_waited_for(h):
    live = opened(h, paired(h, "gerda"))
    size = size_of(live)
    for far in (size + 1, 10 ** 6, -1):
        v = live.query("events", **{"from": far})
        assert v["status"] == 409 and f"{size} entries" in v["body"]["error"], v


def heard_of(live, n):
    """The answers by their numbers."""
    return {v["id"]: v["status"] for v in (live.hear() for _ in range(n))}


def test_one_browser_cannot_take_all_answers(h):
    """Not on one connection, not on many, and not on those that it closed."""
    b, other = paired(h, "greta"), paired(h, "gustav", "owner")
    size = size_of(opened(h, other))
    phone = opened(h, other)
    lives = [opened(h, b) for _ in range(16)]
    # From here on nothing may take CLIENT_WAIT_MS, for then they are answered.
    for live in lives:
        for i in range(40):
            live.say({"id": i, "query": "events", "params": {"from": size}})
        busy = heard_of(live, 24 if live is lives[0] else 40)
        assert set(busy.values()) == {429}, busy
    assert phone.query("status")["status"] == 200
    assert h.console.run("runs").returncode == 0
    assert lives[3].query("challenge")["status"] == 200, "what a halt begins with"
    for live in lives:
        live.close()
    again = opened(h, b)
    assert again.query("status")["status"] == 429, "the core still has them"
    at = phone.query("challenge")["body"]
    phone.say({"id": 8, "command": {**other.signed(other.text(at, "halt", "{}")), "body": "{}"}})
    assert phone.hear()["status"] == 200
    # The halt was what they waited for; some are answered behind the command.
    wait_for(lambda: again.query("status")["status"] == 200, 60)
    assert h.console.run("resume").returncode == 0


def test_idle_browsers_keep_nobody_out(h):
    many = [paired(h, "ida", "viewer"), paired(h, "ingrid", "viewer")]
    late = paired(h, "ines", "owner")
    lives = [opened(h, b) for b in many for _ in range(40)]
    for _ in range(3):
        live = opened(h, late)
        assert live.query("status")["status"] == 200
    for live in lives:
        live.close()


def test_control_that_dies_lets_browsers_come_back(h):
    b = paired(h, "hanna")
    live = opened(h, b)
    os.kill(h.pids()["control"], signal.SIGKILL)
    assert live.ends()

    def back():
        "the house"
        try:
            return opened(h, b)
        except (OSError, EOFError, AssertionError):
            time.sleep(0.1)
    assert wait_for(back).query("status")["status"] == 200


def test_the_port_is_closed_when_no_browser_is_left(h):
    for c in h.console.json("clients")["clients"]:
        if c["kind"] == "browser" and not c.get("revoked"):
            assert h.console.run("clients", "revoke", c["name"]).returncode == 0

    def closed():
        "the port to be closed"
        try:
            tls(h).close()
        except OSError:
            return True
    wait_for(closed, 60)
