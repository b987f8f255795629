# SPDX-License-Identifier: Apache-2.0
"""An owner gives a folder to the tool `files`: what it can do there, what it
cannot, and what the owner can do afterwards."""

import json
import os
import stat
import struct
import subprocess
import threading

from house import BUILD, TOOLS_USER, Client, House, wait_for
from proposals import call
from rules import finish
from wire import Wire, sha

FILES = os.path.join(BUILD, "containers", "files")
OWNER, OTHER = 61234, 61235  # Users without a name.


class OwnClient(Client):
    """A client that runs as a user of its own, in its own home."""

    def __init__(self, house, name, uid):
        super().__init__(house, name)
        self.uid = uid

    def run(self, *args, **kw):
        return super().run(*args, user=self.uid, group=self.uid, extra_groups=[], cwd="/", **kw)


def own(path, uid, mode):
    os.chown(path, uid, uid, follow_symlinks=False)
    if not os.path.islink(path):
        os.chmod(path, mode)


def put(path, text, uid=OWNER, mode=0o644):
    with open(path, "w") as f:
        f.write(text)
    own(path, uid, mode)


def make_homes(h):
    """A home that is its owner's alone, as Debian makes it, and another."""
    h.home, h.docs = h.path("alice"), h.path("alice", "My letters")
    h.other = h.path("bob")
    for path, uid in ((h.home, OWNER), (h.docs, OWNER), (h.other, OTHER),
                      (os.path.join(h.docs, "sub"), OWNER)):
        os.mkdir(path)
        own(path, uid, 0o755)
    own(h.home, OWNER, 0o700)
    own(h.other, OTHER, 0o700)
    put(os.path.join(h.home, "outside.txt"), "of alice alone")
    put(os.path.join(h.other, "bob.txt"), "of bob alone", OTHER)
    fill(h.docs)


def fill(docs):
    put(os.path.join(docs, "a.txt"), "first\nsecond line\n")
    put(os.path.join(docs, "closed.txt"), "for nobody else", mode=0o600)
    put(os.path.join(docs, "sub", "b.txt"), "deep words\n")
    put(os.path.join(docs, "picture"), "\0\1\2")
    put(os.path.join(docs, "long.txt"), "0123456789ä" * 5000)
    with open(os.path.join(docs, "latin.txt"), "wb") as f:
        f.write(b"caf\xe9\n")
    for name, to in (("up", ".."), ("etc", "/etc"), ("root", "/"), ("hosts", "/etc/hosts"),
                     ("self", "/proc/self"), ("here", "."), ("out.txt", "../outside.txt")):
        os.symlink(to, os.path.join(docs, name))
    os.link(os.path.join(docs, "..", "outside.txt"), os.path.join(docs, "second-name.txt"))
    os.mkfifo(os.path.join(docs, "pipe"))
    os.mknod(os.path.join(docs, "disk"), 0o666 | stat.S_IFBLK, os.makedev(7, 0))
    os.mkdir(os.path.join(docs, "swap"))
    put(os.path.join(docs, "swap", "hosts"), "mine")
    for name in os.listdir(docs):
        if name not in ("closed.txt", "disk"):
            own(os.path.join(docs, name), OWNER, 0o755 if name in ("sub", "swap") else 0o644)


def setup():
    h = House(binary="probe-badmind", tools=("echo",))
    make_homes(h)
    h.start()
    h.load_image(FILES)
    r = h.console.run("pair", "--role", "owner", "--json")
    h.alice = OwnClient(h, "alice", OWNER)
    os.mkdir(h.alice.folder, 0o700)
    os.chown(h.alice.folder, OWNER, OWNER)
    assert h.alice.pair(json.loads(r.stdout)["token"], "alice").returncode == 0
    h.refused = give(h, h.docs, yes=False)
    r = give(h, h.docs)
    assert r.returncode == 0, r.stderr
    h.given = r.stdout
    return h


def give(h, folder, yes=True, client=None):
    words = ["tool", "add", os.path.join(FILES, "tool.json"), "--folder", folder, "--no-limits-ok"]
    return (client or h.alice).run(*words, *(["--yes"] if yes else []))


def act(h, function, **args):
    """What became of it, and the words."""
    entries = h.console.ask(json.dumps(call("files." + function, args, 0)))
    end = [e for e in entries if e["kind"] in ("done", "failed", "denied")][0]
    # Of a long result the log has the digest.
    return end["kind"], end.get("result") or entries[-1]["reply"]


def done(h, function, **args):
    kind, words = act(h, function, **args)
    assert kind == "done", words
    return words


def failed(h, function, **args):
    kind, words = act(h, function, **args)
    assert kind == "failed", f"{function} {args}: {kind} {words}"
    return words


def approved(h, function, **args):
    p, which = h.console.asked(json.dumps(call("files." + function, args, 0)))
    r = h.console.run("approve", which, "--yes")
    assert r.returncode == 0, r.stderr
    return r.stdout, [e for e in finish(p) if e["kind"] in ("done", "failed")][0]


def tool_uid(h):
    """Who the tool is outside."""
    c = json.loads(h.podman("inspect", *h.podman("ps", "-q", "--filter",
                                                 "label=durward.tool=files").split()))[0]
    with open(f"/proc/{c['State']['Pid']}/status") as f:
        return [int(line.split()[1]) for line in f if line.startswith("Uid:")][0]


def may_read(uid, path):
    """As somebody who broke out of its container would."""
    r = subprocess.run(["cat", path], capture_output=True, user=uid, group=uid, extra_groups=[])
    return r.returncode == 0


# ---- Giving ----

def test_what_is_opened_is_shown_and_agreed_to(h):
    assert h.refused.returncode == 1 and "nothing was changed" in h.refused.stderr
    for words in (f"may read what is in {h.docs}", f"{TOOLS_USER} may pass through {h.home}",
                  "3 folders and 7 files", "10 are left out"):
        assert words in h.given, h.given


def test_a_folder_is_read(h):
    assert done(h, "read", path="a.txt") == "first\nsecond line\n"
    assert done(h, "read", path="sub/b.txt") == "deep words\n"
    listed = done(h, "list")
    assert "a.txt  18 bytes  " in listed and "\nsub/\n" in listed, listed
    assert "up  a link, not followed" in listed and "pipe  neither" in listed, listed
    assert "sub/b.txt:1: deep words" in done(h, "search", text="DEEP")
    assert "Nothing has that" in done(h, "search", text="of alice")


def test_what_is_its_owners_alone_is_open_to_it_in_the_folder_and_nowhere_else(h):
    assert done(h, "read", path="closed.txt") == "for nobody else"
    uid = tool_uid(h)
    assert may_read(OWNER, os.path.join(h.home, "outside.txt"))
    assert not may_read(uid, os.path.join(h.home, "outside.txt"))
    assert not may_read(uid, os.path.join(h.docs, "closed.txt"))
    assert not may_read(uid, os.path.join(h.other, "bob.txt"))
    assert not may_read(OTHER, os.path.join(h.docs, "a.txt"))


# A path, and the word that says why not.
TRICKS = [
    ("../outside.txt", "'..'"), ("sub/../../outside.txt", "'..'"), ("sub/../a.txt", "'..'"),
    ("..", "'..'"), ("sub/..", "'..'"), ("/etc/hosts", "begins with '/'"),
    ("/folder/a.txt", "begins with '/'"), ("//etc/hosts", "begins with '/'"),
    ("up/outside.txt", "link"), ("etc/hosts", "link"), ("root/etc/hosts", "link"),
    ("hosts", "link"), ("out.txt", "link"), ("self/environ", "link"), ("self/root/etc/hosts", "link"),
    ("here/a.txt", "link"), ("here/here/here/a.txt", "link"), ("second-name.txt", "second name"),
    ("pipe", "neither"), ("disk", "not open to this tool"), ("sub", "is a folder"),
    ("", "not there"), (".", "is a folder"),
    ("a.txt/b", "no folder"), ("a.txt/", "no folder"), ("nothing", "not there"),
    ("picture", "no UTF-8 text (3 bytes)"), ("latin.txt", "no UTF-8 text"),
    ("x" * 300, "too long a name"), ("x/" * 510, "not there"),
]


class Turning:
    """A folder that is a link elsewhere at every other moment."""

    def __init__(self, h):
        self.swap, self.kept = (os.path.join(h.docs, n) for n in ("swap", "swapped"))
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.turn)

    def turn(self):
        while not self.over.is_set():
            os.rename(self.swap, self.kept)
            os.symlink("/etc", self.swap)
            os.unlink(self.swap)
            os.rename(self.kept, self.swap)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *exc):
        self.over.set()
        self.thread.join()


def test_no_path_leads_out_of_the_folder(h):
    for path, why in TRICKS:
        said = failed(h, "read", path=path)
        assert why in said, f"{path}: {said}"
    with Turning(h):
        said = [act(h, "read", path="swap/hosts")[1] for _ in range(150)]
    assert not [s for s in said if "127.0.0.1" in s], said
    assert "mine" in said and any("not there" in s or "link" in s for s in said), set(said)


def test_nothing_is_listed_or_searched_out_of_the_folder(h):
    for path in ("up", "etc", "root", "self", "self/root", "/", "..", "sub/../.."):
        failed(h, "list", path=path)
        failed(h, "search", text="localhost", path=path)
    with Turning(h):
        said = [act(h, "search", text="localhost", path="swap")[1] for _ in range(50)]
    assert not [s for s in said if "127.0.0.1" in s], said


def test_a_long_file_is_read_in_pieces(h):
    whole, offset = "", 0
    for _ in range(4):
        piece = done(h, "read", path="long.txt", offset=offset)
        text, _, rest = piece.rpartition("\n[bytes ")
        whole += text
        if "it ends at" in rest:
            break
        offset = int(rest.rstrip("]").rsplit(" ", 1)[1])
    assert whole == "0123456789ä" * 5000


def test_what_was_given_to_be_read_cannot_be_changed(h):
    for function, args in (("write", {"path": "new.txt", "text": "x"}),
                           ("write", {"path": "a.txt", "text": "x"}),
                           ("move", {"from": "a.txt", "to": "b.txt"}),
                           ("mkdir", {"path": "new"})):
        failed(h, function, **args)
    sheet, end = approved(h, "delete", path="a.txt")
    assert f"\nfolders {h.docs} at /folder read-only\n" in sheet, sheet
    assert end["kind"] == "failed" and os.path.exists(os.path.join(h.docs, "a.txt")), end


def test_the_mount_is_what_was_signed_and_nothing_below_it(h):
    pid = json.loads(h.podman("inspect", *h.podman("ps", "-q").split()))[0]["State"]["Pid"]
    with open(f"/proc/{pid}/mountinfo") as f:
        mounts = [line.split() for line in f if line.split()[4].startswith("/folder")]
    assert len(mounts) == 1 and mounts[0][4] == "/folder", mounts
    assert {"ro", "nosuid", "nodev", "noexec"} <= set(mounts[0][5].split(",")), mounts


# ---- Changing ----

def test_with_rw_it_writes_and_keeps_what_was_there(h):
    r = give(h, h.docs + ":rw")
    assert r.returncode == 0 and "read, change and delete" in r.stdout, r.stderr
    assert f"{h.docs} at /folder, read-write" in h.console.run("tool").stdout
    assert done(h, "write", path="sub/new.txt", text="one\n") == "Wrote 4 bytes to 'sub/new.txt'."
    assert "'new.txt.~1~'" in done(h, "write", path="sub/new.txt", text="two\n")
    assert "already" in done(h, "write", path="sub/new.txt", text="two\n")
    assert done(h, "read", path="sub/new.txt") == "two\n"
    assert done(h, "read", path="sub/new.txt.~1~") == "one\n"
    assert "'a.txt.~1~'" in done(h, "write", path="a.txt", text="changed")
    with open(os.path.join(h.docs, "a.txt.~1~")) as f:
        assert f.read() == "first\nsecond line\n"
    assert done(h, "mkdir", path="made")
    assert done(h, "mkdir", path="made") == "The folder 'made' is there."
    assert done(h, "move", **{"from": "sub/new.txt", "to": "made/moved.txt"})
    assert "there already" in failed(h, "move", **{"from": "made/moved.txt", "to": "a.txt"})
    assert done(h, "write", path="made/second.txt", text="more")


def test_no_change_leads_out_of_the_folder(h):
    for path, why in TRICKS:
        if path in ("nothing", "x" * 300, "picture", "latin.txt", "disk"):
            continue
        for function, args in (("write", {"path": path, "text": "x"}),
                               ("move", {"from": path, "to": "moved"}),
                               ("move", {"from": "sub/b.txt", "to": path})):
            if function == "move" and path in ("sub", "pipe", "second-name.txt") + ("", "."):
                continue
            failed(h, function, **args)
        if path not in ("sub", "", "."):
            failed(h, "mkdir", path=path)
    assert sorted(os.listdir(h.home)) == ["My letters", "outside.txt"]
    with open(os.path.join(h.home, "outside.txt")) as f:
        assert f.read() == "of alice alone"


def test_what_the_tool_made_is_its_owners_to_read_edit_and_delete(h):
    path = os.path.join(h.docs, "made", "second.txt")
    assert os.stat(path).st_uid == tool_uid(h)
    assert os.stat(path).st_mode & 0o002 == 0

    def as_alice(script):
        r = subprocess.run(["sh", "-ec", script, "_", h.docs], text=True, capture_output=True,
                           user=OWNER, group=OWNER, extra_groups=[], cwd="/")
        assert r.returncode == 0, r.stderr
        return r.stdout
    assert as_alice('cat "$1/made/second.txt"') == "more"
    as_alice('echo edited >"$1/made/second.txt"; echo x >"$1/made/mine.txt"')
    assert done(h, "read", path="made/second.txt") == "edited\n"
    assert done(h, "read", path="made/mine.txt") == "x\n"
    assert "mine.txt.~1~" in done(h, "write", path="made/mine.txt", text="y")
    as_alice('rm -r "$1/made" "$1/a.txt"')
    assert "not there" in failed(h, "read", path="a.txt")
    assert not may_read(OTHER, os.path.join(h.docs, "closed.txt"))


def test_a_file_that_its_owner_protects_is_not_replaced(h):
    path = os.path.join(h.docs, "kept.txt")
    put(path, "kept", mode=0o444)
    assert "not open" in failed(h, "write", path="kept.txt", text="x")
    with open(path) as f:
        assert f.read() == "kept"


def test_deleting_is_asked_for_and_the_sheet_names_the_folder(h):
    sheet, end = approved(h, "delete", path="sub/new.txt.~1~")
    assert f"\nfolders {h.docs} at /folder read-write\n" in sheet, sheet
    assert end["kind"] == "done" and not os.path.exists(
        os.path.join(h.docs, "sub", "new.txt.~1~")), end
    _, end = approved(h, "delete", path="sub")
    assert end["kind"] == "failed" and "something in it" in end["result"], end


def test_each_start_says_which_folder_it_has(h):
    entries = h.console.ask(json.dumps(call("files.list", {}, 0)))
    started = [e for e in entries if e["kind"] == "started"][0]
    assert started["folders"] == f"{h.docs} at /folder read-write", started


# ---- Folders that are refused, and closed again ----

def test_a_folder_that_no_tool_may_have_is_refused_before_anything_is_opened(h):
    for path, why in (("/etc", "/etc"), ("/", "no tool's"), (h.path("nothing"), "no folder"),
                      (h.other, "another user"), (h.alice.folder, "key"), ("/var/lib", "/var/lib"),
                      (h.root, "another user"),
                      (os.path.join(h.docs, "a:b"), "no folder")):
        r = give(h, path)
        assert r.returncode != 0 and why in r.stderr, f"{path}: {r.stdout}{r.stderr}"
    for path in (h.path("state"), h.path("state", "vault"), h.path("podman")):
        before = acls(path)
        r = give(h, path, client=h.console)
        assert r.returncode != 0 and "the house's own" in r.stderr, f"{path}: {r.stderr}"
        assert acls(path) == before


def sign(h, folder):
    """A manifest as the command line would not have let it pass."""
    with open(os.path.join(FILES, "tool.json")) as f:
        m = json.load(f)
    m["folders"] = [{"at": "/folder", "from": folder, "write": False}]
    text = json.dumps(m)
    w = Wire(h, client=h.console)
    status, v = w.command("tool.add", {"tool": "files", "digest": sha(text.encode()),
                                       "manifest": text})
    w.close()
    assert status == 200, v


def test_the_runner_mounts_neither_the_houses_own_nor_what_a_link_leads_to(h):
    for path, why in ((h.path("state"), "keeps its own"), (h.path("state", "core"), "keeps its own"),
                      (h.path("podman"), "keeps its own"), (h.root, "keeps its own"),
                      (h.path("podman", ".config", "containers"), "keeps its own")):
        sign(h, path)
        said = failed(h, "list")
        assert why in said, f"{path}: {said}"
    os.mkdir(h.path("moved"), 0o755)
    sign(h, h.path("moved"))
    os.rmdir(h.path("moved"))
    assert "not there" in failed(h, "list")
    os.symlink(h.docs, h.path("moved"))
    assert "symbolic link" in failed(h, "list")


def test_what_is_mounted_below_a_folder_is_not_given_along(h):
    assert give(h, h.docs).returncode == 0
    sub = os.path.join(h.docs, "sub")
    subprocess.run(["mount", "-t", "tmpfs", "none", sub], check=True)
    try:
        # The runner's own view of mounts is as old as itself.
        os.kill(h.pids()["runner"], 9)

        def back():
            "the runner"
            return h.console.json("tool")["runner"]
        wait_for(back, 60)
        assert "another file system is mounted" in failed(h, "list")
    finally:
        subprocess.run(["umount", sub], check=True)
    wait_for(back, 60)
    assert "a.txt" in done(h, "list")


TAGS = {1: "user", 2: "user", 4: "group", 8: "group", 16: "mask", 32: "other"}


def acls(path):
    """The list of a path as getfacl writes it, without the defaults."""
    try:
        raw = os.getxattr(path, "system.posix_acl_access")
    except OSError:
        return ""
    lines = []
    for tag, perms, who in struct.iter_unpack("<HHI", raw[4:]):
        bits = "".join(c if perms & b else "-" for c, b in zip("rwx", (4, 2, 1)))
        lines.append(f"{TAGS[tag]}:{who if tag in (2, 8) else ''}:{bits}\n")
    return "".join(lines)


def test_closing_takes_everything_back(h):
    uid = tool_uid(h)
    assert f"user:{uid}:r-x" in acls(h.docs)
    r = h.alice.run("tool", "folder", "files", "--close")
    assert r.returncode == 0, r.stderr
    for path in (h.home, h.docs, os.path.join(h.docs, "closed.txt"), os.path.join(h.docs, "sub")):
        assert "user:" not in acls(path).replace("user::", ""), acls(path)
    assert os.stat(h.home).st_mode & 0o777 == 0o700
    assert os.stat(os.path.join(h.docs, "closed.txt")).st_mode & 0o777 == 0o600
    h.podman("rm", "-f", "-t0", "-a")
    said = wait_for(lambda: [s for s in [act(h, "list")[1]] if "may not pass" in s], 60)[0]
    assert "durward tool folder files" in said
    r = h.alice.run("tool", "folder", "files", "--yes")
    assert r.returncode == 0, r.stderr
    assert "b.txt" in done(h, "list", path="sub")


def test_another_folder_closes_the_one_before(h):
    uid = tool_uid(h)
    new = os.path.join(h.home, "new")
    os.mkdir(new)
    own(new, OWNER, 0o700)
    put(os.path.join(new, "n.txt"), "new", mode=0o600)
    r = give(h, new)
    assert r.returncode == 0 and f"closed {h.docs}" in r.stdout, r.stderr
    assert f"user:{uid}:" not in acls(h.docs)
    assert done(h, "read", path="n.txt") == "new"


def test_a_new_file_is_no_more_open_to_others_than_it_was(h):
    new = os.path.join(h.home, "new")
    script = 'umask 077; echo x >"$1/private"; umask 022; echo x >"$1/public"; mkdir "$1/dir"'
    subprocess.run(["sh", "-ec", script, "_", new], check=True, user=OWNER, group=OWNER,
                   extra_groups=[], cwd="/")
    for name in ("private", "public", "dir"):
        lines = acls(os.path.join(new, name))
        assert "\nother::---" in lines and "\ngroup::---" in lines, lines
    assert done(h, "read", path="private") == "x\n"


def test_with_the_tool_goes_what_was_opened_to_it(h):
    uid, new = tool_uid(h), os.path.join(h.home, "new")
    assert f"user:{uid}:" in acls(new) and acls(h.home)
    r = h.alice.run("tool", "remove", "files", "--yes")
    assert r.returncode == 0, r.stderr
    for path in (h.home, new, os.path.join(new, "n.txt")):
        assert f"user:{uid}:" not in acls(path), acls(path)
    assert acls(h.home) == "" and os.stat(h.home).st_mode & 0o777 == 0o700
