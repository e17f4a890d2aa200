"""The program that computes agreed metrics of a model, made from the model's own program.

The model's program, which `ezlang import` writes, gives the hospital what the model says of one
batch. The program here runs it on all batches and gives both parties the metrics alone; what the
model says is never revealed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from ezlang.diagnostics.diagnostic import Diagnostics
from ezlang.records import dataclass
from ezlang.source import Source
from ezlang.syntax import tree
from ezlang.syntax.format import format_source
from ezlang.syntax.parser import parse
from ezlang.typed import tree as typed
from ezlang.types.types import shape_of

from . import problems
from .listing import FRACTION, HOSPITAL, VENDOR

refusal = partial(problems.refusal, code="EZ4109")
"""Return the error for a model that can't be validated as asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric of `stdlib/metrics.ez`: its call, where the hospital's side has the name {given}.

    `classes`: whether what the hospital gives are labels, of 2 classes if it is `binary`.
    """

    call: str
    classes: bool = True
    binary: bool = False


_POSITIVE: Final = "{given} == 1, metrics.predictions({results}) == 1"
_FIRST: Final = "reshape({results}, {samples})"

METRICS: Final = {
    "accuracy": Metric(call="metrics.accuracy({results}, {given})"),
    "confusion": Metric(
        call="metrics.confusion::<{classes}>({given}, metrics.predictions({results}))"
    ),
    "calibration": Metric(call="metrics.calibration_error::<15>({results}, {given})"),
    "precision": Metric(call=f"metrics.precision::<{{fraction}}>({_POSITIVE})", binary=True),
    "recall": Metric(call=f"metrics.recall::<{{fraction}}>({_POSITIVE})", binary=True),
    "f1": Metric(call=f"metrics.f1::<{{fraction}}>({_POSITIVE})", binary=True),
    "auroc": Metric(call="metrics.auroc({positive}, {given} == 1)", binary=True),
    "mse": Metric(call=f"metrics.mean_squared_error({_FIRST}, {{given}})", classes=False),
    "mae": Metric(call=f"metrics.mean_absolute_error({_FIRST}, {{given}})", classes=False),
    "r2": Metric(call=f"metrics.r_squared({_FIRST}, {{given}})", classes=False),
}
"""The metrics by the names that a user writes; besides, there is top_K for each K."""

LABELS: Final = "labels"
TARGETS: Final = "targets"
SAMPLES: Final = "samples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A metric that a user wrote, as `f1` or as `f1>=0.8`: then only whether it holds is told."""

    name: str
    metric: Metric
    limit: str | None

    @property
    def told(self) -> str:
        """What the output is called."""
        return self.name if self.limit is None else f"{self.name} >= {self.limit}"


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


def validation_of(program: typed.Program, metrics: Sequence[str], *, samples: int) -> Validation:
    """Return the program that tells both parties metrics of a model on a number of samples.

    `program`: one of the form that `ezlang import` writes. The hospital gives its samples as
    the model's input, with the samples along the first dimension, and `labels`, numbers of classes,
    or `targets`, what the model should say. The number of samples is a param of the program.

    Raises EzError (exit code 2) if the program or the metrics have another form.
    """
    wanted = [_wanted(text) for text in metrics]
    source = program.sources[-1]
    model = _model(program, source)
    if samples % model.batch:
        raise refusal(
            f"the model takes {model.batch} samples at once, and {samples} is no multiple of it",
            f"give {samples - samples % model.batch or model.batch} samples",
        )
    for one in wanted:
        _check(one, model)
    if len({one.metric.classes for one in wanted}) > 1:
        raise refusal(
            "metrics of classes and of numbers don't go together",
            "validate the model twice",
        )
    beside = LABELS if wanted[0].metric.classes else TARGETS
    if model.key == beside:
        raise refusal(
            f"the model's input is called `{beside}`, as what the hospital gives beside it is",
            "rename it before the export",
        )
    words = set(re.findall(r"\w+", source.text))
    count = _fresh(SAMPLES, words)
    text = "\n".join(_lines(model, wanted, count, words)) + "\n"
    return Validation(text=format_source(Source("validation.ez", text)), settings={count: samples})


def _wanted(text: str) -> Wanted:
    name, at_least, limit = (part.strip() for part in text.partition(">="))
    top = re.fullmatch(r"top_([1-9][0-9]?)", name)
    metric = METRICS.get(name)
    if top:
        metric = Metric(call=f"metrics.top_accuracy::<{top[1]}>({{results}}, {{given}})")
    if metric is None:
        raise refusal(
            f"`{name}` is no metric", f"there are {', '.join(METRICS)}, and top_K for each K"
        )
    if at_least and (name == "confusion" or not re.fullmatch(r"[0-9]+\.[0-9]+", limit)):
        raise refusal(f"`{text}` has no limit", "write for example accuracy>=0.7")
    return Wanted(name=name, metric=metric, limit=limit if at_least else None)


def _check(wanted: Wanted, model: _Model) -> None:
    metric, name, classes = wanted.metric, wanted.name, model.classes
    if metric.classes and not metric.binary and classes == 1:
        raise refusal(
            f"`{name}` needs a score for each class, and the model gives one number",
            "take auroc, mse, mae or r2",
        )
    # A single score ranks samples, but doesn't say which are positive.
    if metric.binary and classes != 2 and not (name == "auroc" and classes == 1):
        raise refusal(f"`{name}` is for 2 classes; the model has {classes}")
    if not metric.classes and classes != 1:
        raise refusal(
            f"`{name}` is for a model of one number; this one gives {classes}", "take accuracy"
        )


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
            case tree.Declare(value=tree.Input(party=party)) if party.text == VENDOR:
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
    batched = sizes and sizes[0].isdecimal() and 1 <= len(shape) <= 2 and shape[0] == int(sizes[0])
    if not batched:
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
        classes=shape[1] if len(shape) == 2 else 1,
        element=element,
        sizes=sizes,
    )


def _text(source: Source, node: tree.Node) -> str:
    return source.text[node.span.start : node.span.end]


def _lines(model: _Model, wanted: Sequence[Wanted], samples: str, words: set[str]) -> Iterator[str]:
    """Yield the program's lines. `samples`: the name of the param; `words`: names in use."""
    names = {name: _fresh(name, words) for name in ("data", "results", "batch", "at")}
    given = _fresh(LABELS if wanted[0].metric.classes else TARGETS, words)
    rest = "".join(f"[{size}]" for size in model.sizes[1:])
    fixed = f"fixed<{FRACTION}>"
    yield _head(model.head, samples)
    yield "fn main() {"
    yield from model.weights
    data = f"{model.element}[{samples}]{rest} {names['data']}"
    yield f'secret {data} = input({HOSPITAL}, "{model.key}");'
    if wanted[0].metric.classes:
        yield f'@{HOSPITAL} int32[{samples}] {given} = input({HOSPITAL}, "{LABELS}");'
    else:
        yield f'@{HOSPITAL} {fixed}[{samples}] {given} = input({HOSPITAL}, "{TARGETS}");'
    yield ""
    yield f"{fixed}[{samples}][{model.classes}] {names['results']};"
    yield f"for {names['batch']} in 0..{samples} / {model.batch} {{"
    yield f"let {names['at']} = {names['batch']} * {model.batch};"
    place = f"{names['at']}..{names['at']} + {model.batch}"
    yield f"let {model.data.name.text} = {names['data']}[{place}];"
    yield from model.lines
    shaped = f"reshape({model.result}, {model.batch}, {model.classes})"
    yield f"{names['results']}[{place}] = {shaped};"
    yield "}"
    for one in wanted:
        yield _told(one, model, names["results"], given, samples)
    yield "}"


def _told(wanted: Wanted, model: _Model, results: str, given: str, samples: str) -> str:
    one = f"reshape({results}, {samples})"
    value = wanted.metric.call.format(
        results=results,
        given=given,
        samples=samples,
        classes=model.classes,
        fraction=FRACTION,
        positive=one if model.classes == 1 else f"metrics.margins({results})",
    )
    if wanted.limit is not None:
        value = f"{value} >= {wanted.limit}"
    return f'output(all, {value}, "{wanted.told}");'


def _head(head: str, samples: str) -> str:
    """Return what stands before `main`, with the import and the param that metrics need."""
    lines = head.splitlines()
    imports = [place for place, line in enumerate(lines) if line.startswith("import ")]
    parties = next(place for place, line in enumerate(lines) if line.startswith("party "))
    after = (imports[-1] if imports else parties) + 1
    added = ["import metrics;"]
    if not imports:
        added.insert(0, "")
    param = ["", "/// How many samples the hospital has.", f"param int32 {samples};"]
    return "\n".join([*lines[:after], *added, *param, *lines[after:]])


def _fresh(name: str, words: set[str]) -> str:
    while name in words:
        name += "_"
    words.add(name)
    return name
