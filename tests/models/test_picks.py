"""Operators that pick elements: embeddings, and moves at public places."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from ezlang import api
from ezlang.compiler.passes.assign import ProtocolChoice
from tests.models.models import Draft
from tests.models.runs import difference, imported, inputs_of
from tests.support.agreement import agree

Made = Callable[[Draft], object]


def embedded(draft: Draft, kind: int) -> None:
    """A table that is looked up at places of the hospital, and a mask of its own."""
    places = draft.input("places", 2, 3, type=kind)
    y = draft.node("Gather", draft.weight("table", 4, 2), places, name="embedding")
    moved = draft.node("Unsqueeze", places, draft.given("last", np.array([2])))
    mask = draft.node(
        "Cast", draft.node("Tile", moved, draft.given("n", np.array([1, 1, 1]))), to=1
    )
    draft.node("Mul", y, mask, name="masked")


@pytest.mark.parametrize("kind", [TensorProto.INT32, TensorProto.INT64])
def test_embeddings(tmp_path: Path, kind: int) -> None:
    """One product with a one-hot row that the hospital knows: nothing is compared on shares."""
    draft = Draft()
    embedded(draft, kind)
    done = imported(draft, tmp_path)
    assert done.difference is not None
    assert done.difference < 2
    text = (tmp_path / "out" / "model.ez").read_text(encoding="utf-8")
    assert "@hospital int" in text
    assert "let embedding = tensors.embedding(table, " in text
    given = inputs_of(tmp_path)
    given["hospital"]["places"] = [[3, 0, -1], [1, 2, -4]]
    loaded = api.load(tmp_path / "out" / "model.ez")
    assert agree(loaded, given, [ProtocolChoice.AUTO]).outputs is not None
    (found,) = api.run_clear(loaded, given).outputs["hospital"].values()
    table, places = draft.weights["table"], np.array(given["hospital"]["places"])
    expected = table[places] * places[..., np.newaxis]
    assert np.abs(np.array(found) - expected).max() < 2**-14


def test_embeddings_of_columns(tmp_path: Path) -> None:
    draft = Draft()
    places = draft.input("places", 2, 3, type=TensorProto.INT64)
    draft.node("Gather", draft.weight("table", 5, 4, 2), places, axis=1)
    assert difference(draft, tmp_path) < 2


def picked(op: str, index: list[Any], **attributes: Any) -> Made:
    def make(draft: Draft) -> None:
        draft.node(op, draft.input("x", 3, 4), draft.given("index", np.array(index)), **attributes)

    return make


@pytest.mark.parametrize(
    "make",
    [
        picked("GatherElements", [[2, 0, 1, -1]], axis=0),
        picked("GatherND", [[2, 0], [-1, 1]]),
        picked("Compress", [False, True, True], axis=0),
        picked("ReverseSequence", [1, 3, 2], batch_axis=0, time_axis=1),
        *(picked("Pad", [1, 2, 2, 1], mode=mode) for mode in ("edge", "reflect", "wrap")),
    ],
)
def test_elements_at_public_places(tmp_path: Path, make: Made) -> None:
    draft = Draft()
    make(draft)
    assert difference(draft, tmp_path) <= 0.5


@pytest.mark.parametrize("pads", [[0, 3, 0, 2], [0, 0, 0, 4], [0, 4097, 0, 0]])
def test_long_borders_that_reflect_take_no_list_of_places(tmp_path: Path, pads: list[int]) -> None:
    draft = Draft()
    border = draft.given("border", np.array(pads))
    draft.node("Pad", draft.input("x", 1, 4098), border, mode="reflect")
    assert difference(draft, tmp_path) <= 0.5
    assert "moves.reversed" in (tmp_path / "model.ez").read_text(encoding="utf-8")
