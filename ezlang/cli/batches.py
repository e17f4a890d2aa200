"""`ezlang validate` in batches: its options, and the run of one side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import click

from ezlang.diagnostics.diagnostic import EzError
from ezlang.records import dataclass
from ezlang.types.sharing import Choices

from .options import Function, check_timeout, parse_settings, usage_error
from .report import batches_shown, say

if TYPE_CHECKING:
    from ezlang.models.streaming.crews import Crew
    from ezlang.models.streaming.stream import Finished, Plan, Side
    from ezlang.models.validation import Validation
    from ezlang.typed.tree import Program

_OPTIONS = (
    click.option(
        "--batch",
        type=click.IntRange(min=1),
        metavar="N",
        help="Run N samples at a time, between two parties.",
    ),
    click.option(
        "--workers",
        type=click.IntRange(min=1, max=1024),
        metavar="N",
        help="Run N batches at a time, each in a process of its own, which meet at as many "
        "consecutive ports. Both sides take the smaller number.",
    ),
    click.option(
        "--dask",
        metavar="ADDRESS",
        help="Run the batches on the workers of this side's own Dask cluster, one at a time on "
        "each: the address of its scheduler, as tcp://HOST:8786.",
    ),
    click.option(
        "--state",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Where this side keeps what it needs to go on after an interruption; by default "
        "PARTY.state beside the model.",
    ),
    click.option(
        "--record",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write what was run and what came out as JSON, with commitments to the model and the "
        "data; and beside it, as .nonce, what opens this side's own.",
    ),
    click.option(
        "--report",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write the same for people, as a page of HTML with plots.",
    ),
)


def batch_options(function: Function) -> Function:
    """Add the options of validations in batches."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """The options of validations in batches, as given."""

    batch: int | None
    workers: int | None
    dask: str | None
    state: Path | None
    record: Path | None
    report: Path | None

    @property
    def given(self) -> bool:
        """Whether any of them is given."""
        return any(one is not None for one in asdict(self).values())


def write_program(path: Path, made: Validation) -> None:
    """Write a program for people to read. Raises EzError (exit code 2)."""
    from ezlang.files import replace_file

    try:
        replace_file(path, made.text.encode(), 0o644)
    except OSError as error:
        raise usage_error(f"{path} cannot be written: {error.strerror or error}") from None


def settings_of(made: Validation, settings: Sequence[str]) -> tuple[str, ...]:
    """Return the params of a validation with those that a user gives."""
    return (*settings, *(f"{name}={number}" for name, number in made.settings.items()))


def validate_in_batches(
    chosen: BatchOptions,
    path: Path,
    metrics: Sequence[str],
    samples: int,
    *,
    loaded: Program,
    inputs: tuple[str, ...],
    settings: tuple[str, ...],
    party: str | None,
    native: bool,
    clear: bool,
    address: str | None,
    dealer: str | None,
    known: Path | None,
    yes: bool,
    insecure: bool,
    timeout: float | None,
    stats: bool,
    as_json: bool,
    **choices: Unpack[Choices],
) -> None:
    """Be one side of a validation in batches of the model at a path, from the command line."""
    from ezlang.executors.native.places import addresses
    from ezlang.models.streaming.stream import Links, Side
    from ezlang.session.address import TIMEOUT
    from ezlang.values.names import party_number
    from ezlang.values.writing import require_folder

    from . import output
    from .agreement import agree_to, known_parties
    from .inputs import given_inputs

    if party is None or native or clear:
        raise usage_error(
            "batches are run between two parties, each by a command of its own",
            "give --party, or leave out --batch, --workers, --dask, --state, --record and --report",
        )
    if stats:
        raise usage_error("`--stats` is for a single run", "leave it out, or run without batches")
    check_timeout(timeout)
    plan = _plan(chosen, path, metrics, samples, loaded, settings, choices)
    number = party_number(loaded.parties, party)
    name = loaded.parties[number]
    others = known_parties(known, path.parent, loaded.parties, insecure=insecure)
    for called, one in plan.programs.items():
        agree_to(one, others, path.with_name(f"validation-{called}.ez"), yes=yes)
    given = given_inputs(plan.batch, inputs, path.parent, name).values.get(name, {})
    output.say_model(plan.batch, "party", name)
    if dealer is not None:
        output.say_dealer(plan.batch)
    (place,), third = addresses(
        address, dealer, loaded.parties, number, others, insecure=insecure, warn=say
    )
    wait = TIMEOUT if timeout is None else timeout
    for written in filter(None, (chosen.record, chosen.report)):
        require_folder(written)
    with _crew(chosen) as crew, batches_shown() as told:
        side = Side(
            plan=plan,
            party=number,
            inputs=given,
            path=chosen.state or path.with_name(f"{name}.state"),
            links=Links(address=place, insecure=insecure, timeout=wait, dealer=third),
            crew=crew,
            told=told,
        )
        done = _validated(side)
    _write(chosen, plan, done)
    output.print_party_result(plan.batch, done.result, as_json)


@contextmanager
def _crew(chosen: BatchOptions) -> Iterator[Crew]:
    """Return the workers of this side, on this machine or in its Dask cluster."""
    from ezlang.models.streaming.crews import local_crew

    if chosen.dask is None:
        yield local_crew(chosen.workers or 1)
        return
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise usage_error(
            "`--dask` takes the package `distributed`",
            "install it: python -m pip install 'ezlang[dask]'",
        ) from None
    from ezlang.models.streaming.cluster import cluster_crew

    try:
        client = distributed.Client(chosen.dask)
    except (OSError, ValueError) as error:
        raise usage_error(f"no Dask scheduler answers at {chosen.dask}: {error}") from None
    with client:
        yield cluster_crew(client, chosen.workers)


def _validated(side: Side) -> Finished:
    """Run a side; if the other one fails, say how to go on."""
    from ezlang.models.streaming.state import CLOSED, load_state

    try:
        return side.validate()
    except EzError as error:
        state = load_state(side.path) if error.exit_code == 3 else None
        unfit = any(one.code == "EZ5040" for one in error.diagnostics)
        if state is not None and state.stage != CLOSED and not unfit:
            done = f"{len(state.batches):,} of {side.plan.count:,} batches"
            say(f"{side.path} has {done}: give both sides' commands again to go on.")
        raise


def _write(chosen: BatchOptions, plan: Plan, done: Finished) -> None:
    from ezlang.audit.files import write_files
    from ezlang.models.streaming.record import record_of
    from ezlang.models.streaming.report import report_of
    from ezlang.values.writing import write_whole

    if chosen.record is None and chosen.report is None:
        return
    record = record_of(plan, done)
    if chosen.record is not None:
        write_files(chosen.record, record, done.state.nonce)
    if chosen.report is not None:
        write_whole(chosen.report, report_of(record))


def _plan(
    chosen: BatchOptions,
    path: Path,
    metrics: Sequence[str],
    samples: int,
    loaded: Program,
    settings: tuple[str, ...],
    choices: Choices,
) -> Plan:
    """Write the programs of a validation beside the model, and say what they tell whom."""
    from ezlang import api
    from ezlang.compiler.cost.profiles import preparation
    from ezlang.models.streaming.stream import Plan
    from ezlang.models.validation import batched_validation_of

    from .output import counted

    size = min(chosen.batch or samples, samples)
    made = batched_validation_of(loaded, metrics, samples=samples, batch=size)

    def program(called: str, one: Validation) -> Program:
        written = path.with_name(f"validation-{called}.ez")
        write_program(written, one)
        return api.load(written, parse_settings(settings_of(one, settings)))

    plan = Plan(
        made=made,
        batch=program("batch", made.batch),
        last=None if made.last is None else program("last", made.last),
        closing=program("closing", made.closing),
        samples=samples,
        size=size,
        **preparation(choices),
    )
    full, rest = divmod(samples, size)
    number = "one batch" if full == 1 else f"{full:,} batches"
    batches = f"{number} of {counted(size, 'sample')}" + (f" and one of {rest:,}" if rest else "")
    say(f"Both sides learn {', '.join(metrics)} of {samples:,} samples, in {batches}.")
    say(
        f"Of a batch, {loaded.parties[1]} is told {counted(made.count(size), 'number')} under "
        f"a mask that {loaded.parties[0]} draws, which tell nothing: see "
        f"{path.with_name('validation-batch.ez')}. At the end, "
        f"{path.with_name('validation-closing.ez')} takes both from them and tells the metrics."
    )
    return plan
