"""What holds of every program that is ready to run."""

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.groups import groups
from ezlang.compiler.ir.sharings import is_interactive


def assert_scheduled(program: ir.Program) -> None:
    """Hold a program to the guarantees of the passes after the choice of sharings."""
    for function in program.functions:
        no_reduction_is_left(function.body)
        together(function.body)


def no_reduction_is_left(region: ir.Region) -> None:
    for operation in ir.walk(region):
        if isinstance(operation, ir.Reduce | ir.MatrixProduct):
            assert operation.result.type.sharing not in (ir.Sharing.YAO,)
            assert not (is_interactive(operation) and isinstance(operation, ir.Reduce))


def together(region: ir.Region) -> None:
    """Groups that follow one another depend on one another, or they would be one."""
    previous: tuple[ir.Operation, ...] = ()
    for group in groups(region.operations):
        if len(previous) > 1 and len(group) > 1:
            made = {value.id for operation in previous for value in operation.results}
            used = {value.id for operation in group for value in operation.operands}
            kinds = {type(operation) for operation in (*previous, *group)}
            assert made & used or ir.Convert in kinds
        previous = group
    for operation in region.operations:
        for inner in operation.regions:
            together(inner)
