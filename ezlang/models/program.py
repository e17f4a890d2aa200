"""The text of a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ezlang.source import Source
from ezlang.syntax.format import format_source

from .graph import Array
from .listing import FACTOR_FRACTION, FRACTION, HOSPITAL, MODULES, VENDOR, Function, Input, Listing
from .operators.layer import literal


def program_text(
    listing: Listing, *, model: str, fraction: int, whole: Mapping[str, int], finer: int
) -> str:
    """Return the program of a model called `model`.

    `whole`: how many bits the numbers of each of the hospital's inputs have before the point.
    `finer`: how many more fraction bits the weights of linear layers have than other numbers.
    """
    constants = listing.constants.values()
    body = [
        *(line for function in listing.functions for line in _function(function)),
        "fn main() {",
        *_main(listing, whole),
        "}",
    ]
    used = [name for name in MODULES if any(f"{name}." in line for line in body)]
    parts = [
        f"// {model}, imported by `ezlang import`: the architecture, which both sides see.",
        f"party {VENDOR}, {HOSPITAL};",
        "",
        *(f"import {name};" for name in used),
        *([""] if used else []),
        "/// How many bits numbers have after the binary point.",
        f"param int32 {FRACTION} = {fraction};",
        *(_factors(finer) if listing.has_factors else ()),
        "",
        *(f"const {one.type} {one.name} = {_array(one.data)};" for one in constants),
        *([""] if constants else []),
        *body,
    ]
    return format_source(Source("model.ez", "\n".join(parts) + "\n"))


def _factors(finer: int) -> Iterator[str]:
    yield "/// How many bits the weights of linear layers have after it."
    yield f"param int32 {FACTOR_FRACTION} = {f'{FRACTION} + {finer}' if finer else FRACTION};"


def _main(listing: Listing, whole: Mapping[str, int]) -> Iterator[str]:
    for weight in listing.weights.values():
        yield _input(weight, VENDOR)
    for one in listing.inputs:
        type = one.type
        if type.element == "fixed":
            type = replace(type, whole=whole[one.source])
        yield _input(replace(one, type=type), HOSPITAL)
    yield ""
    for line in listing.lines:
        yield f"let {line.name} = {line.expression};"
    for source, name in listing.outputs:
        yield f'output({HOSPITAL}, {name}, "{quoted(source)}");'


def _function(function: Function) -> Iterator[str]:
    sizes = f"<{', '.join(function.sizes)}>" if function.sizes else ""
    parameters = ", ".join(f"{type} {name}" for type, name in function.parameters)
    yield f"/// A block of layers, of which there are {function.count}."
    yield f"fn {function.name}{sizes}({parameters}) -> {function.type} {{"
    *lines, last = function.lines
    for line in lines:
        yield f"let {line.name} = {line.expression};"
    if last.name == function.result:
        yield f"return {last.expression};"
    else:
        yield f"let {last.name} = {last.expression};"
        yield f"return {function.result};"
    yield "}"
    yield ""


def _input(one: Input, party: str) -> str:
    # What the hospital computes of its integers, it computes alone: masks, and places in a table.
    is_own = party == HOSPITAL and one.type.element != "fixed"
    label = f"@{party}" if is_own else "secret"
    return f'{label} {one.type} {one.name} = input({party}, "{quoted(one.source)}");'


def _array(data: Array | None) -> str:
    """Return numbers as they are written in Ez."""
    assert data is not None
    if data.ndim == 0:
        return literal(data)
    return f"[{', '.join(map(_array, data))}]"


def quoted(name: str) -> str:
    """Return a name of the model as it is written between quotes."""
    return "".join(c if c.isprintable() and c not in '"\\' else "_" for c in name)
