"""`ezlang cost`: predicted costs, as text and as JSON."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Ez

REVEALING = """party alice, bob;
fn main() {
    secret int32 a = input(alice, "a");
    secret int32 b = input(bob, "b");
    int32 n = 0;
    while reveal(a + n < b) { n = n + 1; }
    output(all, n, "n");
}
"""


@pytest.mark.parametrize("protocol", ["auto", "yao", "boolean", "arithmetic"])
def test_it_says_what_the_run_counts(ez: Ez, folder: Path, protocol: str) -> None:
    said = json.loads(ez("cost", "rich.ez", "--json", "--protocol", protocol).out)
    assert said["exact"]
    assert said["totals"] == said["most"]
    given = ("--input", "alice=a.json", "--input", "bob=b.json")
    run = json.loads(ez("run", "rich.ez", "--json", "--protocol", protocol, *given).out)["cost"]
    assert said["totals"]["rounds"] == run["rounds"]
    assert said["totals"]["bytes"] == run["bytes"]
    for parts in (said["phases"].values(), said["lines"]):
        assert sum(part["rounds"] for part in parts) == run["rounds"]
        for party, sent in run["bytes"].items():
            assert sum(part["bytes"][party] for part in parts) == sent


def test_text(ez: Ez, folder: Path) -> None:
    done = ez("cost", "rich.ez", "--network", "wan", "--lines", "--explain")
    assert (done.code, done.err) == (0, "")
    for words in ("rounds", "sent by alice", "memory", "by phase", "set-up", "by line", "why each"):
        assert words in done.out
    assert "output(" in done.out


def test_what_needs_fewer_bits_is_proved(ez: Ez, folder: Path) -> None:
    (folder / "few.ez").write_text(
        'party alice, bob;\nfn main() {\n    secret int64 a = input(alice, "a");\n'
        '    secret int64 b = input(bob, "b");\n'
        '    output(all, (a >> 44) < (b >> 44), "o");\n}\n'
    )
    text = ez("cost", "few.ez", "--ranges").out
    assert "5 | output(all, (a >> 44) < (b >> 44)" in text
    assert "lt, 20 bits in two's complement" in text
    assert "by shr, line 5" in text
    assert "-524288 … 524287: " in text
    (one,) = json.loads(ez("cost", "few.ez", "--ranges", "--json").out)["ranges"]
    assert (one["line"], one["bits"], one["nonnegative"]) == (5, 20, False)
    (folder / "all.ez").write_text(
        'party alice, bob;\nfn main() {\n    secret int64 a = input(alice, "a");\n'
        '    output(all, a < 5, "o");\n}\n'
    )
    assert "no operation is known to need fewer bits" in ez("cost", "all.ez", "--ranges").out


def test_loops_that_depend_on_what_is_revealed(ez: Ez, folder: Path) -> None:
    (folder / "loop.ez").write_text(REVEALING)
    text = ez("cost", "loop.ez").out
    assert "at least" in text
    assert "per iteration of the loop at line 6: 1 round" in text
    said = json.loads(ez("cost", "loop.ez", "--json").out)
    assert not said["exact"]
    assert said["most"] is None
    assert [one["kind"] for one in said["unknown"]] == ["loop"]


def test_profiles(ez: Ez, folder: Path) -> None:
    (folder / "slow.toml").write_text("rtt = 1.0\nbandwidth = 1e6\n")
    (folder / "slow.json").write_text('{"rtt": 1.0, "bandwidth": 1e6}')
    (folder / "odd.toml").write_text("rtt = 1.0\nspeed = 1e6\n")
    one = json.loads(ez("cost", "rich.ez", "--network", "slow.toml", "--json").out)
    other = json.loads(ez("cost", "rich.ez", "--network", "slow.json", "--json").out)
    assert one == other
    assert one["totals"]["seconds"] > one["totals"]["rounds"]
    for name, words in (("odd.toml", "no field `speed`"), ("none.toml", "can't be read")):
        done = ez("cost", "rich.ez", "--network", name)
        assert (done.code, done.out) == (2, "")
        assert words in done.err


def test_three_parties(ez: Ez, folder: Path) -> None:
    (folder / "three.ez").write_text('party a, b, c;\nfn main() { output(all, 1, "x"); }\n')
    said = ez("cost", "three.ez").out.splitlines()
    assert said[0].startswith("a, b and c,")
    done = ez("cost", "three.ez", "--dealer")
    assert (done.code, done.out) == (2, "")
    assert "A dealer is for programs of two parties, and this one has three" in done.err
