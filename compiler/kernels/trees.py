"""Rows of packed bits, joined two by two with pairs of triples: levels of a comparison's tree.

A row is N bytes; rows lie one behind the other. A level has P pairs of neighbours: `places` are the
rows of y₀, of y₁ and of x, P each, and masks a [P][N], b and c [2][P][N], `stride` bytes from the
one matrix to the other.

- `tree_open(places*, P, rows*, N, a*, b*, stride, out*)`: y₀ ⊕ b₀, y₁ ⊕ b₁ and x ⊕ a, [3][P][N].
- `tree_close(places*, P, skipped, kept*, K, rows*, N, a*, b*, b_stride, c*, c_stride, mine*,
  theirs*, first_party, out*)`: the next rows: z₁ ⊕ x·y₁ for the rows z₁ that come behind x in
  `places`, K rows `kept`, x·y₀, K more rows. `theirs` lacks the first `skipped` rows, as what is
  sent does; the first rows of x·y₀ aren't worked out.

All is done 64 bytes at a time: padding after the end of all that is read and of `out`, whose rows
are written in order.
"""

from __future__ import annotations

from typing import Any, Final

from .abi import I64, POINTER
from .build import VOID, Kernel, Value, vector

_STEP: Final = 64
_BITS: Final = vector(I64, _STEP // 8)


def _kernel(module: Any, name: str, parameters: str) -> Kernel:
    """Begin a kernel; names of pointers end in a star."""
    kinds = [(p.rstrip("*"), POINTER if p.endswith("*") else I64) for p in parameters.split()]
    return Kernel(module, name, kinds, result=VOID)


def _row(k: Kernel, places: Value, index: Value) -> Value:
    """Return where the row is whose number is at an index."""
    return k["rows"].at(k.load(places.at(index << 3), I64) * k["size"])


def write_open(module: Any) -> Kernel:
    """Write `tree_open`."""
    k = _kernel(module, "tree_open", "places* pairs rows* size a* b* stride out*")
    pairs, size = k["pairs"], k["size"]
    for part, mask in enumerate((k["b"], k["b"].at(k["stride"]), k["a"])):
        with k.loop(0, pairs) as i:
            source = _row(k, k["places"], pairs * part + i)
            out = k["out"].at((pairs * part + i) * size)
            with k.loop(0, size, _STEP) as lane:
                masked = k.load(source.at(lane), _BITS) ^ k.load(mask.at(i * size + lane), _BITS)
                k.store(masked, out.at(lane))
    k.finish()
    return k


def _product(k: Kernel, part: int, i: Value, lane: Value, own: Value) -> Value:
    """Return the share of x·y of pair i: c ⊕ d·b ⊕ e·a, and d·e at party 0 [Bea91]."""
    size, pairs = k["size"], k["pairs"]
    at = i * size + lane

    def opened(part: int) -> Value:
        place = pairs * size * part + at
        theirs = k.load(k["theirs"].at(place - k["skipped"] * size), _BITS)
        return k.load(k["mine"].at(place), _BITS) ^ theirs

    b, c = (k.load(k[name].at(k[f"{name}_stride"] * part + at), _BITS) for name in "bc")
    d, e = opened(2), opened(part)
    return c ^ (d & (b ^ (e & own))) ^ (e & k.load(k["a"].at(at), _BITS))


def write_close(module: Any) -> Kernel:
    """Write `tree_close`."""
    parameters = "places* pairs skipped kept* kept_count rows* size a* b* b_stride c* c_stride"
    k = _kernel(module, "tree_close", f"{parameters} mine* theirs* first_party out*")
    pairs, size, count = k["pairs"], k["size"], k["kept_count"]
    own = k.splat(k["first_party"], _BITS.count)
    for part in (1, 0):
        out = k["out"] if part else k["out"].at((pairs + count) * size)
        with k.loop(k.i64(0) if part else k["skipped"], pairs) as i:
            less = _row(k, k["places"], pairs * 3 + i)
            with k.loop(0, size, _STEP) as lane:
                result = _product(k, part, i, lane, own)
                if part:
                    result = result ^ k.load(less.at(lane), _BITS)
                k.store(result, out.at(i * size + lane))
        with k.loop(0, count) as i:
            kept = _row(k, k["kept"], i + count * (1 - part))
            with k.loop(0, size, _STEP) as lane:
                k.store(k.load(kept.at(lane), _BITS), out.at((pairs + i) * size + lane))
    k.finish()
    return k


SYMBOLS: Final = ("tree_open", "tree_close")
