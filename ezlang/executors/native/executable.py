"""The executable form of a checked program, on which all parties agree before a run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING

from ezlang.compiler.cost.profiles import LAN, PROFILES, Profile, to_toml
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.text import print_program
from ezlang.records import dataclass
from ezlang.typed import tree as typed
from ezlang.types.sharing import DEFAULT_GARBLING, DEFAULT_MEMORY
from ezlang.types.sharing import DEFAULT_PROTOCOL as DEFAULT_PROTOCOL

from .foreseen import Foreseen, foreseen
from .numbers_of_parties import require_form

if TYPE_CHECKING:
    from ezlang.compiler.cost.predict import Forecast

_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Executable:
    """A program that is ready for code generation, with the values of its params.

    `choices` are the options with which it was prepared, and their values. `foreseen` is what a run
    without a dealer costs, if that is known before. `clients` are the own programs of parties that
    don't compute, by their numbers.
    """

    program: ir.Program
    params: tuple[tuple[str, int | bool], ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    foreseen: Foreseen | None = None
    clients: Mapping[int, ir.Program] = field(default_factory=dict)

    def program_of(self, party: int) -> ir.Program:
        """Return what a party runs."""
        return self.clients.get(party, self.program)

    def is_told(self, client: int) -> bool:
        """Return whether a client is told anything during a run."""
        return any(
            isinstance(operation, ir.Tell)
            for function in self.clients[client].functions
            for operation in ir.walk(function.body)
        )

    @property
    def fingerprint(self) -> str:
        """A hash of the program's meaning: of the text of its IR, including params and sizes.

        It does not depend on comments, layout, file names or the order of unused items.
        """
        return hashlib.sha256(print_program(self.program).encode()).hexdigest()


def executable_of(
    program: typed.Program,
    protocol: str = DEFAULT_PROTOCOL,
    profile: Profile = LAN,
    memory: int = DEFAULT_MEMORY,
    foresee: Callable[[Forecast], object] | None = None,
) -> Executable:
    """Lower a checked program for native code.

    `protocol` says how secrets are shared: `yao`, `boolean`, `arithmetic`, or `auto` for the
    cheapest choice on the network of `profile`, which may ask for a garbling scheme, too. `memory`:
    the bytes of labels or shares that iterations of loops may make together. Both parties must use
    the same three, which the fingerprint enforces. `foresee` is called with the forecast of the
    program's costs, if it is given. Raises EzError (exit code 2) if
    there is no such protocol for so many parties.
    """
    # Not needed where an executable comes from the cache.
    from ezlang.compiler.lower.lowering import lower
    from ezlang.compiler.passes.assign import ProtocolChoice
    from ezlang.compiler.passes.prepare import finished
    from ezlang.compiler.passes.sharings.followers import programs_of_clients

    require_form(program.computing, protocol)
    prepared = finished(lower(program), ProtocolChoice(protocol), profile, memory)
    if foresee is not None:
        foresee(prepared.forecast)
    asked = profile.garbling
    choices = (
        ("--protocol", protocol),
        ("--network", _told(replace(profile, garbling=None))),
        ("--garbling", DEFAULT_GARBLING if asked is None else asked.value.replace("_", "-")),
        ("--memory", f"{memory / 1_000_000:.15g} MB"),
    )
    expected = foreseen(prepared.program, prepared.forecast, profile)
    clients = programs_of_clients(prepared.program) if program.clients else {}
    return Executable(prepared.program, program.params, choices, expected, clients)


def _told(profile: Profile) -> str:
    """Identify a profile: by name if it is predefined, otherwise by name and hash."""
    if PROFILES.get(profile.name) == profile:
        return profile.name
    digest = hashlib.sha256(to_toml(profile).encode()).hexdigest()
    return f"{profile.name[:_SHOWN]} ({digest[:8]})"
