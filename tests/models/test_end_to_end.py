"""Models from a file to the outputs of the program, in all executors, against the float model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ezlang import api
from ezlang.diagnostics.diagnostic import EzError
from ezlang.models.folder import import_model
from tests.models.models import Draft, cnn, mlp
from tests.models.runs import imported, inputs_of

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(("draft", "ulps"), [(mlp(), 4), (cnn(), 10)], ids=["mlp", "cnn"])
def test_all_executors_give_what_the_float_model_gives(
    tmp_path: Path, draft: Draft, ulps: int
) -> None:
    done = imported(draft, tmp_path)
    assert done.difference is not None
    # Not 0, which a model whose weights don't matter would have.
    assert 0 < done.difference < ulps
    loaded = api.load(tmp_path / "out" / "model.ez")
    inputs = inputs_of(tmp_path)
    clear = api.run_clear(loaded, inputs).outputs
    assert api.run_simulated(loaded, inputs, seed=1).outputs == clear
    (output,) = clear["hospital"].values()
    with np.load(tmp_path / "out" / "reference.npz") as reference:
        (expected,) = (reference[name] for name in reference.files)
    assert np.abs(np.array(output) - expected).max() * 2**16 == done.difference


def test_natively_too(tmp_path: Path) -> None:
    imported(mlp(), tmp_path)
    loaded = api.load(tmp_path / "out" / "model.ez")
    inputs = inputs_of(tmp_path)
    assert api.run_native(loaded, inputs).outputs == api.run_clear(loaded, inputs).outputs


def test_a_program_is_a_line_for_each_layer(
    tmp_path: Path, golden: Callable[[Path, str], None]
) -> None:
    imported(cnn(), tmp_path)
    golden(GOLDEN / "cnn.ez", (tmp_path / "out" / "model.ez").read_text())


def test_samples_decide_how_many_bits_numbers_have(tmp_path: Path) -> None:
    draft = mlp()
    path = draft.save(tmp_path, draft.nodes[-1].output[0])
    large = np.full((3, 20), 1e9, np.float32)
    large[1] = 2e9
    np.savez(tmp_path / "data.npz", x=large)
    done = import_model(path, tmp_path / "out", samples=tmp_path / "data.npz")
    assert len(done.samples) == 3
    assert done.whole == {"x": 33}
    assert done.fraction < 16
    assert min(run.spare for run in done.clear) >= 0
    with pytest.raises(EzError, match="with 20 fraction bits, numbers overflow on the samples"):
        import_model(path, tmp_path / "o", samples=tmp_path / "data.npz", fraction=20)
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("size", "asked", "fraction", "finer"),
    [(1.0, None, 16, 4), (2.0**25, None, 16, 2), (1.0, 10, 16, 10), (2.0**25, 14, 10, 14)],
)
def test_weights_are_finer_where_there_is_room(
    tmp_path: Path, size: float, asked: int | None, fraction: int, finer: int
) -> None:
    draft = Draft()
    draft.node("MatMul", draft.input("x", 1, 4), draft.given("w", np.ones((4, 2), np.float32)))
    path = draft.save(tmp_path, draft.nodes[-1].output[0])
    np.savez(tmp_path / "data.npz", x=np.full((1, 4), size, np.float32))
    done = import_model(path, tmp_path / "out", samples=tmp_path / "data.npz", finer=asked)
    # Sums of products are up to 2^27, which leaves 34 of 62 bits for both factors' fractions.
    assert (done.fraction, done.finer) == (fraction, finer)
    assert f"weight_fraction = fraction + {finer};" in (tmp_path / "out" / "model.ez").read_text()
    assert min(run.spare for run in done.clear) >= 0


def test_normalisations_need_room_for_squares(tmp_path: Path) -> None:
    draft = Draft()
    x = draft.input("x", 1, 64)
    draft.node("LayerNormalization", x, draft.weight("gain", 64), draft.weight("offset", 64))
    path = draft.save(tmp_path, draft.nodes[-1].output[0])
    large = np.random.default_rng(0).normal(size=(1, 64)) * 1000
    np.savez(tmp_path / "data.npz", x=large.astype(np.float32))
    done = import_model(path, tmp_path / "out", samples=tmp_path / "data.npz")
    # The squares are below 2^29, and with 2f bits more they must be below 2^55.
    assert done.fraction == 13
    assert done.difference is not None
    assert done.difference < 16


@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax"])
def test_softmaxes_of_several_dimensions(tmp_path: Path, op: str) -> None:
    """Before opset 13, a softmax is of all dimensions from its axis on; the reference agrees."""
    draft = Draft()
    draft.node(op, draft.input("x", 2, 3, 2, 1), axis=1)
    done = imported(draft, tmp_path, opset=11)
    (reference,) = done.floats[0].outputs.values()
    powers = np.exp(reference) if op == "LogSoftmax" else reference
    assert np.allclose(powers.sum(axis=(1, 2, 3)), 1)
    assert done.difference is not None
    assert done.difference < 2


def test_normalisations_of_old_models(tmp_path: Path) -> None:
    """Before opset 14, too, inference takes the statistics of the model alone."""
    draft = Draft()
    x = draft.input("x", 1, 2, 3, 3)
    names = [draft.given(name, np.array(data, np.float32)) for name, data in _STATISTICS.items()]
    draft.node("BatchNormalization", x, *names)
    done = imported(draft, tmp_path, opset=9)
    ((sample,), (found,)) = done.samples[0].values(), done.floats[0].outputs.values()
    scale, bias, mean, variance = (
        np.array(data).reshape(1, 2, 1, 1) for data in _STATISTICS.values()
    )
    expected = (sample - mean) / np.sqrt(variance + 1e-5) * scale + bias
    assert np.allclose(found, expected, atol=1e-5)
    assert done.difference is not None
    assert done.difference < 4


_STATISTICS = {"scale": [1.5, -0.5], "bias": [0.25, 1], "mean": [0.5, -1], "variance": [2, 0.25]}
