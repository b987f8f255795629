# SPDX-License-Identifier: Apache-2.0
"""A house whose core and mind do what a test says, to call models through the
real egress and vault (tests/probe/caller.c), and servers that are no good."""

import hashlib
import itertools
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time

from apart import Apart
from house import BUILD, HOUSE_USER, House, wait_for

CEILING = {"ollama": "num_predict", "openai": "max_tokens", "anthropic": "max_tokens"}


class Raw:
    """Answers each request on each connection with fn(socket, request, number of
    the request); what it returns true for goes on."""

    open = []

    def __init__(self, fn, address="127.0.0.1", port=0, cert=None):
        self.context = None
        if cert:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*cert)
        self.fn, self.count, self.seen, self.connections = fn, 0, [], 0
        self.gone = threading.Event()  # Some peer broke its connection off.
        self.ended = []  # When one was closed that had nothing to say.
        self.listener = socket.create_server((address, port), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.open.append(self)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(s,), daemon=True).start()

    def _serve(self, s):
        with s:
            try:
                s = self.context.wrap_socket(s, True) if self.context else s
                while (asked := self._read(s)):
                    self.seen.append(asked)
                    self.count += 1
                    if not self.fn(s, asked, self.count):
                        return
                self.ended.append(time.monotonic())
            except OSError:
                self.gone.set()

    def _read(self, s):
        data = b""
        while b"\r\n\r\n" not in data:
            more = s.recv(65536)
            if not more:
                return None
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        wanted = [int(line.split(b":")[1]) for line in head.split(b"\r\n")
                  if line.lower().startswith(b"content-length:")]
        while wanted and len(body) < wanted[0]:
            more = s.recv(65536)
            if not more:
                return None
            body += more
        return head + b"\r\n\r\n" + body

    def close(self):
        if self in self.open:
            self.open.remove(self)
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"


class Authority:
    """Signs certificates for names, in a folder of its own."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="durward-ca-")
        os.chmod(self.folder, 0o755)
        self.path = self._make("ca", "-x509", "-subj", "/CN=tests")[0]

    def _make(self, name, *more):
        cert, key = (os.path.join(self.folder, f"{name}.{end}") for end in ("pem", "key"))
        subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "9", "-keyout", key,
                        "-out", cert, *more], check=True, capture_output=True)
        os.chmod(cert, 0o644)
        return cert, key

    def sign(self, name, signed=True):
        """(certificate, key) for this name; signed by nobody else, if wanted."""
        by = ("-CA", self.path, "-CAkey", self.path[:-3] + "key") if signed else ()
        return self._make(f"{name}-{signed}", "-x509", "-subj", f"/CN={name}",
                          "-addext", f"subjectAltName=DNS:{name}",
                          "-addext", "basicConstraints=critical,CA:FALSE", *by)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Caller:
    """names to addresses and addresses of the network that is the test's own;
    `before` does what only the real house can, as pairing."""

    def __init__(self, names=None, addresses=(), secrets=None, authority=None, before=None):
        self.authority = authority
        self.apart = Apart(names or {}, [(a, 9) for a in addresses])
        try:
            self.house = h = House(tools=())
            h.start(tools=False)
            for name, value in (secrets or {}).items():
                r = subprocess.run([h.durward, "secret", "set", name], env=h.console.env,
                                   input=value, capture_output=True, timeout=60)
                assert r.returncode == 0, r.stderr
            if before:
                before(h)
            h.stop()
            self.put("console.key", open(os.path.join(h.console.folder, "key.pem")).read())
            shutil.copy(os.path.join(BUILD, "probe-caller"), h.path("bin"))
            h.house_binary = h.path("bin", "probe-caller")
            if authority:
                h.more = ("--authorities", authority.path)
            h.start_house()
            self.numbers = itertools.count(1)
            self.acts = itertools.count(1)
            self.providers = {}
            wait_for(lambda: any(r["body"].get("peer") == "egress" for r in self.answers()), 60)
        except BaseException:
            self.close()
            raise

    def close(self):
        if hasattr(self, "house"):
            self.house.close()
        if self.authority:
            self.authority.close()
        for server in list(Raw.open):
            server.close()
        # One thread alone may go back to where it came from.
        wait_for(lambda: threading.active_count() == 1)
        self.apart.close()

    # ---- core's folder ----

    def put(self, name, text):
        target = self.house.path("state", "core", name)
        with open(target + ".new", "w") as f:
            f.write(text)
        shutil.chown(target + ".new", HOUSE_USER, HOUSE_USER)
        os.rename(target + ".new", target)

    def answers(self):
        try:
            with open(self.house.path("state", "core", "answers")) as f:
                # At once: a line that grows meanwhile would come in two pieces.
                return [json.loads(line) for line in f.read().split("\n")[:-1]]
        except FileNotFoundError:
            return []

    def do(self, what, **members):
        self.put(f"do-{next(self.numbers)}", json.dumps({"do": what, **members}))

    # ---- providers ----

    def provider(self, name, url, dialect="ollama", place="house", key=None, trust=True,
                 models=("tiny",)):
        text = json.dumps({
            "name": name, "version": "1", "transport": "model", "dialect": dialect, "url": url,
            "place": place, "models": [{"name": m, "context": 4096} for m in models],
            **({"key": key} if key else {})})
        self.put(name + ".json", text)
        self.providers[name] = (dialect, place)
        if trust:
            self.trust(name + ".json")
        self.do("manifest", file=name + ".json")
        return text

    def trust(self, file):
        """An owner signs it."""
        n = len([r for r in self.answers() if r["what"] == "trusted"])
        self.do("trust", file=file)

        def trusted():
            found = [r["body"] for r in self.answers() if r["what"] == "trusted"]
            return found[n:]
        r = wait_for(trusted)[0]
        assert r["ok"], r

    def body(self, name, output=100, model="tiny", **more):
        dialect, _ = self.providers[name]
        ceiling = {CEILING[dialect]: output}
        return {"model": model, "messages": [{"role": "user", "content": "hello"}],
                "stream": True, **({"options": ceiling} if dialect == "ollama" else ceiling),
                **more}

    # ---- calls ----

    def begin(self, name, body=None, text=None, sent=None, tool=None, proof="", request=True,
              **args):
        """The act.  `sent` is what the mind sends in place of what is ordered."""
        n = next(self.acts)
        act, run = f"{n:032x}", f"{n + (1 << 64):032x}"
        text = text if text is not None else json.dumps(body or self.body(name))
        if request:
            self.request(run, sent if sent is not None else text)
        args = {"bytes": len(text.encode()), "model": "tiny", "output": 100,
                "sha256": hashlib.sha256(text.encode()).hexdigest(), **args}
        tool = tool or f"model.{self.providers[name][1]}.{name}"
        self.do("order", act=act, run=run, step=1, tool=tool, file=name + ".json", proof=proof,
                args=json.dumps(args, sort_keys=True, separators=(",", ":")))
        return act, run

    def request(self, run, text, step=1):
        file = f"body-{next(self.acts)}"
        self.put(file, text)
        self.do("request", run=run, step=step, body=file)

    def end(self, call, seconds=60):
        """What the core heard of it, with all that the mind got: `data`, `end`,
        `error` and the order in which it came."""
        act, run = call

        def done():
            f"the end of {act}"
            return [r for r in self.answers() if r["what"] == "done" and r["body"]["act"] == act]
        done.__doc__ = f"the end of {act}; the house says\n{self.house.log()[-2000:]}"
        found = wait_for(done, seconds)
        assert len(found) == 1, found
        wait_for(lambda: [r for r in self.of_mind(run) if r["what"] == "end"])
        heard = self.of_mind(run)
        ends = [r for r in heard if r["what"] == "end"]
        assert len(ends) == 1 and heard[-1] is ends[0], heard
        pieces = [bytes.fromhex(r["bulk"]) for r in heard[:-1]]
        return {**found[0]["body"], "data": b"".join(pieces), "pieces": pieces,
                "end": ends[0]["body"], "error": bytes.fromhex(ends[0]["bulk"]),
                "times": [r["at_ms"] for r in heard]}

    def of_mind(self, run):
        return [r for r in self.answers() if r["what"] in ("data", "end")
                and r["body"].get("run") == run]

    def call(self, name, seconds=20, **more):
        return self.end(self.begin(name, **more), seconds)
