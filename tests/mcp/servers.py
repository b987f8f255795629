# SPDX-License-Identifier: Apache-2.0
"""Servers that others wrote: the four official ones from npm, which speak
2025-11-25, and one by the official SDK, which speaks 2026-07-28.  And our own
small tools, which speak both."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time

from drive import BUILD, HERE, Drive, Skip

NPM = os.path.join(BUILD, "npm")
COPIED = ("package.json", "package-lock.json", ".npmrc", "modern.mjs")
NODE = 0
MISSING = ""


def setup():
    """The servers in build/npm, as the lock file says."""
    global NODE, MISSING
    if not shutil.which("node") or not shutil.which("npm"):
        MISSING = "node and npm are missing; scripts/setup test installs them"
        return
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    NODE = int(re.match(r"v(\d+)", version).group(1))
    os.makedirs(NPM, exist_ok=True)
    digest = hashlib.sha256()
    for name in COPIED:
        shutil.copy(os.path.join(HERE, name), NPM)
        with open(os.path.join(HERE, name), "rb") as f:
            digest.update(f.read())
    stamp = os.path.join(NPM, ".done")
    if os.path.exists(stamp) and open(stamp).read() == digest.hexdigest():
        return
    r = subprocess.run(["npm", "ci", "--no-progress"], cwd=NPM, text=True, capture_output=True)
    assert r.returncode == 0, r.stderr[-2000:]
    with open(stamp, "w") as f:
        f.write(digest.hexdigest())


def need_node(version):
    if MISSING or version > NODE:
        raise Skip(MISSING or f"node {version} or later is missing; this is {NODE}")


def server(name, *args, driver="plain", **kw):
    need_node(18)
    path = os.path.join(NPM, "node_modules", "@modelcontextprotocol", name, "dist", "index.js")
    return Drive(driver, ["node", path, *args], **kw)


def modern(legacy, **kw):
    need_node(20)
    return Drive(kw.pop("driver", "plain"), ["node", os.path.join(NPM, "modern.mjs"), legacy], **kw)


def own(name, **kw):
    return Drive(kw.pop("driver", "plain"), [os.path.join(BUILD, "containers", name, "program")],
                 **kw)


def names(d):
    _, text = d.definitions()
    return [t["name"] for t in json.loads(text)["tools"]]


def ends_by_itself(d):
    how, ms, _ = d.close()
    assert how == "eof" and ms < 1000, (how, ms)


def test_everything_is_listed_called_and_ended(driver):
    with server("server-everything", "stdio", driver=driver) as d:
        d.expect("ready legacy 2025-11-25")
        assert {"echo", "get-sum", "get-tiny-image"} <= set(names(d))
        assert d.answer("echo", '{"message":"hi"}') == ("ok", "Echo: hi")
        status, words = d.answer("get-sum", '{"a":"x","b":1}')
        assert status == "failed" and "expected number" in words, words
        status, words = d.answer("nope")
        assert status == "failed" and "nope not found" in words, words
        ends_by_itself(d)


def test_everything_says_what_is_not_text_in_words(driver):
    with server("server-everything", "stdio", driver=driver) as d:
        d.expect("ready legacy 2025-11-25")
        assert "(an image image/png, which is not shown)" in d.answer("get-tiny-image")[1]
        links = d.answer("get-resource-links", '{"count":2}')[1]
        assert links.count("(a link to demo://resource/dynamic/") == 2, links
        resource = d.answer("get-resource-reference", '{"resourceType":"Text","resourceId":1}')[1]
        assert "(the resource demo://resource/dynamic/text/1)" in resource, resource
        assert "This is a plaintext resource" in resource, resource
        status, weather = d.answer("get-structured-content", '{"location":"Chicago"}')
        assert status == "ok" and set(json.loads(weather)) == {
            "temperature", "conditions", "humidity"}, weather


def test_everything_changes_its_list_before_it_is_ready_and_the_last_one_counts(driver):
    with server("server-everything", "stdio", driver=driver) as d:
        d.expect("ready legacy 2025-11-25")
        time.sleep(0.5)
        counts = d.counts()
        assert counts["notifications"] >= 1 and counts["lists"] >= 2, counts
        assert counts["strays"] == counts["late"] == 0, counts
        d.expect_nothing()


def test_everything_stops_a_call_that_is_cancelled_and_ends_by_a_signal_if_it_must(driver):
    with server("server-everything", "stdio", driver=driver) as d:
        d.expect("ready legacy 2025-11-25")
        n = d.call("trigger-long-running-operation", '{"duration":20,"steps":40}')
        time.sleep(0.2)
        d.cancel(n)
        assert d.answer("echo", '{"message":"still here"}') == ("ok", "Echo: still here")
        d.expect_nothing(0.7)
        assert d.counts()["strays"] == 0
        # Its timer runs on and keeps it from ending by itself.
        how, ms, _ = d.close()
        assert how in ("eof", "term") and ms < 2000, (how, ms)


def test_filesystem_is_listed_called_and_ended(driver):
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        path = os.path.join(folder, "a.txt")
        with server("server-filesystem", folder, driver=driver) as d:
            d.expect("ready legacy 2025-11-25")
            assert {"read_text_file", "write_file"} <= set(names(d))
            args = json.dumps({"path": path, "content": "one\n"})
            assert d.answer("write_file", args)[0] == "ok"
            assert d.answer("read_text_file", json.dumps({"path": path})) == ("ok", "one\\u000a")
            status, words = d.answer("read_text_file", '{"path":"/etc/passwd"}')
            assert status == "failed" and "Access denied" in words, words
            assert d.counts()["requests"] == 0, "it asks for roots that nobody declared"
            ends_by_itself(d)


def test_memory_is_listed_called_and_ended(driver):
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        env = {"MEMORY_FILE_PATH": os.path.join(folder, "memory.json")}
        with server("server-memory", driver=driver, env=env) as d:
            d.expect("ready legacy 2025-11-25")
            assert len(names(d)) == 9
            status, _ = d.answer("create_entities", '{"entities":[{"name":"Ada","entityType":'
                                                    '"person","observations":["counts"]}]}')
            assert status == "ok"
            assert "counts" in d.answer("search_nodes", '{"query":"Ada"}')[1]
            assert d.answer("search_nodes")[0] == "failed"
            ends_by_itself(d)


def test_sequential_thinking_is_listed_called_and_ended(driver):
    with server("server-sequential-thinking", driver=driver) as d:
        d.expect("ready legacy 2025-11-25")
        assert names(d) == ["sequentialthinking"]
        args = '{"thought":"a","nextThoughtNeeded":false,"thoughtNumber":1,"totalThoughts":1}'
        status, words = d.answer("sequentialthinking", args)
        assert status == "ok" and json.loads(words.replace("\\u000a", ""))["thoughtNumber"] == 1
        assert d.answer("sequentialthinking")[0] == "failed"
        ends_by_itself(d)


def test_official_servers_say_the_same_at_each_start(driver):
    for name, args in (("server-everything", ["stdio"]), ("server-sequential-thinking", [])):
        seen = set()
        for _ in range(2):
            with server(name, *args, driver=driver) as d:
                d.expect("ready legacy 2025-11-25")
                seen.add(d.definitions()[0])
        assert len(seen) == 1, (name, seen)


def speak_modern(d):
    assert names(d) == ["fail", "greet", "grow", "wait"]
    assert "Greet first." in d.definitions()[1]
    assert d.answer("greet") == ("ok", "hello")
    assert d.answer("fail") == ("failed", "it failed")
    status, words = d.answer("nope")
    assert status == "failed" and "nope not found" in words, words


def test_a_modern_server_is_listed_called_and_ended(driver):
    for legacy in ("serve", "reject"):
        with modern(legacy, driver=driver) as d:
            d.expect("ready modern 2026-07-28")
            speak_modern(d)
            ends_by_itself(d)


def test_a_modern_server_tells_that_its_list_changed(driver):
    for legacy in ("serve", "reject"):
        with modern(legacy, driver=driver) as d:
            d.expect("ready modern 2026-07-28")
            before, _ = d.definitions()
            n = d.call("grow")
            # In either order.
            seen = sorted([d.next(), d.next()])
            assert seen[0] == f"answer {n} ok grown", seen
            after, text = d.definitions()
            assert seen[1] == f"changed {after}" and after != before, seen
            assert '"name":"more"' in text


def test_a_modern_server_stops_a_call_that_is_cancelled(driver):
    with modern("reject", driver=driver) as d:
        d.expect("ready modern 2026-07-28")
        d.cancel(d.call("wait"))
        assert d.answer("greet") == ("ok", "hello")
        d.expect_nothing(0.7)
        assert d.counts()["strays"] == 0
        ends_by_itself(d)


def test_a_server_of_both_eras_says_the_same_in_both(driver):
    with modern("serve", driver=driver) as d:
        d.expect("ready modern 2026-07-28")
        told = d.definitions()
    with modern("serve", driver=driver, hint="legacy") as d:
        d.expect("ready legacy 2025-11-25")
        speak_modern(d)
        assert d.definitions() == told


def test_a_modern_server_that_was_thought_legacy_is_believed(driver):
    with modern("reject", driver=driver, hint="legacy") as d:
        d.expect("ready modern 2026-07-28")
        speak_modern(d)


def test_our_own_tools_speak_both_eras(driver):
    digests = set()
    for hint, ready in ((None, "modern 2026-07-28"), ("modern", "modern 2026-07-28"),
                        ("legacy", "legacy 2025-11-25")):
        with own("echo", driver=driver, hint=hint) as d:
            d.expect("ready " + ready)
            assert d.answer("echo", '{"text":"x"}') == ("ok", "x")
            assert d.answer("nope")[0] == "failed"
            digests.add(d.definitions()[0])
            ends_by_itself(d)
    assert len(digests) == 1


def test_our_own_tools_are_ready_at_once(driver):
    begun = time.monotonic()
    with own("echo", driver=driver) as d:
        d.expect("ready modern 2026-07-28")
        assert time.monotonic() - begun < 8  # Less than who does not answer is given.
