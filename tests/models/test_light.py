"""The large networks of the package onnx become programs that a person could have written."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from benchmarks.seeded import light
from ezlang import api
from ezlang.models.folding import folded
from ezlang.models.masks import finite
from ezlang.models.measuring import FINER
from ezlang.models.operators import OPERATORS
from ezlang.models.program import program_text
from ezlang.models.reading import read_model
from ezlang.models.rewriting import rewritten
from ezlang.models.translation import translated


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        ("bvlc_alexnet", []),
        ("densenet121", [58, 3]),
        ("inception_v1", [10, 9, 9]),
        ("inception_v2", [18, 8, 7, 2, 2]),
        ("resnet50", [12, 3]),
        ("shufflenet", [7, 3, 3, 3]),
        ("squeezenet", [8]),
        ("vgg19", [7, 3]),
        ("zfnet512", []),
    ],
)
def test_networks(tmp_path: Path, name: str, blocks: list[int]) -> None:
    path = tmp_path / f"{name}.onnx"
    onnx.save(light(name), path)
    graph = rewritten(finite(folded(read_model(path, {}), OPERATORS.keys())))
    listing = translated(graph)
    whole = {value.name: 4 for value in graph.inputs}
    text = program_text(listing, model=path.name, fraction=12, whole=whole, finer=FINER)
    (tmp_path / "model.ez").write_text(text, encoding="utf-8")
    api.load(tmp_path / "model.ez")
    assert [function.count for function in listing.functions] == blocks
    # No normalisation is left that takes products.
    assert "batch_norm" not in text
