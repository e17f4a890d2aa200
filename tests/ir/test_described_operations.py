"""What classes of operations and kinds say of themselves, and that nobody guesses the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, get_args

import numpy as np
import pytest

from ezlang.compiler.circuits import kinds as circuits
from ezlang.compiler.circuits.catalogue import SECRET as PORT
from ezlang.compiler.circuits.catalogue import circuit
from ezlang.compiler.codegen.aliases import Aliases
from ezlang.compiler.codegen.interface import interface_of
from ezlang.compiler.codegen.liveness import Liveness
from ezlang.compiler.codegen.module import generate
from ezlang.compiler.codegen.representations import PartyView
from ezlang.compiler.cost.control import computed
from ezlang.compiler.cost.predict import predict
from ezlang.compiler.cost.profiles import LAN
from ezlang.compiler.ir import evaluate, kinds
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.facts import Facts, facts_of
from ezlang.compiler.ir.intervals import Interval, full
from ezlang.compiler.ir.sharings import A, B, Y, check_sharings, is_interactive, required
from ezlang.compiler.ir.text import OPERATIONS
from ezlang.compiler.ir.verify import verify
from ezlang.compiler.passes.analyses.effects import effects_of
from ezlang.compiler.passes.analyses.ranges import ranges_of
from ezlang.compiler.passes.analyses.scalars import Scalars
from ezlang.compiler.passes.assign.estimates import operation_usage
from ezlang.compiler.passes.assign.problem import problem_of
from ezlang.compiler.passes.general.dce import remove_dead
from ezlang.compiler.passes.general.oblivious import expand_oblivious
from ezlang.compiler.passes.sharings.share import share
from ezlang.compiler.protocols.operations.table import local_of, steps_of
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.executors.simulate import run_simulated
from ezlang.typed.operators import BinaryOp, UnaryOp
from ezlang.types.labels import PUBLIC, SECRET, Label
from ezlang.types.types import BOOL, INT8, INT32, UINT8, ScalarType

CLASSES = list(OPERATIONS.values())


def concrete(base: type[Any]) -> Iterator[type[Any]]:
    """The classes under a base that operations are of, by their modules: not those of tests."""
    inner: type
    for inner in base.__subclasses__():
        own = inner.__module__.startswith("ezlang.")
        if own and (inner in CLASSES or not inner.__subclasses__()):
            yield inner
        yield from concrete(inner)


def test_every_class_stands_in_the_union_once() -> None:
    # A dataclass with slots is made twice; the second class is the one with the name.
    names = {kind.__name__ for kind in concrete(ir.OperationNode)}
    assert names == {kind.__name__ for kind in CLASSES}
    assert len(CLASSES) == len(set(CLASSES)) == 43


@pytest.mark.parametrize(
    ("union", "base"),
    [
        (ir.AnyElementwise, ir.Elementwise),
        (ir.AnyRead, ir.Read),
        (ir.AnyWrite, ir.Write),
        (ir.AnyMove, ir.Move),
        (ir.AnyOblivious, ir.Oblivious),
        (ir.AnyProduct, ir.Product),
        (ir.AnyComputation, ir.Computation),
        (ir.AnyBoundary, ir.Boundary),
        (ir.AnyWithClient, ir.WithClient),
        (ir.AnyStructured, ir.Structured),
        (ir.AnyCheckable, ir.Checkable),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_unions_are_their_families(union: object, base: type) -> None:
    assert set(get_args(union)) == {kind for kind in CLASSES if issubclass(kind, base)}


def test_what_a_class_has_says_what_it_is() -> None:
    for kind in CLASSES:
        names = {field.name for field in fields(kind)}
        assert ("checked" in names) == issubclass(kind, ir.Checkable), kind
        assert ("bits" in names) == issubclass(kind, ir.Narrowable), kind
        assert not (kind.traits.is_pure and kind.traits.effects), kind
        assert kind.traits.overwrites == issubclass(kind, ir.Write | ir.ObliviousWrite), kind


def test_effects_of_classes() -> None:
    found = {kind.__name__: kind.traits.effects for kind in CLASSES if kind.traits.effects}
    assert found == {
        "Input": ir.Effect.INPUTS,
        "TurnInput": ir.Effect.INPUTS | ir.Effect.FAILS,
        "Draw": ir.Effect.INPUTS,
        "Give": ir.Effect.INPUTS,
        "Tell": ir.Effect.TELLS,
        "Output": ir.Effect.OUTPUTS | ir.Effect.TELLS,
        "TurnOutput": ir.Effect.OUTPUTS | ir.Effect.TELLS,
        "Reveal": ir.Effect.TELLS,
        "Assert": ir.Effect.FAILS,
        "While": ir.Effect.HANGS,
    }


# Kinds


def test_every_kind_is_described() -> None:
    assert kinds.UNARY.keys() == circuits.UNARY.keys() == set(ir.UnaryKind)
    assert kinds.BINARY.keys() == circuits.BINARY.keys() == set(ir.BinaryKind)


def test_every_operator_has_a_kind() -> None:
    assert {op.name for op in UnaryOp} == {kind.name for kind in ir.UnaryKind}
    renamed = {"BITAND": "AND", "BITOR": "OR", "BITXOR": "XOR", "LOGAND": "AND", "LOGOR": "OR"}
    names = {renamed.get(op.name, op.name) for op in BinaryOp}
    # Lowering makes products of twice the width of a MULHI.
    assert names - {"MULHI"} == {kind.name for kind in ir.BinaryKind}


@pytest.mark.parametrize("element", [BOOL, INT8, UINT8], ids=str)
@pytest.mark.parametrize("kind", [k for k in ir.BinaryKind if k.traits.reduction], ids=str)
def test_identities_change_nothing(kind: ir.BinaryKind, element: ScalarType) -> None:
    type = ir.TensorType(element, (), PUBLIC)
    if not kind.traits.on.has(element):
        return
    whole = full(type)
    x = evaluate.array(replace(type, shape=(3,)), (whole.low, 1, whole.high))
    one = np.array(evaluate.identity(kind, element), x.dtype)
    assert np.array_equal(evaluate.binary(kind, x, one), x)
    assert evaluate.reduce(kind, x[:0], None, element) == one


# What is made up


def made_up(base: type) -> type:
    """A class of operations that says of itself what its family does, and nothing else."""
    made = type(f"MadeUp{base.__name__}", (base,), {"traits": ir.Traits(is_pure=True)})
    return dataclass(frozen=True, slots=True, kw_only=True)(made)


PLAIN = made_up(ir.OperationNode)
COMPUTATION = made_up(ir.Computation)
ELEMENTWISE = made_up(ir.Elementwise)
READ = made_up(ir.Read)
OBLIVIOUS = made_up(ir.Oblivious)
STRUCTURED = made_up(ir.Structured)
BOUNDARY = made_up(ir.Boundary)


def value(
    id: int, label: Label = SECRET, sharing: ir.Sharing | None = None, element: ScalarType = INT32
) -> ir.Value:
    return ir.Value(id, ir.TensorType(element, (3,), label, sharing))


def operation(kind: type, sharing: ir.Sharing | None = None, label: Label = SECRET) -> Any:
    """An operation of a class that is made up, which no union has."""
    return kind(operands=(value(0, label, sharing),), results=(value(1, label, sharing),))


def program(kind: type, sharing: ir.Sharing | None = None, label: Label = SECRET) -> ir.Program:
    zeros = ir.Constant(data=(0,), results=(value(2, PUBLIC),))
    given: tuple[ir.Operation, ...] = (zeros,)
    if label != PUBLIC:
        given += (ir.Relabel(operands=(value(2, PUBLIC),), results=(value(0, label, sharing),)),)
    else:
        given = (replace(zeros, results=(value(0, PUBLIC),)),)
    one = operation(kind, sharing, label)
    told = replace(value(3), type=replace(value(3).type, label=PUBLIC))
    shown = ir.Reveal(operands=one.results, results=(told,))
    body = ir.Region(
        operations=(*given, one, shown, ir.Output(to=None, name="x", operands=(told,)))
    )
    main = ir.Function(name="main", body=body, pc=PUBLIC)
    return ir.Program(parties=("alice", "bob"), functions=(main,))


def alive(kind: type) -> None:
    made = program(kind, Y)
    views = Aliases(PartyView(0, {"main": made.main}), facts_of(made.main).origins)
    views.see(made.main.body)
    Liveness(views, {}).analyse(made.main)


def native(made: ir.Program) -> None:
    generate(made, 0, interface_of(made, 0))


QUESTIONS: dict[str, tuple[Callable[[type], object], tuple[type, ...]]] = {
    "rules": (lambda k: verify(program(k)), (PLAIN, COMPUTATION, ELEMENTWISE, READ, BOUNDARY)),
    "required": (lambda k: required(operation(k), A), (PLAIN, COMPUTATION, ELEMENTWISE, OBLIVIOUS)),
    "sharings": (
        lambda k: check_sharings(operation(k, A)),
        (PLAIN, COMPUTATION, ELEMENTWISE, OBLIVIOUS, BOUNDARY),
    ),
    "messages": (
        lambda k: is_interactive(operation(k, A)),
        (PLAIN, COMPUTATION, ELEMENTWISE, OBLIVIOUS, BOUNDARY),
    ),
    "meaning": (
        lambda k: evaluate.evaluate(operation(k), [np.zeros(3, np.int32)]),
        (PLAIN, COMPUTATION, ELEMENTWISE, READ, OBLIVIOUS, BOUNDARY, STRUCTURED),
    ),
    "known in the walk": (
        lambda k: computed(operation(k, label=PUBLIC), [np.zeros(3, np.int32)]),
        (PLAIN, COMPUTATION, ELEMENTWISE, READ, OBLIVIOUS, BOUNDARY),
    ),
    "cost": (lambda k: predict(program(k, Y)), (PLAIN, COMPUTATION, ELEMENTWISE, OBLIVIOUS)),
    "choice": (lambda k: problem_of(program(k), {}, LAN), (PLAIN, COMPUTATION, ELEMENTWISE)),
    "price": (
        lambda k: operation_usage(operation(k), Y, LAN, Facts()),
        (PLAIN, COMPUTATION, ELEMENTWISE, OBLIVIOUS, BOUNDARY),
    ),
    "circuit": (lambda k: circuit(operation(k), [PORT]), (ELEMENTWISE,)),
    "steps": (
        lambda k: next(steps_of(None, operation(k, A), [np.zeros(3, np.uint32)])),  # type: ignore[arg-type]
        (PLAIN, COMPUTATION, ELEMENTWISE, READ, OBLIVIOUS, BOUNDARY),
    ),
    "shares": (
        lambda k: local_of(None, operation(k, A), [np.zeros(3, np.uint32)]),  # type: ignore[arg-type]
        (PLAIN, COMPUTATION, ELEMENTWISE, OBLIVIOUS, BOUNDARY),
    ),
    "ranges": (lambda k: ranges_of(program(k)), (PLAIN, STRUCTURED)),
    "dead code": (lambda k: remove_dead(program(k)), (PLAIN, STRUCTURED)),
    "sharing": (lambda k: share(program(k)), (PLAIN,)),
    "oblivious": (lambda k: expand_oblivious(program(k)), (OBLIVIOUS,)),
    "memory": (alive, (PLAIN, STRUCTURED)),
    "native": (lambda k: native(program(k, Y)), (PLAIN, COMPUTATION, ELEMENTWISE, READ, BOUNDARY)),
    "run": (
        lambda k: run_simulated(program(k, label=PUBLIC), {"alice": {}, "bob": {}}),
        (PLAIN, COMPUTATION, ELEMENTWISE, READ, BOUNDARY, STRUCTURED),
    ),
    "run of two": (
        lambda k: run_simulated(program(k, Y), {"alice": {}, "bob": {}}),
        (PLAIN, COMPUTATION, ELEMENTWISE, READ, BOUNDARY, STRUCTURED),
    ),
}
CASES = [(name, kind) for name, (_, asked) in QUESTIONS.items() for kind in asked]


@pytest.mark.parametrize(("question", "kind"), CASES, ids=lambda one: getattr(one, "__name__", one))
def test_what_is_made_up_raises(question: str, kind: type) -> None:
    ask, _ = QUESTIONS[question]
    with pytest.raises((CompilerBug, AssertionError), match="MadeUp"):
        ask(kind)


def test_a_class_says_something_of_itself() -> None:
    with pytest.raises(TypeError, match="has no traits"):
        type("Silent", (ir.OperationNode,), {})


def test_what_a_family_says_is_enough() -> None:
    read = operation(READ, A)
    assert required(read, A) == (A, A)
    assert required(operation(READ, B), B) == (B, B)
    assert not is_interactive(read)
    check_sharings(read)
    assert read.range([Interval(2, 3)]) == Interval(2, 3)
    assert effects_of(read, Scalars(), {}) == ir.Effect.NONE
    whole = program(READ)
    body = replace(whole.main.body, operations=whole.main.body.operations[:3])
    unused = replace(whole, functions=(replace(whole.main, body=body),))
    assert remove_dead(unused).main.body.operations == ()


def test_a_check_that_is_made_up_raises() -> None:
    base = type("Base", (ir.Read, ir.Checkable), {"__slots__": ()})
    made = type(
        "MadeUpCheck",
        (base,),
        {"__annotations__": {"checked": bool}, "checked": True, "traits": ir.Traits()},
    )
    kind: type = dataclass(frozen=True, slots=True, kw_only=True)(made)
    with pytest.raises(AssertionError, match="MadeUpCheck"):
        evaluate.fails(operation(kind), [np.zeros(3, np.int32)])
