"""`ezlang verify`: whether the records of a run by several sides agree."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Compare the records that several sides wrote of a run.")
@click.argument(
    "records", nargs=-1, required=True, metavar="RECORDS...", type=click.Path(path_type=Path)
)
@click.pass_context
def verify(context: click.Context, records: tuple[Path, ...]) -> None:
    """Check the RECORDS that sides wrote of one run by `ezlang run --party P --record FILE`.

    The signature of each is checked. Of several, it is checked that they are of the same session,
    program, params, commitments and outputs, that as many bytes arrived as were sent, and that each
    is signed by the key that the others have talked to. Exit code 1 means that they differ.
    """
    from ezlang.audit.records import disagreements, read_record, signed_by

    found = [read_record(path) for path in records]
    for path, record in zip(records, found, strict=True):
        key = signed_by(record)
        by = f"signed by {key}" if key else "not signed"
        click.echo(f"{path}: {record['party']}'s, {by}")
        click.echo(f"    session {record['session']}, ended {record['ended']}")
    differing = list(dict.fromkeys(disagreements(found)))
    for line in differing:
        click.echo(f"They disagree: {line}.")
    if differing:
        context.exit(1)
    if len(found) > 1:
        click.echo("They agree.")
