"""Hellos: differences are named, and nothing that a stranger sends does harm."""

from __future__ import annotations

import json
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ezlang.build import build
from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.session.channel import SocketChannel
from ezlang.session.handshake import LONGEST, MAGIC, PROTOCOL, Hello, answer, decode, introduce
from tests.support.channels import socket_pair
from tests.support.patience import PATIENCE

NAMES = ("alice", "bob")
ZERO = Hello(
    party=0,
    names=NAMES,
    fingerprint="0" * 64,
    params={"n": 30, "fast": True},
    choices={"--protocol": "yao", "--network": "lan"},
)
ONE = replace(ZERO, party=1)


def verdicts(first: Hello, second: Hello) -> list[Diagnostic | None]:
    """Return the results of both sides of a handshake."""

    def side(channel: SocketChannel, mine: Hello) -> Diagnostic | None:
        try:
            if mine is first:
                answer(channel, mine)
            else:
                introduce(channel, mine)
        except EzError as error:
            return error.diagnostics[0] if error.exit_code == 3 else None
        finally:
            channel.flush()
        return None

    with ThreadPoolExecutor(2) as threads:
        pair = socket_pair(PATIENCE)
        runs = [threads.submit(side, *x) for x in zip(pair, (first, second), strict=True)]
        found = [run.result(PATIENCE) for run in runs]
    for channel in pair:
        channel.close()
    return found


def test_the_same_program() -> None:
    assert verdicts(ZERO, ONE) == [None, None]


@pytest.mark.parametrize(
    ("change", "code", "here"),
    [
        ({"version": "9.9"}, "EZ5006", f"versions of ezlang: {build()} here, 9.9 there"),
        ({"party": 0}, "EZ5009", "Both sides run as party 0 (alice)"),
        (
            {"params": {"n": 64, "fast": True}},
            "EZ5008",
            "a param differently: alice has n=30, bob has n=64",
        ),
        ({"params": {"n": 30, "fast": 1}}, "EZ5008", "alice has fast=true, bob has fast=1"),
        ({"params": {"n": 30}}, "EZ5008", "alice has fast=true, bob has no fast"),
        ({"fingerprint": "1" * 64}, "EZ5007", "different programs"),
        (
            {"fingerprint": "1" * 64, "params": {"n": 1, "fast": False}},
            "EZ5008",
            "params differently",
        ),
        (
            {"fingerprint": "1" * 64, "choices": {"--protocol": "yao", "--network": "wan"}},
            "EZ5014",
            "program differently: --network is lan here, wan there",
        ),
        ({"fingerprint": "1" * 64, "choices": {}}, "EZ5014", "--protocol is yao here, not given"),
        ({"options": {"bytes of bits at a time": 1}}, "EZ5014", "differently"),
    ],
)
def test_what_differs_is_named_at_both(change: dict[str, object], code: str, here: str) -> None:
    first, second = verdicts(ZERO, replace(ONE, **change))  # type: ignore[arg-type]
    assert first is not None
    assert second is not None
    assert first.code == second.code == code
    assert here in first.message


def answer_of(data: bytes) -> Diagnostic:
    """What a party says to a peer that sends `data` and closes."""
    mine, peer = socket_pair(PATIENCE)
    peer.send(data)
    peer.flush()
    peer.close()
    with pytest.raises(EzError) as caught:
        introduce(mine, ZERO)
    mine.close()
    assert caught.value.exit_code == 3
    return caught.value.diagnostics[0]


def test_other_protocols() -> None:
    http = answer_of(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert http.code == "EZ5005"
    assert "`GET / HT`" in http.message
    assert answer_of(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc").code == "EZ5005"
    assert answer_of(b"SSH-").code == "EZ5003"


def test_other_wire_protocols_and_lengths() -> None:
    assert answer_of(MAGIC + struct.pack(">HI", PROTOCOL + 1, 10)).code == "EZ5006"
    assert answer_of(MAGIC + struct.pack(">HI", PROTOCOL, LONGEST + 1)).code == "EZ5005"
    assert answer_of(MAGIC + struct.pack(">HI", PROTOCOL, 5) + b"[1,2]").code == "EZ5005"


def body(**changes: object) -> bytes:
    good = json.loads(ONE.encode()[14:])
    return json.dumps({**good, **changes}).encode()


def test_a_hello_comes_back_as_it_was() -> None:
    assert decode(body(), NAMES) == ONE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"{}",
        b"null",
        b"[" * 60_000,
        body(more=1),
        body(party=2),
        body(party=True),
        body(party="1"),
        body(program="1"),
        body(program=1),
        body(version="v" * 100),
        body(params=[]),
        body(choices=["--protocol"]),
        body(choices={"--protocol": 1}),
        body(choices={"--protocol": "y" * 100}),
        body(params={"n": "30"}),
        body(params={"n": 1.5}),
        body(params={"n": None}),
        body(options={"x": []}),
        b'{"version": NaN}',
        body(params={"n": 1}).replace(b"1}", b"1" * 5000 + b"}"),
    ],
)
def test_ill_formed_hellos(data: bytes) -> None:
    with pytest.raises(EzError) as caught:
        decode(data, NAMES)
    assert caught.value.diagnostics[0].code == "EZ5005"


@given(st.binary(max_size=200))
def test_no_bytes_do_harm(data: bytes) -> None:
    with pytest.raises(EzError):
        decode(data, NAMES)


def test_what_the_peer_says_is_shown_tamed() -> None:
    evil = {"\x1b[2J" + "x" * 200: 1, **{f"p{i}": i for i in range(50)}}
    first, _ = verdicts(ZERO, replace(ONE, params=evil))
    assert first is not None
    assert "\x1b" not in first.message
    assert len(first.message) < 800


def test_inputs_of_all_are_compared() -> None:
    both = replace(ZERO, shared={"n": "5"}), replace(ONE, shared={"n": "6"})
    for found, says in zip(
        verdicts(*both), ("alice gives 5, and bob 6", "bob gives 6, and alice 5"), strict=True
    ):
        assert found is not None
        assert found.code == "EZ4112"
        assert f"`n`, but {says}" in found.message
    assert verdicts(both[0], replace(ONE, shared={"n": "5"})) == [None, None]
