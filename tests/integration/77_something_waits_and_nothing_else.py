# SPDX-License-Identifier: Apache-2.0
"""Notifications say that something waits, to whom an owner allowed it, and
nothing else: not of which question, and not more often."""

import json
import os
import shutil
import threading
import time

from caller import Authority, Caller, Raw
from house import BUILD, House, wait_for
from rules import BASE, use
from wire import key_id, openssl, sha, sign

AUTHORITY = Authority()
CERT = AUTHORITY.sign("localhost")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
TOPIC = "/a-topic-that-only-we-know"


def setup():
    h = House(tools=())
    h.more = ("--authorities", AUTHORITY.path)
    h.start(tools=False)
    use(h, BASE + "ask keep tool=memory.remember\n")
    h.console.ask("status")
    return h


class Service(Raw):
    """A push service that answers what it is told to, in turn."""

    def __init__(self, *answers):
        self.answers = list(answers)
        super().__init__(self.say, "127.0.0.1", 0, CERT)

    def say(self, s, asked, count):
        s.sendall(self.answers.pop(0) if self.answers else OK)
        return True

    @property
    def url(self):
        return f"https://localhost:{self.port}{TOPIC}"


def add(h, service, name, *more, place=("--house",)):
    r = h.console.run("notify", "add", name, service.url, *place, *more)
    assert r.returncode == 0, r.stderr


def target(h, name):
    found = [t for t in h.console.json("notify")["targets"] if t["name"] == name]
    return found[0] if found else None


def remove(h, name):
    r = h.console.run("notify", "remove", name)
    assert r.returncode == 0 and target(h, name) is None, r.stderr


def settled(h, name, sent):
    def done():
        f"{sent} sent to {name}"
        return target(h, name)["sent"] == sent
    wait_for(done)


def log(h):
    return [json.loads(e) for e in h.console.run("audit", "show", "--json").stdout.splitlines()]


def question(h, goal):
    return h.console.asked(goal)


def end(h, p, act):
    assert h.console.run("deny", act).returncode == 0
    p.communicate(timeout=60)


# ---- Being told ----


def test_two_different_questions_are_told_by_the_same_bytes(h):
    service = Service()
    add(h, service, "phone")
    p, act = question(h, "remember that the key of the cellar lies under the pot")
    settled(h, "phone", 1)
    assert h.console.run("approve", act, "--yes").returncode == 0
    p.communicate(timeout=60)
    fact = h.console.json("memory", "facts")["rows"][0]["id"]
    p, act = question(h, "forget the memory " + fact)
    settled(h, "phone", 2)
    end(h, p, act)
    first, second = service.seen
    assert first == second, (first, second)
    head, _, body = first.partition(b"\r\n\r\n")
    assert body == b"Something waits for you.", body
    assert head.startswith(b"POST " + TOPIC.encode() + b" HTTP/1.1\r\n"), head
    for word in (b"topic: durward", b"ttl: 3600", b"urgency: high"):
        assert word in head.lower(), head
    remove(h, "phone")


def test_each_notification_is_an_intent_and_an_end_in_the_log(h):
    service = Service()
    add(h, service, "logged")
    p, act = question(h, "remember that logs are long")
    settled(h, "logged", 1)
    end(h, p, act)
    remove(h, "logged")
    entries = log(h)
    id = [e for e in entries if e.get("name") == "logged"][0]["id"]
    mine = [e for e in entries if e.get("id") == id or e.get("grant") == id]
    assert [e["kind"] for e in mine] == ["notify-added", "notify-intent", "notify-done",
                                         "notify-ended", "grant-revoked"], mine
    assert mine[1]["rule"] == "box:outgoing", mine[1]
    assert mine[2]["ok"] is True and mine[2]["status"] == 200, mine[2]
    assert TOPIC not in str(log(h)), "who reads the log could ring the bell"


def test_a_question_that_is_asked_again_rings_no_second_time(h):
    service = Service()
    add(h, service, "once")
    p, act = question(h, "remember that once is enough")
    settled(h, "once", 1)
    os.kill(h.pids()["egress"], 9)
    h.wait_log("egress.*again|egress.*anew|egress.*died|egress.*ended")
    h.wait_roles()
    time.sleep(1)
    end(h, p, act)
    assert len(service.seen) == 1, service.seen
    remove(h, "once")


def test_no_more_are_sent_in_an_hour_than_the_owner_allowed(h):
    service = Service()
    add(h, service, "rare", "--hourly", "2")
    for n in range(2):
        assert h.console.run("notify", "test", "rare").returncode == 0
    r = h.console.run("notify", "test", "rare")
    assert r.returncode == 4 and "2 notifications in an hour" in r.stderr, r.stderr
    p, act = question(h, "remember that three is a crowd")
    end(h, p, act)
    wait_for(lambda: target(h, "rare")["withheld"] == 1)
    assert len(service.seen) == 2
    remove(h, "rare")


def test_what_a_policy_denies_is_not_sent(h):
    service = Service()
    add(h, service, "quiet")
    use(h, BASE + 'ask keep tool=memory.remember\ndeny hush tool=notify.ntfy arg.to="quiet"\n')
    p, act = question(h, "remember that silence is golden")
    end(h, p, act)
    r = h.console.run("notify", "test", "quiet")
    assert r.returncode == 4 and "hush" in r.stderr, r.stderr
    use(h, BASE + "ask keep tool=memory.remember\nask two tool=notify.* keys=2\n")
    assert h.console.run("notify", "test", "quiet").returncode == 4
    use(h, BASE + "ask keep tool=memory.remember\n")
    wait_for(lambda: target(h, "quiet")["withheld"] == 1)
    assert service.seen == []
    assert h.console.run("notify", "test", "quiet").returncode == 0
    remove(h, "quiet")


def test_a_halted_house_tells_nobody(h):
    service = Service()
    add(h, service, "halted")
    assert h.console.run("halt").returncode == 0
    assert h.console.run("notify", "test", "halted").returncode == 4
    assert h.console.run("resume").returncode == 0
    assert service.seen == []
    remove(h, "halted")


# ---- Services that are no good ----


def test_a_dead_service_delays_no_question(h):
    hang = threading.Event()

    def never(s, asked, count):
        hang.wait(60)
    service = Raw(never, "127.0.0.1", 0, CERT)
    service.url = f"https://localhost:{service.port}{TOPIC}"
    add(h, service, "dead")
    other = Service()
    add(h, other, "alive")
    begun = time.monotonic()
    p, act = question(h, "remember that the dead are silent")
    wait_for(lambda: service.seen and other.seen)
    assert h.console.run("approve", act, "--yes").returncode == 0
    assert "remember" in p.communicate(timeout=60)[0]
    assert time.monotonic() - begun < 14, "the answer waited for the service"
    hang.set()
    settled(h, "alive", 1)
    remove(h, "dead")
    remove(h, "alive")


def status(n, *more):
    return b"HTTP/1.1 %d No\r\n%sContent-Length: 0\r\n\r\n" % (n, b"".join(m + b"\r\n" for m in more))


def test_a_busy_service_is_tried_again_when_it_says_and_not_before(h):
    service = Service(status(429, b"Retry-After: 3"))
    times = []
    say = service.fn
    service.fn = lambda *a: (times.append(time.monotonic()), say(*a))[1]
    add(h, service, "busy")
    assert h.console.run("notify", "test", "busy").returncode == 0
    assert len(times) == 2 and 2.9 < times[1] - times[0], times
    remove(h, "busy")


def test_a_service_that_wants_an_hour_of_silence_gets_it(h):
    service = Service(status(429, b"Retry-After: 3000"))
    add(h, service, "weary")
    r = h.console.run("notify", "test", "weary")
    assert r.returncode == 4 and "429" in r.stderr, r.stderr
    r = h.console.run("notify", "test", "weary")
    assert r.returncode == 4 and "hear nothing for" in r.stderr, r.stderr
    assert len(service.seen) == 1
    remove(h, "weary")


def test_one_that_is_gone_is_told_and_not_tried_again(h):
    for n in (410, 404):
        service = Service(status(n))
        add(h, service, "gone")
        r = h.console.run("notify", "test", "gone")
        assert r.returncode == 4 and "nobody listens there" in r.stderr, r.stderr
        assert len(service.seen) == 1 and target(h, "gone") is None
        said = h.console.run("notify").stdout
        assert "gone             has ended" in said and "nobody listens" in said, said
        ends = [e for e in log(h) if e["kind"] == "notify-ended" and e["name"] == "gone"]
        assert str(n) in ends[-1]["why"], ends
        assert h.console.run("notify", "test", "gone").returncode != 0 and len(service.seen) == 1
        add(h, service, "gone")
        assert "has ended" not in h.console.run("notify").stdout
        remove(h, "gone")


def test_no_redirect_is_followed(h):
    other = Service()
    service = Service(status(307, b"Location: " + other.url.encode()))
    add(h, service, "elsewhere")
    assert h.console.run("notify", "test", "elsewhere").returncode == 4
    assert other.connections == 0
    remove(h, "elsewhere")


def test_a_target_outside_is_reached_at_no_address_of_the_house(h):
    service = Service()
    add(h, service, "inside", place=())
    r = h.console.run("notify", "test", "inside")
    assert r.returncode == 4 and "no public address" in r.stderr, r.stderr
    assert service.connections == 0
    remove(h, "inside")


# ---- Whose wish it is ----


def test_only_an_owner_says_where_and_only_with_https(h):
    phone = h.pair("phone", "approver")
    r = phone.run("notify", "add", "mine", "https://ntfy.example/mine")
    assert r.returncode == 4 and "only an owner" in r.stderr, r.stderr
    r = h.console.run("notify", "add", "clear", "http://ntfy.example/mine")
    assert r.returncode == 2 and "https://" in r.stderr, r.stderr
    assert not target(h, "mine") and not target(h, "clear")


def test_there_are_so_many_targets_and_all_end_with_their_owner(h):
    many = h.pair("many", "owner")
    for n in range(16):
        r = many.run("notify", "add", f"t{n}", "https://ntfy.example/t")
        assert r.returncode == 0, r.stderr
    r = many.run("notify", "add", "t16", "https://ntfy.example/t")
    assert r.returncode == 4 and "16 already" in r.stderr, r.stderr
    r = many.run("notify", "remove", "t0")
    assert r.returncode == 0, r.stderr
    r = many.run("notify", "add", "t1", "https://ntfy.example/t")
    assert r.returncode == 4 and "of this name" in r.stderr, r.stderr
    said = many.run("notify").stdout
    assert "t7 " in said and "ntfy at ntfy.example" in said and "12 an hour" in said, said
    assert h.console.run("clients", "revoke", "many").returncode == 0
    assert "Nobody is told" in h.console.run("notify").stdout
    assert many.run("notify").returncode != 0


def test_a_target_lasts_over_a_restart_and_ends_with_its_owner(h):
    other = h.pair("other", "owner")
    service = Service()
    r = other.run("notify", "add", "theirs", service.url, "--house")
    assert r.returncode == 0, r.stderr
    add(h, service, "ours")
    h.stop()
    h.start_house()
    h.wait_up(False)
    wait_for(lambda: h.console.run("notify", "test", "theirs").returncode == 0)
    sent = len(service.seen)
    assert h.console.run("clients", "revoke", "other").returncode == 0
    assert target(h, "ours") and not target(h, "theirs")
    p, act = question(h, "remember that others are gone")
    settled(h, "ours", 1)
    end(h, p, act)
    assert len(service.seen) == sent + 1
    remove(h, "ours")


# ---- An egress that was taken over ----


def test_what_egress_says_of_a_notification_is_named_and_bounded():
    """A reason too long for the log would be the end of the core."""
    h = House(tools=())
    try:
        shutil.copy(os.path.join(BUILD, "probe-teller"), h.path("bin"))
        h.house_binary = h.path("bin", "probe-teller")
        h.start(tools=False)
        core, service = h.pids()["core"], Service()
        add(h, service, "told")
        for _ in range(3):
            r = h.console.run("notify", "test", "told")
            assert r.returncode == 4 and "xxx" in r.stderr and len(r.stderr) < 400, r.stderr[:999]
            done = [e for e in log(h) if e["kind"] == "notify-done"][-1]
            assert "more" not in done and 100 < len(done["why"]) < 400, str(done)[:999]
        assert h.pids()["core"] == core and service.seen == []
    finally:
        h.close()


# ---- A core that was taken over ----

PUBLIC = "9.77.0.9"


class Ringer:
    """Signs targets by itself, and sends them as core."""

    def __init__(self, c):
        self.c, folder = c, c.house.console.folder
        self.key = os.path.join(folder, "key.pem")
        public = openssl("x509", "-in", os.path.join(folder, "root.pem"), "-pubkey", "-noout")
        self.box = sha(openssl("pkey", "-pubin", "-outform", "DER", given=public))
        self.n = 0

    def text(self, **changes):
        self.n += 1
        now = int(time.time() * 1000)
        lines = {"box": self.box, "client": key_id(self.key), "id": f"{self.n:032x}",
                 "name": "phone", "kind": "ntfy", "place": "outside",
                 "url": "https://push.test:8443/t", "hourly": "5", "issued": str(now - 5000),
                 "until": str(now + 60000), **changes}
        return "durward-notify/1\n" + "".join(f"{k} {v}\n" for k, v in lines.items())

    def ring(self, text, key=None, sent=None, id=None):
        n = len(self.heard())
        id = id or text.split("\nid ")[1][:32]
        self.c.do("notice", id=id, text=sent or text, signature=sign(key or self.key, text.encode()))
        wait_for(lambda: len(self.heard()) > n)
        return self.heard()[n]

    def heard(self):
        return [r["body"] for r in self.c.answers() if r["what"] == "notice"]


def test_egress_believes_the_owner_and_not_core():
    authority = Authority()
    c = Caller(names={"push.test": [PUBLIC], "both.test": ["127.0.0.1", PUBLIC]},
               addresses=[PUBLIC], authority=authority)
    try:
        seen = []

        def fine(s, asked, count):
            seen.append(asked)
            s.sendall(OK)
            return True
        Raw(fine, PUBLIC, 8443, authority.sign("push.test"))
        Raw(fine, PUBLIC, 8444, authority.sign("both.test"))
        inside = Raw(fine, "127.0.0.1", 8444, authority.sign("both.test"))
        r = Ringer(c)
        stranger = os.path.join(c.house.root, "stranger.key")
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", stranger)
        assert r.ring(r.text())["ok"]
        assert r.ring(r.text(url="https://both.test:8444/t"))["ok"]
        assert len(seen) == 2 and inside.connections == 0
        text = r.text()
        now = int(time.time() * 1000)
        for words, heard in (
                ("signature does not match", r.ring(text, key=stranger)),
                ("signature does not match", r.ring(text, sent=text.replace("/t\n", "/u\n"))),
                ("another target", r.ring(text, id="f" * 32)),
                ("no owner", r.ring(r.text(client=key_id(stranger)), key=stranger)),
                ("another box", r.ring(r.text(box="0" * 64))),
                ("has ended", r.ring(r.text(until=str(now - 1)))),
                ("is not yet", r.ring(r.text(issued=str(now + 50000)))),
                ("at most 366 days", r.ring(r.text(until=str(now + 367 * 86400000)))),
                ("https://", r.ring(r.text(url="http://push.test:8443/t"))),
                ("1 to 60", r.ring(r.text(hourly="61"))),
                ("malformed", r.ring(r.text() + "text more\n"))):
            assert not heard["ok"] and words in heard["why"], (words, heard)
        assert len(seen) == 2, seen
        text = r.text()
        told = [r.ring(text) for _ in range(7)]
        assert [t["ok"] for t in told] == [True] * 5 + [False] * 2, told
        assert "5 notifications in an hour" in told[-1]["why"] and len(seen) == 7
        assert len({s.partition(b"Host:")[2].partition(b"\r\n")[2] for s in seen}) == 1, seen
    finally:
        c.close()
