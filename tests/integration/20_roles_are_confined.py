# SPDX-License-Identifier: Apache-2.0
"""What each role can do, tried from inside, and what it is, read from outside."""

import os
import pwd
import re
import subprocess

from house import ROLES, TOOLS_USER, House, as_user, status, wait_for

ENOENT, EROFS = 2, 30
ATTEMPTS = """socket-inet socket-unix socket-netlink exec exec-itself fork open-passwd
open-proc open-database open-vault leave-root write-root read-sibling ptrace
signal-sibling mount new-namespace executable-memory become-root memfd keyring""".split()


class Houses:
    def __init__(self):
        self.house = House().start()
        self.probed = House(binary="probe-confined", tools=())
        self.probed.start_house()
        pids = self.probed.wait_roles()
        env = self.probed.podman_env()
        env["DURWARD_PROBE_STATE"] = self.probed.path("state")
        env["DURWARD_PROBE_PIDS"] = " ".join(str(p) for p in pids.values())
        self.probed._spawn("tools", TOOLS_USER, "--socket", self.probed.path("run", "tools.sock"),
                           "--shim", self.probed.path("bin", "shim"), **env)
        for role in ROLES:
            self.probed.wait_log(rf"{role}: info: probe done")
        self.probed.wait_log("runner: info: probe done", "tools")

    def close(self):
        self.house.close()
        self.probed.close()

    def answers(self, role, half="house"):
        return dict(re.findall(rf"{role}: info: probe (\S+) (ALLOWED|refused \d+)",
                               self.probed.log(half)))


def setup():
    return Houses()


def refused(houses, role, names):
    found = houses.answers(role)
    for name in names:
        assert name in found, f"{role} did not try {name}: {found}"
        assert found[name] != "ALLOWED", f"{role} could {name}"


def test_the_mind_can_do_nothing_but_talk_on_its_lanes(h):
    refused(h, "mind", ATTEMPTS)


def test_tools_can_do_nothing_but_talk_on_its_lanes_and_streams(h):
    refused(h, "tools", ATTEMPTS)


def test_control_can_make_no_socket_and_open_no_file(h):
    refused(h, "control", ATTEMPTS)


def test_the_gate_makes_internet_sockets_and_nothing_else(h):
    # What it may read is its own root, where there is one file.
    refused(h, "gate", [a for a in ATTEMPTS if a != "socket-inet"])
    found = h.answers("gate")
    assert found["open-passwd"] == f"refused {ENOENT}", found["open-passwd"]
    assert found["write-root"] != "ALLOWED", found["write-root"]


def test_core_sees_its_own_folder_and_nothing_else(h):
    refused(h, "core", [a for a in ATTEMPTS if a != "open-database"])
    found = h.answers("core")
    # Files it may open by system call, so here the empty root must refuse.
    assert found["open-passwd"] == f"refused {ENOENT}", found["open-passwd"]
    assert found["open-proc"] == f"refused {ENOENT}", found["open-proc"]
    assert found["open-vault"] == f"refused {ENOENT}", found["open-vault"]
    assert found["write-root"] == f"refused {EROFS}", found["write-root"]


def test_vault_sees_its_own_folder_and_nothing_else(h):
    refused(h, "vault", [a for a in ATTEMPTS if a != "open-vault"])
    found = h.answers("vault")
    assert found["open-passwd"] == f"refused {ENOENT}", found["open-passwd"]
    assert found["open-database"] == f"refused {ENOENT}", found["open-database"]
    assert found["leave-root"] == f"refused {ENOENT}", found["leave-root"]


def test_the_runner_reaches_no_file_and_no_process_of_the_house(h):
    found = h.answers("runner", "tools")
    for name in ("open-database", "open-vault", "open-memory", "signal", "ptrace"):
        assert found.get(name, "ALLOWED") != "ALLOWED", f"{name}: {found}"


def test_no_page_of_the_vault_can_be_swapped(h):
    with open(f"/proc/{h.house.pids()['vault']}/status") as f:
        kib = {line.split(":")[0]: line.split()[1] for line in f if line.startswith("Vm")}
    assert int(kib["VmLck"]) >= int(kib["VmRSS"]) and kib["VmSwap"] == "0", kib


def test_every_thread_of_every_role_is_sealed(h):
    pids = h.house.wait_roles()
    for role in ROLES:
        for task in os.listdir(f"/proc/{pids[role]}/task"):
            s = status(pids[role], task)
            assert s["Seccomp"] == "2", f"{role} thread {task}: no filter"
            assert s["NoNewPrivs"] == "1", f"{role} thread {task}: new privileges"
            for cap in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                assert int(s[cap], 16) == 0, f"{role} thread {task}: {cap} {s[cap]}"
    assert len(os.listdir(f"/proc/{pids['core']}/task")) == 3, "core has its store's threads"


def test_every_role_has_namespaces_of_its_own(h):
    pids = h.house.wait_roles()
    for ns in ("user", "mnt", "pid", "net", "ipc"):
        # Gate and egress connect out: they alone keep the machine's network.
        apart = [r for r in ROLES if (r, ns) not in (("gate", "net"), ("egress", "net"))]
        seen = {os.readlink(f"/proc/{pids[r]}/ns/{ns}"): r for r in apart}
        assert len(seen) == len(apart), f"{ns} is shared: {seen}"
        assert os.readlink(f"/proc/self/ns/{ns}") not in seen, f"{ns} is the host's"


def test_the_root_of_each_role_holds_its_own_folder_at_most(h):
    pids = h.house.wait_roles()
    want = {"core": ["state"], "vault": ["state"], "gate": ["etc"], "egress": ["etc"]}
    for role in ROLES:
        found = sorted(os.listdir(f"/proc/{pids[role]}/root/"))
        assert found == want.get(role, []), f"{role} sees {found}"
    # Names for both; whose certificates are believed for egress alone.
    for role, more in (("gate", []), ("egress", ["ssl/certs/ca-certificates.crt"])):
        etc = f"/proc/{pids[role]}/root/etc/"
        files = [os.path.relpath(os.path.join(d, f), etc) for d, _, fs in os.walk(etc) for f in fs]
        assert sorted(files) == ["resolv.conf", *more], f"{role} sees {files}"
    assert "root.key" in os.listdir(f"/proc/{pids['vault']}/root/state")
    assert "root.key" not in os.listdir(f"/proc/{pids['core']}/root/state")


def test_the_runner_runs_under_the_other_user(h):
    pids = h.house.pids()
    house_uid = status(pids["core"])["Uid"].split()[0]
    runner_uid = status(pids["runner"])["Uid"].split()[0]
    assert runner_uid == str(pwd.getpwnam(TOOLS_USER).pw_uid), runner_uid
    assert house_uid != runner_uid and "0" not in (house_uid, runner_uid)
    for role in ROLES:
        uids = set(status(pids[role])["Uid"].split())
        assert uids == {house_uid}, f"{role}: {uids}"


def test_nobody_but_the_runners_user_is_served_on_the_socket(h):
    code = ("import socket,sys; s=socket.socket(socket.AF_UNIX,socket.SOCK_SEQPACKET);"
            "s.connect(sys.argv[1]); s.settimeout(30); print(len(s.recv(65536)))")
    kw = as_user("nobody")
    r = subprocess.run(["python3", "-c", code, h.house.path("run", "tools.sock")], text=True,
                       capture_output=True, **kw)
    assert r.stdout.strip() == "0", r
    h.house.wait_log("somebody who is not the runner's user knocked")


def test_mind_tools_gate_and_control_restart_alone(h):
    for role in ("mind", "tools", "gate", "control"):
        before = h.house.wait_roles()
        os.kill(before[role], 9)

        def restarted():
            "the restart"
            now = h.house.pids()
            return now if now.get(role, before[role]) != before[role] else None
        after = wait_for(restarted)
        others = [r for r in ROLES if r != role]
        assert all(after[r] == before[r] for r in others), f"{role} took others with it"
        h.house.wait_up()
        assert h.house.console.reply("echo still here") == "still here"


def the_death_of(h, role):
    before = h.house.wait_roles()
    os.kill(before[role], 9)

    def restarted():
        "the restart"
        now = h.house.pids()
        return now if all(now.get(r, before[r]) != before[r] for r in ROLES) else None
    after = wait_for(restarted)
    assert after["parent"] == before["parent"], "the parent re-executes itself"
    h.house.wait_up()
    assert h.house.console.reply("echo back again") == "back again"


def test_the_death_of_core_restarts_the_house(h):
    the_death_of(h, "core")


def test_the_death_of_the_vault_restarts_the_house(h):
    the_death_of(h, "vault")


def test_when_the_parent_dies_every_role_ends(h):
    pids = h.house.wait_roles()
    os.kill(pids["parent"], 9)
    h.house.processes["house"].wait(10)

    def gone():
        "the end of all roles"
        return not any(os.path.exists(f"/proc/{pids[r]}") and
                       status(pids[r])["State"][0] != "Z" for r in ROLES)
    wait_for(gone)
    h.house.start_house()
    h.house.wait_up()
    assert h.house.console.reply("echo and again") == "and again"
