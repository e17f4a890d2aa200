"""The parts of protocols in traces: what each party has gives what its papers say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache, reduce
from operator import xor
from typing import Any

import jsonschema
import pytest

from ezlang import api
from ezlang.compiler.protocols.core.parts import Part
from ezlang.executors.simulate.randomness import Randomness
from ezlang.executors.simulate.two.sharing import SharingSession
from ezlang.executors.simulate.two.wire import Wire
from ezlang.trace.explanations import explanations
from ezlang.trace.parts import KINDS
from tests.support.sharing_parties import Pair
from tests.trace.traces import ROOT

SCHEMA = json.loads((ROOT / "docs" / "trace.schema.json").read_text(encoding="utf-8"))

Data = dict[str, Any]

PROGRAM = """party PARTIES;
fn main() {
    secret int32 x = input(alice, "x");
    secret int32 y = input(bob, "y");
    #[protocol(boolean)] secret int32 both = x & y;
    #[protocol(arithmetic)] secret int32 product = both * (x + y);
    #[protocol(boolean)] secret int32 some = product ^ both;
    #[protocol(arithmetic)] secret int32 square = product * product;
    output(all, some, "some");
    output(all, square, "square");
}
"""

GARBLED = """party alice, bob;
fn main() {
    secret int32 x = input(alice, "x");
    secret int32 y = input(bob, "y");
    #[protocol(boolean)] secret int32 both = x & y;
    #[protocol(arithmetic)] secret int32 product = x * y;
    #[protocol(yao)] secret int32 larger = product > both ? product + y : both + x;
    #[protocol(arithmetic)] secret int32 last = larger * product;
    output(all, last, "last");
}
"""

KNOWN = """party alice, bob;
fn main() {
    secret int32 x = input(alice, "x");
    secret int32 y = input(bob, "y");
    #[protocol(boolean)] secret bool less = x < y;
    #[protocol(arithmetic)] secret int32 product = x * y;
    #[protocol(arithmetic)] secret int32 counted = product + (less ? 1 : 0);
    #[protocol(boolean)] secret int32 chosen = less ? x & y : x ^ y;
    output(all, counted, "counted");
    output(all, chosen, "chosen");
}
"""

TWO, THREE = "alice, bob", "alice, bob, cleo"
CASES = {
    "two": (PROGRAM.replace("PARTIES", TWO), False),
    "dealt": (PROGRAM.replace("PARTIES", TWO), True),
    "three": (PROGRAM.replace("PARTIES", THREE), False),
    "known": (KNOWN, False),
    "garbled": (GARBLED, False),
    "garbled dealt": (GARBLED, True),
}
FOUND = {
    "two": {
        Part.AND: (32, 1),
        Part.BITS_TO_NUMBER: (1, 1),
        Part.PRODUCT_BY_OTS: (1, 1),
        Part.NUMBER_TO_BITS: (1, 1),
        Part.SQUARE_BY_OTS: (1, 1),
    },
    "dealt": {
        Part.AND: (32, 1),
        Part.BIT_OPENED: (32, 1),
        Part.WEIGHTED_BITS: (1, 1),
        Part.PRODUCT: (1, 1),
        Part.NUMBER_TO_BITS: (1, 1),
        Part.SQUARE: (1, 1),
    },
    "three": {
        Part.AND: (32, 3),
        Part.AND_OF_ALL: (32, 1),
        Part.BIT_OF_ALL: (32, 1),
        Part.BIT_TIMES_NUMBER: (32, 3),
        Part.WEIGHTED_BITS: (1, 1),
        Part.PRODUCT_BY_OTS: (1, 3),
        Part.PRODUCT_OF_ALL: (1, 1),
        Part.NUMBER_TO_BITS: (1, 1),
    },
    "known": {Part.KNOWN_PRODUCT: (1, 1), Part.BIT_TO_NUMBER: (1, 1)},
    "garbled": {
        Part.SWAPPED_LABEL: (32, 1),
        Part.COLOR: (32, 1),
        Part.CHOSEN_LABEL: (0, 1),
        Part.SEEDED_LABEL: (0, 1),
    },
    "garbled dealt": {Part.SWAPPED_LABEL: (32, 1), Part.COLOR: (32, 1), Part.BIT_OPENED: (0, 1)},
}
"""Parts that a case must have: how many instances of the first, and how many in its step."""

each_case = pytest.mark.parametrize("case", CASES)


@cache
def data_of(case: str) -> Data:
    text, dealer = CASES[case]
    program = api.checked(api.check_text(text))
    given = {"alice": {"x": 13}, "bob": {"y": -7}}
    inputs = {party: given.get(party, {}) for party in program.parties}
    data = api.trace(program, inputs, seed=1, dealer=dealer, reruns=0).data
    assert data["outputs"] == api.run_clear(program, inputs).outputs
    return data


class Instance:
    """The numbers of an instance of a part."""

    def __init__(self, part: Data, number: int) -> None:
        self.all = {one["name"]: one for one in part["numbers"]}
        self.number = number

    def of(self, name: str) -> list[int]:
        """Return what each party has; None where it has none."""
        parts = self.all[name]["parts"]
        return [-1 if one is None else int(one[self.number], 16) for one in parts]

    def has(self, name: str, party: int) -> bool:
        return name in self.all and self.all[name]["parts"][party] is not None

    def together(self, name: str) -> int:
        one, numbers = self.all[name], [n for n in self.of(name) if n >= 0]
        if one["sharing"] == "public":
            assert len(set(numbers)) == 1
            return numbers[0]
        if one["sharing"] == "arithmetic":
            return sum(numbers) % (1 << int(one["width"]))
        assert one["sharing"] == "boolean"
        return reduce(xor, numbers)

    @property
    def modulus(self) -> int:
        widths = {o["width"] for o in self.all.values() if o["sharing"] == "arithmetic"}
        (width,) = widths
        return 1 << int(width)


def instances(data: Data) -> Iterator[tuple[Part, Instance]]:
    for part in data["parts"]:
        recorded = {len(own) for one in part["numbers"] for own in one["parts"] if own is not None}
        assert len(recorded) == 1
        everybody = len(part["parties"]) == len(data["parties"])
        limit = data["limits"]["instances"] if everybody else 1
        (count,) = recorded
        assert count == min(part["of"], limit)
        for number in range(count):
            yield Part(part["what"]), Instance(part, number)


@each_case
def test_they_fit_the_schema(case: str) -> None:
    data = json.loads(json.dumps(data_of(case)))
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    assert {one["what"] for one in data["parts"]}


@each_case
def test_a_run_has_the_parts_of_its_protocols(case: str) -> None:
    parts = data_of(case)["parts"]
    for what, (count, together) in FOUND[case].items():
        found = [one for one in parts if one["what"] == what.value]
        assert found, what
        if count:
            assert found[0]["of"] == count, what
        assert sum(one["step"] == found[0]["step"] for one in found) == together, what
        assert len({tuple(one["parties"]) for one in found}) == together, what


@each_case
def test_the_numbers_are_those_of_the_papers(case: str) -> None:
    data = data_of(case)
    for what, one in instances(data):
        check(what, one, int(data["delta"] or "0", 16))


def check(what: Part, one: Instance, delta: int) -> None:
    match what:
        case Part.AND:
            check_and(one)
        case Part.AND_OF_ALL:
            assert one.together("z") == one.together("x") & one.together("y")
        case Part.SEEDED_LABEL | Part.CHOSEN_LABEL | Part.SWAPPED_LABEL | Part.COLOR:
            check_labels(what, one, delta)
        case Part.BIT_TIMES_NUMBER:
            check_bit_times_number(one)
        case _ if "y" in one.all or what in SQUARES or what is Part.KNOWN_PRODUCT:
            check_product(what, one)
        case _:
            check_conversion(what, one)


SQUARES = (Part.SQUARE, Part.SQUARE_BY_OTS)


def check_and(one: Instance) -> None:
    x, y, a, b, c, d, e, z = (one.together(name) for name in "xyabcdez")
    assert (c, d, e, z) == (a & b, x ^ a, y ^ b, x & y)
    for party, (own, mine, theirs, share) in enumerate(
        zip(*(one.of(name) for name in "cbaz"), strict=True)
    ):
        assert share == own ^ d & mine ^ e & theirs ^ (d & e if party == 0 else 0)


def check_product(what: Part, one: Instance) -> None:
    modulus = one.modulus
    x, z = one.together("x"), one.together("z")
    if what is Part.KNOWN_PRODUCT:
        (k,) = (n for n in one.of("k") if n >= 0)
        assert z == x * k % modulus
        return
    y = x if what in SQUARES else one.together("y")
    assert z == x * y % modulus
    if what is Part.PRODUCT_BY_OTS:
        xs, ys, zs, sent, got = (one.of(name) for name in "xyzsr")
        for party in (0, 1):
            assert (sent[party] + got[1 - party]) % modulus == ys[party] * xs[1 - party] % modulus
            own = xs[party] * ys[party] + sent[party] + got[party]
            assert zs[party] == own % modulus
    if what is Part.SQUARE_BY_OTS:
        assert one.together("p") == one.of("x")[0] * one.of("x")[1] % modulus
    if what in (Part.PRODUCT, Part.SQUARE):
        a, c, d = (one.together(name) for name in "acd")
        b = a if what is Part.SQUARE else one.together("b")
        assert c == a * b % modulus
        assert d == (x - a) % modulus
        if what is Part.PRODUCT:
            assert one.together("e") == (y - b) % modulus


def check_conversion(what: Part, one: Instance) -> None:
    x, z = one.together("x"), one.together("z")
    assert z == x
    if what is Part.BIT_OPENED:
        assert one.together("n") == one.together("r")
        assert one.together("o") == x ^ one.together("r")
    if what in (Part.BIT_TO_NUMBER, Part.BITS_TO_NUMBER):
        first, second = one.of("x")
        assert one.together("p") == -2 * (first & second) % one.modulus


def check_bit_times_number(one: Instance) -> None:
    chooser = 0 if one.has("k", 0) else 1
    assert not one.has("n", chooser)
    k, n = one.of("k")[chooser], one.of("n")[1 - chooser]
    assert one.together("p") == k * n % one.modulus


def check_labels(what: Part, one: Instance, delta: int) -> None:
    if what is Part.COLOR:
        zero, active = one.of("w")[0], one.of("t")[1]
        assert one.of("z") == [zero & 1, active & 1]
        assert one.together("z") == int(active != zero)
        assert active in (zero, zero ^ delta)
    elif what is Part.SWAPPED_LABEL:
        own, _ = one.of("x")
        assert one.of("z")[0] == one.of("w")[0] ^ own * delta
        assert one.of("t")[1] == one.of("z")[0] ^ one.together("x") * delta
    elif what is Part.SEEDED_LABEL:
        assert one.of("t")[1] == one.of("w")[0] ^ one.of("x")[0] * delta
    else:
        x, r, t = (one.of(name)[1] for name in "xrt")
        assert one.together("d") == x ^ r
        assert t == one.of("q")[0] ^ r * delta
        assert one.of("w")[0] == one.of("q")[0] ^ one.together("d") * delta


def test_these_programs_have_every_part() -> None:
    found = {one["what"] for case in CASES for one in data_of(case)["parts"]}
    assert found == {part.value for part in Part}


def test_only_a_run_that_is_watched_has_witnesses() -> None:
    wire = Wire(record=False)
    for count in (2, 3):
        session = SharingSession(
            wire, [Randomness(str(n), 1) for n in range(count)], Randomness("", 1)
        )
        assert all(one.witness is None for one in session.parties)
    assert all(one.witness is None for one in Pair().parties)


def test_the_bits_of_a_value_are_opened() -> None:
    """13 & −7 = 9, from the lowest bit on."""
    found = [one for what, one in instances(data_of("two")) if what is Part.AND][:4]
    assert [one.together("x") for one in found] == [1, 0, 1, 1]
    assert [one.together("y") for one in found] == [1, 0, 0, 1]
    assert [one.together("z") for one in found] == [1, 0, 0, 1]


def test_products_among_three_parties_add_up() -> None:
    """z of all is the sum of the pairs' products, less the products of own shares."""
    data = data_of("three")
    whole = next(one for what, one in instances(data) if what is Part.PRODUCT_OF_ALL)
    pairs = [one for one in data["parts"] if one["what"] == Part.PRODUCT_BY_OTS.value]
    total = sum(Instance(one, 0).together("z") for one in pairs[:3])
    own = sum(x * y for x, y in zip(whole.of("x"), whole.of("y"), strict=True))
    assert whole.together("z") == (total - own) % whole.modulus == 9 * 6


@pytest.mark.parametrize("case", ["two", "dealt"])
def test_only_what_a_dealer_deals_is_dealt(case: str) -> None:
    dealt = {
        (one["what"], number["name"])
        for one in data_of(case)["parts"]
        for number in one["numbers"]
        if number["dealt"]
    }
    if case == "two":
        assert not dealt
    else:
        assert {(Part.AND.value, name) for name in "abc"} <= dealt
        assert {name for _, name in dealt}.isdisjoint("xyzdeo")


def test_every_part_has_an_explanation_and_kinds() -> None:
    assert [part for part in Part if part.value not in explanations()] == []
    assert set(KINDS) == set(Part)


def test_the_viewer_knows_every_part() -> None:
    text = (ROOT / "ezlang" / "trace" / "viewer" / "protocols.js").read_text("utf-8")
    rules = text[text.index("const RULES") : text.index("const TOGETHER")]
    known = set(re.findall(r'^  "?([^":]+)"?: \[', rules, re.M))
    assert known == {one.value for one in Part}
