"""Errors about names, modules and params (EZ1), one constructor each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ezlang.diagnostics.diagnostic import Diagnostic, Fix, Note
from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.syntax.foreign import advice

from .wording import code, listed, near


def _before(span: Span, what: str = "It is declared here first") -> tuple[Note, ...]:
    return (Note(message=what, span=span),)


# Unknown names


def unknown_name(name: syntax.Name, known: Iterable[str], ended: Span | None) -> Diagnostic:
    """A value's name that isn't declared; `ended` declares it in a block that has ended."""
    if ended is not None:
        where = f"A variable `{name.text}` is declared here, in a block that has ended"
        help = "Declare the variable before that block, and assign it inside."
        return _unknown(name, help, _before(ended, where))
    help = f"Declare it before this: `let {name.text} = …;`"
    return _unknown(name, advice(name.text) or near(name.text, known) or help)


def unknown_size(name: syntax.Name, function: str, known: Iterable[str]) -> Diagnostic:
    """A size in a function's head that isn't declared."""
    help = f"For any size, name it before the parameters: fn {function}<{name.text}>(…)."
    return _unknown(name, near(name.text, known) or help)


def _unknown(name: syntax.Name, help: str, notes: tuple[Note, ...] = ()) -> Diagnostic:
    return Diagnostic(
        code="EZ1001",
        message=f"Nothing called `{name.text}` is known here",
        span=name.span,
        label="unknown name",
        notes=notes,
        help=help,
        fix=Fix.of_word(name.span, help),
    )


def unknown_function(name: syntax.Name, known: Iterable[str]) -> Diagnostic:
    """A function's name that is not declared."""
    help = (
        advice(name.text)
        or near(name.text, known)
        or f"Declare it: fn {name.text}(int32 x) -> int32 {{ … }}."
    )
    return Diagnostic(
        code="EZ1002",
        message=f"There is no function `{name.text}`",
        span=name.span,
        label="unknown function",
        help=help,
        fix=Fix.of_word(name.span, help),
    )


def unknown_type(name: syntax.Name, known: Iterable[str]) -> Diagnostic:
    """A type's name that is not declared."""
    help = (
        advice(name.text)
        or near(name.text, known)
        or f"Declare it: struct {name.text} {{ int32 x; }}."
    )
    return Diagnostic(
        code="EZ1003",
        message=f"There is no type `{name.text}`",
        span=name.span,
        label="unknown type",
        help=help,
        fix=Fix.of_word(name.span, help),
    )


def size_as_type(name: syntax.Name, place: Span) -> Diagnostic:
    """A size parameter where a type is needed."""
    return Diagnostic(
        code="EZ1003",
        message=f"`{name.text}` is a size here, not a type",
        span=name.span,
        label="not a type",
        notes=(Note(message=f"`{name.text}` is declared here", span=place),),
        help=f"For elements of any type, declare `type {name.text}` there, or "
        f"`number {name.text}` for numbers, or `integer {name.text}`.",
    )


def unknown_attribute(name: syntax.Name, known: str) -> Diagnostic:
    """An attribute that does not exist."""
    return Diagnostic(
        code="EZ1008",
        message=f"There is no attribute `{name.text}`",
        span=name.span,
        label="unknown attribute",
        help=f"The only one is `{known}`, as in `#[{known}(yao)]`.",
    )


def unknown_protocol(name: syntax.Name, known: Sequence[str]) -> Diagnostic:
    """A protocol that does not exist."""
    return Diagnostic(
        code="EZ1009",
        message=f"There is no protocol `{name.text}`",
        span=name.span,
        label="unknown protocol",
        help=near(name.text, known) or f"The protocols are {listed(known)}.",
    )


def unknown_party(name: syntax.Name, known: Iterable[str]) -> Diagnostic:
    """A party's name that is not declared."""
    parties = list(known)
    all_parties = f"The parties are {listed(parties)}." if parties else "Declare it: `party …;`"
    help = near(name.text, parties) or all_parties
    return Diagnostic(
        code="EZ1004",
        message=f"There is no party `{name.text}`",
        span=name.span,
        label="unknown party",
        help=help,
        fix=Fix.of_word(name.span, help),
    )


def unknown_field(name: syntax.Name, struct: str, known: list[str]) -> Diagnostic:
    """A field's name that a struct does not have."""
    has = f"`{struct}` has {listed(known)}." if known else f"`{struct}` has no fields."
    help = near(name.text, known) or has
    return Diagnostic(
        code="EZ1005",
        message=f"The struct `{struct}` has no field `{name.text}`",
        span=name.span,
        label="unknown field",
        help=help,
        fix=Fix.of_word(name.span, help),
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


def unknown_in_module(
    name: syntax.Name, module: str, known: Iterable[str], hides: str | None = None
) -> Diagnostic:
    """A name that a module does not offer; `hides` is its file if it hides one of the library."""
    offered = sorted(known)
    named = f"It offers {listed(offered)}." if offered else "It offers nothing that fits here."
    if hides is not None:
        named = f"The module is the file {hides}, which hides the library's `{module}`: rename it."
    help = near(name.text, offered) or named
    return Diagnostic(
        code="EZ1007",
        message=f"The module `{module}` offers nothing called `{name.text}`",
        span=name.span,
        label="not in the module",
        help=help,
        fix=Fix.of_word(name.span, help),
    )


# Duplicate names, and names of other kinds


def duplicate_item(name: syntax.Name, before: Span, *, imported: bool) -> Diagnostic:
    """Two top-level items with the same name; `imported` if both are the same module."""
    return Diagnostic(
        code="EZ1010",
        message=f"There are two top-level items called `{name.text}`",
        span=name.span,
        label="declared again",
        notes=_before(before),
        help="One `import` is enough: remove this one." if imported else "Rename one of them.",
    )


def hides_local(name: syntax.Name, before: Span) -> Diagnostic:
    """A local name that hides another one."""
    return Diagnostic(
        code="EZ1011",
        message=f"`{name.text}` is already declared, and a local name may not hide another",
        span=name.span,
        label="declared again",
        notes=_before(before),
        help="Choose another name; to change the variable's value, leave out the type: "
        f"`{name.text} = …;`",
    )


def duplicate_field(name: syntax.Name, before: Span) -> Diagnostic:
    """A field that occurs twice in a struct or a struct literal."""
    return Diagnostic(
        code="EZ1012",
        message=f"The field `{name.text}` occurs twice",
        span=name.span,
        label="again",
        notes=_before(before, "It occurs here first"),
        help="Remove one of them, or rename it.",
    )


def reserved(name: syntax.Name) -> Diagnostic:
    """A top-level item with the name of a built-in function."""
    return Diagnostic(
        code="EZ1013",
        message=f"`{name.text}` is a built-in function, and cannot be declared again",
        span=name.span,
        label="reserved",
        help=f"Choose another name, for instance `my_{name.text}`.",
    )


def not_a_value(span: Span, name: str, what: str) -> Diagnostic:
    """A party, module, struct or function used as a value."""
    helps = {
        "a function": f"To call it, write `{name}(…)`.",
        "a party": f'To read an input of this party, write `input({name}, "name")`.',
        "a struct": f"To make a value of this type, write `{name} {{ field: …, … }}`.",
        "a module": f"To use an item of the module, write `{name}.item`.",
    }
    return Diagnostic(
        code="EZ1014",
        message=f"`{name}` is {what}, not a value",
        span=span,
        label="not a value",
        help=helps.get(what),
    )


def not_a_function(span: Span, name: str | None, what: str) -> Diagnostic:
    """A call of something that is not a function."""
    message = "only a function can be called" if name is None else f"`{name}` is {what}"
    tail = "" if name is None else ", not a function"
    return Diagnostic(
        code="EZ1015",
        message=message + tail,
        span=span,
        label="not a function",
        help="Functions are not values: a call begins with a function's name, as in `f(x)`.",
    )


def method(name: syntax.Name, base: Span, builtins: Iterable[str]) -> Diagnostic:
    """A call of a field, as other languages call the methods of an object."""
    written = code(base).strip("`")
    help = advice(name.text)
    if name.text in builtins:
        help = f"Write `{name.text}({written})`."
    return Diagnostic(
        code="EZ1015",
        message=f"`{name.text}` is a field, not a function: values have no methods",
        span=name.span,
        label="not a function",
        help=help or f"Declare a function, and write `{name.text}({written})`.",
    )


def not_a_type(name: syntax.Name, what: str) -> Diagnostic:
    """A name of another kind where a type is required."""
    return Diagnostic(
        code="EZ1016",
        message=f"`{name.text}` is {what}, not a type",
        span=name.span,
        label="not a type",
        help="A type is `bool`, `int8` to `int64`, `uint8` to `uint64`, or a struct's name.",
    )


def parties_as_value(span: Span) -> Diagnostic:
    """`parties` outside of a loop over the parties or `len`."""
    return Diagnostic(
        code="EZ1017",
        message="`parties` is not a value",
        span=span,
        label="not a value",
        help="Write `for p in parties { … }` to go through the parties, or `len(parties)`.",
    )


# Cycles of calls, structs and constants


def calls_main(span: Span) -> Diagnostic:
    """A call of `main`."""
    return Diagnostic(
        code="EZ1033",
        message="`main` cannot be called: a run starts with it",
        span=span,
        label="called here",
        help="Move the code that both need into a function, and call that.",
    )


def recursion(span: Span, names: list[str], first: Span) -> Diagnostic:
    """Functions that call one another in a cycle."""
    return Diagnostic(
        code="EZ1034",
        message=f"Functions may not be recursive: {' → '.join(names)}",
        span=span,
        label="this call closes the cycle",
        notes=(Note(message=f"`{names[0]}` begins here", span=first),),
        help="Write a loop: everyone knows how long a secret computation runs, so its length must "
        "be known beforehand.",
    )


def struct_cycle(names: list[syntax.Name]) -> Diagnostic:
    """Structs that contain one another."""
    circle = " → ".join(n.text for n in names)
    return Diagnostic(
        code="EZ1035",
        message=f"The struct `{names[0].text}` contains itself: {circle}",
        span=names[0].span,
        label="would be infinite",
        help="Keep the items in an array and refer to one by its index.",
    )


def const_cycle(name: syntax.Name) -> Diagnostic:
    """A constant, param or size that depends on itself."""
    return Diagnostic(
        code="EZ1036",
        message=f"The value of `{name.text}` depends on itself",
        span=name.span,
        label="depends on itself",
        help="Give one of the constants in the cycle a value that does not depend on the others.",
    )


def nests_too_deep(name: syntax.Name, limit: int) -> Diagnostic:
    """A chain of calls, constants or structs that is too long."""
    return Diagnostic(
        code="EZ1037",
        message=f"`{name.text}` is reached through a chain of more than {limit} others",
        span=name.span,
        label="too deep",
        help="Replace the chain by a loop, or by fewer and larger steps.",
    )
