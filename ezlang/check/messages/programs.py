"""Errors about modules, programs as a whole, and params (EZ1), one constructor each."""

from __future__ import annotations

from collections.abc import Iterable

from ezlang.diagnostics.diagnostic import Diagnostic, Note
from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.types.scalars import Setting
from ezlang.types.types import ScalarType

from .wording import a, listed, near


def module_not_found(name: syntax.Name) -> Diagnostic:
    """An import of a module that does not exist."""
    return Diagnostic(
        code="EZ1020",
        message=f"There is no module `{name.text}`",
        span=name.span,
        label="not found",
        help=(
            f"Put `{name.text}.ez` into the folder of this file; it is not in the standard "
            "library either."
        ),
    )


def import_cycle(name: syntax.Name, names: list[str]) -> Diagnostic:
    """Modules that import one another in a cycle."""
    return Diagnostic(
        code="EZ1021",
        message=f"The imports form a cycle: {' → '.join(names)}",
        span=name.span,
        label="closes the cycle",
        help="Move the items that both need into a third module, and import that in both.",
    )


def only_in_programs(node: syntax.Node, what: str, module: str) -> Diagnostic:
    """A party, param or `main` in an imported module."""
    return Diagnostic(
        code="EZ1022",
        message=f"The module `{module}` declares {what}, which is only allowed in a program",
        span=node.span,
        label="not in a module",
        help="Pass the values that the module needs to its functions as arguments.",
    )


def party_in_module(name: syntax.Name) -> Diagnostic:
    """A party named in a module."""
    return Diagnostic(
        code="EZ1023",
        message=f"A module cannot name a party, and has none called `{name.text}`",
        span=name.span,
        label="names a party",
        help="Leave out the label: the function then takes values of any label.",
    )


def parties_in_module(span: Span) -> Diagnostic:
    """A loop over the parties in a module."""
    return Diagnostic(
        code="EZ1023",
        message="A module has no parties to loop over",
        span=span,
        label="names the parties",
        help="Loop over the parties in the program, and pass an array to the module.",
    )


def no_main(span: Span) -> Diagnostic:
    """A program without `main`."""
    return Diagnostic(
        code="EZ1030",
        message="The program declares parties, but has no function `main`, where a run starts",
        span=span,
        label="parties, but no `main`",
        help="Add `fn main() { … }`; a module, which has no `main`, declares no parties.",
    )


def no_parties(span: Span) -> Diagnostic:
    """A `main` without parties."""
    return Diagnostic(
        code="EZ1031",
        message="The program has a `main`, but does not declare its parties",
        span=span,
        label="whose?",
        help="Begin the file with `party alice, bob;`.",
    )


def not_two_compute(span: Span, count: int) -> Diagnostic:
    """A `compute` that doesn't name two parties."""
    return Diagnostic(
        code="EZ1038",
        message=f"`compute` names two parties, and this one names {count}",
        span=span,
        label="who computes?",
        help="Write `compute a, b;`: these two compute, and the others give them inputs. Without "
        "it, all parties compute.",
    )


def computes_twice(name: syntax.Name, first: Span) -> Diagnostic:
    """A `compute` that names a party twice."""
    return Diagnostic(
        code="EZ1038",
        message=f"`compute` names `{name.text}` twice",
        span=name.span,
        label="again",
        notes=(Note(message="It is named here first", span=first),),
        help="Name two different parties.",
    )


def computes_again(span: Span, first: Span) -> Diagnostic:
    """A second `compute`."""
    return Diagnostic(
        code="EZ1038",
        message="A program says only once who computes",
        span=span,
        label="again",
        notes=(Note(message="It is said here first", span=first),),
        help="Keep one of the two lines.",
    )


def main_head(span: Span) -> Diagnostic:
    """A `main` with parameters, sizes or a result."""
    return Diagnostic(
        code="EZ1032",
        message="`main` has no parameters and no result",
        span=span,
        label="not for `main`",
        help=(
            'Write `fn main() { … }`; values enter the program by `input(alice, "name")` and '
            "`param`."
        ),
    )


def param_not_set(name: syntax.Name, type: ScalarType) -> Diagnostic:
    """A param without a default that was not set."""
    example = "64" if type.is_integer else type.example
    return Diagnostic(
        code="EZ1040",
        message=f"The param `{name.text}` has no value",
        span=name.span,
        label="not set",
        help=f"Set it at launch, as in `--set {name.text}={example}`, or give it a default: "
        f"`param {type} {name.text} = {example};`",
    )


def setting_does_not_fit(name: syntax.Name, setting: Setting, type: ScalarType) -> Diagnostic:
    """A setting that is not a value of the param's type."""
    shown = str(setting).lower() if isinstance(setting, bool) else str(setting)
    return Diagnostic(
        code="EZ1041",
        message=f"`--set {name.text}={shown}` does not fit: `{name.text}` is {a(type)}",
        span=name.span,
        label=f"takes {type.values}",
        help=f"Set `{name.text}` to {type.values}.",
    )


def unknown_setting(name: str, known: Iterable[str], span: Span) -> Diagnostic:
    """A setting for a param that the program does not have."""
    params = sorted(known)
    all_params = f"The program's params are {listed(params)}." if params else None
    return Diagnostic(
        code="EZ1042",
        message=f"`--set {name}=…` sets a param that the program does not have",
        span=span,
        help=near(name, params) or all_params or "The program has no params.",
    )
