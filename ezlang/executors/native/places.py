"""Where the parties of a run listen, and its dealer, as a user writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ezlang.session.address import (
    DEALER_PORT,
    Address,
    parse_address,
    parse_addresses,
    require_private,
)

if TYPE_CHECKING:
    from ezlang.session.parties import Parties


def addresses(
    address: str | None,
    dealer: str | None,
    names: tuple[str, ...],
    own: int,
    parties: Parties | None,
    *,
    insecure: bool,
    warn: Callable[[str], None] | None,
    clients: int = 0,
) -> tuple[tuple[Address, ...], Address | None]:
    """Return where each party listens that does, and the dealer, as a user writes it.

    `names`: the program's parties, the last `clients` of which don't compute; `own`: the number of
    this one. The rest is as for `run_party`. Raises EzError (exit code 2).
    """
    if parties is None:
        listening = len(names) - clients if clients else None
        places, third = parse_addresses(address, len(names), listening), None
    else:
        places = parties.places(names, own, address, clients)
        third = None if dealer is None else parties.dealer(names[own], dealer)
    if dealer is not None and third is None:
        third = parse_address(dealer, DEALER_PORT)
    for one in places if third is None else (*places, third):
        warning = require_private(one, insecure=insecure)
        if warning is not None and warn is not None:
            warn(warning)
    return places, third
