# SPDX-License-Identifier: Apache-2.0
"""The life of a tool: it is added whole or not at all, it is disabled and
stays so, it changes only by what its owner was shown, and leaves nothing."""

import io
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tarfile
import time
from hashlib import sha256

from house import BUILD, TOOLS_USER, TOP, House, wait_for
from rules import ask_to_delete
from wire import Wire


def setup():
    h = House(tools=("notes",)).start()
    h.phone = h.pair("phone", "approver")
    return h


def run(h, *words, ok=True):
    more = ("--no-limits-ok",) if words[:1] == ("add",) else ()
    r = h.console.run("tool", *words, *more)
    assert (r.returncode == 0) == ok, f"{words}: {r.stdout}{r.stderr}"
    return r.stdout if ok else r.stderr


def listed(h):
    return {t["tool"]: t for t in h.console.json("tool")["tools"]}


def kill_house(h):
    h.processes["house"].kill()
    h.processes.pop("house").wait()


def images(h):
    """While an image comes or goes, podman's list may fail."""
    end = time.monotonic() + 60
    while True:
        try:
            return set(h.podman("images", "-aq", "--no-trunc").split())
        except AssertionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def slices(h):
    path = h.path("podman", ".durward-tools", "slices")
    return open(path).read().split() if os.path.exists(path) else []


def rows(h):
    db = sqlite3.connect(f"file:{h.path('state', 'core', 'durward.db')}?mode=ro", uri=True)
    found = {
        "versions": db.execute("SELECT scope, n FROM version WHERE kind='tool'").fetchall(),
        "settings": db.execute("SELECT scope, name FROM setting WHERE name IN"
                               " ('installing', 'wipe')").fetchall()}
    db.close()
    return found


def kinds(h, tool):
    log = h.console.run("audit", "show", "--json").stdout.splitlines()
    bodies = [json.loads(line) for line in log]
    return [b["kind"] for b in bodies if b["kind"].startswith("tool-")
            and (b.get("body", b).get("tool") == tool or b.get("tool") == tool)]


def image_of(folder):
    with open(os.path.join(folder, "tool.json")) as f:
        return json.load(f)["image"]


def nothing_of(h, tool, before):
    """No manifest that counts, no image, no volume, no slice of ids."""
    assert tool not in listed(h), listed(h)
    assert images(h) == before, images(h) ^ before
    assert f"durward-{tool}" not in h.podman("volume", "ls", "-q").split()
    assert tool not in slices(h), slices(h)
    found = rows(h)
    assert tool not in [scope for scope, _ in found["versions"]], found
    assert tool not in [scope for scope, _ in found["settings"]], found
    assert not os.path.exists(h.path("podman", ".durward-tools", "loading"))


# ---- A failed install leaves nothing ----


def test_nothing_is_added_without_a_yes(h):
    before = images(h)
    r = h.console.run("tool", "add", h.package("echo"))
    assert r.returncode == 1 and "nothing was signed" in r.stderr, r.stderr
    assert re.search(r"^function +echo\(text: text up to 60000\) read: it only reads", r.stdout,
                     re.M), r.stdout
    nothing_of(h, "echo", before)


def test_the_review_shows_what_cannot_be_seen(h):
    r = h.console.run("tool", "add", h.package(
        "echo", description="harmless\u202e\nfunction     none\u200b", command=["/program"]))
    line = next(x for x in r.stdout.splitlines() if x.startswith("description"))
    assert "\\u202e" in line and "\\u200b" in line and "function" in line, line


def test_a_bad_manifest_is_refused(h):
    before = images(h)
    words = run(h, "add", h.package("echo", surprise=1), "--yes", ok=False)
    assert "surprise" in words, words
    status, answer = Wire(h, h.console).command("tool.add", {
        "tool": "echo", "digest": "0" * 64, "manifest": "{}", "archive": ""})
    assert status == 400, answer
    nothing_of(h, "echo", before)


def test_an_archive_of_another_image_is_refused_and_gone(h):
    before = images(h)
    folder = h.package("echo", name="mixed", image="sha256:" + "5" * 64)
    words = run(h, "add", folder, "--yes", ok=False)
    assert "another image than the manifest names" in words, words
    nothing_of(h, "mixed", before)
    # One that belongs to another tool stays with it.
    folder = h.package("echo", name="mixed")
    shutil.copy(os.path.join(BUILD, "containers/notes/image.tar"),
                os.path.join(folder, "image.tar"))
    words = run(h, "add", folder, "--yes", ok=False)
    assert "another image than the manifest names" in words, words
    nothing_of(h, "mixed", before)
    assert h.console.ask("save a note: still here")[-1]["reached"] is True


def test_an_archive_that_was_cut_is_refused(h):
    before = images(h)
    folder = h.package("echo")
    archive = os.path.join(folder, "image.tar")
    os.truncate(archive, os.path.getsize(archive) // 2)
    words = run(h, "add", folder, "--yes", ok=False)
    assert "the image cannot be loaded" in words, words
    nothing_of(h, "echo", before)


def test_an_archive_that_the_tools_user_cannot_read_is_told(h):
    before = images(h)
    folder = h.package("echo")
    os.chmod(os.path.join(folder, "image.tar"), 0o600)
    words = run(h, "add", folder, "--yes", ok=False)
    assert "the tools' user cannot read" in words and "others may read" in words, words
    nothing_of(h, "echo", before)


def test_a_vault_that_refuses_leaves_nothing(h):
    """The digest that was signed is not the manifest's: only the vault looks."""
    before = images(h)
    folder = h.package("echo", name="refused")
    with open(os.path.join(folder, "tool.json")) as f:
        text = f.read()
    status, answer = Wire(h, h.console).command("tool.add", {
        "tool": "refused", "digest": "0" * 64, "manifest": text,
        "archive": os.path.join(folder, "image.tar")})
    assert status == 403 and "digest is not the manifest's" in answer["error"], answer

    def swept():
        "the image to go"
        return images(h) == before
    wait_for(swept)
    nothing_of(h, "refused", before)


def test_without_the_tools_half_nothing_is_added():
    with House(tools=()) as h:
        h.start(tools=False)
        words = run(h, "add", h.package("echo"), "--yes", ok=False)
        assert "durward run tools" in words, words
        assert listed(h) == {} and rows(h)["versions"] == []


def test_only_an_owner_changes_tools(h):
    r = h.phone.run("tool", "add", h.package("echo"), "--yes")
    assert r.returncode == 4 and "only an owner" in r.stderr, r.stderr
    r = h.phone.run("tool", "disable", "notes")
    assert r.returncode == 4 and "only an owner" in r.stderr, r.stderr


def slow_podman(h, before_load, after_load):
    """The real one, which takes its time at a load."""
    real = shutil.which("podman")
    os.makedirs(h.path("slow"), exist_ok=True)
    os.chmod(h.path("slow"), 0o755)
    with open(h.path("slow", "podman"), "w") as f:
        f.write("#!/bin/sh\ncase \" $* \" in *\" pull \"*)\n"
                f"echo x >>{h.path('podman', 'loading-now')}; sleep {before_load}\n"
                f"{real} \"$@\"; code=$?\n"
                f"echo x >>{h.path('podman', 'loaded-now')}; sleep {after_load}; exit $code ;;\n"
                f"esac\nexec {real} \"$@\"\n")
    os.chmod(h.path("slow", "podman"), 0o755)
    env = h.podman_env()
    env["PATH"] = h.path("slow") + ":" + os.environ["PATH"]
    h._spawn("tools", TOOLS_USER, "--socket", h.path("run", "tools.sock"),
             "--shim", h.path("bin", "shim"), **env)
    h.wait_up()


def bring_another(h):
    """As somebody else does who uses the same store, and has no part in this."""
    folder = h.package("notes")
    h.load_image(folder)
    return image_of(folder)


def end_the_runner(h, mark):
    before = images(h)
    p = h.console.start("tool", "add", h.package("echo"), "--yes")

    def there():
        "the load to be under way"
        return os.path.exists(h.path("podman", mark))
    wait_for(there)
    before.add(bring_another(h))
    os.kill(h.pids()["runner"], signal.SIGKILL)
    assert p.wait(20) != 0
    words = p.stderr.read()
    assert "restarted while it loaded the image; nothing was added" in words, words

    def tidy():
        "the runner to take it back"
        return h.console.json("tool")["runner"] and images(h) == before and \
            not os.path.exists(h.path("podman", ".durward-tools", "loading"))
    wait_for(tidy, 60)
    nothing_of(h, "echo", before)


def test_a_runner_that_is_killed_before_the_image_is_there_leaves_nothing():
    with House(tools=()) as h:
        h.start_house()
        slow_podman(h, before_load=30, after_load=0)
        end_the_runner(h, "loading-now")


def test_a_runner_that_is_killed_when_the_image_is_there_leaves_nothing():
    with House(tools=()) as h:
        h.start_house()
        slow_podman(h, before_load=0, after_load=30)
        end_the_runner(h, "loaded-now")


def test_what_others_bring_during_a_load_is_left_alone():
    with House(tools=()) as h:
        h.start_house()
        slow_podman(h, before_load=3, after_load=0)

        def add(folder):
            p = h.console.start("tool", "add", folder, "--yes", "--no-limits-ok")

            def there():
                "the load to be under way"
                return os.path.exists(h.path("podman", "loading-now"))
            wait_for(there)
            os.unlink(h.path("podman", "loading-now"))
            return p
        p = add(h.package("echo", name="mixed", image="sha256:" + "5" * 64))
        other = bring_another(h)
        assert p.wait(20) != 0
        words = p.stderr.read()
        assert "another image than the manifest names" in words, words
        assert images(h) == {other}
        h.podman("rmi", "-f", other)
        p = add(h.package("echo"))
        other = bring_another(h)
        assert p.wait(20) == 0, p.stderr.read()
        assert images(h) == {other, image_of(h.package("echo"))}


def test_an_archive_of_the_older_form_is_taken():
    """One of Docker's, which may hold several images: the first is meant."""
    with House(tools=()) as h:
        h.start()
        folder, other = h.package("echo"), h.package("notes")
        for f in (folder, other):
            h.load_image(f)
        made = h.path("podman", "both.tar")
        h.podman("save", "-q", "-m", "-o", made, *(image_of(f)[7:] for f in (folder, other)))
        os.chmod(made, 0o644)
        shutil.move(made, os.path.join(folder, "image.tar"))
        h.podman("rmi", "-f", "-a")
        run(h, "add", folder, "--yes")
        assert images(h) == {image_of(folder)}
        assert h.console.reply("echo both") == "both"


def named(h):
    """The names of the store, and the images that they stand for."""
    rows = h.podman("images", "-a", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")
    return {r.split()[0]: r.split()[1] for r in rows.splitlines() if "<none>" not in r}


def renamed(archive, member, change):
    """The same archive, and other names in it."""
    old = tarfile.open(archive)
    with tarfile.open(archive + ".new", "w") as new:
        for m in old.getmembers():
            data = old.extractfile(m).read() if m.isfile() else b""
            if m.name.lstrip("./") == member:
                data = json.dumps(change(json.loads(data))).encode()
                m.size = len(data)
            new.addfile(m, io.BytesIO(data) if m.isfile() else None)
    os.chmod(archive + ".new", 0o644)
    os.replace(archive + ".new", archive)


def test_the_names_in_an_archive_move_no_image_and_stay_with_none():
    notes, base, new = "localhost/durward-notes:latest", "docker.io/library/base:1", "localhost/new:1"

    def of_oci(index, name):
        index["manifests"][0]["annotations"] = {"org.opencontainers.image.ref.name": name}
        return index

    def of_docker(manifests):
        manifests[0]["RepoTags"] = [notes, new, base]
        return manifests
    with House(tools=()) as h:
        h.start()
        other, folder = h.package("notes"), h.package("echo")
        h.load_image(other)
        h.podman("tag", image_of(other), notes)
        h.podman("tag", image_of(other), base)
        before = named(h)
        assert before[notes] == before[base] == image_of(other), before
        archive = os.path.join(folder, "image.tar")
        for name in (notes, base, new):
            renamed(archive, "index.json", lambda index: of_oci(index, name))
            run(h, "add", folder, "--yes")
            assert h.console.reply("echo here") == "here"
            assert named(h) == before, name
            run(h, "remove", "echo", "--yes")
            assert images(h) == {image_of(other)} and named(h) == before, name
        # The older form, with several; and one whose image is refused.
        h.load_image(folder)
        os.unlink(archive)
        made = h.path("podman", "made.tar")
        h.podman("save", "-q", "--format", "docker-archive", "-o", made, image_of(folder)[7:])
        h.podman("rmi", "-f", image_of(folder))
        shutil.move(made, archive)
        renamed(archive, "manifest.json", of_docker)
        bad = h.package("echo", name="mixed", image="sha256:" + "5" * 64)
        shutil.copy(archive, os.path.join(bad, "image.tar"))
        assert "another image" in run(h, "add", bad, "--yes", ok=False)
        assert images(h) == {image_of(other)} and named(h) == before
        run(h, "add", folder, "--yes")
        assert h.console.reply("echo here") == "here" and named(h) == before


def test_an_archive_in_a_path_that_podman_cannot_read_is_told():
    with House(tools=()) as h:
        h.start()
        folder = shutil.move(h.package("echo"), h.path("a:b"))
        words = run(h, "add", folder, "--yes", ok=False)
        assert "move the folder to another place" in words, words
        nothing_of(h, "echo", set())


def test_an_image_that_a_cut_load_left_broken_is_taken_away():
    """As a kill between the image and its parts leaves it: podman cannot even
    list the store any more."""
    with House(tools=()) as h:
        h.start()
        folder = h.package("echo")
        h.load_image(folder)
        h.stop()
        store = h.path("podman", ".local/share/containers/storage/overlay-images")
        with open(os.path.join(store, "images.json")) as f:
            found = json.load(f)
        for name in [n for n in found[0] if n.startswith("big-data-")]:
            del found[0][name]
        with open(os.path.join(store, "images.json"), "w") as f:
            json.dump(found, f)
        loading = h.path("podman", ".durward-tools", "loading")
        with open(loading, "w") as f:
            f.write(image_of(folder))
        shutil.chown(loading, TOOLS_USER, TOOLS_USER)
        h.start_house()
        h.start_tools()
        h.wait_up()

        def tidy():
            "the broken image to go"
            return not os.path.exists(loading)
        wait_for(tidy, 60)
        assert images(h) == set()
        run(h, "add", folder, "--yes")
        assert h.console.reply("echo whole") == "whole"


def test_a_house_that_is_killed_at_any_moment_has_the_tool_or_nothing_of_it():
    with House(tools=()) as h:
        h.start()
        before, folder = images(h), h.package("echo")
        began = time.monotonic()
        run(h, "add", folder, "--yes")
        took, seen = time.monotonic() - began, set()
        run(h, "remove", "echo", "--yes")
        for part in (0.1, 0.3, 0.5, 0.7, 0.9, 1.1):
            delay = part * took
            p = h.console.start("tool", "add", folder, "--yes")
            time.sleep(delay)
            kill_house(h)
            told = p.wait(60) == 0
            h.start_house()
            h.wait_up()
            there = "echo" in listed(h)
            assert there or not told, f"after {delay} s it was told, and is not there"
            seen.add(there)
            if there:
                assert listed(h)["echo"]["state"] == "signed"
                run(h, "exempt", "echo")
                assert h.console.reply("echo here") == "here"
                run(h, "remove", "echo", "--yes")

            def settled():
                "what was left to be deleted"
                return images(h) == before
            wait_for(settled, 60)
            nothing_of(h, "echo", before)
        assert h.console.run("audit", "verify").returncode == 0
        print("# killed while a tool was added: " +
              ("both ends were seen" if len(seen) == 2 else f"only {seen} was seen"))


def test_a_tool_that_only_the_vault_knows_is_told_and_can_be_removed():
    """As with a database from before it was added."""
    with House(tools=()) as h:
        h.start()
        folder = h.package("echo")
        run(h, "add", folder, "--yes")
        h.stop()
        db = sqlite3.connect(h.path("state", "core", "durward.db"))
        for table in ("version", "active"):
            db.execute(f"DELETE FROM {table} WHERE kind='tool'")
        db.commit()
        db.close()
        h.start_house()
        h.start_tools()
        h.wait_up()
        assert listed(h)["echo"]["state"] == "missing"
        assert "its manifest is not here" in run(h)
        assert image_of(folder) in images(h), "nothing is deleted by a table that is not ours"
        run(h, "disable", "echo")
        assert listed(h) == {}
        run(h, "add", folder, "--yes")
        assert h.console.reply("echo again") == "again"


# ---- Disabled ----


def last_of(p):
    """What a run that must end came to."""
    def ended():
        "the end of the run"
        return p.poll() is not None
    wait_for(ended)
    return [json.loads(line) for line in p.stdout.read().splitlines()][-1]


def make_disabled(h):
    if listed(h)["notes"]["state"] != "disabled":
        run(h, "disable", "notes")


def container_of(h, tool):
    return h.podman("ps", "-q", f"--filter=label=durward.tool={tool}").split()


def test_a_disabled_tool_does_nothing_and_says_why(h):
    assert h.console.ask("save a note: before")[-1]["reached"] is True
    p, act = ask_to_delete(h, "open")
    assert container_of(h, "notes")
    run(h, "disable", "notes")
    last = last_of(p)
    assert "the tool was disabled" in last["reply"], last
    assert listed(h)["notes"]["state"] == "disabled"
    assert "disabled" in run(h)

    def ended():
        "its container to end"
        return not container_of(h, "notes")
    wait_for(ended)
    reply = h.console.reply("list notes")
    assert "the tool 'notes' is disabled; 'durward tool enable notes'" in reply, reply
    assert run(h, "disable", "notes", ok=False).count("disabled already") == 1


def test_a_disabled_tool_stays_disabled_over_a_stop_and_a_kill(h):
    h.stop()
    h.start_house()
    h.start_tools()
    h.wait_up()
    assert listed(h)["notes"]["state"] == "disabled"
    kill_house(h)
    h.start_house()
    h.wait_up()
    assert listed(h)["notes"]["state"] == "disabled"
    assert "is disabled" in h.console.reply("list notes")
    assert not container_of(h, "notes")


def test_an_enabled_tool_goes_on_with_what_it_had(h):
    make_disabled(h)
    r = h.console.run("tool", "enable", "notes")
    assert r.returncode == 1 and "sign this manifest" in r.stdout, r.stdout
    run(h, "enable", "notes", "--yes")
    assert listed(h)["notes"]["state"] == "signed"
    assert "before" in h.console.reply("list notes")
    assert "is not disabled" in run(h, "enable", "notes", "--yes", ok=False)
    assert kinds(h, "notes")[-2:] == ["tool-disabled", "tool-enabled"], kinds(h, "notes")


def test_only_what_was_disabled_is_enabled(h):
    make_disabled(h)
    with open(os.path.join(h.package("notes", version="3"), "tool.json")) as f:
        text = f.read()
    status, answer = Wire(h, h.console).command("tool.enable", {
        "tool": "notes", "digest": sha256(text.encode()).hexdigest(), "manifest": text})
    assert status == 403 and "not the manifest that was disabled" in answer["error"], answer
    assert listed(h)["notes"]["state"] == "disabled"
    run(h, "enable", "notes", "--yes")


# ---- Updated, and back ----


def another_image(h, name):
    """The same program in another image."""
    folder = h.path("made-" + name)
    os.mkdir(folder)
    shutil.copy(os.path.join(BUILD, "containers", name, "program"), folder)
    with open(h.path("etc-extra"), "w") as f:
        f.write("another image\n")
    subprocess.run([os.path.join(TOP, "scripts/make-image"), name, folder,
                    os.path.join(TOP, "containers", name, "tool.json.in"), h.path("etc-extra")],
                   check=True)
    return folder


def test_an_update_shows_what_is_different(h):
    h.two = h.package(another_image(h, "notes"), version="2", network=["api.example.com:443"],
                      secrets=[{"name": "notes-key", "env": "NOTES_KEY"}])
    r = h.console.run("tool", "update", h.two)
    assert r.returncode == 1 and "nothing was signed" in r.stderr, r.stderr
    told = r.stdout.split("It replaces version 1. What is different:\n")[1].splitlines()
    for line in ("- network      none: it reaches nothing", "+ network      api.example.com:443",
                 "- secret       none", "+ secret       notes-key in NOTES_KEY",
                 "+ port         443, of hosts that it may reach"):
        assert line in told, told
    assert not [x for x in told if "function" in x], told
    assert listed(h)["notes"]["version"] == "1"


def test_an_update_takes_the_place_of_what_was_there(h):
    h.two = h.package(h.two, network=[], secrets=[])
    run(h, "update", h.two, "--yes")
    assert listed(h)["notes"]["version"] == "2"
    assert "before" in h.console.reply("list notes")
    assert image_of(h.two) in images(h)
    assert "no such tool" in run(h, "update", h.package("echo"), "--yes", ok=False)


def test_back_is_the_version_before(h):
    r = h.console.run("tool", "rollback", "notes")
    assert r.returncode == 1 and "It replaces version 2" in r.stdout, r.stdout
    run(h, "rollback", "notes", "--yes")
    assert listed(h)["notes"]["version"] == "1"
    assert "before" in h.console.reply("list notes")
    assert "no such version" in run(h, "rollback", "notes", "--yes", ok=False)
    run(h, "rollback", "notes", "--to", "2", "--yes")
    h.stop()
    h.start_house()
    h.start_tools()
    h.wait_up()
    assert listed(h)["notes"]["version"] == "2"
    run(h, "rollback", "notes", "--to", "1", "--yes")
    assert kinds(h, "notes")[-1] == "tool-rolled-back"


def test_a_tool_is_shown_as_it_was_reviewed(h):
    shown = run(h, "show", "notes")
    assert re.search(r"^state +signed$", shown, re.M), shown
    assert re.search(r"^version +1, sha256:[0-9a-f]{12}\.\.\., signed by console \(active\)$", shown,
                     re.M), shown
    assert re.search(r"^function +delete\(.*\) system: .* asks each time$", shown, re.M), shown


# ---- Removed ----


def test_nothing_is_removed_without_a_yes(h):
    r = h.console.run("tool", "remove", "notes")
    assert r.returncode == 1 and "nothing was removed" in r.stderr, r.stderr
    assert "for good" in r.stdout, r.stdout
    assert "notes" in listed(h)


def test_what_is_kept_is_there_again(h):
    run(h, "remove", "notes", "--keep-data", "--yes")
    assert "notes" not in listed(h)
    assert "there is no tool 'notes'" in h.console.reply("list notes")
    assert "durward-notes" in h.podman("volume", "ls", "-q").split()
    run(h, "add", h.package("notes"), "--yes")
    assert "before" in h.console.reply("list notes")


def test_a_removed_tool_leaves_nothing_and_the_log_had_it_before(h):
    run(h, "update", h.two, "--yes")
    both = {image_of(h.two), image_of(os.path.join(BUILD, "containers/notes"))}
    assert both <= images(h) and "notes" in slices(h)
    run(h, "remove", "notes", "--yes")
    nothing_of(h, "notes", images(h) - both)
    assert kinds(h, "notes")[-3:] == ["tool-removed", "tool-data-deleting", "tool-data-deleted"]
    assert h.console.run("audit", "verify").returncode == 0


def test_added_again_it_starts_clean(h):
    run(h, "add", h.package("notes"), "--yes")
    assert "before" not in h.console.reply("list notes")
    assert h.console.ask("save a note: anew")[-1]["reached"] is True
    versions = h.console.json("tool", "show", "notes")["versions"]
    assert [v["n"] for v in versions] == [1], versions


def test_what_is_removed_while_the_tools_half_is_away_is_deleted_when_it_is_back(h):
    image = image_of(os.path.join(BUILD, "containers/notes"))
    p = h.processes.pop("tools")
    runner = h.pids().get("runner")
    p.terminate()
    p.wait()

    def away():
        "the runner to be away"
        return not h.console.json("tool")["runner"]
    wait_for(away)
    wait_for(lambda: runner is None or not os.path.exists(f"/proc/{runner}"))
    told = run(h, "remove", "notes", "--yes")
    assert "deleted as soon as the tools' half" in told, told
    assert listed(h)["notes"]["state"] == "removed"
    words = run(h, "add", os.path.join(h.package("notes"), "tool.json"), "--yes", ok=False)
    assert "still to be deleted" in words, words
    kill_house(h)
    h.start_house()
    h.start_tools()
    h.wait_up()

    def gone():
        "the data to be deleted"
        return "notes" not in listed(h)
    wait_for(gone)
    assert image not in images(h)
    nothing_of(h, "notes", images(h))
