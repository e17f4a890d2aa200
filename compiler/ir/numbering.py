"""The numbering of operations and regions, whose numbers serve as keys of tables about a program.

Passes may rebuild operations without numbers, or with numbers of other operations. Code that keeps
such a table must therefore call `numbered` first. Equal programs receive the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from ezlang.records import replace

from . import tree as ir


def numbered(program: ir.Program) -> ir.Program:
    """Return the program with operations and regions numbered in textual order.

    All numbers are distinct. A program that is already numbered is returned unchanged.
    """
    numbers = count()
    functions = tuple(_function(function, numbers) for function in program.functions)
    if all(new is old for new, old in zip(functions, program.functions, strict=True)):
        return program
    return replace(program, functions=functions)


def _function(function: ir.Function, numbers: Iterator[int]) -> ir.Function:
    body = _region(function.body, numbers)
    return function if body is function.body else replace(function, body=body)


def _region(region: ir.Region, numbers: Iterator[int]) -> ir.Region:
    number = next(numbers)
    operations = tuple(_operation(operation, numbers) for operation in region.operations)
    same = all(new is old for new, old in zip(operations, region.operations, strict=True))
    if same and region.number == number:
        return region
    return replace(region, number=number, operations=operations)


def _operation(operation: ir.Operation, numbers: Iterator[int]) -> ir.Operation:
    number = next(numbers)
    regions = tuple(_region(region, numbers) for region in operation.regions)
    same = all(new is old for new, old in zip(regions, operation.regions, strict=True))
    if same and operation.number == number:
        return operation
    return replace(operation, number=number, regions=regions)
