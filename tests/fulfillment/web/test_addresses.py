"""Whatever an agent or a page names: only the public web is asked, and what was judged is asked."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest

from fulfillment.adapters.web import addresses
from fulfillment.adapters.web.addresses import SandboxWeb, is_public, read_target
from fulfillment.ports_web import Fault, NotFound

HERE = SandboxWeb(address="127.0.0.1", port=8002)
NO_PLACE_OF_THE_WEB = [
    *(
        "",
        "/etc/passwd",
        "file:///etc/passwd",
        "ftp://a.com/",
        "gopher://a.com/",
        "data:text/plain,a",
    ),
    *("javascript:alert(1)", "http:///path", "http://", "https://?a", "//a.com/", "a.com"),
    *(
        "http://user@a.com/",
        "http://user:secret@a.com/",
        "http://a.com@127.0.0.1/",
        "http://:@a.com/",
    ),
    *("http://a.com:8080/", "http://a.com:22/", "https://a.com:80/", "http://a.com:443/"),
    *("http://a.com:0/", "http://a.com:99999/", "http://a.com:x/", "http://a.com\\@b.com/"),
    *("http://a.com/ b", "http://a.com/\n", "http://a.com/\x00", "http://ä.com/", "http://a..com/"),
    *("http://127.0.0.1/", "http://2130706433/", "http://017700000001/", "http://0x7f000001/"),
    *("http://0177.0.0.1/", "http://0x7f.0.0.1/", "http://127.1/", "http://0/", "http://8.8.8.8/"),
    *("http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[fe80::1%25eth0]/", "http://[::]/"),
    *(
        "http://[fd00:ec2::254]/",
        "http://[64:ff9b::7f00:1]/",
        "http://localhost/",
        "http://a_b.com/",
    ),
    *("http://-a.com/", "http://" + "a" * 64 + ".com/", "http://a.com/" + "a" * 2000),
]
NETWORKS_OF_ONES_OWN = [
    *("0.0.0.1", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.255"),
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.170", "192.0.2.1", "192.168.1.1"),
    *("192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250"),
    *("240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::808:808"),
    *("64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1"),
    *(
        "2002:7f00:1::",
        "2002:808:808::",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
    ),
    *("ff02::1", "5f00::1", "2620:4f:8000::1"),
]


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[Any]:
    """Let the machine's resolver answer so, each answer once; the questions are returned."""
    asked: list[Any] = []
    left = list(answers)

    def getaddrinfo(host: str, port: int, **_: object) -> list[Any]:
        asked.append(host)
        found = left.pop(0)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [(0, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("url", NO_PLACE_OF_THE_WEB)
def test_what_is_no_public_address_is_refused_before_anybody_is_asked(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolving(monkeypatch)

    for sandbox_web in (None, HERE):
        with pytest.raises(NotFound) as refused:
            read_target(url, sandbox_web=sandbox_web)
        assert refused.value.fault in (Fault.ADDRESS, Fault.PRIVATE)
        assert not refused.value.is_passing
    assert asked == []


@pytest.mark.parametrize("address", NETWORKS_OF_ONES_OWN)
def test_a_name_that_leads_to_a_network_of_ones_own_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_public(ipaddress.ip_address(address))
    resolving(monkeypatch, [address], ["8.8.8.8", address])

    for _ in range(2):  # also where another address of the same name is public
        with pytest.raises(NotFound, match="private"):
            read_target("https://inner.example.com/", sandbox_web=HERE)


def test_each_name_kept_for_ones_own_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolving(monkeypatch)

    for host in ("a.local", "a.internal", "a.localhost", "router.lan", "a.home.arpa", "x.test"):
        with pytest.raises(NotFound, match="private"):
            read_target(f"http://{host}/", sandbox_web=HERE)
    assert asked == []


def test_a_public_name_is_asked_once_and_pinned_to_what_was_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = resolving(monkeypatch, ["2606:4700::1", "8.8.8.8", "8.8.8.8"], ["127.0.0.1"])

    target = read_target("HTTPS://Shop.Example.COM./a?b=c#d", sandbox_web=None)

    assert target.addresses == ("8.8.8.8", "2606:4700::1")
    assert (target.host, target.path, target.port) == ("shop.example.com", "/a?b=c", 443)
    assert (target.is_tls, target.url) == (True, "https://shop.example.com/a?b=c")
    assert asked == ["shop.example.com"]  # what the name says a moment later, nobody hears


def test_numbers_that_only_the_resolver_reads_as_an_address_lead_nowhere() -> None:
    with pytest.raises(NotFound) as refused:  # the machine's own resolver: this is 127.0.0.1
        read_target("http://127.0.0.0x1/", sandbox_web=None)

    assert refused.value.fault in (Fault.PRIVATE, Fault.NAME, Fault.ADDRESS)


def test_a_name_that_nobody_has_may_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, [])

    with pytest.raises(NotFound, match="name") as refused:
        read_target("http://no.example.com/", sandbox_web=None)
    assert refused.value.is_passing


def test_made_up_companies_are_on_this_machine_in_a_sandbox_and_nowhere_else() -> None:
    target = read_target("http://brightloom.example/pricing", sandbox_web=HERE)

    assert (target.addresses, target.port, target.is_tls) == (("127.0.0.1",), 8002, False)
    with pytest.raises(NotFound, match="private"):
        read_target("http://brightloom.example/pricing", sandbox_web=None)
    with pytest.raises(NotFound):
        read_target("http://example/", sandbox_web=HERE)
    assert SandboxWeb.at("") is None
    assert SandboxWeb.at("http://127.0.0.1:8002") == HERE
