"""Runs the groups of operations on shares that a native program calls back for, at one party.

The session on shares begins with the first group: a round of 16 bytes each way (`session.py`).
Its sessions of OT, one in each direction, are apart from Yao's and are set up together when the
first OT is needed, party 1 as sender first; a program that needs none does without. With a dealer
OTs and preprocessing are there beforehand.

Native code gives the addresses of operands and results, which are the same from turn to turn of a
loop: they are wrapped as arrays once. All operations of a group are run before any result is
written; results are then written in order, as code generation expects where memory is shared.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ...codegen.interface import Exchange
from ...ir import tree as ir
from ...ir.dtypes import share_dtype
from ...ir.known_operands import Numbers
from ...ir.ots import OtKind
from ..core.channel import Channel
from ..core.steps import Array, together
from ..dealt.expansion import DealtUnits
from ..operations.table import steps_of
from ..ot.directions import Bytes, session_ends
from ..ot.softspoken import Blocks
from .calls import Native
from .session import NativeSession, open_dealt_session, open_session

_KEPT: Final = 64
"""Tables of addresses whose arrays a group keeps."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """What lies at an address of a table."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    writable: bool

    def array(self, address: int) -> Array:
        """Return the array at an address."""
        size = self.dtype.itemsize * int(np.prod(self.shape))
        if not size:
            return np.empty(self.shape, self.dtype)
        memory = (ctypes.c_uint8 * size).from_address(address)
        array: Array = np.frombuffer(memoryview(memory), self.dtype).reshape(self.shape)
        array.flags.writeable = self.writable
        return array


@dataclass(frozen=True, slots=True)
class _Member:
    """An operation of a group: its operands are at [first, result), then comes its result."""

    operation: ir.Operation
    known: Numbers
    first: int
    result: int


class _Plan:
    """All that can be known of a group before it runs."""

    def __init__(self, exchange: Exchange) -> None:
        self.slots: list[_Slot | None] = []
        self.members: list[_Member] = []
        self._arrays: dict[bytes, list[Array | None]] = {}
        for operation, known in zip(exchange.operations, exchange.known, strict=True):
            first = len(self.slots)
            for values, writable in ((operation.operands, False), (operation.results, True)):
                for value in values:
                    here = exchange.is_here(value)
                    self.slots.append(_slot(value.type, writable) if here else None)
            self.members.append(_Member(operation, known, first, len(self.slots) - 1))
        self.table_bytes = ctypes.sizeof(ctypes.c_void_p) * len(self.slots)

    def arrays(self, addresses: int) -> list[Array | None]:
        """Return the arrays of a table; None where this party has nothing."""
        table = ctypes.string_at(addresses, self.table_bytes)
        found = self._arrays.get(table)
        if found is None:
            places = np.frombuffer(table, np.uintp).tolist()
            found = [
                None if slot is None else slot.array(place)
                for slot, place in zip(self.slots, places, strict=True)
            ]
            if len(self._arrays) >= _KEPT:
                self._arrays.clear()
            self._arrays[table] = found
        return found


def _slot(type: ir.TensorType, writable: bool) -> _Slot:
    return _Slot(share_dtype(type.element), type.shape, writable)


class SharingRuntime:
    """One party's side. `run` is for `YaoParty.exchange`.

    OTs are of a `kind`, or `dealt` by a dealer."""

    def __init__(
        self,
        exchanges: Sequence[Exchange],
        index: int,
        channel: Channel,
        *,
        kind: OtKind = OtKind.SOFTSPOKEN_2,
        dealt: DealtUnits | None = None,
    ) -> None:
        self._index = index
        self._kind = kind
        self._channel = channel
        self._dealt = dealt
        self._plans = [_Plan(exchange) for exchange in exchanges]
        self._sources: _Sources | None = None
        self._session: NativeSession | None = None

    @property
    def ots(self) -> tuple[int, int]:
        """How many OTs were used with this party as sender, and as receiver."""
        if self._session is None:
            return 0, 0
        return self._session.driver.ots_sent, self._session.driver.ots_received

    def run(self, number: int, addresses: int) -> None:
        """Run a group on what is at a table of addresses."""
        session = self._session or self._open()
        plan = self._plans[number]
        arrays = plan.arrays(addresses)
        party = session.party
        steps = [
            steps_of(party, m.operation, arrays[m.first : m.result], known=m.known)
            for m in plan.members
        ]
        results = session.run(together(steps)) if len(steps) > 1 else [session.run(steps[0])]
        for member, result in zip(plan.members, results, strict=True):
            target = arrays[member.result]
            if target is not None:
                target[...] = result

    def close(self) -> None:
        """Wipe the secrets of the OT sessions."""
        if self._sources is not None:
            self._sources.wipe()

    def _open(self) -> NativeSession:
        if self._dealt is not None:
            self._session = open_dealt_session(self._channel, Native(), self._dealt)
            return self._session
        self._sources = sources = _Sources(self._index, self._channel, self._kind)
        ends = _Sender(sources), _Receiver(sources)
        self._session = open_session(self._index, self._channel, Native(), *ends)
        return self._session


class _Sources:
    """The ends of both OT sessions, set up when the first OT is taken."""

    def __init__(self, index: int, channel: Channel, kind: OtKind) -> None:
        self.sender, self.receiver = session_ends(channel, kind)
        self._order = (self.receiver, self.sender) if index == 0 else (self.sender, self.receiver)
        self._ready = False

    def set_up(self) -> None:
        """Take from both, one after the other: set-ups are conversations."""
        if not self._ready:
            self._ready = True
            for source in self._order:
                source.take(1)

    def wipe(self) -> None:
        """Forget both."""
        self.sender.wipe()
        self.receiver.wipe()


class _Sender:
    """The sender's end (`CotSenderSource`)."""

    def __init__(self, sources: _Sources) -> None:
        self.speaks = sources.sender.speaks
        self._sources = sources

    @property
    def delta(self) -> Blocks:
        return self._sources.sender.delta

    def take(self, count: int) -> Blocks:
        self._sources.set_up()
        return self._sources.sender.take(count)


class _Receiver:
    """The receiver's end (`CotReceiverSource`)."""

    def __init__(self, sources: _Sources) -> None:
        self.speaks = sources.receiver.speaks
        self._sources = sources

    def take(self, count: int) -> tuple[Bytes, Blocks]:
        self._sources.set_up()
        return self._sources.receiver.take(count)
