"""`ezlang party`: keys of this side, and cards of others."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .options import Function, usage_error
from .report import say


def _file_option(function: Function) -> Function:
    return click.option(
        "--parties",
        "path",
        type=click.Path(path_type=Path),
        default=Path("parties.toml"),
        show_default=True,
        metavar="FILE",
        help="The file that says who is who, and where.",
    )(function)


@click.group(short_help="Keys of this side, and cards of others.")
def party() -> None:
    """Make a key of this side, and pin the keys of those it runs programs with.

    Two sides run programs over TLS once each has made a key (init), sent its card to the other, and
    pinned the other's card (add).
    """


@party.command(short_help="Make a key and a card of this side.")
@click.argument("name")
@click.option("--address", metavar="HOST:PORT", help="Where others may dial this side.")
@click.option("--renew", is_flag=True, help="Make a new certificate of the key that is there.")
@_file_option
def init(name: str, address: str | None, renew: bool, path: Path) -> None:
    """Write NAME.key, which stays here, and NAME.card, which goes to the other side.

    Both are written beside the file that says who is who. Nothing is overwritten, except for the
    card and the certificate with --renew.
    """
    from ezlang.session.address import parse_address
    from ezlang.session.identity import Card, check_name, create_key, readable, renew_certificate
    from ezlang.session.parties import load_parties, put_card
    from ezlang.values.writing import write_whole

    check_name(name)
    place = None if address is None else str(parse_address(address))
    key, to = path.with_name(f"{name}.key"), path.with_name(f"{name}.card")
    known = load_parties(path).known.get(name) if path.exists() else None
    if known is not None and not renew and known.key is None:
        raise usage_error(f"{path} has {name} as another side already", "choose another name")
    certificate = (renew_certificate if renew else create_key)(key, name)
    place = place or (None if known is None else known.card.address)
    card = Card(name=name, certificate=certificate, address=place)
    put_card(path, card, key.name)
    write_whole(to, card.text())
    say(f"{key} is the key of {name}. It stays here: whoever reads it can pose as {name}.")
    say(f"{to} is its card. Send it to the other side, who gives it to `ezlang party add`.")
    say("On the phone, read its fingerprint to them:")
    click.echo(readable(card.fingerprint))


@party.command(short_help="Pin the key on another side's card.")
@click.argument("card", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Pin it without asking: its fingerprint was compared.")
@_file_option
def add(card: Path, yes: bool, path: Path) -> None:
    """Pin the key on CARD, once its owner has read the same fingerprint on the phone."""
    from ezlang.session.identity import read_card, readable
    from ezlang.session.parties import put_card

    found = read_card(card)
    place = "" if found.address is None else f", at {found.address}"
    say(f"The card of {found.name}{place}. Its fingerprint:")
    click.echo(readable(found.fingerprint))
    if not yes:
        if not sys.stdin.isatty():
            raise usage_error(
                "There is no terminal to ask at whether the fingerprint is right",
                "compare it on the phone, then give --yes",
            )
        click.confirm(f"Has {found.name} read the same on the phone?", abort=True, err=True)
    put_card(path, found)
    say(f"{found.name} is pinned in {path}.")


@party.command("list", short_help="List the keys of this side and of others.")
@_file_option
def shown(path: Path) -> None:
    """Print who is known, where, with which fingerprint, and until when."""
    from ezlang.session.identity import expiry, readable
    from ezlang.session.parties import load_parties

    for name, one in load_parties(path).known.items():
        whose = "another side" if one.key is None else f"this side ({one.key.name})"
        until = f"{expiry(one.card.certificate):%Y-%m-%d}"
        place = one.card.address or "no address"
        click.echo(f"{name}: {whose}, {place}, valid until {until}")
        click.echo(f"  {readable(one.card.fingerprint)}")


@party.command(short_help="Forget a side's key.")
@click.argument("name")
@_file_option
def remove(name: str, path: Path) -> None:
    """Remove NAME from the file that says who is who. Keys and cards stay where they are."""
    from ezlang.session.parties import remove_card

    remove_card(path, name)
    say(f"{name} is removed from {path}.")
