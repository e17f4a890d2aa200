"""The largest errors of `stdlib/normalisation.ez`, on rows drawn at random, in NumPy's float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ezlang import api
from ezlang.values.data import Inputs

Rows = NDArray[np.float64]

EPSILON: Final = 1e-5
"""What norms add to the mean of squares."""

_ADDED: Final = round(EPSILON * (1 << 30)) / (1 << 30)

_PROGRAM: Final = """
party alice, bob;
import normalisation;
fn main() {{
    @alice int64[{n}][{m}] x = input(alice, "x");
    @alice int64[{m}] gain = input(alice, "gain");
    @alice int64[{m}] offset = input(alice, "offset");
    let rows = from_raw::<{f}>(x);
    let a = from_raw::<{f}>(gain);
    let b = from_raw::<{f}>(offset);
    output(alice, raw({call}), "y");
}}
"""


@dataclass(frozen=True)
class Measured:
    """A function of rows, of gains and of offsets, by its call in a program and by NumPy."""

    name: str
    call: str
    function: Callable[[Rows, Rows, Rows], Rows]


def softmax(x: Rows, _: Rows, __: Rows) -> Rows:
    """Return the powers of e over their sum in each row."""
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    shares: Rows = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def layer_norm(x: Rows, gain: Rows, offset: Rows) -> Rows:
    """Return the deviations from the mean of each row in standard deviations, scaled and moved."""
    return rms_norm(x - x.mean(axis=-1, keepdims=True), gain, offset) + offset


def rms_norm(x: Rows, gain: Rows, _: Rows) -> Rows:
    """Return each row over the root of the mean of its squares, scaled."""
    scaled: Rows = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + _ADDED) * gain
    return scaled


def lrn(x: Rows, _: Rows, __: Rows) -> Rows:
    """Return each number over a power of the squares of its four neighbours and of itself."""
    squares = np.pad(x * x, ((0, 0), (2, 2)))
    sums = sum(squares[:, k : k + x.shape[1]] for k in range(5))
    return x / (1 + 0.1 / 5 * sums) ** 0.75


MEASURED: Final = (
    Measured("softmax", "normalisation.softmax(rows)", softmax),
    Measured(
        "log_softmax", "normalisation.log_softmax(rows)", lambda x, a, b: np.log(softmax(x, a, b))
    ),
    Measured("layer_norm", f"normalisation.layer_norm(rows, a, b, {EPSILON:f})", layer_norm),
    Measured("rms_norm", f"normalisation.rms_norm(rows, a, {EPSILON:f})", rms_norm),
    Measured("lrn", "normalisation.lrn::<5>(rows, 0.1, 0.75, 1.0)", lrn),
)


def drawn(n: int, m: int, spread: float) -> tuple[Rows, Rows, Rows]:
    """Return n rows of m numbers with a standard deviation, gains and offsets."""
    draw = np.random.default_rng(1)
    return (
        draw.normal(size=(n, m)) * spread,
        draw.uniform(0.5, 1.5, size=m),
        draw.normal(size=m),
    )


def error(measured: Measured, f: int, n: int, m: int, spread: float) -> float:
    """Return the largest error in ulp of n rows of m numbers with a standard deviation."""
    raw = [np.round(array * 2.0**f).astype(np.int64) for array in drawn(n, m, spread)]
    text = _PROGRAM.format(f=f, n=n, m=m, call=measured.call)
    x, gain, offset = (array.tolist() for array in raw)
    program = api.checked(api.check_text(text))
    inputs: Inputs = {"alice": {"x": x, "gain": gain, "offset": offset}, "bob": {}}
    found = api.run_simulated(program, inputs).outputs["alice"]["y"]
    exact = measured.function(*(array / 2.0**f for array in raw))
    return float(np.abs(np.array(found) - exact * 2.0**f).max())


def lines(f: int) -> Iterator[str]:
    """Yield the lines of a table: errors by the length of the rows and their deviation."""
    for measured in MEASURED:
        for n, m, spread in ((1000, 10, 1.0), (100, 100, 4.0), (10, 1000, 4.0), (100, 100, 0.05)):
            worst = error(measured, f, n, m, spread)
            yield f"| {measured.name} | {f} | {n} of {m}, deviation {spread} | {worst:.2f} |"
