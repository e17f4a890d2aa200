"""A party that compiles for long isn't silent; one that is silent or talks nonsense is found."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ezlang.diagnostics.diagnostic import EzError
from ezlang.session.channel import SocketChannel
from ezlang.session.readiness import READY, preparing
from tests.support.channels import socket_pair
from tests.support.patience import PATIENCE


def ready(channel: SocketChannel, seconds: float) -> str:
    """Return the code of the error of a party that prepares for a while, or nothing."""
    try:
        with preparing((channel,)):
            time.sleep(seconds)
    except EzError as error:
        return error.diagnostics[0].code
    return ""


def test_preparing_may_take_longer_than_the_time_out() -> None:
    channels = socket_pair(0.75)
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(ready, channels, (2.5, 0.0))) == ["", ""]
    for channel in channels:
        assert (channel.bytes_sent, channel.bytes_received, channel.rounds) == (0, 0, 0)
        channel.close()


def test_a_silent_party_is_found() -> None:
    mine, theirs = socket_pair(0.2)
    assert ready(mine, 0.0) == "EZ5004"
    theirs.close()


def test_a_party_that_leaves_is_found() -> None:
    mine, theirs = socket_pair(PATIENCE)
    theirs.close()
    assert ready(mine, 0.6) == "EZ5003"


@pytest.mark.parametrize("said", [b"\0", b"HTTP/1.1 200 OK", b"\x05\x05!" + READY])
def test_nonsense_is_refused(said: bytes) -> None:
    mine, theirs = socket_pair(PATIENCE)
    theirs.send(said)
    theirs.flush()
    assert ready(mine, 0.0) == "EZ5005"
    theirs.close()
