# SPDX-License-Identifier: Apache-2.0
"""Who may connect, who may command, and what a yes must look like."""

import json
import re
import socket
import sqlite3
import ssl
import subprocess
import time

import frozen
import logbook
from house import Client, House, wait_for
from thinking import Thinking
from wire import Wire, new_identity, openssl, sign


def setup():
    h = House().start()
    h.phone = h.pair("phone")
    return h


def hung_up(connect):
    """A handshake or the first answer fails."""
    try:
        w = connect()
        return w.query("status") is None
    except (ssl.SSLError, ConnectionError, OSError):
        return True


def test_a_client_without_a_certificate_is_refused_with_and_without_sni(h):
    assert hung_up(lambda: Wire(h))
    assert hung_up(lambda: Wire(h, sni="durward"))
    assert hung_up(lambda: Wire(h, sni="wrong.example"))


def test_a_client_with_a_foreign_certificate_is_refused_with_and_without_sni(h):
    key, cert = new_identity("phone")
    assert hung_up(lambda: Wire(h, cert=cert, key=key))
    assert hung_up(lambda: Wire(h, cert=cert, key=key, sni="durward"))


def test_a_paired_client_is_served_with_and_without_sni(h):
    for sni in (None, "durward", "anything.example"):
        status, v = Wire(h, h.phone, sni=sni).query("status")
        assert status == 200 and v["client"] == "phone", v


def test_tls_1_2_is_not_spoken(h):
    assert hung_up(lambda: Wire(h, h.phone, version=ssl.TLSVersion.TLSv1_2))


def offered(h, *options):
    """What comes of a handshake of openssl's with the listener."""
    r = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{h.port}", "-tls1_3",
                        *options], text=True, capture_output=True, stdin=subprocess.DEVNULL,
                       timeout=20)
    return r.stdout + r.stderr


def test_the_listener_offers_nothing_that_only_the_open_web_needs(h):
    for good in (("-ciphersuites", "TLS_AES_128_GCM_SHA256"), ("-groups", "P-256"),
                 ("-sigalgs", "ECDSA+SHA256")):
        assert "Peer signature type: ECDSA" in offered(h, *good), good
    for bad in (("-ciphersuites", "TLS_AES_256_GCM_SHA384"), ("-groups", "P-384"),
                ("-sigalgs", "ECDSA+SHA384:RSA-PSS+SHA256")):
        said = offered(h, *bad)
        assert "Peer signature type" not in said and "error:" in said, (bad, said)
    # What it would take as the signature of a client.
    asked = re.search("Requested Signature Algorithms: (.*)", offered(h)).group(1)
    assert asked.strip() == "ECDSA+SHA256", asked


def test_the_pairing_port_is_closed_outside_a_window(h):
    def closed():
        "the pairing port to close"
        try:
            socket.create_connection(("127.0.0.1", h.pairing_port), timeout=1).close()
        except ConnectionRefusedError:
            return True
    wait_for(closed)


def test_a_wrong_token_is_refused_and_the_right_one_works_once(h):
    token = h.console.json("pair")["token"]
    wrong = token[:30] + ("a" if token[30] != "a" else "b") + token[31:]
    c = Client(h, "laptop")
    r = c.pair(wrong, "laptop")
    assert r.returncode == 4 and "token is wrong" in r.stderr, r.stderr
    assert c.pair(token, "laptop").returncode == 0
    assert c.run("tool").returncode == 0
    again = Client(h, "laptop2").pair(token, "laptop2")
    assert again.returncode != 0 and "no pairing window" in again.stderr, again.stderr


def test_a_token_of_another_box_is_not_answered(h):
    token = h.console.json("pair")["token"]
    other = token[:5] + ("a" if token[5] != "a" else "b") + token[6:]
    r = Client(h, "lost").pair(other, "lost")
    assert r.returncode == 4 and "not the box" in r.stderr, r.stderr


def test_after_five_wrong_tries_the_window_is_closed(h):
    token = h.console.json("pair")["token"]
    wrong = token[:30] + ("a" if token[30] != "a" else "b") + token[31:]
    c = Client(h, "guesser")
    for _ in range(5):
        assert "token is wrong" in c.pair(wrong, "guesser").stderr
    assert "too many" in c.pair(token, "guesser").stderr
    assert c.pair(token, "guesser").returncode != 0


def test_the_token_passes_control_sealed_for_the_client_that_asked(h):
    w = Wire(h, h.console)
    key = openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-outform", "DER")
    point = openssl("pkey", "-inform", "DER", "-pubout", "-outform", "DER", given=key)[-65:].hex()
    status, v = w.command("pair.open", {"role": "viewer", "reply_key": point})
    assert status == 200 and set(v) == {"sealed", "left_ms"}, v
    assert len(v["sealed"]) == 2 * (65 + 44 + 16), v
    status, v = Wire(h, h.console).command("pair.open", {"role": "viewer"})
    assert status == 403 and "reply_key" in v["error"], v


def test_no_token_is_given_before_the_opening_is_on_the_disk(h):
    with frozen.disk(h):
        p = h.console.start("pair", "--json")
        time.sleep(1)
        said = p.poll()
        there = [e for e in logbook.entries(h) if e["kind"] == "pairing-opened"]
    out, err = p.communicate(timeout=60)
    assert said is None, "it was answered while nothing came to the disk"
    assert "token" in json.loads(out), out + err
    now = [e for e in logbook.entries(h) if e["kind"] == "pairing-opened"]
    assert len(now) == len(there) + 1 and "sealed" not in now[-1], now


def test_only_an_owner_opens_a_pairing_window(h):
    r = h.phone.run("pair")
    assert r.returncode == 4 and "only an owner" in r.stderr, r.stderr


def test_a_command_signed_by_another_key_is_refused(h):
    key, _ = new_identity("x")
    w = Wire(h, h.console)
    body = json.dumps({"goal": "status"})
    status, v = w.send_command(w.command_text("ask", body), body, key=key)
    assert status == 403 and "signature" in v["error"], v


def test_a_command_for_another_body_is_refused(h):
    w = Wire(h, h.console)
    text = w.command_text("ask", json.dumps({"goal": "status"}))
    status, v = w.send_command(text, json.dumps({"goal": "delete the note x"}))
    assert status == 403 and "another body" in v["error"], v


def test_a_recorded_command_is_worth_nothing(h):
    w = Wire(h, h.console)
    body = json.dumps({"goal": "status"})
    text = w.command_text("ask", body)
    assert w.send_command(text, body)[0] == 200
    status, v = w.send_command(text, body)
    assert status == 403 and "challenge" in v["error"], v


def test_a_command_of_another_start_of_the_house_is_refused(h):
    status, v = Wire(h, h.console).command("ask", {"goal": "status"}, boot="0" * 32)
    assert status == 403 and "earlier start" in v["error"], v


def test_a_command_signed_by_one_client_over_anothers_connection_is_refused(h):
    w = Wire(h, h.phone)
    body = json.dumps({"goal": "status"})
    console = Wire(h, h.console)
    text = console.command_text("ask", body)
    status, v = w.send_command(text, body, signature=sign(h.console.folder + "/key.pem",
                                                          text.encode()))
    assert status == 403 and "another client" in v["error"], v


def approval(h, spoil):
    """Ask for a deletion and answer it with what spoil() makes."""
    h.console.ask("save a note: approve me")
    p, act = h.console.asked("delete the note approve me")
    w = Wire(h, h.phone)
    status, v = w.query("sheet?act=" + act)
    assert status == 200, v
    answer = w.command("approve", {"act": act, "signature": spoil(h, v["sheet"])})
    h.console.run("deny", act)
    p.communicate(timeout=60)
    return answer


def test_a_yes_that_this_client_did_not_sign_over_these_bytes_is_refused_by_core(h):
    key, _ = new_identity("x")
    own = h.phone.folder + "/key.pem"
    status, v = approval(h, lambda h, sheet: sign(key, sheet.encode()))
    assert status == 403 and "signature does not match the sheet" in v["error"], v
    status, v = approval(h, lambda h, sheet: sign(
        own, sheet.replace("approve me", "approve us").encode()))
    assert status == 403 and "signature does not match the sheet" in v["error"], v


def test_a_yes_to_a_sheet_that_was_not_shown_is_refused(h):
    h.console.ask("save a note: approve me")
    p, act = h.console.asked("delete the note approve me")
    status, v = Wire(h, h.phone).command("approve", {"act": act, "signature": "ES256:" + "0" * 128})
    assert status == 409 and "not been shown" in v["error"], v
    h.console.run("deny", act)
    p.communicate(timeout=60)


def test_the_signed_sheet_does_what_it_says(h):
    status, v = approval(h, lambda h, sheet: sign(h.phone.folder + "/key.pem", sheet.encode()))
    assert status == 200, v


def test_an_approval_counts_once(h):
    h.console.ask("save a note: once")
    p, act = h.console.asked("delete the note once")
    assert h.phone.run("approve", act, "--yes").returncode == 0
    assert h.phone.run("approve", act, "--yes").returncode != 0
    p.communicate(timeout=60)


def test_a_viewer_can_neither_ask_nor_approve(h):
    viewer = h.pair("screen", "viewer")
    r = viewer.run("ask", "status")
    assert r.returncode == 4 and "viewer may not" in r.stderr, r.stderr
    h.console.ask("save a note: look")
    p, act = h.console.asked("delete the note look")
    r = viewer.run("approve", act, "--yes")
    assert r.returncode == 4 and "no approver" in r.stderr, r.stderr
    assert "may not answer" in viewer.run("deny", act).stderr
    h.console.run("deny", act)
    p.communicate(timeout=60)


def test_a_program_follows_its_own_runs_and_reads_nothing_else(h):
    program = h.pair("script", "program")
    assert program.ask("list notes")[-1]["reached"] is True
    w = Wire(h, program)
    for query in ("entries", "runs", "approvals", "grants", "spend", "policy", "clients", "events",
                  "entries?run=" + "0" * 32, "sheet?act=" + "0" * 32):
        status, answer = w.query(query)
        assert status != 200, (query, answer)


def test_nobody_answering_is_a_no(h):
    """The policy of this house lets the note 'soon' wait one second."""
    policy = h.path("short.policy")
    with open(policy, "w") as f:
        f.write("default deny\nallow a effect=read\nallow b effect=reversible\n"
                "ask soon effect=system ttl=1s\n")
    with House(policy=policy) as other:
        other.start()
        other.console.ask("save a note: soon")
        last = other.console.ask("delete the note soon")[-1]
        assert last["reached"] is False and "nobody answered in time" in last["reply"], last
        assert other.console.reply("read the note soon") == "soon"


def test_a_revoked_client_is_shut_out_at_once(h):
    lost = h.pair("lost")
    w = Wire(h, lost)
    assert w.query("status")[0] == 200
    h.console.ask("save a note: wait for lost")
    p, act = h.console.asked("delete the note wait for lost")
    assert w.query("sheet?act=" + act)[0] == 200
    assert h.console.run("clients", "revoke", "lost").returncode == 0

    def cut():
        "the open connection to end"
        try:
            return w.query("status") is None
        except (ssl.SSLError, ConnectionError, OSError):
            return True
    assert cut()
    r = lost.run("approve", act, "--yes")
    assert r.returncode == 4 and "revoked" in r.stderr, r.stderr
    h.console.run("deny", act)
    p.communicate(timeout=60)


def test_nobody_gets_the_name_of_a_client_that_was_revoked(h):
    h.pair("handed-on")
    assert h.console.run("clients", "revoke", "handed-on").returncode == 0
    r = h.console.run("pair", "--role", "viewer", "--json")
    assert r.returncode == 0, r.stderr
    guest = Client(h, "guest")
    r = guest.pair(json.loads(r.stdout)["token"], "handed-on")
    assert r.returncode != 0 and "belonged to a client that was revoked" in r.stderr, r.stderr
    assert "choose another name" in r.stderr, r.stderr
    assert guest.run("status").returncode != 0
    rows = [c for c in h.console.json("clients")["clients"] if c["name"] == "handed-on"]
    assert [c.get("revoked") for c in rows] == [True], rows


def test_what_a_revoked_client_asked_for_ends():
    t = Thinking("ollama", tools=())
    h = t.house
    try:
        lost = h.pair("lost")
        t.say({"stall": "before", "text": ["x"], "repeat": True})
        theirs = lost.start("ask", "think about what I said")
        t.server.wait(1, done=False)
        ours = h.console.start("ask", "think about what I said")
        t.server.wait(2, done=False)

        def states():
            return {r["principal"]: r["state"] for r in h.console.json("runs")["runs"]}
        assert states() == {"lost": "open", "console": "open"}
        assert h.console.run("clients", "revoke", "lost").returncode == 0
        theirs.communicate(timeout=60)
        assert states() == {"lost": "failed", "console": "open"}
        # A kill may come behind the table and before the end of the run.
        h.stop()
        ours.communicate(timeout=60)
        db = sqlite3.connect(h.path("state", "core", "durward.db"))
        assert db.execute("UPDATE run SET state='open', reply='' WHERE client='lost'").rowcount == 1
        db.commit()
        db.close()
        h.start()

        def ended():
            "the run to end"
            return states()["lost"] == "failed"
        wait_for(ended, 60)
        replies = [r["reply"] for r in h.console.json("runs")["runs"] if r["principal"] == "lost"]
        assert replies == ["Who asked for this is paired no more."], replies
        assert states()["console"] == "open"
    finally:
        t.close()


def test_the_last_owner_cannot_be_revoked(h):
    r = h.console.run("clients", "revoke", "console")
    assert r.returncode == 4 and "last owner" in r.stderr, r.stderr


def test_malformed_requests_are_refused_and_others_still_served(h):
    bad = [b"\x00\x01\x02\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n",
           b"POST /v1/command HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           b"POST /v1/command HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
           b"POST /v1/command HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
           b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n"]
    for data in bad:
        w = Wire(h, h.phone)
        w.send(data)
        answer = w.receive()
        assert answer is None or answer[0] in (400, 413), (data[:60], answer)
        assert h.phone.run("tool").returncode == 0
    w = Wire(h, h.phone)
    assert w.request("POST", "/v1/command", b"{not json")[0] == 400
    assert w.request("POST", "/v1/command", {"text": 1})[0] == 400
    assert w.request("POST", "/v1/command",
                     {"text": "x", "body": "{}", "signature": "ES256:00"})[0] == 400
    assert w.query("nothing")[0] == 404
    assert w.query("events?run=short")[0] == 400
    assert w.query("entries?from=zz&&")[0] == 400
    assert w.request("DELETE", "/v1/status")[0] == 405


def test_silent_connections_do_not_keep_others_out(h):
    idle = [socket.create_connection(("127.0.0.1", h.port)) for _ in range(60)]
    assert h.phone.run("tool").returncode == 0
    for s in idle:
        s.close()


def test_requests_sent_together_are_answered_in_turn(h):
    w = Wire(h, h.phone)
    one = b"GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    w.send(one + one)
    assert w.receive()[0] == 200 and w.receive()[0] == 200
