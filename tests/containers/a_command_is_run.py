# SPDX-License-Identifier: Apache-2.0
"""The tool `shell`: commands in a workspace that is thrown away, and what they
cannot do there."""

import json
import os
import re
import time

from house import BUILD, House, wait_for
from proposals import call
from rules import finish

SHELL = os.path.join(BUILD, "containers", "shell")
MIB = 1 << 20
# A session of its own, no stream of ours, deaf to what could be said politely.
DETACHED = """
import os, signal, time
os.setsid()
os.fork() and os._exit(0)
for s in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(s, signal.SIG_IGN)
for fd in (0, 1, 2):
    os.close(fd)
while True:
    with open("alive", "w") as f:
        f.write(str(time.time()))
    time.sleep(0.1)
"""


def start(h, command, **args):
    return h.console.asked(json.dumps(call("shell.run", {"command": command, **args}, 0)))


def end_of(entries):
    end = [e for e in entries if e["kind"] in ("done", "failed", "denied")][0]
    return end["kind"], end.get("result") or entries[-1]["reply"]


def setup():
    h = House(binary="probe-badmind", tools=("echo", SHELL)).start()
    # Each command is asked about; this once for all that follow.
    p, h.act = start(h, "echo first")
    h.sheet = h.console.run("approve", h.act, "--yes", "--always", "--args", "any", "--uses",
                            "500")
    assert h.sheet.returncode == 0, h.sheet.stderr
    h.first = end_of(finish(p))
    return h


def run(h, command, **args):
    goal = json.dumps(call("shell.run", {"command": command, **args}, 0))
    return end_of(h.console.ask(goal))


def out(h, command, **args):
    """What a command that went well has written."""
    kind, words = run(h, command, **args)
    assert kind == "done" and words.startswith("Exit code 0 "), f"{command}: {words}"
    return words.partition("---- stdout ----\n")[2]


def bad(h, command, **args):
    kind, words = run(h, command, **args)
    assert kind == "failed", f"{command}: {kind} {words}"
    return words


def container(h):
    ids = h.podman("ps", "-q", "--filter", "label=durward.tool=shell").split()
    return json.loads(h.podman("inspect", *ids))[0]["State"]["Pid"]


def test_each_command_is_asked_about_and_shown_whole(h):
    assert 'args {"command":"echo first"}\n' in h.sheet.stdout, h.sheet.stdout
    assert "\neffect system\n" in h.sheet.stdout
    assert h.first[0] == "done" and "---- stdout ----\nfirst\n" in h.first[1], h.first


def test_exit_codes_signals_and_both_streams_are_told(h):
    said = bad(h, "echo to out; echo to err >&2; exit 3")
    assert said.startswith("Exit code 3 after "), said
    assert said.endswith("---- stdout ----\nto out\n---- stderr ----\nto err\n"), said
    assert bad(h, "kill -SEGV $$").startswith("It was ended by signal 11 (Segmentation fault).")
    assert run(h, "true")[1].endswith(" s.\n")
    assert "not found" in bad(h, "no-such-program")
    assert out(h, r"printf 'a\377b\000c\n'") == "a?b?c\n"


def test_a_program_is_compiled_and_its_tests_are_run(h):
    script = r"""
        mkdir -p job && cd job
        printf '%s\n' '#include <stdio.h>' '#include <math.h>' '#include <pthread.h>' \
            'int twice(int n);' 'int main(void)' '{' \
            'return printf("%d %.1f\n", twice(21), sqrt(4)) < 0; }' >main.c
        printf '%s\n' 'int twice(int n);' 'int twice(int n) { return 2 * n; }' >twice.c
        printf 'CFLAGS = -O2 -Wall -Wextra -Werror\nLDLIBS = -lm -lpthread\n' >Makefile
        printf 'main: main.o twice.o\ncheck: main\n\t./main | grep -qx "42 2.0"\n' >>Makefile
        make -j4 check && ./main
    """
    assert out(h, script).endswith("\n42 2.0\n")
    assert "FAILED (failures=1)" in bad(h, """
        printf '%s\\n' 'import unittest' 'class T(unittest.TestCase):' \
            '    def test_it(self): self.assertEqual(1, 2)' 'unittest.main()' >t.py; python3 t.py""")
    assert out(h, "gcc -static -x c - -o s <<'E'\nint main(void) { return 0; }\nE\n./s && echo ran") == \
        "ran\n"


def test_python_and_the_usual_tools_run(h):
    assert out(h, "python3 -c 'import json, sqlite3, hashlib; print(json.dumps(sum(range(10))))'") == \
        "45\n"
    assert out(h, "printf 'b 2\\na 1\\n' | sort | awk '{ print $2 }' | sed s/1/one/ | tr '\\n' ' '") == \
        "one 2 \n"
    assert out(h, "seq 9 >n && gzip -k n && tar cJf n.tar.xz n && rm n && tar xJf n.tar.xz && "
                  "zcat n.gz | diff - n && find . -name 'n*' | wc -l") == "3\n"


def test_the_workspace_is_shared_bounded_and_thrown_away(h):
    assert out(h, "pwd; id -u; echo kept >kept; mkdir -p d/e; chmod 0 d") == "/workspace\n1000\n"
    assert out(h, "cat kept") == "kept\n"
    p, act = h.console.asked(json.dumps(call("shell.reset", {}, 0)))
    assert h.console.run("approve", act, "--yes").returncode == 0
    assert end_of(finish(p)) == ("done", "The workspace is empty.")
    assert out(h, "ls -A") == ""
    out(h, "echo again >kept")
    h.podman("rm", "-f", "-t0", "-a")
    wait_for(lambda: not h.console.json("tool")["tools"][1]["warm"], 60)
    assert out(h, "ls -A") == ""
    said = bad(h, "for i in 1 2 3 4 5 6; do head -c 50M /dev/zero >f$i || exit 1; done")
    assert "No space left" in said, said
    size = int(out(h, "cat f* | wc -c; rm -f f*"))
    assert 250 * MIB <= size <= 256 * MIB, size
    said = bad(h, "head -c 100M /dev/zero >big; ls -l big; exit 1")
    assert "File size limit exceeded" in said or "File too large" in said, said
    out(h, "rm -f big")


def test_nothing_of_a_command_outlives_its_call(h):
    out(h, f"echo '{DETACHED}' >detached.py")
    kind, said = run(h, "python3 detached.py & (sleep 1000 &) ; sleep 0.5; echo over")
    assert kind == "done" and re.search(r"; \d that it left running were ended\.\n", said), said
    assert "over" in said
    before = out(h, "cat alive")
    time.sleep(0.5)
    assert out(h, "cat alive") == before
    assert out(h, "set -- /proc/[0-9]*; echo $#") == "2\n"  # The server and this shell.


def test_what_holds_the_output_open_holds_nobody_up(h):
    begun = time.monotonic()
    assert "; 1 that it left running was ended" in run(h, "sleep 1000 &")[1]
    assert time.monotonic() - begun < 30


def test_a_command_that_never_ends_is_ended(h):
    begun = time.monotonic()
    out(h, f"echo '{DETACHED}' >detached.py")
    said = bad(h, "echo begun; python3 detached.py & trap '' TERM; while :; do :; done", seconds=2)
    assert said.startswith("It was ended after 2 s, with all that it had started."), said
    assert "begun" in said and time.monotonic() - begun < 30
    assert out(h, "set -- /proc/[0-9]*; echo $#") == "2\n"


def test_ten_megabytes_of_output_are_cut_in_the_middle(h):
    said = out(h, "echo begin; yes 1234567 | head -c 10000000; echo; echo end")
    assert said.startswith("begin\n1234567\n") and said.endswith("\nend\n")
    cut = int(re.search(r"\n\[(\d+) bytes are left out here\]\n", said)[1])
    assert cut + 2 * 6144 == 10000000 + len("begin\n\nend\n")
    assert len(said) < 16000
    kind, said = run(h, "yes e | head -c 50000 >&2; yes o | head -c 50000")
    assert kind == "done" and said.count("bytes are left out here") == 2 and len(said) < 30000


def test_a_fork_bomb_is_over_with_its_call(h):
    said = bad(h, "b() { b | b & b; }; b", seconds=3)
    assert said.startswith(("It was ended after 3 s", "Exit code")), said
    assert out(h, "echo alive") == "alive\n"
    # Seen from outside: the server alone.
    namespace, found = os.readlink(f"/proc/{container(h)}/ns/pid"), 0
    for p in filter(str.isdigit, os.listdir("/proc")):
        try:
            found += os.readlink(f"/proc/{p}/ns/pid") == namespace
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            pass
    assert found == 1, found


def test_memory_is_bounded(h):
    said = bad(h, "python3 -c 'x = bytearray(2000 << 20)'")
    assert "MemoryError" in said or "signal 9" in said, said
    assert out(h, "python3 -c 'x = bytearray(100 << 20); print(len(x))'") == f"{100 * MIB}\n"


def test_nothing_outside_the_workspace_can_be_written(h):
    for path in ("/x", "/usr/bin/x", "/etc/passwd", "/bin/sh", "/program", "/shim", "/dev/x",
                 "/proc/x", "/root/x", "/data/x", "/etc/resolv.conf"):
        bad(h, f"echo x >{path}")
    assert out(h, "find /workspace /tmp /dev/shm -type d -writable 2>/dev/null | sort") == "/tmp\n/workspace\n"
    bad(h, "cp /usr/bin/true /tmp/t && /tmp/t")


def test_nobody_becomes_anybody_else(h):
    assert out(h, "find / -xdev -perm /6000 2>/dev/null") == ""
    out(h, "cp /usr/bin/id i && chmod 6755 i && test $(./i -u) = 1000")
    for command in ("chown 0 i", "python3 -c 'import os; os.setuid(0)'", "unshare -r true",
                    "python3 -c 'import os; os.setgid(65000)'", "mount -t tmpfs x /workspace",
                    "python3 -c 'import ctypes; exit(ctypes.CDLL(None).unshare(0x10000000) != -1)' "
                    "&& exit 1"):
        bad(h, command)
    assert out(h, "grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status").replace("\t", "") == (
        "".join(f"Cap{c}:{'0' * 16}\n" for c in ("Inh", "Prm", "Eff", "Bnd", "Amb")) +
        "NoNewPrivs:1\nSeccomp:2\n")


def test_there_is_no_network_and_no_secret(h):
    said = out(h, "env | sort; cat /proc/net/dev | tail -n +3 | cut -d: -f1; cat /proc/net/route | wc -l")
    assert said == ("HOME=/workspace\nLANG=C.UTF-8\nPATH=/usr/bin\nPWD=/workspace\nPYTHONDONTWRITEBYTECODE=1\n"
                    "TMPDIR=/workspace\n    lo\n1\n"), said
    assert "unreachable" in bad(
        h, "python3 -c 'import socket; socket.create_connection((\"192.0.2.1\", 80), 5)'")


def test_a_command_cannot_speak_for_the_tool(h):
    """The server is the same user, and talks with the house."""
    for command in ("echo '{}' >/proc/1/fd/1", "cat /proc/1/fd/0", "cat /proc/1/mem",
                    "cat /proc/1/environ", "ls /proc/1/fd", "echo x >/proc/1/comm"):
        bad(h, command, seconds=2)
    assert out(h, "ls /proc/self/fd | tr '\\n' ' '") == "0 1 2 3 \n"
    out(h, "kill -9 1; kill -STOP 1; true")
    assert out(h, "echo still here") == "still here\n"


def test_the_bases_files_are_nobodys_and_are_not_copied(h):
    assert out(h, "find /usr /etc/passwd /program ! -user 65000") == ""
    layers = h.path("podman", ".local", "share", "containers", "storage", "overlay")
    used = [int(h.podman("unshare", "du", "-sm", os.path.join(layers, d, "diff")).split()[0])
            for d in os.listdir(layers) if os.path.isdir(os.path.join(layers, d, "diff"))]
    size = os.path.getsize(os.path.join(SHELL, "image.tar")) // MIB
    assert max(used) > 50 and sum(used) < size * 1.2, f"{used} MiB for an image of {size} MiB"


def test_with_a_yes_withheld_nothing_runs(h):
    h.console.run("grants", "revoke", h.console.json("grants")["grants"][0]["id"])
    p, act = start(h, "echo x")
    assert h.console.run("deny", act).returncode == 0
    entries = finish(p)
    assert end_of(entries)[0] == "denied" and "started" not in [e["kind"] for e in entries]
