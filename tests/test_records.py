"""Classes of `ezlang.records` behave as those of `dataclasses` with the same options."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError, asdict, field, fields, replace
from typing import Any, ClassVar

import pytest

from ezlang import records
from ezlang.records import dataclass


@dataclass(frozen=True, slots=True)
class Base:
    """A frozen class with all kinds of fields."""

    kind: ClassVar[str] = "base"
    x: int
    tags: list[str] = field(default_factory=list, compare=False)
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived(Base):
    """A class that adds fields, one of which is computed."""

    y: int = 2
    total: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", self.x + self.y)


@dataclass(frozen=True, slots=True)
class Fixed:
    """A class with fields that are no parameters."""

    x: int
    width: int = field(default=8, init=False)
    seen: list[int] = field(default_factory=list, init=False)


@dataclass(slots=True)
class Mutable:
    """A class whose instances change."""

    count: int = 0


@dataclass(slots=True, eq=False)
class Identity:
    """A class whose instances are equal only to themselves."""

    count: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Usual:
    """The fields of `Base` that are compared."""

    x: int
    note: str = ""


def test_fields_and_defaults() -> None:
    one = Derived(1, ["a"], y=5)
    assert (one.x, one.tags, one.note, one.y, one.total) == (1, ["a"], "", 5, 6)
    assert [f.name for f in fields(one)] == ["x", "tags", "note", "y", "total"]
    assert Base(1).tags is not Base(1).tags
    assert Derived.kind == "base"
    assert dataclasses.is_dataclass(Derived)


def test_it_has_slots_only() -> None:
    assert list(Derived.__slots__) == ["y", "total"]
    assert not hasattr(Derived(1), "__dict__")


def test_wrong_arguments_are_rejected() -> None:
    make: Any = Derived
    for arguments, named in (((), {}), ((1, [], "", 4), {}), ((1,), {"z": 1})):
        with pytest.raises(TypeError):
            make(*arguments, **named)


def test_comparison_and_hash() -> None:
    assert Base(1, ["a"]) == Base(1, ["b"])
    assert hash(Base(1, note="n")) == hash(Usual(1, "n"))
    assert Base(1) != Base(2)
    assert Base(1) != Derived(1)
    assert Mutable(1) == Mutable(1)
    assert Identity(1) != Identity(1)
    assert len({Identity(1), Identity(1)}) == 2
    with pytest.raises(TypeError):
        hash(Mutable(1))


def test_frozen_classes_cannot_be_changed() -> None:
    one: Any = Derived(1)
    with pytest.raises(FrozenInstanceError):
        one.x = 2
    with pytest.raises(FrozenInstanceError):
        del one.x
    changing = Mutable()
    changing.count = 3
    assert changing == Mutable(3)


def test_text() -> None:
    assert repr(Derived(1, note="n")) == "Derived(x=1, tags=[], y=2, total=3)"


def test_copies_with_changes() -> None:
    one = Derived(1, ["a"], "n", y=3)
    assert records.replace(one, x=4, note="m") == Derived(4, ["a"], "m", y=3)
    assert records.replace(one).tags is one.tags
    assert records.replace(one, y=5).total == 6
    assert records.replace(Mutable(1), count=2) == Mutable(2)
    fixed = Fixed(1)
    fixed.seen.append(1)
    for made in (records.replace(fixed, x=2), replace(fixed, x=2)):
        assert (made.x, made.width, made.seen) == (2, 8, [])
    replaced: Any = records.replace
    for changes in ({"total": 1}, {"z": 1}):
        with pytest.raises(TypeError):
            replaced(one, **changes)


def test_the_functions_of_dataclasses_work() -> None:
    assert replace(Derived(1), x=4) == Derived(4)
    assert asdict(Mutable(2)) == {"count": 2}


def test_copies() -> None:
    one = Derived(1, ["a"], "n", y=3)
    assert pickle.loads(pickle.dumps(one)) == one
    assert copy.deepcopy(one) == one
    assert copy.copy(Mutable(2)) == Mutable(2)


def test_patterns_match_by_position() -> None:
    match Base(1, ["a"]):
        case Base(x, tags):
            assert (x, tags) == (1, ["a"])
        case _:
            pytest.fail("no match")


def test_a_class_keeps_its_own_methods() -> None:
    @dataclass(frozen=True, slots=True)
    class Parity:
        number: int

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Parity) and (self.number - other.number) % 2 == 0

        def __hash__(self) -> int:
            return self.number % 2

        def __repr__(self) -> str:
            return "parity"

    assert Parity(1) == Parity(3)
    assert len({Parity(1), Parity(3), Parity(4)}) == 2
    assert repr(Parity(1)) == "parity"


def test_slots_are_required() -> None:
    make: Any = dataclass
    with pytest.raises(TypeError):
        make(slots=False)
