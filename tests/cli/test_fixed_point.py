"""`check --ranges` and `headroom`: what fixed-point numbers need, before a run and in samples."""

import json
from pathlib import Path
from typing import Any

from tests.cli.conftest import Ez

PROGRAM = """party alice, bob;
fn main() {
    secret fixed<8, 16>[3] x = input(alice, "x");
    secret fixed[3] w = input(bob, "w");
    let s = sum(x * x);
    let t = sum(x * w);
    output(all, -s, "s");
    output(all, fixed<8, 16>(t / x[0]), "t");
    output(all, int32(w[0]), "n");
}
"""


def write(folder: Path, x: Any, w: Any, text: str = PROGRAM) -> None:
    (folder / "p.ez").write_text(text)
    (folder / "alice.json").write_text(json.dumps({"x": x}))
    (folder / "bob.json").write_text(json.dumps({"w": w}))


def test_what_inputs_may_overflow(ez: Ez, folder: Path) -> None:
    write(folder, [], [])
    done = ez("check", "p.ez", "--ranges")
    assert done.code == 0
    assert done.out.startswith("These fixed-point results are not known to fit in 64 bits.")
    assert done.out.splitlines()[3:] == [
        "line  bits  expression",
        "   6    88  sum(x * w)",
        "   8   104  t / x[0]",
    ]
    listed = json.loads(ez("check", "p.ez", "--ranges", "--json").out)
    assert listed["diagnostics"] == []
    assert listed["overflows"] == [
        {"file": "p.ez", "line": 6, "bits": 88, "of": "sum(x * w)"},
        {"file": "p.ez", "line": 8, "bits": 104, "of": "t / x[0]"},
    ]


def test_what_is_known_to_fit(ez: Ez, folder: Path) -> None:
    text = PROGRAM.replace("fixed[3]", "fixed<4, 16>[3]").replace("<8, 16>(t / x[0])", "(t)")
    write(folder, [], [], text)
    done = ez("check", "p.ez", "--ranges")
    assert done.out == "All fixed-point numbers are known to fit in 64 bits.\n"


def test_what_sample_inputs_need(ez: Ez, folder: Path) -> None:
    write(folder, [100, -0.5, 0], [-1000, 0.25, 2])
    done = ez("headroom", "p.ez")
    assert done.code == 0
    assert done.out.splitlines() == [
        "line  bits left  largest          type  expression",
        "   5         17  10000.2         fixed  sum(x * x)",
        "   6         14  -100000         fixed  sum(x * w)",
        "   7         33  10000.2         fixed  -s",
        "   8         14  -100000         fixed  t / x[0]",
        "   8   overflow    -1000  fixed<8, 16>  t / x[0]",
        "",
        "`fixed<8, 16>`: line 8 overflows, so that the outputs are wrong. These inputs need "
        "`fixed<11, 16>`.",
        "f = 16: everything fits. Up to f = 23 would fit for these inputs; line 6 decides.",
    ]


def test_samples_that_overflow(ez: Ez, folder: Path) -> None:
    write(folder, [0.125, 100, 0], [2e9, 1e13, 2])
    assert ez("headroom", "p.ez").out.splitlines()[-1] == (
        "f = 16: line 6 overflows, so that the outputs are wrong. With f = 6 or less, these "
        "inputs would fit."
    )
    listed = json.loads(ez("headroom", "p.ez", "--json").out)["headroom"]
    assert [one["bits_left"] for one in listed] == [17, -19, 33, 0, -27]
    assert listed[1] == {
        "file": "p.ez",
        "line": 6,
        "of": "sum(x * w)",
        "type": "fixed",
        "largest": 1000000250000000.0,
        "bits_left": -19,
        "most_f": 6,
    }


def test_products_have_the_fraction_bits_of_both_factors(ez: Ez, folder: Path) -> None:
    text = (
        "party alice, bob;\nfn main() {\n"
        '    secret fixed<10> x = input(alice, "x");\n'
        '    secret fixed<20> w = input(bob, "w");\n'
        '    output(all, x * w, "y");\n}\n'
    )
    write(folder, 3.5, -1024, text)
    (listed,) = json.loads(ez("headroom", "p.ez", "--json").out)["headroom"]
    # 3,584 · 2^10 is below 2^42, and has 63 bits.
    assert (listed["type"], listed["largest"], listed["bits_left"]) == ("fixed<10>", -3584.0, 21)


def test_places_in_the_library_have_its_name(ez: Ez, folder: Path) -> None:
    text = (
        "party alice, bob;\nimport tensors;\nfn main() {\n"
        '    secret fixed<8, 16>[1][3] x = input(alice, "x");\n'
        '    secret fixed<8, 16>[2][3] w = input(bob, "w");\n'
        '    output(all, tensors.linear(x, w), "y");\n}\n'
    )
    write(folder, [[1, 2, 3]], [[1, 1, 1], [0, 0, 1]], text)
    # What is known of the arguments is known in the library's function.
    assert "known to fit" in ez("check", "p.ez", "--ranges").out
    rows = ez("headroom", "p.ez").out.splitlines()[1:2]
    assert [row.split()[0].partition(":")[0] for row in rows] == ["tensors.ez"]


def test_programs_without_fractions(ez: Ez, folder: Path) -> None:
    write(folder, [], [], 'party alice, bob;\nfn main() { output(all, 1, "one"); }\n')
    (folder / "alice.json").unlink()
    (folder / "bob.json").unlink()
    assert ez("headroom", "p.ez").out == "The program computed no fixed-point numbers.\n"
