"""The rules for single operations: operands, results, regions, types and labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from ezlang.types.labels import Label, meet_all, owned
from ezlang.types.types import BOOL, INT64, BoolType, IntType, array_of
from ezlang.values.data import leaves

from . import tree as ir
from .errors import RuleError as RuleError
from .errors import need as _need
from .sharings import check_sharings


def _is_bool(type: ir.TensorType) -> bool:
    return isinstance(type.element, BoolType)


def _is_flag(type: ir.TensorType) -> bool:
    return _is_bool(type) and type.shape == ()


def _same_tensor(x: ir.TensorType, y: ir.TensorType) -> bool:
    return x.element == y.element and x.shape == y.shape


def _matrix_product(x: tuple[int, ...], y: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the shape of a product of matrices, or of a batch of them; None if they don't fit."""
    if len(x) != len(y) or len(x) not in (2, 3) or x[:-2] != y[:-2] or x[-1] != y[-2]:
        return None
    return (*x[:-1], y[-1])


def _reduced(shape: tuple[int, ...], axis: int | None) -> tuple[int, ...]:
    if axis is None:
        return ()
    _need(0 <= axis < len(shape), "there is no such dimension")
    return shape[:axis] + shape[axis + 1 :]


@dataclass(frozen=True, slots=True)
class Rules:
    """Checks single operations; `known` are the functions that may be called."""

    program: ir.Program
    known: Mapping[str, ir.Function]

    def check(self, operation: ir.Operation) -> None:
        """Raise RuleError if the operation isn't well formed."""
        types = tuple(value.type for value in operation.operands)
        check_sharings(operation)
        match operation:
            case ir.If() | ir.For() | ir.While():
                self._structured(operation, types)
                return
            case ir.Call():
                self._call(operation, types)
                return
            case ir.Output():
                _need(len(types) == 1 and not operation.results, "it takes one operand")
                readers = types[0].label
                known = readers.is_public or operation.to == readers.owner
                _need(known and not readers.is_secret, "the receiver may not know the operand")
                self._whole(operation, types[0])
                return
            case ir.Assert():
                _need(len(types) == 1 and not operation.results, "it takes one operand")
                _need(_is_flag(types[0]) and types[0].label.is_public, "it takes a public bool")
                return
            case _:
                pass
        _need(not operation.regions, "it has no regions")
        _need(len(operation.results) == 1, "it has one result")
        self._one_result(operation, types, operation.result.type)

    def _one_result(
        self, operation: ir.Operation, types: tuple[ir.TensorType, ...], result: ir.TensorType
    ) -> None:
        match operation:
            case ir.Constant() | ir.Iota() | ir.Input():
                self._source(operation, types, result)
                return
            case ir.Convert():
                _need(len(types) == 1, "it takes one operand")
                _need(_same_tensor(types[0], result), "only the sharing may change")
                _need(types[0].label == result.label, "only the sharing may change")
                return
            case ir.Relabel() | ir.Reveal():
                _need(len(types) == 1, "it takes one operand")
                _need(_same_tensor(types[0], result), "only the label may change")
                if isinstance(operation, ir.Relabel):
                    _need(types[0].label.flows_to(result.label), "the label may only lose readers")
                else:
                    _need(not result.label.is_secret, "what is revealed has readers")
                return
            case (
                ir.Insert()
                | ir.InsertSlice()
                | ir.AffineWrite()
                | ir.Scatter()
                | ir.ObliviousWrite()
            ):
                self._write(operation, types, result)
                return
            case ir.ObliviousRead():
                _need(len(types) == 2, "it takes two operands")
                _need(result.label.is_secret, "the result is secret")
                self._item(types[0], types[1], result)
                return
            case _:
                pass
        expected = meet_all([type.label for type in types])
        _need(result.label == expected, "the result's label is not the meet of the operands'")
        match operation:
            case ir.Unary() | ir.Binary() | ir.Select() | ir.Cast() | ir.Bit():
                self._elementwise(operation, types, result)
            case ir.Positions() | ir.Separate() | ir.MatrixProduct() | ir.Reduce():
                self._whole_tensors(operation, types, result)
            case _:
                self._moves(operation, types, result)

    def _elementwise(
        self, operation: ir.Operation, types: tuple[ir.TensorType, ...], result: ir.TensorType
    ) -> None:
        match operation:
            case ir.Unary():
                _need(len(types) == 1 and _same_tensor(types[0], result), "types differ")
                _need(operation.kind.traits.on.has(result), "wrong element type")
            case ir.Binary():
                self._binary(operation, types, result)
            case ir.Select():
                _need(len(types) == 3, "it takes three operands")
                _need(_is_bool(types[0]), "the condition is a bool")
                _need(types[0].shape in ((), types[1].shape), "the condition's shape is wrong")
                _need(_same_tensor(types[1], types[2]), "the sides differ in type")
                _need(_same_tensor(types[1], result), "the result has another type")
            case ir.Cast():
                _need(len(types) == 1 and types[0].shape == result.shape, "the shapes differ")
            case ir.Bit():
                _need(len(types) == 1 and not _is_bool(types[0]), "it takes integers")
                _need(0 <= operation.position < types[0].width, "there is no such bit")
                _need(_is_bool(result) and types[0].shape == result.shape, "it gives bools")
            case _:
                raise RuleError("this is not element-wise")

    def _moves(
        self, operation: ir.Operation, types: tuple[ir.TensorType, ...], result: ir.TensorType
    ) -> None:
        match operation:
            case ir.Broadcast():
                _need(len(types) == 1 and types[0].element == result.element, "types differ")
                rank = len(result.shape) - len(types[0].shape)
                _need(rank >= 0 and result.shape[rank:] == types[0].shape, "the shapes differ")
            case ir.Reshape():
                _need(len(types) == 1 and types[0].element == result.element, "types differ")
                _need(types[0].size == result.size, "the sizes differ")
            case ir.Extract():
                _need(len(types) >= 1, "it takes a base")
                part = self._part(types[0], types[1:], operation.dimensions)
                _need(result.element == types[0].element and result.shape == part, "wrong type")
            case ir.ExtractSlice():
                _need(len(types) == 2 and bool(types[0].shape), "it takes an array and a start")
                self._slice(types[0], result, types[1])
            case ir.AffineRead():
                _need(len(types) >= 1 and types[0].element == result.element, "types differ")
                self._places(operation, types[0], result, types[1:])
            case ir.Gather():
                _need(len(types) == 2 and types[0].element == result.element, "types differ")
                self._items(types[0], result, types[1])
            case ir.Stack():
                _need(len(types) > 0 and len(set(types)) == 1, "the operands have one type")
                shape = (len(types), *types[0].shape)
                _need(result.element == types[0].element and result.shape == shape, "wrong type")
            case _:
                raise RuleError("no rule covers this operation")

    def _whole_tensors(
        self, operation: ir.Operation, types: tuple[ir.TensorType, ...], result: ir.TensorType
    ) -> None:
        match operation:
            case ir.Positions():
                _need(len(types) == 1 and _is_bool(types[0]), "it takes bools")
                _need(len(types[0].shape) == len(result.shape) == 1, "wrong shape")
                _need(result.label.is_public and not _is_bool(result), "it gives public integers")
            case ir.Separate():
                _need(len(types) > 0 and len(set(types)) == 1, "the operands have one type")
                _need(types[0].element == INT64 and len(types[0].shape) == 1, "it takes places")
                named = operation.early + operation.written
                _need(min(operation.early, operation.written) >= 0, "there are none of less than 0")
                _need(named <= len(types), "more is written than there is")
                _need(_is_flag(result) and result.label.is_public, "it gives a public bool")
            case ir.MatrixProduct():
                _need(len(types) == 2, "it takes two operands")
                shape = _matrix_product(types[0].shape, types[1].shape)
                _need(shape is not None, "the shapes don't fit")
                _need(result.shape == shape, "wrong shape")
                _need(types[0].element == types[1].element == result.element, "types differ")
                _need(not _is_bool(result), "wrong element type")
            case ir.Reduce():
                _need(len(types) == 1, "it takes one operand")
                _need(result.shape == _reduced(types[0].shape, operation.axis), "wrong shape")
                traits = operation.kind.traits
                _need(traits.reduction is not None, "this is not a reduction")
                _need(types[0].element == result.element, "types differ")
                _need(traits.on.has(result), "wrong element type")
            case _:
                raise RuleError("this is not an operation on whole tensors")

    def _source(
        self,
        operation: ir.Constant | ir.Iota | ir.Input,
        types: tuple[ir.TensorType, ...],
        result: ir.TensorType,
    ) -> None:
        _need(not types, "it takes no operands")
        if isinstance(operation, ir.Input):
            _need(0 <= operation.party < len(self.program.parties), "there is no such party")
            _need(result.label == owned(operation.party), "the result is its giver's")
            self._whole(operation, result)
            return
        _need(result.label.is_public, "a constant is public")
        if isinstance(operation, ir.Iota):
            _need(not _is_bool(result) and len(result.shape) == 1, "it gives integers in a row")
            return
        _need(len(operation.data) in (1, result.size), "wrong number of elements")
        element = result.element
        low, high = (0, 1) if isinstance(element, BoolType) else (element.low, element.high)
        _need(all(low <= x <= high for x in operation.data), "an element is out of range")

    def _whole(self, operation: ir.Input | ir.Output, type: ir.TensorType) -> None:
        whole = operation.whole or array_of(type.element, type.shape)
        found = [leaf for leaf in leaves(whole) if leaf.path == operation.path]
        _need(len(found) == 1, "there is no such field")
        same = found[0].element == type.element and found[0].shape == type.shape
        _need(same, "the field has another type")

    def _binary(
        self, operation: ir.Binary, types: tuple[ir.TensorType, ...], result: ir.TensorType
    ) -> None:
        kind = operation.kind.traits
        _need(len(types) == 2, "it takes two operands")
        _need(0 <= operation.bits < types[0].width, "its bits are all that there are, or more")
        _need(types[0].shape == types[1].shape == result.shape, "the shapes differ")
        if kind.shifts:
            _need(not _is_bool(types[1]), "the amount is an integer")
        else:
            _need(types[0].element == types[1].element, "the operands differ in type")
        _need(kind.on.has(types[0]), "wrong element type")
        expected = BOOL if kind.gives_bool else types[0].element
        _need(result.element == expected, "the result has another element type")
        fails = kind.failure is not None and types[1].label.is_public
        _need(fails or not operation.checked, "it cannot fail")

    def _part(
        self,
        base: ir.TensorType,
        indices: tuple[ir.TensorType, ...],
        dimensions: tuple[bool, ...],
    ) -> tuple[int, ...]:
        """Return the shape that indices leave of a base's."""
        _need(len(dimensions) <= len(base.shape), "there are too many dimensions")
        _need(sum(dimensions) == len(indices), "the number of indices is wrong")
        for index in indices:
            _need(not _is_bool(index) and index.shape == (), "an index is a scalar integer")
            _need(not index.label.is_secret, "a secret is not an address")
        kept = [n for n, one in zip(base.shape, dimensions, strict=False) if not one]
        return (*kept, *base.shape[len(dimensions) :])

    def _slice(self, base: ir.TensorType, part: ir.TensorType, start: ir.TensorType) -> None:
        _need(not _is_bool(start) and start.shape == (), "the start is a scalar integer")
        _need(not start.label.is_secret, "a secret is not an address")
        _need(base.element == part.element, "types differ")
        fits = bool(part.shape) and part.shape[1:] == base.shape[1:]
        _need(fits, "the part's shape is wrong")

    def _places(
        self,
        operation: ir.AffineRead | ir.AffineWrite,
        base: ir.TensorType,
        part: ir.TensorType,
        offsets: tuple[ir.TensorType, ...],
    ) -> None:
        """Check a map of places; those that have no offset must be seen to be in range."""
        _need(len(operation.places) == len(base.shape), "a row is needed for each dimension")
        moved = operation.moved or (False,) * len(base.shape)
        _need(len(moved) == len(base.shape), "an offset is said to be for no dimension")
        _need(sum(moved) == len(offsets), "the number of offsets is wrong")
        for offset in offsets:
            scalar = isinstance(offset.element, IntType) and offset.shape == ()
            _need(scalar and offset.label.is_public, "an offset is a public scalar integer")
        for size, row, shifts in zip(base.shape, operation.places, moved, strict=True):
            _need(len(row) == 1 + len(part.shape), "a factor is needed for each dimension")
            ends = [f * (n - 1) for f, n in zip(row[1:], part.shape, strict=True)]
            low, high = (row[0] + sum(pick(end, 0) for end in ends) for pick in (min, max))
            inside = (low >= 0 and high < size) if not shifts else high - low < size
            _need(inside or part.size == 0, "a place is out of range")

    def _items(self, base: ir.TensorType, part: ir.TensorType, places: ir.TensorType) -> None:
        _need(not _is_bool(places) and len(places.shape) == 1, "places are integers in a row")
        _need(places.label.is_public, "places are public")
        fits = bool(base.shape) and part.shape == (*places.shape, *base.shape[1:])
        _need(fits, "the part's shape is wrong")

    def _item(self, base: ir.TensorType, index: ir.TensorType, item: ir.TensorType) -> None:
        _need(not _is_bool(index) and index.shape == (), "the index is a scalar integer")
        _need(bool(base.shape), "the base is an array")
        _need(item.element == base.element and item.shape == base.shape[1:], "wrong item type")

    def _write(
        self,
        operation: ir.Insert | ir.InsertSlice | ir.AffineWrite | ir.Scatter | ir.ObliviousWrite,
        types: tuple[ir.TensorType, ...],
        result: ir.TensorType,
    ) -> None:
        _need(len(types) >= 2 and result == types[0], "the result has the base's type")
        others: list[Label] = [type.label for type in types[1:]]
        _need(all(label.flows_to(result.label) for label in others), "what is written leaks")
        match operation:
            case ir.Insert():
                part = self._part(types[0], types[2:], operation.dimensions)
                _need(types[1].element == result.element, "types differ")
                _need(types[1].shape == part, "the part's shape is wrong")
            case ir.InsertSlice():
                _need(len(types) == 3 and bool(types[0].shape), "it takes three operands")
                self._slice(types[0], types[1], types[2])
            case ir.AffineWrite():
                _need(types[1].element == result.element, "types differ")
                self._places(operation, types[0], types[1], types[2:])
            case ir.Scatter():
                _need(len(types) == 3, "it takes three operands")
                _need(types[1].element == result.element, "types differ")
                self._items(types[0], types[1], types[2])
            case ir.ObliviousWrite():
                _need(len(types) in (3, 4), "it takes three or four operands")
                _need(result.label.is_secret, "the base is secret")
                self._item(types[0], types[1], types[2])
                _need(len(types) == 3 or _is_flag(types[3]), "the guard is a scalar bool")
            case _:
                assert_never(operation)

    def _call(self, operation: ir.Call, types: tuple[ir.TensorType, ...]) -> None:
        function = self.known.get(operation.function)
        if function is None:
            raise RuleError("there is no such function before this one")
        _need(not operation.regions, "it has no regions")
        expected = tuple(value.type for value in function.body.parameters)
        _need(types == expected, "the arguments differ in type from the parameters")
        results = tuple(value.type for value in operation.results)
        _need(results == tuple(v.type for v in function.body.yields), "the results differ in type")

    def _structured(
        self, operation: ir.If | ir.For | ir.While, types: tuple[ir.TensorType, ...]
    ) -> None:
        results = tuple(value.type for value in operation.results)
        regions = [
            (tuple(v.type for v in region.parameters), tuple(v.type for v in region.yields))
            for region in operation.regions
        ]
        match operation:
            case ir.If():
                _need(len(types) == 1 and _is_flag(types[0]), "the condition is a bool")
                _need(not types[0].label.is_secret, "the condition is secret")
                _need(len(regions) == 2, "it has two regions")
                _need(all(r == ((), results) for r in regions), "the regions differ in type")
            case ir.For():
                _need(len(types) >= 2 and len(regions) == 1, "it has bounds and one region")
                _need(isinstance(types[0].element, IntType), "the bounds are integers")
                _need(types[0].shape == () and _same_tensor(types[0], types[1]), "bounds differ")
                label = types[0].label.meet(types[1].label)
                _need(not label.is_secret, "the bounds are secret")
                parameters, yields = regions[0]
                index = ir.TensorType(types[0].element, (), label)
                _need(parameters == (index, *types[2:]), "the region's parameters are wrong")
                _need(yields == types[2:] == results, "what is carried changes its type")
            case ir.While():
                _need(len(regions) == 2, "it has two regions")
                _need(all(p == types for p, _ in regions), "the region's parameters are wrong")
                flags = regions[0][1]
                _need(len(flags) == 1 and _is_flag(flags[0]), "the condition is a bool")
                _need(not flags[0].label.is_secret, "the condition is secret")
                _need(regions[1][1] == types == results, "what is carried changes its type")
            case _:
                assert_never(operation)
