"""Network profiles: the performance of a pair of machines and of the network between them.

The model of `seconds` uses a profile to estimate the time of a run and to compare sharings. A
profile is a TOML or JSON file with the fields of `Profile`; omitted fields have the values of
`loopback`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypedDict

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.records import dataclass, replace
from ezlang.types.sharing import (
    DEFAULT_GARBLING,
    DEFAULT_MEMORY,
    DEFAULT_NETWORK,
    DEFAULT_PROTOCOL,
    Choices,
)

from ..ir.garbling import Garbling

UNUSABLE: Final = 2
"""Exit code for a profile that can't be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A pair of machines, one core each, and the network between them.

    `rtt` is the round-trip time in seconds. `bandwidth` is in bytes per second, each way. Most
    other fields are rates per second of one core: ANDs of garbled circuits, garbled or evaluated;
    correlated OTs generated, in both directions together; ANDs on boolean shares with existing
    triples; bit triples generated from OTs, including the OTs; products of 64-bit shares, including
    theirs. `callback` is the minimum time in seconds of a group of operations on shares, and of
    each exchange in it; `request` that of each further message or use of OTs in an exchange, by
    other operations of the group. `start` is the time in seconds to set up OTs in one direction.

    `garbling` is the scheme that both parties are told to use, or None for the cheapest one; files
    don't have it.
    """

    name: str
    rtt: float
    bandwidth: float
    ands: float = 3.8e7
    ots: float = 1.5e8
    shared_ands: float = 5e8
    bit_triples: float = 4.5e7
    products: float = 5.5e5
    callback: float = 8e-5
    request: float = 4e-5
    start: float = 0.025
    garbling: Garbling | None = None

    @property
    def ot_use(self) -> float:
        """Seconds to hash and use an existing OT: half of a bit triple."""
        return max(1 / self.bit_triples - 2 / self.ots, 0) / 2


_FIGURES: Final = tuple(f.name for f in fields(Profile) if f.name not in ("name", "garbling"))

LOOPBACK: Final = Profile(name="loopback", rtt=4e-5, bandwidth=1.3e9)
LAN: Final = Profile(name="lan", rtt=5e-4, bandwidth=1.25e8)
WAN: Final = Profile(name="wan", rtt=4e-2, bandwidth=1.25e7)

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {profile.name: profile for profile in (LOOPBACK, LAN, WAN)}
)
"""`loopback`: one machine; `lan`: 0.5 ms, 1 Gbit/s; `wan`: 20 ms each way, 100 Mbit/s."""


def profile_of(name: str, garbling: str = DEFAULT_GARBLING) -> Profile:
    """Return a profile by its name, or from a file, with a garbling choice.

    Raises EzError (exit code 2).
    """
    asked = None if garbling == DEFAULT_GARBLING else Garbling(garbling.replace("-", "_"))
    return replace(_named(name), garbling=asked)


class Preparation(TypedDict):
    """Choices as the compiler takes them."""

    protocol: str
    profile: Profile
    memory: int


def preparation(choices: Choices) -> Preparation:
    """Return choices with defaults and the profile that they name.

    Raises EzError (exit code 2) if there is none.
    """
    network = choices.get("network", DEFAULT_NETWORK)
    return Preparation(
        protocol=choices.get("protocol", DEFAULT_PROTOCOL),
        profile=profile_of(network, choices.get("garbling", DEFAULT_GARBLING)),
        memory=choices.get("memory", DEFAULT_MEMORY),
    )


def _named(name: str) -> Profile:
    if name in PROFILES:
        return PROFILES[name]
    path = Path(name)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise _unusable(name, f"it can't be read: {_reason(error)}") from None
    try:
        data = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unusable(name, f"it is no {path.suffix[1:].upper() or 'TOML'}: {error}") from None
    return parse_profile(data, name)


def parse_profile(data: Any, name: str) -> Profile:
    """Return the profile described by a file's data. Raises EzError (exit code 2)."""
    if not isinstance(data, dict):
        raise _unusable(name, "it isn't a list of fields")
    known = set(_FIGURES)
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key == "name":
            continue
        if key not in known:
            raise _unusable(name, f"there is no field `{key}`")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e18:
            raise _unusable(name, f"its field `{key}` isn't a positive number")
        values[key] = float(value)
    return replace(LOOPBACK, name=str(data.get("name", Path(name).stem)), **values)


def to_toml(profile: Profile) -> str:
    """Return a profile as the text of a file."""
    lines = [f"name = {json.dumps(profile.name)}"]
    lines += [f"{name} = {getattr(profile, name):.6g}" for name in _FIGURES]
    return "\n".join(lines) + "\n"


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "it is no text"


def _unusable(name: str, why: str) -> EzError:
    known = ", ".join(f"`{one}`" for one in PROFILES)
    return EzError(
        Diagnostic(
            code="EZ4106",
            message=f"The network profile {name} can't be used: {why}",
            span=None,
            help=f"give {known}, or a file in TOML or JSON as `ezlang calibrate` writes it",
        ),
        exit_code=UNUSABLE,
    )
