"""The definitions of layers, number by number, on integers of any rank."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Sizes = Sequence[int]


def convolution(x: Array, y: Array, strides: Sizes, dilations: Sizes, groups: int = 1) -> Array:
    """`x` [n][c][sizes…] with filters `y` [k][c / groups][sizes…]."""
    each, filters = y.shape[1], y.shape[0]
    reach = [d * (p - 1) + 1 for d, p in zip(dilations, y.shape[2:], strict=True)]
    sizes = [(n - r) // s + 1 for n, r, s in zip(x.shape[2:], reach, strides, strict=True)]
    result = np.zeros((x.shape[0], filters, *sizes), x.dtype)
    for k in range(filters):
        first = k // (filters // groups) * each
        for place, tap in product(np.ndindex(*sizes), np.ndindex(*y.shape[2:])):
            at = tuple(
                s * a + d * u for s, a, d, u in zip(strides, place, dilations, tap, strict=True)
            )
            seen = x[(slice(None), slice(first, first + each), *at)]
            result[(slice(None), k, *place)] += (seen * y[(k, slice(None), *tap)]).sum(1)
    return result


def transposed(x: Array, y: Array, strides: Sizes, groups: int = 1) -> Array:
    """`x` [n][c][sizes…] with filters `y` [c][k / groups][sizes…], without cutting anything off."""
    each, channels = y.shape[1], x.shape[1] // groups
    sizes = [(n - 1) * s + p for n, s, p in zip(x.shape[2:], strides, y.shape[2:], strict=True)]
    result = np.zeros((x.shape[0], groups * each, *sizes), x.dtype)
    for c in range(x.shape[1]):
        first = c // channels * each
        for place, tap in product(np.ndindex(*x.shape[2:]), np.ndindex(*y.shape[2:])):
            at = tuple(s * a + u for s, a, u in zip(strides, place, tap, strict=True))
            part = x[(slice(None), c, *place)][:, None] * y[(c, slice(None), *tap)]
            result[(slice(None), slice(first, first + each), *at)] += part
    return result


def windows(
    x: Array,
    sizes: Sizes,
    strides: Sizes,
    pads: Sequence[tuple[int, int]],
    combine: Callable[[Array], Array],
) -> Array:
    """`combine` the numbers of each window of `x` [n][c][sizes…]: those inside, in a last axis."""
    ends = [b + n + a for (b, a), n in zip(pads, x.shape[2:], strict=True)]
    counts = [(n - k) // s + 1 for n, k, s in zip(ends, sizes, strides, strict=True)]
    result = np.zeros((*x.shape[:2], *counts), x.dtype)
    for place in np.ndindex(*counts):
        starts = [s * a - b for s, a, (b, _) in zip(strides, place, pads, strict=True)]
        inside = tuple(slice(max(s, 0), s + k) for s, k in zip(starts, sizes, strict=True))
        seen = x[(slice(None), slice(None), *inside)]
        result[(slice(None), slice(None), *place)] = combine(seen.reshape(*x.shape[:2], -1))
    return result


def rounded(numerator: Array, divisor: Array | int) -> Array:
    """The nearest integers to quotients; a half is rounded up."""
    result: Array = (2 * numerator + divisor) // (2 * np.asarray(divisor))
    return result
