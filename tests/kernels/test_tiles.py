"""The code of tiles of ANDs branches on public numbers alone."""

from __future__ import annotations

import re

import pytest

from ezlang.compiler.ir.garbling import Garbling
from ezlang.compiler.kernels import units
from ezlang.compiler.kernels.target import AesPath, Target
from tests.support.kernel_calls import compile_assembly

X86 = Target("x86_64-unknown-linux-gnu", "x86-64", "+aes,+ssse3", AesPath.AESNI)
ARM = Target("aarch64-unknown-linux-gnu", "generic", "+aes,+neon", AesPath.ARMV8)
TILE = re.compile(r"^(and_tile_\d):(.*?)func_end", re.DOTALL | re.MULTILINE)
BRANCH = re.compile(r"^\s+(j(?!mp)\w+|b\.\w+|cbn?z|tbn?z)\s", re.MULTILINE)


@pytest.mark.parametrize("garbler", [True, False], ids=["garbler", "evaluator"])
@pytest.mark.parametrize("garbling", Garbling, ids=lambda one: one.value)
@pytest.mark.parametrize("target", [X86, ARM], ids=["x86", "arm"])
def test_tiles_have_no_branch_on_secrets(target: Target, garbling: Garbling, garbler: bool) -> None:
    """Three branches: whether the window and the buffer serve the tile, and a failed callback."""
    assembly = compile_assembly(units.build_yao(target, garbler=garbler, garbling=garbling), target)
    found = {name: len(BRANCH.findall(body)) for name, body in TILE.findall(assembly)}
    assert found == {f"and_tile_{gates}": 3 for gates in (1, 2, 4, 8)}
