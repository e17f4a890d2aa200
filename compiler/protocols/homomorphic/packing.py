"""Matrices as polynomials whose product has the elements of their product as coefficients.

For blocks X [m'][k'] and Y [k'][n'] with m'k'n' <= N,

    x = Σ X[i][j]·X^(i·k'n' + k' − 1 − j),    y = Σ Y[j][l]·X^(l·k' + j),

coefficient i·k'n' + l·k' + k' − 1 of x·y modulo X^N + 1 is (X·Y)[i][l]: the exponents of all other
products differ from it, and what reaches N comes back below k' − 1, with the other sign. For m' = 1
this is the packing of [HLHD22] for matrices and vectors; rows follow one another as in [HLC+22].

Blocks at the edges are filled with zeros.
"""

from __future__ import annotations

import numpy as np

from ..core.steps import Array
from .form import Form


def packed_rows(form: Form, x: Array) -> Array:
    """Return X [items][m][k] as polynomials [items][row blocks][inner blocks][N]."""
    blocks = _blocks(x, form.row_blocks, form.rows, form.inner_blocks, form.inner)
    shape = (*blocks.shape[:3], form.parameters.size)
    result = np.zeros(shape, x.dtype)
    used = form.rows * form.columns * form.inner
    spread = result[..., :used].reshape(*shape[:3], form.rows, form.columns, form.inner)
    spread[..., 0, :] = blocks[..., ::-1]
    return result


def packed_columns(form: Form, y: Array) -> Array:
    """Return Y [items][k][n] as polynomials [items][column blocks][inner blocks][N]."""
    turned = np.swapaxes(y, -2, -1)
    blocks = _blocks(turned, form.column_blocks, form.columns, form.inner_blocks, form.inner)
    result = np.zeros((*blocks.shape[:3], form.parameters.size), y.dtype)
    used = form.columns * form.inner
    result[..., :used] = blocks.reshape(*blocks.shape[:3], used)
    return result


def places(form: Form) -> Array:
    """Return the coefficients [c] of a result that are extracted."""
    return np.arange(form.extracted) * form.inner + form.inner - 1


def unpacked(form: Form, results: Array) -> Array:
    """Return the product [items][m][n] of the extracted [items][row blocks][column blocks][c]."""
    shape = form.shape
    blocks = results.reshape(*results.shape[:3], form.rows, form.columns)
    rows, columns = form.row_blocks * form.rows, form.column_blocks * form.columns
    whole = blocks.transpose(0, 1, 3, 2, 4).reshape(shape.items, rows, columns)
    return np.ascontiguousarray(whole[:, : shape.rows, : shape.columns])


def _blocks(x: Array, rows: int, height: int, columns: int, width: int) -> Array:
    """Return matrices [items][…][…] as blocks [items][rows][columns][height][width]."""
    items, high, wide = x.shape
    full = np.zeros((items, rows * height, columns * width), x.dtype)
    full[:, :high, :wide] = x
    return full.reshape(items, rows, height, columns, width).swapaxes(2, 3)
