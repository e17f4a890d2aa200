"""Blocks of lines that repeat become functions.

Two blocks are alike if their lines have the same texts and the same operands, up to names. Sizes
may differ: those of the arguments become size parameters, from which those of the result must
follow.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Final

from ezlang.records import dataclass

from .listing import RESERVED, EzType, Function, Line, Listing

LEAST_LINES: Final = 3
MOST_LINES: Final = 64
"""How many lines a block has."""

MOST_PARAMETERS: Final = 16
"""The most parameters of a function that a person would write."""

_SIZE_NAMES: Final = "nchwkmpqdegrstuv"

Form = tuple[object, ...]
"""What is common to blocks that are alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Lines `start` to `end` of a listing; `outer` are the names that they use, in order.

    `result` is the number of the line whose value is used outside.
    """

    start: int
    end: int
    outer: tuple[str, ...]
    result: int


def with_functions(listing: Listing) -> None:
    """Replace blocks of lines that repeat by calls of functions."""
    tried: set[Form] = set()
    while (found := _best(listing, tried)) is not None:
        form, blocks = found
        if not _extract(listing, blocks):
            tried.add(form)


def _best(listing: Listing, tried: set[Form]) -> tuple[Form, list[Block]] | None:
    """Return the blocks whose replacement saves most lines."""
    best: tuple[Form, list[Block]] | None = None
    most = 0
    uses, types = _uses(listing), listing.types
    count = len(listing.lines)
    twins: dict[int, list[int]] = {}
    for length in (1, *range(LEAST_LINES, min(MOST_LINES, count // 2) + 1)):
        alike: dict[Form, list[Block]] = defaultdict(list)
        forms: list[Form | None] = []
        for start in range(count - length + 1):
            form, block = _form(listing.lines, start, start + length, uses, types)
            forms.append(form if block else None)
            if length < LEAST_LINES or block is None or form in tried:
                continue
            if _repeats_itself(block, twins):
                continue
            if not alike[form] or alike[form][-1].end <= start:
                alike[form].append(block)
        twins[length] = _next_twins(forms, length)
        for form, blocks in alike.items():
            saved = (len(blocks) - 1) * (length - 1)
            if len(blocks) > 1 and saved > most:
                best, most = (form, blocks), saved
    return best


def _next_twins(forms: list[Form | None], length: int) -> list[int]:
    """Return, for each start, the next one where two like blocks stand after each other."""
    found = [len(forms) + 2 * length] * (len(forms) + 1)
    for start in reversed(range(len(forms))):
        beside = start + length
        is_twin = beside < len(forms) and forms[start] and forms[start] == forms[beside]
        found[start] = start if is_twin else found[start + 1]
    return found


def _repeats_itself(block: Block, twins: Mapping[int, list[int]]) -> bool:
    """Whether two like blocks are in a block: as functions of their own they tell more."""
    return any(
        length * 2 <= block.end - block.start and found[block.start] <= block.end - 2 * length
        for length, found in twins.items()
    )


def _uses(listing: Listing) -> dict[str, list[int]]:
    """Return the numbers of the lines that use a name; an output counts as a line after all."""
    uses: dict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(listing.lines):
        for name in line.operands:
            uses[name].append(number)
    for _, name in listing.outputs:
        uses[name].append(len(listing.lines))
    return uses


def _form(
    lines: list[Line],
    start: int,
    end: int,
    uses: Mapping[str, list[int]],
    types: Mapping[str, EzType],
) -> tuple[Form, Block | None]:
    """Return what a block has in common with others; None for lines that are no function."""
    inner: dict[str, int] = {}
    outer: dict[str, int] = {}
    parts: list[object] = []
    for number, line in enumerate(lines[start:end]):
        operands = tuple(
            (True, inner[name]) if name in inner else (False, outer.setdefault(name, len(outer)))
            for name in line.operands
        )
        parts.append((line.text, line.type.kind, operands))
        inner[line.name] = number
    escaping = [
        number
        for number, line in enumerate(lines[start:end])
        if any(not start <= user < end for user in uses.get(line.name, ()))
    ]
    form = (*parts, *(types[name].kind for name in outer), tuple(escaping))
    if len(escaping) != 1 or len(outer) > MOST_PARAMETERS:
        return form, None
    return form, Block(start=start, end=end, outer=tuple(outer), result=start + escaping[0])


def _extract(listing: Listing, blocks: list[Block]) -> bool:
    """Make a function of blocks that are alike; return whether their sizes allow it."""
    first, types = blocks[0], listing.types
    sizes = _Sizes([[types[name] for name in block.outer] for block in blocks])
    parameters = [sizes.type_text(number) for number in range(len(first.outer))]
    result = sizes.result_text([listing.lines[block.result].type for block in blocks])
    if result is None:
        return False
    lines = listing.lines[first.start : first.end]
    prefix = _common_prefix([line.name for line in lines])
    names = _Names(prefix, set(sizes.names))
    arguments = [names.of(name) for name in first.outer]
    body = [
        replace(
            line,
            name=names.of(line.name),
            operands=tuple(names.of(name) for name in line.operands),
        )
        for line in lines
    ]
    called = listing.fresh(_function_name(prefix))
    listing.functions.append(
        Function(
            name=called,
            sizes=tuple(sizes.names),
            parameters=tuple(zip(parameters, arguments, strict=True)),
            lines=tuple(body),
            result=names.of(listing.lines[first.result].name),
            type=result,
            count=len(blocks),
        )
    )
    text = f"{called}({', '.join(f'{{{k}}}' for k in range(len(first.outer)))})"
    for block in reversed(blocks):
        made = listing.lines[block.result]
        call = Line(name=made.name, text=text, operands=block.outer, type=made.type)
        listing.lines[block.start : block.end] = [call]
    return True


@dataclass(slots=True)
class _Sizes:
    """The sizes of the arguments of blocks: numbers where all blocks agree, else names.

    `types`: for each block, those of its arguments.
    """

    types: Sequence[Sequence[EzType]]
    names: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for arguments in zip(*self.types, strict=True):
            for place, values in enumerate(zip(*(one.shape for one in arguments), strict=True)):
                if len(set(values)) > 1 and values not in self.names.values():
                    self.names[self._fresh(_SIZE_NAMES[place])] = values

    def _fresh(self, wanted: str) -> str:
        free = [name for name in (wanted, *_SIZE_NAMES[4:]) if name not in self.names]
        return free[0] if free else f"s{len(self.names)}"

    def _size(self, values: tuple[int, ...]) -> str | None:
        """Return the text of a size that has these values in the blocks."""
        if len(set(values)) == 1:
            return str(values[0])
        for text, found in self._formulas():
            if found == values:
                return text
        return self._shifted(values)

    def _formulas(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        named = list(self.names.items())
        yield from named
        for name, values in named:
            for factor in (2, 3, 4):
                yield f"{factor} * {name}", tuple(factor * one for one in values)
                if all(one % factor == 0 for one in values):
                    yield f"{name} / {factor}", tuple(one // factor for one in values)
        for number, (name, values) in enumerate(named):
            for other, beside in named[number + 1 :]:
                yield f"{name} + {other}", tuple(a + b for a, b in zip(values, beside, strict=True))

    def _shifted(self, values: tuple[int, ...]) -> str | None:
        for name, found in self.names.items():
            apart = {a - b for a, b in zip(values, found, strict=True)}
            if len(apart) == 1:
                (by,) = apart
                return f"{name} + {by}" if by > 0 else f"{name} - {-by}"
        return None

    def type_text(self, number: int) -> str:
        """Return the type of an argument."""
        text = self.result_text([arguments[number] for arguments in self.types])
        assert text is not None
        return text

    def result_text(self, types: Sequence[EzType]) -> str | None:
        """Return a type as text, if its sizes follow from those of the arguments."""
        texts = [self._size(values) for values in zip(*(one.shape for one in types), strict=True)]
        if None in texts:
            return None
        plain = replace(types[0], shape=(), whole=None)
        return f"{plain}{''.join(f'[{text}]' for text in texts)}"


@dataclass(slots=True)
class _Names:
    """The names in a function: those of its first block, without what they have in common."""

    prefix: str
    taken: set[str]
    given: dict[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        """Return the name in the function."""
        if name not in self.given:
            short = name.removeprefix(self.prefix).strip("_")
            wanted = short if short[:1].isalpha() and short not in RESERVED else name
            while wanted in self.taken:
                wanted += "_"
            self.taken.add(wanted)
            self.given[name] = wanted
        return self.given[name]


def _common_prefix(names: list[str]) -> str:
    """Return the words that all names begin with."""
    words: list[str] = []
    for column in zip(*(name.split("_") for name in names), strict=False):
        if len(set(column)) > 1:
            break
        words.append(column[0])
    return "_".join(words)


def _function_name(prefix: str) -> str:
    plain = re.sub(r"_+", "_", re.sub(r"\d+", "", prefix)).strip("_")
    return plain if plain and plain not in RESERVED else "block"
