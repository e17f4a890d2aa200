"""HOST:PORT as users write it, and addresses off this machine."""

from __future__ import annotations

import pytest

from ezlang.diagnostics.diagnostic import EzError
from ezlang.session.address import DEFAULT_PORT, Address, parse_address, require_private


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        (None, "127.0.0.1", DEFAULT_PORT),
        ("", "127.0.0.1", DEFAULT_PORT),
        ("localhost", "localhost", DEFAULT_PORT),
        ("localhost:0", "localhost", 0),
        (":4000", "127.0.0.1", 4000),
        (" 10.1.2.3:65535 ", "10.1.2.3", 65535),
        ("[::1]:4000", "::1", 4000),
        ("[::1]", "::1", DEFAULT_PORT),
    ],
)
def test_forms(text: str | None, host: str, port: int) -> None:
    assert parse_address(text) == Address(host, port)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("::1", "brackets"),
        ("::1:4000", "brackets"),
        ("[host]:1", "is not an IPv6 address"),
        ("[::1]4000", "HOST:PORT"),
        ("host:", "port is missing"),
        ("host:http", "HOST:PORT"),
        ("host:65536", "65535"),
        ("host:" + "9" * 5000, "65535"),
        ("host:-1", "HOST:PORT"),
        ("[::1", "HOST:PORT"),
    ],
)
def test_bad_forms(text: str, why: str) -> None:
    with pytest.raises(EzError) as caught:
        parse_address(text)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, caught.value.exit_code) == ("EZ5010", 2)
    assert why in diagnostic.message


def test_printed_as_it_is_written() -> None:
    for text in ("127.0.0.1:7800", "[::1]:7800"):
        assert str(parse_address(text)) == text


@pytest.mark.parametrize("text", ["127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1"])
def test_loopback_needs_no_leave(text: str) -> None:
    assert require_private(parse_address(text), insecure=False) is None


@pytest.mark.parametrize(
    "text", ["0.0.0.0:1", "10.0.0.1:1", "[::]:1", "[2001:db8::1]:1", "[::ffff:9.9.9.9]:1"]
)
def test_off_loopback_is_refused_unless_insecure(text: str) -> None:
    address = parse_address(text)
    with pytest.raises(EzError) as caught:
        require_private(address, insecure=False)
    assert (caught.value.diagnostics[0].code, caught.value.exit_code) == ("EZ5011", 2)
    warning = require_private(address, insecure=True)
    assert warning is not None
    assert "neither encrypted nor authenticated" in warning


def test_a_mapped_loopback_address_is_loopback() -> None:
    assert parse_address("[::ffff:127.0.0.1]:1").is_loopback


def test_names_that_stand_for_nothing() -> None:
    with pytest.raises(EzError) as caught:
        parse_address("no-such-host.invalid:1").resolve()
    assert caught.value.diagnostics[0].code == "EZ5010"
    with pytest.raises(EzError):
        parse_address("a" * 300 + ":1").resolve()
