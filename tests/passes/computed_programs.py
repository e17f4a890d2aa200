"""Loops over computed public indices, and the result for each: `Separate` checks and gathers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """Statements on `x` and `y`, secret int16[12], where `p`, `q` and `n` are public and given.

    `gathers`: whether places are gathered; `checked`: whether the run looks if they are separate.
    """

    body: str
    gathers: bool = True
    checked: bool = True
    p: int = 3
    q: int = 5
    n: int = 12


CASES = {
    "butterflies": Case(
        """for i in 0..6 {
            let low = 2 * p * (i / p) + i % p;
            let smaller = min(x[low], x[low + p]);
            x[low + p] ^= x[low] ^ smaller;
            x[low] = smaller;
        }"""
    ),
    "a step of zero": Case("for i in 0..6 { let low = i / p; x[low] = max(x[low], y[i]); }", p=0),
    "places twice": Case("for i in 0..6 { x[i / p] = x[i / p] * y[i]; }", p=2),
    "places that differ": Case("for i in 0..6 { x[i / p] = x[i / p] * y[i]; }", p=1),
    "past the end": Case(
        "output(all, y[0], `before`); for i in 0..6 { x[i * q] = x[i * q] * y[i]; }", q=3
    ),
    "before the start": Case("for i in 0..6 { x[i * q] *= y[i]; }", q=-1),
    "a shift back": Case("for i in 0..6 { x[i] *= x[i + p]; }", p=1),
    "halves": Case("for i in 0..p { x[i] = max(x[2 * i], x[2 * i + 1]); }", p=6),
    "halves, read late": Case(
        "for i in 0..p { x[i] *= y[i]; y[i] = max(x[2 * i], x[2 * i + 1]); }", p=6
    ),
    "what has been written": Case("for i in 0..6 { x[i * p] *= x[i]; }", p=2),
    "a shift by what is known": Case("for i in 0..6 { x[i + p] *= x[i]; }", p=6),
    "a shift that overlaps": Case("for i in 0..6 { x[i + p] *= x[i]; }", p=5),
    "under a condition": Case(
        "for i in 0..12 - p { if (i & p) == q { x[i + p] *= x[i]; x[i] += 1; } }", p=4, q=4
    ),
    "under a condition, with a conflict": Case(
        "for i in 0..12 - p { if i % q == 1 { x[i + p] *= x[i]; x[i] += 1; } }", p=3, q=3
    ),
    "under a condition that fails": Case(
        "for i in 0..12 { if i / p == q { x[i * 1 + q] *= x[i]; } }", p=0, q=3
    ),
    "a bound of the run": Case("for i in 0..n { x[i * p % 12] *= y[i]; }", p=5, n=12),
    "an outer bound": Case(
        "for j in 0..n { for i in j..12 { x[i] = max(x[i], y[(i + p) % 12]); } }", n=4
    ),
    "a bound and a condition": Case(
        "for i in p..n { if (i ^ q) % 2 == 1 { x[i] = max(x[i], x[i - p]); } }", n=11, p=1, q=4
    ),
    "a bound too far, and a condition": Case(
        "for i in p..n { if (i ^ q) % 2 == 1 { x[i] = max(x[i], x[i - p]); } }", n=16, p=1, q=4
    ),
    "a bound that meets a conflict": Case(
        "for i in p..n { x[i] = max(x[i], x[(i * q) % 12]); }", n=12, p=1
    ),
    "a bound too far": Case("for i in 0..n { x[i] *= y[i]; }", n=13),
    "no iteration": Case("for i in 0..n { x[i] *= y[i]; }", n=-3),
    "a bound below": Case("for i in 2..n { x[i - p] *= y[i]; }", n=9, p=2),
    "read twice": Case("for i in 0..12 { x[i] *= y[i * 5 % 12] + y[i * 7 % 12]; }", checked=False),
    "read past the end": Case("for i in 0..12 { x[i] *= y[i * p]; }"),
    "a table": Case(
        "for i in 0..12 { x[t[i]] *= y[t[t[i]]]; }",
    ),
    "a sum": Case("secret int16 s = 0; for i in 0..12 { s += x[t[i]] * y[i]; } x[0] = s;"),
    "two arrays": Case(
        """for i in 0..6 {
            let a = i * p % 12;
            let b = (i + 6) * p % 12;
            let swap = x[a] > x[b];
            let d = swap ? x[a] ^ x[b] : 0;
            let e = swap ? y[a] ^ y[b] : 0;
            x[a] ^= d;
            x[b] ^= d;
            y[a] ^= e;
            y[b] ^= e;
        }""",
        p=5,
    ),
    "written twice": Case("for i in 0..6 { x[i * p] *= y[i]; x[i * p] *= x[i * p] + y[i]; }", p=2),
    "rows": Case(
        """secret int16[6][2] z = [[x[0], x[1]], [x[2], x[3]], [x[4], y[1]],
                                   [x[6], x[7]], [y[8], x[9]], [x[10], x[11]]];
        for i in 0..3 {
            let a = 2 * p * (i / p) + i % p;
            for j in 0..2 { z[a][j] *= z[a + p][1 - j]; }
        }
        for i in 0..6 { for j in 0..2 { x[2 * i + j] = z[i][j]; } }""",
        p=1,
    ),
    "loops around it": Case(
        """secret int16[2][6] z;
        for i in 0..2 { for j in 0..6 { z[i][j] = x[6 * i + j]; } }
        for r in 0..2 {
            for i in 0..n { let a = i * p % 6; z[r][a] *= z[r][(i + 3) * p % 6]; }
        }
        for i in 0..2 { for j in 0..6 { x[6 * i + j] = z[i][j]; } }""",
        n=3,
        p=5,
    ),
    "columns": Case(
        """secret int16[2][6] z;
        for i in 0..6 { z[0][i ^ q] = x[i] * y[i * p % 6]; z[1][i] = x[i + 6]; }
        for r in 0..2 { for i in 0..6 { x[6 * r + i] = z[r][i]; } }""",
        p=5,
        q=1,
    ),
    "columns past the end": Case(
        """secret int16[2][6] z;
        for i in 0..6 { z[0][i ^ q] = x[i] * y[i * 5 % 12]; }
        for r in 0..2 { for i in 0..6 { x[6 * r + i] = z[r][i]; } }""",
        q=2,
    ),
    "columns before the start": Case(
        """secret int16[2][6] z;
        for i in 0..6 { z[1][i * q] = x[i] * y[i * 5 % 12]; }
        for r in 0..2 { for i in 0..6 { x[6 * r + i] = z[r][i]; } }""",
        q=-1,
    ),
    "rows and columns": Case(
        """secret int16[4][3] z;
        for i in 0..12 { z[i / p][i % p] = x[i] * y[i * q % 12]; }
        for r in 0..4 { for i in 0..3 { x[3 * r + i] = z[r][i]; } }""",
        p=3,
        q=5,
    ),
    "an element twice": Case(
        """secret int16[4][3] z;
        for i in 0..12 { z[i / p % 4][i % 3] = x[i] * y[i * 5 % 12]; }
        for r in 0..4 { for i in 0..3 { x[3 * r + i] = z[r][i]; } }""",
        p=2,
    ),
    "rows sorted side by side": Case(
        """secret int16[3][4] z;
        for r in 0..3 { for i in 0..4 { z[r][i] = x[4 * r + i]; } }
        for r in 0..3 {
            int32 j = p;
            while j > 0 {
                for i in 0..2 {
                    let low = 2 * j * (i / j) + i % j;
                    let swap = i == 0 ? z[r][low] > z[r][low + j] : z[r][low] < z[r][low + j];
                    let d = swap ? z[r][low] ^ z[r][low + j] : 0;
                    z[r][low] ^= d;
                    z[r][low + j] ^= d;
                }
                j /= 2;
            }
        }
        for r in 0..3 { for i in 0..4 { x[4 * r + i] = z[r][i]; } }""",
        p=2,
    ),
    "rows sorted too far": Case(
        """secret int16[3][4] z;
        for r in 0..3 { for i in 0..4 { z[r][i] = x[4 * r + i]; } }
        for r in 0..3 {
            int32 j = p;
            while j > 0 {
                for i in 0..2 { z[r][i + j] = min(z[r][i], z[r][i + j]); }
                j -= 1;
            }
        }
        for r in 0..3 { for i in 0..4 { x[4 * r + i] = z[r][i]; } }""",
        p=3,
    ),
    "a column past the end": Case(
        """secret int16[6][2] z;
        for i in 0..6 { for j in 0..2 { z[i][j] = x[2 * i + j]; } }
        for i in 0..6 { z[i * p % 6][q] *= y[i]; }
        for i in 0..6 { for j in 0..2 { x[2 * i + j] = z[i][j]; } }""",
        p=5,
        q=2,
    ),
    "a column past the end, under a condition": Case(
        """secret int16[6][2] z;
        for i in 0..6 { for j in 0..2 { z[i][j] = x[2 * i + j]; } }
        for i in 0..6 { if i == n { z[i * p % 6][q] *= y[i]; } }
        for i in 0..6 { for j in 0..2 { x[2 * i + j] = z[i][j]; } }""",
        p=5,
        q=2,
    ),
    "a check on one side": Case(
        "for i in 0..6 { if i > p { x[i * 5 % 12] *= x[q]; } else { x[i * 5 % 12] *= y[i]; } }",
        p=6,
        q=12,
        gathers=False,
    ),
    "checks that are never come to": Case(
        """for i in 0..0 { x[i] *= y[q]; }
        for i in 0..3 { for j in 0..0 { x[i] *= y[q]; } }
        for i in 0..3 { int32 j = 0; while j < n { x[i] *= y[q]; j += 1; } }""",
        q=12,
        n=0,
        gathers=False,
    ),
    "unsigned": Case("for i in uint8(0)..uint8(6) { let a = i * uint8(p); x[a] *= y[i]; }", p=129),
    "neighbours": Case("for i in 0..11 { x[i + 1] *= x[i]; }", gathers=False),
    "what is told": Case("for i in 0..6 { x[i * p] *= y[i]; y[i] = reveal(x[i * p]); }", p=2),
}


def text(case: Case) -> str:
    return f"""party alice, bob;
fn main() {{
    secret int16[12] x;
    secret int16[12] y;
    x = input(alice, "x");
    y = input(bob, "y");
    public int32 p = reveal(input(alice, "p"));
    public int32 q = reveal(input(alice, "q"));
    public int32 n = reveal(input(alice, "n"));
    public int32[12] t = reveal(input(bob, "t"));
    {case.body.replace("`", '"')}
    output(all, x, "x");
    output(all, y, "y");
}}"""


INPUTS = {
    "alice": {"x": [3, -7, 12, 5, 4, -2, 9, 1, 8, -6, 7, 2]},
    "bob": {
        "y": [2, 3, -5, 4, 7, 1, -3, 6, 5, 9, -4, 8],
        "t": [3, 0, 7, 11, 5, 2, 1, 10, 4, 8, 6, 9],
    },
}


def inputs(case: Case) -> dict[str, dict[str, object]]:
    alice = {**INPUTS["alice"], "p": case.p, "q": case.q, "n": case.n}
    return {"alice": alice, "bob": dict(INPUTS["bob"])}
