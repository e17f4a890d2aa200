"""Choice between OTs and homomorphic encryption for matrix products and convolutions.

**Purpose.** A product by OTs sends a number for each product of elements and bit; a homomorphic one
sends ciphertexts of the matrices, and takes more computation and a key. It pays off for larger
matrices, and at low bandwidth. **Before → after.** A scheduled program → the same, where products
are `encrypted` with the bits of the known operand's elements if that is cheaper.
**Why it is correct.** Both forms give the same product: the bits follow from value ranges, and a
form whose noise could reach the result doesn't exist (protocols/homomorphic/form.py), so that the
product stays one by OTs. **What changes in leakage.** Nothing but a statistical distance of 2^−40
for each result: the choice depends only on sizes, ranges and the profile.
**Cost.** The minimum of both for each product, by the profile, priced by the ledger as if it ran
alone, with its key, or with OTs of the cheapest kind after their set-up.
"""

from __future__ import annotations

from collections.abc import Iterator

from ezlang.records import dataclass, replace

from ...codegen.interface import exchanges_of
from ...cost.counting_session import CountingSession
from ...cost.group_costs import Traces, begin, book, trace_in
from ...cost.ots import choose_kind
from ...cost.profiles import Profile
from ...cost.summary import total
from ...ir import tree as ir
from ...ir.facts import Constants, facts_of
from ...ir.intervals import signed_bits_of
from ...ir.ots import OtKinds
from ...ir.sharings import PAIRED, is_interactive
from ...protocols.operations.encrypted import Product, keys_for, owner_of, with_encryption
from ..analyses.ranges import Intervals, ranges_of
from ..description import optional
from ..rewriting.rewrite import with_functions, with_operations


@optional("encrypted", "chooses whether matrix products and convolutions are homomorphic")
def choose_encrypted(
    program: ir.Program, profile: Profile, traces: Traces | None = None
) -> ir.Program:
    """Mark the products that are cheaper homomorphically on a network.

    `traces` are those of groups that are known already; new ones are added.
    """
    products = (one for f in program.functions for one in ir.walk(f.body))
    if not any(isinstance(one, Product) for one in products):
        return program
    known = {} if traces is None else traces
    ranges = ranges_of(program)
    functions = []
    for function in program.functions:
        constants = facts_of(function).constants
        choice = _Choice(profile, known, constants, ranges[function.name])
        functions.append(replace(function, body=choice.region(function.body)))
    return with_functions(program, functions)


@dataclass(frozen=True, slots=True)
class _Choice:
    """The choice in one function with its facts."""

    profile: Profile
    traces: Traces
    constants: Constants
    ranges: Intervals

    def region(self, region: ir.Region) -> ir.Region:
        """Choose the form of the products of a region."""
        operations = []
        for operation in region.operations:
            if operation.regions:
                inner = tuple(map(self.region, operation.regions))
                operation = replace(operation, regions=inner)
            operations.append(self._chosen(operation))
        return with_operations(region, operations, region.yields)

    def _chosen(self, operation: ir.Operation) -> ir.Operation:
        if not isinstance(operation, Product) or not is_interactive(operation):
            return operation
        if operation.result.type.sharing is not ir.Sharing.ARITHMETIC:
            return operation
        if not all(type.size for type in operation.types):
            return operation
        forms = [operation, *self._encrypted(operation)]
        return min(forms, key=self._seconds)

    def _encrypted(self, operation: Product) -> Iterator[Product]:
        """Yield the homomorphic forms: by each operand that a party owns, or by shares."""
        width = operation.result.type.width
        shared = all(owner_of(type) is None for type in operation.types[:2])
        for i in (1, 0):
            value = operation.operands[i]
            if owner_of(value.type) is not None:
                bits = min(signed_bits_of(self.ranges[value.id]), width)
            elif shared and i == 1:
                bits = width
            else:
                continue
            marked = with_encryption(operation, i, bits)
            if marked is not None:
                yield marked

    def _seconds(self, operation: ir.Operation) -> float:
        """Return the predicted time of a product, with its key, after OTs have been set up.

        Programs with matrix products mostly need OTs for other operations, too.
        """
        exchanges = exchanges_of((operation,), self.constants, PAIRED)
        trace = trace_in(self.traces, exchanges)
        kinds = OtKinds(shares=choose_kind(self.profile, trace.most_ots))
        session = CountingSession(kinds=kinds)
        session.begin()
        before = total(session.ledger).seconds(self.profile)
        begin(session, keys_for((operation,)))
        book(session, trace, [operation.span])
        return total(session.ledger).seconds(self.profile) - before
