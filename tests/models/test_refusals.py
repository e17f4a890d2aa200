"""What can't be imported is named, all at once, and nothing is left behind."""

from __future__ import annotations

import builtins
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from ezlang.cli import run_command
from ezlang.diagnostics.diagnostic import EzError
from ezlang.models.folder import import_model
from tests.models.models import Draft, mlp


def refused(path: Path, **options: Any) -> list[str]:
    """Return the sentences with which an import is refused; nothing may be written."""
    before = set(path.parent.iterdir())
    with pytest.raises(EzError) as found:
        import_model(path, path.parent / "out", **options)
    assert found.value.exit_code == 2
    assert set(path.parent.iterdir()) == before
    assert {one.code for one in found.value.diagnostics} == {"EZ4108"}
    return [one.message for one in found.value.diagnostics]


def test_all_unsupported_operators_are_named_with_their_nodes(tmp_path: Path) -> None:
    draft = Draft()
    x = draft.input("x", 1, 4)
    y = draft.node("Det", draft.node("STFT", x, x, name="spectrum"), name="d1")
    y = draft.node("Det", y, name="d2")
    draft.node("Gemm", y, draft.weight("w", 4, 4), name="fine")
    path = draft.save(tmp_path, "fine_out")
    assert refused(path) == [
        "the operator Det isn't supported: nodes `d1`, `d2`",
        "the operator STFT isn't supported: node `spectrum`",
    ]


def test_nodes_that_cannot_be_imported_are_named_all_at_once(tmp_path: Path) -> None:
    draft = Draft()
    x, low, high = (
        draft.input(name, *shape) for name, shape in (("x", (1, 4)), ("l", ()), ("h", ()))
    )
    y = draft.node("Clip", x, low, name="first")
    draft.given("bound", np.float32(1))
    draft.node("Clip", y, "bound", high, name="second")
    path = draft.save(tmp_path, "second_out")
    assert refused(path) == [
        "Clip (node `first`) can't be imported: the lower bound depends on the model's inputs",
        "Clip (node `second`) can't be imported: the upper bound depends on the model's inputs",
    ]


@pytest.mark.parametrize(
    ("op", "numbers", "bits"),
    [
        ("Log", [1e-10], 31),
        ("Log", [0.01], 0),
        ("Div", [1, 1e-6], 23),
        ("Div", [1, 0.01], 0),
        # 0 by a small number is 0, whatever that is rounded to.
        ("Div", [0, 1e-6], 0),
        ("Reciprocal", [1e-6], 23),
    ],
)
def test_results_that_hang_on_digits_that_there_are_not(
    tmp_path: Path, op: str, numbers: list[float], bits: int
) -> None:
    draft = Draft()
    names = [draft.input(name, 1, 1) for name in "xy"[: len(numbers)]]
    draft.node(op, *names, name="steep")
    path = draft.save(tmp_path, "steep_out")
    samples = tmp_path / "samples.npz"
    given = {name: np.full((1, 1), one) for name, one in zip(names, numbers, strict=True)}
    np.savez(samples, allow_pickle=False, **given)
    if not bits:
        assert import_model(path, tmp_path / "out", samples=samples).fraction == 16
        return
    assert refused(path, samples=samples) == [
        f"{op} (node `steep`) takes numbers as small as {numbers[-1]:.2g}, and with 16 fraction "
        f"bits its results are wrong by more than a sixteenth: it needs {bits}"
    ]


@pytest.mark.parametrize("op", ["Add", "Max", "Clip"])
def test_constants_below_which_no_logarithm_is_taken(tmp_path: Path, op: str) -> None:
    """Random inputs don't show what they are for; samples do."""
    draft = Draft()
    square = draft.node("Mul", draft.input("x", 1, 2), "x")
    floor = draft.node(op, square, draft.given("floor", np.float32(1e-10)))
    draft.node("Log", floor, name="level")
    path = draft.save(tmp_path, "level_out")
    (said,) = refused(path)
    assert said.startswith("Log (node `level`) takes numbers as small as 1e-10, and with 16")
    np.savez(tmp_path / "samples.npz", x=np.ones((1, 2)))
    done = import_model(path, tmp_path / "out", samples=tmp_path / "samples.npz")
    assert done.fraction == 16


@pytest.mark.parametrize(
    ("number", "what"),
    [(np.inf, "infinite numbers"), (np.nan, "NaN"), (-np.inf, "infinite numbers")],
)
def test_constants_are_finite(tmp_path: Path, number: float, what: str) -> None:
    draft = mlp()
    draft.weights["fc2.bias"][1] = number
    path = draft.save(tmp_path, draft.nodes[-1].output[0])
    assert refused(path) == [f"the constant `fc2.bias` has {what}, which have no fixed-point form"]


def test_open_sizes_are_fixed_by_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draft = Draft()
    x = draft.input("x", "batch", "length")
    draft.node("Relu", x, name="relu")
    path = draft.save(tmp_path, "relu_out")
    assert refused(path) == ["size 1 of the input `x` isn't fixed in the model"]
    assert refused(path, sizes={"length": 3, "width": 2}) == [
        "`--size width=2`: no size of an input has this name"
    ]
    command = ["import", str(path), "-o", str(tmp_path / "out"), "--size"]
    assert run_command([*command, "width=2"]) == 2
    assert "those that are open are called batch, length" in capsys.readouterr().err
    done = import_model(path, tmp_path / "out", sizes={"batch": 2, "length": 3})
    assert done.graph.inputs[0].shape == (2, 3)


def test_quantised_models(tmp_path: Path) -> None:
    draft = Draft()
    x = draft.input("x", 1, 4)
    scale, zero = draft.given("s", np.float32(0.1)), draft.given("z", np.uint8(0))
    y = draft.node("QuantizeLinear", x, scale, zero)
    draft.node("DequantizeLinear", y, scale, zero, name="out")
    path = draft.save(tmp_path, "out_out")
    (sentence,) = refused(path)
    assert sentence.startswith("the model is quantised: it computes on 8-bit integers")


def test_files_that_are_no_models(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("not a model")
    assert refused(tmp_path / "text.onnx") == [f"{tmp_path}/text.onnx is not an ONNX model"]
    (message,) = refused(tmp_path / "none.onnx")
    assert message.endswith("none.onnx cannot be read: No such file or directory")


def test_weights_in_a_file_of_their_own(tmp_path: Path) -> None:
    draft = mlp()
    path = tmp_path / "model.onnx"
    model = draft.model(draft.nodes[-1].output[0])
    onnx.save(model, path, save_as_external_data=True, location="model.onnx.data", size_threshold=0)
    assert (tmp_path / "model.onnx.data").exists()
    assert import_model(path, tmp_path / "ok").difference
    (tmp_path / "model.onnx.data").unlink()
    (message,) = refused(path)
    assert message == (
        f"the weights of {path} are in a file of their own, model.onnx.data, which isn't there"
    )


def test_samples_must_fit(tmp_path: Path) -> None:
    draft = mlp()
    path = draft.save(tmp_path, draft.nodes[-1].output[0])
    samples = tmp_path / "samples.npz"
    np.savez(samples, y=np.zeros((1, 20)))
    assert refused(path, samples=samples) == [
        f"{samples} has no array `x`, which is an input of the model"
    ]
    np.savez(samples, x=np.zeros((1, 21)))
    assert refused(path, samples=samples) == [
        f"`x` in {samples} has the shape (1, 21), and the input (1, 20)"
    ]
    np.savez(samples, x=np.full((1, 20), np.nan))
    assert refused(path, samples=samples) == [f"`x` in {samples} has numbers that aren't finite"]
    samples.write_text("no archive")
    (message,) = refused(path, samples=samples)
    assert "is not a NumPy archive (.npz) of samples" in message


def test_without_the_package_onnx(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = mlp().save(tmp_path, "/fc2/Gemm_out")
    imported = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name == "onnx":
            raise ImportError(name)
        return imported(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    assert run_command(["import", str(path), "-o", str(tmp_path / "out")]) == 2
    printed = capsys.readouterr().err
    assert "`ezlang import` needs the package onnx, which isn't installed" in printed
    assert "python -m pip install 'ezlang[onnx]'" in printed


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = str(mlp().save(tmp_path, "/fc2/Gemm_out")), str(tmp_path / "out")
    assert run_command(["import", path, "-o", out, "--fraction-bits", "12"]) == 0
    assert f"Imported {path} into {out}, with 12 fraction bits." in capsys.readouterr().out
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == [
        "README.md",
        "model.ez",
        "reference.npz",
        "sample.npz",
        "weights.npz",
    ]
    assert run_command(["import", path, "-o", out]) == 2
    assert "already exists, and is not overwritten" in capsys.readouterr().err
    assert run_command(["import", path]) == 2
    assert run_command(["import", path, "-o", f"{out}2", "--size", "batch"]) == 2
    assert "fixes no size" in capsys.readouterr().err
    assert run_command(["import", "--operators"]) == 0
    assert "Conv\n" in capsys.readouterr().out


def test_the_command_keeps_the_outputs_that_it_is_given(tmp_path: Path) -> None:
    path, out = mlp().save(tmp_path, "/fc1/Gemm_out", "/fc2/Gemm_out"), tmp_path / "out"
    command = ["import", str(path), "-o", str(out), "--output-name", "/fc1/Gemm_out"]
    assert run_command(command) == 0
    assert re.findall(r"output\(hospital, \w+, \"(.*)\"\)", (out / "model.ez").read_text()) == [
        "/fc1/Gemm_out"
    ]


def test_running_needs_no_onnx(tmp_path: Path) -> None:
    import subprocess

    code = (
        "import sys\nfrom ezlang.cli import run_command\nrun_command(['run', '--help'])\n"
        "import ezlang.api\nsys.exit('onnx' in sys.modules or 'ezlang.models' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
