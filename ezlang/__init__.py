"""Ez: a small language for computing on data that no single party may see.

`load` and `loads` return programs that Python programs and notebooks run: `ezlang.programs`.
`__init__.pyi` tells type checkers what is here.
"""

from __future__ import annotations

__version__ = "0.1.0"

_HOMES = {
    "EzError": "ezlang.diagnostics.diagnostic",
    **dict.fromkeys(("Program", "Result", "load", "loads"), "ezlang.programs"),
    "load_ipython_extension": "ezlang.notebook",
}


def __getattr__(name: str) -> object:
    """Import what is public when it is first used: the command line needs none of it."""
    if name not in _HOMES:
        raise AttributeError(f"module 'ezlang' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
