"""`break` and `continue`: where they may stand, and the exits that they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.typed import tree as typed
from ezlang.typed.walk import statements
from ezlang.types.labels import PUBLIC, owned

from .context import Body
from .messages import flow as errors_flow
from .messages import statements as errors_statements
from .program_counter import Branch, BranchKind, OpenLoop


@contextmanager
def loop(body: Body) -> Iterator[OpenLoop]:
    """Enter the body of a loop, after the branch that it makes."""
    opened = OpenLoop(depth=body.pc.depth)
    body.pc.loops.append(opened)
    yield opened
    body.pc.loops.pop()


def leave(body: Body, node: syntax.Break | syntax.Continue) -> typed.Statement | None:
    """Check `break` or `continue`: everybody who runs the loop must see that it happens."""
    word = "break" if isinstance(node, syntax.Break) else "continue"
    if not body.pc.loops:
        body.report(errors_statements.outside_of_loops(node.span, word))
        return None
    left = body.pc.loops[-1]
    alone = next((b.label for b in body.pc.branches[: left.depth] if b.alone), None)
    within = body.pc.branches[left.depth :]
    if within and alone is None:
        body.report(errors_flow.leave_in_branch(body, node.span, word, within[-1]))
        return None
    exit = left.exits.get(word)
    if exit is None:
        exit = typed.Exit(body.world.next_id(), alone or PUBLIC)
        left.exits[word] = exit
    return typed.Leave(span=node.span, exit=exit)


def branch(
    body: Body, kind: BranchKind, node: syntax.Statement, inside: syntax.Block | None = None
) -> Branch | None:
    """Return a branch for what runs only if a `break` or `continue` in `inside` (or `node`) didn't.

    Where one party runs alone, that may depend on all that this party knows. Elsewhere it depends
    on public conditions, and there is no branch.
    """
    alone = body.pc.alone
    if alone is None or not _leaves(node if inside is None else inside):
        return None
    return Branch(kind=kind, label=owned(alone), span=node.span, why=None, alone=True)


def _leaves(node: syntax.Statement) -> bool:
    """Return whether a statement contains a `break` or `continue` of a loop around it."""
    match node:
        case syntax.Break() | syntax.Continue():
            return True
        case syntax.Block(statements=inner):
            return any(map(_leaves, inner))
        case syntax.If(then=then, otherwise=otherwise):
            return _leaves(then) or (otherwise is not None and _leaves(otherwise))
        case syntax.Attributed(statement=statement):
            return _leaves(statement)
        case _:
            return False


def turn(left: OpenLoop, block: typed.Block) -> typed.Block:
    """Return a loop's body with the exit of `continue`, if it runs one."""
    return replace(block, exit=left.exits["continue"]) if _runs(left, "continue", block) else block


def whole(left: OpenLoop, statement: typed.Statement, span: Span) -> typed.Statement:
    """Return a loop with the exit of `break` around it, if it runs one."""
    block = typed.Block(span=span, statements=(statement,))
    return replace(block, exit=left.exits["break"]) if _runs(left, "break", block) else statement


def _runs(left: OpenLoop, word: str, block: typed.Block) -> bool:
    """Return whether code that may run takes an exit: branches on constants are decided."""
    exit = left.exits.get(word)
    return exit is not None and any(
        isinstance(one, typed.Leave) and one.exit == exit for one in statements(block)
    )


def breaks(left: OpenLoop, block: typed.Block) -> tuple[bool, bool]:
    """Return whether a `break` may end the loop: for any constants, and for these."""
    return "break" in left.exits, _runs(left, "break", block)


def continues(left: OpenLoop, block: typed.Block) -> tuple[bool, bool]:
    """Return the same for `continue`."""
    return "continue" in left.exits, _runs(left, "continue", block)
