"""Lowering of functions and programs."""

from __future__ import annotations

from ezlang.recursion import deep_recursion
from ezlang.typed import tree as typed

from ..ir import tree as ir
from .expressions import Expressions, Signatures
from .leaves import leaves
from .scan import RETURN, only_at_the_end, structured
from .state import LoweringState
from .statements import Statements


def lower(program: typed.Program) -> ir.Program:
    """Return the IR of a checked program. Its size depends on the program's text alone.

    Raises CompilerBug for a tree that violates the rules of typed/tree.py.
    """
    signatures = {f.name: (f.return_type, f.return_label) for f in program.functions}
    with deep_recursion():
        functions = tuple(_function(function, signatures) for function in program.functions)
    computing = len(program.parties) - program.clients
    return ir.Program(
        parties=program.parties[:computing],
        clients=program.parties[computing:],
        functions=functions,
    )


def _function(function: typed.Function, signatures: Signatures) -> ir.Function:
    state = LoweringState(alone=function.pc.is_owned)
    parameters: list[ir.Value] = []
    for variable in function.parameters:
        values = [
            state.build.fresh(leaf.type, ".".join((variable.name, *leaf.path)))
            for leaf in leaves(variable.type, variable.label)
        ]
        state.declare(variable, values)
        parameters += values
    body = structured(function.body)
    if not only_at_the_end(body, RETURN):
        state.flagged.add(RETURN)
    statements = Statements(state, Expressions(state, signatures), function)
    with state.build.requesting(function.requested):
        statements.start()
        statements.block(body)
    region = ir.Region(
        parameters=tuple(parameters),
        operations=tuple(state.build.operations),
        yields=statements.results(),
    )
    return ir.Function(name=function.name, body=region, pc=function.pc, span=function.span)
