"""Protocols on shares know of no kernels, and kernels lay messages out as the lengths say."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ezlang.compiler.protocols
from ezlang.compiler.kernels import aes, extension, pads, rings, silent, triples
from ezlang.compiler.protocols import base_ot, native, sizes, stock

LOGIC = (
    *("arithmetic", "boolean", "comparison", "conversions", "truncation", "tables", "matrices"),
    *("party", "preprocessing", "lengths", "steps", "stock"),
)


def test_logic_needs_neither_kernels_nor_a_connection() -> None:
    modules = [f"ezlang.compiler.protocols.{name}" for name in LOGIC]
    code = (
        "import sys, importlib\n"
        "sys.modules['llvmlite'] = None\n"
        f"[importlib.import_module(name) for name in {modules}]\n"
        "found = [m for m in sys.modules if '.kernels' in m or '.session' in m or m == 'socket']\n"
        "assert not [m for m in found if m.startswith('ezlang') or m == 'socket'], found\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


ON_SHARES = (
    *("arithmetic", "boolean", "comparison", "conversions", "truncation", "narrow", "division"),
    *("tables", "matrices", "convolution", "preprocessing", "party"),
    *("operations", "operations_arithmetic", "operations_boolean"),
)
DEPEND_ON_VALUES = frozenset(
    {"where", "nonzero", "unique", "argsort", "sort", "searchsorted", "bincount", "choose"}
    | {"any", "all", "remainder", "mod", "fmod", "divmod", "array_equal", "item", "tolist"}
)
"""Functions of arrays that branch, index or take time by what is in them, or tell it to Python."""


@pytest.mark.parametrize("name", ON_SHARES)
def test_no_function_of_arrays_depends_on_shares(name: str) -> None:
    folder = Path(next(iter(ezlang.compiler.protocols.__path__)))
    tree = ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))
    # What finds its way in a netlist, which all know.
    trees = [n for n in tree.body if not (isinstance(n, ast.FunctionDef) and n.name == "segments")]
    for node in (inner for part in trees for inner in ast.walk(part)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in DEPEND_ON_VALUES, ast.unparse(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            assert not ast.unparse(node.right).startswith("number("), ast.unparse(node)


@pytest.mark.parametrize(
    ("number", "in_kernels"),
    [
        (sizes.WIDTHS, rings.WIDTHS),
        (sizes.CHUNK, pads.PADS),
        (sizes.KEYS_A_WINDOW, pads.KEYS_A_CALL),
        (sizes.KEYS_A_WINDOW, aes.WINDOW_KEYS),
        (sizes.PANEL, pads.PADS),
        (sizes.DIGIT_BITS, triples.DIGIT_BITS),
        (sizes.TABLE_BITS, triples.TABLE_BITS),
        (sizes.PADDING, native.PADDING),
        (stock.COLUMNS, extension.COLUMNS),
        (stock.SMALLEST_BATCH, extension.BATCH_MULTIPLE),
        (stock.LEAST_DEPTH, silent.LEAST_DEPTH),
        (stock.KEY_BYTES, base_ot.KEY_BYTES),
        (stock.POINT_BYTES, base_ot.POINT_BYTES),
    ],
)
def test_kernels_and_lengths_agree(number: object, in_kernels: object) -> None:
    assert number == in_kernels
