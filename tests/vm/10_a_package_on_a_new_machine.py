# SPDX-License-Identifier: Apache-2.0
"""A blank Debian with systemd and cgroup v2, a package and the README's one
command; and what an owner does with the machine after that."""

import json
import os
import re
import shlex
import shutil
import subprocess
import tarfile
import tempfile
import time

from house import BUILD, TOP
import machine
from machine import ARCH, Machine, built
from proposals import call

STORY = True  # Each test goes on where the one before it ended.
ANNA = "anna"  # An ordinary user with sudo.
HERE = "/home/anna/durward"
CANARY = "canary-7f3a9c51e0"
PACKAGE_BYTES_MAX = 12 << 20
EXPOSURE_MAX = 2.2
PSS_KIB_MAX = 16 << 10  # Twice what it is, of all roles with their tools' half.


def newer(package, version, program=None):
    """The same, under a later version; with another program, when one is given."""
    tree = tempfile.mkdtemp(prefix="durward-newer-")
    subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
    control = os.path.join(tree, "DEBIAN", "control")
    with open(control) as f:
        text = re.sub(r"^Version: .*$", "Version: " + version, f.read(), flags=re.M)
    with open(control, "w") as f:
        f.write(text)
    if program is not None:
        with open(os.path.join(tree, "usr/lib/durward/durward"), "w") as f:
            f.write(program)
    made = os.path.join(os.path.dirname(package), f"durward_{version}_{ARCH}.deb")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "-b", tree, made], check=True,
                   stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    return made


def make_key(path):
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-out", path], check=True, stderr=subprocess.DEVNULL)
    return path


def release(package, key, name):
    """A folder as `make dist` leaves it, with this package and these signed sums."""
    folder = os.path.join(os.path.dirname(package), name)
    os.mkdir(folder)
    shutil.copy(package, folder)
    with open(folder + "/SHA256SUMS", "w") as f:
        subprocess.run(["sha256sum", os.path.basename(package)], cwd=folder, stdout=f, check=True)
    subprocess.run(["openssl", "dgst", "-sha256", "-sign", key, "-out", folder + "/SHA256SUMS.sig",
                    folder + "/SHA256SUMS"], check=True)
    return folder


class Installed:
    """The machine after the README's command, which brought it all up."""

    def __init__(self):
        self.work = tempfile.mkdtemp(prefix="durward-package-")
        self.key = make_key(self.work + "/key.pem")
        self.package = built(self.work, self.key)
        self.newer = newer(self.package, "99.0")
        tree = os.path.join(self.work, "tree.tar")
        with tarfile.open(tree, "w") as tar:
            for name in ("README.md", "scripts", "systemd"):
                tar.add(os.path.join(TOP, name), name)
        hostile = os.path.join(machine.BUILD, "test-containers", "hostile")
        badmind = os.path.join(machine.BUILD, "probe-badmind")
        self.m = Machine(bring=[self.package, self.newer, tree, hostile, badmind, *self.releases()])
        self.m.put_in_chip("chip")
        try:
            self.bring_up()
        except BaseException:
            self.close()
            raise

    def releases(self):
        good = newer(self.package, "99.1")
        ends = newer(self.package, "99.2", "#!/bin/sh\n: >/var/lib/durward/core/marked\n"
                     "echo \"tried with $(grep -c : /proc/net/dev) interface: $*\"\nexit 1\n")
        hangs = newer(self.package, "99.3", "#!/bin/sh\nsleep 1000\n")
        forged = release(good, self.key, "forged")
        with open(f"{forged}/{os.path.basename(good)}", "ab") as f:
            f.write(b"x")
        return [forged, release(good, make_key(self.work + "/other.pem"), "stranger"),
                release(good, self.key, "good"), release(ends, self.key, "ends"),
                release(hangs, self.key, "hangs")]

    def version(self):
        return self.m.run("dpkg-query -W -f='${Version}' durward").strip()

    def bring_up(self):
        self.m.start(8443, 8444, 8080)
        self.m.run(f"useradd -m -s /bin/bash {ANNA} && "
                   f"echo '{ANNA} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/{ANNA} && "
                   f"mkdir {HERE} && tar -xf /run/brought/tree.tar -C {HERE} && "
                   f"cp /run/brought/{os.path.basename(self.package)} {HERE} && "
                   f"chown -R {ANNA}: {HERE}")
        begun = time.monotonic()
        self.first = self.anna("cd durward && mkdir ~/Letters && echo hello >~/Letters/first && "
                               "DURWARD_BROKER=none ./scripts/run --yes --with files=~/Letters "
                               "'save a note: buy milk'", timeout=900)
        self.install_s = time.monotonic() - begun
        print(f"install_s {self.install_s:.0f}, boot_s {self.m.boot_s:.0f}, in emulation")

    def anna(self, command, **kw):
        return self.m.run(f"su - {ANNA} -c {shlex.quote(command)}", **kw)

    def unit(self, name, what):
        return self.m.run(f"systemctl show {name} -p {what} --value").strip()

    def answers(self):
        return json.loads(self.anna("durward tool --json", check=False) or "{}").get("runner", False)

    def await_up(self, seconds=300):
        end = time.monotonic() + seconds
        # One that was asked too early is not waited for.
        while self.m.code(f"su - {ANNA} -c 'timeout 20 durward tool --json' | grep -q '\"runner\":true'") != 0:
            assert time.monotonic() < end, self.m.run("journalctl -q -n 40 -u durward -u durward-tools")
            time.sleep(0.5)

    def close(self):
        self.m.close()
        subprocess.run(["rm", "-rf", self.work], check=True)


def setup():
    return Installed()


def test_two_packages_of_one_tree_are_the_same_bytes(i):
    with tempfile.TemporaryDirectory() as folder:
        again = built(folder, i.key)
        assert os.path.basename(again) == os.path.basename(i.package)
        with open(again, "rb") as a, open(i.package, "rb") as b:
            assert a.read() == b.read()


def test_the_package_is_small_and_lintian_finds_nothing(i):
    image_bytes = os.path.getsize(i.package)
    print(f"image_bytes {image_bytes}")
    assert image_bytes <= PACKAGE_BYTES_MAX
    r = subprocess.run(["lintian", "--allow-root", "--fail-on", "warning,error", i.package],
                       text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert r.returncode == 0, r.stdout


def test_one_command_brings_it_up_and_does_a_goal(i):
    for line in ("installed in", "proposed   notes.save", "in container durward-notes",
                 "done       Saved the note 'buy milk'."):
        assert line in i.first, i.first
    assert "building" not in i.first and "This machine cannot limit" not in i.first, i.first


def test_both_halves_are_units_of_two_users_and_hold_what_they_say(i):
    for unit, user in (("durward", "durward"), ("durward-tools", "durward-tools")):
        assert i.unit(unit, "ActiveState") == "active" and i.unit(unit, "User") == user
        assert i.m.code(f"systemctl is-enabled {unit}") == 0
    assert i.unit("durward", "StatusText") == "The house is up."
    assert i.unit("durward", "NRestarts") == "0", "it was restarted"
    # Each line's level is a field of the journal, and no part of its text.
    assert "parent: info: " not in i.m.run("journalctl -q -u durward -p warning --no-pager", check=False)
    assert re.search("^parent: info: core is ready", i.m.run("journalctl -q -u durward -p info -o cat --no-pager"), re.M)
    said = i.m.run("systemd-analyze security durward.service --no-pager | tail -1")
    assert float(re.search(r": ([\d.]+) ", said).group(1)) <= EXPOSURE_MAX, said
    pss = sum(int(n) for n in re.findall(r"^Pss: +(\d+) kB", i.m.run(
        "for p in $(pgrep -u durward) $(systemctl show durward-tools -p MainPID --value); do "
        "cat /proc/$p/smaps_rollup; done"), re.M))
    size = int(i.m.run("stat -c %s /usr/lib/durward/durward"))
    print(f"machine_pss_kib {pss}, binary_bytes {size}, on {ARCH}")
    assert 1000 < pss < PSS_KIB_MAX


def test_what_tools_use_is_limited_and_each_is_inside_the_unit(i):
    assert '"limits":true' in i.anna("durward tool --json")
    i.anna("durward ask list notes")
    limits = i.m.run("cat /sys/fs/cgroup/system.slice/durward-tools.service/durward-notes-*/"
                     "libpod-payload-*/memory.max").split()
    assert limits and all(x.isdigit() for x in limits), limits


def test_the_doctor_mends_what_is_safe_to_mend(i):
    def doctor(*words):
        return i.m.run(f"su - {ANNA} -c 'sudo durward doctor {' '.join(words)}'", check=False)
    assert re.search(r"^ok +my-keys ", i.anna("durward doctor", check=False), re.M)
    well = doctor()
    for name in ("its-keys", "state", "unit", "unit-tools", "ids", "podman"):
        assert re.search(rf"^ok +{name} ", well, re.M), well
    i.m.run("systemctl stop durward-tools && chmod 755 /var/lib/durward/vault")
    found = doctor()
    assert re.search(r"^BAD +its-keys ", found, re.M) and re.search(r"^BAD +unit-tools ", found, re.M), found
    mended = doctor("--fix")
    assert re.search(r"^ok +its-keys +mended", mended, re.M), mended
    assert re.search(r"^ok +unit-tools +mended", mended, re.M), mended
    assert i.m.run("stat -c %a /var/lib/durward/vault").strip() == "700"
    i.await_up()


def test_a_folder_of_an_owners_home_is_given_to_a_tool(i):
    assert "first" in i.anna("durward ask list files")


def test_nobody_who_is_not_its_client_stops_the_house(i):
    i.m.run("useradd -m -s /bin/bash berta && "
            "echo 'berta ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/berta && "
            f"cp -r {HERE} /home/berta/ && chown -R berta: /home/berta")
    before = i.unit("durward", "MainPID")
    said = i.m.run("su - berta -c 'cd durward && DURWARD_BROKER=none DURWARD_PORT=9443 "
                   "./scripts/run status'", check=False)
    assert "is no client of it" in said and "--pairing-port 8444" in said, said
    assert i.unit("durward", "MainPID") == before and i.m.code("grep -q 9443 /etc/durward/run") == 1


def test_an_update_asks_this_house_or_nobody(i):
    before, root = i.version(), f"/home/{ANNA}/.config/durward/root.pem"
    i.m.run(f"cp {root} /tmp/root.pem && sed 's/^M/N/' /tmp/root.pem >{root}")
    said = i.anna("sudo durward update /run/brought/good", check=False)
    assert f"neither {ANNA} nor root is a client of this house" in said, said
    # What comes behind the question is seen, and nothing is installed.
    i.m.run(f"cat /tmp/root.pem >{root} && mkdir /tmp/without && ln -s /bin/false /tmp/without/apt-get")
    i.m.run("systemctl stop durward")
    said = i.m.run("PATH=/tmp/without:$PATH durward update /run/brought/good", check=False)
    assert "not asked  the house is down" in said and "the house is as it was" in said, said
    i.m.run("rm -r /tmp/without; systemctl start durward")
    i.await_up()
    assert i.version() == before


def test_the_page_for_a_phone_is_reached_from_outside(i):
    def page(url):
        r = subprocess.run(["curl", "-sk", "--compressed", "-m", "20", "-w", "%{http_code}", url], text=True,
                           capture_output=True)
        return r.stdout
    at = f"https://127.0.0.1:{i.m.ports[8444]}/"
    assert page(at) == "000", "open while nobody pairs"
    i.m.run(f"su - {ANNA} -c 'timeout 60 durward pair --phone' >/tmp/pairing 2>&1 </dev/null &")
    end = time.monotonic() + 60
    while "https://" not in i.m.run("cat /tmp/pairing"):
        assert time.monotonic() < end, i.m.run("cat /tmp/pairing")
        time.sleep(0.5)
    said = page(at)
    assert said.endswith("200") and "<script" in said, said[:500]
    certificate = page(f"http://127.0.0.1:{i.m.ports[8080]}/")
    assert certificate.endswith("200"), certificate[:500]
    i.m.run("pkill -INT -f '[d]urward pair --phone'", check=False)


def test_a_laptop_outside_is_paired_and_approves(i):
    token = json.loads(i.anna("durward pair --json"))["token"]
    with tempfile.TemporaryDirectory() as folder:
        def laptop(*words):
            r = subprocess.run([BUILD + "/durward", *words], text=True, capture_output=True, timeout=300,
                               env={**os.environ, "DURWARD_CLIENT": folder + "/client"})
            assert r.returncode == 0, r.stdout + r.stderr
            return r.stdout
        laptop("pair", token, "--name", "laptop", "--host", "127.0.0.1",
               "--port", str(i.m.ports[8443]), "--pairing-port", str(i.m.ports[8444]))
        i.m.run(f"su - {ANNA} -c 'durward ask delete the note buy milk' >/tmp/goal 2>&1 </dev/null &")
        end, waiting = time.monotonic() + 120, []
        while not waiting:
            assert time.monotonic() < end, "nothing was asked"
            waiting = json.loads(laptop("approvals", "--json"))["approvals"]
        laptop("approve", waiting[0]["act"], "--yes")
        while "logged" not in i.m.run("cat /tmp/goal"):
            assert time.monotonic() < end + 120, i.m.run("cat /tmp/goal")
            time.sleep(0.5)
    said = i.m.run("cat /tmp/goal")
    assert "approved   by laptop" in said and "Deleted the note 'buy milk'." in said, said


def test_a_house_that_hangs_is_ended_by_the_watchdog_and_comes_back(i):
    assert i.unit("durward", "WatchdogUSec") == "1min"
    i.m.run("mkdir -p /run/systemd/system/durward.service.d && "
            "printf '[Service]\\nWatchdogSec=8\\n' >/run/systemd/system/durward.service.d/x.conf && "
            "systemctl daemon-reload && systemctl restart durward")
    i.await_up()
    time.sleep(12)  # Longer than the watchdog waits for a house that turns.
    assert i.unit("durward", "NRestarts") == "0", "one that turns was ended"
    i.m.run("kill -STOP $(systemctl show durward -p MainPID --value)")
    end = time.monotonic() + 120
    while i.unit("durward", "NRestarts") == "0":
        assert time.monotonic() < end, "nobody noticed"
        time.sleep(1)
    assert "watchdog" in i.m.run("journalctl -q -u durward -n 200 --no-pager").lower()
    i.m.run("rm -r /run/systemd/system/durward.service.d && systemctl daemon-reload")
    i.await_up()


# adjtimex(2) with ADJ_STATUS, ADJ_MAXERROR and ADJ_ESTERROR, all of them 0.
SYNCHRONISE = ("import ctypes; t = ctypes.create_string_buffer(256); t[0] = 0x1c; "
               "assert ctypes.CDLL(None).adjtimex(t) >= 0")


def test_the_unit_hears_that_a_time_server_keeps_the_clock_right(i):
    """It may not ask the kernel, so it is systemd-timesyncd that is believed."""
    def log():
        found = json.loads(i.anna("durward doctor --json", check=False))["findings"]
        return next(f for f in found if f["check"] == "log")
    i.anna("durward audit keep 400d")
    i.m.run(f"python3 -c '{SYNCHRONISE}'")
    assert "no time server" in log()["what"] and not log()["ok"], log()
    i.m.run("mkdir -p /run/systemd/timesync && touch /run/systemd/timesync/synchronized")
    end = time.monotonic() + 60
    while "not now" in log()["what"]:
        assert time.monotonic() < end, log()
        time.sleep(1)
    assert log()["ok"], log()
    i.anna("durward audit keep forever")


def test_no_container_outlives_a_killed_unit(i):
    i.anna("durward ask list notes")
    assert i.m.code("pgrep -u durward-tools conmon") == 0, "no container ran"
    i.m.run("systemctl kill -s KILL durward-tools")
    end = time.monotonic() + 60
    while i.m.code("pgrep -u durward-tools conmon") == 0:
        assert time.monotonic() < end, i.m.run("ps -u durward-tools -o pid,args")
        time.sleep(0.5)
    i.await_up()


def test_it_is_there_after_the_plug_was_pulled(i):
    i.anna("durward ask 'save a note: before the plug'")
    i.m.pull_the_plug()
    i.m.start(8443, 8444)
    i.await_up()
    ready = int(i.unit("durward", "ActiveEnterTimestampMonotonic")) / 1e6
    print(f"boot_to_ready_s {ready:.0f}, in emulation")
    assert "before the plug" in i.anna("durward ask list notes")
    assert "verified under the signed root" in i.anna("durward audit verify")
    # Who was paired, and the yes that was given.
    assert "laptop" in i.anna("durward clients")
    assert '"kind":"approved"' in i.anna("durward audit show").replace(" ", "")


def test_an_upgrade_keeps_everything_and_gives_nothing_away(i):
    # Who broke out of a container could leave this behind.
    i.m.run("cd /var/lib/durward-tools && mv .config kept && ln -s /etc .config && "
            "chown -h durward-tools: .config && stat -c '%U %a' /etc >/tmp/etc")
    begun = time.monotonic()
    i.m.run(f"dpkg -i /run/brought/{os.path.basename(i.newer)}", timeout=300)
    i.m.run("cd /var/lib/durward-tools && rm .config && mv kept .config && "
            "systemctl restart durward-tools")
    i.await_up()
    print(f"update_downtime_ms at most {(time.monotonic() - begun) * 1000:.0f}, in emulation")
    assert i.version() == "99.0"
    assert i.m.code("stat -c '%U %a' /etc | cmp - /tmp/etc && test ! -e /etc/containers/storage.conf") == 0
    assert "before the plug" in i.anna("durward ask list notes")


def test_a_release_is_refused_when_it_is_not_signed_or_has_no_room(i):
    runs = i.unit("durward", "MainPID")
    for name, why in (("forged", "is not what was signed"), ("stranger", "is not signed with the key")):
        said = i.m.run(f"durward update /run/brought/{name}", check=False)
        assert why in said and "nothing was changed" in said, said
    i.m.run("fallocate -l $(($(df --output=avail -k / | tail -n 1) - 40000))K /filler")
    said = i.m.run("durward update /run/brought/good; rm /filler", check=False)
    assert "has room for" in said and "nothing was changed" in said, said
    assert i.version() == "99.0" and i.unit("durward", "MainPID") == runs


# Another installs packages, until our dpkg has said that it waits for that.
HOLDS_DPKG = """
import fcntl, os, time
kept = "/var/lib/durward-update/"
while not os.path.exists(kept + "under-way"):
    time.sleep(0.05)
held = [open("/var/lib/dpkg/" + n, "r+") for n in ("lock-frontend", "lock")]
for f in held:
    fcntl.lockf(f, fcntl.LOCK_EX)
while b"locked by" not in open(kept + "said", "rb").read():
    time.sleep(0.2)
print("waited for")
"""


def asked_update(i):
    """What anna's `durward update` says is in /tmp/update; the act that waits."""
    i.m.run(f"su - {ANNA} -c 'sudo durward update /run/brought/good; echo ended' >/tmp/update 2>&1 </dev/null &")
    end, waiting = time.monotonic() + 120, []
    while not waiting:
        assert time.monotonic() < end, i.m.run("cat /tmp/update")
        waiting = [a for a in json.loads(i.anna("durward approvals --json"))["approvals"] if a["tool"] == "house.update"]
    return waiting[0]["act"]


def await_update(i, seconds):
    end = time.monotonic() + seconds
    while not (said := i.m.run("cat /tmp/update")).endswith("ended\n"):
        assert time.monotonic() < end, said
        time.sleep(1)
    return said


def test_a_release_is_taken_when_an_owner_said_yes(i):
    runs = i.unit("durward", "MainPID")
    said = i.m.run("durward update /run/brought/good", check=False)
    assert "nor root is a client of this house" in said, said
    i.anna(f"durward deny {asked_update(i)}")
    said = await_update(i, 120)
    assert "there is no yes to 99.1, so nothing was changed" in said, said
    assert i.version() == "99.0" and i.unit("durward", "MainPID") == runs
    i.m.run(f"python3 -c {shlex.quote(HOLDS_DPKG)} >/tmp/held 2>&1 </dev/null &")
    i.anna(f"durward approve {asked_update(i)} --yes")
    said = await_update(i, 600)
    assert i.m.run("cat /tmp/held") == "waited for\n"
    assert "verified   durward 99.1" in said and "updated    99.0 -> 99.1" in said, said
    assert re.search(r"^asked +.*\n(.*\n)*approved +by ", said, re.M), said
    print(said.strip().splitlines()[-2] + ", in emulation")
    i.await_up()
    assert i.version() == "99.1" and "before the plug" in i.anna("durward ask list notes")
    assert "only a newer one" in i.m.run("durward update /run/brought/good", check=False)


def begin_update_that_hangs(i):
    i.m.run("durward update /run/brought/hangs --unasked >/dev/null 2>&1 </dev/null &")
    end = time.monotonic() + 300
    while i.version() != "99.3" or i.unit("durward", "ActiveState") != "activating":
        assert time.monotonic() < end, "it never came in"
        time.sleep(0.5)


def test_an_update_that_is_killed_while_it_installs_is_taken_back(i):
    i.m.run("echo 'pre-invoke=while test -e /run/slow; do sleep 1; done' >/etc/dpkg/dpkg.cfg.d/slow; touch /run/slow")
    i.m.run("durward update /run/brought/hangs --unasked >/dev/null 2>&1 </dev/null &")
    end = time.monotonic() + 300
    while i.m.code("pgrep -f '[d]pkg --force-confold'") != 0:
        assert time.monotonic() < end, "it never installed"
        time.sleep(0.5)
    i.m.run("pkill -KILL -f 'lib/durward/[u]pdate /run/brought'; pkill -KILL -f '[d]pkg --force-confold'")
    i.m.run("rm /run/slow /etc/dpkg/dpkg.cfg.d/slow")
    assert i.m.run("systemctl is-enabled durward", check=False).startswith("masked")
    i.m.run("systemctl restart durward-update")
    i.await_up()
    assert i.version() == "99.1" and i.unit("durward-tools", "ActiveState") == "active"


def test_an_update_that_is_killed_is_taken_back(i):
    begin_update_that_hangs(i)
    i.m.run("pkill -KILL -f 'lib/durward/[u]pdate /run/brought'")
    i.await_up()
    assert i.version() == "99.1" and i.unit("durward-tools", "ActiveState") == "active"
    assert i.m.code("test -e /var/lib/durward-update/under-way") == 1


def test_a_release_that_does_not_come_up_is_taken_back(i):
    i.m.run("echo '# mine' >>/etc/default/durward")
    i.anna("durward ask 'save a note: before the bad release'")
    said = i.m.run("durward update /run/brought/ends --unasked", timeout=600, check=False)
    assert "99.2 did not come up, so 99.1 is back" in said, said
    assert i.m.code("test -e /var/lib/durward/core/marked") == 1, "it was tried on the house itself"
    # Loopback alone, and nothing of what scripts/run chose: the ports, and a broker if there is one.
    tried = re.search("tried with (.*)", i.m.run("journalctl -q -u durward --no-pager")).group(1)
    assert tried.startswith("1 interface: run house ") and "--port" not in tried, tried
    i.await_up()
    assert i.version() == "99.1" and i.unit("durward-tools", "ActiveState") == "active"
    assert i.m.code("grep -qx '# mine' /etc/default/durward") == 0
    assert "before the bad release" in i.anna("durward ask list notes")
    assert "verified under the signed root" in i.anna("durward audit verify")


def test_a_release_that_the_power_ended_is_taken_back(i):
    begin_update_that_hangs(i)
    i.m.pull_the_plug()
    i.m.start(8443, 8444)
    i.await_up()
    assert i.version() == "99.1" and "before the bad release" in i.anna("durward ask list notes")
    assert "99.1 is back" in i.m.run("journalctl -q -b -u durward-update --no-pager")
    assert i.m.code("test -e /var/lib/durward-update/under-way") == 1


def test_the_key_of_the_secrets_is_a_credential_as_the_page_says(i):
    with open(TOP + "/config/man/durward.8") as f:
        page = f.read()
    lines = re.search(r"Make it before the first secret is set:\n\.Bd.*\n((?:# .*\n)+)\.Ed", page).group(1)
    # A machine without the firmware that would know the TPM.
    has, sealed = i.m.run("systemd-creds has-tpm2", check=False), "systemd-creds encrypt --with-key=host+tpm2"
    assert has.startswith("partial") and "+driver" in has and sealed in page, has
    for line in lines.splitlines():
        i.m.run(line[2:].replace("systemd-creds encrypt", sealed))
    i.await_up()
    i.m.run("printf x-another-value >/tmp/value")
    i.anna("durward secret set first </tmp/value")
    assert "credential" in i.anna("durward secret list --json")
    assert i.m.code("test -e /var/lib/durward/vault/kek") == 1


def test_no_secret_is_in_the_journal(i):
    # The journal keeps the command lines of those who speak to it, su among them.
    i.m.run(f"printf %s {CANARY} >/tmp/value")
    i.anna("durward secret set canary </tmp/value")
    i.anna("durward secret list")
    i.m.run("systemctl restart durward durward-tools")
    i.await_up()
    assert "canary" in i.anna("durward secret list")
    assert i.m.code(f"journalctl -q --no-pager -o export | grep -a {CANARY}") == 1, "it is there"


def test_a_reboot_keeps_all_and_another_machine_gets_no_secret(i):
    """The disk is in another one, after a good night: all is the same but the TPM."""
    opened = "systemd-creds decrypt --name=durward-kek /etc/credstore.encrypted/durward-kek - 2>/dev/null | wc -c"
    assert i.m.run(opened).strip() == "32"
    i.anna("durward ask 'save a note: before the reboot'")
    i.m.put_in_chip("another")
    i.m.reboot(8443, 8444)
    assert i.m.run(opened).strip() == "0"
    assert i.unit("durward", "ActiveState") != "active"
    said = i.m.run(f"su - {ANNA} -c 'sudo durward doctor'", check=False)
    assert re.search(r"^BAD +unit ", said, re.M), said
    # As the page says of a key that is lost.
    i.m.run("rm /etc/credstore.encrypted/durward-kek && "
            "mv /var/lib/durward/vault/secrets.json /root/ && "
            "systemctl reset-failed durward && systemctl restart durward")
    i.await_up()
    assert "before the reboot" in i.anna("durward ask list notes")
    assert "canary" not in i.anna("durward secret list")
    i.m.run("rm /root/secrets.json")
    assert "verified under the signed root" in i.anna("durward audit verify")


def test_a_tool_that_takes_all_memory_is_ended_and_the_house_is_not(i):
    i.m.run("systemctl stop durward && "
            "install -m 755 /run/brought/probe-badmind /usr/lib/durward/durward && "
            "systemctl start durward")
    i.await_up()
    i.anna("durward tool add /run/brought/hostile --yes")

    def tried(function, args):
        return i.anna("durward ask " + shlex.quote(json.dumps(call("hostile." + function, args, 0))),
                      check=False)
    before = i.unit("durward", "NRestarts")
    assert "memory_balloon signal_9" in tried("balloon", {"mib": 128})
    assert "fork_bomb EAGAIN" in tried("fork", {})
    assert i.unit("durward", "NRestarts") == before
    i.await_up()


def test_removal_keeps_what_the_house_knows_and_a_purge_nothing(i):
    i.m.run("apt-get remove -y -qq durward", timeout=300)
    assert i.m.code("pgrep -u durward,durward-tools") == 1, i.m.run("ps -ef | grep durward")
    assert i.m.code("test -e /var/lib/durward/vault/trust.json") == 0
    i.m.run("apt-get purge -y -qq durward", timeout=300)
    left = i.m.run("find / -xdev \\( -name '*durward*' -o -nouser \\) -not -path '/proc/*' "
                   f"-not -path '{HERE}*' -not -path '/home/{ANNA}/.config/*' -not -path '/run/brought/*' "
                   "-not -path '/home/berta/*' -not -path '/var/log/journal/*' "
                   "-not -path '/etc/credstore.encrypted/durward-kek' 2>/dev/null || true").split()
    assert left == [], left
    assert i.m.code("grep -q durward /etc/passwd /etc/subuid /etc/subgid") == 1
