"""Matrices as polynomials whose product has the elements of their product as coefficients.

For blocks X [m'][k'] and Y [k'][n'] with m'k'n' <= N,

    x = Σ X[i][j]·X^(i·k'n' + k' − 1 − j),    y = Σ Y[j][l]·X^(l·k' + j),

coefficient i·k'n' + l·k' + k' − 1 of x·y modulo X^N + 1 is (X·Y)[i][l]: the exponents of all other
products differ from it, and what reaches N comes back below k' − 1, with the other sign. For m' = 1
this is the packing of [HLHD22] for matrices and vectors; rows follow one another as in [HLC+22].

Blocks at the edges are filled with zeros.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from ezlang.records import dataclass

from ..core.lengths import up
from ..core.steps import Array
from .form import Form, Shape, block_sizes, cheapest
from .parameters import Parameters, rings


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixShape(Shape):
    """`items` products of [rows][inner] with [inner][columns], modulo 2^`bits`."""

    items: int
    rows: int
    inner: int
    columns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixForm(Form):
    """The form of a matrix product, in blocks of m' `rows`, k' `inner` and n' `columns`."""

    shape: MatrixShape
    parameters: Parameters
    rows: int
    inner: int
    columns: int

    @property
    def items(self) -> int:
        """The number of products."""
        return self.shape.items

    @property
    def row_blocks(self) -> int:
        """⌈m/m'⌉."""
        return up(self.shape.rows, self.rows)

    @property
    def inner_blocks(self) -> int:
        """⌈k/k'⌉."""
        return up(self.shape.inner, self.inner)

    @property
    def column_blocks(self) -> int:
        """⌈n/n'⌉."""
        return up(self.shape.columns, self.columns)

    @property
    def terms(self) -> int:
        """k'n'."""
        return self.inner * self.columns

    @property
    def extracted(self) -> int:
        """m'n'."""
        return self.rows * self.columns

    @property
    def product(self) -> tuple[int, ...]:
        """[items][m][n]."""
        return self.items, self.shape.rows, self.shape.columns

    @property
    def places(self) -> Array:
        """The coefficients [c] of a result that are extracted."""
        return np.arange(self.extracted) * self.inner + self.inner - 1

    def pack(self, x: Array) -> Array:
        """Return X [items][m][k] as polynomials."""
        rows, inner = self.row_blocks, self.inner_blocks
        full = np.zeros((self.items, rows * self.rows, inner * self.inner), x.dtype)
        full[:, : x.shape[1], : x.shape[2]] = x
        blocks = full.reshape(self.items, rows, self.rows, inner, self.inner).swapaxes(2, 3)
        result = np.zeros((*blocks.shape[:3], self.parameters.size), x.dtype)
        used = result[..., : self.rows * self.terms]
        spread = used.reshape(*blocks.shape[:3], self.rows, self.columns, self.inner)
        spread[..., 0, :] = blocks[..., ::-1]
        return result

    def pack_known(self, y: Array, item: int, column: int) -> Array:
        """Return columns of Y [items][k][n] as polynomials."""
        part = y[item, :, column * self.columns : (column + 1) * self.columns]
        full = np.zeros((self.inner_blocks * self.inner, self.columns), y.dtype)
        full[: part.shape[0], : part.shape[1]] = part
        blocks = full.reshape(self.inner_blocks, self.inner, self.columns).swapaxes(1, 2)
        result = np.zeros((self.inner_blocks, self.parameters.size), y.dtype)
        result[:, : self.terms] = blocks.reshape(self.inner_blocks, self.terms)
        return result

    def unpack(self, results: Array) -> Array:
        """Return the product [items][m][n]."""
        blocks = results.reshape(*results.shape[:3], self.rows, self.columns)
        size = self.row_blocks * self.rows, self.column_blocks * self.columns
        whole = blocks.transpose(0, 1, 3, 2, 4).reshape(self.items, *size)
        return np.ascontiguousarray(whole[:, : self.shape.rows, : self.shape.columns])

    def multiply(self, x: Array, y: Array) -> Array:
        """Return X·Y."""
        product: Array = x @ y
        return product


@lru_cache(maxsize=1024)
def matrix_form(shape: MatrixShape) -> MatrixForm | None:
    """Return the cheapest sound form of a shape, or None if there is none."""
    return cheapest(form for one in rings() for form in _forms(shape, one))


def _forms(shape: MatrixShape, parameters: Parameters) -> Iterator[MatrixForm]:
    """Yield forms with blocks of several sizes, if any of them can be sound."""
    size = parameters.size
    single = MatrixForm(shape=shape, parameters=parameters, rows=1, inner=1, columns=1)
    if parameters.enlarged(single.least_modulus) is None:
        # It has the least noise of all, and extracts the fewest coefficients.
        return
    for inner in block_sizes(shape.inner, size):
        for columns in block_sizes(shape.columns, size // inner):
            # Blocks as even as possible.
            rows = up(shape.rows, up(shape.rows, size // (inner * columns)))
            yield MatrixForm(
                shape=shape, parameters=parameters, rows=rows, inner=inner, columns=columns
            )
