"""Words of other languages, and what to write for them in Ez."""

from __future__ import annotations

from types import MappingProxyType

_INT = "The integer types are int8, int16, int32, int64 and uint8, uint16, uint32, uint64."
_FUNCTION = "A function begins with `fn`: fn name(int32 x) -> int32 { … }."
_ELSE_IF = "Write `else if`."
_VARIABLE = (
    "A declaration begins with a type (int32 x = 1;) or, if the value never changes, with `let`."
)
_FRACTION = "There are no floating-point numbers: `fixed` has 16 bits after the binary point."
_LEAVE = (
    "Let a condition guard the rest of the body, or move the loop into a function with `return`."
)
_CHOICE = "Write `if c { … } else if d { … } else { … }`."

FOREIGN = MappingProxyType(
    {
        "and": "Write `&&`.",
        "or": "Write `||`.",
        "not": "Write `!`.",
        "xor": "Write `^`, or `!=` between two bools.",
        "mod": "Write `%`.",
        "is": "Write `==`.",
        "elif": _ELSE_IF,
        "elsif": _ELSE_IF,
        "elseif": _ELSE_IF,
        "then": "A condition is followed by a block in braces: if c { … }.",
        "begin": "Blocks are enclosed in braces: { … }.",
        "end": "Blocks are enclosed in braces: { … }.",
        "def": _FUNCTION,
        "func": _FUNCTION,
        "function": _FUNCTION,
        "fun": _FUNCTION,
        "void": "A function without a result has no `->`: fn name(int32 x) { … }.",
        "var": _VARIABLE,
        "auto": _VARIABLE,
        "mut": _VARIABLE,
        "int": _INT,
        "uint": _INT,
        "long": _INT,
        "short": _INT,
        "unsigned": _INT,
        "signed": _INT,
        "char": _INT,
        "byte": _INT,
        "boolean": "The type is called `bool`.",
        "float": _FRACTION,
        "double": _FRACTION,
        "do": "Write `while c { … }`, and put the first execution of the body before it.",
        "foreach": "Write `for x in xs { … }`.",
        "until": "Write `while !c { … }`.",
        "loop": "Write `while true { … }`.",
        "switch": _CHOICE,
        "match": _CHOICE,
        "case": _CHOICE,
        "break": _LEAVE,
        "continue": _LEAVE,
        "pass": "An empty block is { }.",
        "lambda": "Functions are not values: declare one with `fn` at the top of the file.",
        "class": "Write `struct Name { int32 field; }`.",
        "enum": "Declare a constant for each case: const red = 0;",
        "include": "Write `import name;`.",
        "using": "Write `import name;`.",
        "private": "Write `secret`, or `@alice` for a value that only alice may know.",
        "print": 'Write `output(all, value, "name");`.',
        "printf": 'Write `output(all, value, "name");`.',
        "cout": 'Write `output(all, value, "name");`.',
        "cin": 'Write `input(alice, "name")`.',
    }
)
"""For each word, a sentence that says what to write instead."""
