"""Traces fit their schema, add up to the cost of the run, and say what parties really hold."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest

from ezlang import api
from ezlang.compiler.protocols.core.purposes import Purpose
from ezlang.compiler.protocols.dealt.demands import NAMES
from ezlang.diagnostics.diagnostic import EzError
from ezlang.trace.explanations import explanations
from tests.trace.traces import EXAMPLES, ROOT, program_of, trace_of, words

SCHEMA = json.loads((ROOT / "docs" / "trace.schema.json").read_text(encoding="utf-8"))
SMALL = ("millionaires", "median", "second-price-auction", "bitonic-sort", "digits")
OTHERS = [
    (name, protocol)
    for name in SMALL
    for protocol in ("arithmetic", "boolean", "yao")
    if (name, protocol) != ("digits", "yao")  # two million ANDs
]
DEALT = [
    *((name, "auto") for name in (*SMALL, "decision-forest", "edit-distance", "aes-128")),
    *(("millionaires", protocol) for protocol in ("arithmetic", "boolean", "yao")),
]
TRACES = [
    *((name, "auto", False) for name in EXAMPLES),
    *((*one, False) for one in OTHERS),
    *((*one, True) for one in DEALT),
]
MOST_BYTES = 2_000_000

Data = dict[str, Any]


def by_trace(test: Any) -> Any:
    return pytest.mark.parametrize(("name", "protocol", "dealer"), TRACES)(test)


@by_trace
def test_it_fits_the_schema(name: str, protocol: str, dealer: bool) -> None:
    data = json.loads(trace_of(name, protocol, dealer=dealer).text())
    jsonschema.Draft202012Validator(SCHEMA).validate(data)


@by_trace
def test_its_page_is_below_two_megabytes(name: str, protocol: str, dealer: bool) -> None:
    page = trace_of(name, protocol, dealer=dealer).page()
    assert len(page.encode()) < MOST_BYTES
    assert not re.search(r'(src|href)="(?!#|data:,)', page)
    assert "{{" not in page


@by_trace
def test_it_adds_up_to_the_cost_of_the_run(name: str, protocol: str, dealer: bool) -> None:
    data = trace_of(name, protocol, dealer=dealer).data
    program, inputs = program_of(name)
    totals, rounds = data["totals"], data["rounds"]
    if dealer:
        cost = api.cost(program, protocol=protocol, dealer=True)
        count, sent = cost.least.rounds, list(cost.least.bytes_sent.values())
        assert data["outputs"] == api.run_clear(program, inputs).outputs
        assert sum(one["bytes"] for one in data["dealer"]["kinds"]) == cost.dealt
    else:
        run = api.run_simulated(program, inputs, protocol=protocol)
        assert run.cost is not None
        assert data["outputs"] == run.outputs
        assert totals["ands"] == run.cost.ands
        count, sent = run.cost.rounds, [run.cost.bytes[party] for party in data["parties"]]
    assert (totals["rounds"], totals["bytes"]) == (count, sent)
    assert max(one["round"] for one in rounds) == count
    for party in range(len(sent)):
        own = [one for one in data["messages"] if one["sender"] == party]
        assert sum(one["bytes"] for one in own) == sent[party]
        assert sum(one["count"] for one in own) == totals["messages"][party]
        assert sum(one["bytes"][party] for one in rounds) == sent[party]


@by_trace
def test_what_parties_hold_gives_the_values(name: str, protocol: str, dealer: bool) -> None:
    data = trace_of(name, protocol, dealer=dealer).data
    held = [(value, one) for value in data["values"] for one in value["holds"]]
    assert held
    for value, one in held:
        mask = (1 << value["width"]) - 1
        clear = [int(x) & mask for x in value["clear"]]
        found = words(data, value, one)
        assert found == clear[: len(found)]
        assert len(found) == (min(len(clear), 1) if one["sharing"] == "yao" else len(clear))


@by_trace
def test_every_execution_is_recorded_or_counted(name: str, protocol: str, dealer: bool) -> None:
    data = trace_of(name, protocol, dealer=dealer).data
    operations, steps = data["operations"], data["steps"]
    omitted = sum(step.get("omitted", 0) for step in steps)
    recorded = sum(len(step["operations"]) for step in steps if "omitted" not in step)
    assert recorded == sum(one["recorded"] for one in operations)
    assert recorded + omitted == sum(one["executions"] for one in operations)
    assert all(len(value["clear"]) <= data["limits"]["elements"] for value in data["values"])


@by_trace
def test_every_step_has_an_explanation(name: str, protocol: str, dealer: bool) -> None:
    for operation in trace_of(name, protocol, dealer=dealer).data["operations"]:
        assert operation["topic"] in explanations(), operation


def test_every_purpose_of_a_message_has_an_explanation() -> None:
    assert [one for one in Purpose if one.value not in explanations()] == []


def test_explanations_cite_papers_of_the_references() -> None:
    known = set(
        re.findall(r"\*\*\[(.+?)\]\*\*", (ROOT / "docs" / "references.md").read_text("utf-8"))
    )
    for key, one in explanations().items():
        cited = set(re.findall(r"\[([A-Z][\w+-]*\d\d)\]", one.text))
        assert cited <= known, key
        assert one.title
        assert one.text


@pytest.mark.parametrize(("garbling", "ciphertexts"), [("half-gates", 2), ("three-halves", 3)])
def test_a_garbled_gate_computes_an_and(garbling: str, ciphertexts: int) -> None:
    program, inputs = program_of("millionaires")
    data = api.trace(program, inputs, seed=1, protocol="yao", garbling=garbling, reruns=0).data
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    delta = int(data["delta"], 16)
    assert len(data["gates"]) == data["limits"]["gates"]
    for gate in data["gates"]:
        assert len(gate["tables"]) == ciphertexts
        zeros, active = ([int(x, 16) for x in gate[name]] for name in ("zeros", "active"))
        bits = []
        for zero, label in zip(zeros, active, strict=True):
            assert label in (zero, zero ^ delta)
            bits.append(int(label != zero))
        assert bits[2] == bits[0] & bits[1]


def test_each_pair_of_three_parties_multiplies() -> None:
    program = api.checked(api.check_text(PRODUCT))
    data = api.trace(program, {"ann": {"x": 3}, "ben": {"x": 5}, "cleo": {"x": 7}}, seed=1).data
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    found = [unit["parts"] for unit in data["units"] if unit["what"] == "products"]
    pairs = [tuple(n for n, part in enumerate(parts) if part) for parts in found]
    assert set(pairs) == {(0, 1), (0, 2), (1, 2)}
    assert {one["topic"] for one in data["operations"] if one["name"] == "binary"} == {
        "product-of-many"
    }
    assert data["outputs"]["ann"]["product"] == 105


def test_a_dealer_deals_triples_to_two_parties() -> None:
    data = trace_of("linear-predictor", "arithmetic", dealer=True).data
    assert data["preprocessing"] == "dealer"
    found = [unit for unit in data["units"] if unit["what"] in ("bit pair", "ring triple")]
    assert found
    for unit in found:
        whole = {one["name"]: int(one["first"][0], 16) for one in unit["whole"]}
        if unit["what"] == "ring triple":
            bits = 4 * len(unit["whole"][0]["first"][0])
            assert whole["c"] == whole["a"] * whole["b"] % (1 << bits)
        else:
            assert whole["c"] == whole["a"] & whole["b"]


def test_every_kind_that_a_dealer_deals_has_an_explanation() -> None:
    assert [name for name in NAMES if name not in explanations()] == []


def test_a_dealer_must_know_what_a_run_takes() -> None:
    program = api.checked(api.check_text(LOOP))
    with pytest.raises(EzError, match="how often a loop runs") as caught:
        api.trace(program, {"alice": {"x": 9}, "bob": {"y": 4}}, dealer=True, protocol="boolean")
    assert caught.value.exit_code == 2


LOOP = """party alice, bob;
fn main() {
    secret int32 x = input(alice, "x");
    secret int32 y = input(bob, "y");
    while (reveal(x > 0)) {
        x -= y;
    }
    output(all, x, "x");
}
"""

PRODUCT = """party ann, ben, cleo;
fn main() {
    secret int32 product = 1;
    for p in parties {
        @p int32 x = input(p, "x");
        product *= x;
    }
    output(all, product, "product");
}
"""


def test_a_comparison_has_the_digits_of_both_numbers() -> None:
    data = trace_of("millionaires", "arithmetic").data
    (digits,) = (unit["digits"] for unit in data["units"] if "digits" in unit)
    numbers = [
        sum(digit << 4 * n for n, digit in enumerate(reversed(own))) for own in digits["own"]
    ]
    program, inputs = program_of("millionaires")
    top = 1 << 31  # signed numbers are compared from the lowest one on
    own = [inputs[party]["wealth"] + top for party in program.parties]
    assert (numbers[0] < numbers[1]) != (own[0] > own[1])
    assert {abs(number - one) for number, one in zip(numbers, own, strict=True)} <= {0, 1}


@pytest.mark.parametrize("protocol", ["auto", "arithmetic", "boolean", "yao"])
def test_what_bob_knows_does_not_depend_on_alices_secret(protocol: str) -> None:
    """With the same randomness, and outputs that are the same with either secret."""
    program, inputs = program_of("millionaires")
    known = []
    for wealth in (inputs["alice"]["wealth"], inputs["alice"]["wealth"] + 1000):
        changed = {**inputs, "alice": {"wealth": wealth}}
        values = api.trace(program, changed, seed=5, protocol=protocol).data["values"]
        known.append([one["clear"] for one in values if 1 in dict(one["known"])])
    assert known[0] == known[1]
    assert len(known[0]) >= 2


def test_an_input_is_known_to_its_owner_and_an_output_to_all() -> None:
    data = trace_of("average-salary").data
    inputs = [v for v in data["values"] if v["operation"] is not None and v["name"] == "salary"]
    owners = [[party for party, _ in value["known"]] for value in inputs if not value["secret"]]
    assert owners[:5] == [[0], [1], [2], [3], [4]]
    revealed = [one for one in data["values"] if one["origin"] == "computed"][-1]
    assert [party for party, _ in revealed["known"]] == [0, 1, 2, 3, 4]


def test_the_same_seed_makes_the_same_trace() -> None:
    program, inputs = program_of("median")
    one, other = (api.trace(program, inputs, seed=7, reruns=0).text() for _ in range(2))
    assert one == other
    assert one != api.trace(program, inputs, seed=8, reruns=0).text()


def test_lines_are_recorded_in_full_when_asked_for() -> None:
    program, inputs = program_of("sha-256")
    plain = trace_of("sha-256").data
    line = max(plain["operations"], key=lambda one: one["executions"])["line"]
    here = [one for one in plain["operations"] if one["line"] == line and one["source"] == 0]
    assert any(one["recorded"] < one["executions"] for one in here)
    full = api.trace(program, inputs, seed=1, lines=range(line, line + 1), reruns=0).data
    for one in full["operations"]:
        if one["line"] == line and one["source"] == 0:
            assert one["recorded"] == one["executions"]


def test_a_failing_run_has_no_trace() -> None:
    program = api.checked(api.check_text(FAILING))
    with pytest.raises(EzError) as caught:
        api.trace(program, {"alice": {"x": 0}, "bob": {}})
    assert caught.value.exit_code == 3


FAILING = """party alice, bob;
fn main() {
    secret int32 x = input(alice, "x");
    output(all, 1 / reveal(x), "quotient");
}
"""
