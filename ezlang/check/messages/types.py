"""Errors about types and values (EZ2, up to EZ2029), one constructor each."""

from __future__ import annotations

from ezlang.diagnostics.diagnostic import Diagnostic, Note
from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.syntax.foreign import advice as foreign_advice
from ezlang.types.types import (
    BOOL,
    SCALARS,
    FixedType,
    Number,
    ScalarType,
    Type,
    VoidType,
    element_of,
    is_integer,
    scalar_element,
)

from .wording import a, code, listed, plural, short

Notes = tuple[Note, ...]


def type_mismatch(span: Span, found: Type, wanted: Type, notes: Notes) -> Diagnostic:
    """A value of a type that does not convert implicitly to the required one."""
    if isinstance(found, VoidType):
        return no_value(span)
    return Diagnostic(
        code="EZ2001",
        message=f"This is `{found}`, where `{wanted}` is needed",
        span=span,
        label=f"`{found}`",
        notes=notes,
        help=_cast_help(span, found, wanted),
    )


def _cast_help(span: Span, found: Type, wanted: Type) -> str | None:
    """Return the cast to write, if there is one."""
    source, target = scalar_element(found), scalar_element(wanted)
    if source is None or target is None:
        return None
    if source.is_integer and target.is_integer:
        return (
            f"Not every `{source}` is {a(target)}. To keep the low {target.width} bits, "
            f"write the cast: `{target}({_inside(span)})`"
        )
    if source.is_number and target.is_number:
        return f"Write the cast, which rounds: `{target}({_inside(span)})`"
    if source.is_number and target.is_logical:
        return f"Compare it: `{_inside(span)} != 0`"
    if source.is_logical and target.is_number:
        return f"Write `{target}({_inside(span)})`, which is 1 for true and 0 for false."
    return None


def _inside(span: Span) -> str:
    return code(span).strip("`")


def operands_differ(
    left: Span, left_type: Type, right: Span, right_type: Type, operator: str
) -> Diagnostic:
    """Two operands neither of which widens to the type of the other."""
    where = operator if operator.startswith("an ") else f"`{operator}`"
    x, y = scalar_element(left_type), scalar_element(right_type)
    advice = None
    if x and y and x.is_integer and y.is_integer:
        width = min(64, 2 * max(x.width, y.width))
        advice = (
            "Neither type holds all values of the other. Cast one or both, for instance to "
            f"`int{width}`: `int{width}({_inside(left)})`"
        )
    elif x and y and x.is_number and y.is_number:
        fixed = x if x.is_fixed else y
        other = right if fixed is x else left
        advice = f"Cast one of them: `{fixed}({_inside(other)})`"
    elif (x == BOOL) != (y == BOOL):
        advice = "Cast the `bool` to an integer, as in `int32(b)`, or compare with `!= 0`."
    return Diagnostic(
        code="EZ2002",
        message=f"The types in {where} are incompatible: `{left_type}` and `{right_type}`",
        span=left.to(right),
        notes=(
            Note(message=f"This is `{left_type}`", span=left),
            Note(message=f"This is `{right_type}`", span=right),
        ),
        help=advice,
    )


def operator_type(place: Span, operator: str, type: Type, operand: Span) -> Diagnostic:
    """An operator on a type that it does not support."""
    element = element_of(type)
    advice = None
    if element == BOOL:
        logical = {"+": "`||` or `^`", "*": "`&&`", "-": "`^` or `!`", "~": "`!`"}
        meant = logical.get(operator)
        advice = f"On `bool`, write {meant}." if meant else "Cast to an integer: `int32(…)`"
    elif operator == "raw":
        advice = "`raw` takes a fixed-point number."
    elif isinstance(element, FixedType):
        advice = "Fixed-point numbers have no bit operators: multiply by a power of two, or use "
        advice += "`raw` and `from_raw`."
    elif is_integer(element):
        advice = "On integers, write a comparison, as in `x != 0`."
        if operator == "abs":
            advice = "`abs` is for signed types; an unsigned value is its own absolute value."
        elif operator == "!":
            advice = "To flip all bits, write `~`; to compare with zero, `x == 0`."
    return Diagnostic(
        code="EZ2003",
        message=f"`{operator}` does not support `{type}`",
        span=operand,
        label=f"`{type}`",
        notes=(Note(message=f"`{operator}` is here", span=place),) if place != operand else (),
        help=advice,
    )


def literal_out_of_range(span: Span, value: Number, type: ScalarType, notes: Notes) -> Diagnostic:
    """A number that does not fit the type that its context asks for."""
    alike = sorted(SCALARS.values(), key=lambda other: other.signed != type.signed)
    fitting = [other for other in alike if other.contains(value)]
    advice = (
        f"`{fitting[0]}` can hold it."
        if fitting
        else "No type can hold it: numbers have at most 64 bits."
    )
    return Diagnostic(
        code="EZ2004",
        message=f"{short(value) if isinstance(value, int) else code(span)} does not fit `{type}`",
        span=span,
        label=type.values,
        notes=notes,
        help=advice,
    )


def fraction_where_other(span: Span, wanted: Type) -> Diagnostic:
    """A number with a point where an integer, a bool or a struct is required."""
    advice = None
    if is_integer(element_of(wanted)):
        advice = "Write an integer, or declare the value `fixed` to keep fractions."
    return Diagnostic(
        code="EZ2005",
        message=f"This is a fraction, where `{wanted}` is needed",
        span=span,
        label="a fraction",
        help=advice,
    )


def number_where_other(span: Span, value: int, wanted: Type, notes: Notes) -> Diagnostic:
    """A number where a bool or a struct is required."""
    advice = None
    if element_of(wanted) == BOOL:
        meant = {0: "`false`", 1: "`true`"}.get(value, "a comparison, as in `x != 0`")
        advice = f"Write {meant}; to calculate with a bool, cast it: int32(…)."
    return Diagnostic(
        code="EZ2005",
        message=f"This is a number, where `{wanted}` is needed",
        span=span,
        label="a number",
        notes=notes,
        help=advice,
    )


def no_type(span: Span, what: str) -> Diagnostic:
    """A value that takes its type from the context, where the context has none."""
    return Diagnostic(
        code="EZ2006",
        message=f"The type of {what} is not known here",
        span=span,
        label="which type?",
        help="Declare a variable with a type for it, or write the type as a cast: `int32(…)`",
    )


def no_value(span: Span) -> Diagnostic:
    """A call of a function without a result, used as a value."""
    return Diagnostic(
        code="EZ2007",
        message="This function returns nothing, so there is no value here",
        span=span,
        label="no value",
        help="Call it as a statement of its own.",
    )


def no_result(span: Span, name: str, declared: Span) -> Diagnostic:
    """A call of a named function without a result, used as a value."""
    return Diagnostic(
        code="EZ2007",
        message=f"`{name}` returns nothing, so there is no value here",
        span=span,
        label="no value",
        notes=(Note(message=f"`{name}` is declared without `-> type` here", span=declared),),
        help="Call it as a statement of its own, or give it a result.",
    )


def argument_count(
    span: Span, name: str, wanted: int, found: int, declared: Span | None
) -> Diagnostic:
    """A call with too few or too many arguments."""
    notes = () if declared is None else (Note(message=f"`{name}` is declared here", span=declared),)
    return Diagnostic(
        code="EZ2008",
        message=f"`{name}` takes {plural(wanted, 'argument')}, but gets {found}",
        span=span,
        label=f"{found} given",
        notes=notes,
        help=_count_help(name, wanted, found),
    )


def _count_help(name: str, wanted: int, found: int) -> str | None:
    if name in ("min", "max"):
        if found == 1:
            kind = "smallest" if name == "min" else "largest"
            return f"For the {kind} element of an array, `import search;` and search.{kind}(x)."
        return f"Write it of two at a time: {name}(a, {name}(b, c))."
    return None if wanted or not found else f"Write `{name}()`."


def size_count(span: Span, name: str, wanted: int, found: int) -> Diagnostic:
    """A call with too few or too many sizes."""
    return Diagnostic(
        code="EZ2008",
        message=f"`{name}` has {plural(wanted, 'size parameter')}, but gets {found}",
        span=span,
        label=f"{found} given",
        help="Leave out the sizes: they are inferred from the arguments where possible.",
    )


def cast_operand(span: Span, to: Type, found: Type) -> Diagnostic:
    """A cast of a value that is neither a bool nor an integer."""
    return Diagnostic(
        code="EZ2009",
        message=f"`{found}` cannot be cast to `{to}`",
        span=span,
        label=f"`{found}`",
        help="Casts are for `bool`, integers and arrays of them; cast a struct field by field.",
    )


def len_operand(span: Span, found: Type) -> Diagnostic:
    """`len` of a value that is not an array."""
    return Diagnostic(
        code="EZ2010",
        message=f"`len` is for arrays, but this is `{found}`",
        span=span,
        label=f"`{found}`",
        help="`len(a)` is the size of the first dimension; `len(a[0])` that of the second.",
    )


def sum_operand(span: Span, found: Type) -> Diagnostic:
    """`sum` of a value that is not an array of integers."""
    advice = "It adds the integers of an array."
    if element_of(found) == BOOL:
        advice = "To count the true elements, cast first: `sum(int32(a))`"
    return Diagnostic(
        code="EZ2010",
        message=f"`sum` is for arrays of integers, but this is `{found}`",
        span=span,
        label=f"`{found}`",
        help=advice,
    )


def index_type(span: Span, found: Type) -> Diagnostic:
    """An index or slice bound that is not an integer."""
    return Diagnostic(
        code="EZ2011",
        message=f"An index is an integer, but this is `{found}`",
        span=span,
        label=f"`{found}`",
        help="Index with an integer, counting from 0.",
    )


def not_indexed(span: Span, found: Type, count: int) -> Diagnostic:
    """An index into a value that does not have this dimension."""
    return Diagnostic(
        code="EZ2012",
        message=f"`{found}` cannot be indexed{' so many times' if count > 1 else ''}",
        span=span,
        label=f"{plural(count, 'index').replace('indexs', 'indices')} into `{found}`",
        help="Only arrays have elements, and they take one index for each dimension.",
    )


def not_sliced(span: Span, found: Type) -> Diagnostic:
    """A slice of a value that is not an array."""
    return Diagnostic(
        code="EZ2012",
        message=f"`{found}` cannot be sliced",
        span=span,
        label="not an array",
        help="Only arrays can be sliced.",
    )


def not_iterable(span: Span, found: Type) -> Diagnostic:
    """A loop over a value that is not an array."""
    advice = "Write a range: `for i in 0..n { … }`" if is_integer(found) else None
    return Diagnostic(
        code="EZ2012",
        message=f"`{found}` has no items to loop over",
        span=span,
        label="not an array",
        help=advice,
    )


def no_fields(name: syntax.Name, found: Type) -> Diagnostic:
    """A field of a value that is not a struct."""
    array = element_of(found) != found
    help = f"Take an element first: `a[i].{name.text}`" if array else None
    return Diagnostic(
        code="EZ2013",
        message=f"`{found}` has no field `{name.text}`: it is not a struct",
        span=name.span,
        label="no fields here",
        help=foreign_advice(name.text) or help,
    )


def missing_fields(span: Span, struct: str, missing: list[str]) -> Diagnostic:
    """A struct literal without all fields."""
    return Diagnostic(
        code="EZ2014",
        message=f"This `{struct}` leaves out {listed(missing)}",
        span=span,
        label="not all fields",
        help=f"Give every field a value: `{struct} {{ {missing[0]}: …, … }}`",
    )


def no_axis(span: Span, axis: int, found: Type) -> Diagnostic:
    """A sum along a dimension that an array doesn't have."""
    return Diagnostic(
        code="EZ2010",
        message=f"`{found}` has no dimension {axis}",
        span=span,
        label="out of range",
        help="Dimensions are counted from 0: `sum(a, 0)` adds the rows of a matrix, and "
        "`sum(a, 1)` the numbers in each row.",
    )
