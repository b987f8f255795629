#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A house for the tests of the web app, which are written in JavaScript: one
JSON object a line on stdin says what is to be done, one a line on stdout
what came of it.

    {"do": "cli", "args": [...]}        -> {"code", "out", "err"}; in the
                                           folder "cwd", if one is named
    {"do": "start", "args": [...]}      -> {"process"}: it goes on meanwhile
    {"do": "type", "process", "text"}   -> {}: on its standard input
    {"do": "line", "process"}           -> {"line"}: the next of its output
    {"do": "end", "process"}            -> {"code", "out", "err"}
    {"do": "screen", "args": [...]}     -> {"process"}: the same in a window
    {"do": "shown", "process", "until"} -> {"match", "codes"}: groups of that
        pattern, and the modules of the QR codes so far, true where dark
    {"do": "restart"}                   -> {}: the house, as after a crash
    {"do": "stop"}, {"do": "go"}        -> {}: the same in two
    {"do": "kill", "role"}              -> {}
    {"do": "another"}                   -> {}: it serves another app once it is restarted
    {"do": "model", "script": [...]}    -> {}: a model that says this (models.py)
    {"do": "keep"}, {"do": "put back"}  -> {}: what stands on the disk
    {"do": "home"}                      -> {}: it has scripts/simhome from now on
    {"do": "puppet", "tell"}            -> what a taken-over listener is told
    {"do": "push service"}              -> {"url", "p256dh", "auth"}: one of a browser at
                                           a push service, which the house then trusts
    {"do": "pushed", "key"}             -> {"words": [...]}: what it got, opened; each
                                           with a token that this key signed
"""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["DURWARD_TESTS"], "lib"))
from caller import Authority
from house import House, free_port, next_line
from models import ModelServer
from thinking import provider
from puppet import Puppet
from push_service import PushService, headers, token
from screen import Screen, codes
from simhome import Home, wait_entity


def told(p):
    out, err = p.communicate(timeout=120)
    return {"code": p.returncode, "out": out, "err": err}


def packed(data, size=None):
    """As scripts/make-app does it; filled up to so many bytes by a comment (RFC 1952)."""
    out = subprocess.run(["gzip", "-9nc"], input=data, stdout=subprocess.PIPE, check=True).stdout
    if size is None:
        return out
    assert len(out) < size, (len(out), size)
    return out[:3] + bytes([16]) + out[4:10] + b"x" * (size - len(out) - 1) + b"\0" + out[10:]


def other_app(house):
    """The house's program with another page in it, under the same paths; restart it then."""
    def file(name):
        with open(os.path.join(os.environ["DURWARD_BUILD"], "app", "files", name), "rb") as f:
            return f.read()

    page, worker = file("index.html"), file("sw.js")
    other = page.replace(b"<title>Durward</title>", b"<title>Other</title>")
    other = other.replace(b'<meta name="apple-mobile-web-app-capable" content="yes">\n', b"")
    said = worker.replace(hashlib.sha256(page).hexdigest().encode(),
                          hashlib.sha256(other).hexdigest().encode())
    said = re.sub(rb"app-[0-9a-f]{16}", b"app-1", said)
    with open(house.house_binary, "rb") as f:
        program = f.read()
    for old, new in ((page, other), (worker, said)):
        old = packed(old)
        assert old != new and program.count(old) == 1
        program = program.replace(old, packed(new, len(old)))
    path = house.house_binary + ".new"
    with open(path, "wb") as f:
        f.write(program)
    os.chmod(path, 0o755)
    os.rename(path, house.house_binary)


def serve(house):
    going = {}
    screens = {}
    pushing = {}
    homes = {}

    def spawn(args, cwd=None):
        return subprocess.Popen([house.durward, *args], env=house.console.env, text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, cwd=cwd)

    def do(v):
        what = v["do"]
        if what == "cli":
            return told(spawn(v["args"], v.get("cwd")))
        if what == "start":
            p = spawn(v["args"])
            going[p.pid] = p
            return {"process": p.pid}
        if what == "screen":
            s = Screen([house.durward, *v["args"]], house.console.env)
            screens[s.process.pid] = s
            return {"process": s.process.pid}
        if what == "shown":
            s = screens[v["process"]]
            return {"match": s.until(v["until"]).groups(), "codes": codes(s.seen)}
        if what == "type" and v["process"] in screens:
            screens[v["process"]].type(v["text"])
            return {}
        if what == "type":
            going[v["process"]].stdin.write(v["text"])
            going[v["process"]].stdin.flush()
            return {}
        if what == "line":
            return {"line": next_line(going[v["process"]])}
        if what == "end" and v["process"] in screens:
            s = screens.pop(v["process"])
            code = s.end()
            s.close()
            return {"code": code, "out": s.seen, "err": ""}
        if what == "end":
            return told(going.pop(v["process"]))
        if what == "kill":
            os.kill(house.pids()[v["role"]], signal.SIGKILL)
            return {}
        if what == "restart":
            house.stop()
            house.start()
            return {}
        if what == "model":
            server = ModelServer(v["script"])
            provider(house, "openai", server.url)
            return {}
        if what == "stop":
            house.stop()
            return {}
        if what == "go":
            house.start()
            return {}
        if what == "another":
            other_app(house)
            return {}
        if what in ("keep", "put back"):
            now, kept = house.path("state"), house.path("kept")
            house.stop()
            shutil.rmtree(kept if what == "keep" else now, True)
            subprocess.run(["cp", "-a", *((now, kept) if what == "keep" else (kept, now))],
                           check=True)
            house.start()
            return {}
        if what == "home":
            home = homes["home"] = Home(house.path("home"))
            house.stop()
            house.more = (*house.more, "--broker", home.socket)
            house.start()
            wait_entity(house, "lock.front_door")
            return {}
        if what == "puppet":
            return Puppet(house).tell(**v["tell"])
        if what == "push service":
            authority = pushing["authority"] = Authority()
            house.stop()
            house.more = (*house.more, "--authorities", authority.path)
            house.start()
            pushing["service"] = PushService(authority.sign("localhost"))
            pushing["subscription"] = pushing["service"].subscribe()
            return pushing["subscription"].offer
        if what == "pushed":
            said = []
            for _, head, body in map(headers, pushing["service"].seen):
                assert token(head["authorization"], v["key"])["aud"] == pushing["service"].origin
                said.append(pushing["subscription"].opened(body)[0].decode())
            return {"words": said}
        raise ValueError(what)

    print(json.dumps({"port": house.port, "front": house.pairing_port,
                      "first": house.certificate_port,
                      "folder": house.console.folder}), flush=True)
    for line in sys.stdin:
        try:
            print(json.dumps(do(json.loads(line))), flush=True)
        except Exception as e:
            print(json.dumps({"error": f"{type(e).__name__}: {e}"}), flush=True)
    for p in going.values():
        p.kill()
    for s in screens.values():
        s.close()
    for h in homes.values():
        h.end()
    if pushing:
        pushing["authority"].close()


if __name__ == "__main__":
    with House(*sys.argv[1:]) as house:
        house.certificate_port = free_port()
        house.more = ("--certificate-port", str(house.certificate_port))
        house.start()
        serve(house)
