# SPDX-License-Identifier: Apache-2.0
"""The binary and the build, before anything runs."""

import json
import os
import re
import subprocess
import tarfile

from house import BUILD, TOP

PROGRAMS = ["durward", "shim", *(f"containers/{tool}/program" for tool in ("echo", "notes", "web"))]
MACHINES = {"x86_64": "X86-64", "aarch64": "AArch64"}
PI = "aarch64"


class Skip(Exception):
    pass


def readelf(option, program):
    return subprocess.run(["readelf", "-W", option, os.path.join(BUILD, program)], text=True,
                          capture_output=True, check=True).stdout


def check_static(p):
    assert re.search(r"Type:\s+DYN", readelf("-h", p)), p
    segments = readelf("-l", p)
    assert "INTERP" not in segments, f"{p} wants a dynamic linker"
    assert "(NEEDED)" not in readelf("-d", p), f"{p} wants a library"


def check_hardened(p):
    segments, dynamic = readelf("-l", p), readelf("-d", p)
    assert "GNU_RELRO" in segments and "NOW" in dynamic, f"{p}: not fully read-only"
    assert "TEXTREL" not in dynamic, f"{p}: code that is written to"
    stack = re.search(r"GNU_STACK.*", segments).group(0)
    assert "RWE" not in stack and " RW " in stack, f"{p}: {stack}"
    for line in segments.splitlines():
        assert not re.search(r"LOAD.*RWE", line), f"{p}: {line}"


def check_is_for(machine, folder):
    for p in PROGRAMS:
        found = re.search(r"Machine:\s+(.*)", readelf("-h", folder + p)).group(1)
        assert MACHINES[machine] in found, f"{folder + p} is for {found}, not {machine}"


def image_is_for(folder, tool):
    """What the image says to Podman."""
    with tarfile.open(os.path.join(BUILD, folder + f"containers/{tool}/image.tar")) as tar:
        for m in tar.getmembers():
            text = tar.extractfile(m).read() if m.isfile() and m.size < 4096 else b""
            if b'"architecture"' in text:
                return json.loads(text)["architecture"]
    raise AssertionError(f"the image of {tool} says nothing")


def test_every_program_is_a_static_position_independent_executable():
    for p in PROGRAMS:
        check_static(p)


def test_every_program_is_hardened():
    for p in PROGRAMS:
        check_hardened(p)


def test_the_same_is_built_for_a_raspberry_pi_and_lies_apart():
    here = os.uname().machine
    folder = "" if here == PI else PI + "/"
    if not os.path.exists(os.path.join(BUILD, folder + "durward")):
        raise Skip(f"nothing was built for {PI}: scripts/setup cross, then make ARCH={PI}")
    check_is_for(here, "")
    check_is_for(PI, folder)
    for p in PROGRAMS:
        check_static(folder + p)
        check_hardened(folder + p)
    for tool in ("echo", "notes", "web"):
        assert image_is_for(folder, tool) == "arm64", tool


def test_the_sources_of_every_library_are_pinned():
    with open(os.path.join(TOP, "scripts/deps.lock")) as f:
        rows = [line.split() for line in f if line.strip() and not line.startswith("#")]
    assert {r[0] for r in rows} == {"musl", "mbedtls", "zlib", "curl", "sqlite3", "cjson",
                                    "qrencode", "libseccomp", "mosquitto"}
    assert all(re.fullmatch(r"[0-9a-f]{64}", r[2]) for r in rows), rows


def test_make_help_lists_every_target():
    out = subprocess.run(["make", "-s", "-C", TOP, "help"], text=True, capture_output=True).stdout
    listed = {line.split()[0] for line in out.splitlines() if line.strip()}
    want = set("all check check-integration check-containers asan fuzz fuzz-smoke layers format "
               "size bench ci".split())
    assert want <= listed, want - listed
