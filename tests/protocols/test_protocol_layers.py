"""Protocols on shares don't use kernels, and kernels' messages have the stated lengths."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ezlang.compiler.protocols
from ezlang.compiler.kernels import cipher, extension, pads, rings, silent, triples
from ezlang.compiler.protocols.core import sizes
from ezlang.compiler.protocols.native import calls as native
from ezlang.compiler.protocols.ot import base as base_ot
from ezlang.compiler.protocols.ot import stock

LOGIC = ("arithmetic", "boolean", "conversions", "core", "many", "operations")
"""The folders of the logic on shares."""

KERNEL_FREE = ("ot.stock", "ot.preprocessing", "ot.backend", "dealt.demands", "dealt.backend")
"""What back ends say of themselves."""


def test_logic_needs_neither_kernels_nor_a_connection() -> None:
    modules = [
        f"ezlang.compiler.protocols.{path.parent.name}.{path.stem}" for path in _files(*LOGIC)
    ]
    modules += [f"ezlang.compiler.protocols.{name}" for name in KERNEL_FREE]
    code = (
        "import sys, importlib\n"
        "sys.modules['llvmlite'] = None\n"
        f"[importlib.import_module(name) for name in {modules}]\n"
        "found = [m for m in sys.modules if '.kernels' in m or '.session' in m or m == 'socket']\n"
        "assert not [m for m in found if m.startswith('ezlang') or m == 'socket'], found\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def _files(*folders: str) -> list[Path]:
    root = Path(next(iter(ezlang.compiler.protocols.__path__)))
    return [
        path
        for folder in folders
        for path in sorted((root / folder).glob("*.py"))
        if path.name != "__init__.py"
    ]


ON_SHARES = [
    path
    for path in _files("arithmetic", "boolean", "conversions", "operations", "core", "ot")
    if path.stem not in {"lengths", "steps", "base", "softspoken", "silent"}
    and path.stem not in {"stock", "directions", "call", "local", "comparison_tree", "sizes"}
]
DEPEND_ON_VALUES = frozenset(
    {"where", "nonzero", "unique", "argsort", "sort", "searchsorted", "bincount", "choose"}
    | {"any", "all", "remainder", "mod", "fmod", "divmod", "array_equal", "item", "tolist"}
)
"""Functions of arrays that branch, index or take time by what is in them, or tell it to Python."""


@pytest.mark.parametrize("path", ON_SHARES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_function_of_arrays_depends_on_shares(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    # Control flow that depends on a netlist, which is public.
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
        (sizes.KEYS_A_WINDOW, cipher.WINDOW_KEYS),
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
