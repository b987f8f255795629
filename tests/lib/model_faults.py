# SPDX-License-Identifier: Apache-2.0
"""Each way in which a model server goes wrong, as a step of a script.

    for name, step in FAULTS.items():
        with ModelServer([step, {"text": "done"}]) as m: ...

CALL is the one call of all that have one; `calling` has another."""

ECHO = "echo__echo"  # as the house names its tool echo.echo to models
CALL = {"name": ECHO, "arguments": {"text": "Grüße, 世界 🙂"}}
WORDS = ["It is ", "warm – 21 °C ", "in der Küche, ", "世界 🙂", "."]
TALK = {"text": WORDS}
CALLS = {"calls": [CALL]}
SECOND = {"name": ECHO, "arguments": {"text": "second"}}


def many(n):
    return [{"name": ECHO, "arguments": {"text": f"number {i}"}} for i in range(n)]


# No answer, but a status.
STATUS = {
    "rate_limit": {"status": 429, "retry_after": 1},
    "rate_limit_until_a_date": {"status": 429, "retry_after": {"date": 2}},
    "rate_limit_without_a_time": {"status": 429},
    "rate_limit_for_a_day": {"status": 429, "retry_after": 86400},
    "rate_limit_of_nonsense": {"status": 429, "retry_after": "soon"},
    # The same status, and no waiting helps.
    "quota_spent": {"status": 429, "kind": "insufficient_quota",
                    "message": "You exceeded your current quota, please check your plan."},
    "overloaded": {"status": 529},
    "unavailable": {"status": 503, "retry_after": 1},
    "gateway": {"status": 502, "raw": "<html><body>502 Bad Gateway</body></html>",
                "content_type": "text/html"},
    "server_error": {"status": 500},
    "server_error_for_a_client_error": {
        "status": 500, "message": "unable to parse tool schema: unknown type \"strin\""},
    "key_refused": {"status": 401},
    "no_money": {"status": 402, "message": "Your credit balance is too low."},
    "forbidden": {"status": 403, "message": "Your key may not use this model."},
    "model_not_found": {"status": 404},
    "too_large": {"status": 413, "message": "Request exceeds the maximum size."},
    "prompt_too_long": {"status": 400, "message": "prompt is too long: 9001 tokens > 8192 maximum"},
    "redirect": {"redirect": "/elsewhere", "raw": ""},
    "redirect_to_another_host": {"redirect": "http://192.0.2.1/v1/x", "raw": ""},
}

# An answer that begins well.
STREAM = {
    "error_in_mid_stream": {**TALK, "error": {"at": "middle", "message": "Overloaded"}},
    "error_in_the_first_event": {**TALK, "error": {"at": "head", "message": "Overloaded"}},
    "error_after_a_call": {**CALLS, "error": {"at": "last", "message": "CUDA out of memory"}},
    "cut_before_the_first_byte": {**TALK, "cut": "before"},
    "cut_after_the_head": {**TALK, "cut": "head"},
    "cut_in_mid_stream": {**TALK, "cut": "middle"},
    "cut_in_mid_stream_by_a_reset": {**TALK, "cut": "middle", "reset": True},
    "cut_before_the_last_event": {**TALK, "cut": "last"},
    "cut_before_the_last_chunk": {**TALK, "cut": "end"},
    "cut_in_a_call": {**CALLS, "split": 1, "cut": "middle"},
    "cut_that_looks_like_an_end": {**CALLS, "split": 1, "cut": "middle", "framing": "close"},
    "never_answers": {**TALK, "stall": "before"},
    "stops_after_the_head": {**TALK, "stall": "head"},
    "stops_in_the_middle": {**TALK, "stall": "middle"},
    "stops_before_the_last_event": {**TALK, "stall": "last"},
    "broken_json": {**TALK, "break_event": "middle"},
    "broken_json_in_the_first_event": {**TALK, "break_event": 0},
    "no_json_at_all": {"raw": "<html>please log in</html>", "content_type": "text/html"},
    "empty_body": {"raw": ""},
}

# What must be read none the less: the answer is whole.
WHOLE = {
    "slow_drip": {"text": "slow", "pieces": [7], "gap_ms": 5},
    "half_characters": {**TALK, "half_characters": True, "gap_ms": 2},
    "single_bytes": {**TALK, "pieces": [1]},
    "odd_pieces": {**TALK, "pieces": [1, 2, 3, 5, 8, 13, 1021], "chunks": "odd"},
    "single_byte_arguments": {**CALLS, "split": 1},
    "interleaved_calls": {"calls": many(3), "split": 4, "interleave": True},
    "strangers": {**TALK, "strangers": True},
    "numbered_events": {**TALK, "ids": True},
    "megabyte_line": {"text": {"repeat": "m", "times": 1 << 20}},
    "megabyte_of_padding": {**TALK, "pad_event": {"at": "middle", "bytes": 1 << 20}},
    "gzip": {**TALK, "gzip": True},
    "another_content_type": {**TALK, "content_type": "text/plain"},
    "crlf": {**TALK, "eol": "crlf"},
    "data_without_a_space": {**TALK, "data": "tight"},
    "data_in_several_lines": {**TALK, "data": "lines"},
    "resembles_only": {**TALK, **CALLS, "loose": True},
    "ended_by_close": {**TALK, "framing": "close"},
    "with_a_length": {**TALK, "framing": "length"},
}

# Well-formed, and of no use as it is.
SENSE = {
    "nothing_said": {"text": ""},
    "no_call_that_was_required": {"text": "I would call echo.echo now."},
    "call_as_prose": {
        "text": '```json\n{"name": "echo__echo", "arguments": {"text": "hi"}}\n```'},
    "unknown_tool": {"calls": [{"name": "echo__ecko", "arguments": {"text": "hi"}}]},
    "missing_argument": {"calls": [{"name": ECHO, "arguments": {}}]},
    "argument_of_another_type": {"calls": [{"name": ECHO, "arguments": {"text": [1]}}]},
    "argument_of_another_name": {"calls": [{"name": ECHO, "arguments": {"message": "hi"}}]},
    "arguments_that_are_no_json": {"calls": [{"name": ECHO, "arguments": '{"text": "hi"'}]},
    "arguments_that_are_no_object": {"calls": [{"name": ECHO, "arguments": '"hi"'}]},
    "arguments_with_one_key_twice": {"calls": [
        {"name": ECHO, "arguments": '{"text":"shown","text":"done"}'}]},
    "forty_calls_and_the_last_cut": {"calls": many(40), "cut_last_call": True, "finish": "length"},
    "one_id_for_two_calls": {"calls": [{**CALL, "id": "call_1"}, {**SECOND, "id": "call_1"}]},
    "same_call_for_ever": {**CALLS, "repeat": True},
    "out_of_tokens": {**TALK, "finish": "length"},
    "refusal": {"text": "I can't help with that.", "finish": "refusal"},
    "finish_that_nobody_knows": {**TALK, "finish": "bored"},
    "usage_beyond_reason": {**TALK, "usage": {"input": 1 << 62, "output": -5}},
}

FAULTS = {**STATUS, **STREAM, **WHOLE, **SENSE}


def calling(step, *calls):
    """The same with other calls."""
    return {**step, "calls": list(calls)}
