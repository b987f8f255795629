# SPDX-License-Identifier: Apache-2.0
"""The thin line through the whole house: goals, approvals, the record."""

import os
import pty
import select
import subprocess

from house import PATIENCE, House


def setup():
    return House().start()


def kinds(entries):
    return [e["kind"] for e in entries]


def test_a_note_is_saved_listed_read_found(h):
    entries = h.console.ask("save a note: buy milk")
    assert kinds(entries) == ["goal", "proposed", "judged", "allowed", "intent", "started",
                              "done", "run-done"], kinds(entries)
    assert entries[2]["verdict"] == "allow" and entries[2]["rule"] == "box:undoable"
    assert entries[-1]["reached"] is True
    assert "buy milk" in h.console.reply("list notes")
    assert h.console.reply("read the note buy milk") == "buy milk"
    assert "buy milk" in h.console.reply("find MILK in notes")


def test_deleting_is_asked_approved_elsewhere_and_done(h):
    phone = h.pair("phone")
    h.console.ask("save a note: to be deleted")
    p, act = h.console.asked("delete the note to be deleted")
    r = phone.run("approve", act, "--yes")
    assert r.returncode == 0, r.stderr
    out, err = p.communicate(timeout=60)
    assert p.returncode == 0, err
    assert '"kind":"approved"' in out and '"name":"phone"' in out, out
    assert "to be deleted" not in h.console.reply("list notes")


def on_a_terminal(h, goal, answer):
    """What a person sees who asks in a terminal and answers at its prompt, or
    who sits there while answer() happens elsewhere."""
    master, slave = pty.openpty()
    p = subprocess.Popen([h.durward, "ask", goal], env=h.console.env, stdin=slave, stdout=slave,
                         stderr=slave)
    os.close(slave)
    seen = b""
    while select.select([master], [], [], 60 * PATIENCE)[0]:
        try:
            more = os.read(master, 65536)
        except OSError:
            break
        if not more:
            break
        seen += more
        if answer and b"to sign these bytes: " in seen:
            if callable(answer):
                answer()
            else:
                os.write(master, answer.encode() + b"\n")
            answer = None
    os.close(master)  # Which ends one that waits for a key.
    return p.wait(60), seen.decode()


def test_in_a_terminal_the_sheet_is_shown_and_signed_at_the_prompt(h):
    h.console.ask("save a note: at the prompt")
    code, seen = on_a_terminal(h, "delete the note at the prompt", "yes")
    assert code == 0, seen
    for line in ("durward-approval/1", 'args {"name":"at the prompt"}', "effect system",
                 "approved   by console", "Deleted the note 'at the prompt'."):
        assert line in seen, seen


def test_the_prompt_of_a_terminal_waits_for_no_key_when_the_phone_has_answered(h):
    pocket = h.pair("pocket")
    h.console.ask("save a note: from afar")

    def elsewhere():
        act = h.console.json("approvals")["approvals"][0]["act"]
        assert pocket.run("approve", act, "--yes").returncode == 0
    code, seen = on_a_terminal(h, "delete the note from afar", elsewhere)
    assert code == 0 and "approved   by pocket" in seen and "Deleted the note 'from afar'." in seen, seen


def test_a_denied_act_is_told_with_its_reason(h):
    h.console.ask("save a note: keep me")
    p, act = h.console.asked("delete the note keep me")
    r = h.console.run("deny", act, "not", "today")
    assert r.returncode == 0, r.stderr
    out, _ = p.communicate(timeout=60)
    assert "console said no: not today" in out, out
    assert h.console.reply("read the note keep me") == "keep me"


def test_echo_status_tools_and_help_answer(h):
    assert h.console.reply("echo hello there") == "hello there"
    assert "log entries" in h.console.reply("status")
    assert "notes.delete (system)" in h.console.reply("list tools")
    assert "save a note: TEXT" in h.console.reply("help")


def test_what_is_not_understood_is_said_honestly(h):
    last = h.console.ask("what is love")[-1]
    assert last["reached"] is False and "did not understand" in last["reply"], last
    r = h.console.run("ask", "what is love", "--json")
    assert r.returncode == 1


def test_runs_are_listed_with_what_became_of_them(h):
    runs = h.console.json("runs")["runs"]
    assert any(r["goal"] == "what is love" and r["state"] == "failed" for r in runs)
    assert any(r["goal"] == "list notes" and r["state"] == "done" for r in runs)


def test_names_and_arguments_are_made_visible_before_they_are_signed(h):
    """A right-to-left override must not hide in what is approved."""
    p, act = h.console.asked("delete the note evil\u202ekilm")
    sheet = h.console.run("approve", act).stdout
    assert "evil\\u202ekilm" in sheet and "\u202e" not in sheet, sheet
    h.console.run("deny", act)
    p.communicate(timeout=60)


def test_the_help_shows_every_command(h):
    out = h.console.run("help").stdout
    for c in "init run ask runs approvals approve deny pair clients audit tool version".split():
        assert f"\n  {c} " in out, c


def test_json_is_for_programs_and_errors_say_what_to_do(h):
    r = h.console.run("nonsense")
    assert r.returncode == 2 and "durward help" in r.stderr
    r = h.console.run("approve", "ffff", "--yes")
    assert r.returncode == 1 and "durward approvals" in r.stderr, r.stderr
    assert "approvals" in h.console.json("approvals")


def test_a_second_start_keeps_what_it_knew(h):
    h.console.ask("save a note: remember me")
    h.stop()
    h.start_house()
    h.start_tools()
    h.wait_up()
    assert h.console.reply("read the note remember me") == "remember me"
