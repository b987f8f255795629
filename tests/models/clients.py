# SPDX-License-Identifier: Apache-2.0
"""The official clients against the scripted server: that its wire is the real
one is proven by those who speak it.  Strict: each event must fit the client's
own types, with no field that they do not know."""

import json
import os
import time

import peers
from model_faults import CALL, FAULTS, SENSE, STREAM, WHOLE, WORDS, many
from models import ModelServer

SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
KEY = "sk-of-the-tests"
ASK = [{"role": "user", "content": "How warm is it?"}]
SAID = "".join(WORDS)
# What the inventor's client has no name for, and compatible servers send.
KNOWN_EXTRA = {"reasoning_content"}


def setup():
    peers.python_clients()
    for name in ("OLLAMA_HOST", "OLLAMA_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL",
                 "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN"):
        os.environ.pop(name, None)


class OpenAIPeer:
    name = "openai"

    def __init__(self, m, **kw):
        import openai
        self.errors = openai
        self.client = openai.OpenAI(base_url=m.url + "/v1", api_key=KEY,
                                    **{"max_retries": 0, "timeout": 5, **kw})

    def tools(self, *names):
        return [{"type": "function", "function": {"name": n, "parameters": SCHEMA}} for n in names]

    def chat(self, messages=ASK, tools=(), model="tiny"):
        """(text, thinking, calls, finish, events), streamed."""
        more = {"tools": self.tools(*tools)} if tools else {}
        text, thinking, calls, finish, events = "", "", {}, None, []
        with self.client.chat.completions.create(
                model=model, messages=messages, stream=True,
                stream_options={"include_usage": True}, **more) as stream:
            for event in stream:
                events.append(event)
                for choice in event.choices:
                    text += choice.delta.content or ""
                    thinking += getattr(choice.delta, "reasoning_content", None) or ""
                    finish = choice.finish_reason or finish
                    for c in choice.delta.tool_calls or ():
                        call = calls.setdefault(c.index, ["", ""])
                        call[0] += c.function.name or ""
                        call[1] += c.function.arguments or ""
        assert finish, "the stream ended before the answer did"
        return text, thinking, [tuple(c) for c in calls.values()], finish, events

    def whole(self, tools=()):
        more = {"tools": self.tools(*tools)} if tools else {}
        r = self.client.chat.completions.create(model="tiny", messages=ASK, **more)
        m = r.choices[0].message
        return m.content, getattr(m, "reasoning_content", None), [
            (c.function.name, c.function.arguments) for c in m.tool_calls or ()], r

    def usage(self, events):
        u = events[-1].usage
        assert all(e.usage is None and "usage" in e.model_fields_set for e in events[:-1])
        return (u.prompt_tokens, u.prompt_tokens_details.cached_tokens, u.completion_tokens)

    def close(self):
        self.client.close()


class AnthropicPeer:
    name = "anthropic"

    def __init__(self, m, **kw):
        import anthropic
        self.errors = anthropic
        self.client = anthropic.Anthropic(base_url=m.url, api_key=KEY,
                                          **{"max_retries": 0, "timeout": 5, **kw})

    def tools(self, *names):
        return [{"name": n, "input_schema": SCHEMA} for n in names]

    def chat(self, messages=ASK, tools=(), model="tiny"):
        more = {"tools": self.tools(*tools)} if tools else {}
        events = []
        with self.client.messages.create(model=model, max_tokens=100, messages=messages,
                                         stream=True, **more) as stream:
            events.extend(stream)
        text, thinking, calls, finish = "", "", [], None
        for e in events:
            if e.type == "content_block_start" and e.content_block.type == "tool_use":
                calls.append([e.content_block.name, ""])
            elif e.type == "content_block_delta" and e.delta.type == "input_json_delta":
                calls[-1][1] += e.delta.partial_json
            elif e.type == "content_block_delta":
                text += getattr(e.delta, "text", "")
                thinking += getattr(e.delta, "thinking", "")
            elif e.type == "message_delta":
                finish = e.delta.stop_reason
        assert events and events[-1].type == "message_stop", "the stream ended before the answer"
        return text, thinking, [(n, a or "{}") for n, a in calls], finish, events

    def whole(self, tools=()):
        more = {"tools": self.tools(*tools)} if tools else {}
        r = self.client.messages.create(model="tiny", max_tokens=100, messages=ASK, **more)
        said = {b.type: getattr(b, b.type) for b in r.content if b.type in ("text", "thinking")}
        return said.get("text"), said.get("thinking"), [
            (b.name, json.dumps(b.input)) for b in r.content if b.type == "tool_use"], r

    def usage(self, events):
        u = next(e for e in events if e.type == "message_start").message.usage
        last = next(e for e in events if e.type == "message_delta").usage
        return (u.input_tokens + u.cache_read_input_tokens + u.cache_creation_input_tokens,
                u.cache_read_input_tokens, last.output_tokens)

    def close(self):
        self.client.close()


class OllamaPeer:
    name = "ollama"

    def __init__(self, m, **kw):
        import ollama
        self.errors = ollama
        kw.pop("max_retries", None)
        self.client = ollama.Client(host=m.url, **{"timeout": 5, **kw})

    def tools(self, *names):
        return [{"type": "function", "function": {"name": n, "parameters": SCHEMA}} for n in names]

    def chat(self, messages=ASK, tools=(), model="tiny"):
        events = list(self.client.chat(model=model, messages=messages, tools=self.tools(*tools),
                                       stream=True))
        text = "".join(e.message.content or "" for e in events)
        thinking = "".join(e.message.thinking or "" for e in events)
        calls = [(c.function.name, json.dumps(dict(c.function.arguments))) for e in events
                 for c in e.message.tool_calls or ()]
        assert events and events[-1].done, "the stream ended before the answer did"
        return text, thinking, calls, events[-1].done_reason, events

    def whole(self, tools=()):
        r = self.client.chat(model="tiny", messages=ASK, tools=self.tools(*tools))
        return r.message.content, r.message.thinking, [
            (c.function.name, json.dumps(dict(c.function.arguments)))
            for c in r.message.tool_calls or ()], r

    def usage(self, events):
        return events[-1].prompt_eval_count, None, events[-1].eval_count

    def close(self):
        self.client.close()


PEERS = (OpenAIPeer, AnthropicPeer, OllamaPeer)
FINISHES = {"openai": ("stop", "tool_calls", "length"),
            "anthropic": ("end_turn", "tool_use", "max_tokens"),
            "ollama": ("stop", "stop", "length")}


class Talk:
    """A server with this script and a client of it."""

    def __init__(self, peer, *script, server=None, **kw):
        self.m = ModelServer(script, **(server or {}))
        self.peer = peer(self.m, **kw)

    def __enter__(self):
        return self.peer

    def __exit__(self, *_):
        self.peer.close()
        self.m.close()


def fails(what, *kinds):
    try:
        what()
    except kinds as e:
        return e
    raise AssertionError(f"no {' or '.join(k.__name__ for k in kinds)}")


def extra_fields(value, path=""):
    """Fields that the client's types do not know."""
    if isinstance(value, list):
        return [f for i, v in enumerate(value) for f in extra_fields(v, f"{path}[{i}]")]
    if not hasattr(value, "model_fields_set"):
        return []
    extra = [f"{path}.{k}" for k in value.model_extra or () if k not in KNOWN_EXTRA]
    return extra + [f for k, v in vars(value).items() for f in extra_fields(v, f"{path}.{k}")]


def test_text_comes_in_its_pieces_with_usage_and_an_end():
    step = {"text": WORDS, "usage": {"input": 30, "cached": 12, "output": 7}}
    for kind in PEERS:
        with Talk(kind, step) as peer:
            text, _, calls, finish, events = peer.chat()
            assert (text, calls, finish) == (SAID, [], FINISHES[peer.name][0]), (text, finish)
            assert peer.usage(events) in ((42, 12, 7), (42, None, 7)), peer.usage(events)
            assert len(events) >= len(WORDS) + 1


def test_thinking_comes_before_the_text_and_apart_from_it():
    step = {"thinking": ["Let me ", "see."], "text": "Warm.", "signature": "c2ln"}
    for kind in PEERS:
        with Talk(kind, step, step) as peer:
            text, thinking, _, _, events = peer.chat()
            assert (thinking, text) == ("Let me see.", "Warm."), (thinking, text)
            if peer.name == "anthropic":
                assert [e.delta.signature for e in events if e.type == "content_block_delta"
                        and e.delta.type == "signature_delta"] == ["c2ln"]
            assert peer.whole()[:2] == ("Warm.", "Let me see.")


def test_calls_come_with_their_arguments_one_and_many_and_in_single_bytes():
    for kind in PEERS:
        for step in ({"calls": [CALL]}, {"calls": [CALL], "split": 1}, {"calls": many(7)},
                     {"text": "Let me.", "calls": many(2), "interleave": True, "split": 3}):
            with Talk(kind, step, step) as peer:
                text, _, calls, finish, _ = peer.chat(tools=["echo"])
                want = [(c["name"], c["arguments"]) for c in step["calls"]]
                assert [(n, json.loads(a)) for n, a in calls] == want, calls
                assert finish == FINISHES[peer.name][1] and text == step.get("text", "")
                whole = peer.whole(tools=["echo"])[2]
                assert [(n, json.loads(a)) for n, a in whole] == want, whole


def test_every_event_fits_the_types_of_the_official_client():
    step = {"thinking": ["a", "b"], "text": WORDS, "calls": many(3), "redacted": "cmVk",
            "usage": {"input": 30, "cached": 12, "cache_write": 3, "output": 7, "reasoning": 2}}
    for kind in PEERS:
        with Talk(kind, step, step) as peer:
            for value in [*peer.chat(tools=["echo"])[4], peer.whole(tools=["echo"])[3]]:
                type(value).model_validate(json.loads(value.model_dump_json(exclude_unset=True)),
                                           strict=False)
                assert not extra_fields(value), (peer.name, extra_fields(value))


def test_a_whole_conversation_with_results_is_accepted_and_a_broken_one_refused():
    call = {"id": "call_a", "type": "function", "function": {"name": "echo", "arguments": "{}"}}
    result = {"role": "tool", "tool_call_id": "call_a", "content": "hi"}
    said = {"role": "assistant", "content": None, "tool_calls": [call]}
    with Talk(OpenAIPeer, {"text": "done"}) as peer:
        refused = peer.errors.BadRequestError
        assert peer.chat([*ASK, said, result])[0] == "done"
        for messages in ([*ASK, said], [*ASK, result], [*ASK, said, *ASK, result]):
            assert "tool" in str(fails(lambda: peer.chat(messages), refused))
    use = {"role": "assistant", "content": [
        {"type": "tool_use", "id": i, "name": "echo", "input": {}} for i in ("a", "b")]}
    results = [{"type": "tool_result", "tool_use_id": i, "content": "hi"} for i in ("a", "b")]
    words = {"type": "text", "text": "and?"}
    with Talk(AnthropicPeer, {"text": "done"}) as peer:
        refused = peer.errors.BadRequestError
        assert peer.chat([*ASK, use, {"role": "user", "content": [*results, words]}])[0] == "done"
        for content in (results[:1], [words, *results], "and?"):
            messages = [*ASK, use, {"role": "user", "content": content}]
            assert "tool_use" in str(fails(lambda: peer.chat(messages), refused))
        assert "tool_use_id" in str(fails(lambda: peer.chat(
            [{"role": "user", "content": results}]), refused))


def test_names_that_the_providers_do_not_take_are_refused():
    for kind in (OpenAIPeer, AnthropicPeer):
        with Talk(kind, {"text": "done"}) as peer:
            fails(lambda: peer.chat(tools=["web.fetch"]), peer.errors.BadRequestError)


def test_each_error_is_the_exception_that_the_client_has_for_it():
    named = {"rate_limit": "RateLimitError", "key_refused": "AuthenticationError",
             "forbidden": "PermissionDeniedError", "model_not_found": "NotFoundError",
             "server_error": "InternalServerError", "prompt_too_long": "BadRequestError",
             "server_error_for_a_client_error": "InternalServerError"}
    for fault, exception in named.items():
        for kind in PEERS:
            with Talk(kind, FAULTS[fault]) as peer:
                own = peer.name == "ollama"
                e = fails(peer.chat, peer.errors.ResponseError if own
                          else getattr(peer.errors, exception))
                assert e.status_code == FAULTS[fault]["status"], e
                assert FAULTS[fault].get("message", "") in str(e), e
    with Talk(OpenAIPeer, FAULTS["quota_spent"]) as peer:
        assert fails(peer.chat, peer.errors.RateLimitError).code == "insufficient_quota"
    with Talk(AnthropicPeer, FAULTS["overloaded"]) as peer:
        e = fails(peer.chat, peer.errors.APIStatusError)
        assert e.status_code == 529 and e.body["error"]["type"] == "overloaded_error", e.body


def test_the_clients_come_again_when_the_server_says():
    for kind in (OpenAIPeer, AnthropicPeer):
        for fault, least, most in (("rate_limit", 0.9, 2.5), ("rate_limit_until_a_date", 0.5, 3.5)):
            talk = Talk(kind, FAULTS[fault], {"text": "done"}, max_retries=1)
            with talk as peer:
                assert peer.chat()[0] == "done"
                first, second = talk.m.wait(2)
                waited = second.at - first.done_at
                assert least <= waited <= most, (peer.name, fault, waited)


def test_an_error_in_mid_stream_is_an_error_and_no_end():
    for fault in ("error_in_mid_stream", "error_in_the_first_event", "error_after_a_call"):
        for kind in PEERS:
            with Talk(kind, FAULTS[fault]) as peer:
                e = fails(peer.chat, getattr(peer.errors, "APIError", None)
                          or peer.errors.ResponseError)
                assert FAULTS[fault]["error"]["message"] in str(e), e


def test_every_cut_is_noticed_and_every_silence_is_given_up():
    for fault, step in STREAM.items():
        if fault.startswith("error"):
            continue
        for kind in PEERS:
            with Talk(kind, step, timeout=0.2) as peer:
                try:
                    peer.chat()
                except Exception:
                    continue
                # The answer was whole but for the last chunk, which two of
                # the clients leave unread.
                assert fault in ("cut_before_the_last_chunk", "cut_before_the_last_event",
                                 "stops_before_the_last_event"), (fault, peer.name)


def test_what_is_odd_but_whole_is_read_as_if_it_were_not_odd():
    for fault, step in WHOLE.items():
        for kind in PEERS:
            with Talk(kind, step) as peer:
                text, _, calls, _, _ = peer.chat(tools=["echo"])
                want = step.get("text", "")
                want = want["repeat"] * want["times"] if isinstance(want, dict) else "".join(want)
                assert text == want, (fault, peer.name, text[:100])
                assert [json.loads(a) for _, a in calls] == [
                    c["arguments"] for c in step.get("calls", ())], (fault, peer.name)


def test_forty_calls_come_and_the_last_is_cut():
    step = SENSE["forty_calls_and_the_last_cut"]
    for kind in PEERS:
        with Talk(kind, step) as peer:
            _, _, calls, finish, _ = peer.chat(tools=["echo"])
            assert finish == FINISHES[peer.name][2]
            assert [json.loads(a)["text"] for _, a in calls[:39]] == [
                f"number {i}" for i in range(39)]
            assert len(calls) == 39 if peer.name == "ollama" else fails(
                lambda: json.loads(calls[39][1]), ValueError)


def test_structured_answers_are_parsed():
    from pydantic import BaseModel

    class Weather(BaseModel):
        celsius: int

    with Talk(OpenAIPeer, {"text": ['{"cel', 'sius": 21}']}) as peer:
        r = peer.client.chat.completions.parse(model="tiny", messages=ASK,
                                               response_format=Weather)
        assert r.choices[0].message.parsed.celsius == 21
    talk = Talk(OllamaPeer, {"text": '{"celsius": 21}'})
    with talk as peer:
        r = peer.client.chat(model="tiny", messages=ASK, format=Weather.model_json_schema())
        assert Weather.model_validate_json(r.message.content).celsius == 21
        r = talk.m.wait(1)[0]
        assert r.dialect.schema(r.json)["properties"]["celsius"]["type"] == "integer"


def test_the_helpers_of_the_clients_put_a_stream_together():
    step = {"thinking": ["hm"], "text": WORDS, "calls": many(2)}
    with Talk(AnthropicPeer, step) as peer:
        with peer.client.messages.stream(model="tiny", max_tokens=9, messages=ASK) as stream:
            blocks = stream.get_final_message().content
        assert [b.type for b in blocks] == ["thinking", "text", "tool_use", "tool_use"]
        assert blocks[0].signature and blocks[3].input == many(2)[1]["arguments"]
    with Talk(OpenAIPeer, step) as peer:
        with peer.client.chat.completions.stream(model="tiny", messages=ASK) as stream:
            message = stream.get_final_completion().choices[0].message
        assert message.content == SAID and len(message.tool_calls) == 2


def test_servers_tell_of_themselves_and_of_their_models():
    server = {"models": ["tiny:1b", "small:3b"], "key": None}
    with Talk(OllamaPeer, server=server) as peer:
        assert [m.model for m in peer.client.list().models] == server["models"]
        assert peer.client.ps().models[0].context_length == 4096
        assert "tools" in peer.client.show("tiny:1b").capabilities
        e = fails(lambda: peer.client.show("huge"), peer.errors.ResponseError)
        assert e.status_code == 404 and "model 'huge' not found" in str(e)
        assert fails(peer.chat, peer.errors.ResponseError).status_code == 404
    for kind in (OpenAIPeer, AnthropicPeer):
        with Talk(kind, server=server) as peer:
            assert [m.id for m in peer.client.models.list()] == server["models"]
            fails(lambda: peer.client.models.retrieve("huge"), peer.errors.NotFoundError)
            fails(peer.chat, peer.errors.NotFoundError)


def test_a_key_is_wanted_in_the_way_of_each():
    for kind in (OpenAIPeer, AnthropicPeer):
        with Talk(kind, {"text": "in"}, server={"key": KEY}) as peer:
            assert peer.chat()[0] == "in"
        with Talk(kind, {"text": "in"}, server={"key": KEY + "x"}) as peer:
            fails(peer.chat, peer.errors.AuthenticationError)


def test_who_goes_in_mid_stream_is_seen_to_go():
    for kind in PEERS:
        talk = Talk(kind, {"text": ["a", "b", "c"], "gap_ms": 30, "stall": "last"}, timeout=0.2)
        with talk as peer:
            begun = time.monotonic()
            fails(peer.chat, Exception)
            r = talk.m.wait(1)[0]
            assert r.closed_early and r.closed_at - begun < 2, r
