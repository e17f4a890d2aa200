"""What a peer of `ezlang calibrate` can do to the process: nothing without end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ezlang.compiler.ir.parties import COMPUTING
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.native import measurement
from ezlang.executors.native.measurement import Measured
from ezlang.session.channel import SocketChannel
from tests.support.channels import socket_pair
from tests.support.patience import PATIENCE

MOST = 1 << 20


def test_a_party_0_that_is_never_done_gets_no_larger_messages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(measurement, "_LARGEST_MESSAGE", MOST)
    ours, theirs = socket_pair(PATIENCE)

    def never_done(channel: SocketChannel) -> int:
        size = measurement._FIRST_MESSAGE
        while size <= MOST:
            channel.send(bytes(size))
            channel.receive_into(memoryview(bytearray(size)))
            channel.send(b"\0")
            channel.receive_into(memoryview(bytearray(1)))
            size *= 4
        return size

    with ThreadPoolExecutor(1) as threads:
        peer = threads.submit(never_done, theirs)
        assert measurement._bandwidth(ours, COMPUTING.side(1)) > 0
        assert peer.result(PATIENCE) == 4 * MOST
    assert ours.bytes_received < 2 * MOST
    for channel in (ours, theirs):
        channel.close()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -1.0, 0.0])
def test_figures_that_are_none_are_refused(wrong: float) -> None:
    mine = Measured(
        rtt=1.0,
        bandwidth=1.0,
        ands=1.0,
        ots=1.0,
        shared_ands=1.0,
        bit_triples=1.0,
        products=1.0,
        callback=1.0,
        request=1.0,
    )
    theirs = np.full(9, 2.0)
    assert mine.slower(theirs).rtt == 2.0
    assert mine.slower(theirs).ands == 1.0
    theirs[4] = wrong
    with pytest.raises(EzError, match="positive numbers"):
        mine.slower(theirs)
    with pytest.raises(EzError, match="positive numbers"):
        mine.slower(np.ones(3))
