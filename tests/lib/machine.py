# SPDX-License-Identifier: Apache-2.0
"""A machine: Debian with systemd and cgroup v2 in QEMU, without KVM.

Commands go in and answers come out by its second port for text (agent.py).
Its disk is a copy of an image that tests/vm/image made, so nothing of one
test is in another.  What a test brings is a tar on a second disk.  One more
disk may be had whose writes are written down (disklog.py)."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ARCH = os.environ.get("DURWARD_ARCH", "amd64")
# What that architecture is called by others, and its programs here.
MACHINE = {"amd64": "x86_64", "arm64": "aarch64"}[ARCH]
BUILD = os.path.join(TOP, "build", "" if ARCH == "amd64" else MACHINE)
BOOT_S = 600  # It takes ten, on a machine of its own.
FIRST_BOOT_S = 180  # What takes longer is too slow to live in.
IMAGE_S = {"amd64": 600, "arm64": 1500}[ARCH]  # Packages of a whole Debian.
LOG_MB = 4096  # Of a sparse file.


class Skip(Exception):
    """What this machine lacks for a machine inside of it, whatever the house does there."""


class Failed(Exception):
    """A command inside ended with another status than 0."""


def make_image(suite):
    if os.uname().machine != "x86_64":
        raise Skip("an x86_64 machine to emulate one on")
    # With all that it started.
    r = subprocess.run(["timeout", "-k", "10", str(IMAGE_S), TOP + "/tests/vm/image", suite, ARCH],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if r.returncode == 124:
        raise Skip(f"a mirror that gives a Debian within {IMAGE_S} s")
    if r.returncode == 75:
        raise Skip("the packages of a Debian: " + " ".join(r.stdout[-300:].split()))
    assert r.returncode == 0, r.stdout[-3000:]


class Machine:
    def __init__(self, suite=os.environ.get("DURWARD_SUITE", "bookworm"), bring=(), memory_mb=1536):
        make_image(suite)
        self.image = os.path.join(TOP, "build", "vm", f"{suite}-{ARCH}")
        self.folder = tempfile.mkdtemp(prefix="durward-vm-")
        self.disk = os.path.join(self.folder, "root.img")
        self.memory_mb = memory_mb
        self.bring(bring)
        subprocess.run(["cp", "--sparse=always", os.path.join(self.image, "root.img"), self.disk],
                       check=True)
        self.ports = {}
        self.logged = []
        self.process = None
        self.chip = None
        self.was_up = False

    def bring(self, files):
        """Files for the machine, below /run/brought once it has started."""
        tar = os.path.join(self.folder, "bring.tar")
        with open(os.path.join(self.folder, "empty"), "w"):
            pass
        words = ["-C", self.folder, "empty"]
        for f in files:
            words += ["-C", os.path.dirname(os.path.abspath(f)), os.path.basename(f)]
        subprocess.run(["tar", "-cf", tar, *words], check=True)
        os.truncate(tar, -(-os.path.getsize(tar) // 1048576) * 1048576)

    def add_logged_disk(self, mb, beyond_mb):
        """From the next start on there is /dev/vdc, with an ext4 of so many MB
        and some room behind it.  `logged` are the disk as the last start found
        it, and the log of what was written to it since."""
        self.logged = [os.path.join(self.folder, n) for n in ("logged.base", "logged.log")]
        disk = self.logged[0]
        with open(disk, "w") as f:
            f.truncate((mb + beyond_mb) << 20)
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-E", "lazy_itable_init=0,nodiscard", disk,
                        f"{mb}M"], check=True)

    def logged_disk(self):
        if not self.logged:
            return []
        base, log = self.logged
        disk = os.path.join(self.folder, "logged.img")
        if os.path.exists(disk):
            os.replace(disk, base)
        subprocess.run(["cp", "--sparse=always", base, disk], check=True)
        with open(log, "w") as f:
            f.truncate(LOG_MB << 20)
        return ["-blockdev", f"driver=file,filename={disk},node-name=df,cache.no-flush=on",
                "-blockdev", f"driver=file,filename={log},node-name=lf,cache.no-flush=on",
                "-blockdev", "driver=blklogwrites,node-name=lw,file=df,log=lf",
                # Behind the others, so that these keep their names.
                "-device", "virtio-blk-pci,drive=lw,write-cache=on,discard=off,write-zeroes=off,"
                "addr=0x10"]

    def put_in_chip(self, name):
        """From the next start on the machine has this TPM, with what it kept."""
        self.chip = os.path.join(self.folder, name)
        os.makedirs(self.chip, exist_ok=True)

    def chip_words(self):
        if self.chip is None:
            return []
        wire = self.chip + "/wire"
        # It ends with QEMU.
        subprocess.run(["swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + self.chip, "--ctrl",
                        "type=unixio,path=" + wire, "--terminate", "--daemon"], check=True)
        device = "tpm-crb" if ARCH == "amd64" else "tpm-tis-device"
        return ["-chardev", "socket,id=c,path=" + wire, "-tpmdev", "emulator,id=t,chardev=c",
                "-device", device + ",tpmdev=t"]

    def start(self, *guest_ports, clock=None):
        """Boots; `ports` has for each of these the one by which it is reached here."""
        agent = os.path.join(self.folder, "agent")
        self.ports = {g: free_port() for g in guest_ports}
        forwards = "".join(f",hostfwd=tcp:127.0.0.1:{h}-:{g}" for g, h in self.ports.items())
        words = [
            *self.board(agent), "-accel", "tcg,thread=multi,tb-size=512", "-smp", "2",
            "-m", str(self.memory_mb), "-nodefaults", "-display", "none", "-no-reboot",
            "-nic", "user,model=virtio-net-pci,restrict=on" + forwards,
            "-kernel", os.path.join(self.image, "vmlinuz"),
            "-initrd", os.path.join(self.image, "initrd"),
            "-append", "root=/dev/vda rw panic=-1 mitigations=off net.ifnames=0 quiet console=" +
            ("ttyS0" if ARCH == "amd64" else "ttyAMA0"),
            "-drive", f"file={self.disk},format=raw,if=virtio,cache=unsafe",
            "-drive", f"file={self.folder}/bring.tar,format=raw,if=virtio,readonly=on",
            "-object", "rng-random,id=r,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=r",
            *self.logged_disk(), *self.chip_words(), *(["-rtc", "base=" + clock] if clock else [])]
        begun = time.monotonic()
        boot_s = BOOT_S if self.was_up else FIRST_BOOT_S
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL,
                                        stdout=open(f"{self.folder}/qemu.txt", "w"),
                                        stderr=subprocess.STDOUT)
        try:
            self.wire = self.connect(agent, begun + boot_s)
            self.lines = self.wire.makefile("rb")
            self.await_ready(begun + boot_s)
        except AssertionError as e:
            if self.was_up or self.process.poll() is not None:
                raise
            # Nothing of the house is in it yet.
            raise Skip(f"a QEMU that boots a Debian within {boot_s} s: " +
                       " ".join(str(e)[-300:].split())) from None
        self.was_up = True
        self.boot_s = time.monotonic() - begun
        self.run("mkdir -p /run/brought && tar -xf /dev/vdb -C /run/brought")
        return self

    def board(self, agent):
        """The machine without what both kinds have: its ports for text among it."""
        ports = ["-serial", f"file:{self.folder}/console.txt",
                 "-chardev", f"socket,id=a,path={agent},server=on,wait=off"]
        if ARCH == "amd64":
            return ["qemu-system-x86_64", "-M", "q35", "-cpu", "max", *ports, "-serial", "chardev:a"]
        return ["qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a72", *ports,
                "-device", "virtio-serial-pci", "-device", "virtconsole,chardev=a"]

    def connect(self, path, until):
        while True:
            wire = socket.socket(socket.AF_UNIX)
            try:
                wire.connect(path)
                return wire
            except OSError:
                wire.close()
                assert self.process.poll() is None and time.monotonic() < until, self.console()
                time.sleep(0.1)

    def await_ready(self, until):
        """What was said before is thrown away: one word each second is left."""
        self.wire.settimeout(max(1, until - time.monotonic()))
        try:
            while json.loads(self.lines.readline() or b'""') != "ready":
                assert self.process.poll() is None, self.console()
        except TimeoutError:
            raise AssertionError("the machine did not come up: " + self.console()) from None

    def run(self, command, timeout=180, check=True):
        """What a root's shell in the machine says to this."""
        self.wire.settimeout(timeout)
        self.wire.sendall(json.dumps(command).encode() + b"\n")
        answer = "ready"
        while answer == "ready":
            answer = json.loads(self.lines.readline())
        if check and answer["rc"] != 0:
            raise Failed(f"{command}: {answer['rc']}: {answer['out'][-3000:]}")
        return answer["out"]

    def code(self, command, timeout=180):
        return int(self.run(f"({command}) >/dev/null 2>&1; echo $?", timeout).split()[-1])

    def console(self):
        with open(f"{self.folder}/console.txt", errors="replace") as f:
            return f.read()[-3000:]

    def pull_the_plug(self):
        """Power is gone: what QEMU wrote stays, what the guest kept in memory does not."""
        self.process.kill()
        self.process.wait()
        self.wire.close()

    def reboot(self, *guest_ports):
        self.off()
        return self.start(*(guest_ports or self.ports))

    def off(self):
        self.run("systemctl --no-block poweroff")
        self.process.wait(timeout=180)
        self.wire.close()

    def close(self):
        if self.process and self.process.poll() is None:
            self.pull_the_plug()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def built(folder, key=""):
    """A package of what is built, in this folder, of who has this key."""
    subprocess.run([TOP + "/scripts/make-package", folder], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "ARCH": MACHINE, "DURWARD_RELEASE_KEY": key})
    return next(os.path.join(folder, n) for n in os.listdir(folder) if n.endswith(".deb"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
