"""The executable form of a checked program, on which two parties agree before a run."""

from __future__ import annotations

import hashlib

from ezlang.compiler.cost.profiles import LAN, PROFILES, Profile, to_toml
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.text import print_program
from ezlang.compiler.lower.lowering import lower
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.compiler.passes.prepare import prepare
from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.records import dataclass
from ezlang.typed import tree as typed
from ezlang.types.sharing import DEFAULT_PROTOCOL as DEFAULT_PROTOCOL

PARTIES = 2
_SHOWN = 40
_NUMBERS = {1: "one", 3: "three", 4: "four", 5: "five", 6: "six"}


@dataclass(frozen=True, slots=True)
class Executable:
    """A two-party program that is ready for code generation, with the values of its params.

    `choices` are the options with which it was prepared, and their values.
    """

    program: ir.Program
    params: tuple[tuple[str, int | bool], ...] = ()
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def fingerprint(self) -> str:
        """A hash of the program's meaning: of the text of its IR, including params and sizes.

        It does not depend on comments, layout, file names or the order of unused items.
        """
        return hashlib.sha256(print_program(self.program).encode()).hexdigest()


def executable_of(
    program: typed.Program, protocol: str = DEFAULT_PROTOCOL, profile: Profile = LAN
) -> Executable:
    """Lower a checked program for native code.

    `protocol` says how secrets are shared: `yao`, `boolean`, `arithmetic`, or `auto` for the
    cheapest choice on the network of `profile`. Both parties must use the same protocol choice and
    profile, which the fingerprint enforces. Raises EzError unless the program has two parties.
    """
    require_two_parties(program.parties)
    prepared = prepare(lower(program), ProtocolChoice(protocol), profile)
    choices = ("--protocol", protocol), ("--network", _told(profile))
    return Executable(prepared, program.params, choices)


def _told(profile: Profile) -> str:
    """Identify a profile: by name if it is predefined, otherwise by name and hash."""
    if PROFILES.get(profile.name) == profile:
        return profile.name
    digest = hashlib.sha256(to_toml(profile).encode()).hexdigest()
    return f"{profile.name[:_SHOWN]} ({digest[:8]})"


def require_two_parties(parties: tuple[str, ...]) -> None:
    """Reject programs without exactly two parties. Raises EzError."""
    if len(parties) == PARTIES:
        return
    number = _NUMBERS.get(len(parties), str(len(parties)))
    raise EzError(
        Diagnostic(
            code="EZ5013",
            message=f"Native code runs programs of two parties, and this one has {number}",
            span=None,
            help="run it simulated: `ezlang run` without --native and --party",
        ),
        exit_code=2,
    )
