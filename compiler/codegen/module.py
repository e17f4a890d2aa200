"""A program as one LLVM module for one party.

The module defines `i32 ez_main(context*, frame*, host*)`, and `ez_frame_bytes`, the size of the
frame. The frame is one block for all functions, in which each follows those that may call it. Its
size is known here because functions aren't recursive and sizes are constant. The size of the module
depends on the program's text alone, never on trip counts or array sizes.
"""

from __future__ import annotations

from typing import Any, assert_never

from llvmlite import ir as llvm

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

from ..ir import tree as ir
from ..ir.numbering import numbered
from ..kernels.abi import I64, POINTER
from ..kernels.build import Kernel
from . import affine, arrays, boundary, control, exchanges, gathering, local_shares, scalar
from .elementwise import elementwise
from .emitter import Emitter, Unit
from .frames import frames_of
from .interface import ENTRY, FRAME_BYTES, Interface
from .locality import is_local
from .representations import Representation
from .storage import Plan


@dataclass(frozen=True, slots=True)
class NativeModule:
    """LLVM IR for one party; `memory` is the frame's size in bytes."""

    text: str
    memory: int


def generate(program: ir.Program, party: int, interface: Interface) -> NativeModule:
    """Write a program of two parties for one of them.

    `interface` is the program's for this party.

    Sharing must be explicit (see passes/sharings/share.py), and no oblivious access may be left.
    """
    program = numbered(program)
    frames = frames_of(program, party)
    module = llvm.Module("program")
    unit = Unit(module, frames.view, interface, frames.plans, frames.bases)
    for number, function in enumerate(frames.functions):
        _write_function(unit, function, number, entry=function is program.main)
    size = llvm.GlobalVariable(module, I64, FRAME_BYTES)
    size.initializer = I64(frames.size)
    size.global_constant = True
    return NativeModule(str(module), frames.size)


def _write_function(unit: Unit, function: ir.Function, number: int, *, entry: bool) -> None:
    plan = unit.plans[function.name]
    name = ENTRY if entry else f"function.{number}"
    kernel = Kernel(unit.module, name, _parameters(plan), internal=not entry)
    if not entry:
        # LLVM takes more than linear time for a function; passes/general/outline.py limits their
        # size.
        kernel.function.attributes.add("noinline")
    unit.kernels[function.name] = kernel
    e = Emitter(unit, plan, kernel, unit.bases[function.name])
    for position, value in enumerate(function.body.parameters):
        if plan.aliases.representation(value) is Representation.REGISTER:
            e.registers[value.id] = kernel[f"p{position}"]
        elif (
            plan.aliases.representation(value) is Representation.CLEAR and plan.slot(value) is None
        ):
            raise CompilerBug(f"{function.name}: parameter {position} has no slot")
    control.region(e, function.body, write_operation)
    control.parallel_copy(e, plan.liveness.outs, function.body.yields)
    for position, value in enumerate(function.body.yields):
        if (
            plan.aliases.view.representation(plan.liveness.outs[position])
            is Representation.REGISTER
        ):
            scalar.store(kernel, e.register(value), kernel[f"r{position}"])
    kernel.finish()


def _parameters(plan: Plan) -> list[tuple[str, Any]]:
    """Return names and types of a function's parameters: see `control.call`, which passes them."""
    parameters: list[tuple[str, Any]] = [(n, POINTER) for n in ("context", "frame", "host")]
    for position, value in enumerate(plan.function.body.parameters):
        representation = plan.aliases.representation(value)
        if representation is Representation.REGISTER:
            parameters.append((f"p{position}", scalar.register_type(value.type.element)))
        elif representation.in_memory:
            parameters.append((f"p{position}", POINTER))
    for position, (value, slot) in enumerate(zip(plan.liveness.outs, plan.outs, strict=True)):
        representation = plan.aliases.representation(value)
        passed = representation.in_memory and (slot is None or slot.parameter is None)
        if representation is Representation.REGISTER or passed:
            parameters.append((f"r{position}", POINTER))
    return parameters


def write_operation(e: Emitter, operation: ir.Operation) -> None:
    """Write an operation that this party takes part in.

    Results that are views need no code; but the owner of a revealed value still sends it.
    """
    is_view = any(e.plan.aliases.of(r).root.id != r.id for r in operation.results)
    if is_view and not isinstance(operation, ir.Reveal):
        return
    match operation:
        case ir.If():
            control.branch(e, operation, write_operation)
        case ir.For():
            control.for_loop(e, operation, write_operation)
        case ir.While():
            control.while_loop(e, operation, write_operation)
        case ir.Call():
            control.call(e, operation)
        case ir.Elementwise():
            elementwise(e, operation)
        case ir.Extract():
            arrays.extract(e, operation)
        case ir.Insert():
            arrays.insert(e, operation)
        case ir.ExtractSlice():
            arrays.extract_slice(e, operation)
        case ir.InsertSlice():
            arrays.insert_slice(e, operation)
        case ir.AffineRead():
            affine.read(e, operation)
        case ir.AffineWrite():
            affine.write(e, operation)
        case ir.Gather():
            gathering.gather(e, operation)
        case ir.Scatter():
            gathering.scatter(e, operation)
        case ir.Positions():
            gathering.positions(e, operation)
        case ir.Separate():
            gathering.separate(e, operation)
        case ir.Constant() | ir.Iota() | ir.Stack() | ir.Broadcast() | ir.Reshape():
            _write_whole(e, operation)
        case ir.Boundary():
            _write_boundary(e, operation)
        case ir.Reduce() if is_local(operation):
            local_shares.reduce(e, operation)
        case ir.MatrixProduct() if is_local(operation):
            local_shares.matrix_product(e, operation)
        case ir.Give() | ir.Tell():
            raise CompilerBug("what concerns a client is a call back")
        case ir.Oblivious() | ir.Lookup() | ir.Reduce() | ir.Product() | ir.Cut():
            raise CompilerBug("an operation that passes expand reached code generation")
        case _:
            assert_never(operation)


def _write_whole(
    e: Emitter, operation: ir.Constant | ir.Iota | ir.Stack | ir.Broadcast | ir.Reshape
) -> None:
    match operation:
        case ir.Constant():
            arrays.constant(e, operation)
        case ir.Iota():
            affine.iota(e, operation)
        case ir.Stack():
            arrays.stack(e, operation)
        case ir.Broadcast():
            arrays.broadcast(e, operation)
        case ir.Reshape():
            boundary.reshape(e, operation)
        case _:
            assert_never(operation)


def _write_boundary(e: Emitter, operation: ir.AnyBoundary) -> None:
    match operation:
        case ir.Convert():
            exchanges.to_boolean(e, operation.operands[0], operation.result)
        case ir.Input() | ir.Draw():
            boundary.take_input(e, operation)
        case ir.Output():
            boundary.output(e, operation)
        case ir.Assert():
            boundary.assertion(e, operation)
        case ir.Relabel():
            boundary.relabel(e, operation)
        case ir.Reveal():
            boundary.reveal(e, operation)
        case ir.Give() | ir.Tell():
            raise CompilerBug("what concerns a client is a call back")
        case _:
            assert_never(operation)
