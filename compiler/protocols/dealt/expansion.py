"""Preprocessing from a dealer: seeds, and one correction per unit for one party [Bea91].

The dealer draws a seed for each party. A party expands its fields of each kind (`dealt/demands.py`)
by AES-128 in counter mode, each field under its own key, so that no block is used twice and fields
can be read in parts of any size. Party 1 receives the remaining fields, which make the units
correct, as the dealer's corrections. Party 0 receives only its seed.

Security: semi-honest parties and a dealer that colludes with neither; κ = 128, by AES as a
pseudorandom function. Each party's data is pseudorandom: party 0's is expanded from its seed, and
party 1's corrections are masked by fields of party 0. The dealer sees only the demands. A dealer
that colludes with one party, however, knows the other's masks and learns its inputs from the opened
values.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, ClassVar, Final

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ...ir.parties import COMPUTING
from ...kernels.memory import Blocks
from ..core.preprocessing import MaskedTriple, Preprocessing, Unit
from ..core.steps import Steps
from ..native.calls import BLOCK_BYTES, Array, Native, empty
from ..native.products import NativeProducts
from ..ot.directions import Bytes, Generator
from .demands import (
    CORRECTED,
    CorrelatedOt,
    Demands,
    Field,
    Kind,
    LabelOt,
    demanded,
    describe,
    in_order,
    layout,
    sender_of,
    unit_bytes,
)
from .units import GivenUnits, corrected, corrected_ots, shares_of

PART_BYTES: Final = 1 << 20
"""The maximum number of bytes dealt to either party at a time, unless a unit is larger."""

_READ_AHEAD: Final = 1 << 12
"""The minimum number of bytes of a stream that are generated at a time."""


def stream_key(seed: bytes, purpose: str) -> bytes:
    """Return the key for one purpose: a hash of it under the seed, by BLAKE2 [ANWW13]."""
    return hashlib.blake2b(purpose.encode(), key=seed, digest_size=BLOCK_BYTES).digest()


class Stream:
    """The bytes of a key stream, in order, in parts of any size."""

    def __init__(self, native: Native, key: bytes) -> None:
        self._generator = Generator(native, key)
        self._rest: Bytes = np.empty(0, np.uint8)

    def read(self, count: int) -> Bytes:
        """Return the next `count` bytes in writable memory with padding."""
        kept = self._rest
        missing = count - kept.size
        if missing <= 0:
            out: Bytes = empty(count, np.uint8)
            out[:] = kept[:count]
            self._rest = kept[count:]
            return out
        out = empty(count, np.uint8)
        out[: kept.size] = kept
        whole = missing // BLOCK_BYTES if missing >= _READ_AHEAD else 0
        at = kept.size + whole * BLOCK_BYTES
        self._generator.fill(out[kept.size : at])
        ahead = self._generator.bytes(_READ_AHEAD)
        out[at:] = ahead[: count - at]
        self._rest = ahead[count - at :]
        return out


class Fields:
    """One party's fields of a kind, expanded from its seed; the dealer expands both parties'."""

    def __init__(self, native: Native, seed: bytes, kind: Kind, party: int) -> None:
        text = describe(kind)
        self._streams = {
            part: Stream(native, stream_key(seed, f"{text}: {part.name} of party {party}"))
            for part in layout(kind, party)
            if not part.dealt
        }

    def read(self, count: int) -> dict[str, Array]:
        """Return name → [count][shape] for the next `count` units."""
        return {part.name: _read(stream, part, count) for part, stream in self._streams.items()}


def _read(stream: Stream, part: Field, count: int) -> Array:
    data = stream.read(count * part.unit_bytes)
    if part.bits:
        data &= 1
    return data.view(part.dtype).reshape(count, *part.shape)


def dealt_delta(native: Native, seed: bytes, kind: CorrelatedOt | LabelOt) -> Blocks:
    """Return Δ [2] of the OTs whose sender is the seed's party; its lowest bit is 1."""
    key = stream_key(seed, f"{describe(kind)}: difference")
    delta: Blocks = Generator(native, key).blocks(1)[0]
    delta[0] |= np.uint64(1)
    return delta


def part_units(kind: Kind) -> int:
    """Return the number of units dealt at a time."""
    return max(PART_BYTES // max(unit_bytes(kind, party) for party in COMPUTING), 1)


def parts_of(demands: Demands) -> Iterator[tuple[Kind, slice]]:
    """Yield the parts dealt at a time, in order: ranges of units of a kind."""
    for kind, count in in_order(demands):
        step = part_units(kind)
        for at in range(0, count, step):
            yield kind, slice(at, min(at + step, count))


def corrections(native: Native, seeds: tuple[bytes, bytes], demands: Demands) -> Iterator[Array]:
    """Yield the dealer's corrections, one contiguous array after the other.

    Memory is bounded by a few times `PART_BYTES`, or by the largest unit.
    """
    begun: tuple[Kind, Fields, Fields] | None = None
    for kind, part in parts_of(demands):
        if begun is None or begun[0] != kind:
            zero, one = (
                Fields(native, seed, kind, party)
                for party, seed in zip(COMPUTING, seeds, strict=True)
            )
            begun = (kind, zero, one)
        first, second = (fields.read(part.stop - part.start) for fields in begun[1:])
        if isinstance(kind, MaskedTriple):
            owner = kind.owned.owner
            (first, second)[owner]["factor"] = _masks(native, seeds[owner], kind, part)
        if isinstance(kind, CorrelatedOt | LabelOt):
            sender = sender_of(kind)
            delta = dealt_delta(native, seeds[sender], kind)
            found = corrected_ots(first, second, delta, sends=sender == CORRECTED)
        else:
            found = corrected(kind, first, second, NativeProducts(native))
        for field in layout(kind, CORRECTED):
            if field.dealt:
                yield np.ascontiguousarray(found[field.name], field.dtype)


def _masks(native: Native, seed: bytes, kind: MaskedTriple, part: slice) -> Array:
    """Return the owner's factor of masked triples, for each unit of a part: always the mask."""
    mask = Fields(native, seed, kind.mask, kind.owned.owner).read(1)["mask"]
    shape = kind.owned.product.shapes[kind.owned.side]
    return np.broadcast_to(mask.reshape(shape), (part.stop - part.start, *shape))


class DealtUnits:
    """One party's units of all demanded kinds, returned in order, each once."""

    def __init__(self, native: Native, party: int, seed: bytes, demands: Demands) -> None:
        self.party = party
        self.demands = dict(in_order(demands))
        self.taken: dict[Kind, int] = dict.fromkeys(self.demands, 0)
        self._native, self._seed = native, seed
        self._fields = {kind: Fields(native, seed, kind, party) for kind in self.demands}
        self._dealt = {
            kind: {
                field.name: empty(count * field.unit_bytes, np.uint8)
                for field in layout(kind, party)
                if field.dealt
            }
            for kind, count in self.demands.items()
        }

    def places(self) -> Iterator[memoryview]:
        """Yield the destinations of this party's corrections, in order of arrival."""
        if self.party != CORRECTED:
            return
        for kind, part in parts_of(self.demands):
            for field in layout(kind, self.party):
                if field.dealt:
                    size = field.unit_bytes
                    memory = self._dealt[kind][field.name]
                    yield memory[part.start * size : part.stop * size].data

    def take(self, kind: Kind, count: int) -> dict[str, Array]:
        """Return name → [count][shape] for the next `count` units. Cost: nothing is sent.

        Kernels may read `calls.PADDING` bytes past the end of the arrays.
        """
        at = self.taken.get(kind, 0)
        if at + count > self.demands.get(kind, 0):
            raise CompilerBug(
                f"{at + count} units of {describe(kind)} are used, and "
                f"{self.demands.get(kind, 0)} were dealt"
            )
        if not count:
            return _nothing(kind, self.party)
        self.taken[kind] = at + count
        found = self._fields[kind].read(count)
        for field in layout(kind, self.party):
            if field.dealt:
                size = field.unit_bytes
                part = self._dealt[kind][field.name][at * size : (at + count) * size]
                found[field.name] = part.view(field.dtype).reshape(count, *field.shape)
        return found

    def delta(self, kind: CorrelatedOt | LabelOt) -> Blocks:
        """Return Δ [2] of the OTs in which this party is the sender."""
        if sender_of(kind) != self.party:
            raise CompilerBug("only the sender of OTs knows their difference")
        return dealt_delta(self._native, self._seed, kind)

    def left(self) -> dict[Kind, int]:
        """Return kind → the number of unused units, for kinds that have any."""
        rest = {kind: count - self.taken[kind] for kind, count in self.demands.items()}
        return {kind: count for kind, count in rest.items() if count}


def _nothing(kind: Kind, party: int) -> dict[str, Array]:
    return {
        field.name: empty(0, field.dtype).reshape(0, *field.shape) for field in layout(kind, party)
    }


class GivenPreprocessing(Preprocessing):
    """Units that exist before the run, in the form that protocols expect. No messages, no OTs."""

    def __init__(self, units: GivenUnits) -> None:
        self._units = units

    def make(self, unit: Unit, count: int) -> Steps[Any]:
        """Return the next units."""
        yield from ()
        found = self._units.take(unit, demanded(unit, count))
        return shares_of(unit, found, _bytes)


def _bytes(count: int) -> Bytes:
    memory: Bytes = empty(count, np.uint8)
    return memory


class GivenOtSender:
    """The sender's end of correlated OTs that exist: `directions.CotSenderSource`."""

    speaks: ClassVar[bool] = False

    def __init__(self, units: GivenUnits) -> None:
        self._units = units
        self._kind = CorrelatedOt(sender=units.party)
        self.delta: Blocks = units.delta(self._kind)

    def take(self, count: int, wanted: int = 0) -> Blocks:
        """Return the q of the next `count` OTs."""
        q: Blocks = self._units.take(self._kind, count)["q"]
        return q


class GivenOtReceiver:
    """The receiver's end of correlated OTs that exist: `directions.CotReceiverSource`."""

    speaks: ClassVar[bool] = False

    def __init__(self, units: GivenUnits) -> None:
        self._units = units
        self._kind = CorrelatedOt(sender=COMPUTING.other(units.party))

    def take(self, count: int, wanted: int = 0) -> tuple[Bytes, Blocks]:
        """Return the bits r, a byte each, and the t of the next `count` OTs."""
        found = self._units.take(self._kind, count)
        return found["r"], found["t"]
