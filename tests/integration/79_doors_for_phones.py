# SPDX-License-Identifier: Apache-2.0
"""The ports of phones, as an owner wants them: 8444 can be switched off, and
8443 serves the web app to a phone that shows a certificate.  And the one for
who has lost every client: a code on paper."""

import json
import os
import plistlib
import re
import ssl
import stat
import subprocess
import tempfile

from browser import Browser, Door, Live, command, http, paired, tls, window
from house import Client, House, wait_for
from wire import Wire, openssl, sign


def setup():
    return House(tools=()).start(tools=False)


def opened(h, b):
    live = Live(h, b.door)
    assert live.open(b)["session"]["name"] == b.name
    return live


def is_open(h):
    try:
        tls(h).close()
        return True
    except OSError:
        return False


def wait_closed(h):
    def closed():
        "the port to be closed"
        return not is_open(h)
    wait_for(closed, 60)


def asked_for(h, path, validator=None):
    """(status, validator, how many bytes of a body came before the next answer)"""
    known = f"If-None-Match: {validator}\r\n" if validator else ""
    host = f"Host: localhost:{h.pairing_port}\r\n"
    got = b""
    with tls(h) as s:
        s.sendall(f"GET {path} HTTP/1.1\r\n{host}{known}\r\n".encode())
        while b"\r\n\r\n" not in got:
            more = s.recv(65536)
            assert more, got
            got += more
        s.sendall(f"GET /none HTTP/1.1\r\n{host}\r\n".encode())
        while b"HTTP/1.1 404" not in got:
            more = s.recv(65536)
            assert more, got
            got += more
    head, _, rest = got.partition(b"\r\n\r\n")
    found = re.search(rb"(?im)^etag: (.*)\r$", head + b"\r")
    return int(head.split()[1]), found and found[1].decode(), rest.index(b"HTTP/1.1 404")


def test_a_file_that_the_browser_has_is_not_sent_again():
    with House(tools=()) as h:
        h.start(tools=False)
        paired(h, "vera")
        for path in ("/", "/app.js", "/sw.js"):
            status, validator, whole = asked_for(h, path)
            assert status == 200 and whole > 100, (path, status, whole)
            assert asked_for(h, path, validator) == (304, validator, 0), path
            for other in ('"0"', "*", validator.strip('"'), "W/" + validator):
                assert asked_for(h, path, other)[::2] == (200, whole), (path, other)
        # What a browser has from a listener before this one is none of ours.
        h.stop()
        h.start(tools=False)
        for path in ("/", "/app.js", "/sw.js"):
            status, newer, whole = asked_for(h, path, validator)
            assert status == 200 and whole > 100 and newer != validator, path


def web(h, word, client=None):
    return (client or h.console).run("web", word)


def log(h):
    """What stands in the log, entry by entry."""
    w, out = Wire(h, h.console), []
    try:
        size = w.query("status")[1]["log_size"]
        while len(out) < size:
            status, v = w.query(f"events?from={len(out)}")
            assert status == 200, v
            out += [json.loads(e["body"]) for e in v["entries"]]
    finally:
        w.close()
    return out


# ---- 8444 ----

def test_an_owner_switches_the_port_of_phones_off_and_on(h):
    """Who is connected there is not any more, and nobody comes in anew."""
    b = paired(h, "anna")
    live, idle = opened(h, b), tls(h)
    r = web(h, "off")
    assert r.returncode == 0 and "switched off" in r.stdout, r.stderr
    assert live.ends()
    idle.settimeout(20)
    try:
        assert idle.recv(1) == b""
    except ConnectionError:
        pass
    assert not is_open(h), "at once"
    assert h.console.json("web")["web"] is False
    assert [e["name"] for e in log(h) if e["kind"] == "web-off"] == ["console"]
    assert web(h, "on").returncode == 0
    assert h.console.json("web")["web"] is True
    assert opened(h, b).query("status")["status"] == 200


def test_a_restart_forgets_no_switch(h):
    b = paired(h, "berta")
    assert web(h, "off").returncode == 0
    h.stop()
    h.start(tools=False)
    assert h.console.json("web")["web"] is False and not is_open(h)
    assert web(h, "on").returncode == 0
    assert opened(h, b).query("status")["status"] == 200


def test_a_pairing_window_opens_a_port_that_is_switched_off(h):
    assert web(h, "off").returncode == 0
    wait_closed(h)
    b = Browser(h, "clara")
    status, answer = b.ask(window(h))
    assert status == 200, answer
    assert command(h, "pair.confirm", {"client": b.id})[0] == 200
    wait_closed(h)
    assert web(h, "on").returncode == 0
    assert opened(h, b).query("status")["status"] == 200


def test_nobody_but_an_owner_switches_the_port(h):
    approver = h.pair("dora")
    r = web(h, "off", approver)
    assert r.returncode != 0 and "only an owner" in r.stderr, r.stderr
    assert is_open(h)


# ---- 8443 with a certificate ----

def certificate(h, name):
    """Made in a folder of its own: (folder, what was said)."""
    folder = tempfile.mkdtemp(prefix="phone-", dir=h.root)
    r = h.console.run("clients", "certificate", name, "--json", cwd=folder)
    assert r.returncode == 0, r.stderr
    return folder, json.loads(r.stdout)


def unboxed(folder, v):
    """Certificate and key as a phone takes them out."""
    pem = os.path.join(folder, "both.pem")
    with open(pem, "wb") as f:
        f.write(openssl("pkcs12", "-in", os.path.join(folder, v["p12"]), "-nodes",
                        "-passin", "pass:" + v["password"]))
    return pem


def phone(h, name):
    return Door(h, unboxed(*certificate(h, name)))


def clients(h):
    return {c["name"]: c for c in h.console.json("clients")["clients"]}


def test_a_certificate_is_made_as_phones_take_it(h):
    folder, v = certificate(h, "greta")
    p12, profile = (os.path.join(folder, v[k]) for k in ("p12", "profile"))
    for f in (p12, profile):
        assert stat.S_IMODE(os.stat(f).st_mode) == 0o600, f
    assert sorted(os.listdir(folder)) == sorted([v["p12"], v["profile"]]), "no key lies about"
    assert re.fullmatch("[a-z2-7]{20}", v["password"])
    r = subprocess.run(["openssl", "pkcs12", "-in", p12, "-info", "-noout", "-passin",
                        "pass:" + v["password"]], capture_output=True, text=True)
    assert r.returncode == 0, r.stderr
    assert r.stderr.count("pbeWithSHA1And3-KeyTripleDES-CBC") == 2 and "MAC: sha1" in r.stderr, r.stderr
    wrong = subprocess.run(["openssl", "pkcs12", "-in", p12, "-noout", "-passin", "pass:x"],
                           capture_output=True)
    assert wrong.returncode != 0
    with open(profile, "rb") as f:
        plist = plistlib.load(f)
    root, box = plist["PayloadContent"]
    with open(os.path.join(h.console.folder, "root.pem")) as f:
        assert root["PayloadContent"] == ssl.PEM_cert_to_DER_cert(f.read())
    with open(p12, "rb") as f:
        assert box["PayloadContent"] == f.read()
    assert box["PayloadType"] == "com.apple.security.pkcs12" and "Password" not in box
    ids = [p["PayloadUUID"] for p in (plist, root, box)]
    assert len(set(ids)) == 3, ids
    assert clients(h)["greta"]["kind"] == "certificate"
    assert [e["name"] for e in log(h) if e["kind"] == "certificate-made"] == ["greta"]


def test_a_password_is_shown_once_with_what_to_do(h):
    folder = tempfile.mkdtemp(prefix="phone-", dir=h.root)
    r = h.console.run("clients", "certificate", "hanna", cwd=folder)
    assert r.returncode == 0, r.stderr
    for words in ("hanna.p12", "hanna.mobileconfig", "weak boxes", "delete both files",
                  f":{h.port}", "commands nothing"):
        assert words in r.stdout, r.stdout
    password = re.search(r"^  ([a-z2-7]{20})$", r.stdout, re.M)[1]
    assert password not in h.log() and password not in json.dumps(log(h))


def test_nothing_is_made_that_could_not_be_boxed(h):
    folder = tempfile.mkdtemp(prefix="phone-", dir=h.root)
    make = [h.durward, "clients", "certificate"]
    kw = {"cwd": folder, "capture_output": True, "text": True}
    r = subprocess.run(make + ["ida"], env={**h.console.env, "PATH": "/nowhere"}, **kw)
    assert r.returncode == 1 and "install" in r.stderr and "apt install openssl" in r.stderr, r.stderr
    with open(os.path.join(folder, "ida.p12"), "w") as f:
        f.write("mine")
    r = subprocess.run(make + ["ida"], env=h.console.env, **kw)
    assert r.returncode == 1 and "is here already" in r.stderr, r.stderr
    r = subprocess.run(make + ["../ida"], env=h.console.env, **kw)
    assert r.returncode == 1 and "small letters" in r.stderr, r.stderr
    r = subprocess.run(make + ["greta"], env=h.console.env, **kw)
    assert r.returncode == 4 and "known already" in r.stderr, r.stderr
    assert "ida" not in clients(h) and os.listdir(folder) == ["ida.p12"]


def test_nobody_but_an_owner_makes_certificates(h):
    r = h.pair("ines").run("clients", "certificate", "thief", cwd=h.root)
    assert r.returncode != 0 and "only an owner" in r.stderr, r.stderr
    assert "thief" not in clients(h)


def curl(h, *args):
    return subprocess.run(["curl", "-sS", "--compressed", "-o", "/dev/stdout", "-w", "\n%{http_code}", "--cacert",
                           os.path.join(h.console.folder, "root.pem"), *args],
                          capture_output=True, text=True, timeout=60)


def test_a_phone_with_a_certificate_finds_the_web_app_on_the_port_of_clients(h):
    folder, v = certificate(h, "jana")
    page = f"https://localhost:{h.port}/"
    boxed = ["--cert-type", "P12", "--cert", f"{folder}/{v['p12']}:{v['password']}"]
    r = curl(h, *boxed, page)
    assert r.stdout.endswith("\n200"), (r.stdout[-200:], r.stderr)
    r = curl(h, *boxed, page + "app.js")
    assert r.stdout.endswith("\n200") and "/v1/live" in r.stdout, r.stderr
    r = curl(h, page)
    assert r.returncode != 0 and r.stdout.endswith("000"), "without one"
    r = curl(h, "--cert", h.console.folder + "/cert.pem", "--key", h.console.folder + "/key.pem", page)
    assert r.stdout.endswith("\n404"), "a command line has no pages"
    assert h.console.run("clients", "revoke", "jana").returncode == 0
    for path in ("", "app.js", "v1/box", "v1/live", "v1/status"):
        r = curl(h, *boxed, page + path)
        assert r.stdout[-3:] in ("403", "404"), (path, r.stdout)


def test_a_certificate_alone_commands_and_reads_nothing(h):
    door = phone(h, "karin")
    w = Wire(h, cert=door.pem, port=h.port)
    for query in ("status", "clients", "runs", "challenge"):
        assert w.query(query)[0] == 404, query
    at = Wire(h, h.console).challenge()
    key = openssl("pkey", "-in", door.pem)
    with open(door.pem + ".key", "wb") as f:
        f.write(key)
    spki = openssl("pkey", "-in", door.pem, "-pubout", "-outform", "DER")
    me = Browser(h, "karin")
    me.key, me.spki = door.pem + ".key", spki
    me.id = openssl("dgst", "-sha256", "-r", given=spki).split()[0].decode()
    text = me.text(at, "halt", "{}")
    status, _ = w.request("POST", "/v1/command", {
        "text": text, "body": "{}", "signature": sign(me.key, text.encode())})
    assert status == 405, status
    w.close()
    for over in (door, None):
        if not over:
            paired(h, "opens8444")
        live = Live(h, over)
        v = live.open(me)
        assert "refused" in v and "commands nothing" in v["refused"]["error"] and live.ends(), v
    assert h.console.json("doctor")["halted"] is False


def test_a_phone_with_a_certificate_signs_what_it_wants_all_the_same(h):
    """And needs 8444 for none of it."""
    door = phone(h, "lena")
    b, other = paired(h, "lena-key", "owner", door), paired(h, "mia")
    assert web(h, "off").returncode == 0
    wait_closed(h)
    live = opened(h, b)
    assert live.query("status")["body"]["client"] == "lena-key"
    at = live.query("challenge")["body"]
    good = {**b.signed(b.text(at, "halt", "{}")), "body": "{}"}
    for wrong in ({**good, "body": "{ }"}, {**other.signed(other.text(at, "halt", "{}")), "body": "{}"}):
        live.say({"id": 8, "command": wrong})
        assert live.hear()["status"] == 403, wrong
    live.say({"id": 8, "command": good})
    assert live.hear()["status"] == 200
    assert h.console.json("doctor")["halted"] is True
    assert h.console.run("resume").returncode == 0
    assert web(h, "on").returncode == 0


def test_a_revoked_certificate_is_shut_out_with_its_open_connections(h):
    door, stays = phone(h, "nina"), phone(h, "olga")
    b = paired(h, "nina-key", "approver", door)
    live, idle, kept = opened(h, b), tls(h, door), Live(h, stays)
    assert kept.open(b)["session"]["name"] == "nina-key"
    assert h.console.run("clients", "revoke", "nina").returncode == 0
    assert live.ends()
    idle.settimeout(20)
    try:
        assert idle.recv(1) == b""
    except ConnectionError:
        pass
    assert http(h, "GET", "/", door=door)[0] == 404
    assert http(h, "GET", "/v1/live", door=door)[0] == 403
    assert kept.query("status")["status"] == 200, "another one is not"
    assert h.console.run("clients", "revoke", "nina-key").returncode == 0
    v = kept.hear()
    assert "revoked" in v["refused"]["error"] and kept.ends(), v


def test_strangers_on_the_other_port_keep_no_phone_with_a_certificate_out(h):
    """They have no place for long, and there are only so many for all."""
    door, b = phone(h, "pia"), paired(h, "pia-key")
    stays = opened(h, b)
    strangers = [Live(h) for _ in range(70)]
    live = Live(h, door)
    assert live.open(b)["session"]["name"] == "pia-key"
    assert live.query("status")["status"] == 200 and stays.query("status")["status"] == 200
    for s in strangers:
        s.close()


def test_who_waits_behind_a_certificate_pairs_only_in_a_window(h):
    door = phone(h, "petra")
    status, answer = Browser(h, "late", door).ask("a" * 48)
    assert status == 403 and "no pairing window is open" in answer["error"], answer


def test_a_restart_forgets_no_certificate(h):
    door, gone = phone(h, "rosa"), phone(h, "rita")
    b = paired(h, "rosa-key", "approver", door)
    assert h.console.run("clients", "revoke", "rita").returncode == 0
    h.stop()
    h.start(tools=False)
    assert opened(h, b).query("status")["status"] == 200
    assert http(h, "GET", "/", door=gone)[0] == 404


# ---- A code on paper ----

def code_of(h, client=None):
    return (client or h.console).json("recovery")["code"]


def kinds(h, name):
    return [e.get("name") for e in log(h) if e["kind"] == name]


def no_browsers(h):
    for c in clients(h).values():
        if c["kind"] == "browser" and not c.get("revoked"):
            assert h.console.run("clients", "revoke", c["name"]).returncode == 0
    wait_closed(h)


def test_who_lost_every_client_comes_back_as_an_owner_with_the_code(h):
    """Though nothing else keeps the port open; it gives nothing else."""
    no_browsers(h)
    code = code_of(h)
    assert re.fullmatch("([a-z2-7]{4}-){13}[a-z2-7]{4}", code)
    wait_for(lambda: is_open(h))
    for path in ("/", "/app.js", "/v1/box", "/v1/live"):
        status, answer = http(h, "GET", path)
        assert status == 404 and "recovery code and nothing else" in answer["error"], (path, answer)
    b = Browser(h, "page")
    b.box = "0" * 64
    status, answer = http(h, "POST", "/v1/pair", {"key": b.point, "name": "page", "hmac": "0" * 64})
    assert status == 403 and "no pairing window" in answer["error"], answer
    new = Client(h, "back")
    r = new.pair(code.upper().replace("-", " "), "back")
    assert r.returncode == 0 and "role owner" in r.stdout, r.stderr
    assert new.run("clients", "lend", "x", "y").returncode == 4, "it is heard"
    assert clients(h)["back"]["role"] == "owner" and clients(h)["back"]["kind"] == "cli"
    wait_for(lambda: kinds(h, "client-recovered"))
    assert kinds(h, "client-recovered") == ["back"], "everyone is told"
    wait_closed(h)


def test_a_recovery_code_is_good_once(h):
    code = code_of(h)
    assert Client(h, "first").pair(code, "first").returncode == 0
    r = Client(h, "second").pair(code, "second")
    assert r.returncode != 0 and "second" not in clients(h), r.stdout
    h.stop()
    h.start(tools=False)
    r = Client(h, "third").pair(code, "third")
    assert r.returncode != 0 and "third" not in clients(h), r.stdout


def test_a_new_code_replaces_the_old_one_and_both_can_be_revoked(h):
    old, code = code_of(h), code_of(h)
    r = Client(h, "old").pair(old, "old")
    assert r.returncode == 4 and "not the one" in r.stderr, r.stderr
    wait_for(lambda: kinds(h, "recovery-refused"))
    r = Client(h, "console").pair(code, "console")
    assert r.returncode == 4 and "known already" in r.stderr, "and the code is as it was"
    assert h.console.run("recovery", "revoke").returncode == 0
    assert Client(h, "revoked").pair(code, "revoked").returncode != 0
    assert not {"old", "revoked"} & set(clients(h))
    assert h.console.run("recovery", "revoke").returncode == 4


def test_a_code_outlives_a_restart_and_lies_nowhere_in_clear(h):
    code = code_of(h)
    h.stop()
    plain = code.replace("-", "")
    for d, _, files in os.walk(h.path("state")):
        for name in files:
            with open(os.path.join(d, name), "rb") as f:
                data = f.read().lower()
            assert plain.encode() not in data and code.encode() not in data, name
    assert stat.S_IMODE(os.stat(h.path("state", "vault", "recovery")).st_mode) == 0o600
    h.start(tools=False)
    assert Client(h, "restarted").pair(code, "restarted").returncode == 0
    assert code not in h.log() and plain not in h.log() + json.dumps(log(h))


def test_a_code_is_asked_for_where_no_other_program_reads_it(h):
    """An argument stands in the list of processes, and in the shell's history."""
    code, c = code_of(h), Client(h, "typed")
    os.makedirs(c.folder, exist_ok=True)

    def pair(words):
        return subprocess.run(
            [h.durward, "pair", "--host", "localhost", "--name", "typed", "--port", str(h.port),
             "--pairing-port", str(h.pairing_port)], env=c.env, input=words, text=True,
            capture_output=True, timeout=30)
    assert pair("").returncode == 2
    r = pair(code + "\n")
    assert r.returncode == 0 and "role owner" in r.stdout and code not in r.stdout, r.stderr
    assert clients(h)["typed"]["role"] == "owner"


def test_a_typing_error_is_told_from_a_wrong_code(h):
    code = code_of(h)
    at = code[30]
    typo = code[:30] + ("b" if at != "b" else "c") + code[31:]
    r = Client(h, "typo").pair(typo, "typo")
    assert r.returncode == 2 and "typing error" in r.stderr, r.stderr
    assert Client(h, "typo").pair(code, "typo").returncode == 0


def test_five_wrong_codes_are_heard_and_then_none_for_a_while(h):
    old, code = code_of(h), code_of(h)
    before, revoked = (len(kinds(h, "recovery-" + k)) for k in ("refused", "revoked"))
    for i in range(8):
        r = Client(h, "guess").pair(old, "guess")
        assert r.returncode == 4, r.stderr
        assert ("not the one" if i < 5 else "too many wrong tries") in r.stderr, (i, r.stderr)
    wait_for(lambda: len(kinds(h, "recovery-refused")) >= before + 5)
    r = Client(h, "late").pair(code, "late")
    assert r.returncode == 4 and "wait 5 minutes" in r.stderr, "not even the right one"
    assert h.console.run("recovery", "revoke").returncode == 0
    wait_for(lambda: len(kinds(h, "recovery-revoked")) > revoked)  # And all before it.
    assert len(kinds(h, "recovery-refused")) == before + 5


def test_nobody_but_an_owner_makes_a_recovery_code(h):
    r = h.pair("rolf").run("recovery")
    assert r.returncode == 4 and "only an owner" in r.stderr, r.stderr
    wait_closed(h)


# ---- Without one: another client, and the console ----

def test_another_owners_client_shuts_a_lost_one_out_and_pairs_a_new_one(h):
    lost, second = h.pair("lost", "owner"), h.pair("second", "owner")
    assert second.run("clients", "revoke", "lost").returncode == 0
    assert lost.run("clients").returncode != 0
    token = second.json("pair", "--role", "owner")["token"]
    new = Client(h, "renewed")
    assert new.pair(token, "renewed").returncode == 0
    assert new.run("clients", "revoke", "second").returncode == 0


def test_an_owners_phone_shuts_a_lost_client_out_and_lets_nobody_in(h):
    lost, b = h.pair("mislaid", "owner"), paired(h, "sofia", "owner")
    live = opened(h, b)

    def say(name, body):
        at = live.query("challenge")["body"]
        text = json.dumps(body)
        live.say({"id": 8, "command": {**b.signed(b.text(at, name, text)), "body": text}})
        return live.hear()["status"]
    assert say("clients.revoke", {"client": "mislaid"}) == 200
    assert lost.run("clients").returncode != 0
    for name in ("pair.open", "recovery.make"):
        assert say(name, {"role": "owner", "kind": "cli", "reply_key": b.point}) == 403, name


def test_who_was_revoked_comes_back_by_no_way_that_it_left(h):
    """Not by the window it opened, nor by the code it made; those of others stay."""
    thief = h.pair("thief", "owner")
    h.pair("honest", "owner")
    code = code_of(h, thief)
    token = thief.json("pair", "--role", "owner")["token"]
    r = h.console.run("clients", "revoke", "thief")
    assert r.returncode == 0 and "recovery code" in r.stdout, r.stdout
    for word in (token, code):
        r = Client(h, "again").pair(word, "again")
        assert r.returncode != 0 and "again" not in clients(h), r.stdout
    h.stop()
    h.start(tools=False)
    assert Client(h, "anew").pair(code, "anew").returncode != 0
    assert "anew" not in clients(h) and kinds(h, "recovery-revoked")[-1] == "thief"
    h.pair("looks", "viewer")
    code = code_of(h)
    token = h.console.json("pair", "--role", "viewer")["token"]
    for name in ("honest", "looks"):
        r = h.console.run("clients", "revoke", name)
        assert r.returncode == 0 and "recovery code" not in r.stdout, r.stdout
    assert Client(h, "guest").pair(token, "guest").returncode == 0
    assert Client(h, "kept").pair(code, "kept").returncode == 0


def test_an_owners_phone_cannot_lock_the_house(h):
    """It pairs nobody and changes no rule: alone it would be the end."""
    b = paired(h, "tina", "owner")
    for c in clients(h).values():
        if c["role"] == "owner" and c["kind"] == "cli" and c["name"] != "console" and not c["revoked"]:
            assert h.console.run("clients", "revoke", c["name"]).returncode == 0
    live = opened(h, b)
    at = live.query("challenge")["body"]
    text = json.dumps({"client": "console"})
    live.say({"id": 8, "command": {**b.signed(b.text(at, "clients.revoke", text)), "body": text}})
    v = live.hear()
    assert v["status"] == 403 and "last owner" in v["body"]["error"], v
    assert h.console.run("clients", "lend", "tina", "none").returncode == 4, "it is heard"
    assert clients(h)["console"]["revoked"] is False


def test_a_full_table_still_has_a_place_for_who_has_the_code():
    """Tombstones are never taken out: they must not lock everybody out."""
    with House(tools=()) as h:
        h.start(tools=False)
        code = code_of(h)
        h.stop()
        path = h.path("state", "vault", "trust.json")
        with open(path) as f:
            table = json.load(f)
        for i in range(len(table["clients"]), 159):
            table["clients"].append({
                "key": Browser(h, "x").point, "name": f"gone-{i}", "role": "viewer",
                "kind": "cli", "revoked": True, "paired_ms": 1})
        with open(path, "w") as f:
            json.dump(table, f)
        h.start(tools=False)
        found = [f for f in h.console.json("doctor")["findings"] if f["check"] == "clients"][0]
        assert found["ok"] is False and "159 of 160" in found["what"], found
        token = h.console.json("pair", "--role", "owner")["token"]
        r = Client(h, "one-more").pair(token, "one-more")
        assert r.returncode == 4 and "recovery code" in r.stderr, r.stderr
        assert Client(h, "with-code").pair(code, "with-code").returncode == 0
        assert len(clients(h)) == 160


def test_the_console_shuts_everybody_out_and_pairs_a_new_owner(h):
    for c in clients(h).values():
        if c["name"] != "console" and not c.get("revoked"):
            assert h.console.run("clients", "revoke", c["name"]).returncode == 0
    assert h.pair("afresh", "owner").run("clients", "revoke", "console").returncode == 0
