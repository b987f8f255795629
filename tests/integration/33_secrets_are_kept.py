# SPDX-License-Identifier: Apache-2.0
"""Secrets from the command line into the vault: sealed on the way, kept sealed,
changed by owners alone, and told in words when they cannot be used."""

import hashlib
import json
import os
import pty
import re
import shutil
import socket
import subprocess

from house import BUILD, House
from wire import Wire

VALUE = b"correct horse battery staple %41 \"quoted\""


def setup():
    return House(tools=()).start(tools=False)


def give(h, name, value, verb="set", client=None):
    c = client or h.console
    return subprocess.run([h.durward, "secret", verb, name], env=c.env, input=value,
                          capture_output=True, timeout=60)


def listed(h):
    return {s["name"]: s["version"] for s in h.console.json("secret", "list")["secrets"]}


def test_a_secret_is_set_rotated_and_removed_and_each_is_logged_without_its_value(h):
    assert give(h, "mail-password", VALUE).returncode == 0
    assert listed(h) == {"mail-password": 1}
    assert give(h, "mail-password", VALUE + b"2", "rotate").returncode == 0
    assert listed(h) == {"mail-password": 2}
    assert h.console.run("secret", "remove", "mail-password").returncode == 0
    assert listed(h) == {}
    entries = [json.loads(line) for line in
               h.console.run("audit", "show", "--json").stdout.splitlines()]
    said = [(e["kind"], e.get("secret"), e.get("version")) for e in entries
            if e["kind"].startswith("secret-")]
    assert said == [("secret-set", "mail-password", 1), ("secret-set", "mail-password", 2),
                    ("secret-removed", "mail-password", 2)], said
    assert "horse" not in json.dumps(entries)


def test_what_is_not_there_is_neither_rotated_nor_removed(h):
    r = give(h, "nothing", VALUE, "rotate")
    assert r.returncode == 4 and b"secret set" in r.stderr, r.stderr
    r = h.console.run("secret", "remove", "nothing")
    assert r.returncode == 4 and "secret list" in r.stderr, r.stderr


def test_what_was_said_before_it_was_a_secret_is_told_no_more_and_stays_proven(h):
    said = "tangerine-submarine-4711"
    h.console.run("ask", "help with " + said)
    assert said in h.console.run("runs", "--json").stdout
    assert give(h, "late", said.encode()).returncode == 0
    runs = h.console.run("runs", "--json").stdout
    assert said not in runs and "secret://late" in runs, runs
    r = h.console.run("audit", "verify")
    assert r.returncode == 0, r.stdout + r.stderr
    assert h.console.run("secret", "remove", "late").returncode == 0
    assert said not in h.console.run("runs", "--json").stdout, "a tool may still have it"
    h.stop()
    h.start_house()
    h.wait_up(tools=False)
    assert said in h.console.run("runs", "--json").stdout


def test_a_value_is_never_an_argument(h):
    r = h.console.run("secret", "set", "mail-password", "hunter2")
    assert r.returncode == 2 and listed(h) == {}, r.stderr


def test_a_value_has_limits(h):
    assert give(h, "big", b"x" * 8193).returncode == 1
    assert give(h, "big", b"").returncode == 1
    assert give(h, "../kek", b"x").returncode == 4
    assert give(h, "big", b"x" * 8192).returncode == 0
    h.console.run("secret", "remove", "big")


def test_at_a_terminal_it_is_asked_for_without_echo(h):
    ours, theirs = pty.openpty()
    p = subprocess.Popen([h.durward, "secret", "set", "typed"], env=h.console.env, stdin=theirs,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert os.read(p.stderr.fileno(), 100) == b"typed: "
    os.write(ours, b"hunter2\n")
    assert p.wait(20) == 0
    os.set_blocking(ours, False)
    try:
        shown = os.read(ours, 1000)
    except BlockingIOError:
        shown = b""
    assert b"hunter" not in shown, shown
    assert "typed" in listed(h)
    h.console.run("secret", "remove", "typed")
    for fd in (ours, theirs):
        os.close(fd)


def test_only_an_owner_changes_secrets(h):
    c = h.pair("screen", "approver")
    r = give(h, "mail-password", VALUE, client=c)
    assert r.returncode == 4 and b"only an owner" in r.stderr, r.stderr
    assert listed(h) == {}


def test_a_value_that_was_sealed_for_another_key_is_refused(h):
    w = Wire(h, h.console)
    status, v = w.command("secret.set", {"name": "x", "sealed": "04" + "ab" * 120})
    w.close()
    assert status == 403 and "was not sealed for this start" in v["error"], v
    assert listed(h) == {}


def test_the_key_to_seal_with_is_signed_by_the_box(h):
    w = Wire(h, h.console)
    status, v = w.query("secrets")
    w.close()
    root = subprocess.run(["openssl", "x509", "-in", os.path.join(h.console.folder, "root.pem"),
                           "-pubkey", "-noout"], capture_output=True, check=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=root,
                         capture_output=True, check=True).stdout
    box = hashlib.sha256(der).hexdigest()
    raw = bytes.fromhex(v["seal_signature"].split(":")[1])

    def integer(b):
        b = b.lstrip(b"\0")
        b = b"\0" + b if b[0] & 0x80 else b
        return b"\2" + bytes([len(b)]) + b
    both = integer(raw[:32]) + integer(raw[32:])
    for name, data in (("root.pub", root), ("sig", b"\x30" + bytes([len(both)]) + both)):
        with open(h.path(name), "wb") as f:
            f.write(data)
    text = f"durward-seal/1\nbox {box}\nkey {v['seal']}\n".encode()
    r = subprocess.run(["openssl", "dgst", "-sha256", "-verify", h.path("root.pub"),
                        "-signature", h.path("sig")], input=text, capture_output=True)
    assert r.returncode == 0, r.stdout


def test_the_value_is_nowhere_in_the_house_that_carries_it(h):
    assert give(h, "carried", VALUE).returncode == 0
    for role, pid in h.wait_roles().items():
        if role in ("vault", "runner"):
            continue
        assert not in_memory(pid, VALUE), role
    for folder, _, files in os.walk(h.path("state")):
        for name in files:
            with open(os.path.join(folder, name), "rb") as f:
                data = f.read()
            assert VALUE not in data and VALUE.hex().encode() not in data, name
    h.console.run("secret", "remove", "carried")


def in_memory(pid, value):
    with open(f"/proc/{pid}/maps") as f:
        regions = [line.split() for line in f]
    with open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for r in regions:
            if "r" not in r[1] or r[-1] in ("[vvar]", "[vsyscall]", "[vvar_vclock]"):
                continue
            start, end = (int(x, 16) for x in r[0].split("-"))
            try:
                mem.seek(start)
                if value in mem.read(end - start):
                    return True
            except OSError:
                pass
    return False


def test_a_restart_keeps_them_and_another_key_is_told_in_words(h):
    assert give(h, "lasting", VALUE).returncode == 0
    kept = listed(h)
    kek = h.path("state", "vault", "kek")
    assert os.stat(kek).st_mode & 0o777 == 0o600 and os.path.getsize(kek) == 32
    with open(kek, "rb") as f:
        key = f.read()

    def restart(bytes_of_key):
        h.stop()
        with open(kek, "wb") as f:
            f.write(bytes_of_key)
        h.start_house()
        h.wait_up(tools=False)
    restart(bytes(32))
    with open(h.path("state", "vault", "secrets.json")) as f:
        before = f.read()
    r = give(h, "lasting", b"other")
    assert r.returncode == 4 and b"another key" in r.stderr, r.stderr
    r = h.console.run("secret", "list")
    assert r.returncode == 1 and "another key" in r.stdout, r.stdout
    with open(h.path("state", "vault", "secrets.json")) as f:
        assert f.read() == before
    restart(key)
    assert listed(h) == kept and set(kept) == {"lasting"}, kept


def found_changed(h):
    out = h.console.run("audit", "show", "--json").stdout
    return out.count('"trust-found"')


def test_an_old_copy_of_the_store_is_told_in_the_log(h):
    store = h.path("state", "vault", "secrets.json")
    assert give(h, "turned-back", VALUE).returncode == 0
    shutil.copy(store, h.path("old.json"))
    assert give(h, "turned-back", VALUE + b"2").returncode == 0
    for old, more in ((False, 0), (True, 1)):
        before = found_changed(h)
        h.stop()
        if old:
            with open(h.path("old.json"), "rb") as f, open(store, "wb") as to:
                to.write(f.read())
        h.start_house()
        h.wait_up(tools=False)
        assert found_changed(h) == before + more, old
    h.console.run("secret", "remove", "turned-back")


def test_a_credential_of_systemd_is_the_key_and_only_the_vault_has_it():
    with House(tools=()) as h:
        folder = h.path("credentials")
        os.mkdir(folder, 0o755)
        path = os.path.join(folder, "durward-kek")
        with open(path, "wb") as f:
            f.write(os.urandom(32))
        os.chmod(path, 0o644)
        h._spawn("house", "durward", "--state", h.path("state"), "--socket",
                 h.path("run", "tools.sock"), "--tools-user", "durward-tools", "--address",
                 "127.0.0.1", "--port", str(h.port), "--pairing-port", str(h.pairing_port),
                 CREDENTIALS_DIRECTORY=folder)
        h.wait_up(tools=False)
        assert give(h, "a", VALUE).returncode == 0
        assert h.console.json("secret", "list")["key"] == "credential"
        assert not os.path.exists(h.path("state", "vault", "kek"))
        for role, pid in h.wait_roles().items():
            if role == "parent":
                continue
            seen = os.path.exists(f"/proc/{pid}/root{path}")
            assert seen == (role == "vault"), role


def test_a_runner_gets_secrets_only_for_a_manifest_that_an_owner_signed():
    with House(tools=()) as h:
        h.start()
        assert give(h, "s0", VALUE).returncode == 0
        with open(os.path.join(BUILD, "containers", "echo", "tool.json")) as f:
            m = json.load(f)
        m["secrets"] = [{"name": "s0", "env": "S0"}]
        texts = {"signed": json.dumps(m), "forged": json.dumps(dict(m, version="2")),
                 "other-name": json.dumps(dict(m, name="other"))}
        for name, text in texts.items():
            with open(h.path("podman", name + ".json"), "w") as f:
                f.write(text)
        r = h.console.run("tool", "add", h.path("podman", "signed.json"), "--yes")
        assert r.returncode == 0, r.stderr
        h.stop()
        shutil.copy(os.path.join(BUILD, "probe-wanter"), h.path("bin"))
        h.start_house()
        h.wait_up(tools=False)
        h.house_binary = h.path("bin", "probe-wanter")
        h.start_tools()
        h.wait_log("wanter signed.json", half="tools")
        said = dict(re.findall(r"wanter (\S+): (.*)", h.log("tools")))
        assert said["signed.json"] == f"GIVEN 1 of {len(VALUE)} bytes", said
        for name in ("forged.json", "other-name.json"):
            assert "refused" in said[name] and "no owner signed" in said[name], said


# ---- The shim, without a container ----


def shim(packets, program=("/usr/bin/env",)):
    """What it becomes, and its status; `packets` are (bytes, contents of files)."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    out = os.pipe()
    null = os.open("/dev/null", os.O_RDWR)
    for data, files in packets:
        fds = [{"in": null, "out": out[1], "err": null}[f] if f in ("in", "out", "err")
               else memfd(f) for f in files]
        socket.send_fds(ours, [data], fds) if fds else ours.send(data)
    ours.close()
    # The smaller shells know no descriptor beyond 9.
    p = subprocess.Popen(["/bin/bash", "-c", f'exec "$0" -- "$@" 3<&{theirs.fileno()}',
                          os.path.join(BUILD, "shim"), *program], env={"HOME": "/"},
                         pass_fds=[theirs.fileno()])
    theirs.close()
    os.close(out[1])
    with os.fdopen(out[0], "rb") as f:
        said = f.read()
    return said, p.wait(10)


def memfd(text):
    fd = os.memfd_create("x")
    os.write(fd, text)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


STREAMS = ["in", "out", "err"]


def test_the_shim_takes_exactly_the_secrets_that_are_announced():
    said, status = shim([(b"S2", STREAMS), (b"EA\0one\ntwo=3", []), (b"EB\0" + b"x" * 8192, [])])
    assert status == 0 and b"\nA=one\ntwo=3\nB=" + b"x" * 8192 + b"\n" in said, said[:80]
    # As many and as large as there may be wait in the socket.
    many = [(b"EX%d\0" % i + b"y" * 8192, []) for i in range(8)]
    said, status = shim([(b"S8", STREAMS), *many])
    assert status == 0 and said.count(b"y" * 8192) == 8, (len(said), status)
    said, status = shim([(b"S1", STREAMS), (b"FK_FILE\0", [b"a key"])],
                        ("/bin/sh", "-c", "cat $K_FILE; ls /proc/self/fd | wc -l"))
    # The streams, the file, and the folder that is listed.
    assert status == 0 and said == b"a key5\n", said
    said, status = shim([(b"S0", STREAMS)], ("/bin/sh", "-c", "ls /proc/self/fd | wc -l"))
    assert status == 0 and said == b"4\n", said


def test_the_shim_starts_no_tool_without_what_was_announced():
    for packets in ([(b"S1", STREAMS)], [(b"S2", STREAMS), (b"EA\0x", [])],
                    [(b"S1", STREAMS), (b"XA\0x", [])], [(b"S1", STREAMS), (b"EA", [])],
                    [(b"S1", STREAMS), (b"E\0x", [])], [(b"S1", STREAMS), (b"EA=B\0x", [])],
                    [(b"S1", STREAMS), (b"FA\0", [])], [(b"S1", STREAMS), (b"EA\0x", [b"y"])],
                    [(b"S1", STREAMS), (b"EA\0" + b"x" * 9000, [])]):
        assert shim(packets) == (b"", 114), packets[1:]
    for packets in ([], [(b"S", STREAMS)], [(b"S9", STREAMS)], [(b"S0", STREAMS[:2])],
                    [(b"X0", STREAMS)], [(b"S00", STREAMS)]):
        assert shim(packets) == (b"", 113), packets
