"""The variables that statements assign and the exits that they take, found before lowering.

Variables are keyed by (id, leaf), so that only the fields that a branch or loop assigns are carried
through it. The result of a function is a variable of its own, and so is whether an exit was taken:
that of the function by `return`, or that of a block by a `Leave`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import assert_never

from ezlang.records import dataclass, replace
from ezlang.source import Span
from ezlang.typed import tree as typed
from ezlang.types.labels import PUBLIC
from ezlang.types.sharing import Sharing

from .leaves import leaf_range

Key = tuple[int, int]

RESULT = -1
"""The id of the variable that holds the function's result."""

RETURN = typed.Exit(0, PUBLIC)
"""The exit that a `return` takes."""


def flag(exit: typed.Exit) -> Key:
    """Return the key of the flag that says whether an exit was taken."""
    return -2 - exit.id, 0


@dataclass(slots=True)
class Written:
    """The keys that statements assign: as a whole, or only element by element."""

    whole: set[Key] = field(default_factory=set)
    parts: set[Key] = field(default_factory=set)

    @property
    def keys(self) -> set[Key]:
        """All of these keys."""
        return self.whole | self.parts


def place_keys(place: typed.AssignmentTarget) -> Iterator[Key]:
    """Yield the keys of the leaves that contain a place."""
    names = [step.name for step in place.steps if isinstance(step, typed.FieldStep)]
    first, end = leaf_range(place.variable.type, names)
    for leaf in range(first, end):
        yield place.variable.id, leaf


def written(block: typed.Block, result_leaves: int) -> Written:
    """Return what a block assigns. A `return` assigns the leaves of the result, and its flag."""
    found = Written()
    for statement in statements(block):
        match statement:
            case typed.Assign():
                whole = all(isinstance(s, typed.FieldStep) for s in statement.place.steps)
                (found.whole if whole else found.parts).update(place_keys(statement.place))
            case typed.Return():
                found.whole.update((RESULT, leaf) for leaf in range(result_leaves))
                found.whole.add(flag(RETURN))
            case typed.Leave(exit=exit):
                found.whole.add(flag(exit))
            case _:
                pass
    return found


def statements(block: typed.Block) -> Iterator[typed.Statement]:
    """Yield every statement of a block and of nested blocks, in order, outer ones first."""
    for statement in block.statements:
        yield statement
        match statement:
            case typed.Block():
                yield from statements(statement)
            case typed.If():
                yield from statements(statement.then)
                yield from statements(statement.otherwise)
            case typed.For() | typed.While():
                yield from statements(statement.body)
            case (
                typed.Declare()
                | typed.Assign()
                | typed.Return()
                | typed.Leave()
                | typed.Output()
                | typed.Assert()
                | typed.Evaluate()
            ):
                pass
            case _:
                assert_never(statement)


def exits(statement: typed.Statement) -> tuple[typed.Exit, ...]:
    """Return the exits that a statement takes which lead out of it."""
    block = typed.Block(span=statement.span, statements=(statement,))
    taken, inside = set(), set()
    for inner in statements(block):
        match inner:
            case typed.Return():
                taken.add(RETURN)
            case typed.Leave(exit=exit):
                taken.add(exit)
            case typed.Block(exit=typed.Exit() as exit):
                inside.add(exit)
            case typed.For(body=body) | typed.While(body=body) if body.exit is not None:
                inside.add(body.exit)
            case _:
                pass
    return tuple(sorted(taken - inside, key=lambda exit: exit.id))


def always_leaves(block: typed.Block) -> bool:
    """Return whether every path through a block, if its loops end, takes an exit out of it."""
    for statement in block.statements:
        match statement:
            case typed.Return() | typed.Leave():
                return True
            case typed.Block(exit=None):
                if always_leaves(statement):
                    return True
            case typed.If():
                if always_leaves(statement.then) and always_leaves(statement.otherwise):
                    return True
            case _:
                pass
    return False


def structured(block: typed.Block) -> typed.Block:
    """Move the statements after an `if` with a side that always leaves into its other side.

    `if c { return x; } rest` becomes `if c { return x; } else { rest }`, and likewise for
    `continue` and `break`: nothing is copied, and most functions and loops then need no flag.
    Statements after a `return` are dropped.
    """
    flat = list(_flattened(block))
    for number, statement in enumerate(flat):
        if isinstance(statement, typed.Return | typed.Leave):
            return _block(block.span, flat[: number + 1])
        if not isinstance(statement, typed.If) or not exits(statement):
            continue
        rest = flat[number + 1 :]
        # The moved statements must not get the sharing that the `if` asks for.
        then, otherwise = (
            _asked(b, statement.requested) for b in (statement.then, statement.otherwise)
        )
        if always_leaves(then):
            otherwise, rest = _block(otherwise.span, [*otherwise.statements, *rest]), []
        elif always_leaves(otherwise):
            then, rest = _block(then.span, [*then.statements, *rest]), []
        branch = typed.If(
            span=statement.span,
            condition=statement.condition,
            then=structured(then),
            otherwise=structured(otherwise),
        )
        flat[number] = branch
        if not rest:
            return _block(block.span, flat[: number + 1])
    return _block(block.span, flat)


def only_at_the_end(block: typed.Block, exit: typed.Exit) -> bool:
    """Return whether all that takes an exit of a structured block is the last that it runs."""
    if any(exit in exits(statement) for statement in block.statements[:-1]):
        return False
    if not block.statements:
        return True
    match block.statements[-1]:
        case typed.If() as branch:
            return only_at_the_end(branch.then, exit) and only_at_the_end(branch.otherwise, exit)
        case typed.Return() | typed.Leave():
            return True
        case last:
            return exit not in exits(last)


def _block(span: Span, statements: list[typed.Statement]) -> typed.Block:
    return typed.Block(span=span, statements=tuple(statements))


def _asked(block: typed.Block, sharing: Sharing | None) -> typed.Block:
    """Ask for a sharing of each statement of a block, unless it already asks for one."""
    if sharing is None:
        return block
    return _block(
        block.span, [replace(s, requested=s.requested or sharing) for s in block.statements]
    )


def _flattened(block: typed.Block) -> Iterator[typed.Statement]:
    for statement in block.statements:
        if isinstance(statement, typed.Block) and statement.exit is None:
            yield from _flattened(_asked(statement, statement.requested))
        else:
            yield statement
