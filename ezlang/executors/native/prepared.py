"""Prepared programs, kept in the cache: a program that is run again isn't prepared again.

What is kept are pickles. Like the compiled code next to them in the cache, they can do anything to
the process that reads them, so the cache's folder is as private as the code of this package.
"""

from __future__ import annotations

import gc
import os
import pickle
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from ezlang.cache import code_identity, read_cached, write_cached
from ezlang.diagnostics.diagnostic import PassSkipped
from ezlang.progress import doing
from ezlang.recursion import deep_recursion
from ezlang.types.sharing import DEFAULT_MEMORY, DEFAULT_PROTOCOL

if TYPE_CHECKING:
    from ezlang.compiler.cost.predict import Forecast
    from ezlang.compiler.cost.profiles import Profile
    from ezlang.typed import tree as typed

    from .executable import Executable

_YOUNG: Final = 50_000
"""The number of new objects after which garbage is looked for, a few megabytes; Python's is 700."""


def prepared(
    program: typed.Program,
    protocol: str = DEFAULT_PROTOCOL,
    profile: Profile | None = None,
    memory: int = DEFAULT_MEMORY,
    foresee: Callable[[Forecast], object] | None = None,
) -> Executable:
    """Return `executable_of` of the same arguments, from the cache if it is there.

    Nothing is foreseen if it comes from the cache.
    """
    executable: Executable = unpacked(packed(program, protocol, profile, memory, foresee))
    return executable


def packed(
    program: typed.Program,
    protocol: str = DEFAULT_PROTOCOL,
    profile: Profile | None = None,
    memory: int = DEFAULT_MEMORY,
    foresee: Callable[[Forecast], object] | None = None,
) -> bytes:
    """Return the same, as bytes for `unpacked`. The compiler is imported only to make them."""

    def make() -> Executable:
        from ezlang.compiler.cost.profiles import LAN

        from .executable import executable_of

        return executable_of(program, protocol, profile or LAN, memory, foresee)

    return remembered(("executable", protocol, profile, memory), program, make)


def unpacked(content: bytes) -> Any:
    """Return the object in the bytes that `packed` or `remembered` returned."""
    with deep_recursion():
        return pickle.loads(content)


def remembered(
    arguments: tuple[object, ...], program: typed.Program, make: Callable[[], object]
) -> bytes:
    """Return what `make` makes of a program and other arguments, as bytes for `unpacked`.

    It comes from the cache if it is there. The representations of the arguments must determine the
    result together with the program. Nothing is kept if a pass was skipped, so that every run warns
    of it, nor where EZLANG_VERIFY asks for a verification of all passes.
    """
    if os.environ.get("EZLANG_VERIFY") or not program.sources:
        return _pickled(make())
    name = f"prepared-{_key(arguments, program)}.pickle"
    found = read_cached(name)
    if found is not None:
        return found
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", PassSkipped)
        with doing(f"Compiling {program.main.span.source.name}"), _few_collections():
            made = make()
    for one in said:
        warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    content = _pickled(made)
    if not any(issubclass(one.category, PassSkipped) for one in said):
        write_cached(name, content)
    return content


@contextmanager
def _few_collections() -> Iterator[None]:
    """Search for garbage less often: passes make many small objects, of which few form cycles."""
    before = gc.get_threshold()
    gc.set_threshold(_YOUNG, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _pickled(made: object) -> bytes:
    with deep_recursion():
        return pickle.dumps(made, pickle.HIGHEST_PROTOCOL)


def _key(arguments: tuple[object, ...], program: typed.Program) -> str:
    """Return a digest of everything that determines a result: also the code that computes it."""
    files = [(source.name, source.text) for source in program.sources]
    parts = (code_identity(), arguments, program.params, files)
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()
