"""Optimisation problem of a program: variables, secrets, and the uses of secrets.

A *variable* is an operation whose operation sharing (compiler/ir/sharings.py) is to be chosen, or
a *join*: a loop-carried value, a branch result, or a parameter or result of a function, where
several values need one sharing. The operation sharing of its variable determines the sharing of a
secret. A secret that results from sharing a known value has no variable, as it may be shared in any
sharing, or in several.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import assert_never

from ezlang.records import dataclass

from ...cost.profiles import Profile
from ...ir import tree as ir
from ...ir.facts import Facts, facts_of
from ...ir.numbering import numbered
from ...ir.sharings import PAIRED, A, B, Y, required, supported
from ...ir.tree import Sharing
from ..analyses.trips import UNKNOWN_TRIPS, call_weights, trips_of
from .forward_clear import Twins
from .scopes import RARELY, Scope, outermost

ORDER = (A, B, Y)


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A variable: an operation of a function, or a join, with the sharings that it may have."""

    index: int
    domain: tuple[Sharing, ...]
    operation: ir.Operation | None
    function: str
    scope: Scope


@dataclass(frozen=True, slots=True, eq=False)
class Secret:
    """A secret value; `held` is its sharing by its variable's sharing. `source` shares it."""

    index: int
    value: ir.Value
    scope: Scope
    variable: int | None
    held: Mapping[Sharing, Sharing]
    source: ir.Relabel | None = None
    uses: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """A use of a secret by a variable; `wants` is the sharing it needs, by operation sharing."""

    secret: int
    variable: int
    wants: Mapping[Sharing, Sharing | None]
    scope: Scope


Used = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """An operation of a block, with its dependences and duration.

    `uses` are pairs of the id of a secret value and the number of a use; `reads` and `makes` are
    ids of values. `blocks` run one after the other, repeated `times` times; of a branch, only one
    of them runs. `calls` is the name of the called function.
    """

    variable: int | None
    uses: Used
    reads: tuple[int, ...]
    makes: tuple[int, ...]
    blocks: tuple[Block, ...] = ()
    times: float = 1
    branches: bool = False
    calls: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """The operations of a region, which start when its parameters (ids) are available."""

    items: tuple[Node, ...]
    parameters: tuple[int, ...] = ()


@dataclass(slots=True, eq=False)
class Problem:
    """The whole optimisation problem.

    `facts` are those of each function. `scopes`, `by_operation` and `joins` are keyed by the
    numbers of regions and operations.
    """

    program: ir.Program
    profile: Profile
    twins: Mapping[str, Twins]
    facts: Mapping[str, Facts]
    variables: list[Variable] = field(default_factory=list)
    secrets: list[Secret] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    scopes: dict[int, Scope] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)
    by_value: dict[tuple[str, int], int] = field(default_factory=dict)
    by_operation: dict[int, int] = field(default_factory=dict)
    parameters: dict[str, tuple[int | None, ...]] = field(default_factory=dict)
    results: dict[str, tuple[int | None, ...]] = field(default_factory=dict)
    joins: dict[int, tuple[int | None, ...]] = field(default_factory=dict)


def problem_of(program: ir.Program, twins: Mapping[str, Twins], profile: Profile) -> Problem:
    """Return the problem of a program without oblivious accesses, with explicit sharings."""
    program = numbered(program)
    facts = {function.name: facts_of(function) for function in program.functions}
    problem = Problem(program, profile, twins, facts)
    weights = call_weights(program)
    for function in program.functions:
        _Reader(problem, function, facts[function.name]).read(weights[function.name])
    return problem


def cheap_operands(operation: ir.Operation, twins: Twins) -> tuple[ir.Value, ...] | None:
    """Return the operands of an operation in A, with secrets replaced by their owners' values.

    None if there is no such operand, or if one is public: a product with it is local.
    """
    if not operation.takes_owned:
        return None
    x, y = operation.operands
    if not (x.type.label.is_secret and y.type.label.is_secret):
        return None
    known = [twins.get(value.id) for value in (x, y)]
    first, second = (v if v is not None and v.type.label.is_owned else None for v in known)
    if first is not None and second is not None and first.type.label != second.type.label:
        return first, second
    if first is not None:
        return first, y
    return None if second is None else (x, second)


def domain_of(operation: ir.Operation, parties: int) -> tuple[Sharing, ...]:
    """Return the possible sharings of an operation, or only the requested one if it is possible."""
    if isinstance(operation, ir.Reveal):
        sharings = sharings_of(operation.operands[0].type, parties)
    else:
        sharings = tuple(c for c in ORDER if supported(operation, c, parties))
    return _asked(operation, sharings)


def _asked(operation: ir.Operation, sharings: tuple[Sharing, ...]) -> tuple[Sharing, ...]:
    if operation.requested is None:
        return sharings
    return (operation.requested,) if operation.requested in sharings else (B,)


def sharings_of(type: ir.TensorType, parties: int = PAIRED) -> tuple[Sharing, ...]:
    """Return the possible sharings of a type in a program of so many parties."""
    found = (B, Y) if type.ring is None else ORDER
    return found if parties == PAIRED else tuple(one for one in found if one is not Y)


_SAME: Mapping[Sharing, Sharing] = {sharing: sharing for sharing in ORDER}


@dataclass(slots=True)
class _Reader:
    """Reads one function into the problem."""

    problem: Problem
    function: ir.Function
    facts: Facts
    checks: set[int] = field(default_factory=set)
    """Conditions that are almost always true: separation of places (passes/vectorise)."""

    def read(self, weight: float) -> None:
        name, body = self.function.name, self.function.body
        scope = outermost(weight)
        self.problem.parameters[name] = self._joined(body.parameters, scope)
        results = tuple(
            self._join(value.type, scope) if value.type.label.is_secret else None
            for value in body.yields
        )
        self.problem.results[name] = results
        self.problem.blocks[name] = self._region(body, scope, results)

    def _variable(
        self, domain: tuple[Sharing, ...], operation: ir.Operation | None, scope: Scope
    ) -> int:
        index = len(self.problem.variables)
        made = Variable(index, domain, operation, self.function.name, scope)
        self.problem.variables.append(made)
        if operation is not None:
            self.problem.by_operation[operation.number] = index
        return index

    def _join(
        self, type: ir.TensorType, scope: Scope, operation: ir.Operation | None = None
    ) -> int:
        domain = sharings_of(type, len(self.problem.program.parties))
        return self._variable(_asked(operation, domain) if operation else domain, None, scope)

    def _joined(
        self, values: tuple[ir.Value, ...], scope: Scope, operation: ir.Operation | None = None
    ) -> tuple[int | None, ...]:
        """Make a join for each secret."""
        found: list[int | None] = []
        for value in values:
            if not value.type.label.is_secret:
                found.append(None)
                continue
            found.append(self._join(value.type, scope, operation))
            self._secret(value, scope, found[-1], _SAME)
        return tuple(found)

    def _secret(
        self,
        value: ir.Value,
        scope: Scope,
        variable: int | None,
        held: Mapping[Sharing, Sharing],
        source: ir.Relabel | None = None,
    ) -> None:
        index = len(self.problem.secrets)
        self.problem.secrets.append(Secret(index, value, scope, variable, held, source))
        self.problem.by_value[self.function.name, value.id] = index

    def _use(
        self,
        value: ir.Value,
        variable: int | None,
        wants: Mapping[Sharing, Sharing | None],
        scope: Scope,
    ) -> Used:
        secret = self.problem.by_value.get((self.function.name, value.id))
        if secret is None or variable is None:
            return ()
        index = len(self.problem.uses)
        domain = self.problem.variables[variable].domain
        possible = {sharing: wants[sharing] for sharing in domain}
        self.problem.uses.append(Use(secret, variable, possible, scope))
        self.problem.secrets[secret].uses.append(index)
        return ((value.id, index),)

    def _used(
        self, values: tuple[ir.Value, ...], variables: tuple[int | None, ...], scope: Scope
    ) -> Used:
        """Record the uses of values by joins, each in the join's sharing."""
        pairs = zip(values, variables, strict=True)
        return tuple(use for v, join in pairs for use in self._use(v, join, _SAME, scope))

    def _region(
        self, region: ir.Region, scope: Scope, results: tuple[int | None, ...] | None
    ) -> Block:
        """Read a region whose yields are used by joins; None: they aren't secret."""
        self.problem.scopes[region.number] = scope
        items = [self._operation(operation, scope) for operation in region.operations]
        reads = tuple(value.id for value in region.yields)
        if results is not None:
            uses = self._used(region.yields, results, scope)
            items.append(Node(None, uses, reads, ()))
        return Block(tuple(items), tuple(value.id for value in region.parameters))

    def _operation(self, operation: ir.Operation, scope: Scope) -> Node:
        if isinstance(operation, ir.Separate):
            self.checks.add(operation.result.id)
        reads = tuple(value.id for value in operation.operands)
        makes = tuple(value.id for value in operation.results)
        match operation:
            case ir.Call():
                name = operation.function
                uses = self._used(operation.operands, self.problem.parameters[name], scope)
                for value, join in zip(operation.results, self.problem.results[name], strict=True):
                    if join is not None:
                        self._secret(value, scope, join, _SAME)
                return Node(None, uses, reads, makes, calls=name)
            case ir.If() | ir.For() | ir.While():
                return self._nested(operation, scope)
            case ir.Relabel(requested=None) if operation.result.type.label.is_secret:
                self._secret(operation.result, scope, None, {}, operation)
                return Node(None, (), reads, makes)
            case ir.Computation() | ir.Boundary():
                values = (*operation.operands, *operation.results)
                if not any(value.type.label.is_secret for value in values):
                    return Node(None, (), reads, makes)
                variable, used = self._computed(operation, scope)
                return Node(variable, used, reads, makes)
            case _:
                assert_never(operation)

    def _computed(self, operation: ir.Operation, scope: Scope) -> tuple[int, Used]:
        domain = domain_of(operation, len(self.problem.program.parties))
        variable = self._variable(domain, operation, scope)
        cheap = cheap_operands(operation, self.problem.twins.get(self.function.name, {}))
        used: Used = ()
        for place, value in enumerate(operation.operands):
            wants = {c: _wanted(operation, c)[place] for c in domain}
            known = cheap is not None and not cheap[place].type.label.is_secret
            taken = {c: None if known and c is A else s for c, s in wants.items()}
            used += self._use(value, variable, taken, scope)
        if operation.results and operation.result.type.label.is_secret:
            held = {c: _wanted(operation, c)[-1] for c in domain}
            self._secret(operation.result, scope, variable, held)
        return variable, used

    def _nested(self, operation: ir.If | ir.For | ir.While, scope: Scope) -> Node:
        joins = self._joined(operation.results, scope, operation)
        self.problem.joins[operation.number] = joins
        used: Used = ()
        trips: float = 1
        blocks: list[Block] = []
        match operation:
            case ir.If():
                rare = operation.operands[0].id in self.checks
                for number, region in enumerate(operation.regions):
                    inner = scope.inside(False, RARELY if rare and number else 1)
                    blocks.append(self._region(region, inner, joins))
            case ir.For():
                trips = trips_of(operation, self.facts.constants)
                inner = scope.inside(True, trips)
                used = self._used(operation.operands[2:], joins, scope)
                (body,) = operation.regions
                self._carried(body.parameters[1:], joins, inner)
                blocks.append(self._region(body, inner, joins))
            case ir.While():
                trips = UNKNOWN_TRIPS
                inner = scope.inside(True, trips)
                used = self._used(operation.operands, joins, scope)
                for region, yielded in zip(operation.regions, (None, joins), strict=True):
                    self._carried(region.parameters, joins, inner)
                    blocks.append(self._region(region, inner, yielded))
            case _:
                assert_never(operation)
        inside = [item for block in blocks for item in block.items]
        if isinstance(operation, ir.If) and operation.operands[0].id in self.checks:
            del blocks[1:]
        return Node(
            None,
            (*used, *(use for item in inside for use in item.uses)),
            tuple(sorted({*(v.id for v in operation.operands), *_all_reads(inside)})),
            tuple(value.id for value in operation.results),
            tuple(blocks),
            trips,
            isinstance(operation, ir.If),
        )

    def _carried(
        self, values: tuple[ir.Value, ...], joins: tuple[int | None, ...], scope: Scope
    ) -> None:
        for value, join in zip(values, joins, strict=True):
            if join is not None:
                self._secret(value, scope, join, _SAME)


def _wanted(operation: ir.Operation, sharing: Sharing) -> tuple[Sharing, ...]:
    if isinstance(operation, ir.Reveal):
        return (sharing, sharing)
    needed = required(operation, sharing)
    return needed if needed is not None else (sharing,) * (1 + len(operation.operands))


def _all_reads(items: Iterable[Node]) -> Iterator[int]:
    for item in items:
        yield from item.reads
