# SPDX-License-Identifier: Apache-2.0
"""An owner says until when a client counts, and for which tools.  At its end
it is one no more, for everybody who would believe it, until an owner puts the
end off; and beyond its scope it neither asks nor answers."""

import json
import ssl
import time

import logbook
from browser import Door, Live, command, opened, paired
from house import House, wait_for
from rules import BASE, ask_to_delete, finish, kinds, note, use
from wire import Wire, openssl

SOON = 4  # Seconds: long enough for a slow machine to look before.


def setup():
    h = House().start()
    h.other = paired(h, "other")  # So that the port of browsers stays open.
    return h


def row(h, name):
    return [c for c in h.console.json("clients")["clients"] if c["name"] == name][0]


def is_there(h, name):
    return h.console.ask(f"read the note {name}")[-1]["reached"]


def extend(h, name, how_long):
    r = h.console.run("clients", "extend", name, how_long)
    assert r.returncode == 0, r.stderr


def ends(h, name, seconds=SOON):
    """Its end is so near; when that is, by this machine's clock."""
    extend(h, name, f"{seconds}s")
    return row(h, name)["until_ms"] / 1000


def ended(h, name):
    def over():
        "its end"
        return row(h, name).get("ended")
    wait_for(over, 60)


def cut_at(sock):
    """When the house ends a connection on which nothing is said."""
    sock.settimeout(40)
    try:
        data = sock.recv(1)
    except TimeoutError:
        data = "nothing, and stays open"
    except (ConnectionError, ssl.SSLError):
        data = b""
    assert data == b"", data
    return time.time()


def say(h, live, browser, name, body):
    at = live.query("challenge")["body"]
    text = json.dumps(body)
    live.say({"id": 8, "command": {**browser.signed(browser.text(at, name, text)), "body": text}})
    return live.hear()


# ---- The end ----

def test_a_command_line_is_cut_off_at_its_end(h):
    guest = h.pair("guest", "approver", "--expires", "30d")
    assert 29 < (row(h, "guest")["until_ms"] / 1000 - time.time()) / 86400 <= 30
    w = Wire(h, guest)
    assert w.query("status")[0] == 200
    end = ends(h, "guest")
    cut = cut_at(w.sock)
    assert -0.1 < cut - end < 25, (cut, end)
    r = guest.run("runs")
    assert r.returncode == 4 and "time is over" in r.stderr and "clients extend" in r.stderr, r.stderr
    assert guest.run("ask", "list notes").returncode == 4
    assert [l for l in h.console.run("clients").stdout.splitlines()
            if l.startswith("guest ") and l.endswith("expired")]
    # Another client notices nothing of it, and it may come again.
    extend(h, "guest", "1h")
    assert guest.run("runs").returncode == 0
    assert not row(h, "guest").get("ended")
    extend(h, "guest", "never")
    assert "until_ms" not in row(h, "guest")
    told = [e for e in logbook.entries(h) if e.get("name") == "guest"]
    assert kinds(told) == ["client-paired", "client-extended", "client-expired",
                           "client-extended", "client-extended"], told


def test_a_browser_is_told_its_end_and_heard_no_more(h):
    b = paired(h, "page", "owner", more=("--expires", "1d"))
    live, tab, stays = opened(h, b), opened(h, b), opened(h, h.other)
    end = ends(h, "page")
    for l in (live, tab):
        l.socket.settimeout(40)
        try:
            v = l.hear()
        except (EOFError, OSError):
            v = {"refused": {"error": "nothing"}}
        assert "time is over" in v["refused"]["error"] and l.ends(), v
    assert -0.1 < time.time() - end < 25
    again = Live(h)
    v = again.open(b)
    assert "time is over" in v["refused"]["error"] and not v["refused"]["waits"], v
    assert stays.query("status")["status"] == 200
    extend(h, "page", "1h")
    assert opened(h, b).query("status")["status"] == 200


def test_a_phones_certificate_opens_no_port_beyond_its_end(h):
    key = openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout")
    request = h.path("phone.key")
    with open(request, "wb") as f:
        f.write(key)
    csr = openssl("req", "-new", "-key", request, "-subj", "/CN=pocket").decode()
    status, v = command(h, "clients.certificate", {
        "name": "pocket", "csr": csr, "until_ms": int((time.time() + 3600) * 1000)})
    assert status == 200, v
    with open(h.path("phone.pem"), "wb") as f:
        f.write(v["certificate"].encode() + key)
    door = Door(h, h.path("phone.pem"))
    b = paired(h, "pocket-page", door=door)
    live = Live(h, door)
    assert live.open(b)["session"]["name"] == "pocket-page"
    end = ends(h, "pocket")
    cut = cut_at(live.socket)
    assert -0.1 < cut - end < 25, (cut, end)
    try:
        Live(h, door)
        served = True
    except (EOFError, OSError, AssertionError):
        served = False
    assert not served


def test_a_yes_is_void_when_its_client_ends_before_it_was_used(h):
    use(h, BASE + "ask both tool=notes.delete keys=2\n")
    guest, phone = h.pair("voter", "approver", "--expires", "1d"), h.pair("phone")
    p, act = ask_to_delete(h, "both")

    def given():
        return [a["given"] for a in h.console.json("approvals")["approvals"] if a["act"] == act]
    assert guest.run("approve", act, "--yes").returncode == 0
    assert given() == [1]
    ends(h, "voter")
    ended(h, "voter")
    assert given() == [0]
    assert guest.run("approve", act, "--yes").returncode == 4
    assert h.console.run("approve", act, "--yes").returncode == 0
    assert p.poll() is None and is_there(h, "both")
    assert phone.run("approve", act, "--yes").returncode == 0
    assert finish(p)[-1]["reached"] is True
    use(h, BASE)


def test_what_an_ended_client_asked_for_ends(h):
    note(h, "wanted")
    guest = h.pair("asker", "approver", "--expires", "1d")
    p, act = guest.asked("delete the note wanted")
    ends(h, "asker")
    ended(h, "asker")
    p.communicate(timeout=60)
    assert act not in [a["act"] for a in h.console.json("approvals")["approvals"]]
    runs = [r for r in h.console.json("runs")["runs"] if r["principal"] == "asker"]
    assert [r["state"] for r in runs] == ["failed"], runs
    assert is_there(h, "wanted")


def test_an_end_that_came_while_the_house_was_off_is_one(h):
    guest = h.pair("sleeper", "approver", "--expires", "1d")
    ends(h, "sleeper")
    h.stop()
    found = [e["kind"] for e in logbook.entries(h)].count("trust-found")
    time.sleep(SOON)
    h.start_house()
    h.start_tools()
    h.wait_up()
    ended(h, "sleeper")
    assert guest.run("runs").returncode == 4
    entries = [e for e in logbook.entries(h) if e.get("name") == "sleeper"]
    assert kinds(entries)[-1] == "client-expired", entries
    assert [e["kind"] for e in logbook.entries(h)].count("trust-found") == found
    # And it stays one over the next start.
    h.stop()
    h.start_house()
    h.start_tools()
    h.wait_up()
    assert guest.run("runs").returncode == 4
    entries = [e for e in logbook.entries(h) if e.get("name") == "sleeper"]
    assert kinds(entries).count("client-expired") == 1, entries


def test_a_table_whose_ends_were_changed_behind_the_house_is_told(h):
    h.pair("forged", "viewer", "--expires", "1d")
    h.stop()
    path = h.path("state", "vault", "trust.json")
    with open(path) as f:
        table = json.load(f)
    with open(path, "w") as f:
        for c in table["clients"]:
            if c["name"] == "forged":
                del c["until_ms"]
        json.dump(table, f)
    found = [e["kind"] for e in logbook.entries(h)].count("trust-found")
    h.start_house()
    h.start_tools()
    h.wait_up()
    assert [e["kind"] for e in logbook.entries(h)].count("trust-found") == found + 1


def test_who_has_little_time_left_is_said(h):
    h.pair("visitor", "viewer", "--expires", "3d")
    h.pair("lodger", "viewer", "--expires", "90d")
    said = h.console.run("clients").stdout
    assert [l for l in said.splitlines()
            if l.startswith("visitor ") and l.endswith("expires in 2 days")], said
    found = [f["what"] for f in h.console.json("doctor")["findings"] if f["check"] == "term"]
    assert [f for f in found if "visitor expires in 2 days" in f], found
    assert not [f for f in found if "lodger" in f], found


# ---- Who may change it ----

def test_nobody_puts_off_an_end_but_an_owner_without_a_nearer_one(h):
    for role in ("viewer", "approver", "program"):
        c = h.pair("plain-" + role, role, "--expires", "1d")
        until = row(h, "plain-" + role)["until_ms"]
        r = c.run("clients", "extend", "plain-" + role, "never")
        assert r.returncode == 4 and "only an owner" in r.stderr, r.stderr
        assert row(h, "plain-" + role)["until_ms"] == until
    lodger = h.pair("second", "owner", "--expires", "10d")
    for how_long in ("never", "11d"):
        for name in ("second", "plain-viewer"):
            r = lodger.run("clients", "extend", name, how_long)
            assert r.returncode == 4 and "has an end" in r.stderr, r.stderr
    assert lodger.run("clients", "extend", "plain-viewer", "5d").returncode == 0
    for more in ((), ("--expires", "11d"), ("--role", "owner")):
        r = lodger.run("pair", *more)
        assert r.returncode == 4 and "has an end" in r.stderr, r.stderr
    for cannot in (("recovery",), ("clients", "lend", "plain-viewer", "*", "--hours", "241")):
        r = lodger.run(*cannot)
        assert r.returncode == 4 and "has an end" in r.stderr, (cannot, r.stderr)
    b = paired(h, "owners-page", "owner")
    v = say(h, opened(h, b), b, "clients.extend", {"client": "second", "until_ms": 0})
    assert v["status"] == 403 and "command line" in v["body"]["error"], v
    assert "until_ms" in row(h, "second")


def test_the_console_and_the_last_owner_have_no_end(h):
    r = h.console.run("clients", "extend", "console", "5d")
    assert r.returncode == 4 and "console" in r.stderr and "without" in r.stderr, r.stderr
    h.pair("deputy", "owner", "--expires", "10d")
    r = h.console.run("clients", "revoke", "console")
    assert r.returncode == 4 and "last owner" in r.stderr, r.stderr
    assert h.console.run("runs").returncode == 0


def test_what_is_no_end_is_refused_in_words(h):
    for bad in ("30", "1w", "0d", "-5d", "4000d"):
        r = h.console.run("pair", "--expires", bad)
        assert r.returncode == 2 and ("30d" in r.stderr or "days" in r.stderr), (bad, r.stderr)
    now = int(time.time() * 1000)
    for bad in (now - 1000, -1, "0", now + 5000 * 86400 * 1000):
        status, v = command(h, "clients.extend", {"client": "other", "until_ms": bad})
        assert status == 403 and "days at most" in v["error"], (bad, v)
    status, v = command(h, "clients.extend", {"client": "nobody", "until_ms": 0})
    assert status == 403 and "durward clients" in v["error"], v
    assert "until_ms" not in row(h, "other")


# ---- The scope ----

def test_a_program_uses_the_tools_of_its_scope_alone(h):
    script = h.pair("script", "program", "--scope", "notes.save,notes.list")
    assert script.ask("save a note: from the script")[-1]["reached"] is True
    assert script.ask("list notes")[-1]["reached"] is True
    for goal in ("echo hello", "read the note from the script"):
        entries = script.ask(goal)
        assert entries[-1]["reached"] is False, entries
        denied = [e for e in entries if e["kind"] == "denied"]
        assert len(denied) == 1 and "scope:" in json.dumps(denied[0]), entries
    assert h.console.ask("echo hello")[-1]["reached"] is True


def test_no_policy_of_the_client_widens_its_scope(h):
    script = h.pair("widened", "program", "--scope", "notes.*")
    use(h, "default deny\nallow all tool=*\n", "client:widened")
    assert script.ask("list notes")[-1]["reached"] is True
    assert script.ask("echo hello")[-1]["reached"] is False


def test_an_approver_answers_for_the_tools_of_its_scope_alone(h):
    narrow = h.pair("narrow", "approver", "--scope", "echo.*,files.*")
    right = h.pair("right", "approver", "--scope", "notes.delete")
    p, act = ask_to_delete(h, "scoped")
    r = narrow.run("approve", act, "--yes")
    assert r.returncode == 4 and "not for this tool" in r.stderr, r.stderr
    assert narrow.run("deny", act).returncode == 4
    assert p.poll() is None
    assert right.run("approve", act, "--yes").returncode == 0
    assert finish(p)[-1]["reached"] is True


def test_a_scope_is_one_or_no_window_is_opened(h):
    for bad in ("notes.* files.*", "notes.*,", "Notes.*", "a\nallow b tool=*"):
        r = h.console.run("pair", "--scope", bad)
        assert r.returncode == 4 and "notes.*" in r.stderr, (bad, r.stderr)
    r = h.console.run("pair", "--role", "owner", "--scope", "notes.*")
    assert r.returncode == 4 and "an owner has no scope" in r.stderr, r.stderr
    h.pair("shown", "viewer", "--scope", "notes.list")
    assert [l for l in h.console.run("clients").stdout.splitlines()
            if l.startswith("shown ") and "for notes.list" in l]
