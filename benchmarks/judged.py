"""Imported models against onnxruntime, on inputs that one party knows.

A model of millions of products would take the clear executor hours. So the program is compiled
with the labels of one party, which has the weights and the data: that party computes everything
alone, in compiled code, on the same integers as two parties compute on shares of them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ezlang import api
from ezlang.models.folder import graph_of
from ezlang.models.listing import HOSPITAL, VENDOR, Listing
from ezlang.models.measuring import FINER
from ezlang.models.program import program_text, quoted
from ezlang.models.reading import read_model
from ezlang.models.steepness import check_steepness, floors
from ezlang.models.translation import translated
from ezlang.typed.tree import Program

Array = np.ndarray[Any, Any]
WHOLE_BITS = 12
"""How many bits inputs have before the binary point."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A model file that was imported, with all sizes fixed."""

    path: Path
    fraction: int
    listing: Listing
    text: str
    program: Program = field(repr=False)

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Return the outputs of the program, which the hospital runs alone."""
        own = {quoted(name): array for name, array in inputs.items()}
        own |= {
            one.source: one.data for one in self.listing.weights.values() if one.data is not None
        }
        found = api.run_native(self.program, {HOSPITAL: own, VENDOR: {}}, timeout=3000).outputs
        return {name: np.asarray(data) for name, data in found[HOSPITAL].items()}

    def run_float(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Return the outputs of onnxruntime for the same model."""
        return float_outputs(self.path, inputs)


def float_outputs(path: Path, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Return the outputs of onnxruntime for a model file."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_outputs()]
    found = session.run(names, dict(inputs))
    return {quoted(name): np.asarray(data) for name, data in zip(names, found, strict=True)}


def judged(
    path: Path,
    sizes: Mapping[str, int],
    *,
    fraction: int = 16,
    finer: int = FINER,
    outputs: tuple[str, ...] = (),
) -> Judged:
    """Import a model for one party. Raises EzError for a model that can't be imported."""
    graph = graph_of(read_model(path, sizes, outputs))
    check_steepness([*floors(graph)], fraction)
    listing = translated(graph)
    whole = {value.name: WHOLE_BITS for value in graph.inputs}
    text = program_text(listing, model=path.name, fraction=fraction, whole=whole, finer=finer)
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "model.ez"
        program.write_text(_alone(text), encoding="utf-8")
        loaded = api.load(program)
    return Judged(path, fraction, listing, text, loaded)


def _alone(text: str) -> str:
    """Return a program whose inputs are all the hospital's, and known to it."""
    parties = f"party {VENDOR}, {HOSPITAL};"
    head, body = text.split(parties)
    body = body.replace("    secret ", f"    @{HOSPITAL} ")
    return (
        head
        + parties
        + body.replace(f"input({VENDOR},", f"input({HOSPITAL},").replace(
            f"    {VENDOR},", f"    {HOSPITAL},"
        )
    )
