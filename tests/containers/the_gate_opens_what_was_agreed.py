# SPDX-License-Identifier: Apache-2.0
"""What a tool reaches: the hosts of its manifest and of its call, while it
answers, and nothing else."""

import os

from apart import house_apart
from house import BUILD, wait_for

NAMES = {"api.test": ["9.77.0.1"], "eu.cdn.test": ["9.77.0.1"], "cdn.test": ["9.77.0.1"],
         "open.test": ["9.77.0.2"], "other.test": ["9.77.0.2"],
         "tricky.test": ["10.77.0.1"], "rebind.test": ["127.0.0.1", "9.77.0.2"],
         "mapped.test": ["169.254.169.254"],
         "hub.test": ["10.77.0.1"], "sly.test": ["127.0.0.1"]}
PORTS = [("9.77.0.1", 443), ("9.77.0.1", 80), ("9.77.0.2", 80), ("9.77.0.2", 443),
         ("10.77.0.1", 8080), ("10.77.0.1", 80), ("127.0.0.1", 8080), ("127.0.0.1", 80)]


def setup():
    return house_apart(NAMES, PORTS, (os.path.join(BUILD, "test-containers", "reacher"),),
                       later={"moved.test": ["9.77.0.2"]})


def attempt(h, *attempts, host="open.test"):
    """Outcomes by attempt, and what the log says of the network."""
    entries = h.console.ask(f"fetch http://{host}/?" + ";".join(attempts))
    done = [e for e in entries if e["kind"] == "done"]
    assert done, entries
    lines = dict(line.split(" -> ") for line in done[0]["result"].splitlines())
    return lines, done[0].get("network", {"used": [], "refused": []})


def test_the_host_of_the_call_is_reached_and_logged(h):
    got, net = attempt(h, "get:open.test:80")
    assert got["get:open.test:80"] == "reached 9.77.0.2:80", got
    assert [(u["host"], u["address"], u["connections"]) for u in net["used"]] == [
        ("open.test:80", "9.77.0.2", 1)], net
    assert net["used"][0]["up"] > 0 and net["used"][0]["down"] > 0 and net["refused"] == []


def test_another_host_is_not_even_a_name(h):
    got, net = attempt(h, "name:other.test", "name:exfil.data.evil.test", "get:other.test:80")
    assert set(got.values()) == {"no such name"}, got
    assert net["used"] == []
    assert net["refused"] == ["other.test", "exfil.data.evil.test"], net


def test_what_one_call_opened_is_closed_for_the_next(h):
    got, net = attempt(h, "get:open.test:80", host="other.test")
    assert "reached" not in got["get:open.test:80"] and net["used"] == [], (got, net)


def test_a_connection_that_a_tool_keeps_ends_with_its_call(h):
    got, _ = attempt(h, "stay:open.test:80")
    assert got["stay:open.test:80"] == "stays", got
    got, _ = attempt(h, "again:open.test:80")
    assert "reached" not in got["again:open.test:80"], got


def test_the_hosts_of_the_manifest_are_reached_by_their_tls_name(h):
    got, net = attempt(h, "sni:api.test:443:api.test", "sni:eu.cdn.test:443:eu.cdn.test")
    assert set(got.values()) == {"reached 9.77.0.1:443"}, got
    assert {u["host"] for u in net["used"]} == {"api.test:443", "eu.cdn.test:443"}


def test_the_name_inside_tls_must_be_the_one_that_was_asked_for(h):
    got, net = attempt(h, "sni:api.test:443:evil.test", "sni:api.test:443:-", "get:api.test:443")
    assert not any("reached" in o for o in got.values()), got
    assert net["refused"] == ["api.test:443 was asked for evil.test",
                              "api.test:443 was asked for nobody (TLS without a name)",
                              "api.test:443 was spoken to without TLS"], net


def test_a_wildcard_is_not_the_name_itself(h):
    got, _ = attempt(h, "sni:cdn.test:443:cdn.test", "name:a.b.cdn.test")
    assert "reached" not in got["sni:cdn.test:443:cdn.test"], got
    assert got["name:a.b.cdn.test"].startswith("127.1.0.")


def test_another_port_of_a_granted_host_is_refused(h):
    got, net = attempt(h, "get:api.test:80", "tcp:127.1.0.1:8080")
    assert not any("reached" in o for o in got.values()), got
    assert "api.test:80" in net["refused"], net


def test_private_and_special_addresses_are_refused(h):
    got, net = attempt(h, "get:tricky.test:80", "get:rebind.test:80", "get:mapped.test:80",
                       host="mapped.test")
    assert "reached 10." not in str(got) and "reached 127." not in str(got), got
    assert "tricky.test:80 is at 10.77.0.1, which is no public address" in net["refused"], net
    assert "mapped.test:80 is at 169.254.169.254, which is no public address" in net["refused"]
    # Of several addresses the public one is good, whatever stands before it.
    assert got["get:rebind.test:80"] == "reached 9.77.0.2:80", got


def test_the_home_network_is_reached_where_the_manifest_says_so(h):
    got, net = attempt(h, "get:hub.test:8080", "get:fixed.test:8080", "get:sly.test:8080")
    assert got["get:hub.test:8080"] == got["get:fixed.test:8080"] == "reached 10.77.0.1:8080"
    assert "reached" not in got["get:sly.test:8080"], got
    assert "sly.test:8080 is at 127.0.0.1, which is no public address" in net["refused"], net


def test_there_is_no_way_round(h):
    got, _ = attempt(h, "tcp:9.77.0.2:80", "tcp:10.77.0.1:8080", "udp:9.77.0.2:443",
                     "udp:224.0.0.251:5353", "tcp:127.0.0.1:80", "tcp:127.1.0.99:80",
                     "udp:127.0.0.1:53", "udp:127.1.0.1:443")
    assert not any("reached" in o for o in got.values()), got
    for there in ("tcp:9.77.0.2:80", "tcp:10.77.0.1:8080", "udp:9.77.0.2:443"):
        assert got[there] == "Network unreachable", got


def test_the_bytes_of_a_call_are_capped(h):
    got, net = attempt(h, "send:open.test:80:5")
    assert got["send:open.test:80:5"] == "sent" and net["refused"] == [], (got, net)
    got, net = attempt(h, "send:open.test:80:20")
    assert got["send:open.test:80:20"] != "sent", got
    assert any("more than one call may" in r for r in net["refused"]), net
    assert attempt(h, "get:open.test:80")[0]["get:open.test:80"].startswith("reached")


def test_the_connections_of_a_tool_are_capped(h):
    got, net = attempt(h, "many:open.test:80:40")
    assert int(got["many:open.test:80:40"].split()[0]) >= 24, got
    assert net["refused"] == ["open.test:80 (too many connections)"], net
    assert net["used"][0]["connections"] <= 16, net


def test_a_port_that_the_manifest_does_not_list_is_refused_in_words(h):
    entries = h.console.ask("fetch http://open.test:9090/")
    refused = [e for e in entries if e["kind"] == "refused"]
    assert refused and "reaches no port 9090" in refused[0]["reason"], entries


def test_the_gate_asks_whom_the_machine_asks_by_now(h):
    got, _ = attempt(h, "get:moved.test:80", host="moved.test")
    assert "reached" not in got["get:moved.test:80"], got
    before = h.pids()["gate"]
    h.apart.ask("127.0.0.2")

    def reached():
        "an answer of the resolver that the machine has by now"
        got, _ = attempt(h, "get:moved.test:80", host="moved.test")
        return got["get:moved.test:80"] == "reached 9.77.0.2:80"
    wait_for(reached, 60, 0.5)
    assert h.pids()["gate"] == before, "it was restarted: other calls were lost"
    with open(f"/proc/{before}/root/etc/resolv.conf") as f:
        assert f.read() == "nameserver 127.0.0.2\n"


def test_the_gate_comes_back_and_tools_with_it(h):
    os.kill(h.pids()["gate"], 9)
    h.wait_log("gate is ready(.|\n)*gate is ready")
    got, _ = attempt(h, "get:open.test:80")
    assert got["get:open.test:80"] == "reached 9.77.0.2:80", got
