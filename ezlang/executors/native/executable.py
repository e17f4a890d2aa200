"""Executables: programs prepared for code generation, on which two parties agree."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ezlang.compiler.cost.profiles import LAN, PROFILES, Profile, to_toml
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.text import print_program
from ezlang.compiler.lower.lowering import lower
from ezlang.compiler.passes.assign import Policy
from ezlang.compiler.passes.prepare import prepare
from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.typed import tree as typed
from ezlang.types.sharing import DEFAULT_POLICY as DEFAULT_POLICY

PARTIES = 2
_SHOWN = 40
_NUMBERS = {1: "one", 3: "three", 4: "four", 5: "five", 6: "six"}


@dataclass(frozen=True, slots=True)
class Executable:
    """A two-party program, ready for code generation, and the values of its params.

    `choices`: the options with which it was prepared, and their values.
    """

    program: ir.Program
    params: tuple[tuple[str, int | bool], ...] = ()
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def fingerprint(self) -> str:
        """A hash of the program's semantics: of the IR's text, which includes params and sizes.

        Comments, layout, file names and the order of unused items don't affect it.
        """
        return hashlib.sha256(print_program(self.program).encode()).hexdigest()


def executable_of(
    program: typed.Program, policy: str = DEFAULT_POLICY, profile: Profile = LAN
) -> Executable:
    """Lower a checked program for native code.

    `policy` selects the sharing of secrets: `yao`, `boolean`, `arithmetic`, or `auto` for the
    cheapest on the network of `profile`. Both parties must choose the same, which the fingerprint
    enforces. Raises EzError unless the program has two parties.
    """
    require_two_parties(program.parties)
    prepared = prepare(lower(program), Policy(policy), profile)
    choices = ("--protocol", policy), ("--network", _told(profile))
    return Executable(prepared, program.params, choices)


def _told(profile: Profile) -> str:
    """Return an identifier of a profile: the name of a built-in one, else name and hash."""
    if PROFILES.get(profile.name) == profile:
        return profile.name
    digest = hashlib.sha256(to_toml(profile).encode()).hexdigest()
    return f"{profile.name[:_SHOWN]} ({digest[:8]})"


def require_two_parties(parties: tuple[str, ...]) -> None:
    """Raise EzError unless there are two parties."""
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
