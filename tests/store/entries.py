"""Entries of stores, with units that are made up."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ezlang.compiler.protocols.core.preprocessing import BitTriple, RingTriple
from ezlang.compiler.protocols.dealt.demands import CorrelatedOt, Demands, unit_bytes
from ezlang.compiler.protocols.dealt.expansion import parts_of
from ezlang.compiler.protocols.native.making import DELTAS
from ezlang.store.folder import Entry, Store

KEY = bytes(range(32))
DEMANDS: Demands = {BitTriple(): 1000, RingTriple(bits=64): 70_000, CorrelatedOt(sender=0): 300}


def entry(
    number: int, party: int = 0, binding: str = "this run", demands: Demands = DEMANDS
) -> Entry:
    return Entry(
        id=f"{number:032x}",
        binding=binding,
        program="main.ez",
        params={"n": 3, "wide": True},
        party=party,
        names=("alice", "bob"),
        peer="",
        made="2026-01-02T03:04:05+00:00",
        demands=demands,
    )


def contents(demands: Demands, party: int) -> list[bytes]:
    """Random parts of a file, after that with both Δ."""
    random = np.random.default_rng(party)
    return [
        random.bytes((part.stop - part.start) * unit_bytes(kind, party))
        for kind, part in parts_of(demands)
    ]


def keep(store: Store, made: Entry) -> None:
    """Add an entry to a store."""
    with store.writing(made) as writer:
        writer.write(bytes(range(DELTAS)))
        for part in contents(made.demands, made.party):
            writer.write(part)
        writer.finish()


def store_with(root: Path, *numbers: int, party: int = 0) -> Store:
    """A store with entries of these numbers."""
    store = Store(root, ("alice", "bob")[party], KEY)
    for number in numbers:
        keep(store, entry(number, party))
    return store
