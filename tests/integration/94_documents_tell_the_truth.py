# SPDX-License-Identifier: Apache-2.0
"""The man pages and the README's section of the home: every command that stands
there is taken by the binary, every example is run, and every number is the
one of the sources."""

import glob
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile

from house import TOP, free_port
from screen import Screen
from simhome import HouseWithHome, wait_entity

PAGES = {os.path.basename(p): open(p).read() for p in glob.glob(os.path.join(TOP, "config/man/*"))}
COMMANDS, MANIFEST, LIMITS, HOUSE = (
    PAGES[n] for n in ("durward.1", "durward-tool.json.5", "durward-limits.7", "durward.8"))
README = open(os.path.join(TOP, "README.md")).read()
GITHUB = [open(os.path.join(TOP, ".github", n)).read() for n in ("CONTRIBUTING.md", "SECURITY.md")]
SOURCES = {p: open(p).read() for p in glob.glob(os.path.join(TOP, "src/*/*.[ch]"))}

# What a word of the page may be, for a house that does not answer.
WORDS = {"goal": "status", "run": "0123456789abcdef", "number": "1", "minutes": "10", "time": "30d",
         "hours": "22:00-07:00", "words": "any", "role": "planner", "tools": "notes.*", "port": "1",
         "host": "localhost", "dialect": "openai", "url": "http://127.0.0.1:1", "usd": "1",
         "model": "study/qwen:4096", "models": "study/qwen", "day": "2026-11-01", "scope": "box",
         "arguments": "{}", "labels": "none", "latitude": "52.52", "longitude": "13.405",
         "when": "at sunset", "effect": "physical", "package": "/nowhere", "path": "/nowhere", "file": "/nowhere"}
# All that follows is what somebody says.
FREE = ("ask", "deny", "memory search")
# What needs no house, or a file before it.
ALONE = ("policy check", "backup --to", "policy test", "audit verify --anchor", "audit verify --db", "audit verify --export",
         "help", "version")


class Skip(Exception):
    pass


def forms():
    """Each form of a command in durward(1), as words that can be typed."""
    found = []
    for line in re.findall(r"^\.It Ic (.*)$", COMMANDS, re.M):
        words, what, joined = [], "Ic", False
        for w in line.split():
            if w in ("Ic", "Cm", "Fl", "Ar"):
                what = w
            elif w == "Ns":
                joined = True
            elif w not in ("Oo", "Oc", "Op", "...", "options"):
                w = "-" + w if what == "Fl" else WORDS.get(w, "nobody") if what == "Ar" else w
                if joined:
                    words[-1] += w
                else:
                    words.append(w)
                joined = False
        found.append(words)
    return found


def begins(words, heads):
    return any((" ".join(words) + " ").startswith(h + " ") for h in heads)


def setup():
    h = HouseWithHome(tools=("notes",))
    try:
        return furnished(h)
    except BaseException:
        h.close()
        raise


def furnished(h):
    said = h.home.client("94")
    for entity, config in (
            ("sensor/cellar_humidity", {"name": "Cellar humidity", "state_topic": "cellar/humidity",
                                        "unit_of_measurement": "%"}),
            ("fan/cellar", {"name": "Cellar", "state_topic": "cellar/fan", "command_topic": "cellar/fan/set"})):
        said.publish(f"homeassistant/{entity}/config", json.dumps({"unique_id": entity, **config}), retain=True)
    h.start()
    for name in ("light.kitchen_light", "light.hall_light", "light.porch_light", "lock.front_door",
                 "fan.cellar", "sensor.cellar_humidity"):
        wait_entity(h, name)
    for words in (("home", "accept", "--all", "--yes"),
                  ("home", "area", "light.kitchen_light", "Kitchen")):
        r = h.console.run(*words)
        assert r.returncode == 0, r.stderr
    os.mkdir(h.path("desk"))
    h.env = dict(h.console.env, PATH=h.path("bin") + ":" + h.console.env["PATH"])
    away(h)
    return h


def away(h):
    """The same client, for a house that is not there."""
    folder = shutil.copytree(h.console.folder, h.path("client-away"))
    with open(os.path.join(folder, "client.json")) as f:
        where = json.load(f)
    where["port"], where["pairing_port"] = free_port(), free_port()
    with open(os.path.join(folder, "client.json"), "w") as f:
        json.dump(where, f)
    h.away = dict(h.console.env, DURWARD_CLIENT=folder)


def typed(h, words, env=None, given=""):
    return subprocess.run([h.durward, *words], env=env or h.away, cwd=h.path("desk"), text=True,
                          input=given, capture_output=True, timeout=60)


def test_each_form_of_a_command_is_taken(h):
    local = ("init", "run", "restore", "update")
    WORDS["token"] = h.console.json("pair")["token"]
    code = h.console.json("recovery")["code"]
    wanted = [f for f in forms() if not begins(f, local)]
    assert len(wanted) > 100, "the page was read"
    for f in wanted:
        if begins(f, ("model",)):  # These are read once the house answers.
            r = typed(h, f, h.console.env)
            assert r.returncode != 2 and "usage:" not in r.stderr, (f, r.stderr)
            continue
        r = typed(h, f, given=code + "\n" if f[:2] == ["pair", "--host"] else "")
        if begins(f, ALONE):
            assert r.returncode in (0, 1), (f, r.returncode, r.stderr)
        else:
            assert r.returncode == 3, (f, r.returncode, r.stderr)


def test_what_no_form_has_is_wrong_usage(h):
    for f in forms():
        if begins(f, ("init", "run")):
            r = typed(h, [*f, "--nonsense", "x"])
            assert r.returncode == 2 and "'--nonsense'" in r.stderr, (f, r.returncode, r.stderr)
        elif not begins(f, (*FREE, "help", "version", "model")):
            r = typed(h, [*f, "--nonsense", "x"])
            assert r.returncode == 2 and "usage:" in r.stderr, (f, r.returncode, r.stderr)


def test_each_command_and_option_stands_in_the_page(h):
    helped = typed(h, ["help"]).stdout
    commands = set(re.findall(r"^  (\w+) ", helped, re.M))
    assert commands | {"help"} == {f[0] for f in forms()}
    options = set(re.findall(r"(--[a-z-]+)", helped))
    for text in SOURCES.values():
        options |= set(re.findall(r'terminal_(?:option|flag)\([^;]*?"(--[a-z-]+)"', text))
        options |= set(re.findall(r'^    \{"(--[a-z-]+)", (?:offsetof|")', text, re.M))
    named = {w for f in forms() for w in f if w.startswith("--")} | {"--json"}
    assert options - {"--help"} == named, options ^ named
    for variable in set(re.findall(r'getenv\("(\w+)"\)', "".join(SOURCES.values()))):
        if variable not in ("XDG_RUNTIME_DIR", "DURWARD_RUNNER"):  # From the house to itself.
            assert re.search(rf"^\.(It )?Ev .*\b{variable}\b", COMMANDS, re.M), variable


def test_each_command_that_is_named_anywhere_exists():
    known = [" ".join(w for w in f if not w.startswith("-")) for f in forms()]
    heads = {k.split()[0] for k in known}
    twos = {" ".join(k.split()[:2]) for k in known}
    named = re.findall(r"`durward ([a-z]+)(?: ([a-z]+)\b)?", "".join([README, *GITHUB]))
    named += re.findall(r"^    durward ([a-z]+)(?: ([a-z]+)\b)?", README, re.M)
    for page in PAGES.values():
        named += re.findall(r"^\.(?:Ic|Nm|Pq Ic) durward ([a-z]+)(?: ([a-z]+)\b)?", page, re.M)
    assert len(named) > 60
    verbs = ("audit", "clients", "grants", "home", "policy", "secret", "tool", "model", "automation")
    for head, verb in named:
        assert head in heads, head
        assert not verb or head not in verbs or f"{head} {verb}" in twos, (head, verb)


def test_each_path_that_is_named_exists():
    named = re.findall(r"(?<![\w/.])((?:src|scripts|tests|config/man|\.github)/[\w./-]*\w)", "".join(GITHUB))
    for page in PAGES.values():
        named += re.findall(r"^\.(?:It )?Pa ((?:README|scripts|tests|config|\.github)\S*)", page, re.M)
    assert len(named) > 25
    for path in named:
        assert os.path.exists(os.path.join(TOP, path)) or path.endswith("/room.h"), path


def constants():
    """Each #define of a number in src/."""
    found = {}
    for text in SOURCES.values():
        text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S).replace("\\\n", " ")
        for name, value in re.findall(r"^#define ([A-Z_0-9]+) +(.+)$", text, re.M):
            found[name] = re.sub(r"\(int64_t\)|\b(?<=\d)LL\b", "", value)
    return found


def number(name, found):
    value = re.sub(r"[A-Z_]{3,}[A-Z_0-9]*", lambda m: str(number(m[0], found)), found[name])
    assert re.fullmatch(r"[\d+*/() -]+", value), (name, value)
    return eval(value)


def test_each_number_is_the_one_of_the_sources():
    found, checked = constants(), 0
    for name, page in PAGES.items():
        for told, constant in re.findall(r'(\d+)\\" ([A-Z_]+)$', page, re.M):
            assert int(told) == number(constant, found), (name, constant, told)
            checked += 1
    assert checked > 25


def test_each_reason_for_safe_mode_stands_in_the_page():
    table = SOURCES[os.path.join(TOP, "src/judge/safety.h")]
    reasons = re.findall(r'X\(SAFE_\w+, "(\w+)"', table)
    assert len(reasons) == 6
    told = HOUSE[HOUSE.index(".Ss Safe mode"):HOUSE.index(".Ss Backup")]
    assert re.findall(r"^\.It Ic (\w+)$", told, re.M) == reasons


def test_the_pages_are_installed_by_section():
    with open(os.path.join(TOP, "scripts/run")) as f:
        script = f.read()
    put = re.search(r"^put\(\) \{.*?^\}$", script, re.M | re.S)[0]
    install = re.search(r"^\tfor f in config/man/\*; do$.*?^\tdone$", script, re.M | re.S)[0]
    with tempfile.TemporaryDirectory() as root:
        subprocess.run(["bash", "-euc", f'as_root() {{ "$@"; }}\n{put}\nroot=$1\n{install}', "_", root],
                       cwd=TOP, check=True, timeout=60)
        for name, page in PAGES.items():
            with open(os.path.join(root, "usr/local/share/man/man" + name[-1], name)) as f:
                assert f.read() == page
            assert re.search(rf"^\.Dt {re.escape(name[:-2].upper())} {name[-1]}$", page, re.M), name


def test_a_formatter_has_nothing_to_say():
    if shutil.which("groff") is None:
        raise Skip("no groff")
    for name in PAGES:
        r = subprocess.run(["groff", "-mdoc", "-ww", "-Tutf8", "-z", os.path.join(TOP, "config/man", name)],
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        assert r.returncode == 0 and r.stderr == "", (name, r.stderr)


# ---- Manifests ----

def blocks(page):
    return re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed", page, re.M | re.S)


def manifests():
    return [json.loads(b) for b in blocks(MANIFEST) if b.startswith("{")]


def review(h, manifest, given=""):
    """What an owner is shown, or why it is no manifest; nothing is signed."""
    with open(h.path("desk", "tool.json"), "w") as f:
        json.dump(manifest, f)
    return typed(h, ["tool", "add", "tool.json"], h.console.env, given)


def test_the_manifests_are_read(h):
    container, provider = manifests()
    os.mkdir(h.path("letters"))
    container["folders"][0]["from"] = h.path("letters")
    r = review(h, container, "yes\n")  # To the folder.
    shown = r.stdout
    for words in ("processes 8", "*.mail.example.com:465", "hub.lan:80=192.168.1.20", "in MAIL_PASSWORD",
                  "MAIL_KEY_FILE", "/letters, to read", "up to 32 MiB", "reaches the host named in url",
                  "weight: number"):
        assert words in shown, (words, shown, r.stderr)
    assert "spoken to as openai at http://192.168.1.5:8000/v1" in review(h, provider).stdout


def test_members_are_those_of_the_reader():
    known = set()
    for path, text in SOURCES.items():
        if os.path.dirname(path).endswith("/tool"):
            for names in re.findall(r"known\[\] = \{(.*?)\};", text, re.S):
                known |= set(re.findall(r'"(\w+)"', names))
    told = set(re.findall(r"^\.It Cm (\w+)", MANIFEST, re.M))
    inline = set(re.findall(r"^\.Cm (\w+)", MANIFEST, re.M))
    assert len(known) > 30 and known <= told | inline, known - told - inline
    assert told - {"transport"} <= known, told - known


def test_ranges_and_defaults_are_those_of_the_reader(h):
    ranges = re.findall(r"^\.It Cm (\w+) Pq (\d+) to (\d+), (\d+) without it$", MANIFEST, re.M)
    assert len(ranges) == 8
    plain = {k: v for k, v in manifests()[0].items() if k not in ("limits", "idle_s", "warm_s", "folders")}
    shown = review(h, plain).stdout
    said = {"memory_mib": r"memory (\d+) MiB", "pids": r"processes (\d+)", "call_ms": r"call (\d+) ms",
            "net_mib": r"network (\d+) MiB a call", "volume_mib": r"which stays, up to (\d+) MiB",
            "idle_s": r"idle (\d+) s", "warm_s": r"warm (\d+) s"}
    for name, least, most, otherwise in ranges:
        for wrong in (int(least) - 1, int(most) + 1):
            m = {name: wrong} if name.endswith("_s") else {"limits": {name: wrong}}
            assert f"'{name}' must be {least} to {most}" in review(h, {**plain, **m}).stderr, name
        if name in said:
            assert re.search(said[name], shown)[1] == otherwise, name
    assert "/workspace" not in shown


# ---- Examples ----

def test_the_examples_of_the_pages_run(h):
    lines = [line[2:] for page in (COMMANDS, HOUSE) for b in blocks(page) for line in b.splitlines()
             if line.startswith("$ ")]
    assert len(lines) > 20
    for line in lines:
        r = subprocess.run(["sh", "-ec", line.replace("\\e", "\\")], env=h.env, cwd=h.path("desk"), text=True,
                           stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        assert r.returncode == 0, (line, r.stdout, r.stderr)


def at_the_desk(h, line):
    """The exit code, by somebody who says yes to what is asked."""
    s = Screen(["sh", "-c", f"{line}; echo ended $?"], h.env)
    while True:
        m = s.until(r"type yes[^\n]*: |\[y/N\] |^[a-z-]+: \Z|^ended (\d+)$")
        if m[1]:
            s.close()
            return int(m[1]), s.seen
        s.type("y\n" if "[y/N]" in m[0] else "yes\n" if "type yes" in m[0] else "a long password\n")


def test_the_readmes_home_runs(h):
    section = README[README.index("\n## The home\n"):README.index("\n## Models\n")]
    document = re.search(r"^    (\{\"name\".*?\}\})\n\n", section, re.M | re.S)[1]
    with open(h.path("desk", "automation.json"), "w") as f:
        f.write(document)
    lines = re.findall(r"^    (durward .*)$", section, re.M)
    lines += [f"durward {w}" for w in re.findall(r"`durward (home (?:hide|show))`", section)]
    assert len(lines) > 15
    for line in lines:
        words = shlex.split(line, comments=True)
        words = [h.path("desk", "automation.json") if w == "FILE" else w for w in words]
        code, seen = at_the_desk(h, shlex.join(words))
        assert code == 0, (line, seen)


# The last, since the house ends in it.
def test_what_restores_a_backup_stands_in_the_page(h):
    line = re.search(r"^# (durward restore) /var/lib/durward(/core/durward.backup-1)$", HOUSE, re.M)
    slot = h.console.json("backup")["slot"]
    said = h.console.json("runs")["runs"]
    h.console.ask("status")
    assert h.console.run("audit", "verify").returncode == 0, "it is seen, and lost in a moment"
    h.stop()
    os.rename(h.path("state", "core", f"durward.backup-{slot}"), h.path("state") + line[2])
    r = typed(h, [*line[1].split()[1:], h.path("state") + line[2], "--state", h.path("state")])
    assert r.returncode == 0 and ".replaced" in r.stdout, r.stderr
    h.start(tools=False)
    assert h.console.json("runs")["runs"] == said
    r = h.console.run("audit", "verify")
    assert r.returncode == 5 and "restored a backup" in r.stderr, (r.returncode, r.stdout, r.stderr)
    os.remove(os.path.join(h.console.folder, "checkpoint"))
    r = h.console.run("audit", "verify")
    assert r.returncode == 0, r.stderr
