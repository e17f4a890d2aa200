"""Data classes that are quick to define.

The command line defines hundreds of data classes before it does anything. `dataclasses.dataclass`
compiles up to seven methods for each, which takes longer than all other work of a short command.
The `dataclass` of this module compiles those that have to be fast, `__init__`, `__eq__`, `__hash__`
and `__replace__`, when one of them is first called. All other methods are shared functions.

Its classes behave as those of `dataclasses.dataclass` with the same options, as far as this package
uses them: `field`, `fields`, `replace` and `asdict` of `dataclasses` work on them, and for type
checkers they are the same. A class without slots, or with other options, is made by `dataclasses`.
The `replace` of this module is the quicker one.
"""

from __future__ import annotations

import dataclasses
import inspect
from reprlib import recursive_repr
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from dataclasses import replace as replace
else:

    def dataclass(*, slots, frozen=False, kw_only=False, eq=True):
        """Return a decorator that makes a class a data class with slots."""
        if not slots:
            raise TypeError("a data class without slots is made by `dataclasses`")

        def decorate(cls):
            return _made(cls, frozen=frozen, kw_only=kw_only, eq=eq)

        return decorate

    def replace(record, /, **changes):
        """Return a copy with some fields changed, as `dataclasses.replace` does, but sooner.

        The class must be one that this module has made.
        """
        return record.__replace__(**changes)


Fields = dict[str, dataclasses.Field[Any]]

_MISSING = dataclasses.MISSING


def _made(cls: Any, *, frozen: bool, kw_only: bool, eq: bool) -> Any:
    """Return a copy of a class as a data class; a class can't be given slots afterwards."""
    own = dict(cls.__dict__)
    fields = _fields(cls, kw_only)
    members: dict[str, Any] = {"__repr__": _repr, **own}
    members |= {
        "__dataclass_fields__": fields,
        "__dataclass_params__": SimpleNamespace(frozen=frozen, eq=eq),
        "__match_args__": tuple(f.name for f in fields.values() if f.init and not f.kw_only),
    }
    if frozen:
        members |= {"__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
        # Unpickled instances would be filled by `__setattr__`.
        members |= {"__getstate__": _state, "__setstate__": _set_state}
    for name in (*fields, "__dict__", "__weakref__"):
        members.pop(name, None)
    inherited = {name for base in cls.__mro__[1:] for name in base.__dict__.get("__slots__", ())}
    members["__slots__"] = tuple(name for name in fields if name not in inherited)
    made = type(cls)(cls.__name__, cls.__bases__, members)
    made.__qualname__ = cls.__qualname__
    wanted = {"__init__", "__replace__"} - own.keys()
    if eq:
        wanted |= {"__eq__"} - own.keys()
        # A class with an `__eq__` of its own has been given None for a hash.
        if own.get("__hash__") is None:
            made.__hash__ = None
            wanted |= {"__hash__"} if frozen else set()
    for name in wanted:
        setattr(made, name, _compiled_when_called(made, name, wanted))
    return made


def _fields(cls: Any, kw_only: bool) -> Fields:
    """Return the fields of a class: those of its bases, then its own."""
    found: Fields = {}
    for base in reversed(cls.__mro__[1:]):
        found |= base.__dict__.get("__dataclass_fields__", {})
    for name, annotation in inspect.get_annotations(cls).items():
        if str(annotation).removeprefix("typing.").startswith("ClassVar"):
            continue
        default = cls.__dict__.get(name, _MISSING)
        one: Any = default
        if not isinstance(default, dataclasses.Field):
            one = dataclasses.field(default=default)
        one.name, one.type, one._field_type = name, annotation, _A_FIELD
        if one.kw_only is _MISSING:
            one.kw_only = kw_only
        found[name] = one
    return found


@dataclasses.dataclass
class _Sample:
    value: int


_A_FIELD = _Sample.__dataclass_fields__["value"]._field_type  # type: ignore[attr-defined]
"""The mark by which `dataclasses` tells fields from class variables."""


def _compiled_when_called(cls: Any, name: str, wanted: set[str]) -> Any:
    """Return a method that replaces itself and the others that are wanted by compiled ones."""

    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        if cls.__dict__[name] is method:
            names: dict[str, Any] = {"_missing": _MISSING, "_new": object.__new__}
            for one in cls.__dataclass_fields__:
                names[f"_set_{one}"] = getattr(cls, one).__set__
            text = (_init_text(cls, names), _replacement_text(cls), _comparison_text(cls))
            exec("\n".join(text), names)
            for one in wanted:
                setattr(cls, one, names[one])
        return cls.__dict__[name](self, *arguments, **named)

    return method


def _comparison_text(cls: Any) -> str:
    """Return the text of `__eq__` and `__hash__`, which compare the fields as tuples."""
    names = [f.name for f in cls.__dataclass_fields__.values() if f.compare]
    mine, theirs = ("".join(f"{one}.{name}," for name in names) for one in ("self", "other"))
    return f"""
def __eq__(self, other):
    return ({mine}) == ({theirs}) if other.__class__ is self.__class__ else NotImplemented
def __hash__(self):
    return hash(({mine}))
"""


def _init_text(cls: Any, names: dict[str, Any]) -> str:
    """Return the text of `__init__`; add the values that it uses to `names`."""
    positional, named, lines = ["self"], ["*"], []
    for name, one in cls.__dataclass_fields__.items():
        parameter = value = name
        if one.default_factory is not _MISSING:
            names[f"_make_{name}"] = one.default_factory
            value = f"_make_{name}()"
            if one.init:
                value += f" if {name} is _missing else {name}"
            parameter = f"{name}=_missing"
        elif one.default is not _MISSING:
            names[f"_default_{name}"] = one.default
            value = name if one.init else f"_default_{name}"
            parameter = f"{name}=_default_{name}"
        elif not one.init:
            continue  # `__post_init__` gives it a value
        if one.init:
            (named if one.kw_only else positional).append(parameter)
        frozen = cls.__dataclass_params__.frozen
        lines.append(f"_set_{name}(self, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    parameters = ", ".join(positional + (named if len(named) > 1 else []))
    body = "\n    ".join(lines or ["pass"])
    return f"def __init__({parameters}):\n    {body}"


def _replacement_text(cls: Any) -> str:
    """Return the text of `__replace__`, which `copy.replace` calls, too."""
    names, lines = [], []
    for name, one in cls.__dataclass_fields__.items():
        if one.init:
            names.append(name)
            lines.append(f"_set_{name}(_copy, self.{name} if {name} is _missing else {name})")
        elif one.default_factory is not _MISSING:
            lines.append(f"_set_{name}(_copy, _make_{name}())")
        elif one.default is not _MISSING:
            lines.append(f"_set_{name}(_copy, _default_{name})")
    if hasattr(cls, "__post_init__"):
        lines.append("_copy.__post_init__()")
    parameters = ", ".join(("self", "/", *(f"{name}=_missing" for name in names)))
    body = "\n    ".join(("_copy = _new(self.__class__)", *lines, "return _copy"))
    return f"def __replace__({parameters}):\n    {body}"


@recursive_repr()
def _repr(self: Any) -> str:
    shown = (f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_to_set(self: Any, name: str, value: Any) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__dataclass_fields__]


def _set_state(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__dataclass_fields__, state, strict=True):
        object.__setattr__(self, name, value)
