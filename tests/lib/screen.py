# SPDX-License-Identifier: Apache-2.0
"""What a program shows in a terminal's window, and what a camera reads of the
QR codes there: with zbar, which shares no line with what drew them."""

import ctypes
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

SGR = re.compile(r"\x1b\[[0-9;]*m")
INK = {" ": 0, "▀": 1, "▄": 2, "█": 3}


class Screen:
    """A program in a window of its own."""

    def __init__(self, argv, env, columns=80, rows=24, term="xterm-256color"):
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        env = {k: v for k, v in env.items() if k != "COLORTERM"}
        self.process = subprocess.Popen(argv, env={**env, "TERM": term}, stdin=theirs,
                                        stdout=theirs, stderr=theirs)
        os.close(theirs)
        self.seen = ""
        self.taken = 0
        self.rest = b""

    def _more(self, seconds):
        if not select.select([self.ours], [], [], seconds)[0]:
            return False
        try:
            self.rest += os.read(self.ours, 65536)
        except OSError:
            return False
        whole = self.rest.decode(errors="ignore")
        self.rest = self.rest[len(whole.encode()):]
        self.seen += whole.replace("\r\n", "\n")
        return True

    def until(self, pattern, seconds=60):
        """The match, behind the one before; what was shown is in `seen`."""
        end = time.monotonic() + seconds
        while True:
            m = re.compile(pattern, re.M).search(self.seen, self.taken)
            if m:
                self.taken = m.end()
                return m
            if not self._more(max(0, end - time.monotonic())):
                raise AssertionError(f"'{pattern}' was not shown: {self.seen!r}")

    def type(self, text):
        os.write(self.ours, text.encode())

    def end(self, seconds=60):
        """Its exit code, once it has ended by itself."""
        while self._more(seconds):
            pass
        return self.process.wait(seconds)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.ours)


def codes(text):
    """The QR codes in it, each as rows of modules, True where it is dark; with
    no colours what has no ink is dark, as in a window of light on dark."""
    found, rows = [], []
    for line in text.split("\n") + [""]:
        plain = SGR.sub("", line)
        if len(plain) < 25 or set(plain) - set(INK):
            if len(rows) > 20:
                found.append(rows)
            rows = []
            continue
        ink_is_dark = plain != line
        for half in (1, 2):
            rows.append([bool(INK[c] & half) == ink_is_dark for c in plain])
    return found


def picture(code, scale=4):
    """Grey bytes, a row behind the other, and the size of it."""
    out = bytearray()
    for row in code:
        line = b"".join((b"\x10" if dark else b"\xf0") * scale for dark in row)
        out += line * scale
    return bytes(out), len(code[0]) * scale, len(code) * scale


def read(code):
    """What a camera reads; None when it reads nothing."""
    zbar = ctypes.CDLL("libzbar.so.0")
    for name in ("zbar_image_scanner_create", "zbar_image_create", "zbar_image_first_symbol"):
        getattr(zbar, name).restype = ctypes.c_void_p
    zbar.zbar_symbol_get_data.restype = ctypes.c_char_p
    grey, width, height = picture(code)
    image = ctypes.c_void_p(zbar.zbar_image_create())
    zbar.zbar_image_set_format(image, ctypes.c_ulong(int.from_bytes(b"Y800", "little")))
    zbar.zbar_image_set_size(image, width, height)
    zbar.zbar_image_set_data(image, grey, ctypes.c_ulong(len(grey)), None)
    scanner = ctypes.c_void_p(zbar.zbar_image_scanner_create())
    zbar.zbar_scan_image(scanner, image)
    symbol = zbar.zbar_image_first_symbol(image)
    text = symbol and zbar.zbar_symbol_get_data(ctypes.c_void_p(symbol)).decode()
    zbar.zbar_image_scanner_destroy(scanner)
    zbar.zbar_image_destroy(image)
    return text
