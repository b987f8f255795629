# SPDX-License-Identifier: Apache-2.0
"""What a model says, in the three wire formats that models are spoken to in.

A dialect turns one reply (class Reply) into the events of a stream or into one
body, words errors as the real servers word them, refuses the requests that
they refuse, and reads what it is asked into one form for all three.  Nothing
here knows a socket: models.py sends the events, and breaks them where a test
wants them broken."""

import itertools
import json
import re
import time

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
LONG_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}\Z")
counter = itertools.count(1)


def new_id(prefix):
    return f"{prefix}{next(counter):024d}"


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def encode(text):
    """Lone surrogates, which JSON can name and UTF-8 cannot, become bytes
    that are no UTF-8: what a broken server sends."""
    return text.encode("utf-8", "surrogatepass")


def chunks(text):
    """The pieces of a text: as a list, as one, or {"repeat", "times"}."""
    if isinstance(text, dict):
        return [text["repeat"]] * text["times"] if text.get("apart") else \
            [text["repeat"] * text["times"]]
    if isinstance(text, str):
        return [text] if text else []
    return list(text or [])


class Reply:
    """One reply, read from the step of a script."""

    def __init__(self, step, request):
        self.texts = chunks(step.get("text"))
        self.thinking = chunks(step.get("thinking"))
        self.signature = step.get("signature", "c2lnbmVkIGJ5IG5vYm9keQ==")
        self.redacted = step.get("redacted")
        self.calls = [{"id": c.get("id"), "name": c["name"], "arguments": c.get("arguments", {})}
                      for c in step.get("calls", ())]
        self.split = step.get("split", 0)
        self.interleave = step.get("interleave", False)
        self.cut_last_call = step.get("cut_last_call", False)
        self.loose = step.get("loose", False)
        self.finish = step.get("finish") or ("calls" if self.calls else "stop")
        self.model = step.get("model") or request.json.get("model", "")
        said = sum(map(len, self.texts)) + sum(map(len, self.thinking))
        self.usage = {"input": len(request.body) // 4, "cached": 0, "cache_write": 0,
                      "output": said // 4 + 10 * len(self.calls) + 1, "reasoning": 0,
                      **step.get("usage", {})}

    def arguments(self, i):
        """As text; the last one is cut where the model's words ran out."""
        given = self.calls[i]["arguments"]
        text = given if isinstance(given, str) else compact(given)
        last = self.cut_last_call and i == len(self.calls) - 1
        return text[:max(1, len(text) // 2)] if last else text

    def pieces(self, i):
        text = self.arguments(i)
        n = self.split or 16
        return [text[at:at + n] for at in range(0, len(text), n)]


def sse(event, value):
    head = f"event: {event}\n" if event else ""
    return encode(f"{head}data: {value if isinstance(value, str) else compact(value)}\n\n")


def flat(content):
    """The words of a content that is a text, or parts of which some are."""
    if isinstance(content, str):
        return content
    parts = []
    for part in content or ():
        if part.get("type") == "tool_result":
            parts.append(flat(part.get("content")))
        else:
            parts.append(part.get("text", "") or part.get("refusal", "") or "")
    return "\n".join(parts)


class Ollama:
    """NDJSON: /api/chat.  A call is never in pieces, and has an object for
    its arguments; what fails once the stream has begun is a line as well."""

    name = "ollama"
    stream_type = "application/x-ndjson"
    finishes = {"stop": "stop", "calls": "stop", "length": "length", "refusal": "stop"}
    kinds = {}

    def head(self, status):
        return {}

    @staticmethod
    def line(value):
        """Go's encoder, which hides what HTML could take for its own."""
        text = compact(value)
        for c in "<>&\u2028\u2029":
            text = text.replace(c, f"\\u{ord(c):04x}")
        return encode(text)

    def _message(self, reply, content="", **more):
        now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
        return {"model": reply.model, "created_at": f"{now}.{next(counter) % 10**9:09d}Z",
                "message": {"role": "assistant", "content": content, **more}, "done": False}

    def _calls(self, reply):
        """It tells whole calls only: one that was cut is not among them."""
        told = reply.calls[:-1] if reply.cut_last_call else reply.calls
        return [{"id": c["id"] or f"call_{next(counter):08d}",
                 "function": {"index": i, "name": c["name"], "arguments": None}}
                for i, c in enumerate(told)]

    def _with_arguments(self, reply, message):
        """Arguments that are no JSON object stand in the line as they are."""
        out = self.line(message)
        for i in range(len(reply.calls)):
            raw = self.line(json.loads(a)) if is_json(a := reply.arguments(i)) else encode(a)
            out = out.replace(b'"arguments":null', b'"arguments":' + raw, 1)
        return out

    def _end(self, reply, message):
        u = reply.usage
        message.update({"done": True, "done_reason": self.finishes.get(reply.finish, reply.finish),
                        "total_duration": 4000000, "load_duration": 1000000,
                        "prompt_eval_count": u["input"] + u["cached"] + u["cache_write"],
                        "prompt_eval_duration": 1000000, "eval_count": u["output"],
                        "eval_duration": 2000000})
        return message

    def stream(self, reply, request):
        out = [self.line(self._message(reply, thinking=t)) for t in reply.thinking]
        out += [self.line(self._message(reply, t)) for t in reply.texts]
        if reply.calls:
            message = self._message(reply, tool_calls=self._calls(reply))
            out.append(self._with_arguments(reply, message))
        out.append(self.line(self._end(reply, self._message(reply))))
        return [e + b"\n" for e in out]

    def whole(self, reply, request):
        more = {}
        if reply.thinking:
            more["thinking"] = "".join(reply.thinking)
        if reply.calls:
            more["tool_calls"] = self._calls(reply)
        message = self._end(reply, self._message(reply, "".join(reply.texts), **more))
        return self._with_arguments(reply, message)

    def wants_stream(self, asked):
        return asked.get("stream", True) is not False

    def error(self, status, message=None, kind=None, model=""):
        words = {401: "unauthorized", 404: f"model '{model}' not found",
                 429: "too many requests", 503: "server busy, please try again.  maximum "
                 "pending requests exceeded"}
        return self.line({"error": message or words.get(status, "model runner has unexpectedly "
                                                                "stopped")})

    def failure(self, message, kind=None):
        return self.error(500, message) + b"\n"

    def strangers(self):
        return [self.line({"model": "?", "created_at": "2026-01-01T00:00:00Z", "status": "warm",
                           "queue": {"place": 1, "of": [1, None]}, "message": {
                               "role": "assistant", "content": "", "mood": None},
                           "done": False}) + b"\n"]

    def complaint(self, request):
        if not request.json.get("model"):
            return 400, "model is required"
        return None

    def said(self, asked):
        return [{"role": m.get("role"), "text": m.get("content") or "",
                 "calls": [c["function"] for c in m.get("tool_calls") or ()],
                 "tool": m.get("tool_name")} for m in asked.get("messages", ())]

    def tools(self, asked):
        return [t["function"]["name"] for t in asked.get("tools") or ()]

    def schema(self, asked):
        wanted = asked.get("format")
        return wanted if isinstance(wanted, dict) else None

    def must_call(self, asked):
        return False  # it has no tool_choice


def is_json(text):
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


class OpenAI:
    """SSE without names: /v1/chat/completions.  The thinking of others than
    its inventor comes as reasoning_content.  Others are also loose: calls in
    one piece, then `stop`, usage beside it, and no [DONE]."""

    name = "openai"
    stream_type = "text/event-stream; charset=utf-8"
    finishes = {"stop": "stop", "calls": "tool_calls", "length": "length",
                "refusal": "content_filter"}
    kinds = {400: "invalid_request_error", 401: "invalid_request_error",
             404: "invalid_request_error", 429: "requests", 529: "overloaded_error"}
    codes = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}

    def head(self, status):
        left = "0" if status == 429 else "4999"
        return {"x-request-id": new_id("req_"), "openai-version": "2020-10-01",
                "openai-processing-ms": "1", "x-ratelimit-limit-requests": "5000",
                "x-ratelimit-remaining-requests": left, "x-ratelimit-reset-requests": "12ms"}

    def usage(self, reply):
        u = reply.usage
        asked = u["input"] + u["cached"] + u["cache_write"]
        return {"prompt_tokens": asked, "completion_tokens": u["output"],
                "total_tokens": asked + u["output"],
                "prompt_tokens_details": {"cached_tokens": u["cached"], "audio_tokens": 0},
                "completion_tokens_details": {
                    "reasoning_tokens": u["reasoning"], "audio_tokens": 0,
                    "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}}

    def _deltas(self, reply):
        yield {"role": "assistant", "content": "", "refusal": None}
        for t in reply.thinking:
            yield {"reasoning_content": t}
        for t in reply.texts:
            yield {"content": t}
        if reply.loose:
            yield from ({"role": "assistant", "content": None, "tool_calls": [{"index": i, **c}]}
                        for i, c in enumerate(self._whole_calls(reply)))
            return
        rows = []
        for i, call in enumerate(reply.calls):
            row = [{"index": i, "id": call["id"] or new_id("call_"), "type": "function",
                    "function": {"name": call["name"], "arguments": ""}}]
            row += [{"index": i, "function": {"arguments": p}} for p in reply.pieces(i)]
            rows.append(row)
        if reply.interleave:  # all begin, then each goes on in turn
            rows = [[d for d in layer if d] for layer in itertools.zip_longest(*rows)]
        for d in itertools.chain.from_iterable(rows):
            yield {"tool_calls": [d]}

    def _whole_calls(self, reply):
        return [{"id": c["id"] or new_id("call_"), "type": "function",
                 "function": {"name": c["name"], "arguments": reply.arguments(i)}}
                for i, c in enumerate(reply.calls)]

    def stream(self, reply, request):
        usage = (request.json.get("stream_options") or {}).get("include_usage", False)
        base = {"id": new_id("chatcmpl-"), "object": "chat.completion.chunk",
                "created": int(time.time()), "model": reply.model, "service_tier": "default",
                "system_fingerprint": "fp_0"}

        def chunk(delta, finish=None):
            value = {**base, "choices": [
                {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}
            return sse(None, {**value, "usage": None} if usage else value)

        out = [chunk(d) for d in self._deltas(reply)]
        if reply.loose:
            end = {**base, "usage": self.usage(reply), "choices": [
                {"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}]}
            return out + [sse(None, end)]
        out.append(chunk({}, self.finishes.get(reply.finish, reply.finish)))
        if usage:
            out.append(sse(None, {**base, "choices": [], "usage": self.usage(reply)}))
        return out + [sse(None, "[DONE]")]

    def whole(self, reply, request):
        message = {"role": "assistant", "content": "".join(reply.texts) or None, "refusal": None,
                   "annotations": []}
        if reply.thinking:
            message["reasoning_content"] = "".join(reply.thinking)
        if reply.calls:
            message["tool_calls"] = self._whole_calls(reply)
        return encode(compact({
            "id": new_id("chatcmpl-"), "object": "chat.completion", "created": int(time.time()),
            "model": reply.model, "choices": [
                {"index": 0, "message": message, "logprobs": None,
                 "finish_reason": self.finishes.get(reply.finish, reply.finish)}],
            "usage": self.usage(reply), "service_tier": "default", "system_fingerprint": "fp_0"}))

    def wants_stream(self, asked):
        return bool(asked.get("stream"))

    def _error(self, message, kind, code):
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}

    def error(self, status, message=None, kind=None, model=""):
        words = {401: "Incorrect API key provided.",
                 404: f"The model `{model}` does not exist or you do not have access to it.",
                 429: "Rate limit reached. Please try again in 20s."}
        return encode(compact(self._error(
            message or words.get(status, "The server had an error while processing your request."),
            kind or self.kinds.get(status, "server_error"), kind or self.codes.get(status))))

    def failure(self, message, kind=None):
        return sse(None, self._error(message, kind or "server_error", None))

    def strangers(self):
        return [b": keep-alive\n\n", b":\n\n", b"retry: 3000\nmood: good\n" +
                sse(None, {"id": "x", "object": "chat.completion.chunk", "created": 1,
                           "model": "?", "choices": [], "queue": {"place": 1}}),
                sse(None, {"id": "x", "object": "chat.completion.chunk", "created": 1,
                           "model": "?", "choices": [{
                               "index": 0, "finish_reason": None, "mood": [None],
                               "delta": {"hum": {"a": 1}}}]})]

    def complaint(self, request):
        asked = request.json
        if not asked.get("model"):
            return 400, "you must provide a model parameter"
        if not asked.get("messages"):
            return 400, "Missing required parameter: 'messages'."
        for name in self.tools(asked):
            if not NAME.match(name):
                return 400, f"Invalid 'tools[].function.name': {name!r} does not match " \
                    "'^[a-zA-Z0-9_-]+$'."
        return self._unanswered(asked["messages"])

    @staticmethod
    def _unanswered(messages):
        """Every call is answered, straight after it, and nothing else is."""
        open_ids = []
        for m in messages:
            if m.get("role") == "tool":
                if m.get("tool_call_id") not in open_ids:
                    return 400, "Invalid parameter: messages with role 'tool' must be a response " \
                        "to a preceeding message with 'tool_calls'."
                open_ids.remove(m["tool_call_id"])
                continue
            if open_ids:
                return 400, "An assistant message with 'tool_calls' must be followed by tool " \
                    f"messages responding to each 'tool_call_id': {', '.join(open_ids)}"
            open_ids = [c["id"] for c in m.get("tool_calls") or ()]
        if open_ids:
            return 400, f"tool_call_ids did not have response messages: {', '.join(open_ids)}"
        return None

    def said(self, asked):
        names, out = {}, []
        for m in asked.get("messages", ()):
            calls = m.get("tool_calls") or ()
            names.update({c["id"]: c["function"]["name"] for c in calls})
            out.append({"role": m.get("role"), "text": flat(m.get("content")),
                        "calls": [c["function"] for c in calls],
                        "tool": names.get(m.get("tool_call_id"))})
        return out

    def tools(self, asked):
        return [t["function"]["name"] for t in asked.get("tools") or ()]

    def schema(self, asked):
        wanted = asked.get("response_format") or {}
        return (wanted.get("json_schema") or {}).get("schema")

    def must_call(self, asked):
        choice = asked.get("tool_choice")
        return choice == "required" or isinstance(choice, dict)


class Anthropic:
    """SSE with names: /v1/messages.  A message is made of blocks, each with a
    beginning, pieces and an end."""

    name = "anthropic"
    stream_type = "text/event-stream; charset=utf-8"
    finishes = {"stop": "end_turn", "calls": "tool_use", "length": "max_tokens",
                "refusal": "refusal"}
    kinds = {400: "invalid_request_error", 401: "authentication_error", 402: "billing_error",
             403: "permission_error", 404: "not_found_error", 413: "request_too_large",
             429: "rate_limit_error", 504: "timeout_error", 529: "overloaded_error"}

    def head(self, status):
        left = "0" if status == 429 else "49"
        return {"request-id": new_id("req_"), "anthropic-ratelimit-requests-limit": "50",
                "anthropic-ratelimit-requests-remaining": left,
                "anthropic-ratelimit-requests-reset": "2026-01-01T00:00:00Z"}

    def usage(self, reply):
        u = reply.usage
        return {"input_tokens": u["input"], "cache_creation_input_tokens": u["cache_write"],
                "cache_read_input_tokens": u["cached"], "output_tokens": u["output"]}

    def _first_usage(self, reply):
        return {**self.usage(reply), "output_tokens": 1, "service_tier": "standard",
                "cache_creation": {"ephemeral_5m_input_tokens": reply.usage["cache_write"],
                                   "ephemeral_1h_input_tokens": 0}}

    def _message(self, reply, content, usage, finish=None):
        return {"id": new_id("msg_"), "type": "message", "role": "assistant",
                "model": reply.model, "content": content, "stop_reason": finish,
                "stop_sequence": None, "usage": usage}

    def _blocks(self, reply):
        """(the block as it begins, its pieces)"""
        if reply.thinking:
            yield {"type": "thinking", "thinking": "", "signature": ""}, \
                [{"type": "thinking_delta", "thinking": t} for t in reply.thinking] + \
                [{"type": "signature_delta", "signature": reply.signature}]
        if reply.redacted:
            yield {"type": "redacted_thinking", "data": reply.redacted}, []
        if reply.texts:
            yield {"type": "text", "text": ""}, \
                [{"type": "text_delta", "text": t} for t in reply.texts]
        for i, call in enumerate(reply.calls):
            pieces = reply.pieces(i) if reply.arguments(i) != "{}" else []
            yield {"type": "tool_use", "id": call["id"] or new_id("toolu_"),
                   "name": call["name"], "input": {}}, \
                [{"type": "input_json_delta", "partial_json": p} for p in ["", *pieces]]

    def stream(self, reply, request):
        first = self._message(reply, [], self._first_usage(reply))
        out = [sse("message_start", {"type": "message_start", "message": first})]
        for i, (block, pieces) in enumerate(self._blocks(reply)):
            out.append(sse("content_block_start", {"type": "content_block_start", "index": i,
                                                   "content_block": block}))
            if i == 0:
                out.append(sse("ping", {"type": "ping"}))
            out += [sse("content_block_delta", {"type": "content_block_delta", "index": i,
                                                "delta": p}) for p in pieces]
            out.append(sse("content_block_stop", {"type": "content_block_stop", "index": i}))
        finish = self.finishes.get(reply.finish, reply.finish)
        out.append(sse("message_delta", {
            "type": "message_delta", "delta": {"stop_reason": finish, "stop_sequence": None},
            "usage": self.usage(reply)}))
        return out + [sse("message_stop", {"type": "message_stop"})]

    def whole(self, reply, request):
        content = []
        for block, pieces in self._blocks(reply):
            for key in ("thinking", "signature", "text"):
                if key in block:
                    block[key] = "".join(p.get(key, "") for p in pieces)
            content.append(block)
        for i, block in enumerate(b for b in content if b["type"] == "tool_use"):
            raw = reply.arguments(i)
            block["input"] = json.loads(raw) if is_json(raw) else raw
        usage = {**self._first_usage(reply), **self.usage(reply)}
        finish = self.finishes.get(reply.finish, reply.finish)
        return encode(compact(self._message(reply, content, usage, finish)))

    def wants_stream(self, asked):
        return bool(asked.get("stream"))

    def _error(self, message, kind):
        return {"type": "error", "error": {"type": kind, "message": message},
                "request_id": new_id("req_")}

    def error(self, status, message=None, kind=None, model=""):
        words = {401: "invalid x-api-key", 404: f"model: {model}", 529: "Overloaded",
                 429: "This request would exceed your organization's rate limit."}
        return encode(compact(self._error(message or words.get(status, "Internal server error"),
                                          kind or self.kinds.get(status, "api_error"))))

    def failure(self, message, kind=None):
        return sse("error", self._error(message, kind or "overloaded_error"))

    def strangers(self):
        return [b": keep-alive\n\n", b"retry: 3000\nmood: good\n" +
                sse("ping", {"type": "ping", "mood": 1}),
                sse("mood", {"type": "mood", "index": 0, "delta": {"type": "hum"}})]

    def complaint(self, request):
        asked = request.json
        if "anthropic-version" not in request.headers:
            return 400, "anthropic-version: header is required"
        for field in ("model", "max_tokens", "messages"):
            if not asked.get(field):
                return 400, f"{field}: Field required"
        for name in self.tools(asked):
            if not LONG_NAME.match(name):
                return 400, "tools.0.custom.name: String should match pattern " \
                    "'^[a-zA-Z0-9_-]{1,128}$'"
        return self._unanswered(asked["messages"])

    @staticmethod
    def _unanswered(messages):
        """All results of a message's calls, first, in the next message."""
        open_ids = []
        for at, m in enumerate(messages):
            if m.get("role") not in ("user", "assistant"):
                return 400, f"messages.{at}.role: Input should be 'user' or 'assistant'"
            blocks = m["content"] if isinstance(m.get("content"), list) else []
            first = list(itertools.takewhile(lambda b: b.get("type") == "tool_result", blocks))
            results = [b.get("tool_use_id") for b in first]
            if missing := [i for i in open_ids if i not in results]:
                return 400, f"messages.{at - 1}: `tool_use` ids were found without " \
                    f"`tool_result` blocks immediately after: {', '.join(missing)}"
            if stray := [i for i in results if i not in open_ids]:
                return 400, f"messages.{at}.content.0: unexpected `tool_use_id` found in " \
                    f"`tool_result` blocks: {stray[0]}"
            open_ids = [b["id"] for b in blocks if b.get("type") == "tool_use"]
            if m["role"] == "assistant" and open_ids and at == len(messages) - 1:
                return 400, f"messages.{at}: `tool_use` ids were found without `tool_result`"
        return None

    def said(self, asked):
        system = asked.get("system")
        names, out = {}, [{"role": "system", "text": flat(system), "calls": [], "tool": None}] \
            if system else []
        for m in asked.get("messages", ()):
            content = m.get("content")
            blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
            calls = [b for b in blocks if b.get("type") == "tool_use"]
            names.update({b["id"]: b["name"] for b in calls})
            for b in blocks:
                if b.get("type") == "tool_result":
                    out.append({"role": "tool", "text": flat([b]), "calls": [],
                                "tool": names.get(b.get("tool_use_id"))})
            rest = [b for b in blocks if b.get("type") == "text"]
            if rest or calls:
                out.append({"role": m.get("role"), "text": flat(rest), "tool": None, "calls": [
                    {"name": b["name"], "arguments": b["input"]} for b in calls]})
        return out

    def tools(self, asked):
        return [t["name"] for t in asked.get("tools") or ()]

    def schema(self, asked):
        wanted = (asked.get("output_config") or {}).get("format") or {}
        return wanted.get("schema")

    def must_call(self, asked):
        return (asked.get("tool_choice") or {}).get("type") in ("any", "tool")


OLLAMA, OPENAI, ANTHROPIC = Ollama(), OpenAI(), Anthropic()
CHATS = {"/api/chat": OLLAMA, "/v1/chat/completions": OPENAI, "/v1/messages": ANTHROPIC}


def dialect_of(path, headers):
    """Whose words an error on this path is told in."""
    if path.startswith("/api/"):
        return OLLAMA
    return CHATS.get(path) or (ANTHROPIC if "anthropic-version" in headers else OPENAI)
