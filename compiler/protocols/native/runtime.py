"""The runtime that executes groups of operations on shares for a native program at one party.

The session on shares begins with the first group, or before the program runs if it has homomorphic
products, since public keys are exchanged first. Its OT sessions, one in each direction, are
separate from Yao's. They are set up at once when the first OT is needed; a program that needs no
OTs skips this. With a dealer, OTs and preprocessing exist beforehand (`native/supply.py`).

Native code passes the addresses of operands and results. They stay the same across the iterations
of a loop, so they are wrapped as arrays once. All operations of a group run before any result is
written. Results are then written in order, as code generation requires where memory is shared.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

from ...codegen.interface import Exchange
from ...ir import tree as ir
from ...ir.dtypes import share_dtype
from ...ir.facts import ConstantOperands
from ...ir.parties import Link
from ..core.steps import Array, together
from ..homomorphic.keys import Keys
from ..operations.encrypted import keys_for
from ..operations.table import steps_of
from .clients import ClientExchanges
from .many import ManySession
from .session import NativeSession

_KEPT: Final = 64
"""The number of address tables per group whose arrays are cached."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """The type of the array at an address of a table."""

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
    """An operation of a group: its operands are at [first, result), followed by its result."""

    operation: ir.Operation
    known: ConstantOperands
    first: int
    result: int


class _Plan:
    """The static properties of a group."""

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
        """Return the arrays of a table; None where this party has no value."""
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


Begin = Callable[[Keys], NativeSession | ManySession]
"""Begins a session on shares, given the keys of homomorphic products."""


class SharingRuntime:
    """One party's side. `run` is for `YaoParty.exchange` or a `SharesContext`.

    `begin` begins the session; a client has none. `clients` runs the operations of clients, if
    there are any.
    """

    def __init__(
        self,
        exchanges: Sequence[Exchange],
        begin: Begin,
        clients: ClientExchanges | None = None,
    ) -> None:
        self._begin, self._clients = begin, clients
        self._plans = [_Plan(exchange) for exchange in exchanges]
        self._keys = keys_for(one for exchange in exchanges for one in exchange.operations)
        self._session: NativeSession | ManySession | None = None

    @property
    def ots(self) -> Mapping[Link, int]:
        """The number of OTs used over each link."""
        return {} if self._session is None else self._session.driver.ots

    def begin(self) -> None:
        """Exchange public keys before the program runs, if a product is homomorphic."""
        if self._keys.all:
            self._open()

    def run(self, number: int, addresses: int) -> None:
        """Run a group on the operands at a table of addresses."""
        plan = self._plans[number]
        arrays = plan.arrays(addresses)
        operation = plan.members[0].operation
        if isinstance(operation, ir.Give | ir.Tell):
            self._with_client(operation, arrays)
            return
        session = self._session or self._open()
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

    def _with_client(self, operation: ir.AnyWithClient, arrays: Sequence[Array | None]) -> None:
        """Run an operation of a client on its operand, if there is one, and its result."""
        if self._clients is None:
            raise CompilerBug("a program has clients, and nothing to reach them by")
        made = self._clients.run(operation, arrays[0] if operation.operands else None)
        target = arrays[-1] if operation.results else None
        if made is not None and target is not None:
            target[...] = made

    def _open(self) -> NativeSession | ManySession:
        self._session = self._begin(self._keys)
        return self._session
