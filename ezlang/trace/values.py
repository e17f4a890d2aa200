"""What a trace says of values: the first elements, and what each party holds of them.

Numbers that JavaScript can't represent are strings; shares are hexadecimal, of the share's width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import reduce
from operator import xor
from typing import Any, Final

import numpy as np

from ezlang.compiler.ir.dtypes import dtype
from ezlang.compiler.ir.evaluate import Array
from ezlang.compiler.protocols.core.preprocessing import BitPair, BitTriple
from ezlang.compiler.protocols.core.purposes import Purpose
from ezlang.compiler.protocols.core.sizes import DIGIT_BITS
from ezlang.compiler.protocols.dealt.demands import (
    SEED_BYTES,
    correction_bytes,
    describe,
    in_order,
    name_of,
)
from ezlang.executors.simulate.clear_values import ClearValue
from ezlang.executors.simulate.dealer import Dealt, EdaBits
from ezlang.executors.simulate.network import Message, Words, encode
from ezlang.executors.simulate.observer import GarbledGate, Observed
from ezlang.executors.simulate.shares import Secret, joined
from ezlang.executors.simulate.two.secret_values import LABEL_BYTES, Shared, words_from
from ezlang.types.sharing import Sharing
from ezlang.types.types import ScalarType

Json = dict[str, Any]

_SAFE: Final = (1 << 53) - 1
_CONTENT_BYTES: Final = 16
_LABELS: Final = 2
"""The number of bits of which a trace has whole labels; it has the colors of all."""
_NOISE: Final = frozenset(
    purpose.value
    for purpose in (
        Purpose.BASE_OTS,
        Purpose.OT_EXTENSION,
        Purpose.PUBLIC_KEYS,
        Purpose.BIT_PRODUCTS,
        Purpose.PRODUCTS,
        Purpose.BITWISE_PRODUCTS,
        Purpose.RANDOM_PRODUCTS,
        Purpose.PRODUCTS_WITH_BITS,
        Purpose.LEAVES,
        Purpose.ENTRIES,
        Purpose.LOOKUPS,
        Purpose.MATRIX_PRODUCTS,
        Purpose.ENCRYPTED_MATRIX,
        Purpose.ENCRYPTED_PRODUCT,
    )
)
"""The purposes of messages that carry oblivious transfers or ciphertexts, which are ideal."""
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "triple": ("a", "b", "c = a·b"),
    "bit triple": ("a", "b", "c = a·b"),
    "edaBit": ("r as a number", "r as bits"),
    "daBit": ("r as a bit", "r as a number"),
}
"""What the numbers are called that the ideal dealer deals."""
_A, _B = Sharing.ARITHMETIC, Sharing.BOOLEAN
_SUMS: Final = {"a": _A, "b": _A, "c": _A}
_JOINED: Final[Mapping[str, Mapping[str, Sharing]]] = {
    "triple": {"a": _A, "b": _A, "c = a·b": _A},
    "bit triple": {"a": _B, "b": _B, "c": _B, "c = a·b": _B},
    "edaBit": {"r as a number": _A, "r as bits": _B},
    "daBit": {"r as a bit": _B, "r as a number": _A},
    Purpose.BIT_PRODUCTS.value: {"a": _B, "b": _B, "c": _B},
    "bit pair": {"a": _B, "b": _B, "c": _B},
    "ring triple": _SUMS,
    "ring square": _SUMS,
    "matrix triple": _SUMS,
    "convolution triple": _SUMS,
    "owned": _SUMS,
    "masked": _SUMS,
    "random bit": {"bits": _B, "numbers": _A},
    "one-hot vector": {"places": _A, "vectors": _A},
}
"""How the parties' parts of units give numbers together."""


def head(data: Array, count: int) -> list[Any]:
    """Return the first `count` elements as numbers, or strings of large ones."""
    return [_number(x) for x in np.asarray(data).flat[:count].tolist()]


def _number(x: Any) -> Any:
    return str(x) if isinstance(x, int) and abs(x) > _SAFE else x


def hexadecimal(data: Array, count: int) -> list[str]:
    """Return the first `count` elements of unsigned shares in hexadecimal."""
    array = np.asarray(data)
    digits = 1 if array.dtype == np.bool_ else 2 * array.itemsize
    return [f"{int(x):0{digits}x}" for x in array.flat[:count].tolist()]


def shape_of(value: Observed) -> tuple[int, ...]:
    """Return the shape of a value."""
    match value:
        case ClearValue():
            return tuple(np.shape(value.data))
        case Secret():
            return value.shape
        case Shared():
            return tuple(value.parts[0].shape)


def sharings_of(value: Observed) -> dict[Sharing, tuple[Array, ...]]:
    """Return each party's part of a value in all sharings that it has now."""
    match value:
        case Shared():
            return {value.sharing: value.parts}
        case Secret():
            found = {s: value.shares(s) for s in (Sharing.ARITHMETIC, Sharing.BOOLEAN)}
            return {sharing: shares for sharing, shares in found.items() if shares is not None}
        case ClearValue():
            return {} if value.shared is None else sharings_of(value.shared)


def clear_of(value: Observed, count: int) -> list[Any]:
    """Return the first elements of a value, which no party may know."""
    if isinstance(value, ClearValue):
        return head(value.data, count)
    sharing, parts = next(iter(sharings_of(value).items()))
    firsts = [np.asarray(part).flat[:count] for part in parts]
    if sharing is Sharing.YAO:
        words = _unlabelled(firsts, value.element)
    else:
        words = joined(sharing, firsts)
    return head(words.astype(dtype(value.element)), count)


def _unlabelled(parts: Sequence[Array], element: ScalarType) -> Array:
    """Return the words whose bits the evaluator's labels stand for."""
    zeros, active = (_bytes(part, element.width) for part in parts)
    bits = np.any(zeros != active, axis=2).astype(np.uint8)
    return words_from(bits, element, (len(bits),))


def _bytes(labels: Array, width: int) -> Array:
    """Return labels as bytes [elements][width][16]."""
    data = np.ascontiguousarray(labels).reshape(-1).view(np.uint8)
    return data.reshape(labels.size, width, LABEL_BYTES)


def held_of(sharing: Sharing, parts: Sequence[Array], element: ScalarType, count: int) -> Json:
    """Return each party's part of the first elements: shares, or labels of the first one."""
    if sharing is not Sharing.YAO:
        return {"sharing": sharing.value, "parts": [hexadecimal(p, count) for p in parts]}
    return {
        "sharing": sharing.value,
        "parts": [_labels(np.asarray(part).flat[:1], element.width) for part in parts],
    }


def _labels(labels: Array, width: int) -> Json:
    if labels.size == 0:
        return {"labels": [], "colors": ""}
    (bits,) = _bytes(labels, width)
    return {
        "labels": [label_text(int.from_bytes(one.tobytes(), "little")) for one in bits[:_LABELS]],
        "colors": "".join(str(one) for one in (bits[:, 0] & 1).tolist()),
    }


def label_text(label: int) -> str:
    """Return a wire label in hexadecimal, the color bit last."""
    return f"{label:032x}"


def message_of(message: Message) -> Json:
    """Return a message with the first bytes of its content."""
    return {
        "round": message.round,
        "sender": message.sender,
        "receiver": message.receiver,
        "purpose": message.purpose,
        "bytes": message.size,
        "content": content_of(message, _CONTENT_BYTES).hex(),
        "noise": is_noise(message.purpose),
    }


def is_noise(purpose: str) -> bool:
    """Return whether messages of a purpose have contents that the simulation draws at random."""
    return purpose in _NOISE


def content_of(message: Message, count: int) -> bytes:
    """Return the first `count` bytes of a message."""
    needed, words = 8 * count, []
    for one in message.payload:
        if needed <= 0 or not one.bits:
            break
        values = one.values[: -(-needed // one.bits)]
        words.append(Words(values, one.bits))
        needed -= len(values) * one.bits
    return encode(tuple(words))[:count]


def unit_of(what: str, parts: Sequence[object], count: int) -> Json:
    """Return the preprocessing that was dealt: for each party its numbers, by name.

    A party that got nothing has none.
    `whole` has the numbers that all parts give together, where they do.
    """
    named = [{} if part is None else dict(_named(what, part)) for part in parts]
    given = [one for one in named if one]
    whole = {
        name: _joined(name, sharing, given)
        for name, sharing in _JOINED.get(what, {}).items()
        if all(name in one for one in given)
    }
    made: Json = {"what": what, "parts": [_summaries(one, count) for one in named]}
    if whole:
        made["whole"] = _summaries(whole, count)
    return made


def _joined(name: str, sharing: Sharing, named: Sequence[Mapping[str, Any]]) -> Any:
    if all(isinstance(one[name], int) for one in named):
        return reduce(xor, (one[name] for one in named))
    whole = joined(sharing, [np.asarray(one[name]) for one in named])
    if name == "places":
        # Places count modulo the length of their vectors.
        whole &= whole.dtype.type(named[0]["vectors"].shape[-1] - 1)
    return whole


def dealer_of(dealt: Mapping[Dealt, int]) -> Json:
    """Return what a dealer deals to two parties before a run: how many units of each kind."""
    kinds = {kind: count for kind, count in dealt.items() if not isinstance(kind, EdaBits)}
    return {
        "seed_bytes": SEED_BYTES,
        "kinds": [
            {
                "what": name_of(kind),
                "text": describe(kind),
                "count": count * (8 if isinstance(kind, BitTriple | BitPair) else 1),
                "bytes": correction_bytes({kind: count}),
            }
            for kind, count in in_order(kinds)
        ],
    }


def digits_of(given: Sequence[Sequence[Any]], numbers: int) -> Json:
    """Return the digits of the first of the `numbers` that a comparison compares, at each party.

    The highest digit comes first. The first party sends for the first half of all digits, the
    second one for the rest, where both have complements (arithmetic/comparison.py).
    """
    (sent, _, received, _), (theirs, _, chosen, _) = given
    top = np.uint8((1 << DIGIT_BITS) - 1)
    own = np.concatenate((sent, received ^ top)), np.concatenate((chosen, theirs ^ top))
    firsts = [digits.reshape(-1, numbers)[::-1, 0].tolist() for digits in own]
    return {"bits": DIGIT_BITS, "own": firsts, "numbers": numbers}


def _named(what: str, part: object) -> list[tuple[str, Any]]:
    """Return a party's numbers with their names."""
    if is_dataclass(part):
        named = [(one.name, getattr(part, one.name)) for one in fields(part)]
    elif isinstance(part, dict):
        named = list(part.items())
    else:
        given = part if isinstance(part, tuple | list) else (part,)
        names = _NAMES.get(what, ("share of the own product", "share of the other's product"))
        called = [*names, *(f"number {n + 1}" for n in range(len(names), len(given)))]
        if len(given) == 1:
            called = ["result"]
        named = list(zip(called, given, strict=False))
    return [(name, data) for name, data in named if data is not None]


def _summaries(named: Mapping[str, Any], count: int) -> list[Json]:
    return [{"name": name, **_summary(data, count)} for name, data in named.items()]


def _summary(data: Any, count: int) -> Json:
    if isinstance(data, int):  # a row of bits
        return {"shape": [], "first": [f"{data:x}"[-16:]]}
    array = np.asarray(data)
    return {"shape": list(array.shape), "first": hexadecimal(array, count)}


def gate_of(gate: GarbledGate) -> Json:
    """Return a garbled gate: labels and ciphertexts."""
    return {
        "gate": gate.number,
        "zeros": [label_text(x) for x in gate.zeros],
        "active": [label_text(x) for x in gate.active],
        "tables": [f"{x:0{_digits(gate)}x}" for x in gate.tables],
        "control": list(gate.control),
    }


def _digits(gate: GarbledGate) -> int:
    """Return the hexadecimal digits of a ciphertext: three-halves have half a label in each."""
    return LABEL_BYTES if gate.control else 2 * LABEL_BYTES
