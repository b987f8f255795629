# SPDX-License-Identifier: Apache-2.0
"""The tool 'web' alone: its program in a root of its own, as it is in a
container, and behind the loopback what world.py has."""

import base64
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import certs
from house import BUILD

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(BUILD, "containers", "web", "program")
KIB, MIB = 1 << 10, 1 << 20
# What a container has not; the program must not look.
LIES = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9", "SSL_CERT_FILE": "/none", "CURL_CA_BUNDLE": "/none",
        "HOME": "/data", "SSLKEYLOGFILE": "/data/keys"}


class World:
    """The servers, and a root for the program."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="durward-web-")
        os.chmod(self.folder, 0o755)
        servers = os.path.join(self.folder, "servers")
        os.mkdir(servers)
        bundle = certs.make(servers)
        self.root = os.path.join(self.folder, "root")
        for name in ("etc/ssl/certs", "tmp", "data"):
            os.makedirs(os.path.join(self.root, name))
        shutil.copy(PROGRAM, os.path.join(self.root, "program"))
        self.write("etc/ssl/certs/ca-certificates.crt", bundle)
        self.write("etc/resolv.conf",
                   "nameserver 127.0.0.53\noptions ndots:0 timeout:2 attempts:1\n")
        self.data = os.path.join(self.root, "data")
        os.chown(self.data, 1000, 1000)
        self.servers = subprocess.Popen(
            ["unshare", "--net", sys.executable, "-W", "ignore::DeprecationWarning",
             os.path.join(HERE, "world.py"), servers],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.servers.stdout.readline() == "ready\n"
        self.tool = Tool(self)
        self.slow = {name: self.later(url) for name, url in (
            ("silent", "http://silent.test/"), ("silent TLS", "https://silent.test/"),
            ("full", "http://full.test/"), ("drip", "http://site.test/drip"))}

    def write(self, name, text):
        with open(os.path.join(self.root, name), "w") as f:
            f.write(text)

    def later(self, url):
        """A fetch that takes long, by a program of its own; join() gives its words."""
        box = {}

        def run():
            tool, begun = Tool(self), time.monotonic()
            box["failed"], box["text"] = tool.call("fetch", url=url)
            box["seconds"] = time.monotonic() - begun
            tool.close()
        box["thread"] = threading.Thread(target=run)
        box["thread"].start()
        return box

    def saved(self):
        return sorted(os.listdir(self.data))

    def clear(self):
        for name in os.listdir(self.data):
            os.unlink(os.path.join(self.data, name))

    def close(self):
        for box in self.slow.values():
            box["thread"].join()
        self.tool.close()
        self.servers.stdin.close()
        self.servers.wait()
        shutil.rmtree(self.folder)


class Tool:
    def __init__(self, world, *limits):
        self.p = subprocess.Popen(
            ["nsenter", f"--net=/proc/{world.servers.pid}/ns/net", *limits, "chroot",
             "--userspec=1000:1000", world.root, "/program"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **LIES})
        self.n = 0

    def ask(self, method, **params):
        self.n += 1
        self.p.stdin.write(json.dumps({"jsonrpc": "2.0", "id": self.n, "method": method,
                                       "params": params}) + "\n")
        self.p.stdin.flush()
        v = json.loads(self.p.stdout.readline())
        assert v["id"] == self.n, v
        return v["result"]

    def call(self, function, **args):
        """Whether it failed, and its words."""
        r = self.ask("tools/call", name=function, arguments=args)
        return r["isError"], r["content"][0]["text"]

    def close(self):
        self.p.stdin.close()
        return self.p.wait()


def setup():
    return World()


def says(host="site.test", scheme="http", **q):
    """The address at which a server says this."""
    if "body" in q:
        body = q["body"].encode() if isinstance(q["body"], str) else q["body"]
        q["body"] = base64.b64encode(body).decode()
    return f"{scheme}://{host}/say?" + urllib.parse.urlencode(q)


def good(w, url, function="fetch"):
    failed, text = w.tool.call(function, url=url)
    assert not failed, text
    return text


def bad(w, url, words, function="fetch"):
    failed, text = w.tool.call(function, url=url)
    assert failed and words in text, (url, text)
    return text


def html(body, charset="; charset=utf-8"):
    return says(type="text/html" + charset, body=body)


# ---- readable text ----

def test_pages_become_text_that_a_person_would_write_down(w):
    for name in sorted(os.listdir(os.path.join(HERE, "pages"))):
        if not name.endswith(".html"):
            continue
        with open(os.path.join(HERE, "pages", name[:-5] + ".txt")) as f:
            want = f.read().rstrip("\n")
        got = good(w, f"http://site.test/page?name={name}")
        assert got == want, f"{name}\n--- wanted\n{want}\n--- got\n{got}"


def test_letters_are_read_in_the_charset_that_they_are_written_in(w):
    cafe = "Caf\u00e9 \u20ac5 \u2013 \u201cna\u00efve\u201d"
    for charset in ("utf-8", "UTF8", "windows-1252", "iso-8859-1", "Latin1"):
        codec = "utf-8" if charset.lower().startswith("utf") else "windows-1252"
        url = html(cafe.encode(codec), f"; charset={charset}")
        assert good(w, url) == cafe, charset
    assert good(w, html("\u20ac \u0152".encode("iso-8859-15"), ';charset="ISO-8859-15"')) == \
        "\u20ac \u0152"


def test_a_page_may_say_its_charset_itself(w):
    for meta in ('<meta charset="windows-1252">',
                 "<META http-equiv=Content-Type content='text/html; charset=iso-8859-1'>"):
        assert good(w, html(meta.encode() + b"Caf\xe9", "")) == "Caf\u00e9", meta
    # The server's word counts more, and a mark at the beginning most.
    assert good(w, html("<meta charset=latin1>Caf\u00e9")) == "Caf\u00e9"
    assert good(w, html("\ufeffCaf\u00e9", "; charset=latin1")) == "Caf\u00e9"


def test_without_a_word_about_it_bytes_are_utf_8_or_windows_1252(w):
    assert good(w, html("Caf\u00e9 \u4e2d", "")) == "Caf\u00e9 \u4e2d"
    assert good(w, html(b"Caf\xe9 \x80", "")) == "Caf\u00e9 \u20ac"


def test_a_charset_that_is_not_known_is_told_and_not_guessed(w):
    text = good(w, html("abc \u65e5\u672c \u8a9e.".encode("euc-jp"), "; charset=euc-jp"))
    assert text == "It is written in euc-jp, which is not known here: letters beyond ASCII are " \
        "shown as \ufffd.\n\nabc \ufffd \ufffd."
    for text in (good(w, html("abc".encode("utf-16"), "")),
                 good(w, says(type="text/plain; charset=utf-16le", body="a\0b\0"))):
        assert "utf-16" in text and "cannot be read" in text, text


def test_bytes_that_are_no_utf_8_do_not_pass(w):
    text = good(w, html(b"a\xc0\xafb\xed\xa0\x80c\xf5d\xe2\x82e\xf0\x9f\x98\x80f\xff"))
    assert text == "a\ufffd\ufffdb\ufffd\ufffd\ufffdc\ufffdd\ufffde\U0001f600f\ufffd"


def test_gzip_and_deflate_are_unpacked(w):
    for encoding in ("gzip", "deflate"):
        assert good(w, says(type="text/html", encoding=encoding, body="<p>packed " * 100)) \
            .startswith("packed\n\npacked"), encoding
    bad(w, "http://site.test/bad_gzip", "the answer of site.test is broken")


def test_plain_text_and_data_stay_as_they_are(w):
    body = '{\n  "a": [1,\n\n\t2]\n}'
    for kind in ("text/plain", "application/json", "application/ld+json", "text/markdown", ""):
        assert good(w, says(type=kind, body=body)) == body, kind
    assert good(w, says(type="text/plain", body="<p>&amp;\x00\x1b[31m\x07</p>\r\n")) == \
        "<p>&amp;[31m</p>"


def test_a_page_without_a_type_is_known_by_its_look(w):
    assert good(w, says(type="", body="\n <p>one<p>two")) == "one\n\ntwo"
    assert good(w, says(type="", body="one <p>two")) == "one <p>two"
    assert "It is no text" in good(w, says(type="", body=b"\x89PNG\0\0"))


def test_what_is_no_text_is_told_by_type_and_size(w):
    assert good(w, says(type="image/png", body=b"\x89PNG")) == \
        "It is no text: image/png, 4 bytes.  It can be saved."
    begun = time.monotonic()
    assert f"{17 * MIB} bytes" in good(w, "http://site.test/large?type=video/mp4&announced")
    assert time.monotonic() - begun < 20


def test_a_page_without_words_says_so(w):
    assert good(w, html("<title>Only a title</title><script>x</script>")) == \
        "Title: Only a title\n\n(The page has no text.)"
    assert good(w, html("")) == "(The page has no text.)"
    assert good(w, says(status=204)) == "(The page has no text.)"


def test_a_long_text_is_cut_and_the_rest_counted(w):
    body = "<p>" + "\u00e9" * 100
    text = good(w, says(type="text/html; charset=utf-8", body=body, times=1000))
    shown, cut = text.rsplit("\n\n", 1)
    missing = int(re.fullmatch(r"\[Cut here: (\d+) more bytes of text are not shown.\]", cut)[1])
    whole = "\n\n".join(["\u00e9" * 100] * 1000)
    assert whole.startswith(shown) and 48 * KIB - 4 <= len(shown.encode()) <= 48 * KIB
    assert len(shown.encode()) + missing == len(whole.encode())


def test_an_answer_in_pieces_is_put_together(w):
    assert good(w, "http://site.test/chunked") == "one two"


# ---- where it goes ----

def test_a_request_says_who_asks_and_nothing_of_the_environment(w):
    request = good(w, "http://site.test/echo?a=1#part")
    lines = request.split("\n")
    assert lines[0] == "GET /echo?a=1 HTTP/1.1" and "Host: site.test" in lines
    assert "User-Agent: durward-web/1" in lines
    names = {line.split(":")[0].lower() for line in lines[1:] if line}
    assert names == {"host", "user-agent", "accept", "accept-encoding"}, names


def test_redirects_at_the_same_place_are_followed_five_times(w):
    for n in (1, 5):
        assert good(w, f"http://site.test/hop?n={n}") == \
            "Address: http://site.test/hop?n=0\n\nthere"
    bad(w, "http://site.test/hop?n=6", "more than 5 times")
    loop = says(status=301, location="say?status=301&location=.")
    bad(w, loop, "the server answered 404")
    for status in (301, 302, 303, 307, 308):
        assert "there" in good(w, says(status=status, location="/hop?n=0")), status


def test_a_redirect_to_another_place_is_an_error_that_names_it(w):
    for to in ("http://other.test/x?a=1", "https://site.test/", "http://site.test:81/",
               "//other.test/", "http://sub.site.test/"):
        words = bad(w, says(status=302, location=to), "fetch this address instead: ")
        want = "http:" + to if to.startswith("//") else to
        assert words.endswith(": " + want), words
    for to in ("ftp://site.test/", "file:///etc/passwd", "http://a:b@site.test/", "javascript:1",
               "http://"):
        words = bad(w, says(status=302, location=to), "the page has moved")
        assert "passwd" not in words, words
    bad(w, says(status=302), "gives no address")
    bad(w, says(status=304), "the server answered 304")


def test_only_addresses_of_the_web_are_taken(w):
    for url in ("", "site.test", "ftp://site.test/", "file:///data/x", "gopher://site.test/",
                "http://", "http:///", "http://a b/", "http://site.test/\u00e9",
                "http://site.test/a b", "http://site.test\\@other.test/",
                "http://user@site.test/", "http://user:pw@site.test/", "http://site.test/\x01",
                "http://site.test/" + "a" * 2048):
        bad(w, url, "is no address that can be fetched")


def test_names_that_are_not_known_or_not_allowed_say_so(w):
    bad(w, "http://nowhere.test/", "the name nowhere.test is not known, or this call may not")
    bad(w, "https://nowhere.test/", "the name nowhere.test is not known, or this call may not")


def test_refused_and_cut_connections_say_so(w):
    bad(w, "http://refused.test/", "refused.test refused the connection")
    bad(w, "http://site.test:81/", "port 81 of site.test cannot be reached, only 80 and 443 can")
    bad(w, "http://10.0.0.1/", "there is no way to 10.0.0.1 from here")
    for scheme in ("http", "https"):
        bad(w, f"{scheme}://reset.test/", "refused")


def test_answers_that_are_none_say_so(w):
    bad(w, "http://site.test/nothing", "the server answered 404 Not Found")
    bad(w, says(status=503), "the server answered 503 Service Unavailable")
    bad(w, says(status=418), "the server answered 418")
    for path in ("broken_chunk", "long_head"):
        bad(w, "http://site.test/" + path, "the answer of site.test is broken")
    for path in ("cut", "cut_chunk"):
        bad(w, "http://site.test/" + path, "the answer of site.test ended too early")
    bad(w, "http://site.test/old_http", "site.test does not answer in HTTP/1")


def test_what_is_too_large_is_not_read_to_its_end(w):
    for path in ("large?type=text/html", "large?type=text/html&announced", "bomb"):
        for function in ("fetch", "save"):
            bad(w, "http://site.test/" + path, "larger than 16 MiB", function)
    assert w.saved() == []


# ---- TLS ----

def test_good_certificates_of_all_usual_kinds_are_taken(w):
    for host in ("site.test", "other.test", "rsa.test", "p384.test", "tls12.test"):
        assert good(w, says(host, "https", type="text/plain", body="safe")) == "safe", host
    assert "there" in good(w, "https://site.test/hop?n=2")


def test_wrong_certificates_are_refused_with_the_reason(w):
    for host, why in (("expired", "it has expired"), ("future", "it is not valid yet"),
                      ("wrongname", "it is made out to another name"),
                      ("unknown", "no authority that is known here has signed it"),
                      ("selfsigned", "no authority that is known here has signed it"),
                      ("weak", "it is signed too weakly")):
        for function in ("fetch", "save"):
            words = bad(w, f"https://{host}.test/say", why, function)
            assert words.startswith(f"the certificate of {host}.test is wrong: "), words
    assert w.saved() == []


def test_servers_that_speak_no_tls_that_is_good_enough_say_so(w):
    for host in ("old.test", "plain.test"):
        bad(w, f"https://{host}/say", f"{host} and TLS: no agreement was found")
    assert "client.test" in w.tool.call("fetch", url="https://client.test/say")[1]


def test_without_a_list_of_authorities_nothing_is_believed(w):
    path = os.path.join(w.root, "etc/ssl/certs/ca-certificates.crt")
    os.rename(path, path + ".away")
    try:
        bad(w, "https://site.test/say", "the list of certificate authorities cannot be read")
    finally:
        os.rename(path + ".away", path)


# ---- saved pages ----

def test_a_page_is_saved_as_it_came_and_read_as_text(w):
    w.clear()
    body = "<title>News</title><p>Caf\u00e9 <a href=more>more</a>".encode("latin1")
    url = says(type="text/html; charset=iso-8859-1", body=body)
    text = good(w, url, "save")
    lines = text.split("\n")
    day = time.strftime("%Y-%m-%d", time.gmtime())
    name = lines[0].removeprefix("Saved as ")
    assert re.fullmatch(day + r"-site\.test-say-type-text-2fhtml[a-z0-9-]*\.html", name), name
    assert lines[1:] == ["from " + url, f"{len(body)} bytes",
                         "sha256 " + hashlib.sha256(body).hexdigest()], lines
    with open(os.path.join(w.data, name), "rb") as f:
        assert f.read() == body
    assert w.tool.call("read", name=name) == \
        (False, f"Title: News\nAddress: {url}\n\nCaf\u00e9 [more](http://site.test/more)")
    assert w.tool.call("list") == (False, f"1 saved page:\n{name}  {len(body)} bytes  {url}")


def test_a_packed_page_is_saved_unpacked(w):
    w.clear()
    text = good(w, says(type="text/plain", encoding="gzip", body="packed ", times=1000), "save")
    assert hashlib.sha256(b"packed " * 1000).hexdigest() in text


def test_what_is_no_text_is_saved_and_said_to_be_none(w):
    w.clear()
    body = bytes(range(256)) * 4
    name = good(w, says(type="application/pdf", body=body), "save").split()[2]
    assert name.endswith(".pdf")
    assert w.tool.call("read", name=name) == (False, "It is no text: application/pdf, 1024 bytes.")


def test_nothing_is_ever_overwritten(w):
    w.clear()
    names = [good(w, "http://site.test/hop?n=0", "save").split()[2] for _ in range(3)]
    assert names[1:] == [names[0][:-4] + "-2.txt", names[0][:-4] + "-3.txt"], names
    # A name may also be taken by what nobody saved.
    for taken in (names[0][:-4] + "-4.txt", "." + names[0][:-4] + "-5.txt"):
        with open(os.path.join(w.data, taken), "w") as f:
            f.write("mine")
    assert good(w, "http://site.test/hop?n=0", "save").split()[2] == names[0][:-4] + "-6.txt"
    with open(os.path.join(w.data, names[0][:-4] + "-4.txt")) as f:
        assert f.read() == "mine"


def test_no_address_makes_a_name_that_is_a_path(w):
    for path in ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/.hidden", "/a/b/../../c",
                 "/..%2f..%2f", "/%00x", "/-rf", "/CON", "/" + "long" * 300, "/?../..", "//x",
                 "/%e2%80%ae", "/a.part", "/.part"):
        w.clear()
        failed, _ = w.tool.call("save", url="http://site.test" + path)
        assert failed and w.saved() == [], path
        w.clear()
        q = "?type=text/plain&" + urllib.parse.quote(path, safe="/.%")
        name = good(w, "http://site.test/say" + q, "save").split()[2]
        assert re.fullmatch(r"[a-z0-9][a-z0-9.-]{10,159}", name) and ".." not in name, name
        assert w.saved() == ["." + name, name]


def test_only_names_of_saved_pages_are_read(w):
    w.clear()
    name = good(w, "http://site.test/hop?n=0", "save").split()[2]
    os.symlink("/etc/resolv.conf", os.path.join(w.data, "link.txt"))
    os.mkdir(os.path.join(w.data, "folder"))
    try:
        for other in ("", ".", "..", "../etc/resolv.conf", "/etc/resolv.conf", "." + name,
                      "./" + name, name.upper(), "link.txt", "folder", "x" * 200, "a\nb",
                      name + "/"):
            failed, words = w.tool.call("read", name=other)
            assert failed and "there is no saved page" in words, (other, words)
    finally:
        os.rmdir(os.path.join(w.data, "folder"))


def test_what_goes_wrong_leaves_nothing_behind(w):
    w.clear()
    for path in ("cut", "cut_chunk", "broken_chunk", "bad_gzip", "nothing", "large?type=x/y"):
        failed, _ = w.tool.call("save", url="http://site.test/" + path)
        assert failed and w.saved() == [], path
    # A crash left half a page: it is not shown, and goes with the next.
    with open(os.path.join(w.data, ".part"), "w") as f:
        f.write("half")
    os.chown(os.path.join(w.data, ".part"), 1000, 1000)
    assert w.tool.call("list") == (False, "There are no saved pages.")
    name = good(w, "http://site.test/hop?n=0", "save").split()[2]
    assert w.saved() == ["." + name, name]


def test_a_volume_that_cannot_be_written_is_told(w):
    w.clear()
    os.chmod(w.data, 0o555)
    try:
        bad(w, "http://site.test/hop?n=0", "the page cannot be saved: ", "save")
    finally:
        os.chmod(w.data, 0o755)


def test_the_list_of_saved_pages_ends_somewhere(w):
    w.clear()
    for i in range(1000):
        with open(os.path.join(w.data, f"2026-01-01-site.test-{'x' * 50}-{i:04}.txt"), "w"):
            pass
    failed, text = w.tool.call("list")
    assert not failed and text.startswith("1000 saved pages, too many to show:\n")
    assert len(text) <= 48 * KIB + 100
    bad(w, "http://site.test/hop?n=0", "there are 1000 saved pages already", "save")
    w.clear()


# ---- the program ----

def test_sixteen_mebibytes_fit_into_the_containers_memory(w):
    body = ("<p>word <a href=/x>link</a> &eacute; " * 31)[:-1].encode() + b"\n"
    path = os.path.join(w.data, "2026-01-01-large.html")
    with open(path, "wb") as f:
        f.write(body * (16 * MIB // len(body)))
    tool = Tool(w, "prlimit", f"--as={64 * MIB}")
    begun = time.monotonic()
    failed, text = tool.call("read", name="2026-01-01-large.html")
    assert not failed and "more bytes of text are not shown" in text, text[-200:]
    assert time.monotonic() - begun < 60
    bad_words = tool.call("fetch", url="http://site.test/large?type=text/html")
    assert bad_words == (True, "it is larger than 16 MiB")
    assert tool.close() == 0
    w.clear()


def test_its_functions_are_those_of_its_manifest(w):
    with open(os.path.join(BUILD, "containers", "web", "tool.json")) as f:
        functions = json.load(f)["functions"]
    tools = w.tool.ask("tools/list")["tools"]
    assert {t["name"]: set(t["inputSchema"]["properties"]) for t in tools} == \
        {name: set(f["args"]) for name, f in functions.items()}


def test_the_image_holds_the_authorities_of_this_machine(w):
    bundle = "etc/ssl/certs/ca-certificates.crt"
    image = os.path.join(BUILD, "containers", "web", "image.tar")
    out = tempfile.mkdtemp()
    try:
        subprocess.run(["tar", "-xf", image, "-C", out], check=True)
        blobs = os.path.join(out, "blobs", "sha256")
        layer = max((os.path.join(blobs, b) for b in os.listdir(blobs)), key=os.path.getsize)
        held = subprocess.run(["tar", "-xOf", layer, "./" + bundle], check=True,
                              capture_output=True).stdout
        with open("/" + bundle, "rb") as f:
            assert held == f.read()
    finally:
        shutil.rmtree(out)
    assert os.path.getsize(image) < MIB


def test_slow_servers_are_given_up_on_in_time(w):
    for box in w.slow.values():
        box["thread"].join()
    for name, least, most, words in (
            ("silent", 24, 27, "did not send all of the page within 25 seconds"),
            ("drip", 24, 27, "did not send all of the page within 25 seconds"),
            ("silent TLS", 9, 12, "did not answer within 10 seconds"),
            ("full", 9, 12, "did not answer within 10 seconds")):
        box = w.slow[name]
        assert box["failed"] and words in box["text"], (name, box["text"], box["seconds"])
        assert least < box["seconds"] < most, (name, box["seconds"])
