# SPDX-License-Identifier: Apache-2.0
"""A paired browser may be told that something waits, by its own push service,
which carries what it cannot read, and once an owner has allowed it."""

import json
import os
import re
import shutil
import time

from browser import Live, command as by_console, paired
from caller import Authority, Caller
from house import BUILD, House, wait_for
from push_service import PushService, headers, token
from rules import BASE, use
from wire import key_id, openssl, sha, sign

AUTHORITY = Authority()
CERT = AUTHORITY.sign("localhost")
WORDS = b"Something waits for you."


def setup():
    h = House(tools=())
    h.more = ("--authorities", AUTHORITY.path)
    h.start(tools=False)
    use(h, BASE + "ask keep tool=memory.remember\n")
    h.console.ask("status")
    return h


def status(n, *more):
    return b"HTTP/1.1 %d No\r\n%sContent-Length: 0\r\n\r\n" % (n, b"".join(m + b"\r\n" for m in more))


def command(live, browser, name, body):
    """(status, answer)"""
    text = json.dumps(body)
    at = live.query("challenge")["body"]
    live.say({"id": 8, "command": {**browser.signed(browser.text(at, name, text)), "body": text}})
    answer = live.hear()
    return answer["status"], answer["body"]


def offered(h, browser, subscription):
    live = Live(h)
    assert "session" in live.open(browser)
    answer = command(live, browser, "notify.offer", subscription.offer)
    live.close()
    return answer


def phone(h, name, service, role="approver"):
    """A browser that offered itself, and its subscription."""
    b, s = paired(h, name, role), service.subscribe()
    code, answer = offered(h, b, s)
    assert code == 200, answer
    return b, s


def allow(h, name, *more):
    r = h.console.run("notify", "allow", name, "--house", *more)
    assert r.returncode == 0, r.stderr


def told(h, list="targets"):
    return {t["name"]: t for t in h.console.json("notify")[list]}


def allowed(h, name, *answers):
    service = PushService(CERT, *answers)
    b, s = phone(h, name, service)
    allow(h, name)
    return service, b, s


def settled(h, name, sent):
    def done():
        f"{sent} sent to {name}"
        return told(h)[name]["sent"] == sent
    wait_for(done, 60)


def remove(h, name):
    r = h.console.run("notify", "remove", name)
    assert r.returncode == 0 and name not in told(h), r.stderr


def log(h):
    return [json.loads(e) for e in h.console.run("audit", "show", "--json").stdout.splitlines()]


def end(h, p, act):
    assert h.console.run("deny", act).returncode == 0
    p.communicate(timeout=60)


# ---- Being told ----


def test_a_browser_is_told_once_an_owner_allowed_it_and_not_before(h):
    service = PushService(CERT)
    b, s = phone(h, "anna", service)
    said = h.console.run("notify").stdout
    assert "anna " in said and "'durward notify allow anna'" in said and s.url not in said, said
    p, act = h.console.asked("remember that nobody is told of this")
    end(h, p, act)
    assert service.connections == 0
    allow(h, "anna")
    assert "anna" not in told(h, "offers") and told(h)["anna"]["service"] == "webpush"
    p, act = h.console.asked("remember that anna is told of this")
    settled(h, "anna", 1)
    end(h, p, act)
    first, head, body = headers(service.seen[0])
    assert first == f"POST {s.url[len(service.origin):]} HTTP/1.1", first
    assert s.opened(body)[0] == WORDS
    for name, value in (("content-encoding", "aes128gcm"), ("ttl", "3600"), ("urgency", "high"),
                        ("topic", "durward"), ("content-type", "application/octet-stream")):
        assert head[name] == value, head
    remove(h, "anna")


def test_what_two_different_questions_push_has_the_same_words_and_length(h):
    service, _, s = allowed(h, "bert")
    p, act = h.console.asked("remember that the key of the cellar lies under the pot")
    settled(h, "bert", 1)
    assert h.console.run("approve", act, "--yes").returncode == 0
    p.communicate(timeout=60)
    fact = h.console.json("memory", "facts")["rows"][0]["id"]
    p, act = h.console.asked("forget the memory " + fact)
    settled(h, "bert", 2)
    end(h, p, act)
    (line, head, one), (other_line, other, two) = (headers(r) for r in service.seen)
    assert line == other_line and len(one) == len(two) == 230 and one[:16] != two[:16]
    assert s.opened(one) == s.opened(two) == (WORDS, 128 - len(WORDS) - 1)
    sizes = [{k: len(v) for k, v in of.items()} for of in (head, other)]
    assert sizes[0] == sizes[1], sizes
    del head["authorization"], other["authorization"]
    assert head == other, (head, other)
    remove(h, "bert")


def test_the_push_service_knows_the_house_by_its_key_and_nobody_else(h):
    service, b, _ = allowed(h, "carl")
    live = Live(h)
    live.open(b)
    key = live.query("push")["body"]["key"]
    live.close()
    assert h.console.run("notify", "test", "carl").returncode == 0
    claims = token(headers(service.seen[0])[1]["authorization"], key)
    assert set(claims) == {"aud", "exp", "sub"} and claims["aud"] == service.origin, claims
    assert time.time() + 3600 < claims["exp"] < time.time() + 86400, claims
    assert claims["sub"].startswith("https://"), claims
    remove(h, "carl")


def test_a_busy_push_service_is_tried_again_and_then_told_the_same(h):
    service, _, s = allowed(h, "dora", status(503, b"Retry-After: 2"))
    assert h.console.run("notify", "test", "dora").returncode == 0
    assert [s.opened(headers(r)[2])[0] for r in service.seen] == [WORDS, WORDS]
    remove(h, "dora")


# ---- Its end ----


def test_a_browser_that_has_left_its_push_service_is_told_no_more(h):
    for n in (410, 404):
        service, b, _ = allowed(h, f"left-{n}", status(n))
        r = h.console.run("notify", "test", f"left-{n}")
        assert r.returncode == 4 and "nobody listens there" in r.stderr, r.stderr
        assert f"left-{n}" not in told(h) and len(service.seen) == 1
        said = h.console.run("notify").stdout
        assert re.search(rf"left-{n} +has ended: .*nobody listens", said), said
        ends = [e for e in log(h) if e["kind"] == "notify-ended" and e["name"] == f"left-{n}"]
        assert len(ends) == 1 and str(n) in ends[0]["why"], ends
        p, act = h.console.asked("remember that they left")
        end(h, p, act)
        assert len(service.seen) == 1
        s = service.subscribe("/send/anew")
        assert offered(h, b, s)[0] == 200
        allow(h, f"left-{n}")
        assert h.console.run("notify", "test", f"left-{n}").returncode == 0
        assert s.opened(headers(service.seen[1])[2])[0] == WORDS
        remove(h, f"left-{n}")


def test_a_browser_is_told_and_asks_no_more_once_it_is_revoked(h):
    service, _, _ = allowed(h, "emil")
    b, _ = phone(h, "frida", service)
    assert "frida" in told(h, "offers")
    r = h.console.run("notify", "allow", "frida", "--as", "emil", "--house")
    assert r.returncode == 4 and "of this name already" in r.stderr, r.stderr
    allow(h, "frida", "--as", "second")
    assert told(h)["second"]["whom_name"] == "frida"
    assert offered(h, b, service.subscribe("/send/other"))[0] == 200
    for name in ("emil", "frida"):
        assert h.console.run("clients", "revoke", name).returncode == 0
    assert not {"emil", "second"} & set(told(h)) and "frida" not in told(h, "offers")
    p, act = h.console.asked("remember that emil is gone")
    end(h, p, act)
    assert service.connections == 0


def test_offers_and_what_was_allowed_last_over_a_restart_with_the_key(h):
    service, b, s = allowed(h, "gerd")
    c, _ = phone(h, "hanna", service)
    assert h.console.run("notify", "test", "gerd").returncode == 0
    h.stop()
    h.start_house()
    h.wait_up(False)
    wait_for(lambda: h.console.run("notify", "test", "gerd").returncode == 0, 60)
    keys = {headers(r)[1]["authorization"].partition("k=")[2] for r in service.seen}
    assert len(keys) == 1 and "hanna" in told(h, "offers")
    allow(h, "hanna")
    assert h.console.run("notify", "test", "hanna").returncode == 0
    remove(h, "gerd")
    remove(h, "hanna")


# ---- Offers ----


def test_an_offer_is_of_a_browser_and_for_a_point_of_the_curve_over_https(h):
    service = PushService(CERT)
    b, s = paired(h, "ivan"), service.subscribe()
    off = s.offer["p256dh"][:-1] + ("0" if s.offer["p256dh"][-1] != "0" else "1")
    for words, change in (("https://", {"url": s.url.replace("https", "http")}),
                          ("", {"url": "https://192.0.2.1/send"}),
                          ("longer than 2048", {"url": s.url + "x" * 2048}),
                          ("no point", {"p256dh": off}), ("no point", {"p256dh": "04" + "0" * 128}),
                          ("no point", {"p256dh": s.offer["p256dh"] + "00"}),
                          ("16 bytes", {"auth": "00"}), ("16 bytes", {"auth": None})):
        offer = {k: v for k, v in {**s.offer, **change}.items() if v is not None}
        live = Live(h)
        live.open(b)
        code, answer = command(live, b, "notify.offer", offer)
        live.close()
        assert code >= 400 and words in answer["error"], (code, answer)
    assert "ivan" not in told(h, "offers")
    code, answer = by_console(h, "notify.offer", s.offer)
    assert code == 403 and "only a browser" in answer["error"], answer


def test_a_browser_has_one_offer_and_takes_it_back_or_an_owner_does(h):
    service = PushService(CERT)
    b, _ = phone(h, "jana", service)
    s = service.subscribe("/send/second")
    assert offered(h, b, s)[0] == 200
    offers = [o for o in h.console.json("notify")["offers"] if o["name"] == "jana"]
    assert [o["url"] for o in offers] == [s.url], offers
    live = Live(h)
    live.open(b)
    seen = [o for o in live.query("notify")["body"]["offers"] if o["name"] == "jana"][0]
    assert "url" not in seen and "auth" not in seen, "who asks is told where others are"
    other = paired(h, "karl")
    live2 = Live(h)
    live2.open(other)
    code, answer = command(live2, other, "notify.refuse", {"whom": b.id})
    assert code == 403 and "only an owner" in answer["error"], answer
    assert command(live, b, "notify.refuse", {"whom": b.id})[0] == 200
    assert "jana" not in told(h, "offers")
    assert offered(h, b, s)[0] == 200
    assert h.console.run("notify", "remove", "jana").returncode == 0
    assert "jana" not in told(h, "offers")
    r = h.console.run("notify", "allow", "jana")
    assert r.returncode != 0 and "no browser asks" in r.stderr, r.stderr
    live.close()
    live2.close()


def test_no_browser_and_no_approver_allows_it(h):
    service = PushService(CERT)
    b, s = phone(h, "lena", service, "owner")
    r = h.pair("helper", "approver").run("notify", "allow", "lena")
    assert r.returncode == 1 and "only an owner" in r.stderr, r.stderr
    live = Live(h)
    at = live.hello
    assert "session" in live.open(b)
    text = target(s, box=at["box"], client=b.id, whom=b.id)
    code, answer = command(live, b, "notify.add",
                           {"text": text, "signature": sign(b.key, text.encode())})
    assert code == 403 and "key of the command line" in answer["error"], answer
    live.close()
    assert "lena" not in told(h)
    assert h.console.run("notify", "remove", "lena").returncode == 0


def test_there_are_so_many_offers_and_no_more(h):
    service = PushService(CERT)
    held = len(told(h, "offers"))
    for n in range(16 - held):
        phone(h, f"many{n}", service)
    b = paired(h, "one-more")
    code, answer = offered(h, b, service.subscribe())
    assert code != 200 and "16 browsers wait" in answer["error"], answer
    assert h.console.run("notify", "remove", "many0").returncode == 0
    assert offered(h, b, service.subscribe())[0] == 200


# ---- A core, and an egress, that were taken over ----

PUBLIC = "9.77.0.9"


def target(s, **lines):
    """As the command line signs one: with box, client and whom."""
    now = int(time.time() * 1000)
    lines = {"box": "", "client": "", "id": "0" * 32, "name": "phone", "kind": "webpush",
             "place": "outside", "url": s.url, "hourly": "5", "issued": str(now - 5000),
             "until": str(now + 60000), "whom": "", "p256dh": s.offer["p256dh"],
             "auth": s.offer["auth"], **lines}
    return "durward-notify/2\n" + "".join(f"{k} {v}\n" for k, v in lines.items())


def test_egress_seals_for_whom_an_owner_said_and_not_for_whom_core_says():
    authority = Authority()
    whom = {}

    def pair_some(h):
        whom["anna"] = paired(h, "anna").id
        whom["lost"] = paired(h, "lost").id
        assert h.console.run("clients", "revoke", "lost").returncode == 0

    c = Caller(names={"push.test": [PUBLIC], "both.test": ["127.0.0.1", PUBLIC]},
               addresses=[PUBLIC], authority=authority, before=pair_some)
    try:
        service = PushService(authority.sign("push.test"), address=PUBLIC, port=8443,
                              name="push.test")
        folder = c.house.console.folder
        key = os.path.join(folder, "key.pem")
        public = openssl("x509", "-in", os.path.join(folder, "root.pem"), "-pubkey", "-noout")
        box = sha(openssl("pkey", "-pubin", "-outform", "DER", given=public))
        stranger = os.path.join(c.house.root, "stranger.key")
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", stranger)
        s, thief = service.subscribe(), service.subscribe("/send/thief")

        def heard():
            return [r["body"] for r in c.answers() if r["what"] == "notice"]

        def ring(sent=None, by=key, who="anna", **changes):
            n = len(heard())
            text = target(s, **{"box": box, "client": key_id(key), "whom": whom[who],
                                "id": f"{n + 1:032x}", **changes})
            c.do("notice", id=f"{n + 1:032x}", text=sent(text) if sent else text,
                 signature=sign(by, text.encode()))
            wait_for(lambda: len(heard()) > n, 30)
            return heard()[n]

        def swap(name):
            return lambda text: text.replace(s.offer.get(name), thief.offer[name])

        assert ring()["ok"], heard()
        _, head, body = headers(service.seen[0])
        assert s.opened(body)[0] == WORDS and token(head["authorization"])["aud"] == service.origin
        for words, got in (
                ("signature does not match", ring(by=stranger)),
                ("signature does not match", ring(sent=swap("url"))),
                ("signature does not match", ring(sent=swap("p256dh"))),
                ("signature does not match", ring(sent=swap("auth"))),
                ("no owner", ring(by=stranger, client=key_id(stranger))),
                ("is revoked, or none", ring(who="lost")),
                ("is revoked, or none", ring(whom=key_id(key))),
                ("no point", ring(p256dh="04" + "1" * 128)),
                ("malformed", ring(kind="ntfy")),
                ("https://", ring(url="http://push.test:8443/send")),
                ("no address in the house", ring(place="house")),
                ("another box", ring(box="0" * 64))):
            assert not got["ok"] and words in got["why"], (words, got)
        assert len(service.seen) == 1, service.seen
    finally:
        c.close()


class Rung:
    """What an egress that was taken over got of the vault."""

    def __init__(self):
        self.house = h = House(tools=())
        try:
            h.start(tools=False)
            h.stop()
            shutil.copy(os.path.join(BUILD, "probe-ringer"), h.path("bin"))
            h.house_binary = h.path("bin", "probe-ringer")
            h.start_house()
            h.wait_log("ringer 9:", seconds=30)
            self.said = dict(re.findall(r"ringer (\d+): (.*)", h.log()))
        finally:
            h.close()


def test_the_vault_signs_a_token_for_one_service_and_nothing_else():
    said = Rung().said
    now = time.time()
    for n, origin in (("0", "https://push.example"), ("1", "https://push.example:8443")):
        assert said[n].startswith("TOKEN "), said
        claims = token(said[n][len("TOKEN "):])
        exp = claims.pop("exp")
        assert claims == {"aud": origin, "sub": origin}, claims
        assert now < exp < now + 86400, exp
    for n in range(2, 10):
        assert said[str(n)].startswith("refused: ") and "vapid t=" not in said[str(n)], said
