"""Checks that the inputs of parties match what a program asks for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import assert_never

from ezlang.diagnostics.diagnostic import Diagnostic, EzError, Note
from ezlang.records import dataclass
from ezlang.typed import tree
from ezlang.types.scalar import Setting
from ezlang.types.scalars import MisfitError
from ezlang.types.types import UINT8, ArrayType, Scalar, StructType, Type, VoidType, array_of

from .arrays import encoded
from .data import Data, Inputs, flatten, unflatten
from .expected import Expected, expected_inputs
from .names import USAGE, did_you_mean, party_number


def check_inputs(
    program: tree.Program, inputs: Inputs, origin: Callable[[str, str], str] | None = None
) -> dict[str, dict[str, Data]]:
    """Return the inputs of all parties as plain data, with exactly the names that are asked for.

    `origin` returns the origin of a party's input of some name, for messages. Raises EzError with
    all errors, exit code 2.
    """
    names = program.parties
    given = {names[party_number(names, party)]: own for party, own in inputs.items()}
    checked: dict[str, dict[str, Data]] = {}
    wrong: list[Diagnostic] = []
    for party in program.parties:
        try:
            checked[party] = check_party(program, party, given.get(party, {}), origin)
        except EzError as error:
            wrong += error.diagnostics
    wrong = wrong or _differing(program, checked)
    if wrong:
        raise EzError(*wrong, exit_code=USAGE)
    return checked


def _differing(
    program: tree.Program, checked: Mapping[str, Mapping[str, Data]]
) -> list[Diagnostic]:
    """Return errors for inputs of all parties that differ."""
    first, *others = program.parties
    wrong = []
    for one in expected_inputs(program, first):
        if not one.shared:
            continue
        mine = shared_text(one.type, checked[first][one.name])
        for party in others:
            theirs = shared_text(one.type, checked[party][one.name])
            if mine != theirs:
                wrong.append(shared_differs(one, f"{first} gives {mine}", f"{party} {theirs}"))
    return wrong


def shared_differs(one: Expected, *gives: str) -> Diagnostic:
    """Return the error for an input of all parties of which they give different values."""
    return Diagnostic(
        code="EZ4112",
        message=f"All parties give the same `{one.name}`, but {', and '.join(gives)}",
        span=one.spans[0],
        label="the program asks all for it here",
        help="agree on the value, and give it in every party's file",
    )


def shared_text(type: Type, value: Data) -> str:
    """Return a value for comparison: as JSON, or beginning and hash if that is long."""
    flat = flatten(type, value)
    numbers = {".".join(path): list(map(int, integers)) for path, integers in flat.items()}
    text = json.dumps(unflatten(type, flat), ensure_ascii=False)
    if len(text) <= _LONGEST:
        return text
    digest = hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()
    return f"{text[:20]}… ({digest[:32]})"


def check_party(
    program: tree.Program,
    party: str,
    given: Mapping[str, Data],
    origin: Callable[[str, str], str] | None = None,
) -> dict[str, Data]:
    """Return the inputs of one party as plain data, otherwise as `check_inputs`."""
    expected = expected_inputs(program, party)
    wrong = [
        unknown_input(party, name, expected, origin)
        for name in given
        if name not in {one.name for one in expected}
    ]
    checked: dict[str, Data] = {}
    for one in expected:
        if one.name not in given:
            wrong.append(missing_input(party, one))
            continue
        where = origin(party, one.name) if origin else ""
        place = Fitting(party, one.name, where, dict(program.params))
        try:
            fit = place.fit_turns if one.turned else place.fit
            checked[one.name] = fit(one.type, given[one.name])
        except _DoesNotFitError as misfit:
            wrong.append(place.diagnostic(misfit, one))
    if wrong:
        raise EzError(*wrong, exit_code=USAGE)
    return checked


_LONGEST = 50
"""The most characters of a shared value that are shown whole; hellos have texts of at most 60."""


class _DoesNotFitError(Exception):
    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


@dataclass(frozen=True, slots=True)
class Fitting:
    """Converts a value to the type that is asked for.

    It accepts Python's bools, ints and whole floats, lists, tuples, dicts, and every object with
    `tolist` (NumPy's arrays and scalars); text is the array of its UTF-8 bytes. `params` are the
    program's.
    """

    party: str
    name: str
    origin: str
    params: Mapping[str, Setting] = field(default_factory=dict)

    def fit(self, type: Type, value: Data, path: str = "") -> Data:
        """Return `value` as plain data of `type`, or encoded if it is a NumPy array."""
        if isinstance(type, ArrayType) and isinstance(type.element, Scalar):
            array = encoded(type.element, type.shape, value)
            if array is not None:
                return array
        if hasattr(value, "tolist"):
            value = value.tolist()
        match type:
            case Scalar():
                try:
                    return type.accept(value)
                except MisfitError as misfit:
                    why = f"{_described(value)} {misfit.why}"
                    raise self._misfit(path, why, misfit.help) from None
            case ArrayType(element, shape):
                return self._array(element, shape, value, path)
            case StructType():
                return self._struct(type, value, path)
            case VoidType():
                raise self._misfit(path, "no value is possible here")
            case _:
                assert_never(type)

    def fit_turns(self, type: Type, value: Data) -> Data:
        """Return the values of all turns as a list of plain data of `type`."""
        if hasattr(value, "tolist"):
            value = value.tolist()
        if not isinstance(value, list | tuple):
            raise self._misfit("", f"{_described(value)} is not a list of a value for each turn")
        return [self.fit(type, one, f"[{turn}]") for turn, one in enumerate(value)]

    def diagnostic(self, misfit: _DoesNotFitError, one: Expected) -> Diagnostic:
        """Return the error for a value that doesn't fit."""
        where = f" in {self.origin}" if self.origin else ""
        return Diagnostic(
            code="EZ4105",
            message=f"{self.party}'s input{where} does not fit: {misfit.message}",
            span=None,
            notes=(Note(message=f"The program asks for {asked(one)} here", span=one.spans[0]),),
            help=misfit.help or None,
        )

    def _misfit(self, path: str, why: str, help: str | None = "") -> _DoesNotFitError:
        return _DoesNotFitError(f"`{self.name}{path}`: {why}", help)

    def _array(self, element: Type, shape: tuple[int, ...], value: Data, path: str) -> Data:
        if not shape:
            return self.fit(element, value, path)
        whole = array_of(element, shape)
        if isinstance(value, str) and element == UINT8 and len(shape) == 1:
            value = list(value.encode("utf-8"))
        if not isinstance(value, list | tuple):
            raise self._misfit(path, f"{_described(value)} is not a list, but {whole} is required")
        if len(value) != shape[0]:
            why = f"there are {len(value)} items, but {whole} has {shape[0]}"
            raise self._misfit(path, why, self._other_param(shape[0], len(value)))
        if len(shape) == 1 and isinstance(element, Scalar) and element.are_plain(value):
            return list(value)
        return [
            self._array(element, shape[1:], item, f"{path}[{i}]") for i, item in enumerate(value)
        ]

    def _other_param(self, length: int, meant: int) -> str | None:
        """Return how to set the param that seems to be the length of an array, if there is one."""
        numbers = [(n, value) for n, value in self.params.items() if type(value) is int]
        names = [name for name, value in numbers if value == length]
        return f"if `{names[0]}` is that number, add --set {names[0]}={meant}" if names else None

    def _struct(self, type: StructType, value: Data, path: str) -> Data:
        if not isinstance(value, dict):
            raise self._misfit(
                path,
                f"{_described(value)} is not an object",
                "a struct is written as an object with its fields: "
                + "{"
                + ", ".join(f'"{f.name}": …' for f in type.fields)
                + "}",
            )
        names = [f.name for f in type.fields]
        for name in value:
            if name not in names:
                raise self._misfit(path, f"{type} has no field `{name}`", did_you_mean(name, names))
        for name in names:
            if name not in value:
                raise self._misfit(path, f"the field `{name}` of {type} is missing")
        return {f.name: self.fit(f.type, value[f.name], f"{path}.{f.name}") for f in type.fields}


def _described(value: Data) -> str:
    """Return a value as JSON would write it, shortened."""
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case str():
            text = f'"{value}"'
        case list() | tuple():
            return "a list"
        case dict():
            return "an object"
        case int() if value.bit_length() > 256:
            return "a number of more than 256 bits"
        case _:
            text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def unknown_input(
    party: str,
    name: str,
    expected: tuple[Expected, ...],
    origin: Callable[[str, str], str] | None,
) -> Diagnostic:
    """Return the error for a value that the program doesn't ask for: usually a misspelt name."""
    where = f" in {origin(party, name)}" if origin and origin(party, name) else ""
    names = [one.name for one in expected]
    return Diagnostic(
        code="EZ4104",
        message=f"The program does not ask {party} for an input `{name}`, which is given{where}",
        span=None,
        help=did_you_mean(name, names) if names else f"it asks {party} for no input at all",
    )


def missing_input(party: str, one: Expected) -> Diagnostic:
    """Return the error for an input that is not given."""
    value = example(one.type)
    return Diagnostic(
        code="EZ4103",
        message=f"{party}'s input `{one.name}` is missing",
        span=one.spans[0],
        label=f"the program asks for {asked(one)} here",
        help=f"give it in a file: --input {party}=FILE.json with "
        f'{{"{one.name}": {f"[{value}, …]" if one.turned else value}}}',
    )


def asked(one: Expected) -> str:
    """Return what a program asks a party for."""
    return f"{one.type} in each turn" if one.turned else str(one.type)


def example(type: Type) -> str:
    """Return an example of a value of `type` in JSON."""
    match type:
        case Scalar():
            return type.example
        case ArrayType(element, shape):
            if 0 in shape[:1]:
                return "[]"
            return f"[{example(array_of(element, shape[1:]))}, …]"
        case StructType(_, fields):
            return "{" + ", ".join(f'"{f.name}": {example(f.type)}' for f in fields) + "}"
        case VoidType():
            return "null"
        case _:
            assert_never(type)
