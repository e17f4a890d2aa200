"""The output of a run: results on standard output, messages about the run on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click

from ezlang.api import PartyResult, RunResult
from ezlang.diagnostics.diagnostic import EzError
from ezlang.values.data import Data, Outputs
from ezlang.values.results import ResultFile, of_parties

from .report import log, print_json, say
from .tables import may_style

if TYPE_CHECKING:
    from ezlang.executors.meter import Stats
    from ezlang.typed.tree import Program

_UNITS: Final = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))
_WAYS = {
    "clear": "In the clear: nothing is protected, and this process sees everything.",
    "simulated": "Simulated: all parties are in this process, and their shares are real.",
    "native": "Native: one process for each party, on this machine.",
    "party": "Native: this process is {party} alone, and waits for {others}.",
}


def say_model(program: Program, way: str, party: str = "") -> None:
    """Print who is protected from whom in a run, and what each party learns."""
    among = program.parties if party in (*program.computing, "") else program.computing
    others = listed(other for other in among if other != party)
    say(_WAYS[way].format(party=party, others=others))
    if way != "clear" and program.clients:
        two = listed(program.computing)
        say(
            f"Model: semi-honest; {two} must not collude: whoever holds both shares reads every "
            "input. All parties follow the protocol; each learns what is revealed and output to it "
            "(see `ezlang leaks`), and nothing else."
        )
    elif way != "clear":
        say(
            f"Model: semi-honest. {listed(program.parties)} follow the protocol; each learns "
            "what is revealed and output to it (see `ezlang leaks`), and nothing else."
        )


def say_dealer(program: Program) -> None:
    """Print what the parties trust a dealer with."""
    say(
        f"Dealer: {listed(program.computing)} trust the dealer not to collude: together with "
        "either of them it could learn the other's inputs; alone it learns no input and no "
        "share."
    )


def print_result(
    program: Program, result: RunResult, as_json: bool, file: ResultFile | None = None
) -> None:
    """Print the result of a run of all parties, with the outputs in a file if there is one."""
    written = file is not None and _write(file, of_parties(result.outputs))
    if as_json:
        data: dict[str, object] = {"outputs": result.outputs}
        if result.cost is not None:
            cost = result.cost
            gates = {} if cost.ands is None else {"ands": cost.ands}
            data["cost"] = {"rounds": cost.rounds, "bytes": cost.bytes} | gates
        print_json(data | {"seconds": rounded(result.seconds)} | _stats_object(result.stats))
        return
    if not written:
        for line in output_lines(result.outputs):
            click.echo(line)
    if result.cost is not None:
        bytes_sent = together(result.cost.bytes, program.clients)
        sent = ", ".join(f"{party} {count:,}" for party, count in bytes_sent.items())
        say(f"Cost: {costs(result.cost.rounds, result.cost.ands)}; bytes sent: {sent}.")
    say_seconds(result.seconds)
    _say_stats(program, result.stats)


def print_party_result(
    program: Program, result: PartyResult, as_json: bool, file: ResultFile | None = None
) -> None:
    """Print the result of a run for one party, with the outputs in a file if there is one."""
    cost = result.cost
    written = file is not None and _write(file, result.outputs)
    if as_json:
        print_json(
            {
                "party": result.party,
                "outputs": result.outputs,
                "cost": {
                    "rounds": cost.rounds,
                    **({} if cost.ands is None else {"ands": cost.ands}),
                    "bytes_sent": cost.bytes_sent,
                    "bytes_received": cost.bytes_received,
                },
                "seconds": rounded(result.seconds),
                **_stats_object(result.stats),
            }
        )
        return
    if not written:
        for name, value in result.outputs.items():
            click.echo(f"{name}: {shown(value)}")
    say(
        f"Cost: {costs(cost.rounds, cost.ands)}; {cost.bytes_sent:,} bytes sent, "
        f"{cost.bytes_received:,} received."
    )
    say_seconds(result.seconds)
    _say_stats(program, result.stats)


def _stats_object(stats: Stats | None) -> dict[str, Any]:
    if stats is None:
        return {}
    from .stats_report import stats_object

    return {"stats": stats_object(stats)}


def _say_stats(program: Program, stats: Stats | None) -> None:
    if stats is None:
        return
    from .stats_report import stats_lines, stats_object

    name, styled = program.main.span.source.name, may_style(sys.stderr)
    text = partial(stats_lines, name, stats, styled=styled, clients=program.clients)
    log("stats", stats_object(stats), lambda: "\n".join(text()))


def _write(file: ResultFile, outputs: dict[str, Data]) -> bool:
    """Write outputs to a file; if that fails, print them, so that they aren't lost."""
    try:
        file.write(outputs)
    except EzError:
        print_json(outputs)
        raise
    say(f"The outputs are in {file.path}.")
    return True


def output_lines(outputs: Outputs) -> list[str]:
    """Return a line for each output and its receivers; equal outputs share a line."""
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
    """Return a value as it is printed, in JSON notation."""
    return json.dumps(value, ensure_ascii=False)


def listed(names: Iterable[str]) -> str:
    """Return names as an English list: `a, b and c`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless the number is 1."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def costs(rounds: int, ands: int | None) -> str:
    """Return the cost of a run other than bytes, as part of a sentence."""
    gates = "" if ands is None else f", {counted(ands, 'AND gate')}"
    return counted(rounds, "round") + gates


def say_seconds(seconds: dict[str, float]) -> None:
    """Print how long the parts of a run took."""
    if seconds:
        say("Time: " + ", ".join(f"{part} {time:.3f} s" for part, time in seconds.items()) + ".")


def duration(seconds: float) -> str:
    """Return a time in its largest fitting unit, with two or three digits."""
    for unit, size in _UNITS:
        if seconds >= size or unit == "µs":
            number = seconds / size
            return f"{number:,.0f} {unit}" if number >= 100 else f"{number:.3g} {unit}"
    return "0 s"


def together(amounts: Mapping[str, int], clients: int) -> dict[str, int]:
    """Return parties' amounts by name, with the sum of those of the last so many, the clients."""
    named = list(amounts.items())
    found = dict(named[: len(named) - clients])
    if clients:
        found["all clients"] = sum(count for _, count in named[len(named) - clients :])
    return found


def rounded(seconds: dict[str, float]) -> dict[str, float]:
    """Return the times, rounded to the microsecond."""
    return {part: round(time, 6) for part, time in seconds.items()}
