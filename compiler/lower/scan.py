"""The variables that statements assign and the places where they return, found before lowering.

Variables are keyed by (id, leaf), so that only the fields that a branch or loop assigns are carried
through it. The result of a function, and whether it has returned, are variables of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import assert_never

from ezlang.records import dataclass, replace
from ezlang.source import Span
from ezlang.typed import tree as typed
from ezlang.types.sharing import Sharing

from .leaves import leaf_range

Key = tuple[int, int]

RESULT = -1
"""The id of the variable that holds the function's result."""

RETURNED: Key = (-2, 0)
"""The flag that says whether the function has returned."""


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
    """Return what a block assigns. A `return` assigns the leaves of the result, and the flag."""
    found = Written()
    for statement in statements(block):
        match statement:
            case typed.Assign():
                whole = all(isinstance(s, typed.FieldStep) for s in statement.place.steps)
                (found.whole if whole else found.parts).update(place_keys(statement.place))
            case typed.Return():
                found.whole.update((RESULT, leaf) for leaf in range(result_leaves))
                found.whole.add(RETURNED)
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
                | typed.Output()
                | typed.Assert()
                | typed.Evaluate()
            ):
                pass
            case _:
                assert_never(statement)


def returns(statement: typed.Statement) -> bool:
    """Return whether a statement contains a `return`."""
    block = typed.Block(span=statement.span, statements=(statement,))
    return any(isinstance(inner, typed.Return) for inner in statements(block))


def always_returns(block: typed.Block) -> bool:
    """Return whether every path through a block without returning loops ends in a `return`."""
    for statement in block.statements:
        match statement:
            case typed.Return():
                return True
            case typed.Block():
                if always_returns(statement):
                    return True
            case typed.If():
                if always_returns(statement.then) and always_returns(statement.otherwise):
                    return True
            case _:
                pass
    return False


def structured(block: typed.Block) -> typed.Block:
    """Move the statements after an `if` with a side that always returns into its other side.

    `if c { return x; } rest` becomes `if c { return x; } else { rest }`: nothing is copied, and
    most functions then need no flag. Statements after a `return` are dropped.
    """
    flat = list(_flattened(block))
    for number, statement in enumerate(flat):
        if isinstance(statement, typed.Return):
            return _block(block.span, flat[: number + 1])
        if not isinstance(statement, typed.If) or not returns(statement):
            continue
        rest = flat[number + 1 :]
        # The moved statements must not get the sharing that the `if` asks for.
        then, otherwise = (
            _asked(b, statement.requested) for b in (statement.then, statement.otherwise)
        )
        if always_returns(then):
            otherwise, rest = _block(otherwise.span, [*otherwise.statements, *rest]), []
        elif always_returns(otherwise):
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


def only_at_the_end(block: typed.Block) -> bool:
    """Return whether every `return` of a structured block is the last statement that it runs."""
    if any(returns(statement) for statement in block.statements[:-1]):
        return False
    if not block.statements:
        return True
    match block.statements[-1]:
        case typed.If() as branch:
            return only_at_the_end(branch.then) and only_at_the_end(branch.otherwise)
        case typed.Return():
            return True
        case last:
            return not returns(last)


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
        if isinstance(statement, typed.Block):
            yield from _flattened(_asked(statement, statement.requested))
        else:
            yield statement
