# SPDX-License-Identifier: Apache-2.0
"""What Home Assistant's registries say of rooms and names is taken
over by `durward home import`, from Home Assistant itself."""

import base64
import contextlib
import hashlib
import json
import os
import re
import socket
import subprocess
import threading

import hass
from house import House, free_port, wait_for
from simhome import simhome, wait_entity

LAMP = "light.reading_lamp"


class Skip(Exception):
    pass


class HouseWithHass(House):
    def __init__(self):
        super().__init__(tools=())
        folder = self.path("broker")
        os.makedirs(folder)
        os.chmod(folder, 0o755)
        self.socket, port = os.path.join(folder, "mqtt.sock"), free_port()
        with open(os.path.join(folder, "conf"), "w") as f:
            f.write(f"user root\nallow_anonymous true\nlistener 0 {self.socket}\nlistener {port} 127.0.0.1\n")
        self.broker = subprocess.Popen(["/usr/sbin/mosquitto", "-c", os.path.join(folder, "conf")],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: simhome.answers(self.socket), 30, 0.05)
        os.chmod(self.socket, 0o666)
        self.hass = hass.HomeAssistant(self.path("hass"), port)
        self.more = (*self.more, "--broker", self.socket)

    def announce(self, kind, name, device, about=(), **more):
        slug = name.lower().replace(" ", "_")
        c = {"name": name, "unique_id": slug, "command_topic": f"{slug}/set", "state_topic": slug,
             "default_entity_id": f"{kind}.{slug}", "object_id": slug,
             "device": {"identifiers": [device], "name": device, **dict(about)}, **more}
        simhome.Mqtt(self.socket, "tester").publish(f"homeassistant/{kind}/{slug}/config", json.dumps(c), True)

    def imports(self, *more, token=None, url=None):
        return subprocess.run([self.durward, "home", "import", url or self.hass.url, *more], env=self.console.env,
                              input=self.hass.token + "\n" if token is None else token, capture_output=True,
                              text=True, timeout=100)

    def entity(self, name):
        """As Home Assistant has it."""
        def there():
            return [e for e in self.hass.ask("config/entity_registry/list") if e["unique_id"] == name]
        return wait_for(there, 60, 0.2)[0]

    def close(self):
        self.hass.end()
        self.broker.terminate()
        self.broker.wait(20)
        super().close()


def setup():
    why = hass.missing()
    if why is not None:
        raise Skip(why)
    h = HouseWithHass()
    h.announce("light", "Reading lamp", "d1")
    h.announce("switch", "Fan", "d2", {"suggested_area": "Cellar"})
    h.announce("lock", "Back door", "d3")
    h.start(tools=False)
    for name in (LAMP, "switch.fan", "lock.back_door"):
        wait_entity(h, name)
    # Of this release rooms have no floor yet.
    study = h.hass.ask("config/area_registry/create", name="Study")["area_id"]
    attic = h.hass.ask("config/area_registry/create", name="Büro")["area_id"]
    lamp, fan, door = (h.entity(n) for n in ("reading_lamp", "fan", "back_door"))
    h.hass.ask("config/entity_registry/update", entity_id=lamp["entity_id"], area_id=study,
               aliases=["book light", "lamp of words"], name="The reader")
    h.hass.ask("config/device_registry/update", device_id=fan["device_id"], area_id=attic)
    h.hass.ask("config/device_registry/update", device_id=door["device_id"], area_id=attic)
    assert h.console.run("home", "area", "lock.back_door", "Hall").returncode == 0
    return h


def line(h, name):
    return next(x for x in h.console.run("home").stdout.splitlines() if x.startswith(name))


def test_a_wrong_token_is_told_and_changes_nothing(h):
    r = h.imports(token="wrong\n")
    assert r.returncode == 1 and "does not take this token" in r.stderr, r
    r = h.imports(token="")
    assert r.returncode == 1 and "there is no token" in r.stderr, r
    assert "Study" not in h.console.run("home").stdout


def test_what_would_change_is_shown_and_nothing_done_without_a_yes(h):
    r = h.imports()
    assert r.returncode == 1 and f"{LAMP} is in Study" in r.stdout and "[y/N]" in r.stdout, r
    assert "Study" not in h.console.run("home").stdout


def test_rooms_and_names_are_taken_over(h):
    r = h.imports("--yes")
    assert r.returncode == 0 and not r.stderr, r.stdout + r.stderr
    said = line(h, LAMP)
    for words in ("in Study", "called book light", "called lamp of words", "called The reader"):
        assert words in said, said
    assert "in Büro" in line(h, "switch.fan")


def test_what_an_owner_said_here_stays_unless_it_is_to_be_replaced(h):
    assert "in Hall" in line(h, "lock.back_door")
    r = h.imports("--yes")
    assert r.returncode == 0 and "lock.back_door stays in Hall, as you said" in r.stdout, r.stdout + r.stderr
    assert "nothing is to be said" in r.stdout, r.stdout
    r = h.imports("--yes", "--replace")
    assert r.returncode == 0, r.stdout + r.stderr
    assert "in Büro" in line(h, "lock.back_door")


def test_what_is_said_finds_the_thing(h):
    assert h.console.run("home", "accept", LAMP, "--yes").returncode == 0
    lamp = simhome.Mqtt(h.socket, "lamp")
    lamp.subscribe("reading_lamp/set")
    p = h.console.start("ask", "--json", "turn on the book light")
    assert lamp.message(30) == ("reading_lamp/set", b"ON")
    lamp.publish("reading_lamp", "ON")
    out, _ = p.communicate(timeout=60)
    assert json.loads(out.splitlines()[-1])["reached"], out


# ---- Who is no Home Assistant ----

def frame(text):
    return bytes([0x81, len(text)]) + text.encode()


def welcome(head):
    """RFC 6455, 4.2.2."""
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", head)[1]
    said = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    return (b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            + said + b"\r\n\r\n")


@contextlib.contextmanager
def another_server(said):
    """Its address, and what it has heard."""
    heard = bytearray()
    s = socket.create_server(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError):
            c, _ = s.accept()
            heard.extend(c.recv(4096))
            c.sendall(said or welcome(bytes(heard)) + frame('{"type":"hello"}'))
            c.settimeout(5)
            while more := c.recv(4096):
                heard.extend(more)
    t = threading.Thread(target=serve, daemon=True)
    t.start()
    yield f"http://127.0.0.1:{s.getsockname()[1]}", heard
    t.join(20)
    s.close()


def test_another_server_gets_no_token(h):
    wanted = frame('{"type":"auth_required"}')
    for said in (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", bytes(100),
                 b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" + wanted,
                 b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 b"Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n" + wanted):
        with another_server(said) as (url, heard):
            r = h.imports(url=url)
        assert r.returncode == 1 and "no Home Assistant" in r.stderr, r
        assert heard.startswith(b"GET /api/websocket HTTP/1.1\r\n") and heard.endswith(b"\r\n\r\n"), heard


def test_a_server_that_wants_no_token_gets_none(h):
    """It speaks WebSocket as it should, and is something else."""
    with another_server(None) as (url, heard):
        r = h.imports(url=url)
    assert r.returncode == 1 and "it wants no token" in r.stderr, r
    assert heard.endswith(b"\r\n\r\n"), heard


def test_a_token_goes_over_no_network_in_clear_unless_its_owner_says_so(h):
    r = h.imports(url="http://192.0.2.7:8123")
    assert r.returncode == 2 and "--in-clear" in r.stderr, r
    r = h.imports(url="https://127.0.0.1:8123")
    assert r.returncode == 2 and "http://ADDRESS" in r.stderr, r
    for url in ("ftp://x", "127.0.0.1:8123", "http://u:p@127.0.0.1:1"):
        r = h.imports(url=url)
        assert r.returncode == 2 and r.stderr, r
