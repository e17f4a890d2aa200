"""A plain interpreter of IR on clear values, which never changes an array in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.evaluate import array, evaluate

Values = list[Any]


class Interpreter:
    """Runs a program on all parties' inputs at once, labels aside."""

    def __init__(self, program: ir.Program, inputs: Mapping[str, Mapping[str, Any]]) -> None:
        self.program = program
        self.inputs = inputs
        self.functions = {function.name: function for function in program.functions}
        self.outputs: dict[str, Any] = {}

    def run(self) -> dict[str, Any]:
        """Return all outputs by name."""
        self.region(self.program.main.body, [], {})
        return self.outputs

    def region(self, region: ir.Region, arguments: Values, outer: dict[int, Any]) -> Values:
        values = dict(outer)
        values.update(zip((v.id for v in region.parameters), arguments, strict=True))
        for operation in region.operations:
            operands = [values[v.id] for v in operation.operands]
            results = self.operation(operation, operands, values)
            values.update(zip((v.id for v in operation.results), results, strict=True))
        return [values[v.id] for v in region.yields]

    def operation(
        self, operation: ir.Operation, operands: Sequence[Any], values: dict[int, Any]
    ) -> Values:
        match operation:
            case ir.Input():
                data = self.inputs[self.program.parties[operation.party or 0]][operation.name]
                type = operation.result.type
                return [array(type, [int(x) for x in np.array(data, object).ravel()])]
            case ir.Output():
                self.outputs[operation.name] = operands[0].tolist()
                return []
            case ir.Relabel() | ir.Reveal() | ir.Convert():
                return [operands[0]]
            case ir.Call():
                return self.region(self.functions[operation.function].body, [*operands], {})
            case ir.If():
                return self.region(operation.regions[0 if operands[0] else 1], [], values)
            case ir.For():
                low, high, *carried = operands
                for number in range(int(low), int(high)):
                    index = array(operation.operands[0].type, [number])
                    carried = self.region(operation.regions[0], [index, *carried], values)
                return [*carried]
            case ir.While():
                carried = [*operands]
                while self.region(operation.regions[0], carried, values)[0]:
                    carried = self.region(operation.regions[1], carried, values)
                return carried
            case _:
                assert isinstance(operation, ir.Computation)
                return [np.array(evaluate(operation, operands))]
