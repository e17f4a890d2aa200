"""The program that computes agreed metrics of a model, made from the model's own program.

The model's program, which `ezlang import` writes, gives the hospital what the model says of one
batch. The program here runs it on all batches and gives both parties the metrics alone; what the
model says is never revealed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Final

from ezlang.diagnostics.diagnostic import Diagnostics
from ezlang.records import dataclass
from ezlang.source import Source
from ezlang.syntax import tree
from ezlang.syntax.format import format_source
from ezlang.syntax.parser import parse
from ezlang.typed import tree as typed
from ezlang.types.types import shape_of

from .listing import FRACTION, HOSPITAL, VENDOR
from .metrics import Residue, Wanted, expression, refusal, wanted

LABELS: Final = "labels"
TARGETS: Final = "targets"
SAMPLES: Final = "samples"
MASKED: Final = "masked"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """A model's program: its text up to `main`, the statements of `main`, and its types."""

    head: str
    weights: tuple[str, ...]
    data: tree.Declare
    key: str
    lines: tuple[str, ...]
    result: str
    batch: int
    classes: int
    element: str
    sizes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """A program that validates a model, with the params that it needs."""

    text: str
    settings: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchedValidation:
    """The programs that validate a model in batches.

    `batch` is run on each batch, and `last` on the last one if it has fewer samples. The hospital
    gives the batch as for a single run. The vendor gives the weights and `mask`: as many uniform
    numbers of 64 bits as `count` says. The hospital is told `masked`, what the batch leaves plus
    `mask`. Each side adds the first `sums` numbers of its own over all batches, modulo 2^64, and
    keeps the other ones of each batch, `kept` for a sample.

    `closing` tells both the metrics. It gets `masked` and `mask`: the sums, then what was kept. If
    `given`, it also gets what the hospital gives beside its samples, of all of them.

    `key`: the name of the samples. `beside`: of what the hospital gives beside them. `mask`: that
    of the mask, which no weight has.
    """

    batch: Validation
    last: Validation | None
    closing: Validation
    sums: int
    kept: int
    key: str
    beside: str
    mask: str
    given: bool

    def count(self, samples: int) -> int:
        """Return how many numbers a batch of so many samples leaves."""
        return self.sums + self.kept * samples


def validation_of(program: typed.Program, metrics: Sequence[str], *, samples: int) -> Validation:
    """Return the program that tells both parties metrics of a model on a number of samples.

    `program`: one of the form that `ezlang import` writes. The hospital gives its samples as
    the model's input, with the samples along the first dimension, and `labels`, numbers of classes,
    or `targets`, what the model should say. The number of samples is a param of the program.

    Raises EzError (exit code 2) if the program or the metrics have another form.
    """
    source = program.sources[-1]
    model, asked, _ = _agreed(program, source, metrics)
    names = _names(source, asked)
    told = (_told(one, _call(one.metric.call, model, names)) for one in asked)
    lines = [*_results(model, names, "the hospital has", samples), *told, "}"]
    return _validation(lines, names, samples)


def batched_validation_of(
    program: typed.Program, metrics: Sequence[str], *, samples: int, batch: int
) -> BatchedValidation:
    """Return the programs that do the same on one batch of samples after the other.

    `batch`: how many samples a batch has; the last one has what is left of them.
    """
    source = program.sources[-1]
    model, asked, beside = _agreed(program, source, metrics)
    if batch < samples and batch % model.batch:
        raise refusal(
            f"the model takes {model.batch} samples at once, and {batch} is no multiple of it",
            f"give batches of {batch - batch % model.batch or model.batch} samples",
        )
    names = _names(source, asked)
    residues = list(dict.fromkeys(residue for one in asked for residue in one.metric.residues))
    residues.sort(key=lambda one: one.sample)

    def running(size: int) -> Validation:
        lines = _results(model, names, "a batch has", size)
        left = _left(model, names, residues, size)
        return _validation([*lines, *left, "}"], names, size)

    fraction = int(dict(program.params)[FRACTION])
    closing = list(_closing(model, asked, names, residues, samples, fraction))
    return BatchedValidation(
        batch=running(min(batch, samples)),
        last=running(samples % batch) if samples % batch and batch < samples else None,
        closing=_validation(closing, names, samples),
        sums=sum(residue.count(model.classes, 1) for residue in residues if not residue.sample),
        kept=sum(residue.sample for residue in residues),
        key=model.key,
        beside=beside,
        mask=names.mask,
        given=any("{given}" in one.metric.whole for one in asked),
    )


def _validation(lines: Sequence[str], names: _Names, samples: int) -> Validation:
    text = format_source(Source("validation.ez", "\n".join(lines) + "\n"))
    return Validation(text=text, settings={names.samples: samples})


def _agreed(
    program: typed.Program, source: Source, metrics: Sequence[str]
) -> tuple[_Model, list[Wanted], str]:
    """Return the model, its metrics, and what the hospital gives beside the samples."""
    asked = [wanted(text) for text in metrics]
    model = _model(program, source)
    for one in asked:
        one.check(model.classes)
    if len({one.metric.classes for one in asked}) > 1:
        raise refusal(
            "metrics of classes and of numbers don't go together",
            "validate the model twice",
        )
    beside = _beside(asked)
    if model.key == beside:
        raise refusal(
            f"the model's input is called `{beside}`, as what the hospital gives beside it is",
            "rename it before the export",
        )
    return model, asked, beside


def _beside(asked: Sequence[Wanted]) -> str:
    return LABELS if asked[0].metric.classes else TARGETS


def _model(program: typed.Program, source: Source) -> _Model:
    """Take the program of a model apart."""
    module = parse(source, Diagnostics())
    main = next(
        item
        for item in module.items
        if isinstance(item, tree.FunctionItem) and item.name.text == "main"
    )
    weights, lines = [], []
    data: list[tuple[tree.Declare, str]] = []
    outputs = [one for one in main.body.statements if isinstance(one, tree.Output)]
    for statement in main.body.statements:
        match statement:
            case tree.Declare(value=tree.Input() as given) if given.giver == VENDOR:
                weights.append(_text(source, statement))
            case tree.Declare(value=tree.Input(name=name)):
                data.append((statement, name.value))
            case tree.Output():
                pass
            case _:
                lines.append(_text(source, statement))
    results = [one for one in program.main.body.statements if isinstance(one, typed.Output)]
    if program.parties != (VENDOR, HOSPITAL) or len(data) != 1 or len(outputs) != 1:
        raise refusal(
            f"{source.name} isn't a model of one input and one output",
            f"import a model whose only input is the hospital's; it has {len(data)} inputs and "
            f"{len(outputs)} outputs",
        )
    ((declared, key),) = data
    sizes = tuple(_text(source, size) for size in declared.type.sizes)
    shape = shape_of(results[0].value.type)
    batched = sizes and sizes[0].isdecimal() and shape[:1] == (int(sizes[0]),)
    # Convolutions that give scores leave sizes of 1 behind.
    if not batched or sum(size != 1 for size in shape[1:]) > 1:
        raise refusal(
            f"{source.name} doesn't give a row of numbers for each sample",
            "import a model whose input and output have the samples along the first dimension",
        )
    element = _text(source, declared.type).partition("[")[0]
    return _Model(
        head=source.text[: main.span.start],
        weights=tuple(weights),
        data=declared,
        key=key,
        lines=tuple(lines),
        result=_text(source, outputs[0].value),
        batch=shape[0],
        classes=prod(shape[1:]),
        element=element,
        sizes=sizes,
    )


def _text(source: Source, node: tree.Node) -> str:
    return source.text[node.span.start : node.span.end]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """Names of a program that the model's own program doesn't have."""

    samples: str
    data: str
    whole: str
    filled: str
    answers: str
    results: str
    batch: str
    at: str
    left: str
    mask: str
    given: str
    beside: str


def _names(source: Source, asked: Sequence[Wanted]) -> _Names:
    words = set(re.findall(r"\w+", source.text))
    own = (SAMPLES, "data", "whole", "filled", "answers", "results", "batch", "at", "left", "mask")
    names = {name: _fresh(name, words) for name in own}
    beside = _beside(asked)
    return _Names(**names, given=_fresh(beside, words), beside=beside)


def _results(model: _Model, names: _Names, whose: str, count: int) -> Iterator[str]:
    """Yield a program's lines up to the results of the model; `whose` the samples are.

    `count`: how many there are. Where the model takes more, the last one is repeated, and not used.
    """
    samples, data, whole, answers = names.samples, names.data, names.samples, names.results
    yield _head(model.head, samples, whose)
    yield "fn main() {"
    yield from model.weights
    yield f'{_rows(model, samples)} {data} = input({HOSPITAL}, "{model.key}");'
    yield _given(names)
    yield ""
    is_even = count % model.batch == 0
    if not is_even:
        yield from _filled(model, names)
        data, whole, answers = names.filled, names.whole, names.answers
    yield f"fixed<{FRACTION}>[{whole}][{model.classes}] {answers};"
    yield f"for {names.batch} in 0..{whole} / {model.batch} {{"
    yield f"let {names.at} = {names.batch} * {model.batch};"
    place = f"{names.at}..{names.at} + {model.batch}"
    yield f"let {model.data.name.text} = {data}[{place}];"
    yield from model.lines
    shaped = f"reshape({model.result}, {model.batch}, {model.classes})"
    yield f"{answers}[{place}] = {shaped};"
    yield "}"
    if not is_even:
        yield f"let {names.results} = {answers}[0..{samples}];"


def _rows(model: _Model, samples: str) -> str:
    """Return the type of a number of samples, with its label."""
    label = "secret" if model.element.startswith("fixed") else f"@{HOSPITAL}"
    return f"{label} {model.element}{''.join(f'[{size}]' for size in (samples, *model.sizes[1:]))}"


def _filled(model: _Model, names: _Names) -> Iterator[str]:
    """Yield the lines that fill the places without a sample."""
    samples, whole, size = names.samples, names.whole, model.batch
    yield f"// The model takes {size} samples at once: the last one fills the places that are left."
    yield f"let {whole} = ({samples} + {size - 1}) / {size} * {size};"
    yield f"{_rows(model, whole)} {names.filled};"
    yield f"{names.filled}[0..{samples}] = {names.data};"
    yield f"for {names.at} in {samples}..{whole} {{"
    yield f"{names.filled}[{names.at}] = {names.data}[{samples} - 1];"
    yield "}"


def _given(names: _Names) -> str:
    """Return the line that asks for what the hospital gives beside its samples."""
    element = "int32" if names.beside == LABELS else f"fixed<{FRACTION}>"
    array = f"@{HOSPITAL} {element}[{names.samples}] {names.given}"
    return f'{array} = input({HOSPITAL}, "{names.beside}");'


def _call(text: str, model: _Model, names: _Names, places: tuple[str, ...] = ()) -> str:
    """Return an expression of a metric in a program."""
    one = f"reshape({names.results}, {names.samples})"
    return expression(
        text,
        places,
        results=names.results,
        given=names.given,
        samples=names.samples,
        classes=model.classes,
        positive=one if model.classes == 1 else f"metrics.margins({names.results})",
    )


def _told(wanted: Wanted, value: str) -> str:
    if wanted.limit is not None:
        value = f"{value} >= {wanted.limit}"
    return f'output(all, {value}, "{wanted.told}");'


def _places(model: _Model, residues: Sequence[Residue], samples: int) -> Iterator[str]:
    """Yield where in an array the numbers of each residue are, of a number of samples."""
    start = 0
    for residue in residues:
        end = start + residue.count(model.classes, samples)
        yield str(start) if residue.is_number else f"{start}..{end}"
        start = end


def _left(model: _Model, names: _Names, residues: Sequence[Residue], samples: int) -> Iterator[str]:
    """Yield the lines of what a batch leaves, of which the hospital is told a masked form."""
    size = sum(residue.count(model.classes, samples) for residue in residues)
    yield f"int64[{size}] {names.left};"
    for residue, place in zip(residues, _places(model, residues, samples), strict=True):
        yield f"{names.left}[{place}] = {_call(residue.call, model, names)};"
    yield "// The mask is uniform, so that the sum is, too: it tells the hospital nothing."
    yield f'@{VENDOR} int64[{size}] {names.mask} = input({VENDOR}, "{names.mask}");'
    yield f'output({HOSPITAL}, {names.left} + {names.mask}, "{MASKED}");'


def _closing(
    model: _Model,
    asked: Sequence[Wanted],
    names: _Names,
    residues: Sequence[Residue],
    samples: int,
    fraction: int,
) -> Iterator[str]:
    """Yield the program that computes metrics from what all batches left."""
    size = sum(residue.count(model.classes, samples) for residue in residues)
    calls = [(one, one.metric.whole) for one in asked]
    yield f"party {VENDOR}, {HOSPITAL};\n\nimport metrics;\n"
    yield from _param(names.samples, "the hospital has")
    yield "\n/// How many bits numbers have after the binary point."
    yield f"param int32 {FRACTION} = {fraction};\n"
    yield "fn main() {"
    yield "// Each party has one part of every number, and either part alone says nothing."
    yield f'secret int64[{size}] {names.left} = input({HOSPITAL}, "{MASKED}")'
    yield f'    - input({VENDOR}, "{names.mask}");'
    if any("{given}" in call for _, call in calls):
        yield _given(names)
    places = list(zip(residues, _places(model, residues, samples), strict=True))
    for one, call in calls:
        own = (f"{names.left}[{at}]" for residue, at in places if residue in one.metric.residues)
        yield _told(one, _call(call, model, names, tuple(own)))
    yield "}"


def _head(head: str, samples: str, whose: str) -> str:
    """Return what stands before `main`, with the import and the param that metrics need."""
    lines = head.splitlines()
    imports = [place for place, line in enumerate(lines) if line.startswith("import ")]
    parties = next(place for place, line in enumerate(lines) if line.startswith("party "))
    after = (imports[-1] if imports else parties) + 1
    added = ["import metrics;"]
    if not imports:
        added.insert(0, "")
    return "\n".join([*lines[:after], *added, "", *_param(samples, whose), *lines[after:]])


def _param(samples: str, whose: str) -> tuple[str, str]:
    return f"/// How many samples {whose}.", f"param int32 {samples};"


def _fresh(name: str, words: set[str]) -> str:
    while name in words:
        name += "_"
    words.add(name)
    return name
