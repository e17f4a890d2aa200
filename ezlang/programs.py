"""Programs as values: load one and run it on Python values, NumPy arrays or pandas frames.

    import ezlang as ez

    program = ez.load("dot.ez", n=64)
    result = program(alice={"x": x}, bob={"w": w})
    result["alice"]["dot"]

`ezlang.api` has the same calls as functions on checked programs; the command line uses those.
Nothing here prints. What the user can fix is raised as an `EzError`, whose text is what the
command line prints, with the lines of the program that it refers to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

from ezlang import api
from ezlang.records import dataclass
from ezlang.types.scalars import Setting
from ezlang.types.sharing import (
    DEFAULT_GARBLING,
    DEFAULT_MEMORY,
    DEFAULT_NETWORK,
    DEFAULT_PROTOCOL,
    Choices,
)
from ezlang.values.expected import expected_inputs, output_types
from ezlang.values.names import party_number
from ezlang.values.objects import given, returned

if TYPE_CHECKING:
    from ezlang.analysis.leaks import Release
    from ezlang.executors.native.costs import CostReport
    from ezlang.trace import Trace
    from ezlang.typed import tree
    from ezlang.types.types import Type

Values = Mapping[str, Any]
"""Name → value: what a party gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run told each party, and what it took.

    `outputs`: party → name → value. An array is a NumPy array of the type that Ez's type has there
    (fixed-point numbers are float64), an array of structs a structured one, a struct a dict, and a
    single value a number or bool of Python's. `cost` is None for a run in the clear. `seconds`: how
    long its parts took.
    """

    outputs: dict[str, dict[str, Any]]
    cost: api.RunCost | api.PartyCost | None
    seconds: dict[str, float]

    def __getitem__(self, party: str) -> dict[str, Any]:
        """Return the outputs of a party."""
        return self.outputs[party]


class Program:
    """A checked program, with values for its params.

    Calling it runs it simulated: every party in this process, on real shares.
    """

    def __init__(self, checked: tree.Program) -> None:
        self._checked = checked

    @property
    def parties(self) -> tuple[str, ...]:
        """The names of the parties."""
        return self._checked.parties

    @cached_property
    def inputs(self) -> dict[str, dict[str, Type]]:
        """The type of each input that the program asks for: party → name → type."""
        return {
            party: {one.name: one.type for one in expected_inputs(self._checked, party)}
            for party in self.parties
        }

    @cached_property
    def outputs(self) -> dict[str, dict[str, Type | None]]:
        """The type of each output: party → name → type, None if it has several."""
        return {party: output_types(self._checked, party) for party in self.parties}

    def leaks(self) -> tuple[Release, ...]:
        """Return every release that a run can reach, in source order."""
        return api.leaks(self._checked)

    def cost(
        self,
        *,
        dealer: bool = False,
        **choices: Unpack[Choices],
    ) -> CostReport:
        """Predict the cost of a run; arguments are those of `api.cost`."""
        return api.cost(self._checked, dealer=dealer, **choices)

    def run(
        self,
        inputs: Mapping[str, Values] | None = None,
        /,
        *,
        how: str = "simulated",
        seed: int | None = None,
        timeout: float | None = None,
        protocol: str = DEFAULT_PROTOCOL,
        network: str = DEFAULT_NETWORK,
        garbling: str = DEFAULT_GARBLING,
        memory: int = DEFAULT_MEMORY,
        **parties: Values,
    ) -> Result:
        """Run the program with all parties on this machine.

        Inputs are given by party, as keyword arguments or in one mapping: bools, numbers, nested
        lists, NumPy arrays; dicts for structs; pandas series and frames for arrays, a frame of
        columns for an array of structs. `how`: `simulated`, with every party in this process on
        real shares; `native`, with native code in two processes; `clear`, where nothing is
        protected. `seed` makes simulated runs reproducible; `timeout` is how many seconds a native
        party waits for the other. The other arguments are those of `api.run_simulated`.

        Raises EzError if inputs don't fit, or the run fails.
        """
        data = self._data({**(inputs or {}), **parties})
        choices = Choices(protocol=protocol, network=network, garbling=garbling, memory=memory)
        match how:
            case "clear":
                ran = api.run_clear(self._checked, data)
            case "native":
                ran = api.run_native(self._checked, data, timeout=timeout, **choices)
            case "simulated":
                ran = api.run_simulated(self._checked, data, seed=seed, **choices)
            case _:
                raise ValueError(f"how must be 'simulated', 'native' or 'clear', not {how!r}")
        return Result(outputs=self._returned(ran.outputs), cost=ran.cost, seconds=ran.seconds)

    __call__ = run

    def trace(
        self,
        inputs: Mapping[str, Values] | None = None,
        /,
        *,
        seed: int | None = None,
        dealer: bool = False,
        protocol: str = DEFAULT_PROTOCOL,
        network: str = DEFAULT_NETWORK,
        garbling: str = DEFAULT_GARBLING,
        memory: int = DEFAULT_MEMORY,
        **parties: Values,
    ) -> Trace:
        """Run the program simulated; return all that happened, with the secrets of all parties.

        Notebooks show a trace as the page that plays it. `dealer`: the two parties have a dealer.
        The other arguments are those of `run`.
        """
        data = self._data({**(inputs or {}), **parties})
        choices = Choices(protocol=protocol, network=network, garbling=garbling, memory=memory)
        return api.trace(self._checked, data, seed=seed, dealer=dealer, **choices)

    def run_party(
        self,
        party: int | str,
        inputs: Values | None = None,
        /,
        *,
        address: str | None = None,
        dealer: str | None = None,
        insecure: bool = False,
        timeout: float | None = None,
        warn: Callable[[str], None] | None = None,
        parties: api.Path | None = None,
        **choices: Unpack[Choices],
    ) -> Result:
        """Run the program as one of its parties; the arguments are those of `api.run_party`.

        The other party runs the same program elsewhere: in another kernel, on another machine.
        """
        name = self.parties[party_number(self.parties, party)]
        ran = api.run_party(
            self._checked,
            name,
            self._data({name: inputs or {}})[name],
            address=address,
            dealer=dealer,
            insecure=insecure,
            timeout=timeout,
            warn=warn,
            parties=parties,
            **choices,
        )
        return Result(
            outputs=self._returned({ran.party: ran.outputs}), cost=ran.cost, seconds=ran.seconds
        )

    def _data(self, inputs: Mapping[str, Values]) -> dict[str, dict[str, Any]]:
        """Return inputs with frames and series as arrays and lists."""
        found = {}
        for party, values in inputs.items():
            types = self.inputs[self.parties[party_number(self.parties, party)]]
            found[party] = {name: given(types.get(name), value) for name, value in values.items()}
        return found

    def _returned(self, outputs: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        return {
            party: {name: returned(self.outputs[party][name], value) for name, value in own.items()}
            for party, own in outputs.items()
        }

    def __repr__(self) -> str:
        asked = "; ".join(
            f"{party}: {', '.join(f'{type} {name}' for name, type in own.items()) or 'nothing'}"
            for party, own in self.inputs.items()
        )
        return f"<ez program; inputs of {asked}>"


def load(path: api.Path, /, **params: Setting) -> Program:
    """Return the program in a file. Raises EzError with all errors in it."""
    return Program(api.load(path, params))


def loads(text: str, /, name: str = "main.ez", **params: Setting) -> Program:
    """Return a program given as text; imports are looked up in the folder of `name`."""
    return Program(api.checked(api.check_text(text, name, params)))
