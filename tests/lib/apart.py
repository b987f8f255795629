# SPDX-License-Identifier: Apache-2.0
"""A network of one's own for a test: addresses that are public elsewhere, names
that only it knows, and servers behind them.  Nothing of it leaves the machine."""

import ctypes
import json
import os
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

names, ports = json.loads(sys.argv[1]), json.loads(sys.argv[2])


class Names(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode())
            at += 1 + data[at]
        kind = struct.unpack("!H", data[at + 1:at + 3])[0]
        found = names.get(".".join(labels).lower())
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
    await loop.create_datagram_endpoint(Names, local_addr=("127.0.0.1", 53))
    for address, port in ports:
        await asyncio.start_server(serve, address, port)
    print("up", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


class Apart:
    """Enter it, and leave with close().  `names` to lists of addresses, and
    (address, port) pairs where something answers."""

    def __init__(self, names, ports):
        self.folder = os.getcwd()
        self.before = [os.open(f"/proc/self/ns/{n}", os.O_RDONLY) for n in ("net", "mnt")]
        check(libc.unshare(CLONE_NEWNET | CLONE_NEWNS), "unshare")
        addresses = sorted({a for a, _ in ports})
        for words in (["mount", "--make-rprivate", "/"], ["ip", "link", "set", "lo", "up"],
                      *(["ip", "addr", "add", a + "/32", "dev", "lo"] for a in addresses
                        if not a.startswith("127."))):
            subprocess.run(words, check=True)
        self.conf = tempfile.NamedTemporaryFile("w", prefix="durward-resolv-")
        self.conf.write("nameserver 127.0.0.1\n")
        self.conf.flush()
        os.chmod(self.conf.name, 0o644)
        subprocess.run(["mount", "--bind", self.conf.name, os.path.realpath("/etc/resolv.conf")],
                       check=True)
        self.server = subprocess.Popen(
            [sys.executable, "-c", SERVER, json.dumps(names), json.dumps(ports)],
            stdout=subprocess.PIPE, text=True)
        assert self.server.stdout.readline() == "up\n"

    def close(self):
        self.server.kill()
        self.server.wait()
        self.conf.close()
        for fd, kind in zip(self.before, (CLONE_NEWNET, CLONE_NEWNS)):
            check(libc.setns(fd, kind), "setns")
            os.close(fd)
        os.chdir(self.folder)  # Another mount namespace begins at its root.



def house_apart(names, ports, tools):
    """A house that runs in such a network, and takes it along when it is closed."""
    apart = Apart(names, ports)
    h = House(tools=tools)
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
