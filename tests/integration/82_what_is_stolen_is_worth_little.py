# SPDX-License-Identifier: Apache-2.0
"""What a thief can do with a client's TLS session, but not its key: with what
a resumption would need, with all bytes that passed, and with the connection
itself."""

import contextlib
import json
import socket
import threading

from browser import opened, paired
from house import House
from puppet import log_size
from wire import Wire, new_identity, sign


def setup():
    h = House(tools=()).start(tools=False)
    h.laptop = h.pair("laptop")
    h.page = paired(h, "page")
    return h


def test_no_session_is_taken_up_again(h):
    """There are no tickets, so nothing that stands in for the certificate, and
    no data that comes before a handshake and could come twice."""
    w, live = Wire(h, h.laptop), opened(h, h.page)
    assert w.query("status")[0] == 200 and live.query("status")["status"] == 200
    for sock in (w.sock, live.socket):
        assert sock.version() == "TLSv1.3"
        assert sock.session is None or not sock.session.has_ticket


class Relay:
    """Between a client and the house; it keeps what the client says."""

    def __init__(self, port):
        self.port, self.said = port, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.at = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        client, _ = self.listener.accept()
        house = socket.create_connection(("127.0.0.1", self.port))
        threading.Thread(target=self.pass_on, args=(house, client, []), daemon=True).start()
        self.pass_on(client, house, self.said)

    def pass_on(self, source, to, kept):
        with contextlib.suppress(OSError):  # The end of either is the end of both.
            while data := source.recv(65536):
                kept.append(data)
                to.sendall(data)
        to.close()


def test_bytes_that_passed_are_worth_nothing_on_another_connection(h):
    relay = Relay(h.port)
    w = Wire(h, h.laptop, port=relay.at)
    assert w.command("ask", {"goal": "help"})[0] == 200
    w.close()
    before = log_size(h)
    for pieces in (relay.said, relay.said[:1], relay.said[1:], relay.said[-1:]):
        with socket.create_connection(("127.0.0.1", h.port), timeout=5) as s:
            heard = b""
            try:
                for data in pieces:
                    s.sendall(data)
                while more := s.recv(65536):
                    heard += more
            except OSError:
                pass
            assert b"HTTP/1.1" not in heard
    assert len(relay.said) > 3
    assert log_size(h) == before


def test_who_has_the_connection_reads_what_the_client_may_and_commands_nothing(h):
    key, _ = new_identity("thief")
    w = Wire(h, h.laptop)
    for query in ("status", "runs", "approvals", "clients"):
        assert w.query(query)[0] == 200, query
    before = log_size(h)
    body = json.dumps({"goal": "help"})
    text = w.command_text("ask", body)
    for signature in (sign(key, text.encode()), sign(h.page.key, text.encode()),
                      "ES256:" + "0" * 128):
        status, answer = w.send_command(text, body, signature=signature)
        assert status == 403 and "signature" in answer["error"], answer
    live = opened(h, h.page)
    hello = live.query("challenge")["body"]
    text = h.page.text(hello, "ask", body)
    live.say({"id": 8, "command": {"text": text, "signature": sign(key, text.encode()), "body": body}})
    answer = live.hear()
    assert answer["status"] == 403 and "signature" in answer["body"]["error"], answer
    assert log_size(h) == before


def test_with_the_client_its_stolen_connections_end(h):
    stolen, live = Wire(h, h.laptop), opened(h, h.page)
    assert stolen.query("status")[0] == 200
    for name in ("laptop", "page"):
        assert h.console.run("clients", "revoke", name).returncode == 0
    try:
        assert stolen.query("status") is None
    except OSError:
        pass
    assert "refused" in live.hear() and live.ends()
