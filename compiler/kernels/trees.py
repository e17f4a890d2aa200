"""Rows of packed bits, joined pairwise with pairs of triples: levels of a comparison tree.

A row is N bytes; rows are contiguous. A level has P pairs of neighbours, with masks a [P][N] and b
and c [2][P][N]. The parameters of a level and of the tree are in memory, as 64-bit integers: for a
single comparison, passing arguments takes longer than the work.

- `level*`: P, the number of `skipped` pairs, the number K of kept rows; then the numbers of the
  rows that make up y₀, y₁, x and less, P each, and of rows that are kept, 2K.
- `tree*`: see `FIELDS`. The second matrix of b and of c is that many bytes after the first.
- `tree_open(tree*, level*)`: y₀ ⊕ b₀, y₁ ⊕ b₁ and x ⊕ a, [3][P][N], at `mine`.
- `tree_close(tree*, level*, theirs*)`: writes less ⊕ x·y₁, K rows kept, x·y₀, K rows kept to
  `next`. `theirs` lacks the first `skipped` rows, and their x·y₀ aren't computed. Then `rows` and
  `next` are swapped, and the masks advance.

Everything is processed 64 bytes at a time, so there is padding after the end of everything that is
read and written. Rows are written in order.
"""

from __future__ import annotations

from typing import Any, Final

from .abi import I64, POINTER
from .build import VOID, Kernel, Value, vector

_STEP: Final = 64
_BITS: Final = vector(I64, _STEP // 8)

FIELDS: Final = (
    *("rows", "next", "size", "mine", "first_party"),
    *("a", "b", "b_stride", "c", "c_stride"),
)
"""Addresses of rows, of the next ones and of what this party opens; N; −1 at party 0, 0 at party 1;
addresses of masks.
"""

_LEVEL: Final = ("pairs", "skipped", "kept_count")


class _Tree:
    """The fields of both tables, and rows by their numbers."""

    def __init__(self, k: Kernel) -> None:
        self.k = k
        self._fields = {name: k["tree"].at(8 * i) for i, name in enumerate(FIELDS)}
        found = {name: k.load(place, I64, 8) for name, place in self._fields.items()}
        found |= {name: k.load(k["level"].at(8 * i), I64, 8) for i, name in enumerate(_LEVEL)}
        self.numbers = found
        self._places = k["level"].at(8 * len(_LEVEL))

    def __getitem__(self, name: str) -> Value:
        return self.numbers[name]

    def address(self, name: str) -> Value:
        """Return the address that a field holds."""
        return Value(self.k, self.k.builder.inttoptr(self.numbers[name].ir, POINTER))

    def row(self, index: Value) -> Value:
        """Return the address of the row whose number is at an index of the level's table."""
        number = self.k.load(self._places.at(index << 3), I64, 8)
        return self.address("rows").at(number * self["size"])

    def set(self, name: str, value: Value) -> None:
        """Change a field of the tree."""
        self.k.store(value, self._fields[name], 8)


def write_open(module: Any) -> Kernel:
    """Write `tree_open`."""
    k = Kernel(module, "tree_open", [("tree", POINTER), ("level", POINTER)], result=VOID)
    tree = _Tree(k)
    pairs, size = tree["pairs"], tree["size"]
    b = tree.address("b")
    for part, mask in enumerate((b, b.at(tree["b_stride"]), tree.address("a"))):
        with k.loop(0, pairs) as i:
            source = tree.row(pairs * part + i)
            out = tree.address("mine").at((pairs * part + i) * size)
            with k.loop(0, size, _STEP) as lane:
                masked = k.load(source.at(lane), _BITS) ^ k.load(mask.at(i * size + lane), _BITS)
                k.store(masked, out.at(lane))
    k.finish()
    return k


def _product(tree: _Tree, part: int, i: Value, lane: Value, own: Value) -> Value:
    """Return the share of x·y of pair i: c ⊕ d·b ⊕ e·a, and d·e at party 0 [Bea91]."""
    k, size, pairs = tree.k, tree["size"], tree["pairs"]
    at = i * size + lane

    def opened(part: int) -> Value:
        place = pairs * size * part + at
        theirs = k.load(k["theirs"].at(place - tree["skipped"] * size), _BITS)
        return k.load(tree.address("mine").at(place), _BITS) ^ theirs

    b, c = (
        k.load(tree.address(name).at(tree[f"{name}_stride"] * part + at), _BITS) for name in "bc"
    )
    d, e = opened(2), opened(part)
    return c ^ (d & (b ^ (e & own))) ^ (e & k.load(tree.address("a").at(at), _BITS))


def write_close(module: Any) -> Kernel:
    """Write `tree_close`."""
    parameters = [("tree", POINTER), ("level", POINTER), ("theirs", POINTER)]
    k = Kernel(module, "tree_close", parameters, result=VOID)
    tree = _Tree(k)
    pairs, size, count = tree["pairs"], tree["size"], tree["kept_count"]
    own = k.splat(tree["first_party"], _BITS.count)
    out = tree.address("next")
    for part in (1, 0):
        with k.loop(k.i64(0) if part else tree["skipped"], pairs) as i:
            less = tree.row(pairs * 3 + i)
            with k.loop(0, size, _STEP) as lane:
                result = _product(tree, part, i, lane, own)
                if part:
                    result = result ^ k.load(less.at(lane), _BITS)
                k.store(result, out.at(i * size + lane))
        with k.loop(0, count) as i:
            kept = tree.row(pairs * 4 + count * (1 - part) + i)
            with k.loop(0, size, _STEP) as lane:
                k.store(k.load(kept.at(lane), _BITS), out.at((pairs + i) * size + lane))
        out = out.at((pairs + count) * size)
    tree.set("rows", tree["next"])
    tree.set("next", tree["rows"])
    for name in "abc":
        tree.set(name, tree[name] + pairs * size)
    k.finish()
    return k


SYMBOLS: Final = ("tree_open", "tree_close")
