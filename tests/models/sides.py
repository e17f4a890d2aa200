"""Both sides of a validation as processes that were started by their commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ezlang.models.folder import import_model
from tests.models.models import Draft
from tests.support.patience import PATIENCE

BATCH = 4
"""How many samples the models of these tests take at once."""


def scores(classes: int) -> Draft:
    """A fully connected layer without a bias."""
    draft = Draft()
    x = draft.input("x", "batch", 3)
    draft.node("Gemm", x, draft.weight("w", classes, 3), name="/fc/Gemm", transB=1)
    return draft


def model_in(folder: Path, draft: Draft) -> Path:
    """Import a draft for batches; return its program."""
    path = draft.save(folder, draft.nodes[-1].output[0])
    import_model(path, folder / "out", sizes={"batch": BATCH})
    return folder / "out" / "model.ez"


def validating(folder: Path, model: str, party: str, *more: str) -> subprocess.Popen[str]:
    """Start the command of one side in a folder; its programs come from the cache if possible."""
    command = [sys.executable, "-m", "ezlang", "validate", model, "--party", party, *more]
    return subprocess.Popen(
        [*command, "--timeout", str(PATIENCE)],
        cwd=folder,
        env={**os.environ, "EZLANG_VERIFY": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Sides:
    """A vendor with a model of two scores in `out`, and a hospital with 32 samples in `public`.

    `told`: what both print of a validation that tells accuracy and AUROC.
    """

    def __init__(self, folder: Path, *more: str) -> None:
        self.folder = folder
        self.more = more
        model = model_in(folder, scores(2))
        (folder / "public").mkdir()
        shutil.copy(model, folder / "public")
        x = np.random.default_rng(3).normal(size=(32, 3))
        labels = (np.arange(32) % 2).astype(np.int32)
        self.give(x, labels)
        with np.load(model.with_name("weights.npz")) as arrays:
            (weights,) = (arrays[name] for name in arrays.files)
        exact = x @ weights.T
        right = (exact.argmax(axis=1) == labels).mean()
        margin = exact[:, 1] - exact[:, 0]
        pairs = [a > b for a in margin[labels == 1] for b in margin[labels == 0]]
        # A quotient by 2·16·16 is exact in 16 bits.
        self.told = f"accuracy: {right}\nauroc: {np.mean(pairs)}\n"

    def give(self, x: npt.NDArray[np.float64], labels: npt.NDArray[np.int32]) -> None:
        """Write the hospital's samples."""
        np.savez(self.folder / "data.npz", x=x, labels=labels)

    def start(self, *more: str) -> dict[str, subprocess.Popen[str]]:
        """Start both commands."""
        return {party: self.start_one(party, *more) for party in ("vendor", "hospital")}

    def start_one(self, party: str, *more: str) -> subprocess.Popen[str]:
        """Start one side's command."""
        both = ("--metric", "accuracy,auroc", "--samples", "32", *self.more, *more)
        if party == "vendor":
            return validating(self.folder, "out", party, *both)
        return validating(self.folder, "public", party, "--input", "data.npz", *both)

    def state(self, party: str) -> Path:
        """Return where a side's state is."""
        return self.folder / {"vendor": "out", "hospital": "public"}[party] / f"{party}.state"


def ends(side: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for the end of a command; return its exit code and what it printed."""
    told, said = side.communicate(timeout=PATIENCE)
    return side.returncode, told, said


def wait_until(path: Path, batches: int) -> None:
    """Wait until a state has a number of batches."""
    from ezlang.models.streaming.state import load_state

    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        state = load_state(path)
        if state is not None and len(state.batches) >= batches:
            return
        time.sleep(0.005)
    raise AssertionError("no such state came")
