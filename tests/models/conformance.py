"""The conformance cases of the package onnx, imported and run in the clear.

A case of the kind `node` gives weights, shapes and axes as inputs of the model. Here its first
input is the hospital's, and the others belong to the model: the vendor's weights, or constants.
"""

from __future__ import annotations

import re
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from ezlang import api
from ezlang.diagnostics.diagnostic import EzError
from ezlang.models.folding import folded
from ezlang.models.listing import HOSPITAL, VENDOR, whole_bits
from ezlang.models.masks import finite
from ezlang.models.measuring import FINER
from ezlang.models.operators import OPERATORS
from ezlang.models.problems import Problems
from ezlang.models.program import program_text, quoted
from ezlang.models.reading import fix_sizes
from ezlang.models.rewriting import rewritten
from ezlang.models.translation import translated

FRACTION = 16
KINDS = ("node", "simple", "pytorch-converted", "pytorch-operator")
PASSED, FAILED, REFUSED, OUT = "passed", "failed", "refused", "out of scope"
INTRODUCTION = """# Conformance to ONNX

The package `onnx` has conformance cases. `ezlang import` imports them, and their programs are run
in the clear, which gives what all executors give, with 16 fraction bits. A case is passed if all
outputs have the right shape and differ by at most 8 units of the last place of the larger of 1 and
the expected number; that is 1.2e-4. Integers and bools must be equal. The first input of a case is
the hospital's; the others are the vendor's weights, or sizes and indices. A case is refused if the
importer says that it can't import it; a wrong result is a failure.

`python -m pytest -m slow tests/models --update-golden` writes this page; a sample of the cases is
run with all other tests."""
Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Case:
    """A model, an input for each of its first inputs, and what it must give."""

    name: str
    kind: str
    model: onnx.ModelProto
    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]

    @property
    def operator(self) -> str:
        """The operator that the case is about, as far as one can tell."""
        every = list(self.model.graph.node)
        nodes = [node for node in every if node.op_type != "Constant"] or every
        node = nodes[-1] if self.kind == "node" else nodes[0]
        return f"{node.domain}.{node.op_type}" if node.domain else node.op_type


@dataclass(frozen=True)
class Verdict:
    """`passed`, `failed`, `refused` (the importer says why) or `out of scope` (we say why)."""

    what: str
    reason: str = ""
    ulps: float = 0.0
    relative: float = 0.0


def cases(kind: str) -> Iterator[Case]:
    """Yield the cases of a kind."""
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = load_model_tests(kind=kind)
    for one in found:
        if one.model is not None:
            model = one.model
            inputs, outputs = one.data_sets[0] if one.data_sets else ([], [])
        else:
            assert one.model_dir is not None
            folder = Path(one.model_dir)
            model = onnx.load(folder / "model.onnx")
            inputs, outputs = (_stored(folder / "test_data_set_0", w) for w in ("input", "output"))
        inputs, outputs = (
            [np.asarray(a) if np.isscalar(a) else a for a in arrays] for arrays in (inputs, outputs)
        )
        initialized = {tensor.name for tensor in model.graph.initializer}
        names = [value.name for value in model.graph.input if value.name not in initialized]
        yield Case(
            name=one.name,
            kind=kind,
            model=model,
            inputs=dict(zip(names, inputs, strict=False)),
            outputs=dict(zip((v.name for v in model.graph.output), outputs, strict=False)),
        )


def _array(given: Any) -> Any:
    """Return a tensor as an array; other values stay."""
    if isinstance(given, onnx.TensorProto):
        return numpy_helper.to_array(given)
    return np.asarray(given) if np.isscalar(given) else given


def _stored(folder: Path, what: str) -> list[Any]:
    found = []
    for number in range(len(list(folder.glob(f"{what}_*.pb")))):
        content = (folder / f"{what}_{number}.pb").read_bytes()
        tensor = onnx.TensorProto()
        tensor.ParseFromString(content)
        found.append(numpy_helper.to_array(tensor))
    return found


def out_of_scope(case: Case) -> str:
    """Return why a case isn't about inference on float tensors; empty if it is."""
    values = [*case.inputs.values(), *case.outputs.values()]
    if any(not isinstance(value, np.ndarray) for value in values):
        return "sequences, optional values, or maps"
    kinds = {value.dtype.name for value in values}
    if any(value.dtype.kind in "OUSc" for value in values):
        return "strings or complex numbers"
    if not kinds & {"float32", "float64", "float16"}:
        return "no float tensor"
    if kinds & {
        "uint8",
        "int8",
        "int4",
        "uint4",
        "float8_e4m3fn",
        "float8_e5m2",
        "int16",
        "uint16",
    }:
        return "quantised numbers"
    if any(value.dtype.kind == "f" and not np.isfinite(value).all() for value in values):
        return "infinite numbers or NaN"
    if any(value.dtype.kind == "f" and np.abs(value).max(initial=0) > 2**31 for value in values):
        return "numbers that 16 fraction bits leave no room for"
    if case.name.endswith(("_expanded", "_expanded_ver18")) or "_expanded_" in case.name:
        return "the expansion of another case"
    return ""


def judged(case: Case) -> Verdict:
    """Import a case, run it in the clear, and compare."""
    if reason := out_of_scope(case):
        return Verdict(OUT, reason)
    model, data = bound(case)
    try:
        problems = Problems()
        fix_sizes(model, {}, problems)
        problems.check()
        graph = rewritten(finite(folded(model, OPERATORS.keys())))
        listing = translated(graph)
        if any(0 in value.shape for value in graph.inputs):
            return Verdict(REFUSED, "an input has no elements")
    except EzError as error:
        return Verdict(REFUSED, error.diagnostics[0].message)
    whole = {n: whole_bits(a, room=2.0) for n, a in data.items() if a.dtype.kind == "f"}
    text = program_text(listing, model="model.onnx", fraction=FRACTION, whole=whole, finer=FINER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.ez"
        path.write_text(text)
        loaded = api.load(path)
    weights = {one.source: one.data for one in listing.weights.values()}
    given = {quoted(name): array for name, array in data.items()}
    found = api.run_clear(loaded, {VENDOR: weights, HOSPITAL: given}).outputs.get(HOSPITAL, {})
    return compared(case, {name: np.asarray(array) for name, array in found.items()})


def bound(case: Case) -> tuple[onnx.ModelProto, dict[str, Array]]:
    """Return the model with all inputs but the first float one as its own, and that one."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    floats = [name for name, array in case.inputs.items() if array.dtype.kind == "f"]
    first = floats[0] if floats else next(iter(case.inputs), None)
    kept = [value for value in model.graph.input if value.name == first]
    for name, array in case.inputs.items():
        if name != first:
            model.graph.initializer.append(numpy_helper.from_array(np.asarray(array), name))
    del model.graph.input[:]
    model.graph.input.extend(kept)
    return model, {} if first is None else {first: case.inputs[first]}


def compared(case: Case, found: Mapping[str, Array]) -> Verdict:
    """Compare outputs with what they must be."""
    ulps = relative = 0.0
    for name, expected in case.outputs.items():
        got = found[quoted(name)]
        if got.shape != expected.shape:
            return Verdict(FAILED, f"shape {got.shape}, not {expected.shape}")
        if expected.dtype.kind != "f":
            if not np.array_equal(got, expected):
                return Verdict(FAILED, "other integers or bools")
            continue
        apart = np.abs(got.astype(np.float64) - expected.astype(np.float64))
        ulps = max(ulps, float(apart.max(initial=0)) * 2**FRACTION)
        size = np.maximum(1, np.abs(expected.astype(np.float64)))
        if expected.dtype == np.float16:
            # The expected number is rounded more.
            apart = np.maximum(apart - size * 2.0**-10, 0)
        scaled = apart * 2**FRACTION / size
        relative = max(relative, float(scaled.max(initial=0)))
    verdict = PASSED if relative <= TOLERANCE else FAILED
    return Verdict(
        verdict, f"{relative:.0f} ulp apart" if verdict == FAILED else "", ulps, relative
    )


TOLERANCE = 8.0
"""The largest difference that passes, in units of the last place of the larger of 1 and |y|."""


def page(judgements: Mapping[Case, Verdict]) -> str:
    """Return docs/onnx.md: what was judged, by kind and operator."""
    lines = [INTRODUCTION]
    for kind in KINDS:
        found = {case: one for case, one in judgements.items() if case.kind == kind}
        totals = Counter(one.what for one in found.values())
        lines += ["", f"## Cases of the kind `{kind}`", "", _totals(totals, len(found))]
        rows: dict[str, Counter[str]] = {}
        for case, one in found.items():
            if one.what != OUT:
                rows.setdefault(case.operator, Counter())[one.what] += 1
        lines += ["", "| operator | passed | failed | refused |", "|---|---|---|---|"]
        for operator, counts in sorted(rows.items()):
            shown = (str(counts[what] or "") for what in (PASSED, FAILED, REFUSED))
            lines.append(f"| {operator} | {' | '.join(shown)} |")
        for what, title in ((OUT, "Out of scope"), (REFUSED, "Refused"), (FAILED, "Failed")):
            reasons = Counter(_general(one.reason) for one in found.values() if one.what == what)
            if reasons:
                lines += ["", f"{title}, by reason:", "", "| cases | reason |", "|---|---|"]
                lines += [f"| {count} | {why} |" for why, count in reasons.most_common()]
    return "\n".join(lines) + "\n"


def _totals(totals: Counter[str], count: int) -> str:
    said = ", ".join(f"{totals[what]} {what}" for what in (PASSED, FAILED, REFUSED, OUT))
    return f"{count} cases: {said}."


def _general(reason: str) -> str:
    """Return a reason without the names of nodes and values, and without sizes."""
    short = re.sub(r": nodes? `.*| \(node `[^`]*`\)|`[^`]*/", "", reason)
    return re.sub(r"\([\d, ]+\)|\[[\d, ]+\]|\d+", "…", short)
