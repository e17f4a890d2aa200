"""`ezlang check-record`: whether a party committed to the inputs that it shows."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Check that a party of a recorded run committed to certain inputs.")
@click.argument("record", type=click.Path(path_type=Path))
@click.option("--party", required=True, metavar="PARTY", help="Whose inputs they are.")
@click.option(
    "--input",
    "inputs",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="All inputs of the party, as .npz or JSON.",
)
@click.option(
    "--nonce",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What was written beside the party's own record as .nonce.",
)
@click.option(
    "--program",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The program of the run; for a record of `ezlang run`.",
)
def check_record(record: Path, party: str, inputs: Path, nonce: Path, program: Path | None) -> None:
    """Check a commitment in RECORD, which any side wrote by `ezlang run` or `validate` --record.

    The party that committed gives its inputs and its nonce to who shall check them. It is checked
    that the commitment is to these inputs; that they are what was fed to the run is trusted, as
    everything is that a party does.
    """
    from ezlang.values.files import read_inputs

    if program is not None:
        from ezlang.audit.opening import check_opening

        name = check_opening(record, program, party, read_inputs(inputs), nonce)
    else:
        from ezlang.models.streaming.record import check_record

        name = check_record(record, party, read_inputs(inputs), nonce)
    click.echo(f"{name} committed to {inputs}.")
