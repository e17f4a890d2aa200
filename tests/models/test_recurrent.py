"""Recurrent layers against the reference implementation, and agreement of all executors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper

from ezlang import api
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.diagnostics.diagnostic import EzError
from ezlang.models.folding import folded
from ezlang.models.measuring import float_run, samples_of
from ezlang.models.operators import OPERATORS
from ezlang.models.reading import read_model
from tests.models.models import Draft
from tests.models.runs import difference, imported, inputs_of, program_of
from tests.support.agreement import agree

STEPS, ROWS, CHANNELS, HIDDEN = 4, 2, 3, 5
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def layer(op: str, *, states: bool = True, holes: bool = False, **attributes: Any) -> Draft:
    """Return a model of one layer, whose results are joined to one output."""
    draft = Draft()
    two_way = attributes.get("direction") == "bidirectional"
    d, gates = 2 if two_way else 1, GATES[op]
    batch_first = attributes.get("layout", 0)
    x = draft.input("x", *((ROWS, STEPS) if batch_first else (STEPS, ROWS)), CHANNELS)
    inputs = [
        x,
        draft.weight("w", d, gates * HIDDEN, CHANNELS),
        draft.weight("r", d, gates * HIDDEN, HIDDEN),
        draft.weight("b", d, 2 * gates * HIDDEN) if states else "",
    ]
    if states:
        lengths = draft.given("lengths", np.full(ROWS, STEPS, np.int32))
        shape = (ROWS, d, HIDDEN) if batch_first else (d, ROWS, HIDDEN)
        inputs += [lengths, draft.input("hidden", *shape)]
        inputs += [draft.weight("cell", *shape)] if op == "LSTM" else []
    if holes:
        inputs.append(draft.weight("p", d, 3 * HIDDEN))
    results = ["all", "last", "cells"][: 3 if op == "LSTM" else 2]
    draft.nodes.append(
        helper.make_node(op, inputs, results, name="layer", hidden_size=HIDDEN, **attributes)
    )
    minus = draft.given("flat", np.array([-1]))
    draft.node("Concat", *(draft.node("Reshape", one, minus) for one in results), axis=0)
    return draft


@pytest.mark.parametrize(
    ("op", "attributes"),
    [
        ("LSTM", {}),
        ("LSTM", {"states": False}),
        ("LSTM", {"direction": "reverse"}),
        ("LSTM", {"direction": "bidirectional"}),
        ("LSTM", {"direction": "bidirectional", "layout": 1}),
        ("LSTM", {"holes": True, "direction": "bidirectional"}),
        ("GRU", {}),
        ("GRU", {"states": False, "linear_before_reset": 1}),
        ("GRU", {"linear_before_reset": 1, "direction": "bidirectional"}),
        ("GRU", {"direction": "reverse", "layout": 1}),
        ("RNN", {}),
        ("RNN", {"direction": "bidirectional", "activations": ["Relu", "Relu"]}),
    ],
    ids=str,
)
def test_it_computes_what_the_reference_does(
    tmp_path: Path, op: str, attributes: dict[str, Any]
) -> None:
    assert difference(layer(op, **attributes), tmp_path) < 8


def test_executors_agree(tmp_path: Path) -> None:
    imported(layer("LSTM", direction="bidirectional", holes=True), tmp_path)
    loaded = api.load(tmp_path / "out" / "model.ez")
    assert agree(loaded, inputs_of(tmp_path), [ProtocolChoice.AUTO]).outputs is not None


@pytest.mark.parametrize("before", [0, 1])
def test_on_shares_too(tmp_path: Path, before: int) -> None:
    imported(layer("GRU", linear_before_reset=before, direction="reverse"), tmp_path)
    loaded, inputs = api.load(tmp_path / "out" / "model.ez"), inputs_of(tmp_path)
    simulated = api.run_simulated(loaded, inputs, seed=2).outputs
    assert simulated == api.run_clear(loaded, inputs).outputs


def test_two_directions_share_their_rounds(tmp_path: Path) -> None:
    rounds = []
    for way in ("forward", "bidirectional"):
        (tmp_path / way).mkdir()
        done = imported(layer("LSTM", direction=way), tmp_path / way)
        assert program_of(tmp_path / way).count("recurrent.lstm(") == 1
        rounds.append(done.cost.least.rounds)
    assert rounds[1] < 1.5 * rounds[0]


def test_what_gates_see_must_have_room(tmp_path: Path) -> None:
    """Numbers that no result shows are bounded, so that they don't wrap around."""
    draft = layer("LSTM")
    draft.weights["w"] *= np.float32(1000)
    model = read_model(draft.save(tmp_path, draft.nodes[-1].output[0]), {})
    graph = folded(model, OPERATORS.keys())
    (sample,) = samples_of(graph, None)
    seen = np.abs(sample["x"] @ draft.weights["w"][0].T).max()
    assert float_run(model, graph, sample).largest >= seen > 100


@pytest.mark.parametrize(
    ("op", "attributes", "reason"),
    [
        ("LSTM", {"clip": 3.0}, "it clips what its gates see"),
        ("LSTM", {"input_forget": 1}, "its input and forget gates are one"),
        ("RNN", {"activations": ["Affine"]}, "its activations are Affine"),
        ("GRU", {"activations": ["Tanh", "Sigmoid"]}, "its activations are Tanh, Sigmoid"),
    ],
)
def test_what_is_refused(tmp_path: Path, op: str, attributes: dict[str, Any], reason: str) -> None:
    with pytest.raises(EzError, match=reason):
        imported(layer(op, **attributes), tmp_path)


def test_sequences_of_different_lengths(tmp_path: Path) -> None:
    draft = layer("GRU")
    draft.weights["lengths"] = np.array([STEPS, STEPS - 1], np.int32)
    with pytest.raises(EzError, match="its sequences have different lengths"):
        imported(draft, tmp_path)
