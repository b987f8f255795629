# SPDX-License-Identifier: Apache-2.0
"""A house in one file: backed up while it works, brought back on what is another
machine to it, and every file that is not the one that was written refused."""

import fcntl
import json
import os
import pty
import pwd
import shutil
import stat
import subprocess

from house import BUILD, HOUSE_USER, House, as_user

KEEPER = os.path.join(BUILD, "test-containers", "keeper")
PASSPHRASE = "five wide rivers run north"
SECRET = "canary-of-the-secret-8217"
NOTE = "canaryofthenote4711"


def given(h, words, name="passphrase"):
    path = h.path(name)
    with open(path, "w") as f:
        f.write(words + "\n")
    return path


def durward(h, *args):
    """As root, like somebody with sudo."""
    return subprocess.run([h.durward, *args], text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=120)


def back_up(h, to, *more, words=PASSPHRASE):
    return durward(h, "backup", "--to", to, "--passphrase-file", given(h, words),
                   "--state", h.path("state"), "--tools", h.path("podman"), *more)


def restore(h, file, *more, words=PASSPHRASE):
    return durward(h, "restore", file, "--passphrase-file", given(h, words),
                   "--state", h.path("state"), "--tools", h.path("podman"), *more)


def keeper(h):
    """The test's tool that has a secret, under a name that goals lead to."""
    folder = h.path("tool-echo")
    os.mkdir(folder)
    with open(os.path.join(KEEPER, "tool.json")) as f:
        m = json.load(f)
    m.update(name="echo", command=["/program", "echo"], secrets=[{"name": "door", "env": "DOOR"}],
             functions={"echo": {"effect": "read", "args": {
                 "text": {"type": "string", "required": True, "max": 200}}}})
    with open(os.path.join(folder, "tool.json"), "w") as f:
        json.dump(m, f)
    shutil.copy(os.path.join(KEEPER, "image.tar"), folder)
    return folder


def result(c, goal):
    done = [e for e in c.ask(goal) if e["kind"] in ("done", "failed")]
    return done[-1].get("result", "")


def setup():
    h = House(tools=("notes",))
    try:
        h.start()
        r = subprocess.run([h.durward, "secret", "set", "door"], env=h.console.env,
                           input=SECRET, text=True, capture_output=True)
        assert r.returncode == 0, r.stderr
        h.add_tool(keeper(h))
        h.laptop = h.pair("laptop", "owner")
        h.console.ask("save a note: " + NOTE)
        h.secret = result(h.console, "echo DOOR")
        h.file = h.path("house.backup")
        r = back_up(h, h.file)
        assert r.returncode == 0, r.stderr
        assert "1 volume" in r.stdout, r.stdout
        return h
    except BaseException:
        h.close()
        raise


def tree(folder):
    """Every name below, with what it is and holds."""
    found = {}
    for d, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(d, name)
            st = os.lstat(path)
            data = b""
            if stat.S_ISREG(st.st_mode):
                with open(path, "rb") as f:
                    data = f.read()
            found[os.path.relpath(path, folder)] = (st.st_mode, st.st_uid, st.st_gid, data)
    return found


def move_in(h, other):
    """The clients of one house, for its revival in another root."""
    for c in ("console", "laptop"):
        shutil.rmtree(other.path("client-" + c), ignore_errors=True)
        folder = shutil.copytree(h.path("client-" + c), other.path("client-" + c))
        with open(os.path.join(folder, "client.json")) as f:
            where = json.load(f)
        where["port"], where["pairing_port"] = other.port, other.pairing_port
        with open(os.path.join(folder, "client.json"), "w") as f:
            json.dump(where, f)


def test_a_house_is_whole_again_on_another_machine(h):
    with House(tools=()) as other:
        shutil.rmtree(other.path("state"))
        other._folder("state", HOUSE_USER)
        r = restore(other, h.file)
        assert r.returncode == 0, r.stderr
        for folder in ("vault", "core"):
            st = os.stat(other.path("state", folder))
            assert st.st_uid == pwd.getpwnam(HOUSE_USER).pw_uid and st.st_mode & 0o777 == 0o700
        for name in ("root.key", "root.crt", "tls.key", "trust.json", "secrets.json", "kek"):
            was, now = (os.stat(x.path("state", "vault", name)) for x in (h, other))
            assert (was.st_mode, was.st_uid) == (now.st_mode, now.st_uid), name
        with open(h.path("state", "vault", "root.crt")) as a, \
                open(other.path("state", "vault", "root.crt")) as b:
            assert a.read() == b.read(), "it is the same box"
        move_in(h, other)
        laptop = type(other.console)(other, "laptop")
        other.load_image(KEEPER)
        other.start()
        other.add_tool("notes")
        assert result(laptop, "echo DOOR") == h.secret
        assert laptop.reply("read the note " + NOTE) == NOTE
        assert laptop.run("audit", "verify").returncode == 0
        assert other.console.run("doctor").returncode in (0, 1)
        replaced = other.path("state", "core.replaced")
        assert not os.path.exists(replaced), "there was nothing before"


def test_nothing_of_it_stands_in_the_file_in_the_open(h):
    with open(h.file, "rb") as f:
        data = f.read()
    with open(h.path("state", "vault", "kek"), "rb") as f:
        kek = f.read()
    with open(h.path("state", "vault", "root.key"), "rb") as f:
        root = f.read().splitlines()[1]
    for what in (SECRET.encode(), kek, kek.hex().encode(), NOTE.encode(), NOTE.encode().hex().encode(),
                 root, b"SQLite format", b"trust.json", b"durward.db", b"laptop", PASSPHRASE.encode()):
        assert what not in data, what
    st = os.stat(h.file)
    assert st.st_mode & 0o777 == 0o600
    assert not os.path.exists(h.file + ".new")
    assert not os.path.exists(h.path("state", "core", "durward.out.tmp"))


def test_what_is_not_that_file_is_refused_and_nothing_is_touched(h):
    with House(tools=()) as other:
        with open(h.file, "rb") as f:
            whole = f.read()
        before = tree(other.path("state")), tree(other.path("podman"))

        def refused(data, word, words=PASSPHRASE):
            path = other.path("file.backup")
            with open(path, "wb") as f:
                f.write(data)
            r = restore(other, path, words=words)
            assert r.returncode == 1 and word in r.stderr, (r.returncode, r.stderr)
            assert r.stderr.count("\n") == 1, r.stderr
            now = tree(other.path("state")), tree(other.path("podman"))
            assert now[0] == before[0], "the state"
            # Slices of ids and folders of volumes are made, and nothing is in them.
            assert {k: v for k, v in now[1].items() if k in before[1]} == before[1]
            assert not any("durward-notes" in k for k in now[1]), now[1].keys()

        head, piece = 56, 65536 + 16
        refused(whole, "does not open", words="five wide rivers run south")
        refused(whole[:-1], "cut short or was changed")
        refused(whole[:head + piece], "cut short or was changed")
        refused(whole[:head], "cut short or was changed")
        refused(whole[:40], "damaged or no backup")
        refused(whole + b"x", "cut short or was changed")
        changed = bytearray(whole)
        changed[-40] ^= 1
        refused(bytes(changed), "cut short or was changed")
        swapped = whole[:head] + whole[head + piece:head + 2 * piece] + \
            whole[head:head + piece] + whole[head + 2 * piece:]
        assert len(swapped) == len(whole) > head + 2 * piece
        refused(swapped, "cut short or was changed")
        newer = bytearray(whole)
        newer[19] = 2
        refused(bytes(newer), "newer version")
        refused(b"a letter", "no backup")


def test_a_running_house_is_not_replaced_and_goes_on(h):
    r = restore(h, h.file)
    assert r.returncode == 1 and "stop the house first" in r.stderr, r.stderr
    assert h.console.run("audit", "verify").returncode == 0
    assert not os.path.exists(h.path("state", "restore.tmp"))


def test_the_key_of_the_secrets_can_be_left_out(h):
    file = h.path("without.backup")
    r = back_up(h, file, "--without-keys", "--without-volumes")
    assert r.returncode == 0 and "key of the secrets is not in it" in r.stdout, r.stdout + r.stderr
    with House(tools=()) as other:
        shutil.copy(h.path("state", "vault", "kek"), other.path("kept"))
        r = restore(other, file)
        assert r.returncode == 0 and "key of the secrets was not in it" in r.stdout, r.stdout
        assert not os.path.exists(other.path("state", "vault", "kek"))
        assert os.path.exists(other.path("state", "vault.replaced", "root.key")), "what was there stays"
        assert os.path.exists(other.path("state", "core.replaced", "policy"))
        move_in(h, other)
        other.start(tools=False)
        said = other.console.run("secret", "list")
        assert "missing" in said.stdout + said.stderr, said
        other.stop()
        kek = shutil.copy(other.path("kept"), other.path("state", "vault", "kek"))
        os.chmod(kek, 0o600)
        shutil.chown(kek, HOUSE_USER, HOUSE_USER)
        other.start(tools=False)
        listed = other.console.json("secret", "list")
        assert [s["name"] for s in listed["secrets"]] == ["door"] and not listed.get("error"), listed


def test_a_restore_that_was_cut_short_is_ended_and_no_half_house_starts(h):
    with House(tools=()) as other:
        assert restore(other, h.file, "--without-volumes").returncode == 0
        move_in(h, other)

        def cut_short():
            """As a kill behind the rename leaves it."""
            folder = other.path("state", "restore")
            os.mkdir(folder, 0o700)
            shutil.chown(folder, HOUSE_USER, HOUSE_USER)
            for name in ("core", "vault"):
                shutil.rmtree(other.path("state", name + ".replaced"))
                os.rename(other.path("state", name), os.path.join(folder, name))
            return folder
        folder = cut_short()
        other.start(tools=False)
        assert not os.path.exists(folder), "the start ended it"
        assert other.console.run("audit", "verify").returncode == 0
        other.stop()

        os.mkdir(other.path("state", "core.replaced"))
        os.mkdir(other.path("state", "vault.replaced"))
        folder = cut_short()
        with open(os.path.join(folder, "volumes"), "w") as f:
            f.write(other.path("podman") + "\nnotes\n")
        shutil.chown(os.path.join(folder, "volumes"), HOUSE_USER, HOUSE_USER)
        volumes = other.path("podman", ".local/share/containers/storage/volumes")
        os.makedirs(os.path.join(volumes, "durward-notes.restore", "_data"))
        other.start_house()
        other.wait_log("run 'durward restore' as root to end it")
        other.stop()
        assert os.path.exists(folder)
        r = durward(other, "restore", "--state", other.path("state"))
        assert r.returncode == 0, r.stderr
        assert not os.path.exists(folder) and os.listdir(volumes) == ["durward-notes"]
        other.start(tools=False)
        assert other.console.run("audit", "verify").returncode == 0


def test_no_new_box_is_made_beside_a_restore_that_waits(h):
    with House(tools=()) as other:
        state = other.path("state")
        shutil.rmtree(other.path("state", "vault.replaced"), ignore_errors=True)
        # As a kill between the vault that goes and the one that comes leaves it.
        restoring = other.path("state", "restore")
        os.mkdir(restoring, 0o700)
        shutil.chown(restoring, HOUSE_USER, HOUSE_USER)
        shutil.copytree(other.path("state", "vault"), os.path.join(restoring, "vault"))
        os.rename(other.path("state", "vault"), other.path("state", "vault.replaced"))
        before = tree(state)
        console = other.path("client-new")

        def init(*args):
            return subprocess.run([h.durward, "init", "--state", state, "--policy",
                                   other.path("state", "core", "policy"), *args], text=True,
                                  capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        for args in (("--console", console), ("--owner", "-")):
            r = init(*args)
            assert tree(state) == before and not os.path.exists(console)
            assert r.returncode == 1 and "durward restore" in r.stderr, r.stderr
        r = durward(other, "restore", "--state", state)
        assert r.returncode == 0 and not os.path.exists(restoring), r.stderr
        r = init("--console", console)
        assert r.returncode == 1 and "restore" not in r.stderr, "there is a box already"


def test_a_passphrase_is_asked_for_twice_and_unseen(h):
    def typed(*lines):
        ours, theirs = pty.openpty()
        p = subprocess.Popen([h.durward, "backup", "--to", h.path("typed.backup"), "--state", h.path("state"),
                              "--without-volumes"], stdin=theirs, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
        for line in lines:
            asked = b""
            while not asked.endswith(b": "):
                more = os.read(p.stderr.fileno(), 100)
                assert more, asked
                asked += more
            os.write(ours, line.encode() + b"\n")
        out, err = p.communicate(timeout=60)
        os.set_blocking(ours, False)
        try:
            shown = os.read(ours, 1000)
        except BlockingIOError:
            shown = b""
        for fd in (ours, theirs):
            os.close(fd)
        assert b"rivers" not in shown + out + err
        return p.returncode, err.decode()
    assert typed("short")[0] == 1
    code, said = typed(PASSPHRASE, PASSPHRASE + "!")
    assert code == 1 and "not the same" in said, said
    assert not os.path.exists(h.path("typed.backup"))
    assert typed(PASSPHRASE, PASSPHRASE)[0] == 0
    assert os.path.exists(h.path("typed.backup"))


def test_what_cannot_be_written_leaves_the_file_of_before(h):
    file = h.path("before.backup")
    with open(file, "w") as f:
        f.write("the one of before")
    os.rename(h.path("state", "vault", "trust.json"), h.path("trust.json"))
    os.symlink("/etc/passwd", h.path("state", "vault", "trust.json"))
    try:
        r = back_up(h, file)
    finally:
        os.unlink(h.path("state", "vault", "trust.json"))
        os.rename(h.path("trust.json"), h.path("state", "vault", "trust.json"))
    assert r.returncode == 1 and "vault" in r.stderr, r.stderr
    r = durward(h, "backup", "--to", file, "--passphrase-file", given(h, PASSPHRASE), "--state",
                h.path("state"), "--tools", h.path("nowhere"))
    assert r.returncode == 1 and "no such home" in r.stderr, "volumes are not left out in silence"
    with open(file) as f:
        assert f.read() == "the one of before"
    assert not os.path.exists(file + ".new")


def test_two_backups_at_once_leave_the_file_whole(h):
    file = h.path("shared.backup")
    with open(file, "w") as f:
        f.write("the one of before")
    with open(file + ".new", "w") as f:
        f.write("what another one writes")
        f.flush()
        fcntl.flock(f, fcntl.LOCK_EX)
        r = back_up(h, file)
        assert r.returncode == 1 and "another backup to" in r.stderr, r.stdout + r.stderr
        with open(file + ".new") as new:
            assert new.read() == "what another one writes"
    os.unlink(file + ".new")
    vault = os.open(h.path("state", "vault"), os.O_RDONLY)
    try:
        fcntl.flock(vault, fcntl.LOCK_EX)
        r = back_up(h, file)
    finally:
        os.close(vault)
    assert r.returncode == 1 and "another backup of" in r.stderr, r.stderr
    with open(file) as f:
        assert f.read() == "the one of before"
    assert not os.path.exists(file + ".new")
    r = back_up(h, file)
    assert r.returncode == 0, r.stderr


def test_a_house_of_one_user_needs_no_root_but_for_volumes(h):
    def as_house(house, *args):
        return subprocess.run([house.durward, *args, "--passphrase-file", words, "--state", house.path("state"),
                               "--tools", house.path("podman")], text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=120, **as_user(HOUSE_USER))
    words = given(h, PASSPHRASE, "words")
    os.chmod(words, 0o644)
    file = h.path("run", "own.backup")
    r = as_house(h, "backup", "--to", file)
    assert r.returncode == 1 and "run as root" in r.stderr and not os.path.exists(file), r.stderr
    r = as_house(h, "backup", "--to", file, "--without-volumes")
    assert r.returncode == 0 and "0 volume" in r.stdout, r.stderr
    with House(tools=()) as other:
        shutil.copy(h.file, other.path("run", "all.backup"))
        os.chmod(other.path("run", "all.backup"), 0o644)
        before = tree(other.path("state"))
        r = as_house(other, "restore", other.path("run", "all.backup"))
        assert r.returncode == 1 and "--without-volumes" in r.stderr, r.stderr
        assert tree(other.path("state")) == before
        r = as_house(other, "restore", file, "--without-volumes")
        assert r.returncode == 0, r.stderr
        move_in(h, other)
        other.start(tools=False)
        assert other.console.run("audit", "verify").returncode == 0


def test_a_volume_holds_nothing_of_others(h):
    data = h.path("podman", ".local/share/containers/storage/volumes/durward-notes/_data")
    uid = os.stat(data).st_uid
    with open(h.path("shadow"), "w") as f:
        f.write("root's own")
    os.link(h.path("shadow"), os.path.join(data, "hard"))
    os.symlink(h.path("shadow"), os.path.join(data, "soft"))
    os.chown(os.path.join(data, "soft"), uid, uid, follow_symlinks=False)
    os.mkfifo(os.path.join(data, "pipe"))
    os.chown(os.path.join(data, "pipe"), uid, uid)
    file = h.path("hostile.backup")
    try:
        r = back_up(h, file)
        told = json.loads(back_up(h, file, "--json").stdout)
    finally:
        for name in ("hard", "soft", "pipe"):
            os.unlink(os.path.join(data, name))
    assert r.returncode == 0 and "2 file(s) of volumes are left out" in r.stdout, r.stdout + r.stderr
    assert told["left_out"] == 2 and told["volumes"] == 1 and told["key"] is True, told
    with House(tools=()) as other:
        r = restore(other, file)
        assert r.returncode == 0, r.stderr
        came = other.path("podman", ".local/share/containers/storage/volumes/durward-notes/_data")
        assert sorted(os.listdir(came)) == sorted(os.listdir(data) + ["soft"])
        assert os.readlink(os.path.join(came, "soft")) == h.path("shadow"), "it is a name, not what it names"
        assert {os.lstat(os.path.join(came, n)).st_uid for n in os.listdir(came)} == {uid}


def test_a_tool_cannot_fill_the_disk_by_a_backup(h):
    data = h.path("podman", ".local/share/containers/storage/volumes/durward-notes/_data")
    uid = os.stat(data).st_uid
    hole = os.path.join(data, "hole")
    file = h.path("holes.backup")
    with open(hole, "w") as f:
        f.truncate(100 * 1024 * 1024)
    os.chown(hole, uid, uid)
    try:
        r = back_up(h, file)
        assert r.returncode == 1 and "the volume of notes" in r.stderr and "holes" in r.stderr, r.stderr
        assert not os.path.exists(file) and not os.path.exists(file + ".new")
        os.truncate(hole, 1024 * 1024)
        r = back_up(h, file)
        assert r.returncode == 0 and "1 volume" in r.stdout, r.stderr
    finally:
        os.unlink(hole)
