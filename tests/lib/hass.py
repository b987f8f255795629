# SPDX-License-Identifier: Apache-2.0
"""Home Assistant itself, from its package, with its MQTT integration: what this
machine's Python can run of it, installed below build/hass."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from house import TOP, free_port, wait_for  # noqa: E402

PYTHON = (3, 11)  # Of the release that is pinned there, the last for Debian 12.
PACKAGES = os.path.join(TOP, "tests/lib/hass.txt")
VENV = os.path.join(TOP, "build", "hass")


def missing():
    """Why it cannot be had, or None."""
    if sys.version_info[:2] != PYTHON:
        return "a Python 3.11, for Home Assistant"
    if os.path.exists(os.path.join(VENV, "done")):
        return None
    shutil.rmtree(VENV, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True, capture_output=True)
    r = subprocess.run([os.path.join(VENV, "bin/pip"), "install", "-q", "--no-compile", "--no-deps", "-r", PACKAGES],
                       capture_output=True, text=True)
    if r.returncode != 0:
        return "Home Assistant, which pip does not give: " + r.stderr[-300:]
    open(os.path.join(VENV, "done"), "w").close()
    return None


class HomeAssistant:
    """On a broker at this port, with an owner and a token."""

    def __init__(self, folder, broker_port):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        os.makedirs(folder)
        with open(os.path.join(folder, "configuration.yaml"), "w") as f:
            f.write("homeassistant:\nonboarding:\nconfig:\nwebsocket_api:\n"
                    f"http:\n  server_host: 127.0.0.1\n  server_port: {self.port}\n")
        self.log = open(os.path.join(folder, "said"), "w+")
        self.process = subprocess.Popen([os.path.join(VENV, "bin/python"), "-m", "homeassistant", "--skip-pip",
                                         "-c", folder], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        wait_for(self.listens, 120, 0.2)
        self.token = self.talk("begin", broker_port)

    def listens(self):
        assert self.process.poll() is None, self.said()
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def talk(self, *what):
        """To it, with its own client library."""
        r = subprocess.run([os.path.join(VENV, "bin/python"), __file__, self.url, getattr(self, "token", ""),
                            json.dumps(what)], capture_output=True, text=True, timeout=300)
        assert r.returncode == 0, r.stderr[-2000:] + self.said()[-2000:]
        return json.loads(r.stdout)

    def ask(self, command, **more):
        return self.talk("ask", {"type": command, **more})

    def end(self):
        self.process.terminate()
        self.process.wait(60)
        self.log.close()


async def main(url, token, what):
    import aiohttp
    async with aiohttp.ClientSession() as s:
        if what[0] == "begin":
            r = await s.post(url + "/api/onboarding/users", json={
                "client_id": url + "/", "name": "o", "username": "o", "password": "p", "language": "en"})
            code = (await r.json())["auth_code"]
            r = await s.post(url + "/auth/token", data={
                "client_id": url + "/", "grant_type": "authorization_code", "code": code})
            token = (await r.json())["access_token"]
        ws = await s.ws_connect(url + "/api/websocket", max_msg_size=0)
        await ws.receive_json()
        await ws.send_json({"type": "auth", "access_token": token})
        assert (await ws.receive_json())["type"] == "auth_ok"

        async def ask(message):
            await ws.send_json({"id": 1, **message})
            answer = await ws.receive_json()
            assert answer["success"], answer
            return answer["result"]
        if what[0] == "ask":
            return await ask(what[1])
        flow = url + "/api/config/config_entries/flow"
        head = {"Authorization": "Bearer " + token}
        r = await s.post(flow, headers=head, json={"handler": "mqtt"})
        r = await s.post(flow + "/" + (await r.json())["flow_id"], headers=head,
                         json={"broker": "127.0.0.1", "port": what[1]})
        assert (await r.json())["type"] == "create_entry", await r.text()
        return await ask({"type": "auth/long_lived_access_token", "client_name": "durward", "lifespan": 1})


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))))
