"""Small IR programs, built by tests operation by operation and run by the simulated executor."""

from typing import Any

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.build import Builder
from ezlang.compiler.ir.verify import verify
from ezlang.executors.simulate import SimulatedOutcome, run_simulated
from ezlang.types.labels import PUBLIC, Label, owned
from ezlang.types.types import ScalarType

NAMES = ("alice", "bob", "carol", "dave", "erin")


class Draft:
    """A main function that is being built: inputs, operations, outputs."""

    def __init__(self, parties: int = 2) -> None:
        self.parties = NAMES[:parties]
        self.build = Builder()
        self.inputs: dict[str, dict[str, object]] = {name: {} for name in self.parties}

    def give(
        self, element: ScalarType, data: Any, label: Label, shape: tuple[int, ...] | None = None
    ) -> ir.Value:
        """Bring a value in, under a label: a constant, an input, or an input that is shared."""
        flat = data if isinstance(data, list) else [data]
        if shape is None:
            shape = (len(data),) if isinstance(data, list) else ()
        if label == PUBLIC:
            return self.build.constant(element, [int(x) for x in flat], shape)
        party = label.owner or 0
        name = f"x{len(self.inputs[self.parties[party]])}"
        self.inputs[self.parties[party]][name] = data
        value = self.build.fresh(ir.TensorType(element, shape, owned(party)))
        self.build.emit(ir.Input(party=party, name=name, results=(value,)))
        return self.build.relabel(value, label)

    def show(self, value: ir.Value, name: str = "z") -> None:
        """Reveal and output a value to all."""
        shown = value
        if value.type.label != PUBLIC:
            type = ir.TensorType(value.type.element, value.type.shape, PUBLIC)
            shown = self.build.fresh(type)
            self.build.emit(ir.Reveal(operands=(value,), results=(shown,)))
        self.build.emit(ir.Output(to=None, name=name, operands=(shown,)))

    def program(self) -> ir.Program:
        body = ir.Region(operations=tuple(self.build.operations))
        program = ir.Program(
            parties=self.parties, functions=(ir.Function(name="main", body=body, pc=PUBLIC),)
        )
        verify(program)
        return program

    def run(self, seed: int | None = None) -> SimulatedOutcome:
        outcome = run_simulated(self.program(), self.inputs, seed=seed)
        first = outcome.outputs[self.parties[0]]
        assert all(outcome.outputs[party] == first for party in self.parties)
        return outcome

    def result(self, value: ir.Value) -> Any:
        self.show(value)
        return self.run().outputs["alice"]["z"]
