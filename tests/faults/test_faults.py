"""A network that fails at any message: a run ends with one sentence, or as if nothing had been."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from .relay import Fault, Message, Relay
from .sweep import FAULTS, KINDS, PARTLY, PREPARED, PREPARING, Ends, Kind, Plan, Runs, plans

AT_ONCE = 6
"""How many runs there are at a time: most of them wait."""

STEP = 4
"""Of how many faults the sweep tries one; they are in the order of the messages."""

Table = Counter[tuple[str, str, str]]


def tried(runs: Runs, chosen: Sequence[Plan]) -> list[Ends]:
    """Run with each fault; check that each run ended as promised."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        found = list(threads.map(runs.run, chosen))
    assert not [ends for ends in found if not ends.is_as_promised(runs.kind)]
    return found


@pytest.mark.parametrize(
    "kind",
    [
        Kind(2, "boolean"),
        Kind(2, "yao", "three-halves", dealt=True, secure=True),
        Kind(3, "arithmetic", secure=True),
        Kind(2, "boolean", ahead=PREPARED),
        Kind(2, "arithmetic", secure=True, ahead=PREPARING),
    ],
    ids=str,
)
def test_a_fault_of_each_kind(kind: Kind, tmp_path: Path) -> None:
    random = Random(str(kind))
    runs = Runs(kind, tmp_path)
    every = plans(runs, random)
    chosen = [random.choice([one for one in every if one.fault is fault]) for fault in FAULTS]
    # On a busy machine, a run may end by its time-out before the fault.
    assert any(ends.happened for ends in tried(runs, chosen))


@pytest.mark.parametrize("secure", [False, True])
def test_changes_in_short_messages_are_found(tmp_path: Path, *, secure: bool) -> None:
    runs = Runs(Kind(2, "boolean", secure=secure), tmp_path)
    (link,) = runs.links()
    last = runs.learn()[link][-16:]
    found = tried(runs, [Plan(link, Fault.CORRUPT, one, at=8 * 20) for one in last])
    assert {ends.verdict for ends in found if ends.happened} <= {"failed", PARTLY}


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    """The number of runs by channel, fault and verdict, which is printed at the end."""
    found: Table = Counter()
    yield found
    verdicts = sorted({verdict for _, _, verdict in found})
    print("\n| fault | " + " | ".join(verdicts) + " |")
    for channel in ("TCP", "TLS"):
        for fault in FAULTS:
            cells = [f"{found[channel, fault.value, one]:,}" for one in verdicts]
            print(f"| {fault} ({channel}) | " + " | ".join(cells) + " |")
    print(f"{found.total():,} faults")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_sweep(kind: Kind, tmp_path: Path, table: Table) -> None:
    random = Random(str(kind))
    runs = Runs(kind, tmp_path)
    channel = "TLS" if kind.secure else "TCP"
    for ends in tried(runs, plans(runs, random)[random.randrange(STEP) :: STEP]):
        if ends.happened:
            table[channel, ends.plan.fault.value, ends.verdict] += 1


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        (Fault.NOTHING, b"abcdefgh"),
        (Fault.DROP, b"abgh"),
        (Fault.STALL, b"ab"),
        (Fault.DELAY, b"abcdefgh"),
        (Fault.CORRUPT, b"abclefgh"),
        (Fault.TRUNCATE, b"abcd"),
        (Fault.REORDER, b"abefcdgh"),
        (Fault.DUPLICATE, b"abcdefcdefgh"),
        (Fault.CUT, b"ab"),
    ],
)
def test_the_relay_does_what_it_says(fault: Fault, heard: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        relay = Relay(server.getsockname()[1])
        relay.fault, relay.message, relay.at = fault, Message(0, 2, 6), 8 + 3
        with socket.create_connection(("127.0.0.1", relay.port)) as near:
            near.sendall(b"abcdefgh")
            far, _ = server.accept()
            with far:
                if fault is not Fault.CUT:
                    near.shutdown(socket.SHUT_WR)
                said = b""
                try:
                    while data := far.recv(100):
                        said += data
                except ConnectionResetError:
                    assert fault is Fault.CUT
                assert said == heard
        relay.close()
