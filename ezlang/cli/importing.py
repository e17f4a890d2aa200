"""`ezlang import`: writes a model of machine learning as an Ez program."""

from __future__ import annotations

from pathlib import Path

import click

from ezlang.progress import doing

from .options import usage_error


@click.command("import", short_help="Write an ONNX model as a program, with its weights.")
@click.argument("model", type=click.Path(path_type=Path), required=False)
@click.option(
    "-o", "--output", "folder", type=click.Path(path_type=Path), help="The folder to create."
)
@click.option(
    "--fraction-bits",
    type=click.IntRange(5, 20),
    help="How many bits numbers have after the binary point.  [default: up to 16]",
)
@click.option(
    "--finer-weights",
    type=click.IntRange(0, 14),
    help="How many more the weights of linear layers have.  [default: up to 4]",
)
@click.option(
    "--samples",
    type=click.Path(path_type=Path),
    help="An .npz file with inputs of the model, which tell how large its numbers become.",
)
@click.option(
    "--size",
    "sizes",
    multiple=True,
    metavar="NAME=N",
    help="Fix a size that the model leaves open.",
)
@click.option(
    "--output-name", "outputs", multiple=True, help="Give this output of the model alone."
)
@click.option("--operators", is_flag=True, help="List the operators that can be imported.")
def import_(
    model: Path | None,
    folder: Path | None,
    fraction_bits: int | None,
    finer_weights: int | None,
    samples: Path | None,
    sizes: tuple[str, ...],
    outputs: tuple[str, ...],
    operators: bool,
) -> None:
    """Write MODEL, a file in the format ONNX, as a program for a vendor and a hospital.

    The new folder has the program model.ez, the vendor's weights.npz, a sample of the hospital's
    inputs, and a README with both sides' commands, the accuracy and the cost. Nothing is written
    if there is something in the model that can't be imported.
    """
    if operators:
        from ezlang.models.operators import OPERATORS

        for domain, name in sorted(OPERATORS):
            click.echo(f"{domain}.{name}" if domain else name)
        return
    if model is None or folder is None:
        raise usage_error("a model and a folder are missing", "write ezlang import MODEL -o FOLDER")
    from ezlang.models.folder import import_model

    with doing(f"Importing {model.name}"):
        done = import_model(
            model,
            folder,
            fraction=fraction_bits,
            finer=finer_weights,
            samples=samples,
            sizes=_sizes(sizes),
            outputs=outputs,
        )
    click.echo(f"Imported {model} into {folder}, with {done.fraction} fraction bits.")
    if done.difference is not None:
        click.echo(f"Its outputs differ from the float model's by {done.difference:.1f} ulp.")
    else:
        click.echo("It is too large to be compared with the float model during the import.")
    click.echo(f"Next: read {folder / 'README.md'}.")


def _sizes(given: tuple[str, ...]) -> dict[str, int]:
    found = {}
    for one in given:
        name, equals, number = one.partition("=")
        if not equals or not number.isdecimal() or int(number) < 1:
            raise usage_error(f"`--size {one}` fixes no size", "write --size NAME=N")
        found[name] = int(number)
    return found
