"""An index that is out of range is named, with the number of elements, by every executor."""

from __future__ import annotations

import pytest

from ezlang import api
from ezlang.diagnostics.diagnostic import EzError
from ezlang.values.data import Inputs

BODIES = {
    "read": ("int32[3] x; s += x[i];", 7, "the index is 7, and there are 3 elements"),
    "negative": ("int32[3] x; s += x[i];", -1, "the index is -1, and there are 3 elements"),
    "one element": ("int32[1] x; s += x[i];", 1, "the index is 1, and there is 1 element"),
    "second index": ("int32[3][2] x; s += x[1][i];", 2, "the index is 2, and there are 2 elements"),
    "unsigned": (
        "int32[3] x; s += x[uint64(i)];",
        -1,
        "the index is 18446744073709551615, and there are 3 elements",
    ),
    "written": ("secret int32[3] x; x[i] = s; s += sum(x);", 5, "5, and there are 3 elements"),
    "in a loop": (
        "for j in 0..10 { s += all_of_it[j + i]; }",
        91,
        "100, and there are 100 elements",
    ),
    "in a batch": (
        "secret int32[10] y; for j in 0..10 { y[j] = all_of_it[10 * j + i] * s; } s = sum(y);",
        12,
        "the index is 102, and there are 100 elements",
    ),
    "under a secret": ("if s > 0 { s = all_of_it[i]; }", 100, "100, and there are 100 elements"),
}


@pytest.mark.parametrize("name", BODIES)
def test_all_executors_name_it(name: str) -> None:
    body, index, told = BODIES[name]
    text = f"""
        party alice, bob;
        fn main() {{
            secret int32 s = input(alice, "s");
            secret int32[100] all_of_it = input(alice, "x");
            public int32 i = reveal(input(bob, "i"));
            {body}
            output(all, s, "out");
        }}
    """
    program = api.checked(api.check_text(text))
    inputs: Inputs = {"alice": {"s": 3, "x": list(range(100))}, "bob": {"i": index}}
    for run in (api.run_clear, api.run_simulated, api.run_native):
        with pytest.raises(EzError) as caught:
            run(program, inputs)
        (diagnostic,) = caught.value.diagnostics
        assert diagnostic.code == "EZ4003"
        assert told in diagnostic.label
