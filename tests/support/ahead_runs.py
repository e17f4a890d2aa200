"""Two parties, as threads with sockets, that prepare runs and run on what they have prepared."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.native.ahead import Preparation, prepare_at
from ezlang.executors.native.executable import Executable
from ezlang.executors.native.holdings import binding_of
from ezlang.executors.native.outcome import PartyOutcome, first_cause
from ezlang.executors.native.single import run_at
from ezlang.session.address import Address, parse_address
from ezlang.store.agreement import Holdings
from ezlang.store.folder import Store
from ezlang.values.data import Inputs
from tests.support.patience import PATIENCE
from tests.support.ports import free_address

T = TypeVar("T")
KEYS = bytes(range(32)), bytes(range(32, 64))


def store_of(root: Path, party: int) -> Store:
    return Store(root, f"party{party}", KEYS[party])


def both(run: Callable[[int, Address], T]) -> list[T]:
    """Run both parties; raise the cause if one fails."""
    place = parse_address(free_address())

    def side(party: int) -> T | EzError:
        try:
            return run(party, place)
        except EzError as error:
            return error

    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(side, (0, 1)))
    failures = [one for one in found if isinstance(one, EzError)]
    if failures:
        raise first_cause(failures)
    return [one for one in found if not isinstance(one, EzError)]


def prepare_both(
    executable: Executable, root: Path, runs: int = 1, dealer: Address | None = None
) -> list[Preparation]:
    def side(party: int, place: Address) -> Preparation:
        at = (place, PATIENCE, store_of(root, party))
        return prepare_at(executable, party, *at, name="main.ez", runs=runs, dealer=dealer)

    return both(side)


def run_prepared(
    executable: Executable,
    inputs: Inputs,
    root: Path,
    *,
    required: bool = True,
    dealer: Address | None = None,
) -> list[PartyOutcome]:
    """Run both parties on checked inputs, and on what they have prepared."""
    names = executable.program.parties

    def side(party: int, place: Address) -> PartyOutcome:
        store = store_of(root, party)
        binding = binding_of(executable, party, None, dealer)
        holdings = Holdings(
            store=store,
            held=tuple(one.id for one in store.entries() if one.binding == binding),
            required=required,
            names=(names[party], names[1 - party]),
            say=lambda text: None,
        )
        own = inputs.get(names[party], {})
        at = (place, PATIENCE, None, dealer)
        return run_at(executable, party, own, *at, holdings=holdings)

    return both(side)
