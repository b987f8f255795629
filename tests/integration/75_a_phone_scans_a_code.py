# SPDX-License-Identifier: Apache-2.0
"""What `durward pair --phone` shows on a terminal, a camera reads."""

import re
import socket

from browser import Browser
from house import House, free_port, next_line
from screen import Screen, codes, read

FIRST = r"press Enter: "
SECOND = r"^Waiting for it"


def setup():
    h = House(tools=())
    h.certificate_port = free_port()
    h.more = ("--certificate-port", str(h.certificate_port))
    return h.start()


def first(h):
    return f"http://box.local:{h.certificate_port}"


def begun(h, *more, **window):
    return Screen([h.durward, "pair", "--phone", *more], h.console.env, **window)


def link_of(s):
    return s.until(r"^  (https://(\S+)/#(\S+))$")


def test_the_codes_on_the_terminal_are_the_addresses_beside_them(h):
    s = begun(h, "--host", "box.local")
    s.until(FIRST)
    assert [read(c) for c in codes(s.seen)] == [first(h)], s.seen
    assert "https://" not in s.seen, "two codes to choose from"
    s.type("\n")
    link, where, token = link_of(s).groups()
    s.until(SECOND)
    shown = codes(s.seen)
    assert len(shown) == 2
    text = read(shown[1])
    assert text == f"https://{where}/#{token.upper()}" and text.lower() == link, text
    s.close()


def test_one_code_at_a_time_is_in_the_window(h):
    s = begun(h, columns=100, rows=60)
    s.until(FIRST)
    s.type("\n")
    s.until(SECOND)
    window = "\n".join(s.seen.split("\n")[-60:])
    assert len(codes(s.seen)) == 2 and len(codes(window)) == 1
    assert read(codes(window)[0]).startswith("https://" + socket.gethostname() + ".local:")
    s.close()


def test_each_kind_of_terminal_has_a_code_that_is_read(h):
    for term, colours in (("xterm-256color", "\x1b[38;5;16;48;5;231m"),
                          ("linux", "\x1b[30;47m"), ("vt220", "")):
        s = begun(h, "--host", "box.local", term=term)
        s.until(FIRST)
        assert [read(c) for c in codes(s.seen)] == [first(h)], (term, s.seen)
        assert set(re.findall(r"\x1b\[[0-9;]*m", s.seen)) == \
            ({colours, "\x1b[0m"} if colours else set())
        s.close()


def test_a_code_fits_a_window_of_eighty_by_twenty_four(h):
    """With names as people give them: the whole code, and one line below."""
    s = begun(h, "--host", "living-room-raspberry-pi.local")
    s.until(FIRST)
    s.type("\n")
    s.until(SECOND + r".*\n")
    window = "\n".join(s.seen.split("\n")[-24:])
    assert "living-room" in read(codes(window)[0])
    s.close()


def test_where_a_code_has_no_room_the_words_are_as_ever(h):
    s = begun(h, "--host", "box.local", columns=40)
    s.until(FIRST)
    s.type("\n")
    s.until(SECOND)
    assert len(codes(s.seen)) == 1, "only the first one is small enough"
    s.close()
    for window in ({"columns": 32}, {"rows": 12}, {"columns": 0, "rows": 0}):
        s = begun(h, "--host", "box.local", **window)
        link_of(s)
        s.until(SECOND)
        assert codes(s.seen) == [] and "\x1b" not in s.seen, s.seen
        s.close()
    out = waiting(h)
    assert codes(out) == [] and "\x1b" not in out and first(h) in out, out


def waiting(h, *more):
    """All that it says until it waits."""
    p = h.console.start("pair", "--phone", "--host", "box.local", *more)
    out = ""
    while "Waiting" not in out:
        out += next_line(p)
    p.kill()
    p.communicate()
    return out


def test_the_other_port_is_named_where_a_phone_may_want_it(h):
    assert f"box.local:{h.port}" not in waiting(h), "nobody has a certificate"
    h.console.run("web", "off")
    out = waiting(h)
    assert f"Port {h.pairing_port} closes again with this window" in out, out
    assert f"box.local:{h.port}" not in out, out
    h.console.run("clients", "certificate", "p12", cwd=h.console.folder)
    out = waiting(h)
    token = re.search(rf"https://box.local:{h.pairing_port}/#(\S+)", out)[1]
    assert f"https://box.local:{h.port}/#{token} instead" in out, out
    h.console.run("web", "on")
    h.console.run("clients", "revoke", "p12")
    out = waiting(h)
    assert "closes again" not in out and f"box.local:{h.port}" not in out, out


def test_a_port_that_gives_no_certificate_is_not_named(h):
    more = h.more
    taken = socket.create_server(("0.0.0.0", 0))
    for h.more in ((), ("--certificate-port", str(taken.getsockname()[1]))):
        h.stop()
        h.start()
        out = waiting(h)
        assert "No port gives this box's certificate" in out, out
        assert "http://" not in out, out
    taken.close()
    h.more = more
    h.stop()
    h.start()


def test_what_was_typed_before_the_words_were_seen_is_no_answer(h):
    s = begun(h, "--host", "localhost", "--role", "owner")
    s.until(FIRST)
    s.type("\n")
    token = link_of(s).group(3)
    s.until(SECOND)
    s.type("yes\nyes\n")
    assert Browser(h, "early").ask(token)[0] == 200
    s.until(r"type yes if it does: ")
    s.type("no\n")
    assert s.end() == 4, s.seen
    assert "'early' is refused" in s.seen, s.seen
    assert not [c for c in h.console.json("clients")["clients"] if c["name"] == "early"]
