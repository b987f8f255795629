# SPDX-License-Identifier: Apache-2.0
"""A house of its own for a test: two users, folders and ports that nobody
else has, real Podman, and a way to look at all of it from outside.

Needs root, because it starts processes under several users."""

import json
import os
import pwd
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("DURWARD_BUILD", os.path.join(TOP, "build"))
HOUSE_USER = "durward"
TOOLS_USER = "durward-tools"
ROLES = ("core", "mind", "tools", "gate", "egress", "control", "vault")


taken = []  # Names in the abstract, one for each port, held until we end.


def free_port():
    """One that no other test gets while we live, on either side of a fork, and
    that no connection outwards is given by the kernel."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
        first = int(f.read().split()[0])
    for _ in range(1000):
        port = random.randrange(10000, max(first, 20000))
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind(f"\0durward-test-port-{port}")
            with socket.socket() as s:
                s.bind(("", port))
        except OSError:
            name.close()
            continue
        taken.append(name)
        return port
    raise AssertionError("no port is free")


def next_line(p, seconds=60):
    """What a process says next, up to the end of the line; EOFError when it
    has ended.  Nothing behind it is taken, so communicate() gets the rest."""
    end, line, coming = time.monotonic() + seconds, b"", select.poll()
    coming.register(p.stdout, select.POLLIN)
    while not line.endswith(b"\n"):
        if not coming.poll(max(0, end - time.monotonic()) * 1000):
            raise AssertionError(f"no line in {seconds} s, but {line!r}")
        more = os.read(p.stdout.fileno(), 1)
        if not more:
            raise EOFError(f"it ended, and said {line!r}")
        line += more
    return line.decode(errors="replace")


# A weakened house is waited for in vain: tests/sabotage/run has less patience.
PATIENCE = float(os.environ.get("DURWARD_PATIENCE", "1"))


def wait_for(what, seconds=30, every=0.02):
    """The first true value of what(), or an error that names it."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain for {what.__doc__ or what}")
        time.sleep(every)


def as_user(user, **env):
    """What to give subprocess to become `user` with nothing of ours."""
    p = pwd.getpwnam(user)

    def become():
        os.setsid()
        os.setgroups([])
        os.setgid(p.pw_gid)
        os.setuid(p.pw_uid)
        os.chdir("/")

    base = {"PATH": os.environ["PATH"], "HOME": p.pw_dir}
    base.update(env)
    return {"preexec_fn": become, "env": base}


def spare_locks():
    """Tests that were killed leave stores whose locks nobody gives back, and
    Podman has 2,048 of them for a user.  When few are left and nothing of the
    user runs, the file goes; Podman makes it anew."""
    uid = pwd.getpwnam(TOOLS_USER).pw_uid
    path = f"/dev/shm/libpod_rootless_lock_{uid}"
    head, group, taken = 56, 8 + 32 * 40, 0  # 32 locks of 40 bytes behind their bits
    try:
        with open(path, "rb") as f:
            data = f.read()
    except FileNotFoundError:
        return
    for at in range(head, len(data), group):
        taken += int.from_bytes(data[at:at + 4], "little").bit_count()
    if taken < 1024:
        return
    for p in os.listdir("/proc"):
        try:
            if p.isdigit() and os.stat("/proc/" + p).st_uid == uid:
                return
        except FileNotFoundError:
            pass
    os.unlink(path)


class Client:
    """The command line of one paired client, with a folder of its own."""

    def __init__(self, house, name):
        self.house = house
        self.folder = os.path.join(house.root, "client-" + name)
        self.env = {"PATH": os.environ["PATH"], "HOME": self.folder,
                    "DURWARD_CLIENT": self.folder, "USER": name}

    def run(self, *args, wait=60, **kw):
        return subprocess.run([self.house.durward, *args], env=self.env, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=wait, **kw)

    def start(self, *args):
        return subprocess.Popen([self.house.durward, *args], env=self.env, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def json(self, *args):
        r = self.run(*args, "--json")
        assert r.returncode == 0, f"{args}: {r.stderr}"
        return json.loads(r.stdout)

    def command_ms(self):
        """What a command takes that changes nothing, on a machine as busy as
        it is now: for who must say of another that it takes no longer."""
        took = []
        for _ in range(5):
            begun = time.monotonic()
            assert self.run("approvals").returncode == 0
            took.append((time.monotonic() - begun) * 1000)
        return sorted(took)[2]

    def ask(self, goal):
        """The run's log entries, until it is done."""
        r = self.run("ask", goal, "--json")
        assert r.stdout, f"ask {goal!r}: {r.stderr}"
        return [json.loads(line) for line in r.stdout.splitlines()]

    def reply(self, goal):
        return self.ask(goal)[-1]["reply"]

    def asked(self, goal):
        """Ask for something that waits for a yes: the client and the act."""
        return self.asked_by("ask", goal, "--json")

    def asked_in_words(self, goal):
        return self.asked_by("ask", goal)

    def asked_by(self, *words):
        before = {a["act"] for a in self.json("approvals")["approvals"]}
        p = self.start(*words)

        def waiting():
            "an approval"
            found = [a["act"] for a in self.json("approvals")["approvals"]]
            return [a for a in found if a not in before]
        return p, wait_for(waiting)[0]

    def pair(self, token, name=None, wait=60):
        os.makedirs(self.folder, exist_ok=True)
        return self.run("pair", token, "--name", name or os.path.basename(self.folder)[7:],
                        "--port", str(self.house.port),
                        "--pairing-port", str(self.house.pairing_port), wait=wait)


class House:
    def __init__(self, binary="durward", policy=None, tools=("echo", "notes")):
        spare_locks()
        self.root = tempfile.mkdtemp(prefix="durward-test-")
        os.chmod(self.root, 0o755)
        self.binary = binary
        self.policy = policy or os.path.join(TOP, "config/policies/assist.policy")
        self.port, self.pairing_port = free_port(), free_port()
        self.tools = tools
        self.address = "127.0.0.1"  # Where it listens,
        self.at = "127.0.0.1"  # and is found by browsers.
        self.more = ()  # Options for the house alone.
        self.processes = {}
        for user, name in ((HOUSE_USER, "state"), (HOUSE_USER, "run"), (TOOLS_USER, "podman")):
            self._folder(name, user)
        os.chmod(self.path("run"), 0o755)
        self._install()
        self._tools_home()
        self.console = Client(self, "console")
        self._init()

    def path(self, *names):
        return os.path.join(self.root, *names)

    def _folder(self, name, user):
        os.mkdir(self.path(name), 0o700)
        shutil.chown(self.path(name), user, user)

    def _install(self):
        os.mkdir(self.path("bin"), 0o755)
        for f in (self.binary, "durward", "shim"):
            shutil.copy(os.path.join(BUILD, f), self.path("bin", f))
        self.durward = self.path("bin", "durward")
        self.house_binary = self.path("bin", self.binary)
        shutil.copy(self.policy, self.path("policy"))
        for f in ("policy",):
            os.chmod(self.path(f), 0o644)

    def _tools_home(self):
        """A home for Podman that holds nothing of another test."""
        conf = self.path("podman", ".config", "containers")
        os.makedirs(conf)
        shutil.copy(os.path.join(TOP, "config/containers/storage.conf"), conf)
        os.mkdir(self.path("podman", "run"), 0o700)
        p = pwd.getpwnam(TOOLS_USER)
        for d, _, files in os.walk(self.path("podman")):
            for name in [d] + [os.path.join(d, f) for f in files]:
                os.chown(name, p.pw_uid, p.pw_gid)

    def _init(self):
        def step(user, *args, given=None):
            kw = as_user(user) if user else {"env": self.console.env}
            r = subprocess.run([self.durward, "init", *args], text=True, input=given,
                               capture_output=True, **kw)
            assert r.returncode == 0, r.stderr
            return r.stdout
        step(None, "--console", self.console.folder)
        with open(os.path.join(self.console.folder, "owner.csr")) as f:
            answer = step(HOUSE_USER, "--state", self.path("state"), "--policy",
                          self.path("policy"), "--owner", "-", given=f.read())
        step(None, "--console", self.console.folder, "--answer", "-",
             "--port", str(self.port), "--pairing-port", str(self.pairing_port), given=answer)

    # ---- the two halves ----

    def _spawn(self, half, user, *args, **env):
        log = open(self.path(half + ".log"), "ab")
        kw = as_user(user, **env)
        self.processes[half] = subprocess.Popen(
            [self.house_binary, "run", half, *args], stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, **kw)
        log.close()

    def start_house(self, **env):
        self._spawn("house", HOUSE_USER, "--state", self.path("state"),
                    "--socket", self.path("run", "tools.sock"),
                    "--tools-user", TOOLS_USER, "--address", self.address,
                    "--port", str(self.port), "--pairing-port", str(self.pairing_port), *self.more, **env)

    def start_tools(self):
        self._spawn("tools", TOOLS_USER, "--socket", self.path("run", "tools.sock"),
                    "--shim", self.path("bin", "shim"), **self.podman_env())

    def podman_env(self):
        return {"HOME": self.path("podman"), "XDG_RUNTIME_DIR": self.path("podman", "run")}

    def podman(self, *args):
        r = subprocess.run(["podman", *args], text=True, capture_output=True,
                           stdin=subprocess.DEVNULL, **as_user(TOOLS_USER, **self.podman_env()))
        assert r.returncode == 0, f"podman {args}: {r.stderr}"
        return r.stdout

    def start(self, tools=True):
        self.start_house()
        if tools:
            self.start_tools()
        self.wait_up(tools)
        if tools:
            for t in self.tools:
                self.add_tool(t)
        return self

    def wait_up(self, tools=True):
        def up():
            "the house"
            r = self.console.run("tool", "--json")
            return r.returncode == 0 and (not tools or json.loads(r.stdout)["runner"])
        wait_for(up, 60, 0.05)

    def add_tool(self, name, *more):
        """From build/containers, or from any folder with tool.json.  Machines
        of tests need not be able to limit what a tool takes."""
        r = self.console.run("tool", "add", self.package(name), "--yes",
                             *(more or ("--no-limits-ok",)))
        assert r.returncode == 0, r.stderr

    def load_image(self, folder):
        image = shutil.copy(os.path.join(folder, "image.tar"), self.path("image.tar"))
        os.chmod(image, 0o644)
        self.podman("load", "-q", "-i", image)

    def package(self, name, /, **changes):
        """A tool's folder that its user can read, its manifest changed so."""
        folder = name if os.path.isabs(name) else os.path.join(BUILD, "containers", name)
        to = tempfile.mkdtemp(prefix=os.path.basename(folder) + "-", dir=self.root)
        os.chmod(to, 0o755)
        with open(os.path.join(folder, "tool.json")) as f:
            text = f.read()
        if changes:
            text = json.dumps(dict(json.loads(text), **changes))
        with open(os.path.join(to, "tool.json"), "w") as f:
            f.write(text)
        image = shutil.copy(os.path.join(folder, "image.tar"), to)
        os.chmod(image, 0o644)
        return to

    def add_variant(self, of, name, **members):
        """A tool under another name, from the same image."""
        folder = self.path("tool-" + name)
        os.mkdir(folder)
        source = of if os.path.isabs(of) else os.path.join(BUILD, "containers", of)
        with open(os.path.join(source, "tool.json")) as f:
            manifest = json.load(f)
        manifest.update(members, name=name)
        with open(os.path.join(folder, "tool.json"), "w") as f:
            json.dump(manifest, f)
        shutil.copy(os.path.join(source, "image.tar"), folder)
        self.add_tool(folder)

    def log(self, half="house"):
        with open(self.path(half + ".log"), errors="replace") as f:
            return f.read()

    def wait_log(self, pattern, half="house", seconds=30):
        def seen():
            return re.search(pattern, self.log(half))
        seen.__doc__ = f"{pattern!r} in the log of {half}:\n{self.log(half)}"
        return wait_for(seen, seconds)

    # ---- looking from outside ----

    def pids(self):
        """Process ids by role, of this house alone."""
        found = {}
        parent = self.processes["house"].pid
        for p in children(parent):
            words = cmdline(p)
            if len(words) == 3 and words[1] == "role":
                found[words[2]] = p
        found["parent"] = parent
        if "tools" in self.processes:
            kids = [p for p in children(self.processes["tools"].pid) if cmdline(p)[1:2] == ["run"]]
            if kids:
                found["runner"] = kids[0]
        return found

    def wait_roles(self):
        def there():
            "all roles"
            p = self.pids()
            return p if all(r in p for r in ROLES) else None
        return wait_for(there)

    def pair(self, name, role="approver", *more):
        r = self.console.run("pair", "--role", role, *more, "--json")
        assert r.returncode == 0, r.stderr
        c = Client(self, name)
        r = c.pair(json.loads(r.stdout)["token"], name)
        assert r.returncode == 0, r.stderr
        return c

    def stop(self):
        for half in ("house", "tools"):
            p = self.processes.pop(half, None)
            if p is None:
                continue
            kids = children(p.pid) if half == "tools" else []
            p.send_signal(signal.SIGTERM)
            try:
                p.wait(30)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
            for k in kids:
                try:
                    os.kill(k, signal.SIGKILL)
                except ProcessLookupError:
                    pass

    def close(self):
        self.stop()
        try:  # a store that is only deleted keeps its locks, of which a user has 2,048
            self.podman("rm", "-f", "-t0", "-a")
            self.podman("volume", "rm", "-f", "-a")
        except AssertionError:
            pass
        pause = self.path("podman", "run", "libpod", "tmp", "pause.pid")
        if os.path.exists(pause):
            with open(pause) as f:
                try:
                    os.kill(int(f.read()), signal.SIGKILL)
                except (ProcessLookupError, ValueError):
                    pass
        shutil.rmtree(self.root, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if exc[0] is not None and os.environ.get("V"):
            print(self.log())
            if "tools" in self.processes:
                print(self.log("tools"))
        self.close()


def children(pid):
    """Of a process that may be gone by now."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as f:
                found += [int(p) for p in f.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found


def cmdline(pid):
    try:
        with open(f"/proc/{pid}/cmdline") as f:
            return f.read().split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []


def status(pid, task=None):
    """The fields of /proc/PID/status."""
    path = f"/proc/{pid}/task/{task or pid}/status"
    with open(path) as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
