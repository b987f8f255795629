# SPDX-License-Identifier: Apache-2.0
"""The brokers that config/broker/ describes: devices over TLS with a password
each, and only the house tells them what to do; and what a house says whose broker
lets it in and does not let it read."""

import contextlib
import glob
import json
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
HOUSE_PASSWORD = "three-horses"
# Of the distribution; 101_* takes another's.
MOSQUITTO = "/usr/sbin/mosquitto"
PLUGIN = "/usr/lib/*/mosquitto_dynamic_security.so"


class Tls(simhome.Mqtt):
    """A device as this broker wants it."""

    def __init__(self, broker, user, password=None, client_id=None, will=None):
        plain = socket.create_connection(("127.0.0.1", broker.port), 10)
        context = ssl.create_default_context(cafile=broker.path(broker.believed))
        self.s, self.buf, self.ids = context.wrap_socket(plain, server_hostname="localhost"), b"", 0
        self.s.setblocking(True)
        words = self.text(user) + self.text(DEVICES.get(user, "") if password is None else password)
        self.send(0x10, self.text("MQTT") + bytes([4, 0xc2, 0, 0]) + self.text(client_id or user) + words)
        kind, body = self.packet(10)
        if kind != 0x20 or body[1] != 0:
            raise OSError(f"the broker refuses {user}: {body!r}")


def certify(folder, name, *more):
    """A key, and a certificate for localhost: its own, or another's."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2", "-keyout",
                    os.path.join(folder, name + ".key"), "-out", os.path.join(folder, name + ".crt"), *more],
                   check=True, capture_output=True)


class Broker:
    """One of the files of config/broker/, on ports and in a folder of its own."""
    conf = "durward.conf"
    believed = "durward.crt"

    def __init__(self, folder, garden=None):
        self.folder, self.port, self.garden = folder, free_port(), garden
        os.makedirs(self.path("house"))
        os.chmod(folder, 0o755)
        self.socket = self.path("house/mqtt.sock")
        certify(folder, "durward")
        os.makedirs(self.path("conf.d"))
        with open(self.path("conf.d/durward.conf"), "w") as f:
            f.write(self.read(self.conf, *self.begin()))
        if garden:
            with open(self.path("conf.d/garden.conf"), "w") as f:
                f.write(garden.bridge())
        # The distribution's own, which takes ours in.
        with open("/etc/mosquitto/mosquitto.conf") as f:
            conf = f.read()
        for there in ("/run/mosquitto", "/var/lib/mosquitto", "/var/log/mosquitto", "/etc/mosquitto"):
            assert there in conf, there
            conf = conf.replace(there, folder)
        with open(self.path("mosquitto.conf"), "w") as f:
            f.write("user root\n" + conf)
        self.log = open(self.path("log"), "wb")
        self.run()

    def begin(self):
        """What stands beside the configuration, and where it is here."""
        with open(self.path("durward.passwords"), "w"):
            pass
        for user, password in DEVICES.items():
            subprocess.run(["mosquitto_passwd", "-b", self.path("durward.passwords"), user, password],
                           check=True, capture_output=True)
        return (("/etc/mosquitto/durward.passwords", self.path("durward.passwords")),
                ("/etc/mosquitto/durward.acl", os.path.join(CONFIG, "durward.acl")))

    def read(self, name, *places):
        with open(os.path.join(CONFIG, name)) as f:
            conf = f.read()
        for there, here in (("/run/durward-broker/house", self.path("house")),
                            ("listener 8883", f"listener {self.port}"), ("/etc/mosquitto/certs", self.folder), *places):
            assert there in conf, there
            conf = conf.replace(there, here)
        return conf

    def run(self):
        self.process = subprocess.Popen([MOSQUITTO, "-c", self.path("mosquitto.conf")],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        wait_for(self.listens, 30, 0.05)
        os.chmod(self.socket, 0o666)

    def listens(self):
        with socket.socket() as s:
            return simhome.answers(self.socket) and s.connect_ex(("127.0.0.1", self.port)) == 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def on_the_socket(self, name):
        return simhome.Mqtt(self.socket, name)

    def end(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


class BrokerWithRoles(Broker):
    """Dynamic security, set up by the commands of its own file."""
    conf = "durward-dynsec.conf"
    users = {"durward": "house", "zigbee2mqtt": "zigbee2mqtt", "porch": "device"}

    def begin(self):
        plugin, = glob.glob(PLUGIN)
        subprocess.run(["mosquitto_ctrl", "dynsec", "init", self.path("dynsec.json"), "admin", "its-password"],
                       check=True, capture_output=True)
        with open(self.path("mosquitto_ctrl"), "w") as f:
            f.write(f"--unix {self.socket}\n-u admin\n-P its-password\n")
        return (("/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so", plugin),
                ("plugin_opt_config_file /var/lib/mosquitto/durward-dynsec.json",
                 "plugin_opt_config_file " + self.path("dynsec.json")))

    def run(self):
        super().run()
        for user, kind in self.users.items():
            r = self.add(kind, user, {**DEVICES, "durward": HOUSE_PASSWORD}[user])
            assert r.returncode == 0 and not r.stderr, r.stdout + r.stderr

    def add(self, kind, user, password=""):
        return subprocess.run([os.path.join(CONFIG, "durward-dynsec"), kind, user], env=self.env(),
                              input=f"{password}\n{password}\n", capture_output=True, text=True, timeout=60)

    def env(self):
        return {**os.environ, "XDG_CONFIG_HOME": self.folder}

    def control(self, *words):
        r = subprocess.run(["mosquitto_ctrl", "dynsec", *words], env=self.env(), stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=60)
        assert "rror" not in r.stderr, r.stderr


class HouseWithBroker(House):
    """And 30 devices behind its Zigbee2MQTT."""

    def __init__(self, kind=Broker, *more):
        super().__init__(tools=())
        self.broker = kind(self.path("broker"))
        self.more = (*self.more, "--broker", self.broker.socket, *more)
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


# ---- Dynamic security ----

def secret(h, verb, value=""):
    r = subprocess.run([h.durward, "secret", verb, "broker"], env=h.console.env, input=value,
                       capture_output=True, text=True, timeout=60)
    assert r.returncode == 0, r.stderr


def wait_told(h, words, of="home"):
    def told():
        r = h.console.run(of)
        return words in r.stdout + r.stderr
    told.__doc__ = f"{words} of 'durward {of}'; {h.log()}"
    wait_for(told, 120, 0.2)


@contextlib.contextmanager
def with_roles():
    with HouseWithBroker(BrokerWithRoles, "--broker-user", "durward") as h:
        h.start(tools=False)
        secret(h, "set", HOUSE_PASSWORD)
        wait_entity(h, LIGHT)
        yield h


def test_roles_of_the_broker_let_the_house_alone_command():
    with with_roles() as h:
        assert h.console.run("home", "accept", LIGHT, "--yes").returncode == 0
        end = h.console.ask(f"set {LIGHT} to turn_on")[-1]
        assert end["reached"] and "not confirmed" not in end["reply"], end
        heard = Tls(h.broker, "durward", HOUSE_PASSWORD, client_id="heard")
        heard.subscribe("+/+/set", "+/light/+/command", "cmnd/#", "zigbee2mqtt/Porch", "other/#", "mark")
        for user in DEVICES:
            device = Tls(h.broker, user, client_id="bad" + user)
            for topic in ("zigbee2mqtt/Front door/set", "other/light/lamp/command", "cmnd/other/POWER", "other/status",
                          "porch/light/lamp/command", *(["zigbee2mqtt/Porch"] if user == "porch" else [])):
                device.publish(topic, "UNLOCK")
            device.subscribe("#", *(["zigbee2mqtt/Kitchen light"] if user == "porch" else ["porch/#"]), "cmnd/other/POWER")
            packet = device.packet(30)
            while packet[0] != 0x90:
                packet = device.packet(30)
            assert set(packet[1][2:]) == {0x80}, packet
        Tls(h.broker, "durward", HOUSE_PASSWORD, client_id="mark").publish("mark", "m")
        assert heard.message(30)[0] == "mark"
        # And each device its own, as it asks for it: Zigbee2MQTT for all below its name.
        zigbee = Tls(h.broker, "zigbee2mqtt", client_id="zigbee")
        zigbee.subscribe("zigbee2mqtt/#", "homeassistant/status")
        packet = zigbee.packet(30)
        while packet[0] != 0x90:
            packet = zigbee.packet(30)
        assert 0x80 not in packet[1][2:], packet
        heard.publish("zigbee2mqtt/Porch light/1/set", "{}")
        while zigbee.message(30) != ("zigbee2mqtt/Porch light/1/set", b"{}"):
            pass
        porch = Tls(h.broker, "porch")
        porch.subscribe("porch/light/lamp/command")
        assert porch.packet(30)[1][-1] == 0
        heard.publish("porch/light/lamp/command", "ON")
        assert porch.message(30) == ("porch/light/lamp/command", b"ON")


def test_a_role_is_made_anew_and_bad_names_get_none():
    with HouseWithBroker(BrokerWithRoles) as h:
        r = h.broker.add("device", "porch", "another")
        assert r.returncode == 0 and "its password stays" in r.stderr, r.stdout + r.stderr
        Tls(h.broker, "porch")
        for kind, name in (("device", "a/#"), ("device", "+"), ("device", ""), ("king", "porch2")):
            r = h.broker.add(kind, name, "pw")
            assert r.returncode == 2, (kind, name, r.stdout, r.stderr)
        # Nor is what somebody has taken away for a word that is none.
        r = h.broker.add("devcie", "porch", "pw")
        assert r.returncode == 2 and "usage:" in r.stderr, r.stdout + r.stderr
        porch = Tls(h.broker, "porch")
        porch.subscribe("porch/light/lamp/command")
        assert porch.packet(30)[1][-1] == 0, "it may hear what it might before"
        with open(h.broker.path("mosquitto_ctrl"), "a") as f:
            f.write("-P no-password\n")
        r = h.broker.add("device", "shed", "pw")
        assert r.returncode == 1 and "durward-dynsec: createRole" in r.stderr, r.stdout + r.stderr


def test_what_the_broker_refuses_the_house_to_read_is_told():
    with with_roles() as h:
        assert "but" not in h.console.run("home").stderr
        h.broker.control("addRoleACL", "durward-durward", "subscribePattern", "homeassistant/#", "deny", "10")
        for of in ("home", "doctor"):
            wait_told(h, "it refuses this house to read homeassistant/", of)
        assert "access rules" in h.console.run("home").stderr, h.console.run("home").stderr
        assert LIGHT in h.console.run("home").stdout, "what it may read is read"
        h.broker.control("removeRoleACL", "durward-durward", "subscribePattern", "homeassistant/#")
        wait_told(h, "the home's broker is there\n", "doctor")
        assert not h.console.run("home").stderr


def test_a_broker_that_says_nothing_is_told_as_that():
    """An acl_file of Mosquitto 2.0 takes each subscription, and lets nothing through."""
    with House(tools=()) as h:
        folder = h.path("broker")
        os.makedirs(folder)
        os.chmod(folder, 0o755)
        path, conf = os.path.join(folder, "mqtt.sock"), os.path.join(folder, "conf")
        with open(os.path.join(folder, "acl"), "w") as f:
            f.write("topic write homeassistant/#\ntopic write durward/#\n")
        with open(conf, "w") as f:
            f.write(f"user root\nlistener 0 {path}\nallow_anonymous true\nacl_file {folder}/acl\n")
        broker = subprocess.Popen([MOSQUITTO, "-c", conf], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: simhome.answers(path), 30, 0.05)
            os.chmod(path, 0o666)
            simhome.Mqtt(path, "dev").publish("homeassistant/light/x/config", json.dumps(
                {"name": "X", "unique_id": "x", "command_topic": "x/set"}), True)
            h.more = (*h.more, "--broker", path)
            h.start(tools=False)
            for of in ("home", "doctor"):
                wait_told(h, "its access rules may keep 'homeassistant/#' and 'zigbee2mqtt/#' from this house", of)
        finally:
            broker.terminate()
            broker.wait(20)


def test_a_password_that_is_taken_away_ends_the_connection():
    with with_roles() as h:
        assert h.console.run("secret", "remove", "broker").returncode == 0
        wait_told(h, "'durward secret set broker' gives it")
        assert h.console.run("home").returncode != 0
        secret(h, "set", HOUSE_PASSWORD)
        wait_entity(h, LIGHT)


# ---- The broker of another house ----

class Garden:
    """A broker with TLS, whose certificate an authority of its own signed."""
    believed = "garden-ca.crt"

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        os.makedirs(folder)
        os.chmod(folder, 0o755)
        certify(folder, "garden-ca", "-addext", "keyUsage=critical,keyCertSign")
        certify(folder, "garden", "-CA", self.path("garden-ca.crt"), "-CAkey", self.path("garden-ca.key"),
                "-addext", "basicConstraints=critical,CA:FALSE")
        with open(self.path("passwords"), "w"):
            pass
        for user in ("durward", "shed"):
            subprocess.run(["mosquitto_passwd", "-b", self.path("passwords"), user, DEVICES["porch"]], check=True,
                           capture_output=True)
        with open(self.path("acl"), "w") as f:
            f.write("user durward\ntopic read garden/#\ntopic read garden-discovery/#\ntopic write garden/+/set\n"
                    "topic write outside/#\nuser shed\ntopic readwrite #\n")
        with open(self.path("conf"), "w") as f:
            f.write(f"user root\nlistener {self.port} 127.0.0.1\ncertfile {self.path('garden.crt')}\n"
                    f"keyfile {self.path('garden.key')}\nallow_anonymous false\n"
                    f"password_file {self.path('passwords')}\nacl_file {self.path('acl')}\n")
        self.process = subprocess.Popen([MOSQUITTO, "-c", self.path("conf")], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def path(self, name):
        return os.path.join(self.folder, name)

    def bridge(self):
        """The file of config/broker/, on this port."""
        with open(os.path.join(CONFIG, "garden.conf")) as f:
            conf = f.read()
        for there, here in (("garden.example:8883", f"localhost:{self.port}"), ("CHANGE-THIS", DEVICES["porch"]),
                            ("/etc/mosquitto/certs/garden-ca.crt", self.path("garden-ca.crt"))):
            assert there in conf, there
            conf = conf.replace(there, here)
        return conf

    def client(self, name):
        def there():
            with contextlib.suppress(ConnectionRefusedError):
                return Tls(self, "shed", DEVICES["porch"], client_id=name)
        return wait_for(there, 30, 0.1)

    def end(self):
        self.process.terminate()
        self.process.wait(20)


@contextlib.contextmanager
def two_brokers(change=lambda garden: None):
    with House(tools=()) as h:
        garden = Garden(h.path("garden"))
        change(garden)
        broker = Broker(h.path("broker"), garden)
        try:
            yield h, garden, broker
        finally:
            broker.end()
            garden.end()


def wait_bridged(garden, broker):
    """Until what is said there is heard here: the client that hears it, which has heard nothing else."""
    here, there = broker.on_the_socket("first"), garden.client("first")
    here.subscribe("garden/begin")

    def heard():
        there.publish("garden/begin", "b")
        return here.message(1)
    wait_for(heard, 60, 0.1)


def until(client, last):
    """What it hears, up to this topic."""
    got = [client.message(30)]
    while got[-1][0] != last:
        got.append(client.message(30))
    return [topic for topic, _ in got]


def test_a_bridge_brings_devices_in_and_their_commands_out():
    with two_brokers() as (h, garden, broker):
        shed = garden.client("shed")
        shed.subscribe("garden/shed/set")
        shed.publish("garden-discovery/light/shed/config", json.dumps(
            {"name": "Shed", "unique_id": "shed", "command_topic": "garden/shed/set", "state_topic": "garden/shed",
             "device": {"identifiers": ["shed"], "name": "Shed"}}), True)
        h.more = (*h.more, "--broker", broker.socket)
        h.start(tools=False)
        wait_entity(h, "light.shed")
        assert h.console.run("home", "accept", "light.shed", "--yes").returncode == 0
        p = h.console.start("ask", "--json", "set light.shed to turn_on")
        assert shed.message(30) == ("garden/shed/set", b"ON")
        shed.publish("garden/shed", "ON")
        out, _ = p.communicate(timeout=60)
        end = json.loads(out.splitlines()[-1])
        assert end["reached"] and "not confirmed" not in end["reply"], end


def test_nothing_else_crosses_a_bridge_and_nothing_goes_around():
    with two_brokers() as (h, garden, broker):
        wait_bridged(garden, broker)
        here, there = broker.on_the_socket("here"), garden.client("there")
        here.subscribe("#")
        there.subscribe("#")
        for client in (here, there):
            assert client.packet(30)[0] == 0x90
        said = broker.on_the_socket("said")
        for topic in ("zigbee2mqtt/Front door/set", "zigbee2mqtt/Front door", "garden/shed", "garden/shed/availability",
                      "garden-discovery/light/x/config", "homeassistant/light/x/config", "garden/shed/set/state",
                      "outside/x"):
            said.publish(topic, "here")
        said.publish("garden/shed/set", "here")
        assert until(there, "garden/shed/set") == ["garden/shed/set"]
        shed = garden.client("shed")
        for topic in ("zigbee2mqtt/Front door/set", "homeassistant/light/x/config", "garden/shed/set", "outside/x",
                      "garden/a/b/set"):
            shed.publish(topic, "there")
        shed.publish("garden-discovery/light/y/config", "there")
        shed.publish("garden/last", "there")
        heard = until(here, "garden/last")
        assert heard[-2:] == ["homeassistant/light/y/config", "garden/last"], heard
        assert len(heard) == 9 + 2, heard
        # What went around would have come once more, behind what it follows.
        said.publish("garden/last/set", "here")
        assert until(there, "garden/last/set")[-1] == "garden/last/set"
        assert until(here, "garden/last/set") == ["garden/last/set"]


def test_a_bridge_believes_its_authority_alone():
    def another(garden):
        certify(garden.folder, "garden-ca")
        garden.believed = "garden.crt"
    with two_brokers(another) as (h, garden, broker):
        def refused():
            with open(broker.path("mosquitto.log"), "rb") as f:
                text = f.read()
            refused.__doc__ = f"a refused certificate in {text.decode()}"
            return b"certificate verify failed" in text
        wait_for(refused, 60, 0.1)
