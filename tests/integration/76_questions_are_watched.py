# SPDX-License-Identifier: Apache-2.0
"""`durward approvals --watch`: questions as they come, answered by a key that
was pressed after all of it was read; and who is told of them, and when."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import threading
import time

import logbook
import screen
from browser import paired
from caller import Authority, Raw
from house import House, next_line, wait_for
from rules import BASE, ask_to_delete, finish, kill_core, kinds, note, use
from wire import Wire

PROMPT = "a signs these bytes"
AUTHORITY = Authority()
CERT = AUTHORITY.sign("localhost")
SILENT_S = 0.7  # A key counts once nothing was typed for a while,
GAP_S = 0.3  # and one that is held down is never so silent.


def setup():
    h = House(tools=("notes",))
    h.more = ("--authorities", AUTHORITY.path)
    h.start()
    h.phone = h.pair("phone", "approver")
    return h


class Screen:
    """The watch of a client on a terminal of its own."""

    def __init__(self, h, client, rows=60, columns=120):
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.p = subprocess.Popen([h.durward, "approvals", "--watch"], env=client.env,
                                  stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        self.seen = ""
        self.at = 0  # What was looked at.
        self.wait("q quits.")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.p.kill()
        self.p.wait()
        os.close(self.ours)

    def read(self, seconds=0.1):
        if select.select([self.ours], [], [], seconds)[0]:
            try:
                self.seen += os.read(self.ours, 65536).decode(errors="replace")
            except OSError:
                time.sleep(seconds)

    def wait(self, words, seconds=60):
        """Until they stand behind what was waited for before; what came."""
        end = time.monotonic() + seconds
        while words not in self.seen[self.at:]:
            assert time.monotonic() < end, f"{words!r} is not in {self.seen[self.at:]!r}"
            self.read()
        to = self.seen.index(words, self.at) + len(words)
        came, self.at = self.seen[self.at:to], to
        return came

    def for_a_while(self, seconds):
        """What comes in that time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read()
        came, self.at = self.seen[self.at:], len(self.seen)
        return came

    def type(self, keys):
        os.write(self.ours, keys.encode())

    def key(self, key):
        self.for_a_while(SILENT_S)
        self.type(key)

    def press(self, key, words):
        """Until these words come of it, once more if a slow one lost it."""
        end = time.monotonic() + 60
        while True:
            self.key(key)
            try:
                return self.wait(words, 10)
            except AssertionError:
                if time.monotonic() > end:
                    raise

    def rings(self):
        """Wait until it has rung, ever."""
        end = time.monotonic() + 60
        while "\a" not in self.seen:
            assert time.monotonic() < end, f"it does not ring: {self.seen!r}"
            self.read()

    def quit(self):
        self.key("q")
        end = time.monotonic() + 60
        while self.p.poll() is None:
            assert time.monotonic() < end, self.seen
            self.read()
        return self.p.returncode


class Held:
    """A key that is held down, and the longest time for which it was up."""

    def __init__(self, screen, key):
        self.screen, self.key = screen, key
        self.over, self.gap_s = threading.Event(), 0.0
        self.thread = threading.Thread(target=self._repeat, daemon=True)
        self.thread.start()

    def _repeat(self):
        last = time.monotonic()
        while not self.over.wait(0.05):
            self.screen.type(self.key)
            now = time.monotonic()
            self.gap_s, last = max(self.gap_s, now - last), now

    def release(self):
        self.over.set()
        self.thread.join(20)
        assert not self.thread.is_alive(), "nobody reads the keys"


class Service(Raw):
    """A push service that takes everything."""

    def __init__(self):
        super().__init__(self.say, "127.0.0.1", 0, CERT)
        self.url = f"https://localhost:{self.port}/bell"

    def say(self, s, asked, count):
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        return True


def waiting(h):
    return [a["act"] for a in h.console.json("approvals")["approvals"]]


def settings(h, *args, client=None):
    return (client or h.console).run("approvals", "settings", *args)


def told(h, act):
    return [e for e in logbook.entries(h) if e["kind"] == "told" and e.get("act") == act]


# ---- On a terminal ----


def test_a_question_is_shown_as_it_comes_and_signed_by_a_key(h):
    with Screen(h, h.phone) as s:
        p, act = ask_to_delete(h, "bykey")
        came = s.wait(PROMPT)
        for line in (f"asked      {act[:12]}", "durward-approval/1", 'args {"name":"bykey"}'):
            assert line in came, came
        s.rings()
        s.press("a", "approved")
        entries = finish(p)
        assert entries[-1]["reached"] is True
        assert [e["name"] for e in entries if e["kind"] == "approved"] == ["phone"]
        assert s.quit() == 0


def test_keys_deny_and_skip(h):
    with Screen(h, h.console) as s:
        p, act = ask_to_delete(h, "skipped")
        s.wait(PROMPT)
        s.key("s")
        q, other = ask_to_delete(h, "denied")
        s.wait(PROMPT)
        s.press("d", "denied")
        last = [e for e in finish(q) if e["kind"] == "denied"][0]
        assert "console said no" in last["result"], last
        assert waiting(h) == [act], "what is skipped waits on"
        assert h.phone.run("deny", act).returncode == 0
        s.wait(f"answered   {act[:12]}  denied: phone said no")
        finish(p)


def typed_ahead(h, name):
    """Does nothing of it answer?  None if this machine could not hold a key."""
    with Screen(h, h.console) as s:
        s.type("a")
        note(h, name)
        s.type("aaaa\n")
        held = Held(s, "a")
        p, act = h.console.asked("delete the note " + name)
        s.wait(PROMPT)
        s.for_a_while(1)
        os.kill(s.p.pid, signal.SIGSTOP)  # What came meanwhile is read at once.
        s.for_a_while(1)
        os.kill(s.p.pid, signal.SIGCONT)
        s.for_a_while(1)
        held.release()
        if held.gap_s > GAP_S:
            h.console.run("deny", act)
            finish(p)
            return None
        s.for_a_while(SILENT_S)
        s.type("\n")
        s.for_a_while(SILENT_S)
        s.type("aa")  # As what is pasted.
        s.for_a_while(1)
        if waiting(h) != [act]:
            return False
        s.press("a", "approved")
        assert finish(p)[-1]["reached"] is True
        return True


def test_what_is_typed_ahead_answers_nothing(h):
    for n in range(8):
        unanswered = typed_ahead(h, f"ahead{n}")
        if unanswered is not None:
            break
    assert unanswered, "answered" if unanswered is False else "no key can be held down here"


def test_a_yes_that_was_typed_ahead_approves_nothing(h):
    note(h, "early")
    p, act = h.console.asked("delete the note early")
    window = screen.Screen([h.durward, "approve", act], h.console.env)
    try:
        window.type("yes\n")
        window.until("type yes to sign")
        time.sleep(1)
        assert waiting(h) == [act], window.seen
        window.type("yes\n")
        window.until("approved")
    finally:
        window.close()
    assert finish(p)[-1]["reached"] is True


def test_what_was_not_on_the_screen_is_not_signed(h):
    with Screen(h, h.console, rows=12, columns=60) as s:
        p, act = ask_to_delete(h, "hidden")
        came = s.wait("there is more: space shows it")
        s.press("a", "Read it to its end first.")
        s.for_a_while(0.5)
        assert waiting(h) == [act], s.seen
        while PROMPT not in came:
            s.key(" ")
            came += s.for_a_while(SILENT_S)
        assert "durward-approval/1" in came and 'args {"name":"hidden"}' in came, came
        s.press("a", "approved")
        assert finish(p)[-1]["reached"] is True


def test_an_answer_given_elsewhere_ends_the_question(h):
    with Screen(h, h.console) as s:
        p, act = ask_to_delete(h, "elsewhere")
        s.wait(PROMPT)
        assert h.phone.run("approve", act, "--yes").returncode == 0
        s.wait(f"answered   {act[:12]}  approved by phone")
        assert finish(p)[-1]["reached"] is True
        s.key("a")
        assert "approve" not in s.for_a_while(1)


def test_a_restart_of_the_house_is_told_and_survived(h):
    with Screen(h, h.phone) as s:
        p, act = ask_to_delete(h, "restart")
        s.wait(PROMPT)
        kill_core(h)
        s.wait("stale ")
        s.wait("back ")
        # The sheet from before is none any more: another one is shown.
        s.wait(PROMPT)
        s.press("a", "approved")
        wait_for(lambda: waiting(h) == [])
        p.kill()
        p.communicate()


# ---- Without one ----


def test_without_a_terminal_each_event_is_a_line_and_nothing_is_asked(h):
    lines = h.phone.start("approvals", "--watch")
    rows = h.phone.start("approvals", "--watch", "--json")
    time.sleep(1)
    p, act = ask_to_delete(h, "lines")
    line = next_line(lines)
    assert line.startswith(f"asked      {act[:12]}  notes.delete"), line
    row = json.loads(next_line(rows))
    assert row["event"] == "asked" and row["act"] == act, row
    assert h.console.run("deny", act, "no").returncode == 0
    finish(p)
    line = next_line(lines)
    assert line.startswith(f"answered   {act[:12]}  denied: console said no"), line
    assert json.loads(next_line(rows))["event"] == "answered"
    for q in (lines, rows):
        q.kill()
        q.communicate()


# ---- Who is told, and when ----


def test_all_who_may_answer_are_told_at_once(h):
    p, act = ask_to_delete(h, "told")

    def there():
        "the entry"
        return told(h, act)
    first = wait_for(there)[0]
    assert first["why"] == "asked" and sorted(first["clients"]) == ["console", "phone"], first
    assert h.console.run("deny", act).returncode == 0
    finish(p)


def test_where_a_command_line_must_answer_no_browser_is_told_of_it(h):
    """Else a delegate with such a key would hear minutes later of what waits for it alone."""
    paired(h, "kiosk")
    use(h, BASE + "ask deleting tool=notes.delete key=cli\n")
    assert settings(h, "--delegate", "console").returncode == 0
    p, act = ask_to_delete(h, "by-cli")
    first = wait_for(lambda: told(h, act))[0]
    assert first["clients"] == ["phone"], first
    assert h.console.run("deny", act).returncode == 0
    finish(p)
    assert settings(h, "--delegate", "off").returncode == 0
    assert h.console.run("clients", "revoke", "kiosk").returncode == 0
    use(h, BASE)


def test_only_an_owner_says_who_is_told_and_only_who_may_answer_can_be(h):
    h.pair("guest", "viewer")
    r = settings(h, "--quiet", "22:00-07:00", client=h.phone)
    assert r.returncode == 4 and "only an owner" in r.stderr, r.stderr
    for words, why in ((("--quiet", "22-7"), "no span of hours"), (("--remind", "0"), "minutes"),
                       (("--times", "99"), "no number of reminders"),
                       (("--delegate", "nobody"), "there is no client"),
                       (("--delegate", "guest"), "may not answer")):
        r = settings(h, "--after", "7", *words)
        assert r.returncode == 4 and why in r.stderr, r.stderr
    assert h.console.json("approvals", "settings") == {
        "remind": "5", "times": "3", "quiet": "off", "delegate": "off", "after": "5"}
    assert settings(h, "--delegate", "phone", "--after", "2").returncode == 0
    kill_core(h)
    kept = h.console.json("approvals", "settings")
    assert kept["delegate"] == "phone" and kept["after"] == "2", kept
    assert settings(h, "--delegate", "off", "--after", "5").returncode == 0
    assert [e["name"] for e in logbook.entries(h) if e["kind"] == "notices-set"]


def test_in_quiet_hours_nobody_is_told_but_of_what_a_person_looks_on_at(h):
    """A program's question is followed by nobody who could answer; it is told once they are over."""
    robot = h.pair("robot", "program")
    hours = [time.strftime("%H:%M", time.localtime(time.time() + s)) for s in (-3600, 3600)]
    assert settings(h, "--quiet", "-".join(hours)).returncode == 0
    service = Service()
    r = h.console.run("notify", "add", "bell", service.url, "--house")
    assert r.returncode == 0, r.stderr
    note(h, "quietly")
    p = robot.start("ask", "delete the note quietly", "--json")
    act = wait_for(lambda: waiting(h))[0]
    run = h.console.json("approvals")["approvals"][0]["run"]
    w = Wire(h, h.pair("onlooker", "viewer"))
    assert w.query(f"events?run={run}&from=0")[0] == 200
    w.close()
    time.sleep(1)
    assert service.seen == [], "it rings in quiet hours"
    q, seen = ask_to_delete(h, "seen")
    wait_for(lambda: told(h, seen))
    wait_for(lambda: len(service.seen) == 1)
    wait_for(lambda: h.console.json("notify")["targets"][0]["sent"] == 1)
    assert told(h, act) == [], "it is told in quiet hours"
    assert settings(h, "--quiet", "off").returncode == 0
    assert [e["why"] for e in wait_for(lambda: told(h, act))] == ["asked"]
    wait_for(lambda: len(service.seen) == 2)
    assert h.console.run("notify", "remove", "bell").returncode == 0
    for a in (act, seen):
        assert h.console.run("deny", a).returncode == 0
    finish(q)
    finish(p)


def test_a_reminder_rings_again_and_a_delegate_hears_of_it_later(h):
    """The delegate is not told at first, may answer all the same, and hears a minute later."""
    r = settings(h, "--remind", "1", "--times", "1", "--delegate", "phone", "--after", "1")
    assert r.returncode == 0, r.stderr
    with Screen(h, h.console) as s, Screen(h, h.phone) as other:
        p, act = ask_to_delete(h, "again")
        s.wait(PROMPT)
        other.wait(PROMPT)
        s.rings()
        s.key("s")
        s.for_a_while(1)
        other.for_a_while(1)
        assert "\a" not in other.seen
        came = s.wait(PROMPT, 120)
        assert f"reminder   {act[:12]}" in came and "\a" in came, came
        assert "\a" in other.wait("reminder ")
        wait_for(lambda: len(told(h, act)) >= 3)
        assert [(e["why"], e["clients"]) for e in told(h, act)] == [
            ("asked", ["console"]), ("delegated", ["phone"]), ("reminder", ["console", "phone"])]
        other.press("a", "approved")
        assert finish(p)[-1]["reached"] is True
    r = settings(h, "--remind", "5", "--times", "3", "--delegate", "off", "--after", "5")
    assert r.returncode == 0, r.stderr
