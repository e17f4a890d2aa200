"""What a run prints: outputs on standard output, all that is said about it on standard error."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from ezlang.api import PartyResult, RunResult
from ezlang.values.data import Data, Outputs

from .report import print_json, say

if TYPE_CHECKING:
    from ezlang.typed.tree import Program

_WAYS = {
    "clear": "In the clear: nothing is protected, and this process sees everything.",
    "simulated": "Simulated: every party is in this process, and shares are real.",
    "native": "Native: one process for each party on this machine.",
    "party": "Native: this process is {party} alone; it waits for {others}.",
}


def say_model(program: Program, way: str, party: str = "") -> None:
    """Say who is protected from whom in a run, and what each party learns."""
    others = listed(other for other in program.parties if other != party)
    say(_WAYS[way].format(party=party, others=others))
    if way != "clear":
        say(
            f"Model: semi-honest. {listed(program.parties)} follow the protocol; each learns "
            "what is revealed and output to it (see `ezlang leaks`), and no more."
        )


def say_dealer(program: Program) -> None:
    """Say what trust a dealer needs."""
    say(
        f"Dealer: {listed(program.parties)} trust it not to collude: together with either it could "
        "learn the other's inputs; alone it sees no input and no share."
    )


def print_result(program: Program, result: RunResult, as_json: bool) -> None:
    """Print what a run of all parties came to."""
    if as_json:
        data: dict[str, object] = {"outputs": result.outputs}
        if result.cost is not None:
            cost = result.cost
            gates = {} if cost.ands is None else {"ands": cost.ands}
            data["cost"] = {"rounds": cost.rounds, "bytes": cost.bytes} | gates
        print_json(data | {"seconds": rounded(result.seconds)})
        return
    for line in output_lines(result.outputs):
        click.echo(line)
    if result.cost is not None:
        sent = ", ".join(f"{party} {count:,}" for party, count in result.cost.bytes.items())
        say(f"Cost: {costs(result.cost.rounds, result.cost.ands)}; bytes sent: {sent}.")
    say_seconds(result.seconds)


def print_party_result(result: PartyResult, as_json: bool) -> None:
    """Print what a run came to for one party."""
    cost = result.cost
    if as_json:
        print_json(
            {
                "party": result.party,
                "outputs": result.outputs,
                "cost": {
                    "rounds": cost.rounds,
                    "ands": cost.ands,
                    "bytes_sent": cost.bytes_sent,
                    "bytes_received": cost.bytes_received,
                },
                "seconds": rounded(result.seconds),
            }
        )
        return
    for name, value in result.outputs.items():
        click.echo(f"{name}: {shown(value)}")
    say(
        f"Cost: {costs(cost.rounds, cost.ands)}; {cost.bytes_sent:,} bytes sent, "
        f"{cost.bytes_received:,} received."
    )
    say_seconds(result.seconds)


def output_lines(outputs: Outputs) -> list[str]:
    """Return a line for each output, saying whom it was told to; equal ones share a line."""
    receivers: dict[tuple[str, str], list[str]] = {}
    for party, named in outputs.items():
        for name, value in named.items():
            receivers.setdefault((name, shown(value)), []).append(party)
    everyone = list(outputs)
    return [
        f"{name}: {value}  (told to {'all' if told == everyone else listed(told)})"
        for (name, value), told in receivers.items()
    ]


def shown(value: Data) -> str:
    """Return a value as it is printed: as JSON writes it."""
    return json.dumps(value, ensure_ascii=False)


def listed(names: Iterable[str]) -> str:
    """Return names as a sentence lists them."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def counted(count: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def costs(rounds: int, ands: int | None) -> str:
    """Return what a run took beside bytes, as a sentence lists it."""
    gates = "" if ands is None else f", {counted(ands, 'AND gate')}"
    return counted(rounds, "round") + gates


def say_seconds(seconds: dict[str, float]) -> None:
    """Say how long the parts of a run took."""
    if seconds:
        say("Time: " + ", ".join(f"{part} {time:.3f} s" for part, time in seconds.items()) + ".")


def rounded(seconds: dict[str, float]) -> dict[str, float]:
    """Return times to the microsecond."""
    return {part: round(time, 6) for part, time in seconds.items()}
