"""The input and output buffers of native code, in the layout of clear tensors."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ezlang.compiler.codegen.interface import HostStruct, Interface
from ezlang.compiler.ir.dtypes import dtype
from ezlang.types.types import Type
from ezlang.values.data import Data, Flat, flatten, unflatten

Array = npt.NDArray[Any]


class Buffers:
    """The tables passed to a compiled program, and the memory that they point to."""

    def __init__(self, interface: Interface, inputs: Mapping[str, Data]) -> None:
        """Lay out this party's inputs (name → checked data); allocate space for all outputs."""
        self.interface = interface
        self._inputs = [
            np.array(flatten(slot.whole, inputs[slot.name])[slot.path], dtype(slot.type.element))
            for slot in interface.inputs
        ]
        self._outputs = [
            np.zeros(slot.type.size, dtype(slot.type.element)) for slot in interface.outputs
        ]
        self._given = np.zeros(len(interface.keys) + 1, np.int32)
        self._index = np.zeros(3, np.int64)
        self._tables = [_addresses(self._inputs), _addresses(self._outputs)]
        self.host = HostStruct(
            *(ctypes.addressof(table) for table in self._tables),
            self._given.ctypes.data,
            self._index.ctypes.data,
        )

    @property
    def index(self) -> tuple[int, int]:
        """The index that was out of range when the program failed, and the size of its dimension.

        Only for failures of that kind.
        """
        index, size, is_unsigned = self._index.tolist()
        return index % (1 << 64) if is_unsigned else index, size

    def outputs(self) -> dict[str, Data]:
        """Return the outputs that the program has given this party: name → value."""
        parts: dict[str, Flat] = {}
        wholes: dict[str, Type] = {}
        for number, (receiver, name, path) in enumerate(self.interface.keys):
            given = int(self._given[number])
            if receiver != self.interface.party or not given:
                continue
            parts.setdefault(name, {})[path] = self._outputs[given - 1].tolist()
            wholes[name] = self.interface.outputs[given - 1].whole
        return {name: unflatten(whole, parts[name]) for name, whole in wholes.items()}


def _addresses(arrays: list[Array]) -> Any:
    pointers = [array.ctypes.data for array in arrays]
    return (ctypes.c_void_p * max(len(pointers), 1))(*pointers)
