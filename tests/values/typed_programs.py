"""Typed programs made by hand, which only ask for inputs."""

from typing import Any

from ezlang.source import Source, Span
from ezlang.typed import tree
from ezlang.types.labels import PUBLIC, owned
from ezlang.types.types import VOID, Type
from ezlang.values.check import check_inputs

TEXT = Source("asks.ez", "input(alice)")
PLACE = Span(TEXT, 0, 12)


def asking(*asked: tuple[int, str, Type]) -> tree.Program:
    """Return a program of alice and bob that asks party number for name and type, in order."""
    statements = tuple(
        tree.Evaluate(
            span=PLACE,
            value=tree.Input(span=PLACE, type=type, label=owned(party), party=party, name=name),
        )
        for party, name, type in asked
    )
    main = tree.Function(
        span=PLACE,
        name="main",
        parameters=(),
        return_type=VOID,
        return_label=PUBLIC,
        pc=PUBLIC,
        body=tree.Block(span=PLACE, statements=statements),
    )
    return tree.Program(span=PLACE, parties=("alice", "bob"), params=(), functions=(main,))


def fitted(type: Type, value: Any) -> Any:
    """Return what an input `w` of this type becomes."""
    return check_inputs(asking((0, "w", type)), {"alice": {"w": value}})["alice"]["w"]
