"""The interface for the command line and editors; `ezlang.programs` is that for Python programs.

Programs and values go in, data come out; nothing here prints. A failure that the user can fix is an
`EzError`, which carries diagnostics and an exit code. Compilers and sockets are imported only by
the calls that need them. How a program is prepared is chosen by keyword: `Choices`.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Unpack

from ezlang.check import CheckResult, check
from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.executors.results import PartyCost as PartyCost
from ezlang.executors.results import PartyResult as PartyResult
from ezlang.executors.results import RunCost as RunCost
from ezlang.executors.results import RunResult as RunResult
from ezlang.progress import doing
from ezlang.recursion import deep_recursion
from ezlang.source import Source
from ezlang.syntax.reader import read_source
from ezlang.typed.tree import Program
from ezlang.types.scalars import Setting
from ezlang.types.sharing import DEFAULT_NETWORK, DEFAULT_PROTOCOL, Choices
from ezlang.values.check import check_inputs
from ezlang.values.data import Data, Inputs
from ezlang.values.draws import seeded

if TYPE_CHECKING:
    from ezlang.analysis.leaks import Release
    from ezlang.compiler.passes.analyses.overflow import Overflow
    from ezlang.compiler.passes.sharings.narrow import Narrowed
    from ezlang.executors.headroom import Headroom
    from ezlang.executors.native.costs import CostReport as CostReport
    from ezlang.executors.native.executable import Executable
    from ezlang.trace import Trace

Settings = Mapping[str, Setting]
"""The params of a program: name → value."""

_AT_LAUNCH = frozenset({"EZ1040", "EZ1041", "EZ1042"})

Path = str | os.PathLike[str]


def check_text(text: str, name: str = "main.ez", settings: Settings | None = None) -> CheckResult:
    """Check a program that is given as text; imports are looked up in the folder of `name`."""
    return check(Source(name, text), settings=settings or {})


def check_file(path: Path, settings: Settings | None = None) -> CheckResult:
    """Check a file. Raises EzError (exit code 2) if it cannot be read."""
    with doing(f"Checking {os.path.basename(path)}"):
        return check(read_source(path), settings=settings or {})


def load(path: Path, settings: Settings | None = None) -> Program:
    """Return the program in a file. Raises EzError with all errors in it."""
    return checked(check_file(path, settings))


def checked(result: CheckResult) -> Program:
    """Return the program of a check without errors. Raises EzError with the errors otherwise."""
    if result.diagnostics:
        raise EzError(*result.diagnostics, exit_code=exit_code(result.diagnostics))
    if result.program is None:
        raise EzError(_only_a_module(result.sources[-1]), exit_code=2)
    return result.program


def exit_code(diagnostics: Iterable[Diagnostic]) -> int:
    """Return 2 if a program has no errors except in what was set at launch, else 1."""
    return 2 if all(d.code in _AT_LAUNCH for d in diagnostics) else 1


def _only_a_module(source: Source) -> Diagnostic:
    return Diagnostic(
        code="EZ4106",
        message=f"{source.name} is a module: it has no `main` to run",
        span=None,
        help="run a program that imports it",
    )


def leaks(program: Program) -> tuple[Release, ...]:
    """Return every release that a run of a program can reach, in source order."""
    from ezlang.analysis.leaks import releases

    return releases(program)


def cost(
    program: Program,
    *,
    explained: bool = False,
    dealer: bool = False,
    prepared: bool = False,
    **choices: Unpack[Choices],
) -> CostReport:
    """Predict the cost of a program, without running it.

    `explained` asks why each operation has its sharing. `dealer`: as with a dealer, whose time
    isn't counted. `prepared`: as after `ezlang prepare`. Raises EzError (exit code 2) if the
    profile can't be used, or no dealer or preparation can help.
    """
    from ezlang.compiler.cost.profiles import preparation
    from ezlang.executors.native.costs import cost_report

    return cost_report(
        program, **preparation(choices), explained=explained, dealer=dealer, ahead=prepared
    )


def ranges(program: Program) -> list[Narrowed]:
    """Return the operations that need fewer bits than their type has, with proofs, in order."""
    from ezlang.compiler.lower import lower
    from ezlang.compiler.passes.prepare import before_assignment
    from ezlang.compiler.passes.sharings.narrow import explain

    with deep_recursion():
        return sorted(explain(before_assignment(lower(program))), key=lambda one: one.span.start)


def overflows(program: Program) -> list[Overflow]:
    """Return the places where fixed-point results aren't known to fit in 64 bits, in order."""
    from ezlang.compiler.lower import lower
    from ezlang.compiler.passes.analyses.overflow import overflows
    from ezlang.compiler.passes.general.inline import inline
    from ezlang.compiler.passes.run import run_pass
    from ezlang.typed.walk import fixed_point_places

    with deep_recursion():
        # What is known of the arguments of calls is known inside of inlined functions.
        return overflows(run_pass(lower(program), inline), fixed_point_places(program))


def headroom(program: Program, inputs: Inputs) -> list[Headroom]:
    """Run a program in the clear; return how close its fixed-point results came to overflow."""
    from ezlang.executors import clear
    from ezlang.executors.headroom import Watch

    watch = Watch()
    clear.run_clear(program, inputs, watch)
    return watch.results()


def run_clear(program: Program, inputs: Inputs, *, seed: int | None = None) -> RunResult:
    """Evaluate a program in the clear, where nothing is protected.

    With a `seed`, random numbers are reproducible.
    """
    from ezlang.executors import clear

    start = perf_counter()
    with doing("Running in the clear"), seeded(seed):
        outcome = clear.run_clear(program, inputs)
    return RunResult(outputs=outcome.outputs, seconds={"run": perf_counter() - start})


def run_simulated(
    program: Program,
    inputs: Inputs,
    *,
    seed: int | None = None,
    stats: bool = False,
    checking: float = 0.0,
    **choices: Unpack[Choices],
) -> RunResult:
    """Run a program with every party in this process, on real shares, and count what they send.

    They run the protocols of native code, with the same rounds and bytes. With a `seed`, runs are
    reproducible. `stats`: count by line and phase, too. `checking` are the seconds that it took to
    check the program, which count as its compilation.
    """
    from ezlang.executors import simulate
    from ezlang.executors.meter import Meter, stats_of

    checked_inputs = check_inputs(program, inputs)
    start = perf_counter()
    made = _simulable(program, choices)
    begun = perf_counter()
    meter = Meter() if stats else None
    with deep_recursion(), seeded(seed):
        outcome = simulate.run_two(
            made.program,
            checked_inputs,
            seed=seed,
            record=False,
            meter=meter,
            expected=made.foreseen.simulated() if made.foreseen else None,
        )
    cost, compiling = outcome.cost, {"compile": checking + begun - start}
    return RunResult(
        outputs=outcome.outputs,
        cost=RunCost(rounds=cost.rounds, bytes=cost.bytes_sent, ands=cost.ands),
        seconds=compiling | {"run": perf_counter() - begun},
        stats=stats_of(meter.tallies, program.parties, compiling) if meter else None,
    )


def trace(
    program: Program,
    inputs: Inputs,
    *,
    seed: int | None = None,
    dealer: bool = False,
    lines: Iterable[int] = (),
    reruns: int | None = None,
    **choices: Unpack[Choices],
) -> Trace:
    """Run a program simulated; return what happened, as data that makes a page (docs/trace.md).

    `dealer`: the two parties have a dealer, who deals before the run. `seed` is as for
    `run_simulated`. `lines` of the program are recorded in full, also where a large run is
    summarised. `reruns`: how many runs with each of two secrets of the first party to compare;
    None: as many as fit in some seconds. Raises EzError as `run_simulated` does, and (exit code 2)
    if no dealer can help. The result has the secrets of all parties.
    """
    from ezlang.trace import traced

    checked_inputs = check_inputs(program, inputs)
    with deep_recursion(), seeded(seed):
        return traced(
            _simulable(program, choices, dealer=dealer).program,
            checked_inputs,
            checked=partial(check_inputs, program),
            name=os.path.basename(program.main.span.source.name),
            protocol=choices.get("protocol", DEFAULT_PROTOCOL),
            network=choices.get("network", DEFAULT_NETWORK),
            dealt=dealer,
            seed=seed,
            lines=frozenset(lines),
            runs=reruns,
        )


def _simulable(program: Program, choices: Choices, *, dealer: bool = False) -> Executable:
    """Return a program as simulations run it: with sharings, for which a `dealer` can deal."""
    from ezlang.compiler.cost.profiles import preparation
    from ezlang.executors.native.prepared import prepared

    if dealer:
        require_several_parties(program, dealer=True)
    executable = prepared(program, **preparation(choices))
    if dealer:
        from ezlang.executors.native.demands import demands_of

        demands_of(executable)
    return executable


def require_several_parties(program: Program, *, dealer: bool = False) -> None:
    """Raise EzError (exit code 2) unless native code runs a program: one with several parties.

    With a `dealer`, it must be two.
    """
    from ezlang.executors.native import numbers_of_parties as numbers

    numbers.require_several_parties(program.parties)
    if dealer:
        numbers.require_two_parties(program.computing, "A dealer")


def run_native(
    program: Program,
    inputs: Inputs,
    *,
    timeout: float | None = None,
    stats: bool = False,
    checking: float = 0.0,
    **choices: Unpack[Choices],
) -> RunResult:
    """Run a program as a process for each party on this machine, with native code.

    `timeout`: how many seconds a party waits for another. `stats` and `checking` are as for
    `run_simulated`.
    """
    from ezlang.compiler.cost.profiles import preparation
    from ezlang.executors.native.outcome import Stopwatch
    from ezlang.executors.native.processes import run_native

    watch = Stopwatch({"compile": checking})
    outcome = run_native(
        program, inputs, timeout=timeout, metered=stats, watch=watch, **preparation(choices)
    )
    return RunResult(
        outputs=outcome.outputs,
        cost=RunCost(
            rounds=outcome.rounds,
            bytes=outcome.bytes_sent,
            ands=_ands(program, outcome.parties[0].ands),
        ),
        seconds=outcome.seconds,
        stats=outcome.stats,
    )


def _ands(program: Program, garbled: int) -> int | None:
    """Return the gates that were garbled; None unless a program has two parties."""
    return garbled if len(program.computing) == 2 else None


def run_party(
    program: Program,
    party: int | str,
    inputs: Mapping[str, Data],
    *,
    address: str | None = None,
    dealer: str | None = None,
    insecure: bool = False,
    timeout: float | None = None,
    warn: Callable[[str], None] | None = None,
    stats: bool = False,
    checking: float = 0.0,
    parties: Path | None = None,
    record: Path | None = None,
    use_prepared: bool | None = None,
    store: Path | None = None,
    **choices: Unpack[Choices],
) -> PartyResult:
    """Run a program as one of its parties, in this process, with native code.

    `inputs`: name → value. All but the last party listen, and each dials those before it: party 0
    at `address` (HOST:PORT), others at the next ports or at addresses after commas. `dealer` is
    where a dealer listens. Off this machine, TCP needs `insecure`, of which `warn` is told.
    `parties` is a file that says who is who and where, for TLS; `dealer` may be a name in it. For
    `stats` and `checking`, see `run_simulated`. All parties write the `record`, or none.
    `use_prepared`: whether two parties run on what they have made by `prepare`, in the folder
    `store`; None: if there is any.
    """
    from ezlang.audit.records import Recorder
    from ezlang.compiler.cost.profiles import preparation
    from ezlang.executors.native.outcome import Stopwatch
    from ezlang.executors.native.single import run_party
    from ezlang.session.parties import load_parties

    recorder = None if record is None else Recorder.of(pathlib.Path(record), program, party)
    outcome = run_party(
        program,
        party,
        inputs,
        address=address,
        dealer=dealer,
        insecure=insecure,
        timeout=timeout,
        warn=warn,
        metered=stats,
        watch=Stopwatch({"compile": checking}),
        parties=None if parties is None else load_parties(pathlib.Path(parties)),
        recording=None if recorder is None else recorder.recording,
        use_prepared=use_prepared,
        store=None if store is None else pathlib.Path(store),
        **preparation(choices),
    )
    if recorder is not None:
        recorder.write(outcome)
    return PartyResult(
        party=outcome.party,
        outputs=outcome.outputs,
        cost=PartyCost(
            rounds=outcome.rounds,
            ands=_ands(program, outcome.ands),
            bytes_sent=outcome.bytes_sent,
            bytes_received=outcome.bytes_received,
        ),
        seconds=outcome.seconds,
        stats=outcome.stats(program.parties),
    )


def calibrate(
    path: Path,
    *,
    party: int | str | None = None,
    among: Sequence[str] = (),
    address: str | None = None,
    insecure: bool = False,
    timeout: float | None = None,
    warn: Callable[[str], None] | None = None,
    parties: Path | None = None,
) -> str:
    """Measure as one of several parties, or as two on this machine; return the profile.

    It is written to the file `path`, which is for `network`. `among`: all parties in order, the
    same at all; by default two of any name. `address`, `insecure`, `warn` and `parties` are as for
    `run_party`. Raises EzError: exit code 2 for an error in the call or a file, 3 if another party
    fails.
    """
    from ezlang.executors.native.calibrated_parties import measure_both, measure_one
    from ezlang.executors.native.measurement import PARTIES
    from ezlang.session.parties import load_parties
    from ezlang.values.names import party_number
    from ezlang.values.writing import require_folder, write_whole

    require_folder(pathlib.Path(path))
    name = os.path.splitext(os.path.basename(path))[0]
    if party is None:
        text = measure_both(name, timeout)
    else:
        names = tuple(among) or PARTIES
        text = measure_one(
            name,
            party_number(names, party),
            address,
            names=names,
            parties=None if parties is None else load_parties(pathlib.Path(parties)),
            insecure=insecure,
            timeout=timeout,
            warn=warn,
        )
    write_whole(pathlib.Path(path), text)
    return text


def format_text(text: str, name: str = "main.ez") -> str:
    """Return a formatted program. Raises EzError if it has syntax errors."""
    from ezlang.syntax.format import format_source

    return format_source(Source(name, text))


def format_file(path: Path) -> tuple[str, str]:
    """Return the text of a file, and its formatted text."""
    source = read_source(path)
    from ezlang.syntax.format import format_source

    return source.text, format_source(source)
