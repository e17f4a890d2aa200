"""`ezlang validate`: how good a vendor's model is on a hospital's data, which both sides learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .batches import (
    BatchOptions,
    batch_options,
    settings_of,
    validate_in_batches,
    write_program,
)
from .options import usage_error
from .report import say
from .run import run, run_options

LEAST = 30
"""How many samples there must be, unless a user says otherwise."""


@click.command(short_help="Tell both sides how good a model is, and nothing else.")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    required=True,
    metavar="METRIC",
    help="What both sides learn: accuracy, top_K, confusion, calibration, precision, recall, f1, "
    "auroc, mse, mae or r2; or only whether a limit is reached, as accuracy>=0.7. Several are "
    "given one by one, or with commas.",
)
@click.option(
    "--samples", type=click.IntRange(min=1), required=True, help="How many samples there are."
)
@click.option(
    "--least",
    type=click.IntRange(min=1),
    default=LEAST,
    show_default=True,
    help="Refuse fewer samples than this: a metric of few tells of each.",
)
@batch_options
@run_options
@click.pass_context
def validate(
    context: click.Context,
    /,
    model: Path,
    metrics: tuple[str, ...],
    samples: int,
    least: int,
    inputs: tuple[str, ...],
    settings: tuple[str, ...],
    party: str | None,
    batch: int | None,
    workers: int | None,
    dask: str | None,
    state: Path | None,
    record: Path | None,
    report: Path | None,
    **options: Any,
) -> None:
    """Run MODEL, a folder of `ezlang import` or its model.ez, on the hospital's samples.

    Both sides give the same metrics and the same number of samples. The hospital's inputs are the
    model's, with the samples along the first dimension, and `labels` or `targets`. The vendor's are
    weights.npz beside the model if none are given. Both sides learn the metrics and nothing else,
    neither the model's answers nor the labels. The program is written beside the model, as
    validation.ez: both sides have the same one.

    With any of --batch, --workers, --dask, --state, --record and --report, the samples are run in
    batches: of all of them unless --batch says otherwise. Memory is that of a batch, and a
    validation that is interrupted goes on where it was when both sides give their commands again.
    """
    from ezlang import api
    from ezlang.models.listing import VENDOR
    from ezlang.models.validation import validation_of

    if samples < least:
        raise usage_error(
            f"{samples} samples are fewer than {least}",
            "give more samples, or --least if each of them may be told something of",
        )
    path = model / "model.ez" if model.is_dir() else model
    wanted = [part.strip() for metric in metrics for part in metric.split(",")]
    weights = path.with_name("weights.npz")
    if party == VENDOR and not inputs and weights.exists():
        inputs = (str(weights),)
    loaded = api.load(path)
    chosen = BatchOptions(
        batch=batch, workers=workers, dask=dask, state=state, record=record, report=report
    )
    if chosen.given:
        validate_in_batches(
            chosen,
            path,
            wanted,
            samples,
            loaded=loaded,
            inputs=inputs,
            settings=settings,
            party=party,
            **options,
        )
        return
    made = validation_of(loaded, wanted, samples=samples)
    program = path.with_name("validation.ez")
    write_program(program, made)
    say(f"Both sides learn {', '.join(wanted)} of {samples:,} samples, by {program}.")
    context.invoke(
        run,
        program=program,
        inputs=inputs,
        settings=settings_of(made, settings),
        party=party,
        **options,
    )
