"""`ezlang prepare`: makes what runs take ahead of their inputs, and looks after what was made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from ezlang.types.sharing import Choices

from .options import (
    check_timeout,
    choice_options,
    connection_options,
    dealer_option,
    json_option,
    parse_settings,
    set_option,
    store_option,
    usage_error,
)
from .report import say, voice_options

if TYPE_CHECKING:
    from ezlang.store.folder import Stored


@click.command(short_help="Make what runs take ahead of their inputs.")
@click.argument("program", type=click.Path(path_type=Path), required=False)
@set_option
@click.option("--party", metavar="PARTY", help="Be this party: its name, or its number from 0.")
@click.option(
    "--runs",
    type=click.IntRange(min=1, max=1024),
    default=1,
    metavar="N",
    show_default=True,
    help="Prepare N runs; both parties must give the same.",
)
@connection_options
@dealer_option
@store_option
@click.option("--list", "listed", is_flag=True, help="List what is there, and prepare nothing.")
@click.option(
    "--forget",
    multiple=True,
    metavar="ID",
    help="Remove what has this id, or an id that begins so; `all` is everything.",
)
@choice_options
@voice_options
@json_option
def prepare(
    program: Path | None,
    settings: tuple[str, ...],
    party: str | None,
    runs: int,
    address: str | None,
    dealer: str | None,
    known: Path | None,
    yes: bool,
    insecure: bool,
    timeout: float | None,
    store: Path | None,
    listed: bool,
    forget: tuple[str, ...],
    as_json: bool,
    **choices: Unpack[Choices],
) -> None:
    """Make oblivious transfers and triples for runs of PROGRAM, with the other party.

    Both parties run this at the same time, with the options that they will run the program with.
    What each of them makes is kept encrypted on its disk. The next run of the program takes it, and
    begins with the inputs at once. Nothing is ever used twice.
    """
    if listed or forget:
        if program is not None or party is not None:
            raise usage_error("`--list` and `--forget` are for all programs", "leave out the rest")
        _keep_house(store, forget, as_json=as_json)
        return
    if program is None or party is None:
        raise usage_error(
            "A program and a party are missing", "write ezlang prepare PROGRAM --party PARTY"
        )
    from ezlang import api
    from ezlang.compiler.cost.profiles import preparation
    from ezlang.executors.native.ahead import prepare_party
    from ezlang.values.names import party_number

    from .agreement import agree_to, known_parties
    from .output import say_dealer
    from .report import print_json

    check_timeout(timeout)
    loaded = api.load(program, parse_settings(settings))
    api.require_several_parties(loaded)
    own = loaded.parties[party_number(loaded.parties, party)]
    others = known_parties(known, program.parent, loaded.parties, insecure=insecure)
    agree_to(loaded, others, program, yes=yes)
    if dealer is not None:
        say_dealer(loaded)
    made = prepare_party(
        loaded,
        own,
        runs=runs,
        store=store,
        address=address,
        dealer=dealer,
        insecure=insecure,
        timeout=timeout,
        warn=say,
        parties=others,
        **preparation(choices),
    )
    if as_json:
        cost = {"rounds": made.rounds, "bytes_sent": made.sent, "bytes_received": made.received}
        print_json({"party": own, "ids": made.ids, "stored": made.size, "cost": cost})
        return
    if not made.ids:
        say("Nothing needs to be prepared: this program uses no oblivious transfers.")
        return
    for id in made.ids:
        click.echo(id)
    count = f"{len(made.ids)} runs are" if len(made.ids) > 1 else "One run is"
    say(
        f"{count} prepared, {made.size:,} bytes each, in {made.folder}. "
        f"Cost: {made.rounds} rounds; {made.sent:,} bytes sent, {made.received:,} received."
    )


def _keep_house(store: Path | None, forget: tuple[str, ...], *, as_json: bool) -> None:
    """Remove entries, and list those that are left."""
    from ezlang.store import folder, places

    from .report import print_json

    root = places.store_root(store)
    if forget:
        for id in folder.forget(root, forget):
            say(f"Prepared material {id} is removed.")
        return
    entries = folder.stored(root)
    if as_json:
        print_json({"prepared": [_object(one) for one in entries]})
        return
    for one in entries:
        click.echo(_line(one))
    if not entries:
        say("Nothing is prepared.")


def _line(one: Stored) -> str:
    """Return an entry as a line."""
    if one.entry is None:
        return f"{one.id}  damaged, or sealed with another key"
    entry = one.entry
    params = "".join(f" {name}={value}" for name, value in entry.params.items())
    own, other = entry.names[entry.party], entry.names[1 - entry.party]
    made = entry.made.partition("+")[0].replace("T", " ")
    return f"{one.id}  {made}  {entry.program}{params}  {own} with {other}  {one.size:,} bytes"


def _object(one: Stored) -> dict[str, object]:
    entry = one.entry
    if entry is None:
        return {"id": one.id, "bytes": one.size, "readable": False}
    return {
        "id": one.id,
        "bytes": one.size,
        "readable": True,
        "program": entry.program,
        "params": entry.params,
        "party": entry.names[entry.party],
        "with": entry.names[1 - entry.party],
        "peer": entry.peer,
        "made": entry.made,
    }
