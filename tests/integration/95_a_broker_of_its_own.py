# SPDX-License-Identifier: Apache-2.0
"""The broker that config/broker/ describes: devices over TLS with a password
each, and only the house, on its socket, tells them what to do."""

import os
import socket
import ssl
import subprocess
import threading

from house import TOP, House, free_port, wait_for
from simhome import simhome, wait_entity

LIGHT = "light.kitchen_light"
CONFIG = os.path.join(TOP, "config/broker")
DEVICES = {"zigbee2mqtt": "one", "porch": "two"}


class Tls(simhome.Mqtt):
    """A device as this broker wants it."""

    def __init__(self, broker, user, password=None, client_id=None, will=None):
        plain = socket.create_connection(("127.0.0.1", broker.port), 10)
        context = ssl.create_default_context(cafile=broker.path("durward.crt"))
        self.s, self.buf, self.ids = context.wrap_socket(plain, server_hostname="localhost"), b"", 0
        self.s.setblocking(True)
        words = self.text(user) + self.text(DEVICES.get(user, "") if password is None else password)
        self.send(0x10, self.text("MQTT") + bytes([4, 0xc2, 0, 0]) + self.text(client_id or user) + words)
        kind, body = self.packet(10)
        if kind != 0x20 or body[1] != 0:
            raise OSError(f"the broker refuses {user}: {body!r}")


class Broker:
    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        os.makedirs(self.path("house"))
        os.chmod(folder, 0o755)
        self.socket = self.path("house/mqtt.sock")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2", "-keyout",
                        self.path("durward.key"), "-out", self.path("durward.crt")], check=True, capture_output=True)
        with open(self.path("durward.passwords"), "w"):
            pass
        for user, password in DEVICES.items():
            subprocess.run(["mosquitto_passwd", "-b", self.path("durward.passwords"), user, password],
                           check=True, capture_output=True)
        with open(os.path.join(CONFIG, "durward.conf")) as f:
            conf = f.read()
        for there, here in (("/run/durward-broker/house", self.path("house")),
                            ("listener 8883", f"listener {self.port}"), ("/etc/mosquitto/certs", folder),
                            ("/etc/mosquitto/durward.passwords", self.path("durward.passwords")),
                            ("/etc/mosquitto/durward.acl", os.path.join(CONFIG, "durward.acl"))):
            assert there in conf, there
            conf = conf.replace(there, here)
        os.makedirs(self.path("conf.d"))
        with open(self.path("conf.d/durward.conf"), "w") as f:
            f.write(conf)
        # The distribution's own, which takes ours in.
        with open("/etc/mosquitto/mosquitto.conf") as f:
            conf = f.read()
        for there in ("/run/mosquitto", "/var/lib/mosquitto", "/var/log/mosquitto", "/etc/mosquitto"):
            assert there in conf, there
            conf = conf.replace(there, folder)
        with open(self.path("mosquitto.conf"), "w") as f:
            f.write("user root\n" + conf)
        self.log = open(self.path("log"), "wb")
        self.process = subprocess.Popen(["/usr/sbin/mosquitto", "-c", self.path("mosquitto.conf")],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        wait_for(lambda: simhome.answers(self.socket), 30, 0.05)
        os.chmod(self.socket, 0o666)

    def path(self, name):
        return os.path.join(self.folder, name)

    def on_the_socket(self, name):
        return simhome.Mqtt(self.socket, name)

    def end(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


class HouseWithBroker(House):
    """And 30 devices behind its Zigbee2MQTT."""

    def __init__(self):
        super().__init__(tools=())
        self.broker = Broker(self.path("broker"))
        self.more = (*self.more, "--broker", self.broker.socket)
        self.devices = simhome.House.__new__(simhome.House)
        was, simhome.Mqtt = simhome.Mqtt, lambda path, name, will=None: Tls(self.broker, "zigbee2mqtt")
        try:
            self.devices.__init__(self.broker.socket, True)
        finally:
            simhome.Mqtt = was
        threading.Thread(target=self.live, daemon=True).start()

    def live(self):
        try:
            self.devices.run()
        except OSError:
            pass  # The broker is gone.

    def close(self):
        self.broker.end()
        super().close()


def setup():
    h = HouseWithBroker().start(tools=False)
    wait_entity(h, LIGHT)
    return h


def test_devices_over_tls_are_known_and_commanded(h):
    assert h.console.run("home", "accept", LIGHT, "--yes").returncode == 0
    for state in ("on", "off"):
        end = h.console.ask(f"set {LIGHT} to turn_{state}")[-1]
        assert end["reached"] and "not confirmed" not in end["reply"], end


def test_only_the_house_tells_devices_what_to_do(h):
    heard = h.broker.on_the_socket("heard")
    heard.subscribe("zigbee2mqtt/+/set", "zigbee2mqtt/Porch", "mark")
    for user in DEVICES:
        device = Tls(h.broker, user, client_id="bad" + user)
        for topic in ("zigbee2mqtt/Front door/set", "zigbee2mqtt/Kitchen light/set"):
            device.publish(topic, '{"state":"UNLOCK"}')
        if user == "porch":
            device.publish("zigbee2mqtt/Porch", '{"state":"ON"}')
        # Behind them on the same connection: they have been refused by then.
        device.publish(f"{user}/status" if user == "porch" else "zigbee2mqtt/bridge/state", "online")
        device.subscribe("homeassistant/status")
        assert device.packet(30)[0] == 0x90
    h.broker.on_the_socket("mark").publish("mark", "m")
    assert heard.message(30)[0] == "mark"


def test_a_device_without_its_password_is_nobody(h):
    for user, password in (("porch", "wrong"), ("porch", ""), ("nobody", "one"), ("zigbee2mqtt", DEVICES["porch"])):
        try:
            Tls(h.broker, user, password)
        except OSError as e:
            assert "refuses" in str(e), e
        else:
            raise AssertionError(f"{user} came in with {password!r}")
    plain = socket.create_connection(("127.0.0.1", h.broker.port), 10)
    plain.sendall(b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x00\x00\x03abc")
    plain.settimeout(30)
    try:
        assert not plain.recv(4).startswith(b"\x20"), "it speaks without TLS"
    except ConnectionResetError:
        pass
    plain.close()
