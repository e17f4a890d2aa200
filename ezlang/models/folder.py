"""Imports a model: from its file to a folder with a program."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ezlang import api
from ezlang.diagnostics.diagnostic import EzError
from ezlang.records import dataclass

from . import measuring
from .folding import folded
from .graph import Graph
from .listing import HOSPITAL, VENDOR, Listing, whole_bits
from .masks import finite
from .measuring import ClearRun, FloatRun, Sample
from .operators import OPERATORS
from .problems import refusal
from .program import program_text, quoted
from .reading import read_model
from .rewriting import rewritten
from .steepness import check_steepness, floors
from .translation import translated

if TYPE_CHECKING:
    import onnx

    from ezlang.api import CostReport
    from ezlang.typed.tree import Program

DEFAULT_FRACTION: Final = 16
LEAST_FRACTION: Final = 5
PROGRAM: Final = "model.ez"
WEIGHTS: Final = "weights.npz"
SAMPLE: Final = "sample.npz"
REFERENCE: Final = "reference.npz"
README: Final = "README.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A model that was imported, with what was measured.

    `clear` is empty for a model that takes too long in the clear; `samples` were run in float.
    `finer`: how many more fraction bits the weights of linear layers have. `asked`: whether the
    user chose the fraction bits. `room`: how many there might be.
    """

    model: Path
    graph: Graph
    listing: Listing
    fraction: int
    finer: int
    asked: bool
    room: int
    whole: Mapping[str, int]
    samples: list[Sample]
    given: Path | None
    floats: list[FloatRun]
    clear: list[ClearRun]
    cost: CostReport

    @property
    def difference(self) -> float | None:
        """The largest difference from the float model, in units of the last place."""
        pairs = zip(self.clear, self.floats, strict=False)
        return max(
            (
                measuring.difference(
                    clear.outputs,
                    {quoted(name): array for name, array in run.outputs.items()},
                    self.fraction,
                )
                for clear, run in pairs
            ),
            default=None,
        )


def import_model(
    path: Path,
    folder: Path,
    *,
    fraction: int | None = None,
    finer: int | None = None,
    samples: Path | None = None,
    sizes: Mapping[str, int] | None = None,
    outputs: Sequence[str] = (),
) -> Imported:
    """Write a model as a program, with its weights and a README, into a new folder.

    `fraction`: how many fraction bits numbers have; None: 16, or as many as the samples leave room
    for. `finer`: how many more the weights of linear layers have; None: 4, or likewise. `sizes`:
    of dynamic dimensions, by name. `outputs`: those that the hospital learns; all, if none are
    given. Nothing is left behind if an error is raised: EzError (exit code 2) for everything that
    is wrong with the model.
    """
    from .readme import readme

    if folder.exists():
        raise refusal(f"{folder} already exists, and is not overwritten", "choose another name")
    model = read_model(path, sizes or {}, outputs)
    graph = graph_of(model)
    listing = translated(graph)
    drawn = measuring.samples_of(graph, samples)
    floats = [measuring.float_run(model, graph, sample) for sample in drawn]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    except OSError as error:
        raise refusal(f"{folder} cannot be created: {error.strerror or error}") from None
    try:
        asked = (fraction, finer)
        imported = _write(path, scratch, graph, listing, asked, drawn, samples, floats)
        text = readme(imported, folder.name)
        (scratch / README).write_text(text, encoding="utf-8", newline="\n")
        scratch.chmod(0o755)
        scratch.rename(folder)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return imported


def graph_of(model: onnx.ModelProto) -> Graph:
    """Return the layers of a model. Raises EzError (exit code 2) for those that are wrong."""
    return rewritten(finite(folded(model, OPERATORS.keys())))


def _write(
    path: Path,
    folder: Path,
    graph: Graph,
    listing: Listing,
    asked: tuple[int | None, int | None],
    samples: list[Sample],
    given: Path | None,
    floats: list[FloatRun],
) -> Imported:
    room = measuring.fitting_fraction(floats)
    fraction = min(DEFAULT_FRACTION, room) if asked[0] is None else asked[0]
    # Data that are larger than the samples are an error of the run, and no overflow.
    whole = {
        value.name: max(
            whole_bits(np.concatenate([np.ravel(one[value.name]) for one in samples]), room=2.0),
            8 if given is None else 1,
        )
        for value in graph.inputs
        if value.is_float
    }
    while True:
        if fraction < LEAST_FRACTION:
            raise refusal(
                f"the model computes numbers up to {max(run.largest for run in floats):.6g}, which "
                f"leaves room for {fraction} fraction bits",
                "scale its inputs or its weights",
            )
        finer = measuring.fitting_finer(room, fraction) if asked[1] is None else asked[1]
        text = program_text(listing, model=path.name, fraction=fraction, whole=whole, finer=finer)
        (folder / PROGRAM).write_text(text, encoding="utf-8", newline="\n")
        clear = _clear_runs(folder / PROGRAM, graph, listing, samples)
        spare = min((run.spare for run in clear), default=0)
        if spare >= 0 and 2 * fraction + finer <= 2 * room:
            break
        if spare < 0:
            room = min(room, (2 * fraction + finer - 1) // 2)
        if asked[1] is None and fraction <= room:
            continue  # with weights that are less fine
        if asked[0] is not None:
            most = min(room - (asked[1] or 0) // 2, asked[0] - 1)
            raise refusal(
                f"with {asked[0]} fraction bits, numbers overflow on the samples",
                f"leave out --fraction-bits, or give fewer: up to {most}",
            )
        fraction = min(fraction - 1, room)
    nodes = [steep for run in floats for steep in run.steep]
    check_steepness([*nodes, *floors(graph)] if given is None else nodes, fraction)
    arrays = {one.source: one.data for one in listing.weights.values() if one.data is not None}
    np.savez(folder / WEIGHTS, allow_pickle=False, **arrays)
    np.savez(folder / SAMPLE, allow_pickle=False, **_renamed(samples[0]))
    np.savez(folder / REFERENCE, allow_pickle=False, **_renamed(floats[0].outputs))
    return Imported(
        model=path,
        graph=graph,
        listing=listing,
        fraction=fraction,
        finer=finer,
        asked=asked[0] is not None,
        room=room,
        whole=whole,
        samples=samples,
        given=given,
        floats=floats,
        clear=clear,
        cost=api.cost(_checked(folder / PROGRAM)),
    )


def _renamed(arrays: Sample) -> dict[str, np.ndarray]:
    return {quoted(name): array for name, array in arrays.items()}


def _checked(program: Path) -> Program:
    """Return an imported program. Raises EzError if its numbers have too many fraction bits."""
    try:
        return api.load(program)
    except EzError as error:
        raise refusal(
            f"the program isn't right with this number of fraction bits: {error}",
            "give another one by --fraction-bits",
        ) from None


def _clear_runs(
    program: Path, graph: Graph, listing: Listing, samples: list[Sample]
) -> list[ClearRun]:
    """Run the program on the first samples, as many as don't take long."""
    loaded = _checked(program)
    weights = {one.source: one.data for one in listing.weights.values()}
    count = measuring.CLEAR_WORK // max(measuring.work_of(graph), 1)
    return [
        measuring.clear_run(loaded, {VENDOR: weights, HOSPITAL: _renamed(sample)})
        for sample in samples[:count]
    ]
