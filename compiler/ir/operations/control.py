"""Calls, branches and loops.

Their effects are those of their regions or of the called function. If an If, For or While is owned,
the owner alone runs its regions.
"""

from __future__ import annotations

from ezlang.records import dataclass

from ..errors import RuleError, need
from ..value import TensorType, Value, is_flag, same_tensor
from .node import Effect, OperationNode, Region, Surroundings, Traits


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(OperationNode):
    """(argument…) -> the values that the function yields."""

    traits = Traits()

    function: str

    def check(self, around: Surroundings) -> None:
        """Check arguments and results against the parameters and yields of the function."""
        function = around.functions.get(self.function)
        if function is None:
            raise RuleError("there is no such function before this one")
        need(not self.regions, "it has no regions")
        expected, given = _signature(function.body)
        need(self.types == expected, "the arguments differ in type from the parameters")
        need(_types(self.results) == given, "the results differ in type")


class Structured(OperationNode):
    """An operation with regions. Its results are the values that a region yields."""

    __slots__ = ()
    traits = Traits()

    @property
    def deciding(self) -> tuple[Value, ...]:
        """The values that determine which regions run, and how often.

        The parties that know these values run the regions.
        """
        raise self._unanswered("what decides over its regions")

    @property
    def is_owned(self) -> bool:
        """Whether one party alone runs the regions."""
        return any(value.type.label.is_owned for value in self.deciding)


@dataclass(frozen=True, slots=True, kw_only=True)
class If(Structured):
    """(condition) -> the values that the selected region yields. Two regions without parameters.

    The condition is public, or `@p`: then p alone runs it, and the results are `@p`.
    Branches on secret conditions have been lowered to `Select`.
    """

    @property
    def deciding(self) -> tuple[Value, ...]:
        """The condition."""
        return self.operands[:1]

    def check(self, around: Surroundings) -> None:
        """Check the condition, and that both regions yield the results."""
        types, results = self.types, _types(self.results)
        need(len(types) == 1 and is_flag(types[0]), "the condition is a bool")
        need(not types[0].label.is_secret, "the condition is secret")
        need(len(self.regions) == 2, "it has two regions")
        fits = all(_signature(region) == ((), results) for region in self.regions)
        need(fits, "the regions differ in type")


@dataclass(frozen=True, slots=True, kw_only=True)
class For(Structured):
    """(low, high, initial…) -> the carried values after the last iteration.

    One region: parameters (index, carried…), yields (carried…). Index and bounds have the same
    type; `high` is exclusive. The bounds are public, or `@p` as for If. `strip` is the number of
    iterations of the program's loop that an iteration does if the loop is one over strips, else 0.
    """

    strip: int = 0

    @property
    def deciding(self) -> tuple[Value, ...]:
        """The bounds."""
        return self.operands[:2]

    @property
    def carried(self) -> tuple[Value, ...]:
        """The initial values."""
        return self.operands[2:]

    def check(self, around: Surroundings) -> None:
        """Check the bounds, and that carried values keep their types."""
        types, results = self.types, _types(self.results)
        need(len(types) >= 2 and len(self.regions) == 1, "it has bounds and one region")
        need(types[0].is_integer, "the bounds are integers")
        need(types[0].shape == () and same_tensor(types[0], types[1]), "bounds differ")
        label = types[0].label.meet(types[1].label)
        need(not label.is_secret, "the bounds are secret")
        parameters, yields = _signature(self.regions[0])
        index = TensorType(types[0].element, (), label)
        need(parameters == (index, *types[2:]), "the region's parameters are wrong")
        need(yields == types[2:] == results, "what is carried changes its type")


@dataclass(frozen=True, slots=True, kw_only=True)
class While(Structured):
    """(initial…) -> the carried values when the condition becomes false.

    Two regions, both with the carried values as parameters: the first yields the condition
    (a scalar bool, public or `@p`), the second yields the next carried values.
    """

    traits = Traits(effects=Effect.HANGS)

    @property
    def deciding(self) -> tuple[Value, ...]:
        """The condition, which the first region yields."""
        return self.regions[0].yields

    @property
    def carried(self) -> tuple[Value, ...]:
        """The initial values."""
        return self.operands

    def check(self, around: Surroundings) -> None:
        """Check the condition, and that carried values keep their types."""
        types, results = self.types, _types(self.results)
        need(len(self.regions) == 2, "it has two regions")
        (given, flags), (before, after) = map(_signature, self.regions)
        need(given == before == types, "the region's parameters are wrong")
        need(len(flags) == 1 and is_flag(flags[0]), "the condition is a bool")
        need(not flags[0].label.is_secret, "the condition is secret")
        need(after == types == results, "what is carried changes its type")


Types = tuple[TensorType, ...]


def _types(values: tuple[Value, ...]) -> Types:
    return tuple(value.type for value in values)


def _signature(region: Region) -> tuple[Types, Types]:
    return _types(region.parameters), _types(region.yields)
