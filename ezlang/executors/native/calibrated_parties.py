"""The calibration commands: as one party, or as both parties on this machine."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor

from ezlang.compiler.cost.profiles import Profile, to_toml
from ezlang.session.address import DEFAULT_HOST, TIMEOUT, Address, parse_address, require_private

from .measurement import calibrate


def measure_one(
    name: str,
    party: int,
    address: str | None,
    *,
    insecure: bool,
    timeout: float | None,
    warn: Callable[[str], None] | None,
) -> str:
    """Measure as one of two parties; return the text of the profile."""
    place = parse_address(address)
    warning = require_private(place, insecure=insecure)
    if warning is not None and warn is not None:
        warn(warning)
    return to_toml(calibrate(party, place, TIMEOUT if timeout is None else timeout, name))


def measure_both(name: str, timeout: float | None) -> str:
    """Measure on this machine, with one process per party; return the text of the profile."""
    wait = TIMEOUT if timeout is None else timeout
    other: list[Future[Profile]] = []
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:

        def listening(place: Address) -> None:
            other.append(pool.submit(calibrate, 1, Address(DEFAULT_HOST, place.port), wait, name))

        profile = calibrate(0, Address(DEFAULT_HOST, 0), wait, name, listening)
        other[0].result()
    return to_toml(profile)
