"""The checker: from syntax tree to typed tree, reporting all errors of a file at once.

`check` reads a file and its imports, resolves every name, type and label, and returns the typed
program or all diagnostics. docs/language.md defines the meaning of programs.

The steps, with the modules that implement them:

1. `modules` parses files and enters their declarations into tables (`items`).
2. `program` computes constants and structs. Then it checks `main` and, with each call (`calls`),
   the called function: `instances` makes one instance for each combination of sizes, labels of the
   arguments and label of the program counter.
3. A body is checked by `statements`, `loops`, `assignments` and `places`, its expressions by
   `expressions` and the modules that it dispatches to. `values` describes an expression before its
   context gives it a type, and `coerce` gives it that type.
4. `flow` and `flows` check the labels; `provenance` records how secrecy spread.
"""

from __future__ import annotations

from collections.abc import Mapping

from ezlang.source import Source
from ezlang.types.scalars import Setting

from .modules import LoadModule, find_module
from .program import CheckResult, check_program
from .watch import Watch

__all__ = ["CheckResult", "LoadModule", "Watch", "check", "find_module"]


def check(
    source: Source,
    *,
    settings: Mapping[str, Setting] | None = None,
    load_module: LoadModule = find_module,
    watch: Watch | None = None,
) -> CheckResult:
    """Check a file and everything that it imports.

    `settings` are the values of params that are set at launch; `load_module` finds the source of an
    import. `watch` is told the type and label of each expression. Never raises for an error in the
    program.
    """
    return check_program(source, settings or {}, load_module, watch)
