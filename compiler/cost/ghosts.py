"""Ghosts: arrays with a shape and a type but no data of their own.

Message lengths never depend on the values of shares, so any values serve to count the messages of a
protocol. A ghost is an array of zeros of which memory holds only one element. The functions that
protocols use most return a ghost without computing anything; NumPy runs all others on the zeros.
Protocols on millions of elements are therefore processed almost instantly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt


class Heap:
    """The memory that ghosts would take, in bytes: of those alive now, and the peak.

    Only ghosts created `within` it count.
    """

    def __init__(self) -> None:
        self.alive = 0
        self.most = 0

    def keep(self, size: int) -> _Kept:
        """Count `size` bytes for as long as the returned object is alive."""
        self.alive += size
        self.most = max(self.most, self.alive)
        return _Kept(self, size)

    @contextmanager
    def within(self) -> Iterator[None]:
        """Count the ghosts created in this context."""
        token = _HEAP.set(self)
        try:
            yield
        finally:
            _HEAP.reset(token)


class _Kept:
    """A token that a ghost and all its views keep alive."""

    def __init__(self, heap: Heap, size: int) -> None:
        self._heap = heap
        self._size = size

    def __del__(self) -> None:
        self._heap.alive -= self._size


_HEAP: ContextVar[Heap | None] = ContextVar("heap of ghosts", default=None)


_ZEROS = bytes(64)
"""The one element that all ghosts have; it can't be written to."""


def ghost(shape: int | Sequence[int], dtype: npt.DTypeLike = np.uint8) -> Any:
    """Return a ghost."""
    sizes = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
    # Equivalent to np.broadcast_to, whose checks would dominate the time to count a protocol.
    made = Ghost(sizes, dtype, buffer=_ZEROS, strides=(0,) * len(sizes))
    heap = _HEAP.get()
    if heap is not None:
        made.kept = heap.keep(made.nbytes)
    return made


class Ghost(np.ndarray[Any, Any]):
    """An array of zeros that takes no memory; writing to it does nothing."""

    kept: _Kept | None = None

    def __array_finalize__(self, made_from: Any) -> None:
        """Keep alive the token of the array of which this is a view."""
        self.kept = getattr(made_from, "kept", None)

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any
    ) -> Any:
        """Derive the shape and type of the result; compute only what isn't elementwise."""
        if out is not None and method == "__call__":
            return out[0] if len(out) == 1 else out
        if method == "__call__" and ufunc.nout == 1 and not options:
            if ufunc is np.matmul:
                rows, columns = inputs
                return ghost((*rows.shape[:-1], columns.shape[-1]), rows.dtype)
            if ufunc.signature is None:
                shape = np.broadcast_shapes(*(np.shape(one) for one in inputs))
                types = [_type(one) for one in inputs]
                *_, dtype = ufunc.resolve_dtypes((*types, None))
                return ghost(shape, dtype)
        plain = [_plain(one) for one in inputs]
        if out is not None:
            options["out"] = tuple(_plain(one) for one in out)
        return getattr(ufunc, method)(*plain, **options)

    def __array_function__(
        self, func: Callable[..., Any], types: Any, args: Any, kwargs: Any
    ) -> Any:
        """Derive the shape of the result; fall back to NumPy for other functions."""
        found = _SHAPES.get(func)
        result = found(*args, **kwargs) if found is not None else None
        if result is not None:
            return result
        return func(*_plain(args), **_plain(kwargs))

    def __setitem__(self, index: Any, value: Any) -> None:
        """Do nothing, unless the array isn't a ghost any more."""
        if self.flags.writeable:
            _plain(self)[index] = _plain(value)

    def view(self, dtype: Any = None, *arguments: Any) -> Any:  # type: ignore[override]
        """Return a ghost with elements of another size, as if the array were contiguous."""
        if (
            arguments
            or dtype is None
            or (isinstance(dtype, type) and issubclass(dtype, np.ndarray))
        ):
            return super().view(*(one for one in (dtype, *arguments) if one is not None))
        wanted = np.dtype(dtype)
        if not self.ndim:
            return ghost((), wanted)
        last = self.shape[-1] * self.itemsize // wanted.itemsize
        return ghost((*self.shape[:-1], last), wanted)

    def astype(self, dtype: Any, *arguments: Any, **options: Any) -> Any:
        """Return a ghost with elements of another type."""
        return ghost(self.shape, dtype)

    def copy(self, *arguments: Any, **options: Any) -> Any:
        """Return the array itself."""
        return ghost(self.shape, self.dtype)


def _type(value: Any) -> Any:
    """Return the argument of `resolve_dtypes` for an operand; Python numbers are weakly typed."""
    if type(value) in (int, float, bool):
        return np.dtype(np.bool_) if type(value) is bool else type(value)
    return np.asarray(value).dtype if not isinstance(value, np.ndarray) else value.dtype


def _plain(value: Any) -> Any:
    """Return arguments without ghosts."""
    if isinstance(value, Ghost):
        return value.view(np.ndarray)
    if isinstance(value, tuple | list):
        return type(value)(_plain(one) for one in value)
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value


def _concatenate(arrays: Sequence[Any], axis: int = 0, **options: Any) -> Any:
    if options or not all(isinstance(one, np.ndarray) for one in arrays):
        return None
    shape = list(arrays[0].shape)
    shape[axis] = sum(one.shape[axis] for one in arrays)
    return ghost(shape, np.result_type(*(one.dtype for one in arrays)))


def _stack(arrays: Sequence[Any], axis: int = 0, **options: Any) -> Any:
    if options or axis != 0:
        return None
    return ghost((len(arrays), *arrays[0].shape), np.result_type(*(one.dtype for one in arrays)))


def _like(a: Any, dtype: Any = None, **options: Any) -> Any:
    return None if options else ghost(a.shape, a.dtype if dtype is None else dtype)


def _where(condition: Any, *sides: Any) -> Any:
    if len(sides) != 2:
        return None
    shape = np.broadcast_shapes(*(np.shape(one) for one in (condition, *sides)))
    return ghost(shape, np.result_type(*(_type(one) for one in sides)))


def _ravel(a: Any, *arguments: Any, **options: Any) -> Any:
    return ghost(prod(a.shape), a.dtype)


_SHAPES: dict[Callable[..., Any], Callable[..., Any]] = {
    np.concatenate: _concatenate,
    np.stack: _stack,
    np.zeros_like: _like,
    np.empty_like: _like,
    np.where: _where,
    np.ravel: _ravel,
}
