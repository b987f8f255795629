# SPDX-License-Identifier: Apache-2.0
"""What others wrote and these tests run against: the official Python clients
in a virtual environment, and a real model's server in Node.  Both lie under
build/models, as the lock files of this folder say."""

import hashlib
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(TOP, "build", "models")
INSTALL_S = 600


class Skip(Exception):
    """Names the thing that is missing."""


def installed(folder, files, *commands):
    """The folder, with these files copied and these commands run in it; at
    once when that was done for the same files."""
    os.makedirs(folder, exist_ok=True)
    digest = hashlib.sha256(sys.version.encode())
    for path in files:
        shutil.copy(path, folder)
        with open(path, "rb") as f:
            digest.update(f.read())
    stamp = os.path.join(folder, ".done")
    if os.path.exists(stamp) and open(stamp).read() == digest.hexdigest():
        return folder
    for words in commands:
        try:
            r = subprocess.run(words, cwd=folder, text=True, capture_output=True,
                               timeout=INSTALL_S)
        except subprocess.TimeoutExpired:
            raise Skip(f"`{' '.join(words)}` did not end in {INSTALL_S} s")
        if r.returncode != 0:
            said = (r.stderr.strip() or r.stdout.strip()).splitlines()[-3:]
            raise Skip(f"`{' '.join(words)}` cannot install: {' '.join(said)}")
    with open(stamp, "w") as f:
        f.write(digest.hexdigest())
    return folder


def python_clients():
    """openai, anthropic and ollama can be imported from now on."""
    folder = installed(
        os.path.join(BUILD, "python"), [os.path.join(HERE, "requirements.txt")],
        [sys.executable, "-m", "venv", "--clear", "venv"],
        ["venv/bin/python", "-m", "pip", "install", "--quiet", "--no-deps",
         "--only-binary=:all:", "-r", "requirements.txt"])
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packages = os.path.join(folder, "venv", "lib", version, "site-packages")
    if packages not in sys.path:
        sys.path.append(packages)


def node():
    """node 20 or later, with npm."""
    if not shutil.which("node") or not shutil.which("npm"):
        raise Skip("node and npm are missing; scripts/setup test installs them")
    said = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    if int(re.match(r"v(\d+)", said).group(1)) < 20:
        raise Skip(f"node 20 or later is missing; this is {said.strip()}")
    return shutil.which("node")
