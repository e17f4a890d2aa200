"""The checker: syntax tree to typed tree, with every error of a file at once.

`check` reads a file and its imports, gives every name, type and label its meaning, and
returns the typed program or all diagnostics. What a program means is docs/language.md.

How it goes, with the modules that do it:

1. `modules` parses files and puts what they declare into tables (`items`).
2. `program` computes constants and structs, then checks `main`, and with each call (`calls`)
   the function called: `instances` makes one instance for each combination of sizes, labels of
   the arguments and label of the program counter.
3. A body is checked by `statements`, `loops`, `assignments` and `places`, its expressions by
   `expressions` and the modules that it names. `values` says what an expression is before its
   context gave it a type, `coerce` gives it that.
4. `flow` and `flows` hold the labels to the rules; `provenance` remembers how secrecy spread.
"""

from __future__ import annotations

from collections.abc import Mapping

from ezlang.source import Source

from .modules import LoadModule, find_module
from .program import CheckResult, check_program

__all__ = ["CheckResult", "LoadModule", "check", "find_module"]


def check(
    source: Source,
    *,
    settings: Mapping[str, int | bool] | None = None,
    load_module: LoadModule = find_module,
) -> CheckResult:
    """Check a file and all that it imports.

    `settings` are the values of params set at launch; `load_module` finds the source of an
    import. Never raises for what is wrong with a program.
    """
    return check_program(source, settings or {}, load_module)
