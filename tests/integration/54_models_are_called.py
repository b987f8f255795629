# SPDX-License-Identifier: Apache-2.0
"""Models are called as their orders say, by an egress that believes neither the
core nor the mind nor the server."""

import hashlib
import json
import os
import time

from caller import HEAD, Authority, Caller, Raw, chunk
from house import wait_for
from models import ModelServer

KEY = "sk-test-4711-tangerine-submarine-0815"
PUBLIC = "9.77.0.9"
SHARED = "100.101.102.103"  # As in a VPN, or behind a carrier.


AUTHORITY = Authority()


def setup():
    c = Caller(authority=AUTHORITY, names={"cloud.test": [PUBLIC], "home.test": ["127.0.0.1"],
                                            "both.test": [PUBLIC, "127.0.0.1"],
                                            "other.test": [PUBLIC], "vpn.test": [SHARED]},
               addresses=[PUBLIC, SHARED], secrets={"provider-key": KEY.encode() + b"\n"})
    c.providers["refusing"] = ("ollama", "house")
    return c


def test_a_model_is_called_and_what_it_says_comes_to_the_mind(c):
    with ModelServer([{"text": ["Hel", "lo"]}]) as m:
        c.provider("one", m.url)
        r = c.call("one")
        assert r["ok"] and r["end"]["ok"] and r["status"] == 200, r
        assert b"Hel" in r["data"] and b'"done":true' in r["data"], r["data"]
        assert r["received"] == len(r["data"])
        assert r["sha256"] == hashlib.sha256(r["data"]).hexdigest()
        assert r["tries"] == 1 and not r["late"] and r["sent"] == len(m.chats[0].body), r
        assert m.chats[0].headers["user-agent"].startswith("durward/")
        assert m.chats[0].headers["content-type"] == "application/json"


def test_each_dialect_has_its_path_and_shows_its_key_its_own_way(c):
    script = [{"text": ["Hello"]}] * 3
    with ModelServer(script, key=KEY) as m:
        for dialect in ("ollama", "openai", "anthropic"):
            c.provider("keyed-" + dialect, m.url + ("/v1" if dialect == "openai" else ""),
                       dialect=dialect, key="provider-key")
            r = c.call("keyed-" + dialect)
            assert r["ok"], r
        paths = [r.path for r in m.chats]
        assert paths == ["/api/chat", "/v1/chat/completions", "/v1/messages"], paths
        accepts = [r.headers["accept"] for r in m.chats]
        assert accepts == ["application/x-ndjson"] + ["text/event-stream"] * 2, accepts
        assert m.chats[2].headers["anthropic-version"] == "2023-06-01"
        assert "authorization" not in m.chats[2].headers
        assert "x-api-key" not in m.chats[0].headers
    assert KEY not in c.house.log()
    assert KEY not in json.dumps(c.answers())


def memory(pid):
    """All that a process has written."""
    found = b""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as mem:
        for line in maps:
            where, rights, *_ = line.split()
            if "w" in rights:
                begin, end = (int(x, 16) for x in where.split("-"))
                mem.seek(begin)
                found += mem.read(end - begin)
    return found


def test_nothing_of_a_key_is_left_in_egress_behind_its_call(c):
    server = Raw(says_hello, PUBLIC, 8088, AUTHORITY.sign("cloud.test"))
    pid = c.house.pids()["egress"]
    for name, url, dialect, place in (("one", "http://127.0.0.1:%d", "ollama", "house"),
                                      ("two", "https://cloud.test:8088", "openai", "cloud")):
        with ModelServer([{"text": ["Hello"]}], key=KEY) as m:
            c.provider(name, url % m.port if "%" in url else url, dialect, place,
                       key="provider-key")
            r = c.call(name, proof="grant" if place == "cloud" else "")
            assert r["ok"], r
            left = memory(pid)
            assert b'"transport": "model"' in left, "the memory cannot be read"
            assert KEY[8:24].encode() not in left, f"the key is left by {url}"
    server.close()


# ---- The request and its order ----

def refused(c, words, *, served=None, **more):
    with ModelServer([{"text": ["no"], "repeat": True}]) as m:
        name = "refusing"
        c.provider(name, m.url if served is None else served)
        r = c.call(name, **more)
        assert not r["ok"] and not r["end"]["ok"] and not r["late"], r
        assert words in r["why"], r["why"]
        assert r["end"]["why"] == r["why"] and r["data"] == b""
        assert not m.requests, "something was sent"


def test_a_request_that_was_changed_by_one_byte_is_not_sent(c):
    text = json.dumps({"model": "tiny", "messages": [], "options": {"num_predict": 10}})
    refused(c, "not the one that its order names", text=text, sent=text.replace("10", "11"))


def test_a_request_of_another_length_is_not_sent(c):
    refused(c, "not the one that its order names", bytes=7)


def test_a_request_for_another_model_is_not_sent(c):
    refused(c, "for another model", body=c.body("refusing", model="large"))


def test_a_model_that_the_manifest_does_not_name_is_not_called(c):
    refused(c, "has no model 'large'", body=c.body("refusing", model="large"), model="large")


def test_a_request_with_a_higher_ceiling_is_not_sent(c):
    refused(c, "more output", body=c.body("refusing", output=101))


def test_a_request_without_a_ceiling_is_not_sent(c):
    refused(c, "no ceiling", body={"model": "tiny", "messages": []})


def test_a_request_with_the_ceiling_of_another_dialect_alone_is_not_sent(c):
    refused(c, "no ceiling", body={"model": "tiny", "max_tokens": 10})


def test_a_request_that_wants_several_answers_or_other_models_is_not_sent(c):
    refused(c, "'n'", body=c.body("refusing", n=4))
    refused(c, "'models'", body=c.body("refusing", models=["large"]))
    refused(c, "'Model'", body=c.body("refusing", Model="large"))


def test_a_request_that_is_no_strict_json_is_not_sent(c):
    refused(c, "strict JSON", text='{"model":"tiny","model":"tiny","options":{"num_predict":1}}')


def test_a_request_with_a_secret_in_it_is_not_sent(c):
    refused(c, "holds the secret 'provider-key'", body=c.body("refusing", format="x " + KEY + " y"))


def test_an_order_without_a_request_is_told_and_one_of_another_step_is_none(c):
    c.provider("one", "http://127.0.0.1:9")
    call = c.begin("one", request=False)
    c.request(call[1], "{}", step=2)
    c.do("stop", act=call[0])
    r = c.end(call)
    assert not r["ok"] and "stopped" in r["why"], r


def test_a_request_that_comes_after_its_order_is_sent(c):
    with ModelServer([{"text": ["late"]}]) as m:
        c.provider("one", m.url)
        text = json.dumps(c.body("one"))
        call = c.begin("one", text=text, request=False)
        time.sleep(0.3)
        c.request(call[1], text)
        assert c.end(call)["ok"]


# ---- Who may be called ----

def test_a_manifest_that_no_owner_signed_calls_nobody(c):
    with ModelServer([{"text": ["no"], "repeat": True}]) as m:
        c.provider("unsigned", m.url, trust=False)
        r = c.call("unsigned")
        assert "not the one an owner signed" in r["why"] and not m.requests, r
        c.provider("signed", m.url)
        c.provider("signed", m.url.replace("127.0.0.1", "127.0.0.2"), trust=False)
        r = c.call("signed")
        assert "not the one an owner signed" in r["why"] and not m.requests, r


def test_the_place_in_the_orders_name_must_be_the_manifests(c):
    c.provider("one", "http://127.0.0.1:9")
    r = c.call("one", tool="model.cloud.one")
    assert "another place" in r["why"], r


def test_a_provider_in_the_house_is_not_called_at_a_public_address(c):
    seen = Raw(lambda s, asked, n: False, PUBLIC, 8081)
    c.provider("one", "http://cloud.test:8081")
    r = c.call("one")
    seen.close()
    assert "has a public address" in r["why"] and not seen.connections, r


def test_a_provider_outside_is_not_called_at_a_private_address(c):
    seen = Raw(lambda s, asked, n: False, "127.0.0.1", 8082)
    c.provider("one", "https://home.test:8082", "openai", "cloud")
    r = c.call("one", proof="sheet")
    seen.close()
    assert "has a private address" in r["why"] and not seen.connections, r


def test_a_box_in_a_vpn_is_called_by_the_address_that_was_signed_and_by_no_name(c):
    def answer(s, asked, n):
        s.sendall(HEAD + chunk(b"{}\n") + chunk(b""))
        return True
    box = Raw(answer, SHARED, 8089)
    c.provider("one", "http://vpn.test:8089")
    r = c.call("one")
    assert f"--url http://{SHARED}:8089" in r["why"] and not box.connections, r
    c.provider("one", f"http://{SHARED}:8089")
    r = c.call("one")
    box.close()
    assert r["ok"] and box.connections == 1, r


def test_of_two_addresses_only_the_one_that_fits_is_called(c):
    def answer(s, asked, n):
        s.sendall(HEAD + chunk(b"{}\n") + chunk(b""))
        return True
    here, there = Raw(answer, "127.0.0.1", 8083), Raw(answer, PUBLIC, 8083)
    c.provider("one", "http://both.test:8083")
    r = c.call("one")
    here.close()
    there.close()
    assert r["ok"] and here.connections == 1 and there.connections == 0, r


def test_what_leaves_the_house_needs_a_yes_and_has_it_once(c):
    c.provider("one", "https://cloud.test:8084", "openai", "cloud")
    r = c.call("one")
    assert "needs a signed sheet" in r["why"], r
    for proof in ("sheet", "grant"):
        r = c.call("one", proof=proof)
        assert "connection refused" in r["why"], r
    call = c.begin("one", proof="sheet")
    c.end(call)
    r = c.call("one", proof="again")
    assert "of another act" in r["why"] or "used before" in r["why"], r


def test_a_grant_of_money_is_for_the_models_that_it_names(c):
    server = Raw(says_hello, PUBLIC, 8087, AUTHORITY.sign("cloud.test"))
    c.provider("one", "https://cloud.test:8087", "openai", "cloud", models=("tiny", "big"))
    assert c.call("one", proof="money")["ok"]
    r = c.call("one", proof="money", body=c.body("one", model="big"), model="big")
    server.close()
    assert "not for these arguments" in r["why"] and server.count == 1, r


def says_hello(s, asked, n):
    s.sendall(HEAD + chunk(b'data: {"text":"hello"}\n\n') + chunk(b""))
    return True


def test_outside_the_house_it_is_tls_to_the_one_that_was_named(c):
    server = Raw(says_hello, PUBLIC, 8085, AUTHORITY.sign("cloud.test"))
    c.provider("secured", "https://cloud.test:8085", "openai", "cloud", key="provider-key")
    for _ in range(2):
        r = c.call("secured", proof="grant")
        assert r["ok"] and b"hello" in r["data"], r
    assert server.connections == 1
    assert b"Host: cloud.test:8085" in server.seen[0]
    assert b"authorization: Bearer " + KEY.encode() + b"\r\n" in server.seen[0]
    c.provider("secured", "https://other.test:8085", "openai", "cloud")
    r = c.call("secured", proof="grant")
    server.close()
    assert "the certificate of secured at other.test:8085 does not fit" in r["why"], r
    assert not r["late"] and len(server.seen) == 2, r


def test_a_certificate_that_nobody_signed_is_not_believed(c):
    server = Raw(says_hello, PUBLIC, 8086, AUTHORITY.sign("cloud.test", signed=False))
    c.provider("secured", "https://cloud.test:8086", "openai", "cloud", key="provider-key")
    r = c.call("secured", proof="grant")
    server.close()
    assert "does not fit" in r["why"] and "--authorities" in r["why"] and not server.seen, r


def test_a_name_that_nobody_knows_is_told(c):
    c.provider("one", "http://nobody.test:80")
    r = c.call("one")
    assert "nobody.test is not known" in r["why"], r


def test_a_server_that_is_not_there_is_told_in_words(c):
    c.provider("one", "http://127.0.0.1:9999")
    r = c.call("one")
    assert r["why"] == "Ollama at 127.0.0.1:9999 does not answer (connection refused); " \
                       "is it running?", r
    assert not r["late"] and r["status"] == 0 and r["sent"] == 0, r


# ---- What servers do ----

def test_a_redirect_is_not_followed(c):
    with ModelServer([{"text": ["no"], "repeat": True}]) as other, \
            ModelServer([{"redirect": other.url + "/api/chat"}]) as m:
        c.provider("one", m.url)
        r = c.call("one")
        assert r["status"] == 307 and "another address" in r["why"] and not other.requests, r


def test_a_wrong_key_is_told_with_what_to_do(c):
    with ModelServer([], key="another") as m:
        c.provider("one", m.url, key="provider-key")
        r = c.call("one")
        assert r["status"] == 401 and "durward secret rotate provider-key" in r["why"], r
        assert r["end"]["status"] == 401 and r["error"], r
        assert r["tries"] == 1 and not r["late"]


def test_a_key_that_is_not_there_is_told(c):
    c.provider("one", "http://127.0.0.1:9", key="no-such-key")
    r = c.call("one")
    assert "the vault gives no key" in r["why"] and "no-such-key" in r["why"], r


def echoing(pieces, head=HEAD):
    def answer(s, asked, n):
        s.sendall(head)
        for p in pieces:
            s.sendall(chunk(p))
            time.sleep(0.01)
        s.sendall(chunk(b""))
        return False
    return Raw(answer)


def test_a_key_that_a_server_echoes_in_pieces_does_not_come_to_the_mind(c):
    key = KEY.encode()
    ways = {
        "whole": [b'{"text":"' + key + b'"}\n'],
        "bytes": [b'{"text":"'] + [key[i:i + 1] for i in range(len(key))] + [b'"}\n'],
        "halves": [b'{"text":"' + key[:18], key[18:] + b'"}\n'],
        "at the border": [b"x" * 16383 + key[:7], key[7:] + b"y" * 20000 + b"\n"],
        "behind": [b'{"a":1}\n', b'{"b":2}\n' + key],
    }
    for i, (way, pieces) in enumerate(ways.items()):
        server = echoing(pieces)
        c.provider("one", f"http://127.0.0.1:{server.port}", key="provider-key")
        r = c.call("one")
        server.close()
        assert not r["ok"] and "a secret stood in the answer" in r["why"], (way, r)
        for n in range(16, len(key) + 1, 4):
            assert key[:n] not in r["data"] and key[-n:] not in r["data"], (way, r["data"])


def test_an_error_that_tells_the_key_is_told_without_it(c):
    def answer(s, asked, n):
        body = b"the key " + KEY.encode() + b" is wrong"
        s.sendall(b"HTTP/1.1 403 No\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        return True
    server = Raw(answer)
    c.provider("one", f"http://127.0.0.1:{server.port}", key="provider-key")
    r = c.call("one")
    server.close()
    assert r["status"] == 403 and r["error"] == b"the key secret://provider-key is wrong", r


def test_an_endless_error_is_cut(c):
    def answer(s, asked, n):
        s.sendall(b"HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            s.sendall(chunk(b"e" * 60000))
    server = Raw(answer)
    c.provider("one", f"http://127.0.0.1:{server.port}")
    r = c.call("one")
    server.close()
    assert r["status"] == 400 and r["error"] == b"e" * 4096, r


def test_an_endless_answer_is_cut(c):
    def answer(s, asked, n):
        s.sendall(HEAD)
        while True:
            s.sendall(chunk(b'{"a":"' + b"x" * 50000 + b'"}\n'))
    server = Raw(answer)
    c.provider("one", f"http://127.0.0.1:{server.port}")
    r = c.call("one")
    assert not r["ok"] and r["late"] and "longer than 4 MiB" in r["why"], r
    assert len(r["data"]) <= 4 << 20
    assert server.gone.wait(5)
    server.close()


def test_a_compressed_answer_is_refused(c):
    with ModelServer([{"text": ["zip"], "gzip": True}]) as m:
        c.provider("one", m.url)
        r = c.call("one")
        assert not r["ok"] and "compressed" in r["why"] and r["data"] == b"", r
        assert m.chats[0].headers["accept-encoding"] == "identity"


def test_an_answer_that_is_cut_is_told_as_one(c):
    with ModelServer([{"text": ["a", "b", "c", "d"], "cut": "middle"}]) as m:
        c.provider("one", m.url)
        r = c.call("one")
        assert not r["ok"] and r["late"] and r["tries"] == 1, r
        assert "broke in the middle" in r["why"] and r["data"], r


def test_a_connection_that_is_dropped_before_any_answer_is_tried_again(c):
    with ModelServer([{"cut": "before"}, {"cut": "before"}, {"text": ["third"]}]) as m:
        c.provider("shy", m.url)
        r = c.call("shy", seconds=30)
        assert r["ok"] and r["tries"] == 3 and len(m.chats) == 3, r
        assert not r["late"]


def test_a_busy_provider_is_asked_again_when_it_says(c):
    with ModelServer([{"status": 429, "retry_after": 1}, {"text": ["now"]}]) as m:
        c.provider("busy", m.url)
        r = c.call("busy")
        assert r["ok"] and r["tries"] == 2, r
        first, second = m.chats
        assert 0.95 <= second.read_at - first.read_at < 5
    with ModelServer([{"status": 503, "retry_after": {"date": 2}}, {"text": ["now"]}]) as m:
        c.provider("dated", m.url)
        assert c.call("dated")["ok"]
        first, second = m.chats
        assert 0.5 <= second.read_at - first.read_at < 6


def test_a_provider_that_wants_too_long_a_pause_is_not_waited_for(c):
    with ModelServer([{"status": 429, "retry_after": 3600}]) as m:
        c.provider("one", m.url)
        r = c.call("one")
        assert r["status"] == 429 and r["tries"] == 1 and "3600 s" in r["why"], r


def test_an_error_that_a_try_cannot_help_is_not_tried_again(c):
    with ModelServer([{"status": 400, "message": "bad"}, {"text": ["no"]}]) as m:
        c.provider("one", m.url)
        r = c.call("one")
        assert r["status"] == 400 and r["tries"] == 1 and b"bad" in r["error"], r
        assert len(m.chats) == 1


def test_many_calls_do_not_hammer_a_provider_that_is_down(c):
    with ModelServer([{"status": 503, "headers": {"retry-after": "0"}, "repeat": True}]) as m:
        c.provider("down", m.url)
        ends = [c.end(call, 60) for call in [c.begin("down") for _ in range(10)]]
        assert all(r["status"] == 503 for r in ends)
        assert len(m.chats) <= 10 + 8 + 2, len(m.chats)
        assert max(r["tries"] for r in ends) <= 4


# ---- Stopping ----

def stalled(c, name, **step):
    m = ModelServer([{"text": ["a"] * 8, "stall": "middle", **step}])
    c.provider(name, m.url)
    call = c.begin(name)
    wait_for(lambda: m.chats and m.chats[0].sent)
    time.sleep(0.2)
    return m, call


def seconds_until_closed(c, name, stop):
    m, call = stalled(c, name)
    at = time.monotonic()
    stop(call)
    r = c.end(call)
    with m.changed:
        assert m.changed.wait_for(lambda: m.chats[0].done_at, 30)
    took = m.chats[0].closed_at - at
    m.close()
    assert not r["ok"] and r["late"] and "stopped" in r["why"], r
    return took


def test_a_call_is_stopped_by_either_side_at_once(c):
    for name, stop in (("stopped", lambda call: c.do("stop", act=call[0])),
                       ("cancelled", lambda call: c.do("cancel", run=call[1], step=1))):
        for n in range(8):  # A neighbour on the machine can slow some of them.
            took = seconds_until_closed(c, f"{name}{n}", stop)
            if took < 0.2:
                break
        assert took < 0.1 + 0.1, f"closed after {took:.3f} s"  # Files are looked at meanwhile.


def test_a_request_that_was_cancelled_is_not_sent(c):
    with ModelServer([{"text": ["no"]}]) as m:
        c.provider("one", m.url)
        text = json.dumps(c.body("one"))
        run = f"{4711 << 70:032x}"[:32]
        c.request(run, text)
        c.do("cancel", run=run, step=1)
        args = {"bytes": len(text), "model": "tiny", "output": 100,
                "sha256": hashlib.sha256(text.encode()).hexdigest()}
        c.do("order", act="e" * 32, run=run, step=1, tool="model.house.one",
             args=json.dumps(args, sort_keys=True, separators=(",", ":")))
        time.sleep(0.3)
        c.do("stop", act="e" * 32)
        r = c.end(("e" * 32, run))
        assert not r["ok"] and not m.requests, r


# ---- Connections, and much at once ----

def test_a_connection_serves_the_next_call_and_ends_with_its_manifest(c):
    def answer(s, asked, n):
        s.sendall(HEAD + chunk(b"{}\n") + chunk(b""))
        return True
    server = Raw(answer)
    url = f"http://127.0.0.1:{server.port}"
    c.provider("kept", url)
    for _ in range(3):
        assert c.call("kept")["ok"]
    assert server.connections == 1, server.connections
    c.provider("kept", url, models=("tiny", "other"))
    assert c.call("kept")["ok"]
    assert server.connections == 2, server.connections
    server.close()


def test_a_mind_that_reads_slowly_loses_nothing(c):
    lines = [b'{"n":%d,"pad":"%s"}\n' % (i, b"p" * (i % 900)) for i in range(6000)]

    def answer(s, asked, n):
        s.sendall(HEAD)
        for line in lines:
            s.sendall(chunk(line))
        s.sendall(chunk(b""))
        return True
    server = Raw(answer)
    c.provider("one", f"http://127.0.0.1:{server.port}")
    c.do("sleep", seconds=0)  # From here on it counts what it hears.
    calls = [c.begin("one") for _ in range(4)]
    c.do("sleep", seconds=2)
    try:
        ends = [c.end(call, 30) for call in calls]
    finally:
        c.do("wake")
        server.close()
    whole = b"".join(lines)
    for r in ends:
        assert r["ok"], r["why"]
        assert r["end"]["bytes"] == len(whole) == r["received"], (r["end"], len(whole))
        assert r["end"]["got"] == hashlib.sha256(whole).hexdigest() == r["sha256"]
    assert "dropped" not in c.house.log()


def test_many_calls_at_once_are_each_answered_with_their_own(c):
    def own(r):
        return {"text": [r.json["messages"][0]["content"]] * 12, "gap_ms": 5}
    with ModelServer(own) as m:
        c.provider("one", m.url)
        calls = [c.begin("one", body=c.body(
            "one", messages=[{"role": "user", "content": f"mark-{i}-"}])) for i in range(16)]
        for i, call in enumerate(calls):
            r = c.end(call, 30)
            assert r["ok"] and r["data"].count(b"mark-%d-" % i) == 12, r
            assert r["data"].count(b"mark-") == 12


def test_a_call_too_many_is_told_to_both(c):
    m = Raw(lambda s, asked, n: s.recv(1))
    c.provider("one", f"http://127.0.0.1:{m.port}")
    calls = [c.begin("one") for _ in range(16)]
    wait_for(lambda: m.count == 16)
    r = c.call("one")
    assert not r["ok"] and r["why"] == r["end"]["why"], r
    assert "too many models" in r["why"], r
    for act, _ in calls:
        c.do("stop", act=act)
    assert all("stopped" in c.end(call)["why"] for call in calls)
    m.close()


def test_egress_comes_back_alone_and_calls_again(c):
    lanes = len([r for r in c.answers() if r["body"].get("peer") == "egress"])
    os.kill(c.house.pids()["egress"], 9)
    wait_for(lambda: len([r for r in c.answers() if r["body"].get("peer") == "egress"]) > lanes)
    with ModelServer([{"text": ["again"]}]) as m:
        c.provider("one", m.url)
        assert c.call("one")["ok"]
