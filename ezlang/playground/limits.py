"""`python -m ezlang.playground.limits SECONDS MEGABYTES MODULE ARGUMENTS…`: runs a module, bounded.

It imports the module, waits for a line on standard input, and calls the module's `main`.

The system holds the limits: it ends a process that has used its CPU time, and refuses memory and
file sizes beyond theirs. macOS has no limit of memory, and Windows has none of these: there the
parent's clock alone ends a module.
"""

from __future__ import annotations

import sys
from importlib import import_module

_LARGEST_FILE = 64_000_000
"""Bytes that a file may have: an output, or the page of a trace."""


def bound(seconds: int, megabytes: int) -> None:
    """Limit the CPU time, the memory and the files of this process."""
    if sys.platform == "win32":
        return
    import resource

    limits = {
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: _LARGEST_FILE,
        resource.RLIMIT_CORE: 0,
    }
    if sys.platform != "darwin":  # where the system refuses to limit it
        limits[resource.RLIMIT_AS] = megabytes * 1_000_000
    for kind, most in limits.items():
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        # The hard limit stays: that of CPU time would kill without the signal that says why.
        resource.setrlimit(kind, (most, hard))


def main() -> None:
    """Limit this process and run the module in it; end if no line comes."""
    seconds, megabytes, module = sys.argv[1:4]
    del sys.argv[1:4]
    bound(int(seconds), int(megabytes))
    imported = import_module(module)
    if sys.stdin.readline():
        imported.main()


if __name__ == "__main__":
    main()
