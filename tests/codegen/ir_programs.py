"""Programs of IR for tests: written by hand, run in the plain and by native code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.build import Builder
from ezlang.compiler.ir.verify import verify
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.compiler.passes.prepare import prepare
from ezlang.executors.native.executable import Executable
from ezlang.executors.native.outcome import NativeOutcome
from ezlang.types.labels import PUBLIC, SECRET, Label, owned
from ezlang.types.types import ScalarType
from tests.support.threads import run_threads

ALICE, BOB = owned(0), owned(1)
PARTIES = ("alice", "bob")


@dataclass
class Writer:
    """Builds a program; inputs are named a0, a1, … at alice and b0, b1, … at bob."""

    build: Builder = field(default_factory=Builder)
    functions: list[ir.Function] = field(default_factory=list)
    inputs: dict[str, dict[str, Any]] = field(default_factory=lambda: {"alice": {}, "bob": {}})

    def given(
        self, element: ScalarType, shape: tuple[int, ...], label: Label, data: Any
    ) -> ir.Value:
        """A value of the label that no pass knows: an input, shared or revealed."""
        party = 1 if label == BOB else 0
        mine = self.inputs[PARTIES[party]]
        name = f"{'ab'[party]}{len(mine)}"
        mine[name] = data
        result = self.build.fresh(ir.TensorType(element, shape, owned(party)))
        self.build.emit(ir.Input(party=party, name=name, results=(result,)))
        if label == SECRET:
            return self.build.relabel(result, SECRET)
        return self.reveal(result) if label == PUBLIC else result

    def reveal(self, value: ir.Value, to: Label = PUBLIC) -> ir.Value:
        result = self.build.fresh(ir.TensorType(value.type.element, value.type.shape, to))
        self.build.emit(ir.Reveal(operands=(value,), results=(result,)))
        return result

    def output(self, name: str, value: ir.Value) -> None:
        """Hand a value to everyone who may know it; a secret one to everyone."""
        shown = self.reveal(value) if value.type.label.is_secret else value
        self.build.emit(ir.Output(to=shown.type.label.owner, name=name, operands=(shown,)))

    def region(
        self,
        operations: Sequence[ir.Operation],
        yields: Sequence[ir.Value] = (),
        parameters: Sequence[ir.Value] = (),
    ) -> ir.Region:
        return ir.Region(
            operations=tuple(operations), yields=tuple(yields), parameters=tuple(parameters)
        )

    def program(self) -> ir.Program:
        main = ir.Function(name="main", pc=PUBLIC, body=self.region(self.build.operations))
        program = ir.Program(parties=PARTIES, functions=(*self.functions, main))
        verify(program)
        return program

    def run(self, *, passes: bool = True) -> NativeOutcome:
        """Run in two threads. Without passes only what must be expanded is, so that nothing is
        folded away.
        """
        program = self.program()
        return run_native(program, self.inputs, passes=passes)


def run_native(
    program: ir.Program, inputs: Mapping[str, Mapping[str, Any]], *, passes: bool = True
) -> NativeOutcome:
    """Run a program in two threads."""
    made = prepare(program, ProtocolChoice.YAO) if passes else bare(program)
    return run_threads(Executable(made), inputs)


def bare(program: ir.Program) -> ir.Program:
    """The program after no pass but those that code generation can't do without."""
    from ezlang.compiler.passes.general.oblivious import expand_oblivious
    from ezlang.compiler.passes.general.reduce import expand_reduce
    from ezlang.compiler.passes.sharings.share import share

    program = share(expand_reduce(expand_oblivious(program)))
    verify(program)
    return program
