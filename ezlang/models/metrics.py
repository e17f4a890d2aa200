"""The metrics of validations: what a user writes, and the calls of `stdlib/metrics.ez` it becomes.

A metric of all samples at once is one call. A metric of samples that come in batches is computed in
two steps: each batch *leaves* numbers, and the metric is computed from what all of them left. Both
ways give the same result to the last bit, since what batches leave are exact sums of integers, or
scores as they are.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from ezlang.records import dataclass

from . import problems
from .listing import FRACTION

refusal = partial(problems.refusal, code="EZ4109")
"""Return the error for a model that can't be validated as asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Residue:
    """Numbers of type int64 that a batch leaves: `size` ones for each entry of a table of `power`
    dimensions, each as long as there are classes, or one for each `sample`.

    They are added over all batches, but those of samples stand one after another.
    """

    call: str
    size: int = 1
    power: int = 0
    sample: bool = False

    @property
    def is_number(self) -> bool:
        """Whether the call gives a number, not an array."""
        return not self.sample and self.size == 1 and self.power == 0

    def count(self, classes: int, samples: int) -> int:
        """Return how many numbers there are."""
        return samples if self.sample else self.size * classes**self.power


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric of `stdlib/metrics.ez`: its call, where the hospital's side has the name {given}.

    `residues`: what a batch leaves. `whole`: the metric, from what all batches left: {0}, {1}, …
    `classes`: whether what the hospital gives are labels, of 2 classes if it is `binary`.
    """

    call: str
    residues: tuple[Residue, ...]
    whole: str
    classes: bool = True
    binary: bool = False


_PREDICTED: Final = "metrics.predictions({results})"
_POSITIVE: Final = f"{{given}} == 1, {_PREDICTED} == 1"
_FOUND: Final = f"metrics.count({{given}} == 1 && {_PREDICTED} == 1)"
_GIVEN: Final = "metrics.count({given} == 1)"
_TAKEN: Final = f"metrics.count({_PREDICTED} == 1)"
_ERRORS: Final = "reshape({results}, {samples}), {given}"
_SHARE: Final = "fixed<{fraction}>({0}) / {samples}"
_NUMBER: Final = "from_raw::<{fraction}>({0})"
_TABLE: Final = f"metrics.confusion::<{{classes}}>({{given}}, {_PREDICTED})"
_EXACT_SQUARES: Final = Residue(call=f"metrics.exact_squares({_ERRORS})")
_SQUARES: Final = "metrics.rounded_squares::<{fraction}>({0})"


def _quotient(name: str, above: str, below: str) -> Metric:
    return Metric(
        call=f"metrics.{name}::<{{fraction}}>({_POSITIVE})",
        residues=(Residue(call=above), Residue(call=below)),
        whole="metrics.quotient::<{fraction}>({0}, {1})",
        binary=True,
    )


METRICS: Final = {
    "accuracy": Metric(
        call="metrics.accuracy({results}, {given})",
        residues=(Residue(call=f"metrics.count({_PREDICTED} == {{given}})"),),
        whole=_SHARE,
    ),
    "confusion": Metric(
        call=_TABLE,
        residues=(
            Residue(
                call=f"reshape(int64({_TABLE}), {{classes}} * {{classes}})",
                power=2,
            ),
        ),
        whole="reshape(int32({0}), {classes}, {classes})",
    ),
    "calibration": Metric(
        call="metrics.calibration_error::<15>({results}, {given})",
        residues=(Residue(call="raw(metrics.excesses::<15>({results}, {given}))", size=15),),
        whole=f"sum(abs({_NUMBER})) / {{samples}}",
    ),
    "precision": _quotient("precision", _FOUND, _TAKEN),
    "recall": _quotient("recall", _FOUND, _GIVEN),
    "f1": _quotient("f1", f"2 * {_FOUND}", f"{_GIVEN} + {_TAKEN}"),
    "auroc": Metric(
        call="metrics.auroc({positive}, {given} == 1)",
        residues=(Residue(call="raw({positive})", sample=True),),
        whole=f"metrics.auroc({_NUMBER}, {{given}} == 1)",
        binary=True,
    ),
    "mse": Metric(
        call=f"metrics.mean_squared_error({_ERRORS})",
        residues=(_EXACT_SQUARES,),
        whole=f"{_SQUARES} / {{samples}}",
        classes=False,
    ),
    "mae": Metric(
        call=f"metrics.mean_absolute_error({_ERRORS})",
        residues=(Residue(call=f"raw(metrics.absolute_errors({_ERRORS}))"),),
        whole=f"{_NUMBER} / {{samples}}",
        classes=False,
    ),
    "r2": Metric(
        call=f"metrics.r_squared({_ERRORS})",
        residues=(_EXACT_SQUARES,),
        whole=f"metrics.explained({_SQUARES}, {{given}})",
        classes=False,
    ),
}
"""The metrics by the names that a user writes; besides, there is top_K for each K."""


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

    def check(self, classes: int) -> None:
        """Raise EzError unless the metric is one of a model of this number of scores."""
        metric, name = self.metric, self.name
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


def wanted(text: str) -> Wanted:
    """Return the metric that a user wrote. Raises EzError if there is none."""
    name, at_least, limit = (part.strip() for part in text.partition(">="))
    top = re.fullmatch(r"top_([1-9][0-9]?)", name)
    metric = METRICS.get(name)
    if top:
        of_scores = f"::<{top[1]}>({{results}}, {{given}})"
        metric = Metric(
            call=f"metrics.top_accuracy{of_scores}",
            residues=(Residue(call=f"metrics.count(metrics.among_top{of_scores})"),),
            whole=_SHARE,
        )
    if metric is None:
        raise refusal(
            f"`{name}` is no metric", f"there are {', '.join(METRICS)}, and top_K for each K"
        )
    if at_least and (name == "confusion" or not re.fullmatch(r"[0-9]+\.[0-9]+", limit)):
        raise refusal(f"`{text}` has no limit", "write for example accuracy>=0.7")
    return Wanted(name=name, metric=metric, limit=limit if at_least else None)


def expression(text: str, places: tuple[str, ...] = (), **names: object) -> str:
    """Return an expression of a metric with the names of a program in the places for them."""
    return text.format(*places, fraction=FRACTION, **names)
