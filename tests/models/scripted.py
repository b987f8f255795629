# SPDX-License-Identifier: Apache-2.0
"""What the scripted server promises to the tests that stand on it: its bytes,
its records and its times."""

import http.client
import json
import os
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import zlib

from peers import TOP
from model_faults import CALL, FAULTS, STATUS, STREAM, WORDS, calling
from models import ModelServer

PATHS = {"/api/chat": {}, "/v1/messages": {"max_tokens": 9, "stream": True},
         "/v1/chat/completions": {"stream": True, "stream_options": {"include_usage": True}}}
VERSION = {"anthropic-version": "2023-06-01", "Content-Type": "application/json"}
ASK = {"model": "tiny", "messages": [{"role": "user", "content": "hi"}]}
# api/types.go of the real one.
OLLAMA_FIELDS = {
    "": {"model", "created_at", "message", "done", "done_reason", "total_duration",
         "load_duration", "prompt_eval_count", "prompt_eval_duration", "eval_count",
         "eval_duration"},
    "message": {"role", "content", "thinking", "tool_calls"},
    "call": {"id", "function"}, "function": {"index", "name", "arguments"}}


def ask(connection, path, **more):
    """(status, headers, body)"""
    connection.request("POST", path, json.dumps({**ASK, **PATHS[path], **more}), VERSION)
    r = connection.getresponse()
    return r.status, r.headers, r.read()


def once(step, path="/v1/messages", **kw):
    with ModelServer([step], **kw) as m:
        c = http.client.HTTPConnection("127.0.0.1", m.port, timeout=5)
        try:
            return ask(c, path)
        finally:
            c.close()


def raw(m, path="/v1/messages", timeout=5):
    """A socket on which this was asked."""
    s = socket.create_connection(("127.0.0.1", m.port), timeout)
    body = json.dumps({**ASK, **PATHS[path]}).encode()
    s.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nanthropic-version: 1\r\nContent-Length: %d\r\n\r\n%s"
              % (path.encode(), len(body), body))
    return s


def read_all(s):
    out = b""
    while data := s.recv(1 << 16):
        out += data
    return out


def test_a_script_is_followed_step_by_step_and_then_it_is_over():
    script = [{"text": "one"}, lambda r: {"text": r.messages[-1]["text"] + "!"},
              {"text": "more", "repeat": 2}]
    with ModelServer(script) as m:
        c = http.client.HTTPConnection("127.0.0.1", m.port)
        said = [json.loads(ask(c, "/api/chat", stream=False)[2]).get("message", {}).get("content")
                for _ in range(5)]
        assert said == ["one", "hi!", "more", "more", None], said
        assert [r.step for r in m.chats] == [0, 1, 2, 3, 4]
        assert m.chats[-1].status == 500 and {r.connection for r in m.chats} == {0}
        c.close()


def test_what_fails_in_a_script_fails_the_test():
    def refuses(r):
        assert r.messages[-1]["text"] == "something else", r.messages

    for script in ([refuses], refuses, [{"pieces": "none"}]):
        try:
            with ModelServer(script) as m:
                c = http.client.HTTPConnection("127.0.0.1", m.port, timeout=5)
                try:
                    assert ask(c, "/api/chat")[0] == 500
                except http.client.HTTPException:
                    pass
                c.close()
                m.wait(1)
        except (AssertionError, TypeError) as e:
            assert "none" in str(script) or "'hi'" in str(e), e
        else:
            raise AssertionError("nobody noticed")


def test_requests_are_recorded_byte_by_byte_with_their_times():
    with ModelServer([{"text": "hi", "delay_ms": 50}]) as m:
        before = time.monotonic()
        with raw(m) as s:
            s.settimeout(5)
            answer = b""
            while not answer.endswith(b"0\r\n\r\n"):
                answer += s.recv(1 << 16)
            r = m.wait(1)[0]
        assert r.bytes.startswith(b"POST /v1/messages HTTP/1.1\r\n") and r.bytes.endswith(r.body)
        assert r.json["model"] == "tiny" and r.headers["anthropic-version"] == "1"
        assert before <= r.at <= r.read_at <= r.first_at - 0.05 and r.first_at <= r.done_at
        assert r.sent == len(answer) and not r.closed_early


def test_the_same_conversation_reads_the_same_in_each_dialect():
    use = {"id": "a", "name": "echo", "input": {"x": 1}, "type": "tool_use"}
    function = {"name": "echo", "arguments": {"x": 1}}
    own = {
        "/api/chat": [{"role": "system", "content": "Be."}, {"role": "user", "content": "hi"},
                      {"role": "assistant", "content": "", "tool_calls": [{"function": function}]},
                      {"role": "tool", "tool_name": "echo", "content": "1"}],
        "/v1/chat/completions": [
            {"role": "system", "content": "Be."}, {"role": "user", "content": "hi"},
            {"role": "assistant", "content": None, "tool_calls": [
                {"id": "a", "type": "function", "function": function}]},
            {"role": "tool", "tool_call_id": "a", "content": "1"}],
        "/v1/messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": [use]},
                         {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a",
                                                       "content": "1"}]}]}
    for path, messages in own.items():
        with ModelServer([{"text": "done"}]) as m:
            c = http.client.HTTPConnection("127.0.0.1", m.port)
            more = {"system": "Be."} if path == "/v1/messages" else {}
            assert ask(c, path, messages=messages, **more)[0] == 200
            assert [(x["role"], x["text"], x["calls"], x["tool"]) for x in m.chats[0].messages] == [
                ("system", "Be.", [], None), ("user", "hi", [], None),
                ("assistant", "", [function], None), ("tool", "1", [], "echo")], path
            c.close()


def seen_after(step):
    """How long after a client has gone it is known, in seconds."""
    with ModelServer([step]) as m:
        s = raw(m)
        m.wait(1, done=False)
        time.sleep(0.05)
        s.close()
        closed = time.monotonic()
        r = m.wait(1)[0]
        assert r.closed_early, r
        return r.closed_at - closed


def test_who_closes_is_seen_within_ten_ms_wherever_the_answer_was():
    for step in (FAULTS["never_answers"], FAULTS["stops_after_the_head"],
                 FAULTS["stops_in_the_middle"], {"text": "x" * 99, "pieces": [1], "gap_ms": 20},
                 {"text": "x", "delay_ms": 5000}):
        # A busy machine wakes anybody late; the best of three is the server's.
        assert -0.001 <= min(seen_after(step) for _ in range(3)) < 0.01, step


def test_who_has_all_did_not_close_early():
    with ModelServer([{"text": "done"}]) as m:
        s = raw(m)
        while not s.recv(1 << 16).endswith(b"0\r\n\r\n"):
            pass
        s.close()
        assert not m.wait(1)[0].closed_early


def test_half_a_character_is_at_the_border_of_a_chunk_and_comes_alone():
    step = {**FAULTS["half_characters"], "gap_ms": 30}
    for path in PATHS:
        with ModelServer([step]) as m:
            with raw(m, path) as s:
                pieces = []
                while not pieces or not pieces[-1].endswith(b"0\r\n\r\n"):
                    pieces.append(s.recv(1 << 16))
        broken = 0
        pieces[0] = pieces[0].partition(b"\r\n\r\n")[2]  # without the head
        for piece in pieces:
            text = piece.partition(b"\r\n")[2].removesuffix(b"0\r\n\r\n").removesuffix(b"\r\n")
            try:
                text.decode()
            except UnicodeDecodeError:
                broken += 1
        assert broken == 7, (path, broken, pieces)


def test_a_cut_is_where_it_was_wanted():
    head = b"HTTP/1.1 200 OK\r\n"
    for name, events in (("before_the_first_byte", 0), ("after_the_head", 0), ("in_mid_stream", 6),
                         ("before_the_last_event", 10), ("before_the_last_chunk", 11)):
        with ModelServer([FAULTS["cut_" + name]]) as m:
            with raw(m) as s:
                got = read_all(s)
        assert got.startswith(head) if name != "before_the_first_byte" else got == b""
        assert got.count(b"event: ") == events, (name, got)
        assert not got.endswith(b"0\r\n\r\n")
    with ModelServer([FAULTS["cut_in_mid_stream_by_a_reset"]]) as m:
        with raw(m) as s:
            try:
                read_all(s)
                raise AssertionError("no reset")
            except ConnectionResetError:
                pass


def test_every_status_is_in_the_words_of_its_dialect():
    for name, step in STATUS.items():
        for path in PATHS:
            status, headers, body = once(step, path)
            assert status == step.get("status", 307), (name, path)
            if "raw" in step:
                continue
            error = json.loads(body)["error"]
            if path == "/api/chat":
                assert isinstance(error, str), error
            else:
                assert error["type"] and error["message"], error
            assert step.get("message", "") in (error if path == "/api/chat" else error["message"])
    assert once(FAULTS["rate_limit"])[1]["retry-after"] == "1"
    assert once(FAULTS["rate_limit_until_a_date"])[1]["retry-after"].endswith(" GMT")
    assert once(FAULTS["redirect"])[1]["location"] == "/elsewhere"


def test_every_fault_of_a_stream_is_different_from_a_good_answer():
    for name, step in STREAM.items():
        if "stall" in step or "cut" in step:
            continue
        for path in PATHS:
            status, _, body = once(step, path)
            good = [b'"done":true', b"[DONE]", b"message_stop"]
            assert status == 200, (name, path)
            assert name.startswith("broken") or not any(g in body for g in good), (name, body)


def test_lines_are_as_long_as_wanted_and_broken_where_wanted():
    for path in PATHS:
        line = max(once(FAULTS["megabyte_line"], path)[2].split(b"\n"), key=len)
        assert len(line) > 1 << 20
        padded = once(FAULTS["megabyte_of_padding"], path)[2]
        assert max(map(len, padded.split(b"\n"))) > 1 << 20
        bad = 0
        for line in once(FAULTS["broken_json"], path)[2].split(b"\n"):
            line = line.removeprefix(b"data: ")
            if line.startswith(b"{"):
                try:
                    json.loads(line)
                except ValueError:
                    bad += 1
        assert bad == 1, (path, bad)


def test_ollama_says_nothing_that_the_real_one_does_not():
    step = {"thinking": ["a"], "text": WORDS, "calls": [CALL]}
    for line in once(step, "/api/chat")[2].splitlines():
        value = json.loads(line)
        calls = value["message"].get("tool_calls", [])
        seen = {"": value, "message": value["message"], "call": calls[0] if calls else {},
                "function": calls[0]["function"] if calls else {}}
        for name, fields in OLLAMA_FIELDS.items():
            assert set(seen[name]) <= fields, set(seen[name]) - fields


def test_arguments_can_be_any_bytes():
    for given in ('{"a":1,"a":2}', '{"a":', '[1]', 'rm -rf', '{"a":"\\ud800"}'):
        body = once(calling({}, {"name": "echo", "arguments": given}), "/v1/chat/completions")[2]
        choices = [c for line in body.split(b"\n") if line.startswith(b"data: {")
                   for c in json.loads(line[6:])["choices"]]
        got = "".join(call["function"]["arguments"] for c in choices
                      for call in c["delta"].get("tool_calls", ()))
        assert got == given, got


def test_gzip_is_gzip_and_odd_chunks_are_chunks():
    _, headers, body = once({"text": WORDS, "gzip": True})
    assert headers["content-encoding"] == "gzip"
    assert b"message_stop" in zlib.decompress(body, 31)
    _, _, odd = once(FAULTS["odd_pieces"])
    assert "".join(WORDS).encode() in b"".join(
        json.loads(line[6:])["delta"]["text"].encode() for line in odd.split(b"\n")
        if b"text_delta" in line)


def test_it_speaks_tls_with_the_certificate_that_it_was_given():
    with tempfile.TemporaryDirectory() as folder:
        cert, key = os.path.join(folder, "c.pem"), os.path.join(folder, "k.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
                       check=True, capture_output=True)
        context = ssl.create_default_context(cafile=cert)
        script = [{"text": WORDS}, FAULTS["ended_by_close"], FAULTS["never_answers"]]
        with ModelServer(script, cert=(cert, key)) as m:
            assert m.url.startswith("https://")
            for _ in script[:2]:
                c = http.client.HTTPSConnection("127.0.0.1", m.port, context=context, timeout=5)
                assert b"message_stop" in ask(c, "/v1/messages")[2]
                c.close()
            c = http.client.HTTPSConnection("127.0.0.1", m.port, context=context, timeout=0.1)
            try:
                ask(c, "/v1/messages")
            except TimeoutError:
                pass
            c.close()
            assert m.wait(3)[2].closed_early


def test_bodies_in_chunks_and_expectations_are_understood():
    with ModelServer([{"text": "done"}]) as m:
        body = json.dumps({**ASK, "stream": False}).encode()
        with socket.create_connection(("127.0.0.1", m.port), 5) as s:
            s.sendall(b"POST /api/chat HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                      b"Transfer-Encoding: chunked\r\n\r\n")
            assert s.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            for at in range(0, len(body), 10):
                s.sendall(b"%x\r\n%s\r\n" % (len(body[at:at + 10]), body[at:at + 10]))
            s.sendall(b"0\r\n\r\n")
            assert b'"content":"done"' in s.recv(1 << 16)
        assert m.chats[0].body == body


def test_paths_that_are_no_chat_can_be_spoilt_as_well():
    with ModelServer([], paths={"/api/tags": {"status": 500}}) as m:
        c = http.client.HTTPConnection("127.0.0.1", m.port)
        for path, status in (("/api/tags", 500), ("/api/version", 200), ("/", 200),
                             ("/api/nothing", 404), ("/v1/nothing", 404)):
            c.request("GET", path)
            r = c.getresponse()
            assert r.status == status, path
            r.read()
        c.close()
        assert not m.chats and len(m.requests) == 5


def test_it_closes_at_once_even_where_it_says_nothing():
    begun = time.monotonic()
    with ModelServer([FAULTS["never_answers"]]) as m:
        s = raw(m)
        m.wait(1, done=False)
    assert time.monotonic() - begun < 1
    s.close()


def test_a_reply_costs_about_a_millisecond():
    with ModelServer([{"text": WORDS, "calls": [CALL], "repeat": True}]) as m:
        for path in PATHS:
            c = http.client.HTTPConnection("127.0.0.1", m.port)
            took = []
            for _ in range(200):
                ask(c, path)
            for r in m.chats[-200:]:
                took.append(r.first_at - r.read_at)
            c.close()
            assert statistics.median(took) < 0.001, (path, statistics.median(took))


def test_what_is_made_once_is_the_same_each_time_and_nothing_else_is():
    step = {"text": {"repeat": "word ", "times": 1000, "apart": True}, "same": True}
    with ModelServer([]) as m:
        c = http.client.HTTPConnection("127.0.0.1", m.port)
        for path in PATHS:
            m.script = iter([{**step, "same": False}] * 2 + [step] * 2)
            a, b, x, y = (ask(c, path)[2] for _ in range(4))
            assert a != b and x == y and len(x) == len(a), path
        c.close()


def test_as_a_program_it_serves_a_script_from_a_file():
    program = os.path.join(TOP, "tests", "lib", "model_server")
    with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
        json.dump([{"text": "from a file"}], f)
        f.flush()
        p = subprocess.Popen([sys.executable, program, f.name, "--fault", "overloaded"],
                             stdout=subprocess.PIPE, text=True)
        try:
            port = int(p.stdout.readline().rpartition(":")[2])
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            assert ask(c, "/v1/messages")[0] == 529
            assert b"from a file" in ask(c, "/v1/messages")[2]
            assert p.stdout.readline().startswith("1 POST /v1/messages ")
            c.close()
        finally:
            p.kill()
            p.wait()
            p.stdout.close()
