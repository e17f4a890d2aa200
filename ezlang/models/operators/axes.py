"""Texts for moves along axes, by the library's `moves`."""

from __future__ import annotations

from collections.abc import Sequence

from .layer import shaped

Shape = tuple[int, ...]


def sizes(shape: Sequence[int]) -> str:
    """Return a list of sizes as it is written in Ez."""
    return f"[{', '.join(map(str, shape))}]"


def along(
    x: str,
    shape: Shape,
    axis: int,
    name: str,
    numbers: Sequence[int],
    size: int,
    more: str = "",
    *,
    module: str = "moves",
) -> tuple[str, Shape]:
    """Return the text for a function along an axis, which then has `size` items, and its shape.

    `name`: the function; `numbers` and `more` are its sizes and its other argument.
    """
    given = ", ".join([sizes(shape[:axis]), *map(str, numbers)])
    text = f"{module}.{name}::<{given}>({', '.join([x, more] if more else [x])})"
    return text, (*shape[:axis], size, *shape[axis + 1 :])


def transposed(x: str, shape: Shape, order: Sequence[int]) -> str:
    """Return the text for an array whose axes are in another order."""
    axes = list(range(len(shape)))
    if _moving(shape, order) == sorted(_moving(shape, order)):
        # Only axes of size 1 move, which have no order.
        result = tuple(shape[axis] for axis in order)
        return x if result == shape else shaped(x, result)
    while axes != list(order):
        at = next(k for k, axis in enumerate(order) if axes[k] != axis)
        start = axes.index(order[at])
        # The axes that follow each other in the order move together.
        end = start
        while end < len(axes) and axes[end] == order[at + end - start]:
            end += 1
        groups = (axes[:at], axes[at:start], axes[start:end])
        given = ", ".join(sizes([shape[axis] for axis in group]) for group in groups)
        x = f"moves.swap::<{given}>({x})"
        axes[at:end] = axes[start:end] + axes[at:start]
    return x


def _moving(shape: Shape, order: Sequence[int]) -> list[int]:
    return [axis for axis in order if shape[axis] != 1]
