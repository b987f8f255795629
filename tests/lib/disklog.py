# SPDX-License-Identifier: Apache-2.0
"""What a disk was told to write, in its order, and what may be on it when the
power goes: QEMU's blklogwrites writes it down, the same as Linux' dm-log-writes.

After a cut the disk has every write up to the last flush before it, and any
of those that came later: which is for a seed to say."""

import mmap
import os
import random
import shutil
import struct
import subprocess

MAGIC = 0x6a736677736872
SECTOR = 512
BLOCK = 4096  # No part of one is ever written alone.
FLUSH, FUA, DISCARD = 1, 2, 4


class Entry:
    __slots__ = ("at", "flags", "data", "length")

    def __init__(self, at, flags, data, length):
        self.at, self.flags, self.data, self.length = at, flags, data, length


class DiskLog:
    """`base` is the disk as it was at the beginning; both files stay ours."""

    def __init__(self, base, log, folder):
        self.disk = os.path.join(folder, "durable.img")
        subprocess.run(["cp", "--sparse=always", base, self.disk], check=True)
        self.fd = os.open(self.disk, os.O_RDWR)
        with open(log, "rb") as f:
            self.log = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
        self.entries = list(self._entries())
        self.done = 0  # So many of them are on `disk`.
        self.cut = os.path.join(folder, "cut.img")

    def _entries(self):
        magic, version, count, sector = struct.unpack_from("<QQQI", self.log)
        assert (magic, version, sector) == (MAGIC, 1, SECTOR), (hex(magic), version, sector)
        at = SECTOR
        for _ in range(count):
            first, sectors, flags, _ = struct.unpack_from("<QQQQ", self.log, at)
            assert not flags & DISCARD, "the disk was to take no discards"
            length = sectors * SECTOR
            yield Entry(first * SECTOR, flags, at + SECTOR, length)
            at += SECTOR + length

    def bytes_of(self, e):
        return self.log[e.data:e.data + e.length]

    def _durable(self, n):
        """The first n entries, all of them."""
        assert n >= self.done, "cuts are made in their order"
        for e in self.entries[self.done:n]:
            os.pwrite(self.fd, self.bytes_of(e), e.at)
        self.done = n

    def flushed(self, k):
        """How many entries are durable for certain before entry k."""
        while k > 0 and not self.entries[k - 1].flags & FLUSH:
            k -= 1
        return k

    def cut_before(self, k, seed, lies=0):
        """The disk whose power goes before entry k, as a file that lives until
        the next one is asked for.  One that lies has not done the flushes
        among the last so many entries."""
        draw = random.Random(seed)
        n = self.flushed(max(0, k - lies))
        self._durable(n)
        subprocess.run(["cp", "--sparse=auto", self.disk, self.cut], check=True)
        fd = os.open(self.cut, os.O_RDWR)
        for e in self.entries[n:k]:
            whole = e.flags & FUA and not lies
            data = self.bytes_of(e)
            for i in range(0, e.length, BLOCK):
                if whole or draw.random() < 0.5:
                    os.pwrite(fd, data[i:i + BLOCK], e.at + i)
        os.close(fd)
        return self.cut

    def whole(self):
        """The disk with all that it was told; no cuts are made after that."""
        self._durable(len(self.entries))
        return self.disk

    def close(self):
        os.close(self.fd)
        self.log.close()


def files_of(image, paths, to):
    """Those of these files that an ext4 disk has once it was looked over as at
    a start; '' or why there are none."""
    r = subprocess.run(["e2fsck", "-fy", image], text=True, capture_output=True)
    if r.returncode & ~1:
        return f"e2fsck ends with {r.returncode}: {r.stdout[-500:]}{r.stderr[-500:]}"
    shutil.rmtree(to, ignore_errors=True)
    for folder in {os.path.dirname(p) for p in paths}:
        os.makedirs(os.path.join(to, folder))
    subprocess.run(["debugfs", "-f", "-", image], text=True, capture_output=True, check=True,
                   input="".join(f"dump /{p} {os.path.join(to, p)}\n" for p in paths))
    return ""
