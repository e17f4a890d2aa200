"""The input and output buffers of native code, in the layout of clear tensors.

A buffer of an input or output with turns has the value of one turn. Native code calls back for
each.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ezlang.compiler.codegen.interface import TURN, HostStruct, InputSlot, Interface
from ezlang.compiler.ir.dtypes import dtype
from ezlang.executors.failures import no_value
from ezlang.types.types import Type, array_of
from ezlang.values.data import Data, Outputs, Path, flatten, unflatten
from ezlang.values.draws import MODULUS, Draws
from ezlang.values.turns import Question, Turns

Array = npt.NDArray[Any]


class Buffers:
    """The tables passed to a compiled program, and the memory that they point to."""

    def __init__(
        self,
        interface: Interface,
        inputs: Mapping[str, Data],
        party: str,
        flush: Callable[[], None],
    ) -> None:
        """Lay out this party's inputs (name → checked data); allocate space for all outputs.

        `party` is its name. `flush` sends what others may wait for, before the party is asked.
        """
        self.interface = interface
        self._party, self._flush = party, flush
        self._inputs = [
            np.zeros(slot.type.size, dtype(slot.type.element))
            if slot.turned
            else _field(slot, inputs[slot.name])
            for slot in interface.inputs
        ]
        self._outputs = [
            np.zeros(slot.type.size, dtype(slot.type.element)) for slot in interface.outputs
        ]
        self._given = np.zeros(len(interface.keys) + 1, np.int32)
        self._index = np.zeros(3, np.int64)
        self._tables = [_addresses(self._inputs), _addresses(self._outputs)]
        self._turns, self._draws = Turns({party: inputs}), Draws(party)
        self._told: dict[int, list[int]] = {}
        self._counts = [0] * len(interface.keys)
        self._error: BaseException | None = None
        self._callbacks = (TURN(self._ask), TURN(self._tell))
        self.host = HostStruct(
            *(ctypes.addressof(table) for table in self._tables),
            self._given.ctypes.data,
            self._index.ctypes.data,
            *(ctypes.cast(one, ctypes.c_void_p) for one in self._callbacks),
        )

    def raise_error(self) -> None:
        """Raise the error of a callback, if there was one."""
        if self._error is not None:
            raise self._error

    def _ask(self, number: int, turn: int) -> int:
        """Fill the buffer of an input with its value in a turn, or that of a draw.

        For a draw, `turn` is the number that it is below, or 0.
        """
        try:
            slot = self.interface.inputs[number]
            if not slot.name:
                size, below = slot.type.size, turn % MODULUS
                self._inputs[number][:] = self._draws.numbers(slot.type.element, size, below)
                return 0
            question = Question(self._party, slot.name, slot.whole, turn)
            data = self._turns.value(question, self._so_far)
            if data is None:
                raise no_value(question, slot.span)
            self._inputs[number][:] = _field(slot, data)
        except BaseException as error:  # none may reach native code
            self._error = error
            return 1
        return 0

    def _so_far(self) -> Outputs:
        """Return the outputs so far; whoever is asked now may take long, so others get theirs."""
        self._flush()
        return {self._party: self.outputs()}

    def _tell(self, number: int, turn: int) -> int:
        """Note the value of an output in a turn, which must be the next one to all receivers."""
        slot = self.interface.outputs[number]
        for key in slot.keys:
            if self._counts[key] != turn:
                return 1
            self._counts[key] += 1
            if self.interface.keys[key][0] == self.interface.party:
                self._told.setdefault(key, []).extend(self._outputs[number].tolist())
                self._given[key] = number + 1
        return 0

    @property
    def index(self) -> tuple[int, int]:
        """The index that was out of range when the program failed, and the size of its dimension.

        Only for failures of that kind.
        """
        index, size, is_unsigned = self._index.tolist()
        return index % (1 << 64) if is_unsigned else index, size

    def outputs(self) -> dict[str, Data]:
        """Return the outputs that the program has given this party: name → value."""
        parts: dict[str, dict[Path, list[int]]] = {}
        wholes: dict[str, Type] = {}
        for number, (receiver, name, path) in enumerate(self.interface.keys):
            given = int(self._given[number])
            if receiver != self.interface.party or not given:
                continue
            whole, count = self.interface.outputs[given - 1].whole, self._counts[number]
            last = self._outputs[given - 1].tolist()
            parts.setdefault(name, {})[path] = self._told[number] if count else last
            wholes[name] = array_of(whole, (count,)) if count else whole
        return {name: unflatten(whole, parts[name]) for name, whole in wholes.items()}


def _field(slot: InputSlot, data: Data) -> Array:
    """Return the field of an input that a buffer has."""
    return np.array(flatten(slot.whole, data)[slot.path], dtype(slot.type.element))


def _addresses(arrays: list[Array]) -> Any:
    pointers = [array.ctypes.data for array in arrays]
    return (ctypes.c_void_p * max(len(pointers), 1))(*pointers)
