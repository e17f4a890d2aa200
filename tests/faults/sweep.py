"""Runs through relays, each with one fault, and what becomes of them.

All parties are threads of this process, with channels over TCP or TLS as between machines.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

from ezlang import api
from ezlang.compiler.cost.profiles import preparation
from ezlang.compiler.ir.sharings import PAIRED
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.clear import run_clear
from ezlang.executors.native.ahead import prepare_at
from ezlang.executors.native.executable import Executable
from ezlang.executors.native.many import run_among
from ezlang.executors.native.prepared import prepared
from ezlang.executors.native.single import run_at
from ezlang.session.address import DEFAULT_HOST as LOOPBACK
from ezlang.session.address import Address, parse_address
from ezlang.session.connect import Listening
from ezlang.session.dealer import Dealer
from ezlang.session.identity import create_key
from ezlang.session.tls import Keys, Pin
from ezlang.store.agreement import Holdings
from ezlang.store.folder import Store
from ezlang.types.sharing import Choices
from ezlang.values.check import check_inputs
from ezlang.values.data import Data
from tests.support.patience import PATIENCE
from tests.support.ports import free_address

from .relay import Fault, Message, Relay

NAMES = ("ann", "ben", "cleo")
DEALER = "dealer"
TIMEOUT = 4.0
"""The time-out of all parties in seconds, except where a message is only late."""

PARTLY = "some are told right results, the others a failure"
"""The verdict on a run whose last messages didn't all arrive."""

SERVED = "served"
"""How a run ended for a dealer who dealt."""

LONGEST = 120.0
"""Seconds after which a run is taken for hanging, also on a busy machine."""

PROGRAM = """
party {names};
fn main() {{
    secret int32[6] x = input(ann, "x");
    secret int32 k = input(ben, "k");
    secret int32 best = 0;
    secret int64 total = 0;
    for i in 0..6 {{
        best = max(best, x[i] * k);
        total += x[i] / 3;
    }}
    public int32 shown = reveal(k % 5);
    output(all, best + shown, "best");
    output(ann, total, "total");
}}
"""
INPUTS: dict[str, dict[str, Data]] = {
    "ann": {"x": [3, 1, 40, -7, 12, 8]},
    "ben": {"k": 9},
    "cleo": {},
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of run: the number of parties, how secrets are shared, and over what channels.

    `ahead`: a run on what was prepared, or instead of a run its preparation.
    """

    parties: int = 2
    protocol: str = "auto"
    garbling: str = "auto"
    dealt: bool = False
    secure: bool = False
    ahead: str = ""

    def __str__(self) -> str:
        words = [f"{self.parties} parties", self.protocol]
        words += [self.garbling] if self.garbling != "auto" else []
        words += ["dealer"] if self.dealt else []
        words += [self.ahead] if self.ahead else []
        return ", ".join([*words, "TLS" if self.secure else "TCP"])


PREPARED, PREPARING = "prepared", "preparing"

KINDS = tuple(
    Kind(parties, protocol, garbling, dealt, secure)
    for secure in (False, True)
    for parties, protocol, garbling, dealt in (
        (2, "arithmetic", "auto", False),
        (2, "arithmetic", "auto", True),
        (2, "boolean", "auto", False),
        (2, "boolean", "auto", True),
        (2, "yao", "half-gates", False),
        (2, "yao", "half-gates", True),
        (2, "yao", "three-halves", False),
        (2, "yao", "three-halves", True),
        (3, "arithmetic", "auto", False),
        (3, "boolean", "auto", False),
    )
) + tuple(
    Kind(protocol=protocol, secure=secure, ahead=ahead)
    for secure in (False, True)
    for protocol, ahead in (("yao", PREPARED), ("boolean", PREPARED), ("arithmetic", PREPARING))
)

Link = tuple[str, str]
"""Who dials, and who is dialled."""

Relays = Mapping[Link, Relay]


@dataclass(frozen=True, slots=True)
class Plan:
    """A fault: on which link, and in which message."""

    link: Link
    fault: Fault
    message: Message | None = None
    at: int = 0


FAULTS = tuple(fault for fault in Fault if fault is not Fault.NOTHING)
NO_FAULT = Plan(("", ""), Fault.NOTHING)


@dataclass
class Ends:
    """How a run ended for each party: `right`, `wrong`, a code, `hangs`, or what it raised."""

    plan: Plan
    of: dict[str, str]
    happened: bool = False

    @property
    def verdict(self) -> str:
        """What became of the run."""
        found = {end for end in self.of.values() if end != SERVED}
        for bad in ("hangs", "wrong"):
            if bad in found:
                return bad
        if not found or any(not one.startswith(("right", "EZ")) for one in found):
            return "broken"
        if found == {"right"}:
            return "right"
        return PARTLY if "right" in found else "failed"

    def is_as_promised(self, kind: Kind) -> bool:
        """Return whether the run ended as docs/threat-model.md says."""
        if self.plan.fault is Fault.DELAY:
            return self.verdict == "right"
        if not self.happened:
            return self.verdict in ("right", "failed")  # TIMEOUT is short for a busy machine
        unseen = not kind.secure and self.plan.fault in (Fault.CORRUPT, Fault.REORDER)
        return self.verdict in ("right", "failed", PARTLY) or (unseen and self.verdict == "wrong")


class Runs:
    """Runs of one kind."""

    def __init__(self, kind: Kind, folder: Path) -> None:
        self.kind = kind
        self.names = NAMES[: kind.parties]
        program = api.checked(api.check_text(PROGRAM.format(names=", ".join(self.names))))
        chosen: Choices = {"protocol": kind.protocol, "garbling": kind.garbling}
        self.executable: Executable = prepared(program, **preparation(chosen))
        inputs = {name: INPUTS[name] for name in self.names}
        self.inputs: Mapping[str, Mapping[str, Data]] = check_inputs(program, inputs)
        self.expected = run_clear(program, inputs).outputs
        self.pins = _pins(folder, (*self.names, DEALER)) if kind.secure else {}
        self.folder = folder
        self._numbers = count()
        if kind.ahead == PREPARED:
            place = parse_address(free_address())
            makers = [_started(self._prepare, name, place, self._whole) for name in self.names]
            assert [maker.result(LONGEST) for maker in makers] == ["right"] * PAIRED

    @property
    def _whole(self) -> Path:
        """The stores before a run on what was prepared."""
        return self.folder / "prepared"

    def keys(self, own: str, *peers: str) -> Keys | None:
        """Return the keys of a side that has pinned others; None for plain TCP."""
        if not self.kind.secure:
            return None
        pins = tuple(self.pins[name] for name in peers if name != own)
        return Keys(name=own, file=str(self.folder / f"{own}.key"), peers=pins)

    def links(self) -> list[Link]:
        """Return who dials whom."""
        found = [(one, other) for n, other in enumerate(self.names) for one in self.names[n + 1 :]]
        return found + [(name, DEALER) for name in self.names if self.kind.dealt]

    def learn(self) -> dict[Link, list[Message]]:
        """Return the messages of a run without a fault."""
        ends, relays = self._run(NO_FAULT)
        assert ends.verdict == "right", ends
        return {link: relay.messages for link, relay in relays.items()}

    def run(self, plan: Plan) -> Ends:
        """Run with a fault."""
        return self._run(plan)[0]

    def _run(self, plan: Plan) -> tuple[Ends, Relays]:
        relays: dict[Link, Relay] = {}
        root = self.folder / f"run {next(self._numbers)}"
        if self.kind.ahead == PREPARED:
            shutil.copytree(self._whole, root)
        with ExitStack() as stack:
            for link in self.links():
                relay = Relay()
                if link == plan.link:
                    relay.fault, relay.message, relay.at = plan.fault, plan.message, plan.at
                stack.callback(relay.close)
                relays[link] = relay
            runs = {}
            timeout = PATIENCE if plan.fault in (Fault.NOTHING, Fault.DELAY) else TIMEOUT
            if self.kind.dealt:
                runs[DEALER] = _started(self._dealer, relays, timeout)
            for name in self.names:
                runs[name] = _started(self._party, name, relays, timeout, root)
            ends = Ends(plan, {name: self._end(name, run) for name, run in runs.items()})
        ends.happened = plan.link in relays and relays[plan.link].happened
        if self.kind.ahead == PREPARED:
            self._require_marks(root, ends)
        return ends, relays

    def _require_marks(self, root: Path, ends: Ends) -> None:
        """Require that what a run has used is marked at both sides, and that no mark is ignored."""
        for name in self.names:
            store = self._store(root, name)
            left = {entry.id for entry in store.entries()}
            assert not left & store.used()
            assert not left or "right" not in ends.of.values(), ends

    def _store(self, root: Path, name: str) -> Store:
        return Store(root, name, bytes(range(32)))

    def _prepare(
        self, name: str, place: Address, root: Path, timeout: float = PATIENCE,
        told: Listening | None = None,
    ) -> str:  # fmt: skip
        """Prepare a run as a party; return its end."""
        own, keys = self.names.index(name), self.keys(name, *self.names)
        address, store = replace(place, keys=keys), self._store(root, name)
        prepare_at(self.executable, own, address, timeout, store, told, name="main.ez")
        return "right"

    def _holdings(self, root: Path, name: str) -> Holdings | None:
        """Return what a party has prepared; None unless it is to be used."""
        if self.kind.ahead != PREPARED:
            return None
        store, own = self._store(root, name), self.names.index(name)
        return Holdings(
            store=store,
            held=tuple(one.id for one in store.entries()),
            required=True,
            names=(name, self.names[1 - own]),
            say=lambda text: None,
        )

    def _dealer(self, relays: Relays, timeout: float) -> str:
        """Deal for one run; return its end."""
        place = Address(LOOPBACK, 0, self.keys(DEALER, *self.names))
        with Dealer(place, timeout) as dealer:
            _listening(relays, DEALER, dealer.address)
            dealer.serve()
        return SERVED

    def _party(self, name: str, relays: Relays, timeout: float, root: Path) -> str:
        """Run a party; return its end."""

        def place(other: str, *peers: str) -> Address:
            relay = relays.get((name, other))
            return Address(LOOPBACK, relay.port if relay else 0, self.keys(name, *peers))

        def meet(place: Address) -> list[Address]:
            _listening(relays, name, place)
            return places

        own, given = self.names.index(name), self.inputs[name]
        places = [place(other, *self.names) for other in self.names[:-1]]
        if self.kind.parties == PAIRED:
            told = partial(_listening, relays, name)
            third = place(DEALER, DEALER) if self.kind.dealt else None
            if self.kind.ahead == PREPARING:
                return self._prepare(name, places[0], root, timeout, told)
            held = self._holdings(root, name)
            at = (places[0], timeout, told, third)
            outcome = run_at(self.executable, own, given, *at, holdings=held)
        else:
            outcome = run_among(self.executable, own, given, places, timeout, meet)
        return "right" if outcome.outputs == self.expected[name] else "wrong"

    def _end(self, name: str, run: Future[str]) -> str:
        try:
            return run.result(LONGEST)
        except EzError as error:
            fine = error.exit_code == 3 and error.summary and "\n" not in error.summary
            return error.diagnostics[0].code if fine else repr(error)
        except TimeoutError:
            return "hangs"
        except BaseException as error:
            return repr(error)


def plans(runs: Runs, random: Random) -> list[Plan]:
    """Return each fault in each message of a run."""
    return [
        Plan(link, fault, message, random.randrange(1 << 30))
        for link, messages in runs.learn().items()
        for message in messages
        for fault in FAULTS
    ]


def _listening(relays: Relays, name: str, place: Address) -> None:
    """Tell the relays where a side listens."""
    for (_, dialled), relay in relays.items():
        if dialled == name:
            relay.target = place.port


def _pins(folder: Path, names: Iterable[str]) -> dict[str, Pin]:
    return {
        name: Pin(name=name, certificate=create_key(folder / f"{name}.key", name)) for name in names
    }


def _started(work: Callable[..., str], *arguments: object) -> Future[str]:
    """Return the result of work in a thread, which nobody waits for if it hangs."""
    done: Future[str] = Future()

    def run() -> None:
        try:
            done.set_result(work(*arguments))
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return done
