# SPDX-License-Identifier: Apache-2.0
"""The guide of the README, "From outside", its commands as they stand there: a
box and a phone in namespaces of their own, between them what stands for the
internet, and WireGuard, of the kernel or in user space."""

import contextlib
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from browser import Live, opened, paired
from house import TOP, Client, House, wait_for

LAN = "192.168.77.2"
OUTSIDE = "203.0.113.1"
NAME = socket.gethostname().split(".")[0] + ".home.arpa"
CLONE_NEWNET = 0x40000000


class Skip(Exception):
    """Names the thing that is missing."""


def sh(*words, **kw):
    r = subprocess.run(words, text=True, capture_output=True, **kw)
    assert r.returncode == 0, f"{words}: {r.stdout}{r.stderr}"
    return r.stdout


def guide():
    """The commands of the README."""
    with open(os.path.join(TOP, "README.md")) as f:
        section = f.read().split("\n## From outside\n")[1].split("\n## ")[0]
    return "".join(line[4:] + "\n" for line in section.split("\n") if line.startswith("    "))


def enter(path):
    """This thread's network is that one from now on."""
    fd = os.open(path, os.O_RDONLY)
    try:
        assert ctypes.CDLL(None, use_errno=True).setns(fd, CLONE_NEWNET) == 0, path
    finally:
        os.close(fd)


@contextlib.contextmanager
def in_network(w, ns):
    enter("/run/netns/" + ns)
    try:
        yield
    finally:
        enter("/run/netns/" + w.box)


class World:
    def __init__(self):
        for program in ("ip", "wg", "wg-quick", "dnsmasq", "curl"):
            if not shutil.which(program):
                raise Skip(f"{program} is not installed (scripts/setup test)")
        self.before = f"/proc/{os.getpid()}/ns/net"
        self.home = os.open(self.before, os.O_RDONLY)
        self.box, self.phone = (f"durward-{n}-{os.getpid()}" for n in ("box", "phone"))
        self.folder = tempfile.mkdtemp(prefix="durward-wireguard-")
        self.house = None
        try:
            self.wire_up()
            enter("/run/netns/" + self.box)
            self.house = h = House(tools=("notes",))
            h.address = "::"
            h.start()
            h.laptop = Client(h, "laptop")
            h.page = paired(h, "page")
        except BaseException:
            self.close()
            raise

    def wire_up(self):
        for ns in (self.box, self.phone):
            sh("ip", "netns", "add", ns)
            sh("ip", "-n", ns, "link", "set", "lo", "up")
            os.makedirs(f"/etc/netns/{ns}")
        sh("ip", "link", "add", "wan0", "netns", self.box, "type", "veth",
           "peer", "name", "wan0", "netns", self.phone)
        sh("ip", "-n", self.box, "link", "add", "lan0", "type", "veth", "peer", "name", "lan1")
        for ns, link, address in ((self.box, "wan0", OUTSIDE), (self.phone, "wan0", "203.0.113.9"),
                                  (self.box, "lan0", LAN), (self.box, "lan1", None)):
            if address:
                sh("ip", "-n", ns, "addr", "add", address + "/24", "dev", link)
            sh("ip", "-n", ns, "link", "set", link, "up")
        # At home the router's DNS says the name; outside the tunnel's does.
        with open(f"/etc/netns/{self.box}/hosts", "w") as f:
            f.write(f"127.0.0.1 localhost\n{LAN} {NAME}\n")
        with open(f"/etc/netns/{self.phone}/resolv.conf", "w") as f:
            f.write("nameserver 10.88.0.1\noptions timeout:1 attempts:1\n")
        with open(f"/etc/netns/{self.phone}/hosts", "w") as f:
            f.write("127.0.0.1 localhost\n")

    def run(self, ns, *words, **kw):
        return subprocess.run(["ip", "netns", "exec", ns, *words], text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=60, **kw)

    def laptop(self, ns, *words):
        return self.run(ns, self.house.durward, *words, env=self.house.laptop.env)

    def follow_guide(self):
        """Of what the guide says, the packages are there, and the folder is ours."""
        text = re.sub(r"^apt install .*\n", "", guide(), flags=re.M)
        text = re.sub(r"^BOX=.*$", f"BOX={LAN} OUTSIDE={OUTSIDE}", text, flags=re.M)
        text = text.replace("/etc/wireguard", self.folder)
        r = self.run(self.box, "sh", "-ec", text)
        if "/dev/net/tun" in r.stderr or "wireguard-go: not found" in r.stderr:
            raise Skip("neither WireGuard in the kernel nor wireguard-go with /dev/net/tun")
        assert r.returncode == 0, r.stdout + r.stderr
        # A phone's app does this by itself: its DNS is in our resolv.conf.
        path = os.path.join(self.folder, "phone.conf")
        with open(path) as f:
            text = f.read()
        with open(path, "w") as f:
            f.write(text.replace("DNS = 10.88.0.1\n", ""))
        r = self.run(self.phone, "wg-quick", "up", path)
        assert r.returncode == 0, r.stdout + r.stderr

    def close(self):
        os_home = f"/proc/self/fd/{self.home}"
        if self.house:
            self.house.close()
        enter(os_home)
        os.close(self.home)
        for ns in (self.box, self.phone):
            found = subprocess.run(["ip", "netns", "pids", ns], text=True, capture_output=True)
            for pid in found.stdout.split():
                with contextlib.suppress(OSError), open(f"/proc/{pid}/comm") as f:
                    if f.read().strip() in ("dnsmasq", "wireguard-go"):
                        os.kill(int(pid), signal.SIGTERM)
            subprocess.run(["ip", "netns", "del", ns], capture_output=True)
            shutil.rmtree(f"/etc/netns/{ns}", ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def setup():
    return World()


def test_at_home_it_is_paired_by_the_name_that_it_keeps(w):
    h = w.house
    token = h.console.json("pair")["token"]
    os.makedirs(h.laptop.folder, exist_ok=True)
    r = w.laptop(w.box, "pair", token, "--name", "laptop", "--host", NAME,
                 "--port", str(h.port), "--pairing-port", str(h.pairing_port))
    assert r.returncode == 0, r.stdout + r.stderr
    assert w.laptop(w.box, "approvals").returncode == 0
    r = w.laptop(w.phone, "approvals")
    assert r.returncode == 3, "outside without a tunnel: " + r.stdout + r.stderr


def test_the_guide_brings_it_home_by_the_same_name_with_the_same_key(w):
    h = w.house
    w.follow_guide()
    r = w.laptop(w.phone, "approvals")
    assert r.returncode == 0 and "Nothing waits" in r.stdout, r.stdout + r.stderr
    h.console.ask("save a note: umbrella")
    p, act = h.console.asked("delete the note umbrella")
    r = w.laptop(w.phone, "approve", act, "--yes")
    assert r.returncode == 0, r.stdout + r.stderr
    out, _ = p.communicate(timeout=60)
    assert '"name":"laptop"' in out, out


def test_outside_a_browser_finds_the_page_under_its_name_and_certificate(w):
    h = w.house
    root = os.path.join(h.console.folder, "root.pem")
    r = w.run(w.phone, "curl", "-sS", "-m", "20", "--cacert", root, "-o", "/dev/null",
              "-w", "%{http_code}", f"https://{NAME}:{h.pairing_port}/")
    assert r.stdout == "200", r.stdout + r.stderr
    r = w.run(w.phone, "curl", "-sS", "-m", "20", "--cacert", root, "-o", "/dev/null",
              "-w", "%{http_code}", f"https://{LAN}:{h.pairing_port}/")
    assert r.stdout == "200", "by the address too: " + r.stdout + r.stderr


def test_what_is_open_goes_on_when_the_phone_is_elsewhere(w):
    h = w.house
    h.at = LAN
    with in_network(w, w.phone):
        live = opened(h, h.page)
        assert live.query("status")["status"] == 200
    sh("ip", "-n", w.phone, "addr", "flush", "dev", "wan0")
    sh("ip", "-n", w.phone, "addr", "add", "203.0.113.77/24", "dev", "wan0")
    # As the apps of phones do when the network is another one.
    sh("ip", "netns", "exec", w.phone, "wg", "set", "phone", "listen-port", "40404")
    assert live.query("status")["status"] == 200
    live.close()
    h.at = "127.0.0.1"


def test_who_has_not_the_phones_key_is_outside(w):
    key = os.path.join(w.folder, "thief.key")
    with open(key, "w") as f:
        f.write(sh("wg", "genkey"))
    w.run(w.phone, "wg", "set", "phone", "private-key", key)
    r = w.laptop(w.phone, "approvals")
    assert r.returncode == 3, r.stdout + r.stderr
    w.run(w.phone, "wg", "set", "phone", "private-key", os.path.join(w.folder, "phone.key"))

    def home():
        "the phone at home"
        return w.laptop(w.phone, "approvals").returncode == 0
    wait_for(home, 60, 0.5)
