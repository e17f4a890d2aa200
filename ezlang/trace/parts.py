"""What a trace says of parts of protocols: the parties' numbers, and how they give one together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ezlang.compiler.ir.evaluate import Array
from ezlang.compiler.protocols.core.parts import Part
from ezlang.executors.simulate.observer import Told
from ezlang.executors.simulate.two.secret_values import LABEL_BYTES
from ezlang.records import dataclass

from .values import Json, hexadecimal, label_text


@dataclass(frozen=True, slots=True)
class Kind:
    """How the parties' numbers of a name belong together.

    `sharing`: arithmetic or boolean shares; public: the same number at all; own: a number of each
    party that has one; label: of a wire, at the garbler W⁰, at the evaluator the active one.
    `is_bit`: they are single bits. `is_dealt`: they come from the dealer, if there is one.
    """

    sharing: str
    is_bit: bool = False
    is_dealt: bool = False


_SUM, _WORD = Kind("arithmetic"), Kind("boolean")
_BIT, _OPENED, _OPENED_BIT = Kind("boolean", True), Kind("public"), Kind("public", True)
_OWN, _OWN_BIT, _LABEL = Kind("own"), Kind("own", True), Kind("label")
_DEALT_SUM, _DEALT_BIT = Kind("arithmetic", False, True), Kind("boolean", True, True)

KINDS: Final[Mapping[Part, Mapping[str, Kind]]] = {
    Part.AND: {
        **dict.fromkeys("xy", _BIT),
        **dict.fromkeys("abc", _DEALT_BIT),
        **dict.fromkeys("de", _OPENED_BIT),
        "z": _BIT,
    },
    Part.AND_OF_ALL: dict.fromkeys("xyz", _BIT),
    Part.PRODUCT: {
        **dict.fromkeys("xy", _SUM),
        **dict.fromkeys("abc", _DEALT_SUM),
        **dict.fromkeys("de", _OPENED),
        "z": _SUM,
    },
    Part.PRODUCT_BY_OTS: {"x": _SUM, "y": _SUM, "s": _OWN, "r": _OWN, "z": _SUM},
    Part.PRODUCT_OF_ALL: dict.fromkeys("xyz", _SUM),
    Part.KNOWN_PRODUCT: {"x": _SUM, "k": _OWN, "p": _SUM, "z": _SUM},
    Part.SQUARE: {"x": _SUM, "a": _DEALT_SUM, "c": _DEALT_SUM, "d": _OPENED, "z": _SUM},
    Part.SQUARE_BY_OTS: dict.fromkeys("xpz", _SUM),
    Part.NUMBER_TO_BITS: {"x": _SUM, "z": _WORD},
    Part.BIT_TO_NUMBER: {"x": _BIT, "p": _SUM, "z": _SUM},
    Part.BIT_OPENED: {"x": _BIT, "r": _DEALT_BIT, "o": _OPENED_BIT, "n": _DEALT_SUM, "z": _SUM},
    Part.BIT_OF_ALL: {"x": _BIT, "z": _SUM},
    Part.BIT_TIMES_NUMBER: {"k": _OWN_BIT, "n": _OWN, "p": _SUM},
    Part.BITS_TO_NUMBER: {"x": _WORD, "p": _SUM, "z": _SUM},
    Part.WEIGHTED_BITS: {"x": _WORD, "z": _SUM},
    Part.SEEDED_LABEL: {"x": _OWN_BIT, "w": _LABEL, "t": _LABEL},
    Part.CHOSEN_LABEL: {
        "x": _OWN_BIT,
        "r": Kind("own", True, True),
        "d": _OPENED_BIT,
        "q": Kind("label", False, True),
        "w": _LABEL,
        "t": Kind("label", False, True),
    },
    Part.SWAPPED_LABEL: {"x": _BIT, "w": _LABEL, "z": _LABEL, "t": _LABEL},
    Part.COLOR: {"w": _LABEL, "t": _LABEL, "z": _BIT},
}
"""The numbers of each part, in the order in which they are shown."""


def part_of(told: Told, instances: int, *, dealt: bool) -> Json:
    """Return the first instances of a part of a protocol."""
    return {
        "what": told.part.value,
        "parties": list(told.parties),
        "of": told.count,
        "numbers": [
            {
                "name": name,
                "sharing": kind.sharing,
                "width": width_of(told, name),
                "dealt": dealt and kind.is_dealt,
                "parts": [
                    _texts(own[name][:instances], kind) if name in own else None
                    for own in told.numbers
                ],
            }
            for name, kind in KINDS[told.part].items()
            if any(name in own for own in told.numbers)
        ],
    }


def add(recorded: Json, made: Json, instances: int) -> None:
    """Add further instances to those that are recorded, up to `instances`."""
    recorded["of"] += made["of"]
    for one, more in zip(recorded["numbers"], made["numbers"], strict=True):
        for own, others in zip(one["parts"], more["parts"], strict=True):
            if own is not None:
                own += others[: instances - len(own)]


def width_of(told: Told, name: str) -> int:
    """Return how many bits a number has."""
    if KINDS[told.part][name].is_bit:
        return 1
    return 8 * next(own[name].itemsize for own in told.numbers if name in own)


def _texts(numbers: Array, kind: Kind) -> list[str]:
    """Return numbers in hexadecimal."""
    if kind.is_bit:
        return [f"{int(one):x}" for one in numbers]
    if kind.sharing == "label":
        data = numbers.tobytes()
        starts = range(0, len(data), LABEL_BYTES)
        return [label_text(int.from_bytes(data[n : n + LABEL_BYTES], "little")) for n in starts]
    return hexadecimal(numbers, len(numbers))
