# SPDX-License-Identifier: Apache-2.0
"""A model server that says what a script tells it: the peer of our model
clients, over real sockets in the three real wire formats (model_dialects.py).

    with ModelServer([{"text": ["Hel", "lo"]}, FAULTS["overloaded"]]) as m:
        ... m.url ... m.requests ...

A script is a list of steps, one for each chat that is asked for, or one
function for all.  A step is a dict, or a function that takes the Request and
gives a dict.  What a step may say:

    text thinking       a text, its pieces, or {"repeat": "x", "times": 9}
    calls               [{"name", "arguments": object or raw text, "id"}]
    finish usage model  stop|calls|length|refusal, {"input", "cached", ...}
    signature redacted  of the thinking
    split interleave cut_last_call   how calls lie in the stream
    loose               as servers do that only resemble OpenAI's
    status message kind retry_after headers redirect   no answer but an error
    error {"at", "message", "kind"}  an error once the answer has begun
    raw                 bytes or text instead of what a dialect would say
    cut stall           close there, or say no more: "before" anything,
                        "head", "middle", "last" event, "end" (the last chunk
                        alone is missing), or the number of events before
    reset               a cut that is an error and no end
    delay_ms gap_ms     before the first byte, between any two pieces
    pieces half_characters   sizes of the pieces; cut within each character
    framing chunks      chunked|length|close; "odd" chunk headers
    gzip content_type   of the answer
    break_event pad_event    the event (number, or "middle") that is no JSON,
                        or has this many bytes more: {"at", "bytes"}
    strangers ids eol   events and fields that nobody knows; the ids that SSE
                        has; "crlf" or "cr"
    data                of SSE: "tight", without a space, or in more "lines"
    repeat              this step stands for so many, or for all (true)
    same                the very same bytes each time, made once: for measuring

After the last step it answers 500 and says that the script is over."""

import email.utils
import os
import socket
import ssl
import threading
import time

from model_dialects import ANTHROPIC, CHATS, OLLAMA, Reply, compact, dialect_of, encode
from model_wire import Gone, Wire, framed, halve_characters, head_of, repiece, zipped

JSON_TYPE = "application/json"
OVER = {"status": 500, "message": "the script is over"}
WAIT_S = 20
DETAILS = {"parent_model": "", "format": "gguf", "family": "llama", "families": ["llama"],
           "parameter_size": "1.2B", "quantization_level": "Q4_K_M"}


def steps_of(script):
    """(how often, step) one after the other; a script may repeat a step."""
    for step in script:
        n = step.get("repeat", 1) if isinstance(step, dict) else 1
        while n is True or n > 0:
            yield step
            n = n if n is True else n - 1


def place(where, events):
    """How many events come before it."""
    named = {"before": 0, "head": 0, "middle": (events + 1) // 2, "last": max(0, events - 1),
             "end": events}
    return min(named.get(where, where), events)


class ModelServer:
    """`models` are the names it knows: any, when there are none.  `key` is
    what a client must show.  `cert` is (certificate, key) for TLS.  `paths`
    has steps for what is no chat: {"/api/tags": {"status": 500}}."""

    def __init__(self, script, models=(), key=None, cert=None, paths=None, strict=True, port=0,
                 address="127.0.0.1"):
        self.script = script if callable(script) else steps_of(list(script))
        self.models, self.key, self.paths, self.strict = list(models), key, paths or {}, strict
        self.requests, self.failures = [], []
        self.taken, self.made = 0, {}
        self.changed = threading.Condition()
        self.context = None
        if cert:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*cert)
        self.quit_read, self.quit_write = os.pipe()
        self.listener = socket.create_server((address, port), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.url = f"{'https' if cert else 'http'}://{address}:{self.port}"
        self.threads = []
        self.acceptor = threading.Thread(target=self._accept, daemon=True)
        self.acceptor.start()

    # ---- for tests ----

    @property
    def chats(self):
        with self.changed:
            return [r for r in self.requests if r.path in CHATS]

    def wait(self, n=1, done=True, seconds=WAIT_S):
        """The chats, as soon as there are n (and were answered)."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self._ready(done)) >= n, seconds), \
                f"{len(self._ready(done))} instead of {n} chats in {seconds} s"
            return self._ready(done)

    def _ready(self, done):
        return [r for r in self.requests if r.path in CHATS and (r.done_at or not done)]

    def close(self):
        os.write(self.quit_write, b"x")
        self.listener.shutdown(socket.SHUT_RDWR)
        self.acceptor.join(WAIT_S)
        for t in list(self.threads):
            t.join(WAIT_S)
        self.listener.close()
        os.close(self.quit_read)
        os.close(self.quit_write)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        """A failure of the script is one of the test."""
        self.close()
        if self.failures and kind is None:
            raise self.failures[0]

    # ---- connections ----

    def _accept(self):
        number = 0
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            t = threading.Thread(target=self._serve, args=(sock, number), daemon=True)
            self.threads = [x for x in self.threads if x.is_alive()] + [t]
            number += 1
            t.start()

    def _serve(self, sock, number):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with sock if not self.context else self.context.wrap_socket(sock, True) as s:
                self._talk(Wire(s, self.quit_read, number))
        except (Gone, OSError):
            pass
        except Exception as e:  # what it was sent is no HTTP, or the step is none
            self.failures.append(e)

    def _talk(self, wire):
        keep = True
        while keep:
            r = wire.read()
            r.dialect = dialect_of(r.path, r.headers)
            if isinstance(r.json, dict) and r.path in CHATS:
                r.messages, r.tools = r.dialect.said(r.json), r.dialect.tools(r.json)
            with self.changed:
                self.requests.append(r)
                self.changed.notify_all()
            keep = self._answer(wire, r)

    def _answer(self, wire, r):
        keep = False
        try:
            keep = Answer(self, r).send(wire)
        except Gone:
            r.closed_early, r.closed_at = True, time.monotonic()
            raise
        finally:
            with self.changed:
                r.done_at = time.monotonic()
                self.changed.notify_all()
        return keep

    # ---- what to say ----

    def step(self, r):
        """What the script says to this; what is no chat is none of it."""
        if r.path in self.paths:
            return self.paths[r.path]
        if (step := self._refusal(r)) or r.path not in CHATS:
            return step or self._about(r)
        with self.changed:
            r.step, self.taken = self.taken, self.taken + 1
            step = self.script if callable(self.script) else next(self.script, OVER)
        try:
            return step(r) if callable(step) else step
        except Exception as e:
            self.failures.append(e)
            return {"status": 500, "message": f"the script failed: {e!r}"}

    def _refusal(self, r):
        if self.key and self.key not in (r.headers.get("x-api-key"),
                                         r.headers.get("authorization", "")[7:]):
            return {"status": 401}
        if r.path not in CHATS:
            return None
        if not isinstance(r.json, dict):
            return {"status": 400, "message": "the body is no JSON object"}
        if self.models and r.json.get("model") not in self.models:
            return {"status": 404}
        wrong = r.dialect.complaint(r) if self.strict else None
        return {"status": wrong[0], "message": wrong[1]} if wrong else None

    def _about(self, r):
        """What servers tell of themselves and of their models."""
        names = self.models or ["tiny:latest"]
        asked = (r.json or {}).get("model") or r.path.rpartition("/models/")[2]
        if r.path in ("/api/show", "/v1/models/" + asked) and asked not in names:
            return {"status": 404}
        tagged = [{"name": n, "model": n, "modified_at": "2026-01-01T00:00:00Z",
                   "size": 815319791, "digest": f"{i:064x}", "details": DETAILS}
                  for i, n in enumerate(names)]
        listed = [{"id": n, "object": "model", "created": 1767225600, "owned_by": "library"}
                  for n in names]
        if r.dialect is ANTHROPIC:
            listed = [{"type": "model", "id": n, "display_name": n,
                       "created_at": "2026-01-01T00:00:00Z"} for n in names]
        about = {
            "/api/version": {"version": "0.13.0"},
            "/api/tags": {"models": tagged},
            "/api/ps": {"models": [{**t, "expires_at": "2026-12-31T00:00:00Z", "size_vram": 0,
                                    "context_length": 4096} for t in tagged[:1]]},
            "/api/show": {"modelfile": "# Modelfile", "parameters": "", "template": "{{ .Prompt }}",
                          "details": DETAILS, "capabilities": ["completion", "tools", "thinking"],
                          "modified_at": "2026-01-01T00:00:00Z", "model_info": {
                              "general.architecture": "llama", "llama.context_length": 131072,
                              "general.parameter_count": 1235814432,
                              "llama.embedding_length": 2048}},
            "/v1/models": {"object": "list", "data": listed},
            "/v1/models/" + asked: next((m for m in listed if m["id"] == asked), None),
        }
        if r.dialect is ANTHROPIC:
            about["/v1/models"] = {"data": listed, "has_more": False, "first_id": names[0],
                                   "last_id": names[-1]}
        if r.path == "/":
            return {"raw": "Ollama is running", "content_type": "text/plain; charset=utf-8"}
        if about.get(r.path) is None:
            return {"status": 404, "message": "404 page not found"}
        return {"raw": compact(about[r.path])}


class Answer:
    """One step, as bytes and pauses."""

    def __init__(self, server, r):
        self.r = r
        self.step, self.made, self.key = server.step(r), server.made, None
        if "error" in self.step and r.path in CHATS and not r.dialect.wants_stream(r.json):
            self.step = {"status": 500, **self.step["error"]}
        self.status = self.step.get("status", 307 if "redirect" in self.step else 200)
        self.headers = {}
        self.events, self.streamed = self._made_once() if self.step.get("same") \
            else self._events()
        r.status = self.status

    def _made_once(self):
        """It keeps the step, so that no other comes to have its id."""
        asked = self.r.json
        self.key = (id(self.step), self.r.path, asked.get("model"), asked.get("stream"),
                    bool(asked.get("stream_options")))
        if self.key not in self.made:
            self.made[self.key] = self.step, self._events()
        return self.made[self.key][1]

    def _events(self):
        step, r = self.step, self.r
        if "raw" in step:
            raw = step["raw"] if isinstance(step["raw"], list) else [step["raw"]]
            return [p if isinstance(p, bytes) else encode(p) for p in raw], len(raw) > 1
        if self.status != 200:
            asked = r.json if isinstance(r.json, dict) else {}
            return [r.dialect.error(self.status, step.get("message"), step.get("kind"),
                                    asked.get("model", ""))], False
        reply = Reply(step, r)
        if not r.dialect.wants_stream(r.json):
            return self._broken([r.dialect.whole(reply, r)]), False
        return self._spoilt(self._broken(r.dialect.stream(reply, r))), True

    def _broken(self, events):
        step = self.step
        if "break_event" in step:
            at = min(place(step["break_event"], len(events)), len(events) - 1)
            events[at] = events[at].replace(b"}", b"", 1).replace(b'"', b"", 1)
        if "pad_event" in step:
            at = min(place(step["pad_event"]["at"], len(events)), len(events) - 1)
            padding = b'{"padding":"' + b"x" * step["pad_event"]["bytes"] + b'",'
            events[at] = events[at].replace(b"{", padding, 1)
        return events

    def _spoilt(self, events):
        step, dialect = self.step, self.r.dialect
        if step.get("strangers"):
            odd = dialect.strangers()
            events = [x for i, e in enumerate(events[:-1]) for x in (e, odd[i % len(odd)])] + \
                events[-1:]
        if "error" in step:
            at = place(step["error"].get("at", "middle"), len(events))
            events[at:] = [dialect.failure(step["error"].get("message", "Overloaded"),
                                           step["error"].get("kind"))]
        if step.get("ids") and dialect is not OLLAMA:
            events = [b"id: %d\n" % i + e for i, e in enumerate(events)]
        form = {"tight": b"data:{", "lines": b"data: {\ndata: "}.get(step.get("data"))
        if form:
            events = [e.replace(b"data: {", form) for e in events]
        eol = {"crlf": b"\r\n", "cr": b"\r"}.get(step.get("eol"), b"\n")
        return events if eol == b"\n" else [e.replace(b"\n", eol) for e in events]

    def _retry_after(self):
        """Seconds, or {"date": seconds from now}, as a date of HTTP."""
        after = self.step["retry_after"]
        if not isinstance(after, dict):
            return str(after)
        return email.utils.formatdate(time.time() + after["date"], usegmt=True)

    def _headers(self, framing):
        step, dialect = self.step, self.r.dialect
        plain = JSON_TYPE if dialect is not OLLAMA else JSON_TYPE + "; charset=utf-8"
        out = {"Date": email.utils.formatdate(usegmt=True),
               "Content-Type": dialect.stream_type if self.streamed else plain,
               **dialect.head(self.status)}
        if "content_type" in step:
            out["Content-Type"] = step["content_type"]
        if "retry_after" in step:
            out["retry-after"] = self._retry_after()
        if "redirect" in step:
            out["Location"] = step["redirect"]
        if step.get("gzip"):
            out["Content-Encoding"] = "gzip"
        if framing == "chunked":
            out["Transfer-Encoding"] = "chunked"
        elif framing == "length":
            out["Content-Length"] = str(sum(map(len, self.events)))
        else:
            out["Connection"] = "close"
        return {**out, **step.get("headers", {})}

    def _pieces(self, framing, all_of_it):
        """The events as they lie on the wire, chunked or not."""
        step, pieces = self.step, self.events
        if "pieces" in step:
            pieces = repiece(b"".join(pieces), step["pieces"])
        elif step.get("half_characters"):
            pieces = halve_characters(b"".join(pieces))
        pieces = [p for p in pieces if p]
        if len(pieces) == 1 and not all_of_it:
            pieces = repiece(pieces[0], [len(pieces[0]) // 2 + 1])
        if framing != "chunked":
            return pieces
        odd = step.get("chunks") == "odd"
        pieces = [framed(p, odd, i) for i, p in enumerate(pieces)]
        end = b"0\r\nx-after: all\r\n\r\n" if odd else b"0\r\n\r\n"
        return pieces[:-1] + [b"".join([*pieces[-1:], end])] if all_of_it else pieces

    def _pieces_once(self, framing):
        if self.key is None or self.step.get("gap_ms") or self.step.get("gzip"):
            return self._pieces(framing, True)
        key = ("pieces", framing, *self.key)
        if key not in self.made:
            self.made[key] = [b"".join(self._pieces(framing, True))]
        return self.made[key]

    def send(self, wire):
        """Says whether the connection goes on."""
        step, r = self.step, self.r
        if step.get("delay_ms"):
            wire.wait(step["delay_ms"] / 1000)
        if step.get("gzip"):
            self.events = zipped(self.events)
        framing = step.get("framing") or ("chunked" if self.streamed else "length")
        head = head_of(self.status, self._headers(framing))
        stop = step.get("cut", step.get("stall"))
        if stop == "before":
            return self._stop(wire)
        if stop is not None:
            pieces = self._pieces(framing, False)
            self._send_all(wire, head, pieces[:place(stop, len(pieces))])
            return self._stop(wire)
        self._send_all(wire, head, self._pieces_once(framing))
        if framing == "close":
            wire.end()
        return framing != "close" and r.headers.get("connection", "").lower() != "close"

    def _send_all(self, wire, head, pieces):
        """At once when nothing has to come late: one write costs least."""
        gap = self.step.get("gap_ms", 0) / 1000
        if not gap:
            wire.send(self.r, b"".join([head, *pieces]))
            return
        wire.send(self.r, head)
        for i, piece in enumerate(pieces):
            if i:
                wire.wait(gap)
            wire.send(self.r, piece)

    def _stop(self, wire):
        if "stall" in self.step:
            wire.wait()  # until somebody goes
        if self.step.get("reset"):
            wire.reset()
        return False
