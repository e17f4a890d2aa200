"""Operations with clients: the parties that don't compute give values, and are told some.

**Purpose.** What a client owns is given in arithmetic or boolean shares, from which Yao's labels
are made, and what it alone is told comes from such shares. So the protocols between the two that
compute are those of a program without clients. What one party owns is revealed to a client, or by
it, through shares, too: nobody else learns it. **Needs** assigned sharings. **Keeps** meaning and
labels.
"""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.records import dataclass, replace
from ezlang.types.labels import SECRET

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.sharings import A, B, Y
from ..description import required
from ..rewriting.rewrite import Rule, rewrite


@required("clients", "shares what clients give, and what they are told")
def route_clients(program: ir.Program) -> ir.Program:
    """Return the program with operations of clients, if it has any."""
    if not program.clients:
        return program
    return rewrite(program, lambda: _Route(len(program.parties)))


@dataclass(slots=True)
class _Route(Rule):
    """`computing` is the number of parties that compute; clients have the numbers from there on."""

    computing: int

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        match operation:
            case ir.Relabel(operands=(x,), results=(result,)):
                if result.type.label.is_secret and self.is_clients(x):
                    return (self.given(build, x, result.type.sharing or B),)
            case ir.Reveal(operands=(x,), results=(result,)):
                return self.told(build, operation, x, result)
            case _:
                pass
        return None

    def is_clients(self, value: ir.Value) -> bool:
        """Return whether a client owns a value."""
        owner = value.type.label.owner
        return owner is not None and owner >= self.computing

    def given(self, build: Builder, x: ir.Value, wanted: ir.Sharing) -> ir.Value:
        """Return a client's value in shares of the two that compute."""
        sharing = B if wanted is Y else wanted
        result = build.fresh(replace(x.type, label=SECRET, sharing=sharing), x.hint)
        build.emit(ir.Give(operands=(x,), results=(result,), span=build.span))
        return result if wanted is sharing else _converted(build, result, wanted)

    def told(
        self, build: Builder, operation: ir.Reveal, x: ir.Value, result: ir.Value
    ) -> Sequence[ir.Value] | None:
        """Return what is revealed to a client, or by one."""
        known = x.type.label
        to_client = self.is_clients(result)
        if known.is_public or known == result.type.label:
            return None
        if not to_client and not self.is_clients(x):
            return None
        if self.is_clients(x):
            x = self.given(build, x, B)
        elif known.is_owned:
            x = build.relabel(x, SECRET, B)
        if not to_client:
            build.emit(replace(operation, operands=(x,)))
            return operation.results
        if x.type.sharing is Y:
            x = _converted(build, x, B)
        owner = result.type.label.owner
        assert owner is not None
        build.emit(
            ir.Tell(
                operands=(x,),
                results=(result,),
                clients=(owner,),
                additive=x.type.sharing is A,
                element=operation.element,
                span=build.span,
            )
        )
        return operation.results


def _converted(build: Builder, x: ir.Value, sharing: ir.Sharing) -> ir.Value:
    result = build.fresh(replace(x.type, sharing=sharing), x.hint)
    build.emit(ir.Convert(operands=(x,), results=(result,), span=build.span))
    return result
