"""Errors about names, modules and params (EZ1): one constructor each."""

from __future__ import annotations

from collections.abc import Iterable

from ezlang.diagnostics.diagnostic import Diagnostic, Note
from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.types.types import IntType, ScalarType

from .wording import a, listed, near


def _before(span: Span, what: str = "It is declared here first") -> tuple[Note, ...]:
    return (Note(message=what, span=span),)


# Unknown names


def unknown_name(name: syntax.Name, known: Iterable[str], ended: Span | None) -> Diagnostic:
    """A value's name that nothing has; `ended` is a variable of that name whose block has ended."""
    if ended is not None:
        return Diagnostic(
            code="EZ1001",
            message=f"Nothing here is called `{name.text}`",
            span=name.span,
            label="unknown name",
            notes=_before(ended, f"A `{name.text}` is declared here, in a block that has ended"),
            help="Declare the variable before that block, and assign it inside.",
        )
    return Diagnostic(
        code="EZ1001",
        message=f"Nothing here is called `{name.text}`",
        span=name.span,
        label="unknown name",
        help=near(name.text, known) or f"Declare it before this: `let {name.text} = …;`",
    )


def unknown_function(name: syntax.Name, known: Iterable[str]) -> Diagnostic:
    """A function's name that nothing has."""
    return Diagnostic(
        code="EZ1002",
        message=f"There is no function `{name.text}`",
        span=name.span,
        label="unknown function",
        help=near(name.text, known),
    )


def unknown_type(name: syntax.Name, known: Iterable[str]) -> Diagnostic:
    """A type's name that nothing has."""
    others = {"int": "int32", "uint": "uint32", "long": "int64", "boolean": "bool"}
    meant = others.get(name.text)
    return Diagnostic(
        code="EZ1003",
        message=f"There is no type `{name.text}`",
        span=name.span,
        label="unknown type",
        help=f"Did you mean `{meant}`?" if meant else near(name.text, known),
    )


def unknown_party(name: syntax.Name, known: Iterable[str]) -> Diagnostic:
    """A party's name that is not declared."""
    parties = list(known)
    all_parties = f"The parties are {listed(parties)}." if parties else "Declare it: `party …;`"
    return Diagnostic(
        code="EZ1004",
        message=f"There is no party `{name.text}`",
        span=name.span,
        label="unknown party",
        help=near(name.text, parties) or all_parties,
    )


def unknown_field(name: syntax.Name, struct: str, known: list[str]) -> Diagnostic:
    """A field's name that a struct has not."""
    has = f"`{struct}` has {listed(known)}." if known else f"`{struct}` has no fields."
    return Diagnostic(
        code="EZ1005",
        message=f"The struct `{struct}` has no field `{name.text}`",
        span=name.span,
        label="unknown field",
        help=near(name.text, known) or has,
    )


def unknown_module(node: syntax.Name, name: str, known: Iterable[str]) -> Diagnostic:
    """A module's name that the file does not import."""
    return Diagnostic(
        code="EZ1006",
        message=f"No module `{name}` is imported here",
        span=node.span,
        label="unknown module",
        help=near(name, known) or f"Write `import {name};` at the top of this file.",
    )


def unknown_in_module(name: syntax.Name, module: str, known: Iterable[str]) -> Diagnostic:
    """A name that a module does not offer."""
    return Diagnostic(
        code="EZ1007",
        message=f"The module `{module}` offers nothing called `{name.text}`",
        span=name.span,
        label="not in the module",
        help=near(name.text, known),
    )


# Names that stand twice, or for something else


def duplicate_item(name: syntax.Name, before: Span) -> Diagnostic:
    """Two things at the top of a file with one name."""
    return Diagnostic(
        code="EZ1010",
        message=f"Two things at the top of the file are called `{name.text}`",
        span=name.span,
        label="declared again",
        notes=_before(before),
        help="Give one of them another name.",
    )


def hides_local(name: syntax.Name, before: Span) -> Diagnostic:
    """A local name that hides another one."""
    return Diagnostic(
        code="EZ1011",
        message=f"`{name.text}` is declared already, and a local name may not hide another",
        span=name.span,
        label="declared again",
        notes=_before(before),
        help="Give it another name; to change the variable's value, leave the type out: "
        f"`{name.text} = …;`",
    )


def duplicate_field(name: syntax.Name, before: Span) -> Diagnostic:
    """A field that stands twice in a struct or a struct's literal."""
    return Diagnostic(
        code="EZ1012",
        message=f"The field `{name.text}` stands here twice",
        span=name.span,
        label="again",
        notes=_before(before, "It stands here first"),
        help="Leave one of them out, or rename it.",
    )


def reserved(name: syntax.Name) -> Diagnostic:
    """Something at the top of a file with the name of a built-in function."""
    return Diagnostic(
        code="EZ1013",
        message=f"`{name.text}` is a built-in function, and cannot be declared again",
        span=name.span,
        label="reserved",
        help=f"Call it something else, for instance `my_{name.text}`.",
    )


def not_a_value(span: Span, name: str, what: str) -> Diagnostic:
    """A party, module, struct or function used as a value."""
    helps = {
        "a function": f"To call it, write `{name}(…)`.",
        "a party": f'What a party gives is read by `input({name}, "name")`.',
        "a struct": f"A value of it is written `{name} {{ field: …, … }}`.",
        "a module": f"What it offers is written `{name}.something`.",
    }
    return Diagnostic(
        code="EZ1014",
        message=f"`{name}` is {what}, not a value",
        span=span,
        label="not a value",
        help=helps.get(what),
    )


def not_a_function(span: Span, name: str | None, what: str) -> Diagnostic:
    """A call of something that is no function."""
    message = "only a function can be called" if name is None else f"`{name}` is {what}"
    tail = "" if name is None else ", not a function"
    return Diagnostic(
        code="EZ1015",
        message=message + tail,
        span=span,
        label="not a function",
        help="Functions are not values: a call begins with a function's name, as in `f(x)`.",
    )


def not_a_type(name: syntax.Name, what: str) -> Diagnostic:
    """Something else where a type must stand."""
    return Diagnostic(
        code="EZ1016",
        message=f"`{name.text}` is {what}, not a type",
        span=name.span,
        label="not a type",
        help="A type is `bool`, `int8` to `int64`, `uint8` to `uint64`, or a struct's name.",
    )


def parties_as_value(span: Span) -> Diagnostic:
    """`parties` elsewhere than in a loop or `len`."""
    return Diagnostic(
        code="EZ1017",
        message="`parties` is not a value",
        span=span,
        label="not a value",
        help="Write `for p in parties { … }` to go through the parties, or `len(parties)`.",
    )


# Modules


def module_not_found(name: syntax.Name) -> Diagnostic:
    """An import of a module that is nowhere."""
    return Diagnostic(
        code="EZ1020",
        message=f"There is no module `{name.text}`",
        span=name.span,
        label="not found",
        help=f"Put `{name.text}.ez` beside this file; it is not in the standard library either.",
    )


def import_cycle(name: syntax.Name, names: list[str]) -> Diagnostic:
    """Modules that import one another in a circle."""
    return Diagnostic(
        code="EZ1021",
        message=f"The imports go in a circle: {' → '.join(names)}",
        span=name.span,
        label="leads back",
        help="Move what both need into a third module, and import that in both.",
    )


def only_in_programs(node: syntax.Node, what: str, module: str) -> Diagnostic:
    """A party, param or `main` in an imported module."""
    return Diagnostic(
        code="EZ1022",
        message=f"The module `{module}` declares {what}, which only a program may",
        span=node.span,
        label="not in a module",
        help="Pass what the module needs to its functions as arguments.",
    )


def party_in_module(name: syntax.Name) -> Diagnostic:
    """A party named in a module."""
    return Diagnostic(
        code="EZ1023",
        message=f"A module cannot name a party, and `{name.text}` is none of its own",
        span=name.span,
        label="names a party",
        help="Leave the label out: the function then takes values of any label.",
    )


def parties_in_module(span: Span) -> Diagnostic:
    """A loop over the parties in a module."""
    return Diagnostic(
        code="EZ1023",
        message="A module has no parties to go through",
        span=span,
        label="names the parties",
        help="Loop over the parties in the program, and pass an array to the module.",
    )


# Programs


def no_main(span: Span) -> Diagnostic:
    """A program without `main`."""
    return Diagnostic(
        code="EZ1030",
        message="The program declares parties, but no function `main` where a run starts",
        span=span,
        label="parties, but no `main`",
        help="Add `fn main() { … }`; a module, which has no `main`, declares no parties.",
    )


def no_parties(span: Span) -> Diagnostic:
    """A `main` without parties."""
    return Diagnostic(
        code="EZ1031",
        message="The program has a `main`, but does not say between which parties it runs",
        span=span,
        label="whose?",
        help="Begin the file with `party alice, bob;`.",
    )


def main_head(span: Span) -> Diagnostic:
    """A `main` with parameters, sizes or a result."""
    return Diagnostic(
        code="EZ1032",
        message="`main` has no parameters and no result",
        span=span,
        label="not for `main`",
        help='Write `fn main() { … }`; values come in by `input(alice, "name")` and `param`.',
    )


def calls_main(span: Span) -> Diagnostic:
    """A call of `main`."""
    return Diagnostic(
        code="EZ1033",
        message="`main` cannot be called: a run starts with it",
        span=span,
        label="called here",
        help="Move what both need into a function, and call that.",
    )


def recursion(span: Span, names: list[str], first: Span) -> Diagnostic:
    """Functions that call one another in a circle."""
    return Diagnostic(
        code="EZ1034",
        message=f"Functions may not be recursive: {' → '.join(names)}",
        span=span,
        label="this call leads back",
        notes=(Note(message=f"`{names[0]}` begins here", span=first),),
        help="Write a loop: how long a secret computation runs is known to everyone, "
        "so it must be known beforehand.",
    )


def struct_cycle(names: list[syntax.Name]) -> Diagnostic:
    """Structs that contain one another."""
    circle = " → ".join(n.text for n in names)
    return Diagnostic(
        code="EZ1035",
        message=f"The struct `{names[0].text}` contains itself: {circle}",
        span=names[0].span,
        label="would be endless",
        help="Keep the items in an array and refer to one by its index.",
    )


def const_cycle(name: syntax.Name) -> Diagnostic:
    """A constant, param or size that needs itself."""
    return Diagnostic(
        code="EZ1036",
        message=f"The value of `{name.text}` depends on itself",
        span=name.span,
        label="needs itself",
        help="Give one of the constants in the circle a value of its own.",
    )


# Settings


def param_not_set(name: syntax.Name, type: ScalarType) -> Diagnostic:
    """A param without a default that was not set."""
    example = "64" if isinstance(type, IntType) else "true"
    return Diagnostic(
        code="EZ1040",
        message=f"The param `{name.text}` has no value",
        span=name.span,
        label="not set",
        help=f"Set it at launch, as in `--set {name.text}={example}`, or give it a default: "
        f"`param {type} {name.text} = {example};`",
    )


def setting_does_not_fit(name: syntax.Name, setting: int | bool, type: ScalarType) -> Diagnostic:
    """A setting that is no value of its param's type."""
    shown = str(setting).lower() if isinstance(setting, bool) else str(setting)
    values = f"{type.low} to {type.high}" if isinstance(type, IntType) else "`true` or `false`"
    return Diagnostic(
        code="EZ1041",
        message=f"`--set {name.text}={shown}` does not fit: `{name.text}` is {a(type)}",
        span=name.span,
        label=f"takes {values}",
        help=f"Set `{name.text}` to {values}.",
    )


def unknown_setting(name: str, known: Iterable[str], span: Span) -> Diagnostic:
    """A setting for a param that the program has not."""
    params = sorted(known)
    all_params = f"The program's params are {listed(params)}." if params else None
    return Diagnostic(
        code="EZ1042",
        message=f"`--set {name}=…` sets a param that the program does not have",
        span=span,
        help=near(name, params) or all_params or "The program has no params.",
    )
