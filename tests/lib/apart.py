# SPDX-License-Identifier: Apache-2.0
"""A network of one's own for a test: addresses that are public elsewhere, names
that only it knows, and servers behind them.  Nothing of it leaves the machine."""

import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile

from house import House

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


SERVER = r"""
import asyncio, json, socket, struct, sys

names, later, ports = (json.loads(a) for a in sys.argv[1:])


class Names(asyncio.DatagramProtocol):
    def __init__(self, names):
        self.names = names

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode())
            at += 1 + data[at]
        kind = struct.unpack("!H", data[at + 1:at + 3])[0]
        found = self.names.get(".".join(labels).lower())
        answers = found if found and kind == 1 else []
        code = 0x8180 if found else 0x8183
        reply = data[:2] + struct.pack("!HHHHH", code, 1, len(answers), 0, 0) + data[12:at + 5]
        for a in answers:
            reply += b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 1, 4) + socket.inet_aton(a)
        self.transport.sendto(reply, peer)


async def serve(reader, writer):
    here = writer.get_extra_info("sockname")
    try:
        asked = await reader.read(65536)
        said = f"reached {here[0]}:{here[1]}"
        if b"durward-web" in asked:
            page = f"<title>Here</title><h1>{said}</h1><p>by way of the gate</p>"
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}"
                         f"\r\nConnection: close\r\n\r\n{page}".encode())
            await writer.drain()
            writer.close()
            return
        writer.write(said.encode() + b"\r\n")
        while await reader.read(1 << 20):
            pass
        writer.close()
    except ConnectionError:
        pass


async def main():
    loop = asyncio.get_running_loop()
    for address, known in (("127.0.0.1", names), ("127.0.0.2", {**names, **later})):
        await loop.create_datagram_endpoint(lambda: Names(known), local_addr=(address, 53))
    for address, port in ports:
        await asyncio.start_server(serve, address, port)
    print("up", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


class Apart:
    """Enter it, and leave with close().  `names` to lists of addresses, and
    (address, port) pairs where something answers.  Who asks 127.0.0.2, as
    another network might say, learns `later` too."""

    def __init__(self, names, ports, later=None):
        self.folder = os.getcwd()
        self.before = [os.open(f"/proc/self/ns/{n}", os.O_RDONLY) for n in ("net", "mnt")]
        check(libc.unshare(CLONE_NEWNET | CLONE_NEWNS), "unshare")
        addresses = sorted({a for a, _ in ports})
        for words in (["mount", "--make-rprivate", "/"], ["ip", "link", "set", "lo", "up"],
                      *(["ip", "addr", "add", a + "/32", "dev", "lo"] for a in addresses
                        if not a.startswith("127."))):
            subprocess.run(words, check=True)
        self.etc = tempfile.mkdtemp(prefix="durward-etc-")
        subprocess.run(["cp", "-a", "/etc/.", self.etc], check=True)
        subprocess.run(["mount", "--bind", self.etc, "/etc"], check=True)
        self.ask("127.0.0.1")
        self.server = subprocess.Popen(
            [sys.executable, "-c", SERVER, *(json.dumps(v) for v in (names, later or {}, ports))],
            stdout=subprocess.PIPE, text=True)
        assert self.server.stdout.readline() == "up\n"

    def ask(self, address):
        """As DHCP does when an address is renewed: a new file, renamed."""
        with open("/etc/resolv.conf.new", "w") as f:
            f.write(f"nameserver {address}\n")
        os.chmod("/etc/resolv.conf.new", 0o644)
        os.rename("/etc/resolv.conf.new", "/etc/resolv.conf")

    def close(self):
        self.server.kill()
        self.server.wait()
        for fd, kind in zip(self.before, (CLONE_NEWNET, CLONE_NEWNS)):
            check(libc.setns(fd, kind), "setns")
            os.close(fd)
        os.chdir(self.folder)  # Another mount namespace begins at its root.
        shutil.rmtree(self.etc, ignore_errors=True)


class Cable:
    """Leads from a network of one's own to another, where `far` is; what begins
    beyond() stays there."""

    def __init__(self, apart, near, far):
        ours = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        check(libc.unshare(CLONE_NEWNET), "unshare")
        self.far = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            self.run("ip", "link", "add", "far", "type", "veth", "peer", "name", "near")
            self.run("ip", "link", "set", "near", "netns", str(apart.server.pid))
            self.run("ip", "addr", "add", far, "peer", near, "dev", "far")
            self.run("ip", "link", "set", "far", "up")
        finally:
            check(libc.setns(ours, CLONE_NEWNET), "setns")
            os.close(ours)
        self.run("ip", "addr", "add", near, "peer", far, "dev", "near")
        self.run("ip", "link", "set", "near", "up")

    @staticmethod
    def run(*words):
        subprocess.run(words, check=True)

    def beyond(self, begin):
        """What it begins has its sockets at the far end."""
        ours = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        check(libc.setns(self.far, CLONE_NEWNET), "setns")
        try:
            return begin()
        finally:
            check(libc.setns(ours, CLONE_NEWNET), "setns")
            os.close(ours)

    def pull(self):
        """Nothing comes through any more, and nobody says so."""
        self.beyond(lambda: self.run("ip", "link", "set", "far", "down"))

    def plug_in(self):
        self.beyond(lambda: self.run("ip", "link", "set", "far", "up"))


def house_apart(names, ports, tools, later=None, more=()):
    """A house that runs in such a network, and takes it along when it is closed."""
    apart = Apart(names, ports, later)
    h = House(tools=tools)
    h.more = more
    h.apart = apart
    close = h.close

    def close_both():
        close()
        apart.close()
    h.close = close_both
    try:
        return h.start()
    except Exception:
        close_both()
        raise
