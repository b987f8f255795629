# SPDX-License-Identifier: Apache-2.0
"""The binary and the build, before anything runs."""

import os
import re
import subprocess

from house import BUILD, TOP

PROGRAMS = ["durward", "shim", *(f"containers/{tool}/program" for tool in ("echo", "notes", "web"))]


def readelf(option, program):
    return subprocess.run(["readelf", "-W", option, os.path.join(BUILD, program)], text=True,
                          capture_output=True, check=True).stdout


def test_every_program_is_a_static_position_independent_executable():
    for p in PROGRAMS:
        assert re.search(r"Type:\s+DYN", readelf("-h", p)), p
        segments = readelf("-l", p)
        assert "INTERP" not in segments, f"{p} wants a dynamic linker"
        assert "(NEEDED)" not in readelf("-d", p), f"{p} wants a library"


def test_every_program_is_hardened():
    for p in PROGRAMS:
        segments, dynamic = readelf("-l", p), readelf("-d", p)
        assert "GNU_RELRO" in segments and "NOW" in dynamic, f"{p}: not fully read-only"
        assert "TEXTREL" not in dynamic, f"{p}: code that is written to"
        stack = re.search(r"GNU_STACK.*", segments).group(0)
        assert "RWE" not in stack and " RW " in stack, f"{p}: {stack}"
        for line in segments.splitlines():
            assert not re.search(r"LOAD.*RWE", line), f"{p}: {line}"


def test_the_sources_of_every_library_are_pinned():
    with open(os.path.join(TOP, "scripts/deps.lock")) as f:
        rows = [line.split() for line in f if line.strip() and not line.startswith("#")]
    assert {r[0] for r in rows} == {"musl", "mbedtls", "zlib", "curl", "sqlite3", "cjson",
                                    "libseccomp", "mosquitto"}
    assert all(re.fullmatch(r"[0-9a-f]{64}", r[2]) for r in rows), rows


def test_make_help_lists_every_target():
    out = subprocess.run(["make", "-s", "-C", TOP, "help"], text=True, capture_output=True).stdout
    listed = {line.split()[0] for line in out.splitlines() if line.strip()}
    want = set("all check check-integration check-containers asan fuzz fuzz-smoke layers format "
               "size bench ci".split())
    assert want <= listed, want - listed
