# SPDX-License-Identifier: Apache-2.0
"""A tool that was taken over tries everything it can think of, through a
real act; what becomes of each attempt stands in hostile.expected."""

import glob
import json
import os
import shutil
import subprocess

from house import BUILD, TOP, House, status
from proposals import call

TABLE = os.path.join(TOP, "tests", "containers", "hostile.expected")
# A tool for each kind of manifest, by what the kind may have.
PLAIN = ("no-folder", "no-workspace")
KINDS = {"hostile": ("no-volume", "no-network", *PLAIN),
         "hostile-volume": ("volume", "no-network", *PLAIN),
         "hostile-network": ("volume", "network", *PLAIN),
         "hostile-given": ("no-volume", "no-network", "folder", "workspace")}
ENDLESS = ("stop", "fork", "balloon", "fill", "flood", "line")
CONDITIONS = ("volume", "no-volume", "network", "no-network", "folder", "no-folder", "workspace",
              "no-workspace", "limits", "no-limits", "x86_64", "aarch64")
NOBODY = 65534
BALLOON_MIB = 128


def folder(tool):
    return os.path.join(BUILD, "test-containers", tool)


def ask(h, name, args):
    """The entry with the answer."""
    return h.console.ask(json.dumps(call(name, args, 0)))[-1]


def outcomes(text):
    return dict(line.split(" ", 1) for line in text.splitlines())


def endless(h, tool):
    """What became of each attempt that goes on until it is stopped."""
    found = {}
    for function in ENDLESS:
        args = {"mib": BALLOON_MIB} if function == "balloon" else {}
        reply = ask(h, f"{tool}.{function}", args)["reply"]
        if function in ("line", "flood"):
            name = {"line": "long_line", "flood": "output_flood"}[function]
            reply = name + " " + ("ended" if "broke the protocol" in reply else "got")
        elif "over its limit of 64 MiB" in reply:
            reply = "volume_fill killed_at_its_limit"
        found.update(outcomes(reply))
    return found


def setup():
    h = House(binary="probe-badmind",
              tools=("echo", "notes", *(folder(t) for t in KINDS if t != "hostile-given"))).start()
    h.load_image(folder("hostile-given"))
    os.mkdir(h.path("given"), 0o700)
    r = h.console.run("tool", "add", os.path.join(folder("hostile-given"), "tool.json"),
                      "--folder", h.path("given") + ":rw", "--yes", "--no-limits-ok")
    assert r.returncode == 0, r.stderr
    ask(h, "notes.save", {"text": "of another tool"})
    outside = {"root": h.root, "ports": f"{h.port},{h.pairing_port}"}
    h.found, h.endless = {}, {}
    for tool in KINDS:
        h.found[tool] = outcomes(ask(h, tool + ".probe", outside)["reply"])
        h.endless[tool] = endless(h, tool)
    return h


def expected(h, tool):
    """What the table says of this kind of tool on this machine, each outcome
    with its alternatives."""
    here = {*KINDS[tool], os.uname().machine,
            "no-limits" if "cannot be enforced here" in h.log("tools") else "limits"}
    table = {}
    with open(TABLE) as f:
        for n, line in enumerate(f, 1):
            words = line.split("#")[0].split()
            if not words:
                continue
            assert len(words) >= 2 and all(w in CONDITIONS for w in words[2:]), f"line {n}: {line}"
            if here.issuperset(words[2:]):
                assert words[0] not in table, f"line {n}: {words[0]} stands here twice"
                table[words[0]] = words[1].split("|")
    return table


def differences(found, table):
    wrong = [f"{name}: {found.get(name, 'not tried')}, not {'|'.join(wanted)}"
             for name, wanted in table.items() if found.get(name) not in wanted]
    return wrong + [f"{name}: {found[name]}, and the table does not know it"
                    for name in found if name not in table]


def is_escape(outcome):
    return outcome.startswith("got")


def test_a_tool_that_tries_everything_gets_what_the_table_says(h):
    tried = denied = wanted = 0
    wrong, open_here = [], set()
    for tool in KINDS:
        found, table = {**h.found[tool], **h.endless[tool]}, expected(h, tool)
        tried += len(found)
        denied += sum(not is_escape(o) for o in found.values())
        wanted += sum(not is_escape(o[0]) for o in table.values())
        open_here |= {name for name, o in table.items() if is_escape(o[0])}
        wrong += [f"{tool}: {d}" for d in differences(found, table)]
    print(f"denied_escapes {tried}/{denied}/{wanted}")
    print(f"not denied on this machine: {', '.join(sorted(open_here))}")
    assert not wrong, "\n".join(wrong)


def test_every_kind_of_tool_that_is_shipped_is_tried(h):
    known = {("volume" in kind, "network" in kind) for kind in KINDS.values()}
    beside = {word for kind in KINDS.values() for word in kind}
    for path in glob.glob(os.path.join(BUILD, "containers", "*", "tool.json")):
        with open(path) as f:
            manifest = json.load(f)
        reaches = bool({"network", "lan"} & set(manifest)) or any(
            "network" in f for f in manifest["functions"].values())
        assert (manifest.get("volume", False), reaches) in known, path
        assert "workspace_mib" not in manifest["limits"] or "workspace" in beside, path
        assert "secrets" not in manifest, f"{path} has what no tool of {sorted(KINDS)} has"


def test_what_is_sought_is_there_outside(h):
    """Else not finding it would prove nothing."""
    volumes = "podman/.local/share/containers/storage/volumes"
    for name in ("state/vault", "run/tools.sock", "bin/durward", "policy",
                 "client-console/key.pem", "podman/run", "podman/.durward-tools/slices",
                 volumes + "/durward-notes/_data"):
        assert os.path.exists(h.path(name)), name


def test_without_a_container_the_same_attempts_are_escapes(h):
    """As an ordinary user, in a network namespace where there is nobody."""
    program = shutil.copy(os.path.join(folder("hostile"), "program"), h.path("bin", "hostile"))
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
               "params": {"name": "probe", "arguments": {"root": h.root}}}
    r = subprocess.run(
        ["unshare", "--net", "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
         "--clear-groups", "--inh-caps=-all", program],
        input=json.dumps(request) + "\n", text=True, capture_output=True, cwd="/", timeout=60)
    found = outcomes(json.loads(r.stdout)["result"]["content"][0]["text"])
    got = {name for name, outcome in found.items() if is_escape(outcome)}
    assert found.keys() == h.found["hostile"].keys()
    assert len(got) >= 50, f"only {sorted(got)}"
    for name in ("af_netlink", "keyctl", "ptrace_server", "exec_tmp", "this_house", "uid_map",
                 "sys_class_net", "processes", "tmp_fill", "hosts"):
        assert name in got, f"{name}: {found[name]}"


def test_a_flood_of_output_does_not_stay_in_memory(h):
    resident = int(status(h.pids()["tools"])["VmRSS"].split()[0])
    assert resident < 16 * 1024, f"{resident} kB"


def test_another_tool_and_the_house_go_on(h):
    assert ask(h, "echo.echo", {"text": "still here"})["reply"] == "still here"
    assert h.console.run("audit", "verify").returncode == 0
