"""Damaged versions of valid bytes."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

TOKENS = tuple(
    token.encode("utf-8", "surrogatepass")
    for token in (
        *("0", "-1", "9" * 5000, "1e999", "0x", "NaN", "-Infinity", "null", "true", '""', "'"),
        *(
            "{}",
            "[]",
            "[" * 3000,
            "{" * 3000,
            '{"":' * 2000,
            ",",
            ":",
            '"',
            "\\",
            "\\u0000",
            "=",
            "\n",
        ),
        *(
            "\x00",
            "\r",
            "é",
            "\ud800",
            "../../../../etc/passwd",
            "a" * 3000,
            "4294967295",
            "1" * 30,
        ),
    )
)
NUMBERS = tuple(
    value.to_bytes(size, order)
    for size in (2, 4, 8)
    for value in (0, 1, (1 << 8 * size - 1) - 1, 1 << 8 * size - 1, (1 << 8 * size) - 1)
    for order in ("big", "little")
)
"""Lengths that are too large, and their neighbours."""

_PIECES = st.one_of(
    st.sampled_from(TOKENS), st.sampled_from(NUMBERS), st.binary(min_size=1, max_size=12)
)
_EDITS = st.tuples(
    st.sampled_from(["insert", "replace", "delete", "repeat", "cut", "flip"]),
    st.floats(0, 1),
    st.integers(1, 64),
    _PIECES,
)


def damaged(examples: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Return a strategy for examples after a few edits, and for arbitrary bytes."""
    edited = st.builds(_edited, st.sampled_from(examples), st.lists(_EDITS, max_size=6))
    return st.one_of(edited, edited, edited, st.binary(max_size=200))


def _edited(data: bytes, edits: Sequence[tuple[str, float, int, bytes]]) -> bytes:
    for kind, where, length, piece in edits:
        at = int(where * len(data))
        match kind:
            case "insert":
                data = data[:at] + piece + data[at:]
            case "replace":
                data = data[:at] + piece + data[at + len(piece) :]
            case "delete":
                data = data[:at] + data[at + length :]
            case "repeat":
                data = data[:at] + data[at : at + length] * 3 + data[at + length :]
            case "cut":
                data = data[:at]
            case _:
                changed = bytes(byte ^ 1 << length % 8 for byte in data[at : at + 1])
                data = data[:at] + changed + data[at + 1 :]
    return data
