"""Matrix products are found however they are written, and expand to the original."""

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.lower import lower
from ezlang.compiler.passes import run_passes
from ezlang.compiler.passes.general.reduce import expand_products
from ezlang.compiler.passes.pipeline import vectorised
from ezlang.executors.clear import run_clear
from ezlang.executors.simulate import run_simulated
from ezlang.source import NO_SPAN
from ezlang.values.data import Inputs
from tests.passes.vectorised_runs import native
from tests.support.lowered import checked

SHAPES = {"a": (4, 5), "b": (5, 6), "x": (5,), "y": (5,), "w": (4, 6)}
RESULTS = {"c": (4, 6), "v": (4,), "s": ()}
TYPE = "int64"


def declared(shape: tuple[int, ...]) -> str:
    return TYPE + "".join(f"[{size}]" for size in shape)


def program(body: str) -> str:
    inputs = "".join(
        f'secret {declared(shape)} {name} = input({"alice" if name in "aw" else "bob"}, "{name}");'
        for name, shape in SHAPES.items()
    )
    results = "".join(f"secret {declared(shape)} {name};" for name, shape in RESULTS.items())
    outputs = "".join(f'output(all, {name}, "{name}");' for name in RESULTS)
    return (
        "import linalg;\nparty alice, bob;\n"
        f"fn dot<k>({TYPE}[k] p, {TYPE}[k] q) -> {TYPE}"
        f" {{ {TYPE} t = 0; for i in 0..k {{ t += q[i] * p[i]; }} return t; }}\n"
        f"fn main() {{ {inputs} {results} {body} {outputs} }}\n"
    )


def numbers(shape: tuple[int, ...], draw: random.Random) -> Any:
    if not shape:
        return draw.randint(-(2**63), 2**63 - 1)
    return [numbers(shape[1:], draw) for _ in range(shape[0])]


def inputs() -> Inputs:
    draw = random.Random(7)
    made = {name: numbers(shape, draw) for name, shape in SHAPES.items()}
    alice = {name: made.pop(name) for name in ("a", "w")}
    return {"alice": alice, "bob": made}


def loops(order: str, body: str) -> str:
    sizes = {"i": 4, "j": 6, "k": 5}
    heads = " ".join(f"for {index} in 0..{sizes[index]} {{" for index in order)
    return f"{heads} {body} {'}' * len(order)}"


SAME = {
    "a product of matrices": [
        *(loops(order, "c[i][j] += a[i][k] * b[k][j];") for order in ("ijk", "jki", "kij", "kji")),
        loops("ik", "c[i] += a[i][k] * b[k];"),
        loops("ij", f"{TYPE} t = 0; for k in 0..5 {{ t += b[k][j] * a[i][k]; }} c[i][j] = t;"),
        "c = linalg.matmul(a, b);",
    ],
    "a product of a matrix and a vector": [
        loops("ik", "v[i] += a[i][k] * x[k];"),
        loops("ki", "v[i] += x[k] * a[i][k];"),
        loops("i", "v[i] = sum(a[i] * x);"),
        loops("i", "v[i] = dot(a[i], x);"),
        "v = linalg.matvec(a, x);",
    ],
    "a scalar product": [
        loops("k", "s += x[k] * y[k];"),
        "s = sum(x * y);",
        "s = dot(y, x);",
        "s = linalg.dot(x, y);",
    ],
    "an outer product": [
        loops("ij", "c[i][j] = w[i][0] * b[0][j];"),
        loops("ji", "c[i][j] = b[0][j] * w[i][0];"),
    ],
    "a convolution": [
        "for i in 0..3 { for j in 0..3 { v[i] += x[i + j] * y[j]; } }",
        "for j in 0..3 { for i in 0..3 { v[i] += y[j] * x[i + j]; } }",
    ],
    "a convolution in two dimensions": [
        "for i in 0..3 { for j in 0..4 { for p in 0..2 { for q in 0..2 {"
        " c[i][j] += a[i + p][j + q] * b[p][q]; } } } }",
        "for p in 0..2 { for q in 0..2 { for i in 0..3 { for j in 0..4 {"
        " c[i][j] += a[i + p][j + q] * b[p][q]; } } } }",
    ],
    "a sum by a factor": [loops("k", "s += x[k] * y[0];"), "s = sum(x) * y[0];"],
}
ALL = [(name, body) for name, bodies in SAME.items() for body in bodies]


def canonical(compiled: ir.Program) -> list[object]:
    """Return what a program without loops does, each value as the computation that makes it."""
    found: dict[int, object] = {}
    effects: list[object] = []
    for operation in compiled.main.body.operations:
        bare = replace(operation, operands=(), results=(), span=NO_SPAN)
        types = tuple(value.type for value in operation.results)
        operands = tuple(found[value.id] for value in operation.operands)
        sides = Counter(operands) if isinstance(operation, ir.Binary) else None
        made = (bare, types, operands if sides is None else frozenset(sides.items()))
        found.update((value.id, made) for value in operation.results)
        if isinstance(operation, ir.Input | ir.Output | ir.Reveal):
            effects.append(made)
    return effects


@pytest.mark.parametrize(("name", "body"), ALL)
def test_products_are_found(name: str, body: str) -> None:
    compiled = run_passes(lower(checked(program(body))), "vectorised")
    made = list(ir.walk(compiled.main.body))
    kind = ir.Convolution if name.startswith("a convolution") else ir.MatrixProduct
    count = sum(isinstance(one, kind) for one in made)
    single = sum(isinstance(one, ir.Binary) and one.kind is ir.BinaryKind.MUL for one in made)
    assert (count, single) == ((0, 1) if name == "a sum by a factor" else (1, 0))
    assert not any(isinstance(one, ir.For) for one in made)


@pytest.mark.parametrize("name", SAME)
def test_they_are_the_same_however_they_are_written(name: str) -> None:
    sources = [lower(checked(program(body))) for body in SAME[name]]
    first, *others = (canonical(run_passes(one, "vectorised")) for one in sources)
    assert all(other == first for other in others)


@pytest.mark.parametrize(("name", "body"), ALL)
def test_expanded_they_mean_the_same(name: str, body: str) -> None:
    source = checked(program(body))
    expected = run_clear(source, inputs()).outputs
    for budget in (100, 30_000, 1 << 30):
        expand = expand_products.given(budget=budget)
        passes = (*vectorised(1 << 30), expand)
        compiled = run_passes(lower(source), passes)
        assert not any(isinstance(o, ir.Product) for o in ir.walk(compiled.main.body))
        assert run_simulated(compiled, inputs(), record=False).outputs == expected


@pytest.mark.parametrize("name", SAME)
def test_native_they_mean_the_same(name: str) -> None:
    source = checked(program(SAME[name][0]))
    assert native(inputs(), source) == run_clear(source, inputs()).outputs


OTHERS = {
    "squares": "s = sum(x * x);",
    "rows by rows": loops("ik", "v[i] += a[i][k] * w[i][k];"),
    "public numbers": "int64[5] p; for i in 0..5 { p[i] = i; } s = sum(x * p);",
    "distances": loops("ik", "v[i] += (a[i][k] - x[k]) * (a[i][k] - x[k]);"),
    "products that are used otherwise": "let p = x * y; s = sum(p); v[0] = p[1];",
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_not_a_matrix_product(name: str) -> None:
    source = checked(program(OTHERS[name]))
    compiled = run_passes(lower(source), "vectorised")
    assert not any(isinstance(one, ir.Product) for one in ir.walk(compiled.main.body))
    expected = run_clear(source, inputs()).outputs
    assert run_simulated(compiled, inputs(), record=False).outputs == expected
