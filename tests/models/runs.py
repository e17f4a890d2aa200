"""Imports of drafts, and runs of the programs."""

from __future__ import annotations

from pathlib import Path

from ezlang import api
from ezlang.models.folder import Imported, import_model
from ezlang.models.folding import folded
from ezlang.models.listing import HOSPITAL, VENDOR
from ezlang.models.masks import finite
from ezlang.models.measuring import FINER, clear_run, float_run, samples_of
from ezlang.models.measuring import difference as apart
from ezlang.models.operators import OPERATORS
from ezlang.models.program import program_text
from ezlang.models.reading import read_model
from ezlang.models.rewriting import rewritten
from ezlang.models.translation import translated
from ezlang.values.data import Data
from ezlang.values.files import read_inputs
from tests.models.models import Draft


def imported(draft: Draft, folder: Path, opset: int = 21) -> Imported:
    """Import a draft, whose last node gives the output, into `folder / "out"`."""
    path = draft.save(folder, draft.nodes[-1].output[0], opset=opset)
    return import_model(path, folder / "out")


def difference(draft: Draft, folder: Path, output: str = "") -> float:
    """Return how far the program in the clear is from the float model, in units of the last place.

    `output`: of the model; by default the last node's. This takes less time than an import, which
    also predicts the cost.
    """
    model = read_model(draft.save(folder, output or draft.nodes[-1].output[0]), {})
    graph = rewritten(finite(folded(model, OPERATORS.keys())))
    listing = translated(graph)
    whole = {value.name: 8 for value in graph.inputs}
    text = program_text(listing, model="model.onnx", fraction=16, whole=whole, finer=FINER)
    (folder / "model.ez").write_text(text, encoding="utf-8")
    (sample,) = samples_of(graph, None)
    weights = {one.source: one.data for one in listing.weights.values()}
    inputs = {VENDOR: weights, HOSPITAL: sample}
    clear = clear_run(api.load(folder / "model.ez"), inputs)
    return apart(clear.outputs, float_run(model, graph, sample).outputs, 16)


def inputs_of(folder: Path) -> dict[str, dict[str, Data]]:
    """Return the inputs of both parties: the weights, and the sample."""
    return {
        "vendor": read_inputs(folder / "out" / "weights.npz"),
        "hospital": read_inputs(folder / "out" / "sample.npz"),
    }


def program_of(folder: Path) -> str:
    """Return the text of the program, from its first line that computes something."""
    text = (folder / "out" / "model.ez").read_text(encoding="utf-8")
    return text[text.index("    let ") :]
