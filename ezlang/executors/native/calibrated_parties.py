"""The calibration commands: as one party, or as both parties on this machine."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from typing import TYPE_CHECKING

from ezlang.compiler.cost.profiles import Profile, to_toml
from ezlang.session.address import DEFAULT_HOST, TIMEOUT, Address

from .measurement import PARTIES, calibrate
from .places import addresses

if TYPE_CHECKING:
    from ezlang.session.parties import Parties


def measure_one(
    name: str,
    party: int,
    address: str | None,
    *,
    names: tuple[str, ...] = PARTIES,
    parties: Parties | None = None,
    insecure: bool,
    timeout: float | None,
    warn: Callable[[str], None] | None,
) -> str:
    """Measure as one of several parties; return the text of the profile."""
    places, _ = addresses(address, None, names, party, parties, insecure=insecure, warn=warn)
    wait = TIMEOUT if timeout is None else timeout
    return to_toml(calibrate(party, places, wait, name, names=names))


def measure_both(name: str, timeout: float | None) -> str:
    """Measure on this machine, with one process per party; return the text of the profile."""
    wait = TIMEOUT if timeout is None else timeout
    other: list[Future[Profile]] = []
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:

        def meet(place: Address) -> Sequence[Address]:
            there = (Address(DEFAULT_HOST, place.port),)
            other.append(pool.submit(calibrate, 1, there, wait, name))
            return there

        profile = calibrate(0, (Address(DEFAULT_HOST, 0),), wait, name, meet=meet)
        other[0].result()
    return to_toml(profile)
