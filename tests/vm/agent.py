# SPDX-License-Identifier: Apache-2.0
"""Inside the machine, on its second serial port: a line with a JSON string is
a command for sh, the answer a line {"rc", "out"}.  Says "ready" each second
until somebody speaks."""

import json
import os
import select
import subprocess
import tty

fd = os.open("/dev/ttyS1", os.O_RDWR | os.O_NOCTTY)
tty.setraw(fd)
pending = b""
spoken = False
while True:
    if not spoken and not select.select([fd], [], [], 1)[0]:
        os.write(fd, b'"ready"\n')
        continue
    pending += os.read(fd, 65536)
    spoken = True
    while b"\n" in pending:
        line, pending = pending.split(b"\n", 1)
        r = subprocess.run(["sh", "-c", json.loads(line)], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/root",
                           env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"})
        answer = {"rc": r.returncode, "out": r.stdout.decode(errors="replace")}
        reply = json.dumps(answer).encode() + b"\n"
        while reply:
            reply = reply[os.write(fd, reply):]
