"""Every function of the standard library has examples, and they hold in every executor."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from ezlang import api
from ezlang.values.data import Inputs
from tests.stdlib.library import MODULES, Example, examples, functions, program
from tests.support.threads import run_native_threads

EXECUTORS: dict[str, Callable[..., Any]] = {
    "clear": api.run_clear,
    "simulated": api.run_simulated,
    "native": run_native_threads,
}


def found_in(module: str) -> list[Example]:
    return [example for function in functions(module) for example in examples(function)]


def all_hold(value: Any) -> bool:
    return all(map(all_hold, value)) if isinstance(value, list) else value is True


@pytest.mark.parametrize("module", MODULES)
def test_every_function_has_an_example_that_calls_it(module: str) -> None:
    for function in functions(module):
        own = examples(function)
        assert own, f"{module}.{function.name.text} has no example"
        for example in own:
            name = re.escape(f"{module}.{function.name.text}")
            assert re.search(rf"{name}(::<[][0-9, ]+>)?\(", example.text)


@pytest.mark.parametrize("secret", [False, True], ids=["public", "secret"])
@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("module", MODULES)
def test_examples_hold(module: str, executor: str, secret: bool) -> None:
    found = found_in(module)
    checked = api.checked(api.check_text(program(module, found, secret=secret)))
    outputs = EXECUTORS[executor](checked, {}).outputs
    for number, example in enumerate(found):
        assert all_hold(outputs["bob"][str(number)]), example.text


SORTS = """\
import sort;
party alice, bob;
param int32 n;

fn main() {
    secret int64[n] x = input(alice, "x");
    secret int64[n] y = input(bob, "y");
    output(all, sort.ascending(x), "up");
    output(all, sort.descending(x), "down");
    output(all, sort.ascending32(int32(x)), "up in 32 bits");
    output(all, sort.by_key(x, y), "by key");
    output(all, sort.is_ascending(x), "sorted");
    output(all, sort.stable_by_key(int32(x) & 3, y), "stable");
    output(all, sort.order(int32(x) & 3), "order");
}
"""


@pytest.mark.parametrize("n", [*range(18), 31, 33])
def test_sorting_any_number_of_elements(n: int) -> None:
    random = Random(n)
    x = random.sample(range(-100, 100), n)
    y = [random.randrange(1000) for _ in x]
    checked = api.checked(api.check_text(SORTS, settings={"n": n}))
    outputs = api.run_clear(checked, {"alice": {"x": x}, "bob": {"y": y}}).outputs["alice"]
    assert outputs["up"] == outputs["up in 32 bits"] == sorted(x)
    assert outputs["down"] == sorted(x, reverse=True)
    assert outputs["by key"] == [value for _, value in sorted(zip(x, y, strict=True))]
    assert outputs["sorted"] == (x == sorted(x))
    order = sorted(range(n), key=lambda i: x[i] & 3)
    assert outputs["order"] == order
    assert outputs["stable"] == [y[i] for i in order]


STATISTICS = """\
import bits;
import search;
import stats;
party alice, bob;
param int32 n;

fn main() {
    secret int64[n] x = input(alice, "x");
    secret uint64 word = input(bob, "word");
    secret uint64 amount = input(bob, "amount");
    output(all, stats.mean(x), "mean");
    output(all, stats.variance_numerator(x), "variance");
    output(all, stats.median(x), "median");
    output(all, search.argmax(x), "argmax");
    output(all, search.argmin(x), "argmin");
    output(all, search.index_of(x, 0), "index of 0");
    output(all, bits.popcount(word), "popcount");
    output(all, bits.leading_zeros(word), "leading zeros");
    output(all, bits.rotate_left(word, amount), "left");
    output(all, bits.from_bits(bits.to_bits(word)), "same");
}
"""


@pytest.mark.parametrize("n", [1, 2, 9])
def test_statistics_searches_and_bits(n: int) -> None:
    random = Random(n)
    x = [random.randrange(-5, 6) for _ in range(n)]
    word, amount = random.getrandbits(64), random.randrange(200)
    checked = api.checked(api.check_text(STATISTICS, settings={"n": n}))
    inputs: Inputs = {"alice": {"x": x}, "bob": {"word": word, "amount": amount}}
    outputs = api.run_clear(checked, inputs).outputs["bob"]
    turned = amount % 64
    left = ((word << turned) | (word >> (64 - turned))) % 2**64
    assert outputs == {
        "mean": int(sum(x) / n),
        "variance": n * sum(v * v for v in x) - sum(x) ** 2,
        "median": sorted(x)[(n - 1) // 2],
        "argmax": x.index(max(x)),
        "argmin": x.index(min(x)),
        "index of 0": x.index(0) if 0 in x else -1,
        "popcount": word.bit_count(),
        "leading zeros": 64 - word.bit_length(),
        "left": left,
        "same": word,
    }


OF_ANY_TYPE = """\
import linalg;
import search;
import sort;
import stats;
party alice, bob;

fn main() {{
    secret {0}[6] x = input(alice, "x");
    secret {0}[6] y = input(bob, "y");
    output(all, [search.largest(x), search.smallest(x)], "ends");
    output(all, [search.argmax(x), search.argmin(x), search.index_of(x, y[0])], "places");
    output(all, search.count(x, y[0]) + stats.count_up_to(x, y[1]), "counts");
    output(all, sort.ascending(x), "up");
    output(all, sort.descending(x), "down");
    output(all, stats.median(x), "median");
    output(all, linalg.dot(x, y), "dot");
    output(all, linalg.outer(x[0..2], y[1..3]), "outer");
}}
"""


@pytest.mark.parametrize("type", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "uint64"])
def test_functions_for_integers_of_any_type(type: str) -> None:
    width, signed = int(type.lstrip("uint")), type[0] == "i"
    low = -(1 << width - 1) if signed else 0

    def wrapped(number: int) -> int:
        return (number - low) % (1 << width) + low

    x = [3, low + (1 << width) - 1, low, 7, 3, low + 5]
    y = [3, 7, 100, low, 9, low + (1 << width) - 2]
    program = api.checked(api.check_text(OF_ANY_TYPE.format(type)))
    inputs = {"alice": {"x": x}, "bob": {"y": y}}
    outputs = api.run_clear(program, inputs).outputs["alice"]
    assert outputs == {
        "ends": [max(x), min(x)],
        "places": [x.index(max(x)), x.index(min(x)), 0],
        "counts": 2 + sum(each <= 7 for each in x),
        "up": sorted(x),
        "down": sorted(x, reverse=True),
        "median": sorted(x)[2],
        "dot": wrapped(sum(a * b for a, b in zip(x, y, strict=True))),
        "outer": [[wrapped(a * b) for b in y[1:3]] for a in x[:2]],
    }
    assert api.run_simulated(program, inputs).outputs["alice"] == outputs
