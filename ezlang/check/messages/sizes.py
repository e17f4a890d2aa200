"""Errors about sizes, shapes, indices and constants (EZ2, from EZ2030), one constructor each."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from ezlang.diagnostics.diagnostic import Diagnostic, Note
from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.types.types import LARGEST_FRACTION, RING, ArrayType, ScalarType, Type, padded, shape_of

from .wording import a, plural, sentence, short

Notes = tuple[Note, ...]


def shape_mismatch(span: Span, found: Type, wanted: Type, notes: Notes) -> Diagnostic:
    """An array of another shape than its context asks for."""
    return Diagnostic(
        code="EZ2030",
        message=f"This has the type `{found}`, where `{wanted}` is needed",
        span=span,
        label="wrong shape",
        notes=notes,
        help="Take a part of the array with a slice, `a[lo..hi]`, or declare both with the same "
        "size; only a single value is repeated here. In operators, dimensions of size 1 are, too.",
    )


def shapes_differ(
    left: Span, left_type: Type, right: Span, right_type: Type, operator: str
) -> Diagnostic:
    """Two operands of different shapes."""
    return Diagnostic(
        code="EZ2031",
        message=f"The shapes in {_named(operator)} differ: `{left_type}` and `{right_type}`",
        span=left.to(right),
        label=_difference(shape_of(left_type), shape_of(right_type)),
        notes=(
            Note(message=f"This is `{left_type}`", span=left),
            Note(message=f"This is `{right_type}`", span=right),
        ),
        help="The elements of an array have one shape."
        if operator.startswith("an ")
        else "Operators work element by element. Beginning with the last dimension, both sizes are "
        "equal, or one of them is 1 or missing, and is repeated.",
    )


def _difference(left: tuple[int, ...], right: tuple[int, ...]) -> str:
    """Return the last dimension in which two shapes don't fit, and its sizes."""
    rank = max(len(left), len(right))
    pairs = list(zip(padded(left, rank), padded(right, rank), strict=True))
    apart = [n for n, (x, y) in enumerate(reversed(pairs)) if x != y and 1 not in (x, y)]
    if not apart:
        return ""
    nth = ("", "second ", "third ")[apart[0]] if apart[0] < 3 else f"{apart[0] + 1}th "
    return "the {}last dimensions are {} and {}".format(nth, *pairs[-1 - apart[0]])


def _named(operator: str) -> str:
    return operator if operator.startswith("an ") else f"`{operator}`"


def literal_shape(
    span: Span, what: str, shape: tuple[int, ...], wanted: Type, notes: Notes
) -> Diagnostic:
    """An array literal of another shape than its context asks for."""
    has = " × ".join(map(str, shape)) if shape else "no"
    return Diagnostic(
        code="EZ2032",
        message=f"{sentence(what)} has {has} element{'' if shape == (1,) else 's'}, "
        f"where `{wanted}` is needed",
        span=span,
        label="wrong shape",
        notes=notes,
        help="Write as many elements as the type has, or change the sizes of the type.",
    )


def index_out_of_range(span: Span, index: int, extent: int, type: Type) -> Diagnostic:
    """A constant index past the end."""
    last = f"0 to {extent - 1}" if extent else "none, as it is empty"
    return Diagnostic(
        code="EZ2033",
        message=f"The index {short(index)} is out of range: this dimension of `{type}` has "
        f"{plural(extent, 'item')}",
        span=span,
        label=f"indices are {last}",
        help="Count from 0, or make the array longer.",
    )


def reshape_count(span: Span, own: tuple[int, ...], shape: tuple[int, ...]) -> Diagnostic:
    """A `reshape` to a shape of another number of elements."""
    return Diagnostic(
        code="EZ2044",
        message=f"{sentence(_shape(own))} has {plural(prod(own), 'element')}, "
        f"where {_shape(shape)} has {short(prod(shape))}",
        span=span,
        label="another number of elements",
        help="`reshape` keeps all elements in their order, so the product of the sizes stays the "
        "same.",
    )


def _shape(shape: tuple[int, ...]) -> str:
    """Return a shape as types write it."""
    return f"`{''.join(f'[{n}]' for n in shape)}`" if shape else "a single value"


def shape_as_value(span: Span, name: str) -> Diagnostic:
    """A shape parameter without its dots."""
    return Diagnostic(
        code="EZ2045",
        message=f"`{name}` stands for any number of sizes, and has no value",
        span=span,
        label="a shape",
        help=f"Write `{name}...` in a list of sizes, as in `int32[{name}...]` or "
        f"`reshape(x, {name}...)`; `elements(x)` is the number of elements.",
    )


def no_shape(span: Span, name: str) -> Diagnostic:
    """Dots after a name that isn't a shape parameter's."""
    return Diagnostic(
        code="EZ2045",
        message=f"`{name}` is not a shape parameter",
        span=span,
        label="has no list of sizes",
        help=f"Declare it at the head of the function, as in `fn f<{name}...>(…)`; a single size "
        "has no dots.",
    )


def misplaced_spread(span: Span, name: str) -> Diagnostic:
    """A list of sizes where one value is needed."""
    return Diagnostic(
        code="EZ2045",
        message=f"`{name}...` is a list of sizes, which has no place here",
        span=span,
        label="a list of sizes",
        help=f"It may stand in types, as in `int32[{name}...]`, in `reshape(x, {name}...)` and "
        f"`elements({name}...)`, and for a shape parameter in `f::<{name}...>(…)`.",
    )


def slice_out_of_range(span: Span, low: int, high: int, type: Type) -> Diagnostic:
    """Constant bounds of a slice that are out of order or past the end."""
    return Diagnostic(
        code="EZ2034",
        message=f"The slice {short(low)}..{short(high)} does not lie in `{type}`",
        span=span,
        label="out of range",
        help=(
            "`0 <= lo <= hi <= len(a)` must hold in `a[lo..hi]`; the element at `hi` is not "
            "included."
        ),
    )


def slice_length(span: Span, length: int, type: Type) -> Diagnostic:
    """A slice longer than its array, or of negative length."""
    return Diagnostic(
        code="EZ2034",
        message=f"This slice has the length {length}, which does not fit `{type}`",
        span=span,
        label="out of range",
        help="`0 <= lo <= hi <= len(a)` must hold in `a[lo..hi]`.",
    )


def slice_step(span: Span) -> Diagnostic:
    """A slice with the step 0."""
    return Diagnostic(
        code="EZ2034",
        message="The step of a slice cannot be 0",
        span=span,
        label="never ends",
        help="`a[lo..hi : 2]` has every second item, and `a[lo..hi : -1]` all items from the last "
        "to the first.",
    )


def slice_length_unknown(span: Span) -> Diagnostic:
    """A slice whose length isn't constant."""
    return Diagnostic(
        code="EZ2035",
        message="The length of this slice is not known before the program runs",
        span=span,
        label="how long?",
        help="Use bounds that are constants or differ by a constant, as in `a[i..i + 4]`; to "
        "process a range that is found at run time, write a loop.",
    )


def divides_by_zero(span: Span, operator: str) -> Diagnostic:
    """A constant divisor that is zero."""
    what = "division" if operator == "/" else "remainder"
    return Diagnostic(
        code="EZ2036",
        message=f"This is a {what} by zero",
        span=span,
        label="is zero",
        help="Use another divisor.",
    )


def shifts_too_far(span: Span, amount: int, type: ScalarType) -> Diagnostic:
    """A constant shift amount that is at least the width, or negative."""
    return Diagnostic(
        code="EZ2037",
        message=f"{sentence(a(type))} cannot be shifted by {short(amount)}: "
        f"it has {type.width} bits",
        span=span,
        label=f"0 to {type.width - 1}",
        help=f"Shift by less than {type.width}, or cast the left side to a wider type first.",
    )


def exact_shift(span: Span, amount: int) -> Diagnostic:
    """A shift of an exact number by a negative or very large amount."""
    return Diagnostic(
        code="EZ2037",
        message=f"A number cannot be shifted by {short(amount)}",
        span=span,
        label="negative" if amount < 0 else "too far",
        help="Shift by 0 or more, and by less than the width of the type.",
    )


def size_not_constant(span: Span) -> Diagnostic:
    """A size that is computed at run time."""
    return Diagnostic(
        code="EZ2038",
        message="This size is not known before the program runs",
        span=span,
        label="not a constant",
        help="Sizes are made of numbers, `const`, `param`, size parameters and `len(…)`: make the "
        "array as large as it may become, and keep the number of used elements in a variable.",
    )


def size_is_no_integer(span: Span, type: Type | None) -> Diagnostic:
    """A bool or a fraction as a size."""
    found = "a fraction" if type is None else a(type)
    return Diagnostic(
        code="EZ2038",
        message=f"A size is an integer, not {found}",
        span=span,
        label=found,
        help="Write the number of items.",
    )


def wrong_bits(span: Span, bits: Sequence[int]) -> Diagnostic:
    """Impossible bits of a fixed-point type."""
    shown = ", ".join(map(str, bits))
    return Diagnostic(
        code="EZ2043",
        message=f"There is no type `fixed<{shown}>`",
        span=span,
        help=(
            f"`fixed<f>` has f bits after the binary point, from 1 to {LARGEST_FRACTION}; "
            f"`fixed<i, f>` has i bits before it, at least 1, and i + f is at most {RING}."
        ),
    )


def negative_size(span: Span, size: int) -> Diagnostic:
    """A size below zero."""
    return Diagnostic(
        code="EZ2039",
        message=f"A size cannot be negative, and this is {short(size)}",
        span=span,
        label="negative",
        help="A size is 0 or more.",
    )


def size_not_inferred(span: Span, function: str, size: str) -> Diagnostic:
    """A size parameter that the arguments do not determine."""
    return Diagnostic(
        code="EZ2040",
        message=f"The size `{size}` of `{function}` cannot be inferred from these arguments",
        span=span,
        label=f"what is `{size}`?",
        help=f"Write the sizes, as in `{function}::<4>(…)`, or pass an array of the parameter's "
        "rank.",
    )


def array_too_large(span: Span, type: ArrayType) -> Diagnostic:
    """An array with more elements than a run could share."""
    return Diagnostic(
        code="EZ2041",
        message=f"An array of {short(type.size)} elements is too large",
        span=span,
        label="at most 268,435,456 elements",
        help="Check the sizes, and the params that they depend on.",
    )


def struct_too_large(name: syntax.Name, count: int) -> Diagnostic:
    """A struct with thousands of fields in all, including those of nested structs."""
    return Diagnostic(
        code="EZ2041",
        message=f"The struct `{name.text}` has {count} fields in all, which is too large",
        span=name.span,
        label="at most 4096 fields",
        help="Use arrays for repeated fields.",
    )


def exact_too_large(span: Span) -> Diagnostic:
    """A number that is far too large for any type."""
    return Diagnostic(
        code="EZ2042",
        message="The numbers that are computed here during checking become too large",
        span=span,
        label="too large",
        help=(
            "The largest type is `uint64`; to wrap at the width of a type, write a cast, as in "
            "`int64(x)`."
        ),
    )
