"""The README beside an imported program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from .listing import HOSPITAL, VENDOR
from .measuring import CLEAR_WORK, work_of
from .program import quoted

if TYPE_CHECKING:
    from .folder import Imported

_UNITS: Final = ("bytes", "kB", "MB", "GB", "TB")


def readme(imported: Imported, folder: str) -> str:
    """Return the text of the README of a folder."""
    parts = [
        f"# {folder}",
        f"`model.ez` is the model `{imported.model.name}` as an Ez program, written by "
        "`ezlang import`. The vendor has the weights, the hospital has the data, and only the "
        "hospital learns the model's outputs.",
        *_files(imported),
        *_sides(imported),
        *_commands(imported),
        *_numbers(imported),
        *_accuracy(imported),
        *_cost(imported),
        *_public(imported),
    ]
    return "\n\n".join(parts) + "\n"


def _files(imported: Imported) -> Iterator[str]:
    yield (
        "| file | what | who may have it |\n|---|---|---|\n"
        "| `model.ez` | the program: the architecture without weights | both |\n"
        "| `weights.npz` | the inputs of the vendor | the vendor alone |\n"
        f"| `sample.npz` | an example of the hospital's inputs: {_origin(imported)} | both |\n"
        "| `reference.npz` | what the float model gives for them | the vendor |"
    )


def _origin(imported: Imported) -> str:
    if imported.given is None:
        return "random numbers"
    return f"the first of `{imported.given.name}`"


def _sides(imported: Imported) -> Iterator[str]:
    yield "## What each side gives"
    rows = []
    for value in imported.graph.inputs:
        limit = imported.whole.get(value.name)
        said = "" if limit is None else f", from −{2 ** (limit - 1)} to below {2 ** (limit - 1)}"
        kind = "numbers" if value.is_float else f"{value.dtype.name}"
        rows.append(f"- `{quoted(value.name)}`: {kind} of the shape {list(value.shape)}{said}")
    outputs = "\n".join(
        f"- `{quoted(name)}`: shape {list(value.shape)}"
        for name, value in imported.graph.outputs.items()
    )
    weights = imported.listing.weights.values()
    count = sum(one.data.size for one in weights if one.data is not None)
    yield (
        "The hospital gives a file `data.npz` of its own in place of `sample.npz`, with these "
        "arrays. A number outside of its range is an error before anything is sent; the types in "
        "`model.ez` may then be given more bits.\n\n" + "\n".join(rows)
    )
    yield f"The vendor gives `weights.npz`: {count:,} numbers in {len(weights)} arrays."
    yield f"The hospital learns:\n\n{outputs}"


def _commands(imported: Imported) -> Iterator[str]:
    yield "## Run it"
    both = f"--input {VENDOR}=weights.npz --input {HOSPITAL}=sample.npz"
    yield (
        "The vendor's side, and the hospital's (on two machines, with `--address`):\n\n```\n"
        f"ezlang run model.ez --party {VENDOR} --input weights.npz\n"
        f"ezlang run model.ez --party {HOSPITAL} --input sample.npz\n```"
    )
    yield (
        "Both in one process, where nothing is protected; and as two processes on one machine:"
        f"\n\n```\nezlang run model.ez --clear {both}\nezlang run model.ez --native {both}\n```"
    )


def _numbers(imported: Imported) -> Iterator[str]:
    fraction = imported.fraction
    yield "## Fraction bits and head-room"
    largest = max(run.largest for run in imported.floats)
    samples = len(imported.samples)
    said = f"on {'random inputs' if imported.given is None else f'{samples:,} samples'}"
    why = "as asked for" if imported.asked else "the default, or less where numbers are large"
    yield (
        f"Numbers have {fraction} fraction bits ({why}): they are multiples of 2^−{fraction}, an "
        f"ulp. {said[0].upper()}{said[1:]}, the float model computes numbers up to {largest:.6g}, "
        f"which would leave room for {imported.room} fraction bits."
    )
    if imported.listing.has_factors:
        yield (
            f"The weights of linear layers have {fraction + imported.finer} fraction bits: their "
            "products are summed exactly, and the sum is rounded once to those of other numbers. "
            "How weights are rounded decides how exact a deep network is, and finer ones hardly "
            "cost more; but a sum must be below 2^63 with the fraction bits of both factors. "
            "`--set weight_fraction=N` chooses another number; both sides must give it."
        )
    spare = min((run.spare for run in imported.clear), default=None)
    if spare is not None:
        yield (
            f"In the clear, the operation that comes closest to overflow has {spare} bits left. "
            "To see all operations, with data of your own:\n\n```\n"
            f"ezlang headroom model.ez --input {VENDOR}=weights.npz --input {HOSPITAL}=sample.npz"
            "\n```"
        )
    yield (
        "No executor notices an overflow. Data that look different from the samples need a check "
        f"of their own. `--set fraction={max(fraction - 4, 5)}` runs with fewer fraction bits; "
        "both sides must give it."
    )


def _accuracy(imported: Imported) -> Iterator[str]:
    yield "## Accuracy"
    if imported.difference is None:
        yield (
            f"The model takes about {work_of(imported.graph):,} operations, which is too much to "
            f"compare it in the clear during the import (more than {CLEAR_WORK:,}). "
            "`reference.npz` has what the float model gives for `sample.npz`."
        )
        return
    count = len(imported.clear)
    yield (
        f"The outputs differ by {imported.difference:.1f} ulp at most from those of the float "
        f"model, which is {imported.difference / 2**imported.fraction:.2g}, on "
        f"{'one sample' if count == 1 else f'{count} samples'}. `reference.npz` has the float "
        "outputs for `sample.npz`."
    )


def _cost(imported: Imported) -> Iterator[str]:
    cost = imported.cost
    yield "## Cost"
    sent = [
        f"| sent by {party} | {_size(cost.least.bytes_sent[number])} |"
        for number, party in enumerate(cost.parties)
    ]
    memory = [
        f"| memory of {party} | about {_size(cost.memory[number])} |"
        for number, party in enumerate(cost.parties)
    ]
    yield (
        f"One run without a dealer, on the network `{cost.profile.name}`, as "
        "`ezlang cost model.ez` predicts it:\n\n| | |\n|---|---|\n"
        f"| rounds | {cost.least.rounds:,} |\n"
        + "\n".join([*sent, *memory])
        + f"\n| time | about {cost.least.seconds(cost.profile):.2g} s, without local computation |"
    )


def _size(count: float) -> str:
    for unit in _UNITS:
        if count < 1000 or unit == _UNITS[-1]:
            break
        count /= 1000
    return f"{count:.3g} {unit}"


def _public(imported: Imported) -> Iterator[str]:
    yield "## What the program shows of the model"
    yield (
        "The program is public. It shows the layers, their sizes, and how many bits the weights "
        "of each layer have before the point; no weight."
    )
    if imported.listing.public:
        places = "\n".join(f"- {one}" for one in dict.fromkeys(imported.listing.public))
        yield f"These numbers of the model file stand in it, too:\n\n{places}"
    yield (
        "A hospital that may ask as often as it likes learns more about the weights with each "
        "answer. No protocol prevents that."
    )
