# SPDX-License-Identifier: Apache-2.0
"""Home Assistant sees the house as one device on the home's broker: numbers,
and no word that anybody said.  Nobody moves the house by what he writes there."""

import json
import os
import signal
import socket
import subprocess
import time

from house import House, free_port, wait_for
from simhome import HouseWithHome, simhome, wait_entity

LOCK = "lock.front_door"
CONFIG = "homeassistant/device/{}/config"


def setup():
    h = HouseWithHome().start(tools=False)
    wait_entity(h, LOCK)
    r = h.console.run("home", "accept", LOCK, "--yes")
    assert r.returncode == 0, r.stderr
    return h


class Looker:
    """As Home Assistant does: it keeps what it was told last."""

    def __init__(self, h, *more):
        self.client = h.home.client(f"looker{time.monotonic_ns()}")
        self.said = {}
        self.all = []
        self.client.subscribe("homeassistant/device/+/config", "durward/#", *more)

    def look(self):
        got = self.client.message(0.05)
        while got:
            self.said[got[0]] = got[1].decode()
            self.all.append(got)
            got = self.client.message(0.05)
        return self.said

    def id(self):
        def there():
            found = [t.split("/")[1] for t, said in self.look().items() if t.endswith("/status") and said]
            return found[0] if found else None
        return wait_for(there, 30, 0.1)

    def state(self, what):
        return self.look().get(f"durward/{self.id()}/{what}")

    def wait(self, what, value):
        def is_so():
            return self.state(what) == value
        is_so.__doc__ = f"{what} to be {value}: {self.said}"
        wait_for(is_so, 30, 0.1)


def config_of(look):
    topic = CONFIG.format(f"durward_{look.id()}")
    return topic, json.loads(wait_for(lambda: look.look().get(topic), 30, 0.1))


def test_the_house_appears_as_one_device_without_commands(h):
    look = Looker(h)
    look.wait("status", "online")
    _, config = config_of(look)
    me = f"durward_{look.id()}"
    assert config["device"]["identifiers"] == [me] and config["origin"]["name"] == "Durward", config
    assert set(config["device"]) <= {"identifiers", "name", "manufacturer", "model", "sw_version"}
    assert config["availability_topic"] == f"durward/{look.id()}/status"
    assert "command" not in json.dumps(config)
    for name, c in config["components"].items():
        assert c["state_topic"] == f"durward/{look.id()}/{name}" and c["unique_id"] == f"{me}_{name}"
        assert c["platform"] in ("sensor", "binary_sensor")
        assert wait_for(lambda: look.look().get(c["state_topic"]), 30, 0.1), name
    look.wait("halted", "OFF")
    look.wait("waiting", "OFF")


def test_a_question_is_counted_until_it_is_answered(h):
    look = Looker(h)
    look.wait("questions", "0")
    p, act = h.console.asked("unlock the front door")
    look.wait("questions", "1")
    look.wait("waiting", "ON")
    r = h.console.run("deny", act)
    assert r.returncode == 0, r.stderr
    p.communicate(timeout=60)
    look.wait("questions", "0")
    look.wait("waiting", "OFF")
    look.wait("outcome", "failed")
    look.wait("answered", look.state("answered"))
    assert look.state("answered") != "None"


def test_no_word_of_goals_and_replies_is_on_the_broker(h):
    look = Looker(h)
    h.console.ask("house.status please, and the marzipan")
    h.console.ask("how is front door?")
    look.wait("outcome", "reached")
    said = b" ".join(t.encode() + b" " + p for t, p in look.all)
    for word in (b"marzipan", b"front", b"house.status", b"lock", b"console"):
        assert word not in said, (word, said)


def test_a_halt_is_shown(h):
    look = Looker(h)
    look.wait("halted", "OFF")
    assert h.console.run("halt").returncode == 0
    look.wait("halted", "ON")
    assert h.console.run("resume").returncode == 0
    look.wait("halted", "OFF")


def times(look, topic):
    look.look()
    return sum(t == topic for t, _ in look.all)


def test_all_is_said_again_when_home_assistant_is_born(h):
    look = Looker(h)
    topic, _ = config_of(look)
    look.wait("questions", "0")
    before, states = times(look, topic), times(look, f"durward/{look.id()}/questions")
    h.home.client("homeassistant").publish("homeassistant/status", "online")
    wait_for(lambda: times(look, topic) > before, 30, 0.1)
    wait_for(lambda: times(look, f"durward/{look.id()}/questions") > states, 30, 0.1)


def test_what_others_write_there_moves_nothing(h):
    look = Looker(h)
    me, (topic, config) = look.id(), config_of(look)
    listed = h.console.run("home").stdout
    assert "durward" not in listed.lower() and "questions" not in listed
    m = h.home.client("stranger")
    lamp = {"name": "Mirror", "unique_id": "mirror", "command_topic": "mirror/set", "state_topic": "mirror",
            "device": {"identifiers": [f"durward_{me}"], "name": "Mirror"}}
    m.publish("homeassistant/light/mirror/config", json.dumps(lamp), True)
    config["components"]["halted"] = {"platform": "switch", "unique_id": "x", "name": "Halted",
                                      "state_topic": f"durward/{me}/halted", "command_topic": f"durward/{me}/halted"}
    config["origin"]["name"] = config["device"]["name"] = "Other"
    m.publish(topic, json.dumps(config), True)
    for name in ("halted", "waiting", "set", "halted/set", "command"):
        m.publish(f"durward/{me}/{name}", "ON", True)
    # What was said before it was heard before it.
    m.publish("homeassistant/light/behind/config", json.dumps({
        **lamp, "name": "Behind", "unique_id": "behind", "device": {"identifiers": ["behind"], "name": "Behind"}}), True)
    wait_entity(h, "light.behind")
    now = h.console.run("home").stdout
    assert "mirror" not in now and "halted" not in now, now
    assert "not halted" in h.console.run("doctor").stdout
    for t in ("homeassistant/light/behind/config", "homeassistant/light/mirror/config", f"durward/{me}/set",
              f"durward/{me}/halted/set", f"durward/{me}/command"):
        m.publish(t, b"", True)
    m.publish("homeassistant/status", "online")
    look.wait("halted", "OFF")


def test_it_is_there_again_on_a_new_broker(h):
    folder = os.path.dirname(h.home.socket)
    before = Looker(h).id()
    h.home.end()
    wait_for(lambda: "broker is not there" in h.console.run("home").stderr, 30, 0.1)
    h.home = type(h.home)(folder)
    look = Looker(h)
    look.wait("status", "online")
    look.wait("questions", "0")
    assert config_of(look) and look.id() == before


def test_who_kills_the_bridge_makes_it_offline(h):
    look = Looker(h)
    look.wait("status", "online")
    topic = f"durward/{look.id()}/status"
    os.kill(h.pids()["bridge"], signal.SIGKILL)
    wait_for(lambda: (look.look() or True) and (topic, b"offline") in look.all, 30, 0.1)
    look.wait("status", "online")


def retained(h, id):
    """What a new client is told of the house."""
    look = Looker(h, "fence")
    look.client.publish("fence", "x")
    wait_for(lambda: "fence" in look.look(), 30, 0.1)
    return {t: said for t, said in look.said.items() if id in t}


def test_what_is_hidden_is_gone_until_it_is_shown(h):
    me = Looker(h).id()
    assert h.console.run("home", "hide").returncode == 0
    wait_for(lambda: retained(h, me) == {}, 30, 0.2)
    # Neither a last will nor a new bridge brings it back.
    wait_for(lambda: "broker" not in h.console.run("home").stderr, 30, 0.1)
    os.kill(h.pids()["bridge"], signal.SIGKILL)
    wait_entity(h, LOCK)
    wait_for(lambda: retained(h, me) == {}, 30, 0.2)
    assert h.console.run("home", "show").returncode == 0
    look = Looker(h)
    look.wait("status", "online")
    look.wait("questions", "0")
    assert "home-hidden" in h.console.run("audit", "show").stdout


class Guarded:
    """A broker that asks who one is."""

    def __init__(self, h):
        self.port, conf, passwords = free_port(), h.path("mosquitto.conf"), h.path("passwords")
        with open(passwords, "w"):
            pass
        os.chmod(passwords, 0o600)
        subprocess.run(["mosquitto_passwd", "-b", passwords, "durward", "right-horse-battery"], check=True,
                       stdin=subprocess.DEVNULL, capture_output=True)
        with open(conf, "w") as f:
            f.write(f"listener {self.port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
                    "user root\n")
        self.process = subprocess.Popen(["/usr/sbin/mosquitto", "-c", conf], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.listens, 30, 0.1)

    def listens(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def end(self):
        self.process.terminate()
        self.process.wait(20)


def secret(h, verb, value):
    r = subprocess.run([h.durward, "secret", verb, "broker"], env=h.console.env, input=value,
                       capture_output=True, text=True, timeout=60)
    assert r.returncode == 0, r.stderr


def wait_told(h, words):
    def told():
        return words in h.console.run("home").stderr
    told.__doc__ = f"{words} of 'durward home'; {h.log()}"
    wait_for(told, 60, 0.2)


def test_a_broker_that_wants_a_password_gets_the_one_of_the_vault():
    with House(tools=()) as h:
        broker = Guarded(h)
        try:
            h.more = ("--broker", f"127.0.0.1:{broker.port}", "--broker-user", "durward")
            h.start(tools=False)
            wait_told(h, "'durward secret set broker' gives it")
            secret(h, "set", "wrong-horse-battery")
            wait_told(h, "refuses the user name or the password")
            doctor = h.console.run("doctor").stdout
            assert "refuses the user name or the password" in doctor, doctor
            secret(h, "rotate", "right-horse-battery")
            h.wait_log("the broker is there", seconds=60)
            wait_for(lambda: h.console.run("home").returncode == 0, 30, 0.2)
            assert "the home's broker is there" in h.console.run("doctor").stdout
            assert "horse" not in h.log() + h.console.run("audit", "show", "--json").stdout
        finally:
            broker.end()


def test_a_broker_that_wants_a_name_from_who_has_none_says_what_to_do():
    with House(tools=()) as h:
        broker = Guarded(h)
        try:
            h.more = ("--broker", f"127.0.0.1:{broker.port}")
            h.start(tools=False)
            wait_told(h, "'durward run --broker-user NAME'")
        finally:
            broker.end()


def test_more_than_a_broker_says_at_once_is_read_in_parts():
    """It holds back a thousand messages for a reader, and drops the others."""
    with House(tools=()) as h:
        folder = h.path("home")
        os.makedirs(folder)
        os.chmod(folder, 0o755)
        conf = os.path.join(folder, "mosquitto.conf")
        path = os.path.join(folder, "mqtt.sock")
        with open(conf, "w") as f:
            f.write(f"listener 0 {path}\nallow_anonymous true\nuser root\nlog_type none\n")
        broker = subprocess.Popen(["/usr/sbin/mosquitto", "-c", conf], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: os.path.exists(path), 30, 0.1)
            os.chmod(path, 0o666)
            m = simhome.Mqtt(path, "filler")
            kinds = ("light", "switch", "sensor", "lock")
            for n in range(2000):
                m.publish(f"homeassistant/{kinds[n % 4]}/one{n}/config", json.dumps({
                    "name": f"One {n}", "unique_id": f"one{n}", "command_topic": f"one/{n % 9}/set",
                    "state_topic": f"one/{n % 9}", "device": {"identifiers": [f"one{n}"], "name": "x" * 200}}), True)
            m.subscribe("homeassistant/lock/one1999/config")
            assert m.message(30)
            h.more = ("--broker", path)
            h.start(tools=False)
            wait_for(lambda: h.console.run("home").stdout.count(".one") == 2000, 60, 0.5)
        finally:
            broker.terminate()
            broker.wait(20)
