"""From a checked program to what two parties run and agree on."""

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
    """A program of two parties, ready for code generation, and what its params were set to.

    `choices`: the options by which it was prepared, and what they were.
    """

    program: ir.Program
    params: tuple[tuple[str, int | bool], ...] = ()
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def fingerprint(self) -> str:
        """A hash of all that the program means: of the IR's text, with params and sizes in it.

        Comments, layout, the names of files and the order of unused items don't count.
        """
        return hashlib.sha256(print_program(self.program).encode()).hexdigest()


def executable_of(
    program: typed.Program, policy: str = DEFAULT_POLICY, profile: Profile = LAN
) -> Executable:
    """Lower a checked program for native code.

    `policy` says how secrets are kept: `yao`, `boolean`, `arithmetic`, or `auto` for what is
    cheapest on the network of `profile`. Both parties must say the same, which the fingerprint
    holds them to. Raises EzError unless the program has two parties.
    """
    require_two_parties(program.parties)
    prepared = prepare(lower(program), Policy(policy), profile)
    choices = ("--protocol", policy), ("--network", _told(profile))
    return Executable(prepared, program.params, choices)


def _told(profile: Profile) -> str:
    """Return what tells a profile from others: its name, of one of ours; else a hash of it, too."""
    if PROFILES.get(profile.name) == profile:
        return profile.name
    digest = hashlib.sha256(to_toml(profile).encode()).hexdigest()
    return f"{profile.name[:_SHOWN]} ({digest[:8]})"


def require_two_parties(parties: tuple[str, ...]) -> None:
    """Refuse programs that native code isn't for."""
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
