"""Words of other languages, and what to write for them in Ez.

This is the only table of such words: the parser asks it where a word doesn't fit, and the checker
where a variable, a function, a type, a field or a method has no other meaning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from ezlang.files import PACKAGE

_INT = (
    "Write `int32`, or another of int8, int16, int32, int64 and uint8, uint16, uint32 and uint64."
)
_FUNCTION = "A function begins with `fn`: fn name(int32 x) -> int32 { … }."
_ELSE_IF = "Write `else if`."
_VARIABLE = (
    "A declaration begins with a type (int32 x = 1;) or, if the value never changes, with `let`."
)
_FRACTION = "There are no floating-point numbers: `fixed` has 16 bits after the binary point."
_CHOICE = "Write `if c { … } else if d { … } else { … }`."
_LENGTH = "Write `len(x)`; `elements(x)` counts the elements of all dimensions."
_OUTPUT = 'Write `output(all, value, "name");`.'
_INPUT = 'Write `input(alice, "name")`.'
_CAST = "A cast is written like a call, with the name of a type: int64(x)."
_RANGE = "Write `for i in 0..n { … }`."
_IMPORT = "Write `import name;`, and name.function(…) for what the module has."
_NOTHING = "Every value is there from the start: use a number of your own, or a second bool."
_ARRAY = "An array has a fixed length and starts with zeros: int32[10] x;."
_FIXED_LENGTH = "An array has a fixed length: declare it as long as needed, and write x[i] = …;."
RESULTS = "A function returns one value: declare a `struct` for several."
"""What to write for several results."""

_LOOP_INDEX = "Write `for i in 0..len(x) { … }`, and x[i] for the element."
_RANDOM = "Write `random()` for a secret that nobody knows, `random_below(n)` for one below n."
_STOP = 'Write `assert(condition, "what must hold");`: a condition that fails ends the run.'
_SECRET = "Write `secret`, or `@alice` for a value that only alice may know."
_PUBLIC = "Every item of a file can be used by those that import it: leave the word out."
_BOOLS = "Write `any` or `every` of the module `search`, or `&&` and `||` between two bools."
_CONTAINS = "Write `search.contains(x, value)`, after `import search;`."
_POWER = "Write x * x; `functions.pow` takes a fixed-point number to a public power."
_STRING = 'Strings are only names of inputs and outputs: output(all, value, "name");.'

_WIDTHS = (8, 16, 32, 64)
_OWNER = (
    "Write a label before the type: `public`, `secret`, or `@alice` for a value of alice's. The "
    "compiler chooses the sharing."
)

FOREIGN: Mapping[str, str] = MappingProxyType(
    {
        "and": "Write `&&`.",
        "or": "Write `||`.",
        "not": "Write `!`.",
        "xor": "Write `^`, or `!=` between two bools.",
        "mod": "Write `%`.",
        "div": "Write `/`.",
        "is": "Write `==`.",
        "True": "Write `true`.",
        "False": "Write `false`.",
        "TRUE": "Write `true`.",
        "FALSE": "Write `false`.",
        **dict.fromkeys(("None", "null", "nil", "NULL", "nullptr", "undefined"), _NOTHING),
        **dict.fromkeys(("elif", "elsif", "elseif"), _ELSE_IF),
        "then": "A condition is followed by a block in braces: if c { … }.",
        "begin": "Blocks are enclosed in braces: { … }.",
        "end": "Blocks are enclosed in braces: { … }.",
        **dict.fromkeys(("def", "func", "function", "fun", "proc", "sub"), _FUNCTION),
        **dict.fromkeys(("pub", "export", "extern", "static", "inline"), _PUBLIC),
        "void": "A function without a result has no `->`: fn name(int32 x) { … }.",
        **dict.fromkeys(("var", "auto", "mut", "val", "local", "final", "global"), _VARIABLE),
        **dict.fromkeys(("int", "uint", "long", "short", "unsigned", "signed"), _INT),
        **dict.fromkeys(("char", "byte", "usize", "isize", "size_t", "integer"), _INT),
        **{f"{sign}{width}": _INT for sign in "iu" for width in (*_WIDTHS, 128)},
        **{f"{sign}int{width}_t": _INT for sign in ("", "u") for width in _WIDTHS},
        **{f"{sign}{width}": _INT for sign in ("Int", "UInt", "Uint") for width in _WIDTHS},
        **{
            f"{sign}{width}_{owner}": _OWNER
            for sign in ("int", "uint")
            for width in _WIDTHS
            for owner in ("al", "bl", "pl")
        },
        **dict.fromkeys(("sint", "sfix", "sfloat", "SecInt", "SecFxp"), _OWNER),
        **dict.fromkeys(("boolean", "Bool", "sbool"), "The type is called `bool`."),
        **dict.fromkeys(("float", "double", "real", "f32", "f64", "float32", "float64"), _FRACTION),
        **dict.fromkeys(("sfixed", "cfix", "decimal", "fixed32", "fixed64"), _FRACTION),
        **dict.fromkeys(("string", "str", "String", "repr", "format"), _STRING),
        **dict.fromkeys(("list", "vector", "Vec", "vec", "array", "tuple", "dict", "set"), _ARRAY),
        **dict.fromkeys(("zeros", "ones", "empty", "full", "new", "malloc", "resize"), _ARRAY),
        **dict.fromkeys(("append", "push", "push_back", "pop", "insert", "extend"), _FIXED_LENGTH),
        **dict.fromkeys(("remove", "delete", "free"), _FIXED_LENGTH),
        "do": "Write `while c { … }`, and put the first execution of the body before it.",
        "foreach": "Write `for x in xs { … }`.",
        "until": "Write `while !c { … }`.",
        "loop": "Write `while true { … }`.",
        "repeat": _RANGE,
        **dict.fromkeys(("range", "xrange", "arange"), _RANGE),
        **dict.fromkeys(("enumerate", "zip"), _LOOP_INDEX),
        **dict.fromkeys(("map", "filter", "reduce", "fold"), "Write a loop over the array."),
        **dict.fromkeys(("switch", "match", "case"), _CHOICE),
        "pass": "An empty block is { }.",
        "lambda": "Functions are not values: declare one with `fn` at the top of the file.",
        **dict.fromkeys(
            ("class", "record", "typedef", "type"), "Write `struct Name { int32 f; }`."
        ),
        **dict.fromkeys(("self", "this"), "A function gets all values as parameters."),
        "enum": "Declare a constant for each case: const red = 0;",
        **dict.fromkeys(("include", "using", "use", "from", "require"), _IMPORT),
        "private": _SECRET,
        "as": _CAST,
        **dict.fromkeys(("try", "except", "catch", "raise", "throw", "exit", "panic"), _STOP),
        **dict.fromkeys(("print", "printf", "println", "cout", "puts", "echo"), _OUTPUT),
        **dict.fromkeys(("cin", "scanf", "read", "readline"), _INPUT),
        **dict.fromkeys(("open", "unseal", "decrypt"), "Write `reveal(x)`."),
        **dict.fromkeys(("length", "size", "shape", "Length", "len"), _LENGTH),
        **dict.fromkeys(("rand", "randint", "random_bit", "randrange", "random_int"), _RANDOM),
        **dict.fromkeys(("all", "all_of", "any_of"), _BOOLS),
        **dict.fromkeys(("in", "includes"), _CONTAINS),
        "power": _POWER,
        "sqr": "Write x * x.",
        "prod": "Multiply in a loop.",
        "sort": "The library has it: write `import sort;` and sort.ascending(x).",
        **dict.fromkeys(("sorted", "qsort"), "Write `import sort;` and sort.ascending(x)."),
        **dict.fromkeys(("isqrt", "root"), "Write `import functions;` and functions.sqrt(x)."),
        **dict.fromkeys(("mux", "ifelse", "if_else", "where", "select"), "Write c ? a : b."),
        "bit_decompose": "Write `bits.to_bits(x)`, after `import bits;`.",
        "matrix": _ARRAY,
    }
)
"""For each word, a sentence that says what to write instead."""

FORMS: Mapping[tuple[str, ...], tuple[str, str]] = MappingProxyType(
    {
        ("==", "="): ("===", "Write `==`."),
        ("!=", "="): ("!==", "Write `!=`."),
        ("<", ">"): ("<>", "Write `!=`."),
        ("&&", "="): ("&&=", "Write x = x && y;."),
        ("||", "="): ("||=", "Write x = x || y;."),
        ("=", ">"): ("=>", "To compare, write `>=`; a function's result is written -> type."),
        ("*", "*"): ("**", _POWER),
        ("...",): ("...", "A range is written lo..hi, without hi: 0..4 is 0, 1, 2, 3."),
        ("..", "="): ("..=", "A range is written lo..hi, without hi: 0..4 is 0, 1, 2, 3."),
    }
)
"""For the tokens of each operator of other languages, how it is written, and what to write."""


_HEAD = re.compile(r"^fn (\w+)(?:<[^(]*>)?\((.*?)\)", re.MULTILINE | re.DOTALL)


@cache
def homes() -> Mapping[str, tuple[str, ...]]:
    """Return the modules of the library that have a function, by its name, and its parameters."""
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted((PACKAGE / "stdlib").glob("*.ez")):
        for name, parameters in _HEAD.findall(path.read_text(encoding="utf-8")):
            of_module = f"`import {path.stem};`, {path.stem}.{name}({parameters})"
            found[name] = (*found.get(name, ()), of_module)
    return MappingProxyType(found)


def advice(word: str) -> str | None:
    """Return what to write for a word that means nothing where it stands, or None."""
    found = homes().get(word)
    if found is None or word in FOREIGN:
        return FOREIGN.get(word)
    return f"The library has it: {', and '.join(found)}. See `ezlang doc {word}`."
