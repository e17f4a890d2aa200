"""What a pass is: a transformation of programs with a name, and whether programs need it.

A pass is described where it is defined, by the decorator `optional` or `required`. Programs run
without an optional pass, only slower; so one that fails is left out (run.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, Generic, ParamSpec, Protocol

from ezlang.records import dataclass

from ..ir import tree as ir

Transform = Callable[[ir.Program], ir.Program]
"""What is done to a program: a pass whose options are given, or any such function."""

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Pass(Generic[P]):
    """A transformation of programs, which may take options.

    `name` is what the command line calls it; `purpose` completes the sentence "this pass …".
    `before_sharings`: it is only for programs whose secrets have no sharings yet.
    """

    name: str
    purpose: str
    transform: Callable[Concatenate[ir.Program, P], ir.Program]
    is_required: bool
    before_sharings: bool = False

    def __call__(self, program: ir.Program, *args: P.args, **kwargs: P.kwargs) -> ir.Program:
        """Return the program after the pass."""
        return self.transform(program, *args, **kwargs)

    def given(self, *args: P.args, **kwargs: P.kwargs) -> Pass[[]]:
        """Return the pass with its options given."""

        def transform(program: ir.Program) -> ir.Program:
            return self.transform(program, *args, **kwargs)

        return Pass(self.name, self.purpose, transform, self.is_required, self.before_sharings)


class Describe(Protocol):
    """Makes a pass of a transformation."""

    def __call__(self, transform: Callable[Concatenate[ir.Program, P], ir.Program]) -> Pass[P]:
        """Return the pass."""


def optional(name: str, purpose: str, *, before_sharings: bool = False) -> Describe:
    """Describe a pass that programs can be run without."""
    return _describe(name, purpose, is_required=False, before_sharings=before_sharings)


def required(name: str, purpose: str, *, before_sharings: bool = False) -> Describe:
    """Describe a pass that an executor, or a later pass, can't do without."""
    return _describe(name, purpose, is_required=True, before_sharings=before_sharings)


def _describe(name: str, purpose: str, *, is_required: bool, before_sharings: bool) -> Describe:
    def describe(transform: Callable[Concatenate[ir.Program, P], ir.Program]) -> Pass[P]:
        return Pass(name, purpose, transform, is_required, before_sharings)

    return describe
