# SPDX-License-Identifier: Apache-2.0
"""Twenty secrets of different shapes: the tools whose manifests name them have
them, and nobody and nothing else does."""

import base64
import glob
import json
import os
import shutil
import subprocess
import urllib.parse

from house import BUILD, House
from wire import Wire

KEEPER = os.path.join(BUILD, "test-containers", "keeper")
PEM = "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n"


def noise(n):
    return os.urandom(n)


def word(n):
    return base64.b32encode(noise(n)).decode()[:n]


# Text goes into a variable, bytes into a file.
CANARIES = [
    word(8), word(12), word(16), word(40), word(255), word(8192), noise(8), noise(32), noise(4096),
    noise(8192), b"\0\0" + noise(20) + b"\0", base64.b64encode(noise(300)).decode(),
    base64.urlsafe_b64encode(noise(24)).decode(), json.dumps({"token": word(20), "n": [1, "\\"]}),
    PEM % base64.b64encode(noise(150)).decode(), f"line one {word(9)}\nline two\r\n\t",
    f"pässwörd-日本-🔑{word(8)}", f"100%25%s%n%d{word(10)}%", f"'\"`$(id){word(10)}\\\"'",
    f"A=B C={word(10)};&|<>*?#"]
GROUPS = (("echo", "echo {}", range(0, 8)), ("notes", "read the note {}", range(8, 16)),
          ("web", "fetch {}", range(16, 20)))
FUNCTIONS = {"echo": (("echo", "text", "read"),), "web": (("fetch", "url", "read"),),
             "notes": (("read", "name", "read"), ("delete", "name", "system"))}


def raw(c):
    return c.encode() if isinstance(c, str) else c


def digest(data):
    h = 14695981039346656037
    for b in data:
        h = (h ^ b) * 1099511628211 % (1 << 64)
    return f"{h:016x} of {len(data)} bytes"


def shapes(data):
    """As it is, and as it may have been written somewhere."""
    found = {data, data.hex().encode(), data.hex().upper().encode(),
             urllib.parse.quote_from_bytes(data, safe="").encode(),
             urllib.parse.quote_plus(data).encode()}
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            # What does not depend on what stands around it.
            text = encode(b"x" * shift + data)
            found.add(text[4 if shift else 0:len(text) // 4 * 4 - 4])
    try:
        text = data.decode()
        found |= {json.dumps(text)[1:-1].encode(),
                  json.dumps(text, ensure_ascii=False)[1:-1].encode()}
    except UnicodeDecodeError:
        pass
    # A long one may have been cut: its middle is enough.
    found |= {s[len(s) // 2 - 32:len(s) // 2 + 32] for s in list(found) if len(s) > 300}
    return {s for s in found if len(s) >= 8}


NEEDLES = [(i, s) for i, c in enumerate(CANARIES) for s in shapes(raw(c))]


def none_in(data, where):
    hits = sorted({i for i, s in NEEDLES if s in data})
    assert not hits, f"{where} has the canaries {hits}"


def manifest(h, tool, secrets):
    """A folder to add the tool from."""
    folder = h.path("tool-" + tool)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(KEEPER, "tool.json")) as f:
        m = json.load(f)
    m.update(name=tool, command=["/program", tool], secrets=secrets)
    m["functions"] = {function: {"effect": effect, "args": {
        arg: {"type": "string", "required": True, "max": 200}}}
        for function, arg, effect in FUNCTIONS[tool]}
    shutil.copy(os.path.join(KEEPER, "image.tar"), folder)
    with open(os.path.join(folder, "tool.json"), "w") as f:
        json.dump(m, f)
    return folder


def entry(i):
    if isinstance(CANARIES[i], bytes):
        return {"name": f"s{i}", "file": f"key-{i}.pem"}
    return {"name": f"s{i}", "env": f"S{i}"}


def give(h, i, value=None):
    r = subprocess.run([h.durward, "secret", "set", f"s{i}"], env=h.console.env,
                       input=raw(CANARIES[i]) if value is None else value, capture_output=True)
    assert r.returncode == 0, r.stderr


def setup():
    h = House(tools=())
    try:
        h.start()
        for i in range(len(CANARIES)):
            give(h, i)
        for tool, _, which in GROUPS:
            h.add_tool(manifest(h, tool, [entry(i) for i in which]))
        return h
    except Exception:
        h.close()
        raise


def ask(h, goal):
    entries = h.console.ask(goal)
    done = [e for e in entries if e["kind"] in ("done", "failed")]
    assert done, entries
    return done[-1].get("result", "")


def warm(h):
    for _, form, which in GROUPS:
        ask(h, form.format("environ"))


def tool_pids(h):
    """The keepers of this house, as the machine sees them."""
    found = []
    for line in h.podman("ps", "-q").split():
        found.append(int(h.podman("inspect", "-f", "{{.State.Pid}}", line)))
    return found


def test_each_tool_has_each_of_its_secrets_byte_for_byte(h):
    for _, form, which in GROUPS:
        for i in which:
            variable = f"S{i}_FILE" if isinstance(CANARIES[i], bytes) else f"S{i}"
            assert ask(h, form.format(variable)) == digest(raw(CANARIES[i])), i


def test_a_tool_has_the_secrets_of_its_manifest_and_no_others(h):
    for _, form, which in GROUPS:
        names = set(ask(h, form.format("environ")).split())
        want = {f"S{i}_FILE" if isinstance(CANARIES[i], bytes) else f"S{i}" for i in which}
        assert {n for n in names if n.startswith("S") and n[1:2].isdigit()} == want, names
        fds = ask(h, form.format("fds")).split("\n")
        files = {f for f in fds if f}
        assert files == {f"/memfd:key-{i}.pem (deleted)" for i in which
                         if isinstance(CANARIES[i], bytes)}, fds


def test_no_secret_stands_in_what_podman_knows_and_keeps(h):
    warm(h)
    names = h.podman("ps", "-a", "--format", "{{.Names}}").split()
    assert len(names) == 3, names
    none_in(h.podman("ps", "-a", "--no-trunc", "--format", "json").encode(), "podman ps")
    for n in names:
        none_in(h.podman("inspect", n).encode(), "podman inspect")
    look_through(h.path("podman"))


def look_through(top):
    seen = 0
    for folder, _, files in os.walk(top):
        for name in files:
            path = os.path.join(folder, name)
            if not os.path.isfile(path) or os.path.getsize(path) > 64 << 20:
                continue
            with open(path, "rb") as f:
                none_in(f.read(), path)
            seen += 1
    return seen


def test_no_secret_stands_in_the_database_its_backups_and_the_logs(h):
    warm(h)
    assert h.console.run("backup").returncode == 0
    assert look_through(h.path("state")) > 3
    assert glob.glob(h.path("state", "core", "*.backup-*"))
    assert glob.glob(h.path("state", "core", "*-wal"))
    for half in ("house", "tools"):
        none_in(h.log(half).encode(), "the log of " + half)
    look_through(h.console.folder)
    r = h.console.run("audit", "show", "--json")
    none_in(r.stdout.encode(), "the audit log")


def test_no_secret_stands_on_a_command_line_or_in_another_environment(h):
    warm(h)
    tools = tool_pids(h)
    assert len(tools) == 3
    for p in os.listdir("/proc"):
        if not p.isdigit() or int(p) == os.getpid():
            continue
        for name in ("cmdline", "environ"):
            if name == "environ" and int(p) in tools:
                continue
            try:
                with open(f"/proc/{p}/{name}", "rb") as f:
                    none_in(f.read(), f"/proc/{p}/{name}")
            except (OSError, ProcessLookupError):
                pass


def memory(pid):
    with open(f"/proc/{pid}/maps") as f:
        regions = [line.split() for line in f]
    with open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for r in regions:
            if "r" not in r[1] or r[-1].startswith("[v"):
                continue
            start, end = (int(x, 16) for x in r[0].split("-"))
            try:
                mem.seek(start)
                yield mem.read(end - start)
            except OSError:
                pass


def test_no_secret_stays_in_the_memory_of_those_who_carry_it(h):
    warm(h)
    roles = h.wait_roles()
    assert "runner" in roles
    for role, pid in roles.items():
        if role == "vault":
            continue
        none_in(b"".join(memory(pid)), "the memory of " + role)
    for pid in tool_pids(h):
        with open(f"/proc/{pid}/stat") as f:
            parent = int(f.read().rsplit(")", 1)[1].split()[1])
        none_in(b"".join(memory(parent)), "the memory of conmon")


def test_a_secret_that_its_tool_tells_is_heard_by_nobody_and_kept_nowhere(h):
    for _, form, which in GROUPS:
        for i in which:
            text = isinstance(CANARIES[i], str)
            for how in ("raw", "error", "hex", "base64") if text else ("hex", "base64"):
                said = ask(h, form.format(f"leak:{how}:S{i}" + ("" if text else "_FILE")))
                assert f"secret://s{i}" in said and len(said) < 60, (i, how, said)
    entries = [json.loads(line) for line in
               h.console.run("audit", "show", "--json").stdout.splitlines()]
    told = {e["secret"] for e in entries if e["kind"] == "redacted"}
    assert told == {f"s{i}" for i in range(len(CANARIES))}, told
    look_through(h.path("state"))
    for half in ("house", "tools"):
        none_in(h.log(half).encode(), "the log of " + half)
    none_in(h.console.run("audit", "show", "--json").stdout.encode(), "the audit log")


def test_a_secret_on_stderr_is_not_in_what_is_printed(h):
    for i in (1, 3, 13, 14, 15, 16, 17, 18):
        tool, form, _ = next(g for g in GROUPS if i in g[2])
        assert ask(h, form.format(f"leak:stderr:S{i}")) == "it is []"
        r = h.console.run("tool", "logs", tool)
        assert r.returncode == 0 and f"it is [secret://s{i}" in r.stdout, (i, r.stdout)
        assert r.stdout.count("before") == r.stdout.count("after"), r.stdout
        none_in(r.stdout.encode(), "what the tool said")


def test_a_secret_across_the_cut_of_a_line_is_not_printed_in_part(h):
    for i in (3, 13, 17, 18):
        tool, form, _ = next(g for g in GROUPS if i in g[2])
        assert ask(h, form.format(f"leak:late:S{i}")) == "it is []"
        r = h.console.run("tool", "logs", tool)
        late = [line for line in r.stdout.splitlines() if "0000 [" in line][-1]
        assert f"0000 [secret://s{i}]" in late, (i, late[-80:])
        assert CANARIES[i][:6] not in late, (i, late[-80:])


def test_a_secret_in_a_goal_is_refused_and_not_taken_up(h):
    runs = len(h.console.json("runs")["runs"])
    for i in (0, 1, 12, 13, 17, 18):
        goal = "echo it is " + CANARIES[i]
        r = h.console.run("ask", goal)
        assert r.returncode != 0 and "secret://NAME" in r.stderr, (i, r.stderr)
        none_in(r.stderr.encode(), "the refusal")
    assert len(h.console.json("runs")["runs"]) == runs


def test_the_search_would_have_found_them(h):
    ask(h, "echo environ")
    found = set()
    for pid in tool_pids(h):
        with open(f"/proc/{pid}/environ", "rb") as f:
            data = f.read()
        found |= {i for i, s in NEEDLES if s in data}
    text = {i for i, c in enumerate(CANARIES) if isinstance(c, str)}
    assert found >= text - {i for i in text if i >= 8} and found, found
    assert {i for i, s in NEEDLES if s in b"..." + base64.b64encode(b"ab" + raw(CANARIES[7]))} == {7}


def test_a_missing_secret_is_told_with_what_to_do(h):
    h.add_tool(manifest(h, "echo", [{"name": "not-there", "env": "X"}]))
    entries = h.console.ask("echo X")
    assert "durward secret set not-there" in json.dumps(entries), entries
    h.add_tool(manifest(h, "echo", [{"name": "s10", "env": "X"}]))
    entries = h.console.ask("echo X")
    assert "zero byte" in json.dumps(entries), entries
    h.add_tool(manifest(h, "echo", [entry(i) for i in GROUPS[0][2]]))


def test_a_rotated_secret_is_there_at_the_next_call(h):
    assert ask(h, "fetch S16") == digest(raw(CANARIES[16]))
    give(h, 16, b"another value")
    assert ask(h, "fetch S16") == digest(b"another value")
    assert "another value" not in ask(h, "fetch leak:raw:S16")
    give(h, 16)
    assert ask(h, "fetch S16") == digest(raw(CANARIES[16]))


def test_what_was_said_before_a_secret_was_changed_is_not_printed_after_it(h):
    """Nor what a container still says that was given the old value."""
    tool, form, _ = next(g for g in GROUPS if 16 in g[2])
    assert ask(h, form.format("leak:stderr:S16")) == "it is []"
    give(h, 16, b"another value")
    r = h.console.run("tool", "logs", tool)
    assert r.returncode == 0 and "it is [secret://s16" in r.stdout, r.stdout
    none_in(r.stdout.encode(), "what the tool said")
    give(h, 16)


def test_what_a_tool_has_stands_on_the_sheet_that_is_signed(h):
    p, act = h.console.asked("delete the note S11")
    w = Wire(h, h.console)
    _, v = w.query("sheet?act=" + act)
    w.close()
    line = [s for s in v["sheet"].split("\n") if s.startswith("secrets ")]
    assert line == ["secrets " + ",".join(
        f"s{i} as file S{i}_FILE" if isinstance(CANARIES[i], bytes) else f"s{i} in S{i}"
        for i in GROUPS[1][2])], line
    assert h.console.run("approve", act, "--yes").returncode == 0
    out, _ = p.communicate(timeout=60)
    done = [json.loads(e) for e in out.splitlines() if '"done"' in e]
    assert done and done[0]["result"] == digest(raw(CANARIES[11])), out
