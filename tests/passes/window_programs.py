"""Programs that convolve images as loops: shapes, loops, and what is done in them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from ezlang.values.data import Inputs

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Convolving:
    """Images x of Alice, filters y of Bob, their convolution z, and how loops compute it.

    `sizes` are the loops, outermost first. `before` runs before them.
    """

    x: Shape
    y: Shape
    z: Shape
    sizes: dict[str, int]
    body: str
    before: str = ""

    def text(self, order: list[str] | None = None, element: str = "int32") -> str:
        """The program, with its loops in some order."""
        x, y, z = (f"{element}{_brackets(shape)}" for shape in (self.x, self.y, self.z))
        heads = " ".join(f"for {i} in 0..{self.sizes[i]} {{" for i in order or self.sizes)
        return f"""party alice, bob;

fn main() {{
    secret {x} x = input(alice, "x");
    secret {y} y = input(bob, "y");
    secret {z} z;
    {self.before}
    {heads} {self.body} {"}" * len(self.sizes)}
    output(all, z, "z");
}}
"""

    def inputs(self) -> Inputs:
        """Any numbers."""
        draw = random.Random(3)
        return {"alice": {"x": _numbers(self.x, draw)}, "bob": {"y": _numbers(self.y, draw)}}


def _brackets(shape: Shape) -> str:
    return "".join(f"[{size}]" for size in shape)


def _numbers(shape: Shape, draw: random.Random) -> Any:
    if not shape:
        return draw.randint(-(2**31), 2**31 - 1)
    return [_numbers(shape[1:], draw) for _ in range(shape[0])]


def _padded(element: str = "int32") -> str:
    return (
        f"secret {element}[2][6][7] p;"
        " for c in 0..2 { for i in 0..4 { for j in 0..5 { p[c][i + 1][j + 1] = x[c][i][j]; } } }"
    )


PROGRAMS: dict[str, Convolving] = {
    "plain": Convolving(
        *((4, 5), (2, 3), (3, 3)),
        {"i": 3, "j": 3, "u": 2, "v": 3},
        "z[i][j] += x[i + u][j + v] * y[u][v];",
    ),
    "stride": Convolving(
        *((2, 7, 8), (3, 2, 3, 4), (3, 3, 3)),
        {"f": 3, "i": 3, "j": 3, "c": 2, "u": 3, "v": 4},
        "z[f][i][j] += x[c][2 * i + u][j * 2 + v] * y[f][c][u][v];",
    ),
    "padding": Convolving(
        *((2, 4, 5), (3, 2, 3, 3), (3, 4, 5)),
        {"f": 3, "i": 4, "j": 5, "c": 2, "u": 3, "v": 3},
        "z[f][i][j] += p[c][i + u][j + v] * y[f][c][u][v];",
        _padded(),
    ),
    "stride_and_padding": Convolving(
        *((2, 4, 5), (3, 2, 3, 3), (3, 2, 3)),
        {"f": 3, "i": 2, "j": 3, "c": 2, "u": 3, "v": 3},
        "z[f][i][j] += p[c][2 * i + u][2 * j + v] * y[f][c][u][v];",
        _padded(),
    ),
    "dilation": Convolving(
        *((2, 7, 7), (2, 2, 3, 2), (2, 3, 4)),
        {"f": 2, "i": 3, "j": 4, "c": 2, "u": 3, "v": 2},
        "z[f][i][j] += x[c][i + 2 * u][j + 3 * v] * y[f][c][u][v];",
    ),
    "groups": Convolving(
        *((2, 2, 4, 4), (2, 3, 2, 2, 2), (2, 3, 3, 3)),
        {"g": 2, "f": 3, "i": 3, "j": 3, "c": 2, "u": 2, "v": 2},
        "z[g][f][i][j] += x[g][c][i + u][j + v] * y[g][f][c][u][v];",
    ),
    "depthwise": Convolving(
        *((3, 5, 5), (3, 2, 2), (3, 4, 4)),
        {"c": 3, "i": 4, "j": 4, "u": 2, "v": 2},
        "z[c][i][j] += x[c][i + u][j + v] * y[c][u][v];",
    ),
    "batch": Convolving(
        *((3, 2, 4, 4), (2, 2, 3, 3), (3, 2, 2, 2)),
        {"n": 3, "f": 2, "i": 2, "j": 2, "c": 2, "u": 3, "v": 3},
        "z[n][f][i][j] += x[n][c][i + u][j + v] * y[f][c][u][v];",
    ),
    "one_dimension": Convolving(
        *((2, 9), (3, 2, 3), (3, 4)),
        {"f": 3, "i": 4, "c": 2, "v": 3},
        "z[f][i] += x[c][2 * i + v] * y[f][c][v];",
    ),
    "turned_filter": Convolving(
        *((8,), (3,), (6,)), {"i": 6, "v": 3}, "z[i] += x[i + 2 - v] * y[v];"
    ),
    "three_dimensions": Convolving(
        *((3, 4, 5), (2, 2, 2), (2, 3, 4)),
        {"h": 2, "i": 3, "j": 4, "t": 2, "u": 2, "v": 2},
        "z[h][i][j] += x[h + t][i + u][j + v] * y[t][u][v];",
    ),
    "flat": Convolving(
        *((20,), (6,), (9,)),
        {"i": 3, "j": 3, "u": 2, "v": 3},
        "z[3 * i + j] += x[5 * (i + u) + j + v] * y[3 * u + v];",
    ),
    "rows": Convolving(
        *((2, 5, 6), (3, 2, 2, 3), (3, 4, 4)),
        {"f": 3, "i": 4, "j": 4},
        "int32 t = 0; for c in 0..2 { for u in 0..2 {"
        " t += sum(x[c][i + u][j..j + 3] * y[f][c][u]); } } z[f][i][j] = t;",
    ),
}

OTHERS: dict[str, Convolving] = {
    "windows_side_by_side": Convolving(
        *((6, 6), (3, 3), (2, 2)),
        {"i": 2, "j": 2, "u": 3, "v": 3},
        "z[i][j] += x[3 * i + u][3 * j + v] * y[u][v];",
    ),
    "one_by_one": Convolving(
        *((2, 4, 4), (3, 2), (3, 4, 4)),
        {"f": 3, "i": 4, "j": 4, "c": 2},
        "z[f][i][j] += x[c][i][j] * y[f][c];",
    ),
}
"""Products of matrices, whose patches don't overlap."""

LOOPED: tuple[str, Inputs] = (
    """
        import linalg;
        party alice, bob;
        fn main() {
            secret int64[1][2][4][5] x = input(alice, "x");
            secret int64[2][2][3][3] filters = input(bob, "filters");
            secret int64[5][5] left = input(bob, "left");
            for round in 0..3 {
                secret int64[2][6][7] p;
                for c in 0..2 { for i in 0..4 { for j in 0..5 {
                    p[c][i + 1][j + 1] = x[0][c][i][j];
                } } }
                secret int64[2][4][5] y;
                for f in 0..2 { for i in 0..4 { for j in 0..5 {
                    for c in 0..2 { for u in 0..3 { for v in 0..3 {
                        y[f][i][j] += p[c][i + u][j + v] * filters[f][c][u][v];
                    } } }
                } } }
                secret int64[5][8] z;
                for f in 0..2 { for i in 0..4 { for j in 0..5 {
                    z[j][4 * f + i] = y[f][i][j] >> 3;
                } } }
                z = linalg.matmul(left, z);
                for f in 0..2 { for i in 0..4 { for j in 0..5 {
                    x[0][f][i][j] = z[j][4 * f + i];
                } } }
            }
            output(alice, x, "x");
        }
        """,
    {
        "alice": {
            "x": [[[[7 * j - 3 * i + c for j in range(5)] for i in range(4)] for c in range(2)]]
        },
        "bob": {
            "filters": [
                [[[f + u - v * c for v in range(3)] for u in range(3)] for c in range(2)]
                for f in range(2)
            ],
            "left": [[i * j - 4 for j in range(5)] for i in range(5)],
        },
    },
)
"""A convolution and a matrix product in a loop, whose weights one party knows."""
